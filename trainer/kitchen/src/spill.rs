//! Records of one size put in order within a memory budget: sorted runs in files, then a merge.
//!
//! Records are compared as bytes, so numbers inside stand big-endian. The order is the same
//! whatever the budget is. Where the files lie is the caller's business (`Scratch`).

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{Cursor, Read, Result, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A file to put records aside in; it goes away when dropped.
pub trait Spill: Read + Write + Seek + Send {}

impl<T: Read + Write + Seek + Send> Spill for T {}

/// Where spill files come from.
pub trait Scratch: Sync {
    /// Makes a new, empty file.
    fn spill(&self) -> Result<Box<dyn Spill>>;
}

/// Spill files that are kept in memory: for small inputs and for tests.
pub struct InMemory;

impl Scratch for InMemory {
    fn spill(&self) -> Result<Box<dyn Spill>> {
        Ok(Box::new(Cursor::new(Vec::new())))
    }
}

/// Runs of one level that are merged into one of the next.
const FAN_IN: usize = 32;
/// Bytes that a run is read and written with, at most.
const BLOCK: usize = 1 << 18;
/// Records that a sorter holds at least.
const ROOM_MIN: usize = 64;

/// Collects records of `W` bytes.
pub struct Sorter<'a, const W: usize> {
    scratch: &'a dyn Scratch,
    /// Records held before a run is written.
    room: usize,
    held: Vec<[u8; W]>,
    /// Runs by how often they were merged.
    levels: Vec<Level>,
}

/// Runs that were merged equally often, one after another in one file.
struct Level {
    file: SharedFile,
    /// The byte after the last run.
    end: u64,
    runs: Vec<Run>,
}

type SharedFile = Arc<Mutex<Box<dyn Spill>>>;

fn locked(file: &SharedFile) -> MutexGuard<'_, Box<dyn Spill>> {
    file.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Level {
    fn new(scratch: &dyn Scratch) -> Result<Level> {
        Ok(Level { file: Arc::new(Mutex::new(scratch.spill()?)), end: 0, runs: Vec::new() })
    }

    /// Begins a run behind the others.
    fn writer(&self, block: usize) -> RunWriter {
        let file = Arc::clone(&self.file);
        RunWriter { file, start: self.end, end: self.end, buffer: Vec::with_capacity(block), block }
    }

    /// Takes a finished run.
    fn add<const W: usize>(&mut self, writer: RunWriter) -> Result<()> {
        let run = writer.finish::<W>()?;
        self.end = run.start + run.records * W as u64;
        self.runs.push(run);
        Ok(())
    }
}

/// Records in order, in a file.
struct Run {
    file: SharedFile,
    /// Its first byte.
    start: u64,
    records: u64,
}

