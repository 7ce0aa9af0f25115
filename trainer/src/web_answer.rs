//! A web server's answer as it lies in an archive: is it a page, and what does it say?

use std::io::Read;

use recipes::recipe::Html;

use crate::charset;

/// The most bytes that a packed page may become.
const PAGE_BYTES_MAX: u64 = 256 << 20;

/// What an answer is.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    Page(String),
    /// Not a page: an error, a picture, a redirection.
    Other,
}

/// Reads an answer: status, headers, body.
pub fn read(answer: &[u8], html: Html) -> Result<Answer, String> {
    let (head, body) = parted(answer).ok_or("the answer has no end of its headers")?;
    let head = String::from_utf8_lossy(head);
    let mut lines = head.lines();
    let status = lines.next().filter(|line| line.starts_with("HTTP/"));
    let status = status.and_then(|line| line.split_whitespace().nth(1)).ok_or("it is no answer")?;
    let header = |wanted: &str| {
        let mut fields = head.lines().skip(1).filter_map(|line| line.split_once(':'));
        let found = fields.find(|(name, _)| name.trim().eq_ignore_ascii_case(wanted));
        found.map(|(_, value)| value.trim().to_ascii_lowercase())
    };
    let kind = header("content-type").unwrap_or_else(|| "text/html".into());
    let is_html = ["text/html", "application/xhtml+xml"].iter().any(|html| kind.starts_with(html));
    if !status.starts_with('2') || !is_html && !kind.starts_with("text/plain") {
        return Ok(Answer::Other);
    }
    let whole;
    let body = match header("transfer-encoding") {
        Some(coding) if coding.contains("chunked") => {
            whole = joined(body);
            whole.as_deref().unwrap_or(body)
        }
        _ => body,
    };
    let body = unpacked(body, header("content-encoding").as_deref().unwrap_or("identity"))?;
    let text = charset::decode(&body, charset::label(&kind));
    Ok(Answer::Page(match html {
        Html::Text if is_html => kitchen::html::text(&text),
        _ => text,
    }))
}

/// The headers and what follows the empty line after them.
fn parted(answer: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut at = 0;
    loop {
        let line = answer[at..].iter().position(|byte| *byte == b'\n')?;
        let next = at + line + 1;
        if matches!(&answer[at..next], b"\n" | b"\r\n") {
            return Some((&answer[..at], &answer[next..]));
        }
        at = next;
    }
}

/// The chunks of a body joined; nothing where it is not chunked, whatever its headers say: archives
/// often hold bodies that were joined already. A last chunk that was cut off is taken as it is.
fn joined(body: &[u8]) -> Option<Vec<u8>> {
    let (mut rest, mut whole) = (body, Vec::new());
    loop {
        let Some(end) = rest.iter().take(1024).position(|byte| *byte == b'\n') else {
            return (!whole.is_empty()).then_some(whole);
        };
        let line = std::str::from_utf8(&rest[..end]).ok()?;
        let digits = line.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(digits, 16).ok()?;
        rest = &rest[end + 1..];
        if size == 0 {
            return Some(whole);
        }
        let (chunk, after) = rest.split_at(size.min(rest.len()));
        whole.extend_from_slice(chunk);
        let after = after.strip_prefix(b"\r").unwrap_or(after);
        rest = after.strip_prefix(b"\n").unwrap_or(after);
    }
}

/// A packed body unpacked; one that was unpacked already, whatever its headers say, as it is.
fn unpacked(body: &[u8], coding: &str) -> Result<Vec<u8>, String> {
    let reader: Box<dyn Read> = match (coding, body) {
        ("gzip" | "x-gzip", [0x1F, 0x8B, ..]) => Box::new(flate2::read::MultiGzDecoder::new(body)),
        ("deflate", [0x78, ..]) => Box::new(flate2::read::ZlibDecoder::new(body)),
        ("gzip" | "x-gzip" | "deflate" | "identity" | "none" | "", _) => Box::new(body),
        (other, _) => return Err(format!("the content coding `{other}` is not read")),
    };
    let mut plain = Vec::new();
    let read = reader.take(PAGE_BYTES_MAX + 1).read_to_end(&mut plain);
    let size = read.map_err(|error| format!("the page cannot be unpacked: {error}"))?;
    if size as u64 > PAGE_BYTES_MAX {
        return Err(format!("the page becomes more than {PAGE_BYTES_MAX} bytes"));
    }
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[track_caller]
    fn check(head: &str, body: &[u8], wanted: Result<&str, &str>) {
        let answer = [format!("HTTP/1.1 {head}\r\n\r\n").as_bytes(), body].concat();
        let found = read(&answer, Html::Text);
        match wanted {
            Ok("") => assert_eq!(found, Ok(Answer::Other)),
            Ok(text) => assert_eq!(found, Ok(Answer::Page(text.into()))),
            Err(reason) => assert!(found.as_ref().is_err_and(|e| e.contains(reason)), "{found:?}"),
        }
    }

    #[test]
    fn pages_become_text_and_other_answers_are_told_from_them() {
        let html = "200 OK\r\nContent-Type: text/html; charset=";
        check(&format!("{html}utf-8"), "<p>汉</p>".as_bytes(), Ok("汉"));
        check(&format!("{html}gbk"), b"<p>\xBA\xBA</p>", Ok("汉"));
        check("200 OK", b"<meta charset=gbk><p>\xBA\xBA</p>", Ok("汉"));
        check("200 OK\r\nContent-Type: text/plain", b"1 < 2 <b>", Ok("1 < 2 <b>"));
        check("200 OK\r\nContent-Type: image/png", b"\x89PNG", Ok(""));
        check("404 Not Found\r\nContent-Type: text/html", b"<p>gone</p>", Ok(""));
    }

    #[test]
    fn bodies_are_joined_and_unpacked_where_they_are_not_yet() {
        let html = "200 OK\r\nContent-Type: text/html\r\n";
        let chunked = format!("{html}Transfer-Encoding: chunked");
        check(&chunked, b"5\r\n<p>on\r\n6;x\r\ne</p>\n\r\n0\r\n\r\n", Ok("one"));
        check(&chunked, b"<p>one</p>", Ok("one"));
        check(&chunked, b"ff\r\n<p>cut", Ok("cut"));
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(b"<p>one</p>").expect("packed");
        let packed = gzip.finish().expect("packed");
        let gzip = format!("{html}Content-Encoding: gzip");
        check(&gzip, &packed, Ok("one"));
        check(&gzip, b"<p>one</p>", Ok("one"));
        check(&gzip, &packed[..packed.len() / 2], Err("cannot be unpacked"));
        check(&format!("{html}Content-Encoding: br"), b"x", Err("`br` is not read"));
        let answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n";
        assert!(read(answer, Html::Text).is_err());
    }
}
