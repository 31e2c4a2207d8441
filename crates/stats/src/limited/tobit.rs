//! Regression with a censored outcome (Tobin 1958), by maximum likelihood.
//!
//! ```text
//! y* = x'β + u,  u ~ N(0, σ²),      y = min(max(y*, lower), upper)
//! ln L = Σ_{inside} ln[φ((y - x'β)/σ)/σ] + Σ_{at lower} ln Φ((lower - x'β)/σ) + Σ_{at upper} ln Φ((x'β - upper)/σ)
//! ```
//!
//! In Olsen's (1978) parameters δ = β/σ and θ = 1/σ the log-likelihood is globally concave, so that Newton's method
//! finds the one maximum; [`maximize`] certifies it. β and σ follow by the delta method, which is exact for a
//! reparametrization. The estimates are inconsistent when u is not normal or its variance differs.
//!
//! Without effects the design brings its own constant; effects are few dummies, whose estimates are not shown.
//!
//! ```
//! use plim_stats::{Design, Fit, limited::{Tobit, tobit}, linear::Ols, math::Mat};
//! let y = [0.0, 1.0, 0.0, 2.5, 3.0, 2.0];
//! let design = Design {
//!     y: y.to_vec(),
//!     outcome: "y".into(),
//!     X: Mat::from_fn(6, 2, |i, j| if j == 0 { 1.0 } else { i as f64 }),
//!     names: vec!["(Intercept)".into(), "x".into()],
//!     rows: (0..6).collect(),
//!     ..Design::default()
//! };
//! let fit = tobit(&design, &Tobit { lower: Some(0.0), upper: None }, &Ols::default()).unwrap();
//! assert_eq!(fit.censored, [2, 0]);
//! assert!(fit.coef()[1] > 0.5 && fit.sigma > 0.0);
//! ```

use super::covariance;
use crate::dummies::dummies;
use crate::fit::Spread;
use crate::linear::Ols;
use crate::math::normal::{LN_SQRT_TAU, cdf, ln_cdf_mills};
use crate::math::optimize::{Newton, Point, maximize};
use crate::math::orthonormal::Orthonormal;
use crate::math::{Mat, linalg};
use crate::vcov::{Ssc, Vcov};
use crate::{Design, Error, Fit, Result, Sandwich};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Regression with an outcome censored from below, from above, or both.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Tobit {
    /// Outcomes at or below this are censored; 0 when neither bound is given.
    pub lower: Option<f64>,
    /// Outcomes at or above this are censored.
    pub upper: Option<f64>,
}

impl Tobit {
    /// The bounds in force.
    fn bounds(&self) -> Result<(f64, f64)> {
        let (lower, upper) = match (self.lower, self.upper) {
            // As R's AER::tobit: censored from below at zero is what the name means alone.
            (None, None) => (0.0, f64::INFINITY),
            (lower, upper) => (lower.unwrap_or(f64::NEG_INFINITY), upper.unwrap_or(f64::INFINITY)),
        };
        match lower < upper {
            true => Ok((lower, upper)),
            false => Err(Error::invalid(
                format!("`lower` is {lower} and `upper` is {upper}"),
                "`lower` must be below `upper`, and both numbers",
            )),
        }
    }
}

/// Where an observation lies.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Side {
    Lower,
    Inside,
    Upper,
}

/// A fitted censored regression.
#[derive(Debug, Clone)]
pub struct TobitFit {
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
    /// Observations at the lower and at the upper bound.
    pub censored: [usize; 2],
    /// Mean over the sample of P(inside | x): the effect of x on E[y | x] is β times this on average.
    pub inside: f64,
    /// Parameters, σ and the dummies of the effects included.
    pub parameters: usize,
    /// Largest scaled gradient at the maximum: the certificate.
    pub gradient: f64,
    /// Steps of Newton's method.
    pub iterations: usize,
    /// What a reader must know.
    pub notes: Vec<String>,
    bread: Mat<f64>,
    scores: Mat<f64>,
}

