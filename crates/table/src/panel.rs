//! Units observed over time.
//!
//! A panel is a table in which (unit, time) names each row once. Lags, leads, differences and growth go by the
//! *value* of time: the lag of 2015 is 2014 or missing, wherever the rows stand and whatever years are absent.
//!
//! ```
//! use plim_table::{Column, Panel, Table};
//! let table = Table::new(vec![
//!     Column::text("city", [Some("a"), Some("a"), Some("a")]),
//!     Column::number("year", vec![2012.0, 2010.0, 2013.0]),
//!     Column::number("y", vec![5.0, 1.0, 10.0]),
//! ])?;
//! let panel = Panel::new(&table, "city", "year")?;
//! let lag = panel.lag(table.numbers("y")?, 1)?;
//! assert!(lag[0].is_nan() && lag[1].is_nan() && lag[2] == 5.0); // 2011 is absent
//! # Ok::<(), plim_table::Error>(())
//! ```

use crate::{Error, MISSING, Result, Table};
use std::fmt;

/// Which unit and which time each row of a table is.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// Unit of each row, an index into `labels`.
    pub units: Vec<u32>,
    /// Time of each row.
    pub times: Vec<i64>,
    /// Units as the table shows them, in order of first appearance.
    pub labels: Vec<String>,
    /// Rows by unit, then time.
    order: Vec<usize>,
    /// Where each unit starts in `order`; one more entry than units.
    starts: Vec<usize>,
}

impl Panel {
    /// The panel with these key columns; a repeated or missing key, or a time that is no integer, is an error.
    pub fn new(table: &Table, unit: &str, time: &str) -> Result<Panel> {
        let times = integral(table, time)?;
        let column = table.column(unit)?;
        let codes = column.codes();
        let missing: Vec<usize> = (0..table.rows()).filter(|&i| codes[i] == MISSING).collect();
        if !missing.is_empty() {
            table.has_codes(unit)?;
            return Err(table.content(Some(unit), missing, "the unit is missing", "fill it in, or drop these rows"));
        }
        // Levels that a filter emptied do not count as units.
        let mut dense = vec![MISSING; codes.iter().map(|&c| c as usize + 1).max().unwrap_or(0)];
        let mut labels = Vec::new();
        let mut units = Vec::with_capacity(codes.len());
        for (row, &code) in codes.iter().enumerate() {
            let slot = &mut dense[code as usize];
            if *slot == MISSING {
                *slot = labels.len() as u32;
                labels.push(column.show(row));
            }
            units.push(*slot);
        }
        let mut order: Vec<usize> = (0..table.rows()).collect();
        order.sort_by_key(|&r| (units[r], times[r]));
        let mut starts = vec![0; labels.len() + 1];
        for &u in &units {
            starts[u as usize + 1] += 1;
        }
        for u in 0..labels.len() {
            starts[u + 1] += starts[u];
        }
        let panel = Panel { units, times, labels, order, starts };
        panel.distinct(table, unit, time)?;
        Ok(panel)
    }

    /// Refuses keys that name more than one row.
    fn distinct(&self, table: &Table, unit: &str, time: &str) -> Result<()> {
        let key = |r: usize| (self.units[r], self.times[r]);
        let (mut rows, mut keys) = (Vec::new(), Vec::new());
        for same in self.order.chunk_by(|&a, &b| key(a) == key(b)).filter(|same| same.len() > 1) {
            rows.extend_from_slice(same);
            let (u, t) = key(same[0]);
            keys.push(format!("{unit} = {}, {time} = {t}", self.labels[u as usize]));
        }
        match keys.is_empty() {
            true => Ok(()),
            false => Err(table.content(
                None,
                rows,
                match keys.as_slice() {
                    [one] => format!("{one} names more than one row"),
                    many => format!("{} keys name more than one row ({})", many.len(), crate::error::few(many)),
                },
                "drop or aggregate the repeated rows, or check `unit` and `time`",
            )),
        }
    }

    /// Rows of the panel.
    pub fn rows(&self) -> usize {
        self.units.len()
    }

    /// The rows of a unit in order of time.
    pub fn unit(&self, unit: u32) -> &[usize] {
        &self.order[self.starts[unit as usize]..self.starts[unit as usize + 1]]
    }

    /// The row of a unit at a time, if it is there.
    pub fn row(&self, unit: u32, time: i64) -> Option<usize> {
        let rows = self.unit(unit);
        rows.binary_search_by_key(&time, |&r| self.times[r]).ok().map(|i| rows[i])
    }

    /// x at time t − k, missing where that time is not in the table.
    pub fn lag(&self, x: &[f64], k: u32) -> Result<Vec<f64>> {
        self.shift(x, -i64::from(k))
    }

