//! Runs: what was recorded of each execution of a recipe, and whether it can be repeated.

use std::fmt;

use recipes::{Digest, GateResult, Object, StateMark, StepResult, Trace};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::RegistryError;
use crate::event::{Action, Event};
use crate::registry::Registry;
use crate::rows;
use crate::trail::EventFilter;

/// Runs of a recipe among which its newest finished one is looked for.
const STARTED_MAX: usize = 1000;

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunStatus {
    Running,
    Finished,
    Failed,
}

impl fmt::Display for RunStatus {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.pad(match self {
            RunStatus::Running => "running",
            RunStatus::Finished => "finished",
            RunStatus::Failed => "failed",
        })
    }
}

/// What of a run can be shown again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Retention {
    /// Only what was written down.
    RecordOnly,
    /// Training states are kept, so that stretches of the training can be repeated.
    SpotCheckable,
    /// Everything to repeat the run is here.
    Rebuildable,
}

impl fmt::Display for Retention {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.pad(match self {
            Retention::RecordOnly => "record-only",
            Retention::SpotCheckable => "spot-checkable",
            Retention::Rebuildable => "rebuildable",
        })
    }
}

/// A run in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunSummary {
    pub id: Digest,
    pub recipe: Digest,
    /// The recipe's name; empty where the recipe is not registered here.
    pub name: String,
    pub version: u64,
    /// When it began.
    pub started: String,
    pub actor: String,
    /// When it finished.
    pub finished: Option<String>,
    pub status: RunStatus,
    pub model: Option<Digest>,
    pub quality: Vec<GateResult>,
    /// What rebuilds found, oldest first.
    pub verdicts: Vec<String>,
}

/// Everything recorded of a run.
#[derive(Clone, Debug)]
pub struct RunRecord {
    pub summary: RunSummary,
    /// The object that it began with, whose digest is its id.
    pub start: Object,
    pub steps: Vec<StepResult>,
    pub states: Vec<StateMark>,
    /// Of a finished run.
    pub trace: Option<Trace>,
    /// How long it took.
    pub seconds: Option<f64>,
    /// The events of its rebuilds, oldest first.
    pub rebuilds: Vec<Event>,
    /// Why it failed, where it did last.
    pub failure: Option<String>,
    pub retention: Retention,
}

/// What the events of one run add up to.
#[derive(Default)]
struct Gathered {
    steps: Vec<StepResult>,
    states: Vec<StateMark>,
    kept: Vec<Digest>,
    finished: Option<Digest>,
    rebuilds: Vec<Event>,
    failure: Option<String>,
}

impl Gathered {
    fn take(&mut self, event: Event) -> Result<(), RegistryError> {
        match event.action {
            Action::RunStep => self.steps.push(fact(&event, "step")?),
            Action::RunState => {
                let mark: StateMark = fact(&event, "state")?;
                if event.facts.get("kept") == Some(&Value::Bool(true)) {
                    self.kept.push(mark.digest);
                }
                self.states.push(mark);
            }
            Action::RunResumed => self.failure = None,
            Action::RunFinished => self.finished = event.subjects.get(1).copied(),
            Action::RunFailed => self.failure = event.reason,
            Action::RunRebuilt => self.rebuilds.push(event),
            Action::RegistryCreated | Action::RecipeAdded | Action::RunStarted => {}
        }
        Ok(())
    }
}

fn fact<T: DeserializeOwned>(event: &Event, name: &str) -> Result<T, RegistryError> {
    let value = event.facts.get(name).cloned().unwrap_or_default();
    serde_json::from_value(value).map_err(|error| {
        RegistryError::damage(format!("event {}", event.number), format!("`{name}`: {error}"))
    })
}

impl Registry {
    /// All runs, newest first.
    pub fn runs(&self) -> Result<Vec<RunSummary>, RegistryError> {
        let mut found = Vec::new();
        self.scan(b"r".to_vec(), rows::after(b"r"), &mut |_, value| {
            found.push(rows::parse(&value)?);
            Ok(true)
        })?;
        Ok(found)
    }

