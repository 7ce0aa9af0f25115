//! Documents as streams of token ids, one stream a source, and where each document lies in it.

use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::sync::{Mutex, PoisonError};

use kernels::Kernels;
use kitchen::Document;
use kitchen::spill::{Scratch, Spill};
use kitchen::spool::Spool;
use recipes::{Digest, Hasher};

use crate::tokenizer::{Coder, END_ID};

/// Ids that are read back at once.
const BLOCK: usize = 1 << 16;

/// Token ids in a file, u32 little-endian.
pub struct Stream {
    len: u64,
    file: Mutex<Box<dyn Spill>>,
}

impl Stream {
    /// Puts ids into a new file.
    pub fn of(ids: impl IntoIterator<Item = u32>, scratch: &dyn Scratch) -> io::Result<Stream> {
        let mut writer = StreamWriter::new(scratch)?;
        ids.into_iter().try_for_each(|id| writer.push(&[id]))?;
        writer.finish()
    }

    /// How many ids there are.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Reads the ids from one on.
    pub fn read(&self, start: u64, ids: &mut [u32]) -> io::Result<()> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(start * size_of::<u32>() as u64))?;
        file.read_exact(bytemuck::cast_slice_mut(ids))?;
        ids.iter_mut().for_each(|id| *id = u32::from_le(*id));
        Ok(())
    }

    /// Calls `take` with all ids, in blocks.
    fn each(&self, mut take: impl FnMut(&[u32])) -> io::Result<()> {
        let mut ids = vec![0; BLOCK];
        for start in (0..self.len).step_by(BLOCK) {
            let count = (self.len - start).min(BLOCK as u64) as usize;
            self.read(start, &mut ids[..count])?;
            take(&ids[..count]);
        }
        Ok(())
    }
}

struct StreamWriter {
    len: u64,
    file: BufWriter<Box<dyn Spill>>,
}

impl StreamWriter {
    fn new(scratch: &dyn Scratch) -> io::Result<StreamWriter> {
        Ok(StreamWriter { len: 0, file: BufWriter::with_capacity(BLOCK, scratch.spill()?) })
    }

    fn push(&mut self, ids: &[u32]) -> io::Result<()> {
        self.len += ids.len() as u64;
        ids.iter().try_for_each(|id| self.file.write_all(&id.to_le_bytes()))
    }

    fn finish(self) -> io::Result<Stream> {
        let file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok(Stream { len: self.len, file: Mutex::new(file) })
    }
}

/// Tokenized documents.
pub struct Corpus {
    /// For each source of the formula: its documents' ids one after another, each ended by id 0.
    pub streams: Vec<Stream>,
}

/// Tokenizes documents, in order; `record` is told each with its first token in its source's
/// stream and its tokens with the end.
///
/// The digest is SHA-256 over, for each source, its number of tokens as u64 and the ids as u32,
/// then for each document its source as u32, first token and tokens with the end as u64; all
/// little-endian.
pub fn tokenize(
    coder: &Coder,
    documents: &mut Spool,
    sources: usize,
    kernels: &Kernels,
    scratch: &dyn Scratch,
    mut record: impl FnMut(&Document, u64, u64) -> io::Result<()>,
) -> io::Result<(Corpus, Digest)> {
    let writers = (0..sources).map(|_| StreamWriter::new(scratch));
    let mut writers = writers.collect::<io::Result<Vec<_>>>()?;
    let mut ranges = BufWriter::with_capacity(BLOCK, scratch.spill()?);
    for block in documents.blocks()? {
        let block = block?;
        let texts: Vec<&str> = block.iter().map(|flowing| flowing.document.text.as_str()).collect();
        for (flowing, ids) in block.iter().zip(coder.encode_all(&texts, kernels)) {
            let source = flowing.document.source;
            let writer = &mut writers[source as usize];
            let (first, tokens) = (writer.len, ids.len() as u64 + 1);
            ranges.write_all(&source.to_le_bytes())?;
            ranges.write_all(&first.to_le_bytes())?;
            ranges.write_all(&tokens.to_le_bytes())?;
            record(&flowing.document, first, tokens)?;
            writer.push(&ids)?;
            writer.push(&[END_ID])?;
        }
    }
    let streams = writers.into_iter().map(StreamWriter::finish).collect::<io::Result<_>>()?;
    let corpus = Corpus { streams };
    let mut hasher = Hasher::new();
    corpus.hash(&mut hasher)?;
    let mut ranges = ranges.into_inner().map_err(io::IntoInnerError::into_error)?;
    ranges.seek(SeekFrom::Start(0))?;
    io::copy(&mut ranges, &mut hasher)?;
    Ok((corpus, hasher.finish()))
}

impl Corpus {
    /// Tokens of all sources.
    pub fn tokens(&self) -> u64 {
        self.streams.iter().map(Stream::len).sum()
    }

    /// The ids of all sources, one after another, in memory.
    pub fn concat(&self) -> io::Result<Vec<u32>> {
        let mut all = Vec::with_capacity(self.tokens() as usize);
        self.streams.iter().try_for_each(|stream| stream.each(|ids| all.extend_from_slice(ids)))?;
        Ok(all)
    }

    /// Adds the streams to a digest.
    fn hash(&self, hasher: &mut Hasher) -> io::Result<()> {
        for stream in &self.streams {
            hasher.update(&stream.len.to_le_bytes());
            stream.each(|ids| {
                let bytes: Vec<u8> = ids.iter().flat_map(|id| id.to_le_bytes()).collect();
                hasher.update(&bytes);
            })?;
        }
        Ok(())
    }
}
