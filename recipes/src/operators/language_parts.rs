//! Which languages the parts of a text may be in.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Language, thousandths};

/// Takes parts out of a text that are in none of some languages.
///
/// Each part is told as `filter.language@1` tells a text; short ones are told badly. A part without
/// letters stays, but no text stays that has none but those.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextLanguageParts {
    /// The languages wanted, by their codes of ISO 639-1.
    #[schemars(length(min = 1))]
    pub languages: Vec<Language>,
    /// What a part is.
    #[serde(default)]
    pub part: TextPart,
    /// The least certainty with which a part stays.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub confidence_min: f64,
    /// A part with fewer characters stays, whatever its language.
    #[serde(default)]
    pub chars_min: u64,
}

/// Drops documents by how much of them is in parts of some languages.
///
/// The value is the sum, over the parts, of the characters of a part times its certainty for a
/// wanted language, as `filter.language@1` has it, over the characters of all parts.
///
/// Dolma's taggers of languages by paragraph measure the same with other models.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FilterLanguageParts {
    /// The languages wanted, by their codes of ISO 639-1.
    #[schemars(length(min = 1))]
    pub languages: Vec<Language>,
    /// What a part is.
    #[serde(default)]
    pub part: TextPart,
    /// The smallest value kept.
    #[serde(default = "thousandths::<500>")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub share_min: f64,
}

/// A part of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TextPart {
    /// What lies between newlines.
    #[default]
    Lines,
    /// What lies between two newlines.
    Paragraphs,
    /// A sentence of a line, as `text.sentence-lines@1` cuts it.
    Sentences,
}
