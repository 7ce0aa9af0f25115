//! Reads everything back and names all damage; works without an index, and changes nothing.
//!
//! What always holds: damage in one place does not hide damage in another.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use recipes::{Digest, Hasher, Manifest, Object};

use crate::blobs::Blobs;
use crate::disk::{Disk, RealDisk};
use crate::error::{Damage, RegistryError};
use crate::event::Action;
use crate::journal::{Journal, Lines, Mark};
use crate::layout::Layout;
use crate::line::{self, Line};
use crate::registry::Registry;
use crate::rows::{self, LOCATIONS_KIND, Locations};

/// What reading everything back found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    pub events: u64,
    pub objects: u64,
    pub blobs: u64,
    /// Bytes read from journal and blobs.
    pub bytes: u64,
    /// All damage, in the order of its places.
    pub damage: Vec<Damage>,
    /// What is odd without being damage.
    pub notes: Vec<String>,
}

impl Registry {
    /// Reads everything back, hashes it again and checks what refers to what.
    pub fn fsck(&self) -> Result<Report, RegistryError> {
        examine(self.folder())
    }
}

/// Examines the registry in a folder, whether it can be opened or not.
pub fn examine(folder: &Path) -> Result<Report, RegistryError> {
    let layout = Layout::new(folder);
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let id = layout.read_settings(&*disk)?;
    let journal = Journal { disk: Arc::clone(&disk), folder: layout.journal(), id };
    let mut examination = Examination {
        blobs: Blobs::new(disk, layout.clone()),
        journal,
        layout,
        report: Report::default(),
        objects: BTreeSet::new(),
        wanted_objects: BTreeMap::new(),
        wanted_blobs: BTreeMap::new(),
        elsewhere: BTreeMap::new(),
    };
    examination.read_journal()?;
    examination.read_blobs()?;
    examination.check_references();
    examination.report.damage.sort();
    Ok(examination.report)
}

struct Examination {
    blobs: Blobs,
    journal: Journal,
    layout: Layout,
    report: Report,
    objects: BTreeSet<Digest>,
    /// Each with the event that names it.
    wanted_objects: BTreeMap<Digest, String>,
    wanted_blobs: BTreeMap<Digest, String>,
    /// Files held by reference.
    elsewhere: BTreeMap<Digest, PathBuf>,
}

impl Examination {
    fn damaged(&mut self, place: impl Into<String>, what: impl Into<String>) {
        self.report.damage.push(Damage { place: place.into(), what: what.into() });
    }

    fn read_journal(&mut self) -> Result<(), RegistryError> {
        let segments = match self.journal.segments() {
            Err(RegistryError::Damaged(damage)) => {
                self.report.damage.push(damage);
                return Ok(());
            }
            segments => segments?,
        };
        let mut mark = Mark::start(&self.journal.id);
        for segment in 0..segments {
            mark = Mark { segment, offset: 0, ..mark };
            self.read_segment(&mut mark, segment + 1 == segments)?;
        }
        self.report.events = mark.events;
        Ok(())
    }

    /// Reads one segment; after a damaged line it goes on from the seal that the line carries.
    fn read_segment(&mut self, mark: &mut Mark, last: bool) -> Result<(), RegistryError> {
        let journal = self.journal.clone();
        let mut lines = Lines::new(&journal, mark.segment, 0);
        while let Some(bytes) = lines.next()? {
            let place = journal.name(mark.segment, mark.offset);
            let (body, ended) = match bytes.strip_suffix(b"\n") {
                Some(body) => (body, true),
                None => (bytes, false),
            };
            self.report.bytes += bytes.len() as u64;
            mark.offset += bytes.len() as u64;
            if !ended && last {
                let what = format!("{place}: {} bytes of a torn line", bytes.len());
                self.report.notes.push(what);
                break;
            }
            match line::decode(&mark.seal, body) {
                Ok(line) => {
                    if line.event.number != mark.events {
                        let found = line.event.number;
                        let wanted = mark.events;
                        self.damaged(&place, format!("event {found}, wanted event {wanted}"));
                    }
                    mark.events = line.event.number + 1;
                    mark.seal = line.seal;
                    self.take(&line, body, &place);
                }
                Err(what) => {
                    self.damaged(&place, what);
                    mark.events += 1;
                    mark.seal = line::written_seal(body).unwrap_or(mark.seal);
                }
            }
        }
        Ok(())
    }

