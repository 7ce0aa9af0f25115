//! Carries one cleaning step out: every document is kept, changed or dropped, with its reason.

use kernels::Kernels;
use recipes::Digest;
use recipes::recipe::CleaningStep;

use crate::compare;
use crate::decision::Decision;
use crate::dedup::Bench;
use crate::desk::{Page, with_page};
use crate::document::Document;
use crate::prepared::Prepared;
use crate::spill::InMemory;
use crate::{
    c4, comments, filter_length, fineweb, gopher_quality, gopher_repetition, gopher_repetition2,
    html, language, language_parts, measured, normalize, periods, pii_find, pii_mask, rewrite,
};

/// What a step says about one document.
pub struct Outcome {
    pub decision: Decision,
    /// The earlier document that a duplicate repeats.
    pub repeats: Option<Digest>,
}

impl Outcome {
    /// What was decided without another document.
    pub fn alone(decision: Decision) -> Outcome {
        Outcome { decision, repeats: None }
    }
}

/// What a step says about each document, in order, all in memory.
pub fn outcomes(step: &CleaningStep, documents: &[Document], kernels: &Kernels) -> Vec<Outcome> {
    let bench = Bench { kernels, scratch: &InMemory, budget: usize::MAX };
    if let Some(mut comparison) = compare::of(step, bench) {
        let documents: Vec<&Document> = documents.iter().collect();
        let seen = comparison.see(&documents).and_then(|()| comparison.settle());
        let outcomes = seen.and_then(|mut settled| settled.outcomes(&documents));
        return outcomes.expect("memory does not fail and holds no 2^32 documents");
    }
    let step = Prepared::of(step);
    kernels.map(documents.len(), &|index| {
        let document = &documents[index];
        Outcome::alone(with_page(&document.text, |page| step.decide(document, page)))
    })
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
        CleaningStep::FilterLanguage1(settings) => language::decide(settings, page.text),
        CleaningStep::FilterPeriods1(settings) => periods::decide(settings, page.text),
        CleaningStep::FilterComments1(settings) => comments::decide(settings, page.text),
        CleaningStep::FilterHtmlText1(settings) => html::decide(settings, page.text),
        CleaningStep::FilterLanguageParts1(settings) => language_parts::decide(settings, page.text),
        CleaningStep::PiiMask1(settings) => pii_mask::decide(settings, page.text),
        CleaningStep::PiiFilter1(settings) => pii_find::decide(settings, page.text),
        step => return rewrite::decide(step, page.text).or_else(|| measured::decide(step, page)),
    })
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

    fn kept(said: &[Outcome]) -> Vec<usize> {
        let is_kept = |outcome: &Outcome| matches!(outcome.decision, Decision::Keep(_));
        (0..said.len()).filter(|index| is_kept(&said[*index])).collect()
    }

    #[test]
    fn every_dropped_document_has_its_reason() {
        let kernels = Kernels::new(Tier::Scalar, 2).expect("kernels");
        let step = CleaningStep::FilterLength1(FilterLength {
            chars_min: 3,
            chars_max: Some(5),
            trim: false,
        });
        let all = documents(&["ab", "abc", "äöüß€", "abcdef"]);
        let reason = |outcome: Outcome| match outcome.decision {
            Decision::Drop(drop) => Some((drop.value, drop.limit)),
            _ => None,
        };
        let said: Vec<_> = outcomes(&step, &all, &kernels).into_iter().map(reason).collect();
        assert_eq!(said, [Some((2.0, Some(3.0))), None, None, Some((6.0, Some(5.0)))]);
    }

    #[test]
    fn the_first_of_equal_texts_survives() {
        let kernels = Kernels::new(Tier::Scalar, 1).expect("kernels");
        let all = documents(&["a", "b", "a", "b", "c"]);
        let step = CleaningStep::DedupExact1(DedupExact::default());
        let said = outcomes(&step, &all, &kernels);
        assert_eq!(kept(&said), [0, 1, 4]);
        assert_eq!(said[3].repeats, Some(all[1].id));
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
            assert_eq!(kept(&outcomes(&step, &all, &kernels)), [0, 1, 3]);
        }
    }
}
