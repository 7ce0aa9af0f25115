//! The index over the journal, kept in sled: rows in sorted layers, layers in blocks.
//!
//! sled is slow and memory-hungry with millions of small rows, and fast with blocks; so rows
//! gather in memory, become a layer, and layers of like size are merged. What always holds: the
//! manifest names exactly the layers that cover the journal up to its mark; everything here can
//! be made again from the journal. No other file names sled.

use std::cell::Cell;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::path::{Path, PathBuf};
use std::sync::Once;

use recipes::Digest;
use serde::{Deserialize, Serialize};

use crate::block::{self, Packer, Row};
use crate::error::RegistryError;
use crate::journal::Mark;

/// The layout of the rows; another number makes the index anew.
const LAYOUT: u32 = 1;

/// What sled may cache; its own default is a gigabyte.
const CACHE_BYTES: u64 = 4 << 20;

/// So many layers of like size are merged into one.
const LAYERS_ALIKE_MAX: usize = 8;

/// Layers below 8 to this power rows count as alike.
const TIER_MIN: u32 = 4;

const MANIFEST: &[u8] = b"manifest";

const MALFORMED: &str = "a block is malformed";

/// One sorted set of rows; a newer layer hides rows of older ones.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Layer {
    id: u32,
    rows: u64,
}

/// What the index covers, written last.
#[derive(Debug, Serialize, Deserialize)]
struct Manifest {
    layout: u32,
    registry: String,
    events: u64,
    segment: u32,
    offset: u64,
    seal: Digest,
    next: u32,
    layers: Vec<Layer>,
}

/// An open index.
pub struct Index {
    db: Option<sled::Db>,
    manifest: Manifest,
}

/// Why an index did not open.
pub enum NotOpen {
    /// Another process still has it.
    Busy,
    /// The place cannot be written.
    Unwritable(String),
    /// It is damaged, or of another layout or registry.
    Unusable(String),
}

const GAVE_UP: &str = "sled gave up on what it read";

thread_local! {
    /// Whether a panic on this thread is sled's, which nobody wants printed.
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Runs sled's code; a panic in it is an answer, not an end.
fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |panic| {
            if !QUIET.get() {
                before(panic);
            }
        }));
    });
    let outer = QUIET.replace(true);
    let done = catch_unwind(AssertUnwindSafe(work));
    QUIET.set(outer);
    done.map_err(|_| GAVE_UP.to_owned())
}

fn contained<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, RegistryError> {
    caught(work).and_then(|done| done).map_err(RegistryError::Index)
}

fn told(error: sled::Error) -> String {
    error.to_string()
}

impl Index {
    /// Opens the index of a registry, or begins one in an empty place.
    pub fn open(folder: &Path, registry: &str) -> Result<Index, NotOpen> {
        let config = sled::Config::new().path(folder);
        Index::of(config, registry)
    }

    /// Begins an index that is forgotten when it is closed.
    pub fn scratch(registry: &str) -> Result<Index, NotOpen> {
        Index::of(sled::Config::new().temporary(true), registry)
    }

    fn of(config: sled::Config, registry: &str) -> Result<Index, NotOpen> {
        let config = config.cache_capacity(CACHE_BYTES).flush_every_ms(None);
        let opened = caught(|| config.open());
        let db = match opened {
            Ok(Ok(db)) => db,
            Ok(Err(sled::Error::Io(error))) => return Err(not_open(&error)),
            Ok(Err(error)) => return Err(NotOpen::Unusable(error.to_string())),
            Err(why) => return Err(NotOpen::Unusable(why)),
        };
        let mut index = Index { db: Some(db), manifest: empty(registry) };
        let loaded = contained(|| index.load(registry));
        match loaded {
            Ok(()) => Ok(index),
            Err(error) => {
                index.abandon();
                Err(NotOpen::Unusable(error.to_string()))
            }
        }
    }

    fn load(&mut self, registry: &str) -> Result<(), String> {
        let Some(bytes) = self.db().get(MANIFEST).map_err(told)? else {
            return if self.db().is_empty() { Ok(()) } else { Err("it has no manifest".into()) };
        };
        let manifest: Manifest =
            serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
        if (manifest.layout, manifest.registry.as_str()) != (LAYOUT, registry) {
            let found = manifest.layout;
            return Err(format!("it is of layout {found} or of another registry"));
        }
        self.manifest = manifest;
        self.sweep()
    }

    fn db(&self) -> &sled::Db {
        self.db.as_ref().expect("an index is open until it is dropped")
    }

    /// How far into the journal the index reaches.
    pub fn mark(&self) -> Mark {
        let Manifest { events, segment, offset, seal, .. } = self.manifest;
        Mark { events, segment, offset, seal }
    }

    /// Finds the value of a key.
    pub fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, RegistryError> {
        contained(|| {
            for layer in self.manifest.layers.iter().rev() {
                let Some(block) = self.blocks(*layer, key).next() else { continue };
                let (_, bytes) = block.map_err(told)?;
                if let Some(value) = block::find(&bytes, key).ok_or(MALFORMED)? {
                    return Ok(Some(value.to_vec()));
                }
            }
            Ok(None)
        })
    }

