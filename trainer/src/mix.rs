//! Which windows of which sources a stage trains on, in which order.
//!
//! A source's stream is cut into windows of `context` tokens that overlap by the one target. The
//! source of each next sequence is the one furthest behind its share, so shares are exact. The
//! windows of a source come in an order drawn anew for every repeat, keyed by (seed, stage,
//! source, repeat).

use std::io;

use kernels::random::{block, permutation};
use recipes::recipe::Ingredient;
use recipes::{Digest, Hasher};

use crate::tokenize::{Corpus, Stream};

/// The purposes of the random numbers that orders are drawn with.
const PURPOSE_KEY: u32 = 5;
const PURPOSE_ORDER: u32 = 6;

/// A stage's sequences: source and first token of each.
pub struct Mixture {
    pub sequences: Vec<(u32, u64)>,
    context: usize,
}

/// Why a formula cannot be mixed.
#[derive(Debug, thiserror::Error)]
pub enum MixError {
    #[error(
        "source `{name}` has {windows} windows of {context} tokens; its share {share} of \
         {sequences} sequences takes {wanted} with `repeats_max: {repeats_max}`; raise \
         repeats_max, lower the share or the stage's tokens, or add documents"
    )]
    Starved {
        name: String,
        windows: u64,
        context: usize,
        share: f64,
        sequences: u64,
        wanted: u64,
        repeats_max: u32,
    },
}

/// Plans a stage of `sequences` sequences.
pub fn mix(
    formula: &[Ingredient],
    corpus: &Corpus,
    sequences: u64,
    context: usize,
    seed: u64,
    stage: u32,
) -> Result<Mixture, MixError> {
    let lengths: Vec<u64> = corpus.streams.iter().map(Stream::len).collect();
    plan(formula, &lengths, sequences, context, seed, stage)
}

/// Plans a stage from the number of tokens of each source; nothing else decides it.
pub fn plan(
    formula: &[Ingredient],
    lengths: &[u64],
    sequences: u64,
    context: usize,
    seed: u64,
    stage: u32,
) -> Result<Mixture, MixError> {
    let counts = counts(formula, sequences, context as u64);
    let mut orders = Vec::new();
    for (source, (ingredient, (length, wanted))) in
        formula.iter().zip(lengths.iter().zip(&counts)).enumerate()
    {
        let windows = length.saturating_sub(1) / context as u64;
        let repeats = if windows == 0 { 0 } else { wanted.div_ceil(windows) };
        if *wanted > 0 && (windows == 0 || repeats > u64::from(ingredient.repeats_max)) {
            return Err(MixError::Starved {
                name: ingredient.source.clone(),
                windows,
                context,
                share: ingredient.share,
                sequences,
                wanted: *wanted,
                repeats_max: ingredient.repeats_max,
            });
        }
        let mut order = Vec::with_capacity(*wanted as usize);
        for repeat in 0..repeats {
            let place = u64::from(stage) << 48 | (source as u64) << 32 | repeat;
            let [low, high, ..] = block(seed, PURPOSE_KEY, place);
            let key = u64::from(high) << 32 | u64::from(low);
            let left = *wanted as usize - order.len();
            order.extend(permutation(key, PURPOSE_ORDER, windows).into_iter().take(left));
        }
        orders.push(order);
    }
    let mut used = vec![0u64; formula.len()];
    let chosen = (0..sequences).map(|number| {
        let source = furthest_behind(formula, &used, number, context as u64);
        let window = orders[source][used[source] as usize];
        used[source] += 1;
        (source as u32, window * context as u64)
    });
    Ok(Mixture { sequences: chosen.collect(), context })
}

/// The source whose count lies furthest below what it should have of the next total; ties to the
/// first.
fn furthest_behind(formula: &[Ingredient], used: &[u64], number: u64, context: u64) -> usize {
    let behind = |source: usize| formula[source].asked(number + 1, context) - used[source] as f64;
    let mut best = 0;
    for source in 1..formula.len() {
        if behind(source) > behind(best) {
            best = source;
        }
    }
    best
}

