//! The words that datatrove 0.10.1 takes n-grams of: its simplified text, cut as spaCy 3.8 cuts
//! English.
//!
//! Simplified: lower case, every number is `0`, punctuation and controls are spaces, canonical
//! decomposition without nonspacing marks. What is left has no ASCII but letters, `0` and spaces,
//! so of spaCy's rules only those stay that such words can meet: contractions without their
//! apostrophe, units after a digit, symbols at the edges and inside.

use std::sync::OnceLock;

use regex_syntax::hir::{Class, HirKind};
use unicode_normalization::char::decompose_canonical;

use crate::word_prints::Grams;

/// What a character is to the rules; flags.
const PREFIX: u16 = 1;
const SUFFIX: u16 = 2;
const INFIX: u16 = 4;
/// A sign of money: cut off in front, and behind a digit.
const MONEY: u16 = 8;
const MARK: u16 = 16;
const DIGIT: u16 = 32;
const GAP: u16 = 64;
const POINT: u16 = 128;
/// Nothing of the above, and the same in lower case and decomposed.
const PLAIN: u16 = 256;

/// Characters that the table covers; of those above only variation selectors matter.
const COVERED: usize = 0x2_0000;

/// Punctuation that becomes a space, beside the controls.
const GAPS: &str =
    "!/—”:％１〈&(、━\\【#%「」，】；+^]~“《„';’{|∶´[=-`*．（–？！：$～«〉,><》)?）。…@_.\"}►»";
/// Punctuation and quotes that are cut off at both edges.
const EDGES: &str = "…,:;!?¿؟¡()[]{}<>_#*&。？！，、；：～·।،۔؛٪\
    '\"”“`‘´’‚„»«「」『』（）〔〕【】《》〈〉\u{2329}\u{232a}⟦⟧";
const MONEYS: &str = "$£€¥฿₽﷼₴₠₡₢₣₤₥₦₧₨₩₪₫₭₮₯₰₱₲₳₵₶₷₸₹₺₻₼₾₿";
/// What may stand between the digits of one number.
const POINTS: &str = ".,،٫⎖⎗⎘";

/// Units that are cut off behind a digit, as far as lower case leaves them.
const UNITS: &str = "km km² km³ m m² m³ dm dm² dm³ cm cm² cm³ mm mm² mm³ ha µm nm yd in ft kg g mg \
    µg t lb oz kmh mph mbar mb kb gb tb км км² км³ м м² м³ дм дм² дм³ см см² см³ мм мм² мм³ нм кг \
    г мг мбар кб мб гб тбكم كم² كم³ م م² م³ سم سم² سم³ مم مم² مم³ كم غرام جرام جم كغ ملغ كوب اكواب";

/// Contractions by their ending; `|` marks where the second word starts.
const ENDINGS: [(&str, &str); 9] = [
    (
        "nt",
        "ai are could dare did does do had has have is may might must need ought sha should was \
        were wo would ca",
    ),
    ("ntve", "could did does do had may might must need ought sha should wo would ca"),
    (
        "ve",
        "could i might must not should there these they those we what when where who why \
        would you how",
    ),
    ("d", "he how i it that there these they this those we what when where who why you"),
    ("dve", "he how i it she that there these they this those we what when where who why you"),
    ("ll", "how it that there these they this those what when where who why you"),
    ("llve", "he how i it she that there these they this those we what when where who why you"),
    ("re", "how there these they those what when where why you"),
    ("s", "he how she that there this what when where who why"),
];
/// A word that is not cut though its first letter is an edge.
const WHOLE: &str = "‘s";
/// The other words that are cut.
const OTHERS: &str = "can|not gon|na got|ta i|m i|m|a y|all";

struct Rules {
    table: Vec<u16>,
    /// Words that are cut, as bytes padded with zeros, and where their parts end; in order.
    cuts: Vec<(u128, [u8; 2])>,
    /// By first and last letter, the lengths of words that are cut.
    lengths: Vec<u16>,
}

