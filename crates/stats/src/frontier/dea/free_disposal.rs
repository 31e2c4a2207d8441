//! The free disposal hull: a unit is measured against one other at a time, never against combinations.
//!
//! ```text
//! input:   θ = min_j max_i x_ji / x_oi   over the j that make at least y_o
//! output:  φ = max_j min_r y_jr / y_or   over the j that use at most x_o
//! along g: β = max_j min_i of (x_oi - x_ji)/g_i and (y_jr - y_or)/g_r   over the j no worse where g is zero
//! ```
//!
//! With local constant returns (`rts = "fdh+"`) a unit may be scaled by λ within a range around one (Bogetoft and Otto
//! 2011):
//!
//! ```text
//! input:   θ = min_j λ_j max_i x_ji / x_oi,   λ_j the smallest in the range with λ_j y_j ≥ y_o
//! output:  φ = max_j λ_j min_r y_jr / y_or,   λ_j the largest in the range with λ_j x_j ≤ x_o
//! ```
//!
//! No program is solved: every unit is tried (Deprins, Simar and Tulkens 1984; Tulkens 1993), m + s operations each. The
//! target is the best unit; of several that are equally good, the one with the largest sum of slacks, then the first.

use super::directional::toward;
use super::technology::{NoScore, Scored, Standing};
use super::{Dea, Kind, Model, Orientation, Projection, Rts, Units};
use crate::frontier::Status;

/// Efficiencies this close are equal, relative to their size: quotients of the same data differ by rounding only.
const SAME: f64 = 1e-12;

/// Radial scores against single units.
pub struct FreeDisposal {
    reference: Units,
    input: bool,
    slacks: bool,
    /// Multiples of a unit that the technology has: one alone for the hull itself.
    range: [f64; 2],
}

impl FreeDisposal {
    /// Of the units `reference`, with what `options` ask for.
    pub fn new(units: &Units, reference: &[usize], options: &Dea) -> Self {
        let input = options.orientation == Orientation::Input;
        let range = if options.rts == Rts::FdhPlus { options.fdh_range } else { [1.0; 2] };
        FreeDisposal { reference: units.select(reference), input, slacks: options.slacks, range }
    }

    /// θ, or 1/φ, of `point` by unit j alone, and the multiple of j that attains it; none when j does not dominate it.
    fn efficiency(&self, point: &[f64], j: usize) -> Option<(f64, f64)> {
        let kinds =
            || self.reference.kinds().iter().enumerate().map(|(i, kind)| (*kind, point[i], self.reference.at(i, j)));
        let multiple = self.multiple(kinds())?;
        let (mut theta, mut phi) = (0.0f64, f64::INFINITY);
        for (kind, own, other) in kinds() {
            match (kind, self.input) {
                // Nothing cannot shrink to something.
                (Kind::Input, true) if own == 0.0 && other > 0.0 => return None,
                (Kind::Input, true) if own == 0.0 => {}
                (Kind::Input, true) => theta = theta.max(multiple * other / own),
                (Kind::Output, false) if own > 0.0 => phi = phi.min(multiple * other / own),
                _ => {}
            }
        }
        Some((if self.input { theta } else { 1.0 / phi }, multiple))
    }

    /// The best multiple of a unit that the variables which are not scaled allow: the smallest (input) or the largest.
    fn multiple(&self, variables: impl Iterator<Item = (Kind, f64, f64)>) -> Option<f64> {
        let [mut low, mut high] = self.range;
        for (kind, own, other) in variables {
            match (kind, self.input) {
                // The hull itself takes negative values, of which there is no multiple.
                (Kind::Input, false) | (Kind::Bad, _) if low == high && other > own => return None,
                (Kind::Output, true) if low == high && other < own => return None,
                _ if low == high => {}
                (Kind::Input, false) | (Kind::Bad, _) if other > 0.0 => high = high.min(own / other),
                (Kind::Output, true) if own > 0.0 => low = low.max(own / other),
                _ => {}
            }
        }
        // An output of zero has no multiple that reaches more: its ratio is infinite.
        (low <= high).then_some(if self.input { low } else { high })
    }

