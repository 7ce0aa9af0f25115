//! Cuts a text into words by the pattern of GPT-2 (Radford et al. 2019):
//!
//! `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
//!
//! Every character belongs to exactly one word, and where a word ends depends on what follows its
//! beginning only. One pass, whatever the text.

use crate::classes::{Classes, LETTER, NOTHING, SPACE};

/// Cuts texts into words.
#[derive(Clone, Copy)]
pub(crate) struct Splitter {
    classes: Classes,
}

impl Splitter {
    pub(crate) fn new() -> Splitter {
        Splitter { classes: Classes::new() }
    }

    /// Where the word ends that begins at `start`, a place inside of `text`, which is UTF-8.
    #[inline]
    pub(crate) fn end(self, text: &[u8], start: usize) -> usize {
        let (class, width) = self.classes.at(text, start);
        match text[start] {
            b'\'' => {
                if let Some(len) = contraction(&text[start + 1..]) {
                    return start + 1 + len;
                }
            }
            b' ' => {
                let (class, width) = self.classes.at(text, start + 1);
                if class < SPACE {
                    return self.run(text, start + 1 + width, class);
                }
            }
            _ => {}
        }
        if class == SPACE {
            return self.spaces(text, start + width, start);
        }
        self.run(text, start + width, class)
    }

    /// Where characters of a class end.
    #[inline]
    fn run(self, text: &[u8], mut at: usize, wanted: u8) -> usize {
        loop {
            let (class, width) = self.classes.at(text, at);
            if class != wanted {
                return at;
            }
            at += width;
        }
    }

    /// White space ends before its last character where a visible one follows, so that a blank
    /// goes with it; a single one stands alone.
    fn spaces(self, text: &[u8], mut at: usize, start: usize) -> usize {
        let mut last = start;
        loop {
            let (class, width) = self.classes.at(text, at);
            match class {
                SPACE => {
                    last = at;
                    at += width;
                }
                NOTHING => return at,
                _ if last == start => return at,
                _ => return last,
            }
        }
    }

    /// The words of a text in order; `each` gets their bytes.
    #[inline]
    pub(crate) fn words<'a>(self, text: &'a str, mut each: impl FnMut(&'a [u8])) {
        let text = text.as_bytes();
        let mut start = 0;
        while start < text.len() {
            let end = self.end(text, start);
            each(&text[start..end]);
            start = end;
        }
    }
}

/// The length of an English ending that may follow an apostrophe.
fn contraction(text: &[u8]) -> Option<usize> {
    match text {
        [b's' | b't' | b'm' | b'd', ..] => Some(1),
        [b'r' | b'v', b'e', ..] | [b'l', b'l', ..] => Some(2),
        _ => None,
    }
}

/// The pieces of a text whose words, one after another, are the words of the text.
pub struct Pieces<'a> {
    rest: &'a str,
    len: usize,
    classes: Classes,
}

/// Cuts a text into pieces of about `len` bytes where a word is sure to end: behind a letter that
/// no letter follows. A text without such a place stays whole.
pub fn pieces(text: &str, len: usize) -> Pieces<'_> {
    Pieces { rest: text, len, classes: Classes::new() }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        if self.rest.is_empty() {
            return None;
        }
        let mut at = self.len.min(self.rest.len());
        while !self.rest.is_char_boundary(at) {
            at += 1;
        }
        let text = self.rest.as_bytes();
        let mut before = NOTHING;
        loop {
            let (class, width) = self.classes.at(text, at);
            if class == NOTHING || before == LETTER && class != LETTER {
                break;
            }
            before = class;
            at += width;
        }
        let (piece, rest) = self.rest.split_at(at);
        self.rest = rest;
        Some(piece)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(text: &str) -> Vec<&str> {
        let mut words = Vec::new();
        let mut start = 0;
        Splitter::new().words(text, |word| {
            words.push(&text[start..start + word.len()]);
            start += word.len();
        });
        words
    }

    #[track_caller]
    fn check(text: &str, wanted: &[&str]) {
        assert_eq!(words(text), wanted, "{text:?}");
    }

    #[test]
    fn words_are_cut_as_the_pattern_says() {
        check("", &[]);
        check("Hello world's end", &["Hello", " world", "'s", " end"]);
        check("'sam 'll we're", &["'s", "am", " '", "ll", " we", "'re"]);
        check("a  b\n\n c\t", &["a", " ", " b", "\n\n", " c", "\t"]);
        check("a\u{a0}\u{3000}b", &["a", "\u{a0}", "\u{3000}", "b"]);
        check("x12 345½ ...!?é", &["x", "12", " 345½", " ...!?", "é"]);
        check("你好，世界 \u{1F600}\u{200D}", &["你好", "，", "世界", " \u{1F600}\u{200D}"]);
        check("   ", &["   "]);
        check("\n a", &["\n", " a"]);
        check("a<|end|>b", &["a", "<|", "end", "|>", "b"]);
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            failure_persistence: None,
            ..ProptestConfig::default()
        })]

        #[test]
        fn pieces_have_the_words_of_the_whole(
            text in r"(?s)([a-c ']|\PC|\s){0,60}",
            len in 0usize..20,
        ) {
            let cut: Vec<&str> = pieces(&text, len).flat_map(words).collect();
            prop_assert_eq!(cut, words(&text));
        }
    }
}
