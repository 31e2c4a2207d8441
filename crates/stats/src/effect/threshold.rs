//! A slope that changes where another variable passes a threshold (Hansen 1999).
//!
//! ```text
//! y = β₁ x·1[q ≤ γ] + β₂ x·1[q > γ] + z'θ + effects + e,      γ̂ = argmin_γ S(γ)
//! ```
//!
//! S(γ) is the sum of squared residuals at a given γ; γ runs over the values of q that leave at least the trimmed share
//! of observations on either side. Regressors and effects must be strictly exogenous and q must vary within units.
//!
//! # One pass over the candidates
//!
//! With M the projection off effects, z and x, and ỹ = My, only x_γ = x·1[q ≤ γ] differs between candidates:
//!
//! ```text
//! S(γ) = ỹ'ỹ - (x_γ'ỹ)² / (x_γ'M x_γ),      x_γ'M x_γ = Σ x_γ² - Σ_u (Σ_{i∈u} x_γ)²/n_u - ‖Q'x_γ‖²
//! ```
//!
//! where u are the levels of the largest effect and Q an orthonormal basis of the other effects, z and x off it. In
//! the order of q each observation enters once, at the cost of a row of Q. A bootstrap draw changes ỹ only.
//!
//! # Inference
//!
//! σ̂² = S(γ̂)/(N(T - 1)), as Hansen writes it. F₁ = (S₀ - S(γ̂))/σ̂² compares with the model without a threshold, whose
//! γ is not identified; its p-value is the share of bootstrap draws above it, each of which gives every unit the
//! residuals of a unit drawn with replacement. The confidence set of γ are the candidates with
//! (S(γ) - S(γ̂))/σ̂² ≤ -2 ln(1 - √.95) = 7.352. The slopes have their usual errors, as if γ̂ were known.
//!
//! Two thresholds are found in turn: γ₂ given γ̂₁, then γ₁ again given γ̂₂. F₂ = (S(γ̂₁) - S(γ̂₁, γ̂₂))/σ̂² compares with one
//! threshold; its draws add the resampled residuals to the fit of that model.

mod grid;

use crate::linear::{Estimated, Regression};
use crate::{Design, Error, Factor, Kind, Result};
use grid::{Draws, Grid, least};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A slope that differs below and above a threshold of another variable, the threshold estimated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ThresholdOptions {
    /// The regressor whose slope changes.
    pub regime: String,
    /// The variable with the threshold.
    pub threshold: String,
    /// Thresholds to estimate, 1 or 2.
    pub thresholds: usize,
    /// Least share of observations in a regime.
    pub trim: f64,
    /// Bootstrap draws for the p-value of the threshold; 0 is none.
    pub replications: usize,
}

impl Default for ThresholdOptions {
    fn default() -> Self {
        // Hansen trims 1 % of 7,910 observations; panels of this field are smaller. 300 draws are his.
        ThresholdOptions {
            regime: String::new(),
            threshold: String::new(),
            thresholds: 1,
            trim: 0.05,
            replications: 300,
        }
    }
}

/// -2 ln(1 - √.95): the 95 % critical value of the likelihood ratio of γ.
pub const CRITICAL: f64 = 7.352_276_694_155_739;

/// One candidate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Candidate {
    /// γ.
    pub threshold: f64,
    /// (S(γ) - S(γ̂))/σ̂².
    pub lr: f64,
}

/// An estimated threshold.
#[derive(Debug, Clone)]
pub struct Found {
    /// γ̂.
    pub threshold: f64,
    /// F of this threshold against one fewer.
    pub f: f64,
    /// Bootstrap p-value; `None` without draws.
    pub p_value: Option<f64>,
    /// 90, 95 and 99 % quantiles of the draws; `None` without draws.
    pub critical: Option<[f64; 3]>,
    /// Least value of the 95 % confidence set of γ.
    pub ci_low: f64,
    /// Greatest.
    pub ci_high: f64,
    /// All candidates.
    pub candidates: Vec<Candidate>,
}

