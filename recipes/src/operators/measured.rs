//! What filters by one measured value may say: the range in which a document is kept.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Profile, thousandths, whole};
use crate::canonical::is_default;

/// Keeps documents whose measured part lies in a range.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Share {
    /// Whose measure and defaults.
    #[serde(default, skip_serializing_if = "is_default")]
    #[schemars(extend("x-readings" = true))]
    pub profile: Profile,
    /// The smallest part kept.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub share_min: f64,
    /// The largest part kept.
    #[serde(default = "thousandths::<1_000>")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub share_max: f64,
}

/// Keeps documents whose measured number lies in a range.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Count {
    /// Whose measure and defaults.
    #[serde(default, skip_serializing_if = "is_default")]
    #[schemars(extend("x-readings" = true))]
    pub profile: Profile,
    /// The smallest number kept.
    #[serde(default)]
    pub min: u64,
    /// The largest number kept; unset, there is none.
    #[serde(default)]
    pub max: Option<u64>,
}

/// Keeps documents whose number of words lies in a range.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// Whose words and defaults.
    #[serde(default, skip_serializing_if = "is_default")]
    #[schemars(extend("x-readings" = true))]
    pub profile: Profile,
    /// Another way to cut a text than the profile's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut: Option<Cut>,
    /// Whether pieces that start with neither letter nor digit are left out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub bare: bool,
    /// The smallest number kept.
    #[serde(default)]
    pub min: u64,
    /// The largest number kept; unset, there is none.
    #[serde(default)]
    pub max: Option<u64>,
}

/// Keeps documents whose measured number of words lies in a range.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WordCount {
    /// Whose measure and defaults.
    #[serde(default, skip_serializing_if = "is_default")]
    #[schemars(extend("x-readings" = true))]
    pub profile: Profile,
    /// The smallest number kept.
    #[serde(default)]
    pub min: u64,
    /// The largest number kept; unset, there is none.
    #[serde(default)]
    pub max: Option<u64>,
    /// How a text is cut into words by the operator's own profile, if not as the page says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut: Option<Cut>,
}

/// Keeps documents whose measured value of words lies in a range.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WordAmount {
    /// Whose measure and defaults.
    #[serde(default, skip_serializing_if = "is_default")]
    #[schemars(extend("x-readings" = true))]
    pub profile: Profile,
    /// The smallest value kept.
    #[serde(default)]
    #[schemars(range(min = 0.0))]
    pub min: f64,
    /// The largest value kept; unset, there is none.
    #[serde(default)]
    #[schemars(range(min = 0.0))]
    pub max: Option<f64>,
    /// How a text is cut into words by the operator's own profile, if not as the page says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut: Option<Cut>,
}

/// Keeps documents whose measured part of words lies in a range.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WordShare {
    /// Whose measure and defaults.
    #[serde(default, skip_serializing_if = "is_default")]
    #[schemars(extend("x-readings" = true))]
    pub profile: Profile,
    /// The smallest part kept.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub share_min: f64,
    /// The largest part kept.
    #[serde(default = "thousandths::<1_000>")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub share_max: f64,
    /// How a text is cut into words by the operator's own profile, if not as the page says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut: Option<Cut>,
}

/// Keeps documents by the n-grams of words that stand again in them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WordRepetition {
    /// Whose measure and defaults.
    #[serde(default, skip_serializing_if = "is_default")]
    #[schemars(extend("x-readings" = true))]
    pub profile: Profile,
    /// The length of an n-gram.
    #[serde(default = "whole::<10>")]
    #[schemars(range(min = 2, max = 64))]
    pub n: u64,
    /// The smallest part kept.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub share_min: f64,
    /// The largest part kept.
    #[serde(default = "thousandths::<500>")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub share_max: f64,
    /// How a text is cut into words by the operator's own profile, if not as the page says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut: Option<Cut>,
}

/// How a text is cut into words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Cut {
    /// The words of Unicode's text segmentation (UAX #29); every Chinese character is one.
    #[default]
    Words,
    /// The same, but scripts that are written without spaces are cut by ICU's dictionary.
    Dictionary,
    /// The pieces of `dictionary`, marks too, white space left out.
    Pieces,
    /// All pieces of Unicode's text segmentation that are not white space.
    Segments,
    /// What lies between white space.
    Spaces,
    /// What lies between white space, and every newline.
    Newlines,
}

/// Keeps documents whose measured value lies in a range.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Amount {
    /// Whose measure and defaults.
    #[serde(default, skip_serializing_if = "is_default")]
    #[schemars(extend("x-readings" = true))]
    pub profile: Profile,
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
    /// Whose measure and defaults.
    #[serde(default, skip_serializing_if = "is_default")]
    #[schemars(extend("x-readings" = true))]
    pub profile: Profile,
    /// The length of an n-gram.
    #[serde(default = "whole::<10>")]
    #[schemars(range(min = 2, max = 64))]
    pub n: u64,
    /// The smallest part kept.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub share_min: f64,
    /// The largest part kept.
    #[serde(default = "thousandths::<500>")]
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
    /// The fewest that must stand there.
    #[serde(default, skip_serializing_if = "is_default")]
    pub min: u64,
    /// Whether letters must have the case of the phrase, and white space at the ends counts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub exact: bool,
    /// Whether a phrase counts only where no letter, digit or `_` touches it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub whole: bool,
    /// Whether only so many characters at the front are looked at; unset, all are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<u64>,
}

/// Keeps documents by the common words in them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StopWords {
    /// The words.
    #[serde(default = "eight_words")]
    #[schemars(length(min = 1))]
    pub words: Vec<String>,
    /// The fewest that must stand in a text.
    #[serde(default = "whole::<2>")]
    pub min: u64,
    /// Whether a word counts once only.
    #[serde(default)]
    pub different: bool,
    /// Whether letters of either case count.
    #[serde(default)]
    pub any_case: bool,
}

fn eight_words() -> Vec<String> {
    ["the", "be", "to", "of", "and", "that", "have", "with"].map(str::to_owned).to_vec()
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

/// Keeps documents by the paragraphs that hold phrases.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Boilerplate {
    /// The phrases; letters of either case count.
    #[serde(default = "policies")]
    #[schemars(length(min = 1))]
    pub phrases: Vec<String>,
    /// The largest part of paragraphs that may hold one.
    #[serde(default = "thousandths::<400>")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub share_max: f64,
}

fn policies() -> Vec<String> {
    let words = [
        "terms of use",
        "privacy policy",
        "cookie policy",
        "uses cookies",
        "privacy overview",
        "use of cookies",
        "use cookies",
        "privacy & cookies policy",
        "privacy and cookies policy",
    ];
    words.map(str::to_owned).to_vec()
}

/// Keeps documents by the links with some text in them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LinksWith {
    /// The texts, as they are.
    #[schemars(length(min = 1))]
    pub parts: Vec<String>,
    /// The most links with one of them.
    #[serde(default)]
    pub max: u64,
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
    #[serde(default = "thousandths::<1_000>")]
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
