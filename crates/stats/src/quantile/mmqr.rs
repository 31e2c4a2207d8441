//! Quantiles by moments, with absorbed effects (Machado and Santos Silva 2019).
//!
//! ```text
//! y = x'β + α + (x'γ + δ) U,      U independent of x,  E U = 0,  E|U| = 1,  σ = x'γ + δ > 0
//! ```
//!
//! with effects α and δ in location and scale. Then Q_τ(y | x) = x'(β + q(τ)γ) + α + q(τ)δ. Three steps: β̂ by least
//! squares with the effects absorbed, residuals R; γ̂ by the same regression of |R|, fitted values σ̂; q̂(τ) the
//! inverse of the empirical distribution of R/σ̂. Unlike dummies in a quantile regression, many effects do no harm
//! beyond the order of 1/T.
//!
//! # Covariance
//!
//! With s = E sgn U and V = |U| - sU - 1, R̂ = (I - P)R and Σ x̃ sgn(R)(PR) ≈ s Σ x̃R (x̃: off the effects; P projects on
//! regressors and effects), the influence of observation i is
//!
//! ```text
//! β̂:  (X̃'X̃)⁻¹ x̃ᵢ σᵢ Uᵢ        γ̂:  (X̃'X̃)⁻¹ x̃ᵢ σᵢ Vᵢ
//! q̂:  n⁻¹ [(τ - 1[Uᵢ ≤ q])/f(q) - pᵢ σᵢ (Uᵢ + q Vᵢ)],      p = P(1/σ)
//! ```
//!
//! and that of β̂ + q̂γ̂ follows; any covariance of scores applies, clustered too (theorem 3 of the paper has the sum for
//! independent observations and its own weighting of q̂). f is a Gaussian kernel density of R/σ̂.

use super::regression::{check_tau, half_bandwidth, robust_scale};
use crate::fit::Spread;
use crate::linear::{Ols, OlsFit};
use crate::math::orthonormal::Orthonormal;
use crate::math::{Mat, dist, linalg, normal};
use crate::vcov::{Ssc, Vcov, vcov};
use crate::{Design, Error, Fit, Result, Sandwich};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Quantile regression by moments: location and scale, with any fixed effects absorbed in both.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Mmqr {
    /// The quantiles, each between 0 and 1; the coefficients shown first are those of the first.
    pub tau: Vec<f64>,
}

impl Default for Mmqr {
    fn default() -> Self {
        Mmqr { tau: vec![0.5] }
    }
}

/// Coefficients of one part of the model, able to get any covariance.
#[derive(Debug, Clone)]
pub struct Part {
    /// Estimates, k.
    pub coef: Vec<f64>,
    names: Vec<String>,
    sample: std::sync::Arc<[usize]>,
    bread: Mat<f64>,
    scores: Mat<f64>,
    dof: usize,
    rank: Option<usize>,
}

impl Fit for Part {
    fn coef(&self) -> &[f64] {
        &self.coef
    }
    fn names(&self) -> &[String] {
        &self.names
    }
    fn nobs(&self) -> usize {
        self.scores.nrows()
    }
    fn dof_residual(&self) -> usize {
        self.dof
    }
}

impl Sandwich for Part {
    fn bread(&self) -> &Mat<f64> {
        &self.bread
    }
    fn scores(&self) -> &Mat<f64> {
        &self.scores
    }
    /// Not defined: the model says that variances differ.
    fn sigma2(&self) -> f64 {
        f64::NAN
    }
    fn sample(&self) -> Option<&[usize]> {
        Some(&self.sample)
    }
    fn rank(&self) -> Option<usize> {
        self.rank
    }
}

impl Part {
    /// The covariance of this part, from its scores.
    pub fn covariance(&self, how: &Vcov, ssc: Ssc, design: &Design) -> Result<Spread> {
        if *how == Vcov::Iid {
            return Err(Error::invalid(
                "`vcov = \"iid\"` contradicts a model whose variance depends on the regressors",
                "set `vcov = \"hc1\"`, or cluster",
            ));
        }
        let c = vcov(self, how, ssc, design)?;
        Ok(Spread { V: c.V, df: Some(c.df), label: c.label, warnings: c.warnings })
    }
}

/// A fitted quantile.
#[derive(Debug, Clone)]
pub struct MmqrQuantile {
    /// τ.
    pub tau: f64,
    /// q̂(τ), the quantile of the standardized residuals.
    pub q: f64,
    /// β̂ + q̂ γ̂.
    pub part: Part,
}

