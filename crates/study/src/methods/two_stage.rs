//! Two-stage data envelopment as columns.

use super::efficiency::{Observed, Variables, word};
use crate::error::{Error, Result};
use crate::method::{Context, Method, Outcome};
use plim_stats::frontier::Status;
use plim_stats::frontier::dea::Units;
use plim_stats::frontier::two_stage::{TwoStageDea, TwoStageUnit, two_stage};
use plim_stats::math::Mat;
use plim_table::Column;

const COLUMNS: [&str; 4] = ["efficiency", "efficiency_first", "efficiency_second", "status"];

impl Method for TwoStageDea {
    fn border(&self) -> bool {
        true
    }

    fn columns(&self) -> Vec<String> {
        self.inputs.iter().chain(&self.links).chain(&self.outputs).chain(&self.by).cloned().collect()
    }

    fn adds(&self, step: &str) -> Vec<String> {
        COLUMNS.iter().enumerate().map(|(j, name)| crate::made::column_name(step, j, name)).collect()
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        if self.inputs.is_empty() || self.links.is_empty() || self.outputs.is_empty() {
            return Err(Error::plan("`inputs`, `links` or `outputs` is empty", "name the columns of all three"));
        }
        // What either stage uses comes first: X, then Z, then Y.
        let used: Vec<String> = self.inputs.iter().chain(&self.links).cloned().collect();
        let named: Vec<&String> = used.iter().chain(&self.outputs).collect();
        if let Some(twice) = named.iter().enumerate().find_map(|(j, name)| named[..j].contains(name).then_some(name)) {
            return Err(Error::plan(
                format!("`{twice}` is named twice among inputs, links and outputs"),
                "name it once",
            ));
        }
        let variables = Variables { inputs: &used, outputs: &self.outputs, bads: &[] };
        let mut observed = Observed::new(cx, &variables, &self.by.iter().collect::<Vec<_>>())?;
        let units = observed.each_by(self.by.as_deref(), |units, _| judge(self, units))?;
        let number = |name: &str, value: &dyn Fn(&TwoStageUnit) -> Option<f64>| {
            Column::number(name, units.iter().map(|u| value(u).unwrap_or(f64::NAN)).collect())
        };
        let [overall, first, second, status] = COLUMNS;
        let columns = vec![
            number(overall, &|u| u.efficiency),
            number(first, &|u| u.stages.map(|s| s[0])),
            number(second, &|u| u.stages.map(|s| s[1])),
            Column::text(status, units.iter().map(|u| word(&u.status))),
        ];
        let reasons: Vec<Option<&str>> = units.iter().map(|u| u.reason.as_deref()).collect();
        Ok(observed.measured(cx, "two_stage_dea", &reasons, columns))
    }
}

/// Scores of the units of one frontier, and what a reader must know.
fn judge(options: &TwoStageDea, units: &Units) -> plim_stats::Result<(Vec<TwoStageUnit>, Vec<String>)> {
    let (m, p) = (options.inputs.len(), options.links.len());
    let matrix = |from: usize, k: usize| Mat::from_fn(units.count(), k, |i, j| units.at(from + j, i));
    let [X, Z, Y] = [matrix(0, m), matrix(m, p), matrix(m + p, options.outputs.len())];
    let scored = two_stage(&X, &Z, &Y, options.priority)?;
    let note = match scored.iter().filter(|u| u.status == Status::Refused).count() {
        0 => None,
        k => Some(format!(
            "{k} of {} units were refused (see `reason`); units whose data are outside the method do not span the frontier",
            scored.len()
        )),
    };
    Ok((scored, note.into_iter().collect()))
}
