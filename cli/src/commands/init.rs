//! `ingot init`: makes a registry.

use clap::Args;
use registry::Registry;
use serde_json::json;

use crate::context::Context;
use crate::{EXIT_YES, Failure};

/// Make a registry in the current folder
#[derive(Args)]
#[command(after_help = "Example: ingot init && ingot add prose.yaml")]
pub struct Options {}

impl Options {
    pub fn run(self, context: &mut Context) -> Result<u8, Failure> {
        let folder = match &context.common.registry {
            Some(_) => context.registry_folder().0,
            None => context.world.folder.join(crate::context::FOLDER),
        };
        let registry = Registry::create(&folder, &(context.world.clock)(), &context.actor())?;
        if context.common.json {
            context.json(&json!({
                "kind": "registry", "id": registry.id(), "folder": folder.display().to_string(),
            }))?;
        } else {
            context.line(format!("registry   {}  made", folder.display()))?;
        }
        Ok(EXIT_YES)
    }
}
