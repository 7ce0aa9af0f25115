//! The trainer's figures: steps of one fixed model and batch, products, recorded states.
//!
//! The model is the one of `tests/peers/torch_training.py`, which prints what PyTorch makes of it:
//! 16.9 M parameters, 6 layers, 384 wide, 6 heads, 1,024 hidden, a vocabulary of 8,192,
//! 8 sequences of 256 tokens a step in one micro-batch.

use std::hint::black_box;
use std::io::{self, Read};
use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use kernels::{Carry, Kernels};
use recipes::recipe::{Model, Optimizer, Pretrain, Schedule};
use recipes::{Digest, StepResult};
use trainer::outputs::digest_read;
use trainer::shape::Shape;
use trainer::stage::{Stage, StageEnd, train};
use trainer::state::{Origin, State};
use trainer::{Outputs, Progress, ResumePoint, WriteState};

use crate::Failure;
use crate::bench_registry::{Scratch, peak_megabytes};
use crate::commands::bench::{Figure, figure};
use crate::commands::run::Furnace;
use crate::context::Context;
use crate::furnace::write_whole;

/// How it is measured.
#[derive(Args)]
pub struct Sizes {
    /// Where training states are written [default: here]
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
    #[command(flatten)]
    furnace: Furnace,
}

const VOCABULARY: u32 = 8192;
const CONTEXT: u32 = 256;
const SEQUENCES: u64 = 8;

/// Steps before the first that counts.
const WARM: usize = 3;

/// A state is recorded after this many steps, once among the steps that count.
const STATE_AFTER: u64 = 8;

const STEPS: u64 = 15;

/// Steps between two states in a run as the design has it.
const STATE_EVERY: f64 = 20.0;

/// The side of the square product.
const SIDE: usize = 2112;

/// Measures training first, so that the most memory held until then is its own; then products.
pub fn measure(context: &mut Context, sizes: &Sizes) -> Result<Vec<Figure>, Failure> {
    let kernels = sizes.furnace.options(context)?.kernels;
    let scratch = Scratch::new(context, sizes.folder.as_deref())?;
    context.note(format!("{} threads, tier {}", kernels.threads(), kernels.tier()));
    context.note("training");
    let mut figures = training(&kernels, &scratch)?;
    context.note("products");
    figures.extend(products(&kernels));
    Ok(figures)
}

/// Notes when steps end, and writes states as a run does.
pub struct Watch<'a> {
    scratch: &'a Scratch,
    ended: Vec<Instant>,
}

impl<'a> Watch<'a> {
    /// Writes states into this folder.
    pub fn new(scratch: &'a Scratch) -> Watch<'a> {
        Watch { scratch, ended: Vec::new() }
    }
}

impl Outputs for Watch<'_> {
    fn keep(&mut self, bytes: &mut dyn Read) -> io::Result<Digest> {
        digest_read(bytes)
    }

    fn step(&mut self, _: &StepResult) -> io::Result<()> {
        Ok(())
    }

    fn state(&mut self, _: u32, _: u64, write: &WriteState) -> io::Result<Digest> {
        write_whole(&self.scratch.0, "state-", write)
    }

    fn pause(&mut self, _: &WriteState) -> io::Result<()> {
        Ok(())
    }

    fn resume_point(&mut self) -> io::Result<Option<ResumePoint>> {
        Ok(None)
    }

    fn progress(&mut self, _: &Progress) {
        self.ended.push(Instant::now());
    }

    fn stop_wanted(&self) -> bool {
        false
    }
}

