//! What a change did to the data: documents and tokens gained and lost between two runs.
//!
//! Documents are compared by the digest of their text as gathered, source by source; of equal texts
//! as many are the same as both runs have. Always holds: what the first run trained on, less what
//! was lost, plus what was gained, with the changed ones, is what the second one trained on.

use std::collections::BTreeMap;

use recipes::Digest;
use registry::{Registry, RunRecord};
use serde::Serialize;

use crate::story::reason;
use crate::walk::{End, Lists, WalkError, walk};

/// What a run trained on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    pub gathered: u64,
    pub documents: u64,
    pub tokens: u64,
}

/// Why documents are on one side only, or what is different about them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// The other side did not gather them.
    NotGathered,
    /// A step of the other side dropped them: its position, and its name.
    Dropped(usize, String),
    /// The other side held them out.
    HeldOut,
    /// Both trained on them, with other texts.
    Changed,
    /// Both trained on the same text, cut into another number of tokens.
    Retokenized,
}

/// Which way documents went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    Lost,
    Gained,
    /// On both sides.
    Both,
}

/// Documents of one source that went one way for one cause.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    pub way: Way,
    pub cause: Cause,
    pub source: String,
    pub documents: u64,
    /// Tokens that the first and the second run trained on.
    pub tokens: (u64, u64),
    /// The first ones, in document order.
    pub listed: Vec<Listed>,
}

/// A document in a list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Listed {
    pub document: Digest,
    pub name: String,
    pub position: u64,
    /// Tokens in the first and the second run.
    pub tokens: (u64, u64),
    /// Why the other side dropped it, in words.
    pub reason: Option<String>,
}

/// The difference between the data of two runs.
#[derive(Clone, Debug, PartialEq)]
pub struct DataDiff {
    pub from: String,
    pub to: String,
    pub before: Totals,
    pub after: Totals,
    pub parts: Vec<Part>,
}

/// A document of one side.
struct Entry {
    id: Digest,
    /// The place in document order.
    order: u64,
    name: u32,
    position: u64,
    end: Ended,
}

enum Ended {
    Trained { text: Digest, tokens: u64 },
    Other { cause: Cause, reason: Option<String> },
}

/// All documents of one side, by source and digest.
struct Side {
    totals: Totals,
    names: Vec<String>,
    sources: BTreeMap<String, Vec<Entry>>,
}

impl Side {
    fn of(registry: &Registry, run: &RunRecord, bytes_max: u64) -> Result<Side, WalkError> {
        let lists = Lists::of(run)?;
        let mut side =
            Side { totals: Totals::default(), names: Vec::new(), sources: BTreeMap::new() };
        let none = || WalkError::NoLists { run: run.summary.id.short() };
        lists.tokens.ok_or_else(none)?;
        walk(registry, &lists, bytes_max, &mut |document| {
            side.totals.gathered += 1;
            let end = match &document.end {
                End::Trained(row) => {
                    side.totals.documents += 1;
                    side.totals.tokens = side.totals.tokens.saturating_add(row.tokens);
                    let text = *document.texts.last().unwrap_or(&document.row.id);
                    Ended::Trained { text, tokens: row.tokens }
                }
                End::Dropped(at, fate) => {
                    let step = &lists.cleaning[*at];
                    let cause = Cause::Dropped(step.step, step.name.clone());
                    Ended::Other { cause, reason: Some(reason(fate)) }
                }
                End::HeldOut(_) | End::Kept => Ended::Other { cause: Cause::HeldOut, reason: None },
            };
            if side.names.last() != Some(&document.group.name) {
                side.names.push(document.group.name.clone());
            }
            let source = lists.source(document.group.source);
            if !side.sources.contains_key(source) {
                side.sources.insert(source.to_owned(), Vec::new());
            }
            let entries = side.sources.get_mut(source).expect("it is there now");
            entries.push(Entry {
                id: document.row.id,
                order: side.totals.gathered,
                name: side.names.len() as u32 - 1,
                position: document.row.position,
                end,
            });
            Ok(true)
        })?;
        for entries in side.sources.values_mut() {
            entries.sort_by_key(|entry| (entry.id, entry.order));
        }
        Ok(side)
    }

    fn source(&self, name: &str) -> &[Entry] {
        self.sources.get(name).map_or(&[], Vec::as_slice)
    }

    fn listed(&self, entry: &Entry) -> Listed {
        Listed {
            document: entry.id,
            name: self.names[entry.name as usize].clone(),
            position: entry.position,
            tokens: (0, 0),
            reason: None,
        }
    }
}

impl Entry {
    fn trained(&self) -> Option<(Digest, u64)> {
        match self.end {
            Ended::Trained { text, tokens } => Some((text, tokens)),
            Ended::Other { .. } => None,
        }
    }
}

/// The documents of a part that are listed, by their place in document order.
type List = BTreeMap<(u64, Digest), Listed>;

