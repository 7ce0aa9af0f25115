//! From text to a recipe: every part decoded with its defaults, every problem with its place.

use std::collections::BTreeMap;

use crate::canonical::INTEGER_MAX;
use crate::check;
use crate::decode::Decoder;
use crate::problem::Problems;
use crate::read_source::source;
use crate::read_steps::{cleaning_step, gate, stage};
use crate::recipe::{CleaningStep, HeldOut, Ingredient, Later, Model, Recipe, Source, Tokenizer};
use crate::tree::{self, Node};

const KEYS: [&str; 11] = [
    "ingot",
    "name",
    "summary",
    "sources",
    "formula",
    "held_out",
    "cleaning",
    "tokenizer",
    "model",
    "stages",
    "quality",
];

/// Reads a recipe; all problems together where there are any.
pub fn read(text: &str) -> Result<Recipe, Problems> {
    let tree = tree::read(text)?;
    let mut decoder = Decoder::default();
    let recipe = recipe(&mut decoder, &tree);
    if let Some(recipe) = &recipe {
        check::check(recipe, &tree, &mut decoder.problems);
    }
    match recipe {
        Some(recipe) if decoder.problems.is_empty() => Ok(recipe),
        _ => Err(decoder.problems.sorted()),
    }
}

/// Reads one cleaning step, such as `filter.length@1: {chars_min: 3}`.
pub fn read_cleaning_step(text: &str) -> Result<CleaningStep, Problems> {
    let tree = tree::read(text)?;
    let mut decoder = Decoder::default();
    let step = cleaning_step(&mut decoder, &tree);
    step.filter(|_| decoder.problems.is_empty()).ok_or_else(|| decoder.problems.sorted())
}

fn recipe(d: &mut Decoder, root: &Node) -> Option<Recipe> {
    let keys: Vec<&str> = KEYS.iter().copied().chain(["seed"]).collect();
    let map = d.map(root, "the recipe", &keys)?;
    let ingot = d.need(&map, "ingot", |d, node, key| d.small(node, key, 1, 1));
    let name = d.need(&map, "name", Decoder::name);
    let summary = d.or(&map, "summary", String::new(), Decoder::text);
    let sources = d.need(&map, "sources", |d, node, _| sources(d, node));
    let formula = d.need(&map, "formula", |d, node, key| d.list(node, key, false, ingredient));
    let held_out = d.or(&map, "held_out", HeldOut::default(), |d, node, _| held_out(d, node));
    let cleaning =
        d.or(&map, "cleaning", Vec::new(), |d, node, key| d.list(node, key, true, cleaning_step));
    let tokenizer = d.need(&map, "tokenizer", |d, node, _| tokenizer(d, node));
    let model = d.need(&map, "model", |d, node, _| model(d, node));
    let stages = d.need(&map, "stages", |d, node, key| d.list(node, key, false, stage));
    let quality = d.or(&map, "quality", Vec::new(), |d, node, key| d.list(node, key, true, gate));
    let seed = d.need(&map, "seed", seed);
    Some(Recipe {
        ingot: ingot?,
        name: name?,
        summary: summary?,
        sources: sources?,
        formula: formula?,
        held_out: held_out?,
        cleaning: cleaning?,
        tokenizer: tokenizer?,
        model: model?,
        stages: stages?,
        quality: quality?,
        seed: seed?,
    })
}

fn seed(d: &mut Decoder, node: &Node, key: &str) -> Option<String> {
    let wanted = "wanted a quoted whole number of 64 bits, such as \"20261123\"";
    match node.text() {
        Some(text) if text.parse::<u64>().is_ok_and(|value| value.to_string() == text) => {
            Some(text.to_owned())
        }
        _ => {
            d.problems.add(node.place, format!("`{key}` is {}, {wanted}", node.what()));
            None
        }
    }
}

fn sources(d: &mut Decoder, node: &Node) -> Option<BTreeMap<String, Source>> {
    let map = d.open(node, "`sources`")?;
    let mut sources = BTreeMap::new();
    let mut whole = true;
    for (_, key, value) in map.iter() {
        let name = d.name(key, "a source's name");
        match (name, source(d, key.text().unwrap_or_default(), value)) {
            (Some(name), Some(source)) => drop(sources.insert(name, source)),
            _ => whole = false,
        }
    }
    if whole && sources.is_empty() {
        d.problems.add(node.place, "`sources` is empty");
        return None;
    }
    whole.then_some(sources)
}

