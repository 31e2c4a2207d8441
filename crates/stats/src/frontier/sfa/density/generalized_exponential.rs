//! u generalized exponential of shape two with scale σ_u (Papadopoulos 2021): the larger of two exponentials.
//!
//! ```text
//! f_u = (2/σ_u) exp(-u/σ_u) (1 - exp(-u/σ_u)),   E u = 3σ_u/2,   Var u = 5σ_u²/4
//!     = 2 Exp(σ_u) - Exp(σ_u/2)
//! ```
//!
//! The density of the composed error is the same difference of two of the exponential model's.

use super::super::Score;
use super::quadrature::Grid;
use super::{Density, Exponential, GRID, split};
use crate::math::jet::Jet;
use std::f64::consts::LN_2;

pub(in super::super) struct GeneralizedExponential;

impl Density<3> for GeneralizedExponential {
    fn ln(&self, [e, a, b]: [f64; 3]) -> Jet<3> {
        let whole = Exponential.ln([e, a, b]);
        // b enters by ln σ_u² - ln 4, with the same derivatives.
        let half = Exponential.ln([e, a, b - 2.0 * LN_2]);
        whole + ((half - whole).exp() * -1.0 + 2.0).ln()
    }

    fn score(&self, [e, a, b]: [f64; 3], level: f64) -> Score {
        let (v, scale) = (a.exp(), (0.5 * b).exp());
        let ln = |u: f64, _: f64| (-(-u / scale).exp_m1()).ln() - u / scale - 0.5 * (e + u) * (e + u) / v;
        Grid::new(e, v, scale, 2.0).score(ln, level)
    }

    fn starts(&self, variance: f64) -> Vec<[f64; 3]> {
        let at = |gamma: f64| {
            let (a, b) = split(variance, gamma, 1.25);
            [1.5 * (0.5 * b).exp(), a, b]
        };
        GRID.map(at).to_vec()
    }

    fn own(&self) -> &'static [&'static str] {
        &[]
    }
}

#[cfg(test)]
mod tests {
    use super::super::check;
    use super::*;

    #[test]
    fn is_a_density_with_exact_derivatives_and_scores() {
        for at in [[-0.4, -1.0, -0.3], [0.9, 0.4, -1.2], [-3.0, -3.0, 0.1], [1.5, -1.5, -0.5]] {
            check::derivatives(&GeneralizedExponential, at);
            let su = (0.5 * at[2]).exp();
            check::integrates(&GeneralizedExponential, at, 1.5 * su);
            check::convolves(&GeneralizedExponential, at, |u| LN_2 - su.ln() - u / su + (-(-u / su).exp_m1()).ln());
        }
    }
}
