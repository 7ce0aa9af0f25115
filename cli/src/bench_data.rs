//! The data kitchen's figures: the input is a folder of JSONL files whose records have a `text`.
//!
//! `tests/peers/tokenizers_bpe.py` prints what the crate `tokenizers` makes of the same folder,
//! `tests/peers/datatrove_kitchen.py` what datatrove makes of it.

use std::cell::Cell;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use kernels::Kernels;
use recipes::recipe::Tokenizer;
use serde::Deserialize;
use trainer::tokenizer::{self, Coder};

use crate::Failure;
use crate::bench_kitchen;
use crate::bench_registry::Scratch;
use crate::commands::bench::{Figure, figure};
use crate::commands::run::Furnace;
use crate::context::Context;

/// What is measured, and how.
#[derive(Args)]
pub struct Sizes {
    /// Folder of JSONL files; each record has a `text`
    #[arg(long, value_name = "FOLDER")]
    input: PathBuf,
    /// Where results are written [default: here]
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
    /// Keep the tokenizer here
    #[arg(long, value_name = "FILE")]
    tokenizer: Option<PathBuf>,
    /// Write the ids of every text here, a JSON list a line
    #[arg(long, value_name = "FILE")]
    ids: Option<PathBuf>,
    #[command(flatten)]
    furnace: Furnace,
}

const VOCABULARY: u32 = 8192;
/// Bytes of text that are encoded at once.
const BLOCK_BYTES: usize = 16 << 20;

/// What is cleaned: the figure's name, the steps, what it is compared with.
const KITCHEN: [(&str, &str, &str); 2] = [
    (
        "data.filters_seconds",
        "[filter.gopher-repetition@2: {}, filter.gopher-quality@1: {}, filter.c4@1: {}, \
         filter.fineweb@1: {}]",
        "datatrove / 100",
    ),
    (
        "data.minhash_seconds",
        "[dedup.minhash@2: {ngram_words: 5, bands: 14, rows: 8, seed: 1}]",
        "datatrove / 40",
    ),
];

/// Measures each part on the same files, one after another.
pub fn measure(context: &mut Context, sizes: &Sizes) -> Result<Vec<Figure>, Failure> {
    let kernels = sizes.furnace.options(context)?.kernels;
    let scratch = Scratch::new(context, sizes.folder.as_deref())?;
    let input = context.path(&sizes.input);
    let files = files(&input)?;
    let written = match &sizes.tokenizer {
        Some(file) => context.path(file),
        None => scratch.0.join("tokenizer.json"),
    };
    context.note(format!("{} files, {} threads", files.len(), kernels.threads()));
    let mut figures = Vec::new();
    for (name, steps, wanted) in KITCHEN {
        context.note(steps);
        let cleaned = bench_kitchen::measure(&input, steps, &scratch, &kernels)?;
        context.note(format!("{} documents, {} kept", cleaned.documents, cleaned.kept));
        figures.push(figure(name, cleaned.seconds, "s", wanted));
    }
    context.note("training a tokenizer");
    figures.push(train(&files, &written, &kernels)?);
    context.note("encoding");
    let ids = sizes.ids.as_ref().map(|file| context.path(file));
    figures.push(encode(&files, &written, ids.as_deref(), &kernels)?);
    Ok(figures)
}

/// The JSONL files of a folder, in order of name.
fn files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| Failure::file(folder, &error))? {
        let path = entry.map_err(|error| Failure::file(folder, &error))?.path();
        if path.extension().is_some_and(|ending| ending == "jsonl") {
            files.push(path);
        }
    }
    files.sort();
    match files.is_empty() {
        true => Err(Failure::new(format!("`{}` has no JSONL file", folder.display()))),
        false => Ok(files),
    }
}

#[derive(Deserialize)]
struct Record {
    text: String,
}

/// The texts of files one after another, until one cannot be read.
fn texts<'a>(
    files: &'a [PathBuf],
    failure: &'a Cell<Option<Failure>>,
) -> impl Iterator<Item = String> + 'a {
    let lines = files.iter().flat_map(|path| {
        let opened = File::open(path).map_err(|error| Failure::file(path, &error));
        let (lines, failed) = match opened {
            Ok(file) => (Some(BufReader::new(file).lines()), None),
            Err(failed) => (None, Some(Err(failed))),
        };
        let lines = lines.into_iter().flatten().zip(1..).map(move |(line, number)| {
            let line = line.map_err(|error| Failure::file(path, &error))?;
            let record = serde_json::from_str::<Record>(&line);
            let place = || format!("{}:{number}", path.display());
            record.map_err(|error| Failure::new(format!("{}: {error}", place())))
        });
        failed.into_iter().chain(lines)
    });
    lines
        .map_while(|record| record.map_err(|failed| failure.set(Some(failed))).ok())
        .map(|r| r.text)
}

/// From reading the files to the written tokenizer.
fn train(files: &[PathBuf], written: &Path, kernels: &Kernels) -> Result<Figure, Failure> {
    let begun = Instant::now();
    let settings = Tokenizer::Bpe { vocabulary: VOCABULARY };
    let failure = Cell::new(None);
    let trained = tokenizer::train(&settings, texts(files, &failure), kernels);
    if let Some(failure) = failure.take() {
        return Err(failure);
    }
    let bytes = trained.map_err(|error| Failure::new(error.to_string()))?;
    fs::write(written, bytes).map_err(|error| Failure::file(written, &error))?;
    let seconds = begun.elapsed().as_secs_f64();
    Ok(figure("data.tokenizer_train_seconds", seconds, "s", "at most 8 on 71 MB"))
}

/// From texts in memory to their ids, a block at a time; reading is not counted. The ids go into a
/// file, a JSON list a line, where one is named.
fn encode(
    files: &[PathBuf],
    written: &Path,
    ids_file: Option<&Path>,
    kernels: &Kernels,
) -> Result<Figure, Failure> {
    let bytes = fs::read(written).map_err(|error| Failure::file(written, &error))?;
    let coder = Coder::read(&bytes).map_err(|error| Failure::new(error.to_string()))?;
    let mut out = ids_file.map(|file| (file, Vec::new()));
    let failure = Cell::new(None);
    let mut texts = texts(files, &failure).peekable();
    let (mut megabytes, mut seconds) = (0.0, 0.0);
    while texts.peek().is_some() {
        let mut bytes = 0;
        let mut fits = |text: &String| {
            bytes += text.len();
            bytes <= BLOCK_BYTES
        };
        let mut block: Vec<String> = texts.next().into_iter().collect();
        block.extend(std::iter::from_fn(|| texts.next_if(&mut fits)));
        let block: Vec<&str> = block.iter().map(String::as_str).collect();
        let begun = Instant::now();
        let ids = coder.encode_all(&block, kernels);
        seconds += begun.elapsed().as_secs_f64();
        megabytes += block.iter().map(|text| text.len()).sum::<usize>() as f64 / 1e6;
        if let Some((_, lines)) = &mut out {
            ids.iter().for_each(|ids| lines.extend_from_slice(format!("{ids:?}\n").as_bytes()));
        }
    }
    if let Some(failure) = failure.take() {
        return Err(failure);
    }
    if let Some((file, lines)) = out {
        fs::write(file, lines).map_err(|error| Failure::file(file, &error))?;
    }
    Ok(figure("data.encode_mb_per_second", megabytes / seconds, "MB/s", "at least 30"))
}
