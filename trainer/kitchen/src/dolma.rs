//! Dolma's readings of the measured filters: the values of its Gopher tagger.

use recipes::recipe::CleaningStep::{self, *};

use crate::readings::{Found, chars, counted};

/// What Dolma measures for a step.
pub fn value(step: &CleaningStep, text: &str) -> Option<Found> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let lines: Vec<&str> = text.split('\n').collect();
    let of_words = |test: &dyn Fn(&&&str) -> bool| {
        words.iter().filter(test).count() as f64 / words.len().max(1) as f64
    };
    let of_lines = |test: &dyn Fn(&&&str) -> bool| {
        lines.iter().filter(test).count() as f64 / lines.len() as f64
    };
    let (name, value) = match step {
        FilterBulletLines1(_) => ("bullet_lines", of_lines(&|line| line.starts_with(['*', '-']))),
        FilterEllipsisLines1(_) => ("ellipsis_lines", of_lines(&|line| line.ends_with('…'))),
        FilterSymbolsPerWord1(_) => {
            ("symbols_per_word", of_words(&|word| word.contains(['#', '…'])))
        }
        FilterAlphabeticWords1(_) => {
            ("alphabetic_words", of_words(&|word| word.chars().any(char::is_alphabetic)))
        }
        FilterMeanWordLength1(_) => ("mean_word_chars", median(&words)),
        FilterRepeatedLines1(_) => {
            let again = counted(lines.iter()).into_iter().map(|(_, count)| count);
            let again: usize = again.filter(|count| *count > 1).sum();
            ("repeated_lines", again as f64 / lines.len() as f64)
        }
        FilterRepeatedLineCharacters1(_) => {
            let again = counted(lines.iter()).into_iter().filter(|(_, count)| *count > 1);
            let again: usize = again.map(|(line, count)| count * line.chars().count()).sum();
            ("repeated_line_characters", again as f64 / chars(&words).max(1) as f64)
        }
        FilterTopNgram1(s) => ("top_ngram", top(&words, s.n as usize)),
        FilterRepeatedNgrams1(s) => ("repeated_ngrams", repeated(&words, s.n as usize)),
        _ => return None,
    };
    // Of nothing every value is nothing.
    Some((name, Some(if text.is_empty() { 0.0 } else { value })))
}

/// The median length of a word.
fn median(words: &[&str]) -> f64 {
    let mut lengths: Vec<usize> = words.iter().map(|word| word.chars().count()).collect();
    lengths.sort_unstable();
    match lengths.len() {
        0 => 0.0,
        odd if odd % 2 == 1 => lengths[odd / 2] as f64,
        even => (lengths[even / 2 - 1] + lengths[even / 2]) as f64 / 2.0,
    }
}

/// The characters of the most frequent n-gram, the first of equals, over those of all words.
fn top(words: &[&str], n: usize) -> f64 {
    let grams: Vec<&[&str]> = words.windows(n).collect();
    let mut best = (0, 0);
    for (gram, count) in counted(grams.iter()) {
        if count > best.0 {
            best = (count, chars(*gram));
        }
    }
    (best.0 * best.1) as f64 / chars(words).max(1) as f64
}

/// The characters of n-grams that stand more than once, over those of all n-grams.
fn repeated(words: &[&str], n: usize) -> f64 {
    let grams: Vec<&[&str]> = words.windows(n).collect();
    let (mut again, mut all) = (0, 0);
    for (gram, count) in counted(grams.iter()) {
        let letters = count * chars(*gram);
        all += letters;
        again += if count > 1 { letters } else { 0 };
    }
    again as f64 / all.max(1) as f64
}
