//! The lowest frontier that lies nowhere below the group frontiers at the observations.
//!
//! ```text
//! linear       min Σ (x_i'β - g_i)     s.t.  x_i'β ≥ g_i        dual: max g'λ  s.t.  X'λ = X'1, λ ≥ 0
//! quadratic    min Σ (x_i'β - g_i)²    s.t.  x_i'β ≥ g_i        nearest point: X = QR, h_i = Q_i, d = g - QQ'g
//! ```
//!
//! g_i = x_i'β_j is the frontier of the group j of observation i. The linear program is solved in its dual, of k rows and
//! n columns: β are its prices, and λ = 1 is feasible. In the quadratic one β = R⁻¹(Q'g + w) with w the point nearest to
//! the origin where Q w ≥ d. Both carry a certificate from the data. Regressors are centered and scaled.

use crate::frontier::sfa::Columns;
use crate::math::least_distance::nearest;
use crate::math::lp::{self, Certificate, Program, Row, Sense, Variable, certify, solve};
use crate::math::orthonormal::Orthonormal;
use crate::{Error, Kind, Result};

/// A multiplier of the linear program below this share of the number of observations is zero.
const ZERO: f64 = 1e-9;

/// The observations, for any g.
pub(super) struct Envelope {
    n: usize,
    k: usize,
    mean: Vec<f64>,
    sd: Vec<f64>,
    /// Standardized regressors as columns, k times n.
    Z: Vec<Vec<f64>>,
    columns: lp::Columns,
    basis: Orthonormal,
    /// Q times √n, row by row.
    rows: Vec<f64>,
}

/// An envelope.
pub(super) struct Enveloping {
    /// β, k.
    pub(super) coef: Vec<f64>,
    /// Largest residual of the optimality conditions.
    pub(super) certificate: f64,
    /// Value of the objective.
    pub(super) objective: f64,
    /// Observations at which it touches a group frontier.
    pub(super) touches: usize,
    /// Whether other coefficients do as well.
    pub(super) ambiguous: bool,
    /// Where another program of the same observations can start.
    pub(super) basis: Vec<Variable>,
}

impl Envelope {
    /// Of these regressors, the constant first.
    pub(super) fn new(regressors: &Columns) -> Result<Self> {
        let (X, names) = (&regressors.X, &regressors.names);
        let (n, k) = (X.nrows(), X.ncols());
        let size = n as f64;
        let (mut mean, mut sd, mut Z) = (vec![0.0; k], vec![1.0; k], Vec::with_capacity(k));
        for j in 0..k {
            if j > 0 {
                mean[j] = (0..n).map(|i| X[(i, j)]).sum::<f64>() / size;
                let square = |i: usize| (X[(i, j)] - mean[j]).powi(2);
                sd[j] = ((0..n).map(square).sum::<f64>() / size).sqrt();
            }
            Z.push((0..n).map(|i| (X[(i, j)] - mean[j]) / sd[j]).collect::<Vec<f64>>());
        }
        let basis = Orthonormal::new(&Z);
        if let Some(j) = (0..k).find(|j| !basis.kept.contains(j)) {
            return Err(Error::new(Kind::Collinear { absorbed: false }).at_column(&names[j]));
        }
        let columns = lp::Columns::new(k, n, Z.concat());
        let rows = (0..n).flat_map(|i| basis.Q.iter().map(move |q| q[i] * size.sqrt())).collect();
        Ok(Envelope { n, k, mean, sd, Z, columns, basis, rows })
    }

    /// β of the regressors as they were given.
    fn natural(&self, beta: &[f64]) -> Vec<f64> {
        let mut coef: Vec<f64> = beta.iter().zip(&self.sd).map(|(b, s)| b / s).collect();
        coef[0] -= (1..self.k).map(|j| coef[j] * self.mean[j]).sum::<f64>();
        coef
    }

    /// What lies between the envelope and the group frontiers, n.
    fn gaps(&self, beta: &[f64], g: &[f64]) -> Vec<f64> {
        (0..self.n).map(|i| (0..self.k).map(|j| self.Z[j][i] * beta[j]).sum::<f64>() - g[i]).collect()
    }

