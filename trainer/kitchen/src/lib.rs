//! Cleaning operators: from documents and parameters to decisions with measured values.
//!
//! Pure and deterministic: the result depends on the documents, their order and the parameters,
//! never on threads, a clock or the machine. `../DATA.md` defines what every operator does.

pub mod clean;
mod dedup_exact;
mod dedup_minhash;
pub mod document;
mod filter_length;
mod gopher_repetition;
mod normalize;
mod pii_mask;
pub mod words;

pub use document::Document;
