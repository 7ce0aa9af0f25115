//! `ingot export`: a model in the files that other tools load.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use recipes::{Digest, Pinned};
use registry::{Registry, RunRecord};
use serde_json::{Value, json};
use trainer::{export, shape::Shape};

use super::run::{Furnace, gate_words};
use crate::context::Context;
use crate::furnace::hash_file;
use crate::words::{self, count, size};
use crate::{EXIT_YES, Failure, documents, target};

/// Write a model as a folder that Hugging Face `transformers` loads, or a run's documents
///
/// With `--documents` the folder gets one file, `documents.parquet`: the documents as the run's
/// cleaning left them, made again from the record and checked against its digests.
#[derive(Args)]
#[command(after_help = "Examples:\n  ingot export 7c1f09ab crate-prose\n  \
    ingot export 7c1f09ab texts --documents")]
pub struct Options {
    /// The run's id or its first digits; or a recipe, for its newest run
    run: String,
    /// The folder to make; it must not exist
    folder: PathBuf,
    /// The cleaned documents as Parquet, instead of the model
    #[arg(long)]
    documents: bool,
    #[command(flatten)]
    furnace: Furnace,
}

impl Options {
    pub fn run(self, context: &mut Context) -> Result<u8, Failure> {
        let registry = context.registry()?;
        let run = target::run(&registry, &self.run)?;
        let record = target::record(&registry, &run)?;
        let folder = context.path(&self.folder);
        if folder.exists() {
            return Err(Failure::new(format!("`{}` exists already", self.folder.display()))
                .hint("name a folder that does not exist; nothing is overwritten"));
        }
        if self.documents {
            return self.documents(context, &registry, &record, &folder);
        }
        let files = files(&registry, &record)?;
        write_folder(&folder, &files).map_err(|error| Failure::file(&self.folder, &error))?;
        for (name, bytes) in &files {
            let digest = Digest::of(bytes);
            if context.common.json {
                context.json(&json!({
                    "kind": "file", "name": name, "size": bytes.len(), "digest": digest,
                }))?;
            } else {
                let shown = context.digest(&digest);
                context.line(format!("{shown}  {:>9}  {name}", size(bytes.len() as u64)))?;
            }
        }
        Ok(EXIT_YES)
    }
}

impl Options {
    fn documents(
        &self,
        context: &mut Context,
        registry: &Arc<Registry>,
        record: &RunRecord,
        folder: &Path,
    ) -> Result<u8, Failure> {
        let options = self.furnace.options(context)?;
        let partial = partial(folder);
        let about = |error: std::io::Error| Failure::file(&self.folder, &error);
        let _ = fs::remove_dir_all(&partial);
        fs::create_dir_all(&partial).map_err(about)?;
        let file = partial.join(documents::FILE);
        let written = documents::write(context, registry, record, &options, &file);
        let done = written.and_then(|count| {
            let found = hash_file(&file).map_err(about)?;
            fs::rename(&partial, folder).map_err(about)?;
            Ok((count, found))
        });
        let (documents, (digest, size)) = match done {
            Ok(done) => done,
            Err(failure) => {
                let _ = fs::remove_dir_all(&partial);
                return Err(failure);
            }
        };
        let name = documents::FILE;
        if context.common.json {
            context.json(&json!({
                "kind": "file", "name": name, "size": size, "digest": digest,
                "documents": documents,
            }))?;
        } else {
            let (shown, size) = (context.digest(&digest), words::size(size));
            context.line(format!("{shown}  {size:>9}  {name}  {} documents", count(documents)))?;
        }
        Ok(EXIT_YES)
    }
}

/// A folder's name until it is whole.
fn partial(folder: &Path) -> PathBuf {
    let mut name = folder.file_name().unwrap_or_default().to_os_string();
    name.push(".partial");
    folder.with_file_name(name)
}

/// A model read from the registry.
pub struct Finished {
    pub pinned: Pinned,
    pub shape: Shape,
    pub model: Vec<u8>,
    pub tokenizer: Vec<u8>,
}

