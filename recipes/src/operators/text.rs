//! Operators that change text: `text.*`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{thousandths, whole};

/// Brings text into one Unicode form, with `\n` for `\r\n` and `\r`.
///
/// Source: Unicode Standard Annex #15.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextNormalize {
    /// The form.
    #[serde(default)]
    pub form: UnicodeForm,
}

/// A Unicode normalization form (UAX #15).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum UnicodeForm {
    /// Composed where a composed character exists.
    #[default]
    Nfc,
    /// The same, and compatible characters become one: `ﬁ` becomes `fi`.
    Nfkc,
}

/// It has no parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// How many newlines may follow one another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextNewlines {
    /// The most newlines in a row.
    #[serde(default = "whole::<2>")]
    #[schemars(range(min = 1))]
    pub lines_max: u64,
}

/// Which lengths of words stay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextLongWords {
    /// The shortest word that stays.
    #[serde(default = "whole::<1>")]
    pub chars_min: u64,
    /// The longest word that stays.
    #[serde(default = "whole::<128>")]
    pub chars_max: u64,
}

/// Phrases that mark a line to leave out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextBoilerplate {
    /// The phrases; letters of either case count.
    #[schemars(length(min = 1))]
    pub phrases: Vec<String>,
    /// The most words of a line that may go; a longer one stays.
    #[serde(default = "whole::<1_000>")]
    pub line_words_max: u64,
}

/// One text for another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextReplace {
    /// The text to find, as it is.
    #[schemars(length(min = 1))]
    pub find: String,
    /// The text to put there.
    #[serde(default)]
    pub with: String,
}

/// Characters to leave out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextRemoveCharacters {
    /// The characters.
    #[serde(default = "ornaments")]
    #[schemars(length(min = 1))]
    pub characters: String,
}

fn ornaments() -> String {
    "◆●■►▼▲▴∆▻▷❖♡□".into()
}

/// Which sentences count as repeated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextRepeatedSentences {
    /// The shortest sentence that may go.
    #[serde(default = "whole::<2>")]
    pub chars_min: u64,
}

/// Which lines stay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextWebLines {
    /// The fewest words of a line.
    #[serde(default = "whole::<2>")]
    pub words_min: u64,
    /// The largest part of letters in upper case.
    #[serde(default = "thousandths::<500>")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub uppercase_share_max: f64,
    /// The largest part of characters that are digits.
    #[serde(default = "thousandths::<500>")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub digits_share_max: f64,
}
