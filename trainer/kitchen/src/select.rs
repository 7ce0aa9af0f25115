//! `select.*`: which of all documents stay, by digest, position, rank or kind.

use std::collections::BTreeMap;

use recipes::Digest;
use recipes::recipe::{CapKind, SelectCap, SelectRange, SelectSample, SelectTop, TopMeasure};

use crate::decision::{Decision, Measure};
use crate::document::Document;
use crate::ratios;

/// A part of the documents by their digests.
pub fn sample(settings: &SelectSample, documents: &[Document]) -> Vec<Decision> {
    let place = |document: &Document| {
        let seed = settings.seed.to_le_bytes();
        let digest = Digest::of(&[&document.id.as_bytes()[..], b"select.sample", &seed].concat());
        let first = digest.as_bytes().first_chunk().expect("32 bytes");
        // 53 bits are exact, and 1 is never reached.
        (u64::from_be_bytes(*first) >> 11) as f64 / (1u64 << 53) as f64
    };
    let decide = |document| match (place(document), settings.share) {
        (place, share) if place < share => {
            Decision::Keep(vec![Measure::at_most("place", place, share)])
        }
        (place, share) => drop("place", place, share),
    };
    documents.iter().map(decide).collect()
}

fn drop(measure: &'static str, value: f64, limit: f64) -> Decision {
    Decision::Drop(crate::decision::Drop { measure, value, limit: Some(limit) })
}

/// The documents at some positions.
pub fn range(settings: &SelectRange, documents: &[Document]) -> Vec<Decision> {
    let end = settings.from.saturating_add(settings.documents);
    let decide = |position: usize| match position as u64 {
        position if position < settings.from => {
            drop("position", position as f64, settings.from as f64)
        }
        position if position >= end => drop("position", position as f64, end as f64 - 1.0),
        _ => Decision::Keep(Vec::new()),
    };
    (0..documents.len()).map(decide).collect()
}

/// The first documents by a measure.
pub fn top(settings: &SelectTop, documents: &[Document]) -> Vec<Decision> {
    let score = |document: &Document| match settings.by {
        TopMeasure::Chars => document.text.chars().count() as f64,
        TopMeasure::DistinctWords => ratios::distinct_words(&document.text),
    };
    let mut ranked: Vec<(usize, f64)> = documents.iter().map(score).enumerate().collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    let mut decisions = vec![Decision::Keep(Vec::new()); documents.len()];
    for (rank, (index, _)) in ranked.into_iter().enumerate().skip(settings.documents as usize) {
        decisions[index] = drop("rank", rank as f64 + 1.0, settings.documents as f64);
    }
    decisions
}

/// At most some documents of each kind.
pub fn cap(settings: &SelectCap, documents: &[Document]) -> Vec<Decision> {
    let mut counts = BTreeMap::new();
    let decide = |document: &Document| {
        let name = match settings.per {
            CapKind::Source => String::new(),
            CapKind::Name => document.name.clone(),
        };
        let count = counts.entry((document.source, name)).or_insert(0u64);
        *count += 1;
        Decision::within("documents", *count as f64, None, settings.documents_max as f64)
    };
    documents.iter().map(decide).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_about_its_share_and_the_same_in_any_order() {
        let made = |i: u64| Document::new(0, "f".into(), i, format!("text {i}"));
        let mut documents: Vec<Document> = (0..1000).map(made).collect();
        let settings = SelectSample { share: 0.3, seed: 1 };
        let kept = |documents: &[Document]| -> Vec<String> {
            let decisions = sample(&settings, documents);
            let kept = documents.iter().zip(decisions);
            let kept = kept.filter(|(_, decision)| matches!(decision, Decision::Keep(_)));
            let mut texts: Vec<String> = kept.map(|(document, _)| document.text.clone()).collect();
            texts.sort();
            texts
        };
        let first = kept(&documents);
        assert!((250..350).contains(&first.len()), "{}", first.len());
        documents.reverse();
        assert_eq!(kept(&documents), first);
    }
}
