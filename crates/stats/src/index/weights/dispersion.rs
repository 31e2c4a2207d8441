//! Weights from the spread of each indicator by itself.
//!
//! ```text
//! entropy   w_j ∝ 1 - e_j,   e_j = -(1 / ln n) Σ_i p_ij ln p_ij,   p_ij = z_ij / Σ_i z_ij
//! cv        w_j ∝ s_j / z̄_j                 s_j the standard deviation
//! sd        w_j ∝ s_j
//! variance  w_j ∝ s_j²
//! gini      w_j ∝ Σ_i Σ_l |z_ij - z_lj| / (2 n² z̄_j)
//! angle     w_j ∝ arccos( Σ_i p_ij / (√n ‖p_j‖) )
//! ```
//!
//! Divisors n or n - 1 give the same weights. `entropy`, `gini` and `angle` need z ≥ 0; `cv`, `gini` and `angle` do not
//! change with the unit of z but change with its origin: on min-max values they differ from those on raw data.
//! Shannon (1948); Pearson (1896); Gini (1912); the angle is of Shuai et al. (2012).

use super::{Indicators, mean, sd, to_sum_one};
use crate::index::entropy::divergence;
use crate::{Error, Result};

/// Entropy weights: one less the entropy of the shares, 0 ln 0 = 0.
pub fn entropy_weights(of: &Indicators) -> Result<Vec<f64>> {
    of.positive(false, "entropy")?;
    let scale = (of.rows() as f64).ln();
    to_sum_one(each(of, |z| {
        let total: f64 = z.iter().sum();
        let p: Vec<f64> = z.iter().map(|v| v / total).collect();
        divergence(&p, None, scale)
    })?)
}

/// Weights by the coefficient of variation.
pub fn cv(of: &Indicators) -> Result<Vec<f64>> {
    of.spread()?;
    for (name, z) in of.names.iter().zip(of.z) {
        let size = z.iter().fold(0.0, |m: f64, v| v.abs().max(m));
        if mean(z) <= 1e-10 * size {
            return Err(Error::invalid(
                "the mean of the normalized values is zero or negative, so that the coefficient of variation means nothing",
                "set `normalize = \"min_max\"` or `\"reference\"`",
            )
            .at_column(name));
        }
    }
    to_sum_one(of.z.iter().map(|z| sd(z) / mean(z)).collect())
}

/// Weights by the standard deviation.
pub fn standard_deviation(of: &Indicators) -> Result<Vec<f64>> {
    to_sum_one(of.z.iter().map(|z| sd(z)).collect())
}

/// Weights by the variance.
pub fn variance(of: &Indicators) -> Result<Vec<f64>> {
    to_sum_one(of.z.iter().map(|z| sd(z).powi(2)).collect())
}

/// Weights by the Gini coefficient, from the sorted values: Σ_i Σ_l |z_i - z_l| = 2 Σ_i (2i - n - 1) z_(i).
pub fn gini(of: &Indicators) -> Result<Vec<f64>> {
    of.positive(false, "gini")?;
    to_sum_one(each(of, |z| {
        let n = z.len() as f64;
        let mut sorted = z.to_vec();
        sorted.sort_by(f64::total_cmp);
        let spread: f64 = sorted.iter().enumerate().map(|(i, v)| (2.0 * (i as f64 + 1.0) - n - 1.0) * v).sum();
        spread / (n * sorted.iter().sum::<f64>())
    })?)
}

/// Weights by the angle between the column and the column of equal values.
pub fn angle(of: &Indicators) -> Result<Vec<f64>> {
    of.positive(false, "angle")?;
    to_sum_one(each(of, |z| {
        // The sine of the angle is the distance from the mean over the length; the arc cosine would lose the small ones.
        let n = z.len() as f64;
        let m = mean(z);
        let across = z.iter().map(|v| (v - m) * (v - m)).sum::<f64>().sqrt();
        across.atan2(n.sqrt() * m)
    })?)
}

/// `value` of each column, none of which may be all zeros.
fn each(of: &Indicators, value: impl Fn(&[f64]) -> f64) -> Result<Vec<f64>> {
    match of.names.iter().zip(of.z).find(|(_, z)| z.iter().all(|v| *v == 0.0)) {
        Some((name, _)) => Err(Error::invalid(
            "every normalized value is zero, so that shares are 0/0",
            "leave the indicator out, or set `constant = \"drop\"`",
        )
        .at_column(name)),
        None => Ok(of.z.iter().map(|z| value(z)).collect()),
    }
}
