//! `dedup.simhash@1`: near duplicates by 64 bits each, of which few differ.
//!
//! Charikar (2002), "Similarity estimation techniques from rounding algorithms": a bit is set where
//! most fingerprints of the text's n-grams have it set. Pairs are found as in Manku, Jain and Das
//! Sarma (2007), "Detecting near-duplicates for web crawling": of b blocks of bits at least
//! b − `bits_max` are equal in both, so every choice of that many blocks has a table, in which both
//! stand side by side. A text shorter than one n-gram has no bits and always stays.

use std::sync::{Mutex, PoisonError};

use crate::dedup::{Bench, Dedup, DedupError, Judge, Repeat, Verdict, number_of};
use crate::spill::{Shelf, Sorter};
use crate::word_prints::{Grams, write_words};

/// Bits, with some blocks first, and a document's number.
const RECORD: usize = 8 + 4;
/// Two documents' numbers.
const PAIR: usize = 4 + 4;

/// What decides the result.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub ngram_words: usize,
    /// Bits that may differ, at most 8.
    pub bits_max: u32,
}

/// The bits of a text; nothing where it is shorter than one n-gram.
fn bits(text: &str, ngram_words: usize) -> Option<u64> {
    let (mut set, mut all) = ([0u32; 64], 0);
    let mut take = |prints: &[u64]| {
        for print in prints {
            set.iter_mut().enumerate().for_each(|(bit, set)| *set += (print >> bit & 1) as u32);
        }
        all += prints.len() as u32;
    };
    let mut grams = Grams::new(ngram_words, text.len(), &mut take);
    write_words(text, &mut grams);
    let any = grams.finish();
    let bit = |(bit, set): (usize, &u32)| u64::from(2 * set > all) << bit;
    any.then(|| set.iter().enumerate().map(bit).sum())
}

/// A choice of blocks.
struct Table {
    /// Where each block starts, and its width; the chosen ones first.
    blocks: Vec<(u32, u32)>,
    /// Bits of the chosen blocks.
    key: u32,
}

impl Table {
    /// The bits with the chosen blocks first.
    fn turned(&self, bits: u64) -> u64 {
        let turn = |turned: u64, (start, width): &(u32, u32)| {
            turned << width | bits >> start & ((1 << width) - 1)
        };
        self.blocks.iter().fold(0, turn)
    }
}

/// The tables of a distance; none where no bit may differ. Three equal blocks are a key, fewer
/// where few bits may differ or the tables would be too many.
fn tables(bits_max: u32) -> Vec<Table> {
    let chosen = match bits_max {
        0 => return Vec::new(),
        1..=3 => bits_max,
        4..=6 => 3,
        _ => 2,
    };
    let count = bits_max + chosen;
    let start = |block: u32| 64 * block / count;
    let block = |block: u32| (start(block), start(block + 1) - start(block));
    let table = |choice: u32| {
        let (mut first, rest): (Vec<u32>, Vec<u32>) =
            (0..count).partition(|block| choice >> block & 1 == 1);
        let key = first.iter().map(|one| block(*one).1).sum();
        first.extend(rest);
        Table { blocks: first.into_iter().map(block).collect(), key }
    };
    let choices = 0u32..1 << count;
    choices.filter(|choice| choice.count_ones() == chosen).map(table).collect()
}

/// The first pass: puts the bits aside.
pub struct Simhash<'a> {
    bench: Bench<'a>,
    settings: Settings,
    sorter: Sorter<'a, RECORD>,
    /// The bits of every document.
    shelf: Shelf<'a>,
    seen: u32,
}

impl<'a> Simhash<'a> {
    /// Makes ready; a fifth of the budget is for the bits in order, one for those by document, one
    /// for equal ones, two for the tables.
    pub fn new(settings: Settings, bench: Bench<'a>) -> Simhash<'a> {
        let sorter = Sorter::new(bench.scratch, bench.budget / 5);
        let shelf = Shelf::new(bench.scratch, 8, bench.budget / 5);
        Simhash { bench, settings, sorter, shelf, seen: 0 }
    }
}

impl<'a> Dedup<'a> for Simhash<'a> {
    fn see(&mut self, texts: &[&str]) -> Result<(), DedupError> {
        let n = self.settings.ngram_words;
        for bits in self.bench.kernels.map(texts.len(), &|index| bits(texts[index], n)) {
            self.shelf.push(&bits.unwrap_or(0).to_be_bytes())?;
            if let Some(bits) = bits {
                self.sorter.push(record(bits, self.seen))?;
            }
            self.seen = self.seen.checked_add(1).ok_or(DedupError::Documents)?;
        }
        Ok(())
    }

