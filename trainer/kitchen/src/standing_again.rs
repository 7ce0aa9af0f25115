//! What stands again in a text: lines, paragraphs, n-grams of characters and words.

use std::collections::BTreeMap;

use recipes::recipe::Cut;

use crate::desk::Page;
use crate::gopher_repetition2::trimmed;
use crate::grams::Grams;
use crate::pieces::between_newlines;
use crate::words_by;

/// The part of the pieces between `least` newlines or more that stood before, and the part of the
/// text's characters in them.
pub fn pieces(page: &mut Page, least: usize) -> (f64, f64) {
    let chars = page.chars().max(1) as f64;
    let (text, pieces) = page.pieces();
    let (start, end) = trimmed(text);
    let again = pieces.again(text, &between_newlines(text, start, end, least));
    (again.pieces as f64 / again.all as f64, again.chars as f64 / chars)
}

/// The counts of every n-gram of some items.
fn counts<T: Ord>(items: &[T], n: usize) -> Vec<u64> {
    let mut counts: BTreeMap<&[T], u64> = BTreeMap::new();
    for gram in items.windows(n) {
        *counts.entry(gram).or_insert(0) += 1;
    }
    counts.into_values().collect()
}

/// Data-Juicer's character repetition: the largest counts of n-grams over all.
pub fn characters(text: &str, n: usize) -> f64 {
    let letters: Vec<char> = text.chars().collect();
    let mut counts = counts(&letters, n);
    counts.sort_unstable_by_key(|count| std::cmp::Reverse(*count));
    let once = counts.iter().filter(|count| **count == 1).count();
    let top = counts.len().isqrt().min(counts.len() - once);
    let all: u64 = counts.iter().sum();
    if all == 0 { 0.0 } else { counts[..top].iter().sum::<u64>() as f64 / all as f64 }
}

/// The part of the n-grams of words that stand more than once.
pub fn words(text: &str, cut: Cut, n: usize) -> f64 {
    let lower = text.to_lowercase();
    let bare = |word: &'_ str| word.trim_matches(|c: char| !c.is_alphanumeric()).to_owned();
    let words = words_by::words(&lower, cut).map(bare);
    let words: Vec<String> = words.filter(|word| !word.is_empty()).collect();
    let counts = counts(&words, n);
    let all: u64 = counts.iter().sum();
    let again: u64 = counts.iter().filter(|count| **count > 1).sum();
    if all == 0 { 0.0 } else { again as f64 / all as f64 }
}

/// The repeated n-grams of the words, with nothing between them.
pub fn grams(text: &str, cut: Cut) -> Grams {
    let (mut numbers, mut chars, mut words) = (BTreeMap::new(), Vec::new(), Vec::new());
    for word in words_by::words(text, cut) {
        let next = chars.len() as u32;
        let number = *numbers.entry(word).or_insert(next);
        if number == next {
            chars.push(word.chars().count() as u32);
        }
        words.push(number);
    }
    let mut grams = Grams::default();
    grams.start(&words, |word| chars[word as usize]);
    grams.unjoined();
    grams
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repetition_is_between_none_and_all() {
        assert_eq!(characters("abcdefgh", 2), 0.0);
        assert_eq!(characters("aaaaaa", 2), 1.0);
        assert_eq!(words("a b, A b! c", Cut::Spaces, 2), 0.5);
        assert_eq!(words("", Cut::Spaces, 2), 0.0);
        assert_eq!(words("好天好天", Cut::Words, 2), 2.0 / 3.0);
        assert_eq!(grams("天好天好天", Cut::Words).top(2), 4);
        assert_eq!(grams("天好天好天", Cut::Words).repeated(2), 2);
    }
}