impl Fit for TobitFit {
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

impl Sandwich for TobitFit {
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

impl TobitFit {
    /// The covariance of β̂ and σ̂: for `iid` the inverse of minus the Hessian, with the normal distribution; else a
    /// sandwich of the scores.
    pub fn covariance(&self, how: &Vcov, ssc: Ssc, design: &Design) -> Result<Spread> {
        covariance(self, how, ssc, design)
    }
}

/// Fits a design by maximum likelihood; `ols` has the rules for singletons and collinear regressors.
pub fn tobit(design: &Design, options: &Tobit, ols: &Ols) -> Result<TobitFit> {
    let (lower, upper) = options.bounds()?;
    design.check()?;
    let side = |y: f64| match y {
        y if y <= lower => Side::Lower,
        y if y >= upper => Side::Upper,
        _ => Side::Inside,
    };
    if !design.y.iter().any(|&y| side(y) == Side::Inside) {
        return Err(Error::invalid("every observation is censored", "check `lower` and `upper`")
            .at_column(design.outcome.clone()));
    }
    if !design.slopes.is_empty() || design.offset.is_some() {
        return Err(Error::invalid("tobit takes no slopes of effects and no offset", "leave them out"));
    }
    // Least squares gives the verdict on the regressors, the sample and the start.
    let mean = ols.fit(design)?;
    let design = design.at(&mean.sample);
    let n = design.nobs();
    let nuisance = dummies(&design.fe, "use coarser effects")?;
    let k = mean.names.len();
    let kept = mean.names.iter().filter_map(|name| design.position(name)).map(|j| design.X.col_as_slice(j).to_vec());
    let basis = Orthonormal::new(&nuisance.into_iter().chain(kept).collect::<Vec<_>>());
    let p = basis.kept.len();
    let sides: Vec<Side> = design.y.iter().map(|&y| side(y)).collect();
    let count = |which: Side| sides.iter().filter(|s| **s == which).count();
    let (censored, inside) = ([count(Side::Lower), count(Side::Upper)], count(Side::Inside));
    if inside <= p {
        return Err(Error::invalid(
            format!("{inside} observations inside the bounds are too few for {} parameters", p + 1),
            "use fewer regressors or effects, or other bounds",
        ));
    }
    // Columns of norm √n and an outcome of unit residual spread: all parameters are of order one.
    let root = (n as f64).sqrt();
    let unit = (mean.ssr / n as f64).sqrt();
    let y: Vec<f64> = design.y.iter().map(|y| y.clamp(lower, upper) / unit).collect();
    let Z: Vec<Vec<f64>> = (0..n).map(|i| basis.Q.iter().map(|q| q[i] * root).collect()).collect();
    let problem = Problem { y, Z, sides, w: design.w.clone() };
    let mut fitted: Vec<f64> = (0..n).map(|i| problem.y[i]).collect();
    let mut start: Vec<f64> = basis.project(&mut fitted).iter().map(|c| c / root).collect();
    start.push(1.0);
    let top = maximize(
        "the censored likelihood",
        &start,
        |t| Some(problem.point(t)).filter(|_| t[p] > 0.0),
        &Newton::default(),
    )?;

    // (β, σ) of (δ, θ): J is the Jacobian in the scaled coordinates, T takes them to the regressors.
    let theta = top.at[p];
    let mut J = Mat::<f64>::zeros(p + 1, p + 1);
    for j in 0..p {
        (J[(j, j)], J[(j, p)]) = (1.0 / theta, -top.at[j] / theta.powi(2));
    }
    J[(p, p)] = -1.0 / theta.powi(2);
    let R = &basis.R_inverse;
    let T = Mat::from_fn(p + 1, p + 1, |i, j| match (i < p, j < p) {
        (true, true) => R[(i, j)] * root * unit,
        (false, false) => unit,
        _ => 0.0,
    });
    // Influence of each observation on (β, σ): T J C s. Kept are the regressors and σ, not the dummies.
    let A = (&T * &J).submatrix(p - k, 0, k + 1, p + 1) * &top.covariance;
    let bread = &A * (&T * &J).submatrix(p - k, 0, k + 1, p + 1).transpose();
    let bread = Mat::from_fn(k + 1, k + 1, |i, j| 0.5 * (bread[(i, j)] + bread[(j, i)]));
    let B = linalg::spd_inverse(&bread, "the covariance of the estimates")? * &A;
    let scores = &problem.scores(&top.at) * B.transpose();
    let delta: Vec<f64> = top.at[..p].iter().map(|d| d / theta * root * unit).collect();
    let sigma = unit / theta;
    let mut coef: Vec<f64> = basis.coefficients(&delta)[p - k..].to_vec();
    coef.push(sigma);
    let inside = |i: usize| {
        let eta: f64 = problem.Z[i].iter().zip(&top.at).map(|(z, d)| z * d).sum();
        cdf(theta * upper / unit - eta) - cdf(theta * lower / unit - eta)
    };
    // The outcome was divided by its unit: each density inside by it too.
    let jacobian: f64 = (0..n).filter(|&i| problem.sides[i] == Side::Inside).map(|i| problem.weight(i)).sum();
    let mut notes = mean.notes();
    if options.lower.is_none() && options.upper.is_none() {
        notes.push("censored at 0 from below, as neither `lower` nor `upper` is given".into());
    }
    if censored == [0, 0] {
        notes.push("no observation is censored: the estimates are those of least squares".into());
    }
    Ok(TobitFit {
        coef,
        names: mean.names.iter().cloned().chain(["sigma".to_string()]).collect(),
        sigma,
        loglik: top.value - jacobian * unit.ln(),
        sample: mean.sample.clone(),
        censored,
        inside: (0..n).map(inside).sum::<f64>() / n as f64,
        parameters: p + 1,
        gradient: top.gradient,
        iterations: top.iterations,
        notes,
        bread,
        scores,
    })
}

/// The likelihood in δ and θ, the outcome clamped to its bounds.
struct Problem {
    y: Vec<f64>,
    Z: Vec<Vec<f64>>,
    sides: Vec<Side>,
    w: Option<Vec<f64>>,
}

/// ln L of one observation, and its first and second derivatives in η = z'δ and θ.
struct Term {
    value: f64,
    eta: f64,
    theta: f64,
    eta_eta: f64,
    eta_theta: f64,
    theta_theta: f64,
}

impl Problem {
    fn weight(&self, i: usize) -> f64 {
        self.w.as_ref().map_or(1.0, |w| w[i])
    }

