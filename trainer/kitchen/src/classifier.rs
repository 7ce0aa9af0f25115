//! `filter.classifier@1`: a linear classifier over hashed n-grams, learned from example texts.
//!
//! Joulin et al. (2017), "Bag of tricks for efficient text classification". Everything is binary64
//! in one order: features by their place, examples as they are mixed, exp of the kernels.

use kernels::elementary::exp64;
use recipes::recipe;

use crate::word_prints::{Grams, write_words};

/// Weights learned from a recipe's examples.
pub struct Classifier {
    ngram_words: usize,
    table_bits: u32,
    bias: f64,
    weights: Vec<f64>,
}

/// A text as the places of its n-grams, in order, each with its weight.
type Features = Vec<(u32, f64)>;

impl Classifier {
    /// Learns from the examples of a recipe.
    pub fn of(settings: &recipe::Classifier) -> Classifier {
        let table_bits = settings.table_bits as u32;
        let mut classifier = Classifier {
            ngram_words: settings.ngram_words as usize,
            table_bits,
            bias: 0.0,
            weights: vec![0.0; 1 << table_bits],
        };
        let examples = classifier.mixed(&settings.wanted, &settings.unwanted);
        let steps = (settings.epochs * examples.len() as u64) as f64;
        let mut step = 0.0;
        for _ in 0..settings.epochs {
            for (features, label) in &examples {
                let rate = settings.rate * (1.0 - step / steps);
                let change = (label - classifier.judge(features)) * rate;
                for (place, weight) in features {
                    classifier.weights[*place as usize] += change * weight;
                }
                classifier.bias += change;
                step += 1.0;
            }
        }
        classifier
    }

    /// Both lists as one, in their order, each spread evenly over it; wanted ones have the label 1.
    fn mixed(&self, wanted: &[String], unwanted: &[String]) -> Vec<(Features, f64)> {
        let (mut good, mut bad) = (wanted.iter(), unwanted.iter());
        let mut mixed = Vec::with_capacity(wanted.len() + unwanted.len());
        while good.len() + bad.len() > 0 {
            // The list of which the larger part is left goes first, of equals the wanted one.
            let is_good = good.len() * unwanted.len() >= bad.len() * wanted.len();
            let (next, label) = if is_good { (good.next(), 1.0) } else { (bad.next(), 0.0) };
            mixed.extend(next.map(|text| (self.features(text), label)));
        }
        mixed
    }

    fn features(&self, text: &str) -> Features {
        let mut places = Vec::new();
        for n in 1..=self.ngram_words {
            let mut take = |prints: &[u64]| {
                places.extend(prints.iter().map(|print| (print >> (64 - self.table_bits)) as u32));
            };
            let mut grams = Grams::new(n, text.len(), &mut take);
            write_words(text, &mut grams);
            grams.finish();
        }
        places.sort_unstable();
        let count = |same: &[u32]| (same[0], same.len() as f64);
        let mut features: Features = places.chunk_by(|a, b| a == b).map(count).collect();
        let squares: f64 = features.iter().map(|(_, count)| count * count).sum();
        features.iter_mut().for_each(|(_, count)| *count /= squares.sqrt());
        features
    }

    /// How much a text looks like a wanted one, from 0 to 1.
    pub fn score(&self, text: &str) -> f64 {
        self.judge(&self.features(text))
    }

    fn judge(&self, features: &Features) -> f64 {
        let add = |sum, (place, weight): &(u32, f64)| sum + self.weights[*place as usize] * weight;
        let sum = features.iter().fold(self.bias, add);
        let small = exp64(-sum.abs());
        if sum < 0.0 { small / (1.0 + small) } else { 1.0 / (1.0 + small) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learned(wanted: &[&str], unwanted: &[&str]) -> Classifier {
        let json = serde_json::json!({ "wanted": wanted, "unwanted": unwanted, "table_bits": 12 });
        Classifier::of(&serde_json::from_value(json).expect("settings"))
    }

    #[test]
    fn lists_are_mixed_evenly() {
        let labels = |wanted: usize, unwanted: usize| -> String {
            let texts = |count: usize| vec!["a".to_owned(); count];
            let mixed = learned(&["a"], &["b"]).mixed(&texts(wanted), &texts(unwanted));
            mixed.iter().map(|(_, label)| if *label > 0.5 { '+' } else { '-' }).collect()
        };
        assert_eq!(labels(2, 2), "+-+-");
        assert_eq!(labels(1, 3), "+---");
        assert_eq!(labels(2, 4), "+--+--");
    }

    #[test]
    fn what_was_learned_is_known_again() {
        let classifier = learned(
            &["the river runs through the old town", "我们在公园里散步，天气很好"],
            &["click here to win free coins", "点击这里领取免费金币，马上注册"],
        );
        assert!(classifier.score("an old town by the river") > 0.6);
        assert!(classifier.score("free coins, click here") < 0.4);
        assert!(classifier.score("天气很好，去散步") > 0.6);
        assert!(classifier.score("马上领取金币") < 0.4);
        assert_eq!(classifier.score(""), classifier.score("…"));
    }

    #[test]
    fn weights_are_the_same_bits_each_time() {
        let bits = || {
            let learned = learned(&["a b c", "b c d"], &["x y", "y z x", "a z"]);
            let bytes: Vec<u8> =
                learned.weights.iter().flat_map(|w| w.to_bits().to_le_bytes()).collect();
            (recipes::Digest::of(&bytes), learned.bias.to_bits())
        };
        let (digest, bias) = bits();
        assert_eq!(bits(), (digest, bias));
        assert_eq!((digest.short().as_str(), bias), ("c8135c53", 13_826_084_990_001_227_105));
    }
}
