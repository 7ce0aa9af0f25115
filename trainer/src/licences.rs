//! How many documents have which licence, where documents have licences of their own.

use std::collections::BTreeMap;
use std::sync::Arc;

use kitchen::Document;
use recipes::Pinned;
use recipes::recipe::CleaningStep;

/// The most licences that are named; the rest is counted together.
const NAMED_MAX: usize = 50;
/// The most licences that are told apart; those that come later are of the rest.
const HELD_MAX: usize = 10_000;
/// The longest name, in characters.
const NAME_CHARS_MAX: usize = 80;

/// Counts documents by licence.
pub struct Licences {
    /// Whether a source or a cleaning step is about licences.
    counts_any: bool,
    counts: BTreeMap<Option<Arc<str>>, u64>,
    others: u64,
}

impl Licences {
    /// Counts nothing where neither a source nor a cleaning step is about licences.
    pub fn new(pinned: &Pinned) -> Licences {
        let is_filter = |step: &CleaningStep| matches!(step, CleaningStep::FilterLicence1(_));
        let has_some = pinned.sources.values().any(|manifest| manifest.reading.has_licences());
        let counts_any = has_some || pinned.cleaning.iter().any(is_filter);
        Licences { counts_any, counts: BTreeMap::new(), others: 0 }
    }

    /// Takes the next document.
    pub fn push(&mut self, document: &Document) {
        if !self.counts_any {
            return;
        }
        let licence = &document.about.licence;
        let is_full = self.counts.len() == HELD_MAX;
        match self.counts.get_mut(licence) {
            Some(count) => *count += 1,
            None if is_full => self.others += 1,
            None => drop(self.counts.insert(licence.clone(), 1)),
        }
    }

    /// The most frequent licences by name, and the rest.
    pub fn finish(self) -> Option<BTreeMap<String, u64>> {
        let mut ranked: Vec<(Option<Arc<str>>, u64)> = self.counts.into_iter().collect();
        ranked.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        let rest = ranked.split_off(ranked.len().min(NAMED_MAX));
        let mut named = BTreeMap::new();
        for (licence, count) in ranked {
            let name = licence.as_deref().unwrap_or("not stated");
            let name: String = name.chars().take(NAME_CHARS_MAX).collect();
            *named.entry(name).or_default() += count;
        }
        let rest = self.others + rest.iter().map(|(_, count)| count).sum::<u64>();
        if rest > 0 {
            *named.entry("others".to_owned()).or_default() += rest;
        }
        self.counts_any.then_some(named)
    }
}