    /// Rows with keys from `from` up to but without `to`, at most `limit` of each layer.
    /// Rows of newer layers come after those of older ones.
    pub fn scan(&self, from: &[u8], to: &[u8], limit: usize) -> Result<Vec<Row>, RegistryError> {
        contained(|| {
            let mut found = Vec::new();
            for layer in &self.manifest.layers {
                let end = found.len() + limit;
                for row in self.rows(*layer, from) {
                    let row = row?;
                    if row.0.as_slice() >= to || found.len() == end {
                        break;
                    }
                    if row.0.as_slice() >= from {
                        found.push(row);
                    }
                }
            }
            Ok(found)
        })
    }

    /// The blocks of a layer from the one that may hold a key. Only ever forward: sled's
    /// iteration backwards gives up on some trees.
    fn blocks(&self, layer: Layer, from: &[u8]) -> sled::Iter {
        self.db().range(block_key(layer.id, from)..block_key(layer.id + 1, &[]))
    }

    /// The rows of a layer from the block that may hold a key.
    fn rows(&self, layer: Layer, from: &[u8]) -> Rows<'_> {
        Box::new(self.blocks(layer, from).flat_map(unpacked))
    }

    /// Adds a layer that brings the index up to a mark, and makes it last as far as sled can.
    pub fn add_layer<'r>(
        &mut self,
        rows: impl Iterator<Item = (&'r Vec<u8>, &'r Vec<u8>)>,
        mark: &Mark,
    ) -> Result<(), RegistryError> {
        contained(|| {
            let id = self.manifest.next;
            let mut writer = LayerWriter { db: self.db(), id, packer: Packer::default(), rows: 0 };
            for (key, value) in rows {
                writer.push(key, value)?;
            }
            let layer = writer.finish()?;
            self.manifest.next = id + 1;
            if layer.rows > 0 {
                self.manifest.layers.push(layer);
            }
            let Mark { events, segment, offset, seal } = *mark;
            self.manifest = Manifest {
                events,
                segment,
                offset,
                seal,
                layers: std::mem::take(&mut self.manifest.layers),
                registry: std::mem::take(&mut self.manifest.registry),
                ..self.manifest
            };
            self.write_manifest()?;
            self.merge()?;
            self.db().flush().map_err(told).map(|_| ())
        })
    }

    fn write_manifest(&self) -> Result<(), String> {
        let bytes = serde_json::to_vec(&self.manifest).map_err(|error| error.to_string())?;
        self.db().insert(MANIFEST, bytes).map_err(told).map(|_| ())
    }

    /// Merges the newest layers while too many of them are alike.
    fn merge(&mut self) -> Result<(), String> {
        loop {
            let layers = &self.manifest.layers;
            let Some(newest) = layers.last() else { return Ok(()) };
            let alike = layers.iter().rev().take_while(|layer| tier(layer) <= tier(newest)).count();
            if alike < LAYERS_ALIKE_MAX {
                return Ok(());
            }
            let old = layers[layers.len() - alike..].to_vec();
            let id = self.manifest.next;
            let mut writer = LayerWriter { db: self.db(), id, packer: Packer::default(), rows: 0 };
            let sources = old.iter().map(|layer| Cursor::new(self.blocks(*layer, &[])));
            merge_into(&mut writer, sources.collect::<Result<_, _>>()?)?;
            let merged = writer.finish()?;
            self.manifest.next = id + 1;
            self.manifest.layers.truncate(self.manifest.layers.len() - alike);
            self.manifest.layers.push(merged);
            self.write_manifest()?;
            old.iter().try_for_each(|layer| self.remove(layer.id))?;
        }
    }

    /// Takes away layers that an interruption left without a place in the manifest.
    fn sweep(&self) -> Result<(), String> {
        let mut id = 0;
        while let Some(found) = self.db().range(block_key(id, &[])..block_key(u32::MAX, &[])).next()
        {
            let (key, _) = found.map_err(told)?;
            let digits = key.get(1..5).and_then(|digits| digits.try_into().ok());
            let found = u32::from_be_bytes(digits.ok_or("a block has a malformed key")?);
            if !self.manifest.layers.iter().any(|layer| layer.id == found) {
                self.remove(found)?;
            }
            id = found + 1;
        }
        Ok(())
    }

    fn remove(&self, id: u32) -> Result<(), String> {
        for found in self.db().range(block_key(id, &[])..block_key(id + 1, &[])).keys() {
            self.db().remove(found.map_err(told)?).map_err(told)?;
        }
        Ok(())
    }

    /// Leaves sled as it is, without a last write; for an index that is damaged.
    pub fn abandon(mut self) {
        if let Some(db) = self.db.take() {
            std::mem::forget(db);
        }
    }
}

impl Drop for Index {
    fn drop(&mut self) {
        let db = self.db.take();
        let _ = caught(|| drop(db));
    }
}

