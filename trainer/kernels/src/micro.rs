//! The innermost tile of a product: rows × columns of C, one fused chain per element.
//!
//! Each kernel continues the chains it finds in the tile when `load` is set, so the places where
//! a long chain is cut into blocks leave no trace in the bits.

use crate::arithmetic::{Arithmetic, Emulated};
use crate::tier::Tier;

/// A tile's size and the code that fills it.
#[derive(Clone, Copy)]
pub struct Micro {
    pub rows: usize,
    pub columns: usize,
    /// `(terms, a, b, c, stride of c, load, next)`; a and b are packed panels, c is a full tile,
    /// `next` is the tile that comes after it, whose lines are fetched ahead; it may lie anywhere.
    pub run: unsafe fn(usize, *const f32, *const f32, *mut f32, usize, bool, *const f32),
}

impl Micro {
    /// The largest tile of any tier, in elements.
    pub const TILE_MAX: usize = 12 * 32;

    /// The tile of a tier.
    pub fn of(tier: Tier) -> Micro {
        match tier {
            #[cfg(target_arch = "x86_64")]
            Tier::Avx512 => Micro { rows: 12, columns: 32, run: avx512::tile },
            #[cfg(target_arch = "x86_64")]
            Tier::Avx2 => Micro { rows: 6, columns: 16, run: avx2::tile },
            _ => Micro { rows: ROWS, columns: COLUMNS, run: scalar },
        }
    }
}

const ROWS: usize = 4;
const COLUMNS: usize = 8;

/// The readable form: for each element, `acc ← fma(a, b, acc)` over ascending terms.
///
/// # Safety
/// `a` has `terms` × ROWS floats, `b` has `terms` × COLUMNS, `c` a tile with rows `stride` apart.
unsafe fn scalar(
    terms: usize,
    a: *const f32,
    b: *const f32,
    c: *mut f32,
    stride: usize,
    load: bool,
    _next: *const f32,
) {
    for row in 0..ROWS {
        for column in 0..COLUMNS {
            // SAFETY: every index lies inside what the caller promises.
            unsafe {
                let place = c.add(row * stride + column);
                let mut sum = if load { *place } else { 0.0 };
                for term in 0..terms {
                    let (x, y) = (*a.add(term * ROWS + row), *b.add(term * COLUMNS + column));
                    sum = Emulated::fma(x, y, sum);
                }
                *place = sum;
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    //! 6 × 16: twelve accumulators of eight lanes, lanes are columns.

    use std::arch::x86_64::*;

    /// # Safety
    /// As for the scalar tile, with 6 rows and 16 columns; the machine has AVX2 and FMA.
    #[target_feature(enable = "avx2,fma")]
    pub unsafe fn tile(
        terms: usize,
        a: *const f32,
        b: *const f32,
        c: *mut f32,
        stride: usize,
        load: bool,
        next: *const f32,
    ) {
        let mut sums = [[_mm256_setzero_ps(); 2]; 6];
        for row in 0..6 {
            _mm_prefetch::<_MM_HINT_T0>(next.wrapping_add(row * stride).cast());
            _mm_prefetch::<_MM_HINT_T0>(next.wrapping_add(row * stride + 15).cast());
        }
        // SAFETY: every address lies inside what the caller promises.
        unsafe {
            if load {
                for (row, sums) in sums.iter_mut().enumerate() {
                    sums[0] = _mm256_loadu_ps(c.add(row * stride));
                    sums[1] = _mm256_loadu_ps(c.add(row * stride + 8));
                }
            }
            for term in 0..terms {
                let left = _mm256_loadu_ps(b.add(term * 16));
                let right = _mm256_loadu_ps(b.add(term * 16 + 8));
                for (row, sums) in sums.iter_mut().enumerate() {
                    let x = _mm256_broadcast_ss(&*a.add(term * 6 + row));
                    sums[0] = _mm256_fmadd_ps(x, left, sums[0]);
                    sums[1] = _mm256_fmadd_ps(x, right, sums[1]);
                }
            }
            for (row, sums) in sums.iter().enumerate() {
                _mm256_storeu_ps(c.add(row * stride), sums[0]);
                _mm256_storeu_ps(c.add(row * stride + 8), sums[1]);
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod avx512 {
    //! 12 × 32: twenty-four accumulators of sixteen lanes, lanes are columns.

    use std::arch::x86_64::*;

    /// # Safety
    /// As for the scalar tile, with 12 rows and 32 columns; the machine has AVX-512F.
    #[target_feature(enable = "avx512f")]
    pub unsafe fn tile(
        terms: usize,
        a: *const f32,
        b: *const f32,
        c: *mut f32,
        stride: usize,
        load: bool,
        next: *const f32,
    ) {
        let mut sums = [[_mm512_setzero_ps(); 2]; 12];
        for row in 0..12 {
            _mm_prefetch::<_MM_HINT_T0>(next.wrapping_add(row * stride).cast());
            _mm_prefetch::<_MM_HINT_T0>(next.wrapping_add(row * stride + 16).cast());
        }
        // SAFETY: every address lies inside what the caller promises.
        unsafe {
            if load {
                for (row, sums) in sums.iter_mut().enumerate() {
                    sums[0] = _mm512_loadu_ps(c.add(row * stride));
                    sums[1] = _mm512_loadu_ps(c.add(row * stride + 16));
                }
            }
            for term in 0..terms {
                let left = _mm512_loadu_ps(b.add(term * 32));
                let right = _mm512_loadu_ps(b.add(term * 32 + 16));
                for (row, sums) in sums.iter_mut().enumerate() {
                    let x = _mm512_set1_ps(*a.add(term * 12 + row));
                    sums[0] = _mm512_fmadd_ps(x, left, sums[0]);
                    sums[1] = _mm512_fmadd_ps(x, right, sums[1]);
                }
            }
            for (row, sums) in sums.iter().enumerate() {
                _mm512_storeu_ps(c.add(row * stride), sums[0]);
                _mm512_storeu_ps(c.add(row * stride + 16), sums[1]);
            }
        }
    }
}
