//! Everything that ever happened, one event at a time: who did what to which digests, when, why.
//!
//! An event is small and holds digests and facts only; `FORMAT.md` defines its bytes.

use std::fmt;

use recipes::{Digest, Object};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// An event's canonical bytes stay below this, so that it can be a leaf of the log.
pub const EVENT_BYTES_MAX: usize = 65_534;

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Action {
    #[serde(rename = "registry.created")]
    RegistryCreated,
    #[serde(rename = "recipe.added")]
    RecipeAdded,
    #[serde(rename = "run.started")]
    RunStarted,
    #[serde(rename = "run.step")]
    RunStep,
    #[serde(rename = "run.state")]
    RunState,
    #[serde(rename = "run.resumed")]
    RunResumed,
    #[serde(rename = "run.finished")]
    RunFinished,
    #[serde(rename = "run.failed")]
    RunFailed,
    #[serde(rename = "run.rebuilt")]
    RunRebuilt,
}

impl Action {
    /// The action as it is written.
    pub fn text(self) -> &'static str {
        match self {
            Action::RegistryCreated => "registry.created",
            Action::RecipeAdded => "recipe.added",
            Action::RunStarted => "run.started",
            Action::RunStep => "run.step",
            Action::RunState => "run.state",
            Action::RunResumed => "run.resumed",
            Action::RunFinished => "run.finished",
            Action::RunFailed => "run.failed",
            Action::RunRebuilt => "run.rebuilt",
        }
    }

    /// Whether the first subject is a run.
    pub fn is_of_run(self) -> bool {
        self.text().starts_with("run.")
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.pad(self.text())
    }
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// Its place in the journal, from 0, without gaps.
    pub number: u64,
    /// RFC 3339 in UTC with microseconds.
    pub time: String,
    /// Who did it.
    pub actor: String,
    /// What was done.
    pub action: Action,
    /// To what, in the order that the action defines.
    pub subjects: Vec<Digest>,
    /// Why.
    pub reason: Option<String>,
    /// Small facts beside the digests.
    pub facts: Map<String, Value>,
}

/// An event that is about to happen, with the objects it introduces.
#[derive(Clone, Debug)]
pub struct Entry {
    /// RFC 3339 in UTC with microseconds.
    pub time: String,
    /// Who does it.
    pub actor: String,
    /// What is done.
    pub action: Action,
    /// To what, in the order that the action defines.
    pub subjects: Vec<Digest>,
    /// Why.
    pub reason: Option<String>,
    /// Small facts beside the digests.
    pub facts: Map<String, Value>,
    /// Objects that the registry shall keep from now on.
    pub objects: Vec<Object>,
}

impl Entry {
    /// The event that this entry becomes at a place in the journal.
    pub fn event(&self, number: u64) -> Event {
        Event {
            number,
            time: self.time.clone(),
            actor: self.actor.clone(),
            action: self.action,
            subjects: self.subjects.clone(),
            reason: self.reason.clone(),
            facts: self.facts.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_written_as_it_is_displayed() {
        for action in [
            Action::RegistryCreated,
            Action::RecipeAdded,
            Action::RunStarted,
            Action::RunStep,
            Action::RunState,
            Action::RunResumed,
            Action::RunFinished,
            Action::RunFailed,
            Action::RunRebuilt,
        ] {
            let written = serde_json::to_string(&action).expect("a text");
            assert_eq!(written, format!("\"{action}\""));
        }
    }
}
