//! Panels: a matrix copied so that a tile of the product reads it front to back.
//!
//! A panel holds `width` lines, for every term the lines side by side. The last panel is padded
//! with lines of +0; terms are never padded. Only copies are made here.

use std::ops::Range;

use crate::arithmetic::Arithmetic;
use crate::tier::{Task, Tier};

/// Floats between two panels, so that the same term of all panels never falls on one cache set;
/// turning may write that many floats past a panel's last term.
const GAP: usize = 16;

/// Floats of a cache line.
const LINE: usize = 16;

/// How many pieces ahead a line is fetched.
const AHEAD: usize = 4;

/// Asks for the cache line at an address, which may lie anywhere.
#[inline(always)]
fn fetch(address: *const f32) {
    // SAFETY: SSE is part of x86-64; a fetch never faults.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(address.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = address;
}

/// Floats from the start of a panel to the start of the next.
pub fn panel_stride(terms: usize, width: usize) -> usize {
    terms * width + GAP
}

/// A matrix read along terms.
#[derive(Clone, Copy)]
pub struct Operand<'a> {
    pub floats: &'a [f32],
    pub lines: usize,
    pub terms: usize,
    /// Whether the terms of a line lie side by side; otherwise the lines of a term do.
    pub terms_adjacent: bool,
}

impl Operand<'_> {
    /// Fills panels of `width` lines with some lines and terms; `lines` starts a panel.
    pub fn pack(
        self,
        tier: Tier,
        packed: &mut [f32],
        lines: Range<usize>,
        terms: Range<usize>,
        width: usize,
    ) {
        tier.carry_out(Pack { tier, packed, operand: self, lines, terms, width });
    }
}

/// Panels to be filled.
struct Pack<'a> {
    tier: Tier,
    packed: &'a mut [f32],
    operand: Operand<'a>,
    lines: Range<usize>,
    terms: Range<usize>,
    width: usize,
}

impl Task for Pack<'_> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        match self.width {
            4 => self.fill::<4>(),
            6 => self.fill::<6>(),
            8 => self.fill::<8>(),
            12 => self.fill::<12>(),
            16 => self.fill::<16>(),
            32 => self.fill::<32>(),
            width => unreachable!("no tile is {width} wide"),
        }
    }
}

impl Pack<'_> {
    #[inline(always)]
    fn fill<const WIDTH: usize>(self) {
        let Pack { tier, packed, operand, lines, terms, .. } = self;
        let stride = panel_stride(terms.len(), WIDTH);
        let whole = lines.len() / WIDTH;
        let (full, ragged) = packed.split_at_mut(whole * stride);
        match operand.terms_adjacent {
            true => {
                for (number, panel) in full.chunks_exact_mut(stride).enumerate() {
                    let first = lines.start + number * WIDTH;
                    turn::<WIDTH>(tier, panel, operand, first, terms.clone());
                }
            }
            false => copy::<WIDTH>(full, operand, lines.start, terms.clone()),
        }
        if lines.len() > whole * WIDTH {
            pad::<WIDTH>(ragged, operand, lines.start + whole * WIDTH..lines.end, terms);
        }
    }
}

/// Fills whole panels from lines that lie side by side, term by term.
#[inline(always)]
fn copy<const WIDTH: usize>(
    panels: &mut [f32],
    operand: Operand,
    first: usize,
    terms: Range<usize>,
) {
    let stride = panel_stride(terms.len(), WIDTH);
    let count = panels.len() / stride;
    for (place, term) in terms.enumerate() {
        let from = &operand.floats[term * operand.lines + first..][..count * WIDTH];
        for line in from.chunks(LINE) {
            fetch(line.as_ptr().wrapping_add(AHEAD * operand.lines));
        }
        let (chunks, _) = from.as_chunks::<WIDTH>();
        for (number, chunk) in chunks.iter().enumerate() {
            let to = panels[number * stride + place * WIDTH..].first_chunk_mut::<WIDTH>();
            *to.expect("a whole panel") = *chunk;
        }
    }
}

