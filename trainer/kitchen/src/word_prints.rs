//! Fingerprints of word n-grams, made while a text is read: XXH64 of n words with a space between.
//!
//! Words are written one after another into a buffer, so an n-gram is a slice of it: nothing is
//! allocated per word. Memory is bounded by the longest n words, not by the text.

use std::sync::OnceLock;

use twox_hash::XxHash64;

/// Fingerprints handed on together.
const BATCH: usize = 1024;
/// Bytes of words after which those that are no longer needed are forgotten.
const ROOM: usize = 1 << 16;

/// Takes words, gives the fingerprints of their n-grams in batches.
pub struct Grams<'a> {
    /// The words so far, each followed by a space, and then the word that is being written.
    pub buffer: Vec<u8>,
    /// Where the word that is being written starts.
    pub start: usize,
    /// Where the last n words start, by their number modulo n.
    starts: Vec<usize>,
    words: usize,
    prints: Vec<u64>,
    take: &'a mut dyn FnMut(&[u64]),
}

impl<'a> Grams<'a> {
    /// Makes fingerprints of `n` words each, of a text of `bytes` bytes. With 0 it makes none, and
    /// all words stay in the buffer.
    pub fn new(n: usize, bytes: usize, take: &'a mut dyn FnMut(&[u64])) -> Grams<'a> {
        Grams {
            buffer: Vec::with_capacity(bytes.min(ROOM) + bytes.min(ROOM) / 8 + 16),
            start: 0,
            starts: vec![0; n],
            words: 0,
            prints: Vec::with_capacity((bytes / 4).min(BATCH)),
            take,
        }
    }

    /// Ends the word that is being written; an empty one is no word.
    #[inline]
    pub fn close(&mut self) {
        let (end, n) = (self.buffer.len(), self.starts.len());
        if end == self.start {
            return;
        }
        if n == 0 {
            self.buffer.push(b' ');
            self.start = end + 1;
            return;
        }
        let place = self.words % n;
        self.starts[place] = self.start;
        self.words += 1;
        let oldest = self.starts[if place + 1 == n { 0 } else { place + 1 }];
        if self.words >= n {
            self.prints.push(XxHash64::oneshot(0, &self.buffer[oldest..end]));
            if self.prints.len() == BATCH {
                (self.take)(&self.prints);
                self.prints.clear();
            }
        }
        self.buffer.push(b' ');
        self.start = end + 1;
        if self.start > ROOM && self.words >= n {
            self.forget();
        }
    }

    /// Forgets the words before the last n.
    #[cold]
    fn forget(&mut self) {
        let oldest = self.starts[self.words % self.starts.len()];
        self.buffer.drain(..oldest);
        self.start -= oldest;
        for start in &mut self.starts {
            *start -= oldest;
        }
    }

    /// Ends the text. Says whether there was any n-gram.
    pub fn finish(mut self) -> bool {
        self.close();
        if !self.prints.is_empty() {
            (self.take)(&self.prints);
        }
        self.words >= self.starts.len()
    }
}

/// Writes the words of a text: runs of letters and digits in lower case; a letter of a script that
/// is written without spaces is a word of its own.
pub fn write_words(text: &str, grams: &mut Grams) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let run = bytes[at..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
        if run > 0 {
            let from = grams.buffer.len();
            grams.buffer.extend_from_slice(&bytes[at..at + run]);
            grams.buffer[from..].make_ascii_lowercase();
            at += run;
            continue;
        }
        if bytes[at].is_ascii() {
            grams.close();
            at += 1;
            continue;
        }
        let letter = text[at..].chars().next().expect("inside the text");
        let end = at + letter.len_utf8();
        write_letter(letter, &bytes[at..end], grams);
        at = end;
    }
}

/// What a letter is to the rule; flags. A character without `LETTER` parts words.
const LETTER: u8 = 1;
const ALONE: u8 = 2;
/// Its small form is another.
const LARGE: u8 = 4;

fn flags(letter: char) -> u8 {
    static TABLE: OnceLock<Vec<u8>> = OnceLock::new();
    let table = TABLE.get_or_init(|| {
        (0..0x1_0000).map(|code| char::from_u32(code).map_or(0, looked_up)).collect()
    });
    table.get(letter as usize).copied().unwrap_or_else(|| looked_up(letter))
}

fn looked_up(letter: char) -> u8 {
    let alone = if stands_alone(letter) { ALONE } else { 0 };
    let letter_flag = if letter.is_alphanumeric() { LETTER } else { 0 };
    let large = if letter.to_lowercase().eq([letter]) { 0 } else { LARGE };
    alone | letter_flag | large
}

fn write_letter(letter: char, bytes: &[u8], grams: &mut Grams) {
    let flags = flags(letter);
    if flags & (LETTER | ALONE) != LETTER {
        grams.close();
    }
    if flags & (LETTER | LARGE) == LETTER {
        grams.buffer.extend_from_slice(bytes);
    } else if flags & LETTER != 0 {
        for lower in letter.to_lowercase() {
            grams.buffer.extend_from_slice(lower.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
    if flags & ALONE != 0 {
        grams.close();
    }
}

/// Scripts that are written without spaces: Thai, Lao, Myanmar, Khmer, kana, Han.
fn stands_alone(letter: char) -> bool {
    matches!(u32::from(letter),
        0x0e00..=0x0eff | 0x1000..=0x109f | 0x1780..=0x17ff | 0x3005..=0x3007 | 0x3041..=0x30ff
        | 0x31f0..=0x31ff | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xf900..=0xfaff
        | 0x20000..=0x3ffff)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prints(text: &str, n: usize) -> Vec<u64> {
        let mut prints = Vec::new();
        let mut take = |some: &[u64]| prints.extend_from_slice(some);
        let mut grams = Grams::new(n, text.len(), &mut take);
        write_words(text, &mut grams);
        grams.finish();
        prints
    }

    fn check(text: &str, n: usize, grams: &[&str]) {
        let wanted: Vec<u64> =
            grams.iter().map(|gram| XxHash64::oneshot(0, gram.as_bytes())).collect();
        assert_eq!(prints(text, n), wanted, "{text}");
    }

    #[test]
    fn words_are_cut_as_written() {
        check("It's  Né-ar.", 2, &["it s", "s né", "né ar"]);
        check("ÄB3c é", 2, &["äb3c é"]);
        check("Das 中文字 ok2", 3, &["das 中 文", "中 文 字", "文 字 ok2"]);
        check("one two", 3, &[]);
        check("", 1, &[]);
    }

    #[test]
    fn xxh64_is_the_published_one() {
        assert_eq!(XxHash64::oneshot(0, b""), 0xef46_db37_51d8_e999);
        assert_eq!(XxHash64::oneshot(0, b"abc"), 0x44bc_2cf5_ad77_0999);
    }

    #[test]
    fn a_long_text_gives_what_its_words_give() {
        let words: Vec<String> = (0..40_000).map(|i| format!("w{}", i * 7 % 1013)).collect();
        let wanted: Vec<u64> =
            words.windows(3).map(|gram| XxHash64::oneshot(0, gram.join(" ").as_bytes())).collect();
        assert!(prints(&words.join(", "), 3) == wanted);
    }
}
