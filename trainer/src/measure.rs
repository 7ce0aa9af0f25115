//! Measuring a model on the held-out documents.

use kernels::Kernels;

use crate::model::Decoder;

/// Sequences measured at once; only memory and speed depend on it.
const TOGETHER: usize = 8;

/// Mean cross-entropy in nats a token over windows of context + 1 ids, a tree sum in f64.
///
/// The windows follow each other over the stream with one id shared, the last one may be short;
/// `None` where there is nothing to predict.
pub fn held_out_loss(
    decoder: &Decoder,
    stream: &[u32],
    kernels: &Kernels,
) -> candle_core::Result<Option<f64>> {
    let context = decoder.shape.context;
    let windows = stream.len().saturating_sub(1) / context;
    let mut losses: Vec<f64> = Vec::new();
    for first in (0..windows).step_by(TOGETHER) {
        let count = TOGETHER.min(windows - first);
        let ids: Vec<u32> = (first..first + count)
            .flat_map(|window| &stream[window * context..][..context + 1])
            .copied()
            .collect();
        losses.extend(decoder.losses(&ids, count)?.into_iter().map(f64::from));
    }
    let rest = &stream[(windows * context).min(stream.len())..];
    if rest.len() > 1 {
        losses.extend(decoder.losses(rest, 1)?.into_iter().map(f64::from));
    }
    let mean = kernels.tree_sum_f64(&losses) / losses.len() as f64;
    Ok((!losses.is_empty()).then_some(mean))
}
