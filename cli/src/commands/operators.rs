//! `ingot operators`: the cleaning operators, or the page of one.

use clap::Args;
use recipes::operators::catalogue::{self, Operator, Parameter};
use serde_json::{Value, json};

use crate::context::Context;
use crate::{EXIT_YES, Failure};

/// List the cleaning operators, or show the page of one
#[derive(Args)]
#[command(after_help = "Examples:\n  ingot operators\n  ingot operators filter.length")]
pub struct Options {
    /// An operator's name, with or without its version
    name: Option<String>,
}

impl Options {
    pub fn run(self, context: &mut Context) -> Result<u8, Failure> {
        let Some(name) = self.name else {
            for operator in catalogue::all() {
                if context.common.json {
                    context.json(&record(operator))?;
                } else {
                    context.line(format!("{:<34}  {}", operator.name, operator.summary))?;
                }
            }
            return Ok(EXIT_YES);
        };
        let operator = find(&name)?;
        if context.common.json {
            context.json(&record(operator))?;
        } else {
            context.bytes(page(operator).as_bytes())?;
        }
        Ok(EXIT_YES)
    }
}

/// The operator of a name; a failure names the nearest.
fn find(name: &str) -> Result<&'static Operator, Failure> {
    catalogue::newest(name).ok_or_else(|| {
        let failure = Failure::new(format!("operator `{name}` is unknown"));
        match recipes::problem::nearest(name, catalogue::names()) {
            Some(near) => failure.hint(format!("did you mean `{near}`?")),
            None => failure.hint("`ingot operators` lists them"),
        }
    })
}

fn record(operator: &Operator) -> Value {
    json!({
        "kind": "operator", "name": operator.name, "summary": operator.summary,
        "meaning": operator.meaning, "parameters": operator.schema["properties"],
    })
}

/// The page of an operator, made from its doc comment and its schema.
fn page(operator: &Operator) -> String {
    let mut page = format!("{}\n\n{}\n", operator.name, operator.summary);
    if !operator.meaning.is_empty() {
        page += &format!("\n{}\n", operator.meaning);
    }
    if operator.parameters.is_empty() {
        return page + "\nIt has no parameters.\n";
    }
    page += "\nParameters\n";
    for parameter in &operator.parameters {
        page += &described(parameter);
    }
    page
}

fn described(parameter: &Parameter) -> String {
    let default = match &parameter.default {
        None => "must be given".to_owned(),
        Some(Value::Null) => "unset by default".to_owned(),
        Some(Value::String(word)) => format!("default `{word}`"),
        Some(value) => format!("default {value}"),
    };
    let unit = parameter.unit.map_or(String::new(), |unit| format!(" ({unit})"));
    let meaning = parameter.meaning.replace('\n', " ");
    let mut lines = format!(
        "\n  {}{unit}: {meaning}\n      {}; {default}\n",
        parameter.name, parameter.allowed
    );
    for (choice, meaning) in parameter.choices.iter().filter(|(_, meaning)| !meaning.is_empty()) {
        lines += &format!("      `{choice}`: {}\n", meaning.replace('\n', " "));
    }
    lines
}