    fn settle(self: Box<Self>) -> Result<Box<dyn Judge + 'a>, DedupError> {
        let Simhash { bench, settings, sorter, shelf, seen } = *self;
        let tables = tables(settings.bits_max);
        let share = bench.budget * 2 / 5 / tables.len().max(1);
        let mut sorters: Vec<_> =
            tables.iter().map(|_| Sorter::<RECORD>::new(bench.scratch, share)).collect();
        let mut equal = Shelf::new(bench.scratch, PAIR, bench.budget / 5);
        let mut equals = 0;
        let mut sorted = sorter.finish()?;
        let mut before: Option<(u64, u32)> = None;
        while let Some(record) = sorted.pull()? {
            let (bits, number) = parts(&record);
            if let Some((same, first)) = before
                && same == bits
            {
                let [a, b] = [number, first].map(u32::to_be_bytes);
                equal.push(&[a, b].concat())?;
                equals += 1;
                continue;
            }
            before = Some((bits, number));
            for (table, sorter) in tables.iter().zip(&mut sorters) {
                sorter.push(self::record(table.turned(bits), number))?;
            }
        }
        let earlier = Mutex::new((0..seen).collect::<Vec<u32>>());
        let sorters: Vec<_> = sorters.into_iter().map(|one| Mutex::new(Some(one))).collect();
        let done = bench.kernels.map(tables.len(), &|index| {
            let sorter = sorters[index].lock().unwrap_or_else(PoisonError::into_inner).take();
            sorter.map_or(Ok(()), |one| near(one, tables[index].key, settings.bits_max, &earlier))
        });
        done.into_iter().collect::<std::io::Result<()>>()?;
        let mut earlier = earlier.into_inner().unwrap_or_else(PoisonError::into_inner);
        for index in 0..equals {
            let mut pair = [0; PAIR];
            equal.read(index, &mut pair)?;
            earlier[number_of(&pair[..4]) as usize] = earlier[number_of(&pair[4..]) as usize];
        }
        Ok(Box::new(Near { shelf, earlier, bits_max: settings.bits_max, next: 0 }))
    }
}

fn record(bits: u64, number: u32) -> [u8; RECORD] {
    let mut record = [0; RECORD];
    record[..8].copy_from_slice(&bits.to_be_bytes());
    record[8..].copy_from_slice(&number.to_be_bytes());
    record
}

fn parts(record: &[u8; RECORD]) -> (u64, u32) {
    let bits = record.first_chunk().expect("eight bytes");
    (u64::from_be_bytes(*bits), number_of(&record[8..]))
}

/// Compares all pairs of one key; each document learns of the first that is near and earlier.
fn near(
    sorter: Sorter<RECORD>,
    key: u32,
    bits_max: u32,
    earlier: &Mutex<Vec<u32>>,
) -> std::io::Result<()> {
    let mut sorted = sorter.finish()?;
    let mut group: Vec<(u64, u32)> = Vec::new();
    let mut pairs = Vec::new();
    loop {
        let next = sorted.pull()?.map(|record| parts(&record));
        let key_of = |bits: u64| bits >> (64 - key);
        if let (Some((bits, _)), Some((first, _))) = (next, group.first())
            && key_of(bits) != key_of(*first)
        {
            group.clear();
        }
        if let Some((bits, number)) = next {
            let near = group.iter().filter(|(other, _)| (other ^ bits).count_ones() <= bits_max);
            pairs.extend(near.map(|(_, other)| (number.max(*other), number.min(*other))));
            group.push((bits, number));
        }
        if pairs.len() >= 4096 || next.is_none() {
            let mut earlier = earlier.lock().unwrap_or_else(PoisonError::into_inner);
            for (late, early) in pairs.drain(..) {
                let known = &mut earlier[late as usize];
                *known = early.min(*known);
            }
        }
        if next.is_none() {
            return Ok(());
        }
    }
}

