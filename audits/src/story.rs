//! What happened to a document in a run: found by its digest or its name, told step by step.

use std::collections::BTreeMap;

use recipes::Digest;
use recipes::Fate;
use recipes::lists::Changed;
use registry::{Registry, RunRecord};
use serde_json::{Value, json};

use crate::walk::{End, Lists, WalkError, Walked, walk};

/// The fewest digits that stand for a document's digest.
const DIGITS_MIN: usize = 8;

/// Which documents are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// First hex digits of the digest of its text, as it was gathered or as a step left it.
    Digits(String),
    /// A part of the name, and the position where one is given.
    Name(String, Option<u64>),
}

impl Wanted {
    /// Reads what a person wrote: a digest, its first eight digits or more, or a part of a name,
    /// which may end with `:` and a position.
    pub fn read(text: &str) -> Wanted {
        let digits = text.strip_prefix("sha256:").unwrap_or(text);
        let is_hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
        if (DIGITS_MIN..=64).contains(&digits.len()) && digits.chars().all(is_hex) {
            return Wanted::Digits(digits.to_owned());
        }
        let placed = text.rsplit_once(':').and_then(|(name, position)| {
            Some(Wanted::Name(name.to_owned(), Some(position.parse().ok()?)))
        });
        placed.unwrap_or_else(|| Wanted::Name(text.to_owned(), None))
    }

    fn is(&self, document: &Walked) -> bool {
        match self {
            Wanted::Digits(digits) => {
                let starts = |digest: &Digest| digest.hex().starts_with(digits);
                let after = |(_, change): &(usize, Changed)| starts(&change.after);
                starts(&document.row.id) || document.changes.iter().any(after)
            }
            Wanted::Name(name, position) => {
                document.group.name.contains(name)
                    && position.is_none_or(|position| position == document.row.position)
            }
        }
    }
}

/// What one step did to a document that it did not just keep.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    Changed(Changed),
    Dropped(Fate),
}

/// A document's way through a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Story {
    pub source: String,
    pub name: String,
    pub position: u64,
    pub id: Digest,
    pub chars: u64,
    pub bytes: u64,
    /// Each with the step's position in the run, and its name.
    pub events: Vec<(usize, String, Event)>,
    pub end: End,
}

/// The stories that were asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stories {
    pub told: Vec<Story>,
    /// How many more there are.
    pub more: u64,
}

/// Finds documents of a run and tells of each, at most `limit` of them.
pub fn stories(
    registry: &Registry,
    lists: &Lists,
    wanted: &Wanted,
    limit: usize,
    bytes_max: u64,
) -> Result<Stories, WalkError> {
    let mut found = Stories::default();
    walk(registry, lists, bytes_max, &mut |document| {
        if wanted.is(document) {
            match found.told.len() < limit {
                true => found.told.push(Story::of(lists, document)),
                false => found.more += 1,
            }
        }
        Ok(true)
    })?;
    Ok(found)
}

impl Story {
    /// The story of a document that a walk came to.
    pub fn of(lists: &Lists, document: &Walked) -> Story {
        let step = |at: usize| (lists.cleaning[at].step, lists.cleaning[at].name.clone());
        let mut events = Vec::new();
        for (at, change) in document.changes {
            let (number, name) = step(*at);
            events.push((number, name, Event::Changed(change.clone())));
        }
        if let End::Dropped(at, fate) = &document.end {
            let (number, name) = step(*at);
            events.push((number, name, Event::Dropped(fate.clone())));
        }
        Story {
            source: lists.source(document.group.source).to_owned(),
            name: document.group.name.clone(),
            position: document.row.position,
            id: document.row.id,
            chars: document.row.chars,
            bytes: document.row.bytes,
            events,
            end: document.end.clone(),
        }
    }

