//! Instrumental variables: two-stage least squares, LIML and its k-class, two-step GMM, with absorbed effects.
//!
//! ```text
//! y = D β + W γ + u,    E[(W, Z)'u] = 0,    X = (D, W),  P = projection on (W, Z),  M = I - P
//! k-class:  b(κ) = [X'(I - κM)X]⁻¹ X'(I - κM)y
//! ```
//!
//! κ = 1 is two-stage least squares, κ = 0 least squares, and LIML takes the smallest root κ of
//! |Y'M_W Y - κ Y'M Y| = 0 with Y = (y, D) (Anderson and Rubin 1949); Fuller (1977) subtracts a/(n - L), L counting
//! instruments, exogenous regressors and effects. Consistent when the instruments are uncorrelated with u (exclusion)
//! and move D (relevance). Under weak instruments every Wald statistic misleads, so that the first stage, the strength
//! of the instruments and the Anderson-Rubin set come with each fit ([`super::weakiv`]); the tests of the instruments
//! are in [`super::gmm`].
//!
//! The covariance is [`crate::vcov`] of the scores x̂ᵢuᵢ with x̂ = Px and u = y - Xb, the structural residual; the bread
//! is the inverse of X'(I - κM)X. Leverages (`hc2`, `hc3`) are those of x̂, the second stage.
//!
//! ```
//! use plim_stats::linear::{Estimator, Instrumental};
//! use plim_stats::{Design, Instruments, math::Mat};
//! let (z, v) = ([0.0, 1.0, 2.0, 3.0, 4.0, 5.0], [0.3, -0.2, 0.1, 0.1, -0.4, 0.2]);
//! let x = |i: usize| z[i] + v[i];
//! let design = Design {
//!     y: (0..6).map(|i| 1.0 + 2.0 * x(i) + 0.1 * (i % 2) as f64).collect(),
//!     outcome: "y".into(),
//!     X: Mat::from_fn(6, 2, |i, j| if j == 0 { x(i) } else { 1.0 }),
//!     names: vec!["x".into(), "(Intercept)".into()],
//!     iv: Some(Instruments { endogenous: 1, Z: Mat::from_fn(6, 1, |i, _| z[i]), names: vec!["z".into()] }),
//!     rows: (0..6).collect(),
//!     ..Design::default()
//! };
//! let iv = Instrumental { estimator: Estimator::TwoStage, ..Default::default() }.run(&design).unwrap();
//! assert!((iv.estimated.coefficients[0].estimate - 2.0).abs() < 0.1);
//! assert_eq!(iv.kappa, Some(1.0));
//! ```

use super::gmm::{self, Overidentification};
use super::least_squares::{Orthogonal, dot};
use super::system::System;
use super::weakiv::{FirstStage, Weak};
use super::{Estimated, OlsFit, Prepared, Regression};
use crate::absorb::squares;
use crate::fit::table;
use crate::math::{Mat, linalg};
use crate::vcov::{Ssc, Vcov, vcov};
use crate::{Design, Error, Kind, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Two-stage least squares.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct IvOptions {
    /// Instruments or exogenous regressors whose exogeneity is tested (C test); the others must identify the model.
    pub orthogonal: Vec<String>,
}

/// Limited-information maximum likelihood and other k-class estimators.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LimlOptions {
    /// A κ of your own instead of LIML's: 0 is least squares, 1 two-stage least squares.
    pub kappa: Option<f64>,
    /// Fuller's constant: 1 for nearly no bias, 4 for least mean squared error; LIML without it.
    pub fuller: Option<f64>,
    /// Instruments or exogenous regressors whose exogeneity is tested (C test); the others must identify the model.
    pub orthogonal: Vec<String>,
}

/// Two-step efficient GMM: the weights are the inverse covariance of the moments under the step's `vcov`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct GmmOptions {
    /// Instruments or exogenous regressors whose exogeneity is tested (C test); the others must identify the model.
    pub orthogonal: Vec<String>,
}

