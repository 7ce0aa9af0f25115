//! Rows of a table by token id, and the way back: each row sums its positions ascending from +0.

use crate::kernels::Kernels;
use crate::parts::Parts;

impl Kernels {
    /// `y[n] = table[ids[n]]`, rows of `width`.
    pub fn embedding_forward(&self, y: &mut [f32], table: &[f32], ids: &[u32], width: usize) {
        assert_eq!(y.len(), ids.len() * width, "a row for every id");
        for (y, id) in y.chunks_exact_mut(width).zip(ids) {
            y.copy_from_slice(&table[*id as usize * width..][..width]);
        }
    }

    /// The gradient of the table, all of it written: +0 for rows that no id names.
    pub fn embedding_backward(&self, dtable: &mut [f32], dy: &[f32], ids: &[u32], width: usize) {
        assert_eq!(dy.len(), ids.len() * width, "a row for every id");
        let rows = dtable.len() / width;
        // A stable counting sort of positions by id.
        let mut starts = vec![0usize; rows + 1];
        for id in ids {
            starts[*id as usize + 1] += 1;
        }
        for row in 0..rows {
            starts[row + 1] += starts[row];
        }
        let mut next = starts.clone();
        let mut positions = vec![0usize; ids.len()];
        for (position, id) in ids.iter().enumerate() {
            let place = &mut next[*id as usize];
            positions[*place] = position;
            *place += 1;
        }
        let dtable = Parts::new(dtable);
        self.each_range(rows, 256, &|range| {
            for row in range {
                // SAFETY: every row belongs to one task.
                let sums = unsafe { dtable.part(row * width..(row + 1) * width) };
                sums.fill(0.0);
                for position in &positions[starts[row]..starts[row + 1]] {
                    for (sum, dy) in sums.iter_mut().zip(&dy[position * width..][..width]) {
                        *sum += dy;
                    }
                }
            }
        });
    }
}
