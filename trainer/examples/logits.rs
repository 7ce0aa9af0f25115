//! Prints a text, its token ids and the logits of an exported model, for comparing with others.
//!
//! `cargo run --release -p ingot-trainer --example logits -- EXPORTED_FOLDER`

use std::path::PathBuf;

use kernels::{Kernels, Tier};
use recipes::recipe::Model;
use serde_json::{Value, json};
use trainer::export::read_model;
use trainer::shape::Shape;
use trainer::tokenizer::Coder;

const TEXT: &str =
    "Returns the number of elements in the slice.\n\n# Examples\n\n```\nlet a = [1, 2, 3];";

fn main() {
    let folder = PathBuf::from(std::env::args().nth(1).expect("an exported folder"));
    let read = |name: &str| std::fs::read(folder.join(name)).expect("a file of the export");
    let config: Value = serde_json::from_slice(&read("config.json")).expect("JSON");
    let size = |name: &str| config[name].as_u64().expect("a size") as u32;
    let model = Model::Llama {
        layers: size("num_hidden_layers"),
        width: size("hidden_size"),
        heads: size("num_attention_heads"),
        kv_heads: size("num_key_value_heads"),
        hidden: size("intermediate_size"),
        context: size("max_position_embeddings"),
        tied: config["tie_word_embeddings"].as_bool().expect("true or false"),
        rope_theta: config["rope_theta"].as_f64().expect("a number"),
        norm_epsilon: config["rms_norm_eps"].as_f64().expect("a number"),
    };
    let shape = Shape::new(&model, size("vocab_size") as usize);
    let kernels = Kernels::new(Tier::best(), 2).expect("kernels");
    let decoder = read_model(&read("model.safetensors"), shape, &kernels).expect("a model");
    let coder = Coder::read(&read("tokenizer.json")).expect("a tokenizer");
    let ids = coder.encode(TEXT);
    let logits = decoder.logits(&ids).expect("logits");
    println!("{}", json!({"text": TEXT, "ids": ids, "logits": logits}));
}
