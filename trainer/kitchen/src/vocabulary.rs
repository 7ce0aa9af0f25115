//! Words by number: equal words have equal numbers, so that filters compare numbers, not texts.
//!
//! A vocabulary remembers how the runs of earlier texts were cut. Numbers differ between threads
//! and runs; only their equality within one text is ever used.

use crate::english_words;
use crate::letters::{ALPHABETIC, PUNCTUATION, SYMBOL, TERMINAL, classes};

/// The longest run that is remembered, in bytes.
const RUN_BYTES_MAX: usize = 64;
/// The most bytes that are remembered before everything is forgotten: what a core keeps near. The
/// words that matter are soon there again.
const BYTES_MAX: usize = 2 << 20;

/// The English words that Gopher's rule looks for.
pub const STOP_WORDS: [&str; 8] = ["the", "be", "to", "of", "and", "that", "have", "with"];

/// What is known about a word.
#[derive(Clone, Copy, Debug, Default)]
pub struct Word {
    /// Unicode scalar values.
    pub chars: u32,
    /// Whether it has an alphabetic character.
    pub is_alphabetic: bool,
    /// Whether it has a character that is no punctuation.
    pub is_content: bool,
    /// Whether it is one mark that ends sentences.
    pub is_terminal: bool,
    /// Whether all its characters are punctuation.
    pub is_punctuation: bool,
    /// The bit of its place in `STOP_WORDS`.
    pub stop: u8,
}

impl Word {
    fn of(text: &str) -> Word {
        let (mut chars, mut any, mut all, mut content) = (0, 0, u16::MAX, false);
        for letter in text.chars() {
            let class = classes(letter);
            chars += 1;
            any |= class;
            all &= class;
            content |= class & SYMBOL == 0;
        }
        let stop = STOP_WORDS.iter().position(|word| *word == text);
        Word {
            chars,
            is_alphabetic: any & ALPHABETIC != 0,
            is_content: content,
            is_terminal: chars == 1 && all & TERMINAL != 0,
            is_punctuation: all & PUNCTUATION != 0,
            stop: stop.map_or(0, |place| 1 << place),
        }
    }
}

/// A text in a table: all that a look needs but its bytes.
#[derive(Clone, Copy, Default)]
struct Known {
    hash: u32,
    start: u32,
    length: u32,
    /// Its number + 1; 0 where the place is free.
    number: u32,
}

/// Texts by number.
#[derive(Default)]
struct Texts {
    /// A power of two of places, at most half of them taken.
    slots: Vec<Known>,
    count: u32,
    bytes: Vec<u8>,
}

impl Texts {
    /// The number of a text, and whether it is new.
    fn number(&mut self, text: &[u8]) -> (u32, bool) {
        if self.count as usize * 2 >= self.slots.len() {
            self.grow();
        }
        let hash = hash(text) as u32;
        let mask = self.slots.len() - 1;
        let mut slot = hash as usize & mask;
        while self.slots[slot].number != 0 {
            let known = self.slots[slot];
            let stored = known.start as usize..(known.start + known.length) as usize;
            if known.hash == hash && &self.bytes[stored] == text {
                return (known.number - 1, false);
            }
            slot = (slot + 1) & mask;
        }
        self.count += 1;
        let (start, length) = (self.bytes.len() as u32, text.len() as u32);
        self.slots[slot] = Known { hash, start, length, number: self.count };
        self.bytes.extend_from_slice(text);
        (self.count - 1, true)
    }

    /// Bytes that it takes.
    fn room(&self) -> usize {
        self.slots.len() * size_of::<Known>() + self.bytes.len()
    }

    fn grow(&mut self) {
        let size = (self.slots.len() * 2).max(1 << 12);
        let old = std::mem::replace(&mut self.slots, vec![Known::default(); size]);
        for known in old.into_iter().filter(|known| known.number != 0) {
            let mut slot = known.hash as usize & (size - 1);
            while self.slots[slot].number != 0 {
                slot = (slot + 1) & (size - 1);
            }
            self.slots[slot] = known;
        }
    }
}

const MIX: u64 = 0x9E37_79B9_7F4A_7C15;

