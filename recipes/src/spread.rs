//! How the values that a cleaning step measured are spread, as a blob of canonical JSON.
//!
//! Counts are exact. A value is counted under itself with all but the five highest bits of its
//! fraction cut off, so the bins are the same for every corpus and two runs compare bin by bin.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::canonical::{self, CanonicalError};

/// Bits of a value that do not tell its bin: all of the fraction but five.
const BITS_CUT: u32 = 52 - 5;
/// Different limits of a measure that are kept, at most.
pub const LIMITS_MAX: usize = 8;

/// The spread of every value that a step measured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spread {
    pub measures: BTreeMap<String, Measured>,
}

/// The spread of one measured value.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    /// What values were compared with, rising; eight at most.
    pub limits: Vec<f64>,
    /// The lowest and highest value; nothing where none is finite.
    pub ends: Option<(f64, f64)>,
    /// Kept documents by the beginning of their bin, rising.
    pub kept: Vec<(f64, u64)>,
    /// Documents that this value dropped, in the same way.
    pub dropped: Vec<(f64, u64)>,
}

/// The beginning of the bin that a value is counted in: towards zero from it.
pub fn bin(value: f64) -> f64 {
    let cut = f64::from_bits(value.to_bits() >> BITS_CUT << BITS_CUT);
    if cut == 0.0 { 0.0 } else { cut }
}

/// Where the bin that begins with `start` ends: away from zero from it.
pub fn bin_end(start: f64) -> f64 {
    if start == 0.0 {
        return f64::MIN_POSITIVE;
    }
    f64::from_bits(((start.to_bits() >> BITS_CUT) + 1) << BITS_CUT)
}

impl Spread {
    /// Counts the value of a document that was kept.
    pub fn keep(&mut self, name: &str, value: f64, limits: [Option<f64>; 2]) {
        let measured = self.of(name);
        measured.take(value, limits.into_iter().flatten());
        add(&mut measured.kept, value);
    }

    /// Counts the value that dropped a document.
    pub fn drop(&mut self, name: &str, value: f64, limit: Option<f64>) {
        let measured = self.of(name);
        measured.take(value, limit);
        add(&mut measured.dropped, value);
    }

    fn of(&mut self, name: &str) -> &mut Measured {
        if !self.measures.contains_key(name) {
            self.measures.insert(name.to_owned(), Measured::default());
        }
        self.measures.get_mut(name).expect("it is there now")
    }

    /// The blob's bytes.
    pub fn bytes(&self) -> Result<Vec<u8>, CanonicalError> {
        canonical::to_bytes(self)
    }
}

impl Measured {
    fn take(&mut self, value: f64, limits: impl IntoIterator<Item = f64>) {
        if value.is_finite() {
            let (low, high) = self.ends.unwrap_or((value, value));
            self.ends = Some((low.min(value), high.max(value)));
        }
        for limit in limits.into_iter().filter(|limit| limit.is_finite()) {
            let place = self.limits.binary_search_by(|known| known.total_cmp(&limit));
            if let Err(place) = place
                && self.limits.len() < LIMITS_MAX
            {
                self.limits.insert(place, limit);
            }
        }
    }

    /// How many documents were kept and dropped.
    pub fn counts(&self) -> (u64, u64) {
        let sum = |bins: &[(f64, u64)]| bins.iter().map(|(_, n)| *n).fold(0, u64::saturating_add);
        (sum(&self.kept), sum(&self.dropped))
    }
}

/// Counts a value in its bin; what is not finite has no bin and is passed over.
fn add(bins: &mut Vec<(f64, u64)>, value: f64) {
    if !value.is_finite() {
        return;
    }
    let start = bin(value);
    match bins.binary_search_by(|(known, _)| known.total_cmp(&start)) {
        Ok(place) => bins[place].1 += 1,
        Err(place) => bins.insert(place, (start, 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_lies_in_its_bin_and_small_numbers_alone() {
        let mut values: Vec<f64> = (0..4000).map(|i| f64::from(i) * 0.37).collect();
        values.extend([1e-300, 5e-324, 1e300, 0.1, 0.2, 0.3, 1.0 / 3.0]);
        for value in values {
            for value in [value, -value] {
                let (start, end) = (bin(value), bin_end(bin(value)));
                assert!(start.abs() <= value.abs() && value.abs() < end.abs(), "{value}");
                assert!(value.abs() < 1e-300 || end / start < 1.04, "{value}: {start} to {end}");
            }
        }
        for whole in 1..64 {
            let value = f64::from(whole);
            assert_eq!(bin(value), value);
            assert!(bin_end(value) <= value + 1.0);
        }
    }

    #[test]
    fn a_spread_has_frozen_bytes() {
        let mut spread = Spread::default();
        for (value, kept) in [(0.2, true), (0.21, true), (0.5, false), (f64::NAN, true)] {
            match kept {
                true => spread.keep("bullets", value, [None, Some(0.3)]),
                false => spread.drop("bullets", value, Some(0.3)),
            }
        }
        let bytes = spread.bytes().expect("finite");
        let wanted = "{\"measures\":{\"bullets\":{\"dropped\":[[0.5,1]],\"ends\":[0.2,0.5],\
            \"kept\":[[0.19921875,1],[0.20703125,1]],\"limits\":[0.3]}}}";
        assert_eq!(String::from_utf8_lossy(&bytes), wanted);
        assert_eq!(serde_json::from_slice::<Spread>(&bytes).expect("a spread"), spread);
        assert_eq!(spread.measures["bullets"].counts(), (2, 1));
    }
}
