//! The directional distance: how many steps g a point can go before it meets the frontier.
//!
//! ```text
//! max β   s.t.   X'λ ≤ x_o - β g_x,   Y'λ ≥ y_o + β g_y,   B'λ = b_o - β g_b,   λ ∈ Λ
//! ```
//!
//! with ≤ for undesirable outputs that are strongly disposable (Chambers, Chung and Färe 1996; Chung, Färe and
//! Grosskopf 1997). A point outside the reference, or left out of it, may have to go back: β < 0.
//!
//! | direction | g | efficiency |
//! |---|---|---|
//! | `own` | \|x_o\|, \|y_o\|, \|b_o\| | (1 - β)/(1 + β) |
//! | `inputs` | \|x_o\|, 0, 0 | 1 - β, the radial θ |
//! | `outputs` | 0, \|y_o\|, \|b_o\| | 1/(1 + β), one over the radial φ without undesirable outputs |
//! | `ones` | 1 | 1/(1 + β) |
//! | `mean` | means of the reference | 1/(1 + β) |
//! | `range` | x_o - min x, max y - y_o, b_o - min b | 1 - β |
//! | `given` | `steps`, one number for each column | 1/(1 + β) |
//!
//! `range` is the range directional model of Portela, Thanassoulis and Simpson (2004): free of units and of origin,
//! so made for negative data. Along `ones` the score depends on the units of the columns, and along `given` steps unless
//! they are in these units. Negative values are taken under variable returns only: without Σλ = 1 the origin has a
//! meaning that negative values contradict.
//!
//! On the free disposal hull β is the longest of the steps to single units (`free_disposal`), and nothing is solved.

use super::free_disposal;
use super::technology::{NoScore, Scored, Standing, Technology};
use super::{Dea, DeaModel, Kind, Model, Orientation, Projection, Rts, Units};
use crate::math::lp::{Program, Solution};
use crate::{Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A β this close to zero is zero: the certificate does not tell them apart.
const EFFICIENT: f64 = 1e-10;

/// What a step of the directional model changes, and by how much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// All variables, in proportion to the unit's own absolute values.
    #[default]
    Own,
    /// Inputs only, in proportion to the unit's own absolute values.
    Inputs,
    /// Outputs up and undesirable outputs down, in proportion to the unit's own absolute values.
    Outputs,
    /// All variables by one, in the columns' units.
    Ones,
    /// All variables, in proportion to the absolute means of the reference.
    Mean,
    /// All variables, in proportion to what the unit lacks of the best value in the reference; for negative data.
    Range,
    /// By `steps`, the same for all units.
    Given,
}

/// Directional distances to one reference.
pub struct Directional {
    technology: Technology,
    direction: Direction,
    /// `steps` of the options.
    steps: Vec<f64>,
    /// The reference, on the free disposal hull.
    hull: Option<Units>,
    /// Mean of each variable over the reference.
    means: Vec<f64>,
    /// Best value of each variable in the reference.
    ideal: Vec<f64>,
    slacks: bool,
}

impl Directional {
    /// Of the units `reference`, with what `options` ask for.
    pub fn new(units: &Units, reference: &[usize], options: &Dea) -> Self {
        let technology = Technology::new(units, reference, options.rts, options.grs, options.disposability);
        let values = |i: usize| reference.iter().map(move |&j| units.at(i, j));
        let mean = |i: usize| values(i).sum::<f64>().abs() / reference.len() as f64;
        let best = |i: usize| match units.kinds()[i] {
            Kind::Output => values(i).fold(f64::NEG_INFINITY, f64::max),
            Kind::Input | Kind::Bad => values(i).fold(f64::INFINITY, f64::min),
        };
        let means = (0..units.variables()).map(mean).collect();
        let ideal = (0..units.variables()).map(best).collect();
        let hull = (options.rts == Rts::Fdh).then(|| units.select(reference));
        let (direction, steps, slacks) = (options.direction, options.steps.clone(), options.slacks);
        Directional { technology, direction, steps, hull, means, ideal, slacks }
    }

