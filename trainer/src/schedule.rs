//! The learning rate of a step, in f64 with our own cosine.

use kernels::elementary::cos64;
use recipes::recipe::Schedule;

/// The rate of the step that ends at `tokens` of `total` tokens.
///
/// Warm-up: `peak·tokens/warmup`. Then, with p the part done of what follows the warm-up,
/// `floor + (peak − floor)·½·(1 + cos(π·p))` for a cosine and `peak` for a constant schedule.
pub fn rate(schedule: &Schedule, tokens: u64, total: u64) -> f64 {
    let (Schedule::Cosine { peak, warmup_tokens: warmup, .. }
    | Schedule::Constant { peak, warmup_tokens: warmup }) = *schedule;
    if tokens < warmup {
        return peak * (tokens as f64 / warmup as f64);
    }
    match *schedule {
        Schedule::Constant { .. } => peak,
        Schedule::Cosine { floor, .. } => {
            let rest = total.saturating_sub(warmup);
            let done = if rest == 0 { 1.0 } else { (tokens - warmup) as f64 / rest as f64 };
            let half = 0.5 * (1.0 + cos64(std::f64::consts::PI * done));
            floor + (peak - floor) * half
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cosine_rises_peaks_and_ends_at_its_floor() {
        let cosine = Schedule::Cosine { peak: 1.0, floor: 0.1, warmup_tokens: 100 };
        let near = |tokens: u64, wanted: f64| {
            let found = rate(&cosine, tokens, 1100);
            assert!((found - wanted).abs() < 1e-12, "{tokens}: {found}");
        };
        near(50, 0.5);
        near(100, 1.0);
        near(600, 0.55);
        near(1100, 0.1);
    }

    #[test]
    fn a_constant_schedule_is_level_after_its_warm_up() {
        let constant = Schedule::Constant { peak: 0.5, warmup_tokens: 10 };
        assert_eq!([5, 10, 99].map(|tokens| rate(&constant, tokens, 100)), [0.25, 0.5, 0.5]);
    }
}
