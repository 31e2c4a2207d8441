//! Independent proof of a verdict, from the data as they came: no scaling, no basis, no inverse.
//!
//! Weak duality: whatever the solver did, a primal point that meets the constraints, prices whose reduced costs have
//! the right signs, and equal objectives prove an optimum; multipliers under which the constraints contradict
//! each other (Farkas) prove infeasibility. Each residual is relative to the terms it is a difference of. A price
//! counts as at least its row's share of the objective (objective over size of the row), so that the rounding of a
//! price that ought to be zero is not compared with itself.

use super::wide::{BLOCK, reduce};
use super::{Program, Sense, Solution, Status};

/// Relative residuals of a verdict.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Certificate {
    /// Largest violation of a constraint or bound, relative to the terms of its row.
    pub primal: f64,
    /// Largest wrong-signed reduced cost, relative to the terms of its column.
    pub dual: f64,
    /// Difference of the two objectives, relative to their terms.
    pub gap: f64,
}

impl Certificate {
    /// Largest relative residual that still proves a number to nine digits.
    pub const TOLERANCE: f64 = 1e-9;

    /// Whether the verdict is proven.
    pub fn holds(&self) -> bool {
        [self.primal, self.dual, self.gap].iter().all(|&r| r <= Self::TOLERANCE)
    }

    const NONE: Certificate = Certificate { primal: f64::INFINITY, dual: f64::INFINITY, gap: f64::INFINITY };
}

/// Rounding of activities, relative to them, beside [`Certificate::TOLERANCE`]: together 1e-14.
const ROUNDING: f64 = 1e-5;

/// `x / scale`, with nothing over nothing being nothing.
fn relative(x: f64, scale: f64) -> f64 {
    if x == 0.0 { 0.0 } else { x.abs() / scale }
}

/// Checks `solution` against `program`. An unbounded or stalled run has no certificate (all infinite).
pub fn certify(program: &Program, solution: &Solution) -> Certificate {
    match solution.status {
        Status::Optimal => optimum(program, solution),
        Status::Infeasible => contradiction(program, solution),
        Status::Unbounded | Status::Stalled => Certificate::NONE,
    }
}

/// Largest violation of Σ_i price_i a_ij ≤ cost_j over the shared columns, relative to |cost_j| + Σ_i weight_i |a_ij|.
fn columns(program: &Program, prices: &[f64], weights: &[f64], cost: &[f64]) -> f64 {
    let (A, n) = (program.columns, program.columns.count);
    let cost = |j: usize| cost.get(j).map_or(0.0, |c| *c);
    let mut worst: f64 = 0.0;
    for from in (0..n).step_by(BLOCK) {
        let len = BLOCK.min(n - from);
        let mut d = [0.0; BLOCK];
        (0..len).for_each(|j| d[j] = cost(from + j));
        // The size of the terms matters only where the sign is wrong, which is rare.
        if reduce(&mut d, len, prices, &A.raw, n, from) >= 0.0 {
            continue;
        }
        for j in (0..len).filter(|&j| d[j] < 0.0 && program.skip != Some(from + j)) {
            let terms = weights.iter().enumerate().map(|(i, w)| w * A.at(i, from + j).abs());
            worst = worst.max(relative(d[j], cost(from + j).abs() + terms.sum::<f64>()));
        }
    }
    worst
}

