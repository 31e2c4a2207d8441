//! Passes over the observations: v ← M₀(v - D_R a) and b = D_R'W v, K columns at once.
//!
//! M₀ takes the means of the eliminated effect's levels out. When the observations of each level follow each other
//! (a panel sorted by unit), one pass does all of it in cache, and runs of levels go to different threads, each with
//! sums of its own that are added in order. Otherwise a first pass finds the means.

use super::cells::Groups;
use super::effect::{Effect, reciprocal};
use rayon::prelude::*;
use std::ops::Range;

/// Observations that are worked on at a time, in cache.
const TILE: usize = 512;

/// A level with more observations than this does not stay in cache: two passes then.
const LONG: usize = 8192;

/// Observations of one task, and tasks at most: a matter of the data alone, so the bits are too.
const TASK: usize = 1 << 15;
const TASKS: usize = 16;

/// What one pass finds.
pub(super) struct Swept<const K: usize> {
    /// D_R'W v after it.
    pub b: Vec<[f64; K]>,
    /// Coefficients of the eliminated effect that it took out, when asked for.
    pub means: Option<Vec<[f64; K]>>,
    /// Σ w v² after it.
    pub squares: [f64; K],
    /// Largest |d'Wv| / ‖d‖ over the eliminated effect, after it.
    pub worst: [f64; K],
}

/// The sample as the passes see it.
pub(super) struct Sweep<'a> {
    pub effects: &'a [Effect],
    pub groups: &'a Groups,
    pub w: Option<&'a [f64]>,
    /// Where the unknowns of `effects[1..]` start.
    pub offsets: &'a [usize],
}

