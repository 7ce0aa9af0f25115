//! `dedup.exact@1`: texts with equal SHA-256 are one text; the first in document order stays.
//! `dedup.address@1` does the same with addresses, of which empty ones are none.

use std::borrow::Cow;

use recipes::Digest;
use recipes::recipe::{DedupExact, KeepOf};

use crate::dedup::{Bench, Dedup, DedupError, Judge, Repeat, Verdict, number_of, repeated};
use crate::spill::{Sorted, Sorter};

/// A text's digest and its document's number.
const RECORD: usize = 32 + 4;
/// A document's number and the number of the one that it repeats.
const REPEAT: usize = 4 + 4;

/// The first pass: puts the digests aside.
pub struct Exact<'a> {
    bench: Bench<'a>,
    digests: Sorter<'a, RECORD>,
    seen: u32,
    kind: Kind,
}

/// What is compared.
#[derive(PartialEq)]
enum Kind {
    Texts(DedupExact),
    /// Empty ones are unlike every other.
    Addresses(KeepOf),
}

impl Kind {
    /// A document's number as it is sorted, and back: the one that stays comes first.
    fn turned(&self, number: u32) -> u32 {
        if *self == Kind::Addresses(KeepOf::Last) { !number } else { number }
    }

    /// What of a text is compared.
    fn compared<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let Kind::Texts(settings) = self else { return text.into() };
        let mut text = Cow::Borrowed(if settings.trim { text.trim() } else { text });
        if settings.any_case {
            text = text.to_lowercase().into();
        }
        if settings.bare {
            let gone = |c: char| c.is_whitespace() || c.is_numeric() || c.is_ascii_punctuation();
            text = text.chars().filter(|c| !gone(*c)).collect::<String>().into();
        }
        text
    }
}

impl<'a> Exact<'a> {
    /// Makes ready; half of the budget is for digests, half for what repeats.
    pub fn texts(settings: &DedupExact, bench: Bench<'a>) -> Exact<'a> {
        Exact::new(Kind::Texts(settings.clone()), bench)
    }

    /// The same for addresses.
    pub fn addresses(keep: KeepOf, bench: Bench<'a>) -> Exact<'a> {
        Exact::new(Kind::Addresses(keep), bench)
    }

    fn new(kind: Kind, bench: Bench<'a>) -> Exact<'a> {
        Exact { bench, digests: Sorter::new(bench.scratch, bench.budget / 2), seen: 0, kind }
    }
}

impl<'a> Dedup<'a> for Exact<'a> {
    fn see(&mut self, texts: &[&str]) -> Result<(), DedupError> {
        let kind = &self.kind;
        let digest = |index: usize| Digest::of(kind.compared(texts[index]).as_bytes());
        for (text, digest) in texts.iter().zip(self.bench.kernels.map(texts.len(), &digest)) {
            let mut record = [0; RECORD];
            record[..32].copy_from_slice(digest.as_bytes());
            record[32..].copy_from_slice(&self.kind.turned(self.seen).to_be_bytes());
            if matches!(self.kind, Kind::Texts(_)) || !text.is_empty() {
                self.digests.push(record)?;
            }
            self.seen = self.seen.checked_add(1).ok_or(DedupError::Documents)?;
        }
        Ok(())
    }

    fn settle(self: Box<Self>) -> Result<Box<dyn Judge + 'a>, DedupError> {
        let kind = self.kind;
        let room = (self.bench.scratch, self.bench.budget / 2);
        let number = |record: &[u8; RECORD]| kind.turned(number_of(&record[32..]));
        let mut repeats = repeated(self.digests, 32, room, |first, record| {
            let mut repeat = [0; REPEAT];
            repeat[..4].copy_from_slice(&number(record).to_be_bytes());
            repeat[4..].copy_from_slice(&number(first).to_be_bytes());
            repeat
        })?;
        let ahead = repeats.pull()?;
        let measure = match kind {
            Kind::Texts(_) => "same_text",
            Kind::Addresses(_) => "same_address",
        };
        Ok(Box::new(Repeats { repeats, ahead, next: 0, measure }))
    }
}

/// The second pass: goes along the repeats in document order.
struct Repeats {
    repeats: Sorted<REPEAT>,
    ahead: Option<[u8; REPEAT]>,
    next: u32,
    measure: &'static str,
}

impl Judge for Repeats {
    fn judge(&mut self, texts: &[&str]) -> Result<Vec<Verdict>, DedupError> {
        let mut verdicts = Vec::with_capacity(texts.len());
        for _ in texts {
            let ahead = self.ahead.filter(|ahead| number_of(&ahead[..4]) == self.next);
            verdicts.push(match ahead {
                Some(repeat) => {
                    self.ahead = self.repeats.pull()?;
                    let (of, measure) = (number_of(&repeat[4..]), self.measure);
                    Verdict::Drop(Repeat { of, measure, value: 1.0, limit: None })
                }
                None => Verdict::Keep,
            });
            self.next += 1;
        }
        Ok(verdicts)
    }
}
