//! What must hold between the parts of a recipe: references, shares, divisions.

use std::collections::BTreeSet;

use crate::problem::{Place, Problems};
use crate::recipe::{Gate, Model, Recipe, Schedule, Stage};
use crate::tree::{Node, Value};

/// How far the shares may be from 1.
const SHARES_TOLERANCE: f64 = 1e-9;

/// The place of a value by keys and positions from the root; the nearest one that is there.
fn place(root: &Node, path: &[&str]) -> Place {
    let mut node = root;
    for part in path {
        let next = match &node.value {
            Value::Map(members) => {
                members.iter().find(|(key, _)| key.text() == Some(part)).map(|(_, value)| value)
            }
            Value::List(items) => part.parse::<usize>().ok().and_then(|i| items.get(i)),
            _ => None,
        };
        match next {
            Some(next) => node = next,
            None => break,
        }
    }
    node.place
}

/// Notes everything that does not fit together.
pub fn check(recipe: &Recipe, root: &Node, problems: &mut Problems) {
    formula(recipe, root, problems);
    model(recipe, root, problems);
    for (number, stage) in recipe.stages.iter().enumerate() {
        training(recipe, stage, number, root, problems);
    }
    gates(recipe, root, problems);
}

fn formula(recipe: &Recipe, root: &Node, problems: &mut Problems) {
    let mut used = BTreeSet::new();
    for (number, ingredient) in recipe.formula.iter().enumerate() {
        let here = place(root, &["formula", &number.to_string(), "source"]);
        let name = &ingredient.source;
        if !recipe.sources.contains_key(name) {
            let known: Vec<&str> = recipe.sources.keys().map(String::as_str).collect();
            let message =
                format!("the formula draws on `{name}`, which the recipe does not define");
            problems.advise(here, message, format!("the recipe defines `{}`", known.join("`, `")));
        } else if !used.insert(name) {
            problems.add(here, format!("the formula draws on `{name}` twice"));
        }
    }
    for name in recipe.sources.keys().filter(|name| !used.contains(name)) {
        let here = place(root, &["sources", name]);
        let message = format!("source `{name}` is defined and the formula does not draw on it");
        problems.add(here, message);
    }
    let changes = recipe.formula.iter().flat_map(|ingredient| &ingredient.later);
    let changes: BTreeSet<u64> = changes.map(|later| later.after_tokens).collect();
    for tokens in [0].into_iter().chain(changes) {
        let mut sum = 0.0;
        for ingredient in &recipe.formula {
            sum += ingredient.share_after(tokens);
        }
        if (sum - 1.0).abs() > SHARES_TOLERANCE {
            let after = if tokens == 0 { String::new() } else { format!(" after {tokens} tokens") };
            let message = format!("the shares sum to {sum}{after}, wanted 1");
            problems.add(place(root, &["formula"]), message);
        }
    }
}

fn model(recipe: &Recipe, root: &Node, problems: &mut Problems) {
    let Model::Llama { width, heads, kv_heads, .. } = recipe.model;
    if !width.is_multiple_of(heads) || !(width / heads).is_multiple_of(2) {
        let message = format!("width {width} over {heads} heads, wanted an even whole head width");
        problems.add(place(root, &["model", "heads"]), message);
    }
    if !heads.is_multiple_of(kv_heads) {
        let message = format!("`kv_heads` is {kv_heads}, wanted a divisor of the {heads} heads");
        problems.add(place(root, &["model", "kv_heads"]), message);
    }
}

