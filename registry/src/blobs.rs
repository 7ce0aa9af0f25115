//! Large bytes as plain files, named by their SHA-256: `sha256sum` is a complete check.
//!
//! What always holds: a file under `blobs/` was whole and synced before it got its name, and is
//! never changed; a digest is handed out after its name is synced.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use recipes::{Digest, Hasher};

use crate::aligned::{BLOCK, Block};
use crate::disk::{Disk, Held};
use crate::layout::{Layout, fresh_name};

/// How many blocks may wait between the reader and the writer.
const BLOCKS_WAITING: usize = 8;

/// The blobs of one registry.
pub struct Blobs {
    disk: Arc<dyn Disk>,
    layout: Layout,
    session: Mutex<Option<Session>>,
    next: AtomicU64,
    /// The two-digit folders whose names this process made last.
    synced: Mutex<BTreeSet<u8>>,
}

/// The right to temporary names that begin with this one.
struct Session {
    name: String,
    _held: Held,
}

impl Blobs {
    /// The blobs of a registry's folder.
    pub fn new(disk: Arc<dyn Disk>, layout: Layout) -> Blobs {
        let (session, synced) = (Mutex::default(), Mutex::default());
        Blobs { disk, layout, session, next: AtomicU64::new(0), synced }
    }

    /// Where a blob lies, whether it is there or not.
    pub fn path(&self, digest: &Digest) -> PathBuf {
        let hex = digest.hex();
        self.folder().join(&hex[..2]).join(hex)
    }

    fn folder(&self) -> PathBuf {
        self.layout.blobs().join("sha256")
    }

    /// Whether a blob is here.
    pub fn has(&self, digest: &Digest) -> bool {
        self.size(digest).is_ok()
    }

    /// The size of a blob.
    pub fn size(&self, digest: &Digest) -> io::Result<u64> {
        self.disk.size(&self.path(digest)).map_err(|error| missing(digest, error))
    }

    /// Opens a blob for reading.
    pub fn open(&self, digest: &Digest) -> io::Result<File> {
        File::open(self.path(digest)).map_err(|error| missing(digest, error))
    }

    /// Keeps a copy of a file; its blocks are shared where the file system can.
    pub fn put_file(&self, source: &Path) -> io::Result<(Digest, u64)> {
        let temporary = self.temporary()?;
        if self.disk.share(source, &temporary).unwrap_or(false) {
            let kept = self.hash(&temporary);
            return self.finish(&temporary, kept);
        }
        let opened = File::open(source).map_err(|error| about(source, error));
        let kept = opened.and_then(|mut file| self.copy(&mut file, &temporary));
        self.finish(&temporary, kept)
    }

    /// Keeps the bytes of a reader.
    pub fn put(&self, reader: &mut dyn Read) -> io::Result<(Digest, u64)> {
        let temporary = self.temporary()?;
        let kept = self.copy(reader, &temporary);
        self.finish(&temporary, kept)
    }

    /// Keeps bytes.
    pub fn put_bytes(&self, bytes: &[u8]) -> io::Result<Digest> {
        let digest = Digest::of(bytes);
        if self.size(&digest).is_ok_and(|size| size == bytes.len() as u64) {
            self.sync_name(&digest)?;
            return Ok(digest);
        }
        let temporary = self.temporary()?;
        let kept = self.disk.write_at(&temporary, 0, bytes).and_then(|()| {
            self.disk.sync(&temporary)?;
            Ok((digest, bytes.len() as u64))
        });
        Ok(self.finish(&temporary, kept)?.0)
    }

    /// All blobs, sorted; files with other names are not blobs.
    pub fn list(&self) -> io::Result<Vec<Digest>> {
        let mut found = Vec::new();
        for folder in self.disk.names(&self.folder())? {
            found.extend(self.list_folder(&folder)?);
        }
        Ok(found)
    }

    /// The blobs whose digests begin with these hex digits, at least two.
    pub fn with_prefix(&self, prefix: &str) -> io::Result<Vec<Digest>> {
        let mut found = self.list_folder(prefix.get(..2).unwrap_or_default())?;
        found.retain(|digest| digest.hex().starts_with(prefix));
        Ok(found)
    }

    fn list_folder(&self, folder: &str) -> io::Result<Vec<Digest>> {
        match self.disk.names(&self.folder().join(folder)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            names => Ok(names?.iter().filter_map(|name| Digest::from_hex(name).ok()).collect()),
        }
    }

    /// Takes a blob away; only a collection that the journal allows may do this.
    pub fn remove(&self, digest: &Digest) -> io::Result<()> {
        self.disk.remove(&self.path(digest))
    }

    /// Takes away what processes that are gone left half-written.
    pub fn sweep(&self) -> io::Result<()> {
        let folder = self.incoming();
        let names = match self.disk.names(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            names => names?,
        };
        for lock in names.iter().filter(|name| name.ends_with(".lock")) {
            let Some(_held) = self.disk.hold(&folder.join(lock))? else { continue };
            let session = lock.trim_end_matches("lock");
            for name in names.iter().filter(|name| name.starts_with(session) && *name != lock) {
                self.disk.remove(&folder.join(name))?;
            }
            self.disk.remove(&folder.join(lock))?;
        }
        Ok(())
    }

    /// The folder of copies that are not whole yet.
    pub fn incoming(&self) -> PathBuf {
        self.layout.work().join("incoming")
    }

