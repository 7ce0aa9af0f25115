//! The journal with the index over it, as the one process that owns both sees them.
//!
//! Invariants, in the order in which things are written (`FORMAT.md` grades them):
//! 1. a blob is whole and synced before a line names it;
//! 2. an event has happened when its line is whole and synced, and not before;
//! 3. the index never reaches past the synced end of the journal;
//! 4. the caller is told after 2 and 3.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use recipes::Object;
use serde_json::Value;

use crate::block::Row;
use crate::disk::Disk;
use crate::error::RegistryError;
use crate::event::{Entry, Event};
use crate::index::{Index, NotOpen, set_aside};
use crate::journal::{End, Journal, Mark, Place, SEGMENT_BYTES};
use crate::layout::Layout;
use crate::line::{self, Line};
use crate::names::Version;
use crate::rows;
use crate::view::{ROWS_REBUILD_MAX, ROWS_RECENT_MAX, Range, View};

/// How long sled may keep its lock after its process has gone.
const BUSY_TRIES: u32 = 500;

/// Rows below this number are not worth writing on closing; the journal gives them back.
const ROWS_CLOSING_MIN: usize = 256;

/// Where the index is kept, and whether the journal may be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// The index lies in the folder; this process owns it.
    Own,
    /// The index is a passing one in memory or a temporary folder; the journal may be written.
    OwnScratch,
    /// As before, and nothing may be written.
    ReadOnly,
}

/// An entry on its way into the journal.
#[derive(Clone, Debug)]
pub struct Draft {
    /// A text that no other draft ever has.
    pub call: String,
    pub entry: Entry,
    /// Whether this adds a version to a name, whose number is given here.
    pub numbered: bool,
}

/// What became of a draft.
#[derive(Clone, Debug, PartialEq)]
pub struct Appended {
    pub event: Event,
    /// Whether it is a new event, and not the one that said the same before.
    pub new: bool,
}

struct Writer {
    end: Mark,
    poisoned: bool,
}

/// The journal with its index.
pub struct Store {
    journal: Journal,
    layout: Layout,
    access: Access,
    /// A segment of this size is sealed.
    pub(crate) segment_bytes: u64,
    writer: Mutex<Writer>,
    view: RwLock<View>,
    notices: Mutex<Vec<String>>,
}

impl Store {
    /// Opens both, brings the index up to date, and cuts what a crash left at the end.
    pub fn open(
        disk: Arc<dyn Disk>,
        layout: &Layout,
        id: &str,
        access: Access,
    ) -> Result<Store, RegistryError> {
        let journal = Journal { disk, folder: layout.journal(), id: id.to_owned() };
        let mut notices = Vec::new();
        let missing = access == Access::Own && !layout.index().exists();
        let index = open_index(layout, id, access, &mut notices)?;
        let mut view = View::new(index);
        let known = view.mark;
        if !fits(&journal, &known)? {
            let end = journal.replay(Mark::start(id), &mut |_, _, _| Ok(()))?;
            lost(&journal, &known, &end, &mut notices)?;
            let why = "it belongs to another journal".to_owned();
            view = renewed(view, layout, id, access, why, &mut notices)?;
        }
        let end = match catch_up(&journal, &mut view) {
            Err(RegistryError::Index(why)) => {
                view = renewed(view, layout, id, access, why, &mut notices)?;
                catch_up(&journal, &mut view)?
            }
            caught_up => caught_up?,
        };
        if missing && end.mark.events > 1 {
            notices.push(format!("the index was missing; made from {} events", end.mark.events));
        }
        match (&end.torn, access) {
            (None, _) => {}
            (Some(torn), Access::ReadOnly) => notices.push(format!(
                "{} torn bytes at the end of the journal are passed over",
                torn.len()
            )),
            (Some(torn), _) => {
                let aside = journal.cut(&end)?.unwrap_or_default();
                notices.push(format!(
                    "the journal ended in a torn line: {} bytes were cut and are kept in `{aside}`",
                    torn.len()
                ));
            }
        }
        let writer = Mutex::new(Writer { end: end.mark, poisoned: false });
        let (view, notices) = (RwLock::new(view), Mutex::new(notices));
        let (layout, segment_bytes) = (layout.clone(), SEGMENT_BYTES);
        Ok(Store { journal, layout, access, segment_bytes, writer, view, notices })
    }

