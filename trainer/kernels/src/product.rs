//! Matrix products with one fixed chain per element: `acc ← fma(a_k, b_k, acc)`, k ascending.
//!
//! What is multiplied is packed into panels. The operand with fewer lines is packed once, by all
//! threads for all; every task packs its own lines of the other, as many as stay in the caches.
//! Rows and columns may be padded there, terms never are.

use std::ops::Range;

use crate::kernels::Kernels;
use crate::micro::Micro;
use crate::pack::{Operand, panel_stride};
use crate::panels::Panels;
use crate::parts::Parts;

/// Whether the chains start at +0 or go on from what C holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carry {
    Fresh,
    Continue,
}

impl Kernels {
    /// `C[m,n] = A[m,k] · B[n,k]ᵀ`, row-major.
    #[allow(clippy::too_many_arguments)]
    pub fn product_nt(
        &self,
        c: &mut [f32],
        a: &[f32],
        b: &[f32],
        m: usize,
        n: usize,
        k: usize,
        carry: Carry,
    ) {
        let a = Operand { floats: a, lines: m, terms: k, terms_adjacent: true };
        let b = Operand { floats: b, lines: n, terms: k, terms_adjacent: true };
        self.product(c, a, b, carry);
    }

    /// `C[m,n] = A[m,k] · B[k,n]`, row-major.
    #[allow(clippy::too_many_arguments)]
    pub fn product_nn(
        &self,
        c: &mut [f32],
        a: &[f32],
        b: &[f32],
        m: usize,
        n: usize,
        k: usize,
        carry: Carry,
    ) {
        let a = Operand { floats: a, lines: m, terms: k, terms_adjacent: true };
        let b = Operand { floats: b, lines: n, terms: k, terms_adjacent: false };
        self.product(c, a, b, carry);
    }

    /// `C[m,n] = A[k,m]ᵀ · B[k,n]`, row-major.
    #[allow(clippy::too_many_arguments)]
    pub fn product_tn(
        &self,
        c: &mut [f32],
        a: &[f32],
        b: &[f32],
        m: usize,
        n: usize,
        k: usize,
        carry: Carry,
    ) {
        let a = Operand { floats: a, lines: m, terms: k, terms_adjacent: false };
        let b = Operand { floats: b, lines: n, terms: k, terms_adjacent: false };
        self.product(c, a, b, carry);
    }

    fn product(&self, c: &mut [f32], a: Operand, b: Operand, carry: Carry) {
        let (m, n, k) = (a.lines, b.lines, a.terms);
        assert_eq!(c.len(), m * n, "C is {m} × {n}");
        assert_eq!(a.floats.len(), m * k, "A has {m} × {k} elements");
        assert_eq!(b.floats.len(), n * k, "B has {n} × {k} elements");
        if k == 0 && carry == Carry::Fresh {
            c.fill(0.0);
        }
        if m == 0 || n == 0 || k == 0 {
            return;
        }
        let micro = Micro::of(self.tier());
        let product = Product { kernels: self, micro, a, b, c: Parts::new(c), carry };
        let most = k.min(self.block_terms);
        let blocks = (self.panels_most / (m.min(n) * most)).max(1);
        for start in (0..k).step_by(blocks * most) {
            product.go_on(start..(start + blocks * most).min(k), most);
        }
    }

    /// Lines of a task: whole tiles, no more than a cache holds, and tasks of one size for every
    /// thread. Only speed depends on it.
    fn task_lines(&self, lines: usize, most: usize, unit: usize) -> usize {
        let tasks = lines.div_ceil(most.max(unit)).next_multiple_of(self.threads());
        lines.div_ceil(tasks).next_multiple_of(unit)
    }
}

/// A product being computed, tile by tile.
struct Product<'a> {
    kernels: &'a Kernels,
    micro: Micro,
    a: Operand<'a>,
    b: Operand<'a>,
    c: Parts<'a>,
    carry: Carry,
}

