//! The auditor: `plim audit data` and `plim audit weights`, and the same as steps of a study.

use super::complete::factor;
use super::efficiency::word;
use super::{list, numbers, times};
use crate::error::{Error, Result};
use crate::method::{Context, Keys, Measured, Method, Outcome};
use plim_report::Measure;
use plim_stats::audit::{
    AuditData, AuditWeights, Check, Columns, Finding, audit_data, audit_weights, identical_rows, missing_values,
};
use plim_table::damage::{damage, plain};
use plim_table::table::parse_number;
use plim_table::{Column, Data, MISSING, Table};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, HashMap};

impl Method for AuditWeights {
    fn columns(&self) -> Vec<String> {
        self.indicators.iter().chain(&self.index).cloned().collect()
    }

    fn adds(&self, _: &str) -> Vec<String> {
        Vec::new()
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        let kept = cx.kept();
        let x = numbers(&kept, &self.indicators)?;
        let index = self.index.as_deref().map(|name| kept.numbers(name)).transpose()?;
        let time = cx.kept_times(&kept)?;
        let units = cx.unit.as_deref().map(|name| factor(&kept, name)).transpose()?.map(|f| f.levels as usize);
        let found =
            audit_weights(self, &x, index, time.as_deref(), units).map_err(|e| Error::from(e).at_rows(&kept))?;
        let mut notes = vec![format!("verdict: {}", found.verdict)];
        notes.extend(found.notes);
        let mut measure = Measure { method: "audit_weights".into(), notes, ..Default::default() };
        measure.more.insert("verdict".into(), json!(found.verdict));
        measure.more.insert("stats".into(), json!({ "tried": found.tried, "tolerance": found.tolerance }));
        measure.more.insert("conventions".into(), list(&found.conventions));
        let text = |name: &str, of: &dyn Fn(usize) -> String| {
            Column::text(name, (0..found.conventions.len()).map(|i| Some(of(i))))
        };
        let all = &found.conventions;
        let yes = |b: bool| f64::from(u8::from(b));
        let mut columns = vec![
            text("convention", &|i| all[i].convention.clone()),
            Column::number("matches", all.iter().map(|c| yes(c.matches)).collect()),
            Column::number("distance", all.iter().map(|c| c.distance).collect()),
            Column::number("correlation", all.iter().map(|c| c.correlation.unwrap_or(f64::NAN)).collect()),
            Column::number("faulty", all.iter().map(|c| yes(c.faulty)).collect()),
        ];
        for (j, name) in self.indicators.iter().enumerate() {
            columns.push(Column::number(format!("weight_{name}"), all.iter().map(|c| c.weights[j]).collect()));
        }
        Ok(Outcome::Columns(Measured { measure, columns, keys: Keys::Columns(Vec::new()) }))
    }
}

impl Method for AuditData {
    fn columns(&self) -> Vec<String> {
        self.columns.clone()
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        let kept = cx.kept();
        let keys: Vec<&str> = cx.unit.as_deref().into_iter().chain(cx.time.as_deref()).collect();
        let mut all = texts(&kept, &keys);
        all.extend(whole(&kept));
        let (first, repeats) = repeated(cx, &kept)?;
        all.extend(repeats);
        let table = kept.take(&first);
        let names: Vec<String> = match self.columns.is_empty() {
            false => self.columns.clone(),
            true => {
                let numeric = |c: &&Column| matches!(c.data, Data::Number(_)) && !keys.contains(&c.name.as_str());
                table.columns().iter().filter(numeric).map(|c| c.name.clone()).collect()
            }
        };
        let unit = cx.unit.as_deref().map(|name| factor(&table, name)).transpose()?;
        let time = cx.time.as_deref().map(|name| times(&table, name)).transpose()?;
        let mut labels = Vec::new();
        if let (Some(unit), Some(name)) = (&unit, &cx.unit) {
            let column = table.column(name)?;
            labels = vec![String::new(); unit.levels as usize];
            unit.codes.iter().enumerate().rev().for_each(|(i, &u)| labels[u as usize] = column.show(i));
        }
        if !names.is_empty() {
            let values = numbers(&table, &names)?;
            let data =
                Columns { names: &names, values: &values, unit: unit.as_ref(), labels: &labels, time: time.as_deref() };
            let found = audit_data(self, &data).map_err(|e| Error::from(e).at_rows(&table))?;
            // Back to the rows before the repeats were left out.
            all.extend(found.into_iter().map(|f| Finding { row: f.row.map(|r| first[r]), ..f }));
        }
        let mut counts: BTreeMap<Check, usize> = BTreeMap::new();
        all.iter().for_each(|f| *counts.entry(f.check).or_default() += 1);
        let mut seen: BTreeMap<Check, usize> = BTreeMap::new();
        all.retain(|f| {
            let n = seen.entry(f.check).or_default();
            *n += 1;
            *n <= self.limit
        });
        all.sort_by_key(|f| f.check);
        Ok(report(self, cx, &kept, &all, &labels, &counts))
    }
}

