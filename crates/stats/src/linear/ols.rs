//! Least squares with any number of absorbed fixed effects.
//!
//! ```text
//! y = X β + D α + u,      β̂ = argmin Σ wᵢ (yᵢ - xᵢ'β - dᵢ'α)²
//! ```
//!
//! By the theorem of Frisch, Waugh and Lovell β̂ comes from the columns off the effects D ([`crate::absorb`]).
//! Consistent when E[u | X, D] = 0 in every period (strict exogeneity); the covariance is chosen after the
//! fit ([`crate::vcov`]). Without effects the design brings its own `(Intercept)` column.
//!
//! R² is 1 - SSR/SST with weighted sums and SST about the weighted mean, or about zero for a model without effects
//! and without `(Intercept)` (as R's `lm`, Stata's `noconstant` and the NIST reference sets have it); `r2_within` has
//! the SSR of the effects alone below the line; the adjusted ones divide by n - k - Σ(levels) + (effects - 1), as
//! fixest does.
//!
//! The coefficients come from moments of as many digits as the condition number asks for ([`super::moments`]), the
//! verdict on collinear regressors is in [`super::least_squares`], and each fit carries its [`Accuracy`]; one that is
//! not good enough is an error.
//!
//! ```
//! use plim_stats::{Design, Factor, Fit, linear::Ols, math::Mat};
//! let x = [1.0, 2.0, 4.0, 3.0];
//! let design = Design {
//!     y: vec![1.0, 3.0, 11.0, 9.0],
//!     outcome: "y".into(),
//!     X: Mat::from_fn(4, 1, |i, _| x[i]),
//!     names: vec!["x".into()],
//!     fe: vec![Factor::from_keys("city", [1, 1, 2, 2])],
//!     rows: (0..4).collect(),
//!     ..Design::default()
//! };
//! let fit = Ols::default().fit(&design).unwrap();
//! assert!((fit.coef()[0] - 2.0).abs() < 1e-14);
//! ```

use super::least_squares::Reason;
use super::moments::Solution;
use super::prepared::{Prepared, Sampled, prepare};
use super::within::{Within, matrix};
use crate::absorb::{Absorber, Singletons, squares};
use crate::math::Mat;
use crate::{Design, Error, Factor, Fit, Kind, Result, Sandwich};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::{Arc, OnceLock};

/// What to do with a regressor that the effects or earlier regressors span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Collinear {
    /// Drop it and name it in the notes; of a dependent set the one later in the formula goes.
    #[default]
    Drop,
    /// Stop and name it.
    Error,
}

/// How many digits the arithmetic carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// Sixteen digits, and more only where the regressors are nearly collinear.
    #[default]
    Double,
    /// Thirty-two digits throughout, at about ten times the cost.
    Extended,
}

/// The estimator: its rules for the sample and for collinear regressors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ols {
    /// Rule for observations alone in a level of an effect.
    pub singletons: Singletons,
    /// Rule for collinear regressors.
    pub collinear: Collinear,
    /// Digits of the arithmetic.
    pub precision: Precision,
}

/// A regressor that left, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped {
    /// Its name.
    pub name: String,
    /// Why.
    pub reason: Reason,
    /// The regressors and effects that span it, where they were looked for.
    pub by: Vec<String>,
}

impl Dropped {
    /// Regressor j of a design, which is zero everywhere.
    pub(super) fn zero(design: &Design, j: usize) -> Self {
        Dropped { name: design.names[j].clone(), reason: Reason::Zero, by: Vec::new() }
    }
}

impl std::fmt::Display for Dropped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let by = match &self.by[..] {
            [] => None,
            [one] => Some(format!("`{one}`")),
            [most @ .., last] => Some(format!("`{}` and `{last}`", most.join("`, `"))),
        };
        write!(f, "`{}` dropped: ", self.name)?;
        match (self.reason, by) {
            (Reason::Absorbed, Some(by)) => write!(f, "absorbed by {by}"),
            (Reason::Absorbed, None) => write!(f, "absorbed by the fixed effects"),
            (Reason::Collinear, Some(by)) => write!(f, "a linear combination of {by}"),
            (Reason::Collinear, None) => write!(f, "a linear combination of earlier regressors"),
            (Reason::Zero, _) => write!(f, "zero in every observation"),
        }
    }
}

