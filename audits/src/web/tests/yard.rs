//! A small registry as it would be after some days: recipes, runs of every fate, hostile text.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use axum::Router;
use recipes::{Digest, GateResult, Manifest, ManifestFile, Object, Pinned, Reading};
use recipes::{StateMark, StepResult, Trace};
use registry::{Action, Entry, Registry};
use serde_json::{Value, json};

use crate::verdict::{Verdict, compare};
use crate::web;

/// Markup, quotes, a change of direction, and ten thousand bytes.
pub static HOSTILE: LazyLock<String> = LazyLock::new(|| {
    format!("<script>alert(1)</script>\" 'onmouseover=x \u{202e}txet {}", "long ".repeat(2000))
});

const RECIPE: &str = r#"ingot: 1
name: crate-prose
summary: A small model of the prose in Rust documentation.
sources:
  crates: {kind: crates, lock: Cargo.lock, licence: MIT}
  project: {kind: git, repository: ., revision: main, include: ["**/*.md"]}
formula:
  - {source: crates, share: 0.8, repeats_max: 4}
  - {source: project, share: 0.2}
held_out: {share: 0.02}
cleaning:
  - text.normalize@1: {form: nfc}
  - filter.length@1: {chars_min: 200}
  - dedup.exact@1: {}
  - dedup.minhash@1: {ngram_words: 5, bands: 14, rows: 8, seed: 1}
  - pii.mask@1: {kinds: [email, ip]}
tokenizer: {kind: bpe, vocabulary: 4096}
model: {kind: llama, layers: 4, width: 256, heads: 8, kv_heads: 4, hidden: 768, context: 256}
stages:
  - pretrain:
      tokens: 2097152
      batch_tokens: 16384
      micro_batches: 4
      schedule: {kind: cosine, peak: 1.0e-3, floor: 1.0e-4, warmup_tokens: 100000}
      state_every: 20
quality:
  - held-out-loss@1: {max: 4.5}
  - leakage@1: {ngram_words: 13, fraction_max: 0.0}
seed: "20261123"
"#;

/// The registry with what is in it.
pub struct Yard {
    registry: Arc<Registry>,
    pub first: Digest,
    pub second: Digest,
    pub trace: Trace,
    /// A run that was rebuilt and came out the same.
    pub finished: Digest,
    pub verdict: Digest,
    /// A run that came out otherwise.
    pub differing: Digest,
    pub failed: Digest,
    /// Goes away last: a registry that closes still speaks through its folder.
    folder: tempfile::TempDir,
}

fn time(minute: u32) -> String {
    format!("2026-11-23T{:02}:{:02}:00.000000Z", 10 + minute / 60, minute % 60)
}

