//! The reference technology as a family of linear programs: one column a unit, one program a score.

use super::{Disposability, Kind, Rts, Units};
use crate::frontier::Status;
use crate::math::lp::{self, Columns, Own, Program, Row, Sense, Solution, Variable, certify, solve};

/// Slacks and contributions of peers below this part of the unit's own value are rounding.
pub(super) const NEGLIGIBLE: f64 = 1e-10;

/// Why a point has no score.
#[derive(Debug, Clone, PartialEq)]
pub struct NoScore {
    /// Infeasible, unbounded or refused.
    pub status: Status,
    /// Why it was refused.
    pub reason: Option<String>,
}

impl NoScore {
    pub(crate) fn new(status: Status) -> Self {
        NoScore { status, reason: None }
    }

    pub(crate) fn refused(reason: impl Into<String>) -> Self {
        NoScore { status: Status::Refused, reason: Some(reason.into()) }
    }
}

/// A score or why there is none.
pub type Scored<T> = std::result::Result<T, NoScore>;

/// How a point stands to the reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is no unit of the reference: its score can be on either side of one.
    Outside,
    /// It is this column of the reference.
    Member(usize),
    /// It is this column of the reference and may not use it (super-efficiency).
    LeftOut(usize),
}

impl Standing {
    /// The column that a program may not use.
    pub fn skip(self) -> Option<usize> {
        match self {
            Standing::LeftOut(column) => Some(column),
            _ => None,
        }
    }
}

/// All combinations of the units of a reference.
#[derive(Debug, Clone)]
pub struct Technology {
    kinds: Vec<Kind>,
    disposability: Disposability,
    rts: Rts,
    bounds: [f64; 2],
    means: Vec<f64>,
    /// A column for each unit; with abatement (Kuosmanen 2005) a second for each, which only uses inputs.
    columns: Columns,
    count: usize,
}

impl Technology {
    /// Of the units `reference`; `bounds` limit Σλ under generalized returns and mean nothing otherwise.
    pub fn new(units: &Units, reference: &[usize], rts: Rts, bounds: [f64; 2], disposability: Disposability) -> Self {
        let n = reference.len();
        let abated = disposability == Disposability::Kuosmanen;
        let wide = if abated { 2 * n } else { n };
        let mut raw: Vec<f64> = Vec::with_capacity((units.variables() + 1) * wide);
        let mut means = Vec::with_capacity(units.variables());
        for variable in 0..units.variables() {
            let values = units.variable(variable);
            raw.extend(reference.iter().map(|&j| values[j]));
            means.push(raw[raw.len() - n..].iter().map(|v| v.abs()).sum::<f64>() / n as f64);
            if abated {
                let uses = units.kinds()[variable] == Kind::Input;
                raw.extend(reference.iter().map(|&j| if uses { values[j] } else { 0.0 }));
            }
        }
        let adds_up = rts != Rts::Crs;
        raw.extend(std::iter::repeat_n(1.0, if adds_up { wide } else { 0 }));
        let columns = Columns::new(units.variables() + usize::from(adds_up), wide, raw);
        Technology { kinds: units.kinds().to_vec(), disposability, rts, bounds, means, columns, count: n }
    }

    /// Names the units that are likely to be peers: they are priced first.
    pub fn prefer(&mut self, columns: &[usize]) {
        self.columns.prefer(columns.iter().copied());
    }

    /// What each variable is.
    pub fn kinds(&self) -> &[Kind] {
        &self.kinds
    }

    /// Units of the reference.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Value of a variable for a unit of the reference.
    pub fn at(&self, variable: usize, column: usize) -> f64 {
        self.columns.at(variable, column)
    }

    /// What is large in `variable` at `point`: its own value, or the mean of the reference where that is zero.
    pub fn size(&self, variable: usize, point: &[f64]) -> f64 {
        if point[variable] == 0.0 { self.means[variable] } else { point[variable].abs() }
    }

