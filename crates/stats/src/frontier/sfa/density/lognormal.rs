//! ln u normal with mean μ and variance σ_u² (Migon and Medici 2001); σ_u has no unit here.
//!
//! ```text
//! f_u = φ((ln u - μ)/σ_u)/(u σ_u),   E u = exp(μ + σ_u²/2),   c = μ
//! ```

use super::prior::Prior;
use super::{GRID, split};
use crate::math::jet::Jet;
use crate::math::normal::LN_SQRT_TAU;

pub(in super::super) struct Lognormal;

/// σ_u of the starts.
const SPREADS: [f64; 3] = [0.4, 0.8, 1.3];
/// Below this σ_u, with a skewness of 3σ_u, u is a normal around a level that the intercept takes up.
const LOW: f64 = 0.1;
/// Beyond this σ_u nearly all u are zero or without bound.
const HIGH: f64 = 8.0;
/// Below this share of σ_v² the variance of u is nothing.
const NOTHING: f64 = 1e-8;

/// μ and 1/σ_u².
pub(in super::super) struct At {
    mu: f64,
    precision: f64,
    b: f64,
}

impl Prior for Lognormal {
    type At = At;

    fn at(&self, b: f64, c: f64) -> At {
        At { mu: c, precision: (-b).exp(), b }
    }

    fn ln(at: &At, _: f64, ln_u: f64) -> Jet<2> {
        let slope = (ln_u - at.mu) * at.precision;
        let square = (ln_u - at.mu) * slope;
        Jet {
            value: -0.5 * (square + at.b) - LN_SQRT_TAU - ln_u,
            gradient: [0.5 * (square - 1.0), slope],
            hessian: [[-0.5 * square, -slope], [-slope, -at.precision]],
        }
    }

    fn center(at: &At) -> f64 {
        at.mu.exp()
    }

    fn shape(at: &At, u: f64) -> [f64; 2] {
        [(at.mu - u.ln()) * at.precision, at.precision]
    }

    fn own(&self) -> &'static [&'static str] {
        &["mu"]
    }

    fn starts(&self, variance: f64) -> Vec<[f64; 4]> {
        let at = |s: f64, gamma: f64| {
            // A u of mean m has variance m² (exp(s²) - 1).
            let (a, ln_variance) = split(variance, gamma, 1.0);
            let mean = (ln_variance.exp() / (s * s).exp_m1()).sqrt();
            [mean, a, 2.0 * s.ln(), mean.ln() - 0.5 * s * s]
        };
        SPREADS.iter().flat_map(|&s| GRID.map(|gamma| at(s, gamma))).collect()
    }

    fn limit(&self, a: f64, b: f64, c: f64) -> Option<&'static str> {
        let s = (0.5 * b).exp();
        let variance = (2.0 * c + s * s).exp() * (s * s).exp_m1();
        match s {
            s if s < LOW => Some("normal inefficiency, which is not told from noise (sigma_u falls to zero)"),
            s if s > HIGH => Some("a model in which nearly all inefficiency is zero (sigma_u rises without end)"),
            _ if variance < NOTHING * a.exp() => Some("no inefficiency (mu falls without end)"),
            _ => None,
        }
    }

    fn comparable(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::super::check;
    use super::super::prior::Integrated;
    use super::*;

    #[test]
    fn is_a_density_with_exact_derivatives_and_scores() {
        let points =
            [[-0.4, -1.0, -1.3, -0.4], [0.9, 0.4, -2.2, -0.7], [-3.0, -3.0, -1.5, 0.5], [1.5, -1.5, -1.0, -2.0]];
        for at in points {
            check::derivatives(&Integrated(Lognormal), at);
            let (s, mu) = ((0.5 * at[2]).exp(), at[3]);
            check::integrates(&Integrated(Lognormal), at, (mu + 0.5 * s * s).exp());
            let ln = |u: f64| -LN_SQRT_TAU - s.ln() - u.ln() - 0.5 * ((u.ln() - mu) / s).powi(2);
            check::convolves(&Integrated(Lognormal), at, ln);
        }
    }
}
