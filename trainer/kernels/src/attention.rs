//! Causal attention with rotary positions and grouped queries; no time × time matrix is ever kept.
//!
//! For row i and j ≤ i: `s_j = (chain over d of q·k)·scale`, m = max, `e_j = exp(s_j − m)`,
//! l = lane sum of e, `o = (chain over j ascending of e_j·v_j) / l`. Back: D = lane sum of dO·O,
//! `p = e/l`, `dP = chain over d of dO·v`, `dS = (p·(dP − D))·scale`; dQ is a chain over j, dK and
//! dV are chains over the group's query heads in order and within a head over rows ascending.

use crate::arithmetic::Arithmetic;
use crate::elementary::exp;
use crate::kernels::Kernels;
use crate::lanes;
use crate::parts::Parts;
use crate::rope::RopeTable;
use crate::tier::Task;

/// Rows handled together and lanes handled together; neither reaches the bits.
const ROWS: usize = 4;
const WIDE: usize = 16;

/// The sizes of an attention layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttentionShape {
    pub batch: usize,
    pub time: usize,
    pub heads: usize,
    pub kv_heads: usize,
    /// Even.
    pub head_width: usize,
}

impl AttentionShape {
    /// Floats of a packed row: queries, then keys, then values.
    pub fn row(&self) -> usize {
        (self.heads + 2 * self.kv_heads) * self.head_width
    }

    fn group(&self) -> usize {
        self.heads / self.kv_heads
    }

    fn time_padded(&self) -> usize {
        self.time.next_multiple_of(lanes::LANES)
    }

    fn width_padded(&self) -> usize {
        self.head_width.next_multiple_of(WIDE)
    }

    fn check(&self, qkv: usize, out: usize, rows: usize, rope: &RopeTable) {
        assert!(rope.fits(self.time, self.head_width), "a table of this time and head width");
        let tokens = self.batch * self.time;
        assert_eq!(qkv, tokens * self.row(), "batch × time × (heads + 2·kv_heads)·head_width");
        assert_eq!(out, tokens * self.heads * self.head_width, "batch × time × heads·head_width");
        assert_eq!(rows, tokens * self.heads, "batch × heads × time");
        assert!(self.heads.is_multiple_of(self.kv_heads) && self.head_width.is_multiple_of(2));
    }
}

/// What one key-value head of one sequence works with.
struct Group<'a> {
    shape: AttentionShape,
    rope: &'a RopeTable,
    qkv: &'a [f32],
    sequence: usize,
    kv_head: usize,
    scale: f32,
}

impl Group<'_> {
    /// Where a head's vector at a time starts; heads count through queries, keys and values.
    #[inline(always)]
    fn place(&self, time: usize, head: usize) -> usize {
        let AttentionShape { head_width, time: all, .. } = self.shape;
        (self.sequence * all + time) * self.shape.row() + head * head_width
    }

    #[inline(always)]
    fn vector(&self, time: usize, head: usize) -> &[f32] {
        &self.qkv[self.place(time, head)..][..self.shape.head_width]
    }

    #[inline(always)]
    fn key_head(&self) -> usize {
        self.shape.heads + self.kv_head
    }

    #[inline(always)]
    fn value_head(&self) -> usize {
        self.shape.heads + self.shape.kv_heads + self.kv_head
    }

    /// Copies turned keys, one row a time (rows) and transposed (columns), padded with +0.
    #[inline(always)]
    fn keys(&self, rows: &mut [f32], columns: &mut [f32]) {
        rows.fill(0.0);
        columns.fill(0.0);
        let (wide, padded) = (self.shape.width_padded(), self.shape.time_padded());
        for time in 0..self.shape.time {
            let row = &mut rows[time * wide..][..self.shape.head_width];
            self.rope.turn(row, self.vector(time, self.key_head()), time);
            for (d, value) in row.iter().enumerate() {
                columns[d * padded + time] = *value;
            }
        }
    }

    /// Copies values, as `keys` does.
    #[inline(always)]
    fn values(&self, rows: &mut [f32], columns: Option<&mut [f32]>) {
        rows.fill(0.0);
        let (wide, padded) = (self.shape.width_padded(), self.shape.time_padded());
        for time in 0..self.shape.time {
            let value = self.vector(time, self.value_head());
            rows[time * wide..][..self.shape.head_width].copy_from_slice(value);
        }
        if let Some(columns) = columns {
            columns.fill(0.0);
            for time in 0..self.shape.time {
                for (d, value) in self.vector(time, self.value_head()).iter().enumerate() {
                    columns[d * padded + time] = *value;
                }
            }
        }
    }

    /// Turned queries of up to four rows from `first`; rows past the end are +0.
    #[inline(always)]
    fn queries(&self, to: &mut [f32], first: usize, rows: usize, head: usize) {
        to.fill(0.0);
        let wide = self.shape.width_padded();
        for row in 0..rows {
            let to = &mut to[row * wide..][..self.shape.head_width];
            self.rope.turn(to, self.vector(first + row, head), first + row);
        }
    }

    /// Scores of one row become e^(s − m) in place.
    #[inline(always)]
    fn exponents<A: Arithmetic>(&self, scores: &mut [f32], largest: f32) {
        for score in scores.iter_mut() {
            *score = exp::<A>(*score - largest);
        }
    }
}

