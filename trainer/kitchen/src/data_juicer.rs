//! Data-Juicer's readings of the measured filters.

use std::sync::LazyLock;

use recipes::recipe::CleaningStep::{self, *};
use regex::Regex;

use crate::readings::{Found, counted, part};

/// Symbols beside marks, digits, white space and emoji; what it strips from words.
const SYMBOLS: &str = "￼’“”–ー一▬…✦\u{FFFD}£•€«»°·═×士＾˘⇓↓↑←→（）§″′´¿−±∈¢ø‚„½¼¾¹²³―⁃，ˌ¸‹›ʺˈʻ¦‐\
    \u{2800}‰‑≤≥‖◆●■►▼▲▴∆▻¡★☆✱ːº。¯˜¥ɪ≈†上ン：∼⁄・♡✓⊕․．⋅÷１‟；\
    ،、¨াी्े◦˚゜ʼ≖¤ッツシ℃√！【】‿∞➤～πه۩☛₨➩☻๑٪♥ıॽ《‘©﴿٬？▷Г♫∟™ª₪®「—❖」﴾》";

/// Emoji, of which digits and their signs are none here.
static EMOJI: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^[\p{Emoji}\p{Emoji_Modifier}&&[^0-9#*]]").expect("a pattern of ours")
});

/// Whether a character is none of text's own.
pub fn is_special(letter: char) -> bool {
    if letter.is_ascii() {
        return !letter.is_ascii_alphabetic() && !letter.is_ascii_control()
            || matches!(letter, '\t'..='\r');
    }
    let space = letter.is_whitespace() && letter != '\u{85}';
    space || SYMBOLS.contains(letter) || EMOJI.is_match(letter.encode_utf8(&mut [0; 4]))
}

/// Words between spaces, tabs and newlines in lower case, without symbols around them.
pub fn words(text: &str) -> Vec<String> {
    let bare = |word: &str| word.to_lowercase().trim_matches(is_special).to_owned();
    let words = text.split([' ', '\t', '\n']).map(bare);
    words.filter(|word| !word.is_empty()).collect()
}

/// What Data-Juicer measures for a step.
pub fn value(step: &CleaningStep, text: &str) -> Option<Found> {
    Some(match step {
        FilterSpecialCharacters1(_) => {
            let special = text.chars().filter(|letter| is_special(*letter)).count();
            let value = part(special, text.chars().count()).unwrap_or(0.0);
            ("special_characters", Some(value))
        }
        FilterWordRepetition1(s) => {
            let words = words(text);
            let grams: Vec<&[String]> = words.windows(s.n as usize).collect();
            let again = counted(grams.iter()).into_iter().map(|(_, count)| count);
            let again: usize = again.filter(|count| *count > 1).sum();
            ("word_repetition", Some(part(again, grams.len()).unwrap_or(0.0)))
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_are_told_from_text() {
        let special: String = "a1 汉é。😀\u{1}\n!".chars().filter(|c| is_special(*c)).collect();
        assert_eq!(special, "1 。😀\n!");
        assert_eq!(words("Today, (is)\tIT 😀 "), ["today", "is", "it"]);
    }
}
