//! Operators that drop documents by a measure of their text: `filter.*`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{thousandths, whole};

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
    /// Whether white space at the ends of the text is not counted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub trim: bool,
}

/// Drops source files by the part of their characters that are comments.
///
/// Strings are not searched, as far as a file can be cut into strings without its grammar.
/// StarCoder keeps 0.01 to 0.8 of Python, Java and JavaScript.
///
/// Source: Li et al. (2023), "StarCoder: may the source be with you!", section 3.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CommentShare {
    /// What comments are.
    pub syntax: CommentSyntax,
    /// The smallest part kept.
    #[serde(default = "thousandths::<10>")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub share_min: f64,
    /// The largest part kept.
    #[serde(default = "thousandths::<800>")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub share_max: f64,
}

/// What comments are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CommentSyntax {
    /// The text behind `#`, and strings of three quotes that begin a line, without their marks.
    Python,
    /// `//` to the end of the line, `/*` to `*/`, with their marks: C, Java, JavaScript, Rust.
    Slashes,
    /// The text behind `#` that starts a word: shells, YAML, TOML.
    Hash,
}

/// Drops pages by the part of their HTML that is visible text.
///
/// Tags, comments, scripts and styles are none; a page with little text has the value 0. StarCoder
/// keeps 0.2 and more, with at least 100 characters.
///
/// Source: Li et al. (2023), "StarCoder: may the source be with you!", section 3.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HtmlShare {
    /// The smallest part kept.
    #[serde(default = "thousandths::<200>")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub share_min: f64,
    /// The fewest characters of text that are not little.
    #[serde(default = "whole::<101>")]
    pub chars_min: u64,
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

/// Drops documents that repeat themselves, counted as datatrove counts.
///
/// In this order: paragraphs (between two or more newlines) that stand again, by number (0.3) and
/// by characters (0.2); lines that stand again, the same; the characters of the most frequent 2-,
/// 3- and 4-gram (0.20, 0.18, 0.16); the characters of 5- to 10-grams that stand again, counted
/// without overlap (0.15 down to 0.10). Characters are compared with those of the whole text.
///
/// Words are cut as English text by marks at both ends of what lies between white space, with
/// contractions in two and abbreviations whole; `trainer/DATA.md` has the rule.
///
/// Source: Rae et al. (2021), "Scaling Language Models", table A1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GopherRepetition2 {
    /// Whose reading of the rules.
    #[serde(default)]
    pub profile: GopherReading,
}

/// Whose reading of the Gopher rules on repetition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GopherReading {
    /// Hugging Face's datatrove, with its words.
    #[default]
    Datatrove,
}

/// Drops documents that do not look like prose.
///
/// In this order: words that are more than punctuation; their mean length; `#` and ellipses for
/// each word; lines that start with `-` or `•`; lines that end with an ellipsis; words with a
/// letter; how many of "the, be, to, of, and, that, have, with" stand there. The first that fails
/// is the reason.
///
/// Words are those of `filter.gopher-repetition@2`; the defaults are datatrove's.
///
/// Source: Rae et al. (2021), "Scaling Language Models", section A.1.1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GopherQuality {
    /// The fewest words.
    #[serde(default = "whole::<50>")]
    pub words_min: u64,
    /// The most words.
    #[serde(default = "whole::<100_000>")]
    pub words_max: u64,
    /// The smallest mean length of a word.
    #[serde(default = "thousandths::<3_000>")]
    #[schemars(range(min = 0.0))]
    pub mean_word_chars_min: f64,
    /// The largest mean length of a word.
    #[serde(default = "thousandths::<10_000>")]
    #[schemars(range(min = 0.0))]
    pub mean_word_chars_max: f64,
    /// The most `#`, and the most ellipses, for each word.
    #[serde(default = "thousandths::<100>")]
    #[schemars(range(min = 0.0))]
    pub symbols_per_word_max: f64,
    /// The largest part of lines that start with a bullet.
    #[serde(default = "thousandths::<900>")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub bullet_lines_share_max: f64,
    /// The largest part of lines that end with an ellipsis.
    #[serde(default = "thousandths::<300>")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub ellipsis_lines_share_max: f64,
    /// The smallest part of words with a letter.
    #[serde(default = "thousandths::<800>")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub alphabetic_words_share_min: f64,
    /// The fewest of the eight English words.
    #[serde(default = "whole::<2>")]
    #[schemars(range(min = 0, max = 8))]
    pub stop_words_min: u64,
}

/// Keeps lines that are sentences, and documents that have enough of them.
///
/// A line stays if it ends with one of `. ? ! " '` and not with `...`, has enough words between
/// white space, none of them too long, and speaks neither of JavaScript nor of cookies or terms of
/// use. Citations such as `[12]` are taken out. A kept line with "lorem ipsum" or `{` drops the
/// document, as do too few sentences in the lines that are left. The defaults are datatrove's.
///
/// Source: Raffel et al. (2020), "Exploring the Limits of Transfer Learning", section 2.2.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct C4 {
    /// The fewest sentences of a document.
    #[serde(default = "whole::<5>")]
    pub sentences_min: u64,
    /// The fewest words of a line.
    #[serde(default = "whole::<3>")]
    #[schemars(range(min = 1))]
    pub line_words_min: u64,
    /// The longest word of a line.
    #[serde(default = "whole::<1_000>")]
    pub word_chars_max: u64,
}

/// Drops lists and leftovers of pages by their lines.
///
/// Over the lines that are not blank: the part that ends with a mark that ends sentences (Unicode's
/// `Sentence_Terminal`), the part that is short, the characters of lines that stand again over all
/// characters but newlines; and newlines for each word. The defaults are datatrove's.
///
/// Source: Penedo et al. (2024), "The FineWeb Datasets", section 3.4.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FineWeb {
    /// The smallest part of lines that end a sentence.
    #[serde(default = "thousandths::<120>")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub terminal_lines_share_min: f64,
    /// The largest part of short lines.
    #[serde(default = "thousandths::<670>")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub short_lines_share_max: f64,
    /// The length of the longest short line.
    #[serde(default = "whole::<30>")]
    pub short_line_chars: u64,
    /// The largest part of characters in lines that stand again.
    #[serde(default = "thousandths::<10>")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub repeated_chars_share_max: f64,
    /// The most newlines for each word.
    #[serde(default = "thousandths::<300>")]
    #[schemars(range(min = 0.0))]
    pub newlines_per_word_max: f64,
}

/// Drops documents whose licence is not on a list.
///
/// A document's licence is its own, else that of its source. It is read as an SPDX expression: with
/// `OR` one side must be on the list, with `AND` both; a licence on the list stands for itself with
/// any exception. Identifiers are compared without regard to case. A document without a licence is
/// dropped. The reason names the licence, and a run all that it met, with the documents before and
/// after cleaning.
///
/// Source: SPDX specification 2.3, annex D.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LicenceAllow {
    /// SPDX identifiers, such as `MIT`.
    #[schemars(length(min = 1), inner(length(min = 1)))]
    pub allow: Vec<String>,
}
