//! The record of every document: what was gathered, what each step did to it, which tokens it gave.
//!
//! Documents are pushed one at a time, in document order; what is written lies in spill files until
//! a step is finished. Nothing here decides anything or changes a step's result.

use std::io::{BufWriter, Result, SeekFrom};

use recipes::fate::FateWriter;
use recipes::lists::{Changed, Gathered, ListWriter, Tokenized};
use recipes::spread::Spread;
use recipes::{Digest, Fate};

use crate::outputs::Outputs;
use kitchen::pass::Decided;
use kitchen::spill::{Scratch, Spill};
use kitchen::{Decision, Document};

pub(crate) type File = BufWriter<Box<dyn Spill>>;

/// A file to write a record in.
pub(crate) fn file(scratch: &dyn Scratch) -> Result<File> {
    Ok(BufWriter::new(scratch.spill()?))
}

/// Keeps what was written.
pub(crate) fn keep(file: File, outputs: &mut dyn Outputs) -> Result<Digest> {
    let mut file = file.into_inner()?;
    file.seek(SeekFrom::Start(0))?;
    outputs.keep(&mut file)
}

/// The documents of a gather step.
pub struct GatherRecord {
    documents: ListWriter<File, Gathered>,
}

impl GatherRecord {
    /// Starts the record of a source.
    pub fn new(scratch: &dyn Scratch) -> Result<GatherRecord> {
        Ok(GatherRecord { documents: ListWriter::new(file(scratch)?)? })
    }

    /// Takes the next gathered document.
    pub fn push(&mut self, document: &Document) -> Result<()> {
        let row = Gathered {
            position: document.position,
            id: document.id,
            chars: document.text.chars().count() as u64,
            bytes: document.text.len() as u64,
        };
        self.documents.push(document.source, &document.name, false, &row)
    }

    /// Keeps the list.
    pub fn finish(self, outputs: &mut dyn Outputs) -> Result<Digest> {
        keep(self.documents.finish(), outputs)
    }
}

/// What a cleaning step did to each document.
pub struct CleanRecord {
    fates: FateWriter<File>,
    changed: ListWriter<File, Changed>,
    spread: Spread,
}

/// The blobs of a cleaning step's record.
pub struct CleanRecorded {
    pub fates: Digest,
    pub dropped: u64,
    /// Nothing where no document was changed.
    pub changed: Option<Digest>,
    pub changes: u64,
    /// Nothing where no value was measured.
    pub measured: Option<Digest>,
}

impl CleanRecord {
    /// Starts the record of a step.
    pub fn new(scratch: &dyn Scratch) -> Result<CleanRecord> {
        Ok(CleanRecord {
            fates: FateWriter::new(file(scratch)?)?,
            changed: ListWriter::new(file(scratch)?)?,
            spread: Spread::default(),
        })
    }

    /// Takes what the step decided about a document.
    pub fn push(&mut self, decided: &Decided) -> Result<()> {
        let Decided { document, outcome, before, after, .. } = *decided;
        match &outcome.decision {
            Decision::Keep(measures) => {
                for measure in measures {
                    self.spread.keep(&measure.name, measure.value, [measure.min, measure.max]);
                }
                Ok(())
            }
            Decision::Change(_) => {
                let row = Changed {
                    position: document.position,
                    id: document.id,
                    before,
                    after,
                    repeats: outcome.repeats,
                };
                self.changed.push(document.source, &document.name, false, &row)
            }
            Decision::Drop(drop) => {
                self.spread.drop(&drop.measure, drop.value, drop.limit);
                self.fates.push(&Fate {
                    document: document.id,
                    source: document.source,
                    name: document.name.clone(),
                    position: document.position,
                    measure: drop.measure.clone().into_owned(),
                    value: drop.value,
                    limit: drop.limit,
                    repeats: outcome.repeats,
                })
            }
        }
    }

    /// Keeps the record.
    pub fn finish(self, outputs: &mut dyn Outputs) -> Result<CleanRecorded> {
        let (dropped, changes) = (self.fates.count(), self.changed.count());
        let changed = match changes {
            0 => None,
            _ => Some(keep(self.changed.finish(), outputs)?),
        };
        let measured = match self.spread.measures.is_empty() {
            true => None,
            false => {
                let bytes = self.spread.bytes().expect("finite numbers");
                Some(outputs.keep(&mut bytes.as_slice())?)
            }
        };
        Ok(CleanRecorded {
            fates: keep(self.fates.finish()?, outputs)?,
            dropped,
            changed,
            changes,
            measured,
        })
    }
}

/// Which tokens each document gave.
pub struct TokenRecord {
    documents: ListWriter<File, Tokenized>,
}

impl TokenRecord {
    /// Starts the record.
    pub fn new(scratch: &dyn Scratch) -> Result<TokenRecord> {
        Ok(TokenRecord { documents: ListWriter::new(file(scratch)?)? })
    }

    /// Takes a document with its first token in its source's stream and its tokens with the end;
    /// documents to train on and documents held out have streams of their own.
    pub fn push(
        &mut self,
        document: &Document,
        held_out: bool,
        first: u64,
        tokens: u64,
    ) -> Result<()> {
        let row = Tokenized { position: document.position, id: document.id, first, tokens };
        self.documents.push(document.source, &document.name, held_out, &row)
    }

    /// Keeps the list.
    pub fn finish(self, outputs: &mut dyn Outputs) -> Result<Digest> {
        keep(self.documents.finish(), outputs)
    }
}
