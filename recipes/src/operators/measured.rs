//! What filters by one measured value may say: the range in which a document is kept.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::whole;

/// Keeps documents whose measured part lies in a range.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Share {
    /// The smallest part kept.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub share_min: f64,
    /// The largest part kept.
    #[serde(default = "one")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub share_max: f64,
}

fn one() -> f64 {
    1.0
}

/// Keeps documents whose measured number lies in a range.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Count {
    /// The smallest number kept.
    #[serde(default)]
    pub min: u64,
    /// The largest number kept; unset, there is none.
    #[serde(default)]
    pub max: Option<u64>,
}

/// Keeps documents whose measured value lies in a range.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Amount {
    /// The smallest value kept.
    #[serde(default)]
    #[schemars(range(min = 0.0))]
    pub min: f64,
    /// The largest value kept; unset, there is none.
    #[serde(default)]
    #[schemars(range(min = 0.0))]
    pub max: Option<f64>,
}

/// Keeps documents by the part of lines that are short.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShortLines {
    /// The length of the longest short line.
    #[serde(default = "whole::<30>")]
    pub line_chars: u64,
    /// The largest part of lines that may be short.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub share_max: f64,
}

/// Keeps documents by the n-grams that stand again in them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Repetition {
    /// The length of an n-gram.
    #[serde(default = "whole::<10>")]
    #[schemars(range(min = 2, max = 64))]
    pub n: u64,
    /// The smallest part kept.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub share_min: f64,
    /// The largest part kept.
    #[serde(default = "half")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub share_max: f64,
}

fn half() -> f64 {
    0.5
}

/// Keeps documents by the part of their words that stand in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListedWords {
    /// The words, in lower case.
    #[schemars(length(min = 1))]
    pub words: Vec<String>,
    /// The smallest part kept.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub share_min: f64,
    /// The largest part kept.
    #[serde(default = "one")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub share_max: f64,
}

/// Keeps documents by how often some phrases stand in them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Phrases {
    /// The phrases; letters of either case count.
    #[schemars(length(min = 1))]
    pub phrases: Vec<String>,
    /// Where they are looked for.
    #[serde(default)]
    pub place: PhrasePlace,
    /// The most that may stand there.
    #[serde(default)]
    pub max: u64,
}

/// Where a phrase is looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PhrasePlace {
    /// Anywhere.
    #[default]
    Anywhere,
    /// At the front of the text.
    Front,
    /// At the end of the text.
    End,
}

/// Keeps documents by the links to some hosts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hosts {
    /// Names of hosts; a host below one of them counts too.
    #[schemars(length(min = 1))]
    pub hosts: Vec<String>,
    /// The most links to them.
    #[serde(default)]
    pub max: u64,
}

/// Keeps documents by the part of their letters that are of one script.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScriptShare {
    /// The script.
    pub script: Script,
    /// The smallest part kept.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub share_min: f64,
    /// The largest part kept.
    #[serde(default = "one")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub share_max: f64,
}

/// A script of Unicode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Script {
    Latin,
    /// Chinese characters.
    Han,
    Cyrillic,
    Greek,
    Arabic,
    Hebrew,
    Devanagari,
    Hangul,
    /// Hiragana and katakana.
    Kana,
    Thai,
}

/// Keeps documents that share few n-grams of words with evaluation texts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Decontaminate {
    /// The evaluation texts.
    #[schemars(length(min = 1))]
    pub texts: Vec<String>,
    /// Words of an n-gram.
    #[serde(default = "whole::<13>")]
    #[schemars(range(min = 1, max = 64))]
    pub ngram_words: u64,
    /// The largest part of the document's n-grams that may stand in the texts.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub share_max: f64,
}
