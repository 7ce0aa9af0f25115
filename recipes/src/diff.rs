//! What changed between recipes, grouped by the five parts, in the language's own words.

use serde::Serialize;
use serde_json::Value;

use crate::canonical::is_default;
use crate::diff_list;
use crate::pinned::{Manifest, Pinned};

/// The groups, in the order they are shown.
pub const PARTS: [&str; 6] =
    ["recipe", "formula", "cleaning", "hyperparameters", "process", "quality"];

/// One difference, or with `same` one thing that did not change.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    pub part: &'static str,
    /// Keys and names from the part down, joined by `/`.
    pub path: String,
    pub before: Value,
    pub after: Value,
    /// The change as a person would say it.
    pub words: String,
    #[serde(skip)]
    pub same: bool,
}

/// The changes from one recipe to the next.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    pub from: String,
    pub to: String,
    pub changes: Vec<Change>,
}

/// The changes along a row of recipes.
#[derive(Clone, Debug, PartialEq)]
pub struct Diff {
    pub comparisons: Vec<Comparison>,
}

/// Compares each recipe with the one before; `all` also lists what is the same.
pub fn diff(recipes: &[(&str, &Pinned)], all: bool) -> Diff {
    let compare = |pair: &[(&str, &Pinned)]| {
        let mut changes = changes(pair[0].1, pair[1].1);
        changes.retain(|change| all || !change.same);
        let order = |part| PARTS.iter().position(|known| *known == part);
        changes.sort_by_key(|change| order(change.part));
        Comparison { from: pair[0].0.into(), to: pair[1].0.into(), changes }
    };
    Diff { comparisons: recipes.windows(2).map(compare).collect() }
}

impl Diff {
    /// Whether all recipes are equal.
    pub fn is_empty(&self) -> bool {
        let mut changes = self.comparisons.iter().flat_map(|comparison| &comparison.changes);
        changes.all(|change| change.same)
    }
}

fn json<T: Serialize>(value: &T) -> Value {
    serde_json::to_value(value).expect("recipe parts are JSON")
}

fn changes(a: &Pinned, b: &Pinned) -> Vec<Change> {
    let mut found = Vec::new();
    value(&mut found, "recipe", "name", &json(&a.name), &json(&b.name));
    value(&mut found, "recipe", "summary", &json(&a.summary), &json(&b.summary));
    sources(&mut found, a, b);
    let of = |pinned: &Pinned| -> Vec<(String, Value)> {
        let one = |part: &crate::recipe::Ingredient| (part.source.clone(), json(part));
        pinned.formula.iter().map(one).collect()
    };
    diff_list::named(&mut found, "formula", "formula", &of(a), &of(b));
    value(&mut found, "formula", "held_out", &json(&a.held_out), &json(&b.held_out));
    diff_list::named(&mut found, "cleaning", "step", &steps(&a.cleaning), &steps(&b.cleaning));
    value(&mut found, "hyperparameters", "tokenizer", &json(&a.tokenizer), &json(&b.tokenizer));
    value(&mut found, "hyperparameters", "model", &json(&a.model), &json(&b.model));
    value(&mut found, "hyperparameters", "seed", &json(&a.seed), &json(&b.seed));
    diff_list::named(&mut found, "process", "stage", &steps(&a.stages), &steps(&b.stages));
    value(&mut found, "process", "arithmetic", &json(&a.arithmetic), &json(&b.arithmetic));
    diff_list::named(&mut found, "quality", "gate", &steps(&a.quality), &steps(&b.quality));
    // A stage's numbers are hyperparameters; which stages there are, and their order, the process.
    for change in &mut found {
        if change.part == "process" && change.path.contains('/') {
            change.part = "hyperparameters";
        }
    }
    found
}

/// Steps such as `{text.normalize@1: {…}}` as name and parameters.
fn steps<T: Serialize>(list: &[T]) -> Vec<(String, Value)> {
    let pair = |step: &T| match json(step) {
        Value::Object(members) => members.into_iter().next().unwrap_or_default(),
        other => (String::new(), other),
    };
    list.iter().map(pair).collect()
}

/// Walks two values and notes every leaf that differs, and every one that is the same.
pub(crate) fn value(
    found: &mut Vec<Change>,
    part: &'static str,
    path: &str,
    before: &Value,
    after: &Value,
) {
    if let (Value::Object(a), Value::Object(b)) = (before, after) {
        let mut keys: Vec<&String> = a.keys().chain(b.keys()).collect();
        keys.sort();
        keys.dedup();
        for key in keys {
            let (a, b) = (a.get(key).unwrap_or(&Value::Null), b.get(key).unwrap_or(&Value::Null));
            value(found, part, &format!("{path}/{key}"), a, b);
        }
        return;
    }
    let same = before == after;
    let label = label(path);
    let words = match same {
        true => format!("{label} {}", plain(after)),
        false => format!("{label} {}", transition(before, after)),
    };
    let (before, after) = (before.clone(), after.clone());
    found.push(Change { part, path: path.into(), before, after, words, same });
}

/// `1e-3 → 3e-4, ×0.3`; a size only between positive numbers.
pub(crate) fn transition(before: &Value, after: &Value) -> String {
    let arrow = format!("{} → {}", plain(before), plain(after));
    match (before.as_f64(), after.as_f64()) {
        (Some(a), Some(b)) if a > 0.0 && b > 0.0 => format!("{arrow}, ×{}", ratio(b / a)),
        _ => arrow,
    }
}

