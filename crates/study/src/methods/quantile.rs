//! Quantile regression and quantiles by moments.

use super::list;
use super::regression::{built, finite, located, rules, sample};
use crate::design::Built;
use crate::error::{Error, Result};
use crate::method::{Context, Method, Outcome};
use plim_report::Fit;
use plim_stats::fit::{Spread, table};
use plim_stats::quantile::{Mmqr, Quantile, mmqr, quantile_for};
use plim_stats::vcov::Ssc;
use plim_stats::{Coefficient, Fit as _};
use serde_json::{Map, Value, json};

/// Name and levels of each effect in the sample.
pub(super) fn levels(built: &Built, sample: &[usize]) -> Vec<(String, usize)> {
    built.design.fe.iter().map(|f| (f.name.clone(), f.at(sample).levels as usize)).collect()
}

/// One small-sample rule: the table of all is for least squares.
pub(super) fn one_rule(cx: &Context) -> Result<Ssc> {
    match rules(cx).ssc {
        Ssc::All => Err(Error::plan(
            format!("`{}` shows no table of all small-sample rules", cx.step.entry.name),
            "name one rule, or leave `ssc` out",
        )),
        ssc => Ok(ssc),
    }
}

/// One quantile as results.json has it.
fn line(tau: f64, coefficients: &[Coefficient], more: &[(&str, f64)]) -> Value {
    let mut line = Map::new();
    line.insert("tau".into(), json!(tau));
    line.insert("coefficients".into(), list(coefficients));
    more.iter().for_each(|(name, v)| {
        line.insert((*name).into(), finite(*v));
    });
    line.into()
}

/// Notes without repetition, warnings of the covariance last.
fn notes<'a>(own: impl IntoIterator<Item = &'a String>, spread: &'a Spread) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for note in own.into_iter().chain(&spread.warnings) {
        if !out.contains(note) {
            out.push(note.clone());
        }
    }
    out
}

impl Method for Quantile {
    fn run(&self, cx: &Context) -> Result<Outcome> {
        let built = built(cx, &[])?;
        let ssc = one_rule(cx)?;
        let fits = quantile_for(&built.design, self, &rules(cx).ols, &built.vcov).map_err(|e| located(cx, e))?;
        let mut done = Vec::new();
        for fit in &fits {
            let spread = fit.covariance(&built.vcov, ssc, &built.design).map_err(|e| located(cx, e))?;
            done.push((fit, table(fit, &spread.V, spread.df), spread));
        }
        let Some((first, coefficients, spread)) = done.first() else {
            return Err(Error::plan("`tau` is empty", "give values strictly between 0 and 1"));
        };
        let mut stats = Map::new();
        for (name, v) in [
            ("tau", first.tau),
            ("objective", first.objective),
            ("dof_residual", first.dof_residual() as f64),
            ("certificate", fits.iter().fold(0.0, |worst, f| f64::max(worst, f.gap))),
            ("simplex_steps", fits.iter().map(|f| f.steps as f64).sum()),
        ] {
            stats.insert(name.into(), finite(v));
        }
        let quantiles: Vec<Value> =
            done.iter().map(|(f, c, _)| line(f.tau, c, &[("objective", f.objective)])).collect();
        let used = first.nobs();
        let out = Fit {
            method: "quantile".into(),
            formula: cx.step.regression.formula.trim().into(),
            nobs: used,
            vcov: spread.label.clone(),
            coefficients: coefficients.clone(),
            stats,
            sample: sample(&built, built.design.nobs() - used, used, &levels(&built, &first.sample)),
            notes: notes(fits.iter().flat_map(|f| &f.notes), spread),
            more: [("quantiles".to_string(), quantiles.into())].into_iter().collect(),
        };
        Ok(Outcome::Fit(Box::new(out), None))
    }
}

impl Method for Mmqr {
    fn run(&self, cx: &Context) -> Result<Outcome> {
        let built = built(cx, &[])?;
        let ssc = one_rule(cx)?;
        let m = mmqr(&built.design, self, &rules(cx).ols).map_err(|e| located(cx, e))?;
        let covariance = |part: &plim_stats::quantile::mmqr::Part| {
            part.covariance(&built.vcov, ssc, &built.design).map_err(|e| located(cx, e))
        };
        let shown = |part| covariance(part).map(|s| table(part, &s.V, s.df));
        let spread = covariance(&m.location)?;
        let mut quantiles = Vec::new();
        let mut first = Vec::new();
        for quantile in &m.quantiles {
            let coefficients = shown(&quantile.part)?;
            quantiles.push(line(quantile.tau, &coefficients, &[("q", quantile.q)]));
            if first.is_empty() {
                first = coefficients;
            }
        }
        let mut stats = Map::new();
        for (name, v) in [
            ("tau", self.tau.first().copied().unwrap_or(f64::NAN)),
            ("sigma_min", m.sigma.iter().copied().fold(f64::INFINITY, f64::min)),
            ("sigma_nonpositive", m.nonpositive as f64),
            ("dof_residual", m.mean.dof_residual() as f64),
            ("certificate", m.mean.certificate),
        ] {
            stats.insert(name.into(), finite(v));
        }
        let used = m.mean.nobs();
        let more = [
            ("location".to_string(), list(&shown(&m.location)?)),
            ("scale".to_string(), list(&shown(&m.scale)?)),
            ("quantiles".to_string(), quantiles.into()),
        ];
        let out = Fit {
            method: "mmqr".into(),
            formula: cx.step.regression.formula.trim().into(),
            nobs: used,
            vcov: spread.label.clone(),
            coefficients: first,
            stats,
            sample: sample(&built, built.design.nobs() - used, used, &levels(&built, &m.mean.sample)),
            notes: notes(&m.notes, &spread),
            more: more.into_iter().collect(),
        };
        Ok(Outcome::Fit(Box::new(out), None))
    }
}
