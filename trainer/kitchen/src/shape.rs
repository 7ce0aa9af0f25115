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

/// Words after which a full stop ends no sentence.
const ABBREVIATIONS: &str = " mr mrs ms dr prof sr jr st vs etc e.g i.e fig figs no vol pp al inc \
    ltd co corp dept est approx gen col capt lt sgt rev hon jan feb mar apr jun jul aug sep sept \
    oct nov dec ";

/// Sentences of prose: a full stop ends none before a lower-case letter, after an initial or after
/// an abbreviation.
pub fn prose(text: &str) -> Vec<&str> {
    let mut joined: Vec<&str> = Vec::new();
    for sentence in sentences(text) {
        let start = sentence.as_ptr() as usize - text.as_ptr() as usize;
        let goes_on = joined.last().is_some_and(|last| {
            let bare = last.trim_end();
            let word = bare.rsplit(char::is_whitespace).next().unwrap_or_default();
            let Some(word) = word.strip_suffix('.') else { return false };
            let word = word.trim_start_matches(|c: char| !c.is_alphanumeric());
            let initial = word.chars().count() == 1 && word.starts_with(char::is_uppercase);
            let short = ABBREVIATIONS.contains(&format!(" {} ", word.to_lowercase()));
            let lower = sentence.trim_start().starts_with(char::is_lowercase);
            !sentence.starts_with('\n') && !word.ends_with('.') && (initial || short || lower)
        });
        match joined.last_mut() {
            Some(last) if goes_on => {
                let from = last.as_ptr() as usize - text.as_ptr() as usize;
                *last = &text[from..start + sentence.len()];
            }
            _ => joined.push(sentence),
        }
    }
    joined
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
    fn full_stops_of_prose_end_few_sentences() {
        let found: Vec<&str> =
            prose("Dr. A. Lee has 5 p.c. of U.S. pork. See e.g. this... and that. End.")
                .into_iter()
                .map(str::trim)
                .collect();
        let wanted =
            ["Dr. A. Lee has 5 p.c. of U.S. pork.", "See e.g. this...", "and that.", "End."];
        assert_eq!(found, wanted);
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
