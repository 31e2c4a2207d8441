//! Projecting columns off fixed effects and slopes by level, exactly.
//!
//! With D the columns of all effects (dummies; for `city[x]` also x within each city) and W the weights, a column v is
//! replaced by v - D a, where a solves the normal equations D'WD a = D'Wv. The effect with most columns, D₀, has a
//! diagonal block N₀ = D₀'WD₀ and is eliminated exactly; the others, R, are left with the Schur complement
//!
//! ```text
//! S = D_R'W D_R - (D_R'W D₀) N₀⁻¹ (D₀'W D_R),     S a_R = D_R'W (v - D₀ N₀⁻¹ D₀'W v).
//! ```
//!
//! S is factorized where that is cheap: dense when it is small, as in a panel with one large effect and small others;
//! sparse when few pairs of levels meet, as for workers with a few firms each or long chains. Null pivots are dropped,
//! which also gives the exact rank of the effects. Otherwise S is well conditioned, and conjugate gradients on cells
//! (pairs of levels that meet) take a dozen steps. Either way iterative refinement follows on the observations, and
//! each column carries a certificate: how far from orthogonal to the effects it still is. Never alternating
//! projections, whose stopping rule says nothing about the error that is left (Guimarães and Portugal 2010 describe
//! them; Correia 2016 the graph behind S).
//!
//! ```
//! use plim_stats::{Factor, absorb::Absorber};
//! let city = Factor::from_keys("city", [1, 1, 2, 2]);
//! let year = Factor::from_keys("year", [1, 2, 1, 2]);
//! let absorber = Absorber::new(&[city, year], &[], None).unwrap();
//! assert_eq!(absorber.rank(), Some(3));
//! let mut columns = vec![vec![1.0, 2.0, 3.0, 6.0]];
//! absorber.demean(&mut columns).unwrap();
//! for (r, want) in columns[0].iter().zip([0.5, -0.5, -0.5, 0.5]) {
//!     assert!((r - want).abs() < 1e-14);
//! }
//! ```

mod cells;
mod effect;
mod extended;
mod fixef;
mod gradients;
mod leverage;
mod rank;
mod schur;
mod singletons;
mod sweep;

pub use fixef::EffectValues;
pub use schur::Solver;
pub use singletons::{Singletons, without_singletons};

use crate::{Error, Factor, Kind, Result, Slope};
use cells::Groups;
use effect::{Effect, reciprocal};
pub(crate) use rank::connected;
use rayon::prelude::*;
use schur::{Budget, Schur};
use sweep::{Sweep, Swept, larger};

/// A column whose certificate is above this is refused.
pub const ORTHOGONALITY_TOLERANCE: f64 = 1e-10;

/// Rounds of iterative refinement at most: one suffices after a direct solve, conjugate gradients may use more.
const REFINEMENTS: usize = 6;

/// The certificate is relative to the norm of a column about its mean, or to this fraction (of squares) of its norm about
/// zero where that is more: of a column as constant as that, the rounding of its values alone exceeds the tolerance.
const NEARLY_CONSTANT: f64 = 1e-10;

/// The norm that the certificate of a column is relative to, from its sums of squares about the mean and about zero.
fn certified_size(before: f64, raw: f64) -> f64 {
    before.max(NEARLY_CONSTANT * raw).sqrt()
}

/// Orthogonality at which refinement has nothing left to gain.
const ORTHOGONALITY_GOAL: f64 = 1e-15;

/// Below this fraction of the raw sum of squares, a centered one is rounding: the column is constant.
pub(crate) const CONSTANT: f64 = 1e-18;

/// Columns that share a pass over the observations.
const BLOCK: usize = 4;

/// What a column went through.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Absorbed {
    /// Weighted sum of squares about the mean, before.
    pub before: f64,
    /// Weighted sum of squares, after.
    pub after: f64,
    /// Largest cosine between the result and a column of the effects, relative to the column before: the certificate.
    pub orthogonality: f64,
    /// Steps of conjugate gradients over all rounds; zero when the effects are factorized.
    pub iterations: usize,
    /// Times the effects were solved for: the first and the refinements.
    pub rounds: usize,
}

/// The factorized effects of one sample; demeans any number of columns.
#[derive(Debug, Clone)]
pub struct Absorber {
    /// The eliminated effect first.
    effects: Vec<Effect>,
    /// Where the unknowns of `effects[1..]` start.
    offsets: Vec<usize>,
    groups: Groups,
    w: Option<Vec<f64>>,
    schur: Schur,
}

