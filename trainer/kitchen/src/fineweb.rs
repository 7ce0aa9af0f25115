//! `filter.fineweb@1`: drops lists and pages of leftovers by their lines, after Penedo et al.
//! (2024), "The FineWeb Datasets", section 3.4.

use recipes::recipe::FineWeb;

use crate::decision::{Decision, Drop, Measure};
use crate::desk::Page;
use crate::gopher_repetition2::trimmed;
use crate::letters::{TERMINAL, classes};

/// Decides about a text.
pub fn decide(settings: &FineWeb, page: &mut Page) -> Decision {
    let text = page.text;
    let (mut lines, mut start, mut newlines) = (Vec::new(), 0, 0u64);
    for end in text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at) {
        lines.push((start, end));
        start = end + 1;
        newlines += 1;
    }
    lines.push((start, text.len()));
    lines.retain(|(start, end)| {
        let (from, to) = trimmed(&text[*start..*end]);
        from < to
    });
    if lines.is_empty() {
        return Decision::Drop(Drop { measure: "empty".into(), value: 0.0, limit: None });
    }
    let all = lines.len() as f64;
    let ends = |(start, end): &&(usize, usize)| {
        let last = text[*start..*end].chars().next_back();
        last.is_some_and(|last| classes(last) & TERMINAL != 0)
    };
    let short = |(start, end): &&(usize, usize)| {
        let line = &text[*start..*end];
        let max = settings.short_line_chars;
        line.len() as u64 <= max
            || line.len() as u64 <= 4 * max && line.chars().count() as u64 <= max
    };
    let terminal = lines.iter().filter(ends).count() as f64 / all;
    let short = lines.iter().filter(short).count() as f64 / all;
    let (_, pieces) = page.pieces();
    let repeated = pieces.again(text, &lines).chars as f64;
    let chars = page.chars() - newlines;
    let mut measures = vec![
        Measure::at_least("terminal_lines", terminal, settings.terminal_lines_share_min),
        Measure::at_most("short_lines", short, settings.short_lines_share_max),
        Measure::at_most(
            "repeated_line_chars",
            repeated / chars as f64,
            settings.repeated_chars_share_max,
        ),
    ];
    if measures.iter().all(|measure| measure.broken().is_none()) {
        let words = page.words().len() as f64;
        let value = newlines as f64 / words;
        measures.push(Measure::at_most("newlines_per_word", value, settings.newlines_per_word_max));
    }
    Decision::by(measures)
}
