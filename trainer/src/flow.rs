//! From sources to training documents: gathered, cleaned and held out in blocks, so that memory is
//! bounded whatever the sources hold.

use std::collections::BTreeMap;
use std::io;

use kernels::Kernels;
use kitchen::Document;
use kitchen::dedup::{Bench, DedupError};
use kitchen::pass::{Flowing, Pass};
use kitchen::spill::Scratch;
use kitchen::spool::{Spool, SpoolWriter};
use recipes::recipe::OnError;
use recipes::{Digest, Hasher, Pinned, StepResult};

use crate::error::BuildError;
use crate::gather::{Aside, GatherError, gather};
use crate::hold_out::is_held_out;
use crate::inputs::Inputs;
use crate::licences::Licences;
use crate::log::Logs;
use crate::record::{self, GatherRecord};
use crate::step::{key, together};
use crate::steps::{Counts, Steps, counts, operator};

/// Bytes that the records of comparing steps may take in memory.
const COMPARE_BYTES: usize = 256 << 20;

/// What the documents of a recipe flow through.
pub struct Flow<'a> {
    pub pinned: &'a Pinned,
    pub kernels: &'a Kernels,
    pub scratch: &'a dyn Scratch,
    /// Whether the first gathered document has one letter changed.
    pub is_planted: bool,
}

/// Documents to train on, and documents held out; both in document order.
pub struct Split {
    pub train: Spool,
    pub held: Spool,
    /// Documents by licence, where the recipe is about licences.
    licences: Option<BTreeMap<String, u64>>,
}

/// A pass at work: its logs, and where the documents go that it leaves.
struct Work<'a> {
    pass: Pass<'a>,
    logs: Logs,
    rest: Rest,
}

impl<'a> Work<'a> {
    fn new(pass: Pass<'a>, flow: &Flow) -> Result<Work<'a>, BuildError> {
        let logs = Logs::new(pass.decides(), flow.scratch)?;
        let share = pass.is_last().then_some(flow.pinned.held_out.share);
        let rest = Rest::new(share, flow)?;
        Ok(Work { pass, logs, rest })
    }

    fn push(&mut self, block: Vec<Flowing>) -> Result<(), BuildError> {
        let left = self.pass.push(block, &mut self.logs).map_err(compared)?;
        Ok(left.iter().try_for_each(|flowing| self.rest.push(flowing))?)
    }
}

/// Where documents go after a pass: to the next one, or after the last to training or aside.
struct Rest {
    held_out: Option<f64>,
    train: SpoolWriter,
    held: SpoolWriter,
    licences: Licences,
}

impl Rest {
    fn new(held_out: Option<f64>, flow: &Flow) -> io::Result<Rest> {
        let (train, held) = (SpoolWriter::new(flow.scratch)?, SpoolWriter::new(flow.scratch)?);
        Ok(Rest { held_out, train, held, licences: Licences::new(flow.pinned) })
    }

    fn push(&mut self, flowing: &Flowing) -> io::Result<()> {
        if self.held_out.is_some() {
            self.licences.push(&flowing.document);
        }
        let is_held = self.held_out.is_some_and(|share| is_held_out(share, &flowing.document.id));
        if is_held { self.held.push(flowing) } else { self.train.push(flowing) }
    }

    fn finish(self) -> io::Result<Split> {
        let (train, held) = (self.train.finish()?, self.held.finish()?);
        Ok(Split { train, held, licences: self.licences.finish() })
    }
}

/// A comparison that could not go on.
fn compared(error: DedupError) -> BuildError {
    match error {
        DedupError::Spill(error) => BuildError::Output(error),
        error => BuildError::Compare(error),
    }
}

impl Flow<'_> {
    /// Gathers and cleans all documents and holds some out.
    pub fn run(&self, inputs: &dyn Inputs, steps: &mut Steps) -> Result<Split, BuildError> {
        let bench = Bench { kernels: self.kernels, scratch: self.scratch, budget: COMPARE_BYTES };
        let mut work = Work::new(Pass::first(&self.pinned.cleaning, bench), self)?;
        for position in 0..self.pinned.formula.len() {
            self.gather(position, inputs, steps, &mut work)?;
        }
        let gathered = steps.results();
        loop {
            let Work { pass, logs, rest } = work;
            self.cleaned(pass.decides(), logs, &gathered, steps)?;
            let mut split = rest.finish()?;
            let Some(next) = pass.finish().map_err(compared)? else {
                self.held_out(&split, &gathered, steps)?;
                return Ok(split);
            };
            work = Work::new(next, self)?;
            self.pass(&mut split.train, steps, &mut work)?;
        }
    }