impl Accuracy {
    /// The digits that were carried.
    pub fn precision(&self) -> Precision {
        if self.extended { Precision::Extended } else { Precision::Double }
    }
}

/// The certificate of a fit: what was checked after it was computed.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Accuracy {
    /// Residual of the normal equations: the largest cosine of a regressor with the residual, relative to the outcome.
    pub residual: f64,
    /// Largest cosine of a column off the effects with one of their dummies.
    pub orthogonality: f64,
    /// Condition number of the regressors off the effects, each scaled to norm one.
    pub condition: f64,
    /// Relative error that rounding is expected to leave in the estimates.
    pub error: f64,
    /// Rounds of refinement of the coefficients.
    pub iterations: usize,
    /// Whether thirty-two digits were carried.
    pub extended: bool,
}

/// A fitted regression.
#[derive(Debug, Clone)]
pub struct OlsFit {
    /// Estimates of the kept regressors, k.
    pub coef: Vec<f64>,
    /// Their names, k.
    pub names: Vec<String>,
    /// Regressors that left.
    pub dropped: Vec<Dropped>,
    /// Positions of the observations used, in the design that was given.
    pub sample: Arc<[usize]>,
    /// Singletons dropped.
    pub singletons: usize,
    /// Residuals, n.
    pub residuals: Vec<f64>,
    /// Kept regressors off the effects, n × k.
    pub X: Mat<f64>,
    /// (X'WX)⁻¹, k × k.
    pub bread: Mat<f64>,
    /// Weights, n.
    pub w: Option<Vec<f64>>,
    /// w x u, n × k, once a covariance has asked for it.
    pub(super) scores: OnceLock<Mat<f64>>,
    /// Σ w u².
    pub ssr: f64,
    /// Σ w (y - ȳ)²; Σ w y² in a model without a constant.
    pub sst: f64,
    /// Sum of squares of y off the effects; equal to `sst` without effects.
    pub sst_within: f64,
    /// SSR over residual degrees of freedom.
    pub sigma2: f64,
    /// Name and levels of each effect in the sample.
    pub effects: Vec<(String, usize)>,
    /// Label and levels of each slope by level.
    pub slopes: Vec<(String, usize)>,
    /// Exact rank of the effects, where known; zero without effects.
    pub rank: Option<usize>,
    /// Largest cosine of an absorbed column with a dummy, or of the residual with a regressor: the certificate.
    pub certificate: f64,
    /// What the certificate is made of.
    pub accuracy: Accuracy,
}

impl Fit for OlsFit {
    fn coef(&self) -> &[f64] {
        &self.coef
    }
    fn names(&self) -> &[String] {
        &self.names
    }
    fn nobs(&self) -> usize {
        self.residuals.len()
    }
    fn dof_residual(&self) -> usize {
        let effects = self.rank.unwrap_or_else(|| self.effects_counted());
        self.nobs().saturating_sub(self.coef.len() + effects)
    }
}

impl Sandwich for OlsFit {
    fn bread(&self) -> &Mat<f64> {
        &self.bread
    }
    fn scores(&self) -> &Mat<f64> {
        self.scores.get_or_init(|| {
            matrix(self.nobs(), self.coef.len(), |j, to| {
                to.iter_mut().zip(self.X.col_as_slice(j)).zip(&self.residuals).for_each(|((to, x), u)| *to = x * u);
                if let Some(w) = &self.w {
                    to.iter_mut().zip(w).for_each(|(to, w)| *to *= w);
                }
            })
        })
    }
    /// Without the scores of all observations, which are as large as X.
    fn score_sums(&self, groups: &Factor) -> Mat<f64> {
        matrix(groups.levels as usize, self.coef.len(), |j, to| {
            let observations = self.X.col_as_slice(j).iter().zip(&self.residuals).zip(&groups.codes);
            match &self.w {
                None => observations.for_each(|((x, u), &g)| to[g as usize] += x * u),
                Some(w) => observations.zip(w).for_each(|(((x, u), &g), w)| to[g as usize] += x * u * w),
            }
        })
    }
    fn sigma2(&self) -> f64 {
        self.sigma2
    }
    fn sample(&self) -> Option<&[usize]> {
        Some(&self.sample)
    }
    fn regressors(&self) -> Option<&Mat<f64>> {
        Some(&self.X)
    }
    fn residuals(&self) -> Option<&[f64]> {
        Some(&self.residuals)
    }
    fn rank(&self) -> Option<usize> {
        self.rank
    }
}

