//! `ingot schema`: the JSON Schema of recipes, for editors.

use clap::Args;

use crate::context::Context;
use crate::{EXIT_YES, Failure};

/// Print the JSON Schema of recipes, for editors
#[derive(Args)]
#[command(after_help = "Example: ingot schema > ingot.schema.json")]
pub struct Options {}

impl Options {
    pub fn run(self, context: &mut Context) -> Result<u8, Failure> {
        let schema = recipes::schema();
        if context.common.json {
            context.json(&schema)?;
        } else {
            context.line(format!("{schema:#}"))?;
        }
        Ok(EXIT_YES)
    }
}
