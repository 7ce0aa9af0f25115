//! One training stage: steps of micro-batches, a recorded state every few steps, an exact resume.

use std::io;

use kernels::{KernelError, Kernels};
use recipes::StateMark;
use recipes::recipe::Pretrain;

use crate::huge_pages;
use crate::model::Decoder;
use crate::operations::with_floats;
use crate::optimizer::{self, Moments};
use crate::outputs::{Outputs, Progress};
use crate::ranks::{Local, Rank};
use crate::safetensors::Floats;
use crate::schedule::rate;
use crate::shape::Shape;
use crate::sink::GradientTree;
use crate::state::{Origin, State, StateError, StateView};

/// What a stage works with.
pub struct Stage<'a> {
    /// The step's name, for progress.
    pub name: &'a str,
    /// The stage's position in the recipe, from 0.
    pub number: u32,
    pub origin: Origin,
    pub shape: &'a Shape,
    pub settings: &'a Pretrain,
    pub kernels: &'a Kernels,
    /// Workers that share the micro-batches of a step, and the threads; see `ranks::check`.
    pub ranks: usize,
    /// Fills context + 1 token ids of a sequence of the stage's mixture.
    pub sequence: &'a (dyn Fn(u64, &mut [u32]) -> io::Result<()> + Sync),
}

/// The steps after which a stage records its state.
pub fn recorded_steps(settings: &Pretrain) -> Vec<u64> {
    (0..=settings.steps()).filter(|step| is_recorded(settings, *step)).collect()
}

fn is_recorded(settings: &Pretrain, step: u64) -> bool {
    step == settings.steps() || step.is_multiple_of(settings.state_every)
}

/// What a stage leaves to the next one.
pub struct StageEnd {
    pub theta: Vec<Vec<f32>>,
    /// The loss of every step since the run began.
    pub losses: Vec<f32>,
    /// The states taken now, in order.
    pub marks: Vec<StateMark>,
}

