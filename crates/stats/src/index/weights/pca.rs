//! Principal components of the correlation matrix: scores, loadings, weights.
//!
//! With R = V Λ V' the correlations of the indicators, λ_1 ≥ … ≥ λ_k, and s the z-scores (standard deviation with
//! divisor n - 1),
//!
//! ```text
//! PC_m = s v_m                                           component m
//! F    = Σ_m (λ_m / Σ_m λ_m) PC_m                        over the components kept
//! w_j  = Σ_m |v_jm| λ_m / Σ_j Σ_m |v_jm| λ_m             weights, all positive
//! ```
//!
//! An eigenvector has no sign of its own: it is turned so that its entries sum to more than zero (where they sum to
//! zero, so that the largest is positive). F and PC_1 have mean zero: their logarithm does not exist.
//! The measures of sampling adequacy: KMO = Σ r² / (Σ r² + Σ a²) over pairs, a the partial correlations (Kaiser 1970), and
//! Bartlett's test of R = I, χ² = -(n - 1 - (2k + 5)/6) ln|R| with k (k - 1)/2 degrees of freedom (1951).
//!
//! Hotelling (1933), "Analysis of a complex of statistical variables into principal components", Journal of Educational
//! Psychology 24.

use super::critic::correlations;
use super::{Indicators, mean, sd, to_sum_one};
use crate::index::normalize::as_text;
use crate::math::Mat;
use crate::math::dist::chi2_p;
use crate::math::linalg::{spd_inverse, symmetric_eigen};
use crate::{Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Which components are kept.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub enum Components {
    /// Those with an eigenvalue of one or more.
    #[default]
    Kaiser,
    /// As many as explain this share of the variance.
    Cumulative(f64),
    /// This many.
    Number(usize),
}

impl FromStr for Components {
    type Err = String;
    fn from_str(s: &str) -> std::result::Result<Self, String> {
        let wanted =
            || format!("`{s}` is no rule for components; wanted kaiser, cumulative:SHARE (as 0.85) or a number");
        if s == "kaiser" {
            return Ok(Components::Kaiser);
        }
        if let Some(share) = s.strip_prefix("cumulative:") {
            let share = crate::index::normalize::finite(share).filter(|v| *v > 0.0 && *v <= 1.0);
            return share.map(Components::Cumulative).ok_or_else(wanted);
        }
        s.parse().ok().filter(|n| *n > 0).map(Components::Number).ok_or_else(wanted)
    }
}

impl fmt::Display for Components {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Components::Kaiser => write!(f, "kaiser"),
            Components::Cumulative(share) => write!(f, "cumulative:{share}"),
            Components::Number(n) => write!(f, "{n}"),
        }
    }
}

as_text!(Components);

impl Components {
    /// How many of the components with these eigenvalues (descending) are kept.
    pub(crate) fn kept(self, eigenvalues: &[f64]) -> Result<usize> {
        let k = eigenvalues.len();
        match self {
            // An eigenvalue of one is rounded to either side; the mean of all is one, so that one at least is kept.
            Components::Kaiser => Ok(eigenvalues.iter().take_while(|&&l| l >= 1.0 - 1e-9).count().max(1)),
            Components::Cumulative(share) => {
                let wanted = share * eigenvalues.iter().sum::<f64>();
                let mut sum = 0.0;
                let below = |l: &&f64| {
                    sum += **l;
                    sum < wanted * (1.0 - 1e-12)
                };
                Ok((eigenvalues.iter().take_while(below).count() + 1).min(k))
            }
            Components::Number(n) if n <= k => Ok(n),
            Components::Number(n) => Err(Error::invalid(
                format!("{n} components of {k} indicators"),
                "set `components` to a number up to that of the indicators, or to `kaiser`",
            )),
        }
    }
}

