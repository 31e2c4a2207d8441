//! The standard normal between two bounds: its mass, moments and draws, wherever the bounds are.
//!
//! A truncated likelihood needs ln[Φ(b) - Φ(a)] and the first four moments of w ~ N(0, 1) given a < w < b. The textbook
//! forms lose all digits far in a tail or between close bounds, and there the excess q = w - a takes their place:
//!
//! ```text
//! near:    E w^{k+1} = k E w^{k-1} + [a^k φ(a) - b^k φ(b)]/P
//! far:     M_k = r_k M_{k-1},  r_k = k/(a + r_{k+1})          (b = ∞; Laplace's continued fraction, all terms positive)
//! narrow:  J_{k-1} = (J_{k+1} + a J_k + D^k ψ(D))/k,  J_k = ∫_0^D q^k ψ(q) dq,  ψ(q) = exp(-aq - q²/2),  D = b - a
//! ```
//!
//! ```
//! use plim_stats::math::truncated_normal::Truncated;
//! let half = Truncated::new(0.0, f64::INFINITY);
//! assert!((half.ln_mass - 0.5f64.ln()).abs() < 1e-15);
//! assert!((half.about + half.moments[0] - (2.0 / std::f64::consts::PI).sqrt()).abs() < 1e-15);
//! ```

use super::dist::normal_quantile;
use super::normal::{LN_SQRT_TAU, cdf, ln_cdf, ln_cdf_mills, pdf};
use super::rng::Stream;

/// From here on the lower bound is far in the tail: 48 terms of the continued fraction have full precision.
const FAR: f64 = 4.0;
const TERMS: usize = 48;
/// Bounds closer than this are narrow, when the density also falls by less than exp(-[`FAR`]) between them.
const NARROW: f64 = 1.0;

/// Mass and moments of the standard normal between a and b.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Truncated {
    /// ln[Φ(b) - Φ(a)].
    pub ln_mass: f64,
    /// ln[Φ(b) - Φ(a)] + about²/2, which keeps its digits far in a tail.
    pub ln_scaled: f64,
    /// The point that the moments are about.
    pub about: f64,
    /// E q, E q², E q³, E q⁴ of q = w - about.
    pub moments: [f64; 4],
}

impl Truncated {
    /// Between a < b; either may be infinite.
    pub fn new(a: f64, b: f64) -> Self {
        if a + b < 0.0 {
            let mirror = Truncated::new(-b, -a);
            let [m1, m2, m3, m4] = mirror.moments;
            return Truncated { about: -mirror.about, moments: [-m1, m2, -m3, m4], ..mirror };
        }
        let width = b - a;
        match () {
            () if width <= NARROW && a * width <= FAR => narrow(a, width),
            () if a >= FAR => far(a, b),
            () => near(a, b),
        }
    }

    /// Variance of w, covariance of q and q², variance of q².
    pub fn spread(&self) -> [f64; 3] {
        let [m1, m2, m3, m4] = self.moments;
        [m2 - m1 * m1, m3 - m1 * m2, m4 - m2 * m2]
    }
}

/// About zero, by parts.
fn near(a: f64, b: f64) -> Truncated {
    let ln_mass = match a < 0.0 {
        true => (-(cdf(a) + cdf(-b))).ln_1p(),
        false => (cdf(-a) - cdf(-b)).ln(),
    };
    let edge = |z: f64, k: i32| if z.is_finite() { z.powi(k) * pdf(z) } else { 0.0 };
    let jump = |k: i32| (edge(a, k) - edge(b, k)) / ln_mass.exp();
    let m1 = jump(0);
    let m2 = 1.0 + jump(1);
    let m3 = 2.0 * m1 + jump(2);
    Truncated { ln_mass, ln_scaled: ln_mass, about: 0.0, moments: [m1, m2, m3, 3.0 * m2 + jump(3)] }
}

