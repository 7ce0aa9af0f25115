//! Every operation: equal bits on all tiers and thread counts, the frozen digest, a small error
//! against an f64 reference, and gradients against finite differences of that reference.

use golden::{floats, golden, hash};
use kernels::{AdamwStep, AttentionShape, Carry, CrossEntropy, Kernels, RopeTable, Tier};

mod golden;
mod reference;

type Outputs = Vec<Vec<f32>>;

fn shape() -> AttentionShape {
    AttentionShape { batch: 2, time: 37, heads: 6, kv_heads: 2, head_width: 10 }
}

fn rmsnorm(kernels: &Kernels) -> Outputs {
    let (rows, width) = (300, 77);
    let (x, gain, dy) = (floats(1, rows * width), floats(2, width), floats(3, rows * width));
    let (mut y, mut r) = (vec![0.0; rows * width], vec![0.0; rows]);
    kernels.rmsnorm_forward(&mut y, &mut r, &x, &gain, 1e-5);
    let (mut dx, mut dgain) = (vec![0.0; rows * width], vec![0.0; width]);
    kernels.rmsnorm_backward(&mut dx, &mut dgain, &dy, &x, &gain, &r);
    vec![y, r, dx, dgain]
}

fn swiglu(kernels: &Kernels) -> Outputs {
    let (rows, hidden) = (33, 45);
    let (gate_up, dy) = (floats(4, rows * 2 * hidden), floats(5, rows * hidden));
    let (mut y, mut dgate_up) = (vec![0.0; rows * hidden], vec![0.0; gate_up.len()]);
    kernels.swiglu_forward(&mut y, &gate_up, hidden);
    kernels.swiglu_backward(&mut dgate_up, &dy, &gate_up, hidden);
    vec![y, dgate_up]
}

fn attention(kernels: &Kernels) -> Outputs {
    let shape = shape();
    let tokens = shape.batch * shape.time;
    let (qkv, dout) = (floats(6, tokens * shape.row()), floats(7, tokens * 60));
    let rope = RopeTable::new(shape.time, shape.head_width, 10_000.0);
    let (mut out, mut max) = (vec![0.0; dout.len()], vec![0.0; tokens * shape.heads]);
    let (mut sum, mut dqkv) = (max.clone(), vec![0.0; qkv.len()]);
    kernels.attention_forward(&mut out, &mut max, &mut sum, &qkv, shape, &rope);
    kernels.attention_backward(&mut dqkv, &dout, &out, &qkv, &max, &sum, shape, &rope);
    vec![out, sum, dqkv]
}

fn embedding(kernels: &Kernels) -> Outputs {
    let (vocabulary, width) = (31, 19);
    let ids: Vec<u32> = (0..200).map(|i| i * 7919 % 29).collect();
    let (table, dy) = (floats(8, vocabulary * width), floats(9, ids.len() * width));
    let (mut y, mut dtable) = (vec![0.0; dy.len()], vec![1.0; table.len()]);
    kernels.embedding_forward(&mut y, &table, &ids, width);
    kernels.embedding_backward(&mut dtable, &dy, &ids, width);
    vec![y, dtable]
}

fn cross_entropy(kernels: &Kernels) -> Outputs {
    let (tokens, vocabulary, width) = (300, 101, 24);
    let (h, w) = (floats(10, tokens * width), floats(11, vocabulary * width));
    let targets: Vec<u32> = (0..tokens as u32).map(|i| i * 31 % 101).collect();
    let operands = CrossEntropy { h: &h, w: &w, targets: &targets, width };
    let mut losses = vec![0.0; tokens];
    let (mut dh, mut dw) = (vec![0.0; h.len()], vec![0.0; w.len()]);
    kernels.cross_entropy(&mut losses, &mut dh, &mut dw, operands, 1.0 / 300.0);
    let mut alone = vec![0.0; tokens];
    kernels.cross_entropy_losses(&mut alone, operands);
    assert_eq!(losses, alone, "measuring gives the losses of training");
    vec![losses, dh, dw]
}

fn products(kernels: &Kernels) -> Outputs {
    let (m, n, k) = (61, 97, 301);
    let (a, b) = (floats(12, m * k), floats(13, n * k));
    let mut c = [floats(14, m * n), floats(14, m * n), floats(14, m * n)];
    kernels.product_nt(&mut c[0], &a, &b, m, n, k, Carry::Fresh);
    kernels.product_nn(&mut c[1], &a, &b, m, n, k, Carry::Continue);
    kernels.product_tn(&mut c[2], &a, &b, m, n, k, Carry::Fresh);
    c.to_vec()
}

/// Products so small that chains end in subnormals and zeros of both signs.
fn tiny_products(kernels: &Kernels) -> Outputs {
    let tiny = |purpose| floats(purpose, 40 * 9).iter().map(|x| x * 1e-23).collect::<Vec<f32>>();
    let mut c = vec![1.0; 40 * 40];
    kernels.product_nt(&mut c, &tiny(19), &tiny(20), 40, 40, 9, Carry::Fresh);
    vec![c]
}

fn adamw(kernels: &Kernels) -> Outputs {
    let len = 1000;
    let (mut theta, mut m, g) = (floats(15, len), floats(16, len), floats(17, len));
    let mut v: Vec<f32> = floats(18, len).iter().map(|x| x * x).collect();
    let step = AdamwStep {
        scale: 0.37,
        rate: 1e-3,
        beta1_rest: 0.1,
        beta2_rest: 0.05,
        correction1: 1.7,
        correction2: 2.3,
        epsilon: 1e-8,
        keep: 0.9999,
    };
    kernels.adamw(&mut theta, &mut m, &mut v, &g, &step);
    let norm = kernels.sum_of_squares(&[&theta, &g]).to_bits();
    let norm = vec![f32::from_bits(norm as u32), f32::from_bits((norm >> 32) as u32)];
    vec![theta, m, v, norm, vec![kernels.tree_sum(&g)]]
}

