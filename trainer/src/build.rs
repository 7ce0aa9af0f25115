//! A run from top to bottom: each line of `build` is a step, each step a file of that name.
//!
//! A build repeats everything. A run that was interrupted goes on from its last training state,
//! but only after the steps before it were done again and came out the same.

use kernels::Kernels;
use recipes::recipe::{Gate, Pretrain, Stage};
use recipes::{Digest, GateResult, Hasher, Pinned, StateMark, StepResult, Trace};
use serde_json::json;

use crate::error::BuildError;
use crate::flow::{Flow, Split};
use crate::hold_out::{TakeDocument, in_order};
use crate::inputs::Inputs;
use crate::leakage::leakage;
use crate::memory;
use crate::mix::{Mixture, mix};
use crate::model::Decoder;
use crate::outputs::{Outputs, ResumePoint};
use crate::ranks;
use crate::record::TokenRecord;
use crate::shape::Shape;
use crate::stage::{self, StageEnd, StageError};
use crate::state::{Origin, State};
use crate::step::{key, together};
use crate::steps::{Counts, Steps, counts, operator};
use crate::tokenize::{Corpus, tokenize};
use crate::tokenizer::{self, Coder};
use crate::{export, measure};
use kitchen::spill::Scratch;

/// How a recipe is carried out; nothing here may change a byte, but for `plant`.
pub struct Options {
    pub kernels: Kernels,
    /// Workers that share the micro-batches of a step.
    pub ranks: usize,
    /// Free memory in bytes, where it is known; training that needs more is refused.
    pub memory: Option<u64>,
    /// Where documents and records are put aside.
    pub scratch: Box<dyn Scratch>,
    /// A change planted to see that a verdict finds it.
    pub plant: Option<Plant>,
}

/// A planted change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plant {
    /// The first gathered document has one letter changed.
    Data,
    /// The second training step repeats the batch of the first.
    Step,
    /// The seed is another.
    Seed,
}

/// What a build leaves behind.
pub struct Built {
    pub trace: Trace,
    /// Number of trained parameters.
    pub parameters: u64,
}

/// Refuses, before anything is done, what this build or this machine cannot carry out.
pub fn check(pinned: &Pinned, options: &Options) -> Result<(), BuildError> {
    options.kernels.of_version(pinned.arithmetic)?;
    let shape = shape(pinned);
    for stage in &pinned.stages {
        ranks::check(options.ranks, settings(stage).micro_batches)?;
        if let Some(free) = options.memory {
            memory::check(&shape, settings(stage), options.ranks, free)?;
        }
    }
    Ok(())
}

/// The shape of a recipe's model.
pub(crate) fn shape(pinned: &Pinned) -> Shape {
    let recipes::recipe::Tokenizer::Bpe { vocabulary } = pinned.tokenizer;
    Shape::new(&pinned.model, vocabulary as usize)
}

/// Carries a recipe out; `recipe` is the digest of `pinned`.
pub fn build(
    pinned: &Pinned,
    recipe: Digest,
    inputs: &dyn Inputs,
    outputs: &mut dyn Outputs,
    options: &Options,
) -> Result<Built, BuildError> {
    let mut run = Run::new(pinned, recipe, outputs, options)?;
    let mut split = run.documents(inputs)?;
    let (tokenizer, coder) = run.tokenizer(&mut split)?;
    let (corpus, measured) = run.tokenize(&coder, &mut split)?;
    let mixtures = run.mix(&corpus)?;
    let end = run.stages(&corpus, &mixtures)?;
    let model = run.model(&end)?;
    let losses = run.losses(&end)?;
    let quality = run.quality(&end, &measured, &mut split)?;
    let (steps, states) = (run.steps.into_done(), run.states);
    let trace = Trace { steps, states, model, tokenizer, losses, quality };
    Ok(Built { trace, parameters: run.shape.parameter_count() })
}

/// Makes the documents of a recipe again, in document order; gives the steps up to them.
pub fn documents(
    pinned: &Pinned,
    inputs: &dyn Inputs,
    outputs: &mut dyn Outputs,
    options: &Options,
    take: &mut TakeDocument,
) -> Result<Vec<StepResult>, BuildError> {
    let mut run = Run::new(pinned, Digest::of(b""), outputs, options)?;
    let mut split = run.documents(inputs)?;
    in_order(&mut split, take)?;
    Ok(run.steps.into_done())
}

/// A run in progress.
struct Run<'a> {
    pinned: &'a Pinned,
    origin: Origin,
    shape: Shape,
    kernels: Kernels,
    ranks: usize,
    plant: Option<Plant>,
    scratch: &'a dyn Scratch,
    steps: Steps<'a>,
    states: Vec<StateMark>,
}

