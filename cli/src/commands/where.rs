//! `ingot where`: which data sets, runs and models contain a document.

use std::collections::BTreeMap;

use audits::story::{Search, Story, Wanted};
use audits::walk::{End, Lists, WalkError, walk};
use clap::Args;
use recipes::Digest;
use registry::{Registry, RunRecord};
use serde_json::json;
use trainer::origin::{TokenOrigin, token_origin};

use crate::context::Context;
use crate::words::count;
use crate::{EXIT_NO, EXIT_YES, Failure, target};

/// Tokens of which the order is planned again, at most.
const TOKENS_MAX: u64 = 1 << 34;

/// Show which data sets, runs and models contain a document; exit 1 if none does
///
/// With `--token` the name is a run's, and the answer is the document that a training token comes
/// from: tokens count from 0 in the order in which training reads them, over all stages.
#[derive(Args)]
#[command(after_help = "Examples:\n  ingot where 3fa9c1d2\n  ingot where --token 5000 prose")]
pub struct Options {
    /// Digest of a text, its first digits, or a part of a document's name; or a run
    name: String,
    /// Which training token of the run
    #[arg(long, value_name = "N")]
    token: Option<u64>,
    /// At most this many documents of a run
    #[arg(long, default_value_t = 20, value_name = "N")]
    limit: usize,
}

/// Where documents are.
#[derive(Default)]
struct Places {
    /// The data of a source as it was gathered, and the recipes that use it.
    sets: BTreeMap<(Digest, String), Vec<String>>,
    models: BTreeMap<Digest, Vec<Digest>>,
    found: bool,
}

impl Options {
    pub fn run(self, context: &mut Context) -> Result<u8, Failure> {
        let registry = context.registry()?;
        if let Some(number) = self.token {
            return token(context, &registry, &self.name, number);
        }
        let mut search = Search::new(&registry, Wanted::read(&self.name), self.limit);
        let (mut places, mut silent) = (Places::default(), 0u64);
        for run in registry.runs()? {
            let run = target::record(&registry, &run.id)?;
            let stories = match search.run(&run) {
                Err(WalkError::NoLists { .. }) => {
                    silent += 1;
                    continue;
                }
                stories => stories?,
            };
            for story in &stories.told {
                places.take(&run, story);
                seen(context, &run, story)?;
            }
            if stories.more > 0 {
                let (id, more) = (context.digest(&run.summary.id), count(stories.more));
                context.note(format!("{more} more in run {id}; `--limit` shows them"));
                places.found = true;
            }
        }
        places.print(context)?;
        if silent > 0 {
            context.note(format!("{} runs kept no lists of their documents", count(silent)));
        }
        if !places.found {
            context.note("no run contains it");
        }
        Ok(if places.found { EXIT_YES } else { EXIT_NO })
    }
}

impl Places {
    fn take(&mut self, run: &RunRecord, story: &Story) {
        let summary = &run.summary;
        let gather = format!("gather {}", story.source);
        if let Some(step) = run.steps.iter().find(|step| step.name == gather) {
            let recipes = self.sets.entry((step.result, story.source.clone())).or_default();
            let recipe = format!("{}@{}", summary.name, summary.version);
            if !recipes.contains(&recipe) {
                recipes.push(recipe);
            }
        }
        self.found = true;
        if let (Some(model), End::Trained(_)) = (summary.model, &story.end) {
            let runs = self.models.entry(model).or_default();
            if !runs.contains(&summary.id) {
                runs.push(summary.id);
            }
        }
    }

    fn print(&self, context: &mut Context) -> Result<(), Failure> {
        for ((digest, source), recipes) in &self.sets {
            if context.common.json {
                context.json(&json!({
                    "kind": "dataset", "digest": digest, "source": source, "recipes": recipes,
                }))?;
                continue;
            }
            let (digest, recipes) = (context.digest(digest), recipes.join(", "));
            context.line(format!("dataset    {digest}  source `{source}` of {recipes}"))?;
        }
        for (model, runs) in &self.models {
            if context.common.json {
                context.json(&json!({"kind": "model", "digest": model, "runs": runs}))?;
                continue;
            }
            let runs: Vec<String> = runs.iter().map(|run| context.digest(run)).collect();
            let model = context.digest(model);
            context.line(format!("model      {model}  trained on it, run {}", runs.join(", ")))?;
        }
        Ok(())
    }
}

