//! Causal attention with rotary positions and grouped queries; no time × time matrix is ever kept.
//!
//! For row i and j ≤ i: `s_j = (chain over d of q·k)·scale`, m = max, `e_j = exp(s_j − m)`,
//! l = lane sum of e, `o = (chain over j ascending of e_j·v_j) / l`. Back: D = lane sum of dO·O,
//! `p = e/l`, `dP = chain over d of dO·v`, `dS = (p·(dP − D))·scale`; dQ is a chain over j, dK and
//! dV are chains over the group's query heads in order and within a head over rows ascending.

use std::ops::Range;

use crate::arithmetic::Arithmetic;
use crate::elementary::exp;
use crate::kernels::{Buffer, Kernels};
use crate::lanes;
use crate::micro::Micro;
use crate::pack::{Operand, panel_stride};
use crate::parts::Parts;
use crate::rope::RopeTable;
use crate::tier::Task;

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
    kernels: &'a Kernels,
}

impl<'a> Group<'a> {
    fn new(
        task: usize,
        qkv: &'a [f32],
        shape: AttentionShape,
        rope: &'a RopeTable,
        kernels: &'a Kernels,
    ) -> Group<'a> {
        let (sequence, kv_head) = (task / shape.kv_heads, task % shape.kv_heads);
        let scale = 1.0 / (shape.head_width as f32).sqrt();
        Group { shape, rope, qkv, sequence, kv_head, scale, kernels }
    }

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

    /// The query heads that share the keys and values.
    #[inline(always)]
    fn heads(&self) -> Range<usize> {
        self.kv_head * self.shape.group()..(self.kv_head + 1) * self.shape.group()
    }

    /// Copies turned keys, one row a time.
    #[inline(always)]
    fn keys(&self, rows: &mut [f32], wide: usize) {
        self.rows(rows, wide, self.key_head());
    }

    /// Copies the turned queries of a head.
    #[inline(always)]
    fn queries(&self, rows: &mut [f32], wide: usize, head: usize) {
        self.rows(rows, wide, head);
    }

    #[inline(always)]
    fn rows(&self, rows: &mut [f32], wide: usize, head: usize) {
        for (time, row) in rows.chunks_exact_mut(wide).take(self.shape.time).enumerate() {
            let row = &mut row[..self.shape.head_width];
            self.rope.turn(row, self.vector(time, head), time);
        }
    }

    /// Copies values, one row a time.
    #[inline(always)]
    fn values(&self, rows: &mut [f32], wide: usize) {
        for (time, row) in rows.chunks_exact_mut(wide).take(self.shape.time).enumerate() {
            let value = self.vector(time, self.value_head());
            row[..self.shape.head_width].copy_from_slice(value);
        }
    }
}

/// Rows of scores that are held at a time; whole tiles of every tier.
const ROWS: usize = 48;

/// Rows turned so that the same place of neighbouring rows lies together.
struct Panels {
    floats: Buffer,
    /// Rows of a panel.
    side: usize,
    stride: usize,
}

impl Panels {
    /// The panel that begins with a row, and its floats a term.
    fn from(&self, row: usize) -> (&[f32], usize) {
        (&self.floats[row / self.side * self.stride..][..self.stride], self.side)
    }
}

/// The sizes of one head, and its tiles, which never reach the bits.
struct Head<'a> {
    kernels: &'a Kernels,
    micro: Micro,
    time: usize,
    width: usize,
    /// Floats of a row of `width`, padded to whole tiles.
    wide: usize,
    /// Floats of a row of scores, padded to whole tiles.
    padded: usize,
}

