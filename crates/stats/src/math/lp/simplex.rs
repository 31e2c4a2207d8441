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
/// Prices that a new inverse moves by less, relative to the largest, are the same.
const SETTLED: f64 = 1e-13;
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
    /// Whether own variable k, or the slack of row i at k + i, is basic.
    pub(super) is_basic: Vec<bool>,
    rhs: Vec<f64>,
    cost_scale: f64,
    pub(super) largest_cost: f64,
    pub(super) basis: Vec<Variable>,
    /// By position in the basis: value, bounds, cost, and the factor to the measure of a basic variable.
    x: Vec<f64>,
    bounds: Vec<(f64, f64)>,
    costs: Vec<f64>,
    norm: Vec<f64>,
    /// B⁻¹, m × m, row by row.
    inverse: Vec<f64>,
    steps_since_refresh: usize,
    /// Prices of the rows, and the same for columns before the second row scale.
    prices: Vec<f64>,
    pub(super) by_row: Vec<f64>,
    /// Room for B and its elimination, m × m each.
    matrix: Vec<f64>,
    work: Vec<f64>,
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
            is_basic: vec![false; k + m],
            cost_scale: 1.0,
            largest_cost: 0.0,
            basis: start.to_vec(),
            x: vec![0.0; m],
            bounds: vec![(0.0, f64::INFINITY); m],
            costs: vec![0.0; m],
            norm: vec![1.0; m],
            inverse: vec![0.0; m * m],
            steps_since_refresh: 0,
            prices: vec![0.0; m],
            by_row: vec![0.0; m],
            matrix: vec![0.0; m * m],
            work: vec![0.0; m * m],
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

    /// Place of an own variable or a slack in `is_basic`.
    pub(super) fn place(&self, v: Variable) -> Option<usize> {
        match v {
            Variable::Shared(_) => None,
            Variable::Own(k) => Some(k),
            Variable::Slack(i) => Some(self.program.own.len() + i),
        }
    }

    /// Puts `v` at a position of the basis, `norm` being the size of its column.
    fn enter(&mut self, position: usize, v: Variable, norm: f64) {
        self.basis[position] = v;
        self.norm[position] = norm;
        self.bounds[position] = self.bounds(v);
        self.costs[position] = self.cost(v) / norm;
        if let Some(place) = self.place(v) {
            self.is_basic[place] = true;
        }
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
        let (mut B, mut work) = (std::mem::take(&mut self.matrix), std::mem::take(&mut self.work));
        let mut column = vec![0.0; m];
        self.is_basic.fill(false);
        for p in 0..m {
            let v = self.basis[p];
            let norm = self.column(v, &mut column);
            self.enter(p, v, norm);
            (0..m).for_each(|i| B[i * m + p] = column[i]);
        }
        work.copy_from_slice(&B);
        let regular = invert(&mut work, &mut self.inverse, m);
        if regular {
            let mut rhs = self.rhs.clone();
            for k in (0..self.program.own.len()).filter(|&k| !self.is_basic[k]) {
                let rest = self.rest(Variable::Own(k));
                if rest != 0.0 {
                    (0..m).for_each(|i| rhs[i] -= rest * self.own[k * m + i]);
                }
            }
            let product = |A: &[f64], v: &[f64], p: usize| -> f64 { (0..m).map(|i| A[p * m + i] * v[i]).sum() };
            (0..m).for_each(|p| self.x[p] = product(&self.inverse, &rhs, p));
            // One step of refinement: the residual of the equations, solved again.
            (0..m).for_each(|i| column[i] = rhs[i] - product(&B, &self.x, i));
            (0..m).for_each(|p| self.x[p] += product(&self.inverse, &column, p));
            self.steps_since_refresh = 0;
        }
        (self.matrix, self.work) = (B, work);
        regular
    }

    /// How far basic variable p is below (negative) or above (positive) its bounds, beyond the tolerance.
    fn violation(&self, p: usize) -> f64 {
        let ((lower, upper), x) = (self.bounds[p], self.x[p]);
        match () {
            () if x < lower - FEASIBLE => x - lower,
            () if x > upper + FEASIBLE => x - upper,
            () => 0.0,
        }
    }

    /// Prices of the rows: of the infeasibilities while there are some, of the costs afterwards.
    fn reprice(&mut self, infeasible: bool) {
        let m = self.m;
        self.prices.fill(0.0);
        for p in 0..m {
            let violation = if infeasible { self.violation(p) } else { 0.0 };
            let cost = if infeasible { violation.signum() * f64::from(violation != 0.0) } else { self.costs[p] };
            if cost != 0.0 {
                let row = &self.inverse[p * m..(p + 1) * m];
                self.prices.iter_mut().zip(row).for_each(|(price, a)| *price += cost * a);
            }
        }
        (0..m).for_each(|i| self.by_row[i] = self.prices[i] / self.rho[i]);
    }

    fn run(mut self) -> Solution {
        let m = self.m;
        let limit = 500 + 50 * (m + self.program.own.len());
        let (mut degenerate, mut restarted) = (0, false);
        let (mut w, mut column) = (vec![0.0; m], vec![0.0; m]);
        // Prices under which nothing could enter, whether they were those of infeasibilities.
        let mut priced_out: Option<(Vec<f64>, bool)> = None;
        for steps in 0..limit {
            if self.steps_since_refresh >= REFRESH && !self.refresh() {
                // Only rounding can make a basis singular on the way: begin anew, once.
                if std::mem::replace(&mut restarted, true) {
                    return self.solution(Status::Stalled, steps);
                }
                self.slack_basis();
            }
            let infeasible = (0..m).any(|p| self.violation(p) != 0.0);
            self.reprice(infeasible);
            let bland = degenerate > 2 * m + 10;
            let settled = priced_out.take().is_some_and(|(before, phase)| phase == infeasible && self.settled(&before));
            let entering = if settled { None } else { self.price(&self.prices, infeasible, bland) };
            let Some(entering) = entering else {
                if self.steps_since_refresh > 0 {
                    self.steps_since_refresh = REFRESH;
                    priced_out = Some((self.prices.clone(), infeasible));
                    continue;
                }
                return self.solution(if infeasible { Status::Infeasible } else { Status::Optimal }, steps);
            };
            let norm = self.column(entering.variable, &mut column);
            for p in 0..m {
                w[p] = self.inverse[p * m..(p + 1) * m].iter().zip(&column).map(|(a, c)| a * c).sum();
            }
            match self.ratio(&entering, &w, bland) {
                Leaving::None if self.steps_since_refresh > 0 => self.steps_since_refresh = REFRESH,
                Leaving::None => return self.solution(Status::Unbounded, steps),
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
        self.solution(Status::Stalled, limit)
    }

    /// Whether the prices are those of `before` but for rounding, so that they need not be tried on all columns again.
    fn settled(&self, before: &[f64]) -> bool {
        let largest = before.iter().fold(0.0, |a: f64, p| a.max(p.abs()));
        self.prices.iter().zip(before).all(|(p, q)| (p - q).abs() <= SETTLED * largest)
    }

    /// Where basic variable p stops while the entering one moves and it changes at `rate`: the step, and whether that is
    /// its upper bound.
    fn stops(&self, p: usize, rate: f64) -> Option<(f64, bool)> {
        if rate.abs() <= PIVOT {
            return None;
        }
        let ((lower, upper), violation, x) = (self.bounds[p], self.violation(p), self.x[p]);
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
    }

    /// How far the entering variable can go, and what stops it.
    fn ratio(&self, entering: &Entering, w: &[f64], bland: bool) -> Leaving {
        let stops = |p: usize| self.stops(p, -entering.direction * w[p]);
        let (lower, upper) = self.bounds(entering.variable);
        let least = (0..self.m).filter_map(|p| stops(p).map(|b| b.0)).fold(f64::INFINITY, f64::min);
        if upper - lower <= least && (upper - lower).is_finite() {
            return Leaving::Flip(upper - lower);
        }
        let mut leaving = Leaving::None;
        let mut chosen: Option<usize> = None;
        for p in 0..self.m {
            let Some((step, is_upper)) = stops(p).filter(|b| b.0 <= least + TIE * (1.0 + least)) else { continue };
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
        let leaving = self.basis[at];
        if let Variable::Own(k) = leaving {
            self.at_upper[k] = upper;
        }
        if let Some(place) = self.place(leaving) {
            self.is_basic[place] = false;
        }
        self.enter(at, entering.variable, norm);
        self.x[at] = value;
        let (before, rest) = self.inverse.split_at_mut(at * m);
        let (row, after) = rest.split_at_mut(m);
        row.iter_mut().for_each(|a| *a /= w[at]);
        let others = before.chunks_exact_mut(m).zip(&w[..at]).chain(after.chunks_exact_mut(m).zip(&w[at + 1..]));
        for (other, w) in others.filter(|(_, w)| **w != 0.0) {
            other.iter_mut().zip(&*row).for_each(|(a, r)| *a -= w * r);
        }
        self.steps_since_refresh += 1;
    }

    /// Back to the units of the program.
    fn solution(self, status: Status, steps: usize) -> Solution {
        let (p, R) = (self.program, &self.program.columns.row_scale);
        let mut shared = Vec::new();
        let mut own: Vec<f64> = (0..p.own.len()).map(|k| self.rest(Variable::Own(k)) * self.own_scale[k]).collect();
        let mut slack = vec![0.0; self.m];
        for (position, (&v, &x)) in self.basis.iter().zip(&self.x).enumerate() {
            // Within the tolerance a bound is met; what lies outside, or is this small, is rounding.
            let (lower, upper) = self.bounds[position];
            let x = if status == Status::Optimal { x.max(lower).min(upper) } else { x };
            let x = if x.abs() < NOTHING { 0.0 } else { x };
            match v {
                Variable::Shared(j) => shared.push((j, x / self.norm[position] * p.columns.column_scale[j])),
                Variable::Own(k) => own[k] = x * self.own_scale[k],
                Variable::Slack(i) => slack[i] = x * self.rho[i] / R[i],
            }
        }
        shared.sort_by_key(|&(j, _)| j);
        let objective = shared.iter().map(|&(j, x)| p.cost.get(j).map_or(0.0, |c| c * x)).sum::<f64>()
            + p.own.iter().zip(&own).map(|(o, x)| o.cost * x).sum::<f64>()
            + p.rows.iter().zip(&slack).map(|(r, s)| r.slack_cost * s).sum::<f64>();
        let unscale = if status == Status::Infeasible { 1.0 } else { 1.0 / self.cost_scale };
        let rounding = NOTHING * self.prices.iter().fold(0.0, |a: f64, y| a.max(y.abs()));
        let price = |y: f64| if y.abs() <= rounding { 0.0 } else { y * unscale };
        let dual = (0..self.m).map(|i| price(self.prices[i]) * R[i] / self.rho[i]).collect();
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
