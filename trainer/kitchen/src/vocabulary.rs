//! Words by number: equal words have equal numbers, so that filters compare numbers, not texts.
//!
//! A vocabulary remembers how the runs of earlier texts were cut. Numbers differ between threads
//! and runs; only their equality within one text is ever used.

use crate::english_words;
use crate::letters::{ALPHABETIC, PUNCTUATION, SYMBOL, TERMINAL, classes};

/// The longest run that is remembered, in bytes.
const RUN_BYTES_MAX: usize = 64;
/// The most bytes that are remembered before everything is forgotten.
const BYTES_MAX: usize = 24 << 20;

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

/// Texts by number.
#[derive(Default)]
struct Texts {
    /// Number + 1 of the text in a slot, 0 where it is free; a power of two of them.
    slots: Vec<u32>,
    /// Hash, start and length of every text.
    known: Vec<(u64, u32, u32)>,
    bytes: Vec<u8>,
}

impl Texts {
    /// The number of a text, and whether it is new.
    fn number(&mut self, text: &[u8]) -> (u32, bool) {
        if self.known.len() * 2 >= self.slots.len() {
            self.grow();
        }
        let hash = hash(text);
        let mask = self.slots.len() - 1;
        let mut slot = hash as usize & mask;
        while let Some(number) = self.slots[slot].checked_sub(1) {
            let (known, start, length) = self.known[number as usize];
            let stored = start as usize..(start + length) as usize;
            if known == hash && &self.bytes[stored] == text {
                return (number, false);
            }
            slot = (slot + 1) & mask;
        }
        let number = self.known.len() as u32;
        self.slots[slot] = number + 1;
        self.known.push((hash, self.bytes.len() as u32, text.len() as u32));
        self.bytes.extend_from_slice(text);
        (number, true)
    }

    fn grow(&mut self) {
        let slots = (self.slots.len() * 2).max(1 << 12);
        self.slots = vec![0; slots];
        for (number, (hash, ..)) in self.known.iter().enumerate() {
            let mut slot = *hash as usize & (slots - 1);
            while self.slots[slot] != 0 {
                slot = (slot + 1) & (slots - 1);
            }
            self.slots[slot] = number as u32 + 1;
        }
    }
}

/// A fixed hash of some bytes, eight at a time by multiplying and folding.
pub fn hash(bytes: &[u8]) -> u64 {
    const MIX: u64 = 0x9E37_79B9_7F4A_7C15;
    let fold = |hash: u64, word: u64| {
        let wide = u128::from(hash ^ word) * u128::from(MIX);
        (wide as u64) ^ (wide >> 64) as u64
    };
    let mut hash = MIX ^ bytes.len() as u64;
    let mut chunks = bytes.chunks_exact(8);
    for chunk in &mut chunks {
        hash = fold(hash, u64::from_le_bytes(chunk.try_into().expect("eight bytes")));
    }
    let mut last = [0; 8];
    last[..chunks.remainder().len()].copy_from_slice(chunks.remainder());
    fold(fold(hash, u64::from_le_bytes(last)), MIX)
}

/// Runs and words of one thread.
#[derive(Default)]
pub struct Vocabulary {
    runs: Texts,
    /// Of every run, where its words start in `cut`; one more at the end.
    starts: Vec<u32>,
    /// The words of the runs, by number.
    cut: Vec<u32>,
    words: Texts,
    known: Vec<Word>,
    lengths: Vec<u32>,
}

impl Vocabulary {
    /// Forgets everything once there is much; only between texts.
    pub fn tidy(&mut self) {
        if self.runs.bytes.len() + self.words.bytes.len() > BYTES_MAX {
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
            self.cut_anew(run, into);
            return;
        }
        let (number, new) = self.runs.number(run.as_bytes());
        if new {
            let mut words = std::mem::take(&mut self.cut);
            if self.starts.is_empty() {
                self.starts.push(0);
            }
            self.cut_anew(run, &mut words);
            self.starts.push(words.len() as u32);
            self.cut = words;
        }
        let (from, to) = (self.starts[number as usize], self.starts[number as usize + 1]);
        into.extend_from_slice(&self.cut[from as usize..to as usize]);
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
    fn growing_keeps_the_numbers() {
        let mut texts = Texts::default();
        let numbers: Vec<u32> =
            (0..10_000).map(|i: u32| texts.number(i.to_string().as_bytes()).0).collect();
        for (i, number) in numbers.iter().enumerate() {
            assert_eq!(texts.number(i.to_string().as_bytes()), (*number, false));
        }
    }
}