fn optimum(program: &Program, solution: &Solution) -> Certificate {
    let (A, prices) = (program.columns, &solution.dual);
    let (mut sums, mut size) = (vec![0.0; A.rows], vec![0.0; A.rows]);
    for (i, row) in program.rows.iter().enumerate() {
        let shared = solution.shared.iter().map(|&(j, x)| A.at(i, j) * x);
        let own = program.own.iter().zip(&solution.own).map(|(o, x)| o.column[i] * x);
        let terms = shared.chain(own).chain([row.sign() * solution.slack[i], -row.rhs]);
        let (sum, absolute) = terms.fold((0.0, 0.0), |(s, a): (f64, f64), t| (s + t, a + t.abs()));
        (sums[i], size[i]) = (sum, absolute);
    }
    let negative = solution.shared.iter().any(|&(j, x)| x < 0.0 || program.skip == Some(j) && x != 0.0);
    let outside = program.own.iter().zip(&solution.own).any(|(o, &x)| x < o.lower || x > o.upper);

    let by_row = || prices.iter().zip(&program.rows).map(|(p, r)| p * r.rhs);
    let mut objective: f64 = by_row().sum();
    let mut terms: f64 = by_row().map(f64::abs).sum();
    let cost = |j: usize| program.cost.get(j).map_or(0.0, |c| *c);
    terms += solution.shared.iter().map(|&(j, x)| (cost(j) * x).abs()).sum::<f64>();
    terms += program.own.iter().zip(&solution.own).map(|(o, x)| (o.cost * x).abs()).sum::<f64>();
    terms += program.rows.iter().zip(&solution.slack).map(|(r, s)| (r.slack_cost * s).abs()).sum::<f64>();
    // Where the terms of a row are themselves rounding of the activities, what is left of them is not compared with them,
    // but with that rounding and with what the row can move in the objective, whichever is less.
    let activity: f64 = solution.shared.iter().map(|&(j, x)| x / A.column_scale[j]).sum();
    let scale = |i: usize| size[i].max((ROUNDING * activity / A.row_scale[i]).min(terms / prices[i].abs()));
    let mut primal = if negative || outside { f64::INFINITY } else { 0.0 };
    for (i, row) in program.rows.iter().enumerate() {
        let slack = if row.sense == Sense::Equal { solution.slack[i].abs() } else { -solution.slack[i].min(0.0) };
        primal = f64::max(primal, relative(sums[i], scale(i))).max(relative(slack, scale(i)));
    }
    let share: Vec<f64> =
        (0..A.rows).map(|i| terms * if size[i] > 0.0 { 1.0 / size[i] } else { A.row_scale[i] }).collect();
    let weights: Vec<f64> = prices.iter().zip(&share).map(|(p, s)| p.abs() + s).collect();
    let mut dual = columns(program, prices, &weights, program.cost);
    for o in &program.own {
        let d = o.cost - prices.iter().zip(&o.column).map(|(p, a)| p * a).sum::<f64>();
        let scale = o.cost.abs() + weights.iter().zip(&o.column).map(|(w, a)| w * a.abs()).sum::<f64>();
        let bound = if d > 0.0 { o.lower } else { o.upper };
        if bound.is_finite() {
            objective += d * bound;
            terms += (d * bound).abs();
        } else {
            dual = dual.max(relative(d, scale));
        }
    }
    for (i, row) in program.rows.iter().enumerate().filter(|(_, r)| r.sense != Sense::Equal) {
        let d = row.slack_cost - row.sign() * prices[i];
        if d < 0.0 {
            dual = dual.max(relative(d, row.slack_cost.abs() + share[i]));
        }
    }
    Certificate { primal, dual, gap: relative(objective - solution.objective, terms) }
}

/// Farkas: prices p with p'a_j ≤ 0 for all that may grow, and p'b above all that the rest can give. There is no
/// objective to compare with, so a price is weighed against the largest, each in the unit of its row.
fn contradiction(program: &Program, solution: &Solution) -> Certificate {
    let prices = &solution.dual;
    let biggest = prices.iter().zip(&program.columns.row_scale).fold(0.0, |a: f64, (p, r)| a.max(p.abs() / r));
    let weights: Vec<f64> = program.columns.row_scale.iter().map(|r| biggest * r).collect();
    let mut dual = columns(program, prices, &weights, &[]);
    let largest = prices.iter().zip(&program.rows).map(|(p, r)| (p * r.rhs).abs()).fold(0.0, f64::max);
    let mut excess: f64 = prices.iter().zip(&program.rows).map(|(p, r)| p * r.rhs).sum();
    for o in &program.own {
        let d: f64 = prices.iter().zip(&o.column).map(|(p, a)| p * a).sum();
        let scale: f64 = weights.iter().zip(&o.column).map(|(w, a)| w * a.abs()).sum();
        let bound = if d > 0.0 { o.upper } else { o.lower };
        match bound.is_finite() {
            true => excess -= d * bound,
            false => dual = dual.max(relative(d, scale)),
        }
    }
    for ((row, p), w) in program.rows.iter().zip(prices).zip(&weights).filter(|((r, _), _)| r.sense != Sense::Equal) {
        dual = dual.max(relative((p * row.sign()).max(0.0), *w));
    }
    // The contradiction must be clear of rounding; then nothing else has to be small.
    let clear = excess > 1e-9 * largest;
    Certificate { primal: 0.0, dual, gap: if clear { 0.0 } else { f64::INFINITY } }
}
