//! `text.lines@1`, `text.repeated-parts@1`, `text.tables@1`, `text.slice@1`: what goes and stays.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use recipes::recipe::{PartKind, TextLines, TextRepeatedParts, TextSlice, TextTables};
use regex::Regex;

use crate::readings::part;

/// A line that counts likes and the like.
static COUNTER: LazyLock<Regex> = LazyLock::new(|| {
    let what = "likes|shares|comments|retweets|reposts|quotes|bookmarks|upvotes|downvotes\
        |downloads|views|followers";
    let pattern = format!(r"^\W*\d[,.\d]*[kmb]?\s+(?:{what})\W*$");
    Regex::new(&pattern).expect("a pattern of ours")
});

fn trimmed(text: String, trim: bool) -> String {
    if trim { text.trim().to_owned() } else { text }
}

/// The lines that stay.
pub fn kept(settings: &TextLines, text: &str) -> String {
    let stays = |line: &&str| (settings.blank && line.is_empty()) || line_stays(settings, line);
    trimmed(text.split('\n').filter(stays).collect::<Vec<_>>().join("\n"), settings.trim)
}

fn line_stays(settings: &TextLines, line: &str) -> bool {
    let words = line.split_whitespace().count() as u64;
    let counted = |word: &&str| !settings.bare || word.starts_with(char::is_alphanumeric);
    let longest = line.split_whitespace().filter(counted).map(|word| word.chars().count()).max();
    let share = |test: &dyn Fn(char) -> bool| {
        let found = line.chars().filter(|letter| test(*letter)).count();
        part(found, line.chars().count()).unwrap_or(0.0)
    };
    let bare = line.trim_end();
    let ends = |all: &[String]| all.iter().any(|end| bare.ends_with(end.as_str()));
    words >= settings.words_min
        && settings.words_max.is_none_or(|max| words <= max)
        && settings.word_chars_max.is_none_or(|max| longest.unwrap_or(0) as u64 <= max)
        && share(&char::is_uppercase) <= settings.uppercase_share_max
        && share(&char::is_numeric) <= settings.digits_share_max
        && (settings.ends.is_empty() || ends(&settings.ends))
        && !ends(&settings.ends_not)
        && !is_symbols(&settings.symbols, line)
        && !(settings.counters && COUNTER.is_match(&line.to_lowercase()))
}

/// Whether a line has some of the symbols, and nothing else but spaces.
fn is_symbols(symbols: &str, line: &str) -> bool {
    let known = |letter: char| letter.is_whitespace() || symbols.contains(letter);
    line.chars().all(known) && line.contains(|letter: char| symbols.contains(letter))
}

/// Text in which no line or paragraph stands twice.
pub fn once(settings: &TextRepeatedParts, text: &str) -> String {
    let between = match settings.part {
        PartKind::Lines => "\n",
        PartKind::Paragraphs => "\n\n",
    };
    let mut seen = BTreeSet::new();
    let first = |piece: &&str| {
        let bare = if settings.bare { piece.trim().to_lowercase() } else { (*piece).to_owned() };
        bare.is_empty() || seen.insert(bare)
    };
    text.split(between).filter(first).collect::<Vec<_>>().join(between)
}

/// A piece of a text.
pub fn slice(settings: &TextSlice, text: &str) -> String {
    let place = |at: u64| {
        let at = usize::try_from(at).unwrap_or(usize::MAX);
        text.char_indices().nth(at).map_or(text.len(), |(byte, _)| byte)
    };
    let mut start = settings.from.map_or(0, place);
    let mut end = settings.to.map_or(text.len(), place);
    if let Some(after) = &settings.after {
        let Some(found) = text.find(after.as_str()) else { return String::new() };
        start = if settings.with_after { found } else { found + after.len() };
    }
    if let Some(before) = &settings.before {
        let Some(found) = text.rfind(before.as_str()) else { return String::new() };
        end = if settings.with_before { found + before.len() } else { found };
    }
    let piece = if start < end { &text[start..end] } else { "" };
    trimmed(piece.to_owned(), settings.trim)
}

