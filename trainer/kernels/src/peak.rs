//! The machine's best rate of fused multiply-adds: what products are compared with.

use std::hint::black_box;

use crate::arithmetic::Arithmetic;
use crate::kernels::Kernels;
use crate::tier::{Task, Tier};

/// Independent chains: as many registers as the product's tile keeps busy.
const CHAINS: usize = 12;

const LANES: usize = 8;

struct Chains {
    rounds: u64,
}

impl Task for Chains {
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

/// The same chains in registers of sixteen lanes, which the loops above do not become.
///
/// # Safety
/// The machine has AVX-512F.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn chains_of_sixteen(rounds: u64) -> f32 {
    use std::arch::x86_64::*;
    let (x, y) = (_mm512_set1_ps(black_box(0.5)), _mm512_set1_ps(black_box(1.0)));
    let mut sums = [_mm512_setzero_ps(); CHAINS];
    for _ in 0..rounds {
        for sum in &mut sums {
            *sum = _mm512_fmadd_ps(*sum, x, y);
        }
    }
    sums.into_iter().map(|sum| _mm512_reduce_add_ps(sum)).sum()
}

impl Kernels {
    /// Does multiply-adds in registers on all threads, `rounds` of every chain; gives the number
    /// of floating-point operations done.
    pub fn multiply_adds(&self, rounds: u64) -> u64 {
        let lanes = match self.tier() {
            Tier::Avx512 => 16,
            _ => LANES as u64,
        };
        self.each(self.threads(), &|_| {
            black_box(match self.tier() {
                // SAFETY: `Kernels::new` refuses a tier that the machine does not have.
                #[cfg(target_arch = "x86_64")]
                Tier::Avx512 => unsafe { chains_of_sixteen(rounds) },
                tier => tier.carry_out(Chains { rounds }),
            });
        });
        2 * lanes * CHAINS as u64 * rounds * self.threads() as u64
    }
}
