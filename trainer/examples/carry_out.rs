//! Carries a recipe file out with nothing but memory for a store, and says how long each step took.
//!
//! `cargo run --release -p ingot-trainer --example carry_out -- recipes/samples/first.yaml`

#![allow(clippy::disallowed_types)] // an example may look at the clock

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Mutex;
use std::time::Instant;

use kernels::{Kernels, Tier};
use recipes::recipe::Hold;
use recipes::{Digest, StepResult};
use trainer::pin::{Keep, pin};
use trainer::{Inputs, Options, Outputs, Progress, ResumePoint, WriteState, build};

#[derive(Default)]
struct Memory(Mutex<BTreeMap<Digest, Vec<u8>>>);

impl Keep for Memory {
    fn keep_file(&self, path: &Path, hold: Hold) -> io::Result<(Digest, u64)> {
        self.keep_bytes(&std::fs::read(path)?, hold)
    }

    fn keep_bytes(&self, bytes: &[u8], _: Hold) -> io::Result<(Digest, u64)> {
        let digest = Digest::of(bytes);
        self.0.lock().expect("no panic").insert(digest, bytes.to_vec());
        Ok((digest, bytes.len() as u64))
    }
}

impl Inputs for Memory {
    fn open(&self, digest: &Digest) -> io::Result<Box<dyn Read + Send>> {
        let kept = self.0.lock().expect("no panic");
        let bytes = kept.get(digest).ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(io::Cursor::new(bytes.clone())))
    }
}

struct Printed(Instant);

impl Outputs for Printed {
    fn keep(&mut self, bytes: &mut dyn Read) -> io::Result<Digest> {
        trainer::outputs::digest_read(bytes)
    }

    fn step(&mut self, step: &StepResult) -> io::Result<()> {
        println!("{:7.1} s  {}  {:?}", self.0.elapsed().as_secs_f64(), step.name, step.counts);
        Ok(())
    }

    fn state(&mut self, _: u32, step: u64, write: &WriteState) -> io::Result<Digest> {
        println!("{:7.1} s  state {step}", self.0.elapsed().as_secs_f64());
        trainer::outputs::digest_of(write)
    }

    fn pause(&mut self, _: &WriteState) -> io::Result<()> {
        Ok(())
    }

    fn resume_point(&mut self) -> io::Result<Option<ResumePoint>> {
        Ok(None)
    }

    fn progress(&mut self, progress: &Progress) {
        if let Some(loss) = progress.loss {
            let seconds = self.0.elapsed().as_secs_f64();
            println!("{seconds:7.1} s  {} tokens  loss {loss:.3}", progress.done);
        }
    }

    fn stop_wanted(&self) -> bool {
        false
    }
}

fn main() {
    let path = std::env::args().nth(1).expect("a recipe file");
    let text = std::fs::read_to_string(&path).expect("readable");
    let recipe = recipes::read(&text).unwrap_or_else(|p| panic!("{}", p.render(&path, &text)));
    let memory = Memory::default();
    let folder = Path::new(&path).parent().expect("a folder");
    let start = Instant::now();
    let pinned = pin(&recipe, folder, &memory).unwrap_or_else(|error| panic!("{error}"));
    println!("{:7.1} s  pinned", start.elapsed().as_secs_f64());
    let kernels = Kernels::new(Tier::best(), 2).expect("kernels");
    let scratch = Box::new(kitchen::spill::InMemory);
    let options = Options { kernels, ranks: 1, memory: None, scratch, plant: None };
    let digest = pinned.digest().expect("a digest");
    let built = build(&pinned, digest, &memory, &mut Printed(start), &options);
    let built = built.unwrap_or_else(|error| panic!("{error}"));
    println!("model {} {:?}", built.trace.model, built.trace.quality);
}
