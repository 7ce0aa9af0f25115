//! Carries a recipe out: gather, clean, mix, tokenize, train the stages, measure quality.

pub mod document;
pub mod inputs;
pub mod outputs;

pub use document::Document;
pub use inputs::Inputs;
pub use outputs::{Outputs, Progress};
