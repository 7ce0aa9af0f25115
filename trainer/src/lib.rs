//! Carries a recipe out: gather, clean, mix, tokenize, train the stages, measure quality.
//!
//! Bytes come in through `Inputs` and results go out through `Outputs`; neither a registry nor a
//! clock is known here. `DATA.md` defines what the data steps do to bytes, `kernels/ARITHMETIC.md`
//! every floating-point operation.

mod block;
pub mod build;
pub mod clean;
mod dedup_exact;
mod dedup_minhash;
pub mod document;
pub mod export;
mod filter_length;
pub mod gather;
mod gather_crates;
mod gopher_repetition;
pub mod hold_out;
pub mod inputs;
pub mod leakage;
pub mod measure;
pub mod mix;
pub mod model;
mod normalize;
mod operations;
pub mod optimizer;
pub mod outputs;
mod pii_mask;
pub mod pin;
mod pin_crates;
mod pin_files;
mod pin_git;
mod rust_docs;
pub mod safetensors;
pub mod sample;
pub mod schedule;
pub mod shape;
mod sink;
pub mod stage;
pub mod state;
pub mod step;
pub mod tokenize;
pub mod tokenizer;
mod words;

pub use build::{BuildError, Built, Options, Plant, build};
pub use document::Document;
pub use inputs::Inputs;
pub use outputs::{Outputs, Progress, ResumePoint, WriteState};
