//! The free disposal hull: a unit is measured against one other at a time, never against combinations.
//!
//! ```text
//! input:   θ = min_j max_i x_ji / x_oi   over the j that make at least y_o
//! output:  φ = max_j min_r y_jr / y_or   over the j that use at most x_o
//! ```
//!
//! No program is solved: every unit is tried (Deprins, Simar and Tulkens 1984; Tulkens 1993), m + s operations each. The
//! target is the best unit; of several that are equally good, the one with the largest sum of slacks, then the first.

use super::technology::NoScore;
use super::{Dea, Orientation, Peer, Slacks, Unit};
use crate::frontier::Status;
use crate::math::Mat;

/// Efficiencies this close are equal, relative to their size: quotients of the same data differ by rounding only.
const SAME: f64 = 1e-12;

/// Scores `own`, one of the rows `reference` of X (n × m) and Y (n × s).
pub(super) fn unit(X: &Mat<f64>, Y: &Mat<f64>, own: usize, reference: &[usize], options: &Dea) -> Unit {
    let input = options.orientation == Orientation::Input;
    let others = || reference.iter().copied().filter(|&j| !(options.super_efficiency && j == own));
    let efficiency = |j: usize| if input { theta(X, Y, own, j) } else { phi(X, Y, own, j).map(|phi| 1.0 / phi) };
    let none = |status| Unit::from(NoScore { status, reason: None });
    let best = match others().filter_map(efficiency).min_by(f64::total_cmp) {
        None => return none(Status::Infeasible),
        Some(best) if !best.is_finite() => return none(Status::Unbounded),
        Some(best) => best,
    };
    let slacks = |j: usize| -> Slacks {
        let (theta, phi) = if input { (best, 1.0) } else { (1.0, 1.0 / best) };
        let inputs: Vec<f64> = (0..X.ncols()).map(|i| (theta * X[(own, i)] - X[(j, i)]).max(0.0)).collect();
        let outputs: Vec<f64> = (0..Y.ncols()).map(|r| (Y[(j, r)] - phi * Y[(own, r)]).max(0.0)).collect();
        let sum = inputs.iter().chain(&outputs).sum();
        Slacks { inputs, outputs, sum }
    };
    let equal = others().filter(|&j| efficiency(j).is_some_and(|e| e <= best * (1.0 + SAME)));
    let target =
        equal.map(|j| (j, slacks(j))).reduce(|first, next| if next.1.sum > first.1.sum { next } else { first });
    let mut unit = none(Status::Optimal);
    (unit.efficiency, unit.score) = (Some(best), Some(if input { best } else { 1.0 / best }));
    if let Some((peer, slack)) = target {
        unit.peers = vec![Peer { unit: peer, lambda: 1.0 }];
        unit.slacks = options.slacks.then_some(slack);
    }
    unit
}

/// The factor by which `own` shrinks its inputs to those of `j`, when `j` makes at least its outputs.
fn theta(X: &Mat<f64>, Y: &Mat<f64>, own: usize, j: usize) -> Option<f64> {
    if (0..Y.ncols()).any(|r| Y[(j, r)] < Y[(own, r)]) {
        return None;
    }
    let mut theta = 0.0f64;
    for i in 0..X.ncols() {
        match X[(own, i)] {
            // Nothing cannot shrink to something.
            0.0 if X[(j, i)] > 0.0 => return None,
            0.0 => {}
            own => theta = theta.max(X[(j, i)] / own),
        }
    }
    Some(theta)
}

/// The factor by which `own` raises its outputs to those of `j`, when `j` uses at most its inputs.
fn phi(X: &Mat<f64>, Y: &Mat<f64>, own: usize, j: usize) -> Option<f64> {
    if (0..X.ncols()).any(|i| X[(j, i)] > X[(own, i)]) {
        return None;
    }
    let quotients = (0..Y.ncols()).filter(|&r| Y[(own, r)] > 0.0).map(|r| Y[(j, r)] / Y[(own, r)]);
    Some(quotients.fold(f64::INFINITY, f64::min))
}
