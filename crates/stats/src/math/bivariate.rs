//! ln Φ₂(h, k; r), the bivariate normal distribution function far in its tails, with exact derivatives.
//!
//! ```text
//! Φ₂(h, k; r) = ∫_{-∞}^k φ(x) Φ((h - r x)/√(1 - r²)) dx
//! ```
//!
//! The integrand g is concave in logarithms with (ln g)'' ≤ -1, so that beyond nine units from its peak less than 1e-17 of
//! it is left; between, Gauss and Legendre's rule on panels of one and a half times √(1 - r²), for (ln g)'' ≥ -1/(1 - r²), is good to 1e-13
//! of Φ₂ itself, however small that is. The derivatives are closed (Plackett 1954):
//!
//! ```text
//! ∂Φ₂/∂h = φ(h) Φ((k - r h)/√(1 - r²)),   ∂Φ₂/∂r = φ₂(h, k; r)
//! ```
//!
//! ```
//! use plim_stats::math::bivariate::BivariateNormal;
//! // Φ₂(0, 0; r) = 1/4 + asin(r)/2π.
//! let p = BivariateNormal::new().ln_cdf(0.0, 0.0, 0.5).exp();
//! assert!((p - 1.0 / 3.0).abs() < 1e-14);
//! ```

use super::jet::Jet;
use super::normal::{LN_SQRT_TAU, ln_cdf, ln_cdf_mills};
use std::f64::consts::PI;

/// Largest |r|: the integrand has edges of a width of 0.014 there, and takes a thousand panels.
const LIMIT: f64 = 0.9999;
/// Nodes of a panel.
const NODES: usize = 16;
/// How far from its peak the integrand is followed: φ falls to 2.6e-18 there.
const REACH: f64 = 9.0;
/// A scale is no longer than the way on which g falls by exp(-4).
const STEEP: f64 = 4.0;
/// Width of a panel in scales of the integrand.
const PANEL: f64 = 1.5;

/// The rule of a panel, made once.
#[derive(Debug, Clone)]
pub struct BivariateNormal {
    /// (node, weight) on [-1, 1].
    rule: [(f64, f64); NODES],
}

impl Default for BivariateNormal {
    fn default() -> Self {
        Self::new()
    }
}

impl BivariateNormal {
    /// Nodes are the roots of the Legendre polynomial, by Newton's method.
    pub fn new() -> Self {
        let n = NODES as f64;
        let legendre = |x: f64| {
            let (mut before, mut at) = (1.0, x);
            for j in 2..=NODES {
                let j = j as f64;
                (before, at) = (at, ((2.0 * j - 1.0) * x * at - (j - 1.0) * before) / j);
            }
            (at, n * (x * at - before) / (x * x - 1.0))
        };
        let node = |i: usize| {
            let mut x = (PI * (i as f64 + 0.75) / (n + 0.5)).cos();
            for _ in 0..10 {
                let (value, slope) = legendre(x);
                x -= value / slope;
            }
            let slope = legendre(x).1;
            (x, 2.0 / ((1.0 - x * x) * slope * slope))
        };
        BivariateNormal { rule: std::array::from_fn(node) }
    }

    /// ln Φ₂(h, k; r); NaN where |r| is above 0.9999, for which panels would be too many, and where h or k is no number.
    pub fn ln_cdf(&self, h: f64, k: f64, r: f64) -> f64 {
        let c = ((1.0 - r) * (1.0 + r)).sqrt();
        if !(r.abs() <= LIMIT && h.is_finite() && k.is_finite()) {
            return f64::NAN;
        }
        if r == 0.0 {
            return ln_cdf(h) + ln_cdf(k);
        }
        let ln = |x: f64| -0.5 * x * x - LN_SQRT_TAU + ln_cdf((h - r * x) / c);
        let slope = |x: f64| -x - r / c * ln_cdf_mills((h - r * x) / c).1;
        let peak = peak(slope).min(k);
        // Cut by k on its rising side g falls from there at least as exp(-s t - t²/2).
        let s = if peak == k { slope(k).max(0.0) } else { 0.0 };
        let (low, high) = (peak - ((s * s + REACH * REACH).sqrt() - s), k.min(peak + REACH));
        let top = ln(peak);
        let scale = c.min(STEEP / s);
        let panels = ((high - low) / (PANEL * scale)).ceil().max(1.0);
        let half = 0.5 * (high - low) / panels;
        let mut sum = 0.0;
        for j in 0..panels as usize {
            let middle = low + (2.0 * j as f64 + 1.0) * half;
            sum += self.rule.iter().map(|(x, w)| w * (ln(middle + half * x) - top).exp()).sum::<f64>();
        }
        top + (sum * half).ln()
    }

