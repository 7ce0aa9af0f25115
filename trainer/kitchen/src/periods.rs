//! `filter.periods@1`, `text.periods@1`: runs in which a piece of text stands again and again.

use std::ops::RangeInclusive;

use recipes::recipe::{PeriodFilter, PeriodMeasure, PeriodReading, TextPeriods};

use crate::decision::Decision;

/// A run, in characters.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Run {
    start: usize,
    end: usize,
    /// The characters of the piece.
    piece: usize,
    times: usize,
}

/// Which runs count.
#[derive(Clone, Copy)]
struct Rule {
    reading: PeriodReading,
    times_min: usize,
    shortest: usize,
    longest: usize,
}

impl Rule {
    /// The pieces that may repeat, by characters, and how often they must.
    fn new(reading: PeriodReading, times_min: u64, piece: RangeInclusive<u64>) -> Rule {
        let (shortest, longest) = (*piece.start() as usize, *piece.end() as usize);
        Rule { reading, times_min: times_min as usize, shortest, longest }
    }

    fn runs(self, letters: &[char]) -> Vec<Run> {
        match self.reading {
            PeriodReading::Ingot => self.periods(letters),
            PeriodReading::Dolma => self.pieces(letters),
        }
    }

    /// Runs as long as they can be, none of which overlap.
    fn periods(self, letters: &[char]) -> Vec<Run> {
        let mut all = Vec::new();
        for piece in self.shortest..=self.longest.min(letters.len() / self.times_min) {
            let mut same = 0;
            let pairs = letters.iter().zip(&letters[piece..]);
            let ends = pairs.map(|(before, letter)| before == letter).chain([false]);
            for (at, is_same) in ends.enumerate() {
                if is_same {
                    same += 1;
                    continue;
                }
                let (start, end) = (at - same, at + piece);
                let times = (end - start) / piece;
                same = 0;
                let blank = |letters: &[char]| letters.iter().all(|letter| letter.is_whitespace());
                if times >= self.times_min && !blank(&letters[start..end]) {
                    all.push(Run { start, end, piece, times });
                }
            }
        }
        all.sort_by_key(|run| (run.start, usize::MAX - run.end, run.piece));
        let mut end = 0;
        all.retain(|run| {
            let is_free = run.start >= end;
            end = if is_free { run.end } else { end };
            is_free
        });
        all
    }

    /// Runs of whole pieces, from the left.
    fn pieces(self, letters: &[char]) -> Vec<Run> {
        let (mut all, mut at) = (Vec::new(), 0);
        while at < letters.len() {
            let near = &letters[at..letters.len().min(at + self.longest)];
            let line = near.iter().position(|letter| *letter == '\n').unwrap_or(near.len());
            let found = (self.shortest..=line).find_map(|piece| self.run_of(letters, at, piece));
            at = found.map_or(at + 1, |run: Run| run.end);
            all.extend(found);
        }
        all
    }

    /// The run of the piece of so many characters at a place.
    fn run_of(self, letters: &[char], start: usize, piece: usize) -> Option<Run> {
        let (unit, mut end, mut steps) = (&letters[start..start + piece], start + piece, 1);
        loop {
            let rest = &letters[end..];
            match rest.first() {
                Some(gap) if is_space(*gap) && rest[1..].starts_with(unit) => end += 1 + piece,
                Some(_) if rest.starts_with(unit) => end += piece,
                _ => break,
            }
            steps += 1;
        }
        if steps < self.times_min {
            // A gap that was taken may have been a piece itself.
            let blank = unit.iter().all(|letter| *letter == unit[0] && is_space(*letter));
            if !blank {
                return None;
            }
            let same = letters[start..].iter().take_while(|letter| **letter == unit[0]).count();
            if same < self.times_min * piece {
                return None;
            }
            end = start + same;
        }
        let (mut at, mut times) = (start, 0);
        while at < end {
            let stands = letters[at..end].starts_with(unit);
            times += usize::from(stands);
            at += if stands { piece } else { 1 };
        }
        Some(Run { start, end, piece, times })
    }
}

