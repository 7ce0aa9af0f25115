//! Byte-level byte-pair encoding: trained on the documents, kept as a canonical `tokenizer.json`.
//!
//! The crate `tokenizers` trains and encodes. Its merges go by count and then by pair of ids, and
//! ids of the alphabet by code point, so neither threads nor hash order reach the file; the tests
//! train in several processes and thread counts to hold it to that.

use kernels::Kernels;
use recipes::canonical;
use recipes::recipe;
use tokenizers::models::bpe::{BPE, BpeTrainerBuilder};
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::{AddedToken, TokenizerBuilder, TokenizerImpl};
use tokenizers::{DecoderWrapper, NormalizerWrapper, PostProcessorWrapper, PreTokenizerWrapper};

use kitchen::Document;

/// The token that ends every document.
pub const END: &str = "<|end|>";
/// Its id.
pub const END_ID: u32 = 0;

type Inner = TokenizerImpl<
    BPE,
    NormalizerWrapper,
    PreTokenizerWrapper,
    PostProcessorWrapper,
    DecoderWrapper,
>;

/// Why text has no tokens, or a tokenizer cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum TokenizerError {
    #[error("tokenizer: {0}")]
    Library(String),
    #[error("the documents give {found} tokens, the recipe wants a vocabulary of {wanted}")]
    Small { found: u32, wanted: u32 },
}

fn library(error: impl std::fmt::Display) -> TokenizerError {
    TokenizerError::Library(error.to_string())
}

/// Trains a tokenizer over documents in order; the bytes of `tokenizer.json`.
pub fn train(
    settings: &recipe::Tokenizer,
    documents: &[Document],
) -> Result<Vec<u8>, TokenizerError> {
    let recipe::Tokenizer::Bpe { vocabulary } = *settings;
    let byte_level = ByteLevel::new(false, true, true);
    let mut inner: Inner = TokenizerBuilder::new()
        .with_model(BPE::default())
        .with_normalizer(None)
        .with_pre_tokenizer(Some(PreTokenizerWrapper::ByteLevel(byte_level)))
        .with_post_processor(None)
        .with_decoder(Some(DecoderWrapper::ByteLevel(byte_level)))
        .build()
        .map_err(library)?;
    let mut trainer = BpeTrainerBuilder::new()
        .vocab_size(vocabulary as usize)
        .min_frequency(2)
        .show_progress(false)
        .special_tokens(vec![AddedToken::from(END, true)])
        .initial_alphabet(ByteLevel::alphabet().into_iter().collect())
        .build();
    let texts = documents.iter().map(|document| document.text.as_str());
    inner.train(&mut trainer, texts).map_err(library)?;
    let found = inner.get_vocab_size(true) as u32;
    if found != vocabulary {
        return Err(TokenizerError::Small { found, wanted: vocabulary });
    }
    let text = inner.to_string(false).map_err(library)?;
    let value: serde_json::Value = serde_json::from_str(&text).map_err(library)?;
    canonical::to_bytes(&value).map_err(library)
}

/// Turns text into token ids and back.
pub struct Coder {
    inner: tokenizers::Tokenizer,
}

impl Coder {
    /// Reads `tokenizer.json`.
    pub fn read(bytes: &[u8]) -> Result<Coder, TokenizerError> {
        let mut inner = tokenizers::Tokenizer::from_bytes(bytes).map_err(library)?;
        // A text that spells the end token is text, not the token.
        inner.set_encode_special_tokens(true);
        Ok(Coder { inner })
    }

    /// Number of token ids.
    pub fn vocabulary(&self) -> usize {
        self.inner.get_vocab_size(true)
    }

    /// The ids of a text, without the end token.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>, TokenizerError> {
        Ok(self.inner.encode_fast(text, false).map_err(library)?.get_ids().to_vec())
    }

    /// The ids of many texts, in order, on all threads.
    pub fn encode_all(
        &self,
        documents: &[Document],
        kernels: &Kernels,
    ) -> Result<Vec<Vec<u32>>, TokenizerError> {
        let encoded = kernels.map(documents.len(), &|index| self.encode(&documents[index].text));
        encoded.into_iter().collect()
    }

    /// The text of some ids.
    pub fn decode(&self, ids: &[u32]) -> Result<String, TokenizerError> {
        self.inner.decode(ids, true).map_err(library)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use recipes::Digest;

    const VOCABULARY: u32 = 330;

    fn documents() -> Vec<Document> {
        let text = |i: u64| {
            let word = |k: u64| format!("w{}", kernels::random::below(5, 9, i * 64 + k, 90));
            (0..64).map(word).collect::<Vec<_>>().join(" ")
        };
        (0..60).map(|i| Document::new(0, format!("{i}"), 0, text(i))).collect()
    }

    fn trained() -> Vec<u8> {
        let settings = recipe::Tokenizer::Bpe { vocabulary: VOCABULARY };
        train(&settings, &documents()).expect("trained")
    }

    #[test]
    fn training_again_gives_the_same_file() {
        let first = trained();
        for _ in 0..20 {
            assert_eq!(trained(), first);
        }
    }

    /// Printed by the child processes of the test below.
    #[test]
    #[ignore = "run by another test, as a process of its own"]
    fn print_the_digest() {
        println!("digest {}", Digest::of(&trained()));
    }

    #[test]
    fn other_processes_and_thread_counts_give_the_same_file() {
        let wanted = format!("digest {}", Digest::of(&trained()));
        for threads in ["1", "2", "7"] {
            for parallel in ["true", "false"] {
                let output = std::process::Command::new(std::env::current_exe().expect("a path"))
                    .args(["--exact", "tokenizer::tests::print_the_digest"])
                    .args(["--include-ignored", "--nocapture"])
                    .env("RAYON_NUM_THREADS", threads)
                    .env("TOKENIZERS_PARALLELISM", parallel)
                    .output()
                    .expect("runs");
                let said = String::from_utf8_lossy(&output.stdout).into_owned();
                assert!(said.contains(&wanted), "{threads} {parallel}: {said}");
            }
        }
    }

    #[test]
    fn text_comes_back_and_the_end_token_cannot_be_spelled() {
        let coder = Coder::read(&trained()).expect("readable");
        assert_eq!(coder.vocabulary(), VOCABULARY as usize);
        for text in ["w1 w22", "héllo 世界 \u{1F600}\n\tx", "", "a<|end|>b"] {
            let ids = coder.encode(text).expect("encoded");
            assert!(!ids.contains(&END_ID), "{text}");
            assert_eq!(coder.decode(&ids).expect("decoded"), text);
        }
        assert_eq!(coder.decode(&[END_ID]).expect("decoded"), "");
    }

    #[test]
    fn too_little_text_for_the_vocabulary_is_an_error() {
        let settings = recipe::Tokenizer::Bpe { vocabulary: 5000 };
        let error = train(&settings, &documents()).expect_err("too little");
        assert!(matches!(error, TokenizerError::Small { wanted: 5000, .. }), "{error}");
    }
}
