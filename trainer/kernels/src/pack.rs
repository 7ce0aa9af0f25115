//! Panels: a matrix copied so that a tile of the product reads it front to back.
//!
//! A panel holds `width` lines, for every term the lines side by side. The last panel is padded
//! with lines of +0; terms are never padded. Only copies are made here.

use crate::arithmetic::Arithmetic;
use crate::tier::Task;

/// Terms that are turned together.
const TERMS: usize = 8;

/// Floats between two panels, so that the same term of all panels never falls on one cache set.
const GAP: usize = 16;

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

/// Some panels to be filled, from line `first` on.
pub struct Pack<'a> {
    pub packed: &'a mut [f32],
    pub operand: Operand<'a>,
    pub first: usize,
    pub width: usize,
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
        let Pack { packed, operand, first, .. } = self;
        let stride = panel_stride(operand.terms, WIDTH);
        let whole = ((operand.lines - first) / WIDTH).min(packed.len() / stride);
        let (full, ragged) = packed.split_at_mut(whole * stride);
        match operand.terms_adjacent {
            true => {
                for (number, panel) in full.chunks_exact_mut(stride).enumerate() {
                    turn::<WIDTH>(panel, operand, first + number * WIDTH);
                }
            }
            false => copy::<WIDTH>(full, operand, first),
        }
        if !ragged.is_empty() {
            pad::<WIDTH>(ragged, operand, first + whole * WIDTH);
        }
    }
}

/// Fills whole panels from lines that lie side by side, term by term.
#[inline(always)]
fn copy<const WIDTH: usize>(panels: &mut [f32], operand: Operand, first: usize) {
    let stride = panel_stride(operand.terms, WIDTH);
    let count = panels.len() / stride;
    for term in 0..operand.terms {
        let from = &operand.floats[term * operand.lines + first..][..count * WIDTH];
        let (chunks, _) = from.as_chunks::<WIDTH>();
        for (number, chunk) in chunks.iter().enumerate() {
            let to = panels[number * stride + term * WIDTH..].first_chunk_mut::<WIDTH>();
            *to.expect("a whole panel") = *chunk;
        }
    }
}

/// Fills a whole panel from lines whose terms lie side by side.
#[inline(always)]
fn turn<const WIDTH: usize>(panel: &mut [f32], operand: Operand, first: usize) {
    let terms = operand.terms;
    let lines: [&[f32]; WIDTH] =
        std::array::from_fn(|line| &operand.floats[(first + line) * terms..][..terms]);
    let whole = terms / TERMS * TERMS;
    for start in (0..whole).step_by(TERMS) {
        let rows: [&[f32; TERMS]; WIDTH] =
            std::array::from_fn(|line| lines[line][start..].first_chunk().expect("whole"));
        let (to, _) = panel[start * WIDTH..].as_chunks_mut::<WIDTH>();
        for (term, to) in to[..TERMS].iter_mut().enumerate() {
            *to = std::array::from_fn(|line| rows[line][term]);
        }
    }
    for term in whole..terms {
        for (line, from) in lines.iter().enumerate() {
            panel[term * WIDTH + line] = from[term];
        }
    }
}

/// Fills the last panel, which has fewer lines, with +0 in the place of the others.
#[inline(always)]
fn pad<const WIDTH: usize>(panel: &mut [f32], operand: Operand, first: usize) {
    panel.fill(0.0);
    for line in first..operand.lines {
        for term in 0..operand.terms {
            let from = match operand.terms_adjacent {
                true => line * operand.terms + term,
                false => term * operand.lines + line,
            };
            panel[term * WIDTH + line - first] = operand.floats[from];
        }
    }
}
