//! `filter.listed-words@2`: words and phrases of lists by category, met among the words of a text.
//!
//! A listed phrase is cut in the same way as the text, so it is met where its words follow one
//! another. Phrases are met from the left, the longest first, and do not overlap.

use std::collections::BTreeMap;

use recipes::recipe::{Cut, ListedWords2, WordList};

use crate::decision::{Decision, Measure};
use crate::words_by::words;

/// The lists of a step, ready to be met.
pub struct Lexicons<'s> {
    cut: Cut,
    lists: Vec<Lexicon<'s>>,
}

/// A list by the first words of its phrases.
struct Lexicon<'s> {
    list: &'s WordList,
    phrases: BTreeMap<String, Vec<Vec<String>>>,
}

impl<'s> Lexicons<'s> {
    /// Cuts the phrases of the lists.
    pub fn of(settings: &'s ListedWords2) -> Lexicons<'s> {
        let cut = settings.cut;
        let lists = settings.lists.iter().map(|list| Lexicon::of(list, cut)).collect();
        Lexicons { cut, lists }
    }

    /// Decides about a text by the first list that it breaks.
    pub fn decide(&self, text: &str) -> Decision {
        let lower = text.to_lowercase();
        let all: Vec<&str> = words(&lower, self.cut).collect();
        let mut measures = Vec::new();
        for Lexicon { list, phrases } in &self.lists {
            let (found, phrases) = met(phrases, &all);
            let value = if all.is_empty() { 0.0 } else { found as f64 / all.len() as f64 };
            let name = format!("listed_words.{}", list.category).into();
            let (min, max) = (Some(list.share_min), Some(list.share_max));
            measures.push(Measure { name, value, min, max });
            if let Some(max) = list.max {
                let name = format!("listed_phrases.{}", list.category);
                measures.push(Measure::at_most(name, phrases as f64, max as f64));
            }
        }
        Decision::by(measures)
    }
}

impl<'s> Lexicon<'s> {
    fn of(list: &'s WordList, cut: Cut) -> Lexicon<'s> {
        let mut phrases: BTreeMap<String, Vec<Vec<String>>> = BTreeMap::new();
        for phrase in &list.words {
            let lower = phrase.to_lowercase();
            let mut cut = words(&lower, cut).map(str::to_owned);
            if let Some(first) = cut.next() {
                phrases.entry(first).or_default().push(cut.collect());
            }
        }
        phrases.values_mut().for_each(|rests| rests.sort_by_key(|rest| usize::MAX - rest.len()));
        Lexicon { list, phrases }
    }
}

/// How many words are part of phrases, and how many phrases there are.
fn met(phrases: &BTreeMap<String, Vec<Vec<String>>>, all: &[&str]) -> (u64, u64) {
    let (mut found, mut number, mut at) = (0, 0, 0);
    while at < all.len() {
        let follows = |rest: &&Vec<String>| {
            all.get(at + 1..at + 1 + rest.len()).is_some_and(|next| next == rest.as_slice())
        };
        let rests = phrases.get(all[at]).into_iter().flatten();
        match rests.into_iter().find(follows) {
            Some(rest) => {
                (found, number) = (found + 1 + rest.len() as u64, number + 1);
                at += 1 + rest.len();
            }
            None => at += 1,
        }
    }
    (found, number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(cut: Cut, list: &[&str], text: &str, wanted: (f64, f64)) {
        let words = list.iter().map(|word| (*word).to_owned()).collect();
        let category = "c".to_owned();
        let list = WordList { category, words, share_min: 0.0, share_max: 1.0, max: Some(99) };
        let settings = ListedWords2 { lists: vec![list], cut };
        match Lexicons::of(&settings).decide(text) {
            Decision::Keep(measures) => {
                assert_eq!((measures[0].value, measures[1].value), wanted, "{text}");
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn phrases_are_met_as_their_words_stand() {
        check(Cut::Words, &["New York", "new"], "new New York, a NEW day", (4.0 / 6.0, 3.0));
        check(Cut::Words, &["赌博"], "网上赌博平台", (2.0 / 6.0, 1.0));
        check(Cut::Dictionary, &["学生"], "他是研究生，不是学生", (1.0 / 4.0, 1.0));
        check(Cut::Words, &["究生"], "研究生", (2.0 / 3.0, 1.0));
        check(Cut::Dictionary, &["究生"], "研究生", (0.0, 0.0));
        check(Cut::Words, &["…", "a"], "", (0.0, 0.0));
    }
}
