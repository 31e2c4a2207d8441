//! Inference for nonparametric frontiers: partial frontiers, the bootstrap of scores, the test of returns to scale.

use super::efficiency::{Observed, Variables, label, word};
use crate::error::{Error, Result};
use crate::method::{Context, Keys, Measured, Method, Outcome};
use plim_report::Measure;
use plim_stats::frontier::Status;
use plim_stats::frontier::dea::Orientation;
use plim_stats::frontier::dea::technology::Scored;
use plim_stats::frontier::inference::bootstrap::{Bootstrapped, DeaBootstrap, dea_bootstrap};
use plim_stats::frontier::inference::partial::{PartialFrontier, partial_frontier};
use plim_stats::frontier::inference::returns::{RtsTest, rts_test};
use plim_table::Column;
use serde_json::{Value, json};

/// Columns of a bootstrap, in the order of [`Bootstrapped`].
const BOOTSTRAP: [&str; 7] = ["efficiency", "bias_corrected", "bias", "std_error", "conf_low", "conf_high", "status"];
/// Columns of a test of returns: the scores it stands on.
const RETURNS: [&str; 5] = ["scale_efficiency", "efficiency_crs", "efficiency_nirs", "efficiency_vrs", "status"];

/// Names of the columns that a step adds.
fn named(step: &str, columns: &[&str]) -> Vec<String> {
    columns.iter().enumerate().map(|(j, name)| crate::made::column_name(step, j, name)).collect()
}

fn observed(cx: &Context, inputs: &[String], outputs: &[String]) -> Result<Observed> {
    Observed::new(cx, &Variables { inputs, outputs, bads: &[] }, &[])
}

/// A measure with `numbers` of each unit under the first names of `columns`, its status under the last, and why units
/// were refused.
fn outcome<T, const N: usize>(
    cx: &Context,
    observed: Observed,
    mut measure: Measure,
    columns: &[&str],
    scored: &[Scored<T>],
    numbers: impl Fn(&T) -> [f64; N],
) -> Outcome {
    let refused: Vec<Value> = (scored.iter().enumerate())
        .filter_map(|(i, s)| {
            let reason = s.as_ref().err()?.reason.as_ref()?;
            Some(json!({ "unit": label(cx, &observed.table, i), "reason": reason }))
        })
        .collect();
    if !refused.is_empty() {
        measure.more.insert("refused".into(), refused.into());
    }
    let rows: Vec<[f64; N]> = scored.iter().map(|s| s.as_ref().map_or([f64::NAN; N], &numbers)).collect();
    let number = |j: usize| Column::number(columns[j], rows.iter().map(|row| row[j]).collect());
    let mut all: Vec<Column> = (0..N).map(number).collect();
    let status = scored.iter().map(|s| word(&s.as_ref().err().map_or(Status::Optimal, |e| e.status)));
    all.push(Column::text(columns[N], status));
    measure.notes.splice(0..0, observed.notes);
    Outcome::Columns(Measured { measure, columns: all, keys: Keys::Rows(observed.rows) })
}

impl Method for DeaBootstrap {
    fn columns(&self) -> Vec<String> {
        self.inputs.iter().chain(&self.outputs).cloned().collect()
    }

    fn adds(&self, step: &str) -> Vec<String> {
        named(step, &BOOTSTRAP)
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        let observed = observed(cx, &self.inputs, &self.outputs)?;
        let all = dea_bootstrap(&observed.units, self, cx.seed).map_err(|e| Error::from(e).at_rows(&observed.table))?;
        let mut measure = Measure { method: "dea_bootstrap".into(), notes: all.notes, ..Default::default() };
        let stats = json!({ "bandwidth": all.bandwidth, "replications": self.replications, "level": self.level });
        measure.more.insert("stats".into(), stats);
        let numbers = |u: &Bootstrapped| [u.efficiency, u.bias_corrected, u.bias, u.std_error, u.conf_low, u.conf_high];
        Ok(outcome(cx, observed, measure, &BOOTSTRAP, &all.units, numbers))
    }
}

impl Method for RtsTest {
    fn columns(&self) -> Vec<String> {
        self.inputs.iter().chain(&self.outputs).cloned().collect()
    }

    fn adds(&self, step: &str) -> Vec<String> {
        named(step, &RETURNS)
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        let observed = observed(cx, &self.inputs, &self.outputs)?;
        let tested = rts_test(&observed.units, self, cx.seed).map_err(|e| Error::from(e).at_rows(&observed.table))?;
        let mut measure = Measure { method: "rts_test".into(), notes: tested.notes, ..Default::default() };
        measure.more.insert("tests".into(), json!(tested.tests));
        measure.more.insert("stats".into(), json!({ "replications": self.replications, "size": self.size }));
        measure.more.insert("returns_to_scale".into(), json!(tested.returns));
        let numbers = |&[crs, nirs, vrs]: &[f64; 3]| [crs / vrs, crs, nirs, vrs];
        Ok(outcome(cx, observed, measure, &RETURNS, &tested.units, numbers))
    }
}

impl Method for PartialFrontier {
    fn columns(&self) -> Vec<String> {
        self.inputs.iter().chain(&self.outputs).cloned().collect()
    }

    fn adds(&self, step: &str) -> Vec<String> {
        named(step, &["efficiency", "score", "status"])
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        let observed = observed(cx, &self.inputs, &self.outputs)?;
        let scored = partial_frontier(&observed.units, self).map_err(|e| Error::from(e).at_rows(&observed.table))?;
        let measure = Measure { method: "partial_frontier".into(), ..Default::default() };
        let output = self.orientation == Orientation::Output;
        let numbers = |&score: &f64| [if output { 1.0 / score } else { score }, score];
        Ok(outcome(cx, observed, measure, &["efficiency", "score", "status"], &scored, numbers))
    }
}
