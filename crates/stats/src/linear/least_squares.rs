//! Orthonormal columns in place of regressors that are off the fixed effects already, and the verdict on collinearity.
//!
//! X = Q R by Gram-Schmidt with reorthogonalization ("twice is enough", Giraud, Langou, Rozložník and van den
//! Eshof 2005): as accurate as Householder, and while it runs it shows each regressor off the earlier ones,
//! which is what the verdict needs. One refinement of the coefficients follows. [`super::moments`] has the coefficients
//! without Q.
//!
//! # The verdict
//!
//! Each value of a column carries a rounding of half a unit in its last place, so that x₃ = x₁ + x₂ as a file holds it
//! is off the plane of the others by about 1e-16 of its norm; what a column has beyond that is honest, however small.
//! Column j is spanned by the kept ones before it when
//!
//! ```text
//! ‖x_j - Σ bᵢxᵢ‖ ≤ C ε (‖x_j‖ + Σ |bᵢ| ‖xᵢ‖)
//! ```
//!
//! with the norms that the columns had before the effects were taken out of them and before projection. Units drop
//! out; a large mean or a cancellation among large terms counts as the rounding that it brings; and since true
//! dependences stand at ε and honest regressors far above Cε, the number of columns that leave does not depend on
//! their order. Of a dependent set the later ones leave.

use crate::math::Mat;

/// C ε of the verdict: 64 units of half a last place. The rounding of a column itself is one of them, absorbing the
/// effects and the projections some more; the tenth power of the NIST set Filip, the poorest honest regressor known,
/// is more than 10,000 times above.
pub const ROUNDING: f64 = 64.0 * 1.110_223_024_625_156_5e-16;

/// The verdict in squares, for a column alone.
pub const COLLINEAR: f64 = ROUNDING * ROUNDING;

/// Why a regressor left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The fixed effects span it.
    Absorbed,
    /// Earlier regressors (with the effects) span it.
    Collinear,
    /// It is zero in every observation.
    Zero,
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

pub(crate) use super::moments::dot;

impl Orthogonal {
    /// Orthogonalizes `columns` (k of n, weighted by √w, off the effects); `before[j]` is the sum of squares of
    /// column j before it was absorbed, zero for one that is known to be independent.
    pub fn new(columns: &[Vec<f64>], before: &[f64]) -> Self {
        let k = columns.len();
        let mut basis = Orthogonal { kept: Vec::new(), dropped: Vec::new(), Q: Vec::new(), R: Mat::<f64>::zeros(k, k) };
        for (j, x) in columns.iter().enumerate() {
            let left = dot(x, x);
            if left <= COLLINEAR * before[j] {
                basis.dropped.push((j, if before[j] > 0.0 { Reason::Absorbed } else { Reason::Zero }));
                continue;
            }
            let at = basis.kept.len();
            let mut q = x.clone();
            for _ in 0..2 {
                for (i, e) in basis.Q.iter().enumerate() {
                    let r = dot(e, &q);
                    basis.R[(i, at)] += r;
                    q.iter_mut().zip(e).for_each(|(q, e)| *q -= r * e);
                }
            }
            let b = basis.back(&(0..at).map(|i| basis.R[(i, at)]).collect::<Vec<_>>());
            let all =
                before[j].sqrt() + basis.kept.iter().zip(&b).map(|(&i, b)| b.abs() * before[i].sqrt()).sum::<f64>();
            let norm = dot(&q, &q).sqrt();
            if norm <= ROUNDING * all {
                basis.dropped.push((j, Reason::Collinear));
                (0..at).for_each(|i| basis.R[(i, at)] = 0.0);
                continue;
            }
            q.iter_mut().for_each(|q| *q /= norm);
            basis.R[(at, at)] = norm;
            basis.kept.push(j);
            basis.Q.push(q);
        }
        let kept = basis.kept.len();
        basis.R = basis.R.submatrix(0, 0, kept, kept).to_owned();
        basis
    }

    /// Orthogonalizes columns that passed the verdict before.
    pub fn of(columns: &[Vec<f64>]) -> Self {
        Orthogonal::new(columns, &columns.iter().map(|x| dot(x, x)).collect::<Vec<_>>())
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
