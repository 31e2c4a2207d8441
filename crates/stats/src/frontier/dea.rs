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
//! (Banker, Charnes and Cooper 1984), Σλ ≤ 1 under non-increasing and Σλ ≥ 1 under non-decreasing returns.
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

use super::Status;
use crate::math::Mat;
use crate::math::lp::{self, Columns, Own, Program, Row, Sense, Solution, Variable, certify, solve};
use crate::{Error, Kind, Result};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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

/// Why a unit has no score.
struct NoScore {
    status: Status,
    reason: Option<String>,
}

type Scored<T> = std::result::Result<T, NoScore>;

impl From<NoScore> for Unit {
    fn from(none: NoScore) -> Self {
        Unit {
            efficiency: None,
            score: None,
            status: none.status,
            reason: none.reason,
            scale_efficiency: None,
            returns_to_scale: None,
            slacks: None,
            peers: Vec::new(),
        }
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
/// A score this close to one is one: the certificate does not tell them apart.
const EFFICIENT: f64 = 1e-10;
/// Efficiencies under two returns to scale this close are equal.
const SAME: f64 = 1e-8;
/// Slacks and contributions of peers below this part of the unit's own value are rounding.
const NEGLIGIBLE: f64 = 1e-10;
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
        let next: Vec<Unit> = batch.into_par_iter().map(|own| technology.unit(own, &reference, options)).collect();
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

/// The reference: units as columns, inputs above outputs, with and without the row Σλ.
struct Technology {
    inputs: usize,
    outputs: usize,
    cone: Columns,
    hull: Columns,
}

impl Technology {
    fn new(X: &Mat<f64>, Y: &Mat<f64>, units: &[usize]) -> Self {
        let (m, s, n) = (X.ncols(), Y.ncols(), units.len());
        let mut raw: Vec<f64> = Vec::with_capacity((m + s + 1) * n);
        for M in [X, Y] {
            (0..M.ncols()).for_each(|j| raw.extend(units.iter().map(|&i| M[(i, j)])));
        }
        let cone = Columns::new(m + s, n, raw.clone());
        raw.extend(std::iter::repeat_n(1.0, n));
        Technology { inputs: m, outputs: s, cone, hull: Columns::new(m + s + 1, n, raw) }
    }

    /// Prices the peers of the scored units first from now on.
    fn prefer(&mut self, scored: &[Unit], reference: &[usize]) {
        let column = |peer: &Peer| reference.binary_search(&peer.unit).ok();
        let peers: Vec<usize> = scored.iter().flat_map(|u| &u.peers).filter_map(column).collect();
        self.cone.prefer(peers.iter().copied());
        self.hull.prefer(peers);
    }

    /// Value of column `own` in row `i` (inputs, then outputs).
    fn value(&self, i: usize, own: usize) -> f64 {
        self.cone.at(i, own)
    }

    /// What is large in row `i` for unit `own`: its own value, or the mean where it has none.
    fn size(&self, i: usize, own: usize) -> f64 {
        match self.value(i, own) {
            0.0 => (0..self.cone.count).map(|j| self.value(i, j)).sum::<f64>() / self.cone.count as f64,
            value => value,
        }
    }

    /// The radial program of unit `own`, the score being its one own variable.
    fn radial(&self, own: usize, rts: Rts, orientation: Orientation, skip: bool) -> Program<'_> {
        let (m, s) = (self.inputs, self.outputs);
        let columns = if rts == Rts::Crs { &self.cone } else { &self.hull };
        let mut rows = Vec::with_capacity(columns.rows);
        let mut score = vec![0.0; columns.rows];
        for i in 0..m + s {
            let value = self.value(i, own);
            let scaled = (i < m) == (orientation == Orientation::Input);
            if scaled {
                score[i] = -value;
            }
            rows.push(Row::new(if i < m { Sense::AtMost } else { Sense::AtLeast }, if scaled { 0.0 } else { value }));
        }
        match rts {
            Rts::Crs => {}
            Rts::Vrs => rows.push(Row::new(Sense::Equal, 1.0)),
            Rts::Nirs => rows.push(Row::new(Sense::AtMost, 1.0)),
            Rts::Ndrs => rows.push(Row::new(Sense::AtLeast, 1.0)),
        }
        let cost = if orientation == Orientation::Input { 1.0 } else { -1.0 };
        let score = Own { cost, lower: 0.0, upper: f64::INFINITY, column: score };
        Program { columns, cost: &[], skip: skip.then_some(own), own: vec![score], rows }
    }

    /// The vertex λ_own = 1, score = 1 as a basis: the two replace the slacks of a row each.
    fn own_basis(&self, own: usize, rts: Rts, orientation: Orientation) -> Vec<Variable> {
        let (m, s) = (self.inputs, self.outputs);
        let positive = |mut rows: std::ops::Range<usize>| rows.find(|&i| self.value(i, own) > 0.0).unwrap_or(0);
        let (input, output) = (positive(0..m), positive(m..m + s));
        let (score, other) = if orientation == Orientation::Input { (input, output) } else { (output, input) };
        let lambda = if rts == Rts::Crs { other } else { m + s };
        let rows = m + s + usize::from(rts != Rts::Crs);
        let slacks = (0..rows).filter(|&i| i != score && i != lambda).map(Variable::Slack);
        [Variable::Shared(own), Variable::Own(0)].into_iter().chain(slacks).collect()
    }

    /// Optimum of the radial program and its verdict, certified.
    fn score(&self, own: usize, rts: Rts, orientation: Orientation, skip: bool) -> Scored<Optimum<'_>> {
        let program = self.radial(own, rts, orientation, skip);
        let start = if skip { Vec::new() } else { self.own_basis(own, rts, orientation) };
        let solution = solve(&program, &start);
        proven(&program, &solution)?;
        // The unit is its own peer, so a score on the wrong side of one is rounding; near one is one.
        let score = solution.own[0];
        let beyond = !skip && ((score > 1.0) == (orientation == Orientation::Input));
        let score = if beyond || (score - 1.0).abs() <= EFFICIENT { 1.0 } else { score };
        let efficiency = if orientation == Orientation::Input { score } else { 1.0 / score };
        if !efficiency.is_finite() {
            return Err(NoScore { status: Status::Unbounded, reason: None });
        }
        Ok(Optimum { program, solution, score, efficiency })
    }

