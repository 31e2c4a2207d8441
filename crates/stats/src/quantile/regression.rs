//! Quantile regression (Koenker and Bassett 1978).
//!
//! ```text
//! Q_τ(y | x) = x'β(τ),      β̂(τ) = argmin_b Σ wᵢ ρ_τ(yᵢ - xᵢ'b),      ρ_τ(r) = r (τ - 1[r < 0])
//! ```
//!
//! The minimum is that of a linear program, found exactly ([`super::simplex`]), with the gap to its dual as
//! certificate. Its covariance is H⁻¹ J H⁻¹ with H = Σ f(0 | xᵢ) xᵢxᵢ' and, under the model, J = τ(1 - τ) Σ xᵢxᵢ'.
//! [`Density`] says how f, the density of the error at zero, is estimated; the covariance option says how J is.
//!
//! * `vcov = iid`: one density for all (`se = iid`);
//! * `vcov = hc1`, the default: densities differ (`se = nid`, Hendricks and Koenker 1992);
//! * `vcov = hc0`: as `hc1` with J = Σ ψᵢ² xᵢxᵢ', right also when the quantile is not linear (Angrist, Chernozhukov and
//!   Fernández-Val 2006);
//! * `vcov = cluster:a`: J from the scores summed within clusters (Parente and Santos Silva 2016, `se = uniform`).
//!
//! Effects are few dummies, whose estimates are not shown; with many the estimator is inconsistent in short panels,
//! and [`super::mmqr`] is the way out.
//!
//! ```
//! use plim_stats::{Design, Fit, linear::Ols, math::Mat, quantile::{Quantile, quantile}, vcov::Vcov};
//! let y = [3.0, 9.0, 1.0, 7.0, 4.0];
//! let design = Design {
//!     y: y.to_vec(),
//!     outcome: "y".into(),
//!     X: Mat::from_fn(5, 1, |_, _| 1.0),
//!     names: vec!["(Intercept)".into()],
//!     rows: (0..5).collect(),
//!     ..Design::default()
//! };
//! let fits = quantile(&design, &Quantile::default(), &Ols::default(), &Vcov::Hc1).unwrap();
//! assert_eq!(fits[0].coef(), [4.0]); // the median
//! ```

use super::simplex::{Vertex, minimize};
use crate::dummies::dummies;
use crate::fit::Spread;
use crate::linear::Ols;
use crate::math::orthonormal::{Orthonormal, combine, dot};
use crate::math::quantile::{QuantileType, quantile as sample_quantile};
use crate::math::{Mat, dist, linalg, normal};
use crate::vcov::{Ssc, Vcov, vcov};
use crate::{Design, Error, Fit, Kind, Result, Sandwich};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the density of the error at zero is estimated. All take the bandwidth of Hall and Sheather (1988).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Density {
    /// The same for all observations: slope of the ordered residuals near zero (quantreg's `se = "iid"`).
    Iid,
    /// From the fits at τ ± h (Hendricks and Koenker 1992; quantreg's `se = "nid"`).
    Nid,
    /// Gaussian kernel of the residuals (Powell 1991; quantreg's `se = "ker"`).
    #[serde(alias = "ker")]
    Kernel,
    /// Uniform kernel of the residuals (Powell 1991; Parente and Santos Silva 2016).
    Uniform,
}

/// Quantile regression: how the quantiles of the outcome depend on the regressors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Quantile {
    /// The quantiles, each between 0 and 1; the coefficients shown first are those of the first.
    pub tau: Vec<f64>,
    /// How the density of the error is estimated for the standard errors: `iid`, `nid`, `kernel` or `uniform`.
    ///
    /// By default `iid` with `vcov = "iid"`, `uniform` with clusters, and `nid` otherwise.
    pub se: Option<Density>,
}

impl Default for Quantile {
    fn default() -> Self {
        Quantile { tau: vec![0.5], se: None }
    }
}

impl Quantile {
    /// The density estimator that goes with a covariance.
    pub fn density(&self, how: &Vcov) -> Density {
        self.se.unwrap_or(match how {
            Vcov::Iid => Density::Iid,
            Vcov::Cluster(_) => Density::Uniform,
            _ => Density::Nid,
        })
    }
}

/// Refuses an empty list of quantiles and values outside (0, 1).
pub(crate) fn check_tau(tau: &[f64]) -> Result<()> {
    let wanted = "give values strictly between 0 and 1, such as 0.25,0.5,0.75";
    match tau.iter().find(|t| !(**t > 0.0 && **t < 1.0)) {
        Some(t) => Err(Error::invalid(format!("`tau` is {t}"), wanted)),
        None if tau.is_empty() => Err(Error::invalid("`tau` is empty", wanted)),
        None => Ok(()),
    }
}

