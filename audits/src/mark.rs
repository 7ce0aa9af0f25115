//! A trace as one list in the order in which a run makes things, so that two can be compared.
//!
//! Always holds: everything a trace says stands in exactly one mark; a training state comes before
//! the step of its stage, since the stage's result is made from it.

use std::collections::BTreeMap;

use recipes::{Digest, GateResult, StateMark, StepResult, Trace};
use serde::{Deserialize, Serialize};

use crate::verdict::{Cause, FirstDifference};

/// Where in a run something was made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    Step(String),
    State { stage: u32, step: u64 },
    Tokenizer,
    Losses,
    Model,
    Gate(String),
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        match self {
            Place::Step(name) => write!(f, "step `{name}`"),
            Place::State { stage, step } => {
                write!(f, "training state {step} of stage {}", u64::from(*stage) + 1)
            }
            Place::Tokenizer => write!(f, "the tokenizer's file"),
            Place::Losses => write!(f, "the losses"),
            Place::Model => write!(f, "the model's file"),
            Place::Gate(gate) => write!(f, "quality gate `{gate}`"),
        }
    }
}

/// What stands at a place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Finding {
    /// The digest of what came out.
    Digest(Digest),
    /// A gate's measured value, its bar and whether it is met.
    Gate(GateResult),
    /// A step's figures, where its digests are equal and its figures are not.
    Counts(BTreeMap<String, u64>),
}

impl Finding {
    /// The finding in a few words; a digest as its first eight digits.
    pub fn words(&self) -> String {
        match self {
            Finding::Digest(digest) => digest.short(),
            Finding::Gate(GateResult { value, bar, met, .. }) => {
                format!("{value} (bar {bar}: {})", if *met { "met" } else { "not met" })
            }
            Finding::Counts(counts) => {
                let counts =
                    counts.iter().map(|(name, n)| format!("{n} {}", name.replace('_', " ")));
                counts.collect::<Vec<_>>().join(", ")
            }
        }
    }

    /// Both sides in words; digests in full where their first eight digits are equal.
    pub fn pair(&self, other: &Finding) -> (String, String) {
        match (self, other) {
            (Finding::Digest(a), Finding::Digest(b)) if a.short() == b.short() => {
                (a.hex(), b.hex())
            }
            _ => (self.words(), other.words()),
        }
    }
}

/// A place, and how many marks of the same place came before: one in an honest trace's list.
type Name = (Place, usize);

/// One thing that a run made.
struct Mark<'t> {
    name: Name,
    made: Made<'t>,
}

#[derive(Clone, Copy, PartialEq)]
enum Made<'t> {
    Step(&'t StepResult),
    Digest(Digest),
    Gate(&'t GateResult),
}

/// Everything that a run made, in order.
pub struct Marks<'t> {
    list: Vec<Mark<'t>>,
    by_name: BTreeMap<Name, Made<'t>>,
    repeats: BTreeMap<Place, usize>,
}

/// Lists what a trace says in the order in which a run makes it.
pub fn marks(trace: &Trace) -> Marks<'_> {
    let mut marks = Marks { list: Vec::new(), by_name: BTreeMap::new(), repeats: BTreeMap::new() };
    let mut states: Vec<&StateMark> = trace.states.iter().collect();
    for step in &trace.steps {
        if let Some(stage) = stage_of(&step.name) {
            let (mine, others) = states.into_iter().partition(|mark| mark.stage <= stage);
            states = others;
            marks.take_states(mine);
        }
        marks.push(Place::Step(step.name.clone()), Made::Step(step));
    }
    marks.take_states(states);
    marks.push(Place::Tokenizer, Made::Digest(trace.tokenizer));
    marks.push(Place::Losses, Made::Digest(trace.losses));
    marks.push(Place::Model, Made::Digest(trace.model));
    for gate in &trace.quality {
        marks.push(Place::Gate(gate.gate.clone()), Made::Gate(gate));
    }
    marks
}

/// The stage, from 0, that a step named `train 1 pretrain` carries out; `model` ends them all.
fn stage_of(name: &str) -> Option<u32> {
    if name == "model" {
        return Some(u32::MAX);
    }
    let mut words = name.split(' ');
    let number = (words.next() == Some("train")).then(|| words.next()).flatten()?;
    number.parse::<u32>().ok()?.checked_sub(1)
}

impl<'t> Marks<'t> {
    fn push(&mut self, place: Place, made: Made<'t>) {
        let repeats = self.repeats.entry(place.clone()).or_default();
        let name = (place, *repeats);
        *repeats += 1;
        self.by_name.insert(name.clone(), made);
        self.list.push(Mark { name, made });
    }

