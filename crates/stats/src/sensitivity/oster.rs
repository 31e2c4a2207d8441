//! Selection on unobservables from coefficient stability: Oster (2019), JBES 37, 187-204.
//!
//! ```text
//! y = β x + W₁ + W₂ + e      W₁ the index of the controls, W₂ ⟂ W₁ that of what is not observed
//! δ = (σ₂ₓ/σ₂²) / (σ₁ₓ/σ₁²)  proportional selection
//! ```
//!
//! The short regression of y on x gives β°, R°; the long one with the controls β̃, R̃; a regression with W₂ as well would
//! reach R_max. Let t be the share of the variance of x that the controls leave. In units in which x and y have
//! variance one, with the bias p = β̃ - β and B = β° - β̃, the moments that the three regressions leave open are
//!
//! ```text
//! σ₂ₓ = p t                     σ₁ₓ = B + p (1 - t)
//! σ₂² = (R_max - R̃) + p² t      σ₁² = (R̃ - R°) + (B + p)² - p² t
//!
//! δ(p) = σ₂ₓ σ₁² / (σ₁ₓ σ₂²)
//! ```
//!
//! which multiplied out is the paper's Proposition 3. Given β it says how strong selection on unobservables must be;
//! given δ it is a cubic in p (a quadratic for δ = 1), of which every real root is reported. Its Assumption 3, that the
//! bias does not turn the sign of the covariance of x with the index of the controls, is σ₁ₓ B > 0; for δ = 1 exactly one
//! root has it. Among those that have it the one nearest to the long estimate is β*. The approximation
//! β̃ - δ (β° - β̃)(R_max - R̃)/(R̃ - R°) stands beside it; it supposes that the controls contribute to x and y alike.
//!
//! Fixed effects, the constant and the controls that stay in the short regression are taken out of x; R² and R_max count
//! the variance of y off the fixed effects (the within R²), or about its mean without effects.
//!
//! ```
//! use plim_stats::sensitivity::oster::Selection;
//! let s = Selection { short: 1.0, long: 0.8, r2_short: 0.2, r2_long: 0.5, r2_max: 0.65, left: 0.9, unit: 1.0 };
//! let (beta, _) = s.adjusted(1.0).into_iter().find(|(_, keeps_sign)| *keeps_sign).unwrap();
//! assert!((s.delta(beta) - 1.0).abs() < 1e-10);
//! ```

use super::regressor;
use crate::linear::{Estimated, INTERCEPT, OlsFit, Regression};
use crate::math::polynomial::real_roots;
use crate::math::rng::Stream;
use crate::resample::bootstrap::{Interval, draw, percentile};
use crate::{Design, Error, Factor, Kind, Result};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Oster's multiple of R̃: the one at which 90 % of the randomized results that she collects would survive.
const MULTIPLE: f64 = 1.3;

/// σ₁ₓ below this share of its terms is zero but for rounding.
const ZERO: f64 = 1e-9;

/// Selection on unobservables, judged by how coefficient and R² move when controls enter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Oster {
    /// The regressor whose effect is in question.
    pub treatment: String,
    /// Controls that stay in the short regression; fixed effects and the constant always do.
    pub controls: Vec<String>,
    /// R² of a regression with the unobservables; by default 1.3 times that of the long regression, at most 1.
    pub r2_max: Option<f64>,
    /// Selection on unobservables relative to observables that the adjusted effect supposes.
    pub delta: f64,
    /// The effect that selection on unobservables must explain away.
    pub beta: f64,
    /// Bootstrap replications over clusters (500 to 5,000 are usual); 0 is none.
    pub replications: usize,
}

impl Default for Oster {
    fn default() -> Self {
        // Equal selection and no effect: the case that the paper calls the natural bound.
        Oster { treatment: String::new(), controls: Vec::new(), r2_max: None, delta: 1.0, beta: 0.0, replications: 0 }
    }
}

/// What the short and the long regression leave.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Selection {
    /// β°.
    pub short: f64,
    /// β̃.
    pub long: f64,
    /// R°.
    pub r2_short: f64,
    /// R̃.
    pub r2_long: f64,
    /// R_max.
    pub r2_max: f64,
    /// t: variance of x that the controls leave, as a share.
    pub left: f64,
    /// Standard deviation of y over that of x.
    pub unit: f64,
}

