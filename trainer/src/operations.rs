//! The decoder's operations as candle custom operations with their own way back.
//!
//! candle keeps the graph and walks it; every number is computed by the kernels. A weight's
//! gradient goes to the sink, so the way back returns `None` for a weight. What the way back
//! needs from the way forward is kept in the operation itself.

use std::sync::{Arc, OnceLock};

use candle_core::{CpuStorage, CustomOp1, CustomOp2, Layout, Result, Shape, Storage, Tensor};
use kernels::{Buffer, Carry, CrossEntropy, Kernels};

use crate::sink::GradientSink;

/// What every operation has at hand.
#[derive(Clone)]
pub struct Bench {
    pub kernels: Kernels,
    pub sink: Arc<GradientSink>,
}

/// A weight and the slot of its gradient.
pub struct Weight {
    pub slot: usize,
    pub tensor: Tensor,
}

impl Bench {
    /// `y = x·wᵀ` for x (rows, inputs) and w (outputs, inputs).
    pub fn linear(&self, x: &[f32], rows: usize, weight: &Weight) -> Result<Buffer> {
        let (outputs, inputs) = weight.tensor.dims2()?;
        let mut y = self.kernels.buffer(rows * outputs);
        with_floats(&weight.tensor, |w| {
            self.kernels.product_nt(&mut y, x, w, rows, outputs, inputs, Carry::Fresh);
        })?;
        Ok(y)
    }

    /// The gradient of x; that of w goes to the sink.
    pub fn linear_back(
        &self,
        dy: &[f32],
        x: &[f32],
        rows: usize,
        weight: &Weight,
    ) -> Result<Buffer> {
        let (outputs, inputs) = weight.tensor.dims2()?;
        let mut dx = self.kernels.buffer(rows * inputs);
        let mut dw = self.kernels.buffer(outputs * inputs);
        with_floats(&weight.tensor, |w| {
            self.kernels.product_nn(&mut dx, dy, w, rows, inputs, outputs, Carry::Fresh);
        })?;
        self.kernels.product_tn(&mut dw, dy, x, outputs, inputs, rows, Carry::Fresh);
        self.sink.put(weight.slot, dw);
        Ok(dx)
    }

    /// Root-mean-square normalization of rows with a gain, and one over the root for every row.
    pub fn norm(&self, x: &[f32], gain: &Weight, epsilon: f32) -> Result<(Buffer, Buffer)> {
        let width = gain.tensor.elem_count();
        let mut y = self.kernels.buffer(x.len());
        let mut inverse = self.kernels.buffer(x.len() / width);
        with_floats(&gain.tensor, |gain| {
            self.kernels.rmsnorm_forward(&mut y, &mut inverse, x, gain, epsilon);
        })?;
        Ok((y, inverse))
    }

    /// The gradient of x; that of the gain goes to the sink.
    pub fn norm_back(
        &self,
        dx: &mut [f32],
        dy: &[f32],
        x: &[f32],
        inverse: &[f32],
        gain: &Weight,
    ) -> Result<()> {
        let mut dgain = self.kernels.buffer(gain.tensor.elem_count());
        with_floats(&gain.tensor, |gain| {
            self.kernels.rmsnorm_backward(dx, &mut dgain, dy, x, gain, inverse);
        })?;
        self.sink.put(gain.slot, dgain);
        Ok(())
    }
}

/// The floats of a contiguous operand.
pub fn slice<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    let floats = storage.as_slice::<f32>()?;
    match layout.contiguous_offsets() {
        Some((start, end)) => Ok(&floats[start..end]),
        None => candle_core::bail!("an operand is not contiguous"),
    }
}

/// Lends a tensor's floats.
pub fn with_floats<T>(tensor: &Tensor, use_them: impl FnOnce(&[f32]) -> T) -> Result<T> {
    let (storage, layout) = tensor.storage_and_layout();
    match &*storage {
        Storage::Cpu(storage) => Ok(use_them(slice(storage, layout)?)),
        _ => candle_core::bail!("a tensor is not in this machine's memory"),
    }
}

