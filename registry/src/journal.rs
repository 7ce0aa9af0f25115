//! The journal: segments of lines, appended and synced, never changed; the truth.
//!
//! What always holds: a line is there once `append` has returned, and stays where it is. Only
//! bytes that were never acknowledged, at the very end, are ever taken away, and kept aside.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use recipes::Digest;

use crate::disk::Disk;
use crate::error::RegistryError;
use crate::line::{self, LINE_BYTES_MAX, Line, SEAL_TAIL};

/// A segment that has reached this size is sealed, and the next one begins.
pub const SEGMENT_BYTES: u64 = 64 << 20;

/// How much is read at once.
const BLOCK: usize = 1 << 20;

/// How many chunks of lines may be read before they are asked for.
const CHUNKS_AHEAD: usize = 4;

/// Where some bytes lie in the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub segment: u32,
    pub offset: u64,
    pub length: u32,
}

impl Place {
    /// The place as 16 bytes.
    pub fn to_bytes(self) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..4].copy_from_slice(&self.segment.to_be_bytes());
        bytes[4..12].copy_from_slice(&self.offset.to_be_bytes());
        bytes[12..].copy_from_slice(&self.length.to_be_bytes());
        bytes
    }

    /// Reads the 16 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Option<Place> {
        let bytes: &[u8; 16] = bytes.try_into().ok()?;
        Some(Place {
            segment: u32::from_be_bytes(bytes[..4].try_into().ok()?),
            offset: u64::from_be_bytes(bytes[4..12].try_into().ok()?),
            length: u32::from_be_bytes(bytes[12..].try_into().ok()?),
        })
    }
}

/// A point between two lines: how many events came before, where it lies, and the seal there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    pub events: u64,
    pub segment: u32,
    pub offset: u64,
    pub seal: Digest,
}

impl Mark {
    /// The point before the first line.
    pub fn start(id: &str) -> Mark {
        Mark { events: 0, segment: 0, offset: 0, seal: line::first_seal(id) }
    }
}

/// What the end of the journal looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// After the last whole line.
    pub mark: Mark,
    /// The bytes after it that are no line.
    pub torn: Option<Vec<u8>>,
}

/// Takes each line with its place and its bytes.
pub type Each<'a> = dyn FnMut(Line, Place, &[u8]) -> Result<(), RegistryError> + 'a;

/// The segments of one registry.
#[derive(Clone)]
pub struct Journal {
    pub disk: Arc<dyn Disk>,
    pub folder: PathBuf,
    pub id: String,
}

impl Journal {
    /// The file of a segment.
    pub fn path(&self, segment: u32) -> PathBuf {
        self.folder.join(format!("{segment:06}.jsonl"))
    }

    /// The name of a place, as people see it.
    pub fn name(&self, segment: u32, offset: u64) -> String {
        format!("journal/{segment:06}.jsonl byte {offset}")
    }

    /// The number of segments; they must have no gap.
    pub fn segments(&self) -> Result<u32, RegistryError> {
        let names = self.disk.names(&self.folder);
        let names = names.map_err(|error| RegistryError::file(&self.folder, error))?;
        let numbers = names.iter().filter_map(|name| name.strip_suffix(".jsonl")?.parse().ok());
        let numbers: Vec<u32> = numbers.collect();
        match numbers.iter().enumerate().find(|(wanted, found)| *wanted as u32 != **found) {
            Some((wanted, _)) => {
                Err(RegistryError::damage(self.name(wanted as u32, 0), "the segment is missing"))
            }
            None => Ok(numbers.len() as u32),
        }
    }

    fn size(&self, segment: u32) -> Result<u64, RegistryError> {
        let path = self.path(segment);
        self.disk.size(&path).map_err(|error| RegistryError::file(&path, error))
    }

    fn read_exact(&self, place: Place) -> Result<Vec<u8>, RegistryError> {
        let path = self.path(place.segment);
        let mut bytes = vec![0; place.length as usize];
        let read = self.disk.read_at(&path, place.offset, &mut bytes);
        let read = read.map_err(|error| RegistryError::file(&path, error))?;
        if read == bytes.len() {
            return Ok(bytes);
        }
        let what = format!("{read} bytes are there, wanted {}", bytes.len());
        Err(RegistryError::damage(self.name(place.segment, place.offset), what))
    }

