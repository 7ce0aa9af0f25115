//! One cleaning step of a run: what it measured, what it dropped and why, what it changed.

use std::collections::BTreeMap;
use std::io::{BufRead, Read};

use maud::{Markup, html};
use recipes::fate::FateReader;
use recipes::lists::{Changed, ListReader};
use recipes::spread::Spread;
use recipes::{Digest, Fate, StepResult};
use registry::{Registry, RunRecord};

use super::asked;
use super::documents::{self, LISTS_BYTES_MAX};
use super::failure::{Failure, untold};
use super::frame::{Page, Section};
use super::funnel::step_address;
use super::pieces::Head::{Figures, Words};
use super::pieces::{brief, cell, nothing, run as run_link, table, version, whole_digest};
use super::spread;
use super::tongue::Tongue;
use crate::figures::count;
use crate::sample::Sample;
use crate::story::reason;
use crate::walk::{WalkError, open, sources};

/// The largest spread that is read, in bytes.
const SPREAD_BYTES_MAX: u64 = 4 << 20;
/// Measured values that are drawn, at most.
const MEASURES_MAX: usize = 40;
/// Different reasons that are listed, at most.
const REASONS_MAX: usize = 100;
/// Documents of each sample.
const SAMPLE: usize = 25;

/// Shows a step of a run; the number counts from 1.
pub fn page(registry: &Registry, t: Tongue, run: &str, number: &str) -> Result<Page, Failure> {
    let id = asked::digest("run", run)?;
    let record = registry.run(&id)?.ok_or_else(|| Failure::nothing("run", run))?;
    let place = number.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    let step = place.and_then(|place| Some((place, record.steps.get(place)?)));
    let (place, step) = step
        .filter(|(_, step)| step.fates.is_some())
        .ok_or_else(|| Failure::nothing("cleaning step", number))?;
    let body = html! {
        (facts(t, &record, step))
        (measured(registry, t, step)?)
        (dropped(registry, t, &record, step)?)
        (changed(registry, t, &record, step)?)
        (neighbours(t, &record, place))
    };
    Ok(Page::new(Section::Runs, &step.name, body).over(t.say("Cleaning step")))
}

fn facts(t: Tongue, run: &RunRecord, step: &StepResult) -> Markup {
    let of = |name: &str| step.counts.get(name).copied().unwrap_or(0);
    let before = of("documents").saturating_add(of("dropped"));
    html! {
        dl.cells {
            (cell(t.say("Recipe"), version(&run.summary.name, run.summary.version)))
            (cell(t.say("Run"), run_link(&run.summary.id)))
            (cell(t.say("Documents before"), html! { (count(before)) }))
            (cell(t.say("Dropped"), html! { (count(of("dropped"))) }))
            (cell(t.say("Changed"), html! { (count(of("changed"))) }))
            (cell(t.say("Kept"), html! { (count(of("documents"))) }))
            (cell(t.say("Result (SHA-256)"), whole_digest(&step.result)))
        }
    }
}

/// Reads the spread of what a step measured; nothing where it is not here or is none.
fn read_spread(registry: &Registry, list: &Digest) -> Option<Spread> {
    let mut bytes = Vec::new();
    let file = registry.blobs().open(list).ok()?;
    file.take(SPREAD_BYTES_MAX).read_to_end(&mut bytes).ok()?;
    let spread: Spread = serde_json::from_slice(&bytes).ok()?;
    spread.measures.values().all(spread::is_bounded).then_some(spread)
}

fn measured(registry: &Registry, t: Tongue, step: &StepResult) -> Result<Markup, Failure> {
    let Some(list) = &step.measured else { return Ok(html! {}) };
    let spread = read_spread(registry, list);
    Ok(html! {
        section aria-labelledby="measured" {
            h2 #measured { (t.say("Measured values")) }
            @match spread {
                None => (nothing(t.say("The measured values are not here."))),
                Some(spread) => {
                    @for (id, (name, measured)) in spread.measures.iter().enumerate()
                        .take(MEASURES_MAX) {
                        h3 { code { (brief(name)) } }
                        (spread::drawing(t, id, name, measured))
                    }
                    @if spread.measures.len() > MEASURES_MAX {
                        (nothing(t.say("More were measured than are drawn here.")))
                    }
                }
            }
        }
    })
}

/// A list of a step, which must not be too long for a page.
fn opened(registry: &Registry, list: &Digest) -> Result<impl BufRead, WalkError> {
    match registry.blobs().size(list) {
        Ok(size) if size > LISTS_BYTES_MAX => Err(WalkError::Large { size, max: LISTS_BYTES_MAX }),
        _ => open(registry, list),
    }
}

fn dropped(
    registry: &Registry,
    t: Tongue,
    run: &RunRecord,
    step: &StepResult,
) -> Result<Markup, Failure> {
    let (reasons, sample) = match Dropped::read(registry, step) {
        Ok(dropped) => (dropped.reasons(t), dropped.sample(t, run)),
        Err(error) => (untold(error)?, html! {}),
    };
    Ok(html! {
        section aria-labelledby="reasons" {
            h2 #reasons { (t.say("Why documents were dropped")) }
            (reasons)
        }
        (sample)
    })
}

/// What a step dropped: how many for each reason, and a sample.
struct Dropped {
    /// By measure, and the limits that were met.
    reasons: BTreeMap<String, (u64, Vec<f64>)>,
    sample: Sample<Fate>,
}

