//! The cleaned documents of a run, made again from the record, checked and written as Parquet.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use recipes::StepResult;
use registry::{Registry, RunRecord};
use trainer::Options;
use trainer::documents_file::DocumentsFile;

use crate::context::Context;
use crate::furnace::{Rehearsal, Store};
use crate::progress::Meter;
use crate::{Failure, target};

/// The file in the folder.
pub const FILE: &str = "documents.parquet";

/// Writes the documents of a run into a file; gives how many there are.
pub fn write(
    context: &mut Context,
    registry: &Arc<Registry>,
    run: &RunRecord,
    options: &Options,
    path: &Path,
) -> Result<u64, Failure> {
    let recipe = run.summary.recipe;
    let pinned = registry.pinned(&recipe)?;
    let sources: Vec<String> = pinned.formula.iter().map(|one| one.source.clone()).collect();
    let wrong = |error: &dyn std::fmt::Display| Failure::new(format!("{FILE}: {error}"));
    let file = BufWriter::new(File::create(path)?);
    let mut file = DocumentsFile::new(file, &sources).map_err(|error| wrong(&error))?;
    let mut meter = Meter::new(&context.common, context.world);
    let stop = Arc::clone(&context.world.stop);
    let mut count = 0;
    let made = trainer::documents(
        &pinned,
        &Store::new(Arc::clone(registry)),
        &mut Rehearsal { meter: &mut meter, stop },
        options,
        &mut |document, is_held_out| {
            count += 1;
            file.push(document, is_held_out).map_err(std::io::Error::other)
        },
    );
    meter.finish();
    let steps =
        made.map_err(|error| Failure::from(target::in_words_of(registry, &recipe, error)))?;
    same(run, &steps)?;
    let mut file = file.finish().map_err(|error| wrong(&error))?;
    file.flush()?;
    file.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?;
    Ok(count)
}

/// The steps must have come out as they are recorded.
fn same(run: &RunRecord, steps: &[StepResult]) -> Result<(), Failure> {
    for (recorded, made) in run.steps.iter().zip(steps) {
        if (&recorded.name, recorded.result) != (&made.name, made.result) {
            let id = run.summary.id.short();
            let (before, now) = (recorded.result.short(), made.result.short());
            let message =
                format!("step `{}` gives {now} now, run {id} recorded {before}", made.name);
            return Err(
                Failure::new(message).hint(format!("`ingot rebuild {id}` compares all of the run"))
            );
        }
    }
    if run.steps.len() < steps.len() {
        let id = run.summary.id.short();
        return Err(Failure::new(format!("run {id} did not come to its documents")));
    }
    Ok(())
}
