//! The slacks-based measure as columns.

use super::efficiency::{Observed, Variables, peers, score_columns, slack_columns};
use crate::error::Result;
use crate::method::{Context, Method, Outcome};
use plim_stats::frontier::dea::sbm::{Sbm, sbm};

fn variables(sbm: &Sbm) -> Variables<'_> {
    Variables { inputs: &sbm.inputs, outputs: &sbm.outputs, bads: &sbm.bads }
}

impl Method for Sbm {
    fn border(&self) -> bool {
        true
    }

    fn columns(&self) -> Vec<String> {
        variables(self).all().chain(&self.by).cloned().collect()
    }

    fn adds(&self, step: &str) -> Vec<String> {
        let mut names: Vec<String> = ["efficiency", "score", "status", "peers", "slack_sum"].map(str::to_string).into();
        names.extend(variables(self).all().map(|c| format!("slack_{c}")));
        names.extend(variables(self).all().map(|c| format!("relative_slack_{c}")));
        names.iter().enumerate().map(|(j, n)| crate::made::column_name(step, j, n)).collect()
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        let mut observed = Observed::new(cx, &variables(self), &self.by.iter().collect::<Vec<_>>())?;
        let units = observed.score_by(self.by.as_deref(), |units| sbm(units, self))?;
        let mut columns = score_columns(&units);
        columns.push(peers(cx, &observed.table, &units));
        columns.extend(slack_columns(&units, &variables(self)));
        for (j, name) in variables(self).all().enumerate() {
            // A part of nothing is no number.
            let relative = units.iter().zip(observed.units.variable(j)).map(|(unit, &value)| {
                unit.slacks.as_ref().filter(|_| value > 0.0).map_or(f64::NAN, |slacks| slacks[j] / value)
            });
            columns.push(plim_table::Column::number(format!("relative_slack_{name}"), relative.collect()));
        }
        Ok(observed.outcome(cx, "sbm", &units, columns))
    }
}
