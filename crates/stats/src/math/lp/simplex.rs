//! The simplex itself. All of its arithmetic is in scaled terms: `new` is the way there, `solution` the way back.

use super::{Columns, Program, Sense, Solution, Status, Variable, reciprocal};

/// Steps between two computations of the inverse from scratch.
pub const REFRESH: usize = 40;

/// Basic values may violate their bounds by this much, in row units of order one.
const FEASIBLE: f64 = 1e-10;
/// Smallest pivot, relative to columns of largest entry one.
const PIVOT: f64 = 1e-9;
/// Values below this are rounding, in row units of order one; so are prices, relative to the largest.
const NOTHING: f64 = 1e-14;
/// Ratios this close are equal.
const TIE: f64 = 1e-12;

/// Minimizes `program`, from the basis `start` (m variables; empty: all slacks).
pub fn solve(program: &Program, start: &[Variable]) -> Solution {
    Simplex::new(program, start).run()
}

/// State of one run. A basic variable is measured so that the largest entry of its column is one.
pub(super) struct Simplex<'a> {
    pub(super) program: &'a Program<'a>,
    pub(super) columns: &'a Columns,
    pub(super) m: usize,
    pub(super) n: usize,
    /// Second row scale: scaled row = R / rho.
    pub(super) rho: Vec<f64>,
    /// Own columns, scaled by rows and to largest entry one, k × m.
    pub(super) own: Vec<f64>,
    own_scale: Vec<f64>,
    /// Whether own variable k rests at its upper bound while it is nonbasic.
    pub(super) at_upper: Vec<bool>,
    rhs: Vec<f64>,
    cost_scale: f64,
    pub(super) largest_cost: f64,
    pub(super) basis: Vec<Variable>,
    /// Factor to the measure of the basic variables.
    norm: Vec<f64>,
    /// B⁻¹, m × m, row by row.
    inverse: Vec<f64>,
    x: Vec<f64>,
    steps_since_refresh: usize,
}

/// The variable that enters, and whether it grows or falls.
pub(super) struct Entering {
    pub(super) variable: Variable,
    pub(super) direction: f64,
}

/// What stops it.
enum Leaving {
    /// Nothing.
    None,
    /// Its own other bound.
    Flip(f64),
    /// Basic variable at this position, at its upper bound or not, after this step.
    Basic(usize, bool, f64),
}

impl<'a> Simplex<'a> {
    fn new(program: &'a Program<'a>, start: &[Variable]) -> Self {
        let (m, n, k) = (program.columns.rows, program.columns.count, program.own.len());
        let R = &program.columns.row_scale;
        let rho: Vec<f64> = (0..m)
            .map(|i| {
                let own = program.own.iter().map(|o| o.column[i].abs());
                let largest = own.fold(program.rows[i].rhs.abs(), f64::max) * R[i];
                if largest > 0.0 { largest } else { 1.0 }
            })
            .collect();
        let mut own = vec![0.0; k * m];
        let mut own_scale = vec![1.0; k];
        for (k, o) in program.own.iter().enumerate() {
            let column = &mut own[k * m..(k + 1) * m];
            for i in 0..m {
                column[i] = o.column[i] * R[i] / rho[i];
            }
            own_scale[k] = reciprocal(column.iter().fold(0.0, |a: f64, v| a.max(v.abs())));
            column.iter_mut().for_each(|v| *v *= own_scale[k]);
        }
        let mut simplex = Simplex {
            program,
            columns: program.columns,
            m,
            n,
            rhs: (0..m).map(|i| program.rows[i].rhs * R[i] / rho[i]).collect(),
            rho,
            own,
            own_scale,
            at_upper: program.own.iter().map(|o| o.lower.is_infinite() && o.upper.is_finite()).collect(),
            cost_scale: 1.0,
            largest_cost: 0.0,
            basis: start.to_vec(),
            norm: vec![1.0; m],
            inverse: vec![0.0; m * m],
            x: vec![0.0; m],
            steps_since_refresh: 0,
        };
        let shared = program.cost.iter().zip(&program.columns.column_scale).map(|(c, s)| c * s);
        let others = (0..k).map(Variable::Own).chain((0..m).map(Variable::Slack)).map(|v| simplex.cost(v));
        let largest = shared.chain(others).fold(0.0, |a: f64, c| a.max(c.abs()));
        simplex.cost_scale = reciprocal(largest);
        simplex.largest_cost = if largest > 0.0 { 1.0 } else { 0.0 };
        if start.len() != m || !simplex.refresh() {
            simplex.slack_basis();
        }
        simplex
    }

