//! DCLM's readings of the measured filters.

use recipes::recipe::CleaningStep::{self, *};
use unicode_segmentation::UnicodeSegmentation;

use crate::readings::{Found, chars, counted, part};
use crate::{pieces, shape};

/// What DCLM measures for a step.
pub fn value(step: &CleaningStep, text: &str) -> Option<Found> {
    let all = text.chars().count();
    let some = |value: f64| (!text.is_empty()).then_some(value);
    Some(match step {
        FilterAlphanumeric1(_) => {
            let of = text.chars().filter(|letter| letter.is_alphanumeric()).count();
            ("alphanumeric", part(of, all))
        }
        FilterBulletLines1(_) => {
            let bullet = |line: &&&str| line.starts_with(['●', '•', '*', '-']);
            ("bullet_lines", Some(of_lines(text, bullet)))
        }
        FilterEllipsisLines1(_) => {
            let trails = |line: &&&str| ["...", ". . .", "…"].iter().any(|end| line.ends_with(end));
            ("ellipsis_lines", Some(of_lines(text, trails)))
        }
        FilterSymbolsPerWord1(_) => {
            let marks = ["#", "...", ". . .", "…"];
            let symbols = marks.iter().map(|mark| text.matches(mark).count()).sum();
            ("symbols_per_word", part(symbols, text.split_whitespace().count()))
        }
        FilterAlphabeticWords1(_) => {
            let alphabetic = |word: &&str| word.chars().any(char::is_alphabetic);
            let words = || text.split_whitespace();
            ("alphabetic_words", part(words().filter(alphabetic).count(), words().count()))
        }
        FilterMeanWordLength1(_) => {
            let words: Vec<&str> = text.split_whitespace().collect();
            ("mean_word_chars", part(chars(&words), words.len()))
        }
        FilterLines1(_) => ("lines", Some(segments(text, "\n").len() as f64)),
        FilterSentences1(_) => ("sentences", Some(shape::prose(text).len() as f64)),
        FilterParagraphs1(_) => ("paragraphs", Some(segments(text, "\n\n").len() as f64)),
        FilterLongestLine1(_) => {
            let lengths = lines(text).into_iter().map(|line| line.chars().count());
            ("longest_line_chars", some(lengths.max().unwrap_or(0) as f64))
        }
        FilterMeanLineLength1(_) => {
            let lines = lines(text);
            ("mean_line_chars", part(chars(&lines), lines.len()))
        }
        FilterRepeatedLines1(_) => ("repeated_lines", again(text, "\n").map(|again| again.0)),
        FilterRepeatedLineCharacters1(_) => {
            ("repeated_line_characters", again(text, "\n").map(|again| again.1))
        }
        FilterRepeatedParagraphs1(_) => {
            ("repeated_paragraphs", again(text, "\n\n").map(|again| again.0))
        }
        FilterRepeatedParagraphCharacters1(_) => {
            ("repeated_paragraph_characters", again(text, "\n\n").map(|again| again.1))
        }
        FilterTopNgram1(s) => ("top_ngram", some(top(text, s.n as usize))),
        FilterRepeatedNgrams1(s) => ("repeated_ngrams", some(repeated(text, s.n as usize))),
        _ => return None,
    })
}

/// Lines as Python cuts them.
fn lines(text: &str) -> Vec<&str> {
    pieces::lines(text).into_iter().map(|(start, end)| &text[start..end]).collect()
}

/// Pieces that are not blank, white space around them gone.
fn segments<'t>(text: &'t str, between: &str) -> Vec<&'t str> {
    text.split(between).map(str::trim).filter(|piece| !piece.is_empty()).collect()
}

fn of_lines(text: &str, test: impl Fn(&&&str) -> bool) -> f64 {
    let lines = segments(text, "\n");
    part(lines.iter().filter(test).count(), lines.len()).unwrap_or(0.0)
}

/// The part of the pieces that stand more than once, by number and by characters.
fn again(text: &str, between: &str) -> Option<(f64, f64)> {
    let pieces = segments(text, between);
    if pieces.len() < 2 {
        return (!pieces.is_empty()).then_some((0.0, 0.0));
    }
    let (mut number, mut letters) = (0, 0);
    for (piece, count) in counted(pieces.iter()).into_iter().filter(|(_, count)| *count > 1) {
        number += count;
        letters += count * piece.chars().count();
    }
    Some((part(number, pieces.len())?, part(letters, chars(&pieces))?))
}

/// Pieces of UAX #29 that start with a letter or a digit.
fn words(text: &str) -> Vec<&str> {
    let starts = |piece: &&str| piece.starts_with(char::is_alphanumeric);
    text.split_word_bounds().filter(starts).collect()
}

/// The characters of the most frequent n-gram, the longest of equals, over those of all words.
fn top(text: &str, n: usize) -> f64 {
    let words = words(text);
    let grams: Vec<&[&str]> = words.windows(n).collect();
    let best = counted(grams.iter()).into_iter().map(|(gram, count)| (count, chars(*gram))).max();
    match best {
        Some((count, letters)) if count > 1 => (count * letters) as f64 / chars(&words) as f64,
        _ => 0.0,
    }
}

/// The characters of the words in n-grams that stand more than once, over those of all words.
fn repeated(text: &str, n: usize) -> f64 {
    let words = words(text);
    let grams: Vec<&[&str]> = words.windows(n).collect();
    let mut often: Vec<&&[&str]> =
        counted(grams.iter()).into_iter().filter(|(_, n)| *n > 1).map(|(gram, _)| gram).collect();
    often.sort_unstable();
    let (mut letters, mut free) = (0, 0);
    for (at, gram) in grams.iter().enumerate() {
        if often.binary_search(&gram).is_ok() {
            letters += chars(&words[free.max(at)..at + n]);
            free = at + n;
        }
    }
    part(letters, chars(&words)).unwrap_or(0.0)
}
