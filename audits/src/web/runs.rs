//! The runs, newest first.

use axum::http::Uri;
use maud::{Markup, html};
use recipes::{Digest, GateResult};
use registry::{Registry, RunSummary};

use super::asked::Asked;
use super::failure::Failure;
use super::frame::{Page, Section};
use super::pieces::Head::Words;
use super::pieces::{badge, brief, digest, nothing, paging, run, table, time, version};
use super::tongue::Tongue;

/// Runs on one page.
const ROWS: usize = 50;
/// Runs on a recipe's page, at most.
const ROWS_OF_RECIPE: usize = 20;

/// Lists the runs, those of one recipe's name if asked.
pub fn page(registry: &Registry, t: Tongue, uri: &Uri) -> Result<Page, Failure> {
    let asked = Asked::read(uri, &["name", "after"])?;
    let name = asked.one("name")?;
    let after = asked.one("after")?.map(|text| super::asked::digest("run", text)).transpose()?;
    let mut rows = registry.runs()?;
    if let Some(after) = after {
        let place = rows.iter().position(|row| row.id == after);
        rows.drain(..place.map_or(rows.len(), |place| place + 1));
    }
    rows.retain(|row| name.is_none_or(|name| row.name == name));
    let more = rows.len() > ROWS;
    rows.truncate(ROWS);
    let last = rows.last().filter(|_| more).map(|row| row.id.hex());
    let older = last.map(|id| format!("/runs?{}", asked.with("after", Some(&id))));
    let newest = after.map(|_| format!("/runs?{}", asked.with("after", None)));
    let body = html! {
        form.filters action="/runs" method="get" {
            div {
                label for="name" { (t.say("Recipe")) }
                input #name name="name" maxlength="64" value=[name] autocomplete="off";
            }
            button { (t.say("Show")) }
        }
        @if rows.is_empty() {
            (nothing(t.say("No run here: `ingot run` makes one.")))
        } @else {
            (table_of(t, &rows))
        }
        (paging(t, newest, older))
    };
    Ok(Page::new(Section::Runs, t.say("Runs"), body))
}

/// The newest runs.
pub fn newest(registry: &Registry, limit: usize) -> Result<Vec<RunSummary>, Failure> {
    let mut rows = registry.runs()?;
    rows.truncate(limit);
    Ok(rows)
}

/// The newest runs of one version of a recipe.
pub fn of_recipe(registry: &Registry, recipe: &Digest) -> Result<Vec<RunSummary>, Failure> {
    let mut rows = registry.runs()?;
    rows.retain(|row| row.recipe == *recipe);
    rows.truncate(ROWS_OF_RECIPE);
    Ok(rows)
}

/// Runs as a table.
pub fn table_of(t: Tongue, rows: &[RunSummary]) -> Markup {
    let heads = ["Run", "Recipe", "Started", "Status", "Quality", "Model", "Rebuilt"].map(Words);
    let body = html! {
        @for row in rows {
            tr {
                th scope="row" { (run(&row.id)) }
                td { (version(&row.name, row.version)) }
                td { (time(&row.started)) div.quiet { (brief(&row.actor)) } }
                td { (badge(&row.status.to_string())) }
                td.nowrap { (bars(t, &row.quality)) }
                td { @if let Some(model) = &row.model { (digest(model)) } }
                td.nowrap {
                    @match row.verdicts.last() {
                        Some(verdict) => (badge(verdict)),
                        None => span.quiet { (t.say("not yet")) },
                    }
                }
            }
        }
    };
    table(t, t.say("Runs"), &heads, body)
}

/// How many bars are met, in words.
fn bars(t: Tongue, quality: &[GateResult]) -> Markup {
    let met = quality.iter().filter(|gate| gate.met).count();
    let all = quality.len();
    html! {
        @if all == 0 {
            span.quiet { (t.say("none measured")) }
        } @else {
            (badge(if met == all { "met" } else { "not met" }))
            " " span.quiet { (t.fill("{} of {}", &[&met, &all])) }
        }
    }
}
