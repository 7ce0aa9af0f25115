//! The tokenizer of a recipe: trained on texts, kept as a canonical `tokenizer.json`.
//!
//! The crate `bpe` trains and encodes; here are the file that Hugging Face's libraries read and
//! the settings that it states. `../DATA.md` says which merge comes first.

use std::collections::BTreeMap;

use bpe::{Encoder, Vocabulary, byte_of, letter_of};
use kernels::Kernels;
use recipes::canonical;
use recipes::recipe;
use serde_json::{Value, json};

/// The token that ends every document.
pub const END: &str = "<|end|>";
/// Its id.
pub const END_ID: u32 = bpe::END_ID;

/// Why text has no tokens, or a tokenizer cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum TokenizerError {
    #[error("tokenizer: {0}")]
    Train(#[from] bpe::TrainError),
    #[error("the documents give {found} tokens, the recipe wants a vocabulary of {wanted}")]
    Small { found: u32, wanted: u32 },
    #[error("`tokenizer.json`: {0}")]
    Json(String),
    #[error("`tokenizer.json`: {0}")]
    Vocabulary(#[from] bpe::VocabularyError),
    #[error("`tokenizer.json` has other settings than this program writes, at `{0}`")]
    Settings(String),
    #[error("`tokenizer.json`: id {0} is not of exactly one token")]
    Id(usize),
    #[error("`tokenizer.json`: merge {0} is not of two known tokens")]
    Merge(usize),
}

/// Trains a tokenizer over texts, of which only some are held at a time; `tokenizer.json`'s bytes.
pub fn train<T: AsRef<str>>(
    settings: &recipe::Tokenizer,
    texts: impl IntoIterator<Item = T>,
    kernels: &Kernels,
) -> Result<Vec<u8>, TokenizerError> {
    let recipe::Tokenizer::Bpe { vocabulary: wanted } = *settings;
    let vocabulary = bpe::train(&bpe::count(texts, kernels), wanted as usize)?;
    let found = vocabulary.len() as u32;
    if found != wanted {
        return Err(TokenizerError::Small { found, wanted });
    }
    write(&vocabulary)
}

/// A tokenizer file without tokens and merges.
fn settings() -> Value {
    let byte_level = json!({
        "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true,
    });
    let end = json!({
        "id": END_ID, "content": END, "single_word": false, "lstrip": false, "rstrip": false,
        "normalized": false, "special": true,
    });
    json!({
        "version": "1.0",
        "truncation": null,
        "padding": null,
        "added_tokens": [end],
        "normalizer": null,
        "pre_tokenizer": byte_level,
        "post_processor": null,
        "decoder": byte_level,
        "model": {
            "type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": null,
            "end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": false,
            "ignore_merges": false,
        },
    })
}

/// The canonical bytes of `tokenizer.json`.
fn write(vocabulary: &Vocabulary) -> Result<Vec<u8>, TokenizerError> {
    let letters = |token: &[u8]| token.iter().map(|byte| letter_of(*byte)).collect::<String>();
    let mut tokens: Vec<String> = vocabulary.tokens().map(letters).collect();
    tokens[END_ID as usize] = END.to_owned();
    let token = |id: u32| &tokens[id as usize];
    let merges: Vec<_> = vocabulary.merges().map(|(a, b)| [token(a), token(b)]).collect();
    let ids: BTreeMap<&String, usize> = tokens.iter().zip(0..).collect();
    let mut file = settings();
    file["model"]["vocab"] = json!(ids);
    file["model"]["merges"] = json!(merges);
    canonical::to_bytes(&file).map_err(|error| TokenizerError::Json(error.to_string()))
}

/// Reads back what `write` wrote; other settings than its own would mean other ids.
fn read(bytes: &[u8]) -> Result<Vocabulary, TokenizerError> {
    let json = |error: &dyn std::fmt::Display| TokenizerError::Json(error.to_string());
    let mut file: Value = serde_json::from_slice(bytes).map_err(|error| json(&error))?;
    let model = file.get_mut("model").and_then(Value::as_object_mut);
    let model = model.ok_or_else(|| TokenizerError::Settings("model".to_owned()))?;
    let vocab = model.remove("vocab").unwrap_or_default();
    let merges = model.remove("merges").unwrap_or_default();
    if let Some(place) = difference(&file, &settings()) {
        return Err(TokenizerError::Settings(place));
    }
    let ids: BTreeMap<String, usize> =
        serde_json::from_value(vocab).map_err(|error| json(&error))?;
    let mut tokens: Vec<Option<Vec<u8>>> = vec![None; ids.len()];
    for (token, id) in &ids {
        let bytes = match token == END {
            true => Some(Vec::new()),
            false => token.chars().map(byte_of).collect(),
        };
        let slot = tokens.get_mut(*id).filter(|slot| slot.is_none());
        *slot.ok_or(TokenizerError::Id(*id))? = Some(bytes.ok_or(TokenizerError::Id(*id))?);
    }
    let tokens: Vec<Vec<u8>> = tokens.into_iter().flatten().collect();
    let pairs: Vec<[String; 2]> = serde_json::from_value(merges).map_err(|error| json(&error))?;
    let id = |token: &String| ids.get(token).map(|id| *id as u32);
    let pairs = pairs
        .iter()
        .enumerate()
        .map(|(place, [a, b])| id(a).zip(id(b)).ok_or(TokenizerError::Merge(place)));
    Ok(Vocabulary::new(tokens, pairs.collect::<Result<Vec<_>, _>>()?)?)
}

/// The first key at which two JSON objects differ.
fn difference(found: &Value, wanted: &Value) -> Option<String> {
    let (Some(one), Some(other)) = (found.as_object(), wanted.as_object()) else {
        return (found != wanted).then(|| "the root".to_owned());
    };
    for key in one.keys().chain(other.keys()) {
        let (one, other) = (one.get(key), other.get(key));
        if one == other {
            continue;
        }
        let deeper = one.zip(other).filter(|(one, other)| one.is_object() && other.is_object());
        let deeper = deeper.and_then(|(one, other)| difference(one, other));
        return Some(deeper.map_or(key.clone(), |deeper| format!("{key}.{deeper}")));
    }
    None
}

/// Turns text into token ids and back.
pub struct Coder {
    vocabulary: Vocabulary,
    encoder: Encoder,
}

impl Coder {
    /// Reads `tokenizer.json`.
    pub fn read(bytes: &[u8]) -> Result<Coder, TokenizerError> {
        let vocabulary = read(bytes)?;
        let encoder = Encoder::new(&vocabulary);
        Ok(Coder { vocabulary, encoder })
    }

    /// Number of token ids.
    pub fn vocabulary(&self) -> usize {
        self.vocabulary.len()
    }

    /// The ids of a text, without the end token; a text that spells it is text, not the token.
    pub fn encode(&self, text: &str) -> Vec<u32> {
        self.encoder.encode(text)
    }

    /// The ids of many texts, in order, on all threads.
    pub fn encode_all(&self, texts: &[&str], kernels: &Kernels) -> Vec<Vec<u32>> {
        self.encoder.encode_all(texts, kernels)
    }

    /// The text of some ids; bytes that are no UTF-8 become U+FFFD.
    pub fn decode(&self, ids: &[u32]) -> String {
        String::from_utf8_lossy(&self.vocabulary.decode(ids)).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernels::Tier;
    use std::str::FromStr;
    use tokenizers::AddedToken;
    use tokenizers::models::TrainerWrapper;
    use tokenizers::models::bpe::{BPE, BpeTrainerBuilder};
    use tokenizers::pre_tokenizers::byte_level::ByteLevel;

    const VOCABULARY: u32 = 330;

    fn texts() -> Vec<String> {
        let text = |i: u64| {
            let word = |k: u64| format!("w{}", kernels::random::below(5, 9, i * 64 + k, 90));
            (0..64).map(word).collect::<Vec<_>>().join(" ")
        };
        (0..60).map(text).collect()
    }

    fn trained(threads: usize) -> Vec<u8> {
        let settings = recipe::Tokenizer::Bpe { vocabulary: VOCABULARY };
        let kernels = Kernels::new(Tier::best(), threads).expect("kernels");
        train(&settings, texts(), &kernels).expect("trained")
    }

    /// What the crate `tokenizers` writes after training with the same settings.
    fn judged() -> tokenizers::Tokenizer {
        let byte_level = ByteLevel::new(false, true, true);
        let mut judge = tokenizers::Tokenizer::new(BPE::default());
        judge.with_pre_tokenizer(Some(byte_level));
        judge.with_decoder(Some(byte_level));
        let trainer = BpeTrainerBuilder::new()
            .vocab_size(VOCABULARY as usize)
            .min_frequency(2)
            .show_progress(false)
            .special_tokens(vec![AddedToken::from(END, true)])
            .initial_alphabet(ByteLevel::alphabet().into_iter().collect())
            .build();
        let mut trainer = TrainerWrapper::BpeTrainer(trainer);
        judge.train(&mut trainer, texts().iter().map(String::as_str)).expect("trained");
        judge
    }

    #[test]
    fn any_number_of_threads_gives_the_judges_file() {
        let judge = judged().to_string(false).expect("written");
        let judge = Value::from_str(&judge).expect("JSON");
        let wanted = canonical::to_bytes(&judge).expect("canonical");
        for threads in [1, 2, 3, 7] {
            assert_eq!(trained(threads), wanted, "{threads} threads");
        }
        let read = tokenizers::Tokenizer::from_bytes(&wanted).expect("readable");
        let ours = Coder::read(&wanted).expect("readable");
        for text in ["w1 w22", "héllo 世界 \u{1F600}\n\tx", ""] {
            let judge = read.encode_fast(text, false).expect("encoded");
            assert_eq!(ours.encode(text), judge.get_ids());
        }
    }

    #[test]
    fn text_comes_back_and_the_end_token_cannot_be_spelled() {
        let coder = Coder::read(&trained(1)).expect("readable");
        assert_eq!(coder.vocabulary(), VOCABULARY as usize);
        for text in ["w1 w22", "héllo 世界 \u{1F600}\n\tx", "", "a<|end|>b"] {
            let ids = coder.encode(text);
            assert!(!ids.contains(&END_ID), "{text}");
            assert_eq!(coder.decode(&ids), text);
        }
        assert_eq!(coder.decode(&[END_ID]), "");
        assert_eq!(coder.decode(&coder.encode("世")[..2]), "\u{FFFD}");
    }

    #[test]
    fn too_little_text_for_the_vocabulary_is_an_error() {
        let settings = recipe::Tokenizer::Bpe { vocabulary: 5000 };
        let kernels = Kernels::new(Tier::best(), 1).expect("kernels");
        let error = train(&settings, texts(), &kernels).expect_err("too little");
        assert!(matches!(error, TokenizerError::Small { wanted: 5000, .. }), "{error}");
    }

    #[test]
    fn other_files_are_refused_with_the_place() {
        let file = String::from_utf8(trained(1)).expect("text");
        let refused = |from: &str, to: &str| {
            assert!(file.contains(from), "{from}");
            let changed = file.replacen(from, to, 1);
            Coder::read(changed.as_bytes()).err().expect("refused").to_string()
        };
        let place = refused("\"ignore_merges\":false", "\"ignore_merges\":true");
        assert!(place.contains("`model.ignore_merges`"), "{place}");
        let place = refused("\"use_regex\":true", "\"use_regex\":false");
        assert!(place.contains("`decoder.use_regex`"), "{place}");
        let id = refused("\"a\":65", "\"a\":67");
        assert!(id.contains("id 67"), "{id}");
        assert!(refused("\"model\"", "\"mould\"").contains("`model`"));
        assert!(refused("\"merges\":[[\"", "\"merges\":[[\"你").contains("merge 0"));
        assert!(Coder::read(b"{").is_err());
        assert!(Coder::read(b"[]").is_err());
    }
}
