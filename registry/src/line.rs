//! The bytes of one journal line: an event, the objects it introduces, and a seal over both and
//! over every line before; `FORMAT.md` defines them.
//!
//! What always holds: a line that decodes is whole, unchanged and stands where it was written.

use std::ops::Range;

use recipes::{Digest, Hasher, Object, canonical};

use crate::error::RegistryError;
use crate::event::{EVENT_BYTES_MAX, Event};

/// The longest line that is written or read.
pub const LINE_BYTES_MAX: usize = 64 << 20;

/// The bytes after the objects: `,"seal":"`, 64 digits, `"}`.
const SEAL_BYTES: usize = 9 + 64 + 2;

/// The bytes from the first digit of a seal to the end of its line, newline included.
pub const SEAL_TAIL: u64 = 64 + 2 + 1;

/// What one line says.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// The call that wrote it: a text no other call ever has.
    pub call: String,
    pub event: Event,
    /// Each object with the place of its bytes in the line.
    pub objects: Vec<(Digest, Range<usize>)>,
    /// The digest of the seal before and of this line up to its own seal.
    pub seal: Digest,
}

/// The seal that stands before the first line of a registry.
pub fn first_seal(id: &str) -> Digest {
    Digest::of(format!("ingot/journal@1\n{id}\n").as_bytes())
}

fn seal_of(before: &Digest, content: &[u8]) -> Digest {
    let mut hasher = Hasher::new();
    hasher.update(before.as_bytes());
    hasher.update(content);
    hasher.finish()
}

/// Writes a line, newline included, and says what it holds.
pub fn encode(
    before: &Digest,
    call: &str,
    event: Event,
    objects: &[Object],
) -> Result<(Vec<u8>, Line), RegistryError> {
    let text = canonical::to_bytes(&event).map_err(recipes::ObjectError::from)?;
    within("the event", text.len(), EVENT_BYTES_MAX)?;
    let size: usize = objects.iter().map(|object| object.bytes().len() + 1).sum();
    within("the line", size + text.len() + 256, LINE_BYTES_MAX)?;
    let mut bytes = Vec::with_capacity(size + text.len() + 256);
    bytes.extend_from_slice(format!("{{\"call\":\"{call}\",\"event\":").as_bytes());
    bytes.extend_from_slice(&text);
    bytes.extend_from_slice(b",\"objects\":[");
    let mut places = Vec::with_capacity(objects.len());
    for (position, object) in objects.iter().enumerate() {
        if position > 0 {
            bytes.push(b',');
        }
        let start = bytes.len();
        bytes.extend_from_slice(object.bytes());
        places.push((object.digest(), start..bytes.len()));
    }
    bytes.push(b']');
    let seal = seal_of(before, &bytes);
    bytes.extend_from_slice(format!(",\"seal\":\"{}\"}}\n", seal.hex()).as_bytes());
    Ok((bytes, Line { call: call.into(), event, objects: places, seal }))
}

fn within(what: &str, found: usize, wanted: usize) -> Result<(), RegistryError> {
    if found <= wanted {
        return Ok(());
    }
    Err(RegistryError::TooLarge { what: what.into(), found: found as u64, wanted: wanted as u64 })
}

/// Reads a line without its newline; the error says what is wrong with it.
pub fn decode(before: &Digest, bytes: &[u8]) -> Result<Line, String> {
    let content = &bytes[..bytes.len().saturating_sub(SEAL_BYTES)];
    let written = written_seal(bytes).ok_or("a line without a seal")?;
    let seal = seal_of(before, content);
    if seal != written {
        return Err(format!("a line whose seal is `{}`, wanted `{}`", written.hex(), seal.hex()));
    }
    let mut rest = Rest { bytes: content, at: 0 };
    rest.expect(b"{\"call\":")?;
    let call = rest.value()?;
    rest.expect(b",\"event\":")?;
    let event = rest.value()?;
    rest.expect(b",\"objects\":[")?;
    let mut objects = Vec::new();
    while rest.peek() != Some(b']') {
        if !objects.is_empty() {
            rest.expect(b",")?;
        }
        let place = rest.value()?;
        objects.push((Digest::of(&content[place.clone()]), place));
    }
    rest.expect(b"]")?;
    if rest.at != content.len() {
        return Err("a line with more than event and objects".into());
    }
    let json = |error: serde_json::Error| format!("a line with a wrong event: {error}");
    let call = serde_json::from_slice(&content[call]).map_err(json)?;
    let event = serde_json::from_slice(&content[event]).map_err(json)?;
    Ok(Line { call, event, objects, seal })
}

