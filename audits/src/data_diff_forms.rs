//! A difference of data written out: as text, JSON lines, Markdown and HTML.

use serde_json::{Value, json};

use crate::data_diff::{Cause, DataDiff, Listed, Part, Way};
use crate::figures::count;
use crate::story::visible;

impl Part {
    fn mark(&self) -> &'static str {
        match self.way {
            Way::Lost => "-",
            Way::Gained => "+",
            Way::Both => "~",
        }
    }

    /// The part in words: `12 documents of `stories`, 3,400 tokens: dropped by …`.
    pub fn words(&self) -> String {
        let documents = if self.documents == 1 { "document" } else { "documents" };
        let tokens = match (self.way, self.tokens) {
            (Way::Lost, (tokens, _)) | (Way::Gained, (_, tokens)) => count(tokens),
            (Way::Both, (before, after)) => format!("{} → {}", count(before), count(after)),
        };
        let (n, source, cause) = (count(self.documents), &self.source, self.cause.words(self.way));
        format!("{n} {documents} of `{source}`, {tokens} tokens: {cause}")
    }

    /// How many documents are not listed.
    pub fn more(&self) -> u64 {
        self.documents.saturating_sub(self.listed.len() as u64)
    }
}

impl Listed {
    /// Where it comes from, such as `answers.jsonl:17`.
    pub fn place(&self) -> String {
        format!("{}:{}", self.name, self.position)
    }
}

impl DataDiff {
    /// What both runs gathered and trained on, in words.
    pub fn totals(&self) -> [String; 3] {
        let pair = |before, after| match before == after {
            true => count(before),
            false => format!("{} → {}", count(before), count(after)),
        };
        let (before, after) = (&self.before, &self.after);
        [
            format!("{} documents gathered", pair(before.gathered, after.gathered)),
            format!("{} documents trained on", pair(before.documents, after.documents)),
            format!("{} tokens", pair(before.tokens, after.tokens)),
        ]
    }

    /// For a terminal: the totals, then a line a part and a line a document.
    pub fn text(&self) -> String {
        let (from, to) = (visible(&self.from), visible(&self.to));
        let mut text = format!("data of {from} → {to}\n  {}\n", self.totals().join(", "));
        if self.is_empty() {
            text += "  no difference\n";
        }
        for part in &self.parts {
            text += &format!("  {} {}\n", part.mark(), visible(&part.words()));
            for listed in &part.listed {
                let reason = listed.reason.as_ref().map(|r| format!("  {r}")).unwrap_or_default();
                let (id, place) = (listed.document.short(), listed.place());
                text += &format!("      {id}  {}\n", visible(&format!("{place}{reason}")));
            }
            if part.more() > 0 {
                text += &format!("      {} more\n", count(part.more()));
            }
        }
        text
    }

    /// One JSON object a line: the totals, then each part with the documents that are listed.
    pub fn json_lines(&self) -> String {
        let mut text = json!({
            "kind": "data", "from": self.from, "to": self.to, "before": self.before,
            "after": self.after,
        })
        .to_string();
        text.push('\n');
        for part in &self.parts {
            let step = match &part.cause {
                Cause::Dropped(_, step) => Value::from(step.as_str()),
                _ => Value::Null,
            };
            let line = json!({
                "kind": "data-change", "from": self.from, "to": self.to, "way": part.way,
                "cause": part.cause.name(), "step": step, "source": part.source,
                "documents": part.documents, "tokens_before": part.tokens.0,
                "tokens_after": part.tokens.1, "listed": part.listed, "more": part.more(),
            });
            text += &format!("{line}\n");
        }
        text
    }

