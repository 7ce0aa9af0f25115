//! The disk as the registry sees it: every operation on a file of truth goes through here.
//!
//! What always holds: nothing counts as kept before `sync` of the file and of its folder.
//! The tests have a second disk that forgets whatever was not synced.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use rustix::fs::{FlockOperation, OFlags, flock};

/// Operations on files by path.
pub trait Disk: Send + Sync {
    /// Reads from an offset; fewer bytes than wanted only at the end of the file.
    fn read_at(&self, path: &Path, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;
    /// The size of a file.
    fn size(&self, path: &Path) -> io::Result<u64>;
    /// The names in a folder, sorted.
    fn names(&self, folder: &Path) -> io::Result<Vec<String>>;
    /// Makes a folder, unless it is there.
    fn create_folder(&self, folder: &Path) -> io::Result<()>;
    /// Writes at an offset, making the file where there is none.
    fn write_at(&self, path: &Path, offset: u64, bytes: &[u8]) -> io::Result<()>;
    /// Makes `path` share the blocks of a file outside; `false` where that cannot be.
    fn share(&self, source: &Path, path: &Path) -> io::Result<bool>;
    /// Cuts a file to a size.
    fn cut(&self, path: &Path, size: u64) -> io::Result<()>;
    /// Makes a file's bytes last.
    fn sync(&self, path: &Path) -> io::Result<()>;
    /// Makes the names in a folder last.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;
    /// Gives a file another name, replacing what had it.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Takes a file away.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Makes a file read-only.
    fn protect(&self, path: &Path) -> io::Result<()>;
    /// Makes a lock file and holds it until the answer is dropped; `None` where another does.
    fn hold(&self, path: &Path) -> io::Result<Option<Held>>;
}

/// Alignment of address, offset and length that any disk takes for direct writing.
pub const DIRECT_ALIGNMENT: usize = 4096;

/// The least bytes for which going around the page cache is worth it.
pub const DIRECT_BYTES_MIN: usize = 1 << 20;

/// Writes large aligned bytes straight to the disk: no copy into the page cache, and little left
/// for the last sync to do. `false` where the bytes or the file system do not allow it.
fn written_around_the_cache(path: &Path, offset: u64, bytes: &[u8]) -> io::Result<bool> {
    let aligned = |number: usize| number.is_multiple_of(DIRECT_ALIGNMENT);
    let fits = aligned(bytes.as_ptr().addr()) && aligned(bytes.len()) && aligned(offset as usize);
    if bytes.len() < DIRECT_BYTES_MIN || !fits {
        return Ok(false);
    }
    let refused = |error: &io::Error| error.kind() == io::ErrorKind::InvalidInput;
    let mut how = OpenOptions::new();
    how.write(true).create(true).truncate(false);
    let opened = how.custom_flags(OFlags::DIRECT.bits() as i32).open(path);
    match opened.and_then(|file| file.write_all_at(bytes, offset)) {
        Ok(()) => Ok(true),
        Err(error) if refused(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

/// A held lock file.
pub struct Held(#[allow(dead_code)] pub Option<File>);

/// The disk of this machine.
pub struct RealDisk;

impl Disk for RealDisk {
    fn read_at(&self, path: &Path, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let file = File::open(path)?;
        let mut done = 0;
        while done < buffer.len() {
            match file.read_at(&mut buffer[done..], offset + done as u64) {
                Ok(0) => break,
                Ok(n) => done += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }

    fn size(&self, path: &Path) -> io::Result<u64> {
        Ok(fs::metadata(path)?.len())
    }

    fn names(&self, folder: &Path) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(folder)? {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        Ok(names)
    }

    fn create_folder(&self, folder: &Path) -> io::Result<()> {
        match fs::create_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            made => made,
        }
    }

    fn write_at(&self, path: &Path, offset: u64, bytes: &[u8]) -> io::Result<()> {
        if written_around_the_cache(path, offset, bytes)? {
            return Ok(());
        }
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(path)?;
        file.write_all_at(bytes, offset)
    }

    fn share(&self, source: &Path, path: &Path) -> io::Result<bool> {
        let (source, file) = (File::open(source)?, File::create(path)?);
        Ok(rustix::fs::ioctl_ficlone(&file, &source).is_ok())
    }

    fn cut(&self, path: &Path, size: u64) -> io::Result<()> {
        OpenOptions::new().write(true).open(path)?.set_len(size)
    }

    fn sync(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_data()
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        File::open(folder)?.sync_all()
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn protect(&self, path: &Path) -> io::Result<()> {
        fs::set_permissions(path, fs::Permissions::from_mode(0o444))
    }

    fn hold(&self, path: &Path) -> io::Result<Option<Held>> {
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(path)?;
        let held = flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok();
        // A sweeper may have taken the name away between the two calls.
        Ok((held && path.exists()).then_some(Held(Some(file))))
    }
}
