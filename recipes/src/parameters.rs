//! Checks a tree against the schema of its struct: every complaint has its place in the text.
//!
//! What passes here is taken by serde without a further complaint.

use serde_json::Value as Json;

use crate::decode::{Decoder, Members};
use crate::operators::catalogue::{choices, kind, may_be_null, number_range, whole_range};
use crate::rules::PARAMETERS;
use crate::tree::{Node, Value};

/// Checks the parameters of `what`; `None` after a complaint.
pub fn read(d: &mut Decoder, node: &Node, what: &str, schema: &Json) -> Option<()> {
    let properties = schema["properties"].as_object();
    let keys: Vec<&str> = properties.into_iter().flatten().map(|(key, _)| key.as_str()).collect();
    let required = schema["required"].as_array().into_iter().flatten();
    let required: Vec<&str> = required.filter_map(Json::as_str).collect();
    let before = d.problems.len();
    let map = d.map_by(node, what, &keys, PARAMETERS)?;
    for (key, schema) in properties.into_iter().flatten() {
        match map.get(key) {
            Some(node) => value(d, node, key, schema),
            None if required.contains(&key.as_str()) => missing(d, &map, what, key, schema),
            None => {}
        }
    }
    ranges(d, &map, what, schema);
    (d.problems.len() == before).then_some(())
}

fn missing(d: &mut Decoder, map: &Members, what: &str, key: &str, schema: &Json) {
    let message = format!("{what} has no `{key}`");
    match (schema["x-missing"][0].as_str(), schema["x-missing"][1].as_str()) {
        (Some(why), Some(hint)) => {
            d.problems.advise(map.place(), format!("{message}: {why}"), hint);
        }
        _ => d.problems.add(map.place(), message),
    }
}

/// Checks one value.
fn value(d: &mut Decoder, node: &Node, key: &str, schema: &Json) {
    if node.value == Value::Null && may_be_null(schema) {
        return;
    }
    let words = choices(schema);
    match kind(schema) {
        "integer" => {
            let (min, max) = whole_range(schema);
            d.whole(node, key, min, max);
        }
        "number" => {
            let bound = |key: &str| schema[key].as_f64();
            d.number(node, key, &number_range(schema), |value| {
                bound("minimum").is_none_or(|least| value >= least)
                    && bound("maximum").is_none_or(|most| value <= most)
                    && bound("exclusiveMinimum").is_none_or(|above| value > above)
                    && bound("exclusiveMaximum").is_none_or(|below| value < below)
            });
        }
        "boolean" => drop(d.flag(node, key)),
        "array" => {
            let empty = schema["minItems"].as_u64().unwrap_or(0) == 0;
            let item = format!("a {}", key.strip_suffix('s').unwrap_or(key));
            d.list(node, key, empty, |d, node| {
                value(d, node, &item, &schema["items"]);
                Some(())
            });
        }
        "object" => drop(read(d, node, &format!("`{key}`"), schema)),
        _ if !words.is_empty() => {
            let known: Vec<(&str, ())> = words.iter().map(|word| (word.as_str(), ())).collect();
            d.choice(node, key, &known);
        }
        _ if schema["format"] == "regex" => {
            let text = d.filled(node, key).unwrap_or_default();
            if let Err(error) = regex::Regex::new(&text) {
                let reason = error.to_string();
                let reason = reason.lines().last().unwrap_or_default().trim();
                let reason = reason.strip_prefix("error: ").unwrap_or(reason);
                d.problems.add(node.place, format!("`{key}` is no pattern: {reason}"));
            }
        }
        _ if schema["minLength"].as_u64().unwrap_or(0) > 0 => drop(d.filled(node, key)),
        _ => drop(d.text(node, key)),
    }
}

/// Notes every `<measure>_max` below its `<measure>_min`, and a `max` below its `min`.
fn ranges(d: &mut Decoder, map: &Members, what: &str, schema: &Json) {
    let number = |key: &str| match map.get(key).map(|node| &node.value) {
        Some(Value::Integer(value)) => Some(*value as f64),
        Some(Value::Float(value)) => Some(*value),
        _ => schema["properties"][key]["default"].as_f64(),
    };
    for (min, _) in schema["properties"].as_object().into_iter().flatten() {
        let max = match min.strip_suffix("_min") {
            Some(measure) => format!("{measure}_max"),
            None if min == "min" => "max".to_owned(),
            None => continue,
        };
        if let (Some(least), Some(most)) = (number(min), number(&max))
            && most < least
        {
            let message = format!("{what} keeps nothing: `{max}` is below `{min}`");
            d.problems.add(map.place(), message);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::tree;

    use super::*;

    #[track_caller]
    fn check(text: &str, wanted: &[&str]) {
        let root = tree::read(text).expect("a tree");
        let mut d = Decoder::default();
        let step = crate::read_steps::cleaning_step(&mut d, &root);
        let found: Vec<String> = d
            .problems
            .iter()
            .map(|p| match &p.hint {
                Some(hint) => format!("{}: {} ({hint})", p.place.column, p.message),
                None => format!("{}: {}", p.place.column, p.message),
            })
            .collect();
        assert_eq!(found, wanted, "{text}");
        assert_eq!(step.is_some(), wanted.is_empty());
    }

    #[test]
    fn every_complaint_says_where_what_and_what_is_wanted() {
        check("text.normalize@1: {}", &[]);
        check("filter.length@1: {chars_max: null}", &[]);
        check("filter.unigram-score@1: {texts: [a], mean_ln_min: -5, mean_ln_max: -1.5}", &[]);
        check(
            "filter.listed-words@2: {lists: [{words: [a]}]}",
            &["33: `a list` has no `category`"],
        );
        check(
            "text.normalize@1: {from: nfc}",
            &["20: operator `text.normalize@1` has no key `from` (did you mean `form`?)"],
        );
        check(
            "text.normalize@1: {form: nfd}",
            &["26: `form` is the text `nfd`, which is unknown (did you mean `nfc`?)"],
        );
        check(
            "filter.length@1: {chars_min: -1}",
            &["30: `chars_min` is the number `-1`, wanted a whole number from 0 to \
               9007199254740991"],
        );
        check(
            "filter.length@1: {chars_min: 9, chars_max: 3}",
            &["18: operator `filter.length@1` keeps nothing: `chars_max` is below `chars_min`"],
        );
        check(
            "dedup.minhash@1: {rows: 2000}",
            &[
                "25: `rows` is the number `2000`, wanted a whole number from 1 to 1024",
                "18: operator `dedup.minhash@1` has no `seed`: its hash functions would not be \
                 fixed (any whole number will do, such as `seed: 1`)",
            ],
        );
        check("pii.mask@1: {kinds: []}", &["21: `kinds` is an empty list"]);
        check("pii.mask@1: {}", &["13: operator `pii.mask@1` has no `kinds`"]);
        check(
            "pii.mask@1: {kinds: [emial]}",
            &["22: `a kind` is the text `emial`, which is unknown (did you mean `email`?)"],
        );
        check(
            "text.replace-pattern@1: {pattern: \"a(\"}",
            &["35: `pattern` is no pattern: unclosed group"],
        );
        check("pii.mask@1: 3", &["13: operator `pii.mask@1` is the number `3`, wanted a mapping"]);
    }
}
