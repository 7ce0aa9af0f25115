//! Where the trainer's results go, one by one, as they are made.

use std::io::{self, Read, Write};

use recipes::{Digest, Hasher, StateMark, StepResult};

/// Writes the canonical bytes of a training state, as often as it is called and wherever.
pub type WriteState<'a> = dyn Fn(&mut dyn Write) -> io::Result<()> + Sync + 'a;

/// The digest of a training state that nobody keeps.
pub fn digest_of(write: &WriteState) -> io::Result<Digest> {
    let mut hasher = Hasher::new();
    write(&mut hasher)?;
    Ok(hasher.finish())
}

/// The digest of bytes that nobody keeps.
pub fn digest_read(bytes: &mut dyn Read) -> io::Result<Digest> {
    let mut hasher = Hasher::new();
    io::copy(bytes, &mut hasher)?;
    Ok(hasher.finish())
}

/// Takes what a run makes.
pub trait Outputs {
    /// Keeps bytes that belong to the result (model, tokenizer, fates) and names them.
    fn keep(&mut self, bytes: &mut dyn Read) -> io::Result<Digest>;

    /// Takes a finished step.
    fn step(&mut self, step: &StepResult) -> io::Result<()>;

    /// Takes a training state of a stage after a step and names it; after this returns, a killed
    /// run can go on from it.
    fn state(&mut self, stage: u32, step: u64, write: &WriteState) -> io::Result<Digest>;

    /// Takes a state between two recorded ones, only to go on from it after a stop.
    fn pause(&mut self, write: &WriteState) -> io::Result<()>;

    /// What was taken before a kill, if this run was started before.
    fn resume_point(&mut self) -> io::Result<Option<ResumePoint>>;

    /// Shows how far a step is.
    fn progress(&mut self, progress: &Progress);

    /// Whether the run should stop at the next safe point.
    fn stop_wanted(&self) -> bool;
}

/// How far a step is.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// The step's name.
    pub step: String,
    pub done: u64,
    pub total: u64,
    /// What is counted, such as `files` or `tokens`.
    pub unit: &'static str,
    /// The training loss of the last step, in nats per token.
    pub loss: Option<f32>,
}

/// Where an interrupted run can go on.
#[derive(Clone, Debug, PartialEq)]
pub struct ResumePoint {
    /// All training states taken up to this point, in order.
    pub marks: Vec<StateMark>,
    /// The bytes of the last one, or of a later pause.
    pub bytes: Vec<u8>,
}
