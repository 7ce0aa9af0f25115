//! The last linear layer fused with cross-entropy: chunks of tokens, never all logits.
//!
//! logit = h·wᵀ by chains; `loss = m + ln(l) − logit[target]` with the row's maximum m and lane
//! sum l of e^(logit − m); `dlogit = (e^(logit − m)/l − [target])·scale`. The weight gradient is
//! one chain over tokens, carried across chunks, so the chunk's size is not part of the result.

use crate::arithmetic::Arithmetic;
use crate::elementary::{exp, ln32};
use crate::kernels::Kernels;
use crate::lanes;
use crate::parts::Parts;
use crate::product::Carry;
use crate::tier::Task;

/// Tokens whose logits are held at a time; only memory and speed depend on it.
pub const LOGIT_ROWS: usize = 512;

/// The operands: `h` (tokens × width), `w` (vocabulary × width), one target a token.
#[derive(Clone, Copy)]
pub struct CrossEntropy<'a> {
    pub h: &'a [f32],
    pub w: &'a [f32],
    pub targets: &'a [u32],
    pub width: usize,
}

/// A row of logits becomes a row of gradients; gives the loss.
struct Row<'a> {
    logits: &'a mut [f32],
    target: usize,
    scale: f32,
}

impl Task for Row<'_> {
    type Output = f32;

    #[inline(always)]
    fn run<A: Arithmetic>(self) -> f32 {
        let largest = lanes::max(self.logits);
        let wanted = self.logits[self.target];
        for logit in self.logits.iter_mut() {
            *logit = exp::<A>(*logit - largest);
        }
        let row = &*self.logits;
        let total = lanes::sum(row.len(), |i, lane| lane + row[i]);
        let chance = self.logits[self.target] / total;
        for logit in self.logits.iter_mut() {
            *logit = (*logit / total) * self.scale;
        }
        self.logits[self.target] = (chance - 1.0) * self.scale;
        (largest + ln32(total)) - wanted
    }
}

impl CrossEntropy<'_> {
    fn vocabulary(&self) -> usize {
        self.w.len() / self.width
    }

    fn check(&self, losses: &[f32]) {
        let tokens = self.targets.len();
        assert_eq!(self.h.len(), tokens * self.width, "a row for every token");
        assert_eq!(losses.len(), tokens, "a loss for every token");
        let inside = |target: &u32| (*target as usize) < self.vocabulary();
        assert!(self.targets.iter().all(inside), "every target is in the vocabulary");
    }
}

impl Kernels {
    /// Losses of all tokens, gradients of `h` and `w`; `scale` is 1 / tokens of the whole step.
    pub fn cross_entropy(
        &self,
        losses: &mut [f32],
        dh: &mut [f32],
        dw: &mut [f32],
        operands: CrossEntropy,
        scale: f32,
    ) {
        operands.check(losses);
        assert!(dh.len() == operands.h.len() && dw.len() == operands.w.len(), "gradients fit");
        let (width, vocabulary) = (operands.width, operands.vocabulary());
        if losses.is_empty() {
            return dw.fill(0.0);
        }
        let mut carry = Carry::Fresh;
        let chunks = operands.targets.chunks(LOGIT_ROWS).zip(losses.chunks_mut(LOGIT_ROWS));
        for ((targets, losses), (h, dh)) in
            chunks.zip(operands.h.chunks(LOGIT_ROWS * width).zip(dh.chunks_mut(LOGIT_ROWS * width)))
        {
            let tokens = targets.len();
            let mut logits = self.buffer(tokens * vocabulary);
            self.logits(&mut logits, losses, h, &operands, targets, scale);
            self.product_nn(dh, &logits, operands.w, tokens, width, vocabulary, Carry::Fresh);
            self.product_tn(dw, &logits, h, vocabulary, width, tokens, carry);
            carry = Carry::Continue;
        }
    }

    /// Losses alone, for measuring.
    pub fn cross_entropy_losses(&self, losses: &mut [f32], operands: CrossEntropy) {
        operands.check(losses);
        let chunks = operands.targets.chunks(LOGIT_ROWS).zip(losses.chunks_mut(LOGIT_ROWS));
        for ((targets, losses), h) in chunks.zip(operands.h.chunks(LOGIT_ROWS * operands.width)) {
            let mut logits = self.buffer(targets.len() * operands.vocabulary());
            self.logits(&mut logits, losses, h, &operands, targets, 1.0);
        }
    }

    /// Logits of a chunk turned into gradients in place, and their losses.
    fn logits(
        &self,
        logits: &mut [f32],
        losses: &mut [f32],
        h: &[f32],
        operands: &CrossEntropy,
        targets: &[u32],
        scale: f32,
    ) {
        let (tokens, vocabulary) = (targets.len(), operands.vocabulary());
        let width = operands.width;
        self.product_nt(logits, h, operands.w, tokens, vocabulary, width, Carry::Fresh);
        let (logits, losses) = (Parts::new(logits), Parts::new(losses));
        self.each_range(tokens, 8, &|range| {
            for token in range {
                // SAFETY: every token belongs to one task.
                let (logits, loss) = unsafe {
                    let row = logits.part(token * vocabulary..(token + 1) * vocabulary);
                    (row, losses.part(token..token + 1))
                };
                let target = targets[token] as usize;
                loss[0] = self.tier().carry_out(Row { logits, target, scale });
            }
        });
    }
}
