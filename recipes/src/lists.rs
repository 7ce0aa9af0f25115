//! Lists of documents as blobs: what was gathered, what a step changed, which tokens came out.
//!
//! A list is JSON lines: its kind, then before the documents of a name that name, then one line a
//! document, in document order. `trainer/DATA.md` defines the bytes.

use std::io::{self, BufRead, Read, Write};
use std::marker::PhantomData;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::digest::Digest;

/// The longest line that is read, in bytes.
const LINE_BYTES_MAX: usize = 1 << 20;

/// Why a list cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    #[error("the list cannot be read: {0}")]
    Io(#[from] io::Error),
    #[error("the list is of another kind, wanted `{wanted}`")]
    Kind { wanted: &'static str },
    #[error("entry {number} of the list: {reason}")]
    Line { number: u64, reason: String },
    #[error("entry {number} of the list has more than {max} bytes")]
    Long { number: u64, max: usize },
    #[error("the list ends early")]
    Short,
}

/// The documents of one name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// The source's position in the formula.
    pub source: u32,
    pub name: String,
    /// Whether they were set apart for measuring.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub held_out: bool,
}

/// A document's line in some kind of list.
pub trait Row: Serialize + DeserializeOwned {
    /// The kind, which is the list's first line.
    const KIND: &'static str;
}

/// A document as it was gathered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(u64, Digest, u64, u64)", into = "(u64, Digest, u64, u64)")]
pub struct Gathered {
    pub position: u64,
    /// SHA-256 of its text, by which it is known from then on.
    pub id: Digest,
    /// Unicode scalar values.
    pub chars: u64,
    pub bytes: u64,
}

/// A document that a step changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "ChangedTuple", into = "ChangedTuple")]
pub struct Changed {
    pub position: u64,
    pub id: Digest,
    /// SHA-256 of the text before the step.
    pub before: Digest,
    /// SHA-256 of the text after it.
    pub after: Digest,
    /// The earlier document that the first removed part repeats.
    pub repeats: Option<Digest>,
}

/// A document's place among the tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(u64, Digest, u64, u64)", into = "(u64, Digest, u64, u64)")]
pub struct Tokenized {
    pub position: u64,
    pub id: Digest,
    /// Its first token, from 0 in the stream of its source.
    pub first: u64,
    /// Its tokens, with the end.
    pub tokens: u64,
}

type ChangedTuple = (u64, Digest, Digest, Digest, Option<Digest>);

impl Row for Gathered {
    const KIND: &'static str = "ingot/gathered@1";
}

impl Row for Changed {
    const KIND: &'static str = "ingot/changed@1";
}

impl Row for Tokenized {
    const KIND: &'static str = "ingot/tokenized@1";
}

impl From<(u64, Digest, u64, u64)> for Gathered {
    fn from((position, id, chars, bytes): (u64, Digest, u64, u64)) -> Gathered {
        Gathered { position, id, chars, bytes }
    }
}

impl From<Gathered> for (u64, Digest, u64, u64) {
    fn from(row: Gathered) -> (u64, Digest, u64, u64) {
        (row.position, row.id, row.chars, row.bytes)
    }
}

impl From<ChangedTuple> for Changed {
    fn from((position, id, before, after, repeats): ChangedTuple) -> Changed {
        Changed { position, id, before, after, repeats }
    }
}

impl From<Changed> for ChangedTuple {
    fn from(row: Changed) -> ChangedTuple {
        (row.position, row.id, row.before, row.after, row.repeats)
    }
}

impl From<(u64, Digest, u64, u64)> for Tokenized {
    fn from((position, id, first, tokens): (u64, Digest, u64, u64)) -> Tokenized {
        Tokenized { position, id, first, tokens }
    }
}

impl From<Tokenized> for (u64, Digest, u64, u64) {
    fn from(row: Tokenized) -> (u64, Digest, u64, u64) {
        (row.position, row.id, row.first, row.tokens)
    }
}

/// Writes a list one document at a time.
pub struct ListWriter<W: Write, T: Row> {
    out: W,
    group: Option<Group>,
    count: u64,
    row: PhantomData<T>,
}

impl<W: Write, T: Row> ListWriter<W, T> {
    /// Starts a list.
    pub fn new(mut out: W) -> io::Result<ListWriter<W, T>> {
        writeln!(out, "{{\"kind\":\"{}\"}}", T::KIND)?;
        Ok(ListWriter { out, group: None, count: 0, row: PhantomData })
    }

    /// Adds a document of a source and a name; they come in document order.
    pub fn push(&mut self, source: u32, name: &str, held_out: bool, row: &T) -> io::Result<()> {
        let same = |group: &Group| (group.source, group.held_out) == (source, held_out);
        if !self.group.as_ref().is_some_and(|group| same(group) && group.name == name) {
            let group = Group { source, name: name.to_owned(), held_out };
            serde_json::to_writer(&mut self.out, &group)?;
            self.out.write_all(b"\n")?;
            self.group = Some(group);
        }
        self.count += 1;
        serde_json::to_writer(&mut self.out, row)?;
        self.out.write_all(b"\n")
    }

