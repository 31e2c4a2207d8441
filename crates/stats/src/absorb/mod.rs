//! Projecting columns off fixed effects, exactly.
//!
//! With D the dummies of all effects and W the weights, a column v is replaced by
//! v - D a, where a solves the normal equations D'WD a = D'Wv. The effect with most levels, D₀, has a
//! diagonal block N₀ = D₀'WD₀ and is eliminated exactly; the others, R, are left with the Schur complement
//!
//! ```text
//! S = D_R'W D_R - (D_R'W D₀) N₀⁻¹ (D₀'W D_R),     S a_R = D_R'W (v - D₀ N₀⁻¹ D₀'W v).
//! ```
//!
//! A panel has one large effect and small others, so S is small: it is factorized once (LDL' with null
//! pivots dropped), which also gives the exact rank of the effects, and every column is solved directly,
//! without iteration or tolerance. When S is too large to factorize, the same system is solved by
//! preconditioned conjugate gradients without ever forming S. Either way a step of iterative refinement
//! follows, and each column carries a certificate: how far from orthogonal to the effects it still is.
//! Never alternating projections, whose stopping rule says nothing about the error that is left
//! (Guimarães and Portugal 2010 describe them; Correia 2016 the graph behind S).
//!
//! ```
//! use plim_stats::{Factor, absorb::Absorber};
//! let city = Factor::from_keys("city", [1, 1, 2, 2]);
//! let year = Factor::from_keys("year", [1, 2, 1, 2]);
//! let absorber = Absorber::new(&[city, year], None).unwrap();
//! assert_eq!(absorber.rank(), Some(3));
//! let mut columns = vec![vec![1.0, 2.0, 3.0, 6.0]];
//! absorber.demean(&mut columns).unwrap();
//! for (r, want) in columns[0].iter().zip([0.5, -0.5, -0.5, 0.5]) {
//!     assert!((r - want).abs() < 1e-14);
//! }
//! ```

mod schur;
mod singletons;

pub use singletons::{Singletons, without_singletons};

use crate::{Error, Factor, Kind, Result};
use rayon::prelude::*;
use schur::Schur;
pub(crate) use schur::connected;

/// A column whose certificate is above this is refused.
pub const ORTHOGONALITY_TOLERANCE: f64 = 1e-10;

/// Rounds of iterative refinement: one suffices after a direct solve, conjugate gradients may use all.
const REFINEMENTS: usize = 4;

/// Orthogonality at which refinement has nothing left to gain.
const ORTHOGONALITY_GOAL: f64 = 1e-15;

/// Below this fraction of the raw sum of squares, a centered one is rounding: the column is constant.
pub(crate) const CONSTANT: f64 = 1e-18;

/// One effect as the solver sees it. A slope `fe[x]` would multiply by x in [`Effect::sums`] and
/// [`Effect::subtract`] and in `mass`; nothing else knows the entries of D.
#[derive(Debug, Clone)]
struct Effect {
    codes: Vec<u32>,
    /// Diagonal of D'WD: the weight of each level.
    mass: Vec<f64>,
}

impl Effect {
    fn new(factor: &Factor, w: Option<&[f64]>) -> Self {
        let mut mass = vec![0.0; factor.levels as usize];
        for (i, &c) in factor.codes.iter().enumerate() {
            mass[c as usize] += w.map_or(1.0, |w| w[i]);
        }
        Effect { codes: factor.codes.clone(), mass }
    }

    /// D'Wv into `out` (levels).
    fn sums(&self, v: &[f64], w: Option<&[f64]>, out: &mut [f64]) {
        out.fill(0.0);
        match w {
            None => self.codes.iter().zip(v).for_each(|(&c, x)| out[c as usize] += x),
            Some(w) => self.codes.iter().zip(v).zip(w).for_each(|((&c, x), w)| out[c as usize] += w * x),
        }
    }

    /// v - D a.
    fn subtract(&self, a: &[f64], v: &mut [f64]) {
        self.codes.iter().zip(v).for_each(|(&c, x)| *x -= a[c as usize]);
    }

    /// v - D N⁻¹ D'Wv: off the means of this effect alone.
    fn center(&self, v: &mut [f64], w: Option<&[f64]>) {
        let mut means = vec![0.0; self.mass.len()];
        self.sums(v, w, &mut means);
        means.iter_mut().zip(&self.mass).for_each(|(m, n)| *m /= n);
        self.subtract(&means, v);
    }
}

/// What a column went through.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Absorbed {
    /// Weighted sum of squares about the mean, before.
    pub before: f64,
    /// Weighted sum of squares, after.
    pub after: f64,
    /// Largest cosine between the result and a dummy, relative to the column before: the certificate.
    pub orthogonality: f64,
}

/// The factorized effects of one sample; demeans any number of columns.
#[derive(Debug, Clone)]
pub struct Absorber {
    /// The eliminated effect first.
    effects: Vec<Effect>,
    w: Option<Vec<f64>>,
    schur: Schur,
}

