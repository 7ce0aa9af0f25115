//! A training state: everything that decides the rest of a run, in one canonical file.
//!
//! Tensors `theta.<name>`, `m.<name>`, `v.<name>` and `losses`; one metadata value `ingot` holds
//! canonical JSON with the rest. Powers of β are hex of their f64 bits.

use std::collections::BTreeMap;
use std::io::{self, Write};

use recipes::{Digest, canonical};
use serde::{Deserialize, Serialize};

use crate::safetensors::{self, Array, Floats, SafetensorsError};
use crate::shape::Shape;
use crate::stage::StageEnd;

/// What a training state belongs to; no other recipe, seed or arithmetic can go on from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The version of the arithmetic.
    pub arithmetic: u32,
    pub recipe: Digest,
    pub seed: u64,
}

/// A training state at a step boundary.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    pub origin: Origin,
    /// The stage's position in the recipe, from 0.
    pub stage: u32,
    /// Steps done in this stage.
    pub step: u64,
    /// β1 and β2 to the power of the steps done.
    pub powers: [f64; 2],
    /// Weights and moments, in the order of `Shape::parameters`.
    pub theta: Vec<Vec<f32>>,
    pub m: Vec<Vec<f32>>,
    pub v: Vec<Vec<f32>>,
    /// The loss of every step since the run began.
    pub losses: Vec<f32>,
}

/// A training state where it lies, to be written without a copy.
pub struct StateView<'a> {
    pub origin: Origin,
    pub stage: u32,
    pub step: u64,
    /// The next sequence of the stage's mixture.
    pub cursor: u64,
    pub powers: [f64; 2],
    pub theta: Vec<Floats<'a>>,
    pub m: &'a [Vec<f32>],
    pub v: &'a [Vec<f32>],
    pub losses: &'a [f32],
}

impl StateView<'_> {
    /// Writes the canonical bytes.
    pub fn write(&self, shape: &Shape, sink: &mut dyn Write) -> io::Result<()> {
        let header = Header {
            arithmetic: self.origin.arithmetic,
            stage: self.stage,
            step: self.step,
            cursor: self.cursor,
            recipe: self.origin.recipe,
            seed: self.origin.seed.to_string(),
            powers: self.powers.map(|power| format!("{:016x}", power.to_bits())),
        };
        let header = canonical::to_bytes(&header).expect("a header of small numbers and texts");
        let header = String::from_utf8(header).expect("canonical JSON is UTF-8");
        let mut tensors = BTreeMap::new();
        let losses = Floats::Slice(self.losses);
        tensors.insert("losses".into(), Array { sizes: vec![self.losses.len()], floats: losses });
        let parts = [("theta", &self.theta), ("m", &slices(self.m)), ("v", &slices(self.v))];
        for (prefix, all) in parts {
            for (parameter, floats) in shape.parameters().into_iter().zip(all) {
                let array = Array { sizes: parameter.sizes, floats: *floats };
                tensors.insert(format!("{prefix}.{}", parameter.name), array);
            }
        }
        safetensors::write(sink, &tensors, &BTreeMap::from([("ingot".to_owned(), header)]))
    }
}

fn slices(all: &[Vec<f32>]) -> Vec<Floats<'_>> {
    all.iter().map(|floats| Floats::Slice(floats)).collect()
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    arithmetic: u32,
    stage: u32,
    step: u64,
    /// The next sequence of the stage's mixture.
    cursor: u64,
    recipe: Digest,
    seed: String,
    powers: [String; 2],
}

/// Why bytes are not the state that was wanted.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    #[error(transparent)]
    File(#[from] SafetensorsError),
    #[error("the training state's header is not readable: {0}")]
    Header(String),
    #[error("the training state has {what} `{found}`, wanted `{wanted}`")]
    Other { what: &'static str, found: String, wanted: String },
}

impl State {
    /// The state before the first step of a stage: weights and losses of what came before,
    /// moments of zero.
    pub fn first(stage: u32, origin: Origin, shape: &Shape, before: StageEnd) -> State {
        let zeros: Vec<Vec<f32>> =
            shape.parameters().iter().map(|parameter| vec![0.0; parameter.len()]).collect();
        State {
            origin,
            stage,
            step: 0,
            powers: [1.0, 1.0],
            theta: before.theta,
            m: zeros.clone(),
            v: zeros,
            losses: before.losses,
        }
    }

    /// The canonical bytes; `cursor` is the next sequence of the mixture.
    pub fn bytes(&self, shape: &Shape, cursor: u64) -> Vec<u8> {
        let view = StateView {
            origin: self.origin,
            stage: self.stage,
            step: self.step,
            cursor,
            powers: self.powers,
            theta: slices(&self.theta),
            m: &self.m,
            v: &self.v,
            losses: &self.losses,
        };
        let mut bytes = Vec::new();
        view.write(shape, &mut bytes).expect("memory takes all bytes");
        bytes
    }

    /// Reads a state of this shape and origin back.
    pub fn read(bytes: &[u8], shape: &Shape, origin: Origin) -> Result<State, StateError> {
        let file = safetensors::read(bytes)?;
        let header = file.metadata.get("ingot").map(String::as_str).unwrap_or_default();
        let wrong = |error: serde_json::Error| StateError::Header(error.to_string());
        let header: Header = serde_json::from_str(header).map_err(wrong)?;
        same("arithmetic", header.arithmetic, origin.arithmetic)?;
        same("recipe", header.recipe, origin.recipe)?;
        same("seed", header.seed, origin.seed.to_string())?;
        let mut powers = [0.0; 2];
        for (power, text) in powers.iter_mut().zip(&header.powers) {
            let bits = u64::from_str_radix(text, 16);
            *power = f64::from_bits(bits.map_err(|_| StateError::Header(text.clone()))?);
        }
        let all = |prefix: &str| -> Result<Vec<Vec<f32>>, StateError> {
            let read = |parameter: crate::shape::Parameter| {
                file.floats(&format!("{prefix}.{}", parameter.name), &parameter.sizes)
            };
            Ok(shape.parameters().into_iter().map(read).collect::<Result<_, _>>()?)
        };
        let losses = file.sizes("losses").unwrap_or_default();
        Ok(State {
            origin,
            stage: header.stage,
            step: header.step,
            powers,
            theta: all("theta")?,
            m: all("m")?,
            v: all("v")?,
            losses: file.floats("losses", &losses)?,
        })
    }
}

fn same<T: PartialEq + ToString>(
    what: &'static str,
    found: T,
    wanted: T,
) -> Result<(), StateError> {
    if found == wanted {
        return Ok(());
    }
    Err(StateError::Other { what, found: found.to_string(), wanted: wanted.to_string() })
}
