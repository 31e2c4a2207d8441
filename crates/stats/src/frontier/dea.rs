//! Data envelopment analysis: how far a unit is from the frontier that the observed units span.
//!
//! With inputs X (n × m) and outputs Y (n × s), unit o is measured against all combinations λ of units:
//!
//! ```text
//! input:   min θ   s.t.  X'λ ≤ θ x_o,   Y'λ ≥ y_o,     λ ∈ Λ        efficiency θ
//! output:  max φ   s.t.  X'λ ≤ x_o,     Y'λ ≥ φ y_o,   λ ∈ Λ        efficiency 1/φ
//! ```
//!
//! Λ is λ ≥ 0 under constant returns (Charnes, Cooper and Rhodes 1978), with Σλ = 1 under variable returns
//! (Banker, Charnes and Cooper 1984), Σλ ≤ 1 under non-increasing and Σλ ≥ 1 under non-decreasing returns; the free
//! disposal hull has no combinations, λ is one unit.
//! Super-efficiency takes o itself out of the reference (Andersen and Petersen 1993). The second phase holds the
//! radial score fixed and maximizes the sum of slacks, in the units of the columns; so the scores are free of units,
//! the slacks are not.
//!
//! No statistical error is allowed for: one wrong number in an efficient unit moves everybody's score.
//!
//! Each optimum is certified from the raw data (feasible, dual feasible, no gap, to nine digits); a unit whose
//! certificate fails is `refused`. A unit with a negative value, without a positive input or without a positive
//! output has no radial score: it is `refused` and is no part of the frontier of the others either.
//!
//! ```
//! use plim_stats::frontier::dea::{Dea, Rts, Units, dea};
//! use plim_stats::math::Mat;
//! let x = Mat::from_fn(3, 1, |i, _| [2.0, 3.0, 6.0][i]);
//! let y = Mat::from_fn(3, 1, |i, _| [2.0, 5.0, 8.0][i]);
//! let options = Dea { inputs: vec!["x".into()], outputs: vec!["y".into()], rts: Rts::Crs, ..Dea::default() };
//! let scores = dea(&Units::new(&x, &y).unwrap(), &options).unwrap();
//! assert!((scores.units[0].efficiency.unwrap() - 0.6).abs() < 1e-12);
//! ```

mod additive;
mod affinity;
mod assurance;
mod check;
mod cost;
mod directional;
mod ebm;
mod elasticity;
pub mod fractional;
mod free_disposal;
mod hyperbolic;
mod metafrontier;
mod multidirectional;
mod nonradial;
pub(in crate::frontier) mod radial;
mod russell;
pub mod sbm;
mod slack;
pub mod technology;
mod undesirable;
mod units;

pub use cost::{Economic, Parts};
pub use directional::{Direction, Directional};
pub use elasticity::Elasticity;
pub use hyperbolic::Hyperbolic;
pub use multidirectional::MultiDirectional;
pub use nonradial::NonRadial;
pub use radial::{Multipliers, Radial};
pub use units::{Kind, Units};

use super::Status;
use crate::Result;
use additive::Additive;
use check::{check, notes};
use ebm::EpsilonBased;
use free_disposal::FreeDisposal;
use rayon::prelude::*;
use russell::Russell;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use technology::{NoScore, Scored, Standing};

