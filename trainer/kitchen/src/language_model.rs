//! How likely the words of a text are after reference texts: `filter.unigram-score@1`,
//! `filter.ngram-score@1`.
//!
//! Counts stand in a tree of word sequences. Probabilities are binary64, logarithms those of the
//! kernels, added word by word from +0; the formulas are on the operators' pages.

use std::collections::BTreeMap;

use kernels::elementary::{exp64, ln64};
use recipes::recipe::Cut;

use crate::words_by::words;

/// Counts of the n-grams of reference texts.
pub struct LanguageModel {
    cut: Cut,
    n: usize,
    /// Numbers of the known words, from 0.
    numbers: BTreeMap<String, u32>,
    /// The sequence that a word makes of another one.
    longer: BTreeMap<(u32, u32), u32>,
    /// By sequence; the first is the empty one.
    sequences: Vec<Sequence>,
}

/// A sequence of words in the reference texts.
#[derive(Clone, Copy, Default)]
struct Sequence {
    /// How often it stands there.
    count: u64,
    /// How often a word follows it.
    followed: u64,
    /// How many different words follow it.
    kinds: u64,
}

/// The empty sequence.
const EMPTY: u32 = 0;

impl LanguageModel {
    /// Counts the sequences of up to `n` words.
    pub fn of(texts: &[String], n: usize, cut: Cut) -> LanguageModel {
        let mut model = LanguageModel {
            cut,
            n,
            numbers: BTreeMap::new(),
            longer: BTreeMap::new(),
            sequences: vec![Sequence::default()],
        };
        for text in texts {
            let mut ends = Vec::new();
            for word in words(&text.to_lowercase(), cut) {
                let next = model.numbers.len() as u32;
                let word = *model.numbers.entry(word.to_owned()).or_insert(next);
                ends.insert(0, EMPTY);
                ends.truncate(n);
                for end in &mut ends {
                    *end = model.count(*end, word);
                }
            }
        }
        model
    }

    /// Counts a word after a sequence; gives the longer sequence.
    fn count(&mut self, before: u32, word: u32) -> u32 {
        let next = self.sequences.len() as u32;
        let longer = *self.longer.entry((before, word)).or_insert(next);
        if longer == next {
            self.sequences.push(Sequence::default());
            self.sequences[before as usize].kinds += 1;
        }
        self.sequences[before as usize].followed += 1;
        self.sequences[longer as usize].count += 1;
        longer
    }

    /// Different words of the reference texts, and one for all others.
    fn vocabulary(&self) -> f64 {
        self.numbers.len() as f64 + 1.0
    }

    /// The mean of ln p(w) with one added to every count.
    pub fn mean_ln(&self, text: &str) -> f64 {
        let all = self.sequences[EMPTY as usize].followed as f64 + self.vocabulary();
        let (mut sum, mut number) = (0.0, 0u64);
        for word in words(&text.to_lowercase(), self.cut) {
            let sequence = self.numbers.get(word).and_then(|word| self.longer.get(&(EMPTY, *word)));
            let count = sequence.map_or(0, |at| self.sequences[*at as usize].count);
            sum += ln64((count as f64 + 1.0) / all);
            number += 1;
        }
        if number == 0 { ln64(1.0 / all) } else { sum / number as f64 }
    }

    /// The perplexity of the words, each after the ones before it.
    pub fn perplexity(&self, text: &str) -> f64 {
        let (mut sum, mut number) = (0.0, 0u64);
        // The known sequences that end where the text is read, by their length from 0.
        let mut ends = vec![Some(EMPTY)];
        for word in words(&text.to_lowercase(), self.cut) {
            let word = self.numbers.get(word).copied();
            let mut probability = 1.0 / self.vocabulary();
            let mut next = vec![Some(EMPTY)];
            for end in &ends {
                let longer = end.zip(word).and_then(|after| self.longer.get(&after)).copied();
                if let Some(end) = end {
                    probability = self.interpolated(*end, longer, probability);
                }
                next.push(longer);
            }
            next.truncate(self.n);
            ends = next;
            sum += ln64(probability);
            number += 1;
        }
        if number == 0 { self.vocabulary() } else { exp64(-sum / number as f64) }
    }

    /// The probability after a sequence, from that after the sequence without its first word.
    fn interpolated(&self, end: u32, longer: Option<u32>, shorter: f64) -> f64 {
        let Sequence { followed, kinds, .. } = self.sequences[end as usize];
        if followed == 0 {
            return shorter;
        }
        let count = longer.map_or(0, |at| self.sequences[at as usize].count);
        (count as f64 + kinds as f64 * shorter) / (followed + kinds) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(texts: &[&str], n: usize) -> LanguageModel {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        LanguageModel::of(&texts, n, Cut::Words)
    }

    #[track_caller]
    fn near(found: f64, wanted: f64) {
        assert!((found - wanted).abs() < 1e-12 * wanted.abs(), "{found}, wanted {wanted}");
    }

    #[test]
    fn the_formulas_are_those_of_the_page() {
        let one = model(&["a b a", "C"], 1);
        near(one.mean_ln("A x"), ln64(3.0 / 8.0 * (1.0 / 8.0)) / 2.0);
        near(one.mean_ln("..."), ln64(1.0 / 8.0));
        let two = model(&["a b a", "C"], 2);
        let first = |count: f64| (count + 3.0 / 4.0) / 7.0;
        near(two.perplexity("b"), 1.0 / first(1.0));
        // After `a` stands `b` alone; after `c` nothing, so `a` is as likely as without it.
        let after_a = (1.0 + first(1.0)) / 2.0;
        near(two.perplexity("a b"), exp64(-ln64(first(2.0) * after_a) / 2.0));
        near(two.perplexity("c a"), exp64(-ln64(first(1.0) * first(2.0)) / 2.0));
        near(two.perplexity("?"), 4.0);
    }

    #[test]
    fn probabilities_sum_to_one() {
        let model = model(&["the cat sat on the mat", "the dog sat", "on the dog"], 3);
        let known = ["the", "cat", "sat", "on", "mat", "dog", "elsewhere"];
        for history in ["", "the", "sat on", "the dog", "elsewhere the"] {
            let before = |text: &str| {
                let words = text.split_whitespace().count() as f64;
                if words == 0.0 { 0.0 } else { ln64(model.perplexity(text)) * words }
            };
            let probability =
                |word: &&str| exp64(before(history) - before(&format!("{history} {word}")));
            let sum: f64 = known.iter().map(probability).sum();
            assert!((sum - 1.0).abs() < 1e-12, "{history}: {sum}");
        }
    }

    #[test]
    fn texts_of_the_same_kind_are_likelier() {
        let zh = model(&["今天天气很好，我们去公园散步。", "天气好的时候我们常去散步。"], 3);
        assert!(zh.perplexity("天气很好，我们去散步") < zh.perplexity("服务器返回错误代码"));
        assert!(zh.mean_ln("天气很好") > zh.mean_ln("服务器"));
    }
}
