//! The trail: every event, newest first, filtered by action, actor, name, digest and time.

use axum::http::Uri;
use maud::{Markup, html};
use registry::{Event, EventFilter, Registry};

use super::asked::Asked;
use super::failure::Failure;
use super::find::meant;
use super::frame::{Page, Section};
use super::pieces::{events, nothing, paging};
use super::tongue::Tongue;
use crate::figures::count;

/// Events on one page.
const ROWS: usize = 50;
/// Events that are asked for in one go.
const SEARCHED_AT_ONCE: usize = 60;
/// Events that are looked at for one page, about.
const SEARCHED_MAX: usize = 3000;

const KEYS: [&str; 7] = ["action", "actor", "name", "about", "since", "until", "before"];

/// Actions to choose from: groups first, then single ones.
const ACTIONS: [&str; 12] = [
    "registry",
    "recipe",
    "run",
    "registry.created",
    "recipe.added",
    "run.started",
    "run.step",
    "run.state",
    "run.resumed",
    "run.finished",
    "run.failed",
    "run.rebuilt",
];

/// A part of the trail that was searched.
struct Found {
    events: Vec<Event>,
    /// The number under which older events may still be wanted.
    older: Option<u64>,
    /// How many events were looked at.
    searched: usize,
}

/// Shows a part of the trail.
pub fn page(registry: &Registry, t: Tongue, uri: &Uri) -> Result<Page, Failure> {
    let asked = Asked::read(uri, &KEYS)?;
    let wanted = filter(registry, &asked)?;
    let found = search(registry, &wanted)?;
    let older = found.older.map(|number| asked.with("before", Some(&number.to_string())));
    let newest = wanted.before.map(|_| format!("/trail?{}", asked.with("before", None)));
    let all = registry.event_count()?;
    let body = html! {
        p.lead { (t.fill("{} events since this registry began. Nothing in it is ever changed: \
            corrections are new events.", &[&count(all)])) }
        (form(t, &asked)?)
        @if found.events.is_empty() {
            (nothing(t.say("No event is like this.")))
        } @else {
            (events(t, &found.events))
        }
        @if older.is_some() && found.events.len() < ROWS {
            (nothing(&t.fill("{} events were searched; older ones are searched next.",
                &[&count(found.searched as u64)])))
        }
        (paging(t, newest, older.map(|query| format!("/trail?{query}"))))
    };
    Ok(Page::new(Section::Trail, t.say("Trail"), body))
}

fn filter(registry: &Registry, asked: &Asked) -> Result<EventFilter, Failure> {
    let text = |key: &str| asked.one(key).map(|value| value.map(str::to_owned));
    let about = asked.one("about")?.map(|text| meant(registry, text)).transpose()?;
    Ok(EventFilter {
        action: text("action")?,
        actor: text("actor")?,
        name: text("name")?,
        subject: about,
        since: text("since")?,
        until: text("until")?,
        before: asked.number("before")?,
        limit: ROWS,
    })
}

/// Searches a bounded part of the trail: names and digests have an index, the rest is looked at.
fn search(registry: &Registry, wanted: &EventFilter) -> Result<Found, Failure> {
    let EventFilter { action, actor, since, until, .. } = wanted;
    let begins = |event: &Event, action: &str| event.action.text().starts_with(action);
    let wants = |event: &Event| {
        action.as_ref().is_none_or(|action| begins(event, action))
            && actor.as_ref().is_none_or(|actor| *actor == event.actor)
            && since.as_ref().is_none_or(|since| event.time >= *since)
            && until.as_ref().is_none_or(|until| event.time < *until)
    };
    let (mut events, mut searched, mut before) = (Vec::new(), 0, wanted.before);
    while searched < SEARCHED_MAX {
        let part = EventFilter {
            subject: wanted.subject,
            name: wanted.name.clone(),
            before,
            limit: SEARCHED_AT_ONCE,
            ..EventFilter::default()
        };
        let part = registry.events(&part)?;
        let is_last = part.len() < SEARCHED_AT_ONCE;
        for event in part {
            if events.len() == ROWS {
                return Ok(Found { events, older: before, searched });
            }
            before = Some(event.number);
            searched += 1;
            if wants(&event) {
                events.push(event);
            }
        }
        if is_last {
            return Ok(Found { events, older: None, searched });
        }
    }
    Ok(Found { events, older: before, searched })
}

fn form(t: Tongue, asked: &Asked) -> Result<Markup, Failure> {
    let action = asked.one("action")?;
    let fields = [
        ("actor", t.say("Who"), "", "64"),
        ("name", t.say("Recipe"), "", "64"),
        ("about", t.say("Digest"), t.say("or its first digits"), "71"),
        ("since", t.say("Since"), "2026-11-01", "40"),
        ("until", t.say("Before"), "2026-12-01", "40"),
    ];
    let mut drawn = Vec::new();
    for (key, name, example, longest) in fields {
        let value = asked.one(key)?;
        drawn.push(html! {
            div {
                label for=(key) { (name) }
                input id=(key) name=(key) value=[value] maxlength=(longest)
                    placeholder=(example) autocomplete="off" spellcheck="false";
            }
        });
    }
    Ok(html! {
        form.filters action="/trail" method="get" {
            div {
                label for="action" { (t.say("Action")) }
                select #action name="action" {
                    option value="" { (t.say("any")) }
                    @for known in ACTIONS {
                        option value=(known) selected[action == Some(known)] { (known) }
                    }
                }
            }
            @for field in drawn { (field) }
            button { (t.say("Filter")) }
            a href="/trail" { (t.say("Clear")) }
        }
    })
}
