//! The five parts of a recipe in words: formula, cleaning, hyperparameters, process, quality.
//!
//! Always holds: operators, gates and stages are shown from their own canonical form, so that one
//! which is added later is shown without a change here.

use maud::{Markup, html};
use recipes::{Digest, Pinned, Reading};
use serde::Serialize;
use serde_json::Value;

use super::pieces::Head::{Figures, Words};
use super::pieces::{brief, cell, digest, nothing, table};
use super::tongue::Tongue;
use crate::figures::{count, percent, size};

/// The digests of a recipe's parts, as its objects name them.
pub struct PartDigests {
    /// The recipe object's record.
    pub recipe: Value,
    /// The formula object's record.
    pub formula: Value,
}

impl PartDigests {
    fn of(&self, part: &str) -> Option<Digest> {
        self.recipe[part].as_str()?.parse().ok()
    }

    fn stage(&self, index: usize) -> Option<Digest> {
        self.recipe["stages"][index].as_str()?.parse().ok()
    }

    fn source(&self, name: &str) -> Option<Digest> {
        self.formula["sources"][name].as_str()?.parse().ok()
    }
}

/// Draws all five parts.
pub fn parts(t: Tongue, pinned: &Pinned, digests: &PartDigests) -> Markup {
    html! {
        section.parts aria-labelledby="parts" {
            h2 #parts { (t.say("The five parts")) }
            (part(1, t.say("Data formula"), digests.of("formula"), formula(t, pinned, digests)))
            (part(2, t.say("Cleaning"), digests.of("cleaning"), cleaning(t, pinned)))
            (part(3, t.say("Hyperparameters"), None, hyperparameters(t, pinned, digests)))
            (part(4, t.say("Process"), None, process(t, pinned, digests)))
            (part(5, t.say("Quality bars"), digests.of("quality"), quality(t, pinned)))
        }
    }
}

fn part(number: u8, name: &str, named: Option<Digest>, body: Markup) -> Markup {
    html! {
        section.part {
            h3 {
                span.ordinal { (number) } " " (name)
                @if let Some(named) = &named { " " (digest(named)) }
            }
            (body)
        }
    }
}

fn formula(t: Tongue, pinned: &Pinned, digests: &PartDigests) -> Markup {
    let heads = [
        Words("Source"),
        Figures("Share"),
        Figures("Repeats at most"),
        Words("Read as"),
        Figures("Files"),
        Figures("Size"),
        Words("Licence"),
        Words("Commit"),
        Words("Digest"),
    ];
    let rows = html! {
        @for ingredient in &pinned.formula {
            @let manifest = pinned.sources.get(&ingredient.source);
            tr {
                th scope="row" { (brief(&ingredient.source)) }
                td.number {
                    (percent(ingredient.share))
                    @for later in &ingredient.later {
                        br;
                        (percent(later.share)) " " (t.say("after")) " " (count(later.after_tokens))
                    }
                }
                td.number { (ingredient.repeats_max) }
                @if let Some(manifest) = manifest {
                    td.nowrap { (reading(&manifest.reading)) }
                    td.number { (count(manifest.files.len() as u64)) }
                    td.number.nowrap { (size(manifest.files.iter().map(|file| file.size).sum())) }
                    td { (brief(manifest.licence.as_deref().unwrap_or(t.say("not stated")))) }
                    td.digest {
                        @let commit = manifest.commit.as_deref().unwrap_or("–");
                        (commit.chars().take(8).collect::<String>())
                    }
                } @else {
                    td colspan="5" { (t.say("not in the recipe")) }
                }
                td { @if let Some(named) = digests.source(&ingredient.source) { (digest(&named)) } }
            }
        }
    };
    html! {
        (table(t, t.say("Data formula"), &heads, rows))
        p {
            (t.fill("Held out from training: {} of the documents, chosen by document digest.",
                &[&percent(pinned.held_out.share)]))
        }
    }
}

fn reading(reading: &Reading) -> Markup {
    let (name, parameters) = tagged(reading);
    html! { code { (name) } @if !parameters.is_empty() { " " (figures_of(&parameters)) } }
}

fn cleaning(t: Tongue, pinned: &Pinned) -> Markup {
    if pinned.cleaning.is_empty() {
        return nothing(t.say("Nothing is cleaned: documents are taken as they are."));
    }
    html! {
        ol.steps {
            @for step in &pinned.cleaning {
                @let (name, parameters) = tagged(step);
                li { code { (name) } " " (figures_of(&parameters)) }
            }
        }
    }
}

fn hyperparameters(t: Tongue, pinned: &Pinned, digests: &PartDigests) -> Markup {
    html! {
        (group(t.say("Tokenizer"), digests.of("tokenizer"), &flat(&pinned.tokenizer)))
        (group(t.say("Model"), digests.of("model"), &flat(&pinned.model)))
        @for (index, stage) in pinned.stages.iter().enumerate() {
            @let (name, parameters) = tagged(stage);
            @let title = t.fill("Stage {}: {}", &[&(index + 1), &name]);
            (group(&title, digests.stage(index), &parameters))
        }
    }
}