    /// For a document: a table of the parts, then the documents of each.
    pub fn markdown(&self) -> String {
        let (from, to) = (cell(&self.from), cell(&self.to));
        let mut text = format!("## Data of {from} → {to}\n\n{}.\n\n", self.totals().join(", "));
        if self.is_empty() {
            return text + "No difference.\n\n";
        }
        text += "| | documents | source | tokens before | tokens after | why |\n\
                 |---|---|---|---|---|---|\n";
        for part in &self.parts {
            let (n, source) = (count(part.documents), cell(&part.source));
            let (before, after) = (count(part.tokens.0), count(part.tokens.1));
            let (mark, cause) = (part.mark(), cell(&part.cause.words(part.way)));
            text += &format!("| {mark} | {n} | {source} | {before} | {after} | {cause} |\n");
        }
        text.push('\n');
        for part in self.parts.iter().filter(|part| !part.listed.is_empty()) {
            text += &format!("{} {}\n\n", part.mark().replace('-', "−"), cell(&part.words()));
            for listed in &part.listed {
                let reason = listed.reason.as_ref().map(|r| format!(": {r}")).unwrap_or_default();
                let words = format!("{}{reason}", listed.place());
                text += &format!("* `{}` {}\n", listed.document.short(), cell(&words));
            }
            if part.more() > 0 {
                text += &format!("* {} more\n", count(part.more()));
            }
            text.push('\n');
        }
        text
    }

    /// A fragment for a page, escaped.
    pub fn html(&self) -> String {
        maud::html! {
            section.data {
                h2 { "Data of " (self.from) " → " (self.to) }
                p { (self.totals().join(", ")) "." }
                @if self.is_empty() { p { "No difference." } }
                ul {
                    @for part in &self.parts {
                        li class=(part.class()) {
                            (part.words())
                            ul {
                                @for listed in &part.listed {
                                    li {
                                        code { (listed.document.short()) } " "
                                        bdi { (listed.place()) }
                                        @if let Some(reason) = &listed.reason { ": " (reason) }
                                    }
                                }
                                @if part.more() > 0 { li { (count(part.more())) " more" } }
                            }
                        }
                    }
                }
            }
        }
        .into_string()
            + "\n"
    }
}

impl Part {
    fn class(&self) -> &'static str {
        match self.way {
            Way::Lost => "lost",
            Way::Gained => "gained",
            Way::Both => "changed",
        }
    }
}

impl Cause {
    /// The cause for machines.
    pub fn name(&self) -> &'static str {
        match self {
            Cause::NotGathered => "not-gathered",
            Cause::Dropped(..) => "dropped",
            Cause::HeldOut => "held-out",
            Cause::Changed => "changed",
            Cause::Retokenized => "retokenized",
        }
    }
}

/// A text that stays in its cell.
fn cell(text: &str) -> String {
    let text = visible(text);
    text.replace('\\', "\\\\").replace('|', "\\|").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data_diff::Totals;
    use recipes::Digest;

    fn hostile() -> DataDiff {
        let name = "<b>|\\\u{1b}[2J".to_owned();
        let document = Digest::of(b"a");
        let reason = Some(name.clone());
        let listed = Listed { document, name: name.clone(), position: 1, tokens: (7, 0), reason };
        let part = Part {
            way: Way::Lost,
            cause: Cause::Dropped(3, name.clone()),
            source: name.clone(),
            documents: 3,
            tokens: (21, 0),
            listed: vec![listed],
        };
        let before = Totals { gathered: 9, documents: 5, tokens: 1000 };
        let after = Totals { documents: 2, tokens: 979, ..before };
        DataDiff { from: name.clone(), to: name, before, after, parts: vec![part] }
    }

    #[test]
    fn hostile_names_cannot_leave_their_place() {
        let diff = hostile();
        assert!(!diff.html().contains("<b>"));
        let markdown = diff.markdown();
        assert!(!markdown.contains("<b>") && !markdown.contains("b>|\\"), "{markdown}");
        for form in [diff.text(), markdown] {
            assert!(!form.contains('\u{1b}'), "{form}");
        }
        assert!(diff.json_lines().lines().all(|line| {
            serde_json::from_str::<Value>(line).is_ok_and(|value| value["kind"].is_string())
        }));
    }

    #[test]
    fn a_part_reads_as_people_would_say_it() {
        let diff = hostile();
        let text = diff.text();
        let totals = "9 documents gathered, 5 → 2 documents trained on, 1,000 → 979 tokens";
        assert!(text.contains(totals), "{text}");
        assert!(text.contains("  - 3 documents of"), "{text}");
        assert!(text.contains("      2 more\n"), "{text}");
    }
}
