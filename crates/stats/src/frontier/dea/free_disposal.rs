//! The free disposal hull: a unit is measured against one other at a time, never against combinations.
//!
//! ```text
//! input:   θ = min_j max_i x_ji / x_oi   over the j that make at least y_o
//! output:  φ = max_j min_r y_jr / y_or   over the j that use at most x_o
//! along g: β = max_j min_i of (x_oi - x_ji)/g_i and (y_jr - y_or)/g_r   over the j no worse where g is zero
//! ```
//!
//! No program is solved: every unit is tried (Deprins, Simar and Tulkens 1984; Tulkens 1993), m + s operations each. The
//! target is the best unit; of several that are equally good, the one with the largest sum of slacks, then the first.

use super::directional::toward;
use super::technology::{NoScore, Scored, Standing};
use super::{Dea, Kind, Model, Orientation, Projection, Units};
use crate::frontier::Status;

/// Efficiencies this close are equal, relative to their size: quotients of the same data differ by rounding only.
const SAME: f64 = 1e-12;

/// Radial scores against single units.
pub struct FreeDisposal {
    reference: Units,
    input: bool,
    slacks: bool,
}

impl FreeDisposal {
    /// Of the units `reference`, with what `options` ask for.
    pub fn new(units: &Units, reference: &[usize], options: &Dea) -> Self {
        let input = options.orientation == Orientation::Input;
        FreeDisposal { reference: units.select(reference), input, slacks: options.slacks }
    }

    /// θ, or 1/φ, of `point` by unit j alone; none when j does not dominate it.
    fn efficiency(&self, point: &[f64], j: usize) -> Option<f64> {
        let (mut theta, mut phi) = (0.0f64, f64::INFINITY);
        for (i, kind) in self.reference.kinds().iter().enumerate() {
            let (own, other) = (point[i], self.reference.at(i, j));
            match (kind, self.input) {
                // Nothing cannot shrink to something.
                (Kind::Input, true) if own == 0.0 && other > 0.0 => return None,
                (Kind::Input, true) if own == 0.0 => {}
                (Kind::Input, true) => theta = theta.max(other / own),
                (Kind::Input, false) | (Kind::Bad, _) if other > own => return None,
                (Kind::Output, true) if other < own => return None,
                (Kind::Output, false) if own > 0.0 => phi = phi.min(other / own),
                _ => {}
            }
        }
        Some(if self.input { theta } else { 1.0 / phi })
    }

    /// What is left of the radial target when j has replaced it.
    fn slacks(&self, point: &[f64], efficiency: f64, j: usize) -> Vec<f64> {
        let (theta, phi) = if self.input { (efficiency, 1.0) } else { (1.0, 1.0 / efficiency) };
        let slack = |(i, kind): (usize, &Kind)| match kind {
            Kind::Output => (self.reference.at(i, j) - phi * point[i]).max(0.0),
            Kind::Input => (theta * point[i] - self.reference.at(i, j)).max(0.0),
            Kind::Bad => (point[i] - self.reference.at(i, j)).max(0.0),
        };
        self.reference.kinds().iter().enumerate().map(slack).collect()
    }
}

impl Model for FreeDisposal {
    fn project(&self, point: &[f64], standing: Standing) -> Scored<Projection> {
        let tried: Vec<(usize, f64)> = (0..self.reference.count())
            .filter(|&j| standing.skip() != Some(j))
            .filter_map(|j| Some((j, self.efficiency(point, j)?)))
            .collect();
        let best = match tried.iter().map(|t| t.1).min_by(f64::total_cmp) {
            None => return Err(NoScore::new(Status::Infeasible)),
            Some(best) if !best.is_finite() => return Err(NoScore::new(Status::Unbounded)),
            Some(best) => best,
        };
        let equals = tried.iter().filter(|t| t.1 <= best * (1.0 + SAME));
        let mut target: Option<(usize, Vec<f64>, f64)> = None;
        for &(j, _) in equals {
            let slacks = self.slacks(point, best, j);
            let sum = slacks.iter().sum();
            if target.as_ref().is_none_or(|t| sum > t.2) {
                target = Some((j, slacks, sum));
            }
        }
        let Some((peer, slacks, _)) = target else { return Err(NoScore::new(Status::Infeasible)) };
        Ok(Projection {
            efficiency: best,
            score: if self.input { best } else { 1.0 / best },
            lambda: vec![(peer, 1.0)],
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