type Operation = fn(&Kernels) -> Outputs;

const OPERATIONS: [(&str, Operation); 8] = [
    ("product", products),
    ("tiny-product", tiny_products),
    ("rmsnorm", rmsnorm),
    ("swiglu", swiglu),
    ("attention", attention),
    ("embedding", embedding),
    ("cross-entropy", cross_entropy),
    ("adamw", adamw),
];

/// A debug build is slow and shows only that it has the bits of a release build.
const THREADS: &[usize] = if cfg!(debug_assertions) { &[2] } else { &[1, 2, 3, 7, 64] };

#[test]
fn golden_digests_come_out_on_every_tier_with_any_threads() {
    for (name, operation) in OPERATIONS {
        for version in 1..=kernels::VERSION {
            let wanted = golden(name, version);
            for tier in Tier::ALL.into_iter().filter(|tier| tier.available()) {
                for threads in THREADS {
                    let kernels = Kernels::new(tier, *threads).expect("kernels");
                    let found = hash(
                        operation(&kernels.of_version(version).expect("known")).iter().flatten(),
                    );
                    let place = format!("{tier} with {threads} threads");
                    assert_eq!(found, wanted, "{name} of version {version} on {place}");
                }
            }
        }
    }
}

/// The largest difference, as a part of the largest wanted value.
fn error(found: &[f32], wanted: &[f64]) -> f64 {
    assert_eq!(found.len(), wanted.len());
    let (mut difference, mut size) = (0.0, 1e-30);
    for (found, wanted) in found.iter().zip(wanted) {
        let d = (f64::from(*found) - wanted).abs();
        difference = if d > difference { d } else { difference };
        size = if wanted.abs() > size { wanted.abs() } else { size };
    }
    difference / size
}

fn wide(floats: &[f32]) -> Vec<f64> {
    floats.iter().map(|x| f64::from(*x)).collect()
}

/// Central differences of Σ weights·f(x) at a spread of places against the gradient given.
fn check_gradient(
    name: &str,
    x: &[f32],
    gradient: &[f32],
    weights: &[f32],
    f: &dyn Fn(&[f64]) -> Vec<f64>,
) {
    let (x, weights) = (wide(x), wide(weights));
    let total = |x: &[f64]| f(x).iter().zip(&weights).map(|(y, w)| y * w).sum::<f64>();
    let size = gradient.iter().fold(0.0f64, |size, g| size.max(f64::from(g.abs())));
    for place in (0..x.len()).step_by(1 + x.len() / 40) {
        let step = 1e-5;
        let moved = |by: f64| {
            let mut x = x.clone();
            x[place] += by;
            total(&x)
        };
        let wanted = (moved(step) - moved(-step)) / (2.0 * step);
        let off = (f64::from(gradient[place]) - wanted).abs() / size;
        assert!(off < 1e-4, "{name} at {place}: {} {wanted}", gradient[place]);
    }
}

fn fast() -> Kernels {
    Kernels::new(Tier::best(), 2).expect("kernels")
}

#[test]
fn rmsnorm_is_near_its_reference_and_so_are_its_gradients() {
    let found = rmsnorm(&fast());
    let (x, gain, dy) = (floats(1, 300 * 77), floats(2, 77), floats(3, 300 * 77));
    let of_x = |x: &[f64]| reference::rmsnorm(x, &wide(&gain), 1e-5);
    assert!(error(&found[0], &of_x(&wide(&x))) < 1e-6);
    check_gradient("dx", &x, &found[2], &dy, &of_x);
    let of_gain = |gain: &[f64]| reference::rmsnorm(&wide(&x), gain, 1e-5);
    check_gradient("dgain", &gain, &found[3], &dy, &of_gain);
}

#[test]
fn swiglu_is_near_its_reference_and_so_are_its_gradients() {
    let found = swiglu(&fast());
    let (gate_up, dy) = (floats(4, 33 * 90), floats(5, 33 * 45));
    let f = |x: &[f64]| reference::swiglu(x, 45);
    assert!(error(&found[0], &f(&wide(&gate_up))) < 1e-6);
    check_gradient("dgate_up", &gate_up, &found[1], &dy, &f);
}

#[test]
fn attention_is_near_its_reference_and_so_are_its_gradients() {
    let (found, shape) = (attention(&fast()), shape());
    let tokens = shape.batch * shape.time;
    let (qkv, dout) = (floats(6, tokens * shape.row()), floats(7, tokens * 60));
    let f = |x: &[f64]| reference::attention(x, shape, 10_000.0);
    assert!(error(&found[0], &f(&wide(&qkv))) < 1e-5);
    check_gradient("dqkv", &qkv, &found[2], &dout, &f);
}

#[test]
fn cross_entropy_is_near_its_reference_and_so_are_its_gradients() {
    let found = cross_entropy(&fast());
    let (h, w) = (floats(10, 300 * 24), floats(11, 101 * 24));
    let targets: Vec<u32> = (0..300).map(|i| i * 31 % 101).collect();
    let weights = vec![1.0 / 300.0; 300];
    let of_h = |h: &[f64]| reference::cross_entropy(h, &wide(&w), &targets, 24);
    assert!(error(&found[0], &of_h(&wide(&h))) < 1e-5);
    check_gradient("dh", &h, &found[1], &weights, &of_h);
    let of_w = |w: &[f64]| reference::cross_entropy(&wide(&h), w, &targets, 24);
    check_gradient("dw", &w, &found[2], &weights, &of_w);
}
