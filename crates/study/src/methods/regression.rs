//! Least squares, and what every method that estimates on a design shares.

use super::list;
use crate::design::{Built, design};
use crate::error::{Error, Result};
use crate::formula::Formula;
use crate::method::{Context, Method, Outcome};
use crate::run::number;
use plim_report::Fit;
use plim_stats::fit::table;
use plim_stats::linear::{Ols, OlsFit};
use plim_stats::vcov::{Covariance, Ssc, Vcov, vcov};
use plim_stats::Coefficient;
use plim_stats::Fit as _;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// Least squares with absorbed fixed effects: everything it takes is in the common options.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Feols {}

impl Method for Feols {
    fn run(&self, cx: &Context) -> Result<Outcome> {
        let built = built(cx, &[])?;
        let ols = estimator(cx);
        let fit = ols.fit(&built.design).map_err(|e| located(cx, e))?;
        let (covariance, rules) = covariances(cx, &built, &fit)?;
        let mut out = report("feols", cx, &built, &fit, &covariance);
        if !rules.is_empty() {
            out.more.insert("ssc".into(), rules.into());
        }
        Ok(Outcome::Fit(Box::new(out), None))
    }
}

/// The design of the step's formula.
pub(super) fn built(cx: &Context, extra: &[&str]) -> Result<Built> {
    let formula = formula(cx)?;
    design(cx, &formula, &cx.step.regression, extra)
}

/// The step's formula.
pub(super) fn formula(cx: &Context) -> Result<Formula> {
    let text = &cx.step.regression.formula;
    match text.trim().is_empty() {
        false => Formula::parse(text),
        true => Err(Error::plan("`formula` is not given", "write formula = \"y ~ x1 + x2 | city + year\"")),
    }
}

/// The estimator with the step's rules.
pub(super) fn estimator(cx: &Context) -> Ols {
    Ols { singletons: cx.step.regression.singletons, collinear: cx.step.regression.collinear }
}

/// An error of `stats` with the file and lines of its rows.
pub(super) fn located(cx: &Context, e: plim_stats::Error) -> Error {
    Error::from(e).at_rows(cx.table)
}

/// The covariance asked for; under `ssc = all`, that of the default rule and a line for each rule.
pub(super) fn covariances(cx: &Context, built: &Built, fit: &OlsFit) -> Result<(Covariance, Vec<Value>)> {
    let one = |ssc: Ssc| vcov(fit, &built.vcov, ssc, &built.design);
    let asked = cx.step.regression.ssc;
    if asked != Ssc::All {
        return Ok((one(asked).map_err(|e| located(cx, e))?, Vec::new()));
    }
    let lines = asked
        .rules()
        .into_iter()
        .map(|rule| match one(rule) {
            Ok(c) => json!({
                "rule": rule.name(), "label": c.label, "K": c.K, "G": c.G, "df": finite(c.df), "factor": c.factor,
                "coefficients": table(fit, &c.V, Some(c.df)),
            }),
            // A rule may not apply to this covariance: said, not hidden.
            Err(e) => json!({ "rule": rule.name(), "refused": e.to_string() }),
        })
        .collect();
    Ok((one(Ssc::default()).map_err(|e| located(cx, e))?, lines))
}

/// A number for JSON, `null` when it is not finite.
pub(super) fn finite(v: f64) -> Value {
    if v.is_finite() { number(v) } else { Value::Null }
}

/// The fit as results.json has it.
pub(super) fn report(method: &str, cx: &Context, built: &Built, fit: &OlsFit, covariance: &Covariance) -> Fit {
    let mut stats = Map::new();
    let mut stat = |name: &str, value: f64| stats.insert(name.into(), finite(value));
    stat("r2", fit.r2());
    stat("r2_adjusted", fit.r2_adjusted());
    if let Some(within) = fit.r2_within() {
        stat("r2_within", within);
    }
    stat("rmse", fit.rmse());
    stat("ssr", fit.ssr);
    stat("sigma2", fit.sigma2);
    stat("dof_residual", fit.dof_residual() as f64);
    stat("df_t", covariance.df);
    stat("certificate", fit.certificate);
    stats.insert("parameters".into(), json!(covariance.K));
    stats.insert("clusters".into(), json!(covariance.G));
    let mut notes = fit.notes();
    notes.extend(covariance.warnings.iter().cloned());
    Fit {
        method: method.into(),
        formula: cx.step.regression.formula.trim().into(),
        nobs: fit.nobs(),
        vcov: covariance.label.clone(),
        coefficients: table(fit, &covariance.V, Some(covariance.df)),
        stats,
        sample: sample(built, fit),
        notes,
        more: Map::new(),
    }
}

/// The account of the rows: read, lost by reason, singletons, levels of the effects.
fn sample(built: &Built, fit: &OlsFit) -> Map<String, Value> {
    let mut sample = built.sample.clone();
    if fit.singletons > 0 {
        sample.insert("singletons".into(), json!(fit.singletons));
    }
    sample.insert("used".into(), json!(fit.nobs()));
    if !fit.effects.is_empty() {
        sample.insert("levels".into(), fit.effects.iter().map(|(n, l)| (n.clone(), json!(l))).collect::<Map<_, _>>().into());
    }
    sample
}

/// The default covariance of methods that make their own design.
pub(super) fn how(built: &Built) -> &Vcov {
    &built.vcov
}

/// Coefficients as JSON.
pub(super) fn coefficients(all: &[Coefficient]) -> Value {
    list(all)
}
