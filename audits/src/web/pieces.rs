//! Small parts of pages that look the same everywhere: digests, times, names, badges, tables.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use recipes::Digest;
use registry::Event;
use serde_json::Value;

use super::asked::encode;
use super::tongue::Tongue;
use crate::figures;
use Head::{Figures, Words};

/// The longest text that is shown inside a table, in characters.
const BRIEF_MAX: usize = 120;

/// A text of unknown origin, isolated from the direction of the text around it, and cut.
pub fn brief(text: &str) -> Markup {
    let mut chars = text.chars();
    let start: String = chars.by_ref().take(BRIEF_MAX).collect();
    html! { bdi { (start) @if chars.next().is_some() { "…" } } }
}

/// A digest's first eight digits, leading to what it names.
pub fn digest(digest: &Digest) -> Markup {
    let hex = digest.hex();
    html! { a.digest href={ "/objects/" (hex) } title=(digest) { (digest.short()) } }
}

/// All digits of a digest, leading to what it names.
pub fn whole_digest(digest: &Digest) -> Markup {
    let hex = digest.hex();
    html! { a.digest.whole href={ "/objects/" (hex) } { (hex) } }
}

/// A run's first eight digits, leading to its page.
pub fn run(run: &Digest) -> Markup {
    html! { a.digest href={ "/runs/" (run.hex()) } title=(run) { (run.short()) } }
}

/// A recipe's version, leading to its page.
pub fn version(name: &str, number: u64) -> Markup {
    html! { a.nowrap href=(version_address(name, number)) { (brief(name)) "@" (number) } }
}

/// The address of a recipe's version.
pub fn version_address(name: &str, number: u64) -> String {
    format!("/recipes/{}/{number}", encode(name))
}

/// A moment.
pub fn time(text: &str) -> Markup {
    html! { time.nowrap datetime=(text) title=(text) { (figures::time(text)) } }
}

/// A word with the tone of its meaning; the word itself carries it.
pub fn badge(word: &str) -> Markup {
    let (tone, sign) = match word {
        "reproduced" | "met" | "finished" | "rebuildable" => ("good", "✓"),
        "differs" | "not met" | "failed" => ("bad", "✕"),
        "could not run" | "undecided" | "record-only" => ("open", "?"),
        _ => ("plain", "·"),
    };
    html! { span class={ "badge " (tone) } { span aria-hidden="true" { (sign) } " " (word) } }
}

/// A fact of a certificate: what it is, and the fact.
pub fn cell(name: &str, fact: Markup) -> Markup {
    html! { div.cell { dt { (name) } dd { (fact) } } }
}

/// The head of a column.
pub enum Head {
    /// Over words.
    Words(&'static str),
    /// Over figures, which end at the right.
    Figures(&'static str),
}

impl Head {
    fn draw(&self, t: Tongue) -> Markup {
        match self {
            Words(name) => html! { th scope="col" { (t.say(name)) } },
            Figures(name) => html! { th.number scope="col" { (t.say(name)) } },
        }
    }
}

/// A table that scrolls sideways by itself where it is too wide.
pub fn table(t: Tongue, name: &str, heads: &[Head], body: Markup) -> Markup {
    html! {
        div.scroll role="region" aria-label=(name) tabindex="0" {
            table {
                thead { tr { @for head in heads { (head.draw(t)) } } }
                tbody { (body) }
            }
        }
    }
}

/// A sentence where a list would be empty.
pub fn nothing(sentence: &str) -> Markup {
    html! { p.quiet { (sentence) } }
}

/// The way to newer and older rows.
pub fn paging(t: Tongue, newest: Option<String>, older: Option<String>) -> Markup {
    html! {
        @if newest.is_some() || older.is_some() {
            nav.paging aria-label=(t.say("Parts of this list")) {
                @if let Some(address) = newest {
                    a href=(address) rel="first" { "← " (t.say("Newest")) }
                }
                @if let Some(address) = older {
                    a href=(address) rel="next" { (t.say("Older")) " →" }
                }
            }
        }
    }
}

/// The rows of events.
pub fn events(t: Tongue, events: &[Event]) -> Markup {
    let heads = [Figures("No."), Words("Time"), Words("Action"), Words("About"), Words("Who")];
    let rows = html! {
        @for event in events {
            tr {
                th.number scope="row" {
                    a href={ "/trail/" (event.number) } { (figures::count(event.number)) }
                }
                td { (time(&event.time)) }
                td.nowrap { (event.action) }
                td { (about(event)) }
                td { (brief(&event.actor)) }
            }
        }
    };
    table(t, t.say("Events"), &heads, rows)
}

/// What an event is about, in a few words.
fn about(event: &Event) -> Markup {
    let facts = &event.facts;
    let version = facts.get("version").and_then(Value::as_u64);
    let name = facts.get("name").and_then(Value::as_str);
    let step = facts.get("step").and_then(|step| step.get("name")).and_then(Value::as_str);
    let state = facts.get("state");
    let number = |key: &str| state.and_then(|state| state.get(key)).and_then(Value::as_u64);
    let verdict = facts.get("verdict").and_then(Value::as_str);
    html! {
        @if event.action.is_of_run() {
            @if let Some(id) = event.subjects.first() { (run(id)) " " }
        }
        @if let (Some(name), Some(number)) = (name, version) { (self::version(name, number)) " " }
        @if let Some(step) = step { (brief(step)) " " }
        @if let (Some(stage), Some(step)) = (number("stage"), number("step")) {
            "stage " (stage.saturating_add(1)) " step " (figures::count(step)) " "
        }
        @if let Some(verdict) = verdict { (badge(verdict)) " " }
        @if let Some(reason) = &event.reason { span.quiet { (brief(reason)) } }
    }
}

/// Bytes to take home, under a name of our own making.
pub fn download(name: &str, bytes: Vec<u8>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/json".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    (headers, bytes).into_response()
}
