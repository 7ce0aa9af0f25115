//! The steps of a run as they are done: shown, handed to the outputs, kept for the trace.

use std::collections::BTreeMap;
use std::io;

use recipes::{Digest, StepResult};

use crate::outputs::{Outputs, Progress};

/// Figures of a step.
pub type Counts = BTreeMap<String, u64>;

/// Counts by name.
pub fn counts<const N: usize>(pairs: [(&str, u64); N]) -> Counts {
    pairs.into_iter().map(|(name, count)| (name.to_owned(), count)).collect()
}

/// A JSON object's only key: the name and version of an operator, a stage or a gate.
pub fn operator<T: serde::Serialize>(value: &T) -> (String, serde_json::Value) {
    let value = serde_json::to_value(value).expect("recipe parts are JSON");
    let members = value.as_object().and_then(|members| members.iter().next());
    members.map(|(name, value)| (name.clone(), value.clone())).unwrap_or_default()
}

/// The steps done so far, and where their results go.
pub struct Steps<'a> {
    pub outputs: &'a mut dyn Outputs,
    done: Vec<StepResult>,
}

impl<'a> Steps<'a> {
    /// Nothing is done yet.
    pub fn new(outputs: &'a mut dyn Outputs) -> Steps<'a> {
        Steps { outputs, done: Vec::new() }
    }

    /// Shows how far a step is.
    pub fn show(&mut self, step: &str, done: u64, total: u64, unit: &'static str) {
        let progress = Progress { step: step.to_owned(), done, total, unit, loss: None };
        self.outputs.progress(&progress);
    }

    /// Takes a finished step.
    pub fn done(
        &mut self,
        name: &str,
        key: Digest,
        result: Digest,
        counts: Counts,
    ) -> io::Result<()> {
        self.take(StepResult::new(name.to_owned(), key, result, counts))
    }

    /// Takes a finished step with all that belongs to it.
    pub fn take(&mut self, step: StepResult) -> io::Result<()> {
        self.outputs.step(&step)?;
        self.done.push(step);
        Ok(())
    }

    /// The results so far, in order.
    pub fn results(&self) -> Vec<Digest> {
        self.done.iter().map(|step| step.result).collect()
    }

    /// The result of the last step.
    pub fn last(&self) -> Digest {
        self.done.last().expect("a step was done").result
    }

    /// All steps, in order.
    pub fn into_done(self) -> Vec<StepResult> {
        self.done
    }
}