impl<'a> Run<'a> {
    fn new(
        pinned: &'a Pinned,
        recipe: Digest,
        outputs: &'a mut dyn Outputs,
        options: &'a Options,
    ) -> Result<Run<'a>, BuildError> {
        check(pinned, options)?;
        let seed: u64 = pinned.seed.parse().map_err(|_| BuildError::Seed(pinned.seed.clone()))?;
        let seed = seed ^ u64::from(options.plant == Some(Plant::Seed));
        Ok(Run {
            pinned,
            origin: Origin { arithmetic: pinned.arithmetic, recipe, seed },
            shape: shape(pinned),
            kernels: options.kernels.of_version(pinned.arithmetic)?,
            ranks: options.ranks,
            plant: options.plant,
            scratch: options.scratch.as_ref(),
            steps: Steps::new(outputs),
            states: Vec::new(),
        })
    }

    fn documents(&mut self, inputs: &dyn Inputs) -> Result<Split, BuildError> {
        let is_planted = self.plant == Some(Plant::Data);
        let (pinned, kernels, scratch) = (self.pinned, &self.kernels, self.scratch);
        Flow { pinned, kernels, scratch, is_planted }.run(inputs, &mut self.steps)
    }

    fn tokenizer(&mut self, split: &mut Split) -> Result<(Digest, Coder), BuildError> {
        self.steps.show("tokenizer", 0, split.train.documents, "documents");
        let key = key("tokenizer.bpe@1", &self.pinned.tokenizer, &[self.steps.last()]);
        let mut failure = None;
        let documents = split.train.documents()?;
        let texts = documents.map_while(|read| read.map_err(|error| failure = Some(error)).ok());
        let texts = texts.map(|document| document.text);
        let bytes = tokenizer::train(&self.pinned.tokenizer, texts, &self.kernels);
        if let Some(failure) = failure {
            return Err(failure.into());
        }
        let bytes = bytes?;
        let digest = self.steps.outputs.keep(&mut bytes.as_slice())?;
        let coder = Coder::read(&bytes)?;
        let counts = counts([("vocabulary", coder.vocabulary() as u64)]);
        self.steps.done("tokenizer", key, digest, counts)?;
        Ok((digest, coder))
    }

    fn tokenize(
        &mut self,
        coder: &Coder,
        split: &mut Split,
    ) -> Result<(Corpus, Corpus), BuildError> {
        self.steps.show("tokenize", 0, split.train.documents, "documents");
        let results = self.steps.results();
        let key = key("tokenize@1", &json!({}), &results[results.len() - 2..]);
        let sources = self.pinned.formula.len();
        let mut record = TokenRecord::new(self.scratch)?;
        let mut all = |spool, is_held_out| {
            tokenize(coder, spool, sources, &self.kernels, self.scratch, |document, first, ids| {
                record.push(document, is_held_out, first, ids)
            })
        };
        let (corpus, digest) = all(&mut split.train, false)?;
        let (measured, measured_digest) = all(&mut split.held, true)?;
        let counts = counts([("tokens", corpus.tokens()), ("held_out_tokens", measured.tokens())]);
        let tokens = Some(record.finish(self.steps.outputs)?);
        let step =
            StepResult::new("tokenize".into(), key, together(&digest, &measured_digest), counts);
        self.steps.take(StepResult { tokens, ..step })?;
        Ok((corpus, measured))
    }

    fn mix(&mut self, corpus: &Corpus) -> Result<Vec<Mixture>, BuildError> {
        let parameters = json!({
            "formula": self.pinned.formula, "stages": self.pinned.stages,
            "context": self.shape.context, "seed": self.pinned.seed,
        });
        let key = key("mix@1", &parameters, &[self.steps.last()]);
        let mut counts = Counts::new();
        let (mut mixtures, mut result) = (Vec::new(), Hasher::new());
        for (number, stage) in self.pinned.stages.iter().enumerate() {
            let sequences = settings(stage).sequences(self.shape.context as u64);
            let (formula, context) = (&self.pinned.formula, self.shape.context);
            let mixture =
                mix(formula, corpus, sequences, context, self.origin.seed, number as u32)?;
            for (ingredient, used) in formula.iter().zip(mixture.account(formula.len())) {
                let name = format!("tokens_of_{}", ingredient.source);
                *counts.entry(name).or_default() += used * context as u64;
            }
            mixture.update(&mut result);
            mixtures.push(mixture);
        }
        self.steps.done("mix", key, result.finish(), counts)?;
        Ok(mixtures)
    }

    fn stages(&mut self, corpus: &Corpus, mixtures: &[Mixture]) -> Result<StageEnd, BuildError> {
        let mut resume = self.steps.outputs.resume_point()?;
        let mut end = StageEnd {
            theta: self.shape.initial(self.origin.seed),
            losses: Vec::new(),
            marks: Vec::new(),
        };
        for (number, mixture) in mixtures.iter().enumerate() {
            let stage = &self.pinned.stages[number];
            let (kind, parameters) = operator(stage);
            let name = format!("train {} {kind}", number + 1);
            let key = key(&format!("train.{kind}@1"), &parameters, &[self.steps.last()]);
            end = self.stage(&name, number as u32, corpus, mixture, end, &mut resume)?;
            self.states.append(&mut end.marks.clone());
            let last = end.marks.last().expect("a stage ends with a state");
            let settings = settings(stage);
            let counts = counts([
                ("steps", last.step),
                ("tokens", last.step * settings.batch_tokens),
                ("states", end.marks.len() as u64),
            ]);
            self.steps.done(&name, key, last.digest, counts)?;
        }
        Ok(end)
    }

    /// Trains one stage, or what is left of it, or nothing where a later state is at hand.
    fn stage(
        &mut self,
        name: &str,
        number: u32,
        corpus: &Corpus,
        mixture: &Mixture,
        before: StageEnd,
        resume: &mut Option<ResumePoint>,
    ) -> Result<StageEnd, BuildError> {
        let settings = settings(&self.pinned.stages[number as usize]);
        let earlier = |point: &ResumePoint| -> Vec<StateMark> {
            point.marks.iter().filter(|mark| mark.stage == number).cloned().collect()
        };
        let mut marks = Vec::new();
        let mut start = State::first(number, self.origin, &self.shape, before);
        if let Some(point) = resume {
            let state = State::read(&point.bytes, &self.shape, self.origin);
            let state = state.map_err(StageError::from)?;
            marks = earlier(point);
            if state.stage > number {
                return Ok(StageEnd { theta: Vec::new(), losses: Vec::new(), marks });
            }
            if state.stage == number {
                if state.step == 0 {
                    // The stage records its first state itself, also where it was known.
                    marks.clear();
                }
                start = state;
                *resume = None;
            }
        }
        let repeats = self.plant == Some(Plant::Step);
        let first_of_second = settings.batch_tokens / self.shape.context as u64;
        let stage = stage::Stage {
            name,
            number,
            origin: self.origin,
            shape: &self.shape,
            settings,
            kernels: &self.kernels,
            ranks: self.ranks,
            sequence: &|sequence, ids| {
                let planted = repeats && sequence / first_of_second == 1;
                let sequence = if planted { sequence - first_of_second } else { sequence };
                mixture.fill(corpus, sequence, ids)
            },
        };
        let mut end = stage::train(&stage, start, &mut *self.steps.outputs)?;
        marks.append(&mut end.marks);
        Ok(StageEnd { marks, ..end })
    }

    fn model(&mut self, end: &StageEnd) -> Result<Digest, BuildError> {
        let key = key("model.safetensors@1", &self.pinned.model, &[self.steps.last()]);
        let bytes = export::model_bytes(&self.shape, &end.theta);
        let digest = self.steps.outputs.keep(&mut bytes.as_slice())?;
        let counts =
            counts([("parameters", self.shape.parameter_count()), ("bytes", bytes.len() as u64)]);
        self.steps.done("model", key, digest, counts)?;
        Ok(digest)
    }

    /// Keeps the loss of every step as a canonical JSON list.
    fn losses(&mut self, end: &StageEnd) -> Result<Digest, BuildError> {
        let losses: Vec<f64> = end.losses.iter().map(|loss| f64::from(*loss)).collect();
        let bytes = recipes::canonical::to_bytes(&losses).expect("finite numbers");
        Ok(self.steps.outputs.keep(&mut bytes.as_slice())?)
    }

    fn quality(
        &mut self,
        end: &StageEnd,
        measured: &Corpus,
        split: &mut Split,
    ) -> Result<Vec<GateResult>, BuildError> {
        let model = self.steps.last();
        let mut results = Vec::new();
        for gate in &self.pinned.quality {
            let (operation, parameters) = operator(gate);
            let name = format!("quality {operation}");
            self.steps.show(&name, 0, measured.tokens(), "tokens");
            let (value, bar) = match gate {
                Gate::HeldOutLoss1(gate) => {
                    let shape = self.shape.clone();
                    let decoder = Decoder::new(shape, end.theta.clone(), &self.kernels)?;
                    let loss =
                        measure::held_out_loss(&decoder, &measured.concat()?, &self.kernels)?;
                    (loss.ok_or_else(|| BuildError::HeldOut(operation.clone()))?, gate.max)
                }
                Gate::Leakage1(gate) => {
                    let (train, held) = (&mut split.train, &mut split.held);
                    let shared = leakage(gate.ngram_words, train, held, &self.kernels)?;
                    (shared, gate.fraction_max)
                }
            };
            let result = GateResult { gate: operation.clone(), value, bar, met: value <= bar };
            let digest = recipes::canonical::to_bytes(&result).expect("finite numbers");
            let key = key(&operation, &parameters, &[model]);
            self.steps.done(&name, key, Digest::of(&digest), Counts::new())?;
            results.push(result);
        }
        Ok(results)
    }
}

/// The settings of a stage.
pub(crate) fn settings(stage: &Stage) -> &Pretrain {
    let Stage::Pretrain(settings) = stage;
    settings
}
