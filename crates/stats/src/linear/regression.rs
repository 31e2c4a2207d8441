//! A fit, its covariance and its coefficient table in one step: what methods built on least squares share.

use super::{Ols, OlsFit};
use crate::fit::table;
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
        self.position(name).map(|j| &self.coefficients[j])
    }

    /// Its place among the coefficients.
    pub fn position(&self, name: &str) -> Result<usize> {
        self.coefficients.iter().position(|c| c.name == name).ok_or_else(|| {
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

    /// Wald test that the coefficients at `positions` are zero, F(q, df); `None` where [`Estimated::joint`] refuses.
    pub fn wald(&self, name: &str, positions: &[usize]) -> Option<Test> {
        self.covariance.wald(name, &self.fit.coef, positions).ok()
    }

    /// Wald test that the coefficients of these names are zero, F(q, df); refused with as many restrictions as clusters.
    pub fn joint(&self, name: &str, coefficients: &[String]) -> Result<Test> {
        let positions = coefficients.iter().map(|name| self.position(name)).collect::<Result<Vec<_>>>()?;
        self.covariance.wald(name, &self.fit.coef, &positions)
    }
}