/// A fitted location-scale model.
#[derive(Debug, Clone)]
pub struct MmqrFit {
    /// The regression of the location: β̂, its residuals, the sample.
    pub mean: OlsFit,
    /// β̂.
    pub location: Part,
    /// γ̂.
    pub scale: Part,
    /// Each τ.
    pub quantiles: Vec<MmqrQuantile>,
    /// Fitted scale of each observation, n.
    pub sigma: Vec<f64>,
    /// Observations whose fitted scale is not positive: their quantiles are not defined.
    pub nonpositive: usize,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// Share of observations without a positive scale above which no quantile is given.
const MOST_NONPOSITIVE: f64 = 0.1;

/// Fits the location-scale model and each τ.
pub fn mmqr(design: &Design, options: &Mmqr, ols: &Ols) -> Result<MmqrFit> {
    check_tau(&options.tau)?;
    let mean = ols.fit(design)?;
    let at_sample = Design { offset: None, ..design.at(&mean.sample) };
    let absolute: Vec<f64> = mean.residuals.iter().map(|r| r.abs()).collect();
    let spread = Ols { singletons: crate::absorb::Singletons::Keep, ..*ols }.fit(&Design {
        y: absolute.clone(),
        outcome: format!("|residual of {}|", design.outcome),
        ..at_sample.clone()
    })?;
    if spread.names != mean.names {
        return Err(Error::invalid("location and scale keep different regressors", "leave out the collinear ones"));
    }
    let n = absolute.len();
    let w: Vec<f64> = at_sample.w.clone().unwrap_or_else(|| vec![1.0; n]);
    let sigma: Vec<f64> = (0..n).map(|i| absolute[i] - spread.residuals[i]).collect();
    let positive: Vec<usize> = (0..n).filter(|&i| sigma[i] > 0.0).collect();
    let nonpositive = n - positive.len();
    let mut notes = mean.notes();
    if nonpositive > 0 {
        let at: Vec<usize> = (0..n).filter(|&i| sigma[i] <= 0.0).map(|i| at_sample.rows[i]).collect();
        if nonpositive as f64 > MOST_NONPOSITIVE * n as f64 {
            return Err(Error::invalid(
                format!("the fitted scale is not positive in {nonpositive} of {n} observations"),
                "the scale is not linear in these regressors: transform them or the outcome, or use coarser effects",
            )
            .at_rows(at));
        }
        notes.push(format!(
            "the fitted scale is not positive in {nonpositive} of {n} observations; they are left out of the quantiles of the standardized residuals"
        ));
    }
    let model =
        Moments { mean: &mean, design: &at_sample, absolute: &absolute, sigma: &sigma, w: &w, positive: &positive };
    let standardized = model.standardized();
    let total: f64 = positive.iter().map(|&i| w[i]).sum();
    let signs: f64 = (0..n).map(|i| w[i] * mean.residuals[i].signum()).sum::<f64>() / w.iter().sum::<f64>();
    // σV = |R| - sR - σ.
    let scale: Vec<f64> = (0..n).map(|i| absolute[i] - signs * mean.residuals[i] - sigma[i]).collect();
    let projected = model.projected_inverse()?;
    let mut quantiles = Vec::new();
    for &tau in &options.tau {
        let q = inverse_distribution(&standardized, tau * total);
        let f = density(&standardized, q, tau)?;
        let influence: Vec<f64> = (0..n)
            .map(|i| {
                let below = f64::from(u8::from(sigma[i] > 0.0 && mean.residuals[i] <= q * sigma[i]));
                let jump = if sigma[i] > 0.0 { (tau - below) / f } else { 0.0 };
                w[i] / total * (jump - projected[i] * (mean.residuals[i] + q * scale[i]))
            })
            .collect();
        let combined: Vec<f64> = (0..n).map(|i| mean.residuals[i] + q * scale[i]).collect();
        let coef = mean.coef.iter().zip(&spread.coef).map(|(b, g)| b + q * g).collect();
        quantiles.push(MmqrQuantile { tau, q, part: model.part(coef, &combined, Some((&spread.coef, &influence)))? });
    }
    let location = model.part(mean.coef.clone(), &mean.residuals, None)?;
    let scale = model.part(spread.coef.clone(), &scale, None)?;
    Ok(MmqrFit { location, scale, quantiles, nonpositive, notes, sigma, mean })
}

/// The pieces that influences are made of.
struct Moments<'a> {
    mean: &'a OlsFit,
    design: &'a Design,
    absolute: &'a [f64],
    sigma: &'a [f64],
    w: &'a [f64],
    positive: &'a [usize],
}

