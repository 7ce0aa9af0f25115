//! `filter.comments@1`: how much of a source file is comment.

use recipes::recipe::{CommentShare, CommentSyntax};

use crate::decision::Decision;

/// Decides by the part of a file that is comment.
pub fn decide(settings: &CommentShare, text: &str) -> Decision {
    let found: usize = match settings.syntax {
        CommentSyntax::Python => python(text).into_iter().map(chars).sum(),
        CommentSyntax::Slashes => slashes(text).into_iter().map(chars).sum(),
        CommentSyntax::Hash => hashes(text).into_iter().map(chars).sum(),
    };
    let value = found as f64 / chars(text).max(1) as f64;
    Decision::within("comments", value, settings.share_min, settings.share_max)
}

fn chars(text: &str) -> usize {
    text.chars().count()
}

/// The bytes of a string that starts here, its quotes with it. One of single quotes ends with its
/// line.
fn string(rest: &str, quote: &str) -> usize {
    let may_go_on = quote.len() == 3 || quote == "`";
    let mut at = quote.len();
    while let Some(letter) = rest[at..].chars().next() {
        if rest[at..].starts_with(quote) {
            return at + quote.len();
        }
        if letter == '\n' && !may_go_on {
            return at;
        }
        at += letter.len_utf8();
        if letter == '\\' {
            at += rest[at..].chars().next().map_or(0, char::len_utf8);
        }
    }
    rest.len()
}

fn line_end(rest: &str) -> usize {
    rest.find('\n').unwrap_or(rest.len())
}

/// The text of comments behind `#`, and of strings of three quotes that begin a line.
fn python(text: &str) -> Vec<&str> {
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(next) = text[at..].find(['#', '"', '\'']) {
        at += next;
        let rest = &text[at..];
        if rest.starts_with('#') {
            let end = line_end(rest);
            found.push(rest[..end].trim_start_matches('#').trim());
            at += end;
            continue;
        }
        let long = ["\"\"\"", "'''"].into_iter().find(|quote| rest.starts_with(*quote));
        let end = string(rest, long.unwrap_or(&rest[..1]));
        let begins_line = |_: &&str| {
            let before = text[..at].trim_end_matches(|c: char| c.is_whitespace() && c != '\n');
            before.is_empty() || before.ends_with('\n')
        };
        if let Some(quote) = long.filter(begins_line) {
            found.push(rest[..end].trim_start_matches(quote).trim_end_matches(quote).trim());
        }
        at += end;
    }
    found
}

/// Comments behind `//` and between `/*` and `*/`, with their marks.
fn slashes(text: &str) -> Vec<&str> {
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(next) = text[at..].find(['/', '"', '\'', '`']) {
        at += next;
        let rest = &text[at..];
        let end = match &rest.as_bytes()[..rest.len().min(2)] {
            b"//" => line_end(rest),
            b"/*" => rest[2..].find("*/").map_or(rest.len(), |end| end + 4),
            [b'/', ..] => {
                at += 1;
                continue;
            }
            _ => {
                at += string(rest, &rest[..1]);
                continue;
            }
        };
        found.push(&rest[..end]);
        at += end;
    }
    found
}

/// The text of comments behind `#` at the start of a word.
fn hashes(text: &str) -> Vec<&str> {
    let comment = |line: &str| {
        let starts = |at: &usize| line[..*at].chars().next_back().is_none_or(char::is_whitespace);
        line.match_indices('#').map(|(at, _)| at).find(starts)
    };
    let text_of = |line| comment(line).map(|at| line[at..].trim_start_matches('#').trim());
    text.lines().filter_map(text_of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn comments_are_found_and_strings_are_not_searched() {
        let code = "x = \"# no\" # yes\n'''\nwords\n'''\ny = '''# no'''\n## two\n";
        assert_eq!(python(code), ["yes", "words", "two"]);
        let code = "a = \"// no\"; // yes\n/* one\ntwo */ b = 'it' / c; `\n// no`";
        assert_eq!(slashes(code), ["// yes", "/* one\ntwo */"]);
        assert_eq!(slashes("don't // it\n/* open"), ["/* open"]);
        assert_eq!(hashes("a: b # yes\n#no: 1\nc#d"), ["yes", "no: 1"]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn no_file_is_too_strange(text in "[#/*\"'`\\\\\n é]{0,30}") {
            for found in [python(&text), slashes(&text), hashes(&text)] {
                let inside: usize = found.iter().map(|comment| comment.len()).sum();
                prop_assert!(inside <= text.len());
            }
        }
    }
}
