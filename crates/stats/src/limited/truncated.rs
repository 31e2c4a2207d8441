//! Regression with a truncated outcome (Hausman and Wise 1977), by maximum likelihood.
//!
//! Outcomes beyond the limits l < h are not in the data at all, unlike censored ones, of which the rows are:
//!
//! ```text
//! y = x'β + u,  u ~ N(0, σ²) given l < y < h
//! ln L = Σ ln[φ((y - x'β)/σ)/σ] - ln[Φ((h - x'β)/σ) - Φ((l - x'β)/σ)]
//! ```
//!
//! With τ = 1/σ² and γ = τ(β - b), b any coefficients (here those of least squares, e = y - x'b the residuals), the
//! density of an observation is proportional to exp(x'γ e - τ e²/2): an exponential family. So the log-likelihood is
//! globally concave in (γ, τ) whatever the limits, the Hessian is minus the covariance of (e, -e²/2) under the model,
//! and Newton's method finds the one maximum, which [`maximize`] certifies. (Olsen's β/σ, 1/σ do not have this: where
//! the likelihood rises until σ is infinite, his gradient vanishes on the way.) Such data have no maximum with τ > 0:
//! the outcome falls off from its limit no faster than an exponential. That is refused.
//!
//! The estimates are inconsistent when u is not normal or its variance differs.
//!
//! ```
//! use plim_stats::{Design, Fit, limited::{Truncated, truncated}, linear::Ols, math::Mat};
//! let design = Design {
//!     y: vec![0.4, 1.0, 1.5, 2.5, 3.0, 3.4, 4.5],
//!     outcome: "y".into(),
//!     X: Mat::from_fn(7, 2, |i, j| if j == 0 { 1.0 } else { i as f64 }),
//!     names: vec!["(Intercept)".into(), "x".into()],
//!     rows: (0..7).collect(),
//!     ..Design::default()
//! };
//! let fit = truncated(&design, &Truncated { lower: Some(0.0), upper: None }, &Ols::default()).unwrap();
//! assert!(fit.coef()[1] > 0.6 && fit.sigma > 0.0);
//! ```

use super::covariance;
use crate::dummies::dummies;
use crate::fit::Spread;
use crate::linear::Ols;
use crate::math::normal::LN_SQRT_TAU;
use crate::math::optimize::{Maximum, Newton, Point, maximize};
use crate::math::orthonormal::Orthonormal;
use crate::math::{Mat, linalg, truncated_normal};
use crate::vcov::{Ssc, Vcov};
use crate::{Design, Error, Fit, Result, Sandwich};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Regression with an outcome truncated from below, from above, or both.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Truncated {
    /// Only outcomes above this are observed; rows at or below it are dropped. 0 when neither limit is given.
    pub lower: Option<f64>,
    /// Only outcomes below this are observed; rows at or above it are dropped.
    pub upper: Option<f64>,
}

impl Truncated {
    /// The limits in force.
    fn limits(&self) -> Result<[f64; 2]> {
        let (lower, upper) = match (self.lower, self.upper) {
            (None, None) => (0.0, f64::INFINITY),
            (lower, upper) => (lower.unwrap_or(f64::NEG_INFINITY), upper.unwrap_or(f64::INFINITY)),
        };
        match lower < upper {
            true => Ok([lower, upper]),
            false => Err(Error::invalid(
                format!("`lower` is {lower} and `upper` is {upper}"),
                "`lower` must be below `upper`, and both numbers",
            )),
        }
    }
}

/// A fitted truncated regression.
#[derive(Debug, Clone)]
pub struct TruncatedFit {
    /// β̂ of the kept regressors, then σ̂: k + 1.
    pub coef: Vec<f64>,
    /// Their names; the last is `sigma`.
    pub names: Vec<String>,
    /// σ̂.
    pub sigma: f64,
    /// Log-likelihood.
    pub loglik: f64,
    /// Positions of the observations used, in the design that was given.
    pub sample: std::sync::Arc<[usize]>,
    /// Observations at or beyond the lower and the upper limit, which are not used.
    pub outside: [usize; 2],
    /// Parameters, σ and the dummies of the effects included.
    pub parameters: usize,
    /// Largest scaled gradient at the maximum: the certificate.
    pub gradient: f64,
    /// Steps of Newton's method.
    pub iterations: usize,
    /// What a reader must know.
    pub notes: Vec<String>,
    /// The regressors, with which the model can be fitted to other outcomes.
    pub(crate) columns: Columns,
    /// x'β̂ of the observations used, effects included.
    pub(crate) index: Vec<f64>,
    bread: Mat<f64>,
    scores: Mat<f64>,
}

