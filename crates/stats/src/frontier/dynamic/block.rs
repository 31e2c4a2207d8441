//! The linear programs of T periods: one block of n columns a period, tied together by the carry-overs.

use super::{DynamicDea, Orientation, Panel, Role, Rts};
use crate::frontier::dea::technology::Scored;
use crate::frontier::shares::{Share, Split, minimize};
use crate::math::lp::{Columns, Program, Row, Sense, Variable};

/// The programs of all units: rows of the first period, of the second, ..., then those that tie periods together.
pub(super) struct Blocks<'a> {
    panel: &'a Panel,
    reference: &'a [usize],
    orientation: Orientation,
    columns: Columns,
    rows: Vec<What>,
}

/// What a row says.
#[derive(Debug, Clone, Copy)]
enum What {
    /// The target of `period` against the unit's own value of `variable`.
    Target { variable: usize, period: usize },
    /// The sum of intensities in a period.
    Scale(Sense),
    /// What a target hands over is what the next takes.
    Tie,
}

impl<'a> Blocks<'a> {
    pub(super) fn new(panel: &'a Panel, reference: &'a [usize], options: &DynamicDea) -> Self {
        let (n, T) = (reference.len(), panel.periods());
        let (mut rows, mut raw) = (Vec::new(), Vec::new());
        let mut row = |what: What, parts: &[(usize, &dyn Fn(usize) -> f64)]| {
            let from = raw.len();
            raw.resize(from + T * n, 0.0);
            for &(period, value) in parts {
                reference.iter().enumerate().for_each(|(j, &i)| raw[from + period * n + j] = value(i));
            }
            rows.push(what);
        };
        let sum = match options.rts {
            Rts::Vrs => Some(Sense::Equal),
            Rts::Nirs => Some(Sense::AtMost),
            Rts::Ndrs => Some(Sense::AtLeast),
            Rts::Crs | Rts::Fdh | Rts::FdhPlus | Rts::Grs => None,
        };
        for period in 0..T {
            for (variable, _) in panel.roles().enumerate().filter(|v| v.1 != Role::Free) {
                row(What::Target { variable, period }, &[(period, &|i| panel.at(variable, period, i))]);
            }
            if let Some(sense) = sum {
                row(What::Scale(sense), &[(period, &|_| 1.0)]);
            }
        }
        for period in 1..T {
            for (variable, _) in panel.roles().enumerate().filter(|v| v.1.carried()) {
                let value = |i| panel.at(variable, period - 1, i);
                row(What::Tie, &[(period - 1, &value), (period, &|i| -value(i))]);
            }
        }
        let columns = Columns::new(rows.len(), T * n, raw);
        Blocks { panel, reference, orientation: options.orientation, columns, rows }
    }

    /// Scores column `own` of the reference.
    pub(super) fn score(&self, own: usize) -> Scored<Split> {
        let unit = self.reference[own];
        let rows = self.rows.iter().map(|what| match *what {
            What::Target { variable, period } => {
                let sense = match self.role(variable) {
                    Role::Input | Role::Bad => Sense::AtMost,
                    Role::Output | Role::Good => Sense::AtLeast,
                    Role::Free | Role::Fixed => Sense::Equal,
                };
                Row::new(sense, self.panel.at(variable, period, unit))
            }
            What::Scale(sense) => Row::new(sense, 1.0),
            What::Tie => Row::new(Sense::Equal, 0.0),
        });
        let mut program =
            Program { columns: &self.columns, cost: &[], skip: None, own: Vec::new(), rows: rows.collect() };
        minimize(&mut program, &self.shares(unit), &vec![1.0; self.panel.periods()], self.start(own))
    }

    fn role(&self, variable: usize) -> Role {
        self.panel.variables[variable].0
    }

    /// How each row's slack counts in ΣN and ΣD of a unit.
    fn shares(&self, unit: usize) -> Vec<Share> {
        let counted = |roles: [Role; 2], period: usize| {
            let variables = self.panel.roles().enumerate().filter(|(_, role)| roles.contains(role));
            variables.filter(|&(v, _)| self.panel.at(v, period, unit) > 0.0).count() as f64
        };
        let share = |what: &What| {
            let &What::Target { variable, period } = what else { return Share::None };
            let value = self.panel.at(variable, period, unit);
            let share = |roles| 1.0 / (value * counted(roles, period));
            match (self.role(variable), self.orientation) {
                _ if value == 0.0 => Share::None,
                (Role::Input | Role::Bad, Orientation::Input | Orientation::None) => {
                    Share::Excess { part: period, share: share([Role::Input, Role::Bad]) }
                }
                (Role::Output | Role::Good, Orientation::Output | Orientation::None) => {
                    Share::Shortfall { part: period, share: share([Role::Output, Role::Good]) }
                }
                _ => Share::None,
            }
        };
        self.rows.iter().map(share).collect()
    }

    /// The unit itself as a basis: its column of each block in place of one slack of that block.
    fn start(&self, own: usize) -> Vec<Variable> {
        let (n, T) = (self.reference.len(), self.panel.periods());
        let mut replaced = vec![None; self.rows.len()];
        for period in 0..T {
            let column = period * n + own;
            let fits = |&i: &usize| match self.rows[i] {
                What::Target { period: t, variable } => {
                    t == period && self.role(variable) == Role::Input && self.columns.at(i, column) > 0.0
                }
                What::Scale(_) => self.columns.at(i, column) > 0.0,
                What::Tie => false,
            };
            // The sum of intensities where there is one: it is the last row of its period.
            if let Some(row) = (0..self.rows.len()).rev().find(fits) {
                replaced[row] = Some(column);
            }
        }
        let basic = |(i, column): (usize, Option<usize>)| column.map_or(Variable::Slack(i), Variable::Shared);
        replaced.into_iter().enumerate().map(basic).collect()
    }
}
