//! `ingot history`: the versions of a recipe.

use clap::Args;
use serde_json::json;

use crate::context::Context;
use crate::words::table;
use crate::{EXIT_YES, Failure};

/// List the versions of a recipe, newest first; without a name, every recipe
#[derive(Args)]
#[command(after_help = "Example: ingot history prose")]
pub struct Options {
    /// The recipe's name
    name: Option<String>,
}

impl Options {
    pub fn run(self, context: &mut Context) -> Result<u8, Failure> {
        let registry = context.registry()?;
        let mut versions = match &self.name {
            Some(name) => registry.versions(name)?,
            None => registry.names()?,
        };
        if let (Some(name), true) = (&self.name, versions.is_empty()) {
            return Err(Failure::new(format!("no recipe is named `{name}`"))
                .hint("`ingot history` lists the names"));
        }
        versions.sort_by(|a, b| a.name.cmp(&b.name).then(b.number.cmp(&a.number)));
        let mut rows = Vec::new();
        for version in &versions {
            if context.common.json {
                context.json(&json!({
                    "kind": "version", "name": version.name, "version": version.number,
                    "digest": version.digest, "time": version.time, "actor": version.actor,
                    "event": version.event,
                }))?;
            }
            rows.push(vec![
                format!("{}@{}", version.name, version.number),
                context.digest(&version.digest),
                version.time.clone(),
                version.actor.clone(),
            ]);
        }
        if !context.common.json {
            for line in table(&rows) {
                context.line(line)?;
            }
        }
        Ok(EXIT_YES)
    }
}