/// Collects parts; of each, the first documents in document order.
struct Parts {
    limit: usize,
    parts: BTreeMap<(Way, Cause, String), (Part, List)>,
}

impl Parts {
    fn add(&mut self, way: Way, cause: Cause, source: &str, order: u64, listed: Listed) {
        let key = (way, cause.clone(), source.to_owned());
        let empty = || Part {
            way,
            cause,
            source: source.to_owned(),
            documents: 0,
            tokens: (0, 0),
            listed: Vec::new(),
        };
        let (part, list) = self.parts.entry(key).or_insert_with(|| (empty(), BTreeMap::new()));
        part.documents += 1;
        part.tokens.0 = part.tokens.0.saturating_add(listed.tokens.0);
        part.tokens.1 = part.tokens.1.saturating_add(listed.tokens.1);
        list.insert((order, listed.document), listed);
        if list.len() > self.limit {
            list.pop_last();
        }
    }
}

/// Compares what two runs trained on; of each part `limit` documents are listed.
pub fn data_diff(
    registry: &Registry,
    runs: [(&str, &RunRecord); 2],
    limit: usize,
    bytes_max: u64,
) -> Result<DataDiff, WalkError> {
    let [(from, before), (to, after)] = runs;
    let a = Side::of(registry, before, bytes_max)?;
    let b = Side::of(registry, after, bytes_max)?;
    let mut parts = Parts { limit, parts: BTreeMap::new() };
    let mut sources: Vec<&String> = a.sources.keys().chain(b.sources.keys()).collect();
    sources.sort();
    sources.dedup();
    for source in sources {
        let (mut left, mut right) = (a.source(source), b.source(source));
        while let Some(id) = left.first().into_iter().chain(right.first()).map(|e| e.id).min() {
            let cut = |entries: &[Entry]| entries.iter().take_while(|entry| entry.id == id).count();
            let (ours, rest) = left.split_at(cut(left));
            left = rest;
            let (theirs, rest) = right.split_at(cut(right));
            right = rest;
            equal_texts(&mut parts, source, (&a, ours), (&b, theirs));
        }
    }
    let (from, to) = (from.to_owned(), to.to_owned());
    let parts = parts.parts.into_values().map(|(part, listed)| {
        let listed = listed.into_values().collect();
        Part { listed, ..part }
    });
    let parts = parts.collect();
    Ok(DataDiff { from, to, before: a.totals, after: b.totals, parts })
}

/// Compares the documents of one text in one source.
fn equal_texts(parts: &mut Parts, source: &str, a: (&Side, &[Entry]), b: (&Side, &[Entry])) {
    let trained =
        |entries: &[Entry]| entries.iter().filter(|entry| entry.trained().is_some()).count();
    let both = trained(a.1).min(trained(b.1));
    let ours = a.1.iter().filter_map(|entry| Some((entry, entry.trained()?)));
    let theirs = b.1.iter().filter_map(|entry| entry.trained());
    for ((entry, (text, tokens)), (other, others)) in ours.zip(theirs) {
        let cause = match (text == other, tokens == others) {
            (true, true) => continue,
            (true, false) => Cause::Retokenized,
            (false, _) => Cause::Changed,
        };
        let listed = Listed { tokens: (tokens, others), ..a.0.listed(entry) };
        parts.add(Way::Both, cause, source, entry.order, listed);
    }
    for (way, mine, other) in [(Way::Lost, a, b), (Way::Gained, b, a)] {
        let surplus = mine.1.iter().filter_map(|entry| Some((entry, entry.trained()?.1)));
        let mut causes = other.1.iter().filter_map(|entry| match &entry.end {
            Ended::Other { cause, reason } => Some((cause.clone(), reason.clone())),
            Ended::Trained { .. } => None,
        });
        for (entry, tokens) in surplus.skip(both) {
            let (cause, reason) = causes.next().unwrap_or((Cause::NotGathered, None));
            let tokens = if way == Way::Lost { (tokens, 0) } else { (0, tokens) };
            let listed = Listed { tokens, reason, ..mine.0.listed(entry) };
            parts.add(way, cause, source, entry.order, listed);
        }
    }
}

impl DataDiff {
    /// Whether both runs trained on the same documents and tokens.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }
}

impl Cause {
    /// The cause in words, seen from the side that has the documents.
    pub fn words(&self, way: Way) -> String {
        match (self, way) {
            (Cause::NotGathered, Way::Gained) => "newly gathered".into(),
            (Cause::NotGathered, _) => "no longer gathered".into(),
            (Cause::Dropped(_, step), Way::Gained) => format!("no longer dropped by {step}"),
            (Cause::Dropped(_, step), _) => format!("dropped by {step}"),
            (Cause::HeldOut, Way::Gained) => "no longer held out".into(),
            (Cause::HeldOut, _) => "held out".into(),
            (Cause::Changed, _) => "with another text".into(),
            (Cause::Retokenized, _) => "cut into other tokens".into(),
        }
    }
}
