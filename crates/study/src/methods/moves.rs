//! How an index moves: contributions, convergence, inequality by groups.

use super::complete::{Complete, added, factor};
use super::regression::{built, finite, formula, located, report, rules};
use super::{list, need, numbers};
use crate::error::{Error, Result};
use crate::formula::Formula;
use crate::method::{Context, Method, Outcome};
use plim_report::Measure;
use plim_stats::Factor;
use plim_stats::distribution::contributions::Against;
use plim_stats::distribution::{
    Contributions, DagumGini, SigmaConvergence, Theil, contributions, dagum_gini, sigma_convergence, speed, theil,
};
use plim_stats::index::{Direction, Goalpost};
use plim_table::Column;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// Names of the columns of a decomposition.
fn contribution_columns(options: &Contributions) -> Vec<String> {
    let each = options.components.iter().map(|c| format!("of_{c}"));
    let weights = options.measure.is_some() && options.against != Against::Mean;
    std::iter::once("change".into()).chain(each).chain(weights.then(|| "of_weights".into())).collect()
}

impl Method for Contributions {
    fn columns(&self) -> Vec<String> {
        self.components.iter().chain(&self.index).cloned().collect()
    }

    fn adds(&self, step: &str) -> Vec<String> {
        added(step, &contribution_columns(self))
    }

    fn models(&self) -> Vec<String> {
        self.measure.iter().cloned().collect()
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        cx.need_time()?;
        let complete = Complete::new(cx, &Method::columns(self), &[])?;
        let unit = complete.need_unit(cx)?;
        let raw = numbers(&complete.table, &self.components)?;
        let (z, w) = match &self.measure {
            Some(step) => weighed(self, cx, step, &raw, &complete.time)?,
            None => given(self, &raw)?,
        };
        let index = self.index.as_deref().map(|name| complete.table.numbers(name)).transpose()?;
        let found = contributions(self, &z, &w, index, unit, &complete.time).map_err(|e| complete.located(e))?;
        let mut more = Map::new();
        if !found.totals.is_empty() {
            more.insert("totals".into(), list(&found.totals));
        }
        let n = complete.rows.len();
        let weights = found.weights.unwrap_or_else(|| vec![0.0; n]);
        let values = std::iter::once(found.change).chain(found.contributions).chain([weights]);
        let names = contribution_columns(self);
        let columns = names.iter().zip(values).map(|(name, v)| Column::number(name, v)).collect();
        Ok(complete.outcome("contributions", more, found.notes, columns))
    }
}

/// Components as they are, with the weights of the options.
fn given(options: &Contributions, raw: &[&[f64]]) -> Result<(Vec<Vec<f64>>, Vec<Vec<f64>>)> {
    let k = raw.len();
    if !options.negative.is_empty() {
        return Err(Error::plan(
            "`negative` serves components that a `measure` normalizes",
            "leave it out: normalized components all point one way",
        ));
    }
    if !options.weights.is_empty() && options.weights.len() != k {
        let message = format!("{} `weights` for {k} components", options.weights.len());
        return Err(Error::plan(message, "give one weight for each component, in the same order"));
    }
    if options.weights.iter().any(|w| !w.is_finite()) {
        return Err(Error::plan("a weight is not a number", "give finite `weights`"));
    }
    let weight = |j: usize| options.weights.get(j).copied().unwrap_or(1.0);
    Ok((raw.iter().map(|x| x.to_vec()).collect(), (0..k).map(|j| vec![weight(j); raw[j].len()]).collect()))
}