    /// A temporary name that only this process uses.
    fn temporary(&self) -> io::Result<PathBuf> {
        let folder = self.incoming();
        let mut session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        while session.is_none() {
            let made = self.disk.create_folder(&self.layout.work());
            made.and_then(|()| self.disk.create_folder(&folder))
                .map_err(|error| about(&folder, error))?;
            let name = fresh_name().map_err(io::Error::other)?;
            let path = folder.join(format!("{name}.lock"));
            let held = self.disk.hold(&path).map_err(|error| about(&path, error))?;
            *session = held.map(|held| Session { name, _held: held });
        }
        let name = session.as_ref().map(|session| session.name.as_str()).unwrap_or_default();
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        Ok(folder.join(format!("{name}.{number}")))
    }

    fn hash(&self, path: &Path) -> io::Result<(Digest, u64)> {
        let (mut hasher, mut size) = (Hasher::new(), 0);
        let mut block = vec![0; BLOCK];
        loop {
            let read = self.disk.read_at(path, size, &mut block)?;
            if read == 0 {
                self.disk.sync(path)?;
                return Ok((hasher.finish(), size));
            }
            hasher.update(&block[..read]);
            size += read as u64;
        }
    }

    /// Reads, hashes and writes in one pass; two threads where there is more than one block.
    fn copy(&self, reader: &mut dyn Read, path: &Path) -> io::Result<(Digest, u64)> {
        let mut first = Block::new();
        first.fill(reader)?;
        if first.length < BLOCK {
            self.disk.write_at(path, 0, first.bytes())?;
            self.disk.sync(path)?;
            return Ok((Digest::of(first.bytes()), first.length as u64));
        }
        let (full, to_write) = sync_channel::<Block>(BLOCKS_WAITING);
        let (empty, to_fill) = sync_channel::<Block>(BLOCKS_WAITING + 2);
        std::thread::scope(|scope| {
            let writer = scope.spawn(move || self.write(path, &to_write, &empty));
            let hashed = hash_on(reader, first, full, &to_fill);
            let written = writer.join().map_err(|_| io::Error::other("the writer stopped"))?;
            written?;
            hashed
        })
    }

    /// Writes blocks as they come, then syncs them.
    fn write(
        &self,
        path: &Path,
        blocks: &Receiver<Block>,
        empty: &SyncSender<Block>,
    ) -> io::Result<()> {
        let mut offset = 0;
        for block in blocks {
            self.disk.write_at(path, offset, block.bytes())?;
            offset += block.length as u64;
            let _ = empty.try_send(block);
        }
        self.disk.sync(path)
    }

    /// Gives whole, synced bytes their name; or takes away what is not whole.
    fn finish(
        &self,
        temporary: &Path,
        kept: io::Result<(Digest, u64)>,
    ) -> io::Result<(Digest, u64)> {
        let named = kept.and_then(|(digest, size)| {
            self.name(temporary, &digest, size)?;
            Ok((digest, size))
        });
        named.map_err(|error| {
            let _ = self.disk.remove(temporary);
            let whole = self.layout.place(temporary);
            io::Error::new(error.kind(), format!("`{whole}`: {error}"))
        })
    }

    fn name(&self, temporary: &Path, digest: &Digest, size: u64) -> io::Result<()> {
        let path = self.path(digest);
        if self.disk.size(&path).is_ok_and(|found| found == size) {
            self.disk.remove(temporary)?;
            return self.sync_name(digest);
        }
        self.disk.create_folder(path.parent().unwrap_or(&path))?;
        self.disk.protect(temporary)?;
        self.disk.rename(temporary, &path)?;
        self.sync_name(digest)
    }

    /// Makes a blob's name last, and that of its folder.
    fn sync_name(&self, digest: &Digest) -> io::Result<()> {
        let path = self.path(digest);
        self.disk.sync_folder(path.parent().unwrap_or(&path))?;
        let mut synced = self.synced.lock().unwrap_or_else(PoisonError::into_inner);
        if synced.insert(digest.as_bytes()[0]) {
            self.disk.sync_folder(&self.folder())?;
        }
        Ok(())
    }
}

impl Drop for Blobs {
    fn drop(&mut self) {
        let session = self.session.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(session) = session {
            let lock = self.incoming().join(format!("{}.lock", session.name));
            // What stays is swept by the next owner.
            let _ = self.disk.remove(&lock);
        }
    }
}

fn about(path: &Path, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("`{}`: {error}", path.display()))
}

fn missing(digest: &Digest, error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::NotFound => {
            io::Error::new(error.kind(), format!("blob `{digest}` is not here"))
        }
        _ => error,
    }
}

/// Hashes blocks and hands them on, until the reader ends or the writer is gone.
fn hash_on(
    reader: &mut dyn Read,
    first: Block,
    full: SyncSender<Block>,
    empty: &Receiver<Block>,
) -> io::Result<(Digest, u64)> {
    let (mut hasher, mut size, mut block) = (Hasher::new(), 0, first);
    while block.length > 0 {
        hasher.update(block.bytes());
        size += block.length as u64;
        if full.send(block).is_err() {
            return Err(io::Error::other("the writer stopped"));
        }
        block = empty.try_recv().unwrap_or_else(|_| Block::new());
        block.fill(reader)?;
    }
    Ok((hasher.finish(), size))
}
