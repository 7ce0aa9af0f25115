//! `filter.gopher-quality@1`: drops texts that do not look like prose, after Rae et al. (2021),
//! "Scaling Language Models", section A.1.1.

use recipes::recipe::GopherQuality;

use crate::decision::{Decision, Measure};
use crate::desk::Page;
use crate::gopher_repetition2::trimmed;
use crate::pieces::lines;

/// Decides about a text.
pub fn decide(settings: &GopherQuality, page: &mut Page) -> Decision {
    let (mut words, mut content, mut content_chars, mut alphabetic, mut stops) = (0u64, 0, 0, 0, 0);
    for word in page.known_words() {
        words += 1;
        content += u64::from(word.is_content);
        content_chars += u64::from(word.chars) * u64::from(word.is_content);
        alphabetic += u64::from(word.is_alphabetic);
        stops |= word.stop;
    }
    let range = |name: &'static str, value: u64, min: u64, max: Option<u64>| Measure {
        name: name.into(),
        value: value as f64,
        min: Some(min as f64),
        max: max.map(|max| max as f64),
    };
    let count = range("words", content, settings.words_min, Some(settings.words_max));
    if words == 0 || count.broken().is_some() {
        return Decision::by(vec![count]);
    }
    let text = page.text;
    let part = |n: u64, all: u64| if all == 0 { 0.0 } else { n as f64 / all as f64 };
    let (hashes, ellipses) = marks(text);
    let [all, bullets, trailing] = line_ends(text);
    Decision::by(vec![
        count,
        Measure {
            name: "mean_word_chars".into(),
            value: part(content_chars, content),
            min: Some(settings.mean_word_chars_min),
            max: Some(settings.mean_word_chars_max),
        },
        Measure::at_most("hashes_per_word", part(hashes, words), settings.symbols_per_word_max),
        Measure::at_most("ellipses_per_word", part(ellipses, words), settings.symbols_per_word_max),
        Measure::at_most("bullet_lines", part(bullets, all), settings.bullet_lines_share_max),
        Measure::at_most("ellipsis_lines", part(trailing, all), settings.ellipsis_lines_share_max),
        Measure::at_least(
            "alphabetic_words",
            part(alphabetic, words),
            settings.alphabetic_words_share_min,
        ),
        range("stop_words", stops.count_ones().into(), settings.stop_words_min, None),
    ])
}

/// Number of `#`, and of `...` without overlap and `…`.
fn marks(text: &str) -> (u64, u64) {
    let bytes = text.as_bytes();
    let hashes = bytes.iter().filter(|byte| **byte == b'#').count() as u64;
    let (mut ellipses, mut dots) = (text.matches('…').count() as u64, 0);
    for byte in bytes {
        dots = if *byte == b'.' { dots + 1 } else { 0 };
        if dots == 3 {
            (ellipses, dots) = (ellipses + 1, 0);
        }
    }
    (hashes, ellipses)
}

/// Lines, lines that start with a bullet, lines that end with an ellipsis.
fn line_ends(text: &str) -> [u64; 3] {
    let mut counts = [0; 3];
    for (start, end) in lines(text) {
        let line = &text[start..end];
        let (start, end) = trimmed(line);
        let line = &line[start..end];
        counts[0] += 1;
        counts[1] += u64::from(line.starts_with(['•', '-']));
        counts[2] += u64::from(line.ends_with("...") || line.ends_with('…'));
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_and_lines_are_counted() {
        assert_eq!(marks("# a.... b…......"), (1, 4));
        assert_eq!(line_ends("- a\n • b...\nc … \n\n"), [4, 2, 2]);
    }
}
