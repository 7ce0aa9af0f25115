//! What could be deleted, and what that would cost; nothing is deleted here.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use recipes::Digest;
use serde::{Deserialize, Serialize};

use crate::error::RegistryError;
use crate::journal::Mark;
use crate::registry::Registry;
use crate::rows;
use crate::runs::{Retention, RunStatus};

/// Something that could be deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GcItem {
    /// What it is: a blob by its digest, or a path from the registry's folder.
    pub what: String,
    /// Bytes that would be free.
    pub size: u64,
    /// Why it could go.
    pub reason: String,
}

/// A run that could no longer be repeated as far as now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lowered {
    pub run: Digest,
    pub now: Retention,
    pub after: Retention,
}

/// What a collection would do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GcPlan {
    pub items: Vec<GcItem>,
    /// Runs whose retention deleting all items would lower.
    pub lowered: Vec<Lowered>,
}

impl Registry {
    /// Finds what could be deleted; kept training states of finished runs are part of it.
    pub fn gc_plan(&self) -> Result<GcPlan, RegistryError> {
        let mut plan = GcPlan::default();
        let named = self.named_digests()?;
        for digest in self.blobs().list().map_err(blobs)? {
            if !named.contains(&digest) {
                plan.items.push(self.blob(&digest, "no event and no object names it".into())?);
            }
        }
        for run in self.runs()?.into_iter().filter(|run| run.status == RunStatus::Finished) {
            let states: BTreeSet<Digest> = self.kept_states(&run.id)?.into_iter().collect();
            let mut kept = states.iter().filter(|state| self.blobs().has(state)).peekable();
            if kept.peek().is_some() && !self.sources_are_here(&run.recipe)? {
                let (now, after) = (Retention::SpotCheckable, Retention::RecordOnly);
                plan.lowered.push(Lowered { run: run.id, now, after });
            }
            for state in kept {
                let reason = format!("training state of run {}", run.id.short());
                plan.items.push(self.blob(state, reason)?);
            }
        }
        self.scratch(&mut plan)?;
        Ok(plan)
    }

    fn blob(&self, digest: &Digest, reason: String) -> Result<GcItem, RegistryError> {
        let size = self.blobs().size(digest).map_err(blobs)?;
        Ok(GcItem { what: digest.to_string(), size, reason })
    }

    /// Every digest that the journal mentions anywhere.
    fn named_digests(&self) -> Result<BTreeSet<Digest>, RegistryError> {
        let mut named = BTreeSet::new();
        self.journal.replay(Mark::start(self.id()), &mut |_, _, body| {
            named.extend(rows::mentions(body));
            Ok(())
        })?;
        Ok(named)
    }

    /// Scratch folders that no run in progress needs, and copies that were never finished.
    fn scratch(&self, plan: &mut GcPlan) -> Result<(), RegistryError> {
        let folder = self.layout.work();
        let about = |error| RegistryError::file(&folder, error);
        let entries = match fs::read_dir(&folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            entries => entries.map_err(about)?,
        };
        for entry in entries {
            let path = entry.map_err(about)?.path();
            let name = path.file_name().map(|n| n.to_string_lossy().into_owned());
            let Ok(run) = Digest::from_hex(&name.unwrap_or_default()) else { continue };
            let status = self.run_summary(&run)?.map(|run| run.status);
            let reason = match status {
                Some(RunStatus::Running) => continue,
                Some(status) => format!("scratch of a run that is {status}"),
                None => "scratch of a run that was never recorded".to_owned(),
            };
            let (what, size) = (self.layout.place(&path), size_of(&path));
            plan.items.push(GcItem { what, size, reason });
        }
        plan.items.sort_by(|a, b| a.what.cmp(&b.what));
        Ok(())
    }
}

fn blobs(error: std::io::Error) -> RegistryError {
    RegistryError::File { path: "blobs".into(), error }
}

fn size_of(path: &Path) -> u64 {
    let Ok(found) = fs::symlink_metadata(path) else { return 0 };
    if !found.is_dir() {
        return found.len();
    }
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    entries.map(|entry| size_of(&entry.path())).sum()
}
