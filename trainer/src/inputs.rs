//! Where the trainer's bytes come from: a digest in, a reader out.
//!
//! The trainer checks every byte it reads against the digest it asked for, so an implementation
//! may be a registry, a folder of plain files or a stranger's server.

use std::io::{self, Read};

use recipes::Digest;

/// The bytes that a pinned recipe names.
pub trait Inputs: Send + Sync {
    /// Opens the bytes named by a digest; `NotFound` where they are not here.
    fn open(&self, digest: &Digest) -> io::Result<Box<dyn Read + Send>>;
}