fn made(floats: Vec<f32>, sizes: impl Into<Shape>) -> Result<(CpuStorage, Shape)> {
    Ok((CpuStorage::F32(floats), sizes.into()))
}

fn tensor(floats: Vec<f32>, like: &Tensor) -> Result<Tensor> {
    Tensor::from_vec(floats, like.shape(), like.device())
}

/// Rows of the table (vocabulary, width) for token ids: (ids, width).
pub struct Embedding {
    pub bench: Bench,
    pub slot: usize,
    pub ids: Vec<u32>,
}

impl CustomOp1 for Embedding {
    fn name(&self) -> &'static str {
        "embedding"
    }

    fn cpu_fwd(&self, table: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (_, width) = layout.shape().dims2()?;
        let mut y = vec![0.0; self.ids.len() * width];
        let table = slice(table, layout)?;
        self.bench.kernels.embedding_forward(&mut y, table, &self.ids, width);
        made(y, (self.ids.len(), width))
    }

    fn bwd(&self, table: &Tensor, _: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let (rows, width) = table.dims2()?;
        let mut gradient = self.bench.kernels.buffer(rows * width);
        with_floats(grad, |dy| {
            self.bench.kernels.embedding_backward(&mut gradient, dy, &self.ids, width);
        })?;
        self.bench.sink.put(self.slot, gradient);
        Ok(None)
    }
}

/// The last norm: rows (rows, width) to normalized rows.
pub struct RmsNorm {
    pub bench: Bench,
    pub gain: Weight,
    pub epsilon: f32,
    /// One over the root of the mean square, for every row.
    pub inverse: OnceLock<Buffer>,
}

impl CustomOp1 for RmsNorm {
    fn name(&self) -> &'static str {
        "rmsnorm"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (y, inverse) = self.bench.norm(slice(x, layout)?, &self.gain, self.epsilon)?;
        let _ = self.inverse.set(inverse);
        made(y.to_vec(), layout.shape())
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let mut dx = vec![0.0; x.elem_count()];
        let inverse = kept(&self.inverse)?;
        with_floats(grad, |dy| {
            with_floats(x, |x| self.bench.norm_back(&mut dx, dy, x, inverse, &self.gain))
        })???;
        Ok(Some(tensor(dx, x)?))
    }
}

fn kept<T>(cell: &OnceLock<T>) -> Result<&T> {
    cell.get().ok_or_else(|| candle_core::Error::Msg("the way back came first".into()))
}

/// The last linear layer with cross-entropy: hidden rows and the head to one number, the part of
/// the step's loss. Gradients are computed on the way forward.
pub struct HeadLoss {
    pub bench: Bench,
    pub slot: usize,
    pub targets: Vec<u32>,
    /// One over the number of targets of the whole step.
    pub scale: f32,
    /// Losses by token, and the gradient of the hidden rows.
    pub results: Arc<OnceLock<(Vec<f32>, Vec<f32>)>>,
}

impl CustomOp2 for HeadLoss {
    fn name(&self) -> &'static str {
        "head-loss"
    }

    fn cpu_fwd(
        &self,
        h: &CpuStorage,
        h_layout: &Layout,
        w: &CpuStorage,
        w_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (tokens, width) = h_layout.shape().dims2()?;
        let (h, w) = (slice(h, h_layout)?, slice(w, w_layout)?);
        let (mut losses, mut dh) = (vec![0.0; tokens], vec![0.0; h.len()]);
        let mut dw = self.bench.kernels.buffer(w.len());
        let operands = CrossEntropy { h, w, targets: &self.targets, width };
        let kernels = &self.bench.kernels;
        kernels.cross_entropy(&mut losses, &mut dh, &mut dw, operands, self.scale);
        self.bench.sink.put(self.slot, dw);
        let part = kernels.tree_sum(&losses) * self.scale;
        let _ = self.results.set((losses, dh));
        made(vec![part], ())
    }

    /// The upstream gradient is 1: the loss is the root of the graph.
    fn bwd(
        &self,
        h: &Tensor,
        _: &Tensor,
        _: &Tensor,
        _: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let (_, dh) = kept(&self.results)?;
        Ok((Some(tensor(dh.clone(), h)?), None))
    }
}
