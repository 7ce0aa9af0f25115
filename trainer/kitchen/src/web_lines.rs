//! Lines and sentences of web pages that say nothing: menus, counters, boilerplate, repeats.

use std::collections::BTreeSet;

use recipes::recipe::{TextBoilerplate, TextRepeatedSentences, TextWebLines};

use crate::ratios;
use crate::shape::sentences;

/// The lines that pass a test, joined as before.
fn kept(text: &str, keep: impl Fn(&str) -> bool) -> String {
    text.split_inclusive('\n').filter(|line| line.trim().is_empty() || keep(line)).collect()
}

/// Text without lines of few words, of capitals and of digits.
pub fn lines(settings: &TextWebLines, text: &str) -> String {
    kept(text, |line| {
        let line = line.trim();
        // A line of a script without spaces is one word to white space, and long.
        let words = line.split_whitespace().count() as u64;
        let wide = line.chars().filter(|letter| *letter >= '\u{2E80}').count() as u64;
        words + wide >= settings.words_min
            && ratios::uppercase(line) <= settings.uppercase_share_max
            && ratios::of_chars(line, char::is_numeric) <= settings.digits_share_max
    })
}

/// Text without lines that hold a phrase.
pub fn without_phrases(settings: &TextBoilerplate, text: &str) -> String {
    let phrases: Vec<String> = settings.phrases.iter().map(|p| p.to_lowercase()).collect();
    kept(text, |line| {
        let long = line.split_whitespace().count() as u64 > settings.line_words_max;
        let lower = line.to_lowercase();
        long || !phrases.iter().any(|phrase| !phrase.is_empty() && lower.contains(phrase))
    })
}

/// Text without sentences that stood before.
pub fn without_repeats(settings: &TextRepeatedSentences, text: &str) -> String {
    let mut seen = BTreeSet::new();
    let (mut out, mut at) = (String::with_capacity(text.len()), 0);
    for sentence in sentences(text) {
        let start = sentence.as_ptr() as usize - text.as_ptr() as usize;
        out += &text[at..start];
        at = start + sentence.len();
        let letters = sentence.chars().filter(|letter| letter.is_alphanumeric());
        let letters: String = letters.flat_map(char::to_lowercase).collect();
        let short = (letters.chars().count() as u64) < settings.chars_min;
        if short || seen.insert(letters) {
            out += sentence;
        } else if sentence.starts_with('\n') {
            out.push('\n');
        }
    }
    out + &text[at..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_sentences_that_say_nothing_go() {
        let settings: TextWebLines = serde_json::from_str("{}").expect("defaults");
        let page =
            "HOME NEWS ABOUT\nA line that says something.\nlogin\n12 345 6\n\n这一行也说了什么。\n";
        assert_eq!(lines(&settings, page), "A line that says something.\n\n这一行也说了什么。\n");
        let settings: TextRepeatedSentences = serde_json::from_str("{}").expect("defaults");
        assert_eq!(
            without_repeats(&settings, "One here. Two! One here. 好的。好的。"),
            "One here. Two! 好的。"
        );
        let settings = TextBoilerplate { phrases: vec!["Cookies".into()], line_words_max: 9 };
        assert_eq!(without_phrases(&settings, "We use cookies.\nText.\n"), "Text.\n");
    }
}