impl<'a, const W: usize> Sorter<'a, W> {
    /// Makes a sorter that holds about `budget` bytes.
    pub fn new(scratch: &'a dyn Scratch, budget: usize) -> Sorter<'a, W> {
        Sorter { scratch, room: (budget / W).max(ROOM_MIN), held: Vec::new(), levels: Vec::new() }
    }

    /// Takes a record.
    pub fn push(&mut self, record: [u8; W]) -> Result<()> {
        if self.held.len() == self.room {
            self.write_run()?;
        }
        self.held.push(record);
        Ok(())
    }

    fn write_run(&mut self) -> Result<()> {
        sort(&mut self.held);
        let mut writer = self.writer(0)?;
        for record in &self.held {
            writer.push(record)?;
        }
        self.held.clear();
        self.add(0, writer)
    }

    /// Begins a run of a level.
    fn writer(&mut self, level: usize) -> Result<RunWriter> {
        if self.levels.len() == level {
            self.levels.push(Level::new(self.scratch)?);
        }
        Ok(self.levels[level].writer(block::<W>(self.room)))
    }

    /// Adds a run; a full level becomes one run of the next, and its file goes away.
    fn add(&mut self, level: usize, writer: RunWriter) -> Result<()> {
        self.levels[level].add::<W>(writer)?;
        if self.levels[level].runs.len() < FAN_IN {
            return Ok(());
        }
        let full = std::mem::replace(&mut self.levels[level], Level::new(self.scratch)?);
        let mut merge = Merge::<W>::new(full.runs, block::<W>(self.room))?;
        let mut writer = self.writer(level + 1)?;
        while let Some(record) = merge.pull()? {
            writer.push(&record)?;
        }
        self.add(level + 1, writer)
    }

    /// The records in order.
    pub fn finish(mut self) -> Result<Sorted<W>> {
        if self.levels.is_empty() {
            sort(&mut self.held);
            return Ok(Sorted::Held(self.held.into_iter()));
        }
        if !self.held.is_empty() {
            self.write_run()?;
        }
        self.held = Vec::new();
        let runs = self.levels.drain(..).flat_map(|level| level.runs).collect();
        Ok(Sorted::Merged(Merge::new(runs, block::<W>(self.room))?))
    }
}

/// Bytes of a run's buffer: whole records, together no more than the sorter held.
fn block<const W: usize>(room: usize) -> usize {
    ((room / (2 * FAN_IN)).clamp(1, BLOCK / W)) * W
}

/// Sorts by the first eight bytes as a number, then by the rest: the order of the bytes.
fn sort<const W: usize>(records: &mut [[u8; W]]) {
    let head = |record: &[u8; W]| match record.first_chunk() {
        Some(head) => u64::from_be_bytes(*head),
        None => 0,
    };
    records.sort_unstable_by(|a, b| head(a).cmp(&head(b)).then_with(|| a.cmp(b)));
}

struct RunWriter {
    file: SharedFile,
    /// The run's first byte, and the one after what was written.
    start: u64,
    end: u64,
    buffer: Vec<u8>,
    block: usize,
}

impl RunWriter {
    fn push(&mut self, record: &[u8]) -> Result<()> {
        if self.buffer.len() + record.len() > self.block {
            self.write()?;
        }
        self.buffer.extend_from_slice(record);
        Ok(())
    }

    fn write(&mut self) -> Result<()> {
        let mut file = locked(&self.file);
        file.seek(SeekFrom::Start(self.end))?;
        file.write_all(&self.buffer)?;
        self.end += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    fn finish<const W: usize>(mut self) -> Result<Run> {
        self.write()?;
        locked(&self.file).flush()?;
        let records = (self.end - self.start) / W as u64;
        Ok(Run { file: self.file, start: self.start, records })
    }
}

/// Records in order, from memory or from runs.
pub enum Sorted<const W: usize> {
    Held(std::vec::IntoIter<[u8; W]>),
    Merged(Merge<W>),
}

impl<const W: usize> Sorted<W> {
    /// The next record.
    pub fn pull(&mut self) -> Result<Option<[u8; W]>> {
        match self {
            Sorted::Held(records) => Ok(records.next()),
            Sorted::Merged(merge) => merge.pull(),
        }
    }
}

/// Runs read side by side, the least record first.
pub struct Merge<const W: usize> {
    runs: Vec<RunReader>,
    heads: BinaryHeap<Reverse<([u8; W], usize)>>,
}

impl<const W: usize> Merge<W> {
    fn new(runs: Vec<Run>, block: usize) -> Result<Merge<W>> {
        let reader = |run: Run| {
            let Run { file, start, records } = run;
            RunReader { file, place: start, left: records, buffer: Vec::new(), at: 0 }
        };
        let mut runs: Vec<RunReader> = runs.into_iter().map(reader).collect();
        let mut heads = BinaryHeap::with_capacity(runs.len());
        for (index, run) in runs.iter_mut().enumerate() {
            if let Some(record) = run.next(block)? {
                heads.push(Reverse((record, index)));
            }
        }
        Ok(Merge { runs, heads })
    }

