//! Attention written out as `attention.rs` defines it: what tiles and blocks must give, bit by bit.

use crate::arithmetic::{Arithmetic, Emulated};
use crate::attention::AttentionShape;
use crate::elementary::exp32;
use crate::kernels::Kernels;
use crate::lanes;
use crate::random::normal;
use crate::rope::RopeTable;
use crate::tier::Tier;

/// What both ways give: output, maxima, sums, gradient.
type Outputs = [Vec<f32>; 4];

/// The operands: packed rows, the gradient of the output, and what turns queries and keys.
struct Operands {
    shape: AttentionShape,
    rope: RopeTable,
    qkv: Vec<f32>,
    dout: Vec<f32>,
}

impl Operands {
    fn new(time: usize, head_width: usize) -> Operands {
        let shape = AttentionShape { batch: 1, time, heads: 2, kv_heads: 1, head_width };
        let floats = |purpose, len: usize| -> Vec<f32> {
            (0..len as u64).map(|index| normal(5, purpose, index)).collect()
        };
        let (qkv, dout) = (floats(1, time * shape.row()), floats(2, time * 2 * head_width));
        Operands { shape, rope: RopeTable::new(time, head_width, 10_000.0), qkv, dout }
    }

    fn found(&self, kernels: &Kernels) -> Outputs {
        let Operands { shape, rope, qkv, dout } = self;
        let rows = shape.time * shape.heads;
        let (mut out, mut max) = (vec![0.0; dout.len()], vec![0.0; rows]);
        let (mut sum, mut dqkv) = (vec![0.0; rows], vec![0.0; qkv.len()]);
        kernels.attention_forward(&mut out, &mut max, &mut sum, qkv, *shape, rope);
        kernels.attention_backward(&mut dqkv, dout, &out, qkv, &max, &sum, *shape, rope);
        [out, max, sum, dqkv]
    }

    /// A head's vectors, one a time; turned where that is asked.
    fn vectors(&self, head: usize, is_turned: bool) -> Vec<Vec<f32>> {
        let width = self.shape.head_width;
        let vector = |time: usize| {
            let from = &self.qkv[time * self.shape.row() + head * width..][..width];
            let mut to = from.to_vec();
            if is_turned {
                self.rope.turn(&mut to, from, time);
            }
            to
        };
        (0..self.shape.time).map(vector).collect()
    }

    fn wanted(&self) -> Outputs {
        let AttentionShape { time, heads, head_width: width, .. } = self.shape;
        let scale = 1.0 / (width as f32).sqrt();
        let (keys, values) = (self.vectors(2, true), self.vectors(3, false));
        let mut out = vec![0.0; self.dout.len()];
        let (mut max, mut sum) = (Vec::new(), Vec::new());
        let mut dqkv = vec![0.0; self.qkv.len()];
        let [mut dkeys, mut dvalues] = [(); 2].map(|()| vec![vec![0.0; width]; time]);
        for head in 0..heads {
            for (i, query) in self.vectors(head, true).iter().enumerate() {
                let place = (i * heads + head) * width;
                let scores: Vec<f32> = keys[..=i].iter().map(|k| dot(query, k) * scale).collect();
                let largest = lanes::max(&scores);
                let e: Vec<f32> = scores.iter().map(|score| exp32(score - largest)).collect();
                let total = lanes::sum(e.len(), |j, lane| lane + e[j]);
                let o = &mut out[place..][..width];
                e.iter().zip(&values).for_each(|(e, value)| add(o, *e, value));
                o.iter_mut().for_each(|o| *o /= total);
                let dout = &self.dout[place..][..width];
                let d = lanes::sum(width, |k, lane| Emulated::fma(dout[k], o[k], lane));
                let mut dquery = vec![0.0; width];
                for j in 0..=i {
                    let p = e[j] / total;
                    let ds = (p * (dot(dout, &values[j]) - d)) * scale;
                    add(&mut dquery, ds, &keys[j]);
                    add(&mut dkeys[j], ds, query);
                    add(&mut dvalues[j], p, dout);
                }
                let to = &mut dqkv[i * self.shape.row() + head * width..][..width];
                self.rope.turn_back(to, &dquery, i);
                max.push(largest);
                sum.push(total);
            }
        }
        for j in 0..time {
            let (key, value) = dqkv[j * self.shape.row() + heads * width..].split_at_mut(width);
            self.rope.turn_back(key, &dkeys[j], j);
            value[..width].copy_from_slice(&dvalues[j]);
        }
        [out, max, sum, dqkv]
    }
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).fold(0.0, |sum, (a, b)| Emulated::fma(*a, *b, sum))
}

fn add(sums: &mut [f32], weight: f32, values: &[f32]) {
    for (sum, value) in sums.iter_mut().zip(values) {
        *sum = Emulated::fma(weight, *value, *sum);
    }
}

#[test]
fn every_tier_has_the_bits_of_the_definition_around_the_edges_of_blocks() {
    let bits = |outputs: Outputs| {
        outputs.map(|floats| floats.into_iter().map(f32::to_bits).collect::<Vec<_>>())
    };
    for (time, width) in [(1, 2), (2, 8), (13, 40), (47, 2), (48, 32), (49, 96), (97, 34)] {
        let operands = Operands::new(time, width);
        let wanted = bits(operands.wanted());
        for tier in Tier::ALL.into_iter().filter(|tier| tier.available()) {
            let found = bits(operands.found(&Kernels::new(tier, 2).expect("kernels")));
            assert!(found == wanted, "{tier}: time {time}, width {width}");
        }
    }
}
