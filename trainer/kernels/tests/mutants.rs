//! Planted mutants: the definitions written out plainly give the frozen hashes, and each rule that
//! a faster kernel might bend gives another one.

#![allow(clippy::disallowed_methods)] // std's functions are what a mutant takes

use golden::{floats, golden, hash};
use kernels::elementary::{exp32, ln32};

mod golden;

/// The rules that a product and a softmax are made of.
#[derive(Clone, Copy)]
struct Rules {
    fma: fn(f32, f32, f32) -> f32,
    exp: fn(f32) -> f32,
    /// Whether a chain is cut into two that are added.
    halves: bool,
    /// Whether terms are padded to a multiple of four.
    padded: bool,
}

const DEFINITION: Rules =
    Rules { fma: |a, b, c| a.mul_add(b, c), exp: exp32, halves: false, padded: false };

impl Rules {
    /// The chain of some terms, going on from `start`.
    fn chain(&self, start: f32, terms: usize, term: impl Fn(usize) -> (f32, f32)) -> f32 {
        let part = |start: f32, terms: std::ops::Range<usize>| {
            terms.map(&term).fold(start, |sum, (a, b)| (self.fma)(a, b, sum))
        };
        let sum = match self.halves {
            true => part(start, 0..terms / 2) + part(0.0, terms / 2..terms),
            false => part(start, 0..terms),
        };
        let padding = if self.padded { terms.next_multiple_of(4) - terms } else { 0 };
        (0..padding).fold(sum, |sum, _| (self.fma)(0.0, 0.0, sum))
    }

    /// The inputs of `operations.rs`.
    fn products(&self) -> Vec<f32> {
        let (m, n, k) = (61, 97, 301);
        let (a, b, c) = (floats(12, m * k), floats(13, n * k), floats(14, m * n));
        let places = || (0..m).flat_map(|i| (0..n).map(move |j| (i, j)));
        let nt = places().map(|(i, j)| self.chain(0.0, k, |t| (a[i * k + t], b[j * k + t])));
        let start = |i: usize, j: usize| c[i * n + j];
        let nn =
            places().map(|(i, j)| self.chain(start(i, j), k, |t| (a[i * k + t], b[t * n + j])));
        let tn = places().map(|(i, j)| self.chain(0.0, k, |t| (a[t * m + i], b[t * n + j])));
        nt.chain(nn).chain(tn).collect()
    }

    fn tiny_products(&self) -> Vec<f32> {
        let tiny =
            |purpose| -> Vec<f32> { floats(purpose, 40 * 9).iter().map(|x| x * 1e-23).collect() };
        let (a, b) = (tiny(19), tiny(20));
        let element = |i: usize| {
            let (row, column) = (i / 40 * 9, i % 40 * 9);
            self.chain(0.0, 9, |t| (a[row + t], b[column + t]))
        };
        (0..40 * 40).map(element).collect()
    }

    fn cross_entropy(&self) -> Vec<f32> {
        let (tokens, vocabulary, width) = (300, 101, 24);
        let scale = 1.0 / 300.0;
        let (h, w) = (floats(10, tokens * width), floats(11, vocabulary * width));
        let (mut losses, mut gradients) = (Vec::new(), Vec::new());
        for token in 0..tokens {
            let target = token * 31 % 101;
            let logit =
                |v: usize| self.chain(0.0, width, |t| (h[token * width + t], w[v * width + t]));
            let logits: Vec<f32> = (0..vocabulary).map(logit).collect();
            let most = logits.iter().fold(f32::NEG_INFINITY, |a, b| if *b > a { *b } else { a });
            let powers: Vec<f32> = logits.iter().map(|logit| (self.exp)(logit - most)).collect();
            let total = lane_sum(&powers);
            losses.push((most + ln32(total)) - logits[target]);
            gradients.extend(powers.iter().enumerate().map(|(v, power)| match v == target {
                true => (power / total - 1.0) * scale,
                false => (power / total) * scale,
            }));
        }
        let dh = |i: usize| {
            let (token, column) = (i / width, i % width);
            let term = |v: usize| (gradients[token * vocabulary + v], w[v * width + column]);
            self.chain(0.0, vocabulary, term)
        };
        let dw = |i: usize| {
            let (v, column) = (i / width, i % width);
            let term = |t: usize| (gradients[t * vocabulary + v], h[t * width + column]);
            self.chain(0.0, tokens, term)
        };
        losses.extend((0..tokens * width).map(dh).collect::<Vec<f32>>());
        losses.extend((0..vocabulary * width).map(dw).collect::<Vec<f32>>());
        losses
    }
}

/// 32 lanes, folded 16, 8, 4, 2, 1.
fn lane_sum(items: &[f32]) -> f32 {
    let mut lanes = [0.0; 32];
    items.iter().enumerate().for_each(|(i, item)| lanes[i % 32] += item);
    for half in [16, 8, 4, 2, 1] {
        (0..half).for_each(|lane| lanes[lane] += lanes[lane + half]);
    }
    lanes[0]
}

/// Whether outputs are the frozen ones of an operation.
fn is_golden(name: &str, outputs: &[f32]) -> bool {
    golden(name, 1) == hash(outputs)
}

#[test]
fn the_definitions_give_the_frozen_hashes() {
    assert!(is_golden("product", &DEFINITION.products()));
    assert!(is_golden("tiny-product", &DEFINITION.tiny_products()));
    assert!(is_golden("cross-entropy", &DEFINITION.cross_entropy()));
}

#[test]
fn a_kernel_that_associates_otherwise_is_caught() {
    let mutant = Rules { halves: true, ..DEFINITION };
    assert!(!is_golden("product", &mutant.products()));
    assert!(!is_golden("cross-entropy", &mutant.cross_entropy()));
}

#[test]
fn a_kernel_that_multiplies_and_adds_apart_is_caught() {
    let mutant = Rules { fma: |a, b, c| a * b + c, ..DEFINITION };
    assert!(!is_golden("product", &mutant.products()));
    assert!(!is_golden("tiny-product", &mutant.tiny_products()));
    assert!(!is_golden("cross-entropy", &mutant.cross_entropy()));
}

#[test]
fn a_kernel_that_pads_terms_is_caught() {
    let mutant = Rules { padded: true, ..DEFINITION };
    assert!(is_golden("product", &mutant.products()), "where no chain ends in −0 none can see it");
    assert!(!is_golden("tiny-product", &mutant.tiny_products()));
}

#[test]
fn a_kernel_that_takes_the_platforms_exponential_is_caught() {
    let mutant = Rules { exp: f32::exp, ..DEFINITION };
    assert!(!is_golden("cross-entropy", &mutant.cross_entropy()));
}
