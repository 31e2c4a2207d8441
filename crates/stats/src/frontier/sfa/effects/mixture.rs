//! Inefficiency of a row when the shift of its unit is not known: truncated normals, mixed by the posterior of a.

use super::super::Score;
use super::super::conditional::Conditional;
use super::peak;
use crate::math::normal::{LN_SQRT_TAU, ln_cdf};

/// A part with less probability than this is lost in rounding.
const LOST: f64 = 1e-17;

/// A part: probability, distribution, ln Φ(μ/s).
struct Part {
    weight: f64,
    u: Conditional,
    ln_mass: f64,
}

/// The mixture.
#[derive(Default)]
pub(in super::super) struct Mixture {
    parts: Vec<Part>,
}

impl Mixture {
    pub(in super::super) fn new(parts: impl Iterator<Item = (f64, Conditional)>) -> Self {
        let part = |(weight, u): (f64, Conditional)| Part { weight, u, ln_mass: ln_cdf(u.mu / u.s) };
        Mixture { parts: parts.filter(|p| p.0 > LOST).map(part).collect() }
    }

    /// E exp(-u) and E u.
    pub(super) fn means(&self) -> [f64; 2] {
        self.parts.iter().fold([0.0; 2], |[bc, mean], part| {
            let of = part.u.means();
            [bc + part.weight * of[0], mean + part.weight * of[1]]
        })
    }

    /// Least spread of the parts.
    fn spread(&self) -> f64 {
        self.parts.iter().map(|p| p.u.s).fold(f64::INFINITY, f64::min)
    }

    /// The scores, with an interval of probability `level`.
    pub(super) fn score(&self, level: f64) -> Score {
        let score = self.score_without_mode(level);
        let mode = (-self.mode(self.means()[1], self.spread())).exp();
        Score { efficiency_mode: score.efficiency.map(|_| mode), ..score }
    }

    /// The same of parts that are so different that there may be several modes.
    pub(in super::super) fn score_without_mode(&self, level: f64) -> Score {
        let [bc, mean] = self.means();
        let tail = 0.5 * (1.0 - level);
        let [low, high] = [1.0 - tail, tail].map(|p| (-self.quantile(p, mean, self.spread())).exp());
        let jlms = (-mean).exp();
        Score { efficiency_mode: None, ..Score::sound([bc, jlms, jlms, low, high]) }
    }

    /// Density of u and its first two derivatives.
    fn density(&self, u: f64) -> [f64; 3] {
        self.parts.iter().fold([0.0; 3], |[f, f1, f2], part| {
            let z = (u - part.u.mu) / part.u.s;
            let at = part.weight * (-0.5 * z * z - LN_SQRT_TAU - part.ln_mass).exp() / part.u.s;
            [f + at, f1 - at * z / part.u.s, f2 + at * (z * z - 1.0) / (part.u.s * part.u.s)]
        })
    }

    /// u with P(U ≤ u) = p.
    fn quantile(&self, p: f64, mean: f64, s: f64) -> f64 {
        let above = |u: f64| -> f64 {
            let tail = |part: &Part| part.weight * (ln_cdf((part.u.mu - u) / part.u.s) - part.ln_mass).exp();
            self.parts.iter().map(tail).sum()
        };
        peak(|u| [above(u) - (1.0 - p), -self.density(u)[0]], mean, mean + s, 1e-10 * (mean + s)).max(0.0)
    }

    /// The most likely u: the posterior of u is concave in logarithms, so that there is one.
    fn mode(&self, mean: f64, s: f64) -> f64 {
        let [f, f1, _] = self.density(0.0);
        if f1 <= 0.0 || f == 0.0 {
            return 0.0;
        }
        let slopes = |u: f64| {
            let [f, f1, f2] = self.density(u);
            [f1 / f, f2 / f - (f1 / f).powi(2)]
        };
        peak(slopes, mean, mean + s, 1e-10 * (mean + s)).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_part_is_the_truncated_normal_and_two_have_their_quantiles() {
        for mu in [-1.0, 0.1, 0.9] {
            let u = Conditional { mu, s: 0.3 };
            let (got, want) = (Mixture::new([(1.0, u)].into_iter()).score(0.9), u.score(1.0, 0.9));
            let pairs = [
                (got.efficiency, want.efficiency),
                (got.efficiency_jlms, want.efficiency_jlms),
                (got.efficiency_mode, want.efficiency_mode),
                (got.conf_low, want.conf_low),
                (got.conf_high, want.conf_high),
            ];
            // The quantile of `dist` is good to 1e-9.
            pairs.iter().for_each(|(a, b)| plim_golden::close(a.unwrap(), b.unwrap(), 1e-8, "score"));
        }
        let parts = [(0.25, Conditional { mu: 0.2, s: 0.3 }), (0.75, Conditional { mu: 0.4, s: 0.3 })];
        let mixture = Mixture::new(parts.into_iter());
        let q = mixture.quantile(0.6, 0.4, 0.3);
        // By the trapezoidal rule, its end corrected for half a step.
        let h = q / 4096.0;
        let f = |k: usize| mixture.density(k as f64 * h)[0] * h;
        let mass = (0..=4096).map(f).sum::<f64>() - 0.5 * (f(0) + f(4096));
        plim_golden::close(mass, 0.6, 1e-6, "P(U <= q)");
        let mode = mixture.mode(0.4, 0.3);
        assert!(mixture.density(mode)[1].abs() < 1e-8);
    }
}
