//! `ingot fmt`: brings recipe files into their normal form.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use crate::context::Context;
use crate::{EXIT_NO, EXIT_YES, Failure, target};

/// Bring recipe files into normal form, comments kept
#[derive(Args)]
#[command(after_help = "Example: ingot fmt --check recipes/samples/first.yaml")]
pub struct Options {
    /// Recipe files
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Only say which files are not in normal form; exit 1 if any
    #[arg(long)]
    check: bool,
}

impl Options {
    pub fn run(self, context: &mut Context) -> Result<u8, Failure> {
        let mut exit = EXIT_YES;
        for file in &self.files {
            target::read(context, file)?;
            let text = target::read_text(context, file)?;
            let wanted = recipes::fmt(&text)
                .map_err(|_| Failure::new(format!("`{}` cannot be read", file.display())))?;
            let changed = wanted != text;
            if changed && self.check {
                exit = EXIT_NO;
            } else if changed {
                replace(&context.path(file), &wanted)
                    .map_err(|error| Failure::file(file, &error))?;
            }
            if context.common.json {
                let name = file.display().to_string();
                context.json(&json!({"kind": "formatted", "file": name, "changed": changed}))?;
            } else if changed {
                context.line(file.display().to_string())?;
            }
        }
        Ok(exit)
    }
}

/// Replaces a file's text at once: a reader sees the old or the new.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let partial = path.with_extension("yaml.partial");
    let mut file = fs::File::create(&partial)?;
    file.write_all(text.as_bytes())?;
    file.set_permissions(fs::metadata(path)?.permissions())?;
    file.sync_all()?;
    fs::rename(&partial, path)
}
