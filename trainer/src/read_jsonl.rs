//! `jsonl@1`: one JSON object a line; the named field is a document's text.
//!
//! A key that stands twice in one mapping is refused, however deep. Nothing but the named fields is
//! stored, so that a record takes no more memory than its line.

use std::collections::BTreeSet;
use std::fmt;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{self, Builder};

use kernels::Kernels;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::found::{Bad, Found, Origin, Place, Sink};
use crate::gather::GatherError;
use crate::unpack::{Broken, Plain};

/// The largest JSON line.
const LINE_BYTES_MAX: usize = 64 << 20;
/// Bytes of lines that are read at once.
const READ_BYTES: usize = 1 << 20;
/// Lines that one task reads.
const TASK: usize = 64;
/// The most members of one mapping.
const MEMBERS_MAX: usize = 100_000;

/// The names of the fields that are taken.
#[derive(Clone, Copy)]
pub struct Fields<'f> {
    pub text: &'f str,
    pub url: Option<&'f str>,
    pub licence: Option<&'f str>,
}

/// Lines of a file, one after another.
#[derive(Default)]
struct Lines {
    bytes: Vec<u8>,
    /// Where each ends among the bytes, and how many bytes it has in the file.
    ends: Vec<(usize, u64)>,
}

impl Lines {
    fn line(&self, index: usize) -> (&[u8], u64) {
        let start = if index == 0 { 0 } else { self.ends[index - 1].0 };
        let (end, size) = self.ends[index];
        (&self.bytes[start..end], size)
    }

    /// Reads lines until there are `READ_BYTES` of them; what was read of a line that an error cut
    /// off is left at the end of the bytes.
    fn read(&mut self, plain: &mut Plain) -> io::Result<()> {
        while self.bytes.len() < READ_BYTES {
            match plain.line(&mut self.bytes, LINE_BYTES_MAX)? {
                0 => break,
                size => self.ends.push((self.bytes.len(), size)),
            }
        }
        Ok(())
    }
}

