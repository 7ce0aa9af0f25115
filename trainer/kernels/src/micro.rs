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
    /// Floats of A that a task holds packed: what stays in the second cache of such machines.
    pub held: usize,
    /// `(terms, a, b, c, load, next)`: a has `rows` floats a term, b has `columns`, c is a full
    /// tile; `next` is a tile whose lines are fetched ahead; it may lie anywhere.
    pub run: unsafe fn(usize, Rows, Rows, RowsMut, bool, *const f32),
}

/// Where rows of floats lie: the first of them, and floats from one to the next.
pub type Rows = (*const f32, usize);
pub type RowsMut = (*mut f32, usize);

impl Micro {
    /// The largest tile of any tier, in elements.
    pub const TILE_MAX: usize = 12 * 32;

    /// The tile of a tier.
    pub fn of(tier: Tier) -> Micro {
        match tier {
            #[cfg(target_arch = "x86_64")]
            Tier::Avx512 => Micro { rows: 12, columns: 32, held: 160 << 10, run: avx512::tile },
            #[cfg(target_arch = "x86_64")]
            Tier::Avx2 => Micro { rows: 6, columns: 16, held: 96 << 10, run: avx2::tile },
            #[cfg(target_arch = "x86_64")]
            Tier::Sse2 => Micro { rows: ROWS, columns: COLUMNS, held: 96 << 10, run: sse2::tile },
            #[cfg(target_arch = "aarch64")]
            Tier::Neon => Micro { rows: 6, columns: 16, held: 96 << 10, run: neon::tile },
            _ => Micro { rows: ROWS, columns: COLUMNS, held: 96 << 10, run: scalar },
        }
    }

    /// Fills the tile at the start of `c`; every slice comes with the floats between its rows.
    pub fn fill(
        &self,
        terms: usize,
        a: (&[f32], usize),
        b: (&[f32], usize),
        c: (&mut [f32], usize),
        load: bool,
    ) {
        let holds = |len: usize, rows: usize, stride: usize, width: usize| {
            rows == 0 || len >= (rows - 1) * stride + width
        };
        assert!(holds(a.0.len(), terms, a.1, self.rows), "a row of A for every term");
        assert!(holds(b.0.len(), terms, b.1, self.columns), "a row of B for every term");
        assert!(holds(c.0.len(), self.rows, c.1, self.columns), "a whole tile of C");
        let next = c.0.as_ptr();
        // SAFETY: as the lines above found; `Kernels::new` refuses a tier that is not there.
        unsafe {
            let (a, b) = ((a.0.as_ptr(), a.1), (b.0.as_ptr(), b.1));
            (self.run)(terms, a, b, (c.0.as_mut_ptr(), c.1), load, next);
        }
    }
}

const ROWS: usize = 4;
const COLUMNS: usize = 8;

/// The readable form: for each element, `acc ← fma(a, b, acc)` over ascending terms.
///
/// # Safety
/// `a` has ROWS floats for every term, `b` has COLUMNS, `c` is a tile that nothing else reaches.
unsafe fn scalar(
    terms: usize,
    (a, a_stride): Rows,
    (b, b_stride): Rows,
    (c, stride): RowsMut,
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
                    let (x, y) = (*a.add(term * a_stride + row), *b.add(term * b_stride + column));
                    sum = Emulated::fma(x, y, sum);
                }
                *place = sum;
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod sse2 {
    //! 4 × 8 with the exact emulation of `arithmetic.rs`, two lanes of f64 at a time.

    use std::arch::x86_64::*;

    use super::{COLUMNS, ROWS, Rows, RowsMut};

    /// `round(a·b + c)`: the sum in f64 is rounded to odd, then narrowed.
    #[inline(always)]
    fn multiply_add(a: __m128d, b: __m128d, c: __m128) -> __m128 {
        // SAFETY: SSE2 is part of x86-64.
        unsafe {
            let (product, addend, one) = (_mm_mul_pd(a, b), _mm_cvtps_pd(c), _mm_set1_epi64x(1));
            let sum = _mm_add_pd(product, addend);
            let back = _mm_sub_pd(sum, product);
            let first = _mm_sub_pd(product, _mm_sub_pd(sum, back));
            let error = _mm_add_pd(first, _mm_sub_pd(addend, back));
            let zero = _mm_setzero_pd();
            let inexact = _mm_or_pd(_mm_cmpgt_pd(error, zero), _mm_cmplt_pd(error, zero));
            let bits = _mm_castpd_si128(sum);
            let even = _mm_sub_epi64(_mm_and_si128(bits, one), one);
            // 0 where error and sum have one sign, else 1; so the step is 1 or -1.
            let apart = _mm_srli_epi64::<63>(_mm_xor_si128(bits, _mm_castpd_si128(error)));
            let step = _mm_sub_epi64(one, _mm_add_epi64(apart, apart));
            let step = _mm_and_si128(step, _mm_and_si128(even, _mm_castpd_si128(inexact)));
            _mm_cvtpd_ps(_mm_castsi128_pd(_mm_add_epi64(bits, step)))
        }
    }

    /// # Safety
    /// As for the scalar tile.
    pub unsafe fn tile(
        terms: usize,
        (a, a_stride): Rows,
        (b, b_stride): Rows,
        (c, stride): RowsMut,
        load: bool,
        _next: *const f32,
    ) {
        // SAFETY: every address lies inside what the caller promises; two floats are read and
        // written as one 64-bit number, unaligned.
        unsafe {
            let two = |from: *const f32| _mm_castsi128_ps(_mm_loadl_epi64(from.cast()));
            let mut sums = [[_mm_setzero_ps(); COLUMNS / 2]; ROWS];
            if load {
                for (row, sums) in sums.iter_mut().enumerate() {
                    for (pair, sum) in sums.iter_mut().enumerate() {
                        *sum = two(c.add(row * stride + 2 * pair));
                    }
                }
            }
            for term in 0..terms {
                let right: [__m128d; COLUMNS / 2] = std::array::from_fn(|pair| {
                    _mm_cvtps_pd(two(b.add(term * b_stride + 2 * pair)))
                });
                for (row, sums) in sums.iter_mut().enumerate() {
                    let x = _mm_set1_pd(f64::from(*a.add(term * a_stride + row)));
                    for (sum, y) in sums.iter_mut().zip(right) {
                        *sum = multiply_add(x, y, *sum);
                    }
                }
            }
            for (row, sums) in sums.iter().enumerate() {
                for (pair, sum) in sums.iter().enumerate() {
                    let to = c.add(row * stride + 2 * pair);
                    _mm_storel_epi64(to.cast(), _mm_castps_si128(*sum));
                }
            }
        }
    }
}

