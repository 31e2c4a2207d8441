//! The rows of a step that have every column a method reads, with their keys, and the way back to the table.

use super::{numbers, times};
use crate::error::{Error, Result};
use crate::method::{Context, Keys, Measured, Outcome};
use plim_report::Measure;
use plim_stats::Factor;
use plim_table::{Column, MISSING, Table};
use serde_json::{Map, Value};

/// The rows that have all columns that a method reads.
pub(super) struct Complete {
    /// Rows of the step's table, ascending.
    pub rows: Vec<usize>,
    pub table: Table,
    pub unit: Option<Factor>,
    pub time: Vec<i64>,
    pub notes: Vec<String>,
}

impl Complete {
    /// Reads the rows where numeric `columns` and the `keys` are there.
    pub fn new(cx: &Context, columns: &[String], keys: &[&str]) -> Result<Self> {
        let kept = cx.kept();
        let values = numbers(&kept, columns)?;
        let keys: Vec<&str> = keys.iter().copied().chain(cx.unit.as_deref()).chain(cx.time.as_deref()).collect();
        let codes: Vec<Vec<u32>> = keys.iter().map(|k| Ok(kept.column(k)?.codes())).collect::<Result<_>>()?;
        let complete = |i: &usize| values.iter().all(|v| !v[*i].is_nan()) && codes.iter().all(|c| c[*i] != MISSING);
        let rows: Vec<usize> = (0..kept.rows()).filter(complete).collect();
        if rows.is_empty() {
            return Err(Error::plan("no row has all columns", "check the columns that the options name"));
        }
        let mut notes = Vec::new();
        if rows.len() < kept.rows() {
            notes.push(format!("{} rows miss a value and are left out", kept.rows() - rows.len()));
        }
        let table = kept.take(&rows);
        let unit = cx.unit.as_deref().map(|name| factor(&table, name)).transpose()?;
        let time = match cx.time.as_deref() {
            Some(name) => times(&table, name)?,
            None => vec![0; table.rows()],
        };
        Ok(Complete { rows: rows.iter().map(|&r| cx.rows[r]).collect(), table, unit, time, notes })
    }

    /// An error of `stats` with the file and lines of its rows.
    pub fn located(&self, e: plim_stats::Error) -> Error {
        Error::from(e).at_rows(&self.table)
    }

    /// Latitude and longitude of each unit; a unit has one place.
    pub fn places(&self, lat: &str, lon: &str, unit: &Factor) -> Result<Vec<[f64; 2]>> {
        let (lat, lon) = (self.table.numbers(lat)?, self.table.numbers(lon)?);
        let mut places = vec![[f64::NAN; 2]; unit.levels as usize];
        for (i, &code) in unit.codes.iter().enumerate() {
            let (here, known) = ([lat[i], lon[i]], &mut places[code as usize]);
            if known[0].is_nan() {
                *known = here;
            } else if *known != here {
                return Err(self.located(
                    plim_stats::Error::invalid("a place moves", "give each unit one latitude and longitude")
                        .at_rows([i]),
                ));
            }
        }
        Ok(places)
    }

    /// The units, or an error that says how to name them.
    pub fn need_unit(&self, cx: &Context) -> Result<&Factor> {
        cx.need_unit()?;
        Ok(self.unit.as_ref().expect("the unit is named"))
    }

    /// The label of each level of a factor of the table, by code.
    pub fn labels(&self, factor: &Factor) -> Result<Vec<String>> {
        let column = self.table.column(&factor.name)?;
        let mut first = vec![0; factor.levels as usize];
        factor.codes.iter().enumerate().rev().for_each(|(i, &code)| first[code as usize] = i);
        Ok(first.into_iter().map(|i| column.show(i)).collect())
    }

    /// A result for each time.
    pub fn by_time(self, cx: &Context, measure: Measure, times: &[i64], columns: Vec<Column>) -> Result<Outcome> {
        let keys = vec![Column::number(cx.need_time()?, times.iter().map(|&t| t as f64).collect())];
        let measure = Measure { notes: self.notes.into_iter().chain(measure.notes).collect(), ..measure };
        Ok(Outcome::Columns(Measured { measure, columns, keys: Keys::Columns(keys) }))
    }

    /// A result for each row.
    pub fn outcome(self, method: &str, more: Map<String, Value>, notes: Vec<String>, columns: Vec<Column>) -> Outcome {
        let notes = self.notes.into_iter().chain(notes).collect();
        let measure = Measure { method: method.into(), more, notes, ..Measure::default() };
        Outcome::Columns(Measured { measure, columns, keys: Keys::Rows(self.rows) })
    }
}

pub(super) fn factor(table: &Table, name: &str) -> Result<Factor> {
    Ok(Factor::from_keys(name, table.column(name)?.codes()))
}

/// Names of the columns that a step adds.
pub(super) fn added(step: &str, names: &[String]) -> Vec<String> {
    names.iter().enumerate().map(|(j, name)| crate::made::column_name(step, j, name)).collect()
}