/// Why a stage did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    #[error("stopped as asked after step {step}")]
    Stopped { step: u64 },
    #[error(
        "training diverged: {what} of step {step} in stage {stage} is not finite; a lower peak \
         rate, a longer warm-up or a smaller clip_norm may help"
    )]
    Diverged { what: String, step: u64, stage: u32 },
    #[error("the stage has {found} tokens, one step takes {wanted}")]
    Short { found: u64, wanted: u64 },
    #[error(transparent)]
    State(#[from] StateError),
    #[error("the training state could not be kept: {0}")]
    Output(#[from] io::Error),
    #[error("the tokens could not be read back: {0}")]
    Tokens(io::Error),
    #[error("ranks lost each other: {0}")]
    Ranks(io::Error),
    #[error(transparent)]
    Kernels(#[from] KernelError),
    #[error("tensor operation: {0}")]
    Tensor(#[from] candle_core::Error),
}

/// A stage at work.
struct Furnace<'a> {
    stage: &'a Stage<'a>,
    kernels: &'a Kernels,
    rank: Rank<'a>,
    decoder: Decoder,
    moments: Moments,
    losses: Vec<f32>,
    step: u64,
    marks: Vec<StateMark>,
}

/// Trains from a state to the end of the stage.
pub fn train(
    stage: &Stage,
    start: State,
    outputs: &mut dyn Outputs,
) -> Result<StageEnd, StageError> {
    huge_pages::allow(true);
    if stage.ranks == 1 {
        return Furnace::new(stage, start, stage.kernels, Rank::alone())?.lead(outputs);
    }
    let threads = (stage.kernels.threads() / stage.ranks).max(1);
    let mut ends = Local::mesh(stage.ranks).into_iter().enumerate();
    let (_, first) = ends.next().expect("a rank that leads");
    std::thread::scope(|scope| {
        let others: Vec<_> = ends
            .map(|(number, end)| {
                let start = start.clone();
                scope.spawn(move || {
                    let kernels = stage.kernels.with_threads(threads)?;
                    let rank = Rank::of(number, stage.ranks, &end);
                    Furnace::new(stage, start, &kernels, rank)?.follow()
                })
            })
            .collect();
        let led = (|| {
            let kernels = stage.kernels.with_threads(threads)?;
            let rank = Rank::of(0, stage.ranks, &first);
            Furnace::new(stage, start, &kernels, rank)?.lead(outputs)
        })();
        // The others are told by the end of the first that there is nothing more to do.
        drop(first);
        for other in others {
            match other.join() {
                Ok(Err(error)) if matches!(led, Err(StageError::Ranks(_))) => return Err(error),
                Ok(_) => {}
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        led
    })
}

impl<'a> Furnace<'a> {
    fn new(
        stage: &'a Stage,
        start: State,
        kernels: &'a Kernels,
        rank: Rank<'a>,
    ) -> Result<Furnace<'a>, StageError> {
        let decoder = Decoder::new(stage.shape.clone(), start.theta, kernels)?;
        Ok(Furnace {
            stage,
            kernels,
            rank,
            decoder: decoder.recomputing(stage.settings.recompute),
            moments: Moments { m: start.m, v: start.v, powers: start.powers },
            losses: start.losses,
            step: start.step,
            marks: Vec::new(),
        })
    }

    /// Steps of the whole stage.
    fn steps(&self) -> Result<u64, StageError> {
        let (found, wanted) = (self.stage.settings.tokens, self.stage.settings.batch_tokens);
        match found / wanted {
            0 => Err(StageError::Short { found, wanted }),
            steps => Ok(steps),
        }
    }

    /// Trains to the end, records states and listens for a stop.
    fn lead(mut self, outputs: &mut dyn Outputs) -> Result<StageEnd, StageError> {
        let (steps, settings) = (self.steps()?, self.stage.settings);
        if self.step == 0 {
            self.record(outputs)?;
        }
        while self.step < steps {
            if outputs.stop_wanted() {
                let recorded = self.marks.last().is_some_and(|mark| mark.step == self.step);
                if self.step > 0 && !recorded {
                    self.record_unlisted(outputs)?;
                }
                return Err(StageError::Stopped { step: self.step });
            }
            self.advance(steps)?;
            outputs.progress(&Progress {
                step: self.stage.name.to_owned(),
                done: self.step * settings.batch_tokens,
                total: steps * settings.batch_tokens,
                unit: "tokens",
                loss: self.losses.last().copied(),
            });
            if is_recorded(settings, self.step) {
                self.record(outputs)?;
            }
        }
        let Furnace { decoder, losses, marks, moments, .. } = self;
        drop(moments);
        Ok(StageEnd { theta: decoder.floats()?, losses, marks })
    }

    /// Takes every step beside the rank that leads, until that one ends.
    fn follow(mut self) -> Result<(), StageError> {
        let steps = self.steps()?;
        while self.step < steps {
            self.advance(steps)?;
        }
        Ok(())
    }
}

impl Furnace<'_> {
    /// Takes one step: gradients of all micro-batches, clipping, AdamW.
    fn advance(&mut self, steps: u64) -> Result<(), StageError> {
        let (stage, settings) = (self.stage, self.stage.settings);
        let width = stage.shape.context + 1;
        let sequences = settings.batch_tokens as usize / stage.shape.context;
        let each = sequences / settings.micro_batches as usize;
        let scale = 1.0 / settings.batch_tokens as f32;
        let (mut tree, mut losses) = (GradientTree::default(), Vec::new());
        for micro in self.rank.share(settings.micro_batches as usize) {
            let mut ids = vec![0; each * width];
            let first = self.step * sequences as u64 + (micro * each) as u64;
            for (i, ids) in ids.chunks_exact_mut(width).enumerate() {
                (stage.sequence)(first + i as u64, ids).map_err(StageError::Tokens)?;
            }
            let (part, gradients) = self.decoder.gradients(&ids, each, scale)?;
            losses.extend_from_slice(&part);
            tree.push(self.kernels, gradients);
        }
        let losses = self.rank.gather(losses).map_err(StageError::Ranks)?;
        let loss = self.kernels.tree_sum(&losses) / losses.len() as f32;
        if !loss.is_finite() {
            return Err(self.diverged("the loss".into()));
        }
        let mut gradients = tree.finish(self.kernels);
        self.rank.sum(self.kernels, &mut gradients).map_err(StageError::Ranks)?;
        let done = (self.step + 1) * settings.batch_tokens;
        let rate = rate(&settings.schedule, done, steps * settings.batch_tokens);
        let (decoder, moments) = (&self.decoder, &mut self.moments);
        if optimizer::step(decoder, moments, &gradients, &settings.optimizer, rate)?.is_none() {
            let bad = gradients.iter().position(|floats| floats.iter().any(|x| !x.is_finite()));
            let name = bad.map_or("any", |slot| &self.decoder.parameters[slot].name);
            return Err(self.diverged(format!("the gradient of `{name}`")));
        }
        self.losses.push(loss);
        self.step += 1;
        Ok(())
    }

    fn diverged(&self, what: String) -> StageError {
        StageError::Diverged { what, step: self.step + 1, stage: self.stage.number + 1 }
    }

    /// The present state where it lies; every weight must be finite.
    fn view(&self) -> Result<StateView<'_>, StageError> {
        for (parameter, weight) in self.decoder.parameters.iter().zip(&self.decoder.weights) {
            if !with_floats(weight, |theta| theta.iter().all(|x| x.is_finite()))? {
                return Err(self.diverged(format!("the weight `{}`", parameter.name)));
            }
        }
        let sequences = self.stage.settings.batch_tokens / self.stage.shape.context as u64;
        Ok(StateView {
            origin: self.stage.origin,
            stage: self.stage.number,
            step: self.step,
            cursor: self.step * sequences,
            powers: self.moments.powers,
            theta: self.decoder.weights.iter().map(|weight| Floats::Weight(weight)).collect(),
            m: &self.moments.m,
            v: &self.moments.v,
            losses: &self.losses,
        })
    }

    /// Records the present state as part of the run's trajectory.
    fn record(&mut self, outputs: &mut dyn Outputs) -> Result<(), StageError> {
        let (stage, step, view) = (self.stage.number, self.step, self.view()?);
        let digest = outputs.state(stage, step, &|sink| view.write(self.stage.shape, sink))?;
        self.marks.push(StateMark { stage, step, digest });
        Ok(())
    }

    /// Keeps the present state to go on from, outside the trajectory, which has fixed steps.
    fn record_unlisted(&self, outputs: &mut dyn Outputs) -> Result<(), StageError> {
        let view = self.view()?;
        Ok(outputs.pause(&|sink| view.write(self.stage.shape, sink))?)
    }
}
