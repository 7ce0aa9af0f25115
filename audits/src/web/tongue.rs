//! The language of the pages: every text a reader sees passes through here once.
//!
//! Pages name a text by its English form; another language is a table from English forms to its
//! own, and no page changes. Words of the registry itself (`reproduced`, names of operators and
//! actions) are data and stay as they are.

use std::fmt::Display;

/// A language that the pages speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tongue {
    English,
}

impl Tongue {
    /// The language's tag for `<html lang>` (BCP 47).
    pub fn tag(self) -> &'static str {
        match self {
            Tongue::English => "en",
        }
    }

    /// A fixed text.
    pub fn say(self, english: &'static str) -> &'static str {
        match self {
            Tongue::English => english,
        }
    }

    /// A text with values in the places of `{}`.
    pub fn fill(self, english: &'static str, values: &[&dyn Display]) -> String {
        let mut pieces = self.say(english).split("{}");
        let mut text = pieces.next().unwrap_or_default().to_owned();
        let mut values = values.iter();
        for piece in pieces {
            if let Some(value) = values.next() {
                text += &value.to_string();
            }
            text += piece;
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_in_their_places_and_are_not_read_again() {
        let fill = |text, values: &[&dyn Display]| Tongue::English.fill(text, values);
        assert_eq!(fill("{} of {} bars met", &[&1, &2]), "1 of 2 bars met");
        assert_eq!(fill("{}, {}", &[&"{}", &"b"]), "{}, b");
        assert_eq!(fill("nothing", &[]), "nothing");
    }
}