/// Raw indicators between the goalposts of an earlier index, with its weights, row by row.
fn weighed(
    options: &Contributions,
    cx: &Context,
    step: &str,
    raw: &[&[f64]],
    time: &[i64],
) -> Result<(Vec<Vec<f64>>, Vec<Vec<f64>>)> {
    if !options.weights.is_empty() {
        return Err(Error::plan("both `weights` and `measure` are given", "keep one of them"));
    }
    let measure = cx.results.measures.get(step).ok_or_else(|| {
        let known: Vec<&str> = cx.results.measures.keys().map(String::as_str).collect();
        Error::plan(format!("no earlier measure `{step}`"), format!("name the step of an index: {}", known.join(", ")))
    })?;
    let entries = |what: &str| measure.more.get(what).and_then(Value::as_array).cloned().unwrap_or_default();
    let number = |v: &Value, key: &str| v.get(key).and_then(Value::as_f64);
    // By name and year; an entry without a year serves all years.
    let find = |all: &[Value], name: &str, t: i64| {
        let of = |v: &&Value| v.get("name").and_then(Value::as_str) == Some(name);
        let year = |v: &Value| v.get("year").and_then(Value::as_i64);
        all.iter()
            .filter(of)
            .find(|v| year(v).is_none_or(|y| y == t))
            .or_else(|| match all.iter().filter(of).count() {
                // The goalposts of a base year carry it and serve all years.
                1 => all.iter().find(of),
                _ => None,
            })
            .cloned()
    };
    let (weights, goalposts) = (entries("weights"), entries("goalposts"));
    let lacks = |name: &str, what: &str| {
        Error::plan(
            format!("the measure `{step}` has no {what} of `{name}`"),
            "name the indicators of that index in `components`, and a step that reports weights and goalposts",
        )
    };
    let (mut z, mut w) = (Vec::new(), Vec::new());
    for (name, x) in options.components.iter().zip(raw) {
        let direction = match options.negative.contains(name) {
            true => Direction::Negative,
            false => Direction::Positive,
        };
        let mut of_time: HashMap<i64, (f64, Goalpost)> = HashMap::new();
        for &t in time {
            if of_time.contains_key(&t) {
                continue;
            }
            let weight = find(&weights, name, t).and_then(|v| number(&v, "weight"));
            let post = find(&goalposts, name, t).and_then(|v| Some((number(&v, "low")?, number(&v, "high")?)));
            let (low, high) = post.ok_or_else(|| lacks(name, "goalposts"))?;
            let weight = weight.ok_or_else(|| lacks(name, "weight"))?;
            of_time.insert(t, (weight, Goalpost { name: name.clone(), year: None, low, high }));
        }
        z.push(x.iter().zip(time).map(|(&x, t)| of_time[t].1.scale(x, direction)).collect());
        w.push(time.iter().map(|t| of_time[t].0).collect());
    }
    Ok((z, w))
}

const DISPERSION: [&str; 7] = ["sd_log", "units", "mean", "sd", "cv", "gini", "theil"];

impl Method for SigmaConvergence {
    fn columns(&self) -> Vec<String> {
        vec![self.value.clone()]
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        need(&self.value, "value")?;
        cx.need_time()?;
        let complete = Complete::new(cx, &Method::columns(self), &[])?;
        let unit = complete.need_unit(cx)?;
        let values = complete.table.numbers(&self.value)?;
        let found = sigma_convergence(self, values, unit, &complete.time).map_err(|e| complete.located(e))?;
        let mut measure = Measure { method: "sigma_convergence".into(), notes: found.notes, ..Default::default() };
        measure.more.insert("tests".into(), list(&found.tests));
        let of = |part: fn(&plim_stats::distribution::sigma::At) -> f64| found.times.iter().map(part).collect();
        let values: [Vec<f64>; 7] = [
            of(|t| t.sd_log.unwrap_or(f64::NAN)),
            of(|t| t.units as f64),
            of(|t| t.mean),
            of(|t| t.sd),
            of(|t| t.cv.unwrap_or(f64::NAN)),
            of(|t| t.gini.unwrap_or(f64::NAN)),
            of(|t| t.theil.unwrap_or(f64::NAN)),
        ];
        let columns = DISPERSION.iter().zip(values).map(|(name, v)| Column::number(*name, v)).collect();
        let times: Vec<i64> = found.times.iter().map(|t| t.time).collect();
        complete.by_time(cx, measure, &times, columns)
    }
}

/// Names of groups in place of their codes, in a list of serialized parts.
fn named(parts: Value, keys: &[&str], labels: &[String]) -> Value {
    let mut parts = parts;
    for part in parts.as_array_mut().into_iter().flatten() {
        for key in keys {
            if let Some(code) = part.get(*key).and_then(Value::as_u64) {
                part[*key] = json!(labels.get(code as usize));
            }
        }
    }
    parts
}

/// The rows, groups and weights of a decomposition by groups.
struct Grouped {
    complete: Complete,
    group: Factor,
    labels: Vec<String>,
}

impl Grouped {
    fn new(cx: &Context, value: &str, group: &str, weights: Option<&String>) -> Result<Self> {
        need(value, "value")?;
        need(group, "group")?;
        cx.need_time()?;
        let read: Vec<String> = std::iter::once(value.to_string()).chain(weights.cloned()).collect();
        let complete = Complete::new(cx, &read, &[group])?;
        let group = factor(&complete.table, group)?;
        let labels = complete.labels(&group)?;
        Ok(Grouped { complete, group, labels })
    }