    /// Reads the bytes of an object, which must hash to its name.
    pub fn object(&self, digest: &Digest, place: Place) -> Result<recipes::Object, RegistryError> {
        let bytes = self.read_exact(place)?;
        recipes::Object::from_bytes(digest, bytes).map_err(|error| {
            RegistryError::damage(self.name(place.segment, place.offset), error.to_string())
        })
    }

    /// Reads a line, whose seal must follow from the line before it.
    pub fn line(&self, place: Place) -> Result<Line, RegistryError> {
        let before = self.seal_before(place.segment, place.offset)?;
        let bytes = self.read_exact(place)?;
        line::decode(&before, &bytes)
            .map_err(|what| RegistryError::damage(self.name(place.segment, place.offset), what))
    }

    /// The seal that ends right before a place.
    pub fn seal_before(&self, segment: u32, offset: u64) -> Result<Digest, RegistryError> {
        let (segment, end) = match (segment, offset) {
            (0, 0) => return Ok(line::first_seal(&self.id)),
            (_, 0) => (segment - 1, self.size(segment - 1)?),
            place => place,
        };
        let start = end.saturating_sub(SEAL_TAIL + 9);
        let place = Place { segment, offset: start, length: (end - start) as u32 };
        let bytes = self.read_exact(place)?;
        let seal = bytes.strip_suffix(b"\n").and_then(line::written_seal);
        let what = "no line ends here";
        seal.ok_or_else(|| RegistryError::damage(self.name(segment, end), what))
    }

    /// Reads every line after a mark, in order; damage before the last line is an error.
    pub fn replay(&self, from: Mark, each: &mut Each) -> Result<End, RegistryError> {
        let (segments, mut mark) = (self.segments()?, from);
        if segments == 0 && from.events == 0 {
            return Ok(End { mark, torn: None });
        }
        loop {
            let last = mark.segment + 1 >= segments;
            let torn = self.replay_segment(&mut mark, last, each)?;
            if last {
                return Ok(End { mark, torn });
            }
            mark = Mark { segment: mark.segment + 1, offset: 0, ..mark };
        }
    }

    /// As `replay`, with reading and checking in a thread that runs ahead.
    pub fn replay_ahead(&self, from: Mark, each: &mut Each) -> Result<End, RegistryError> {
        std::thread::scope(|scope| {
            let (sender, receiver) = sync_channel::<Vec<(Line, Place, Vec<u8>)>>(CHUNKS_AHEAD);
            let reader = scope.spawn(move || {
                let (mut chunk, mut bytes) = (Vec::new(), 0);
                let end = self.replay(from, &mut |line, place, body| {
                    bytes += body.len();
                    chunk.push((line, place, body.to_vec()));
                    if bytes >= BLOCK / 4 {
                        bytes = 0;
                        let unheard = |_| RegistryError::Message("nobody listens".into());
                        sender.send(std::mem::take(&mut chunk)).map_err(unheard)?;
                    }
                    Ok(())
                });
                // Where nobody listens any more, an error is already on its way.
                let _ = sender.send(chunk);
                end
            });
            for (line, place, body) in receiver.into_iter().flatten() {
                each(line, place, &body)?;
            }
            reader.join().map_err(|_| RegistryError::Message("the reader stopped".into()))?
        })
    }

    fn replay_segment(
        &self,
        mark: &mut Mark,
        last: bool,
        each: &mut Each,
    ) -> Result<Option<Vec<u8>>, RegistryError> {
        let mut lines = Lines::new(self, mark.segment, mark.offset);
        while let Some(bytes) = lines.next()? {
            let (body, ended) = match bytes.strip_suffix(b"\n") {
                Some(body) => (body, true),
                None => (bytes, false),
            };
            let number = mark.events;
            let line = match line::decode(&mark.seal, body) {
                Ok(line) if ended && line.event.number == number => Ok(line),
                Ok(_) if !ended => Err("a line without its newline".to_owned()),
                Ok(line) => Err(format!("event {}, wanted event {number}", line.event.number)),
                Err(what) => Err(what),
            };
            match line {
                Ok(line) => {
                    let place = Place {
                        segment: mark.segment,
                        offset: mark.offset,
                        length: body.len() as u32,
                    };
                    let offset = mark.offset + bytes.len() as u64;
                    let seal = line.seal;
                    each(line, place, body)?;
                    *mark = Mark { events: number + 1, segment: mark.segment, offset, seal };
                }
                Err(what) => {
                    let torn = bytes.to_vec();
                    let alone = last && lines.next()?.is_none();
                    let swallowed = line::whole_line_inside(&mark.seal, &torn)
                        .is_some_and(|end| end < torn.len());
                    if alone && !swallowed {
                        return Ok(Some(torn));
                    }
                    return Err(RegistryError::damage(self.name(mark.segment, mark.offset), what));
                }
            }
        }
        Ok(None)
    }

