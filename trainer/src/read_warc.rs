//! `warc@1`: web archives, WARC and WET, plain or as gzip members.
//!
//! Taken are pages: `response` records with a page in them, and `conversion` records of plain text.
//! All other records are passed over and counted. A record is held whole, so its size is bounded.
//! Format: ISO 28500, "The WARC Format 1.1".

use std::io::{self, BufRead, Read};

use recipes::recipe::Html;

use crate::found::{Bad, Found, Origin, Place, Sink};
use crate::gather::GatherError;
use crate::unpack::Plain;
use crate::web_answer::{self, Answer};

/// The largest record that is read.
const RECORD_BYTES_MAX: u64 = 256 << 20;
/// The longest line of a record's headers, and the most lines.
const LINE_BYTES_MAX: usize = 64 << 10;
const LINES_MAX: usize = 1000;

/// What the headers of a record say.
#[derive(Default)]
struct Head {
    kind: String,
    content: String,
    url: Option<String>,
    size: Option<u64>,
}

/// Why a record cannot be read to its end.
enum Broken {
    Storage(io::Error),
    Headers(String),
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Broken {
        Broken::Storage(error)
    }
}

/// Reads all records; where the file breaks off, the rest of it is one bad record.
pub fn documents(
    file: Origin,
    html: Html,
    reader: &mut dyn Read,
    sink: &mut Sink,
) -> Result<(), GatherError> {
    let about = |error| GatherError::Read { name: file.name.to_owned(), error };
    let mut plain = Plain::new(reader).map_err(about)?;
    let mut block = Vec::new();
    for number in 0.. {
        let place = Place::Record(number + 1);
        block.clear();
        let head = match head(&mut plain) {
            Ok(None) => return Ok(()),
            Ok(Some(head)) => head,
            Err(Broken::Storage(error)) => {
                return plain.broken(error).tell((file, place), b"", sink);
            }
            Err(Broken::Headers(reason)) => {
                return sink(Found::Bad(Bad::new(file, place, reason, b"")));
            }
        };
        let size = head.size.unwrap_or(0);
        let wanted = is_wanted(&head);
        let read = match wanted && size <= RECORD_BYTES_MAX {
            true => (&mut plain).take(size).read_to_end(&mut block).map(|read| read as u64),
            false => io::copy(&mut (&mut plain).take(size), &mut io::sink()),
        };
        let read = read.and_then(|read| match read == size {
            true => Ok(()),
            false => Err(io::ErrorKind::UnexpectedEof.into()),
        });
        if let Err(error) = read {
            return plain.broken(error).tell((file, place), &block, sink);
        }
        if wanted && size > RECORD_BYTES_MAX {
            let reason = format!("{size} bytes, at most {RECORD_BYTES_MAX} are read");
            sink(Found::Bad(Bad::new(file, place, reason, b"").of_size(size)))?;
            continue;
        }
        sink(if wanted { record(file, number, head, html, &block) } else { Found::PassedOver })?;
    }
    Ok(())
}

fn is_wanted(head: &Head) -> bool {
    match head.kind.as_str() {
        "response" => head.content.starts_with("application/http"),
        "conversion" => head.content.starts_with("text/plain"),
        _ => false,
    }
}

/// What a record holds.
fn record(file: Origin, number: u64, head: Head, html: Html, block: &[u8]) -> Found {
    let text = match head.kind.as_str() {
        "response" => match web_answer::read(block, html) {
            Ok(Answer::Other) => return Found::PassedOver,
            Ok(Answer::Page(text)) => Ok(text),
            Err(reason) => Err(reason),
        },
        _ => match std::str::from_utf8(block) {
            Ok(text) => Ok(text.to_owned()),
            Err(error) => Err(format!("is not UTF-8 at byte {}", error.valid_up_to())),
        },
    };
    match text {
        Ok(text) => {
            let mut document = file.document(number, text);
            document.about.url = head.url;
            Found::Document(document)
        }
        Err(reason) => Found::Bad(Bad::new(file, Place::Record(number + 1), reason, block)),
    }
}

/// Reads the headers of the next record; nothing at the end of the file.
fn head(plain: &mut Plain) -> Result<Option<Head>, Broken> {
    let mut line = Vec::new();
    loop {
        if plain.fill_buf()?.is_empty() {
            return Ok(None);
        }
        next(plain, &mut line)?;
        if !line.is_empty() {
            break;
        }
    }
    if !line.starts_with(b"WARC/") {
        return Err(Broken::Headers("does not begin with `WARC/`".into()));
    }
    let mut head = Head::default();
    for _ in 0..LINES_MAX {
        next(plain, &mut line)?;
        if line.is_empty() {
            return match head.size {
                Some(_) => Ok(Some(head)),
                None => Err(Broken::Headers("has no `Content-Length`".into())),
            };
        }
        let text = String::from_utf8_lossy(&line);
        let Some((name, value)) = text.split_once(':') else { continue };
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            "warc-type" => head.kind = value.to_ascii_lowercase(),
            "content-type" => head.content = value.to_ascii_lowercase(),
            "warc-target-uri" => {
                head.url = Some(value.trim_matches(['<', '>']).to_owned());
            }
            "content-length" => {
                let wrong = || Broken::Headers(format!("`Content-Length` is `{value}`"));
                head.size = Some(value.parse().map_err(|_| wrong())?);
            }
            _ => {}
        }
    }
    Err(Broken::Headers(format!("has more than {LINES_MAX} lines of headers")))
}

