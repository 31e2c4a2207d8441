//! Small dense linear algebra in the words this crate uses.

use super::Mat;
use crate::{Error, Kind, Result};
use faer::Side;
use faer::prelude::Solve;

/// Inverse of a symmetric positive-definite matrix; `what` names it in the error.
///
/// The matrix is scaled to unit diagonal first, so that the units of the columns do not matter.
pub fn spd_inverse(A: &Mat<f64>, what: &str) -> Result<Mat<f64>> {
    let k = A.nrows();
    let singular = || Error::new(Kind::Singular { what: what.into() });
    let s: Vec<f64> = (0..k).map(|j| A[(j, j)].sqrt()).collect();
    if s.iter().any(|&v| !(v.is_finite() && v > 0.0)) {
        return Err(singular());
    }
    let scaled = Mat::from_fn(k, k, |i, j| A[(i, j)] / (s[i] * s[j]));
    let inverse = scaled.llt(Side::Lower).map_err(|_| singular())?.solve(Mat::<f64>::identity(k, k));
    Ok(Mat::from_fn(k, k, |i, j| 0.5 * (inverse[(i, j)] + inverse[(j, i)]) / (s[i] * s[j])))
}

/// Solution of A x = b for a square A, after rows are brought to largest entry one; `what` names A in the error.
pub fn solve(A: &Mat<f64>, b: &[f64], what: &str) -> Result<Vec<f64>> {
    let k = A.nrows();
    let singular = || Error::new(Kind::Singular { what: what.into() });
    let size: Vec<f64> = (0..k).map(|i| (0..k).map(|j| A[(i, j)].abs()).fold(0.0, f64::max)).collect();
    if size.iter().any(|&s| !(s.is_finite() && s > 0.0)) {
        return Err(singular());
    }
    let scaled = Mat::from_fn(k, k, |i, j| A[(i, j)] / size[i]);
    let lu = scaled.full_piv_lu();
    let pivot = |i: usize| lu.U()[(i, i)].abs();
    // With full pivoting the last pivot over the first tells the rank.
    if (0..k).map(pivot).fold(f64::INFINITY, f64::min) <= 1e-13 * (0..k).map(pivot).fold(0.0, f64::max) {
        return Err(singular());
    }
    let x = lu.solve(Mat::from_fn(k, 1, |i, _| b[i] / size[i]));
    Ok((0..k).map(|i| x[(i, 0)]).collect())
}

/// Eigenvalues (descending) and eigenvectors (columns, same order) of a symmetric matrix.
pub fn symmetric_eigen(A: &Mat<f64>) -> Result<(Vec<f64>, Mat<f64>)> {
    let k = A.nrows();
    let e = A.self_adjoint_eigen(Side::Lower).map_err(|_| {
        Error::new(Kind::NotConverged {
            what: "the eigenvalue iteration".into(),
            iterations: 0,
            reached: f64::NAN,
            wanted: 1e-15,
        })
    })?;
    let values = (0..k).rev().map(|j| e.S()[j]).collect();
    Ok((values, Mat::from_fn(k, k, |i, j| e.U()[(i, k - 1 - j)])))
}

/// Eigenvalues of a square matrix as (real, imaginary), in no order.
pub fn eigenvalues(A: &Mat<f64>) -> Result<Vec<[f64; 2]>> {
    let found = A.eigenvalues().map_err(|_| {
        Error::new(Kind::NotConverged {
            what: "the eigenvalue iteration".into(),
            iterations: 0,
            reached: f64::NAN,
            wanted: 1e-15,
        })
    })?;
    Ok(found.into_iter().map(|e| [e.re, e.im]).collect())
}