    fn weights(&self, name: Option<&String>) -> Result<Option<&[f64]>> {
        Ok(name.map(|name| self.complete.table.numbers(name)).transpose()?)
    }
}

impl Method for DagumGini {
    fn columns(&self) -> Vec<String> {
        [&self.value, &self.group].into_iter().chain(&self.weights).cloned().collect()
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        let of = Grouped::new(cx, &self.value, &self.group, self.weights.as_ref())?;
        let complete = &of.complete;
        let values = complete.table.numbers(&self.value)?;
        let weights = of.weights(self.weights.as_ref())?;
        let found = dagum_gini(self, values, weights, &of.group, &complete.time).map_err(|e| complete.located(e))?;
        let mut measure = Measure { method: "dagum_gini".into(), ..Default::default() };
        measure.more.insert("groups".into(), named(list(&found.groups), &["group"], &of.labels));
        measure.more.insert("pairs".into(), named(list(&found.pairs), &["a", "b"], &of.labels));
        let of_parts = |part: fn(&plim_stats::distribution::gini::Parts) -> f64| found.times.iter().map(part).collect();
        let columns = vec![
            Column::number("gini", of_parts(|t| t.gini)),
            Column::number("within", of_parts(|t| t.within)),
            Column::number("between", of_parts(|t| t.between)),
            Column::number("transvariation", of_parts(|t| t.transvariation)),
            Column::number("units", of_parts(|t| t.units as f64)),
        ];
        let times: Vec<i64> = found.times.iter().map(|t| t.time).collect();
        of.complete.by_time(cx, measure, &times, columns)
    }
}

impl Method for Theil {
    fn columns(&self) -> Vec<String> {
        [&self.value, &self.group].into_iter().chain(&self.weights).cloned().collect()
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        let of = Grouped::new(cx, &self.value, &self.group, self.weights.as_ref())?;
        let complete = &of.complete;
        let values = complete.table.numbers(&self.value)?;
        let weights = of.weights(self.weights.as_ref())?;
        let found = theil(self, values, weights, &of.group, &complete.time).map_err(|e| complete.located(e))?;
        let mut measure = Measure { method: "theil".into(), ..Default::default() };
        measure.more.insert("groups".into(), named(list(&found.groups), &["group"], &of.labels));
        let of_parts =
            |part: fn(&plim_stats::distribution::theil::Parts) -> f64| found.times.iter().map(part).collect();
        let columns = vec![
            Column::number("theil", of_parts(|t| t.theil)),
            Column::number("within", of_parts(|t| t.within)),
            Column::number("between", of_parts(|t| t.between)),
            Column::number("between_share", of_parts(|t| t.between_share.unwrap_or(f64::NAN))),
            Column::number("units", of_parts(|t| t.units as f64)),
        ];
        let times: Vec<i64> = found.times.iter().map(|t| t.time).collect();
        of.complete.by_time(cx, measure, &times, columns)
    }
}

/// Growth on the initial level: absolute and conditional beta convergence, with speed and half-life.
///
/// The outcome of the formula is the column itself, not its growth: growth and `log_initial` are made of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BetaConvergence {
    /// Times from the initial level to the end of the growth, in a panel of overlapping growth rates.
    pub horizon: i64,
    /// First time of one growth rate a unit, for the cross-section of Barro and Sala-i-Martin; needs `to`.
    pub from: Option<i64>,
    /// Last time of that growth rate.
    pub to: Option<i64>,
}

impl Default for BetaConvergence {
    fn default() -> Self {
        BetaConvergence { horizon: 1, from: None, to: None }
    }
}

const INITIAL: &str = "log_initial";