/// A regression with one or two thresholds.
#[derive(Debug, Clone)]
pub struct Threshold {
    /// The regression at the thresholds, with coefficients `x:low`, (`x:middle`,) `x:high`.
    pub estimated: Estimated,
    /// The thresholds in the order in which they were found.
    pub found: Vec<Found>,
    /// S at them.
    pub ssr: f64,
    /// S₀, of the model without a threshold.
    pub ssr_linear: f64,
    /// S/(N(T - 1)).
    pub sigma2: f64,
    /// Observations in each regime.
    pub regimes: Vec<usize>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// Estimates the threshold of `q` (n) for the slope of `x` (n) in `design`; `unit` is what the bootstrap draws.
pub fn threshold(
    design: &Design,
    x: &[f64],
    q: &[f64],
    unit: &Factor,
    options: &ThresholdOptions,
    regression: &Regression,
    seed: u64,
) -> Result<Threshold> {
    check(design, x, q, unit, options)?;
    // The sample and the verdict on the regressors are those of the linear model.
    let others: Vec<(String, Vec<f64>)> =
        design.regressors().into_iter().filter(|(name, _)| *name != options.regime).collect();
    let with = |more: &[(String, Vec<f64>)]| design.with_regressors(&[others.clone(), more.to_vec()].concat());
    let linear = regression.ols.fit(&with(&[(options.regime.clone(), x.to_vec())]))?;
    if !linear.names.contains(&options.regime) {
        return Err(Error::new(Kind::Collinear { absorbed: true }).at_column(options.regime.clone()));
    }
    let sample = &linear.sample;
    let at = |v: &[f64]| sample.iter().map(|&i| v[i]).collect::<Vec<f64>>();
    let unit = unit.at(sample);
    let free = (sample.len() - unit.levels as usize) as f64;
    let blocks = match options.replications {
        0 => Vec::new(),
        _ => blocks(design, &unit, sample)?,
    };
    let draws = Draws { blocks, free, replications: options.replications, seed };
    let kept: Vec<Vec<f64>> = (others.iter()).filter(|(n, _)| linear.names.contains(n)).map(|(_, v)| at(v)).collect();
    let grid = Grid::new(&design.at(sample), kept, at(x), &at(q), options)?;
    let off = grid.off(linear.residuals.clone());
    // The regression at given thresholds: a second road to the sum of squares of the search.
    let estimate = |gammas: &[f64], ssr: f64| -> Result<Estimated> {
        let estimated = regression.run(&with(&regimes(x, q, gammas, &options.regime)))?;
        match (estimated.fit.ssr - ssr).abs() <= 1e-8 * linear.ssr {
            true => Ok(estimated),
            false => Err(Error::new(Kind::Untrusted {
                message: format!(
                    "the search ends at a sum of squares of {ssr:e}, the regression at {:e}",
                    estimated.fit.ssr
                ),
                remedy: "rescale or center the regressors".into(),
            })),
        }
    };
    let mut notes = Vec::new();
    let sums = grid.sums(&off);
    let (best, ssr) = least(&sums);
    let mut estimated = estimate(&[grid.gammas[best]], ssr)?;
    let f1 = (linear.ssr - ssr) / (ssr / free);
    let (p_value, critical) = tested(f1, &grid.bootstrap(&estimated.fit.residuals, &draws));
    let first = Found { f: f1, p_value, critical, ..confidence(&grid.gammas, &sums, free, &mut notes) };
    let (mut found, mut last) = (vec![first], ssr);
    if options.thresholds == 2 {
        let second = grid.sums_given(&off, best);
        let (next, ssr_two) = least(&second);
        if ssr_two.is_infinite() {
            return Err(Error::invalid(
                format!(
                    "beside {} no value leaves {} of the observations in each of three regimes",
                    grid.gammas[best], options.trim
                ),
                "set a smaller `trim`, or `thresholds = 1`",
            )
            .at_column(options.threshold.clone()));
        }
        // The first again, now that the second is known.
        let refined = grid.sums_given(&off, next);
        let (again, ssr_refined) = least(&refined);
        let single: Vec<f64> = off.iter().zip(&estimated.fit.residuals).map(|(v, e)| v - e).collect();
        estimated = estimate(&[grid.gammas[again], grid.gammas[next]], ssr_refined)?;
        let f2 = (ssr - ssr_two) / (ssr_two / free);
        let (p_value, critical) = tested(f2, &grid.bootstrap_second(&single, &estimated.fit.residuals, &draws));
        let one = found.remove(0);
        notes.clear();
        let refined = confidence(&grid.gammas, &refined, free, &mut notes);
        found.push(Found { f: one.f, p_value: one.p_value, critical: one.critical, ..refined });
        found.push(Found { f: f2, p_value, critical, ..confidence(&grid.gammas, &second, free, &mut notes) });
        last = ssr_refined;
    }
    let sizes: Vec<usize> = counts(&unit);
    if sizes.iter().any(|s| *s != sizes[0]) {
        notes.push("the panel is not balanced: sigma2 divides by observations less units".into());
    }
    let mut bounds: Vec<f64> = found.iter().map(|f| f.threshold).collect();
    bounds.sort_by(f64::total_cmp);
    let mut regimes = vec![0; bounds.len() + 1];
    sample.iter().for_each(|&i| regimes[bounds.iter().filter(|b| q[i] > **b).count()] += 1);
    notes.splice(0..0, estimated.notes());
    Ok(Threshold { estimated, found, ssr: last, ssr_linear: linear.ssr, sigma2: last / free, regimes, notes })
}

/// x in each regime: `x:low`, `x:middle`, `x:high`.
fn regimes(x: &[f64], q: &[f64], gammas: &[f64], name: &str) -> Vec<(String, Vec<f64>)> {
    let labels: &[&str] = if gammas.len() == 1 { &["low", "high"] } else { &["low", "middle", "high"] };
    let regime = |q: f64| gammas.iter().filter(|g| q > **g).count();
    let inside = |r: usize| x.iter().zip(q).map(|(x, q)| if regime(*q) == r { *x } else { 0.0 }).collect();
    labels.iter().enumerate().map(|(r, label)| (format!("{name}:{label}"), inside(r))).collect()
}

/// The p-value of F and the critical values, from draws under the hypothesis; nothing without draws.
fn tested(f: f64, draws: &[f64]) -> (Option<f64>, Option<[f64; 3]>) {
    if draws.is_empty() {
        return (None, None);
    }
    let above = draws.iter().filter(|d| **d >= f).count();
    let mut sorted = draws.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper = |p: f64| sorted[((p * sorted.len() as f64).ceil() as usize).clamp(1, sorted.len()) - 1];
    (Some(above as f64 / draws.len() as f64), Some([0.90, 0.95, 0.99].map(upper)))
}

/// The best candidate and the set of those that the likelihood ratio does not reject.
fn confidence(gammas: &[f64], sums: &[f64], free: f64, notes: &mut Vec<String>) -> Found {
    let (best, ssr) = least(sums);
    let candidates: Vec<Candidate> = (gammas.iter().zip(sums))
        .filter(|(_, s)| s.is_finite())
        .map(|(&threshold, s)| Candidate { threshold, lr: (s - ssr) / (ssr / free) })
        .collect();
    let inside: Vec<usize> = (0..candidates.len()).filter(|&c| candidates[c].lr <= CRITICAL).collect();
    let (low, high) = (inside.first().copied().unwrap_or(0), inside.last().copied().unwrap_or(0));
    let gamma = gammas[best];
    if high - low + 1 > inside.len() {
        notes.push(format!("the confidence set of the threshold {gamma} has gaps; the bounds given are its ends"));
    }
    if low == 0 || high + 1 == candidates.len() {
        notes
            .push(format!("the confidence set of the threshold {gamma} reaches an end of the search; it may be wider"));
    }
    let (ci_low, ci_high) = (candidates[low].threshold, candidates[high].threshold);
    Found { threshold: gamma, f: f64::NAN, p_value: None, critical: None, ci_low, ci_high, candidates }
}

fn check(design: &Design, x: &[f64], q: &[f64], unit: &Factor, options: &ThresholdOptions) -> Result<()> {
    design.check()?;
    let n = design.nobs();
    for (name, got) in [(&options.regime, x.len()), (&options.threshold, q.len()), (&unit.name, unit.codes.len())] {
        if got != n {
            return Err(Error::length(format!("`{name}`"), got, n));
        }
    }
    for (name, v) in [(&options.regime, x), (&options.threshold, q)] {
        if let Some(i) = v.iter().position(|v| !v.is_finite()) {
            return Err(Error::new(Kind::NotFinite).at_column(name.clone()).at_rows([design.rows[i]]));
        }
        if v.iter().all(|u| *u == v[0]) {
            return Err(Error::invalid(
                "every value is equal, so that it has no threshold and no slope",
                "choose a variable that varies",
            )
            .at_column(name.clone()));
        }
    }
    if !(1..=2).contains(&options.thresholds) {
        return Err(Error::invalid(format!("`thresholds` is {}", options.thresholds), "set it to 1 or 2"));
    }
    if !(0.0..0.5).contains(&options.trim) {
        return Err(Error::invalid(format!("`trim` is {}", options.trim), "give a share from 0 to below 0.5"));
    }
    if design.w.is_some() || !design.slopes.is_empty() {
        return Err(Error::invalid(
            "a threshold is estimated without weights and without slopes of effects",
            "leave them out",
        ));
    }
    Ok(())
}

fn counts(unit: &Factor) -> Vec<usize> {
    let mut counts = vec![0; unit.levels as usize];
    unit.codes.iter().for_each(|&u| counts[u as usize] += 1);
    counts
}

/// Observations of each unit in the order of time (else of rows); refused unless all units have as many.
fn blocks(design: &Design, unit: &Factor, sample: &[usize]) -> Result<Vec<Vec<usize>>> {
    let mut blocks: Vec<Vec<usize>> = vec![Vec::new(); unit.levels as usize];
    unit.codes.iter().enumerate().for_each(|(i, &u)| blocks[u as usize].push(i));
    if let Some(panel) = &design.panel {
        blocks.iter_mut().for_each(|b| b.sort_by_key(|&i| panel.time[sample[i]]));
    }
    let remedy = "keep the units that are present in every period, or set `replications = 0`";
    match blocks.iter().find(|b| b.len() != blocks[0].len()) {
        Some(odd) => Err(Error::invalid(
            format!(
                "the bootstrap of the threshold needs a balanced panel, and units of `{}` have {} and {} observations",
                unit.name,
                blocks[0].len(),
                odd.len()
            ),
            remedy,
        )
        .at_rows([design.rows[sample[odd[0]]]])),
        None if blocks[0].len() < 2 => Err(Error::invalid(
            format!("each level of `{}` has one observation", unit.name),
            "set `unit`, or `replications = 0`",
        )),
        None => Ok(blocks),
    }
}
