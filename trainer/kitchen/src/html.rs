//! `text.html@1`: what a reader of a page sees, without a layout.

use recipes::recipe::HtmlShare;

use crate::decision::Decision;

/// Elements that stand on lines of their own.
const BLOCKS: &str = " address article aside blockquote br dd div dl dt fieldset figure footer \
    form h1 h2 h3 h4 h5 h6 header hr li main nav ol p pre section table tr ul title ";
/// Elements whose contents are not for readers.
const HIDDEN: [&str; 4] = ["script", "style", "noscript", "template"];

const ENTITIES: [(&str, &str); 24] = [
    ("amp", "&"),
    ("lt", "<"),
    ("gt", ">"),
    ("quot", "\""),
    ("apos", "'"),
    ("nbsp", " "),
    ("copy", "©"),
    ("reg", "®"),
    ("trade", "™"),
    ("hellip", "…"),
    ("mdash", "—"),
    ("ndash", "–"),
    ("lsquo", "‘"),
    ("rsquo", "’"),
    ("ldquo", "“"),
    ("rdquo", "”"),
    ("laquo", "«"),
    ("raquo", "»"),
    ("bull", "•"),
    ("middot", "·"),
    ("euro", "€"),
    ("pound", "£"),
    ("deg", "°"),
    ("times", "×"),
];

/// The visible text of a page; a text without tags or entities stays as it is.
pub fn text(page: &str) -> String {
    let mut out = String::with_capacity(page.len());
    let mut rest = page;
    let after_tags = after_tags(page);
    while let Some(at) = rest.find(['<', '&']) {
        out += &rest[..at];
        rest = &rest[at..];
        let used = match rest.as_bytes()[0] {
            b'<' if rest.len() > after_tags => tag(rest, &mut out),
            b'<' => {
                out.push('<');
                1
            }
            _ => entity(rest, &mut out),
        };
        rest = &rest[used..];
    }
    out += rest;
    if out == page { out } else { tidied(&out) }
}

/// The bytes past the last `>`, where no tag can end and none is looked for.
fn after_tags(page: &str) -> usize {
    page.len() - page.rfind('>').map_or(0, |last| last + 1)
}

/// Decides by the part of a page that is visible text, white space as it stands.
pub fn decide(settings: &HtmlShare, page: &str) -> Decision {
    let chars = without_tags(page).chars().count() as u64;
    let share = chars as f64 / page.chars().count().max(1) as f64;
    let value = if chars < settings.chars_min { 0.0 } else { share };
    Decision::within("visible_text", value, settings.share_min, None)
}

/// The text of a page as Data-Juicer takes it: tags vanish, an item starts a line with `*`, white
/// space stays but at the front.
pub fn bare(page: &str) -> String {
    let page = page.replace("<li>", "\n*").replace("<ol>", "\n*");
    let page = page.replace("</li>", "").replace("</ol>", "");
    without_tags(page.trim_start())
}

/// A page whose tags, comments and hidden elements vanish and whose entities are what they name.
fn without_tags(page: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(page.len()), page);
    let after_tags = after_tags(page);
    while let Some(at) = rest.find(['<', '&']) {
        out += &rest[..at];
        rest = &rest[at..];
        let used = match rest.starts_with('<') {
            true => bare_tag(rest, rest.len() > after_tags),
            false => entity(rest, &mut out),
        };
        if used == 0 {
            out.push('<');
        }
        rest = &rest[used.max(1)..];
    }
    out += rest;
    out
}

/// The bytes of a tag, a comment or a hidden element; none where `<` starts none. A tag that cannot
/// end loses its `<`.
fn bare_tag(rest: &str, can_end: bool) -> usize {
    let closing = rest.starts_with("</");
    let inside = &rest[if closing { 2 } else { 1 }..];
    let named = inside.starts_with(|c: char| c.is_ascii_alphabetic());
    if !(named || closing || inside.starts_with(['!', '?'])) {
        return 0;
    }
    if rest.starts_with("<!--") || !closing && named && can_end {
        return tag(rest, &mut String::new());
    }
    if !closing && named {
        return 1;
    }
    rest.find('>').map_or(rest.len(), |end| end + 1)
}

