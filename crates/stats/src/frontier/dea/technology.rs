//! The reference technology as a family of linear programs: one column a unit, one program a score.

use super::{Dea, Orientation, Peer, ReturnsToScale, Rts, Slacks, Unit};
use crate::frontier::Status;
use crate::math::Mat;
use crate::math::lp::{self, Columns, Own, Program, Row, Sense, Solution, Variable, certify, solve};

/// A score this close to one is one: the certificate does not tell them apart.
const EFFICIENT: f64 = 1e-10;
/// Efficiencies under two returns to scale this close are equal.
const SAME: f64 = 1e-8;
/// Slacks and contributions of peers below this part of the unit's own value are rounding.
const NEGLIGIBLE: f64 = 1e-10;

/// Why a unit has no score.
pub(super) struct NoScore {
    pub(super) status: Status,
    pub(super) reason: Option<String>,
}

pub(super) type Scored<T> = std::result::Result<T, NoScore>;

impl From<NoScore> for Unit {
    fn from(none: NoScore) -> Self {
        Unit {
            efficiency: None,
            score: None,
            status: none.status,
            reason: none.reason,
            scale_efficiency: None,
            returns_to_scale: None,
            slacks: None,
            peers: Vec::new(),
        }
    }
}

/// The reference: units as columns, inputs above outputs, with and without the row Σλ.
pub(super) struct Technology {
    inputs: usize,
    outputs: usize,
    cone: Columns,
    hull: Columns,
}

impl Technology {
    pub(super) fn new(X: &Mat<f64>, Y: &Mat<f64>, units: &[usize]) -> Self {
        let (m, s, n) = (X.ncols(), Y.ncols(), units.len());
        let mut raw: Vec<f64> = Vec::with_capacity((m + s + 1) * n);
        for M in [X, Y] {
            (0..M.ncols()).for_each(|j| raw.extend(units.iter().map(|&i| M[(i, j)])));
        }
        let cone = Columns::new(m + s, n, raw.clone());
        raw.extend(std::iter::repeat_n(1.0, n));
        Technology { inputs: m, outputs: s, cone, hull: Columns::new(m + s + 1, n, raw) }
    }

    /// Prices the peers of the scored units first from now on.
    pub(super) fn prefer(&mut self, scored: &[Unit], reference: &[usize]) {
        let column = |peer: &Peer| reference.binary_search(&peer.unit).ok();
        let peers: Vec<usize> = scored.iter().flat_map(|u| &u.peers).filter_map(column).collect();
        self.cone.prefer(peers.iter().copied());
        self.hull.prefer(peers);
    }

    /// Value of column `own` in row `i` (inputs, then outputs).
    fn value(&self, i: usize, own: usize) -> f64 {
        self.cone.at(i, own)
    }

    /// What is large in row `i` for unit `own`: its own value, or the mean where it has none.
    fn size(&self, i: usize, own: usize) -> f64 {
        match self.value(i, own) {
            0.0 => (0..self.cone.count).map(|j| self.value(i, j)).sum::<f64>() / self.cone.count as f64,
            value => value,
        }
    }

