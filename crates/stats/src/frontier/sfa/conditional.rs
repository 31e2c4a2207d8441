//! Inefficiency given the residual: a normal truncated to be positive, and the scores that follow from it.

use super::Score;
use crate::frontier::Status;
use crate::math::dist::normal_quantile;
use crate::math::normal::{cdf, ln_cdf, ln_cdf_mills};

/// u given e: N(μ, s²) truncated to be positive.
#[derive(Debug, Clone, Copy)]
pub(super) struct Conditional {
    pub(super) mu: f64,
    pub(super) s: f64,
}

impl Conditional {
    /// The scores of h u, h > 0, with an interval of probability `level`.
    ///
    /// With m = φ/Φ and z = μ/s, Battese and Coelli's ratio is m(z)/m(z - h s), in which nothing cancels however far
    /// the observation is above the frontier. Far below it m underflows and the ratio of Φ is one.
    pub(super) fn score(self, h: f64, level: f64) -> Score {
        let (mu, s) = (h * self.mu, h * self.s);
        let z = mu / s;
        let [bc, mean] = Conditional { mu, s }.means();
        let jlms = (-mean).exp();
        let mode = (-mu.max(0.0)).exp();
        let tail = 0.5 * (1.0 - level);
        // The more inefficient end of the interval is the lower efficiency.
        let [low, high] = [1.0 - tail, tail].map(|p| (-s * self.quantile(z, p)).exp());
        Score::sound([bc, jlms, mode, low, high])
    }

    /// E exp(-u) and E u.
    pub(super) fn means(self) -> [f64; 2] {
        let Conditional { mu, s } = self;
        let z = mu / s;
        let (_, m, excess) = ln_cdf_mills(z);
        let (_, shifted, _) = ln_cdf_mills(z - s);
        [if z < 20.0 { m / shifted } else { (0.5 * s * s - mu + ln_cdf(z - s)).exp() }, s * excess]
    }

    /// Quantile p of u.
    pub(super) fn at_probability(self, p: f64) -> f64 {
        self.s * self.quantile(self.mu / self.s, p)
    }

    /// (quantile p of u)/s: z - x with Φ(x) = (1 - p) Φ(z). (Horrace and Schmidt 1996.)
    fn quantile(self, z: f64, p: f64) -> f64 {
        if z > -4.0 {
            return z - normal_quantile((1.0 - p) * cdf(z));
        }
        // In the left tail by Newton's method on ln Φ, which is concave: from z all steps fall short or hit.
        let wanted = (1.0 - p).ln() + ln_cdf(z);
        let mut x = z;
        for _ in 0..50 {
            let (ln, m, _) = ln_cdf_mills(x);
            let step = (wanted - ln) / m;
            x += step;
            if step.abs() <= 1e-15 * x.abs() {
                break;
            }
        }
        z - x
    }
}

impl Score {
    /// Battese and Coelli, JLMS, mode, ends of the interval; or none of them, when one is no efficiency.
    pub(super) fn sound(values: [f64; 5]) -> Score {
        let sound = values.iter().all(|&v| v > 0.0 && v <= 1.0);
        let [efficiency, efficiency_jlms, efficiency_mode, conf_low, conf_high] =
            values.map(|v| if sound { Some(v) } else { None });
        let status = if sound { Status::Optimal } else { Status::Refused };
        Score { efficiency, efficiency_jlms, efficiency_mode, conf_low, conf_high, status }
    }

    /// Battese and Coelli and JLMS alone, of a sum of inefficiencies.
    pub(super) fn pair(bc: f64, jlms: f64) -> Score {
        Score { efficiency_mode: None, conf_low: None, conf_high: None, ..Score::sound([bc, jlms, jlms, jlms, jlms]) }
    }

    /// exp(-u) alone, of an inefficiency that was estimated and has no distribution.
    pub(super) fn relative(u: f64) -> Score {
        Score { efficiency_jlms: None, ..Score::pair((-u).exp(), (-u).exp()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_stay_sound_far_from_the_frontier() {
        // E[exp(-u)|e] by mpmath 1.3.0 (50 digits) for σ² = 0.25, γ = 0.6 at e = -20, -3, 2, 30.
        let mpmath = [
            (-20.0, 6.331_331_477_060_264e-6),
            (-3.0, 0.170_332_988_825_322_94),
            (2.0, 0.955_501_157_357_316_2),
            (30.0, 0.996_678_964_077_434_5),
        ];
        let score = |e: f64| Conditional { mu: -0.6 * e, s: 0.06f64.sqrt() }.score(1.0, 0.95);
        for (e, want) in mpmath {
            plim_golden::close(score(e).efficiency.unwrap(), want, 1e-12, "efficiency");
        }
        let far = score(1e6);
        assert!(far.efficiency.unwrap() <= 1.0 && far.efficiency.unwrap() > 0.999_999);
        assert_eq!(score(-1e6).status, Status::Refused, "exp(-600000) is no number");
    }

    #[test]
    fn intervals_hold_their_probability() {
        for z in [-300.0, -20.0, -4.1, -3.9, 0.0, 5.0] {
            let u = Conditional { mu: z, s: 1.0 };
            for p in [0.025, 0.5, 0.975] {
                let q = u.quantile(z, p);
                // P(U > q) = Φ(z - q)/Φ(z); the quantile of dist is good to 1e-9.
                plim_golden::close((ln_cdf(z - q) - ln_cdf(z)).exp(), 1.0 - p, 1e-8, "1 - p");
            }
        }
    }
}
