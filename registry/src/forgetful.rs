//! A disk for tests that forgets what was not synced, and can run out of room at any byte.
//!
//! It keeps two images, written and synced, of every file and of every folder's names. At every
//! sync it remembers what a power cut at that moment could leave behind.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};

use crate::disk::{Disk, Held};

/// What a power cut leaves of bytes that were written and not synced.
#[derive(Clone, Copy, Debug)]
pub enum Cut {
    /// Nothing.
    Least,
    /// Everything.
    Most,
    /// Names as after `Most`, bytes up to a share of what was added, in 256ths.
    Torn(u64),
}

#[derive(Clone, Default)]
struct Node {
    written: Vec<u8>,
    synced: Vec<u8>,
}

#[derive(Clone, Default)]
struct State {
    nodes: Vec<Node>,
    written: BTreeMap<PathBuf, usize>,
    synced: BTreeMap<PathBuf, usize>,
    folders: BTreeSet<PathBuf>,
    folders_synced: BTreeSet<PathBuf>,
}

/// The disk at the moment of a sync.
#[derive(Clone)]
pub struct Frozen {
    state: State,
    /// How much had been acknowledged to the caller.
    pub acknowledged: usize,
}

#[derive(Default)]
struct Inner {
    state: State,
    frozen: Vec<Frozen>,
    acknowledged: usize,
    room: Option<usize>,
}

/// The disk.
#[derive(Default)]
pub struct ForgetfulDisk(Mutex<Inner>);

impl ForgetfulDisk {
    /// A disk with one empty folder that lasts.
    pub fn new(folder: &Path) -> ForgetfulDisk {
        let disk = ForgetfulDisk::default();
        for folder in folder.ancestors() {
            disk.inner().state.folders.insert(folder.into());
            disk.inner().state.folders_synced.insert(folder.into());
        }
        disk
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().expect("no test panics while it holds the disk")
    }

    /// Counts one more thing that the caller was told.
    pub fn acknowledge(&self) {
        self.inner().acknowledged += 1;
    }

    /// The moments of all syncs so far.
    pub fn frozen(&self) -> Vec<Frozen> {
        self.inner().frozen.clone()
    }

    /// Lets only so many more bytes be written.
    pub fn limit(&self, room: Option<usize>) {
        self.inner().room = room;
    }

    fn with_node<T>(&self, path: &Path, work: impl FnOnce(&mut Node) -> T) -> io::Result<T> {
        let mut inner = self.inner();
        let id = *inner.state.written.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(work(&mut inner.state.nodes[id]))
    }
}

impl Frozen {
    /// The disk that is found after the power comes back.
    pub fn after(&self, cut: Cut) -> ForgetfulDisk {
        let mut state = self.state.clone();
        let names = match cut {
            Cut::Least => state.synced.clone(),
            Cut::Most | Cut::Torn(_) => state.written.clone(),
        };
        if matches!(cut, Cut::Least) {
            state.folders = state.folders_synced.clone();
        }
        for node in &mut state.nodes {
            let left = match cut {
                Cut::Least => node.synced.clone(),
                Cut::Most => node.written.clone(),
                Cut::Torn(share) => {
                    let (old, new) = (node.synced.len() as u64, node.written.len() as u64);
                    let length = old + new.saturating_sub(old) * share / 256;
                    let whole = node.written.get(..length as usize);
                    whole.unwrap_or(&node.synced).to_vec()
                }
            };
            *node = Node { written: left.clone(), synced: left };
        }
        state.folders_synced = state.folders.clone();
        state.written = names.clone();
        state.synced = names;
        ForgetfulDisk(Mutex::new(Inner { state, ..Inner::default() }))
    }
}

impl Disk for ForgetfulDisk {
    fn read_at(&self, path: &Path, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.with_node(path, |node| {
            let rest = node.written.get(offset as usize..).unwrap_or_default();
            let length = rest.len().min(buffer.len());
            buffer[..length].copy_from_slice(&rest[..length]);
            length
        })
    }

    fn size(&self, path: &Path) -> io::Result<u64> {
        self.with_node(path, |node| node.written.len() as u64)
    }

    fn names(&self, folder: &Path) -> io::Result<Vec<String>> {
        let inner = self.inner();
        if !inner.state.folders.contains(folder) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let paths = inner.state.written.keys().chain(&inner.state.folders);
        let inside = paths.filter(|path| path.parent() == Some(folder));
        let names = inside.filter_map(|path| Some(path.file_name()?.to_string_lossy().into()));
        Ok(names.collect::<BTreeSet<String>>().into_iter().collect())
    }

    fn create_folder(&self, folder: &Path) -> io::Result<()> {
        self.inner().state.folders.insert(folder.into());
        Ok(())
    }

    fn write_at(&self, path: &Path, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut inner = self.inner();
        let Inner { state, room, .. } = &mut *inner;
        let parent = path.parent().ok_or(io::ErrorKind::NotFound)?;
        if !state.folders.contains(parent) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let fits = room.unwrap_or(usize::MAX).min(bytes.len());
        if let Some(room) = room {
            *room -= fits;
        }
        let next = state.nodes.len();
        let id = *state.written.entry(path.into()).or_insert(next);
        if id == next {
            state.nodes.push(Node::default());
        }
        let (node, end) = (&mut state.nodes[id].written, offset as usize + fits);
        node.resize(node.len().max(end), 0);
        node[offset as usize..end].copy_from_slice(&bytes[..fits]);
        if fits < bytes.len() { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    fn share(&self, _: &Path, _: &Path) -> io::Result<bool> {
        Ok(false)
    }

    fn cut(&self, path: &Path, size: u64) -> io::Result<()> {
        self.with_node(path, |node| node.written.truncate(size as usize))
    }

    fn sync(&self, path: &Path) -> io::Result<()> {
        self.freeze();
        self.with_node(path, |node| node.synced = node.written.clone())
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.freeze();
        let mut inner = self.inner();
        let state = &mut inner.state;
        let inside = |path: &Path| path.parent() == Some(folder);
        state.synced.retain(|path, _| !inside(path));
        let names = state.written.iter().filter(|(path, _)| inside(path));
        state.synced.extend(names.map(|(path, id)| (path.clone(), *id)));
        let folders = state.folders.iter().filter(|path| inside(path));
        state.folders_synced.extend(folders.cloned());
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut inner = self.inner();
        let id = inner.state.written.remove(from).ok_or(io::ErrorKind::NotFound)?;
        inner.state.written.insert(to.into(), id);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let removed = self.inner().state.written.remove(path);
        removed.map(|_| ()).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn protect(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn hold(&self, path: &Path) -> io::Result<Option<Held>> {
        self.write_at(path, 0, b"")?;
        Ok(Some(Held(None)))
    }
}

impl ForgetfulDisk {
    fn freeze(&self) {
        let mut inner = self.inner();
        let frozen = Frozen { state: inner.state.clone(), acknowledged: inner.acknowledged };
        inner.frozen.push(frozen);
    }
}