impl<'a> Head<'a> {
    fn of(shape: AttentionShape, kernels: &'a Kernels) -> Head<'a> {
        let AttentionShape { time, head_width: width, .. } = shape;
        let micro = Micro::of(kernels.tier());
        let (wide, padded) =
            (width.next_multiple_of(micro.columns), time.next_multiple_of(micro.columns));
        Head { kernels, micro, time, width, wide, padded }
    }

    /// A row for every time and some to fill the last tile, all +0.
    fn rows(&self) -> Buffer {
        let mut rows = self.kernels.buffer(self.time.next_multiple_of(self.micro.rows) * self.wide);
        rows.fill(0.0);
        rows
    }

    fn turned(&self, rows: &[f32], side: usize) -> Panels {
        let stride = panel_stride(self.width, side);
        let mut floats = self.kernels.buffer(self.time.div_ceil(side) * stride);
        self.turn(&mut floats, (rows, self.wide), 0..self.time, 0..self.width, side);
        Panels { floats, side, stride }
    }

    fn turn(
        &self,
        packed: &mut [f32],
        (floats, terms_all): (&[f32], usize),
        lines: Range<usize>,
        terms: Range<usize>,
        width: usize,
    ) {
        let tier = self.kernels.tier();
        let operand = Operand { floats, lines: lines.end, terms: terms_all, terms_adjacent: true };
        operand.pack(tier, packed, lines, terms, width);
    }

    /// `out[r][j] = chain over d of left[first + r][d]·right[j][d]` for all j ≤ first + r.
    fn dots(&self, out: &mut [f32], left: &Panels, right: &Panels, rows: Range<usize>) {
        for row in rows.clone().step_by(self.micro.rows) {
            let reached = self.time.min(row + self.micro.rows);
            for start in (0..reached).step_by(self.micro.columns) {
                let out = &mut out[(row - rows.start) * self.padded + start..];
                let (left, right) = (left.from(row), right.from(start));
                self.micro.fill(self.width, left, right, (out, self.padded), false);
            }
        }
    }

    /// `out[r] = chain over j ≤ first + r of weights[r][j]·vectors[j]`.
    #[inline(always)]
    fn gather<A: Arithmetic>(
        &self,
        out: &mut [f32],
        weights: &[f32],
        vectors: &[f32],
        rows: Range<usize>,
    ) {
        let (high, wide, padded) = (self.micro.rows, self.wide, self.padded);
        let mut packed = self.kernels.buffer(panel_stride(padded, high));
        for tile in rows.clone().step_by(high) {
            let row = tile - rows.start;
            // All rows of the tile reach these vectors; what only some reach follows row by row.
            let shared = tile + 1;
            let whole = shared.next_multiple_of(self.micro.columns);
            self.turn(&mut packed, (weights, padded), row..row + high, 0..whole, high);
            for start in (0..wide).step_by(self.micro.columns) {
                let out = &mut out[row * wide + start..];
                let vectors = (&vectors[start..], wide);
                self.micro.fill(shared, (&packed, high), vectors, (out, wide), false);
            }
            for r in tile + 1..(tile + high).min(rows.end) {
                let row = r - rows.start;
                for j in shared..=r {
                    let sums = &mut out[row * wide..][..wide];
                    add::<A>(sums, weights[row * padded + j], &vectors[j * wide..]);
                }
            }
        }
    }

    /// `sums[j] ← fma(weights[r][j], vectors[first + r], sums[j])` for r ascending, every
    /// j ≤ first + r.
    #[inline(always)]
    fn scatter<A: Arithmetic>(
        &self,
        sums: &mut [f32],
        weights: &[f32],
        vectors: &[f32],
        rows: Range<usize>,
    ) {
        let (high, wide, padded) = (self.micro.rows, self.wide, self.padded);
        for tile in (0..rows.end).step_by(high) {
            // These rows reach all sums of the tile; what only some reach comes before.
            let shared = rows.start.max(tile + high - 1).min(rows.end);
            for j in tile..(tile + high).min(rows.end) {
                for r in rows.start.max(j)..shared {
                    let weight = weights[(r - rows.start) * padded + j];
                    add::<A>(&mut sums[j * wide..][..wide], weight, &vectors[r * wide..]);
                }
            }
            if shared == rows.end {
                continue;
            }
            for start in (0..wide).step_by(self.micro.columns) {
                let weights = (&weights[(shared - rows.start) * padded + tile..], padded);
                let vectors = (&vectors[shared * wide + start..], wide);
                let sums = (&mut sums[tile * wide + start..], wide);
                self.micro.fill(rows.end - shared, weights, vectors, sums, true);
            }
        }
    }
}

/// `sums ← fma(weight, row, sums)`, place by place.
#[inline(always)]
fn add<A: Arithmetic>(sums: &mut [f32], weight: f32, row: &[f32]) {
    for (sum, value) in sums.iter_mut().zip(row) {
        *sum = A::fma(weight, *value, *sum);
    }
}

struct Forward<'a> {
    group: Group<'a>,
    out: &'a Parts<'a>,
    row_max: &'a Parts<'a>,
    row_sum: &'a Parts<'a>,
}

