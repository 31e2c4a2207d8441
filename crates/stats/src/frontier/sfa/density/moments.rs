//! Mean and variance of inefficiency itself, as functions of b = ln σ_u² and of the scalar c that a distribution has
//! beside it.

use crate::frontier::sfa::Distribution;
use crate::math::jet::Jet;
use crate::math::normal::ln_cdf_mills;
use std::f64::consts::PI;

/// E u and Var u with their derivatives in (b, c).
pub(in super::super) fn moments(distribution: Distribution, at: [f64; 2]) -> [Jet<2>; 2] {
    let [b, c] = Jet::variables(at);
    let (su, u2) = ((b * 0.5).exp(), b.exp());
    let scaled = |mean: f64, variance: f64| [su * mean, u2 * variance];
    match distribution {
        Distribution::HalfNormal => scaled((2.0 / PI).sqrt(), 1.0 - 2.0 / PI),
        Distribution::Exponential => scaled(1.0, 1.0),
        Distribution::Rayleigh => scaled((0.5 * PI).sqrt(), 2.0 - 0.5 * PI),
        Distribution::Uniform => scaled(3f64.sqrt(), 1.0),
        Distribution::GeneralizedExponential => scaled(1.5, 1.25),
        Distribution::TruncatedNormal => {
            // With p = μ/σ_u, m the inverse Mills ratio and x = p + m: E u = σ_u x, Var u = σ_u² (1 - m x).
            let p = c / su;
            let (_, m, x) = ln_cdf_mills(p.value);
            let second = m * (x * x - 1.0 + m * x);
            let (mills, excess) = (p.chain(m, -m * x, second), p.chain(x, 1.0 - m * x, second));
            [su * excess, u2 * (-(mills * excess) + 1.0)]
        }
        Distribution::TruncatedSkewedLaplace => {
            // A difference of two exponentials.
            let l = c.exp() + 1.0;
            let whole = (c.exp() * 2.0 + 1.0).recip();
            let mean = (l * 2.0 - l.recip()) * whole;
            let square = (l * 2.0 - l.powi(-2)) * whole * 2.0;
            [su * mean, u2 * (square - mean * mean)]
        }
        Distribution::Gamma => [su * c.exp(), u2 * c.exp()],
        Distribution::Weibull => {
            let inverse = (-c).exp();
            let [mean, square] = [1.0, 2.0].map(|j| (inverse * j + 1.0).ln_gamma().exp());
            [su * mean, u2 * (square - mean * mean)]
        }
        Distribution::Lognormal => {
            let mean = (c + u2 * 0.5).exp();
            [mean, mean * mean * (u2.exp() - 1.0)]
        }
    }
}
