//! The technology of a stochastic frontier: its regressors before the fit, what it says of production after it.

use super::list;
use super::regression::located;
use crate::design::Built;
use crate::error::{Error, Result};
use crate::method::Context;
use plim_report::Fit;
use plim_stats::frontier::sfa::{Columns, Data, Sfa, SfaFit, sfa};
use plim_stats::frontier::technology::{Curvature, Distance, Form, Raw, Technology, Trend, logged_name};
use plim_stats::math::{Mat, dist};
use plim_table::Column;
use serde_json::{Value, json};

/// Columns that the technology adds, known before it is fitted where `factors` are named.
pub(super) fn adds(options: &Sfa) -> Vec<String> {
    if options.technology == Form::AsGiven {
        return Vec::new();
    }
    let outputs: &[String] = if options.distance == Distance::Ray { &[] } else { &options.outputs };
    let elasticities = options.factors.iter().chain(outputs);
    let mut names: Vec<String> =
        elasticities.map(|name| format!("elasticity_{}", logged_name(name, options.logs))).collect();
    names.push("returns_to_scale".into());
    if options.trend != Trend::None {
        names.push("technical_change".into());
    }
    names.extend(["monotone".to_string(), "curvature".to_string()]);
    names
}

/// The column of the times, where a trend needs it.
pub(super) fn time(cx: &Context, options: &Sfa) -> Result<Option<String>> {
    let trended = options.technology != Form::AsGiven && options.trend != Trend::None;
    trended.then(|| cx.need_time().map(str::to_string)).transpose()
}

/// Makes the regressors of `data` those of the technology; `extra` are factors, outputs and perhaps the times.
pub(super) fn place(
    cx: &Context,
    options: &Sfa,
    built: &Built,
    extra: &[Vec<f64>],
    data: &mut Data,
) -> Result<Option<Technology>> {
    let design = &built.design;
    let shape = options.shape();
    if shape.form == Form::AsGiven {
        shape.check(options.factors.len(), options.outputs.len()).map_err(|e| located(cx, e))?;
        return match options.tests.is_empty() {
            true => Ok(None),
            false => Err(Error::plan("`tests` restrict a technology", "set technology = \"translog\", say")),
        };
    }
    if !options.tests.is_empty() && options.at.is_some() {
        return Err(Error::plan("`tests` compare maxima, and `at` evaluates", "leave one of them out"));
    }
    let texts = options.factors.iter().chain(&options.outputs);
    texts.map(|name| Ok(cx.table.numbers(name)?)).collect::<Result<Vec<_>>>()?;
    let mut extra = extra.iter().cloned();
    let mut take = |names: &[String]| -> Vec<(String, Vec<f64>)> {
        names.iter().cloned().zip(extra.by_ref().take(names.len())).collect()
    };
    let (mut factors, outputs) = (take(&options.factors), take(&options.outputs));
    let column = |j: usize| (design.names[j].clone(), (0..design.nobs()).map(|i| design.X[(i, j)]).collect());
    let mut rest: Vec<(String, Vec<f64>)> = (1..design.names.len()).map(column).collect();
    if factors.is_empty() {
        factors = std::mem::take(&mut rest);
    }
    let outcome = (design.outcome.clone(), design.y.clone());
    let raw = Raw { outcome, factors, outputs, time: extra.next() };
    let made = Technology::make(raw, shape).map_err(|mut e| {
        // Rows of the design are rows of the table after those with missing values are gone.
        e.rows.iter_mut().for_each(|r| *r = design.rows[*r]);
        located(cx, e)
    })?;
    data.y = made.outcome;
    data.frontier = columns(&made.technology, rest)?;
    Ok(Some(made.technology))
}

/// The constant, the terms of the technology, and what else the formula has.
fn columns(technology: &Technology, rest: Vec<(String, Vec<f64>)>) -> Result<Columns> {
    let n = technology.nobs();
    let mut all = technology.columns();
    if let Some((name, _)) = rest.iter().find(|(name, _)| all.iter().any(|(other, _)| other == name)) {
        return Err(Error::plan(
            format!("`{name}` is a term of the technology and in the formula"),
            "leave it out of the formula; with `factors` the formula has only what else moves the frontier",
        ));
    }
    all.extend(rest);
    Ok(Columns::new(n, true, &all))
}

