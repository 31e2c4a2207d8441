//! Cross-efficiency from the columns of a table, and back to columns.

use super::efficiency::{Observed, Variables, word};
use crate::error::Result;
use crate::method::{Context, Method, Outcome};
use plim_stats::frontier::cross_efficiency::{CrossEfficiency, Judged, cross_efficiency};
use plim_table::Column;

impl Method for CrossEfficiency {
    fn border(&self) -> bool {
        true
    }

    fn columns(&self) -> Vec<String> {
        self.inputs.iter().chain(&self.outputs).chain(&self.by).cloned().collect()
    }

    fn adds(&self, step: &str) -> Vec<String> {
        let names = ["efficiency", "self_efficiency", "maverick", "status"];
        names.iter().enumerate().map(|(j, n)| crate::made::column_name(step, j, n)).collect()
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        let variables = Variables { inputs: &self.inputs, outputs: &self.outputs, bads: &[] };
        let mut observed = Observed::new(cx, &variables, &self.by.iter().collect::<Vec<_>>())?;
        let judged = observed.each_by(self.by.as_deref(), |units, _| {
            cross_efficiency(units, self).map(|judgments| (judgments.units, judgments.notes))
        })?;
        let number = |name: &str, value: fn(&Judged) -> Option<f64>| {
            Column::number(name, judged.iter().map(|u| value(u).unwrap_or(f64::NAN)).collect())
        };
        let columns = vec![
            number("efficiency", |u| u.efficiency),
            number("self_efficiency", |u| u.self_efficiency),
            number("maverick", |u| u.maverick),
            Column::text("status", judged.iter().map(|u| word(&u.status))),
        ];
        let reasons: Vec<Option<&str>> = judged.iter().map(|u| u.reason.as_deref()).collect();
        Ok(observed.measured(cx, "cross_efficiency", &reasons, columns))
    }
}
