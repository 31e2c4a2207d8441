//! The half-normal model of one observation and of the sample: ln L, its exact derivatives, and the two scores.

use super::{Score, dot};
use crate::frontier::Status;
use crate::math::Mat;
use crate::math::normal::{LN_SQRT_TAU, ln_cdf, ln_cdf_mills};
use crate::math::optimize::Point;
use rayon::prelude::*;
use std::f64::consts::LN_2;

/// Rows whose sums are formed together, in order; part of the definition of the result, not of the machine.
const CHUNK: usize = 2048;

/// ln L of one observation; `e` is S (y - x'β).
pub(super) fn loglik(e: f64, sigma2: f64, gamma: f64) -> f64 {
    let z = -e * (gamma / (1.0 - gamma) / sigma2).sqrt();
    LN_2 - LN_SQRT_TAU - 0.5 * (sigma2.ln() + e * e / sigma2) + ln_cdf(z)
}

/// Both efficiencies of one observation; `e` is S (y - x'β).
///
/// With m = φ/Φ, Battese and Coelli's ratio is m(z)/m(z - s*), z = μ*/s*, in which nothing cancels however far the
/// observation is above the frontier. Far below it m underflows and the ratio of Φ is one.
pub(super) fn score(e: f64, sigma2: f64, gamma: f64) -> Score {
    let (mu, s) = (-e * gamma, (gamma * (1.0 - gamma) * sigma2).sqrt());
    let z = mu / s;
    let (_, m, excess) = ln_cdf_mills(z);
    let (_, shifted, _) = ln_cdf_mills(z - s);
    let bc = if z < 20.0 { m / shifted } else { (0.5 * s * s - mu + ln_cdf(z - s)).exp() };
    let jlms = (-s * excess).exp();
    let sound = |v: f64| v > 0.0 && v <= 1.0;
    match sound(bc) && sound(jlms) {
        true => Score { efficiency: Some(bc), efficiency_jlms: Some(jlms), status: Status::Optimal },
        false => Score { efficiency: None, efficiency_jlms: None, status: Status::Refused },
    }
}

/// Sums over one chunk: value, gradient (k + 2), upper triangle of the Hessian, (k + 2)².
struct Sums {
    value: f64,
    gradient: Vec<f64>,
    hessian: Vec<f64>,
}

/// ln L, gradient and Hessian in θ = (b, ln σ², ln γ/(1-γ)) for regressors Z (n × k, row by row).
///
/// With κ = λ/σ, z = -S e κ and m = φ/Φ at z, m' = -m (z + m): dz/db = S κ x, dz/d ln σ² = -z/2, dz/d logit γ = z/2.
pub(super) fn likelihood(Z: &[f64], k: usize, y: &[f64], sign: f64, theta: &[f64]) -> Point {
    let (b, ln_sigma2, logit) = (&theta[..k], theta[k], theta[k + 1]);
    let precision = (-ln_sigma2).exp();
    let kappa = (0.5 * (logit - ln_sigma2)).exp();
    let (p, a, g) = (k + 2, k, k + 1);
    let chunk = |(Z, y): (&[f64], &[f64])| -> Sums {
        let mut sums = Sums { value: 0.0, gradient: vec![0.0; p], hessian: vec![0.0; p * p] };
        for (x, y) in Z.chunks_exact(k).zip(y) {
            let e = y - dot(x, b);
            let z = -sign * e * kappa;
            let (ln, m, excess) = ln_cdf_mills(z);
            let h = -m * excess;
            sums.value += LN_2 - LN_SQRT_TAU - 0.5 * (ln_sigma2 + e * e * precision) + ln;
            let (first, second) = (e * precision + m * sign * kappa, h * kappa * kappa - precision);
            let mixed = 0.5 * sign * kappa * (h * z + m);
            let curvature = 0.25 * (h * z * z + m * z);
            for i in 0..k {
                sums.gradient[i] += x[i] * first;
                for j in i..k {
                    sums.hessian[i * p + j] += x[i] * x[j] * second;
                }
                sums.hessian[i * p + a] -= x[i] * (e * precision + mixed);
                sums.hessian[i * p + g] += x[i] * mixed;
            }
            sums.gradient[a] += 0.5 * (e * e * precision - 1.0 - m * z);
            sums.gradient[g] += 0.5 * m * z;
            sums.hessian[a * p + a] += curvature - 0.5 * e * e * precision;
            sums.hessian[a * p + g] -= curvature;
            sums.hessian[g * p + g] += curvature;
        }
        sums
    };
    let chunks: Vec<Sums> = Z.par_chunks(CHUNK * k).zip(y.par_chunks(CHUNK)).map(chunk).collect();
    let mut total = Sums { value: 0.0, gradient: vec![0.0; p], hessian: vec![0.0; p * p] };
    for sums in chunks {
        total.value += sums.value;
        total.gradient.iter_mut().zip(&sums.gradient).for_each(|(t, s)| *t += s);
        total.hessian.iter_mut().zip(&sums.hessian).for_each(|(t, s)| *t += s);
    }
    let hessian = Mat::from_fn(p, p, |i, j| total.hessian[i.min(j) * p + i.max(j)]);
    Point { value: total.value, gradient: total.gradient, hessian }
}

