//! Copulas of inefficiency and noise: ln c of their ranks p = F_u(u), q = Φ(v/σ_v), with exact derivatives.
//!
//! ```text
//! Gaussian   ln c = ln cosh t - sinh²t (x² + s²)/2 + sinh t cosh t x s,   x = Φ⁻¹(p), s = v/σ_v, ρ = tanh t
//! FGM        c = 1 + θ (1 - 2p)(1 - 2q),                                   θ = tanh t
//! Frank      c = E(1) exp(-θ(p + q))/[exp(-θp) E(q) + exp(-θq) E(1 - q)]²,   E(z) = (1 - exp(-θz))/θ, θ = t
//! ```
//!
//! Frank's denominator is usually written as a difference, which cancels where p and q are near one; this is the same as
//! a sum of positive terms, and smooth at θ = 0.

use crate::math::dist::normal_quantile;
use crate::math::jet::Jet;
use crate::math::normal::{LN_SQRT_TAU, cdf, ln_cdf_mills, pdf};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::f64::consts::{FRAC_2_PI, LN_2};

/// How inefficiency and noise move together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Copula {
    /// Of two correlated normals; `rho` is their correlation.
    Gaussian,
    /// Farlie, Gumbel and Morgenstern, for weak dependence; `theta` is between -1 and 1.
    Fgm,
    /// Frank's; `theta` has no bounds.
    Frank,
}

/// |ρ| where noise and inefficiency are one variable.
const WHOLE: f64 = 0.995;
/// |θ| of the border of Farlie, Gumbel and Morgenstern.
const EDGE: f64 = 0.999;
/// |θ| of Frank's copula where noise and inefficiency are one variable: a rank correlation of 0.98.
const FRANK: f64 = 35.0;
/// Below, the series of (1 - exp(-y))/y is used.
const SERIES: f64 = 0.5;

/// The rank of inefficiency, in w = ln(u/σ_u).
pub(in super::super) struct Rank {
    /// ln p and ln(1 - p).
    pub(super) ln_tails: [f64; 2],
    /// ln dp/dw.
    pub(super) ln_slope: f64,
    /// d²p/dw² over dp/dw.
    pub(super) bend: f64,
}

impl Rank {
    /// p with its derivatives in w.
    fn plain(&self) -> [f64; 3] {
        let slope = self.ln_slope.exp();
        [self.ln_tails[0].exp(), slope, slope * self.bend]
    }

    /// Φ⁻¹(p) with its derivatives in w.
    pub(super) fn normal(&self) -> [f64; 3] {
        let [low, high] = self.ln_tails;
        let (near, sign) = if low < high { (low, 1.0) } else { (high, -1.0) };
        // The quantile has 1e-9; Newton on ln Φ squares its error.
        let mut x = if near > -650.0 { normal_quantile(near.exp()) } else { -(-2.0 * near).sqrt() };
        for _ in 0..2 {
            let (ln, mills, _) = ln_cdf_mills(x);
            x -= (ln - near) / mills;
        }
        let slope = (self.ln_slope + 0.5 * x * x + LN_SQRT_TAU).exp();
        let x = sign * x;
        [x, slope, slope * self.bend + x * slope * slope]
    }
}

impl Copula {
    /// ln c in (s, w, t).
    pub(super) fn ln(self, s: f64, w: f64, t: f64, rank: &Rank) -> Jet<3> {
        let [s, w, t] = Jet::variables([s, w, t]);
        if self == Copula::Gaussian {
            let [x, x1, x2] = rank.normal();
            let x = w.chain(x, x1, x2);
            let (sh, ch) = (t.value.sinh(), t.value.cosh());
            let square = t.chain(sh * sh, 2.0 * sh * ch, 2.0 * (sh * sh + ch * ch));
            let product = t.chain(sh * ch, sh * sh + ch * ch, 4.0 * sh * ch);
            let ln_cosh = t.value.abs() + (-2.0 * t.value.abs()).exp().ln_1p() - LN_2;
            let whole = t.chain(ln_cosh, t.value.tanh(), 1.0 / (ch * ch));
            return whole - (x * x + s * s) * square * 0.5 + x * s * product;
        }
        let ([p, p1, p2], q1) = (rank.plain(), pdf(s.value));
        let p = w.chain(p, p1, p2);
        let q = s.chain(cdf(s.value), q1, -s.value * q1);
        match self {
            Copula::Fgm => {
                let theta = t.value.tanh();
                let slope = 1.0 - theta * theta;
                let theta = t.chain(theta, slope, -2.0 * theta * slope);
                (theta * (p * -2.0 + 1.0) * (q * -2.0 + 1.0)).ln_1p()
            }
            _ => {
                let rest = s.chain(cdf(-s.value), -q1, s.value * q1);
                let whole = shrink(t);
                let below = (-(t * p)).exp() * q * shrink(t * q) + (-(t * q)).exp() * rest * shrink(t * rest);
                whole.ln() - t * (p + q) - below.ln() * 2.0
            }
        }
    }

