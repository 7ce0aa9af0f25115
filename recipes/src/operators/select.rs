//! Operators that choose among documents: `select.*`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Cut;

/// Which part is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SelectSample {
    /// The part of the documents.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub share: f64,
    /// Another seed chooses other documents.
    #[serde(default)]
    pub seed: u32,
}

/// Which positions are kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SelectRange {
    /// The first document kept, counted from 0.
    #[serde(default)]
    pub from: u64,
    /// The number of documents kept.
    pub documents: u64,
}

/// How many are kept, by which measure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SelectTop {
    /// The measure.
    #[serde(default)]
    pub by: TopMeasure,
    /// The number of documents kept.
    pub documents: u64,
}

/// What documents are ranked by; more is better.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TopMeasure {
    /// Characters.
    #[default]
    Chars,
    /// Different words over all words.
    DistinctWords,
}

/// Keeps the documents that are first by a score that is learned from texts of the recipe; of
/// equals the first in document order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SelectTopScore {
    /// The score.
    #[serde(default)]
    pub by: TopScore,
    /// Texts like those to keep.
    #[schemars(length(min = 1))]
    pub texts: Vec<String>,
    /// Texts like those to leave, for the classifier.
    #[serde(default)]
    pub unwanted: Vec<String>,
    /// How the language models cut texts into words.
    #[serde(default)]
    pub cut: Cut,
    /// The number of documents kept.
    pub documents: u64,
}

/// What documents are ranked by, as the filter of its name measures it by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TopScore {
    /// The score of `filter.classifier@1`, the highest first.
    #[default]
    Classifier,
    /// The mean of `filter.unigram-score@1`, the highest first.
    UnigramScore,
    /// The perplexity of `filter.ngram-score@1`, the lowest first.
    NgramScore,
}

/// How many of each kind are kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SelectCap {
    /// What is capped.
    #[serde(default)]
    pub per: CapKind,
    /// The most documents of each.
    #[schemars(range(min = 1))]
    pub documents_max: u64,
}

/// What documents share.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CapKind {
    /// Their source.
    #[default]
    Source,
    /// Their logical name: a file, a path in an archive.
    Name,
    /// The host of their address; documents without one are not capped.
    Host,
}
