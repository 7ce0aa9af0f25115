//! Pins a recipe: every source becomes the names, sizes and digests of its files.
//!
//! Logical names carry no location: moving or renaming a folder changes nothing.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, Builder};

use recipes::recipe::{Hold, Recipe, Source};
use recipes::{ARITHMETIC, Digest, Manifest, ManifestFile, Pinned, Reading};

use crate::{pin_crates, pin_files, pin_git};

/// Takes the files of a source while they are pinned, several at a time.
pub trait Keep: Sync {
    /// Hashes a file and, unless it is held by reference, copies it.
    fn keep_file(&self, path: &Path, hold: Hold) -> io::Result<(Digest, u64)>;

    /// The same for bytes that are not a file of their own.
    fn keep_bytes(&self, bytes: &[u8], hold: Hold) -> io::Result<(Digest, u64)>;
}

/// Why a source cannot be pinned.
#[derive(Debug, thiserror::Error)]
pub enum PinError {
    #[error("source `{source_name}`: {error}")]
    Source { source_name: String, error: SourceError },
}

/// What is wrong with a source.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    #[error("`{}`: {error}", path.display())]
    File { path: PathBuf, error: io::Error },
    #[error("`{pattern}` is not a pattern: {reason}")]
    Pattern { pattern: String, reason: String },
    #[error("`{pattern}` matches no file in `{}`", folder.display())]
    Nothing { pattern: String, folder: PathBuf },
    #[error("`{}` has a name that is not UTF-8", path.display())]
    Name { path: PathBuf },
    #[error("two files have the logical name `{name}`; use patterns with one folder prefix")]
    Twice { name: String },
    #[error("`{}` is empty", path.display())]
    Empty { path: PathBuf },
    #[error("all of its files are empty")]
    NothingInside,
    #[error("git: {0}")]
    Git(#[from] git2::Error),
    #[error("`{}` is not a lock file: {reason}", path.display())]
    Lock { path: PathBuf, reason: String },
    #[error("cargo metadata: {0}")]
    Cargo(String),
    #[error("crate `{name}`: archive `{}` is not here; `cargo fetch` brings it", path.display())]
    Archive { name: String, path: PathBuf },
    #[error("crate `{name}` stands in the lock file, and `cargo metadata` does not list it")]
    Unlisted { name: String },
    #[error("crate `{name}`: its archive hashes to `{found}`, the lock file wants `{wanted}`")]
    Checksum { name: String, found: Digest, wanted: Digest },
}

/// Pins the recipe whose paths are relative to `folder`.
pub fn pin(recipe: &Recipe, folder: &Path, keep: &dyn Keep) -> Result<Pinned, PinError> {
    let mut sources = std::collections::BTreeMap::new();
    for (name, source) in &recipe.sources {
        let manifest = manifest(source, folder, keep)
            .map_err(|error| PinError::Source { source_name: name.clone(), error })?;
        sources.insert(name.clone(), manifest);
    }
    Ok(Pinned {
        name: recipe.name.clone(),
        summary: recipe.summary.clone(),
        arithmetic: ARITHMETIC,
        sources,
        formula: recipe.formula.clone(),
        held_out: recipe.held_out.clone(),
        cleaning: recipe.cleaning.clone(),
        tokenizer: recipe.tokenizer.clone(),
        model: recipe.model.clone(),
        stages: recipe.stages.clone(),
        quality: recipe.quality.clone(),
        seed: recipe.seed.clone(),
    })
}

fn manifest(source: &Source, folder: &Path, keep: &dyn Keep) -> Result<Manifest, SourceError> {
    let hold = source.hold();
    let mut commit = None;
    let mut files = match source {
        Source::Crates { lock, .. } => pin_crates::crates(&folder.join(lock), hold, keep)?,
        Source::Git { repository, revision, include, .. } => {
            let repository = folder.join(repository);
            let (full, files) = pin_git::git(&repository, revision, include, hold, keep)?;
            commit = Some(full);
            files
        }
        Source::Files { include, .. }
        | Source::Html { include, .. }
        | Source::Jsonl { include, .. }
        | Source::Parquet { include, .. }
        | Source::Warc { include, .. } => match source.one_file() {
            Some((path, name)) => pin_files::one(&folder.join(path), name, hold, keep)?,
            None => pin_files::files(folder, include, hold, keep)?,
        },
    };
    if files.iter().all(|file| file.size == 0) {
        return Err(SourceError::NothingInside);
    }
    files.sort();
    if let Some(pair) = files.windows(2).find(|pair| pair[0].name == pair[1].name) {
        return Err(SourceError::Twice { name: pair[0].name.clone() });
    }
    let (licence, on_error) = (source.licence().cloned(), source.on_error());
    Ok(Manifest { reading: reading(source), licence, commit, on_error, files })
}

/// How a source's files are read.
fn reading(source: &Source) -> Reading {
    match source {
        Source::Crates { .. } => Reading::Crates1 {},
        Source::Git { .. } | Source::Files { .. } => Reading::Text1 {},
        Source::Html { .. } => Reading::Html1 {},
        Source::Warc { html, .. } => Reading::Warc1 { html: *html },
        Source::Jsonl { text, url_field, licence_field, .. } => Reading::Jsonl1 {
            text: text.clone(),
            url_field: url_field.clone(),
            licence_field: licence_field.clone(),
        },
        Source::Parquet { text, url_field, licence_field, .. } => Reading::Parquet1 {
            text: text.clone(),
            url_field: url_field.clone(),
            licence_field: licence_field.clone(),
        },
    }
}

/// A file with its logical name.
pub(crate) type Named = (PathBuf, String);

/// The most files that are kept at a time; more would only wait for the disk.
const AT_A_TIME: usize = 8;

/// Keeps files under their logical names, several at a time; the first that cannot be kept ends it.
pub(crate) fn kept(
    files: &[Named],
    hold: Hold,
    keep: &dyn Keep,
) -> Result<Vec<ManifestFile>, SourceError> {
    let one = |(path, name): &Named| {
        let about = |error| SourceError::File { path: path.clone(), error };
        let (digest, size) = keep.keep_file(path, hold).map_err(about)?;
        Ok(ManifestFile { name: name.clone(), size, digest })
    };
    let next = AtomicUsize::new(0);
    let taken = || {
        let mut kept = Vec::new();
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(file) = files.get(place).map(one) else { return kept };
            if file.is_err() {
                // Nobody takes another file; those before this one are taken already.
                next.store(files.len(), Ordering::Relaxed);
            }
            kept.push((place, file));
        }
    };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let threads = cores.min(files.len()).min(AT_A_TIME);
    let mut all = thread::scope(|scope| {
        // Where the system gives no more threads, there are fewer.
        let other = |_| Builder::new().spawn_scoped(scope, taken).ok();
        let others: Vec<_> = (1..threads).filter_map(other).collect();
        let mut all = taken();
        for other in others {
            all.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        all
    });
    all.sort_by_key(|(place, _)| *place);
    all.into_iter().map(|(_, file)| file).collect()
}
