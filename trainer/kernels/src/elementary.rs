//! Elementary functions by our own range reduction and fixed polynomials, never the platform's.
//!
//! f32 functions use fused multiply-adds and are meant for vectors; f64 functions use plain
//! products and sums and serve tables, schedules and random numbers. Constants are part of the
//! version; `ARITHMETIC.md` lists them.

use crate::arithmetic::{Arithmetic, Emulated};

const LOG2_E: f32 = f32::from_bits(0x3FB8_AA3B);
/// ln 2 rounded so that its product with a small integer is exact, and the rest.
const LN2_HIGH: f32 = f32::from_bits(0x3F31_7200);
const LN2_LOW: f32 = f32::from_bits(0x35BF_BE8E);
/// 1.5·2^23: adding it rounds to an integer in the low bits.
const ROUNDER: f32 = 12_582_912.0;
/// 1/2!, 1/3!, … 1/7!, each rounded to f32.
const EXP_TERMS: [f32; 6] = [0.5, 1.0 / 6.0, 1.0 / 24.0, 1.0 / 120.0, 1.0 / 720.0, 1.0 / 5040.0];

/// e^x, at most 1 ulp off; gradual underflow, overflow to infinity.
#[inline(always)]
pub(crate) fn exp<A: Arithmetic>(x: f32) -> f32 {
    let x = if x > 89.0 { 89.0 } else { x };
    let x = if x < -104.0 { -104.0 } else { x };
    let shifted = A::fma(x, LOG2_E, ROUNDER);
    let whole = shifted - ROUNDER;
    let rest = A::fma(whole, -LN2_LOW, A::fma(whole, -LN2_HIGH, x));
    let mut sum = EXP_TERMS[5];
    sum = A::fma(sum, rest, EXP_TERMS[4]);
    sum = A::fma(sum, rest, EXP_TERMS[3]);
    sum = A::fma(sum, rest, EXP_TERMS[2]);
    sum = A::fma(sum, rest, EXP_TERMS[1]);
    sum = A::fma(sum, rest, EXP_TERMS[0]);
    let value = A::fma(A::fma(sum, rest, 1.0), rest, 1.0);
    // Two exact powers of two, so that underflow rounds once.
    let power = shifted.to_bits().wrapping_sub(ROUNDER.to_bits()) as i32;
    let half = power >> 1;
    let scale = |n: i32| f32::from_bits((n.wrapping_add(127) as u32) << 23);
    value * scale(half) * scale(power.wrapping_sub(half))
}

/// e^x as every tier computes it.
pub fn exp32(x: f32) -> f32 {
    exp::<Emulated>(x)
}

/// 1 / (1 + e^−x) in f32, at most 2.5 ulp off: the sigmoid of version 1.
#[inline(always)]
pub(crate) fn sigmoid1<A: Arithmetic>(x: f32) -> f32 {
    1.0 / (1.0 + exp::<A>(-x))
}

/// 1.5·2^52: adding it rounds to an integer in the low bits.
const ROUNDER64: f64 = 6_755_399_441_055_744.0;
/// 1/2!, 1/3!, … 1/8!, each rounded to f64.
const EXP_TERMS64: [f64; 7] =
    [0.5, 1.0 / 6.0, 1.0 / 24.0, 1.0 / 120.0, 1.0 / 720.0, 1.0 / 5040.0, 1.0 / 40320.0];

/// 1 / (1 + e^−x) in f64 without fma, rounded once: within a hair of half an ulp.
#[inline(always)]
pub(crate) fn sigmoid(x: f32) -> f32 {
    // Beyond these bounds the result is 0 or 1.
    let x = if x > 110.0 { 110.0 } else { x };
    let x = if x < -110.0 { -110.0 } else { x };
    let x = -f64::from(x);
    let shifted = x * std::f64::consts::LOG2_E + ROUNDER64;
    let rest = x - (shifted - ROUNDER64) * std::f64::consts::LN_2;
    let mut sum = EXP_TERMS64[6];
    sum = sum * rest + EXP_TERMS64[5];
    sum = sum * rest + EXP_TERMS64[4];
    sum = sum * rest + EXP_TERMS64[3];
    sum = sum * rest + EXP_TERMS64[2];
    sum = sum * rest + EXP_TERMS64[1];
    sum = sum * rest + EXP_TERMS64[0];
    let value = (sum * rest + 1.0) * rest + 1.0;
    let power = shifted.to_bits().wrapping_sub(ROUNDER64.to_bits());
    let scale = f64::from_bits(power.wrapping_add(1023) << 52);
    (1.0 / (1.0 + value * scale)) as f32
}

/// The hyperbolic tangent in f64, rounded to f32: x − x³/3 below 10^−4, elsewhere by e^(−2|x|).
pub fn tanh32(x: f32) -> f32 {
    let wide = f64::from(x);
    if wide.abs() < 1e-4 {
        return (wide * (1.0 - wide * wide / 3.0)) as f32;
    }
    let power = exp64(-2.0 * wide.abs());
    let size = (1.0 - power) / (1.0 + power);
    (if wide < 0.0 { -size } else { size }) as f32
}

