//! The gated unit: `y = (g·σ(g))·u` over rows that hold the gate first, then the up half.

use crate::arithmetic::Arithmetic;
use crate::elementary::{sigmoid, sigmoid1};
use crate::kernels::Kernels;
use crate::parts::Parts;
use crate::tier::Task;

const ROWS_TOGETHER: usize = 16;

/// The gate's function of a version of the arithmetic.
#[inline(always)]
fn gate<A: Arithmetic, const VERSION: u32>(x: f32) -> f32 {
    if VERSION == 1 { sigmoid1::<A>(x) } else { sigmoid(x) }
}

struct Forward<'a, const VERSION: u32> {
    y: &'a mut [f32],
    gate_up: &'a [f32],
    hidden: usize,
}

impl<const VERSION: u32> Task for Forward<'_, VERSION> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let hidden = self.hidden;
        let rows = self.y.chunks_exact_mut(hidden).zip(self.gate_up.chunks_exact(2 * hidden));
        for (y, row) in rows {
            let (gates, ups) = row.split_at(hidden);
            for ((y, g), u) in y.iter_mut().zip(gates).zip(ups) {
                *y = (g * gate::<A, VERSION>(*g)) * u;
            }
        }
    }
}

struct Backward<'a, const VERSION: u32> {
    dgate_up: &'a mut [f32],
    dy: &'a [f32],
    gate_up: &'a [f32],
    hidden: usize,
}

impl<const VERSION: u32> Task for Backward<'_, VERSION> {
    type Output = ();

    /// `du = dy·(g·σ)`, `dg = (dy·u)·(σ·(1 + g·(1 − σ)))`; σ is computed again.
    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let hidden = self.hidden;
        let rows = self.dgate_up.chunks_exact_mut(2 * hidden).zip(self.dy.chunks_exact(hidden));
        for ((out, dy), row) in rows.zip(self.gate_up.chunks_exact(2 * hidden)) {
            let (gates, ups) = row.split_at(hidden);
            let (dgate, dup) = out.split_at_mut(hidden);
            for i in 0..hidden {
                let (g, s) = (gates[i], gate::<A, VERSION>(gates[i]));
                dup[i] = dy[i] * (g * s);
                dgate[i] = (dy[i] * ups[i]) * (s * A::fma(g, 1.0 - s, 1.0));
            }
        }
    }
}

impl Kernels {
    /// `y` (rows × hidden) from `gate_up` (rows × 2·hidden).
    pub fn swiglu_forward(&self, y: &mut [f32], gate_up: &[f32], hidden: usize) {
        assert_eq!(2 * y.len(), gate_up.len(), "gate and up for every output");
        let rows = y.len() / hidden;
        let y = Parts::new(y);
        self.each_range(rows, ROWS_TOGETHER, &|range| {
            // SAFETY: ranges of rows do not overlap.
            let y = unsafe { y.part(range.start * hidden..range.end * hidden) };
            let gate_up = &gate_up[range.start * 2 * hidden..range.end * 2 * hidden];
            match self.version() {
                1 => self.tier().carry_out(Forward::<1> { y, gate_up, hidden }),
                _ => self.tier().carry_out(Forward::<2> { y, gate_up, hidden }),
            }
        });
    }

    /// The gradient of `gate_up` from that of `y`.
    pub fn swiglu_backward(
        &self,
        dgate_up: &mut [f32],
        dy: &[f32],
        gate_up: &[f32],
        hidden: usize,
    ) {
        assert!(dgate_up.len() == gate_up.len() && 2 * dy.len() == gate_up.len());
        let rows = dy.len() / hidden;
        let dgate_up = Parts::new(dgate_up);
        self.each_range(rows, ROWS_TOGETHER, &|range| {
            let (single, double) = (
                range.start * hidden..range.end * hidden,
                range.start * 2 * hidden..range.end * 2 * hidden,
            );
            // SAFETY: ranges of rows do not overlap.
            let dgate_up = unsafe { dgate_up.part(double.clone()) };
            let (dy, gate_up) = (&dy[single], &gate_up[double]);
            match self.version() {
                1 => self.tier().carry_out(Backward::<1> { dgate_up, dy, gate_up, hidden }),
                _ => self.tier().carry_out(Backward::<2> { dgate_up, dy, gate_up, hidden }),
            }
        });
    }
}