    fn slack_basis(&mut self) {
        self.basis = (0..self.m).map(Variable::Slack).collect();
        self.refresh();
    }

    /// Cost, before a basic variable's own measure.
    pub(super) fn cost(&self, v: Variable) -> f64 {
        let (p, R) = (self.program, &self.program.columns.row_scale);
        let cost = match v {
            Variable::Shared(j) => p.cost.get(j).map_or(0.0, |c| c * p.columns.column_scale[j]),
            Variable::Own(k) => p.own[k].cost * self.own_scale[k],
            Variable::Slack(i) => p.rows[i].slack_cost * self.rho[i] / R[i],
        };
        cost * self.cost_scale
    }

    /// Lower and upper bound in the measure of a basic variable (shared and slack: zero and infinity at any measure).
    pub(super) fn bounds(&self, v: Variable) -> (f64, f64) {
        match v {
            Variable::Shared(_) => (0.0, f64::INFINITY),
            Variable::Own(k) => {
                (self.program.own[k].lower / self.own_scale[k], self.program.own[k].upper / self.own_scale[k])
            }
            Variable::Slack(i) if self.program.rows[i].sense == Sense::Equal => (0.0, 0.0),
            Variable::Slack(_) => (0.0, f64::INFINITY),
        }
    }

    /// Where a nonbasic variable rests.
    fn rest(&self, v: Variable) -> f64 {
        match (v, self.bounds(v)) {
            (Variable::Own(k), (_, upper)) if self.at_upper[k] => upper,
            (_, (lower, _)) if lower.is_finite() => lower,
            _ => 0.0,
        }
    }

    /// Writes the column of `v` with largest entry one into `out`, m; returns what it was multiplied by, inverted.
    fn column(&self, v: Variable, out: &mut [f64]) -> f64 {
        match v {
            Variable::Shared(j) => {
                let mut norm: f64 = 0.0;
                for i in 0..self.m {
                    out[i] = self.columns.scaled[i * self.n + j] / self.rho[i];
                    norm = norm.max(out[i].abs());
                }
                let shrink = reciprocal(norm);
                out.iter_mut().for_each(|v| *v *= shrink);
                1.0 / shrink
            }
            Variable::Own(k) => {
                out.copy_from_slice(&self.own[k * self.m..(k + 1) * self.m]);
                1.0
            }
            Variable::Slack(i) => {
                out.fill(0.0);
                out[i] = self.program.rows[i].sign();
                1.0
            }
        }
    }

    /// Recomputes inverse and basic values; false when the basis is singular.
    fn refresh(&mut self) -> bool {
        let m = self.m;
        let mut B = vec![0.0; m * m];
        let mut column = vec![0.0; m];
        for p in 0..m {
            self.norm[p] = self.column(self.basis[p], &mut column);
            for i in 0..m {
                B[i * m + p] = column[i];
            }
        }
        let mut work = B.clone();
        if !invert(&mut work, &mut self.inverse, m) {
            return false;
        }
        let mut rhs = self.rhs.clone();
        for k in 0..self.program.own.len() {
            let v = Variable::Own(k);
            let rest = self.rest(v);
            if rest != 0.0 && !self.basis.contains(&v) {
                (0..m).for_each(|i| rhs[i] -= rest * self.own[k * m + i]);
            }
        }
        let product = |A: &[f64], v: &[f64], p: usize| -> f64 { (0..m).map(|i| A[p * m + i] * v[i]).sum() };
        self.x = (0..m).map(|p| product(&self.inverse, &rhs, p)).collect();
        // One step of refinement: the residual of the equations, solved again.
        let residual: Vec<f64> = (0..m).map(|i| rhs[i] - product(&B, &self.x, i)).collect();
        for p in 0..m {
            self.x[p] += product(&self.inverse, &residual, p);
        }
        self.steps_since_refresh = 0;
        true
    }

    /// How far basic variable p is below (negative) or above (positive) its bounds, beyond the tolerance.
    fn violation(&self, p: usize) -> f64 {
        let (lower, upper) = self.bounds(self.basis[p]);
        let x = self.x[p];
        match () {
            () if x < lower - FEASIBLE => x - lower,
            () if x > upper + FEASIBLE => x - upper,
            () => 0.0,
        }
    }

