//! A registry, open: everything that ever happened, and everything it names.
//!
//! What always holds: a method that changes something returns after the change is durable, and
//! any number of threads and processes may work at the same time.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use recipes::{Digest, Object, Pinned};
use rustix::fs::{FlockOperation, flock};
use serde_json::Map;

use crate::blobs::Blobs;
use crate::block::Row;
use crate::disk::{Disk, RealDisk};
use crate::error::RegistryError;
use crate::event::{Action, Entry, Event};
use crate::journal::{Journal, Place};
use crate::layout::{self, Layout};
use crate::line::Line;
use crate::link::{Link, Lost, Say};
use crate::rows;
use crate::store::{Access, Appended, Draft, Store};
use crate::view::Range;
use crate::wire::{Answer, Request};

/// How many rows are asked for at once.
const PAGE_ROWS: usize = 1024;

/// An open registry.
pub struct Registry {
    pub(crate) layout: Layout,
    id: String,
    link: RwLock<Arc<Link>>,
    blobs: Blobs,
    pub(crate) journal: Journal,
    notices: Mutex<Vec<String>>,
    say: Say,
    /// The first part of the names of this process's calls.
    session: String,
    calls: AtomicU64,
    /// A number of events that there are at least.
    events_known: AtomicU64,
}

impl Registry {
    /// Makes a registry in a folder that is empty or not there, and opens it.
    pub fn create(folder: &Path, time: &str, actor: &str) -> Result<Registry, RegistryError> {
        let layout = Layout::new(folder);
        if let Some(outer) = layout::registry_around(&layout.folder) {
            return Err(RegistryError::Nested { folder: layout.folder, outer });
        }
        fs::create_dir_all(&layout.folder)
            .map_err(|error| RegistryError::file(&layout.folder, error))?;
        let about = |error| RegistryError::file(&layout.lock(), error);
        let lock = open_lock(&layout).map_err(about)?;
        flock(&lock, FlockOperation::LockExclusive).map_err(|error| about(error.into()))?;
        if layout.exists() {
            return Err(RegistryError::Exists(layout.folder));
        }
        clear_half_made(&layout)?;
        let disk: Arc<dyn Disk> = Arc::new(RealDisk);
        make(&disk, &layout, time, actor)?;
        drop(lock);
        Registry::open(&layout.folder)
    }

    /// Opens a registry, or makes it first; any number of processes may do so at once.
    pub fn open_or_create(
        folder: &Path,
        time: &str,
        actor: &str,
    ) -> Result<Registry, RegistryError> {
        if Layout::new(folder).exists() {
            return Registry::open(folder);
        }
        match Registry::create(folder, time, actor) {
            Err(RegistryError::Exists(folder)) => Registry::open(&folder),
            created => created,
        }
    }

    /// Opens a registry; where another process owns the index, through that process.
    pub fn open(folder: &Path) -> Result<Registry, RegistryError> {
        Registry::open_saying(folder, Arc::new(|_| ()))
    }

    /// Opens a registry and tells whom it waits for, should it have to wait.
    pub fn open_saying(folder: &Path, say: Say) -> Result<Registry, RegistryError> {
        let layout = Layout::new(folder);
        let disk: Arc<dyn Disk> = Arc::new(RealDisk);
        let id = layout.read_settings(&*disk)?;
        let journal = Journal { disk: Arc::clone(&disk), folder: layout.journal(), id: id.clone() };
        let (link, mut notices) = Link::find(&layout, &id, &say)?;
        let blobs = Blobs::new(disk, layout.clone());
        if matches!(link, Link::Owner(_))
            && let Err(error) = blobs.sweep()
        {
            notices.push(format!("unfinished copies could not be taken away: {error}"));
        }
        let registry = Registry {
            layout,
            id,
            link: RwLock::new(Arc::new(link)),
            blobs,
            journal,
            notices: Mutex::new(notices),
            say,
            session: layout::fresh_name()?,
            calls: AtomicU64::new(0),
            events_known: AtomicU64::new(0),
        };
        registry.event_count()?;
        Ok(registry)
    }

    /// Puts the index aside and makes it anew, also where the journal no longer fits it.
    pub fn open_rebuilding_index(folder: &Path) -> Result<Registry, RegistryError> {
        let layout = Layout::new(folder);
        let lock = open_lock(&layout);
        if let Ok(lock) = &lock
            && flock(lock, FlockOperation::NonBlockingLockExclusive).is_ok()
        {
            crate::index::set_aside(&layout.index())?;
        }
        drop(lock);
        let registry = Registry::open(folder)?;
        Ok(registry)
    }

    /// Finds the nearest registry from a folder upwards, as git does.
    pub fn locate(start: &Path) -> Option<PathBuf> {
        layout::locate(start)
    }

    /// The registry's folder.
    pub fn folder(&self) -> &Path {
        &self.layout.folder
    }

