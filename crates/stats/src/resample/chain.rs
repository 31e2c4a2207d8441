//! What replications of a chain say of one quantity: its spread, intervals, and what the measures add to the spread.
//!
//! θ̂ with conventional standard error s, replications θ*_r with their own conventional errors s*_r:
//!
//! ```text
//! std_error        sd(θ*)·c, c = 1 for n of n clusters (see `Scheme::scale`)
//! percentile       [q_α/2, q_1-α/2] of θ*; with c ≠ 1 of θ̂ - c (θ* - θ̂), ends exchanged
//! bca              percentiles at Φ(z₀ + (z₀ + z)/(1 - a (z₀ + z))), z = z_α/2 and z_1-α/2          (Efron 1987)
//!                  z₀ = Φ⁻¹(#{θ* < θ̂}/R),  a = Σ d³/(6 (Σ d²)^1.5), d = mean - θ_(g) of the jackknife
//! studentized      [θ̂ - s t_1-α/2, θ̂ - s t_α/2] of t = (θ* - θ̂)/s*
//! generated_share  1 - (sd of θ* with the measures frozen / sd of θ* with the measures made again)²
//! ```
//!
//! `generated_share` may be negative: measures that move with the sample can also take spread away.

use super::scheme::{Scheme, Sizes};
use crate::math::dist::normal_quantile;
use crate::math::normal::cdf as normal_cdf;
use crate::math::quantile::{QuantileType, quantile};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Share of replications that may fail before intervals are no longer given.
const FAILURES: f64 = 0.05;

/// Probability of each tail.
const TAIL: f64 = 0.025;

/// What is known of a quantity.
#[derive(Debug, Clone, Default)]
pub struct Draws<'d> {
    /// Its estimate.
    pub estimate: f64,
    /// Its conventional standard error; NaN where it has none.
    pub std_error: f64,
    /// Replications with the measures made again; NaN where a replication failed.
    pub again: &'d [f64],
    /// Conventional standard errors of the replications, or nothing.
    pub errors: &'d [f64],
    /// The same draws with the measures frozen, or nothing where no measure is in it.
    pub frozen: &'d [f64],
    /// Estimates without each cluster, or nothing.
    pub without: &'d [f64],
}

/// An interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Bounds {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// What replications say of a quantity.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Spread {
    /// Standard error of the chain.
    pub std_error: Option<f64>,
    /// Mean of the replications less the estimate.
    pub bias: Option<f64>,
    /// Percentile interval.
    pub percentile: Option<Bounds>,
    /// Bias-corrected and accelerated interval.
    pub bca: Option<Bounds>,
    /// Studentized interval.
    pub studentized: Option<Bounds>,
    /// Standard error with the measures frozen.
    pub std_error_frozen: Option<f64>,
    /// Share of the variance that the measures bring in.
    pub generated_share: Option<f64>,
    /// Replications that gave the quantity.
    pub replications: usize,
    /// Replications that did not.
    pub failed: usize,
}

/// The spread of a quantity under a scheme.
pub fn spread(d: &Draws, scheme: Scheme, sizes: &Sizes) -> Spread {
    let scale = scheme.scale(sizes);
    let good = finite(d.again);
    let failed = d.again.len() - good.len();
    let mut out = Spread { replications: good.len(), failed, ..Spread::default() };
    if good.len() < 2 || failed as f64 > FAILURES * d.again.len() as f64 {
        return out;
    }
    let (mean, sd) = moments(&good);
    out.std_error = Some(scale * sd);
    if !d.frozen.is_empty() {
        let frozen = finite(d.frozen);
        if frozen.len() > 1 {
            let (_, without) = moments(&frozen);
            out.std_error_frozen = Some(scale * without);
            out.generated_share = (sd > 0.0).then(|| 1.0 - (without / sd).powi(2));
        }
    }
    if scheme == Scheme::Jackknife {
        // n - 1 times what leaving out moves: Quenouille's bias.
        out.bias = Some((sizes.clusters as f64 - 1.0) * (mean - d.estimate));
        return out;
    }
    out.bias = Some(mean - d.estimate);
    let at = |p: f64| quantile(&good, p, QuantileType::Stata);
    out.percentile = Some(match scale {
        1.0 => Bounds { low: at(TAIL), high: at(1.0 - TAIL) },
        c => {
            let back = |p: f64| d.estimate - c * (at(p) - d.estimate);
            Bounds { low: back(1.0 - TAIL), high: back(TAIL) }
        }
    });
    out.bca = (scheme == Scheme::Units).then(|| bca(d, &good)).flatten();
    out.studentized = studentized(d);
    out
}

