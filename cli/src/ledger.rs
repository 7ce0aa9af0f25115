//! A run's life in the registry: started or taken up again, carried out, finished.

use std::fs::{self, File};
use std::sync::Arc;
use std::time::Instant;

use recipes::recipe::Stage;
use recipes::{Digest, Object, Pinned};
use registry::{Action, Entry, Registry, RunRecord, RunStatus};
use rustix::fs::{FlockOperation, flock};
use serde_json::{Map, Value, json};
use trainer::stage::recorded_steps;
use trainer::{BuildError, Built, Options};

use crate::Failure;
use crate::context::Context;
use crate::furnace::{Recording, Store};
use crate::progress::Meter;
use crate::target;

/// The file in a run's scratch folder whose lock says that a process works on the run.
const LOCK_FILE: &str = "lock";

/// Carries a registered recipe out, taking up an interrupted run of it where there is one.
pub fn carry_out(
    context: &mut Context,
    registry: &Arc<Registry>,
    recipe: Digest,
    pinned: &Pinned,
    options: &Options,
    keep_states: u64,
) -> Result<RunRecord, Failure> {
    trainer::check(pinned, options)?;
    let (id, before, _lock) = match interrupted(registry, recipe)? {
        Some((record, lock)) => {
            resume(context, registry, &record)?;
            (record.summary.id, Some(record), lock)
        }
        None => start(context, registry, recipe, options)?,
    };
    let started = Instant::now();
    let mut meter = Meter::new(&context.common, context.world);
    let built = trainer::build(
        pinned,
        recipe,
        &Store::new(Arc::clone(registry)),
        &mut Recording {
            registry,
            run: id,
            actor: context.actor(),
            clock: context.world.clock,
            meter: &mut meter,
            stop: Arc::clone(&context.world.stop),
            kept_from: kept_from(pinned, keep_states),
            before,
        },
        options,
    );
    meter.finish();
    match built {
        Ok(built) => {
            let seconds = started.elapsed().as_secs_f64();
            finish(context, registry, id, recipe, &built, seconds)?;
        }
        Err(error) => {
            let error = target::in_words_of(registry, &recipe, error);
            return Err(not_finished(context, registry, id, error));
        }
    }
    let _ = fs::remove_dir_all(registry.work_folder(&id));
    target::record(registry, &id)
}

/// The stage and step of the first training state that is kept, if any is.
fn kept_from(pinned: &Pinned, keep_states: u64) -> Option<(u32, u64)> {
    let recorded = (0..).zip(&pinned.stages).flat_map(|(number, stage)| {
        let Stage::Pretrain(settings) = stage;
        recorded_steps(settings).into_iter().map(move |step| (number, step))
    });
    let all: Vec<(u32, u64)> = recorded.collect();
    let kept = usize::try_from(keep_states).unwrap_or(usize::MAX).min(all.len());
    all.get(all.len() - kept).copied()
}

/// Finds a run of this recipe that was begun and that no living process works on.
fn interrupted(registry: &Registry, recipe: Digest) -> Result<Option<(RunRecord, File)>, Failure> {
    for run in registry.runs()? {
        if run.recipe != recipe || run.status != RunStatus::Running {
            continue;
        }
        if let Some(lock) = lock(registry, &run.id)? {
            return Ok(registry.run(&run.id)?.map(|record| (record, lock)));
        }
    }
    Ok(None)
}

/// Takes the lock on a run, unless another process holds it.
fn lock(registry: &Registry, run: &Digest) -> Result<Option<File>, Failure> {
    let folder = registry.work_folder(run);
    fs::create_dir_all(&folder).map_err(|error| Failure::file(&folder, &error))?;
    let file = File::create(folder.join(LOCK_FILE))?;
    Ok(flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok().then_some(file))
}

fn start(
    context: &mut Context,
    registry: &Registry,
    recipe: Digest,
    options: &Options,
) -> Result<(Digest, Option<RunRecord>, File), Failure> {
    let (time, actor) = ((context.world.clock)(), context.actor());
    let record = json!({
        "recipe": recipe, "time": time, "actor": actor, "environment": environment(options),
    });
    let object = Object::new("ingot/run-start@1", &record).map_err(cannot_write)?;
    let id = object.digest();
    let lock = lock(registry, &id)?
        .ok_or_else(|| Failure::new("another process started the same run at the same moment"))?;
    registry.record_one(Entry {
        time,
        actor,
        action: Action::RunStarted,
        subjects: vec![id, recipe],
        reason: None,
        facts: Map::new(),
        objects: vec![object],
    })?;
    Ok((id, None, lock))
}

/// What the run ran on; recorded, and without influence on the bytes.
fn environment(options: &Options) -> Value {
    json!({
        "ingot": env!("CARGO_PKG_VERSION"),
        "machine": std::env::consts::ARCH,
        "system": std::env::consts::OS,
        "tier": options.kernels.tier().to_string(),
        "threads": options.kernels.threads(),
    })
}

fn resume(context: &mut Context, registry: &Registry, run: &RunRecord) -> Result<(), Failure> {
    let id = run.summary.id;
    let last = run.states.last();
    let at = match last {
        Some(mark) => format!("step {} of stage {}", mark.step, mark.stage + 1),
        None => "the beginning".to_owned(),
    };
    context.note(format!("run {} was interrupted; it goes on from {at}", id.short()));
    let facts = last.map_or(json!({}), |mark| json!({"stage": mark.stage, "step": mark.step}));
    record(context, registry, Action::RunResumed, vec![id], facts, Vec::new(), None)
}

fn finish(
    context: &mut Context,
    registry: &Registry,
    id: Digest,
    recipe: Digest,
    built: &Built,
    seconds: f64,
) -> Result<(), Failure> {
    let run = json!({
        "start": id, "recipe": recipe, "trace": built.trace, "parameters": built.parameters,
        "seconds": (seconds * 1000.0).round() / 1000.0,
    });
    let object = Object::new("ingot/run@1", &run).map_err(cannot_write)?;
    let subjects = vec![id, object.digest(), built.trace.model];
    let action = Action::RunFinished;
    record(context, registry, action, subjects, json!({}), vec![object], None)
}

/// Records why a run ended early; one that was stopped can go on and is left open.
fn not_finished(
    context: &mut Context,
    registry: &Registry,
    id: Digest,
    error: BuildError,
) -> Failure {
    if error.is_stop() {
        return Failure::new(format!("run {} was stopped and is kept", id.short()))
            .hint("the same command goes on from its last training state");
    }
    let lasting = !error.is_of_the_moment();
    let failure = Failure::from(error);
    if lasting {
        let reason = Some(failure.message.clone());
        let action = Action::RunFailed;
        if let Err(second) =
            record(context, registry, action, vec![id], json!({}), Vec::new(), reason)
        {
            context.note(format!("note: the failure could not be recorded: {}", second.message));
        }
        let _ = fs::remove_dir_all(registry.work_folder(&id));
    }
    failure
}

/// Records one event by the present actor, now.
pub fn record(
    context: &Context,
    registry: &Registry,
    action: Action,
    subjects: Vec<Digest>,
    facts: Value,
    objects: Vec<Object>,
    reason: Option<String>,
) -> Result<(), Failure> {
    registry.record_one(Entry {
        time: (context.world.clock)(),
        actor: context.actor(),
        action,
        subjects,
        reason,
        facts: facts.as_object().cloned().unwrap_or_default(),
        objects,
    })?;
    Ok(())
}

fn cannot_write(error: recipes::ObjectError) -> Failure {
    Failure::new(error.to_string())
}