fn fold(hash: u64, word: u64) -> u64 {
    let wide = u128::from(hash ^ word) * u128::from(MIX);
    (wide as u64) ^ (wide >> 64) as u64
}

/// A fixed hash of some bytes, eight at a time by multiplying and folding.
pub fn hash(bytes: &[u8]) -> u64 {
    let mut hash = MIX ^ bytes.len() as u64;
    let mut chunks = bytes.chunks_exact(8);
    for chunk in &mut chunks {
        hash = fold(hash, u64::from_le_bytes(chunk.try_into().expect("eight bytes")));
    }
    let mut last = [0; 8];
    last[..chunks.remainder().len()].copy_from_slice(chunks.remainder());
    fold(fold(hash, u64::from_le_bytes(last)), MIX)
}

/// The longest run that is its own key, in bytes.
const SHORT_BYTES_MAX: usize = 15;

/// Stands for the end of words where there is but one, whose number stands in place of the start.
const ONE: u32 = u32::MAX;

/// A short run in a table: its bytes with its length in the last one, and its words in `cut`.
#[derive(Clone, Copy, Default)]
struct Slot {
    key: (u64, u64),
    from: u32,
    to: u32,
}

/// Places for the runs that were looked at last; small enough for a core's own cache.
const RECENT: usize = 1 << 13;

/// Short runs: a look at one place tells whether a run is known, and its words.
#[derive(Default)]
struct Short {
    slots: Vec<Slot>,
    used: usize,
}

impl Short {
    /// The slot of a key, or the free one where it belongs.
    fn find(slots: &[Slot], key: (u64, u64)) -> usize {
        let mask = slots.len() - 1;
        let mut slot = spread(key) & mask;
        while slots[slot].key != key && slots[slot].key.1 != 0 {
            slot = (slot + 1) & mask;
        }
        slot
    }

    fn grow(&mut self) {
        let size = (self.slots.len() * 2).max(1 << 12);
        let old = std::mem::replace(&mut self.slots, vec![Slot::default(); size]);
        for slot in old.into_iter().filter(|slot| slot.key.1 != 0) {
            let place = Short::find(&self.slots, slot.key);
            self.slots[place] = slot;
        }
    }
}

fn spread(key: (u64, u64)) -> usize {
    fold(key.0 ^ key.1.rotate_left(32), key.1) as usize
}

/// Up to fifteen bytes with their length, as two numbers; never (…, 0).
#[inline]
fn key(run: &[u8]) -> (u64, u64) {
    let length = run.len();
    let eight = |at: usize| u64::from_le_bytes(run[at..at + 8].try_into().expect("eight bytes"));
    let four =
        |at: usize| u64::from(u32::from_le_bytes(run[at..at + 4].try_into().expect("four bytes")));
    let one = |at: usize| u64::from(run[at]) << (8 * at);
    let (low, high) = match length {
        0 => (0, 0),
        1..=3 => (one(0) | one(length / 2) | one(length - 1), 0),
        4..=7 => (four(0) | four(length - 4) << (8 * (length - 4)), 0),
        8 => (eight(0), 0),
        _ => (eight(0), eight(length - 8) >> (8 * (16 - length))),
    };
    (low, high | (length as u64) << 56)
}

/// Runs and words of one thread.
#[derive(Default)]
pub struct Vocabulary {
    recent: Vec<Slot>,
    short: Short,
    runs: Texts,
    /// Of every longer run, where its words start in `cut`, and the end.
    places: Vec<(u32, u32)>,
    /// The words of the runs, by number.
    cut: Vec<u32>,
    words: Texts,
    known: Vec<Word>,
    lengths: Vec<u32>,
}

impl Vocabulary {
    /// Forgets everything once there is much; only between texts.
    pub fn tidy(&mut self) {
        let short = self.short.slots.len() * size_of::<Slot>();
        let texts = self.runs.room() + self.words.room();
        if short + texts > BYTES_MAX {
            *self = Vocabulary::default();
        }
    }

    /// What is known about a word.
    pub fn word(&self, number: u32) -> Word {
        self.known[number as usize]
    }

