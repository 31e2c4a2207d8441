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
//! use plim_stats::frontier::dea::{Dea, Rts, dea};
//! use plim_stats::math::Mat;
//! let x = Mat::from_fn(3, 1, |i, _| [2.0, 3.0, 6.0][i]);
//! let y = Mat::from_fn(3, 1, |i, _| [2.0, 5.0, 8.0][i]);
//! let options = Dea { inputs: vec!["x".into()], outputs: vec!["y".into()], rts: Rts::Crs, ..Dea::default() };
//! let scores = dea(&x, &y, &options).unwrap();
//! assert!((scores.units[0].efficiency.unwrap() - 0.6).abs() < 1e-12);
//! ```

mod free_disposal;
mod technology;

use super::Status;
use crate::math::Mat;
use crate::math::lp::Sense;
use crate::{Error, Kind, Result};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use technology::{NoScore, Technology};

/// Radial data envelopment analysis: efficiency of units that turn inputs into outputs.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Dea {
    /// Columns of inputs, nonnegative; less is better.
    pub inputs: Vec<String>,
    /// Columns of outputs, nonnegative; more is better.
    pub outputs: Vec<String>,
    /// Returns to scale of the frontier. Variable by default: cities and countries differ in size.
    pub rts: Rts,
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
}

impl Rts {
    /// How the weights of a combination add up to one, where they must.
    fn sum(self) -> Option<Sense> {
        match self {
            Rts::Crs => None,
            Rts::Vrs | Rts::Fdh => Some(Sense::Equal),
            Rts::Nirs => Some(Sense::AtMost),
            Rts::Ndrs => Some(Sense::AtLeast),
        }
    }
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

/// Slacks at the radial target, in the units of the columns.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Slacks {
    /// Excess of each input, m.
    pub inputs: Vec<f64>,
    /// Shortfall of each output, s.
    pub outputs: Vec<f64>,
    /// Their sum, which the second phase maximizes.
    pub sum: f64,
}

/// A unit of the reference with its weight in the target.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Peer {
    /// Row of the unit.
    pub unit: usize,
    /// Weight.
    pub lambda: f64,
}

/// Score of one unit; without an optimum the numbers are `None`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Unit {
    /// θ or 1/φ: one is efficient, more is better; above one under super-efficiency only.
    pub efficiency: Option<f64>,
    /// The program's own optimum: θ or φ.
    pub score: Option<f64>,
    /// What became of it.
    pub status: Status,
    /// Why it was refused.
    pub reason: Option<String>,
    /// Efficiency under constant over that under variable returns, with `scale`.
    pub scale_efficiency: Option<f64>,
    /// Local returns to scale, with `scale`.
    pub returns_to_scale: Option<ReturnsToScale>,
    /// Second phase, with `slacks`.
    pub slacks: Option<Slacks>,
    /// Reference units of the target, by row.
    pub peers: Vec<Peer>,
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

/// Scores every row of X (n × m inputs) and Y (n × s outputs) against the frontier of all rows.
pub fn dea(X: &Mat<f64>, Y: &Mat<f64>, options: &Dea) -> Result<DeaScores> {
    check(X, Y, options)?;
    let refusals: Vec<Option<&str>> = (0..X.nrows()).map(|i| refusal(X, Y, i)).collect();
    let reference: Vec<usize> = (0..X.nrows()).filter(|&i| refusals[i].is_none()).collect();
    let mut technology = Technology::new(X, Y, &reference);
    let mut scored: Vec<Unit> = Vec::with_capacity(reference.len());
    // Each unit is its own program and starts from its own column, so the number of threads cannot matter. Few units
    // are ever peers: those found so far are priced first, in batches that double and do not depend on threads either.
    while scored.len() < reference.len() {
        let batch = scored.len()..reference.len().min(2 * scored.len().max(FIRST_BATCH));
        let score = |own: usize| match options.rts {
            Rts::Fdh => free_disposal::unit(X, Y, reference[own], &reference, options),
            _ => technology.unit(own, &reference, options),
        };
        let next: Vec<Unit> = batch.into_par_iter().map(score).collect();
        scored.extend(next);
        technology.prefer(&scored, &reference);
    }
    let mut scored = scored.into_iter();
    let units: Vec<Unit> = (refusals.into_iter())
        .map(|reason| match reason {
            Some(reason) => NoScore { status: Status::Refused, reason: Some(reason.into()) }.into(),
            None => scored.next().expect("one score for each unit of the reference"),
        })
        .collect();
    let notes = notes(&units, X.ncols(), Y.ncols());
    Ok(DeaScores { units, notes })
}

/// Shapes, finiteness, and options that exclude each other.
fn check(X: &Mat<f64>, Y: &Mat<f64>, options: &Dea) -> Result<()> {
    for (what, M, names) in [("inputs", X, &options.inputs), ("outputs", Y, &options.outputs)] {
        if names.is_empty() {
            return Err(Error::invalid(
                format!("no {what} are named"),
                format!("list the columns of {what}, for example `{what} = [\"a\", \"b\"]`"),
            ));
        }
        if M.ncols() != names.len() {
            return Err(Error::length(format!("the matrix of {what}"), M.ncols(), names.len()));
        }
        if M.nrows() == 0 {
            return Err(Error::new(Kind::Empty { what: format!("the table of {what}") }));
        }
        for (j, name) in names.iter().enumerate() {
            let bad: Vec<usize> = (0..M.nrows()).filter(|&i| !M[(i, j)].is_finite()).collect();
            if !bad.is_empty() {
                return Err(Error::new(Kind::NotFinite).at_column(name).at_rows(bad));
            }
        }
    }
    if Y.nrows() != X.nrows() {
        return Err(Error::length("the matrix of outputs", Y.nrows(), X.nrows()));
    }
    if let Some(twice) = options.inputs.iter().find(|name| options.outputs.contains(name)) {
        return Err(Error::invalid("is both an input and an output", "name it once").at_column(twice));
    }
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
    let means: Vec<f64> = [X, Y]
        .iter()
        .flat_map(|M| (0..M.ncols()).map(|j| (0..M.nrows()).map(|i| M[(i, j)].abs()).sum::<f64>()))
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

/// Why unit `i` has no radial score, if so.
fn refusal(X: &Mat<f64>, Y: &Mat<f64>, i: usize) -> Option<&'static str> {
    let row = |M: &Mat<f64>| (0..M.ncols()).map(|j| M[(i, j)]).collect::<Vec<_>>();
    let (x, y) = (row(X), row(Y));
    match () {
        () if x.iter().chain(&y).any(|&v| v < 0.0) => Some("an input or output is negative"),
        () if x.iter().all(|&v| v == 0.0) => Some("all inputs are zero"),
        () if y.iter().all(|&v| v == 0.0) => Some("all outputs are zero"),
        () => None,
    }
}

fn notes(units: &[Unit], inputs: usize, outputs: usize) -> Vec<String> {
    let mut notes = Vec::new();
    let n = units.len();
    let count = |status| units.iter().filter(|u| u.status == status).count();
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
    let wanted = (inputs * outputs).max(3 * (inputs + outputs));
    if n < wanted {
        notes.push(format!(
            "{n} units for {inputs} inputs and {outputs} outputs: with fewer than {wanted} many units look efficient for want of peers"
        ));
    }
    notes
}
