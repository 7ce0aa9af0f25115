//! From text to the versioned parts of a recipe: cleaning operators, stages, gates.

use crate::decode::Decoder;
use crate::recipe::{
    CleaningStep, DedupExact, DedupMinhash, FilterLength, Gate, GopherProfile, GopherRepetition,
    HeldOutLoss, Leakage, Optimizer, PiiKind, PiiMask, Pretrain, Schedule, Stage, TextNormalize,
    UnicodeForm,
};
use crate::rules;
use crate::tree::Node;

const OPERATORS: [&str; 6] = [
    "text.normalize@1",
    "filter.length@1",
    "filter.gopher-repetition@1",
    "dedup.exact@1",
    "dedup.minhash@1",
    "pii.mask@1",
];

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
        None => d.unknown(key, &format!("{what} `{name}` is unknown"), known),
    }
}

/// One cleaning step: an operator with its parameters.
pub fn cleaning_step(d: &mut Decoder, node: &Node) -> Option<CleaningStep> {
    let (key, value) = d.only(node, "a cleaning step")?;
    let name = key.text().unwrap_or_default();
    let what = format!("operator `{name}`");
    Some(match name {
        "text.normalize@1" => {
            let map = d.map(value, &what, &["form"])?;
            let forms = [("nfc", UnicodeForm::Nfc), ("nfkc", UnicodeForm::Nfkc)];
            let form = d.or(&map, "form", UnicodeForm::Nfc, |d, n, k| d.choice(n, k, &forms))?;
            CleaningStep::TextNormalize1(TextNormalize { form })
        }
        "filter.length@1" => filter_length(d, value, &what)?,
        "filter.gopher-repetition@1" => {
            let map = d.map(value, &what, &["profile"])?;
            let known = [("datatrove", GopherProfile::Datatrove)];
            let profile =
                d.or(&map, "profile", GopherProfile::Datatrove, |d, n, k| d.choice(n, k, &known))?;
            CleaningStep::FilterGopherRepetition1(GopherRepetition { profile })
        }
        "dedup.exact@1" => {
            d.map(value, &what, &[])?;
            CleaningStep::DedupExact1(DedupExact {})
        }
        "dedup.minhash@1" => minhash(d, value, &what)?,
        "pii.mask@1" => {
            let map = d.map(value, &what, &["kinds"])?;
            let known = [("email", PiiKind::Email), ("ip", PiiKind::Ip)];
            let kinds = d.need(&map, "kinds", |d, node, key| {
                d.list(node, key, false, |d, node| d.choice(node, "a kind", &known))
            })?;
            CleaningStep::PiiMask1(PiiMask { kinds })
        }
        _ => {
            unknown_versioned(d, key, "operator", &OPERATORS);
            return None;
        }
    })
}

fn filter_length(d: &mut Decoder, node: &Node, what: &str) -> Option<CleaningStep> {
    let map = d.map(node, what, &["chars_min", "chars_max"])?;
    let least = d.or(&map, "chars_min", 0, |d, n, k| d.whole(n, k, 0, WHOLE_MAX));
    let most = d.or(&map, "chars_max", None, |d, n, k| match n.value {
        crate::tree::Value::Null => Some(None),
        _ => d.whole(n, k, 0, WHOLE_MAX).map(Some),
    });
    let (chars_min, chars_max) = (least?, most?);
    if chars_max.is_some_and(|most| most < chars_min) {
        d.problems
            .add(node.place, format!("{what} keeps nothing: `chars_max` is below `chars_min`"));
        return None;
    }
    Some(CleaningStep::FilterLength1(FilterLength { chars_min, chars_max }))
}

fn minhash(d: &mut Decoder, node: &Node, what: &str) -> Option<CleaningStep> {
    let map = d.map(node, what, &["ngram_words", "bands", "rows", "seed"])?;
    let ngram_words = d.or(&map, "ngram_words", 5, |d, n, k| d.small(n, k, 1, 64));
    let bands = d.or(&map, "bands", 14, |d, n, k| d.small(n, k, 1, 1024));
    let rows = d.or(&map, "rows", 8, |d, n, k| d.small(n, k, 1, 1024));
    if map.get("seed").is_none() {
        let message = format!("{what} has no `seed`: its hash functions would not be fixed");
        d.problems.advise(node.place, message, "any whole number will do, such as `seed: 1`");
        return None;
    }
    let seed = d.need(&map, "seed", |d, n, k| d.small(n, k, 0, u32::MAX));
    Some(CleaningStep::DedupMinhash1(DedupMinhash {
        ngram_words: ngram_words?,
        bands: bands?,
        rows: rows?,
        seed: seed?,
    }))
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
