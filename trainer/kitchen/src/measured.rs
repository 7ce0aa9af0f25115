//! Filters by one measured value: which measure each has, and the range that it is kept in.

use recipes::recipe::CleaningStep::{self, *};
use recipes::recipe::{
    Amount, Count, Cut, Repetition, Share, WordAmount, WordCount, WordRepetition, WordShare,
};

use crate::decision::Decision;
use crate::desk::Page;
use crate::{listed, ratios, readings, shape, standing_again};

/// Decides about a text; nothing where the step is no filter by one value.
pub fn decide(step: &CleaningStep, page: &mut Page) -> Option<Decision> {
    let text = page.text;
    let foreign = readings::decide(step, text);
    let own = foreign.or_else(|| counted(step, text)).or_else(|| listings(step, text));
    own.or_else(|| parts(step, text)).or_else(|| again(step, page))
}

fn counted(step: &CleaningStep, text: &str) -> Option<Decision> {
    let count = |settings: &Count, name, value: u64| {
        let max = settings.max.map(|max| max as f64);
        Some(Decision::within(name, value as f64, settings.min as f64, max))
    };
    let words = |settings: &WordCount, name, value: u64| {
        let max = settings.max.map(|max| max as f64);
        Some(Decision::within(name, value as f64, settings.min as f64, max))
    };
    let amount = |settings: &Amount, name, value| {
        Some(Decision::within(name, value, settings.min, settings.max))
    };
    let of_words = |settings: &WordAmount, name, value| {
        Some(Decision::within(name, value, settings.min, settings.max))
    };
    match step {
        FilterBytes1(s) => count(s, "bytes", text.len() as u64),
        FilterWords1(s) => {
            let max = s.max.map(|max| max as f64);
            let words = shape::counted_words(s, text);
            Some(Decision::within("words", words as f64, s.min as f64, max))
        }
        FilterMeanWordLength1(s) => {
            of_words(s, "mean_word_chars", shape::mean_word(text, spaced(s.cut)))
        }
        FilterLongestWord1(s) => {
            words(s, "longest_word_chars", shape::longest_word(text, spaced(s.cut)))
        }
        FilterLines1(s) => count(s, "lines", shape::lines(text)),
        FilterMeanLineLength1(s) => amount(s, "mean_line_chars", shape::mean_line(text)),
        FilterLongestLine1(s) => count(s, "longest_line_chars", shape::longest_line(text)),
        FilterSentences1(s) => count(s, "sentences", shape::sentences(text).len() as u64),
        FilterParagraphs1(s) => count(s, "paragraphs", shape::paragraphs(text).len() as u64),
        FilterNewlinesPerWord1(s) => {
            let newlines = text.matches('\n').count();
            of_words(s, "newlines_per_word", ratios::per_word(text, spaced(s.cut), newlines))
        }
        FilterSymbolsPerWord1(s) => {
            let symbols = text.matches(['#', '…']).count() + text.matches("...").count();
            of_words(s, "symbols_per_word", ratios::per_word(text, spaced(s.cut), symbols))
        }
        _ => None,
    }
}

fn listings(step: &CleaningStep, text: &str) -> Option<Decision> {
    match step {
        FilterStopWords1(s) => {
            let found = listed::common_words(text, s);
            Some(Decision::within("stop_words", found as f64, s.min as f64, None))
        }
        FilterBoilerplate1(s) => {
            let value = listed::boilerplate(text, s);
            Some(Decision::within("boilerplate_paragraphs", value, None, s.share_max))
        }
        FilterLinksWith1(s) => {
            let links = listed::links_with(text, s);
            Some(Decision::within("links", links as f64, None, s.max as f64))
        }
        FilterHosts1(s) => {
            let links = listed::links_to(text, &s.hosts);
            Some(Decision::within("links", links as f64, None, s.max as f64))
        }
        FilterUrls1(s) => {
            let links = listed::links_below(text, &s.urls);
            Some(Decision::within("links", links as f64, None, s.max as f64))
        }
        FilterPhrases1(s) => {
            let found = listed::phrases(text, s);
            let min = (s.min > 0).then_some(s.min as f64);
            Some(Decision::within("phrases", found as f64, min, s.max as f64))
        }
        _ => None,
    }
}

/// White space parts words where `cut` is not given.
fn spaced(cut: Option<Cut>) -> Cut {
    cut.unwrap_or(Cut::Spaces)
}