impl Product<'_> {
    /// Goes on with all chains by some terms, `most` at a time.
    fn go_on(&self, terms: Range<usize>, most: usize) {
        let Product { kernels, micro, a, b, .. } = *self;
        let (m, n) = (a.lines, b.lines);
        let ((shared, shared_width), (own, width)) = match m < n {
            true => ((a, micro.rows), (b, micro.columns)),
            false => ((b, micro.columns), (a, micro.rows)),
        };
        let panels = Panels::of(kernels, shared, shared_width, terms.clone(), most);
        let lines = kernels.task_lines(own.lines, micro.held / most, width);
        kernels.each_range(own.lines, lines, &|lines| {
            let room = lines.len().div_ceil(width) * panel_stride(most, width);
            let mut packed = kernels.reused(room);
            for start in terms.clone().step_by(most) {
                let terms = start..(start + most).min(terms.end);
                own.pack(kernels.tier(), &mut packed, lines.clone(), terms.clone(), width);
                let shared = panels.block(terms.clone());
                match m < n {
                    true => self.tiles(shared, &packed, 0..m, lines.clone(), terms),
                    false => self.tiles(&packed, shared, lines.clone(), 0..n, terms),
                }
            }
        });
    }

    /// Goes on with the chains of some rows and columns by some packed terms.
    fn tiles(
        &self,
        packed_a: &[f32],
        packed_b: &[f32],
        rows: Range<usize>,
        columns: Range<usize>,
        terms: Range<usize>,
    ) {
        let n = self.b.lines;
        let Micro { rows: high, columns: wide, run, .. } = self.micro;
        let (a_stride, b_stride) =
            (panel_stride(terms.len(), high), panel_stride(terms.len(), wide));
        let load = self.carry == Carry::Continue || terms.start > 0;
        let mut tile = [0.0; Micro::TILE_MAX];
        // A panel of B stays in the first cache while all panels of A pass by it.
        for (b, column) in packed_b.chunks(b_stride).zip(columns.clone().step_by(wide)) {
            for (a, row) in packed_a.chunks(a_stride).zip(rows.clone().step_by(high)) {
                let (a, b) = ((a.as_ptr(), high), (b.as_ptr(), wide));
                let (here, across) = (high.min(rows.end - row), wide.min(columns.end - column));
                // SAFETY: this task alone reaches these rows and columns of C; the panels hold
                // these terms; a ragged tile is computed in `tile`.
                unsafe {
                    let c = self.c.at(row * n + column);
                    if here == high && across == wide {
                        run(terms.len(), a, b, (c, n), load, c.wrapping_add(high * n));
                        continue;
                    }
                    for r in 0..here {
                        let to = &mut tile[r * wide..][..across];
                        to.copy_from_slice(std::slice::from_raw_parts(c.add(r * n), across));
                    }
                    run(terms.len(), a, b, (tile.as_mut_ptr(), wide), load, c);
                    for r in 0..here {
                        let from = &tile[r * wide..][..across];
                        std::slice::from_raw_parts_mut(c.add(r * n), across).copy_from_slice(from);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arithmetic::{Arithmetic, Emulated};
    use crate::random::normal;
    use crate::tier::Tier;

    fn floats(purpose: u32, len: usize) -> Vec<f32> {
        (0..len as u64).map(|index| normal(11, purpose, index)).collect()
    }

    /// The definition, element by element.
    fn reference(c: &[f32], a: Operand, b: Operand) -> Vec<f32> {
        let at = |operand: &Operand, line: usize, term: usize| match operand.terms_adjacent {
            true => operand.floats[line * operand.terms + term],
            false => operand.floats[term * operand.lines + line],
        };
        let mut wanted = c.to_vec();
        for row in 0..a.lines {
            for column in 0..b.lines {
                let sum = &mut wanted[row * b.lines + column];
                for term in 0..a.terms {
                    *sum = Emulated::fma(at(&a, row, term), at(&b, column, term), *sum);
                }
            }
        }
        wanted
    }

    fn check(m: usize, n: usize, k: usize, kernels: &Kernels) {
        let (a, b) = (floats(1, m * k), floats(2, n * k));
        for (a_adjacent, b_adjacent) in [(true, true), (true, false), (false, false)] {
            let a = Operand { floats: &a, lines: m, terms: k, terms_adjacent: a_adjacent };
            let b = Operand { floats: &b, lines: n, terms: k, terms_adjacent: b_adjacent };
            for carry in [Carry::Fresh, Carry::Continue] {
                let start = floats(3, m * n);
                let zero = vec![0.0; m * n];
                let wanted = reference(if carry == Carry::Fresh { &zero } else { &start }, a, b);
                let mut found = start.clone();
                kernels.product(&mut found, a, b, carry);
                let same = wanted.iter().zip(&found).all(|(w, f)| w.to_bits() == f.to_bits());
                assert!(same, "{m} {n} {k} {} {carry:?}", kernels.tier());
            }
        }
    }

    #[test]
    fn every_tier_has_the_bits_of_the_definition() {
        for tier in Tier::ALL.into_iter().filter(|tier| tier.available()) {
            for (threads, block_terms) in [(1, 256), (2, 7), (3, 37), (7, 1)] {
                let kernels = Kernels::new(tier, threads).expect("kernels");
                let mut kernels = kernels.with_block_terms(block_terms);
                kernels.panels_most = 4000;
                let sizes = [(1, 1, 1), (1, 33, 5), (13, 7, 100), (31, 65, 17), (150, 170, 40)];
                for (m, n, k) in sizes.into_iter().chain([(100, 40, 3), (170, 150, 40)]) {
                    check(m, n, k, &kernels);
                }
            }
        }
    }

    #[test]
    fn no_terms_give_zero_or_leave_what_was_there() {
        let kernels = Kernels::new(Tier::Scalar, 1).expect("kernels");
        let mut c = [5.0; 4];
        kernels.product_nt(&mut c, &[], &[], 2, 2, 0, Carry::Continue);
        assert_eq!(c, [5.0; 4]);
        kernels.product_nt(&mut c, &[], &[], 2, 2, 0, Carry::Fresh);
        assert_eq!(c, [0.0; 4]);
    }
}
