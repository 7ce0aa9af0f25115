//! `text.mojibake@1`, profile `ftfy`: text that was read in another encoding than written in.
//!
//! A line is written back in each common encoding and read as UTF-8. That is taken for what was
//! meant where it is UTF-8 to the end, and what comes out is common text: letters of one script in
//! a row, or punctuation. Where a line is broken in places, the places are repaired that leave no
//! doubt. Entities, controls, ligatures, wide forms and typographic quotes are made plain.

use std::sync::LazyLock;

use recipes::recipe::MojibakeKept::{self, *};
use unicode_normalization::UnicodeNormalization;

use crate::code_pages::{CodePage, common, western};
use crate::html;

static PAGES: LazyLock<Vec<CodePage>> = LazyLock::new(common);

/// How often a line may have been read wrongly.
const TIMES_MAX: usize = 5;
/// What stands for a byte that was lost.
const LOST: u8 = 0x1A;

/// The text as it was meant.
pub fn fixed(text: &str, keep: &[MojibakeKept]) -> String {
    text.split_inclusive('\n').map(|one| line(one, keep)).collect()
}

fn line(line: &str, keep: &[MojibakeKept]) -> String {
    let mut now = line.to_owned();
    for _ in 0..TIMES_MAX {
        let bare = if now.contains('<') { now.clone() } else { html::entities(&now) };
        let better = match read_again(&bare) {
            Some(better) => better,
            None => plain(&bare, keep),
        };
        if better == now {
            break;
        }
        now = better;
    }
    now
}

/// The line as its bytes read in UTF-8, or with the places repaired that leave no doubt.
fn read_again(line: &str) -> Option<String> {
    if line.is_ascii() {
        return None;
    }
    for (order, page) in PAGES.iter().enumerate() {
        let Some(bytes) = written(page, line) else { continue };
        let Some(read) = utf8(&whole(bytes)) else { continue };
        if read.found > 0 && is_likely(line, &read, order < 2) {
            return Some(read.text);
        }
    }
    let better = in_places(line);
    (better != line).then_some(better)
}

/// The bytes of a line in an encoding; a lost character is a lost byte.
fn written(page: &CodePage, line: &str) -> Option<Vec<u8>> {
    let lost = |letter| (letter == '\u{FFFD}' && !line.contains('\u{1A}')).then_some(LOST);
    line.chars().map(|letter| page.byte(letter).or_else(|| lost(letter))).collect()
}

/// Bytes with the spaces that once were 0xA0, and lost ones as the character for that.
fn whole(bytes: Vec<u8>) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        let length = length(rest[0]);
        let follows = |byte: &u8| (0x80..0xC0).contains(byte) || matches!(*byte, b' ' | LOST);
        let fits = length > 1 && rest.len() >= length && rest[1..length].iter().all(follows);
        if !fits {
            out.push(rest[0]);
            at += 1;
            continue;
        }
        let sequence = &rest[..length];
        let spaces = sequence.iter().filter(|byte| **byte == b' ').count();
        if sequence.contains(&LOST) && spaces == 0 {
            out.extend("\u{FFFD}".bytes());
        } else if rest[0] == 0xC3 && spaces == 1 {
            // `à` before a word keeps its space, unless it is the front of one.
            out.extend([0xC3, 0xA0]);
            let ends = [" ", "quele", "quela", "quilo", "s "].map(str::as_bytes);
            if !ends.iter().any(|end| rest[2..].starts_with(end)) {
                out.push(b' ');
            }
        } else if spaces > 0 && (length == 2 || spaces < length - 1) {
            out.extend(sequence.iter().map(|byte| if *byte == b' ' { 0xA0 } else { *byte }));
        } else {
            out.extend(sequence);
        }
        at += length;
    }
    out
}

/// The length of a sequence by its first byte.
fn length(first: u8) -> usize {
    match first {
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => 1,
    }
}

/// What bytes read as.
struct Read {
    text: String,
    /// The characters of more than one byte.
    letters: Vec<char>,
    found: usize,
}

