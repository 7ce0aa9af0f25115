//! `filter.gopher-repetition@1`: drops texts that repeat themselves, after Rae et al. (2021),
//! "Scaling Language Models", table A1, in the reading of datatrove.
//!
//! Parts are compared with the number of characters of the whole text; words are cut by
//! `words::with_punctuation`. The first rule that a text breaks is its reason.

use std::collections::{BTreeMap, BTreeSet};

use recipes::recipe::GopherRepetition;

use crate::decision::{Decision, Drop, Measure};
use crate::words::with_punctuation;

const LINES_MAX: f64 = 0.3;
const PARAGRAPHS_MAX: f64 = 0.3;
const LINE_CHARS_MAX: f64 = 0.2;
const PARAGRAPH_CHARS_MAX: f64 = 0.2;
/// Words of an n-gram, and the largest part that the most frequent one may cover.
const TOP_MAX: [(usize, &str, f64); 3] =
    [(2, "top_2_gram", 0.2), (3, "top_3_gram", 0.18), (4, "top_4_gram", 0.16)];
/// Words of an n-gram, and the largest part that repeated ones may cover.
const REPEATED_MAX: [(usize, &str, f64); 6] = [
    (5, "duplicated_5_n_grams", 0.15),
    (6, "duplicated_6_n_grams", 0.14),
    (7, "duplicated_7_n_grams", 0.13),
    (8, "duplicated_8_n_grams", 0.12),
    (9, "duplicated_9_n_grams", 0.11),
    (10, "duplicated_10_n_grams", 0.10),
];

/// Decides about a text.
pub fn decide(_: &GopherRepetition, text: &str) -> Decision {
    if text.is_empty() {
        return Decision::Drop(Drop { measure: "empty".into(), value: 0.0, limit: None });
    }
    let chars = text.chars().count() as f64;
    let mut measures = repeats(text, chars).to_vec();
    if measures.iter().all(|measure| measure.broken().is_none()) {
        let words = with_punctuation(text);
        let part =
            |chars_of: usize, name, max| Measure::at_most(name, chars_of as f64 / chars, max);
        measures.extend(TOP_MAX.map(|(n, name, max)| part(top(&words, n), name, max)));
        measures.extend(REPEATED_MAX.map(|(n, name, max)| part(repeated(&words, n), name, max)));
    }
    Decision::by(measures)
}

/// Repeated paragraphs and lines, by number and by characters.
fn repeats(text: &str, chars: f64) -> [Measure; 4] {
    let paragraphs = split(text.trim(), 2);
    let (paragraphs_again, paragraph_chars) = duplicates(&paragraphs);
    let lines = split(text, 1);
    let (lines_again, line_chars) = duplicates(&lines);
    let of_paragraphs = paragraphs_again as f64 / paragraphs.len() as f64;
    let of_lines = lines_again as f64 / lines.len() as f64;
    [
        Measure::at_most("dup_para_frac", of_paragraphs, PARAGRAPHS_MAX),
        Measure::at_most("dup_para_char_frac", paragraph_chars as f64 / chars, PARAGRAPH_CHARS_MAX),
        Measure::at_most("dup_line_frac", of_lines, LINES_MAX),
        Measure::at_most("dup_line_char_frac", line_chars as f64 / chars, LINE_CHARS_MAX),
    ]
}

/// Pieces between runs of at least `least` newlines.
fn split(text: &str, least: usize) -> Vec<&str> {
    let bytes = text.as_bytes();
    let (mut pieces, mut start, mut at) = (Vec::new(), 0, 0);
    while at < bytes.len() {
        let run = bytes[at..].iter().take_while(|byte| **byte == b'\n').count();
        if run >= least {
            pieces.push(&text[start..at]);
            start = at + run;
        }
        at += run.max(1);
    }
    pieces.push(&text[start..]);
    pieces
}

/// How many pieces stood before, and their characters.
fn duplicates(pieces: &[&str]) -> (usize, usize) {
    let mut seen = BTreeSet::new();
    let again = pieces.iter().filter(|piece| !seen.insert(**piece));
    again.fold((0, 0), |(count, chars), piece| (count + 1, chars + piece.chars().count()))
}

/// Characters covered by the most frequent n-gram, the first of equals; words joined by a space.
fn top(words: &[&str], n: usize) -> usize {
    let mut counts: BTreeMap<&[&str], (usize, usize)> = BTreeMap::new();
    for (place, gram) in words.windows(n).enumerate() {
        counts.entry(gram).or_insert((0, place)).0 += 1;
    }
    let best = counts.iter().max_by_key(|(_, (count, place))| (*count, std::cmp::Reverse(*place)));
    best.map_or(0, |(gram, (count, _))| {
        let chars: usize = gram.iter().map(|word| word.chars().count()).sum();
        (chars + n - 1) * count
    })
}

/// Characters covered by n-grams seen before, counted without overlap from left to right.
fn repeated(words: &[&str], n: usize) -> usize {
    let (mut seen, mut chars, mut at) = (BTreeSet::new(), 0, 0);
    while at + n <= words.len() {
        let gram = words[at..at + n].concat();
        if seen.contains(&gram) {
            chars += gram.chars().count();
            at += n;
        } else {
            seen.insert(gram);
            at += 1;
        }
    }
    chars
}

#[cfg(test)]
mod tests {
    use super::*;
    use recipes::recipe::GopherProfile;

    #[track_caller]
    fn check(text: &str, wanted: Option<&str>) {
        let settings = GopherRepetition { profile: GopherProfile::Datatrove };
        let found = match decide(&settings, text) {
            Decision::Drop(drop) => Some(drop.measure),
            _ => None,
        };
        assert_eq!(found.as_deref(), wanted, "{text}");
    }

    #[test]
    fn each_rule_has_its_reason() {
        let grams = "a bird sings on the old wall while two men carry iron over a wet road \
            and nobody in that quiet town asks them where they found it or what it may become";
        check(grams, None);
        check("", Some("empty"));
        check("same\n\nsame\n\nsame\n\nother words here", Some("dup_para_frac"));
        check("line\nline\nline\nother words that differ here", Some("dup_line_frac"));
        check("so so so so so so so so and then", Some("top_2_gram"));
        check(&format!("{grams} x {grams}"), Some("duplicated_5_n_grams"));
    }

    #[test]
    fn pieces_are_cut_at_runs_of_newlines() {
        assert_eq!(split("a\n\n\nb\nc", 2), ["a", "b\nc"]);
        assert_eq!(split("a\n\nb\n", 1), ["a", "b", ""]);
        assert_eq!(split("", 1), [""]);
    }
}
