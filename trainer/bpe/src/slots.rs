//! All words in one row of slots, one a byte, so that a merge costs the same in any word.
//!
//! The first slot of a token holds its id, the last one of a longer token its id with `LONG`;
//! words are parted by `GAP`. What lies between is never equal to an id.

use crate::END_ID;
use crate::merge::TrainError;
use crate::pairs::{Pair, Pairs};
use crate::vocabulary::Vocabulary;
use crate::words::Words;

const LONG: u32 = 1 << 31;
const GAP: u32 = u32::MAX;
const HOLE: u32 = u32::MAX - 1;

/// Most slots: places are `u32`.
const SLOTS_MAX: usize = u32::MAX as usize;

/// Words as rows of tokens.
pub(crate) struct Slots {
    slots: Vec<u32>,
    /// The first slot of every word, ascending.
    starts: Vec<u32>,
    /// Runs of words with one count: where the run ends, and the count.
    groups: Vec<(u32, i64)>,
    /// Bytes of every token.
    lens: Vec<u32>,
}

impl Slots {
    pub(crate) fn new(words: &Words, vocabulary: &Vocabulary) -> Result<Slots, TrainError> {
        let found = words.bytes() + words.iter().count() + 1;
        if found > SLOTS_MAX {
            return Err(TrainError::Text { found, max: SLOTS_MAX });
        }
        let mut ids = [END_ID; 256];
        for (token, id) in vocabulary.tokens.iter().zip(0..).skip(1) {
            ids[usize::from(token[0])] = id;
        }
        let mut slots = Vec::with_capacity(found);
        slots.push(GAP);
        let (mut starts, mut groups): (Vec<u32>, Vec<(u32, i64)>) = (Vec::new(), Vec::new());
        for (word, count) in words.iter() {
            starts.push(slots.len() as u32);
            slots.extend(word.iter().map(|byte| ids[usize::from(*byte)]));
            slots.push(GAP);
            let (end, count) = (slots.len() as u32, count as i64);
            match groups.last_mut() {
                Some(last) if last.1 == count => last.0 = end,
                _ => groups.push((end, count)),
            }
        }
        let lens = vocabulary.tokens.iter().map(|token| token.len() as u32).collect();
        Ok(Slots { slots, starts, groups, lens })
    }

    /// The pairs of the words as they are before any merge.
    pub(crate) fn pairs(&self) -> Pairs {
        let width = self.lens.len();
        let number = |pair: &[u32]| pair[0] as usize * width + pair[1] as usize;
        let inside = |pair: &&[u32]| pair[0] != GAP && pair[1] != GAP;
        let mut lens = vec![0usize; width * width];
        for pair in self.slots.windows(2).filter(inside) {
            lens[number(pair)] += 1;
        }
        let mut found: Vec<(i64, Vec<u32>)> =
            lens.into_iter().map(|len| (0, Vec::with_capacity(len))).collect();
        let mut group = 0;
        for (place, pair) in self.slots.windows(2).enumerate().filter(|(_, pair)| inside(pair)) {
            let (count, places) = &mut found[number(pair)];
            *count += self.count(place as u32, &mut group);
            places.push(place as u32);
        }
        let mut pairs = Pairs::default();
        for (number, (count, places)) in found.into_iter().enumerate() {
            if count > 0 {
                let pair = ((number / width) as u32, (number % width) as u32);
                pairs.change(pair, count);
                pairs.wait(pair, places);
            }
        }
        pairs
    }

    /// A token of this many bytes is known from now on.
    pub(crate) fn add_token(&mut self, len: u32) {
        self.lens.push(len);
    }

    fn len(&self, token: u32) -> u32 {
        self.lens[token as usize]
    }

    /// Whether a pair begins at a place.
    #[inline]
    pub(crate) fn holds(&self, place: u32, pair: Pair) -> bool {
        self.slots[place as usize] == pair.0
            && self.slots[(place + self.len(pair.0)) as usize] == pair.1
    }

    /// How often the word of a place stands in the texts; `group` is 0 for the first of ascending
    /// places and kept for the next.
    #[inline]
    pub(crate) fn count(&self, place: u32, group: &mut usize) -> i64 {
        if self.groups[*group].0 <= place {
            *group += self.groups[*group..].partition_point(|(end, _)| *end <= place);
        }
        self.groups[*group].1
    }

    /// The number of the word of a place.
    pub(crate) fn word_of(&self, place: u32) -> usize {
        self.starts.partition_point(|start| *start <= place)
    }

    /// The token before the one that begins at a place, with its own place.
    #[inline]
    pub(crate) fn before(&self, place: u32) -> Option<(u32, u32)> {
        let slot = self.slots[place as usize - 1];
        if slot == GAP {
            return None;
        }
        let token = slot & !LONG;
        Some((token, place - self.len(token)))
    }

    /// Makes one token of the pair that begins at a place; the token behind it.
    #[inline]
    pub(crate) fn join(&mut self, place: u32, pair: Pair, made: u32) -> Option<u32> {
        let middle = place + self.len(pair.0);
        let end = (middle + self.len(pair.1)) as usize;
        self.slots[middle as usize] = HOLE;
        self.slots[place as usize] = made;
        self.slots[end - 1] = made | LONG;
        Some(self.slots[end]).filter(|token| *token != GAP)
    }
}
