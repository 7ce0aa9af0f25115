//! What filters by lists of the recipe may say: words, addresses, evaluation texts, texts that a
//! vocabulary is made of.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Cut, thousandths, whole};

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
    #[serde(default = "thousandths::<1_000>")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub share_max: f64,
}

/// Drops documents by the words and phrases of lists by category that stand in them.
///
/// Lists are tried in their order; the first that a document breaks is the reason, by its
/// category. A listed phrase is cut into words as the text is and is met where
/// its words follow one another, in lower case, the longest first and without overlap: by
/// `words` a Chinese word is met wherever its characters stand, by `dictionary` only where
/// the dictionary cuts at its ends.
///
/// Data-Juicer keeps 0.3 and more of English and 0.2 of Chinese stop words, up to 0.045 of
/// flagged words, Chinese ones cut by a dictionary.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListedWords2 {
    /// The lists.
    #[schemars(length(min = 1))]
    pub lists: Vec<WordList>,
    /// How texts are cut into words.
    #[serde(default)]
    pub cut: Cut,
}

/// Words of a category and how many of them a document may have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WordList {
    /// What the words are: `stop-words`, `gambling`.
    #[schemars(length(min = 1))]
    pub category: String,
    /// The words and phrases; letters of either case count.
    #[schemars(length(min = 1))]
    pub words: Vec<String>,
    /// The smallest part of the text's words that is kept.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub share_min: f64,
    /// The largest part of the text's words that is kept.
    #[serde(default = "thousandths::<1_000>")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub share_max: f64,
    /// The most that a kept document has of them; unset, there is no limit.
    #[serde(default)]
    pub max: Option<u64>,
}

/// Drops documents by their links to listed addresses.
///
/// A link counts where it starts with a listed address and goes on, if at all, with one of
/// `/ ? # & :`; letters of either case count, `https://` and `www.` do not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Urls {
    /// Addresses, with or without `https://` and `www.`; those below one of them count too.
    #[schemars(length(min = 1))]
    pub urls: Vec<String>,
    /// The most links to them.
    #[serde(default)]
    pub max: u64,
}

/// Drops documents by their number of tokens.
///
/// Tokens are those of byte-level byte-pair encoding with a vocabulary that is made of some
/// texts, as a recipe's tokenizer is made of its documents.
///
/// Data-Juicer keeps 10 and more, of another vocabulary.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tokens {
    /// The texts that the vocabulary is made of.
    #[schemars(length(min = 1))]
    pub texts: Vec<String>,
    /// The most tokens of the vocabulary; fewer, where no pair stands twice in the texts.
    #[serde(default = "whole::<8192>")]
    #[schemars(range(min = 257, max = 262_144))]
    pub vocabulary: u64,
    /// The smallest number kept.
    #[serde(default)]
    pub min: u64,
    /// The largest number kept; unset, there is none.
    #[serde(default)]
    pub max: Option<u64>,
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

/// Drops documents that share n-grams of words with named evaluation sets.
///
/// As `decontaminate.ngrams@1`, set by set in their order: the first that shares too much is
/// the reason, by its name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Decontaminate2 {
    /// The evaluation sets.
    #[schemars(length(min = 1))]
    pub sets: Vec<EvaluationSet>,
    /// Words of an n-gram.
    #[serde(default = "whole::<13>")]
    #[schemars(range(min = 1, max = 64))]
    pub ngram_words: u64,
    /// The largest part of the document's n-grams that may stand in one set.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub share_max: f64,
}

/// Evaluation texts with a name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EvaluationSet {
    /// The set's name.
    #[schemars(length(min = 1))]
    pub name: String,
    /// Its texts.
    #[schemars(length(min = 1))]
    pub texts: Vec<String>,
}
