//! Bytes that lie so that a disk takes them without a copy.

use std::io::{self, Read};

use crate::disk::{DIRECT_ALIGNMENT, DIRECT_BYTES_MIN};

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

    /// What is not filled yet.
    pub fn room(&mut self) -> &mut [u8] {
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
