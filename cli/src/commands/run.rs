//! `ingot run`: carries a recipe out and records it.

use std::path::Path;

use clap::Args;
use recipes::pinned::Account;
use recipes::{GateResult, Pinned, StepResult};
use registry::RunRecord;
use serde_json::{Value, json};

use crate::aside::Aside;
use crate::context::Context;
use crate::target::{self, Registered};
use crate::words::{about, count};
use crate::{EXIT_NO, EXIT_YES, Failure, ledger, verdict};

/// Carry a recipe out: gather, clean, tokenize, train, measure, record
///
/// A file is registered first. A run that was interrupted goes on from its last training state.
/// Exits with 1 where the model misses a bar or the rebuild differs.
#[derive(Args)]
#[command(after_help = "Examples:\n  ingot run prose.yaml --rebuild\n  \
    ingot run prose@2 --threads 2")]
pub struct Options {
    /// A recipe file, or a registered recipe such as `prose@2`
    recipe: String,
    /// Then rebuild everything from the record and give the verdict
    #[arg(long)]
    rebuild: bool,
    /// Keep the last N training states, or all of them, so that parts of the run can be checked
    /// alone; the digests of all are recorded anyway
    #[arg(long, value_name = "N", num_args = 0..=1, require_equals = true)]
    #[arg(default_value_t = 0, default_missing_value = "18446744073709551615")]
    #[arg(hide_default_value = true)]
    keep_states: u64,
    #[command(flatten)]
    furnace: Furnace,
}

/// How fast, never what.
#[derive(Args, Clone)]
pub struct Furnace {
    /// Threads; the result is the same with any number [default: one per core]
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// Workers that share each step's micro-batches and the threads; the result is the same for 1,
    /// 2 or 4
    #[arg(long, value_name = "W", default_value_t = 1)]
    pub ranks: usize,
}

impl Furnace {
    /// Makes the arithmetic ready.
    pub fn options(&self, context: &Context) -> Result<trainer::Options, Failure> {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        let threads = self.threads.unwrap_or_else(cores);
        let tier = match context.world.environment.get("INGOT_TIER") {
            Some(name) => name.parse().map_err(|_| {
                Failure::new(format!("INGOT_TIER is `{name}`, wanted {}", kernels::Tier::WANTED))
            })?,
            None => kernels::Tier::best(),
        };
        let kernels = kernels::Kernels::new(tier, threads)
            .map_err(|error| Failure::new(error.to_string()))?;
        let memory = (context.world.memory)();
        let scratch = Box::new(Aside::new(context.registry_folder().0));
        Ok(trainer::Options { kernels, ranks: self.ranks, memory, scratch, plant: None })
    }
}

impl Options {
    pub fn run(self, context: &mut Context) -> Result<u8, Failure> {
        let options = self.furnace.options(context)?;
        context.world.listen_for_stop();
        let (registry, registered) = if target::is_file(&self.recipe) {
            let written = target::read(context, Path::new(&self.recipe))?;
            let registry = context.registry_or_new()?;
            let registered = target::register(context, &registry, &written, None)?;
            (registry, registered)
        } else {
            let registry = context.registry()?;
            let registered = target::registered(&registry, &self.recipe)?;
            (registry, registered)
        };
        let Registered { pinned, version, .. } = &registered;
        let name = format!("{}@{}", version.name, version.number);
        context.note(format!("recipe     {}  {name}", context.digest(&version.digest)));
        let record = ledger::carry_out(
            context,
            &registry,
            version.digest,
            pinned,
            &options,
            self.keep_states,
        )?;
        if !context.common.json {
            print(context, &record, pinned)?;
        }
        let mut exit = if all_met(&record) { EXIT_YES } else { EXIT_NO };
        let mut line = run_line(&record);
        if self.rebuild {
            context.note("rebuilding from the record alone");
            let rebuilt = verdict::rebuild(context, &registry, &record, &options)?;
            rebuilt.print(context)?;
            line["verdict"] = json!(rebuilt.verdict.verdict);
            exit = exit.max(rebuilt.exit());
        }
        if context.common.json {
            context.json(&line)?;
        }
        Ok(exit)
    }
}

fn all_met(record: &RunRecord) -> bool {
    record.summary.quality.iter().all(|gate| gate.met)
}

fn run_line(record: &RunRecord) -> Value {
    let summary = &record.summary;
    json!({
        "kind": "run", "id": summary.id, "recipe": summary.recipe, "name": summary.name,
        "version": summary.version, "model": summary.model, "quality": summary.quality,
    })
}

fn print(context: &mut Context, record: &RunRecord, pinned: &Pinned) -> Result<(), Failure> {
    let summary = &record.summary;
    let id = context.digest(&summary.id);
    context.line(format!("run        {id}  {}@{}", summary.name, summary.version))?;
    let of = |prefix: &str, name: &str| -> u64 {
        let steps = record.steps.iter().filter(|step| step.name.starts_with(prefix));
        steps.filter_map(|step| step.counts.get(name)).sum()
    };
    let cleaned = record.steps.iter().rfind(|step: &&StepResult| step.name.starts_with("clean "));
    let gathered = of("gather ", "documents");
    let kept = cleaned.and_then(|step| step.counts.get("documents")).copied().unwrap_or(gathered);
    let formula = pinned.formula_digest().map_err(|error| Failure::new(error.to_string()))?;
    context.line(format!(
        "data       {} documents in, {} kept, {} tokens   formula {}",
        count(gathered),
        count(kept),
        about(of("tokenize", "tokens")),
        context.digest(&formula)
    ))?;
    if let Some(line) = mixture(pinned, record) {
        context.line(line)?;
    }
    for line in aside(context, record) {
        context.line(line)?;
    }
    if let Some(model) = &summary.model {
        let mut words = vec![format!("{} parameters", about(of("model", "parameters")))];
        words.extend(summary.quality.iter().map(gate_words));
        context.line(format!("model      {}  {}", context.digest(model), words.join(", ")))?;
    }
    Ok(())
}

/// The parts that the sources gave to training, beside those that the formula asks for.
pub fn mixture(pinned: &Pinned, record: &RunRecord) -> Option<String> {
    let account = pinned.account(&record.steps);
    let tokens = account.iter().map(|part| part.used).sum::<u64>();
    let all = tokens.max(1) as f64 / 100.0;
    let part = |part: &Account| {
        let (asked, used) = (part.asked / all, part.used as f64 / all);
        format!("{} {used:.1} % (asked {asked:.1} %)", part.source)
    };
    let parts: Vec<String> = account.iter().map(part).collect();
    (!parts.is_empty())
        .then(|| format!("mixture    {} of {} tokens", parts.join(", "), count(tokens)))
}

/// What was kept aside, a line for each source with bad records.
pub fn aside(context: &Context, record: &RunRecord) -> Vec<String> {
    let line = |step: &StepResult| {
        let kept = context.digest(&step.quarantine?);
        let bad = *step.counts.get("quarantined").filter(|bad| **bad > 0)?;
        let source = step.name.strip_prefix("gather ")?;
        Some(format!("quarantine {kept}  {} bad records of {source}", count(bad)))
    };
    record.steps.iter().filter_map(line).collect()
}

/// A gate's result in words: `held-out loss 3.87 (bar 4.50: met)`.
pub fn gate_words(gate: &GateResult) -> String {
    let name = gate.gate.split('@').next().unwrap_or_default().replace("held-out-", "held-out ");
    let met = if gate.met { "met" } else { "not met" };
    format!("{name} {:.2} (bar {:.2}: {met})", gate.value, gate.bar)
}
