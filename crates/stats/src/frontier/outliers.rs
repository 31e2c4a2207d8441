//! Outliers: units that may be wrong records, and that decide the scores of others.
//!
//! ```text
//! super_efficiency   e_j = efficiency of j against all others
//! leverage           l_j = √( Σ_{k≠j} (e_k without j - e_k)² / (n - 1) )
//! order_m            share of the values of m at which j, left out, is beyond the order-m frontier by more than a:
//!                    θ_m > 1 + a,  or  φ_m < 1 - a
//! cloud              -ln( det Z'Z without j / det Z'Z ) = -ln(1 - h_j),   Z = [X Y],  h = diag Z (Z'Z)⁻¹ Z'
//! ```
//!
//! The first (Banker and Chang 2006) asks how far a unit is from the rest, the second (Sousa and Stosic 2005) how much
//! the scores of the rest depend on it, the third (Simar 2003) whether it stays outside frontiers that few units do not
//! decide, the last (Wilson 1993) how much of the cloud of data goes with it: squared volume, without any model of the
//! frontier. A suspect is a unit whose statistic is above the cutoff (for `order_m` at it). It is a record to look at,
//! not one to drop. All leave out one unit at a time: two that are alike hide each other.
//!
//! *Leverage without n² programs.* Take an optimal λ of unit k. If λ_j = 0, it stays feasible without j, and the optimum
//! cannot get better with fewer units: e_k stays. So only the units that have j as a peer are solved again, and only for
//! those j that are peers at all: at most n(m + s + 1) programs, as a basis has no more columns than rows. All other
//! terms are zero, exactly; so is the leverage of a dominated unit.
//!
//! ```
//! use plim_stats::frontier::dea::Units;
//! use plim_stats::frontier::outliers::{DeaOutliers, OutlierRule, dea_outliers};
//! use plim_stats::math::Mat;
//! let x = Mat::from_fn(4, 1, |i, _| [1.0, 2.0, 3.0, 4.0][i]);
//! let y = Mat::from_fn(4, 1, |i, _| [1.0, 2.0, 3.0, 40.0][i]);
//! let options = DeaOutliers {
//!     inputs: vec!["x".into()],
//!     outputs: vec!["y".into()],
//!     rts: plim_stats::frontier::dea::Rts::Crs,
//!     ..Default::default()
//! };
//! let all = dea_outliers(&Units::new(&x, &y).unwrap(), &options).unwrap();
//! let last = all.units[3].as_ref().unwrap();
//! assert!((last.statistic - 10.0).abs() < 1e-9 && last.suspect);
//! ```
//!
//! R. D. Banker and H. Chang (2006), "The super-efficiency procedure for outlier identification, not for ranking efficient
//! units", European Journal of Operational Research 175; M. C. Sampaio de Sousa and B. Stosic (2005), "Technical
//! efficiency of the Brazilian municipalities", Journal of Productivity Analysis 24; L. Simar (2003), "Detecting outliers
//! in frontier models: a simple approach", Journal of Productivity Analysis 20; P. W. Wilson (1993), "Detecting outliers
//! in deterministic nonparametric frontier models with multiple outputs", Journal of Business & Economic Statistics 11.

use super::Status;
use super::dea::technology::{NoScore, Scored, Standing};
use super::dea::{Dea, DeaScores, Orientation, Rts, Unit, Units, dea, model};
use super::inference::partial::{factors, order_m};
use crate::math::orthonormal::Orthonormal;
use crate::{Error, Result};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Cutoff of the cloud in multiples of the mean statistic, as for the diagonal of a hat matrix.
const MEANS: f64 = 3.0;
/// 1 - h below this is rounding: the cloud is flat without the unit.
const FLAT: f64 = 1e-12;

/// Outliers: units that are far from the rest, or that decide the scores of the rest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DeaOutliers {
    /// Columns of inputs; less is better.
    pub inputs: Vec<String>,
    /// Columns of outputs; more is better.
    pub outputs: Vec<String>,
    /// What makes a unit suspect.
    pub rule: OutlierRule,
    /// Statistic above which a unit is suspect. Without it 1.2 for `super_efficiency`, the mean leverage times ln n for
    /// `leverage`, all of `m` for `order_m` (1, and at it), three times the mean for `cloud`.
    pub cutoff: Option<f64>,
    /// Returns to scale of the frontier, for `super_efficiency` and `leverage`.
    pub rts: Rts,
    /// Smallest and largest Σλ under generalized returns to scale (`rts = "grs"`).
    pub grs: [f64; 2],
    /// What is scaled to reach the frontier: all inputs down, or all outputs up.
    pub orientation: Orientation,
    /// Numbers of units that `order_m` compares with, each a frontier of its own.
    pub m: Vec<u32>,
    /// How far beyond one the score of order m has to be, for `order_m`.
    pub threshold: f64,
    /// Column for each value of which outliers are looked for by itself, such as the year; all rows at once without it.
    pub by: Option<String>,
}

