//! Inverses of weighting matrices, which instruments that repeat each other make singular.

use crate::Result;
use crate::math::{Mat, linalg};

/// Eigenvalues below this fraction of the largest count as zero.
const RANK: f64 = 1e-12;

/// Inverse of a positive semidefinite matrix (l × l) and its rank; a generalized inverse when the rank is below l.
///
/// The matrix is scaled to unit diagonal first, so that the units of the instruments do not matter; a row of zeros
/// stays one.
pub(super) fn inverse(A: &Mat<f64>) -> Result<(Mat<f64>, usize)> {
    let l = A.nrows();
    let s: Vec<f64> = (0..l).map(|j| if A[(j, j)] > 0.0 { A[(j, j)].sqrt().recip() } else { 0.0 }).collect();
    let (values, U) = linalg::symmetric_eigen(&Mat::from_fn(l, l, |i, j| A[(i, j)] * s[i] * s[j]))?;
    let cut = RANK * values.first().copied().unwrap_or(0.0);
    let rank = values.iter().filter(|&&v| v > cut).count();
    // U diag(1/√λ): its product with its own transpose is symmetric to the bit.
    let root = Mat::from_fn(l, rank, |i, j| s[i] * U[(i, j)] / values[j].sqrt());
    Ok((&root * root.transpose(), rank))
}
