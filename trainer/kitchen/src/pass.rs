//! Documents flow through the steps of a recipe in blocks; memory is bounded by the block.
//!
//! A comparing step needs all documents before it decides about the first, so the steps are cut
//! into passes: each begins with what the comparison at the end of the one before decided, then
//! carries out the steps about single documents, and ends with the next comparison's first look.
//! Between two passes the documents lie in a spool.

use kernels::Kernels;
use recipes::Digest;
use recipes::recipe::CleaningStep;

use crate::chain::chain;
use crate::clean::Outcome;
use crate::compare::{self, Compare, Settled};
use crate::decision::Decision;
use crate::dedup::{Bench, DedupError};
use crate::document::Document;
use crate::prepared::Prepared;

/// A document on its way, with the digest of its text as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flowing {
    pub document: Document,
    pub digest: Digest,
}

impl Flowing {
    /// A document as it was gathered.
    pub fn gathered(document: Document) -> Flowing {
        Flowing { digest: document.id, document }
    }
}

/// What a step decided about a document.
pub struct Decided<'d> {
    /// The step's position in the recipe.
    pub step: usize,
    /// The document; its text is the one that the pass began with.
    pub document: &'d Document,
    /// The digest of the text before the step.
    pub before: Digest,
    /// The digest of the text after the step; where it was dropped, the same.
    pub after: Digest,
    pub outcome: &'d Outcome,
}

/// Is told what every step decides about every document; for one step in document order.
pub trait Watch {
    /// Takes a decision.
    fn decided(&mut self, decided: &Decided) -> std::io::Result<()>;
}

/// One pass.
pub struct Pass<'a> {
    steps: &'a [CleaningStep],
    bench: Bench<'a>,
    /// The comparison that decides first; its step is the one before `next`.
    settled: Option<Box<dyn Settled + 'a>>,
    /// The position of the first step about single documents.
    next: usize,
    alone: Vec<Prepared<'a>>,
    /// The comparison that sees what is left; its step comes after them.
    begun: Option<Box<dyn Compare<'a> + 'a>>,
}

impl<'a> Pass<'a> {
    /// The first pass of a recipe.
    pub fn first(steps: &'a [CleaningStep], bench: Bench<'a>) -> Pass<'a> {
        Pass::from(steps, bench, None, 0)
    }

    fn from(
        steps: &'a [CleaningStep],
        bench: Bench<'a>,
        settled: Option<Box<dyn Settled + 'a>>,
        next: usize,
    ) -> Pass<'a> {
        let (mut alone, mut begun) = (Vec::new(), None);
        for step in &steps[next..] {
            begun = compare::of(step, bench);
            if begun.is_some() {
                break;
            }
            alone.push(Prepared::of(step));
        }
        Pass { steps, bench, settled, next, alone, begun }
    }

    /// Whether every step has decided once this pass is over.
    pub fn is_last(&self) -> bool {
        self.begun.is_none()
    }

    /// The positions of the steps that decide in this pass.
    pub fn decides(&self) -> std::ops::Range<usize> {
        self.next - usize::from(self.settled.is_some())..self.end()
    }

    /// The position after the last step about single documents.
    fn end(&self) -> usize {
        self.next + self.alone.len()
    }

    /// Carries the pass out over the next documents; gives back those that are left.
    pub fn push(
        &mut self,
        block: Vec<Flowing>,
        watch: &mut dyn Watch,
    ) -> Result<Vec<Flowing>, DedupError> {
        let block = self.judge(block, watch)?;
        let left = alone(&self.alone, self.next, block, self.bench, watch)?;
        if let Some(begun) = &mut self.begun {
            begun.see(&documents(&left))?;
        }
        Ok(left)
    }

    fn judge(
        &mut self,
        block: Vec<Flowing>,
        watch: &mut dyn Watch,
    ) -> Result<Vec<Flowing>, DedupError> {
        let Some(settled) = &mut self.settled else { return Ok(block) };
        let outcomes = settled.outcomes(&documents(&block))?;
        let kernels = self.bench.kernels;
        let digests = kernels.map(outcomes.len(), &|index| digest_of(&outcomes[index].decision));
        let mut left = Vec::with_capacity(block.len());
        for ((flowing, outcome), digest) in block.into_iter().zip(outcomes).zip(digests) {
            let ways = vec![(outcome, digest)];
            left.extend(follow(self.next - 1, flowing, ways, watch)?);
        }
        Ok(left)
    }

    /// Ends the pass; gives the next one, through which the documents that are left must go.
    pub fn finish(self) -> Result<Option<Pass<'a>>, DedupError> {
        let next = self.end() + 1;
        let Some(begun) = self.begun else { return Ok(None) };
        Ok(Some(Pass::from(self.steps, self.bench, Some(begun.settle()?), next)))
    }
}

/// The digest of the text that a decision makes.
fn digest_of(decision: &Decision) -> Option<Digest> {
    match decision {
        Decision::Change(text) => Some(Digest::of(text.as_bytes())),
        _ => None,
    }
}

fn documents(block: &[Flowing]) -> Vec<&Document> {
    block.iter().map(|flowing| &flowing.document).collect()
}

/// Carries steps about single documents out; the first is at position `first` of the recipe.
fn alone(
    steps: &[Prepared],
    first: usize,
    block: Vec<Flowing>,
    bench: Bench,
    watch: &mut dyn Watch,
) -> Result<Vec<Flowing>, DedupError> {
    if steps.is_empty() {
        return Ok(block);
    }
    let kernels: &Kernels = bench.kernels;
    let all = kernels.map(block.len(), &|index| -> Vec<(Outcome, Option<Digest>)> {
        let with_digest = |decision| {
            let digest = digest_of(&decision);
            (Outcome::alone(decision), digest)
        };
        chain(steps, &block[index].document).into_iter().map(with_digest).collect()
    });
    let mut left = Vec::with_capacity(block.len());
    for (flowing, ways) in block.into_iter().zip(all) {
        left.extend(follow(first, flowing, ways, watch)?);
    }
    Ok(left)
}

/// Tells what steps from position `first` on decided about a document; gives it back as it is then.
fn follow(
    first: usize,
    mut flowing: Flowing,
    ways: Vec<(Outcome, Option<Digest>)>,
    watch: &mut dyn Watch,
) -> std::io::Result<Option<Flowing>> {
    let mut text = None;
    for (step, (outcome, digest)) in (first..).zip(ways) {
        let (before, after) = (flowing.digest, digest.unwrap_or(flowing.digest));
        let document = &flowing.document;
        watch.decided(&Decided { step, document, before, after, outcome: &outcome })?;
        flowing.digest = after;
        match outcome.decision {
            Decision::Keep(_) => {}
            Decision::Change(now) => text = Some(now),
            Decision::Drop(_) => return Ok(None),
        }
    }
    if let Some(text) = text {
        flowing.document.text = text;
    }
    Ok(Some(flowing))
}
