//! Filters by one measured value in the reading of another tool.

use recipes::operators::Profile;
use recipes::recipe::CleaningStep::{self, *};

use crate::decision::{Decision, Drop};
use crate::{data_juicer, dclm, dolma, nemo};

/// What a tool measures: the name and the value; no value where the tool drops the text unmeasured.
pub type Found = (&'static str, Option<f64>);

/// Decides by another tool's reading; nothing where a step has its own.
pub fn decide(step: &CleaningStep, text: &str) -> Option<Decision> {
    let (profile, min, max) = range(step)?;
    let (name, value) = match profile {
        Profile::Ingot => return None,
        Profile::DataJuicer => data_juicer::value(step, text),
        Profile::Dclm => dclm::value(step, text),
        Profile::Dolma => dolma::value(step, text),
        Profile::Nemo => nemo::value(step, text),
    }?;
    Some(match value {
        Some(value) => Decision::within(name, value, min, max),
        None => Decision::Drop(Drop { measure: "empty".into(), value: 0.0, limit: None }),
    })
}

/// Whose reading a step has, and the range that it keeps.
fn range(step: &CleaningStep) -> Option<(Profile, f64, Option<f64>)> {
    Some(match step {
        FilterAlphanumeric1(s)
        | FilterSpecialCharacters1(s)
        | FilterDigits1(s)
        | FilterWhitespace1(s)
        | FilterBrackets1(s)
        | FilterBulletLines1(s)
        | FilterEllipsisLines1(s)
        | FilterTerminalLines1(s)
        | FilterRepeatedLines1(s)
        | FilterRepeatedLineCharacters1(s)
        | FilterRepeatedParagraphs1(s)
        | FilterRepeatedParagraphCharacters1(s)
        | FilterLinkCharacters1(s) => (s.profile, s.share_min, Some(s.share_max)),
        FilterLines1(s) | FilterSentences1(s) | FilterParagraphs1(s) | FilterLongestLine1(s) => {
            (s.profile, s.min as f64, s.max.map(|max| max as f64))
        }
        FilterMeanLineLength1(s) => (s.profile, s.min, s.max),
        FilterMeanWordLength1(s) | FilterSymbolsPerWord1(s) => (s.profile, s.min, s.max),
        FilterLongestWord1(s) => (s.profile, s.min as f64, s.max.map(|max| max as f64)),
        FilterAlphabeticWords1(s) => (s.profile, s.share_min, Some(s.share_max)),
        FilterWordRepetition1(s) | FilterTopNgram1(s) | FilterRepeatedNgrams1(s) => {
            (s.profile, s.share_min, Some(s.share_max))
        }
        _ => return None,
    })
}

/// One number over another; nothing where there is nothing to count.
pub fn part(of: usize, all: usize) -> Option<f64> {
    (all > 0).then(|| of as f64 / all as f64)
}

/// Characters of some pieces.
pub fn chars<'t>(pieces: impl IntoIterator<Item = &'t &'t str>) -> usize {
    pieces.into_iter().map(|piece| piece.chars().count()).sum()
}

/// Something that stands in a list, how often, in order of its first place.
pub fn counted<'l, T: Ord>(items: impl Iterator<Item = &'l T>) -> Vec<(&'l T, usize)> {
    let mut places = std::collections::BTreeMap::new();
    let mut counts: Vec<(&T, usize)> = Vec::new();
    for item in items {
        let place = *places.entry(item).or_insert(counts.len());
        match counts.get_mut(place) {
            Some((_, count)) => *count += 1,
            None => counts.push((item, 1)),
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use recipes::operators::profiles::READINGS;

    use super::*;
    use crate::clean;
    use crate::desk::with_page;

    fn step(operator: &str, settings: &str) -> CleaningStep {
        let text = format!("{operator}: {{{settings}}}");
        recipes::read_cleaning_step(&text).unwrap_or_else(|p| panic!("{}", p.render("", &text)))
    }

    #[test]
    fn every_reading_that_the_catalogue_names_is_carried_out() {
        for reading in READINGS {
            let step = step(reading.operator, &format!("profile: {}", reading.profile.word()));
            let own = reading.meaning.starts_with("the operator's own");
            let words = reading.operator == "filter.words@1";
            let here = decide(&step, "some words to read").is_some();
            assert!(here || own || words, "{} {}", reading.operator, reading.profile.word());
            let whole = with_page("some words", |page| clean::decide(&step, page));
            assert!(whole.is_some());
            if reading.meaning.contains("an empty text goes") {
                let empty = decide(&step, "");
                assert!(matches!(empty, Some(Decision::Drop(_))), "{}", reading.operator);
            }
        }
    }

    #[track_caller]
    fn check(operator: &str, settings: &str, text: &str, wanted: f64) {
        match decide(&step(operator, settings), text) {
            Some(Decision::Keep(measures)) => assert_eq!(measures[0].value, wanted),
            Some(Decision::Drop(drop)) => assert_eq!(drop.value, wanted, "{drop:?}"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_same_text_is_measured_as_each_tool_measures_it() {
        let text = "* one\n\n* two …\nthree";
        check("filter.bullet-lines@1", "profile: dclm", text, 2.0 / 3.0);
        check("filter.bullet-lines@1", "profile: dolma", text, 0.5);
        check("filter.bullet-lines@1", "profile: nemo", text, 0.0);
        let again = "a b\na b\nc";
        check("filter.repeated-lines@1", "profile: dclm", again, 2.0 / 3.0);
        check("filter.repeated-lines@1", "profile: nemo", again, 1.0 / 3.0);
        check("filter.top-ngram@1", "profile: dclm", again, 0.8);
        check("filter.top-ngram@1", "profile: nemo", again, 6.0 / 9.0);
        check("filter.top-ngram@1", "profile: dolma", again, 0.8);
        check("filter.repeated-ngrams@1", "profile: dolma, n: 2", again, 0.5);
        check("filter.repeated-ngrams@1", "profile: nemo", again, 3.0 / 9.0);
        check("filter.mean-word-length@1", "profile: dolma", "a bb cccc dd", 2.0);
    }
}
