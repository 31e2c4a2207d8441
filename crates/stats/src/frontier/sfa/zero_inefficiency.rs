//! Zero inefficiency: each observation is fully efficient with probability p (Kumbhakar, Parmeter and Tsionas 2013).
//!
//! ```text
//! ln L = Σ ln[p φ(e/σ_v)/σ_v + (1-p) f(e)],   p = 1/(1 + exp(-w'ρ)), constant by default
//! ```
//!
//! Where p is one number it is a parameter itself; with columns w their coefficients ρ are. P(u = 0 | e) is a column,
//! and efficiency is E[exp(-u) | e] over both states.
//!
//! Known of this likelihood: p and σ_u are told apart by the shape of the residuals alone, so that it takes many
//! observations (Rho and Schmidt 2015). Where the residuals are skewed to the wrong side there is no inefficiency and p
//! means nothing. And it is unbounded where σ_v falls to zero around observations that the frontier hits; such points are
//! no estimates, and a maximum inside is reported whatever they promise, as with mixtures of normals. The test of p = 0
//! is on the border: half chi-square(0), half chi-square(1).

use super::density::{Density, Inflated, Truncated};
use super::likelihood::best;
use super::pooled::{Pooled, no_inefficiency};
use super::{ComposedError, Data, Index, LeastSquares, Likelihood, Parameter, Score, Section};
use crate::math::optimize::Point;
use crate::math::{Mat, dist};
use crate::{Error, Kind, Result};
use rayon::prelude::*;

/// Where fewer observations than this are expected to be fully efficient (or not to be), p is at its border: the
/// likelihood is flat to rounding in its logit there, and no sample could tell it from none.
const SCARCE: f64 = 0.1;
/// Climbs of the model without zeros, for the test.
const CLIMBS: usize = 3;

/// The model: pooled rows whose last index is that of r = ln(p/(1-p)).
pub(super) struct ZeroInefficiency<'a, const R: usize, D> {
    rows: Pooled<'a, R, D>,
    /// The same without zeros.
    without: Box<dyn Likelihood + 'a>,
}

impl<'a, const Q: usize, const R: usize, D: Truncated<Q> + Copy + 'a> ZeroInefficiency<'a, R, Inflated<D, Q>> {
    pub(super) fn new(data: &'a Data, frontier: &Index, ols: &'a LeastSquares, sign: f64, density: D) -> Result<Self> {
        let index = match &data.zero_probability {
            Some(columns) => Index::new(columns)?,
            None => Index::scalar("zero_probability"),
        };
        let rows = Pooled::new(data, frontier, ols, sign, Inflated::<D, Q>(density))?.with_index(Q, index);
        Ok(ZeroInefficiency { rows, without: Box::new(Pooled::new(data, frontier, ols, sign, density)?) })
    }
}

impl<const R: usize, D: Density<R>> ZeroInefficiency<'_, R, D> {
    /// Where p is a parameter itself.
    fn place(&self) -> Option<usize> {
        self.rows.indices[R - 1].is_scalar().then_some(self.rows.from[R - 1])
    }
}

/// 1/(1 + exp(-r)).
fn logistic(r: f64) -> f64 {
    1.0 / (1.0 + (-r).exp())
}