/// The problem in well-scaled coordinates, shared by all τ.
struct Problem {
    /// Orthonormal columns of [X, dummies] times w.
    basis: Orthonormal,
    /// y times w, n.
    y: Vec<f64>,
    /// Residuals of least squares times w, n: the start.
    near: Vec<f64>,
}

/// One fitted quantile.
#[derive(Debug, Clone)]
pub struct QuantileFit {
    /// τ.
    pub tau: f64,
    /// Estimates of the kept regressors, k.
    pub coef: Vec<f64>,
    /// Their names, k.
    pub names: Vec<String>,
    /// Positions of the observations used, in the design that was given.
    pub sample: std::sync::Arc<[usize]>,
    /// y - x'β̂, n.
    pub residuals: Vec<f64>,
    /// Σ w ρ_τ(y - x'β̂).
    pub objective: f64,
    /// Whether no other β has this objective.
    pub unique: bool,
    /// Relative gap between the objective and its dual bound: the certificate.
    pub gap: f64,
    /// Steps of the simplex.
    pub steps: usize,
    /// Parameters, dummies of the effects included.
    pub parameters: usize,
    /// What a reader must know: dropped regressors, a solution that is not unique.
    pub notes: Vec<String>,
    /// H⁻¹ of the regressors, k × k.
    bread: Mat<f64>,
    /// wψx off the effects, n × k.
    scores: Mat<f64>,
    /// H⁻¹ J H⁻¹ with J = τ(1 - τ) X'X, k × k.
    V: Mat<f64>,
    density: Density,
}

impl Fit for QuantileFit {
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
        self.nobs() - self.parameters
    }
}

impl Sandwich for QuantileFit {
    fn bread(&self) -> &Mat<f64> {
        &self.bread
    }
    fn scores(&self) -> &Mat<f64> {
        &self.scores
    }
    /// Not defined: the iid covariance has a variance of its own, see [`QuantileFit::covariance`].
    fn sigma2(&self) -> f64 {
        f64::NAN
    }
    fn sample(&self) -> Option<&[usize]> {
        Some(&self.sample)
    }
    fn rank(&self) -> Option<usize> {
        Some(self.parameters - self.coef.len())
    }
}

impl QuantileFit {
    /// The covariance of the estimates; see the table at the top of this file.
    pub fn covariance(&self, how: &Vcov, ssc: Ssc, design: &Design) -> Result<Spread> {
        let density = match self.density {
            Density::Iid => "se iid",
            Density::Nid => "se nid",
            Density::Kernel => "se kernel",
            Density::Uniform => "se uniform",
        };
        if matches!(how, Vcov::Iid | Vcov::Hc1) {
            let df = self.dof_residual() as f64;
            let label = format!("{how} ({density}, no factor, t with {df} degrees of freedom)");
            return Ok(Spread { V: self.V.clone(), df: Some(df), label, warnings: Vec::new() });
        }
        let c = vcov(self, how, ssc, design)?;
        let label = format!("{}, {density})", c.label.trim_end_matches(')'));
        Ok(Spread { V: c.V, df: Some(c.df), label, warnings: c.warnings })
    }
}

