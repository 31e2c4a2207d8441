//! How an index moves: contributions, dispersion, inequality by groups.

use super::complete::{Complete, added, factor};
use super::{list, need, numbers};
use crate::error::{Error, Result};
use crate::method::{Context, Method, Outcome};
use plim_report::Measure;
use plim_stats::Factor;
use plim_stats::distribution::contributions::Against;
use plim_stats::distribution::{
    Contributions, DagumGini, SigmaConvergence, Theil, contributions, dagum_gini, sigma_convergence, theil,
};
use plim_stats::index::{Direction, Goalpost};
use plim_table::Column;
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

/// One column an indicator.
type Columns = Vec<Vec<f64>>;

/// Components as they are, with the weights of the options.
fn given(options: &Contributions, raw: &[&[f64]]) -> Result<(Columns, Columns)> {
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
) -> Result<(Columns, Columns)> {
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
