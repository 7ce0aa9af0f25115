//! Length and shape: words, lines, sentences, paragraphs.

use recipes::operators::{Cut, Profile, Words};

use crate::data_juicer;
use crate::letters::{PUNCTUATION, TERMINAL, classes};
use crate::words_by;

/// The number of words as a step counts them.
pub fn counted_words(settings: &Words, text: &str) -> u64 {
    let own = match settings.profile {
        Profile::Ingot => Cut::Words,
        Profile::Dclm => Cut::Newlines,
        Profile::DataJuicer if settings.cut.is_none() => {
            return data_juicer::words(text).len() as u64;
        }
        Profile::DataJuicer | Profile::Dolma | Profile::Nemo => Cut::Spaces,
    };
    let counts = |piece: &&str| !settings.bare || piece.starts_with(char::is_alphanumeric);
    words_by::words(text, settings.cut.unwrap_or(own)).filter(counts).count() as u64
}

/// Mean characters of words; 0 where there are none.
pub fn mean_word(text: &str, cut: Cut) -> f64 {
    let (mut words, mut chars) = (0u64, 0u64);
    for word in words_by::words(text, cut) {
        words += 1;
        chars += word.chars().count() as u64;
    }
    if words == 0 { 0.0 } else { chars as f64 / words as f64 }
}

/// Characters of the longest word.
pub fn longest_word(text: &str, cut: Cut) -> u64 {
    words_by::words(text, cut).map(|word| word.chars().count() as u64).max().unwrap_or(0)
}

/// Lines; a newline at the end starts no other.
pub fn lines(text: &str) -> u64 {
    text.lines().count() as u64
}

/// Characters of the text, newlines among them, over its lines.
pub fn mean_line(text: &str) -> f64 {
    text.chars().count() as f64 / lines(text).max(1) as f64
}

/// Characters of the longest line.
pub fn longest_line(text: &str) -> u64 {
    text.lines().map(|line| line.chars().count() as u64).max().unwrap_or(0)
}

/// Pieces between empty lines that have visible text.
pub fn paragraphs(text: &str) -> Vec<&str> {
    let mut paragraphs = Vec::new();
    let (mut start, mut at) = (0, 0);
    for line in text.split_inclusive('\n') {
        if line.trim().is_empty() {
            paragraphs.push(&text[start..at]);
            start = at + line.len();
        }
        at += line.len();
    }
    paragraphs.push(&text[start..]);
    paragraphs.retain(|paragraph| !paragraph.trim().is_empty());
    paragraphs
}

/// Sentences: up to marks that end one and what closes after them, where white space follows or
/// the mark is of a script without spaces. A newline ends one too.
pub fn sentences(text: &str) -> Vec<&str> {
    let mut sentences = Vec::new();
    let (mut start, mut ended, mut wide) = (0, false, false);
    for (at, letter) in text.char_indices() {
        let class = classes(letter);
        let closes = ended && class & PUNCTUATION != 0 && class & TERMINAL == 0;
        if letter == '\n'
            || ended && !closes && (letter.is_whitespace() || wide && class & TERMINAL == 0)
        {
            sentences.push(&text[start..at]);
            start = at;
        }
        if class & TERMINAL != 0 {
            (ended, wide) = (true, matches!(letter, '。' | '！' | '？' | '．' | '｡'));
        } else if !closes {
            ended = false;
        }
    }
    sentences.push(&text[start..]);
    sentences.retain(|sentence| !sentence.trim().is_empty());
    sentences
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_end_where_they_end() {
        let check = |text: &str, wanted: &[&str]| {
            let found: Vec<&str> = sentences(text).into_iter().map(str::trim).collect();
            assert_eq!(found, wanted);
        };
        check("One 3.5 here. \"Two!\" Three", &["One 3.5 here.", "\"Two!\"", "Three"]);
        check("他说：“好。”走了。完", &["他说：“好。”", "走了。", "完"]);
        check("What?! No\nend", &["What?!", "No", "end"]);
    }

    #[test]
    fn paragraphs_have_visible_text() {
        assert_eq!(paragraphs("a\nb\n\n \n\nc"), ["a\nb\n", "c"]);
    }

    #[test]
    fn words_are_counted_as_a_step_wants_them() {
        let check = |settings: &str, wanted: u64| {
            let settings: Words = serde_json::from_str(settings).expect("settings");
            assert_eq!(counted_words(&settings, "汉字 and, more\n- 2!\n"), wanted, "{settings:?}");
        };
        check("{}", 5);
        check(r#"{"cut": "segments"}"#, 8);
        check(r#"{"cut": "dictionary"}"#, 4);
        check(r#"{"profile": "nemo"}"#, 5);
        check(r#"{"profile": "dclm"}"#, 7);
        check(r#"{"profile": "dclm", "bare": true}"#, 4);
        check(r#"{"profile": "data-juicer"}"#, 3);
        assert_eq!(mean_word("清华大学，北京", Cut::Dictionary), 3.0);
    }
}
