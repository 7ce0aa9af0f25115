//! What one execution of a recipe leaves behind, as digests: the seam between the trainer that
//! makes it, the registry that keeps it and the verdict that compares two of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;

/// Documents by licence, as they were gathered and as they were left, where they have licences.
pub fn licences(steps: &[StepResult]) -> BTreeMap<String, [u64; 2]> {
    let mut counts = BTreeMap::<String, [u64; 2]>::new();
    for step in steps {
        let column = match step.name.as_str() {
            "hold out" => 1,
            name if name.starts_with("gather ") => 0,
            _ => continue,
        };
        for (licence, n) in step.licences.iter().flatten() {
            let count = &mut counts.entry(licence.clone()).or_default()[column];
            *count = count.saturating_add(*n);
        }
    }
    counts
}

/// A finished step of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepResult {
    /// What was done, such as `gather crates`, `clean 2 filter.length@1` or `train 1 pretrain`.
    pub name: String,
    /// Digest of operator version, parameters and input digests.
    pub key: Digest,
    /// Digest of what came out.
    pub result: Digest,
    /// Figures people read, such as `documents_in`, `documents_out`, `tokens`.
    pub counts: BTreeMap<String, u64>,
    /// Of a cleaning step: the blob that says of every dropped document why it was dropped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fates: Option<Digest>,
    /// Of a gather step: the list of its documents, `lists::Gathered`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub documents: Option<Digest>,
    /// Of a cleaning step: the list of the documents that it changed, `lists::Changed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed: Option<Digest>,
    /// Of a cleaning step: how the values that it measured are spread, `spread::Spread`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured: Option<Digest>,
    /// Of the tokenize step: the list of documents with their tokens, `lists::Tokenized`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<Digest>,
    /// Of a gathered source that keeps bad records aside: the blob that holds them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quarantine: Option<Digest>,
    /// Documents by licence, where documents have licences of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licences: Option<BTreeMap<String, u64>>,
}

impl StepResult {
    /// A step without lists.
    pub fn new(
        name: String,
        key: Digest,
        result: Digest,
        counts: BTreeMap<String, u64>,
    ) -> StepResult {
        let (fates, documents, changed) = (None, None, None);
        let (measured, tokens, quarantine, licences) = (None, None, None, None);
        StepResult {
            name,
            key,
            result,
            counts,
            fates,
            documents,
            changed,
            measured,
            tokens,
            quarantine,
            licences,
        }
    }

    /// The same step without the lists beside its result, which do not change what it is.
    pub fn bare(&self) -> StepResult {
        let (name, counts) = (self.name.clone(), self.counts.clone());
        let bare = StepResult::new(name, self.key, self.result, counts);
        StepResult { fates: self.fates, quarantine: self.quarantine, ..bare }
    }
}

/// A recorded training state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StateMark {
    /// The stage's position in the recipe, from 0.
    pub stage: u32,
    /// Steps done in this stage.
    pub step: u64,
    /// Digest of the whole training state's bytes.
    pub digest: Digest,
}

/// What a quality gate found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateResult {
    /// The gate with its version, such as `held-out-loss@1`.
    pub gate: String,
    /// The measured value.
    pub value: f64,
    /// The bar from the recipe.
    pub bar: f64,
    pub met: bool,
}

/// Everything about a run that must come out again, digit for digit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trace {
    pub steps: Vec<StepResult>,
    pub states: Vec<StateMark>,
    /// Digest of `model.safetensors`.
    pub model: Digest,
    /// Digest of `tokenizer.json`.
    pub tokenizer: Digest,
    /// Digest of the loss of every step, as a blob of canonical JSON.
    pub losses: Digest,
    pub quality: Vec<GateResult>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_counted_by_licence_before_and_after_without_overflow() {
        let step = |name: &str, licence: &str, n: u64| StepResult {
            licences: Some(BTreeMap::from([(licence.to_owned(), n)])),
            ..StepResult::new(name.into(), Digest::of(b""), Digest::of(b""), BTreeMap::new())
        };
        let steps = [
            step("gather a", "MIT", u64::MAX),
            step("gather b", "MIT", 1),
            step("hold out", "ISC", 3),
            step("clean 1 filter.licence@1", "ISC", 9),
        ];
        let wanted = [("ISC".to_owned(), [0, 3]), ("MIT".to_owned(), [u64::MAX, 0])];
        assert_eq!(licences(&steps), BTreeMap::from(wanted));
    }
}
