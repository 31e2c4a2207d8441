//! Regression with a truncated outcome, and the second stage of efficiency scores that is made of it.

use super::efficiency::Variables;
use super::quantile::{levels, one_rule};
use super::regression::{built, finite, formula, located, rules, sample};
use crate::design::Built;
use crate::error::{Error, Result};
use crate::method::{Context, Keys, Measured, Method, Outcome};
use plim_report::{Fit, Measure};
use plim_stats::Fit as _;
use plim_stats::fit::{Coefficient, Spread, table};
use plim_stats::frontier::dea::Units;
use plim_stats::frontier::inference::environment::{IntervalKind, SimarWilson, SimarWilsonFit, simar_wilson};
use plim_stats::limited::{Truncated, TruncatedFit, truncated};
use plim_stats::math::Mat;
use plim_table::Column;
use serde_json::{Map, json};

/// A fit as results.json has it; the last of the coefficients is σ.
fn report(cx: &Context, built: &Built, fit: &TruncatedFit, vcov: String, mut coefficients: Vec<Coefficient>) -> Fit {
    let sigma = coefficients.pop();
    let mut stats = Map::new();
    for (name, v) in [
        ("loglik", fit.loglik),
        ("sigma", fit.sigma),
        ("sigma_std_error", sigma.map_or(f64::NAN, |s| s.std_error)),
        ("dof_residual", fit.dof_residual() as f64),
        ("certificate", fit.gradient),
    ] {
        stats.insert(name.into(), finite(v));
    }
    let used = fit.nobs();
    let outside: usize = fit.outside.iter().sum();
    let singletons = built.design.nobs() - outside - used;
    Fit {
        method: cx.step.entry.name.into(),
        formula: cx.step.regression.formula.trim().into(),
        nobs: used,
        vcov,
        coefficients,
        stats,
        sample: sample(built, singletons, used, &levels(built, &fit.sample)),
        notes: fit.notes.clone(),
        more: Map::new(),
    }
}

impl Method for Truncated {
    fn run(&self, cx: &Context) -> Result<Outcome> {
        let built = built(cx, &[])?;
        let ssc = one_rule(cx)?;
        let fit = truncated(&built.design, self, &rules(cx).ols).map_err(|e| located(cx, e))?;
        let spread = fit.covariance(&built.vcov, ssc, &built.design).map_err(|e| located(cx, e))?;
        let mut out = report(cx, &built, &fit, spread.label, table(&fit, &spread.V, spread.df));
        out.sample.insert("at_or_below_lower".into(), json!(fit.outside[0]));
        out.sample.insert("at_or_above_upper".into(), json!(fit.outside[1]));
        out.notes.extend(spread.warnings);
        Ok(Outcome::Fit(Box::new(out), None))
    }
}

impl Method for SimarWilson {
    fn columns(&self) -> Vec<String> {
        variables(self).all().cloned().collect()
    }

