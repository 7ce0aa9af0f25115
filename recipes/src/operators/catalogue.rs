//! What is known about every operator, read from the schema of the structs: the source of lists,
//! pages and the reading of parameters.

use std::sync::LazyLock;

use serde_json::{Map, Value};

use super::{CleaningStep, profiles};

/// An operator.
#[derive(Clone, Debug)]
pub struct Operator {
    /// Name and version: `filter.length@1`.
    pub name: String,
    /// One line.
    pub summary: String,
    /// The page below that line: formula, profiles, source.
    pub meaning: String,
    pub parameters: Vec<Parameter>,
    /// The schema of its parameters, with every reference resolved.
    pub schema: Value,
}

/// A parameter of an operator.
#[derive(Clone, Debug)]
pub struct Parameter {
    pub name: String,
    pub meaning: String,
    /// What is counted or measured.
    pub unit: Option<&'static str>,
    /// As JSON; `None` where the parameter must be given.
    pub default: Option<Value>,
    /// What is allowed, in words.
    pub allowed: String,
    /// Words to choose from, each with its meaning.
    pub choices: Vec<(String, String)>,
}

static ALL: LazyLock<Vec<Operator>> = LazyLock::new(|| {
    let root = schemars::schema_for!(CleaningStep).to_value();
    let variants = root["oneOf"].as_array().into_iter().flatten();
    variants.filter_map(|variant| operator(variant, &root)).collect()
});

/// All operators, in the order of their declaration.
pub fn all() -> &'static [Operator] {
    &ALL
}

/// The names with versions.
pub fn names() -> Vec<&'static str> {
    ALL.iter().map(|operator| operator.name.as_str()).collect()
}

/// The operator of a name with its version.
pub fn find(name: &str) -> Option<&'static Operator> {
    ALL.iter().find(|operator| operator.name == name)
}

/// The newest version of a name without one, or the operator of a full name.
pub fn newest(name: &str) -> Option<&'static Operator> {
    let is_it = |operator: &&Operator| operator.name.split('@').next() == Some(name);
    find(name).or_else(|| ALL.iter().filter(is_it).max_by_key(|operator| &operator.name))
}

/// An operator from its variant of the enum's schema.
fn operator(variant: &Value, root: &Value) -> Option<Operator> {
    let (name, schema) = variant["properties"].as_object()?.iter().next()?;
    let mut schema = resolved(schema, root, 0);
    profiles::narrow(name, &mut schema);
    let own = variant["description"].as_str();
    let text = own.or_else(|| schema["description"].as_str()).unwrap_or_default();
    let (summary, meaning) = text.split_once("\n\n").unwrap_or((text, ""));
    Some(Operator {
        name: name.clone(),
        summary: summary.split_whitespace().collect::<Vec<_>>().join(" "),
        meaning: meaning.to_owned(),
        parameters: parameters("", &schema),
        schema,
    })
}

/// The parameters of a schema; those of the mappings in a list follow it, named `list.key`.
fn parameters(before: &str, schema: &Value) -> Vec<Parameter> {
    let required = |key: &str| {
        schema["required"].as_array().is_some_and(|all| all.iter().any(|one| one == key))
    };
    let mut all = Vec::new();
    for (key, value) in schema["properties"].as_object().into_iter().flatten() {
        let name = format!("{before}{key}");
        all.push(parameter(&name, value, required(key)));
        all.extend(parameters(&format!("{name}."), &value["items"]));
    }
    all
}

fn parameter(name: &str, schema: &Value, required: bool) -> Parameter {
    let described = |value: &Value| value["description"].as_str().unwrap_or_default().to_owned();
    let item = if schema["items"].is_object() { &schema["items"] } else { schema };
    let known = choices(item).into_iter().map(|choice| {
        let variants = variants(item).into_iter().flatten();
        let meaning = variants.filter(|one| one["const"] == *choice).map(described).next();
        (choice, meaning.unwrap_or_default())
    });
    Parameter {
        name: name.to_owned(),
        meaning: described(schema),
        unit: unit(name),
        default: (!required).then(|| default(schema)),
        allowed: allowed(schema),
        choices: known.collect(),
    }
}

/// The default of a parameter that may be left out; one that is left out itself where it is unset
/// has none in its schema.
fn default(schema: &Value) -> Value {
    match (schema.get("default"), kind(schema)) {
        (Some(default), _) => default.clone(),
        (None, "boolean") => false.into(),
        (None, "integer") if !may_be_null(schema) => 0.into(),
        _ => Value::Null,
    }
}

/// Units by the words of a parameter's name.
const UNITS: [(&str, &str); 14] = [
    ("share", "fraction"),
    ("fraction", "fraction"),
    ("ratio", "fraction"),
    ("bytes", "bytes"),
    ("mean_chars", "characters"),
    ("chars", "characters"),
    ("words", "words"),
    ("lines", "lines"),
    ("sentences", "sentences"),
    ("paragraphs", "paragraphs"),
    ("tokens", "tokens"),
    ("documents", "documents"),
    ("bits", "bits"),
    ("digits", "digits"),
];

