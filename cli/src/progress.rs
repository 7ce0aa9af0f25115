//! What a person sees while work goes on: a bar on a terminal, a line per step elsewhere.

use std::io::Write;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use recipes::StepResult;
use serde_json::json;
use trainer::Progress;

use crate::Common;
use crate::words::{about, duration};
use crate::world::{Stream, World};

/// How a meter speaks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Voice {
    /// A bar that is drawn again and again.
    Terminal,
    /// A line per finished step on stderr.
    Lines,
    /// JSON lines on stdout.
    Json,
}

/// Shows how far a run is.
pub struct Meter {
    voice: Voice,
    stream: Stream,
    bar: ProgressBar,
    step_started: Instant,
    shown: Option<Instant>,
    current: String,
    first_done: u64,
    lines: Vec<String>,
}

/// The time between two progress lines where no bar is drawn.
const LINE_EVERY: Duration = Duration::from_secs(10);

impl Meter {
    /// Starts with nothing done.
    pub fn new(common: &Common, world: &World) -> Meter {
        let (voice, stream) = match (common.json, world.watched) {
            (true, _) => (Voice::Json, world.out.clone()),
            (false, true) => (Voice::Terminal, world.err.clone()),
            (false, false) => (Voice::Lines, world.err.clone()),
        };
        let target = match voice {
            Voice::Terminal => ProgressDrawTarget::stderr(),
            _ => ProgressDrawTarget::hidden(),
        };
        let bar = ProgressBar::with_draw_target(None, target);
        let form = "{spinner} {prefix:<28} {bar:24} {pos}/{len} {msg}";
        if let Ok(style) = ProgressStyle::with_template(form) {
            bar.set_style(style);
        }
        Meter {
            voice,
            stream,
            bar,
            step_started: Instant::now(),
            shown: None,
            current: String::new(),
            first_done: 0,
            lines: Vec::new(),
        }
    }

    /// Shows how far the current step is.
    pub fn progress(&mut self, progress: &Progress) {
        let now = Instant::now();
        if self.current != progress.step {
            self.current.clone_from(&progress.step);
            self.first_done = progress.done;
            self.step_started = now;
            self.shown = Some(now);
            self.bar.set_prefix(progress.step.clone());
            self.bar.reset();
        }
        let speech = self.speech(progress);
        let due = self.voice != Voice::Terminal && self.due(now);
        match self.voice {
            Voice::Terminal => {
                self.bar.set_length(progress.total);
                self.bar.set_position(progress.done);
                self.bar.set_message(speech);
            }
            Voice::Lines if due => {
                let (done, total) = (about(progress.done), about(progress.total));
                let step = &progress.step;
                self.lines.push(format!("{step:<28}  {done} of {total} {speech}"));
            }
            Voice::Json if due => self.lines.push(
                json!({"kind": "progress", "step": progress.step, "done": progress.done,
                       "total": progress.total, "unit": progress.unit, "loss": progress.loss})
                .to_string(),
            ),
            _ => {}
        }
        self.flush();
    }

    fn due(&mut self, now: Instant) -> bool {
        let due = self.shown.is_none_or(|shown| now - shown >= LINE_EVERY);
        if due {
            self.shown = Some(now);
        }
        due
    }

    /// Unit, speed, loss and time left.
    fn speech(&self, progress: &Progress) -> String {
        let mut text = progress.unit.to_owned();
        if let Some(loss) = progress.loss {
            text += &format!("  loss {loss:.3}");
        }
        let seconds = self.step_started.elapsed().as_secs_f64();
        let done = progress.done.saturating_sub(self.first_done);
        if seconds > 0.5 && done > 0 {
            let speed = done as f64 / seconds;
            let left = progress.total.saturating_sub(progress.done) as f64 / speed;
            text += &format!("  {}/s  {} left", about(speed as u64), duration(left));
        }
        text
    }

    /// Shows a finished step.
    pub fn step(&mut self, step: &StepResult) {
        match self.voice {
            Voice::Json => self.lines.push(
                json!({"kind": "step", "name": step.name, "key": step.key,
                       "result": step.result, "counts": step.counts})
                .to_string(),
            ),
            _ => {
                let counts: Vec<String> = step
                    .counts
                    .iter()
                    .map(|(name, count)| format!("{} {}", about(*count), name.replace('_', " ")))
                    .collect();
                let name = &step.name;
                let line = format!("{name:<34} {}  {}", step.result.short(), counts.join(", "));
                self.lines.push(line.trim_end().to_owned());
            }
        }
        self.flush();
    }

    fn flush(&mut self) {
        for line in self.lines.drain(..) {
            match self.voice {
                Voice::Terminal => self.bar.println(line),
                // A reader that went away is told by the command's own last line.
                Voice::Lines | Voice::Json => drop(writeln!(self.stream, "{line}")),
            }
        }
    }

    /// Takes the bar away.
    pub fn finish(&mut self) {
        self.bar.finish_and_clear();
    }
}
