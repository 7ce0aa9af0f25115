//! What an operator says about one document, with every value that it measured.

use std::borrow::Cow;

/// A decision about one document, from its text alone.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// Kept as it is; what was measured, where that is cheap.
    Keep(Vec<Measure>),
    /// Kept with another text.
    Change(String),
    Drop(Drop),
}

/// A measured value and the range in which a document is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Measure {
    pub name: Cow<'static, str>,
    pub value: f64,
    pub min: Option<f64>,
    pub max: Option<f64>,
}

/// The measure that dropped a document.
#[derive(Clone, Debug, PartialEq)]
pub struct Drop {
    pub measure: Cow<'static, str>,
    pub value: f64,
    pub limit: Option<f64>,
}

impl Measure {
    /// A value that must be at least `min`.
    pub fn at_least(name: impl Into<Cow<'static, str>>, value: f64, min: f64) -> Measure {
        Measure { name: name.into(), value, min: Some(min), max: None }
    }

    /// A value that must be at most `max`.
    pub fn at_most(name: impl Into<Cow<'static, str>>, value: f64, max: f64) -> Measure {
        Measure { name: name.into(), value, min: None, max: Some(max) }
    }

    /// The reason to drop, where the value lies outside its range.
    pub fn broken(&self) -> Option<Drop> {
        let below = self.min.filter(|min| self.value < *min);
        let limit = below.or_else(|| self.max.filter(|max| self.value > *max));
        let measure = self.name.clone();
        limit.map(|limit| Drop { measure, value: self.value, limit: Some(limit) })
    }
}

impl Decision {
    /// Drops for the first measure outside its range; keeps otherwise.
    pub fn by(measures: Vec<Measure>) -> Decision {
        match measures.iter().find_map(Measure::broken) {
            Some(drop) => Decision::Drop(drop),
            None => Decision::Keep(measures),
        }
    }

    /// Keeps or drops by one value that must lie in a range.
    pub fn within(
        name: impl Into<Cow<'static, str>>,
        value: f64,
        min: impl Into<Option<f64>>,
        max: impl Into<Option<f64>>,
    ) -> Decision {
        Decision::by(vec![Measure { name: name.into(), value, min: min.into(), max: max.into() }])
    }

    /// A change where the new text is another one.
    pub fn text(before: &str, after: String) -> Decision {
        if before == after { Decision::Keep(Vec::new()) } else { Decision::Change(after) }
    }
}
