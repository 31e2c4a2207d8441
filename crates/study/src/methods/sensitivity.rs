//! What an estimate hangs on: unobservables, an omitted variable, single units and controls.

use super::effects::{limited, unit};
use super::regression::{built, located, report, rules};
use super::{list, need, object};
use crate::design::Built;
use crate::error::{Error, Result};
use crate::method::{Context, Method, Outcome};
use plim_report::Fit;
use plim_stats::Factor;
use plim_stats::sensitivity::{Group, LeaveOneOut, OmittedVariable, Oster, leave_one_out, omitted_variable, oster};
use plim_table::{Data, MISSING};
use serde_json::json;

impl Method for Oster {
    fn run(&self, cx: &Context) -> Result<Outcome> {
        need(&self.treatment, "treatment")?;
        limited("replications", self.replications)?;
        let built = built(cx, &[])?;
        // Resampled are the clusters of the covariance, which hold whole units.
        let cluster = built.vcov.clusters().first().and_then(|name| built.design.cluster(name).ok().cloned());
        let rows = self.replications == 0 || (cx.unit.is_none() && !built.design.absorbs());
        let cluster = match cluster {
            Some(cluster) => cluster,
            None if rows => Factor::from_keys("row", 0..built.design.nobs()),
            None => unit(cx, &built)?,
        };
        let judged = oster(&built.design, &cluster, self, &rules(cx), cx.seed).map_err(|e| located(cx, e))?;
        let mut out = Fit { notes: judged.notes, ..report("oster", cx, &built, &judged.estimated) };
        out.more.insert("treatment".into(), json!(self.treatment));
        out.more.insert("controls".into(), json!(self.controls));
        out.more.insert("oster".into(), object(&judged.stability).into());
        Ok(Outcome::Fit(Box::new(out), None))
    }
}

impl Method for OmittedVariable {
    fn run(&self, cx: &Context) -> Result<Outcome> {
        need(&self.treatment, "treatment")?;
        let built = built(cx, &[])?;
        let found = omitted_variable(&built.design, self, &rules(cx)).map_err(|e| located(cx, e))?;
        let mut out = Fit { notes: found.notes, ..report("omitted_variable", cx, &built, &found.estimated) };
        out.more.insert("treatment".into(), json!(self.treatment));
        out.more.insert("robustness".into(), object(&found.robustness).into());
        out.more.insert("benchmarks".into(), list(&found.benchmarks));
        Ok(Outcome::Fit(Box::new(out), None))
    }
}

impl Method for LeaveOneOut {
    fn columns(&self) -> Vec<String> {
        self.by.clone()
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        need(&self.treatment, "treatment")?;
        let built = built(cx, &[])?;
        let by: Vec<String> = match self.by.is_empty() {
            false => self.by.clone(),
            true => cx.unit.iter().chain(&cx.time).cloned().collect(),
        };
        if by.is_empty() && !self.controls {
            return Err(Error::plan(
                "what to leave out is not known",
                "set `by` to columns, `unit` and `time`, or `controls = true`",
            ));
        }
        let groups = by.iter().map(|name| group(cx, &built, name)).collect::<Result<Vec<_>>>()?;
        let left = leave_one_out(&built.design, &groups, self, &rules(cx)).map_err(|e| located(cx, e))?;
        let mut out = Fit { notes: left.notes, ..report("leave_one_out", cx, &built, &left.estimated) };
        out.more.insert("treatment".into(), json!(self.treatment));
        out.more.insert("ranges".into(), list(&left.ranges));
        out.more.insert("leave_one_out".into(), list(&left.each));
        Ok(Outcome::Fit(Box::new(out), None))
    }
}

/// The values of a column on the observations: numbers ascending, texts by their letters.
fn group(cx: &Context, built: &Built, by: &str) -> Result<Group> {
    let column = cx.table.column(by)?;
    let (codes, rows) = (column.codes(), &built.design.rows);
    let mut first: Vec<usize> = rows.to_vec();
    first.sort_unstable_by_key(|&r| codes[r]);
    first.dedup_by_key(|r| codes[*r]);
    first.retain(|&r| codes[r] != MISSING);
    match &column.data {
        Data::Number(v) => first.sort_by(|&a, &b| v[a].total_cmp(&v[b])),
        Data::Text(_) => first.sort_by_cached_key(|&r| column.show(r)),
    }
    let place: std::collections::HashMap<u32, u32> =
        first.iter().enumerate().map(|(at, &r)| (codes[r], at as u32)).collect();
    let missing = first.len() as u32;
    Ok(Group {
        by: by.into(),
        codes: rows.iter().map(|&r| place.get(&codes[r]).copied().unwrap_or(missing)).collect(),
        labels: first.iter().map(|&r| column.show(r)).collect(),
    })
}
