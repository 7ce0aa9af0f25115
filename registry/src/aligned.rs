//! Bytes that lie so that a disk takes them without a copy, and a file written from such bytes.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::disk::{DIRECT_ALIGNMENT, DIRECT_BYTES_MIN, Disk, RealDisk};

/// How much is written at once: as much as goes straight to the disk.
pub(crate) const BLOCK: usize = DIRECT_BYTES_MIN;

/// Bytes on their way, aligned.
pub(crate) struct Block {
    memory: Vec<u8>,
    start: usize,
    pub length: usize,
}

impl Block {
    pub fn new() -> Block {
        let memory = vec![0; BLOCK + DIRECT_ALIGNMENT];
        let start = memory.as_ptr().align_offset(DIRECT_ALIGNMENT).min(DIRECT_ALIGNMENT);
        Block { memory, start, length: 0 }
    }

    pub fn bytes(&self) -> &[u8] {
        &self.memory[self.start..][..self.length]
    }

    fn room(&mut self) -> &mut [u8] {
        &mut self.memory[self.start..][self.length..BLOCK]
    }

    /// Reads until the block is full or the reader ends.
    pub fn fill(&mut self, reader: &mut dyn Read) -> io::Result<()> {
        self.length = 0;
        while self.length < BLOCK {
            match reader.read(self.room()) {
                Ok(0) => break,
                Ok(n) => self.length += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// A new file, written from front to back past the page cache where the disk allows it.
pub struct StraightFile {
    path: PathBuf,
    block: Block,
    offset: u64,
}

impl StraightFile {
    /// Makes the file, or empties it.
    pub fn create(path: &Path) -> io::Result<StraightFile> {
        File::create(path)?;
        Ok(StraightFile { path: path.to_owned(), block: Block::new(), offset: 0 })
    }

    /// Writes what is left and makes all bytes last.
    pub fn finish(mut self) -> io::Result<()> {
        self.flush()?;
        RealDisk.sync(&self.path)
    }
}

impl Write for StraightFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = self.block.room();
        let taken = bytes.len().min(room.len());
        room[..taken].copy_from_slice(&bytes[..taken]);
        self.block.length += taken;
        if self.block.length == BLOCK {
            self.flush()?;
        }
        Ok(taken)
    }

    /// Writes what came; after a flush in the middle of a block the rest goes through the cache.
    fn flush(&mut self) -> io::Result<()> {
        RealDisk.write_at(&self.path, self.offset, self.block.bytes())?;
        self.offset += self.block.length as u64;
        self.block.length = 0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_bytes_are_written_in_their_order() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("f");
        for pieces in [&[][..], &[1], &[BLOCK], &[BLOCK - 1, 2], &[3, 2 * BLOCK, BLOCK, 7]] {
            let mut file = StraightFile::create(&path).expect("a file");
            let mut wanted = Vec::new();
            for (number, length) in (1u8..).zip(pieces) {
                let bytes = vec![number; *length];
                file.write_all(&bytes).expect("written");
                wanted.extend(bytes);
            }
            file.finish().expect("written");
            assert!(std::fs::read(&path).expect("a file") == wanted, "{pieces:?}");
        }
    }
}
