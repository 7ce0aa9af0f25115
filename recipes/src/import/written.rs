//! The text of an imported recipe: our steps, and a comment wherever something has no equivalent.

use std::collections::BTreeMap;

use super::{Dataset, Import, Item, Tool, paths};

/// What a recipe needs and no other tool's recipe has.
const REST: &str = "\
# From here on nothing comes from the imported recipe: a small model to begin with.
tokenizer: {kind: bpe, vocabulary: 4096}
model: {kind: llama, layers: 4, width: 128, heads: 4, kv_heads: 2, hidden: 384, context: 128}
stages:
  - pretrain:
      tokens: 1048576
      batch_tokens: 8192
      schedule: {kind: cosine, peak: 2.0e-3, floor: 2.0e-4, warmup_tokens: 65536}
quality:
  - held-out-loss@1: {max: 8.0}
seed: \"1\"
";

/// The whole recipe where there are inputs, else its cleaning.
pub fn recipe(tool: Tool, import: &Import) -> String {
    let mut text = String::new();
    if !import.datasets.is_empty() {
        text += &format!("ingot: 1\nname: {}\n", name(&import.name));
        text += &format!("summary: Imported from a recipe of {}.\n", tool.name());
        text += &sources(&import.datasets);
    }
    text += &cleaning(&import.items);
    if !import.datasets.is_empty() {
        text += REST;
    }
    crate::fmt(&text).unwrap_or(text)
}

/// A name as our language has them.
fn name(foreign: &str) -> String {
    let letter = |c: char| match c.to_ascii_lowercase() {
        c if c.is_ascii_alphanumeric() || c == '.' => c,
        _ => '-',
    };
    let name: String = foreign.chars().map(letter).take(64).collect();
    let name = name.trim_matches(['-', '.']);
    if name.is_empty() { "imported".into() } else { name.into() }
}

fn sources(datasets: &[Dataset]) -> String {
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    let (mut sources, mut formula) = ("sources:\n".to_owned(), "formula:\n".to_owned());
    let all: f64 = datasets.iter().map(|dataset| dataset.weight).sum();
    for dataset in datasets {
        let stem = name(paths::file(&dataset.path).split('.').next().unwrap_or_default());
        // A name has 64 letters at most, a number that tells equal ones apart among them.
        let stem: String = stem.chars().take(56).collect();
        let times = names.entry(stem.clone()).or_insert(0);
        *times += 1;
        let own = if *times == 1 { stem } else { format!("{stem}.{times}") };
        sources += &format!("  {own}:\n");
        for member in paths::source(dataset) {
            sources += &format!("    {member}\n");
        }
        // Weights that are shares stay as they are written there.
        let share = if (all - 1.0).abs() < 1e-9 { dataset.weight } else { dataset.weight / all };
        formula += &format!("  - {{source: {own}, share: {share:?}}}\n");
    }
    sources + &formula
}

fn cleaning(items: &[Item]) -> String {
    let mut text = String::new();
    let mut steps = 0;
    for item in items {
        for lost in &item.translated.lost {
            text += &format!("  # {}: {}\n", plain(&item.name), plain(lost));
        }
        for line in item.translated.lines() {
            text += &format!("  - {line}\n");
            steps += 1;
        }
    }
    if steps == 0 { format!("cleaning: []\n{text}") } else { format!("cleaning:\n{text}") }
}

/// A text that ends no comment and moves no cursor.
pub fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
