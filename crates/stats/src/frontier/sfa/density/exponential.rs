//! u exponential with mean σ_u (Meeusen and van den Broeck 1977).
//!
//! ```text
//! f(e) = Φ(z) exp(e/σ_u + σ_v²/2σ_u²)/σ_u,  z = -e/σ_v - σ_v/σ_u
//!      = φ(e/σ_v)/(σ_v σ_u) · σ_v Φ(z)/φ(z)
//! ```
//!
//! The second form has nothing that cancels or overflows. Given e, u is N(σ_v z, σ_v²) truncated to be positive.

use super::super::Score;
use super::super::conditional::Conditional;
use super::{Density, GRID, Truncated, split};
use crate::math::jet::Jet;
use crate::math::normal::LN_SQRT_TAU;

#[derive(Clone, Copy)]
pub(in super::super) struct Exponential;

impl Density<3> for Exponential {
    fn ln(&self, at: [f64; 3]) -> Jet<3> {
        let [e, a, b] = Jet::variables(at);
        let (inverse_v, inverse_u) = ((a * -0.5).exp(), (b * -0.5).exp());
        let x = e * inverse_v;
        let z = -x - inverse_u / inverse_v;
        (x * x + b) * -0.5 - z.ln_mills() - LN_SQRT_TAU
    }

    fn score(&self, at: [f64; 3], level: f64) -> Score {
        self.given(at).score(1.0, level)
    }

    fn starts(&self, variance: f64) -> Vec<[f64; 3]> {
        let at = |gamma: f64| {
            let (a, b) = split(variance, gamma, 1.0);
            [(0.5 * b).exp(), a, b]
        };
        GRID.map(at).to_vec()
    }

    fn own(&self) -> &'static [&'static str] {
        &[]
    }
}

impl Truncated<3> for Exponential {
    fn given(&self, [e, a, b]: [f64; 3]) -> Conditional {
        let s = (0.5 * a).exp();
        Conditional { mu: -e - s * s / (0.5 * b).exp(), s }
    }
}

#[cfg(test)]
mod tests {
    use super::super::check;
    use super::*;

    #[test]
    fn is_a_density_with_exact_derivatives_and_scores() {
        for at in [[-0.4, -1.0, -0.3], [0.9, 0.4, -1.2], [-3.0, -3.0, 0.2], [1.5, -1.5, -0.5]] {
            check::derivatives(&Exponential, at);
            let su = (0.5 * at[2]).exp();
            check::integrates(&Exponential, at, su);
            check::convolves(&Exponential, at, |u| -su.ln() - u / su);
        }
    }
}
