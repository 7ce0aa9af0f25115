//! How a run of visible characters is cut into words by the rule of the `datatrove` profiles.
//!
//! That tool cuts with the English rule of spaCy: exceptions first; then marks are taken from both
//! ends, one at a time, until nothing is left to take or an exception remains; what remains is
//! whole if it is an address on the web, and else cut at marks inside. At last neighbouring pieces
//! that together spell an exception are joined again.

use std::sync::LazyLock;

use regex::Regex;

use crate::exceptions::{BYTES_MAX as EXCEPTION_BYTES_MAX, exception};
use crate::letters::{
    BEFORE_STOP, CURRENCY, DIGIT, HYPHEN, ICON, LETTER, LOWER, PREFIX, QUOTE, SUFFIX, UPPER,
    classes,
};

/// Units that are cut from a number before them.
const UNITS: &str = "km km² km³ m m² m³ dm dm² dm³ cm cm² cm³ mm mm² mm³ ha µm nm yd in ft kg g mg \
    µg t lb oz m/s km/h kmh mph hPa Pa mbar mb MB kb KB gb GB tb TB T G M K % км км² км³ м м² м³ \
    дм дм² дм³ см см² см³ мм мм² мм³ нм кг г мг м/с км/ч кПа Па мбар Кб КБ кб Мб МБ мб Гб ГБ гб \
    Тб ТБ كم كم² كم³ م م² م³ سم سم² سم³ مم مم² مم³ غرام جرام جم كغ ملغ كوب اكواب";

static UNIT_LIST: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let mut units: Vec<&str> = UNITS.split_whitespace().collect();
    units.sort_by_key(|unit| std::cmp::Reverse(unit.len()));
    units
});

/// An address: scheme, user, host with a domain of lower-case letters or four numbers, port, path.
static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
    let letter = r"[A-Za-z0-9\u00a1-\uffff]";
    let label = format!(r"(?:{letter}[A-Za-z0-9\u00a1-\uffff_-]{{0,62}})?{letter}");
    let host = format!(r"(?:{label}\.)+\p{{Ll}}{{2,63}}");
    let first = r"(?:[1-9]\d?|1\d\d|2[01]\d|22[0-3])";
    let middle = r"(?:\.(?:1?\d{1,2}|2[0-4]\d|25[0-5])){2}";
    let four = format!(r"{first}{middle}\.(?:[1-9]\d?|1\d\d|2[0-4]\d|25[0-4])");
    let pattern = format!(
        r"^(?:[\w+\-.]{{2,}}://)?(?:\S+(?::\S*)?@)?(?:{four}|{host})(?::\d{{2,5}})?(?:[/?#]\S*)?$"
    );
    Regex::new(&pattern).expect("a pattern of ours")
});

/// Appends the lengths in bytes of the words of a run without white space.
pub fn cut(run: &str, words: &mut Vec<u32>) {
    let plain = |byte: u8| byte.is_ascii_alphabetic();
    if let Some(lengths) = exception(run) {
        words.extend(lengths.iter().map(|length| u32::from(*length)));
    } else if run.bytes().all(plain) {
        words.push(run.len() as u32);
    } else {
        let start = words.len();
        affixes(run, true, words);
        if words.len() > start + 1 {
            join(run, start, words);
        }
    }
}

/// Takes marks from both ends, then cuts what remains.
fn affixes(run: &str, with_exceptions: bool, words: &mut Vec<u32>) {
    let known = |text: &str| with_exceptions && exception(text).is_some();
    let (mut rest, mut suffixes) = (run, Vec::new());
    while !rest.is_empty() && !known(rest) {
        let front = prefix(rest);
        if front > 0 && known(&rest[front..]) {
            words.push(front as u32);
            rest = &rest[front..];
            break;
        }
        let back = suffix(&rest[front..]);
        if back > 0 && known(&rest[..rest.len() - back]) {
            suffixes.push(back as u32);
            rest = &rest[..rest.len() - back];
            break;
        }
        if front + back == 0 {
            break;
        }
        if front > 0 {
            words.push(front as u32);
        }
        if back > 0 {
            suffixes.push(back as u32);
        }
        rest = &rest[front..rest.len() - back];
    }
    if !rest.is_empty() {
        match exception(rest).filter(|_| with_exceptions) {
            Some(lengths) => words.extend(lengths.iter().map(|length| u32::from(*length))),
            None => inside(rest, words),
        }
    }
    words.extend(suffixes.iter().rev());
}