fn seen(context: &mut Context, run: &RunRecord, story: &Story) -> Result<(), Failure> {
    let summary = &run.summary;
    if context.common.json {
        return context.json(&json!({
            "kind": "where", "run": summary.id, "name": summary.name,
            "version": summary.version, "document": story.id, "source": story.source,
            "document_name": story.name, "position": story.position, "end": story.ending(),
            "step": dropped_by(story), "model": summary.model,
        }));
    }
    let (id, document) = (context.digest(&summary.id), super::fate::named(context, story));
    let by = dropped_by(story).map(|step| format!(" by {step}")).unwrap_or_default();
    let (recipe, ending) = (format!("{}@{}", summary.name, summary.version), story.ending());
    context.line(format!("run        {id}  {recipe}  {document}  {ending}{by}"))
}

fn dropped_by(story: &Story) -> Option<&str> {
    let last = story.events.last().filter(|_| matches!(story.end, End::Dropped(..)));
    last.map(|(_, step, _)| step.as_str())
}

/// The document of a training token.
fn token(
    context: &mut Context,
    registry: &Registry,
    name: &str,
    number: u64,
) -> Result<u8, Failure> {
    let run = target::record(registry, &target::run(registry, name)?)?;
    let lists = Lists::of(&run)?;
    let pinned = registry.pinned(&run.summary.recipe)?;
    let mut lengths = vec![0; lists.sources.len()];
    walk(registry, &lists, u64::MAX, &mut |document| {
        if let End::Trained(row) = &document.end
            && let Some(length) = lengths.get_mut(document.group.source as usize)
        {
            *length = row.first.saturating_add(row.tokens).max(*length);
        }
        Ok(true)
    })?;
    let all = lengths.iter().copied().fold(0u64, u64::saturating_add);
    if all > TOKENS_MAX {
        return Err(Failure::new(format!("{all} tokens, wanted at most {TOKENS_MAX}")));
    }
    let Some(origin) = token_origin(&pinned, &lengths, number)? else {
        context.note(format!("the run's training reads no token {}", count(number)));
        return Ok(EXIT_NO);
    };
    let mut found = None;
    walk(registry, &lists, u64::MAX, &mut |document| {
        if let End::Trained(row) = &document.end
            && document.group.source == origin.source
            && (row.first..row.first.saturating_add(row.tokens)).contains(&origin.token)
        {
            found = Some(Story::of(&lists, document));
        }
        Ok(found.is_none())
    })?;
    let Some(story) = found else {
        let what = format!("no document has token {} of its source", count(origin.token));
        return Err(WalkError::Unfit(what).into());
    };
    print_token(context, &run, number, &origin, &story)?;
    Ok(EXIT_YES)
}

fn print_token(
    context: &mut Context,
    run: &RunRecord,
    number: u64,
    origin: &TokenOrigin,
    story: &Story,
) -> Result<(), Failure> {
    let (first, tokens) = story.tokens().unwrap_or_default();
    let within = origin.token - first;
    if context.common.json {
        return context.json(&json!({
            "kind": "token", "run": run.summary.id, "token": number, "stage": origin.stage,
            "step": origin.step, "sequence": origin.sequence, "offset": origin.offset,
            "source": story.source, "token_of_source": origin.token, "document": story.id,
            "name": story.name, "position": story.position, "token_of_document": within,
            "tokens_of_document": tokens,
        }));
    }
    let [number, sequence, offset] = [number, origin.sequence, origin.offset].map(count);
    let (stage, step) = (origin.stage + 1, count(origin.step + 1));
    context.line(format!(
        "token      {number}  stage {stage}, step {step}, sequence {sequence}, place {offset}"
    ))?;
    let of_source = format!("token {} of `{}`", count(origin.token), story.source);
    context.line(format!("source     {of_source}"))?;
    let document = super::fate::named(context, story);
    let [within, tokens] = [within, tokens].map(count);
    context.line(format!("document   {document}  its token {within} of {tokens}"))
}
