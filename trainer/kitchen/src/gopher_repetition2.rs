//! `filter.gopher-repetition@2`: drops texts that repeat themselves, after Rae et al. (2021),
//! "Scaling Language Models", table A1, in the readings of several tools.
//!
//! Rules are tried in the order of the page; the first that a text breaks is its reason. What a
//! later rule would have measured is then not known.

use recipes::recipe::{GopherReading, GopherRepetition2};

use crate::decision::{Decision, Drop, Measure};
use crate::desk::Page;
use crate::pieces::between_newlines;

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
pub fn decide(settings: &GopherRepetition2, page: &mut Page) -> Decision {
    if page.text.is_empty() {
        return Decision::Drop(Drop { measure: "empty".into(), value: 0.0, limit: None });
    }
    let chars = page.chars() as f64;
    let mut measures = Vec::with_capacity(13);
    repeated_pieces(page, chars, &mut measures);
    if let Some(drop) = measures.iter().find_map(Measure::broken) {
        return Decision::Drop(drop);
    }
    let words = page.words().len();
    let GopherReading::Datatrove = settings.profile;
    let grams = page.grams();
    for (n, name, max) in TOP_MAX {
        if words >= n {
            measures.push(Measure::at_most(name, grams.top(n) as f64 / chars, max));
        }
        if let Some(drop) = measures.last().and_then(Measure::broken) {
            return Decision::Drop(drop);
        }
    }
    for (n, name, max) in REPEATED_MAX {
        let measure = Measure::at_most(name, grams.repeated(n) as f64 / chars, max);
        if let Some(drop) = measure.broken() {
            return Decision::Drop(drop);
        }
        measures.push(measure);
    }
    Decision::Keep(measures)
}

/// Repeated paragraphs and lines, by number and by characters.
fn repeated_pieces(page: &mut Page, chars: f64, measures: &mut Vec<Measure>) {
    let (text, pieces) = page.pieces();
    // Python's `strip`: the separators U+001C to U+001F are white space.
    let (start, end) = trimmed(text);
    let paragraphs = between_newlines(text, start, end, 2);
    let again = pieces.again(text, &paragraphs);
    let lines = between_newlines(text, 0, text.len(), 1);
    let lines_again = pieces.again(text, &lines);
    for (names, again) in [
        (["dup_para_frac", "dup_para_char_frac"], again),
        (["dup_line_frac", "dup_line_char_frac"], lines_again),
    ] {
        let part = again.pieces as f64 / again.all as f64;
        measures.push(Measure::at_most(names[0], part, 0.3));
        measures.push(Measure::at_most(names[1], again.chars as f64 / chars, 0.2));
    }
}

/// The bytes of a text without the white space around it.
pub fn trimmed(text: &str) -> (usize, usize) {
    let space = |letter: char| letter.is_whitespace() || ('\x1C'..='\x1F').contains(&letter);
    let front = text.trim_start_matches(space);
    let start = text.len() - front.len();
    (start, start + front.trim_end_matches(space).len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::with_page;

    #[track_caller]
    fn check(text: &str, wanted: Option<&str>) {
        let settings = GopherRepetition2 { profile: GopherReading::Datatrove };
        let found = match with_page(text, |page| decide(&settings, page)) {
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
}
