//! Repeated n-grams of numbered words, for growing n.
//!
//! An n-gram can only stand twice where both (n−1)-grams inside it do. So each level looks at the
//! positions that the level below left, and pairs the numbers found there: every n-gram that stands
//! more than once has its own number, and no two n-grams ever share one.

/// A position whose n-gram stands elsewhere too, with the n-gram's number.
#[derive(Clone, Copy)]
struct Place {
    at: u32,
    gram: u32,
}

/// How often an n-gram stands, and where first.
#[derive(Clone, Copy)]
struct Count {
    first: u32,
    times: u32,
}

/// Scratch of one thread.
#[derive(Default)]
pub struct Grams {
    /// The length of the n-grams at `places`.
    n: usize,
    places: Vec<Place>,
    counts: Vec<Count>,
    next: Vec<Place>,
    /// Open addressing: the pair of numbers, the number of the pair, the epoch that wrote it.
    slots: Vec<(u64, u32, u32)>,
    epoch: u32,
    /// Characters before each word, and of all words at the end.
    chars: Vec<u32>,
    seen: Vec<bool>,
    /// Whether words of an n-gram are joined by a space.
    joined: bool,
}

impl Grams {
    /// Starts with single words: their numbers and their lengths in characters.
    pub fn start(&mut self, words: &[u32], chars: impl Fn(u32) -> u32) {
        self.n = 1;
        self.joined = true;
        self.places.clear();
        let place = |(at, gram): (usize, &u32)| Place { at: at as u32, gram: *gram };
        self.places.extend(words.iter().enumerate().map(place));
        self.chars.clear();
        self.chars.push(0);
        let mut sum = 0;
        for word in words {
            sum += chars(*word);
            self.chars.push(sum);
        }
    }

    /// Counts no spaces between words.
    pub fn unjoined(&mut self) {
        self.joined = false;
    }

    /// Goes from n-grams to (n+1)-grams.
    fn grow(&mut self) {
        let size = (self.places.len() * 2).next_power_of_two().max(64);
        if self.slots.len() < size || self.epoch == u32::MAX {
            self.slots.clear();
            self.slots.resize(size.max(self.slots.len()), (0, 0, 0));
            self.epoch = 0;
        }
        // A small text uses a small part of a large table, which stays in cache.
        let (mask, epoch) = (size - 1, self.epoch + 1);
        let slots = &mut self.slots[..size];
        self.epoch = epoch;
        self.counts.clear();
        self.next.clear();
        for pair in self.places.windows(2) {
            if pair[1].at != pair[0].at + 1 {
                continue;
            }
            let key = u64::from(pair[0].gram) << 32 | u64::from(pair[1].gram);
            let mixed = key.wrapping_mul(0x9E37_79B9_7F4A_7C15);
            let mut slot = (mixed >> 32) as usize & mask;
            let gram = loop {
                let (stored, gram, written) = slots[slot];
                if written != epoch {
                    let gram = self.counts.len() as u32;
                    slots[slot] = (key, gram, epoch);
                    self.counts.push(Count { first: pair[0].at, times: 0 });
                    break gram;
                }
                if stored == key {
                    break gram;
                }
                slot = (slot + 1) & mask;
            };
            self.counts[gram as usize].times += 1;
            self.next.push(Place { at: pair[0].at, gram });
        }
        let counts = &self.counts;
        self.next.retain(|place| counts[place.gram as usize].times > 1);
        std::mem::swap(&mut self.places, &mut self.next);
        self.n += 1;
    }

    /// Grows to n-grams; n is at least the present one.
    fn reach(&mut self, n: usize) {
        while self.n < n {
            self.grow();
        }
    }

    /// Characters covered by the most frequent n-gram, the first of equals.
    pub fn top(&mut self, n: usize) -> u64 {
        self.reach(n);
        let words = self.chars.len() - 1;
        if words < n {
            return 0;
        }
        let mut best = Count { first: 0, times: 1 };
        for count in &self.counts {
            if count.times > best.times {
                best = *count;
            }
        }
        let first = best.first as usize;
        let spaces = if self.joined { n as u64 - 1 } else { 0 };
        let gram = u64::from(self.chars[first + n] - self.chars[first]);
        (gram + spaces) * u64::from(best.times)
    }

    /// Characters covered by n-grams that stood before, counted without overlap from the left.
    pub fn repeated(&mut self, n: usize) -> u64 {
        self.reach(n);
        self.seen.clear();
        self.seen.resize(self.counts.len(), false);
        let (mut chars, mut free) = (0, 0);
        for place in &self.places {
            if place.at < free {
                continue;
            }
            if std::mem::replace(&mut self.seen[place.gram as usize], true) {
                let (start, end) = (place.at as usize, place.at as usize + n);
                chars += u64::from(self.chars[end] - self.chars[start]);
                free = end as u32;
            }
        }
        chars
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// The slow, clear version.
    fn top(words: &[u32], n: usize) -> u64 {
        let mut counts: BTreeMap<&[u32], (u64, usize)> = BTreeMap::new();
        for (place, gram) in words.windows(n).enumerate() {
            counts.entry(gram).or_insert((0, place)).0 += 1;
        }
        let best = counts.values().max_by_key(|(count, at)| (*count, std::cmp::Reverse(*at)));
        best.map_or(0, |(count, at)| {
            let chars: u64 = words[*at..at + n].iter().map(|word| u64::from(word % 7)).sum();
            (chars + n as u64 - 1) * count
        })
    }

    fn repeated(words: &[u32], n: usize) -> u64 {
        let (mut seen, mut chars, mut at) = (std::collections::BTreeSet::new(), 0, 0);
        while at + n <= words.len() {
            if seen.insert(&words[at..at + n]) {
                at += 1;
            } else {
                chars += words[at..at + n].iter().map(|word| u64::from(word % 7)).sum::<u64>();
                at += n;
            }
        }
        chars
    }

    #[test]
    fn the_slow_version_agrees() {
        let mut grams = Grams::default();
        for seed in 0..200u64 {
            let words: Vec<u32> = (0..seed % 90)
                .map(|i| kernels::random::below(seed, 9, i, 2 + seed % 5) as u32)
                .collect();
            grams.start(&words, |word| word % 7);
            for n in 2..=4 {
                assert_eq!(grams.top(n), top(&words, n), "{words:?} {n}");
            }
            for n in 5..=10 {
                assert_eq!(grams.repeated(n), repeated(&words, n), "{words:?} {n}");
            }
        }
    }
}
