//! Why documents were dropped, as a blob: a JSON list with one entry a dropped document.
//!
//! The blob's digest is part of its step's result, so these bytes never change; it is written and
//! read one entry at a time. `trainer/DATA.md` defines the bytes.

use std::io::{self, BufRead, Write};

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::lists::ListError;

/// The largest entry that is read, in bytes.
const ENTRY_BYTES_MAX: usize = 1 << 20;

/// Why a document was dropped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fate {
    pub document: Digest,
    /// The source's position in the formula.
    pub source: u32,
    pub name: String,
    pub position: u64,
    /// What was measured, such as `chars` or `top_2_gram`.
    pub measure: String,
    pub value: f64,
    /// What the value was compared with; for a duplicate, nothing.
    pub limit: Option<f64>,
    /// The earlier document that a duplicate repeats.
    pub repeats: Option<Digest>,
}

/// Writes fates one by one.
pub struct FateWriter<W: Write> {
    out: W,
    count: u64,
}

impl<W: Write> FateWriter<W> {
    /// Starts the list.
    pub fn new(mut out: W) -> io::Result<FateWriter<W>> {
        out.write_all(b"[")?;
        Ok(FateWriter { out, count: 0 })
    }

    /// Adds a fate; they come in document order.
    pub fn push(&mut self, fate: &Fate) -> io::Result<()> {
        if self.count > 0 {
            self.out.write_all(b",")?;
        }
        self.count += 1;
        Ok(serde_json::to_writer(&mut self.out, fate)?)
    }

    /// How many were written.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Ends the list.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.write_all(b"]")?;
        Ok(self.out)
    }
}

/// Reads fates one by one.
pub struct FateReader<R: BufRead> {
    reader: R,
    entry: Vec<u8>,
    number: u64,
    ended: bool,
}

impl<R: BufRead> FateReader<R> {
    /// Reads from the start of a blob.
    pub fn new(reader: R) -> FateReader<R> {
        FateReader { reader, entry: Vec::new(), number: 0, ended: false }
    }

    /// The next fate; nothing at the end of the list.
    pub fn pull(&mut self) -> Result<Option<Fate>, ListError> {
        if self.ended || !self.cut()? {
            return self.end();
        }
        self.number += 1;
        let wrong = |error: serde_json::Error| ListError::Line {
            number: self.number,
            reason: error.to_string(),
        };
        serde_json::from_slice(&self.entry).map(Some).map_err(wrong)
    }

    /// After the list there must be nothing.
    fn end(&mut self) -> Result<Option<Fate>, ListError> {
        self.ended = true;
        match self.reader.fill_buf()?.is_empty() {
            true => Ok(None),
            false => Err(ListError::Long { number: self.number + 1, max: 0 }),
        }
    }

    /// Cuts the next entry out of the list; the bytes are looked at once and never held whole.
    fn cut(&mut self) -> Result<bool, ListError> {
        self.entry.clear();
        let (mut quoted, mut escaped) = (false, false);
        loop {
            let block = self.reader.fill_buf()?;
            if block.is_empty() {
                return Err(ListError::Short);
            }
            let mut used = 0;
            let mut done = None;
            for byte in block {
                used += 1;
                let inside = !self.entry.is_empty();
                match byte {
                    b'"' if inside && !escaped => quoted = !quoted,
                    b']' if !inside => done = Some(false),
                    b'}' if inside && !quoted => done = Some(true),
                    _ => {}
                }
                escaped = quoted && *byte == b'\\' && !escaped;
                if inside || *byte == b'{' {
                    self.entry.push(*byte);
                }
                if done.is_some() || self.entry.len() > ENTRY_BYTES_MAX {
                    break;
                }
            }
            self.reader.consume(used);
            if self.entry.len() > ENTRY_BYTES_MAX {
                return Err(ListError::Long { number: self.number + 1, max: ENTRY_BYTES_MAX });
            }
            if let Some(found) = done {
                return Ok(found);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fate(name: &str, value: f64) -> Fate {
        Fate {
            document: Digest::of(name.as_bytes()),
            source: 1,
            name: name.into(),
            position: 3,
            measure: "chars".into(),
            value,
            limit: Some(100.0),
            repeats: None,
        }
    }

    #[test]
    fn one_by_one_gives_the_bytes_of_the_whole_list_and_reads_back() {
        let hostile = ["a", "\"}],[{\\", "\\", "}", "]", "\u{202e}\n"];
        for count in 0..=hostile.len() {
            let fates: Vec<Fate> = hostile[..count].iter().map(|name| fate(name, 1.5)).collect();
            let mut writer = FateWriter::new(Vec::new()).expect("memory");
            fates.iter().for_each(|fate| writer.push(fate).expect("memory"));
            let bytes = writer.finish().expect("memory");
            assert_eq!(bytes, serde_json::to_vec(&fates).expect("JSON"));
            for block in [1, 2, 7, 4096] {
                let reader = io::BufReader::with_capacity(block, &bytes[..]);
                let mut reader = FateReader::new(reader);
                let mut read = Vec::new();
                while let Some(fate) = reader.pull().expect("a fate") {
                    read.push(fate);
                }
                assert_eq!(read, fates);
            }
        }
    }

    #[test]
    fn broken_lists_are_refused_and_not_held_whole() {
        let endless = format!("[{{\"document\":\"{}", "x".repeat(2 * ENTRY_BYTES_MAX));
        for (bytes, wanted) in [
            ("", "ends early"),
            ("[", "ends early"),
            ("[{\"document\":1}]", "entry 1"),
            ("[][", "more than 0 bytes"),
            (&endless, "more than"),
        ] {
            let error = FateReader::new(bytes.as_bytes()).pull().expect_err("broken");
            assert!(error.to_string().contains(wanted), "{error}");
        }
    }
}
