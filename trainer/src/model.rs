//! The decoder: token ids through embedding, layers and norm to hidden rows, and the loss.

use std::sync::{Arc, Mutex, OnceLock};

use candle_core::{Device, Result, Tensor, Var};
use kernels::{AttentionShape, Buffer, CrossEntropy, Kernels, RopeTable};

use crate::block::Block;
use crate::operations::{Bench, Embedding, HeadLoss, RmsNorm, Rows, Weight, with_floats};
use crate::shape::{Parameter, Shape};
use crate::sink::GradientSink;

/// A decoder with its weights, in the order of `Shape::parameters`.
pub struct Decoder {
    pub shape: Shape,
    pub parameters: Vec<Parameter>,
    pub weights: Vec<Var>,
    pub bench: Bench,
    recompute: bool,
    rope: Arc<RopeTable>,
}

impl Decoder {
    /// A decoder of given weights.
    pub fn new(shape: Shape, weights: Vec<Vec<f32>>, kernels: &Kernels) -> Result<Decoder> {
        let parameters = shape.parameters();
        let sink = Arc::new(GradientSink::new(parameters.len(), kernels.clone()));
        let weights = parameters
            .iter()
            .zip(weights)
            .map(|(parameter, floats)| {
                let tensor = Tensor::from_vec(floats, parameter.sizes.as_slice(), &Device::Cpu)?;
                Var::from_tensor(&tensor)
            })
            .collect::<Result<Vec<Var>>>()?;
        let rope = Arc::new(shape.rope());
        let bench = Bench { kernels: kernels.clone(), sink };
        Ok(Decoder { shape, parameters, weights, bench, recompute: false, rope })
    }

    /// Says whether blocks compute again on the way back what they would otherwise keep: less
    /// memory, more time, the same bytes.
    pub fn recomputing(self, recompute: bool) -> Decoder {
        Decoder { recompute, ..self }
    }

    /// The floats of all weights.
    pub fn floats(&self) -> Result<Vec<Vec<f32>>> {
        self.weights.iter().map(|weight| with_floats(weight, <[f32]>::to_vec)).collect()
    }

    fn slot(&self, name: &str) -> usize {
        let place = self.parameters.binary_search_by(|parameter| parameter.name.as_str().cmp(name));
        place.expect("a parameter of this shape")
    }

    fn weight(&self, name: &str) -> Weight {
        let slot = self.slot(name);
        Weight { slot, tensor: self.weights[slot].as_tensor().clone() }
    }

    fn block(&self, layer: usize, shape: AttentionShape, input: Arc<Rows>) -> Block {
        let weight = |part: &str| self.weight(&format!("layer.{layer:03}.{part}"));
        Block {
            bench: self.bench.clone(),
            shape,
            rope: Arc::clone(&self.rope),
            epsilon: self.shape.norm_epsilon as f32,
            attention_norm: weight("attention.norm"),
            qkv: weight("attention.qkv"),
            out: weight("attention.out"),
            feed_norm: weight("feed.norm"),
            gate_up: weight("feed.gate_up"),
            down: weight("feed.down"),
            recompute: self.recompute,
            kept: Mutex::new(None),
            input,
            output: Arc::default(),
        }
    }

    /// Hidden rows (batch·time, width) for token ids (batch, time), before the head, and candle's
    /// token of them.
    fn hidden(&self, ids: &[u32], batch: usize) -> Result<(Tensor, Arc<Rows>)> {
        let shape = self.shape.attention(batch, ids.len() / batch);
        let Weight { slot, tensor } = self.weight("embedding");
        let mut rows: Arc<Rows> = Arc::default();
        let (bench, output) = (self.bench.clone(), Arc::clone(&rows));
        let mut h = tensor.apply_op1(Embedding { bench, slot, ids: ids.to_vec(), output })?;
        for layer in 0..self.shape.layers {
            let block = self.block(layer, shape, rows);
            rows = Arc::clone(&block.output);
            h = h.apply_op1(block)?;
        }
        let (input, output): (_, Arc<Rows>) = (rows, Arc::default());
        rows = Arc::clone(&output);
        let (bench, gain) = (self.bench.clone(), self.weight("norm"));
        let (epsilon, inverse) = (self.shape.norm_epsilon as f32, OnceLock::new());
        h = h.apply_op1(RmsNorm { bench, gain, epsilon, inverse, input, output })?;
        Ok((h, rows))
    }

    fn head(&self) -> Weight {
        self.weight(if self.shape.tied { "embedding" } else { "head" })
    }

    /// Goes forward and back over sequences of time + 1 ids; gives the losses by token and the
    /// gradients by parameter. `scale` is one over the number of targets of the whole step.
    pub fn gradients(
        &self,
        sequences: &[u32],
        batch: usize,
        scale: f32,
    ) -> Result<(Vec<f32>, Vec<Buffer>)> {
        let (ids, targets) = shifted(sequences, batch);
        let (h, input) = self.hidden(&ids, batch)?;
        let Weight { slot, tensor: weight } = self.head();
        let losses = Arc::new(OnceLock::new());
        let (bench, kept) = (self.bench.clone(), Arc::clone(&losses));
        let head = HeadLoss { bench, slot, targets, scale, input, losses: kept };
        h.apply_op2(&weight, head)?.backward()?;
        Ok((losses.get().cloned().unwrap_or_default(), self.bench.sink.take()))
    }

    /// The losses by token over sequences of time + 1 ids.
    pub fn losses(&self, sequences: &[u32], batch: usize) -> Result<Vec<f32>> {
        let (ids, targets) = shifted(sequences, batch);
        let (_, rows) = self.hidden(&ids, batch)?;
        let mut losses = vec![0.0; targets.len()];
        let (h, weight) = (&rows.take()?, self.head().tensor);
        with_floats(&weight, |w| {
            let operands = CrossEntropy { h, w, targets: &targets, width: self.shape.width };
            self.bench.kernels.cross_entropy_losses(&mut losses, operands);
        })?;
        Ok(losses)
    }

    /// The logits that follow the last of some ids.
    pub fn next_logits(&self, ids: &[u32]) -> Result<Vec<f32>> {
        Ok(self.logits(ids)?.split_off((ids.len() - 1) * self.shape.vocabulary))
    }

    /// The logits (time, vocabulary) of one sequence.
    pub fn logits(&self, ids: &[u32]) -> Result<Vec<f32>> {
        let (_, rows) = self.hidden(ids, 1)?;
        let logits = self.bench.linear(&rows.take()?, ids.len(), &self.head())?;
        Ok(logits.to_vec())
    }
}

/// Splits sequences of time + 1 ids into inputs and the targets that follow them.
fn shifted(sequences: &[u32], batch: usize) -> (Vec<u32>, Vec<u32>) {
    let each = sequences.len() / batch;
    let inputs = sequences.chunks_exact(each).flat_map(|sequence| &sequence[..each - 1]);
    let targets = sequences.chunks_exact(each).flat_map(|sequence| &sequence[1..]);
    (inputs.copied().collect(), targets.copied().collect())
}
