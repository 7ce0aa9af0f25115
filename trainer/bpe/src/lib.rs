//! Byte-level byte-pair encoding: a vocabulary from texts, ids from a text.
//!
//! Texts are cut by GPT-2's pattern, words are counted, pairs merged by count; `../DATA.md` says
//! which of equals goes first. Texts and settings alone decide the result: threads share words
//! whose counts are added, and tables with a fixed seed are only ever asked for what they hold.

mod class_ranges;
mod classes;
mod encode;
mod merge;
mod pairs;
mod shelf;
mod slots;
mod split;
mod vocabulary;
mod word;
mod words;

pub use encode::Encoder;
pub use merge::{TrainError, train};
pub use split::{Pieces, pieces};
pub use vocabulary::{Vocabulary, VocabularyError, byte_of, letter_of};
pub use words::{Words, count};

/// The id of the token that ends a text; no text contains it.
pub const END_ID: u32 = 0;
/// Ids of the end token and the 256 bytes; merges come after them.
pub const FIRST_MERGE: u32 = 257;