impl OlsFit {
    /// Parameters of the effects as fixest counts them: every level, less one for each effect after the first, and
    /// every slope.
    pub fn effects_counted(&self) -> usize {
        let levels: usize = self.effects.iter().chain(&self.slopes).map(|(_, l)| l).sum();
        levels - self.effects.len().saturating_sub(1)
    }

    /// 1 - SSR/SST.
    pub fn r2(&self) -> f64 {
        1.0 - self.ssr / self.sst
    }

    /// R² adjusted for all parameters, effects included.
    pub fn r2_adjusted(&self) -> f64 {
        let n = self.nobs() as f64;
        let intercept = if !self.absorbs() && !self.names.iter().any(|n| n == INTERCEPT) { 0.0 } else { 1.0 };
        let parameters = (self.coef.len() + self.effects_counted()) as f64;
        1.0 - self.ssr / self.sst * (n - intercept) / (n - parameters)
    }

    fn absorbs(&self) -> bool {
        !(self.effects.is_empty() && self.slopes.is_empty())
    }

    /// R² of the columns off the effects; `None` without effects.
    pub fn r2_within(&self) -> Option<f64> {
        self.absorbs().then(|| 1.0 - self.ssr / self.sst_within)
    }

    /// [`OlsFit::r2_within`] adjusted for the regressors.
    pub fn r2_within_adjusted(&self) -> Option<f64> {
        let free = self.nobs() as f64 - self.effects_counted() as f64;
        self.absorbs().then(|| 1.0 - self.ssr / self.sst_within * free / (free - self.coef.len() as f64))
    }

    /// √(SSR/n).
    pub fn rmse(&self) -> f64 {
        (self.ssr / self.nobs() as f64).sqrt()
    }

    /// The estimate of this name.
    pub fn coefficient(&self, name: &str) -> Option<f64> {
        self.names.iter().position(|n| n == name).map(|j| self.coef[j])
    }

    /// What a reader must know: dropped regressors (`singletons` counts observations, which tables print), and
    /// regressors that are nearly collinear.
    pub fn notes(&self) -> Vec<String> {
        let mut notes: Vec<String> = self.dropped.iter().map(ToString::to_string).collect();
        if self.accuracy.condition > NEARLY_COLLINEAR {
            notes.push(format!(
                "the regressors are nearly collinear (condition number {:.1e} once scaled): their coefficients hang on \
                 the last digits of the data",
                self.accuracy.condition
            ));
        }
        notes
    }
}

/// A condition number that a reader should know of: six of the sixteen digits of the data are left at 1e10, ten here.
const NEARLY_COLLINEAR: f64 = 1e6;

/// Above this expected error the columns are absorbed in extended precision.
const ABSORBED_WELL: f64 = 1e-10;

/// Name of the constant.
pub const INTERCEPT: &str = "(Intercept)";

impl Ols {
    /// Fits a design.
    pub fn fit(&self, design: &Design) -> Result<OlsFit> {
        let Sampled { design: sampled, sample, absorber } = prepare(design, self.singletons)?;
        let singletons = design.nobs() - sample.len();
        self.fit_on(&sampled, absorber.as_ref()).map(|fit| OlsFit { sample, singletons, ..fit })
    }

    /// Fits a prepared design.
    pub fn fit_prepared(&self, prepared: &Prepared) -> Result<OlsFit> {
        let fit = self.fit_on(&prepared.design, prepared.absorber.as_ref())?;
        Ok(OlsFit { sample: prepared.sample.clone(), ..fit })
    }

    /// Fits a design that is its own sample, with its effects: in extended precision where double leaves too little.
    pub(super) fn fit_on(&self, design: &Design, absorber: Option<&Absorber>) -> Result<OlsFit> {
        let fit = self.fit_with(design, absorber, self.precision);
        match self.wants_more(&fit, absorber) {
            true => self.fit_with(design, absorber, Precision::Extended),
            false => fit,
        }
    }

