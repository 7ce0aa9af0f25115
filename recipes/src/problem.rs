//! What is wrong with a text, where, and what to do: every complaint draws its own line.

use serde_json::{Value, json};

/// A place in a text: lines and columns count from 1, columns in characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub line: usize,
    pub column: usize,
    /// Characters covered on that line, at least 1.
    pub width: usize,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub place: Place,
    /// What was found and what was wanted.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// Everything that is wrong with a text, in the order of the text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Notes a problem.
    pub fn add(&mut self, place: Place, message: impl Into<String>) {
        self.0.push(Problem { place, message: message.into(), hint: None });
    }

    /// Notes a problem with advice.
    pub fn advise(&mut self, place: Place, message: impl Into<String>, hint: impl Into<String>) {
        self.0.push(Problem { place, message: message.into(), hint: Some(hint.into()) });
    }

    /// Number of problems.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The problems in the order of the text.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter()
    }

    /// Brings the problems into the order of the text.
    pub(crate) fn sorted(mut self) -> Problems {
        self.0.sort_by_key(|problem| problem.place);
        self.0.dedup();
        self
    }

    /// The problems for people, each with its line drawn.
    pub fn render(&self, file: &str, text: &str) -> String {
        let mut drawn = String::new();
        for problem in &self.0 {
            let Place { line, column, width } = problem.place;
            let shown: String = text.lines().nth(line.saturating_sub(1)).unwrap_or("").into();
            let (shown, column) = around(&shown, column);
            let gutter = " ".repeat(line.to_string().len());
            let room = shown.chars().count().saturating_sub(column - 1).max(1);
            let carets = "^".repeat(width.clamp(1, room));
            let before = " ".repeat(column - 1);
            drawn += &format!("error: {}\n", problem.message);
            drawn += &format!(
                "{gutter}--> {file}:{line}:{}\n{gutter} |\n{line} | {shown}\n\
                 {gutter} | {before}{carets}\n",
                problem.place.column
            );
            if let Some(hint) = &problem.hint {
                drawn += &format!("hint: {hint}\n");
            }
            drawn.push('\n');
        }
        drawn
    }

    /// The problems for machines.
    pub fn json(&self, file: &str) -> Vec<Value> {
        let one = |problem: &Problem| {
            json!({
                "kind": "problem", "file": file, "line": problem.place.line,
                "column": problem.place.column, "message": problem.message, "hint": problem.hint,
            })
        };
        self.0.iter().map(one).collect()
    }
}

/// The part of a long line around a column, control characters made visible.
fn around(line: &str, column: usize) -> (String, usize) {
    const SHOWN: usize = 120;
    let letters: Vec<char> =
        line.chars().map(|c| if c.is_control() { '\u{FFFD}' } else { c }).collect();
    let column = column.max(1);
    if letters.len() <= SHOWN {
        return (letters.into_iter().collect(), column);
    }
    let start = column.saturating_sub(SHOWN / 2).min(letters.len() - SHOWN);
    (letters[start..start + SHOWN].iter().collect(), column - start.min(column - 1))
}

/// The candidate nearest to a word, if any is near: a third of its letters may differ.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = word.chars().count() / 3 + 1;
    let distances = candidates.into_iter().map(|candidate| (distance(word, candidate), candidate));
    distances.filter(|(distance, _)| *distance <= limit).min().map(|(_, candidate)| candidate)
}

/// Levenshtein's distance in characters.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(128).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().take(128).enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let changed = corner + usize::from(x != *y);
            corner = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(corner + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_draws_its_line() {
        let mut problems = Problems::default();
        let place = Place { line: 2, column: 4, width: 3 };
        problems.advise(place, "`xyz` is unknown", "the recipe defines `abc`");
        let wanted = "error: `xyz` is unknown\n --> f.yaml:2:4\n  |\n2 | a: xyz\n  |    ^^^\n\
                      hint: the recipe defines `abc`\n\n";
        assert_eq!(problems.render("f.yaml", "b: 1\na: xyz\n"), wanted);
    }

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        assert_eq!(nearest("leyers", ["layers", "heads"]), Some("layers"));
        assert_eq!(nearest("x", ["layers", "heads"]), None);
        assert_eq!(distance("kitten", "sitting"), 3);
    }

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let mut problems = Problems::default();
        problems.add(Place { line: 1, column: 500, width: 1 }, "here");
        let drawn = problems.render("f", &"[".repeat(1000));
        assert!(drawn.lines().all(|line| line.len() < 140), "{drawn}");
    }
}