/// The seal that a line carries, right or wrong.
pub fn written_seal(bytes: &[u8]) -> Option<Digest> {
    let start = bytes.len().checked_sub(SEAL_BYTES)?;
    let digits = bytes[start..].strip_prefix(b",\"seal\":\"")?.strip_suffix(b"\"}")?;
    Digest::from_hex(std::str::from_utf8(digits).ok()?).ok()
}

/// Where inside torn bytes a whole line ends, if one does.
pub fn whole_line_inside(before: &Digest, bytes: &[u8]) -> Option<usize> {
    let mark = b",\"seal\":\"";
    let starts = bytes.windows(mark.len()).enumerate().filter(|(_, window)| window == mark);
    let ends = starts.map(|(start, _)| start + SEAL_BYTES).filter(|end| *end <= bytes.len());
    ends.into_iter().find(|end| decode(before, &bytes[..*end]).is_ok())
}

/// Walks canonical JSON without reading it.
struct Rest<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Rest<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn expect(&mut self, wanted: &[u8]) -> Result<(), String> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        if !rest.starts_with(wanted) {
            let wanted = String::from_utf8_lossy(wanted).into_owned();
            return Err(format!("a line without `{wanted}` at its byte {}", self.at));
        }
        self.at += wanted.len();
        Ok(())
    }

    /// Passes one text, object or array.
    fn value(&mut self) -> Result<Range<usize>, String> {
        let (start, mut depth) = (self.at, 0_usize);
        loop {
            match self.peek().ok_or("a line that ends inside a value")? {
                b'"' => self.text()?,
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' => {
                    depth = depth.checked_sub(1).ok_or("a line with a bracket too many")?;
                    self.at += 1;
                }
                _ => self.at += 1,
            }
            if depth == 0 {
                return Ok(start..self.at);
            }
        }
    }

    fn text(&mut self) -> Result<(), String> {
        self.at += 1;
        loop {
            match self.peek().ok_or("a line that ends inside a text")? {
                b'\\' => self.at += 2,
                b'"' => {
                    self.at += 1;
                    return Ok(());
                }
                _ => self.at += 1,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Action;
    use serde_json::{Map, json};

    fn event() -> Event {
        Event {
            number: 0,
            time: "2026-11-23T00:00:00.000000Z".into(),
            actor: "a \"smith\" \\".into(),
            action: Action::RunStarted,
            subjects: vec![Digest::of(b"run")],
            reason: None,
            facts: Map::new(),
        }
    }

    fn sample() -> (Digest, Vec<u8>, Line) {
        let before = first_seal("0011");
        let odd = json!({"text": "}]\"{[\\", "list": [[1, 2], {"a": "b"}]});
        let objects = [
            Object::new("test@1", &odd).expect("an object"),
            Object::new("test@1", &json!({})).expect("an object"),
        ];
        let (bytes, line) = encode(&before, "00ff-1", event(), &objects).expect("a line");
        (before, bytes, line)
    }

    #[test]
    fn a_line_reads_back_as_it_was_written() {
        let (before, bytes, line) = sample();
        let body = bytes.strip_suffix(b"\n").expect("a newline");
        assert_eq!(decode(&before, body), Ok(line.clone()));
        assert!(canonical::from_bytes(body).is_ok(), "a line is canonical JSON");
        for (digest, place) in line.objects {
            assert_eq!(Digest::of(&body[place]), digest);
        }
    }

    #[test]
    fn the_bytes_of_a_line_are_frozen() {
        let (_, bytes, _) = sample();
        assert_eq!(
            Digest::of(&bytes).hex(),
            "630bfa6d583f4e24017fc101acf035960318cf13d9df1774e9d094f1c7b68f06"
        );
    }

    #[test]
    fn every_changed_byte_breaks_the_seal() {
        let (before, mut bytes, _) = sample();
        bytes.pop();
        for at in 0..bytes.len() {
            bytes[at] ^= 1;
            assert!(decode(&before, &bytes).is_err(), "byte {at}");
            bytes[at] ^= 1;
        }
        assert!(decode(&Digest::of(b"another line before"), &bytes).is_err());
    }

    #[test]
    fn a_whole_line_inside_other_bytes_is_found() {
        let (before, mut bytes, _) = sample();
        let end = bytes.len() - 1;
        bytes[end] = b'x';
        bytes.extend_from_slice(b"{\"call\":");
        assert_eq!(whole_line_inside(&before, &bytes), Some(end));
        assert_eq!(whole_line_inside(&before, &bytes[..end - 1]), None);
    }
}
