//! Cross-tabulations: which levels meet, with what weight, each pair once however many observations have it.

use super::effect::{Effect, weight_of};
use crate::math::sparse::Symmetric;
use rayon::prelude::*;

/// Plain cells are merged when a sample of them shrinks below this fraction: an unmerged one needs no value.
const MERGE: f64 = 0.75;

/// Groups of the sample.
const SAMPLE: usize = 1_000;

/// Cells that one task multiplies, and tasks at most: a matter of the data alone, so the bits are too.
const TASK: usize = 1 << 15;
const TASKS: usize = 16;

/// The observations of each level of an effect.
#[derive(Debug, Clone)]
pub(super) struct Groups {
    pub start: Vec<u32>,
    /// Observations by level; `None` when they are in this order already.
    order: Option<Vec<u32>>,
}

impl Groups {
    pub(super) fn new(effect: &Effect) -> Self {
        let n = effect.codes.len();
        let mut start = vec![0u32; effect.levels + 1];
        let (mut sorted, mut last) = (true, 0);
        for i in 0..n {
            let c = effect.codes.at(i);
            start[c + 1] += 1;
            sorted &= c >= last;
            last = c;
        }
        (0..effect.levels).for_each(|g| start[g + 1] += start[g]);
        let order = (!sorted).then(|| {
            let mut next = start.clone();
            let mut order = vec![0u32; n];
            for i in 0..n {
                let next = &mut next[effect.codes.at(i)];
                order[*next as usize] = i as u32;
                *next += 1;
            }
            order
        });
        Groups { start, order }
    }

    /// Number of levels.
    pub(super) fn len(&self) -> usize {
        self.start.len() - 1
    }

    /// Whether every level's observations follow each other, levels ascending.
    pub(super) fn sorted(&self) -> bool {
        self.order.is_none()
    }

    /// The observations of a level.
    pub(super) fn rows(&self, g: usize) -> impl Iterator<Item = usize> {
        (self.start[g] as usize..self.start[g + 1] as usize)
            .map(|at| self.order.as_ref().map_or(at, |order| order[at] as usize))
    }

    /// Forgets the order: only [`Groups::start`] is used from here on.
    pub(super) fn without_order(self) -> Self {
        Groups { order: self.order.map(|_| Vec::new()), ..self }
    }
}

/// D_r'W D_c of one effect with others, by level of the first; a level has `width` rows that share their columns.
#[derive(Debug, Clone)]
pub(super) struct Cells {
    pub width: usize,
    pub start: Vec<u32>,
    /// Ascending within a level.
    pub column: Vec<u32>,
    /// Cells × width; empty when all are one.
    pub value: Vec<f64>,
}

impl Cells {
    pub(super) fn new(rows: &Effect, columns: &[Effect], groups: &Groups, w: Option<&[f64]>) -> Self {
        let plain = w.is_none() && rows.plain() && columns.iter().all(Effect::plain);
        if plain {
            let sample = Cells::build(rows, columns, groups, None, SAMPLE.min(groups.len()), true);
            let entries = (*groups.start.last().unwrap_or(&0) as usize).min(groups.start[sample.len()] as usize);
            if sample.column.len() as f64 > MERGE * (entries * columns.len()) as f64 {
                return Cells::build(rows, columns, groups, None, groups.len(), false);
            }
        }
        Cells::build(rows, columns, groups, w, groups.len(), true)
    }

    /// The cells of the first `count` levels; unmerged ones are plain.
    fn build(rows: &Effect, columns: &[Effect], groups: &Groups, w: Option<&[f64]>, count: usize, merge: bool) -> Self {
        let weight = weight_of(w);
        let width = rows.width();
        let offsets = offsets(columns);
        let mut cells = Cells { width, start: vec![0], column: Vec::new(), value: Vec::new() };
        // One more than the position of a column's cell, when that is in this level.
        let mut seen = vec![0u32; if merge { offsets[columns.len()] } else { 0 }];
        for g in 0..count {
            let first = cells.column.len() as u32;
            for i in groups.rows(g) {
                for (effect, offset) in columns.iter().zip(&offsets) {
                    let base = offset + effect.codes.at(i) * effect.width();
                    if !merge {
                        cells.column.push(base as u32);
                        continue;
                    }
                    for k in 0..effect.width() {
                        let seen = &mut seen[base + k];
                        if *seen <= first {
                            cells.column.push((base + k) as u32);
                            cells.value.resize(cells.value.len() + width, 0.0);
                            *seen = cells.column.len() as u32;
                        }
                        let z = weight(i) * effect.value(k, i);
                        let cell = &mut cells.value[(*seen as usize - 1) * width..][..width];
                        cell.iter_mut().enumerate().for_each(|(r, cell)| *cell += z * rows.value(r, i));
                    }
                }
            }
            cells.sort(first as usize);
            cells.start.push(cells.column.len() as u32);
        }
        cells.column.shrink_to_fit();
        cells.value.shrink_to_fit();
        cells
    }

