//! The system that is left for the other effects once the largest is eliminated.
//!
//! The small ones among them form the border B, which is dense and factorized; what is left is the middle M:
//!
//! ```text
//! ⎡ S_MM  C ⎤ ⎡a_M⎤   ⎡b_M⎤
//! ⎣ C'    T ⎦ ⎣a_B⎦ = ⎣b_B⎦
//! ```
//!
//! When all are small there is no middle. Otherwise S_MM is factorized where its fill is modest (workers with few
//! firms each, chains), C'S_MM⁻C is taken from T, and the solution is exact. Where S_MM would fill, a random graph,
//! it is well conditioned for the same reason, and conjugate gradients on S_MM - C T⁻C' end in a dozen steps; a trial
//! tells, and where they would not, the factorization may cost more.

use super::cells::{Cells, Groups, Limit, form, offsets};
use super::effect::{Effect, reciprocal, weight_of};
use super::gradients::{self, Operator};
use super::rank;
use crate::math::Mat;
use crate::math::semidefinite::Semidefinite;
use crate::math::sparse::{Null, SparseLdl};

/// A pivot is null below this fraction of the level's weight. Rounding leaves about p ε ≈ 1e-13; a chain of
/// p levels has pivots as small as 1/p ≈ 4e-4, and unequal weights take the rest of the room between.
pub(super) const NULL_PIVOT: f64 = 1e-11;

/// A pivot of the border that is kept below this fraction casts doubt on the rank.
const DOUBTFUL_PIVOT: f64 = 1e-8;

/// S is formed while its columns have fewer entries than this on average, and ordered at once below the second.
const DENSE_COLUMN: f64 = 1000.0;
const LONG_COLUMN: usize = 64;

/// Levels, at least, whose products are summed before they join the rest.
const SHORT_SUM: usize = 256;

/// Numbers that stay in cache.
const NEAR: usize = 1 << 20;

/// Observations that are read at a time.
const TILE: usize = 512;

/// How many times the budget a factorization may cost where conjugate gradients are slow.
const SLOW: f64 = 30.0;

/// What a factorization may cost.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget {
    /// Multiplications of a dense factorization, p³/3, which run at matrix-product speed.
    pub dense: f64,
    /// Multiplications of forming S, and of a sparse factorization.
    pub sparse: f64,
    /// Levels of the border beside a middle.
    pub border: usize,
}

impl Budget {
    /// In proportion to the passes over `n` observations that iterating would take instead.
    pub(super) fn fast(n: usize) -> Self {
        let n = n as f64;
        Budget { dense: 2e8 + 300.0 * n, sparse: 2e7 + 60.0 * n, border: 256 }
    }

    /// A few seconds of dense algebra, for what only that can give.
    pub(super) fn patient() -> Self {
        Budget { dense: 5e9, sparse: 0.0, border: 0 }
    }

    /// Whether forming and factorizing the dense system of all `effects[1..]` is within the budget.
    pub(super) fn all_dense(self, effects: &[Effect], groups: &Groups) -> bool {
        let (first, rest) = (&effects[0], &effects[1..]);
        let p = *offsets(rest).last().unwrap_or(&0);
        // Forming costs at most the square of what each level of the eliminated effect meets.
        let met = |g: usize| {
            let rows = (groups.start[g + 1] - groups.start[g]) as usize;
            (rows * rest.iter().map(Effect::width).sum::<usize>()).min(p)
        };
        let forming: f64 = (0..groups.len()).map(|g| (met(g) as f64).powi(2) * first.width() as f64).sum();
        (p as f64).powi(3) / 3.0 <= self.dense && forming <= self.dense
    }
}

/// Which algorithm solves for the effects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Solver {
    /// One effect: means of its levels.
    Means,
    /// Dense factorization of the other effects.
    Dense,
    /// Sparse factorization of the large ones, dense of the small ones.
    Sparse,
    /// Conjugate gradients on the large ones, dense factorization of the small ones.
    Gradients,
}

impl Solver {
    /// The name in results.
    pub fn name(self) -> &'static str {
        match self {
            Solver::Means => "means",
            Solver::Dense => "dense",
            Solver::Sparse => "sparse",
            Solver::Gradients => "gradients",
        }
    }
}

#[derive(Debug, Clone)]
enum Middle {
    Nothing,
    Factorized(SparseLdl),
    Iterated(Box<Iterated>),
}

#[derive(Debug, Clone)]
struct Iterated {
    operator: Operator,
    /// Inverse of the diagonal, zero for null unknowns.
    inverse: Vec<f64>,
}

