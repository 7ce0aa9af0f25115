//! The normal form of a recipe's text: two spaces, one style, comments kept where they were.
//!
//! Order, brackets or blocks, and empty lines between parts stay as the author chose.

use crate::problem::Problems;
use crate::tree::{self, Node, Value};

/// The longest line that a collection in brackets is written on.
const WIDTH: usize = 120;

/// Brings a text into normal form; the same tree, and a second time the same text.
pub fn fmt(text: &str) -> Result<String, Problems> {
    let root = tree::read(text)?;
    let mut writer = Writer {
        comments: comments(text, &root),
        blank: text.lines().map(|line| line.trim().is_empty()).collect(),
        next: 0,
        out: String::new(),
    };
    writer.block(&root, 0);
    writer.comments_before(usize::MAX, 0);
    Ok(writer.out)
}

/// A comment with its line; `own` where nothing else stands on the line.
struct Comment {
    line: usize,
    text: String,
    own: bool,
}

/// Finds comments: a `#` at a line's start or after a space, outside of every scalar.
fn comments(text: &str, root: &Node) -> Vec<Comment> {
    let mut covered = Vec::new();
    cover(root, &mut covered);
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        let letters: Vec<char> = line.chars().collect();
        for (column, letter) in letters.iter().enumerate() {
            let starts = column == 0 || letters[column - 1].is_whitespace();
            let inside = covered.iter().any(|(first, start, last, end)| {
                let after_start = number > *first || column + 1 >= *start;
                let before_end = number < *last || column + 1 < *end;
                (*first..=*last).contains(&number) && after_start && before_end
            });
            if *letter == '#' && starts && !inside {
                let text: String = letters[column..].iter().collect();
                let own = letters[..column].iter().all(|c| c.is_whitespace());
                found.push(Comment { line: number, text: text.trim_end().to_owned(), own });
                break;
            }
        }
    }
    found
}

/// Lines and columns that scalars cover: first line, first column, last line, column after.
fn cover(node: &Node, covered: &mut Vec<(usize, usize, usize, usize)>) {
    match &node.value {
        Value::List(items) => items.iter().for_each(|item| cover(item, covered)),
        Value::Map(members) => members.iter().for_each(|(key, value)| {
            cover(key, covered);
            cover(value, covered);
        }),
        _ => {
            let end = match node.last_line == node.place.line {
                true => node.place.column + node.place.width,
                false => usize::MAX,
            };
            covered.push((node.place.line, node.place.column, node.last_line, end));
        }
    }
}

struct Writer {
    comments: Vec<Comment>,
    /// Which lines of the original are empty.
    blank: Vec<bool>,
    /// The next comment to write.
    next: usize,
    out: String,
}

impl Writer {
    /// Writes the comments that stood on lines of their own before a line.
    fn comments_before(&mut self, line: usize, indent: usize) {
        while self.next < self.comments.len() && self.comments[self.next].line < line {
            let comment = &self.comments[self.next];
            let (line, text) = (comment.line, comment.text.clone());
            self.gap(line);
            self.out += &format!("{}{text}\n", " ".repeat(indent));
            self.next += 1;
        }
    }

    /// Keeps one empty line where the author left some.
    fn gap(&mut self, line: usize) {
        let before = line.checked_sub(2).and_then(|index| self.blank.get(index));
        if before == Some(&true) && !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    /// Ends a line, with the comment that stood on it.
    fn end_line(&mut self, line: usize) {
        if let Some(comment) = self.comments.get(self.next)
            && comment.line == line
            && !comment.own
        {
            self.out += &format!("  {}", comment.text);
            self.next += 1;
        }
        self.out.push('\n');
    }

    fn block(&mut self, node: &Node, indent: usize) {
        match &node.value {
            Value::Map(members) => {
                for (key, value) in members {
                    self.before(key, indent);
                    self.out += &" ".repeat(indent);
                    self.member(key, value, indent);
                }
            }
            Value::List(items) => {
                for item in items {
                    self.before(item, indent);
                    self.out += &format!("{}- ", " ".repeat(indent));
                    self.item(item, indent);
                }
            }
            _ => self.value(node, indent),
        }
    }

    fn before(&mut self, node: &Node, indent: usize) {
        self.comments_before(node.place.line, indent);
        self.gap(node.place.line);
    }

    fn member(&mut self, key: &Node, value: &Node, indent: usize) {
        self.out += &format!("{}:", scalar(key));
        if is_block(value) {
            self.end_line(key.place.line);
            self.block(value, indent + 2);
        } else {
            self.out.push(' ');
            self.value(value, indent + 2);
        }
    }

    /// An item of a list; the first member of a mapping stands beside the dash.
    fn item(&mut self, item: &Node, indent: usize) {
        match &item.value {
            Value::Map(members) if is_block(item) => {
                for (place, (key, value)) in members.iter().enumerate() {
                    if place > 0 {
                        self.before(key, indent + 2);
                        self.out += &" ".repeat(indent + 2);
                    }
                    // Deeper than the key, which the dash has moved.
                    self.member(key, value, indent + 2);
                }
            }
            Value::List(_) if is_block(item) => {
                self.out.pop();
                self.end_line(item.place.line.saturating_sub(1));
                self.block(item, indent + 2);
            }
            _ => self.value(item, indent + 2),
        }
    }

    /// A scalar or a collection in brackets, to the end of its line.
    fn value(&mut self, node: &Node, indent: usize) {
        let inline = flow(node);
        let column = self.out.chars().rev().take_while(|c| *c != '\n').count();
        let comments_inside = self.comments[self.next..]
            .iter()
            .any(|comment| comment.line >= node.place.line && comment.line < node.last_line);
        match &node.value {
            Value::List(items) if comments_inside || column + inline.chars().count() > WIDTH => {
                self.out += "[";
                self.end_line(node.place.line);
                for item in items {
                    self.comments_before(item.place.line, indent);
                    self.out += &format!("{}{},", " ".repeat(indent), flow(item));
                    self.end_line(item.last_line);
                }
                self.comments_before(node.last_line, indent);
                self.out += &format!("{}]", " ".repeat(indent));
            }
            Value::Map(members) if comments_inside || column + inline.chars().count() > WIDTH => {
                self.out += "{";
                self.end_line(node.place.line);
                for (key, value) in members {
                    self.comments_before(key.place.line, indent);
                    self.out += &format!("{}{}: {},", " ".repeat(indent), scalar(key), flow(value));
                    self.end_line(value.last_line);
                }
                self.comments_before(node.last_line, indent);
                self.out += &format!("{}}}", " ".repeat(indent));
            }
            _ => self.out += &inline,
        }
        self.end_line(node.last_line);
    }
}

/// Whether a collection is written as lines of its own.
fn is_block(node: &Node) -> bool {
    match &node.value {
        Value::Map(members) => !node.enclosed && !members.is_empty(),
        Value::List(items) => !node.enclosed && !items.is_empty(),
        _ => false,
    }
}

/// A node on one line.
fn flow(node: &Node) -> String {
    match &node.value {
        Value::List(items) => {
            format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", "))
        }
        Value::Map(members) => {
            let member = |(key, value): &(Node, Node)| format!("{}: {}", scalar(key), flow(value));
            format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(", "))
        }
        _ => scalar(node),
    }
}

