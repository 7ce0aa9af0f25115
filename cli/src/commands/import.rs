//! `ingot import`: another tool's recipe as ours, and what of it has no equivalent.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use recipes::import::{self, Import, Item, Tool, plain};
use serde_json::{Value, json};

use crate::context::Context;
use crate::{EXIT_NO, EXIT_YES, Failure, target};

/// Translate another tool's cleaning recipe, saying what has no equivalent
#[derive(Args)]
#[command(after_help = "Examples:\n  ingot import data-juicer config.yaml > cleaning.yaml\n  \
    ingot import dolma mixer.json --out recipe.yaml\n\nExit code 1: something has no equivalent; \
    it is named on stderr and in comments")]
pub struct Options {
    /// The tool
    tool: Foreign,
    /// Its configuration, YAML or JSON
    file: PathBuf,
    /// The file to write, which may not exist; else stdout
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// A tool whose recipes are read.
#[derive(Clone, Copy, ValueEnum)]
enum Foreign {
    /// The list `process` of a configuration
    DataJuicer,
    /// The `steps` of a pipeline of DCLM
    Dclm,
    /// The `streams` of a mixer's configuration
    Dolma,
    /// The `filters` or `modifiers` of NeMo Curator
    Nemo,
}

impl Options {
    pub fn run(self, context: &mut Context) -> Result<u8, Failure> {
        let tool = match self.tool {
            Foreign::DataJuicer => Tool::DataJuicer,
            Foreign::Dclm => Tool::Dclm,
            Foreign::Dolma => Tool::Dolma,
            Foreign::Nemo => Tool::Nemo,
        };
        let import = read(context, tool, &self.file)?;
        let text = import::write(tool, &import);
        let lost: usize = import.items.iter().map(|item| item.translated.lost.len()).sum();
        if let Some(out) = &self.out {
            written(&context.path(out), &text).map_err(|error| Failure::file(out, &error))?;
        }
        if context.common.json {
            for item in &import.items {
                context.json(&record(item))?;
            }
            let mut whole = json!({"kind": "import", "steps": steps(&import), "lost": lost});
            if self.out.is_none() {
                whole["text"] = text.into();
            }
            context.json(&whole)?;
        } else {
            for item in &import.items {
                said(context, &self.file, item);
            }
            if self.out.is_none() {
                context.bytes(text.as_bytes())?;
            }
            context.note(format!("{} steps, {lost} without equivalent", steps(&import)));
        }
        Ok(if import.is_whole() { EXIT_YES } else { EXIT_NO })
    }
}

fn steps(import: &Import) -> usize {
    import.items.iter().map(|item| item.translated.steps.len()).sum()
}

/// Reads a foreign recipe; all its problems make one failure.
fn read(context: &Context, tool: Tool, file: &Path) -> Result<Import, Failure> {
    let text = target::read_text(context, file)?;
    import::read(tool, &text).map_err(|problems| {
        let name = file.display().to_string();
        Failure {
            drawn: Some(problems.render(&name, &text)),
            details: problems.json(&name),
            ..Failure::new(format!("`{name}` is no configuration of {}", tool.name()))
        }
    })
}

/// Writes a new file; one that is there stays as it is.
fn written(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create_new(true).open(path)?;
    std::io::Write::write_all(&mut file, text.as_bytes())?;
    file.sync_all()
}

/// Tells a person what has no equivalent, and what can differ.
fn said(context: &mut Context, file: &Path, item: &Item) {
    let place = format!("{}:{}", file.display(), item.place.line);
    for lost in &item.translated.lost {
        context.note(format!("{place}: {}: no equivalent: {lost}", plain(&item.name)));
    }
    for note in &item.translated.notes {
        context.note(format!("{place}: {}: note: {note}", plain(&item.name)));
    }
}

fn record(item: &Item) -> Value {
    let steps = item.translated.steps.iter().map(|(name, settings)| json!({name: settings}));
    json!({
        "kind": "operator", "name": item.name, "line": item.place.line,
        "steps": steps.collect::<Vec<_>>(), "lost": item.translated.lost,
        "notes": item.translated.notes,
    })
}
