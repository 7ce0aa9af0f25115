//! The decoder and its training once more in f64, from the tensor library's own operations.

#![allow(clippy::disallowed_methods)] // what judges the arithmetic must not be the arithmetic

use candle_core::{D, DType, Device, Result, Tensor, Var};
use recipes::recipe::{Optimizer, Pretrain};
use trainer::schedule::rate;
use trainer::shape::Shape;
use trainer::state::State;

struct Reference<'a> {
    shape: &'a Shape,
    names: Vec<String>,
    weights: Vec<Var>,
}

impl Reference<'_> {
    fn weight(&self, name: &str) -> &Tensor {
        let place = self.names.iter().position(|known| known == name).expect("a parameter");
        self.weights[place].as_tensor()
    }

    fn norm(&self, x: &Tensor, name: &str) -> Result<Tensor> {
        let mean = x.sqr()?.mean_keepdim(D::Minus1)?;
        let root = (mean + self.shape.norm_epsilon)?.sqrt()?;
        x.broadcast_div(&root)?.broadcast_mul(self.weight(name))
    }

    fn linear(&self, x: &Tensor, name: &str) -> Result<Tensor> {
        x.matmul(&self.weight(name).t()?)
    }

    /// (heads, time, head width), every pair turned by its angle.
    fn turned(&self, x: &Tensor) -> Result<Tensor> {
        let (_, time, width) = x.dims3()?;
        let half = width / 2;
        let angle = |i: usize| {
            let (t, pair) = ((i / half) as f64, (i % half) as f64);
            t * self.shape.rope_theta.powf(-2.0 * pair / width as f64)
        };
        let table = |f: fn(f64) -> f64| {
            let values: Vec<f64> = (0..time * half).map(|i| f(angle(i))).collect();
            Tensor::from_vec(values, (1, time, half), &Device::Cpu)
        };
        let (cos, sin) = (table(f64::cos)?, table(f64::sin)?);
        let (a, b) = (x.narrow(2, 0, half)?, x.narrow(2, half, half)?);
        let first = (a.broadcast_mul(&cos)? - b.broadcast_mul(&sin)?)?;
        let second = (b.broadcast_mul(&cos)? + a.broadcast_mul(&sin)?)?;
        Tensor::cat(&[first, second], 2)
    }

    fn attention(&self, qkv: &Tensor) -> Result<Tensor> {
        let (time, _) = qkv.dims2()?;
        let (heads, kv_heads) = (self.shape.heads, self.shape.kv_heads);
        let width = self.shape.head_width();
        let part = |first: usize, count: usize| {
            let part = qkv.narrow(1, first * width, count * width)?;
            part.reshape((time, count, width))?.transpose(0, 1)?.contiguous()
        };
        let group = heads / kv_heads;
        let spread = |x: &Tensor| {
            let x = x.unsqueeze(1)?.broadcast_as((kv_heads, group, time, width))?;
            x.contiguous()?.reshape((heads, time, width))
        };
        let q = self.turned(&part(0, heads)?)?;
        let k = spread(&self.turned(&part(heads, kv_heads)?)?)?;
        let v = spread(&part(heads + kv_heads, kv_heads)?)?;
        let scores = (q.matmul(&k.t()?)? / (width as f64).sqrt())?;
        let hidden = |i: usize| if i % time > i / time { f64::NEG_INFINITY } else { 0.0 };
        let mask: Vec<f64> = (0..time * time).map(hidden).collect();
        let mask = Tensor::from_vec(mask, (1, time, time), &Device::Cpu)?;
        let weights = scores.broadcast_add(&mask)?.exp()?;
        let weights = weights.broadcast_div(&weights.sum_keepdim(2)?)?;
        weights.matmul(&v)?.transpose(0, 1)?.contiguous()?.reshape((time, heads * width))
    }

    /// The summed loss over one sequence of context + 1 ids.
    fn loss(&self, ids: &[u32]) -> Result<Tensor> {
        let (inputs, targets) = (&ids[..ids.len() - 1], &ids[1..]);
        let inputs = Tensor::new(inputs, &Device::Cpu)?;
        let mut h = self.weight("embedding").index_select(&inputs, 0)?;
        for layer in 0..self.shape.layers {
            let name = |part: &str| format!("layer.{layer:03}.{part}");
            let qkv =
                self.linear(&self.norm(&h, &name("attention.norm"))?, &name("attention.qkv"))?;
            h = (&h + self.linear(&self.attention(&qkv)?, &name("attention.out"))?)?;
            let gate_up =
                self.linear(&self.norm(&h, &name("feed.norm"))?, &name("feed.gate_up"))?;
            let hidden = self.shape.hidden;
            let (gate, up) = (gate_up.narrow(1, 0, hidden)?, gate_up.narrow(1, hidden, hidden)?);
            let open = (gate.neg()?.exp()? + 1.0)?.recip()?;
            let fed = ((gate * open)? * up)?;
            h = (&h + self.linear(&fed, &name("feed.down"))?)?;
        }
        let head = if self.shape.tied { "embedding" } else { "head" };
        let logits = self.linear(&self.norm(&h, "norm")?, head)?;
        let targets = Tensor::new(targets, &Device::Cpu)?.unsqueeze(1)?;
        let total = logits.exp()?.sum_keepdim(1)?.log()?;
        (total - logits.gather(&targets, 1)?)?.sum_all()
    }
}