impl Task for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let Group { shape, sequence, scale, kernels, .. } = self.group;
        let head = Head::of(shape, kernels);
        let (micro, time, width) = (head.micro, head.time, head.width);
        let [mut queries, mut keys, mut values] = std::array::from_fn(|_| head.rows());
        self.group.keys(&mut keys, head.wide);
        self.group.values(&mut values, head.wide);
        let key_panels = head.turned(&keys, micro.columns);
        let mut scores = kernels.buffer(ROWS * head.padded);
        let mut sums = kernels.buffer(ROWS * head.wide);
        for number in self.group.heads() {
            let rows_start = (sequence * shape.heads + number) * time;
            // SAFETY: every query head of every sequence belongs to one task.
            let (maxima, totals) = unsafe {
                let range = rows_start..rows_start + time;
                (self.row_max.part(range.clone()), self.row_sum.part(range))
            };
            self.group.queries(&mut queries, head.wide, number);
            let query_panels = head.turned(&queries, micro.rows);
            for first in (0..time).step_by(ROWS) {
                let rows = first..(first + ROWS).min(time);
                head.dots(&mut scores, &query_panels, &key_panels, rows.clone());
                for r in 0..rows.len() {
                    let row = &mut scores[r * head.padded..][..first + r + 1];
                    row.iter_mut().for_each(|score| *score *= scale);
                    let largest = lanes::max(row);
                    row.iter_mut().for_each(|score| *score = exp::<A>(*score - largest));
                    maxima[first + r] = largest;
                    totals[first + r] = lanes::sum(row.len(), |i, lane| lane + row[i]);
                }
                head.gather::<A>(&mut sums, &scores, &values, rows.clone());
                for r in 0..rows.len() {
                    let start = ((sequence * time + first + r) * shape.heads + number) * width;
                    // SAFETY: as above.
                    let out = unsafe { self.out.part(start..start + width) };
                    for (out, sum) in out.iter_mut().zip(&sums[r * head.wide..]) {
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

    /// Rows of scores become p = e^(s − m)/l, rows of dP become dS.
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
        let Group { shape, sequence, kernels, .. } = self.group;
        let head = Head::of(shape, kernels);
        let (micro, time, width, wide) = (head.micro, head.time, head.width, head.wide);
        let [mut queries, mut keys, mut values, mut douts, mut dkeys, mut dvalues] =
            std::array::from_fn(|_| head.rows());
        self.group.keys(&mut keys, wide);
        self.group.values(&mut values, wide);
        let [key_panels, value_panels] =
            [&keys, &values].map(|rows| head.turned(rows, micro.columns));
        let [mut p, mut ds] = std::array::from_fn(|_| kernels.buffer(ROWS * head.padded));
        let mut dqueries = kernels.buffer(ROWS * wide);
        for number in self.group.heads() {
            let at = |time: usize| ((sequence * shape.time + time) * shape.heads + number) * width;
            self.group.queries(&mut queries, wide, number);
            for (time, row) in douts.chunks_exact_mut(wide).take(time).enumerate() {
                row[..width].copy_from_slice(&self.back.dout[at(time)..][..width]);
            }
            let [query_panels, dout_panels] =
                [&queries, &douts].map(|rows| head.turned(rows, micro.rows));
            for first in (0..time).step_by(ROWS) {
                let rows = first..(first + ROWS).min(time);
                head.dots(&mut p, &query_panels, &key_panels, rows.clone());
                head.dots(&mut ds, &dout_panels, &value_panels, rows.clone());
                for r in 0..rows.len() {
                    let dout = &douts[(first + r) * wide..][..width];
                    let out = &self.back.out[at(first + r)..][..width];
                    let d = lanes::sum(width, |i, lane| A::fma(dout[i], out[i], lane));
                    let row = (sequence * shape.heads + number) * time + first + r;
                    let range = r * head.padded..r * head.padded + first + r + 1;
                    self.gradients::<A>(&mut p[range.clone()], &mut ds[range], row, d);
                }
                head.gather::<A>(&mut dqueries, &ds, &keys, rows.clone());
                head.scatter::<A>(&mut dkeys, &ds, &queries, rows.clone());
                head.scatter::<A>(&mut dvalues, &p, &douts, rows.clone());
                for r in 0..rows.len() {
                    self.write(&dqueries[r * wide..][..width], first + r, number, true);
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
            let group = Group::new(task, qkv, shape, rope, self);
            let (out, row_max, row_sum) = (&out, &row_max, &row_sum);
            self.tier().carry_out(Forward { group, out, row_max, row_sum });
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
            let group = Group::new(task, qkv, shape, rope, self);
            self.tier().carry_out(Backward { group, back: &back, dqkv: &dqkv });
        });
    }
}
