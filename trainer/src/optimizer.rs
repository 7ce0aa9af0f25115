//! Clipping and AdamW over the weights of a decoder.

use std::cell::RefCell;

use candle_core::{CpuStorage, InplaceOp1, Layout};
use kernels::{AdamwStep, Buffer, Kernels};
use recipes::recipe::Optimizer;

use crate::model::Decoder;

/// The moments of all weights and the powers of β.
pub struct Moments {
    pub m: Vec<Vec<f32>>,
    pub v: Vec<Vec<f32>>,
    pub powers: [f64; 2],
}

/// One weight's update in place, through candle's own storage.
struct Update<'a> {
    kernels: &'a Kernels,
    moments: RefCell<(&'a mut [f32], &'a mut [f32])>,
    gradient: &'a [f32],
    step: AdamwStep,
}

impl InplaceOp1 for Update<'_> {
    fn name(&self) -> &'static str {
        "adamw"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, _: &Layout) -> candle_core::Result<()> {
        let CpuStorage::F32(theta) = storage else { candle_core::bail!("a weight is not f32") };
        let (m, v) = &mut *self.moments.borrow_mut();
        self.kernels.adamw(theta, m, v, self.gradient, &self.step);
        Ok(())
    }
}

/// Takes one step; gives the gradient's norm, or `None` where it is not finite and nothing moved.
pub fn step(
    decoder: &Decoder,
    moments: &mut Moments,
    gradients: &[Buffer],
    optimizer: &Optimizer,
    rate: f64,
) -> candle_core::Result<Option<f64>> {
    let Optimizer::Adamw { beta1, beta2, epsilon, weight_decay, clip_norm } = *optimizer;
    let kernels = &decoder.bench.kernels;
    let parts: Vec<&[f32]> = gradients.iter().map(|gradient| &gradient[..]).collect();
    let norm = kernels.sum_of_squares(&parts).sqrt();
    if !norm.is_finite() {
        return Ok(None);
    }
    moments.powers[0] *= beta1;
    moments.powers[1] *= beta2;
    let scale = if norm > clip_norm { clip_norm / norm } else { 1.0 };
    for (i, parameter) in decoder.parameters.iter().enumerate() {
        let decay = if parameter.decays() { weight_decay } else { 0.0 };
        let step = AdamwStep {
            scale: scale as f32,
            rate: rate as f32,
            beta1_rest: (1.0 - beta1) as f32,
            beta2_rest: (1.0 - beta2) as f32,
            correction1: (1.0 / (1.0 - moments.powers[0])) as f32,
            correction2: (1.0 / (1.0 - moments.powers[1])) as f32,
            epsilon: epsilon as f32,
            keep: (1.0 - rate * decay) as f32,
        };
        let moments = RefCell::new((&mut moments.m[i][..], &mut moments.v[i][..]));
        let update = Update { kernels, moments, gradient: &gradients[i], step };
        decoder.weights[i].inplace_op1(&update)?;
    }
    Ok(Some(norm))
}