/// Bytes of the mark at the front, 0 for none.
fn prefix(text: &str) -> usize {
    let mut letters = text.chars();
    let Some(first) = letters.next() else { return 0 };
    let money = ["US$", "C$", "A$"].into_iter().find(|money| text.starts_with(money));
    match first {
        _ if classes(first) & PREFIX != 0 => first.len_utf8(),
        '+' if letters.next().is_none_or(|next| classes(next) & DIGIT == 0) => 1,
        '.' if text.starts_with("..") => text.len() - text.trim_start_matches('.').len(),
        _ => money.map_or(0, str::len),
    }
}

/// Bytes of the mark at the end, 0 for none; the longest of those that fit.
fn suffix(text: &str) -> usize {
    let mut back = text.chars().rev();
    let Some(last) = back.next() else { return 0 };
    let before = back.next().map_or(0, classes);
    let here = classes(last);
    if last == '.' {
        let dots = text.len() - text.trim_end_matches('.').len();
        let two_upper = before & UPPER != 0 && back.next().is_some_and(|c| classes(c) & UPPER != 0);
        let degrees = ["°C.", "°F.", "°K.", "°c.", "°f.", "°k."];
        return match dots {
            2.. => dots,
            _ if before & BEFORE_STOP != 0 || two_upper => 1,
            _ if degrees.iter().any(|end| text.ends_with(end)) => 1,
            _ => 0,
        };
    }
    if matches!(last, 's' | 'S') {
        let owned = text[..text.len() - 1].chars().next_back();
        if let Some(mark) = owned.filter(|mark| matches!(mark, '\'' | '’')) {
            return 1 + mark.len_utf8();
        }
    }
    if here & SUFFIX != 0 {
        let two = last == '…' && text.ends_with("……");
        return last.len_utf8() * if two { 2 } else { 1 };
    }
    if last == '+' {
        return usize::from(before & DIGIT != 0);
    }
    if here & CURRENCY != 0 {
        return if before & DIGIT != 0 { last.len_utf8() } else { 0 };
    }
    let letter = here & LETTER != 0 || matches!(last, '²' | '³' | '%');
    if letter { unit(text) } else { 0 }
}

/// Bytes of a unit with a digit before it.
fn unit(text: &str) -> usize {
    let digits = text.bytes().any(|byte| byte.is_ascii_digit());
    if !digits {
        return 0;
    }
    let after_digit = |unit: &&&str| {
        let number = text.strip_suffix(**unit);
        number.is_some_and(|number| number.ends_with(|c: char| c.is_ascii_digit()))
    };
    UNIT_LIST.iter().find(after_digit).map_or(0, |unit| unit.len())
}

/// Cuts at marks inside.
fn inside(text: &str, words: &mut Vec<u32>) {
    let first = words.len();
    let (mut start, mut at, mut before) = (0, 0, 0u16);
    while let Some(letter) = text[at..].chars().next() {
        let here = classes(letter);
        let length = infix(text, at, letter, here, before);
        if length == 0 {
            before = here;
            at += letter.len_utf8();
            continue;
        }
        // A mark at the very front is part of what follows.
        if at > 0 {
            if at > start {
                words.push((at - start) as u32);
            }
            words.push(length as u32);
            start = at + length;
        }
        at += length;
        before = text[..at].chars().next_back().map_or(0, classes);
    }
    if words.len() > first && is_address(text) {
        words.truncate(first);
        start = 0;
    }
    if start < text.len() {
        words.push((text.len() - start) as u32);
    }
}

