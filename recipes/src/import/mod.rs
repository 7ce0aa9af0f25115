//! Recipes of other tools, read as ours: every operator and parameter becomes a step of ours, or is
//! named with the reason why there is none.
//!
//! One table for each tool, one row for each of its operators. `ingot import` prints the result.

mod data_juicer;
mod dclm;
mod dolma;
mod nemo;
mod paths;
mod table;
mod written;

use serde_json::{Map, Value};

use crate::problem::{Place, Problems};
use crate::tree::{self, Node};

pub use table::{Translated, translate};
pub use written::plain;

/// A tool whose recipes are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    DataJuicer,
    Dclm,
    Dolma,
    Nemo,
}

impl Tool {
    /// All of them, by the word on the command line.
    pub const ALL: [(&'static str, Tool); 4] = [
        ("data-juicer", Tool::DataJuicer),
        ("dclm", Tool::Dclm),
        ("dolma", Tool::Dolma),
        ("nemo", Tool::Nemo),
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Tool::DataJuicer => "Data-Juicer",
            Tool::Dclm => "DCLM",
            Tool::Dolma => "Dolma",
            Tool::Nemo => "NeMo Curator",
        }
    }
}

/// An operator or a setting of the foreign recipe, and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// Its name there.
    pub name: String,
    pub place: Place,
    pub translated: Translated,
}

/// A named input of the foreign recipe.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    pub path: String,
    /// The field that holds a document's text.
    pub text: String,
    pub weight: f64,
}

/// A foreign recipe, read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Import {
    pub name: String,
    pub datasets: Vec<Dataset>,
    /// In the order of the file.
    pub items: Vec<Item>,
}

impl Import {
    /// Whether everything has its equivalent.
    pub fn is_whole(&self) -> bool {
        self.items.iter().all(|item| item.translated.lost.is_empty())
    }

    /// Notes something that has no equivalent.
    fn lose(&mut self, name: &str, place: Place, reason: impl Into<String>) {
        let translated = Translated { lost: vec![reason.into()], ..Translated::default() };
        self.items.push(Item { name: name.into(), place, translated });
    }

    /// Translates an operator.
    fn operator(&mut self, tool: Tool, name: &str, place: Place, settings: &Map<String, Value>) {
        let translated = translate(tool, name, settings);
        self.items.push(Item { name: name.into(), place, translated });
    }
}

/// Reads a recipe of a tool.
pub fn read(tool: Tool, text: &str) -> Result<Import, Problems> {
    let root = tree::read_foreign(text)?;
    let mut problems = Problems::default();
    let mut import = Import { name: "imported".into(), ..Import::default() };
    match tool {
        Tool::DataJuicer => data_juicer::read(&mut import, &mut problems, &root),
        Tool::Dclm => dclm::read(&mut import, &mut problems, &root),
        Tool::Dolma => dolma::read(&mut import, &mut problems, &root),
        Tool::Nemo => nemo::read(&mut import, &mut problems, &root),
    }
    if problems.is_empty() { Ok(import) } else { Err(problems.sorted()) }
}

/// The recipe as ours: whole where the foreign one names inputs, its `cleaning` alone where not.
pub fn write(tool: Tool, import: &Import) -> String {
    written::recipe(tool, import)
}

/// The members of a mapping; a complaint where it is none.
fn members<'n>(
    problems: &mut Problems,
    node: &'n Node,
    what: &str,
) -> Vec<(&'n str, &'n Node, &'n Node)> {
    match &node.value {
        tree::Value::Map(members) => members
            .iter()
            .map(|(key, value)| (key.text().unwrap_or_default(), key, value))
            .collect(),
        _ => {
            problems.add(node.place, format!("{what} is {}, wanted a mapping", node.what()));
            Vec::new()
        }
    }
}

/// The items of a list; a complaint where it is none.
fn items<'n>(problems: &mut Problems, node: &'n Node, what: &str) -> &'n [Node] {
    match &node.value {
        tree::Value::List(items) => items,
        tree::Value::Null => &[],
        _ => {
            problems.add(node.place, format!("{what} is {}, wanted a list", node.what()));
            &[]
        }
    }
}

/// The settings of an operator: nothing is none.
fn settings(problems: &mut Problems, node: &Node, name: &str) -> Map<String, Value> {
    match node.json() {
        Value::Object(settings) => settings,
        Value::Null => Map::new(),
        _ => {
            let message = format!("`{name}` has {}, wanted its settings", node.what());
            problems.add(node.place, message);
            Map::new()
        }
    }
}
