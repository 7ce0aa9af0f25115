//! `ingot gc`: what could be deleted, and what that would cost.

use clap::Args;
use serde_json::json;

use crate::context::Context;
use crate::words::size;
use crate::{EXIT_YES, Failure};

/// Show what could be deleted and which runs that would make weaker
#[derive(Args)]
#[command(after_help = "Example: ingot gc --dry-run")]
pub struct Options {
    /// Only show; nothing is deleted
    #[arg(long, required = true)]
    dry_run: bool,
}

impl Options {
    pub fn run(self, context: &mut Context) -> Result<u8, Failure> {
        let registry = context.registry()?;
        let plan = registry.gc_plan()?;
        for item in &plan.items {
            if context.common.json {
                context.json(&json!({
                    "kind": "deletable", "what": item.what, "size": item.size,
                    "reason": item.reason,
                }))?;
            } else {
                context.line(format!("{}  {}  {}", item.what, size(item.size), item.reason))?;
            }
        }
        for lowered in &plan.lowered {
            let run = context.digest(&lowered.run);
            if context.common.json {
                context.json(&json!({
                    "kind": "lowered", "run": lowered.run, "now": lowered.now.to_string(),
                    "after": lowered.after.to_string(),
                }))?;
            } else {
                let (now, after) = (lowered.now, lowered.after);
                context.line(format!("run {run} would go from {now} to {after}"))?;
            }
        }
        let total = plan.items.iter().map(|item| item.size).sum();
        if !context.common.json {
            context.line(format!("{} could be freed; nothing was deleted", size(total)))?;
        }
        Ok(EXIT_YES)
    }
}