fn training(kernels: &Kernels, scratch: &Scratch) -> Result<Vec<Figure>, Failure> {
    let batch = SEQUENCES * u64::from(CONTEXT);
    let ended = train_model(kernels, scratch, batch)?;
    let took: Vec<f64> = ended.windows(2).map(|pair| (pair[1] - pair[0]).as_secs_f64()).collect();
    // The interval after a recorded state holds the recording too.
    let recording = STATE_AFTER as usize - 1;
    let counted = took.iter().enumerate().skip(WARM - 1).filter(|(place, _)| *place != recording);
    let mut steps: Vec<f64> = counted.map(|(_, seconds)| *seconds).collect();
    steps.sort_by(f64::total_cmp);
    let step = steps[steps.len() / 2];
    let state = (took[recording] - step) / (STATE_EVERY * step) * 100.0;
    let rate = batch as f64 / step;
    Ok(vec![
        figure("train.tokens_per_second", rate, "1/s", "2.0 × PyTorch (AVX-512), 1.1 × (AVX2)"),
        figure("train.step_seconds", step, "s", ""),
        figure("train.peak_memory_mb", peak_megabytes()?, "MB", "at most 0.5 × PyTorch"),
        figure("train.state_percent", state, "%", "at most 3"),
    ])
}

/// Trains the fixed model; gives the moments at which its steps ended.
fn train_model(kernels: &Kernels, scratch: &Scratch, batch: u64) -> Result<Vec<Instant>, Failure> {
    let model = Model::Llama {
        layers: 6,
        width: 384,
        heads: 6,
        kv_heads: 6,
        hidden: 1024,
        context: CONTEXT,
        tied: false,
        rope_theta: 10_000.0,
        norm_epsilon: 1e-5,
    };
    let shape = Shape::new(&model, VOCABULARY as usize);
    let settings = Pretrain {
        tokens: STEPS * batch,
        batch_tokens: batch,
        micro_batches: 1,
        optimizer: Optimizer::default(),
        schedule: Schedule::Constant { peak: 3e-4, warmup_tokens: 0 },
        state_every: STATE_AFTER,
        recompute: false,
    };
    let origin = Origin { arithmetic: kernels.version(), recipe: Digest::of(b"bench"), seed: 1 };
    let stage = Stage {
        name: "bench",
        number: 0,
        origin,
        shape: &shape,
        settings: &settings,
        kernels,
        ranks: 1,
        sequence: &|number, ids| {
            sequence(number, ids);
            Ok(())
        },
    };
    let before = StageEnd { theta: shape.initial(1), losses: Vec::new(), marks: Vec::new() };
    let start = State::first(0, origin, &shape, before);
    let mut watch = Watch::new(scratch);
    train(&stage, start, &mut watch).map_err(|error| Failure::new(error.to_string()))?;
    Ok(watch.ended)
}

/// Ids without a pattern; speed does not depend on them.
fn sequence(number: u64, ids: &mut [u32]) {
    for (place, id) in (0u64..).zip(ids) {
        *id = kernels::random::below(1, 90, number << 16 | place, u64::from(VOCABULARY)) as u32;
    }
}

/// A square product beside the machine's best rate of fused multiply-adds.
fn products(kernels: &Kernels) -> Vec<Figure> {
    let a = vec![0.5; SIDE * SIDE];
    let b = vec![0.25; SIDE * SIDE];
    let mut c = vec![0.0; SIDE * SIDE];
    let (mut product, mut peak) = (0.0f64, 0.0f64);
    for _ in 0..7 {
        let begun = Instant::now();
        kernels.product_nn(&mut c, &a, &b, SIDE, SIDE, SIDE, Carry::Fresh);
        let rate = 2.0 * (SIDE as f64).powi(3) / begun.elapsed().as_secs_f64() / 1e9;
        product = product.max(rate);
        black_box(&c);
        let begun = Instant::now();
        let operations = black_box(kernels.multiply_adds(20_000_000));
        peak = peak.max(operations as f64 / begun.elapsed().as_secs_f64() / 1e9);
    }
    vec![
        figure("product.gflops", product, "GFLOP/s", "at least 85 % of the peak"),
        figure("product.peak_gflops", peak, "GFLOP/s", ""),
        figure("product.percent_of_peak", product / peak * 100.0, "%", "at least 85"),
    ]
}
