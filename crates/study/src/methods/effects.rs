//! How and for whom an effect works: mediation, moderation, subsamples, difference in differences.

use super::regression::{built, finite, located, report, rules};
use super::{list, need, object};
use crate::design::Built;
use crate::error::{Error, Result};
use crate::method::{Context, Method, Outcome};
use plim_report::Fit;
use plim_stats::Factor;
use plim_stats::did::{Assignment, DidOptions, did};
use plim_stats::effect::{MediationOptions, ModerationOptions, SplitOptions, mediation, moderation, split};
use plim_stats::linear::{Estimated, INTERCEPT};
use plim_stats::vcov::bands::bands;
use plim_table::{Data, MISSING};
use serde_json::{Map, Value, json};

/// The units on the observations: the unit column where one is known, else the first fixed effect.
pub(super) fn unit(cx: &Context, built: &Built) -> Result<Factor> {
    let design = &built.design;
    match (&cx.unit, design.fe.first()) {
        (Some(name), _) => {
            let codes = cx.table.column(name)?.codes();
            if let Some(&row) = design.rows.iter().find(|&&r| codes[r] == MISSING) {
                let line = cx.table.line(row).map_or(String::new(), |l| format!(" in line {l}"));
                return Err(Error::plan(
                    format!("the unit `{name}` is missing{line}"),
                    "fill it, or leave the row out",
                ));
            }
            Ok(Factor::from_keys(name.clone(), design.rows.iter().map(|&r| codes[r])))
        }
        (None, Some(first)) => Ok(first.clone()),
        (None, None) => Err(Error::plan("the units are not known", "set `unit`, or absorb a unit effect")),
    }
}

/// Most random draws that a step may ask for.
const MOST_DRAWS: usize = 1_000_000;

pub(super) fn limited(option: &str, draws: usize) -> Result<()> {
    match draws <= MOST_DRAWS {
        true => Ok(()),
        false => Err(Error::plan(format!("`{option}` is {draws}"), format!("ask for at most {MOST_DRAWS}"))),
    }
}

/// What is resampled: the units; each observation by itself where no unit is known and nothing is drawn.
fn resampled(cx: &Context, built: &Built, replications: usize) -> Result<Factor> {
    limited("replications", replications)?;
    match (replications, &cx.unit, built.design.fe.is_empty()) {
        (0, None, true) => Ok(Factor::from_keys("row", 0..built.design.nobs())),
        _ => unit(cx, built),
    }
}

/// A fit of a method that runs several regressions: the coefficients are those of `estimated`.
fn fit(method: &str, cx: &Context, built: &Built, estimated: &Estimated, notes: Vec<String>) -> Fit {
    Fit { notes, ..report(method, cx, built, estimated) }
}

impl Method for MediationOptions {
    fn weighs(&self) -> bool {
        true
    }

    fn inference(&self) -> &'static [(&'static str, Option<u64>)] {
        &[("replications", Some(0))]
    }

    fn columns(&self) -> Vec<String> {
        vec![self.treatment.clone(), self.mediator.clone()]
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        need(&self.treatment, "treatment")?;
        let built = built(cx, &[need(&self.mediator, "mediator")?])?;
        // Resampled are the clusters of the covariance, which hold whole units.
        let cluster = built.vcov.clusters().first().and_then(|name| built.design.cluster(name).ok().cloned());
        let cluster = cluster.map_or_else(|| resampled(cx, &built, self.replications), Ok)?;
        let m = mediation(&built.design, &built.extra[0], &cluster, self, &rules(cx), cx.seed)
            .map_err(|e| located(cx, e))?;
        let shown = m.outcome.as_ref().unwrap_or(&m.total);
        let mut out = fit("mediation", cx, &built, shown, m.notes);
        out.notes.insert(0, m.reading);
        out.more.insert("treatment".into(), json!(self.treatment));
        out.more.insert("mediator".into(), json!(self.mediator));
        out.more.insert("effects".into(), object(&m.effects).into());
        let step = |e: &Estimated| {
            let part = report("mediation", cx, &built, e);
            json!({ "nobs": part.nobs, "vcov": part.vcov, "coefficients": part.coefficients, "stats": part.stats })
        };
        let mut steps = Map::new();
        steps.insert("total".into(), step(&m.total));
        steps.insert("mediator".into(), step(&m.first));
        if let Some(outcome) = &m.outcome {
            steps.insert("outcome".into(), step(outcome));
        }
        out.more.insert("steps".into(), steps.into());
        Ok(Outcome::Fit(Box::new(out), None))
    }
}

impl Method for ModerationOptions {
    fn weighs(&self) -> bool {
        true
    }

    fn columns(&self) -> Vec<String> {
        vec![self.treatment.clone(), self.moderator.clone()]
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        need(&self.treatment, "treatment")?;
        let built = built(cx, &[need(&self.moderator, "moderator")?])?;
        let m = moderation(&built.design, &built.extra[0], self, &rules(cx)).map_err(|e| located(cx, e))?;
        let mut out = fit("moderation", cx, &built, &m.estimated, m.notes);
        out.more.insert("treatment".into(), json!(self.treatment));
        out.more.insert("moderator".into(), json!(self.moderator));
        out.more.insert("slopes".into(), list(&m.slopes));
        out.more.insert("line".into(), list(&m.line));
        out.more.insert("johnson_neyman".into(), object(&m.johnson_neyman).into());
        Ok(Outcome::Fit(Box::new(out), None))
    }
}

impl Method for SplitOptions {
    fn weighs(&self) -> bool {
        true
    }

