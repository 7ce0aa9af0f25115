//! `ingot diff`: what changed between recipes, in the recipe's own words.

use audits::data_diff::data_diff;
use audits::walk::WalkError;
use clap::{Args, ValueEnum};

use crate::context::Context;
use crate::target::{self, Compared};
use crate::{EXIT_NO, EXIT_YES, Failure};

/// Documents of each part of a difference of data that are listed.
const LISTED: usize = 5;

/// Show what changed between two or more recipes or runs, and in their data; exit 1 if they differ
///
/// Where both have a run, it says which documents and tokens were gained and lost, by step and
/// source: of a recipe its newest finished run is meant.
#[derive(Args)]
#[command(after_help = "Examples:\n  ingot diff prose@1 prose@2\n  \
    ingot diff prose@1 prose.yaml --format markdown")]
pub struct Options {
    /// Recipe files, registered recipes such as `prose@2`, or runs
    #[arg(required = true, num_args = 2.., value_name = "RECIPE")]
    recipes: Vec<String>,
    /// Also what is the same, and every document gained and lost
    #[arg(long)]
    all: bool,
    /// How it is written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// A line diff of the recipe texts instead
    #[arg(long)]
    text: bool,
}

/// How a diff is written.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
    Markdown,
    Html,
}

impl Options {
    pub fn run(self, context: &mut Context) -> Result<u8, Failure> {
        let mut sides = Vec::new();
        for recipe in &self.recipes {
            sides.push(target::compared(context, recipe)?);
        }
        if self.text {
            return text(context, &sides);
        }
        let named: Vec<_> = sides.iter().map(|side| (side.label.as_str(), &side.pinned)).collect();
        let diff = recipes::diff(&named, self.all);
        let format = if context.common.json { Format::Json } else { self.format };
        let written = match format {
            Format::Text => diff.text(),
            Format::Json => diff.json_lines(),
            Format::Markdown => diff.markdown(),
            Format::Html => diff.html(),
        };
        context.bytes(written.as_bytes())?;
        let mut same = diff.is_empty();
        for pair in sides.windows(2) {
            same &= self.data(context, pair, format)?;
        }
        Ok(if same { EXIT_YES } else { EXIT_NO })
    }

    /// Compares what two runs trained on, where there are runs; whether it is the same.
    fn data(
        &self,
        context: &mut Context,
        pair: &[Compared],
        format: Format,
    ) -> Result<bool, Failure> {
        if !pair.iter().all(Compared::is_registered) {
            return Ok(true);
        }
        let registry = context.registry()?;
        let (Some(before), Some(after)) = (pair[0].run(&registry)?, pair[1].run(&registry)?) else {
            return Ok(true);
        };
        let labels = [&before, &after].map(|run| {
            let summary = &run.summary;
            format!("{} ({}@{})", summary.id.short(), summary.name, summary.version)
        });
        let runs = [(labels[0].as_str(), &before), (labels[1].as_str(), &after)];
        let limit = if self.all { usize::MAX } else { LISTED };
        let diff = match data_diff(&registry, runs, limit, u64::MAX) {
            Err(error @ WalkError::NoLists { .. }) => {
                context.note(format!("note: no difference of data: {error}"));
                return Ok(true);
            }
            diff => diff?,
        };
        let written = match format {
            Format::Text => diff.text(),
            Format::Json => diff.json_lines(),
            Format::Markdown => diff.markdown(),
            Format::Html => diff.html(),
        };
        context.bytes(written.as_bytes())?;
        Ok(diff.is_empty())
    }
}

/// Compares each text with the one before.
fn text(context: &mut Context, sides: &[Compared]) -> Result<u8, Failure> {
    let mut exit = EXIT_YES;
    for pair in sides.windows(2) {
        if pair[0].text != pair[1].text {
            exit = EXIT_NO;
        }
        let lines =
            recipes::text_diff((&pair[0].label, &pair[0].text), (&pair[1].label, &pair[1].text));
        context.bytes(lines.as_bytes())?;
    }
    Ok(exit)
}
