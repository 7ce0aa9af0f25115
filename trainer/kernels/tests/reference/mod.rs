//! The operations once more, in f64 and as plainly as the formulas read.

#![allow(clippy::disallowed_methods)] // std is the judge here

use kernels::AttentionShape;

/// `x / √(mean x² + ε) · gain`, row by row.
pub fn rmsnorm(x: &[f64], gain: &[f64], epsilon: f64) -> Vec<f64> {
    let width = gain.len();
    let row = |x: &[f64]| -> Vec<f64> {
        let mean = x.iter().map(|x| x * x).sum::<f64>() / width as f64;
        x.iter().zip(gain).map(|(x, g)| x / (mean + epsilon).sqrt() * g).collect()
    };
    x.chunks(width).flat_map(row).collect()
}

/// `g·σ(g)·u`.
pub fn swiglu(gate_up: &[f64], hidden: usize) -> Vec<f64> {
    let row = |row: &[f64]| -> Vec<f64> {
        let (gate, up) = row.split_at(hidden);
        gate.iter().zip(up).map(|(g, u)| g / (1.0 + (-g).exp()) * u).collect()
    };
    gate_up.chunks(2 * hidden).flat_map(row).collect()
}

fn turned(x: &[f64], time: usize, theta: f64) -> Vec<f64> {
    let half = x.len() / 2;
    let mut y = x.to_vec();
    for i in 0..half {
        let angle = time as f64 * theta.powf(-(2.0 * i as f64) / x.len() as f64);
        y[i] = x[i] * angle.cos() - x[i + half] * angle.sin();
        y[i + half] = x[i + half] * angle.cos() + x[i] * angle.sin();
    }
    y
}

/// softmax(q·k / √width)·v over the past, with turned queries and keys.
pub fn attention(qkv: &[f64], shape: AttentionShape, theta: f64) -> Vec<f64> {
    let AttentionShape { batch, time, heads, kv_heads, head_width } = shape;
    let at = |b: usize, t: usize, head: usize| {
        &qkv[(b * time + t) * shape.row() + head * head_width..][..head_width]
    };
    let mut out = vec![0.0; batch * time * heads * head_width];
    for b in 0..batch {
        for head in 0..heads {
            let kv = head / (heads / kv_heads);
            for i in 0..time {
                let q = turned(at(b, i, head), i, theta);
                let weight = |j: usize| {
                    let k = turned(at(b, j, heads + kv), j, theta);
                    let dot: f64 = q.iter().zip(&k).map(|(q, k)| q * k).sum();
                    (dot / (head_width as f64).sqrt()).exp()
                };
                let weights: Vec<f64> = (0..=i).map(weight).collect();
                let total: f64 = weights.iter().sum();
                let place = ((b * time + i) * heads + head) * head_width;
                for (j, weight) in weights.iter().enumerate() {
                    for (d, v) in at(b, j, heads + kv_heads + kv).iter().enumerate() {
                        out[place + d] += weight / total * v;
                    }
                }
            }
        }
    }
    out
}

/// `ln Σ e^logit − logit[target]` for every token.
pub fn cross_entropy(h: &[f64], w: &[f64], targets: &[u32], width: usize) -> Vec<f64> {
    let loss = |(h, target): (&[f64], &u32)| {
        let logit = |w: &[f64]| w.iter().zip(h).map(|(w, h)| w * h).sum::<f64>();
        let logits: Vec<f64> = w.chunks(width).map(logit).collect();
        logits.iter().map(|logit| logit.exp()).sum::<f64>().ln() - logits[*target as usize]
    };
    h.chunks(width).zip(targets).map(loss).collect()
}
