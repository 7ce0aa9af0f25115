//! `text.mojibake@1`: UTF-8 that was read as Windows-1252, read once more.

use recipes::recipe::{MojibakeReading, TextMojibake};

use crate::ftfy;

/// What Windows-1252 has at 0x80 to 0x9F; five places are control characters.
const UPPER: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8D}', 'Ž', '\u{8F}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9D}', 'ž', 'Ÿ',
];

/// How often a text may have been read wrongly.
const TIMES_MAX: usize = 3;

/// The byte of a character in Windows-1252, or in Latin-1 where that has none.
fn byte(letter: char) -> Option<u8> {
    let place = UPPER.iter().position(|upper| *upper == letter);
    place.map(|place| 0x80 + place as u8).or_else(|| u8::try_from(u32::from(letter)).ok())
}

/// The text as a step repairs it.
pub fn read(settings: &TextMojibake, text: &str) -> String {
    match settings.profile {
        MojibakeReading::Ingot => repaired(text),
        MojibakeReading::Ftfy => ftfy::fixed(text, &settings.keep),
    }
}

/// The text as it was meant.
pub fn repaired(text: &str) -> String {
    let mut now = text.to_owned();
    for _ in 0..TIMES_MAX {
        match once(&now) {
            Some(better) => now = better,
            None => break,
        }
    }
    now
}

/// The text with every wrongly read character repaired; nothing where there is none.
fn once(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars();
    let mut is_changed = false;
    while let Some(letter) = letters.next() {
        let length = match byte(letter) {
            Some(0xC2..=0xDF) => 2,
            Some(0xE0..=0xEF) => 3,
            Some(0xF0..=0xF4) => 4,
            _ => 0,
        };
        let bytes = std::iter::once(letter).chain(letters.clone()).take(length).map(byte);
        let bytes: Option<Vec<u8>> = bytes.collect();
        let meant = bytes.filter(|bytes| !bytes.is_empty());
        match meant.and_then(|bytes| String::from_utf8(bytes).ok()) {
            Some(meant) => {
                out += &meant;
                is_changed = true;
                for _ in 1..length {
                    letters.next();
                }
            }
            None => out.push(letter),
        }
    }
    is_changed.then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_wrongly_is_read_again() {
        assert_eq!(repaired("cafÃ© â€” itâ€™s"), "café — it’s");
        assert_eq!(repaired("Ã¦Â±â€°"), "汉");
        assert_eq!(repaired("café — 汉字 Ã"), "café — 汉字 Ã");
    }
}
