//! Sums over long indices: leaves of 256 summed ascending, joined by the one binary tree.

use crate::arithmetic::Arithmetic;
use crate::kernels::Kernels;
use crate::tier::Task;

/// Items of a leaf.
pub const LEAF: usize = 256;

/// Elements of a chunk of the sum of squares.
const CHUNK: usize = 4096;
const CHUNK_LANES: usize = 8;

/// Chunks of one task; only speed depends on it.
const CHUNKS_TOGETHER: usize = 16;

/// Where a node of n leaves is split: the largest power of two below n.
pub fn split(n: usize) -> usize {
    debug_assert!(n > 1, "a single leaf is not split");
    1 << (usize::BITS - 1 - (n - 1).leading_zeros())
}

/// Joins leaves by tree(n) = tree(p) + tree(n − p).
fn tree<T: Copy + std::ops::Add<Output = T>>(leaves: &[T]) -> T {
    match leaves.len() {
        1 => leaves[0],
        n => {
            let (left, right) = leaves.split_at(split(n));
            tree(left) + tree(right)
        }
    }
}

impl Kernels {
    /// The tree sum; +0 for no items.
    pub fn tree_sum(&self, items: &[f32]) -> f32 {
        let leaf = |items: &[f32]| {
            let mut sum = 0.0;
            for item in items {
                sum += item;
            }
            sum
        };
        let leaves: Vec<f32> = items.chunks(LEAF).map(leaf).collect();
        if leaves.is_empty() { 0.0 } else { tree(&leaves) }
    }

    /// The tree sum in f64; +0 for no items.
    pub fn tree_sum_f64(&self, items: &[f64]) -> f64 {
        let leaf = |items: &[f64]| {
            let mut sum = 0.0;
            for item in items {
                sum += item;
            }
            sum
        };
        let leaves: Vec<f64> = items.chunks(LEAF).map(leaf).collect();
        if leaves.is_empty() { 0.0 } else { tree(&leaves) }
    }

    /// Σx² in f64 over the concatenation of parts: chunks of 4,096, eight lanes, then the tree.
    pub fn sum_of_squares(&self, parts: &[&[f32]]) -> f64 {
        // Where each chunk starts: its part and the place in it.
        let (mut starts, mut left) = (Vec::new(), 0);
        for (number, part) in parts.iter().enumerate() {
            let mut place = left;
            while place < part.len() {
                starts.push((number, place));
                place += CHUNK;
            }
            left = place - part.len();
        }
        let sums = self.map(starts.len().div_ceil(CHUNKS_TOGETHER), &|task| {
            let first = task * CHUNKS_TOGETHER;
            let starts = &starts[first..(first + CHUNKS_TOGETHER).min(starts.len())];
            let sum = |&(number, place): &(usize, usize)| {
                self.tier().carry_out(Squares { parts: &parts[number..], place })
            };
            starts.iter().map(sum).collect::<Vec<f64>>()
        });
        let sums = sums.concat();
        if sums.is_empty() { 0.0 } else { tree(&sums) }
    }

    /// `y ← y + a`, element by element.
    pub fn add_into(&self, y: &mut [f32], a: &[f32]) {
        assert_eq!(y.len(), a.len(), "both have one length");
        let parts = crate::parts::Parts::new(y);
        self.each_range(a.len(), 1 << 16, &|range| {
            // SAFETY: ranges do not overlap.
            let y = unsafe { parts.part(range.clone()) };
            for (y, a) in y.iter_mut().zip(&a[range]) {
                *y += a;
            }
        });
    }

    /// `y ← 0 + y`, element by element: −0 becomes +0.
    pub fn add_zero(&self, y: &mut [f32]) {
        let len = y.len();
        let parts = crate::parts::Parts::new(y);
        self.each_range(len, 1 << 16, &|range| {
            // SAFETY: ranges do not overlap.
            for y in unsafe { parts.part(range) } {
                *y += 0.0;
            }
        });
    }

    /// `y ← a + b`, element by element.
    pub fn add(&self, y: &mut [f32], a: &[f32], b: &[f32]) {
        assert!(y.len() == a.len() && y.len() == b.len(), "all have one length");
        let parts = crate::parts::Parts::new(y);
        self.each_range(a.len(), 1 << 16, &|range| {
            // SAFETY: ranges do not overlap.
            let y = unsafe { parts.part(range.clone()) };
            for (y, (a, b)) in y.iter_mut().zip(a[range.clone()].iter().zip(&b[range])) {
                *y = a + b;
            }
        });
    }

