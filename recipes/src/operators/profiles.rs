//! Other tools' readings of a measure: whose, with which defaults, and what is another there.
//!
//! One row for each operator and tool. The catalogue offers an operator the profiles of its rows
//! alone; the reader writes a row's defaults into a step that names its profile.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::catalogue::kind;

/// Whose reading of a measure.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    /// The operator's own.
    #[default]
    Ingot,
    DataJuicer,
    Dclm,
    Dolma,
    Nemo,
}

impl Profile {
    /// The word in a recipe.
    pub fn word(self) -> &'static str {
        match self {
            Profile::Ingot => "ingot",
            DataJuicer => "data-juicer",
            Dclm => "dclm",
            Dolma => "dolma",
            Nemo => "nemo",
        }
    }
}

/// A tool's reading of an operator.
pub struct Reading {
    pub operator: &'static str,
    pub profile: Profile,
    /// Parameters that have another default there.
    pub defaults: &'static [(&'static str, f64)],
    /// What is measured there.
    pub meaning: &'static str,
}

const fn row(
    operator: &'static str,
    profile: Profile,
    defaults: &'static [(&'static str, f64)],
    meaning: &'static str,
) -> Reading {
    Reading { operator, profile, defaults, meaning }
}

use Profile::{DataJuicer, Dclm, Dolma, Nemo};

