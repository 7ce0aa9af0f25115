//! The answer of a rebuild: a pure comparison of two traces, digest by digest.
//!
//! `compare` says `reproduced` only if everything in both traces is equal; else it names the first
//! difference in the order in which a run makes things. The bytes of the record are on `PAGES.md`.

use recipes::{Digest, Object, ObjectError, Trace};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::mark::{Finding, Place, marks};

/// The kind of the object that keeps a verdict.
pub const KIND: &str = "ingot/verdict@1";

/// The four answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// Everything came out again, digit for digit.
    #[serde(rename = "reproduced")]
    Reproduced,
    /// Something came out otherwise.
    #[serde(rename = "differs")]
    Differs,
    /// The rebuild did not come to its end.
    #[serde(rename = "could not run")]
    CouldNotRun,
    /// Inputs are no longer here, so nothing can be said.
    #[serde(rename = "undecided")]
    Undecided,
}

impl Outcome {
    /// The answer as it is written everywhere.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Reproduced => "reproduced",
            Outcome::Differs => "differs",
            Outcome::CouldNotRun => "could not run",
            Outcome::Undecided => "undecided",
        }
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How many of a sort of thing were equal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tally {
    pub equal: u64,
    /// What either side has.
    pub all: u64,
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(f, "{} of {}", self.equal, self.all)
    }
}

/// What kind of change explains a difference, as far as digests tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cause {
    /// Other bytes went in.
    Data,
    /// An operator's version, its parameters, or the seed.
    Hyperparameter,
    /// The same things in another order.
    Order,
    /// The same inputs and parameters gave another result where no float is added.
    Software,
    /// The same inputs and parameters gave another result where floats are added.
    Arithmetic,
}

impl Cause {
    /// What the class means, for people.
    pub fn words(self) -> &'static str {
        match self {
            Cause::Data => "other data went in",
            Cause::Hyperparameter => "other parameters, operator version or seed",
            Cause::Order => "the same in another order",
            Cause::Software => "same inputs and parameters, other result: the software",
            Cause::Arithmetic => {
                "same inputs and parameters, other result: the arithmetic or the software"
            }
        }
    }
}

/// Where two traces part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FirstDifference {
    /// Such as ``step `clean 2 filter.length@1` `` or `training state 40 of stage 1`.
    pub place: String,
    /// What is recorded there; nothing, if the rebuild made something that the record lacks.
    pub recorded: Option<Finding>,
    /// What the rebuild made; nothing, if it did not make it.
    pub rebuilt: Option<Finding>,
    /// The class of cause, where it can be told.
    pub cause: Option<Cause>,
}

/// The answer of a rebuild, with its evidence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    pub verdict: Outcome,
    /// The run that was rebuilt.
    pub run: Digest,
    pub steps: Tally,
    pub states: Tally,
    pub first_difference: Option<FirstDifference>,
    /// Why there is no answer; only with `could not run` and `undecided`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The model that the rebuild made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<Digest>,
}

/// Compares what a run recorded with what its rebuild made.
pub fn compare(run: Digest, recorded: &Trace, rebuilt: &Trace) -> Verdict {
    let (before, after) = (marks(recorded), marks(rebuilt));
    let first_difference = before.first_difference(&after);
    let verdict = match first_difference {
        None => Outcome::Reproduced,
        Some(_) => Outcome::Differs,
    };
    let tally = |wanted: fn(&Place) -> bool| {
        let (equal, all) = before.tally(&after, wanted);
        Tally { equal, all }
    };
    Verdict {
        verdict,
        run,
        steps: tally(|place| matches!(place, Place::Step(_))),
        states: tally(|place| matches!(place, Place::State { .. })),
        first_difference,
        reason: None,
        model: Some(rebuilt.model),
    }
}

impl Verdict {
    /// The rebuild did not come to its end.
    pub fn could_not_run(run: Digest, reason: &str) -> Verdict {
        Verdict::without_answer(Outcome::CouldNotRun, run, reason)
    }

    /// Inputs are no longer here; `reason` names which.
    pub fn undecided(run: Digest, reason: &str) -> Verdict {
        Verdict::without_answer(Outcome::Undecided, run, reason)
    }

