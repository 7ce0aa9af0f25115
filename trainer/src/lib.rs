//! Carries a recipe out: gather, clean, mix, tokenize, train the stages, measure quality.
//!
//! Bytes come in through `Inputs` and results go out through `Outputs`; neither a registry nor a
//! clock is known here. `DATA.md` defines what the data steps do to bytes, `kernels/ARITHMETIC.md`
//! every floating-point operation.

mod block;
pub mod build;
mod charset;
pub mod documents_file;
pub mod error;
pub mod export;
pub mod flow;
pub mod found;
pub mod gather;
mod gather_crates;
pub mod hold_out;
pub mod huge_pages;
pub mod inputs;
pub mod leakage;
mod licences;
mod log;
pub mod measure;
pub mod memory;
pub mod mix;
pub mod model;
mod operations;
pub mod optimizer;
pub mod origin;
pub mod outputs;
mod parquet_pages;
pub mod pin;
mod pin_crates;
mod pin_files;
mod pin_git;
pub mod ranks;
mod read_jsonl;
mod read_parquet;
mod read_warc;
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
mod unpack;
mod web_answer;

pub use build::{Built, Options, Plant, build, check, documents};
pub use error::BuildError;
pub use inputs::Inputs;
pub use kitchen::{Decision, Document, Measure, clean, document, spill};
pub use outputs::{Outputs, Progress, ResumePoint, WriteState};
