//! The lane sum: 32 accumulators, element i to lane i mod 32, lanes folded 16, 8, 4, 2, 1.

/// Lanes of a lane sum.
pub const LANES: usize = 32;

/// Folds the lanes in their fixed order.
#[inline(always)]
pub fn fold(mut lanes: [f32; LANES]) -> f32 {
    let mut half = LANES / 2;
    while half > 0 {
        for lane in 0..half {
            lanes[lane] += lanes[lane + half];
        }
        half /= 2;
    }
    lanes[0]
}

/// The largest element, lane by lane and then over the lanes ascending; of equals the first met.
#[inline(always)]
pub fn max(row: &[f32]) -> f32 {
    let mut lanes = [f32::NEG_INFINITY; LANES];
    let (whole, rest) = row.as_chunks::<LANES>();
    for chunk in whole {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane = if *value > *lane { *value } else { *lane };
        }
    }
    for (lane, value) in rest.iter().enumerate() {
        lanes[lane] = if *value > lanes[lane] { *value } else { lanes[lane] };
    }
    let mut largest = lanes[0];
    for value in &lanes[1..] {
        largest = if *value > largest { *value } else { largest };
    }
    largest
}

/// The lane sum of `term(i, lane)` where `term` continues a lane: `lane ← term(i, lane)`.
#[inline(always)]
pub fn sum(len: usize, term: impl Fn(usize, f32) -> f32) -> f32 {
    let mut lanes = [0.0; LANES];
    let whole = len / LANES * LANES;
    let mut start = 0;
    while start < whole {
        for (lane, sum) in lanes.iter_mut().enumerate() {
            *sum = term(start + lane, *sum);
        }
        start += LANES;
    }
    for index in whole..len {
        lanes[index - whole] = term(index, lanes[index - whole]);
    }
    fold(lanes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_go_to_their_lanes_and_lanes_fold_by_halves() {
        let big = 16_777_216.0;
        let row: Vec<f32> = (0..65).map(|i| if i == 0 { big } else { 1.0 }).collect();
        // Lane 0: 2^24 + 1 + 1 loses both ones; the other 31 lanes hold 2 each.
        let found = sum(row.len(), |i, lane| lane + row[i]);
        assert_eq!(found, big + 62.0);
        assert_eq!(sum(0, |_, lane| lane), 0.0);
        assert_eq!(max(&row), big);
    }
}
