//! The spread of a measured value as a drawing, with the limits drawn in: inline SVG.
//!
//! Always holds: the columns show the counted bins and nothing else; a bin that a limit cuts is
//! drawn on the side of the limit where its documents are, if the limit decides that, and the
//! counts are said in words.

use maud::{Markup, html};
use recipes::spread::{LIMITS_MAX, Measured, bin_end};

use super::chart::Axis;
use super::tongue::Tongue;
use crate::figures::count;
use crate::story::short;

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 190.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 24.0;
const BOTTOM: f64 = 32.0;
/// Columns across the drawing.
const COLUMNS: usize = 60;
/// Bins that are drawn, at most.
const BINS_MAX: usize = 20_000;
/// Where the highest value is so high, and so many times the lowest, powers of ten are marked.
const POWERS_FROM: (f64, f64) = (1000.0, 100.0);
/// The part of the way that zero takes before powers of ten.
const ZERO: f64 = 0.04;

/// How values stand along the drawing.
enum Scale {
    Even(Axis),
    /// From one power of ten to another, and zero before them where a document has it.
    Powers {
        low: f64,
        high: f64,
        zero: f64,
    },
}

impl Scale {
    fn of(measured: &Measured, low: f64, high: f64) -> Scale {
        let bins = || measured.kept.iter().chain(&measured.dropped).map(|(start, _)| *start);
        let above = bins().chain(measured.limits.iter().copied()).filter(|value| *value > 0.0);
        let least = above.fold(f64::INFINITY, f64::min);
        let low = measured.limits.iter().copied().fold(low, f64::min);
        let high = measured.limits.iter().copied().fold(high, f64::max);
        if low >= 0.0 && high >= POWERS_FROM.0 && high / least > POWERS_FROM.1 {
            let zero = if bins().any(|start| start <= 0.0) { ZERO } else { 0.0 };
            let low = least.log10().max(high.log10() - 12.0);
            return Scale::Powers { low, high: (high * 1.03).log10(), zero };
        }
        Scale::Even(Axis::new(low, high))
    }

    /// The part of the way across.
    fn part(&self, value: f64) -> f64 {
        let part = match self {
            Scale::Even(axis) => axis.part(value),
            Scale::Powers { low, high, zero } if value > 0.0 => {
                zero + (1.0 - zero) * ((value.log10() - low) / (high - low)).max(0.0)
            }
            Scale::Powers { .. } => 0.0,
        };
        if part.is_finite() { part.clamp(0.0, 1.0) } else { 0.0 }
    }

    /// Where marks stand, as parts of the way, with their words.
    fn marks(&self) -> Vec<(f64, String)> {
        let mut marks: Vec<(f64, String)> = Vec::new();
        match self {
            Scale::Even(axis) => {
                marks.extend(axis.marks.iter().map(|mark| (self.part(*mark), written(*mark))));
            }
            Scale::Powers { low, high, zero } => {
                if *zero > 0.0 {
                    marks.push((zero / 2.0, written(0.0)));
                }
                let digits: &[f64] = if high - low < 4.0 { &[1.0, 2.0, 5.0] } else { &[1.0] };
                for power in low.floor() as i32..=high.ceil() as i32 {
                    for digit in digits {
                        let mark = digit * 10f64.powi(power);
                        if (*low..=*high).contains(&mark.log10()) {
                            marks.push((self.part(mark), written(mark)));
                        }
                    }
                }
            }
        }
        marks
    }

    /// The borders of the columns, as parts of the way: one stands at every limit.
    fn borders(&self, measured: &Measured) -> Vec<f64> {
        let mut ends = vec![0.0, 1.0];
        if let Scale::Powers { zero, .. } = self {
            ends.push(*zero);
        }
        ends.extend(measured.limits.iter().map(|limit| self.part(*limit)));
        ends.sort_by(f64::total_cmp);
        let mut borders = vec![0.0];
        for pair in ends.windows(2).filter(|pair| pair[0] < pair[1]) {
            let wide = pair[1] - pair[0];
            let zero = matches!(self, Scale::Powers { zero, .. } if pair[1] == *zero);
            let columns = if zero { 1 } else { ((wide * COLUMNS as f64).round() as usize).max(1) };
            borders.extend((1..columns).map(|n| pair[0] + wide * n as f64 / columns as f64));
            borders.push(pair[1]);
        }
        borders
    }
}

/// A value as people write it.
pub fn written(value: f64) -> String {
    let whole = value.fract() == 0.0 && (0.0..1e15).contains(&value);
    match value {
        value if whole => count(value as u64),
        value if (1e-4..1e9).contains(&value.abs()) => short(value),
        value => format!("{value:.0e}"),
    }
}

