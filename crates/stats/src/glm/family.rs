//! The likelihood of one observation as a function of its linear predictor η, and its derivatives.
//!
//! | family | E(y) | ℓ(y, η), without terms free of η | weight -ℓ'' |
//! |---|---|---|---|
//! | Poisson | μ = e^η | yη - μ | μ |
//! | logit | 1/(1 + e^-η) | ln Λ(qη), q = 2y - 1 | Λ(η)Λ(-η) |
//! | probit | Φ(η) | ln Φ(qη) | m(m + qη), m = φ/Φ at qη; its expectation φ²/(Φ(1 - Φ)) for covariances |
//! | complementary log-log | 1 - e^-μ, μ = e^η | ln(1 - e^-μ) where y = 1, -μ where y = 0 | q(q + μ - 1), q = μ/(e^μ - 1), where y = 1; μ |
//! | negative binomial | μ = e^η | yη - (y + θ) ln(μ + θ) | θμ(y + θ)/(μ + θ)² |
//!
//! All five are concave in η, so that for given θ a maximum is the maximum. The variance of the negative binomial is
//! μ + μ²/θ (NB2, Cameron and Trivedi 2013); many programs print α = 1/θ.

use crate::math::gamma::ln_gamma;
use crate::math::normal::{inverse_mills, ln_cdf, ln_cdf_mills, pdf};

/// A family with its link.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Family {
    /// Poisson with logarithmic link; as pseudo-likelihood it needs the mean to be right, nothing else.
    Poisson,
    /// Binary outcome, logistic.
    Logit,
    /// Binary outcome, normal.
    Probit,
    /// Binary outcome, complementary log-log: the hazard of a duration seen in whole periods.
    Cloglog,
    /// NB2 with this θ; a fit estimates it.
    NegativeBinomial(f64),
}

/// The mean is not let fall below this, so that levels of an effect never lose all their weight.
const LEAST: f64 = 1e-280;

/// x ln(x/m), zero at zero.
fn entropy(x: f64, m: f64) -> f64 {
    if x == 0.0 { 0.0 } else { x * (x / m).ln() }
}

/// y ln p + (1 - y) ln(1 - p).
pub(super) fn bernoulli(y: f64, p: f64) -> f64 {
    let ln = |share: f64, p: f64| if share == 0.0 { 0.0 } else { share * p.ln() };
    ln(y, p) + ln(1.0 - y, 1.0 - p)
}

/// ln(1 + e^x) without overflow.
fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

/// q = μ/(e^μ - 1), the score of a failure, and q + μ - 1, both positive.
fn failure(mu: f64) -> (f64, f64) {
    if mu >= 0.5 {
        let q = mu / mu.exp_m1();
        return (q, q + mu - 1.0);
    }
    // (μ + (μ - 1)(e^μ - 1))/(e^μ - 1) = Σ_{k ≥ 2} (k - 1) μ^k/k! / (e^μ - 1): the terms of order one cancel.
    let (mut term, mut sum) = (mu, 0.0);
    for k in 2..20 {
        term *= mu / f64::from(k);
        sum += f64::from(k - 1) * term;
    }
    let below = mu.exp_m1();
    // Far below, the square of μ is no longer a number: its half is what is left of the ratio.
    (mu / below, if mu < 1e-100 { 0.5 * mu } else { sum / below })
}

impl Family {
    /// Whether the outcome is 0 or 1.
    pub fn binary(self) -> bool {
        matches!(self, Family::Logit | Family::Probit | Family::Cloglog)
    }

    /// E(y) at η.
    pub fn mean(self, eta: f64) -> f64 {
        match self {
            Family::Poisson | Family::NegativeBinomial(_) => eta.exp(),
            Family::Logit => 1.0 / (1.0 + (-eta).exp()),
            Family::Probit => crate::math::normal::cdf(eta),
            Family::Cloglog => -(-eta.exp()).exp_m1(),
        }
    }

    /// η at which the mean is `mu`.
    pub(super) fn link(self, mu: f64) -> f64 {
        match self {
            Family::Poisson | Family::NegativeBinomial(_) => mu.ln(),
            Family::Logit => (mu / (1.0 - mu)).ln(),
            Family::Probit => crate::math::dist::normal_quantile(mu),
            Family::Cloglog => (-(-mu).ln_1p()).ln(),
        }
    }

    /// η to begin with: the outcome drawn half-way to its mean, where the logarithm exists.
    pub(super) fn start(self, y: f64, mean: f64) -> f64 {
        self.link(0.5 * (y + mean))
    }

    /// Working residual ℓ'/W and weight W at η.
    pub(super) fn working(self, y: f64, eta: f64) -> (f64, f64) {
        match self {
            Family::Poisson => {
                let mu = eta.exp().max(LEAST);
                (y / mu - 1.0, mu)
            }
            Family::Logit => {
                let t = (-eta.abs()).exp().max(LEAST);
                let r = if y > 0.5 { 1.0 + (-eta).exp() } else { -1.0 - eta.exp() };
                (r, t / ((1.0 + t) * (1.0 + t)))
            }
            Family::Probit => {
                let q = 2.0 * y - 1.0;
                let (_, m, excess) = ln_cdf_mills(q * eta);
                (q / excess, m.max(LEAST) * excess)
            }
            Family::Cloglog => {
                let mu = eta.exp().max(LEAST);
                if y <= 0.5 {
                    return (-1.0, mu);
                }
                let (q, excess) = failure(mu);
                (1.0 / excess, (q * excess).max(LEAST))
            }
            Family::NegativeBinomial(theta) => {
                let mu = eta.exp().max(LEAST);
                let sum = mu + theta;
                ((y - mu) * sum / (mu * (y + theta)), theta * mu * (y + theta) / (sum * sum))
            }
        }
    }

