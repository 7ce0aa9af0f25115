//! Counter-based random numbers: a pure function of (seed, purpose, index).
//!
//! Philox 4×32-10 of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3"
//! (2011). Key: the seed, low word first. Counter: index low, index high, purpose, 0.

use crate::elementary::{cos64, ln64};

/// Four random words.
pub fn block(seed: u64, purpose: u32, index: u64) -> [u32; 4] {
    let counter = [index as u32, (index >> 32) as u32, purpose, 0];
    philox(counter, [seed as u32, (seed >> 32) as u32])
}

fn philox(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for round in 0..10 {
        if round > 0 {
            key = [key[0].wrapping_add(0x9E37_79B9), key[1].wrapping_add(0xBB67_AE85)];
        }
        let even = u64::from(counter[0]) * 0xD251_1F53;
        let odd = u64::from(counter[2]) * 0xCD9E_8D57;
        counter = [
            (odd >> 32) as u32 ^ counter[1] ^ key[0],
            odd as u32,
            (even >> 32) as u32 ^ counter[3] ^ key[1],
            even as u32,
        ];
    }
    counter
}

/// A number in [0, 1): the first 24 bits of the block's first word.
pub fn uniform(seed: u64, purpose: u32, index: u64) -> f32 {
    (block(seed, purpose, index)[0] >> 8) as f32 * (1.0 / 16_777_216.0)
}

/// A normal number of mean 0 and deviation 1: Box and Muller's cosine branch in f64, rounded once.
pub fn normal(seed: u64, purpose: u32, index: u64) -> f32 {
    let [first, second, ..] = block(seed, purpose, index);
    let unit = 1.0 / 4_294_967_296.0;
    let radius = (-2.0 * ln64((f64::from(first) + 0.5) * unit)).sqrt();
    (radius * cos64(2.0 * std::f64::consts::PI * (f64::from(second) * unit))) as f32
}

/// A whole number below `limit`: the high word of a 64-bit draw times `limit`.
pub fn below(seed: u64, purpose: u32, index: u64, limit: u64) -> u64 {
    let [low, high, ..] = block(seed, purpose, index);
    let draw = u64::from(high) << 32 | u64::from(low);
    ((u128::from(draw) * u128::from(limit)) >> 64) as u64
}

/// The numbers below `len` in a random order: Fisher and Yates from the end, draw i for place i.
pub fn permutation(seed: u64, purpose: u32, len: u64) -> Vec<u64> {
    let mut order: Vec<u64> = (0..len).collect();
    for place in (1..len).rev() {
        order.swap(place as usize, below(seed, purpose, place, place + 1) as usize);
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_answers_come_out() {
        let all = u32::MAX;
        assert_eq!(philox([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(
            philox([all; 4], [all; 2]),
            [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
        );
        let pi = [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344];
        assert_eq!(
            philox(pi, [0xa409_3822, 0x299f_31d0]),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }

    #[test]
    fn normal_numbers_have_mean_zero_and_deviation_one() {
        let numbers: Vec<f64> = (0..100_000).map(|i| f64::from(normal(3, 1, i))).collect();
        let mean = numbers.iter().sum::<f64>() / 1e5;
        let square = numbers.iter().map(|x| x * x).sum::<f64>() / 1e5;
        assert!(mean.abs() < 0.02 && (square - 1.0).abs() < 0.02, "{mean} {square}");
    }

    #[test]
    fn a_permutation_has_every_number_once() {
        for len in [0, 1, 2, 1000] {
            let mut order = permutation(9, 4, len);
            assert_eq!(order, permutation(9, 4, len));
            order.sort_unstable();
            assert!(order.into_iter().eq(0..len));
        }
    }
}
