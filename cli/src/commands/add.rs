//! `ingot add`: registers a recipe and brings its sources in.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::context::Context;
use crate::{EXIT_YES, Failure, target};

/// Register a recipe: hash every part of it and bring its sources in
#[derive(Args)]
#[command(after_help = "Example: ingot add prose.yaml --reason \"lower peak rate\"")]
pub struct Options {
    /// The recipe file
    file: PathBuf,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

impl Options {
    pub fn run(self, context: &mut Context) -> Result<u8, Failure> {
        let written = target::read(context, &self.file)?;
        let registry = context.registry_or_new()?;
        let added = target::register(context, &registry, &written, self.reason)?;
        let version = &added.version;
        if context.common.json {
            context.json(&json!({
                "kind": "recipe", "name": version.name, "version": version.number,
                "digest": version.digest, "new": added.new,
            }))?;
        } else {
            let digest = context.digest(&version.digest);
            let known = if added.new { "" } else { "  registered before" };
            context
                .line(format!("recipe     {digest}  {}@{}{known}", version.name, version.number))?;
        }
        Ok(EXIT_YES)
    }
}