/// The factorized or prepared system; unknowns are those of `effects[1..]` in order, middle first.
#[derive(Debug, Clone)]
pub(super) struct Schur {
    middle: Middle,
    /// Unknowns of the middle.
    m: usize,
    /// C, row by row (m × border).
    coupling: Vec<f64>,
    border: Semidefinite,
    rank: Option<usize>,
}

impl Schur {
    /// Chooses and prepares the solver for `effects[1..]`, `effects[0]` being eliminated.
    pub(super) fn new(effects: &[Effect], groups: &Groups, w: Option<&[f64]>, budget: Budget) -> Self {
        let (first, rest) = (&effects[0], &effects[1..]);
        let middle_effects = rest.len() - border_effects(effects, groups, budget);
        let (middle, border) = rest.split_at(middle_effects);
        let cells = Cells::new(first, middle, groups, w);
        let (coupling, T) = border_blocks(first, middle, border, &cells, groups, w);
        let m = *offsets(middle).last().unwrap_or(&0);
        let border_mass: Vec<f64> = border.iter().flat_map(|e| e.mass.iter().copied()).collect();
        if m == 0 {
            let border = Semidefinite::new(T, &border_mass, NULL_PIVOT);
            let rank = certain_rank(0, &border, effects);
            return Schur { middle: Middle::Nothing, m, coupling, border, rank };
        }
        let mass: Vec<f64> = middle.iter().flat_map(|e| e.mass.iter().copied()).collect();
        let cross = cross_cells(middle, w);
        // Constants of two effects: S is the Laplacian of the graph of levels that meet in the eliminated effect.
        let null = match first.plain() && middle.len() == 1 && middle[0].plain() {
            true => Null::Roots,
            // Rounding adds up along the graph.
            false => Null::Below { tolerance: NULL_PIVOT * (1.0 + m as f64 / 100.0), scale: &mass },
        };
        let limit = Limit { multiplications: budget.sparse, degree: DENSE_COLUMN };
        let S = form(&cells, &first.mass, &cross, &mass, &limit);
        // Ordering a matrix with long columns takes long itself: iterating is tried first then.
        let first_try = S.as_ref().filter(|S| S.row.len() <= LONG_COLUMN * m);
        let factorized = first_try.and_then(|S| SparseLdl::new(S, null, budget.sparse));
        if let Some(factorized) = factorized {
            return Schur::factorized(factorized, coupling, T, &border_mass, effects);
        }
        let operator = match &S {
            Some(S) if S.row.len() < 2 * cells.column.len() => Operator::Formed(S.clone()),
            _ => {
                Operator::Cells { eliminated: cells, mass_of_eliminated: first.mass.clone(), cross, mass: mass.clone() }
            }
        };
        let diagonal = operator.diagonal().into_iter().zip(&mass);
        let inverse: Vec<f64> = diagonal.map(|(d, m)| if d > NULL_PIVOT * m { 1.0 / d } else { 0.0 }).collect();
        if let Some(S) = S
            && gradients::slow(&operator, &inverse)
            && let Some(factorized) = SparseLdl::new(&S, null, SLOW * budget.sparse)
        {
            return Schur::factorized(factorized, coupling, T, &border_mass, effects);
        }
        let border = Semidefinite::new(T, &border_mass, NULL_PIVOT);
        let rank = rank::of_others(effects);
        Schur { middle: Middle::Iterated(Box::new(Iterated { operator, inverse })), m, coupling, border, rank }
    }

    fn factorized(
        middle: SparseLdl,
        coupling: Vec<f64>,
        mut T: Mat<f64>,
        border_mass: &[f64],
        effects: &[Effect],
    ) -> Self {
        let m = middle.size();
        take_out(&middle, &coupling, m, &mut T);
        let border = Semidefinite::new(T, border_mass, NULL_PIVOT);
        let rank = certain_rank(middle.rank(), &border, effects);
        Schur { middle: Middle::Factorized(middle), m, coupling, border, rank }
    }

    pub(super) fn solver(&self) -> Solver {
        match &self.middle {
            Middle::Nothing if self.border.size() == 0 => Solver::Means,
            Middle::Nothing => Solver::Dense,
            Middle::Factorized(_) => Solver::Sparse,
            Middle::Iterated(_) => Solver::Gradients,
        }
    }

    /// Rank that the other effects add to the eliminated one.
    pub(super) fn rank(&self) -> Option<usize> {
        self.rank
    }

    /// The dense factorization, where there is nothing else.
    pub(super) fn dense(&self) -> Option<&Semidefinite> {
        matches!(self.middle, Middle::Nothing).then_some(&self.border)
    }

