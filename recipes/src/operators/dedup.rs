//! Operators that drop what stands again in other documents: `dedup.*`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Drops documents whose text was seen before.
///
/// Texts with equal SHA-256 are one text; the first in document order stays.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DedupExact {}

/// Drops documents that nearly repeat an earlier one.
///
/// A text is its set of word n-grams; documents whose MinHash signatures agree in all rows of one
/// band are joined, and the first of a group in document order stays.
///
/// Source: Broder (1997), "On the resemblance and containment of documents".
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DedupMinhash {
    /// Words of an n-gram.
    #[serde(default = "five")]
    #[schemars(range(min = 1, max = 64))]
    pub ngram_words: u32,
    /// Bands of a signature.
    #[serde(default = "fourteen")]
    #[schemars(range(min = 1, max = 1024))]
    pub bands: u32,
    /// Hashes of a band.
    #[serde(default = "eight")]
    #[schemars(range(min = 1, max = 1024))]
    pub rows: u32,
    /// Seeds the hash functions.
    #[schemars(extend("x-missing" = [
        "its hash functions would not be fixed",
        "any whole number will do, such as `seed: 1`",
    ]))]
    pub seed: u32,
}

fn five() -> u32 {
    5
}

fn eight() -> u32 {
    8
}

fn fourteen() -> u32 {
    14
}