    /// Appends the words of a run without white space.
    pub fn cut(&mut self, run: &str, into: &mut Vec<u32>) {
        if run.len() > RUN_BYTES_MAX {
            return self.cut_anew(run, into);
        }
        let (from, to) = match run.len() <= SHORT_BYTES_MAX {
            true => self.short(run),
            false => self.longer(run),
        };
        match to {
            ONE => into.push(from),
            _ => into.extend_from_slice(&self.cut[from as usize..to as usize]),
        }
    }

    fn short(&mut self, run: &str) -> (u32, u32) {
        let key = key(run.as_bytes());
        let recent = spread(key) >> 40 & (RECENT - 1);
        if self.recent.is_empty() {
            self.recent.resize(RECENT, Slot::default());
        }
        let Slot { key: found, from, to } = self.recent[recent];
        if found == key {
            return (from, to);
        }
        let (from, to) = self.older(run, key);
        self.recent[recent] = Slot { key, from, to };
        (from, to)
    }

    fn older(&mut self, run: &str, key: (u64, u64)) -> (u32, u32) {
        if self.short.used * 2 >= self.short.slots.len() {
            self.short.grow();
        }
        let place = Short::find(&self.short.slots, key);
        let Slot { key: found, from, to } = self.short.slots[place];
        if found == key {
            return (from, to);
        }
        let (from, to) = self.remember(run);
        self.short.slots[place] = Slot { key, from, to };
        self.short.used += 1;
        (from, to)
    }

    fn longer(&mut self, run: &str) -> (u32, u32) {
        let (number, new) = self.runs.number(run.as_bytes());
        if new {
            let place = self.remember(run);
            self.places.push(place);
        }
        self.places[number as usize]
    }

    /// Cuts a run; where its words are in `cut`.
    fn remember(&mut self, run: &str) -> (u32, u32) {
        let mut words = std::mem::take(&mut self.cut);
        let from = words.len() as u32;
        self.cut_anew(run, &mut words);
        if words.len() == from as usize + 1 {
            let word = words.pop().expect("one word");
            self.cut = words;
            return (word, ONE);
        }
        self.cut = words;
        (from, self.cut.len() as u32)
    }

    fn cut_anew(&mut self, run: &str, into: &mut Vec<u32>) {
        let mut lengths = std::mem::take(&mut self.lengths);
        lengths.clear();
        english_words::cut(run, &mut lengths);
        let mut at = 0;
        for length in &lengths {
            let word = &run[at..at + *length as usize];
            at += *length as usize;
            let (number, new) = self.words.number(word.as_bytes());
            if new {
                self.known.push(Word::of(word));
            }
            into.push(number);
        }
        self.lengths = lengths;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_words_have_equal_numbers() {
        let mut vocabulary = Vocabulary::default();
        let mut words = Vec::new();
        for run in ["(the", "cat)", "the", "cat", &"x".repeat(100), &"x".repeat(100)] {
            vocabulary.cut(run, &mut words);
        }
        assert_eq!((words[1], words[2]), (words[4], words[5]));
        assert_eq!(words[6], words[7]);
        assert_ne!(words[1], words[2]);
        let the = vocabulary.word(words[1]);
        assert_eq!((the.chars, the.stop, the.is_alphabetic, the.is_content), (3, 1, true, true));
        assert!(!vocabulary.word(words[0]).is_content);
    }

    #[test]
    fn keys_of_short_runs_are_their_bytes() {
        let run = b"abcdefghijklmno";
        let mut keys = std::collections::BTreeSet::new();
        for length in 0..=SHORT_BYTES_MAX {
            let mut wanted = [0; 16];
            wanted[..length].copy_from_slice(&run[..length]);
            wanted[15] = length as u8;
            let (low, high) = key(&run[..length]);
            assert_eq!([low.to_le_bytes(), high.to_le_bytes()].concat(), wanted);
            keys.insert((low, high));
        }
        assert_eq!(keys.len(), 16);
    }

    #[test]
    fn growing_keeps_the_numbers() {
        let mut texts = Texts::default();
        let numbers: Vec<u32> =
            (0..10_000).map(|i: u32| texts.number(i.to_string().as_bytes()).0).collect();
        for (i, number) in numbers.iter().enumerate() {
            assert_eq!(texts.number(i.to_string().as_bytes()), (*number, false));
        }
    }
}
