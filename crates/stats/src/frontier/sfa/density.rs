//! Densities of the composed error e = v - u of one observation, by the distribution of inefficiency u ≥ 0.
//!
//! A density depends on Q scalars: e = S(y - x'β), a = ln σ_v², b = ln σ_u², and what else its distribution has. Each
//! gives ln f with exact derivatives in them, the scores given e, and its moments, from which the starts follow.

mod copula;
mod dependent;
mod exponential;
mod gamma;
mod generalized_exponential;
mod half_normal;
mod inflated;
mod lognormal;
mod moments;
mod prior;
mod quadrature;
mod rayleigh;
mod scaled;
mod selected;
mod truncated_normal;
mod truncated_skewed_laplace;
mod uniform;
mod weibull;

pub use copula::Copula;
pub(super) use dependent::{Dependent, Margin};
pub(super) use exponential::Exponential;
pub(super) use gamma::Gamma;
pub(super) use generalized_exponential::GeneralizedExponential;
pub(super) use half_normal::HalfNormal;
pub(super) use inflated::Inflated;
pub(super) use lognormal::Lognormal;
pub(super) use moments::moments;
pub(super) use prior::Integrated;
pub(super) use rayleigh::Rayleigh;
pub(super) use scaled::Scaled;
pub(super) use selected::Selected;
pub(super) use truncated_normal::TruncatedNormal;
pub(super) use truncated_skewed_laplace::TruncatedSkewedLaplace;
pub(super) use uniform::Uniform;
pub(super) use weibull::Weibull;

use super::Score;
use super::conditional::Conditional;
use crate::math::jet::Jet;

/// A distribution of inefficiency beside normal noise.
pub(super) trait Density<const Q: usize>: Sync {
    /// ln f and its derivatives at (e, ln σ_v², ln σ_u², ...).
    fn ln(&self, at: [f64; Q]) -> Jet<Q>;

    /// The scores given e, with an interval of probability `level`.
    fn score(&self, at: [f64; Q], level: f64) -> Score;

    /// Starts for composed errors of this variance: E u in the place of e, the other scalars in theirs.
    fn starts(&self, variance: f64) -> Vec<[f64; Q]>;

    /// Names of the scalars after the two variances.
    fn own(&self) -> &'static [&'static str];

    /// The scalar that the determinants move, if it has one.
    fn moved(&self) -> Option<usize> {
        (!self.own().is_empty()).then_some(3)
    }

    /// Another model towards which the likelihood rises at these scalars, when they are beyond any sensible value.
    fn limit(&self, _at: [f64; Q]) -> Option<&'static str> {
        None
    }

    /// Whether u is skewed to the right whatever its parameters, so that residuals skewed to the other side have their
    /// peak at no inefficiency (Waldman 1982).
    fn skewed(&self) -> bool {
        true
    }

    /// Whether σ_u has the unit of the outcome, so that σ² = σ_v² + σ_u² and γ mean something.
    fn comparable(&self) -> bool {
        true
    }

    /// Whether the scalars after the variances are logarithms of what is reported.
    fn logs(&self) -> bool {
        false
    }
}

/// A distribution of inefficiency that, given e, is a normal truncated to be positive.
pub(super) trait Truncated<const Q: usize>: Density<Q> {
    /// u given e.
    fn given(&self, at: [f64; Q]) -> Conditional;
}

/// γ = σ_u²/(σ_u² + σ_v²) of the starts.
pub(super) const GRID: [f64; 9] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

/// (ln σ_v², ln σ_u²) with ratio γ such that σ_v² + `share` σ_u² is `variance`; `share` is Var u/σ_u².
pub(super) fn split(variance: f64, gamma: f64, share: f64) -> (f64, f64) {
    let sigma2 = variance / (1.0 - gamma + share * gamma);
    (((1.0 - gamma) * sigma2).ln(), (gamma * sigma2).ln())
}

#[cfg(test)]
pub(super) mod check {
    //! What every density must satisfy, checked by arithmetic that shares nothing with it.

    use super::*;

    /// Derivatives against central differences of the value and of the gradient.
    pub(in super::super) fn derivatives<const Q: usize>(density: &impl Density<Q>, at: [f64; Q]) {
        let jet = density.ln(at);
        for j in 0..Q {
            let h = 1e-5 * (1.0 + at[j].abs());
            let [low, high] = [-h, h].map(|h| {
                let mut moved = at;
                moved[j] += h;
                density.ln(moved)
            });
            let slope = (high.value - low.value) / (2.0 * h);
            // The error of a central difference: h² times the third derivative, and rounding over h.
            assert!((jet.gradient[j] - slope).abs() < 1e-7 * (1.0 + slope.abs()), "{j}: {} {slope}", jet.gradient[j]);
            for i in 0..Q {
                let second = (high.gradient[i] - low.gradient[i]) / (2.0 * h);
                let got = jet.hessian[i][j];
                assert!((got - second).abs() < 1e-7 * (1.0 + second.abs()), "{i} {j}: {got} {second}");
            }
        }
    }

    /// ∫ f(e) de = 1 and E e = -E u, by the trapezoidal rule over [-30, 30], exact to rounding for smooth densities.
    pub(in super::super) fn integrates<const Q: usize>(density: &impl Density<Q>, at: [f64; Q], mean: f64) {
        let h = 1.0 / 32.0;
        let f = |k: i32| {
            let mut at = at;
            at[0] = f64::from(k) * h;
            density.ln(at).value.exp() * h
        };
        let nodes = -960..=960;
        let mass: f64 = nodes.clone().map(f).sum();
        let first: f64 = nodes.map(|k| f(k) * f64::from(k) * h).sum();
        plim_golden::close(mass, 1.0, 1e-9, "mass");
        plim_golden::close(-first, mean, 1e-8, "mean inefficiency");
    }

    /// f(e), E[exp(-u) | e] and E[u | e] from the density of u (`u` gives ln f_u) by the trapezoidal rule on ln u.
    pub(in super::super) fn convolves<const Q: usize>(density: &impl Density<Q>, at: [f64; Q], u: impl Fn(f64) -> f64) {
        let (e, sv) = (at[0], (0.5 * at[1]).exp());
        let h = 1.0 / 512.0;
        let mut sums = [0.0; 3];
        for k in -30_000..=3_000 {
            let x = (f64::from(k) * h).exp();
            let w = (e + x) / sv;
            let mass = (u(x) - 0.5 * w * w).exp() / (sv * std::f64::consts::TAU.sqrt()) * x * h;
            sums[0] += mass;
            sums[1] += mass * (-x).exp();
            sums[2] += mass * x;
        }
        plim_golden::close(density.ln(at).value, sums[0].ln(), 1e-9, "ln f");
        let score = density.score(at, 0.95);
        plim_golden::close(score.efficiency.unwrap(), sums[1] / sums[0], 1e-9, "E exp(-u)");
        plim_golden::close(score.efficiency_jlms.unwrap(), (-sums[2] / sums[0]).exp(), 1e-9, "exp(-E u)");
    }
}
