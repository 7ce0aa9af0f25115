//! Lines, paragraphs and spans of sentences that stood before are taken out of a text:
//! `dedup.lines@1`, `dedup.paragraphs@1`, `dedup.sentences@1`.
//!
//! A part is known by SHA-256 of its text without white space at its ends; of equal parts the first
//! in document order, then in the text, stays. A part ends with its newlines or spaces, so what
//! stays is as it was. Spans of sentences after Raffel et al. (2020), "Exploring the limits of
//! transfer learning with a unified text-to-text transformer", section 2.2.

use recipes::Digest;

use crate::dedup::{Bench, Cut, Dedup, DedupError, Judge, Repeat, Verdict, number_of, repeated};
use crate::spill::{Sorted, Sorter};

/// What a text is cut into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Each ends at `\n`.
    Lines,
    /// Each ends at two or more `\n`.
    Paragraphs,
    /// Each ends at a full stop or `\n`.
    Sentences,
}

/// What decides the result.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub level: Level,
    /// Parts that are compared together: sentences of a span; 1 at the other levels.
    pub span: usize,
    /// Spans with fewer characters always stay.
    pub chars_min: usize,
}

/// A part's key (16 bytes of the digest), its document and its place in it.
const RECORD: usize = 16 + 4 + 4;
/// A repeated part's document and place, and the document where it stood first.
const REPEAT: usize = 4 + 4 + 4;

/// The first pass: puts the parts' keys aside.
pub struct Parts<'a> {
    bench: Bench<'a>,
    settings: Settings,
    keys: Sorter<'a, RECORD>,
    seen: u32,
}

impl<'a> Parts<'a> {
    /// Makes ready; half of the budget is for keys, half for what repeats.
    pub fn new(settings: Settings, bench: Bench<'a>) -> Parts<'a> {
        Parts { bench, settings, keys: Sorter::new(bench.scratch, bench.budget / 2), seen: 0 }
    }
}

impl<'a> Dedup<'a> for Parts<'a> {
    fn see(&mut self, texts: &[&str]) -> Result<(), DedupError> {
        let settings = self.settings;
        let keys = |index: usize| keys(texts[index], settings);
        for keys in self.bench.kernels.map(texts.len(), &keys) {
            for (place, key) in keys {
                let mut record = [0; RECORD];
                record[..16].copy_from_slice(&key);
                record[16..20].copy_from_slice(&self.seen.to_be_bytes());
                record[20..].copy_from_slice(&place.to_be_bytes());
                self.keys.push(record)?;
            }
            self.seen = self.seen.checked_add(1).ok_or(DedupError::Documents)?;
        }
        Ok(())
    }

    fn settle(self: Box<Self>) -> Result<Box<dyn Judge + 'a>, DedupError> {
        let room = (self.bench.scratch, self.bench.budget / 2);
        let mut repeats = repeated(self.keys, 16, room, |first, record| {
            let mut repeat = [0; REPEAT];
            repeat[..8].copy_from_slice(&record[16..]);
            repeat[8..].copy_from_slice(&first[16..20]);
            repeat
        })?;
        let ahead = repeats.pull()?;
        let (bench, settings) = (self.bench, self.settings);
        Ok(Box::new(Cutter { bench, settings, repeats, ahead, next: 0 }))
    }
}

/// The second pass: takes repeated parts out.
struct Cutter<'a> {
    bench: Bench<'a>,
    settings: Settings,
    repeats: Sorted<REPEAT>,
    ahead: Option<[u8; REPEAT]>,
    next: u32,
}

impl Judge for Cutter<'_> {
    fn judge(&mut self, texts: &[&str]) -> Result<Vec<Verdict>, DedupError> {
        let mut places = Vec::with_capacity(texts.len());
        for _ in texts {
            let mut own = Vec::new();
            while let Some(repeat) = self.ahead.filter(|a| number_of(&a[..4]) == self.next) {
                own.push((number_of(&repeat[4..8]), number_of(&repeat[8..])));
                self.ahead = self.repeats.pull()?;
            }
            places.push(own);
            self.next += 1;
        }
        let settings = self.settings;
        let verdict = |index: usize| without(texts[index], &places[index], settings);
        Ok(self.bench.kernels.map(texts.len(), &verdict))
    }
}

/// A text without the spans at some places (in order, each with where it stood first).
fn without(text: &str, places: &[(u32, u32)], settings: Settings) -> Verdict {
    let Some((_, of)) = places.first() else { return Verdict::Keep };
    let mut places = places.iter().map(|(place, _)| *place as usize).peekable();
    let (mut left, mut parts, mut bytes, mut gone_until) = (String::new(), 0, 0, 0);
    for (place, part) in cut(text, settings.level).enumerate() {
        if places.next_if_eq(&place).is_some() {
            gone_until = place + settings.span;
        }
        if place < gone_until {
            parts += 1;
            bytes += part.len() as u64;
        } else {
            left.push_str(part);
        }
    }
    if left.trim().is_empty() {
        let (measure, limit) = ("chars_left", Some(1.0));
        return Verdict::Drop(Repeat { of: *of, measure, value: 0.0, limit });
    }
    Verdict::Change(Cut { text: left, of: *of, parts, bytes })
}

