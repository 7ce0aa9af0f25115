//! One block of the decoder as a single operation: attention, then the gated unit, each behind a
//! norm and added to what came in.
//!
//! With x the rows that come in: `h = x + out(attention(qkv(norm(x))))`,
//! `y = h + down(swiglu(gate_up(norm(h))))`. What the way back needs is kept in buffers that the
//! kernels use again; with `recompute` only x is kept and the rest is computed a second time, to
//! the same bits. Gradients: `dh = dnorm + dy`, `dx = dnorm + dh`, weights' to the sink.

use std::sync::{Arc, Mutex, PoisonError};

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};
use kernels::{AttentionShape, Buffer, RopeTable};

use crate::operations::{Bench, Rows, Weight, token};

/// A block and its six weights.
pub struct Block {
    pub bench: Bench,
    pub shape: AttentionShape,
    pub rope: Arc<RopeTable>,
    pub epsilon: f32,
    pub attention_norm: Weight,
    /// Queries, keys and values together: (packed, width).
    pub qkv: Weight,
    pub out: Weight,
    pub feed_norm: Weight,
    /// The gate's half, then the other: (2·hidden, width).
    pub gate_up: Weight,
    pub down: Weight,
    /// Whether the way back computes everything again instead of keeping it.
    pub recompute: bool,
    /// What the way back needs, until it is taken.
    pub kept: Mutex<Option<Kept>>,
    pub input: Arc<Rows>,
    pub output: Arc<Rows>,
}

/// Everything between a block's input and its output, row by row.
pub struct Kept {
    /// (rows, width), and one over the root of the mean square (rows).
    attention_normed: (Buffer, Buffer),
    /// (rows, packed)
    qkv: Buffer,
    /// (rows, width)
    attended: Buffer,
    /// Maximum and sum of every row of scores: (batch, heads, time).
    scores: (Buffer, Buffer),
    /// The rows between the two halves: (rows, width).
    middle: Buffer,
    feed_normed: (Buffer, Buffer),
    /// (rows, 2·hidden)
    gate_up: Buffer,
    /// (rows, hidden)
    fed: Buffer,
}

impl Block {
    /// Goes through the block; `y` gets the output.
    fn forward(&self, y: &mut [f32], x: &[f32]) -> Result<Kept> {
        let (bench, kernels) = (&self.bench, &self.bench.kernels);
        let rows = self.shape.batch * self.shape.time;
        let attention_normed = bench.norm(x, &self.attention_norm, self.epsilon)?;
        let qkv = bench.linear(&attention_normed.0, rows, &self.qkv)?;
        let mut attended = kernels.buffer(x.len());
        let scores = rows * self.shape.heads;
        let mut scores = (kernels.buffer(scores), kernels.buffer(scores));
        let (maxima, sums) = (&mut scores.0, &mut scores.1);
        kernels.attention_forward(&mut attended, maxima, sums, &qkv, self.shape, &self.rope);
        let mut middle = bench.linear(&attended, rows, &self.out)?;
        kernels.add_into(&mut middle, x);
        let feed_normed = bench.norm(&middle, &self.feed_norm, self.epsilon)?;
        let gate_up = bench.linear(&feed_normed.0, rows, &self.gate_up)?;
        let hidden = gate_up.len() / rows / 2;
        let mut fed = kernels.buffer(rows * hidden);
        kernels.swiglu_forward(&mut fed, &gate_up, hidden);
        let down = bench.linear(&fed, rows, &self.down)?;
        kernels.add(y, &down, &middle);
        Ok(Kept { attention_normed, qkv, attended, scores, middle, feed_normed, gate_up, fed })
    }

    /// Goes back through the block; gives the gradient of what came in.
    fn backward(&self, x: &[f32], dy: &[f32], kept: Kept) -> Result<Buffer> {
        let (bench, kernels) = (&self.bench, &self.bench.kernels);
        let rows = self.shape.batch * self.shape.time;
        let dfed = bench.linear_back(dy, &kept.fed, rows, &self.down)?;
        let mut dgate_up = kernels.buffer(kept.gate_up.len());
        kernels.swiglu_backward(&mut dgate_up, &dfed, &kept.gate_up, dfed.len() / rows);
        let dnormed = bench.linear_back(&dgate_up, &kept.feed_normed.0, rows, &self.gate_up)?;
        let mut dmiddle = kernels.buffer(x.len());
        let inverse = &kept.feed_normed.1;
        bench.norm_back(&mut dmiddle, &dnormed, &kept.middle, inverse, &self.feed_norm)?;
        kernels.add_into(&mut dmiddle, dy);
        let dattended = bench.linear_back(&dmiddle, &kept.attended, rows, &self.out)?;
        let mut dqkv = kernels.buffer(kept.qkv.len());
        kernels.attention_backward(
            &mut dqkv,
            &dattended,
            &kept.attended,
            &kept.qkv,
            &kept.scores.0,
            &kept.scores.1,
            self.shape,
            &self.rope,
        );
        let dnormed = bench.linear_back(&dqkv, &kept.attention_normed.0, rows, &self.qkv)?;
        let mut dx = kernels.buffer(x.len());
        let inverse = &kept.attention_normed.1;
        bench.norm_back(&mut dx, &dnormed, x, inverse, &self.attention_norm)?;
        kernels.add_into(&mut dx, &dmiddle);
        Ok(dx)
    }

    fn take(&self) -> Option<Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl CustomOp1 for Block {
    fn name(&self) -> &'static str {
        "block"
    }

    fn cpu_fwd(&self, _: &CpuStorage, _: &Layout) -> Result<(CpuStorage, Shape)> {
        let (y, kept) = self.input.lend(|x| {
            let mut y = self.bench.kernels.buffer(x.len());
            let kept = self.forward(&mut y, x)?;
            Ok((y, kept))
        })?;
        self.output.put(y);
        if !self.recompute {
            *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(kept);
        }
        token()
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, _: &Tensor) -> Result<Option<Tensor>> {
        let kernels = &self.bench.kernels;
        let (dy, rows) = (self.output.take_gradient()?, self.input.take()?);
        let kept = match self.take() {
            Some(kept) => kept,
            None => self.forward(&mut kernels.buffer(rows.len()), &rows)?,
        };
        self.input.put_gradient(kernels, self.backward(&rows, &dy, kept)?);
        Ok(Some(x.zeros_like()?))
    }
}
