//! From a tree to a source: which keys each kind has, and which of them it needs.

use crate::decode::{Decoder, Members};
use crate::recipe::{Hold, Html, OnError, Source};
use crate::rules;
use crate::tree::Node;

/// The kinds of source, each with the keys of its own.
const KINDS: [(&str, &[&str]); 7] = [
    ("crates", &["lock"]),
    ("git", &["repository", "revision", "include"]),
    ("files", &["include"]),
    ("html", &["include"]),
    ("jsonl", &["path", "include", "text", "url_field", "licence_field"]),
    ("parquet", &["path", "include", "text", "url_field", "licence_field"]),
    ("warc", &["path", "include", "html"]),
];

/// Reads a source.
pub fn source(d: &mut Decoder, name: &str, node: &Node) -> Option<Source> {
    let what = format!("source `{name}`");
    let open = d.open(node, &what)?;
    let kinds = KINDS.map(|kind| (kind.0, kind));
    let (kind, own) = d.need(&open, "kind", |d, node, key| {
        match node.text().and_then(|kind| rules::refused(rules::SOURCES, kind)) {
            Some(reason) => {
                d.problems.add(node.place, format!("`{key}` is {}: {reason}", node.what()));
                None
            }
            None => d.choice(node, key, &kinds),
        }
    })?;
    let all = ["kind", "licence", "hold", "on_error"];
    let keys: Vec<&str> = all.iter().chain(own).copied().collect();
    let map = d.map(node, &what, &keys)?;
    let shared = shared(d, &map);
    let need = |d: &mut Decoder, key: &str| d.need(&map, key, local);
    match kind {
        "crates" => {
            let lock = need(d, "lock");
            let (licence, hold, on_error) = shared?;
            Some(Source::Crates { lock: lock?, licence, hold, on_error })
        }
        "git" => {
            let repository = need(d, "repository");
            let revision = d.need(&map, "revision", Decoder::filled);
            let include = d.need(&map, "include", patterns);
            let ((licence, hold, on_error), repository) = (shared?, repository?);
            let (revision, include) = (revision?, include?);
            Some(Source::Git { repository, revision, include, licence, hold, on_error })
        }
        "files" | "html" => {
            let include = d.need(&map, "include", patterns);
            let (include, (licence, hold, on_error)) = (include?, shared?);
            Some(match kind {
                "files" => Source::Files { include, licence, hold, on_error },
                _ => Source::Html { include, licence, hold, on_error },
            })
        }
        "warc" => {
            let place = place(d, &map, &what);
            let known = [("text", Html::Text), ("raw", Html::Raw)];
            let html =
                d.or(&map, "html", Html::default(), |d, node, key| d.choice(node, key, &known));
            let ((path, include), (licence, hold, on_error)) = (place?, shared?);
            Some(Source::Warc { path, include, html: html?, licence, hold, on_error })
        }
        kind => {
            let fields = fields(d, &map, &what);
            Some(records(kind, fields?, shared?))
        }
    }
}

type Shared = (Option<String>, Hold, OnError);

/// What every source may say.
fn shared(d: &mut Decoder, map: &Members) -> Option<Shared> {
    let licence = optional(d, map, "licence");
    let holds = [("copy", Hold::Copy), ("reference", Hold::Reference)];
    let hold = d.or(map, "hold", Hold::default(), |d, node, key| d.choice(node, key, &holds));
    let answers = [("fail", OnError::Fail), ("quarantine", OnError::Quarantine)];
    let on_error =
        d.or(map, "on_error", OnError::default(), |d, node, key| d.choice(node, key, &answers));
    Some((licence?, hold?, on_error?))
}

/// A source of records with named fields.
fn records(kind: &str, fields: Fields, (licence, hold, on_error): Shared) -> Source {
    let ((path, include), text, url_field, licence_field) = fields;
    match kind {
        "jsonl" => {
            Source::Jsonl { path, include, text, url_field, licence_field, licence, hold, on_error }
        }
        _ => Source::Parquet {
            path,
            include,
            text,
            url_field,
            licence_field,
            licence,
            hold,
            on_error,
        },
    }
}

type Place = (Option<String>, Vec<String>);
type Fields = (Place, String, Option<String>, Option<String>);

/// Where the records lie and what their fields are called.
fn fields(d: &mut Decoder, map: &Members, what: &str) -> Option<Fields> {
    let place = place(d, map, what);
    let text = d.need(map, "text", Decoder::filled);
    let (url, licence) = (optional(d, map, "url_field"), optional(d, map, "licence_field"));
    let (place, text, url, licence) = (place?, text?, url?, licence?);
    let names = [Some(&text), url.as_ref(), licence.as_ref()];
    if (1..3).any(|at| names[at].is_some() && names[..at].contains(&names[at])) {
        d.problems.add(map.place(), format!("{what} takes one field for two things"));
        return None;
    }
    Some((place, text, url, licence))
}

/// `path` for one file, or `include` for many.
fn place(d: &mut Decoder, map: &Members, what: &str) -> Option<Place> {
    let path = d.or(map, "path", None, |d, node, key| local(d, node, key).map(Some));
    let include = d.or(map, "include", Vec::new(), patterns);
    let (path, include) = (path?, include?);
    match (&path, include.is_empty()) {
        (Some(_), true) | (None, false) => Some((path, include)),
        (None, true) => {
            d.problems.add(map.place(), format!("{what} has neither `path` nor `include`"));
            None
        }
        (Some(_), false) => {
            d.problems.add(map.place(), format!("{what} has both `path` and `include`"));
            None
        }
    }
}

fn optional(d: &mut Decoder, map: &Members, key: &str) -> Option<Option<String>> {
    d.or(map, key, None, |d, node, key| d.filled(node, key).map(Some))
}

fn patterns(d: &mut Decoder, node: &Node, key: &str) -> Option<Vec<String>> {
    d.list(node, key, false, |d, node| local(d, node, "include"))
}

/// A place on this machine.
fn local(d: &mut Decoder, node: &Node, key: &str) -> Option<String> {
    let place = d.filled(node, key)?;
    if let Some(reason) = rules::refused_place(&place) {
        d.problems.add(node.place, format!("`{key}` is {}: {reason}", node.what()));
        return None;
    }
    Some(place)
}
