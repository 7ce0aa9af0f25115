//! NeMo Curator's readings of the measured filters.

use std::sync::LazyLock;

use recipes::recipe::CleaningStep::{self, *};
use regex::Regex;

use crate::readings::{Found, chars, counted, part};

/// What ends a line in three dots.
const ELLIPSES: [&str; 8] = ["...", "[...]", "…", "(...)", "[…]", "-»", "read more..", "read more"];
const BULLETS: &str = "•‣⁃⁌⁍∙○●◘◦⦾⦿";

pub static LINK: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r"https?://(?:[a-zA-Z0-9$\-_@.&+!*\\(),?/:=#~;]|%[0-9a-fA-F][0-9a-fA-F])+";
    Regex::new(pattern).expect("a pattern of ours")
});

/// What NeMo Curator measures for a step.
pub fn value(step: &CleaningStep, text: &str) -> Option<Found> {
    let of_chars = |test: &dyn Fn(char) -> bool| {
        part(text.chars().filter(|letter| test(*letter)).count(), text.chars().count())
    };
    Some(match step {
        FilterAlphanumeric1(_) => {
            let counts = |c: char| c.is_ascii_alphanumeric() || "\n?!,.".contains(c);
            ("alphanumeric", of_chars(&counts))
        }
        FilterDigits1(_) => {
            static DIGIT: LazyLock<Regex> =
                LazyLock::new(|| Regex::new(r"\d").expect("a pattern of ours"));
            ("digits", part(DIGIT.find_iter(text).count(), text.chars().count()))
        }
        FilterWhitespace1(_) => {
            ("whitespace", of_chars(&|c| matches!(c, '\t' | '\n' | '\r' | '\u{8}' | ' ')))
        }
        FilterBrackets1(_) => ("brackets", of_chars(&|c| "{}⟨⟩[]()".contains(c))),
        FilterLinkCharacters1(_) => {
            let links: Vec<&str> = LINK.find_iter(text).map(|link| link.as_str()).collect();
            ("link_characters", part(chars(&links), text.chars().count()))
        }
        step => return words(step, text).or_else(|| lines(step, text)),
    })
}

fn words(step: &CleaningStep, text: &str) -> Option<Found> {
    let words: Vec<&str> = text.split_whitespace().collect();
    Some(match step {
        FilterSymbolsPerWord1(_) => {
            let symbol = |word: &&&str| {
                let hashes = word.split(|c| c != '#').filter(|run| !run.is_empty()).count();
                ELLIPSES.contains(*word) || hashes * 2 > word.chars().count()
            };
            ("symbols_per_word", part(words.iter().filter(symbol).count(), words.len()))
        }
        FilterAlphabeticWords1(_) => {
            let alphabetic = |word: &&&str| word.chars().any(char::is_alphabetic);
            ("alphabetic_words", part(words.iter().filter(alphabetic).count(), words.len()))
        }
        FilterLongestWord1(_) => {
            let longest = words.iter().map(|word| word.chars().count()).max();
            ("longest_word_chars", longest.map(|longest| longest as f64))
        }
        FilterTopNgram1(s) => ("top_ngram", Some(top(text, &words, s.n as usize))),
        FilterRepeatedNgrams1(s) => ("repeated_ngrams", Some(repeated(text, &words, s.n as usize))),
        _ => return None,
    })
}

fn lines(step: &CleaningStep, text: &str) -> Option<Found> {
    let lines: Vec<&str> = text.split('\n').filter(|line| !line.trim().is_empty()).collect();
    let of_lines = |test: &dyn Fn(&str) -> bool| {
        part(lines.iter().filter(|line| test(line.trim())).count(), lines.len())
    };
    let paragraphs: Vec<&str> = text.split("\n\n").collect();
    Some(match step {
        FilterBulletLines1(_) => {
            ("bullet_lines", of_lines(&|line| line.starts_with(|c| BULLETS.contains(c))))
        }
        FilterEllipsisLines1(_) => {
            let trails = |line: &str| {
                let lower = line.to_lowercase();
                ELLIPSES.iter().any(|end| lower.ends_with(end))
            };
            ("ellipsis_lines", of_lines(&trails))
        }
        FilterTerminalLines1(_) => {
            ("terminal_lines", of_lines(&|line| line.ends_with(['.', '?', '!', '"', '\''])))
        }
        FilterMeanLineLength1(_) => {
            let all: Vec<&str> = text.split('\n').collect();
            ("mean_line_chars", part(chars(&all), all.len()))
        }
        FilterLines1(_) => ("lines", Some((text.matches('\n').count() + 1) as f64)),
        FilterRepeatedLines1(_) => ("repeated_lines", again(&lines).map(|again| again.0)),
        FilterRepeatedLineCharacters1(_) => {
            ("repeated_line_characters", again(&lines).map(|again| again.1))
        }
        FilterRepeatedParagraphs1(_) => {
            let visible = !text.trim().is_empty();
            let again = if visible { again(&paragraphs) } else { None };
            ("repeated_paragraphs", again.map(|again| again.0))
        }
        FilterRepeatedParagraphCharacters1(_) => {
            ("repeated_paragraph_characters", again(&paragraphs).map(|again| again.1))
        }
        _ => return None,
    })
}

/// The part of the pieces that stood before, by number and by characters.
fn again(pieces: &[&str]) -> Option<(f64, f64)> {
    let different: Vec<&str> =
        counted(pieces.iter()).into_iter().map(|(piece, _)| *piece).collect();
    let letters = chars(pieces);
    let number = part(pieces.len() - different.len(), pieces.len())?;
    Some((number, part(letters - chars(&different), letters)?))
}

/// The characters that a text loses where its most frequent n-gram, the first of equals, goes.
fn top(text: &str, words: &[&str], n: usize) -> f64 {
    let grams: Vec<&[&str]> = words.windows(n).collect();
    let mut best: (usize, &[&str]) = (0, &[]);
    for (gram, count) in counted(grams.iter()) {
        if count > best.0 {
            best = (count, gram);
        }
    }
    if best.0 == 0 {
        return 1.0;
    }
    let gram = best.1.join(" ");
    let lost = text.matches(gram.as_str()).count() * gram.chars().count();
    lost as f64 / text.chars().count() as f64
}

/// The characters of n-grams that stood before, with the spaces between, each word once.
fn repeated(text: &str, words: &[&str], n: usize) -> f64 {
    if words.len() < n {
        return 1.0;
    }
    let mut seen = std::collections::BTreeSet::new();
    let (mut letters, mut overlap) = (0, 0);
    for gram in words.windows(n) {
        if !seen.insert(gram) {
            letters += chars(&gram[overlap..]) + (n - overlap).min(n - 1);
            overlap = n;
        }
        overlap = overlap.saturating_sub(1);
    }
    letters as f64 / text.chars().count() as f64
}
