//! Documents put aside in a file between two passes, in order, and read back in blocks.
//!
//! A document is its source (u32), position (u64), id, digest of its text, which of address and
//! licence it has (one byte), then name, text and those two, each after its length in bytes (u64);
//! little-endian. Nobody but the process that wrote it reads it.

use std::io::{BufReader, Error, ErrorKind, Read, Result, Seek, SeekFrom, Write};
use std::sync::Arc;

use recipes::{Digest, Hasher};

use crate::document::{About, Document};
use crate::pass::Flowing;
use crate::spill::{Scratch, Spill};

/// Bytes of text in a block, and documents, after which it ends.
pub const BLOCK_BYTES: usize = 4 << 20;
pub const BLOCK_DOCUMENTS: usize = 1 << 16;
/// Bytes gathered before they are written.
const BUFFER: usize = 1 << 18;

/// Takes documents.
pub struct SpoolWriter {
    file: Box<dyn Spill>,
    buffer: Vec<u8>,
    documents: u64,
    digest: Hasher,
}

impl SpoolWriter {
    /// Begins an empty spool.
    pub fn new(scratch: &dyn Scratch) -> Result<SpoolWriter> {
        let (file, buffer) = (scratch.spill()?, Vec::new());
        Ok(SpoolWriter { file, buffer, documents: 0, digest: Hasher::new() })
    }

    /// Puts a document at the end.
    pub fn push(&mut self, flowing: &Flowing) -> Result<()> {
        let Flowing { document, digest } = flowing;
        let into = &mut self.buffer;
        into.extend_from_slice(&document.source.to_le_bytes());
        into.extend_from_slice(&document.position.to_le_bytes());
        into.extend_from_slice(document.id.as_bytes());
        into.extend_from_slice(digest.as_bytes());
        let (url, licence) = (document.about.url.as_deref(), document.about.licence.as_deref());
        into.push(u8::from(url.is_some()) | u8::from(licence.is_some()) << 1);
        let texts = [Some(document.name.as_str()), Some(&document.text), url, licence];
        for text in texts.into_iter().flatten() {
            into.extend_from_slice(&(text.len() as u64).to_le_bytes());
            into.extend_from_slice(text.as_bytes());
        }
        self.documents += 1;
        self.digest.update(digest.as_bytes());
        self.digest.update(document.id.as_bytes());
        if self.buffer.len() >= BUFFER { self.write() } else { Ok(()) }
    }

    fn write(&mut self) -> Result<()> {
        self.file.write_all(&self.buffer)?;
        self.buffer.clear();
        self.buffer.shrink_to(BUFFER);
        Ok(())
    }

    /// Ends the spool.
    pub fn finish(mut self) -> Result<Spool> {
        self.write()?;
        self.file.flush()?;
        let SpoolWriter { file, documents, digest, .. } = self;
        Ok(Spool { file, documents, digest: digest.finish() })
    }
}

/// Documents in a file.
pub struct Spool {
    file: Box<dyn Spill>,
    /// How many there are.
    pub documents: u64,
    /// SHA-256 over, in order, the digest of each text as it is now and the document's id.
    pub digest: Digest,
}

impl Spool {
    /// The documents from the first on, in blocks.
    pub fn blocks(&mut self) -> Result<Blocks<'_>> {
        self.file.seek(SeekFrom::Start(0))?;
        let reader = BufReader::with_capacity(BUFFER, &mut self.file);
        Ok(Blocks { reader, left: self.documents })
    }

    /// The documents one by one, from the first on.
    pub fn documents(&mut self) -> Result<impl Iterator<Item = Result<Document>> + '_> {
        let blocks = self.blocks()?;
        let each = |block: Result<Vec<Flowing>>| -> Vec<Result<Document>> {
            match block {
                Ok(block) => block.into_iter().map(|flowing| Ok(flowing.document)).collect(),
                Err(error) => vec![Err(error)],
            }
        };
        Ok(blocks.flat_map(each))
    }
}

/// Reads documents back.
pub struct Blocks<'s> {
    reader: BufReader<&'s mut Box<dyn Spill>>,
    left: u64,
}

impl Blocks<'_> {
    fn block(&mut self) -> Result<Vec<Flowing>> {
        let (mut block, mut bytes) = (Vec::new(), 0);
        while self.left > 0 && bytes < BLOCK_BYTES && block.len() < BLOCK_DOCUMENTS {
            let flowing = self.document()?;
            bytes += flowing.document.text.len();
            block.push(flowing);
            self.left -= 1;
        }
        Ok(block)
    }

    fn document(&mut self) -> Result<Flowing> {
        let source = u32::from_le_bytes(self.array()?);
        let position = u64::from_le_bytes(self.array()?);
        let id = Digest::from_bytes(self.array()?);
        let digest = Digest::from_bytes(self.array()?);
        let [has] = self.array()?;
        let (name, text) = (self.text()?, self.text()?);
        let url = (has & 1 != 0).then(|| self.text()).transpose()?;
        let licence = (has & 2 != 0).then(|| self.text()).transpose()?.map(Arc::from);
        let about = About { url, licence };
        Ok(Flowing { document: Document { source, name, position, id, text, about }, digest })
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        self.reader.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    fn text(&mut self) -> Result<String> {
        let mut bytes = vec![0; u64::from_le_bytes(self.array()?) as usize];
        self.reader.read_exact(&mut bytes)?;
        String::from_utf8(bytes).map_err(|error| Error::new(ErrorKind::InvalidData, error))
    }
}

impl Iterator for Blocks<'_> {
    type Item = Result<Vec<Flowing>>;

    fn next(&mut self) -> Option<Result<Vec<Flowing>>> {
        let block = self.block();
        if block.is_err() {
            self.left = 0;
        }
        Some(block).filter(|block| !matches!(block, Ok(block) if block.is_empty()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spill::InMemory;

    /// The digest of a list of documents, written out.
    fn documents_digest(documents: &[Document]) -> Digest {
        let mut hasher = Hasher::new();
        for document in documents {
            hasher.update(Digest::of(document.text.as_bytes()).as_bytes());
            hasher.update(document.id.as_bytes());
        }
        hasher.finish()
    }

    #[test]
    fn documents_come_back_as_they_were() {
        let text = |i: u64| format!("{i} ü汉 ").repeat(i as usize % 7);
        let made = |i: u64| Document::new(i as u32 % 3, format!("n{i}"), i, text(i));
        let mut all: Vec<Document> = (0..200_000).map(made).collect();
        all.push(Document::new(0, "large".into(), 0, "y".repeat(2 * BLOCK_BYTES)));
        all.push(made(8));
        for (url, licence) in [(true, false), (false, true), (true, true)] {
            let mut document = made(9);
            document.about.url = url.then(|| "http://a.example/".to_owned());
            document.about.licence = licence.then(|| "MIT".into());
            all.push(document);
        }
        let mut writer = SpoolWriter::new(&InMemory).expect("memory");
        for document in &all {
            writer.push(&Flowing::gathered(document.clone())).expect("memory");
        }
        let mut spool = writer.finish().expect("memory");
        assert_eq!(spool.digest, documents_digest(&all));
        for _ in 0..2 {
            let read = spool.documents().expect("memory").map(|read| read.expect("whole"));
            assert!(read.eq(all.iter().cloned()));
        }
        let sizes: Vec<usize> =
            spool.blocks().expect("memory").map(|block| block.expect("whole").len()).collect();
        assert!(sizes.len() > 3 && sizes.iter().all(|size| *size <= BLOCK_DOCUMENTS), "{sizes:?}");
    }
}