/// The natural logarithm: `ln64` rounded to f32.
pub fn ln32(x: f32) -> f32 {
    ln64(f64::from(x)) as f32
}

const LN2_HIGH64: f64 = f64::from_bits(0x3FE6_2E42_FEE0_0000);
const LN2_LOW64: f64 = f64::from_bits(0x3DEA_39EF_3579_3C76);

/// e^x in f64 for |x| below 700; Taylor's series to the 13th power after reduction by ln 2.
pub fn exp64(x: f64) -> f64 {
    if x < -700.0 {
        return 0.0;
    }
    if x > 700.0 {
        return f64::INFINITY;
    }
    let whole = (x * std::f64::consts::LOG2_E + 0.5).floor();
    let rest = (x - whole * LN2_HIGH64) - whole * LN2_LOW64;
    let mut sum = 1.0;
    let mut term = 13.0;
    while term > 0.5 {
        sum = 1.0 + rest * sum / term;
        term -= 1.0;
    }
    sum * f64::from_bits(((whole as i64 + 1023) as u64) << 52)
}

/// The natural logarithm in f64 of a positive number; the series of artanh to the 25th power.
pub fn ln64(x: f64) -> f64 {
    if x.is_nan() || x < 0.0 {
        return f64::NAN;
    }
    if x == 0.0 {
        return f64::NEG_INFINITY;
    }
    if x.is_infinite() {
        return x;
    }
    // Numbers below the normal range are first brought into it.
    let (x, lifted) =
        if x < f64::MIN_POSITIVE { (x * 18_014_398_509_481_984.0, 54) } else { (x, 0) };
    let bits = x.to_bits();
    let mut power = ((bits >> 52) & 0x7FF) as i64 - 1023 - lifted;
    let mut part = f64::from_bits(bits & 0x000F_FFFF_FFFF_FFFF | 0x3FF0_0000_0000_0000);
    if part > std::f64::consts::SQRT_2 {
        part *= 0.5;
        power += 1;
    }
    let ratio = (part - 1.0) / (part + 1.0);
    let square = ratio * ratio;
    let mut sum = 0.0;
    let mut odd = 25.0;
    while odd > 0.5 {
        sum = sum * square + 1.0 / odd;
        odd -= 2.0;
    }
    let power = power as f64;
    power * LN2_HIGH64 + (2.0 * ratio * sum + power * LN2_LOW64)
}

/// π/2 in three parts; products of the first two with integers below 2^20 are exact.
const HALF_PI: [f64; 3] = [
    f64::from_bits(0x3FF9_21FB_5440_0000),
    f64::from_bits(0x3DD0_B461_1A60_0000),
    f64::from_bits(0x3BA3_198A_2E03_7073),
];

/// The rest of x after whole quarter turns, and how many of them modulo 4.
fn quarters(x: f64) -> (f64, u64) {
    let whole = (x * std::f64::consts::FRAC_2_PI + 0.5).floor();
    let rest = ((x - whole * HALF_PI[0]) - whole * HALF_PI[1]) - whole * HALF_PI[2];
    (rest, (whole as i64).rem_euclid(4) as u64)
}

fn sine_series(x: f64) -> f64 {
    let square = x * x;
    let mut sum = 1.0;
    let mut n = 20.0;
    while n > 1.0 {
        sum = 1.0 - square * sum / (n * (n + 1.0));
        n -= 2.0;
    }
    x * sum
}

fn cosine_series(x: f64) -> f64 {
    let square = x * x;
    let mut sum = 1.0;
    let mut n = 19.0;
    while n > 0.0 {
        sum = 1.0 - square * sum / (n * (n + 1.0));
        n -= 2.0;
    }
    sum
}

/// The cosine in f64 of |x| below 10^6.
pub fn cos64(x: f64) -> f64 {
    match quarters(x) {
        (rest, 0) => cosine_series(rest),
        (rest, 1) => -sine_series(rest),
        (rest, 2) => -cosine_series(rest),
        (rest, _) => sine_series(rest),
    }
}

