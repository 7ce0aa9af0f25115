//! The sizes of a network and the names, shapes and first values of its parameters.

use kernels::random::normal;
use kernels::{AttentionShape, RopeTable};
use recipes::recipe::Model;

/// The purpose of the random numbers that first values are drawn with.
const PURPOSE_INITIAL: u32 = 1;

/// Deviation of first values.
const DEVIATION: f32 = 0.02;

/// The sizes of a decoder.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    pub vocabulary: usize,
    pub layers: usize,
    pub width: usize,
    pub heads: usize,
    pub kv_heads: usize,
    pub hidden: usize,
    pub context: usize,
    pub tied: bool,
    pub rope_theta: f64,
    pub norm_epsilon: f64,
}

/// A parameter's name and sizes; vectors are norm gains, everything else is a matrix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    pub name: String,
    pub sizes: Vec<usize>,
}

impl Parameter {
    /// Number of elements.
    pub fn len(&self) -> usize {
        self.sizes.iter().product()
    }

    /// Whether it has no elements, which no checked recipe asks for.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether weight decay applies: to matrices, not to norm gains.
    pub fn decays(&self) -> bool {
        self.sizes.len() > 1
    }
}

impl Shape {
    /// The shape that a recipe's model asks for.
    pub fn new(model: &Model, vocabulary: usize) -> Shape {
        let Model::Llama {
            layers,
            width,
            heads,
            kv_heads,
            hidden,
            context,
            tied,
            rope_theta,
            norm_epsilon,
        } = *model;
        Shape {
            vocabulary,
            layers: layers as usize,
            width: width as usize,
            heads: heads as usize,
            kv_heads: kv_heads as usize,
            hidden: hidden as usize,
            context: context as usize,
            tied,
            rope_theta,
            norm_epsilon,
        }
    }

    /// Width of a head.
    pub fn head_width(&self) -> usize {
        self.width / self.heads
    }

    /// The sizes of attention over some sequences.
    pub fn attention(&self, batch: usize, time: usize) -> AttentionShape {
        AttentionShape {
            batch,
            time,
            heads: self.heads,
            kv_heads: self.kv_heads,
            head_width: self.head_width(),
        }
    }

    /// The rotary table for a whole context.
    pub fn rope(&self) -> RopeTable {
        RopeTable::new(self.context, self.head_width(), self.rope_theta)
    }

    /// All parameters, sorted by name: the flat index that clipping and states go by.
    pub fn parameters(&self) -> Vec<Parameter> {
        let parameter = |name: String, sizes: &[usize]| Parameter { name, sizes: sizes.to_vec() };
        let packed = (self.heads + 2 * self.kv_heads) * self.head_width();
        let (width, hidden) = (self.width, self.hidden);
        let mut all = vec![
            parameter("embedding".into(), &[self.vocabulary, width]),
            parameter("norm".into(), &[width]),
        ];
        if !self.tied {
            all.push(parameter("head".into(), &[self.vocabulary, width]));
        }
        for layer in 0..self.layers {
            let mut of_layer = |name: &str, sizes: &[usize]| {
                all.push(parameter(format!("layer.{layer:03}.{name}"), sizes));
            };
            of_layer("attention.norm", &[width]);
            of_layer("attention.qkv", &[packed, width]);
            of_layer("attention.out", &[width, self.heads * self.head_width()]);
            of_layer("feed.norm", &[width]);
            of_layer("feed.gate_up", &[2 * hidden, width]);
            of_layer("feed.down", &[width, hidden]);
        }
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    }

    /// Number of trained numbers.
    pub fn parameter_count(&self) -> u64 {
        self.parameters().iter().map(|parameter| parameter.len() as u64).sum()
    }

    /// First values: gains are 1, matrices normal with deviation 0.02, those that write into the
    /// residual stream scaled by 1/√(2·layers). Element i of the flat index takes draw i.
    pub fn initial(&self, seed: u64) -> Vec<Vec<f32>> {
        let residual = 1.0 / (2.0 * self.layers as f32).sqrt();
        let mut start = 0;
        let mut all = Vec::new();
        for parameter in self.parameters() {
            let len = parameter.len();
            let writes = parameter.name.ends_with(".out") || parameter.name.ends_with(".down");
            let deviation = if writes { DEVIATION * residual } else { DEVIATION };
            let draw = |i: usize| normal(seed, PURPOSE_INITIAL, (start + i) as u64) * deviation;
            all.push(match parameter.decays() {
                true => (0..len).map(draw).collect(),
                false => vec![1.0; len],
            });
            start += len;
        }
        all
    }
}