    /// How many documents were written.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Ends the list.
    pub fn finish(self) -> W {
        self.out
    }
}

/// Reads a list one document at a time; what it holds is bounded by the longest line.
pub struct ListReader<R: BufRead, T: Row> {
    reader: R,
    line: Vec<u8>,
    number: u64,
    group: Option<Arc<Group>>,
    row: PhantomData<T>,
}

impl<R: BufRead, T: Row> ListReader<R, T> {
    /// Reads from the start of a blob, which must be a list of this kind.
    pub fn new(reader: R) -> Result<ListReader<R, T>, ListError> {
        let (line, group, row) = (Vec::new(), None, PhantomData);
        let mut list = ListReader { reader, line, number: 0, group, row };
        if !list.next_line()? || list.line != format!("{{\"kind\":\"{}\"}}", T::KIND).as_bytes() {
            return Err(ListError::Kind { wanted: T::KIND });
        }
        Ok(list)
    }

    /// The next document, and whose name it has; nothing at the end of the list.
    pub fn pull(&mut self) -> Result<Option<(Arc<Group>, T)>, ListError> {
        while self.next_line()? {
            let wrong = |reason: String| ListError::Line { number: self.number, reason };
            if self.line.first() == Some(&b'{') {
                let group: Result<Group, _> = serde_json::from_slice(&self.line);
                self.group = Some(Arc::new(group.map_err(|error| wrong(error.to_string()))?));
                continue;
            }
            let row = serde_json::from_slice(&self.line);
            let row = row.map_err(|error| wrong(error.to_string()))?;
            let group = self.group.clone();
            return Ok(Some((group.ok_or_else(|| wrong("it has no name".into()))?, row)));
        }
        Ok(None)
    }

    /// Reads one line without its end.
    fn next_line(&mut self) -> Result<bool, ListError> {
        self.line.clear();
        let mut bounded = self.reader.by_ref().take(LINE_BYTES_MAX as u64 + 1);
        if bounded.read_until(b'\n', &mut self.line)? == 0 {
            return Ok(false);
        }
        self.number += 1;
        match self.line.pop() {
            Some(b'\n') => Ok(true),
            _ if self.line.len() < LINE_BYTES_MAX => Err(ListError::Short),
            _ => Err(ListError::Long { number: self.number, max: LINE_BYTES_MAX }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(position: u64) -> Gathered {
        Gathered { position, id: Digest::of(b"a"), chars: 1, bytes: 1 }
    }

    fn read(bytes: &[u8]) -> Result<Vec<(String, bool, Gathered)>, ListError> {
        let mut reader = ListReader::new(bytes)?;
        let mut rows = Vec::new();
        while let Some((group, row)) = reader.pull()? {
            rows.push((group.name.clone(), group.held_out, row));
        }
        Ok(rows)
    }

    #[test]
    fn a_list_has_frozen_bytes_and_reads_back() {
        let mut writer = ListWriter::new(Vec::new()).expect("memory");
        let rows = [("a\n\"", false, 0), ("a\n\"", false, 1), ("b", false, 0), ("b", true, 2)];
        for (name, held_out, position) in rows {
            writer.push(0, name, held_out, &row(position)).expect("memory");
        }
        assert_eq!(writer.count(), 4);
        let bytes = writer.finish();
        let id = Digest::of(b"a");
        let wanted = format!(
            "{{\"kind\":\"ingot/gathered@1\"}}\n{{\"source\":0,\"name\":\"a\\n\\\"\"}}\n\
             [0,\"{id}\",1,1]\n[1,\"{id}\",1,1]\n{{\"source\":0,\"name\":\"b\"}}\n\
             [0,\"{id}\",1,1]\n{{\"source\":0,\"name\":\"b\",\"held_out\":true}}\n\
             [2,\"{id}\",1,1]\n"
        );
        assert_eq!(String::from_utf8_lossy(&bytes), wanted);
        let wanted = rows.map(|(name, held, position)| (name.to_owned(), held, row(position)));
        assert_eq!(read(&bytes).expect("a list"), wanted);
    }

    #[test]
    fn broken_lists_are_refused_with_their_place() {
        let kind = "{\"kind\":\"ingot/gathered@1\"}\n";
        let long = format!("{kind}\"{}", "x".repeat(2 * LINE_BYTES_MAX));
        let nameless = format!("{kind}[0,\"{}\",1,1]\n", Digest::of(b"a"));
        for (bytes, wanted) in [
            ("", "another kind"),
            ("{\"kind\":\"ingot/changed@1\"}\n", "wanted `ingot/gathered@1`"),
            (&format!("{kind}{{\"source\":0"), "ends early"),
            (&format!("{kind}[1]\n"), "entry 2"),
            (&nameless, "has no name"),
            (&long, "more than"),
        ] {
            let error = read(bytes.as_bytes()).expect_err("broken");
            assert!(error.to_string().contains(wanted), "{error}");
        }
    }
}
