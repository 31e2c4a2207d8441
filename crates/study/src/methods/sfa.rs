//! Stochastic frontiers: a fit with scores of the observations.

use super::efficiency::word;
use super::quantile::one_rule;
use super::regression::{built, finite, located};
use super::technology;
use super::{list, object};
use crate::design::Built;
use crate::error::{Error, Result};
use crate::method::{Context, Keys, Measured, Method, Outcome};
use indexmap::IndexMap;
use plim_report::{Fit, Measure};
use plim_stats::fit::Coefficient;
use plim_stats::frontier::sfa::{Columns, Data, Endogenous, Information, Panel, Score, Section, Selection, Sfa, sfa};
use plim_stats::vcov::Vcov;
use plim_table::Column;
use serde_json::{Map, Value, json};

/// The columns of the scores.
const SCORES: [&str; 6] =
    ["efficiency", "efficiency_jlms", "efficiency_mode", "efficiency_low", "efficiency_high", "status"];

impl Method for Sfa {
    fn columns(&self) -> Vec<String> {
        let own = named(self).into_iter().chain(&self.factors).chain(&self.outputs);
        own.chain(&self.instruments).cloned().collect()
    }

    fn adds(&self, step: &str) -> Vec<String> {
        let names = SCORES.into_iter().chain(Sfa::columns(self)).map(str::to_string).chain(technology::adds(self));
        names.enumerate().map(|(j, n)| crate::made::column_name(step, j, &n)).collect()
    }

    fn inference(&self) -> &'static [(&'static str, Option<u64>)] {
        &[("information", None), ("replications", None)]
    }

    fn warm(&self, full: &Fit) -> Option<(&'static str, Value)> {
        let given = self.at.is_some() || self.climbs.is_some() || self.start.is_some();
        full.more.get("parameters").filter(|_| !given).map(|at| ("start", at.clone()))
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        refuse_regression_options(cx)?;
        let names = extra(cx, self)?;
        let instruments = names.len() - self.instruments.len();
        let built = built(cx, &names.iter().map(String::as_str).collect::<Vec<_>>())?;
        let design = &built.design;
        if design.absorbs() {
            return Err(Error::plan("a frontier absorbs no effects", "leave out the part after `|`"));
        }
        let mut data = data(self, &built);
        let from = named(self).len();
        let technology = technology::place(cx, self, &built, &built.extra[from..instruments], &mut data)?;
        data.endogenous = endogenous(self, &built.extra[instruments..]);
        let fitted = sfa(&data, self).map_err(|e| located(cx, e))?;
        // Inefficiency has a likelihood: its own covariance unless another is asked for.
        let how = if cx.step.given.contains_key("vcov") { &built.vcov } else { &Vcov::Iid };
        let spread = fitted.spread(&data, self, how, one_rule(cx)?, design, cx.seed).map_err(|e| located(cx, e))?;
        let n = design.nobs();
        let mut sample = built.sample.clone();
        sample.insert("used".into(), json!(n));
        let mut stats: Map<String, Value> = object(&fitted.stats);
        stats.retain(|_, v| !v.is_null());
        if fitted.covariance.is_none() || fitted.stats.lr.is_nan() {
            // At given parameters, in steps, or without a likelihood there is no maximum to compare least squares with.
            stats.retain(|name, _| !name.starts_with("lr"));
        }
        stats.insert("gradient".into(), finite(fitted.gradient));
        stats.insert("climbs".into(), json!(fitted.climbs.iter().sum::<usize>()));
        let vcov = match (&spread, self.information) {
            (None, _) if self.at.is_some() => "none: evaluated at given parameters".into(),
            (None, _) => "none: estimated in steps".into(),
            (Some(s), _) if !s.label.is_empty() => s.label.clone(),
            (_, Information::Hessian | Information::Bootstrap) => "inverse Hessian of the log-likelihood".into(),
            (_, Information::Opg) => "inverse outer product of the gradients".into(),
        };
        let table = fitted.table_with(spread.as_ref().map(|s| &s.V), spread.as_ref().and_then(|s| s.df));
        let mut lists: IndexMap<&str, Vec<Coefficient>> = IndexMap::new();
        for (row, parameter) in table.into_iter().zip(&fitted.parameters) {
            lists.entry(parameter.section.key()).or_default().push(row);
        }
        let coefficients = lists.shift_remove(Section::Coefficients.key()).unwrap_or_default();
        let mut notes = fitted.notes.clone();
        let covariance = spread.as_ref().map(|s| s.V.clone());
        notes.extend(spread.into_iter().flat_map(|s| s.warnings));
        let mut fit = Fit {
            method: "sfa".into(),
            formula: cx.step.regression.formula.trim().into(),
            nobs: n,
            vcov,
            coefficients,
            stats,
            sample,
            notes,
            more: lists.into_iter().map(|(key, rows)| (key.to_string(), listed(self, key, rows))).collect(),
        };
        // As `at` and `start` take them.
        fit.more.insert("parameters".into(), json!(fitted.coef));
        if let Some(composed) = &fitted.composed {
            fit.more.insert("composed_error".into(), object(composed).into());
        }
        if let Some(marginal) = fitted.marginal(&data, self, covariance.as_ref()) {
            fit.more.insert("marginal_effects".into(), list(&marginal.mean));
            fit.more.insert("marginal_effects_variance".into(), list(&marginal.variance));
        }
        let score = |name: &str, value: fn(&Score) -> Option<f64>| {
            Column::number(name, fitted.rows.iter().map(|r| value(r).unwrap_or(f64::NAN)).collect())
        };
        let mut columns = vec![
            score("efficiency", |r| r.efficiency),
            score("efficiency_jlms", |r| r.efficiency_jlms),
            score("efficiency_mode", |r| r.efficiency_mode),
            score("efficiency_low", |r| r.conf_low),
            score("efficiency_high", |r| r.conf_high),
            Column::text("status", fitted.rows.iter().map(|r| word(&r.status))),
        ];
        columns.extend(fitted.columns.iter().map(|(name, values)| Column::number(*name, values.clone())));
        if let Some(technology) = technology {
            columns.extend(technology::report(&technology, self, &data, &fitted, covariance.as_ref(), &mut fit)?);
        }
        let scores = Measured {
            measure: Measure { method: "sfa".into(), ..Default::default() },
            columns,
            keys: Keys::Rows(design.rows.to_vec()),
        };
        Ok(Outcome::Fit(Box::new(fit), Some(scores)))
    }
}

