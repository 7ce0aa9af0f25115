//! The first page: what is in this registry, and what happened last.

use maud::html;
use registry::{EventFilter, Registry};

use super::failure::Failure;
use super::frame::{Page, Section};
use super::pieces::Head::Words;
use super::pieces::{brief, cell, digest, events, nothing, table, time, version};
use super::runs;
use super::tongue::Tongue;
use crate::figures::count;

/// Rows of each list.
const ROWS: usize = 8;

/// Shows the registry at a glance.
pub fn page(registry: &Registry, t: Tongue) -> Result<Page, Failure> {
    let mut names = registry.names()?;
    let recipes = names.len();
    names.sort_by_key(|version| std::cmp::Reverse(version.event));
    names.truncate(ROWS);
    let runs = runs::newest(registry, ROWS)?;
    let latest = registry.events(&EventFilter { limit: ROWS, ..EventFilter::default() })?;
    let heads = ["Recipe", "Digest", "Added", "By"].map(Words);
    let rows = html! {
        @for latest in &names {
            tr {
                th scope="row" { (version(&latest.name, latest.number)) }
                td { (digest(&latest.digest)) }
                td { (time(&latest.time)) }
                td { (brief(&latest.actor)) }
            }
        }
    };
    let body = html! {
        p.lead {
            (t.say("What decides a model's bytes, what came out, and whether it came out again."))
        }
        @for notice in registry.notices() {
            div.notice role="note" { strong { (t.say("On opening")) } " " bdi { (notice) } }
        }
        dl.cells {
            (cell(t.say("Registry"), html! { span.digest { (brief(registry.id())) } }))
            (cell(t.say("Recipes"), html! { (count(recipes as u64)) }))
            (cell(t.say("Events"), html! { (count(registry.event_count()?)) }))
            @if let Some(last) = latest.first() { (cell(t.say("Last event"), time(&last.time))) }
        }
        section aria-labelledby="runs" {
            h2 #runs { (t.say("Latest runs")) }
            @if runs.is_empty() { (nothing(t.say("No run yet: `ingot run` makes one."))) }
            @else { (runs::table_of(t, &runs)) }
        }
        section aria-labelledby="recipes" {
            h2 #recipes { (t.say("Latest recipes")) }
            @if names.is_empty() { (nothing(t.say("No recipe yet: `ingot add` registers one."))) }
            @else { (table(t, t.say("Latest recipes"), &heads, rows)) }
        }
        section aria-labelledby="events" {
            h2 #events { (t.say("Latest events")) }
            (events(t, &latest))
        }
    };
    Ok(Page::new(Section::Overview, t.say("Overview"), body))
}