    fn unit(&self, own: usize, reference: &[usize], options: &Dea) -> Unit {
        self.optimal_unit(own, reference, options).unwrap_or_else(Unit::from)
    }

    fn optimal_unit(&self, own: usize, reference: &[usize], options: &Dea) -> Scored<Unit> {
        let (rts, orientation, skip) = (options.rts, options.orientation, options.super_efficiency);
        let mut optimum = self.score(own, rts, orientation, skip)?;
        let mut unit = Unit::from(NoScore { status: Status::Optimal, reason: None });
        (unit.score, unit.efficiency) = (Some(optimum.score), Some(optimum.efficiency));
        if options.scale {
            let under = |other| match other == rts {
                true => Ok(optimum.efficiency),
                false => self.score(own, other, orientation, skip).map(|o| o.efficiency),
            };
            let (constant, variable) = (under(Rts::Crs)?, under(Rts::Vrs)?);
            unit.scale_efficiency = Some(constant / variable);
            let same = |a: f64, b: f64| (a - b).abs() <= SAME * b;
            unit.returns_to_scale = Some(match () {
                () if same(constant, variable) => ReturnsToScale::Crs,
                () if same(constant, under(Rts::Nirs)?) => ReturnsToScale::Irs,
                () => ReturnsToScale::Drs,
            });
        }
        if options.slacks {
            unit.slacks = Some(self.second_phase(own, &mut optimum)?);
        }
        unit.peers = self.peers(own, &optimum, reference);
        Ok(unit)
    }

    /// Largest sum of slacks with the score fixed, from the radial optimum; replaces the solution by that target.
    fn second_phase(&self, own: usize, optimum: &mut Optimum) -> Scored<Slacks> {
        let (m, s) = (self.inputs, self.outputs);
        let fixed = optimum.solution.own[0];
        let score = &mut optimum.program.own[0];
        (score.cost, score.lower, score.upper) = (0.0, fixed, fixed);
        optimum.program.rows[..m + s].iter_mut().for_each(|row| row.slack_cost = -1.0);
        optimum.solution = solve(&optimum.program, &optimum.solution.basis);
        proven(&optimum.program, &optimum.solution)?;
        let clean = |i: usize| match optimum.solution.slack[i] {
            slack if slack <= NEGLIGIBLE * self.size(i, own) => 0.0,
            slack => slack,
        };
        let (inputs, outputs): (Vec<f64>, Vec<f64>) = ((0..m).map(clean).collect(), (m..m + s).map(clean).collect());
        let sum = inputs.iter().chain(&outputs).sum();
        Ok(Slacks { inputs, outputs, sum })
    }

    /// The units that make up the target: those that contribute more than rounding to some row.
    fn peers(&self, own: usize, optimum: &Optimum, reference: &[usize]) -> Vec<Peer> {
        let rows = self.inputs + self.outputs;
        let matters = |j: usize, lambda: f64| {
            (0..rows).any(|i| lambda * self.value(i, j) > NEGLIGIBLE * optimum.score.min(1.0) * self.size(i, own))
        };
        (optimum.solution.shared.iter())
            .filter(|&&(j, lambda)| matters(j, lambda))
            .map(|&(j, lambda)| Peer { unit: reference[j], lambda })
            .collect()
    }
}

/// A certified optimum of a radial program.
struct Optimum<'a> {
    program: Program<'a>,
    solution: Solution,
    score: f64,
    efficiency: f64,
}

/// The solver's verdict, believed only with its certificate.
fn proven(program: &Program, solution: &Solution) -> Scored<()> {
    let certificate = certify(program, solution);
    let refused = |reason| Err(NoScore { status: Status::Refused, reason: Some(reason) });
    match solution.status {
        lp::Status::Optimal if certificate.holds() => Ok(()),
        lp::Status::Infeasible if certificate.holds() => Err(NoScore { status: Status::Infeasible, reason: None }),
        lp::Status::Unbounded => Err(NoScore { status: Status::Unbounded, reason: None }),
        lp::Status::Stalled => refused(format!("the simplex stalled after {} steps", solution.steps)),
        lp::Status::Optimal | lp::Status::Infeasible => {
            let lp::Certificate { primal, dual, gap } = certificate;
            refused(format!("the certificate failed: primal {primal:.1e}, dual {dual:.1e}, gap {gap:.1e}"))
        }
    }
}
