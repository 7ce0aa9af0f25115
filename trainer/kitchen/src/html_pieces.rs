//! A page as a row of tags and texts, for those who read it by its elements.
//!
//! Nothing is corrected: a tag stands where it stands. Comments, declarations and what scripts and
//! styles hold are passed over.

use crate::html;

/// A tag or a text.
#[derive(Debug, PartialEq)]
pub enum Piece<'p> {
    /// The name in lower case, and what stands behind it in the tag.
    Open(String, &'p str),
    Close(String),
    /// As it stands, entities too.
    Text(&'p str),
}

/// The pieces of a page, in order.
pub fn pieces(page: &str) -> Vec<Piece<'_>> {
    // Past the last `>` no tag can end, and none is looked for.
    let tags_end = page.rfind('>').map_or(0, |last| last + 1);
    let mut pieces = Vec::new();
    let (mut text, mut at) = (0, 0);
    while let Some(next) = page[at..tags_end.max(at)].find('<') {
        let start = at + next;
        let (end, piece) = tag(&page[start..tags_end]);
        if end == 0 {
            at = start + 1;
            continue;
        }
        if text < start {
            pieces.push(Piece::Text(&page[text..start]));
        }
        at = start + end;
        if let Some(Piece::Open(name, _)) = &piece
            && matches!(name.as_str(), "script" | "style")
        {
            at += html::plain_text(&page[at..], name);
        }
        pieces.extend(piece);
        text = at;
    }
    if text < page.len() {
        pieces.push(Piece::Text(&page[text..]));
    }
    pieces
}

/// The attributes of a tag: names in lower case, values as they stand.
pub fn attributes(about: &str) -> Vec<(String, &str)> {
    let mut all = Vec::new();
    let mut rest = about;
    let is_space = |c: char| c.is_whitespace() || c == '/';
    loop {
        rest = rest.trim_start_matches(is_space);
        let end = rest.find(|c: char| is_space(c) || c == '=').unwrap_or(rest.len());
        if rest.is_empty() {
            return all;
        }
        // A `=` that follows nothing is part of a name.
        let (name, after) = rest.split_at(if end == 0 { 1 } else { end });
        let value = after.trim_start().strip_prefix('=').map(str::trim_start);
        let Some(value) = value else {
            all.push((name.to_ascii_lowercase(), ""));
            rest = after;
            continue;
        };
        let (value, after) = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => value[1..].split_once(quote).unwrap_or((&value[1..], "")),
            _ => value.split_at(value.find(char::is_whitespace).unwrap_or(value.len())),
        };
        all.push((name.to_ascii_lowercase(), value));
        rest = after;
    }
}

/// The bytes of a tag, a comment or a declaration, and the tag; none where `<` starts none.
fn tag(rest: &str) -> (usize, Option<Piece<'_>>) {
    if rest.starts_with("<!--") {
        return (rest.find("-->").map_or(rest.len(), |end| end + 3), None);
    }
    let closing = rest.starts_with("</");
    let inside = &rest[if closing { 2 } else { 1 }..];
    if inside.starts_with(['!', '?']) {
        return (rest.find('>').map_or(0, |end| end + 1), None);
    }
    if !inside.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return (0, None);
    }
    let Some(end) = html::tag_end(rest) else { return (0, None) };
    let within = &rest[rest.len() - inside.len()..end - 1];
    let length = within.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(within.len());
    let (name, about) = within.split_at(length);
    let name = name.to_ascii_lowercase();
    (end, Some(if closing { Piece::Close(name) } else { Piece::Open(name, about) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_its_tags_and_texts() {
        let page = "<!doctype html><P class=\"a>b\">1 < 2<!-- <p> --><br/>\
            <script>'<p>'</SCRIPT></p> &amp; <x";
        let open = |name: &str, about| Piece::Open(name.into(), about);
        let wanted = [
            open("p", " class=\"a>b\""),
            Piece::Text("1 < 2"),
            open("br", "/"),
            open("script", ""),
            Piece::Close("script".into()),
            Piece::Close("p".into()),
            Piece::Text(" &amp; <x"),
        ];
        assert_eq!(pieces(page), wanted);
        assert_eq!(pieces("<<p"), [Piece::Text("<<p")]);
        let found = attributes(" Hidden class='a b' x=1/ = \"c");
        let found: Vec<(&str, &str)> =
            found.iter().map(|(name, value)| (&**name, *value)).collect();
        assert_eq!(found, [("hidden", ""), ("class", "a b"), ("x", "1/"), ("=", ""), ("\"c", "")]);
    }
}
