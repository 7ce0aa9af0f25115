//! One run: what it made, how it was measured, whether it came out again.

use std::io::Read;

use maud::{Markup, html};
use recipes::{Digest, GateResult, Pinned, StateMark, StepResult, trace};
use registry::{EventFilter, Registry, RunRecord};

use super::asked;
use super::chart;
use super::failure::Failure;
use super::frame::{Page, Section};
use super::funnel::funnel;
use super::object::{blob_size, record};
use super::pieces::Head::{Figures, Words};
use super::pieces::{badge, brief, cell, digest, nothing, table, time, version, whole_digest};
use super::tongue::Tongue;
use crate::figures::{count, duration, percent, size, value};
use crate::verdict::Verdict;

/// The largest list of losses that is drawn, in bytes.
const LOSSES_MAX: u64 = 16 << 20;
/// Training states that are listed, at most; all of them are in the run's object.
const STATES: usize = 200;
/// Steps that are listed, at most.
const STEPS: usize = 500;
/// Rebuilds that are listed, at most, newest first.
const REBUILDS: usize = 20;

/// Shows a run.
pub fn page(registry: &Registry, t: Tongue, text: &str) -> Result<Page, Failure> {
    let id = asked::digest("run", text)?;
    let run = registry.run(&id)?.ok_or_else(|| Failure::nothing("run", text))?;
    let body = html! {
        (facts(t, &run))
        (quality(t, &run.summary.quality))
        (funnel(t, &run))
        (losses(registry, t, &run))
        (rebuilds(registry, t, &run)?)
        (steps(t, &run.steps))
        @if let Ok(pinned) = registry.pinned(&run.summary.recipe) {
            (account(t, &pinned, &run.steps))
        }
        (licences(t, &run.steps))
        (states(t, &run.states))
        (artifacts(registry, t, &run)?)
        (environment(t, &run))
        p { a href={ "/trail?about=" (id.hex()) } { (t.say("All events of this run")) } }
    };
    Ok(Page::new(Section::Runs, id.short(), body).over(t.say("Run")))
}

fn facts(t: Tongue, run: &RunRecord) -> Markup {
    let summary = &run.summary;
    html! {
        dl.cells {
            (cell(t.say("Recipe"), version(&summary.name, summary.version)))
            (cell(t.say("Status"), badge(&summary.status.to_string())))
            (cell(t.say("Started"), time(&summary.started)))
            (cell(t.say("By"), brief(&summary.actor)))
            @if let Some(finished) = &summary.finished { (cell(t.say("Ended"), time(finished))) }
            @if let Some(seconds) = run.seconds {
                (cell(t.say("Took"), html! { (duration(seconds)) }))
            }
            (cell(t.say("Retention"), html! {
                (badge(&run.retention.to_string()))
                div.quiet { (meaning(t, &run.retention.to_string())) }
            }))
            (cell(t.say("Identity (SHA-256)"), whole_digest(&summary.id)))
        }
        @if let Some(failure) = &run.failure {
            div.notice role="note" { strong { (t.say("Failed")) } " " bdi { (failure) } }
        }
    }
}

/// What a retention promises.
fn meaning(t: Tongue, retention: &str) -> &'static str {
    match retention {
        "rebuildable" => t.say("everything needed to repeat it is here"),
        "spot-checkable" => t.say("training states are kept; parts can be repeated"),
        "record-only" => t.say("only the record is left"),
        _ => "",
    }
}

fn quality(t: Tongue, gates: &[GateResult]) -> Markup {
    let heads = [Words("Gate"), Figures("Measured"), Figures("Bar"), Words("Result")];
    let rows = html! {
        @for gate in gates {
            tr {
                th scope="row" { code { (brief(&gate.gate)) } }
                td.number { (value(gate.value)) }
                td.number { (value(gate.bar)) }
                td { (badge(if gate.met { "met" } else { "not met" })) }
            }
        }
    };
    html! {
        section aria-labelledby="quality" {
            h2 #quality { (t.say("Quality against bars")) }
            @if gates.is_empty() { (nothing(t.say("Nothing is measured yet."))) }
            @else { (table(t, t.say("Quality against bars"), &heads, rows)) }
        }
    }
}