/// `out[r][j] = chain over d of left[r][d]·columns[d][j]` for four rows and all j below `upto`.
#[inline(always)]
fn dots<A: Arithmetic>(
    out: &mut [f32],
    left: &[f32],
    columns: &[f32],
    (width, wide, padded): (usize, usize, usize),
    upto: usize,
) {
    for start in (0..upto).step_by(WIDE) {
        let mut sums = [[0.0; WIDE]; ROWS];
        for d in 0..width {
            let column: &[f32; WIDE] = columns[d * padded + start..].first_chunk().expect("padded");
            for (row, sums) in sums.iter_mut().enumerate() {
                let x = left[row * wide + d];
                for lane in 0..WIDE {
                    sums[lane] = A::fma(x, column[lane], sums[lane]);
                }
            }
        }
        for (row, sums) in sums.iter().enumerate() {
            out[row * padded + start..][..WIDE].copy_from_slice(sums);
        }
    }
}

/// `out[r] = chain over j ≤ first + r of weights[r][j]·rows[j]` for `count` rows.
#[inline(always)]
fn gather<A: Arithmetic>(
    out: &mut [f32],
    weights: &[f32],
    rows: &[f32],
    (wide, padded): (usize, usize),
    first: usize,
    count: usize,
) {
    for start in (0..wide).step_by(WIDE) {
        let mut sums = [[0.0; WIDE]; ROWS];
        for j in 0..=first {
            let row: &[f32; WIDE] = rows[j * wide + start..].first_chunk().expect("padded");
            for (r, sums) in sums.iter_mut().enumerate() {
                let weight = weights[r * padded + j];
                for lane in 0..WIDE {
                    sums[lane] = A::fma(weight, row[lane], sums[lane]);
                }
            }
        }
        for (r, sums) in sums.iter_mut().enumerate().take(count) {
            for j in first + 1..=first + r {
                let row: &[f32; WIDE] = rows[j * wide + start..].first_chunk().expect("padded");
                for lane in 0..WIDE {
                    sums[lane] = A::fma(weights[r * padded + j], row[lane], sums[lane]);
                }
            }
            out[r * wide + start..][..WIDE].copy_from_slice(sums);
        }
    }
}

/// `sums[j] ← fma(weights[r][j], rows[r], sums[j])` for r ascending, every j ≤ first + r.
#[inline(always)]
fn scatter<A: Arithmetic>(
    sums: &mut [f32],
    weights: &[f32],
    rows: &[f32],
    (wide, padded): (usize, usize),
    first: usize,
    count: usize,
) {
    for j in 0..first + count {
        let skipped = j.saturating_sub(first);
        for start in (0..wide).step_by(WIDE) {
            let place = &mut sums[j * wide + start..][..WIDE];
            let mut sum: [f32; WIDE] = *place.first_chunk().expect("padded");
            for r in skipped..count {
                let weight = weights[r * padded + j];
                let row: &[f32; WIDE] = rows[r * wide + start..].first_chunk().expect("padded");
                for lane in 0..WIDE {
                    sum[lane] = A::fma(weight, row[lane], sum[lane]);
                }
            }
            place.copy_from_slice(&sum);
        }
    }
}

struct Forward<'a> {
    group: Group<'a>,
    kernels: &'a Kernels,
    out: &'a Parts<'a>,
    row_max: &'a Parts<'a>,
    row_sum: &'a Parts<'a>,
}