/// Three significant digits without needless zeros.
fn ratio(ratio: f64) -> String {
    let digits = (2.0 - ratio.log10().floor()).clamp(0.0, 12.0) as usize;
    let text = format!("{ratio:.digits$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

/// A value as a person would write it.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::Null => "none".into(),
        Value::String(text) if is_commit(text) => text[..8].to_owned(),
        Value::String(text) => text.clone(),
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() && float != 0.0 && float.abs() < 0.01 => {
                format!("{float:e}")
            }
            _ => number.to_string(),
        },
        Value::Array(items) => {
            format!("[{}]", items.iter().map(plain).collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

/// Whether a text is a full commit id, of which eight digits are enough for people.
fn is_commit(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// `1 file`, `1,412 files`.
fn counted(count: u64, noun: &str) -> String {
    format!("{} {noun}{}", crate::count(count), if count == 1 { "" } else { "s" })
}

/// What a path is called.
fn label(path: &str) -> String {
    const NAMES: [(&str, &str); 13] = [
        ("schedule/peak", "learning rate peak"),
        ("schedule/floor", "learning rate floor"),
        ("schedule/warmup_tokens", "warm-up tokens"),
        ("schedule/kind", "learning rate schedule"),
        ("batch_tokens", "tokens a batch"),
        ("held_out/share", "held-out share"),
        ("tokenizer/vocabulary", "vocabulary"),
        ("optimizer/weight_decay", "weight decay"),
        ("optimizer/clip_norm", "gradient clip norm"),
        ("model/kv_heads", "key-value heads"),
        ("state_every", "steps between states"),
        ("recompute", "recomputation on the way back"),
        ("/tokens", "training tokens"),
    ];
    let known = NAMES.iter().find(|(ending, _)| path.ends_with(ending));
    match known {
        Some((_, name)) => match path.split_once('/') {
            Some((stage, _)) if stage.starts_with("stage ") => format!("{name} of {stage}"),
            _ => (*name).to_owned(),
        },
        None => path.replace(['/', '_'], " "),
    }
}

fn sources(found: &mut Vec<Change>, a: &Pinned, b: &Pinned) {
    let mut names: Vec<&String> = a.sources.keys().chain(b.sources.keys()).collect();
    names.sort();
    names.dedup();
    for name in names {
        let path = format!("source {name}");
        match (a.sources.get(name), b.sources.get(name)) {
            (Some(before), Some(after)) => source(found, &path, before, after),
            (before, after) => {
                let size = |manifest: Option<&Manifest>| {
                    manifest.map_or(Value::Null, |manifest| extent(manifest).into())
                };
                let (verb, extent) = match after {
                    Some(after) => ("added", extent(after)),
                    None => ("removed", before.map(extent).unwrap_or_default()),
                };
                let words = format!("{path} {verb}: {extent}");
                let (before, after) = (size(before), size(after));
                found.push(Change { part: "formula", path, before, after, words, same: false });
            }
        }
    }
}

fn extent(manifest: &Manifest) -> String {
    let bytes: u64 = manifest.files.iter().map(|file| file.size).sum();
    format!("{}, {}", counted(manifest.files.len() as u64, "file"), counted(bytes, "byte"))
}

/// What a bad record means, where that was chosen.
fn chosen(manifest: &Manifest) -> Value {
    if is_default(&manifest.on_error) { Value::Null } else { json(&manifest.on_error) }
}

fn source(found: &mut Vec<Change>, path: &str, a: &Manifest, b: &Manifest) {
    for (key, before, after) in [
        ("reading", json(&a.reading), json(&b.reading)),
        ("licence", json(&a.licence), json(&b.licence)),
        ("commit", json(&a.commit), json(&b.commit)),
        ("on_error", chosen(a), chosen(b)),
    ] {
        if before != Value::Null || after != Value::Null {
            value(found, "formula", &format!("{path}/{key}"), &before, &after);
        }
    }
    let missing = |from: &Manifest, other: &Manifest| -> (u64, u64) {
        let gone = from.files.iter().filter(|file| {
            other.files.binary_search_by(|known| known.name.cmp(&file.name)).is_err()
        });
        gone.fold((0, 0), |(count, bytes), file| (count + 1, bytes + file.size))
    };
    let changed = a.files.iter().filter(|file| {
        let known = b.files.binary_search_by(|known| known.name.cmp(&file.name));
        known.is_ok_and(|at| b.files[at].digest != file.digest)
    });
    let ((added, bytes_added), (removed, bytes_removed)) = (missing(b, a), missing(a, b));
    let words = format!(
        "{path}: {} added ({}), {removed} removed ({}), {} changed",
        counted(added, "file"),
        counted(bytes_added, "byte"),
        counted(bytes_removed, "byte"),
        changed.count()
    );
    let same = a.files == b.files;
    let words = if same { format!("{path}: {}", extent(b)) } else { words };
    let (before, after) = (extent(a).into(), extent(b).into());
    let path = format!("{path}/files");
    found.push(Change { part: "formula", path, before, after, words, same });
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn sizes_of_changes_are_short() {
        let check = |a: Value, b: Value, wanted: &str| assert_eq!(transition(&a, &b), wanted);
        check(json!(1e-3), json!(3e-4), "1e-3 → 3e-4, ×0.3");
        check(json!(4), json!(8), "4 → 8, ×2");
        check(json!(3), json!(1000), "3 → 1000, ×333");
        check(json!(0.0), json!(0.5), "0.0 → 0.5");
        check(json!(null), json!("MIT"), "none → MIT");
        check(json!(["email"]), json!(["email", "ip"]), "[email] → [email, ip]");
    }
}
