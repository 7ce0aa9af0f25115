//! `ingot runs`: the runs, newest first.

use clap::Args;
use serde_json::json;

use crate::context::Context;
use crate::words::table;
use crate::{EXIT_YES, Failure};

/// List the runs, newest first
#[derive(Args)]
#[command(after_help = "Example: ingot runs prose")]
pub struct Options {
    /// Only runs of this recipe
    name: Option<String>,
    /// At most this many
    #[arg(long, default_value_t = 50, value_name = "N")]
    limit: usize,
}

impl Options {
    pub fn run(self, context: &mut Context) -> Result<u8, Failure> {
        let registry = context.registry()?;
        let mut rows = Vec::new();
        let wanted = |name: &str| self.name.as_deref().is_none_or(|wanted| wanted == name);
        let runs = registry.runs()?.into_iter().filter(|run| wanted(&run.name)).take(self.limit);
        for run in runs {
            if context.common.json {
                context.json(&json!({
                    "kind": "run", "id": run.id, "recipe": run.recipe, "name": run.name,
                    "version": run.version, "status": run.status.to_string(),
                    "started": run.started, "finished": run.finished, "actor": run.actor,
                    "model": run.model, "quality": run.quality, "verdicts": run.verdicts,
                }))?;
                continue;
            }
            let met = run.quality.iter().filter(|gate| gate.met).count();
            rows.push(vec![
                context.digest(&run.id),
                format!("{}@{}", run.name, run.version),
                run.started.clone(),
                run.status.to_string(),
                run.model.map(|model| context.digest(&model)).unwrap_or_default(),
                match run.quality.len() {
                    0 => String::new(),
                    all => format!("{met} of {all} bars met"),
                },
                run.verdicts.last().cloned().unwrap_or_default(),
            ]);
        }
        for line in table(&rows) {
            context.line(line)?;
        }
        Ok(EXIT_YES)
    }
}