/// The keys of all spans that may go, with the place of their first part.
fn keys(text: &str, settings: Settings) -> Vec<(u32, [u8; 16])> {
    let parts: Vec<&str> = cut(text, settings.level).map(str::trim).collect();
    let mut keys = Vec::new();
    for (place, span) in parts.windows(settings.span).enumerate() {
        let joined;
        let whole = match span {
            [one] => *one,
            several => {
                joined = several.join("\n");
                joined.trim()
            }
        };
        if whole.is_empty() || !has_chars(whole, settings.chars_min) {
            continue;
        }
        let digest = Digest::of(whole.as_bytes());
        let key = *digest.as_bytes().first_chunk().expect("32 bytes");
        keys.push((u32::try_from(place).unwrap_or(u32::MAX), key));
    }
    keys
}

fn has_chars(text: &str, chars_min: usize) -> bool {
    chars_min <= 1 || text.chars().nth(chars_min - 1).is_some()
}

/// The parts of a text, one after another; together they are the text.
fn cut(text: &str, level: Level) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let len = match level {
            Level::Lines => rest.find('\n').map_or(rest.len(), |end| end + 1),
            Level::Paragraphs => paragraph(rest),
            Level::Sentences => sentence(rest),
        };
        let (part, after) = rest.split_at(len);
        rest = after;
        (!part.is_empty()).then_some(part)
    })
}

/// The length of the first paragraph with the newlines that end it.
fn paragraph(text: &str) -> usize {
    let Some(end) = text.find("\n\n") else { return text.len() };
    end + text[end..].bytes().take_while(|byte| *byte == b'\n').count()
}

/// The length of the first sentence: up to a newline, up to `.`, `!` or `?` with what closes it
/// and at least one space, or up to a full stop of a script without spaces; spaces after it belong
/// to it.
fn sentence(text: &str) -> usize {
    let mut letters = text.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        let stop = matches!(letter, '.' | '!' | '?' | '…');
        let wide = matches!(letter, '。' | '！' | '？');
        if !(stop || wide || letter == '\n') {
            continue;
        }
        let closing = |letter: char| {
            matches!(letter, '"' | '\'' | ')' | ']' | '”' | '’' | '」' | '』' | '）')
        };
        let mut end = at + letter.len_utf8();
        while letter != '\n'
            && let Some((place, _)) = letters.next_if(|(_, next)| closing(*next))
        {
            end = place + text[place..].chars().next().map_or(0, char::len_utf8);
        }
        let spaces: usize =
            text[end..].chars().take_while(|next| next.is_whitespace()).map(char::len_utf8).sum();
        if wide || letter == '\n' || spaces > 0 || end == text.len() {
            return end + spaces;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dedup::verdicts;
    use crate::spill::InMemory;
    use kernels::{Kernels, Tier};

    fn left(level: Level, span: usize, texts: &[&str]) -> Vec<String> {
        let mut all = Vec::new();
        for (threads, budget, block) in [(1, 1 << 20, 100), (2, 0, 1), (3, 1000, 2), (7, 0, 3)] {
            let kernels = Kernels::new(Tier::Scalar, threads).expect("kernels");
            let bench = Bench { kernels: &kernels, scratch: &InMemory, budget };
            let settings = Settings { level, span, chars_min: 1 };
            let found = verdicts(Box::new(Parts::new(settings, bench)), texts, block);
            let text = |(verdict, text): (Verdict, &&str)| match verdict {
                Verdict::Keep => (*text).to_owned(),
                Verdict::Change(cut) => {
                    assert_eq!(cut.text.len() as u64 + cut.bytes, text.len() as u64);
                    format!("{}|{} of {}", cut.text, cut.parts, cut.of)
                }
                Verdict::Drop(repeat) => format!("gone, as {}", repeat.of),
            };
            all.push(found.into_iter().zip(texts).map(text).collect());
        }
        assert!(all.iter().all(|found| *found == all[0]));
        all.remove(0)
    }

    #[test]
    fn a_line_that_stood_before_goes() {
        let texts = ["menu\n\n one\n", "two\nmenu\n\nend", " menu \n", "\n", "two\ntwo", "a\na\n"];
        let wanted =
            ["menu\n\n one\n", "two\n\nend|1 of 0", "gone, as 0", "\n", "gone, as 1", "a\n|1 of 5"];
        assert_eq!(left(Level::Lines, 1, &texts), wanted);
    }

    #[test]
    fn a_paragraph_that_stood_before_goes() {
        let texts = ["a\nb\n\n\nc\n", "c\n\nd", "a\n\nb\n\nd\n"];
        assert_eq!(
            left(Level::Paragraphs, 1, &texts),
            ["a\nb\n\n\nc\n", "d|1 of 0", "a\n\nb\n\n|1 of 1"]
        );
    }

    #[test]
    fn three_sentences_that_stood_before_go() {
        let texts =
            ["A b. C d! E f? G.", "X. A b. C d! E f? Y.", "C d! E f?", "好。\"是！\"吗？完"];
        assert_eq!(
            left(Level::Sentences, 3, &texts),
            ["A b. C d! E f? G.", "X. Y.|3 of 0", "C d! E f?", "好。\"是！\"吗？完"]
        );
    }

    #[test]
    fn sentences_end_where_they_do() {
        let parts = |text| cut(text, Level::Sentences).collect::<Vec<&str>>();
        assert_eq!(parts("It is 3.5 (ok.) Yes.\nNo"), ["It is 3.5 (ok.) ", "Yes.\n", "No"]);
        assert_eq!(parts("好。“是！”吗"), ["好。", "“是！”", "吗"]);
    }
}
