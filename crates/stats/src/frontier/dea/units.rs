//! What is observed of the units: inputs, outputs and undesirable outputs, one row a variable.

use super::{Dea, Disposability};
use crate::math::Mat;
use crate::math::lp::Sense;
use crate::{Error, Kind as Failure, Result};

/// What a variable is to the technology.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Less is better.
    Input,
    /// More is better.
    Output,
    /// An undesirable output: less is better, but it may come with the outputs.
    Bad,
}

/// Values of n units, row by row: m inputs, then s outputs, then q undesirable outputs.
///
/// A *point* is one column of it, the m + s + q values of a unit or of a place where no unit is; where there are prices
/// they follow.
#[derive(Debug, Clone, PartialEq)]
pub struct Units {
    kinds: Vec<Kind>,
    count: usize,
    values: Vec<f64>,
    /// Prices of what the options name, row by row, if any.
    prices: Vec<f64>,
    /// Group of each unit, if any.
    groups: Vec<u32>,
}

impl Units {
    /// From X (n × m) and Y (n × s).
    pub fn new(X: &Mat<f64>, Y: &Mat<f64>) -> Result<Self> {
        Self::with_bads(X, Y, &Mat::zeros(X.nrows(), 0))
    }

    /// From X (n × m), Y (n × s) and B (n × q).
    pub fn with_bads(X: &Mat<f64>, Y: &Mat<f64>, B: &Mat<f64>) -> Result<Self> {
        let count = X.nrows();
        for (what, M) in [("the matrix of outputs", Y), ("the matrix of undesirable outputs", B)] {
            if M.nrows() != count {
                return Err(Error::length(what, M.nrows(), count));
            }
        }
        let (mut kinds, mut values) = (Vec::new(), Vec::new());
        for (kind, M) in [(Kind::Input, X), (Kind::Output, Y), (Kind::Bad, B)] {
            for j in 0..M.ncols() {
                kinds.push(kind);
                values.extend((0..count).map(|i| M[(i, j)]));
            }
        }
        Ok(Units { kinds, count, values, prices: Vec::new(), groups: Vec::new() })
    }

    /// With P (n × k), the prices that each unit faces.
    pub fn with_prices(mut self, P: &Mat<f64>) -> Result<Self> {
        if P.nrows() != self.count {
            return Err(Error::length("the matrix of prices", P.nrows(), self.count));
        }
        self.prices = (0..P.ncols()).flat_map(|j| (0..P.nrows()).map(move |i| P[(i, j)])).collect();
        Ok(self)
    }

    /// With the group that each unit belongs to, n.
    pub fn with_groups(mut self, groups: &[u32]) -> Result<Self> {
        if groups.len() != self.count {
            return Err(Error::length("the groups", groups.len(), self.count));
        }
        self.groups = groups.to_vec();
        Ok(self)
    }

    /// Prices of a unit.
    pub fn prices(&self, unit: usize) -> impl Iterator<Item = f64> {
        self.prices.chunks_exact(self.count.max(1)).map(move |price| price[unit])
    }

    /// Group of each unit, n, or empty.
    pub fn groups(&self) -> &[u32] {
        &self.groups
    }

    /// The variables of one kind alone.
    pub fn only(&self, kind: Kind) -> Units {
        let values = self.kinds.iter().enumerate().filter(|(_, k)| **k == kind).flat_map(|(i, _)| self.variable(i));
        let (values, kinds) = (values.copied().collect(), vec![kind; self.number(kind)]);
        Units { kinds, count: self.count, values, prices: Vec::new(), groups: Vec::new() }
    }

    /// n.
    pub fn count(&self) -> usize {
        self.count
    }

    /// m + s + q.
    pub fn variables(&self) -> usize {
        self.kinds.len()
    }

    /// What each variable is, m + s + q.
    pub fn kinds(&self) -> &[Kind] {
        &self.kinds
    }