fn unit(name: &str) -> Option<&'static str> {
    let has = |word: &str| format!("_{name}_").contains(&format!("_{word}_"));
    UNITS.iter().find(|(word, _)| has(word)).map(|(_, unit)| *unit)
}

/// A schema with what it refers to written in; what is beside a reference stays.
fn resolved(schema: &Value, root: &Value, depth: usize) -> Value {
    match schema {
        Value::Object(members) if depth < 16 => {
            let mut whole = Map::new();
            if let Some(path) = members.get("$ref").and_then(Value::as_str) {
                let target = root.pointer(path.trim_start_matches('#')).unwrap_or(&Value::Null);
                if let Value::Object(target) = resolved(target, root, depth + 1) {
                    whole = target;
                }
            }
            for (key, value) in members.iter().filter(|(key, _)| *key != "$ref") {
                whole.insert(key.clone(), resolved(value, root, depth + 1));
            }
            Value::Object(whole)
        }
        Value::Array(items) => items.iter().map(|item| resolved(item, root, depth + 1)).collect(),
        other => other.clone(),
    }
}

fn variants(schema: &Value) -> Option<&Vec<Value>> {
    schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array())
}

/// The words a text may be; none where any text may stand.
pub(crate) fn choices(schema: &Value) -> Vec<String> {
    let own = schema["enum"].as_array().into_iter().flatten();
    let own = own.chain(schema.get("const")).filter_map(Value::as_str).map(str::to_owned);
    let inner = variants(schema).into_iter().flatten().flat_map(choices);
    own.chain(inner).collect()
}

/// Whether `null` may stand there.
pub(crate) fn may_be_null(schema: &Value) -> bool {
    let is_null = |kind: &Value| kind == "null";
    is_null(&schema["type"])
        || schema["type"].as_array().is_some_and(|kinds| kinds.iter().any(is_null))
        || variants(schema).is_some_and(|all| all.iter().any(may_be_null))
}

/// The kind of JSON value, `null` aside.
pub(crate) fn kind(schema: &Value) -> &str {
    let own = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null"),
        one => one.as_str().filter(|kind| *kind != "null"),
    };
    own.or_else(|| variants(schema)?.iter().map(kind).find(|kind| !kind.is_empty()))
        .unwrap_or_default()
}

/// The range of a whole number.
pub(crate) fn whole_range(schema: &Value) -> (u64, u64) {
    let widest = match schema["format"].as_str() {
        Some("uint32") => u32::MAX.into(),
        _ => crate::canonical::INTEGER_MAX,
    };
    let bound = |key: &str| schema[key].as_f64().map(|bound| bound as u64);
    (bound("minimum").unwrap_or(0), bound("maximum").unwrap_or(widest).min(widest))
}

/// What is wanted of a number, in words.
pub(crate) fn number_range(schema: &Value) -> String {
    let bound = |key: &str| schema[key].as_f64();
    let (least, above) = (bound("minimum"), bound("exclusiveMinimum"));
    let (most, below) = (bound("maximum"), bound("exclusiveMaximum"));
    match (least, above, most, below) {
        (Some(a), _, Some(b), _) => format!("a number from {a} to {b}"),
        (Some(a), _, _, Some(b)) => format!("a number from {a} to below {b}"),
        (_, Some(a), Some(b), _) => format!("a number above {a} and at most {b}"),
        (_, Some(a), _, Some(b)) => format!("a number above {a} and below {b}"),
        (Some(a), _, _, _) => format!("a number of at least {a}"),
        (_, Some(a), _, _) => format!("a number above {a}"),
        (_, _, Some(b), _) => format!("a number of at most {b}"),
        (_, _, _, Some(b)) => format!("a number below {b}"),
        _ => "a number".into(),
    }
}

fn allowed(schema: &Value) -> String {
    match kind(schema) {
        "integer" => match whole_range(schema) {
            (min, max) if max >= crate::canonical::INTEGER_MAX => {
                format!("a whole number of at least {min}")
            }
            (min, max) => format!("a whole number from {min} to {max}"),
        },
        "number" => number_range(schema),
        "boolean" => "`true` or `false`".into(),
        "array" => format!("a list, each {}", allowed(&schema["items"])),
        "object" => "a mapping".into(),
        _ if !choices(schema).is_empty() => format!("one of `{}`", choices(schema).join("`, `")),
        _ => "a text".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operator_and_parameter_has_its_page() {
        assert!(!all().is_empty());
        for operator in all() {
            let name = &operator.name;
            assert!(!operator.summary.is_empty(), "{name}");
            assert!(operator.summary.ends_with('.'), "{name}: {}", operator.summary);
            assert_eq!(operator.schema["additionalProperties"], false, "{name}");
            for parameter in &operator.parameters {
                assert!(!parameter.meaning.is_empty(), "{name}: {}", parameter.name);
                assert!(!parameter.allowed.is_empty(), "{name}: {}", parameter.name);
            }
        }
    }

    #[test]
    fn a_name_without_version_is_its_newest() {
        let newest = newest("filter.length").map(|operator| operator.name.as_str());
        assert_eq!(newest, Some("filter.length@1"));
        assert!(find("filter.length").is_none());
    }
}