    /// The same of jets.
    pub fn ln_cdf_jet<const N: usize>(&self, h: Jet<N>, k: Jet<N>, r: Jet<N>) -> Jet<N> {
        let at = [h, k, r];
        let [x, y, rho] = at.map(|j| j.value);
        let value = self.ln_cdf(x, y, rho);
        let c2 = (1.0 - rho) * (1.0 + rho);
        let c = c2.sqrt();
        let square = x * x - 2.0 * rho * x * y + y * y;
        // First derivatives of Φ₂ over Φ₂.
        let side = |x: f64, y: f64| (-0.5 * x * x - LN_SQRT_TAU + ln_cdf((y - rho * x) / c) - value).exp();
        let (dh, dk) = (side(x, y), side(y, x));
        let dr = (-0.5 * square / c2 - 2.0 * LN_SQRT_TAU - c.ln() - value).exp();
        let first = [dh, dk, dr];
        let (hr, kr) = (-dr * (x - rho * y) / c2, -dr * (y - rho * x) / c2);
        let rr = dr * (rho + x * y - rho * square / c2) / c2;
        let second = [[-x * dh - rho * dr, dr, hr], [dr, -y * dk - rho * dr, kr], [hr, kr, rr]];
        let mut out = Jet::constant(value);
        for a in 0..3 {
            out.add_scaled(&Jet { value: 0.0, ..at[a] }, first[a]);
            for b in 0..3 {
                let curvature = second[a][b] - first[a] * first[b];
                for i in 0..N {
                    for j in 0..N {
                        out.hessian[i][j] += curvature * at[a].gradient[i] * at[b].gradient[j];
                    }
                }
            }
        }
        out
    }
}

/// Where a function of this slope is largest, to a hundredth; the slope falls by 1 or more per unit.
fn peak(slope: impl Fn(f64) -> f64) -> f64 {
    // At zero the slope has the sign of the peak, which lies no further away than the slope is long.
    let first = slope(0.0);
    let (mut low, mut high) = (first.min(0.0), first.max(0.0));
    while high - low > 0.01 {
        let middle = 0.5 * (low + high);
        if slope(middle) > 0.0 {
            low = middle
        } else {
            high = middle
        }
        // Far out the numbers themselves are further apart.
        if middle == 0.5 * (low + high) {
            break;
        }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// h, k, r, ln Φ₂: mpmath 1.3.0 (30 digits), quad of the definition in pieces of 1/64 to a unit.
    const MPMATH: [(f64, f64, f64, f64); 9] = [
        (0.3, -0.7, 0.6, -1.527_087_598_017_714_7),
        (-1.2, 2.0, -0.95, -2.381_817_239_392_193_6),
        (-6.0, -5.0, 0.4, -26.585_302_039_465_174),
        (-9.0, 3.0, 0.8, -43.628_149_113_332_115),
        (-4.0, -25.0, 0.3, -316.639_524_058_734),
        (-3.0, -4.0, -0.6, -36.783_050_182_361_23),
        (1.5, -30.0, 0.99, -454.321_243_956_343_9),
        (-7.0, 6.5, -0.9, -27.947_805_100_007_244),
        (20.0, -1.0, 0.5, -1.841_021_645_009_263_5),
    ];

    #[test]
    fn agrees_with_thirty_digits_in_all_tails() {
        let normal = BivariateNormal::new();
        for (h, k, r, want) in MPMATH {
            plim_golden::close(normal.ln_cdf(h, k, r), want, 1e-13, "ln");
            plim_golden::close(normal.ln_cdf(k, h, r), want, 1e-13, "ln, exchanged");
        }
        // Independence, and Sheppard's formula at the origin.
        plim_golden::close(normal.ln_cdf(-3.0, 1.0, 0.0), ln_cdf(-3.0) + ln_cdf(1.0), 1e-15, "independent");
        assert!(normal.ln_cdf(0.0, 0.0, 1.0).is_nan() && normal.ln_cdf(f64::INFINITY, 0.0, 0.5).is_nan());
        for r in [-0.99, -0.3, 0.7, 0.999] {
            let want = (0.25 + f64::asin(r) / (2.0 * PI)).ln();
            plim_golden::close(normal.ln_cdf(0.0, 0.0, r), want, 1e-12, "origin");
        }
    }

    #[test]
    fn derivatives_are_those_of_the_value() {
        let normal = BivariateNormal::new();
        for (h, k, r) in [(0.3, -0.7, 0.6), (-1.2, 2.0, -0.9), (-4.0, -5.0, 0.4), (-3.0, 1.0, -0.5)] {
            let of = |at: [f64; 3]| {
                let [h, k, r] = Jet::variables(at);
                normal.ln_cdf_jet(h, k, r)
            };
            let jet = of([h, k, r]);
            for j in 0..3 {
                let step = 1e-5;
                let [low, high] = [-step, step].map(|d| {
                    let mut at = [h, k, r];
                    at[j] += d;
                    of(at)
                });
                let slope = (high.value - low.value) / (2.0 * step);
                assert!(
                    (jet.gradient[j] - slope).abs() < 1e-7 * (1.0 + slope.abs()),
                    "{j}: {} {slope}",
                    jet.gradient[j]
                );
                for i in 0..3 {
                    let second = (high.gradient[i] - low.gradient[i]) / (2.0 * step);
                    let got = jet.hessian[i][j];
                    assert!((got - second).abs() < 1e-7 * (1.0 + second.abs()), "{i} {j}: {got} {second}");
                }
            }
        }
    }
}
