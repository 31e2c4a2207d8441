//! The half-normal frontier of a row that was selected (Greene 2010).
//!
//! A row is seen where ζ + w > 0, w ~ N(0, 1) with correlation ρ to v. Given u the probability of that is
//! Φ(c_0 + c_1 u), and given e alone u is N(μ*, s*²) truncated to be positive, so that with S v = e + u
//!
//! ```text
//! c_1 = S ρ/(σ_v √(1-ρ²)),  c_0 = c_1 e + ζ/√(1-ρ²),  q = c_1 s*
//! f(e, seen) = 2/σ φ(e/σ) Φ₂(h, k; r),   h = (c_0 + c_1 μ*)/√(1+q²),  k = μ*/s*,  r = q/√(1+q²)
//! E[exp(-τu) | e, seen] = exp(-τμ* + τ²s*²/2) Φ₂(at μ* - τ s*²)/Φ₂
//! ```
//!
//! The integral over u that Greene simulates is a bivariate normal distribution function. The scalars are e, ln σ_v²,
//! ln σ_u², ζ, and t with ρ = tanh t.

use super::super::Score;
use super::{Density, HalfNormal};
use crate::math::bivariate::BivariateNormal;
use crate::math::jet::Jet;
use crate::math::normal::LN_SQRT_TAU;
use std::f64::consts::LN_2;

/// The density of a row that was selected.
pub(in super::super) struct Selected {
    /// S.
    pub(in super::super) sign: f64,
    pub(in super::super) normal: BivariateNormal,
}

/// ρ of the starts.
const CORRELATIONS: [f64; 3] = [-0.5, 0.0, 0.5];

impl Density<5> for Selected {
    fn ln(&self, at: [f64; 5]) -> Jet<5> {
        let [e, a, b, zeta, t] = Jet::variables(at);
        let (v, u) = (a.exp(), b.exp());
        let sigma2 = v + u;
        let sigma = sigma2.sqrt();
        let (plus, minus) = (t.exp(), (-t).exp());
        let (sinh, cosh) = ((plus - minus) * (0.5 * self.sign), (plus + minus) * 0.5);
        let q = sinh * (b * 0.5).exp() / sigma;
        let root = (q * q + 1.0).sqrt();
        let h = (sinh * e * (a * 0.5).exp() / sigma2 + cosh * zeta) / root;
        let k = -(e * ((b - a) * 0.5).exp() / sigma);
        e * e / sigma2 * -0.5 - sigma.ln() + self.normal.ln_cdf_jet(h, k, q / root) + (LN_2 - LN_SQRT_TAU)
    }

    /// Battese and Coelli and JLMS; the density of u has no simple mode.
    fn score(&self, [e, a, b, zeta, t]: [f64; 5], _level: f64) -> Score {
        let (v, u) = (a.exp(), b.exp());
        let (sinh, cosh) = (self.sign * t.sinh(), t.cosh());
        let (mean, s) = (-e * u / (v + u), (v * u / (v + u)).sqrt());
        let slope = sinh / v.sqrt();
        let q = slope * s;
        let root = (1.0 + q * q).sqrt();
        let place = |mu: f64| [(slope * (e + mu) + cosh * zeta) / root, mu / s];
        let [h, k] = place(mean);
        let jet = {
            let [h, k] = Jet::variables([h, k]);
            self.normal.ln_cdf_jet(h, k, Jet::constant(q / root))
        };
        let [shifted_h, shifted_k] = place(mean - s * s);
        let bc = 0.5 * s * s - mean + self.normal.ln_cdf(shifted_h, shifted_k, q / root) - jet.value;
        let u = mean + s * s * (jet.gradient[0] * slope / root + jet.gradient[1] / s);
        Score::pair(bc.exp(), (-u).exp())
    }

    fn starts(&self, variance: f64) -> Vec<[f64; 5]> {
        let inner = HalfNormal.starts(variance);
        let start = |[e, a, b]: [f64; 3], rho: f64| [e, a, b, 0.0, f64::atanh(rho)];
        CORRELATIONS.iter().flat_map(|&rho| inner.iter().map(move |&at| start(at, rho))).collect()
    }

    fn own(&self) -> &'static [&'static str] {
        &[]
    }
}

#[cfg(test)]
mod tests {
    use super::super::check;
    use super::*;
    use crate::math::normal::cdf;

    #[test]
    fn is_what_simulation_would_integrate_with_exact_derivatives() {
        for sign in [1.0, -1.0] {
            let model = Selected { sign, normal: BivariateNormal::new() };
            for at in [[-0.4, -1.0, -0.3, 0.3, 0.7], [0.9, 0.4, -1.2, -0.6, -0.9], [-2.0, -2.0, 0.5, 1.0, 0.4]] {
                check::derivatives(&model, at);
                let [e, a, b, zeta, t] = at;
                let (sv, su, rho) = ((0.5 * a).exp(), (0.5 * b).exp(), f64::tanh(t));
                // ∫ over u, the trapezoidal rule corrected at zero by half a step and the slope there (h² terms).
                let h = 1e-4;
                let joint = |k: usize| {
                    let u = k as f64 * h;
                    let z = (e + u) / sv;
                    let seen = cdf((sign * rho * z + zeta) / (1.0 - rho * rho).sqrt());
                    let half = if k == 0 { 0.5 } else { 1.0 };
                    let f = half * h * (-0.5 * (z * z + u * u / (su * su))).exp() / (std::f64::consts::PI * sv * su);
                    [f * seen, f * seen * (-u).exp(), f * seen * u]
                };
                let sums = (0..120_000).map(joint).fold([0.0; 3], |s, j| std::array::from_fn(|k| s[k] + j[k]));
                plim_golden::close(model.ln(at).value, sums[0].ln(), 1e-7, "ln f");
                let score = model.score(at, 0.95);
                plim_golden::close(score.efficiency.unwrap(), sums[1] / sums[0], 1e-7, "E exp(-u)");
                plim_golden::close(score.efficiency_jlms.unwrap(), (-sums[2] / sums[0]).exp(), 1e-7, "exp(-E u)");
            }
        }
    }

    #[test]
    fn without_correlation_it_is_a_frontier_and_a_probit() {
        let model = Selected { sign: 1.0, normal: BivariateNormal::new() };
        let at = [-0.4, -1.0, -0.3, 0.3, 0.0];
        let inner = [-0.4, -1.0, -0.3];
        plim_golden::close(model.ln(at).value, HalfNormal.ln(inner).value + cdf(0.3).ln(), 1e-14, "ln f");
        let (got, want) = (model.score(at, 0.9), HalfNormal.score(inner, 0.9));
        plim_golden::close(got.efficiency.unwrap(), want.efficiency.unwrap(), 1e-13, "efficiency");
        plim_golden::close(got.efficiency_jlms.unwrap(), want.efficiency_jlms.unwrap(), 1e-13, "jlms");
    }
}
