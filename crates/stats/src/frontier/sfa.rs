//! Stochastic frontier: output below a frontier by inefficiency, on either side of it by noise.
//!
//! ```text
//! y = x'β + v - S u,   v ~ N(0, σ_v²),   u ~ |N(0, σ_u²)|,   S = 1 production, -1 cost
//! σ² = σ_v² + σ_u²,    γ = σ_u²/σ²,      λ = σ_u/σ_v = √(γ/(1-γ)),   e = y - x'β
//! ln L = Σ ln 2 - ln σ + ln φ(e/σ) + ln Φ(-S e λ/σ)
//! ```
//!
//! (Aigner, Lovell and Schmidt 1977; γ of Battese and Corra 1977.) With y and x in logs, exp(-u) is the efficiency of
//! an observation. Given e, u is N(μ*, s*²) truncated to be positive, μ* = -S e γ, s*² = γ(1-γ)σ², so that
//!
//! ```text
//! Battese and Coelli (1988):   E[exp(-u) | e] = exp(-μ* + s*²/2) Φ(μ*/s* - s*) / Φ(μ*/s*)
//! Jondrow et al. (1982):       exp(-E[u | e]),   E[u | e] = μ* + s* φ(μ*/s*)/Φ(μ*/s*)
//! ```
//!
//! The second is the smaller of the two (Jensen). Assumed: independent observations, u independent of x and v,
//! constant variances. A regression of the scores on other variables afterwards is biased (Wang and Schmidt 2002).
//!
//! Starts: least squares, its intercept and variance corrected for each γ of a grid. Then damped Newton on
//! (β, ln σ², ln γ/(1-γ)) with the exact gradient and Hessian, on centered and scaled regressors; standard errors
//! are those of the Hessian, carried over to (β, σ², γ). When the least-squares residuals are skewed to the wrong
//! side the likelihood has a maximum at γ = 0 (Waldman 1982), where every efficiency would be one: that is refused.
//!
//! ```
//! use plim_stats::frontier::sfa::{Sfa, sfa};
//! use plim_stats::math::Mat;
//! let X = Mat::from_fn(5, 2, |i, j| [1.0, 0.5 * i as f64][j]);
//! let names = ["(Intercept)".to_string(), "x".to_string()];
//! let options = Sfa { at: Some(vec![1.2, 0.4, 0.25, 0.6]), ..Sfa::default() };
//! let fit = sfa(&[0.9, 1.1, 1.2, 1.9, 1.7], &X, &names, &options).unwrap();
//! assert!((fit.stats.loglik + 0.418_902_039_9).abs() < 1e-10);
//! ```

mod half_normal;

use super::Status;
use crate::fit::{Coefficient, Fit};
use crate::math::normal::LN_SQRT_TAU;
use crate::math::optimize::{Maximum, Newton, maximize};
use crate::math::{Mat, dist, linalg::spd_inverse};
use crate::{Error, Kind, Result};
use half_normal::{likelihood, loglik, score};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::f64::consts::PI;

/// Stochastic frontier: efficiency of each observation, with noise told apart from inefficiency.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Sfa {
    /// How observations of a unit belong together.
    pub model: Model,
    /// Distribution of inefficiency.
    pub distribution: Distribution,
    /// Whether inefficiency lowers the outcome (production) or raises it (cost).
    pub frontier: Frontier,
    /// Evaluate at these parameters instead of estimating: frontier coefficients, intercept first, then sigma2, gamma.
    pub at: Option<Vec<f64>>,
}

/// How observations of a unit belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Model {
    /// Each observation has its own inefficiency.
    #[default]
    Pooled,
}

/// Distribution of inefficiency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Distribution {
    /// |N(0, sigma_u squared)|: many observations near the frontier, few far away.
    #[default]
    HalfNormal,
}

/// On which side of the frontier inefficiency lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Frontier {
    /// Below: inefficiency lowers the outcome.
    #[default]
    Production,
    /// Above: inefficiency raises the outcome.
    Cost,
}

impl Frontier {
    /// S of the formulas.
    fn sign(self) -> f64 {
        if self == Frontier::Production { 1.0 } else { -1.0 }
    }
}

