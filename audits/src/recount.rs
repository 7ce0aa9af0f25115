//! A recount of a run's documents: its lists must give exactly the digests that its steps recorded.
//!
//! Every gathered document is followed through the steps; what each step leaves is hashed again and
//! compared with the step's result, so a document left out, added or moved is found.

use recipes::{Digest, Hasher};
use registry::{Registry, RunRecord};

use crate::walk::{End, Lists, WalkError, open, walk};

/// What a recount found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recount {
    pub gathered: u64,
    pub dropped: u64,
    pub trained: u64,
    pub held_out: u64,
    /// Steps that were counted again.
    pub steps: u64,
    /// The steps whose recorded digest is another.
    pub differing: Vec<String>,
}

/// The digest of a list of documents, as it grows.
#[derive(Clone, Default)]
struct Kept(Hasher);

impl Kept {
    fn push(&mut self, text: &Digest, id: &Digest) {
        self.0.update(text.as_bytes());
        self.0.update(id.as_bytes());
    }
}

fn pair(left: Digest, right: Digest) -> Digest {
    let mut hasher = Hasher::new();
    hasher.update(left.as_bytes());
    hasher.update(right.as_bytes());
    hasher.finish()
}

/// Counts a run's documents again.
pub fn recount(registry: &Registry, run: &RunRecord) -> Result<Recount, WalkError> {
    let lists = Lists::of(run)?;
    let mut recount = Recount::default();
    let mut gathered = vec![Kept::default(); lists.sources.len()];
    let mut cleaned = vec![Kept::default(); lists.cleaning.len()];
    let (mut trained, mut held) = (Kept::default(), Kept::default());
    walk(registry, &lists, u64::MAX, &mut |document| {
        let (id, source) = (&document.row.id, document.group.source);
        recount.gathered += 1;
        match gathered.get_mut(source as usize) {
            Some(list) => list.push(id, id),
            None => return Err(WalkError::Unfit(format!("there is no source {source}"))),
        }
        for (list, text) in cleaned.iter_mut().zip(document.texts) {
            list.push(text, id);
        }
        let text = document.texts.last().unwrap_or(id);
        match document.end {
            End::Dropped(..) => recount.dropped += 1,
            End::Trained(_) => {
                recount.trained += 1;
                trained.push(text, id);
            }
            End::HeldOut(_) => {
                recount.held_out += 1;
                held.push(text, id);
            }
            End::Kept => {}
        }
        Ok(true)
    })?;
    let sources = lists.sources.iter().zip(gathered);
    let sources = sources.map(|((name, _), list)| (format!("gather {name}"), list.0.finish()));
    let mut found: Vec<(String, Digest)> = sources.collect();
    for (step, list) in lists.cleaning.iter().zip(cleaned) {
        let fates = digest_of(registry, &step.fates)?;
        found.push((step.name.clone(), pair(list.0.finish(), fates)));
    }
    if lists.tokens.is_some() {
        found.push(("hold out".into(), pair(trained.0.finish(), held.0.finish())));
    }
    for (name, digest) in found {
        recount.steps += 1;
        let recorded = run.steps.iter().find(|step| step.name == name);
        if recorded.is_none_or(|step| step.result != digest) {
            recount.differing.push(name);
        }
    }
    Ok(recount)
}

/// The digest of a list's bytes as they are here.
fn digest_of(registry: &Registry, list: &Digest) -> Result<Digest, WalkError> {
    let about = |error: std::io::Error| WalkError::List { digest: *list, error: error.into() };
    let mut hasher = Hasher::new();
    std::io::copy(&mut open(registry, list)?, &mut hasher).map_err(about)?;
    Ok(hasher.finish())
}

impl Recount {
    /// Whether every step's digest came out again.
    pub fn agrees(&self) -> bool {
        self.differing.is_empty()
    }
}