#[cfg(test)]
mod tests {
    use super::*;
    use num_dual::{DualNum, HyperDual64};
    use std::f64::consts::PI;

    /// ln Φ by the power series of Φ, in exact second derivatives: an expression that shares nothing with `math::normal`.
    fn ln_cdf_series(z: HyperDual64) -> HyperDual64 {
        let (mut term, mut sum) = (z, z);
        for n in 1..200 {
            term = term * z * z / (2 * n + 1) as f64;
            sum += term;
        }
        ((z * z * -0.5).exp() * sum / (2.0 * PI).sqrt() + 0.5).ln()
    }

    /// The textbook formula in (b, ln σ², logit γ), written with σ and λ.
    fn textbook(Z: &[f64], k: usize, y: &[f64], sign: f64, theta: &[HyperDual64]) -> HyperDual64 {
        let sigma = (theta[k] * 0.5).exp();
        let gamma = ((-theta[k + 1]).exp() + 1.0).recip();
        let lambda = (gamma / (-gamma + 1.0)).sqrt();
        let mut sum = HyperDual64::from(0.0);
        for (x, &y) in Z.chunks_exact(k).zip(y) {
            let mut e = HyperDual64::from(y);
            (0..k).for_each(|j| e -= theta[j] * x[j]);
            let u = e / sigma;
            sum += -sigma.ln() - u * u * 0.5 + (LN_2 - LN_SQRT_TAU) + ln_cdf_series(-e * lambda / sigma * sign);
        }
        sum
    }

    #[test]
    fn gradient_and_hessian_are_exact() {
        let (n, k) = (25, 3);
        let Z: Vec<f64> =
            (0..n * k).map(|i| if i % k == 0 { 1.0 } else { ((7 * i) % 13) as f64 / 6.0 - 1.0 }).collect();
        let y: Vec<f64> = (0..n).map(|i| ((5 * i) % 11) as f64 / 4.0 - 1.0).collect();
        for sign in [1.0, -1.0] {
            let theta = [0.4, 0.3, -0.2, -0.4, 0.7];
            let point = likelihood(&Z, k, &y, sign, &theta);
            for i in 0..k + 2 {
                for j in 0..k + 2 {
                    let mut dual: Vec<HyperDual64> = theta.iter().map(|&t| HyperDual64::from(t)).collect();
                    dual[i].eps1 = 1.0;
                    dual[j].eps2 = 1.0;
                    let exact = textbook(&Z, k, &y, sign, &dual);
                    let close = |got: f64, want: f64, what: &str| {
                        assert!((got - want).abs() < 1e-11 * (1.0 + want.abs()), "{what} {i} {j}: {got} {want}");
                    };
                    close(point.value, exact.re, "value");
                    close(point.gradient[i], exact.eps1, "gradient");
                    close(point.hessian[(i, j)], exact.eps1eps2, "Hessian");
                }
            }
        }
    }

    #[test]
    fn scores_stay_sound_far_from_the_frontier() {
        // E[exp(-u)|e] by mpmath 1.3.0 (50 digits) for σ² = 0.25, γ = 0.6 at e = -20, -3, 2, 30.
        let mpmath = [
            (-20.0, 6.331_331_477_060_264e-6),
            (-3.0, 0.170_332_988_825_322_94),
            (2.0, 0.955_501_157_357_316_2),
            (30.0, 0.996_678_964_077_434_5),
        ];
        for (e, want) in mpmath {
            let got = score(e, 0.25, 0.6).efficiency.unwrap();
            plim_golden::close(got, want, 1e-12, "efficiency");
        }
        let far = score(1e6, 0.25, 0.6);
        assert!(far.efficiency.unwrap() <= 1.0 && far.efficiency.unwrap() > 0.999_999);
        assert_eq!(score(-1e6, 0.25, 0.6).status, Status::Refused, "exp(-600000) is no number");
    }
}