impl Sweep<'_> {
    /// One pass; `a` holds the unknowns of `effects[1..]`, nothing at first.
    pub(super) fn run<const K: usize>(
        &self,
        a: Option<&[[f64; K]]>,
        mut v: [&mut [f64]; K],
        keep_means: bool,
    ) -> Swept<K> {
        let longest = (0..self.groups.len()).map(|g| self.groups.start[g + 1] - self.groups.start[g]).max();
        if !self.groups.sorted() || longest.unwrap_or(0) as usize > LONG {
            return self.in_two(a, v, keep_means);
        }
        let unknowns = self.offsets[self.offsets.len() - 1];
        let n = v[0].len();
        let tasks = (n / TASK.max(2 * unknowns)).clamp(1, TASKS);
        let bound = |t: usize| self.groups.start.partition_point(|&s| (s as usize) < n * t / tasks);
        let mut parts: Vec<(Range<usize>, [&mut [f64]; K])> = Vec::new();
        let mut from = 0;
        for t in 1..=tasks {
            let to = if t == tasks { self.groups.len() } else { bound(t).min(self.groups.len()) };
            let rows = (self.groups.start[to] - self.groups.start[from]) as usize;
            let mut own: [&mut [f64]; K] = std::array::from_fn(|_| Default::default());
            for (own, v) in own.iter_mut().zip(&mut v) {
                let (here, rest) = std::mem::take(v).split_at_mut(rows);
                (*own, *v) = (here, rest);
            }
            parts.push((from..to, own));
            from = to;
        }
        let done: Vec<Swept<K>> = match parts.len() {
            1 => parts.into_iter().map(|(levels, v)| self.levels(levels, a, v, keep_means)).collect(),
            _ => parts.into_par_iter().map(|(levels, v)| self.levels(levels, a, v, keep_means)).collect(),
        };
        let mut done = done.into_iter();
        let Some(mut all) = done.next() else {
            return Swept { b: Vec::new(), means: None, squares: [0.0; K], worst: [0.0; K] };
        };
        for part in done {
            all.b.iter_mut().zip(part.b).for_each(|(b, p)| (0..K).for_each(|q| b[q] += p[q]));
            if let (Some(means), Some(more)) = (&mut all.means, part.means) {
                means.extend(more);
            }
            for q in 0..K {
                all.squares[q] += part.squares[q];
                all.worst[q] = larger(all.worst[q], part.worst[q]);
            }
        }
        all
    }

    /// The pass over a run of levels whose observations follow each other.
    fn levels<const K: usize>(
        &self,
        levels: Range<usize>,
        a: Option<&[[f64; K]]>,
        mut v: [&mut [f64]; K],
        keep_means: bool,
    ) -> Swept<K> {
        let (first, rest) = (&self.effects[0], &self.effects[1..]);
        let start = |g: usize| self.groups.start[g] as usize;
        let origin = start(levels.start);
        let mut out = Swept {
            b: vec![[0.0; K]; self.offsets[rest.len()]],
            means: keep_means.then(Vec::new),
            squares: [0.0; K],
            worst: [0.0; K],
        };
        let mut tile: Vec<[f64; K]> = Vec::new();
        let mut codes: Vec<Vec<u32>> = vec![Vec::new(); rest.len()];
        let mut from = levels.start;
        while from < levels.end {
            let mut to = from + 1;
            while to < levels.end && start(to + 1) - start(from) <= TILE {
                to += 1;
            }
            let rows = start(from)..start(to);
            read(&v, rows.start - origin..rows.end - origin, &mut tile);
            for (e, effect) in rest.iter().enumerate() {
                effect.codes.read(rows.clone(), &mut codes[e]);
                if let Some(a) = a {
                    effect.subtract(rows.start, &codes[e], &a[self.offsets[e]..], &mut tile);
                }
            }
            for g in from..to {
                let own = start(g)..start(g + 1);
                let tile = &mut tile[own.start - rows.start..own.end - rows.start];
                for k in 0..first.width() {
                    let mass = first.mass[g * first.width() + k];
                    let mean = self.inner(first, k, own.start, tile).map(|s| divide(s, mass));
                    match &first.values[k] {
                        None => tile.iter_mut().for_each(|t| (0..K).for_each(|q| t[q] -= mean[q])),
                        Some(z) => (tile.iter_mut().zip(&z[own.clone()]))
                            .for_each(|(t, z)| (0..K).for_each(|q| t[q] -= z * mean[q])),
                    }
                    out.means.iter_mut().for_each(|m| m.push(mean));
                }
                for k in 0..first.width() {
                    let size = reciprocal(first.mass[g * first.width() + k]).sqrt();
                    let sum = self.inner(first, k, own.start, tile);
                    (0..K).for_each(|q| out.worst[q] = larger(out.worst[q], sum[q].abs() * size));
                }
            }
            write(&mut v, rows.start - origin, &tile);
            self.gather(rows.start, &codes, &mut tile, &mut out.b, &mut out.squares);
            from = to;
        }
        out
    }

    /// Σ w z t over a level for column k of the eliminated effect.
    fn inner<const K: usize>(&self, first: &Effect, k: usize, from: usize, tile: &[[f64; K]]) -> [f64; K] {
        let mut sum = [0.0; K];
        match (self.w, &first.values[k]) {
            (None, None) => tile.iter().for_each(|t| (0..K).for_each(|q| sum[q] += t[q])),
            _ => tile.iter().enumerate().for_each(|(i, t)| {
                let z = self.w.map_or(1.0, |w| w[from + i]) * first.value(k, from + i);
                (0..K).for_each(|q| sum[q] += z * t[q]);
            }),
        }
        sum
    }

    /// Adds a tile's weighted squares and its sums by the other effects; leaves the tile weighted.
    fn gather<const K: usize>(
        &self,
        from: usize,
        codes: &[Vec<u32>],
        tile: &mut [[f64; K]],
        b: &mut [[f64; K]],
        squares: &mut [f64; K],
    ) {
        match self.w {
            None => tile.iter().for_each(|t| (0..K).for_each(|q| squares[q] += t[q] * t[q])),
            Some(w) => tile.iter_mut().zip(&w[from..]).for_each(|(t, w)| {
                (0..K).for_each(|q| {
                    squares[q] += w * t[q] * t[q];
                    t[q] *= w;
                })
            }),
        }
        for (e, effect) in self.effects[1..].iter().enumerate() {
            effect.add(from, &codes[e], tile, &mut b[self.offsets[e]..]);
        }
    }

    /// The same in two passes, for observations in any order.
    fn in_two<const K: usize>(&self, a: Option<&[[f64; K]]>, mut v: [&mut [f64]; K], keep_means: bool) -> Swept<K> {
        let (first, rest) = (&self.effects[0], &self.effects[1..]);
        let n = v[0].len();
        let mut tile: Vec<[f64; K]> = Vec::new();
        let mut own: Vec<u32> = Vec::new();
        let mut codes: Vec<Vec<u32>> = vec![Vec::new(); rest.len()];
        let mut means = vec![[0.0; K]; first.mass.len()];
        for from in (0..n).step_by(TILE) {
            let rows = from..(from + TILE).min(n);
            self.residual(rows.clone(), a, &v, &mut codes, &mut tile);
            self.w.iter().for_each(|w| weigh(&mut tile, &w[from..]));
            first.codes.read(rows, &mut own);
            first.add(from, &own, &tile, &mut means);
        }
        means.iter_mut().zip(&first.mass).for_each(|(s, &m)| *s = s.map(|s| divide(s, m)));
        let mut sums = vec![[0.0; K]; first.mass.len()];
        let mut b = vec![[0.0; K]; self.offsets[rest.len()]];
        let mut squares = [0.0; K];
        for from in (0..n).step_by(TILE) {
            let rows = from..(from + TILE).min(n);
            self.residual(rows.clone(), a, &v, &mut codes, &mut tile);
            first.codes.read(rows, &mut own);
            first.subtract(from, &own, &means, &mut tile);
            write(&mut v, from, &tile);
            self.gather(from, &codes, &mut tile, &mut b, &mut squares);
            first.add(from, &own, &tile, &mut sums);
        }
        let mut worst = [0.0; K];
        for (sum, &mass) in sums.iter().zip(&first.mass) {
            let size = reciprocal(mass).sqrt();
            (0..K).for_each(|q| worst[q] = larger(worst[q], sum[q].abs() * size));
        }
        Swept { b, means: keep_means.then_some(means), squares, worst }
    }

    /// A tile of v - D_R a, and the levels of its observations.
    fn residual<const K: usize>(
        &self,
        rows: Range<usize>,
        a: Option<&[[f64; K]]>,
        v: &[&mut [f64]; K],
        codes: &mut [Vec<u32>],
        tile: &mut Vec<[f64; K]>,
    ) {
        read(v, rows.clone(), tile);
        for (e, effect) in self.effects[1..].iter().enumerate() {
            effect.codes.read(rows.clone(), &mut codes[e]);
            if let Some(a) = a {
                effect.subtract(rows.start, &codes[e], &a[self.offsets[e]..], tile);
            }
        }
    }
}

/// s/m, zero for a null column. Not s times 1/m, whose error has the same sign for all levels of a size and adds up.
fn divide(s: f64, m: f64) -> f64 {
    if m > 0.0 { s / m } else { 0.0 }
}

/// The larger, a missing value above all.
pub(super) fn larger(a: f64, b: f64) -> f64 {
    if b > a || b.is_nan() { b } else { a }
}

fn read<const K: usize>(v: &[&mut [f64]; K], rows: Range<usize>, tile: &mut Vec<[f64; K]>) {
    tile.clear();
    tile.resize(rows.len(), [0.0; K]);
    for (q, v) in v.iter().enumerate() {
        tile.iter_mut().zip(&v[rows.clone()]).for_each(|(t, v)| t[q] = *v);
    }
}

fn write<const K: usize>(v: &mut [&mut [f64]; K], from: usize, tile: &[[f64; K]]) {
    for (q, v) in v.iter_mut().enumerate() {
        tile.iter().zip(&mut v[from..]).for_each(|(t, v)| *v = t[q]);
    }
}

fn weigh<const K: usize>(tile: &mut [[f64; K]], w: &[f64]) {
    tile.iter_mut().zip(w).for_each(|(t, w)| *t = t.map(|t| t * w));
}
