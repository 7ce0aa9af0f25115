//! `ingot diff`: what changed between recipes, in the recipe's own words.

use clap::{Args, ValueEnum};

use crate::context::Context;
use crate::target::{self, Compared};
use crate::{EXIT_NO, EXIT_YES, Failure};

/// Show what changed between two or more recipes; exit 1 if they differ
#[derive(Args)]
#[command(after_help = "Examples:\n  ingot diff prose@1 prose@2\n  \
    ingot diff prose@1 prose.yaml --format markdown")]
pub struct Options {
    /// Recipe files, registered recipes such as `prose@2`, or runs
    #[arg(required = true, num_args = 2.., value_name = "RECIPE")]
    recipes: Vec<String>,
    /// Also what is the same
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
        Ok(if diff.is_empty() { EXIT_YES } else { EXIT_NO })
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
