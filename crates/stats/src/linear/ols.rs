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
//! R² is 1 - SSR/SST with weighted sums and SST about the weighted mean; `r2_within` has the SSR of the
//! effects alone below the line; the adjusted ones divide by n - k - Σ(levels) + (effects - 1), as fixest does.
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

use super::least_squares::{Orthogonal, Reason};
use crate::absorb::{Absorber, CONSTANT, Singletons, centered_squares, squares, without_singletons};
use crate::math::Mat;
use crate::{Design, Error, Fit, Kind, Result, Sandwich};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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

/// The estimator: its rules for the sample and for collinear regressors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ols {
    /// Rule for observations alone in a level of an effect.
    pub singletons: Singletons,
    /// Rule for collinear regressors.
    pub collinear: Collinear,
}

/// A regressor that left, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped {
    /// Its name.
    pub name: String,
    /// Why.
    pub reason: Reason,
}

impl std::fmt::Display for Dropped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.reason {
            Reason::Absorbed => write!(f, "`{}` dropped: absorbed by the fixed effects", self.name),
            Reason::Collinear => write!(f, "`{}` dropped: a linear combination of earlier regressors", self.name),
        }
    }
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
    pub sample: Vec<usize>,
    /// Singletons dropped.
    pub singletons: usize,
    /// Residuals, n.
    pub residuals: Vec<f64>,
    /// Kept regressors off the effects, n × k.
    pub X: Mat<f64>,
    /// (X'WX)⁻¹, k × k.
    pub bread: Mat<f64>,
    /// w x u, n × k.
    pub scores: Mat<f64>,
    /// Σ w u².
    pub ssr: f64,
    /// Σ w (y - ȳ)².
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
        &self.scores
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

    /// What a reader must know: dropped regressors (`singletons` counts observations, which tables print).
    pub fn notes(&self) -> Vec<String> {
        self.dropped.iter().map(ToString::to_string).collect()
    }
}

/// An outcome of which the effects leave less than this fraction of its squares is all rounding.
const EXPLAINED: f64 = 1e-26;

/// Name of the constant.
pub const INTERCEPT: &str = "(Intercept)";

/// A design without singletons, its effects factorized: estimators that share a sample share this.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// Positions of the observations used.
    pub sample: Vec<usize>,
    /// The design at the sample.
    pub design: Design,
    /// The effects, unless there are none.
    pub absorber: Option<Absorber>,
}

impl Prepared {
    /// Checks the design, takes the offset from the outcome, removes singletons, factorizes the effects.
    pub fn new(design: &Design, singletons: Singletons) -> Result<Self> {
        design.check()?;
        let sample: Vec<usize> = match singletons {
            Singletons::Drop if !design.fe.is_empty() => without_singletons(&design.fe),
            _ => (0..design.nobs()).collect(),
        };
        if sample.is_empty() {
            return Err(Error::invalid(
                "every observation is alone in a level of a fixed effect",
                "use a coarser effect, or set `singletons = \"keep\"`",
            ));
        }
        // Factors are recoded even when no row leaves: levels without observations would be counted.
        let mut design = design.at(&sample);
        if let Some(offset) = design.offset.take() {
            design.y.iter_mut().zip(&offset).for_each(|(y, o)| *y -= o);
        }
        let absorber = match design.absorbs() {
            true => Some(Absorber::new(&design.fe, &design.slopes, design.w.as_deref())?),
            false => None,
        };
        Ok(Prepared { sample, design, absorber })
    }

    /// Columns (each n) off the effects and times √w, their sums of squares before, and the certificate.
    pub fn absorb(&self, columns: &mut [Vec<f64>]) -> Result<(Vec<f64>, f64)> {
        let w = self.design.w.as_deref();
        let (before, certificate) = match &self.absorber {
            None => (columns.iter().map(|c| centered_squares(c, w)).collect(), 0.0),
            Some(absorber) => {
                let done = absorber.demean(columns)?;
                let worst = done.iter().fold(0.0f64, |worst, d| worst.max(d.orthogonality));
                (done.iter().map(|d| d.before).collect(), worst)
            }
        };
        if let Some(w) = w {
            columns.iter_mut().for_each(|c| c.iter_mut().zip(w).for_each(|(v, w)| *v *= w.sqrt()));
        }
        Ok((before, certificate))
    }
}

