//! Rotary positions: pair (i, i + half) of a head at time t is turned by t·θ^(−2i/width).

use crate::elementary::{cos64, exp64, ln64, sin64};

/// Cosines and sines, (time, head width / 2), computed in f64 and rounded once.
#[derive(Clone, Debug)]
pub struct RopeTable {
    pub(crate) cos: Vec<f32>,
    pub(crate) sin: Vec<f32>,
    half: usize,
}

impl RopeTable {
    /// The table for `time` positions of heads of an even width.
    pub fn new(time: usize, head_width: usize, theta: f64) -> RopeTable {
        let half = head_width / 2;
        let (mut cos, mut sin) = (Vec::new(), Vec::new());
        for position in 0..time {
            for i in 0..half {
                let power = -(2.0 * i as f64 / head_width as f64);
                let angle = position as f64 * exp64(power * ln64(theta));
                cos.push(cos64(angle) as f32);
                sin.push(sin64(angle) as f32);
            }
        }
        RopeTable { cos, sin, half }
    }

    /// Whether the table serves heads of this width at all these times.
    pub(crate) fn fits(&self, time: usize, head_width: usize) -> bool {
        self.half * 2 == head_width && self.cos.len() >= time * self.half
    }

    /// Turns a head's vector at a time: `(a·c − b·s, b·c + a·s)`.
    #[inline(always)]
    pub(crate) fn turn(&self, to: &mut [f32], from: &[f32], time: usize) {
        self.pairs(to, from, time, |a, b, cos, sin| (a * cos - b * sin, b * cos + a * sin));
    }

    /// Turns back, the transpose of `turn`: `(a·c + b·s, b·c − a·s)`.
    #[inline(always)]
    pub(crate) fn turn_back(&self, to: &mut [f32], from: &[f32], time: usize) {
        self.pairs(to, from, time, |a, b, cos, sin| (a * cos + b * sin, b * cos - a * sin));
    }

    #[inline(always)]
    fn pairs(
        &self,
        to: &mut [f32],
        from: &[f32],
        time: usize,
        turned: impl Fn(f32, f32, f32, f32) -> (f32, f32),
    ) {
        let half = self.half;
        let (cos, sin) = self.at(time);
        let (to_a, to_b) = to[..2 * half].split_at_mut(half);
        let (from_a, from_b) = from[..2 * half].split_at(half);
        for i in 0..half {
            (to_a[i], to_b[i]) = turned(from_a[i], from_b[i], cos[i], sin[i]);
        }
    }

    #[inline(always)]
    fn at(&self, time: usize) -> (&[f32], &[f32]) {
        let range = time * self.half..(time + 1) * self.half;
        (&self.cos[range.clone()], &self.sin[range])
    }
}