/// Efficiency of one observation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Score {
    /// E[exp(-u) | e] of Battese and Coelli, in (0, 1].
    pub efficiency: Option<f64>,
    /// exp(-E[u | e]) of Jondrow, Lovell, Materov and Schmidt, in (0, 1].
    pub efficiency_jlms: Option<f64>,
    /// Whether the scores are there.
    pub status: Status,
}

/// Statistics of the fit, by the names of results.json.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Stats {
    /// Log-likelihood.
    pub loglik: f64,
    /// Log-likelihood of least squares, that is without inefficiency.
    pub loglik_ols: f64,
    /// 2 (loglik - loglik_ols), a test of no inefficiency.
    pub lr: f64,
    /// Its one-sided p-value: γ = 0 is on the border, so half of chi-square(1) (Coelli 1995). NaN under `at`.
    pub lr_p_value: f64,
    /// σ² = σ_u² + σ_v².
    pub sigma2: f64,
    /// σ_u²/σ².
    pub gamma: f64,
    /// σ_u, before the normal is folded.
    pub sigma_u: f64,
    /// σ_v.
    pub sigma_v: f64,
    /// Mean of `efficiency`.
    pub mean_efficiency: f64,
    /// Skewness of the least-squares residuals; inefficiency makes it negative (production) or positive (cost).
    pub skewness: f64,
}

/// A fitted (or, under `at`, an evaluated) frontier.
#[derive(Debug, Clone)]
pub struct SfaFit {
    /// Frontier coefficients in formula order, then sigma2 and gamma, k + 2.
    pub coef: Vec<f64>,
    /// Their names.
    pub names: Vec<String>,
    /// Covariance of `coef` from the Hessian; none under `at`.
    pub covariance: Option<Mat<f64>>,
    /// Scores of the observations, n.
    pub rows: Vec<Score>,
    /// Statistics.
    pub stats: Stats,
    /// Newton steps; none under `at`.
    pub iterations: usize,
    /// Largest scaled gradient at the maximum: standard errors away from the root of the score. Zero under `at`.
    pub gradient: f64,
}

impl Fit for SfaFit {
    fn coef(&self) -> &[f64] {
        &self.coef
    }
    fn names(&self) -> &[String] {
        &self.names
    }
    fn nobs(&self) -> usize {
        self.rows.len()
    }
    fn dof_residual(&self) -> usize {
        self.rows.len() - self.coef.len()
    }
}

impl SfaFit {
    /// Coefficient table with normal p-values; standard errors are NaN under `at`.
    pub fn table(&self) -> Vec<Coefficient> {
        let se = |j: usize| self.covariance.as_ref().map_or(f64::NAN, |V| V[(j, j)].sqrt());
        (0..self.coef.len()).map(|j| Coefficient::new(&*self.names[j], self.coef[j], se(j), None)).collect()
    }
}

/// γ of the starts.
const GRID: [f64; 9] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];
/// γ this close to one is at its border: the noise has vanished.
const BORDER: f64 = 1e-8;
/// A standardized regressor with less of its variance left, given the others, is collinear.
const COLLINEAR: f64 = 1e-11;

/// Fits y (n) on X (n × k, its first column the constant) whose columns have these names.
pub fn sfa(y: &[f64], X: &Mat<f64>, names: &[String], options: &Sfa) -> Result<SfaFit> {
    check(y, X, names)?;
    let sign = options.frontier.sign();
    let ols = Ols::fit(y, X, names)?;
    let (coef, covariance, maximum) = match &options.at {
        Some(at) => (given(at, names.len())?, None, None),
        None => {
            let top = climb(&ols, y, sign)?;
            let (coef, covariance) = ols.original_units(&top);
            (coef, Some(covariance), Some(top))
        }
    };
    let k = names.len();
    let (sigma2, gamma) = (coef[k], coef[k + 1]);
    let residual = |i: usize| y[i] - (0..k).map(|j| X[(i, j)] * coef[j]).sum::<f64>();
    let e: Vec<f64> = (0..y.len()).map(residual).collect();
    let rows: Vec<Score> = e.iter().map(|&e| score(sign * e, sigma2, gamma)).collect();
    let scored = rows.iter().filter_map(|r| r.efficiency);
    let loglik: f64 = e.iter().map(|&e| loglik(sign * e, sigma2, gamma)).sum();
    let lr = 2.0 * (loglik - ols.loglik);
    let stats = Stats {
        loglik,
        loglik_ols: ols.loglik,
        lr,
        lr_p_value: if maximum.is_some() { 0.5 * dist::chi2_p(lr, 1.0) } else { f64::NAN },
        sigma2,
        gamma,
        sigma_u: (gamma * sigma2).sqrt(),
        sigma_v: ((1.0 - gamma) * sigma2).sqrt(),
        mean_efficiency: scored.clone().sum::<f64>() / scored.count() as f64,
        skewness: ols.skewness,
    };
    let names = names.iter().cloned().chain(["sigma2".into(), "gamma".into()]).collect();
    let (iterations, gradient) = maximum.map_or((0, 0.0), |m| (m.iterations, m.gradient));
    Ok(SfaFit { coef, names, covariance, rows, stats, iterations, gradient })
}

