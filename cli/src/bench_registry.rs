//! The registry's figures: storing, recording, opening and looking, beside what they are compared
//! with.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use clap::Args;
use recipes::{Digest, Object, StateMark, StepResult, Trace};
use registry::{Action, Entry, Registry};
use serde_json::{Map, Value, json};

use crate::Failure;
use crate::commands::bench::{Figure, figure};
use crate::context::Context;

/// How much is measured with.
#[derive(Args)]
pub struct Sizes {
    /// Where scratch files go; some gigabytes are needed [default: here]
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
    /// The size of the large file
    #[arg(long, default_value_t = 1_000_000_000, value_name = "N")]
    bytes: u64,
    /// The objects in the large registry
    #[arg(long, default_value_t = 1_000_000, value_name = "N")]
    objects: u64,
    /// The runs in the registry that is looked at
    #[arg(long, default_value_t = 10_000, value_name = "N")]
    runs: u64,
    /// Does one part in this process, whose memory counts
    #[arg(long, hide = true, value_name = "PART")]
    part: Option<Part>,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Part {
    Open,
    Rebuild,
}

const TIME: &str = "2026-01-01T00:00:00.000000Z";

/// Measures in a scratch folder, or does one part in this process.
pub fn measure(context: &mut Context, sizes: &Sizes) -> Result<Vec<Figure>, Failure> {
    if let Some(part) = sizes.part {
        measured(context, part)?;
        return Ok(Vec::new());
    }
    let scratch = Scratch::new(context, sizes.folder.as_deref())?;
    registry(context, &scratch.0, sizes)
}

/// A folder that goes away with its measurement.
pub struct Scratch(pub PathBuf);

impl Scratch {
    /// Makes one below a folder, or below the present one.
    pub fn new(context: &Context, folder: Option<&Path>) -> Result<Scratch, Failure> {
        let folder = folder.map(|folder| context.path(folder));
        let folder = folder.unwrap_or_else(|| context.world.folder.clone());
        let scratch = Scratch(folder.join(format!(".ingot-bench-{}", std::process::id())));
        fs::create_dir_all(&scratch.0).map_err(|error| Failure::file(&scratch.0, &error))?;
        Ok(scratch)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Measures every figure of the registry.
fn registry(context: &mut Context, folder: &Path, sizes: &Sizes) -> Result<Vec<Figure>, Failure> {
    context.note("storing a large file");
    let mut figures = store(folder, sizes.bytes)?;
    context.note("recording events");
    figures.extend(record(folder)?);
    context.note("looking at a registry with many runs");
    figures.extend(look(folder, sizes.runs)?);
    context.note("opening a registry with many objects");
    figures.extend(open(folder, sizes.objects)?);
    Ok(figures)
}

/// Storing a large file against hashing and copying it with the usual tools.
fn store(folder: &Path, bytes: u64) -> Result<Vec<Figure>, Failure> {
    let source = folder.join("large");
    write_noise(&source, bytes)?;
    let (mut ours, mut theirs) = (f64::MAX, f64::MAX);
    for round in 0..3 {
        let place = folder.join(format!("store-{round}"));
        let registry = Registry::create(&place, TIME, "bench")?;
        let begun = Instant::now();
        registry.blobs().put_file(&source)?;
        ours = ours.min(begun.elapsed().as_secs_f64());
        drop(registry);
        fs::remove_dir_all(&place)?;
        let copy = folder.join("copy");
        let begun = Instant::now();
        tool(Command::new("openssl").args(["dgst", "-sha256"]).arg(&source))?;
        tool(Command::new("cp").arg(&source).arg(&copy))?;
        theirs = theirs.min(begun.elapsed().as_secs_f64());
        fs::remove_file(&copy)?;
    }
    fs::remove_file(&source)?;
    let per_gb = 1e9 / bytes as f64;
    Ok(vec![
        figure("registry.store_seconds_per_gb", ours * per_gb, "s", ""),
        figure("registry.store_peer_seconds_per_gb", theirs * per_gb, "s", "openssl, then cp"),
        figure("registry.store_ratio", ours / theirs, "", "at most 1.25"),
    ])
}

/// Bytes that no file system can make smaller.
fn write_noise(path: &Path, bytes: u64) -> Result<(), Failure> {
    let mut file = File::create(path)?;
    let (mut state, mut left) = (0x9e37_79b9_7f4a_7c15_u64, bytes);
    let mut block = vec![0; 1 << 20];
    while left > 0 {
        for word in block.chunks_exact_mut(8) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            word.copy_from_slice(&state.to_le_bytes());
        }
        let length = left.min(block.len() as u64);
        file.write_all(&block[..length as usize])?;
        left -= length;
    }
    Ok(file.sync_all()?)
}

fn tool(command: &mut Command) -> Result<(), Failure> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|error| Failure::file(Path::new(&name), &error))?;
    if output.status.success() {
        return Ok(());
    }
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(Failure::new(format!("`{name}` ended with {}: {}", output.status, told.trim())))
}