    /// Puts the cells from a position on in the order of their columns.
    fn sort(&mut self, from: usize) {
        if self.value.is_empty() {
            self.column[from..].sort_unstable();
        } else if !self.column[from..].is_sorted() {
            let mut order: Vec<u32> = (from as u32..self.column.len() as u32).collect();
            order.sort_unstable_by_key(|&e| self.column[e as usize]);
            let column: Vec<u32> = order.iter().map(|&e| self.column[e as usize]).collect();
            let values = order.iter().flat_map(|&e| &self.value[e as usize * self.width..][..self.width]);
            let value: Vec<f64> = values.copied().collect();
            self.column[from..].copy_from_slice(&column);
            self.value[from * self.width..].copy_from_slice(&value);
        }
    }

    /// Levels.
    pub(super) fn len(&self) -> usize {
        self.start.len() - 1
    }

    /// Positions of the cells of a level.
    pub(super) fn of(&self, g: usize) -> std::ops::Range<usize> {
        self.start[g] as usize..self.start[g + 1] as usize
    }

    /// Value of the cell at a position in row r of its level.
    pub(super) fn at(&self, position: usize, r: usize) -> f64 {
        if self.value.is_empty() { 1.0 } else { self.value[position * self.width + r] }
    }

    /// `out` -= B'N⁻¹B x with B these cells and N the `mass` of their rows.
    pub(super) fn subtract_projected<const K: usize>(&self, mass: &[f64], x: &[[f64; K]], out: &mut [[f64; K]]) {
        let tasks = self.tasks(x.len());
        if tasks.len() == 1 {
            return self.project_levels(0..self.len(), mass, x, out);
        }
        let parts: Vec<Vec<[f64; K]>> = tasks
            .into_par_iter()
            .map(|levels| {
                let mut part = vec![[0.0; K]; x.len()];
                self.project_levels(levels, mass, x, &mut part);
                part
            })
            .collect();
        for part in parts {
            out.iter_mut().zip(part).for_each(|(o, p)| (0..K).for_each(|q| o[q] += p[q]));
        }
    }

    fn project_levels<const K: usize>(
        &self,
        levels: std::ops::Range<usize>,
        mass: &[f64],
        x: &[[f64; K]],
        out: &mut [[f64; K]],
    ) {
        for g in levels {
            let cells = self.of(g);
            let columns = &self.column[cells.clone()];
            if self.value.is_empty() {
                let mut mean = [0.0; K];
                columns.iter().for_each(|&j| (0..K).for_each(|q| mean[q] += x[j as usize][q]));
                mean.iter_mut().for_each(|m| *m /= mass[g]);
                columns.iter().for_each(|&j| (0..K).for_each(|q| out[j as usize][q] -= mean[q]));
                continue;
            }
            for r in 0..self.width {
                let values = self.value[cells.start * self.width..cells.end * self.width].iter().skip(r);
                let values = values.step_by(self.width);
                let inverse = super::effect::reciprocal(mass[g * self.width + r]);
                let mut mean = [0.0; K];
                columns.iter().zip(values.clone()).for_each(|(&j, b)| {
                    (0..K).for_each(|q| mean[q] += b * x[j as usize][q]);
                });
                mean.iter_mut().for_each(|m| *m *= inverse);
                columns.iter().zip(values).for_each(|(&j, b)| {
                    (0..K).for_each(|q| out[j as usize][q] -= b * mean[q]);
                });
            }
        }
    }

    /// Levels in runs of about equal numbers of cells; fewer when the sums of each run would cost more than it.
    fn tasks(&self, columns: usize) -> Vec<std::ops::Range<usize>> {
        let cells = self.column.len();
        let tasks = (cells / TASK.max(2 * columns)).clamp(1, TASKS);
        let bound = |t: usize| self.start.partition_point(|&s| (s as usize) < cells * t / tasks).min(self.len());
        (0..tasks).map(|t| if t + 1 == tasks { bound(t)..self.len() } else { bound(t)..bound(t + 1) }).collect()
    }

    /// `out` += (A + A') x, where A has these cells with rows from `row` on and columns from `column` on.
    pub(super) fn add_both<const K: usize>(&self, row: usize, column: usize, x: &[[f64; K]], out: &mut [[f64; K]]) {
        for g in 0..self.len() {
            for r in 0..self.width {
                let i = row + g * self.width + r;
                let mut sum = [0.0; K];
                for e in self.of(g) {
                    let (b, j) = (self.at(e, r), column + self.column[e] as usize);
                    (0..K).for_each(|q| {
                        sum[q] += b * x[j][q];
                        out[j][q] += b * x[i][q];
                    });
                }
                (0..K).for_each(|q| out[i][q] += sum[q]);
            }
        }
    }

