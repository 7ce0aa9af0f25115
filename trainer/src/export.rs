//! A model in the files others load: Hugging Face's names for a Llama decoder.

use std::collections::BTreeMap;

use kernels::Kernels;
use serde_json::{Value, json};

use crate::model::Decoder;
use crate::safetensors::{self, Array, Floats, SafetensorsError};
use crate::shape::Shape;
use crate::tokenizer::END_ID;

/// Why an exported model cannot be read back.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error(transparent)]
    File(#[from] SafetensorsError),
    #[error("tensor operation: {0}")]
    Tensor(#[from] candle_core::Error),
}

/// Where the rows of one of our parameters go: their names and row counts, in order.
fn pieces(shape: &Shape, name: &str) -> Vec<(String, usize)> {
    let queries = shape.heads * shape.head_width();
    let keys = shape.kv_heads * shape.head_width();
    let one = |theirs: &str, rows: usize| vec![(theirs.to_owned(), rows)];
    match name {
        "embedding" => return one("model.embed_tokens.weight", shape.vocabulary),
        "head" => return one("lm_head.weight", shape.vocabulary),
        "norm" => return one("model.norm.weight", 1),
        _ => {}
    }
    let (layer, part) = name["layer.".len()..].split_once('.').expect("layer.NNN.part");
    let layer: usize = layer.parse().expect("a layer's number");
    let within = |theirs: &str| format!("model.layers.{layer}.{theirs}.weight");
    match part {
        "attention.norm" => vec![(within("input_layernorm"), 1)],
        "attention.qkv" => vec![
            (within("self_attn.q_proj"), queries),
            (within("self_attn.k_proj"), keys),
            (within("self_attn.v_proj"), keys),
        ],
        "attention.out" => vec![(within("self_attn.o_proj"), shape.width)],
        "feed.norm" => vec![(within("post_attention_layernorm"), 1)],
        "feed.gate_up" => {
            vec![(within("mlp.gate_proj"), shape.hidden), (within("mlp.up_proj"), shape.hidden)]
        }
        _ => vec![(within("mlp.down_proj"), shape.width)],
    }
}

/// The bytes of `model.safetensors`; weights in the order of `Shape::parameters`.
pub fn model_bytes(shape: &Shape, weights: &[Vec<f32>]) -> Vec<u8> {
    let mut tensors = BTreeMap::new();
    for (parameter, floats) in shape.parameters().into_iter().zip(weights) {
        let columns = *parameter.sizes.last().expect("a parameter has sizes");
        let mut rest = floats.as_slice();
        for (name, rows) in pieces(shape, &parameter.name) {
            let (piece, after) = rest.split_at(rows * columns);
            rest = after;
            let sizes = if parameter.decays() { vec![rows, columns] } else { vec![columns] };
            tensors.insert(name, Array { sizes, floats: Floats::Slice(piece) });
        }
    }
    safetensors::to_bytes(&tensors, &BTreeMap::from([("format".to_owned(), "pt".to_owned())]))
}

/// Reads `model.safetensors` back into a decoder.
pub fn read_model(bytes: &[u8], shape: Shape, kernels: &Kernels) -> Result<Decoder, ExportError> {
    let file = safetensors::read(bytes)?;
    let mut weights = Vec::new();
    for parameter in shape.parameters() {
        let columns = *parameter.sizes.last().expect("a parameter has sizes");
        let mut floats = Vec::with_capacity(parameter.len());
        for (name, rows) in pieces(&shape, &parameter.name) {
            let sizes = if parameter.decays() { vec![rows, columns] } else { vec![columns] };
            floats.extend(file.floats(&name, &sizes)?);
        }
        weights.push(floats);
    }
    Ok(Decoder::new(shape, weights, kernels)?)
}

/// `config.json` of `LlamaForCausalLM`.
pub fn config(shape: &Shape) -> Value {
    json!({
        "architectures": ["LlamaForCausalLM"],
        "attention_bias": false,
        "attention_dropout": 0.0,
        "bos_token_id": END_ID,
        "eos_token_id": END_ID,
        "head_dim": shape.head_width(),
        "hidden_act": "silu",
        "hidden_size": shape.width,
        "initializer_range": 0.02,
        "intermediate_size": shape.hidden,
        "max_position_embeddings": shape.context,
        "mlp_bias": false,
        "model_type": "llama",
        "num_attention_heads": shape.heads,
        "num_hidden_layers": shape.layers,
        "num_key_value_heads": shape.kv_heads,
        "rms_norm_eps": shape.norm_epsilon,
        "rope_scaling": null,
        "rope_theta": shape.rope_theta,
        "tie_word_embeddings": shape.tied,
        "torch_dtype": "float32",
        "use_cache": true,
        "vocab_size": shape.vocabulary,
    })
}

/// `generation_config.json`.
pub fn generation_config() -> Value {
    json!({"bos_token_id": END_ID, "eos_token_id": END_ID, "pad_token_id": END_ID})
}

/// `tokenizer_config.json`.
pub fn tokenizer_config(shape: &Shape) -> Value {
    json!({
        "bos_token": crate::tokenizer::END,
        "eos_token": crate::tokenizer::END,
        "pad_token": crate::tokenizer::END,
        "clean_up_tokenization_spaces": false,
        "model_max_length": shape.context,
        "tokenizer_class": "PreTrainedTokenizerFast",
    })
}
