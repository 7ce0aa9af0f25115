//! What the cleaning steps of a pass decide, taken down as the documents flow.

use std::io;
use std::sync::{Mutex, PoisonError};

use kitchen::Decision;
use kitchen::pass::{Decided, Decisions, Watch};
use kitchen::spill::Scratch;
use recipes::Hasher;

use crate::record::CleanRecord;

/// The logs of the steps that decide in one pass.
pub struct Logs {
    /// The position of the first of them in the recipe.
    first: usize,
    pub logs: Vec<Log>,
}

/// What one step decided.
pub struct Log {
    /// Over the digests of texts and ids of the documents that it left.
    pub left: Hasher,
    pub kept: u64,
    pub record: CleanRecord,
}

impl Logs {
    /// Empty logs for the steps at some positions.
    pub fn new(steps: std::ops::Range<usize>, scratch: &dyn Scratch) -> io::Result<Logs> {
        let log = |_| Ok(Log { left: Hasher::new(), kept: 0, record: CleanRecord::new(scratch)? });
        Ok(Logs { first: steps.start, logs: steps.map(log).collect::<io::Result<_>>()? })
    }
}

impl Log {
    fn push(&mut self, decided: &Decided) -> io::Result<()> {
        if !matches!(decided.outcome.decision, Decision::Drop(_)) {
            self.kept += 1;
            self.left.update(decided.after.as_bytes());
            self.left.update(decided.document.id.as_bytes());
        }
        self.record.push(decided)
    }
}

impl Watch for Logs {
    /// Steps side by side; each takes its own log down in document order.
    fn decided(&mut self, decisions: &Decisions) -> io::Result<()> {
        let (first, steps) = (self.first, decisions.steps());
        let logs = &mut self.logs[steps.start - first..steps.end - first];
        let logs: Vec<Mutex<&mut Log>> = logs.iter_mut().map(Mutex::new).collect();
        let taken = decisions.kernels.map(logs.len(), &|index| {
            let mut log = logs[index].lock().unwrap_or_else(PoisonError::into_inner);
            decisions.of(steps.start + index).try_for_each(|decided| log.push(&decided))
        });
        taken.into_iter().collect()
    }
}