/// About a: the moments beyond a less those beyond b.
fn far(a: f64, b: f64) -> Truncated {
    let (from_a, (ln_a, mills, _)) = (beyond(a), ln_cdf_mills(-a));
    let ratio = (ln_cdf(-b) - ln_a).exp();
    let mut moments = [from_a[1], from_a[2], from_a[3], from_a[4]];
    if ratio > 0.0 {
        let from_b = beyond(b);
        for (k, m) in moments.iter_mut().enumerate() {
            // E (D + q)^{k+1}, q beyond b.
            let mut binomial = 1.0;
            let mut lost = 0.0;
            for (j, q) in from_b.iter().enumerate().take(k + 2) {
                lost += binomial * (b - a).powi((k + 1 - j) as i32) * q;
                binomial *= (k + 1 - j) as f64 / (j + 1) as f64;
            }
            *m = (*m - ratio * lost) / (1.0 - ratio);
        }
    }
    let within = (-ratio).ln_1p();
    Truncated { ln_mass: ln_a + within, ln_scaled: within - LN_SQRT_TAU - mills.ln(), about: a, moments }
}

/// E q^k, k = 0 … 4, of q = w - a given w > a ≥ 4.
fn beyond(a: f64) -> [f64; 5] {
    let mut r = 0.0;
    let mut ratios = [0.0; 5];
    for k in (1..=TERMS).rev() {
        r = k as f64 / (a + r);
        if k < 5 {
            ratios[k] = r;
        }
    }
    let mut moments = [1.0; 5];
    (1..5).for_each(|k| moments[k] = ratios[k] * moments[k - 1]);
    moments
}

/// About a, between close bounds.
fn narrow(a: f64, width: f64) -> Truncated {
    let end = (-a * width - 0.5 * width * width).exp();
    let mut J = [0.0; TERMS + 2];
    for k in (1..=TERMS).rev() {
        J[k - 1] = (J[k + 1] + a * J[k] + width.powi(k as i32) * end) / k as f64;
    }
    let ln_scaled = J[0].ln() - LN_SQRT_TAU;
    let moments = [1, 2, 3, 4].map(|k| J[k] / J[0]);
    Truncated { ln_mass: ln_scaled - 0.5 * a * a, ln_scaled, about: a, moments }
}

