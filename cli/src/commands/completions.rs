//! `ingot completions`: completions for a shell.

use clap::Args;
use clap_complete::Shell;

use crate::context::Context;
use crate::{EXIT_YES, Failure, command_line};

/// Print completions for a shell
#[derive(Args)]
#[command(after_help = "Example: ingot completions bash > ~/.ingot-completions.bash")]
pub struct Options {
    /// The shell
    shell: Shell,
}

impl Options {
    pub fn run(self, context: &mut Context) -> Result<u8, Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command_line(), "ingot", &mut script);
        context.bytes(&script)?;
        Ok(EXIT_YES)
    }
}
