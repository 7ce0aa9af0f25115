//! The instruction sets that the arithmetic is written for; none of them changes a bit.

use std::fmt;
use std::str::FromStr;

use crate::arithmetic::{Arithmetic, Emulated, Fused};

/// An instruction set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// The readable reference: plain loops and an emulated fused multiply-add; runs anywhere.
    Scalar,
    /// SSE2, which every x86-64 machine has: products in vectors, the same emulation.
    Sse2,
    /// AVX2 with FMA, 8 lanes.
    Avx2,
    /// AVX-512, 16 lanes.
    Avx512,
    /// NEON, which every AArch64 machine has, 4 lanes.
    Neon,
}

/// A text that names no tier.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is not a tier, wanted {wanted}", wanted = Tier::WANTED)]
pub struct TierError(String);

impl Tier {
    /// All tiers, slowest first.
    pub const ALL: [Tier; 5] = [Tier::Scalar, Tier::Sse2, Tier::Avx2, Tier::Avx512, Tier::Neon];

    /// Their names, for messages.
    pub const WANTED: &str = "`scalar`, `sse2`, `avx2`, `avx512` or `neon`";

    /// The fastest tier of this machine.
    pub fn best() -> Tier {
        let mut best = Tier::Scalar;
        for tier in Tier::ALL {
            if tier.available() {
                best = tier;
            }
        }
        best
    }

    /// Whether this machine has the tier.
    pub fn available(self) -> bool {
        match self {
            Tier::Scalar => true,
            Tier::Sse2 => cfg!(target_arch = "x86_64"),
            Tier::Neon => cfg!(target_arch = "aarch64"),
            #[cfg(target_arch = "x86_64")]
            Tier::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            #[cfg(target_arch = "x86_64")]
            Tier::Avx512 => {
                Tier::Avx2.available()
                    && is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512vl")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512bw")
            }
            #[cfg(not(target_arch = "x86_64"))]
            _ => false,
        }
    }

    /// Carries a task out with the tier's instructions; the tier must be available.
    #[inline]
    pub(crate) fn carry_out<T: Task>(self, task: T) -> T::Output {
        match self {
            // SAFETY: `Kernels::new` refuses a tier that the machine does not have.
            #[cfg(target_arch = "x86_64")]
            Tier::Avx2 => unsafe { with_avx2(task) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Tier::Avx512 => unsafe { with_avx512(task) },
            // Part of every AArch64 machine, as is its fused multiply-add.
            #[cfg(target_arch = "aarch64")]
            Tier::Neon => task.run::<Fused>(),
            _ => task.run::<Emulated>(),
        }
    }
}

/// Loops written once and compiled for every tier; `run` must be `#[inline(always)]`.
pub(crate) trait Task {
    type Output;
    fn run<A: Arithmetic>(self) -> Self::Output;
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn with_avx2<T: Task>(task: T) -> T::Output {
    task.run::<Fused>()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
fn with_avx512<T: Task>(task: T) -> T::Output {
    task.run::<Fused>()
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Tier::Scalar => "scalar",
            Tier::Sse2 => "sse2",
            Tier::Avx2 => "avx2",
            Tier::Avx512 => "avx512",
            Tier::Neon => "neon",
        })
    }
}

impl FromStr for Tier {
    type Err = TierError;

    fn from_str(text: &str) -> Result<Tier, TierError> {
        let found = Tier::ALL.into_iter().find(|tier| tier.to_string() == text);
        found.ok_or_else(|| TierError(text.into()))
    }
}
