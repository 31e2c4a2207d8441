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
//! it is well conditioned for the same reason, and conjugate gradients on S_MM - C T⁻C' end in a dozen steps.

use super::cells::{Cells, Groups, Limit, form, offsets};
use super::effect::{Effect, reciprocal, weight_of};
use super::gradients::{self, Operator};
use super::rank;
use crate::math::Mat;
use crate::math::semidefinite::Semidefinite;
use crate::math::sparse::SparseLdl;

/// A pivot is null below this fraction of the level's weight. Rounding leaves about p ε ≈ 1e-13; a chain of
/// p levels has pivots as small as 1/p ≈ 4e-4, and unequal weights take the rest of the room between.
pub(super) const NULL_PIVOT: f64 = 1e-11;

/// What a factorization may cost.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget {
    /// Multiplications of a dense factorization, p³/3, which run at matrix-product speed.
    dense: f64,
    /// Multiplications of forming S, and of a sparse factorization.
    sparse: f64,
    /// Levels of the border beside a middle.
    border: usize,
}

impl Budget {
    /// In proportion to the passes over `n` observations that iterating would take instead.
    pub(super) fn fast(n: usize) -> Self {
        let n = n as f64;
        Budget { dense: 2e8 + 300.0 * n, sparse: 2e7 + 60.0 * n, border: 256 }
    }

