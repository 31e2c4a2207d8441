//! The radial model: all inputs by one factor, or all outputs.
//!
//! ```text
//! input:   min θ   s.t.  X'λ ≤ θ x_o,   Y'λ ≥ y_o,     λ ∈ Λ        efficiency θ
//! output:  max φ   s.t.  X'λ ≤ x_o,     Y'λ ≥ φ y_o,   λ ∈ Λ        efficiency 1/φ
//! ```
//!
//! The second phase holds the score fixed and maximizes the sum of slacks.

use super::technology::{NoScore, Scored, Standing, Technology};
use super::{Dea, Disposability, Kind, Model, Orientation, Projection, ReturnsToScale, Rts, Units};
use crate::frontier::Status;
use crate::math::lp::{Program, Solution, Variable};

/// A score this close to one is one: the certificate does not tell them apart.
const EFFICIENT: f64 = 1e-10;
/// Efficiencies under two returns to scale this close are equal.
const SAME: f64 = 1e-8;

/// Radial scores against one reference.
pub struct Radial {
    technology: Technology,
    /// For `scale`: constant, variable and non-increasing returns, but for those of `technology`.
    others: Vec<(Rts, Technology)>,
    orientation: Orientation,
    slacks: bool,
}

impl Radial {
    /// Of the units `reference`, with what `options` ask for.
    pub fn new(units: &Units, reference: &[usize], options: &Dea) -> Self {
        let technology = |rts| Technology::new(units, reference, rts, options.grs, options.disposability);
        let wanted: &[Rts] = if options.scale { &[Rts::Crs, Rts::Vrs, Rts::Nirs] } else { &[] };
        let others = wanted.iter().filter(|&&r| r != options.rts).map(|&rts| (rts, technology(rts))).collect();
        let (orientation, slacks) = (options.orientation, options.slacks);
        Radial { technology: technology(options.rts), others, orientation, slacks }
    }

    /// Of all `units`, for the score alone.
    pub fn of(units: &Units, rts: Rts, orientation: Orientation) -> Self {
        let reference: Vec<usize> = (0..units.count()).collect();
        let technology = Technology::new(units, &reference, rts, [1.0; 2], Disposability::Strong);
        Radial { technology, others: Vec::new(), orientation, slacks: false }
    }

    /// θ or φ of a point.
    pub fn score(&self, point: &[f64], standing: Standing) -> Scored<f64> {
        self.optimum(&self.technology, point, standing).map(|o| o.score)
    }

    /// θ or φ of a point with its optimal basis, found from `start`: the basis of a program much like it, or none.
    pub fn score_from(&self, point: &[f64], standing: Standing, start: &[Variable]) -> Scored<(f64, Vec<Variable>)> {
        let program = self.program(&self.technology, point, standing);
        let solution = self.technology.solve(&program, start)?;
        Ok((solution.own[program.own.len() - 1], solution.basis))
    }