fn losses(registry: &Registry, t: Tongue, run: &RunRecord) -> Markup {
    let stages = run.trace.as_ref().map(|trace| read_losses(registry, &trace.losses));
    let bar = run.summary.quality.iter().find(|gate| gate.gate.starts_with("held-out-loss@"));
    html! {
        section aria-labelledby="loss" {
            h2 #loss { (t.say("Loss")) }
            @match stages {
                None => (nothing(t.say("The losses are recorded when the run is finished."))),
                Some(None) => (nothing(t.say("The losses are not here."))),
                Some(Some(stages)) => (chart::losses(t, &stages, bar.map(|gate| gate.bar))),
            }
        }
    }
}

/// Reads the losses: of every step of every stage, or of all steps in one list.
fn read_losses(registry: &Registry, named: &Digest) -> Option<Vec<Vec<f64>>> {
    let mut bytes = Vec::new();
    let file = registry.blobs().open(named).ok()?;
    file.take(LOSSES_MAX).read_to_end(&mut bytes).ok()?;
    let stages = serde_json::from_slice(&bytes);
    stages.or_else(|_| serde_json::from_slice(&bytes).map(|all: Vec<f64>| vec![all])).ok()
}

fn rebuilds(registry: &Registry, t: Tongue, run: &RunRecord) -> Result<Markup, Failure> {
    let heads = [Words("Time"), Words("By"), Words("Verdict"), Words("Evidence"), Figures("Entry")];
    let mut rows = Vec::new();
    for event in run.rebuilds.iter().rev().take(REBUILDS) {
        let object = match event.subjects.get(1) {
            Some(named) => registry.object(named)?,
            None => None,
        };
        rows.push((event, object.map(|object| Verdict::read(&object)).transpose()?));
    }
    let body = html! {
        @for (event, verdict) in &rows {
            tr {
                td { (time(&event.time)) }
                td { (brief(&event.actor)) }
                @if let Some(verdict) = verdict {
                    td.nowrap { (badge(verdict.verdict.as_str())) }
                    td.wide { bdi { (verdict.evidence()) } }
                } @else {
                    td colspan="2" { (t.say("the verdict is not here")) }
                }
                td.number { a href={ "/trail/" (event.number) } { (count(event.number)) } }
            }
        }
    };
    Ok(html! {
        section aria-labelledby="rebuilds" {
            h2 #rebuilds { (t.say("Rebuilds")) }
            @if rows.is_empty() {
                (nothing(t.say("Not rebuilt yet: `ingot rebuild` repeats it and compares every \
                    digest.")))
            } @else {
                (table(t, t.say("Rebuilds"), &heads, body))
            }
        }
    })
}

fn steps(t: Tongue, steps: &[StepResult]) -> Markup {
    let heads = ["Step", "Figures", "Key", "Result"].map(Words);
    let rows = html! {
        @for step in steps.iter().take(STEPS) {
            tr {
                th scope="row" { (brief(&step.name)) }
                td { (figures_of(step)) }
                td.digest { span title=(step.key) { (step.key.short()) } }
                td { (digest(&step.result)) }
            }
        }
    };
    html! {
        section aria-labelledby="steps" {
            h2 #steps { (t.say("Steps")) " " span.quiet { (count(steps.len() as u64)) } }
            @if steps.is_empty() { (nothing(t.say("No step is finished yet."))) }
            @else { (table(t, t.say("Steps"), &heads, rows)) }
        }
    }
}

fn figures_of(step: &StepResult) -> Markup {
    let figures =
        step.counts.iter().map(|(name, n)| format!("{} {}", count(*n), name.replace('_', " ")));
    let figures: Vec<String> = figures.collect();
    brief(&figures.join(", "))
}

/// What each source gave to training, beside what the formula asks for.
fn account(t: Tongue, pinned: &Pinned, steps: &[StepResult]) -> Markup {
    let account = pinned.account(steps);
    let all = account.iter().map(|part| part.used).sum::<u64>().max(1) as f64;
    let heads = [Words("Source"), Figures("Tokens"), Figures("Share"), Figures("Share asked")];
    let rows = html! {
        @for part in &account {
            tr {
                th scope="row" { (brief(&part.source)) }
                td.number { (count(part.used)) }
                td.number { (percent(part.used as f64 / all)) }
                td.number { (percent(part.asked / all)) }
            }
        }
    };
    html! {
        @if !account.is_empty() {
            section aria-labelledby="mixture" {
                h2 #mixture { (t.say("Mixture")) }
                (table(t, t.say("Mixture"), &heads, rows))
            }
        }
    }
}

