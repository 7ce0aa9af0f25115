//! `ingot check`: reads recipes and names all their problems.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::context::Context;
use crate::{EXIT_NO, EXIT_YES, Failure, target};

/// Check recipes and name every problem with its place
#[derive(Args)]
#[command(after_help = "Example: ingot check prose.yaml")]
pub struct Options {
    /// Recipe files
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

impl Options {
    pub fn run(self, context: &mut Context) -> Result<u8, Failure> {
        let mut exit = EXIT_YES;
        for file in &self.files {
            let text = target::read_text(context, file)?;
            let name = file.display().to_string();
            match recipes::read(&text) {
                Ok(recipe) if context.common.json => {
                    context.json(&json!({"kind": "checked", "file": name, "name": recipe.name}))?;
                }
                Ok(recipe) => context.line(format!("{name}  {}  no problem found", recipe.name))?,
                Err(problems) => {
                    exit = EXIT_NO;
                    if context.common.json {
                        for problem in problems.json(&name) {
                            context.json(&problem)?;
                        }
                    } else {
                        context.bytes(problems.render(&name, &text).as_bytes())?;
                    }
                }
            }
        }
        Ok(exit)
    }
}
