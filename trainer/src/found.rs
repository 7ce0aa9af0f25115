//! What a reader finds in a file, one at a time: documents, bad records, records passed over.
//!
//! A reader says what is wrong with a record and goes on where it can; whether the run goes on is
//! decided by whoever takes what it finds.

use std::fmt;

use kitchen::Document;
use serde::{Serialize, Serializer};

use crate::gather::GatherError;

/// The most bytes of a bad record that are kept.
const KEPT_BYTES_MAX: usize = 1024;

/// Takes what a reader finds; an error ends the reading.
pub type Sink<'s> = dyn FnMut(Found) -> Result<(), GatherError> + 's;

/// What a reader finds.
pub enum Found {
    Document(Document),
    Bad(Bad),
    /// A record that is none of those that the reading takes.
    PassedOver,
}

/// The file that is read.
#[derive(Clone, Copy)]
pub struct Origin<'f> {
    /// The source's position in the formula.
    pub source: u32,
    /// The file's logical name.
    pub name: &'f str,
}

impl Origin<'_> {
    /// A document of this file.
    pub fn document(&self, position: u64, text: String) -> Document {
        Document::new(self.source, self.name.to_owned(), position, text)
    }
}

/// Where in a file a record lies; counted from 1, as editors count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    File,
    Line(u64),
    Row(u64),
    Record(u64),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Place::File => Ok(()),
            Place::Line(number) => write!(f, " line {number}:"),
            Place::Row(number) => write!(f, " row {number}:"),
            Place::Record(number) => write!(f, " record {number}:"),
        }
    }
}

/// A record that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Bad {
    /// The file's logical name.
    pub file: String,
    pub place: Place,
    pub reason: String,
    /// The bytes of the record, as far as they were seen.
    pub size: u64,
    /// The first of them.
    #[serde(flatten, serialize_with = "shown")]
    pub bytes: Vec<u8>,
}

impl Bad {
    /// A bad record of a file; of a long reason only the start is kept.
    pub fn new(file: Origin, place: Place, reason: impl Into<String>, bytes: &[u8]) -> Bad {
        let size = bytes.len() as u64;
        let bytes = bytes[..bytes.len().min(KEPT_BYTES_MAX)].to_vec();
        let reason = reason.into().chars().take(KEPT_BYTES_MAX).collect();
        Bad { file: file.name.to_owned(), place, reason, size, bytes }
    }

    /// The same with the size of the whole record, of which only the start was kept.
    pub fn of_size(self, size: u64) -> Bad {
        Bad { size, ..self }
    }

    /// The error that it is where nothing is kept aside.
    pub fn into_error(self) -> GatherError {
        GatherError::Record { name: self.file, place: self.place, reason: self.reason }
    }
}

/// Writes bytes as text where they are UTF-8, up to a character that was cut; else as hex.
fn shown<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    use serde::ser::SerializeMap;
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => Some(text),
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&bytes[..error.valid_up_to()]).ok()
        }
        Err(_) => None,
    };
    let mut map = serializer.serialize_map(Some(1))?;
    match text {
        Some(text) => map.serialize_entry("text", text)?,
        None => map.serialize_entry("hex", &recipes::hex(bytes))?,
    }
    map.end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_record_is_written_as_text_or_as_hex() {
        let file = Origin { source: 0, name: "f" };
        let check = |bytes: &[u8], wanted: &str| {
            let bad = Bad::new(file, Place::Line(2), "r", bytes);
            assert_eq!(serde_json::to_string(&bad).expect("JSON"), wanted);
        };
        let start = r#"{"file":"f","place":{"line":2},"reason":"r","size":"#;
        check(b"ab", &format!("{start}2,\"text\":\"ab\"}}"));
        check(b"a\xFFb", &format!("{start}3,\"hex\":\"61ff62\"}}"));
        let long = "é".repeat(1000);
        let kept = "é".repeat(512);
        check(long.as_bytes(), &format!("{start}2000,\"text\":\"{kept}\"}}"));
    }
}
