//! The loss of every training step as a drawing: inline SVG, drawn from numbers alone.
//!
//! Always holds: what is drawn depends on the losses and bars only; a long run is drawn by the
//! lowest and highest loss of equal parts, so no peak is lost and the page stays small.

use maud::{Markup, html};

use super::tongue::Tongue;
use crate::figures::count;

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 16.0;
const BOTTOM: f64 = 44.0;
/// Parts that a stage's losses are drawn in, at most.
const PARTS_MAX: usize = 600;

/// The range of numbers along an axis, and where its marks stand.
pub(super) struct Axis {
    pub low: f64,
    pub high: f64,
    pub marks: Vec<f64>,
}

impl Axis {
    /// An axis that holds both numbers, with about five round marks.
    pub fn new(low: f64, high: f64) -> Axis {
        let span = (high - low).max(low.abs() * 1e-6).max(1e-9);
        let rough = span / 5.0;
        let power = 10f64.powf(rough.log10().floor());
        let nice = [1.0, 2.0, 5.0, 10.0].into_iter().find(|n| n * power >= rough);
        let gap = nice.unwrap_or(10.0) * power;
        let (first, last) = ((low / gap).floor(), ((low + span) / gap).ceil());
        let marks = (0..=(last - first) as usize).map(|i| (first + i as f64) * gap).collect();
        Axis { low: first * gap, high: last * gap, marks }
    }

    /// The part of the way from one end to the other.
    pub fn part(&self, x: f64) -> f64 {
        (x - self.low) / (self.high - self.low)
    }
}

/// Draws the losses of each stage, in nats per token, with the bar of a gate where there is one.
pub fn losses(t: Tongue, stages: &[Vec<f64>], bar: Option<f64>) -> Markup {
    let all: Vec<f64> = stages.iter().flatten().copied().filter(|x| x.is_finite()).collect();
    let steps = stages.iter().map(Vec::len).sum::<usize>();
    if all.is_empty() {
        return html! {};
    }
    let (first, last) = (all[0], all[all.len() - 1]);
    let fold =
        |start: f64, pick: fn(f64, f64) -> f64| all.iter().chain(&bar).copied().fold(start, pick);
    let y = Axis::new(fold(f64::INFINITY, f64::min), fold(f64::NEG_INFINITY, f64::max));
    let x = Axis { low: 0.0, high: steps.max(1) as f64, ..Axis::new(0.0, steps.max(1) as f64) };
    let across = |step: f64| LEFT + x.part(step) * (WIDTH - LEFT - RIGHT);
    let down = |loss: f64| HEIGHT - BOTTOM - y.part(loss) * (HEIGHT - TOP - BOTTOM);
    let title = t.fill(
        "Training loss over {} steps: from {} at the first to {} at the last.",
        &[&count(steps as u64), &format!("{first:.2}"), &format!("{last:.2}")],
    );
    html! {
        figure.chart {
            svg viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img" aria-label=(title) {
                (scale(t, &x, &y, &across, &down))
                @let starts = starts(stages);
                @for start in starts.iter().skip(1) {
                    line.stage x1=(at(across(*start as f64))) x2=(at(across(*start as f64)))
                        y1=(at(TOP)) y2=(at(HEIGHT - BOTTOM)) {}
                }
                @if let Some(bar) = bar {
                    (level("bar", down(bar)))
                }
                @for (stage, start) in stages.iter().zip(&starts) {
                    polyline.loss points=(points(stage, *start, &across, &down)) {}
                }
                @if let Some(bar) = bar {
                    text.bar x=(at(WIDTH - RIGHT)) y=(at(down(bar) - 5.0)) text-anchor="end" {
                        (t.say("bar")) " " (bar)
                    }
                }
            }
            figcaption { (title) }
        }
    }
}

/// The step at which each stage starts.
fn starts(stages: &[Vec<f64>]) -> Vec<usize> {
    let mut start = 0;
    let mut starts = Vec::new();
    for stage in stages {
        starts.push(start);
        start += stage.len();
    }
    starts
}