/// Reads UTF-8, pairs of surrogates among it.
fn utf8(bytes: &[u8]) -> Option<Read> {
    let mut read = Read { text: String::new(), letters: Vec::new(), found: 0 };
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        let length = length(rest[0]);
        if rest[0] == 0xED && rest.len() >= 6 && rest[1] >= 0xA0 {
            let half = |bytes: &[u8]| {
                let low = |byte: u8| u32::from(byte & 0x3F);
                (bytes[0] == 0xED).then(|| 0xD000 | low(bytes[1]) << 6 | low(bytes[2]))
            };
            let (high, low) = (half(&rest[..3])?, half(&rest[3..6])?);
            let letter = char::decode_utf16([high as u16, low as u16]).next()?.ok()?;
            read.text.push(letter);
            read.letters.push(letter);
            at += 6;
        } else {
            let piece = std::str::from_utf8(rest.get(..length)?).ok()?;
            read.text += piece;
            read.letters.extend(piece.chars().filter(|letter| !letter.is_ascii()));
            at += length;
        }
    }
    read.found = read.letters.len();
    Some(read)
}

/// Whether what was read is what was meant; `is_western` for Latin-1 and Windows-1252.
fn is_likely(line: &str, read: &Read, is_western: bool) -> bool {
    let foreign = |letter: &&char| {
        letter.is_alphanumeric() && **letter >= '\u{370}' && !is_ligature(**letter)
    };
    let foreign_letters = read.letters.iter().filter(foreign).count();
    let latin_ext = |letter: &&char| ('\u{1E00}'..'\u{1F00}').contains(*letter);
    let foreign_letters = foreign_letters - read.letters.iter().filter(latin_ext).count();
    if foreign_letters == 1 || !read.letters.iter().all(|letter| is_common(*letter)) {
        return false;
    }
    // Latin letters that stand for bytes have signs among them.
    let is_sign = |letter: char| !letter.is_ascii() && !letter.is_alphabetic();
    if !is_western && foreign_letters == 0 && !line.chars().any(is_sign) {
        return false;
    }
    if read.found > 1 {
        return true;
    }
    let letter = read.letters[0];
    let starts = |first: &[char]| {
        let place = line.char_indices().find(|(_, letter)| first.contains(letter));
        place.map(|(at, _)| &line[..at])
    };
    let is_box = line.chars().any(|letter| ('\u{2500}'..'\u{2580}').contains(&letter));
    if !is_western {
        return is_box || letter.len_utf8() > 2 && !letter.is_alphanumeric() || is_ligature(letter);
    }
    // One Latin letter alone: what stands for it starts with `Ã` or `Â`, or is no letter's end.
    let before = starts(&['Ã', 'Â', 'Å', 'Ä']).unwrap_or_default();
    let upper = before.chars().next_back().is_some_and(char::is_uppercase);
    let quoted = line.contains(['’', '‘']) && line.contains('Ã') && before.ends_with(' ');
    !(quoted || upper && letter.is_lowercase())
}

fn is_ligature(letter: char) -> bool {
    ('\u{FB00}'..='\u{FB06}').contains(&letter)
}

/// Whether a character is common in some language's text.
fn is_common(letter: char) -> bool {
    matches!(letter,
        '\u{A0}'..='\u{17F}' | '\u{192}' | '\u{1A0}' | '\u{1A1}' | '\u{1AF}' | '\u{1B0}'
        | '\u{218}'..='\u{21B}' | '\u{2C6}'..='\u{2DD}' | '\u{300}'..='\u{45F}'
        | '\u{490}'..='\u{4FF}' | '\u{5D0}'..='\u{5EA}' | '\u{600}'..='\u{6FF}'
        | '\u{900}'..='\u{E7F}' | '\u{1E00}'..='\u{1EFF}' | '\u{2010}'..='\u{203A}'
        | '\u{2070}'..='\u{23FF}' | '\u{2500}'..='\u{27BF}' | '\u{3000}'..='\u{30FF}'
        | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7A3}'
        | '\u{FB00}'..='\u{FB06}' | '\u{FF00}'..='\u{FFEF}' | '\u{FFFD}' | '\u{FE0F}'
        | '\u{1F000}'..='\u{1FAFF}')
}