/// Findings as rows, with counts of each check.
fn report(
    options: &AuditData,
    cx: &Context,
    kept: &Table,
    all: &[Finding],
    labels: &[String],
    counts: &BTreeMap<Check, usize>,
) -> Outcome {
    let mut notes = Vec::new();
    let mut counted = Map::new();
    for (check, n) in counts {
        let name = word(check).unwrap_or_default();
        if *n > options.limit {
            notes.push(format!("{n} findings of `{name}`, of which {} are listed", options.limit));
        }
        counted.insert(name, json!(n));
    }
    if let Some(n) = counts.get(&Check::IdenticalRow) {
        notes.push(format!("{n} rows equal an earlier one in every column"));
    }
    if all.is_empty() {
        notes.push("nothing odd was found".into());
    }
    if cx.unit.is_none() || cx.time.is_none() {
        notes.push("with `unit` and `time` the audit also looks at paths: jumps, repeats, totals, outliers".into());
    }
    let mut measure = Measure { method: "audit_data".into(), notes, ..Default::default() };
    measure.more.insert("counts".into(), Value::Object(counted));
    let shown = |f: &Finding, name: &Option<String>| -> Option<String> {
        let column = kept.column(name.as_deref()?).ok()?;
        f.row.map(|r| column.show(r)).filter(|s| !s.is_empty())
    };
    let unit = |f: &Finding| shown(f, &cx.unit).or_else(|| labels.get(f.unit? as usize).cloned());
    let line = |f: &Finding| f.row.map_or(f64::NAN, |r| kept.line(r).map_or(r as f64 + 1.0, f64::from));
    let mut columns = vec![
        Column::text("check", all.iter().map(|f| word(&f.check))),
        Column::text("column", all.iter().map(|f| Some(f.column.as_str()))),
        Column::text("unit", all.iter().map(unit)),
        Column::text("time", all.iter().map(|f| shown(f, &cx.time))),
        Column::number("line", all.iter().map(line).collect()),
        Column::number("value", all.iter().map(|f| f.value).collect()),
        Column::number("expected", all.iter().map(|f| f.expected).collect()),
        Column::text("message", all.iter().map(|f| Some(f.message.as_str()))),
    ];
    if kept.origin.files.is_some() {
        columns.push(Column::text("file", all.iter().map(|f| f.row.and_then(|r| kept.file(r)))));
    }
    Outcome::Columns(Measured { measure, columns, keys: Keys::Columns(Vec::new()) })
}

