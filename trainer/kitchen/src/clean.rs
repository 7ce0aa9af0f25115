//! Carries one cleaning step out: every document is kept, changed or dropped, with its reason.

use kernels::Kernels;
use recipes::Digest;
use recipes::recipe::CleaningStep;
use serde::{Deserialize, Serialize};

use crate::decision::{Decision, Drop};
use crate::dedup::{self, Bench, Dedup, Repeat, Verdict};
use crate::desk::{Page, with_page};
use crate::document::Document;
use crate::prepared::Prepared;
use crate::spill::InMemory;
use crate::{
    c4, filter_length, fineweb, gopher_quality, gopher_repetition, gopher_repetition2, measured,
    normalize, pii_find, pii_mask, rewrite, select,
};

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

/// What a step says about one document.
pub struct Outcome {
    pub decision: Decision,
    /// The earlier document that a duplicate repeats.
    pub repeats: Option<Digest>,
}

/// Carries a step out over all documents, in order.
pub fn clean(step: &CleaningStep, documents: Vec<Document>, kernels: &Kernels) -> Cleaned {
    let outcomes = outcomes(step, &documents, kernels);
    let mut cleaned = Cleaned { documents: Vec::new(), dropped: Vec::new(), changed: 0 };
    for (mut document, outcome) in documents.into_iter().zip(outcomes) {
        match outcome.decision {
            Decision::Keep(_) => cleaned.documents.push(document),
            Decision::Change(text) => {
                document.text = text;
                cleaned.changed += 1;
                cleaned.documents.push(document);
            }
            Decision::Drop(reason) => {
                cleaned.dropped.push(fate(&document, reason, outcome.repeats));
            }
        }
    }
    cleaned
}

/// What a step says about each document, in order.
pub fn outcomes(step: &CleaningStep, documents: &[Document], kernels: &Kernels) -> Vec<Outcome> {
    let bench = Bench { kernels, scratch: &InMemory, budget: usize::MAX };
    if let Some(dedup) = dedup::of(step, bench) {
        return repeats(documents, dedup);
    }
    match step {
        CleaningStep::SelectSample1(settings) => selected(select::sample(settings, documents)),
        CleaningStep::SelectRange1(settings) => selected(select::range(settings, documents)),
        CleaningStep::SelectTop1(settings) => selected(select::top(settings, documents)),
        CleaningStep::SelectCap1(settings) => selected(select::cap(settings, documents)),
        step => {
            let step = Prepared::of(step).expect("a step about single documents");
            kernels.map(documents.len(), &|index| {
                let decision = with_page(&documents[index].text, |page| step.decide(page));
                Outcome { decision, repeats: None }
            })
        }
    }
}

/// Decides about one text by a step that needs nothing but its settings; nothing where it is
/// another.
pub(crate) fn decide(step: &CleaningStep, page: &mut Page) -> Option<Decision> {
    Some(match step {
        CleaningStep::TextNormalize1(settings) => normalize::decide(settings, page.text),
        CleaningStep::FilterLength1(settings) => filter_length::decide(settings, page.text),
        CleaningStep::FilterGopherRepetition1(settings) => {
            gopher_repetition::decide(settings, page.text)
        }
        CleaningStep::FilterGopherRepetition2(settings) => {
            gopher_repetition2::decide(settings, page)
        }
        CleaningStep::FilterGopherQuality1(settings) => gopher_quality::decide(settings, page),
        CleaningStep::FilterC41(settings) => c4::decide(settings, page),
        CleaningStep::FilterFineWeb1(settings) => fineweb::decide(settings, page),
        CleaningStep::PiiMask1(settings) => pii_mask::decide(settings, page.text),
        CleaningStep::PiiFilter1(settings) => pii_find::decide(settings, page.text),
        step => return rewrite::decide(step, page.text).or_else(|| measured::decide(step, page)),
    })
}

fn selected(decisions: Vec<Decision>) -> Vec<Outcome> {
    decisions.into_iter().map(|decision| Outcome { decision, repeats: None }).collect()
}

/// Carries a deduplication out over documents in memory.
fn repeats<'a>(documents: &[Document], mut dedup: Box<dyn Dedup<'a> + 'a>) -> Vec<Outcome> {
    let texts: Vec<&str> = documents.iter().map(|document| document.text.as_str()).collect();
    let judged = dedup.see(&texts).and_then(|()| dedup.settle()?.judge(&texts));
    let verdicts = judged.expect("memory does not fail and holds no 2^32 documents");
    let outcome = |verdict: Verdict| match verdict {
        Verdict::Keep => Outcome { decision: Decision::Keep(Vec::new()), repeats: None },
        Verdict::Change(cut) => Outcome {
            decision: Decision::Change(cut.text),
            repeats: Some(documents[cut.of as usize].id),
        },
        Verdict::Drop(Repeat { of, measure, value, limit }) => Outcome {
            decision: Decision::Drop(Drop { measure, value, limit }),
            repeats: Some(documents[of as usize].id),
        },
    };
    verdicts.into_iter().map(outcome).collect()
}

fn fate(document: &Document, reason: Drop, repeats: Option<Digest>) -> Fate {
    Fate {
        document: document.id,
        source: document.source,
        name: document.name.clone(),
        position: document.position,
        measure: reason.measure.to_owned(),
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
