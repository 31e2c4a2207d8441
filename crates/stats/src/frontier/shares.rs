//! The slacks-based measure of a whole of parts, periods or stages: the ratio of two weighted sums.
//!
//! ```text
//! min ρ = Σ_k w_k N_k / Σ_k w_k D_k     N_k = 1 - Σ share s    D_k = 1 + Σ share s
//! ```
//!
//! over the slacks s of a program, each of which is an excess or a shortfall of one part, or counts nowhere. ρ is the
//! minimum exactly if min Σ w N - ρ Σ w D = 0 (Dinkelbach 1967): each step is one linear program at the last ratio and
//! from the last basis, and the certificate of the last one proves ρ.

use super::dea::technology::{NoScore, Scored, certified};
use crate::math::lp::{Program, Solution, Variable};

/// Ratios this close, relative to their size, are equal.
const SAME: f64 = 1e-14;
/// Dinkelbach steps; the rate is superlinear, more are never seen.
const STEPS: usize = 50;

/// A ratio this close to one is one: the certificate does not tell them apart.
const EFFICIENT: f64 = 1e-10;

/// Where a slack counts, and for how much a unit of it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Share {
    /// Lowers N of a part.
    Excess { part: usize, share: f64 },
    /// Raises D of a part.
    Shortfall { part: usize, share: f64 },
    /// Nowhere.
    None,
}

/// ρ, and N/D of each part at the optimum that attains it.
pub(super) struct Split {
    pub(super) overall: f64,
    pub(super) parts: Vec<f64>,
}

/// Smallest ratio over `program`, whose slacks count by `shares` and whose parts by `weights`. It must be feasible without
/// slacks; `start` guesses a basis.
pub(super) fn minimize(
    program: &mut Program,
    shares: &[Share],
    weights: &[f64],
    start: Vec<Variable>,
) -> Scored<Split> {
    let (mut ratio, mut basis) = (1.0, start);
    for _ in 0..STEPS {
        for (row, share) in program.rows.iter_mut().zip(shares) {
            row.slack_cost = match *share {
                Share::Excess { part, share } => -weights[part] * share,
                Share::Shortfall { part, share } => -ratio * weights[part] * share,
                Share::None => 0.0,
            };
        }
        // Where a good guess leads through too many degenerate steps, no guess may not.
        let solution = certified(program, &basis).or_else(|_| certified(program, &[]))?;
        let (N, D) = parts(shares, weights.len(), &solution);
        let sum = |values: &[f64]| values.iter().zip(weights).map(|(v, w)| v * w).sum::<f64>();
        let next = sum(&N) / sum(&D);
        if next >= ratio * (1.0 - SAME) {
            let clean = |ratio: f64| if ratio >= 1.0 - EFFICIENT { 1.0 } else { ratio };
            let parts = N.iter().zip(&D).map(|(n, d)| clean(n / d)).collect();
            return Ok(Split { overall: clean(ratio), parts });
        }
        (ratio, basis) = (next, solution.basis);
    }
    Err(NoScore::refused(format!("the ratio still fell after {STEPS} steps")))
}

/// N and D of each part at a solution.
fn parts(shares: &[Share], count: usize, solution: &Solution) -> (Vec<f64>, Vec<f64>) {
    let (mut N, mut D) = (vec![1.0; count], vec![1.0; count]);
    for (share, slack) in shares.iter().zip(&solution.slack) {
        match *share {
            Share::Excess { part, share } => N[part] -= share * slack,
            Share::Shortfall { part, share } => D[part] += share * slack,
            Share::None => {}
        }
    }
    (N, D)
}