/// How the equation is estimated.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum Estimator {
    /// κ = 1.
    #[default]
    TwoStage,
    /// κ by limited-information maximum likelihood, less Fuller's a/(n - L).
    Liml {
        /// a, zero for LIML itself.
        fuller: f64,
    },
    /// A given κ.
    KClass {
        /// κ.
        kappa: f64,
    },
    /// Two-step efficient GMM.
    Gmm,
}

impl LimlOptions {
    /// The estimator that the options ask for.
    pub fn estimator(&self) -> Result<Estimator> {
        let wrong = |name: &str, v: f64| {
            Err(Error::invalid(format!("`{name}` is {v}"), "give a finite number that is not negative"))
        };
        match (self.kappa, self.fuller) {
            (Some(_), Some(_)) => {
                Err(Error::invalid("`kappa` and `fuller` both choose the k-class", "keep one of them"))
            }
            (Some(kappa), _) if !(kappa.is_finite() && kappa >= 0.0) => wrong("kappa", kappa),
            (_, Some(fuller)) if !(fuller.is_finite() && fuller >= 0.0) => wrong("fuller", fuller),
            (Some(kappa), None) => Ok(Estimator::KClass { kappa }),
            (None, fuller) => Ok(Estimator::Liml { fuller: fuller.unwrap_or(0.0) }),
        }
    }
}

/// What is estimated, and what is tested beside.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Instrumental {
    /// The estimator.
    pub estimator: Estimator,
    /// Instruments and exogenous regressors under the C test.
    pub orthogonal: Vec<String>,
    /// Rules of the sample, the covariance and its small-sample rule.
    pub regression: Regression,
}

/// An equation estimated by instruments, with all that a reader needs to judge it.
#[derive(Debug, Clone)]
pub struct InstrumentalFit {
    /// The structural equation, its covariance and its coefficient table; X holds x̂.
    pub estimated: Estimated,
    /// κ of the k-class; `None` for GMM.
    pub kappa: Option<f64>,
    /// Each endogenous variable on the instruments.
    pub first_stage: Vec<FirstStage>,
    /// How strong the instruments are, and inference that does not depend on it.
    pub weak: Weak,
    /// Tests of the instruments and of endogeneity.
    pub overidentification: Overidentification,
    /// Names of the excluded instruments that were used.
    pub instruments: Vec<String>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

impl Instrumental {
    /// Fits a design whose `iv` names the instruments.
    pub fn run(&self, design: &Design) -> Result<InstrumentalFit> {
        if self.regression.ssc == Ssc::All {
            return Err(Error::invalid(
                "`ssc = \"all\"` prints a table for least squares, not for instruments",
                "choose one rule",
            ));
        }
        let (how, ssc) = (self.regression.covariance(design), self.regression.ssc);
        let prepared = Prepared::new(design, self.regression.ols.singletons)?;
        let system = System::new(design, &prepared, self.regression.ols.collinear)?;
        let equation = Equation::new(&system);
        let (fit, kappa) = match self.estimator {
            Estimator::TwoStage => (equation.k_class(1.0)?, Some(1.0)),
            Estimator::KClass { kappa } => (equation.k_class(kappa)?, Some(kappa)),
            Estimator::Liml { fuller } => {
                let kappa = equation.liml_kappa()? - fuller / system.free() as f64;
                (equation.k_class(kappa)?, Some(kappa))
            }
            Estimator::Gmm => {
                let first = equation.k_class(1.0)?;
                (gmm::two_step_fit(&system, &residual(&system, &first), &how)?, None)
            }
        };
        let covariance = vcov(&fit, &how, ssc, design)?;
        let coefficients = table(&fit, &covariance.V, Some(covariance.df));
        let estimated = Estimated { fit, covariance, coefficients };
        let first_stage = FirstStage::all(&system, &how, ssc)?;
        let two_stage = self.estimator == Estimator::TwoStage;
        let weak = Weak::new(&system, &first_stage, &estimated, &how, ssc, two_stage)?;
        // GMM's J and the C tests start from the residuals of two-stage least squares, those of the k-class from its own.
        let start = match self.estimator {
            Estimator::Gmm => residual(&system, &equation.k_class(1.0)?),
            _ => residual(&system, &estimated.fit),
        };
        let overidentification = Overidentification::new(&system, &start, &how, &self.orthogonal)?;
        let mut notes = estimated.notes();
        notes.extend(system.dropped_instruments.iter().map(|d| {
            format!("instrument `{}` dropped: a linear combination of the effects, the exogenous regressors and earlier instruments", d.name)
        }));
        notes.extend(weak.notes.iter().chain(&overidentification.notes).cloned());
        let instruments = system.excluded.names.clone();
        Ok(InstrumentalFit { estimated, kappa, first_stage, weak, overidentification, instruments, notes })
    }
}

/// The structural residual times √w, n.
pub(super) fn residual(system: &System, fit: &OlsFit) -> Vec<f64> {
    let w = system.prepared.design.w.as_deref();
    fit.residuals.iter().enumerate().map(|(i, u)| u * w.map_or(1.0, |w| w[i].sqrt())).collect()
}

/// The equation off the exogenous regressors, in coordinates of the excluded instruments.
struct Equation<'a> {
    system: &'a System<'a>,
    /// Q_Z'D, l × p.
    A: Mat<f64>,
    /// Q_Z'y, l.
    a: Vec<f64>,
    /// MD, p of n.
    E: Vec<Vec<f64>>,
    /// My, n.
    e: Vec<f64>,
}

