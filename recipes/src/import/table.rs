//! What a row of a tool's table says: an operator of ours, and where each parameter goes.

use serde_json::{Map, Value, json};

use super::{Tool, data_juicer, dclm, dolma, nemo};
use crate::canonical::INTEGER_MAX;
use crate::operators::catalogue::{self, kind, may_be_null, whole_range};

/// What became of a foreign operator.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Translated {
    /// Steps of ours: the operator's name and its parameters.
    pub steps: Vec<(String, Map<String, Value>)>,
    /// What has no equivalent, each with the reason.
    pub lost: Vec<String>,
    /// What a reader should know: where the result can differ.
    pub notes: Vec<String>,
}

impl Translated {
    /// The steps as our language reads them, one a line.
    pub fn lines(&self) -> Vec<String> {
        let line = |(name, settings): &(String, Map<String, Value>)| {
            let settings: Vec<String> =
                settings.iter().map(|(key, value)| format!("{key}: {value}")).collect();
            format!("{name}: {{{}}}", settings.join(", "))
        };
        self.steps.iter().map(line).collect()
    }

    pub(super) fn lose(&mut self, reason: impl Into<String>) {
        self.lost.push(reason.into());
    }

    /// Keeps documents whose names end as listed: one end or several, none of them empty.
    pub(super) fn ends(&mut self, listed: Value, otherwise: &str) {
        let all = match listed {
            Value::Array(all) => all,
            one => vec![one],
        };
        let is_end = |end: &Value| end.as_str().is_some_and(|end| !end.is_empty());
        match !all.is_empty() && all.iter().all(is_end) {
            true => self.step("filter.name@1", json!({"ends": all})),
            false => self.lose(otherwise),
        }
    }

    /// Adds a step, each value as the parameter takes it.
    pub(super) fn step(&mut self, name: &str, settings: Value) {
        let Value::Object(settings) = settings else { return };
        let schema = &catalogue::find(name).expect("an operator of ours").schema["properties"];
        let mut taken = Map::new();
        for (key, given) in settings {
            let Some(value) = fitted(&schema[&key], &key, given.clone()) else { continue };
            if !is_same(&key, &given, &value) {
                self.lose(format!("`{key}: {given}` is not taken here; here it is {value}"));
            }
            taken.insert(key, value);
        }
        self.steps.push((name.into(), taken));
    }
}

pub const META: &str = "a document has no such field here";
pub const MODEL: &str = "no model is part of a recipe here";

/// A row: a foreign operator.
pub struct Row {
    pub name: &'static str,
    pub to: To,
    pub parameters: &'static [(&'static str, Take)],
    /// Where the result can differ.
    pub note: &'static str,
}

pub const fn row(
    name: &'static str,
    to: To,
    parameters: &'static [(&'static str, Take)],
    note: &'static str,
) -> Row {
    Row { name, to, parameters, note }
}

