//! One event of the journal: who did what to which digests, when, why.

use axum::response::Response;
use maud::{Markup, html};
use recipes::canonical;
use registry::{Event, EventFilter, Registry};

use super::failure::Failure;
use super::frame::{Page, Section};
use super::object::{json_block, record};
use super::pieces::{cell, download, time, whole_digest};
use super::tongue::Tongue;
use crate::figures::count;

/// Shows an event with everything it says.
pub fn page(registry: &Registry, t: Tongue, number: &str) -> Result<Page, Failure> {
    let event = find(registry, number)?;
    let bytes = bytes(&event)?;
    let last = registry.event_count()?.saturating_sub(1);
    let facts = serde_json::Value::Object(event.facts.clone());
    let body = html! {
        dl.cells {
            (cell(t.say("Time"), time(&event.time)))
            (cell(t.say("Who"), html! { bdi { (event.actor) } }))
            (cell(t.say("Action"), html! { (event.action) }))
            (cell(t.say("Why"), match &event.reason {
                Some(reason) => html! { bdi { (reason) } },
                None => html! { span.quiet { (t.say("no reason given")) } },
            }))
        }
        h2 { (t.say("Subjects")) }
        ol.digests { @for subject in &event.subjects { li { (whole_digest(subject)) } } }
        @if !event.facts.is_empty() {
            h2 { (t.say("Facts")) }
            (record(&facts))
        }
        (json_block(t, &bytes, &format!("/trail/{}/json", event.number)))
        (neighbours(t, event.number, last))
    };
    let title = t.fill("Event {}", &[&count(event.number)]);
    Ok(Page::new(Section::Trail, title, body).over(t.say("Entry of the trail")))
}

/// The event's canonical bytes, to take home.
pub fn json(registry: &Registry, number: &str) -> Result<Response, Failure> {
    let event = find(registry, number)?;
    Ok(download(&format!("event-{}.json", event.number), bytes(&event)?))
}

fn find(registry: &Registry, text: &str) -> Result<Event, Failure> {
    let nothing = || Failure::nothing("event", text);
    let number: u64 = text.parse().map_err(|_| nothing())?;
    let before = number.checked_add(1).ok_or_else(nothing)?;
    let filter = EventFilter { before: Some(before), limit: 1, ..EventFilter::default() };
    let found = registry.events(&filter)?.into_iter().find(|event| event.number == number);
    found.ok_or_else(nothing)
}

fn bytes(event: &Event) -> Result<Vec<u8>, Failure> {
    canonical::to_bytes(event).map_err(|error| Failure::Broken(error.to_string()))
}

fn neighbours(t: Tongue, number: u64, last: u64) -> Markup {
    html! {
        nav.paging aria-label=(t.say("Events beside this one")) {
            @if number > 0 {
                a href={ "/trail/" (number - 1) } rel="prev" { "← " (t.say("Event before")) }
            }
            @if number < last {
                a href={ "/trail/" (number + 1) } rel="next" { (t.say("Event after")) " →" }
            }
        }
    }
}
