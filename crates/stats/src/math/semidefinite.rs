//! LDL' of a positive semidefinite matrix, dropping null pivots: exact solutions of consistent singular systems.
//!
//! The systems that fixed effects give are singular by construction (each connected component of the
//! effects leaves one free constant). In exact arithmetic a null pivot means that its whole column of the
//! remaining Schur complement is null, so the unknown may be set to zero and left out; the number of pivots
//! that remain is the rank.

use super::Mat;
use faer::linalg::matmul::triangular::{self, BlockStructure};
use faer::{Accum, Par};
use rayon::prelude::*;

/// Columns factorized before the rest of the matrix is updated at once.
const BLOCK: usize = 48;

/// The factorization A = L D L' with unit lower-triangular L and null pivots left out.
#[derive(Debug, Clone)]
pub struct Semidefinite {
    L: Mat<f64>,
    d: Vec<f64>,
    rank: usize,
    /// The smallest pivot that was kept, as a fraction of its scale.
    margin: f64,
}

impl Semidefinite {
    /// Factorizes `A` (p × p, its lower triangle is read).
    ///
    /// A pivot is null when it is at most `tolerance` times its entry of `scale`, the size that the pivot
    /// had before anything was eliminated, so that units do not matter.
    pub fn new(mut A: Mat<f64>, scale: &[f64], tolerance: f64) -> Self {
        let p = A.nrows();
        let mut d = vec![0.0; p];
        let (mut rank, mut margin) = (0, f64::INFINITY);
        for from in (0..p).step_by(BLOCK) {
            let to = (from + BLOCK).min(p);
            for j in from..to {
                let pivot = A[(j, j)];
                let keep = pivot > tolerance * scale[j] && pivot > 0.0;
                if keep {
                    d[j] = pivot;
                    rank += 1;
                    margin = margin.min(pivot / scale[j]);
                }
                for i in j + 1..p {
                    A[(i, j)] = if keep { A[(i, j)] / pivot } else { 0.0 };
                }
                if keep {
                    let column = A.col_as_slice(j).to_vec();
                    for k in j + 1..to {
                        let times = column[k] * pivot;
                        for (a, l) in A.col_as_slice_mut(k)[k..].iter_mut().zip(&column[k..]) {
                            *a -= times * l;
                        }
                    }
                }
            }
            if to < p {
                let L21 = Mat::from_fn(p - to, to - from, |i, j| A[(to + i, from + j)]);
                let DL21 = Mat::from_fn(to - from, p - to, |j, i| d[from + j] * L21[(i, j)]);
                triangular::matmul(
                    A.submatrix_mut(to, to, p - to, p - to),
                    BlockStructure::TriangularLower,
                    Accum::Add,
                    &L21,
                    BlockStructure::Rectangular,
                    &DL21,
                    BlockStructure::Rectangular,
                    -1.0,
                    Par::Seq, // the same bits on any number of threads
                );
            }
        }
        Semidefinite { L: A, d, rank, margin }
    }

    /// Rows and columns.
    pub fn size(&self) -> usize {
        self.d.len()
    }

    /// Pivots that are not null.
    pub fn rank(&self) -> usize {
        self.rank
    }

    /// The smallest pivot that was kept, as a fraction of its scale: near the tolerance, the rank is in doubt.
    pub fn margin(&self) -> f64 {
        self.margin
    }

    /// A symmetric generalized inverse: that of the rows and columns whose pivots are not null, zero elsewhere.
    pub fn inverse(&self) -> Mat<f64> {
        const K: usize = 8;
        let p = self.d.len();
        let blocks: Vec<Vec<[f64; K]>> = (0..p.div_ceil(K))
            .into_par_iter()
            .map(|block| {
                let mut columns = vec![[0.0; K]; p];
                let own = block * K..p.min((block + 1) * K);
                own.filter(|&j| self.d[j] > 0.0).for_each(|j| columns[j][j % K] = 1.0);
                self.solve(&mut columns);
                columns
            })
            .collect();
        Mat::from_fn(p, p, |i, j| blocks[j / K][i][j % K])
    }

    /// Overwrites `b` (p × K, each column in the range of A) with a solution of A x = b; unknowns of null pivots are
    /// zero.
    pub fn solve<const K: usize>(&self, b: &mut [[f64; K]]) {
        let p = self.d.len();
        for j in 0..p {
            if self.d[j] <= 0.0 {
                b[j] = [0.0; K];
            }
            let bj = b[j];
            if bj != [0.0; K] {
                for (x, l) in b[j + 1..].iter_mut().zip(&self.L.col_as_slice(j)[j + 1..]) {
                    (0..K).for_each(|q| x[q] -= bj[q] * l);
                }
            }
        }
        for j in (0..p).rev().filter(|&j| self.d[j] > 0.0) {
            let mut below = [0.0; K];
            for (x, l) in b[j + 1..].iter().zip(&self.L.col_as_slice(j)[j + 1..]) {
                (0..K).for_each(|q| below[q] += l * x[q]);
            }
            (0..K).for_each(|q| b[j][q] = b[j][q] / self.d[j] - below[q]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn laplacian_of_two_long_chains() {
        // Two paths of 60 nodes: rank 118; larger than a block, so the blocked update is used.
        let p = 120;
        let mut A = Mat::<f64>::zeros(p, p);
        for i in (0..p - 1).filter(|&i| i != 59) {
            A[(i, i)] += 1.0;
            A[(i + 1, i + 1)] += 1.0;
            A[(i + 1, i)] -= 1.0;
            A[(i, i + 1)] -= 1.0;
        }
        let scale: Vec<f64> = (0..p).map(|i| A[(i, i)]).collect();
        let f = Semidefinite::new(A.clone(), &scale, 1e-11);
        assert_eq!(f.rank(), 118);
        let x: Vec<f64> = (0..p).map(|i| (i as f64 * 0.7).sin()).collect();
        let mut b: Vec<[f64; 1]> = (0..p).map(|i| [(0..p).map(|j| A[(i, j)] * x[j]).sum()]).collect();
        let want = b.clone();
        f.solve(&mut b);
        let C = f.inverse();
        for i in 0..p {
            let got: f64 = (0..p).map(|j| A[(i, j)] * b[j][0]).sum();
            assert!((got - want[i][0]).abs() < 1e-11, "row {i}: {got} {}", want[i][0]);
            let by_inverse: f64 = (0..p).map(|j| C[(i, j)] * want[j][0]).sum();
            assert!((by_inverse - b[i][0]).abs() < 1e-10, "row {i}: {by_inverse} {}", b[i][0]);
        }
    }
}
