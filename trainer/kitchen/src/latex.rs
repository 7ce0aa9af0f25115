//! LaTeX sources: comments, what comes before the first part, what comes after the last.

use std::sync::LazyLock;

use recipes::recipe::{LatexReading, TextLatexComments, TextLatexHeader};
use regex::Regex;

fn pattern(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a pattern of ours")
}

/// Text without the comments that a step takes.
pub fn without_comments(settings: &TextLatexComments, text: &str) -> String {
    static LINE: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?m)^%[^\n]*\n?"));
    static INLINE: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?m)[^\\]%.+$"));
    static BLOCK: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"(?s)\\begin\{comment\}.*?\\end\{comment\}"));
    let mut text = match settings.profile {
        LatexReading::Ingot => own_comments(settings, text),
        LatexReading::Redpajama => {
            let lines = if settings.lines { LINE.replace_all(text, "") } else { text.into() };
            let all = if settings.inline { INLINE.replace_all(&lines, "") } else { lines.clone() };
            all.into_owned()
        }
    };
    if settings.blocks {
        text = BLOCK.replace_all(&text, "").into_owned();
    }
    text
}

fn own_comments(settings: &TextLatexComments, text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        if line.trim_start().starts_with('%') {
            if !settings.lines {
                out += line;
            }
            continue;
        }
        let mut escaped = false;
        let end = line.find(|letter: char| {
            let starts = letter == '%' && !escaped;
            escaped = letter == '\\' && !escaped;
            starts
        });
        match end {
            Some(end) if settings.inline => {
                out += &line[..end];
                out += if line.ends_with('\n') { "\n" } else { "" };
            }
            _ => out += line,
        }
    }
    out
}

/// Text up to its appendix or bibliography.
pub fn without_bibliography(text: &str) -> &str {
    static END: LazyLock<Regex> = LazyLock::new(|| {
        let pattern =
            r"\\appendix\b|\\begin\{(?:references|REFERENCES|thebibliography)\}|\\bibliography\{";
        Regex::new(pattern).expect("a pattern of ours")
    });
    END.find(text).map_or(text, |found| &text[..found.start()])
}

/// Text from its first part on; what a text without a part becomes is the step's choice.
pub fn without_header<'t>(settings: &TextLatexHeader, text: &'t str) -> &'t str {
    static START: LazyLock<Regex> = LazyLock::new(|| {
        let pattern = r"\\(?:chapter|part|(?:sub){0,2}section|(?:sub)?paragraph)\*?\s*[\[{]";
        Regex::new(pattern).expect("a pattern of ours")
    });
    let without = if settings.drop_without { "" } else { text };
    START.find(text).map_or(without, |found| &text[found.start()..])
}

/// Text with macros without arguments written out where they are used.
pub fn without_macros(text: &str) -> String {
    static COMMAND: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"(?m)\\newcommand\b\*?\{\\([a-zA-Z0-9]+?)\}\{(.*?)\}$"));
    static DEFINED: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"(?m)\\def\s*\\([a-zA-Z0-9]+?)\s*\{(.*?)\}$"));
    // A name that is defined again keeps its place and takes the last text.
    let mut macros: Vec<(String, String)> = Vec::new();
    for found in COMMAND.captures_iter(text).chain(DEFINED.captures_iter(text)) {
        let (name, meaning) = (found[1].to_owned(), found[2].to_owned());
        match macros.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = meaning,
            None => macros.push((name, meaning)),
        }
    }
    let mut text = text.to_owned();
    for (name, meaning) in macros {
        text = expanded(&text, &format!("\\{name}"), &meaning);
    }
    text
}

/// Text with a macro written out wherever something else than a letter or digit follows it.
fn expanded(text: &str, name: &str, meaning: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find(name) {
        let (before, after) = (&rest[..at], &rest[at + name.len()..]);
        out += before;
        let ends = after.starts_with(|letter: char| !letter.is_ascii_alphanumeric());
        out += if ends { meaning } else { name };
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paper_loses_what_is_not_its_text() {
        let comments = |own: &str, text: &str| {
            without_comments(&serde_json::from_str(own).expect("settings"), text)
        };
        assert_eq!(comments("{}", "a % b\n  % c\n50\\% d%\n"), "a \n50\\% d\n");
        let shared = r#"{"profile": "redpajama", "blocks": true}"#;
        let text = "% x\na % b\n50\\% d\\begin{comment}y\\end{comment}e";
        assert_eq!(comments(shared, text), "a\n50\\% de");
        assert_eq!(comments(r#"{"inline": false}"#, "% x\na % b"), "a % b");
        assert_eq!(without_bibliography("x\\begin{thebibliography}{9}y"), "x");
        let own = TextLatexHeader { drop_without: false };
        assert_eq!(without_header(&own, "\\title{a}\\section*{B} c"), "\\section*{B} c");
        assert_eq!(without_header(&own, "nothing"), "nothing");
        assert_eq!(without_header(&TextLatexHeader { drop_without: true }, "nothing"), "");
    }

    #[test]
    fn macros_are_written_out() {
        let text = "\\newcommand{\\a}{one}\n\\def \\b {two}\n\\a, \\ab \\b.";
        let wanted = "\\newcommand{one}{one}\n\\def two {two}\none, \\ab two.";
        assert_eq!(without_macros(text), wanted);
    }
}
