//! Verdicts over recorded digests, and the web pages; knows neither the trainer nor candle.

pub mod mark;
pub mod verdict;
pub mod web;

pub use verdict::{Outcome, Verdict, compare};