    fn adds(&self, step: &str) -> Vec<String> {
        let names: &[&str] = if self.inputs.is_empty() { &[] } else { &["efficiency", "bias_corrected", "score"] };
        names.iter().enumerate().map(|(j, n)| crate::made::column_name(step, j, n)).collect()
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        let names: Vec<&str> = variables(self).all().map(String::as_str).collect();
        refuse(self, cx, &names)?;
        let built = built(cx, &names)?;
        let (n, m) = (built.design.nobs(), self.inputs.len());
        let matrix = |from: usize, to: usize| Mat::from_fn(n, to - from, |i, j| built.extra[from + j][i]);
        let units = match names.is_empty() {
            true => None,
            false => Some(Units::new(&matrix(0, m), &matrix(m, names.len())).map_err(|e| located(cx, e))?),
        };
        let done =
            simar_wilson(&built.design, units.as_ref(), self, &rules(cx).ols, cx.seed).map_err(|e| located(cx, e))?;
        let fit = &done.fit;
        let (vcov, coefficients, warnings) = match done.intervals.is_empty() {
            false => (label(self), intervals(&done), Vec::new()),
            true => {
                let ssc = one_rule(cx)?;
                let design = &built.design;
                let Spread { V, df, label, warnings } =
                    fit.covariance(&built.vcov, ssc, design).map_err(|e| located(cx, e))?;
                (label, table(fit, &V, df), warnings)
            }
        };
        let sigma = coefficients.last().cloned();
        let mut out = report(cx, &built, fit, vcov, coefficients);
        out.notes.extend(warnings);
        out.sample.insert("efficient".into(), json!(done.efficient));
        if let (Some(sigma), Some(interval)) = (sigma, done.intervals.first()) {
            out.stats.insert("sigma_conf_low".into(), finite(sigma.conf_low));
            out.stats.insert("sigma_conf_high".into(), finite(sigma.conf_high));
            out.stats.insert("replications".into(), json!(interval.replications));
            out.stats.insert("failed".into(), json!(interval.failed));
        }
        let [lower, upper] = done.limits.map(finite);
        out.more.insert("truncation".into(), json!({ "lower": lower, "upper": upper }));
        let scores = done.scores.map(|scores| {
            let mean = |v: &[f64]| finite(v.iter().sum::<f64>() / v.len() as f64);
            out.stats.insert("mean_score".into(), mean(&scores.score));
            out.stats.insert("mean_corrected".into(), mean(&scores.corrected));
            out.stats.insert("efficient_before_correction".into(), json!(scores.efficient));
            let inverse = |v: &[f64]| v.iter().map(|v| 1.0 / v).collect();
            let columns = vec![
                Column::number("efficiency", inverse(&scores.score)),
                Column::number("bias_corrected", inverse(&scores.corrected)),
                Column::number("score", scores.score.clone()),
            ];
            let measure = Measure { method: "simar_wilson".into(), ..Default::default() };
            Measured { measure, columns, keys: Keys::Rows(built.design.rows.to_vec()) }
        });
        Ok(Outcome::Fit(Box::new(out), scores))
    }
}

fn variables(options: &SimarWilson) -> Variables<'_> {
    Variables { inputs: &options.inputs, outputs: &options.outputs, bads: &[] }
}

/// What the step asks for and the method would have to ignore.
fn refuse(options: &SimarWilson, cx: &Context, names: &[&str]) -> Result<()> {
    let given = |name: &&str| cx.step.given.contains_key(*name);
    if options.replications > 0
        && let Some(name) = ["vcov", "ssc", "lat", "lon"].iter().find(|n| given(n))
    {
        return Err(Error::plan(
            format!("the errors come from the bootstrap, and `{name}` is given"),
            format!("leave `{name}` out, or set replications = 0"),
        ));
    }
    if names.is_empty() {
        return Ok(());
    }
    if options.inputs.is_empty() || options.outputs.is_empty() {
        return Err(Error::plan("only one of `inputs` and `outputs` is given", "name the columns of both, or neither"));
    }
    // A text column would come as codes.
    names.iter().try_for_each(|name| cx.table.numbers(name).map(|_| ()))?;
    let outcome = &formula(cx)?.outcome.name;
    match options.outputs.contains(outcome) {
        true => Ok(()),
        false => Err(Error::plan(
            format!("with `inputs` and `outputs` the outcome is the score made from them, not `{outcome}`"),
            format!("write `{} ~ ...`, or leave out `inputs` and `outputs`", options.outputs[0]),
        )),
    }
}

/// How the errors came about, in words.
fn label(options: &SimarWilson) -> String {
    let algorithm = if options.inputs.is_empty() { 1 } else { 2 };
    let kind = match options.interval {
        IntervalKind::Percentile => "percentile",
        IntervalKind::Basic => "basic",
    };
    let draws = options.replications;
    format!("parametric bootstrap (Simar-Wilson algorithm {algorithm}, {draws} replications, {kind} intervals)")
}

/// β and σ with the errors and intervals of the bootstrap.
fn intervals(done: &SimarWilsonFit) -> Vec<Coefficient> {
    let fit = &done.fit;
    (fit.names.iter().zip(&fit.coef).zip(&done.intervals))
        .map(|((name, b), i)| Coefficient {
            conf_low: i.conf_low,
            conf_high: i.conf_high,
            ..Coefficient::new(name.clone(), *b, i.std_error, None)
        })
        .collect()
}
