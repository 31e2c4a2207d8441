//! u is zero with probability p: some observations are on the frontier (Kumbhakar, Parmeter and Tsionas 2013; Rho and
//! Schmidt 2015).
//!
//! ```text
//! f(e) = p φ(e/σ_v)/σ_v + (1-p) f_u(e),   p = 1/(1 + exp(-r))
//! P(u = 0 | e) = p φ(e/σ_v)/(σ_v f(e))
//! ```
//!
//! Given e, u is zero with that probability, and else what it is in the model without zeros.

use super::super::Score;
use super::super::conditional::Conditional;
use super::{Density, Truncated};
use crate::math::jet::Jet;
use crate::math::normal::LN_SQRT_TAU;

/// The distribution of inefficiency where there is some, with Q scalars; r comes after them.
pub(in super::super) struct Inflated<D, const Q: usize>(pub(in super::super) D);

/// ln(1/(1 + exp(-r))) with its two derivatives.
fn ln_logistic(r: f64) -> [f64; 3] {
    let other = 1.0 / (1.0 + r.exp());
    [r.min(0.0) - (-r.abs()).exp().ln_1p(), other, -other * (1.0 - other)]
}

impl<const Q: usize, D: Truncated<Q>> Inflated<D, Q> {
    fn inner<const R: usize>(at: [f64; R]) -> [f64; Q] {
        const { assert!(R == Q + 1) }
        std::array::from_fn(|j| at[j])
    }

    /// ln of both parts of the density: no inefficiency, some.
    fn parts<const R: usize>(&self, at: [f64; R]) -> [Jet<R>; 2] {
        let variables = Jet::variables(at);
        let [e, a, r] = [variables[0], variables[1], variables[Q]];
        let [zero, zero1, zero2] = ln_logistic(at[Q]);
        let [some, some1, some2] = ln_logistic(-at[Q]);
        let noise = (e * e * (-a).exp() + a) * -0.5 - LN_SQRT_TAU;
        let jet = self.0.ln(Self::inner(at));
        let mut composed = Jet::constant(jet.value);
        for j in 0..Q {
            composed.gradient[j] = jet.gradient[j];
            (0..Q).for_each(|k| composed.hessian[j][k] = jet.hessian[j][k]);
        }
        [noise + r.chain(zero, zero1, zero2), composed + (-r).chain(some, some1, some2)]
    }

    /// P(u = 0 | e).
    pub(in super::super) fn zero<const R: usize>(&self, at: [f64; R]) -> f64 {
        let [zero, some] = self.parts(at);
        1.0 / (1.0 + (some.value - zero.value).exp())
    }
}

impl<const Q: usize, const R: usize, D: Truncated<Q>> Density<R> for Inflated<D, Q> {
    fn ln(&self, at: [f64; R]) -> Jet<R> {
        let [zero, some] = self.parts(at);
        zero.ln_add_exp(some)
    }

    /// There is no mode: u has a mass at zero and a density beyond.
    fn score(&self, at: [f64; R], level: f64) -> Score {
        let zero = self.zero(at);
        let given: Conditional = self.0.given(Self::inner(at));
        let [bc, mean] = given.means();
        let tail = 0.5 * (1.0 - level);
        let [low, high] = [1.0 - tail, tail].map(|p| match (p - zero) / (1.0 - zero) {
            p if p > 0.0 => (-given.at_probability(p)).exp(),
            _ => 1.0,
        });
        let jlms = (-(1.0 - zero) * mean).exp();
        let score = Score::sound([zero + (1.0 - zero) * bc, jlms, jlms, low, high]);
        Score { efficiency_mode: None, ..score }
    }

    /// With some at the frontier the others are the further away.
    fn starts(&self, variance: f64) -> Vec<[f64; R]> {
        let start = |inner: &[f64; Q], p: f64| -> [f64; R] {
            let mut at = std::array::from_fn(|j| if j < Q { inner[j] } else { (p / (1.0 - p)).ln() });
            at[0] *= (1.0 - p).sqrt();
            at[2] -= (1.0 - p).ln();
            at
        };
        let starts = self.0.starts(variance);
        SHARES.iter().flat_map(|&p| starts.iter().map(move |inner| start(inner, p))).collect()
    }

    fn own(&self) -> &'static [&'static str] {
        self.0.own()
    }

    fn moved(&self) -> Option<usize> {
        self.0.moved()
    }

    fn limit(&self, at: [f64; R]) -> Option<&'static str> {
        self.0.limit(Self::inner(at))
    }
}

/// p of the starts.
const SHARES: [f64; 3] = [0.2, 0.5, 0.8];

#[cfg(test)]
mod tests {
    use super::super::{Exponential, HalfNormal, TruncatedNormal, check};
    use super::*;
    use crate::math::normal::inverse_mills;
    use std::f64::consts::PI;

    #[test]
    fn is_a_density_with_exact_derivatives() {
        for at in [[-0.4f64, -1.0, -0.3, 0.3], [0.9, 0.4, -1.2, -0.6], [-3.0, -3.0, 0.5, 2.0]] {
            let (su, some) = ((0.5 * at[2]).exp(), 1.0 / (1.0 + at[3].exp()));
            let half = Inflated::<_, 3>(HalfNormal);
            check::derivatives(&half, at);
            check::integrates(&half, at, some * su * (2.0 / PI).sqrt());
            let exponential = Inflated::<_, 3>(Exponential);
            check::derivatives(&exponential, at);
            check::integrates(&exponential, at, some * su);
        }
        for at in [[-0.4f64, -1.0, -0.3, 0.4, 0.5], [0.9, 0.4, -1.2, -0.7, -0.4]] {
            let (z, some) = (at[3] * (-0.5 * at[2]).exp(), 1.0 / (1.0 + at[4].exp()));
            let truncated = Inflated::<_, 4>(TruncatedNormal);
            check::derivatives(&truncated, at);
            check::integrates(&truncated, at, some * (0.5 * at[2]).exp() * (z + inverse_mills(z)));
        }
    }

    #[test]
    fn scores_mix_zero_and_some() {
        let (at, inner) = ([-0.5, -1.0, -0.3, 0.4], [-0.5, -1.0, -0.3]);
        let model = Inflated::<_, 3>(HalfNormal);
        let (zero, score, some) = (model.zero(at), model.score(at, 0.9), HalfNormal.score(inner, 0.9));
        let p = 1.0 / (1.0 + (-0.4f64).exp());
        let noise = (-0.5 * 0.25 * 1f64.exp() + 0.5).exp() / (2.0 * PI).sqrt();
        plim_golden::close(zero, p * noise / (p * noise + (1.0 - p) * HalfNormal.ln(inner).value.exp()), 1e-13, "P");
        let want = zero + (1.0 - zero) * some.efficiency.unwrap();
        plim_golden::close(score.efficiency.unwrap(), want, 1e-14, "efficiency");
        // More than 5 % are at the frontier; 95 % of all are 1 - 0.05/(1 - P) of those that are not.
        assert_eq!((score.conf_high, score.efficiency_mode), (Some(1.0), None));
        let level = 1.0 - 2.0 * 0.05 / (1.0 - zero);
        let low = HalfNormal.score(inner, level).conf_low.unwrap();
        plim_golden::close(score.conf_low.unwrap(), low, 1e-8, "lower end");
    }
}
