//! What a change did to the data, on the page of a difference: documents and tokens, step by step.

use maud::{Markup, html};
use registry::{Registry, RunRecord};

use super::documents::{self, LISTS_BYTES_MAX};
use super::failure::{Failure, untold};
use super::pieces::Head::{Figures, Words};
use super::pieces::{brief, nothing, run as run_link, table};
use super::tongue::Tongue;
use crate::data_diff::{DataDiff, Part, Way, data_diff};
use crate::figures::count;

/// Documents of each part that are listed, and with everything shown.
const LISTED: [usize; 2] = [10, 500];

/// Compares the data of two runs; nothing where one of them kept no lists.
pub fn section(
    registry: &Registry,
    t: Tongue,
    before: &RunRecord,
    after: &RunRecord,
    all: bool,
) -> Result<Markup, Failure> {
    let labels = [before, after].map(|run| run.summary.id.short());
    let runs = [(labels[0].as_str(), before), (labels[1].as_str(), after)];
    let found = data_diff(registry, runs, LISTED[usize::from(all)], LISTS_BYTES_MAX);
    let body = match found {
        Err(error) => untold(error)?,
        Ok(diff) => html! {
            p { @for (i, words) in diff.totals().iter().enumerate() {
                @if i > 0 { ", " } (words)
            } "." }
            @if diff.is_empty() {
                (nothing(t.say("Both trained on the same documents and tokens.")))
            } @else { (parts(t, &diff)) (lists(t, [before, after], &diff)) }
        },
    };
    let id = format!("data-{}-{}", labels[0], labels[1]);
    Ok(html! {
        section aria-labelledby=(id) {
            h2 id=(id) {
                (t.say("Data")) " " span.quiet {
                    (t.say("of runs")) " " (run_link(&before.summary.id)) " → "
                    (run_link(&after.summary.id))
                }
            }
            (body)
        }
    })
}

fn sign(way: Way) -> &'static str {
    match way {
        Way::Lost => "−",
        Way::Gained => "+",
        Way::Both => "~",
    }
}

/// A figure with the tone of its way; the sign says it.
fn toned(part: &Part, words: &str) -> Markup {
    match part.way {
        Way::Lost => html! { del.way { (words) } },
        Way::Gained => html! { ins { (words) } },
        Way::Both => html! { (words) },
    }
}

fn parts(t: Tongue, diff: &DataDiff) -> Markup {
    let heads = [
        Figures("Documents"),
        Words("Why"),
        Words("Source"),
        Figures("Tokens before"),
        Figures("Tokens after"),
    ];
    let rows = html! {
        @for part in &diff.parts {
            tr {
                th.number scope="row" {
                    (toned(part, &format!("{} {}", sign(part.way), count(part.documents))))
                }
                td { (brief(&part.cause.words(part.way))) }
                td { (brief(&part.source)) }
                td.number { (count(part.tokens.0)) }
                td.number { (count(part.tokens.1)) }
            }
        }
    };
    html! { div.diff { (table(t, t.say("Data"), &heads, rows)) } }
}

fn lists(t: Tongue, runs: [&RunRecord; 2], diff: &DataDiff) -> Markup {
    html! {
        h3.lists { (t.say("The documents of each")) }
        @for part in &diff.parts {
            details {
                summary { (sign(part.way)) " " bdi { (part.words()) } }
                (list(t, runs[usize::from(part.way == Way::Gained)], part))
            }
        }
    }
}

/// The documents of a part; each leads to its fate in the run that has it.
fn list(t: Tongue, run: &RunRecord, part: &Part) -> Markup {
    let heads = [
        Words("Document"),
        Words("Name"),
        Figures("Tokens before"),
        Figures("Tokens after"),
        Words("Why the other dropped it"),
    ];
    let rows = html! {
        @for listed in &part.listed {
            tr {
                td { (documents::link(run, &listed.document)) }
                td { (documents::place(&listed.name, listed.position)) }
                td.number { (count(listed.tokens.0)) }
                td.number { (count(listed.tokens.1)) }
                td { (brief(listed.reason.as_deref().unwrap_or("–"))) }
            }
        }
    };
    html! {
        (table(t, t.say("Documents"), &heads, rows))
        @if part.more() > 0 { (nothing(&t.fill("{} more", &[&count(part.more())]))) }
    }
}