/// All readings, by operator.
pub static READINGS: &[Reading] = &[
    row("filter.alphanumeric@1", DataJuicer, &[("share_min", 0.25)], "the operator's own"),
    row(
        "filter.alphanumeric@1",
        Dclm,
        &[("share_min", 0.25)],
        "the operator's own; an empty text goes",
    ),
    row(
        "filter.alphanumeric@1",
        Nemo,
        &[("share_min", 0.75)],
        "ASCII letters and digits, newlines and `?!,.`; an empty text goes",
    ),
    row(
        "filter.special-characters@1",
        DataJuicer,
        &[("share_max", 0.25)],
        "marks, digits, white space, emoji and a list of symbols",
    ),
    row(
        "filter.digits@1",
        Nemo,
        &[("share_max", 0.15)],
        "decimal digits of any script; an empty text goes",
    ),
    row(
        "filter.whitespace@1",
        Nemo,
        &[("share_max", 0.25)],
        "tab, newline, carriage return, backspace, space; an empty text goes",
    ),
    row("filter.brackets@1", Nemo, &[("share_max", 0.1)], "`()[]{}⟨⟩`; an empty text goes"),
    row(
        "filter.bullet-lines@1",
        Dclm,
        &[("share_max", 0.9)],
        "lines with `● • * -`, white space around lines gone",
    ),
    row(
        "filter.bullet-lines@1",
        Dolma,
        &[("share_max", 0.9)],
        "lines with `*` or `-` first, of all lines, blank ones too",
    ),
    row(
        "filter.bullet-lines@1",
        Nemo,
        &[("share_max", 0.9)],
        "lines with `• ‣ ⁃ ⁌ ⁍ ∙ ○ ● ◘ ◦ ⦾ ⦿`; a text without lines goes",
    ),
    row(
        "filter.ellipsis-lines@1",
        Dclm,
        &[("share_max", 0.3)],
        "lines with `...`, `. . .` or `…`, white space around lines gone",
    ),
    row(
        "filter.ellipsis-lines@1",
        Dolma,
        &[("share_max", 0.3)],
        "lines with `…` last, of all lines, blank ones too",
    ),
    row(
        "filter.ellipsis-lines@1",
        Nemo,
        &[("share_max", 0.3)],
        "lines with `...`, `…`, `read more` and the like; a text without lines goes",
    ),
    row(
        "filter.terminal-lines@1",
        Nemo,
        &[("share_min", 0.15)],
        "lines that end with one of `.?!\"'`; a text without lines goes",
    ),
    row(
        "filter.symbols-per-word@1",
        Dclm,
        &[("max", 0.1)],
        "`#`, `...`, `. . .`, `…` for each word; a text without words goes",
    ),
    row("filter.symbols-per-word@1", Dolma, &[("max", 0.1)], "words with `#` or `…` in them"),
    row(
        "filter.symbols-per-word@1",
        Nemo,
        &[("max", 0.1)],
        "words that are an ellipsis or mostly `#`; a text without words goes",
    ),
    row(
        "filter.alphabetic-words@1",
        Dclm,
        &[("share_min", 0.8)],
        "the operator's own; a text without words goes",
    ),
    row("filter.alphabetic-words@1", Dolma, &[("share_min", 0.8)], "the operator's own"),
    row(
        "filter.alphabetic-words@1",
        Nemo,
        &[("share_min", 0.8)],
        "the operator's own; a text without words goes",
    ),
    row("filter.mean-word-length@1", Dclm, &[], "the operator's own; a text without words goes"),
    row("filter.mean-word-length@1", Dolma, &[("min", 3.0), ("max", 10.0)], "the median"),
    row("filter.mean-word-length@1", Nemo, &[("min", 3.0), ("max", 10.0)], "the operator's own"),
    row(
        "filter.longest-word@1",
        Nemo,
        &[("max", 1000.0)],
        "the operator's own; a text without words goes",
    ),
    row(
        "filter.words@1",
        DataJuicer,
        &[("min", 10.0)],
        "words between spaces, tabs and newlines, symbols around them gone",
    ),
    row(
        "filter.words@1",
        Dclm,
        &[("min", 1.0)],
        "what lies between white space, and every newline (fastText)",
    ),
    row("filter.words@1", Dolma, &[("min", 50.0), ("max", 100_000.0)], "words between white space"),
    row("filter.words@1", Nemo, &[("min", 50.0), ("max", 100_000.0)], "words between white space"),
    row("filter.lines@1", Dclm, &[("min", 1.0)], "lines that are not blank"),
    row("filter.lines@1", Nemo, &[("min", 10.0), ("max", 20_000.0)], "newlines and one"),
    row(
        "filter.sentences@1",
        Dclm,
        &[("min", 1.0)],
        "a full stop ends none before a lower-case letter, after an initial or an abbreviation",
    ),
    row(
        "filter.paragraphs@1",
        Dclm,
        &[("min", 1.0)],
        "what lies between two newlines and is not blank",
    ),
    row("filter.longest-line@1", DataJuicer, &[("min", 10.0)], "the operator's own"),
    row(
        "filter.longest-line@1",
        Dclm,
        &[("max", 1000.0)],
        "the operator's own; an empty text goes",
    ),
    row("filter.mean-line-length@1", DataJuicer, &[("min", 10.0)], "the operator's own"),
    row("filter.mean-line-length@1", Nemo, &[], "newlines not counted"),
    row("filter.longest-line@1", Nemo, &[], "the operator's own"),
    row(
        "filter.mean-line-length@1",
        Dclm,
        &[("max", 1000.0)],
        "newlines not counted; an empty text goes",
    ),
    row(
        "filter.repeated-lines@1",
        Dclm,
        &[("share_max", 0.3)],
        "all lines that stand more than once, white space around lines gone",
    ),
    row(
        "filter.repeated-lines@1",
        Dolma,
        &[("share_max", 0.3)],
        "all lines that stand more than once, blank ones too",
    ),
    row("filter.repeated-lines@1", Nemo, &[("share_max", 0.3)], "lines that are not blank"),
    row(
        "filter.repeated-line-characters@1",
        Dclm,
        &[("share_max", 0.2)],
        "as its lines, of the characters of all of them",
    ),
    row(
        "filter.repeated-line-characters@1",
        Dolma,
        &[("share_max", 0.2)],
        "as its lines, over the characters of all words",
    ),
    row(
        "filter.repeated-line-characters@1",
        Nemo,
        &[("share_max", 0.2)],
        "as its lines, of the characters of all of them",
    ),
    row(
        "filter.repeated-paragraphs@1",
        Dclm,
        &[("share_max", 0.3)],
        "all paragraphs that stand more than once, between two newlines",
    ),
    row(
        "filter.repeated-paragraphs@1",
        Nemo,
        &[("share_max", 0.3)],
        "paragraphs between two newlines; a blank text goes",
    ),
    row(
        "filter.repeated-paragraph-characters@1",
        Dclm,
        &[("share_max", 0.2)],
        "as its paragraphs, of the characters of all of them",
    ),
    row(
        "filter.repeated-paragraph-characters@1",
        Nemo,
        &[("share_max", 0.2)],
        "as its paragraphs, of the characters of all of them",
    ),
    row(
        "filter.character-repetition@1",
        DataJuicer,
        &[("n", 10.0), ("share_max", 0.5)],
        "the operator's own",
    ),
    row(
        "filter.word-repetition@1",
        DataJuicer,
        &[("n", 10.0), ("share_max", 0.5)],
        "words between white space, symbols around them gone",
    ),
    row(
        "filter.top-ngram@1",
        Dclm,
        &[("n", 2.0), ("share_max", 0.2)],
        "pieces of UAX #29 with a letter or digit first, the longest of equals",
    ),
    row(
        "filter.top-ngram@1",
        Dolma,
        &[("n", 2.0), ("share_max", 0.2)],
        "words between white space, of their characters",
    ),
    row(
        "filter.top-ngram@1",
        Nemo,
        &[("n", 2.0), ("share_max", 0.2)],
        "words between white space; what the text loses without the n-gram; too few words are 1",
    ),
    row(
        "filter.repeated-ngrams@1",
        Dclm,
        &[("n", 5.0), ("share_max", 0.15)],
        "pieces of UAX #29 with a letter or digit first, in any n-gram that stands more than once",
    ),
    row(
        "filter.repeated-ngrams@1",
        Dolma,
        &[("n", 5.0), ("share_max", 0.15)],
        "characters of n-grams that stand more than once, over those of all n-grams",
    ),
    row(
        "filter.repeated-ngrams@1",
        Nemo,
        &[("n", 2.0), ("share_max", 0.2)],
        "words between white space, from the second time on; too few words are 1",
    ),
    row(
        "filter.link-characters@1",
        Nemo,
        &[("share_max", 0.2)],
        "`http://` and `https://` and what is ASCII behind; an empty text goes",
    ),
];

