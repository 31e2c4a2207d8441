//! The radial model: all inputs by one factor, or all outputs.
//!
//! ```text
//! input:   min θ   s.t.  X'λ ≤ θ x_o,   Y'λ ≥ y_o,     λ ∈ Λ        efficiency θ
//! output:  max φ   s.t.  X'λ ≤ x_o,     Y'λ ≥ φ y_o,   λ ∈ Λ        efficiency 1/φ
//! ```
//!
//! Variables that a unit cannot choose (`fixed`) are not scaled: their rows stay X'λ ≤ x_o and Y'λ ≥ y_o (Banker and Morey
//! 1986; Ruggiero 2007).
//!
//! Under variable returns the score is free of the origin of what it does not scale: outputs may be negative in the input
//! orientation, inputs in the output orientation (Ali and Seiford 1990).
//!
//! The second phase holds the score fixed and maximizes the sum of slacks.

use super::assurance::{self, TradeOff};
use super::elasticity::{Elasticity, elasticity};
use super::technology::{NoScore, Scored, Standing, Technology};
use super::{Dea, DeaModel, Disposability, Kind, Model, Orientation, Projection, ReturnsToScale, Rts, Units};
use crate::frontier::Status;
use crate::math::lp::{Program, Solution, Variable};
use crate::{Error, Result};

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
    multipliers: bool,
    elasticity: bool,
    /// From bounds on ratios of multipliers.
    trade_offs: Vec<TradeOff>,
    /// What the unit cannot choose, m + s + q.
    fixed: Vec<bool>,
}

impl Radial {
    /// Of the units `reference`, with what `options` ask for.
    pub fn new(units: &Units, reference: &[usize], options: &Dea) -> Self {
        let mut fixed = fixed(options);
        // Callers that need scores only give no names.
        fixed.resize(units.variables(), false);
        let technology = |rts| Technology::new(units, reference, rts, options.grs, options.disposability);
        let wanted: &[Rts] = if options.scale { &[Rts::Crs, Rts::Vrs, Rts::Nirs] } else { &[] };
        let others = wanted.iter().filter(|&&r| r != options.rts).map(|&rts| (rts, technology(rts))).collect();
        let &Dea { orientation, slacks, multipliers, scale_elasticity: elasticity, .. } = options;
        // `check` has read them already.
        let trade_offs = assurance::trade_offs(options).unwrap_or_default();
        Radial {
            technology: technology(options.rts),
            others,
            orientation,
            slacks,
            multipliers,
            elasticity,
            trade_offs,
            fixed,
        }
    }

    /// Of all `units`, for the score alone.
    pub fn of(units: &Units, rts: Rts, orientation: Orientation) -> Self {
        let reference: Vec<usize> = (0..units.count()).collect();
        let technology = Technology::new(units, &reference, rts, [1.0; 2], Disposability::Strong);
        Radial {
            technology,
            others: Vec::new(),
            orientation,
            slacks: false,
            multipliers: false,
            elasticity: false,
            trade_offs: Vec::new(),
            fixed: vec![false; units.variables()],
        }
    }

    /// θ or φ of a point.
    pub fn score(&self, point: &[f64], standing: Standing) -> Scored<f64> {
        self.optimum(&self.technology, point, standing, &[]).map(|o| o.score)
    }

    /// θ or φ of a point with its optimal basis, found from `start`: the basis of a program much like it, or none.
    pub fn score_from(&self, point: &[f64], standing: Standing, start: &[Variable]) -> Scored<(f64, Vec<Variable>)> {
        let program = self.program(&self.technology, point, standing);
        let solution = self.technology.solve(&program, start)?;
        Ok((solution.own[program.own.len() - 1], solution.basis))
    }

    /// θ or φ of a point, free of rounding about one, with its optimal basis; `start` as in [`Self::score_from`].
    pub(in crate::frontier) fn place(
        &self,
        point: &[f64],
        standing: Standing,
        start: &[Variable],
    ) -> Scored<(f64, Vec<Variable>)> {
        self.optimum(&self.technology, point, standing, start).map(|o| (o.score, o.solution.basis))
    }

