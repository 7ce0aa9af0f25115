//! Where weight gradients go on the way back, one slot a parameter, outside candle's own store.

use std::sync::{Mutex, MutexGuard, PoisonError};

use kernels::{Buffer, Kernels};

/// The gradients of one micro-batch, in the order of the parameters.
pub struct GradientSink {
    slots: Mutex<Vec<Option<Buffer>>>,
    kernels: Kernels,
}

impl GradientSink {
    /// A sink with an empty slot for every parameter.
    pub fn new(parameters: usize, kernels: Kernels) -> GradientSink {
        GradientSink { slots: Mutex::new((0..parameters).map(|_| None).collect()), kernels }
    }

    fn slots(&self) -> MutexGuard<'_, Vec<Option<Buffer>>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a gradient; a second one for the same parameter is added to the first.
    pub fn put(&self, slot: usize, gradient: Buffer) {
        let mut slots = self.slots();
        match &mut slots[slot] {
            Some(first) => self.kernels.add_into(first, &gradient),
            empty => *empty = Some(gradient),
        }
    }

    /// Takes all gradients; every slot must have been filled.
    pub fn take(&self) -> Vec<Buffer> {
        let filled = |slot: &mut Option<Buffer>| slot.take().expect("every parameter was used");
        self.slots().iter_mut().map(filled).collect()
    }
}

/// Joins the gradients of micro-batches by the one binary tree: tree(n) = tree(p) + tree(n − p).
#[derive(Default)]
pub struct GradientTree {
    /// Complete subtrees, largest first, each with its number of micro-batches.
    subtrees: Vec<(u64, Vec<Buffer>)>,
}

impl GradientTree {
    /// Takes the gradients of the next micro-batch.
    pub fn push(&mut self, kernels: &Kernels, gradients: Vec<Buffer>) {
        self.subtrees.push((1, gradients));
        while let [.., (left, _), (right, _)] = self.subtrees.as_slice() {
            if left != right {
                break;
            }
            self.join(kernels);
        }
    }

    fn join(&mut self, kernels: &Kernels) {
        let (count, right) = self.subtrees.pop().expect("two subtrees");
        let (total, left) = self.subtrees.last_mut().expect("two subtrees");
        *total += count;
        for (left, right) in left.iter_mut().zip(&right) {
            kernels.add_into(left, right);
        }
    }

    /// The sum of all; the smallest subtrees are joined first.
    pub fn finish(mut self, kernels: &Kernels) -> Vec<Buffer> {
        while self.subtrees.len() > 1 {
            self.join(kernels);
        }
        self.subtrees.pop().map(|(_, gradients)| gradients).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernels::Tier;

    #[test]
    fn micro_batches_are_joined_by_the_tree() {
        let kernels = Kernels::new(Tier::Scalar, 1).expect("kernels");
        let big = 16_777_216.0f32;
        for (items, wanted) in [
            (vec![big, 1.0, 1.0, 1.0], (big + 1.0) + (1.0 + 1.0)),
            (vec![big, 1.0, 1.0], (big + 1.0) + 1.0),
            (vec![1.0, 1.0, 1.0, 1.0, big], ((1.0 + 1.0) + (1.0 + 1.0)) + big),
        ] {
            let mut tree = GradientTree::default();
            for item in &items {
                let mut gradient = kernels.buffer(1);
                gradient[0] = *item;
                tree.push(&kernels, vec![gradient]);
            }
            assert_eq!(&tree.finish(&kernels)[0][..], [wanted], "{items:?}");
        }
    }
}
