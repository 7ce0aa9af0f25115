//! Operators that drop documents by a measure of their text: `filter.*`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Drops documents by their number of characters.
///
/// Counted are Unicode scalar values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FilterLength {
    /// The fewest characters kept.
    #[serde(default)]
    pub chars_min: u64,
    /// The most characters kept.
    #[serde(default)]
    pub chars_max: Option<u64>,
}

/// Drops documents that repeat themselves.
///
/// Lines and paragraphs that stand again, by number and by characters; the most frequent 2- to
/// 4-gram; 5- to 10-grams that stand again. Words are runs of letters, digits and `_`; every other
/// visible character is a word.
///
/// Source: Rae et al. (2021), "Scaling Language Models", table A1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GopherRepetition {
    /// Whose reading of the rules.
    #[serde(default)]
    pub profile: GopherProfile,
}

/// Whose reading of the Gopher rules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum GopherProfile {
    /// Hugging Face's datatrove.
    #[default]
    Datatrove,
}