/// Fits each τ, with the density estimator that goes with the covariance `how`.
pub fn quantile(design: &Design, options: &Quantile, ols: &Ols, how: &Vcov) -> Result<Vec<QuantileFit>> {
    check_tau(&options.tau)?;
    if !design.slopes.is_empty() {
        return Err(Error::invalid("quantile regression absorbs no slopes", "write the interaction as a regressor"));
    }
    // Least squares gives the verdict on the regressors, the sample without singletons and the start.
    let mean = ols.fit(design)?;
    let design = design.at(&mean.sample);
    let nuisance = dummies(&design.fe, "use method mmqr, which absorbs them, or coarser effects")?;
    let k = mean.names.len();
    let w = |i: usize| design.w.as_ref().map_or(1.0, |w| w[i]);
    let scaled = |v: &[f64]| v.iter().enumerate().map(|(i, v)| v * w(i)).collect::<Vec<f64>>();
    let outcome: Vec<f64> = match &design.offset {
        Some(offset) => design.y.iter().zip(offset).map(|(y, o)| y - o).collect(),
        None => design.y.clone(),
    };
    // Dummies first: what they span is known to be none of the regressors.
    let kept = mean.names.iter().filter_map(|name| design.position(name)).map(|j| scaled(design.X.col_as_slice(j)));
    let columns: Vec<Vec<f64>> = nuisance.iter().map(|d| scaled(d)).chain(kept).collect();
    let basis = Orthonormal::new(&columns);
    if basis.kept.len() < columns.len() {
        return Err(Error::new(Kind::Singular { what: "the matrix of regressors and dummies".into() }));
    }
    if design.nobs() <= columns.len() {
        return Err(Error::invalid(
            format!("{} observations are too few for {} parameters", design.nobs(), columns.len()),
            "use fewer regressors or effects, or more data",
        ));
    }
    let problem = Problem { basis, y: scaled(&outcome), near: scaled(&mean.residuals) };
    let density = options.density(how);
    let one = |&tau: &f64| -> Result<QuantileFit> {
        let mut vertex = problem.solve(tau, None)?;
        let (f, warnings) = problem.densities(&vertex, tau, density)?;
        let H = weighted_gram(&problem.basis.Q, &f);
        let hq = linalg::spd_inverse(&H, "the matrix of densities (H)").map_err(|_| thin(tau))?;
        // Back to the regressors: the last k coordinates.
        let R = &problem.basis.R_inverse;
        let p = R.nrows();
        let A = R.submatrix(p - k, 0, k, p) * &hq;
        let bread = &A * R.submatrix(p - k, 0, k, p).transpose();
        let V = &A * A.transpose();
        // Influence H⁻¹ψx of the kept, in units of the bread.
        let off = linalg::spd_inverse(&bread, "the matrix of densities (H)")? * &A;
        let n = vertex.residuals.len();
        let mut scores = Mat::<f64>::zeros(n, k);
        for j in 0..k {
            let x = combine(&problem.basis.Q, &(0..p).map(|l| off[(j, l)]).collect::<Vec<_>>());
            let to = scores.col_as_slice_mut(j).iter_mut();
            to.zip(&x).zip(&vertex.multipliers).for_each(|((s, x), a)| *s = a * x);
        }
        let mut notes = mean.notes();
        notes.extend(warnings);
        if !vertex.unique {
            notes.push(format!("tau = {tau}: the solution is not unique; another vertex has the same objective"));
        }
        let b = problem.basis.coefficients(&vertex.b);
        vertex.residuals.iter_mut().enumerate().for_each(|(i, r)| *r /= w(i));
        Ok(QuantileFit {
            tau,
            coef: b[p - k..].to_vec(),
            names: mean.names.clone(),
            sample: mean.sample.clone(),
            residuals: vertex.residuals,
            objective: vertex.objective,
            unique: vertex.unique,
            gap: vertex.gap,
            steps: vertex.steps,
            parameters: p,
            notes,
            bread,
            scores,
            V: Mat::from_fn(k, k, |i, j| tau * (1.0 - tau) * V[(i, j)]),
            density,
        })
    };
    options.tau.iter().map(one).collect()
}

fn thin(tau: f64) -> Error {
    Error::new(Kind::Untrusted {
        message: format!(
            "tau = {tau}: the density of the errors is zero where it is needed, so that no covariance exists"
        ),
        remedy: "choose a tau nearer to the middle, or another `se`".into(),
    })
}

/// Σ fᵢ xᵢxᵢ' of columns.
fn weighted_gram(X: &[Vec<f64>], f: &[f64]) -> Mat<f64> {
    let mut H = Mat::<f64>::zeros(X.len(), X.len());
    for a in 0..X.len() {
        let fx: Vec<f64> = X[a].iter().zip(f).map(|(x, f)| f * x).collect();
        for b in 0..=a {
            H[(a, b)] = dot(&fx, &X[b]);
            H[(b, a)] = H[(a, b)];
        }
    }
    H
}

/// Certificates above this are refused: two numbers that agree in theory must agree in nine digits.
const GAP: f64 = 1e-9;

impl Problem {
    fn solve(&self, tau: f64, start: Option<&[usize]>) -> Result<Vertex> {
        let vertex = minimize(&self.basis.Q, &self.y, tau, &self.near, start)?;
        match vertex.gap <= GAP {
            true => Ok(vertex),
            false => Err(Error::new(Kind::NotConverged {
                what: format!("the quantile regression at tau = {tau} (gap to its dual)"),
                iterations: vertex.steps,
                reached: vertex.gap,
                wanted: GAP,
            })),
        }
    }