/// Fills a whole panel from lines whose terms lie side by side.
#[inline(always)]
fn turn<const WIDTH: usize>(
    tier: Tier,
    panel: &mut [f32],
    operand: Operand,
    first: usize,
    terms: Range<usize>,
) {
    let start = terms.start;
    let (stride, terms) = (operand.terms, terms.len());
    let from = &operand.floats[first * stride + start..][..(WIDTH - 1) * stride + terms];
    let turned = match tier {
        // SAFETY: the tier is available, all lines hold the terms, the panel them and a gap.
        #[cfg(target_arch = "x86_64")]
        Tier::Avx512 => unsafe { squares::<WIDTH, 16>(panel, from, stride, terms, avx512::square) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Tier::Avx2 => unsafe { squares::<WIDTH, 8>(panel, from, stride, terms, avx2::square) },
        _ => 0,
    };
    for (line, from) in from.chunks(stride).enumerate() {
        for term in turned..terms {
            panel[term * WIDTH + line] = from[term];
        }
    }
}

/// Fills the last panel, which has fewer lines, with +0 in the place of the others.
#[inline(always)]
fn pad<const WIDTH: usize>(
    panel: &mut [f32],
    operand: Operand,
    lines: Range<usize>,
    terms: Range<usize>,
) {
    panel.fill(0.0);
    for line in lines.clone() {
        for (place, term) in terms.clone().enumerate() {
            let from = match operand.terms_adjacent {
                true => line * operand.terms + term,
                false => term * operand.lines + line,
            };
            panel[place * WIDTH + line - lines.start] = operand.floats[from];
        }
    }
}

/// Turns the square of `SIDE` floats at each of some lines; its columns go `apart` floats apart.
#[cfg(target_arch = "x86_64")]
type Square<const SIDE: usize> = unsafe fn(&[*const f32; SIDE], *mut f32, usize);

/// Turns whole squares; gives the number of terms done. A square's lines beyond the last are the
/// last again; what they leave is overwritten by the next term or lies in the gap.
///
/// # Safety
/// The square's instructions are there; `from` has WIDTH lines of these terms, `stride` apart; the
/// panel has room for them and 16 floats more.
#[cfg(target_arch = "x86_64")]
unsafe fn squares<const WIDTH: usize, const SIDE: usize>(
    panel: &mut [f32],
    from: &[f32],
    stride: usize,
    terms: usize,
    square: Square<SIDE>,
) -> usize {
    // Else what a square leaves would fall on places that another one has filled.
    assert!(WIDTH <= SIDE || WIDTH.is_multiple_of(SIDE), "whole squares, or one");
    let whole = terms / SIDE * SIDE;
    for term in (0..whole).step_by(SIDE) {
        for first in (0..WIDTH).step_by(SIDE) {
            let mut lines = [from.as_ptr(); SIDE];
            for (number, line) in (first..).zip(&mut lines) {
                *line = line.wrapping_add(number.min(WIDTH - 1) * stride + term);
                fetch(line.wrapping_add(AHEAD * SIDE));
            }
            // SAFETY: the lines have `SIDE` terms from here; the columns lie inside the panel or
            // the gap behind it.
            unsafe { square(&lines, panel.as_mut_ptr().add(term * WIDTH + first), WIDTH) };
        }
    }
    whole
}

#[cfg(target_arch = "x86_64")]
mod avx512 {
    //! Squares of 16 × 16, turned in registers.

    use std::arch::x86_64::*;

    /// # Safety
    /// The machine has AVX-512F; the lines and places of the columns are reachable.
    #[target_feature(enable = "avx512f")]
    pub unsafe fn square(lines: &[*const f32; 16], to: *mut f32, apart: usize) {
        let mut rows = [_mm512_setzero_ps(); 16];
        for (row, line) in rows.iter_mut().zip(lines) {
            // SAFETY: as the caller promises.
            *row = unsafe { _mm512_loadu_ps(*line) };
        }
        for (place, column) in turned(rows).into_iter().enumerate() {
            // SAFETY: as the caller promises.
            unsafe { _mm512_storeu_ps(to.add(place * apart), column) };
        }
    }

    #[target_feature(enable = "avx512f")]
    fn turned(rows: [__m512; 16]) -> [__m512; 16] {
        let mut columns = rows;
        // Four rows become four registers whose quarters each hold a column of those rows.
        let mut fours = rows;
        for (four, rows) in fours.chunks_exact_mut(4).zip(rows.chunks_exact(4)) {
            let low = |a, b| _mm512_castps_pd(_mm512_unpacklo_ps(a, b));
            let high = |a, b| _mm512_castps_pd(_mm512_unpackhi_ps(a, b));
            let (a, b) = (low(rows[0], rows[1]), low(rows[2], rows[3]));
            let (c, d) = (high(rows[0], rows[1]), high(rows[2], rows[3]));
            four[0] = _mm512_castpd_ps(_mm512_unpacklo_pd(a, b));
            four[1] = _mm512_castpd_ps(_mm512_unpackhi_pd(a, b));
            four[2] = _mm512_castpd_ps(_mm512_unpacklo_pd(c, d));
            four[3] = _mm512_castpd_ps(_mm512_unpackhi_pd(c, d));
        }
        for j in 0..4 {
            let (a, b, c, d) = (fours[j], fours[4 + j], fours[8 + j], fours[12 + j]);
            let even = (_mm512_shuffle_f32x4::<0x88>(a, b), _mm512_shuffle_f32x4::<0x88>(c, d));
            let odd = (_mm512_shuffle_f32x4::<0xDD>(a, b), _mm512_shuffle_f32x4::<0xDD>(c, d));
            columns[j] = _mm512_shuffle_f32x4::<0x88>(even.0, even.1);
            columns[4 + j] = _mm512_shuffle_f32x4::<0x88>(odd.0, odd.1);
            columns[8 + j] = _mm512_shuffle_f32x4::<0xDD>(even.0, even.1);
            columns[12 + j] = _mm512_shuffle_f32x4::<0xDD>(odd.0, odd.1);
        }
        columns
    }
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    //! Squares of 8 × 8, turned in registers.

    use std::arch::x86_64::*;

    /// # Safety
    /// The machine has AVX2; the lines and places of the columns are reachable.
    #[target_feature(enable = "avx2")]
    pub unsafe fn square(lines: &[*const f32; 8], to: *mut f32, apart: usize) {
        let mut rows = [_mm256_setzero_ps(); 8];
        for (row, line) in rows.iter_mut().zip(lines) {
            // SAFETY: as the caller promises.
            *row = unsafe { _mm256_loadu_ps(*line) };
        }
        for (place, column) in turned(rows).into_iter().enumerate() {
            // SAFETY: as the caller promises.
            unsafe { _mm256_storeu_ps(to.add(place * apart), column) };
        }
    }

    #[target_feature(enable = "avx2")]
    fn turned(rows: [__m256; 8]) -> [__m256; 8] {
        let mut columns = rows;
        // Four rows become four registers whose halves each hold a column of those rows.
        let mut fours = rows;
        for (four, rows) in fours.chunks_exact_mut(4).zip(rows.chunks_exact(4)) {
            let low = |a, b| _mm256_castps_pd(_mm256_unpacklo_ps(a, b));
            let high = |a, b| _mm256_castps_pd(_mm256_unpackhi_ps(a, b));
            let (a, b) = (low(rows[0], rows[1]), low(rows[2], rows[3]));
            let (c, d) = (high(rows[0], rows[1]), high(rows[2], rows[3]));
            four[0] = _mm256_castpd_ps(_mm256_unpacklo_pd(a, b));
            four[1] = _mm256_castpd_ps(_mm256_unpackhi_pd(a, b));
            four[2] = _mm256_castpd_ps(_mm256_unpacklo_pd(c, d));
            four[3] = _mm256_castpd_ps(_mm256_unpackhi_pd(c, d));
        }
        for j in 0..4 {
            columns[j] = _mm256_permute2f128_ps::<0x20>(fours[j], fours[4 + j]);
            columns[4 + j] = _mm256_permute2f128_ps::<0x31>(fours[j], fours[4 + j]);
        }
        columns
    }
}