    /// The newest finished run of a recipe, looked for among the last ones that were started.
    pub fn newest_finished(&self, recipe: &Digest) -> Result<Option<RunRecord>, RegistryError> {
        let mut before = None;
        for _ in 0..STARTED_MAX {
            let started = EventFilter {
                action: Some(Action::RunStarted.text().to_owned()),
                subject: Some(*recipe),
                before,
                limit: 1,
                ..EventFilter::default()
            };
            let Some(event) = self.events(&started)?.pop() else { return Ok(None) };
            before = Some(event.number);
            let Some(run) = event.subjects.first() else { continue };
            let summary = self.run_summary(run)?;
            if summary.is_some_and(|summary| summary.status == RunStatus::Finished) {
                return self.run(run);
            }
        }
        Ok(None)
    }

    /// The summary of one run.
    pub(crate) fn run_summary(&self, run: &Digest) -> Result<Option<RunSummary>, RegistryError> {
        let Some(started) = self.get(&rows::run(run))? else { return Ok(None) };
        let started = <[u8; 8]>::try_from(started.as_slice())
            .map_err(|_| RegistryError::Index("a row is malformed".into()))?;
        let row = self.get(&rows::summary(u64::from_be_bytes(started)))?;
        row.map(|row| rows::parse(&row)).transpose()
    }

    /// Everything recorded of a run.
    pub fn run(&self, run: &Digest) -> Result<Option<RunRecord>, RegistryError> {
        let Some(summary) = self.run_summary(run)? else { return Ok(None) };
        let missing = |digest: &Digest| {
            RegistryError::damage(format!("object `{digest}`"), "an event names it, it is not here")
        };
        let start = self.object(run)?.ok_or_else(|| missing(run))?;
        let gathered = self.gather(run)?;
        let finished = match &gathered.finished {
            Some(digest) => Some(self.object(digest)?.ok_or_else(|| missing(digest))?),
            None => None,
        };
        let retention = self.retention(&summary, &gathered.kept)?;
        Ok(Some(RunRecord {
            summary,
            start,
            steps: gathered.steps,
            states: gathered.states,
            trace: finished.as_ref().and_then(rows::trace),
            seconds: finished.as_ref().and_then(|object| object.value()["seconds"].as_f64()),
            rebuilds: gathered.rebuilds,
            failure: gathered.failure,
            retention,
        }))
    }

    fn gather(&self, run: &Digest) -> Result<Gathered, RegistryError> {
        let subject = Some(*run);
        let events = self.events(&EventFilter { subject, ..EventFilter::default() })?;
        let mut gathered = Gathered::default();
        let own = events.into_iter().rev().filter(|event| event.subjects.first() == Some(run));
        own.into_iter().try_for_each(|event| gathered.take(event))?;
        Ok(gathered)
    }

    /// The training states of a run that are kept as blobs.
    pub(crate) fn kept_states(&self, run: &Digest) -> Result<Vec<Digest>, RegistryError> {
        Ok(self.gather(run)?.kept)
    }

    fn retention(&self, run: &RunSummary, kept: &[Digest]) -> Result<Retention, RegistryError> {
        if self.sources_are_here(&run.recipe)? {
            return Ok(Retention::Rebuildable);
        }
        let spots = kept.iter().any(|state| self.blobs().has(state));
        Ok(if spots { Retention::SpotCheckable } else { Retention::RecordOnly })
    }

    /// Whether the bytes of all sources of a recipe are here or where they were.
    pub(crate) fn sources_are_here(&self, recipe: &Digest) -> Result<bool, RegistryError> {
        let pinned = match self.pinned(recipe) {
            Err(RegistryError::Unknown { .. }) => return Ok(false),
            pinned => pinned?,
        };
        for file in pinned.sources.values().flat_map(|source| &source.files) {
            if self.blobs().size(&file.digest).is_ok_and(|size| size == file.size) {
                continue;
            }
            let same = |path: &std::path::PathBuf| {
                std::fs::metadata(path).is_ok_and(|found| found.len() == file.size)
            };
            if !self.locations(&file.digest)?.iter().any(same) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
