//! Documents flow through the steps of a recipe in blocks; memory is bounded by the block.
//!
//! A comparing step needs all documents before it decides about the first, so the steps are cut
//! into passes: each begins with what the comparison at the end of the one before decided, then
//! carries out the steps about single documents, and ends with the next comparison's first look.
//! Between two passes the documents lie in a spool.

use std::ops::Range;

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
    /// The document; its text is the one that the step before these, if it compared, left.
    pub document: &'d Document,
    /// The digest of the text before the step.
    pub before: Digest,
    /// The digest of the text after the step; where it was dropped, the same.
    pub after: Digest,
    pub outcome: &'d Outcome,
}

/// What a step decided about a document, and the digest of the text that it made.
type Way = (Outcome, Option<Digest>);

/// What some steps decided about the documents of a block.
pub struct Decisions<'d> {
    pub kernels: &'d Kernels,
    steps: Range<usize>,
    block: &'d [Flowing],
    /// The ways of each document through the steps, as far as it came.
    ways: &'d [Vec<Way>],
}

impl<'d> Decisions<'d> {
    /// The positions of the steps in the recipe.
    pub fn steps(&self) -> Range<usize> {
        self.steps.clone()
    }

    /// What one of the steps decided, in document order.
    pub fn of(&self, step: usize) -> impl Iterator<Item = Decided<'d>> {
        let index = step - self.steps.start;
        self.block.iter().zip(self.ways).filter_map(move |(flowing, ways)| {
            let (outcome, digest) = ways.get(index)?;
            let before = ways[..index].iter().rev().find_map(|(_, digest)| *digest);
            let before = before.unwrap_or(flowing.digest);
            let (document, after) = (&flowing.document, digest.unwrap_or(before));
            Some(Decided { step, document, before, after, outcome })
        })
    }
}

/// Is told what steps decide about the documents of every block, blocks in document order.
pub trait Watch {
    /// Takes the decisions about a block.
    fn decided(&mut self, decisions: &Decisions) -> std::io::Result<()>;
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
    pub fn decides(&self) -> Range<usize> {
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
        let ways = outcomes.into_iter().zip(digests).map(|way| vec![way]).collect();
        Ok(follow(self.next - 1..self.next, block, ways, kernels, watch)?)
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
    let all = kernels.map(block.len(), &|index| -> Vec<Way> {
        let with_digest = |decision| {
            let digest = digest_of(&decision);
            (Outcome::alone(decision), digest)
        };
        chain(steps, &block[index].document).into_iter().map(with_digest).collect()
    });
    Ok(follow(first..first + steps.len(), block, all, kernels, watch)?)
}

/// Tells what steps decided about a block; gives back the documents that are left, as they are.
fn follow(
    steps: Range<usize>,
    block: Vec<Flowing>,
    ways: Vec<Vec<Way>>,
    kernels: &Kernels,
    watch: &mut dyn Watch,
) -> std::io::Result<Vec<Flowing>> {
    watch.decided(&Decisions { kernels, steps, block: &block, ways: &ways })?;
    let after = |(mut flowing, ways): (Flowing, Vec<Way>)| {
        for (outcome, digest) in ways {
            match outcome.decision {
                Decision::Keep(_) => {}
                Decision::Change(now) => flowing.document.text = now,
                Decision::Drop(_) => return None,
            }
            flowing.digest = digest.unwrap_or(flowing.digest);
        }
        Some(flowing)
    };
    Ok(block.into_iter().zip(ways).filter_map(after).collect())
}
