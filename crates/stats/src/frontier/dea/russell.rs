//! The Russell measures: each input and each output has a factor of its own, and the score is their mean.
//!
//! ```text
//! input:   min (1/m) Σ θ_i                          efficiency = score
//! output:  max (1/s) Σ φ_r                          efficiency = 1/score
//! none:    min (Σ θ_i + Σ 1/φ_r)/(m + s)            efficiency = score
//! s.t.  X'λ ≤ θ x_o,   Y'λ ≥ φ y_o,   B'λ = b_o (or ≤),   λ ∈ Λ,   θ ≤ 1 ≤ φ
//! ```
//!
//! (Färe and Lovell 1978; the last is the graph measure of Färe, Grosskopf and Lovell 1985). The score is one exactly for
//! units whose counted columns have no slack. Undesirable outputs are held, not scaled. A zero has no factor and is not
//! counted. θ_i is one less the relative slack of the input, φ_r one plus that of the output.
//!
//! The oriented measures are linear programs. The graph measure is convex: 1/φ lies above each of its tangents, and the
//! largest tangent is a chain of straight pieces, steepest first, which a linear program takes as one bounded variable
//! each. Its certified optimum is a lower bound, the measure at its solution an upper one; a tangent at that solution is
//! added until the two meet (Kelley 1960). The score is then the optimum without any nonlinear solver's word for it.
//!
//! R. Färe and C. A. K. Lovell (1978), "Measuring the technical efficiency of production", Journal of Economic Theory 19.
//! J. E. Kelley (1960), "The cutting-plane method for solving convex programs", SIAM Journal 8.

use super::slack::{complete, dominating, dot, least};
use super::technology::{NoScore, Scored, Standing, Technology};
use super::{Dea, DeaModel, Disposability, Kind, Model, Orientation, Projection, Rts, Units};
use crate::frontier::Status;
use crate::math::lp::{Program, Solution};
use crate::{Error, Result};

/// A score this close to one is one: the certificate does not tell them apart.
const EFFICIENT: f64 = 1e-10;
/// Upper and lower bound of the graph measure that are this close have met.
const MET: f64 = 1e-12;
/// Steps of the graph measure; the gap falls to a quarter or less with each.
const STEPS: usize = 100;

/// Russell scores against one reference.
pub struct Russell {
    technology: Technology,
    disposability: Disposability,
    rts: Rts,
    orientation: Orientation,
    slacks: bool,
}

/// The factors of a point.
struct Factors {
    /// One over the value of each variable that has a factor, zero for the others, m + s + q.
    per: Vec<f64>,
    /// Number of factors.
    count: f64,
}

impl Russell {
    /// Of the units `reference`, with what `options` ask for.
    pub fn new(units: &Units, reference: &[usize], options: &Dea) -> Self {
        let technology = Technology::new(units, reference, options.rts, options.grs, options.disposability);
        let Dea { disposability, rts, orientation, slacks, .. } = *options;
        Russell { technology, disposability, rts, orientation, slacks }
    }

    fn factors(&self, point: &[f64]) -> Factors {
        let has = |kind: Kind| match kind {
            Kind::Input => self.orientation != Orientation::Output,
            Kind::Output => self.orientation != Orientation::Input,
            Kind::Bad => false,
        };
        let per = |(&kind, &v): (&Kind, &f64)| if has(kind) && v > 0.0 { 1.0 / v } else { 0.0 };
        let per: Vec<f64> = self.technology.kinds().iter().zip(point).map(per).collect();
        let count = per.iter().filter(|&&p| p > 0.0).count() as f64;
        Factors { per, count }
    }

    /// The measure at a target with these slacks.
    fn measure(&self, factors: &Factors, slacks: &[f64]) -> f64 {
        let relative = dot(&factors.per, slacks) / factors.count;
        match self.orientation {
            Orientation::Input => 1.0 - relative,
            Orientation::Output => 1.0 + relative,
            Orientation::None => {
                // 1 - s/x and 1/(1 + s/y), as what is lost of one: exact where slacks are small.
                let lost = |i: usize| match (self.technology.kinds()[i], factors.per[i] * slacks[i]) {
                    (Kind::Output, gain) => gain / (1.0 + gain),
                    (_, saving) => saving,
                };
                1.0 - (0..slacks.len()).map(lost).sum::<f64>() / factors.count
            }
        }
    }

