//! What an event adds to the index: the keys, and the rows of one journal line.
//!
//! What always holds: rows follow from the journal alone, so the index can be made again; the
//! values for objects and events are places, never copies. `FORMAT.md` lists the keys.

use std::path::PathBuf;

use recipes::{Digest, GateResult, Object, Trace};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::RegistryError;
use crate::event::{Action, Event};
use crate::journal::Place;
use crate::line::Line;
use crate::names::Version;
use crate::runs::{RunStatus, RunSummary};
use crate::view::View;

/// The kind of the objects that say where files held by reference lie.
pub const LOCATIONS_KIND: &str = "ingot/locations@1";

/// Where files held by reference lay when their recipe was registered.
#[derive(Debug, Serialize, Deserialize)]
pub struct Locations {
    pub locations: std::collections::BTreeMap<Digest, PathBuf>,
}

fn key(first: u8, parts: &[&[u8]]) -> Vec<u8> {
    let mut key = vec![first];
    parts.iter().for_each(|part| key.extend_from_slice(part));
    key
}

/// An object's place.
pub fn object(digest: &Digest) -> Vec<u8> {
    key(b'o', &[digest.as_bytes()])
}

/// The end of keys that put the newest event first.
fn newest_first(number: u64) -> [u8; 8] {
    (u64::MAX - number).to_be_bytes()
}

/// The number of the event at the end of a key, or `None`.
pub fn number_in(key: &[u8]) -> Option<u64> {
    let end = key.last_chunk::<8>()?;
    Some(u64::MAX - u64::from_be_bytes(*end))
}

/// An event's place; newest first.
pub fn event(number: u64) -> Vec<u8> {
    key(b'e', &[&newest_first(number)])
}

/// An event about a digest; newest first.
pub fn subject(digest: &Digest, number: u64) -> Vec<u8> {
    key(b's', &[digest.as_bytes(), &newest_first(number)])
}

/// An object that mentions a digest.
pub fn referrer(target: &Digest, from: &Digest) -> Vec<u8> {
    key(b'b', &[target.as_bytes(), from.as_bytes()])
}

/// A version of a name.
pub fn version(name: &str, number: u64) -> Vec<u8> {
    key(b'v', &[name.as_bytes(), &[0], &number.to_be_bytes()])
}

/// The latest version of a name.
pub fn latest(name: &str) -> Vec<u8> {
    key(b'w', &[name.as_bytes()])
}

/// The version that a recipe is.
pub fn recipe(digest: &Digest) -> Vec<u8> {
    key(b'i', &[digest.as_bytes()])
}

/// An event about a name; newest first.
pub fn named(name: &str, number: u64) -> Vec<u8> {
    key(b'n', &[name.as_bytes(), &[0], &newest_first(number)])
}

/// The summary of the run that began with an event; newest first.
pub fn summary(started: u64) -> Vec<u8> {
    key(b'r', &[&newest_first(started)])
}

/// The event a run began with.
pub fn run(id: &Digest) -> Vec<u8> {
    key(b'q', &[id.as_bytes()])
}

/// A known place of a file held by reference.
pub fn location(digest: &Digest, path: &[u8]) -> Vec<u8> {
    key(b'l', &[digest.as_bytes(), path])
}

/// The first key after all keys that begin with these bytes.
pub fn after(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            break;
        }
    }
    end
}

/// Reads a row that holds JSON.
pub fn parse<T: DeserializeOwned>(value: &[u8]) -> Result<T, RegistryError> {
    serde_json::from_slice(value)
        .map_err(|error| RegistryError::Index(format!("a row is malformed: {error}")))
}

fn json<T: Serialize>(value: &T) -> Result<Vec<u8>, RegistryError> {
    serde_json::to_vec(value)
        .map_err(|error| RegistryError::Index(format!("a row cannot be written: {error}")))
}

/// Adds the rows of one line.
pub fn add(view: &mut View, line: &Line, place: Place, body: &[u8]) -> Result<(), RegistryError> {
    let number = line.event.number;
    view.put(event(number), place.to_bytes().to_vec());
    for digest in &line.event.subjects {
        view.put(subject(digest, number), Vec::new());
    }
    for (digest, range) in &line.objects {
        let bytes = &body[range.clone()];
        let at = Place {
            segment: place.segment,
            offset: place.offset + range.start as u64,
            length: range.len() as u32,
        };
        view.put(object(digest), at.to_bytes().to_vec());
        for target in mentions(bytes) {
            view.put(referrer(&target, digest), Vec::new());
        }
    }
    match line.event.action {
        Action::RecipeAdded => add_version(view, line, body),
        action if action.is_of_run() => add_to_run(view, line, body),
        _ => Ok(()),
    }
}

/// The digests that an object mentions.
pub fn mentions(bytes: &[u8]) -> Vec<Digest> {
    let mark = b"\"sha256:";
    let mut found = Vec::new();
    let mut rest = bytes;
    while let Some(at) = rest.windows(mark.len()).position(|window| window == mark) {
        rest = &rest[at + mark.len()..];
        let digits = rest.get(..64).and_then(|digits| std::str::from_utf8(digits).ok());
        found.extend(digits.and_then(|digits| Digest::from_hex(digits).ok()));
    }
    found
}

