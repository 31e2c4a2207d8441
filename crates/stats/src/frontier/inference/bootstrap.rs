//! The smoothed bootstrap of radial scores: how much too good they are, and how sure.
//!
//! The estimated frontier lies inside the true one, so each score is too good. The bootstrap repeats the estimate in a
//! world where the truth is known: the frontier is the estimated one, units are drawn inside it ([`super::pseudo`]), and
//! the observed points are scored against them. With δ ≥ 1 the distance (1/θ or φ), over B replications,
//!
//! ```text
//! bias = mean δ*_b - δ,      δ_corrected = δ - bias = 2 δ - mean δ*_b
//! Pr(q_{α/2} ≤ δ* - δ ≤ q_{1-α/2}) = 1 - α      gives      [δ - q_{1-α/2},  δ - q_{α/2}]
//! ```
//!
//! and all of it is turned back into efficiencies 1/δ at the end; [`Correct`] has the same in terms of θ. Assumed is that inefficiency is distributed alike
//! whatever a unit's mix and size (homogeneity), and independent units.
//!
//! The correction adds noise; where bias² < 3 variance the plain score has the smaller mean squared error (Simar and
//! Wilson 2000), which the notes count.
//!
//! ```
//! use plim_stats::frontier::dea::Units;
//! use plim_stats::frontier::inference::bootstrap::{DeaBootstrap, dea_bootstrap};
//! use plim_stats::math::Mat;
//! let x = Mat::from_fn(12, 1, |i, _| [2.0, 3.0, 6.0, 9.0, 5.0, 7.0, 4.0, 8.0, 5.0, 6.0, 3.0, 4.0][i]);
//! let y = Mat::from_fn(12, 1, |i, _| [2.0, 5.0, 8.0, 9.0, 3.0, 6.0, 3.0, 7.0, 6.0, 5.0, 4.0, 5.0][i]);
//! let options = DeaBootstrap { inputs: vec!["x".into()], outputs: vec!["y".into()], ..Default::default() };
//! let all = dea_bootstrap(&Units::new(&x, &y).unwrap(), &options, 1).unwrap();
//! let unit = all.units[4].as_ref().unwrap();
//! assert!(unit.conf_low < unit.bias_corrected && unit.bias_corrected < unit.efficiency);
//! ```
//!
//! L. Simar and P. W. Wilson (1998), "Sensitivity analysis of efficiency scores", Management Science 44(1); (2000), "A
//! general methodology for bootstrapping in non-parametric frontier models", Journal of Applied Statistics 27(6); C.
//! Daraio and L. Simar (2007), Advanced Robust and Nonparametric Methods in Efficiency Analysis, Springer, ch. 3.

pub use super::pseudo::{Bandwidth, BandwidthRule};
use super::pseudo::{Estimate, Pseudo, against};
use crate::frontier::dea::technology::{NoScore, Scored};
use crate::frontier::dea::{Dea, Orientation, Rts, Units};
use crate::math::lp::Variable;
use crate::math::quantile::{QuantileType, quantile};
use crate::math::rng::Stream;
use crate::{Error, Result};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Fewer replications than this have no quantiles worth the name.
pub(super) const FEWEST: usize = 20;

/// Radial efficiency with bias correction and confidence intervals.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DeaBootstrap {
    /// Columns of inputs, nonnegative; less is better.
    pub inputs: Vec<String>,
    /// Columns of outputs, nonnegative; more is better.
    pub outputs: Vec<String>,
    /// Returns to scale of the frontier: `vrs`, `crs`, `nirs` or `ndrs`.
    pub rts: Rts,
    /// What is scaled to reach the frontier: all inputs down, or all outputs up.
    pub orientation: Orientation,
    /// What is corrected for bias: the distance to the frontier, or the efficiency.
    pub correct: Correct,
    /// Width of the kernel that smooths the distribution of inefficiency: `reflected`, `normal_reference` or a number.
    pub bandwidth: Bandwidth,
    /// Replications, 2,000 for intervals.
    pub replications: usize,
    /// Probability that an interval covers.
    pub level: f64,
}

impl Default for DeaBootstrap {
    fn default() -> Self {
        DeaBootstrap {
            inputs: Vec::new(),
            outputs: Vec::new(),
            rts: Rts::default(),
            orientation: Orientation::default(),
            correct: Correct::default(),
            bandwidth: Bandwidth::default(),
            replications: 2000,
            level: 0.95,
        }
    }
}

/// What is corrected for bias; draws are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Correct {
    /// The distance δ ≥ 1 (1/θ or φ): what comes out is always an efficiency above zero.
    #[default]
    Distance,
    /// The efficiency itself, as in the paper of 1998; a corrected one can be negative.
    Efficiency,
}