impl Ols {
    /// Fits a design.
    pub fn fit(&self, design: &Design) -> Result<OlsFit> {
        let prepared = Prepared::new(design, self.singletons)?;
        self.fit_prepared(&prepared).map(|mut fit| {
            fit.singletons = design.nobs() - fit.sample.len();
            fit
        })
    }

    /// Fits a prepared design.
    pub fn fit_prepared(&self, prepared: &Prepared) -> Result<OlsFit> {
        let design = &prepared.design;
        let (n, w) = (design.nobs(), design.w.as_deref());
        let sst = centered_squares(&design.y, w);
        let mut columns: Vec<Vec<f64>> = (0..design.X.ncols()).map(|j| design.X.col_as_slice(j).to_vec()).collect();
        columns.push(design.y.clone());
        let (mut before, absorbed) = prepared.absorb(&mut columns)?;
        let y = columns.pop().unwrap_or_default();
        before.pop();
        if squares(&y, None) <= EXPLAINED * squares(&design.y, w) || sst <= 2.0 * CONSTANT * squares(&design.y, w) {
            return Err(Error::invalid(
                "the outcome is constant, or the fixed effects explain it entirely",
                "choose an outcome that varies within the effects",
            )
            .at_column(design.outcome.clone()));
        }
        let basis = Orthogonal::new(&columns, &before);
        let dropped = self.judge(&basis, &design.names)?;
        let k = basis.kept.len();
        let (coef, u) = basis.solve(&columns, &y);
        let ssr = squares(&u, None);
        let kept: Vec<&Vec<f64>> = basis.kept.iter().map(|&j| &columns[j]).collect();
        let orthogonal = kept.iter().fold(0.0f64, |worst, x| {
            let inner: f64 = x.iter().zip(&u).map(|(x, u)| x * u).sum();
            let size = (squares(x, None) * squares(&y, None)).sqrt();
            worst.max(if size > 0.0 { inner.abs() / size } else { 0.0 })
        });
        let root = |i: usize| w.map_or(1.0, |w| w[i].sqrt());
        let mut fit = OlsFit {
            coef,
            names: basis.kept.iter().map(|&j| design.names[j].clone()).collect(),
            dropped,
            sample: prepared.sample.clone(),
            singletons: 0,
            residuals: (0..n).map(|i| u[i] / root(i)).collect(),
            X: Mat::from_fn(n, k, |i, j| kept[j][i] / root(i)),
            bread: basis.inverse_gram(),
            scores: Mat::from_fn(n, k, |i, j| kept[j][i] * u[i]),
            ssr,
            sst,
            sst_within: if design.absorbs() { squares(&y, None) } else { sst },
            sigma2: f64::NAN,
            effects: design.fe.iter().map(|f| (f.name.clone(), f.levels as usize)).collect(),
            slopes: design.slopes.iter().map(|s| (s.label(), s.factor.levels as usize)).collect(),
            rank: prepared.absorber.as_ref().map_or(Some(0), Absorber::rank),
            certificate: absorbed.max(orthogonal),
        };
        let free = fit.dof_residual();
        if free == 0 {
            return Err(Error::invalid(
                format!("{n} observations leave no degree of freedom for {k} regressors and the fixed effects"),
                "use fewer effects or regressors, or more data",
            ));
        }
        fit.sigma2 = ssr / free as f64;
        Ok(fit)
    }

    /// Applies the rule on collinear regressors.
    fn judge(&self, basis: &Orthogonal, names: &[String]) -> Result<Vec<Dropped>> {
        if let (Collinear::Error, Some(&(j, reason))) = (self.collinear, basis.dropped.first()) {
            let absorbed = reason == Reason::Absorbed;
            return Err(Error::new(Kind::Collinear { absorbed }).at_column(names[j].clone()));
        }
        if basis.kept.is_empty() && !names.is_empty() {
            return Err(Error::new(Kind::NothingLeft).at_column(names.join("`, `")));
        }
        Ok((basis.dropped.iter()).map(|&(j, reason)| Dropped { name: names[j].clone(), reason }).collect())
    }
}