/// Documents by licence, where they have licences of their own.
fn licences(t: Tongue, steps: &[StepResult]) -> Markup {
    let counted = trace::licences(steps);
    let heads = [Words("Licence"), Figures("Documents gathered"), Figures("Left after cleaning")];
    let rows = html! {
        @for (name, [gathered, kept]) in &counted {
            tr {
                th scope="row" { (brief(name)) }
                td.number { (count(*gathered)) }
                td.number { (count(*kept)) }
            }
        }
    };
    html! {
        @if !counted.is_empty() {
            section aria-labelledby="licences" {
                h2 #licences { (t.say("Licences")) }
                (table(t, t.say("Licences"), &heads, rows))
            }
        }
    }
}

fn states(t: Tongue, states: &[StateMark]) -> Markup {
    let heads = [Figures("Stage"), Figures("Step"), Words("Digest of the whole state")];
    let rows = html! {
        @for mark in states.iter().take(STATES) {
            tr {
                td.number { (u64::from(mark.stage) + 1) }
                td.number { (count(mark.step)) }
                td { (whole_digest(&mark.digest)) }
            }
        }
    };
    html! {
        section aria-labelledby="states" {
            h2 #states {
                (t.say("Training states")) " " span.quiet { (count(states.len() as u64)) }
            }
            @if states.is_empty() {
                (nothing(t.say("No training state is recorded yet.")))
            } @else {
                details {
                    summary { (t.say("Show the trajectory")) }
                    (table(t, t.say("Training states"), &heads, rows))
                    @if states.len() > STATES {
                        (nothing(&t.fill("The first {} of {}; the run's object has all.",
                            &[&STATES, &count(states.len() as u64)])))
                    }
                }
            }
        }
    }
}

fn artifacts(registry: &Registry, t: Tongue, run: &RunRecord) -> Result<Markup, Failure> {
    let Some(trace) = &run.trace else { return Ok(html! {}) };
    let finished = EventFilter {
        action: Some("run.finished".into()),
        subject: Some(run.summary.id),
        limit: 1,
        ..EventFilter::default()
    };
    let finished = registry.events(&finished)?;
    let object = finished.first().and_then(|event| event.subjects.get(1));
    let mut blobs = vec![
        ("model.safetensors".to_owned(), trace.model),
        ("tokenizer.json".to_owned(), trace.tokenizer),
        (t.say("losses of all steps").to_owned(), trace.losses),
    ];
    let dropped = t.say("why documents were dropped");
    blobs.extend(
        trace.steps.iter().filter_map(|step| {
            step.fates.map(|fates| (format!("{dropped}: {}", step.name), fates))
        }),
    );
    let aside = t.say("bad records kept aside");
    blobs.extend(trace.steps.iter().filter_map(|step| {
        step.quarantine.map(|quarantine| (format!("{aside}: {}", step.name), quarantine))
    }));
    let heads = [Words("Artifact"), Figures("Size"), Words("Digest")];
    let rows = html! {
        @for (name, named) in &blobs {
            tr {
                th scope="row" { (name) }
                td.number.nowrap {
                    @match blob_size(registry, named) {
                        Some(bytes) => (size(bytes)),
                        None => span.quiet { (t.say("not here")) },
                    }
                }
                td { (whole_digest(named)) }
            }
        }
        @if let Some(named) = object {
            tr {
                th scope="row" { (t.say("record of the run")) }
                td {}
                td { (whole_digest(named)) }
            }
        }
    };
    Ok(html! {
        section aria-labelledby="artifacts" {
            h2 #artifacts { (t.say("Artifacts")) }
            (table(t, t.say("Artifacts"), &heads, rows))
        }
    })
}

fn environment(t: Tongue, run: &RunRecord) -> Markup {
    let start = run.start.value();
    html! {
        section aria-labelledby="environment" {
            h2 #environment { (t.say("Environment")) }
            p.quiet { (t.say("Recorded for people; it has no influence on the bytes.")) }
            (record(&start["environment"]))
        }
    }
}