/// Data envelopment analysis: efficiency of units that turn inputs into outputs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Dea {
    /// Columns of inputs, nonnegative; less is better.
    pub inputs: Vec<String>,
    /// Columns of outputs, nonnegative; more is better.
    pub outputs: Vec<String>,
    /// Columns of undesirable outputs, such as emissions; less is better.
    pub bads: Vec<String>,
    /// Whether undesirable outputs can be given up for nothing, or only together with outputs.
    pub disposability: Disposability,
    /// Constants W, one for each undesirable output b, which then counts as the output W - b; more than its largest value
    /// (Seiford and Zhu 2002).
    pub translate: Vec<f64>,
    /// Inputs or outputs that a unit cannot choose, such as its area: the radial score does not scale them.
    pub fixed: Vec<String>,
    /// How the distance to the frontier is measured.
    pub model: DeaModel,
    /// What the directional model improves, and in which proportions.
    pub direction: Direction,
    /// Steps of `direction = "given"`: how far each input and undesirable output goes down and each output up, in the
    /// order inputs, outputs, bads, in the columns' units.
    pub steps: Vec<f64>,
    /// Weights of the factors in the non-radial directional model, one for each input, output and undesirable output in
    /// that order; zero keeps a column as it is. Without it, equal for the three groups and equal within each.
    pub beta_weights: Vec<f64>,
    /// Returns to scale of the frontier. Variable by default: cities and countries differ in size.
    pub rts: Rts,
    /// Smallest and largest Σλ under generalized returns to scale (`rts = "grs"`).
    pub grs: [f64; 2],
    /// Smallest and largest multiple of a unit under `rts = "fdh+"`.
    pub fdh_range: [f64; 2],
    /// What is scaled to reach the frontier: all inputs down, or all outputs up.
    pub orientation: Orientation,
    /// Leave each unit out of its own reference, so that efficient units get scores above one and can be ranked.
    pub super_efficiency: bool,
    /// Second phase: what is still wasted at the radial target, as the largest sum of slacks in the columns' units.
    pub slacks: bool,
    /// Weights of the slacks in the additive model, one for each input, output and undesirable output in that order; ones
    /// without it.
    pub slack_weights: Vec<f64>,
    /// Weight of slacks in the epsilon-based measure, from 0 (radial) to 1 (slacks alone); from the data without it.
    pub epsilon: Option<f64>,
    /// Scale efficiency (constant over variable returns) and whether returns increase, decrease or are constant.
    pub scale: bool,
    /// Range of the scale elasticity at the radial projection (variable returns): above one returns increase, below one
    /// they decrease.
    pub scale_elasticity: bool,
    /// Columns of prices: of the inputs for `model = "cost"`, of the outputs for `"revenue"`, of the inputs and then the
    /// outputs for `"profit"` and `"profitability"`; positive.
    pub prices: Vec<String>,
    /// Weights of the radial multiplier model, v'x = 1 (input) or u'y = 1 (output); they need not be unique.
    pub multipliers: bool,
    /// Bounds on ratios of two multipliers of inputs, or of outputs: `["x2/x1 in [0.5, 2]"]`; `inf` is no upper bound.
    pub assurance: Vec<String>,
    /// Target of each column: the combination of its peers.
    pub targets: bool,
    /// Column of groups, such as the region: efficiency within the own group too, and the technology gap ratio.
    pub group: Option<String>,
    /// Column for each value of which there is a frontier of its own, such as the year; one frontier of all rows without
    /// it.
    pub by: Option<String>,
}

impl Default for Dea {
    fn default() -> Self {
        Dea {
            inputs: Vec::new(),
            outputs: Vec::new(),
            bads: Vec::new(),
            disposability: Disposability::default(),
            translate: Vec::new(),
            fixed: Vec::new(),
            model: DeaModel::default(),
            direction: Direction::default(),
            steps: Vec::new(),
            beta_weights: Vec::new(),
            rts: Rts::default(),
            grs: [0.8, 1.2],
            fdh_range: [0.85, 1.15],
            orientation: Orientation::default(),
            super_efficiency: false,
            slacks: false,
            slack_weights: Vec::new(),
            epsilon: None,
            scale: false,
            scale_elasticity: false,
            prices: Vec::new(),
            multipliers: false,
            assurance: Vec::new(),
            targets: false,
            group: None,
            by: None,
        }
    }
}

/// How the distance to the frontier is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeaModel {
    /// One factor for all inputs, or for all outputs.
    #[default]
    Radial,
    /// Along a direction that reduces inputs and raises outputs at once (`direction`), by additive steps.
    Directional,
    /// One factor that divides outputs and multiplies inputs (graph efficiency).
    Hyperbolic,
    /// Non-radial directional: each column by its own factor, the largest weighted sum of them.
    Nddf,
    /// Multi-directional: toward the point that is best in each column by itself.
    Mea,
    /// Smallest cost of the outputs at the prices of the inputs.
    Cost,
    /// Largest revenue from the inputs at the prices of the outputs.
    Revenue,
    /// Largest profit at all prices.
    Profit,
    /// Largest revenue for a unit of cost (return to the dollar) at all prices.
    Profitability,
    /// Largest sum of slacks, weighted by `slack_weights`; no orientation.
    Additive,
    /// Largest sum of slacks as parts of the unit's own values; no orientation.
    Mip,
    /// Largest sum of slacks in standard deviations of the columns; no orientation.
    Normalized,
    /// Range-adjusted measure: one less the largest mean slack in ranges of the columns; no orientation.
    Ram,
    /// Bounded adjusted measure: slacks in parts of what the unit lacks to the best of each column; no orientation.
    Bam,
    /// Mean of factors, one for each input (or output, or both): the Russell measure.
    Russell,
    /// Between the radial and the slacks-based measure, by how unlike the inputs (or outputs) are: epsilon-based.
    Ebm,
}

