//! Economic efficiency: what a unit could save or earn at the prices that it faces.
//!
//! ```text
//! cost:     C(y, w) = min w'x   s.t.  X'λ ≤ x,   Y'λ ≥ y_o,   λ ∈ Λ      efficiency C / w'x_o
//! revenue:  R(x, p) = max p'y   s.t.  X'λ ≤ x_o, Y'λ ≥ y,     λ ∈ Λ      efficiency p'y_o / R
//! profit:   Π(w, p) = max p'y - w'x  over the same technology            efficiency 1 - (Π - π_o) / (p'y_o + w'x_o)
//! profitability:   ρ(w, p) = max p'y / w'x  over the same technology     efficiency (p'y_o / w'x_o) / ρ
//! ```
//!
//! What is free needs no rows of its own: at an optimum it is a combination of units, so unit j costs w_o'x_j (Farrell
//! 1957; Färe, Grosskopf and Lovell 1985). Cost efficiency is technical (radial) times allocative efficiency.
//!
//! A ratio of profits can have any sign. Profit efficiency is one less the Nerlovian inefficiency of Chambers, Chung and
//! Färe (1998) in the unit's own direction: technical inefficiency is the largest β with ((1 - β) x_o, (1 + β) y_o) in the
//! technology, and the two parts add up, (1 - profit) = (1 - technical) + (1 - allocative). It can be negative.
//!
//! Profitability, the return to the dollar (Georgescu-Roegen 1951), is a ratio, and that of a combination lies between
//! those of its units: the best one is the best unit's under every Λ. Its technical part is radial under `rts`; under
//! constant returns, where the ratio belongs, the orientation does not matter (Zofio and Prieto 2006), and under others
//! the allocative part is that of scale too.

use super::free_disposal::FreeDisposal;
use super::technology::{NoScore, Scored, Standing, Technology};
use super::{Dea, DeaModel, Kind, Model, Orientation, Projection, Radial, Rts, Units};
use crate::frontier::Status;
use crate::{Error, Result};

/// An efficiency this close to one is one.
const EFFICIENT: f64 = 1e-10;
/// What a unit may miss of what it is compared with and still dominate it, relatively: rounding.
const ROUNDING: f64 = 1e-12;

/// The two parts of an economic efficiency.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Parts {
    /// How far the unit is from the frontier, whatever the prices.
    pub technical: f64,
    /// How well its mix suits the prices.
    pub allocative: f64,
}

/// Cost, revenue, profit or profitability efficiency against one reference.
pub struct Economic {
    goal: DeaModel,
    reference: Units,
    /// Of what is held: the outputs for cost, the inputs for revenue.
    held: Technology,
    rts: Rts,
    grs: [f64; 2],
    radial: Box<dyn Model>,
    /// Of all variables, for the own direction.
    whole: Technology,
}

impl Economic {
    /// Of the units `reference`, with what `options` ask for.
    pub fn new(units: &Units, reference: &[usize], options: &Dea) -> Self {
        let (goal, rts) = (options.model, options.rts);
        let technology = |units: &Units| Technology::new(units, reference, rts, options.grs, options.disposability);
        let orientation = if goal == DeaModel::Revenue { Orientation::Output } else { Orientation::Input };
        let held = if goal == DeaModel::Revenue { Kind::Input } else { Kind::Output };
        let options = Dea { orientation, ..options.clone() };
        let radial: Box<dyn Model> = match rts {
            Rts::Fdh => Box::new(FreeDisposal::new(units, reference, &options)),
            _ => Box::new(Radial::new(units, reference, &options)),
        };
        let (held, whole) = (technology(&units.only(held)), technology(units));
        Economic { goal, reference: units.select(reference), held, rts, grs: options.grs, radial, whole }
    }

    /// Value of the variables of one kind of unit j at `prices`, which has one for each of them.
    fn value(&self, kind: Kind, j: usize, prices: &[f64]) -> f64 {
        let of_kind = self.reference.kinds().iter().enumerate().filter(|(_, k)| **k == kind);
        of_kind.zip(prices).map(|((i, _), price)| price * self.reference.at(i, j)).sum()
    }