/// The first row of each unit and time, and a finding for each further one; rows without a key are left out of both.
fn repeated(cx: &Context, kept: &Table) -> Result<(Vec<usize>, Vec<Finding>)> {
    let (Some(unit), Some(time)) = (&cx.unit, &cx.time) else { return Ok(((0..kept.rows()).collect(), Vec::new())) };
    let (unit_column, time_column) = (kept.column(unit)?, kept.column(time)?);
    let (units, clock) = (unit_column.codes(), time_column.codes());
    let mut first: HashMap<(u32, u32), usize> = HashMap::new();
    let (mut rows, mut findings) = (Vec::new(), Vec::new());
    for i in (0..kept.rows()).filter(|&i| units[i] != MISSING && clock[i] != MISSING) {
        match first.get(&(units[i], clock[i])) {
            None => {
                first.insert((units[i], clock[i]), i);
                rows.push(i);
            }
            Some(&before) => findings.push(finding(
                Check::DuplicateRow,
                unit,
                Some(i),
                format!(
                    "a second row of {} in {}; the first is {}",
                    unit_column.show(i),
                    time_column.show(i),
                    line(kept, before)
                ),
            )),
        }
    }
    if rows.is_empty() {
        return Err(Error::plan("no row has a unit and a time", "check `unit` and `time`"));
    }
    Ok((rows, findings))
}

/// Rows that equal an earlier one in every column, and the missing values of each column.
fn whole(kept: &Table) -> Vec<Finding> {
    let codes: Vec<Vec<u32>> = kept.columns().iter().map(Column::codes).collect();
    let again = identical_rows(&codes).into_iter().map(|(row, first)| {
        finding(Check::IdenticalRow, "", Some(row), format!("equals {} in every column", line(kept, first)))
    });
    let missing = |c: &Column| (0..kept.rows()).filter(|&i| c.is_missing(i)).count();
    let holes = kept.columns().iter().map(|c| (c.name.as_str(), missing(c)));
    again.chain(missing_values(holes, kept.rows())).collect()
}

/// A row as a message names it.
fn line(kept: &Table, row: usize) -> String {
    let number = kept.line(row).map_or(row + 1, |l| l as usize);
    match kept.file(row).filter(|_| kept.origin.files.is_some()) {
        Some(file) => format!("line {number} of {file}"),
        None => format!("line {number}"),
    }
}

fn finding(check: Check, column: &str, row: Option<usize>, message: String) -> Finding {
    Finding { check, column: column.into(), row, unit: None, value: f64::NAN, expected: f64::NAN, message }
}

/// Damaged names and labels, labels that look alike, texts among numbers.
fn texts(kept: &Table, keys: &[&str]) -> Vec<Finding> {
    let mut all = Vec::new();
    for column in kept.columns() {
        let name = &column.name;
        if let Some(what) = damage(name) {
            all.push(finding(Check::Encoding, name, None, format!("the name of the column `{name}` {what}")));
        }
        if !matches!(column.data, Data::Text(_)) {
            continue;
        }
        // The first row of each text, and how many rows have it.
        let mut rows: BTreeMap<u32, (usize, usize)> = BTreeMap::new();
        for (i, code) in column.codes().into_iter().enumerate().filter(|(_, c)| *c != MISSING) {
            rows.entry(code).or_insert((i, 0)).1 += 1;
        }
        let (mut numeric, mut whole) = (0, 0);
        let mut alike: HashMap<String, String> = HashMap::new();
        for &(row, n) in rows.values() {
            let text = column.show(row);
            whole += n;
            numeric += if parse_number(&text).is_some() { n } else { 0 };
            if let Some(what) = damage(&text) {
                all.push(finding(Check::Encoding, name, Some(row), format!("`{text}` {what}")));
            }
            if let Some(other) = alike.insert(plain(&text), text.clone()) {
                let message = format!("`{text}` and `{other}` differ by blanks, width or case only: one unit or two?");
                all.push(finding(Check::LabelVariant, name, Some(row), message));
            }
        }
        // A few texts made text of a whole column of numbers.
        if !keys.contains(&name.as_str()) && numeric < whole && numeric as f64 >= 0.8 * whole as f64 {
            let text = |row: usize| parse_number(&column.show(row)).is_none() && !code(&column.show(row));
            for &(row, n) in rows.values().filter(|(row, _)| text(*row)) {
                let message = format!("`{}` in {n} rows makes text of a column of numbers", column.show(row));
                all.push(finding(Check::TextAmongNumbers, name, Some(row), message));
            }
        }
    }
    all
}

/// A code of digits, which is text for its leading zero or its length.
fn code(text: &str) -> bool {
    text.trim().bytes().all(|b| b.is_ascii_digit())
}
