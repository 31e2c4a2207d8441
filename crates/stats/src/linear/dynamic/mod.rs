//! Dynamic panels by the generalized method of moments: Arellano and Bond, Blundell and Bond.
//!
//! ```text
//! y_it = ρ y_i,t-1 + x_it'β + α_i + u_it
//! difference   Δy_it = ρ Δy_i,t-1 + Δx_it'β + Δu_it,     E[y_i,s Δu_it] = 0 for s ≤ t - 2
//! system       and the equation in levels,                E[Δy_i,t-1 (α_i + u_it)] = 0
//! β̂ = (X'Z W Z'X)⁻¹ X'Z W Z'y
//! ```
//!
//! Z_i holds, for unit i, one column per moment: lags of the `gmm` variables (one for each time and lag, or one for
//! each lag when collapsed) and the other regressors as instruments for themselves. The first step has
//! W₁ = (Σ Z_i'H_i Z_i)⁻¹, where H_i is what the transformation makes of independent errors of equal variance: 2 on
//! the diagonal and -1 beside it for differences, the identity for orthogonal deviations, and for the system the full
//! matrix with the covariances of differences and levels. The second step has W₂ = (Σ Z_i'û_i û_i'Z_i)⁻¹ with the
//! residuals of the first, and its standard errors the correction of Windmeijer (2005), without which they are far too
//! small. Assumed are u without serial correlation (that is what the test of second-order correlation in Δu checks)
//! and, for the system, changes of y that do not depend on α.
//!
//! References: Arellano and Bond (1991), *Review of Economic Studies* 58; Arellano and Bover (1995) and Blundell and
//! Bond (1998), *Journal of Econometrics* 68 and 87; Windmeijer (2005), *Journal of Econometrics* 126; Roodman (2009),
//! *Stata Journal* 9.

mod estimate;
mod inverse;
mod moments;
mod specification;

pub use estimate::{Covariance, GmmPanelFit, gmm_panel};
pub use moments::Source;

use crate::{Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the unit effects are removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Transform {
    /// First differences (Arellano and Bond).
    #[default]
    Difference,
    /// First differences and the equation in levels (Blundell and Bond).
    System,
    /// Deviations from the mean of the later observations (Arellano and Bover): loses less to gaps.
    Orthogonal,
}

/// How the other regressors instrument themselves in the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standard {
    /// One moment in differences and one in levels, as R's plm.
    #[default]
    Separate,
    /// Their sum, as `iv()` of Stata's xtabond2.
    Joint,
    /// In differences only: the regressors may be correlated with the unit effects.
    Difference,
}

/// Dynamic panel estimation by difference or system GMM.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct GmmPanel {
    /// Variables whose lags are instruments, such as `y, log(wage)`; the outcome by default. The other regressors
    /// instrument themselves.
    pub gmm: Vec<String>,
    /// Lags of the `gmm` variables that are instruments: `2:4`, or `2:` for all from 2 on; one range for all
    /// variables, or one for each, separated by commas.
    pub lags: String,
    /// One instrument for each lag, instead of one for each lag and time.
    pub collapse: bool,
    /// 1 or 2 steps; standard errors are robust in both, with Windmeijer's correction in the second.
    pub steps: u8,
    /// How the unit effects are removed: differences, differences and levels, or orthogonal deviations.
    pub transform: Transform,
    /// How the other regressors instrument themselves when there are levels.
    pub standard: Standard,
}

impl Default for GmmPanel {
    /// Two steps and all lags from the second: what the literature reports first.
    fn default() -> Self {
        GmmPanel {
            gmm: Vec::new(),
            lags: "2:".into(),
            collapse: false,
            steps: 2,
            transform: Transform::default(),
            standard: Standard::default(),
        }
    }
}

/// Lags that are instruments, first to last.
pub type Lags = (i64, i64);

impl GmmPanel {
    /// The range of lags of each of `variables` variables.
    pub fn ranges(&self, variables: usize) -> Result<Vec<Lags>> {
        let ranges = self.lags.split(',').map(range).collect::<Result<Vec<_>>>()?;
        match ranges.len() {
            1 => Ok(vec![ranges[0]; variables]),
            n if n == variables => Ok(ranges),
            n => Err(Error::invalid(
                format!("`lags` has {n} ranges for {variables} variables in `gmm`"),
                "give one range, or one for each variable",
            )),
        }
    }
}

/// `2:4`, `2:` or `2`.
fn range(text: &str) -> Result<Lags> {
    let wrong = || {
        Error::invalid(
            format!("`lags = \"{}\"` is no range of lags", text.trim()),
            "write 2:4, 2: for all from the second, or 2, with lags from 0 upward",
        )
    };
    let whole = |t: &str| t.trim().parse::<i64>().ok().filter(|v| (0..100_000).contains(v));
    let (first, last) = match text.split_once(':') {
        None => (whole(text), whole(text)),
        Some((first, "")) => (whole(first), Some(i64::from(u32::MAX))),
        Some((first, last)) => (whole(first), whole(last)),
    };
    match (first, last) {
        (Some(first), Some(last)) if first <= last => Ok((first, last)),
        _ => Err(wrong()),
    }
}
