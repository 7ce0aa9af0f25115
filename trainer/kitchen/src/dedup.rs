//! Deduplication in two passes over the texts, none of which is kept: what every level shares.
//!
//! First all texts are seen, in document order and in blocks of any size; then each is judged, in
//! the same order. What has to be remembered in between is written to spill files past a memory
//! budget. Of what repeats, the first in document order stays, whatever the number of threads,
//! the size of the blocks and the budget are.

use kernels::Kernels;
use recipes::recipe::{CleaningStep, DedupSentences, MinhashProfile, RepeatedRuns};

use crate::dedup_exact::Exact;
use crate::dedup_minhash::{Minhash, Scheme, Settings};
use crate::dedup_ngrams::{self, Ngrams};
use crate::dedup_parts::{self, Level, Parts};
use crate::dedup_simhash::{self, Simhash};
use crate::dedup_substring::{self, Substring};
use crate::spill::{Scratch, Sorted, Sorter};

/// What a deduplication works with.
#[derive(Clone, Copy)]
pub struct Bench<'a> {
    pub kernels: &'a Kernels,
    pub scratch: &'a dyn Scratch,
    /// Bytes that records may take in memory; blocks of texts and four bytes a document are not
    /// counted.
    pub budget: usize,
}

/// Why a deduplication cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum DedupError {
    #[error("a spill file failed: {0}")]
    Spill(#[from] std::io::Error),
    #[error("more than {max} documents, wanted fewer", max = u32::MAX)]
    Documents,
}

/// The deduplication that a step asks for; nothing where it is another kind of step.
pub fn of<'a>(step: &CleaningStep, bench: Bench<'a>) -> Option<Box<dyn Dedup<'a> + 'a>> {
    Some(match step {
        CleaningStep::DedupExact1(settings) => Box::new(Exact::texts(settings, bench)),
        CleaningStep::DedupAddress1(settings) => Box::new(Exact::addresses(settings.keep, bench)),
        CleaningStep::DedupMinhash1(settings) => {
            let settings = Settings {
                scheme: Scheme::First,
                ngram_words: settings.ngram_words as usize,
                bands: settings.bands as usize,
                rows: settings.rows as usize,
                seed: u64::from(settings.seed),
            };
            Box::new(Minhash::new(settings, bench))
        }
        CleaningStep::DedupMinhash2(settings) => {
            let settings = Settings {
                scheme: match settings.profile {
                    MinhashProfile::Ingot => Scheme::Own,
                    MinhashProfile::Datatrove => Scheme::Datatrove,
                },
                ngram_words: settings.ngram_words as usize,
                bands: settings.bands as usize,
                rows: settings.rows as usize,
                seed: u64::from(settings.seed),
            };
            Box::new(Minhash::new(settings, bench))
        }
        CleaningStep::DedupLines1(settings) => parts(Level::Lines, 1, settings.chars_min, bench),
        CleaningStep::DedupParagraphs1(settings) => {
            parts(Level::Paragraphs, 1, settings.chars_min, bench)
        }
        CleaningStep::DedupSentences1(DedupSentences { span, chars_min }) => {
            parts(Level::Sentences, *span, *chars_min, bench)
        }
        CleaningStep::DedupSimhash1(settings) => {
            let (ngram_words, bits_max) = (settings.ngram_words as usize, settings.bits_max);
            Box::new(Simhash::new(dedup_simhash::Settings { ngram_words, bits_max }, bench))
        }
        CleaningStep::DedupNgrams1(settings) => {
            let (ngram_words, share_max) = (settings.ngram_words as usize, settings.share_max);
            Box::new(Ngrams::new(dedup_ngrams::Settings { ngram_words, share_max }, bench))
        }
        CleaningStep::DedupSubstring1(settings) => {
            let share_max = (settings.runs == RepeatedRuns::Drop).then_some(settings.share_max);
            let window = settings.bytes_min as usize;
            Box::new(Substring::new(dedup_substring::Settings { window, share_max }, bench))
        }
        _ => return None,
    })
}

fn parts<'a>(level: Level, span: u32, chars_min: u32, bench: Bench<'a>) -> Box<dyn Dedup<'a> + 'a> {
    let (span, chars_min) = (span as usize, chars_min as usize);
    Box::new(Parts::new(dedup_parts::Settings { level, span, chars_min }, bench))
}

/// The first pass.
pub trait Dedup<'a> {
    /// Sees the next texts.
    fn see(&mut self, texts: &[&str]) -> Result<(), DedupError>;

    /// Ends the first pass.
    fn settle(self: Box<Self>) -> Result<Box<dyn Judge + 'a>, DedupError>;
}

/// The second pass.
pub trait Judge {
    /// Judges the next texts, which must be the ones seen, in the same order.
    fn judge(&mut self, texts: &[&str]) -> Result<Vec<Verdict>, DedupError>;
}

/// What becomes of a document.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    Keep,
    /// It repeats an earlier document.
    Drop(Repeat),
    /// Parts of it repeat earlier ones; they are gone from the text.
    Change(Cut),
}

/// A document that repeats an earlier one.
#[derive(Clone, Debug, PartialEq)]
pub struct Repeat {
    /// The earlier document's number in document order.
    pub of: u32,
    pub measure: &'static str,
    pub value: f64,
    /// What the value is compared with; for equal texts, nothing.
    pub limit: Option<f64>,
}

/// A document without its repeated parts.
#[derive(Clone, Debug, PartialEq)]
pub struct Cut {
    pub text: String,
    /// The document where the first removed part stood before; may be this one.
    pub of: u32,
    /// Parts removed: lines, paragraphs, sentences, or ranges of bytes.
    pub parts: u64,
    /// Bytes removed.
    pub bytes: u64,
}

/// A number from its four bytes in a record.
pub(crate) fn number_of(bytes: &[u8]) -> u32 {
    u32::from_be_bytes(bytes.try_into().expect("four bytes"))
}

/// Every record whose first `key` bytes stood before with the first record that has them, as `pair`
/// puts them together, in order; a part of the budget is for these.
pub(crate) fn repeated<'a, const R: usize, const P: usize>(
    records: Sorter<'a, R>,
    key: usize,
    (scratch, budget): (&'a dyn Scratch, usize),
    pair: impl Fn(&[u8; R], &[u8; R]) -> [u8; P],
) -> std::io::Result<Sorted<P>> {
    let mut records = records.finish()?;
    let mut pairs = Sorter::new(scratch, budget);
    let mut first: Option<[u8; R]> = None;
    while let Some(record) = records.pull()? {
        match &first {
            Some(first) if first[..key] == record[..key] => pairs.push(pair(first, &record))?,
            _ => first = Some(record),
        }
    }
    pairs.finish()
}

/// Runs both passes over texts in memory.
#[cfg(test)]
pub fn verdicts<'a>(
    mut dedup: Box<dyn Dedup<'a> + 'a>,
    texts: &[&str],
    block: usize,
) -> Vec<Verdict> {
    for part in texts.chunks(block) {
        dedup.see(part).expect("memory");
    }
    let mut judge = dedup.settle().expect("memory");
    texts.chunks(block).flat_map(|part| judge.judge(part).expect("memory")).collect()
}