impl Absorber {
    /// Prepares the effects `fe` and the `slopes` (at least one in all, equal lengths, every level present) under
    /// weights `w`. A slope of the same factor as an effect joins it.
    pub fn new(fe: &[Factor], slopes: &[Slope], w: Option<&[f64]>) -> Result<Self> {
        let Some(first) = fe.first().or(slopes.first().map(|s| &s.factor)) else {
            return Err(Error::new(Kind::Empty { what: "the list of fixed effects".into() }));
        };
        let n = first.codes.len();
        if n == 0 {
            return Err(Error::new(Kind::Empty { what: "the estimation sample".into() }));
        }
        for factor in fe.iter().chain(slopes.iter().map(|s| &s.factor)) {
            if factor.codes.len() != n {
                return Err(Error::length(format!("`{}`", factor.name), factor.codes.len(), n));
            }
        }
        for slope in slopes {
            if slope.x.len() != n {
                return Err(Error::length(format!("`{}`", slope.label()), slope.x.len(), n));
            }
        }
        if let Some(w) = w
            && w.len() != n
        {
            return Err(Error::length("weights", w.len(), n));
        }
        Ok(Absorber::prepare(Effect::all(fe, slopes, w)?, w.map(<[f64]>::to_vec), Budget::fast(n)))
    }

    fn prepare(effects: Vec<Effect>, w: Option<Vec<f64>>, budget: Budget) -> Self {
        let groups = Groups::new(&effects[0]);
        let schur = Schur::new(&effects, &groups, w.as_deref(), budget);
        Absorber { offsets: cells::offsets(&effects[1..]), groups: groups.without_order(), effects, w, schur }
    }

    /// Exact rank of the effects together, constant included; `None` when three or more of them are too large to
    /// factorize, or two with slopes.
    pub fn rank(&self) -> Option<usize> {
        self.schur.rank().map(|r| r + self.effects[0].rank())
    }

    /// The algorithm that solves for the effects.
    pub fn solver(&self) -> Solver {
        self.schur.solver()
    }

    /// Observations.
    pub fn nobs(&self) -> usize {
        self.effects[0].codes.len()
    }

    /// Replaces each column by its residual from the effects.
    ///
    /// A few columns share each pass over the observations, blocks of them run in parallel. All sums are added in an
    /// order that depends on the data alone: the bits of a column depend neither on the number of threads nor on the
    /// columns beside it.
    pub fn demean(&self, columns: &mut [Vec<f64>]) -> Result<Vec<Absorbed>> {
        let slices: Vec<&mut [f64]> = columns.iter_mut().map(Vec::as_mut_slice).collect();
        Ok(self.project(slices, false)?.into_iter().map(|c| c.absorbed()).collect())
    }

    /// Replaces one column (n) by its residual from the effects.
    pub fn demean_column(&self, v: &mut [f64]) -> Result<Absorbed> {
        let done = self.project(vec![v], false)?;
        Ok(done[0].absorbed())
    }

    /// Projects columns, refining each until its certificate is good or gets no better.
    fn project<'a>(&self, columns: Vec<&'a mut [f64]>, keep: bool) -> Result<Vec<Column<'a>>> {
        let n = self.nobs();
        if let Some(v) = columns.iter().find(|v| v.len() != n) {
            return Err(Error::length("the column to demean", v.len(), n));
        }
        let w = self.w.as_deref();
        let mut columns: Vec<Column> =
            columns.into_par_iter().map(|v| Column::new(centered_squares(v, w), squares(v, w), v)).collect();
        for _ in 0..=REFINEMENTS + 1 {
            let mut open: Vec<&mut Column> = columns.iter_mut().filter(|c| !c.done).collect();
            let blocks = open.len().div_ceil(BLOCK).max(1);
            let size = open.len().div_ceil(blocks).max(1);
            open.par_chunks_mut(size).for_each(|block| match block.len() {
                1 => self.round::<1>(block, keep),
                2 => self.round::<2>(block, keep),
                3 => self.round::<3>(block, keep),
                _ => self.round::<BLOCK>(block, keep),
            });
        }
        if let Some(column) =
            columns.iter().find(|c| c.orthogonality > ORTHOGONALITY_TOLERANCE || c.orthogonality.is_nan())
        {
            return Err(Error::new(Kind::NotConverged {
                what: "absorbing the fixed effects (orthogonality of a column to the dummies)".into(),
                iterations: column.iterations.max(column.rounds),
                reached: column.orthogonality,
                wanted: ORTHOGONALITY_TOLERANCE,
            }));
        }
        Ok(columns)
    }

    /// Solves for the effects of K columns and takes them out; at first only the eliminated one.
    fn round<const K: usize>(&self, block: &mut [&mut Column], keep: bool) {
        let unknowns = self.offsets[self.offsets.len() - 1];
        let mut a: Option<Vec<[f64; K]>> = None;
        let scale: [f64; K] = std::array::from_fn(|q| block[q].before.sqrt());
        if block[0].rounds > 0 {
            let mut b: Vec<[f64; K]> = (0..unknowns).map(|j| std::array::from_fn(|q| block[q].b[j])).collect();
            let iterations = self.schur.solve(&mut b, scale);
            block.iter_mut().zip(iterations).for_each(|(c, steps)| c.iterations += steps);
            a = Some(b);
        }
        let sweep =
            Sweep { effects: &self.effects, groups: &self.groups, w: self.w.as_deref(), offsets: &self.offsets };
        let mut columns = block.iter_mut();
        let v: [&mut [f64]; K] = std::array::from_fn(|_| columns.next().map(|c| &mut *c.v).unwrap_or_default());
        let swept = sweep.run(a.as_deref(), v, keep);
        let worst = self.worst(&swept, std::array::from_fn(|q| block[q].size));
        for (q, column) in block.iter_mut().enumerate() {
            column.b = swept.b.iter().map(|b| b[q]).collect();
            column.after = swept.squares[q];
            if let Some(means) = &swept.means {
                let taken = means.iter().chain(a.iter().flatten()).map(|a| a[q]);
                column.a.resize(means.len() + unknowns, 0.0);
                // The first pass has solved for the eliminated effect only.
                column.a.iter_mut().zip(taken).for_each(|(sum, a)| *sum += a);
            }
            column.judge(worst[q], unknowns > 0);
        }
    }

    /// The certificate: max over the columns d of all effects of |d'Wv| / (‖d‖ scale).
    fn worst<const K: usize>(&self, swept: &Swept<K>, scale: [f64; K]) -> [f64; K] {
        let mut worst = swept.worst;
        let mass = self.effects[1..].iter().flat_map(|e| &e.mass);
        for (b, &mass) in swept.b.iter().zip(mass) {
            let size = reciprocal(mass).sqrt();
            (0..K).for_each(|q| worst[q] = larger(worst[q], b[q].abs() * size));
        }
        std::array::from_fn(|q| if scale[q] == 0.0 { 0.0 } else { worst[q] / scale[q] })
    }
}

