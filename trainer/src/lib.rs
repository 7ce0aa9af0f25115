//! Carries a recipe out: gather, clean, mix, tokenize, train the stages, measure quality.
//!
//! Bytes come in through `Inputs` and results go out through `Outputs`; neither a registry nor a
//! clock is known here. `DATA.md` defines what the data steps do to bytes, `kernels/ARITHMETIC.md`
//! every floating-point operation.

mod block;
pub mod build;
pub mod error;
pub mod export;
pub mod flow;
pub mod gather;
mod gather_crates;
mod gather_jsonl;
pub mod hold_out;
pub mod inputs;
pub mod leakage;
mod log;
pub mod measure;
pub mod memory;
pub mod mix;
pub mod model;
mod operations;
pub mod optimizer;
pub mod origin;
pub mod outputs;
pub mod pin;
mod pin_crates;
mod pin_files;
mod pin_git;
pub mod ranks;
pub mod record;
mod rust_docs;
pub mod safetensors;
pub mod sample;
pub mod schedule;
pub mod shape;
mod sink;
pub mod stage;
pub mod state;
pub mod step;
pub mod steps;
pub mod tokenize;
pub mod tokenizer;

pub use build::{Built, Options, Plant, build, check};
pub use error::BuildError;
pub use inputs::Inputs;
pub use kitchen::{Decision, Document, Measure, clean, document, spill};
pub use outputs::{Outputs, Progress, ResumePoint, WriteState};