/// The object of a line with this digest, if the line introduces it.
fn introduced(line: &Line, body: &[u8], digest: &Digest) -> Option<Object> {
    let (_, range) = line.objects.iter().find(|(found, _)| found == digest)?;
    Object::from_bytes(digest, body[range.clone()].to_vec()).ok()
}

fn add_version(view: &mut View, line: &Line, body: &[u8]) -> Result<(), RegistryError> {
    let Event { number, facts, subjects, time, actor, .. } = &line.event;
    let name = facts.get("name").and_then(Value::as_str).unwrap_or_default();
    let (Some(digest), Some(yaml)) = (subjects.first(), subjects.get(1)) else { return Ok(()) };
    let found = Version {
        name: name.to_owned(),
        number: facts.get("version").and_then(Value::as_u64).unwrap_or_default(),
        digest: *digest,
        yaml: *yaml,
        event: *number,
        time: time.clone(),
        actor: actor.clone(),
    };
    let row = json(&found)?;
    view.put(version(name, found.number), row.clone());
    view.put(recipe(digest), row.clone());
    view.put(latest(name), row);
    view.put(named(name, *number), Vec::new());
    for (digest, range) in &line.objects {
        let bytes = &body[range.clone()];
        let object = || Object::from_bytes(digest, bytes.to_vec()).ok();
        let is_locations = bytes.ends_with(b"}") && contains(bytes, LOCATIONS_KIND.as_bytes());
        let Some(object) = is_locations.then(object).flatten() else { continue };
        let Ok(known) = object.read::<Locations>(LOCATIONS_KIND) else { continue };
        for (digest, path) in known.locations {
            view.put(location(&digest, path.as_os_str().as_encoded_bytes()), Vec::new());
        }
    }
    Ok(())
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

fn add_to_run(view: &mut View, line: &Line, body: &[u8]) -> Result<(), RegistryError> {
    let Some(id) = line.event.subjects.first() else { return Ok(()) };
    if line.event.action == Action::RunStarted {
        start_run(view, line, id)?;
    }
    let Some(started) = view.get(&run(id))? else { return Ok(()) };
    let started = u64::from_be_bytes(
        started.try_into().map_err(|_| RegistryError::Index("a row is malformed".into()))?,
    );
    let Some(row) = view.get(&summary(started))? else { return Ok(()) };
    let mut found: RunSummary = parse(&row)?;
    if !found.name.is_empty() {
        view.put(named(&found.name, line.event.number), Vec::new());
    }
    let changed = match line.event.action {
        Action::RunFinished => finish_run(&mut found, line, body),
        Action::RunFailed => {
            found.status = RunStatus::Failed;
            true
        }
        Action::RunResumed => {
            found.status = RunStatus::Running;
            true
        }
        Action::RunRebuilt => {
            let verdict = line.event.facts.get("verdict").and_then(Value::as_str);
            found.verdicts.extend(verdict.map(str::to_owned));
            true
        }
        _ => false,
    };
    if changed {
        view.put(summary(started), json(&found)?);
    }
    Ok(())
}

fn start_run(view: &mut View, line: &Line, id: &Digest) -> Result<(), RegistryError> {
    let number = line.event.number;
    let Some(of) = line.event.subjects.get(1) else { return Ok(()) };
    if view.get(&run(id))?.is_some() {
        return Ok(());
    }
    let (name, version) = match view.get(&recipe(of))? {
        Some(row) => {
            let version: Version = parse(&row)?;
            (version.name, version.number)
        }
        None => (String::new(), 0),
    };
    let begun = RunSummary {
        id: *id,
        recipe: *of,
        name,
        version,
        started: line.event.time.clone(),
        actor: line.event.actor.clone(),
        finished: None,
        status: RunStatus::Running,
        model: None,
        quality: Vec::new(),
        verdicts: Vec::new(),
    };
    view.put(run(id), number.to_be_bytes().to_vec());
    view.put(summary(number), json(&begun)?);
    Ok(())
}

fn finish_run(found: &mut RunSummary, line: &Line, body: &[u8]) -> bool {
    found.status = RunStatus::Finished;
    found.finished = Some(line.event.time.clone());
    found.model = line.event.subjects.get(2).copied();
    let object = line.event.subjects.get(1).and_then(|digest| introduced(line, body, digest));
    found.quality = object.and_then(|object| quality(&object)).unwrap_or_default();
    true
}

fn quality(run: &Object) -> Option<Vec<GateResult>> {
    trace(run).map(|trace| trace.quality)
}

/// The trace inside a finished run's object.
pub fn trace(run: &Object) -> Option<Trace> {
    serde_json::from_value(run.value().get("trace")?.clone()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_after_a_prefix_is_the_next_one() {
        assert_eq!(after(b"ab"), b"ac");
        assert_eq!(after(&[b'a', 255, 255]), b"b");
    }

    #[test]
    fn every_digest_in_an_object_is_a_mention() {
        let (one, two) = (Digest::of(b"1"), Digest::of(b"2"));
        let text = format!("{{\"a\":[\"{one}\",\"sha256:12\"],\"{two}\":\"x{one}\"}}");
        assert_eq!(mentions(text.as_bytes()), [one, two]);
    }
}
