//! The recipe language: read, check, canonical form, digest, diff. Pure: no clock, no disk.
//!
//! `LANGUAGE.md` beside this folder is the page that defines the language and its bytes.

pub mod canonical;
mod check;
mod count;
mod decode;
pub mod diff;
mod diff_forms;
mod diff_list;
pub mod digest;
pub mod fate;
mod fmt;
pub mod import;
pub mod lists;
pub mod object;
pub mod operators;
mod parameters;
pub mod pinned;
pub mod problem;
mod read;
mod read_source;
mod read_steps;
pub mod recipe;
pub mod rules;
mod schema;
mod show;
pub mod source;
pub mod spread;
pub mod strict;
pub mod trace;
pub mod tree;

pub use count::count;
pub use diff::{Change, Diff, diff};
pub use diff_forms::{changed_lines, text_diff};
pub use digest::{Digest, DigestError, Hasher, hex};
pub use fate::Fate;
pub use fmt::fmt;
pub use object::{Object, ObjectError};
pub use pinned::{ARITHMETIC, Manifest, ManifestFile, Pinned, Reading};
pub use problem::{Place, Problem, Problems};
pub use read::{read, read_cleaning_step};
pub use recipe::Recipe;
pub use schema::schema;
pub use show::show;
pub use trace::{GateResult, StateMark, StepResult, Trace};
