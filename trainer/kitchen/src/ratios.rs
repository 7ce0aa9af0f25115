//! Parts of a text's characters, words and lines that are of a kind; 0 where there are none.

use std::collections::BTreeSet;

use recipes::recipe::Cut;

use crate::letters::{PUNCTUATION, TERMINAL, classes};
use crate::words_by::words;

fn part(of: usize, all: usize) -> f64 {
    if all == 0 { 0.0 } else { of as f64 / all as f64 }
}

/// The part of the characters that pass a test.
pub fn of_chars(text: &str, test: impl Fn(char) -> bool) -> f64 {
    part(text.chars().filter(|letter| test(*letter)).count(), text.chars().count())
}

/// The part of the lines with visible text that pass a test, white space around them gone.
pub fn of_lines(text: &str, test: impl Fn(&str) -> bool) -> f64 {
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    part(lines().filter(|line| test(line)).count(), lines().count())
}

/// The part of the words that pass a test.
pub fn of_words(text: &str, cut: Cut, test: impl Fn(&str) -> bool) -> f64 {
    let (mut passed, mut all) = (0, 0);
    for word in words(text, cut) {
        all += 1;
        passed += usize::from(test(word));
    }
    part(passed, all)
}

/// A number for each word.
pub fn per_word(text: &str, cut: Cut, number: usize) -> f64 {
    part(number, words(text, cut).count())
}

/// The part of the letters with case that are upper case.
pub fn uppercase(text: &str) -> f64 {
    let upper = text.chars().filter(|letter| letter.is_uppercase()).count();
    part(upper, upper + text.chars().filter(|letter| letter.is_lowercase()).count())
}

/// Different words, in lower case, over all.
pub fn distinct_words(text: &str, cut: Cut) -> f64 {
    let lower = text.to_lowercase();
    let all: Vec<&str> = words(&lower, cut).collect();
    part(all.iter().collect::<BTreeSet<_>>().len(), all.len())
}

/// Whether a character is a bracket, plain or wide.
pub fn is_bracket(letter: char) -> bool {
    "()[]{}（）［］｛｝【】".contains(letter)
}

/// General category P.
pub fn is_punctuation(letter: char) -> bool {
    classes(letter) & PUNCTUATION != 0
}

/// Whether a line starts with a bullet.
pub fn bullet(line: &str) -> bool {
    line.starts_with(['-', '*', '•', '‣', '▪', '▶', '●', '◦', '■', '□', '–', '·', '➢'])
}

/// Whether a line ends a sentence, a closing quote or bracket aside.
pub fn terminal(line: &str) -> bool {
    let line = line.trim_end_matches(['"', '\'', ')', ']', '”', '’', '」', '』', '）', '》']);
    line.chars().next_back().is_some_and(|last| classes(last) & TERMINAL != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_of_what_is_there() {
        assert_eq!(of_chars("", |_| true), 0.0);
        assert_eq!(of_chars("a1 汉", char::is_alphanumeric), 0.75);
        assert_eq!(of_lines("- a\n\n b.\n", bullet), 0.5);
        assert_eq!(of_lines("他说：“好。”\nno", terminal), 0.5);
        assert_eq!(uppercase("Ab汉"), 0.5);
        assert_eq!(distinct_words("A a b c", Cut::Spaces), 0.75);
    }
}
