//! A deduplication over a folder of JSONL files in bounded memory, spilling into files.
//!
//! usage: dedup STEP FOLDER [THREADS] [BUDGET_MIB] [BLOCK]
//! STEP is a line of a recipe, such as 'dedup.simhash@1: {}'. The digest is one of all verdicts.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use kernels::{Kernels, Tier};
use kitchen::dedup::{self, Bench, Verdict};
use kitchen::spill::{Scratch, Spill};
use recipes::Hasher;

/// A folder for spill files, which lose their names as soon as they are made.
struct Folder(PathBuf);

impl Scratch for Folder {
    fn spill(&self) -> io::Result<Box<dyn Spill>> {
        let path = self.0.join("spill");
        let file = File::options().read(true).write(true).create_new(true).open(&path)?;
        fs::remove_file(&path)?;
        Ok(Box::new(file))
    }
}

/// Reads the texts of a folder, some at a time.
fn each_block(folder: &Path, block: usize, mut take: impl FnMut(&[&str])) {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    let mut texts: Vec<String> = Vec::new();
    let mut give = |texts: &mut Vec<String>| {
        take(&texts.iter().map(String::as_str).collect::<Vec<_>>());
        texts.clear();
    };
    for path in paths {
        for line in BufReader::new(File::open(path).expect("a file")).lines() {
            let line = line.expect("UTF-8");
            let record: serde_json::Value = serde_json::from_str(&line).expect("a record");
            texts.push(record["text"].as_str().expect("a text").to_owned());
            if texts.len() == block {
                give(&mut texts);
            }
        }
    }
    give(&mut texts);
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let number = |at: usize, default: usize| {
        arguments.get(at).map_or(default, |text| text.parse().expect("a number"))
    };
    let step = recipes::read_cleaning_step(&arguments[1]).expect("a step");
    let folder = Path::new(&arguments[2]);
    let kernels = Kernels::new(Tier::best(), number(3, 2)).expect("kernels");
    let scratch = Folder(std::env::temp_dir());
    let bench = Bench { kernels: &kernels, scratch: &scratch, budget: number(4, 64) << 20 };
    let block = number(5, 1000);
    let mut dedup = dedup::of(&step, bench).expect("a deduplication");
    each_block(folder, block, |texts| dedup.see(texts).expect("seen"));
    let mut judge = dedup.settle().expect("settled");
    let (mut kept, mut changed, mut dropped, mut bytes) = (0, 0, 0, 0);
    let mut hasher = Hasher::new();
    each_block(folder, block, |texts| {
        for verdict in judge.judge(texts).expect("judged") {
            hasher.update(format!("{verdict:?}").as_bytes());
            match verdict {
                Verdict::Keep => kept += 1,
                Verdict::Change(cut) => (changed, bytes) = (changed + 1, bytes + cut.bytes),
                Verdict::Drop(_) => dropped += 1,
            }
        }
    });
    println!("{kept} kept  {changed} changed, {bytes} bytes less  {dropped} dropped");
    println!("{}", hasher.finish());
}
