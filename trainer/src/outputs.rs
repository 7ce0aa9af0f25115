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

    /// The latest training state taken before a kill, if this run was started before.
    fn latest_state(&mut self) -> io::Result<Option<(StateMark, Vec<u8>)>>;

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