    /// f(0 | xᵢ) of each observation, and warnings.
    fn densities(&self, vertex: &Vertex, tau: f64, how: Density) -> Result<(Vec<f64>, Vec<String>)> {
        let n = self.y.len();
        let h = half_bandwidth(tau, n);
        let r = &vertex.residuals;
        match how {
            Density::Iid => Ok((vec![1.0 / self.sparsity(r, tau)?; n], Vec::new())),
            Density::Nid => {
                let high = self.solve(tau + h, Some(&vertex.basis))?;
                let low = self.solve(tau - h, Some(&vertex.basis))?;
                let difference: Vec<f64> = high.b.iter().zip(&low.b).map(|(a, b)| a - b).collect();
                let rises = combine(&self.basis.Q, &difference);
                let crossed = rises.iter().filter(|r| **r <= 0.0).count();
                let warning = format!(
                    "tau = {tau}: the fits at tau ± {h:.4} cross in {crossed} observations, whose density counts as zero"
                );
                // As quantreg: a rise below √ε counts as a crossing.
                let f = rises.iter().map(|r| (2.0 * h / (r - f64::EPSILON.sqrt())).max(0.0)).collect();
                Ok((f, if crossed > 0 { vec![warning] } else { Vec::new() }))
            }
            Density::Kernel => {
                let c = (dist::normal_quantile(tau + h) - dist::normal_quantile(tau - h)) * robust_scale(r);
                Ok((r.iter().map(|r| normal::pdf(r / c) / c).collect(), Vec::new()))
            }
            Density::Uniform => {
                let h = bandwidth(tau, n);
                let (low, high) = ((tau - h).max(1.0 / n as f64), (tau + h).min(1.0 - 1.0 / n as f64));
                let c = (dist::normal_quantile(high) - dist::normal_quantile(low)) * median_absolute_deviation(r);
                Ok((r.iter().map(|r| if r.abs() <= c { 0.5 / c } else { 0.0 }).collect(), Vec::new()))
            }
        }
    }

    /// 1/f(0) from the ordered residuals nearest to zero, by a median regression of them on their rank.
    fn sparsity(&self, residuals: &[f64], tau: f64) -> Result<f64> {
        let (n, p) = (residuals.len(), self.basis.Q.len());
        let zeros = residuals.iter().filter(|r| r.abs() < f64::EPSILON.sqrt()).count();
        let count = (p + 1).max((n as f64 * bandwidth(tau, n)).ceil() as usize) + 1;
        let mut near = residuals.to_vec();
        near.sort_by(|a, b| a.abs().total_cmp(&b.abs()));
        let mut near: Vec<f64> = near.into_iter().skip(zeros).take(count).collect();
        if near.len() < 3 {
            return Err(thin(tau));
        }
        near.sort_by(f64::total_cmp);
        let rank: Vec<f64> = (0..near.len()).map(|i| (zeros + 1 + i) as f64 / (n - p) as f64).collect();
        let line = Orthonormal::new(&[vec![1.0; near.len()], rank]);
        let fit = minimize(&line.Q, &near, 0.5, &near, None)?;
        let slope = line.coefficients(&fit.b)[1];
        if slope > 0.0 { Ok(slope) } else { Err(thin(tau)) }
    }
}

/// Bandwidth of Hall and Sheather (1988) for 95 % intervals.
pub fn bandwidth(tau: f64, n: usize) -> f64 {
    let x = dist::normal_quantile(tau);
    let f = normal::pdf(x);
    (n as f64).powf(-1.0 / 3.0)
        * dist::normal_quantile(0.975).powf(2.0 / 3.0)
        * (1.5 * f * f / (2.0 * x * x + 1.0)).powf(1.0 / 3.0)
}

/// [`bandwidth`], halved until τ ± h lies in [0, 1], as quantreg does.
pub(crate) fn half_bandwidth(tau: f64, n: usize) -> f64 {
    let mut h = bandwidth(tau, n);
    while tau - h < 0.0 || tau + h > 1.0 {
        h /= 2.0;
    }
    h
}

/// min(sd, interquartile range/1.34).
pub(crate) fn robust_scale(r: &[f64]) -> f64 {
    let n = r.len() as f64;
    let mean = r.iter().sum::<f64>() / n;
    let sd = (r.iter().map(|r| (r - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
    let mut sorted = r.to_vec();
    sorted.sort_by(f64::total_cmp);
    let q = |p| sample_quantile(&sorted, p, QuantileType::NumPy);
    let iqr = (q(0.75) - q(0.25)) / 1.34;
    if iqr > 0.0 { sd.min(iqr) } else { sd }
}

/// Median of |r - median|.
fn median_absolute_deviation(r: &[f64]) -> f64 {
    let median = |v: &mut Vec<f64>| {
        v.sort_by(f64::total_cmp);
        sample_quantile(v, 0.5, QuantileType::Stata)
    };
    let center = median(&mut r.to_vec());
    median(&mut r.iter().map(|r| (r - center).abs()).collect())
}
