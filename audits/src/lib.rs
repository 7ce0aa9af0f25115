//! Verdicts over recorded digests, and the web pages; knows neither the trainer nor candle.

pub mod data_diff;
mod data_diff_forms;
pub mod figures;
pub mod mark;
pub mod recount;
pub mod sample;
pub mod story;
pub mod verdict;
pub mod walk;
pub mod web;

pub use verdict::{Outcome, Verdict, compare};
