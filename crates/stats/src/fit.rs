//! What every fit can say of itself, and the coefficient table that follows from it.

use crate::Factor;
use crate::math::{Mat, dist};
use crate::vcov::cluster_sums;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A fitted model.
pub trait Fit {
    /// Estimates, k.
    fn coef(&self) -> &[f64];
    /// Names of the estimates, k.
    fn names(&self) -> &[String];
    /// Observations used.
    fn nobs(&self) -> usize;
    /// Observations less parameters, absorbed effects included.
    fn dof_residual(&self) -> usize;
}

/// A fit from which any covariance can be made after the fact.
pub trait Sandwich: Fit {
    /// (X'WX)⁻¹ of the (demeaned) regressors, k × k.
    fn bread(&self) -> &Mat<f64>;
    /// Score of each observation, n × k: w x u.
    fn scores(&self) -> &Mat<f64>;
    /// The scores summed within each group, levels × k.
    fn score_sums(&self, groups: &Factor) -> Mat<f64> {
        cluster_sums(self.scores(), groups)
    }
    /// Residual variance with the full degrees of freedom.
    fn sigma2(&self) -> f64;
    /// Positions of the observations used, in the design that was given; `None` when all were.
    fn sample(&self) -> Option<&[usize]> {
        None
    }
    /// Regressors off the effects, n × k, for leverages; `None` when the fit has none.
    fn regressors(&self) -> Option<&Mat<f64>> {
        None
    }
    /// Residuals, n: such that `scores` is `regressors` times residual times weight; `None` when the fit has none.
    fn residuals(&self) -> Option<&[f64]> {
        None
    }
    /// Weights of the regression whose `regressors` and `residuals` these are, n, where they are not the design's
    /// (iteratively reweighted fits).
    fn working_weights(&self) -> Option<&[f64]> {
        None
    }
    /// Exact rank of the absorbed effects, where known.
    fn rank(&self) -> Option<usize> {
        None
    }
}

/// A covariance of estimates that are no least squares, with what a table note says of it.
#[derive(Debug, Clone)]
pub struct Spread {
    /// k × k.
    pub V: Mat<f64>,
    /// Degrees of freedom of t; `None` for the normal distribution.
    pub df: Option<f64>,
    /// In words.
    pub label: String,
    /// What a reader must know.
    pub warnings: Vec<String>,
}

/// One line of a coefficient table; results.json has exactly these names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Coefficient {
    /// Name of the regressor.
    pub name: String,
    /// Estimate.
    #[serde(deserialize_with = "nan_if_null")]
    pub estimate: f64,
    /// Standard error.
    #[serde(deserialize_with = "nan_if_null")]
    pub std_error: f64,
    /// Estimate over standard error.
    #[serde(deserialize_with = "nan_if_null")]
    pub statistic: f64,
    /// Two-sided p-value.
    #[serde(deserialize_with = "nan_if_null")]
    pub p_value: f64,
    /// Lower bound of the 95 % interval.
    #[serde(deserialize_with = "nan_if_null")]
    pub conf_low: f64,
    /// Upper bound of the 95 % interval.
    #[serde(deserialize_with = "nan_if_null")]
    pub conf_high: f64,
}

/// A number that JSON may hold as `null`, for which it has no other word: NaN.
///
/// ```
/// let text = r#"{"name":"x","estimate":1.5,"std_error":null,"statistic":null,"p_value":null,"conf_low":null,"conf_high":null}"#;
/// let c: plim_stats::Coefficient = serde_json::from_str(text).unwrap();
/// assert!(c.estimate == 1.5 && c.std_error.is_nan());
/// assert_eq!(serde_json::to_string(&c).unwrap(), text);
/// ```
pub fn nan_if_null<'de, D: serde::Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or(f64::NAN))
}

impl Coefficient {
    /// From an estimate, its standard error and the degrees of freedom of t (`None`: normal).
    pub fn new(name: impl Into<String>, estimate: f64, std_error: f64, df: Option<f64>) -> Self {
        // Without an error there is no test: a perfect fit leaves a standard error of zero.
        let std_error_of_test = if std_error > 0.0 { std_error } else { f64::NAN };
        let statistic = estimate / std_error_of_test;
        let (p_value, q) = match df {
            Some(df) => (dist::t_p(statistic, df), dist::t_quantile(0.975, df)),
            None => (dist::normal_p(statistic), dist::normal_quantile(0.975)),
        };
        Coefficient {
            name: name.into(),
            estimate,
            std_error,
            statistic,
            p_value,
            conf_low: estimate - q * std_error,
            conf_high: estimate + q * std_error,
        }
    }
}

/// The coefficient table of a fit under the covariance `V` (k × k) with `df` degrees of freedom of t.
pub fn table(fit: &dyn Fit, V: &Mat<f64>, df: Option<f64>) -> Vec<Coefficient> {
    (fit.names().iter().zip(fit.coef()).enumerate())
        .map(|(j, (name, &b))| Coefficient::new(name.clone(), b, V[(j, j)].max(0.0).sqrt(), df))
        .collect()
}

/// One line of a table of tests; results.json has exactly these names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Test {
    /// Name of the test.
    pub name: String,
    /// The statistic: F where `df_residual` is given, else chi-square.
    pub statistic: f64,
    /// Restrictions.
    pub df: f64,
    /// Denominator of F.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub df_residual: Option<f64>,
    /// p-value.
    pub p_value: f64,
}
