//! A fit, its covariance and its coefficient table in one step: what methods built on least squares share.

use super::{Ols, OlsFit};
use crate::fit::table;
use crate::math::linalg;
use crate::math::{Mat, dist};
use crate::vcov::{Covariance, Ssc, Vcov, vcov};
use crate::{Coefficient, Design, Error, Kind, Result, Test};

/// How a regression is fitted and its covariance made.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Regression {
    /// Rules for singletons and collinear regressors.
    pub ols: Ols,
    /// The covariance; `None` is [`Vcov::default_for`] the design.
    pub vcov: Option<Vcov>,
    /// The small-sample rule.
    pub ssc: Ssc,
}

/// A regression as a table shows it.
#[derive(Debug, Clone)]
pub struct Estimated {
    /// The fit.
    pub fit: OlsFit,
    /// Its covariance.
    pub covariance: Covariance,
    /// Its coefficient table.
    pub coefficients: Vec<Coefficient>,
}

impl Regression {
    /// Fits, and makes covariance and table.
    pub fn run(&self, design: &Design) -> Result<Estimated> {
        self.estimated(self.ols.fit(design)?, design)
    }

    /// Covariance and table of a fit of a design.
    pub(super) fn estimated(&self, fit: OlsFit, design: &Design) -> Result<Estimated> {
        let covariance = vcov(&fit, &self.covariance(design), self.ssc, design)?;
        let coefficients = table(&fit, &covariance.V, Some(covariance.df));
        Ok(Estimated { fit, covariance, coefficients })
    }

    /// The covariance that `run` makes for a design.
    pub fn covariance(&self, design: &Design) -> Vcov {
        self.vcov.clone().unwrap_or_else(|| Vcov::default_for(design))
    }
}

impl Estimated {
    /// The line of a regressor; an error says that it was dropped.
    pub fn coefficient(&self, name: &str) -> Result<&Coefficient> {
        self.coefficients.iter().find(|c| c.name == name).ok_or_else(|| {
            let absorbed =
                self.fit.dropped.iter().any(|d| d.name == name && d.reason == super::least_squares::Reason::Absorbed);
            Error::new(Kind::Collinear { absorbed }).at_column(name)
        })
    }

    /// Notes of the fit and warnings of the covariance.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = self.fit.notes();
        notes.extend(self.covariance.warnings.iter().cloned());
        notes
    }

    /// Wald test that the coefficients at `positions` are zero, F(q, df); `None` when their covariance is singular,
    /// as it is with as many restrictions as clusters.
    pub fn wald(&self, name: &str, positions: &[usize]) -> Option<Test> {
        let q = positions.len();
        if q == 0 || self.covariance.G.iter().any(|&G| G <= q) {
            return None;
        }
        let V = &self.covariance.V;
        let b: Vec<f64> = positions.iter().map(|&j| self.fit.coef[j] / V[(j, j)].sqrt()).collect();
        let R = Mat::from_fn(q, q, |i, j| {
            let (i, j) = (positions[i], positions[j]);
            V[(i, j)] / (V[(i, i)] * V[(j, j)]).sqrt()
        });
        let (values, _) = linalg::symmetric_eigen(&R).ok()?;
        if values.last().is_none_or(|&least| least.is_nan() || least < 1e-12 * values[0]) {
            return None;
        }
        let inverse = linalg::spd_inverse(&R, "the covariance of the restrictions").ok()?;
        let form: f64 = (0..q).map(|i| (0..q).map(|j| b[i] * inverse[(i, j)] * b[j]).sum::<f64>()).sum();
        let (statistic, df) = (form / q as f64, self.covariance.df);
        let p_value = dist::f_p(statistic, q as f64, df);
        Some(Test { name: name.into(), statistic, df: q as f64, df_residual: Some(df), p_value })
    }
}
