//! All lines of an operand in panels, packed by all threads, block of terms after block of terms.

use std::ops::Range;

use crate::kernels::{Buffer, Kernels};
use crate::pack::{Operand, panel_stride};
use crate::parts::Parts;

/// Lines that are packed by one task, at least.
const LINES_TOGETHER: usize = 64;

/// The panels of all lines and some terms of an operand.
pub struct Panels {
    floats: Buffer,
    layout: Layout,
}

#[derive(Clone, Copy)]
struct Layout {
    /// Panels of a block, and lines of a panel.
    count: usize,
    width: usize,
    /// The first term, and terms of a block; the last may have fewer.
    first: usize,
    most: usize,
}

impl Layout {
    /// Where the panels of the block begin that starts with a term.
    fn place(&self, term: usize) -> usize {
        let block = (term - self.first) / self.most;
        self.count * ((term - self.first) * self.width + block * panel_stride(0, self.width))
    }
}

impl Panels {
    /// Packs some terms of an operand, `width` lines a panel, `most` terms a block.
    pub fn of(
        kernels: &Kernels,
        operand: Operand,
        width: usize,
        terms: Range<usize>,
        most: usize,
    ) -> Panels {
        let (lines, blocks) = (operand.lines, terms.len().div_ceil(most));
        let layout = Layout { count: lines.div_ceil(width), width, first: terms.start, most };
        let gaps = blocks * panel_stride(0, width);
        let mut floats = kernels.reused(layout.count * (terms.len() * width + gaps));
        let packed = Parts::new(&mut floats);
        let together = LINES_TOGETHER.next_multiple_of(width);
        let across = lines.div_ceil(together);
        kernels.each(blocks * across, &|task| {
            let (term, line) = (terms.start + task / across * most, task % across * together);
            let block = term..(term + most).min(terms.end);
            let lines = line..(line + together).min(lines);
            let stride = panel_stride(block.len(), width);
            let start = layout.place(term) + line / width * stride;
            // SAFETY: every panel belongs to one task.
            let packed =
                unsafe { packed.part(start..start + lines.len().div_ceil(width) * stride) };
            operand.pack(kernels.tier(), packed, lines, block, width);
        });
        Panels { floats, layout }
    }

    /// All panels of a block of terms.
    pub fn block(&self, terms: Range<usize>) -> &[f32] {
        let stride = panel_stride(terms.len(), self.layout.width);
        &self.floats[self.layout.place(terms.start)..][..self.layout.count * stride]
    }
}