    /// The same cells by column: where each column starts, level and position of each cell.
    pub(super) fn by_column(&self, columns: usize) -> ByColumn {
        let mut start = vec![0usize; columns + 1];
        self.column.iter().for_each(|&j| start[j as usize + 1] += 1);
        (0..columns).for_each(|j| start[j + 1] += start[j]);
        let mut next = start.clone();
        let mut level = vec![0u32; self.column.len()];
        let mut position = vec![0u32; self.column.len()];
        for g in 0..self.len() {
            for e in self.of(g) {
                let next = &mut next[self.column[e] as usize];
                level[*next] = g as u32;
                position[*next] = e as u32;
                *next += 1;
            }
        }
        ByColumn { start, level, position }
    }
}

/// Cells by column.
pub(super) struct ByColumn {
    start: Vec<usize>,
    level: Vec<u32>,
    position: Vec<u32>,
}

impl ByColumn {
    /// (level, position) of the cells of a column.
    pub(super) fn of(&self, j: usize) -> impl Iterator<Item = (usize, usize)> {
        (self.start[j]..self.start[j + 1]).map(|e| (self.level[e] as usize, self.position[e] as usize))
    }
}

/// Columns sampled to guess how dense the Schur complement is.
const PROBES: usize = 64;

/// What may be spent on forming a sparse Schur complement.
pub(super) struct Limit {
    pub multiplications: f64,
    /// Entries of a column on average.
    pub degree: f64,
}

/// Forms S = A - B'N⁻¹B: `mass` is the diagonal of A, `cross` its other cells (first row, cells, first column), B the
/// cells of the eliminated effect. `None` when it takes more than the limit.
pub(super) fn form(
    eliminated: &Cells,
    mass_of_eliminated: &[f64],
    cross: &[(usize, Cells, usize)],
    mass: &[f64],
    limit: &Limit,
) -> Option<Symmetric> {
    let p = mass.len();
    let by_column = eliminated.by_column(p);
    let cross: Vec<_> =
        cross.iter().map(|(row, cells, column)| (*row, cells, *column, cells.by_column(p - column))).collect();
    // The turn in which an entry was touched last.
    let (mut turn, mut last) = (0u32, vec![0u32; p]);
    let mut sum = vec![0.0; p];
    // Column j down to its diagonal.
    let mut one = |j: usize, touched: &mut Vec<u32>, sum: &mut [f64]| {
        touched.clear();
        turn += 1;
        let mut add = |k: usize, v: f64| {
            if last[k] != turn {
                last[k] = turn;
                touched.push(k as u32);
                sum[k] = 0.0;
            }
            sum[k] += v;
        };
        add(j, mass[j]);
        for (row, cells, column, by_column) in &cross {
            if j >= *column {
                for (g, e) in by_column.of(j - column) {
                    (0..cells.width).for_each(|r| add(row + g * cells.width + r, cells.at(e, r)));
                }
            }
        }
        for (g, e) in by_column.of(j) {
            let row = eliminated.of(g);
            let more = eliminated.column[e..row.end].iter().take_while(|&&k| k as usize == j).count();
            let row = row.start..e + more;
            for r in 0..eliminated.width {
                let mass = mass_of_eliminated[g * eliminated.width + r];
                let times = -eliminated.at(e, r) * super::effect::reciprocal(mass);
                let columns = eliminated.column[row.clone()].iter();
                match (eliminated.value.is_empty(), eliminated.width) {
                    (true, _) => columns.for_each(|&k| add(k as usize, times)),
                    (_, 1) => {
                        columns.zip(&eliminated.value[row.clone()]).for_each(|(&k, b)| add(k as usize, times * b));
                    }
                    _ => columns.zip(row.clone()).for_each(|(&k, f)| add(k as usize, times * eliminated.at(f, r))),
                }
            }
        }
        touched.sort_unstable();
    };
    let mut touched: Vec<u32> = Vec::new();
    let probes: Vec<usize> = (0..p).step_by(p.div_ceil(PROBES).max(1)).collect();
    let (mut degree, mut work) = (0usize, 0usize);
    for &j in &probes {
        one(j, &mut touched, &mut sum);
        degree += touched.len();
        work += by_column.of(j).map(|(g, _)| eliminated.of(g).len()).sum::<usize>();
    }
    let per = p as f64 / probes.len() as f64;
    if 2.0 * degree as f64 > limit.degree * probes.len() as f64 || work as f64 * per > limit.multiplications {
        return None;
    }
    let (mut start, mut row, mut value) = (vec![0], Vec::new(), Vec::new());
    for j in 0..p {
        one(j, &mut touched, &mut sum);
        row.extend_from_slice(&touched);
        value.extend(touched.iter().map(|&k| sum[k as usize]));
        start.push(row.len());
    }
    Some(Symmetric::from_upper(&start, &row, &value))
}

/// Where the unknowns of each effect start, and their number at last.
pub(super) fn offsets(effects: &[Effect]) -> Vec<usize> {
    let mut at = vec![0];
    effects.iter().for_each(|e| at.push(at[at.len() - 1] + e.mass.len()));
    at
}
