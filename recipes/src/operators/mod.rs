//! The cleaning operators: one parameter struct each, in files by group.
//!
//! This is the only declaration of an operator. Its struct's doc comment is its page, the first
//! paragraph its line in a list; names, defaults, ranges and choices are read from the schema that
//! is made from the struct. A field added later is optional and left out where it is unset, so that
//! the canonical bytes of older recipes stay.

pub mod catalogue;
mod dedup;
mod filter;
mod pii;
mod text;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use dedup::*;
pub use filter::*;
pub use pii::*;
pub use text::*;

/// One versioned cleaning operator with its parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum CleaningStep {
    #[serde(rename = "text.normalize@1")]
    TextNormalize1(TextNormalize),
    #[serde(rename = "filter.length@1")]
    FilterLength1(FilterLength),
    #[serde(rename = "filter.gopher-repetition@1")]
    FilterGopherRepetition1(GopherRepetition),
    #[serde(rename = "filter.gopher-repetition@2")]
    FilterGopherRepetition2(GopherRepetition2),
    #[serde(rename = "filter.gopher-quality@1")]
    FilterGopherQuality1(GopherQuality),
    #[serde(rename = "filter.c4@1")]
    FilterC41(C4),
    #[serde(rename = "filter.fineweb@1")]
    FilterFineWeb1(FineWeb),
    #[serde(rename = "dedup.exact@1")]
    DedupExact1(DedupExact),
    #[serde(rename = "dedup.minhash@1")]
    DedupMinhash1(DedupMinhash),
    #[serde(rename = "pii.mask@1")]
    PiiMask1(PiiMask),
}

/// A default that is a whole number.
const fn whole<const N: u64>() -> u64 {
    N
}

/// A default in thousandths.
fn thousandths<const N: u64>() -> f64 {
    N as f64 / 1000.0
}
