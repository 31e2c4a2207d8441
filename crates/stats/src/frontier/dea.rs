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

mod directional;
mod free_disposal;
mod hyperbolic;
mod multidirectional;
mod nonradial;
mod radial;
pub mod technology;
mod undesirable;
mod units;

pub use directional::{Direction, Directional};
pub use hyperbolic::Hyperbolic;
pub use multidirectional::MultiDirectional;
pub use nonradial::NonRadial;
pub use radial::Radial;
pub use units::{Kind, Units};

use super::Status;
use crate::{Error, Result};
use free_disposal::FreeDisposal;
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
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
    /// Weights of the factors in the non-radial directional model, one for each input, output and undesirable output in
    /// that order; zero keeps a column as it is. Without it, equal for the three groups and equal within each.
    pub beta_weights: Vec<f64>,
    /// Returns to scale of the frontier. Variable by default: cities and countries differ in size.
    pub rts: Rts,
    /// Smallest and largest Σλ under generalized returns to scale (`rts = "grs"`).
    pub grs: [f64; 2],
    /// What is scaled to reach the frontier: all inputs down, or all outputs up.
    pub orientation: Orientation,
    /// Leave each unit out of its own reference, so that efficient units get scores above one and can be ranked.
    pub super_efficiency: bool,
    /// Second phase: what is still wasted at the radial target, as the largest sum of slacks in the columns' units.
    pub slacks: bool,
    /// Scale efficiency (constant over variable returns) and whether returns increase, decrease or are constant.
    pub scale: bool,
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
            beta_weights: Vec::new(),
            rts: Rts::default(),
            grs: [0.8, 1.2],
            orientation: Orientation::default(),
            super_efficiency: false,
            slacks: false,
            scale: false,
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
    /// Generalized: combinations may be scaled within the bounds of `grs`.
    Grs,
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
    /// Part by which each variable improves, m + s + q, in models with a factor for each; none for what does not move.
    pub betas: Option<Vec<Option<f64>>>,
}

/// A way to score points against a reference.
pub trait Model: Sync {
    /// Scores a point.
    fn project(&self, point: &[f64], standing: Standing) -> Scored<Projection>;

    /// Names the columns of the reference that are likely to be peers.
    fn prefer(&mut self, columns: &[usize]);
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
    /// Excess of inputs, shortfall of outputs and excess of undesirable outputs at the target, m + s + q, in the units of
    /// the columns.
    pub slacks: Option<Vec<f64>>,
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
            slacks: None,
            betas: None,
            peers: Vec::new(),
        };
        match scored {
            Err(NoScore { status, reason }) => (unit.status, unit.reason) = (status, reason),
            Ok(projection) => {
                (unit.efficiency, unit.score) = (Some(projection.efficiency), Some(projection.score));
                (unit.scale_efficiency, unit.returns_to_scale) = projection.scale.unzip();
                unit.slacks = projection.slacks;
                unit.betas = projection.betas;
                let peer = |(j, lambda): (usize, f64)| Peer { unit: reference[j], lambda };
                unit.peers = projection.lambda.into_iter().map(peer).collect();
            }
        }
        unit
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
/// Columns further apart than this make a sum of slacks a sum over the largest alone.
const COMPARABLE: f64 = 1e8;

/// Scores every unit against the frontier of all of them.
pub fn dea(units: &Units, options: &Dea) -> Result<DeaScores> {
    check(units, options)?;
    if !options.translate.is_empty() {
        return undesirable::translated(units, options);
    }
    let refusal = |unit: usize| refusal(units, unit, options);
    let model = |reference: &[usize]| model(units, reference, options);
    Ok(score(units, refusal, model, options.super_efficiency))
}

/// Why the model that `options` name has no score for a unit, if so.
fn refusal(units: &Units, unit: usize, options: &Dea) -> Option<NoScore> {
    match options.model {
        DeaModel::Radial => radial::outside(units, unit, options).map(NoScore::refused),
        DeaModel::Hyperbolic => radial::refusal(units, unit).map(NoScore::refused),
        DeaModel::Nddf | DeaModel::Mea => radial::refusal(units, unit).map(NoScore::refused),
        DeaModel::Directional if options.disposability == Disposability::Kuosmanen => {
            radial::refusal(units, unit).map(NoScore::refused)
        }
        DeaModel::Directional => directional::refusal(units, unit, options.rts).map(NoScore::refused),
    }
}