    /// Appends whole lines and makes them last; on an error nothing of them stays.
    pub fn append(&self, end: &Mark, bytes: &[u8]) -> Result<(), RegistryError> {
        let path = self.path(end.segment);
        let about = |error| RegistryError::file(&path, error);
        if end.offset == 0 {
            self.disk.write_at(&path, 0, b"").map_err(about)?;
            self.disk.sync_folder(&self.folder).map_err(about)?;
        }
        let written =
            self.disk.write_at(&path, end.offset, bytes).and_then(|()| self.disk.sync(&path));
        written.map_err(|error| {
            let undone = self.disk.cut(&path, end.offset).and_then(|()| self.disk.sync(&path));
            if undone.is_ok() { about(error) } else { RegistryError::Poisoned }
        })
    }

    /// Takes torn bytes off the end, after they were kept aside; says where.
    pub fn cut(&self, end: &End) -> Result<Option<String>, RegistryError> {
        let Some(torn) = &end.torn else { return Ok(None) };
        let (segment, offset) = (end.mark.segment, end.mark.offset);
        let name = format!("{segment:06}.cut-{offset}-{}", Digest::of(torn).short());
        let aside = self.folder.join(&name);
        let path = self.path(segment);
        let done = self
            .disk
            .write_at(&aside, 0, torn)
            .and_then(|()| self.disk.sync(&aside))
            .and_then(|()| self.disk.sync_folder(&self.folder))
            .and_then(|()| self.disk.cut(&path, offset))
            .and_then(|()| self.disk.sync(&path));
        done.map_err(|error| RegistryError::file(&path, error))?;
        Ok(Some(format!("journal/{name}")))
    }
}

/// The lines of one segment, one after the other, newlines included.
pub struct Lines<'a> {
    disk: &'a dyn Disk,
    path: PathBuf,
    offset: u64,
    buffer: Vec<u8>,
    start: usize,
    filled: usize,
}

impl<'a> Lines<'a> {
    /// Starts at an offset, where a line must begin.
    pub fn new(journal: &'a Journal, segment: u32, offset: u64) -> Lines<'a> {
        Lines::of(&*journal.disk, &journal.path(segment), offset)
    }

    fn of(disk: &'a dyn Disk, path: &Path, offset: u64) -> Lines<'a> {
        Lines { disk, path: path.into(), offset, buffer: vec![0; BLOCK], start: 0, filled: 0 }
    }

    /// The next line; the last one may lack its newline. Overlong lines come in pieces.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Result<Option<&[u8]>, RegistryError> {
        let mut searched = self.start;
        loop {
            let found = self.buffer[searched..self.filled].iter().position(|byte| *byte == b'\n');
            if let Some(length) = found {
                let line = self.start..searched + length + 1;
                self.start = line.end;
                return Ok(Some(&self.buffer[line]));
            }
            searched = self.filled - self.start;
            if !self.fill()? {
                let line = self.start..self.filled;
                self.start = line.end;
                return Ok((!line.is_empty()).then(|| &self.buffer[line]));
            }
        }
    }

    /// Moves what is left to the front and reads more; `false` when there is no more.
    fn fill(&mut self) -> Result<bool, RegistryError> {
        self.buffer.copy_within(self.start..self.filled, 0);
        self.filled -= self.start;
        self.start = 0;
        if self.filled == self.buffer.len() {
            if self.buffer.len() > LINE_BYTES_MAX {
                return Ok(false);
            }
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        let read = self.disk.read_at(&self.path, self.offset, &mut self.buffer[self.filled..]);
        let read = read.map_err(|error| RegistryError::file(&self.path, error))?;
        self.offset += read as u64;
        self.filled += read;
        Ok(read > 0)
    }
}
