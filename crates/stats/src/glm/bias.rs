//! Incidental parameters: the analytical bias correction of logit and probit.
//!
//! Each level of an effect is estimated from its T observations only, with an error of variance 1/Σω. The score of β
//! is not linear in it, so that its expectation is off by (Fernández-Val and Weidner 2016, for one effect Hahn and
//! Newey 2004)
//!
//! ```text
//! E[X̃'s] ≈ -½ Σ_effects Σ_levels (Σ x̃ z) / (Σ ω),      z = (μ'/V) μ'',   ω = μ'²/V,
//! ```
//!
//! with x̃ the regressors off the effects under ω and the sums over the observations of a level. β̂ less
//! (X̃'ωX̃)⁻¹ times that has a bias of order 1/T² (one effect), and confidence intervals that cover. The effects are
//! then fitted again at the corrected β for covariance and likelihood. The regressors must be strictly exogenous: for
//! predetermined ones (a lagged outcome) a further term is needed, which is not offered.

use super::Family;
use super::irls::Climb;
use crate::linear::least_squares::Orthogonal;
use crate::{Design, Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is done about the bias of order 1/T.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BiasCorrection {
    /// Nothing: maximum likelihood as it is.
    #[default]
    None,
    /// The analytical correction of Fernández-Val and Weidner, for one or two effects and strictly exogenous
    /// regressors.
    Analytical,
}

/// Corrected coefficients at the end of a climb.
pub(super) fn corrected(design: &Design, climb: &Climb) -> Result<Vec<f64>> {
    if !(1..=2).contains(&design.fe.len()) {
        return Err(Error::invalid(
            format!("the analytical bias correction is for one or two fixed effects, not {}", design.fe.len()),
            "set `bias_correction = \"none\"`, or absorb a unit and a time effect",
        ));
    }
    let z: Vec<f64> = (0..design.nobs()).map(|i| second(design, climb, i)).collect();
    let k = climb.X.len();
    let mut shift = vec![0.0; k]; // ½ Σ Σ (Σ x̃ z)/(Σ ω)
    for factor in &design.fe {
        let levels = factor.levels as usize;
        let sum = |v: &dyn Fn(usize) -> f64| {
            let mut out = vec![0.0; levels];
            factor.codes.iter().enumerate().for_each(|(i, &c)| out[c as usize] += v(i));
            out
        };
        let mass = sum(&|i| climb.W[i]);
        for (x, shift) in climb.X.iter().zip(&mut shift) {
            let curve = sum(&|i| x[i] * z[i]);
            *shift += 0.5 * curve.iter().zip(&mass).map(|(c, m)| c / m).sum::<f64>();
        }
    }
    let inverse = Orthogonal::of(&climb.scaled()).inverse_gram();
    Ok((0..k).map(|i| climb.coef[i] + (0..k).map(|j| inverse[(i, j)] * shift[j]).sum::<f64>()).collect())
}

/// w (μ'/V) μ'' of an observation.
fn second(design: &Design, climb: &Climb, i: usize) -> f64 {
    let (first, second) = climb.family.mean_derivatives(climb.eta[i]);
    // W = w μ'²/V, so that w μ'/V = W/μ'.
    let ratio = match climb.family {
        Family::Logit => design.w.as_ref().map_or(1.0, |w| w[i]),
        _ => climb.W[i] / first,
    };
    ratio * second
}