    /// Overwrites `b` (p × K) with a solution for each column; gives the iterations that each took, zero for a direct solve.
    /// `size` is the norm of each column at first.
    pub(super) fn solve<const K: usize>(&self, b: &mut [[f64; K]], size: [f64; K]) -> [usize; K] {
        let (b_M, b_B) = b.split_at_mut(self.m);
        match &self.middle {
            Middle::Nothing => {
                self.border.solve(b_B);
                [0; K]
            }
            Middle::Factorized(factorized) => {
                let mut y = b_M.to_vec();
                factorized.solve(&mut y);
                self.subtract_transposed(&y, b_B);
                self.border.solve(b_B);
                self.subtract_coupled(b_B, b_M);
                factorized.solve(b_M);
                [0; K]
            }
            Middle::Iterated(iterated) => {
                let mut c = b_B.to_vec();
                self.border.solve(&mut c);
                self.subtract_coupled(&c, b_M);
                let product = |x: &[[f64; K]], out: &mut [[f64; K]]| {
                    iterated.operator.product(x, out);
                    // S_MM x - C T⁻C'x
                    let mut c = vec![[0.0; K]; self.border.size()];
                    self.subtract_transposed(x, &mut c);
                    self.border.solve(&mut c);
                    c.iter_mut().for_each(|c| *c = c.map(|c| -c));
                    self.subtract_coupled(&c, out);
                };
                let steps = gradients::solve(product, &iterated.inverse, b_M, size, gradients::COLUMN);
                self.subtract_transposed(b_M, b_B);
                self.border.solve(b_B);
                steps
            }
        }
    }

    /// `b` (border) -= C'y.
    fn subtract_transposed<const K: usize>(&self, y: &[[f64; K]], b: &mut [[f64; K]]) {
        if b.is_empty() {
            return;
        }
        for (row, y) in self.coupling.chunks_exact(b.len()).zip(y) {
            row.iter().zip(b.iter_mut()).for_each(|(c, b)| (0..K).for_each(|q| b[q] -= c * y[q]));
        }
    }

    /// `b` (middle) -= C a.
    fn subtract_coupled<const K: usize>(&self, a: &[[f64; K]], b: &mut [[f64; K]]) {
        if a.is_empty() {
            return;
        }
        for (row, b) in self.coupling.chunks_exact(a.len()).zip(b) {
            row.iter().zip(a).for_each(|(c, a)| (0..K).for_each(|q| b[q] -= c * a[q]));
        }
    }
}

/// Rank of the other effects by the pivots, by counting where a pivot is so small that rounding may have made it.
fn certain_rank(middle: usize, border: &Semidefinite, effects: &[Effect]) -> Option<usize> {
    let counted = if border.margin() < DOUBTFUL_PIVOT { rank::of_others(effects) } else { None };
    counted.or(Some(middle + border.rank()))
}

/// How many of the other effects, smallest last, go to the border: all where that is cheap, else the small ones.
fn border_effects(effects: &[Effect], groups: &Groups, budget: Budget) -> usize {
    let rest = &effects[1..];
    if budget.all_dense(effects, groups) {
        return rest.len();
    }
    let (mut count, mut levels) = (0, 0);
    for effect in rest[1..].iter().rev() {
        levels += effect.mass.len();
        if levels > budget.border {
            break;
        }
        count += 1;
    }
    count
}

