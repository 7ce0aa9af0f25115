//! A YAML text as a tree in which every node knows its place.
//!
//! What the language refuses is refused here: duplicate keys, anchors and aliases, tags, merge
//! keys, several documents, control characters, NaN and infinities, integers outside ±(2^53−1),
//! and texts that are too large or too deep.

use saphyr_parser::{Event, Parser, ScalarStyle, Span, StrInput};

use crate::canonical::INTEGER_MAX;
use crate::problem::{Place, Problems};

/// The largest text.
pub const BYTES_MAX: usize = 1 << 20;
/// The deepest nesting.
pub const DEPTH_MAX: usize = 32;
/// The most nodes.
pub const NODES_MAX: usize = 100_000;

/// A node with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub place: Place,
    /// The line on which it ends.
    pub last_line: usize,
    pub value: Value,
    /// Whether it was written between brackets or quotes.
    pub enclosed: bool,
}

/// What a node holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Null,
    Bool(bool),
    Integer(i64),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    /// In the order of the text; keys are texts.
    Map(Vec<(Node, Node)>),
}

impl Node {
    /// What it is, in the words of an error.
    pub fn what(&self) -> String {
        match &self.value {
            Value::Null => "nothing".into(),
            Value::Bool(value) => format!("`{value}`"),
            Value::Integer(value) => format!("the number `{value}`"),
            Value::Float(value) => format!("the number `{value}`"),
            Value::Text(text) => {
                format!("the text `{}`", text.chars().take(60).collect::<String>())
            }
            Value::List(_) => "a list".into(),
            Value::Map(_) => "a mapping".into(),
        }
    }

    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The value without places, as JSON.
    pub fn json(&self) -> serde_json::Value {
        match &self.value {
            Value::Null => serde_json::Value::Null,
            Value::Bool(value) => (*value).into(),
            Value::Integer(value) => (*value).into(),
            Value::Float(value) => (*value).into(),
            Value::Text(text) => text.as_str().into(),
            Value::List(items) => items.iter().map(Node::json).collect(),
            Value::Map(members) => {
                let pair = |(key, value): &(Node, Node)| {
                    (key.text().unwrap_or_default().to_owned(), value.json())
                };
                serde_json::Value::Object(members.iter().map(pair).collect())
            }
        }
    }
}

/// Reads a text; a tree only if nothing was refused.
pub fn read(text: &str) -> Result<Node, Problems> {
    tree(text, false)
}

/// Reads the recipe of another tool: `True`, `False` and `None` are what they say, and an integer
/// beyond ±(2^53−1) is the nearest float. Everything else is refused as in our own.
pub fn read_foreign(text: &str) -> Result<Node, Problems> {
    tree(text, true)
}

fn tree(text: &str, foreign: bool) -> Result<Node, Problems> {
    let mut problems = Problems::default();
    if text.len() > BYTES_MAX {
        let message = format!("the text has {} bytes, wanted at most {BYTES_MAX}", text.len());
        problems.add(Place { line: 1, column: 1, width: 1 }, message);
        return Err(problems);
    }
    control_characters(text, &mut problems);
    if text.starts_with('\u{FEFF}') {
        problems.add(Place { line: 1, column: 1, width: 1 }, "a byte order mark; save without one");
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let parser = Parser::new_from_str(text);
    let lines = text.lines().collect();
    let mut reader = Reader { parser, lines, problems, nodes: 0, documents: 0, foreign };
    let root = reader.document();
    match root {
        Some(root) if reader.problems.is_empty() => Ok(root),
        _ => Err(reader.problems.sorted()),
    }
}

fn control_characters(text: &str, problems: &mut Problems) {
    for (line, content) in text.lines().enumerate() {
        let bad = content.chars().position(|c| c.is_control() && c != '\t' && c != '\r');
        if let Some(column) = bad {
            let place = Place { line: line + 1, column: column + 1, width: 1 };
            problems.add(place, "a control character; recipes are plain text");
        }
    }
}

struct Reader<'a> {
    parser: Parser<'a, StrInput<'a>>,
    lines: Vec<&'a str>,
    problems: Problems,
    nodes: usize,
    documents: usize,
    /// Whether it is another tool's text.
    foreign: bool,
}

fn place(span: &Span) -> Place {
    let width = if span.end.line() == span.start.line() { span.len().max(1) } else { 1 };
    Place { line: span.start.line(), column: span.start.col() + 1, width }
}