fn scale(
    t: Tongue,
    x: &Axis,
    y: &Axis,
    across: &dyn Fn(f64) -> f64,
    down: &dyn Fn(f64) -> f64,
) -> Markup {
    let digits = if y.high - y.low < 0.5 { 3 } else { 1 };
    html! {
        @for mark in &y.marks {
            (level("grid", down(*mark)))
            text x=(at(LEFT - 8.0)) y=(at(down(*mark) + 4.0)) text-anchor="end" {
                (format!("{mark:.digits$}"))
            }
        }
        @for mark in x.marks.iter().filter(|mark| **mark <= x.high && mark.fract() == 0.0) {
            line.tick x1=(at(across(*mark))) x2=(at(across(*mark)))
                y1=(at(HEIGHT - BOTTOM)) y2=(at(HEIGHT - BOTTOM + 5.0)) {}
            text x=(at(across(*mark))) y=(at(HEIGHT - BOTTOM + 18.0)) text-anchor="middle" {
                (count(*mark as u64))
            }
        }
        (level("axis", HEIGHT - BOTTOM))
        text.name x=(at((LEFT + WIDTH - RIGHT) / 2.0)) y=(at(HEIGHT - 6.0)) text-anchor="middle" {
            (t.say("step"))
        }
        text.name x="14" y=(at((TOP + HEIGHT - BOTTOM) / 2.0)) text-anchor="middle"
            transform={ "rotate(-90 14 " (at((TOP + HEIGHT - BOTTOM) / 2.0)) ")" } {
            (t.say("loss, nats per token"))
        }
    }
}

/// A line across the whole drawing.
fn level(class: &str, y: f64) -> Markup {
    html! { line class=(class) x1=(at(LEFT)) x2=(at(WIDTH - RIGHT)) y1=(at(y)) y2=(at(y)) {} }
}

fn at(place: f64) -> String {
    format!("{place:.1}")
}

/// A stage's line; step 1 stands at 1. Losses that are not finite leave a gap.
fn points(
    losses: &[f64],
    start: usize,
    across: &dyn Fn(f64) -> f64,
    down: &dyn Fn(f64) -> f64,
) -> String {
    let each = losses.len().div_ceil(PARTS_MAX).max(1);
    let mut points = Vec::new();
    for (part, losses) in losses.chunks(each).enumerate() {
        let finite = losses.iter().enumerate().filter(|(_, loss)| loss.is_finite());
        let low = finite.clone().min_by(|a, b| a.1.total_cmp(b.1));
        let high = finite.max_by(|a, b| a.1.total_cmp(b.1));
        let mut both: Vec<(usize, &f64)> = low.into_iter().chain(high).collect();
        both.sort_by_key(|(i, _)| *i);
        both.dedup_by_key(|(i, _)| *i);
        for (i, loss) in both {
            let step = (start + part * each + i + 1) as f64;
            points.push(format!("{},{}", at(across(step)), at(down(*loss))));
        }
    }
    points.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(stages: &[Vec<f64>], bar: Option<f64>) -> String {
        losses(Tongue::English, stages, bar).into_string()
    }

    #[test]
    fn axes_hold_the_numbers_and_have_round_marks() {
        for (low, high) in [(3.1, 8.3), (0.0, 1.0), (2.0, 2.0), (0.0, 124.0), (1e-9, 2e-9)] {
            let axis = Axis::new(low, high);
            assert!(axis.low <= low && high <= axis.high, "{low} {high}");
            assert!((2..=9).contains(&axis.marks.len()), "{:?}", axis.marks);
        }
        assert_eq!(Axis::new(3.1, 8.3).marks, [2.0, 4.0, 6.0, 8.0, 10.0]);
    }

    #[test]
    fn a_drawing_says_in_words_what_it_shows() {
        let drawing = draw(&[vec![8.0, 5.0], vec![4.5]], Some(4.0));
        assert!(drawing.contains("Training loss over 3 steps: from 8.00 at the first to 4.50"));
        assert_eq!(drawing.matches("<polyline").count(), 2);
        assert_eq!(drawing.matches("class=\"stage\"").count(), 1);
        assert!(drawing.contains("bar 4"));
    }

    #[test]
    fn a_long_run_keeps_its_peaks_and_stays_small() {
        let mut losses = vec![3.0; 100_000];
        losses[51_234] = 9.0;
        let drawing = draw(&[losses], None);
        assert!(drawing.len() < 40_000, "{}", drawing.len());
        assert!(drawing.contains("class=\"loss\""));
        let top = format!(",{}", at(TOP));
        let near: Vec<&str> = drawing.split(' ').filter(|p| p.contains(',')).collect();
        let highest = near.iter().filter_map(|p| p.split(',').nth(1)?.parse::<f64>().ok());
        let highest = highest.fold(f64::INFINITY, f64::min);
        assert!(highest < 60.0, "{top} {highest}");
    }

    #[test]
    fn nothing_finite_draws_nothing() {
        assert_eq!(draw(&[], None), "");
        assert_eq!(draw(&[vec![f64::NAN]], Some(4.0)), "");
        assert!(draw(&[vec![f64::INFINITY, 2.0]], None).contains("<polyline"));
    }
}
