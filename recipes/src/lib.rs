//! The recipe language: read, check, canonical form, digest, diff. Pure: no clock, no disk.
//!
//! `LANGUAGE.md` beside this folder is the page that defines the language and its bytes.

pub mod canonical;
pub mod digest;
pub mod object;
pub mod pinned;
pub mod recipe;
pub mod trace;

pub use digest::{Digest, DigestError, Hasher};
pub use object::{Object, ObjectError};
pub use pinned::{ARITHMETIC, Manifest, ManifestFile, Pinned, Reading};
pub use recipe::Recipe;
pub use trace::{GateResult, StateMark, StepResult, Trace};
