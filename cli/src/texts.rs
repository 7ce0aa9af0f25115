//! A document's text made again: read from its source, then changed as its steps changed it.
//!
//! Always holds: a text is given only if it has the digest that the run recorded.

use audits::story::{Event, Story};
use audits::walk::Lists;
use kernels::{Kernels, Tier};
use recipes::{Digest, Manifest, ManifestFile};
use registry::{Registry, RunRecord};
use trainer::clean::outcomes;
use trainer::gather::{GatherError, gather};
use trainer::{Decision, Document};

use crate::furnace;

/// The largest source file that is read for one document, in bytes.
const FILE_BYTES_MAX: u64 = 32 << 20;
/// The longest text that is changed again, in bytes.
const TEXT_BYTES_MAX: usize = 1 << 20;

/// The text as it was gathered, then as each step that changed it left it, as far as the document
/// alone tells; else why there is none.
pub fn made_again(
    registry: &Registry,
    run: &RunRecord,
    story: &Story,
) -> Result<Vec<String>, String> {
    let words = |error: &dyn std::fmt::Display| error.to_string();
    let pinned = registry.pinned(&run.summary.recipe).map_err(|error| words(&error))?;
    let lists = Lists::of(run).map_err(|error| words(&error))?;
    let kernels = Kernels::new(Tier::Scalar, 1).map_err(|error| words(&error))?;
    let manifest = pinned.sources.get(&story.source).ok_or("its source has no files")?;
    let mut document = gathered(registry, manifest, story, &kernels)?;
    let mut texts = vec![document.text.clone()];
    for (number, _, event) in &story.events {
        let Event::Changed(change) = event else { break };
        let place = lists.cleaning.iter().position(|step| step.step == *number);
        let step = place.and_then(|place| pinned.cleaning.get(place));
        let Some(step) = step.filter(|_| document.text.len() <= TEXT_BYTES_MAX) else { break };
        let outcome = outcomes(step, std::slice::from_ref(&document), &kernels).pop();
        let Some(Decision::Change(text)) = outcome.map(|outcome| outcome.decision) else { break };
        if Digest::of(text.as_bytes()) != change.after {
            break;
        }
        document.text = text.clone();
        texts.push(text);
    }
    Ok(texts)
}

/// Reads the file that a document's name begins with, and finds the document in it.
fn gathered(
    registry: &Registry,
    manifest: &Manifest,
    story: &Story,
    kernels: &Kernels,
) -> Result<Document, String> {
    let holds = |file: &&ManifestFile| {
        let rest = story.name.strip_prefix(file.name.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let file = manifest.files.iter().find(holds).ok_or("no file of its source has its name")?;
    if file.size > FILE_BYTES_MAX {
        return Err(format!("its file has {} bytes, wanted at most {FILE_BYTES_MAX}", file.size));
    }
    let only = Manifest { files: vec![file.clone()], ..manifest.clone() };
    let inputs = furnace::Opened::new(registry);
    let is = |document: &Document| {
        (document.id, document.position) == (story.id, story.position)
            && document.name == story.name
    };
    let mut found = None;
    let gathered = gather(&only, 0, &inputs, kernels, &mut |block| {
        found = block.into_iter().find(is);
        if found.is_some() { Err(GatherError::Stopped) } else { Ok(()) }
    });
    match (found, gathered) {
        (Some(document), _) => Ok(document),
        (None, Err(error)) => Err(error.to_string()),
        (None, Ok(_)) => Err("it was gathered otherwise than now".into()),
    }
}