    /// Whether absorbing in double precision cost digits that extended precision has.
    pub(super) fn wants_more(&self, fit: &Result<OlsFit>, absorber: Option<&Absorber>) -> bool {
        let poor = match fit {
            Ok(fit) => fit.accuracy.error > ABSORBED_WELL,
            Err(e) => matches!(e.kind, Kind::Untrusted { .. }),
        };
        poor && absorber.is_some() && self.precision == Precision::Double
    }

    /// Fits in this precision.
    pub(super) fn fit_with(
        &self,
        design: &Design,
        absorber: Option<&Absorber>,
        precision: Precision,
    ) -> Result<OlsFit> {
        let within = Within::new(design, absorber, precision)?;
        let k = design.X.ncols();
        let solve = |chosen: &[usize], size: &[f64]| within.solve(design, chosen, k, size, precision);
        let (fit, kept) = self.fit_within(design, absorber, &within, &(0..k).collect::<Vec<_>>(), k, solve)?;
        Ok(OlsFit { X: within.into_matrix(design, &kept), ..fit })
    }

    /// Fits variable `outcome` of `within` on the variables `order`; `solve` has the solution for some of these and
    /// their norms before anything was taken out of them. Returns also which are kept; the fit lacks their X.
    pub(super) fn fit_within(
        &self,
        design: &Design,
        absorber: Option<&Absorber>,
        within: &Within,
        order: &[usize],
        outcome: usize,
        solve: impl FnOnce(&[usize], &[f64]) -> Solution,
    ) -> Result<(OlsFit, Vec<usize>)> {
        let (n, w) = (design.nobs(), design.w.as_deref());
        let judged = within.off_effects(order);
        let solved = solve(&judged, &within.sizes(&judged));
        let mut dropped: Vec<(usize, Dropped)> =
            order.iter().filter_map(|&j| Some((j, within.left[j].clone()?))).collect();
        dropped.extend(within.spanned(design, &judged, &solved));
        dropped.sort_by_key(|&(j, _)| order.iter().position(|&o| o == j));
        self.judge(&dropped, order.len(), design)?;
        let kept: Vec<usize> = solved.triangle.kept.iter().map(|&at| judged[at]).collect();
        let (sst, sst_within) = within.totals(design, &kept, outcome)?;
        let (coef, residuals, accuracy) = within.certified(design, &kept, outcome, &solved)?;
        let ssr = squares(&residuals, w);
        let k = kept.len();
        let mut fit = OlsFit {
            coef,
            names: kept.iter().map(|&j| design.names[j].clone()).collect(),
            dropped: dropped.into_iter().map(|(_, d)| d).collect(),
            sample: Arc::default(),
            singletons: 0,
            X: Mat::new(),
            bread: solved.bread,
            w: design.w.clone(),
            scores: OnceLock::new(),
            residuals,
            ssr,
            sst,
            sst_within,
            sigma2: f64::NAN,
            effects: design.fe.iter().map(|f| (f.name.clone(), f.levels as usize)).collect(),
            slopes: design.slopes.iter().map(|s| (s.label(), s.factor.levels as usize)).collect(),
            rank: absorber.map_or(Some(0), Absorber::rank),
            certificate: accuracy.orthogonality.max(accuracy.residual),
            accuracy,
        };
        let free = fit.dof_residual();
        if free == 0 {
            return Err(Error::invalid(
                format!("{n} observations leave no degree of freedom for {k} regressors and the fixed effects"),
                "use fewer effects or regressors, or more data",
            ));
        }
        fit.sigma2 = ssr / free as f64;
        Ok((fit, kept))
    }

    /// Applies the rule on collinear regressors, of which there are `k`.
    fn judge(&self, dropped: &[(usize, Dropped)], k: usize, design: &Design) -> Result<()> {
        if let (Collinear::Error, Some((_, first))) = (self.collinear, dropped.first()) {
            let absorbed = first.reason == Reason::Absorbed;
            return Err(Error::new(Kind::Collinear { absorbed }).at_column(first.name.clone()));
        }
        if dropped.len() == k && k > 0 {
            let names: Vec<&str> = dropped.iter().map(|&(j, _)| design.names[j].as_str()).collect();
            return Err(Error::new(Kind::NothingLeft).at_column(names.join("`, `")));
        }
        Ok(())
    }
}