/// The model that `options` name, against the units `reference`.
fn model(units: &Units, reference: &[usize], options: &Dea) -> Box<dyn Model> {
    match (options.model, options.rts) {
        (DeaModel::Radial, Rts::Fdh) => Box::new(FreeDisposal::new(units, reference, options)),
        (DeaModel::Radial, _) => Box::new(Radial::new(units, reference, options)),
        (DeaModel::Directional, _) => Box::new(Directional::new(units, reference, options)),
        (DeaModel::Hyperbolic, _) => Box::new(Hyperbolic::new(units, reference, options)),
        (DeaModel::Nddf, _) => Box::new(NonRadial::new(units, reference, options)),
        (DeaModel::Mea, _) => Box::new(MultiDirectional::new(units, reference, options)),
    }
}

/// Scores the units that `refusal` lets pass against a `model` of the frontier that they span.
pub(super) fn score(
    units: &Units,
    refusal: impl Fn(usize) -> Option<NoScore>,
    model: impl Fn(&[usize]) -> Box<dyn Model>,
    super_efficiency: bool,
) -> DeaScores {
    let mut refusals: Vec<Option<NoScore>> = (0..units.count()).map(refusal).collect();
    let reference: Vec<usize> = (0..units.count()).filter(|&i| refusals[i].is_none()).collect();
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
    let mut scored = scored.into_iter();
    let all: Vec<Unit> = (refusals.iter_mut())
        .map(|refusal| match refusal.take() {
            Some(none) => Unit::new(Err(none), &reference),
            None => Unit::new(scored.next().expect("one score for each unit of the reference"), &reference),
        })
        .collect();
    let notes = notes(&all, units);
    DeaScores { units: all, notes }
}

/// Options that exclude each other, and data that they cannot take.
fn check(units: &Units, options: &Dea) -> Result<()> {
    units.check(options)?;
    if options.rts == Rts::Fdh && options.scale {
        return Err(Error::invalid(
            "`scale` compares returns to scale of combinations, which the free disposal hull has not",
            "leave `scale` out, or choose another `rts`",
        ));
    }
    if options.super_efficiency && options.scale {
        return Err(Error::invalid(
            "`scale` compares scores of the same reference and has no meaning with `super_efficiency`",
            "ask for one of them at a time",
        ));
    }
    if options.model == DeaModel::Radial && options.orientation == Orientation::None {
        return Err(Error::invalid(
            "a radial score has an orientation",
            "set `orientation` to `input` or `output`, or choose a `model` without one",
        ));
    }
    directional::check(options)?;
    radial::check(options)?;
    undesirable::check(units, options)?;
    hyperbolic::check(options)?;
    nonradial::check(units, options)?;
    multidirectional::check(options)?;
    let [lower, upper] = options.grs;
    if options.rts == Rts::Grs && !((0.0..=1.0).contains(&lower) && 1.0 <= upper) {
        return Err(Error::invalid(
            format!("`grs` is [{lower}, {upper}], which does not hold the unit itself"),
            "give a lower bound from 0 to 1 and an upper bound of at least 1, for example `grs = [0.8, 1.2]`",
        ));
    }
    let means: Vec<f64> = (0..units.variables())
        .map(|i| units.variable(i).iter().map(|v| v.abs()).sum::<f64>())
        .filter(|&mean| mean > 0.0)
        .collect();
    let (least, most) = means.iter().fold((f64::INFINITY, 0.0), |(a, b): (f64, f64), &m| (a.min(m), b.max(m)));
    if options.slacks && most > COMPARABLE * least {
        return Err(Error::invalid(
            format!("`slacks` adds up columns whose sizes differ by a factor of {:.0e}", most / least),
            "express the columns in comparable units (people in thousands, money in millions) or leave `slacks` out",
        ));
    }
    Ok(())
}

fn notes(scored: &[Unit], units: &Units) -> Vec<String> {
    let mut notes = Vec::new();
    let n = scored.len();
    let count = |status| scored.iter().filter(|u| u.status == status).count();
    match count(Status::Refused) {
        0 => {}
        k => notes.push(format!(
            "{k} of {n} units were refused (see `reason`); units whose data are outside the method do not span the frontier"
        )),
    }
    match count(Status::Infeasible) + count(Status::Unbounded) {
        0 => {}
        k => {
            notes.push(format!("{k} of {n} units cannot be reached by the others: no super-efficiency exists for them"))
        }
    }
    let inputs = units.number(Kind::Input) + units.number(Kind::Bad);
    let outputs = units.number(Kind::Output);
    let wanted = (inputs * outputs).max(3 * (inputs + outputs));
    if n < wanted {
        notes.push(format!(
            "{n} units for {inputs} inputs and {outputs} outputs: with fewer than {wanted} many units look efficient for want of peers"
        ));
    }
    notes
}