fn ingredient(d: &mut Decoder, node: &Node) -> Option<Ingredient> {
    let keys = ["source", "share", "repeats_max", "later"];
    let map = d.map(node, "a part of the formula", &keys)?;
    let source = d.need(&map, "source", Decoder::name);
    let share = d.need(&map, "share", |d, node, key| {
        d.number(node, key, "a number above 0 and at most 1", |share| share > 0.0 && share <= 1.0)
    });
    let repeats_max = d.or(&map, "repeats_max", 1, |d, node, key| d.small(node, key, 1, 10_000));
    let later = d.or(&map, "later", Vec::new(), |d, node, key| d.list(node, key, true, later));
    let later = later?;
    if !later.is_sorted_by(|one, next| one.after_tokens < next.after_tokens) {
        let place = map.get("later").map_or(map.place(), |node| node.place);
        d.problems.add(place, "`later` has token counts that do not rise".to_owned());
        return None;
    }
    Some(Ingredient { source: source?, share: share?, repeats_max: repeats_max?, later })
}

fn later(d: &mut Decoder, node: &Node) -> Option<Later> {
    let map = d.map(node, "a later share", &["after_tokens", "share"])?;
    let after_tokens =
        d.need(&map, "after_tokens", |d, node, key| d.whole(node, key, 1, INTEGER_MAX));
    let share = d.need(&map, "share", |d, node, key| {
        d.number(node, key, "a number from 0 to 1", |share| (0.0..=1.0).contains(&share))
    });
    Some(Later { after_tokens: after_tokens?, share: share? })
}

fn held_out(d: &mut Decoder, node: &Node) -> Option<HeldOut> {
    let map = d.map(node, "`held_out`", &["share"])?;
    let share = d.need(&map, "share", |d, node, key| {
        d.number(node, key, "a number from 0 to 0.5", |share| (0.0..=0.5).contains(&share))
    });
    Some(HeldOut { share: share? })
}

fn tokenizer(d: &mut Decoder, node: &Node) -> Option<Tokenizer> {
    let map = d.map(node, "`tokenizer`", &["kind", "vocabulary"])?;
    let kind = d.need(&map, "kind", |d, node, key| d.choice(node, key, &[("bpe", ())]));
    let vocabulary = d.need(&map, "vocabulary", |d, node, key| d.small(node, key, 257, 1 << 18));
    kind?;
    Some(Tokenizer::Bpe { vocabulary: vocabulary? })
}

fn model(d: &mut Decoder, node: &Node) -> Option<Model> {
    let keys = [
        "kind",
        "layers",
        "width",
        "heads",
        "kv_heads",
        "hidden",
        "context",
        "tied",
        "rope_theta",
        "norm_epsilon",
    ];
    let map = d.map(node, "`model`", &keys)?;
    let kind = d.need(&map, "kind", |d, node, key| d.choice(node, key, &[("llama", ())]));
    let mut size =
        |key: &str, max: u32| d.need(&map, key, |d, node, key| d.small(node, key, 1, max));
    let (layers, width, heads) = (size("layers", 512), size("width", 1 << 16), size("heads", 1024));
    let (kv_heads, hidden) = (size("kv_heads", 1024), size("hidden", 1 << 18));
    let context = size("context", 1 << 17);
    let tied = d.or(&map, "tied", false, Decoder::flag);
    let rope_theta = d.or(&map, "rope_theta", 10_000.0, |d, node, key| {
        d.number(node, key, "a number of at least 1", |theta| theta >= 1.0)
    });
    let norm_epsilon = d.or(&map, "norm_epsilon", 1e-5, |d, node, key| {
        d.number(node, key, "a number above 0 and below 1", |e| e > 0.0 && e < 1.0)
    });
    kind?;
    Some(Model::Llama {
        layers: layers?,
        width: width?,
        heads: heads?,
        kv_heads: kv_heads?,
        hidden: hidden?,
        context: context?,
        tied: tied?,
        rope_theta: rope_theta?,
        norm_epsilon: norm_epsilon?,
    })
}
