//! One AdamW step in one pass over weights, moments and gradients.

use crate::arithmetic::Arithmetic;
use crate::kernels::Kernels;
use crate::parts::Parts;
use crate::tier::Task;

/// The scalars of a step, each rounded once to f32.
#[derive(Clone, Copy, Debug)]
pub struct AdamwStep {
    /// What the gradient is multiplied by: clipping.
    pub scale: f32,
    pub rate: f32,
    /// 1 − β1
    pub beta1_rest: f32,
    /// 1 − β2
    pub beta2_rest: f32,
    /// 1 / (1 − β1^t)
    pub correction1: f32,
    /// 1 / (1 − β2^t)
    pub correction2: f32,
    pub epsilon: f32,
    /// 1 − rate·decay
    pub keep: f32,
}

struct Update<'a> {
    theta: &'a mut [f32],
    m: &'a mut [f32],
    v: &'a mut [f32],
    g: &'a [f32],
    step: &'a AdamwStep,
}

impl Task for Update<'_> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let s = *self.step;
        let n = self.theta.len();
        let (theta, m, v, g) = (self.theta, &mut self.m[..n], &mut self.v[..n], &self.g[..n]);
        for i in 0..n {
            let g = g[i] * s.scale;
            m[i] = A::fma(s.beta1_rest, g - m[i], m[i]);
            v[i] = A::fma(s.beta2_rest, A::fma(g, g, -v[i]), v[i]);
            let d = (v[i] * s.correction2).sqrt() + s.epsilon;
            let u = (m[i] * s.correction1) / d;
            theta[i] = A::fma(-s.rate, u, theta[i] * s.keep);
        }
    }
}

impl Kernels {
    /// Updates weights `theta` and moments `m`, `v` by the gradient `g`.
    pub fn adamw(
        &self,
        theta: &mut [f32],
        m: &mut [f32],
        v: &mut [f32],
        g: &[f32],
        step: &AdamwStep,
    ) {
        assert!(theta.len() == g.len() && m.len() == g.len() && v.len() == g.len());
        let (theta, m, v) = (Parts::new(theta), Parts::new(m), Parts::new(v));
        self.each_range(g.len(), 1 << 15, &|range| {
            // SAFETY: ranges do not overlap.
            let (theta, m, v) = unsafe {
                (theta.part(range.clone()), m.part(range.clone()), v.part(range.clone()))
            };
            self.tier().carry_out(Update { theta, m, v, g: &g[range], step });
        });
    }
}
