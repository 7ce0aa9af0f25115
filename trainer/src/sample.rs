//! Text from a prompt: the most likely token each time, or a counter-based draw.

use kernels::elementary::exp64;
use kernels::random::block;

use crate::model::Decoder;
use crate::tokenizer::{Coder, END_ID};

/// The purpose of the random numbers that tokens are drawn with.
const PURPOSE_SAMPLE: u32 = 4;

/// How text is drawn.
#[derive(Clone, Debug)]
pub struct Drawing {
    /// Most tokens that are added to the prompt.
    pub tokens: usize,
    /// 0 takes the most likely token, 1 draws by the model's own chances.
    pub temperature: f64,
    pub seed: u64,
}

/// Why no text came out.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    #[error("tensor operation: {0}")]
    Tensor(#[from] candle_core::Error),
}

/// The prompt and what follows it; `heard` gets each new piece of text as it comes.
pub fn sample(
    decoder: &Decoder,
    coder: &Coder,
    prompt: &str,
    drawing: &Drawing,
    heard: &mut dyn FnMut(&str),
) -> Result<String, SampleError> {
    let mut ids = vec![END_ID];
    ids.extend(coder.encode(prompt));
    let start = ids.len();
    let mut text = String::new();
    for index in 0..drawing.tokens {
        let window = &ids[ids.len().saturating_sub(decoder.shape.context)..];
        let logits = decoder.next_logits(window)?;
        let next = match drawing.temperature > 0.0 {
            true => drawn(&logits, drawing, index as u64),
            false => most_likely(&logits),
        };
        if next == END_ID {
            break;
        }
        ids.push(next);
        let whole = coder.decode(&ids[start..]);
        // A token may end within a character: wait for the rest of it.
        if !whole.ends_with('\u{FFFD}') && whole.len() > text.len() {
            heard(&whole[text.len()..]);
            text = whole;
        }
    }
    Ok(format!("{prompt}{text}"))
}

/// The first of the largest logits.
fn most_likely(logits: &[f32]) -> u32 {
    let mut best = 0;
    for (id, logit) in logits.iter().enumerate() {
        if *logit > logits[best] {
            best = id;
        }
    }
    best as u32
}

/// The token at a random place of the cumulative chances, in f64.
fn drawn(logits: &[f32], drawing: &Drawing, index: u64) -> u32 {
    let largest = f64::from(logits[most_likely(logits) as usize]);
    let chance = |logit: &f32| exp64((f64::from(*logit) - largest) / drawing.temperature);
    let mut total = 0.0;
    for logit in logits {
        total += chance(logit);
    }
    let unit = f64::from(block(drawing.seed, PURPOSE_SAMPLE, index)[0]) / 4_294_967_296.0;
    let mut rest = unit * total;
    for (id, logit) in logits.iter().enumerate() {
        rest -= chance(logit);
        if rest < 0.0 {
            return id as u32;
        }
    }
    most_likely(logits)
}