    /// The program of a point; its last own variable is the score.
    fn program<'a>(&self, technology: &'a Technology, point: &[f64], standing: Standing) -> Program<'a> {
        let scaled = if self.orientation == Orientation::Input { Kind::Input } else { Kind::Output };
        let mut program = technology.program(point);
        let mut column = Vec::with_capacity(point.len());
        for (i, kind) in technology.kinds().iter().enumerate() {
            if *kind == scaled && !self.fixed[i] {
                column.push((i, -point[i]));
                program.rows[i].rhs = 0.0;
            }
        }
        let cost = if self.orientation == Orientation::Input { 1.0 } else { -1.0 };
        for trade_off in &self.trade_offs {
            technology.add(&mut program, 0.0, [0.0, f64::INFINITY], trade_off);
        }
        technology.add(&mut program, cost, [0.0, f64::INFINITY], &column);
        program.skip = standing.skip();
        program
    }

    fn optimum<'a>(
        &self,
        technology: &'a Technology,
        point: &[f64],
        standing: Standing,
        start: &[Variable],
    ) -> Scored<Optimum<'a>> {
        let program = self.program(technology, point, standing);
        let own = program.own.len() - 1;
        let solution = match standing {
            Standing::Member(column) if start.is_empty() => {
                technology.solve(&program, &technology.start(&program, column, &[own]))?
            }
            _ => technology.solve(&program, start)?,
        };
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

    /// Weights from the dual prices: of inputs and undesirable outputs what an excess costs, of outputs what one more
    /// costs. The column of the score makes v'x = 1 (input) or u'y = 1 (output).
    fn multipliers(&self, dual: &[f64]) -> Multipliers {
        let sign = |kind: &Kind| if *kind == Kind::Output { 1.0 } else { -1.0 };
        let weights = self.technology.kinds().iter().zip(dual).map(|(kind, price)| sign(kind) * price + 0.0).collect();
        let scale = dual.get(self.technology.kinds().len()).copied().unwrap_or(0.0);
        Multipliers { weights, scale: if self.orientation == Orientation::Input { scale } else { -scale } + 0.0 }
    }

    /// Range of the scale elasticity at the radial target.
    fn elasticity(&self, optimum: &Optimum, point: &[f64]) -> Scored<Elasticity> {
        let scaled = if self.orientation == Orientation::Input { Kind::Input } else { Kind::Output };
        let target = |(kind, value): (&Kind, &f64)| if *kind == scaled { optimum.score * value } else { *value };
        let projection: Vec<f64> = self.technology.kinds().iter().zip(point).map(target).collect();
        let peers = self.technology.peers(&optimum.solution.shared, point, optimum.score.min(1.0));
        let slacks = self.technology.slacks(&optimum.solution, point);
        elasticity(&self.technology, &projection, &peers, &slacks)
    }

    /// Scale efficiency and local returns.
    fn scale(&self, efficiency: f64, point: &[f64], standing: Standing) -> Scored<(f64, ReturnsToScale)> {
        let under = |rts| match self.others.iter().find(|(other, _)| *other == rts) {
            None => Ok(efficiency),
            Some((_, technology)) => self.optimum(technology, point, standing, &[]).map(|o| o.efficiency),
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
        let mut optimum = self.optimum(&self.technology, point, standing, &[])?;
        let scale = match self.others.is_empty() {
            true => None,
            false => Some(self.scale(optimum.efficiency, point, standing)?),
        };
        // Before the second phase: any optimum tells which planes support the frontier at the target.
        let elasticity = self.elasticity.then(|| self.elasticity(&optimum, point)).transpose()?;
        let prices = optimum.solution.dual.clone();
        let multipliers = self.multipliers.then(|| self.multipliers(&prices));
        let slacks = self.slacks.then(|| self.second_phase(&mut optimum, point)).transpose()?;
        let lambda = self.technology.peers(&optimum.solution.shared, point, optimum.score.min(1.0));
        let Optimum { efficiency, score, .. } = optimum;
        Ok(Projection {
            efficiency,
            score,
            lambda,
            slacks,
            prices,
            scale,
            elasticity,
            multipliers,
            ..Projection::default()
        })
    }

    fn prefer(&mut self, columns: &[usize]) {
        self.technology.prefer(columns);
        self.others.iter_mut().for_each(|(_, technology)| technology.prefer(columns));
    }
}