impl<'a> Equation<'a> {
    fn new(system: &'a System<'a>) -> Self {
        let D = &system.endogenous.values;
        let columns: Vec<Vec<f64>> = D.iter().map(|d| system.excluded_coordinates(&system.off_exogenous(d))).collect();
        Equation {
            system,
            A: Mat::from_fn(system.excluded.len(), D.len(), |i, j| columns[j][i]),
            a: system.excluded_coordinates(&system.off_exogenous(&system.y)),
            E: D.iter().map(|d| system.off_instruments(d)).collect(),
            e: system.off_instruments(&system.y),
        }
    }

    /// The coefficients of D in b(κ), p, and [D'M_W(I - κM)M_W D]⁻¹, p × p.
    fn endogenous(&self, kappa: f64) -> Result<(Vec<f64>, Mat<f64>)> {
        let (p, l, rest) = (self.A.ncols(), self.A.nrows(), 1.0 - kappa);
        // The instruments' part, and 1 - κ times what they leave.
        let H = Mat::from_fn(p, p, |i, j| {
            let through: f64 = (0..l).map(|a| self.A[(a, i)] * self.A[(a, j)]).sum();
            through + rest * dot(&self.E[i], &self.E[j])
        });
        let inverse = linalg::spd_inverse(&H, "D'(I - κM)D of the k-class")?;
        let mut beta = vec![0.0; p];
        // The second round is a refinement: normal equations square the condition, their residual does not.
        for _ in 0..2 {
            let through: Vec<f64> =
                (0..l).map(|a| self.a[a] - (0..p).map(|j| self.A[(a, j)] * beta[j]).sum::<f64>()).collect();
            let left = less(&self.e, &beta, &self.E);
            let gradient: Vec<f64> = (0..p)
                .map(|j| (0..l).map(|a| self.A[(a, j)] * through[a]).sum::<f64>() + rest * dot(&self.E[j], &left))
                .collect();
            for i in 0..p {
                beta[i] += (0..p).map(|j| inverse[(i, j)] * gradient[j]).sum::<f64>();
            }
        }
        Ok((beta, inverse))
    }

