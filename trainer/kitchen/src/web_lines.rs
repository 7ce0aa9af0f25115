//! Lines and sentences of web pages that say nothing: menus, counters, boilerplate, repeats.

use std::collections::BTreeSet;

use recipes::recipe::{
    PhrasePlace, SentenceReading, TextBoilerplate, TextRepeatedSentences, TextWebLines,
};

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

/// Text without lines that hold a phrase, or without the phrases.
pub fn without_phrases(settings: &TextBoilerplate, text: &str) -> String {
    let cased = |text: &str| if settings.exact { text.to_owned() } else { text.to_lowercase() };
    let phrases: Vec<String> = settings.phrases.iter().map(|phrase| cased(phrase)).collect();
    let is_long = |line: &str| line.split_whitespace().count() as u64 > settings.line_words_max;
    let holds = |line: &str| {
        let line = cased(line);
        phrases.iter().filter(|phrase| !phrase.is_empty()).any(|phrase| match settings.place {
            _ if settings.whole_lines => line == *phrase,
            PhrasePlace::Anywhere => line.contains(phrase.as_str()),
            PhrasePlace::Front => line.starts_with(phrase.as_str()),
            PhrasePlace::End => line.ends_with(phrase.as_str()),
        })
    };
    if !(settings.whole_lines || settings.phrase_only || settings.trim) {
        // Here a line ends with its newline; `place` means its visible text.
        return kept(text, |line| is_long(line) || !holds(line.trim()));
    }
    let mut lines: Vec<String> = Vec::new();
    for line in text.split('\n') {
        if is_long(line) || !settings.phrase_only && !holds(line) {
            lines.push(line.to_owned());
        } else if settings.phrase_only {
            let left = without(settings, &phrases, line);
            if line.is_empty() || !left.trim().is_empty() {
                lines.push(left);
            }
        }
    }
    let text = lines.join("\n");
    if settings.trim { text.trim().to_owned() } else { text }
}

/// A line without the phrases at their place, each with a space beside it.
fn without(settings: &TextBoilerplate, phrases: &[String], line: &str) -> String {
    let all: Vec<String> = phrases.iter().map(|phrase| regex::escape(phrase)).collect();
    let all = all.join("|");
    let pattern = match settings.place {
        PhrasePlace::Front => format!(r"^(?:{all})\s?"),
        PhrasePlace::End => format!(r"\s?(?:{all})$"),
        PhrasePlace::Anywhere => format!(r"\s?(?:{all})"),
    };
    let pattern = regex::RegexBuilder::new(&pattern).case_insensitive(!settings.exact).build();
    pattern.map_or(line.to_owned(), |pattern| pattern.replace_all(line, "").into_owned())
}

/// Text without sentences that stood before.
pub fn without_repeats(settings: &TextRepeatedSentences, text: &str) -> String {
    if settings.profile == SentenceReading::DataJuicer {
        return without_marked_repeats(settings, text);
    }
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

/// The same with sentences that end at every mark; a newline stays where it is.
fn without_marked_repeats(settings: &TextRepeatedSentences, text: &str) -> String {
    let mut seen = BTreeSet::new();
    let mut first = |sentence: &&str| {
        let mut bare = sentence.trim().to_owned();
        if settings.any_case {
            bare = bare.to_lowercase();
        }
        if settings.bare {
            let counts = |c: &char| {
                c.is_ascii_alphanumeric() || ('一'..='龥').contains(c) || matches!(c, '\t' | ' ')
            };
            bare = bare.chars().filter(counts).collect();
        }
        (bare.chars().count() as u64) < settings.chars_min || seen.insert(bare)
    };
    let mut lines = Vec::new();
    for line in text.split('\n') {
        lines.push(marked(line).into_iter().filter(&mut first).collect::<String>());
    }
    lines.join("\n")
}

/// A line cut after every mark that ends a sentence, closing quotes aside.
fn marked(line: &str) -> Vec<&str> {
    let letters: Vec<(usize, char)> = line.char_indices().collect();
    let (mut sentences, mut start, mut at) = (Vec::new(), 0, 0);
    while at + 1 < letters.len() {
        let (letter, (next, after)) = (letters[at].1, letters[at + 1]);
        let ends = ".。！!？?".contains(letter);
        let quoted = at > 0 && "’”".contains(letter) && ".。！!？?…".contains(letters[at - 1].1);
        let trails = letter == '…' && at > 0 && letters[at - 1].1 == '…';
        if (ends || quoted || trails) && !"’”".contains(after) {
            sentences.push(&line[start..next]);
            start = next;
            // The character after the mark is taken with it and ends nothing itself.
            at += usize::from(ends);
        }
        at += 1;
    }
    sentences.push(&line[start..]);
    sentences
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
        let check = |own: &str, text: &str, wanted: &str| {
            let settings = serde_json::from_str(own).expect("settings");
            assert_eq!(without_phrases(&settings, text), wanted, "{own}");
        };
        check(r#"{"phrases": ["Cookies"]}"#, "We use cookies.\nText.\n", "Text.\n");
        let whole = r#"{"phrases": ["Go"], "whole_lines": true, "exact": true}"#;
        check(whole, "Go\nGo on\nx\nGo", "Go on\nx");
        let only = r#"{"phrases": ["more..."], "place": "end", "phrase_only": true, "trim": true}"#;
        check(only, "a more...\nmore...\n more... b ", "a\n more... b");
    }

    #[test]
    fn every_mark_ends_a_sentence_where_it_is_read_so() {
        let own = r#"{"profile": "data-juicer", "bare": true}"#;
        let settings: TextRepeatedSentences = serde_json::from_str(own).expect("settings");
        assert_eq!(
            without_repeats(&settings, "我很好 。我很好 。\n你好！我很好 。"),
            "我很好 。\n你好！"
        );
        assert_eq!(marked("a.b “c.”d"), ["a.", "b “c.”", "d"]);
    }
}
