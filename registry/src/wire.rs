//! What two processes say to each other over the socket: a few bounded messages.
//!
//! A message is its length (4 bytes, big-endian) and that many bytes, of which the first says
//! what it is. Lists are counted, byte texts are preceded by their length. `FORMAT.md` has all.

use std::io::{self, Read, Write};

use recipes::{Digest, Object};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::block::Row;
use crate::error::{Kind, RegistryError};
use crate::event::{Action, Entry, Event};
use crate::store::{Appended, Draft};
use crate::view::Range;

/// The version of these messages; both sides must speak the same.
pub const PROTOCOL: u64 = 1;

/// The longest message.
pub const MESSAGE_BYTES_MAX: usize = 128 << 20;

/// What a client asks.
#[derive(Debug)]
pub enum Request {
    Get(Vec<u8>),
    Scan(Range),
    Append(Vec<Draft>),
    Count,
    Rebuild,
}

/// What the owner answers.
#[derive(Debug)]
pub enum Answer {
    /// The first message on every connection.
    Hello {
        protocol: u64,
        registry: String,
        process: u32,
    },
    Value(Option<Vec<u8>>),
    Rows(Vec<Row>),
    Appended(Vec<Appended>),
    Count(u64),
    Done,
    Failed(Kind, String),
}

#[derive(Serialize, Deserialize)]
struct DraftRecord {
    call: String,
    numbered: bool,
    time: String,
    actor: String,
    action: Action,
    subjects: Vec<Digest>,
    reason: Option<String>,
    facts: Map<String, Value>,
    objects: Vec<String>,
}

impl Request {
    /// The bytes of a request.
    pub fn to_bytes(&self) -> Result<Vec<u8>, RegistryError> {
        let mut bytes = Vec::new();
        match self {
            Request::Get(key) => {
                bytes.push(1);
                put(&mut bytes, key);
            }
            Request::Scan(range) => {
                bytes.push(2);
                put(&mut bytes, &range.from);
                put(&mut bytes, &range.to);
                bytes.extend_from_slice(&(range.limit as u64).to_be_bytes());
            }
            Request::Append(drafts) => {
                bytes.push(3);
                let records: Vec<DraftRecord> = drafts.iter().map(record).collect();
                bytes.extend(serde_json::to_vec(&records).map_err(malformed)?);
            }
            Request::Count => bytes.push(4),
            Request::Rebuild => bytes.push(5),
        }
        Ok(bytes)
    }

    /// Reads a request.
    pub fn from_bytes(bytes: &[u8]) -> Result<Request, RegistryError> {
        let mut rest = Fields(bytes);
        let request = match rest.byte()? {
            1 => Request::Get(rest.bytes()?),
            2 => Request::Scan(Range {
                from: rest.bytes()?,
                to: rest.bytes()?,
                limit: usize::try_from(rest.number()?).unwrap_or(usize::MAX),
            }),
            3 => {
                let records: Vec<DraftRecord> =
                    serde_json::from_slice(rest.0).map_err(malformed)?;
                rest.0 = &[];
                Request::Append(records.into_iter().map(draft).collect::<Result<_, _>>()?)
            }
            4 => Request::Count,
            5 => Request::Rebuild,
            other => return Err(malformed(format!("no request begins with {other}"))),
        };
        rest.finish(request)
    }
}

impl Answer {
    /// The bytes of an answer.
    pub fn to_bytes(&self) -> Result<Vec<u8>, RegistryError> {
        let mut bytes = Vec::new();
        match self {
            Answer::Hello { protocol, registry, process } => {
                bytes.push(1);
                bytes.extend_from_slice(&protocol.to_be_bytes());
                put(&mut bytes, registry.as_bytes());
                bytes.extend_from_slice(&u64::from(*process).to_be_bytes());
            }
            Answer::Value(None) => bytes.extend_from_slice(&[2, 0]),
            Answer::Value(Some(value)) => {
                bytes.extend_from_slice(&[2, 1]);
                put(&mut bytes, value);
            }
            Answer::Rows(rows) => {
                bytes.push(3);
                bytes.extend_from_slice(&(rows.len() as u64).to_be_bytes());
                for (key, value) in rows {
                    put(&mut bytes, key);
                    put(&mut bytes, value);
                }
            }
            Answer::Appended(appended) => {
                bytes.push(4);
                let pairs: Vec<(&Event, bool)> =
                    appended.iter().map(|one| (&one.event, one.new)).collect();
                bytes.extend(serde_json::to_vec(&pairs).map_err(malformed)?);
            }
            Answer::Count(count) => {
                bytes.push(5);
                bytes.extend_from_slice(&count.to_be_bytes());
            }
            Answer::Done => bytes.push(6),
            Answer::Failed(kind, text) => {
                bytes.extend_from_slice(&[7, kind.byte()]);
                put(&mut bytes, text.as_bytes());
            }
        }
        Ok(bytes)
    }