    /// Column sums of a rows × width matrix, where `term(row, width)` adds a row into a leaf.
    ///
    /// Leaves are 256 rows summed ascending from +0, joined by the tree, for each column alone.
    pub(crate) fn column_sums(
        &self,
        sums: &mut [f32],
        rows: usize,
        add_row: &(dyn Fn(usize, &mut [f32]) + Sync),
    ) {
        let width = sums.len();
        let leaves = rows.div_ceil(LEAF);
        if leaves == 0 {
            return sums.fill(0.0);
        }
        let mut partial = self.buffer(leaves * width);
        let parts = crate::parts::Parts::new(&mut partial);
        self.each(leaves, &|leaf| {
            // SAFETY: every leaf has its own part.
            let sums = unsafe { parts.part(leaf * width..(leaf + 1) * width) };
            sums.fill(0.0);
            for row in leaf * LEAF..((leaf + 1) * LEAF).min(rows) {
                add_row(row, sums);
            }
        });
        join(&mut partial, width, leaves);
        sums.copy_from_slice(&partial[..width]);
    }
}

/// Joins leaves of vectors by the tree; the result stands in the first leaf.
fn join(leaves: &mut [f32], width: usize, count: usize) {
    if count < 2 {
        return;
    }
    let left = split(count);
    let (first, second) = leaves.split_at_mut(left * width);
    join(first, width, left);
    join(second, width, count - left);
    for (a, b) in first[..width].iter_mut().zip(&second[..width]) {
        *a += b;
    }
}

/// The squares of the chunk that starts at a place of the first part and may run into the others.
struct Squares<'a> {
    parts: &'a [&'a [f32]],
    place: usize,
}

impl Task for Squares<'_> {
    type Output = f64;

    #[inline(always)]
    fn run<A: Arithmetic>(self) -> f64 {
        let mut lanes = [0.0f64; CHUNK_LANES];
        let (mut index, mut place) = (0, self.place);
        for part in self.parts {
            let mut rest = &part[place..(place + CHUNK - index).min(part.len())];
            place = 0;
            // Up to a whole row of lanes one by one, then rows together, then the rest.
            while let Some((value, after)) = rest.split_first() {
                if index % CHUNK_LANES == 0 && rest.len() >= CHUNK_LANES {
                    break;
                }
                lanes[index % CHUNK_LANES] += f64::from(*value) * f64::from(*value);
                (index, rest) = (index + 1, after);
            }
            let (rows, ends) = rest.as_chunks::<CHUNK_LANES>();
            for row in rows {
                for (lane, value) in lanes.iter_mut().zip(row) {
                    *lane += f64::from(*value) * f64::from(*value);
                }
            }
            for (lane, value) in lanes.iter_mut().zip(ends) {
                *lane += f64::from(*value) * f64::from(*value);
            }
            index += rest.len();
            if index == CHUNK {
                break;
            }
        }
        folded(lanes)
    }
}

fn folded(mut lanes: [f64; CHUNK_LANES]) -> f64 {
    let mut half = CHUNK_LANES / 2;
    while half > 0 {
        for lane in 0..half {
            lanes[lane] += lanes[lane + half];
        }
        half /= 2;
    }
    lanes[0]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tier::Tier;

    #[test]
    fn a_node_is_split_at_the_largest_power_of_two_below_it() {
        let found: Vec<usize> = [2, 3, 4, 5, 8, 9].map(split).to_vec();
        assert_eq!(found, [1, 2, 2, 4, 4, 8]);
    }

    #[test]
    fn sums_come_near_the_true_ones() {
        let kernels = Kernels::new(Tier::Scalar, 1).expect("kernels");
        let items: Vec<f32> = (0..10_000).map(|i| crate::random::normal(1, 1, i)).collect();
        let wide: Vec<f64> = items.iter().map(|x| f64::from(*x)).collect();
        let exact = kernels.tree_sum_f64(&wide);
        assert!((f64::from(kernels.tree_sum(&items)) - exact).abs() < 1e-3);
        let squares: f64 = wide.iter().map(|x| x * x).sum();
        let whole = kernels.sum_of_squares(&[&items]);
        assert!((whole / squares - 1.0).abs() < 1e-12);
        for (a, b) in [(4097, 4097), (3, 9_999), (4095, 4100), (4096, 8192), (1, 2)] {
            let cut = kernels.sum_of_squares(&[&items[..a], &[], &items[a..b], &items[b..]]);
            assert_eq!(cut.to_bits(), whole.to_bits(), "where parts are cut leaves no trace");
        }
    }
}