/// A scalar; a text is quoted where it was, or where it would be read as something else.
fn scalar(node: &Node) -> String {
    match &node.value {
        Value::Text(text) if node.enclosed || !is_plain(text) => {
            serde_json::to_string(text).expect("a text is JSON")
        }
        Value::Text(text) => text.clone(),
        Value::Null => "null".into(),
        Value::Bool(value) => value.to_string(),
        Value::Integer(value) => value.to_string(),
        Value::Float(value) => float(*value),
        Value::List(_) | Value::Map(_) => flow(node),
    }
}

/// The shortest decimal that reads back as the same number, with a point.
fn float(value: f64) -> String {
    if value != 0.0 && (value.abs() < 1e-2 || value.abs() >= 1e9) {
        let text = format!("{value:e}");
        let (digits, power) = text.split_once('e').expect("an exponent");
        let point = if digits.contains('.') { "" } else { ".0" };
        return format!("{digits}{point}e{power}");
    }
    format!("{value:?}")
}

/// Whether a text can stand without quotes anywhere.
fn is_plain(text: &str) -> bool {
    let fine = |c: char| c.is_alphanumeric() || " ._/@-+<>=".contains(c);
    let starts =
        text.starts_with(|c: char| c.is_alphanumeric() || c == '/' || c == '.' || c == '<');
    let written = text.starts_with(' ') || text.ends_with(' ') || text.is_empty();
    let same = tree::read(text).is_ok_and(|node| node.text() == Some(text));
    starts && !written && text.chars().all(fine) && same
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, wanted: &str) {
        let found = fmt(text).expect("readable");
        assert_eq!(found, wanted);
        assert_eq!(fmt(&found).expect("readable"), found, "a second time");
        let tree = |text: &str| tree::read(text).expect("readable").json();
        assert_eq!(tree(&found), tree(text), "the same tree");
    }

    #[test]
    fn the_sample_is_in_normal_form() {
        let sample = include_str!("../samples/first.yaml");
        check(sample, sample);
        let vector = include_str!("../vectors/crate-prose.yaml");
        check(vector, vector);
    }

    #[test]
    fn spaces_go_and_comments_stay() {
        check(
            "# top\na:    1   # one\n\n\n\n# own\nb:\n     - {x:  1,y: 2}\n     # in\n     \
             - [ 1,2 ] # two\n# end",
            "# top\na: 1  # one\n\n# own\nb:\n  - {x: 1, y: 2}\n  # in\n  - [1, 2]  # two\n# end\n",
        );
    }

    #[test]
    fn mappings_in_lists_and_quoted_texts_keep_their_form() {
        check(
            "s:\n- p:\n    t: 1e-3\n    u: '#no'\n",
            "s:\n  - p:\n      t: 1.0e-3\n      u: \"#no\"\n",
        );
        check(
            "a: \"7\"\nb: 'it''s'\nc: x:y\nd: |\n  two\n  lines\n",
            "a: \"7\"\nb: \"it's\"\nc: \"x:y\"\nd: \"two\\nlines\\n\"\n",
        );
        check("a: [\n  1, # one\n  2\n]\n", "a: [\n  1,  # one\n  2,\n  ]\n");
    }
}
