//! `filter.length@1`: drops texts with too few or too many Unicode scalar values.

use recipes::recipe::FilterLength;

use crate::clean::{Decision, Drop};

/// Decides about a text.
pub fn decide(settings: &FilterLength, text: &str) -> Decision {
    let chars = text.chars().count() as u64;
    let drop = |limit: u64| {
        let (value, limit) = (chars as f64, Some(limit as f64));
        Decision::Drop(Drop { measure: "chars".into(), value, limit })
    };
    match settings.chars_max {
        _ if chars < settings.chars_min => drop(settings.chars_min),
        Some(max) if chars > max => drop(max),
        _ => Decision::Keep,
    }
}
