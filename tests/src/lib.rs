//! Situations made of verbs: a folder with a recipe in it, the program run in it, what it said.

pub mod serving;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use cli::{Stream, World};
use serde_json::Value;

/// A folder in which a story happens; it goes away with the story.
pub struct Place {
    folder: tempfile::TempDir,
}

/// What a command answered.
#[derive(Debug)]
pub struct Said {
    pub exit: i32,
    pub out: String,
    pub err: String,
}

impl Said {
    /// The lines of stdout as JSON.
    pub fn json(&self) -> Vec<Value> {
        let parse = |line: &str| {
            serde_json::from_str(line).unwrap_or_else(|e| panic!("not JSON: {e}: {line}"))
        };
        self.out.lines().map(parse).collect()
    }

    /// The last line of stdout as JSON.
    pub fn last(&self) -> Value {
        self.json().pop().unwrap_or_else(|| panic!("nothing was printed; stderr: {}", self.err))
    }

    /// Claims an exit code.
    #[track_caller]
    pub fn exits(self, wanted: i32) -> Said {
        assert_eq!(self.exit, wanted, "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self
    }

    /// Claims that stderr mentions something.
    #[track_caller]
    pub fn complains(self, wanted: &str) -> Said {
        assert!(self.err.contains(wanted), "wanted `{wanted}` in stderr:\n{}", self.err);
        self
    }
}

#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<u8>>>);

impl Write for Heard {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no writer panics").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Heard {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("no writer panics")).into_owned()
    }
}

impl Default for Place {
    fn default() -> Place {
        Place::new()
    }
}

impl Place {
    /// An empty folder.
    pub fn new() -> Place {
        Place { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    /// A folder with the small recipe `tiny.yaml` and the stories it learns from.
    pub fn with_tiny_recipe() -> Place {
        let place = Place::new();
        for (name, text) in stories(24) {
            place.write(&format!("texts/{name}"), &text);
        }
        place.write("tiny.yaml", TINY);
        place
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A file in the folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// Writes a file, making its folders.
    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.file(name);
        fs::create_dir_all(path.parent().expect("inside the folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    /// Reads a file as text.
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.file(name)).expect("a text file")
    }

    /// Runs a command inside this process.
    pub fn ingot(&self, line: &str) -> Said {
        self.ingot_with_memory(line, || None)
    }

    /// Runs a command inside this process, on a machine that says how much memory is free.
    pub fn ingot_with_memory(&self, line: &str, memory: fn() -> Option<u64>) -> Said {
        self.ingot_in(line, |world| world.memory = memory)
    }

    /// Runs a command inside this process that was asked to stop before it began.
    pub fn ingot_stopped(&self, line: &str) -> Said {
        self.ingot_in(line, |world| world.stop.store(true, Ordering::SeqCst))
    }

    fn ingot_in(&self, line: &str, change: impl FnOnce(&mut World)) -> Said {
        let (out, err) = (Heard::default(), Heard::default());
        let mut world = World::quiet(
            self.path().to_path_buf(),
            Stream::new(out.clone()),
            Stream::new(err.clone()),
        );
        change(&mut world);
        world.environment.insert("INGOT_ACTOR".into(), "tester".into());
        let words = std::iter::once("ingot").chain(line.split_whitespace());
        let exit = cli::run(words.map(String::from).collect::<Vec<_>>(), &mut world);
        Said { exit: exit.into(), out: out.text(), err: err.text() }
    }

    /// The real program, ready to be started in this folder.
    pub fn program(&self, program: &str, line: &str) -> Command {
        let mut command = Command::new(program);
        command.args(line.split_whitespace()).current_dir(self.path());
        command.env_remove("INGOT_REGISTRY").env_remove("INGOT_TIER");
        command.env("INGOT_ACTOR", "tester").stdin(Stdio::null());
        command
    }

    /// Runs the real program to its end.
    pub fn process(&self, program: &str, line: &str) -> Said {
        said(self.program(program, line).output().expect("the program starts"))
    }

    /// Starts the real program and leaves it running.
    pub fn started(&self, program: &str, line: &str) -> Child {
        let mut command = self.program(program, line);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("the program starts")
    }
}

/// What a finished process answered.
pub fn said(output: Output) -> Said {
    Said {
        exit: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A recipe that trains in about a second.
pub const TINY: &str = r#"ingot: 1
name: tiny
summary: A toy model of made-up stories.
sources:
  stories:
    kind: files
    include: ["texts/*.txt"]
formula:
  - {source: stories, share: 1.0, repeats_max: 50}
held_out: {share: 0.1}
cleaning:
  - text.normalize@1: {form: nfc}
  - filter.length@1: {chars_min: 100}
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
  - leakage@1: {ngram_words: 13, fraction_max: 1.0}
seed: "7"
"#;

/// Frozen: the tiny recipe's model on every machine, tier and number of threads.
pub const TINY_MODEL: &str =
    "sha256:80b5824186b409a690e973887741ffec481c002f112b7ef06832288c320e2673";

/// Made-up stories: the same ones always, no two alike.
pub fn stories(number: usize) -> Vec<(String, String)> {
    const WHO: [&str; 7] = [
        "the smith",
        "a founder",
        "the clerk",
        "an auditor",
        "the miller",
        "her apprentice",
        "the ferryman",
    ];
    const DID: [&str; 6] = ["weighed", "poured", "stamped", "recorded", "tested", "carried"];
    const WHAT: [&str; 8] = [
        "the ingot",
        "a ladle of iron",
        "the heat number",
        "the ledger",
        "a bar of steel",
        "the certificate",
        "three samples",
        "the mould",
    ];
    const WHEN: [&str; 5] =
        ["at dawn", "before the bell", "twice that day", "without a word", "as the rain began"];
    let mut state = 1u64;
    let mut draw = |n: usize| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as usize % n
    };
    (0..number)
        .map(|i| {
            let mut text = format!("Story {i}.\n");
            for _ in 0..20 {
                let (who, did) = (WHO[draw(WHO.len())], DID[draw(DID.len())]);
                let (what, when) = (WHAT[draw(WHAT.len())], WHEN[draw(WHEN.len())]);
                text += &format!("Then {who} {did} {what} {when}.\n");
            }
            (format!("story-{i:03}.txt"), text)
        })
        .collect()
}