    /// Where it came to, in a word.
    pub fn ending(&self) -> &'static str {
        match &self.end {
            End::Dropped(..) => "dropped",
            End::Trained(_) => "trained on",
            End::HeldOut(_) => "held out",
            End::Kept => "kept",
        }
    }

    /// Whether the run's training or measuring contains it.
    pub fn is_in(&self) -> bool {
        matches!(self.end, End::Trained(_) | End::HeldOut(_) | End::Kept)
    }

    /// Its first token in the stream of its source, and its number of tokens.
    pub fn tokens(&self) -> Option<(u64, u64)> {
        match &self.end {
            End::Trained(row) | End::HeldOut(row) => Some((row.first, row.tokens)),
            _ => None,
        }
    }

    /// The story for machines.
    pub fn json(&self, run: &RunRecord) -> Value {
        let event = |(number, step, event): &(usize, String, Event)| match event {
            Event::Changed(change) => json!({
                "step": step, "number": number, "fate": "changed", "before": change.before,
                "after": change.after, "repeats": change.repeats,
            }),
            Event::Dropped(fate) => json!({
                "step": step, "number": number, "fate": "dropped", "measure": fate.measure,
                "value": fate.value, "limit": fate.limit, "repeats": fate.repeats,
            }),
        };
        let summary = &run.summary;
        json!({
            "kind": "fate", "document": self.id, "run": summary.id, "recipe": summary.recipe,
            "source": self.source, "name": self.name, "position": self.position,
            "chars": self.chars, "bytes": self.bytes,
            "steps": self.events.iter().map(event).collect::<Vec<_>>(), "end": self.ending(),
            "first_token": self.tokens().map(|(first, _)| first),
            "tokens": self.tokens().map(|(_, tokens)| tokens),
        })
    }
}

/// Why a document was dropped, in words: `chars 64, limit 100`.
pub fn reason(fate: &Fate) -> String {
    let mut words = visible(&fate.measure);
    if let Some(limit) = fate.limit {
        words += &format!(" {}, limit {}", short(fate.value), short(limit));
    }
    if let Some(earlier) = &fate.repeats {
        words += &format!(", repeats {}", earlier.short());
    }
    words
}

/// A name without what would move a terminal's writing.
pub fn visible(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{FFFD}' } else { c }).collect()
}

/// A value as people read it: at most six digits after the point.
pub fn short(value: f64) -> String {
    let text = format!("{value:.6}");
    if text.contains('.') {
        return text.trim_end_matches('0').trim_end_matches('.').to_owned();
    }
    text
}

/// The stories in many runs; runs with the same lists are walked once.
pub struct Search<'r> {
    registry: &'r Registry,
    wanted: Wanted,
    limit: usize,
    known: BTreeMap<Lists, Stories>,
}

impl<'r> Search<'r> {
    /// Looks for these documents, at most `limit` in a run.
    pub fn new(registry: &'r Registry, wanted: Wanted, limit: usize) -> Search<'r> {
        Search { registry, wanted, limit, known: BTreeMap::new() }
    }

    /// The stories in a run.
    pub fn run(&mut self, run: &RunRecord) -> Result<&Stories, WalkError> {
        let lists = Lists::of(run)?;
        if !self.known.contains_key(&lists) {
            let found = stories(self.registry, &lists, &self.wanted, self.limit, u64::MAX)?;
            self.known.insert(lists.clone(), found);
        }
        Ok(&self.known[&lists])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_meant_is_read_from_its_form() {
        let hex = Digest::of(b"a").hex();
        assert_eq!(Wanted::read(&format!("sha256:{hex}")), Wanted::Digits(hex.clone()));
        assert_eq!(Wanted::read(&hex[..8]), Wanted::Digits(hex[..8].into()));
        assert_eq!(Wanted::read(&hex[..7]), Wanted::Name(hex[..7].into(), None));
        assert_eq!(Wanted::read("a.jsonl:7"), Wanted::Name("a.jsonl".into(), Some(7)));
        assert_eq!(Wanted::read("a:b"), Wanted::Name("a:b".into(), None));
    }

    #[test]
    fn reasons_read_as_people_write_them() {
        let fate = |value, limit, repeats| Fate {
            document: Digest::of(b"a"),
            source: 0,
            name: "a".into(),
            position: 0,
            measure: "chars".into(),
            value,
            limit,
            repeats,
        };
        assert_eq!(reason(&fate(64.0, Some(100.0), None)), "chars 64, limit 100");
        assert_eq!(reason(&fate(0.25, Some(0.2), None)), "chars 0.25, limit 0.2");
        let earlier = Digest::of(b"b");
        let wanted = format!("chars, repeats {}", earlier.short());
        assert_eq!(reason(&fate(1.0, None, Some(earlier))), wanted);
    }
}
