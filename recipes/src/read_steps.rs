//! From text to the versioned parts of a recipe: cleaning operators, stages, gates.

use crate::decode::Decoder;
use crate::operators::{CleaningStep, catalogue, profiles};
use crate::parameters;
use crate::recipe::{Gate, HeldOutLoss, Leakage, Optimizer, Pretrain, Schedule, Stage};
use crate::rules;
use crate::tree::Node;

const GATES: [&str; 2] = ["held-out-loss@1", "leakage@1"];

/// Any whole number that JSON keeps.
const WHOLE_MAX: u64 = crate::canonical::INTEGER_MAX;

/// Notes what is wrong with a versioned name that is none of the known ones.
fn unknown_versioned(d: &mut Decoder, key: &Node, what: &str, known: &[&str]) {
    let name = key.text().unwrap_or_default();
    let (base, version) = name.split_once('@').unwrap_or((name, ""));
    if let Some(reason) = rules::refused(rules::OPERATORS, base) {
        d.problems.add(key.place, format!("`{name}`: {reason}"));
        return;
    }
    let same = known.iter().find(|known| known.split('@').next() == Some(base));
    match same {
        Some(same) if version.is_empty() => d.problems.advise(
            key.place,
            format!("{what} `{name}` has no version, so its meaning could change"),
            format!("write `{same}`"),
        ),
        Some(same) => d.problems.advise(
            key.place,
            format!("{what} `{base}` has no version `{version}`"),
            format!("this build has `{same}`"),
        ),
        None => {
            let group = base.split_once('.').map_or(base, |(group, _)| group);
            let kin = |known: &&str| known.split('.').next() == Some(group);
            let near: Vec<&str> = known.iter().copied().filter(kin).collect();
            let known = if near.is_empty() { known } else { &near };
            d.unknown(key, &format!("{what} `{name}` is unknown"), known);
        }
    }
}

/// One cleaning step: an operator with its parameters.
pub fn cleaning_step(d: &mut Decoder, node: &Node) -> Option<CleaningStep> {
    let (key, value) = d.only(node, "a cleaning step")?;
    let name = key.text().unwrap_or_default();
    let Some(operator) = catalogue::find(name) else {
        unknown_versioned(d, key, "operator", &catalogue::names());
        return None;
    };
    let mut settings = value.json();
    let profile = settings["profile"].as_str().unwrap_or_default();
    let (schema, defaults) = profiles::with_defaults(name, &operator.schema, profile);
    parameters::read(d, value, &format!("operator `{name}`"), &schema)?;
    for (key, default) in defaults {
        if settings.get(&key).is_none() {
            settings[&key] = default;
        }
    }
    let step = serde_json::from_value(serde_json::json!({name: settings}));
    step.map_err(|error| d.problems.add(value.place, format!("operator `{name}`: {error}"))).ok()
}

/// One training phase.
pub fn stage(d: &mut Decoder, node: &Node) -> Option<Stage> {
    let (key, value) = d.only(node, "a stage")?;
    if key.text() != Some("pretrain") {
        let message = format!("stage `{}` is unknown", key.text().unwrap_or_default());
        d.unknown(key, &message, &["pretrain"]);
        return None;
    }
    let keys = [
        "tokens",
        "batch_tokens",
        "micro_batches",
        "optimizer",
        "schedule",
        "state_every",
        "recompute",
    ];
    let map = d.map(value, "stage `pretrain`", &keys)?;
    let tokens = d.need(&map, "tokens", |d, n, k| d.whole(n, k, 1, WHOLE_MAX));
    let batch_tokens = d.need(&map, "batch_tokens", |d, n, k| d.whole(n, k, 1, 1 << 32));
    let micro_batches = d.or(&map, "micro_batches", 1, |d, n, k| d.small(n, k, 1, 1 << 16));
    let optimizer = d.or(&map, "optimizer", Optimizer::default(), |d, node, _| optimizer(d, node));
    let schedule = d.need(&map, "schedule", |d, node, _| schedule(d, node));
    let state_every = d.or(&map, "state_every", 20, |d, n, k| d.whole(n, k, 1, 1 << 32));
    let recompute = d.or(&map, "recompute", false, Decoder::flag);
    Some(Stage::Pretrain(Pretrain {
        tokens: tokens?,
        batch_tokens: batch_tokens?,
        micro_batches: micro_batches?,
        optimizer: optimizer?,
        schedule: schedule?,
        state_every: state_every?,
        recompute: recompute?,
    }))
}

