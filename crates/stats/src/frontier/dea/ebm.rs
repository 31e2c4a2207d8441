//! The epsilon-based measure: a factor for all inputs and what each could save beyond it, weighted by how unlike the
//! inputs are; and so for outputs.
//!
//! ```text
//! min κ = (θ - ε_x Σ w⁻ s⁻/x_o) / (η + ε_y Σ w⁺ s⁺/y_o)
//! s.t.  X'λ + s⁻ = θ x_o,   Y'λ - s⁺ = η y_o,   λ ∈ Λ,   s ≥ 0,   θ ≤ 1 ≤ η
//! ```
//!
//! (Tone and Tsutsui 2010). The input-oriented measure keeps the numerator, with Y'λ ≥ y_o; the output-oriented one the
//! denominator, with X'λ ≤ x_o. ε = 0 is the radial measure, ε = 1 the slacks-based one with weights w; between them,
//! ε and w are read off the frontier by [`super::affinity`]: inputs that move together leave little to save beyond θ.
//! With r = X'λ/x_o the numerator is (1 - ε) max r + ε Σ w r. θ ≤ 1 holds under all orientations: without it a target could
//! use more of one input than the unit, and efficient units would score below one.
//!
//! The frontier of the affinities is where the slacks-based measure under variable returns projects the units, whatever
//! the `rts` of the scores; such projections need not be unique.
//!
//! K. Tone and M. Tsutsui (2010), "An epsilon-based measure of efficiency in DEA - a third pole of technical efficiency",
//! European Journal of Operational Research 207.

use super::affinity::Affinity;
use super::fractional::{Affine, minimize};
use super::sbm::{Sbm, SlacksBased};
use super::slack::{complete, dominating, least};
use super::technology::{NoScore, Scored, Standing, Technology};
use super::{Dea, DeaModel, Disposability, Kind, Model, Orientation, Projection, Rts, Units};
use crate::frontier::Status;
use crate::{Error, Result};
use rayon::prelude::*;

/// A measure this close to one is one: the certificate does not tell them apart.
const EFFICIENT: f64 = 1e-10;

/// Epsilon-based scores against one reference.
pub struct EpsilonBased {
    technology: Technology,
    rts: Rts,
    orientation: Orientation,
    slacks: bool,
    /// ε and weights of inputs and of outputs.
    shape: Scored<[Affinity; 2]>,
}

impl EpsilonBased {
    /// Of the units `reference`, with what `options` ask for.
    pub fn new(units: &Units, reference: &[usize], options: &Dea) -> Self {
        let technology = Technology::new(units, reference, options.rts, options.grs, Disposability::Strong);
        let shape = shape(units, reference).map(|mut shape| {
            if let Some(epsilon) = options.epsilon {
                shape.iter_mut().for_each(|side| side.epsilon = epsilon);
            }
            shape
        });
        let Dea { rts, orientation, slacks, .. } = *options;
        EpsilonBased { technology, rts, orientation, slacks, shape }
    }

    /// Whether the measure counts a kind.
    fn counts(&self, kind: Kind) -> bool {
        match kind {
            Kind::Input => self.orientation != Orientation::Output,
            Kind::Output => self.orientation != Orientation::Input,
            Kind::Bad => false,
        }
    }

    /// One over the measure of the outputs times that of the inputs, at a target with these slacks.
    fn measure(&self, shape: &[Affinity; 2], point: &[f64], slacks: &[f64]) -> f64 {
        let side = |side: &Affinity, of: Kind, sign: f64| {
            let kinds = self.technology.kinds().iter().enumerate();
            let relative: Vec<f64> = kinds.filter(|(_, k)| **k == of).map(|(i, _)| slacks[i] / point[i]).collect();
            let common = relative.iter().fold(f64::INFINITY, |a: f64, &r| a.min(r));
            let weighted: f64 = relative.iter().zip(&side.weights).map(|(r, w)| r * w).sum();
            if self.counts(of) { 1.0 + sign * ((1.0 - side.epsilon) * common + side.epsilon * weighted) } else { 1.0 }
        };
        side(&shape[0], Kind::Input, -1.0) / side(&shape[1], Kind::Output, 1.0)
    }

    /// Measure, peers and slacks, by linear programs.
    fn solve(&self, shape: &[Affinity; 2], point: &[f64], standing: Standing) -> Scored<(f64, Peers, Vec<f64>)> {
        let mut program = self.technology.program(point);
        let (mut N, mut D, mut basic) = (one(), one(), Vec::new());
        for (of, side, sign, function) in
            [(Kind::Input, &shape[0], -1.0, &mut N), (Kind::Output, &shape[1], 1.0, &mut D)]
        {
            if !self.counts(of) {
                continue;
            }
            let kinds = self.technology.kinds().iter().enumerate();
            let variables: Vec<usize> = kinds.filter(|(_, k)| **k == of).map(|(i, _)| i).collect();
            function.slack = vec![0.0; point.len()];
            for (&i, weight) in variables.iter().zip(&side.weights) {
                program.rows[i].rhs = 0.0;
                function.slack[i] = sign * side.epsilon * weight / point[i];
            }
            let bounds = if of == Kind::Input { [0.0, 1.0] } else { [1.0, f64::INFINITY] };
            let column: Vec<(usize, f64)> = variables.iter().map(|&i| (i, -point[i])).collect();
            let own = self.technology.add(&mut program, 0.0, bounds, &column);
            function.constant = 0.0;
            function.own = vec![0.0; own + 1];
            function.own[own] = 1.0;
            basic.push(own);
        }
        let start = match standing {
            Standing::Member(own) => self.technology.start(&program, own, &basic),
            Standing::LeftOut(_) | Standing::Outside => Vec::new(),
        };
        let (measure, solution) = minimize(&self.technology, &mut program, &start, &N, &D)?;
        let target = |i: usize| solution.shared.iter().map(|&(j, l)| l * self.technology.at(i, j)).sum::<f64>();
        let slack = |i: usize| match self.technology.kinds()[i] {
            Kind::Output => (target(i) - point[i]).max(0.0),
            Kind::Input | Kind::Bad => (point[i] - target(i)).max(0.0),
        };
        let slacks: Vec<f64> = (0..point.len()).map(slack).collect();
        if !self.slacks {
            return Ok((measure, solution.shared, slacks));
        }
        let free = |i: usize| !self.counts(self.technology.kinds()[i]);
        let (slacks, solution) = complete(&self.technology, point, free, slacks)?;
        Ok((measure, solution.shared, slacks))
    }
}

