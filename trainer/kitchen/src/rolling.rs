//! Hashes of all runs of some bytes of a text, each made from the one before.
//!
//! Karp and Rabin (1987), "Efficient randomized pattern-matching algorithms".

/// An odd factor whose powers weigh the bytes, modulo 2^64.
const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;

/// The 64-bit hashes of all runs of `width` bytes, in order.
pub fn rolling(text: &[u8], width: usize) -> impl Iterator<Item = u64> {
    let leaving = (1..width).fold(1u64, |power, _| power.wrapping_mul(FACTOR));
    let add = |hash: u64, byte: u8| hash.wrapping_mul(FACTOR).wrapping_add(u64::from(byte) + 1);
    let mut hash = text.iter().take(width).fold(0, |hash, byte| add(hash, *byte));
    let count = (text.len() + 1).saturating_sub(width);
    (0..count).map(move |at| {
        if at > 0 {
            let left = leaving.wrapping_mul(u64::from(text[at - 1]) + 1);
            hash = add(hash.wrapping_sub(left), text[at + width - 1]);
        }
        mixed(hash)
    })
}

/// Spreads what the low bits know over all.
fn mixed(hash: u64) -> u64 {
    let hash = (hash ^ hash >> 32).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    let hash = (hash ^ hash >> 32).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    hash ^ hash >> 32
}

/// The Mersenne prime 2^61 − 1.
const PRIME: u64 = (1 << 61) - 1;
/// Factors below it, one for each half of a hash.
const FACTORS: [u64; 2] = [0x0F1B_BCDC_BFA5_3E0B, 0x1ED9_5A5C_9C1A_2A67];

/// The 16-byte hashes of all runs of `width` bytes, in order: equal for unequal runs about once in
/// 2^122.
pub struct Wide<'t> {
    text: &'t [u8],
    width: usize,
    at: usize,
    halves: [u64; 2],
    /// The weight of the byte that leaves.
    leaving: [u64; 2],
}

impl<'t> Wide<'t> {
    /// Makes ready for the runs of a text.
    pub fn of(text: &'t [u8], width: usize) -> Wide<'t> {
        let leaving = FACTORS.map(|factor| (1..width).fold(1, |power, _| times(power, factor)));
        let mut wide = Wide { text, width, at: 0, halves: [0; 2], leaving };
        text.iter().take(width.saturating_sub(1)).for_each(|byte| wide.add(*byte));
        wide
    }

    fn add(&mut self, byte: u8) {
        for (half, factor) in self.halves.iter_mut().zip(FACTORS) {
            *half = plus(times(*half, factor), u64::from(byte) + 1);
        }
    }
}

impl Iterator for Wide<'_> {
    type Item = [u8; 16];

    fn next(&mut self) -> Option<[u8; 16]> {
        self.add(*self.text.get(self.at + self.width - 1)?);
        let [a, b] = self.halves;
        let left = u64::from(self.text[self.at]) + 1;
        for (half, weight) in self.halves.iter_mut().zip(self.leaving) {
            *half = plus(*half, PRIME - times(weight, left));
        }
        self.at += 1;
        Some((u128::from(a) << 64 | u128::from(b)).to_be_bytes())
    }
}

fn plus(a: u64, b: u64) -> u64 {
    let sum = a + b;
    if sum >= PRIME { sum - PRIME } else { sum }
}

fn times(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    plus((product & u128::from(PRIME)) as u64, (product >> 61) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rolled_hash_is_the_hash_of_its_bytes() {
        let text: Vec<u8> = (0..300u32).map(|at| (at * at % 251) as u8).collect();
        for width in [1, 2, 7, 64, 300] {
            let narrow: Vec<u64> = rolling(&text, width).collect();
            let wide: Vec<[u8; 16]> = Wide::of(&text, width).collect();
            assert_eq!((narrow.len(), wide.len()), (301 - width, 301 - width));
            for (at, run) in text.windows(width).enumerate() {
                assert_eq!(rolling(run, width).collect::<Vec<_>>(), [narrow[at]]);
                assert_eq!(Wide::of(run, width).collect::<Vec<_>>(), [wide[at]]);
            }
        }
        assert_eq!(rolling(&text, 301).count() + Wide::of(&text, 301).count(), 0);
    }
}