/// What a foreign operator is here.
pub enum To {
    /// A step with fixed parameters, as JSON.
    Step(&'static str, &'static str),
    /// More of them, of which the first takes the foreign parameters.
    Steps(&'static [(&'static str, &'static str)]),
    /// Steps that depend on a parameter.
    By(fn(&Map<String, Value>, &mut Translated)),
    /// Nothing, and why.
    None(&'static str),
}

/// Where a foreign parameter goes; the second value is its default there, as JSON.
pub enum Take {
    /// A parameter of ours.
    As(&'static str, &'static str),
    /// One minus it is a parameter of ours.
    Rest(&'static str, &'static str),
    /// It must have one of some values, as a JSON list, of which the first is the default.
    Only(&'static str),
    /// A language: scripts without spaces are cut by a dictionary.
    Language,
    /// Whether a model cuts words: here a dictionary does.
    Model,
    /// It changes no result.
    Free,
    /// It is read by the function of the row.
    Read,
    /// It has no equivalent, and why; its default is as if it were not there.
    Lost(&'static str, &'static str),
}

pub fn parsed(text: &'static str) -> Value {
    serde_json::from_str(text).expect("a row is JSON")
}

/// Parameters that every operator of a tool has and that change no result.
fn free(tool: Tool) -> &'static [&'static str] {
    match tool {
        Tool::DataJuicer => &data_juicer::FREE,
        Tool::Dclm => &["func", "page", "source"],
        Tool::Dolma => &[],
        Tool::Nemo => &["log_score", "text_field", "score_field", "input_field", "batch_size"],
    }
}

/// The table of a tool.
fn rows(tool: Tool) -> &'static [Row] {
    match tool {
        Tool::DataJuicer => data_juicer::ROWS,
        Tool::Dclm => dclm::ROWS,
        Tool::Dolma => dolma::ROWS,
        Tool::Nemo => nemo::ROWS,
    }
}

/// A foreign operator with its settings as steps of ours.
pub fn translate(tool: Tool, name: &str, settings: &Map<String, Value>) -> Translated {
    let mut translated = Translated::default();
    let Some(row) = rows(tool).iter().find(|row| row.name == name) else {
        translated.lose(unknown(tool, name));
        return translated;
    };
    for key in settings.keys() {
        let known = row.parameters.iter().any(|(known, _)| known == key);
        if !known && !free(tool).contains(&key.as_str()) {
            translated.lose(format!("its parameter `{key}` is unknown here"));
        }
    }
    match &row.to {
        To::None(reason) => {
            translated.lost.clear();
            translated.lose(*reason);
        }
        To::By(made) => made(settings, &mut translated),
        To::Step(ours, fixed) => step(row, (ours, fixed), settings, &mut translated),
        To::Steps(all) => {
            let (first, others) = all.split_first().expect("a row has a step");
            step(row, *first, settings, &mut translated);
            for (ours, fixed) in others {
                translated.step(ours, parsed(fixed));
            }
        }
    }
    if !row.note.is_empty() && !translated.steps.is_empty() {
        translated.notes.push(row.note.into());
    }
    translated
}

fn unknown(tool: Tool, name: &str) -> String {
    let names = rows(tool).iter().map(|row| row.name);
    match crate::problem::nearest(name, names) {
        Some(near) => {
            format!("no operator of {} that is known here; near is `{near}`", tool.name())
        }
        None => format!("no operator of {} that is known here", tool.name()),
    }
}

fn step(
    row: &Row,
    (ours, fixed): (&'static str, &'static str),
    settings: &Map<String, Value>,
    translated: &mut Translated,
) {
    let mut made = parsed(fixed);
    for (key, take) in row.parameters {
        let given = settings.get(*key);
        match take {
            Take::As(to, default) | Take::Rest(to, default) => {
                let value = given.cloned().unwrap_or_else(|| parsed(default));
                let value = if matches!(take, Take::Rest(..)) { rest(&value) } else { value };
                made[*to] = value;
            }
            Take::Only(allowed) => {
                let allowed = parsed(allowed);
                if given.is_some_and(|given| !allowed.as_array().is_some_and(|a| a.contains(given)))
                {
                    let (given, wanted) = (given.unwrap_or(&Value::Null), &allowed[0]);
                    translated.lose(format!("`{key}: {given}`; here it is as with `{wanted}`"));
                }
            }
            Take::Lost(reason, default) => {
                if given.is_some_and(|given| *given != parsed(default)) {
                    translated.lose(format!("`{key}`: {reason}"));
                }
            }
            Take::Language => match given.and_then(Value::as_str) {
                None | Some("en") => {}
                Some("zh" | "ja" | "th") => made["cut"] = json!("pieces"),
                Some(other) => translated.lose(format!("words of `{other}` are not cut here")),
            },
            Take::Model => {
                if given.is_some_and(|given| *given == json!(true)) {
                    made["cut"] = json!("dictionary");
                    translated.notes.push("a dictionary cuts words here, not a model".into());
                }
            }
            Take::Free | Take::Read => {}
        }
    }
    translated.step(ours, made);
}

/// One minus a share, without the dirt of binary fractions.
pub fn rest(value: &Value) -> Value {
    let share = value.as_f64().unwrap_or(0.0);
    json!(((1.0 - share) * 1e12).round() / 1e12)
}

fn is_top(name: &str) -> bool {
    name == "max" || name.ends_with("_max")
}

fn is_bottom(name: &str) -> bool {
    name == "min" || name.ends_with("_min")
}

/// Whether a fitted value says what the given one says: it is that one, or a limit beyond which
/// there is nothing, or one between two whole numbers.
fn is_same(name: &str, given: &Value, fitted: &Value) -> bool {
    let (Some(given), Some(fitted)) = (given.as_f64(), fitted.as_f64()) else { return true };
    let moved = if is_top(name) { given - fitted } else { fitted - given };
    let end =
        if is_top(name) { fitted == 1.0 || given >= INTEGER_MAX as f64 } else { fitted <= 0.0 };
    let is_limit = is_top(name) || is_bottom(name);
    moved == 0.0 || is_limit && moved > 0.0 && (end || moved < 1.0 && fitted.fract() == 0.0)
}

/// A value as our parameter takes it; nothing where it says no more than leaving it out.
fn fitted(schema: &Value, name: &str, value: Value) -> Option<Value> {
    match (kind(schema), value) {
        (_, Value::Null) => None,
        ("array", one @ (Value::String(_) | Value::Number(_))) => Some(json!([one])),
        ("string", Value::Array(parts)) => {
            Some(parts.iter().filter_map(Value::as_str).collect::<String>().into())
        }
        ("integer", Value::Number(number)) => {
            let value = number.as_f64()?;
            let (least, most) = whole_range(schema);
            if value >= INTEGER_MAX as f64 {
                return (!is_top(name) || !may_be_null(schema)).then(|| json!(most));
            }
            let whole = if is_top(name) { value.floor() } else { value.ceil() };
            Some(json!((whole as u64).clamp(least, most)))
        }
        ("number", Value::Number(number)) => {
            let value = number.as_f64()?;
            let least = schema["minimum"].as_f64().filter(|least| value < *least);
            let most = schema["maximum"].as_f64().filter(|most| value > *most);
            if value >= INTEGER_MAX as f64 && may_be_null(schema) {
                return None;
            }
            Some(json!(least.or(most).unwrap_or(value)))
        }
        (_, value) => Some(value),
    }
}

/// A step that keeps some languages, and what of them is not known.
pub fn languages(made: &mut Translated, wanted: &Value, confidence: &Value) {
    let schema = &catalogue::find("filter.language@1").expect("an operator").schema;
    let known = catalogue::choices(&schema["properties"]["languages"]["items"]);
    let wanted: Vec<String> = match wanted {
        Value::Array(all) => all.iter().filter_map(Value::as_str).map(str::to_lowercase).collect(),
        one => one.as_str().into_iter().map(str::to_lowercase).collect(),
    };
    let wanted: Vec<String> = wanted.into_iter().filter(|code| !code.is_empty()).collect();
    for code in wanted.iter().filter(|code| !known.contains(code)) {
        made.lose(format!("the language `{code}` is not told from others here"));
    }
    let told: Vec<String> = wanted.into_iter().filter(|code| known.contains(code)).collect();
    if told.is_empty() {
        return made.lose("no language is named; `filter.language@1` wants one");
    }
    let own = json!({"languages": told, "confidence_min": confidence});
    made.step("filter.language@1", own);
    made.notes.push("its model is another one: texts near the bound can differ".into());
}

/// A setting or its default there.
pub fn or(settings: &Map<String, Value>, key: &str, default: Value) -> Value {
    settings.get(key).filter(|value| !value.is_null()).cloned().unwrap_or(default)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_names_what_there_is() {
        for (word, tool) in Tool::ALL {
            for row in rows(tool) {
                let twice = rows(tool).iter().filter(|other| other.name == row.name).count();
                assert_eq!(twice, 1, "{word} {}", row.name);
                let (ours, fixed) = match &row.to {
                    To::Step(ours, fixed) => (ours, fixed),
                    To::Steps(all) => (&all[0].0, &all[0].1),
                    To::By(_) | To::None(_) => continue,
                };
                let schema = &catalogue::find(ours).unwrap_or_else(|| panic!("{ours}")).schema;
                let known = |key: &str| schema["properties"].get(key).is_some();
                let fixed = parsed(fixed);
                for key in fixed.as_object().expect("a mapping").keys() {
                    assert!(known(key), "{word} {}: {key}", row.name);
                }
                for (_, take) in row.parameters {
                    match take {
                        Take::As(to, default) | Take::Rest(to, default) => {
                            parsed(default);
                            assert!(known(to), "{word} {}: {to}", row.name);
                        }
                        Take::Only(allowed) => assert!(parsed(allowed).is_array()),
                        Take::Lost(_, default) => drop(parsed(default)),
                        Take::Language | Take::Model => {
                            assert!(known("cut"), "{word} {}", row.name)
                        }
                        Take::Free | Take::Read => {}
                    }
                }
            }
        }
    }

    #[test]
    fn operators_with_their_defaults_are_steps_that_we_read() {
        for (word, tool) in Tool::ALL {
            for row in rows(tool) {
                for line in translate(tool, row.name, &Map::new()).lines() {
                    let read = crate::read_cleaning_step(&line);
                    let said = read.map_err(|problems| problems.render(row.name, &line));
                    assert!(said.is_ok(), "{word}: {}", said.unwrap_err());
                }
            }
        }
    }

    #[test]
    fn values_are_fitted_to_our_ranges() {
        let share = json!({"type": "number", "minimum": 0.0, "maximum": 1.0});
        let count = json!({"type": ["integer", "null"], "minimum": 0});
        assert_eq!(fitted(&share, "share_max", json!(9.2e18)), Some(json!(1.0)));
        assert_eq!(fitted(&count, "max", json!(9.3e18)), None);
        assert_eq!(fitted(&count, "min", json!(-1)), Some(json!(0)));
        assert_eq!(fitted(&count, "max", json!(10.5)), Some(json!(10)));
        assert_eq!(rest(&json!(0.7)), json!(0.3));
        for (name, given, fitted, same) in [
            ("share_max", 7.0, 1.0, true),
            ("share_max", -0.1, 0.0, false),
            ("share_min", -0.1, 0.0, true),
            ("share_min", 1.5, 1.0, false),
            ("bits_max", 20.0, 8.0, false),
            ("max", 10.5, 10.0, true),
            ("max", 9.3e18, 9e15, true),
            ("min", 10.5, 11.0, true),
            ("n", 100.0, 64.0, false),
        ] {
            assert_eq!(is_same(name, &json!(given), &json!(fitted)), same, "{name} {given}");
        }
    }
}