/// Columns of the reference with their weights.
type Peers = Vec<(usize, f64)>;

/// The function that is one.
fn one() -> Affine {
    Affine { constant: 1.0, ..Affine::default() }
}

/// ε and weights of inputs and outputs, from the projections of the units on the frontier.
fn shape(units: &Units, reference: &[usize]) -> Scored<[Affinity; 2]> {
    let options = Sbm { rts: Rts::Vrs, ..Sbm::default() };
    let frontier = SlacksBased::new(units, reference, &options);
    let project = |(own, &unit): (usize, &usize)| {
        let mut point = units.point(unit);
        let slacks = frontier.project(&point, Standing::Member(own))?.slacks.unwrap_or_default();
        for ((value, slack), kind) in point.iter_mut().zip(slacks).zip(units.kinds()) {
            *value += if *kind == Kind::Output { slack } else { -slack };
        }
        Ok(point)
    };
    let points: Vec<Vec<f64>> = reference.par_iter().enumerate().map(project).collect::<Scored<_>>()?;
    let side = |of: Kind| {
        let variables = (0..units.variables()).filter(|&i| units.kinds()[i] == of);
        let columns: Vec<Vec<f64>> = variables.map(|i| points.iter().map(|p| p[i]).collect()).collect();
        Affinity::new(&columns).map_err(|e| NoScore::refused(e.to_string()))
    };
    Ok([side(Kind::Input)?, side(Kind::Output)?])
}

impl Model for EpsilonBased {
    fn project(&self, point: &[f64], standing: Standing) -> Scored<Projection> {
        let shape = self.shape.as_ref().map_err(Clone::clone)?;
        let (measure, lambda, slacks) = if self.rts == Rts::Fdh {
            let candidates = dominating(&self.technology, point, Disposability::Strong);
            let best = least(candidates, |slacks| self.measure(shape, point, slacks));
            let (j, slacks, measure) = best.ok_or(NoScore::new(Status::Infeasible))?;
            (measure, vec![(j, 1.0)], slacks)
        } else {
            self.solve(shape, point, standing)?
        };
        let efficiency = if (measure - 1.0).abs() <= EFFICIENT { 1.0 } else { measure };
        let score = if self.orientation == Orientation::Output { 1.0 / efficiency } else { efficiency };
        let lambda = self.technology.peers(&lambda, point, efficiency.min(1.0));
        Ok(Projection { efficiency, score, lambda, slacks: self.slacks.then_some(slacks), ..Projection::default() })
    }

    fn prefer(&mut self, columns: &[usize]) {
        self.technology.prefer(columns);
    }

    fn notes(&self) -> Vec<String> {
        let Ok([inputs, outputs]) = &self.shape else { return Vec::new() };
        let side = |name: &str, side: &Affinity| {
            let weights: Vec<String> = side.weights.iter().map(|w| format!("{w:.6}")).collect();
            format!("{:.6} for {name} with weights {}", side.epsilon, weights.join(", "))
        };
        vec![format!("epsilon is {} and {}", side("inputs", inputs), side("outputs", outputs))]
    }
}

/// Why a unit has no epsilon-based score, if so.
pub(super) fn refusal(units: &Units, unit: usize) -> Option<&'static str> {
    let positive = units.point(unit).iter().all(|&v| v > 0.0);
    (!positive).then_some("an input or output is not positive, and the affinities are of logarithms")
}

/// Options that the epsilon-based measure cannot honor, or that are its alone.
pub(super) fn check(options: &Dea) -> Result<()> {
    let refuse = |what: &str, way: &str| Err(Error::invalid(what, way));
    match (options.model, options.epsilon) {
        (DeaModel::Ebm, _) if options.super_efficiency => refuse(
            "the epsilon-based measure has no super-efficiency",
            "leave `super_efficiency` out, or use `plim measure sbm`",
        ),
        (DeaModel::Ebm, _) if options.scale => {
            refuse("the epsilon-based measure has no scale efficiency", "leave `scale` out")
        }
        (DeaModel::Ebm, _) if !options.bads.is_empty() => refuse(
            "the epsilon-based measure has no undesirable outputs",
            "leave `bads` out, or use `plim measure sbm`, which counts their slacks",
        ),
        (DeaModel::Ebm, Some(epsilon)) if !(0.0..=1.0).contains(&epsilon) => {
            refuse(&format!("`epsilon` is {epsilon}"), "give a number from 0 (radial) to 1 (slacks alone)")
        }
        (model, Some(_)) if model != DeaModel::Ebm => {
            refuse("`epsilon` belongs to `model = ebm`", "leave `epsilon` out")
        }
        _ => Ok(()),
    }
}
