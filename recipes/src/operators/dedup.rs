//! Operators that drop what stands again in other documents: `dedup.*`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::thousandths;

/// Drops documents whose text was seen before.
///
/// Texts with equal SHA-256, in the form that is asked, are one text; the first in document order
/// stays.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DedupExact {
    /// Whether white space at the ends makes no difference.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub trim: bool,
    /// Whether the case of letters makes no difference.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub any_case: bool,
    /// Whether white space, digits and ASCII punctuation make no difference.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub bare: bool,
}

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

/// Drops documents that nearly repeat an earlier one, and says how nearly.
///
/// As `dedup.minhash@1` with hashes that are made without a copy of any word. A letter of a script
/// that is written without spaces is a word. The value is the share of equal hashes, the limit
/// (1 / bands)^(1 / rows), about the similarity at which half of the pairs are found.
///
/// Source: Broder (1997), "On the resemblance and containment of documents".
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DedupMinhash2 {
    /// Whose words and hash functions.
    #[serde(default)]
    pub profile: MinhashProfile,
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

/// Whose words and hash functions a MinHash takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MinhashProfile {
    #[default]
    Ingot,
    Datatrove,
}

/// Parts of a text that stood before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DedupParts {
    /// Parts with fewer characters always stay.
    #[serde(default)]
    pub chars_min: u32,
}

/// Takes spans of sentences out of a text that stood before, in it or in an earlier document.
///
/// Source: Raffel et al. (2020), "Exploring the limits of transfer learning with a unified
/// text-to-text transformer", section 2.2.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DedupSentences {
    /// Sentences of a span.
    #[serde(default = "three")]
    #[schemars(range(min = 1, max = 64))]
    pub span: u32,
    /// Spans with fewer characters always stay.
    #[serde(default)]
    pub chars_min: u32,
}

/// Drops documents that differ from an earlier one in few of 64 bits.
///
/// A bit is set where more than half of the fingerprints (XXH64) of the text's word n-grams have it
/// set, each counted as often as it stands there. Words are those of `dedup.minhash@2`. A document
/// goes where an earlier one differs in at most `bits_max` bits; that one is named, though it may
/// be gone itself. A text shorter than one n-gram stays.
///
/// Sources: Charikar (2002), "Similarity estimation techniques from rounding algorithms"; Manku,
/// Jain and Das Sarma (2007), "Detecting near-duplicates for web crawling", who take 3 bits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DedupSimhash {
    /// Words of an n-gram.
    #[serde(default = "three")]
    #[schemars(range(min = 1, max = 64))]
    pub ngram_words: u32,
    /// The most bits that differ in documents that count as one.
    #[serde(default = "three")]
    #[schemars(range(min = 0, max = 8))]
    pub bits_max: u32,
}

/// Takes runs of bytes out of a text that stood before, in it or in an earlier document.
///
/// A run is at least `bytes_min` bytes of UTF-8, wherever it starts; the same bytes stood in an
/// earlier document, or in this one without an overlap. All bytes of such runs go, whole
/// characters only; a document of which nothing is left is dropped. With `runs: drop` no text is
/// changed: a document goes where the part of its bytes in such runs is above `share_max`. Runs
/// are compared byte by byte.
///
/// Source: Lee et al. (2022), "Deduplicating training data makes language models better", who take
/// 50 tokens, about 200 bytes of English.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DedupSubstring {
    /// The fewest bytes of a run; a Chinese character has three.
    #[serde(default = "two_hundred")]
    #[schemars(range(min = 8, max = 1_048_576))]
    pub bytes_min: u32,
    /// What becomes of repeated runs.
    #[serde(default)]
    pub runs: RepeatedRuns,
    /// The largest part of a document's bytes in repeated runs, with `runs: drop`.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub share_max: f64,
}

/// Drops documents most of whose word n-grams stood in earlier documents.
///
/// The value is the part of a document's different n-grams that stand in earlier documents, kept or
/// not; one of them that holds the first of these is named. Words are those of
/// `dedup.minhash@2`; a text shorter than one n-gram stays. A document that copies a part of
/// another one goes here, where `dedup.minhash@2` compares wholes.
///
/// Source: Soldaini et al. (2024), "Dolma", section 5; datatrove's Bloom filter, without its
/// mistakes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DedupNgrams {
    /// Words of an n-gram.
    #[serde(default = "thirteen")]
    #[schemars(range(min = 1, max = 64))]
    pub ngram_words: u32,
    /// The largest part that a kept document shares.
    #[serde(default = "thousandths::<800>")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub share_max: f64,
}

/// What becomes of runs that stood before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RepeatedRuns {
    /// They are taken out of the text.
    #[default]
    Cut,
    /// They drop the document.
    Drop,
}

fn two_hundred() -> u32 {
    200
}

fn three() -> u32 {
    3
}

fn five() -> u32 {
    5
}

fn eight() -> u32 {
    8
}

fn thirteen() -> u32 {
    13
}

fn fourteen() -> u32 {
    14
}