    /// What is left of the radial target when j has replaced it.
    fn slacks(&self, point: &[f64], efficiency: f64, j: usize, multiple: f64) -> Vec<f64> {
        let (theta, phi) = if self.input { (efficiency, 1.0) } else { (1.0, 1.0 / efficiency) };
        let slack = |(i, kind): (usize, &Kind)| match kind {
            Kind::Output => (multiple * self.reference.at(i, j) - phi * point[i]).max(0.0),
            Kind::Input => (theta * point[i] - multiple * self.reference.at(i, j)).max(0.0),
            Kind::Bad => (point[i] - multiple * self.reference.at(i, j)).max(0.0),
        };
        self.reference.kinds().iter().enumerate().map(slack).collect()
    }
}

impl Model for FreeDisposal {
    fn project(&self, point: &[f64], standing: Standing) -> Scored<Projection> {
        let tried: Vec<(usize, f64, f64)> = (0..self.reference.count())
            .filter(|&j| standing.skip() != Some(j))
            .filter_map(|j| self.efficiency(point, j).map(|(efficiency, multiple)| (j, efficiency, multiple)))
            .collect();
        let best = match tried.iter().map(|t| t.1).min_by(f64::total_cmp) {
            None => return Err(NoScore::new(Status::Infeasible)),
            Some(best) if !best.is_finite() => return Err(NoScore::new(Status::Unbounded)),
            Some(best) => best,
        };
        let equals = tried.iter().filter(|t| t.1 <= best * (1.0 + SAME));
        let mut target: Option<(usize, f64, Vec<f64>, f64)> = None;
        for &(j, _, multiple) in equals {
            let slacks = self.slacks(point, best, j, multiple);
            let sum = slacks.iter().sum();
            if target.as_ref().is_none_or(|t| sum > t.3) {
                target = Some((j, multiple, slacks, sum));
            }
        }
        let Some((peer, multiple, slacks, _)) = target else { return Err(NoScore::new(Status::Infeasible)) };
        Ok(Projection {
            efficiency: best,
            score: if self.input { best } else { 1.0 / best },
            lambda: vec![(peer, multiple)],
            slacks: self.slacks.then_some(slacks),
            ..Projection::default()
        })
    }

    fn prefer(&mut self, _: &[usize]) {}
}

/// The unit that `point` can go farthest toward along `step` (m + s + q, not all zero), how far, and the slacks left.
pub(super) fn longest_step(
    reference: &Units,
    point: &[f64],
    step: &[f64],
    standing: Standing,
) -> Scored<(usize, f64, Vec<f64>)> {
    // What j is better by than the point, variable by variable.
    let better = |j: usize| -> Vec<f64> {
        let kinds = reference.kinds().iter().enumerate();
        kinds.map(|(i, &kind)| toward(kind) * (point[i] - reference.at(i, j))).collect()
    };
    let reach = |j: usize| -> Option<f64> {
        let better = better(j);
        let still = (0..step.len()).all(|i| step[i] > 0.0 || better[i] >= 0.0);
        let moving = (0..step.len()).filter(|&i| step[i] > 0.0);
        still.then(|| moving.map(|i| better[i] / step[i]).fold(f64::INFINITY, f64::min))
    };
    let others = (0..reference.count()).filter(|&j| standing.skip() != Some(j));
    let tried: Vec<(usize, f64)> = others.filter_map(|j| Some((j, reach(j)?))).collect();
    let best = tried.iter().map(|t| t.1).max_by(f64::total_cmp).ok_or_else(|| NoScore::new(Status::Infeasible))?;
    let left = |j: usize| -> Vec<f64> { better(j).iter().zip(step).map(|(b, g)| (b - best * g).max(0.0)).collect() };
    let equals = tried.iter().filter(|t| t.1 >= best - SAME * (1.0 + best.abs())).map(|&(j, _)| (j, left(j)));
    let size = |slacks: &[f64]| slacks.iter().sum::<f64>();
    let (peer, slacks) = equals
        .reduce(|a, b| if size(&b.1) > size(&a.1) { b } else { a })
        .ok_or_else(|| NoScore::new(Status::Infeasible))?;
    Ok((peer, best, slacks))
}