/// Small durable events, one by one and a hundred at a time.
fn record(folder: &Path) -> Result<Vec<Figure>, Failure> {
    let registry = Registry::create(&folder.join("events"), TIME, "bench")?;
    let (single, batches) = (1000, 200);
    let begun = Instant::now();
    for number in 0..single {
        registry.record_one(small(number, 1)?)?;
    }
    let one_by_one = single as f64 / begun.elapsed().as_secs_f64();
    let begun = Instant::now();
    for batch in 0..batches {
        let first = single + batch * 100;
        let entries: Result<_, Failure> = (first..first + 100).map(|n| small(n, 1)).collect();
        registry.record(entries?)?;
    }
    let batched = (batches * 100) as f64 / begun.elapsed().as_secs_f64();
    Ok(vec![
        figure("registry.events_batched_per_second", batched, "1/s", "at least 1500"),
        figure("registry.events_single_per_second", one_by_one, "1/s", "at least 300"),
    ])
}

/// An event that introduces small objects, each of which mentions another digest.
fn small(number: u64, objects: u64) -> Result<Entry, Failure> {
    let object = |at: u64| {
        let of = Digest::of(&at.to_le_bytes());
        let record = json!({"number": at, "of": of, "name": "clean 2", "documents": 968});
        Object::new("bench/small@1", &record).map_err(|error| Failure::new(error.to_string()))
    };
    let range = number * objects..(number + 1) * objects;
    let objects = range.map(object).collect::<Result<Vec<_>, _>>()?;
    let subjects = objects.iter().take(1).map(Object::digest).collect();
    Ok(entry(Action::RunStep, subjects, Map::new(), objects))
}

fn entry(
    action: Action,
    subjects: Vec<Digest>,
    facts: Map<String, Value>,
    objects: Vec<Object>,
) -> Entry {
    let (time, actor) = (TIME.to_owned(), "bench".to_owned());
    Entry { time, actor, action, subjects, reason: None, facts, objects }
}

/// Looking with the real program, from start to exit.
fn look(folder: &Path, runs: u64) -> Result<Vec<Figure>, Failure> {
    let place = folder.join("runs");
    drop(Registry::create(&place, TIME, "bench")?);
    fs::create_dir_all(folder.join("texts"))?;
    fs::write(folder.join("texts/a.txt"), "once upon a time\n")?;
    for seed in ["1", "2"] {
        let yaml = folder.join("prose.yaml");
        fs::write(&yaml, RECIPE.replace("SEED", seed))?;
        ingot(&place, &["add", &yaml.to_string_lossy()])?;
    }
    let registry = Registry::open(&place)?;
    let recipe = registry.versions("prose")?.first().map(|version| version.digest);
    let recipe = recipe.ok_or_else(|| Failure::new("the sample recipe was not registered"))?;
    let mut last = recipe;
    for first in (0..runs).step_by(50) {
        let mut entries = Vec::new();
        for number in first..runs.min(first + 50) {
            last = one_run(number, recipe, &mut entries)?;
        }
        registry.record(entries)?;
    }
    drop(registry);
    let run = last.hex();
    Ok(vec![
        figure("registry.show_milliseconds", median(&place, &["show", &run])?, "ms", "at most 60"),
        figure(
            "registry.diff_milliseconds",
            median(&place, &["diff", "prose@1", "prose@2"])?,
            "ms",
            "at most 60",
        ),
    ])
}

/// The events of one finished run with five steps and three training states.
fn one_run(number: u64, recipe: Digest, entries: &mut Vec<Entry>) -> Result<Digest, Failure> {
    let object = |kind: &str, record: &Value| {
        Object::new(kind, record).map_err(|error| Failure::new(error.to_string()))
    };
    let start = json!({"recipe": recipe, "time": TIME, "actor": "bench", "environment": number});
    let start = object("ingot/run-start@1", &start)?;
    let id = start.digest();
    let step = |at: u64| {
        StepResult::new(
            format!("clean {at} dedup.exact@1"),
            Digest::of(&at.to_le_bytes()),
            Digest::of(&(number * 100 + at).to_le_bytes()),
            [("documents_in".to_owned(), 1412), ("documents_out".to_owned(), 968)].into(),
        )
    };
    let state = |at: u64| StateMark {
        stage: 0,
        step: at,
        digest: Digest::of(&(number * 100 + 50 + at).to_le_bytes()),
    };
    let trace = Trace {
        steps: (1..=5).map(step).collect(),
        states: (1..=3).map(state).collect(),
        model: id,
        tokenizer: id,
        losses: id,
        quality: Vec::new(),
    };
    entries.push(entry(Action::RunStarted, vec![id, recipe], Map::new(), vec![start]));
    for step in &trace.steps {
        let facts = Map::from_iter([("step".to_owned(), json!(step))]);
        entries.push(entry(Action::RunStep, vec![id, step.result], facts, Vec::new()));
    }
    for state in &trace.states {
        let facts = Map::from_iter([
            ("state".to_owned(), json!(state)),
            ("kept".to_owned(), Value::Bool(false)),
        ]);
        entries.push(entry(Action::RunState, vec![id, state.digest], facts, Vec::new()));
    }
    let run = json!({"start": id, "recipe": recipe, "trace": trace, "seconds": 1.5});
    let run = object("ingot/run@1", &run)?;
    let subjects = vec![id, run.digest(), id];
    entries.push(entry(Action::RunFinished, subjects, Map::new(), vec![run]));
    Ok(id)
}