impl Selection {
    /// From two fits of one sample.
    fn new(short: &OlsFit, long: &OlsFit, options: &Oster) -> Result<Self> {
        let place = |fit: &OlsFit| {
            let found = fit.names.iter().position(|n| *n == options.treatment);
            found.ok_or_else(|| Error::new(Kind::Collinear { absorbed: false }).at_column(&options.treatment))
        };
        let (i, j) = (place(short)?, place(long)?);
        // Sums of squares of x off the other regressors, as the inverse of the moments has them.
        let (all, left) = (1.0 / short.bread[(i, i)], 1.0 / long.bread[(j, j)]);
        let r2 = |fit: &OlsFit| 1.0 - fit.ssr / fit.sst_within;
        let r2_max = options.r2_max.unwrap_or_else(|| (MULTIPLE * r2(long)).min(1.0));
        if !(r2_max > r2(long) && r2_max <= 1.0) {
            return Err(Error::invalid(
                format!("`r2_max` is {r2_max}, and the long regression explains {:.4} already", r2(long)),
                "set it above the R² of the long regression and to 1 at most",
            ));
        }
        Ok(Selection {
            short: short.coef[i],
            long: long.coef[j],
            r2_short: r2(short),
            r2_long: r2(long),
            r2_max,
            left: left / all,
            unit: (short.sst_within / all).sqrt(),
        })
    }

    /// B, R̃ - R° and R_max - R̃.
    fn moves(&self) -> (f64, f64, f64) {
        ((self.short - self.long) / self.unit, self.r2_long - self.r2_short, self.r2_max - self.r2_long)
    }

    /// The δ at which the effect is `beta`: Proposition 3. Infinite where σ₁ₓ vanishes.
    pub fn delta(&self, beta: f64) -> f64 {
        let (B, D, M) = self.moves();
        let (t, p) = (self.left, (self.long - beta) / self.unit);
        p * t * (D + (B + p).powi(2) - p * p * t) / ((B + p * (1.0 - t)) * (M + p * p * t))
    }

    /// The effects at which selection is `delta`, ascending, and whether each keeps the sign of Assumption 3.
    pub fn adjusted(&self, delta: f64) -> Vec<(f64, bool)> {
        let (B, D, M) = self.moves();
        let t = self.left;
        let cubic = [
            -delta * B * M,
            t * (D + B * B) - delta * (1.0 - t) * M,
            (2.0 - delta) * t * B,
            (1.0 - delta) * t * (1.0 - t),
        ];
        // With one control the other root of δ = 1 has σ₁ₓ = 0, but for rounding.
        let keeps = |p: f64| (B + p * (1.0 - t)) * B.signum() > ZERO * (B.abs() + p.abs());
        real_roots(&cubic).into_iter().rev().map(|p| (self.long - p * self.unit, keeps(p))).collect()
    }

    /// β*: of [`Selection::adjusted`] the nearest to the long estimate that keeps the sign.
    pub fn chosen(&self, delta: f64) -> Option<f64> {
        let near = |beta: f64| (beta - self.long).abs();
        let sound = self.adjusted(delta).into_iter().filter(|(_, keeps)| *keeps).map(|(beta, _)| beta);
        sound.min_by(|a, b| near(*a).total_cmp(&near(*b)))
    }

    /// β̃ - δ (β° - β̃)(R_max - R̃)/(R̃ - R°).
    pub fn approximation(&self, delta: f64) -> f64 {
        let (_, D, M) = self.moves();
        self.long - delta * (self.short - self.long) * M / D
    }
}

/// One of the two regressions.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Side {
    /// Estimate of the treatment.
    pub estimate: f64,
    /// Its standard error.
    pub std_error: f64,
    /// R² off the effects.
    pub r2: f64,
}

/// An effect at which selection is as supposed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Root {
    /// The effect.
    pub estimate: f64,
    /// Whether the covariance of the treatment with the index of the controls keeps its sign (Assumption 3).
    pub keeps_sign: bool,
    /// Whether it is β*.
    pub chosen: bool,
}

/// Percentile intervals over clusters; absent where more than 5 % of the draws gave no number.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bootstrap {
    /// Of δ.
    pub delta: Option<Interval>,
    /// Of β*.
    pub beta_star: Option<Interval>,
}

/// What coefficient stability says of unobservables.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Stability {
    /// Without the controls.
    pub short: Side,
    /// With them.
    pub long: Side,
    /// R_max.
    pub r2_max: f64,
    /// How R_max was set: `rule` or `given`.
    pub r2_max_by: &'static str,
    /// The effect to explain away.
    pub beta: f64,
    /// The δ that does; absent where none does.
    pub delta: Option<f64>,
    /// The δ that β* supposes.
    pub delta_supposed: f64,
    /// The bias-adjusted effect; absent where no root keeps the sign.
    pub beta_star: Option<f64>,
    /// Its approximation.
    pub beta_approximate: Option<f64>,
    /// Long estimate and β*, ascending.
    pub bound: Option<[f64; 2]>,
    /// Whether `beta` lies outside the bound.
    pub excludes_beta: Option<bool>,
    /// All real roots, ascending.
    pub roots: Vec<Root>,
    /// Over clusters, when replications were asked for.
    pub bootstrap: Option<Bootstrap>,
}

