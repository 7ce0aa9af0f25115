//! Training as a whole: one digest for any tier, thread count and resume point; near f64; frozen.

use std::io;

use kernels::random::below;
use kernels::{Kernels, Tier};
use recipes::recipe::{Optimizer, Pretrain, Schedule};
use recipes::{Digest, StateMark};
use trainer::shape::Shape;
use trainer::stage::{Stage, StageEnd, StageError, train};
use trainer::state::State;
use trainer::{Outputs, Progress, ResumePoint, WriteState};

mod reference;

/// Frozen: the digest of the last training state of the small run below.
const GOLDEN: &str = "2872c821caf0bea47b6ac42e8df759fd86d340f8355c08d55d2b5896408a2063";

/// Keeps every state; stops where it is told to.
#[derive(Default)]
struct Kept {
    states: Vec<(StateMark, Vec<u8>)>,
    stop_after: Option<usize>,
    paused: Option<Vec<u8>>,
    steps: usize,
}

impl Outputs for Kept {
    fn keep(&mut self, bytes: &[u8]) -> io::Result<Digest> {
        Ok(Digest::of(bytes))
    }

    fn step(&mut self, _: &recipes::StepResult) -> io::Result<()> {
        Ok(())
    }

    fn state(&mut self, stage: u32, step: u64, write: &WriteState) -> io::Result<Digest> {
        let mut bytes = Vec::new();
        write(&mut bytes)?;
        let digest = Digest::of(&bytes);
        self.states.push((StateMark { stage, step, digest }, bytes));
        Ok(digest)
    }

    fn pause(&mut self, write: &WriteState) -> io::Result<()> {
        let mut bytes = Vec::new();
        write(&mut bytes)?;
        self.paused = Some(bytes);
        Ok(())
    }

    fn resume_point(&mut self) -> io::Result<Option<ResumePoint>> {
        Ok(None)
    }

    fn progress(&mut self, _: &Progress) {
        self.steps += 1;
    }

    fn stop_wanted(&self) -> bool {
        self.stop_after.is_some_and(|steps| self.steps >= steps)
    }
}

fn shape(tied: bool) -> Shape {
    Shape {
        vocabulary: 61,
        layers: 2,
        width: 24,
        heads: 4,
        kv_heads: 2,
        hidden: 40,
        context: 12,
        tied,
        rope_theta: 10_000.0,
        norm_epsilon: 1e-5,
    }
}

fn settings() -> Pretrain {
    Pretrain {
        tokens: 20 * 72,
        batch_tokens: 72,
        micro_batches: 3,
        optimizer: Optimizer::default(),
        schedule: Schedule::Cosine { peak: 1e-2, floor: 1e-3, warmup_tokens: 300 },
        state_every: 4,
        recompute: false,
    }
}

/// Sequences with something to learn: each id mostly decides the next.
fn sequence(number: u64, ids: &mut [u32]) {
    let mut id = below(5, 77, number * 64, 61);
    for (place, slot) in ids.iter_mut().enumerate() {
        *slot = id as u32;
        let draw = number * 64 + place as u64;
        let surprise = below(5, 78, draw, 4) == 0;
        id = if surprise { below(5, 79, draw, 61) } else { (id * 7 + 3) % 61 };
    }
}

fn start(shape: &Shape) -> State {
    let theta = shape.initial(9);
    let before = StageEnd { theta, losses: Vec::new(), marks: Vec::new() };
    State::first(0, Digest::of(b"recipe"), 9, shape, before)
}

fn run_from(
    state: State,
    kernels: &Kernels,
    tied: bool,
    kept: &mut Kept,
) -> Result<StageEnd, StageError> {
    run_with(state, kernels, tied, kept, settings())
}

fn run_with(
    state: State,
    kernels: &Kernels,
    tied: bool,
    kept: &mut Kept,
    settings: Pretrain,
) -> Result<StageEnd, StageError> {
    let shape = shape(tied);
    let stage = Stage {
        name: "train 1 pretrain",
        number: 0,
        recipe: state.recipe,
        seed: 9,
        shape: &shape,
        settings: &settings,
        kernels,
        sequence: &sequence,
    };
    train(&stage, state, kept)
}

fn run(kernels: &Kernels, tied: bool, kept: &mut Kept) -> Result<StageEnd, StageError> {
    run_from(start(&shape(tied)), kernels, tied, kept)
}

