//! A sample of a list: the rows with the lowest digests, the same ones always.

use std::collections::BTreeMap;

use recipes::Digest;

/// At most some rows of a list, whose length it counts.
pub struct Sample<T> {
    most: usize,
    all: u64,
    rows: BTreeMap<(Digest, u64), T>,
}

impl<T> Sample<T> {
    /// An empty sample of at most so many rows.
    pub fn new(most: usize) -> Sample<T> {
        Sample { most, all: 0, rows: BTreeMap::new() }
    }

    /// Takes the next row of the list.
    pub fn take(&mut self, digest: Digest, row: T) {
        self.all += 1;
        self.rows.insert((digest, self.all), row);
        if self.rows.len() > self.most {
            self.rows.pop_last();
        }
    }

    /// How many rows the list has.
    pub fn all(&self) -> u64 {
        self.all
    }

    /// The rows, in the order of the list.
    pub fn rows(&self) -> Vec<&T> {
        let mut rows: Vec<_> = self.rows.iter().map(|((_, number), row)| (*number, row)).collect();
        rows.sort_by_key(|(number, _)| *number);
        rows.into_iter().map(|(_, row)| row).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_digests_stay_in_the_order_of_the_list() {
        let mut digests: Vec<Digest> = (0..20u8).map(|n| Digest::of(&[n])).collect();
        let mut sample = Sample::new(5);
        digests.iter().for_each(|digest| sample.take(*digest, *digest));
        let kept: Vec<Digest> = sample.rows().into_iter().copied().collect();
        let mut wanted = digests.clone();
        wanted.sort_unstable();
        digests.retain(|digest| wanted[..5].contains(digest));
        assert_eq!(kept, digests);
        assert_eq!(sample.all(), 20);
    }
}
