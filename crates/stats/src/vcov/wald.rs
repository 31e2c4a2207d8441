//! Joint tests, refused where they have no distribution.

use super::Covariance;
use crate::math::{Mat, dist, linalg};
use crate::{Error, Kind, Result, Test};

/// Smallest share of the largest eigenvalue of the correlation of the restrictions.
const SINGULAR: f64 = 1e-12;

impl Covariance {
    /// Wald test that the coefficients `coef[positions]` are zero, F(q, df).
    ///
    /// A clustered V has rank G - 1 at most (G with several ways counts the smallest), one of sums by period T - 1: with
    /// as many restrictions as that, or more, the statistic is a number without meaning and is refused.
    pub fn wald(&self, name: &str, coef: &[f64], positions: &[usize]) -> Result<Test> {
        let q = positions.len();
        if q == 0 {
            return Err(Error::new(Kind::Empty { what: format!("the list of coefficients of the test `{name}`") }));
        }
        if let Some(G) = self.G.iter().min().filter(|&&G| G <= q) {
            return Err(Error::invalid(
                format!("a joint test of {q} coefficients with {G} clusters: their covariance has rank {}", G - 1),
                format!("test at most {} together, or cluster by something finer", G - 1),
            ));
        }
        let V = &self.V;
        let singular =
            || Error::new(Kind::Singular { what: format!("the covariance of the coefficients of `{name}`") });
        if positions.iter().any(|&j| V[(j, j)].is_nan() || V[(j, j)] <= 0.0) {
            return Err(singular());
        }
        let b: Vec<f64> = positions.iter().map(|&j| coef[j] / V[(j, j)].sqrt()).collect();
        let R = Mat::from_fn(q, q, |i, j| {
            let (i, j) = (positions[i], positions[j]);
            V[(i, j)] / (V[(i, i)] * V[(j, j)]).sqrt()
        });
        let (values, _) = linalg::symmetric_eigen(&R)?;
        if values.last().is_none_or(|&least| least.is_nan() || least < SINGULAR * values[0]) {
            return Err(singular());
        }
        let inverse = linalg::spd_inverse(&R, "the covariance of the restrictions")?;
        let form: f64 = (0..q).map(|i| (0..q).map(|j| b[i] * inverse[(i, j)] * b[j]).sum::<f64>()).sum();
        let (statistic, df) = (form / q as f64, self.df);
        let p_value = dist::f_p(statistic, q as f64, df);
        Ok(Test { name: name.into(), statistic, df: q as f64, df_residual: Some(df), p_value })
    }
}
