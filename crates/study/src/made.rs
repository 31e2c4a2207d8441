//! What a step changes in a run, as a value: worked out on the tables as they are, applied to them afterwards.
//!
//! A step's changes can be kept and applied again: to the tables of another universe, to the rows of a draw.

use crate::error::{Error, Result};
use crate::method::{Keys, Measured, Outcome, Role};
use crate::run::{Held, Run};
use crate::step::Step;
use plim_report::results::Shown;
use plim_report::{Fit, Measure};
use plim_table::{Column, Data, Table};
use std::collections::HashSet;
use std::sync::Arc;

/// The changes of one step.
#[derive(Debug, Clone, Default)]
pub(crate) struct Made {
    /// Columns that enter a table, and its name.
    pub columns: Option<(String, Vec<Column>)>,
    /// A table that appears, or replaces the one of its name.
    pub table: Option<(String, Held)>,
    pub measure: Option<Measure>,
    pub fits: Vec<(String, Fit)>,
    pub notes: Vec<String>,
    pub shown: Option<Shown>,
    /// A table that is written among the results, and the ending of its file.
    pub saved: Option<(Table, &'static str)>,
    /// The columns of a measure with their keys, as they are written to a file.
    pub measured: Option<Table>,
    /// The measure's own name of the column that carries the step's name.
    pub main_column: Option<String>,
}

impl Made {
    /// The part of it that other steps read: columns and new tables.
    pub fn read_by_others(&self) -> Made {
        Made { columns: self.columns.clone(), table: self.table.clone(), ..Made::default() }
    }

    /// The columns where the rows of the tables are these rows of those that the step saw.
    pub fn at(&self, rows: impl Fn(&str) -> Option<Arc<[usize]>>) -> Made {
        let columns = self.columns.as_ref().map(|(name, columns)| match rows(name) {
            Some(rows) => (name.clone(), columns.iter().map(|c| c.take(&rows)).collect()),
            None => (name.clone(), columns.clone()),
        });
        Made { columns, ..Made::default() }
    }
}

impl Run {
    /// The changes that the outcome of a step asks for.
    pub(crate) fn made(&self, step: &Step, outcome: Outcome) -> Result<Made> {
        match outcome {
            Outcome::Columns(measured) => {
                let measure = (step.entry.role == Role::Measure).then(|| measured.measure.clone());
                Ok(Made { measure, ..self.joined(step, measured)? })
            }
            Outcome::Fit(fit, scores) => {
                let fits = vec![(step.name.clone(), *fit)];
                Ok(Made { fits, ..scores.map_or_else(|| Ok(Made::default()), |scores| self.joined(step, scores))? })
            }
            Outcome::Fits(fits) => {
                let named = fits.into_iter().enumerate().map(|(i, fit)| (format!("{}.{}", step.name, i + 1), fit));
                Ok(Made { fits: named.collect(), ..Made::default() })
            }
            Outcome::Table(table, notes) => {
                let name = step.rows.into.clone().unwrap_or_else(|| step.name.clone());
                let mut notes = notes;
                notes.extend(self.replaced(step, &name, &table));
                // The keys of a table that is made anew stay, as long as it has them.
                let (unit, time) = self.keys.get(&name).cloned().unwrap_or_default();
                let kept = |own: &Option<String>, old: Option<String>| own.clone().or(old.filter(|k| table.has(k)));
                let (unit, time) = (kept(&step.rows.unit, unit), kept(&step.rows.time, time));
                Ok(Made { table: Some((name, Held { table, unit, time })), notes, ..Made::default() })
            }
            Outcome::Prepared(table, notes) => {
                let (source, before) = self.source(step)?;
                let adds = step.method.adds(&step.name);
                let new = |c: &Column| adds.contains(&c.name) || !before.has(&c.name);
                let columns = table.into_columns().into_iter().filter(new).collect();
                Ok(Made { columns: Some((source, columns)), notes, ..Made::default() })
            }
            Outcome::Saved(table, ending) => Ok(Made { saved: Some((table, ending)), ..Made::default() }),
            Outcome::Shown { heading, blocks } => {
                let shown = Shown { step: step.name.clone(), heading, blocks };
                Ok(Made { shown: Some(shown), ..Made::default() })
            }
        }
    }

    /// What is lost of a table that another replaces.
    fn replaced(&self, step: &Step, name: &str, table: &Table) -> Option<String> {
        let before = self.tables.get(name)?;
        let lost: Vec<String> = before.names().filter(|c| !table.has(c)).map(|c| format!("`{c}`")).collect();
        let without = if lost.is_empty() { String::new() } else { format!(", without {}", lost.join(", ")) };
        let changed = !lost.is_empty() || before.rows() != table.rows();
        let (now, then) = (table.rows(), before.rows());
        changed.then(|| format!("{}: takes the place of `{name}`: {now} rows instead of {then}{without}", step.name))
    }