impl Method for BetaConvergence {
    fn run(&self, cx: &Context) -> Result<Outcome> {
        let (horizon, from) = match (self.from, self.to) {
            (Some(from), Some(to)) if to > from => (to - from, Some(from)),
            (None, None) if self.horizon > 0 => (self.horizon, None),
            _ => {
                return Err(Error::plan(
                    "the span of the growth is not sound",
                    "set `horizon` to 1 or more, or `from` and a later `to`",
                ));
            }
        };
        let source = &formula(cx)?.source;
        let (left, right) = source.split_once('~').unwrap_or((source, ""));
        let value = left.trim();
        let growth = format!("{value}_growth");
        for name in [INITIAL, growth.as_str()] {
            if cx.table.has(name) {
                return Err(Error::plan(
                    format!("the table has a column `{name}`, which this method makes"),
                    "rename it, or leave it out of the table",
                ));
            }
        }
        let (initial, grown) = self.variables(cx, value, horizon, from)?;
        let mut table = cx.table.clone();
        table.set(Column::number(INITIAL, initial))?;
        table.set(Column::number(&growth, grown))?;
        let text = format!("`{growth}` ~ {INITIAL} + {}", right.trim());
        let text = if text.contains('`') && plain(&growth) { text.replace('`', "") } else { text };
        let model = Formula::parse(&text)?;
        let cx = &Context {
            step: cx.step,
            table: &table,
            rows: cx.rows,
            formula: Some(&model),
            unit: cx.unit.clone(),
            time: cx.time.clone(),
            panel: cx.panel,
            seed: cx.seed,
            tables: cx.tables,
            results: cx.results,
            study: cx.study,
            read_text: cx.read_text,
        };
        let built = built(cx, &[])?;
        let estimated = rules(cx).run(&built.design).map_err(|e| located(cx, e))?;
        let mut out = report("beta_convergence", cx, &built, &estimated);
        out.formula = text;
        let Some(beta) = out.coefficients.iter().find(|c| c.name == INITIAL) else {
            return Err(Error::plan(
                "the initial level is collinear with the other regressors",
                "leave out the control or effect that spans it",
            ));
        };
        let found = speed(beta.estimate, beta.std_error, horizon as f64);
        if found.speed.is_nan() {
            out.notes.push(format!(
                "beta = {} over {horizon} times: the gap closes, or changes sign, within the span, so that it has no speed",
                beta.estimate
            ));
        } else if found.speed <= 0.0 {
            out.notes.push("the estimate is of divergence: there is no half-life".into());
        }
        if !model.effects.is_empty() && from.is_none() {
            out.notes.push(
                "effects of the units bias beta downward in short panels (Nickell), so that convergence looks fast"
                    .into(),
            );
        }
        for (name, v) in [
            ("speed", found.speed),
            ("speed_std_error", found.speed_std_error),
            ("half_life", found.half_life),
            ("half_life_std_error", found.half_life_std_error),
            ("horizon", horizon as f64),
        ] {
            out.stats.insert(name.into(), finite(v));
        }
        Ok(Outcome::Fit(Box::new(out), None))
    }
}

/// Whether a formula can name the column without quotes.
fn plain(name: &str) -> bool {
    name.chars().all(|c| c.is_alphanumeric() || c == '_') && !name.starts_with(|c: char| c.is_ascii_digit())
}

impl BetaConvergence {
    /// Logarithm of the initial level and growth a time of each row; NaN where the end of the growth is not there.
    fn variables(&self, cx: &Context, value: &str, horizon: i64, from: Option<i64>) -> Result<(Vec<f64>, Vec<f64>)> {
        let (unit, time) = (cx.need_unit()?, cx.need_time()?);
        let y = cx.table.numbers(value)?;
        let bad: Vec<usize> = cx.rows.iter().copied().filter(|&i| y[i] <= 0.0).collect();
        if !bad.is_empty() {
            let e = plim_stats::Error::invalid(
                "a value is not positive, and growth is that of logarithms",
                "move the column off zero, or drop these rows",
            );
            return Err(located(cx, e.at_column(value).at_rows(bad)));
        }
        let codes = cx.table.column(unit)?.codes();
        let clock = super::times(cx.table, time)?;
        let at: HashMap<(u32, i64), usize> = cx.rows.iter().map(|&i| ((codes[i], clock[i]), i)).collect();
        let n = y.len();
        let (mut initial, mut grown) = (vec![f64::NAN; n], vec![f64::NAN; n]);
        for &i in cx.rows.iter().filter(|&&i| from.is_none_or(|f| clock[i] == f)) {
            if let Some(&end) = at.get(&(codes[i], clock[i] + horizon)) {
                initial[i] = y[i].ln();
                grown[i] = (y[end].ln() - y[i].ln()) / horizon as f64;
            }
        }
        if grown.iter().all(|g| g.is_nan()) {
            return Err(Error::plan(
                format!("no unit is there at two times {horizon} apart"),
                "set `horizon`, or `from` and `to`, to times of the data",
            ));
        }
        Ok((initial, grown))
    }
}