impl<const Q: usize, const R: usize, D: Truncated<Q>> Likelihood for ZeroInefficiency<'_, R, Inflated<D, Q>> {
    fn parameters(&self) -> Vec<Parameter> {
        let mut all = self.rows.parameters();
        if self.place().is_none() {
            all[self.rows.from[R - 1]..].iter_mut().for_each(|p| p.section = Section::ZeroProbability);
        }
        all
    }

    fn frontier(&self) -> usize {
        self.rows.frontier()
    }

    fn natural(&self, theta: &[f64]) -> (Vec<f64>, Mat<f64>) {
        let (mut values, mut J) = self.rows.natural(theta);
        if let Some(j) = self.place() {
            let p = logistic(theta[j]);
            (values[j], J[(j, j)]) = (p, p * (1.0 - p));
        }
        (values, J)
    }

    fn internal(&self, natural: &[f64]) -> Result<Vec<f64>> {
        let mut theta = self.rows.internal(natural)?;
        if let Some(j) = self.place() {
            let p = natural[j];
            if !(p > 0.0 && p < 1.0) {
                return Err(Error::invalid(
                    format!("`at` has zero_probability = {p}"),
                    "give a probability between 0 and 1, or model = \"pooled\" for 0",
                ));
            }
            theta[j] = (p / (1.0 - p)).ln();
        }
        Ok(theta)
    }

    fn starts(&self) -> Result<Vec<Vec<f64>>> {
        self.rows.starts()
    }

    fn value(&self, theta: &[f64]) -> f64 {
        self.rows.value(theta)
    }

    fn promise(&self, theta: &[f64]) -> f64 {
        self.rows.promise(theta)
    }

    fn point(&self, theta: &[f64]) -> Option<Point> {
        self.rows.point(theta)
    }

    fn contributions(&self, theta: &[f64]) -> (Mat<f64>, Vec<usize>) {
        self.rows.contributions(theta)
    }

    fn border(&self, theta: &[f64]) -> Option<Error> {
        let (p, n) = (logistic(self.rows.center(theta)[R - 1]), self.rows.nobs() as f64);
        if p * n < SCARCE {
            return Some(Error::new(Kind::Untrusted {
                message: "the likelihood peaks where no observation is fully efficient: zero_probability is at its \
                          border of zero"
                    .into(),
                remedy: "use model = \"pooled\"".into(),
            }));
        }
        if (1.0 - p) * n < SCARCE {
            return Some(no_inefficiency(self.rows.sign, self.rows.ols.skewness));
        }
        self.rows.border(theta)
    }

    fn degenerate(&self, theta: &[f64]) -> bool {
        self.rows.noiseless(theta)
    }

    fn composed(&self, theta: &[f64]) -> Option<ComposedError> {
        self.rows.composed(theta)
    }

    fn scores(&self, theta: &[f64], level: f64) -> Vec<Score> {
        self.rows.scores(theta, level)
    }

    fn columns(&self, theta: &[f64]) -> Vec<Vec<f64>> {
        let zero = |i: usize| self.rows.density.zero(self.rows.scalars(i, theta));
        vec![(0..self.rows.nobs()).into_par_iter().map(zero).collect()]
    }

    fn stats(&self, theta: &[f64]) -> Vec<(&'static str, f64)> {
        let p = |i: usize| logistic(self.rows.scalars(i, theta)[R - 1]);
        let n = self.rows.nobs();
        let mut stats = self.rows.stats(theta);
        stats.push(("zero_probability", (0..n).map(p).sum::<f64>() / n as f64));
        stats
    }

    /// Without inefficiency p means nothing: no known distribution.
    fn lr_p_value(&self, _lr: f64) -> f64 {
        f64::NAN
    }

    fn comparisons(&self, loglik: f64) -> (Vec<(&'static str, f64)>, Vec<String>) {
        match best(&*self.without, CLIMBS) {
            Ok(best) => {
                let lr = 2.0 * (loglik - best.top.value);
                let mut stats = vec![("loglik_without_zeros", best.top.value), ("lr_zero", lr)];
                stats.extend(self.place().map(|_| ("lr_zero_p_value", dist::chi_bar_p(lr, 1, 1)[1])));
                (stats, Vec::new())
            }
            Err(error) => (Vec::new(), vec![format!("no test of zero_probability = 0: without zeros, {error}")]),
        }
    }

    fn notes(&self) -> Vec<String> {
        vec![match self.place() {
            Some(_) => {
                "lr_zero tests zero_probability = 0, on its border: half chi-square(0) and half chi-square(1). lr \
                        has no p-value: without inefficiency zero_probability means nothing"
                    .into()
            }
            None => "lr and lr_zero have no p-value: under their hypotheses the coefficients of zero_probability mean \
                     nothing"
                .into(),
        }]
    }
}
