//! `ingot bench`: what this machine makes of the figures that the design promises.
//!
//! Each figure is measured beside what it is compared with, in the same minute; nothing is judged.

use clap::{Args, Subcommand};
use serde_json::json;

use crate::context::Context;
use crate::words::table;
use crate::{EXIT_YES, Failure, bench_data, bench_registry, bench_train};

/// Measure this machine
#[derive(Args)]
#[command(
    after_help = "Examples:\n  ingot bench registry\n  ingot bench registry --objects 100000\n  \
    ingot bench train --threads 2\n  \
    ingot bench data --input texts --threads 2"
)]
pub struct Options {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// The registry: storing, recording, opening, looking
    Registry(bench_registry::Sizes),
    /// Data: a tokenizer trained on a folder of texts, the texts encoded
    Data(bench_data::Sizes),
    /// Training: steps of a fixed model, matrix products, recorded states
    Train(bench_train::Sizes),
}

/// What was measured.
pub struct Figure {
    pub name: &'static str,
    pub value: f64,
    pub unit: &'static str,
    pub wanted: &'static str,
}

/// A figure with the value that the design asks for, in words.
pub fn figure(name: &'static str, value: f64, unit: &'static str, wanted: &'static str) -> Figure {
    Figure { name, value, unit, wanted }
}

impl Options {
    pub fn run(self, context: &mut Context) -> Result<u8, Failure> {
        let figures = match self.what {
            What::Data(sizes) => bench_data::measure(context, &sizes)?,
            What::Registry(sizes) => bench_registry::measure(context, &sizes)?,
            What::Train(sizes) => bench_train::measure(context, &sizes)?,
        };
        let mut rows = vec![["figure", "value", "unit", "wanted"].map(str::to_owned).to_vec()];
        for Figure { name, value, unit, wanted } in figures {
            let value = rounded(value);
            if context.common.json {
                let line = json!({"kind": "bench", "name": name, "value": value, "unit": unit});
                context.json(&line)?;
            }
            let cells = [name, &value.to_string(), unit, wanted];
            rows.push(cells.map(str::to_owned).to_vec());
        }
        if !context.common.json && rows.len() > 1 {
            for line in table(&rows) {
                context.line(line)?;
            }
        }
        Ok(EXIT_YES)
    }
}

/// Three digits that count.
fn rounded(value: f64) -> f64 {
    let scale = if value < 10.0 { 1000.0 } else { 1.0 };
    (value * scale).round() / scale
}