fn empty(registry: &str) -> Manifest {
    let Mark { events, segment, offset, seal } = Mark::start(registry);
    let (layers, registry) = (Vec::new(), registry.to_owned());
    Manifest { layout: LAYOUT, registry, events, segment, offset, seal, next: 0, layers }
}

fn not_open(error: &std::io::Error) -> NotOpen {
    use std::io::ErrorKind::{
        PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull, WouldBlock,
    };
    let text = error.to_string();
    match error.kind() {
        WouldBlock => NotOpen::Busy,
        PermissionDenied | ReadOnlyFilesystem | StorageFull | QuotaExceeded => {
            NotOpen::Unwritable(text)
        }
        _ if text.contains("WouldBlock") || text.contains("could not acquire lock") => {
            NotOpen::Busy
        }
        _ => NotOpen::Unusable(text),
    }
}

fn tier(layer: &Layer) -> u32 {
    layer.rows.max(1).ilog(8).max(TIER_MIN)
}

fn block_key(id: u32, last: &[u8]) -> Vec<u8> {
    let mut key = Vec::with_capacity(5 + last.len());
    key.push(b'b');
    key.extend_from_slice(&id.to_be_bytes());
    key.extend_from_slice(last);
    key
}

type Rows<'a> = Box<dyn Iterator<Item = Result<Row, String>> + 'a>;

fn unpacked(block: sled::Result<(sled::IVec, sled::IVec)>) -> Vec<Result<Row, String>> {
    let unpack = || {
        let (_, bytes) = block.map_err(told)?;
        let rows = block::rows(&bytes).ok_or(MALFORMED)?;
        Ok(rows.into_iter().map(|(key, value)| Ok((key.to_vec(), value.to_vec()))).collect())
    };
    unpack().unwrap_or_else(|error| vec![Err(error)])
}

/// Walks the rows of a layer without copying them.
struct Cursor {
    blocks: sled::Iter,
    block: sled::IVec,
    at: usize,
}

impl Cursor {
    fn new(blocks: sled::Iter) -> Result<Cursor, String> {
        let mut cursor = Cursor { blocks, block: sled::IVec::default(), at: 0 };
        cursor.load()?;
        Ok(cursor)
    }

    /// Goes to the next block where this one is used up.
    fn load(&mut self) -> Result<(), String> {
        if self.at >= self.block.len()
            && let Some(block) = self.blocks.next()
        {
            (self.block, self.at) = (block.map_err(told)?.1, 0);
        }
        Ok(())
    }

    /// The row it stands at with the bytes behind it; `None` at the end.
    fn row(&self) -> Result<Option<block::Taken<'_>>, String> {
        match self.block.get(self.at..) {
            None | Some([]) => Ok(None),
            Some(rest) => block::take(rest).map(Some).ok_or_else(|| MALFORMED.to_owned()),
        }
    }

    fn advance(&mut self) -> Result<(), String> {
        let left = self.row()?.map_or(0, |taken| taken.rest.len());
        self.at = self.block.len() - left;
        self.load()
    }
}

/// Merges layers, oldest first; of rows with one key the newest stays.
fn merge_into(writer: &mut LayerWriter, mut sources: Vec<Cursor>) -> Result<(), String> {
    loop {
        let mut least: Option<(usize, block::Taken)> = None;
        for (position, source) in sources.iter().enumerate() {
            let Some(taken) = source.row()? else { continue };
            if least.as_ref().is_none_or(|(_, found)| taken.key <= found.key) {
                least = Some((position, taken));
            }
        }
        let Some((newest, taken)) = least else { return Ok(()) };
        writer.push(taken.key, taken.value)?;
        let key = taken.key.to_vec();
        for source in &mut sources[..=newest] {
            if source.row()?.is_some_and(|taken| taken.key == key) {
                source.advance()?;
            }
        }
    }
}

struct LayerWriter<'a> {
    db: &'a sled::Db,
    id: u32,
    packer: Packer,
    rows: u64,
}

impl LayerWriter<'_> {
    fn push(&mut self, key: &[u8], value: &[u8]) -> Result<(), String> {
        self.rows += 1;
        let block = self.packer.push(key, value);
        self.write(block)
    }

    fn write(&self, block: Option<Row>) -> Result<(), String> {
        let Some((last, bytes)) = block else { return Ok(()) };
        self.db.insert(block_key(self.id, &last), bytes).map_err(told).map(|_| ())
    }

    fn finish(mut self) -> Result<Layer, String> {
        let block = self.packer.finish();
        self.write(block)?;
        Ok(Layer { id: self.id, rows: self.rows })
    }
}

/// Puts a damaged index aside and says under which name.
pub fn set_aside(folder: &Path) -> Result<Option<PathBuf>, RegistryError> {
    if !folder.exists() {
        return Ok(None);
    }
    let mut number = 1;
    loop {
        let aside = folder.with_file_name(format!("index.damaged-{number}"));
        if !aside.exists() {
            fs::rename(folder, &aside).map_err(|error| RegistryError::file(folder, error))?;
            return Ok(Some(aside));
        }
        number += 1;
    }
}