    fn term(&self, i: usize, at: &[f64]) -> Term {
        let (y, theta) = (self.y[i], at[at.len() - 1]);
        let eta: f64 = self.Z[i].iter().zip(at).map(|(z, d)| z * d).sum();
        let u = theta * y - eta;
        // At a bound: ln Φ(±u) with derivative ±m and second derivative -m(±u + m).
        let bound = |sign: f64| {
            let (value, m, excess) = ln_cdf_mills(sign * u);
            let c = -m * excess;
            let first = sign * m;
            Term { value, eta: -first, theta: first * y, eta_eta: c, eta_theta: -c * y, theta_theta: c * y * y }
        };
        match self.sides[i] {
            Side::Lower => bound(1.0),
            Side::Upper => bound(-1.0),
            Side::Inside => Term {
                value: theta.ln() - 0.5 * u * u - LN_SQRT_TAU,
                eta: u,
                theta: 1.0 / theta - u * y,
                eta_eta: -1.0,
                eta_theta: y,
                theta_theta: -1.0 / (theta * theta) - y * y,
            },
        }
    }

    fn point(&self, at: &[f64]) -> Point {
        let p = at.len() - 1;
        let (mut value, mut gradient, mut hessian) = (0.0, vec![0.0; p + 1], Mat::<f64>::zeros(p + 1, p + 1));
        for (i, z) in self.Z.iter().enumerate() {
            let (t, w) = (self.term(i, at), self.weight(i));
            value += w * t.value;
            gradient[p] += w * t.theta;
            hessian[(p, p)] += w * t.theta_theta;
            for a in 0..p {
                gradient[a] += w * t.eta * z[a];
                hessian[(p, a)] += w * t.eta_theta * z[a];
                let za = w * t.eta_eta * z[a];
                (0..=a).for_each(|b| hessian[(a, b)] += za * z[b]);
            }
        }
        let hessian = Mat::from_fn(p + 1, p + 1, |a, b| hessian[(a.max(b), a.min(b))]);
        Point { value, gradient, hessian }
    }

    /// Scores in δ and θ, n × (p + 1).
    fn scores(&self, at: &[f64]) -> Mat<f64> {
        let p = at.len() - 1;
        let mut S = Mat::<f64>::zeros(self.y.len(), p + 1);
        for (i, z) in self.Z.iter().enumerate() {
            let (t, w) = (self.term(i, at), self.weight(i));
            (0..p).for_each(|a| S[(i, a)] = w * t.eta * z[a]);
            S[(i, p)] = w * t.theta;
        }
        S
    }
}