impl Absorber {
    /// Prepares the effects `fe` (at least one, equal lengths, every level present) under weights `w`.
    pub fn new(fe: &[Factor], w: Option<&[f64]>) -> Result<Self> {
        let Some(first) = fe.first() else {
            return Err(Error::new(Kind::Empty { what: "the list of fixed effects".into() }));
        };
        let n = first.codes.len();
        if n == 0 {
            return Err(Error::new(Kind::Empty { what: "the estimation sample".into() }));
        }
        for factor in fe {
            if factor.codes.len() != n {
                return Err(Error::length(format!("`{}`", factor.name), factor.codes.len(), n));
            }
        }
        if let Some(w) = w
            && w.len() != n
        {
            return Err(Error::length("weights", w.len(), n));
        }
        let mut order: Vec<&Factor> = fe.iter().collect();
        order.sort_by_key(|f| std::cmp::Reverse(f.levels)); // stable: ties keep formula order
        let effects: Vec<Effect> = order.iter().map(|f| Effect::new(f, w)).collect();
        for (factor, effect) in order.iter().zip(&effects) {
            if let Some(level) = effect.mass.iter().position(|&m| m.is_nan() || m <= 0.0) {
                return Err(Error::invalid(
                    format!("level {level} of `{}` has no weight", factor.name),
                    "give positive weights and recode the factor to the sample",
                ));
            }
        }
        let schur = Schur::new(&effects, w);
        Ok(Absorber { effects, w: w.map(<[f64]>::to_vec), schur })
    }

    /// Exact rank of the effects together, constant included; `None` when three or more effects are too
    /// large to factorize.
    pub fn rank(&self) -> Option<usize> {
        self.schur.rank().map(|r| r + self.effects[0].mass.len())
    }

    /// Leverage of each observation in the effects alone, exact: the diagonal of the weighted projection on them.
    /// `None` when they are too large to factorize.
    pub fn leverages(&self) -> Option<Vec<f64>> {
        let mut h = self.schur.leverages(&self.effects, self.w.as_deref())?;
        if let Some(w) = &self.w {
            h.iter_mut().zip(w).for_each(|(h, w)| *h *= w);
        }
        Some(h)
    }

    /// Observations.
    pub fn nobs(&self) -> usize {
        self.effects[0].codes.len()
    }

    /// Replaces each column by its residual from the effects, in parallel over columns.
    ///
    /// Each column is computed on one thread in a fixed order: the bits do not depend on their number.
    pub fn demean(&self, columns: &mut [Vec<f64>]) -> Result<Vec<Absorbed>> {
        columns.par_iter_mut().map(|v| self.demean_column(v)).collect()
    }

    /// Replaces one column (n) by its residual from the effects.
    pub fn demean_column(&self, v: &mut [f64]) -> Result<Absorbed> {
        if v.len() != self.nobs() {
            return Err(Error::length("the column to demean", v.len(), self.nobs()));
        }
        let w = self.w.as_deref();
        let before = centered_squares(v, w);
        let scale = before.sqrt();
        let mut orthogonality = f64::INFINITY;
        for round in 0..=REFINEMENTS {
            self.effects[0].center(v, w);
            self.schur.project(&self.effects, v, w, scale);
            let now = self.orthogonality(v, scale);
            // Two rounds always: the second is the refinement. More only while they still help.
            if round > 0 && (now <= ORTHOGONALITY_GOAL || now > 0.5 * orthogonality) {
                orthogonality = orthogonality.min(now);
                break;
            }
            orthogonality = now;
        }
        if orthogonality > ORTHOGONALITY_TOLERANCE {
            return Err(Error::new(Kind::NotConverged {
                what: "absorbing the fixed effects (orthogonality of a column to the dummies)".into(),
                iterations: REFINEMENTS,
                reached: orthogonality,
                wanted: ORTHOGONALITY_TOLERANCE,
            }));
        }
        let after = squares(v, w);
        Ok(Absorbed { before, after, orthogonality })
    }

    /// max over levels of |d'Wv| / (‖d‖ scale).
    fn orthogonality(&self, v: &[f64], scale: f64) -> f64 {
        if scale == 0.0 {
            return 0.0;
        }
        let mut worst: f64 = 0.0;
        for effect in &self.effects {
            let mut sums = vec![0.0; effect.mass.len()];
            effect.sums(v, self.w.as_deref(), &mut sums);
            for (s, n) in sums.iter().zip(&effect.mass) {
                worst = worst.max(s.abs() / (n.sqrt() * scale));
            }
        }
        worst
    }
}

/// Σ w v².
pub(crate) fn squares(v: &[f64], w: Option<&[f64]>) -> f64 {
    match w {
        None => v.iter().map(|x| x * x).sum(),
        Some(w) => v.iter().zip(w).map(|(x, w)| w * x * x).sum(),
    }
}

/// Σ w (v - v̄)², but never less than the rounding of v itself, so that a constant has a size to compare with.
pub(crate) fn centered_squares(v: &[f64], w: Option<&[f64]>) -> f64 {
    let total: f64 = w.map_or(v.len() as f64, |w| w.iter().sum());
    let mean = v.iter().enumerate().map(|(i, x)| w.map_or(1.0, |w| w[i]) * x).sum::<f64>() / total;
    let centered: f64 = v.iter().enumerate().map(|(i, x)| w.map_or(1.0, |w| w[i]) * (x - mean).powi(2)).sum();
    centered.max(CONSTANT * squares(v, w))
}

#[cfg(test)]
mod tests;
