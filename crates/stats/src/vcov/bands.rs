//! Simultaneous confidence bands: the sup-t critical value (Montiel Olea and Plagborg-Møller 2019).
//!
//! Intervals b_j ± c se_j cover all coefficients of a set at once with probability 1 - α when c is the 1 - α quantile of
//! max_j |Z_j|, Z normal with the correlations of the estimates. c is simulated from one counter-based stream, the same
//! for the same seed. It is never above Bonferroni's and takes correlation into account. With a t of few degrees of
//! freedom, c is moved to the t at the same tail probability, so that the band of one coefficient is its own interval.

use crate::math::rng::Stream;
use crate::math::{Mat, dist, linalg};
use crate::{Error, Kind, Result};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Draws of the maximum: the quantile is then known to about two digits after the point.
pub const DRAWS: usize = 100_000;

/// One interval of a band.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Band {
    /// The coefficient.
    pub name: String,
    /// Estimate.
    pub estimate: f64,
    /// Lower bound.
    pub conf_low: f64,
    /// Upper bound.
    pub conf_high: f64,
}

/// A simultaneous band.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Bands {
    /// Probability that all intervals cover at once.
    pub level: f64,
    /// Multiple of the standard errors.
    pub critical: f64,
    /// That of one coefficient alone.
    pub pointwise: f64,
    /// The intervals.
    pub coefficients: Vec<Band>,
}

/// 1 - α quantile of max_j |Z_j| for Z ~ N(0, R), R the correlations of `V` (k × k).
pub fn sup_t(V: &Mat<f64>, level: f64, draws: usize, seed: u64) -> Result<f64> {
    let k = V.nrows();
    let se: Vec<f64> = (0..k).map(|j| V[(j, j)].sqrt()).collect();
    if k == 0 || se.iter().any(|s| !(s.is_finite() && *s > 0.0)) {
        return Err(Error::new(Kind::Singular { what: "the covariance of the coefficients of a band".into() }));
    }
    let (values, U) = linalg::symmetric_eigen(&Mat::from_fn(k, k, |i, j| V[(i, j)] / (se[i] * se[j])))?;
    // A root of R: rank below k (few clusters) is no obstacle.
    let root = Mat::from_fn(k, k, |i, j| U[(i, j)] * values[j].max(0.0).sqrt());
    let mut largest: Vec<f64> = (0..draws as u64)
        .into_par_iter()
        .map(|draw| {
            let mut stream = Stream::new(seed, draw);
            let z: Vec<f64> = (0..k).map(|_| stream.normal()).collect();
            (0..k).fold(0.0, |m: f64, i| m.max((0..k).map(|j| root[(i, j)] * z[j]).sum::<f64>().abs()))
        })
        .collect();
    largest.sort_by(f64::total_cmp);
    Ok(crate::math::quantile::quantile(&largest, level, crate::math::quantile::QuantileType::Stata))
}

/// The band of the coefficients at `positions`, V their fit's covariance and `df` its degrees of freedom of t.
pub fn bands(names: &[String], coef: &[f64], V: &Mat<f64>, df: f64, positions: &[usize], seed: u64) -> Result<Bands> {
    let level = 0.95;
    let part = Mat::from_fn(positions.len(), positions.len(), |i, j| V[(positions[i], positions[j])]);
    let pointwise = dist::t_quantile(0.5 + 0.5 * level, df);
    let critical = match positions.len() {
        1 => pointwise,
        _ => {
            let normal = sup_t(&part, level, DRAWS, seed)?;
            dist::t_quantile(1.0 - 0.5 * dist::normal_p(normal), df)
        }
    };
    let band = |&j: &usize| {
        let half = critical * V[(j, j)].sqrt();
        Band { name: names[j].clone(), estimate: coef[j], conf_low: coef[j] - half, conf_high: coef[j] + half }
    };
    Ok(Bands { level, critical, pointwise, coefficients: positions.iter().map(band).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn independent_and_identical_coefficients() {
        // Independent: P(max ≤ c) = (2Φ(c) - 1)^k. Identical: one coefficient.
        let c = sup_t(&Mat::identity(5, 5), 0.95, DRAWS, 1).unwrap();
        let want = dist::normal_quantile(0.5 + 0.5 * 0.95f64.powf(0.2));
        assert!((c - want).abs() < 0.02, "{c} {want}");
        let c = sup_t(&Mat::from_fn(4, 4, |_, _| 1.0), 0.95, DRAWS, 1).unwrap();
        assert!((c - 1.959964).abs() < 0.02, "{c}");
        // Units do not matter.
        let V = Mat::from_fn(2, 2, |i, j| [[4.0, 1.0], [1.0, 9.0]][i][j]);
        let W = Mat::from_fn(2, 2, |i, j| V[(i, j)] * [1e6, 1e-6][i] * [1e6, 1e-6][j]);
        assert!((sup_t(&V, 0.95, 1000, 3).unwrap() - sup_t(&W, 0.95, 1000, 3).unwrap()).abs() < 1e-9);
    }
}