fn rules() -> &'static Rules {
    static RULES: OnceLock<Rules> = OnceLock::new();
    RULES.get_or_init(|| {
        let cuts = cuts();
        let mut lengths = vec![0; 32 * 32];
        for (word, _) in &cuts {
            let bytes = word.to_le_bytes();
            let len = bytes.iter().take_while(|byte| **byte != 0).count();
            lengths[corner(bytes[0], bytes[len - 1])] |= 1 << len;
        }
        Rules { table: table(), cuts, lengths }
    })
}

fn corner(first: u8, last: u8) -> usize {
    usize::from(first & 31) * 32 + usize::from(last & 31)
}

/// A word of at most 16 bytes as a number.
fn packed(word: &[u8]) -> u128 {
    let mut bytes = [0; 16];
    bytes[..word.len()].copy_from_slice(word);
    u128::from_le_bytes(bytes)
}

fn cuts() -> Vec<(u128, [u8; 2])> {
    let mut cuts = Vec::new();
    let mut add = |parts: &[&str]| {
        let ends = [parts[0].len() as u8, (parts[0].len() + parts[1].len()) as u8];
        cuts.push((packed(parts.concat().as_bytes()), ends));
    };
    for (ending, stems) in ENDINGS {
        for stem in stems.split_whitespace() {
            match ending.strip_suffix("ve") {
                Some(middle) if !middle.is_empty() => add(&[stem, middle, "ve"]),
                _ => add(&[stem, ending]),
            }
        }
    }
    for word in OTHERS.split_whitespace() {
        add(&word.split('|').collect::<Vec<&str>>());
    }
    cuts.sort_unstable();
    cuts
}

fn table() -> Vec<u16> {
    let mut table = vec![0; COVERED];
    let mut mark = |letters: &mut dyn Iterator<Item = u32>, flag: u16| {
        for letter in letters.filter(|letter| (*letter as usize) < COVERED) {
            table[letter as usize] |= flag;
        }
    };
    mark(&mut GAPS.chars().map(u32::from), GAP);
    mark(&mut (0..0x20).chain(0x7f..0xa0), GAP);
    mark(&mut EDGES.chars().map(u32::from), PREFIX | SUFFIX);
    mark(&mut "§".chars().map(u32::from), PREFIX);
    mark(&mut MONEYS.chars().map(u32::from), MONEY | PREFIX);
    mark(&mut POINTS.chars().map(u32::from), POINT);
    mark(&mut class(r"[\p{So}&&\p{age:11.0}--\u{166d}]"), PREFIX | SUFFIX | INFIX);
    mark(&mut class(r"\p{Mn}"), MARK);
    mark(&mut class(r"\p{Nd}"), DIGIT);
    mark(&mut class(r"\p{White_Space}"), GAP);
    for (code, flags) in table.iter_mut().enumerate() {
        let plain = |letter: &char| {
            let mut same = letter.to_lowercase().eq([*letter]);
            decompose_canonical(*letter, |part| same &= part == *letter);
            same
        };
        if *flags == 0 && char::from_u32(code as u32).is_some_and(|letter| plain(&letter)) {
            *flags = PLAIN;
        }
    }
    table
}

/// The members of a class of Unicode characters.
fn class(pattern: &str) -> impl Iterator<Item = u32> {
    let parsed = regex_syntax::parse(pattern).expect("a class that is written here");
    let HirKind::Class(Class::Unicode(class)) = parsed.into_kind() else {
        unreachable!("the pattern is a class of characters")
    };
    let ranges: Vec<(u32, u32)> =
        class.iter().map(|range| (range.start().into(), range.end().into())).collect();
    ranges.into_iter().flat_map(|(start, end)| start..=end)
}

impl Rules {
    fn flags(&self, letter: char) -> u16 {
        match self.table.get(letter as usize) {
            Some(flags) => *flags,
            None if ('\u{e0100}'..='\u{e01ef}').contains(&letter) => MARK,
            None => 0,
        }
    }

    /// Where a contraction's parts end.
    fn cut(&self, word: &[u8]) -> Option<[u8; 2]> {
        let (first, last) = (*word.first()?, *word.last()?);
        if word.len() > 15 || self.lengths[corner(first, last)] >> word.len() & 1 == 0 {
            return None;
        }
        let packed = packed(word);
        let place = self.cuts.binary_search_by_key(&packed, |(word, _)| *word).ok()?;
        Some(self.cuts[place].1)
    }
}