fn pinned(registry: &Registry, text: &str, commit: &str) -> Pinned {
    let recipe = recipes::read(text).unwrap_or_else(|problems| panic!("{problems:?}"));
    let file = |name: &str, size: usize| {
        let bytes = format!("{name} {commit} ").repeat(size);
        let digest = registry.blobs().put_bytes(bytes.as_bytes()).expect("a blob");
        ManifestFile { name: name.into(), size: bytes.len() as u64, digest }
    };
    let crates = Manifest {
        reading: Reading::Crates1 {},
        licence: Some("MIT".into()),
        commit: None,
        on_error: Default::default(),
        files: vec![file("axum-0.8.9.crate", 9_000), file("serde-1.0.228.crate", 700)],
    };
    let project = Manifest {
        reading: Reading::Text1 {},
        licence: None,
        commit: Some(commit.repeat(40)),
        on_error: Default::default(),
        files: vec![file("README.md", 300)],
    };
    Pinned {
        name: recipe.name,
        summary: recipe.summary,
        arithmetic: recipes::ARITHMETIC,
        sources: BTreeMap::from([("crates".into(), crates), ("project".into(), project)]),
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

fn trace(registry: &Registry) -> Trace {
    let steps = [
        ("gather crates", "documents", 1_412),
        ("clean 1 text.normalize@1", "documents", 1_412),
        ("clean 2 filter.length@1", "documents_out", 968),
        ("hold out", "documents_held_out", 19),
        ("tokenizer", "entries", 4_096),
        ("tokenize", "tokens", 3_102_224),
        ("mix", "sequences", 8_192),
        ("train 1 pretrain", "steps", 128),
        ("model", "parameters", 4_123_904),
        ("quality held-out-loss@1", "tokens", 61_440),
    ];
    let step = |(name, key, n): (&str, &str, u64)| {
        StepResult::new(
            name.into(),
            Digest::of(format!("key {name}").as_bytes()),
            Digest::of(format!("result {name}").as_bytes()),
            BTreeMap::from([("documents_in".to_owned(), 1_412), (key.to_owned(), n)]),
        )
    };
    let state = |n: u64| StateMark {
        stage: 0,
        step: n * 20,
        digest: Digest::of(format!("state {n}").as_bytes()),
    };
    let wave = |i: u32| f64::from((i * 37) % 11) * 0.02;
    let losses: Vec<f64> =
        (0..128).map(|i| 3.4 + 5.0 * (-f64::from(i) / 22.0).exp() + wave(i)).collect();
    let keep = |bytes: &[u8]| registry.blobs().put_bytes(bytes).expect("a blob");
    let gate =
        |gate: &str, value, bar| GateResult { gate: gate.into(), value, bar, met: value <= bar };
    Trace {
        steps: steps.map(step).to_vec(),
        states: (0..7).map(state).collect(),
        model: keep(&vec![7; 70_000]),
        tokenizer: keep(b"{\"tokenizer\":true}"),
        losses: keep(json!([losses]).to_string().as_bytes()),
        quality: vec![gate("held-out-loss@1", 3.87, 4.5), gate("leakage@1", 0.0021, 0.0)],
    }
}

impl Yard {
    /// Makes everything.
    pub fn new() -> Yard {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let place = folder.path().join(".ingot");
        let registry = Registry::create(&place, &time(0), "founder").expect("a registry");
        let add = |text: &str, commit: &str, minute| {
            let pinned = pinned(&registry, text, commit);
            let no = BTreeMap::new();
            let (time, actor) = (time(minute), "engineer".to_owned());
            let added = registry.add_recipe(&pinned, text.as_bytes(), no, time, actor, None);
            added.expect("a version").digest
        };
        let first = add(RECIPE, "4", 1);
        let changed = RECIPE.replace("chars_min: 200", "chars_min: 300");
        let changed = changed.replace("peak: 1.0e-3", "peak: 3.0e-4");
        let second = add(&changed, "5", 2);
        let _ = add(&RECIPE.replace("name: crate-prose", "name: fables"), "6", 3);
        let trace = trace(&registry);
        let blank = first;
        let mut yard = Yard {
            registry: Arc::new(registry),
            first,
            second,
            trace,
            finished: blank,
            verdict: blank,
            differing: blank,
            failed: blank,
            folder,
        };
        yard.fill();
        yard
    }

    fn fill(&mut self) {
        self.differing = self.run(self.first, 10, "engineer");
        let mut other = self.trace.clone();
        other.steps[6].result = Digest::of(b"another mixture");
        let verdict = compare(self.differing, &self.trace, &other);
        self.finish(self.differing, 20);
        self.judge(&verdict, 25);
        self.finished = self.run(self.second, 30, "engineer");
        self.finish(self.finished, 40);
        self.judge(&Verdict::undecided(self.finished, "`README.md` is not here"), 41);
        self.verdict = self.judge(&compare(self.finished, &self.trace, &self.trace), 45);
        self.failed = self.run(self.second, 50, &HOSTILE);
        let why = Some(HOSTILE.clone());
        self.record(55, &HOSTILE, Action::RunFailed, vec![self.failed], why, json!({}), vec![]);
        let running = self.run(self.second, 60, "night shift");
        let mark = json!({"state": self.trace.states[1], "kept": false});
        let subjects = vec![running, self.trace.states[1].digest];
        self.record(65, "night shift", Action::RunState, subjects, None, mark, vec![]);
    }

    fn run(&self, recipe: Digest, minute: u32, actor: &str) -> Digest {
        let environment = json!({"ingot": "0.1.0", "machine": "x86_64", "system": "linux",
            "threads": 2, "tier": "avx512", "note": actor});
        let start = json!({"recipe": recipe, "time": time(minute), "actor": actor,
            "environment": environment});
        let start = Object::new("ingot/run-start@1", &start).expect("an object");
        let id = start.digest();
        let objects = vec![start];
        self.record(minute, actor, Action::RunStarted, vec![id, recipe], None, json!({}), objects);
        id
    }

    fn finish(&self, run: Digest, minute: u32) {
        for step in &self.trace.steps {
            let facts = json!({"step": step});
            let subjects = vec![run, step.result];
            self.record(minute, "engineer", Action::RunStep, subjects, None, facts, vec![]);
        }
        for state in &self.trace.states {
            let facts = json!({"state": state, "kept": false});
            let subjects = vec![run, state.digest];
            self.record(minute, "engineer", Action::RunState, subjects, None, facts, vec![]);
        }
        let record = json!({"start": run, "recipe": self.first, "trace": self.trace,
            "parameters": 4_123_904, "seconds": 245.2});
        let object = Object::new("ingot/run@1", &record).expect("an object");
        let subjects = vec![run, object.digest(), self.trace.model];
        let facts = json!({});
        self.record(minute, "engineer", Action::RunFinished, subjects, None, facts, vec![object]);
    }

    fn judge(&self, verdict: &Verdict, minute: u32) -> Digest {
        let object = verdict.object().expect("an object");
        let named = object.digest();
        let facts = json!({"verdict": verdict.verdict});
        let subjects = vec![verdict.run, named];
        self.record(minute, "auditor", Action::RunRebuilt, subjects, None, facts, vec![object]);
        named
    }

    #[expect(clippy::too_many_arguments, reason = "an entry has so many parts")]
    fn record(
        &self,
        minute: u32,
        actor: &str,
        action: Action,
        subjects: Vec<Digest>,
        reason: Option<String>,
        facts: Value,
        objects: Vec<Object>,
    ) {
        let facts = facts.as_object().cloned().unwrap_or_default();
        let (time, actor) = (time(minute), actor.to_owned());
        let entry = Entry { time, actor, action, subjects, reason, facts, objects };
        self.registry.record_one(entry).expect("an event");
    }

    /// Records one more step of the failed run.
    pub fn step(&self, name: &str) {
        let mut step = self.trace.steps[0].clone();
        step.name = name.into();
        let facts = json!({"step": step});
        let subjects = vec![self.failed, step.result];
        self.record(90, "engineer", Action::RunStep, subjects, None, facts, vec![]);
    }

    /// Records finished steps of the failed run.
    pub fn steps(&self, steps: &[StepResult]) {
        for step in steps {
            let (facts, subjects) = (json!({"step": step}), vec![self.failed, step.result]);
            self.record(91, "engineer", Action::RunStep, subjects, None, facts, vec![]);
        }
    }

    /// The number of events.
    pub fn events(&self) -> u64 {
        self.registry.event_count().expect("a number")
    }

    /// All pages.
    pub fn router(&self) -> Router {
        web::router(self.registry(), None)
    }

    /// The registry itself.
    pub fn registry(&self) -> Arc<Registry> {
        Arc::clone(&self.registry)
    }

    /// Changes one letter in every place of the journal where the second recipe's digits stand.
    pub fn damage_journal(&self) {
        let journal = self.folder.path().join(".ingot/journal/000000.jsonl");
        let text = std::fs::read_to_string(&journal).expect("the journal");
        let changed = text.replace("Rust documentation", "Dust documentation");
        assert_ne!(text, changed);
        std::fs::write(journal, changed).expect("a damaged journal");
    }
}