    /// x at time t + k, missing where that time is not in the table.
    pub fn lead(&self, x: &[f64], k: u32) -> Result<Vec<f64>> {
        self.shift(x, i64::from(k))
    }

    /// x at t less x at t − k.
    pub fn diff(&self, x: &[f64], k: u32) -> Result<Vec<f64>> {
        Ok(x.iter().zip(self.lag(x, k)?).map(|(x, lag)| x - lag).collect())
    }

    /// x at t over x at t − k, less 1. Growth from a base that is zero or negative is undefined: it is missing, and
    /// the second value counts how often.
    pub fn growth(&self, x: &[f64], k: u32) -> Result<(Vec<f64>, usize)> {
        let mut undefined = 0;
        let growth = x.iter().zip(self.lag(x, k)?).map(|(&x, base)| {
            let bad = base <= 0.0 && !x.is_nan();
            undefined += usize::from(bad);
            if bad { f64::NAN } else { x / base - 1.0 }
        });
        Ok((growth.collect(), undefined))
    }

    fn shift(&self, x: &[f64], by: i64) -> Result<Vec<f64>> {
        self.same_length(x)?;
        let value = |row: usize| {
            let at = self.times[row].checked_add(by).and_then(|t| self.row(self.units[row], t));
            at.map_or(f64::NAN, |r| x[r])
        };
        Ok((0..x.len()).map(value).collect())
    }

    /// An error unless `x` has one value a row.
    pub(crate) fn same_length(&self, x: &[f64]) -> Result<()> {
        match x.len() == self.rows() {
            true => Ok(()),
            false => Err(Error::Length { column: "values".into(), got: x.len(), want: self.rows() }),
        }
    }

    /// How complete the panel is.
    pub fn balance(&self) -> Balance {
        let mut periods = self.times.clone();
        periods.sort_unstable();
        periods.dedup();
        let place = |r: usize| periods.partition_point(|&p| p < self.times[r]);
        let (mut gaps, mut spells) = (0, Vec::new());
        for unit in 0..self.labels.len() as u32 {
            let mut spell = 0;
            let mut before: Option<usize> = None;
            for at in self.unit(unit).iter().map(|&r| place(r)) {
                if let Some(before) = before.filter(|b| at - b > 1) {
                    gaps += at - before - 1;
                    spells.push(spell);
                    spell = 0;
                }
                spell += 1;
                before = Some(at);
            }
            spells.push(spell);
        }
        let cells = self.labels.len() * periods.len();
        Balance {
            units: self.labels.len(),
            times: periods.len(),
            first: periods.first().copied().unwrap_or(0),
            last: periods.last().copied().unwrap_or(0),
            rows: self.rows(),
            balanced: cells == self.rows(),
            missing_cells: cells - self.rows(),
            gaps,
            min_spell: spells.iter().copied().min().unwrap_or(0),
            max_spell: spells.iter().copied().max().unwrap_or(0),
        }
    }
}

/// The integers of a column; a missing one or a fraction is an error.
fn integral(table: &Table, name: &str) -> Result<Vec<i64>> {
    let values = table.numbers(name)?;
    // Beyond 2^53 neighboring integers are one f64.
    let good = |x: f64| x.fract() == 0.0 && x.abs() <= 9007199254740992.0;
    let bad: Vec<usize> = (0..values.len()).filter(|&i| !good(values[i])).collect();
    match bad.first() {
        None => Ok(values.iter().map(|&x| x as i64).collect()),
        Some(&first) => {
            let found = match values[first].is_nan() {
                true => "is missing".into(),
                false => format!("`{}` is no integer", values[first]),
            };
            Err(table.content(
                Some(name),
                bad,
                format!("the time {found}"),
                "use whole numbers (2015; months as 2015 × 12 + month), and drop rows without one",
            ))
        }
    }
}

/// How complete a panel is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Balance {
    /// Units.
    pub units: usize,
    /// Distinct times.
    pub times: usize,
    /// First time.
    pub first: i64,
    /// Last time.
    pub last: i64,
    /// Rows.
    pub rows: usize,
    /// Whether every unit has every time.
    pub balanced: bool,
    /// Combinations of unit and time that have no row.
    pub missing_cells: usize,
    /// Those of them that lie between two rows of their unit.
    pub gaps: usize,
    /// Shortest run of successive times of a unit.
    pub min_spell: usize,
    /// Longest run of successive times of a unit.
    pub max_spell: usize,
}

impl fmt::Display for Balance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Balance { units, times, first, last, rows, .. } = self;
        write!(f, "{units} units × {times} times ({first} to {last}), {rows} rows: ")?;
        match self.balanced {
            true => write!(f, "balanced"),
            false => write!(
                f,
                "unbalanced, {} cells missing, {} of them inside a unit's span; spells of {} to {} times",
                self.missing_cells, self.gaps, self.min_spell, self.max_spell
            ),
        }
    }
}