    /// The columns of a measure on their way into the target table: the main one under the step's name.
    fn joined(&self, step: &Step, measured: Measured) -> Result<Made> {
        let (source, table) = self.source(step)?;
        let into = step.rows.into.clone().unwrap_or_else(|| source.clone());
        let mut made = Made { main_column: measured.columns.first().map(|c| c.name.clone()), ..Made::default() };
        let named = |(j, mut c): (usize, Column)| {
            c.name = column_name(&step.name, j, &c.name);
            c
        };
        let columns: Vec<Column> = measured.columns.into_iter().enumerate().map(named).collect();
        made.notes = measured.measure.notes.iter().map(|n| format!("{}: {n}", step.name)).collect();
        match measured.keys {
            Keys::Rows(rows) => {
                if into != source {
                    return Err(Error::plan(
                        format!("`{}` scores the rows of `{source}` and cannot go into `{into}`", step.entry.name),
                        "leave `into` out",
                    ));
                }
                let (unit, time) = self.keys.get(&source).cloned().unwrap_or_default();
                let (unit, time) = (step.rows.unit.clone().or(unit), step.rows.time.clone().or(time));
                let mut kept = Vec::new();
                for key in [&unit, &time].into_iter().flatten() {
                    kept.push(table.column(key)?.take(&rows));
                }
                if kept.is_empty() {
                    // Without keys, the number of the row in the data is the way back.
                    kept.push(Column::number("row", rows.iter().map(|&r| r as f64 + 1.0).collect()));
                }
                kept.extend(columns.iter().cloned());
                made.measured = Some(Table::new(kept)?);
                let n = table.rows();
                made.columns = Some((source, columns.into_iter().map(|c| scatter(c, &rows, n)).collect()));
            }
            Keys::Columns(keys) => {
                let key_names: Vec<String> = keys.iter().map(|k| k.name.clone()).collect();
                let result = Table::new(keys.into_iter().chain(columns).collect())?;
                made.measured = Some(result.clone());
                let Some(target) = self.tables.get(&into).filter(|_| into != source || step.rows.into.is_some()) else {
                    // Records have many rows for one key: their measure is a table of its own.
                    let key = |i: usize| key_names.get(i).cloned();
                    let name = step.rows.into.clone().unwrap_or_else(|| step.name.clone());
                    made.table = Some((name, Held { table: result, unit: key(0), time: key(1) }));
                    return Ok(made);
                };
                let (unit, time) = self.keys.get(&into).cloned().unwrap_or_default();
                let target_keys: Vec<String> = [unit, time].into_iter().flatten().collect();
                let pairs: Vec<(&str, &str)> =
                    target_keys.iter().map(String::as_str).zip(key_names.iter().map(String::as_str)).collect();
                let joined = plim_table::left_join(target, &result, &pairs)?;
                made.notes.extend(joined.blanks.iter().map(|blanks| format!("{}: {blanks}", step.name)));
                if joined.unmatched > 0 {
                    let n = joined.unmatched;
                    made.notes.push(format!("{}: {n} rows of `{into}` have no value", step.name));
                }
                made.notes.extend(stray(&step.name, &result, target, &into, &pairs)?);
                let new = joined.table.into_columns().into_iter().filter(|c| !target.has(&c.name));
                made.columns = Some((into.clone(), new.collect()));
            }
        }
        Ok(made)
    }

    /// Takes in what a step has made.
    pub(crate) fn apply(&mut self, step: &Step, made: Made) -> Result<()> {
        if let Some((name, columns)) = made.columns {
            self.cells.forget(&name);
            let table = Arc::make_mut(self.tables.get_mut(&name).ok_or_else(|| no_target(&name))?);
            for column in columns {
                table.set(column)?;
            }
        }
        if let Some((name, held)) = made.table {
            self.hold(&name, held);
        }
        if let Some(measure) = made.measure {
            self.results.measures.insert(step.name.clone(), measure);
        }
        self.results.estimates.extend(made.fits);
        self.results.notes.extend(made.notes);
        self.shown.extend(made.shown);
        self.saved.extend(made.saved.map(|saved| (step.name.clone(), saved)));
        if let Some(measured) = made.measured {
            self.measured.insert(step.name.clone(), measured);
        }
        if let Some(main) = made.main_column {
            self.main_columns.insert(step.name.clone(), main);
        }
        Ok(())
    }
}

/// Rows of a measure that no row of the target has the keys of, in words.
fn stray(step: &str, rows: &Table, target: &Table, into: &str, pairs: &[(&str, &str)]) -> Result<Option<String>> {
    let keys = |table: &Table, names: Vec<&str>| -> Result<Vec<String>> {
        let columns = names.iter().map(|name| table.column(name)).collect::<plim_table::Result<Vec<_>>>()?;
        let key = |i: usize| columns.iter().map(|c| c.show(i)).collect::<Vec<_>>().join(" ");
        Ok((0..table.rows()).map(key).collect())
    };
    let known: HashSet<String> = keys(target, pairs.iter().map(|p| p.0).collect())?.into_iter().collect();
    let stray: Vec<String> = keys(rows, pairs.iter().map(|p| p.1).collect())?;
    let stray: Vec<&String> = stray.iter().filter(|key| !known.contains(*key)).collect();
    let few: Vec<&str> = stray.iter().take(5).map(|key| key.as_str()).collect();
    let more = if stray.len() > few.len() { ", …" } else { "" };
    let n = stray.len();
    Ok((n > 0).then(|| format!("{step}: {n} rows match no row of `{into}`: {}{more}", few.join(", "))))
}

/// Name of column `j` of a measure in the table: the step's for the main one, `STEP_COLUMN` for the others.
pub fn column_name(step: &str, j: usize, column: &str) -> String {
    match j {
        0 => step.into(),
        _ => format!("{step}_{column}"),
    }
}

fn no_target(into: &str) -> Error {
    Error::plan(format!("no table `{into}` to put the columns into"), "declare it under [data]")
}

/// A column at `rows` spread over `n` rows, missing elsewhere.
fn scatter(column: Column, rows: &[usize], n: usize) -> Column {
    if rows.len() == n {
        return column;
    }
    match &column.data {
        Data::Number(v) => {
            let mut all = vec![f64::NAN; n];
            for (&r, &x) in rows.iter().zip(v) {
                all[r] = x;
            }
            Column::number(column.name, all)
        }
        Data::Text(t) => {
            let mut all: Vec<Option<&str>> = vec![None; n];
            for (i, &r) in rows.iter().enumerate() {
                all[r] = t.get(i);
            }
            Column::text(column.name.clone(), all)
        }
    }
}
