//! The training step of `ingot bench train` in candle's own operations; prints its rate as JSON.
//!
//! `tests/peers/candle_training.py` runs both in turns. Same model and batch; no fixed order of
//! sums, candle's matrix product, softmax, AdamW and random weights.

#![allow(clippy::disallowed_types, clippy::disallowed_methods)] // what is compared with ours

use std::time::Instant;

use candle_core::{D, DType, Device, Result, Tensor};
use candle_nn::{
    AdamW, Embedding, Init, Linear, Module, Optimizer, ParamsAdamW, VarBuilder, VarMap, embedding,
    linear_no_bias, loss, ops,
};

const LAYERS: usize = 6;
const WIDTH: usize = 384;
const HEADS: usize = 6;
const HEAD_WIDTH: usize = WIDTH / HEADS;
const HIDDEN: usize = 1024;
const VOCABULARY: usize = 8192;
const CONTEXT: usize = 256;
const SEQUENCES: usize = 8;

/// Steps, of which the first two do not count.
const STEPS: usize = 8;

struct Block {
    attention_gain: Tensor,
    qkv: Linear,
    out: Linear,
    feed_gain: Tensor,
    gate: Linear,
    up: Linear,
    down: Linear,
}

/// What is the same for every block: angles (time, half a head) and the causal mask.
struct Tables {
    cos: Tensor,
    sin: Tensor,
    mask: Tensor,
}

impl Tables {
    fn new(device: &Device) -> Result<Tables> {
        let half = HEAD_WIDTH / 2;
        let rate = |i: usize| 10_000f32.powf(-(2.0 * i as f32) / HEAD_WIDTH as f32);
        let rates: Vec<f32> = (0..half).map(rate).collect();
        let times = Tensor::arange(0u32, CONTEXT as u32, device)?.to_dtype(DType::F32)?;
        let angles =
            times.reshape((CONTEXT, 1))?.matmul(&Tensor::from_vec(rates, (1, half), device)?)?;
        let hidden = |i: usize| {
            if i % CONTEXT > i / CONTEXT { f32::NEG_INFINITY } else { 0.0 }
        };
        let mask: Vec<f32> = (0..CONTEXT * CONTEXT).map(hidden).collect();
        let mask = Tensor::from_vec(mask, (CONTEXT, CONTEXT), device)?;
        Ok(Tables { cos: angles.cos()?, sin: angles.sin()?, mask })
    }

    fn turned(&self, x: &Tensor) -> Result<Tensor> {
        let (a, b) =
            (x.narrow(3, 0, HEAD_WIDTH / 2)?, x.narrow(3, HEAD_WIDTH / 2, HEAD_WIDTH / 2)?);
        let first = (a.broadcast_mul(&self.cos)? - b.broadcast_mul(&self.sin)?)?;
        let second = (b.broadcast_mul(&self.cos)? + a.broadcast_mul(&self.sin)?)?;
        Tensor::cat(&[first, second], 3)
    }
}

/// Root-mean-square normalization from pieces: candle's own has no gradient.
fn norm(x: &Tensor, gain: &Tensor) -> Result<Tensor> {
    let mean = x.sqr()?.mean_keepdim(D::Minus1)?;
    x.broadcast_div(&(mean + 1e-5)?.sqrt()?)?.broadcast_mul(gain)
}

impl Block {
    fn new(weights: &VarBuilder) -> Result<Block> {
        let gain = |name: &str| weights.get_with_hints(WIDTH, name, Init::Const(1.0));
        Ok(Block {
            attention_gain: gain("attention_gain")?,
            qkv: linear_no_bias(WIDTH, 3 * WIDTH, weights.pp("qkv"))?,
            out: linear_no_bias(WIDTH, WIDTH, weights.pp("out"))?,
            feed_gain: gain("feed_gain")?,
            gate: linear_no_bias(WIDTH, HIDDEN, weights.pp("gate"))?,
            up: linear_no_bias(WIDTH, HIDDEN, weights.pp("up"))?,
            down: linear_no_bias(HIDDEN, WIDTH, weights.pp("down"))?,
        })
    }