fn check(y: &[f64], X: &Mat<f64>, names: &[String]) -> Result<()> {
    let (n, k) = (X.nrows(), X.ncols());
    if y.len() != n {
        return Err(Error::length("y", y.len(), n));
    }
    if names.len() != k {
        return Err(Error::length("the names of the regressors", names.len(), k));
    }
    if k == 0 || (0..n).any(|i| X[(i, 0)] != 1.0) {
        return Err(Error::invalid("a frontier needs its constant as the first regressor", "leave `- 1` out"));
    }
    if n < k + 3 {
        return Err(Error::invalid(
            format!("{n} observations for {} parameters", k + 2),
            "use fewer regressors or more observations",
        ));
    }
    let bad: Vec<usize> = (0..n).filter(|&i| !y[i].is_finite()).collect();
    if !bad.is_empty() {
        return Err(Error::new(Kind::NotFinite).at_rows(bad));
    }
    for (j, name) in names.iter().enumerate() {
        let bad: Vec<usize> = (0..n).filter(|&i| !X[(i, j)].is_finite()).collect();
        if !bad.is_empty() {
            return Err(Error::new(Kind::NotFinite).at_column(name).at_rows(bad));
        }
    }
    Ok(())
}

fn given(at: &[f64], k: usize) -> Result<Vec<f64>> {
    if at.len() != k + 2 {
        return Err(Error::length("`at` (frontier coefficients, then sigma2, gamma)", at.len(), k + 2));
    }
    let (sigma2, gamma) = (at[k], at[k + 1]);
    if !(at.iter().all(|v| v.is_finite()) && sigma2 > 0.0 && gamma > 0.0 && gamma < 1.0) {
        return Err(Error::invalid(
            format!("`at` ends in sigma2 = {sigma2}, gamma = {gamma}"),
            "give finite coefficients, a positive sigma2 and a gamma between 0 and 1",
        ));
    }
    Ok(at.to_vec())
}

/// Least squares on centered and scaled regressors: the start, the skewness, the likelihood without inefficiency.
struct Ols {
    /// Standardized regressors, n × k, row by row, the constant first.
    Z: Vec<f64>,
    k: usize,
    mean: Vec<f64>,
    sd: Vec<f64>,
    coef: Vec<f64>,
    /// Mean squared residual.
    variance: f64,
    skewness: f64,
    loglik: f64,
}

impl Ols {
    fn fit(y: &[f64], X: &Mat<f64>, names: &[String]) -> Result<Self> {
        let (n, k) = (X.nrows(), X.ncols());
        let size = n as f64;
        let column = |j: usize| (0..n).map(move |i| X[(i, j)]);
        let mut mean: Vec<f64> = (0..k).map(|j| column(j).sum::<f64>() / size).collect();
        let mut sd: Vec<f64> =
            (0..k).map(|j| (column(j).map(|x| (x - mean[j]).powi(2)).sum::<f64>() / size).sqrt()).collect();
        let collinear = |j: usize| Error::new(Kind::Collinear { absorbed: false }).at_column(&names[j]);
        if let Some(j) = (1..k).find(|&j| sd[j] <= 1e-14 * mean[j].abs() || sd[j] == 0.0) {
            return Err(collinear(j));
        }
        (mean[0], sd[0]) = (0.0, 1.0);
        let mut Z = Vec::with_capacity(n * k);
        for i in 0..n {
            Z.extend((0..k).map(|j| (X[(i, j)] - mean[j]) / sd[j]));
        }
        let mut ZtZ = Mat::<f64>::zeros(k, k);
        let mut Zty = vec![0.0; k];
        for (z, y) in Z.chunks_exact(k).zip(y) {
            for a in 0..k {
                Zty[a] += z[a] * y;
                (0..k).for_each(|b| ZtZ[(a, b)] += z[a] * z[b]);
            }
        }
        let inverse = spd_inverse(&ZtZ, "X'X").map_err(|_| collinear(k - 1))?;
        // 1 / (A_jj A⁻¹_jj) is the part of a regressor's variance that the others leave.
        if let Some(j) = (1..k).rev().find(|&j| 1.0 / (ZtZ[(j, j)] * inverse[(j, j)]) < COLLINEAR) {
            return Err(collinear(j));
        }
        let coef: Vec<f64> = (0..k).map(|a| (0..k).map(|b| inverse[(a, b)] * Zty[b]).sum()).collect();
        let e: Vec<f64> = Z.chunks_exact(k).zip(y).map(|(z, y)| y - dot(z, &coef)).collect();
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
        Ok(Ols { Z, k, mean, sd, coef, variance, skewness, loglik })
    }