    fn without_answer(verdict: Outcome, run: Digest, reason: &str) -> Verdict {
        Verdict {
            verdict,
            run,
            steps: Tally::default(),
            states: Tally::default(),
            first_difference: None,
            reason: Some(reason.to_owned()),
            model: None,
        }
    }

    /// The verdict for scripts: one JSON object with its kind.
    pub fn json(&self) -> Value {
        let mut value = json!({
            "kind": "verdict",
            "verdict": self.verdict,
            "run": self.run,
            "steps": self.steps,
            "states": self.states,
            "first_difference": self.first_difference,
        });
        if let Some(reason) = &self.reason {
            value["reason"] = json!(reason);
        }
        value
    }

    /// What the verdict's object keeps: itself.
    pub fn record(&self) -> &Verdict {
        self
    }

    /// The verdict as an object of the registry.
    pub fn object(&self) -> Result<Object, ObjectError> {
        Object::new(KIND, self)
    }

    /// Reads a verdict back.
    pub fn read(object: &Object) -> Result<Verdict, ObjectError> {
        object.read(KIND)
    }

    /// One line for people.
    pub fn words(&self) -> String {
        format!("{}: {}", self.verdict, self.evidence())
    }

    /// What the verdict rests on, in words.
    pub fn evidence(&self) -> String {
        let Verdict { steps, states, .. } = self;
        let tallies = format!("{steps} steps, {states} training states");
        match (&self.first_difference, &self.reason) {
            (Some(difference), _) => format!("{}; equal: {tallies}", difference.words()),
            (None, Some(reason)) => reason.clone(),
            (None, None) => format!("{tallies}, same bytes"),
        }
    }
}

impl FirstDifference {
    /// Where it is and what stands on both sides, such as
    /// ``first at step `mix`: recorded 9a02c1de, rebuilt 11223344 (other data went in)``.
    pub fn words(&self) -> String {
        let (recorded, rebuilt) = match (&self.recorded, &self.rebuilt) {
            (Some(recorded), Some(rebuilt)) => recorded.pair(rebuilt),
            (recorded, rebuilt) => (alone(recorded), alone(rebuilt)),
        };
        let cause = self.cause.map(|cause| format!(" ({})", cause.words())).unwrap_or_default();
        format!("first at {}: recorded {recorded}, rebuilt {rebuilt}{cause}", self.place)
    }
}

