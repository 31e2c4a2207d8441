//! What makes units efficient: second-stage regressions of efficiency scores (Simar and Wilson 2007).
//!
//! Estimated scores are serially correlated, biased toward efficiency and heap at one, so that neither least squares
//! nor the tobit has valid errors. With output scores δ ≥ 1 (of efficiencies at most one the mirror image) the model
//! and its parametric bootstrap are
//!
//! ```text
//! δ_i = z_i'β + ε_i,   ε_i ~ N(0, σ²) given ε_i > 1 - z_i'β
//! algorithm 1:  β̂, σ̂ by the truncated regression of δ̂ on z, the m units with δ̂ > 1
//!               L times: ε* ~ N(0, σ̂²) truncated at 1 - z'β̂, δ* = z'β̂ + ε*, β* by the truncated regression of δ*
//! algorithm 2:  β̂, σ̂ as above; L₁ times: δ* for all n units, reference (x_i, y_i δ̂_i/δ*_i), scores δ̂*_i of (x_i, y_i)
//!               δ̂_i - bias = 2 δ̂_i - mean δ̂*_i; then algorithm 1 with these, which are above one for (nearly) all units
//! ```
//!
//! The frontier must be the same whatever z is (separability): z may shift the distance to it only.
//!
//! L. Simar and P. W. Wilson (2007), "Estimation and inference in two-stage, semi-parametric models of production
//! processes", Journal of Econometrics 136(1).

use crate::frontier::dea::technology::Standing;
use crate::frontier::dea::{Dea, Kind, Model, Orientation, Radial, Rts, Units, dea};
use crate::limited::{Truncated, TruncatedFit, truncated};
use crate::linear::Ols;
use crate::math::Mat;
use crate::math::rng::Stream;
use crate::math::truncated_normal::draw;
use crate::resample::bootstrap::{Interval, percentile};
use crate::{Design, Error, Kind as Failure, Result};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A score this close to the limit is at it: printed scores have eight digits.
const AT_LIMIT: f64 = 1e-8;
/// First stream of the regression's bootstrap; those of the scores are below.
const REGRESSION: u64 = 1 << 40;
/// Most replications that can be asked for.
const MOST: usize = 1_000_000;

/// Second-stage regression of efficiency scores with a parametric bootstrap.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SimarWilson {
    /// Columns of inputs: with `outputs`, scores are made here and corrected for bias (algorithm 2).
    ///
    /// Without them the outcome of the formula is the score (algorithm 1).
    pub inputs: Vec<String>,
    /// Columns of outputs; the outcome of the formula is then one of them.
    pub outputs: Vec<String>,
    /// Returns to scale of the frontier (algorithm 2).
    pub rts: Rts,
    /// Score of an efficient unit; scores are all above it, or all below it. Units at it are left out of the regression.
    pub limit: f64,
    /// Truncate efficiencies at most one also at zero from below.
    pub two_sided: bool,
    /// Replications of the regression's bootstrap; with 0 the truncated regression alone, with the errors of `vcov`.
    pub replications: usize,
    /// Replications of the bootstrap that corrects the scores (algorithm 2).
    pub bias_replications: usize,
    /// How the intervals follow from the replications.
    pub interval: IntervalKind,
}

impl Default for SimarWilson {
    fn default() -> Self {
        SimarWilson {
            inputs: Vec::new(),
            outputs: Vec::new(),
            rts: Rts::default(),
            limit: 1.0,
            two_sided: false,
            // Both as in the paper.
            replications: 2_000,
            bias_replications: 100,
            interval: IntervalKind::default(),
        }
    }
}

/// How intervals follow from bootstrap replications.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IntervalKind {
    /// Quantiles of the replications.
    #[default]
    Percentile,
    /// The estimate less the quantiles of replication less estimate, as in the paper.
    Basic,
}

/// A fitted second stage.
#[derive(Debug, Clone)]
pub struct SimarWilsonFit {
    /// The truncated regression.
    pub fit: TruncatedFit,
    /// Bootstrap errors and intervals of β and σ; empty with no replications.
    pub intervals: Vec<Interval>,
    /// Limits of the truncation.
    pub limits: [f64; 2],
    /// Units at the limit.
    pub efficient: usize,
    /// Scores that algorithm 2 made, one a row of the design.
    pub scores: Option<Corrected>,
}

/// Output scores before and after the correction for bias, n each.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Corrected {
    /// φ̂ ≥ 1.
    pub score: Vec<f64>,
    /// 2 φ̂ less the mean of its replications.
    pub corrected: Vec<f64>,
    /// Units with φ̂ = 1.
    pub efficient: usize,
}

