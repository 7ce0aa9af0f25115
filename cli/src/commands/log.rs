//! `ingot log`: the journal as a trail.

use clap::Args;
use registry::{Event, EventFilter, Resolved};
use serde_json::json;

use crate::context::Context;
use crate::words::table;
use crate::{EXIT_YES, Failure};

/// Show what happened, newest first
#[derive(Args)]
#[command(after_help = "Examples:\n  ingot log --action run\n  ingot log prose --since 2026-11-01")]
pub struct Options {
    /// Only events about this recipe name, run or digest
    about: Option<String>,
    /// Only actions that start with this, such as `run` or `recipe.added`
    #[arg(long, value_name = "ACTION")]
    action: Option<String>,
    /// Only events by this actor
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// Only events at or after this time (RFC 3339, or the first part of it)
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only events before this time
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// At most this many
    #[arg(long, default_value_t = 50, value_name = "N")]
    limit: usize,
}

impl Options {
    pub fn run(self, context: &mut Context) -> Result<u8, Failure> {
        let registry = context.registry()?;
        let mut filter = EventFilter {
            action: self.action,
            actor: self.by,
            since: self.since,
            until: self.until,
            limit: self.limit,
            ..EventFilter::default()
        };
        if let Some(about) = self.about {
            match registry.versions(&about)?.is_empty() {
                false => filter.name = Some(about),
                true => filter.subject = Some(digest_of(&registry.resolve(&about)?)),
            }
        }
        let mut rows = Vec::new();
        for event in registry.events(&filter)? {
            if context.common.json {
                context.json(&event_json(&event))?;
            } else {
                rows.push(row(context, &event));
            }
        }
        for line in table(&rows) {
            context.line(line)?;
        }
        Ok(EXIT_YES)
    }
}

fn digest_of(resolved: &Resolved) -> recipes::Digest {
    match resolved {
        Resolved::Recipe(version) => version.digest,
        Resolved::Run(digest) | Resolved::Object(digest) | Resolved::Blob(digest) => *digest,
    }
}

fn row(context: &Context, event: &Event) -> Vec<String> {
    let subjects: Vec<String> = event.subjects.iter().map(|d| context.digest(d)).collect();
    vec![
        event.number.to_string(),
        event.time.clone(),
        event.actor.clone(),
        event.action.to_string(),
        subjects.join(" "),
        about(event),
    ]
}

/// The facts of an event in a few words.
fn about(event: &Event) -> String {
    let text = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let facts = &event.facts;
    let mut words = Vec::new();
    if let (Some(name), Some(version)) = (facts.get("name"), facts.get("version")) {
        words.push(format!("{}@{}", text(name), text(version)));
    }
    if let Some(name) = facts.get("step").and_then(|step| step.get("name")) {
        words.push(text(name));
    }
    if let Some(state) = facts.get("state") {
        words.push(format!("stage {} step {}", text(&state["stage"]), text(&state["step"])));
    }
    if let Some(verdict) = facts.get("verdict") {
        words.push(text(verdict));
    }
    words.extend(event.reason.clone());
    words.join("  ")
}

fn event_json(event: &Event) -> serde_json::Value {
    json!({
        "kind": "event", "number": event.number, "time": event.time, "actor": event.actor,
        "action": event.action.to_string(), "subjects": event.subjects,
        "reason": event.reason, "facts": event.facts,
    })
}
