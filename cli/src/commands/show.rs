//! `ingot show`: a recipe, a run, an object or a blob.

use std::io::{Read, Write};

use clap::Args;
use recipes::{Digest, trace};
use registry::{Registry, Resolved, RunRecord, Version};
use serde_json::{Value, json};

use super::run::{aside, mixture};
use crate::context::Context;
use crate::words::{count, duration, table};
use crate::{EXIT_YES, Failure, target};

/// Show a recipe, a run, an object or a blob
#[derive(Args)]
#[command(after_help = "Examples:\n  ingot show prose@2\n  ingot show 7c1f09ab\n  \
    ingot show sha256:e3b1f0c2… --raw | sha256sum")]
pub struct Options {
    /// `prose`, `prose@2`, a run's id, or a digest or its first digits
    name: String,
    /// Print exactly the bytes that the digest names
    #[arg(long)]
    raw: bool,
}

impl Options {
    pub fn run(self, context: &mut Context) -> Result<u8, Failure> {
        let registry = context.registry()?;
        let resolved = registry.resolve(&self.name)?;
        if self.raw {
            return raw(context, &registry, &resolved);
        }
        match resolved {
            Resolved::Recipe(version) => recipe(context, &registry, &version),
            Resolved::Run(id) => run(context, &registry, &target::record(&registry, &id)?),
            Resolved::Object(digest) => match registry.version_of(&digest)? {
                Some(version) => recipe(context, &registry, &version),
                None => object(context, &registry, &digest),
            },
            Resolved::Blob(digest) => blob(context, &registry, &digest),
        }
    }
}

fn raw(context: &mut Context, registry: &Registry, resolved: &Resolved) -> Result<u8, Failure> {
    let digest = match resolved {
        Resolved::Recipe(version) => version.digest,
        Resolved::Run(digest) | Resolved::Object(digest) => *digest,
        Resolved::Blob(digest) => {
            let mut file = registry.blobs().open(digest)?;
            let mut block = vec![0; 1 << 16];
            loop {
                match file.read(&mut block)? {
                    0 => break,
                    n => context.world.out.write_all(&block[..n])?,
                }
            }
            context.world.out.flush()?;
            return Ok(EXIT_YES);
        }
    };
    let object = found(registry, &digest)?;
    context.bytes(object.bytes())?;
    Ok(EXIT_YES)
}

fn found(registry: &Registry, digest: &Digest) -> Result<recipes::Object, Failure> {
    let missing = || Failure::new(format!("object `{digest}` is not here"));
    registry.object(digest)?.ok_or_else(missing)
}

fn recipe(context: &mut Context, registry: &Registry, version: &Version) -> Result<u8, Failure> {
    let pinned = registry.pinned(&version.digest)?;
    let name = format!("{}@{}", version.name, version.number);
    if context.common.json {
        let object = found(registry, &version.digest)?;
        context.json(&json!({
            "kind": "recipe", "name": version.name, "version": version.number,
            "digest": version.digest, "time": version.time, "actor": version.actor,
            "yaml": version.yaml, "recipe": object.value(),
        }))?;
        return Ok(EXIT_YES);
    }
    let digest = context.digest(&version.digest);
    context.line(format!("recipe     {digest}  {name}"))?;
    context.line(format!("added      {}  by {}", version.time, version.actor))?;
    context.line("")?;
    context.bytes(recipes::show(&pinned).as_bytes())?;
    Ok(EXIT_YES)
}

fn object(context: &mut Context, registry: &Registry, digest: &Digest) -> Result<u8, Failure> {
    let object = found(registry, digest)?;
    if context.common.json {
        context.json(&object.value())?;
    } else {
        context.line(format!("object     {}  {}", context.digest(digest), object.kind()))?;
        context.line(format!("{:#}", object.value()))?;
    }
    Ok(EXIT_YES)
}

