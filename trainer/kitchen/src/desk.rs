//! A thread's place to work: what several filters ask of one text is found out once.

use std::cell::RefCell;

use crate::english_words;
use crate::grams::Grams;
use crate::letters::{SPACE, classes, table};
use crate::pieces::Pieces;
use crate::vocabulary::{Vocabulary, Word};

thread_local! {
    static DESK: RefCell<Desk> = RefCell::default();
}

/// Scratch of one thread.
#[derive(Default)]
pub struct Desk {
    vocabulary: Vocabulary,
    grams: Grams,
    pieces: Pieces,
    words: Vec<u32>,
    runs: Vec<Run>,
}

/// A run of visible characters.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    /// The first byte, and the one after the last.
    pub start: u32,
    pub end: u32,
    /// The first of its words.
    pub word: u32,
}

/// One text on a desk.
pub struct Page<'d> {
    pub text: &'d str,
    desk: &'d mut Desk,
    are_words_known: bool,
    chars: Option<u64>,
}

/// Lays a text on this thread's desk.
pub fn with_page<T>(text: &str, work: impl FnOnce(&mut Page) -> T) -> T {
    DESK.with_borrow_mut(|desk| work(&mut desk.page(text)))
}

impl Desk {
    /// Lays a text on the desk; what was known about another is forgotten.
    pub fn page<'d>(&'d mut self, text: &'d str) -> Page<'d> {
        Page { text, desk: self, are_words_known: false, chars: None }
    }
}

impl<'d> Page<'d> {
    /// Number of Unicode scalar values.
    pub fn chars(&mut self) -> u64 {
        *self.chars.get_or_insert_with(|| self.text.chars().count() as u64)
    }

    fn read(&mut self) {
        if self.are_words_known {
            return;
        }
        self.are_words_known = true;
        let Desk { vocabulary, words, runs, .. } = &mut *self.desk;
        vocabulary.tidy();
        words.clear();
        runs.clear();
        for (start, end) in Runs::of(self.text) {
            let word = words.len() as u32;
            runs.push(Run { start: start as u32, end: end as u32, word });
            vocabulary.cut(&self.text[start..end], words);
        }
    }

    /// The words by number.
    pub fn words(&mut self) -> &[u32] {
        self.read();
        &self.desk.words
    }

    /// The words with what is known about each.
    pub fn known_words(&mut self) -> impl Iterator<Item = Word> {
        self.read();
        let vocabulary = &self.desk.vocabulary;
        self.desk.words.iter().map(|number| vocabulary.word(*number))
    }

    /// The runs of visible characters, and the words that they are cut into.
    pub fn runs(&mut self) -> (&[Run], &[u32], &Vocabulary) {
        self.read();
        (&self.desk.runs, &self.desk.words, &self.desk.vocabulary)
    }

    /// The words of another text, such as a changed line, with what is known about each.
    pub fn words_of(&mut self, text: &str) -> Vec<Word> {
        let mut words = Vec::new();
        for (start, end) in Runs::of(text) {
            self.desk.vocabulary.cut(&text[start..end], &mut words);
        }
        words.iter().map(|number| self.desk.vocabulary.word(*number)).collect()
    }

    /// The words as texts, in order.
    pub fn word_texts(&mut self) -> Vec<String> {
        let mut texts = Vec::new();
        for (start, end) in Runs::of(self.text) {
            let (run, mut lengths, mut at) = (&self.text[start..end], Vec::new(), 0);
            english_words::cut(run, &mut lengths);
            for length in lengths {
                texts.push(run[at..at + length as usize].to_owned());
                at += length as usize;
            }
        }
        texts
    }

    /// The repeated n-grams of the words.
    pub fn grams(&mut self) -> &mut Grams {
        self.read();
        let Desk { vocabulary, grams, words, .. } = &mut *self.desk;
        grams.start(words, |number| vocabulary.word(number).chars);
        grams
    }

    /// Scratch to find pieces of the text that stand again.
    pub fn pieces(&mut self) -> (&'d str, &mut Pieces) {
        (self.text, &mut self.desk.pieces)
    }
}

/// Runs of visible characters, by their bytes.
pub struct Runs<'t> {
    text: &'t str,
    at: usize,
    table: &'static [u16],
}

impl<'t> Runs<'t> {
    /// The runs of a text.
    pub fn of(text: &'t str) -> Runs<'t> {
        Runs { text, at: 0, table: table() }
    }

    /// Whether white space stands at a byte, and its bytes.
    #[inline]
    fn space(&self, at: usize) -> (bool, usize) {
        let byte = self.text.as_bytes()[at];
        if byte < 0x80 {
            return (self.table[usize::from(byte)] & SPACE != 0, 1);
        }
        let letter = self.text[at..].chars().next().expect("a character starts here");
        (classes(letter) & SPACE != 0, letter.len_utf8())
    }
}

impl Iterator for Runs<'_> {
    type Item = (usize, usize);

    fn next(&mut self) -> Option<(usize, usize)> {
        let length = self.text.len();
        let mut at = self.at;
        while at < length {
            let (space, width) = self.space(at);
            if !space {
                break;
            }
            at += width;
        }
        if at == length {
            self.at = at;
            return None;
        }
        let start = at;
        while at < length {
            let (space, width) = self.space(at);
            if space {
                break;
            }
            at += width;
        }
        self.at = at;
        Some((start, at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_lie_between_white_space_of_any_kind() {
        let text = " a\u{3000}汉字\u{1F}x\n";
        let runs: Vec<&str> = Runs::of(text).map(|(start, end)| &text[start..end]).collect();
        assert_eq!(runs, ["a", "汉字", "x"]);
    }

    #[test]
    fn words_are_found_out_once() {
        with_page("the cat, the", |page| {
            let words = page.words().to_vec();
            assert_eq!((words.len(), words[0]), (4, words[3]));
            assert_eq!(page.known_words().filter(|word| word.is_content).count(), 3);
            assert_eq!(page.chars(), 12);
        });
    }
}