/// Weights of the multiplier model: input θ = u'y + u0 with v'x = 1, output φ = v'x + u0 with u'y = 1.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Multipliers {
    /// Of each variable, m + s + q.
    pub weights: Vec<f64>,
    /// u0, of Σλ; zero under constant returns.
    pub scale: f64,
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

/// What `options` call fixed, m + s + q.
fn fixed(options: &Dea) -> Vec<bool> {
    let names = options.inputs.iter().chain(&options.outputs).chain(&options.bads);
    names.map(|name| options.fixed.contains(name)).collect()
}

/// Options that exclude each other.
pub(super) fn check(options: &Dea) -> Result<()> {
    let Some(first) = options.fixed.first() else { return Ok(()) };
    let scaled = if options.orientation == Orientation::Input { &options.inputs } else { &options.outputs };
    let known = |name: &&String| options.inputs.contains(name) || options.outputs.contains(name);
    let refuse = |why: String, way_out: &str| Err(Error::invalid(why, way_out));
    match options.fixed.iter().find(|name| !known(name)) {
        Some(name) => refuse(
            format!("`fixed` names `{name}`, which is no input or output"),
            "name columns of `inputs` or `outputs`: undesirable outputs are not scaled by a radial score anyway",
        ),
        None if options.model != DeaModel::Radial || options.rts.is_hull() => refuse(
            format!("`fixed` (`{first}`) belongs to the radial model with combinations of units"),
            "set `model = \"radial\"` and an `rts` other than `fdh`, or leave `fixed` out",
        ),
        None if scaled.iter().all(|name| options.fixed.contains(name)) => refuse(
            "`fixed` leaves nothing for the score to scale".into(),
            "turn `orientation`, or leave a column out of it",
        ),
        None => Ok(()),
    }
}

/// Why a unit has no radial score under `options`, if so.
pub(super) fn outside(units: &Units, unit: usize, options: &Dea) -> Option<&'static str> {
    let plain = options.scale || options.disposability == Disposability::Kuosmanen;
    if options.rts != Rts::Vrs || plain {
        return refusal(units, unit);
    }
    let scaled = if options.orientation == Orientation::Input { Kind::Input } else { Kind::Output };
    let of =
        |kind: Kind| (0..units.variables()).filter(move |&i| units.kinds()[i] == kind).map(move |i| units.at(i, unit));
    match () {
        () if of(scaled).any(|v| v < 0.0) && scaled == Kind::Input => {
            Some("an input is negative, which the input orientation would scale; only outputs may be negative in it")
        }
        () if of(scaled).any(|v| v < 0.0) => {
            Some("an output is negative, which the output orientation would scale; only inputs may be negative in it")
        }
        () if of(Kind::Input).all(|v| v == 0.0) => Some("all inputs are zero"),
        () if of(Kind::Output).all(|v| v == 0.0) => Some("all outputs are zero"),
        () => None,
    }
}

/// Why a unit has no radial score, if so.
pub(in crate::frontier) fn refusal(units: &Units, unit: usize) -> Option<&'static str> {
    let of = |kind: Kind| (units.kinds().iter().enumerate()).filter(move |(_, k)| **k == kind);
    let zero = |kind| of(kind).all(|(i, _)| units.at(i, unit) == 0.0);
    match () {
        () if (0..units.variables()).any(|i| units.at(i, unit) < 0.0) => Some("an input or output is negative"),
        () if zero(Kind::Input) => Some("all inputs are zero"),
        () if zero(Kind::Output) => Some("all outputs are zero"),
        () => None,
    }
}
