//! Dynamic efficiency on a balanced panel: from the columns of a table, and back to columns.

use super::efficiency::{label, word};
use super::numbers;
use crate::error::{Error, Result};
use crate::method::{Context, Keys, Measured, Method, Outcome};
use plim_report::Measure;
use plim_stats::frontier::dynamic::{DynamicDea, Panel, Role, dynamic};
use plim_stats::math::Mat;
use plim_table::{Column, Panel as Keyed, Table};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The rows of units that are complete in every period.
struct Balanced {
    table: Table,
    /// Rows of the step's table, those of the first period first and the units in the same order in each.
    rows: Vec<usize>,
    periods: usize,
    notes: Vec<String>,
}

impl Balanced {
    fn new(cx: &Context, names: &[String]) -> Result<Self> {
        let (unit, time) = (cx.need_unit()?, cx.need_time()?);
        let kept = cx.kept();
        let values = numbers(&kept, names)?;
        let complete: Vec<usize> = (0..kept.rows()).filter(|&i| values.iter().all(|c| !c[i].is_nan())).collect();
        let panel = Keyed::new(&kept.take(&complete), unit, time)?;
        let times: Vec<i64> = panel.times.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
        let (balanced, left_out): (Vec<u32>, Vec<u32>) =
            (0..panel.labels.len() as u32).partition(|&u| panel.unit(u).len() == times.len());
        if balanced.is_empty() {
            return Err(Error::plan(
                format!("no unit has all inputs, outputs and carry-overs in all {} periods", times.len()),
                "choose the periods that units have in common with `where`",
            ));
        }
        let mut notes = Vec::new();
        let missing = kept.rows() - complete.len();
        if missing > 0 {
            notes.push(format!("{missing} rows miss an input, output or carry-over"));
        }
        if !left_out.is_empty() {
            let labels: Vec<&str> = left_out.iter().map(|&u| panel.labels[u as usize].as_str()).collect();
            notes.push(format!(
                "{} units are not complete in all {} periods and are left out: {}",
                left_out.len(),
                times.len(),
                labels.join(", ")
            ));
        }
        if let Some(gap) = times.windows(2).find(|pair| pair[1] != pair[0] + 1) {
            notes.push(format!("`{time}` goes from {} to {}: the carry-overs bridge the gap", gap[0], gap[1]));
        }
        let place = |t: usize, u: u32| complete[panel.unit(u)[t]];
        let rows: Vec<usize> = (0..times.len()).flat_map(|t| balanced.iter().map(move |&u| place(t, u))).collect();
        let table = kept.take(&rows);
        Ok(Balanced { table, rows: rows.iter().map(|&r| cx.rows[r]).collect(), periods: times.len(), notes })
    }
}

impl Method for DynamicDea {
    fn border(&self) -> bool {
        true
    }

    fn columns(&self) -> Vec<String> {
        self.variables().map(|v| v.1.clone()).collect()
    }

    fn adds(&self, step: &str) -> Vec<String> {
        let names = ["efficiency", "period_efficiency", "status"];
        names.iter().enumerate().map(|(j, n)| crate::made::column_name(step, j, n)).collect()
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        if self.inputs.is_empty() || self.outputs.is_empty() {
            return Err(Error::plan("`inputs` or `outputs` is empty", "name the columns of both"));
        }
        let Balanced { table, rows, periods, mut notes } = Balanced::new(cx, &self.columns())?;
        let values = numbers(&table, &self.columns())?;
        let matrix = |column: &[f64]| Mat::from_fn(rows.len(), 1, |i, _| column[i]);
        let blocks: Vec<(Role, Mat<f64>)> =
            self.variables().zip(&values).map(|((role, _), column)| (role, matrix(column))).collect();
        let blocks: Vec<(Role, &Mat<f64>)> = blocks.iter().map(|(role, M)| (*role, M)).collect();
        let panel = Panel::new(periods, &blocks)?;
        let scores = dynamic(&panel, self).map_err(|e| Error::from(e).at_rows(&table))?;
        notes.extend(scores.notes);
        let (n, units) = (panel.units(), &scores.units);
        let number = |name: &str, value: &dyn Fn(usize, usize) -> Option<f64>| {
            Column::number(name, (0..rows.len()).map(|i| value(i / n, i % n).unwrap_or(f64::NAN)).collect())
        };
        let columns = vec![
            number("efficiency", &|_, u| units[u].efficiency),
            number("period_efficiency", &|t, u| Some(units[u].periods.as_ref()?[t])),
            Column::text("status", (0..rows.len()).map(|i| word(&units[i % n].status))),
        ];
        let mut measure = Measure { method: "dynamic_dea".into(), notes, ..Default::default() };
        let refused: Vec<Value> = (units.iter().enumerate())
            .filter_map(|(u, unit)| Some(json!({ "unit": label(cx, &table, u), "reason": unit.reason.as_ref()? })))
            .collect();
        if !refused.is_empty() {
            measure.more.insert("refused".into(), refused.into());
        }
        Ok(Outcome::Columns(Measured { measure, columns, keys: Keys::Rows(rows) }))
    }
}