    /// g of a point, m + s + q, nonnegative.
    fn step(&self, point: &[f64]) -> Vec<f64> {
        let one = |(i, &kind): (usize, &Kind)| match (self.direction, kind) {
            (Direction::Inputs, Kind::Output | Kind::Bad) | (Direction::Outputs, Kind::Input) => 0.0,
            (Direction::Own | Direction::Inputs | Direction::Outputs, _) => point[i].abs(),
            (Direction::Ones, _) => 1.0,
            (Direction::Mean, _) => self.means[i],
            (Direction::Given, _) => self.steps[i],
            // Beyond the best there is nothing to gain: a point outside the reference does not step back.
            (Direction::Range, Kind::Output) => (self.ideal[i] - point[i]).max(0.0),
            (Direction::Range, Kind::Input | Kind::Bad) => (point[i] - self.ideal[i]).max(0.0),
        };
        self.technology.kinds().iter().enumerate().map(one).collect()
    }

    /// One is efficient and more is better; `None` where a negative β has left the range of the measure.
    fn efficiency(&self, beta: f64) -> Option<f64> {
        let efficiency = match self.direction {
            Direction::Inputs | Direction::Range => 1.0 - beta,
            Direction::Own => (1.0 - beta) / (1.0 + beta),
            Direction::Outputs | Direction::Ones | Direction::Mean | Direction::Given => 1.0 / (1.0 + beta),
        };
        let meets_zero = !matches!(self.direction, Direction::Inputs | Direction::Range);
        (efficiency.is_finite() && !(meets_zero && beta <= -1.0)).then_some(efficiency)
    }

    /// As [`Directional::efficiency`], or why there is none.
    fn need_efficiency(&self, beta: f64) -> Scored<f64> {
        self.efficiency(beta).ok_or_else(|| {
            NoScore::refused(format!("β is {beta:.6}: so far beyond the frontier this direction has no efficiency"))
        })
    }
}

impl Model for Directional {
    fn project(&self, point: &[f64], standing: Standing) -> Scored<Projection> {
        let step = self.step(point);
        if step.iter().all(|&g| g == 0.0) {
            return match (standing, self.direction) {
                // The best in every variable: there is no step, and nowhere to go.
                (Standing::Member(own), Direction::Range) => Ok(Projection {
                    efficiency: 1.0,
                    lambda: vec![(own, 1.0)],
                    slacks: self.slacks.then(|| vec![0.0; point.len()]),
                    ..Projection::default()
                }),
                _ => Err(NoScore::refused("the direction is zero in every variable")),
            };
        }
        if let Some(hull) = &self.hull {
            let (peer, beta, slacks) = free_disposal::longest_step(hull, point, &step, standing)?;
            let (score, slacks) = (clean(beta), self.slacks.then_some(slacks));
            let efficiency = self.need_efficiency(score)?;
            return Ok(Projection { efficiency, score, lambda: vec![(peer, 1.0)], slacks, ..Projection::default() });
        }
        let Walk { mut program, mut solution, own, beta: score } = walk(&self.technology, point, &step, standing)?;
        let fixed = solution.own[own];
        let efficiency = self.need_efficiency(score)?;
        let prices = solution.dual.clone();
        let mut slacks = None;
        if self.slacks {
            let beta = &mut program.own[own];
            (beta.cost, beta.lower, beta.upper) = (0.0, fixed, fixed);
            program.rows[..point.len()].iter_mut().for_each(|row| row.slack_cost = -1.0);
            solution = self.technology.solve(&program, &solution.basis)?;
            slacks = Some(self.technology.slacks(&solution, point));
        }
        let lambda = self.technology.peers(&solution.shared, point, 1.0);
        Ok(Projection { efficiency, score, lambda, slacks, prices, ..Projection::default() })
    }

    fn prefer(&mut self, columns: &[usize]) {
        self.technology.prefer(columns);
    }
}

/// The longest step along a direction, as a certified optimum.
pub(super) struct Walk<'a> {
    pub(super) program: Program<'a>,
    pub(super) solution: Solution,
    /// Place of β among the own variables.
    pub(super) own: usize,
    /// β, zero where the certificate cannot tell it from zero.
    pub(super) beta: f64,
}