    /// Weight that covariances are made with: expected for probit, as in fixest, else that of [`Family::working`].
    pub(super) fn information(self, eta: f64) -> f64 {
        match self {
            Family::Probit => inverse_mills(eta) * inverse_mills(-eta),
            Family::Cloglog => {
                let mu = eta.exp().max(LEAST);
                mu * failure(mu).0
            }
            _ => self.working(0.0, eta).1,
        }
    }

    /// Twice the log-likelihood that a perfect fit would have over that of η.
    pub fn deviance(self, y: f64, eta: f64) -> f64 {
        let q = 2.0 * y - 1.0;
        2.0 * match self {
            Family::Poisson => {
                let mu = eta.exp();
                entropy(y, mu) - (y - mu)
            }
            Family::Logit => softplus(-q * eta),
            Family::Probit => -ln_cdf(q * eta),
            Family::Cloglog => {
                let mu = eta.exp().max(LEAST);
                if y > 0.5 { -(-(-mu).exp_m1()).ln() } else { mu }
            }
            Family::NegativeBinomial(theta) => {
                let mu = eta.exp();
                entropy(y, mu) - (y + theta) * ((y + theta) / (mu + theta)).ln()
            }
        }
    }

    /// The log-likelihood with all its terms.
    pub fn loglik(self, y: f64, eta: f64) -> f64 {
        match self {
            Family::Poisson => y * eta - eta.exp() - ln_gamma(y + 1.0),
            Family::Logit | Family::Probit | Family::Cloglog => -0.5 * self.deviance(y, eta),
            Family::NegativeBinomial(theta) => {
                // (y + θ) ln(μ + θ) - θ ln θ = y ln(μ + θ) + θ ln(1 + μ/θ)
                let mu = eta.exp();
                ln_gamma(y + theta) - ln_gamma(theta) - ln_gamma(y + 1.0) + y * (eta - (mu + theta).ln())
                    - theta * (mu / theta).ln_1p()
            }
        }
    }

    /// dμ/dη and d²μ/dη².
    pub(super) fn mean_derivatives(self, eta: f64) -> (f64, f64) {
        match self {
            Family::Poisson | Family::NegativeBinomial(_) => (eta.exp(), eta.exp()),
            Family::Logit => {
                let p = self.mean(eta);
                let d = self.working(1.0, eta).1;
                (d, d * (1.0 - 2.0 * p))
            }
            Family::Probit => (pdf(eta), -eta * pdf(eta)),
            Family::Cloglog => {
                let mu = eta.exp();
                let d = mu * (-mu).exp();
                (d, d * (1.0 - mu))
            }
        }
    }

    /// Whether moving η of an observation by `change` for ever never lowers its likelihood: `Some(true)` when it
    /// raises it, `Some(false)` when `change` is zero to within `tolerance`.
    pub(super) fn recedes(self, y: f64, change: f64, tolerance: f64) -> Option<bool> {
        if change.abs() <= tolerance {
            return Some(false);
        }
        match self.binary() {
            true => ((change > 0.0) == (y > 0.5)).then_some(true),
            false => (y == 0.0 && change < 0.0).then_some(true),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derivatives_agree_with_differences() {
        let h = 1e-5;
        let families = [Family::Poisson, Family::Logit, Family::Probit, Family::Cloglog, Family::NegativeBinomial(1.7)];
        for family in families {
            for y in [0.0, 1.0] {
                for eta in [-3.0, -0.4, 0.0, 1.2, 2.5] {
                    let l = |e: f64| family.loglik(y, e);
                    let (r, W) = family.working(y, eta);
                    let slope = (l(eta + h) - l(eta - h)) / (2.0 * h);
                    assert!((r * W - slope).abs() < 1e-8 * (1.0 + slope.abs()), "{family:?} {y} {eta}");
                    let deviance = |e: f64| family.deviance(y, e);
                    let d = (deviance(eta + h) - deviance(eta - h)) / (2.0 * h);
                    assert!((d + 2.0 * slope).abs() < 1e-7 * (1.0 + slope.abs()));
                    let curve = (l(eta + h) - 2.0 * l(eta) + l(eta - h)) / (h * h);
                    assert!((W + curve).abs() < 1e-4 * (1.0 + W), "{family:?} {y} {eta}: {W} {curve}");
                    if family.binary() {
                        let p = family.mean(eta);
                        let expected = p * family.working(1.0, eta).1 + (1.0 - p) * family.working(0.0, eta).1;
                        assert!((family.information(eta) - expected).abs() < 1e-12 * expected);
                    }
                    let (d1, d2) = family.mean_derivatives(eta);
                    let mu = |e: f64| family.mean(e);
                    assert!((d1 - (mu(eta + h) - mu(eta - h)) / (2.0 * h)).abs() < 1e-8 * (1.0 + d1));
                    assert!((d2 - (mu(eta + h) - 2.0 * mu(eta) + mu(eta - h)) / (h * h)).abs() < 1e-4 * (1.0 + d1));
                }
            }
        }
    }

    #[test]
    fn nothing_overflows_in_the_tails() {
        for family in [Family::Poisson, Family::Logit, Family::Probit, Family::Cloglog, Family::NegativeBinomial(2.0)] {
            for eta in [-690.0, -40.0, 30.0] {
                for y in [0.0, 1.0] {
                    let (r, W) = family.working(y, eta);
                    assert!(r.is_finite() && W > 0.0 && family.deviance(y, eta).is_finite(), "{family:?} {y} {eta}");
                }
            }
        }
    }
}
