//! `ingot fate`: what happened to a document in every run that saw it.

use std::path::PathBuf;

use audits::story::{Event, Search, Story, Wanted, reason};
use clap::Args;
use recipes::Digest;
use registry::RunRecord;

use crate::context::Context;
use crate::words::count;
use crate::{EXIT_NO, EXIT_YES, Failure, target};

/// Show what happened to a document in every run that saw it; exit 1 if none did
///
/// For each run: the steps that changed or dropped it, with the measured value, the limit and the
/// document that it repeats, and where it came to.
#[derive(Args)]
#[command(after_help = "Examples:\n  ingot fate 3fa9c1d2\n  ingot fate answers.jsonl:17\n  \
    ingot fate --text story.txt")]
pub struct Options {
    /// Digest of a text, its first digits, or a part of a document's name
    #[arg(required_unless_present = "text", conflicts_with = "text")]
    document: Option<String>,
    /// The text of this file
    #[arg(long, value_name = "FILE")]
    text: Option<PathBuf>,
    /// Only in this run
    #[arg(long, value_name = "RUN")]
    run: Option<String>,
    /// At most this many documents of a run
    #[arg(long, default_value_t = 20, value_name = "N")]
    limit: usize,
}

impl Options {
    pub fn run(self, context: &mut Context) -> Result<u8, Failure> {
        let wanted = self.wanted(context)?;
        let registry = context.registry()?;
        let runs = match &self.run {
            Some(run) => vec![target::run(&registry, run)?],
            None => registry.runs()?.into_iter().map(|run| run.id).collect(),
        };
        let mut search = Search::new(&registry, wanted, self.limit);
        let (mut found, mut silent) = (false, 0u64);
        for run in runs {
            let run = target::record(&registry, &run)?;
            let stories = match search.run(&run) {
                Err(audits::walk::WalkError::NoLists { .. }) if self.run.is_none() => {
                    silent += 1;
                    continue;
                }
                stories => stories?,
            };
            found |= !stories.told.is_empty();
            for story in &stories.told {
                match context.common.json {
                    true => context.json(&story.json(&run))?,
                    false => told(context, &run, story)?,
                }
            }
            if stories.more > 0 {
                let (id, more) = (context.digest(&run.summary.id), count(stories.more));
                context.note(format!("{more} more in run {id}; `--limit` shows them"));
            }
        }
        if silent > 0 {
            context.note(format!("note: {} runs kept no lists of their documents", count(silent)));
        }
        if !found {
            context.note("no run saw it");
        }
        Ok(if found { EXIT_YES } else { EXIT_NO })
    }

    fn wanted(&self, context: &Context) -> Result<Wanted, Failure> {
        let Some(file) = &self.text else {
            return Ok(Wanted::read(self.document.as_deref().unwrap_or_default()));
        };
        let bytes = std::fs::read(context.path(file));
        let bytes = bytes.map_err(|error| Failure::file(file, &error))?;
        Ok(Wanted::Digits(Digest::of(&bytes).hex()))
    }
}

/// A document as it is named on a terminal.
pub fn named(context: &Context, story: &Story) -> String {
    let id = context.digest(&story.id);
    format!("{id}  {}: {}:{}", story.source, story.name, story.position)
}

fn told(context: &mut Context, run: &RunRecord, story: &Story) -> Result<(), Failure> {
    let document = named(context, story);
    context.line(format!("document   {document}  {} characters", count(story.chars)))?;
    let (id, summary) = (context.digest(&run.summary.id), &run.summary);
    context.line(format!("run        {id}  {}@{}", summary.name, summary.version))?;
    for (_, step, event) in &story.events {
        let line = match event {
            Event::Changed(change) => {
                let (before, after) =
                    (context.digest(&change.before), context.digest(&change.after));
                let repeats = change.repeats.map(|of| format!(", repeats {}", context.digest(&of)));
                let repeats = repeats.unwrap_or_default();
                format!("changed    {step}  {before} → {after}{repeats}")
            }
            Event::Dropped(fate) => format!("dropped    {step}  {}", reason(fate)),
        };
        context.line(line)?;
    }
    match story.tokens() {
        Some((first, tokens)) => context.line(format!(
            "{:<10} {} tokens, from token {} of `{}`",
            story.ending(),
            count(tokens),
            count(first),
            story.source
        )),
        None if story.is_in() => context.line(story.ending()),
        None => Ok(()),
    }
}