fn group(name: &str, named: Option<Digest>, parameters: &[(String, String)]) -> Markup {
    html! {
        h4 { (name) @if let Some(named) = &named { " " (digest(named)) } }
        dl.cells.small { @for (key, value) in parameters { (cell(key, html! { (value) })) } }
    }
}

fn process(t: Tongue, pinned: &Pinned, digests: &PartDigests) -> Markup {
    html! {
        ol.steps {
            @for (index, stage) in pinned.stages.iter().enumerate() {
                @let (name, parameters) = tagged(stage);
                @let tokens = parameters.iter().find(|(key, _)| key == "tokens");
                li {
                    code { (name) }
                    @if let Some((_, tokens)) = tokens { " " (t.fill("on {} tokens", &[tokens])) }
                    @if let Some(named) = digests.stage(index) { " " (digest(&named)) }
                }
            }
        }
        dl.cells.small {
            (cell(t.say("Seed"), html! { span.digest { (brief(&pinned.seed)) } }))
            (cell(t.say("Arithmetic"), html! { (t.say("version")) " " (pinned.arithmetic) }))
        }
    }
}

fn quality(t: Tongue, pinned: &Pinned) -> Markup {
    if pinned.quality.is_empty() {
        return nothing(t.say("No bar is set: any model passes."));
    }
    html! {
        ul.steps {
            @for gate in &pinned.quality {
                @let (name, parameters) = tagged(gate);
                li { code { (name) } " " (figures_of(&parameters)) }
            }
        }
    }
}

/// A value such as `{"filter.length@1": {"chars_min": 200}}` as its name and its parameters.
fn tagged<T: Serialize>(value: &T) -> (String, Vec<(String, String)>) {
    match serde_json::to_value(value) {
        Ok(Value::Object(members)) if members.len() == 1 => {
            let (name, parameters) = members.into_iter().next().unwrap_or_default();
            (name, flat(&parameters))
        }
        Ok(Value::String(name)) => (name, Vec::new()),
        other => (String::new(), flat(&other.unwrap_or_default())),
    }
}

/// The figures of a record, those of records inside it under both names.
fn flat<T: Serialize>(record: &T) -> Vec<(String, String)> {
    let mut list = Vec::new();
    walk("", &serde_json::to_value(record).unwrap_or_default(), &mut list);
    list
}

fn walk(name: &str, value: &Value, list: &mut Vec<(String, String)>) {
    match value {
        Value::Null => {}
        Value::Object(members) => {
            let rest = members.iter().filter(|(key, _)| *key != "kind");
            for (key, value) in members.get_key_value("kind").into_iter().chain(rest) {
                let key = key.replace('_', " ");
                let name = if name.is_empty() { key } else { format!("{name} {key}") };
                walk(&name, value, list);
            }
        }
        value => list.push((name.to_owned(), written(value))),
    }
}

fn written(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(yes) => (if *yes { "yes" } else { "no" }).to_owned(),
        Value::Array(items) => items.iter().map(written).collect::<Vec<_>>().join(", "),
        Value::Number(number) => match (number.as_u64(), number.as_f64()) {
            (Some(n), _) => count(n),
            (None, Some(x)) if x != 0.0 && x.abs() < 1e-3 => format!("{x:e}"),
            (None, Some(x)) if (0.0..1e15).contains(&x) && x.fract() == 0.0 => count(x as u64),
            _ => number.to_string(),
        },
        other => other.to_string(),
    }
}

fn figures_of(parameters: &[(String, String)]) -> Markup {
    let figures = parameters.iter().map(|(key, value)| format!("{key} {value}"));
    html! { span.figures { (figures.collect::<Vec<_>>().join(" · ")) } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use recipes::recipe::{CleaningStep, FilterLength, Optimizer};

    #[test]
    fn operators_are_shown_from_their_canonical_form() {
        let step = CleaningStep::FilterLength1(FilterLength {
            chars_min: 2000,
            chars_max: None,
            trim: false,
        });
        let (name, parameters) = tagged(&step);
        assert_eq!(name, "filter.length@1");
        assert_eq!(parameters, [("chars min".to_owned(), "2,000".to_owned())]);
    }

    #[test]
    fn figures_are_written_as_people_write_them() {
        let parameters = flat(&Optimizer::default());
        let find = |wanted: &str| parameters.iter().find(|(key, _)| key == wanted).cloned();
        assert_eq!(find("epsilon").map(|(_, value)| value).as_deref(), Some("1e-8"));
        assert_eq!(find("weight decay").map(|(_, value)| value).as_deref(), Some("0.1"));
        assert_eq!(find("kind").map(|(_, value)| value).as_deref(), Some("adamw"));
    }
}
