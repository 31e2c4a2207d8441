//! The between estimator: least squares on the means of the units.
//!
//! ```text
//! ȳ_i = x̄_i'β + α_i + ū_i,      i = 1 … N
//! ```
//!
//! Consistent when the unit effects α are uncorrelated with the regressors in all periods; it uses what the within
//! estimator throws away (Baltagi 2021, section 2.3). Each unit counts once; with `weighted` it counts by its number
//! of observations, which is efficient when the unit effects are small beside u in an unbalanced panel.

use super::panel::{Units, something_left, unweighted};
use super::{Ols, OlsFit};
use crate::math::Mat;
use crate::{Design, Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Least squares on the means of the units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Between {
    /// Count each unit by its number of observations, as Stata's `xtreg, be wls`; each once by default.
    pub weighted: bool,
}

/// A fitted between regression.
#[derive(Debug, Clone)]
pub struct BetweenFit {
    /// Least squares on the means; its sample are positions in `design`.
    pub fit: OlsFit,
    /// The means, each at the row of the unit's first observation: what a covariance wants to see.
    pub design: Design,
    /// Fewest and most observations of a unit.
    pub periods: (usize, usize),
}

impl Between {
    /// Takes the means of the design and fits them.
    pub fn fit(&self, design: &Design, ols: Ols) -> Result<BetweenFit> {
        let design = unweighted(design, "between")?;
        let units = Units::of(&design)?;
        let means = means(&design, &units, self.weighted)?;
        let fit = ols.fit(&means)?;
        something_left(&fit, &means)?;
        let lengths = || units.rows.iter().map(Vec::len);
        Ok(BetweenFit { fit, design: means, periods: (lengths().min().unwrap_or(0), lengths().max().unwrap_or(0)) })
    }
}

/// The design of the means, N rows; clusters must hold whole units.
pub(super) fn means(design: &Design, units: &Units, weighted: bool) -> Result<Design> {
    let panel = design.panel.as_ref().expect("checked by `of`");
    if let Some(split) = design.cluster.iter().find(|c| !panel.unit.nested_in(c)) {
        return Err(Error::invalid(
            format!("the cluster variable `{}` changes within units, whose means are one observation each", split.name),
            "cluster by something that holds whole units, or use `vcov = \"hc1\"`",
        ));
    }
    let first: Vec<usize> = units.rows.iter().map(|r| r[0]).collect();
    let columns: Vec<Vec<f64>> = (0..design.X.ncols()).map(|j| units.means(design.X.col_as_slice(j))).collect();
    Ok(Design {
        y: units.means(&design.y),
        X: Mat::from_fn(units.count(), columns.len(), |i, j| columns[j][i]),
        w: weighted.then(|| units.rows.iter().map(|r| r.len() as f64).collect()),
        ..design.at(&first)
    })
}
