//! `ingot fate`: what happened to a document in every run that saw it.

use std::path::PathBuf;

use audits::story::{Event, Search, Story, Wanted, reason, visible};
use clap::Args;
use recipes::Digest;
use registry::RunRecord;

use crate::context::Context;
use crate::words::count;
use crate::{EXIT_NO, EXIT_YES, Failure, target, texts};

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
    /// Also its text as it was gathered, and what each change did to it, where its source is here
    #[arg(long)]
    show: bool,
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
            found |= !stories.told.is_empty() || stories.more > 0;
            for story in &stories.told {
                let texts = self.show.then(|| texts::made_again(&registry, &run, story));
                if context.common.json {
                    let mut line = story.json(&run);
                    if let Some(Ok(texts)) = texts {
                        line["texts"] = texts.into();
                    }
                    context.json(&line)?;
                    continue;
                }
                told(context, &run, story)?;
                if let Some(texts) = texts {
                    shown(context, story, texts)?;
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
    format!("{id}  {}: {}:{}", story.source, visible(&story.name), story.position)
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

/// Prints the text as it was gathered, and the lines that each change took away and put in.
fn shown(
    context: &mut Context,
    story: &Story,
    texts: Result<Vec<String>, String>,
) -> Result<(), Failure> {
    let texts = match texts {
        Ok(texts) => texts,
        Err(why) => {
            context.note(format!("its text cannot be shown: {why}"));
            return Ok(());
        }
    };
    if let Some(text) = texts.first() {
        for line in text.lines() {
            context.line(format!("  {}", visible(line)))?;
        }
    }
    let changes = story.events.iter().filter(|(.., event)| matches!(event, Event::Changed(_)));
    for ((_, step, _), pair) in changes.clone().zip(texts.windows(2)) {
        context.line(format!("changed by {step}"))?;
        for line in recipes::changed_lines(&pair[0], &pair[1]) {
            context.line(format!("  {}", visible(&line)))?;
        }
    }
    for (_, step, _) in changes.skip(texts.len().saturating_sub(1)) {
        context.note(format!("{step}: its text is not made again from this document alone"));
    }
    Ok(())
}
