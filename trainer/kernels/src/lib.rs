//! Reproducible arithmetic: every floating-point order is defined once, every version kept.
//!
//! `ARITHMETIC.md` beside this folder is the specification. The same inputs give the same bits on
//! every tier, with any number of threads, in debug and release builds.

#![allow(unsafe_code)] // threads that share disjoint outputs, and vector instructions

#[cfg(not(target_endian = "little"))]
compile_error!("digests are defined over little-endian bytes; this machine is big-endian");
#[cfg(not(target_pointer_width = "64"))]
compile_error!("32-bit machines round and index otherwise; a 64-bit machine is needed");

pub mod adamw;
mod arithmetic;
mod attention;
#[cfg(test)]
mod attention_definition;
mod cross_entropy;
pub mod elementary;
mod embedding;
mod environment;
mod kernels;
mod lanes;
mod micro;
mod minwise;
mod pack;
mod panels;
mod parts;
mod peak;
mod pool;
mod product;
pub mod random;
mod rmsnorm;
mod rope;
mod sums;
mod swiglu;
mod tier;

pub use adamw::AdamwStep;
pub use attention::AttentionShape;
pub use cross_entropy::{CrossEntropy, LOGIT_ROWS};
pub use environment::EnvironmentError;
pub use kernels::{Buffer, KernelError, Kernels, VERSION};
pub use product::Carry;
pub use rope::RopeTable;
pub use sums::split;
pub use tier::{Tier, TierError};
