//! The index as the owner sees it: what sled holds, and the newest rows, which are in memory.
//!
//! What always holds: `mark` covers both; a crash loses only the rows in memory, which the
//! journal gives back.

use std::collections::BTreeMap;

use crate::block::Row;
use crate::error::RegistryError;
use crate::index::Index;
use crate::journal::Mark;

/// So many rows may gather in memory during ordinary work.
pub const ROWS_RECENT_MAX: usize = 4096;

/// So many while an index is made anew.
pub const ROWS_REBUILD_MAX: usize = 100_000;

/// The answer to a scan never holds more bytes than this, except for a single row.
pub const SCAN_BYTES_MAX: usize = 4 << 20;

/// The answer to a scan never holds more rows than this.
pub const SCAN_ROWS_MAX: usize = 2048;

/// Which rows to look for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    /// The least key.
    pub from: Vec<u8>,
    /// The first key that is no longer wanted.
    pub to: Vec<u8>,
    /// At most this many rows.
    pub limit: usize,
}

/// The rows of an index with those in memory over them.
pub struct View {
    pub index: Index,
    pub mark: Mark,
    recent: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl View {
    /// Looks at an index.
    pub fn new(index: Index) -> View {
        View { mark: index.mark(), index, recent: BTreeMap::new() }
    }

    /// Finds the value of a key.
    pub fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, RegistryError> {
        match self.recent.get(key) {
            Some(value) => Ok(Some(value.clone())),
            None => self.index.get(key),
        }
    }

    /// Sets the value of a key.
    pub fn put(&mut self, key: Vec<u8>, value: Vec<u8>) {
        self.recent.insert(key, value);
    }

    /// Gives rows in a range, bounded; more may follow after the last one given.
    pub fn scan(&self, range: &Range) -> Result<Vec<Row>, RegistryError> {
        let Range { from, to, limit } = range;
        let limit = (*limit).min(SCAN_ROWS_MAX);
        if from >= to {
            return Ok(Vec::new());
        }
        let mut rows: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
        rows.extend(self.index.scan(from, to, limit)?);
        let recent = self.recent.range(from.clone()..to.clone()).take(limit);
        rows.extend(recent.map(|(key, value)| (key.clone(), value.clone())));
        let mut bytes = 0;
        let fits = |row: &Row| {
            let first = bytes == 0;
            bytes += row.0.len() + row.1.len();
            first || bytes <= SCAN_BYTES_MAX
        };
        Ok(rows.into_iter().take(limit).take_while(fits).collect())
    }

    /// The number of rows that only memory holds.
    pub fn recent_rows(&self) -> usize {
        self.recent.len()
    }

    /// Gives the rows in memory to sled when there are more than `rows_max` of them.
    pub fn settle(&mut self, rows_max: usize) -> Result<(), RegistryError> {
        if self.recent.len() > rows_max {
            self.index.add_layer(self.recent.iter(), &self.mark)?;
            self.recent.clear();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::NotOpen;

    fn next(state: &mut u64) -> u64 {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        *state
    }

    fn open(folder: &std::path::Path) -> View {
        loop {
            match Index::open(folder, "0011") {
                Ok(index) => return View::new(index),
                // sled lets go of its lock a moment after it is closed.
                Err(NotOpen::Busy) => std::thread::yield_now(),
                Err(NotOpen::Unwritable(why) | NotOpen::Unusable(why)) => panic!("{why}"),
            }
        }
    }

    /// Walks a range page by page, as clients do.
    fn walk(view: &View, from: &[u8], to: &[u8], limit: usize) -> Vec<Row> {
        let (mut found, mut from) = (Vec::new(), from.to_vec());
        loop {
            let range = Range { from: from.clone(), to: to.to_vec(), limit };
            let rows = view.scan(&range).expect("rows");
            let Some((last, _)) = rows.last() else { return found };
            from = [last, &[0][..]].concat();
            found.extend(rows);
        }
    }

    #[test]
    fn layers_answer_as_one_sorted_map_also_after_reopening() {
        let folder = tempfile::tempdir().expect("a folder");
        let (mut view, mut model) = (open(folder.path()), BTreeMap::new());
        let mut random = 0x51_7cc1_b727_2202;
        for round in 0..120 {
            for _ in 0..next(&mut random) % 400 {
                let key = format!("k{}", next(&mut random) % 6000).into_bytes();
                let value = vec![round; (next(&mut random) % 60) as usize];
                view.put(key.clone(), value.clone());
                model.insert(key, value);
            }
            view.settle(if round % 3 == 0 { 0 } else { 300 }).expect("settled");
            if round % 10 == 9 {
                view.settle(0).expect("settled");
                drop(view);
                view = open(folder.path());
            }
            let (a, b) = (next(&mut random) % 6000, next(&mut random) % 6000);
            let (from, to) = (format!("k{}", a.min(b)), format!("k{}", a.max(b)));
            let (from, to) = (from.min(to.clone()).into_bytes(), to.into_bytes());
            if from < to {
                let wanted = model.range(from.clone()..to.clone());
                let wanted: Vec<Row> = wanted.map(|(k, v)| (k.clone(), v.clone())).collect();
                let limit = 1 + (next(&mut random) % 50) as usize;
                assert_eq!(walk(&view, &from, &to, limit), wanted, "round {round}");
            }
            for _ in 0..50 {
                let key = format!("k{}", next(&mut random) % 7000).into_bytes();
                assert_eq!(view.get(&key).expect("a look"), model.get(&key).cloned());
            }
        }
    }

    #[test]
    fn an_index_of_another_registry_is_not_used() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut view = open(folder.path());
        view.put(vec![1], vec![2]);
        view.settle(0).expect("settled");
        drop(view);
        drop(open(folder.path()));
        let opened = loop {
            match Index::open(folder.path(), "2233") {
                Err(NotOpen::Busy) => std::thread::yield_now(),
                opened => break opened,
            }
        };
        assert!(matches!(opened, Err(NotOpen::Unusable(_))));
    }
}