/// The second pass: names the first document that is near, and how near it is.
struct Near<'a> {
    shelf: Shelf<'a>,
    /// For every document the first that is near, itself where there is none.
    earlier: Vec<u32>,
    bits_max: u32,
    next: u32,
}

impl Near<'_> {
    fn bits(&mut self, number: u32) -> std::io::Result<u64> {
        let mut bytes = [0; 8];
        self.shelf.read(u64::from(number), &mut bytes)?;
        Ok(u64::from_be_bytes(bytes))
    }
}

impl Judge for Near<'_> {
    fn judge(&mut self, texts: &[&str]) -> Result<Vec<Verdict>, DedupError> {
        let mut verdicts = Vec::with_capacity(texts.len());
        for _ in texts {
            let of = self.earlier[self.next as usize];
            verdicts.push(if of == self.next {
                Verdict::Keep
            } else {
                let differing = (self.bits(of)? ^ self.bits(self.next)?).count_ones();
                let (measure, limit) = ("differing_bits", Some(f64::from(self.bits_max)));
                Verdict::Drop(Repeat { of, measure, value: f64::from(differing), limit })
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
    use kernels::random::{below, block};
    use kernels::{Kernels, Tier};

    /// Texts of a few kinds, each with some words replaced.
    fn texts() -> Vec<String> {
        let word = |kind: u64, index: u64| format!("w{}", block(kind, 77, index)[0] % 5000);
        let text = |number: u64| {
            let (kind, changes) = (number % 5, number % 7);
            let mut words: Vec<String> = (0..300).map(|index| word(kind, index)).collect();
            for change in 0..changes {
                words[below(number, 78, change, 300) as usize] = word(number + 100, change);
            }
            words.join(" ")
        };
        let mut texts: Vec<String> = (0..70).map(text).collect();
        texts[33] = "short".into();
        texts
    }

    #[test]
    fn what_goes_is_near_an_earlier_document_whatever_the_threads() {
        let texts = texts();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let all: Vec<Option<u64>> = texts.iter().map(|text| bits(text, 2)).collect();
        for bits_max in 0..=8 {
            let nearest = |late: usize| -> Option<(usize, u32)> {
                let differing = |early: usize| Some((all[early]? ^ all[late]?).count_ones());
                let near = |early| differing(early).filter(|bits| *bits <= bits_max);
                (0..late).find_map(|early| Some((early, near(early)?)))
            };
            let wanted: Vec<_> = (0..texts.len()).map(nearest).collect();
            assert!(wanted.iter().flatten().count() > 5, "{bits_max}");
            for (threads, budget, block) in [(1, 1 << 20, 100), (2, 0, 1), (3, 900, 7), (7, 0, 3)] {
                let kernels = Kernels::new(Tier::Scalar, threads).expect("kernels");
                let bench = Bench { kernels: &kernels, scratch: &InMemory, budget };
                let settings = Settings { ngram_words: 2, bits_max };
                let found = verdicts(Box::new(Simhash::new(settings, bench)), &texts, block);
                let found = found.into_iter().map(|verdict| match verdict {
                    Verdict::Drop(repeat) => Some((repeat.of as usize, repeat.value as u32)),
                    _ => None,
                });
                assert_eq!(found.collect::<Vec<_>>(), wanted, "{bits_max} bits, {threads} threads");
            }
        }
    }

    #[test]
    fn every_near_pair_shares_a_key() {
        for bits_max in 1..=8 {
            let tables = tables(bits_max);
            for pair in 0..400 {
                let [low, high, ..] = block(pair, 79, 0);
                let one = u64::from(high) << 32 | u64::from(low);
                let flip = |at| 1u64 << below(pair, 80, at, 64);
                let other = (0..u64::from(bits_max)).fold(one, |bits, at| bits ^ flip(at));
                let key = |table: &Table, bits| table.turned(bits) >> (64 - table.key);
                assert!(tables.iter().any(|table| key(table, one) == key(table, other)));
            }
        }
    }

    #[test]
    fn bits_do_not_depend_on_marks_and_case() {
        assert_eq!(bits("How are you? I am fine.", 2), bits("how are you, i AM fine", 2));
        assert_eq!(bits("你好，世界　呼噜", 2), bits("你好　世界！　　呼噜。", 2));
        assert_eq!(bits("one two", 3), None);
        assert_eq!(bits("abc", 1), Some(0x44bc_2cf5_ad77_0999));
    }
}
