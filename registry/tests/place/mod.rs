//! Situations for the registry's tests: a folder, entries, recipes, and this program again as
//! another process.

#![allow(dead_code)] // each test file uses its own part

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use recipes::{Digest, Manifest, ManifestFile, Object, Pinned, Reading};
use registry::{Action, Entry, Event, Registry};
use serde_json::{Map, json};

pub const TIME: &str = "2026-11-23T00:00:00.000000Z";

/// A folder that goes away, with room for a registry.
pub struct Place(tempfile::TempDir);

impl Place {
    pub fn new() -> Place {
        Place(tempfile::tempdir().expect("a folder"))
    }

    pub fn with_registry() -> Place {
        let place = Place::new();
        drop(Registry::create(&place.folder(), TIME, "smith").expect("a registry"));
        place
    }

    /// The registry's folder.
    pub fn folder(&self) -> PathBuf {
        self.0.path().join(".ingot")
    }

    pub fn root(&self) -> &Path {
        self.0.path()
    }

    #[track_caller]
    pub fn open(&self) -> Registry {
        Registry::open(&self.folder()).unwrap_or_else(|error| panic!("{error}"))
    }

    /// The first segment of the journal.
    pub fn journal(&self) -> PathBuf {
        self.folder().join("journal/000000.jsonl")
    }
}

/// The beginning of a run whose id depends on the text.
pub fn start(text: &str) -> Entry {
    let record = json!({"recipe": Digest::of(b"recipe"), "text": text});
    let object = Object::new("ingot/run-start@1", &record).expect("an object");
    Entry {
        time: TIME.into(),
        actor: "smith".into(),
        action: Action::RunStarted,
        subjects: vec![object.digest(), Digest::of(b"recipe")],
        reason: Some(text.into()),
        facts: Map::new(),
        objects: vec![object],
    }
}

/// A step of a run, without objects.
pub fn step(run: Digest, name: &str) -> Entry {
    let digest = Digest::of(name.as_bytes());
    let step = json!({"name": name, "key": digest, "result": digest, "counts": {}});
    Entry {
        action: Action::RunStep,
        subjects: vec![run, digest],
        facts: Map::from_iter([("step".to_owned(), step)]),
        objects: Vec::new(),
        ..start(name)
    }
}

/// A recipe over one file that is in the blobs; the seed makes it another one.
pub fn recipe(registry: &Registry, name: &str, seed: &str) -> Pinned {
    let bytes = b"once upon a time";
    let digest = registry.blobs().put_bytes(bytes).expect("a blob");
    pinned(name, seed, digest, bytes.len() as u64)
}

/// A recipe over one file.
pub fn pinned(name: &str, seed: &str, digest: Digest, size: u64) -> Pinned {
    let yaml = YAML.replace("NAME", name).replace("SEED", seed);
    let recipe = recipes::read(&yaml).unwrap_or_else(|_| panic!("not a recipe:\n{yaml}"));
    let files = vec![ManifestFile { name: "a.txt".into(), size, digest }];
    let reading = Reading::Text1 {};
    let manifest =
        Manifest { reading, licence: None, commit: None, on_error: Default::default(), files };
    Pinned {
        name: recipe.name,
        summary: recipe.summary,
        arithmetic: recipes::ARITHMETIC,
        sources: BTreeMap::from_iter([("stories".to_owned(), manifest)]),
        formula: recipe.formula,
        held_out: recipe.held_out,
        cleaning: recipe.cleaning,
        tokenizer: recipe.tokenizer,
        model: recipe.model,
        stages: recipe.stages,
        quality: recipe.quality,
        seed: recipe.seed,
    }
}

/// Adds a recipe whose text is its name and seed.
pub fn add(registry: &Registry, name: &str, seed: &str) -> registry::Added {
    let pinned = recipe(registry, name, seed);
    let yaml = format!("{name} {seed}");
    registry
        .add_recipe(&pinned, yaml.as_bytes(), BTreeMap::new(), TIME.into(), "smith".into(), None)
        .unwrap_or_else(|error| panic!("{error}"))
}

const YAML: &str = r#"ingot: 1
name: NAME
summary: A toy model of made-up stories.
sources:
  stories:
    kind: files
    include: ["texts/*.txt"]
formula:
  - {source: stories, share: 1.0, repeats_max: 50}
held_out: {share: 0.1}
cleaning:
  - dedup.exact@1: {}
tokenizer: {kind: bpe, vocabulary: 320}
model: {kind: llama, layers: 2, width: 32, heads: 4, kv_heads: 2, hidden: 64, context: 32}
stages:
  - pretrain:
      tokens: 10240
      batch_tokens: 256
      micro_batches: 2
      schedule: {kind: cosine, peak: 3.0e-3, floor: 3.0e-4, warmup_tokens: 1024}
      state_every: 10
quality:
  - held-out-loss@1: {max: 6.0}
seed: "SEED"
"#;

/// All events, oldest first.
#[track_caller]
pub fn all(registry: &Registry) -> Vec<Event> {
    let mut events = registry.events(&registry::EventFilter::default()).expect("events");
    events.reverse();
    events
}

/// This test program as another process that plays a role; see `play`.
pub fn process(place: &Place, role: &str, seed: u64) -> Child {
    let program = std::env::current_exe().expect("this program");
    Command::new(program)
        .args(["--exact", "another_process", "--ignored", "--nocapture"])
        .env("ROLE", role)
        .env("FOLDER", place.folder())
        .env("SEED", seed.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("it starts")
}

/// What a process that has ended told: the lines that begin with `told `.
pub fn told(child: &mut Child) -> Vec<String> {
    let out = child.stdout.take().expect("its output");
    let lines = BufReader::new(out).lines().map_while(Result::ok);
    lines.filter_map(|line| Some(line.split_once("told ")?.1.to_owned())).collect()
}

/// Waits for the first line that a process tells.
pub fn first_told(child: &mut Child) -> String {
    let out = child.stdout.as_mut().expect("its output");
    let mut text = Vec::new();
    let mut byte = [0];
    loop {
        use std::io::Read;
        assert_eq!(out.read(&mut byte).expect("a byte"), 1, "it ended without a word");
        text.push(byte[0]);
        if byte[0] == b'\n' {
            let line = String::from_utf8_lossy(&text).into_owned();
            if let Some((_, told)) = line.split_once("told ") {
                return told.trim().to_owned();
            }
            text.clear();
        }
    }
}

/// Tells the process that started this one something, at once.
pub fn tell(text: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "told {text}").and_then(|()| out.flush()).expect("somebody listens");
}

/// The role of this process, its folder and its seed, where a test started it as one of its own.
pub fn role() -> Option<(String, PathBuf, u64)> {
    let role = std::env::var("ROLE").ok()?;
    let variable = |name: &str| std::env::var(name).expect("a process with a role");
    let seed = variable("SEED").parse().expect("a number");
    Some((role, variable("FOLDER").into(), seed))
}

/// The next of a fixed series of odd numbers.
pub fn next(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}
