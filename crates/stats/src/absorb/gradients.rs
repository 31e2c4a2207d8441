//! Preconditioned conjugate gradients for the levels that are too many to factorize.
//!
//! The system is the Schur complement of the eliminated effect *and* of the small effects, whose block is dense and
//! solved exactly, so that the iteration sees the one large effect that is left. Its operator works on cells, not
//! on observations. K columns share each pass over the cells; every column has its own step lengths and stops on
//! its own, so that its bits do not depend on its company.

use super::cells::Cells;
use crate::math::rng::Stream;
use crate::math::sparse::Symmetric;

/// When to stop.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stop {
    /// Relative residual.
    pub tolerance: f64,
    /// Steps at most.
    pub steps: usize,
}

/// For a column; a refinement round goes on from there.
pub(super) const COLUMN: Stop = Stop { tolerance: 1e-11, steps: 20_000 };

/// For a trial, which tells whether the iteration is fast.
const TRIAL: Stop = Stop { tolerance: 1e-6, steps: 60 };

/// Residuals below this fraction of the column's norm are its rounding.
const FLOOR: f64 = 2e-16;

/// S of the large effects, not formed unless it is the cheaper way to multiply.
#[derive(Debug, Clone)]
pub(super) enum Operator {
    Cells {
        eliminated: Cells,
        mass_of_eliminated: Vec<f64>,
        /// First row, cells and first column of each pair of large effects.
        cross: Vec<(usize, Cells, usize)>,
        mass: Vec<f64>,
    },
    Formed(Symmetric),
}

impl Operator {
    /// `out` = S x.
    pub(super) fn product<const K: usize>(&self, x: &[[f64; K]], out: &mut [[f64; K]]) {
        match self {
            Operator::Formed(S) => {
                out.fill([0.0; K]);
                S.add_product(x, out);
            }
            Operator::Cells { eliminated, mass_of_eliminated, cross, mass } => {
                out.iter_mut().zip(x).zip(mass).for_each(|((o, x), m)| *o = x.map(|x| x * m));
                cross.iter().for_each(|(row, cells, column)| cells.add_both(*row, *column, x, out));
                eliminated.subtract_projected(mass_of_eliminated, x, out);
            }
        }
    }

    /// About the diagonal of S: exact unless equal cells were left apart.
    pub(super) fn diagonal(&self) -> Vec<f64> {
        match self {
            Operator::Formed(S) => {
                let of = |j: usize| (S.start[j]..S.start[j + 1]).find(|&e| S.row[e] as usize == j);
                (0..S.size()).map(|j| of(j).map_or(0.0, |e| S.value[e])).collect()
            }
            Operator::Cells { eliminated, mass_of_eliminated, mass, .. } => {
                let mut diagonal = mass.clone();
                for g in 0..eliminated.len() {
                    for e in eliminated.of(g) {
                        for r in 0..eliminated.width {
                            let inverse = super::effect::reciprocal(mass_of_eliminated[g * eliminated.width + r]);
                            diagonal[eliminated.column[e] as usize] -= eliminated.at(e, r).powi(2) * inverse;
                        }
                    }
                }
                diagonal
            }
        }
    }
}

/// Whether a trial on a random system does not end in a few dozen steps.
pub(super) fn slow(operator: &Operator, inverse: &[f64]) -> bool {
    let mut stream = Stream::new(62, 0);
    let x: Vec<[f64; 1]> = inverse.iter().map(|_| [stream.normal()]).collect();
    let mut b = vec![[0.0]; x.len()];
    operator.product(&x, &mut b);
    solve(|x, out| operator.product(x, out), inverse, &mut b, [0.0], TRIAL) == [TRIAL.steps]
}

/// Overwrites `b` (p × K, consistent up to rounding) with solutions of A x = b; gives the steps that each took.
///
/// `inverse` is the preconditioner, zero where an unknown is null. Whether the solution is good enough is for the
/// certificate of the column to say. `size` is the norm of each column: residuals below its rounding lie in the null
/// space and cannot be reduced.
pub(super) fn solve<const K: usize>(
    mut product: impl FnMut(&[[f64; K]], &mut [[f64; K]]),
    inverse: &[f64],
    b: &mut [[f64; K]],
    size: [f64; K],
    stop: Stop,
) -> [usize; K] {
    let mut r = b.to_vec();
    b.fill([0.0; K]);
    let mut z: Vec<[f64; K]> = r.iter().zip(inverse).map(|(r, d)| r.map(|r| r * d)).collect();
    let mut p = z.clone();
    let mut Ap = vec![[0.0; K]; b.len()];
    let mut rz = inner(&r, &z);
    let target: [f64; K] = std::array::from_fn(|q| (stop.tolerance.powi(2) * rz[q]).max((FLOOR * size[q]).powi(2)));
    let mut active: [bool; K] = std::array::from_fn(|q| rz[q] > target[q]);
    let mut steps = [0; K];
    for _ in 0..stop.steps {
        if !active.contains(&true) {
            break;
        }
        product(&p, &mut Ap);
        let curvature = inner(&p, &Ap);
        let mut length = [0.0; K];
        for q in 0..K {
            // Without curvature only the null space is left.
            active[q] &= curvature[q] > 0.0;
            length[q] = if active[q] { rz[q] / curvature[q] } else { 0.0 };
        }
        for j in 0..b.len() {
            for q in 0..K {
                b[j][q] += length[q] * p[j][q];
                r[j][q] -= length[q] * Ap[j][q];
                z[j][q] = r[j][q] * inverse[j];
            }
        }
        let next = inner(&r, &z);
        let mut turn = [0.0; K];
        for q in 0..K {
            if active[q] {
                steps[q] += 1;
                turn[q] = next[q] / rz[q];
                rz[q] = next[q];
                active[q] = rz[q] > target[q];
            }
        }
        for (p, z) in p.iter_mut().zip(&z) {
            (0..K).for_each(|q| p[q] = if active[q] { z[q] + turn[q] * p[q] } else { 0.0 });
        }
    }
    steps
}

fn inner<const K: usize>(x: &[[f64; K]], y: &[[f64; K]]) -> [f64; K] {
    let mut sum = [0.0; K];
    x.iter().zip(y).for_each(|(x, y)| (0..K).for_each(|q| sum[q] += x[q] * y[q]));
    sum
}
