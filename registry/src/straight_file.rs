//! A new file, written from front to back past the page cache where the disk allows it.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::aligned::{BLOCK, Block};
use crate::disk::{Disk, RealDisk};

/// A file being written.
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
        let all = [&[][..], &[1], &[BLOCK], &[BLOCK - 1, 2], &[3, 2 * BLOCK, BLOCK, 7]];
        for (pieces, flushes) in all.into_iter().flat_map(|one| [(one, false), (one, true)]) {
            let mut file = StraightFile::create(&path).expect("a file");
            let mut wanted = Vec::new();
            for (number, length) in (1u8..).zip(pieces) {
                let bytes = vec![number; *length];
                file.write_all(&bytes).expect("written");
                wanted.extend(bytes);
                if flushes {
                    file.flush().expect("written");
                }
            }
            file.finish().expect("written");
            assert!(std::fs::read(&path).expect("a file") == wanted, "{pieces:?}");
        }
    }
}