/// Reads all lines; empty ones are passed over. While some are taken, the next ones are read.
pub fn documents(
    file: Origin,
    fields: Fields,
    reader: &mut (dyn Read + Send),
    kernels: &Kernels,
    sink: &mut Sink,
) -> Result<(), GatherError> {
    let about = |error| GatherError::Read { name: file.name.to_owned(), error };
    thread::scope(|scope| {
        // Without room, so that no more than one block waits.
        let (give, take) = sync_channel(0);
        let ahead = Builder::new().name("lines".into());
        let reading =
            ahead.spawn_scoped(scope, move || read_ahead(reader, &give)).map_err(about)?;
        let mut first = 0;
        for (lines, broken) in take {
            take_lines(file, fields, &lines, first, kernels, sink)?;
            first += lines.ends.len() as u64;
            if let Some(broken) = broken {
                let cut = &lines.bytes[lines.ends.last().map_or(0, |(end, _)| *end)..];
                return broken.tell((file, Place::Line(first + 1)), cut, sink);
            }
        }
        match reading.join() {
            Ok(read) => read.map_err(about),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

/// Reads lines block by block to the end, to an error, or until nobody takes them.
fn read_ahead(
    reader: &mut (dyn Read + Send),
    give: &SyncSender<(Lines, Option<Broken>)>,
) -> io::Result<()> {
    let mut plain = Plain::new(reader)?;
    loop {
        let mut lines = Lines::default();
        let broken = lines.read(&mut plain).err().map(|error| plain.broken(error));
        let is_last = broken.is_some() || lines.ends.is_empty();
        if give.send((lines, broken)).is_err() || is_last {
            return Ok(());
        }
    }
}

/// Finds what some lines are, and gives it on.
fn take_lines(
    file: Origin,
    fields: Fields,
    lines: &Lines,
    first: u64,
    kernels: &Kernels,
    sink: &mut Sink,
) -> Result<(), GatherError> {
    let count = lines.ends.len();
    let found = kernels.map(count.div_ceil(TASK), &|task| -> Vec<Found> {
        let of = |index| line(file, fields, lines.line(index), first + index as u64);
        (task * TASK..((task + 1) * TASK).min(count)).filter_map(of).collect()
    });
    found.into_iter().flatten().try_for_each(&mut *sink)
}

/// What a line is, unless it is empty.
fn line(file: Origin, fields: Fields, (line, size): (&[u8], u64), number: u64) -> Option<Found> {
    let place = Place::Line(number + 1);
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    if line.len() > LINE_BYTES_MAX {
        let reason = format!("{size} bytes, at most {LINE_BYTES_MAX} are read");
        return Some(Found::Bad(Bad::new(file, place, reason, line).of_size(size)));
    }
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.is_empty() {
        return None;
    }
    Some(match record(line, fields) {
        Ok(record) => {
            let mut document = file.document(number, record.text);
            document.about.url = record.url;
            document.about.licence = record.licence.map(Arc::from);
            Found::Document(document)
        }
        Err(reason) => Found::Bad(Bad::new(file, place, reason, line)),
    })
}

/// What is taken of a record.
#[derive(Debug)]
struct Record {
    text: String,
    url: Option<String>,
    licence: Option<String>,
}

/// Reads a record, or says what is wrong with it.
fn record(line: &[u8], fields: Fields) -> Result<Record, String> {
    let mut reader = serde_json::Deserializer::from_slice(line);
    let names = [Some(fields.text), fields.url, fields.licence];
    let found = Top { names }.deserialize(&mut reader).and_then(|found| {
        reader.end()?;
        Ok(found)
    });
    let [text, url, licence] = found.map_err(|error| {
        format!("not JSON: {}", error.to_string().replace("line 1 column", "byte"))
    })?;
    let other = |name: &str| format!("the field `{name}` is not a text");
    let optional = |name: Option<&str>, part: Part| match part {
        Part::Text(text) => Ok(Some(text)),
        Part::Missing | Part::Null => Ok(None),
        Part::Other => Err(other(name.unwrap_or_default())),
    };
    let text = match text {
        Part::Text(text) => text,
        Part::Missing => return Err(format!("there is no field `{}`", fields.text)),
        Part::Null | Part::Other => return Err(other(fields.text)),
    };
    let (url, licence) = (optional(fields.url, url)?, optional(fields.licence, licence)?);
    Ok(Record { text, url, licence })
}

/// A field as it was found.
#[derive(Debug, Default)]
enum Part {
    Text(String),
    #[default]
    Missing,
    Null,
    Other,
}

/// The record itself, of which some fields are taken.
struct Top<'f> {
    names: [Option<&'f str>; 3],
}

impl<'de> DeserializeSeed<'de> for Top<'_> {
    type Value = [Part; 3];

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<[Part; 3], D::Error> {
        reader.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Top<'_> {
    type Value = [Part; 3];

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<[Part; 3], A::Error> {
        let mut found = <[Part; 3]>::default();
        let mut keys = BTreeSet::new();
        while let Some(key) = members.next_key::<String>()? {
            let at = self.names.iter().position(|name| *name == Some(key.as_str()));
            match at {
                None => members.next_value_seed(Passed)?,
                Some(at) => found[at] = members.next_value_seed(Taken)?,
            }
            new::<A::Error>(&mut keys, key)?;
        }
        Ok(found)
    }
}

/// Refuses a key that was there before.
fn new<E: Error>(keys: &mut BTreeSet<String>, key: String) -> Result<(), E> {
    if keys.len() == MEMBERS_MAX {
        return Err(E::custom(format!("more than {MEMBERS_MAX} members in one object")));
    }
    match keys.replace(key) {
        Some(key) => Err(E::custom(format!("the key `{key}` stands twice"))),
        None => Ok(()),
    }
}

/// Takes a text; of anything else only that it was there.
struct Taken;

impl<'de> DeserializeSeed<'de> for Taken {
    type Value = Part;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Part, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Taken {
    type Value = Part;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_str<E>(self, text: &str) -> Result<Part, E> {
        Ok(Part::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Part, E> {
        Ok(Part::Text(text))
    }

    fn visit_unit<E>(self) -> Result<Part, E> {
        Ok(Part::Null)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Part, E> {
        Ok(Part::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Part, E> {
        Ok(Part::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Part, E> {
        Ok(Part::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Part, E> {
        Ok(Part::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Part, A::Error> {
        Passed.visit_seq(items).map(|()| Part::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Part, A::Error> {
        Passed.visit_map(members).map(|()| Part::Other)
    }
}

/// Reads a value without storing it.
struct Passed;

impl<'de> DeserializeSeed<'de> for Passed {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Passed {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(Passed)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let mut keys = BTreeSet::new();
        while let Some(key) = members.next_key::<String>()? {
            members.next_value_seed(Passed)?;
            new(&mut keys, key)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELDS: Fields = Fields { text: "t", url: Some("u"), licence: Some("l") };

    #[test]
    fn a_record_gives_its_fields_and_stores_nothing_else() {
        let line = br#"{"u":"http://a","x":[{"t":1},null],"t":"text","l":null}"#;
        let found = record(line, FIELDS).expect("a record");
        assert_eq!(
            (found.text, found.url, found.licence),
            ("text".into(), Some("http://a".into()), None)
        );
    }

    #[test]
    fn what_is_wrong_with_a_record_is_said() {
        let check = |line: &[u8], wanted: &str| {
            let error = record(line, FIELDS).expect_err("bad");
            assert!(error.contains(wanted), "{error}");
        };
        check(b"{\"t\":\"a\xFF\"}", "not JSON: invalid unicode code point at byte 8");
        check(br#"{"t":"a","x":{"y":1,"y":2}}"#, "the key `y` stands twice");
        check(br#"{"t":"a","t":"b"}"#, "the key `t` stands twice");
        check(br#"{"t":"a"} {}"#, "trailing characters");
        check(br#"{"t":null}"#, "the field `t` is not a text");
        check(br#"{"t":"a","u":[1]}"#, "the field `u` is not a text");
        check(b"[1]", "expected a JSON object");
        check(&[&b"{\"x\":"[..], &b"[".repeat(1 << 20)].concat(), "recursion limit");
    }

    #[test]
    fn a_line_that_is_too_long_is_one_bad_record_and_odd_text_is_text() {
        let odd = "\\u0000 \u{202e}\u{5e9}\u{5dc}\u{5d5}\u{5dd} \u{1f469}\u{200d}\u{1f467}";
        let end = format!("\"}}\n{{\"t\":\"{odd}\"}}\n\0\n");
        let long = io::repeat(b'x').take(LINE_BYTES_MAX as u64);
        let mut reader = (&b"{\"t\":\""[..]).chain(long).chain(end.as_bytes());
        let kernels = Kernels::new(kernels::Tier::Scalar, 2).expect("kernels");
        let (mut texts, mut bad) = (Vec::new(), Vec::new());
        let file = Origin { source: 0, name: "f" };
        documents(file, FIELDS, &mut reader, &kernels, &mut |found| {
            match found {
                Found::Document(document) => texts.push(document.text),
                Found::Bad(one) => bad.push(one),
                Found::PassedOver => {}
            }
            Ok(())
        })
        .expect("no storage fails");
        assert_eq!(texts, [odd.replace("\\u0000", "\0")]);
        let places: Vec<Place> = bad.iter().map(|one| one.place).collect();
        assert_eq!(places, [Place::Line(1), Place::Line(3)]);
        assert_eq!((bad[0].size, bad[0].bytes.len()), (LINE_BYTES_MAX as u64 + 9, 1024));
    }
}