    /// Number of variables of a kind.
    pub fn number(&self, kind: Kind) -> usize {
        self.kinds.iter().filter(|&&k| k == kind).count()
    }

    /// Value of a variable for a unit.
    pub fn at(&self, variable: usize, unit: usize) -> f64 {
        self.values[variable * self.count + unit]
    }

    /// A variable of all units, n.
    pub fn variable(&self, variable: usize) -> &[f64] {
        &self.values[variable * self.count..(variable + 1) * self.count]
    }

    /// All values of a unit, m + s + q, then its prices.
    pub fn point(&self, unit: usize) -> Vec<f64> {
        (0..self.variables()).map(|i| self.at(i, unit)).chain(self.prices(unit)).collect()
    }

    /// The units named, in that order.
    pub fn select(&self, units: &[usize]) -> Units {
        let of = |rows: &[f64]| -> Vec<f64> {
            let rows = rows.chunks_exact(self.count.max(1));
            rows.flat_map(|row| units.iter().map(|&j| row[j])).collect()
        };
        let groups = if self.groups.is_empty() { Vec::new() } else { units.iter().map(|&j| self.groups[j]).collect() };
        let (values, prices) = (of(&self.values), of(&self.prices));
        Units { kinds: self.kinds.clone(), count: units.len(), values, prices, groups }
    }

    /// Undesirable outputs b as outputs W - b, for the constants W, one for each.
    pub(super) fn translated(&self, constants: &[f64]) -> Units {
        let mut units = self.clone();
        let bads: Vec<usize> = (0..self.variables()).filter(|&i| self.kinds[i] == Kind::Bad).collect();
        for (&i, constant) in bads.iter().zip(constants) {
            units.kinds[i] = Kind::Output;
            units.values[i * self.count..(i + 1) * self.count].iter_mut().for_each(|b| *b = constant - *b);
        }
        units
    }

    /// Names, numbers and options agree; every value is finite.
    pub(in crate::frontier) fn check(&self, options: &Dea) -> Result<()> {
        let names = [(Kind::Input, &options.inputs), (Kind::Output, &options.outputs), (Kind::Bad, &options.bads)];
        for (kind, names) in names {
            let what = match kind {
                Kind::Input => "inputs",
                Kind::Output => "outputs",
                Kind::Bad => "bads",
            };
            if names.is_empty() && kind != Kind::Bad {
                return Err(Error::invalid(
                    format!("no {what} are named"),
                    format!("list the columns of {what}, for example `{what} = [\"a\", \"b\"]`"),
                ));
            }
            if self.number(kind) != names.len() {
                return Err(Error::length(format!("the matrix of {what}"), self.number(kind), names.len()));
            }
        }
        if self.count == 0 {
            return Err(Error::new(Failure::Empty { what: "the table of units".into() }));
        }
        let names: Vec<&String> = options.inputs.iter().chain(&options.outputs).chain(&options.bads).collect();
        for (i, name) in names.iter().enumerate() {
            let bad: Vec<usize> = (0..self.count).filter(|&j| !self.at(i, j).is_finite()).collect();
            if !bad.is_empty() {
                return Err(Error::new(Failure::NotFinite).at_column(*name).at_rows(bad));
            }
            if names[..i].contains(name) {
                return Err(
                    Error::invalid("is named twice among inputs, outputs and bads", "name it once").at_column(*name)
                );
            }
        }
        Ok(())
    }
}

impl Kind {
    /// How a combination of units compares with a point it is to dominate.
    pub(super) fn sense(self, disposability: Disposability) -> Sense {
        match (self, disposability) {
            (Kind::Input, _) | (Kind::Bad, Disposability::Strong) => Sense::AtMost,
            (Kind::Output, _) => Sense::AtLeast,
            (Kind::Bad, Disposability::Weak | Disposability::Kuosmanen) => Sense::Equal,
        }
    }
}