fn ingot(place: &Path, arguments: &[&str]) -> Result<String, Failure> {
    let program = std::env::current_exe()?;
    let mut command = Command::new(program);
    command.arg("--registry").arg(place).args(arguments).env("INGOT_ACTOR", "bench");
    let output = command.stdin(Stdio::null()).output()?;
    // A difference is an answer of its own.
    if matches!(output.status.code(), Some(0 | 1)) {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(Failure::new(format!("`ingot {}` failed: {}", arguments.join(" "), told.trim())))
}

/// The median time of a command, in milliseconds.
fn median(place: &Path, arguments: &[&str]) -> Result<f64, Failure> {
    let mut times = Vec::new();
    for _ in 0..15 {
        let begun = Instant::now();
        ingot(place, arguments)?;
        times.push(begun.elapsed().as_secs_f64() * 1000.0);
    }
    times.sort_by(f64::total_cmp);
    Ok(times[times.len() / 2])
}

/// Opening, rebuilding and their memory, each in a process of its own.
fn open(folder: &Path, objects: u64) -> Result<Vec<Figure>, Failure> {
    let place = folder.join("objects");
    let registry = Registry::create(&place, TIME, "bench")?;
    let events = objects.div_ceil(8);
    for first in (0..events).step_by(500) {
        let range = first..events.min(first + 500);
        let entries: Result<_, Failure> = range.map(|number| small(number, 8)).collect();
        registry.record(entries?)?;
    }
    drop(registry);
    let (opened, memory) = part(&place, "open")?;
    let (rebuilt, rebuild_memory) = part(&place, "rebuild")?;
    let rate = objects as f64 / rebuilt;
    Ok(vec![
        figure("registry.open_seconds", opened, "s", "at most 0.5"),
        figure("registry.open_memory_megabytes", memory, "MB", "at most 150"),
        figure("registry.rebuild_objects_per_second", rate, "1/s", "at least 100000"),
        figure("registry.rebuild_memory_megabytes", rebuild_memory, "MB", "at most 150"),
    ])
}

/// Seconds and megabytes that a part takes in a process of its own.
fn part(place: &Path, name: &str) -> Result<(f64, f64), Failure> {
    let told = ingot(place, &["bench", "registry", "--part", name])?;
    let told: Value = serde_json::from_str(&told)
        .map_err(|error| Failure::new(format!("a part told `{told}`: {error}")))?;
    let figure = |name: &str| told[name].as_f64().unwrap_or(f64::NAN);
    Ok((figure("seconds"), figure("megabytes")))
}

/// Opens the registry, reads here and there or makes the index anew, and tells what that took.
fn measured(context: &mut Context, part: Part) -> Result<(), Failure> {
    let (folder, _) = context.registry_folder();
    let begun = Instant::now();
    let registry = Registry::open(&folder)?;
    let mut seconds = begun.elapsed().as_secs_f64();
    match part {
        Part::Open => {
            for at in 0..10_000 {
                let objects = small(at, 8)?.objects;
                for digest in objects.iter().take(1).map(Object::digest) {
                    registry.object(&digest)?;
                }
            }
        }
        Part::Rebuild => {
            let begun = Instant::now();
            registry.rebuild_index()?;
            seconds = begun.elapsed().as_secs_f64();
        }
    }
    let megabytes = peak_megabytes()?;
    context.line(json!({"seconds": seconds, "megabytes": megabytes}).to_string())?;
    Ok(())
}

/// The most memory that this process ever held, in megabytes (10^6 bytes).
pub fn peak_megabytes() -> Result<f64, Failure> {
    let status = fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = peak.and_then(|peak| peak.split_whitespace().next()?.parse::<f64>().ok());
    Ok(kilobytes.unwrap_or(f64::NAN) * 1024.0 / 1e6)
}

const RECIPE: &str = r#"ingot: 1
name: prose
summary: A toy model, for measuring.
sources:
  texts:
    kind: files
    include: ["texts/*.txt"]
formula:
  - {source: texts, share: 1.0, repeats_max: 50}
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