/// Writes the words of a text.
pub fn write_words(text: &str, grams: &mut Grams) {
    let lowered;
    // The one letter whose small form depends on its neighbours.
    let text = if text.contains('Σ') {
        lowered = text.to_lowercase();
        &lowered
    } else {
        text
    };
    let mut writer = Writer { rules: rules(), grams, odd: false };
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let run = bytes[at..].iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        if run > 0 {
            let from = writer.grams.buffer.len();
            writer.grams.buffer.extend_from_slice(&bytes[at..at + run]);
            writer.grams.buffer[from..].make_ascii_lowercase();
            at += run;
        } else if bytes[at].is_ascii_digit() {
            at = writer.number(text, at);
        } else if bytes[at].is_ascii() {
            writer.close();
            at += 1;
        } else {
            let letter = text[at..].chars().next().expect("inside the text");
            let flags = writer.rules.flags(letter);
            if flags & DIGIT != 0 {
                at = writer.number(text, at);
                continue;
            }
            let end = at + letter.len_utf8();
            if flags == PLAIN {
                writer.grams.buffer.extend_from_slice(&bytes[at..end]);
            } else {
                letter.to_lowercase().for_each(|lower| writer.letter(lower));
            }
            at = end;
        }
    }
    writer.close();
}

/// The words of a text with a space between.
pub fn joined(text: &str) -> String {
    let mut take = |_: &[u64]| ();
    let mut grams = Grams::new(0, text.len(), &mut take);
    write_words(text, &mut grams);
    let mut words = String::from_utf8(grams.buffer).expect("words of a text are UTF-8");
    words.truncate(words.trim_end().len());
    words
}

struct Writer<'w, 'g> {
    rules: &'static Rules,
    grams: &'w mut Grams<'g>,
    /// Whether the word being written has anything that the rules for edges look at.
    odd: bool,
}

impl Writer<'_, '_> {
    /// Writes `0` for the digits here and, behind one point, the digits after it.
    fn number(&mut self, text: &str, start: usize) -> usize {
        self.grams.buffer.push(b'0');
        self.odd = true;
        let digits = |from: usize| {
            let digit = |letter: &char| self.rules.flags(*letter) & DIGIT != 0;
            from + text[from..].chars().take_while(digit).map(char::len_utf8).sum::<usize>()
        };
        let end = digits(start);
        let Some(point) = text[end..].chars().next() else { return end };
        if self.rules.flags(point) & POINT == 0 {
            return end;
        }
        let after = end + point.len_utf8();
        let last = digits(after);
        if last > after { last } else { end }
    }

    fn letter(&mut self, letter: char) {
        let flags = self.rules.flags(letter);
        if flags & GAP != 0 {
            self.close();
            return;
        }
        decompose_canonical(letter, |part| {
            let flags = self.rules.flags(part);
            if flags & MARK == 0 {
                self.grams.buffer.extend_from_slice(part.encode_utf8(&mut [0; 4]).as_bytes());
                self.odd |= flags & (PREFIX | SUFFIX | INFIX | MONEY) != 0;
            }
        });
    }

    /// Ends the word, cutting it where the rules say so.
    fn close(&mut self) {
        let start = self.grams.start;
        if std::mem::take(&mut self.odd) {
            let word = self.grams.buffer.split_off(start);
            let word = String::from_utf8(word).expect("whole characters were written");
            split(self.rules, &word, &mut |part| {
                self.grams.buffer.extend_from_slice(part.as_bytes());
                self.grams.close();
            });
        } else if let Some(ends) = self.rules.cut(&self.grams.buffer[start..]) {
            let word = self.grams.buffer.split_off(start);
            self.parts(&word, ends);
        }
        self.grams.close();
    }

    fn parts(&mut self, word: &[u8], [first, second]: [u8; 2]) {
        let (first, second) = (usize::from(first), usize::from(second));
        for part in [&word[..first], &word[first..second], &word[second..]] {
            self.grams.buffer.extend_from_slice(part);
            self.grams.close();
        }
    }
}

