//! `ingot dropped`: which documents a run's steps dropped, and why.

use std::collections::BTreeMap;

use audits::recount::recount;
use audits::sample::Sample;
use audits::story::{reason, visible};
use audits::walk;
use clap::Args;
use recipes::fate::FateReader;
use recipes::{Fate, StepResult};
use registry::{Registry, RunRecord};
use serde_json::json;

use crate::context::Context;
use crate::words::count;
use crate::{EXIT_NO, EXIT_YES, Failure, target};

/// List the documents that a run dropped, with the value and the limit of each
///
/// At the end stands how many each step dropped, by what was measured. With `--check` the lists are
/// counted again: they must give the very digests that the steps recorded, or the exit code is 1.
#[derive(Args)]
#[command(after_help = "Examples:\n  ingot dropped prose --step filter.length\n  \
    ingot dropped 85d10e4e --sample 5\n  ingot dropped prose --check")]
pub struct Options {
    /// A run's id, or a recipe whose newest run is meant
    run: String,
    /// Only steps with this in their name
    #[arg(long, value_name = "STEP")]
    step: Option<String>,
    /// Only some of each step: those with the lowest digests, the same ones always
    #[arg(long, value_name = "N")]
    sample: Option<usize>,
    /// Count all documents again instead, and compare with what the steps recorded
    #[arg(long, conflicts_with_all = ["step", "sample"])]
    check: bool,
}

/// What one step dropped.
struct Counted {
    step: String,
    dropped: u64,
    by: BTreeMap<String, u64>,
}

impl Options {
    pub fn run(self, context: &mut Context) -> Result<u8, Failure> {
        let registry = context.registry()?;
        let run = target::run(&registry, &self.run)?;
        let run = target::record(&registry, &run)?;
        if self.check {
            return check(context, &registry, &run);
        }
        let named = |step: &&StepResult| {
            step.fates.is_some() && self.step.as_ref().is_none_or(|part| step.name.contains(part))
        };
        let steps: Vec<&StepResult> = run.steps.iter().filter(named).collect();
        if let Some(part) = self.step.as_ref().filter(|_| steps.is_empty()) {
            let known = run.steps.iter().filter(|step| step.fates.is_some());
            let known: Vec<String> = known.map(|step| format!("`{}`", step.name)).collect();
            return Err(Failure::new(format!("no cleaning step of this run is named `{part}`"))
                .hint(format!("it has {}", known.join(", "))));
        }
        let mut counted = Vec::new();
        for step in steps {
            counted.push(self.list(context, &registry, &run, step)?);
        }
        summary(context, &run, &counted)?;
        Ok(EXIT_YES)
    }

    /// Lists what a step dropped; only what is sampled is held.
    fn list(
        &self,
        context: &mut Context,
        registry: &Registry,
        run: &RunRecord,
        step: &StepResult,
    ) -> Result<Counted, Failure> {
        let mut counted = Counted { step: step.name.clone(), dropped: 0, by: BTreeMap::new() };
        let Some(list) = step.fates else { return Ok(counted) };
        let sources = walk::sources(run);
        let mut fates = FateReader::new(walk::open(registry, &list)?);
        let mut sampled = Sample::new(self.sample.unwrap_or_default());
        let damaged = |error| walk::WalkError::List { digest: list, error };
        while let Some(fate) = fates.pull().map_err(damaged)? {
            counted.dropped += 1;
            *counted.by.entry(fate.measure.clone()).or_default() += 1;
            match self.sample {
                None => print(context, run, step, &sources, &fate)?,
                Some(_) => sampled.take(fate.document, fate),
            }
        }
        for fate in sampled.rows() {
            print(context, run, step, &sources, fate)?;
        }
        Ok(counted)
    }
}

fn print(
    context: &mut Context,
    run: &RunRecord,
    step: &StepResult,
    sources: &[&str],
    fate: &Fate,
) -> Result<(), Failure> {
    let source = sources.get(fate.source as usize).copied().unwrap_or("?");
    if context.common.json {
        return context.json(&json!({
            "kind": "dropped", "run": run.summary.id, "step": step.name, "source": source,
            "document": fate.document, "name": fate.name, "position": fate.position,
            "measure": fate.measure, "value": fate.value, "limit": fate.limit,
            "repeats": fate.repeats,
        }));
    }
    let (step, id, name) = (&step.name, context.digest(&fate.document), visible(&fate.name));
    let reason = reason(fate);
    context.line(format!("{step}  {id}  {source}: {name}:{}  {reason}", fate.position))
}

fn summary(context: &mut Context, run: &RunRecord, counted: &[Counted]) -> Result<(), Failure> {
    for Counted { step, dropped, by } in counted {
        if context.common.json {
            context.json(&json!({
                "kind": "dropped-count", "run": run.summary.id, "step": step, "dropped": dropped,
                "by": by,
            }))?;
            continue;
        }
        let by: Vec<String> = by.iter().map(|(name, n)| format!("{name} {}", count(*n))).collect();
        let line = format!("{step}  {} dropped  {}", count(*dropped), by.join(", "));
        context.line(line.trim_end())?;
    }
    Ok(())
}

/// Counts a run's documents again.
fn check(context: &mut Context, registry: &Registry, run: &RunRecord) -> Result<u8, Failure> {
    let found = recount(registry, run)?;
    if context.common.json {
        context.json(&json!({
            "kind": "recount", "run": run.summary.id, "gathered": found.gathered,
            "dropped": found.dropped, "trained": found.trained, "held_out": found.held_out,
            "steps": found.steps, "differing": found.differing, "agrees": found.agrees(),
        }))?;
    } else {
        let [gathered, dropped, trained, held] =
            [found.gathered, found.dropped, found.trained, found.held_out].map(count);
        context.line(format!(
            "documents  {gathered} gathered, {dropped} dropped, {trained} trained on, \
             {held} held out"
        ))?;
        for step in &found.differing {
            context.line(format!("differs    {step}"))?;
        }
        let equal = found.steps - found.differing.len() as u64;
        let word = if found.agrees() { "agrees" } else { "differs" };
        context.line(format!("{word:<10} {equal} of {} steps counted again", found.steps))?;
    }
    Ok(if found.agrees() { EXIT_YES } else { EXIT_NO })
}
