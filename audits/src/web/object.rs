//! What a digest names: an object with its canonical JSON, a blob with its size; who mentions it.

use axum::response::Response;
use maud::{Markup, html};
use recipes::{Digest, Object};
use registry::{EventFilter, Registry};
use serde_json::Value;

use super::asked;
use super::failure::Failure;
use super::frame::{Page, Section};
use super::pieces::{brief, cell, digest, download, events, nothing, run, version, whole_digest};
use super::tongue::Tongue;
use crate::figures::{count, size};

/// The longest JSON that is drawn on a page; longer is for downloading.
const SHOWN_MAX: usize = 64 << 10;
/// Objects that mention a digest, at most.
const REFERRERS: usize = 50;
/// Events about a digest, at most.
const EVENTS: usize = 25;

/// Shows what a digest names.
pub fn page(registry: &Registry, t: Tongue, text: &str) -> Result<Page, Failure> {
    let named = asked::digest("object or blob", text)?;
    let object = registry.object(&named)?;
    let blob = match &object {
        None => blob_size(registry, &named),
        Some(_) => None,
    };
    let filter = EventFilter { subject: Some(named), limit: EVENTS, ..EventFilter::default() };
    let about = registry.events(&filter)?;
    let mentions = registry.referrers(&named)?;
    if object.is_none() && blob.is_none() && about.is_empty() && mentions.is_empty() {
        return Err(Failure::nothing("object or blob", text));
    }
    let kind = match (&object, blob) {
        (Some(object), _) => object.kind(),
        (None, Some(_)) => t.say("Blob").to_owned(),
        (None, None) => t.say("Digest").to_owned(),
    };
    let body = html! {
        dl.cells {
            (cell("SHA-256", html! { span.digest.whole { (named.hex()) } }))
            (meant(registry, t, &named)?)
            @if let Some(object) = &object {
                (cell(t.say("Size"), html! { (count(object.bytes().len() as u64)) " B" }))
            } @else if let Some(bytes) = blob {
                (cell(t.say("Size"), html! { (size(bytes)) " (" (count(bytes)) " B)" }))
            } @else {
                (cell(t.say("Bytes"), html! { (t.say("not kept: only the digest is recorded")) }))
            }
        }
        @if let Some(object) = &object { (content(t, &named, object)) }
        h2 { (t.say("Mentioned by")) }
        (referrers(registry, t, &mentions)?)
        @if !about.is_empty() {
            h2 { (t.say("In the trail")) }
            (events(t, &about))
        }
    };
    Ok(Page::new(Section::None, named.short(), body).over(kind))
}

/// An object's bytes, to take home: their SHA-256 is the object's name.
pub fn json(registry: &Registry, text: &str) -> Result<Response, Failure> {
    let named = asked::digest("object", text)?;
    let object = registry.object(&named)?.ok_or_else(|| Failure::nothing("object", text))?;
    Ok(download(&format!("{}.json", named.hex()), object.bytes().to_vec()))
}

/// The size of a blob, if it is here.
pub fn blob_size(registry: &Registry, named: &Digest) -> Option<u64> {
    registry.blobs().size(named).ok()
}

/// What the digest means to people, where it is a recipe or a run.
fn meant(registry: &Registry, t: Tongue, named: &Digest) -> Result<Markup, Failure> {
    if let Some(found) = registry.version_of(named)? {
        return Ok(cell(t.say("Recipe"), version(&found.name, found.number)));
    }
    Ok(match registry.run(named)? {
        Some(_) => cell(t.say("Run"), run(named)),
        None => html! {},
    })
}

fn content(t: Tongue, named: &Digest, object: &Object) -> Markup {
    let address = format!("/objects/{}/json", named.hex());
    html! {
        @if object.bytes().len() <= SHOWN_MAX {
            h2 { (t.say("Content")) }
            (record(&object.value()))
        }
        (json_block(t, object.bytes(), &address))
    }
}

/// Canonical bytes as text, and the way to take them home.
pub fn json_block(t: Tongue, bytes: &[u8], address: &str) -> Markup {
    html! {
        h2 { (t.say("Canonical JSON")) }
        @if bytes.len() <= SHOWN_MAX {
            details {
                summary { (t.say("Show the bytes")) }
                pre.json { (String::from_utf8_lossy(bytes)) }
            }
        } @else {
            (nothing(&t.fill("{} are too many to draw here.", &[&size(bytes.len() as u64)])))
        }
        p {
            a href=(address) download { (t.say("Download")) } " "
            span.quiet { (t.say("exactly these bytes")) }
        }
    }
}

/// A JSON value for reading; digests in it lead on.
pub fn record(value: &Value) -> Markup {
    match value {
        Value::Object(members) if members.is_empty() => html! { span.quiet { "{}" } },
        Value::Object(members) => html! {
            dl.record {
                @for (key, value) in members { dt { bdi { (key) } } dd { (member(key, value)) } }
            }
        },
        Value::Array(items) if items.is_empty() => html! { span.quiet { "[]" } },
        Value::Array(items) => html! {
            ol.record { @for item in items { li { (record(item)) } } }
        },
        Value::String(text) => match text.parse() {
            Ok(named) => whole_digest(&named),
            Err(_) => html! { bdi { (text) } },
        },
        other => html! { (other) },
    }
}

/// A member of a record; a step's `key` is a digest that names no bytes, so it leads nowhere.
fn member(key: &str, value: &Value) -> Markup {
    match value.as_str() {
        Some(text) if key == "key" => html! { span.digest { (text) } },
        _ => record(value),
    }
}

/// The objects that mention a digest.
pub fn referrers(registry: &Registry, t: Tongue, all: &[Digest]) -> Result<Markup, Failure> {
    let mut rows = Vec::new();
    for referrer in all.iter().take(REFERRERS) {
        let kind = registry.object(referrer)?.map(|object| object.kind()).unwrap_or_default();
        let meant = registry.version_of(referrer)?;
        rows.push((referrer, kind, meant));
    }
    if rows.is_empty() {
        return Ok(nothing(t.say("No object mentions this digest.")));
    }
    Ok(html! {
        ul.referrers {
            @for (referrer, kind, meant) in &rows {
                li {
                    (digest(referrer)) " " span.quiet { (brief(kind)) }
                    @if let Some(found) = meant { " " (version(&found.name, found.number)) }
                }
            }
        }
        @if all.len() > rows.len() {
            (nothing(&t.fill("and {} more", &[&count((all.len() - rows.len()) as u64)])))
        }
    })
}