/// Text without tables.
pub fn without_tables(settings: &TextTables, text: &str) -> String {
    let mut text = text.to_owned();
    for gaps in settings.columns_min - 1..settings.columns_max {
        text = without_rows(&text, gaps as usize);
    }
    text
}

/// Text without runs of two rows and more that have so many gaps; the first line is never one.
fn without_rows(text: &str, gaps: usize) -> String {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let is_row = |line: &str| line.strip_suffix('\n').is_some_and(|row| has_gaps(row, gaps));
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < lines.len() {
        let (mut rows, mut end) = (0, at);
        while at > 0 && end < lines.len() && (is_row(lines[end]) || rows > 0 && lines[end] == "\n")
        {
            rows += usize::from(lines[end] != "\n");
            end += 1;
        }
        if rows < 2 {
            end = at + 1;
            out += lines[at];
        }
        at = end;
    }
    out
}

/// Whether a row can be cut at so many single spaces, tabs and `|`, with something on each side.
fn has_gaps(row: &str, gaps: usize) -> bool {
    let cells: Vec<&str> = row.split([' ', '\t']).collect();
    if cells.iter().any(|cell| cell.is_empty() || cell.contains(char::is_whitespace)) {
        return false;
    }
    let bars = |cell: &&str| {
        let (mut bars, mut free) = (0, 0);
        for (place, letter) in cell.char_indices() {
            if letter == '|' && free > 0 && place + 1 < cell.len() {
                bars += 1;
                free = 0;
            } else {
                free += 1;
            }
        }
        bars
    };
    let spaces = cells.len() - 1;
    (spaces..=spaces + cells.iter().map(bars).sum::<usize>()).contains(&gaps)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings<T: serde::de::DeserializeOwned>(text: &str) -> T {
        serde_json::from_str(text).expect("settings")
    }

    #[test]
    fn lines_go_by_what_they_are() {
        let check = |own: &str, text: &str, wanted: &str| {
            assert_eq!(kept(&settings(own), text), wanted, "{own}");
        };
        check(r#"{"words_min": 2}"#, "one\ntwo words\n\nx", "two words\n");
        check(r#"{"words_max": 1, "blank": false}"#, "one\ntwo words\n\nx", "one\n\nx");
        check(r#"{"uppercase_share_max": 0.5}"#, "ABC\nAbc", "Abc");
        check(r#"{"digits_share_max": 0.5, "trim": true}"#, "123\n a1 \n", "a1");
        check(r#"{"ends": ["."], "ends_not": ["..."]}"#, "a. \nb\nc...", "a. ");
        check(
            r#"{"counters": true}"#,
            "3.1K likes\n12 followers!\n3 of us like it",
            "3 of us like it",
        );
        check(r#"{"word_chars_max": 3, "bare": true}"#, "a ----- b\nabcd", "a ----- b");
    }

    #[test]
    fn parts_stand_once_and_slices_are_cut() {
        assert_eq!(once(&settings("{}"), "a\nA \n\nb\na"), "a\n\nb");
        let paragraphs = settings(r#"{"part": "paragraphs", "bare": false}"#);
        assert_eq!(once(&paragraphs, "a\n\nA\n\na"), "a\n\nA");
        assert_eq!(slice(&settings(r#"{"from": 1, "to": 3}"#), "äöüß"), "öü");
        let around =
            settings(r#"{"after": "<", "before": ">", "with_before": true, "trim": true}"#);
        assert_eq!(slice(&around, "x< a>b >y"), "a>b >");
        assert_eq!(slice(&around, "none"), "");
        assert_eq!(slice(&settings(r#"{"from": 9}"#), "short"), "");
    }

    #[test]
    fn tables_go_and_text_stays() {
        let cut = |text: &str| without_tables(&settings("{}"), text);
        assert_eq!(cut("A table:\na b\nc d\nThe end of it.\n"), "A table:\nThe end of it.\n");
        assert_eq!(cut("A table:\na|b\n\nc d\n"), "A table:\n");
        assert_eq!(cut("a b\nc d\nx\n"), "a b\nc d\nx\n");
        assert_eq!(cut("t\na b\nc d e\n"), "t\na b\nc d e\n");
    }
}