    /// The name of its parameter.
    pub(super) fn own(self) -> &'static [&'static str] {
        if self == Copula::Gaussian { &["rho"] } else { &["theta"] }
    }

    /// The parameter and its slope in t.
    pub(in super::super) fn natural(self, t: f64) -> [f64; 2] {
        match self {
            Copula::Frank => [t, 1.0],
            _ => [t.tanh(), 1.0 / t.cosh().powi(2)],
        }
    }

    /// t of the parameter; `None` beyond its range.
    pub(in super::super) fn internal(self, natural: f64) -> Option<f64> {
        match self {
            Copula::Frank => Some(natural),
            _ => (natural.abs() < 1.0).then(|| natural.atanh()),
        }
    }

    /// What happens where the dependence is as strong as it can be.
    pub(in super::super) fn limit(self, t: f64) -> Option<&'static str> {
        let natural = self.natural(t)[0].abs();
        match self {
            Copula::Gaussian if natural > WHOLE => {
                Some("noise and inefficiency that are one variable (rho is at its border)")
            }
            Copula::Fgm if natural > EDGE => {
                Some("a dependence that is stronger than this copula can have (theta is at its border)")
            }
            Copula::Frank if natural > FRANK => {
                Some("noise and inefficiency that are one variable (theta grows without end)")
            }
            _ => None,
        }
    }

    /// The correlation of a Gaussian copula with about this dependence.
    pub(super) fn correlation(self, t: f64) -> f64 {
        match self {
            Copula::Gaussian => t.tanh(),
            Copula::Fgm => t.tanh() / 3.0,
            Copula::Frank => t / (t * t + 36.0).sqrt(),
        }
    }

    /// Kendall's rank correlation.
    pub(in super::super) fn kendall(self, t: f64) -> f64 {
        let natural = self.natural(t)[0];
        match self {
            Copula::Gaussian => FRAC_2_PI * natural.asin(),
            Copula::Fgm => natural * 2.0 / 9.0,
            Copula::Frank if natural.abs() < 1e-3 => natural / 9.0,
            // 1 - 4/θ (1 - D(θ)), D the mean of y/(exp y - 1) over (0, θ): Debye's, by Simpson's rule.
            Copula::Frank => {
                let n = 400;
                let of = |k: i32| {
                    let y = natural * f64::from(k) / f64::from(n);
                    let value = if k == 0 { 1.0 } else { y / y.exp_m1() };
                    value * if k == 0 || k == n { 1.0 } else { 2.0 + 2.0 * f64::from(k % 2) }
                };
                let debye = (0..=n).map(of).sum::<f64>() / (3.0 * f64::from(n));
                1.0 - 4.0 / natural * (1.0 - debye)
            }
        }
    }
}

/// (1 - exp(-y))/y, one at y = 0.
fn shrink(y: Jet<3>) -> Jet<3> {
    let v = y.value;
    if v.abs() > SERIES {
        let f = -(-v).exp_m1() / v;
        let f1 = ((-v).exp() - f) / v;
        return y.chain(f, f1, -((-v).exp() + 2.0 * f1) / v);
    }
    // Σ (-v)^k/(k + 1)!, whose terms fall below rounding before the fifteenth.
    let (mut f, mut term) = ([0.0; 3], 1.0);
    for k in 0..16 {
        let j = f64::from(k);
        f[0] += term * v.powi(k);
        f[1] += term * j * v.powi((k - 1).max(0));
        f[2] += term * j * (j - 1.0) * v.powi((k - 2).max(0));
        term *= -1.0 / (j + 2.0);
    }
    y.chain(f[0], f[1], f[2])
}
