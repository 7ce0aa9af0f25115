//! Cleaning steps over JSONL files, measured from reading the files to the written result: what a
//! run does up to its held-out documents, with every digest and fate, and then JSONL again.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use kernels::Kernels;
use recipes::Digest;
use recipes::recipe::Hold;
use trainer::Inputs;
use trainer::flow::Flow;
use trainer::pin::{Keep, pin};
use trainer::steps::Steps;

use crate::Failure;
use crate::aside::Aside;
use crate::bench_registry::Scratch;
use crate::bench_train::Watch;
use crate::furnace::Hashing;

/// A line of the file of what is left.
#[derive(serde::Serialize)]
struct Line<'d> {
    id: Digest,
    text: &'d str,
}

/// What became of the documents, and in how long.
pub struct Cleaned {
    pub documents: u64,
    pub kept: u64,
    pub seconds: f64,
}

/// Files where they lie, by their digests.
#[derive(Default)]
struct Files(Mutex<BTreeMap<Digest, PathBuf>>);

impl Files {
    fn known(&self) -> MutexGuard<'_, BTreeMap<Digest, PathBuf>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Keep for Files {
    fn keep_file(&self, path: &Path, hold: Hold) -> io::Result<(Digest, u64)> {
        let (digest, size) = Hashing.keep_file(path, hold)?;
        self.known().insert(digest, path.to_owned());
        Ok((digest, size))
    }

    fn keep_bytes(&self, bytes: &[u8], hold: Hold) -> io::Result<(Digest, u64)> {
        Hashing.keep_bytes(bytes, hold)
    }
}

impl Inputs for Files {
    fn open(&self, digest: &Digest) -> io::Result<Box<dyn Read + Send>> {
        let path = self.known().get(digest).cloned().ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(File::open(path)?))
    }
}

/// A recipe that cleans the files; what comes after cleaning is only there to be complete.
fn recipe(steps: &str) -> String {
    format!(
        "ingot: 1\nname: bench\nsummary: Cleaning.\n\
         sources: {{files: {{kind: jsonl, include: [\"*.jsonl\"], text: text}}}}\n\
         formula: [{{source: files, share: 1.0}}]\n\
         held_out: {{share: 0.0}}\ncleaning: {steps}\n\
         tokenizer: {{kind: bpe, vocabulary: 512}}\n\
         model: {{kind: llama, layers: 1, width: 8, heads: 1, kv_heads: 1, hidden: 8, \
         context: 8}}\n\
         stages:\n  - pretrain:\n      tokens: 8\n      batch_tokens: 8\n      \
         micro_batches: 1\n      optimizer: {{kind: adamw}}\n      \
         schedule: {{kind: constant, peak: 0.001, warmup_tokens: 0}}\n      state_every: 1\n\
         quality: []\nseed: \"1\"\n"
    )
}

fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::new(error.to_string())
}

/// Cleans the JSONL files of a folder and writes what is left into a file of the scratch folder.
pub fn measure(
    input: &Path,
    steps: &str,
    scratch: &Scratch,
    kernels: &Kernels,
) -> Result<Cleaned, Failure> {
    let folder = scratch.0.as_path();
    let aside = Aside::new(folder.to_owned());
    let written = folder.join("cleaned.jsonl");
    let text = recipe(steps);
    let recipe = recipes::read(&text).map_err(|problems| failed(problems.render("", &text)))?;
    let begun = Instant::now();
    let located = Files::default();
    let pinned = pin(&recipe, input, &located).map_err(failed)?;
    let mut outputs = Watch::new(scratch);
    let flow = Flow { pinned: &pinned, kernels, scratch: &aside, is_planted: false };
    let mut done = Steps::new(&mut outputs);
    let mut split = flow.run(&located, &mut done).map_err(failed)?;
    let about = |error: io::Error| Failure::file(&written, &error);
    let mut out = BufWriter::new(File::create(&written).map_err(about)?);
    for block in split.train.blocks().map_err(about)? {
        let block = block.map_err(about)?;
        let lines = kernels.map(block.len(), &|index| {
            let document = &block[index].document;
            serde_json::to_string(&Line { id: document.id, text: &document.text })
        });
        for line in lines {
            writeln!(out, "{}", line.map_err(failed)?).map_err(about)?;
        }
    }
    out.into_inner().map_err(|error| about(error.into_error()))?;
    let seconds = begun.elapsed().as_secs_f64();
    let gathered = done.into_done().into_iter().filter(|step| step.name.starts_with("gather "));
    let documents = gathered.filter_map(|step| step.counts.get("documents").copied()).sum();
    Ok(Cleaned { documents, kept: split.train.documents, seconds })
}