/// The losses of every step of a stage, trained in f64.
pub fn losses(
    shape: &Shape,
    settings: &Pretrain,
    start: &State,
    sequence: &dyn Fn(u64, &mut [u32]),
) -> Vec<f64> {
    trained(shape, settings, start, sequence).expect("the reference trains")
}

fn trained(
    shape: &Shape,
    settings: &Pretrain,
    start: &State,
    sequence: &dyn Fn(u64, &mut [u32]),
) -> Result<Vec<f64>> {
    let parameters = shape.parameters();
    let weight = |(theta, parameter): (&Vec<f32>, &trainer::shape::Parameter)| {
        let tensor = Tensor::from_slice(theta, parameter.sizes.as_slice(), &Device::Cpu)?;
        Var::from_tensor(&tensor.to_dtype(DType::F64)?)
    };
    let weights = start.theta.iter().zip(&parameters).map(weight).collect::<Result<Vec<_>>>()?;
    let names = parameters.iter().map(|parameter| parameter.name.clone()).collect();
    let reference = Reference { shape, names, weights };
    let zeros: Vec<Vec<f64>> = start.theta.iter().map(|theta| vec![0.0; theta.len()]).collect();
    let (mut m, mut v) = (zeros.clone(), zeros);
    let steps = settings.tokens / settings.batch_tokens;
    let sequences = settings.batch_tokens / shape.context as u64;
    let mut losses = Vec::new();
    for step in 0..steps {
        let mut total = Tensor::zeros((), DType::F64, &Device::Cpu)?;
        for number in 0..sequences {
            let mut ids = vec![0; shape.context + 1];
            sequence(step * sequences + number, &mut ids);
            total = (total + reference.loss(&ids)?)?;
        }
        let loss = (total / settings.batch_tokens as f64)?;
        losses.push(loss.to_scalar::<f64>()?);
        let store = loss.backward()?;
        let mut gradients = Vec::new();
        for weight in &reference.weights {
            let gradient = store.get(weight.as_tensor()).expect("every weight is used");
            gradients.push(gradient.flatten_all()?.to_vec1::<f64>()?);
        }
        let rate = rate(
            &settings.schedule,
            (step + 1) * settings.batch_tokens,
            steps * settings.batch_tokens,
        );
        adamw(&reference, &parameters, &gradients, (&mut m, &mut v), settings, rate, step + 1)?;
    }
    Ok(losses)
}

fn adamw(
    reference: &Reference,
    parameters: &[trainer::shape::Parameter],
    gradients: &[Vec<f64>],
    (m, v): (&mut [Vec<f64>], &mut [Vec<f64>]),
    settings: &Pretrain,
    rate: f64,
    step: u64,
) -> Result<()> {
    let Optimizer::Adamw { beta1, beta2, epsilon, weight_decay, clip_norm } = settings.optimizer;
    let norm = gradients.iter().flatten().map(|g| g * g).sum::<f64>().sqrt();
    let scale = if norm > clip_norm { clip_norm / norm } else { 1.0 };
    for (slot, parameter) in parameters.iter().enumerate() {
        let weight = &reference.weights[slot];
        let mut theta = weight.flatten_all()?.to_vec1::<f64>()?;
        let decay = if parameter.decays() { weight_decay } else { 0.0 };
        for i in 0..theta.len() {
            let g = gradients[slot][i] * scale;
            m[slot][i] = beta1 * m[slot][i] + (1.0 - beta1) * g;
            v[slot][i] = beta2 * v[slot][i] + (1.0 - beta2) * g * g;
            let first = m[slot][i] / (1.0 - beta1.powi(step as i32));
            let second = v[slot][i] / (1.0 - beta2.powi(step as i32));
            theta[i] = theta[i] * (1.0 - rate * decay) - rate * first / (second.sqrt() + epsilon);
        }
        weight.set(&Tensor::from_vec(theta, parameter.sizes.as_slice(), &Device::Cpu)?)?;
    }
    Ok(())
}