    fn inference(&self) -> &'static [(&'static str, Option<u64>)] {
        &[("replications", Some(0))]
    }

    fn columns(&self) -> Vec<String> {
        vec![self.by.clone()]
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        let built = built(cx, &[need(&self.by, "by")?])?;
        let column = cx.table.column(&self.by)?;
        let shown: Vec<String> = built.design.rows.iter().map(|&r| column.show(r)).collect();
        let mut labels: Vec<(f64, String)> = Vec::new();
        for (value, text) in built.extra[0].iter().zip(&shown) {
            if !labels.iter().any(|(_, l)| l == text) {
                labels.push((*value, text.clone()));
            }
            if labels.len() > 50 {
                return Err(Error::plan(
                    format!("`{}` has more than 50 values", self.by),
                    "split by a variable with few values, such as a 0/1 column above and below the median",
                ));
            }
        }
        match &column.data {
            Data::Number(_) => labels.sort_by(|a, b| a.0.total_cmp(&b.0)),
            Data::Text(_) => labels.sort_by(|a, b| a.1.cmp(&b.1)),
        }
        let labels: Vec<String> = labels.into_iter().map(|(_, l)| l).collect();
        let code = |text: &String| labels.iter().position(|l| l == text).unwrap_or_default() as u32;
        let group =
            Factor { name: self.by.clone(), codes: shown.iter().map(code).collect(), levels: labels.len() as u32 };
        let s = split(
            &built.design,
            &group,
            &labels,
            &resampled(cx, &built, self.replications)?,
            self,
            &rules(cx),
            cx.seed,
        )
        .map_err(|e| located(cx, e))?;
        let mut out = fit("split", cx, &built, &s.groups[0].estimated, s.notes);
        out.nobs = s.groups.iter().map(|g| g.estimated.fit.residuals.len()).sum();
        out.sample.insert("used".into(), json!(out.nobs));
        out.coefficients = Vec::new();
        out.stats = Map::new();
        out.more.insert("by".into(), json!(self.by));
        let groups: Vec<Value> = (s.groups.iter())
            .map(|g| {
                let part = report("split", cx, &built, &g.estimated);
                json!({
                    "value": g.value, "nobs": part.nobs, "vcov": part.vcov, "coefficients": part.coefficients,
                    "stats": part.stats, "notes": part.notes,
                })
            })
            .collect();
        out.more.insert("groups".into(), groups.into());
        out.more.insert("between".into(), list(&s.between));
        out.more.insert("permutation".into(), s.permutation.as_ref().map_or(Value::Null, |p| object(p).into()));
        Ok(Outcome::Fit(Box::new(out), None))
    }
}

impl Method for DidOptions {
    fn weighs(&self) -> bool {
        true
    }

    fn inference(&self) -> &'static [(&'static str, Option<u64>)] {
        &[("placebo", Some(0))]
    }

    fn columns(&self) -> Vec<String> {
        self.cohort.iter().chain(&self.treatment).cloned().collect()
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        let built = built(cx, &[])?;
        let rows = &built.design.rows;
        let at = |name: &str| -> Result<Vec<f64>> {
            let values = cx.table.numbers(name)?;
            Ok(rows.iter().map(|&r| values[r]).collect())
        };
        let assignment = match (&self.cohort, &self.treatment) {
            (Some(_), Some(_)) => {
                return Err(Error::plan("`cohort` and `treatment` both say who is treated", "keep one of them"));
            }
            (Some(cohort), None) => Assignment::Cohort(at(cohort)?),
            (None, treatment) => {
                // Without either, the first regressor is the treatment.
                let name = treatment
                    .clone()
                    .or_else(|| built.design.names.iter().find(|n| *n != INTERCEPT).cloned())
                    .ok_or_else(|| Error::plan("who is treated is not known", "set `cohort` or `treatment`"))?;
                let values = match built.design.position(&name) {
                    Some(j) => built.design.X.col_as_slice(j).to_vec(),
                    None => at(&name)?,
                };
                Assignment::Indicator { name, values }
            }
        };
        limited("placebo", self.placebo)?;
        let time = at(cx.need_time()?)?;
        let unit = unit(cx, &built)?;
        let d = did(&built.design, &unit, &time, &assignment, self, &rules(cx), cx.seed).map_err(|e| located(cx, e))?;
        let mut out = fit("did", cx, &built, &d.estimated, d.notes);
        for (name, count) in [("treated", d.treated_units), ("never_treated", d.never_treated_units)] {
            if let Some(count) = count {
                out.sample.insert(name.into(), json!(count));
            }
        }
        out.more.insert("tests".into(), list(&d.tests));
        if self.event_study {
            out.more.insert("reference".into(), json!(self.reference));
            // Periods that stand for all before or after them too.
            let low = self.leads.map(|leads| -i64::from(leads));
            if low.is_some() || self.lags.is_some() {
                out.more.insert("binned".into(), json!({ "low": low, "high": self.lags }));
            }
            let Estimated { fit, covariance, .. } = &d.estimated;
            let times: Vec<usize> =
                (0..fit.names.len()).filter(|&j| fit.names[j].starts_with("event_time::")).collect();
            // All periods at once: what a reader of the whole path asks for.
            match bands(&fit.names, &fit.coef, &covariance.V, covariance.df, &times, cx.seed) {
                Ok(made) => drop(out.more.insert("bands".into(), object(&made).into())),
                Err(e) => out.notes.push(format!("no simultaneous bands: {e}")),
            }
        }
        if let Some(p) = &d.placebo {
            let mut placebo = object(&p.permutation);
            placebo.insert("estimate".into(), finite(out.coefficients.first().map_or(f64::NAN, |c| c.estimate)));
            let estimates = p.estimates.iter().map(|e| e.map_or(Value::Null, finite)).collect::<Vec<_>>();
            placebo.insert("estimates".into(), estimates.into());
            out.more.insert("placebo".into(), placebo.into());
        }
        Ok(Outcome::Fit(Box::new(out), None))
    }
}
