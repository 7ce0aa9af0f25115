//! `filter.licence@1`: which licences documents may have, by SPDX expressions.
//!
//! Identifiers are compared as they are written, without regard to case, so that no list of them
//! decides: a licence that SPDX does not know can be allowed by its name. Source: SPDX
//! specification 2.3, annex D.

use recipes::recipe::LicenceAllow;

use crate::decision::{Decision, Drop};
use crate::document::Document;

/// How deep parentheses may lie in each other.
const DEPTH_MAX: u32 = 16;

/// The longest licence that is named where a document is dropped, in characters.
const NAME_CHARS_MAX: usize = 80;

/// Keeps a document whose licence is allowed; the reason to drop it names the licence.
pub fn decide(settings: &LicenceAllow, document: &Document) -> Decision {
    let name = match document.about.licence.as_deref() {
        None => "not_stated".to_owned(),
        Some(licence) if is_allowed(&settings.allow, licence) => return Decision::Keep(Vec::new()),
        Some(licence) => licence.chars().take(NAME_CHARS_MAX).collect(),
    };
    let measure = format!("licence.{name}").into();
    Decision::Drop(Drop { measure, value: 0.0, limit: Some(1.0) })
}

/// Whether what a licence asks for is allowed: with `OR` one side, with `AND` both.
fn is_allowed(allow: &[String], licence: &str) -> bool {
    let same = |name: &str| allow.iter().any(|known| known.eq_ignore_ascii_case(name));
    if same(licence.trim()) {
        return true;
    }
    let spaced = licence.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    expression(&mut rest, &same, DEPTH_MAX).filter(|_| rest.is_empty()).unwrap_or(false)
}

fn takes(rest: &mut &[&str], word: &str) -> bool {
    let is_it = rest.first().is_some_and(|first| first.eq_ignore_ascii_case(word));
    if is_it {
        *rest = &rest[1..];
    }
    is_it
}

/// Whether an expression is allowed; nothing where it is none.
fn expression(rest: &mut &[&str], same: &dyn Fn(&str) -> bool, depth: u32) -> Option<bool> {
    let mut any = false;
    loop {
        let mut all = term(rest, same, depth)?;
        while takes(rest, "AND") {
            all &= term(rest, same, depth)?;
        }
        any |= all;
        if !takes(rest, "OR") {
            return Some(any);
        }
    }
}

fn term(rest: &mut &[&str], same: &dyn Fn(&str) -> bool, depth: u32) -> Option<bool> {
    if takes(rest, "(") {
        let inside = expression(rest, same, depth.checked_sub(1)?)?;
        return takes(rest, ")").then_some(inside);
    }
    let (name, after) = rest.split_first()?;
    let is_word = ["AND", "OR", "WITH", ")"].iter().any(|word| name.eq_ignore_ascii_case(word));
    if is_word {
        return None;
    }
    *rest = after;
    if !takes(rest, "WITH") {
        return Some(same(name));
    }
    let (exception, after) = rest.split_first()?;
    *rest = after;
    // An exception only allows more than the licence does.
    Some(same(name) || same(&format!("{name} WITH {exception}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_read_as_spdx_reads_them() {
        let allow = ["MIT", "Apache-2.0", "CC-BY-4.0", "GPL-2.0 WITH Classpath-exception-2.0"];
        let allow: Vec<String> = allow.iter().map(|name| (*name).to_owned()).collect();
        for (licence, wanted) in [
            ("MIT", true),
            ("mit", true),
            ("GPL-3.0-only", false),
            ("MIT OR GPL-3.0-only", true),
            ("MIT/Apache-2.0", true),
            ("MIT AND GPL-3.0-only", false),
            ("GPL-3.0-only OR MIT AND Apache-2.0", true),
            ("(GPL-3.0-only OR MIT) AND ISC", false),
            ("Apache-2.0 WITH LLVM-exception", true),
            ("GPL-2.0 WITH Classpath-exception-2.0", true),
            ("GPL-2.0", false),
            ("", false),
            ("MIT OR", false),
            ("(MIT", false),
            ("MIT MIT", false),
        ] {
            assert_eq!(is_allowed(&allow, licence), wanted, "{licence}");
        }
        assert!(!is_allowed(&allow, &"(".repeat(1_000_000)));
    }
}
