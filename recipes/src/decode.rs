//! Takes typed values out of a tree; every problem is noted and reading goes on.

use crate::problem::{Place, Problems, nearest};
use crate::rules::{KEYS, Rule, refused};
use crate::tree::{Node, Value};

/// A mapping being read: its members, and the keys that were asked for.
pub struct Members<'n> {
    node: &'n Node,
    members: &'n [(Node, Node)],
    /// What the mapping is, in the words of an error: "source `novels`".
    what: String,
}

/// Reads values and notes what is wrong.
#[derive(Default)]
pub struct Decoder {
    pub problems: Problems,
}

impl<'n> Members<'n> {
    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&'n Node> {
        let found = self.members.iter().find(|(name, _)| name.text() == Some(key));
        found.map(|(_, value)| value)
    }

    /// All members, in the order of the text.
    pub fn iter(&self) -> impl Iterator<Item = (&'n str, &'n Node, &'n Node)> {
        self.members.iter().map(|(key, value)| (key.text().unwrap_or_default(), key, value))
    }

    /// The place of the mapping.
    pub fn place(&self) -> Place {
        self.node.place
    }
}

impl Decoder {
    /// A mapping with any keys.
    pub fn open<'n>(&mut self, node: &'n Node, what: &str) -> Option<Members<'n>> {
        match &node.value {
            Value::Map(members) => Some(Members { node, members, what: what.into() }),
            _ => {
                let message = format!("{what} is {}, wanted a mapping", node.what());
                self.problems.add(node.place, message);
                None
            }
        }
    }

    /// A mapping with some keys only.
    pub fn map<'n>(&mut self, node: &'n Node, what: &str, keys: &[&str]) -> Option<Members<'n>> {
        self.map_by(node, what, keys, &[])
    }

    /// A mapping with some keys only; others may be refused by a table besides the one for all.
    pub fn map_by<'n>(
        &mut self,
        node: &'n Node,
        what: &str,
        keys: &[&str],
        rules: &[Rule],
    ) -> Option<Members<'n>> {
        let members = self.open(node, what)?;
        for (name, key, _) in members.iter() {
            if keys.contains(&name) {
                continue;
            }
            match refused(KEYS, name).or_else(|| refused(rules, name)) {
                Some(reason) => {
                    self.problems.add(key.place, format!("`{name}` in {what}: {reason}"))
                }
                None => self.unknown(key, &format!("{what} has no key `{name}`"), keys),
            }
        }
        Some(members)
    }

    /// A name that is none of some: with the nearest one, or all of them.
    pub fn unknown(&mut self, node: &Node, message: &str, known: &[&str]) {
        let name = node.text().unwrap_or_default();
        let hint = match nearest(name, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known here: `{}`", known.join("`, `")),
        };
        self.problems.advise(node.place, message, hint);
    }

    /// A value that must be there.
    pub fn need<'n, T>(
        &mut self,
        members: &Members<'n>,
        key: &str,
        read: impl FnOnce(&mut Decoder, &'n Node, &str) -> Option<T>,
    ) -> Option<T> {
        match members.get(key) {
            Some(node) => read(self, node, key),
            None => {
                let message = format!("{} has no `{key}`", members.what);
                self.problems.add(members.place(), message);
                None
            }
        }
    }

    /// A value with a default.
    pub fn or<'n, T>(
        &mut self,
        members: &Members<'n>,
        key: &str,
        default: T,
        read: impl FnOnce(&mut Decoder, &'n Node, &str) -> Option<T>,
    ) -> Option<T> {
        match members.get(key) {
            Some(node) => read(self, node, key),
            None => Some(default),
        }
    }

    /// A text.
    pub fn text(&mut self, node: &Node, key: &str) -> Option<String> {
        if node.text().is_none() {
            let message = format!("`{key}` is {}, wanted a text", node.what());
            self.problems.add(node.place, message);
        }
        node.text().map(str::to_owned)
    }

    /// A text with something in it.
    pub fn filled(&mut self, node: &Node, key: &str) -> Option<String> {
        let text = self.text(node, key)?;
        if text.trim().is_empty() {
            self.problems.add(node.place, format!("`{key}` is empty"));
            return None;
        }
        Some(text)
    }

    /// A name: `[a-z0-9][a-z0-9.-]{0,63}`.
    pub fn name(&mut self, node: &Node, key: &str) -> Option<String> {
        let text = self.text(node, key)?;
        let inside = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let starts = text.chars().next().is_some_and(inside);
        if !starts || text.len() > 64 || !text.chars().all(|c| inside(c) || c == '.' || c == '-') {
            let shown: String = text.chars().take(80).collect();
            let message = format!("`{shown}` is not a name, wanted `[a-z0-9][a-z0-9.-]{{0,63}}`");
            self.problems.add(node.place, message);
            return None;
        }
        Some(text)
    }

    /// A whole number in a range.
    pub fn whole(&mut self, node: &Node, key: &str, min: u64, max: u64) -> Option<u64> {
        let found = match node.value {
            Value::Integer(value) => u64::try_from(value).ok(),
            _ => None,
        };
        let inside = found.filter(|value| (min..=max).contains(value));
        if inside.is_none() {
            let wanted = format!("wanted a whole number from {min} to {max}");
            self.problems.add(node.place, format!("`{key}` is {}, {wanted}", node.what()));
        }
        inside
    }

    /// A whole number of 32 bits in a range.
    pub fn small(&mut self, node: &Node, key: &str, min: u32, max: u32) -> Option<u32> {
        let value = self.whole(node, key, min.into(), max.into())?;
        u32::try_from(value).ok()
    }

    /// A number that passes a test, which `wanted` says in words.
    pub fn number(
        &mut self,
        node: &Node,
        key: &str,
        wanted: &str,
        test: impl FnOnce(f64) -> bool,
    ) -> Option<f64> {
        let found = match node.value {
            Value::Integer(value) => Some(value as f64),
            Value::Float(value) => Some(value),
            _ => None,
        };
        let inside = found.filter(|value| test(*value));
        if inside.is_none() {
            let message = format!("`{key}` is {}, wanted {wanted}", node.what());
            self.problems.add(node.place, message);
        }
        inside
    }

    /// True or false.
    pub fn flag(&mut self, node: &Node, key: &str) -> Option<bool> {
        match node.value {
            Value::Bool(value) => Some(value),
            _ => {
                let message = format!("`{key}` is {}, wanted `true` or `false`", node.what());
                self.problems.add(node.place, message);
                None
            }
        }
    }

    /// One of some words.
    pub fn choice<T: Copy>(&mut self, node: &Node, key: &str, known: &[(&str, T)]) -> Option<T> {
        let found = known.iter().find(|(name, _)| node.text() == Some(name));
        if found.is_none() {
            let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
            self.unknown(node, &format!("`{key}` is {}, which is unknown", node.what()), &names);
        }
        found.map(|(_, value)| *value)
    }

    /// A list with something in it unless `empty` is allowed.
    pub fn list<'n, T>(
        &mut self,
        node: &'n Node,
        key: &str,
        empty: bool,
        mut read: impl FnMut(&mut Decoder, &'n Node) -> Option<T>,
    ) -> Option<Vec<T>> {
        let Value::List(items) = &node.value else {
            self.problems.add(node.place, format!("`{key}` is {}, wanted a list", node.what()));
            return None;
        };
        if items.is_empty() && !empty {
            self.problems.add(node.place, format!("`{key}` is an empty list"));
            return None;
        }
        let all: Vec<Option<T>> = items.iter().map(|item| read(self, item)).collect();
        all.into_iter().collect()
    }

    /// The only member of a mapping such as `text.normalize@1: {…}`.
    pub fn only<'n>(&mut self, node: &'n Node, what: &str) -> Option<(&'n Node, &'n Node)> {
        match &node.value {
            Value::Map(members) if members.len() == 1 => Some((&members[0].0, &members[0].1)),
            Value::Text(name) => {
                let hint = format!("write `{name}: {{}}`");
                self.problems.advise(node.place, format!("{what} has no parameters"), hint);
                None
            }
            _ => {
                let wanted = "wanted one name with its parameters";
                self.problems.add(node.place, format!("{what} is {}, {wanted}", node.what()));
                None
            }
        }
    }
}
