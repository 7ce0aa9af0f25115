//! Matrix products with one fixed chain per element: `acc ← fma(a_k, b_k, acc)`, k ascending.
//!
//! Both matrices are packed into panels; rows and columns may be padded there, terms never are.

use crate::kernels::Kernels;
use crate::micro::Micro;
use crate::pack::{Operand, Pack, panel_stride};
use crate::parts::Parts;

/// Whether the chains start at +0 or go on from what C holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carry {
    Fresh,
    Continue,
}

/// Rows and columns of C that one task computes; only speed depends on them.
const TASK_ROWS: usize = 96;
const TASK_COLUMNS: usize = 256;

/// Panels that one task packs; their lines of a term are read together.
const PANELS_TOGETHER: usize = 8;

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
        let (high, wide) = (panel_stride(k, micro.rows), panel_stride(k, micro.columns));
        let mut packed_a = self.buffer(m.div_ceil(micro.rows) * high);
        let mut packed_b = self.buffer(n.div_ceil(micro.columns) * wide);
        self.pack(&mut packed_a, a, micro.rows);
        self.pack(&mut packed_b, b, micro.columns);
        let tiles = Tiles {
            micro,
            a: &packed_a,
            b: &packed_b,
            c: Parts::new(c),
            size: (m, n, k),
            block_terms: self.block_terms,
            load: carry == Carry::Continue,
        };
        let (rows, columns) = self.task_size(m, n, micro);
        let across = n.div_ceil(columns);
        self.each(m.div_ceil(rows) * across, &|task| {
            let (row, column) = (task / across * rows, task % across * columns);
            tiles.compute(row..(row + rows).min(m), column..(column + columns).min(n));
        });
    }

    /// Rows and columns of a task: whole tiles, and enough tasks for every thread.
    fn task_size(&self, m: usize, n: usize, micro: Micro) -> (usize, usize) {
        let mut rows = TASK_ROWS.next_multiple_of(micro.rows);
        let mut columns = TASK_COLUMNS;
        let wanted = self.threads() * 2;
        while m.div_ceil(rows) * n.div_ceil(columns) < wanted && columns > micro.columns * 2 {
            columns = (columns / 2).next_multiple_of(micro.columns);
        }
        while m.div_ceil(rows) * n.div_ceil(columns) < wanted && rows > micro.rows {
            rows = (rows / 2).next_multiple_of(micro.rows);
        }
        (rows, columns)
    }

    /// Copies a matrix into panels of `width` lines, the lines of one term side by side.
    fn pack(&self, packed: &mut [f32], operand: Operand, width: usize) {
        let panels = operand.lines.div_ceil(width);
        let packed = Parts::new(packed);
        self.each_range(panels, PANELS_TOGETHER, &|range| {
            let stride = panel_stride(operand.terms, width);
            let floats = range.start * stride..range.end * stride;
            // SAFETY: every panel is packed by one task.
            let packed = unsafe { packed.part(floats) };
            self.tier().carry_out(Pack { packed, operand, first: range.start * width, width });
        });
    }
}

/// A product being computed tile by tile.
struct Tiles<'a> {
    micro: Micro,
    a: &'a [f32],
    b: &'a [f32],
    c: Parts<'a>,
    /// m, n, k
    size: (usize, usize, usize),
    block_terms: usize,
    load: bool,
}

impl Tiles<'_> {
    /// Computes the elements of C in some rows and columns; both start at a whole tile.
    fn compute(&self, rows: std::ops::Range<usize>, columns: std::ops::Range<usize>) {
        let (_, n, k) = self.size;
        let Micro { rows: high, columns: wide, run } = self.micro;
        let (a_stride, b_stride) = (panel_stride(k, high), panel_stride(k, wide));
        let mut tile = [0.0; Micro::TILE_MAX];
        for block in (0..k).step_by(self.block_terms) {
            let terms = self.block_terms.min(k - block);
            let load = self.load || block > 0;
            // A panel of B stays in the first cache while all panels of A pass by it.
            for column in columns.clone().step_by(wide) {
                let b = self.b[column / wide * b_stride + block * wide..].as_ptr();
                for row in rows.clone().step_by(high) {
                    let a = self.a[row / high * a_stride + block * high..].as_ptr();
                    let (here, across) = (high.min(rows.end - row), wide.min(columns.end - column));
                    // SAFETY: this task alone reaches these rows and columns of C; the panels
                    // hold `terms` more terms from here; a ragged tile is computed in `tile`.
                    unsafe {
                        let c = self.c.at(row * n + column);
                        if here == high && across == wide {
                            run(terms, a, b, c, n, load, c.wrapping_add(high * n));
                            continue;
                        }
                        for r in 0..here {
                            let to = &mut tile[r * wide..][..across];
                            to.copy_from_slice(std::slice::from_raw_parts(c.add(r * n), across));
                        }
                        run(terms, a, b, tile.as_mut_ptr(), wide, load, tile.as_ptr());
                        for r in 0..here {
                            let from = &tile[r * wide..][..across];
                            std::slice::from_raw_parts_mut(c.add(r * n), across)
                                .copy_from_slice(from);
                        }
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
                let kernels = kernels.with_block_terms(block_terms);
                for (m, n, k) in [(1, 1, 1), (1, 33, 5), (13, 7, 100), (31, 65, 17), (100, 40, 3)] {
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