/// How far `point` goes along the direction `step`, m + s + q, not all zero.
pub(super) fn walk<'a>(
    technology: &'a Technology,
    point: &[f64],
    step: &[f64],
    standing: Standing,
) -> Scored<Walk<'a>> {
    let mut program = technology.program(point);
    program.skip = standing.skip();
    let column: Vec<(usize, f64)> =
        (0..step.len()).filter(|&i| step[i] != 0.0).map(|i| (i, toward(technology.kinds()[i]) * step[i])).collect();
    let member = matches!(standing, Standing::Member(_));
    let lower = if member { 0.0 } else { f64::NEG_INFINITY };
    let own = technology.add(&mut program, -1.0, [lower, f64::INFINITY], &column);
    let start = match standing {
        Standing::Member(column) => technology.start(&program, column, &[own]),
        _ => Vec::new(),
    };
    let solution = technology.solve(&program, &start)?;
    let beta = clean(solution.own[own]);
    Ok(Walk { program, solution, own, beta })
}

/// Sign of a step on the left of a row: inputs and undesirable outputs shrink, outputs grow.
pub(super) fn toward(kind: Kind) -> f64 {
    if kind == Kind::Output { -1.0 } else { 1.0 }
}

/// A β without what is rounding.
pub(super) fn clean(beta: f64) -> f64 {
    if beta.abs() <= EFFICIENT { 0.0 } else { beta }
}

/// Why a unit has no directional score, if so.
pub(super) fn refusal(units: &Units, unit: usize, rts: Rts) -> Option<&'static str> {
    let zero = |kind: Kind| (0..units.variables()).all(|i| units.kinds()[i] != kind || units.at(i, unit) == 0.0);
    match () {
        () if !matches!(rts, Rts::Vrs | Rts::Fdh) && units.point(unit).iter().any(|&v| v < 0.0) => {
            Some("a value is negative, which only variable returns allow (`rts = \"vrs\"`)")
        }
        () if zero(Kind::Input) => Some("all inputs are zero"),
        () if zero(Kind::Output) => Some("all outputs are zero"),
        () => None,
    }
}

/// Steps for each variable where they are asked for, and nowhere else.
fn check_steps(units: &Units, options: &Dea) -> Result<()> {
    let given = options.direction == Direction::Given;
    match () {
        () if !given && options.steps.is_empty() => Ok(()),
        () if !given => Err(Error::invalid("`steps` are those of `direction = \"given\"`", "set it, or leave `steps` out")),
        () if options.steps.len() != units.variables() => {
            Err(Error::length("`steps`, of inputs, outputs and undesirable outputs", options.steps.len(), units.variables()))
        }
        () if options.steps.iter().any(|g| !(g.is_finite() && *g >= 0.0)) || options.steps.iter().all(|g| *g == 0.0) => {
            Err(Error::invalid(
                "`steps` have a negative number, one that is not finite, or nothing but zeros",
                "give how far inputs and undesirable outputs go down and outputs up, at least one of them",
            ))
        }
        () => Ok(()),
    }
}

/// Options that exclude each other.
pub(super) fn check(units: &Units, options: &Dea) -> Result<()> {
    check_steps(units, options)?;
    if options.model != DeaModel::Directional {
        return match options.direction {
            Direction::Own => Ok(()),
            _ if options.model == DeaModel::Nddf => Ok(()),
            _ => Err(Error::invalid(
                "`direction` belongs to the directional models",
                "set `model` to `directional` or `nddf`, or leave `direction` out",
            )),
        };
    }
    if options.direction == Direction::Range && !matches!(options.rts, Rts::Vrs | Rts::Fdh) {
        return Err(Error::invalid(
            "`direction = \"range\"` is free of the origin, which needs variable returns or the free disposal hull",
            "set `rts = \"vrs\"` or `\"fdh\"`, or choose another `direction`",
        ));
    }
    if options.orientation == Orientation::Output && options.direction != Direction::Outputs {
        return Err(Error::invalid(
            "`orientation = \"output\"` contradicts `direction`, which alone says what the directional model improves",
            "set `direction = \"outputs\"`, or leave `orientation` out",
        ));
    }
    if options.scale {
        return Err(Error::invalid(
            "`scale` compares radial scores; the directional model has none",
            "leave `scale` out, or choose `model = \"radial\"`",
        ));
    }
    Ok(())
}