fn alone(finding: &Option<Finding>) -> String {
    finding.as_ref().map_or_else(|| "nothing".to_owned(), Finding::words)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use recipes::{GateResult, StateMark, StepResult};

    use super::*;

    const RUN: &[u8] = b"run";

    type Change = fn(&mut Trace);

    fn of(text: &str) -> Digest {
        Digest::of(text.as_bytes())
    }

    fn trace() -> Trace {
        let names = [
            "gather a",
            "clean 1 filter.length@1",
            "tokenizer",
            "mix",
            "train 1 pretrain",
            "train 2 adapt",
            "model",
            "quality held-out-loss@1",
        ];
        let step = |name: &&str| {
            StepResult::new(
                (*name).to_owned(),
                of(&format!("key of {name}")),
                of(&format!("result of {name}")),
                BTreeMap::from([("documents".to_owned(), 7)]),
            )
        };
        let state = |(stage, step): (u32, u64)| StateMark {
            stage,
            step,
            digest: of(&format!("state {stage} {step}")),
        };
        Trace {
            steps: names.iter().map(step).collect(),
            states: [(0, 20), (0, 40), (1, 20)].map(state).to_vec(),
            model: of("model"),
            tokenizer: of("tokenizer"),
            losses: of("losses"),
            quality: vec![GateResult {
                gate: "held-out-loss@1".into(),
                value: 3.87,
                bar: 4.5,
                met: true,
            }],
        }
    }

    fn judged(change: impl FnOnce(&mut Trace)) -> Verdict {
        let mut rebuilt = trace();
        change(&mut rebuilt);
        compare(Digest::of(RUN), &trace(), &rebuilt)
    }

    #[track_caller]
    fn check(change: impl FnOnce(&mut Trace), words: &str) {
        assert_eq!(judged(change).words(), words);
    }

    fn other() -> Digest {
        of("something else")
    }

    #[test]
    fn equal_traces_are_reproduced() {
        let words = "reproduced: 8 of 8 steps, 3 of 3 training states, same bytes";
        check(|_| (), words);
        assert_eq!(judged(|_| ()).first_difference, None);
    }

    #[test]
    fn every_single_change_is_found_at_its_place() {
        let places: Vec<String> =
            trace().steps.iter().map(|s| format!("step `{}`", s.name)).collect();
        for (i, place) in places.iter().enumerate() {
            let changes: [fn(&mut StepResult); 4] = [
                |step| step.key = other(),
                |step| step.result = other(),
                |step| step.counts.clear(),
                |step| *step.counts.get_mut("documents").expect("a count") += 1,
            ];
            for change in changes {
                let verdict = judged(|rebuilt| change(&mut rebuilt.steps[i]));
                let found = verdict.first_difference.expect("a difference");
                assert_eq!((verdict.verdict, &found.place), (Outcome::Differs, place));
                assert_ne!(found.recorded, found.rebuilt);
                assert_eq!((verdict.steps.equal, verdict.states.equal), (7, 3));
            }
        }
        for i in 0..3 {
            let verdict = judged(|rebuilt| rebuilt.states[i].digest = other());
            let wanted = ["20 of stage 1", "40 of stage 1", "20 of stage 2"][i];
            let found = verdict.first_difference.expect("a difference");
            assert_eq!(found.place, format!("training state {wanted}"));
            assert_eq!((verdict.steps.equal, verdict.states.equal), (8, 2));
        }
        let rest: [(Change, &str); 7] = [
            (|t| t.model = other(), "the model's file"),
            (|t| t.tokenizer = other(), "the tokenizer's file"),
            (|t| t.losses = other(), "the losses"),
            (|t| t.quality[0].value = 3.9, "quality gate `held-out-loss@1`"),
            (|t| t.quality[0].bar = 4.6, "quality gate `held-out-loss@1`"),
            (|t| t.quality[0].met = false, "quality gate `held-out-loss@1`"),
            (|t| t.quality.clear(), "quality gate `held-out-loss@1`"),
        ];
        for (change, place) in rest {
            assert_eq!(judged(change).first_difference.expect("a difference").place, place);
        }
    }

    #[test]
    fn of_two_changes_the_earlier_in_the_pipeline_is_named() {
        let count = trace().steps.len();
        for early in 0..count {
            for late in early + 1..count {
                let verdict = judged(|rebuilt| {
                    rebuilt.steps[early].result = other();
                    rebuilt.steps[late].result = other();
                });
                let place = verdict.first_difference.expect("a difference").place;
                assert_eq!(place, format!("step `{}`", trace().steps[early].name));
                assert_eq!(verdict.steps, Tally { equal: 6, all: 8 });
            }
        }
    }

    #[test]
    fn a_training_state_comes_before_the_result_of_its_stage() {
        let (short, wanted) = (of("state 0 40").short(), other().short());
        check(
            |rebuilt| {
                rebuilt.states[1].digest = other();
                rebuilt.steps[4].result = other();
                rebuilt.model = other();
            },
            &format!(
                "differs: first at training state 40 of stage 1: recorded {short}, rebuilt \
                 {wanted} (same inputs and parameters, other result: the arithmetic or the \
                 software); equal: 7 of 8 steps, 2 of 3 training states"
            ),
        );
    }

    #[test]
    fn what_is_missing_or_extra_is_a_difference() {
        for i in 0..trace().steps.len() {
            let verdict = judged(|rebuilt| {
                rebuilt.steps.remove(i);
            });
            let found = verdict.first_difference.expect("a difference");
            assert_eq!(found.place, format!("step `{}`", trace().steps[i].name));
            assert_eq!(found.rebuilt, None);
            assert_eq!(verdict.steps, Tally { equal: 7, all: 8 });
        }
        for i in 0..3 {
            let verdict = judged(|rebuilt| {
                rebuilt.states.remove(i);
            });
            let found = verdict.first_difference.expect("a difference");
            assert_eq!(found.rebuilt, None);
            assert!(found.place.starts_with("training state"));
        }
        let verdict = judged(|rebuilt| {
            let twice = rebuilt.states[2].clone();
            rebuilt.states.push(twice);
        });
        assert_eq!(verdict.verdict, Outcome::Differs);
        assert_eq!(verdict.states, Tally { equal: 3, all: 4 });
        assert_eq!(verdict.first_difference.expect("a difference").recorded, None);
    }

    #[test]
    fn another_order_is_a_difference() {
        let verdict = judged(|rebuilt| rebuilt.states.swap(0, 1));
        let found = verdict.first_difference.expect("a difference");
        assert_eq!(found.cause, Some(Cause::Order));
        let verdict = judged(|rebuilt| rebuilt.steps.swap(1, 2));
        assert_eq!(verdict.first_difference.expect("a difference").cause, Some(Cause::Order));
    }

    #[test]
    fn the_class_of_cause_follows_from_key_or_result() {
        let cause = |change: fn(&mut Trace)| judged(change).first_difference.and_then(|d| d.cause);
        assert_eq!(cause(|t| t.steps[0].result = other()), Some(Cause::Data));
        assert_eq!(cause(|t| t.steps[1].key = other()), Some(Cause::Hyperparameter));
        assert_eq!(cause(|t| t.steps[1].result = other()), Some(Cause::Software));
        assert_eq!(cause(|t| t.steps[4].result = other()), Some(Cause::Arithmetic));
        assert_eq!(cause(|t| t.states[0].digest = other()), Some(Cause::Arithmetic));
        let seeded = |t: &mut Trace| {
            t.states[0].digest = other();
            t.steps[4].key = other();
        };
        assert_eq!(cause(seeded), Some(Cause::Hyperparameter));
    }

    #[test]
    fn the_json_has_the_promised_keys() {
        let json = judged(|rebuilt| rebuilt.steps[0].result = other()).json();
        let keys: Vec<&String> = json.as_object().expect("an object").keys().collect();
        assert_eq!(keys, ["first_difference", "kind", "run", "states", "steps", "verdict"]);
        assert_eq!(json["kind"], "verdict");
        assert_eq!(json["verdict"], "differs");
        assert_eq!(json["steps"], json!({"equal": 7, "all": 8}));
        assert_eq!(
            json["first_difference"],
            json!({"place": "step `gather a`", "recorded": of("result of gather a"),
                "rebuilt": other(), "cause": "data"})
        );
        assert_eq!(judged(|_| ()).json()["first_difference"], Value::Null);
    }

    #[test]
    fn a_verdict_comes_back_from_its_object() {
        let verdicts = [
            judged(|_| ()),
            judged(|rebuilt| rebuilt.quality[0].value = 4.0),
            judged(|rebuilt| rebuilt.steps[0].counts.clear()),
            judged(|rebuilt| drop(rebuilt.steps.pop())),
            Verdict::could_not_run(Digest::of(RUN), "the arithmetic has version 2"),
            Verdict::undecided(Digest::of(RUN), "`a.txt` is not here"),
        ];
        for verdict in verdicts {
            let object = verdict.object().expect("an object");
            assert_eq!(object.kind(), KIND);
            assert_eq!(Verdict::read(&object).expect("a verdict"), verdict);
        }
    }

    #[test]
    fn without_an_answer_the_reason_is_told() {
        let undecided = Verdict::undecided(Digest::of(RUN), "`a.txt` is not here");
        assert_eq!(undecided.words(), "undecided: `a.txt` is not here");
        assert_eq!(undecided.json()["reason"], "`a.txt` is not here");
        let stopped = Verdict::could_not_run(Digest::of(RUN), "out of memory");
        assert_eq!(stopped.words(), "could not run: out of memory");
        assert_eq!(stopped.json()["verdict"], "could not run");
    }

    #[test]
    fn a_verdict_has_frozen_bytes() {
        let bytes = judged(|_| ()).object().expect("an object").digest().hex();
        assert_eq!(bytes, "a0f4be9e9e37971a7c6947bc9705c41000d39239474ef8cc7cd4c2570ca3072b");
    }
}