fn parts(step: &CleaningStep, text: &str) -> Option<Decision> {
    let share = |settings: &Share, name, value| {
        Some(Decision::within(name, value, settings.share_min, settings.share_max))
    };
    let words = |settings: &WordShare, name, value| {
        Some(Decision::within(name, value, settings.share_min, settings.share_max))
    };
    match step {
        FilterAlphanumeric1(s) => {
            share(s, "alphanumeric", ratios::of_chars(text, char::is_alphanumeric))
        }
        FilterSpecialCharacters1(s) => {
            let special = |c: char| !c.is_alphanumeric() && !c.is_whitespace();
            share(s, "special_characters", ratios::of_chars(text, special))
        }
        FilterAlphabetic1(s) => share(s, "alphabetic", ratios::of_chars(text, char::is_alphabetic)),
        FilterDigits1(s) => share(s, "digits", ratios::of_chars(text, char::is_numeric)),
        FilterWhitespace1(s) => share(s, "whitespace", ratios::of_chars(text, char::is_whitespace)),
        FilterBrackets1(s) => share(s, "brackets", ratios::of_chars(text, ratios::is_bracket)),
        FilterUppercase1(s) => share(s, "uppercase", ratios::uppercase(text)),
        FilterPunctuation1(s) => {
            share(s, "punctuation", ratios::of_chars(text, ratios::is_punctuation))
        }
        FilterReplacementCharacters1(s) => {
            share(s, "replacement_characters", ratios::of_chars(text, |c| c == '\u{FFFD}'))
        }
        FilterBulletLines1(s) => share(s, "bullet_lines", ratios::of_lines(text, ratios::bullet)),
        FilterEllipsisLines1(s) => {
            let trailing = |line: &str| line.ends_with("...") || line.ends_with('…');
            share(s, "ellipsis_lines", ratios::of_lines(text, trailing))
        }
        FilterTerminalLines1(s) => {
            share(s, "terminal_lines", ratios::of_lines(text, ratios::terminal))
        }
        FilterAlphabeticWords1(s) => {
            let alphabetic = |word: &str| word.chars().any(char::is_alphabetic);
            words(s, "alphabetic_words", ratios::of_words(text, spaced(s.cut), alphabetic))
        }
        FilterDistinctWords1(s) => {
            words(s, "distinct_words", ratios::distinct_words(text, spaced(s.cut)))
        }
        FilterLinkCharacters1(s) => share(s, "link_characters", listed::link_chars(text)),
        FilterShortLines1(s) => {
            let short = |line: &str| line.chars().count() as u64 <= s.line_chars;
            let value = ratios::of_lines(text, short);
            Some(Decision::within("short_lines", value, None, s.share_max))
        }
        FilterListedWords1(s) => {
            let value = listed::words(text, &s.words);
            Some(Decision::within("listed_words", value, s.share_min, s.share_max))
        }
        FilterScript1(s) => {
            let value = listed::script(text, s.script);
            Some(Decision::within("script", value, s.share_min, s.share_max))
        }
        _ => None,
    }
}

fn again(step: &CleaningStep, page: &mut Page) -> Option<Decision> {
    let share = |settings: &Share, name, value| {
        Some(Decision::within(name, value, settings.share_min, settings.share_max))
    };
    let grams = |settings: &Repetition, name, value| {
        Some(Decision::within(name, value, settings.share_min, settings.share_max))
    };
    let words = |settings: &WordRepetition, name, value| {
        Some(Decision::within(name, value, settings.share_min, settings.share_max))
    };
    let text = page.text;
    let chars = page.chars().max(1) as f64;
    match step {
        FilterRepeatedLines1(s) => share(s, "repeated_lines", standing_again::pieces(page, 1).0),
        FilterRepeatedLineCharacters1(s) => {
            share(s, "repeated_line_characters", standing_again::pieces(page, 1).1)
        }
        FilterRepeatedParagraphs1(s) => {
            share(s, "repeated_paragraphs", standing_again::pieces(page, 2).0)
        }
        FilterRepeatedParagraphCharacters1(s) => {
            share(s, "repeated_paragraph_characters", standing_again::pieces(page, 2).1)
        }
        FilterCharacterRepetition1(s) => {
            grams(s, "character_repetition", standing_again::characters(text, s.n as usize))
        }
        FilterWordRepetition1(s) => {
            let value = standing_again::words(text, spaced(s.cut), s.n as usize);
            words(s, "word_repetition", value)
        }
        FilterTopNgram1(s) => {
            let top = match s.cut {
                Some(cut) => standing_again::grams(text, cut).top(s.n as usize),
                None => page.grams().top(s.n as usize),
            };
            words(s, "top_ngram", top as f64 / chars)
        }
        FilterRepeatedNgrams1(s) => {
            let repeated = match s.cut {
                Some(cut) => standing_again::grams(text, cut).repeated(s.n as usize),
                None => page.grams().repeated(s.n as usize),
            };
            words(s, "repeated_ngrams", repeated as f64 / chars)
        }
        _ => None,
    }
}