impl Fit for TruncatedFit {
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
        self.nobs() - self.parameters
    }
}

impl Sandwich for TruncatedFit {
    /// Inverse of minus the Hessian: the covariance when the model is right.
    fn bread(&self) -> &Mat<f64> {
        &self.bread
    }
    fn scores(&self) -> &Mat<f64> {
        &self.scores
    }
    /// One: the bread is in the units of the outcome already.
    fn sigma2(&self) -> f64 {
        1.0
    }
    fn sample(&self) -> Option<&[usize]> {
        Some(&self.sample)
    }
    fn rank(&self) -> Option<usize> {
        Some(self.parameters - self.coef.len())
    }
}

impl TruncatedFit {
    /// The covariance of β̂ and σ̂: for `iid` the inverse of minus the Hessian, with the normal distribution; else a
    /// sandwich of the scores.
    pub fn covariance(&self, how: &Vcov, ssc: Ssc, design: &Design) -> Result<Spread> {
        covariance(self, how, ssc, design)
    }
}

/// Fits a design by maximum likelihood; `ols` has the rules for singletons and collinear regressors.
pub fn truncated(design: &Design, options: &Truncated, ols: &Ols) -> Result<TruncatedFit> {
    let limits = options.limits()?;
    design.check()?;
    if !design.slopes.is_empty() || design.offset.is_some() {
        return Err(Error::invalid(
            "a truncated regression takes no slopes of effects and no offset",
            "leave them out",
        ));
    }
    let [lower, upper] = limits;
    let inside: Vec<usize> = (0..design.nobs()).filter(|&i| lower < design.y[i] && design.y[i] < upper).collect();
    let outside = [design.y.iter().filter(|y| **y <= lower).count(), design.y.iter().filter(|y| **y >= upper).count()];
    if inside.is_empty() {
        return Err(Error::invalid("no observation lies within the limits of truncation", "check the limits")
            .at_column(design.outcome.clone()));
    }
    // Least squares gives the verdict on the regressors and the sample.
    let observed = design.at(&inside);
    let mean = ols.fit(&observed)?;
    let used = observed.at(&mean.sample);
    let nuisance = dummies(&used.fe, "use coarser effects")?;
    let kept = mean.names.iter().filter_map(|name| used.position(name)).map(|j| used.X.col_as_slice(j).to_vec());
    let columns = Columns::new(nuisance, kept.collect());
    let (n, p, k) = (used.nobs(), columns.basis.kept.len(), columns.shown);
    if n <= p + 1 {
        return Err(Error::invalid(
            format!("{n} observations within the limits are too few for {} parameters", p + 1),
            "use fewer regressors or effects, or other limits",
        ));
    }
    let fitted = columns.fit(&used.y, limits, used.w.as_deref())?;
    let mut notes = mean.notes();
    if options.lower.is_none() && options.upper.is_none() {
        notes.push("truncated at 0 from below, as neither `lower` nor `upper` is given".into());
    }

    // Influence of each observation on the shown (β, σ): T J C s, C the inverse of minus the Hessian.
    let TJ = (&columns.transform() * &fitted.jacobian).submatrix(p - k, 0, k + 1, p + 1).to_owned();
    let A = &TJ * &fitted.top.covariance;
    let bread = &A * TJ.transpose();
    let bread = Mat::from_fn(k + 1, k + 1, |i, j| 0.5 * (bread[(i, j)] + bread[(j, i)]));
    let B = linalg::spd_inverse(&bread, "the covariance of the estimates")? * &A;
    let mut coef = columns.coefficients(&fitted.beta);
    coef.push(fitted.sigma);
    Ok(TruncatedFit {
        coef,
        names: mean.names.iter().cloned().chain(["sigma".to_string()]).collect(),
        sigma: fitted.sigma,
        loglik: fitted.loglik,
        sample: mean.sample.iter().map(|&i| inside[i]).collect(),
        outside,
        parameters: p + 1,
        gradient: fitted.top.gradient,
        iterations: fitted.top.iterations,
        notes,
        index: columns.index(&fitted.beta),
        scores: &fitted.scores * B.transpose(),
        columns,
        bread,
    })
}

