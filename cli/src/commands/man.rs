//! `ingot man`: the manual pages.

use std::path::PathBuf;

use clap::Args;

use crate::context::Context;
use crate::{EXIT_YES, Failure, command_line};

/// Write the manual pages into a folder
#[derive(Args)]
#[command(after_help = "Example: ingot man ~/.local/share/man/man1")]
pub struct Options {
    /// The folder; it must exist
    folder: PathBuf,
}

impl Options {
    pub fn run(self, context: &mut Context) -> Result<u8, Failure> {
        let folder = context.path(&self.folder);
        clap_mangen::generate_to(command_line(), &folder)
            .map_err(|error| Failure::file(&self.folder, &error))?;
        Ok(EXIT_YES)
    }
}