    /// The registry's own name: 32 hex digits, never used twice.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What was cut, set aside or made anew since it was opened.
    pub fn notices(&self) -> Vec<String> {
        let mut notices = self.notices.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Link::Owner(owner) = &*self.link() {
            let seen: BTreeSet<String> = notices.iter().cloned().collect();
            notices.extend(owner.store().notices().into_iter().filter(|n| !seen.contains(n)));
        }
        notices
    }

    /// The large bytes.
    pub fn blobs(&self) -> &Blobs {
        &self.blobs
    }

    /// The scratch folder of a run in progress; it may not be there.
    pub fn work_folder(&self, run: &Digest) -> PathBuf {
        self.layout.work().join(run.hex())
    }

    /// Records one event.
    pub fn record_one(&self, entry: Entry) -> Result<Event, RegistryError> {
        let mut events = self.record(vec![entry])?;
        events.pop().ok_or_else(|| RegistryError::Message("the owner gave no event".into()))
    }

    /// Records events as one write and one sync; each is whole or not there.
    pub fn record(&self, entries: Vec<Entry>) -> Result<Vec<Event>, RegistryError> {
        let drafts = entries.into_iter().map(|entry| self.draft(entry, false)).collect();
        Ok(self.append(drafts)?.into_iter().map(|appended| appended.event).collect())
    }

    pub(crate) fn draft(&self, entry: Entry, numbered: bool) -> Draft {
        let number = self.calls.fetch_add(1, Ordering::Relaxed);
        Draft { call: format!("{}-{number}", self.session), entry, numbered }
    }

    pub(crate) fn append(&self, drafts: Vec<Draft>) -> Result<Vec<Appended>, RegistryError> {
        let since = self.events_known.load(Ordering::SeqCst);
        let mut done: Vec<Option<Appended>> = vec![None; drafts.len()];
        loop {
            let open: Vec<usize> = (0..drafts.len()).filter(|at| done[*at].is_none()).collect();
            if open.is_empty() {
                return Ok(done.into_iter().flatten().collect());
            }
            let link = self.link();
            let request = Request::Append(open.iter().map(|at| drafts[*at].clone()).collect());
            match ask(&link, request) {
                Ok(Answer::Appended(appended)) if appended.len() == open.len() => {
                    for (at, appended) in open.into_iter().zip(appended) {
                        let known = appended.event.number + 1;
                        self.events_known.fetch_max(known, Ordering::SeqCst);
                        done[at] = Some(appended);
                    }
                }
                Ok(other) => return Err(unexpected(&other)),
                Err(Lost::Refused(error)) => return Err(error),
                Err(Lost::Gone) => {
                    self.link_again(&link)?;
                    self.find_calls(since, &drafts, &mut done)?;
                }
            }
        }
    }

    /// Looks which drafts the owner had written before it went away.
    fn find_calls(
        &self,
        since: u64,
        drafts: &[Draft],
        done: &mut [Option<Appended>],
    ) -> Result<(), RegistryError> {
        let mut end = rows::event(since);
        end.push(0);
        self.scan(b"e".to_vec(), end, &mut |_, value| {
            let line = self.line(&value)?;
            if let Some(at) = drafts.iter().position(|draft| draft.call == line.call) {
                done[at] = Some(Appended { event: line.event, new: true });
            }
            Ok(true)
        })
    }