/// The sine in f64 of |x| below 10^6.
pub fn sin64(x: f64) -> f64 {
    match quarters(x) {
        (rest, 0) => sine_series(rest),
        (rest, 1) => cosine_series(rest),
        (rest, 2) => -sine_series(rest),
        (rest, _) => -cosine_series(rest),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods)] // std is the judge here

    use super::*;
    use crate::arithmetic::Fused;
    use crate::tier::Tier;

    /// Distance of an f32 from the true value, in units of its last place.
    fn ulps(found: f32, wanted: f64) -> f64 {
        let near = wanted as f32;
        let unit = f64::from(f32::from_bits(near.abs().to_bits() + 1)) - f64::from(near.abs());
        (f64::from(found) - wanted).abs() / unit
    }

    type Function = (&'static str, fn(f32) -> f32, fn(f64) -> f64, f64);

    /// Name, ours, the true one in f64, and the most that ours may be off.
    const FUNCTIONS: [Function; 5] = [
        ("exp", exp::<Fused>, f64::exp, 1.0),
        ("sigmoid", sigmoid, logistic, 0.51),
        ("sigmoid of version 1", sigmoid1::<Fused>, logistic_above, 2.5),
        ("ln", ln32, f64::ln, 0.51),
        ("tanh", tanh32, f64::tanh, 0.51),
    ];

    fn logistic(x: f64) -> f64 {
        1.0 / (1.0 + (-x).exp())
    }

    /// Below −80 the sigmoid of version 1 promises nothing: e^−x comes near the end of f32.
    fn logistic_above(x: f64) -> f64 {
        if x < -80.0 { f64::INFINITY } else { logistic(x) }
    }

    /// The largest error over every `step`-th float whose true value is a finite f32.
    fn worst((_, ours, truth, _): Function, step: usize) -> f64 {
        let error = |bits: u32| {
            let x = f32::from_bits(bits);
            let wanted = truth(f64::from(x));
            if (wanted as f32).is_finite() { ulps(ours(x), wanted) } else { 0.0 }
        };
        let kernels = crate::Kernels::new(Tier::Scalar, 2).expect("kernels");
        let worst_of = |part: usize| {
            let bits = ((part as u32) << 24..=(part as u32) << 24 | 0xFF_FFFF).step_by(step);
            bits.map(error).fold(0.0, f64::max)
        };
        kernels.map(256, &worst_of).into_iter().fold(0.0, f64::max)
    }

    fn all_are_near(step: usize) {
        for function in FUNCTIONS {
            let (name, _, _, bound) = function;
            let worst = worst(function, step);
            println!("{name}: at most {worst:.4} ulp");
            assert!(worst <= bound, "{name}: {worst}");
        }
    }

    #[test]
    fn functions_keep_their_bounds() {
        all_are_near(4099);
    }

    #[test]
    #[ignore = "long: all 2^32 inputs"]
    fn functions_keep_their_bounds_everywhere() {
        all_are_near(1);
    }

    /// Some consecutive floats through a function, with the instructions of a tier.
    struct Consecutive(u32, bool);

    const TOGETHER: usize = 1 << 12;

    impl crate::tier::Task for Consecutive {
        type Output = [u32; TOGETHER];

        #[inline(always)]
        fn run<A: Arithmetic>(self) -> [u32; TOGETHER] {
            let mut bits = std::array::from_fn(|i| self.0 + i as u32);
            for bits in &mut bits {
                let x = f32::from_bits(*bits);
                let y = if self.1 { exp::<A>(x) } else { sigmoid(x) };
                *bits = if y.is_nan() { 0 } else { y.to_bits() };
            }
            bits
        }
    }

    fn tiers_agree(step: usize) {
        let tiers = Tier::ALL.into_iter().filter(|tier| tier.available());
        let kernels = crate::Kernels::new(Tier::Scalar, 2).expect("kernels");
        let blocks = (1usize << 32) / TOGETHER;
        for tier in tiers {
            kernels.each(blocks.div_ceil(step), &|block| {
                let first = (block * step * TOGETHER) as u32;
                for exp in [true, false] {
                    let wanted = Tier::Scalar.carry_out(Consecutive(first, exp));
                    let found = tier.carry_out(Consecutive(first, exp));
                    assert!(found == wanted, "{tier} from {first:#x}, exp {exp}");
                }
            });
        }
    }

    #[test]
    fn all_tiers_have_equal_bits() {
        tiers_agree(499);
    }

    #[test]
    #[ignore = "long: all 2^32 inputs"]
    fn all_tiers_have_equal_bits_everywhere() {
        tiers_agree(1);
    }

    #[test]
    fn functions_have_their_limits() {
        assert_eq!(exp::<Fused>(f32::NEG_INFINITY), 0.0);
        assert_eq!(exp::<Fused>(f32::INFINITY), f32::INFINITY);
        assert_eq!(exp::<Fused>(0.0), 1.0);
        assert!(exp::<Fused>(f32::NAN).is_nan());
        assert_eq!(
            [sigmoid(f32::NEG_INFINITY), sigmoid(0.0), sigmoid(f32::INFINITY)],
            [0.0, 0.5, 1.0]
        );
        assert!(sigmoid(f32::NAN).is_nan() && tanh32(f32::NAN).is_nan());
        assert_eq!([tanh32(f32::NEG_INFINITY), tanh32(f32::INFINITY)], [-1.0, 1.0]);
        assert_eq!(tanh32(-0.0).to_bits(), (-0.0f32).to_bits());
    }

    #[test]
    fn f64_functions_agree_with_the_platform_closely() {
        for i in 1..20_000 {
            let x = f64::from(i) * 0.0371;
            assert!((cos64(x) - x.cos()).abs() < 1e-14, "cos {x}");
            assert!((sin64(x) - x.sin()).abs() < 1e-14, "sin {x}");
            assert!((ln64(x) - x.ln()).abs() < 1e-14 * (1.0 + x.ln().abs()), "ln {x}");
            let y = (x - 370.0) * 1.5;
            assert!((exp64(y) / y.exp() - 1.0).abs() < 1e-13, "exp {y}");
        }
    }
}