impl Dropped {
    fn read(registry: &Registry, step: &StepResult) -> Result<Dropped, WalkError> {
        let mut dropped = Dropped { reasons: BTreeMap::new(), sample: Sample::new(SAMPLE) };
        let Some(list) = step.fates else { return Ok(dropped) };
        let mut fates = FateReader::new(opened(registry, &list)?);
        let damaged = |error| WalkError::List { digest: list, error };
        while let Some(fate) = fates.pull().map_err(damaged)? {
            dropped.take(fate);
        }
        Ok(dropped)
    }

    fn take(&mut self, fate: Fate) {
        if self.reasons.len() < REASONS_MAX || self.reasons.contains_key(&fate.measure) {
            let (n, limits) = self.reasons.entry(fate.measure.clone()).or_default();
            *n += 1;
            if let Some(limit) = fate.limit
                && limits.len() < 8
                && !limits.contains(&limit)
            {
                limits.push(limit);
            }
        }
        self.sample.take(fate.document, fate);
    }

    fn reasons(&self, t: Tongue) -> Markup {
        let heads = [Words("Measured"), Figures("Limit"), Figures("Documents dropped")];
        let rows = html! {
            @for (measure, (n, limits)) in &self.reasons {
                @let limits: Vec<String> = limits.iter().map(|n| spread::written(*n)).collect();
                tr {
                    th scope="row" { code { (brief(measure)) } }
                    td.number {
                        (limits.join(", "))
                    }
                    td.number { (count(*n)) }
                }
            }
        };
        match self.reasons.is_empty() {
            true => nothing(t.say("None was dropped.")),
            false => table(t, t.say("Why documents were dropped"), &heads, rows),
        }
    }

    fn sample(&self, t: Tongue, run: &RunRecord) -> Markup {
        let heads = ["Document", "Source", "Name", "Reason"].map(Words);
        let (sources, sample) = (sources(run), self.sample.rows());
        let rows = html! {
            @for fate in &sample {
                tr {
                    td { (documents::link(run, &fate.document)) }
                    td { (brief(sources.get(fate.source as usize).map_or("?", |name| name))) }
                    td { (documents::place(&fate.name, fate.position)) }
                    td { (brief(&reason(fate))) }
                }
            }
        };
        let (shown, all) = (sample.len() as u64, self.sample.all());
        html! {
            @if !sample.is_empty() {
                section aria-labelledby="sample" {
                    h2 #sample {
                        (t.say("What was dropped"))
                        @if shown < all {
                            " " span.quiet {
                                (t.fill("{} of {}: those with the lowest digests",
                                    &[&count(shown), &count(all)]))
                            }
                        }
                    }
                    (table(t, t.say("What was dropped"), &heads, rows))
                    @if shown < all {
                        p.quiet {
                            (t.say("All of them: "))
                            code { "ingot dropped " (run.summary.id.short()) }
                        }
                    }
                }
            }
        }
    }
}

/// A sample of the documents that a step changed, each with its name.
fn read_changed(
    registry: &Registry,
    list: &Digest,
) -> Result<Sample<(String, Changed)>, WalkError> {
    let damaged = |error| WalkError::List { digest: *list, error };
    let mut rows = ListReader::<_, Changed>::new(opened(registry, list)?).map_err(damaged)?;
    let mut sample = Sample::new(SAMPLE);
    while let Some((group, row)) = rows.pull().map_err(damaged)? {
        sample.take(row.id, (group.name.clone(), row));
    }
    Ok(sample)
}

fn changed(
    registry: &Registry,
    t: Tongue,
    run: &RunRecord,
    step: &StepResult,
) -> Result<Markup, Failure> {
    let Some(list) = &step.changed else { return Ok(html! {}) };
    let sampled = match read_changed(registry, list) {
        Err(error) => return untold(error),
        Ok(sampled) => sampled,
    };
    let (sample, all) = (sampled.rows(), sampled.all());
    let heads = ["Document", "Name", "Text before", "Text after"].map(Words);
    let rows = html! {
        @for (name, row) in &sample {
            tr {
                td { (documents::link(run, &row.id)) }
                td { (documents::place(name, row.position)) }
                td.digest { span title=(row.before) { (row.before.short()) } }
                td.digest { span title=(row.after) { (row.after.short()) } }
            }
        }
    };
    Ok(html! {
        section aria-labelledby="changed" {
            h2 #changed {
                (t.say("What was changed"))
                @if (sample.len() as u64) < all {
                    " " span.quiet {
                        (t.fill("{} of {}: those with the lowest digests",
                            &[&count(sample.len() as u64), &count(all)]))
                    }
                }
            }
            (table(t, t.say("What was changed"), &heads, rows))
        }
    })
}

/// The cleaning steps before and after.
fn neighbours(t: Tongue, run: &RunRecord, place: usize) -> Markup {
    let cleaning = |step: &&usize| run.steps[**step].fates.is_some();
    let all: Vec<usize> = (0..run.steps.len()).collect();
    let before = all[..place].iter().rev().find(cleaning);
    let after = all[place + 1..].iter().find(cleaning);
    html! {
        nav.paging aria-label=(t.say("Other steps")) {
            @if let Some(step) = before {
                a href=(step_address(&run.summary.id, *step)) {
                    "← " (brief(&run.steps[*step].name))
                }
            }
            @if let Some(step) = after {
                a href=(step_address(&run.summary.id, *step)) {
                    (brief(&run.steps[*step].name)) " →"
                }
            }
        }
    }
}