fn counts(formula: &[Ingredient], sequences: u64, context: u64) -> Vec<u64> {
    let mut used = vec![0; formula.len()];
    for number in 0..sequences {
        let source = furthest_behind(formula, &used, number, context);
        used[source] += 1;
    }
    used
}

impl Mixture {
    /// Copies a sequence's context + 1 ids.
    pub fn fill(&self, corpus: &Corpus, number: u64, ids: &mut [u32]) -> io::Result<()> {
        let (source, start) = self.sequences[number as usize];
        debug_assert_eq!(ids.len(), self.context + 1);
        corpus.streams[source as usize].read(start, ids)
    }

    /// How many sequences each source gave.
    pub fn account(&self, sources: usize) -> Vec<u64> {
        let mut used = vec![0; sources];
        for (source, _) in &self.sequences {
            used[*source as usize] += 1;
        }
        used
    }

    /// Adds the sequences to a digest: source as u32 and first token as u64, little-endian.
    pub fn update(&self, hasher: &mut Hasher) {
        for (source, start) in &self.sequences {
            hasher.update(&source.to_le_bytes());
            hasher.update(&start.to_le_bytes());
        }
    }

    /// The digest of one mixture alone.
    pub fn digest(&self) -> Digest {
        let mut hasher = Hasher::new();
        self.update(&mut hasher);
        hasher.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kitchen::spill::InMemory;
    use recipes::recipe::Later;

    fn ingredient(source: &str, share: f64, repeats_max: u32) -> Ingredient {
        Ingredient { source: source.into(), share, repeats_max, later: Vec::new() }
    }

    fn corpus(lengths: &[u32]) -> Corpus {
        let stream = |len: &u32| Stream::of(0..*len, &InMemory).expect("memory");
        Corpus { streams: lengths.iter().map(stream).collect() }
    }

    #[test]
    fn shares_are_exact_and_windows_come_once_a_repeat() {
        let formula = [ingredient("a", 0.75, 1), ingredient("b", 0.25, 3)];
        let corpus = corpus(&[301, 41]);
        let mixture = mix(&formula, &corpus, 40, 10, 7, 0).expect("mixed");
        assert_eq!(mixture.account(2), [30, 10]);
        let mut starts: Vec<u64> =
            mixture.sequences.iter().filter(|s| s.0 == 0).map(|s| s.1).collect();
        starts.sort_unstable();
        assert!(starts.iter().copied().eq((0..30).map(|i| i * 10)));
        let mut ids = [0; 11];
        mixture.fill(&corpus, 0, &mut ids).expect("memory");
        assert!(ids.windows(2).all(|pair| pair[1] == pair[0] + 1));
    }

    #[test]
    fn shares_change_at_their_token_counts() {
        let mut formula = [ingredient("a", 1.0, 1), ingredient("b", 0.0, 1)];
        let later = |after_tokens, share| Later { after_tokens, share };
        formula[0].later = vec![later(95, 0.5), later(200, 0.0)];
        formula[1].later = vec![later(95, 0.5), later(200, 1.0)];
        let mixture = mix(&formula, &corpus(&[301, 301]), 30, 10, 7, 0).expect("mixed");
        let of = |sequences: &[(u32, u64)]| sequences.iter().filter(|s| s.0 == 0).count();
        let parts = mixture.sequences.chunks(10).map(of);
        assert!(parts.eq([10, 5, 0]));
    }

    #[test]
    fn seed_and_stage_change_the_order() {
        let formula = [ingredient("a", 1.0, 1)];
        let digest = |seed, stage| {
            mix(&formula, &corpus(&[501]), 50, 10, seed, stage).expect("mixed").digest()
        };
        assert_eq!(digest(1, 0), digest(1, 0));
        assert_ne!(digest(1, 0), digest(2, 0));
        assert_ne!(digest(1, 0), digest(1, 1));
    }

    #[test]
    fn a_source_too_small_for_its_share_is_refused_with_the_arithmetic() {
        let formula = [ingredient("a", 0.5, 1), ingredient("b", 0.5, 2)];
        let error = mix(&formula, &corpus(&[1000, 41]), 30, 10, 1, 0).err().expect("starved");
        let text = error.to_string();
        assert!(text.contains("`b` has 4 windows") && text.contains("takes 15"), "{text}");
    }
}