impl Task for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let Group { shape, sequence, kv_head, scale, .. } = self.group;
        let (time, width) = (shape.time, shape.head_width);
        let (wide, padded) = (shape.width_padded(), shape.time_padded());
        let mut keys = self.kernels.buffer(time * wide);
        let mut key_columns = self.kernels.buffer(width * padded);
        let mut values = self.kernels.buffer(time * wide);
        self.group.keys(&mut keys, &mut key_columns);
        self.group.values(&mut values, None);
        let mut scores = self.kernels.buffer(ROWS * padded);
        let mut queries = self.kernels.buffer(ROWS * wide);
        let mut sums = self.kernels.buffer(ROWS * wide);
        for head in kv_head * shape.group()..(kv_head + 1) * shape.group() {
            let rows_start = (sequence * shape.heads + head) * time;
            // SAFETY: every query head of every sequence belongs to one task.
            let (maxima, totals) = unsafe {
                let range = rows_start..rows_start + time;
                (self.row_max.part(range.clone()), self.row_sum.part(range))
            };
            for first in (0..time).step_by(ROWS) {
                let count = ROWS.min(time - first);
                self.group.queries(&mut queries, first, count, head);
                let sizes = (width, wide, padded);
                dots::<A>(&mut scores, &queries, &key_columns, sizes, first + count);
                for r in 0..count {
                    let row = &mut scores[r * padded..][..first + r + 1];
                    row.iter_mut().for_each(|score| *score *= scale);
                    let largest = lanes::max(row);
                    self.group.exponents::<A>(row, largest);
                    maxima[first + r] = largest;
                    totals[first + r] = lanes::sum(row.len(), |i, lane| lane + row[i]);
                }
                gather::<A>(&mut sums, &scores, &values, (wide, padded), first, count);
                for r in 0..count {
                    let start = ((sequence * time + first + r) * shape.heads + head) * width;
                    // SAFETY: as above.
                    let out = unsafe { self.out.part(start..start + width) };
                    for (out, sum) in out.iter_mut().zip(&sums[r * wide..]) {
                        *out = sum / totals[first + r];
                    }
                }
            }
        }
    }
}

/// What the way back needs beside the packed rows.
struct Back<'a> {
    dout: &'a [f32],
    out: &'a [f32],
    row_max: &'a [f32],
    row_sum: &'a [f32],
}

struct Backward<'a> {
    group: Group<'a>,
    kernels: &'a Kernels,
    back: &'a Back<'a>,
    dqkv: &'a Parts<'a>,
}

impl Backward<'_> {
    /// Writes a gradient vector to its place, turned back where it belongs to a turned vector.
    #[inline(always)]
    fn write(&self, from: &[f32], time: usize, head: usize, turned: bool) {
        let (start, width) = (self.group.place(time, head), self.group.shape.head_width);
        // SAFETY: every query, key and value head of every sequence belongs to one task.
        let to = unsafe { self.dqkv.part(start..start + width) };
        match turned {
            true => self.group.rope.turn_back(to, from, time),
            false => to.copy_from_slice(&from[..width]),
        }
    }

    /// Rows of e^(s − m) become dS, and `p` keeps e/l.
    #[inline(always)]
    fn gradients<A: Arithmetic>(&self, p: &mut [f32], ds: &mut [f32], row: usize, d: f32) {
        let (largest, total) = (self.back.row_max[row], self.back.row_sum[row]);
        for (p, ds) in p.iter_mut().zip(ds) {
            *p = exp::<A>(*p * self.group.scale - largest) / total;
            *ds = (*p * (*ds - d)) * self.group.scale;
        }
    }
}