fn blob(context: &mut Context, registry: &Registry, digest: &Digest) -> Result<u8, Failure> {
    let size = registry.blobs().size(digest)?;
    if context.common.json {
        context.json(&json!({"kind": "blob", "digest": digest, "size": size}))?;
    } else {
        let shown = context.digest(digest);
        context.line(format!("blob       {shown}  {} bytes", count(size)))?;
        context.note("hint: `--raw` prints its bytes");
    }
    Ok(EXIT_YES)
}

fn run(context: &mut Context, registry: &Registry, run: &RunRecord) -> Result<u8, Failure> {
    if context.common.json {
        context.json(&run_json(run))?;
        return Ok(EXIT_YES);
    }
    let summary = &run.summary;
    let name = format!("{}@{}", summary.name, summary.version);
    let id = context.digest(&summary.id);
    context.line(format!("run        {id}  {name}  {}", summary.status))?;
    let took = run.seconds.map(|s| format!("  took {}", duration(s))).unwrap_or_default();
    context.line(format!("started    {}  by {}{took}", summary.started, summary.actor))?;
    if let Some(model) = &summary.model {
        context.line(format!("model      {}", context.digest(model)))?;
    }
    context.line(format!("retention  {}", run.retention))?;
    if let Some(failure) = &run.failure {
        context.line(format!("failed     {failure}"))?;
    }
    for gate in &summary.quality {
        let met = if gate.met { "met" } else { "not met" };
        context.line(format!(
            "quality    {}  {:.4}  (bar {}: {met})",
            gate.gate, gate.value, gate.bar
        ))?;
    }
    for event in &run.rebuilds {
        let verdict = event.facts.get("verdict").and_then(Value::as_str).unwrap_or_default();
        context.line(format!("rebuilt    {}  by {}  {verdict}", event.time, event.actor))?;
    }
    context.line("")?;
    for line in table(&step_rows(context, run)) {
        context.line(line)?;
    }
    context.line(format!("{} training states", run.states.len()))?;
    let pinned = registry.pinned(&run.summary.recipe).ok();
    if let Some(line) = pinned.and_then(|pinned| mixture(&pinned, run)) {
        context.line(line)?;
    }
    for line in aside(context, run) {
        context.line(line)?;
    }
    licences(context, run)?;
    Ok(EXIT_YES)
}

/// Documents by licence as they were gathered and as they were left, where they have licences.
fn licences(context: &mut Context, run: &RunRecord) -> Result<(), Failure> {
    let counted = trace::licences(&run.steps);
    if counted.is_empty() {
        return Ok(());
    }
    let mut rows = vec![["licence", "documents in", "kept"].map(str::to_owned).to_vec()];
    for (name, counts) in counted {
        let [gathered, kept] = counts.map(count);
        rows.push(vec![name, gathered, kept]);
    }
    context.line("")?;
    for line in table(&rows) {
        context.line(line)?;
    }
    Ok(())
}

fn step_rows(context: &Context, run: &RunRecord) -> Vec<Vec<String>> {
    let mut rows = vec![["step", "result", "counts"].map(str::to_owned).to_vec()];
    for step in &run.steps {
        let counts: Vec<String> = step
            .counts
            .iter()
            .map(|(name, value)| format!("{} {}", count(*value), name.replace('_', " ")))
            .collect();
        rows.push(vec![step.name.clone(), context.digest(&step.result), counts.join(", ")]);
    }
    rows
}

/// A run with everything recorded of it, for machines.
pub fn run_json(run: &RunRecord) -> Value {
    let summary = &run.summary;
    json!({
        "kind": "run", "id": summary.id, "recipe": summary.recipe, "name": summary.name,
        "version": summary.version, "status": summary.status.to_string(),
        "started": summary.started, "finished": summary.finished, "actor": summary.actor,
        "model": summary.model, "quality": summary.quality, "verdicts": summary.verdicts,
        "steps": run.steps, "states": run.states, "seconds": run.seconds,
        "failure": run.failure, "retention": run.retention.to_string(),
    })
}