    /// Reads a source of the formula into the first pass.
    fn gather(
        &self,
        position: usize,
        inputs: &dyn Inputs,
        steps: &mut Steps,
        work: &mut Work,
    ) -> Result<(), BuildError> {
        let source = &self.pinned.formula[position].source;
        let manifest = &self.pinned.sources[source];
        let name = format!("gather {source}");
        let files = manifest.files.len() as u64;
        steps.show(&name, 0, files, "files");
        let (mut documents, mut bytes, mut digest) = (0, 0, Hasher::new());
        let mut record = GatherRecord::new(self.scratch)?;
        let mut licences = Licences::new(self.pinned);
        let mut failure = None;
        let mut plants = self.is_planted && position == 0;
        let gathered = gather(manifest, position as u32, inputs, self.kernels, &mut |mut block| {
            if std::mem::take(&mut plants) {
                plant_letter(&mut block);
            }
            documents += block.len() as u64;
            for document in &block {
                licences.push(document);
                bytes += document.text.len() as u64;
                // The text as it is now is the text as gathered.
                digest.update(document.id.as_bytes());
                digest.update(document.id.as_bytes());
            }
            let recorded = block.iter().try_for_each(|document| record.push(document));
            let flowing = || block.into_iter().map(Flowing::gathered).collect();
            recorded.map_err(BuildError::from).and_then(|()| work.push(flowing())).map_err(
                |error| {
                    failure = Some(error);
                    GatherError::Stopped
                },
            )
        });
        if let Some(failure) = failure {
            return Err(failure);
        }
        let aside =
            gathered.map_err(|error| BuildError::Gather { source_name: source.clone(), error })?;
        let mut counts = counts([("files", files), ("documents", documents), ("bytes", bytes)]);
        let quarantine = self.put_aside(manifest.on_error, aside, &mut counts, steps)?;
        let result = digest.finish();
        let result = quarantine.map_or(result, |kept| together(&result, &kept));
        let (reading, _) = operator(&manifest.reading);
        let key = key(&format!("gather.{reading}"), manifest, &[]);
        let documents = Some(record.finish(steps.outputs)?);
        let step = StepResult::new(name, key, result, counts);
        let licences = licences.finish();
        Ok(steps.take(StepResult { documents, quarantine, licences, ..step })?)
    }

    /// Counts what did not become a document, and keeps the bad records where that was chosen.
    fn put_aside(
        &self,
        on_error: OnError,
        Aside { bad, passed_over }: Aside,
        counts: &mut Counts,
        steps: &mut Steps,
    ) -> io::Result<Option<Digest>> {
        if passed_over > 0 {
            counts.insert("passed_over".into(), passed_over);
        }
        if on_error == OnError::Fail {
            return Ok(None);
        }
        counts.insert("quarantined".into(), bad.len() as u64);
        let mut file = record::file(self.scratch)?;
        serde_json::to_writer(&mut file, &bad)?;
        record::keep(file, steps.outputs).map(Some)
    }

    /// Sends the documents that a pass left through the next one.
    fn pass(
        &self,
        spool: &mut Spool,
        steps: &mut Steps,
        work: &mut Work,
    ) -> Result<(), BuildError> {
        let name = self.name(work.pass.decides().start);
        let (mut done, total) = (0, spool.documents);
        for block in spool.blocks()? {
            let block = block?;
            steps.show(&name, done, total, "documents");
            done += block.len() as u64;
            work.push(block)?;
        }
        Ok(())
    }

    /// The name of a cleaning step.
    fn name(&self, position: usize) -> String {
        let (operation, _) = operator(&self.pinned.cleaning[position]);
        format!("clean {} {operation}", position + 1)
    }

    /// Takes the steps that decided in a pass.
    fn cleaned(
        &self,
        decided: std::ops::Range<usize>,
        logs: Logs,
        gathered: &[Digest],
        steps: &mut Steps,
    ) -> Result<(), BuildError> {
        for (position, log) in decided.zip(logs.logs) {
            let (operation, parameters) = operator(&self.pinned.cleaning[position]);
            let key = key(&operation, &parameters, &before(position, gathered, steps));
            let record = log.record.finish(steps.outputs)?;
            let result = together(&log.left.finish(), &record.fates);
            let counts = counts([
                ("documents", log.kept),
                ("dropped", record.dropped),
                ("changed", record.changes),
            ]);
            let name = self.name(position);
            let step = StepResult::new(name.clone(), key, result, counts);
            let (fates, changed, measured) = (Some(record.fates), record.changed, record.measured);
            steps.take(StepResult { fates, changed, measured, ..step })?;
            if log.kept == 0 {
                return Err(BuildError::Nothing { step: name });
            }
        }
        Ok(())
    }

    fn held_out(
        &self,
        split: &Split,
        gathered: &[Digest],
        steps: &mut Steps,
    ) -> Result<(), BuildError> {
        let inputs = before(self.pinned.cleaning.len(), gathered, steps);
        let key = key("hold-out@1", &self.pinned.held_out, &inputs);
        let result = together(&split.train.digest, &split.held.digest);
        let counts =
            counts([("documents", split.train.documents), ("held_out", split.held.documents)]);
        let step = StepResult::new("hold out".into(), key, result, counts);
        steps.take(StepResult { licences: split.licences.clone(), ..step })?;
        if split.train.documents == 0 {
            return Err(BuildError::Nothing { step: "hold out".into() });
        }
        Ok(())
    }
}

/// What a step goes on from: all gathered sources, or the cleaning step before.
fn before(cleaning_steps: usize, gathered: &[Digest], steps: &Steps) -> Vec<Digest> {
    if cleaning_steps == 0 { gathered.to_vec() } else { vec![steps.last()] }
}

/// Changes the first letter of the first document.
fn plant_letter(documents: &mut [Document]) {
    let Some(first) = documents.first_mut() else { return };
    let mut letters = first.text.chars();
    let other = if letters.next() == Some('x') { 'y' } else { 'x' };
    let text = format!("{other}{}", letters.as_str());
    let about = first.about.clone();
    *first = Document::new(first.source, first.name.clone(), first.position, text);
    first.about = about;
}