    /// The smallest sum of distances, from the basis of an earlier one (or none).
    pub(super) fn linear(&self, g: &[f64], start: &[Variable]) -> Result<Enveloping> {
        let cost: Vec<f64> = g.iter().map(|g| -g).collect();
        // Z'1: n for the constant, and zero for centered columns, whose rounding the simplex would take for their scale.
        let rows = (0..self.k).map(|j| Row::new(Sense::Equal, if j == 0 { self.n as f64 } else { 0.0 })).collect();
        let program = Program { columns: &self.columns, cost: &cost, skip: None, own: Vec::new(), rows };
        let solution = solve(&program, start);
        let certificate = certify(&program, &solution);
        if solution.status != lp::Status::Optimal || !certificate.holds() {
            return Err(Error::new(Kind::Untrusted {
                message: format!("the linear program of the envelope ended as {:?}", solution.status),
                remedy: "drop regressors that are nearly collinear, or use envelope = \"quadratic\"".into(),
            }));
        }
        let beta: Vec<f64> = solution.dual.iter().map(|price| -price).collect();
        let Certificate { primal, dual, gap } = certificate;
        let touches = solution.shared.iter().filter(|(_, l)| *l > ZERO * self.n as f64).count();
        Ok(Enveloping {
            coef: self.natural(&beta),
            certificate: primal.max(dual).max(gap),
            objective: self.gaps(&beta, g).iter().sum(),
            touches,
            ambiguous: touches < self.k,
            basis: solution.basis,
        })
    }

    /// The smallest sum of squared distances.
    pub(super) fn quadratic(&self, g: &[f64]) -> Result<Enveloping> {
        let mut d = g.to_vec();
        let fitted = self.basis.project(&mut d);
        let found = nearest(self.k, &self.rows, &d)?;
        let scale = (self.n as f64).sqrt();
        let c: Vec<f64> = fitted.iter().zip(&found.at).map(|(q, w)| q + scale * w).collect();
        let beta = self.basis.coefficients(&c);
        Ok(Enveloping {
            coef: self.natural(&beta),
            certificate: found.certificate,
            objective: self.gaps(&beta, g).iter().map(|gap| gap * gap).sum(),
            touches: found.active.len(),
            ambiguous: false,
            basis: Vec::new(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::Mat;

    /// Points (x, g) with x = 0, 1, 2, ….
    fn of(g: &[f64]) -> Envelope {
        let X = Mat::from_fn(g.len(), 2, |i, j| if j == 0 { 1.0 } else { i as f64 });
        Envelope::new(&Columns { X, names: vec!["(Intercept)".into(), "x".into()] }).unwrap()
    }

    #[test]
    fn a_line_over_a_peak_turns_in_the_linear_program_and_not_in_the_quadratic_one() {
        // Every line through (1, 1) with a slope between -1 and 1 has the distances 1 - s, 0, 1 + s.
        let g = [0.0, 1.0, 0.0];
        let linear = of(&g).linear(&g, &[]).unwrap();
        assert!(linear.ambiguous && linear.touches == 1, "{:?}", linear.coef);
        plim_golden::close(linear.objective, 2.0, 1e-12, "sum of distances");
        plim_golden::close(linear.coef[0] + linear.coef[1], 1.0, 1e-12, "at the peak");
        let quadratic = of(&g).quadratic(&g).unwrap();
        assert!((quadratic.coef[0] - 1.0).abs() < 1e-12 && quadratic.coef[1].abs() < 1e-12, "{:?}", quadratic.coef);
        plim_golden::close(quadratic.objective, 2.0, 1e-12, "sum of squares");
    }

    #[test]
    fn sums_and_sums_of_squares_have_different_minima() {
        // Lines through (2, 3) with the slope -s have the distances 3 + 2s, 1 + s, 0, 3 - s, 3 - 2s, 3 - 3s. Their sum
        // falls with s until (5, 0) limits it: s = 1. The derivative of half their squares is 19 s - 11.
        let g = [0.0, 2.0, 3.0, 0.0, 0.0, 0.0];
        let linear = of(&g).linear(&g, &[]).unwrap();
        plim_golden::close(linear.coef[1], -1.0, 1e-12, "slope of the least sum");
        let quadratic = of(&g).quadratic(&g).unwrap();
        plim_golden::close(quadratic.coef[1], -11.0 / 19.0, 1e-12, "slope of the least squares");
        plim_golden::close(quadratic.coef[0], 3.0 + 22.0 / 19.0, 1e-12, "intercept of the least squares");
    }
}