    /// The program of a point; its last own variable is the score.
    fn program<'a>(&self, technology: &'a Technology, point: &[f64], standing: Standing) -> Program<'a> {
        let scaled = if self.orientation == Orientation::Input { Kind::Input } else { Kind::Output };
        let mut program = technology.program(point);
        let mut column = Vec::with_capacity(point.len());
        for (i, _) in technology.kinds().iter().enumerate().filter(|(_, kind)| **kind == scaled) {
            column.push((i, -point[i]));
            program.rows[i].rhs = 0.0;
        }
        let cost = if self.orientation == Orientation::Input { 1.0 } else { -1.0 };
        technology.add(&mut program, cost, [0.0, f64::INFINITY], &column);
        program.skip = standing.skip();
        program
    }

    fn optimum<'a>(&self, technology: &'a Technology, point: &[f64], standing: Standing) -> Scored<Optimum<'a>> {
        let program = self.program(technology, point, standing);
        let own = program.own.len() - 1;
        let start = match standing {
            Standing::Member(column) => technology.start(&program, column, &[own]),
            _ => Vec::new(),
        };
        let solution = technology.solve(&program, &start)?;
        // A unit is its own peer, so a score on the wrong side of one is rounding; near one is one.
        let score = solution.own[own];
        let input = self.orientation == Orientation::Input;
        let beyond = matches!(standing, Standing::Member(_)) && ((score > 1.0) == input);
        let score = if beyond || (score - 1.0).abs() <= EFFICIENT { 1.0 } else { score };
        let efficiency = if input { score } else { 1.0 / score };
        if !efficiency.is_finite() {
            return Err(NoScore::new(Status::Unbounded));
        }
        Ok(Optimum { program, solution, own, score, efficiency })
    }

    /// Largest sum of slacks with the score fixed; replaces the solution by that target.
    fn second_phase(&self, optimum: &mut Optimum, point: &[f64]) -> Scored<Vec<f64>> {
        let fixed = optimum.solution.own[optimum.own];
        let score = &mut optimum.program.own[optimum.own];
        (score.cost, score.lower, score.upper) = (0.0, fixed, fixed);
        optimum.program.rows[..point.len()].iter_mut().for_each(|row| row.slack_cost = -1.0);
        optimum.solution = self.technology.solve(&optimum.program, &optimum.solution.basis)?;
        Ok(self.technology.slacks(&optimum.solution, point))
    }

    /// Scale efficiency and local returns.
    fn scale(&self, efficiency: f64, point: &[f64], standing: Standing) -> Scored<(f64, ReturnsToScale)> {
        let under = |rts| match self.others.iter().find(|(other, _)| *other == rts) {
            None => Ok(efficiency),
            Some((_, technology)) => self.optimum(technology, point, standing).map(|o| o.efficiency),
        };
        let (constant, variable) = (under(Rts::Crs)?, under(Rts::Vrs)?);
        let same = |a: f64, b: f64| (a - b).abs() <= SAME * b;
        let returns = match () {
            () if same(constant, variable) => ReturnsToScale::Crs,
            () if same(constant, under(Rts::Nirs)?) => ReturnsToScale::Irs,
            () => ReturnsToScale::Drs,
        };
        Ok((constant / variable, returns))
    }
}

impl Model for Radial {
    fn project(&self, point: &[f64], standing: Standing) -> Scored<Projection> {
        let mut optimum = self.optimum(&self.technology, point, standing)?;
        let scale = match self.others.is_empty() {
            true => None,
            false => Some(self.scale(optimum.efficiency, point, standing)?),
        };
        let prices = optimum.solution.dual.clone();
        let slacks = self.slacks.then(|| self.second_phase(&mut optimum, point)).transpose()?;
        let lambda = self.technology.peers(&optimum.solution.shared, point, optimum.score.min(1.0));
        let Optimum { efficiency, score, .. } = optimum;
        Ok(Projection { efficiency, score, lambda, slacks, prices, scale })
    }

    fn prefer(&mut self, columns: &[usize]) {
        self.technology.prefer(columns);
        self.others.iter_mut().for_each(|(_, technology)| technology.prefer(columns));
    }
}

/// A certified optimum.
struct Optimum<'a> {
    program: Program<'a>,
    solution: Solution,
    /// Place of the score among the own variables.
    own: usize,
    score: f64,
    efficiency: f64,
}

/// Why a unit has no radial score, if so.
pub(super) fn refusal(units: &Units, unit: usize) -> Option<&'static str> {
    let of = |kind: Kind| (units.kinds().iter().enumerate()).filter(move |(_, k)| **k == kind);
    let zero = |kind| of(kind).all(|(i, _)| units.at(i, unit) == 0.0);
    match () {
        () if units.point(unit).iter().any(|&v| v < 0.0) => Some("an input or output is negative"),
        () if zero(Kind::Input) => Some("all inputs are zero"),
        () if zero(Kind::Output) => Some("all outputs are zero"),
        () => None,
    }
}