    /// (β, σ², γ) and their covariance from a maximum in (standardized β, ln σ², logit γ), by the delta method.
    fn original_units(&self, top: &Maximum) -> (Vec<f64>, Mat<f64>) {
        let k = self.k;
        let (sigma2, gamma) = (top.at[k].exp(), logistic(top.at[k + 1]));
        let mut coef: Vec<f64> = (0..k).map(|j| top.at[j] / self.sd[j]).collect();
        coef[0] -= (1..k).map(|j| coef[j] * self.mean[j]).sum::<f64>();
        coef.extend([sigma2, gamma]);
        let J = Mat::from_fn(k + 2, k + 2, |i, j| match (i, j) {
            (i, j) if i == j && i < k => 1.0 / self.sd[i],
            (0, j) if j < k => -self.mean[j] / self.sd[j],
            (i, j) if i == j && i == k => sigma2,
            (i, j) if i == j => gamma * (1.0 - gamma),
            _ => 0.0,
        });
        let V = &J * &top.covariance * J.transpose();
        (coef, V)
    }
}

/// a'b.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn logistic(g: f64) -> f64 {
    1.0 / (1.0 + (-g).exp())
}

/// The maximum from the best start of the grid (the next best where that fails).
fn climb(ols: &Ols, y: &[f64], sign: f64) -> Result<Maximum> {
    if sign * ols.skewness >= 0.0 {
        let (side, wanted) = if sign > 0.0 { ("right", "left") } else { ("left", "right") };
        return Err(Error::new(Kind::Untrusted {
            message: format!(
                "the least-squares residuals are skewed to the {side} (skewness {:.4}) where inefficiency would skew \
                 them to the {wanted}: the likelihood peaks at no inefficiency and every score would be one",
                ols.skewness
            ),
            remedy: "check `frontier`, the functional form and outliers, or estimate without inefficiency (`feols`)"
                .into(),
        }));
    }
    let mut starts: Vec<(f64, Vec<f64>)> = (GRID.iter())
        .map(|&gamma| {
            // Var e = σ² (1 - 2γ/π) and E u = σ √(2γ/π): least squares, corrected for both.
            let sigma2 = ols.variance / (1.0 - 2.0 * gamma / PI);
            let mut start = ols.coef.clone();
            start[0] += sign * (2.0 * gamma * sigma2 / PI).sqrt();
            start.extend([sigma2.ln(), (gamma / (1.0 - gamma)).ln()]);
            (likelihood(&ols.Z, ols.k, y, sign, &start).value, start)
        })
        .collect();
    starts.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut failure = None;
    for (_, start) in &starts {
        let f = |at: &[f64]| Some(likelihood(&ols.Z, ols.k, y, sign, at));
        match maximize("the frontier likelihood", start, f, &Newton::default()) {
            Ok(top) if 1.0 - logistic(top.at[ols.k + 1]) > BORDER => return Ok(top),
            Ok(_) => {
                return Err(Error::new(Kind::Untrusted {
                    message: "gamma is at its border of one: no noise is left and standard errors do not exist".into(),
                    remedy: "check for outliers and duplicates, or use a deterministic frontier (`dea`)".into(),
                }));
            }
            Err(error) => failure = failure.or(Some(error)),
        }
    }
    Err(failure.expect("a grid has a start"))
}
