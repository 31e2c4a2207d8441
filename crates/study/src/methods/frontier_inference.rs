//! Inference for nonparametric frontiers: partial frontiers.

use super::efficiency::{Observed, Variables, label, word};
use crate::error::{Error, Result};
use crate::method::{Context, Keys, Measured, Method, Outcome};
use plim_report::Measure;
use plim_stats::frontier::Status;
use plim_stats::frontier::dea::Orientation;
use plim_stats::frontier::inference::partial::{PartialFrontier, partial_frontier};
use plim_table::Column;
use serde_json::{Value, json};

impl Method for PartialFrontier {
    fn columns(&self) -> Vec<String> {
        self.inputs.iter().chain(&self.outputs).cloned().collect()
    }

    fn adds(&self, step: &str) -> Vec<String> {
        ["efficiency", "score", "status"].iter().enumerate().map(|(j, n)| crate::run::column_name(step, j, n)).collect()
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        let variables = Variables { inputs: &self.inputs, outputs: &self.outputs, bads: &[] };
        let observed = Observed::new(cx, &variables, &[])?;
        let scored = partial_frontier(&observed.units, self).map_err(|e| Error::from(e).at_rows(&observed.table))?;
        let mut measure = Measure { method: "partial_frontier".into(), notes: observed.notes, ..Default::default() };
        let refused: Vec<Value> = (scored.iter().enumerate())
            .filter_map(|(i, s)| {
                let reason = s.as_ref().err()?.reason.as_ref()?;
                Some(json!({ "unit": label(cx, &observed.table, i), "reason": reason }))
            })
            .collect();
        if !refused.is_empty() {
            measure.more.insert("refused".into(), refused.into());
        }
        let score = |s: &std::result::Result<f64, _>| *s.as_ref().unwrap_or(&f64::NAN);
        let efficiency = |score: f64| if self.orientation == Orientation::Output { 1.0 / score } else { score };
        let columns = vec![
            Column::number("efficiency", scored.iter().map(|s| efficiency(score(s))).collect()),
            Column::number("score", scored.iter().map(score).collect()),
            Column::text(
                "status",
                scored.iter().map(|s| word(&s.as_ref().err().map_or(Status::Optimal, |e| e.status))),
            ),
        ];
        Ok(Outcome::Columns(Measured { measure, columns, keys: Keys::Rows(observed.rows) }))
    }
}
