//! Several steps about single documents, one after another over one text: what one step finds out
//! about the text the next ones know.

use crate::decision::Decision;
use crate::desk::with_page;
use crate::document::Document;
use crate::prepared::Prepared;

/// Carries steps out over a document, in order, until one drops it: what each of them said.
pub fn chain(steps: &[Prepared], document: &Document) -> Vec<Decision> {
    let mut decisions = Vec::with_capacity(steps.len());
    while decisions.len() < steps.len() && !matches!(decisions.last(), Some(Decision::Drop(_))) {
        let text = text_after(&decisions).unwrap_or(&document.text);
        let more = with_page(text, |page| {
            let mut more = Vec::new();
            for step in &steps[decisions.len()..] {
                more.push(step.decide(document, page));
                if !matches!(more.last(), Some(Decision::Keep(_))) {
                    break;
                }
            }
            more
        });
        decisions.extend(more);
    }
    decisions
}

/// The text after some decisions, where it is another.
pub fn text_after(decisions: &[Decision]) -> Option<&str> {
    decisions.iter().rev().find_map(|decision| match decision {
        Decision::Change(text) => Some(text.as_str()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decision::Drop;

    #[test]
    fn a_chain_does_what_its_steps_do() {
        let steps = ["pii.mask@1: {kinds: [email]}", "filter.length@1: {chars_min: 12}"];
        let steps = steps.map(|step| recipes::read_cleaning_step(step).expect("a step"));
        let steps: Vec<Prepared> = steps.iter().map(Prepared::of).collect();
        let said = |text: &str| chain(&steps, &Document::new(0, "f".into(), 0, text.into()));
        let changed = said("write to a@b.example");
        assert_eq!(text_after(&changed), Some("write to <email>"));
        assert!(matches!(changed[..], [Decision::Change(_), Decision::Keep(_)]), "{changed:?}");
        let dropped = said("to a@b.example");
        let reason = Drop { measure: "chars".into(), value: 10.0, limit: Some(12.0) };
        assert_eq!(dropped[1], Decision::Drop(reason));
        assert!(matches!(said("nothing to do here")[1], Decision::Keep(_)));
    }
}