    /// The radial program of unit `own`, the score being its one own variable.
    fn radial(&self, own: usize, rts: Rts, orientation: Orientation, skip: bool) -> Program<'_> {
        let (m, s) = (self.inputs, self.outputs);
        let columns = if rts.sum().is_none() { &self.cone } else { &self.hull };
        let mut rows = Vec::with_capacity(columns.rows);
        let mut score = vec![0.0; columns.rows];
        for i in 0..m + s {
            let value = self.value(i, own);
            let scaled = (i < m) == (orientation == Orientation::Input);
            if scaled {
                score[i] = -value;
            }
            rows.push(Row::new(if i < m { Sense::AtMost } else { Sense::AtLeast }, if scaled { 0.0 } else { value }));
        }
        rows.extend(rts.sum().map(|sense| Row::new(sense, 1.0)));
        let cost = if orientation == Orientation::Input { 1.0 } else { -1.0 };
        let score = Own { cost, lower: 0.0, upper: f64::INFINITY, column: score };
        Program { columns, cost: &[], skip: skip.then_some(own), own: vec![score], rows }
    }

    /// The vertex λ_own = 1, score = 1 as a basis: the two replace the slacks of a row each.
    fn own_basis(&self, own: usize, rts: Rts, orientation: Orientation) -> Vec<Variable> {
        let (m, s) = (self.inputs, self.outputs);
        let positive = |mut rows: std::ops::Range<usize>| rows.find(|&i| self.value(i, own) > 0.0).unwrap_or(0);
        let (input, output) = (positive(0..m), positive(m..m + s));
        let (score, other) = if orientation == Orientation::Input { (input, output) } else { (output, input) };
        let lambda = if rts.sum().is_none() { other } else { m + s };
        let rows = m + s + usize::from(rts.sum().is_some());
        let slacks = (0..rows).filter(|&i| i != score && i != lambda).map(Variable::Slack);
        [Variable::Shared(own), Variable::Own(0)].into_iter().chain(slacks).collect()
    }

    /// Optimum of the radial program and its verdict, certified.
    fn score(&self, own: usize, rts: Rts, orientation: Orientation, skip: bool) -> Scored<Optimum<'_>> {
        let program = self.radial(own, rts, orientation, skip);
        let start = if skip { Vec::new() } else { self.own_basis(own, rts, orientation) };
        let solution = solve(&program, &start);
        proven(&program, &solution)?;
        // The unit is its own peer, so a score on the wrong side of one is rounding; near one is one.
        let score = solution.own[0];
        let beyond = !skip && ((score > 1.0) == (orientation == Orientation::Input));
        let score = if beyond || (score - 1.0).abs() <= EFFICIENT { 1.0 } else { score };
        let efficiency = if orientation == Orientation::Input { score } else { 1.0 / score };
        if !efficiency.is_finite() {
            return Err(NoScore { status: Status::Unbounded, reason: None });
        }
        Ok(Optimum { program, solution, score, efficiency })
    }

    pub(super) fn unit(&self, own: usize, reference: &[usize], options: &Dea) -> Unit {
        self.optimal_unit(own, reference, options).unwrap_or_else(Unit::from)
    }

    fn optimal_unit(&self, own: usize, reference: &[usize], options: &Dea) -> Scored<Unit> {
        let (rts, orientation, skip) = (options.rts, options.orientation, options.super_efficiency);
        let mut optimum = self.score(own, rts, orientation, skip)?;
        let mut unit = Unit::from(NoScore { status: Status::Optimal, reason: None });
        (unit.score, unit.efficiency) = (Some(optimum.score), Some(optimum.efficiency));
        if options.scale {
            let under = |other| match other == rts {
                true => Ok(optimum.efficiency),
                false => self.score(own, other, orientation, skip).map(|o| o.efficiency),
            };
            let (constant, variable) = (under(Rts::Crs)?, under(Rts::Vrs)?);
            unit.scale_efficiency = Some(constant / variable);
            let same = |a: f64, b: f64| (a - b).abs() <= SAME * b;
            unit.returns_to_scale = Some(match () {
                () if same(constant, variable) => ReturnsToScale::Crs,
                () if same(constant, under(Rts::Nirs)?) => ReturnsToScale::Irs,
                () => ReturnsToScale::Drs,
            });
        }
        if options.slacks {
            unit.slacks = Some(self.second_phase(own, &mut optimum)?);
        }
        unit.peers = self.peers(own, &optimum, reference);
        Ok(unit)
    }

    /// Largest sum of slacks with the score fixed, from the radial optimum; replaces the solution by that target.
    fn second_phase(&self, own: usize, optimum: &mut Optimum) -> Scored<Slacks> {
        let (m, s) = (self.inputs, self.outputs);
        let fixed = optimum.solution.own[0];
        let score = &mut optimum.program.own[0];
        (score.cost, score.lower, score.upper) = (0.0, fixed, fixed);
        optimum.program.rows[..m + s].iter_mut().for_each(|row| row.slack_cost = -1.0);
        optimum.solution = solve(&optimum.program, &optimum.solution.basis);
        proven(&optimum.program, &optimum.solution)?;
        let clean = |i: usize| match optimum.solution.slack[i] {
            slack if slack <= NEGLIGIBLE * self.size(i, own) => 0.0,
            slack => slack,
        };
        let (inputs, outputs): (Vec<f64>, Vec<f64>) = ((0..m).map(clean).collect(), (m..m + s).map(clean).collect());
        let sum = inputs.iter().chain(&outputs).sum();
        Ok(Slacks { inputs, outputs, sum })
    }

    /// The units that make up the target: those that contribute more than rounding to some row.
    fn peers(&self, own: usize, optimum: &Optimum, reference: &[usize]) -> Vec<Peer> {
        let rows = self.inputs + self.outputs;
        let matters = |j: usize, lambda: f64| {
            (0..rows).any(|i| lambda * self.value(i, j) > NEGLIGIBLE * optimum.score.min(1.0) * self.size(i, own))
        };
        (optimum.solution.shared.iter())
            .filter(|&&(j, lambda)| matters(j, lambda))
            .map(|&(j, lambda)| Peer { unit: reference[j], lambda })
            .collect()
    }
}

/// A certified optimum of a radial program.
struct Optimum<'a> {
    program: Program<'a>,
    solution: Solution,
    score: f64,
    efficiency: f64,
}

/// The solver's verdict, believed only with its certificate.
fn proven(program: &Program, solution: &Solution) -> Scored<()> {
    let certificate = certify(program, solution);
    let refused = |reason| Err(NoScore { status: Status::Refused, reason: Some(reason) });
    match solution.status {
        lp::Status::Optimal if certificate.holds() => Ok(()),
        lp::Status::Infeasible if certificate.holds() => Err(NoScore { status: Status::Infeasible, reason: None }),
        lp::Status::Unbounded => Err(NoScore { status: Status::Unbounded, reason: None }),
        lp::Status::Stalled => refused(format!("the simplex stalled after {} steps", solution.steps)),
        lp::Status::Optimal | lp::Status::Infeasible => {
            let lp::Certificate { primal, dual, gap } = certificate;
            refused(format!("the certificate failed: primal {primal:.1e}, dual {dual:.1e}, gap {gap:.1e}"))
        }
    }
}