    /// Smallest cost or largest revenue over combinations, in parts of `own`, the unit's own.
    fn best_value(&self, point: &[f64], prices: &[f64], own: f64, standing: Standing) -> Scored<Found> {
        let revenue = self.goal == DeaModel::Revenue;
        let (held, free) = if revenue { (Kind::Input, Kind::Output) } else { (Kind::Output, Kind::Input) };
        let point: Vec<f64> =
            self.reference.kinds().iter().zip(point).filter(|(k, _)| **k == held).map(|(_, v)| *v).collect();
        let sign = if revenue { -1.0 } else { 1.0 };
        let n = self.reference.count();
        let cost: Vec<f64> = (0..n).map(|j| sign * self.value(free, j, prices) / own).collect();
        if self.rts == Rts::Fdh {
            let dominates = |j: &usize| {
                (0..point.len()).all(|i| sign * (self.held.at(i, *j) - point[i]) >= -ROUNDING * point[i].abs())
            };
            let best = (0..n).filter(dominates).min_by(|&a, &b| cost[a].total_cmp(&cost[b]));
            let best = best.ok_or_else(|| NoScore::new(Status::Infeasible))?;
            return Ok((sign * cost[best], vec![(best, 1.0)]));
        }
        let mut program = self.held.program(&point);
        program.cost = &cost;
        let start = match standing {
            Standing::Member(column) => self.held.start(&program, column, &[]),
            _ => Vec::new(),
        };
        let solution = self.held.solve(&program, &start)?;
        Ok((sign * solution.objective, self.held.peers(&solution.shared, &point, 1.0)))
    }

    /// Largest profit: all of it from the unit that earns most, at the largest scale that Λ allows if it earns.
    fn best_profit(&self, w: &[f64], p: &[f64]) -> Scored<Found> {
        let profit = |j: usize| self.value(Kind::Output, j, p) - self.value(Kind::Input, j, w);
        let all = (0..self.reference.count()).map(|j| (j, profit(j)));
        let (best, most) = all.fold((0, f64::NEG_INFINITY), |a, b| if b.1 > a.1 { b } else { a });
        let [least, largest] = match self.rts {
            Rts::Vrs | Rts::Fdh | Rts::FdhPlus => [1.0, 1.0],
            Rts::Crs => [0.0, f64::INFINITY],
            Rts::Nirs => [0.0, 1.0],
            Rts::Ndrs => [1.0, f64::INFINITY],
            Rts::Grs => self.grs,
        };
        match if most > 0.0 { largest } else { least } {
            scale if scale.is_infinite() => Err(NoScore::new(Status::Unbounded)),
            0.0 => Ok((0.0, Vec::new())),
            scale => Ok((scale * most, vec![(best, scale)])),
        }
    }

    /// Largest revenue over cost, by one unit.
    fn best_ratio(&self, w: &[f64], p: &[f64]) -> Found {
        let ratio = |j: usize| self.value(Kind::Output, j, p) / self.value(Kind::Input, j, w);
        let all = (0..self.reference.count()).map(|j| (j, ratio(j)));
        let (best, most) = all.fold((0, f64::NEG_INFINITY), |a, b| if b.1 > a.1 { b } else { a });
        (most, vec![(best, 1.0)])
    }

    /// Largest β with ((1 - β) x, (1 + β) y) in the technology.
    fn own_direction(&self, point: &[f64], standing: Standing) -> Scored<f64> {
        let mut program = self.whole.program(point);
        let column: Vec<(usize, f64)> = (self.whole.kinds().iter().enumerate())
            .map(|(i, kind)| (i, if *kind == Kind::Output { -point[i] } else { point[i] }))
            .collect();
        let beta = self.whole.add(&mut program, -1.0, [0.0, f64::INFINITY], &column);
        let start = match standing {
            Standing::Member(column) => self.whole.start(&program, column, &[beta]),
            _ => Vec::new(),
        };
        self.whole.solve(&program, &start).map(|solution| solution.own[beta])
    }
}

/// An optimum and the units that make it.
type Found = (f64, Vec<(usize, f64)>);

