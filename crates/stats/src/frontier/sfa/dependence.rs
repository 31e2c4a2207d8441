//! Noise that inefficiency moves with: pooled rows tied by a copula (Smith 2008).
//!
//! ```text
//! f(u, v) = f_u(u) φ(v/σ_v)/σ_v c(F_u(u), Φ(v/σ_v); ρ),   ln L = Σ ln ∫ f(u, e + u) du
//! ```
//!
//! v is the noise of the outcome, y = x'β + v - S u: ρ > 0 says that inefficient rows have good luck. With ρ = 0 it is the
//! plain model, and the test of that is an ordinary one. The sign of the residuals' skewness says nothing here, for noise
//! that moves with u skews e to either side. Known of this likelihood: ρ is told apart from the variances by the shape
//! of the residuals alone, so that it takes many observations, and several maxima are common.

use super::density::{Copula, Density, Dependent, Margin};
use super::likelihood::best;
use super::pooled::Pooled;
use super::{ComposedError, Data, Index, LeastSquares, Likelihood, Parameter, Score};
use crate::math::optimize::Point;
use crate::math::{Mat, dist};
use crate::{Error, Kind, Result};

/// Climbs of the model without dependence, for the test.
const CLIMBS: usize = 3;

/// The model: pooled rows whose last index is that of the copula.
pub(super) struct Dependence<'a, D> {
    rows: Pooled<'a, 4, Dependent<D>>,
    /// The same without dependence.
    without: Pooled<'a, 3, D>,
}

impl<'a, D: Margin + Copy> Dependence<'a, D> {
    pub(super) fn new(
        data: &'a Data,
        frontier: &Index,
        ols: &'a LeastSquares,
        sign: f64,
        margin: D,
        copula: Copula,
    ) -> Result<Self> {
        let rows = Pooled::new(data, frontier, ols, sign, Dependent { margin, copula, sign })?;
        Ok(Dependence { rows, without: Pooled::new(data, frontier, ols, sign, margin)? })
    }

    fn copula(&self) -> Copula {
        self.rows.density.copula
    }

    /// t of θ.
    fn t(&self, theta: &[f64]) -> f64 {
        theta[self.rows.from[3]]
    }
}

impl<D: Margin + Copy> Likelihood for Dependence<'_, D> {
    fn parameters(&self) -> Vec<Parameter> {
        self.rows.parameters()
    }

    fn frontier(&self) -> usize {
        self.rows.frontier()
    }

    fn natural(&self, theta: &[f64]) -> (Vec<f64>, Mat<f64>) {
        let (mut values, mut J) = self.rows.natural(theta);
        let j = self.rows.from[3];
        [values[j], J[(j, j)]] = self.copula().natural(theta[j]);
        (values, J)
    }

    fn internal(&self, natural: &[f64]) -> Result<Vec<f64>> {
        let mut theta = self.rows.internal(natural)?;
        let j = self.rows.from[3];
        theta[j] = self.copula().internal(natural[j]).ok_or_else(|| {
            let name = self.rows.density.own()[0];
            Error::invalid(format!("`at` has {name} = {}", natural[j]), "give a number between -1 and 1")
        })?;
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
        match self.copula().limit(self.t(theta)) {
            Some(limit) => Some(Error::new(Kind::Untrusted {
                message: format!("the likelihood has no maximum: it rises towards {limit}"),
                remedy: "use another `copula`, another `distribution`, or leave `copula` out".into(),
            })),
            None => self.rows.border(theta),
        }
    }

    fn composed(&self, theta: &[f64]) -> Option<ComposedError> {
        self.rows.composed(theta)
    }

    fn scores(&self, theta: &[f64], level: f64) -> Vec<Score> {
        self.rows.scores(theta, level)
    }

    fn stats(&self, theta: &[f64]) -> Vec<(&'static str, f64)> {
        let mut stats = self.rows.stats(theta);
        let (name, t) = (self.rows.density.own()[0], self.t(theta));
        stats.retain(|s| s.0 != name);
        stats.extend([(name, self.copula().natural(t)[0]), ("kendall_tau", self.copula().kendall(t))]);
        stats
    }

    /// Without inefficiency its dependence means nothing: no known distribution.
    fn lr_p_value(&self, _lr: f64) -> f64 {
        f64::NAN
    }

    fn comparisons(&self, loglik: f64) -> (Vec<(&'static str, f64)>, Vec<String>) {
        match best(&self.without, CLIMBS) {
            Ok(best) => {
                let lr = 2.0 * (loglik - best.top.value);
                let stats = [
                    ("loglik_independent", best.top.value),
                    ("lr_independent", lr),
                    ("lr_independent_p_value", dist::chi2_p(lr, 1.0)),
                ];
                (stats.to_vec(), Vec::new())
            }
            Err(error) => (Vec::new(), vec![format!("no test of independence: without dependence, {error}")]),
        }
    }

    fn notes(&self) -> Vec<String> {
        vec![
            "lr_independent tests the copula against independence: chi-square(1). lr has no p-value: without \
             inefficiency its dependence on the noise means nothing"
                .into(),
        ]
    }
}