    fn link(&self) -> Arc<Link> {
        Arc::clone(&self.link.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Finds another way to the index after `lost` has gone away.
    fn link_again(&self, lost: &Arc<Link>) -> Result<(), RegistryError> {
        let mut link = self.link.write().unwrap_or_else(PoisonError::into_inner);
        if !Arc::ptr_eq(&link, lost) {
            return Ok(());
        }
        let (found, notices) = Link::find(&self.layout, &self.id, &self.say)?;
        self.notices.lock().unwrap_or_else(PoisonError::into_inner).extend(notices);
        *link = Arc::new(found);
        Ok(())
    }

    /// Asks something that may be asked twice.
    fn ask(&self, request: impl Fn() -> Request) -> Result<Answer, RegistryError> {
        loop {
            let link = self.link();
            match ask(&link, request()) {
                Err(Lost::Gone) => self.link_again(&link)?,
                Err(Lost::Refused(error)) => return Err(error),
                Ok(answer) => return Ok(answer),
            }
        }
    }

    /// Finds a row of the index.
    pub(crate) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, RegistryError> {
        match self.ask(|| Request::Get(key.to_vec()))? {
            Answer::Value(value) => Ok(value),
            other => Err(unexpected(&other)),
        }
    }

    /// Walks the rows from `from` up to but without `to`, until `each` says `false`.
    pub(crate) fn scan(
        &self,
        mut from: Vec<u8>,
        to: Vec<u8>,
        each: &mut dyn FnMut(Vec<u8>, Vec<u8>) -> Result<bool, RegistryError>,
    ) -> Result<(), RegistryError> {
        let mut limit = 64;
        loop {
            let range = Range { from: from.clone(), to: to.clone(), limit };
            let rows: Vec<Row> = match self.ask(|| Request::Scan(range.clone()))? {
                Answer::Rows(rows) => rows,
                other => return Err(unexpected(&other)),
            };
            let Some((last, _)) = rows.last() else { return Ok(()) };
            from.clone_from(last);
            from.push(0);
            for (key, value) in rows {
                if !each(key, value)? {
                    return Ok(());
                }
            }
            limit = PAGE_ROWS;
        }
    }

    /// The number of events.
    pub fn event_count(&self) -> Result<u64, RegistryError> {
        match self.ask(|| Request::Count)? {
            Answer::Count(count) => {
                self.events_known.fetch_max(count, Ordering::SeqCst);
                Ok(count)
            }
            other => Err(unexpected(&other)),
        }
    }

    /// Makes the index anew from the journal.
    pub fn rebuild_index(&self) -> Result<(), RegistryError> {
        self.ask(|| Request::Rebuild).map(|_| ())
    }

    /// Reads the line at a place that the index gave.
    pub(crate) fn line(&self, place: &[u8]) -> Result<Line, RegistryError> {
        self.journal.line(place_of(place)?)
    }

    /// Reads an object; its bytes are hashed again.
    pub fn object(&self, digest: &Digest) -> Result<Option<Object>, RegistryError> {
        let Some(place) = self.get(&rows::object(digest))? else { return Ok(None) };
        self.journal.object(digest, place_of(&place)?).map(Some)
    }

    /// Reads a registered recipe back.
    pub fn pinned(&self, recipe: &Digest) -> Result<Pinned, RegistryError> {
        Pinned::read(recipe, &mut |digest| {
            let unknown = || RegistryError::Unknown { text: digest.to_string() };
            self.object(digest)?.ok_or_else(unknown)
        })
    }

    /// The objects that mention a digest.
    pub fn referrers(&self, digest: &Digest) -> Result<Vec<Digest>, RegistryError> {
        let mut found = Vec::new();
        let none = Digest::from_bytes([0; 32]);
        let prefix = rows::referrer(digest, &none)[..33].to_vec();
        self.scan(prefix.clone(), rows::after(&prefix), &mut |key, _| {
            found.extend(digest_at(&key, 33));
            Ok(true)
        })?;
        Ok(found)
    }
}

/// The digest inside a key.
pub(crate) fn digest_at(key: &[u8], at: usize) -> Option<Digest> {
    Some(Digest::from_bytes(key.get(at..at + 32)?.try_into().ok()?))
}

fn place_of(value: &[u8]) -> Result<Place, RegistryError> {
    Place::from_bytes(value).ok_or_else(|| RegistryError::Index("a place is malformed".into()))
}

fn ask(link: &Link, request: Request) -> Result<Answer, Lost> {
    match link {
        Link::Owner(owner) => owner.store().answer(request).map_err(Lost::Refused),
        Link::Alone(store) => store.answer(request).map_err(Lost::Refused),
        Link::Client(client) => client.ask(&request),
    }
}

fn unexpected(answer: &Answer) -> RegistryError {
    RegistryError::Message(format!("an answer to another question: {answer:?}"))
}

fn open_lock(layout: &Layout) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(false).open(layout.lock())
}

/// Takes away what a registry that was never finished left; anything else stays.
fn clear_half_made(layout: &Layout) -> Result<(), RegistryError> {
    let about = |error| RegistryError::file(&layout.folder, error);
    let ours = ["journal", "blobs", "work", "lock", "lost+found", "ingot.toml.partial"];
    let mut names = RealDisk.names(&layout.folder).map_err(about)?;
    names.retain(|name| !ours.contains(&name.as_str()));
    let not_empty =
        |found: String| RegistryError::NotEmpty { folder: layout.folder.clone(), found };
    if let Some(found) = names.pop() {
        return Err(not_empty(found));
    }
    let journal = layout.journal();
    for name in RealDisk.names(&journal).unwrap_or_default() {
        let path = journal.join(&name);
        // One line at most: a registry whose `ingot.toml` was lost is not taken for an empty one.
        if fs::read(&path).map_err(about)?.iter().filter(|byte| **byte == b'\n').count() > 1 {
            return Err(not_empty(layout.place(&path)));
        }
        fs::remove_file(&path).map_err(about)?;
    }
    Ok(())
}

/// Writes a new registry; its settings come last.
pub(crate) fn make(
    disk: &Arc<dyn Disk>,
    layout: &Layout,
    time: &str,
    actor: &str,
) -> Result<String, RegistryError> {
    layout.create_folders(&**disk)?;
    let id = layout::fresh_name()?;
    let store = Store::open(Arc::clone(disk), layout, &id, Access::OwnScratch)?;
    let entry = Entry {
        time: time.to_owned(),
        actor: actor.to_owned(),
        action: Action::RegistryCreated,
        subjects: Vec::new(),
        reason: None,
        facts: Map::from_iter([("id".to_owned(), id.clone().into())]),
        objects: Vec::new(),
    };
    store.append(vec![Draft { call: format!("{id}-0"), entry, numbered: false }])?;
    layout.write_settings(&**disk, &id)?;
    Ok(id)
}
