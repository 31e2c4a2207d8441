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

use super::least_squares::{COLLINEAR, ROUNDING, Reason};
use super::moments::{Column, Solution, Spanned, dot, least_squares, residual};
use crate::absorb::{Absorber, CONSTANT, Singletons, centered_squares, squares, without_singletons};
use crate::math::{Mat, double::Double};
use crate::{Design, Error, Factor, Fit, Kind, Result, Sandwich, Slope};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::sync::Arc;
use std::sync::OnceLock;

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
    fn zero(design: &Design, j: usize) -> Self {
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

/// An outcome of which the effects leave less than this fraction of its squares is all rounding.
const EXPLAINED: f64 = 1e-26;

/// A condition number that a reader should know of: six of the sixteen digits of the data are left at 1e10, ten here.
const NEARLY_COLLINEAR: f64 = 1e6;

/// Largest relative error of an estimate that its own arithmetic may be expected to leave.
const ERROR_TOLERANCE: f64 = 1e-5;

/// Residuals below this fraction of the outcome are taken for so large when a coefficient near zero is judged.
const PERFECT: f64 = 1e-4;

/// Above this expected error the columns are absorbed in extended precision.
const ABSORBED_WELL: f64 = 1e-10;

/// Largest residual of the normal equations.
const RESIDUAL_TOLERANCE: f64 = 1e-10;

/// Of a column that absorbing leaves less than this of its squares, the solver's own error may be a good part: it is
/// absorbed once more.
const DOUBTFUL: f64 = 1e-10;

/// Most observations for which the effects that span a regressor are looked for in combination.
const SEARCHED: usize = 1_000_000;

/// Name of the constant.
pub const INTERCEPT: &str = "(Intercept)";

/// A design without singletons, its effects factorized: estimators that share a sample share this.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// Positions of the observations used.
    pub sample: Arc<[usize]>,
    /// The design at the sample.
    pub design: Design,
    /// The effects, unless there are none.
    pub absorber: Option<Absorber>,
}

impl Prepared {
    /// Checks the design, takes the offset from the outcome, removes singletons, factorizes the effects.
    pub fn new(design: &Design, singletons: Singletons) -> Result<Self> {
        let (design, sample, absorber) = prepare(design, singletons)?;
        Ok(Prepared { sample, design: design.into_owned(), absorber })
    }

    /// Columns (each n) off the effects and times √w, their sums of squares before, and the certificate.
    pub fn absorb(&self, columns: &mut [Vec<f64>]) -> Result<(Vec<f64>, f64)> {
        let w = self.design.w.as_deref();
        let (before, orthogonality) = absorb(self.absorber.as_ref(), columns, w, Precision::Double)?;
        if let Some(w) = w {
            columns.iter_mut().for_each(|c| c.iter_mut().zip(w).for_each(|(v, w)| *v *= w.sqrt()));
        }
        Ok((before, orthogonality.into_iter().fold(0.0, f64::max)))
    }
}

/// The checked design at its sample, and its effects; the design itself when nothing leaves it.
pub(super) fn prepare(
    design: &Design,
    singletons: Singletons,
) -> Result<(Cow<'_, Design>, Arc<[usize]>, Option<Absorber>)> {
    design.check()?;
    let sample: Option<Vec<usize>> = match singletons {
        Singletons::Drop if !design.fe.is_empty() => Some(without_singletons(&design.fe)),
        _ => None,
    };
    let n = design.nobs();
    let sample: Arc<[usize]> = match sample.filter(|s| s.len() < n) {
        Some(some) => some.into(),
        // All of them: where the observations are all rows of the table, its index is the same list.
        None if design.rows.iter().enumerate().all(|(i, &r)| i == r) => design.rows.clone(),
        None => (0..n).collect(),
    };
    if sample.is_empty() {
        return Err(Error::invalid(
            "every observation is alone in a level of a fixed effect",
            "use a coarser effect, or set `singletons = \"keep\"`",
        ));
    }
    // Levels without observations would be counted: such factors are recoded even when no row leaves.
    let factors = design.fe.iter().chain(design.slopes.iter().map(|s| &s.factor));
    let whole = sample.len() == design.nobs() && factors.into_iter().all(Factor::compact);
    let mut design = if whole { Cow::Borrowed(design) } else { Cow::Owned(design.at(&sample)) };
    if design.offset.is_some() {
        let own = design.to_mut();
        let offset = own.offset.take().unwrap_or_default();
        own.y.iter_mut().zip(&offset).for_each(|(y, o)| *y -= o);
    }
    let absorber = match design.absorbs() {
        true => Some(Absorber::new(&design.fe, &design.slopes, design.w.as_deref())?),
        false => None,
    };
    Ok((design, sample, absorber))
}

