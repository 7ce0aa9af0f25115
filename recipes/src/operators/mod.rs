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
    #[serde(rename = "dedup.exact@1")]
    DedupExact1(DedupExact),
    #[serde(rename = "dedup.minhash@1")]
    DedupMinhash1(DedupMinhash),
    #[serde(rename = "pii.mask@1")]
    PiiMask1(PiiMask),
}