#[cfg(target_arch = "aarch64")]
mod neon {
    //! 6 × 16: twenty-four accumulators of four lanes, lanes are columns.

    use std::arch::aarch64::*;

    use super::{Rows, RowsMut};

    /// # Safety
    /// As for the scalar tile, with 6 rows and 16 columns.
    pub unsafe fn tile(
        terms: usize,
        (a, a_stride): Rows,
        (b, b_stride): Rows,
        (c, stride): RowsMut,
        load: bool,
        _next: *const f32,
    ) {
        // SAFETY: every address lies inside what the caller promises; NEON is part of AArch64.
        unsafe {
            let mut sums = [[vdupq_n_f32(0.0); 4]; 6];
            if load {
                for (row, sums) in sums.iter_mut().enumerate() {
                    for (quarter, sum) in sums.iter_mut().enumerate() {
                        *sum = vld1q_f32(c.add(row * stride + 4 * quarter));
                    }
                }
            }
            for term in 0..terms {
                let right: [float32x4_t; 4] =
                    std::array::from_fn(|quarter| vld1q_f32(b.add(term * b_stride + 4 * quarter)));
                for (row, sums) in sums.iter_mut().enumerate() {
                    let x = vdupq_n_f32(*a.add(term * a_stride + row));
                    for (sum, y) in sums.iter_mut().zip(right) {
                        *sum = vfmaq_f32(*sum, x, y);
                    }
                }
            }
            for (row, sums) in sums.iter().enumerate() {
                for (quarter, sum) in sums.iter().enumerate() {
                    vst1q_f32(c.add(row * stride + 4 * quarter), *sum);
                }
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    //! 6 × 16: twelve accumulators of eight lanes, lanes are columns.

    use std::arch::x86_64::*;

    use super::{Rows, RowsMut};

    /// # Safety
    /// As for the scalar tile, with 6 rows and 16 columns; the machine has AVX2 and FMA.
    #[target_feature(enable = "avx2,fma")]
    pub unsafe fn tile(
        terms: usize,
        (a, a_stride): Rows,
        (b, b_stride): Rows,
        (c, stride): RowsMut,
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
                let left = _mm256_loadu_ps(b.add(term * b_stride));
                let right = _mm256_loadu_ps(b.add(term * b_stride + 8));
                for (row, sums) in sums.iter_mut().enumerate() {
                    let x = _mm256_broadcast_ss(&*a.add(term * a_stride + row));
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

    use super::{Rows, RowsMut};

    /// # Safety
    /// As for the scalar tile, with 12 rows and 32 columns; the machine has AVX-512F.
    #[target_feature(enable = "avx512f")]
    pub unsafe fn tile(
        terms: usize,
        (a, a_stride): Rows,
        (b, b_stride): Rows,
        (c, stride): RowsMut,
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
                let left = _mm512_loadu_ps(b.add(term * b_stride));
                let right = _mm512_loadu_ps(b.add(term * b_stride + 16));
                for (row, sums) in sums.iter_mut().enumerate() {
                    let x = _mm512_set1_ps(*a.add(term * a_stride + row));
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