/// The readings of one operator.
pub fn of(operator: &str) -> impl Iterator<Item = &'static Reading> {
    READINGS.iter().filter(move |reading| reading.operator == operator)
}

/// A default as JSON: a whole number where the parameter is one.
fn number(schema: &Value, value: f64) -> Value {
    if kind(schema) == "integer" { json!(value as u64) } else { json!(value) }
}

/// Narrows the `profile` of an operator's schema to its readings; it goes where there are none.
pub(super) fn narrow(operator: &str, schema: &mut Value) {
    let Some(properties) = schema["properties"].as_object_mut() else { return };
    if !properties.get("profile").is_some_and(|profile| profile["x-readings"] == true) {
        return;
    }
    let mut choices = vec![json!({"const": "ingot", "type": "string", "description":
        "The operator's own measure and defaults."})];
    for reading in of(operator) {
        let defaults = reading.defaults.iter().map(|(key, value)| format!("{key} {value}"));
        let defaults = match defaults.collect::<Vec<_>>().join(", ") {
            none if none.is_empty() => String::new(),
            some => format!("; default {some}"),
        };
        let meaning = format!("{}{defaults}.", reading.meaning);
        choices.push(json!({"const": reading.profile.word(), "type": "string",
            "description": meaning}));
    }
    if choices.len() == 1 {
        properties.remove("profile");
        return;
    }
    properties["profile"] = json!({"oneOf": choices, "default": "ingot",
        "description": properties["profile"]["description"]});
}

/// The schema of an operator with the defaults of a profile, and those defaults by parameter.
pub(crate) fn with_defaults(
    operator: &str,
    schema: &Value,
    profile: &str,
) -> (Value, Vec<(String, Value)>) {
    let (mut schema, mut defaults) = (schema.clone(), Vec::new());
    for reading in of(operator).filter(|reading| reading.profile.word() == profile) {
        for (key, value) in reading.defaults {
            let value = number(&schema["properties"][*key], *value);
            schema["properties"][*key]["default"] = value.clone();
            defaults.push(((*key).to_owned(), value));
        }
    }
    (schema, defaults)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operators::catalogue;

    #[test]
    fn every_reading_is_of_an_operator_and_its_parameters() {
        for reading in READINGS {
            let operator = catalogue::find(reading.operator).expect(reading.operator);
            let known = operator.schema["properties"].as_object().expect("parameters");
            assert!(known.contains_key("profile"), "{}", reading.operator);
            for (key, _) in reading.defaults {
                assert!(known.contains_key(*key), "{}: {key}", reading.operator);
            }
        }
    }

    #[test]
    fn a_profile_brings_its_defaults_and_stays_out_where_it_is_the_own() {
        let read = |text: &str| {
            let step = crate::read_cleaning_step(text)
                .unwrap_or_else(|p| panic!("{}", p.render("step", text)));
            serde_json::to_string(&step).expect("a step is JSON")
        };
        assert_eq!(
            read("filter.words@1: {profile: nemo, min: 3}"),
            r#"{"filter.words@1":{"profile":"nemo","min":3,"max":100000}}"#
        );
        assert_eq!(read("filter.words@1: {}"), r#"{"filter.words@1":{"min":0,"max":null}}"#);
        let refused = crate::read_cleaning_step("filter.uppercase@1: {profile: nemo}");
        assert!(refused.is_err());
        let refused = crate::read_cleaning_step("filter.lines@1: {profile: dolma}");
        assert!(refused.is_err());
        let refused = crate::read_cleaning_step("filter.words@1: {profile: nemo, max: 9}");
        assert!(refused.is_err(), "at most 9 is below the profile's at least 50");
    }
}
