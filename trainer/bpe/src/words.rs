//! The words of many texts with their counts.

use std::cmp::Reverse;
use std::hash::BuildHasher;
use std::ops::Range;

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use kernels::Kernels;

use crate::shelf::Shelf;
use crate::split::{Splitter, pieces};

/// Texts are taken until they have this many bytes, then counted on all threads.
const BLOCK: usize = 16 << 20;
/// About the bytes of a task.
const PIECE: usize = 128 << 10;
/// Parts of all words that are sorted on their own; more than threads, and always the same.
const PARTS: usize = 64;

/// A word in a table: its hash, its bytes in the table's store, how often it was seen.
struct Counted {
    hash: u64,
    start: usize,
    len: usize,
    count: u64,
}

/// Words with their counts.
#[derive(Default)]
struct Table {
    words: HashTable<Counted>,
    bytes: Vec<u8>,
}

impl Table {
    #[inline]
    fn add(&mut self, word: &[u8], hash: u64, count: u64) {
        let bytes = &self.bytes;
        let same = |held: &Counted| {
            held.hash == hash && held.len == word.len() && bytes[held.start..][..held.len] == *word
        };
        if let Some(held) = self.words.find_mut(hash, same) {
            held.count += count;
            return;
        }
        let held = Counted { hash, start: bytes.len(), len: word.len(), count };
        self.bytes.extend_from_slice(word);
        self.words.insert_unique(hash, held, |held| held.hash);
    }
}

/// Different words with their counts, in an order that nothing but the texts decides.
pub struct Words(Vec<Part>);

/// Some of the words, the most frequent first, equals by their bytes.
struct Part {
    list: Vec<Counted>,
    bytes: Vec<u8>,
}

impl Words {
    /// Words with their counts.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], u64)> {
        self.0.iter().flat_map(|part| {
            let word = |word: &Counted| &part.bytes[word.start..word.start + word.len];
            part.list.iter().map(move |counted| (word(counted), counted.count))
        })
    }

    /// Bytes of all different words.
    pub fn bytes(&self) -> usize {
        self.0.iter().map(|part| part.bytes.len()).sum()
    }
}

/// Counts the words of texts, on all threads; only a block of the texts is held at a time.
pub fn count<T: AsRef<str>>(texts: impl IntoIterator<Item = T>, kernels: &Kernels) -> Words {
    let splitter = Splitter::new();
    let hasher = FixedState::default();
    let shelf: Shelf<Table> = Shelf::new();
    let mut texts = texts.into_iter();
    loop {
        let block = next_block(&mut texts);
        if block.is_empty() {
            break;
        }
        let parts: Vec<&str> = block.iter().flat_map(|t| pieces(t.as_ref(), PIECE)).collect();
        let tasks = tasks(parts.iter().map(|part| part.len()));
        kernels.each(tasks.len(), &|task| {
            shelf.with(|table| {
                for part in &parts[tasks[task].clone()] {
                    splitter.words(part, |word| table.add(word, hasher.hash_one(word), 1));
                }
            });
        });
    }
    let tables = shelf.into_all();
    Words(kernels.map(PARTS, &|part| gather(&tables, part)))
}

fn next_block<T: AsRef<str>>(texts: &mut impl Iterator<Item = T>) -> Vec<T> {
    let (mut block, mut bytes) = (Vec::new(), 0);
    while bytes < BLOCK
        && let Some(text) = texts.next()
    {
        bytes += text.as_ref().len() + size_of::<T>();
        block.push(text);
    }
    block
}

/// Cuts a list of things with these lengths into runs of about `PIECE` bytes.
pub(crate) fn tasks(lens: impl Iterator<Item = usize>) -> Vec<Range<usize>> {
    let (mut tasks, mut start, mut end, mut bytes) = (Vec::new(), 0, 0, 0);
    for len in lens {
        end += 1;
        bytes += len + 1;
        if bytes >= PIECE {
            tasks.push(start..end);
            (start, bytes) = (end, 0);
        }
    }
    if start < end {
        tasks.push(start..end);
    }
    tasks
}

/// Adds up one part of the words of all tables.
fn gather(tables: &[Table], part: usize) -> Part {
    let mut sum = Table::default();
    for table in tables {
        for word in table.words.iter().filter(|word| word.hash as usize % PARTS == part) {
            sum.add(&table.bytes[word.start..word.start + word.len], word.hash, word.count);
        }
    }
    let bytes = sum.bytes;
    let mut list: Vec<Counted> = sum.words.into_iter().collect();
    let key = |word: &Counted| (Reverse(word.count), &bytes[word.start..word.start + word.len]);
    list.sort_unstable_by(|a, b| key(a).cmp(&key(b)));
    Part { list, bytes }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernels::Tier;
    use std::collections::BTreeMap;

    #[test]
    fn words_are_counted_and_ordered_alike_for_any_number_of_threads() {
        let text = |i: u64| {
            let word = |k: u64| format!("w{} 你", kernels::random::below(1, 2, i * 500 + k, 300));
            (0..500).map(word).collect::<String>()
        };
        let texts: Vec<String> = (0..90).map(text).collect();
        let mut wanted: BTreeMap<Vec<u8>, u64> = BTreeMap::new();
        for text in &texts {
            Splitter::new().words(text, |word| *wanted.entry(word.to_vec()).or_default() += 1);
        }
        let mut first = None;
        for threads in [1, 2, 3, 7] {
            let kernels = Kernels::new(Tier::best(), threads).expect("kernels");
            let words = count(&texts, &kernels);
            let list: Vec<(Vec<u8>, u64)> = words.iter().map(|(w, n)| (w.to_vec(), n)).collect();
            assert_eq!(list.iter().cloned().collect::<BTreeMap<_, _>>(), wanted);
            assert_eq!(words.bytes(), wanted.keys().map(Vec::len).sum::<usize>());
            assert_eq!(*first.get_or_insert(list.clone()), list, "{threads} threads");
        }
    }

    #[test]
    fn no_text_has_no_words() {
        let kernels = Kernels::new(Tier::best(), 2).expect("kernels");
        assert_eq!(count(Vec::<String>::new(), &kernels).iter().count(), 0);
        assert_eq!(count(["", ""], &kernels).iter().count(), 0);
    }

    #[test]
    fn tasks_cover_everything_once() {
        let found = tasks([PIECE, 0, 0, 5, PIECE + 7, 1].into_iter());
        assert_eq!(found, [0..1, 1..5, 5..6]);
        assert!(tasks(std::iter::empty()).is_empty());
    }
}
