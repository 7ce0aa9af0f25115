//! The least of many hashed fingerprints, for many hash functions at once.
//!
//! Whole numbers only: every tier gives the same bits because there is nothing to round.

use crate::arithmetic::Arithmetic;
use crate::kernels::Kernels;
use crate::tier::Task;

/// The Mersenne prime 2^61 − 1.
const PRIME: u64 = (1 << 61) - 1;

/// Functions that are taken through the fingerprints together: two AVX2 registers.
const LANES_32: usize = 16;
const LANES_64: usize = 8;

/// `least[k] ← min(least[k], (a[k]·x + b[k]) mod 2^32)` over the low halves of all x.
struct Least32<'a> {
    least: &'a mut [u32],
    a: &'a [u32],
    b: &'a [u32],
    prints: &'a [u64],
}

impl Task for Least32<'_> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let functions = self.a.chunks_exact(LANES_32).zip(self.b.chunks_exact(LANES_32));
        for (least, (a, b)) in self.least.chunks_exact_mut(LANES_32).zip(functions) {
            let mut low = [0; LANES_32];
            low.copy_from_slice(least);
            for print in self.prints {
                for lane in 0..LANES_32 {
                    let hash = a[lane].wrapping_mul(*print as u32).wrapping_add(b[lane]);
                    low[lane] = low[lane].min(hash);
                }
            }
            least.copy_from_slice(&low);
        }
    }
}

/// `least[k] ← min(least[k], ((a[k]·x + b[k]) mod 2^64) mod (2^61 − 1))` over all x.
struct Least61<'a> {
    least: &'a mut [u64],
    a: &'a [u64],
    b: &'a [u64],
    prints: &'a [u64],
}

impl Task for Least61<'_> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let functions = self.a.chunks_exact(LANES_64).zip(self.b.chunks_exact(LANES_64));
        for (least, (a, b)) in self.least.chunks_exact_mut(LANES_64).zip(functions) {
            // Signed, which vectors compare in one instruction; all values lie below 2^62.
            let mut low = [0i64; LANES_64];
            for lane in 0..LANES_64 {
                low[lane] = least[lane] as i64;
            }
            for print in self.prints {
                for lane in 0..LANES_64 {
                    let hash = a[lane].wrapping_mul(*print).wrapping_add(b[lane]);
                    let folded = (hash & PRIME) + (hash >> 61);
                    // The prime itself and what passes it by at most six become 0 to 6.
                    let rest = ((folded + ((folded + 1) >> 61)) & PRIME) as i64;
                    low[lane] = if rest < low[lane] { rest } else { low[lane] };
                }
            }
            for lane in 0..LANES_64 {
                least[lane] = low[lane] as u64;
            }
        }
    }
}

impl Kernels {
    /// Lowers `least[k]` to the least `(a[k]·x + b[k]) mod 2^32` of the low halves of `prints`.
    /// The three slices have one length, a multiple of 16. On the calling thread.
    pub fn least_32(&self, least: &mut [u32], a: &[u32], b: &[u32], prints: &[u64]) {
        let len = least.len();
        assert!(len.is_multiple_of(LANES_32) && a.len() == len && b.len() == len);
        self.tier().carry_out(Least32 { least, a, b, prints });
    }

    /// Lowers `least[k]` to the least `((a[k]·x + b[k]) mod 2^64) mod (2^61 − 1)` of `prints`.
    /// The three slices have one length, a multiple of 8; `least` starts below 2^62. On the
    /// calling thread.
    pub fn least_61(&self, least: &mut [u64], a: &[u64], b: &[u64], prints: &[u64]) {
        let len = least.len();
        assert!(len.is_multiple_of(LANES_64) && a.len() == len && b.len() == len);
        self.tier().carry_out(Least61 { least, a, b, prints });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::block;
    use crate::tier::Tier;

    fn draw(purpose: u32, index: usize) -> u64 {
        let [low, high, ..] = block(7, purpose, index as u64);
        u64::from(high) << 32 | u64::from(low)
    }

    #[test]
    fn every_tier_finds_the_true_least() {
        let a: Vec<u64> = (0..48).map(|k| draw(90, k)).collect();
        let b: Vec<u64> = (0..48).map(|k| draw(91, k)).collect();
        let prints: Vec<u64> = (0..301).map(|i| draw(92, i)).collect();
        let (a32, b32): (Vec<u32>, Vec<u32>) = (
            a.iter().map(|a| (a >> 16) as u32).collect(),
            b.iter().map(|b| (b >> 16) as u32).collect(),
        );
        for tier in Tier::ALL.into_iter().filter(|tier| tier.available()) {
            let kernels = Kernels::new(tier, 1).expect("kernels");
            let (mut low, mut low32) = (vec![(1 << 62) - 1; 48], vec![u32::MAX; 48]);
            for part in prints.chunks(100) {
                kernels.least_61(&mut low, &a, &b, part);
                kernels.least_32(&mut low32, &a32, &b32, part);
            }
            for k in 0..48 {
                let hash = |x: &u64| a[k].wrapping_mul(*x).wrapping_add(b[k]) % PRIME;
                assert_eq!(Some(low[k]), prints.iter().map(hash).min(), "{tier}");
                let hash = |x: &u64| {
                    ((u64::from(a32[k]) * (x & 0xffff_ffff) + u64::from(b32[k])) & 0xffff_ffff)
                        as u32
                };
                assert_eq!(Some(low32[k]), prints.iter().map(hash).min(), "{tier}");
            }
        }
    }

    #[test]
    fn the_remainder_is_the_true_one_at_its_edges() {
        let kernels = Kernels::new(Tier::best(), 1).expect("kernels");
        let edges = [0, 1, PRIME - 1, PRIME, PRIME + 1, 7 * PRIME, 8 * PRIME + 7, u64::MAX];
        for x in edges {
            let mut low = [(1 << 62) - 1; 8];
            kernels.least_61(&mut low, &[1; 8], &[0; 8], &[x]);
            assert_eq!(low, [x % PRIME; 8]);
        }
    }
}
