//! Several steps about single documents, one after another over one text: what one step finds out
//! about the text the next ones know.

use crate::decision::{Decision, Drop};
use crate::desk::with_page;
use crate::prepared::Prepared;

/// What a chain of steps makes of one text.
#[derive(Clone, Debug, PartialEq)]
pub struct Chained {
    /// The text after the last step, where it is another.
    pub text: Option<String>,
    /// The position of the step that dropped it, and why.
    pub dropped: Option<(usize, Drop)>,
}

/// Carries steps out over a text, in order, until one drops it.
pub fn chain(steps: &[Prepared], text: &str) -> Chained {
    let mut chained = Chained { text: None, dropped: None };
    let mut next = 0;
    while next < steps.len() && chained.dropped.is_none() {
        let now = chained.text.take();
        let (after, from) = with_page(now.as_deref().unwrap_or(text), |page| {
            for (position, step) in steps.iter().enumerate().skip(next) {
                match step.decide(page) {
                    Decision::Keep(_) => {}
                    Decision::Change(text) => return (Some(text), position + 1),
                    Decision::Drop(drop) => {
                        chained.dropped = Some((position, drop));
                        break;
                    }
                }
            }
            (None, steps.len())
        });
        chained.text = after.or(now);
        next = from;
    }
    chained
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_does_what_its_steps_do() {
        let steps = ["pii.mask@1: {kinds: [email]}", "filter.length@1: {chars_min: 12}"];
        let steps = steps.map(|step| recipes::read_cleaning_step(step).expect("a step"));
        let steps = [0, 1].map(|at| Prepared::of(&steps[at]).expect("about single documents"));
        let changed = chain(&steps, "write to a@b.example");
        assert_eq!(changed, Chained { text: Some("write to <email>".into()), dropped: None });
        let dropped = chain(&steps, "to a@b.example").dropped.expect("dropped");
        assert_eq!((dropped.0, dropped.1.value), (1, 10.0));
        assert_eq!(chain(&steps, "nothing to do here"), Chained { text: None, dropped: None });
    }
}
