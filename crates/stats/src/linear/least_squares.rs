//! Least squares on columns that are off the fixed effects already, and the verdict on collinearity.
//!
//! X = Q R by Gram-Schmidt with reorthogonalization ("twice is enough", Giraud, Langou, Rozložník and van den
//! Eshof 2005): as accurate as Householder, and while it runs it shows each regressor off the earlier ones,
//! which is what the verdict needs. One refinement of the coefficients follows.

use crate::math::Mat;

/// A regressor is collinear when absorbing the effects, or projecting on the regressors before it, leaves at
/// most this fraction of its sum of squares about the mean. The solver is exact to about 1e-15 in the norm,
/// 1e-30 in squares, so that a true dependence falls far below and a poor but honest regressor stays above.
pub const COLLINEAR: f64 = 1e-10;

/// Why a regressor left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The fixed effects span it.
    Absorbed,
    /// Earlier regressors (with the effects) span it.
    Collinear,
}

/// X = Q R of the kept columns.
#[derive(Debug, Clone)]
pub struct Orthogonal {
    /// Positions of the kept columns, ascending.
    pub kept: Vec<usize>,
    /// Positions and reasons of the others, ascending.
    pub dropped: Vec<(usize, Reason)>,
    /// Orthonormal columns, each n.
    Q: Vec<Vec<f64>>,
    /// Upper triangle, k × k.
    R: Mat<f64>,
}

pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

impl Orthogonal {
    /// Orthogonalizes `columns` (k of n, weighted by √w, off the effects); `before[j]` is the sum of squares of
    /// column j about its mean before it was absorbed.
    pub fn new(columns: &[Vec<f64>], before: &[f64]) -> Self {
        let k = columns.len();
        let mut R = Mat::<f64>::zeros(k, k);
        let mut Q: Vec<Vec<f64>> = Vec::new();
        let (mut kept, mut dropped) = (Vec::new(), Vec::new());
        for (j, x) in columns.iter().enumerate() {
            let absorbed = dot(x, x);
            if absorbed <= COLLINEAR * before[j] {
                dropped.push((j, Reason::Absorbed));
                continue;
            }
            let mut q = x.clone();
            for _ in 0..2 {
                for (i, e) in Q.iter().enumerate() {
                    let r = dot(e, &q);
                    R[(i, kept.len())] += r;
                    q.iter_mut().zip(e).for_each(|(q, e)| *q -= r * e);
                }
            }
            let left = dot(&q, &q);
            // Without effects the columns come with their means, and only the part about the mean counts.
            if left <= COLLINEAR * absorbed.min(before[j]) {
                dropped.push((j, Reason::Collinear));
                (0..Q.len()).for_each(|i| R[(i, kept.len())] = 0.0);
                continue;
            }
            let norm = left.sqrt();
            q.iter_mut().for_each(|q| *q /= norm);
            R[(kept.len(), kept.len())] = norm;
            kept.push(j);
            Q.push(q);
        }
        let R = R.submatrix(0, 0, kept.len(), kept.len()).to_owned();
        Orthogonal { kept, dropped, Q, R }
    }

    /// Coefficients (kept) and residual of `y` (n) on the kept of `columns`, the same that made this.
    pub fn solve(&self, columns: &[Vec<f64>], y: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let mut b = vec![0.0; self.kept.len()];
        let mut u = y.to_vec();
        for _ in 0..2 {
            let step = self.back(&self.Q.iter().map(|q| dot(q, &u)).collect::<Vec<_>>());
            b.iter_mut().zip(&step).for_each(|(b, s)| *b += s);
            u.copy_from_slice(y);
            for (&j, b) in self.kept.iter().zip(&b) {
                u.iter_mut().zip(&columns[j]).for_each(|(u, x)| *u -= b * x);
            }
        }
        (b, u)
    }

    /// Orthonormal columns that span the kept ones, in their order, each n.
    pub(crate) fn basis(&self) -> &[Vec<f64>] {
        &self.Q
    }

    /// Takes the kept columns out of `v` (n).
    pub fn residual(&self, v: &mut [f64]) {
        for _ in 0..2 {
            for q in &self.Q {
                let r = dot(q, v);
                v.iter_mut().zip(q).for_each(|(v, q)| *v -= r * q);
            }
        }
    }

    /// R⁻¹ c.
    fn back(&self, c: &[f64]) -> Vec<f64> {
        let k = c.len();
        let mut x = c.to_vec();
        for i in (0..k).rev() {
            let above: f64 = (i + 1..k).map(|j| self.R[(i, j)] * x[j]).sum();
            x[i] = (x[i] - above) / self.R[(i, i)];
        }
        x
    }

    /// (X'X)⁻¹ = R⁻¹ R⁻¹', k × k.
    pub fn inverse_gram(&self) -> Mat<f64> {
        let k = self.kept.len();
        let columns: Vec<Vec<f64>> =
            (0..k).map(|j| self.back(&(0..k).map(|i| f64::from(u8::from(i == j))).collect::<Vec<_>>())).collect();
        Mat::from_fn(k, k, |i, j| columns[i.max(j)..].iter().map(|c| c[i] * c[j]).sum())
    }
}
