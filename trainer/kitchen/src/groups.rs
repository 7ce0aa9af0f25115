//! Which documents belong together, and the first of each group: four bytes a document.

/// Groups over document numbers. The result does not depend on the order of the joins.
#[derive(Default)]
pub struct Groups {
    /// For every document itself, or an earlier one of its group.
    earlier: Vec<u32>,
}

impl Groups {
    /// Adds a document in a group of its own.
    pub fn add(&mut self) {
        self.earlier.push(u32::try_from(self.earlier.len()).expect("checked by the caller"));
    }

    /// The number of documents.
    pub fn len(&self) -> usize {
        self.earlier.len()
    }

    /// The first document of a group; every step on the way is shortened.
    pub fn first(&mut self, document: u32) -> u32 {
        let mut at = document as usize;
        while self.earlier[at] as usize != at {
            self.earlier[at] = self.earlier[self.earlier[at] as usize];
            at = self.earlier[at] as usize;
        }
        at as u32
    }

    /// Makes one group of two; its first document is the lower of their firsts.
    pub fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.first(a), self.first(b));
        self.earlier[a.max(b) as usize] = a.min(b);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_a_group_is_its_lowest_number() {
        let pairs = [(5, 7), (2, 7), (8, 9), (9, 2), (3, 4)];
        for turn in 0..pairs.len() {
            let mut groups = Groups::default();
            (0..10).for_each(|_| groups.add());
            for step in 0..pairs.len() {
                let (a, b) = pairs[(turn + step) % pairs.len()];
                groups.join(a, b);
            }
            let firsts: Vec<u32> = (0..10).map(|document| groups.first(document)).collect();
            assert_eq!(firsts, [0, 1, 2, 3, 3, 2, 6, 2, 2, 2]);
        }
    }
}