/// Columns beside the formula, in the order in which [`data`] and the technology take them, instruments last.
pub(super) fn extra(cx: &Context, options: &Sfa) -> Result<Vec<String>> {
    let mut names: Vec<String> =
        named(options).into_iter().chain(&options.factors).chain(&options.outputs).cloned().collect();
    names.extend(technology::time(cx, options)?);
    names.extend(options.instruments.iter().cloned());
    Ok(names)
}

/// Endogenous regressors and the columns of their instruments.
fn endogenous(options: &Sfa, columns: &[Vec<f64>]) -> Option<Endogenous> {
    let named: Vec<(String, Vec<f64>)> = options.instruments.iter().cloned().zip(columns.iter().cloned()).collect();
    let n = columns.first()?.len();
    Some(Endogenous { names: options.endogenous.clone(), instruments: Columns::new(n, false, &named) })
}

/// A list of coefficients; first stages as `iv` has them, one for each endogenous regressor.
fn listed(options: &Sfa, key: &str, rows: Vec<Coefficient>) -> Value {
    if key != Section::FirstStage.key() {
        return list(&rows);
    }
    let stage = |name: &String| {
        let own = rows.iter().filter_map(|row| {
            let instrument = row.name.strip_prefix(&format!("{name} ~ "))?;
            Some(Coefficient { name: instrument.into(), ..row.clone() })
        });
        json!({ "name": name, "coefficients": list(&own.collect::<Vec<_>>()) })
    };
    options.endogenous.iter().map(stage).collect()
}

/// Columns beside the formula: determinants, what moves variances, odds and selection, and which rows are selected.
fn named(options: &Sfa) -> Vec<&String> {
    let Sfa { determinants, u_variance, v_variance, zero_probability, separating, selection, selected, .. } = options;
    let lists = [determinants, u_variance, v_variance, zero_probability, separating, selection];
    lists.into_iter().flatten().chain(selected).collect()
}

/// What the frontier is fitted to.
pub(super) fn data(options: &Sfa, built: &Built) -> Data {
    let design = &built.design;
    let n = design.nobs();
    let mut data = Data::new(design.y.clone(), design.X.clone(), design.names.clone());
    let mut extra = built.extra.iter();
    let mut take = |names: &[String], constant: bool| -> Option<Columns> {
        let columns: Vec<_> = names.iter().cloned().zip(extra.by_ref().take(names.len()).cloned()).collect();
        (!columns.is_empty()).then(|| Columns::new(n, constant, &columns))
    };
    data.determinants = take(&options.determinants, options.constant());
    data.u_variance = take(&options.u_variance, true);
    data.v_variance = take(&options.v_variance, true);
    data.zero_probability = take(&options.zero_probability, true);
    data.separating = take(&options.separating, true);
    let selection = take(&options.selection, true);
    if let Some(selected) = options.selected.as_ref().and_then(|_| extra.next()) {
        let columns = selection.unwrap_or_else(|| Columns::new(n, true, &[]));
        data.selection = Some(Selection { selected: selected.clone(), columns });
    }
    data.panel = design.panel.as_ref().map(|keys| Panel {
        unit: keys.unit.codes.iter().map(|&c| c as usize).collect(),
        time: keys.time.iter().map(|&t| t as f64).collect(),
    });
    data
}

/// A frontier has its own likelihood: of the options of regressions only the formula applies to it.
pub(super) fn refuse_regression_options(cx: &Context) -> Result<()> {
    let names = ["weights", "offset", "lat", "lon", "conley_kernel", "conley_distance", "singletons", "collinear"];
    let given = |name: &str| cx.step.given.contains_key(name);
    match names.into_iter().find(|name| given(name)) {
        Some(name) => Err(Error::plan(format!("`{}` takes no `{name}`", cx.step.entry.name), "leave it out")),
        // The likelihood's own covariance has no small-sample factor.
        None if given("ssc") && (!given("vcov") || cx.step.regression.vcov == Some(Vcov::Iid)) => Err(Error::plan(
            "`ssc` is a rule of robust covariances, and none is asked for",
            "set `vcov`, or leave it out",
        )),
        None => Ok(()),
    }
}