    fn forward(&self, x: &Tensor, tables: &Tables) -> Result<Tensor> {
        let packed = self.qkv.forward(&norm(x, &self.attention_gain)?)?;
        let heads = packed.reshape((SEQUENCES, CONTEXT, 3, HEADS, HEAD_WIDTH))?;
        let heads = heads.permute((2, 0, 3, 1, 4))?.contiguous()?;
        let (query, key) = (tables.turned(&heads.get(0)?)?, tables.turned(&heads.get(1)?)?);
        let scores = (query.matmul(&key.t()?.contiguous()?)? / (HEAD_WIDTH as f64).sqrt())?;
        let weights = ops::softmax(&scores.broadcast_add(&tables.mask)?, D::Minus1)?;
        let attended = weights.matmul(&heads.get(2)?.contiguous()?)?;
        let attended = attended.transpose(1, 2)?.reshape((SEQUENCES, CONTEXT, WIDTH))?;
        let x = (x + self.out.forward(&attended)?)?;
        let normed = norm(&x, &self.feed_gain)?;
        let gated = (ops::silu(&self.gate.forward(&normed)?)? * self.up.forward(&normed)?)?;
        &x + self.down.forward(&gated)?
    }
}

struct Model {
    embedding: Embedding,
    blocks: Vec<Block>,
    gain: Tensor,
    head: Linear,
    tables: Tables,
}

impl Model {
    fn new(weights: &VarBuilder) -> Result<Model> {
        let block = |layer: usize| Block::new(&weights.pp(format!("block{layer}")));
        Ok(Model {
            embedding: embedding(VOCABULARY, WIDTH, weights.pp("embedding"))?,
            blocks: (0..LAYERS).map(block).collect::<Result<_>>()?,
            gain: weights.get_with_hints(WIDTH, "gain", Init::Const(1.0))?,
            head: linear_no_bias(WIDTH, VOCABULARY, weights.pp("head"))?,
            tables: Tables::new(weights.device())?,
        })
    }

    /// The mean loss over sequences of one more id than the context: (sequences, context + 1).
    fn loss(&self, ids: &Tensor) -> Result<Tensor> {
        let mut h = self.embedding.forward(&ids.narrow(1, 0, CONTEXT)?.contiguous()?)?;
        for block in &self.blocks {
            h = block.forward(&h, &self.tables)?;
        }
        let logits = self.head.forward(&norm(&h, &self.gain)?)?;
        let targets = ids.narrow(1, 1, CONTEXT)?.contiguous()?.flatten_all()?;
        loss::cross_entropy(&logits.reshape((SEQUENCES * CONTEXT, VOCABULARY))?, &targets)
    }
}

fn main() -> Result<()> {
    let device = Device::Cpu;
    let map = VarMap::new();
    let model = Model::new(&VarBuilder::from_varmap(&map, DType::F32, &device))?;
    let settings = ParamsAdamW { lr: 3e-4, ..Default::default() };
    let mut optimizer = AdamW::new(map.all_vars(), settings)?;
    let mut seconds = Vec::new();
    for step in 0..STEPS as u64 {
        let begun = Instant::now();
        let id = |i: u64| kernels::random::below(1, 90, step << 32 | i, VOCABULARY as u64) as u32;
        let ids: Vec<u32> = (0..(SEQUENCES * (CONTEXT + 1)) as u64).map(id).collect();
        let ids = Tensor::from_vec(ids, (SEQUENCES, CONTEXT + 1), &device)?;
        optimizer.backward_step(&model.loss(&ids)?)?;
        seconds.push(begun.elapsed().as_secs_f64());
    }
    let counted = &mut seconds[2..];
    counted.sort_by(f64::total_cmp);
    let rate = (SEQUENCES * CONTEXT) as f64 / counted[counted.len() / 2];
    println!("{{\"tokens_per_second\":{rate:.1}}}");
    Ok(())
}
