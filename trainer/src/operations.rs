//! The decoder's operations as candle custom operations with their own way back.
//!
//! candle keeps the graph and walks it; every number is computed by the kernels. A weight's
//! gradient goes to the sink, so the way back returns `None` for a weight. What the way back
//! needs from the way forward is kept in the operation itself.

use std::sync::{Arc, OnceLock};

use candle_core::{CpuStorage, CustomOp1, CustomOp2, Layout, Result, Shape, Storage, Tensor};
use kernels::{AttentionShape, Carry, CrossEntropy, Kernels, RopeTable};

use crate::sink::GradientSink;

/// What every operation has at hand.
#[derive(Clone)]
pub struct Bench {
    pub kernels: Kernels,
    pub sink: Arc<GradientSink>,
}

fn slice<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
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

/// `y = x·wᵀ` for x (rows, inputs) and w (outputs, inputs).
pub struct Linear {
    pub bench: Bench,
    pub slot: usize,
}

impl CustomOp2 for Linear {
    fn name(&self) -> &'static str {
        "linear"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        w: &CpuStorage,
        w_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (rows, inputs) = x_layout.shape().dims2()?;
        let (outputs, _) = w_layout.shape().dims2()?;
        let (x, w) = (slice(x, x_layout)?, slice(w, w_layout)?);
        let mut y = vec![0.0; rows * outputs];
        self.bench.kernels.product_nt(&mut y, x, w, rows, outputs, inputs, Carry::Fresh);
        made(y, (rows, outputs))
    }

    fn bwd(
        &self,
        x: &Tensor,
        w: &Tensor,
        _: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let ((rows, inputs), (outputs, _)) = (x.dims2()?, w.dims2()?);
        let mut dx = vec![0.0; rows * inputs];
        let mut dw = vec![0.0; outputs * inputs];
        let kernels = &self.bench.kernels;
        with_floats(grad, |dy| -> Result<()> {
            with_floats(w, |w| {
                kernels.product_nn(&mut dx, dy, w, rows, inputs, outputs, Carry::Fresh);
            })?;
            with_floats(x, |x| {
                kernels.product_tn(&mut dw, dy, x, outputs, inputs, rows, Carry::Fresh);
            })
        })??;
        self.bench.sink.put(self.slot, dw);
        Ok((Some(tensor(dx, x)?), None))
    }
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
        let mut gradient = vec![0.0; rows * width];
        with_floats(grad, |dy| {
            self.bench.kernels.embedding_backward(&mut gradient, dy, &self.ids, width);
        })?;
        self.bench.sink.put(self.slot, gradient);
        Ok(None)
    }
}

/// Root-mean-square normalization of rows with a gain.
pub struct RmsNorm {
    pub bench: Bench,
    pub slot: usize,
    pub epsilon: f32,
    /// One over the root of the mean square, for every row.
    pub inverse: OnceLock<Vec<f32>>,
}

impl CustomOp2 for RmsNorm {
    fn name(&self) -> &'static str {
        "rmsnorm"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        gain: &CpuStorage,
        gain_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (rows, width) = x_layout.shape().dims2()?;
        let (mut y, mut inverse) = (vec![0.0; rows * width], vec![0.0; rows]);
        let (x, gain) = (slice(x, x_layout)?, slice(gain, gain_layout)?);
        self.bench.kernels.rmsnorm_forward(&mut y, &mut inverse, x, gain, self.epsilon);
        let _ = self.inverse.set(inverse);
        made(y, (rows, width))
    }

    fn bwd(
        &self,
        x: &Tensor,
        gain: &Tensor,
        _: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let (rows, width) = x.dims2()?;
        let (mut dx, mut dgain) = (vec![0.0; rows * width], vec![0.0; width]);
        let inverse = kept(&self.inverse)?;
        with_floats(grad, |dy| {
            with_floats(x, |x| {
                with_floats(gain, |gain| {
                    let kernels = &self.bench.kernels;
                    kernels.rmsnorm_backward(&mut dx, &mut dgain, dy, x, gain, inverse);
                })
            })
        })???;
        self.bench.sink.put(self.slot, dgain);
        Ok((Some(tensor(dx, x)?), None))
    }
}

fn kept<T>(cell: &OnceLock<T>) -> Result<&T> {
    cell.get().ok_or_else(|| candle_core::Error::Msg("the way back came first".into()))
}

/// Causal attention over packed queries, keys and values: (tokens, row) to (tokens, width).
pub struct Attention {
    pub bench: Bench,
    pub shape: AttentionShape,
    pub rope: Arc<RopeTable>,
    /// Maximum and sum of every row of scores.
    pub rows: OnceLock<(Vec<f32>, Vec<f32>)>,
}

impl CustomOp1 for Attention {
    fn name(&self) -> &'static str {
        "attention"
    }

    fn cpu_fwd(&self, qkv: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let AttentionShape { batch, time, heads, head_width, .. } = self.shape;
        let mut out = vec![0.0; batch * time * heads * head_width];
        let (mut max, mut sum) = (vec![0.0; batch * heads * time], vec![0.0; batch * heads * time]);
        let qkv = slice(qkv, layout)?;
        let kernels = &self.bench.kernels;
        kernels.attention_forward(&mut out, &mut max, &mut sum, qkv, self.shape, &self.rope);
        let _ = self.rows.set((max, sum));
        made(out, (batch * time, heads * head_width))
    }

    fn bwd(&self, qkv: &Tensor, out: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let mut dqkv = vec![0.0; qkv.elem_count()];
        let (max, sum) = kept(&self.rows)?;
        let (kernels, shape, rope) = (&self.bench.kernels, self.shape, &self.rope);
        with_floats(grad, |dout| {
            with_floats(out, |out| {
                with_floats(qkv, |qkv| {
                    kernels.attention_backward(&mut dqkv, dout, out, qkv, max, sum, shape, rope);
                })
            })
        })???;
        Ok(Some(tensor(dqkv, qkv)?))
    }
}

/// The gated unit: (rows, 2·hidden) to (rows, hidden).
pub struct SwiGlu {
    pub bench: Bench,
}

impl CustomOp1 for SwiGlu {
    fn name(&self) -> &'static str {
        "swiglu"
    }

    fn cpu_fwd(&self, gate_up: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (rows, double) = layout.shape().dims2()?;
        let mut y = vec![0.0; rows * double / 2];
        self.bench.kernels.swiglu_forward(&mut y, slice(gate_up, layout)?, double / 2);
        made(y, (rows, double / 2))
    }

    fn bwd(&self, gate_up: &Tensor, _: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let (rows, double) = gate_up.dims2()?;
        let mut dgate_up = vec![0.0; rows * double];
        with_floats(grad, |dy| {
            with_floats(gate_up, |gate_up| {
                self.bench.kernels.swiglu_backward(&mut dgate_up, dy, gate_up, double / 2);
            })
        })??;
        Ok(Some(tensor(dgate_up, gate_up)?))
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
        let mut dw = vec![0.0; w.len()];
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
