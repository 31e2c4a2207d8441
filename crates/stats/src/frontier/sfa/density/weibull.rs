//! u Weibull with scale σ_u and shape k (Tsionas 2007); k = 1 is the exponential, k = 2 the Rayleigh of scale σ_u/√2.
//!
//! ```text
//! f_u = (k/σ_u) (u/σ_u)^(k-1) exp(-(u/σ_u)^k),   E u = σ_u Γ(1 + 1/k),   c = ln k
//! ```
//!
//! Above k = 3.6 it is skewed to the other side, so that residuals of either skewness have a maximum.

use super::prior::Prior;
use super::{GRID, split};
use crate::math::gamma::ln_gamma;
use crate::math::jet::Jet;

pub(in super::super) struct Weibull;

/// Shapes of the starts.
const SHAPES: [f64; 5] = [0.7, 1.0, 1.5, 2.5, 5.0];
/// Beyond this shape all u are the same to 6 %, which the intercept takes up.
const HIGH: f64 = 20.0;
/// Below this shape nearly all u are zero.
const LOW: f64 = 0.05;

/// ln σ_u and k.
pub(in super::super) struct At {
    ln_scale: f64,
    k: f64,
}

impl Prior for Weibull {
    type At = At;

    fn at(&self, b: f64, c: f64) -> At {
        At { ln_scale: 0.5 * b, k: c.exp() }
    }

    /// With r = ln(u/σ_u): ln k + k r - exp(k r) - ln u, dr = -1/2 in b, dk = k in c.
    fn ln(at: &At, _: f64, ln_u: f64) -> Jet<2> {
        let k = at.k;
        let x = k * (ln_u - at.ln_scale);
        let q = x.exp();
        let (first, second) = (1.0 - q, -q);
        let cross = -0.5 * k * (first + second * x);
        Jet {
            value: k.ln() + x - q - ln_u,
            gradient: [-0.5 * k * first, 1.0 + x * first],
            hessian: [[0.25 * k * k * second, cross], [cross, x * first + x * x * second]],
        }
    }

    fn center(at: &At) -> f64 {
        at.ln_scale.exp()
    }

    fn shape(at: &At, u: f64) -> [f64; 2] {
        let q = (at.k * (u.ln() - at.ln_scale)).exp();
        [at.k * (1.0 - q), at.k * at.k * q]
    }

    fn own(&self) -> &'static [&'static str] {
        &["shape"]
    }

    fn starts(&self, variance: f64) -> Vec<[f64; 4]> {
        let at = |k: f64, gamma: f64| {
            let [mean, square] = [1.0, 2.0].map(|j| ln_gamma(1.0 + j / k).exp());
            let (a, b) = split(variance, gamma, square - mean * mean);
            [mean * (0.5 * b).exp(), a, b, k.ln()]
        };
        SHAPES.iter().flat_map(|&k| GRID.map(|gamma| at(k, gamma))).collect()
    }

    fn limit(&self, _: f64, _: f64, c: f64) -> Option<&'static str> {
        match c.exp() {
            k if k > HIGH => {
                Some("one inefficiency for all, which the intercept takes up (the shape rises without end)")
            }
            k if k < LOW => Some("a model in which nearly all inefficiency is zero (the shape falls to zero)"),
            _ => None,
        }
    }

    fn skewed(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::super::check;
    use super::super::prior::Integrated;
    use super::super::{Density, Rayleigh};
    use super::*;

    #[test]
    fn is_a_density_with_exact_derivatives_and_scores() {
        let points = [[-0.4, -1.0, -0.3, 0.4], [0.9, 0.4, -2.2, -0.3], [-3.0, -3.0, 0.5, 1.0], [1.5, -1.5, -0.5, 1.8]];
        for at in points {
            check::derivatives(&Integrated(Weibull), at);
            let (su, k) = ((0.5 * at[2]).exp(), at[3].exp());
            check::integrates(&Integrated(Weibull), at, su * ln_gamma(1.0 + 1.0 / k).exp());
            let ln = |u: f64| k.ln() + (k - 1.0) * u.ln() - k * su.ln() - (u / su).powf(k);
            check::convolves(&Integrated(Weibull), at, ln);
        }
    }

    #[test]
    fn of_shape_two_it_is_rayleigh() {
        let ln_2 = 2f64.ln();
        for e in [-20.0, -2.0, 0.3, 4.0] {
            let got = Integrated(Weibull).ln([e, -1.0, -0.4 + ln_2, ln_2]).value;
            plim_golden::close(got, Rayleigh.ln([e, -1.0, -0.4]).value, 1e-12, "ln f");
        }
    }
}
