//! The funnel of a run: how many documents each data step left, and how many it dropped.

use maud::{Markup, html};
use recipes::{Digest, StepResult};
use registry::RunRecord;

use super::pieces::Head::{Figures, Words};
use super::pieces::{brief, table};
use super::tongue::Tongue;
use crate::figures::count;

/// Rows that are drawn, at most.
const ROWS: usize = 200;
/// Units across a bar.
const WIDTH: f64 = 1000.0;

/// What a step left of the documents.
struct Row<'r> {
    /// Position among the run's steps, of a step with a page of its own.
    step: Option<usize>,
    name: &'r str,
    documents: u64,
    dropped: u64,
    changed: u64,
    held_out: u64,
}

/// The address of a step's page.
pub fn step_address(run: &Digest, step: usize) -> String {
    format!("/runs/{}/steps/{}", run.hex(), step + 1)
}

fn rows(steps: &[StepResult]) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    for (place, step) in steps.iter().enumerate() {
        let of = |name: &str| step.counts.get(name).copied().unwrap_or(0);
        let is_cleaning = step.name.starts_with("clean ");
        if !is_cleaning && !step.name.starts_with("gather ") && step.name != "hold out" {
            continue;
        }
        rows.push(Row {
            step: step.fates.map(|_| place),
            name: &step.name,
            documents: of("documents"),
            dropped: of("dropped"),
            changed: of("changed"),
            held_out: of("held_out"),
        });
    }
    rows
}

/// Draws the documents through the steps; nothing where no data step is done.
pub fn funnel(t: Tongue, run: &RunRecord) -> Markup {
    let rows = rows(&run.steps);
    let sum = |row: &Row| row.documents.saturating_add(row.dropped).saturating_add(row.held_out);
    let gathered = rows.iter().filter(|row| row.name.starts_with("gather "));
    let gathered = gathered.map(sum).fold(0, u64::saturating_add);
    let widest = rows.iter().map(sum).fold(gathered, u64::max).max(1);
    let heads = [
        Words("Step"),
        Figures("Documents"),
        Figures("Dropped"),
        Figures("Changed"),
        Words("Of all that were gathered"),
    ];
    let body = html! {
        @for row in rows.iter().take(ROWS) {
            tr {
                th scope="row" {
                    @if let Some(step) = row.step {
                        a href=(step_address(&run.summary.id, step)) { (brief(row.name)) }
                    } @else { (brief(row.name)) }
                    @if row.held_out > 0 {
                        " " span.quiet { (count(row.held_out)) " " (t.say("for measuring")) }
                    }
                }
                td.number { (count(row.documents)) }
                td.number { (figure(row.dropped)) }
                td.number { (figure(row.changed)) }
                td.funnel { (bar(row, widest)) }
            }
        }
    };
    let runs = format!("/runs/{}/documents", run.summary.id.hex());
    html! {
        section aria-labelledby="documents" {
            h2 #documents {
                (t.say("Documents through the steps"))
                @if gathered > 0 { " " span.quiet { (count(gathered)) " " (t.say("gathered")) } }
            }
            @if rows.is_empty() {
                p.quiet { (t.say("No data step is finished yet.")) }
            } @else {
                (table(t, t.say("Documents through the steps"), &heads, body))
                (search(t, &runs, ""))
            }
        }
    }
}

/// The form that looks for a document of the run.
pub fn search(t: Tongue, address: &str, asked: &str) -> Markup {
    html! {
        form.filters.below action=(address) method="get" role="search" {
            div.long {
                label for="document" { (t.say("A document's digest or a part of its name")) }
                input #document name="q" maxlength="300" value=(asked) autocomplete="off"
                    spellcheck="false";
            }
            button { (t.say("Find document")) }
        }
    }
}

fn figure(n: u64) -> Markup {
    html! { @if n > 0 { (count(n)) } @else { span.quiet { "–" } } }
}

/// What stayed and, striped, what went; the figures beside it say the same.
fn bar(row: &Row, widest: u64) -> Markup {
    let part = |n: u64| n as f64 / widest as f64 * WIDTH;
    let (stays, goes) = (part(row.documents), part(row.dropped.saturating_add(row.held_out)));
    let goes = goes.min(WIDTH - stays);
    html! {
        svg.funnel viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true" {
            rect.stays x="0" y="0" height="10" width=(format!("{stays:.1}")) {}
            @if goes > 0.0 {
                rect.goes x=(format!("{stays:.1}")) y="0" height="10"
                    width=(format!("{:.1}", goes.max(2.0))) {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn hostile_counts_stay_inside_the_drawing() {
        let counts = [("documents", u64::MAX), ("dropped", u64::MAX), ("changed", 3)];
        let counts: BTreeMap<String, u64> =
            counts.into_iter().map(|(name, n)| (name.to_owned(), n)).collect();
        let digest = Digest::of(b"a");
        let step = |name: &str| StepResult::new(name.into(), digest, digest, counts.clone());
        let steps = [step("gather a"), step("clean 1 x@1"), step("tokenize")];
        let rows = rows(&steps);
        assert_eq!(rows.len(), 2);
        let drawn = bar(&rows[1], u64::MAX).into_string();
        assert!(drawn.contains("width=\"1000.0\""), "{drawn}");
    }
}
