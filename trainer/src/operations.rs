//! The decoder's operations as candle custom operations with their own way back.
//!
//! candle keeps the graph and walks it; every number is computed by the kernels. Rows go from one
//! operation to the next in buffers that the kernels use again; what candle sees of them is a token
//! of one element. A weight's gradient goes to the sink, so the way back returns `None` for a
//! weight. What the way back needs from the way forward is kept in the operation itself.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

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

/// Rows between two operations: what the first made and, on the way back, its gradient.
#[derive(Default)]
pub struct Rows {
    made: Mutex<Option<Buffer>>,
    gradient: Mutex<Option<Buffer>>,
}

fn put(slot: &Mutex<Option<Buffer>>, rows: Buffer) {
    *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(rows);
}

fn taken(slot: &Mutex<Option<Buffer>>) -> Result<Buffer> {
    let rows = slot.lock().unwrap_or_else(PoisonError::into_inner).take();
    rows.ok_or_else(missing)
}

fn missing() -> candle_core::Error {
    candle_core::Error::Msg("an operation came before the one that it needs".into())
}

impl Rows {
    pub fn put(&self, rows: Buffer) {
        put(&self.made, rows);
    }

    /// Lends the rows.
    pub fn lend<T>(&self, use_them: impl FnOnce(&[f32]) -> Result<T>) -> Result<T> {
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        use_them(made.as_ref().ok_or_else(missing)?)
    }

    /// Takes the rows: nobody needs them again.
    pub fn take(&self) -> Result<Buffer> {
        taken(&self.made)
    }

    /// Puts the gradient, added to +0 as by a graph that sums gradients.
    pub fn put_gradient(&self, kernels: &Kernels, mut gradient: Buffer) {
        kernels.add_zero(&mut gradient);
        put(&self.gradient, gradient);
    }

    pub fn take_gradient(&self) -> Result<Buffer> {
        taken(&self.gradient)
    }
}

/// What candle sees of rows.
pub fn token() -> Result<(CpuStorage, Shape)> {
    Ok((CpuStorage::F32(vec![0.0]), Shape::from(1)))
}

/// Rows of the table (vocabulary, width) for token ids: (ids, width).
pub struct Embedding {
    pub bench: Bench,
    pub slot: usize,
    pub ids: Vec<u32>,
    pub output: Arc<Rows>,
}

impl CustomOp1 for Embedding {
    fn name(&self) -> &'static str {
        "embedding"
    }

    fn cpu_fwd(&self, table: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (_, width) = layout.shape().dims2()?;
        let mut y = self.bench.kernels.buffer(self.ids.len() * width);
        let table = slice(table, layout)?;
        self.bench.kernels.embedding_forward(&mut y, table, &self.ids, width);
        self.output.put(y);
        token()
    }

    fn bwd(&self, table: &Tensor, _: &Tensor, _: &Tensor) -> Result<Option<Tensor>> {
        let (rows, width) = table.dims2()?;
        let mut gradient = self.bench.kernels.buffer(rows * width);
        let dy = self.output.take_gradient()?;
        self.bench.kernels.embedding_backward(&mut gradient, &dy, &self.ids, width);
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
    pub input: Arc<Rows>,
    pub output: Arc<Rows>,
}

impl CustomOp1 for RmsNorm {
    fn name(&self) -> &'static str {
        "rmsnorm"
    }

    fn cpu_fwd(&self, _: &CpuStorage, _: &Layout) -> Result<(CpuStorage, Shape)> {
        let norm = |x: &[f32]| self.bench.norm(x, &self.gain, self.epsilon);
        let (y, inverse) = self.input.lend(norm)?;
        let _ = self.inverse.set(inverse);
        self.output.put(y);
        token()
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, _: &Tensor) -> Result<Option<Tensor>> {
        let (dy, rows) = (self.output.take_gradient()?, self.input.take()?);
        let mut dx = self.bench.kernels.buffer(rows.len());
        let inverse = self.inverse.get().ok_or_else(missing)?;
        self.bench.norm_back(&mut dx, &dy, &rows, inverse, &self.gain)?;
        self.input.put_gradient(&self.bench.kernels, dx);
        Ok(Some(x.zeros_like()?))
    }
}

/// The last linear layer with cross-entropy: hidden rows and the head to one number, the part of
/// the step's loss. Gradients are computed on the way forward.
pub struct HeadLoss {
    pub bench: Bench,
    pub slot: usize,
    pub targets: Vec<u32>,
    /// One over the number of targets of the whole step.
    pub scale: f32,
    pub input: Arc<Rows>,
    /// Losses by token.
    pub losses: Arc<OnceLock<Vec<f32>>>,
}

impl CustomOp2 for HeadLoss {
    fn name(&self) -> &'static str {
        "head-loss"
    }

    fn cpu_fwd(
        &self,
        _: &CpuStorage,
        _: &Layout,
        w: &CpuStorage,
        layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (_, width) = layout.shape().dims2()?;
        let (kernels, w) = (&self.bench.kernels, slice(w, layout)?);
        let h = self.input.take()?;
        let mut losses = vec![0.0; self.targets.len()];
        let (mut dh, mut dw) = (kernels.buffer(h.len()), kernels.buffer(w.len()));
        let operands = CrossEntropy { h: &h, w, targets: &self.targets, width };
        kernels.cross_entropy(&mut losses, &mut dh, &mut dw, operands, self.scale);
        self.bench.sink.put(self.slot, dw);
        self.input.put_gradient(kernels, dh);
        let part = kernels.tree_sum(&losses) * self.scale;
        let _ = self.losses.set(losses);
        Ok((CpuStorage::F32(vec![part]), Shape::from(())))
    }

    /// The upstream gradient is 1: the loss is the root of the graph.
    fn bwd(
        &self,
        h: &Tensor,
        _: &Tensor,
        _: &Tensor,
        _: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        Ok((Some(h.zeros_like()?), None))
    }
}