    fn take_states(&mut self, states: Vec<&'t StateMark>) {
        for StateMark { stage, step, digest } in states {
            let place = Place::State { stage: *stage, step: *step };
            self.push(place, Made::Digest(*digest));
        }
    }

    /// How many of the wanted places hold the same on both sides, and how many either side has.
    pub fn tally(&self, other: &Marks, wanted: fn(&Place) -> bool) -> (u64, u64) {
        let mine = self.by_name.iter().filter(|(name, _)| wanted(&name.0));
        let theirs = other.by_name.keys().filter(|name| wanted(&name.0));
        let (mut equal, mut all) = (0, 0);
        for (name, made) in mine {
            all += 1;
            equal += u64::from(other.by_name.get(name) == Some(made));
        }
        all += theirs.filter(|name| !self.by_name.contains_key(name)).count() as u64;
        (equal, all)
    }

    /// The first place, in order, where the two lists part.
    pub fn first_difference(&self, other: &Marks) -> Option<FirstDifference> {
        let longer = self.list.len().max(other.list.len());
        (0..longer).find_map(|i| match (self.list.get(i), other.list.get(i)) {
            (Some(mine), Some(theirs)) if mine.name == theirs.name => {
                (mine.made != theirs.made).then(|| self.changed(mine, theirs.made, other))
            }
            (Some(mine), theirs) => match (other.by_name.get(&mine.name), theirs) {
                (None, _) => Some(lacking(&mine.name.0, Some(mine.made), None)),
                (Some(_), Some(theirs)) if !self.by_name.contains_key(&theirs.name) => {
                    Some(lacking(&theirs.name.0, None, Some(theirs.made)))
                }
                (Some(moved), _) => Some(FirstDifference {
                    cause: Some(Cause::Order),
                    ..lacking(&mine.name.0, Some(mine.made), Some(*moved))
                }),
            },
            (None, Some(theirs)) => Some(lacking(&theirs.name.0, None, Some(theirs.made))),
            (None, None) => None,
        })
    }

    fn changed(&self, mine: &Mark, theirs: Made, other: &Marks) -> FirstDifference {
        let place = &mine.name.0;
        let (recorded, rebuilt) = findings(mine.made, theirs);
        let cause = match (place, mine.made, theirs) {
            (_, Made::Step(a), Made::Step(b)) => cause_of_step(a, b),
            (Place::State { stage, .. }, ..) => match (self.key(*stage), other.key(*stage)) {
                (Some(a), Some(b)) if a == b => Some(Cause::Arithmetic),
                (Some(_), Some(_)) => Some(Cause::Hyperparameter),
                _ => None,
            },
            _ => None,
        };
        let (recorded, rebuilt) = (Some(recorded), Some(rebuilt));
        FirstDifference { place: place.to_string(), recorded, rebuilt, cause }
    }

    /// The key of the step that trains a stage.
    fn key(&self, stage: u32) -> Option<Digest> {
        self.list.iter().find_map(|mark| match mark.made {
            Made::Step(step) if stage_of(&step.name) == Some(stage) => Some(step.key),
            _ => None,
        })
    }
}

fn lacking(place: &Place, recorded: Option<Made>, rebuilt: Option<Made>) -> FirstDifference {
    FirstDifference {
        place: place.to_string(),
        recorded: recorded.map(finding),
        rebuilt: rebuilt.map(finding),
        cause: None,
    }
}

fn finding(made: Made) -> Finding {
    match made {
        Made::Step(step) => Finding::Digest(step.result),
        Made::Digest(digest) => Finding::Digest(digest),
        Made::Gate(gate) => Finding::Gate(gate.clone()),
    }
}

/// What to show of two things that differ: results, else keys, else figures.
fn findings(a: Made, b: Made) -> (Finding, Finding) {
    match (a, b) {
        (Made::Step(a), Made::Step(b)) if a.result == b.result && a.key != b.key => {
            (Finding::Digest(a.key), Finding::Digest(b.key))
        }
        (Made::Step(a), Made::Step(b)) if a.result == b.result => {
            (Finding::Counts(a.counts.clone()), Finding::Counts(b.counts.clone()))
        }
        (a, b) => (finding(a), finding(b)),
    }
}

/// Everything before this step is equal, so its key tells parameters, its result what was done.
fn cause_of_step(a: &StepResult, b: &StepResult) -> Option<Cause> {
    let kind = a.name.split(' ').next().unwrap_or_default();
    match kind {
        _ if a.key == b.key && a.result == b.result => None,
        "gather" => Some(Cause::Data),
        _ if a.key != b.key => Some(Cause::Hyperparameter),
        "train" | "model" | "quality" => Some(Cause::Arithmetic),
        _ => Some(Cause::Software),
    }
}
