//! Where the trainer's results go, one by one, as they are made.

use std::io;

use recipes::{Digest, StateMark, StepResult};

/// Takes what a run makes.
pub trait Outputs {
    /// Keeps bytes that belong to the result (model, tokenizer, losses) and names them.
    fn keep(&mut self, bytes: &[u8]) -> io::Result<Digest>;

    /// Takes a finished step.
    fn step(&mut self, step: &StepResult) -> io::Result<()>;

    /// Takes a training state; after this returns, a killed run can go on from it.
    fn state(&mut self, mark: &StateMark, bytes: &[u8]) -> io::Result<()>;

    /// Takes a state between two recorded ones, only to go on from it after a stop.
    fn pause(&mut self, mark: &StateMark, bytes: &[u8]) -> io::Result<()>;

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