/// Takes a tag, a comment or a hidden element; the bytes used.
fn tag(rest: &str, out: &mut String) -> usize {
    if rest.starts_with("<!--") {
        return rest.find("-->").map_or(rest.len(), |end| end + 3);
    }
    let name = rest[1..].trim_start_matches('/');
    if !name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '!' || c == '?') {
        out.push('<');
        return 1;
    }
    let Some(end) = tag_end(rest) else {
        out.push('<');
        return 1;
    };
    let length = name.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(name.len());
    let name = name[..length].to_ascii_lowercase();
    if BLOCKS.contains(&format!(" {name} ")) && !out.ends_with('\n') {
        out.push('\n');
    }
    if HIDDEN.contains(&name.as_str()) && !rest.starts_with("</") {
        return end + plain_text(&rest[end..], &name);
    }
    if matches!(name.as_str(), "td" | "th") && !out.ends_with(['\n', ' ']) {
        out.push(' ');
    }
    end
}

/// The bytes up to the tag that ends an element of plain text.
pub fn plain_text(rest: &str, name: &str) -> usize {
    let close = format!("</{name}");
    let mut starts = rest.as_bytes().windows(close.len());
    starts.position(|part| part.eq_ignore_ascii_case(close.as_bytes())).unwrap_or(rest.len())
}

/// The byte after the `>` of a tag, quoted values passed over.
pub fn tag_end(rest: &str) -> Option<usize> {
    let mut quote = None;
    for (at, byte) in rest.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(at + 1),
            (None, b'"' | b'\'') if rest[..at].ends_with('=') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    // A quote that never closes: the first `>` ends the tag.
    rest.find('>').map(|at| at + 1)
}

/// Text with the characters that its entities stand for.
pub fn entities(text: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find('&') {
        out += &rest[..at];
        rest = &rest[at..];
        let used = entity(rest, &mut out);
        rest = &rest[used..];
    }
    out + rest
}

/// Takes an entity; the bytes used.
fn entity(rest: &str, out: &mut String) -> usize {
    let name = rest[1..].bytes().take(32).position(|byte| byte == b';');
    let letter = name.and_then(|length| {
        let name = &rest[1..1 + length];
        let number = name.strip_prefix('#')?;
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        char::from_u32(code).filter(|letter| *letter != '\0')
    });
    let known = name.and_then(|length| {
        let name = &rest[1..1 + length];
        ENTITIES.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
    });
    match (letter, known, name) {
        (Some(letter), _, Some(length)) => {
            out.push(letter);
            length + 2
        }
        (_, Some(known), Some(length)) => {
            *out += known;
            length + 2
        }
        _ => {
            out.push('&');
            1
        }
    }
}

/// Lines without space around them, at most one of them empty in a row.
fn tidied(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    crate::spaces::newlines(lines.join("\n").trim(), 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_becomes_what_a_reader_sees() {
        let page = "<html><head><title>T</title><style>x{}</style></head><body><p>One &amp; \
            two</p><SCRIPT>var a='<p>';</SCRIPT><!-- no --><div title=\"a>b\">Three&#8212;&#x6c49;\
            </div>1 < 2 &unknown; <b>x</b></body></html>";
        assert_eq!(text(page), "T\nOne & two\nThree—汉\n1 < 2 &unknown; x");
        assert_eq!(text("plain  text\n\n\n\n1 < 2"), "plain  text\n\n\n\n1 < 2");
        assert_eq!(text("<p unclosed"), "<p unclosed");
        assert_eq!(bare("  <ol><li>a</li> <li>b &amp; c</li></ol>"), "*\n*a \n*b & c");
        assert_eq!(bare("<测试>x</测试><p>y</p>1 < 2<!-- no -->"), "<测试>xy1 < 2");
    }
}