impl Moments<'_> {
    /// R/σ̂ with its weight, ascending.
    fn standardized(&self) -> Vec<(f64, f64)> {
        let one = |&i: &usize| (self.mean.residuals[i] / self.sigma[i], self.w[i]);
        let mut u: Vec<(f64, f64)> = self.positive.iter().map(one).collect();
        u.sort_by(|a, b| a.0.total_cmp(&b.0));
        u
    }

    /// P(1/σ): fitted values of 1/σ (zero where σ is not positive) on regressors and effects, n.
    fn projected_inverse(&self) -> Result<Vec<f64>> {
        let n = self.absolute.len();
        let mut inverse = vec![0.0; n];
        self.positive.iter().for_each(|&i| inverse[i] = 1.0 / self.sigma[i]);
        let root = |i: usize| self.w[i].sqrt();
        let mut left = vec![inverse.clone()];
        if let Some(absorber) = absorber(self.design)? {
            absorber.demean(&mut left)?;
        }
        let mut left: Vec<f64> = (0..n).map(|i| left[0][i] * root(i)).collect();
        let X = self.mean.regressors().ok_or_else(|| Error::invalid("the fit keeps no regressors", "report this"))?;
        let columns: Vec<Vec<f64>> = (0..X.ncols()).map(|j| (0..n).map(|i| X[(i, j)] * root(i)).collect()).collect();
        Orthonormal::new(&columns).project(&mut left);
        Ok((0..n).map(|i| inverse[i] - left[i] / root(i)).collect())
    }

    /// Coefficients with scores w x̃ e, plus B⁻¹γ ψ for what the estimated quantile adds.
    fn part(&self, coef: Vec<f64>, e: &[f64], quantile: Option<(&[f64], &[f64])>) -> Result<Part> {
        let (n, k) = (e.len(), coef.len());
        let X = self.mean.regressors().ok_or_else(|| Error::invalid("the fit keeps no regressors", "report this"))?;
        let bread = self.mean.bread();
        let gram = linalg::spd_inverse(bread, "the regressors off the effects")?;
        let along = |j: usize, gamma: &[f64]| (0..k).map(|l| gram[(j, l)] * gamma[l]).sum::<f64>();
        let add: Vec<f64> = (0..k).map(|j| quantile.map_or(0.0, |(gamma, _)| along(j, gamma))).collect();
        let psi = |i: usize| quantile.map_or(0.0, |(_, psi)| psi[i]);
        Ok(Part {
            coef,
            names: self.mean.names.clone(),
            sample: self.mean.sample.clone(),
            bread: bread.clone(),
            scores: Mat::from_fn(n, k, |i, j| self.w[i] * X[(i, j)] * e[i] + add[j] * psi(i)),
            dof: self.mean.dof_residual(),
            rank: self.mean.rank(),
        })
    }
}

fn absorber(design: &Design) -> Result<Option<crate::absorb::Absorber>> {
    match design.absorbs() {
        true => Ok(Some(crate::absorb::Absorber::new(&design.fe, &design.slopes, design.w.as_deref())?)),
        false => Ok(None),
    }
}

/// The least value at which the weights of `sorted` sum to `target`.
fn inverse_distribution(sorted: &[(f64, f64)], target: f64) -> f64 {
    let mut sum = 0.0;
    // n τ is rarely exact in binary; a hair below an integer is that integer.
    let target = target * (1.0 - 1e-12);
    for &(u, w) in sorted {
        sum += w;
        if sum >= target {
            return u;
        }
    }
    sorted.last().map_or(f64::NAN, |s| s.0)
}

/// Kernel density of the standardized residuals at q.
fn density(sorted: &[(f64, f64)], q: f64, tau: f64) -> Result<f64> {
    let u: Vec<f64> = sorted.iter().map(|s| s.0).collect();
    let h = half_bandwidth(tau, u.len());
    let c = (dist::normal_quantile(tau + h) - dist::normal_quantile(tau - h)) * robust_scale(&u);
    let total: f64 = sorted.iter().map(|s| s.1).sum();
    let f = sorted.iter().map(|(u, w)| w * normal::pdf((u - q) / c) / c).sum::<f64>() / total;
    match f > 0.0 && f.is_finite() {
        true => Ok(f),
        false => Err(Error::invalid(
            format!("tau = {tau}: the density of the standardized residuals is zero at their quantile"),
            "choose a tau nearer to the middle",
        )),
    }
}
