//! The trainer's seams, tied to the registry: bytes in from its blobs, results out as its events.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, Builder};

use recipes::recipe::Hold;
use recipes::{Digest, Hasher, StateMark, StepResult};
use registry::{Action, Blobs, Entry, Registry, RunRecord, StraightFile};
use serde_json::{Map, json};
use trainer::outputs::{digest_of, digest_read};
use trainer::pin::Keep;
use trainer::{Inputs, Outputs, Progress, ResumePoint, WriteState};

use crate::progress::Meter;
use crate::target::copies;

/// Copies source files into the blobs, or only hashes those held by reference.
pub struct Keeping<'r> {
    blobs: &'r Blobs,
    locations: Mutex<BTreeMap<Digest, PathBuf>>,
}

impl<'r> Keeping<'r> {
    /// Keeps into these blobs.
    pub fn new(blobs: &'r Blobs) -> Keeping<'r> {
        Keeping { blobs, locations: Mutex::default() }
    }

    /// Where the files lie that were not copied.
    pub fn into_locations(self) -> BTreeMap<Digest, PathBuf> {
        self.locations.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Keep for Keeping<'_> {
    fn keep_file(&self, path: &Path, hold: Hold) -> io::Result<(Digest, u64)> {
        if copies(hold) {
            return self.blobs.put_file(path);
        }
        let found = Hashing.keep_file(path, hold)?;
        let place = fs::canonicalize(path)?;
        let mut locations = self.locations.lock().unwrap_or_else(PoisonError::into_inner);
        // Of files with the same bytes one place is remembered, whoever came first.
        let known = locations.entry(found.0).or_insert_with(|| place.clone());
        *known = place.max(known.clone());
        Ok(found)
    }

    fn keep_bytes(&self, bytes: &[u8], _: Hold) -> io::Result<(Digest, u64)> {
        Ok((self.blobs.put_bytes(bytes)?, bytes.len() as u64))
    }
}

/// Hashes source files without copying any, for looking at a recipe that is not registered.
pub struct Hashing;

impl Keep for Hashing {
    fn keep_file(&self, path: &Path, _: Hold) -> io::Result<(Digest, u64)> {
        hash_file(path)
    }

    fn keep_bytes(&self, bytes: &[u8], _: Hold) -> io::Result<(Digest, u64)> {
        Ok((Digest::of(bytes), bytes.len() as u64))
    }
}

/// The digest and size of a file.
pub fn hash_file(path: &Path) -> io::Result<(Digest, u64)> {
    let mut file = File::open(path)?;
    let (mut hasher, mut size) = (Hasher::new(), 0);
    let mut block = vec![0; 1 << 20];
    loop {
        match file.read(&mut block)? {
            0 => return Ok((hasher.finish(), size)),
            n => {
                hasher.update(&block[..n]);
                size += n as u64;
            }
        }
    }
}

/// Reads the bytes of sources from the blobs, or from where files held by reference were.
pub struct Store {
    registry: Arc<Registry>,
}

impl Store {
    /// Reads from this registry.
    pub fn new(registry: Arc<Registry>) -> Store {
        Store { registry }
    }
}

impl Inputs for Store {
    fn open(&self, digest: &Digest) -> io::Result<Box<dyn Read + Send>> {
        Opened::new(&self.registry).open(digest)
    }
}

/// The same of a registry that is lent.
pub struct Opened<'r> {
    registry: &'r Registry,
}

impl<'r> Opened<'r> {
    /// Reads from this registry.
    pub fn new(registry: &'r Registry) -> Opened<'r> {
        Opened { registry }
    }
}

impl Inputs for Opened<'_> {
    fn open(&self, digest: &Digest) -> io::Result<Box<dyn Read + Send>> {
        match self.registry.blobs().open(digest) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            opened => return Ok(Box::new(opened?)),
        }
        for path in self.registry.locations(digest).map_err(io::Error::other)? {
            if let Ok(file) = File::open(path) {
                return Ok(Box::new(file));
            }
        }
        let message = format!("the bytes of `{digest}` are not here");
        Err(io::Error::new(io::ErrorKind::NotFound, message))
    }
}

/// Records a run as it goes: every step and training state is an event before the run goes on.
pub struct Recording<'a> {
    pub registry: &'a Registry,
    pub run: Digest,
    pub actor: String,
    pub clock: fn() -> String,
    pub meter: &'a mut Meter,
    pub stop: Arc<AtomicBool>,
    /// The stage and step from which on training states are kept as blobs.
    pub kept_from: Option<(u32, u64)>,
    /// What was recorded before a kill.
    pub before: Option<RunRecord>,
}

impl Recording<'_> {
    fn record(&self, action: Action, result: Digest, facts: serde_json::Value) -> io::Result<()> {
        let entry = Entry {
            time: (self.clock)(),
            actor: self.actor.clone(),
            action,
            subjects: vec![self.run, result],
            reason: None,
            facts: facts.as_object().cloned().unwrap_or_else(Map::new),
            objects: Vec::new(),
        };
        self.registry.record_one(entry).map(|_| ()).map_err(io::Error::other)
    }

    /// A step or state recorded before a kill must come out the same now.
    fn same<T: PartialEq>(&self, before: Option<&T>, now: &T, what: &str) -> io::Result<bool> {
        match before {
            None => Ok(false),
            Some(before) if before == now => Ok(true),
            Some(_) => Err(io::Error::other(format!(
                "{what} came out otherwise than before this run was interrupted"
            ))),
        }
    }
}

