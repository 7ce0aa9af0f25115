//! A run from top to bottom: each line of `build` is a step, each step a file of that name.
//!
//! A build repeats everything. A run that was interrupted goes on from its last training state,
//! but only after the steps before it were done again and came out the same.

use std::collections::BTreeMap;

use kernels::Kernels;
use recipes::recipe::{Gate, Pretrain, Stage};
use recipes::{Digest, GateResult, Hasher, Pinned, StateMark, StepResult, Trace};
use serde_json::json;

use crate::error::BuildError;
use crate::gather::gather;
use crate::hold_out::hold_out;
use crate::inputs::Inputs;
use crate::leakage::leakage;
use crate::memory;
use crate::mix::{Mixture, mix};
use crate::model::Decoder;
use crate::outputs::{Outputs, Progress, ResumePoint};
use crate::ranks;
use crate::record::{CleanRecord, GatherRecord, TokenRecord};
use crate::shape::Shape;
use crate::stage::{self, StageEnd, StageError};
use crate::state::{Origin, State};
use crate::step::key;
use crate::tokenize::{Corpus, tokenize};
use crate::tokenizer::{self, Coder};
use crate::{export, measure};
use kitchen::clean::{apply, outcomes};
use kitchen::document::{Document, documents_digest};
use kitchen::spill::InMemory;

/// How a recipe is carried out; nothing here may change a byte, but for `plant`.
pub struct Options {
    pub kernels: Kernels,
    /// Workers that share the micro-batches of a step.
    pub ranks: usize,
    /// Free memory in bytes, where it is known; training that needs more is refused.
    pub memory: Option<u64>,
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
    let gathered = run.gather(inputs)?;
    let cleaned = run.clean(gathered)?;
    let (train, held) = run.hold_out(cleaned)?;
    let (tokenizer, coder) = run.tokenizer(&train)?;
    let (corpus, measured) = run.tokenize(&coder, &train, &held)?;
    let mixtures = run.mix(&corpus)?;
    let end = run.stages(&corpus, &mixtures)?;
    let model = run.model(&end)?;
    let losses = run.losses(&end)?;
    let quality = run.quality(&end, &measured, &train, &held)?;
    let trace = Trace { steps: run.steps, states: run.states, model, tokenizer, losses, quality };
    Ok(Built { trace, parameters: run.shape.parameter_count() })
}

/// A run in progress.
struct Run<'a> {
    pinned: &'a Pinned,
    origin: Origin,
    shape: Shape,
    kernels: Kernels,
    ranks: usize,
    plant: Option<Plant>,
    outputs: &'a mut dyn Outputs,
    steps: Vec<StepResult>,
    states: Vec<StateMark>,
}

type Counts = BTreeMap<String, u64>;

fn counts<const N: usize>(pairs: [(&str, u64); N]) -> Counts {
    pairs.into_iter().map(|(name, count)| (name.to_owned(), count)).collect()
}