/// Reads a line without its end; the file must not end here.
fn next(plain: &mut Plain, line: &mut Vec<u8>) -> Result<(), Broken> {
    line.clear();
    plain.line(line, LINE_BYTES_MAX)?;
    if line.pop() != Some(b'\n') {
        return Err(match line.len() < LINE_BYTES_MAX {
            true => Broken::Storage(io::ErrorKind::UnexpectedEof.into()),
            false => Broken::Headers("has a header that is too long".into()),
        });
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn record(kind: &str, content: &str, block: &str) -> Vec<u8> {
        let size = block.len();
        format!(
            "WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: <http://a.example/p>\r\n\
             Content-Type: {content}\r\nContent-Length: {size}\r\n\r\n{block}\r\n\r\n"
        )
        .into_bytes()
    }

    fn archive() -> Vec<Vec<u8>> {
        let page = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>A page.</p>";
        vec![
            record("warcinfo", "application/warc-fields", "software: x\r\n"),
            record("request", "application/http; msgtype=request", "GET / HTTP/1.1\r\n\r\n"),
            record("response", "application/http; msgtype=response", page),
            record("conversion", "text/plain", "Plain text.\n"),
        ]
    }

    /// The documents, what is wrong, and how many were passed over.
    fn read(bytes: &[u8], html: Html) -> (Vec<(u64, String)>, Vec<String>, u64) {
        let (mut documents, mut bad, mut passed) = (Vec::new(), Vec::new(), 0);
        let file = Origin { source: 0, name: "f" };
        super::documents(file, html, &mut &bytes[..], &mut |found| {
            match found {
                Found::Document(document) => {
                    assert_eq!(document.about.url.as_deref(), Some("http://a.example/p"));
                    documents.push((document.position, document.text));
                }
                Found::Bad(one) => bad.push(one.into_error().to_string()),
                Found::PassedOver => passed += 1,
            }
            Ok(())
        })
        .expect("no storage fails");
        (documents, bad, passed)
    }

    fn packed(records: &[Vec<u8>]) -> Vec<u8> {
        let member = |record: &Vec<u8>| {
            let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            gzip.write_all(record).expect("packed");
            gzip.finish().expect("packed")
        };
        records.iter().map(member).collect::<Vec<_>>().concat()
    }

    #[test]
    fn pages_and_texts_become_documents_plain_and_packed() {
        let wanted = vec![(2, "A page.".to_owned()), (3, "Plain text.\n".to_owned())];
        for bytes in [archive().concat(), packed(&archive())] {
            assert_eq!(read(&bytes, Html::Text), (wanted.clone(), vec![], 2));
        }
        let raw = read(&archive().concat(), Html::Raw).0;
        assert_eq!(raw[0], (2, "<p>A page.</p>".to_owned()));
    }

    #[test]
    fn a_cut_archive_says_where_it_ends() {
        let whole = archive().concat();
        let (documents, bad, _) = read(&whole[..whole.len() - 8], Html::Text);
        assert_eq!(documents.len(), 1);
        assert_eq!(bad, ["`f` record 4: the file ends too early"]);
        let packed = packed(&archive());
        let (documents, bad, _) = read(&packed[..packed.len() - 30], Html::Text);
        assert_eq!((documents.len(), bad.len()), (1, 1));
        assert!(bad[0].starts_with("`f` record 4:"), "{bad:?}");
    }

    #[test]
    fn what_is_no_record_is_said() {
        let check = |bytes: &str, wanted: &str| {
            let (_, bad, _) = read(bytes.as_bytes(), Html::Text);
            assert_eq!(bad, [format!("`f` record 1: {wanted}")]);
        };
        check("no archive\r\n", "does not begin with `WARC/`");
        check("WARC/1.0\r\nWARC-Type: response\r\n\r\n", "has no `Content-Length`");
        check("WARC/1.0\r\nContent-Length: -1\r\n\r\n", "`Content-Length` is `-1`");
        check(
            "WARC/1.0\r\nContent-Length: 18446744073709551615\r\n\r\n",
            "the file ends too early",
        );
        check(&format!("WARC/1.0\r\n{}", "a".repeat(1 << 20)), "has a header that is too long");
    }
}
