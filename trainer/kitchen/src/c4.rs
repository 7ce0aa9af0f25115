//! `filter.c4@1`: keeps lines that are sentences, and texts that have some left, after Raffel et
//! al. (2020), "Exploring the Limits of Transfer Learning", section 2.2.

use std::sync::LazyLock;

use recipes::recipe::C4;
use regex::Regex;

use crate::decision::{Decision, Drop, Measure};
use crate::desk::{Page, Run};
use crate::gopher_repetition2::trimmed;
use crate::pieces::lines;
use crate::vocabulary::Word;

static CITATION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\[\d*\]|\[edit\]|\[citation needed\]").expect("a pattern of ours")
});

static PHRASES: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = "(?i-u:(lorem ipsum)|(javascript)|terms of use|privacy policy|cookie policy|\
        uses cookies|use of cookies|use cookies)";
    Regex::new(pattern).expect("a pattern of ours")
});

/// A phrase, by its place and what it does.
#[derive(Clone, Copy, PartialEq)]
enum Phrase {
    Filler,
    Line,
}

/// What becomes of a line.
enum Fate {
    Keep { sentences: u64 },
    Leave,
    Drop(&'static str),
}

/// Decides about a text.
pub fn decide(settings: &C4, page: &mut Page) -> Decision {
    let text = page.text;
    let phrases = phrases(text);
    let (runs, ..) = page.runs();
    let runs = runs.to_vec();
    let (mut kept, mut sentences, mut next_run, mut next_phrase) = (String::new(), 0, 0, 0);
    for (start, end) in lines(text) {
        let first = next_run;
        while runs.get(next_run).is_some_and(|run| (run.start as usize) < end) {
            next_run += 1;
        }
        let first_phrase = next_phrase;
        while phrases.get(next_phrase).is_some_and(|(at, _)| *at < end) {
            next_phrase += 1;
        }
        let (from, to) = trimmed(&text[start..end]);
        let line = &text[start + from..start + to];
        let runs = &runs[first..next_run];
        let phrases = &phrases[first_phrase..next_phrase];
        let bare = match line.contains('[') {
            true => CITATION.replace_all(line, ""),
            false => line.into(),
        };
        match judge(settings, page, line, &bare, runs, phrases) {
            Fate::Leave => {}
            Fate::Drop(measure) => {
                return Decision::Drop(Drop {
                    measure: measure.into(),
                    value: 1.0,
                    limit: Some(0.0),
                });
            }
            Fate::Keep { sentences: found } => {
                sentences += found;
                if !kept.is_empty() {
                    kept.push('\n');
                }
                kept += &bare;
            }
        }
    }
    let measure = Measure::at_least("sentences", sentences as f64, settings.sentences_min as f64);
    if let Some(drop) = measure.broken() {
        return Decision::Drop(drop);
    }
    let (from, to) = trimmed(&kept);
    match &kept[from..to] {
        same if same == text => Decision::Keep(vec![measure]),
        _ => Decision::Change(kept[from..to].to_owned()),
    }
}

/// The phrases of a text in order, by their places.
fn phrases(text: &str) -> Vec<(usize, Phrase)> {
    let kind = |found: regex::Match| match found.as_str().as_bytes()[0] {
        b'l' | b'L' => Phrase::Filler,
        _ => Phrase::Line,
    };
    PHRASES.find_iter(text).map(|found| (found.start(), kind(found))).collect()
}

fn judge(
    settings: &C4,
    page: &mut Page,
    line: &str,
    bare: &str,
    runs: &[Run],
    phrases: &[(usize, Phrase)],
) -> Fate {
    let long = |run: &Run| {
        let run = &page.text[run.start as usize..run.end as usize];
        run.len() as u64 > settings.word_chars_max
            && run.chars().count() as u64 > settings.word_chars_max
    };
    if runs.iter().any(long) {
        return Fate::Leave;
    }
    let ends = bare.ends_with(['.', '?', '!', '"', '\'']) && !bare.ends_with("...");
    if !ends || (runs.len() as u64) < settings.line_words_min {
        return Fate::Leave;
    }
    if phrases.iter().any(|(_, phrase)| *phrase == Phrase::Filler) {
        return Fate::Drop("lorem_ipsum");
    }
    // A line about scripts goes before a bracket in it is seen.
    if phrases.iter().any(|(at, _)| matches!(page.text.as_bytes()[*at], b'j' | b'J')) {
        return Fate::Leave;
    }
    if bare.contains('{') {
        return Fate::Drop("curly_bracket");
    }
    if !phrases.is_empty() {
        return Fate::Leave;
    }
    let found = match bare.len() == line.len() {
        true => {
            let (from, to) = (runs[0].word, runs[runs.len() - 1]);
            let (all, words, vocabulary) = page.runs();
            let next = all.partition_point(|run| run.start <= to.start);
            let to = all.get(next).map_or(words.len(), |run| run.word as usize);
            sentences(words[from as usize..to].iter().map(|word| vocabulary.word(*word)))
        }
        false => sentences(page.words_of(bare).into_iter()),
    };
    Fate::Keep { sentences: found }
}

/// Sentences: a mark that ends one, and then a word that is no punctuation.
fn sentences(words: impl Iterator<Item = Word>) -> u64 {
    let (mut sentences, mut ended) = (1, false);
    for word in words {
        if ended && !word.is_punctuation && !word.is_terminal {
            (sentences, ended) = (sentences + 1, false);
        }
        ended |= word.is_terminal;
    }
    sentences
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::with_page;

    fn decided(text: &str, sentences_min: u64) -> Decision {
        let settings = C4 { sentences_min, ..serde_json::from_str("{}").expect("defaults") };
        with_page(text, |page| decide(&settings, page))
    }

    #[test]
    fn lines_that_are_no_sentences_go() {
        let text =
            "A first line. And more!\nno end\nToo short.\nThis uses cookies, see.\nIs it so?";
        let wanted = "A first line. And more!\nIs it so?";
        assert_eq!(decided(text, 3), Decision::Change(wanted.into()));
        let drop = Drop { measure: "sentences".into(), value: 3.0, limit: Some(4.0) };
        assert_eq!(decided(text, 4), Decision::Drop(drop));
        let cited = decided("It is known[12] to all.[citation needed]", 1);
        assert_eq!(cited, Decision::Change("It is known to all.".into()));
    }

    #[test]
    fn filler_and_brackets_drop_the_text() {
        let measure = |text: &str| match decided(text, 0) {
            Decision::Drop(drop) => Some(drop.measure.into_owned()),
            _ => None,
        };
        assert_eq!(measure("Then Lorem Ipsum follows."), Some("lorem_ipsum".into()));
        assert_eq!(measure("Then x = {1} follows."), Some("curly_bracket".into()));
        assert_eq!(measure("Then JavaScript {1} follows."), None);
    }
}