fn optimizer(d: &mut Decoder, node: &Node) -> Option<Optimizer> {
    let keys = ["kind", "beta1", "beta2", "epsilon", "weight_decay", "clip_norm"];
    let map = d.map(node, "`optimizer`", &keys)?;
    let kind = d.need(&map, "kind", |d, n, k| d.choice(n, k, &[("adamw", ())]));
    let Optimizer::Adamw { beta1, beta2, epsilon, weight_decay, clip_norm } = Optimizer::default();
    let below_one = |d: &mut Decoder, node: &Node, key: &str| {
        d.number(node, key, "a number from 0 to below 1", |beta| (0.0..1.0).contains(&beta))
    };
    let above_zero = |d: &mut Decoder, node: &Node, key: &str| {
        d.number(node, key, "a number above 0", |value| value > 0.0)
    };
    let beta1 = d.or(&map, "beta1", beta1, below_one);
    let beta2 = d.or(&map, "beta2", beta2, below_one);
    let epsilon = d.or(&map, "epsilon", epsilon, above_zero);
    let weight_decay = d.or(&map, "weight_decay", weight_decay, |d, n, k| {
        d.number(n, k, "a number from 0 to below 1000", |value| (0.0..1000.0).contains(&value))
    });
    let clip_norm = d.or(&map, "clip_norm", clip_norm, above_zero);
    kind?;
    Some(Optimizer::Adamw {
        beta1: beta1?,
        beta2: beta2?,
        epsilon: epsilon?,
        weight_decay: weight_decay?,
        clip_norm: clip_norm?,
    })
}

fn schedule(d: &mut Decoder, node: &Node) -> Option<Schedule> {
    let open = d.open(node, "`schedule`")?;
    let kinds = [("cosine", true), ("constant", false)];
    let cosine = d.need(&open, "kind", |d, n, k| d.choice(n, k, &kinds))?;
    let keys: &[&str] = match cosine {
        true => &["kind", "peak", "floor", "warmup_tokens"],
        false => &["kind", "peak", "warmup_tokens"],
    };
    let map = d.map(node, "`schedule`", keys)?;
    let peak = d.need(&map, "peak", |d, n, k| {
        d.number(n, k, "a number above 0 and below 100", |rate| rate > 0.0 && rate < 100.0)
    });
    let floor = d.or(&map, "floor", 0.0, |d, n, k| {
        d.number(n, k, "a number from 0 to below 100", |rate| (0.0..100.0).contains(&rate))
    });
    let warmup = d.or(&map, "warmup_tokens", 0, |d, n, k| d.whole(n, k, 0, WHOLE_MAX));
    let (peak, floor, warmup_tokens) = (peak?, floor?, warmup?);
    Some(match cosine {
        true => Schedule::Cosine { peak, floor, warmup_tokens },
        false => Schedule::Constant { peak, warmup_tokens },
    })
}

/// One quality gate: a measure with its bar.
pub fn gate(d: &mut Decoder, node: &Node) -> Option<Gate> {
    let (key, value) = d.only(node, "a gate")?;
    let name = key.text().unwrap_or_default();
    let what = format!("gate `{name}`");
    match name {
        "held-out-loss@1" => {
            let map = d.map(value, &what, &["max"])?;
            let max =
                d.need(&map, "max", |d, n, k| d.number(n, k, "a number above 0", |v| v > 0.0));
            Some(Gate::HeldOutLoss1(HeldOutLoss { max: max? }))
        }
        "leakage@1" => {
            let map = d.map(value, &what, &["ngram_words", "fraction_max"])?;
            let ngram_words = d.or(&map, "ngram_words", 13, |d, n, k| d.small(n, k, 1, 64));
            let fraction_max = d.need(&map, "fraction_max", |d, n, k| {
                d.number(n, k, "a number from 0 to 1", |value| (0.0..=1.0).contains(&value))
            });
            let (ngram_words, fraction_max) = (ngram_words?, fraction_max?);
            Some(Gate::Leakage1(Leakage { ngram_words, fraction_max }))
        }
        _ => {
            unknown_versioned(d, key, "gate", &GATES);
            None
        }
    }
}
