//! Cells added up by unit and year, with the cells each total consists of.

use super::cells::{Cell, Cells};
use crate::Factor;
use std::collections::BTreeMap;

/// Totals of each unit and year, and their cells.
#[derive(Debug, Clone)]
pub struct Mix<'a> {
    /// Unit of each row.
    pub unit: Factor,
    /// Year of each row.
    pub time: Vec<i64>,
    /// Exports of each row.
    pub value: Vec<f64>,
    /// The cells: row `i` is their basket `i`.
    pub cells: &'a Cells,
}

/// Exports of a unit in one product and market in two years.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Change {
    /// Product and market.
    pub key: (u32, u32),
    /// Place of the unit in the pairs compared.
    pub pair: usize,
    /// Value in the first year.
    pub x0: f64,
    /// Value in the last year.
    pub x1: f64,
}

impl Mix<'_> {
    /// Adds up cells; rows are in order of unit code and year.
    pub fn new(cells: &Cells) -> Mix<'_> {
        Mix {
            unit: Factor {
                name: "unit".into(),
                codes: cells.baskets().map(|b| b.unit).collect(),
                levels: cells.units as u32,
            },
            time: cells.baskets().map(|b| b.time).collect(),
            value: cells.baskets().map(|b| b.iter().map(|c| c.value).sum()).collect(),
            cells,
        }
    }

    fn cells(&self, row: usize) -> &[Cell] {
        self.cells.basket(row).cells
    }

    /// Unit and year of each row.
    pub fn keys(&self) -> Vec<(u32, i64)> {
        self.unit.codes.iter().copied().zip(self.time.iter().copied()).collect()
    }

    /// Exports of all units in a year by product and market.
    pub(super) fn totals(&self, year: i64) -> BTreeMap<(u32, u32), f64> {
        let mut totals = BTreeMap::new();
        for row in (0..self.time.len()).filter(|&row| self.time[row] == year) {
            for cell in self.cells(row) {
                *totals.entry((cell.product, cell.market)).or_default() += cell.value;
            }
        }
        totals
    }

    /// The cells of pairs of rows (first, last year), in order of product and market, then of pair.
    pub(super) fn changes(&self, pairs: &[(usize, usize)]) -> Vec<Change> {
        let mut all: Vec<Change> = Vec::new();
        for (pair, &(first, last)) in pairs.iter().enumerate() {
            let key = |c: &Cell| (c.product, c.market);
            all.extend(self.cells(first).iter().map(|c| Change { key: key(c), pair, x0: c.value, x1: 0.0 }));
            all.extend(self.cells(last).iter().map(|c| Change { key: key(c), pair, x0: 0.0, x1: c.value }));
        }
        all.sort_by_key(|c| (c.key, c.pair));
        all.dedup_by(|next, first| {
            let same = (next.key, next.pair) == (first.key, first.pair);
            if same {
                (first.x0, first.x1) = (first.x0 + next.x0, first.x1 + next.x1);
            }
            same
        });
        all
    }
}
