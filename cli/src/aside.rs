//! Where a run puts documents and records aside: files without a name in the registry's folder,
//! which are gone with the process.

use std::io;
use std::path::PathBuf;

use tempfile::SpooledTempFile;
use trainer::spill::{Scratch, Spill};

/// Bytes of a file that stay in memory.
const HELD: usize = 1 << 20;

/// Spill files in a folder.
pub struct Aside {
    folder: PathBuf,
}

impl Aside {
    /// Puts aside into this folder.
    pub fn new(folder: PathBuf) -> Aside {
        Aside { folder }
    }
}

impl Scratch for Aside {
    fn spill(&self) -> io::Result<Box<dyn Spill>> {
        Ok(Box::new(SpooledTempFile::new_in(HELD, &self.folder)))
    }
}
