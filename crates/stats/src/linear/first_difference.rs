//! The first-difference estimator.
//!
//! ```text
//! y_it = x_it'β + α_i + u_it      ⇒      Δy_it = Δx_it'β + Δu_it,      Δy_it = y_it - y_i,s,  s the time before t
//! ```
//!
//! Differencing removes the unit effects α; least squares on the differences is consistent when E[Δu | Δx] = 0, and
//! efficient when u is a random walk (the within estimator is when u is not serially correlated). Differences within a
//! unit are correlated by construction when u is not a random walk: cluster by the unit. A constant in the formula
//! stays a constant, and so becomes the drift of y (Wooldridge 2010, section 10.6).
//!
//! ```
//! use plim_stats::linear::{FirstDifference, Ols};
//! use plim_stats::{Design, Factor, PanelKeys, math::Mat};
//! let x = [1.0, 2.0, 4.0, 3.0, 7.0, 8.0];
//! let design = Design {
//!     y: x.iter().enumerate().map(|(i, x)| 2.0 * x + if i < 3 { 5.0 } else { -1.0 }).collect(),
//!     outcome: "y".into(),
//!     X: Mat::from_fn(6, 1, |i, _| x[i]),
//!     names: vec!["x".into()],
//!     panel: Some(PanelKeys { unit: Factor::from_keys("city", [1, 1, 1, 2, 2, 2]), time: vec![1, 2, 3, 1, 2, 3] }),
//!     rows: (0..6).collect(),
//!     ..Design::default()
//! };
//! let fitted = FirstDifference::default().fit(&design, Ols::default()).unwrap();
//! assert!((fitted.fit.coef[0] - 2.0).abs() < 1e-14);
//! ```

use super::panel::{Units, something_left, unweighted};
use super::{INTERCEPT, Ols, OlsFit};
use crate::math::Mat;
use crate::{Design, Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a difference is when the time before is absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Gaps {
    /// The difference from the unit's last observed time, as R's plm.
    #[default]
    Span,
    /// No difference: only neighboring times count, as Stata's `D.`.
    Drop,
}

/// First differences within units; the formula's constant stays as the drift.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FirstDifference {
    /// Differences over absent times: taken from the last observed time, or dropped.
    pub gaps: Gaps,
}

/// A fitted first-difference regression.
#[derive(Debug, Clone)]
pub struct FirstDifferenceFit {
    /// Least squares on the differences; its sample are positions in `design`.
    pub fit: OlsFit,
    /// The differences, each at the row of its later observation: what a covariance wants to see.
    pub design: Design,
    /// Units with at least one difference.
    pub units: usize,
    /// Differences that span absent times.
    pub spanning: usize,
    /// Differences dropped because a time is absent.
    pub dropped: usize,
}

impl FirstDifference {
    /// Differences the design and fits it.
    pub fn fit(&self, design: &Design, ols: Ols) -> Result<FirstDifferenceFit> {
        let design = unweighted(design, "fd")?;
        let units = Units::of(&design)?;
        let time = &design.panel.as_ref().expect("checked by `of`").time;
        let (mut pairs, mut spanning, mut with_difference) = (Vec::new(), 0, 0);
        for rows in &units.rows {
            let before = pairs.len();
            for w in rows.windows(2) {
                let gap = time[w[1]] - time[w[0]] > 1;
                spanning += usize::from(gap);
                if !(gap && self.gaps == Gaps::Drop) {
                    pairs.push((w[0], w[1]));
                }
            }
            with_difference += usize::from(pairs.len() > before);
        }
        if pairs.is_empty() {
            return Err(Error::invalid(
                "no unit has two observations to take a difference of",
                "use `gaps = \"span\"`, or a panel with at least two times for some unit",
            ));
        }
        // In the order of the data, so that the result does not depend on how units are numbered.
        pairs.sort_by_key(|&(_, later)| later);
        let later: Vec<usize> = pairs.iter().map(|&(_, l)| l).collect();
        let mut differenced = design.at(&later);
        differenced.y = pairs.iter().map(|&(e, l)| design.y[l] - design.y[e]).collect();
        differenced.X = Mat::from_fn(pairs.len(), design.X.ncols(), |p, j| {
            let (e, l) = pairs[p];
            if design.names[j] == INTERCEPT { 1.0 } else { design.X[(l, j)] - design.X[(e, j)] }
        });
        let fit = ols.fit(&differenced)?;
        something_left(&fit, &differenced)?;
        let dropped = if self.gaps == Gaps::Drop { spanning } else { 0 };
        Ok(FirstDifferenceFit {
            fit,
            design: differenced,
            units: with_difference,
            spanning: spanning - dropped,
            dropped,
        })
    }
}