/// Regressors as orthogonal columns of norm √n, so that all parameters are of order one.
#[derive(Debug, Clone)]
pub(crate) struct Columns {
    basis: Orthonormal,
    /// n rows of p.
    Z: Vec<Vec<f64>>,
    /// √n.
    root: f64,
    /// The last of the columns, whose coefficients are shown.
    shown: usize,
}

/// A fit in the coordinates of [`Columns`].
pub(crate) struct Fitted {
    /// p.
    pub(crate) beta: Vec<f64>,
    pub(crate) sigma: f64,
    loglik: f64,
    top: Maximum,
    /// Of (β, σ) in (γ, τ).
    jacobian: Mat<f64>,
    /// In (γ, τ), n × (p + 1).
    scores: Mat<f64>,
}

impl Columns {
    /// Of `nuisance`, then the `regressors` that are shown (each n), which must be independent.
    fn new(nuisance: Vec<Vec<f64>>, regressors: Vec<Vec<f64>>) -> Self {
        let shown = regressors.len();
        let basis = Orthonormal::new(&nuisance.into_iter().chain(regressors).collect::<Vec<_>>());
        let n = basis.Q.first().map_or(0, Vec::len);
        let root = (n as f64).sqrt();
        let Z = (0..n).map(|i| basis.Q.iter().map(|q| q[i] * root).collect()).collect();
        Columns { basis, Z, root, shown }
    }

    /// From (β, σ) in these coordinates to those of the regressors.
    fn transform(&self) -> Mat<f64> {
        let p = self.basis.kept.len();
        Mat::from_fn(p + 1, p + 1, |i, j| match (i < p, j < p) {
            (true, true) => self.basis.R_inverse[(i, j)] * self.root,
            (false, false) => 1.0,
            _ => 0.0,
        })
    }

    /// β of the shown regressors.
    pub(crate) fn coefficients(&self, beta: &[f64]) -> Vec<f64> {
        let scaled: Vec<f64> = beta.iter().map(|b| b * self.root).collect();
        self.basis.coefficients(&scaled)[beta.len() - self.shown..].to_vec()
    }

    /// x'β, n.
    fn index(&self, beta: &[f64]) -> Vec<f64> {
        self.Z.iter().map(|z| z.iter().zip(beta).map(|(z, b)| z * b).sum()).collect()
    }

    /// Fits outcomes (n) that lie within `limits`.
    pub(crate) fn fit(&self, y: &[f64], limits: [f64; 2], w: Option<&[f64]>) -> Result<Fitted> {
        let (n, p) = (y.len(), self.basis.kept.len());
        let mut residuals = y.to_vec();
        let mean: Vec<f64> = self.basis.project(&mut residuals).iter().map(|c| c / self.root).collect();
        let unit = (residuals.iter().map(|r| r * r).sum::<f64>() / n as f64).sqrt();
        let size = y.iter().fold(0.0, |a: f64, y| a.max(y.abs()));
        if unit <= 1e-12 * size {
            return Err(Error::invalid("the regressors explain the outcome entirely", "use fewer of them"));
        }
        let within = |i: usize| limits.map(|l| (l - y[i] + residuals[i]) / unit);
        let problem = Problem {
            Z: &self.Z,
            limits: (0..n).map(within).collect(),
            e: residuals.iter().map(|r| r / unit).collect(),
            w,
        };
        let mut start = vec![0.0; p];
        start.push(1.0);
        let what = "the truncated likelihood (it has no maximum when the outcome falls off from its limit no faster than an exponential)";
        let newton = Newton { iterations: 60, ..Newton::default() };
        let top = maximize(what, &start, |at| Some(problem.point(at)).filter(|_| at[p] > 0.0), &newton)?;
        let (gamma, tau) = top.at.split_at(p);
        let tau = tau[0];
        let jacobian = Mat::from_fn(p + 1, p + 1, |i, j| match (i < p, j < p) {
            (true, true) if i == j => unit / tau,
            (true, false) => -unit * gamma[i] / (tau * tau),
            (false, false) => -0.5 * unit * tau.powf(-1.5),
            _ => 0.0,
        });
        // The outcome was divided by its unit: each density by it too.
        let weight: f64 = w.map_or(n as f64, |w| w.iter().sum());
        Ok(Fitted {
            beta: mean.iter().zip(gamma).map(|(m, g)| m + unit * g / tau).collect(),
            sigma: unit / tau.sqrt(),
            loglik: top.value - weight * unit.ln(),
            scores: problem.scores(&top.at),
            jacobian,
            top,
        })
    }
}

