//! Cleaning operators: from documents and parameters to decisions with measured values.
//!
//! Pure and deterministic: the result depends on the documents, their order and the parameters,
//! never on threads, a clock or the machine. `../DATA.md` defines what every operator does.

mod c4;
pub mod chain;
mod classifier;
pub mod clean;
pub mod compare;
mod data_juicer;
mod datatrove_numbers;
mod datatrove_words;
mod dclm;
pub mod decision;
pub mod dedup;
mod dedup_exact;
pub mod dedup_minhash;
pub mod dedup_parts;
mod dedup_simhash;
mod dedup_substring;
pub mod desk;
pub mod document;
mod dolma;
mod english_words;
mod exceptions;
mod filter_length;
mod fineweb;
mod gopher_quality;
mod gopher_repetition;
mod gopher_repetition2;
mod grams;
mod groups;
mod html;
pub mod language;
mod language_model;
mod latex;
mod letters;
mod lexicon;
mod listed;
mod measured;
mod mojibake;
mod nemo;
mod normalize;
pub mod pass;
mod pieces;
mod pii_find;
mod pii_mask;
mod plain_marks;
mod prepared;
mod ratios;
mod readings;
mod rewrite;
mod rolling;
mod select;
mod shape;
mod spaces;
pub mod spill;
pub mod spool;
mod standing_again;
mod vocabulary;
mod web_lines;
mod word_prints;
pub mod words;
mod words_by;

pub use decision::{Decision, Drop, Measure};
pub use document::Document;
pub use prepared::Prepared;