impl DeaModel {
    fn is_additive(self) -> bool {
        matches!(self, Self::Additive | Self::Mip | Self::Normalized | Self::Ram | Self::Bam)
    }
}

/// Returns to scale of the frontier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rts {
    /// Variable: convex combinations (BCC).
    #[default]
    Vrs,
    /// Constant: any multiple (CCR).
    Crs,
    /// Non-increasing: combinations may be scaled down. Called `drs` elsewhere.
    Nirs,
    /// Non-decreasing: combinations may be scaled up. Called `irs` elsewhere.
    Ndrs,
    /// Free disposal hull: no combinations, each unit against one other.
    Fdh,
    /// Free disposal hull with local constant returns: each unit against one other, scaled within `fdh_range`; of radial
    /// scores.
    #[serde(rename = "fdh+")]
    FdhPlus,
    /// Generalized: combinations may be scaled within the bounds of `grs`.
    Grs,
}

impl Rts {
    /// Whether a unit is measured against one other at a time.
    pub(super) fn is_hull(self) -> bool {
        matches!(self, Rts::Fdh | Rts::FdhPlus)
    }
}

/// Whether undesirable outputs can be given up for nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Disposability {
    /// Only together with the outputs: B'λ = b.
    #[default]
    Weak,
    /// Freely, as if they were inputs: B'λ ≤ b.
    Strong,
    /// Only together with the outputs, each unit by an abatement factor of its own; variable returns (Kuosmanen 2005).
    Kuosmanen,
}

/// What is scaled to reach the frontier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Orientation {
    /// All inputs by θ ≤ 1.
    #[default]
    Input,
    /// All outputs by φ ≥ 1.
    Output,
    /// Both, in models that have no orientation.
    None,
}

/// Local returns to scale of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReturnsToScale {
    /// Increasing: too small.
    Irs,
    /// Constant: at the most productive scale.
    Crs,
    /// Decreasing: too large.
    Drs,
}

/// A unit of the reference with its weight in the target.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Peer {
    /// Row of the unit.
    pub unit: usize,
    /// Weight.
    pub lambda: f64,
}

/// Where a model projects a point, and how far that is.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Projection {
    /// One is efficient, more is better.
    pub efficiency: f64,
    /// The program's own optimum.
    pub score: f64,
    /// Columns of the reference with their weights in the target.
    pub lambda: Vec<(usize, f64)>,
    /// What is still wasted at the target, m + s + q, when the model says.
    pub slacks: Option<Vec<f64>>,
    /// Change of the program's optimum with each variable of the point (and Σλ), when it is a linear program.
    pub prices: Vec<f64>,
    /// Scale efficiency and local returns, with `scale`.
    pub scale: Option<(f64, ReturnsToScale)>,
    /// Range of the scale elasticity, with `scale_elasticity`.
    pub elasticity: Option<Elasticity>,
    /// Technical and allocative efficiency, in models with prices.
    pub parts: Option<Parts>,
    /// Weights of the multiplier model, with `multipliers`.
    pub multipliers: Option<Multipliers>,
    /// Part by which each variable improves, m + s + q, in models with a factor for each; none for what does not move.
    pub betas: Option<Vec<Option<f64>>>,
}

/// A way to score points against a reference.
pub trait Model: Sync {
    /// Scores a point.
    fn project(&self, point: &[f64], standing: Standing) -> Scored<Projection>;

    /// Names the columns of the reference that are likely to be peers.
    fn prefer(&mut self, columns: &[usize]);

