//! The doc comments of Rust source: `///`, `//!`, `/** */`, `/*! */`, outside of strings.
//!
//! Marks and one following space are taken off. Comments on neighbouring lines form one block;
//! blocks are set apart by an empty line.

/// All doc comments of a source text, in order; empty if there are none.
pub fn docs(source: &str) -> String {
    let mut reader = Reader { source, at: 0, line: 0, blocks: String::new(), last: None };
    reader.read();
    reader.blocks
}

struct Reader<'a> {
    source: &'a str,
    at: usize,
    line: usize,
    blocks: String,
    /// The line of the last doc line taken.
    last: Option<usize>,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.source[self.at..]
    }

    fn skip(&mut self, bytes: usize) {
        let end = (self.at + bytes).min(self.source.len());
        self.line += self.source.as_bytes()[self.at..end].iter().filter(|b| **b == b'\n').count();
        self.at = end;
    }

    fn read(&mut self) {
        while let Some(next) = self.rest().as_bytes().first() {
            match next {
                b'/' if self.rest().starts_with("//") => self.line_comment(),
                b'/' if self.rest().starts_with("/*") => self.block_comment(),
                b'"' => self.string(),
                b'\'' => self.quote(),
                b'r' | b'b' | b'c' => self.prefixed(),
                _ if is_word(*next) => self.word(),
                _ => {
                    let width = self.rest().chars().next().map_or(1, char::len_utf8);
                    self.skip(width);
                }
            }
        }
    }

    fn line_comment(&mut self) {
        let comment = self.rest().lines().next().unwrap_or_default();
        let text = match comment {
            _ if comment.starts_with("////") => None,
            _ => comment.strip_prefix("///").or_else(|| comment.strip_prefix("//!")),
        };
        if let Some(text) = text {
            self.take(text, self.line);
        }
        self.skip(comment.len());
    }

    fn block_comment(&mut self) {
        let bytes = self.rest().as_bytes();
        let (mut depth, mut end) = (1, 2);
        while depth > 0 && end < bytes.len() {
            match &bytes[end..] {
                [b'/', b'*', ..] => (depth, end) = (depth + 1, end + 2),
                [b'*', b'/', ..] => (depth, end) = (depth - 1, end + 2),
                _ => end += 1,
            }
        }
        let comment = &self.rest()[..end];
        let inner = comment.strip_suffix("*/").unwrap_or(comment);
        let doc = match inner {
            _ if inner.starts_with("/***") || comment == "/**/" => None,
            _ => inner.strip_prefix("/**").or_else(|| inner.strip_prefix("/*!")),
        };
        for (offset, line) in doc.unwrap_or_default().lines().enumerate() {
            let trimmed = line.trim_start();
            let text = trimmed.strip_prefix('*').unwrap_or(trimmed);
            if offset > 0 || !text.trim().is_empty() {
                self.take(text, self.line + offset);
            }
        }
        self.skip(end);
    }

    fn take(&mut self, text: &str, line: usize) {
        if self.last.is_some_and(|last| last + 1 < line) {
            self.blocks.push('\n');
        }
        self.last = Some(line);
        self.blocks.push_str(text.strip_prefix(' ').unwrap_or(text).trim_end());
        self.blocks.push('\n');
    }

    /// A string with escapes.
    fn string(&mut self) {
        let bytes = self.rest().as_bytes();
        let mut end = 1;
        while end < bytes.len() && bytes[end] != b'"' {
            end += if bytes[end] == b'\\' { 2 } else { 1 };
        }
        self.skip_to_boundary(end + 1);
    }

    /// A character, or a lifetime's mark.
    fn quote(&mut self) {
        let rest = self.rest();
        let mut letters = rest[1..].char_indices();
        let (first, second) = (letters.next(), letters.next());
        match (first, second) {
            (Some((_, '\\')), _) => {
                let bytes = rest.as_bytes();
                let mut end = 3;
                while end < bytes.len() && bytes[end] != b'\'' && bytes[end] != b'\n' {
                    end += 1;
                }
                self.skip_to_boundary(end + 1);
            }
            (Some((_, letter)), Some((_, '\''))) => self.skip(2 + letter.len_utf8()),
            _ => self.skip(1),
        }
    }

    /// Raw strings and byte strings, or a word that starts like one.
    fn prefixed(&mut self) {
        let rest = self.rest();
        let marks = rest.bytes().take_while(|byte| matches!(byte, b'r' | b'b' | b'c')).count();
        let hashes = rest[marks..].bytes().take_while(|byte| *byte == b'#').count();
        let raw = rest[..marks].contains('r');
        let opens = rest[marks + hashes..].starts_with('"');
        if marks <= 2 && opens && raw {
            let close = format!("\"{}", "#".repeat(hashes));
            let start = marks + hashes + 1;
            let end = rest[start..].find(&close).map_or(rest.len(), |at| start + at + close.len());
            self.skip(end);
        } else if marks <= 2 && opens && hashes == 0 {
            self.skip(marks);
            self.string();
        } else {
            self.word();
        }
    }

    fn word(&mut self) {
        let width = self.rest().bytes().take_while(|byte| is_word(*byte)).count();
        self.skip(width.max(1));
    }

    fn skip_to_boundary(&mut self, bytes: usize) {
        let mut end = (self.at + bytes).min(self.source.len());
        while !self.source.is_char_boundary(end) {
            end += 1;
        }
        self.skip(end - self.at);
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(source: &str, wanted: &str) {
        assert_eq!(docs(source), wanted, "{source}");
    }

    #[test]
    fn line_docs_are_joined_and_blocks_set_apart() {
        check("/// One.\n/// Two.\nfn f() {}\n\n//!  Three.\n", "One.\nTwo.\n\n Three.\n");
        check("//// no\n// no\n///\n", "\n");
    }

    #[test]
    fn block_docs_lose_their_stars() {
        check("/** One.\n * Two.\n */\n", "One.\nTwo.\n\n");
        check("/*! a /* b */ c */ /**/ /*** no */", "a /* b */ c\n");
    }

    #[test]
    fn strings_and_characters_hide_comments() {
        check("let a = \"/// no\"; /// yes\n", "yes\n");
        check("let a = r#\"\" /// no\"#; let b = b\"/// no\";", "");
        check("let a = '\"'; /// yes\n let b: &'a str = \"\\\" /// no\";", "yes\n");
        check("let a = '\\''; let b = '\\u{1F}'; /// yes", "yes\n");
        check("let brr = 1; let r#type = 2; /// yes", "yes\n");
    }

    #[test]
    fn torn_source_is_read_to_its_end() {
        for source in ["\"", "'", "r#\"", "/*", "/**", "'\\", "b'", "\"\\", "é'é\"é\\"] {
            docs(source);
        }
    }
}
