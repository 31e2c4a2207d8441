//! Outliers among units that turn inputs into outputs.

use super::efficiency::{Observed, Variables, word};
use crate::error::Result;
use crate::method::{Context, Method, Outcome};
use plim_stats::frontier::Status;
use plim_stats::frontier::outliers::{DeaOutliers, Outlier, Outliers, dea_outliers};
use plim_table::Column;

impl Method for DeaOutliers {
    fn columns(&self) -> Vec<String> {
        self.inputs.iter().chain(&self.outputs).chain(&self.by).cloned().collect()
    }

    fn adds(&self, step: &str) -> Vec<String> {
        let names = ["statistic", "cutoff", "suspect", "status"];
        names.iter().enumerate().map(|(j, name)| crate::made::column_name(step, j, name)).collect()
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        let variables = Variables { inputs: &self.inputs, outputs: &self.outputs, bads: &[] };
        let mut observed = Observed::new(cx, &variables, &self.by.iter().collect::<Vec<_>>())?;
        let judged = observed.each_by(self.by.as_deref(), |units, _| {
            let Outliers { units, notes } = dea_outliers(units, self)?;
            Ok((units, notes))
        })?;
        let number = |name, value: fn(&Outlier) -> f64| {
            Column::number(name, judged.iter().map(|u| u.as_ref().map_or(f64::NAN, value)).collect())
        };
        let status = judged.iter().map(|u| word(&u.as_ref().err().map_or(Status::Optimal, |none| none.status)));
        let columns = vec![
            number("statistic", |u| u.statistic),
            number("cutoff", |u| u.cutoff),
            number("suspect", |u| f64::from(u8::from(u.suspect))),
            Column::text("status", status),
        ];
        let reasons: Vec<Option<&str>> = judged.iter().map(|u| u.as_ref().err()?.reason.as_deref()).collect();
        Ok(observed.measured(cx, "dea_outliers", &reasons, columns))
    }
}