/// What the bootstrap says of one unit, as efficiencies.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bootstrapped {
    /// The plain score.
    pub efficiency: f64,
    /// Less its bias.
    pub bias_corrected: f64,
    /// By how much the plain score is too good.
    pub bias: f64,
    /// Standard deviation of the efficiency over the replications.
    pub std_error: f64,
    /// Lower end of the interval.
    pub conf_low: f64,
    /// Upper end of the interval.
    pub conf_high: f64,
}

/// Every unit, in row order.
#[derive(Debug, Clone, PartialEq)]
pub struct BootstrapScores {
    /// One per row, or why there is none.
    pub units: Vec<Scored<Bootstrapped>>,
    /// Width of the kernel.
    pub bandwidth: f64,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// Bootstraps the radial scores of all units; `seed` makes it repeatable, whatever the number of threads.
pub fn dea_bootstrap(units: &Units, options: &DeaBootstrap, seed: u64) -> Result<BootstrapScores> {
    if options.replications < FEWEST {
        let what = format!("`replications` is {}", options.replications);
        return Err(Error::invalid(what, format!("give at least {FEWEST}; 2000 are usual")));
    }
    if !(options.level > 0.0 && options.level < 1.0) {
        let what = format!("`level` is {}", options.level);
        return Err(Error::invalid(what, "give a probability between 0 and 1, for example `level = 0.95`"));
    }
    let &DeaBootstrap { rts, orientation, correct, .. } = options;
    let (inputs, outputs) = (options.inputs.clone(), options.outputs.clone());
    let radial = Dea { inputs, outputs, rts, orientation, ..Dea::default() };
    let Estimate { scored, rows, units, points, mut notes } = Estimate::new(units, &radial, "the bootstrap")?;
    let efficiency: Vec<f64> = scored.iter().flatten().copied().collect();
    let pseudo = Pseudo::new(&units, orientation, &efficiency, options.bandwidth)?;
    // The optimal basis among the observed units is a good guess among the drawn ones.
    let starts: Vec<Vec<Variable>> = (against(&units, rts, orientation, &points, &[]).into_iter())
        .map(|proven| proven.map_or(Vec::new(), |(_, basis)| basis))
        .collect();
    let replicate = |replication: usize| -> Vec<Scored<f64>> {
        let reference = pseudo.units(&mut Stream::new(seed, replication as u64));
        let proven = against(&reference, rts, orientation, &points, &starts);
        proven.into_iter().map(|scored| scored.map(|(efficiency, _)| efficiency)).collect()
    };
    let replications: Vec<Vec<Scored<f64>>> = (0..options.replications).into_par_iter().map(replicate).collect();
    let summarize = |i: usize| -> Scored<Bootstrapped> {
        let drawn = replications.iter().map(|r| r[i].clone()).collect::<Scored<Vec<f64>>>().map_err(|none| {
            let why = none.reason.unwrap_or_else(|| format!("{:?}", none.status).to_lowercase());
            NoScore::refused(format!("a replication has no score: {why}"))
        })?;
        Ok(summary(efficiency[i], &drawn, correct, options.level))
    };
    let mut of_rows: Vec<Scored<Bootstrapped>> = (0..rows.len()).into_par_iter().map(summarize).collect();
    let noisy = of_rows.iter().flatten().filter(|u| u.bias * u.bias < 3.0 * u.std_error * u.std_error).count();
    if noisy > 0 {
        notes.push(format!(
            "{noisy} of {} units have bias² < 3 std_error²: their correction adds more noise than it removes bias",
            rows.len()
        ));
    }
    let mut of_rows = of_rows.drain(..);
    let all = (scored.into_iter())
        .map(|scored| scored.and_then(|_| of_rows.next().expect("one summary for each score")))
        .collect();
    Ok(BootstrapScores { units: all, bandwidth: pseudo.bandwidth, notes })
}

/// Bias, interval and standard error of one efficiency from its replications.
fn summary(efficiency: f64, drawn: &[f64], correct: Correct, level: f64) -> Bootstrapped {
    let count = drawn.len() as f64;
    let mean = drawn.iter().sum::<f64>() / count;
    let variance = drawn.iter().map(|e| (e - mean).powi(2)).sum::<f64>() / (count - 1.0);
    // In the terms of what is corrected; 1/δ is its own inverse.
    let turn = |e: f64| if correct == Correct::Distance { 1.0 / e } else { e };
    let own = turn(efficiency);
    let mut gaps: Vec<f64> = drawn.iter().map(|&e| turn(e) - own).collect();
    let bias = gaps.iter().sum::<f64>() / count;
    gaps.sort_by(f64::total_cmp);
    let end = |p: f64| turn(own - quantile(&gaps, p, QuantileType::NumPy));
    let (a, b) = (end(0.5 * (1.0 - level)), end(0.5 * (1.0 + level)));
    let bias_corrected = turn(own - bias);
    Bootstrapped {
        efficiency,
        bias_corrected,
        bias: efficiency - bias_corrected,
        std_error: variance.sqrt(),
        conf_low: a.min(b),
        conf_high: a.max(b),
    }
}
