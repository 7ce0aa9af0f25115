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
pub const ROWS_REBUILD_MAX: usize = 200_000;

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
