//! X = Q R of full column rank: coordinates in which a problem that is linear in X is well scaled.
//!
//! Gram-Schmidt with reorthogonalization. A column of which the earlier ones leave less than [`SPANNED`] of its norm
//! is left out and listed.
//!
//! ```
//! use plim_stats::math::orthonormal::Orthonormal;
//! let basis = Orthonormal::new(&[vec![1.0, 1.0, 1.0], vec![2.0, 2.0, 2.0], vec![0.0, 1.0, 2.0]]);
//! assert_eq!(basis.kept, [0, 2]);
//! ```

use super::Mat;

/// A column is spanned by the earlier ones when they leave at most this part of its norm.
pub const SPANNED: f64 = 1e-10;

/// X = Q R of the kept columns.
#[derive(Debug, Clone)]
pub struct Orthonormal {
    /// Positions of the kept columns, ascending.
    pub kept: Vec<usize>,
    /// Orthonormal columns, each n.
    pub Q: Vec<Vec<f64>>,
    /// R⁻¹, k × k, upper triangle: b of X b = Q c is R⁻¹ c.
    pub R_inverse: Mat<f64>,
}

/// a'b in eight partial sums, which the machine adds side by side.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    let (chunks_a, chunks_b) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f64 = chunks_a.remainder().iter().zip(chunks_b.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in chunks_a.zip(chunks_b) {
        (0..8).for_each(|l| sums[l] += x[l] * y[l]);
    }
    sums.iter().sum::<f64>() + rest
}

/// Σ_j c_j column_j, n.
pub(crate) fn combine(columns: &[Vec<f64>], c: &[f64]) -> Vec<f64> {
    let mut sum = vec![0.0; columns.first().map_or(0, Vec::len)];
    for (column, c) in columns.iter().zip(c) {
        sum.iter_mut().zip(column).for_each(|(s, v)| *s += c * v);
    }
    sum
}

impl Orthonormal {
    /// Orthogonalizes columns (each n), in order.
    pub fn new(columns: &[Vec<f64>]) -> Self {
        let mut out = Orthonormal { kept: Vec::new(), Q: Vec::new(), R_inverse: Mat::new() };
        let mut R: Vec<Vec<f64>> = Vec::new();
        for (j, x) in columns.iter().enumerate() {
            let size = dot(x, x).sqrt();
            let mut q = x.clone();
            let mut r = out.project(&mut q);
            let left = dot(&q, &q).sqrt();
            if left.is_nan() || left <= SPANNED * size {
                continue;
            }
            q.iter_mut().for_each(|q| *q /= left);
            r.push(left);
            out.kept.push(j);
            out.Q.push(q);
            R.push(r);
        }
        let k = R.len();
        let mut inverse = Mat::<f64>::zeros(k, k);
        for j in 0..k {
            inverse[(j, j)] = 1.0 / R[j][j];
            for i in (0..j).rev() {
                let above: f64 = (i + 1..=j).map(|l| R[l][i] * inverse[(l, j)]).sum();
                inverse[(i, j)] = -above / R[i][i];
            }
        }
        out.R_inverse = inverse;
        out
    }

    /// Takes the columns out of `v` (n) and gives their coefficients Q'v (k).
    pub fn project(&self, v: &mut [f64]) -> Vec<f64> {
        let mut total = vec![0.0; self.Q.len()];
        for _ in 0..2 {
            for (q, total) in self.Q.iter().zip(&mut total) {
                let r = dot(q, v);
                v.iter_mut().zip(q).for_each(|(v, q)| *v -= r * q);
                *total += r;
            }
        }
        total
    }

    /// R⁻¹ c.
    pub fn coefficients(&self, c: &[f64]) -> Vec<f64> {
        (0..c.len()).map(|i| (i..c.len()).map(|j| self.R_inverse[(i, j)] * c[j]).sum()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coefficients_solve_least_squares() {
        // y = 3 + 2 x on a column with a large mean.
        let x: Vec<f64> = (0..9).map(|i| 1e5 + (i * i) as f64).collect();
        let y: Vec<f64> = x.iter().map(|x| 3.0 + 2.0 * x).collect();
        let basis = Orthonormal::new(&[vec![1.0; 9], x]);
        let mut v = y.clone();
        let b = basis.coefficients(&basis.project(&mut v));
        assert!((b[1] - 2.0).abs() < 1e-10 && (b[0] - 3.0).abs() < 1e-5, "{b:?}");
        assert!(v.iter().all(|v| v.abs() < 1e-9));
    }
}