    /// Reads an answer.
    pub fn from_bytes(bytes: &[u8]) -> Result<Answer, RegistryError> {
        let mut rest = Fields(bytes);
        let answer = match rest.byte()? {
            1 => Answer::Hello {
                protocol: rest.number()?,
                registry: rest.text()?,
                process: u32::try_from(rest.number()?).map_err(malformed)?,
            },
            2 => Answer::Value(match rest.byte()? {
                0 => None,
                _ => Some(rest.bytes()?),
            }),
            3 => {
                let count = rest.number()?;
                let mut rows = Vec::new();
                for _ in 0..count {
                    rows.push((rest.bytes()?, rest.bytes()?));
                }
                Answer::Rows(rows)
            }
            4 => {
                let pairs: Vec<(Event, bool)> =
                    serde_json::from_slice(rest.0).map_err(malformed)?;
                rest.0 = &[];
                let one = |(event, new)| Appended { event, new };
                Answer::Appended(pairs.into_iter().map(one).collect())
            }
            5 => Answer::Count(rest.number()?),
            6 => Answer::Done,
            7 => Answer::Failed(Kind::of_byte(rest.byte()?), rest.text()?),
            other => return Err(malformed(format!("no answer begins with {other}"))),
        };
        rest.finish(answer)
    }
}

fn record(draft: &Draft) -> DraftRecord {
    let text = |object: &Object| String::from_utf8_lossy(object.bytes()).into_owned();
    let Entry { time, actor, action, subjects, reason, facts, objects } = draft.entry.clone();
    let objects = objects.iter().map(text).collect();
    let (call, numbered) = (draft.call.clone(), draft.numbered);
    DraftRecord { call, numbered, time, actor, action, subjects, reason, facts, objects }
}

fn draft(record: DraftRecord) -> Result<Draft, RegistryError> {
    let object = |text: String| {
        let bytes = text.into_bytes();
        Object::from_bytes(&Digest::of(&bytes), bytes).map_err(RegistryError::from)
    };
    let DraftRecord { call, numbered, time, actor, action, subjects, reason, facts, objects } =
        record;
    if call.is_empty() || !call.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return Err(malformed("a call is not of letters, digits and `-`"));
    }
    let objects = objects.into_iter().map(object).collect::<Result<_, _>>()?;
    let entry = Entry { time, actor, action, subjects, reason, facts, objects };
    Ok(Draft { call, entry, numbered })
}

fn malformed(what: impl std::fmt::Display) -> RegistryError {
    RegistryError::Message(what.to_string())
}

fn put(bytes: &mut Vec<u8>, part: &[u8]) {
    bytes.extend_from_slice(&(part.len() as u32).to_be_bytes());
    bytes.extend_from_slice(part);
}

/// The fields of a message that are not read yet.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take(&mut self, length: usize) -> Result<&[u8], RegistryError> {
        if length > self.0.len() {
            return Err(malformed("it ends early"));
        }
        let (taken, rest) = self.0.split_at(length);
        self.0 = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, RegistryError> {
        Ok(self.take(1)?[0])
    }

    fn number(&mut self) -> Result<u64, RegistryError> {
        Ok(u64::from_be_bytes(self.take(8)?.try_into().map_err(malformed)?))
    }

    fn bytes(&mut self) -> Result<Vec<u8>, RegistryError> {
        let length = u32::from_be_bytes(self.take(4)?.try_into().map_err(malformed)?);
        Ok(self.take(length as usize)?.to_vec())
    }

    fn text(&mut self) -> Result<String, RegistryError> {
        String::from_utf8(self.bytes()?).map_err(malformed)
    }

    fn finish<T>(self, message: T) -> Result<T, RegistryError> {
        if self.0.is_empty() { Ok(message) } else { Err(malformed("it goes on after its end")) }
    }
}

/// Sends one message.
pub fn send(stream: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    if bytes.len() > MESSAGE_BYTES_MAX {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "a message is too long"));
    }
    let mut framed = Vec::with_capacity(bytes.len() + 4);
    put(&mut framed, bytes);
    stream.write_all(&framed)
}

/// Receives one message.
pub fn receive(stream: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length) as usize;
    if length > MESSAGE_BYTES_MAX {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a message is too long"));
    }
    let mut bytes = Vec::new();
    stream.take(length as u64).read_to_end(&mut bytes)?;
    if bytes.len() == length { Ok(bytes) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_or_longer_message_is_refused() {
        let range = Range { from: vec![1], to: vec![2, 3], limit: 7 };
        let bytes = Request::Scan(range.clone()).to_bytes().expect("bytes");
        assert!(matches!(Request::from_bytes(&bytes), Ok(Request::Scan(found)) if found == range));
        for end in 0..bytes.len() {
            assert!(Request::from_bytes(&bytes[..end]).is_err(), "{end}");
        }
        let mut longer = bytes;
        longer.push(0);
        assert!(Request::from_bytes(&longer).is_err());
    }

    #[test]
    fn answers_come_back_as_they_were_sent() {
        let rows = vec![(vec![1, 2], vec![]), (vec![], vec![3])];
        let answers = [
            Answer::Hello { protocol: 1, registry: "ab".into(), process: 7 },
            Answer::Value(None),
            Answer::Value(Some(vec![0, 1])),
            Answer::Rows(rows),
            Answer::Count(9),
            Answer::Done,
            Answer::Failed(Kind::Damage, "x".into()),
        ];
        for answer in answers {
            let bytes = answer.to_bytes().expect("bytes");
            let back = Answer::from_bytes(&bytes).expect("an answer");
            assert_eq!(format!("{back:?}"), format!("{answer:?}"));
        }
    }

    #[test]
    fn a_message_that_claims_too_much_is_refused_before_it_is_read() {
        let mut stream: &[u8] = &[0xff, 0xff, 0xff, 0xff, 1];
        assert_eq!(receive(&mut stream).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}
