//! What the cleaning steps of a pass decide, taken down as the documents flow.

use std::io;

use kitchen::Decision;
use kitchen::pass::{Decided, Watch};
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

impl Watch for Logs {
    fn decided(&mut self, decided: &Decided) -> io::Result<()> {
        let log = &mut self.logs[decided.step - self.first];
        if !matches!(decided.outcome.decision, Decision::Drop(_)) {
            log.kept += 1;
            log.left.update(decided.after.as_bytes());
            log.left.update(decided.document.id.as_bytes());
        }
        log.record.push(decided)
    }
}