/// Draws how a measured value is spread over kept and dropped documents.
pub fn drawing(t: Tongue, id: usize, name: &str, measured: &Measured) -> Markup {
    let (kept, dropped) = measured.counts();
    let words = words(t, name, measured, (kept, dropped));
    let Some((low, high)) = measured.ends.filter(|(low, high)| can_be_drawn(measured, *low, *high))
    else {
        return html! { p.quiet { bdi { (words) } } };
    };
    let scale = Scale::of(measured, low, high);
    let borders = scale.borders(measured);
    let columns = |dropped| columns(&scale, &borders, measured, dropped);
    let (kept, dropped) = (columns(false), columns(true));
    let highest = kept.iter().zip(&dropped).map(|(k, d)| k + d).fold(0.0, f64::max).max(1e-9);
    let y = Axis::new(0.0, highest);
    let across = |part: f64| LEFT + part * (WIDTH - LEFT - RIGHT);
    let up = |n: f64| y.part(n) * (HEIGHT - TOP - BOTTOM);
    html! {
        figure.chart.spread {
            svg viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img" aria-label=(words) {
                (stripes(id))
                (counts_axis(&y, &up))
                @for (place, (kept, dropped)) in kept.iter().zip(&dropped).enumerate() {
                    @let (x, end) = (across(borders[place]) + 0.5, across(borders[place + 1]));
                    @let wide = (end - x - 0.5).max(0.5);
                    @let (below, above) = (seen(up(*kept)), seen(up(*dropped)));
                    @if below > 0.0 {
                        rect.kept x=(at(x)) width=(at(wide)) y=(at(HEIGHT - BOTTOM - below))
                            height=(at(below)) {}
                    }
                    @if above > 0.0 {
                        rect.dropped fill={ "url(#stripes" (id) ")" } x=(at(x))
                            width=(at(wide)) y=(at(HEIGHT - BOTTOM - below - above))
                            height=(at(above)) {}
                    }
                }
                (limits(t, measured, &scale, &across))
                (values_axis(&scale, &across))
            }
            figcaption { bdi { (words) } }
        }
    }
}

/// Whether the numbers are such that an axis can hold them.
fn can_be_drawn(measured: &Measured, low: f64, high: f64) -> bool {
    let mut all = measured.limits.iter().copied().chain([low, high]);
    all.all(|number| number.abs() < 1e100)
}

/// Whether limits are few and bins rise, as they are written.
pub fn is_bounded(measured: &Measured) -> bool {
    let rises = |bins: &[(f64, u64)]| bins.windows(2).all(|pair| pair[0].0 < pair[1].0);
    measured.limits.len() <= LIMITS_MAX && rises(&measured.kept) && rises(&measured.dropped)
}

fn words(t: Tongue, name: &str, measured: &Measured, (kept, dropped): (u64, u64)) -> String {
    let (low, high) = measured.ends.unwrap_or_default();
    let limits: Vec<String> = measured.limits.iter().map(|limit| written(*limit)).collect();
    let figures: [&dyn std::fmt::Display; 5] =
        [&name, &written(low), &written(high), &count(kept), &count(dropped)];
    let words = t.fill("{} from {} to {}: {} kept (dark), {} dropped by it (striped)", &figures);
    match limits.is_empty() {
        true => words + ".",
        false => format!("{words}; {} {}.", t.say("limit"), limits.join(", ")),
    }
}

/// The drawing's own stripes.
fn stripes(id: usize) -> Markup {
    html! {
        defs {
            pattern id={ "stripes" (id) } width="4" height="4" patternUnits="userSpaceOnUse"
                patternTransform="rotate(45)" {
                rect.ground width="4" height="4" {}
                line.stripe x1="1" x2="1" y1="0" y2="4" {}
            }
        }
    }
}

fn counts_axis(y: &Axis, up: &dyn Fn(f64) -> f64) -> Markup {
    html! {
        @for mark in y.marks.iter().filter(|mark| mark.fract() == 0.0) {
            @let place = HEIGHT - BOTTOM - up(*mark);
            line.grid x1=(at(LEFT)) x2=(at(WIDTH - RIGHT)) y1=(at(place)) y2=(at(place)) {}
            text x=(at(LEFT - 8.0)) y=(at(place + 4.0)) text-anchor="end" {
                (count(*mark as u64))
            }
        }
    }
}

fn values_axis(scale: &Scale, across: &dyn Fn(f64) -> f64) -> Markup {
    let floor = HEIGHT - BOTTOM;
    html! {
        line.axis x1=(at(LEFT)) x2=(at(WIDTH - RIGHT)) y1=(at(floor)) y2=(at(floor)) {}
        @for (part, words) in scale.marks() {
            @let x = across(part);
            line.tick x1=(at(x)) x2=(at(x)) y1=(at(floor)) y2=(at(floor + 5.0)) {}
            text x=(at(x)) y=(at(floor + 18.0))
                text-anchor=(if x > WIDTH - 40.0 { "end" } else { "middle" }) { (words) }
        }
    }
}