/// A draw of the standard normal between a < b.
pub fn draw(a: f64, b: f64, stream: &mut Stream) -> f64 {
    if a + b < 0.0 {
        return -draw(-b, -a, stream);
    }
    if a < FAR {
        let (low, high) = (cdf(-b), cdf(-a));
        return (-normal_quantile(low + stream.uniform() * (high - low))).clamp(a, b);
    }
    // An exponential excess at rate a, accepted with probability exp(-q²/2) (Devroye 1986, chapter IX.1).
    let mass = -(-a * (b - a)).exp_m1();
    loop {
        let q = -(-stream.uniform() * mass).ln_1p() / a;
        if -2.0 * stream.uniform().ln() >= q * q {
            return (a + q).min(b);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// a, b; ln mass, mean, variance, cov(w, w²), var(w²): `python3 golden/truncated.py` (mpmath 1.3.0, quadrature).
    #[allow(clippy::excessive_precision)]
    const MPMATH: [(f64, f64, [f64; 5]); 19] = [
        (f64::NEG_INFINITY, f64::INFINITY, [0.0, 0.0, 1.0, 0.0, 2.0]),
        (
            -3.0,
            f64::INFINITY,
            [
                -0.0013508099647481938,
                0.0044378390421256638,
                0.98666678845825919,
                0.044437473667348082,
                1.8666875789979558,
            ],
        ),
        (
            0.0,
            f64::INFINITY,
            [-std::f64::consts::LN_2, 0.79788456080286536, 0.36338022763241866, 0.79788456080286536, 2.0],
        ),
        (
            3.9,
            f64::INFINITY,
            [-9.9423043916913563, 4.1303653209081121, 0.048507067381264778, 0.41954288369504486, 3.6362172464106749],
        ),
        (
            4.1,
            f64::INFINITY,
            [-10.787431773744635, 4.3210275835811558, 0.044933714613534729, 0.40525581349664856, 3.6615488353362589],
        ),
        (
            12.0,
            f64::INFINITY,
            [-75.410673001568796, 12.082214175254284, 0.0066707263358458643, 0.1622628912844347, 3.9471546954132164],
        ),
        (
            300.0,
            f64::INFINITY,
            [-45006.622732118663, 300.00333325926337, 1.1110370438949582e-5, 0.0066663703950590218, 3.9999111185177066],
        ),
        (
            f64::NEG_INFINITY,
            2.0,
            [
                -0.023012909328963488,
                -0.055247862678989959,
                0.88645194831142355,
                -0.28234396605614286,
                1.4353120678877143,
            ],
        ),
        (
            f64::NEG_INFINITY,
            -7.0,
            [-27.384307498811075, -7.1375456132265033, 0.018261911696622231, -0.2653789951028589, 3.8576529657200123],
        ),
        (
            -1.0,
            2.0,
            [-0.20016629432446258, 0.22963717909132897, 0.51976253921153394, 0.35957817519103935, 0.56649758720885676],
        ),
        (
            1.0,
            2.5,
            [-1.88094754262984, 1.4722789034330307, 0.13220268390191588, 0.4272294506647126, 1.4009935632171115],
        ),
        (
            5.0,
            6.5,
            [-15.06513850422449, 5.1862992801195182, 0.032399047314144854, 0.34645910558937953, 3.7080973695809195],
        ),
        (
            9.0,
            30.0,
            [-43.628149113332115, 9.1085231050028688, 0.011514790654717133, 0.212156220895323, 3.909405988057907],
        ),
        (
            0.5,
            1.25,
            [-1.5951023343177844, 0.83502443494264531, 0.045061221300562361, 0.077369690178217401, 0.13454582352767912],
        ),
        (
            -0.25,
            0.5,
            [
                -1.2372925013224502,
                0.11925055896410056,
                0.045982520932688995,
                0.011278974736808373,
                0.0044999060387514839,
            ],
        ),
        (
            -6.0,
            -5.5,
            [-17.832728824880468, -5.6447180861419073, 0.014360566546109607, -0.16374857462856353, 1.867415741349598],
        ),
        (
            0.25,
            0.2578125,
            [
                -5.8032053681965053,
                0.25390495856874199,
                5.086251672137199e-6,
                2.5828569224075155e-6,
                1.3116250584608023e-6,
            ],
        ),
        (
            50.0,
            50.03125,
            [-1255.0662968277834, 50.01171147530356, 7.2325353815001857e-5, 0.0072345587788446714, 0.72365827900615209],
        ),
        (
            -0.5,
            20.0,
            [-0.36894641528865639, 0.50916043383703349, 0.4861754356963671, 0.76607271598884993, 1.616963642005575],
        ),
    ];

    #[test]
    fn moments_agree_with_quadrature_in_sixty_digits() {
        for (a, b, [ln, mean, v, c, s]) in MPMATH {
            let t = Truncated::new(a, b);
            let d = t.about;
            let [tv, tc, ts] = t.spread();
            let got = [t.ln_mass, d + t.moments[0], tv, 2.0 * d * tv + tc, 4.0 * d * (d * tv + tc) + ts];
            for (got, want) in got.into_iter().zip([ln, mean, v, c, s]) {
                assert!((got - want).abs() <= 1e-12 * want.abs(), "({a}, {b}): {got:e}, want {want:e}");
            }
        }
    }

    #[test]
    fn draws_have_the_moments_and_stay_within() {
        for (r, (a, b, [_, mean, v, ..])) in MPMATH.into_iter().enumerate() {
            let mut stream = Stream::new(3, r as u64);
            let n = 20_000;
            let w: Vec<f64> = (0..n).map(|_| draw(a, b, &mut stream)).collect();
            assert!(w.iter().all(|w| (a..=b).contains(w)));
            let m = w.iter().sum::<f64>() / n as f64;
            let own = w.iter().map(|w| (w - m).powi(2)).sum::<f64>() / n as f64;
            assert!((m - mean).abs() < 4.0 * (v / n as f64).sqrt(), "({a}, {b}): mean {m}, want {mean}");
            // Kurtosis of at most nine (exponential): the variance has a standard error below 3 v/√n.
            assert!((own - v).abs() < 4.0 * 3.0 * v / (n as f64).sqrt(), "({a}, {b}): variance {own}, want {v}");
        }
    }
}