    /// The combinations that dominate `point`, as a program without objective:
    ///
    /// ```text
    /// X'λ + s = x,   Y'λ - s = y,   B'λ = b (or + s),   λ ∈ Λ,   s ≥ 0
    /// ```
    ///
    /// A model adds its own variables, costs of slacks, costs of units, or a unit to leave out. Under generalized
    /// returns the program has one own variable already, Σλ itself.
    pub fn program(&self, point: &[f64]) -> Program<'_> {
        let sense = |kind: &Kind| kind.sense(self.disposability);
        let mut rows: Vec<Row> = self.kinds.iter().zip(point).map(|(k, &v)| Row::new(sense(k), v)).collect();
        let mut own = Vec::new();
        match self.rts {
            Rts::Crs => {}
            Rts::Vrs | Rts::Fdh | Rts::FdhPlus => rows.push(Row::new(Sense::Equal, 1.0)),
            Rts::Nirs => rows.push(Row::new(Sense::AtMost, 1.0)),
            Rts::Ndrs => rows.push(Row::new(Sense::AtLeast, 1.0)),
            Rts::Grs => {
                rows.push(Row::new(Sense::Equal, 0.0));
                let mut column = vec![0.0; rows.len()];
                column[rows.len() - 1] = -1.0;
                own.push(Own { cost: 0.0, lower: self.bounds[0], upper: self.bounds[1], column });
            }
        }
        Program { columns: &self.columns, cost: &[], skip: None, own, rows }
    }

    /// An own variable at the end of `program` that enters `rows` with these coefficients; returns its place.
    pub fn add(&self, program: &mut Program, cost: f64, bounds: [f64; 2], coefficients: &[(usize, f64)]) -> usize {
        let mut column = vec![0.0; self.columns.rows];
        coefficients.iter().for_each(|&(row, value)| column[row] = value);
        program.own.push(Own { cost, lower: bounds[0], upper: bounds[1], column });
        program.own.len() - 1
    }

    /// The vertex λ_own = 1 of `program` as a basis, in which the own variables `basic` have replaced a slack each.
    ///
    /// A guess only: the solver repairs a basis that is infeasible and ignores one that is singular.
    pub fn start(&self, program: &Program, own: usize, basic: &[usize]) -> Vec<Variable> {
        let m = self.columns.rows;
        let mut taken = vec![false; m];
        let mut basis = Vec::with_capacity(m);
        let mut place = |variable: Variable, value: &dyn Fn(usize) -> f64, taken: &mut Vec<bool>| {
            if let Some(row) = (0..m).find(|&i| !taken[i] && value(i) != 0.0) {
                taken[row] = true;
                basis.push(variable);
            }
        };
        if self.rts == Rts::Grs {
            place(Variable::Own(0), &|i| program.own[0].column[i], &mut taken);
        }
        for &k in basic {
            place(Variable::Own(k), &|i| program.own[k].column[i], &mut taken);
        }
        // Σλ first, then what the unit makes, then what it uses.
        let rank = |i: usize| m - 1 - i;
        if let Some(row) = (0..m).map(rank).find(|&i| !taken[i] && self.columns.at(i, own) != 0.0) {
            taken[row] = true;
            basis.push(Variable::Shared(own));
        }
        basis.extend((0..m).filter(|&i| !taken[i]).map(Variable::Slack));
        basis
    }

    /// Optimum of `program`, believed only with its certificate.
    pub fn solve(&self, program: &Program, start: &[Variable]) -> Scored<Solution> {
        certified(program, start)
    }

    /// Slacks of the variables in a solution, without what is rounding at `point`.
    pub fn slacks(&self, solution: &Solution, point: &[f64]) -> Vec<f64> {
        let clean = |i: usize| match solution.slack[i] {
            slack if slack <= NEGLIGIBLE * self.size(i, point) => 0.0,
            slack => slack,
        };
        (0..self.kinds.len()).map(clean).collect()
    }

    /// The units that make up a target: those that contribute more than rounding to some variable, the target being
    /// of the size of `shrink` times `point`.
    pub fn peers(&self, lambda: &[(usize, f64)], point: &[f64], shrink: f64) -> Vec<(usize, f64)> {
        let matters = |j: usize, lambda: f64| {
            (0..self.kinds.len()).any(|i| (lambda * self.at(i, j)).abs() > NEGLIGIBLE * shrink * self.size(i, point))
        };
        let mut peers: Vec<(usize, f64)> = Vec::with_capacity(lambda.len());
        for &(j, lambda) in lambda.iter().filter(|&&(j, lambda)| matters(j, lambda)) {
            // Active and abated part are the same unit.
            let unit = j % self.count;
            match peers.iter_mut().find(|peer| peer.0 == unit) {
                Some(peer) => peer.1 += lambda,
                None => peers.push((unit, lambda)),
            }
        }
        peers
    }
}

/// Optimum of `program`, believed only with its certificate.
pub(in crate::frontier) fn certified(program: &Program, start: &[Variable]) -> Scored<Solution> {
    proven(program, solve(program, start))
}

/// `solution` of `program`, if its certificate holds.
pub(in crate::frontier) fn proven(program: &Program, solution: Solution) -> Scored<Solution> {
    let certificate = certify(program, &solution);
    match solution.status {
        lp::Status::Optimal if certificate.holds() => Ok(solution),
        lp::Status::Infeasible if certificate.holds() => Err(NoScore::new(Status::Infeasible)),
        lp::Status::Unbounded => Err(NoScore::new(Status::Unbounded)),
        lp::Status::Stalled => Err(NoScore::refused(format!("the simplex stalled after {} steps", solution.steps))),
        lp::Status::Optimal | lp::Status::Infeasible => {
            let lp::Certificate { primal, dual, gap } = certificate;
            Err(NoScore::refused(format!(
                "the certificate failed: primal {primal:.1e}, dual {dual:.1e}, gap {gap:.1e}"
            )))
        }
    }
}