fn limits(t: Tongue, measured: &Measured, scale: &Scale, across: &dyn Fn(f64) -> f64) -> Markup {
    html! {
        @for limit in &measured.limits {
            @let x = across(scale.part(*limit));
            @let right = x > WIDTH / 2.0;
            line.bar x1=(at(x)) x2=(at(x)) y1=(at(TOP - 8.0)) y2=(at(HEIGHT - BOTTOM)) {}
            text.bar x=(at(if right { x - 5.0 } else { x + 5.0 })) y=(at(TOP - 10.0))
                text-anchor=(if right { "end" } else { "start" }) {
                (t.say("limit")) " " (written(*limit))
            }
        }
    }
}

/// A column that is there is seen.
fn seen(height: f64) -> f64 {
    if height > 0.0 { height.max(1.5) } else { 0.0 }
}

fn at(place: f64) -> String {
    format!("{place:.1}")
}

/// The number of documents in each column; a bin over several columns is shared among them.
fn columns(scale: &Scale, borders: &[f64], measured: &Measured, dropped: bool) -> Vec<f64> {
    let count = borders.len() - 1;
    let mut columns = vec![0.0; count];
    let bins = if dropped { &measured.dropped } else { &measured.kept };
    let is_counted = counted(measured);
    for (start, n) in bins.iter().take(BINS_MAX) {
        let (low, high) = side(measured, is_counted, *start, dropped);
        let (from, to) = (scale.part(low), scale.part(high));
        // What lies on a border belongs to the column that begins there, or that the bin ends in.
        let first = borders.partition_point(|border| *border <= from).clamp(1, count) - 1;
        let last = borders.partition_point(|border| *border < to).clamp(first + 1, count) - 1;
        let on_limit = !dropped && measured.limits.contains(start);
        if on_limit && first > 0 && dropped_above(measured, *start) {
            // It may be at most the limit, and is: it stands before it.
            columns[first - 1] += *n as f64;
            continue;
        }
        for place in first..=last {
            let overlap = to.min(borders[place + 1]) - from.max(borders[place]);
            let part = if first == last { 1.0 } else { overlap.max(0.0) / (to - from) };
            columns[place] += *n as f64 * part;
        }
    }
    columns
}

/// Whether the values are numbers of something: small ones then lie at the start of their bin.
fn counted(measured: &Measured) -> bool {
    let mut bins = measured.kept.iter().chain(&measured.dropped).take(BINS_MAX);
    bins.all(|(start, _)| start.fract() == 0.0)
}

/// The range of a bin; where a limit cuts it, the side on which such documents are.
fn side(measured: &Measured, is_counted: bool, start: f64, dropped: bool) -> (f64, f64) {
    let end = if is_counted && start.abs() < 64.0 { start } else { bin_end(start) };
    let (low, high) = (start.min(end), start.max(end));
    let cut = measured.limits.iter().find(|limit| low < **limit && **limit < high);
    let Some(limit) = cut.filter(|_| decides(measured)) else { return (low, high) };
    match dropped_above(measured, *limit) == dropped {
        true => (*limit, high),
        false => (low, *limit),
    }
}

/// Documents of some bins that lie below a limit, and above it.
fn sides(bins: &[(f64, u64)], limit: f64) -> (u64, u64) {
    let sum = |wanted: &dyn Fn(f64, f64) -> bool| {
        let bins = bins.iter().filter(|(bin, _)| wanted(*bin, bin_end(*bin)));
        bins.map(|(_, n)| *n).fold(0u64, u64::saturating_add)
    };
    (sum(&|bin, end| bin.max(end) <= limit), sum(&|bin, end| bin.min(end) >= limit))
}

/// Whether the limits alone decide what is dropped; a near duplicate may be on either side of one.
fn decides(measured: &Measured) -> bool {
    match measured.limits[..] {
        [limit] => {
            let (below, above) = sides(&measured.dropped, limit);
            below == 0 || above == 0
        }
        _ => true,
    }
}