/// The long regression and what follows from it and the short one.
#[derive(Debug, Clone)]
pub struct Judged {
    /// The long regression.
    pub estimated: Estimated,
    /// Coefficient stability.
    pub stability: Stability,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// Coefficient stability of the regressor `options.treatment` of `design`; the bootstrap draws the levels of `cluster`.
///
/// Errors: a name that is no regressor, no control to leave out, `r2_max` below R̃, a treatment that the controls span.
pub fn oster(design: &Design, cluster: &Factor, options: &Oster, regression: &Regression, seed: u64) -> Result<Judged> {
    let reduced = shortened(design, options)?;
    let long = regression.run(design)?;
    let short = regression.run(&reduced)?;
    let s = Selection::new(&short.fit, &long.fit, options)?;
    let (delta, beta_star) = (finite(s.delta(options.beta)), s.chosen(options.delta));
    let mut notes = long.notes();
    if delta.is_none() {
        notes.push(format!("no selection on unobservables, however strong, makes the effect {}", options.beta));
    }
    if beta_star.is_none() {
        notes.push(format!("no effect with delta {} keeps the sign of selection on the controls", options.delta));
    }
    let bootstrap = (options.replications > 0).then(|| bootstrap(design, cluster, options, regression, seed));
    if bootstrap.as_ref().is_some_and(|b| b.delta.is_none() || b.beta_star.is_none()) {
        notes.push("the bootstrap failed in more than 5 % of its draws; no interval is given there".into());
    }
    notes.push(format!(
        "R2 is of the variance {}; R2 max = {:.4}",
        if design.absorbs() { "within the fixed effects" } else { "about the mean" },
        s.r2_max
    ));
    let bound = beta_star.map(|b| [b.min(s.long), b.max(s.long)]);
    let roots = s.adjusted(options.delta).into_iter();
    let stability = Stability {
        short: side(&short, &options.treatment, s.r2_short)?,
        long: side(&long, &options.treatment, s.r2_long)?,
        r2_max: s.r2_max,
        r2_max_by: if options.r2_max.is_some() { "given" } else { "rule" },
        beta: options.beta,
        delta,
        delta_supposed: options.delta,
        beta_star,
        beta_approximate: finite(s.approximation(options.delta)),
        bound,
        excludes_beta: bound.map(|[low, high]| !(low..=high).contains(&options.beta)),
        roots: roots.map(|(b, keeps_sign)| Root { estimate: b, keeps_sign, chosen: beta_star == Some(b) }).collect(),
        bootstrap,
    };
    Ok(Judged { estimated: long, stability, notes })
}

/// The design of the short regression.
fn shortened(design: &Design, options: &Oster) -> Result<Design> {
    regressor(design, &options.treatment, "treatment")?;
    options.controls.iter().try_for_each(|c| regressor(design, c, "controls"))?;
    for (name, value) in [("delta", options.delta), ("beta", options.beta)] {
        if !value.is_finite() {
            return Err(Error::invalid(format!("`{name}` is {value}"), "set it to a finite number"));
        }
    }
    let mut regressors = design.regressors();
    regressors.retain(|(n, _)| n == INTERCEPT || *n == options.treatment || options.controls.contains(n));
    if regressors.len() == design.names.len() {
        return Err(Error::invalid(
            "the short regression has every regressor of the long one, so that nothing moves",
            "write controls in the formula, or name fewer of them under `controls`",
        ));
    }
    Ok(design.with_regressors(&regressors))
}

fn side(estimated: &Estimated, treatment: &str, r2: f64) -> Result<Side> {
    let c = estimated.coefficient(treatment)?;
    Ok(Side { estimate: c.estimate, std_error: c.std_error, r2 })
}

fn finite(v: f64) -> Option<f64> {
    v.is_finite().then_some(v)
}

/// δ and β* in each draw of clusters; the rule for R_max is applied anew.
fn bootstrap(design: &Design, cluster: &Factor, options: &Oster, regression: &Regression, seed: u64) -> Bootstrap {
    let one = |r: usize| -> Option<Selection> {
        let (_, sample) = draw(design, cluster, &mut Stream::new(seed, r as u64));
        let reduced = shortened(&sample, options).ok()?;
        let (short, long) = (regression.ols.fit(&reduced).ok()?, regression.ols.fit(&sample).ok()?);
        Selection::new(&short, &long, options).ok()
    };
    let draws: Vec<Option<Selection>> = (0..options.replications).into_par_iter().map(one).collect();
    let over = |of: &dyn Fn(&Selection) -> Option<f64>| {
        percentile(&draws.iter().map(|d| d.as_ref().and_then(of)).collect::<Vec<_>>())
    };
    Bootstrap { delta: over(&|s| finite(s.delta(options.beta))), beta_star: over(&|s| s.chosen(options.delta)) }
}
