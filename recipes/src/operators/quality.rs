//! Operators that score a text by what it was learned from: `filter.unigram-score`,
//! `filter.ngram-score`, `filter.classifier`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Cut, thousandths, whole};

/// Drops documents whose words are rare in reference texts.
///
/// The value is the mean natural logarithm of the words' probabilities, (1 / N) Σ ln p(w), the more
/// the likelier; p(w) = (c(w) + 1) / (C + V + 1), where c(w) counts the word in the texts, C is the
/// number of their words and V that of their different ones. Words are in lower case; a text
/// without words has the value of one unknown word.
///
/// datatrove drops below −10, with the probabilities of a large collection of English.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UnigramScore {
    /// The reference texts.
    #[schemars(length(min = 1))]
    pub texts: Vec<String>,
    /// How texts are cut into words.
    #[serde(default)]
    pub cut: Cut,
    /// The smallest mean kept.
    #[serde(default = "minus_ten")]
    pub mean_ln_min: f64,
    /// The largest mean kept; unset, there is none.
    #[serde(default)]
    pub mean_ln_max: Option<f64>,
}

fn minus_ten() -> f64 {
    -10.0
}

/// Drops documents that a language model of reference texts finds strange.
///
/// The value is the perplexity exp(−(1 / N) Σ ln p(w | h)), the less the likelier, where h are the
/// up to n − 1 words before. With c counted in the texts, t(h) the number of different words that
/// follow h, and h' the history without its first word,
/// p(w | h) = (c(h w) + t(h) p(w | h')) / (Σ c(h ·) + t(h)); below the empty history stands
/// 1 / (V + 1) with V different words, and a history that does not occur gives p(w | h'). Words are
/// in lower case; a text without words has the perplexity V + 1.
///
/// Source: Witten and Bell (1991), "The zero-frequency problem". Perplexity as a filter: Wenzek et
/// al. (2020), "CCNet", with another model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NgramScore {
    /// The reference texts.
    #[schemars(length(min = 1))]
    pub texts: Vec<String>,
    /// Words of an n-gram.
    #[serde(default = "whole::<3>")]
    #[schemars(range(min = 1, max = 8))]
    pub n: u64,
    /// How texts are cut into words.
    #[serde(default)]
    pub cut: Cut,
    /// The smallest perplexity kept.
    #[serde(default)]
    #[schemars(range(min = 0.0))]
    pub perplexity_min: f64,
    /// The largest perplexity kept; unset, there is none.
    #[serde(default)]
    #[schemars(range(min = 0.0))]
    pub perplexity_max: Option<f64>,
}

/// Drops documents that look like unwanted texts rather than like wanted ones.
///
/// The value is 1 / (1 + exp(−(b + Σ w_i x_i))). Features are the n-grams of 1 to `ngram_words`
/// words, those of `dedup.minhash@2`, each in the place that the first `table_bits` bits of its
/// fingerprint name; x_i is its count over the root of the sum of all squared counts. The weights
/// are learned from the texts of the recipe, from zeros by stochastic gradient descent on the
/// logistic loss: `epochs` times through all texts, wanted and unwanted ones mixed evenly, each in
/// the order of its list; at step t of T the rate is `rate` (1 − t / T).
///
/// Source: Joulin et al. (2017), "Bag of tricks for efficient text classification", without its
/// hidden layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Classifier {
    /// Texts like those to keep.
    #[schemars(length(min = 1))]
    pub wanted: Vec<String>,
    /// Texts like those to drop.
    #[schemars(length(min = 1))]
    pub unwanted: Vec<String>,
    /// Words of the longest n-gram.
    #[serde(default = "whole::<2>")]
    #[schemars(range(min = 1, max = 5))]
    pub ngram_words: u64,
    /// The table has 2 to this power places.
    #[serde(default = "whole::<18>")]
    #[schemars(range(min = 8, max = 24))]
    pub table_bits: u64,
    /// Times that all texts are learned from.
    #[serde(default = "whole::<20>")]
    #[schemars(range(min = 1, max = 1000))]
    pub epochs: u64,
    /// The rate of learning at the start.
    #[serde(default = "thousandths::<500>")]
    #[schemars(range(min = 0.0, max = 100.0))]
    pub rate: f64,
    /// The smallest value kept.
    #[serde(default = "thousandths::<500>")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub score_min: f64,
}