fn training(recipe: &Recipe, stage: &Stage, number: usize, root: &Node, problems: &mut Problems) {
    let Stage::Pretrain(settings) = stage;
    let Model::Llama { context, .. } = recipe.model;
    let number = number.to_string();
    let at = |keys: &[&str]| place(root, &[&["stages", &number, "pretrain"], keys].concat());
    let unit = u64::from(settings.micro_batches) * u64::from(context);
    if !settings.batch_tokens.is_multiple_of(unit) {
        let message = format!(
            "`batch_tokens` is {}, wanted a multiple of {unit}: {} micro_batches × context \
             {context}",
            settings.batch_tokens, settings.micro_batches
        );
        let near = (settings.batch_tokens / unit).max(1) * unit;
        problems.advise(at(&["batch_tokens"]), message, format!("`batch_tokens: {near}` fits"));
    }
    if settings.tokens < settings.batch_tokens {
        let (tokens, batch) = (settings.tokens, settings.batch_tokens);
        let message = format!("`tokens` is {tokens}, less than one batch of {batch}");
        problems.add(at(&["tokens"]), message);
    }
    let (peak, floor, warmup) = match settings.schedule {
        Schedule::Cosine { peak, floor, warmup_tokens } => (peak, floor, warmup_tokens),
        Schedule::Constant { peak, warmup_tokens } => (peak, 0.0, warmup_tokens),
    };
    if floor > peak {
        let message = format!("`floor` is {floor}, above the peak {peak}");
        problems.add(at(&["schedule", "floor"]), message);
    }
    if warmup > settings.tokens {
        let message = format!("`warmup_tokens` is {warmup}, the stage has {}", settings.tokens);
        problems.add(at(&["schedule", "warmup_tokens"]), message);
    }
}

fn gates(recipe: &Recipe, root: &Node, problems: &mut Problems) {
    let mut seen = BTreeSet::new();
    for (number, gate) in recipe.quality.iter().enumerate() {
        let here = place(root, &["quality", &number.to_string()]);
        let name = match gate {
            Gate::HeldOutLoss1(_) => "held-out-loss@1",
            Gate::Leakage1(_) => "leakage@1",
        };
        if !seen.insert(name) {
            problems.add(here, format!("gate `{name}` stands twice"));
        }
        if recipe.held_out.share == 0.0 {
            let message =
                format!("gate `{name}` measures held-out documents, and none are held out");
            problems.advise(here, message, "`held_out: {share: 0.01}` holds some out");
        }
    }
}

#[cfg(test)]
mod tests {

    /// A recipe of two sources whose formula is this.
    fn with_formula(formula: &str) -> String {
        let model = "{kind: llama, layers: 1, width: 16, heads: 2, kv_heads: 1, hidden: 32, \
                     context: 32}";
        format!(
            "ingot: 1\nname: two\nsummary: Two.\nsources:\n  \
             a: {{kind: jsonl, path: a.jsonl, text: t}}\n  \
             b: {{kind: jsonl, path: b.jsonl, text: t}}\nformula: {formula}\n\
             held_out: {{share: 0.1}}\ncleaning: []\ntokenizer: {{kind: bpe, vocabulary: 300}}\n\
             model: {model}\nstages:\n  - pretrain:\n      tokens: 4096\n      \
             batch_tokens: 256\n      micro_batches: 2\n      optimizer: {{kind: adamw}}\n      \
             schedule: {{kind: constant, peak: 0.001, warmup_tokens: 0}}\n\
             quality: []\nseed: \"1\"\n"
        )
    }

    fn said(formula: &str) -> String {
        let text = with_formula(formula);
        crate::read(&text).map(|_| String::new()).unwrap_or_else(|all| all.render("r.yaml", &text))
    }

    #[test]
    fn shares_sum_to_one_at_all_times() {
        let rises = "[{source: a, share: 0.5, later: [{after_tokens: 1000, share: 0.25}]}, \
                     {source: b, share: 0.5, later: [{after_tokens: 1000, share: 0.75}]}]";
        assert_eq!(said(rises), "");
        let wrong = said(&rises.replace("0.75", "0.7"));
        assert!(wrong.contains("sum to 0.95 after 1000 tokens, wanted 1"), "{wrong}");
        let twice = said(&rises.replace(
            "[{after_tokens: 1000, share: 0.25}]",
            "[{after_tokens: 9, share: 0.5}, {after_tokens: 9, share: 0.5}]",
        ));
        assert!(twice.contains("token counts that do not rise"), "{twice}");
    }
}
