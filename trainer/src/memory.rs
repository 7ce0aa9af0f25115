//! How much memory training needs, counted before it begins.
//!
//! Counted are the arrays that grow with the model and the batch: weights, two moments, gradients
//! of the subtrees that wait to be joined, what blocks keep for the way back, the work of one
//! block and of one chunk of logits. Documents and tokens are not, nor what each thread works in:
//! about a megabyte, and the vectors of one head of a sequence some ten times; nor the panels that
//! threads share in a product, some 16 MB each of a few sizes. The model of `ingot bench train` is
//! counted at 659 MB and was measured at 732 MB, the program included.

use recipes::recipe::Pretrain;

use crate::shape::Shape;

/// Bytes that training needs at its peak, by what they are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needed {
    pub parameters: u64,
    pub weights: u64,
    pub moments: u64,
    pub gradients: u64,
    /// What blocks keep for the way back.
    pub activations: u64,
    /// What one block and one chunk of logits work in.
    pub work: u64,
    pub ranks: u64,
}

/// Bytes of a float.
const FLOAT: u64 = 4;

impl Needed {
    /// What a stage needs in one process.
    pub fn new(shape: &Shape, settings: &Pretrain, ranks: usize) -> Needed {
        let wide = |x: usize| x as u64;
        let (width, hidden, heads) = (wide(shape.width), wide(shape.hidden), wide(shape.heads));
        let packed = (heads + 2 * wide(shape.kv_heads)) * wide(shape.head_width());
        let rows = settings.batch_tokens / u64::from(settings.micro_batches);
        let kept = 5 * width + packed + 3 * hidden + 2 * heads + 2;
        let layers = wide(shape.layers);
        let each_row = match settings.recompute {
            true => layers * width + kept,
            false => layers * (kept + width),
        };
        let back = 5 * width + packed + 3 * hidden;
        let (chunk, vocabulary) = (wide(kernels::LOGIT_ROWS).min(rows), wide(shape.vocabulary));
        let logits = chunk * vocabulary;
        let parameters = shape.parameter_count();
        let share = u64::from(settings.micro_batches) / wide(ranks).max(1);
        let bytes = |floats: u64| floats.saturating_mul(FLOAT);
        Needed {
            parameters,
            weights: bytes(parameters),
            moments: bytes(2 * parameters),
            gradients: bytes(parameters).saturating_mul(u64::from(share.max(1).ilog2()) + 1),
            activations: bytes(rows.saturating_mul(each_row)),
            work: bytes(rows.saturating_mul(back).saturating_add(logits)),
            ranks: wide(ranks),
        }
    }

    /// All of it.
    pub fn total(&self) -> u64 {
        let parts = [self.weights, self.moments, self.gradients, self.activations, self.work];
        parts.iter().fold(0u64, |sum, part| sum.saturating_add(*part)).saturating_mul(self.ranks)
    }
}

/// Training that does not fit.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "training needs about {} of memory and {} are free: {} parameters give weights {}, moments {}, \
     gradients {}; {tokens} tokens a micro-batch give activations {}, work {}{}",
    size(.needed.total()), size(*.free), .needed.parameters, size(.needed.weights),
    size(.needed.moments), size(.needed.gradients), size(.needed.activations),
    size(.needed.work), times(.needed.ranks)
)]
pub struct MemoryError {
    pub needed: Needed,
    pub free: u64,
    /// Tokens of a micro-batch.
    pub tokens: u64,
    /// What would need less: a change of the recipe or the command, and the bytes then.
    pub smaller: Vec<(String, u64)>,
}

fn times(ranks: u64) -> String {
    if ranks == 1 { String::new() } else { format!(", each {ranks} times for {ranks} ranks") }
}

/// Bytes for people.
fn size(bytes: u64) -> String {
    match bytes {
        0..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

/// Refuses a stage that needs more memory than is free.
pub fn check(
    shape: &Shape,
    settings: &Pretrain,
    ranks: usize,
    free: u64,
) -> Result<(), MemoryError> {
    let needed = Needed::new(shape, settings, ranks);
    if needed.total() <= free {
        return Ok(());
    }
    let tokens = settings.batch_tokens / u64::from(settings.micro_batches);
    let mut smaller = Vec::new();
    let mut offer = |what: String, settings: &Pretrain, ranks: usize| {
        let total = Needed::new(shape, settings, ranks).total();
        if total < needed.total() {
            smaller.push((what, total));
        }
    };
    if ranks > 1 {
        offer("`--ranks 1`".into(), settings, 1);
    }
    let most = settings.batch_tokens / shape.context as u64;
    if u64::from(settings.micro_batches) < most {
        let micro_batches = u32::try_from(most).unwrap_or(u32::MAX);
        let one_each = Pretrain { micro_batches, ..settings.clone() };
        offer(format!("`micro_batches: {micro_batches}`"), &one_each, ranks);
        if !settings.recompute {
            let both = Pretrain { recompute: true, ..one_each };
            let what = format!("`micro_batches: {micro_batches}` with `recompute: true`");
            offer(what, &both, ranks);
        }
    }
    if !settings.recompute {
        let again = Pretrain { recompute: true, ..settings.clone() };
        offer("`recompute: true`".into(), &again, ranks);
    }
    Err(MemoryError { needed, free, tokens, smaller })
}

impl MemoryError {
    /// What to change, with what it would need.
    pub fn advice(&self) -> String {
        let fits = |(what, bytes): &(String, u64)| {
            let verdict = if *bytes <= self.free { "fits" } else { "still too much" };
            format!("{what} needs about {}: {verdict}", size(*bytes))
        };
        let mut offers: Vec<String> = self.smaller.iter().map(fits).collect();
        offers.push("a smaller model needs less of everything".into());
        offers.join("; ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use recipes::recipe::{Optimizer, Schedule};

    fn shape() -> Shape {
        Shape {
            vocabulary: 8192,
            layers: 6,
            width: 384,
            heads: 6,
            kv_heads: 6,
            hidden: 1024,
            context: 256,
            tied: false,
            rope_theta: 10_000.0,
            norm_epsilon: 1e-5,
        }
    }

    fn settings() -> Pretrain {
        Pretrain {
            tokens: 1 << 20,
            batch_tokens: 2048,
            micro_batches: 1,
            optimizer: Optimizer::default(),
            schedule: Schedule::Constant { peak: 1e-3, warmup_tokens: 0 },
            state_every: 20,
            recompute: false,
        }
    }

    #[test]
    fn the_arithmetic_is_written_out_with_what_would_fit() {
        assert_eq!(check(&shape(), &settings(), 1, 2_000_000_000), Ok(()));
        let error = check(&shape(), &settings(), 1, 500_000_000).expect_err("too large");
        let message = error.to_string();
        assert!(message.contains("16913280 parameters give weights 67.7 MB"), "{message}");
        assert!(message.contains("500.0 MB are free"), "{message}");
        assert_eq!(Needed::new(&shape(), &settings(), 1).total(), 659_273_728);
        let advice = error.advice();
        assert!(advice.contains("`micro_batches: 8` needs about 528.4 MB: still"), "{advice}");
        assert!(advice.contains("`recompute: true` needs about 407.0 MB: fits"), "{advice}");
    }

    #[test]
    fn each_rank_holds_everything() {
        let settings = Pretrain { micro_batches: 4, ..settings() };
        let one = Needed::new(&shape(), &settings, 1);
        let two = Needed::new(&shape(), &settings, 2);
        assert_eq!(two.gradients, one.gradients / 3 * 2);
        assert_eq!(two.total(), 2 * (one.total() - one.gradients + two.gradients));
    }
}