/// The likelihood in (γ, τ).
struct Problem<'a> {
    Z: &'a [Vec<f64>],
    /// Least-squares residuals, n.
    e: Vec<f64>,
    /// Limits of each residual, n.
    limits: Vec<[f64; 2]>,
    w: Option<&'a [f64]>,
}

/// ln L of one observation, its derivatives in η = z'γ and τ, and the covariance of (e, e²) under the model.
struct Term {
    value: f64,
    eta: f64,
    tau: f64,
    spread: [f64; 3],
}

impl Problem<'_> {
    fn weight(&self, i: usize) -> f64 {
        self.w.map_or(1.0, |w| w[i])
    }

    fn term(&self, i: usize, at: &[f64]) -> Term {
        let (e, tau) = (self.e[i], at[at.len() - 1]);
        let eta: f64 = self.Z[i].iter().zip(at).map(|(z, g)| z * g).sum();
        let (mu, sigma) = (eta / tau, tau.sqrt().recip());
        let [a, b] = self.limits[i].map(|l| (l - mu) / sigma);
        let w = truncated_normal::Truncated::new(a, b);
        // e = d + σq under the model; where σ is large, d must be the limit itself to keep its digits.
        let d = match () {
            () if w.about == a => self.limits[i][0],
            () if w.about == b => self.limits[i][1],
            () => mu + sigma * w.about,
        };
        let ([m1, m2, ..], [v, c, s]) = (w.moments, w.spread());
        let mean = d + sigma * m1;
        let square = d * d + 2.0 * d * sigma * m1 + sigma * sigma * m2;
        let (v, c, s) = (sigma.powi(2) * v, sigma.powi(3) * c, sigma.powi(4) * s);
        Term {
            // ln of the density at e less that at d, of which the squares in μ would cancel.
            value: 0.5 * tau.ln() - LN_SQRT_TAU - w.ln_scaled - (e - d) * (0.5 * tau * (e + d) - eta),
            eta: e - mean,
            tau: -0.5 * (e * e - square),
            spread: [v, 2.0 * d * v + c, 4.0 * d * (d * v + c) + s],
        }
    }

    fn point(&self, at: &[f64]) -> Point {
        let p = at.len() - 1;
        let (mut value, mut gradient, mut hessian) = (0.0, vec![0.0; p + 1], Mat::<f64>::zeros(p + 1, p + 1));
        for (i, z) in self.Z.iter().enumerate() {
            let (t, w) = (self.term(i, at), self.weight(i));
            value += w * t.value;
            gradient[p] += w * t.tau;
            hessian[(p, p)] -= 0.25 * w * t.spread[2];
            for a in 0..p {
                gradient[a] += w * t.eta * z[a];
                hessian[(p, a)] += 0.5 * w * t.spread[1] * z[a];
                let za = w * t.spread[0] * z[a];
                (0..=a).for_each(|b| hessian[(a, b)] -= za * z[b]);
            }
        }
        let hessian = Mat::from_fn(p + 1, p + 1, |a, b| hessian[(a.max(b), a.min(b))]);
        Point { value, gradient, hessian }
    }

    /// Scores in γ and τ, n × (p + 1).
    fn scores(&self, at: &[f64]) -> Mat<f64> {
        let p = at.len() - 1;
        let terms: Vec<Term> = (0..self.e.len()).map(|i| self.term(i, at)).collect();
        Mat::from_fn(terms.len(), p + 1, |i, a| {
            self.weight(i) * if a < p { terms[i].eta * self.Z[i][a] } else { terms[i].tau }
        })
    }
}
