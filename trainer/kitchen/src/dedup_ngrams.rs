//! `dedup.ngrams@1`: documents whose word n-grams stood in earlier ones, by counts, not by chance.
//!
//! An n-gram is known by its fingerprint of 64 bits. Each different one of a document goes into a
//! sorter; where it lies beside that of an earlier document, the later one counts it.

use crate::dedup::{Bench, Dedup, DedupError, Judge, Repeat, Verdict, number_of, repeated};
use crate::spill::{Shelf, Sorted, Sorter};
use crate::word_prints::{Grams, write_words};

/// A fingerprint and its document's number.
const RECORD: usize = 8 + 4;
/// A document's number and that of the first one with the same n-gram.
const SHARED: usize = 4 + 4;
/// How many different n-grams a document has.
const COUNT: usize = 4;

/// What decides the result.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub ngram_words: usize,
    pub share_max: f64,
}

/// The different fingerprints of a text.
fn prints(text: &str, ngram_words: usize) -> Vec<u64> {
    let mut all = Vec::new();
    let mut take = |prints: &[u64]| all.extend_from_slice(prints);
    let mut grams = Grams::new(ngram_words, text.len(), &mut take);
    write_words(text, &mut grams);
    grams.finish();
    all.sort_unstable();
    all.dedup();
    all
}

/// The first pass: puts the fingerprints aside.
pub struct Ngrams<'a> {
    bench: Bench<'a>,
    settings: Settings,
    prints: Sorter<'a, RECORD>,
    counts: Shelf<'a>,
    seen: u32,
}

impl<'a> Ngrams<'a> {
    /// Makes ready; half of the budget is for fingerprints, three eighths for what is shared.
    pub fn new(settings: Settings, bench: Bench<'a>) -> Ngrams<'a> {
        let prints = Sorter::new(bench.scratch, bench.budget / 2);
        let counts = Shelf::new(bench.scratch, COUNT, bench.budget / 8);
        Ngrams { bench, settings, prints, counts, seen: 0 }
    }
}

impl<'a> Dedup<'a> for Ngrams<'a> {
    fn see(&mut self, texts: &[&str]) -> Result<(), DedupError> {
        let n = self.settings.ngram_words;
        for prints in self.bench.kernels.map(texts.len(), &|index| prints(texts[index], n)) {
            let count = u32::try_from(prints.len()).unwrap_or(u32::MAX);
            self.counts.push(&count.to_be_bytes())?;
            for print in prints {
                let mut record = [0; RECORD];
                record[..8].copy_from_slice(&print.to_be_bytes());
                record[8..].copy_from_slice(&self.seen.to_be_bytes());
                self.prints.push(record)?;
            }
            self.seen = self.seen.checked_add(1).ok_or(DedupError::Documents)?;
        }
        Ok(())
    }

    fn settle(self: Box<Self>) -> Result<Box<dyn Judge + 'a>, DedupError> {
        let room = (self.bench.scratch, self.bench.budget * 3 / 8);
        let mut shared = repeated(self.prints, 8, room, |first, record| {
            let mut one = [0; SHARED];
            one[..4].copy_from_slice(&record[8..]);
            one[4..].copy_from_slice(&first[8..]);
            one
        })?;
        let ahead = shared.pull()?;
        let (counts, share_max) = (self.counts, self.settings.share_max);
        Ok(Box::new(Shared { shared, ahead, counts, share_max, next: 0 }))
    }
}

/// The second pass: goes along what is shared, in document order.
struct Shared<'a> {
    shared: Sorted<SHARED>,
    ahead: Option<[u8; SHARED]>,
    counts: Shelf<'a>,
    share_max: f64,
    next: u32,
}

impl Judge for Shared<'_> {
    fn judge(&mut self, texts: &[&str]) -> Result<Vec<Verdict>, DedupError> {
        let mut verdicts = Vec::with_capacity(texts.len());
        for _ in texts {
            let (mut found, mut of) = (0u32, None);
            while let Some(one) = self.ahead.filter(|one| number_of(&one[..4]) == self.next) {
                of = of.or(Some(number_of(&one[4..])));
                found += 1;
                self.ahead = self.shared.pull()?;
            }
            let mut count = [0; COUNT];
            self.counts.read(u64::from(self.next), &mut count)?;
            let value = f64::from(found) / f64::from(number_of(&count).max(1));
            verdicts.push(match of.filter(|_| value > self.share_max) {
                Some(of) => {
                    let (measure, limit) = ("shared_ngrams", Some(self.share_max));
                    Verdict::Drop(Repeat { of, measure, value, limit })
                }
                None => Verdict::Keep,
            });
            self.next += 1;
        }
        Ok(verdicts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dedup::verdicts;
    use crate::spill::InMemory;
    use kernels::{Kernels, Tier};
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn judged(texts: &[&str], n: usize, share_max: f64, budget: usize) -> Vec<Verdict> {
        let kernels = Kernels::new(Tier::Scalar, 2).expect("kernels");
        let bench = Bench { kernels: &kernels, scratch: &InMemory, budget };
        verdicts(Box::new(Ngrams::new(Settings { ngram_words: n, share_max }, bench)), texts, 3)
    }

    #[test]
    fn a_document_goes_whose_ngrams_stood_before() {
        let said = judged(&["a b c d e", "x a b c", "c d e x a b c", "b"], 2, 0.5, 1 << 20);
        let drop = |of, value| {
            Verdict::Drop(Repeat { of, measure: "shared_ngrams", value, limit: Some(0.5) })
        };
        let wanted = [Verdict::Keep, drop(0, 2.0 / 3.0), drop(0, 5.0 / 6.0), Verdict::Keep];
        assert_eq!(said, wanted);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]

        #[test]
        fn counts_are_those_of_sets(
            texts in proptest::collection::vec("[abc ]{0,16}", 0..8),
            budget in 0usize..4096,
        ) {
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let mut seen: BTreeSet<Vec<&str>> = BTreeSet::new();
            for (text, verdict) in texts.iter().zip(judged(&texts, 2, 0.3, budget)) {
                let words: Vec<&str> = text.split_whitespace().collect();
                let own: BTreeSet<Vec<&str>> = words.windows(2).map(<[&str]>::to_vec).collect();
                let found = own.intersection(&seen).count() as f64 / own.len().max(1) as f64;
                match verdict {
                    Verdict::Drop(repeat) => prop_assert_eq!(repeat.value, found),
                    _ => prop_assert!(found <= 0.3),
                }
                seen.extend(own);
            }
        }
    }
}
