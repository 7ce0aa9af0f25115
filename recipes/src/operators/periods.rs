//! Operators about runs in which a piece of text stands again and again.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::whole;
use crate::canonical::is_default;

/// Drops documents by the runs in which a piece of them stands again and again.
///
/// `hahahaha` and `buy now buy now buy now ` are such runs. A run is as long as it can be: every
/// character in it is the one that stands one piece before it, so it may end inside a piece. Of
/// runs that overlap the first one counts, of those that begin at one place the longest; white
/// space alone is none.
///
/// Generators that loop and forms that were filled with one key leave them; `filter.top-ngram@1`
/// and its like look for words that stand again anywhere.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PeriodFilter {
    /// Whose runs.
    #[serde(default, skip_serializing_if = "is_default")]
    pub profile: PeriodReading,
    /// What is measured.
    #[serde(default)]
    pub measure: PeriodMeasure,
    /// The largest value kept.
    #[schemars(range(min = 0.0))]
    pub max: f64,
    /// How often a piece must stand in a run.
    #[serde(default = "whole::<4>")]
    #[schemars(range(min = 2, max = 1_000))]
    pub times_min: u64,
    /// The shortest piece.
    #[serde(default = "whole::<1>")]
    #[schemars(range(min = 1, max = 1_024))]
    pub chars_min: u64,
    /// The longest piece.
    #[serde(default = "whole::<128>")]
    #[schemars(range(min = 1, max = 1_024))]
    pub chars_max: u64,
}

/// Makes runs short in which a piece of text stands again and again.
///
/// Runs are those of `filter.periods@1`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextPeriods {
    /// Whose runs.
    #[serde(default, skip_serializing_if = "is_default")]
    pub profile: PeriodReading,
    /// How often a piece must stand in a run.
    #[serde(default = "whole::<4>")]
    #[schemars(range(min = 2, max = 1_000))]
    pub times_min: u64,
    /// The shortest piece.
    #[serde(default = "whole::<1>")]
    #[schemars(range(min = 1, max = 1_024))]
    pub chars_min: u64,
    /// The longest piece.
    #[serde(default = "whole::<128>")]
    #[schemars(range(min = 1, max = 1_024))]
    pub chars_max: u64,
    /// The text to put there; unset, the piece stands once, and the part of it that ends the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with: Option<String>,
}

/// What is measured about runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PeriodMeasure {
    /// The part of the characters that stand in runs.
    #[default]
    Share,
    /// The number of runs.
    Runs,
    /// How often the piece stands that stands most often in its run.
    Times,
    /// The characters of the longest run.
    Chars,
}

/// Whose runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PeriodReading {
    /// The operator's own.
    #[default]
    Ingot,
    /// Whole pieces within a line, with at most one white space before each, from the left, the
    /// shortest piece first.
    Dolma,
}
