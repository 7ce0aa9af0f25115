//! The merges of one word.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use hashbrown::HashTable;

use crate::vocabulary::Vocabulary;

/// Up to this many bytes it is quicker to look through all pairs again than to keep a queue.
const SHORT_MAX: usize = 64;

const LONG: u32 = 1 << 31;
const HOLE: u32 = u32::MAX;
/// The rank of a pair that is not merged.
const NEVER: u32 = u32::MAX;
/// Bits of a place in a queue; ranks have the others.
const PLACE_BITS: u32 = 40;

/// A pair of tokens, the place of its merge in their order, and the token it makes.
struct Merge {
    pair: u64,
    rank: u32,
    made: u32,
}

/// The merges of a vocabulary, made ready for words.
pub(crate) struct Merges {
    table: HashTable<Merge>,
    /// The token of every byte.
    bytes: [u32; 256],
    /// Bytes of every token.
    lens: Vec<u32>,
    /// Whether a token has the first byte and then the second somewhere inside; between other
    /// bytes nothing is ever merged.
    inside: Vec<bool>,
}

/// What merging works in.
#[derive(Default)]
pub(crate) struct Scratch {
    /// Rank and token of the pair that begins at each token of a short word.
    pairs: Vec<(u32, u32)>,
    slots: Vec<u32>,
}

fn key(left: u32, right: u32) -> u64 {
    u64::from(left) << 32 | u64::from(right)
}

fn hash(key: u64) -> u64 {
    let mixed = key.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ mixed >> 32
}

impl Merges {
    pub(crate) fn new(vocabulary: &Vocabulary) -> Merges {
        let mut table = HashTable::with_capacity(vocabulary.merges.len());
        for ((left, right, made), rank) in vocabulary.merges.iter().zip(0..) {
            let merge = Merge { pair: key(*left, *right), rank, made: *made };
            table.insert_unique(hash(merge.pair), merge, |merge| hash(merge.pair));
        }
        let mut merges = Merges {
            table,
            bytes: [0; 256],
            lens: vocabulary.tokens().map(|token| token.len() as u32).collect(),
            inside: vec![false; 1 << 16],
        };
        for (token, id) in vocabulary.tokens().zip(0..) {
            if let [byte] = token {
                merges.bytes[usize::from(*byte)] = id;
            }
            for pair in token.windows(2) {
                merges.inside[usize::from(pair[0]) << 8 | usize::from(pair[1])] = true;
            }
        }
        merges
    }

    /// The rank of a pair and the token it makes.
    #[inline]
    fn of(&self, left: u32, right: u32) -> (u32, u32) {
        let key = key(left, right);
        let found = self.table.find(hash(key), |merge| merge.pair == key);
        found.map_or((NEVER, 0), |merge| (merge.rank, merge.made))
    }

    /// Appends the ids of a word.
    pub(crate) fn apply(&self, word: &[u8], scratch: &mut Scratch, ids: &mut Vec<u32>) {
        if word.len() <= SHORT_MAX {
            return self.apply_short(word, scratch, ids);
        }
        let mut start = 0;
        for end in 1..=word.len() {
            let whole = end < word.len()
                && self.inside[usize::from(word[end - 1]) << 8 | usize::from(word[end])];
            if !whole {
                let part = &word[start..end];
                match part.len() {
                    0..=SHORT_MAX => self.apply_short(part, scratch, ids),
                    _ => self.apply_long(part, scratch, ids),
                }
                start = end;
            }
        }
    }

    fn apply_short(&self, word: &[u8], scratch: &mut Scratch, ids: &mut Vec<u32>) {
        let start = ids.len();
        ids.extend(word.iter().map(|byte| self.bytes[usize::from(*byte)]));
        let pairs = &mut scratch.pairs;
        pairs.clear();
        pairs.extend(ids[start..].windows(2).map(|pair| self.of(pair[0], pair[1])));
        loop {
            let mut best = (NEVER, 0);
            let mut place = 0;
            for (here, pair) in pairs.iter().enumerate() {
                if pair.0 < best.0 {
                    (best, place) = (*pair, here);
                }
            }
            if best.0 == NEVER {
                return;
            }
            ids[start + place] = best.1;
            ids.remove(start + place + 1);
            pairs.remove(place);
            if place > 0 {
                pairs[place - 1] = self.of(ids[start + place - 1], best.1);
            }
            if place < pairs.len() {
                pairs[place] = self.of(best.1, ids[start + place + 1]);
            }
        }
    }

    /// The first slot of a token holds its id, the last one of a longer token its id with `LONG`.
    fn apply_long(&self, word: &[u8], scratch: &mut Scratch, ids: &mut Vec<u32>) {
        let slots = &mut scratch.slots;
        slots.clear();
        slots.extend(word.iter().map(|byte| self.bytes[usize::from(*byte)]));
        let entry = |rank: u32, place: usize| Reverse(u64::from(rank) << PLACE_BITS | place as u64);
        let ranks = slots.windows(2).enumerate().map(|(place, p)| (self.of(p[0], p[1]).0, place));
        let known = ranks.filter(|(rank, _)| *rank != NEVER);
        let first: Vec<Reverse<u64>> = known.map(|(rank, place)| entry(rank, place)).collect();
        let mut queue = BinaryHeap::from(first);
        while let Some(Reverse(next)) = queue.pop() {
            let (rank, place) = ((next >> PLACE_BITS) as u32, next as usize % (1 << PLACE_BITS));
            let left = slots[place];
            if left & LONG != 0 {
                continue;
            }
            let middle = place + self.lens[left as usize] as usize;
            let Some(&right) = slots.get(middle) else { continue };
            let (found, made) = self.of(left, right);
            if found != rank {
                continue;
            }
            let end = middle + self.lens[right as usize] as usize;
            slots[middle] = HOLE;
            slots[place] = made;
            slots[end - 1] = made | LONG;
            if place > 0 {
                let before = slots[place - 1] & !LONG;
                let (rank, _) = self.of(before, made);
                if rank != NEVER {
                    queue.push(entry(rank, place - self.lens[before as usize] as usize));
                }
            }
            if let Some(after) = slots.get(end) {
                let (rank, _) = self.of(made, *after);
                if rank != NEVER {
                    queue.push(entry(rank, place));
                }
            }
        }
        let mut place = 0;
        while place < slots.len() {
            ids.push(slots[place]);
            place += self.lens[slots[place] as usize] as usize;
        }
        // A word without end does not keep its room.
        slots.shrink_to(1 << 20);
    }
}
