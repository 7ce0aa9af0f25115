//! A page's bytes as text: which character encoding they are in, and what they say in it.
//!
//! As browsers do: a byte order mark, else what the server said, else what the page says of itself
//! in its first 1,024 bytes, else UTF-8 where it is well-formed, else Windows-1252. Bytes that mean
//! nothing become U+FFFD. Source: WHATWG, "Encoding" and "HTML", section 13.2.3.2.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// How far into a page its own word for its encoding is looked for.
const META_BYTES_MAX: usize = 1024;

/// The text of a page; `said` is what the server said about the encoding.
pub fn decode(bytes: &[u8], said: Option<&str>) -> String {
    let said = said.and_then(|label| Encoding::for_label(label.as_bytes()));
    let encoding = said
        .or_else(|| meta(bytes))
        .unwrap_or_else(|| if std::str::from_utf8(bytes).is_ok() { UTF_8 } else { WINDOWS_1252 });
    // A byte order mark wins over all of them.
    encoding.decode(bytes).0.into_owned()
}

/// What a page says of itself in a `meta` element.
fn meta(bytes: &[u8]) -> Option<&'static Encoding> {
    let start = bytes[..bytes.len().min(META_BYTES_MAX)].to_ascii_lowercase();
    let start = String::from_utf8_lossy(&start);
    let mut tags = start.split("<meta").skip(1).map(|tag| tag.split('>').next().unwrap_or(tag));
    let encoding =
        tags.find_map(|tag| label(tag).and_then(|label| Encoding::for_label(label.as_bytes())))?;
    // A page whose `meta` can be read byte by byte is not in UTF-16.
    Some(if encoding == UTF_16BE || encoding == UTF_16LE { UTF_8 } else { encoding })
}

/// The encoding's name in `text/html; charset="utf-8"` or in a `meta` element.
pub fn label(text: &str) -> Option<&str> {
    let at = text.to_ascii_lowercase().find("charset")?;
    let value = text[at + "charset".len()..].trim_start().strip_prefix('=')?.trim_start();
    let value = value.trim_start_matches(['"', '\'']);
    let end = value.find(|c: char| c.is_whitespace() || "\"';/>,".contains(c));
    Some(&value[..end.unwrap_or(value.len())]).filter(|label| !label.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_encoding_is_found_as_a_browser_finds_it() {
        let check = |bytes: &[u8], said: Option<&str>, wanted: &str| {
            assert_eq!(decode(bytes, said), wanted);
        };
        check(b"caf\xE9", None, "café");
        check("café".as_bytes(), None, "café");
        check(b"\xEF\xBB\xBFcaf\xC3\xA9", Some("latin1"), "café");
        check(b"<META charset='gbk'>\xBA\xBA", None, "<META charset='gbk'>汉");
        let page = b"<meta http-equiv=\"Content-Type\" content=\"text/html; charset=koi8-r\">\xC1";
        assert!(decode(page, None).ends_with('а'));
        check(b"\xBA\xBA", Some("gb18030"), "汉");
        check(b"a\xFFb", Some("utf-8"), "a\u{FFFD}b");
        check(b"\xFF\xFEa\0", None, "a");
        check(b"<meta charset=utf-16>x", None, "<meta charset=utf-16>x");
    }

    #[test]
    fn a_label_stands_in_a_header() {
        assert_eq!(label("text/html; Charset = \"UTF-8\""), Some("UTF-8"));
        assert_eq!(label("text/html; charset=gb2312; x"), Some("gb2312"));
        assert_eq!(label("text/html; charset="), None);
    }
}