/// Replaces columns by their residuals from the effects; returns their sums of squares before and their certificates.
fn absorb(
    absorber: Option<&Absorber>,
    columns: &mut [Vec<f64>],
    w: Option<&[f64]>,
    precision: Precision,
) -> Result<(Vec<f64>, Vec<f64>)> {
    let before: Vec<f64> = columns.iter().map(|c| squares(c, w)).collect();
    let Some(absorber) = absorber else { return Ok((before, vec![0.0; columns.len()])) };
    let done = match precision {
        Precision::Double => absorber.demean(columns)?,
        Precision::Extended => columns.par_iter_mut().map(|c| absorber.demean_extended(c)).collect::<Result<_>>()?,
    };
    for (j, column) in columns.iter_mut().enumerate() {
        // What is left may be a honest remainder, which absorbing again leaves as it is, or the error of the solver,
        // which lies in the span of the effects and goes.
        let mut left = done[j].after;
        while precision == Precision::Double && left > COLLINEAR * before[j] && left < DOUBTFUL * before[j] {
            let Ok(again) = absorber.demean_column(column) else { break };
            if again.after > 0.5 * left {
                break;
            }
            left = again.after;
        }
    }
    Ok((before, done.iter().map(|d| d.orthogonality).collect()))
}

impl Ols {
    /// Fits a design.
    pub fn fit(&self, design: &Design) -> Result<OlsFit> {
        let (sampled, sample, absorber) = prepare(design, self.singletons)?;
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

/// A matrix filled column by column.
fn matrix(n: usize, k: usize, fill: impl Fn(usize, &mut [f64])) -> Mat<f64> {
    let mut M = Mat::zeros(n, k);
    (0..k).for_each(|j| fill(j, M.col_as_slice_mut(j)));
    M
}

/// The variables of a design, its regressors and then its outcome, off the effects; without effects the design itself
/// has them.
#[derive(Debug, Clone)]
pub(super) struct Within {
    /// Columns; none without effects.
    columns: Vec<Vec<f64>>,
    /// Sums of squares before.
    before: Vec<f64>,
    /// Certificates of the absorption.
    orthogonality: Vec<f64>,
    /// The verdict on a regressor alone: that the effects span it.
    left: Vec<Option<Dropped>>,
    /// How they were absorbed.
    precision: Precision,
}

impl Within {
    pub(super) fn new(design: &Design, absorber: Option<&Absorber>, precision: Precision) -> Result<Self> {
        let k = design.X.ncols();
        let given: Vec<&[f64]> = (0..k).map(|j| design.X.col_as_slice(j)).chain([&design.y[..]]).collect();
        let Some(absorber) = absorber else {
            let before: Vec<f64> = given.iter().map(|c| squares(c, design.w.as_deref())).collect();
            let left = (0..k).map(|j| (before[j] == 0.0).then(|| Dropped::zero(design, j))).collect();
            return Ok(Within { columns: Vec::new(), before, orthogonality: vec![0.0; k + 1], left, precision });
        };
        let mut columns: Vec<Vec<f64>> = given.into_iter().map(<[f64]>::to_vec).collect();
        let (before, orthogonality) = absorb(Some(absorber), &mut columns, design.w.as_deref(), precision)?;
        let left = (0..k)
            .map(|j| match squares(&columns[j], design.w.as_deref()) <= COLLINEAR * before[j] {
                _ if before[j] == 0.0 => Some(Dropped::zero(design, j)),
                false => None,
                true => {
                    let by = spanning(design, design.X.col_as_slice(j), ROUNDING * before[j].sqrt());
                    Some(Dropped { name: design.names[j].clone(), reason: Reason::Absorbed, by })
                }
            })
            .collect();
        Ok(Within { columns, before, orthogonality, left, precision })
    }

    /// Variable j.
    pub(super) fn column<'a>(&'a self, design: &'a Design, j: usize) -> Column<'a> {
        match self.columns.get(j) {
            Some(absorbed) => Column::from(&absorbed[..]),
            None if j < design.X.ncols() => Column { high: design.X.col_as_slice(j), low: design.low(j) },
            None => Column::from(&design.y[..]),
        }
    }

    /// The variables `kept`, n × k.
    pub(super) fn matrix(&self, design: &Design, kept: &[usize]) -> Mat<f64> {
        matrix(design.nobs(), kept.len(), |j, to| to.copy_from_slice(self.column(design, kept[j]).high))
    }

    /// The same, letting go of each column as it is copied.
    fn into_matrix(mut self, design: &Design, kept: &[usize]) -> Mat<f64> {
        for j in (0..self.columns.len()).filter(|j| !kept.contains(j)) {
            self.columns[j] = Vec::new();
        }
        let mut M = Mat::zeros(design.nobs(), kept.len());
        for (at, &j) in kept.iter().enumerate() {
            M.col_as_slice_mut(at).copy_from_slice(self.column(design, j).high);
            if let Some(column) = self.columns.get_mut(j) {
                *column = Vec::new();
            }
        }
        M
    }

    /// Least squares of variable `outcome` on the variables `chosen`.
    pub(super) fn solve(
        &self,
        design: &Design,
        chosen: &[usize],
        outcome: usize,
        size: &[f64],
        precision: Precision,
    ) -> Solution {
        let X: Vec<Column> = chosen.iter().map(|&j| self.column(design, j)).collect();
        let y = self.column(design, outcome);
        least_squares(&X, y, design.w.as_deref(), size, precision == Precision::Extended)
    }

    /// The variables of `order` that the effects do not span.
    pub(super) fn off_effects(&self, order: &[usize]) -> Vec<usize> {
        order.iter().copied().filter(|&j| self.left[j].is_none()).collect()
    }

    /// Norms of variables before anything was taken out of them.
    pub(super) fn sizes(&self, of: &[usize]) -> Vec<f64> {
        of.iter().map(|&j| self.before[j].sqrt()).collect()
    }

    /// The regressors that `solved`, a solution on the columns `judged`, found to be spanned by others.
    fn spanned(&self, design: &Design, judged: &[usize], solved: &Solution) -> Vec<(usize, Dropped)> {
        let size = |j: usize| self.before[j].sqrt();
        let one = |spanned: &Spanned| {
            let j = judged[spanned.position];
            let by: Vec<(usize, f64)> = spanned.by.iter().map(|&(at, b)| (judged[at], b)).collect();
            let mut names: Vec<String> = by.iter().map(|&(i, _)| design.names[i].clone()).collect();
            // Whether the effects have a part in it shows in the columns as they were.
            if design.absorbs() {
                let mut rest = design.X.col_as_slice(j).to_vec();
                let mut all = size(j);
                for (i, b) in by {
                    rest.iter_mut().zip(design.X.col_as_slice(i)).for_each(|(r, x)| *r -= b * x);
                    all += b.abs() * size(i);
                }
                let w = design.w.as_deref();
                if squares(&rest, w).sqrt() > ROUNDING * all {
                    match spans(&[Factor::from_keys("", vec![0; rest.len()])], &[], w, &rest, ROUNDING * all) {
                        true => names.push(INTERCEPT.into()),
                        false => names.extend(spanning(design, &rest, ROUNDING * all)),
                    }
                }
            }
            (j, Dropped { name: design.names[j].clone(), reason: spanned.reason, by: names })
        };
        solved.triangle.dropped.iter().map(one).collect()
    }

    /// Coefficients of `outcome` on the variables `kept` and the residual, refined until the normal equations hold, with
    /// their certificate.
    fn certified(
        &self,
        design: &Design,
        kept: &[usize],
        outcome: usize,
        solved: &Solution,
    ) -> Result<(Vec<f64>, Vec<f64>, Accuracy)> {
        let w = design.w.as_deref();
        let X: Vec<Column> = kept.iter().map(|&j| self.column(design, j)).collect();
        let y = self.column(design, outcome);
        let norm: Vec<f64> = X.iter().map(|x| squares(x.high, w).sqrt()).collect();
        let total = squares(y.high, w).sqrt();
        let mut coef = solved.coef.clone();
        let mut accuracy = Accuracy {
            orthogonality: kept.iter().chain([&outcome]).fold(0.0, |worst, &j| self.orthogonality[j].max(worst)),
            condition: solved.condition,
            extended: solved.extended,
            ..Accuracy::default()
        };
        let mut u = residual(&X, y, &coef, solved.extended);
        loop {
            let g: Vec<f64> = X.iter().map(|x| inner(x.high, &u, w)).collect();
            accuracy.residual = g.iter().zip(&norm).map(|(g, norm)| g.abs() / (norm * total)).fold(0.0, f64::max);
            // In double precision what the moments rounded off is taken back.
            if solved.extended || accuracy.iterations == 2 || accuracy.residual <= f64::EPSILON / 2.0 {
                break;
            }
            for (j, b) in coef.iter_mut().enumerate() {
                *b += Double::from((0..g.len()).map(|i| solved.bread[(j, i)] * g[i]).sum::<f64>());
            }
            accuracy.iterations += 1;
            drop(u);
            u = residual(&X, y, &coef, solved.extended);
        }
        let b: Vec<f64> = coef.iter().map(|b| b.to_f64()).collect();
        let absorbed = match self.columns.is_empty() {
            true => 0.0,
            false => {
                // A fit without error has coefficients of zero to rounding: they are judged by the outcome.
                let sigma = squares(&u, w).sqrt().max(PERFECT * total) / (design.nobs() as f64).sqrt();
                let rounding = f64::EPSILON / (design.nobs() as f64).sqrt();
                // Extended precision rounds once, what is left.
                let size = match self.precision {
                    Precision::Double => self.sizes(kept),
                    Precision::Extended => norm.clone(),
                };
                rounding * moved_by_rounding(&b, &solved.bread, &size, sigma)
            }
        };
        accuracy.error = solved.error.max(absorbed);
        for (what, value, wanted) in [
            ("relative error of their coefficients", accuracy.error, ERROR_TOLERANCE),
            ("residual of the normal equations", accuracy.residual, RESIDUAL_TOLERANCE),
        ] {
            if value.is_nan() || value > wanted {
                return Err(Error::new(Kind::Untrusted {
                    message: format!(
                        "the regressors are so nearly collinear (condition number {:.1e} once scaled) that the {what} \
                         may reach {value:.0e}, wanted {wanted:.0e}",
                        solved.condition
                    ),
                    remedy: "leave one of them out, or center and rescale them".into(),
                }));
            }
        }
        Ok((b, u, accuracy))
    }

    /// Total sums of squares of `outcome`, before and off the effects; an error when there is nothing to explain.
    fn totals(&self, design: &Design, kept: &[usize], outcome: usize) -> Result<(f64, f64)> {
        let w = design.w.as_deref();
        let (name, given) = match outcome < design.X.ncols() {
            true => (&design.names[outcome], design.X.col_as_slice(outcome)),
            false => (&design.outcome, &design.y[..]),
        };
        let raw = self.before[outcome];
        let sst = centered_squares(given, w);
        let within = squares(self.column(design, outcome).high, w);
        let constant = design.absorbs() || kept.iter().any(|&j| design.names[j] == INTERCEPT);
        if within <= EXPLAINED * raw || (constant && sst <= 2.0 * CONSTANT * raw) {
            return Err(Error::invalid(
                "the outcome is constant, or the fixed effects explain it entirely",
                "choose an outcome that varies within the effects",
            )
            .at_column(name.clone()));
        }
        let sst = if constant { sst } else { raw };
        Ok((sst, if design.absorbs() { within } else { sst }))
    }
}

/// How far a change of each column by its `size` before absorbing moves the coefficients `b`, as a fraction of
/// themselves or of their standard errors under errors of size `sigma`, and their covariance: to first order
/// δb = (X'X)⁻¹(E'u - X'E b) and δ(X'X)⁻¹ = -(X'X)⁻¹(E'X + X'E)(X'X)⁻¹. This is for the worst direction; roundings of
/// n rows have none, and move them by 1/√n of it.
fn moved_by_rounding(b: &[f64], bread: &Mat<f64>, size: &[f64], sigma: f64) -> f64 {
    let moved: f64 = b.iter().zip(size).map(|(b, s)| b.abs() * s).sum();
    let of = |i: usize| {
        let unit = bread[(i, i)].sqrt();
        let spread: f64 = (0..b.len()).map(|j| size[j] * bread[(i, j)].abs()).sum::<f64>() / unit;
        (2.0 * spread).max(moved * unit / (b[i].abs() + unit * sigma))
    };
    (0..b.len()).map(of).fold(0.0, f64::max)
}

/// Σ w a b.
fn inner(a: &[f64], b: &[f64], w: Option<&[f64]>) -> f64 {
    match w {
        None => dot(a, b),
        Some(w) => a.iter().zip(b).zip(w).map(|((a, b), w)| w * a * b).sum(),
    }
}

/// Whether effects and slopes span `v` (n) up to `rounding` in the norm.
fn spans(fe: &[Factor], slopes: &[Slope], w: Option<&[f64]>, v: &[f64], rounding: f64) -> bool {
    let mut column = [v.to_vec()];
    let done =
        Absorber::new(fe, slopes, w).and_then(|absorber| absorb(Some(&absorber), &mut column, w, Precision::Double));
    done.is_ok() && squares(&column[0], w).sqrt() <= 2.0 * rounding
}

/// Names of a smallest set of effects that spans `v` (n) up to `rounding` in the norm: one alone where one does,
/// otherwise all less those that are not needed.
fn spanning(design: &Design, v: &[f64], rounding: f64) -> Vec<String> {
    let w = design.w.as_deref();
    let spans = |fe: &[Factor], slopes: &[Slope]| spans(fe, slopes, w, v, rounding);
    let mut all: Vec<String> = design.fe.iter().map(|f| f.name.clone()).collect();
    all.extend(design.slopes.iter().map(|s| s.label()));
    if let Some(one) = design.fe.iter().find(|f| spans(std::slice::from_ref(*f), &[])) {
        return vec![one.name.clone()];
    }
    if let Some(one) = design.slopes.iter().find(|s| spans(&[], std::slice::from_ref(*s))) {
        return vec![one.label()];
    }
    if !design.slopes.is_empty() || design.fe.len() < 3 || design.nobs() > SEARCHED {
        return all;
    }
    let mut needed = design.fe.clone();
    let mut at = needed.len();
    while at > 0 && needed.len() > 2 {
        at -= 1;
        let without: Vec<Factor> =
            needed.iter().enumerate().filter(|&(i, _)| i != at).map(|(_, f)| f.clone()).collect();
        if spans(&without, &[]) {
            needed = without;
        }
    }
    needed.into_iter().map(|f| f.name).collect()
}
