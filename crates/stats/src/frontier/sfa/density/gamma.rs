//! u gamma with scale σ_u and shape k (Greene 1990); k = 1 is the exponential.
//!
//! ```text
//! f_u = u^(k-1) exp(-u/σ_u)/(Γ(k) σ_u^k),   E u = k σ_u,   Var u = k σ_u²,   c = ln k
//! ```

use super::prior::Prior;
use super::{GRID, split};
use crate::math::jet::Jet;

pub(in super::super) struct Gamma;

/// Shapes of the starts.
const SHAPES: [f64; 4] = [0.5, 1.0, 2.0, 5.0];
/// Beyond this shape u, of skewness 2/√k < 0.1, is a normal that is not told from noise.
const HIGH: f64 = 400.0;
/// Below this shape nearly all u are zero.
const LOW: f64 = 0.02;

/// 1/σ_u, k, and -ln(Γ(k) σ_u^k) with its derivatives.
pub(in super::super) struct At {
    rate: f64,
    k: f64,
    constant: Jet<2>,
}

impl Prior for Gamma {
    type At = At;

    fn at(&self, b: f64, c: f64) -> At {
        let [half_b, ln_k] = Jet::variables([b, c]);
        let k = ln_k.exp();
        At { rate: (-0.5 * b).exp(), k: k.value, constant: -(k.ln_gamma() + k * half_b * 0.5) }
    }

    fn ln(at: &At, u: f64, ln_u: f64) -> Jet<2> {
        let (x, power) = (u * at.rate, at.k * ln_u);
        let Jet { value, gradient: [gb, gc], hessian: [[hbb, hbc], [_, hcc]] } = at.constant;
        let (hbb, hcc) = (hbb - 0.25 * x, hcc + power);
        Jet { value: value + power - ln_u - x, gradient: [gb + 0.5 * x, gc + power], hessian: [[hbb, hbc], [hbc, hcc]] }
    }

    fn center(at: &At) -> f64 {
        at.k / at.rate
    }

    fn shape(at: &At, u: f64) -> [f64; 2] {
        [at.k - u * at.rate, u * at.rate]
    }

    fn own(&self) -> &'static [&'static str] {
        &["shape"]
    }

    fn starts(&self, variance: f64) -> Vec<[f64; 4]> {
        let at = |k: f64, gamma: f64| {
            let (a, b) = split(variance, gamma, k);
            [k * (0.5 * b).exp(), a, b, k.ln()]
        };
        SHAPES.iter().flat_map(|&k| GRID.map(|gamma| at(k, gamma))).collect()
    }

    fn limit(&self, _: f64, _: f64, c: f64) -> Option<&'static str> {
        match c.exp() {
            k if k > HIGH => Some("normal inefficiency, which is not told from noise (the shape rises without end)"),
            k if k < LOW => Some("a model in which nearly all inefficiency is zero (the shape falls to zero)"),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::check;
    use super::super::prior::Integrated;
    use super::super::{Density, Score};
    use super::*;
    use crate::math::gamma::ln_gamma;

    #[test]
    fn is_a_density_with_exact_derivatives_and_scores() {
        let points = [[-0.4, -1.0, -0.3, 0.4], [0.9, 0.4, -1.2, -0.7], [-3.0, -3.0, 0.0, 1.0], [1.5, -1.5, -2.0, 2.0]];
        for at in points {
            check::derivatives(&Integrated(Gamma), at);
            let (su, k) = ((0.5 * at[2]).exp(), at[3].exp());
            check::integrates(&Integrated(Gamma), at, k * su);
            check::convolves(&Integrated(Gamma), at, |u| (k - 1.0) * u.ln() - u / su - ln_gamma(k) - k * su.ln());
        }
    }

    #[test]
    fn of_shape_one_it_is_exponential() {
        for e in [-40.0, -4.0, -0.3, 0.2, 6.0, 50.0] {
            let want = super::super::Exponential.ln([e, -1.0, -0.4]);
            let got = Integrated(Gamma).ln([e, -1.0, -0.4, 0.0]);
            plim_golden::close(got.value, want.value, 1e-12, "ln f");
            (0..3).for_each(|j| plim_golden::close(got.gradient[j], want.gradient[j], 1e-10, "gradient"));
            let [got, want] = [
                Integrated(Gamma).score([e, -1.0, -0.4, 0.0], 0.9),
                super::super::Exponential.score([e, -1.0, -0.4], 0.9),
            ];
            let values = |s: Score| [s.efficiency, s.efficiency_jlms, s.conf_low, s.conf_high].map(Option::unwrap);
            // The quantiles of the normal are good to 1e-9.
            values(got).iter().zip(values(want)).for_each(|(g, w)| plim_golden::close(*g, w, 2e-9, "score"));
            // A golden section has half the digits.
            plim_golden::close(got.efficiency_mode.unwrap(), want.efficiency_mode.unwrap(), 1e-7, "mode");
        }
    }
}
