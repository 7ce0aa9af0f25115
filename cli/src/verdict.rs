//! A rebuild carried out, judged and recorded.

use std::sync::Arc;

use audits::verdict::{Outcome, Verdict, compare};
use recipes::Digest;
use registry::{Action, Registry, RunRecord};
use serde_json::json;
use trainer::{BuildError, Options};

use crate::context::Context;
use crate::furnace::{Rehearsal, Store};
use crate::ledger::record;
use crate::progress::Meter;
use crate::{EXIT_CANNOT, EXIT_NO, EXIT_YES, Failure, target};

/// A verdict, and the model that the rebuild made if it came to its end.
pub struct Rebuilt {
    pub verdict: Verdict,
    model: Option<Digest>,
}

/// Repeats a run from its record, compares, and records the verdict (not that of a planted change).
pub fn rebuild(
    context: &mut Context,
    registry: &Arc<Registry>,
    run: &RunRecord,
    options: &Options,
) -> Result<Rebuilt, Failure> {
    let id = run.summary.id;
    let Some(recorded) = &run.trace else {
        return Err(Failure::new(format!("run {} is {}", id.short(), run.summary.status))
            .hint("only a finished run can be rebuilt"));
    };
    let pinned = registry.pinned(&run.summary.recipe)?;
    if let Err(error @ (BuildError::Memory(_) | BuildError::Ranks(_))) =
        trainer::check(&pinned, options)
    {
        return Err(error.into());
    }
    let mut meter = Meter::new(&context.common, context.world);
    let stop = Arc::clone(&context.world.stop);
    let built = trainer::build(
        &pinned,
        run.summary.recipe,
        &Store::new(Arc::clone(registry)),
        &mut Rehearsal { meter: &mut meter, stop },
        options,
    );
    meter.finish();
    let recipe = &run.summary.recipe;
    let built = built.map_err(|error| target::in_words_of(registry, recipe, error));
    let model = built.as_ref().ok().map(|built| built.trace.model);
    let verdict = match built {
        Ok(built) => compare(id, recorded, &built.trace),
        Err(error) if error.is_stop() => return Err(Failure::new("the rebuild was stopped")),
        Err(error) if error.is_damage() => return Err(Failure::from(error)),
        Err(error) if error.is_missing_input() => Verdict::undecided(id, &error.to_string()),
        Err(error) => Verdict::could_not_run(id, &error.to_string()),
    };
    if options.plant.is_none() {
        let object = verdict.object().map_err(|error| Failure::new(error.to_string()))?;
        let subjects = vec![id, object.digest()];
        let facts = json!({"verdict": verdict.verdict});
        let action = Action::RunRebuilt;
        match record(context, registry, action, subjects, facts, vec![object], None) {
            Err(failure) if failure.is_read_only => {
                context.note("note: the registry is read-only; the verdict is not recorded");
            }
            recorded => recorded?,
        }
    }
    Ok(Rebuilt { verdict, model })
}

impl Rebuilt {
    /// Prints the verdict as data.
    pub fn print(&self, context: &mut Context) -> Result<(), Failure> {
        if context.common.json {
            return context.json(&self.verdict.json());
        }
        let model = self.model.map(|model| context.digest(&model));
        let model = model.unwrap_or_else(|| "-".repeat(8));
        context.line(format!("rebuilt    {model}  {}", self.verdict.words()))
    }

    /// The exit code of the verdict.
    pub fn exit(&self) -> u8 {
        match self.verdict.verdict {
            Outcome::Reproduced => EXIT_YES,
            Outcome::Differs => EXIT_NO,
            Outcome::CouldNotRun | Outcome::Undecided => EXIT_CANNOT,
        }
    }
}
