//! Ids of texts: in every word the pair that was merged first in training is merged first, the
//! leftmost of equals, until no pair is known.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use kernels::Kernels;

use crate::shelf::Shelf;
use crate::split::{Splitter, pieces};
use crate::vocabulary::Vocabulary;
use crate::word::{Merges, Scratch};
use crate::words::tasks;

/// Words up to this many bytes are remembered.
const REMEMBERED_MAX: usize = 256;
/// What a thread remembers is forgotten when it holds this many bytes.
const MEMORY_MAX: usize = 32 << 20;
/// About the bytes of a piece of a long text.
const PIECE: usize = 128 << 10;

/// Turns texts into ids.
pub struct Encoder {
    merges: Merges,
    splitter: Splitter,
    memories: Shelf<Memory>,
}

/// A word with its ids, which lie in the memory's stores.
struct Known {
    hash: u64,
    start: u32,
    len: u32,
    ids_start: u32,
    ids_len: u32,
}

/// Words that a thread has met.
#[derive(Default)]
struct Memory {
    known: HashTable<Known>,
    bytes: Vec<u8>,
    ids: Vec<u32>,
    scratch: Scratch,
}

impl Encoder {
    pub fn new(vocabulary: &Vocabulary) -> Encoder {
        Encoder {
            merges: Merges::new(vocabulary),
            splitter: Splitter::new(),
            memories: Shelf::new(),
        }
    }

    /// The ids of a text.
    pub fn encode(&self, text: &str) -> Vec<u32> {
        let mut ids = Vec::with_capacity(text.len() / 3);
        self.memories.with(|memory| self.append(text, memory, &mut ids));
        ids
    }

    /// The ids of many texts, in order, on all threads.
    pub fn encode_all(&self, texts: &[&str], kernels: &Kernels) -> Vec<Vec<u32>> {
        let cut = texts
            .iter()
            .enumerate()
            .flat_map(|(text, whole)| pieces(whole, PIECE).map(move |piece| (text, piece)));
        let cut: Vec<(usize, &str)> = cut.collect();
        let tasks = tasks(cut.iter().map(|(_, piece)| piece.len()));
        let made = kernels.map(tasks.len(), &|task| {
            let pieces = cut[tasks[task].clone()].iter();
            pieces.map(|(text, piece)| (*text, self.encode(piece))).collect::<Vec<_>>()
        });
        let mut all = vec![Vec::new(); texts.len()];
        for (text, mut ids) in made.into_iter().flatten() {
            if all[text].is_empty() {
                all[text] = ids;
            } else {
                all[text].append(&mut ids);
            }
        }
        all
    }

    /// Appends the ids of a text.
    fn append(&self, text: &str, memory: &mut Memory, ids: &mut Vec<u32>) {
        let hasher = FixedState::default();
        self.splitter.words(text, |word| {
            if word.len() > REMEMBERED_MAX {
                self.merges.apply(word, &mut memory.scratch, ids);
                return;
            }
            let hash = hasher.hash_one(word);
            let start = ids.len();
            if !memory.recall(word, hash, ids) {
                self.merges.apply(word, &mut memory.scratch, ids);
                memory.keep(word, hash, &ids[start..]);
            }
        });
    }
}

impl Memory {
    /// Appends the ids of a word if they are known.
    #[inline]
    fn recall(&self, word: &[u8], hash: u64, ids: &mut Vec<u32>) -> bool {
        let same = |known: &Known| {
            known.hash == hash && self.bytes[known.start as usize..][..known.len as usize] == *word
        };
        let Some(known) = self.known.find(hash, same) else { return false };
        ids.extend_from_slice(&self.ids[known.ids_start as usize..][..known.ids_len as usize]);
        true
    }

    fn keep(&mut self, word: &[u8], hash: u64, ids: &[u32]) {
        let held = self.bytes.len() + size_of_val(&self.ids[..]);
        if held + self.known.len() * size_of::<Known>() > MEMORY_MAX {
            self.known.clear();
            self.bytes.clear();
            self.ids.clear();
        }
        let known = Known {
            hash,
            start: self.bytes.len() as u32,
            len: word.len() as u32,
            ids_start: self.ids.len() as u32,
            ids_len: ids.len() as u32,
        };
        self.bytes.extend_from_slice(word);
        self.ids.extend_from_slice(ids);
        self.known.insert_unique(hash, known, |known| known.hash);
    }
}