/// Principal components of the indicators.
#[derive(Debug, Clone, PartialEq)]
pub struct PrincipalComponents {
    /// Eigenvalues of the correlation matrix, k, descending.
    pub eigenvalues: Vec<f64>,
    /// Eigenvectors, k × k, a column each, by the sign rule.
    pub vectors: Mat<f64>,
    /// Number of components kept.
    pub kept: usize,
    /// Scores of the components kept, one column each of n.
    pub components: Vec<Vec<f64>>,
    /// Sum of the components kept, by their variance, n.
    pub composite: Vec<f64>,
    /// Positive weights, k.
    pub weights: Vec<f64>,
    /// Kaiser, Meyer and Olkin's measure; none where the correlations are singular.
    pub kmo: Option<f64>,
    /// Bartlett's test, statistic, degrees of freedom and p-value; none where the correlations are singular.
    pub bartlett: Option<[f64; 3]>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// Principal components; the rule says how many are kept.
pub fn pca(of: &Indicators, rule: Components) -> Result<PrincipalComponents> {
    of.spread()?;
    let (k, n) = (of.count(), of.rows());
    let R = correlations(of);
    let (eigenvalues, mut vectors) = symmetric_eigen(&R)?;
    for m in 0..k {
        if sign(&(0..k).map(|j| vectors[(j, m)]).collect::<Vec<_>>()) < 0.0 {
            (0..k).for_each(|j| vectors[(j, m)] = -vectors[(j, m)]);
        }
    }
    let kept = rule.kept(&eigenvalues)?;
    let standard: Vec<Vec<f64>> = (of.z.iter())
        .map(|z| {
            let (m, s) = (mean(z), sd(z));
            z.iter().map(|v| (v - m) / s).collect()
        })
        .collect();
    let component =
        |m: usize| -> Vec<f64> { (0..n).map(|i| (0..k).map(|j| standard[j][i] * vectors[(j, m)]).sum()).collect() };
    let components: Vec<Vec<f64>> = (0..kept).map(component).collect();
    let total: f64 = eigenvalues[..kept].iter().sum();
    let share = |m: usize| eigenvalues[m] / total;
    let composite = (0..n).map(|i| (0..kept).map(|m| share(m) * components[m][i]).sum()).collect();
    let weights = to_sum_one((0..k).map(|j| (0..kept).map(|m| share(m) * vectors[(j, m)].abs()).sum()).collect())?;
    let (kmo, bartlett) = adequacy(&R, n).unzip();
    let mut notes = Vec::new();
    if (0..k).any(|j| vectors[(j, 0)] < 0.0) {
        notes.push("the first component has loadings of both signs: it is a contrast, not a level".into());
    }
    if kmo.is_none() {
        notes.push("the correlations are singular: no KMO, no test of Bartlett".into());
    }
    Ok(PrincipalComponents { eigenvalues, vectors, kept, components, composite, weights, kmo, bartlett, notes })
}

/// The sign of a vector by the rule: that of its sum, or of its largest entry where the sum is rounding.
pub(crate) fn sign(v: &[f64]) -> f64 {
    let sum: f64 = v.iter().sum();
    let largest = v.iter().copied().fold(0.0, |m: f64, x| if x.abs() > m.abs() * (1.0 + 1e-9) { x } else { m });
    if sum.abs() > 1e-9 { sum.signum() } else { largest.signum() }
}

/// KMO and Bartlett's test of correlations from n rows.
fn adequacy(R: &Mat<f64>, n: usize) -> Option<(f64, [f64; 3])> {
    let k = R.nrows();
    let inverse = spd_inverse(R, "the correlation matrix").ok()?;
    let (eigenvalues, _) = symmetric_eigen(R).ok()?;
    // Beyond this the inverse is rounding.
    if k < 2 || eigenvalues[k - 1] < 1e-12 * eigenvalues[0] {
        return None;
    }
    let (mut simple, mut partial) = (0.0, 0.0);
    for a in 0..k {
        for b in 0..a {
            simple += R[(a, b)].powi(2);
            partial += inverse[(a, b)].powi(2) / (inverse[(a, a)] * inverse[(b, b)]);
        }
    }
    let log_det: f64 = eigenvalues.iter().map(|l| l.ln()).sum();
    let statistic = -((n as f64 - 1.0) - (2.0 * k as f64 + 5.0) / 6.0) * log_det;
    let df = (k * (k - 1)) as f64 / 2.0;
    (statistic > 0.0).then(|| (simple / (simple + partial), [statistic, df, chi2_p(statistic, df)]))
}