impl Task for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let Group { shape, sequence, kv_head, .. } = self.group;
        let (time, width) = (shape.time, shape.head_width);
        let (wide, padded) = (shape.width_padded(), shape.time_padded());
        let [mut keys, mut values, mut dkeys, mut dvalues] =
            std::array::from_fn(|_| self.kernels.buffer(time * wide));
        let [mut key_columns, mut value_columns] =
            std::array::from_fn(|_| self.kernels.buffer(width * padded));
        let [mut p, mut ds] = std::array::from_fn(|_| self.kernels.buffer(ROWS * padded));
        let [mut queries, mut douts, mut dqueries] =
            std::array::from_fn(|_| self.kernels.buffer(ROWS * wide));
        self.group.keys(&mut keys, &mut key_columns);
        self.group.values(&mut values, Some(&mut value_columns));
        dkeys.fill(0.0);
        dvalues.fill(0.0);
        for head in kv_head * shape.group()..(kv_head + 1) * shape.group() {
            for first in (0..time).step_by(ROWS) {
                let count = ROWS.min(time - first);
                let at = |r: usize| ((sequence * time + first + r) * shape.heads + head) * width;
                self.group.queries(&mut queries, first, count, head);
                douts.fill(0.0);
                for r in 0..count {
                    douts[r * wide..][..width].copy_from_slice(&self.back.dout[at(r)..][..width]);
                }
                let (sizes, upto) = ((width, wide, padded), first + count);
                dots::<A>(&mut p, &queries, &key_columns, sizes, upto);
                dots::<A>(&mut ds, &douts, &value_columns, sizes, upto);
                for r in 0..count {
                    let (dout, out) = (&douts[r * wide..][..width], &self.back.out[at(r)..]);
                    let d = lanes::sum(width, |i, lane| A::fma(dout[i], out[i], lane));
                    let row = (sequence * shape.heads + head) * time + first + r;
                    let range = r * padded..r * padded + first + r + 1;
                    self.gradients::<A>(&mut p[range.clone()], &mut ds[range], row, d);
                }
                let sizes = (wide, padded);
                gather::<A>(&mut dqueries, &ds, &keys, sizes, first, count);
                scatter::<A>(&mut dkeys, &ds, &queries, sizes, first, count);
                scatter::<A>(&mut dvalues, &p, &douts, sizes, first, count);
                for r in 0..count {
                    self.write(&dqueries[r * wide..][..width], first + r, head, true);
                }
            }
        }
        for t in 0..time {
            self.write(&dkeys[t * wide..][..width], t, self.group.key_head(), true);
            self.write(&dvalues[t * wide..][..width], t, self.group.value_head(), false);
        }
    }
}

impl Kernels {
    /// `out` (batch, time, heads·head_width) from packed `qkv` (batch, time, row); keeps the
    /// maximum and the sum of every row of scores (batch, heads, time) for the way back.
    pub fn attention_forward(
        &self,
        out: &mut [f32],
        row_max: &mut [f32],
        row_sum: &mut [f32],
        qkv: &[f32],
        shape: AttentionShape,
        rope: &RopeTable,
    ) {
        shape.check(qkv.len(), out.len(), row_max.len(), rope);
        assert_eq!(row_max.len(), row_sum.len(), "a maximum and a sum for every row");
        let (out, row_max, row_sum) = (Parts::new(out), Parts::new(row_max), Parts::new(row_sum));
        self.each(shape.batch * shape.kv_heads, &|task| {
            self.tier().carry_out(Forward {
                group: group(task, qkv, shape, rope),
                kernels: self,
                out: &out,
                row_max: &row_max,
                row_sum: &row_sum,
            });
        });
    }

    /// The gradient of `qkv`, all of it written.
    #[allow(clippy::too_many_arguments)]
    pub fn attention_backward(
        &self,
        dqkv: &mut [f32],
        dout: &[f32],
        out: &[f32],
        qkv: &[f32],
        row_max: &[f32],
        row_sum: &[f32],
        shape: AttentionShape,
        rope: &RopeTable,
    ) {
        shape.check(qkv.len(), out.len(), row_max.len(), rope);
        assert!(dqkv.len() == qkv.len() && dout.len() == out.len());
        let back = Back { dout, out, row_max, row_sum };
        let dqkv = Parts::new(dqkv);
        self.each(shape.batch * shape.kv_heads, &|task| {
            let group = group(task, qkv, shape, rope);
            self.tier().carry_out(Backward { group, kernels: self, back: &back, dqkv: &dqkv });
        });
    }
}

fn group<'a>(task: usize, qkv: &'a [f32], shape: AttentionShape, rope: &'a RopeTable) -> Group<'a> {
    let (sequence, kv_head) = (task / shape.kv_heads, task % shape.kv_heads);
    let scale = 1.0 / (shape.head_width as f32).sqrt();
    Group { shape, rope, qkv, sequence, kv_head, scale }
}
