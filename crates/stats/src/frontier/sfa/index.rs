//! A linear index z'θ of the rows: the frontier itself, the logarithm of a variance, the mean of inefficiency.

use super::data::Columns;
use super::dot;
use crate::math::{Mat, linalg::spd_inverse};
use crate::{Error, Kind, Result};
use std::sync::Arc;

/// A standardized column with less of its variance left, given the others, is collinear.
const COLLINEAR: f64 = 1e-11;

/// Columns of a linear index, centered (where there is a constant) and scaled, so that all θ are of order one.
#[derive(Debug, Clone)]
pub(super) struct Index {
    /// n × k, row by row; one row when the constant is all there is. Copies of an index share them.
    rows: Arc<[f64]>,
    pub(super) k: usize,
    /// Whether the first column is the constant.
    pub(super) constant: bool,
    alone: bool,
    mean: Vec<f64>,
    sd: Vec<f64>,
    pub(super) names: Vec<String>,
}

impl Index {
    /// The constant alone.
    pub(super) fn scalar(name: &str) -> Self {
        let names = vec![name.to_string()];
        Index { rows: Arc::new([1.0]), k: 1, constant: true, alone: true, mean: vec![0.0], sd: vec![1.0], names }
    }

    /// Of these columns, the first of them the constant or none of them.
    pub(super) fn new(columns: &Columns) -> Result<Self> {
        let (X, names) = (&columns.X, columns.names.clone());
        let (n, k) = (X.nrows(), X.ncols());
        let constant = k > 0 && (0..n).all(|i| X[(i, 0)] == 1.0);
        if constant && k == 1 {
            return Ok(Index { names, ..Index::scalar("") });
        }
        let size = n as f64;
        let column = |j: usize| (0..n).map(move |i| X[(i, j)]);
        let mut mean: Vec<f64> = match constant {
            true => (0..k).map(|j| column(j).sum::<f64>() / size).collect(),
            false => vec![0.0; k],
        };
        let mut sd: Vec<f64> =
            (0..k).map(|j| (column(j).map(|x| (x - mean[j]).powi(2)).sum::<f64>() / size).sqrt()).collect();
        if constant {
            (mean[0], sd[0]) = (0.0, 1.0);
        }
        if let Some(j) = (0..k).find(|&j| sd[j] <= 1e-14 * mean[j].abs() || sd[j] == 0.0) {
            return Err(collinear(&names[j]));
        }
        let mut rows = Vec::with_capacity(n * k);
        for i in 0..n {
            rows.extend((0..k).map(|j| (X[(i, j)] - mean[j]) / sd[j]));
        }
        let index = Index { rows: rows.into(), k, constant, alone: false, mean, sd, names };
        index.independent()?;
        Ok(index)
    }

    /// Z'Z inverted, or which column the others make up.
    pub(super) fn independent(&self) -> Result<Mat<f64>> {
        let k = self.k;
        let mut ZtZ = Mat::<f64>::zeros(k, k);
        for z in self.rows.chunks_exact(k) {
            for a in 0..k {
                (0..k).for_each(|b| ZtZ[(a, b)] += z[a] * z[b]);
            }
        }
        let inverse = spd_inverse(&ZtZ, "X'X").map_err(|_| collinear(&self.names[k - 1]))?;
        // 1 / (A_jj A⁻¹_jj) is the part of a column's variance that the others leave.
        match (0..k).rev().find(|&j| 1.0 / (ZtZ[(j, j)] * inverse[(j, j)]) < COLLINEAR) {
            Some(j) => Err(collinear(&self.names[j])),
            None => Ok(inverse),
        }
    }

    /// Whether it is the same number in all rows.
    pub(super) fn is_scalar(&self) -> bool {
        self.alone
    }

    /// The standardized row z_i, k.
    pub(super) fn row(&self, i: usize) -> &[f64] {
        if self.alone { &self.rows } else { &self.rows[i * self.k..(i + 1) * self.k] }
    }

    /// z_i'θ.
    pub(super) fn at(&self, i: usize, theta: &[f64]) -> f64 {
        dot(self.row(i), theta)
    }

    /// θ whose index is `level` at the mean of the columns.
    pub(super) fn level(&self, level: f64) -> Vec<f64> {
        let mut theta = vec![0.0; self.k];
        if self.constant {
            theta[0] = level;
        }
        theta
    }

    /// Coefficients of the columns as they were given, k.
    pub(super) fn natural(&self, theta: &[f64]) -> Vec<f64> {
        let mut coef: Vec<f64> = (0..self.k).map(|j| theta[j] / self.sd[j]).collect();
        if self.constant {
            coef[0] -= (1..self.k).map(|j| coef[j] * self.mean[j]).sum::<f64>();
        }
        coef
    }

    /// The inverse of [`Index::natural`].
    pub(super) fn internal(&self, coef: &[f64]) -> Vec<f64> {
        let mut theta: Vec<f64> = (0..self.k).map(|j| coef[j] * self.sd[j]).collect();
        if self.constant {
            theta[0] += (1..self.k).map(|j| coef[j] * self.mean[j]).sum::<f64>();
        }
        theta
    }

    /// ∂ natural/∂θ', entry (i, j).
    pub(super) fn jacobian(&self, i: usize, j: usize) -> f64 {
        match (i, j) {
            (i, j) if i == j => 1.0 / self.sd[i],
            (0, j) if self.constant => -self.mean[j] / self.sd[j],
            _ => 0.0,
        }
    }
}

fn collinear(name: &str) -> Error {
    Error::new(Kind::Collinear { absorbed: false }).at_column(name)
}