impl<'a> Reader<'a> {
    /// The next event; `None` after a problem that ends the reading.
    fn event(&mut self) -> Option<(Event<'a>, Span)> {
        match self.parser.next_event()? {
            Ok(event) => Some(event),
            Err(error) => {
                let mark = error.marker();
                let place = Place { line: mark.line(), column: mark.col() + 1, width: 1 };
                let message = match error.info() {
                    "recursion limit exceeded" => {
                        format!("too deep values, wanted at most {DEPTH_MAX}")
                    }
                    reason => format!("not YAML: {reason}"),
                };
                self.problems.add(place, message);
                None
            }
        }
    }

    fn document(&mut self) -> Option<Node> {
        let mut root = None;
        loop {
            let (event, span) = self.event()?;
            match event {
                Event::StreamEnd => break,
                Event::DocumentStart(_) => {
                    self.documents += 1;
                    if self.documents > 1 {
                        self.problems.add(place(&span), "a second document; a recipe is one");
                        return None;
                    }
                }
                Event::StreamStart | Event::DocumentEnd | Event::Nothing => {}
                event => root = Some(self.node(event, span, 0)?),
            }
        }
        if root.is_none() {
            let place = Place { line: 1, column: 1, width: 1 };
            self.problems.add(place, "the text is empty, wanted a recipe");
        }
        root
    }

    fn node(&mut self, event: Event<'a>, span: Span, depth: usize) -> Option<Node> {
        let here = place(&span);
        self.nodes += 1;
        if self.nodes > NODES_MAX || depth > DEPTH_MAX {
            let what = if depth > DEPTH_MAX { "deep" } else { "many" };
            let limit = if depth > DEPTH_MAX { DEPTH_MAX } else { NODES_MAX };
            self.problems.add(here, format!("too {what} values, wanted at most {limit}"));
            return None;
        }
        let (anchor, tag) = match &event {
            Event::Scalar(_, _, anchor, tag) => (*anchor, tag.is_some()),
            Event::SequenceStart(anchor, tag) | Event::MappingStart(anchor, tag) => {
                (*anchor, tag.is_some())
            }
            Event::Alias(_) => (1, false),
            _ => (0, false),
        };
        if anchor > 0 {
            self.problems.add(here, "an anchor or alias; write the value out where it is used");
        }
        if tag {
            self.problems.add(here, "a tag; values have the kinds of JSON");
        }
        match event {
            Event::Scalar(text, style, ..) => Some(self.scalar(&text, style, span)),
            Event::SequenceStart(..) => self.list(span, depth),
            Event::MappingStart(..) => self.map(span, depth),
            Event::Alias(_) => Some(made(Value::Null, span, false)),
            _ => None,
        }
    }

    fn list(&mut self, start: Span, depth: usize) -> Option<Node> {
        let mut items = Vec::new();
        loop {
            let (event, span) = self.event()?;
            if event == Event::SequenceEnd {
                return Some(self.closed(Value::List(items), start, span));
            }
            items.push(self.node(event, span, depth + 1)?);
        }
    }

    fn map(&mut self, start: Span, depth: usize) -> Option<Node> {
        let mut members: Vec<(Node, Node)> = Vec::new();
        let mut seen = std::collections::BTreeMap::new();
        loop {
            let (event, span) = self.event()?;
            if event == Event::MappingEnd {
                return Some(self.closed(Value::Map(members), start, span));
            }
            let mut key = self.node(event, span, depth + 1)?;
            let (event, span) = self.event()?;
            let value = self.node(event, span, depth + 1)?;
            let name = match &key.value {
                Value::Text(name) => name.clone(),
                _ => {
                    self.problems.add(key.place, format!("{} as a key, wanted a text", key.what()));
                    key.value = Value::Text(String::new());
                    continue;
                }
            };
            if name == "<<" {
                self.problems.add(key.place, "a merge key; write the values out");
            } else if let Some(first) = seen.insert(name.clone(), key.place.line) {
                let message = format!("the key `{name}` stands twice, first on line {first}");
                self.problems.add(key.place, message);
            }
            members.push((key, value));
        }
    }