/// A column on its way.
struct Column<'a> {
    v: &'a mut [f64],
    /// Norm that the certificate is relative to.
    size: f64,
    before: f64,
    after: f64,
    /// D_R'W v, what is still to be solved for.
    b: Vec<f64>,
    /// Coefficients taken out so far, when they are kept.
    a: Vec<f64>,
    orthogonality: f64,
    iterations: usize,
    rounds: usize,
    done: bool,
}

impl<'a> Column<'a> {
    /// A column with its sum of squares about the mean, and about zero.
    fn new(before: f64, raw: f64, v: &'a mut [f64]) -> Self {
        let (size, orthogonality) = (certified_size(before, raw), f64::INFINITY);
        let (b, a) = (Vec::new(), Vec::new());
        Column { v, size, before, after: before, b, a, orthogonality, iterations: 0, rounds: 0, done: false }
    }

    /// Takes the certificate of a round and decides whether another would help.
    fn judge(&mut self, now: f64, others: bool) {
        let before = self.orthogonality;
        self.orthogonality = now;
        self.rounds += 1;
        // The first round has only the eliminated effect out.
        let solved = self.rounds > usize::from(others);
        let no_better = now > 0.5 * before || now.is_nan();
        self.done = solved && (now <= ORTHOGONALITY_GOAL || self.rounds > 2 && no_better);
    }

    fn absorbed(&self) -> Absorbed {
        let Column { before, after, orthogonality, iterations, rounds, .. } = *self;
        Absorbed { before, after, orthogonality, iterations, rounds }
    }
}

/// Σ w v².
pub(crate) fn squares(v: &[f64], w: Option<&[f64]>) -> f64 {
    total(v, w, |x| x * x)
}

/// Σ w (v - v̄)², but never less than the rounding of v itself, so that a constant has a size to compare with.
pub(crate) fn centered_squares(v: &[f64], w: Option<&[f64]>) -> f64 {
    let weight: f64 = w.map_or(v.len() as f64, |w| total(w, None, |w| w));
    let mean = total(v, w, |x| x) / weight;
    let centered = total(v, w, |x| (x - mean).powi(2));
    centered.max(CONSTANT * squares(v, w))
}

/// Σ w f(v), in eight sums side by side: as fast as memory, and more exact than one.
fn total(v: &[f64], w: Option<&[f64]>, f: impl Fn(f64) -> f64) -> f64 {
    const LANES: usize = 8;
    let mut sums = [0.0; LANES];
    match w {
        None => {
            let chunks = v.chunks_exact(LANES);
            let rest = chunks.remainder();
            chunks.for_each(|v| (0..LANES).for_each(|l| sums[l] += f(v[l])));
            sums.iter_mut().zip(rest).for_each(|(s, &x)| *s += f(x));
        }
        Some(w) => {
            for (v, w) in v.chunks(LANES).zip(w.chunks(LANES)) {
                sums.iter_mut().zip(v).zip(w).for_each(|((s, &x), w)| *s += w * f(x));
            }
        }
    }
    sums.iter().sum()
}

#[cfg(test)]
mod tests;