    /// What a reader must know of the reference.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Score of one unit; without an optimum the numbers are `None`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Unit {
    /// One is efficient, more is better; above one under super-efficiency only.
    pub efficiency: Option<f64>,
    /// The program's own optimum: θ, φ, β, ρ.
    pub score: Option<f64>,
    /// What became of it.
    pub status: Status,
    /// Why it was refused.
    pub reason: Option<String>,
    /// Efficiency under constant over that under variable returns, with `scale`.
    pub scale_efficiency: Option<f64>,
    /// Local returns to scale, with `scale`.
    pub returns_to_scale: Option<ReturnsToScale>,
    /// Range of the scale elasticity, with `scale_elasticity`.
    pub elasticity: Option<Elasticity>,
    /// Excess of inputs, shortfall of outputs and excess of undesirable outputs at the target, m + s + q, in the units of
    /// the columns.
    pub slacks: Option<Vec<f64>>,
    /// Technical and allocative efficiency, in models with prices.
    pub parts: Option<Parts>,
    /// Weights of the multiplier model, with `multipliers`.
    pub multipliers: Option<Multipliers>,
    /// Efficiency against the own group alone, with `group`.
    pub group_efficiency: Option<f64>,
    /// Efficiency against all over that against the own group, with `group`.
    pub technology_gap_ratio: Option<f64>,
    /// Part by which each variable improves, m + s + q, in models with a factor for each; none for what does not move.
    pub betas: Option<Vec<Option<f64>>>,
    /// Reference units of the target, by row.
    pub peers: Vec<Peer>,
}

impl Unit {
    fn new(scored: Scored<Projection>, reference: &[usize]) -> Self {
        let mut unit = Unit {
            efficiency: None,
            score: None,
            status: Status::Optimal,
            reason: None,
            scale_efficiency: None,
            returns_to_scale: None,
            elasticity: None,
            slacks: None,
            parts: None,
            multipliers: None,
            group_efficiency: None,
            technology_gap_ratio: None,
            betas: None,
            peers: Vec::new(),
        };
        let finite = |p: &Projection| p.efficiency.is_finite() && p.score.is_finite();
        let lost = || NoScore::refused("the score is too large or too small for a number: rescale the columns");
        match scored.and_then(|p| if finite(&p) { Ok(p) } else { Err(lost()) }) {
            Err(NoScore { status, reason }) => (unit.status, unit.reason) = (status, reason),
            Ok(projection) => {
                (unit.efficiency, unit.score) = (Some(projection.efficiency), Some(projection.score));
                (unit.scale_efficiency, unit.returns_to_scale) = projection.scale.unzip();
                (unit.elasticity, unit.slacks) = (projection.elasticity, projection.slacks);
                (unit.parts, unit.multipliers) = (projection.parts, projection.multipliers);
                unit.betas = projection.betas;
                let peer = |(j, lambda): (usize, f64)| Peer { unit: reference[j], lambda };
                unit.peers = projection.lambda.into_iter().map(peer).collect();
            }
        }
        unit
    }

    /// The combination of its peers among `units`, m + s + q; none without an optimum.
    pub fn target(&self, units: &Units) -> Option<Vec<f64>> {
        self.efficiency?;
        let variable = |i| self.peers.iter().map(|p| p.lambda * units.at(i, p.unit)).sum();
        Some((0..units.variables()).map(variable).collect())
    }
}

/// Scores of all units, in row order.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DeaScores {
    /// One per row.
    pub units: Vec<Unit>,
    /// What a reader must know: units refused or infeasible, few units for many columns.
    pub notes: Vec<String>,
}

/// Units scored before the first peers are known.
const FIRST_BATCH: usize = 32;

/// Scores every unit against the frontier of all of them.
pub fn dea(units: &Units, options: &Dea) -> Result<DeaScores> {
    check(units, options)?;
    if !options.translate.is_empty() {
        return undesirable::translated(units, options);
    }
    let refusal = |unit: usize| refusal(units, unit, options);
    let model = |reference: &[usize]| model(units, reference, options);
    let mut scores = score(units, refusal, model, options.super_efficiency);
    if options.group.is_some() {
        metafrontier::add(&mut scores, units, options)?;
    }
    if options.multipliers {
        scores.notes.push("the multipliers are one optimal choice: efficient units usually have many".into());
    }
    Ok(scores)
}

/// Why the model that `options` name has no score for a unit, if so.
pub(super) fn refusal(units: &Units, unit: usize, options: &Dea) -> Option<NoScore> {
    let reason = match options.model {
        DeaModel::Radial => radial::outside(units, unit, options),
        DeaModel::Directional if options.disposability != Disposability::Kuosmanen => {
            directional::refusal(units, unit, options.rts)
        }
        DeaModel::Ebm => ebm::refusal(units, unit),
        model if model.is_additive() => return additive::refusal(units, unit, options).map(NoScore::refused),
        _ => radial::refusal(units, unit),
    };
    reason.map(NoScore::refused)
}

