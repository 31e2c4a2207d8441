//! Least squares of the outcome on the frontier's regressors: the start, the skewness, the model without inefficiency.

use super::{Index, dot};
use crate::math::dist;
use crate::math::normal::LN_SQRT_TAU;
use crate::{Error, Kind, Result};

/// Least squares on the standardized regressors.
#[derive(Debug, Clone)]
pub(super) struct LeastSquares {
    /// Rows.
    pub(super) n: usize,
    /// Standardized coefficients, k.
    pub(super) coef: Vec<f64>,
    /// Mean squared residual.
    pub(super) variance: f64,
    /// m₃/m₂^1.5 of the residuals.
    pub(super) skewness: f64,
    pub(super) loglik: f64,
}

impl LeastSquares {
    pub(super) fn fit(y: &[f64], index: &Index) -> Result<Self> {
        let (n, k) = (y.len(), index.k);
        let size = n as f64;
        let mut Zty = vec![0.0; k];
        for (i, y) in y.iter().enumerate() {
            index.row(i).iter().zip(&mut Zty).for_each(|(z, t)| *t += z * y);
        }
        let coef: Vec<f64> = match index.is_scalar() {
            true => vec![Zty[0] / size],
            false => {
                let inverse = index.independent()?;
                (0..k).map(|a| (0..k).map(|b| inverse[(a, b)] * Zty[b]).sum()).collect()
            }
        };
        let e: Vec<f64> = y.iter().enumerate().map(|(i, y)| y - dot(index.row(i), &coef)).collect();
        let moment = |p: i32| e.iter().map(|e| e.powi(p)).sum::<f64>() / size;
        let variance = moment(2);
        let spread = y.iter().map(|y| y * y).sum::<f64>() / size;
        if variance <= 1e-26 * spread {
            return Err(Error::new(Kind::Untrusted {
                message: "the regressors explain the outcome without error, so that there is no frontier to estimate"
                    .into(),
                remedy: "check whether the outcome is computed from the regressors".into(),
            }));
        }
        let skewness = moment(3) / variance.powf(1.5);
        let loglik = -0.5 * size * (2.0 * LN_SQRT_TAU + variance.ln() + 1.0);
        Ok(LeastSquares { n, coef, variance, skewness, loglik })
    }

    /// The same residuals of n rows counted as `rank` independent ones.
    pub(super) fn of_rank(mut self, n: usize, rank: usize) -> Self {
        self.variance *= n as f64 / rank as f64;
        self.loglik = -0.5 * rank as f64 * (2.0 * LN_SQRT_TAU + self.variance.ln() + 1.0);
        self
    }

    /// √(n/6) times the skewness of the n residuals, normal without inefficiency, and its one-sided p-value against skewness
    /// to the side where inefficiency of this sign would be (Coelli 1995).
    pub(super) fn skewness_test(&self, sign: f64) -> [f64; 2] {
        let m3t = (self.n as f64 / 6.0).sqrt() * self.skewness;
        let tail = 0.5 * dist::normal_p(m3t);
        [m3t, if sign * m3t < 0.0 { tail } else { 1.0 - tail }]
    }
}
