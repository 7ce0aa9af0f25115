//! Changes of a list of named steps: added, removed, moved, or with other parameters.

use serde_json::{Value, json};

use crate::diff::{Change, value};

/// Compares two lists of (name, parameters); `noun` is what an item is called.
///
/// Equal items are paired first, then items of one name; what is paired but out of the longest
/// common order has moved.
pub(crate) fn named(
    found: &mut Vec<Change>,
    part: &'static str,
    noun: &str,
    a: &[(String, Value)],
    b: &[(String, Value)],
) {
    let pairs = paired(a, b);
    let kept = longest_rising(&pairs);
    let title = |name: &str| match noun {
        "formula" => format!("share of {name}"),
        _ => format!("{noun} {name}"),
    };
    for (place, (name, parameters)) in a.iter().enumerate() {
        if !pairs.iter().any(|(before, _)| *before == place) {
            let words = format!("{} removed from place {}", title(name), place + 1);
            let (path, before) = (title(name), json!({name: parameters}));
            found.push(Change { part, path, before, after: Value::Null, words, same: false });
        }
    }
    for (place, (name, parameters)) in b.iter().enumerate() {
        match pairs.iter().find(|(_, after)| *after == place) {
            None => {
                let words = format!("{} added at place {}", title(name), place + 1);
                let (path, after) = (title(name), json!({name: parameters}));
                found.push(Change { part, path, before: Value::Null, after, words, same: false });
            }
            Some((before, after)) => {
                let path = title(name);
                if !kept.contains(&(*before, *after)) {
                    let words = format!("{path} moved from place {} to {}", before + 1, after + 1);
                    let (path, before, after) = (path.clone(), json!(before + 1), json!(after + 1));
                    found.push(Change { part, path, before, after, words, same: false });
                }
                parameters_of(found, part, &path, &a[*before].1, parameters);
            }
        }
    }
}

/// The parameters of a paired item; an item without any is the same as a whole.
fn parameters_of(
    found: &mut Vec<Change>,
    part: &'static str,
    path: &str,
    before: &Value,
    after: &Value,
) {
    let empty = |value: &Value| value.as_object().is_some_and(serde_json::Map::is_empty);
    if empty(before) && empty(after) {
        let (before, after) = (before.clone(), after.clone());
        let (path, words) = (path.to_owned(), path.to_owned());
        return found.push(Change { part, path, before, after, words, same: true });
    }
    value(found, part, path, before, after);
}

/// Positions of items that belong together, by their place in `b`.
fn paired(a: &[(String, Value)], b: &[(String, Value)]) -> Vec<(usize, usize)> {
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    for equal in [true, false] {
        for (after, item) in b.iter().enumerate() {
            if pairs.iter().any(|pair| pair.1 == after) {
                continue;
            }
            let fits = |other: &(String, Value)| match equal {
                true => other == item,
                false => other.0 == item.0,
            };
            let free = |before: &usize| !pairs.iter().any(|pair| pair.0 == *before);
            let before = (0..a.len()).filter(free).find(|before| fits(&a[*before]));
            pairs.extend(before.map(|before| (before, after)));
        }
    }
    pairs.sort_by_key(|pair| pair.1);
    pairs
}

/// The longest run of pairs whose places rise in both lists.
fn longest_rising(pairs: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let mut best: Vec<Vec<(usize, usize)>> = Vec::new();
    for (i, pair) in pairs.iter().enumerate() {
        let before = (0..i).filter(|j| pairs[*j].0 < pair.0).map(|j| &best[j]);
        let mut longest = before.max_by_key(|run| run.len()).cloned().unwrap_or_default();
        longest.push(*pair);
        best.push(longest);
    }
    best.into_iter().max_by_key(Vec::len).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(items: &[(&str, u32)]) -> Vec<(String, Value)> {
        items.iter().map(|(name, n)| ((*name).to_owned(), json!({"n": n}))).collect()
    }

    #[track_caller]
    fn check(a: &[(&str, u32)], b: &[(&str, u32)], wanted: &[&str]) {
        let mut found = Vec::new();
        named(&mut found, "cleaning", "step", &list(a), &list(b));
        let words: Vec<String> =
            found.into_iter().filter(|change| !change.same).map(|change| change.words).collect();
        assert_eq!(words, wanted);
    }

    #[test]
    fn a_move_reads_as_a_move() {
        let before = [("a", 1), ("b", 1), ("c", 1), ("d", 1)];
        check(
            &before,
            &[("b", 1), ("c", 1), ("d", 1), ("a", 1)],
            &["step a moved from place 1 to 4"],
        );
    }

    #[test]
    fn added_removed_and_changed_steps_are_told_apart() {
        check(&[("a", 1)], &[("a", 1), ("b", 2)], &["step b added at place 2"]);
        check(&[("a", 1), ("b", 2)], &[("b", 2)], &["step a removed from place 1"]);
        check(&[("a", 1)], &[("a", 3)], &["step a n 1 → 3, ×3"]);
        check(&[("a", 1), ("a", 2)], &[("a", 2), ("a", 1)], &["step a moved from place 2 to 1"]);
    }
}
