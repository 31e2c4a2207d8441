//! Window analysis as columns.

use super::efficiency::{Observed, Variables, word};
use super::{list, times};
use crate::error::{Error, Result};
use crate::method::{Context, Method, Outcome};
use plim_stats::frontier::window::{WindowDea, WindowUnit, window_dea};
use plim_table::Column;

const COLUMNS: [&str; 4] = ["efficiency", "windows", "range", "status"];

impl Method for WindowDea {
    fn border(&self) -> bool {
        true
    }

    fn columns(&self) -> Vec<String> {
        self.inputs.iter().chain(&self.outputs).cloned().collect()
    }

    fn adds(&self, step: &str) -> Vec<String> {
        COLUMNS.iter().enumerate().map(|(j, name)| crate::made::column_name(step, j, name)).collect()
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        let time = cx.need_time()?.to_string();
        let variables = Variables { inputs: &self.inputs, outputs: &self.outputs, bads: &[] };
        let mut observed = Observed::new(cx, &variables, &[&time])?;
        let times = times(&observed.table, &time)?;
        let scores = window_dea(&observed.units, &times, self).map_err(|e| Error::from(e).at_rows(&observed.table))?;
        observed.notes.extend(scores.notes);
        let units = &scores.units;
        let number = |name: &str, value: &dyn Fn(&WindowUnit) -> Option<f64>| {
            Column::number(name, units.iter().map(|u| value(u).unwrap_or(f64::NAN)).collect())
        };
        let [mean, count, range, status] = COLUMNS;
        let columns = vec![
            number(mean, &|u| u.efficiency),
            number(count, &|u| Some(u.windows.len() as f64)),
            number(range, &|u| u.range),
            Column::text(status, units.iter().map(|u| word(&u.status))),
        ];
        let reasons: Vec<Option<&str>> = units.iter().map(|u| u.reason.as_deref()).collect();
        let mut outcome = observed.measured(cx, "window_dea", &reasons, columns);
        if let Outcome::Columns(measured) = &mut outcome {
            measured.measure.more.insert("windows".into(), list(&scores.windows));
        }
        Ok(outcome)
    }
}