/// Regresses the outcome of `design` (algorithm 1), or the output scores of `units`, one a row of it (algorithm 2).
pub fn simar_wilson(
    design: &Design,
    units: Option<&Units>,
    options: &SimarWilson,
    ols: &Ols,
    seed: u64,
) -> Result<SimarWilsonFit> {
    check(design, units, options)?;
    let mut design = design.clone();
    let scores = match units {
        None => None,
        Some(units) => {
            let scores = corrected(&design, units, options, ols, seed)?;
            design.y = scores.corrected.clone();
            design.outcome = "the corrected score".into();
            Some(scores)
        }
    };
    let limit = options.limit;
    design.y.iter_mut().filter(|y| (**y - limit).abs() <= AT_LIMIT).for_each(|y| *y = limit);
    let efficient = design.y.iter().filter(|y| **y == limit).count();
    let limits = limits(&design, options)?;
    let fit = second_stage(&design, limits, ols)?;
    let intervals = match options.replications {
        0 => Vec::new(),
        _ => intervals(&fit, limits, options, seed)?,
    };
    Ok(SimarWilsonFit { fit, intervals, limits, efficient, scores })
}

/// Options and data that the algorithms cannot take.
fn check(design: &Design, units: Option<&Units>, options: &SimarWilson) -> Result<()> {
    for (name, count) in [("replications", options.replications), ("bias_replications", options.bias_replications)] {
        if count > MOST {
            return Err(Error::invalid(format!("`{name}` is {count}"), format!("ask for at most {MOST}")));
        }
    }
    if options.replications == 1 {
        return Err(Error::invalid("one replication has no spread", "ask for 2000, or for 0"));
    }
    if !options.limit.is_finite() {
        return Err(Error::invalid(format!("`limit` is {}", options.limit), "give the score of an efficient unit"));
    }
    if design.w.is_some() && options.replications > 0 {
        return Err(Error::invalid(
            "the bootstrap of `simar_wilson` draws units of equal weight",
            "leave `weights` out, or set replications = 0",
        ));
    }
    let Some(units) = units else {
        return match options.rts == Rts::default() && options.bias_replications == 100 {
            true => Ok(()),
            false => Err(Error::invalid(
                "`rts` and `bias_replications` are for scores that are made here",
                "set `inputs` and `outputs`, or leave them out",
            )),
        };
    };
    if units.count() != design.nobs() {
        return Err(Error::length("the units", units.count(), design.nobs()));
    }
    if matches!(options.rts, Rts::Fdh | Rts::FdhPlus | Rts::Grs) {
        return Err(Error::invalid(
            "the bootstrap of the scores is for convex frontiers without bounds of scale",
            "set `rts` to vrs, crs, nirs or ndrs",
        ));
    }
    if options.bias_replications == 0 {
        return Err(Error::invalid(
            "`bias_replications` is 0",
            "ask for 100, or regress scores of `dea` as the outcome",
        ));
    }
    if options.limit != 1.0 || options.two_sided {
        return Err(Error::invalid(
            "scores that are made here are output scores of at least one",
            "leave `limit` and `two_sided` out",
        ));
    }
    if !design.fe.is_empty() || design.w.is_some() {
        return Err(Error::invalid(
            "the correction for bias takes no effects and no weights",
            "write the effects as dummies among the regressors",
        ));
    }
    Ok(())
}

/// The side of the limit on which the scores are.
fn limits(design: &Design, options: &SimarWilson) -> Result<[f64; 2]> {
    let limit = options.limit;
    let (above, below) =
        (design.y.iter().filter(|y| **y > limit).count(), design.y.iter().filter(|y| **y < limit).count());
    match (above, below) {
        (0, 0) => Err(Error::invalid(format!("every score is {limit}"), "there is no inefficiency to explain")),
        (_, 0) if options.two_sided => Err(Error::invalid(
            format!("`two_sided` is for scores between 0 and {limit}, and these are above"),
            "leave it out",
        )),
        (_, 0) => Ok([limit, f64::INFINITY]),
        (0, _) if options.two_sided && limit > 0.0 => Ok([0.0, limit]),
        (0, _) => Ok([f64::NEG_INFINITY, limit]),
        _ => Err(Error::invalid(
            format!("{above} scores are above {limit} and {below} below it"),
            "regress scores of one orientation, without super-efficiency, or set `limit`",
        )),
    }
    .map_err(|e: Error| e.at_column(design.outcome.clone()))
}

/// The regression of the scores within the limits.
fn second_stage(design: &Design, [lower, upper]: [f64; 2], ols: &Ols) -> Result<TruncatedFit> {
    let finite = |l: f64| Some(l).filter(|l| l.is_finite());
    truncated(design, &Truncated { lower: finite(lower), upper: finite(upper) }, ols)
}

/// Scores of the model: μ_i + ε_i between the limits.
fn pseudo(index: &[f64], sigma: f64, limits: [f64; 2], stream: &mut Stream) -> Vec<f64> {
    let one = |mu: &f64| {
        let [a, b] = limits.map(|l| (l - mu) / sigma);
        mu + sigma * draw(a, b, stream)
    };
    index.iter().map(one).collect()
}