/// C and T, of which the lower triangle is right.
fn border_blocks(
    first: &Effect,
    middle: &[Effect],
    border: &[Effect],
    cells: &Cells,
    groups: &Groups,
    w: Option<&[f64]>,
) -> (Vec<f64>, Mat<f64>) {
    let (to_middle, to_border) = (offsets(middle), offsets(border));
    let (m, size) = (to_middle[middle.len()], to_border[border.len()]);
    let mut coupling = vec![0.0; m * size];
    let mut T = Mat::<f64>::zeros(size, size);
    if size == 0 {
        return (coupling, T);
    }
    // What meets in an observation.
    border.iter().flat_map(|e| &e.mass).enumerate().for_each(|(t, &mass)| T[(t, t)] = mass);
    for (e, effect) in border.iter().enumerate() {
        for (other, offset) in middle.iter().zip(&to_middle) {
            meet(effect, other, w, |t, c, z| coupling[(offset + c) * size + to_border[e] + t] += z);
        }
        for (other, offset) in border[..e].iter().zip(&to_border) {
            meet(effect, other, w, |t, c, z| T[(to_border[e] + t, offset + c)] += z);
        }
    }
    // What meets in a level of the eliminated effect. C is added up level by level while it stays in cache, else row
    // by row.
    let far = coupling.len() > NEAR;
    let edges = Cells::new(first, border, groups, w);
    let (mut row, mut seen) = (vec![0.0; size], vec![false; size]);
    let mut touched: Vec<u32> = Vec::new();
    // Short sums of short sums: the same small number taken from a large one a million times would be rounded the
    // same way each time.
    let (mut some, mut all) = (Mat::<f64>::zeros(size, size), Mat::<f64>::zeros(size, size));
    let short = SHORT_SUM.max(size * size / 8);
    for g in 0..groups.len() {
        if g % short == short - 1 {
            all += &some;
            some.fill(0.0);
        }
        for r in 0..first.width() {
            let inverse = reciprocal(first.mass[g * first.width() + r]);
            touched.clear();
            for e in edges.of(g) {
                let t = edges.column[e];
                if !std::mem::replace(&mut seen[t as usize], true) {
                    touched.push(t);
                }
                row[t as usize] += edges.at(e, r);
            }
            // Whole rows where most of them is met, else the entries that are.
            let whole = 4 * touched.len() > size;
            let add = |times: f64, to: &mut [f64]| match whole {
                true => to.iter_mut().zip(&row).for_each(|(to, c)| *to += times * c),
                false => touched.iter().for_each(|&t| to[t as usize] += times * row[t as usize]),
            };
            for &t in &touched {
                add(row[t as usize] * inverse, some.col_as_slice_mut(t as usize));
            }
            for e in cells.of(g).filter(|_| !far) {
                let at = cells.column[e] as usize * size;
                add(-cells.at(e, r) * inverse, &mut coupling[at..at + size]);
            }
            touched.iter().for_each(|&t| (row[t as usize], seen[t as usize]) = (0.0, false));
        }
    }
    T -= all + some;
    if far {
        let by_column = cells.by_column(m);
        for (j, row) in coupling.chunks_exact_mut(size).enumerate() {
            for (g, e) in by_column.of(j) {
                for r in 0..first.width() {
                    let times = cells.at(e, r) * reciprocal(first.mass[g * first.width() + r]);
                    edges.of(g).for_each(|f| row[edges.column[f] as usize] -= times * edges.at(f, r));
                }
            }
        }
    }
    (coupling, T)
}

/// Calls `add` with the unknowns of two effects that meet in an observation and the weight that they meet with.
fn meet(a: &Effect, b: &Effect, w: Option<&[f64]>, mut add: impl FnMut(usize, usize, f64)) {
    let n = a.codes.len();
    let (mut of_a, mut of_b) = (Vec::new(), Vec::new());
    for from in (0..n).step_by(TILE) {
        let rows = from..(from + TILE).min(n);
        a.codes.read(rows.clone(), &mut of_a);
        b.codes.read(rows.clone(), &mut of_b);
        for (k, l) in (0..a.width()).flat_map(|k| (0..b.width()).map(move |l| (k, l))) {
            let value = |i: usize| weight_of(w)(i) * a.value(k, i) * b.value(l, i);
            for (i, (&ca, &cb)) in rows.clone().zip(of_a.iter().zip(&of_b)) {
                add(ca as usize * a.width() + k, cb as usize * b.width() + l, value(i));
            }
        }
    }
}

/// The cells between the effects of the middle: (first row, cells, first column).
pub(super) fn cross_cells(middle: &[Effect], w: Option<&[f64]>) -> Vec<(usize, Cells, usize)> {
    let at = offsets(middle);
    (0..middle.len().saturating_sub(1))
        .map(|e| (at[e], Cells::new(&middle[e], &middle[e + 1..], &Groups::new(&middle[e]), w), at[e + 1]))
        .collect()
}

/// T -= C'S⁻C, lower triangle, a few columns of C at a time.
fn take_out(factorized: &SparseLdl, coupling: &[f64], m: usize, T: &mut Mat<f64>) {
    const K: usize = 8;
    let size = T.nrows();
    for from in (0..size).step_by(K) {
        let width = K.min(size - from);
        let mut x = vec![[0.0; K]; m];
        for (x, row) in x.iter_mut().zip(coupling.chunks_exact(size)) {
            x[..width].copy_from_slice(&row[from..from + width]);
        }
        factorized.solve(&mut x);
        let mut product = vec![[0.0; K]; size];
        for (x, row) in x.iter().zip(coupling.chunks_exact(size)) {
            row.iter().zip(&mut product).for_each(|(c, p)| (0..K).for_each(|q| p[q] += c * x[q]));
        }
        for q in 0..width {
            (from + q..size).for_each(|s| T[(s, from + q)] -= product[s][q]);
        }
    }
}