    fn take(&mut self, line: &Line, body: &[u8], place: &str) {
        let event = format!("event {}", line.event.number);
        for (digest, range) in &line.objects {
            match Object::from_bytes(digest, body[range.clone()].to_vec()) {
                Ok(object) => self.take_object(&object, &event),
                Err(error) => self.damaged(place, format!("object `{digest}`: {error}")),
            }
            self.report.objects += 1;
            self.objects.insert(*digest);
        }
        let (objects, blobs): (&[usize], &[usize]) = match line.event.action {
            Action::RecipeAdded => (&[0], &[1]),
            Action::RunStarted => (&[0, 1], &[]),
            Action::RunFinished => (&[0, 1], &[2]),
            Action::RunRebuilt => (&[0, 1], &[]),
            Action::RunState if line.event.facts.get("kept") == Some(&true.into()) => (&[0], &[1]),
            Action::RegistryCreated => (&[], &[]),
            _ => (&[0], &[]),
        };
        let subject = |at: &usize| line.event.subjects.get(*at).copied();
        for digest in objects.iter().filter_map(subject) {
            self.wanted_objects.entry(digest).or_insert_with(|| event.clone());
        }
        for digest in blobs.iter().filter_map(subject) {
            self.wanted_blobs.entry(digest).or_insert_with(|| event.clone());
        }
    }

    /// What an object refers to.
    fn take_object(&mut self, object: &Object, event: &str) {
        let want = |wanted: &mut BTreeMap<Digest, String>, digest: Digest| {
            wanted.entry(digest).or_insert_with(|| event.to_owned());
        };
        match object.kind().as_str() {
            "ingot/source@1" => {
                let Ok(manifest) = object.read::<Manifest>("ingot/source@1") else { return };
                for file in manifest.files {
                    want(&mut self.wanted_blobs, file.digest);
                }
            }
            "ingot/recipe@1" | "ingot/formula@1" => {
                for digest in rows::mentions(object.bytes()) {
                    want(&mut self.wanted_objects, digest);
                }
            }
            "ingot/run@1" => {
                let Some(trace) = rows::trace(object) else { return };
                for digest in [trace.model, trace.tokenizer, trace.losses] {
                    want(&mut self.wanted_blobs, digest);
                }
            }
            LOCATIONS_KIND => {
                let Ok(known) = object.read::<Locations>(LOCATIONS_KIND) else { return };
                self.elsewhere.extend(known.locations);
            }
            _ => {}
        }
    }

    fn read_blobs(&mut self) -> Result<(), RegistryError> {
        let root = self.layout.blobs().join("sha256");
        for folder in RealDisk.names(&root).map_err(|e| RegistryError::file(&root, e))? {
            let folder = root.join(folder);
            let names = match RealDisk.names(&folder) {
                Ok(names) => names,
                Err(error) => {
                    self.damaged(self.layout.place(&folder), error.to_string());
                    continue;
                }
            };
            for name in names {
                self.read_blob(&folder.join(&name), &name);
            }
        }
        Ok(())
    }

    fn read_blob(&mut self, path: &Path, name: &str) {
        let place = self.layout.place(path);
        let Ok(wanted) = Digest::from_hex(name) else {
            self.report.notes.push(format!("{place} is no blob"));
            return;
        };
        if path != self.blobs.path(&wanted) {
            self.damaged(place, "the blob lies in the wrong folder");
            return;
        }
        self.report.blobs += 1;
        match hash_file(path) {
            Ok((found, size)) => {
                self.report.bytes += size;
                if found != wanted {
                    let what = format!("the bytes hash to `{}`, wanted its name", found.hex());
                    self.damaged(place, what);
                }
            }
            Err(error) => self.damaged(place, error.to_string()),
        }
    }

    fn check_references(&mut self) {
        let missing: Vec<_> = self
            .wanted_objects
            .iter()
            .filter(|(digest, _)| !self.objects.contains(digest))
            .map(|(digest, event)| (format!("object `{digest}`"), event.clone()))
            .collect();
        let elsewhere = |digest: &Digest| self.elsewhere.contains_key(digest);
        let gone: Vec<_> = self
            .wanted_blobs
            .iter()
            .filter(|(digest, _)| !self.blobs.has(digest) && !elsewhere(digest))
            .map(|(digest, event)| (format!("blob `{digest}`"), event.clone()))
            .collect();
        for (place, event) in missing.into_iter().chain(gone) {
            self.damaged(place, format!("{event} names it, it is not here"));
        }
    }
}

fn hash_file(path: &Path) -> std::io::Result<(Digest, u64)> {
    let mut file = fs::File::open(path)?;
    let (mut hasher, mut size) = (Hasher::new(), 0);
    let mut block = vec![0; 1 << 20];
    loop {
        match file.read(&mut block)? {
            0 => return Ok((hasher.finish(), size)),
            read => {
                hasher.update(&block[..read]);
                size += read as u64;
            }
        }
    }
}
