//! The smallest ratio of two affine functions over the combinations of a reference.
//!
//! ```text
//! min N/D   s.t.  the rows of the program,      N = n₀ + n's + ν'o,   D = d₀ + d's + δ'o > 0
//! ```
//!
//! ρ is the minimum exactly if min N - ρD = 0 (Dinkelbach 1967). Each step solves that linear program at the last ratio,
//! from the last basis, and takes the ratio at its optimum; the ratios fall faster than geometrically, so three to five
//! programs are enough. The certificate of the last one proves ρ: no feasible point has a smaller ratio. Unlike the
//! transformation of Charnes and Cooper (1962) this needs no further row or column.
//!
//! Points with D ≤ 0 need no constraint as long as N > 0 there: N - ρD is then positive, and never the minimum.
//!
//! W. Dinkelbach (1967), "On nonlinear fractional programming", Management Science 13(7).

use super::technology::{NoScore, Scored, Technology, proven};
use crate::frontier::Status;
use crate::math::lp::{self, Program, Solution, Variable, solve};

/// Ratios this close, relative to their size, are equal.
const SAME: f64 = 1e-14;
/// Dinkelbach steps; the rate is superlinear, more are never seen.
const STEPS: usize = 50;

/// An affine function of the slacks and own variables of a program; missing coefficients at the end are zero.
#[derive(Debug, Clone, Default)]
pub struct Affine {
    /// Constant.
    pub constant: f64,
    /// Coefficients of slacks.
    pub slack: Vec<f64>,
    /// Coefficients of own variables.
    pub own: Vec<f64>,
}

impl Affine {
    /// Value at a solution.
    pub fn at(&self, solution: &Solution) -> f64 {
        let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        self.constant + product(&self.slack, &solution.slack) + product(&self.own, &solution.own)
    }
}

/// Smallest N/D with D > 0 over `program`, whose costs are overwritten; `start` guesses a basis.
///
/// Infeasible when no point has D > 0.
pub fn minimize(
    technology: &Technology,
    program: &mut Program,
    start: &[Variable],
    N: &Affine,
    D: &Affine,
) -> Scored<(f64, Solution)> {
    // One is attained by the unit itself; where it is not, the first step finds a ratio that is.
    let (mut ratio, mut attained) = (1.0, false);
    let mut basis = start.to_vec();
    for _ in 0..STEPS {
        price(program, |N, D| N - ratio * D, N, D);
        let mut solution = solve(program, &basis);
        if solution.status != lp::Status::Optimal {
            proven(program, solution)?;
            return Err(NoScore::new(Status::Unbounded));
        }
        if D.at(&solution) <= 0.0 {
            price(program, |_, D| -D, N, D);
            solution = technology.solve(program, &solution.basis)?;
            if D.at(&solution) <= 0.0 {
                return Err(NoScore::new(Status::Infeasible));
            }
            (ratio, attained, basis) = (N.at(&solution) / D.at(&solution), true, solution.basis);
            continue;
        }
        let next = N.at(&solution) / D.at(&solution);
        if (next - ratio).abs() <= SAME * ratio.abs() || (attained && next > ratio) {
            return Ok((next.min(ratio), proven(program, solution)?));
        }
        (ratio, attained, basis) = (next, true, solution.basis);
    }
    Err(NoScore::refused(format!("the ratio still fell after {STEPS} steps")))
}

/// Sets the costs of slacks and own variables to `mix` of their coefficients in N and D.
fn price(program: &mut Program, mix: impl Fn(f64, f64) -> f64, N: &Affine, D: &Affine) {
    let of = |list: &[f64], i: usize| list.get(i).copied().unwrap_or(0.0);
    for (i, row) in program.rows.iter_mut().enumerate() {
        row.slack_cost = mix(of(&N.slack, i), of(&D.slack, i));
    }
    for (k, own) in program.own.iter_mut().enumerate() {
        own.cost = mix(of(&N.own, k), of(&D.own, k));
    }
}
