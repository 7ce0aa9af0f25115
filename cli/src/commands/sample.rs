//! `ingot sample`: text from a prompt.

use std::io::Write;

use clap::Args;
use serde_json::json;
use trainer::export::read_model;
use trainer::sample::{Drawing, sample};
use trainer::tokenizer::Coder;

use super::export::{Finished, finished};
use super::run::Furnace;
use crate::context::Context;
use crate::{EXIT_YES, Failure, target};

/// Let a model go on from a prompt
#[derive(Args)]
#[command(after_help = "Example: ingot sample crate-prose --prompt \"Returns the\" --tokens 60")]
pub struct Options {
    /// The run's id or its first digits; or a recipe, for its newest run
    run: String,
    /// How the text begins
    #[arg(long, default_value = "")]
    prompt: String,
    /// Most tokens to add
    #[arg(long, default_value_t = 64, value_name = "N")]
    tokens: usize,
    /// How daring: 0 takes the most likely token each time, 1 draws by the model's own chances
    #[arg(long, default_value_t = 0.8)]
    temperature: f64,
    /// Which draw; the same seed gives the same text
    #[arg(long, default_value_t = 0)]
    seed: u64,
    #[command(flatten)]
    furnace: Furnace,
}

impl Options {
    pub fn run(self, context: &mut Context) -> Result<u8, Failure> {
        let options = self.furnace.options(context)?;
        let registry = context.registry()?;
        let run = target::run(&registry, &self.run)?;
        let record = target::record(&registry, &run)?;
        let Finished { pinned, shape, model, tokenizer } = finished(&registry, &record)?;
        let cannot = |error: &dyn std::fmt::Display| Failure::new(error.to_string());
        let kernels = options.kernels.of_version(pinned.arithmetic).map_err(|e| cannot(&e))?;
        let decoder = read_model(&model, shape, &kernels).map_err(|e| cannot(&e))?;
        let coder = Coder::read(&tokenizer).map_err(|e| cannot(&e))?;
        let drawing =
            Drawing { tokens: self.tokens, temperature: self.temperature, seed: self.seed };
        let json = context.common.json;
        let mut out = context.world.out.clone();
        if !json {
            write!(out, "{}", self.prompt)?;
        }
        // A reader that went away is told by the line after the text.
        let mut heard = |piece: &str| {
            if !json {
                let _ = write!(out, "{piece}").and_then(|()| out.flush());
            }
        };
        let text =
            sample(&decoder, &coder, &self.prompt, &drawing, &mut heard).map_err(|e| cannot(&e))?;
        match json {
            true => context.json(&json!({"kind": "sample", "run": run, "text": text}))?,
            false => context.line("")?,
        }
        Ok(EXIT_YES)
    }
}