/// Sequences of Windows-1252 that leave no doubt, each repaired alone.
fn in_places(line: &str) -> String {
    let page = &PAGES[1];
    let letters: Vec<char> = line.chars().collect();
    let (mut out, mut at) = (String::with_capacity(line.len()), 0);
    while at < letters.len() {
        // As many sequences as follow one another.
        let mut end = at;
        let mut bytes = Vec::new();
        while let Some(next) = letters.get(end..).and_then(|rest| sequence(page, rest)) {
            end += next.len();
            bytes.extend(next);
        }
        let read = utf8(&bytes).filter(|read| {
            let first = letters[at];
            let one = read.found == 1;
            let sign = read.letters.iter().all(|letter| !letter.is_alphanumeric());
            let clear = matches!(first, 'Ã' | 'â') || read.found > 1;
            let before = &letters[..at];
            let quote = letters.get(at + 1).is_some_and(|letter| matches!(letter, '’' | '‘'));
            let word = before.last().is_some_and(|letter| letter.is_alphabetic());
            read.found > 0
                && clear
                && !(one && quote && !word)
                && (sign || is_likely(&letters[at..end].iter().collect::<String>(), read, true))
        });
        match read {
            Some(read) => {
                out += &read.text;
                at = end;
            }
            None => {
                out.push(letters[at]);
                at += 1;
            }
        }
    }
    out
}

/// The bytes of one sequence at the front.
fn sequence(page: &CodePage, letters: &[char]) -> Option<Vec<u8>> {
    let length = length(page.byte(*letters.first()?)?);
    let bytes: Option<Vec<u8>> =
        letters.get(..length)?.iter().map(|letter| page.byte(*letter)).collect();
    let bytes = bytes?;
    (length > 1 && std::str::from_utf8(&bytes).is_ok()).then_some(bytes)
}

/// What has a plainer form in it.
fn plain(line: &str, keep: &[MojibakeKept]) -> String {
    let plain = |kind| !keep.contains(&kind);
    let mut out = String::with_capacity(line.len());
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\u{80}'..='\u{9F}' => out.push(western(letter as u8).unwrap_or(letter)),
            '\u{FB00}'..='\u{FB06}' if plain(Ligatures) => {
                out.extend(std::iter::once(letter).nfkc())
            }
            '\u{FF01}'..='\u{FF5E}' | '\u{3000}' | '\u{FF61}'..='\u{FFDC}' if plain(Widths) => {
                out.extend(std::iter::once(letter).nfkc());
            }
            '‘' | '’' | '‚' | '‛' if plain(Quotes) => out.push('\''),
            '“' | '”' | '„' | '‟' if plain(Quotes) => out.push('"'),
            '\r' if plain(LineEnds) => {
                letters.next_if_eq(&'\n');
                out.push('\n');
            }
            '\u{2028}' | '\u{2029}' if plain(LineEnds) => out.push('\n'),
            '\n' | '\t' | '\u{C}' | '\r' => out.push(letter),
            letter if letter.is_ascii_control() => {}
            '\u{206A}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFC}' => {}
            letter => out.push(letter),
        }
    }
    if plain(Marks) { out.nfc().collect() } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, wanted: &str) {
        assert_eq!(fixed(text, &[]), wanted);
    }

    #[test]
    fn what_was_read_in_another_encoding_is_read_again() {
        check("cafÃ© â€” itâ€™s", "café — it's");
        check("РґРѕСЂРѕРіР°", "дорога");
        check("Tiß║┐ng Viß╗çt", "Tiếng Việt");
        check("voilÃ  le travail", "voilà le travail");
        check("â€œopenâ€¦”", "\"open…\"");
        check("one &amp; two\u{85}", "one & two…");
    }

    #[test]
    fn what_looks_like_it_stays() {
        for text in ["ESSE CARA AI QUEM É¿", "5×£35", "NESTLÉ® AHÅ™", "o¬ô", "ПоздравЂаво"]
        {
            check(text, text);
        }
    }
}