    /// A few seconds, for what only a factorization can give.
    pub(super) fn patient() -> Self {
        Budget { dense: 3e10, sparse: 3e9, border: 256 }
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
        let middle_effects = rest.len() - border_effects(first, rest, groups, budget);
        let (middle, border) = rest.split_at(middle_effects);
        let cells = Cells::new(first, middle, groups, w);
        let (coupling, mut T) = border_blocks(first, middle, border, &cells, groups, w);
        let m = *offsets(middle).last().unwrap_or(&0);
        let border_mass: Vec<f64> = border.iter().flat_map(|e| e.mass.iter().copied()).collect();
        if m == 0 {
            let border = Semidefinite::new(T, &border_mass, NULL_PIVOT);
            let rank = Some(border.rank());
            return Schur { middle: Middle::Nothing, m, coupling, border, rank };
        }
        let mass: Vec<f64> = middle.iter().flat_map(|e| e.mass.iter().copied()).collect();
        let cross = cross_cells(middle, w);
        let limit = Limit { multiplications: budget.sparse, degree: 200.0 };
        let S = form(&cells, &first.mass, &cross, &mass, &limit);
        let factorized = S.as_ref().and_then(|S| SparseLdl::new(S, &mass, NULL_PIVOT, budget.sparse));
        if let Some(factorized) = factorized {
            take_out(&factorized, &coupling, m, &mut T);
            let border = Semidefinite::new(T, &border_mass, NULL_PIVOT);
            let rank = Some(factorized.rank() + border.rank());
            return Schur { middle: Middle::Factorized(factorized), m, coupling, border, rank };
        }
        let rank = rank::of_others(effects);
        let operator = match S {
            Some(S) if S.row.len() < 2 * cells.column.len() => Operator::Formed(S),
            _ => Operator::Cells { eliminated: cells, mass_of_eliminated: first.mass.clone(), cross, mass: mass.clone() },
        };
        let diagonal = operator.diagonal().into_iter().zip(&mass);
        let inverse = diagonal.map(|(d, m)| if d > NULL_PIVOT * m { 1.0 / d } else { 0.0 }).collect();
        let border = Semidefinite::new(T, &border_mass, NULL_PIVOT);
        Schur { middle: Middle::Iterated(Box::new(Iterated { operator, inverse })), m, coupling, border, rank }
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
                self.solve_border(b_B);
                [0; K]
            }
            Middle::Factorized(factorized) => {
                let mut y = b_M.to_vec();
                factorized.solve(&mut y);
                self.subtract_transposed(&y, b_B);
                self.solve_border(b_B);
                self.subtract_coupled(b_B, b_M);
                factorized.solve(b_M);
                [0; K]
            }
            Middle::Iterated(iterated) => {
                let mut c = b_B.to_vec();
                self.solve_border(&mut c);
                self.subtract_coupled(&c, b_M);
                let product = |x: &[[f64; K]], out: &mut [[f64; K]]| {
                    iterated.operator.product(x, out);
                    // S_MM x - C T⁻C'x
                    let mut c = vec![[0.0; K]; self.border.size()];
                    self.subtract_transposed(x, &mut c);
                    self.solve_border(&mut c);
                    c.iter_mut().for_each(|c| *c = c.map(|c| -c));
                    self.subtract_coupled(&c, out);
                };
                let steps = gradients::solve(product, &iterated.inverse, b_M, size);
                self.subtract_transposed(b_M, b_B);
                self.solve_border(b_B);
                steps
            }
        }
    }

    fn solve_border<const K: usize>(&self, b: &mut [[f64; K]]) {
        let mut column = vec![0.0; b.len()];
        for q in 0..K {
            column.iter_mut().zip(b.iter()).for_each(|(c, b)| *c = b[q]);
            self.border.solve(&mut column);
            column.iter().zip(b.iter_mut()).for_each(|(c, b)| b[q] = *c);
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

/// How many of the other effects, smallest last, go to the border: all where that is cheap, else the small ones.
fn border_effects(first: &Effect, rest: &[Effect], groups: &Groups, budget: Budget) -> usize {
    let p = *offsets(rest).last().unwrap_or(&0);
    // Forming T costs at most the square of what each level of the eliminated effect meets.
    let met = |g: usize| {
        let rows = (groups.start[g + 1] - groups.start[g]) as usize;
        (rows * rest.iter().map(Effect::width).sum::<usize>()).min(p)
    };
    let forming: f64 = (0..groups.len()).map(|g| (met(g) as f64).powi(2) * first.width() as f64).sum();
    if (p as f64).powi(3) / 3.0 <= budget.dense && forming <= budget.dense {
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

/// C and the lower triangle of T.
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
    let weight = weight_of(w);
    for i in 0..first.codes.len() {
        for (e, effect) in border.iter().enumerate() {
            for k in 0..effect.width() {
                let t = to_border[e] + effect.codes.at(i) * effect.width() + k;
                let z = weight(i) * effect.value(k, i);
                for (other, offset) in middle.iter().zip(&to_middle) {
                    let row = offset + other.codes.at(i) * other.width();
                    (0..other.width()).for_each(|l| coupling[(row + l) * size + t] += z * other.value(l, i));
                }
                for (other, offset) in border[..=e].iter().zip(&to_border) {
                    let column = offset + other.codes.at(i) * other.width();
                    // Columns of one effect are orthogonal.
                    for l in (0..other.width()).filter(|&l| !std::ptr::eq(other, effect) || l == k) {
                        T[(t, column + l)] += z * other.value(l, i);
                    }
                }
            }
        }
    }
    let edges = Cells::new(first, border, groups, w);
    for g in 0..groups.len() {
        for r in 0..first.width() {
            let inverse = reciprocal(first.mass[g * first.width() + r]);
            for e in edges.of(g) {
                let (t, times) = (edges.column[e] as usize, edges.at(e, r) * inverse);
                let column = T.col_as_slice_mut(t);
                for f in edges.of(g) {
                    let s = edges.column[f] as usize;
                    if s >= t {
                        column[s] -= times * edges.at(f, r);
                    }
                }
            }
            for e in cells.of(g) {
                let (row, times) = (cells.column[e] as usize * size, cells.at(e, r) * inverse);
                let row = &mut coupling[row..row + size];
                edges.of(g).for_each(|f| row[edges.column[f] as usize] -= times * edges.at(f, r));
            }
        }
    }
    (coupling, T)
}

/// The cells between the effects of the middle: (first row, cells, first column).
fn cross_cells(middle: &[Effect], w: Option<&[f64]>) -> Vec<(usize, Cells, usize)> {
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
