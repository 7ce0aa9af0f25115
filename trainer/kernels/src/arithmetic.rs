//! The fused multiply-add, once by the machine and once by exact emulation; equal bits always.

/// A way to compute `round(a·b + c)` with one rounding.
pub trait Arithmetic: Copy + Send + Sync + 'static {
    /// `a·b + c`, rounded once to nearest, ties to even.
    fn fma(a: f32, b: f32, c: f32) -> f32;
}

/// The machine's instruction; only instantiated inside functions compiled with the feature.
#[derive(Clone, Copy)]
pub struct Fused;

impl Arithmetic for Fused {
    #[inline(always)]
    fn fma(a: f32, b: f32, c: f32) -> f32 {
        a.mul_add(b, c)
    }
}

/// Exact emulation in f64: the product is exact, the sum is rounded to odd, then narrowed.
#[derive(Clone, Copy)]
pub struct Emulated;

impl Arithmetic for Emulated {
    #[inline]
    fn fma(a: f32, b: f32, c: f32) -> f32 {
        let product = f64::from(a) * f64::from(b);
        let addend = f64::from(c);
        let sum = product + addend;
        // Knuth's two-sum: the exact error of the addition; not a number where the sum is infinite.
        let back = sum - product;
        let error = (product - (sum - back)) + (addend - back);
        let (above, below) = (error > 0.0, error < 0.0);
        let even = sum.to_bits() & 1 == 0;
        // Away from zero or towards it, to the neighbour whose last bit is 1.
        let step = if above == (sum > 0.0) { 1 } else { u64::MAX };
        let step = if (above | below) & even { step } else { 0 };
        f64::from_bits(sum.to_bits().wrapping_add(step)) as f32
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods)] // std is the judge here

    use super::*;
    use crate::random;

    #[test]
    fn a_double_rounding_is_not_made() {
        let a = 1.0 + 2f32.powi(-23);
        let b = (1.0 - 2f32.powi(-23)) * 2f32.powi(-24);
        assert_eq!(Emulated::fma(a, b, a).to_bits(), 0x3f80_0001);
        let twice = (f64::from(a) * f64::from(b) + f64::from(a)) as f32;
        assert_eq!(twice.to_bits(), 0x3f80_0002, "the trap is there");
    }

    #[test]
    fn emulation_has_the_bits_of_the_instruction() {
        for index in 0..400_000 {
            let [a, b, c, d] = random::block(1, 2, index);
            let (a, b) = (f32::from_bits(a), f32::from_bits(b));
            let near = -a * b * (1.0 + (d as f32) * 1e-16);
            for c in [f32::from_bits(c), near] {
                let (wanted, found) = (a.mul_add(b, c), Emulated::fma(a, b, c));
                let same = wanted.to_bits() == found.to_bits() || wanted.is_nan() && found.is_nan();
                assert!(same, "{a:e} {b:e} {c:e}: {wanted:e} {found:e}");
            }
        }
    }
}
