//! u ~ N(μ, σ_u²) truncated to be positive (Stevenson 1980); μ = z'δ (Battese and Coelli 1995).
//!
//! ```text
//! σ² = σ_v² + σ_u²,  μ* = (μ σ_v² - e σ_u²)/σ²,  s*² = σ_u² σ_v²/σ²
//! ln f = ln φ((e + μ)/σ) - ln σ - ln Φ(μ/σ_u) + ln Φ(μ*/s*)
//!      = ln φ(e/σ_v) - ln σ + ln m(μ/σ_u) - ln m(μ*/s*),  m = φ/Φ
//! ```
//!
//! The second form, by the square completed, has nothing that cancels where μ is far below zero. μ has no bound: as it
//! falls the model becomes the exponential one, and where the likelihood rises all the way that is said.

use super::super::Score;
use super::super::conditional::Conditional;
use super::{Density, GRID, Truncated, split};
use crate::math::jet::Jet;
use crate::math::normal::{LN_SQRT_TAU, inverse_mills};

pub(in super::super) struct TruncatedNormal;

/// μ/σ_u of the starts.
const MEANS: [f64; 4] = [-2.0, -0.5, 0.5, 1.5];
/// Beyond this -μ/σ_u inefficiency is exponential with mean -σ_u²/μ to one part in two hundred.
const LOW: f64 = 15.0;
/// Beyond this μ/σ_u nothing is truncated.
const HIGH: f64 = 100.0;

impl Density<4> for TruncatedNormal {
    fn ln(&self, at: [f64; 4]) -> Jet<4> {
        let [e, a, b, mu] = Jet::variables(at);
        let (sv, su) = ((a * 0.5).exp(), (b * 0.5).exp());
        let sigma2 = a.exp() + b.exp();
        let (inverse_v, inverse_u) = (sv.recip(), su.recip());
        let z = (mu * sv * inverse_u - e * su * inverse_v) / sigma2.sqrt();
        let prior = mu * inverse_u;
        let parts = match prior.value < 0.0 {
            true => (e * inverse_v).powi(2) * -0.5 + prior.ln_mills() - z.ln_mills(),
            false => (e + mu).powi(2) / sigma2 * -0.5 - prior.ln_cdf() + z.ln_cdf(),
        };
        parts - sigma2.ln() * 0.5 - LN_SQRT_TAU
    }

    fn score(&self, at: [f64; 4], level: f64) -> Score {
        self.given(at).score(1.0, level)
    }

    fn starts(&self, variance: f64) -> Vec<[f64; 4]> {
        let at = |gamma: f64, z: f64| {
            let m = inverse_mills(z);
            let (a, b) = split(variance, gamma, 1.0 - m * (z + m));
            let su = (0.5 * b).exp();
            [su * (z + m), a, b, z * su]
        };
        MEANS.iter().flat_map(|&z| GRID.map(|gamma| at(gamma, z))).collect()
    }

    fn own(&self) -> &'static [&'static str] {
        &["mu"]
    }

    fn limit(&self, [_, _, b, mu]: [f64; 4]) -> Option<&'static str> {
        let z = mu / (0.5 * b).exp();
        match z {
            _ if z < -LOW => Some("the exponential model (mu falls without end)"),
            _ if z > HIGH => Some("a model without truncation (mu rises without end)"),
            _ => None,
        }
    }
}

impl Truncated<4> for TruncatedNormal {
    fn given(&self, [e, a, b, mu]: [f64; 4]) -> Conditional {
        let (v, u) = (a.exp(), b.exp());
        Conditional { mu: (mu * v - e * u) / (v + u), s: (v * u / (v + u)).sqrt() }
    }
}

#[cfg(test)]
mod tests {
    use super::super::check;
    use super::*;
    use crate::math::normal::ln_cdf;

    #[test]
    fn is_a_density_with_exact_derivatives_and_scores() {
        let points = [[-0.4, -1.0, -0.3, 0.4], [0.9, 0.4, -1.2, -0.7], [-3.0, -3.0, 0.5, 1.0], [0.5, -1.5, 0.2, -2.5]];
        for at in points {
            check::derivatives(&TruncatedNormal, at);
            let (su, mu) = ((0.5 * at[2]).exp(), at[3]);
            check::integrates(&TruncatedNormal, at, su * (mu / su + inverse_mills(mu / su)));
            let ln = |u: f64| -LN_SQRT_TAU - su.ln() - 0.5 * ((u - mu) / su).powi(2) - ln_cdf(mu / su);
            check::convolves(&TruncatedNormal, at, ln);
        }
    }

    #[test]
    fn far_below_zero_it_is_the_exponential_model() {
        // Mean -σ_u²/μ as μ falls; the error is of order (σ_u/μ)².
        let (mu, su) = (-1e4f64, 100.0f64);
        let got = TruncatedNormal.ln([-0.3, -2.0, 2.0 * su.ln(), mu]).value;
        let want = super::super::Exponential.ln([-0.3, -2.0, 2.0 * (su * su / -mu).ln()]).value;
        plim_golden::close(got, want, 1e-3, "ln f");
    }
}