impl Model for Economic {
    fn project(&self, point: &[f64], standing: Standing) -> Scored<Projection> {
        let (point, prices) = point.split_at(self.reference.variables());
        if !prices.iter().all(|p| p.is_finite() && *p > 0.0) {
            return Err(NoScore::refused("a price is missing or not positive"));
        }
        let kinds = self.reference.kinds();
        let inputs = kinds.iter().filter(|k| **k == Kind::Input).count();
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let one = |efficiency: f64| if (efficiency - 1.0).abs() <= EFFICIENT { 1.0 } else { efficiency };
        let (efficiency, score, lambda, parts) = match self.goal {
            DeaModel::Profit => {
                let (w, p) = prices.split_at(inputs);
                let (expense, revenue) = (dot(&point[..inputs], w), dot(&point[inputs..], p));
                let (most, lambda) = self.best_profit(w, p)?;
                let technical = one(1.0 - self.own_direction(point, standing)?);
                let efficiency = one(1.0 - (most - (revenue - expense)) / (revenue + expense));
                (efficiency, most, lambda, Parts { technical, allocative: one(1.0 + efficiency - technical) })
            }
            DeaModel::Profitability => {
                let (w, p) = prices.split_at(inputs);
                let (most, lambda) = self.best_ratio(w, p);
                let technical = self.radial.project(point, standing)?.efficiency;
                let efficiency = one(dot(&point[inputs..], p) / dot(&point[..inputs], w) / most);
                (efficiency, most, lambda, Parts { technical, allocative: one(efficiency / technical) })
            }
            goal => {
                let revenue = goal == DeaModel::Revenue;
                let own = if revenue { dot(&point[inputs..], prices) } else { dot(&point[..inputs], prices) };
                let (ratio, lambda) = self.best_value(point, prices, own, standing)?;
                let technical = self.radial.project(point, standing)?.efficiency;
                let efficiency = one(if revenue { 1.0 / ratio } else { ratio });
                (efficiency, ratio * own, lambda, Parts { technical, allocative: one(efficiency / technical) })
            }
        };
        Ok(Projection { efficiency, score, lambda, parts: Some(parts), ..Projection::default() })
    }

    fn prefer(&mut self, columns: &[usize]) {
        self.held.prefer(columns);
        self.whole.prefer(columns);
    }
}

/// Options that do not go with prices, and prices that do not go with the options.
pub(super) fn check(units: &Units, options: &Dea) -> Result<()> {
    let (m, s) = (options.inputs.len(), options.outputs.len());
    let (name, wanted) = match options.model {
        DeaModel::Cost => ("cost", m),
        DeaModel::Revenue => ("revenue", s),
        DeaModel::Profit => ("profit", m + s),
        DeaModel::Profitability => ("profitability", m + s),
        _ if options.prices.is_empty() => return Ok(()),
        _ => {
            return Err(Error::invalid(
                "`prices` are given but the model uses none",
                "set `model` to `cost`, `revenue`, `profit` or `profitability`, or leave `prices` out",
            ));
        }
    };
    if options.prices.len() != wanted {
        return Err(Error::invalid(
            format!("`prices` names {} columns, model `{name}` needs {wanted}", options.prices.len()),
            "cost: one price for each input; revenue: for each output; profit and profitability: inputs, then outputs",
        ));
    }
    let given = units.prices(0).count();
    if given != wanted {
        return Err(Error::length("the matrix of prices", given, wanted));
    }
    let refused = [
        ("bads", !options.bads.is_empty()),
        ("slacks", options.slacks),
        ("scale", options.scale),
        ("super_efficiency", options.super_efficiency),
        ("orientation = \"output\"", options.orientation == Orientation::Output && options.model != DeaModel::Revenue),
        ("rts = \"fdh\"", options.rts == Rts::Fdh && options.model == DeaModel::Profit),
    ];
    match refused.iter().find(|(_, given)| *given) {
        None => Ok(()),
        Some((option, _)) => Err(Error::invalid(
            format!("model `{name}` has no use for `{option}`"),
            "leave that option out, or choose another `model`",
        )),
    }
}
