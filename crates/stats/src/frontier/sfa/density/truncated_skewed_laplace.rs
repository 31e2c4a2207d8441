//! u truncated skewed Laplace with scale σ_u and shape λ > 0 (Wang 2012).
//!
//! ```text
//! f_u = (1 + λ)/((1 + 2λ) σ_u) (2 exp(-u/σ_u) - exp(-(1 + λ) u/σ_u))
//!     = [2(1 + λ) Exp(σ_u) - Exp(σ_u/(1 + λ))]/(1 + 2λ)
//! ```
//!
//! At either end of λ it is the exponential of scale σ_u. The density of the composed error is the same difference of
//! two of the exponential model's. The scalar is c = ln λ.

use super::super::Score;
use super::quadrature::Grid;
use super::{Density, Exponential, GRID, split};
use crate::math::jet::Jet;

pub(in super::super) struct TruncatedSkewedLaplace;

/// λ of the starts.
const SHAPES: [f64; 3] = [0.5, 2.0, 8.0];
/// Outside these λ the density is the exponential one to λ² or 1/λ.
const LOW: f64 = 0.01;
const HIGH: f64 = 1000.0;

impl Density<4> for TruncatedSkewedLaplace {
    fn ln(&self, at: [f64; 4]) -> Jet<4> {
        let [e, a, b, c] = Jet::variables(at);
        let lambda = c.exp();
        let whole = exponential(e, a, b);
        let part = exponential(e, a, b - (lambda + 1.0).ln() * 2.0);
        let weight = (lambda + 1.0) * 2.0;
        whole + (weight - (part - whole).exp()).ln() - (lambda * 2.0).ln_1p()
    }

    fn score(&self, [e, a, b, c]: [f64; 4], level: f64) -> Score {
        let (v, scale, lambda) = (a.exp(), (0.5 * b).exp(), c.exp());
        let ln = |u: f64, _: f64| (2.0 - (-lambda * u / scale).exp()).ln() - u / scale - 0.5 * (e + u) * (e + u) / v;
        Grid::new(e, v, scale, 2.0).score(ln, level)
    }

    fn starts(&self, variance: f64) -> Vec<[f64; 4]> {
        let at = |lambda: f64, gamma: f64| {
            let (l, whole) = (1.0 + lambda, 1.0 + 2.0 * lambda);
            let [mean, square] = [(2.0 * l - 1.0 / l) / whole, 2.0 * (2.0 * l - 1.0 / (l * l)) / whole];
            let (a, b) = split(variance, gamma, square - mean * mean);
            [mean * (0.5 * b).exp(), a, b, lambda.ln()]
        };
        SHAPES.iter().flat_map(|&lambda| GRID.map(|gamma| at(lambda, gamma))).collect()
    }

    fn own(&self) -> &'static [&'static str] {
        &["lambda"]
    }

    fn limit(&self, [_, _, _, c]: [f64; 4]) -> Option<&'static str> {
        match c.exp() {
            l if l < LOW => Some("the exponential model (lambda falls to zero)"),
            l if l > HIGH => Some("the exponential model (lambda rises without end)"),
            _ => None,
        }
    }

    fn logs(&self) -> bool {
        true
    }
}

/// The exponential model's ln f in scalars that are functions of others.
fn exponential(e: Jet<4>, a: Jet<4>, b: Jet<4>) -> Jet<4> {
    let of = Exponential.ln([e.value, a.value, b.value]);
    let inner = [e, a, b];
    let mut out = Jet::constant(of.value);
    for i in 0..4 {
        out.gradient[i] = (0..3).map(|s| of.gradient[s] * inner[s].gradient[i]).sum();
        for j in 0..4 {
            out.hessian[i][j] = (0..3)
                .map(|s| {
                    let curved: f64 = (0..3).map(|t| of.hessian[s][t] * inner[t].gradient[j]).sum();
                    of.gradient[s] * inner[s].hessian[i][j] + curved * inner[s].gradient[i]
                })
                .sum();
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::check;
    use super::*;
    use std::f64::consts::LN_2;

    #[test]
    fn is_a_density_with_exact_derivatives_and_scores() {
        let points = [[-0.4, -1.0, -0.3, 0.4], [0.9, 0.4, -1.2, -0.7], [-3.0, -3.0, 0.1, 2.0], [1.5, -1.5, -0.5, 1.0]];
        for at in points {
            check::derivatives(&TruncatedSkewedLaplace, at);
            let (su, l) = ((0.5 * at[2]).exp(), at[3].exp());
            let mean = su * (2.0 * (1.0 + l) - 1.0 / (1.0 + l)) / (1.0 + 2.0 * l);
            check::integrates(&TruncatedSkewedLaplace, at, mean);
            let ln = |u: f64| {
                ((1.0 + l) / (1.0 + 2.0 * l) / su).ln() + LN_2 - u / su + (1.0 - 0.5 * (-l * u / su).exp()).ln()
            };
            check::convolves(&TruncatedSkewedLaplace, at, ln);
        }
    }

    #[test]
    fn of_small_lambda_it_is_the_exponential() {
        let got = TruncatedSkewedLaplace.ln([-0.5, -1.0, -0.4, -18.0]).value;
        // The difference is of order λ: λ times the slope in ln σ_u.
        plim_golden::close(got, Exponential.ln([-0.5, -1.0, -0.4]).value, 1e-7, "ln f");
    }
}
