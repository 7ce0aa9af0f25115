//! Documents as streams of token ids, one stream a source, and where each document lies in it.

use kernels::Kernels;
use recipes::{Digest, Hasher};

use crate::tokenizer::{Coder, END_ID};
use kitchen::Document;

/// Tokenized documents.
pub struct Corpus {
    /// For each source of the formula: its documents' ids one after another, each ended by id 0.
    pub streams: Vec<Vec<u32>>,
    /// For each document, in order: source, first token, number of tokens with the end.
    pub ranges: Vec<(u32, u64, u64)>,
}

/// Tokenizes documents, in order.
pub fn tokenize(
    coder: &Coder,
    documents: &[Document],
    sources: usize,
    kernels: &Kernels,
) -> Corpus {
    let mut corpus = Corpus { streams: vec![Vec::new(); sources], ranges: Vec::new() };
    let texts: Vec<&str> = documents.iter().map(|document| document.text.as_str()).collect();
    for (document, ids) in documents.iter().zip(coder.encode_all(&texts, kernels)) {
        let stream = &mut corpus.streams[document.source as usize];
        corpus.ranges.push((document.source, stream.len() as u64, ids.len() as u64 + 1));
        stream.extend(ids);
        stream.push(END_ID);
    }
    corpus
}

impl Corpus {
    /// Tokens of all sources.
    pub fn tokens(&self) -> u64 {
        self.streams.iter().map(|stream| stream.len() as u64).sum()
    }

    /// SHA-256 over, for each source, its number of tokens as u64 and the ids as u32, then for
    /// each document its source as u32, first token and length as u64; all little-endian.
    pub fn digest(&self) -> Digest {
        let mut hasher = Hasher::new();
        for stream in &self.streams {
            hasher.update(&(stream.len() as u64).to_le_bytes());
            for ids in stream.chunks(4096) {
                let bytes: Vec<u8> = ids.iter().flat_map(|id| id.to_le_bytes()).collect();
                hasher.update(&bytes);
            }
        }
        for (source, start, len) in &self.ranges {
            hasher.update(&source.to_le_bytes());
            hasher.update(&start.to_le_bytes());
            hasher.update(&len.to_le_bytes());
        }
        hasher.finish()
    }
}
