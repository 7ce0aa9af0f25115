//! What kind of character each one is, in one table: the classes that the English word rule and
//! the measured profiles ask for.
//!
//! General categories and `Sentence_Terminal` are those of the Unicode version of crate `regex`,
//! which is pinned with the workspace.

use std::sync::LazyLock;

use regex::Regex;

/// White space, the separators U+001C to U+001F among it.
pub const SPACE: u16 = 1;
/// May be cut from the front of a word.
pub const PREFIX: u16 = 1 << 1;
/// May be cut from the end of a word.
pub const SUFFIX: u16 = 1 << 2;
pub const LOWER: u16 = 1 << 3;
pub const UPPER: u16 = 1 << 4;
pub const DIGIT: u16 = 1 << 5;
pub const QUOTE: u16 = 1 << 6;
/// Stands alone wherever it is in a word.
pub const ICON: u16 = 1 << 7;
/// A full stop after it ends a word.
pub const BEFORE_STOP: u16 = 1 << 8;
pub const CURRENCY: u16 = 1 << 9;
pub const HYPHEN: u16 = 1 << 10;
/// Punctuation, control characters and the like: words of these alone are no words to Gopher.
pub const SYMBOL: u16 = 1 << 11;
pub const ALPHABETIC: u16 = 1 << 12;
/// `Sentence_Terminal`: full stops, question and exclamation marks of all scripts.
pub const TERMINAL: u16 = 1 << 13;
/// General category P.
pub const PUNCTUATION: u16 = 1 << 14;
pub const LETTER: u16 = LOWER | UPPER;

/// Characters below this have their place in the table.
const TABLE: u32 = 0x20000;

const MARKS: &str = "…,:;!?¿؟¡()[]{}<>_#*&。？！，、；：～·।،۔؛٪";
const QUOTES: &str = "'\"”“`‘´’‚,„»«「」『』（）〔〕【】《》〈〉〈〉⟦⟧";
const MONEY: &str = "$£€¥฿₽﷼₴₠₡₢₣₤₥₦₧₨₩₪₫€₭₮₯₰₱₲₳₴₵₶₷₸₹₺₻₼₽₾₿";
const SYMBOLS: &str = "«´»–—’“”„…∶━►、〈〉《》「」【】％（），１：；～";

/// Scripts without case, whose letters count as lower and as upper.
const UNCASED: [(u32, u32); 29] = [
    (0x591, 0x5F4),
    (0x620, 0x64A),
    (0x66E, 0x6D5),
    (0x6E5, 0x6FF),
    (0x750, 0x77F),
    (0x8A0, 0x8BD),
    (0x900, 0x9FF),
    (0xB80, 0xCFF),
    (0xD80, 0xDFF),
    (0x1100, 0x137F),
    (0x2E80, 0x2FDF),
    (0x2FF0, 0x30FF),
    (0x31C0, 0x31EF),
    (0x3200, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xAC00, 0xD7AF),
    (0xF900, 0xFAFF),
    (0xFB1D, 0xFBB1),
    (0xFBD3, 0xFD3D),
    (0xFD50, 0xFDC7),
    (0xFDF0, 0xFDFB),
    (0xFE30, 0xFE4F),
    (0xFE70, 0xFEFC),
    (0x1EE00, 0x1EEBB),
    (0x1F200, 0x1F2FF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2EBEF),
    (0x2F800, 0x2FA1F),
    (0x30000, 0x323AF),
];

static CLASSES: LazyLock<Vec<u16>> = LazyLock::new(|| {
    let mut classes = vec![0u16; TABLE as usize];
    let all: String = (0..TABLE).filter_map(char::from_u32).collect();
    for (pattern, class) in [
        (r"[\p{White_Space}\x1C-\x1F]", SPACE),
        (r"[\p{Ll}&&[\p{Latin}\p{Greek}\p{Cyrillic}]]", LOWER | BEFORE_STOP),
        (r"[\p{Lu}&&[\p{Latin}\p{Greek}\p{Cyrillic}]]", UPPER),
        (r"\p{L}", ALPHABETIC),
        (r"\p{So}", ICON | PREFIX | SUFFIX),
        (r"\p{Sentence_Terminal}", TERMINAL | SYMBOL),
        (r"\p{P}", PUNCTUATION),
        (r"[\p{Cc}&&[^\t\n]]", SYMBOL),
        (r"[!-/:-@\[-`{-~]", SYMBOL),
    ] {
        let pattern = Regex::new(pattern).expect("a pattern of ours");
        for found in pattern.find_iter(&all) {
            for letter in found.as_str().chars() {
                classes[letter as usize] |= class;
            }
        }
    }
    for (first, last) in UNCASED {
        for letter in first..=last.min(TABLE - 1) {
            classes[letter as usize] |= LETTER | BEFORE_STOP;
        }
    }
    for (letters, class) in [
        (MARKS, PREFIX | SUFFIX | BEFORE_STOP),
        (QUOTES, PREFIX | SUFFIX | BEFORE_STOP | QUOTE),
        (MONEY, PREFIX | CURRENCY),
        ("§%=—–", PREFIX),
        ("—–", SUFFIX),
        ("%²-+|0123456789", BEFORE_STOP),
        ("0123456789", DIGIT),
        ("-–—~", HYPHEN),
        ("…", ICON),
        (SYMBOLS, SYMBOL),
    ] {
        for letter in letters.chars() {
            classes[letter as usize] |= class;
        }
    }
    classes
});

/// The classes of a character.
#[inline]
pub fn classes(letter: char) -> u16 {
    let at = letter as u32;
    if at < TABLE { CLASSES[at as usize] } else { beyond(at) }
}

/// The whole table, for loops.
pub fn table() -> &'static [u16] {
    &CLASSES
}

fn beyond(at: u32) -> u16 {
    let uncased = UNCASED.iter().any(|(first, last)| (*first..=*last).contains(&at));
    if uncased { LETTER | BEFORE_STOP | ALPHABETIC } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_have_their_classes() {
        assert_eq!(classes('a') & (LETTER | ALPHABETIC | SYMBOL), LOWER | ALPHABETIC);
        assert_eq!(classes('汉') & LETTER, LETTER);
        assert_eq!(classes('𠀀') & LETTER, LETTER);
        assert_eq!(classes('。') & (TERMINAL | SUFFIX), TERMINAL | SUFFIX);
        assert_eq!(classes('\u{A0}') & SPACE, SPACE);
        assert_eq!(classes('\u{1F}') & SPACE, SPACE);
        assert_ne!(classes('☃') & ICON, 0);
        assert_eq!(classes('-') & (PREFIX | SUFFIX | HYPHEN), HYPHEN);
        assert_eq!(classes('\t') & SYMBOL, 0);
    }
}