impl Outputs for Recording<'_> {
    fn keep(&mut self, bytes: &mut dyn Read) -> io::Result<Digest> {
        self.registry.blobs().put(bytes).map(|(digest, _)| digest)
    }

    fn step(&mut self, step: &StepResult) -> io::Result<()> {
        self.meter.step(step);
        let steps = self.before.as_ref().map(|before| before.steps.as_slice()).unwrap_or_default();
        let before = steps.iter().find(|before| before.name == step.name);
        let (before, now) = (before.map(StepResult::bare), step.bare());
        if self.same(before.as_ref(), &now, &format!("step `{}`", step.name))? {
            return Ok(());
        }
        self.record(Action::RunStep, step.result, json!({"step": step}))
    }

    fn state(&mut self, stage: u32, step: u64, write: &WriteState) -> io::Result<Digest> {
        let folder = self.registry.work_folder(&self.run);
        let digest = write_whole(&folder, "state-", write)?;
        let mark = StateMark { stage, step, digest };
        let states = self.before.as_ref().map(|before| before.states.as_slice());
        let same_place = |before: &&StateMark| (before.stage, before.step) == (stage, step);
        let before = states.unwrap_or_default().iter().find(same_place);
        let what = format!("training state {step} of stage {}", stage + 1);
        let known = self.same(before, &mark, &what)?;
        let name = state_file(&digest);
        let kept = self.kept_from.is_some_and(|first| (stage, step) >= first);
        if kept {
            let (kept, _) = self.registry.blobs().put_file(&folder.join(&name))?;
            if kept != digest {
                let reason = format!("`{name}` hashes to `{kept}` on the disk");
                return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
            }
        }
        if !known {
            let facts = json!({"state": mark, "kept": kept});
            self.record(Action::RunState, digest, facts)?;
        }
        only(&folder, &name)?;
        Ok(digest)
    }

    fn pause(&mut self, write: &WriteState) -> io::Result<()> {
        write_whole(&self.registry.work_folder(&self.run), PAUSE_START, write).map(|_| ())
    }

    fn resume_point(&mut self) -> io::Result<Option<ResumePoint>> {
        let Some(before) = &self.before else { return Ok(None) };
        let folder = self.registry.work_folder(&self.run);
        for (place, mark) in before.states.iter().enumerate().rev() {
            let Some(bytes) = if_there(&folder.join(state_file(&mark.digest)))? else { continue };
            if Digest::of(&bytes) != mark.digest {
                continue;
            }
            let marks = before.states[..=place].to_vec();
            let paused = paused(&folder)?;
            return Ok(Some(ResumePoint { marks, bytes: paused.unwrap_or(bytes) }));
        }
        Ok(None)
    }

    fn progress(&mut self, progress: &Progress) {
        self.meter.progress(progress);
    }

    fn stop_wanted(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }
}

/// How the name of a state between two recorded ones starts; its digest follows.
const PAUSE_START: &str = "pause-";

/// A state between two recorded ones, if there is one and it is whole.
fn paused(folder: &Path) -> io::Result<Option<Vec<u8>>> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let hex = name.strip_prefix(PAUSE_START).and_then(|n| n.strip_suffix(".safetensors"));
        if let Some(wanted) = hex.and_then(|hex| Digest::from_hex(hex).ok()) {
            let bytes = fs::read(entry.path())?;
            if Digest::of(&bytes) == wanted {
                return Ok(Some(bytes));
            }
        }
    }
    Ok(None)
}

/// The file in a run's scratch folder that holds a training state.
fn state_file(digest: &Digest) -> String {
    format!("state-{}.safetensors", digest.hex())
}

/// Takes away states that a newer one has replaced.
fn only(folder: &Path, name: &str) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let file = entry.file_name();
        if file.to_string_lossy().ends_with(".safetensors") && file != *name {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// A file's bytes, if it is there.
fn if_there(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        read => read.map(Some),
    }
}

/// Writes a state into a file that is there whole or not at all, also after a power cut; its name
/// is a start and its digest. It is hashed while it is written.
pub fn write_whole(folder: &Path, start: &str, write: &WriteState) -> io::Result<Digest> {
    let partial = folder.join(format!("{start}partial"));
    let mut file = StraightFile::create(&partial)?;
    let digest = thread::scope(|scope| {
        let hashed = Builder::new().spawn_scoped(scope, || digest_of(write))?;
        write(&mut file)?;
        file.finish()?;
        hashed.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })?;
    fs::rename(&partial, folder.join(format!("{start}{}.safetensors", digest.hex())))?;
    File::open(folder)?.sync_all()?;
    Ok(digest)
}

/// Takes the results of a rebuild: nothing is kept, only compared.
pub struct Rehearsal<'a> {
    pub meter: &'a mut Meter,
    pub stop: Arc<AtomicBool>,
}

impl Outputs for Rehearsal<'_> {
    fn keep(&mut self, bytes: &mut dyn Read) -> io::Result<Digest> {
        digest_read(bytes)
    }

    fn step(&mut self, step: &StepResult) -> io::Result<()> {
        self.meter.step(step);
        Ok(())
    }

    fn state(&mut self, _: u32, _: u64, write: &WriteState) -> io::Result<Digest> {
        digest_of(write)
    }

    fn pause(&mut self, _: &WriteState) -> io::Result<()> {
        Ok(())
    }

    fn resume_point(&mut self) -> io::Result<Option<ResumePoint>> {
        Ok(None)
    }

    fn progress(&mut self, progress: &Progress) {
        self.meter.progress(progress);
    }

    fn stop_wanted(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }
}