    fn run(mut self) -> Solution {
        let m = self.m;
        let limit = 500 + 50 * (m + self.program.own.len());
        let (mut degenerate, mut restarted) = (0, false);
        let (mut prices, mut w, mut column) = (vec![0.0; m], vec![0.0; m], vec![0.0; m]);
        for steps in 0..limit {
            if self.steps_since_refresh >= REFRESH && !self.refresh() {
                // Only rounding can make a basis singular on the way: begin anew, once.
                if std::mem::replace(&mut restarted, true) {
                    return self.solution(Status::Stalled, prices, steps);
                }
                self.slack_basis();
            }
            let infeasible = (0..m).any(|p| self.violation(p) != 0.0);
            prices.fill(0.0);
            for p in 0..m {
                let cost = match infeasible {
                    true => self.violation(p).signum() * f64::from(self.violation(p) != 0.0),
                    false => self.cost(self.basis[p]) / self.norm[p],
                };
                if cost != 0.0 {
                    (0..m).for_each(|i| prices[i] += cost * self.inverse[p * m + i]);
                }
            }
            let bland = degenerate > 2 * m + 10;
            let Some(entering) = self.price(&prices, infeasible, bland) else {
                if self.steps_since_refresh > 0 {
                    self.steps_since_refresh = REFRESH;
                    continue;
                }
                return self.solution(if infeasible { Status::Infeasible } else { Status::Optimal }, prices, steps);
            };
            let norm = self.column(entering.variable, &mut column);
            for p in 0..m {
                w[p] = (0..m).map(|i| self.inverse[p * m + i] * column[i]).sum();
            }
            match self.ratio(&entering, &w, bland) {
                Leaving::None if self.steps_since_refresh > 0 => self.steps_since_refresh = REFRESH,
                Leaving::None => return self.solution(Status::Unbounded, prices, steps),
                Leaving::Flip(step) => {
                    (0..m).for_each(|p| self.x[p] -= entering.direction * step * w[p]);
                    if let Variable::Own(k) = entering.variable {
                        self.at_upper[k] = !self.at_upper[k];
                    }
                    degenerate = 0;
                }
                Leaving::Basic(at, upper, step) => {
                    degenerate = if step > TIE { 0 } else { degenerate + 1 };
                    self.pivot(&entering, &w, norm, at, upper, step);
                }
            }
        }
        self.solution(Status::Stalled, prices, limit)
    }

    /// How far the entering variable can go, and what stops it.
    fn ratio(&self, entering: &Entering, w: &[f64], bland: bool) -> Leaving {
        let blocks = |p: usize| -> Option<(f64, bool)> {
            let rate = -entering.direction * w[p];
            if rate.abs() <= PIVOT {
                return None;
            }
            let (lower, upper) = self.bounds(self.basis[p]);
            let (violation, x) = (self.violation(p), self.x[p]);
            // An infeasible variable stops where it becomes feasible, and nowhere on the way further out.
            let (bound, is_upper) = match (rate > 0.0, violation) {
                (true, v) if v < 0.0 => (lower, false),
                (true, v) if v > 0.0 => return None,
                (true, _) => (upper, true),
                (false, v) if v > 0.0 => (upper, true),
                (false, v) if v < 0.0 => return None,
                (false, _) => (lower, false),
            };
            bound.is_finite().then(|| (((bound - x) / rate).max(0.0), is_upper))
        };
        let (lower, upper) = self.bounds(entering.variable);
        let least = (0..self.m).filter_map(|p| blocks(p).map(|b| b.0)).fold(f64::INFINITY, f64::min);
        if upper - lower <= least && (upper - lower).is_finite() {
            return Leaving::Flip(upper - lower);
        }
        let mut leaving = Leaving::None;
        let mut chosen: Option<usize> = None;
        for p in 0..self.m {
            let Some((step, is_upper)) = blocks(p).filter(|b| b.0 <= least + TIE * (1.0 + least)) else { continue };
            let better = chosen.is_none_or(|q| {
                let lower_index = self.basis[p] < self.basis[q];
                if bland { lower_index } else { w[p].abs() > w[q].abs() || (w[p].abs() == w[q].abs() && lower_index) }
            });
            if better {
                chosen = Some(p);
                leaving = Leaving::Basic(p, is_upper, step);
            }
        }
        leaving
    }

