//! `select.*`: which of all documents stay, by digest, position, rank or kind.

use std::collections::BTreeMap;

use kernels::Kernels;
use recipes::Digest;
use recipes::recipe::{
    self, CapKind, Cut, SelectCap, SelectRange, SelectSample, SelectTop, SelectTopScore,
    TopMeasure, TopScore,
};

use crate::classifier::Classifier;
use crate::clean::Outcome;
use crate::compare::{Compare, Settled};
use crate::decision::{Decision, Measure};
use crate::dedup::DedupError;
use crate::document::Document;
use crate::language_model::LanguageModel;
use crate::ratios;

/// A part of the documents by their digests.
pub fn sample(settings: &SelectSample, document: &Document) -> Decision {
    let seed = settings.seed.to_le_bytes();
    let digest = Digest::of(&[&document.id.as_bytes()[..], b"select.sample", &seed].concat());
    let first = digest.as_bytes().first_chunk().expect("32 bytes");
    // 53 bits are exact, and 1 is never reached.
    let place = (u64::from_be_bytes(*first) >> 11) as f64 / (1u64 << 53) as f64;
    match settings.share {
        share if place < share => Decision::Keep(vec![Measure::at_most("place", place, share)]),
        share => drop("place", place, share),
    }
}

fn drop(measure: &'static str, value: f64, limit: f64) -> Decision {
    Decision::Drop(crate::decision::Drop { measure: measure.into(), value, limit: Some(limit) })
}

/// Decides in document order, by what stood before.
fn in_order(
    documents: &[&Document],
    decide: impl FnMut(&&Document) -> Decision,
) -> Result<Vec<Outcome>, DedupError> {
    Ok(documents.iter().map(decide).map(Outcome::alone).collect())
}

/// The documents at some positions.
pub struct Range {
    from: u64,
    end: u64,
    position: u64,
}

impl Range {
    /// Makes ready.
    pub fn new(settings: &SelectRange) -> Range {
        let end = settings.from.saturating_add(settings.documents);
        Range { from: settings.from, end, position: 0 }
    }
}

impl<'a> Compare<'a> for Range {
    fn see(&mut self, _: &[&Document]) -> Result<(), DedupError> {
        Ok(())
    }

    fn settle(self: Box<Self>) -> Result<Box<dyn Settled + 'a>, DedupError> {
        Ok(self)
    }
}

impl Settled for Range {
    fn outcomes(&mut self, documents: &[&Document]) -> Result<Vec<Outcome>, DedupError> {
        in_order(documents, |_| {
            let position = self.position;
            self.position += 1;
            match position {
                _ if position < self.from => drop("position", position as f64, self.from as f64),
                _ if position >= self.end => {
                    drop("position", position as f64, self.end as f64 - 1.0)
                }
                _ => Decision::Keep(Vec::new()),
            }
        })
    }
}

/// A measure of a text; more is better.
type Score = Box<dyn Fn(&str) -> f64 + Sync>;

/// The first documents by a measure; eight bytes a document are held, and in between four more.
pub struct Top<'a> {
    kernels: &'a Kernels,
    score: Score,
    documents: u64,
    /// Of each document seen its score, then its rank from 0.
    ranks: Vec<f64>,
    next: usize,
}

impl<'a> Top<'a> {
    /// Makes ready to rank by a measure.
    pub fn new(settings: &SelectTop, kernels: &'a Kernels) -> Top<'a> {
        let score: Score = match settings.by {
            TopMeasure::Chars => Box::new(|text| text.chars().count() as f64),
            TopMeasure::DistinctWords => Box::new(|text| ratios::distinct_words(text, Cut::Spaces)),
        };
        Top { kernels, score, documents: settings.documents, ranks: Vec::new(), next: 0 }
    }

    /// Learns a score, and makes ready to rank by it.
    pub fn learned(settings: &SelectTopScore, kernels: &'a Kernels) -> Top<'a> {
        let SelectTopScore { by, texts, unwanted, cut, documents } = settings;
        let score: Score = match by {
            TopScore::Classifier => {
                let classifier = Classifier::of(&recipe::Classifier {
                    wanted: texts.clone(),
                    unwanted: unwanted.clone(),
                    ngram_words: 2,
                    table_bits: 18,
                    epochs: 20,
                    rate: 0.5,
                    score_min: 0.5,
                });
                Box::new(move |text| classifier.score(text))
            }
            TopScore::UnigramScore => {
                let model = LanguageModel::of(texts, 1, *cut);
                Box::new(move |text| model.mean_ln(text))
            }
            TopScore::NgramScore => {
                let model = LanguageModel::of(texts, 3, *cut);
                Box::new(move |text| -model.perplexity(text))
            }
        };
        Top { kernels, score, documents: *documents, ranks: Vec::new(), next: 0 }
    }
}

impl<'a> Compare<'a> for Top<'a> {
    fn see(&mut self, documents: &[&Document]) -> Result<(), DedupError> {
        if self.ranks.len() + documents.len() > u32::MAX as usize {
            return Err(DedupError::Documents);
        }
        let score = |index: usize| (self.score)(&documents[index].text);
        self.ranks.extend(self.kernels.map(documents.len(), &score));
        Ok(())
    }

    fn settle(mut self: Box<Self>) -> Result<Box<dyn Settled + 'a>, DedupError> {
        let mut order: Vec<u32> = (0..self.ranks.len() as u32).collect();
        order.sort_unstable_by(|a, b| {
            let score = |number: &u32| self.ranks[*number as usize];
            score(b).total_cmp(&score(a)).then(a.cmp(b))
        });
        for (rank, number) in order.into_iter().enumerate() {
            self.ranks[number as usize] = rank as f64;
        }
        Ok(self)
    }
}

