//! The machine's best rate of fused multiply-adds: what products are compared with.

use std::hint::black_box;

use crate::arithmetic::Arithmetic;
use crate::kernels::Kernels;
use crate::tier::{Task, Tier};

/// Independent chains: as many registers as the product's tile keeps busy.
const CHAINS: usize = 12;

struct Chains<const LANES: usize> {
    rounds: u64,
}

impl<const LANES: usize> Task for Chains<LANES> {
    type Output = f32;

    #[inline(always)]
    fn run<A: Arithmetic>(self) -> f32 {
        let (x, y) = (black_box([0.5f32; LANES]), black_box([1.0f32; LANES]));
        let mut sums = [[0.0f32; LANES]; CHAINS];
        for _ in 0..self.rounds {
            for sum in &mut sums {
                for lane in 0..LANES {
                    sum[lane] = A::fma(sum[lane], x[lane], y[lane]);
                }
            }
        }
        sums.iter().flatten().sum()
    }
}

impl Kernels {
    /// Does multiply-adds in registers on all threads, `rounds` of every chain; gives the number
    /// of floating-point operations done.
    pub fn multiply_adds(&self, rounds: u64) -> u64 {
        let lanes = match self.tier() {
            Tier::Avx512 => 16,
            _ => 8,
        };
        self.each(self.threads(), &|_| {
            black_box(match lanes {
                16 => self.tier().carry_out(Chains::<16> { rounds }),
                _ => self.tier().carry_out(Chains::<8> { rounds }),
            });
        });
        2 * lanes * CHAINS as u64 * rounds * self.threads() as u64
    }
}
