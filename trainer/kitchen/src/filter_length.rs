//! `filter.length@1`: drops texts with too few or too many Unicode scalar values.

use recipes::recipe::FilterLength;

use crate::decision::Decision;

/// Decides about a text.
pub fn decide(settings: &FilterLength, text: &str) -> Decision {
    let text = if settings.trim { text.trim() } else { text };
    let chars = text.chars().count() as f64;
    let max = settings.chars_max.map(|max| max as f64);
    Decision::within("chars", chars, settings.chars_min as f64, max)
}