/// The BCa interval, where there is a jackknife and the replications lie on both sides of the estimate.
fn bca(d: &Draws, sorted: &[f64]) -> Option<Bounds> {
    let without = finite(d.without);
    if without.len() < d.without.len() || without.len() < 2 {
        return None;
    }
    let (mean, _) = moments(&without);
    let squares: f64 = without.iter().map(|t| (mean - t).powi(2)).sum();
    let cubes: f64 = without.iter().map(|t| (mean - t).powi(3)).sum();
    let below = sorted.partition_point(|t| *t < d.estimate) as f64 / sorted.len() as f64;
    if squares == 0.0 || below <= 0.0 || below >= 1.0 {
        return None;
    }
    let (a, z0) = (cubes / (6.0 * squares.powf(1.5)), normal_quantile(below));
    let end = |p: f64| {
        let z = z0 + normal_quantile(p);
        let moved = normal_cdf(z0 + z / (1.0 - a * z));
        (moved > 0.0 && moved < 1.0).then(|| quantile(sorted, moved, QuantileType::Stata))
    };
    Some(Bounds { low: end(TAIL)?, high: end(1.0 - TAIL)? })
}

/// The studentized interval, where the estimate and the replications have standard errors.
fn studentized(d: &Draws) -> Option<Bounds> {
    if d.std_error.is_nan() || d.std_error <= 0.0 || d.errors.len() != d.again.len() {
        return None;
    }
    let t: Vec<f64> = d.again.iter().zip(d.errors).map(|(b, s)| (b - d.estimate) / s).collect();
    let t = finite(&t);
    if (t.len() as f64) < (1.0 - FAILURES) * d.again.len() as f64 {
        return None;
    }
    let end = |p: f64| d.estimate - d.std_error * quantile(&t, p, QuantileType::Stata);
    Some(Bounds { low: end(1.0 - TAIL), high: end(TAIL) })
}

/// The finite values, ascending.
fn finite(values: &[f64]) -> Vec<f64> {
    let mut good: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    good.sort_by(f64::total_cmp);
    good
}

/// Mean and standard deviation (n - 1).
fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (mean, (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZES: Sizes = Sizes { clusters: 25, m: 9, periods: 1, block: 1 };

    #[test]
    fn without_skewness_bca_is_the_percentile_interval() {
        // Symmetric around the estimate, and a jackknife without third moment: z₀ = a = 0.
        let again: Vec<f64> = (0..1000).map(|i| 2.0 + (f64::from(i) - 499.5) / 100.0).collect();
        let without = [1.9, 2.1, 1.8, 2.2];
        let d = Draws { estimate: 2.0, std_error: 1.0, again: &again, errors: &[], frozen: &[], without: &without };
        let s = spread(&d, Scheme::Units, &SIZES);
        let (p, b) = (s.percentile.unwrap(), s.bca.unwrap());
        assert!((p.low - b.low).abs() < 1e-12 && (p.high - b.high).abs() < 1e-12 && s.studentized.is_none());
        assert!(s.bias.unwrap().abs() < 1e-12);
    }

    #[test]
    fn bca_by_hand() {
        // R's boot::boot.ci by its formula: θ* = 1..99, θ̂ = 40.5 (40 below), jackknife -2, 0, 1, 1 about its mean 0:
        // z₀ = Φ⁻¹(40/99) = -.2421, a = Σ(-t)³/(6 (Σt²)^1.5) = (8-2)/(6·6^1.5) = .068041.
        let again: Vec<f64> = (1..=99).map(f64::from).collect();
        let d = Draws { estimate: 40.5, again: &again, without: &[-2.0, 0.0, 1.0, 1.0], ..Draws::default() };
        let b = spread(&d, Scheme::Units, &SIZES).bca.unwrap();
        let (z0, a) = (normal_quantile(40.0 / 99.0), 6.0 / (6.0 * 6f64.powf(1.5)));
        let level = |p: f64| normal_cdf(z0 + (z0 + normal_quantile(p)) / (1.0 - a * (z0 + normal_quantile(p))));
        // Stata's quantile of 1..99 at p is the smallest whole number of at least 99 p.
        assert_eq!((b.low, b.high), ((99.0 * level(0.025)).ceil(), (99.0 * level(0.975)).ceil()));
        assert!(b.low < 3.0 && b.high < 97.0, "{b:?}");
    }

    #[test]
    fn failures_refuse_the_intervals() {
        let mut again = vec![1.0; 90];
        again.extend([f64::NAN; 10]);
        let s = spread(&Draws { again: &again, ..Draws::default() }, Scheme::Units, &SIZES);
        assert_eq!((s.failed, s.std_error, s.percentile), (10, None, None));
    }

    #[test]
    fn what_the_measures_add_is_the_difference_of_variances() {
        let again = [-2.0, 2.0, -2.0, 2.0];
        let frozen = [-1.0, 1.0, -1.0, 1.0];
        let s = spread(&Draws { again: &again, frozen: &frozen, ..Draws::default() }, Scheme::Units, &SIZES);
        assert_eq!(s.generated_share, Some(0.75));
    }

    #[test]
    fn fewer_clusters_are_scaled_to_all() {
        let again: Vec<f64> = (0..100).map(|i| f64::from(i) / 10.0).collect();
        let d = Draws { estimate: 5.0, again: &again, ..Draws::default() };
        let (all, some) = (spread(&d, Scheme::Units, &SIZES), spread(&d, Scheme::MOutOfN, &SIZES));
        assert!((some.std_error.unwrap() / all.std_error.unwrap() - 0.6).abs() < 1e-14);
    }
}