/// Whether documents were dropped above a limit and kept below it, rather than the other way.
fn dropped_above(measured: &Measured, limit: f64) -> bool {
    let (dropped, kept) = (sides(&measured.dropped, limit), sides(&measured.kept, limit));
    dropped.1.saturating_add(kept.0) > dropped.0.saturating_add(kept.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use recipes::spread::Spread;

    fn measured(kept: &[f64], dropped: &[f64], limit: f64) -> Measured {
        let mut spread = Spread::default();
        kept.iter().for_each(|value| spread.keep("x", *value, [Some(limit), None]));
        dropped.iter().for_each(|value| spread.drop("x", *value, Some(limit)));
        spread.measures["x"].clone()
    }

    #[test]
    fn no_document_is_lost_between_bins_and_columns() {
        let values: Vec<f64> = (1..5000).map(|n| f64::from(n) * 0.731).collect();
        for (low, high) in [(0, 400), (0, 4999), (900, 1000), (3, 4)] {
            let (dropped, kept) = values[low..high].split_at((high - low) / 2);
            let measured = measured(kept, dropped, kept[0]);
            let (least, most) = measured.ends.expect("finite");
            let scale = Scale::of(&measured, least, most);
            let borders = scale.borders(&measured);
            let sum = |dropped| columns(&scale, &borders, &measured, dropped).iter().sum::<f64>();
            assert!((sum(false) - kept.len() as f64).abs() < 1e-6, "{low} to {high}");
            assert!((sum(true) - dropped.len() as f64).abs() < 1e-6, "{low} to {high}");
        }
    }

    #[test]
    fn no_kept_document_is_drawn_beyond_the_limit() {
        let values: Vec<f64> = (0..1000).map(|n| f64::from(n) * 0.7).collect();
        for at in [1, 20, 501, 998] {
            let (dropped, kept) = values.split_at(at);
            let limit = values[at] - 0.35;
            for (kept, dropped) in [(kept, dropped), (dropped, kept)] {
                let measured = measured(kept, dropped, limit);
                let (low, high) = measured.ends.expect("finite");
                let scale = Scale::of(&measured, low, high);
                let borders = scale.borders(&measured);
                let limit = scale.part(limit);
                let border = borders.iter().position(|border| *border == limit).expect("a border");
                let sums = [false, true].map(|which| {
                    let columns = columns(&scale, &borders, &measured, which);
                    [columns[..border].iter().sum::<f64>(), columns[border..].iter().sum()]
                });
                let both = sums.map(|sides| sides.iter().filter(|side| **side > 1e-9).count());
                assert_eq!(both, [1, 1], "{at}: {sums:?}");
            }
        }
    }

    #[test]
    fn what_is_just_at_the_limit_stands_on_its_side() {
        let values: Vec<f64> = (0..12).map(f64::from).collect();
        let measured = measured(&values[..6], &values[6..], 5.0);
        let scale = Scale::of(&measured, 0.0, 11.0);
        let borders = scale.borders(&measured);
        let border = borders.iter().position(|at| *at == scale.part(5.0)).expect("a border");
        let kept = columns(&scale, &borders, &measured, false);
        assert_eq!(kept[..border].iter().sum::<f64>(), 6.0);
    }

    #[test]
    fn where_a_limit_does_not_decide_its_bin_is_left_whole() {
        let values = [0.4, 0.7, 0.72, 0.9];
        let measured = measured(&[], &values, 0.719);
        assert_eq!(side(&measured, counted(&measured), 0.71875, true), (0.71875, bin_end(0.71875)));
        let columns = |scale: &Scale| columns(scale, &scale.borders(&measured), &measured, true);
        assert!((columns(&Scale::of(&measured, 0.4, 0.9)).iter().sum::<f64>() - 4.0).abs() < 1e-9);
    }

    #[test]
    fn hostile_spreads_are_drawn_without_harm() {
        let hostile = Measured {
            limits: vec![1e99, -1e99],
            ends: Some((-1e-300, 1e-300)),
            kept: vec![(f64::MAX, u64::MAX), (-1.0, u64::MAX), (5e-324, 1)],
            dropped: vec![(f64::MIN_POSITIVE, 0); 3],
        };
        let endless = Measured { limits: vec![f64::MAX, -f64::MAX], ..hostile.clone() };
        for (hostile, drawings) in [(hostile, 1), (endless, 0)] {
            let drawn = drawing(Tongue::English, 1, "<b>", &hostile).into_string();
            assert!(!drawn.contains("<b>") && drawn.len() < 100_000, "{}", drawn.len());
            assert!(!drawn.contains("NaN") && !drawn.contains("inf"), "{drawn}");
            assert_eq!(drawn.matches("<svg").count(), drawings);
        }
        let empty = drawing(Tongue::English, 1, "x", &Measured::default()).into_string();
        assert!(!empty.contains("<svg"));
    }

    #[test]
    fn a_drawing_says_in_words_what_it_shows() {
        let measured = measured(&[250.0, 900.0], &[12.0], 200.0);
        let drawn = drawing(Tongue::English, 1, "chars", &measured).into_string();
        let wanted = "chars from 12 to 900: 2 kept (dark), 1 dropped by it (striped); limit 200.";
        assert!(drawn.contains(wanted), "{drawn}");
        assert_eq!(drawn.matches("class=\"dropped\"").count(), 1);
    }
}