/// Reads a finished run's model and tokenizer, each checked against its digest.
pub fn finished(registry: &Registry, record: &RunRecord) -> Result<Finished, Failure> {
    let Some(trace) = &record.trace else {
        let (id, status) = (record.summary.id.short(), record.summary.status);
        return Err(Failure::new(format!("run {id} is {status}; it has no model")));
    };
    let pinned = registry.pinned(&record.summary.recipe)?;
    let recipes::recipe::Tokenizer::Bpe { vocabulary } = pinned.tokenizer;
    let shape = Shape::new(&pinned.model, vocabulary as usize);
    let model = checked(registry, &trace.model)?;
    let tokenizer = checked(registry, &trace.tokenizer)?;
    Ok(Finished { pinned, shape, model, tokenizer })
}

fn checked(registry: &Registry, digest: &Digest) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let about = |error| Failure::file(&registry.blobs().path(digest), &error);
    let mut file = registry.blobs().open(digest).map_err(about)?;
    file.read_to_end(&mut bytes).map_err(about)?;
    if Digest::of(&bytes) != *digest {
        let path = registry.blobs().path(digest);
        return Err(Failure::new(format!("blob `{}` is damaged", path.display())).damage());
    }
    Ok(bytes)
}

fn files(registry: &Registry, record: &RunRecord) -> Result<Vec<(&'static str, Vec<u8>)>, Failure> {
    let Finished { pinned, shape, model, tokenizer } = finished(registry, record)?;
    let text = |value: Value| format!("{value:#}\n").into_bytes();
    Ok(vec![
        ("README.md", card(record, &pinned, &shape).into_bytes()),
        ("config.json", text(export::config(&shape))),
        ("generation_config.json", text(export::generation_config())),
        ("model.safetensors", model),
        ("tokenizer.json", tokenizer),
        ("tokenizer_config.json", text(export::tokenizer_config(&shape))),
    ])
}

/// The model card: what the model is, and where its making is recorded.
fn card(record: &RunRecord, pinned: &Pinned, shape: &Shape) -> String {
    let summary = &record.summary;
    let name = format!("{}@{}", summary.name, summary.version);
    let mut text = String::from(
        "---\nlibrary_name: transformers\npipeline_tag: text-generation\ntags: [ingot]\n---\n\n",
    );
    text += &format!("# {name}\n\n{}\n\n", pinned.summary);
    text += "| fact | value |\n|---|---|\n";
    let mut fact = |name: &str, value: String| text += &format!("| {name} | {value} |\n");
    fact("recipe", format!("`{}`", summary.recipe));
    fact("run", format!("`{}`", summary.id));
    fact("model", format!("`{}`", summary.model.map(|m| m.to_string()).unwrap_or_default()));
    fact("parameters", count(shape.parameter_count()));
    fact("context", format!("{} tokens", count(shape.context as u64)));
    for ingredient in &pinned.formula {
        let manifest = &pinned.sources[&ingredient.source];
        let licence = manifest.licence.as_deref().unwrap_or("not stated");
        let share = ingredient.share * 100.0;
        fact(&format!("data `{}`", ingredient.source), format!("{share:.1} %, licence {licence}"));
    }
    for gate in &summary.quality {
        fact(&format!("gate `{}`", gate.gate), gate_words(gate));
    }
    text += &format!(
        "\nThe recipe, every step and every training state are recorded; `ingot rebuild {}` \
         repeats the run and compares all digests.\n",
        summary.id.short()
    );
    text
}

/// Writes a folder that is there whole or not at all.
fn write_folder(folder: &Path, files: &[(&str, Vec<u8>)]) -> std::io::Result<()> {
    let partial = partial(folder);
    let _ = fs::remove_dir_all(&partial);
    fs::create_dir_all(&partial)?;
    let written = files.iter().try_for_each(|(name, bytes)| {
        let mut file = File::create(partial.join(name))?;
        file.write_all(bytes)?;
        file.sync_all()
    });
    if let Err(error) = written.and_then(|()| fs::rename(&partial, folder)) {
        let _ = fs::remove_dir_all(&partial);
        return Err(error);
    }
    Ok(())
}
