//! LaTeX sources: comments, what comes before the first part, what comes after the last.

use std::sync::LazyLock;

use regex::Regex;

/// Text without comments.
pub fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        if line.trim_start().starts_with('%') {
            continue;
        }
        let mut escaped = false;
        let end = line.find(|letter: char| {
            let starts = letter == '%' && !escaped;
            escaped = letter == '\\' && !escaped;
            starts
        });
        match end {
            Some(end) => {
                out += &line[..end];
                out += if line.ends_with('\n') { "\n" } else { "" };
            }
            None => out += line,
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

/// Text from its first part on.
pub fn without_header(text: &str) -> &str {
    static START: LazyLock<Regex> = LazyLock::new(|| {
        let pattern = r"\\(?:chapter|part|(?:sub){0,2}section|(?:sub)?paragraph)\*?\s*[\[{]";
        Regex::new(pattern).expect("a pattern of ours")
    });
    START.find(text).map_or(text, |found| &text[found.start()..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paper_loses_what_is_not_its_text() {
        assert_eq!(without_comments("a % b\n  % c\n50\\% d%\n"), "a \n50\\% d\n");
        assert_eq!(without_bibliography("x\\begin{thebibliography}{9}y"), "x");
        assert_eq!(without_header("\\title{a}\\section*{B} c"), "\\section*{B} c");
        assert_eq!(without_header("nothing"), "nothing");
    }
}