    /// Best target of an oriented measure: the largest sum of relative slacks.
    fn linear<'a>(&'a self, point: &[f64], standing: Standing, factors: &Factors) -> Scored<Target<'a>> {
        let mut program = self.technology.program(point);
        program.rows.iter_mut().zip(&factors.per).for_each(|(row, per)| row.slack_cost = -per / factors.count);
        let start = match standing {
            Standing::Member(own) => self.technology.start(&program, own, &[]),
            _ => Vec::new(),
        };
        let solution = self.technology.solve(&program, &start)?;
        let slacks = solution.slack[..point.len()].to_vec();
        Ok(Target { score: self.measure(factors, &slacks), slacks, solution, program })
    }

    /// Best target of the graph measure, by tangents.
    fn graph<'a>(&'a self, point: &[f64], standing: Standing, factors: &Factors) -> Scored<Target<'a>> {
        let kinds = self.technology.kinds();
        // With the tangent at one only, the piece of each output is its slack; so the first step is a linear measure.
        let mut best = self.linear(point, standing, factors)?;
        let mut lower = 1.0 + best.solution.objective;
        let mut program = best.program.clone();
        let mut pieces: Vec<Pieces> = (0..point.len())
            .filter(|&i| kinds[i] == Kind::Output && factors.per[i] > 0.0)
            .map(|i| Pieces { variable: i, value: point[i], tangents: Vec::new() })
            .collect();
        for output in &mut pieces {
            program.rows[output.variable].slack_cost = 0.0;
            output.add(1.0, &self.technology, &mut program, factors.count);
        }
        let mut slacks = best.slacks.clone();
        let mut basis = best.solution.basis.clone();
        for _ in 0..STEPS {
            if best.score - lower <= MET {
                return Ok(best);
            }
            for output in &mut pieces {
                output.add(1.0 + slacks[output.variable] / output.value, &self.technology, &mut program, factors.count);
            }
            let solution = self.technology.solve(&program, &basis)?;
            lower = lower.max(1.0 + solution.objective);
            slacks = solution.slack[..point.len()].to_vec();
            for output in &pieces {
                slacks[output.variable] +=
                    output.value * output.tangents.iter().map(|t| solution.own[t.1]).sum::<f64>();
            }
            basis.clone_from(&solution.basis);
            let score = self.measure(factors, &slacks);
            if score < best.score {
                best = Target { score, slacks: slacks.clone(), solution, program: program.clone() };
            }
        }
        let gap = best.score - lower;
        Err(NoScore::refused(format!("the bounds of the graph measure are still {gap:.1e} apart after {STEPS} steps")))
    }
}

/// A target with its program.
struct Target<'a> {
    score: f64,
    slacks: Vec<f64>,
    solution: Solution,
    program: Program<'a>,
}

/// The largest tangent to 1/φ of one output, as own variables of a program: the part of φ - 1 on each piece.
struct Pieces {
    variable: usize,
    value: f64,
    /// Where each tangent touches, ascending, and its own variable.
    tangents: Vec<(f64, usize)>,
}

impl Pieces {
    /// Adds the tangent at `phi`, unless it is there. Tangents at a and b cross at 2ab/(a + b).
    fn add(&mut self, phi: f64, technology: &Technology, program: &mut Program, count: f64) {
        if self.tangents.iter().any(|t| t.0 == phi) {
            return;
        }
        let own =
            technology.add(program, -1.0 / (count * phi * phi), [0.0, f64::INFINITY], &[(self.variable, -self.value)]);
        self.tangents.insert(self.tangents.partition_point(|t| t.0 < phi), (phi, own));
        let mut from = 1.0;
        for (k, &(a, own)) in self.tangents.iter().enumerate() {
            let to = self.tangents.get(k + 1).map_or(f64::INFINITY, |&(b, _)| 2.0 * a * b / (a + b));
            program.own[own].upper = to - from;
            from = to;
        }
    }
}

impl Model for Russell {
    fn project(&self, point: &[f64], standing: Standing) -> Scored<Projection> {
        let factors = self.factors(point);
        let (score, lambda, slacks) = if self.rts == Rts::Fdh {
            let sign = if self.orientation == Orientation::Output { -1.0 } else { 1.0 };
            let candidates = dominating(&self.technology, point, self.disposability);
            let best = least(candidates, |slacks| sign * self.measure(&factors, slacks));
            let (j, slacks, value) = best.ok_or(NoScore::new(Status::Infeasible))?;
            (sign * value, vec![(j, 1.0)], slacks)
        } else {
            let mut target = match self.orientation {
                Orientation::None => self.graph(point, standing, &factors)?,
                Orientation::Input | Orientation::Output => self.linear(point, standing, &factors)?,
            };
            if self.slacks {
                let free = |i: usize| factors.per[i] == 0.0;
                (target.slacks, target.solution) = complete(&self.technology, point, free, target.slacks)?;
            }
            let lambda = self.technology.peers(&target.solution.shared, point, target.score.min(1.0));
            (target.score, lambda, target.slacks)
        };
        let score = if (score - 1.0).abs() <= EFFICIENT { 1.0 } else { score };
        let efficiency = if self.orientation == Orientation::Output { 1.0 / score } else { score };
        Ok(Projection { efficiency, score, lambda, slacks: self.slacks.then_some(slacks), ..Projection::default() })
    }

    fn prefer(&mut self, columns: &[usize]) {
        self.technology.prefer(columns);
    }
}

/// Options that the Russell measures cannot honor.
pub(super) fn check(options: &Dea) -> Result<()> {
    let refuse = |option: &str, why: &str| {
        Err(Error::invalid(
            format!("the Russell measure {why}"),
            format!("leave `{option}` out, or use another `model`"),
        ))
    };
    match options.model {
        DeaModel::Russell if options.super_efficiency => refuse(
            "super_efficiency",
            "has no super-efficiency; `plim measure sbm` has, which is the same when oriented",
        ),
        DeaModel::Russell if options.scale => refuse("scale", "has no scale efficiency"),
        _ => Ok(()),
    }
}
