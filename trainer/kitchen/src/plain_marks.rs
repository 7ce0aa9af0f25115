//! Marks made plain or taken away: punctuation, Markdown, citations, quotes, copyright.

use std::sync::LazyLock;

use recipes::recipe::TextHanOnly;
use regex::Regex;

/// Wide and typographic punctuation, and what stands for it.
const PLAIN: [(&str, &str); 16] = [
    ("，、", ","),
    ("。", "."),
    ("„”“«»「」《》", "\""),
    ("´’", "'"),
    ("∶：", ":"),
    ("？", "?"),
    ("！", "!"),
    ("（", "("),
    ("）", ")"),
    ("；", ";"),
    ("–━►", "-"),
    ("—", " - "),
    ("．", ". "),
    ("～", "~"),
    ("…", "..."),
    ("％", "%"),
];

fn pattern(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a pattern of ours")
}

/// Punctuation in its plain form.
pub fn punctuation(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '〈' => out.push('<'),
            '〉' => out.push('>'),
            '【' => out.push('['),
            '】' => out.push(']'),
            letter if letter.is_ascii() => out.push(letter),
            letter => match PLAIN.iter().find(|(marks, _)| marks.contains(letter)) {
                Some((_, plain)) => out += plain,
                None => out.push(letter),
            },
        }
    }
    out
}

/// Text without Markdown's marks.
pub fn markdown(text: &str) -> String {
    static MARKS: LazyLock<[(Regex, &str); 8]> = LazyLock::new(|| {
        [
            (pattern(r"(?m)^[ \t]*(?:```|~~~)[^\n]*\n?"), ""),
            (pattern(r"(?m)^[ \t]*(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$\n?"), ""),
            (pattern(r"(?m)^[ \t]{0,3}#{1,6}[ \t]+"), ""),
            (pattern(r"(?m)^[ \t]{0,3}>[ \t]?"), ""),
            (pattern(r"!?\[([^\]\n]*)\]\([^)\n]*\)"), "$1"),
            (pattern(r"\*\*([^*\n]+)\*\*|__([^_\n]+)__"), "$1$2"),
            (pattern(r"\*([^*\s][^*\n]*)\*|\b_([^_\s][^_\n]*)_\b"), "$1$2"),
            (pattern(r"`([^`\n]+)`"), "$1"),
        ]
    });
    let replace =
        |text: String, (mark, plain): &(Regex, &str)| mark.replace_all(&text, *plain).into_owned();
    MARKS.iter().fold(text.to_owned(), replace)
}

/// Text without Wikipedia's citations.
pub fn citations(text: &str) -> String {
    static CITATION: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"\[\d*\]|\[edit\]|\[citation needed\]"));
    CITATION.replace_all(text, "").into_owned()
}

/// Text without the quotation marks that it stands in.
pub fn unquoted(text: &str) -> &str {
    let pairs = [('"', '"'), ('“', '”'), ('「', '」'), ('『', '』'), ('‘', '’')];
    let inside = pairs.iter().find_map(|(open, close)| {
        let inside = text.strip_prefix(*open)?.strip_suffix(*close)?;
        let whole = !inside.contains(*open) && !inside.contains(*close);
        whole.then_some(inside)
    });
    inside.unwrap_or(text)
}

/// Source text without a comment about copyright, or the comment lines, at its front.
pub fn without_copyright(text: &str) -> &str {
    if let Some(comment) = text.strip_prefix("/*").and_then(|rest| rest.split_once("*/")) {
        let about = comment.0.to_lowercase().contains("copyright");
        return if about { comment.1 } else { text };
    }
    let mut rest = text;
    while let Some(line) = rest.split_inclusive('\n').next() {
        if !["//", "#", "--"].iter().any(|mark| line.starts_with(mark)) && !line.trim().is_empty() {
            break;
        }
        rest = &rest[line.len()..];
    }
    rest
}

/// Chinese characters, and what a step keeps beside them.
pub fn han(settings: &TextHanOnly, text: &str) -> String {
    static HAN: LazyLock<Regex> = LazyLock::new(|| pattern(r"\p{Han}"));
    const MARKS: &str = ".， ,\\-。%《*》/•、&＆(—)（+）：？!！“”·";
    let keeps = |letter: char| match letter {
        letter if letter.is_ascii_alphabetic() => settings.letters,
        letter if letter.is_ascii_digit() => settings.digits,
        letter if settings.marks && MARKS.contains(letter) => true,
        letter if letter.is_ascii() => false,
        letter => HAN.is_match(letter.encode_utf8(&mut [0; 4])) && !is_radical(letter),
    };
    // Without anything beside them the radicals stay too, as they always did.
    let whole = !settings.letters && !settings.digits && !settings.marks;
    let stays =
        |letter: &char| keeps(*letter) || whole && HAN.is_match(letter.encode_utf8(&mut [0; 4]));
    text.chars().filter(stays).collect()
}

/// Radicals and their supplements, which write no words.
fn is_radical(letter: char) -> bool {
    matches!(letter, '\u{2E80}'..='\u{2FDF}')
}

/// Text without the marks of Markdown that NeMo Curator takes away, line by line.
pub fn nemo_markdown(text: &str) -> String {
    static MARKS: LazyLock<[Regex; 4]> = LazyLock::new(|| {
        let marks = [r"\*\*(.*?)\*\*", r"\*(.*?)\*", r"_(.*?)_", r"\[.*?\]\((.*?)\)"];
        marks.map(pattern)
    });
    let plain = |text: String, mark: &Regex| mark.replace_all(&text, "$1").into_owned();
    MARKS.iter().fold(text.to_owned(), plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_become_plain_or_go() {
        assert_eq!(punctuation("“你好”，世界…【】"), "\"你好\",世界...[]");
        let page = "# Title\n\n> **bold** and *it*, `x` [a](b)\n---\n```rust\nsnake_case_x\n```\n";
        assert_eq!(markdown(page), "Title\n\nbold and it, x a\nsnake_case_x\n");
        assert_eq!(citations("a[12] b[edit]"), "a b");
        assert_eq!(unquoted("\"all of it\""), "all of it");
        assert_eq!(unquoted("\"a\" and \"b\""), "\"a\" and \"b\"");
        let kept = |own: &str| han(&serde_json::from_str(own).expect("settings"), "a汉b1字⼏。");
        assert_eq!(kept("{}"), "汉字⼏");
        assert_eq!(kept(r#"{"letters": true}"#), "a汉b字");
        assert_eq!(kept(r#"{"digits": true, "marks": true}"#), "汉1字。");
        assert_eq!(nemo_markdown("**a *b* c** _d_ [e](f)"), "a b c d f");
    }

    #[test]
    fn copyright_goes_from_the_front_only() {
        assert_eq!(without_copyright("/* Copyright me */\nx /* y */"), "\nx /* y */");
        assert_eq!(without_copyright("/* other */ x"), "/* other */ x");
        assert_eq!(without_copyright("// (c) me\n\nx // y"), "x // y");
    }
}