/// Cuts a word as spaCy does: symbols off both edges until a contraction or nothing more shows,
/// then at symbols inside.
fn split(rules: &Rules, word: &str, emit: &mut dyn FnMut(&str)) {
    let (mut rest, mut behind) = (word, Vec::new());
    let known = |rest: &str| rest == WHOLE || rules.cut(rest.as_bytes()).is_some();
    while !rest.is_empty() && !known(rest) {
        let front = prefix(rules, rest);
        let bare = &rest[front..];
        if front > 0 && known(bare) {
            emit(&rest[..front]);
            rest = bare;
            break;
        }
        let back = suffix(rules, bare);
        let stem = &rest[..rest.len() - back];
        if back > 0 && known(stem) {
            behind.push(&rest[stem.len()..]);
            rest = stem;
            break;
        }
        if front == 0 && back == 0 {
            break;
        }
        if front > 0 {
            emit(&rest[..front]);
        }
        if back > 0 {
            behind.push(&rest[stem.len()..]);
        }
        rest = &rest[front..stem.len().max(front)];
    }
    match rules.cut(rest.as_bytes()) {
        Some([first, second]) => {
            let (first, second) = (usize::from(first), usize::from(second));
            for part in [&rest[..first], &rest[first..second], &rest[second..]] {
                emit(part);
            }
        }
        None => inside(rules, rest, emit),
    }
    behind.into_iter().rev().for_each(emit);
}

fn prefix(rules: &Rules, word: &str) -> usize {
    let first = word.chars().next();
    first.map_or(0, |first| if rules.flags(first) & PREFIX != 0 { first.len_utf8() } else { 0 })
}

fn suffix(rules: &Rules, word: &str) -> usize {
    let Some(last) = word.chars().next_back() else { return 0 };
    if let Some(digit) = word.rfind('0') {
        let tail = &word[digit + 1..];
        let money = tail.len() == last.len_utf8() && rules.flags(last) & MONEY != 0;
        let unit = || UNITS.split_whitespace().any(|unit| unit == tail);
        if money || !tail.is_empty() && unit() {
            return tail.len();
        }
    }
    if rules.flags(last) & SUFFIX != 0 { last.len_utf8() } else { 0 }
}

/// Symbols inside are words; one at the very start stays with what follows it.
fn inside(rules: &Rules, word: &str, emit: &mut dyn FnMut(&str)) {
    let mut start = 0;
    for (at, letter) in word.char_indices() {
        if at == 0 || rules.flags(letter) & INFIX == 0 {
            continue;
        }
        emit(&word[start..at]);
        start = at + letter.len_utf8();
        emit(&word[at..start]);
    }
    emit(&word[start..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, wanted: &str) {
        let mut take = |_: &[u64]| {};
        let mut grams = Grams::new(1, text.len(), &mut take);
        write_words(text, &mut grams);
        assert_eq!(std::str::from_utf8(&grams.buffer).map(str::trim_end), Ok(wanted));
    }

    #[test]
    fn words_are_those_of_datatrove_0_10_1() {
        check(
            "Don't say 'dont'; I'm sure you cannot, y'all!",
            "don t say do nt i m sure you can not y all",
        );
        check(
            "It ran 3.5km in 1,234.5 s, i.e. 80km/h at 20°C for £5 or 5€.",
            "it ran 0 km in 0 0 s i e 0 km h at 0 ° c for £ 0 or 0 €",
        );
        check(
            "Café ΣΟΦΟΣ ２０２４年，中文。かな 한국어",
            "cafe σοφος 0年 中文 かな \u{1112}\u{1161}\u{11ab}\u{1100}\u{116e}\u{11a8}\u{110b}\u{1165}",
        );
        check(
            "‘Tis ‘s ¿qué? ©2024® a→b 😀👍🏽ok x©y·z",
            "‘ tis ‘s ¿ que © 0 ® a→b 😀 👍 🏽ok x © y·z",
        );
        check(
            "dont0 (wont)‘ themselves shed 0wont hed",
            "dont0 wo nt ‘ themselves shed 0wont he d",
        );
        check("ज़ İstanbul ﬁne １２.５ ٣٫٥kg", "ज istanbul ﬁne 0 0 kg");
        check(" \n.,;", "");
    }
}
