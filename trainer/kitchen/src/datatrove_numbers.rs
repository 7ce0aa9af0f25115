//! The hash functions that datatrove draws: NumPy's `RandomState(seed).randint` over 64 bits.
//!
//! MT19937 of Matsumoto and Nishimura (1998), "Mersenne Twister: a 623-dimensionally
//! equidistributed uniform pseudorandom number generator", seeded by `init_genrand`. A number below
//! a limit is the first of the 64-bit draws, high word first, whose low bits do not pass it.

const WORDS: usize = 624;
const SHIFT: usize = 397;

/// The Mersenne prime 2^61 − 1.
const PRIME: u64 = (1 << 61) - 1;

struct Twister {
    state: [u32; WORDS],
    next: usize,
}

impl Twister {
    fn new(seed: u32) -> Twister {
        let mut state = [seed; WORDS];
        for index in 1..WORDS {
            let before = state[index - 1];
            let mixed = (before ^ (before >> 30)).wrapping_mul(1_812_433_253);
            state[index] = mixed.wrapping_add(index as u32);
        }
        Twister { state, next: WORDS }
    }

    fn twist(&mut self) {
        for index in 0..WORDS {
            let low = self.state[(index + 1) % WORDS];
            let joined = (self.state[index] & 0x8000_0000) | (low & 0x7fff_ffff);
            let odd = if low & 1 == 1 { 0x9908_b0df } else { 0 };
            self.state[index] = self.state[(index + SHIFT) % WORDS] ^ (joined >> 1) ^ odd;
        }
        self.next = 0;
    }

    fn word(&mut self) -> u64 {
        if self.next == WORDS {
            self.twist();
        }
        let mut word = self.state[self.next];
        self.next += 1;
        word ^= word >> 11;
        word ^= (word << 7) & 0x9d2c_5680;
        word ^= (word << 15) & 0xefc6_0000;
        u64::from(word ^ (word >> 18))
    }

    /// A number from `low` up to, not including, 2^61 − 1.
    fn from(&mut self, low: u64) -> u64 {
        loop {
            let high_word = self.word();
            let draw = (high_word << 32 | self.word()) & PRIME;
            if draw < PRIME - low {
                return low + draw;
            }
        }
    }
}

/// The factors and addends of `count` hash functions.
pub fn functions(seed: u32, count: usize) -> (Vec<u64>, Vec<u64>) {
    let mut twister = Twister::new(seed);
    let a = (0..count).map(|_| twister.from(1)).collect();
    (a, (0..count).map(|_| twister.from(0)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_numpys() {
        let (a, b) = functions(1, 112);
        assert_eq!(
            a[..3],
            [775_169_054_918_279_404, 1_758_426_461_858_698_313, 2_109_959_069_025_162]
        );
        assert_eq!(a[110..], [873_278_286_232_559_572, 223_865_076_026_037_746]);
        assert_eq!(b[0], 1_062_448_801_025_099_917);
        assert_eq!(b[110..], [110_622_250_926_641_691, 1_097_409_548_522_419_201]);
    }
}
