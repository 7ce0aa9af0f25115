//! A vocabulary from words: again and again the most frequent pair of neighbours becomes a token.
//!
//! Sennrich et al. (2016), on bytes. The order is that of the crate `tokenizers` (`pairs.rs`), as
//! long as no count reaches 2^31, where that crate's numbers end.

use std::collections::{BTreeMap, BTreeSet};

use crate::FIRST_MERGE;
use crate::pairs::{Pair, Pairs};
use crate::slots::Slots;
use crate::vocabulary::{TOKENS_MAX, Vocabulary};
use crate::words::Words;

/// A pair that stands there less often is not merged.
const COUNT_MIN: i64 = 2;

/// Why no vocabulary can be made.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum TrainError {
    #[error("a vocabulary of {found} tokens, wanted {FIRST_MERGE} to {TOKENS_MAX}")]
    Size { found: usize },
    #[error("the different words have {found} bytes, at most {max} can be merged")]
    Text { found: usize, max: usize },
}

/// Neighbours of merged pairs on one side, by token.
#[derive(Clone, Default)]
struct Neighbour {
    count: i64,
    /// Where the pair with the neighbour begins, ascending.
    places: Vec<u32>,
}

/// The neighbours on one side.
#[derive(Default)]
struct Side {
    neighbours: Vec<Neighbour>,
    seen: Vec<u32>,
}

impl Side {
    #[inline]
    fn add(&mut self, token: u32, place: u32, count: i64) {
        let neighbour = &mut self.neighbours[token as usize];
        if neighbour.count == 0 {
            self.seen.push(token);
        }
        neighbour.count += count;
        neighbour.places.push(place);
    }
}

/// A training in progress.
struct Training {
    slots: Slots,
    pairs: Pairs,
    vocabulary: Vocabulary,
    ids: BTreeMap<Vec<u8>, u32>,
    left: Side,
    right: Side,
}

/// Makes a vocabulary of at most `tokens_max` tokens; of fewer, if no pair is left that stands
/// there twice.
pub fn train(words: &Words, tokens_max: usize) -> Result<Vocabulary, TrainError> {
    if !(FIRST_MERGE as usize..=TOKENS_MAX).contains(&tokens_max) {
        return Err(TrainError::Size { found: tokens_max });
    }
    let vocabulary = Vocabulary::first();
    let slots = Slots::new(words, &vocabulary)?;
    let pairs = slots.pairs();
    let ids = vocabulary.tokens.iter().zip(0..).map(|(token, id)| (token.clone(), id)).collect();
    let side = || Side { neighbours: vec![Neighbour::default(); tokens_max], seen: Vec::new() };
    let mut training = Training { slots, pairs, vocabulary, ids, left: side(), right: side() };
    while training.vocabulary.tokens.len() < tokens_max
        && let Some((pair, entry)) = training.pairs.next(COUNT_MIN)
    {
        training.merge(pair, entry);
    }
    let mut vocabulary = training.vocabulary;
    let mut seen = BTreeSet::new();
    // Of a pair that was merged more than once, the last time counts.
    vocabulary.merges.reverse();
    vocabulary.merges.retain(|(left, right, _)| seen.insert((*left, *right)));
    vocabulary.merges.reverse();
    Ok(vocabulary)
}

impl Training {
    fn merge(&mut self, pair: Pair, entry: u32) {
        let made = self.token(pair);
        self.vocabulary.merges.push((pair.0, pair.1, made));
        let slots = &self.slots;
        let places = self.pairs.take(pair, entry, &|place| slots.word_of(place));
        let mut group = 0;
        for place in places {
            if !self.slots.holds(place, pair) {
                continue;
            }
            let count = self.slots.count(place, &mut group);
            if let Some((token, start)) = self.slots.before(place) {
                self.left.add(token, start, count);
            }
            if let Some(token) = self.slots.join(place, pair, made) {
                self.right.add(token, place, count);
            }
        }
        self.settle(pair, made);
    }

    /// The token of a pair: an old one if it has the same bytes.
    fn token(&mut self, pair: Pair) -> u32 {
        let tokens = &mut self.vocabulary.tokens;
        let bytes = [&tokens[pair.0 as usize][..], &tokens[pair.1 as usize]].concat();
        let new = tokens.len() as u32;
        let made = *self.ids.entry(bytes.clone()).or_insert(new);
        if made == new {
            self.slots.add_token(bytes.len() as u32);
            tokens.push(bytes);
        }
        made
    }

    /// Takes what a merge changed into the counts, then lets the new pairs wait.
    fn settle(&mut self, pair: Pair, made: u32) {
        for token in &self.left.seen {
            let count = self.left.neighbours[*token as usize].count;
            self.pairs.change((*token, pair.0), -count);
            self.pairs.change((*token, made), count);
        }
        for token in &self.right.seen {
            let count = self.right.neighbours[*token as usize].count;
            self.pairs.change((pair.1, *token), -count);
            self.pairs.change((made, *token), count);
        }
        for token in self.left.seen.drain(..) {
            let mut places = std::mem::take(&mut self.left.neighbours[token as usize]).places;
            if token == made {
                // The same pair from both sides waits once.
                places.append(&mut self.right.neighbours[made as usize].places);
                places.sort_unstable();
            }
            self.pairs.wait((token, made), places);
        }
        for token in self.right.seen.drain(..) {
            let places = std::mem::take(&mut self.right.neighbours[token as usize]).places;
            if !places.is_empty() {
                self.pairs.wait((made, token), places);
            }
        }
    }
}
