//! Carries one cleaning step out: every document is kept, changed or dropped, with its reason.

use kernels::Kernels;
use recipes::Digest;
use recipes::recipe::CleaningStep;

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

/// What a step says about one document.
pub struct Outcome {
    pub decision: Decision,
    /// The earlier document that a duplicate repeats.
    pub repeats: Option<Digest>,
}

/// Carries out what a step said about each document: those that stay, in order.
pub fn apply(documents: Vec<Document>, outcomes: Vec<Outcome>) -> Vec<Document> {
    let decided = documents.into_iter().zip(outcomes);
    let stays = |(document, outcome): (Document, Outcome)| match outcome.decision {
        Decision::Keep(_) => Some(document),
        Decision::Change(text) => Some(Document { text, ..document }),
        Decision::Drop(_) => None,
    };
    decided.filter_map(stays).collect()
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
        let outcomes = outcomes(&step, &documents(&["ab", "abc", "äöüß€", "abcdef"]), &kernels);
        let reason = |outcome: &Outcome| match &outcome.decision {
            Decision::Drop(drop) => Some((drop.value, drop.limit)),
            _ => None,
        };
        let reasons: Vec<(f64, Option<f64>)> = outcomes.iter().filter_map(reason).collect();
        assert_eq!(reasons, [(2.0, Some(3.0)), (6.0, Some(5.0))]);
    }

    #[test]
    fn the_first_of_equal_texts_survives() {
        let kernels = Kernels::new(Tier::Scalar, 1).expect("kernels");
        let all = documents(&["a", "b", "a", "b", "c"]);
        let step = CleaningStep::DedupExact1(DedupExact {});
        let outcomes = outcomes(&step, &all, &kernels);
        assert_eq!(outcomes[3].repeats, Some(all[1].id));
        let kept = apply(all, outcomes);
        let names: Vec<&str> = kept.iter().map(|d| d.name.as_str()).collect();
        assert_eq!(names, ["0", "1", "4"]);
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
            let kept = apply(all.clone(), outcomes(&step, &all, &kernels));
            let names: Vec<&str> = kept.iter().map(|d| d.name.as_str()).collect();
            assert_eq!(names, ["0", "1", "3"]);
        }
    }
}