/// The model that `options` name, against the units `reference`.
pub(super) fn model(units: &Units, reference: &[usize], options: &Dea) -> Box<dyn Model> {
    match (options.model, options.rts) {
        (DeaModel::Radial, Rts::Fdh | Rts::FdhPlus) => Box::new(FreeDisposal::new(units, reference, options)),
        (DeaModel::Cost | DeaModel::Revenue | DeaModel::Profit | DeaModel::Profitability, _) => {
            Box::new(Economic::new(units, reference, options))
        }
        (DeaModel::Radial, _) => Box::new(Radial::new(units, reference, options)),
        (DeaModel::Additive | DeaModel::Mip | DeaModel::Normalized | DeaModel::Ram | DeaModel::Bam, _) => {
            Box::new(Additive::new(units, reference, options))
        }
        (DeaModel::Directional, _) => Box::new(Directional::new(units, reference, options)),
        (DeaModel::Hyperbolic, _) => Box::new(Hyperbolic::new(units, reference, options)),
        (DeaModel::Russell, _) => Box::new(Russell::new(units, reference, options)),
        (DeaModel::Ebm, _) => Box::new(EpsilonBased::new(units, reference, options)),
        (DeaModel::Nddf, _) => Box::new(NonRadial::new(units, reference, options)),
        (DeaModel::Mea, _) => Box::new(MultiDirectional::new(units, reference, options)),
    }
}

/// The units that are not refused, each once where several are alike in every value, and for each unit the place of its
/// like among them. Draws of a bootstrap have many alike. Under super-efficiency a unit is scored against the others, its
/// likes among them: all are kept.
fn distinct(units: &Units, refusals: &[Option<NoScore>], super_efficiency: bool) -> (Vec<usize>, Vec<usize>) {
    let (mut reference, mut of) = (Vec::new(), vec![0; units.count()]);
    let mut known: HashMap<Vec<u64>, usize> = HashMap::new();
    for unit in (0..units.count()).filter(|&i| refusals[i].is_none()) {
        let next = reference.len();
        of[unit] = match super_efficiency {
            true => next,
            // Zero and minus zero are one value.
            false => *known.entry(units.point(unit).iter().map(|v| (v + 0.0).to_bits()).collect()).or_insert(next),
        };
        if of[unit] == next {
            reference.push(unit);
        }
    }
    (reference, of)
}

/// Scores the units that `refusal` lets pass against a `model` of the frontier that they span.
pub(super) fn score(
    units: &Units,
    refusal: impl Fn(usize) -> Option<NoScore>,
    model: impl Fn(&[usize]) -> Box<dyn Model>,
    super_efficiency: bool,
) -> DeaScores {
    let refusals: Vec<Option<NoScore>> = (0..units.count()).map(refusal).collect();
    let (reference, of) = distinct(units, &refusals, super_efficiency);
    let mut model = model(&reference);
    let standing = if super_efficiency { Standing::LeftOut } else { Standing::Member };
    let mut scored: Vec<Scored<Projection>> = Vec::with_capacity(reference.len());
    // Each unit is its own program and starts from its own column, so the number of threads cannot matter. Few units
    // are ever peers: those found so far are priced first, in batches that double and do not depend on threads either.
    while scored.len() < reference.len() {
        let batch = scored.len()..reference.len().min(2 * scored.len().max(FIRST_BATCH));
        let project = |own: usize| model.project(&units.point(reference[own]), standing(own));
        let next: Vec<Scored<Projection>> = batch.into_par_iter().map(project).collect();
        scored.extend(next);
        let peers: Vec<usize> = scored.iter().flatten().flat_map(|p| p.lambda.iter().map(|l| l.0)).collect();
        model.prefer(&peers);
    }
    let made: Vec<Unit> = scored.into_iter().map(|scored| Unit::new(scored, &reference)).collect();
    let all: Vec<Unit> = (refusals.into_iter().zip(of))
        .map(|(refusal, place)| match refusal {
            Some(none) => Unit::new(Err(none), &reference),
            None => made[place].clone(),
        })
        .collect();
    let mut notes = notes(&all, units);
    notes.extend(model.notes());
    DeaScores { units: all, notes }
}