    /// What was cut, set aside or made anew.
    pub fn notices(&self) -> Vec<String> {
        self.notices.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Finds the value of a key.
    pub fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, RegistryError> {
        self.looked(|view| view.get(key))
    }

    /// Gives rows in a range.
    pub fn scan(&self, range: &Range) -> Result<Vec<Row>, RegistryError> {
        self.looked(|view| view.scan(range))
    }

    /// The number of events.
    pub fn count(&self) -> u64 {
        self.view.read().unwrap_or_else(PoisonError::into_inner).mark.events
    }

    /// Looks at the index; where that fails, makes it anew and looks again.
    fn looked<T>(
        &self,
        look: impl Fn(&View) -> Result<T, RegistryError>,
    ) -> Result<T, RegistryError> {
        match look(&self.view.read().unwrap_or_else(PoisonError::into_inner)) {
            Err(RegistryError::Index(_)) => {}
            seen => return seen,
        }
        let mut view = self.view.write().unwrap_or_else(PoisonError::into_inner);
        match look(&view) {
            Err(RegistryError::Index(why)) => {
                self.renew(&mut view, why)?;
                look(&view)
            }
            seen => seen,
        }
    }

    fn renew(&self, view: &mut View, why: String) -> Result<(), RegistryError> {
        let id = &self.journal.id;
        let mut notices = self.notices.lock().unwrap_or_else(PoisonError::into_inner);
        let passing = View::new(scratch(id)?);
        let old = std::mem::replace(view, passing);
        *view = renewed(old, &self.layout, id, self.access, why, &mut notices)?;
        catch_up(&self.journal, view)?;
        Ok(())
    }

    /// Makes the index anew from the journal.
    pub fn rebuild(&self) -> Result<(), RegistryError> {
        let _writer = self.writing();
        let mut view = self.view.write().unwrap_or_else(PoisonError::into_inner);
        self.renew(&mut view, "a new one was asked for".into())
    }

    fn writing(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends drafts as one write and one sync, and brings the index up to them.
    pub fn append(&self, drafts: Vec<Draft>) -> Result<Vec<Appended>, RegistryError> {
        if self.access == Access::ReadOnly {
            return Err(RegistryError::ReadOnly(self.layout.folder.clone()));
        }
        let mut writer = self.writing();
        if writer.poisoned {
            return Err(RegistryError::Poisoned);
        }
        let mut start = writer.end;
        if start.offset >= self.segment_bytes {
            start = Mark { segment: start.segment + 1, offset: 0, ..start };
        }
        let mut batch = Batch { end: start, bytes: Vec::new(), lines: Vec::new() };
        let mut appended = Vec::new();
        for draft in drafts {
            appended.push(self.place(draft, &mut batch)?);
        }
        if batch.lines.is_empty() {
            return Ok(appended);
        }
        if let Err(error) = self.journal.append(&start, &batch.bytes) {
            writer.poisoned = matches!(error, RegistryError::Poisoned);
            return Err(error);
        }
        writer.end = batch.end;
        let mut view = self.view.write().unwrap_or_else(PoisonError::into_inner);
        match batch.index(&start, &mut view) {
            Err(RegistryError::Index(why)) => self.renew(&mut view, why)?,
            indexed => indexed?,
        }
        Ok(appended)
    }

    /// Gives a draft its number and its bytes.
    fn place(&self, mut draft: Draft, batch: &mut Batch) -> Result<Appended, RegistryError> {
        if draft.numbered
            && let Some(known) = self.number(&mut draft.entry)?
        {
            return Ok(Appended { event: self.event(known.event)?, new: false });
        }
        let mut objects = std::mem::take(&mut draft.entry.objects);
        if draft.numbered {
            // Versions share most of their parts, which may be large.
            objects = self.unknown(objects)?;
        }
        let event = draft.entry.event(batch.end.events);
        batch.push(&draft.call, event.clone(), &objects)?;
        Ok(Appended { event, new: true })
    }

    /// The objects that are not in the journal yet.
    fn unknown(&self, objects: Vec<Object>) -> Result<Vec<Object>, RegistryError> {
        let mut unknown = Vec::new();
        for object in objects {
            if self.get(&rows::object(&object.digest()))?.is_none() {
                unknown.push(object);
            }
        }
        Ok(unknown)
    }

    /// Finds the version that a recipe already is, or writes the next number into the entry.
    fn number(&self, entry: &mut Entry) -> Result<Option<Version>, RegistryError> {
        if let Some(digest) = entry.subjects.first()
            && let Some(row) = self.get(&rows::recipe(digest))?
        {
            return rows::parse(&row).map(Some);
        }
        let name = entry.facts.get("name").and_then(Value::as_str).unwrap_or_default();
        let latest = match self.get(&rows::latest(name))? {
            Some(row) => rows::parse::<Version>(&row)?.number,
            None => 0,
        };
        entry.facts.insert("version".into(), Value::from(latest + 1));
        Ok(None)
    }

    fn event(&self, number: u64) -> Result<Event, RegistryError> {
        let row = self.get(&rows::event(number))?;
        let place = row.as_deref().and_then(Place::from_bytes);
        let place =
            place.ok_or_else(|| RegistryError::Index(format!("event {number} has no place")))?;
        Ok(self.journal.line(place)?.event)
    }

    /// Writes what only memory holds into the index; for the end of the process.
    pub fn close(&self) {
        let mut view = self.view.write().unwrap_or_else(PoisonError::into_inner);
        if self.access == Access::Own && view.recent_rows() >= ROWS_CLOSING_MIN {
            // What is not written is read again from the journal.
            let _ = view.settle(0);
        }
    }
}

/// Lines that are written together.
struct Batch {
    end: Mark,
    bytes: Vec<u8>,
    lines: Vec<(Line, usize, usize)>,
}

impl Batch {
    fn push(&mut self, call: &str, event: Event, objects: &[Object]) -> Result<(), RegistryError> {
        let (bytes, line) = line::encode(&self.end.seal, call, event, objects)?;
        let start = self.bytes.len();
        self.end = Mark {
            events: self.end.events + 1,
            segment: self.end.segment,
            offset: self.end.offset + bytes.len() as u64,
            seal: line.seal,
        };
        self.lines.push((line, start, bytes.len() - 1));
        self.bytes.extend_from_slice(&bytes);
        Ok(())
    }

    fn index(&self, start: &Mark, view: &mut View) -> Result<(), RegistryError> {
        // A reader may have made the index anew in between, these lines included.
        let missing = |line: &Line| line.event.number >= view.mark.events;
        let lines: Vec<_> = self.lines.iter().filter(|(line, ..)| missing(line)).collect();
        for (line, from, length) in lines {
            let offset = start.offset + *from as u64;
            let place = Place { segment: start.segment, offset, length: *length as u32 };
            rows::add(view, line, place, &self.bytes[*from..from + length])?;
        }
        view.mark = self.end;
        view.settle(ROWS_RECENT_MAX)
    }
}

/// Reads what the index does not cover yet.
fn catch_up(journal: &Journal, view: &mut View) -> Result<End, RegistryError> {
    let end = journal.replay_ahead(view.mark, &mut |line, place, body| {
        rows::add(view, &line, place, body)?;
        view.mark = Mark {
            events: line.event.number + 1,
            segment: place.segment,
            offset: place.offset + u64::from(place.length) + 1,
            seal: line.seal,
        };
        view.settle(ROWS_REBUILD_MAX)
    })?;
    view.mark = end.mark;
    view.settle(ROWS_RECENT_MAX)?;
    Ok(end)
}

/// Whether a line of the journal ends where the index stops, with the seal it knows.
fn fits(journal: &Journal, mark: &Mark) -> Result<bool, RegistryError> {
    if *mark == Mark::start(&journal.id) {
        return Ok(true);
    }
    if journal.segments()? <= mark.segment {
        return Ok(false);
    }
    let path = journal.path(mark.segment);
    let size = journal.disk.size(&path).map_err(|error| RegistryError::file(&path, error))?;
    let seal = journal.seal_before(mark.segment, mark.offset);
    Ok(size >= mark.offset && seal.is_ok_and(|seal| seal == mark.seal))
}

/// An error when the journal has lost events that the index knew, beyond one torn last line.
fn lost(
    journal: &Journal,
    known: &Mark,
    end: &End,
    notices: &mut Vec<String>,
) -> Result<(), RegistryError> {
    let (knew, has) = (known.events, end.mark.events);
    if has >= knew {
        return Ok(());
    }
    if has + 1 == knew && end.torn.is_some() {
        notices.push(format!("event {has}, which had been recorded, is in the torn line"));
        return Ok(());
    }
    let what = format!("the journal ends after {has} events, the index knew {knew}");
    Err(RegistryError::damage(journal.name(end.mark.segment, end.mark.offset), what))
}

fn scratch(id: &str) -> Result<Index, RegistryError> {
    Index::scratch(id).map_err(|error| match error {
        NotOpen::Busy => RegistryError::Index("a passing index is busy".into()),
        NotOpen::Unwritable(why) | NotOpen::Unusable(why) => RegistryError::Index(why),
    })
}

/// Puts an index that cannot be used aside and begins another one.
fn renewed(
    old: View,
    layout: &Layout,
    id: &str,
    access: Access,
    why: String,
    notices: &mut Vec<String>,
) -> Result<View, RegistryError> {
    old.index.abandon();
    if access == Access::Own {
        put_aside(layout, &why, notices);
    }
    Ok(View::new(open_index(layout, id, access, notices)?))
}

fn put_aside(layout: &Layout, why: &str, notices: &mut Vec<String>) {
    match set_aside(&layout.index()) {
        Ok(Some(aside)) => notices.push(format!(
            "the index was set aside as `{}` and is made anew: {why}",
            layout.place(&aside)
        )),
        Ok(None) => {}
        Err(error) => notices.push(format!("the index could not be set aside: {error}")),
    }
}

fn open_index(
    layout: &Layout,
    id: &str,
    access: Access,
    notices: &mut Vec<String>,
) -> Result<Index, RegistryError> {
    if access != Access::Own {
        return scratch(id);
    }
    for _ in 0..BUSY_TRIES {
        match Index::open(&layout.index(), id) {
            Ok(index) => return Ok(index),
            Err(NotOpen::Busy) => std::thread::sleep(Duration::from_millis(10)),
            Err(NotOpen::Unwritable(why)) => {
                notices
                    .push(format!("the index cannot be written, so a passing one is used: {why}"));
                return scratch(id);
            }
            Err(NotOpen::Unusable(why)) => put_aside(layout, &why, notices),
        }
    }
    Err(RegistryError::Index("sled's lock is held although no process owns the registry".into()))
}