/// A JSON object's only key: the name and version of an operator, a stage or a gate.
fn operator<T: serde::Serialize>(value: &T) -> (String, serde_json::Value) {
    let value = serde_json::to_value(value).expect("recipe parts are JSON");
    let members = value.as_object().and_then(|members| members.iter().next());
    members.map(|(name, value)| (name.clone(), value.clone())).unwrap_or_default()
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
            outputs,
            steps: Vec::new(),
            states: Vec::new(),
        })
    }

    /// Shows that a step has begun.
    fn begin(&mut self, step: &str, done: u64, total: u64, unit: &'static str) {
        let progress = Progress { step: step.to_owned(), done, total, unit, loss: None };
        self.outputs.progress(&progress);
    }

    /// Takes a finished step.
    fn done(
        &mut self,
        name: &str,
        key: Digest,
        result: Digest,
        counts: Counts,
    ) -> Result<(), BuildError> {
        self.take(StepResult::new(name.to_owned(), key, result, counts))
    }

    fn take(&mut self, step: StepResult) -> Result<(), BuildError> {
        self.outputs.step(&step)?;
        self.steps.push(step);
        Ok(())
    }

    /// The result of the last step.
    fn last(&self) -> Digest {
        self.steps.last().expect("a step was done").result
    }

    fn gather(&mut self, inputs: &dyn Inputs) -> Result<Vec<Document>, BuildError> {
        let mut all = Vec::new();
        for (position, ingredient) in self.pinned.formula.iter().enumerate() {
            let source = &ingredient.source;
            let manifest = &self.pinned.sources[source];
            let name = format!("gather {source}");
            let files = manifest.files.len() as u64;
            self.begin(&name, 0, files, "files");
            let gathered = gather(manifest, position as u32, inputs, &self.kernels);
            let mut documents = gathered
                .map_err(|error| BuildError::Gather { source_name: source.clone(), error })?;
            if position == 0 && self.plant == Some(Plant::Data) {
                plant_letter(&mut documents);
            }
            let bytes = documents.iter().map(|document| document.text.len() as u64).sum();
            let counts =
                counts([("files", files), ("documents", documents.len() as u64), ("bytes", bytes)]);
            let (reading, _) = operator(&manifest.reading);
            let key = key(&format!("gather.{reading}"), manifest, &[]);
            let mut record = GatherRecord::new(&InMemory)?;
            documents.iter().try_for_each(|document| record.push(document))?;
            let step = StepResult::new(name, key, documents_digest(&documents), counts);
            let list = Some(record.finish(self.outputs)?);
            self.take(StepResult { documents: list, ..step })?;
            all.extend(documents);
        }
        Ok(all)
    }

    fn clean(&mut self, mut documents: Vec<Document>) -> Result<Vec<Document>, BuildError> {
        for (number, step) in self.pinned.cleaning.iter().enumerate() {
            let (operation, parameters) = operator(step);
            let name = format!("clean {} {operation}", number + 1);
            let before = documents.len() as u64;
            self.begin(&name, 0, before, "documents");
            let key = key(&operation, &parameters, &self.before_cleaning(number));
            let outcomes = outcomes(step, &documents, &self.kernels);
            let mut record = CleanRecord::new(&InMemory)?;
            for (document, outcome) in documents.iter().zip(&outcomes) {
                record.push(document, outcome)?;
            }
            let record = record.finish(self.outputs)?;
            documents = apply(documents, outcomes);
            let mut result = Hasher::new();
            result.update(documents_digest(&documents).as_bytes());
            result.update(record.fates.as_bytes());
            let counts = counts([
                ("documents", documents.len() as u64),
                ("dropped", record.dropped),
                ("changed", record.changes),
            ]);
            let step = name.clone();
            let fates = Some(record.fates);
            let (changed, measured) = (record.changed, record.measured);
            let done = StepResult::new(name, key, result.finish(), counts);
            self.take(StepResult { fates, changed, measured, ..done })?;
            if documents.is_empty() {
                return Err(BuildError::Nothing { step });
            }
        }
        Ok(documents)
    }

    /// What a cleaning step goes on from: all gathered sources, or the step before.
    fn before_cleaning(&self, number: usize) -> Vec<Digest> {
        if number > 0 {
            return vec![self.last()];
        }
        self.steps.iter().map(|step| step.result).collect()
    }

    fn hold_out(
        &mut self,
        documents: Vec<Document>,
    ) -> Result<(Vec<Document>, Vec<Document>), BuildError> {
        let inputs = self.before_cleaning(self.pinned.cleaning.len());
        let key = key("hold-out@1", &self.pinned.held_out, &inputs);
        let (train, held) = hold_out(self.pinned.held_out.share, documents);
        let mut result = Hasher::new();
        result.update(documents_digest(&train).as_bytes());
        result.update(documents_digest(&held).as_bytes());
        let counts = counts([("documents", train.len() as u64), ("held_out", held.len() as u64)]);
        self.done("hold out", key, result.finish(), counts)?;
        if train.is_empty() {
            return Err(BuildError::Nothing { step: "hold out".into() });
        }
        Ok((train, held))
    }

    fn tokenizer(&mut self, train: &[Document]) -> Result<(Digest, Coder), BuildError> {
        self.begin("tokenizer", 0, train.len() as u64, "documents");
        let key = key("tokenizer.bpe@1", &self.pinned.tokenizer, &[self.last()]);
        let texts = train.iter().map(|document| &document.text);
        let bytes = tokenizer::train(&self.pinned.tokenizer, texts, &self.kernels)?;
        let digest = self.outputs.keep(&bytes)?;
        let coder = Coder::read(&bytes)?;
        let counts = counts([("vocabulary", coder.vocabulary() as u64)]);
        self.done("tokenizer", key, digest, counts)?;
        Ok((digest, coder))
    }

    fn tokenize(
        &mut self,
        coder: &Coder,
        train: &[Document],
        held: &[Document],
    ) -> Result<(Corpus, Vec<u32>), BuildError> {
        self.begin("tokenize", 0, train.len() as u64, "documents");
        let split = self.steps[self.steps.len() - 2].result;
        let key = key("tokenize@1", &json!({}), &[split, self.last()]);
        let sources = self.pinned.formula.len();
        let corpus = tokenize(coder, train, sources, &self.kernels);
        let measured = tokenize(coder, held, sources, &self.kernels);
        let mut result = Hasher::new();
        result.update(corpus.digest().as_bytes());
        result.update(measured.digest().as_bytes());
        let counts = counts([("tokens", corpus.tokens()), ("held_out_tokens", measured.tokens())]);
        let mut record = TokenRecord::new(&InMemory)?;
        for (documents, corpus, held_out) in [(train, &corpus, false), (held, &measured, true)] {
            for (document, (_, first, tokens)) in documents.iter().zip(&corpus.ranges) {
                record.push(document, held_out, *first, *tokens)?;
            }
        }
        let tokens = Some(record.finish(self.outputs)?);
        let step = StepResult::new("tokenize".into(), key, result.finish(), counts);
        self.take(StepResult { tokens, ..step })?;
        Ok((corpus, measured.streams.concat()))
    }

    fn mix(&mut self, corpus: &Corpus) -> Result<Vec<Mixture>, BuildError> {
        let parameters = json!({
            "formula": self.pinned.formula, "stages": self.pinned.stages,
            "context": self.shape.context, "seed": self.pinned.seed,
        });
        let key = key("mix@1", &parameters, &[self.last()]);
        let mut counts = Counts::new();
        let (mut mixtures, mut result) = (Vec::new(), Hasher::new());
        for (number, stage) in self.pinned.stages.iter().enumerate() {
            let settings = settings(stage);
            let steps = settings.tokens / settings.batch_tokens;
            let sequences = steps * (settings.batch_tokens / self.shape.context as u64);
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
        self.done("mix", key, result.finish(), counts)?;
        Ok(mixtures)
    }

    fn stages(&mut self, corpus: &Corpus, mixtures: &[Mixture]) -> Result<StageEnd, BuildError> {
        let mut resume = self.outputs.resume_point()?;
        let mut end = StageEnd {
            theta: self.shape.initial(self.origin.seed),
            losses: Vec::new(),
            marks: Vec::new(),
        };
        for (number, mixture) in mixtures.iter().enumerate() {
            let stage = &self.pinned.stages[number];
            let (kind, parameters) = operator(stage);
            let name = format!("train {} {kind}", number + 1);
            let key = key(&format!("train.{kind}@1"), &parameters, &[self.last()]);
            end = self.stage(&name, number as u32, corpus, mixture, end, &mut resume)?;
            self.states.append(&mut end.marks.clone());
            let last = end.marks.last().expect("a stage ends with a state");
            let settings = settings(stage);
            let counts = counts([
                ("steps", last.step),
                ("tokens", last.step * settings.batch_tokens),
                ("states", end.marks.len() as u64),
            ]);
            self.done(&name, key, last.digest, counts)?;
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
                mixture.fill(corpus, sequence, ids);
            },
        };
        let mut end = stage::train(&stage, start, self.outputs)?;
        marks.append(&mut end.marks);
        Ok(StageEnd { marks, ..end })
    }

    fn model(&mut self, end: &StageEnd) -> Result<Digest, BuildError> {
        let key = key("model.safetensors@1", &self.pinned.model, &[self.last()]);
        let bytes = export::model_bytes(&self.shape, &end.theta);
        let digest = self.outputs.keep(&bytes)?;
        let counts =
            counts([("parameters", self.shape.parameter_count()), ("bytes", bytes.len() as u64)]);
        self.done("model", key, digest, counts)?;
        Ok(digest)
    }

    /// Keeps the loss of every step as a canonical JSON list.
    fn losses(&mut self, end: &StageEnd) -> Result<Digest, BuildError> {
        let losses: Vec<f64> = end.losses.iter().map(|loss| f64::from(*loss)).collect();
        let bytes = recipes::canonical::to_bytes(&losses).expect("finite numbers");
        Ok(self.outputs.keep(&bytes)?)
    }

    fn quality(
        &mut self,
        end: &StageEnd,
        measured: &[u32],
        train: &[Document],
        held: &[Document],
    ) -> Result<Vec<GateResult>, BuildError> {
        let model = self.last();
        let mut results = Vec::new();
        for gate in &self.pinned.quality {
            let (operation, parameters) = operator(gate);
            let name = format!("quality {operation}");
            self.begin(&name, 0, measured.len() as u64, "tokens");
            let (value, bar) = match gate {
                Gate::HeldOutLoss1(gate) => {
                    let shape = self.shape.clone();
                    let decoder = Decoder::new(shape, end.theta.clone(), &self.kernels)?;
                    let loss = measure::held_out_loss(&decoder, measured, &self.kernels)?;
                    (loss.ok_or_else(|| BuildError::HeldOut(operation.clone()))?, gate.max)
                }
                Gate::Leakage1(gate) => (leakage(gate.ngram_words, train, held), gate.fraction_max),
            };
            let result = GateResult { gate: operation.clone(), value, bar, met: value <= bar };
            let digest = recipes::canonical::to_bytes(&result).expect("finite numbers");
            let key = key(&operation, &parameters, &[model]);
            self.done(&name, key, Digest::of(&digest), Counts::new())?;
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

/// Changes the first letter of the first document.
fn plant_letter(documents: &mut [Document]) {
    let Some(first) = documents.first_mut() else { return };
    let mut letters = first.text.chars();
    let other = if letters.next() == Some('x') { 'y' } else { 'x' };
    let text = format!("{other}{}", letters.as_str());
    *first = Document::new(first.source, first.name.clone(), first.position, text);
}