impl Default for DeaOutliers {
    fn default() -> Self {
        DeaOutliers {
            inputs: Vec::new(),
            outputs: Vec::new(),
            rule: OutlierRule::default(),
            cutoff: None,
            rts: Rts::default(),
            grs: [0.8, 1.2],
            orientation: Orientation::default(),
            m: vec![10, 25, 50, 75, 100, 150],
            threshold: 0.2,
            by: None,
        }
    }
}

/// What makes a unit suspect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OutlierRule {
    /// It is far beyond the frontier of all others.
    #[default]
    SuperEfficiency,
    /// The scores of others change much without it.
    Leverage,
    /// It is beyond frontiers of order m of the others, for most m.
    OrderM,
    /// Much of the volume of the cloud of data goes with it.
    Cloud,
}

/// What the rule says of one unit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Outlier {
    /// The rule's statistic.
    pub statistic: f64,
    /// What it is compared with.
    pub cutoff: f64,
    /// Whether the record should be looked at.
    pub suspect: bool,
}

/// What the rule says of all units, in row order.
#[derive(Debug, Clone, PartialEq)]
pub struct Outliers {
    /// One per row, or why there is none.
    pub units: Vec<Scored<Outlier>>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// Looks for outliers among all units.
pub fn dea_outliers(units: &Units, options: &DeaOutliers) -> Result<Outliers> {
    check(options)?;
    let (inputs, outputs) = (options.inputs.clone(), options.outputs.clone());
    let &DeaOutliers { rts, grs, orientation, .. } = options;
    let radial = Dea { inputs, outputs, rts, grs, orientation, ..Dea::default() };
    units.check(&radial)?;
    let (statistics, mut notes) = match options.rule {
        OutlierRule::SuperEfficiency => {
            let DeaScores { units, notes } = dea(units, &Dea { super_efficiency: true, ..radial })?;
            (units.iter().map(efficiency).collect(), notes)
        }
        OutlierRule::Leverage => leverages(units, &radial)?,
        OutlierRule::OrderM => (shares(units, options), Vec::new()),
        OutlierRule::Cloud => (cloud(units)?, Vec::new()),
    };
    let known: Vec<f64> = statistics.iter().filter_map(|s| s.as_ref().ok().copied()).collect();
    let mean = known.iter().sum::<f64>() / known.len().max(1) as f64;
    let cutoff = options.cutoff.unwrap_or(match options.rule {
        OutlierRule::SuperEfficiency => 1.2,
        OutlierRule::Leverage => mean * (known.len() as f64).ln(),
        OutlierRule::OrderM => 1.0,
        OutlierRule::Cloud => MEANS * mean,
    });
    let at_it = options.rule == OutlierRule::OrderM;
    let judge =
        |statistic: f64| Outlier { statistic, cutoff, suspect: statistic > cutoff || (at_it && statistic == cutoff) };
    let judged: Vec<Scored<Outlier>> = statistics.into_iter().map(|s| s.map(judge)).collect();
    let suspects = judged.iter().flatten().filter(|u| u.suspect).count();
    let alone = judged.iter().filter(|s| s.as_ref().is_err_and(|e| e.status == Status::Infeasible)).count();
    if alone > 0 && options.rule == OutlierRule::OrderM {
        notes.push(format!("{alone} units are comparable with no other, so this rule says nothing of them"));
    }
    notes.push(format!("{suspects} of {} units are suspect (cutoff {cutoff:.6})", judged.len()));
    Ok(Outliers { units: judged, notes })
}

/// Options without a meaning, or of another rule.
fn check(options: &DeaOutliers) -> Result<()> {
    let refuse = |what: String, way_out: &str| Err(Error::invalid(what, way_out));
    let rule = options.rule;
    let radial = matches!(rule, OutlierRule::SuperEfficiency | OutlierRule::Leverage);
    let usual = DeaOutliers::default();
    if let Some(cutoff) = options.cutoff {
        let most = if rule == OutlierRule::OrderM { 1.0 } else { f64::MAX };
        if !(cutoff > 0.0 && cutoff <= most) {
            return refuse(format!("`cutoff` is {cutoff}"), "give a positive number, for `order_m` at most 1");
        }
    }
    match () {
        () if !radial && (options.rts != usual.rts || options.grs != usual.grs) => {
            refuse("`rts` and `grs` belong to `super_efficiency` and `leverage`".into(), "leave them out")
        }
        () if rule == OutlierRule::Cloud && options.orientation != usual.orientation => {
            refuse("the cloud of data has no `orientation`".into(), "leave `orientation` out")
        }
        () if rule != OutlierRule::OrderM && (options.m != usual.m || options.threshold != usual.threshold) => {
            refuse("`m` and `threshold` belong to `order_m`".into(), "leave them out, or set `rule = \"order_m\"`")
        }
        () if options.m.is_empty() || options.m.contains(&0) => {
            refuse("`m` is empty or holds 0".into(), "compare with at least one unit, for example `m = [25, 50, 100]`")
        }
        () if !(0.0..1.0).contains(&options.threshold) => {
            refuse(format!("`threshold` is {}", options.threshold), "give a number from 0 to below 1, such as 0.2")
        }
        () if options.orientation == Orientation::None => {
            refuse("these scores have an orientation".into(), "set `orientation` to `input` or `output`")
        }
        () => Ok(()),
    }
}

fn efficiency(unit: &Unit) -> Scored<f64> {
    unit.efficiency.ok_or_else(|| NoScore { status: unit.status, reason: unit.reason.clone() })
}

/// Leverage of every unit on the radial efficiency of the others.
fn leverages(units: &Units, radial: &Dea) -> Result<(Vec<Scored<f64>>, Vec<String>)> {
    let DeaScores { units: plain, notes } = dea(units, radial)?;
    let reference: Vec<usize> = (0..plain.len()).filter(|&k| plain[k].efficiency.is_some()).collect();
    if reference.len() < 2 {
        return Err(Error::invalid("leverage is about the scores of other units, and there are none", "add units"));
    }
    let mut place = vec![0; plain.len()];
    reference.iter().enumerate().for_each(|(column, &k)| place[k] = column);
    // Who leans on whom: the pairs (k, j) of a unit and a peer that is not itself.
    let leaning = |&k: &usize| plain[k].peers.iter().map(move |p| (k, p.unit)).filter(|(k, j)| k != j);
    let pairs: Vec<(usize, usize)> = reference.iter().flat_map(leaning).collect();
    let mut model = model(units, &reference, radial);
    model.prefer(&pairs.iter().map(|&(_, j)| place[j]).collect::<Vec<_>>());
    let without =
        |&(k, j): &(usize, usize)| model.project(&units.point(k), Standing::LeftOut(place[j])).map(|p| p.efficiency);
    let changed: Vec<Scored<f64>> = pairs.par_iter().map(without).collect();
    let mut squares: Vec<Scored<f64>> = plain.iter().map(|unit| efficiency(unit).map(|_| 0.0)).collect();
    for (&(k, j), changed) in pairs.iter().zip(changed) {
        let before = plain[k].efficiency.unwrap_or(f64::NAN);
        squares[j] = match (squares[j].clone(), changed) {
            // The unit itself stays in the reference, so it never scores above one; nor worse with fewer peers.
            (Ok(sum), Ok(after)) => Ok(sum + (after.min(1.0) - before).max(0.0).powi(2)),
            (Ok(_), Err(none)) => {
                let why = none.reason.unwrap_or_else(|| format!("{:?}", none.status).to_lowercase());
                Err(NoScore::refused(format!("another unit has no score without it: {why}")))
            }
            (lost, _) => lost,
        };
    }
    let others = (reference.len() - 1) as f64;
    Ok((squares.into_iter().map(|s| s.map(|sum| (sum / others).sqrt())).collect(), notes))
}

/// Share of the values of m at which a unit, left out, is beyond the frontier of order m.
fn shares(units: &Units, options: &DeaOutliers) -> Vec<Scored<f64>> {
    let input = options.orientation == Orientation::Input;
    let share = |unit: usize| -> Scored<f64> {
        let factors = factors(units, &units.point(unit), input, Some(unit))?;
        if factors.is_empty() {
            return Err(NoScore::new(Status::Infeasible));
        }
        let beyond = |&&m: &&u32| match order_m(&factors, m) {
            theta if input => theta > 1.0 + options.threshold,
            phi => phi < 1.0 - options.threshold,
        };
        Ok(options.m.iter().filter(beyond).count() as f64 / options.m.len() as f64)
    };
    (0..units.count()).into_par_iter().map(share).collect()
}

/// -ln(1 - h) of every unit, from the orthonormal columns of Z = Q R: h_j = Σ_k Q_jk².
fn cloud(units: &Units) -> Result<Vec<Scored<f64>>> {
    let (n, p) = (units.count(), units.variables());
    if n <= p + 1 {
        let what = format!("{n} units of {p} columns span no cloud that could lose one");
        return Err(Error::invalid(what, format!("give at least {} units, or fewer columns", p + 2)));
    }
    // Of unit size, so that squares cannot overflow.
    let scaled = |column: &[f64]| -> Vec<f64> {
        let size = column.iter().fold(0.0_f64, |a, v| a.max(v.abs()));
        column.iter().map(|v| if size > 0.0 { v / size } else { 0.0 }).collect()
    };
    let basis = Orthonormal::new(&(0..p).map(|i| scaled(units.variable(i))).collect::<Vec<_>>());
    if basis.kept.len() < p {
        return Err(Error::invalid(
            "an input or output is zero, or a sum of multiples of the others: the cloud of data is flat",
            "leave it out",
        ));
    }
    let statistic = |j: usize| match 1.0 - basis.Q.iter().map(|q| q[j] * q[j]).sum::<f64>() {
        left if left < FLAT => {
            let reason = "without it the cloud is flat: it alone has some input or output, or mix of them";
            Err(NoScore { status: Status::Unbounded, reason: Some(reason.into()) })
        }
        left => Ok(-left.ln()),
    };
    Ok((0..n).map(statistic).collect())
}
