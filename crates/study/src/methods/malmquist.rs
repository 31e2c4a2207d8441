//! Productivity change of the units of a panel: columns under the later of two periods.

use super::efficiency::{Observed, Variables, label, word};
use crate::error::{Error, Result};
use crate::method::{Context, Keys, Measured, Method, Outcome};
use plim_report::Measure;
use plim_stats::frontier::malmquist::{Change, Decomposition, Malmquist, ProductivityModel, malmquist};
use plim_table::{Column, Table};
use serde_json::{Value, json};

/// A number of a change.
type Part = fn(&Change) -> Option<f64>;

/// The columns of numbers, in order.
fn parts(options: &Malmquist) -> Vec<(&'static str, Part)> {
    let mut parts: Vec<(&'static str, Part)> = vec![
        ("index", |c| c.index),
        ("efficiency_change", |c| c.efficiency_change),
        ("technical_change", |c| c.technical_change),
        ("pure_efficiency_change", |c| c.pure_efficiency_change),
        ("scale_efficiency_change", |c| c.scale_efficiency_change),
        ("cumulative", |c| c.cumulative),
    ];
    match options.decomposition {
        Decomposition::Zofio => parts.push(("scale_technical_change", |c| c.scale_technical_change)),
        Decomposition::Bias => {
            parts.push(("output_bias", |c| c.output_bias));
            parts.push(("input_bias", |c| c.input_bias));
            parts.push(("magnitude", |c| c.magnitude));
        }
        Decomposition::Fgnz | Decomposition::RayDesli | Decomposition::GrifellLovell => {}
    }
    if options.model == ProductivityModel::FarePrimont {
        parts.push(("level", |c| c.level));
    }
    parts
}

fn variables(options: &Malmquist) -> Variables<'_> {
    Variables { inputs: &options.inputs, outputs: &options.outputs, bads: &options.bads }
}

impl Method for Malmquist {
    fn border(&self) -> bool {
        true
    }

    fn columns(&self) -> Vec<String> {
        variables(self).all().cloned().collect()
    }

    fn adds(&self, step: &str) -> Vec<String> {
        let names = parts(self).into_iter().map(|(name, _)| name).chain(["status"]);
        names.enumerate().map(|(j, name)| crate::made::column_name(step, j, name)).collect()
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        let (unit, time) = (cx.need_unit()?.to_string(), cx.need_time()?.to_string());
        let mut observed = Observed::new(cx, &variables(self), &[&unit, &time])?;
        let units = observed.table.column(&unit)?.codes();
        let periods = periods(&observed.table, &time)?;
        let result =
            malmquist(&observed.units, &units, &periods, self).map_err(|e| Error::from(e).at_rows(&observed.table))?;
        let changes = &result.changes;
        let values = |part: Part| changes.iter().map(|c| part(c).unwrap_or(f64::NAN)).collect();
        let mut columns: Vec<Column> =
            parts(self).into_iter().map(|(name, part)| Column::number(name, values(part))).collect();
        columns.push(Column::text("status", changes.iter().map(|c| c.status.as_ref().and_then(word))));
        let refused: Vec<Value> = (changes.iter().enumerate())
            .filter_map(|(i, c)| Some(json!({ "unit": label(cx, &observed.table, i), "reason": c.reason.as_ref()? })))
            .collect();
        observed.notes.extend(result.notes);
        let mut measure = Measure { method: "malmquist".into(), notes: observed.notes, ..Default::default() };
        if !refused.is_empty() {
            measure.more.insert("refused".into(), refused.into());
        }
        Ok(Outcome::Columns(Measured { measure, columns, keys: Keys::Rows(observed.rows) }))
    }
}

/// The place of each row's time among the times of the table, in order.
pub(super) fn periods(table: &Table, time: &str) -> Result<Vec<u32>> {
    let times = table.numbers(time)?;
    let mut distinct = times.to_vec();
    distinct.sort_by(f64::total_cmp);
    distinct.dedup();
    Ok(times.iter().map(|t| distinct.partition_point(|d| d < t) as u32).collect())
}