    fn pivot(&mut self, entering: &Entering, w: &[f64], norm: f64, at: usize, upper: bool, step: f64) {
        let m = self.m;
        let value = self.rest(entering.variable) + entering.direction * step;
        for p in 0..m {
            self.x[p] -= entering.direction * step * w[p];
        }
        if let Variable::Own(k) = self.basis[at] {
            self.at_upper[k] = upper;
        }
        self.basis[at] = entering.variable;
        self.norm[at] = norm;
        self.x[at] = value;
        for i in 0..m {
            self.inverse[at * m + i] /= w[at];
        }
        for p in (0..m).filter(|&p| p != at) {
            for i in 0..m {
                self.inverse[p * m + i] -= w[p] * self.inverse[at * m + i];
            }
        }
        self.steps_since_refresh += 1;
    }

    /// Back to the units of the program.
    fn solution(self, status: Status, prices: Vec<f64>, steps: usize) -> Solution {
        let (p, R) = (self.program, &self.program.columns.row_scale);
        let mut shared = Vec::new();
        let mut own: Vec<f64> = (0..p.own.len()).map(|k| self.rest(Variable::Own(k)) * self.own_scale[k]).collect();
        let mut slack = vec![0.0; self.m];
        for (&v, &x) in self.basis.iter().zip(&self.x) {
            // Within the tolerance a bound is met; what lies outside, or is this small, is rounding.
            let (lower, upper) = self.bounds(v);
            let x = if status == Status::Optimal { x.max(lower).min(upper) } else { x };
            let x = if x.abs() < NOTHING { 0.0 } else { x };
            match v {
                Variable::Shared(j) => {
                    let norm = self.norm[self.basis.iter().position(|&b| b == v).unwrap_or(0)];
                    shared.push((j, x / norm * p.columns.column_scale[j]));
                }
                Variable::Own(k) => own[k] = x * self.own_scale[k],
                Variable::Slack(i) => slack[i] = x * self.rho[i] / R[i],
            }
        }
        shared.sort_by_key(|&(j, _)| j);
        let objective = shared.iter().map(|&(j, x)| p.cost.get(j).map_or(0.0, |c| c * x)).sum::<f64>()
            + p.own.iter().zip(&own).map(|(o, x)| o.cost * x).sum::<f64>()
            + p.rows.iter().zip(&slack).map(|(r, s)| r.slack_cost * s).sum::<f64>();
        let unscale = if status == Status::Infeasible { 1.0 } else { 1.0 / self.cost_scale };
        let rounding = NOTHING * prices.iter().fold(0.0, |a: f64, y| a.max(y.abs()));
        let price = |y: f64| if y.abs() <= rounding { 0.0 } else { y * unscale };
        let dual = (0..self.m).map(|i| price(prices[i]) * R[i] / self.rho[i]).collect();
        Solution { status, objective, shared, own, slack, dual, basis: self.basis, steps }
    }
}

/// Inverse of `work` (m × m, overwritten) by Gauss-Jordan with partial pivoting; false when singular.
fn invert(work: &mut [f64], inverse: &mut [f64], m: usize) -> bool {
    inverse.fill(0.0);
    (0..m).for_each(|i| inverse[i * m + i] = 1.0);
    for c in 0..m {
        let mut at = c;
        for i in c + 1..m {
            if work[i * m + c].abs() > work[at * m + c].abs() {
                at = i;
            }
        }
        if work[at * m + c].abs() < 1e-12 {
            return false;
        }
        if at != c {
            (0..m).for_each(|j| {
                work.swap(at * m + j, c * m + j);
                inverse.swap(at * m + j, c * m + j);
            });
        }
        let pivot = 1.0 / work[c * m + c];
        (0..m).for_each(|j| {
            work[c * m + j] *= pivot;
            inverse[c * m + j] *= pivot;
        });
        for i in (0..m).filter(|&i| i != c) {
            let factor = work[i * m + c];
            if factor != 0.0 {
                for j in 0..m {
                    work[i * m + j] -= factor * work[c * m + j];
                    inverse[i * m + j] -= factor * inverse[c * m + j];
                }
            }
        }
    }
    true
}
