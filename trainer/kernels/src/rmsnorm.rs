//! Root-mean-square normalization: `r = 1/√(Σx²/D + ε)`, `y = (x·r)·g`, row by row.

use crate::arithmetic::Arithmetic;
use crate::kernels::Kernels;
use crate::lanes;
use crate::parts::Parts;
use crate::tier::Task;

const ROWS_TOGETHER: usize = 32;

struct Forward<'a> {
    y: &'a mut [f32],
    r: &'a mut [f32],
    x: &'a [f32],
    gain: &'a [f32],
    epsilon: f32,
}

impl Task for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let width = self.gain.len();
        let rows = self.y.chunks_exact_mut(width).zip(self.x.chunks_exact(width));
        for ((y, x), r) in rows.zip(self.r) {
            let squares = lanes::sum(width, |i, lane| A::fma(x[i], x[i], lane));
            *r = 1.0 / (squares / width as f32 + self.epsilon).sqrt();
            for ((y, x), gain) in y.iter_mut().zip(x).zip(self.gain) {
                *y = (x * *r) * gain;
            }
        }
    }
}

struct Backward<'a> {
    dx: &'a mut [f32],
    dy: &'a [f32],
    x: &'a [f32],
    gain: &'a [f32],
    r: &'a [f32],
}

impl Task for Backward<'_> {
    type Output = ();

    /// With x̂ = x·r: `c = Σ (dy·g)·x̂` by lanes, `dx = r·(dy·g − x̂·(c/D))`.
    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let width = self.gain.len();
        for (row, dx) in self.dx.chunks_exact_mut(width).enumerate() {
            let (start, r) = (row * width, self.r[row]);
            let (dy, x) = (&self.dy[start..][..width], &self.x[start..][..width]);
            let gain = &self.gain[..width];
            let c = lanes::sum(width, |i, lane| A::fma(dy[i] * gain[i], x[i] * r, lane));
            let mean = c / width as f32;
            for i in 0..width {
                dx[i] = r * (dy[i] * gain[i] - (x[i] * r) * mean);
            }
        }
    }
}

impl Kernels {
    /// Normalizes rows of `x` (rows × width); keeps `r`, one a row, for the way back.
    pub fn rmsnorm_forward(
        &self,
        y: &mut [f32],
        r: &mut [f32],
        x: &[f32],
        gain: &[f32],
        epsilon: f32,
    ) {
        let width = gain.len();
        assert!(y.len() == x.len() && x.len() == r.len() * width, "rows × width");
        let rows = r.len();
        let (y, r) = (Parts::new(y), Parts::new(r));
        self.each_range(rows, ROWS_TOGETHER, &|range| {
            let floats = range.start * width..range.end * width;
            // SAFETY: ranges of rows do not overlap.
            let (y, r) = unsafe { (y.part(floats.clone()), r.part(range)) };
            self.tier().carry_out(Forward { y, r, x: &x[floats], gain, epsilon });
        });
    }

    /// Gradients of `x` and `gain`; `dgain` is a column tree sum of dy·x̂.
    pub fn rmsnorm_backward(
        &self,
        dx: &mut [f32],
        dgain: &mut [f32],
        dy: &[f32],
        x: &[f32],
        gain: &[f32],
        r: &[f32],
    ) {
        let (width, rows) = (gain.len(), r.len());
        assert!(dx.len() == rows * width && dy.len() == dx.len() && x.len() == dx.len());
        let dx = Parts::new(dx);
        self.each_range(rows, ROWS_TOGETHER, &|range| {
            let floats = range.start * width..range.end * width;
            // SAFETY: ranges of rows do not overlap.
            let dx = unsafe { dx.part(floats.clone()) };
            let (dy, x) = (&dy[floats.clone()], &x[floats]);
            self.tier().carry_out(Backward { dx, dy, x, gain, r: &r[range] });
        });
        self.column_sums(dgain, rows, &|row, sums| {
            let (dy, x, r) = (&dy[row * width..][..width], &x[row * width..][..width], r[row]);
            for ((sum, dy), x) in sums.iter_mut().zip(dy).zip(x) {
                *sum += dy * (x * r);
            }
        });
    }
}