fn resumed(kernels: &Kernels, tied: bool, bytes: &[u8]) -> Kept {
    let mut kept = Kept::default();
    let state = State::read(bytes, &shape(tied), Digest::of(b"recipe"), 9).expect("a state");
    run_from(state, kernels, tied, &mut kept).expect("resumed");
    kept
}

#[test]
fn golden_training_comes_out_on_every_tier_with_any_threads() {
    for tier in Tier::ALL.into_iter().filter(|tier| tier.available()) {
        for threads in [1, 2, 3, 7] {
            let kernels = Kernels::new(tier, threads).expect("kernels");
            let mut kept = Kept::default();
            run(&kernels, false, &mut kept).expect("trained");
            let found = kept.states.last().expect("a state").0.digest.hex();
            assert_eq!(found, GOLDEN, "{tier} with {threads} threads");
        }
    }
}

#[test]
fn golden_training_comes_out_when_blocks_are_computed_again() {
    let kernels = Kernels::new(Tier::best(), 2).expect("kernels");
    let mut kept = Kept::default();
    let settings = Pretrain { recompute: true, ..settings() };
    run_with(start(&shape(false)), &kernels, false, &mut kept, settings).expect("trained");
    assert_eq!(kept.states.last().expect("a state").0.digest.hex(), GOLDEN);
}

#[test]
fn a_run_resumed_at_any_state_ends_in_the_same_bytes() {
    let kernels = Kernels::new(Tier::best(), 2).expect("kernels");
    for tied in [false, true] {
        let mut whole = Kept::default();
        run(&kernels, tied, &mut whole).expect("trained");
        let steps: Vec<u64> = whole.states.iter().map(|(mark, _)| mark.step).collect();
        assert_eq!(steps, [0, 4, 8, 12, 16, 20]);
        for (place, (mark, bytes)) in whole.states.iter().enumerate().skip(1) {
            let rest = resumed(&kernels, tied, bytes);
            assert_eq!(rest.states, whole.states[place + 1..], "from {}", mark.step);
        }
    }
}

#[test]
fn a_stop_between_states_keeps_one_to_go_on_from() {
    let kernels = Kernels::new(Tier::best(), 1).expect("kernels");
    let mut whole = Kept::default();
    run(&kernels, false, &mut whole).expect("trained");
    let mut stopped = Kept { stop_after: Some(6), ..Kept::default() };
    let error = run(&kernels, false, &mut stopped).err().expect("stopped");
    assert!(matches!(error, StageError::Stopped { step: 6 }), "{error}");
    let rest = resumed(&kernels, false, &stopped.paused.expect("a state"));
    assert_eq!(rest.states, whole.states[2..]);
}

#[test]
fn the_first_twenty_losses_agree_with_an_f64_run() {
    let kernels = Kernels::new(Tier::best(), 2).expect("kernels");
    for tied in [false, true] {
        let end = run(&kernels, tied, &mut Kept::default()).expect("trained");
        let wanted = reference::losses(&shape(tied), &settings(), &start(&shape(tied)), &sequence);
        assert_eq!(end.losses.len(), 20);
        for (step, (found, wanted)) in end.losses.iter().zip(&wanted).enumerate() {
            let off = (f64::from(*found) - wanted).abs();
            assert!(off < 1e-4, "step {step}: {found} {wanted}");
        }
        assert!(end.losses[19] < end.losses[0] - 0.3, "it learns: {:?}", end.losses);
    }
}

#[test]
fn a_value_that_is_not_finite_ends_the_run_with_its_name() {
    let kernels = Kernels::new(Tier::best(), 1).expect("kernels");
    let shape = shape(false);
    let mut state = start(&shape);
    let parameters = shape.parameters();
    let slot = parameters.iter().position(|p| p.name == "layer.001.feed.down").expect("there");
    state.theta[slot][3] = f32::NAN;
    let error = run_from(state, &kernels, false, &mut Kept::default()).err().expect("diverged");
    assert!(error.to_string().contains("layer.001.feed.down"), "{error}");
}

#[test]
fn a_state_of_another_recipe_or_seed_is_refused() {
    let shape = shape(false);
    let state = start(&shape);
    let bytes = state.bytes(&shape, 0);
    assert_eq!(State::read(&bytes, &shape, state.recipe, 9).expect("its own"), state);
    assert!(State::read(&bytes, &shape, Digest::of(b"other"), 9).is_err());
    assert!(State::read(&bytes, &shape, state.recipe, 8).is_err());
    assert!(State::read(&bytes[..bytes.len() - 1], &shape, state.recipe, 9).is_err());
}
