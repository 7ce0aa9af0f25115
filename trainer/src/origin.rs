//! Where a training token comes from: its stage, its sequence, its place in its source's stream.
//!
//! The mixture is planned again from the recipe and the number of tokens of each source, which is
//! all that decides it.

use recipes::Pinned;
use recipes::recipe::Ingredient;

use crate::build::settings;
use crate::error::BuildError;
use crate::mix::{MixError, plan};

/// The place of a training token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenOrigin {
    /// The stage's position in the recipe, from 0.
    pub stage: u32,
    /// The step of the stage that reads it, from 0.
    pub step: u64,
    /// The sequence of the stage, from 0, and the place in it.
    pub sequence: u64,
    pub offset: u64,
    /// The source's position in the formula.
    pub source: u32,
    /// The token in the stream of its source, from 0.
    pub token: u64,
}

/// Finds the training token of this number, from 0 over all stages in the order of reading;
/// nothing where training reads fewer. `lengths` are the tokens of each source.
pub fn token_origin(
    pinned: &Pinned,
    lengths: &[u64],
    number: u64,
) -> Result<Option<TokenOrigin>, BuildError> {
    let seed: u64 = pinned.seed.parse().map_err(|_| BuildError::Seed(pinned.seed.clone()))?;
    let context = crate::build::shape(pinned).context as u64;
    let stage = |stage| {
        let settings = settings(stage);
        Batches { sequences: settings.sequences(context), each: settings.batch_tokens / context }
    };
    let stages: Vec<Batches> = pinned.stages.iter().map(stage).collect();
    Ok(find(&pinned.formula, lengths, &stages, context, seed, number)?)
}

/// A stage's sequences, and those of one step.
struct Batches {
    sequences: u64,
    each: u64,
}

fn find(
    formula: &[Ingredient],
    lengths: &[u64],
    stages: &[Batches],
    context: u64,
    seed: u64,
    number: u64,
) -> Result<Option<TokenOrigin>, MixError> {
    let mut left = number;
    for (stage, Batches { sequences, each }) in (0..).zip(stages) {
        let Some(after) = left.checked_sub(sequences * context) else {
            let (sequence, offset) = (left / context, left % context);
            let mixture = plan(formula, lengths, *sequences, context as usize, seed, stage)?;
            let (source, start) = mixture.sequences[sequence as usize];
            let (step, token) = (sequence / each, start + offset);
            return Ok(Some(TokenOrigin { stage, step, sequence, offset, source, token }));
        };
        left = after;
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mix::mix;
    use crate::tokenize::{Corpus, Stream};
    use kitchen::spill::InMemory;

    #[test]
    fn every_training_token_is_found_where_training_reads_it() {
        let ingredient = |source: &str, share| Ingredient {
            source: source.into(),
            share,
            repeats_max: 9,
            later: Vec::new(),
        };
        let formula = [ingredient("a", 0.75), ingredient("b", 0.25)];
        let stream = |ids| Stream::of(ids, &InMemory).expect("memory");
        let streams = vec![stream(0..301), stream(1000..1041)];
        let corpus = Corpus { streams };
        let stages = [Batches { sequences: 40, each: 4 }, Batches { sequences: 12, each: 3 }];
        let mut number = 0;
        for (stage, Batches { sequences, each }) in (0..).zip(&stages) {
            let mixture = mix(&formula, &corpus, *sequences, 10, 7, stage).expect("mixed");
            for sequence in 0..*sequences {
                let mut ids = [0; 11];
                mixture.fill(&corpus, sequence, &mut ids).expect("memory");
                for (offset, id) in (0..).zip(&ids[..10]) {
                    let found = find(&formula, &[301, 41], &stages, 10, 7, number);
                    let found = found.expect("planned").expect("a token");
                    let mut token = [0];
                    let stream = &corpus.streams[found.source as usize];
                    stream.read(found.token, &mut token).expect("memory");
                    assert_eq!(token, [*id]);
                    let place = (stage, sequence / each, sequence, offset);
                    assert_eq!((found.stage, found.step, found.sequence, found.offset), place);
                    number += 1;
                }
            }
        }
        let past = find(&formula, &[301, 41], &stages, 10, 7, number).expect("planned");
        assert_eq!(past, None);
    }
}
