//! u = h u*, h = exp(s): a distribution whose scale moves and whose shape stays (Wang and Schmidt 2002).
//!
//! σ_u, and a μ that truncates, are both multiplied by h. With b' = b + 2s and μ' = μ e^s the density is that of u* at
//! (e, a, b', μ'), and the derivatives follow by the chain rule:
//!
//! ```text
//! g_s  = 2 g_b' + μ' g_μ'
//! H_ss = 4 H_b'b' + 4 μ' H_b'μ' + μ'² H_μ'μ' + μ' g_μ'
//! ```

use super::super::Score;
use super::Density;
use crate::math::jet::Jet;

/// The distribution of u*, which has Q scalars; s comes after them.
pub(in super::super) struct Scaled<D, const Q: usize> {
    pub(in super::super) density: D,
    /// Which scalar is a location, in the units of u; the others of its own are shapes.
    pub(in super::super) location: Option<usize>,
}

impl<D, const Q: usize> Scaled<D, Q> {
    /// The scalars of the distribution of u.
    fn inner<const R: usize>(&self, at: [f64; R]) -> [f64; Q] {
        const { assert!(R == Q + 1) }
        let mut inner: [f64; Q] = std::array::from_fn(|j| at[j]);
        inner[2] += 2.0 * at[Q];
        if let Some(l) = self.location {
            inner[l] *= at[Q].exp();
        }
        inner
    }
}

impl<const Q: usize, const R: usize, D: Density<Q>> Density<R> for Scaled<D, Q> {
    fn ln(&self, at: [f64; R]) -> Jet<R> {
        let inner = self.inner(at);
        let jet = self.density.ln(inner);
        // Slopes of the inner scalars in themselves and in s.
        let mut own = [1.0; Q];
        let mut s = [0.0; Q];
        s[2] = 2.0;
        if let Some(l) = self.location {
            (own[l], s[l]) = (at[Q].exp(), inner[l]);
        }
        let mut out = Jet::constant(jet.value);
        for j in 0..Q {
            out.gradient[j] = jet.gradient[j] * own[j];
            out.gradient[Q] += jet.gradient[j] * s[j];
            for k in 0..Q {
                out.hessian[j][k] = jet.hessian[j][k] * own[j] * own[k];
                out.hessian[j][Q] += jet.hessian[j][k] * own[j] * s[k];
                out.hessian[Q][Q] += jet.hessian[j][k] * s[j] * s[k];
            }
        }
        if let Some(l) = self.location {
            out.hessian[l][Q] += jet.gradient[l] * own[l];
            out.hessian[Q][Q] += jet.gradient[l] * s[l];
        }
        for j in 0..Q {
            out.hessian[Q][j] = out.hessian[j][Q];
        }
        out
    }

    fn score(&self, at: [f64; R], level: f64) -> Score {
        self.density.score(self.inner(at), level)
    }

    fn starts(&self, variance: f64) -> Vec<[f64; R]> {
        let widen = |at: &[f64; Q]| std::array::from_fn(|j| if j < Q { at[j] } else { 0.0 });
        self.density.starts(variance).iter().map(widen).collect()
    }

    fn own(&self) -> &'static [&'static str] {
        self.density.own()
    }

    /// The determinants move s, which the model sets.
    fn moved(&self) -> Option<usize> {
        None
    }

    fn limit(&self, at: [f64; R]) -> Option<&'static str> {
        self.density.limit(self.inner(at))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Exponential, HalfNormal, TruncatedNormal, check};
    use super::*;
    use crate::math::normal::{LN_SQRT_TAU, ln_cdf};

    #[test]
    fn is_a_density_with_exact_derivatives_and_scores() {
        let half = Scaled::<_, 3> { density: HalfNormal, location: None };
        let exponential = Scaled::<_, 3> { density: Exponential, location: None };
        for at in [[-0.4, -1.0, -0.3, 0.3], [0.9, 0.4, -1.2, -0.6]] {
            check::derivatives(&half, at);
            check::derivatives(&exponential, at);
            let mean = (0.5 * at[2] + at[3]).exp();
            check::integrates(&exponential, at, mean);
            check::convolves(&exponential, at, |u| -mean.ln() - u / mean);
        }
        let truncated = Scaled::<_, 4> { density: TruncatedNormal, location: Some(3) };
        for at in [[-0.4, -1.0, -0.3, 0.4, 0.5], [0.9, 0.4, -1.2, -0.7, -0.4], [-3.0, -3.0, 0.5, 1.0, 0.2]] {
            check::derivatives(&truncated, at);
            // u/h has the density of u*.
            let (su, mu, h) = ((0.5 * at[2]).exp(), at[3], at[4].exp());
            let ln = |u: f64| -LN_SQRT_TAU - (su * h).ln() - 0.5 * ((u / h - mu) / su).powi(2) - ln_cdf(mu / su);
            check::convolves(&truncated, at, ln);
        }
    }
}
