//! `ingot rebuild`: repeats a run from its record without any cache and gives the verdict.

use clap::Args;
use trainer::Plant;

use super::run::Furnace;
use crate::context::Context;
use crate::{Failure, target, verdict};

/// Repeat a run from its record alone and compare every digest
///
/// The verdict is `reproduced` (exit 0), `differs` with the first difference (1), `could not run`
/// or `undecided` because inputs are no longer here (2).
#[derive(Args)]
#[command(after_help = "Examples:\n  ingot rebuild 7c1f09ab\n  ingot rebuild prose@2 --plant seed")]
pub struct Options {
    /// The run's id or its first digits; or a recipe, for its newest run
    run: String,
    /// Plant a change, to see that the verdict finds it
    #[arg(long, value_name = "WHAT")]
    plant: Option<Planted>,
    #[command(flatten)]
    furnace: Furnace,
}

/// A change that a verdict must find.
#[derive(Clone, Copy, clap::ValueEnum)]
enum Planted {
    /// One changed letter in the first document
    Data,
    /// One training step repeats the batch of the step before
    Step,
    /// Another seed
    Seed,
}

impl Options {
    pub fn run(self, context: &mut Context) -> Result<u8, Failure> {
        let mut options = self.furnace.options(context)?;
        options.plant = self.plant.map(|planted| match planted {
            Planted::Data => Plant::Data,
            Planted::Step => Plant::Step,
            Planted::Seed => Plant::Seed,
        });
        context.world.listen_for_stop();
        let registry = context.registry()?;
        let run = target::run(&registry, &self.run)?;
        let record = target::record(&registry, &run)?;
        let rebuilt = verdict::rebuild(context, &registry, &record, &options)?;
        rebuilt.print(context)?;
        Ok(rebuilt.exit())
    }
}
