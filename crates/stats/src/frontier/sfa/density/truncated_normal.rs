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
use crate::math::normal::{LN_SQRT_TAU, inverse_mills, ln_cdf_mills, ln_mills};

#[derive(Clone, Copy)]
pub(in super::super) struct TruncatedNormal;

/// μ/σ_u of the starts.
const MEANS: [f64; 4] = [-2.0, -0.5, 0.5, 1.5];
/// Beyond this -μ/σ_u inefficiency is exponential with mean -σ_u²/μ to one part in two hundred.
const LOW: f64 = 15.0;
/// Beyond this μ/σ_u nothing is truncated.
const HIGH: f64 = 100.0;

impl Density<4> for TruncatedNormal {
    /// By hand, for this is the model of whole panels: R + F(p) + G(z), where p = μ/σ_u, z = α - β with α = μ σ_v/(σ_u σ),
    /// β = e σ_u/(σ_v σ), and F, G are ln m or ln Φ by the form. With g = σ_u²/σ² in (ln σ_v², ln σ_u²),
    /// dα = α (g, -1-g)/2, dβ = β (g-2, 1-g)/2, dg = g(1-g) (-1, 1).
    fn ln(&self, [e, a, b, mu]: [f64; 4]) -> Jet<4> {
        let (v, u) = (a.exp(), b.exp());
        let (sv, su) = (v.sqrt(), u.sqrt());
        let (sigma2, inverse_u) = (v + u, 1.0 / su);
        let (precision, g) = (1.0 / sigma2, u / sigma2);
        let (h, r, root) = (1.0 - g, g * (1.0 - g), precision.sqrt());
        let (A, B) = (sv * inverse_u * root, su / sv * root);
        let (alpha, beta, p) = (mu * A, e * B, mu * inverse_u);
        let z = alpha - beta;

        // -½ ln σ², common to both forms, then the square, and F, G with their derivatives.
        let (mut value, mut gradient) = (-0.5 * sigma2.ln() - LN_SQRT_TAU, [0.0, -0.5 * h, -0.5 * g, 0.0]);
        let mut hessian = [[0.0; 4]; 4];
        (hessian[1][1], hessian[1][2], hessian[2][2]) = (-0.5 * r, 0.5 * r, -0.5 * r);
        let (F, G) = if p < 0.0 {
            let inverse_v = 1.0 / v;
            let square = e * e * inverse_v;
            value -= 0.5 * square;
            gradient[0] -= e * inverse_v;
            gradient[1] += 0.5 * square;
            hessian[0][0] -= inverse_v;
            hessian[0][1] += e * inverse_v;
            hessian[1][1] -= 0.5 * square;
            (ln_mills(p), ln_mills(z).map(|x| -x))
        } else {
            let t = e + mu;
            let (slope, q) = (t * precision, t * t * precision);
            value -= 0.5 * q;
            let change = [-slope, 0.5 * q * h, 0.5 * q * g, -slope];
            gradient.iter_mut().zip(change).for_each(|(to, by)| *to += by);
            for (i, j) in [(0, 0), (0, 3), (3, 3)] {
                hessian[i][j] -= precision;
            }
            for (j, by) in [(1, slope * h), (2, slope * g)] {
                hessian[0][j] += by;
                hessian[j][3] += by;
            }
            hessian[1][1] -= 0.5 * q * (h * h - r);
            hessian[1][2] -= 0.5 * q * 2.0 * r;
            hessian[2][2] -= 0.5 * q * (g * g - r);
            let [(fp, mp, xp), (fz, mz, xz)] = [p, z].map(ln_cdf_mills);
            ([-fp, -mp, mp * xp], [fz, mz, -mz * xz])
        };
        value += F[0] + G[0];

        let (za, zb) = (0.5 * (alpha * g + beta * (1.0 + h)), -0.5 * (alpha * (1.0 + g) + beta * h));
        let slopes = [-B, za, zb, A];
        for i in 0..4 {
            gradient[i] += G[1] * slopes[i];
            (i..4).for_each(|j| hessian[i][j] += G[2] * slopes[i] * slopes[j]);
        }
        hessian[0][1] += G[1] * 0.5 * B * (1.0 + h);
        hessian[0][2] -= G[1] * 0.5 * B * h;
        hessian[1][1] += G[1] * 0.25 * (alpha * (g * g - 2.0 * r) - beta * ((1.0 + h) * (1.0 + h) - 2.0 * r));
        hessian[1][2] += G[1] * 0.25 * (alpha * (2.0 * r - g * (1.0 + g)) + beta * ((1.0 + h) * h - 2.0 * r));
        hessian[2][2] += G[1] * 0.25 * (alpha * ((1.0 + g) * (1.0 + g) - 2.0 * r) - beta * (h * h - 2.0 * r));
        hessian[1][3] += G[1] * 0.5 * A * g;
        hessian[2][3] -= G[1] * 0.5 * A * (1.0 + g);

        gradient[2] -= 0.5 * F[1] * p;
        gradient[3] += F[1] * inverse_u;
        hessian[2][2] += 0.25 * p * (F[1] + F[2] * p);
        hessian[2][3] -= 0.5 * inverse_u * (F[1] + F[2] * p);
        hessian[3][3] += F[2] * inverse_u * inverse_u;

        for i in 1..4 {
            (0..i).for_each(|j| hessian[i][j] = hessian[j][i]);
        }
        Jet { value, gradient, hessian }
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