    /// b(κ) with its bread and scores.
    fn k_class(&self, kappa: f64) -> Result<OlsFit> {
        let system = self.system;
        let (D, W) = (&system.endogenous.values, &system.exogenous.values);
        let (mut coef, inverse) = self.endogenous(kappa)?;
        let (gamma, u) = system.within.solve(W, &less(&system.y, &coef, D));
        coef.extend(gamma);
        // Inverse of the whole X'(I - κM)X by blocks: D is regressed on W with coefficients Γ.
        let Gamma: Vec<Vec<f64>> = D.iter().map(|d| system.within.solve(W, d).0).collect();
        let (p, m, WW) = (D.len(), W.len(), system.within.inverse_gram());
        let cross = Mat::from_fn(m, p, |i, j| -(0..p).map(|h| Gamma[h][i] * inverse[(h, j)]).sum::<f64>());
        let bread = Mat::from_fn(p + m, p + m, |i, j| match (i < p, j < p) {
            (true, true) => inverse[(i, j)],
            (true, false) => cross[(j - p, i)],
            (false, true) => cross[(i - p, j)],
            (false, false) => WW[(i - p, j - p)] - (0..p).map(|h| cross[(i - p, h)] * Gamma[h][j - p]).sum::<f64>(),
        });
        // D - κE with W must be orthogonal to the residual; D - E with W are the regressors of the second stage.
        let part = |kappa: f64| -> Vec<Vec<f64>> {
            let off = |(d, e): (&Vec<f64>, &Vec<f64>)| d.iter().zip(e).map(|(d, e)| d - kappa * e).collect();
            D.iter().zip(&self.E).map(off).chain(W.iter().cloned()).collect()
        };
        let fit = system.fit(&system.regressors().names, &part(1.0), coef, bread, &u);
        system.certified(fit, &part(kappa), &u)
    }

    /// κ of LIML: 1/(1 - μ) with μ the smallest squared canonical correlation of (y, D) with Z, given W; exactly one
    /// when the equation is just identified.
    fn liml_kappa(&self) -> Result<f64> {
        let (p, l) = (self.A.ncols(), self.A.nrows());
        if l == p {
            return Ok(1.0);
        }
        let system = self.system;
        let Y: Vec<Vec<f64>> =
            system.endogenous.values.iter().chain([&system.y]).map(|v| system.off_exogenous(v)).collect();
        let size: Vec<f64> = Y.iter().map(|v| squares(v, None)).collect();
        let basis = Orthogonal::new(&Y, &size);
        let seen: Vec<Vec<f64>> = basis.basis().iter().map(|q| system.excluded_coordinates(q)).collect();
        let mu = Mat::from_fn(seen.len(), seen.len(), |i, j| dot(&seen[i], &seen[j]));
        let least = linalg::symmetric_eigen(&mu)?.0.last().copied().unwrap_or(0.0).max(0.0);
        if !basis.dropped.is_empty() || least >= 1.0 - 1e-12 {
            return Err(Error::new(Kind::Untrusted {
                message: "the equation fits without error, so that LIML has no κ".into(),
                remedy: "use method iv, and look for the outcome among the regressors or instruments".into(),
            }));
        }
        Ok(1.0 / (1.0 - least))
    }
}

/// y - Σ bⱼxⱼ, n.
pub(super) fn less(y: &[f64], b: &[f64], X: &[Vec<f64>]) -> Vec<f64> {
    let mut out = y.to_vec();
    for (b, x) in b.iter().zip(X) {
        out.iter_mut().zip(x).for_each(|(v, x)| *v -= b * x);
    }
    out
}

/// Whether GMM and its covariance are defined under this covariance.
pub(super) fn defined_for_gmm(how: &Vcov) -> Result<()> {
    match how {
        Vcov::Hc2 | Vcov::Hc3 => Err(Error::invalid(
            format!("`vcov = \"{how}\"` is not defined for GMM, whose fit has no leverages"),
            "set `vcov = \"hc1\"`",
        )),
        _ => Ok(()),
    }
}