/// Bytes of a mark at which a word is cut, 0 for none.
fn infix(text: &str, at: usize, letter: char, here: u16, before: u16) -> usize {
    let width = letter.len_utf8();
    if here & ICON != 0 {
        return width;
    }
    let after = |from: usize| text[from..].chars().next().map_or(0, classes);
    if letter == '.' {
        let dots = text[at..].bytes().take_while(|byte| *byte == b'.').count();
        let between = before & (LOWER | QUOTE) != 0 && after(at + 1) & (UPPER | QUOTE) != 0;
        return if dots > 1 { dots } else { usize::from(between) };
    }
    let number = matches!(letter, '+' | '-' | '*' | '^') && before & DIGIT != 0;
    if number && (after(at + 1) & DIGIT != 0 || text[at + 1..].starts_with('-')) {
        return 1;
    }
    if letter == ',' {
        return usize::from(before & LETTER != 0 && after(at + 1) & LETTER != 0);
    }
    if before & (LETTER | DIGIT) == 0 {
        return 0;
    }
    if here & HYPHEN != 0 {
        let run = match letter {
            '-' => text[at..].bytes().take_while(|byte| *byte == b'-').count(),
            '—' => 3 * text[at..].chars().take_while(|c| *c == '—').count(),
            _ => width,
        };
        let longest = if letter == '—' { 6 } else { 3 };
        return if run <= longest && after(at + run) & LETTER != 0 { run } else { 0 };
    }
    let joint = matches!(letter, ':' | '<' | '>' | '=' | '/');
    usize::from(joint && after(at + 1) & LETTER != 0)
}

fn is_address(text: &str) -> bool {
    text.contains('.') && ADDRESS.is_match(text)
}

/// Joins neighbouring words that together are an exception of several pieces.
fn join(run: &str, start: usize, words: &mut Vec<u32>) {
    let (mut read, mut write, mut at) = (start, start, 0);
    while read < words.len() {
        let mut end = at;
        let mut best = None;
        for last in read..words.len() {
            end += words[last] as usize;
            let text = &run[at..end];
            if text.len() > EXCEPTION_BYTES_MAX {
                break;
            }
            if last > read && exception(text).is_some() && pieces(text) == words[read..=last] {
                best = Some((last, end));
            }
        }
        match best.and_then(|(last, end)| Some((last, end, exception(&run[at..end])?))) {
            Some((last, end, lengths)) if lengths.len() < last + 1 - read => {
                for length in lengths {
                    words[write] = u32::from(*length);
                    write += 1;
                }
                (read, at) = (last + 1, end);
            }
            _ => {
                words[write] = words[read];
                at += words[read] as usize;
                (read, write) = (read + 1, write + 1);
            }
        }
    }
    words.truncate(write);
}

/// The words of an exception, were it none.
fn pieces(text: &str) -> Vec<u32> {
    let mut pieces = Vec::new();
    affixes(text, false, &mut pieces);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(run: &str, wanted: &[&str]) {
        let mut lengths = Vec::new();
        cut(run, &mut lengths);
        let mut at = 0;
        let word = |length: &u32| {
            at += *length as usize;
            &run[at - *length as usize..at]
        };
        let found: Vec<&str> = lengths.iter().map(word).collect();
        assert_eq!(found, wanted);
    }

    #[test]
    fn marks_go_from_both_ends() {
        check("(foo):", &["(", "foo", "):"]);
        check("etc.).", &["etc", ".", ")", "."]);
        check("\"Don't\"", &["\"", "Do", "n't", "\""]);
        check("...maybe...", &["...", "maybe", "..."]);
        check("US$5", &["US$", "5"]);
        check("3.5km/h", &["3.5", "km/h"]);
        check("U.S.", &["U.S."]);
        check("ok)))", &["ok", ")", ")", ")"]);
        check("foo:)", &["foo", ":)"]);
        check("==", &["=", "="]);
    }

    #[test]
    fn words_are_cut_inside() {
        check("well-known--yes—no", &["well", "-", "known", "--", "yes", "—", "no"]);
        check("a/b", &["a", "/", "b"]);
        check("1-2", &["1", "-", "2"]);
        check("1,000", &["1,000"]);
        check("end.The", &["end", ".", "The"]);
        check("Mr.Smith", &["Mr.", "Smith"]);
        check("x.y-z.com", &["x.y-z.com"]);
        check("http://a.b.com/foo-bar?x=1,", &["http://a.b.com/foo-bar?x=1", ","]);
        check("don't-can't", &["don't", "-", "can't"]);
    }

    #[test]
    fn chinese_is_cut_at_its_ends_only() {
        check("你好，世界。他说：“好”", &["你好，世界。他说：“好", "”"]);
    }
}