    /// A collection from its first and last event.
    fn closed(&self, value: Value, start: Span, end: Span) -> Node {
        let line = self.lines.get(start.start.line().saturating_sub(1)).unwrap_or(&"");
        let opening = line.chars().nth(start.start.col());
        let mut node = made(value, start, matches!(opening, Some('[' | '{')));
        if node.enclosed {
            node.last_line = end.end.line();
        }
        node
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, span: Span) -> Node {
        if style != ScalarStyle::Plain {
            return made(Value::Text(text.to_owned()), span, true);
        }
        let mut refuse = |message: String| {
            self.problems.add(place(&span), message);
            Value::Null
        };
        let value = match text {
            "None" if self.foreign => Value::Null,
            "True" if self.foreign => Value::Bool(true),
            "False" if self.foreign => Value::Bool(false),
            "" | "~" | "null" => Value::Null,
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            _ if is_special_float(text) => refuse(format!("`{text}`, wanted a finite number")),
            _ if is_integer(text) => match text.parse::<i64>() {
                Ok(value) if value.unsigned_abs() <= INTEGER_MAX => Value::Integer(value),
                _ if self.foreign => Value::Float(nearest(text)),
                _ => refuse(format!(
                    "the integer `{}` is outside ±(2^53−1); write it as a quoted text",
                    text.chars().take(40).collect::<String>()
                )),
            },
            _ if is_float(text) => match text.parse::<f64>() {
                Ok(value) if value.is_finite() => Value::Float(value),
                _ => refuse(format!("`{text}`, wanted a finite number")),
            },
            _ => Value::Text(text.to_owned()),
        };
        made(value, span, false)
    }
}

fn made(value: Value, span: Span, enclosed: bool) -> Node {
    Node { place: place(&span), last_line: span.end.line(), value, enclosed }
}

/// The float nearest to a long integer.
fn nearest(text: &str) -> f64 {
    let limit = if text.starts_with('-') { f64::MIN } else { f64::MAX };
    text.parse().ok().filter(|value: &f64| value.is_finite()).unwrap_or(limit)
}

fn is_special_float(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text).to_ascii_lowercase();
    matches!(text.as_str(), ".inf" | ".nan")
}

/// Decimal digits with a sign, without needless zeros in front.
fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain && (digits == "0" || !digits.starts_with('0'))
}

/// Digits with a point or an exponent, without needless zeros in front.
fn is_float(text: &str) -> bool {
    let rest = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (number, exponent) = match rest.find(['e', 'E']) {
        Some(at) => (&rest[..at], Some(&rest[at + 1..])),
        None => (rest, None),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let exponent_is_fine = exponent.is_none_or(|text| {
        let text = text.strip_prefix(['+', '-']).unwrap_or(text);
        !text.is_empty() && digits(text)
    });
    let leading = whole.len() > 1 && whole.starts_with('0');
    let written = !whole.is_empty() || !part.is_empty();
    (number.contains('.') || exponent.is_some())
        && written
        && !leading
        && digits(whole)
        && digits(part)
        && exponent_is_fine
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(text: &str, wanted: serde_json::Value) {
        assert_eq!(read(text).expect("a tree").json(), wanted, "{text}");
    }

    #[track_caller]
    fn refused(text: &str, wanted: &str) {
        let problems = read(text).expect_err("refused");
        let found: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).collect();
        assert!(found.iter().any(|message| message.contains(wanted)), "{found:?}");
    }

    #[test]
    fn scalars_have_the_kinds_of_json() {
        check(
            "a: [1, -2, 1.5, 1e3, .5, true, null, ~]",
            json!({
                "a": [1, -2, 1.5, 1000.0, 0.5, true, null, null]
            }),
        );
        check(
            "a: [NO, on, 010, 0755, 1_000, 2001-12-14, '1', \"true\"]",
            json!({
                "a": ["NO", "on", "010", "0755", "1_000", "2001-12-14", "1", "true"]
            }),
        );
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        refused("a: 1\na: 2", "stands twice, first on line 1");
        refused("a: {b: 1, b: 2}", "stands twice");
        refused("a: .inf", "finite");
        refused("a: -.NaN", "finite");
        refused("a: 1e400", "finite");
        refused("a: 9007199254740992", "outside");
        refused("a: 1\n---\nb: 1", "second document");
        refused("a: &x [1]\nb: *x", "anchor");
        refused("a: !foo bar", "tag");
        refused("<<: {a: 1}", "merge key");
        refused("a: \u{7}b", "control character");
        refused("? [a]\n: 1", "wanted a text");
        refused("", "empty");
        refused(&"[".repeat(1 << 20), "deep");
    }

    #[test]
    fn places_point_at_what_is_meant() {
        let tree = read("a:\n  b: [1, xyz]\n").expect("a tree");
        let Value::Map(root) = &tree.value else { panic!("a map") };
        let Value::Map(inner) = &root[0].1.value else { panic!("a map") };
        let Value::List(items) = &inner[0].1.value else { panic!("a list") };
        assert_eq!(items[1].place, Place { line: 2, column: 10, width: 3 });
        assert!(inner[0].1.enclosed && !root[0].1.enclosed);
    }
}