/// Columns by row; elasticities at the mean, violations and tests go into the fit.
pub(super) fn report(
    technology: &Technology,
    options: &Sfa,
    data: &Data,
    fitted: &SfaFit,
    V: Option<&Mat<f64>>,
    fit: &mut Fit,
) -> Result<Vec<Column>> {
    let names = technology.quantities();
    let k = technology.names().len();
    // After the constant, which models with fixed effects do not have.
    let from = usize::from(fitted.names.first().is_some_and(|name| name == "(Intercept)"));
    let beta = &fitted.coef[from..from + k];
    let V = V.map(|V| Mat::from_fn(k, k, |i, j| V[(i + from, j + from)]));
    let points = technology.points(beta)?;
    fit.more.insert("elasticities".into(), list(&technology.at_mean(beta, V.as_ref())));
    let share = |count: usize| count as f64 / points.len() as f64;
    let monotone = share(points.iter().filter(|p| !p.monotone).count());
    let curvature = share(points.iter().filter(|p| p.curvature == Curvature::Violated).count());
    fit.stats.insert("monotonicity_violations".into(), json!(monotone));
    fit.stats.insert("curvature_violations".into(), json!(curvature));
    fit.notes.extend(technology.notes());
    let rules =
        [("monotonicity: an elasticity is not positive", monotone), ("curvature is not what theory wants", curvature)];
    fit.notes.extend(
        rules.iter().filter(|r| r.1 > 0.0).map(|(what, share)| format!("{what} in {:.1} % of the rows", 100.0 * share)),
    );
    if !options.tests.is_empty() {
        let rest: Vec<(String, Vec<f64>)> = (k + 1..data.frontier.names.len())
            .map(|j| (data.frontier.names[j].clone(), (0..data.nobs()).map(|i| data.frontier.X[(i, j)]).collect()))
            .collect();
        let tests: Result<Vec<Value>> =
            options.tests.iter().map(|&r| test(technology, r, options, data, fitted, &rest)).collect();
        fit.more.insert("tests".into(), tests?.into());
    }
    let elasticities = technology.elasticities();
    let mut columns: Vec<Column> = (names.iter().enumerate())
        .map(|(j, name)| {
            let name = if j < elasticities { format!("elasticity_{name}") } else { name.clone() };
            Column::number(name, points.iter().map(|p| p.values[j]).collect())
        })
        .collect();
    columns.push(Column::number("monotone", points.iter().map(|p| f64::from(u8::from(p.monotone))).collect()));
    columns.push(Column::text("curvature", points.iter().map(|p| Some(p.curvature.word()))));
    Ok(columns)
}

/// Likelihood ratio of a restricted technology. The restriction is not on a border: chi-square.
fn test(
    technology: &Technology,
    restriction: plim_stats::frontier::technology::Restriction,
    options: &Sfa,
    data: &Data,
    fitted: &SfaFit,
    rest: &[(String, Vec<f64>)],
) -> Result<Value> {
    let restricted = technology.restricted(restriction)?;
    let data = Data { frontier: columns(&restricted, rest.to_vec())?, ..data.clone() };
    let name = restriction.name();
    let fit = match sfa(&data, options) {
        Ok(fit) => fit,
        Err(e) => return Ok(json!({ "name": name, "refused": e.to_string() })),
    };
    let df = fitted.coef.len() - fit.coef.len();
    let statistic = 2.0 * (fitted.stats.loglik - fit.stats.loglik);
    // Two maxima each good to 1e-7.
    if statistic < -1e-6 {
        let lower = "the restricted fit has the higher likelihood: the maximum of the other is a local one";
        return Ok(json!({ "name": name, "refused": lower }));
    }
    let statistic = statistic.max(0.0);
    let p_value = dist::chi2_p(statistic, df as f64);
    Ok(json!({ "name": name, "statistic": statistic, "df": df, "p_value": p_value, "loglik": fit.stats.loglik }))
}
