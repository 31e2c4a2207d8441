//! Weights from rotated factors: squared loadings within each factor, factors by their variance.
//!
//! Principal components of the correlations, l_jm = √λ_m v_jm, are rotated by varimax (Kaiser 1958, rows normalized),
//! which gives loadings a_jm. An indicator belongs to the factor on which its squared loading is largest, and
//!
//! ```text
//! E_m = Σ_j a_jm²                                      variance that factor m explains
//! w_j ∝ (a_jm² / E_m) (E_m / Σ_m E_m),  m = m(j)       which is a_jm² over all that is explained
//! ```
//!
//! so that correlated indicators share the weight of their factor and are not counted twice. Nicoletti, Scarpetta and
//! Boylaud (2000), OECD Economics Department Working Paper 226; OECD and JRC (2008), Handbook on Constructing Composite
//! Indicators, section 6.1, which prints the steps with the same numbers.

use super::pca::{Components, pca, sign};
use super::{Indicators, to_sum_one};
use crate::Result;
use crate::math::Mat;
use crate::{Error, Kind};

/// Rotated factors and the weights they give.
#[derive(Debug, Clone, PartialEq)]
pub struct Factors {
    /// Weights, k.
    pub weights: Vec<f64>,
    /// Rotated loadings, k × m.
    pub loadings: Mat<f64>,
    /// The factor of each indicator, k.
    pub belongs: Vec<usize>,
    /// Variance that each factor explains, m.
    pub explained: Vec<f64>,
}

/// Factor weights; `rule` says how many factors are rotated.
pub fn factor(of: &Indicators, rule: Components) -> Result<Factors> {
    let found = pca(of, rule)?;
    let (k, m) = (of.count(), found.kept);
    let mut loadings = Mat::from_fn(k, m, |j, c| found.eigenvalues[c].max(0.0).sqrt() * found.vectors[(j, c)]);
    varimax(&mut loadings)?;
    for c in 0..m {
        if sign(&(0..k).map(|j| loadings[(j, c)]).collect::<Vec<_>>()) < 0.0 {
            (0..k).for_each(|j| loadings[(j, c)] = -loadings[(j, c)]);
        }
    }
    let square = |j: usize, c: usize| loadings[(j, c)].powi(2);
    let belongs: Vec<usize> =
        (0..k).map(|j| (1..m).fold(0, |best, c| if square(j, c) > square(j, best) { c } else { best })).collect();
    let explained = (0..m).map(|c| (0..k).map(|j| square(j, c)).sum()).collect();
    let weights = to_sum_one((0..k).map(|j| square(j, belongs[j])).collect())?;
    Ok(Factors { weights, loadings, belongs, explained })
}

/// Most sweeps over all pairs of factors; a dozen is usual.
const SWEEPS: usize = 500;

/// Rotates the loadings in place by pairs of columns, each by the angle that maximizes the variance of the squared
/// loadings after the rows are brought to length one.
fn varimax(L: &mut Mat<f64>) -> Result<()> {
    let (k, m) = (L.nrows(), L.ncols());
    if m < 2 {
        return Ok(());
    }
    let length: Vec<f64> = (0..k).map(|j| (0..m).map(|c| L[(j, c)].powi(2)).sum::<f64>().sqrt()).collect();
    let mut reached = f64::INFINITY;
    for _ in 0..SWEEPS {
        reached = 0.0;
        for a in 0..m {
            for b in a + 1..m {
                let (mut u1, mut v1, mut uv, mut u2v2) = (0.0, 0.0, 0.0, 0.0);
                for j in (0..k).filter(|&j| length[j] > 0.0) {
                    let (x, y) = (L[(j, a)] / length[j], L[(j, b)] / length[j]);
                    let (u, v) = (x * x - y * y, 2.0 * x * y);
                    (u1, v1, uv, u2v2) = (u1 + u, v1 + v, uv + 2.0 * u * v, u2v2 + u * u - v * v);
                }
                let n = k as f64;
                let angle = (uv - 2.0 * u1 * v1 / n).atan2(u2v2 - (u1 * u1 - v1 * v1) / n) / 4.0;
                reached = f64::max(reached, angle.abs());
                let (s, c) = angle.sin_cos();
                for j in 0..k {
                    let (x, y) = (L[(j, a)], L[(j, b)]);
                    (L[(j, a)], L[(j, b)]) = (c * x + s * y, c * y - s * x);
                }
            }
        }
        if reached < 1e-12 {
            return Ok(());
        }
    }
    let what = "the varimax rotation".into();
    Err(Error::new(Kind::NotConverged { what, iterations: SWEEPS, reached, wanted: 1e-12 }))
}