    fn pull(&mut self) -> Result<Option<[u8; W]>> {
        let Some(mut head) = self.heads.peek_mut() else { return Ok(None) };
        let Reverse((record, index)) = *head;
        let run = &mut self.runs[index];
        let block = run.buffer.len();
        match run.next(block)? {
            Some(next) => *head = Reverse((next, index)),
            None => {
                std::collections::binary_heap::PeekMut::pop(head);
            }
        }
        Ok(Some(record))
    }
}

struct RunReader {
    file: SharedFile,
    /// The byte to read next, and the records from there on.
    place: u64,
    left: u64,
    buffer: Vec<u8>,
    at: usize,
}

impl RunReader {
    fn next<const W: usize>(&mut self, block: usize) -> Result<Option<[u8; W]>> {
        if self.at == self.buffer.len() {
            let records = (block / W).min(usize::try_from(self.left).unwrap_or(usize::MAX));
            self.buffer.resize(records * W, 0);
            let mut file = locked(&self.file);
            file.seek(SeekFrom::Start(self.place))?;
            file.read_exact(&mut self.buffer)?;
            self.place += self.buffer.len() as u64;
            self.left -= records as u64;
            self.at = 0;
        }
        let record = self.buffer[self.at..].first_chunk().copied();
        self.at += if record.is_some() { W } else { 0 };
        Ok(record)
    }
}

/// Records of one size that are read back by their number: in memory, or in a file past a budget.
pub struct Shelf<'a> {
    scratch: &'a dyn Scratch,
    width: usize,
    budget: usize,
    held: Vec<u8>,
    file: Option<Box<dyn Spill>>,
    /// Bytes in the file.
    filed: u64,
}

impl<'a> Shelf<'a> {
    /// Makes an empty shelf for records of `width` bytes.
    pub fn new(scratch: &'a dyn Scratch, width: usize, budget: usize) -> Shelf<'a> {
        Shelf { scratch, width, budget, held: Vec::new(), file: None, filed: 0 }
    }

    /// Puts whole records at the end.
    pub fn push(&mut self, records: &[u8]) -> Result<()> {
        if self.held.len() + records.len() > self.budget {
            if self.file.is_none() {
                self.file = Some(self.scratch.spill()?);
            }
            let file = self.file.as_mut().expect("just made");
            file.seek(SeekFrom::Start(self.filed))?;
            file.write_all(&self.held)?;
            file.write_all(records)?;
            self.filed += (self.held.len() + records.len()) as u64;
            self.held.clear();
            return Ok(());
        }
        self.held.extend_from_slice(records);
        Ok(())
    }

    /// Reads what was put there together, from a record on.
    pub fn read(&mut self, number: u64, into: &mut [u8]) -> Result<()> {
        let start = number * self.width as u64;
        if start >= self.filed {
            let start = (start - self.filed) as usize;
            into.copy_from_slice(&self.held[start..start + into.len()]);
            return Ok(());
        }
        let file = self.file.as_mut().expect("bytes were filed");
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernels::random::block;

    fn record(index: u64) -> [u8; 12] {
        let [a, b, ..] = block(3, 77, index);
        let mut record = [0; 12];
        record[..4].copy_from_slice(&(a % 50).to_be_bytes());
        record[8..].copy_from_slice(&b.to_be_bytes());
        record
    }

    #[test]
    fn any_budget_gives_the_same_order() {
        let mut wanted: Vec<[u8; 12]> = (0..9000).map(record).collect();
        wanted.sort();
        for budget in [0, 2000, 20_000, 1 << 20] {
            let mut sorter = Sorter::new(&InMemory, budget);
            for index in 0..9000 {
                sorter.push(record(index)).expect("memory");
            }
            let mut sorted = sorter.finish().expect("memory");
            let mut found = Vec::new();
            while let Some(record) = sorted.pull().expect("memory") {
                found.push(record);
            }
            assert!(found == wanted, "budget {budget}");
        }
    }

    #[test]
    fn a_shelf_gives_back_what_was_put_on_it() {
        for budget in [0, 100, 1 << 20] {
            let mut shelf = Shelf::new(&InMemory, 12, budget);
            for index in 0..100 {
                shelf.push(&record(index)).expect("memory");
            }
            for index in [0, 99, 50, 3] {
                let mut found = [0; 12];
                shelf.read(index, &mut found).expect("memory");
                assert_eq!(found, record(index));
            }
        }
    }
}
