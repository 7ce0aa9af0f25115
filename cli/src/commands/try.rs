//! `ingot try`: what a cleaning step does to the documents of one file.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use audits::story::short;
use clap::Args;
use kernels::{Kernels, Tier};
use recipes::operators::CleaningStep;
use recipes::recipe::OnError;
use recipes::{Digest, Manifest, ManifestFile, Reading};
use serde_json::{Value, json};
use trainer::clean::{Outcome, outcomes};
use trainer::gather::gather;
use trainer::{Decision, Document, Inputs, Measure};

use crate::context::Context;
use crate::{EXIT_YES, Failure};

/// Show what a cleaning step would keep, change and drop, with every value and limit
#[derive(Args)]
#[command(after_help = "Examples:\n  ingot try filter.length@1 notes.txt --set chars_min=200\n  \
    ingot try 'pii.mask@1: {kinds: [email]}' answers.jsonl.gz --field answer")]
pub struct Options {
    /// A step: an operator's name, or its line in a recipe
    step: String,
    /// A text, or JSONL: plain, gzip or zstd
    file: PathBuf,
    /// A parameter, as in a recipe
    #[arg(long = "set", value_name = "KEY=VALUE")]
    settings: Vec<String>,
    /// The field that holds a document's text, in JSONL
    #[arg(long, default_value = "text")]
    field: String,
    /// Only the counts
    #[arg(long)]
    quiet: bool,
}

impl Options {
    pub fn run(self, context: &mut Context) -> Result<u8, Failure> {
        let step = step(&self.step, &self.settings)?;
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let kernels = Kernels::new(Tier::best(), threads);
        let kernels = kernels.map_err(|error| Failure::new(error.to_string()))?;
        let documents = self.documents(&context.path(&self.file), &kernels)?;
        let outcomes = outcomes(&step, &documents, &kernels);
        let mut counts = [0u64; 3];
        for (document, outcome) in documents.iter().zip(&outcomes) {
            counts[kind(&outcome.decision).0] += 1;
            if self.quiet {
                continue;
            }
            if context.common.json {
                context.json(&record(document, outcome))?;
            } else {
                context.bytes(drawn(document, outcome).as_bytes())?;
            }
        }
        let [kept, changed, dropped] = counts;
        let documents = documents.len();
        if context.common.json {
            context.json(&json!({
                "kind": "tried", "documents": documents, "kept": kept, "changed": changed,
                "dropped": dropped,
            }))?;
        } else {
            context.line(format!(
                "{documents} documents  {kept} kept  {changed} changed  {dropped} dropped"
            ))?;
        }
        Ok(EXIT_YES)
    }

    fn documents(&self, path: &Path, kernels: &Kernels) -> Result<Vec<Document>, Failure> {
        let about = |error| Failure::file(&self.file, &error);
        let bytes = std::fs::read(path).map_err(about)?;
        let name = self.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let reading = match name.contains(".jsonl") || name.contains(".json.") {
            true => {
                Reading::Jsonl1 { text: self.field.clone(), url_field: None, licence_field: None }
            }
            false => Reading::Text1 {},
        };
        let (size, digest) = (bytes.len() as u64, Digest::of(&bytes));
        let files = vec![ManifestFile { name, size, digest }];
        let on_error = OnError::Fail;
        let manifest = Manifest { reading, licence: None, commit: None, on_error, files };
        let mut documents = Vec::new();
        let gathered = gather(&manifest, 0, &OneFile(bytes), kernels, &mut |block| {
            documents.extend(block);
            Ok(())
        });
        gathered.map(|_| documents).map_err(|error| Failure::new(error.to_string()))
    }
}

/// The bytes of the file, whatever is asked for.
struct OneFile(Vec<u8>);

impl Inputs for OneFile {
    fn open(&self, _: &Digest) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(io::Cursor::new(self.0.clone())))
    }
}

/// The step of a name or a line of a recipe, with some parameters set.
fn step(written: &str, settings: &[String]) -> Result<CleaningStep, Failure> {
    let mut text = written.to_owned();
    if !text.contains(':') {
        text += ": {}";
    }
    if !settings.is_empty() {
        let pairs = settings.iter().map(|setting| match setting.split_once('=') {
            Some((key, value)) => Ok(format!("{key}: {value}")),
            None => Err(Failure::new(format!("`{setting}` has no `=`, wanted KEY=VALUE"))),
        });
        let pairs = pairs.collect::<Result<Vec<_>, _>>()?.join(", ");
        let Some(open) = text.trim_end().strip_suffix('}') else {
            return Err(Failure::new(format!(
                "`{text}` does not end with its parameters in `{{}}`"
            )));
        };
        let comma = if open.trim_end().ends_with('{') { "" } else { ", " };
        text = format!("{open}{comma}{pairs}}}");
    }
    recipes::read_cleaning_step(&text).map_err(|problems| {
        let mut failure = Failure::new(format!("`{text}` is no cleaning step"));
        failure.drawn = Some(problems.render("STEP", &text));
        failure.details = problems.json("STEP");
        failure
    })
}

/// The position among the counts, and the word.
fn kind(decision: &Decision) -> (usize, &'static str) {
    match decision {
        Decision::Keep(_) => (0, "kept"),
        Decision::Change(_) => (1, "changed"),
        Decision::Drop(_) => (2, "dropped"),
    }
}

fn measured(measure: &Measure) -> String {
    let value = short(measure.value);
    let name = &measure.name;
    match (measure.min, measure.max) {
        (Some(min), Some(max)) => format!("{name} {value} ({} to {})", short(min), short(max)),
        (Some(min), None) => format!("{name} {value} (at least {})", short(min)),
        (None, Some(max)) => format!("{name} {value} (at most {})", short(max)),
        (None, None) => format!("{name} {value}"),
    }
}

fn drawn(document: &Document, outcome: &Outcome) -> String {
    let mut why = match &outcome.decision {
        Decision::Keep(measures) => measures.iter().map(measured).collect::<Vec<_>>().join("  "),
        Decision::Change(_) => String::new(),
        Decision::Drop(drop) => match drop.limit {
            Some(limit) => {
                format!("{} {}, limit {}", drop.measure, short(drop.value), short(limit))
            }
            None => drop.measure.clone().into_owned(),
        },
    };
    if let Some(earlier) = &outcome.repeats {
        why += &format!("  repeats {}", earlier.short());
    }
    let (_, word) = kind(&outcome.decision);
    let line = format!("{}:{}  {word:<7}  {why}", document.name, document.position);
    let mut drawn = format!("{}\n", line.trim_end());
    if let Decision::Change(after) = &outcome.decision {
        for line in recipes::changed_lines(&document.text, after) {
            drawn += &format!("  {line}\n");
        }
    }
    drawn
}

fn record(document: &Document, outcome: &Outcome) -> Value {
    let (_, word) = kind(&outcome.decision);
    let mut record = json!({
        "kind": "outcome", "name": document.name, "position": document.position,
        "document": document.id, "decision": word,
    });
    match &outcome.decision {
        Decision::Keep(measures) => {
            let one = |m: &Measure| {
                let (name, value) = (&m.name, m.value);
                json!({"measure": name, "value": value, "min": m.min, "max": m.max})
            };
            record["measures"] = measures.iter().map(one).collect();
        }
        Decision::Change(after) => {
            record["before"] = document.text.as_str().into();
            record["after"] = after.as_str().into();
        }
        Decision::Drop(drop) => {
            record["measure"] = drop.measure.as_ref().into();
            record["value"] = drop.value.into();
            record["limit"] = json!(drop.limit);
            record["repeats"] = json!(outcome.repeats);
        }
    }
    record
}
