//! A recipe as a person wrote it, every default filled in.
//!
//! These structs are the language: what they serialize to is the YAML form, and the schema for
//! editors is made from them. `LANGUAGE.md` gives the meaning of each key.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use crate::operators::*;
pub use crate::source::*;

/// What decides a model's bytes, as written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// The version of the recipe language: 1.
    pub ingot: u32,
    /// The recipe's name: `[a-z0-9][a-z0-9.-]{0,63}`.
    pub name: String,
    /// One sentence for people.
    #[serde(default)]
    pub summary: String,
    /// The named inputs.
    pub sources: BTreeMap<String, Source>,
    /// Which sources, in which shares; also the order of the documents.
    pub formula: Vec<Ingredient>,
    /// The part that is never trained on.
    #[serde(default)]
    pub held_out: HeldOut,
    /// The cleaning steps, in exactly this order.
    #[serde(default)]
    pub cleaning: Vec<CleaningStep>,
    /// How text becomes token ids.
    pub tokenizer: Tokenizer,
    /// The shape of the network.
    pub model: Model,
    /// The training phases, in order.
    pub stages: Vec<Stage>,
    /// The bars a model must meet, fixed before it exists.
    #[serde(default)]
    pub quality: Vec<Gate>,
    /// The one seed: decimal digits of a 64-bit number, quoted.
    pub seed: String,
}

/// A source's part of the mixture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ingredient {
    pub source: String,
    /// Part of the training tokens, 0 to 1; all shares sum to 1.
    pub share: f64,
    /// How often at most the source's tokens may be repeated.
    #[serde(default = "one")]
    pub repeats_max: u32,
    /// Other shares from given token counts of a stage on, rising.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub later: Vec<Later>,
}

/// A share that holds from some tokens of a stage on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Later {
    /// Tokens of the stage before it holds.
    pub after_tokens: u64,
    /// Part of the training tokens from then on, 0 to 1.
    pub share: f64,
}

impl Ingredient {
    /// The share that holds after so many tokens of a stage.
    pub fn share_after(&self, tokens: u64) -> f64 {
        let held = self.later.iter().rev().find(|later| later.after_tokens <= tokens);
        held.map_or(self.share, |later| later.share)
    }

    /// How many of a stage's first `parts` parts of `tokens` tokens each the recipe asks for: each
    /// share times the parts that begin while it holds.
    pub fn asked(&self, parts: u64, tokens: u64) -> f64 {
        let (mut share, mut from, mut asked) = (self.share, 0, 0.0);
        for later in &self.later {
            let until = later.after_tokens.div_ceil(tokens.max(1)).min(parts).max(from);
            asked += share * (until - from) as f64;
            (share, from) = (later.share, until);
        }
        asked + share * (parts - from) as f64
    }
}

fn one() -> u32 {
    1
}

/// The documents kept back for measuring.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HeldOut {
    /// Part of the documents, 0 to 0.5, chosen by document digest.
    pub share: f64,
}

impl Default for HeldOut {
    fn default() -> HeldOut {
        HeldOut { share: 0.01 }
    }
}

/// How text becomes token ids.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Tokenizer {
    /// Byte-level byte-pair encoding, trained on the mixture.
    Bpe {
        /// Number of token ids, special tokens included.
        vocabulary: u32,
    },
}

/// The shape of the network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Model {
    /// A decoder like Llama: RMSNorm, rotary positions, SwiGLU, grouped-query attention.
    Llama {
        layers: u32,
        /// Width of the residual stream.
        width: u32,
        /// Query heads; must divide `width` into an even head width.
        heads: u32,
        /// Key and value heads; must divide `heads`.
        kv_heads: u32,
        /// Width inside the feed-forward block.
        hidden: u32,
        /// Tokens a sequence.
        context: u32,
        /// Whether the output layer shares the embedding's weights.
        #[serde(default)]
        tied: bool,
        #[serde(default = "rope_theta")]
        rope_theta: f64,
        #[serde(default = "norm_epsilon")]
        norm_epsilon: f64,
    },
}

fn rope_theta() -> f64 {
    10000.0
}

fn norm_epsilon() -> f64 {
    1e-5
}

/// One training phase.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Next-token prediction over the mixture.
    Pretrain(Pretrain),
}

/// The hyperparameters of a `pretrain` stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pretrain {
    /// Tokens to train on; whole steps only, so floor(tokens / batch_tokens) steps.
    pub tokens: u64,
    /// Tokens a step: micro_batches × sequences × context.
    pub batch_tokens: u64,
    #[serde(default = "one")]
    pub micro_batches: u32,
    #[serde(default)]
    pub optimizer: Optimizer,
    pub schedule: Schedule,
    /// Steps between recorded training states.
    #[serde(default = "twenty")]
    pub state_every: u64,
    /// Whether blocks compute again on the way back what they would otherwise keep: less memory,
    /// more time, the same bytes. Written out only where it is true.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub recompute: bool,
}

impl Pretrain {
    /// Steps of the stage; none where a recipe that was never checked has no batch.
    pub fn steps(&self) -> u64 {
        self.tokens.checked_div(self.batch_tokens).unwrap_or(0)
    }

    /// Sequences of the stage: whole steps of whole sequences; none where a recipe that was never
    /// checked has no batch or no context.
    pub fn sequences(&self, context: u64) -> u64 {
        self.steps().saturating_mul(self.batch_tokens.checked_div(context).unwrap_or(0))
    }
}

fn twenty() -> u64 {
    20
}

/// How gradients become new weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Optimizer {
    /// AdamW with gradient clipping by global norm.
    Adamw {
        #[serde(default = "beta1")]
        beta1: f64,
        #[serde(default = "beta2")]
        beta2: f64,
        #[serde(default = "adam_epsilon")]
        epsilon: f64,
        #[serde(default = "weight_decay")]
        weight_decay: f64,
        #[serde(default = "clip_norm")]
        clip_norm: f64,
    },
}

impl Default for Optimizer {
    fn default() -> Optimizer {
        Optimizer::Adamw {
            beta1: beta1(),
            beta2: beta2(),
            epsilon: adam_epsilon(),
            weight_decay: weight_decay(),
            clip_norm: clip_norm(),
        }
    }
}

fn beta1() -> f64 {
    0.9
}

fn beta2() -> f64 {
    0.95
}

fn adam_epsilon() -> f64 {
    1e-8
}

fn weight_decay() -> f64 {
    0.1
}

fn clip_norm() -> f64 {
    1.0
}

/// The learning rate over the tokens of a stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Schedule {
    /// Linear warm-up to `peak`, then half a cosine down to `floor`.
    Cosine {
        peak: f64,
        #[serde(default)]
        floor: f64,
        #[serde(default)]
        warmup_tokens: u64,
    },
    /// Linear warm-up to `peak`, then level.
    Constant {
        peak: f64,
        #[serde(default)]
        warmup_tokens: u64,
    },
}

/// A measure with its bar.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum Gate {
    /// Mean cross-entropy in nats per token over the held-out documents.
    #[serde(rename = "held-out-loss@1")]
    HeldOutLoss1(HeldOutLoss),
    /// Part of the held-out documents' n-grams of words that also stand in the training documents.
    #[serde(rename = "leakage@1")]
    Leakage1(Leakage),
}

/// `held-out-loss@1`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HeldOutLoss {
    pub max: f64,
}

/// `leakage@1`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Leakage {
    #[serde(default = "thirteen")]
    pub ngram_words: u32,
    pub fraction_max: f64,
}

fn thirteen() -> u32 {
    13
}
