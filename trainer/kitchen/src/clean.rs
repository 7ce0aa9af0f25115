//! Carries one cleaning step out: every document is kept, changed or dropped, with its reason.

use kernels::Kernels;
use recipes::Digest;
use recipes::recipe::CleaningStep;
use serde::{Deserialize, Serialize};

use crate::document::Document;
use crate::{dedup_exact, dedup_minhash, filter_length, gopher_repetition, normalize, pii_mask};

/// Why a document was dropped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fate {
    pub document: Digest,
    /// The source's position in the formula.
    pub source: u32,
    pub name: String,
    pub position: u64,
    /// What was measured, such as `chars` or `top_2_gram`.
    pub measure: String,
    pub value: f64,
    /// What the value was compared with; for a duplicate, nothing.
    pub limit: Option<f64>,
    /// The earlier document that a duplicate repeats.
    pub repeats: Option<Digest>,
}

/// What a step left.
pub struct Cleaned {
    pub documents: Vec<Document>,
    pub dropped: Vec<Fate>,
    /// Documents whose text is another now.
    pub changed: u64,
}

/// A decision about one document, from its text alone.
pub enum Decision {
    Keep,
    Change(String),
    Drop(Drop),
}

/// The measure that dropped a document.
pub struct Drop {
    pub measure: String,
    pub value: f64,
    pub limit: Option<f64>,
}

/// Carries a step out over all documents, in order.
pub fn clean(step: &CleaningStep, documents: Vec<Document>, kernels: &Kernels) -> Cleaned {
    match step {
        CleaningStep::TextNormalize1(settings) => {
            each(documents, kernels, &|text| normalize::decide(settings, text))
        }
        CleaningStep::FilterLength1(settings) => {
            each(documents, kernels, &|text| filter_length::decide(settings, text))
        }
        CleaningStep::FilterGopherRepetition1(settings) => {
            each(documents, kernels, &|text| gopher_repetition::decide(settings, text))
        }
        CleaningStep::PiiMask1(settings) => {
            each(documents, kernels, &|text| pii_mask::decide(settings, text))
        }
        CleaningStep::DedupExact1(_) => {
            let first = dedup_exact::first_of_each(&documents);
            without_repeats(documents, &first, "same_text")
        }
        CleaningStep::DedupMinhash1(settings) => {
            let first = dedup_minhash::first_of_each(settings, &documents, kernels);
            without_repeats(documents, &first, "near_duplicate")
        }
    }
}

/// Decides about each document alone, on all threads; the order stays.
fn each(
    documents: Vec<Document>,
    kernels: &Kernels,
    decide: &(dyn Fn(&str) -> Decision + Sync),
) -> Cleaned {
    let decisions = kernels.map(documents.len(), &|index| decide(&documents[index].text));
    let mut cleaned = Cleaned { documents: Vec::new(), dropped: Vec::new(), changed: 0 };
    for (mut document, decision) in documents.into_iter().zip(decisions) {
        match decision {
            Decision::Keep => cleaned.documents.push(document),
            Decision::Change(text) => {
                document.text = text;
                cleaned.changed += 1;
                cleaned.documents.push(document);
            }
            Decision::Drop(reason) => cleaned.dropped.push(fate(&document, reason, None)),
        }
    }
    cleaned
}

/// Keeps the documents that are the first of their kind; `first[i]` is where i's kind began.
fn without_repeats(documents: Vec<Document>, first: &[usize], measure: &str) -> Cleaned {
    let ids: Vec<Digest> = documents.iter().map(|document| document.id).collect();
    let mut cleaned = Cleaned { documents: Vec::new(), dropped: Vec::new(), changed: 0 };
    for (index, document) in documents.into_iter().enumerate() {
        if first[index] == index {
            cleaned.documents.push(document);
        } else {
            let reason = Drop { measure: measure.into(), value: 1.0, limit: None };
            cleaned.dropped.push(fate(&document, reason, Some(ids[first[index]])));
        }
    }
    cleaned
}

fn fate(document: &Document, reason: Drop, repeats: Option<Digest>) -> Fate {
    Fate {
        document: document.id,
        source: document.source,
        name: document.name.clone(),
        position: document.position,
        measure: reason.measure,
        value: reason.value,
        limit: reason.limit,
        repeats,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernels::Tier;
    use recipes::recipe::{DedupExact, DedupMinhash, FilterLength};

    fn documents(texts: &[&str]) -> Vec<Document> {
        let made = |(i, text): (usize, &&str)| Document::new(0, format!("{i}"), 0, (*text).into());
        texts.iter().enumerate().map(made).collect()
    }

    #[test]
    fn every_dropped_document_has_its_reason() {
        let kernels = Kernels::new(Tier::Scalar, 2).expect("kernels");
        let step = CleaningStep::FilterLength1(FilterLength { chars_min: 3, chars_max: Some(5) });
        let cleaned = clean(&step, documents(&["ab", "abc", "äöüß€", "abcdef"]), &kernels);
        assert_eq!(cleaned.documents.len(), 2);
        let reasons: Vec<(f64, Option<f64>)> =
            cleaned.dropped.iter().map(|fate| (fate.value, fate.limit)).collect();
        assert_eq!(reasons, [(2.0, Some(3.0)), (6.0, Some(5.0))]);
    }

    #[test]
    fn the_first_of_equal_texts_survives() {
        let kernels = Kernels::new(Tier::Scalar, 1).expect("kernels");
        let all = documents(&["a", "b", "a", "b", "c"]);
        let step = CleaningStep::DedupExact1(DedupExact {});
        let cleaned = clean(&step, all.clone(), &kernels);
        let names: Vec<&str> = cleaned.documents.iter().map(|d| d.name.as_str()).collect();
        assert_eq!(names, ["0", "1", "4"]);
        assert_eq!(cleaned.dropped[1].repeats, Some(all[1].id));
    }

    #[test]
    fn near_duplicates_go_and_any_number_of_threads_agrees() {
        let base: Vec<String> = (0..200).map(|i| format!("word{}", i * 7919 % 1000)).collect();
        let near = base.join(" ").replace("word7 ", "other ");
        let far: Vec<String> = (0..200).map(|i| format!("thing{}", i * 31 % 997)).collect();
        let all = documents(&[&base.join(" "), &far.join(" "), &near, "short one"]);
        let step = CleaningStep::DedupMinhash1(DedupMinhash {
            ngram_words: 5,
            bands: 14,
            rows: 8,
            seed: 1,
        });
        for threads in [1, 2, 3, 7] {
            let kernels = Kernels::new(Tier::Scalar, threads).expect("kernels");
            let cleaned = clean(&step, all.clone(), &kernels);
            let names: Vec<&str> = cleaned.documents.iter().map(|d| d.name.as_str()).collect();
            assert_eq!(names, ["0", "1", "3"]);
        }
    }
}
