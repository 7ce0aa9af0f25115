//! Steps that decide about a document by the others: two passes over all of them, in blocks.

use std::borrow::Cow;

use recipes::Digest;
use recipes::recipe::{CleaningStep, DedupAddress};

use crate::address;
use crate::clean::Outcome;
use crate::decision::{Decision, Drop};
use crate::dedup::{self, Bench, Dedup, DedupError, Judge, Repeat, Verdict};
use crate::document::Document;
use crate::select;
use crate::spill::Shelf;

/// The first pass.
pub trait Compare<'a> {
    /// Sees the next documents.
    fn see(&mut self, documents: &[&Document]) -> Result<(), DedupError>;

    /// Ends the first pass.
    fn settle(self: Box<Self>) -> Result<Box<dyn Settled + 'a>, DedupError>;
}

/// The second pass.
pub trait Settled {
    /// Decides about the next documents, which must be the ones seen, in the same order.
    fn outcomes(&mut self, documents: &[&Document]) -> Result<Vec<Outcome>, DedupError>;
}

/// The comparison that a step asks for; nothing where it decides about each document alone.
pub fn of<'a>(step: &CleaningStep, bench: Bench<'a>) -> Option<Box<dyn Compare<'a> + 'a>> {
    Some(match step {
        CleaningStep::SelectRange1(settings) => Box::new(select::Range::new(settings)),
        CleaningStep::SelectTop1(settings) => Box::new(select::Top::new(settings, bench.kernels)),
        CleaningStep::SelectTopScore1(settings) => {
            Box::new(select::Top::learned(settings, bench.kernels))
        }
        CleaningStep::SelectCap1(settings) => Box::new(select::Cap::new(settings)),
        step => {
            // The ids of the documents that others repeat are the smaller part.
            let share = bench.budget / 8;
            let dedup = dedup::of(step, Bench { budget: bench.budget - share, ..bench })?;
            let ids = Shelf::new(bench.scratch, size_of::<Digest>(), share);
            let by = match step {
                CleaningStep::DedupAddress1(settings) => By::Address(settings.clone()),
                _ => By::Text,
            };
            Box::new(Repeats { dedup, ids, by })
        }
    })
}

/// A deduplication, with the ids of the documents that it saw.
struct Repeats<'a> {
    dedup: Box<dyn Dedup<'a> + 'a>,
    ids: Shelf<'a>,
    by: By,
}

/// By what documents are compared.
enum By {
    Text,
    Address(DedupAddress),
}

impl By {
    fn of<'d>(&self, documents: &[&'d Document]) -> Vec<Cow<'d, str>> {
        let url = |document: &'d Document| document.about.url.as_deref().unwrap_or_default();
        let of = |document: &&'d Document| match self {
            By::Text => Cow::Borrowed(document.text.as_str()),
            By::Address(settings) => {
                let url = address::without(url(document), &settings.without);
                Cow::Owned(if settings.bare { address::bare(&url) } else { url })
            }
        };
        documents.iter().map(of).collect()
    }
}

impl<'a> Compare<'a> for Repeats<'a> {
    fn see(&mut self, documents: &[&Document]) -> Result<(), DedupError> {
        for document in documents {
            self.ids.push(document.id.as_bytes())?;
        }
        let compared = self.by.of(documents);
        self.dedup.see(&compared.iter().map(Cow::as_ref).collect::<Vec<_>>())
    }

    fn settle(self: Box<Self>) -> Result<Box<dyn Settled + 'a>, DedupError> {
        Ok(Box::new(Judged { judge: self.dedup.settle()?, ids: self.ids }))
    }
}

struct Judged<'a> {
    judge: Box<dyn Judge + 'a>,
    ids: Shelf<'a>,
}

impl Settled for Judged<'_> {
    fn outcomes(&mut self, documents: &[&Document]) -> Result<Vec<Outcome>, DedupError> {
        let texts: Vec<&str> = documents.iter().map(|document| document.text.as_str()).collect();
        let verdicts = self.judge.judge(&texts)?;
        let mut id = |number: u32| -> Result<Option<Digest>, DedupError> {
            let mut bytes = [0; size_of::<Digest>()];
            self.ids.read(u64::from(number), &mut bytes)?;
            Ok(Some(Digest::from_bytes(bytes)))
        };
        let outcome = |verdict| {
            Ok(match verdict {
                Verdict::Keep => Outcome::alone(Decision::Keep(Vec::new())),
                Verdict::Change(cut) => {
                    Outcome { decision: Decision::Change(cut.text), repeats: id(cut.of)? }
                }
                Verdict::Drop(Repeat { of, measure, value, limit }) => Outcome {
                    decision: Decision::Drop(Drop { measure: measure.into(), value, limit }),
                    repeats: id(of)?,
                },
            })
        };
        verdicts.into_iter().map(outcome).collect()
    }
}