impl Settled for Top<'_> {
    fn outcomes(&mut self, documents: &[&Document]) -> Result<Vec<Outcome>, DedupError> {
        in_order(documents, |_| {
            let rank = self.ranks[self.next];
            self.next += 1;
            match self.documents as f64 {
                documents if rank < documents => Decision::Keep(Vec::new()),
                documents => drop("rank", rank + 1.0, documents),
            }
        })
    }
}

/// At most some documents of each kind.
pub struct Cap {
    settings: SelectCap,
    counts: BTreeMap<(u32, String), u64>,
}

impl Cap {
    /// Makes ready.
    pub fn new(settings: &SelectCap) -> Cap {
        Cap { settings: settings.clone(), counts: BTreeMap::new() }
    }
}

impl<'a> Compare<'a> for Cap {
    fn see(&mut self, _: &[&Document]) -> Result<(), DedupError> {
        Ok(())
    }

    fn settle(self: Box<Self>) -> Result<Box<dyn Settled + 'a>, DedupError> {
        Ok(self)
    }
}

impl Settled for Cap {
    fn outcomes(&mut self, documents: &[&Document]) -> Result<Vec<Outcome>, DedupError> {
        in_order(documents, |document| {
            let kind = match self.settings.per {
                CapKind::Source => (document.source, String::new()),
                CapKind::Name => (document.source, document.name.clone()),
                CapKind::Host => match document.about.host() {
                    Some(host) => (0, host),
                    None => return Decision::Keep(Vec::new()),
                },
            };
            let count = self.counts.entry(kind).or_insert(0u64);
            *count += 1;
            Decision::within("documents", *count as f64, None, self.settings.documents_max as f64)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernels::Tier;

    #[test]
    fn a_learned_score_ranks_as_the_filter_of_its_name_scores() {
        let (wanted, unwanted) = (["the river and the town"], ["free coins, click here"]);
        let texts = ["a town by the river", "click for coins", "the river", "coins here", "…"];
        let filters = [
            (TopScore::Classifier, "filter.classifier@1", "wanted", 1.0),
            (TopScore::UnigramScore, "filter.unigram-score@1", "texts", 1.0),
            (TopScore::NgramScore, "filter.ngram-score@1", "texts", -1.0),
        ];
        let kernels = Kernels::new(Tier::Scalar, 2).expect("kernels");
        for (by, name, list, sign) in filters {
            let mut settings = serde_json::json!({ list: wanted });
            if by == TopScore::Classifier {
                settings["unwanted"] = unwanted.into();
            }
            let step = serde_json::from_value(serde_json::json!({ name: settings }));
            let step = step.expect("a step");
            let filter = crate::Prepared::of(&step);
            let settings = SelectTopScore {
                by,
                texts: wanted.map(str::to_owned).into(),
                unwanted: unwanted.map(str::to_owned).into(),
                cut: Cut::Words,
                documents: 2,
            };
            let top = Top::learned(&settings, &kernels);
            for text in texts {
                let document = Document::new(0, "f".into(), 0, text.into());
                let said = crate::desk::with_page(text, |page| filter.decide(&document, page));
                let value = match said {
                    Decision::Keep(measures) => measures[0].value,
                    Decision::Drop(drop) => drop.value,
                    Decision::Change(_) => panic!("a filter changes no text"),
                };
                assert_eq!((top.score)(text), value * sign, "{name}: {text}");
            }
        }
    }

    #[test]
    fn a_sample_is_about_its_share_and_the_same_in_any_order() {
        let made = |i: u64| Document::new(0, "f".into(), i, format!("text {i}"));
        let mut documents: Vec<Document> = (0..1000).map(made).collect();
        let settings = SelectSample { share: 0.3, seed: 1 };
        let kept = |documents: &[Document]| -> Vec<String> {
            let is_kept =
                |document: &&Document| matches!(sample(&settings, document), Decision::Keep(_));
            let kept = documents.iter().filter(is_kept);
            let mut texts: Vec<String> = kept.map(|document| document.text.clone()).collect();
            texts.sort();
            texts
        };
        let first = kept(&documents);
        assert!((250..350).contains(&first.len()), "{}", first.len());
        documents.reverse();
        assert_eq!(kept(&documents), first);
    }
}