/// Errors and intervals of β and σ from refits to scores of the fitted model.
fn intervals(fit: &TruncatedFit, limits: [f64; 2], options: &SimarWilson, seed: u64) -> Result<Vec<Interval>> {
    let replicate = |r: usize| {
        let mut stream = Stream::new(seed, REGRESSION + r as u64);
        let y = pseudo(&fit.index, fit.sigma, limits, &mut stream);
        let again = fit.columns.fit(&y, limits, None).ok()?;
        let mut all = fit.columns.coefficients(&again.beta);
        all.push(again.sigma);
        Some(all)
    };
    let draws: Vec<Option<Vec<f64>>> = (0..options.replications).into_par_iter().map(replicate).collect();
    let failed = draws.iter().filter(|d| d.is_none()).count();
    (fit.coef.iter().enumerate())
        .map(|(j, b)| {
            let of_j: Vec<Option<f64>> = draws.iter().map(|d| d.as_ref().map(|d| d[j])).collect();
            let mut interval = percentile(&of_j).ok_or_else(|| {
                Error::new(Failure::Untrusted {
                    message: format!("{failed} of {} replications have no maximum", draws.len()),
                    remedy: "the scores are nearly exponential above their limit: use fewer regressors, or more units"
                        .into(),
                })
            })?;
            if options.interval == IntervalKind::Basic {
                (interval.conf_low, interval.conf_high) = (2.0 * b - interval.conf_high, 2.0 * b - interval.conf_low);
            }
            Ok(interval)
        })
        .collect()
}

/// Output scores and their correction for bias: steps 1 to 4 of algorithm 2.
fn corrected(design: &Design, units: &Units, options: &SimarWilson, ols: &Ols, seed: u64) -> Result<Corrected> {
    let n = units.count();
    let first = dea(
        units,
        &Dea {
            inputs: options.inputs.clone(),
            outputs: options.outputs.clone(),
            rts: options.rts,
            orientation: Orientation::Output,
            ..Dea::default()
        },
    )?;
    let lost: Vec<usize> = (0..n).filter(|&i| first.units[i].score.is_none()).collect();
    if let Some(&i) = lost.first() {
        let reason = first.units[i].reason.clone().unwrap_or_else(|| "its program has no optimum".into());
        return Err(Error::invalid(
            format!("{} units have no score, the first because {reason}", lost.len()),
            "leave these rows out",
        )
        .at_rows(lost.iter().map(|&i| design.rows[i]).collect::<Vec<_>>()));
    }
    let score: Vec<f64> = first.units.iter().filter_map(|u| u.score).collect();
    let limits = [1.0, f64::INFINITY];
    let inefficient = Design { y: score.clone(), outcome: "the output score".into(), ..design.clone() };
    let fit = second_stage(&inefficient, limits, ols)?;
    let kept: Vec<&[f64]> = (fit.names[..fit.names.len() - 1].iter())
        .filter_map(|name| design.position(name))
        .map(|j| design.X.col_as_slice(j))
        .collect();
    let index: Vec<f64> = (0..n).map(|i| kept.iter().zip(&fit.coef).map(|(x, b)| x[i] * b).sum()).collect();

    // Units on the frontier are likely peers on its replications.
    let mut peers: Vec<usize> = first.units.iter().flat_map(|u| u.peers.iter().map(|p| p.unit)).collect();
    peers.sort_unstable();
    peers.dedup();
    let (m, s) = (units.number(Kind::Input), units.number(Kind::Output));
    let X = Mat::from_fn(n, m, |i, j| units.at(j, i));
    let replicate = |r: usize| -> Result<Vec<f64>> {
        let drawn = pseudo(&index, fit.sigma, limits, &mut Stream::new(seed, r as u64));
        let Y = Mat::from_fn(n, s, |i, j| units.at(m + j, i) * score[i] / drawn[i]);
        let mut radial = Radial::of(&Units::new(&X, &Y)?, options.rts, Orientation::Output);
        radial.prefer(&peers);
        let again = |i: usize| {
            radial.score(&units.point(i), Standing::Outside).map_err(|_| {
                Error::new(Failure::Untrusted {
                    message: format!("a score of replication {r} of the frontier has no certified optimum"),
                    remedy: "scale the inputs and outputs to similar sizes".into(),
                })
                .at_rows([design.rows[i]])
            })
        };
        (0..n).map(again).collect()
    };
    let replications = (0..options.bias_replications).into_par_iter().map(replicate).collect::<Result<Vec<_>>>()?;
    let mean = |i: usize| replications.iter().map(|r| r[i]).sum::<f64>() / replications.len() as f64;
    let corrected = (0..n).map(|i| 2.0 * score[i] - mean(i)).collect();
    Ok(Corrected { efficient: score.iter().filter(|s| **s == 1.0).count(), corrected, score })
}
