//! u ~ |N(0, σ_u²)| (Aigner, Lovell and Schmidt 1977).
//!
//! ```text
//! σ² = σ_v² + σ_u²,  λ = σ_u/σ_v,  ln f = ln 2 - ln σ + ln φ(e/σ) + ln Φ(z),  z = -e λ/σ
//! ```
//!
//! Given e, u is N(-e σ_u²/σ², σ_u² σ_v²/σ²) truncated to be positive.

use super::super::Score;
use super::super::conditional::Conditional;
use super::{Density, GRID, Truncated, split};
use crate::math::jet::Jet;
use crate::math::normal::{LN_SQRT_TAU, ln_cdf_mills};
use std::f64::consts::{LN_2, PI};

#[derive(Clone, Copy)]
pub(in super::super) struct HalfNormal;

impl Density<3> for HalfNormal {
    /// By hand, for this is the model of a million rows: with g = σ_u²/σ² and m = φ/Φ at z, d ln σ² = (1-g, g) and
    /// dz = z (-1 + g/2, (1-g)/2) in (ln σ_v², ln σ_u²), dg = g(1-g) (-1, 1), m' = -m (z + m).
    fn ln(&self, [e, a, b]: [f64; 3]) -> Jet<3> {
        let (v, u) = (a.exp(), b.exp());
        let sigma2 = v + u;
        let (g, precision) = (u / sigma2, 1.0 / sigma2);
        let slope = -(0.5 * (b - a)).exp() * precision.sqrt();
        let z = slope * e;
        let (ln, m, excess) = ln_cdf_mills(z);
        let q = e * e * precision;
        let curvature = -m * excess;
        let (za, zb) = (0.5 * g - 1.0, 0.5 * (1.0 - g));
        let (r, half) = (g * (1.0 - g), 0.5 * (q - 1.0));
        let (first, second) = (m * z, curvature * z * z);
        let gradient = [-e * precision + m * slope, half * (1.0 - g) + first * za, half * g + first * zb];
        // ∂²/∂e∂a and ∂²/∂e∂b share d(m dz/de) = slope (m + z m').
        let cross = slope * (m + z * curvature);
        let hee = curvature * slope * slope - precision;
        let hea = e * precision * (1.0 - g) + cross * za;
        let heb = e * precision * g + cross * zb;
        let haa = half * r - 0.5 * q * (1.0 - g) * (1.0 - g) + (second + first) * za * za - 0.5 * first * r;
        let hbb = half * r - 0.5 * q * g * g + (second + first) * zb * zb - 0.5 * first * r;
        let hab = -half * r - 0.5 * q * r + (second + first) * za * zb + 0.5 * first * r;
        Jet {
            value: LN_2 - LN_SQRT_TAU - 0.5 * (sigma2.ln() + q) + ln,
            gradient,
            hessian: [[hee, hea, heb], [hea, haa, hab], [heb, hab, hbb]],
        }
    }

    fn score(&self, at: [f64; 3], level: f64) -> Score {
        self.given(at).score(1.0, level)
    }

    fn starts(&self, variance: f64) -> Vec<[f64; 3]> {
        let at = |gamma: f64| {
            let (a, b) = split(variance, gamma, 1.0 - 2.0 / PI);
            [(2.0 / PI).sqrt() * (0.5 * b).exp(), a, b]
        };
        GRID.map(at).to_vec()
    }

    fn own(&self) -> &'static [&'static str] {
        &[]
    }
}

impl Truncated<3> for HalfNormal {
    fn given(&self, [e, a, b]: [f64; 3]) -> Conditional {
        let (v, u) = (a.exp(), b.exp());
        Conditional { mu: -e * u / (v + u), s: (v * u / (v + u)).sqrt() }
    }
}

#[cfg(test)]
mod tests {
    use super::super::check;
    use super::*;

    #[test]
    fn is_a_density_with_exact_derivatives_and_scores() {
        for at in [[-0.4, -1.0, -0.3], [0.9, 0.4, -1.2], [-3.0, -3.0, 0.5], [2.5, -1.5, 0.2]] {
            check::derivatives(&HalfNormal, at);
            let su = (0.5 * at[2]).exp();
            check::integrates(&HalfNormal, at, su * (2.0 / PI).sqrt());
            check::convolves(&HalfNormal, at, |u| LN_2 - LN_SQRT_TAU - su.ln() - 0.5 * (u / su).powi(2));
        }
    }
}
