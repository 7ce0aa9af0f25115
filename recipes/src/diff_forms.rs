//! A diff written out: as text, JSON lines, Markdown and HTML, and the line diff of two texts.

use similar::TextDiff;

use crate::diff::{Change, Comparison, Diff, PARTS};

/// The changes of one part, where there are any.
fn parts(comparison: &Comparison) -> impl Iterator<Item = (&'static str, Vec<&Change>)> {
    PARTS.iter().filter_map(|part| {
        let of_part = comparison.changes.iter().filter(|change| change.part == *part);
        let changes: Vec<&Change> = of_part.collect();
        (!changes.is_empty()).then_some((*part, changes))
    })
}

fn mark(change: &Change) -> &'static str {
    if change.same { "=" } else { "~" }
}

impl Diff {
    /// For a terminal: a heading a part, a line a change.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for comparison in &self.comparisons {
            text += &format!("{} → {}\n", comparison.from, comparison.to);
            if comparison.changes.is_empty() {
                text += "  no difference\n";
            }
            for (part, changes) in parts(comparison) {
                text += &format!("{part}\n");
                for change in changes {
                    text += &format!("  {} {}\n", mark(change), change.words);
                }
            }
        }
        text
    }

    /// One JSON object a line, each of kind `change`.
    pub fn json_lines(&self) -> String {
        let mut text = String::new();
        for comparison in &self.comparisons {
            for change in &comparison.changes {
                let mut line = serde_json::to_value(change).expect("a change is JSON");
                line["kind"] = "change".into();
                line["from"] = comparison.from.as_str().into();
                line["to"] = comparison.to.as_str().into();
                line["same"] = change.same.into();
                text += &format!("{line}\n");
            }
        }
        text
    }

    /// For a document: a table a part.
    pub fn markdown(&self) -> String {
        let cell = |text: &str| text.replace('\\', "\\\\").replace('|', "\\|").replace('<', "&lt;");
        let mut text = String::new();
        for comparison in &self.comparisons {
            text += &format!("## {} → {}\n\n", cell(&comparison.from), cell(&comparison.to));
            if comparison.changes.is_empty() {
                text += "No difference.\n\n";
            }
            for (part, changes) in parts(comparison) {
                text += &format!("### {part}\n\n| change | before | after |\n|---|---|---|\n");
                for change in changes {
                    let (before, after) =
                        (crate::diff::plain(&change.before), crate::diff::plain(&change.after));
                    let (words, before, after) = (cell(&change.words), cell(&before), cell(&after));
                    text += &format!("| {words} | {before} | {after} |\n");
                }
                text.push('\n');
            }
        }
        text
    }

    /// A fragment for a page, escaped.
    pub fn html(&self) -> String {
        let mut text = String::new();
        for comparison in &self.comparisons {
            let (from, to) = (escaped(&comparison.from), escaped(&comparison.to));
            text += &format!("<section class=\"diff\">\n<h2>{from} → {to}</h2>\n");
            if comparison.changes.is_empty() {
                text += "<p>No difference.</p>\n";
            }
            for (part, changes) in parts(comparison) {
                text += &format!("<h3>{part}</h3>\n<ul>\n");
                for change in changes {
                    let class = if change.same { "same" } else { "changed" };
                    text += &format!("<li class=\"{class}\">{}</li>\n", escaped(&change.words));
                }
                text += "</ul>\n";
            }
            text += "</section>\n";
        }
        text
    }
}

fn escaped(text: &str) -> String {
    let mut safe = String::new();
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

/// A unified line diff of two named texts; empty where they are equal.
pub fn text_diff((from, before): (&str, &str), (to, after): (&str, &str)) -> String {
    if before == after {
        return String::new();
    }
    TextDiff::from_lines(before, after).unified_diff().header(from, to).to_string()
}

/// The lines that a change took away and put in, each after its sign.
pub fn changed_lines(before: &str, after: &str) -> Vec<String> {
    let diff = text_diff(("before", before), ("after", after));
    let lines = diff.lines().skip(2).filter(|line| line.starts_with(['+', '-']));
    lines.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn hostile() -> Diff {
        let words = "source <b>|\\ 1 → 2".to_owned();
        let (before, after) = (json!("<b>"), json!("|"));
        let change =
            Change { part: "formula", path: "p".into(), before, after, words, same: false };
        let comparison = Comparison { from: "a".into(), to: "\"b\"".into(), changes: vec![change] };
        Diff { comparisons: vec![comparison] }
    }

    #[test]
    fn hostile_names_cannot_leave_their_cell() {
        assert!(!hostile().html().contains("<b>"));
        assert!(hostile().html().contains("&quot;b&quot;"));
        let markdown = hostile().markdown();
        assert!(!markdown.contains("<b>") && markdown.contains("\\|"), "{markdown}");
    }

    #[test]
    fn a_text_diff_has_both_names_and_both_lines() {
        let found = text_diff(("a", "x: 1\ny: 2\n"), ("b", "x: 1\ny: 3\n"));
        assert_eq!(found, "--- a\n+++ b\n@@ -1,2 +1,2 @@\n x: 1\n-y: 2\n+y: 3\n");
        assert_eq!(text_diff(("a", "x\n"), ("b", "x\n")), "");
        assert_eq!(changed_lines("x: 1\ny: 2", "x: 1\ny: 3"), ["-y: 2", "+y: 3"]);
    }
}