fn is_space(letter: char) -> bool {
    letter.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&letter)
}

/// Decides about a text by its runs.
pub fn decide(settings: &PeriodFilter, text: &str) -> Decision {
    let PeriodFilter { profile, times_min, chars_min, chars_max, .. } = *settings;
    let rule = Rule::new(profile, times_min, chars_min..=chars_max);
    let letters: Vec<char> = text.chars().collect();
    let runs = rule.runs(&letters);
    let chars = |run: &Run| run.end - run.start;
    let (name, value) = match settings.measure {
        PeriodMeasure::Share => {
            let inside: usize = runs.iter().map(chars).sum();
            ("share_in_runs", inside as f64 / letters.len().max(1) as f64)
        }
        PeriodMeasure::Runs => ("runs", runs.len() as f64),
        PeriodMeasure::Times => {
            ("times", runs.iter().map(|run| run.times).max().unwrap_or(0) as f64)
        }
        PeriodMeasure::Chars => ("run_chars", runs.iter().map(chars).max().unwrap_or(0) as f64),
    };
    Decision::within(name, value, None, settings.max)
}

/// Text with short runs.
pub fn shortened(settings: &TextPeriods, text: &str) -> String {
    let TextPeriods { profile, times_min, chars_min, chars_max, .. } = *settings;
    let rule = Rule::new(profile, times_min, chars_min..=chars_max);
    let letters: Vec<char> = text.chars().collect();
    let (mut out, mut at) = (String::with_capacity(text.len()), 0);
    for run in rule.runs(&letters) {
        out.extend(&letters[at..run.start]);
        match &settings.with {
            Some(with) => out += with,
            None => {
                let rest = run.end - (run.end - run.start) % run.piece;
                out.extend(&letters[run.start..run.start + run.piece]);
                out.extend(&letters[rest..run.end]);
            }
        }
        at = run.end;
    }
    out.extend(&letters[at..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn runs(reading: PeriodReading, times_min: usize, text: &str) -> Vec<(usize, usize, usize)> {
        let rule = Rule { reading, times_min, shortest: 1, longest: 128 };
        let letters: Vec<char> = text.chars().collect();
        rule.runs(&letters).iter().map(|run| (run.start, run.end, run.times)).collect()
    }

    #[test]
    fn a_run_is_as_long_as_it_can_be() {
        let check = |times, text: &str, wanted: &[(usize, usize, usize)]| {
            assert_eq!(runs(PeriodReading::Ingot, times, text), wanted, "{text}");
        };
        check(4, "nooooo!", &[(1, 6, 5)]);
        check(4, "hahahahah so", &[(0, 9, 4)]);
        check(3, "xabcabcabca", &[(1, 11, 3)]);
        check(4, "a        b", &[]);
        check(4, "aaabbb", &[]);
        check(2, "汉字汉字", &[(0, 4, 2)]);
        check(4, "", &[]);
    }

    #[test]
    fn pieces_may_have_a_space_between_them() {
        let check = |text: &str, wanted: &[(usize, usize, usize)]| {
            assert_eq!(runs(PeriodReading::Dolma, 4, text), wanted, "{text}");
        };
        check("go go go go", &[(0, 11, 4)]);
        check("go\ngo\ngo\ngo!", &[(0, 11, 4)]);
        check("go go go", &[]);
        check("no     way", &[(2, 7, 5)]);
        check("no    way", &[(2, 6, 4)]);
        check("hahahahah", &[(0, 8, 4)]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn runs_are_apart_and_repeat_their_piece(text in "[ab \n]{0,40}", times in 2usize..5) {
            for reading in [PeriodReading::Ingot, PeriodReading::Dolma] {
                let mut end = 0;
                for (start, next, stands) in runs(reading, times, &text) {
                    prop_assert!(start >= end && next > start && stands >= times);
                    end = next;
                }
                prop_assert!(end <= text.chars().count());
            }
        }
    }
}
