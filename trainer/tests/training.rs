//! Training as a whole: one digest for any tier, thread count and resume point; near f64; frozen.

use std::io;

use kernels::random::below;
use kernels::{Kernels, Tier};
use recipes::recipe::{Optimizer, Pretrain, Schedule};
use recipes::{Digest, StateMark};
use trainer::shape::Shape;
use trainer::stage::{Stage, StageEnd, StageError, recorded_steps, train};
use trainer::state::{Origin, State};
use trainer::{Outputs, Progress, ResumePoint, WriteState};

mod reference;

/// Frozen: the digest of the last training state of the small run below, for every version of the
/// arithmetic.
const GOLDEN: [&str; kernels::VERSION as usize] = [
    "2872c821caf0bea47b6ac42e8df759fd86d340f8355c08d55d2b5896408a2063",
    "a76c0d934e36a0e43f9268b5ec93fd6280cebe5b1527cf1969f1650c86c78928",
];

/// Keeps every state; stops where it is told to.
#[derive(Default)]
struct Kept {
    states: Vec<(StateMark, Vec<u8>)>,
    stop_after: Option<usize>,
    paused: Option<Vec<u8>>,
    steps: usize,
}

impl Outputs for Kept {
    fn keep(&mut self, bytes: &mut dyn io::Read) -> io::Result<Digest> {
        trainer::outputs::digest_read(bytes)
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
fn sequence(number: u64, ids: &mut [u32], vocabulary: u64) {
    let mut id = below(5, 77, number * 64, vocabulary);
    for (place, slot) in ids.iter_mut().enumerate() {
        *slot = id as u32;
        let draw = number * 64 + place as u64;
        let surprise = below(5, 78, draw, 4) == 0;
        let other = below(5, 79, draw, vocabulary);
        id = if surprise { other } else { (id * 7 + 3) % vocabulary };
    }
}

fn origin(version: u32) -> Origin {
    Origin { arithmetic: version, recipe: Digest::of(b"recipe"), seed: 9 }
}

fn start(shape: &Shape, version: u32) -> State {
    let theta = shape.initial(9);
    let before = StageEnd { theta, losses: Vec::new(), marks: Vec::new() };
    State::first(0, origin(version), shape, before)
}

/// The small run, which each test changes in one way.
struct Small {
    kernels: Kernels,
    shape: Shape,
    settings: Pretrain,
    ranks: usize,
}

impl Small {
    fn new(kernels: Kernels) -> Small {
        Small { kernels, shape: shape(false), settings: settings(), ranks: 1 }
    }

    fn fast(threads: usize) -> Small {
        Small::new(Kernels::new(Tier::best(), threads).expect("kernels"))
    }

    fn tied(self, tied: bool) -> Small {
        Small { shape: shape(tied), ..self }
    }

    fn start(&self) -> State {
        start(&self.shape, self.kernels.version())
    }

    fn run(&self, kept: &mut Kept) -> Result<StageEnd, StageError> {
        self.run_from(self.start(), kept)
    }

    fn run_from(&self, state: State, kept: &mut Kept) -> Result<StageEnd, StageError> {
        let stage = Stage {
            name: "train 1 pretrain",
            number: 0,
            origin: state.origin,
            shape: &self.shape,
            settings: &self.settings,
            kernels: &self.kernels,
            ranks: self.ranks,
            sequence: &|number, ids| {
                sequence(number, ids, self.shape.vocabulary as u64);
                Ok(())
            },
        };
        train(&stage, state, kept)
    }

    /// The states of a whole run.
    fn states(&self) -> Vec<(StateMark, Vec<u8>)> {
        let mut kept = Kept::default();
        self.run(&mut kept).expect("trained");
        kept.states
    }

    /// The digest of the last state of a whole run.
    fn last(&self) -> String {
        self.states().last().expect("a state").0.digest.hex()
    }

    fn resumed(&self, bytes: &[u8]) -> Kept {
        let mut kept = Kept::default();
        let origin = origin(self.kernels.version());
        let state = State::read(bytes, &self.shape, origin).expect("a state");
        self.run_from(state, &mut kept).expect("resumed");
        kept
    }
}

/// A debug build is slow and shows only that it has the bits of a release build.
const THREADS: &[usize] = if cfg!(debug_assertions) { &[2] } else { &[1, 2, 3, 7, 64] };

fn tiers() -> impl Iterator<Item = Tier> {
    Tier::ALL.into_iter().filter(|tier| tier.available())
}

#[test]
fn golden_training_comes_out_on_every_tier_with_any_threads() {
    for (version, golden) in (1..).zip(GOLDEN) {
        for tier in tiers() {
            for threads in THREADS {
                let kernels = Kernels::new(tier, *threads).expect("kernels");
                let kernels = kernels.of_version(version).expect("known");
                let found = Small::new(kernels).last();
                assert_eq!(found, golden, "version {version}, {tier} with {threads} threads");
            }
        }
    }
}

#[test]
fn golden_training_comes_out_however_products_are_cut() {
    for tier in tiers() {
        for block_terms in [1, 7, 24] {
            let kernels = Kernels::new(tier, 2).expect("kernels");
            let found = Small::new(kernels.with_block_terms(block_terms)).last();
            assert_eq!(found, GOLDEN[1], "{tier}, {block_terms} terms");
        }
    }
}

#[test]
fn golden_training_comes_out_when_blocks_are_computed_again() {
    for tier in tiers() {
        let mut small = Small::new(Kernels::new(tier, 2).expect("kernels"));
        small.settings.recompute = true;
        assert_eq!(small.last(), GOLDEN[1], "{tier}");
    }
}

#[test]
fn golden_training_comes_out_on_three_ranks() {
    assert_eq!(Small { ranks: 3, ..Small::fast(3) }.last(), GOLDEN[1]);
}

#[test]
fn one_two_and_four_ranks_leave_the_same_states() {
    let micro_batches = 8;
    let settings = Pretrain { batch_tokens: 96, tokens: 960, micro_batches, ..settings() };
    let states = |ranks: usize, threads: usize| {
        Small { ranks, settings: settings.clone(), ..Small::fast(threads) }.states()
    };
    let wanted = states(1, 1);
    for (ranks, threads) in [(2, 1), (2, 4), (4, 2), (4, 7), (8, 3)] {
        assert_eq!(states(ranks, threads), wanted, "{ranks} ranks, {threads} threads");
    }
}

#[test]
fn ranks_stop_together_and_go_on_from_where_they_stopped() {
    let small = Small { ranks: 3, ..Small::fast(3) };
    let mut stopped = Kept { stop_after: Some(6), ..Kept::default() };
    let error = small.run(&mut stopped).err().expect("stopped");
    assert!(matches!(error, StageError::Stopped { step: 6 }), "{error}");
    let rest = small.resumed(&stopped.paused.expect("a state"));
    assert_eq!(rest.states.last().expect("a state").0.digest.hex(), GOLDEN[1]);
}

#[test]
fn shapes_from_real_life_have_equal_bits_on_all_tiers() {
    // Vocabulary, layers, width, heads, key-value heads, hidden, context, sequences, tied.
    for (vocabulary, layers, width, heads, kv_heads, hidden, context, sequences, tied) in [
        (256, 24, 30, 3, 1, 37, 8, 2, true),
        (65_536, 1, 20, 2, 2, 7, 8, 1, false),
        (300, 1, 12, 2, 1, 16, 2048, 1, true),
        (1009, 3, 66, 11, 11, 131, 97, 3, false),
    ] {
        let shape = Shape {
            vocabulary,
            layers,
            width,
            heads,
            kv_heads,
            hidden,
            context,
            tied,
            ..shape(tied)
        };
        let batch_tokens = sequences * context as u64;
        let tokens = 2 * batch_tokens;
        let settings = Pretrain { tokens, batch_tokens, micro_batches: 1, ..settings() };
        let last = |tier, threads| {
            let kernels = Kernels::new(tier, threads).expect("kernels");
            let (shape, settings) = (shape.clone(), settings.clone());
            Small { shape, settings, kernels, ranks: 1 }.last()
        };
        let wanted = last(Tier::best(), 2);
        for tier in tiers() {
            assert_eq!(last(tier, 3), wanted, "{tier}, {shape:?}");
        }
    }
}

#[test]
fn a_run_resumed_at_any_state_ends_in_the_same_bytes() {
    for tier in tiers() {
        for tied in [false, true] {
            let small = Small::new(Kernels::new(tier, 2).expect("kernels")).tied(tied);
            let whole = small.states();
            let steps: Vec<u64> = whole.iter().map(|(mark, _)| mark.step).collect();
            assert_eq!(steps, recorded_steps(&small.settings));
            for (place, (mark, bytes)) in whole.iter().enumerate().skip(1) {
                let rest = small.resumed(bytes);
                assert_eq!(rest.states, whole[place + 1..], "{tier} from {}", mark.step);
            }
        }
    }
}

#[test]
fn a_stop_between_states_keeps_one_to_go_on_from() {
    let small = Small::fast(1);
    let mut stopped = Kept { stop_after: Some(6), ..Kept::default() };
    let error = small.run(&mut stopped).err().expect("stopped");
    assert!(matches!(error, StageError::Stopped { step: 6 }), "{error}");
    let rest = small.resumed(&stopped.paused.expect("a state"));
    assert_eq!(rest.states, small.states()[2..]);
}

#[test]
fn two_hundred_losses_agree_with_an_f64_run() {
    for tied in [false, true] {
        let mut small = Small::fast(2).tied(tied);
        small.settings.tokens = 200 * small.settings.batch_tokens;
        let end = small.run(&mut Kept::default()).expect("trained");
        let sequence = |number: u64, ids: &mut [u32]| sequence(number, ids, 61);
        let wanted = reference::losses(&small.shape, &small.settings, &small.start(), &sequence);
        assert_eq!(end.losses.len(), 200);
        for (step, (found, wanted)) in end.losses.iter().zip(&wanted).enumerate() {
            let off = (f64::from(*found) - wanted).abs();
            let bound = if step < 20 { 1e-4 } else { 1e-3 };
            assert!(off < bound, "step {step}: {found} {wanted}");
        }
        assert!(end.losses[199] < end.losses[0] - 1.0, "it learns: {:?}", end.losses);
    }
}

#[test]
fn a_value_that_is_not_finite_ends_the_run_with_its_name() {
    let small = Small::fast(1);
    let mut state = small.start();
    let parameters = small.shape.parameters();
    let slot = parameters.iter().position(|p| p.name == "layer.001.feed.down").expect("there");
    state.theta[slot][3] = f32::NAN;
    let error = small.run_from(state, &mut Kept::default()).err().expect("diverged");
    assert!(error.to_string().contains("layer.001.feed.down"), "{error}");
}

#[test]
fn a_state_of_another_recipe_seed_or_arithmetic_is_refused() {
    let shape = shape(false);
    let state = start(&shape, 2);
    let bytes = state.bytes(&shape, 0);
    let own = origin(2);
    assert_eq!(State::read(&bytes, &shape, own).expect("its own"), state);
    for other in [
        Origin { recipe: Digest::of(b"other"), ..own },
        Origin { seed: 8, ..own },
        Origin { arithmetic: 1, ..own },
    ] {
        assert!(State::read(&bytes, &shape, other).is_err(), "{other:?}");
    }
    assert!(State::read(&bytes[..bytes.len() - 1], &shape, own).is_err());
}
