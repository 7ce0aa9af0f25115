//! Pairs of neighbours with their counts, where they stand, and which one is merged next.
//!
//! A pair may wait more than once: a token that two merges make (`aaaa` + `aa`, `aaa` + `aaa`)
//! meets the same neighbours again after their pair has been merged. Each time is an entry of its
//! own with the places that were new then, and waits with the count that the pair had then. What a
//! merge itself takes away is not taken from the pair's own count. This is what the crate
//! `tokenizers` does, and the merges are to be the same.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use hashbrown::HashTable;

/// Stands for no entry.
const NONE: u32 = u32::MAX;

/// Two neighbours.
pub(crate) type Pair = (u32, u32);

struct State {
    pair: Pair,
    count: i64,
    /// The pair's last entry that waits.
    waiting: u32,
}

struct Entry {
    places: Vec<u32>,
    /// The pair's entry before that waits.
    before: u32,
}

/// All pairs that were ever seen.
#[derive(Default)]
pub(crate) struct Pairs {
    states: HashTable<State>,
    entries: Vec<Entry>,
    /// The highest count first, then the lower pair, then the earlier entry.
    queue: BinaryHeap<(i64, Reverse<(Pair, u32)>)>,
}

fn hash(pair: Pair) -> u64 {
    let mixed = (u64::from(pair.0) << 32 | u64::from(pair.1)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ mixed >> 32
}

impl Pairs {
    fn state(&mut self, pair: Pair) -> &mut State {
        let new = || State { pair, count: 0, waiting: NONE };
        let found = self.states.entry(hash(pair), |held| held.pair == pair, |held| hash(held.pair));
        found.or_insert_with(new).into_mut()
    }

    /// Adds to a pair's count.
    pub(crate) fn change(&mut self, pair: Pair, by: i64) {
        self.state(pair).count += by;
    }

    /// Lets a pair wait with new places, in ascending order, if it has a count.
    pub(crate) fn wait(&mut self, pair: Pair, places: Vec<u32>) {
        let number = self.entries.len() as u32;
        let state = self.state(pair);
        if state.count <= 0 {
            return;
        }
        let (count, before) = (state.count, std::mem::replace(&mut state.waiting, number));
        self.entries.push(Entry { places, before });
        self.queue.push((count, Reverse((pair, number))));
    }

    /// Takes the entry to merge next, if its pair counts at least `count_min`.
    pub(crate) fn next(&mut self, count_min: i64) -> Option<(Pair, u32)> {
        loop {
            let (count, Reverse((pair, entry))) = self.queue.pop()?;
            let now = self.state(pair).count;
            if now != count {
                self.queue.push((now, Reverse((pair, entry))));
            } else if count < count_min {
                return None;
            } else {
                return Some((pair, entry));
            }
        }
    }

    /// Takes the places of an entry and, where the pair has other entries, all of their places in
    /// the same words; `word_of` says in which word a place lies.
    pub(crate) fn take(
        &mut self,
        pair: Pair,
        entry: u32,
        word_of: &dyn Fn(u32) -> usize,
    ) -> Vec<u32> {
        let mut places = std::mem::take(&mut self.entries[entry as usize].places);
        let before = self.entries[entry as usize].before;
        let last = self.state(pair).waiting;
        if last == entry {
            self.state(pair).waiting = before;
        }
        if last == entry && before == NONE {
            return places;
        }
        let mut words: Vec<usize> = places.iter().map(|place| word_of(*place)).collect();
        words.dedup();
        let mut other = self.state(pair).waiting;
        while other != NONE {
            let held = &mut self.entries[other as usize];
            if held.before == entry {
                held.before = before;
            }
            let mut word_before = None;
            held.places.retain(|place| {
                let word = word_of(*place);
                if words.binary_search(&word).is_err() {
                    return true;
                }
                places.push(*place);
                // One place stays, so that the entry still knows its words.
                word_before.replace(word) != Some(word)
            });
            other = held.before;
        }
        places.sort_unstable();
        places.dedup();
        places
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_count_goes_first_then_the_lower_pair() {
        let mut pairs = Pairs::default();
        for (pair, count) in [((5, 1), 3), ((4, 9), 3), ((1, 1), 2), ((2, 2), 7), ((3, 3), 0)] {
            pairs.change(pair, count);
            pairs.wait(pair, vec![1]);
        }
        pairs.change((2, 2), -4);
        let order: Vec<Pair> = std::iter::from_fn(|| pairs.next(3)).map(|found| found.0).collect();
        assert_eq!(order, [(2, 2), (4, 9), (5, 1)]);
    }

    #[test]
    fn an_entry_takes_the_places_of_others_in_its_words() {
        let mut pairs = Pairs::default();
        pairs.change((1, 2), 5);
        for places in [vec![10, 11, 25], vec![12, 31], vec![13, 14, 39]] {
            pairs.wait((1, 2), places);
        }
        let word_of = |place: u32| place as usize / 10;
        assert_eq!(pairs.take((1, 2), 1, &word_of), [10, 11, 12, 13, 14, 31, 39]);
        assert_eq!(pairs.take((1, 2), 0, &word_of), [10, 13, 25]);
        assert_eq!(pairs.take((1, 2), 2, &word_of), [13, 39]);
        assert_eq!(pairs.state((1, 2)).waiting, NONE);
    }
}
