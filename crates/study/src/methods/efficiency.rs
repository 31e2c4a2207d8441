//! Efficiency scores: envelopment and stochastic frontiers.

use super::regression::{built, finite, located};
use super::{numbers, object};
use crate::error::{Error, Result};
use crate::method::{Context, Keys, Measured, Method, Outcome};
use indexmap::IndexMap;
use plim_report::{Fit, Measure};
use plim_stats::frontier::dea::{Dea, Unit, dea};
use plim_stats::frontier::sfa::{Sfa, sfa};
use plim_stats::math::Mat;
use plim_table::{Column, Table};
use serde::Serialize;
use serde_json::{Value, json};

impl Method for Dea {
    fn columns(&self) -> Vec<String> {
        self.inputs.iter().chain(&self.outputs).chain(&self.by).cloned().collect()
    }

    fn adds(&self, step: &str) -> Vec<String> {
        let mut names = vec!["efficiency", "score", "status"];
        if self.scale {
            names.extend(["scale_efficiency", "returns_to_scale"]);
        }
        names.push("peers");
        let mut all: Vec<String> = names.into_iter().map(str::to_string).collect();
        if self.slacks {
            all.push("slack_sum".into());
            all.extend(self.inputs.iter().chain(&self.outputs).map(|c| format!("slack_{c}")));
        }
        all.iter().enumerate().map(|(j, n)| crate::run::column_name(step, j, n)).collect()
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        if self.inputs.is_empty() || self.outputs.is_empty() {
            return Err(Error::plan("`inputs` or `outputs` is empty", "name the columns of both"));
        }
        let kept = cx.kept();
        let (inputs, outputs) = (numbers(&kept, &self.inputs)?, numbers(&kept, &self.outputs)?);
        let by = self.by.as_deref().map(|by| kept.column(by)).transpose()?;
        let complete = |i: &usize| {
            inputs.iter().chain(&outputs).all(|c| !c[*i].is_nan()) && by.is_none_or(|by| !by.is_missing(*i))
        };
        let rows: Vec<usize> = (0..kept.rows()).filter(complete).collect();
        if rows.is_empty() {
            return Err(Error::plan("no row has all inputs and outputs", "check the columns that the options name"));
        }
        let mut units: Vec<Option<Unit>> = vec![None; rows.len()];
        let mut notes = Vec::new();
        for (value, members) in groups(by, &rows) {
            // Positions among the complete rows; the frontier of a group knows only its members.
            let matrix =
                |columns: &[&[f64]]| Mat::from_fn(members.len(), columns.len(), |i, j| columns[j][rows[members[i]]]);
            let here: Vec<usize> = members.iter().map(|&i| rows[i]).collect();
            let scores = dea(&matrix(&inputs), &matrix(&outputs), self)
                .map_err(|e| Error::from(e).at_rows(&kept.take(&here)))?;
            for (mut unit, &i) in scores.units.into_iter().zip(&members) {
                unit.peers.iter_mut().for_each(|peer| peer.unit = members[peer.unit]);
                units[i] = Some(unit);
            }
            let of = value.map_or(String::new(), |value| format!("{}: ", value));
            notes.extend(scores.notes.into_iter().map(|note| format!("{of}{note}")));
        }
        let units: Vec<Unit> = units.into_iter().flatten().collect();
        let kept = kept.take(&rows);
        if rows.len() < cx.rows.len() {
            let what = self.by.as_ref().map_or(String::new(), |by| format!(" or `{by}`"));
            notes.push(format!("{} rows miss an input or output{what} and have no score", cx.rows.len() - rows.len()));
        }
        let mut measure = Measure { method: "dea".into(), notes, ..Default::default() };
        let refused: Vec<Value> = (units.iter().enumerate())
            .filter_map(|(i, u)| Some(json!({ "unit": label(cx, &kept, i), "reason": u.reason.as_ref()? })))
            .collect();
        if !refused.is_empty() {
            measure.more.insert("refused".into(), refused.into());
        }
        Ok(Outcome::Columns(Measured {
            measure,
            columns: score_columns(self, &units, &peers(cx, &kept, &units)),
            keys: Keys::Rows(rows.iter().map(|&r| cx.rows[r]).collect()),
        }))
    }
}

/// Positions in `rows` of each value of `by`, by order of first appearance; all of them without it.
fn groups(by: Option<&Column>, rows: &[usize]) -> Vec<(Option<String>, Vec<usize>)> {
    let Some(by) = by else { return vec![(None, (0..rows.len()).collect())] };
    let codes = by.codes();
    let mut groups: IndexMap<u32, Vec<usize>> = IndexMap::new();
    for (i, &row) in rows.iter().enumerate() {
        groups.entry(codes[row]).or_default().push(i);
    }
    groups.into_values().map(|members| (Some(by.show(rows[members[0]])), members)).collect()
}

/// The columns that the scores make.
fn score_columns(options: &Dea, units: &[Unit], peers: &[String]) -> Vec<Column> {
    let number = |name: &str, value: &dyn Fn(&Unit) -> Option<f64>| {
        Column::number(name, units.iter().map(|u| value(u).unwrap_or(f64::NAN)).collect())
    };
    let mut columns = vec![
        number("efficiency", &|u| u.efficiency),
        number("score", &|u| u.score),
        Column::text("status", units.iter().map(|u| word(&u.status))),
    ];
    if options.scale {
        columns.push(number("scale_efficiency", &|u| u.scale_efficiency));
        columns.push(Column::text("returns_to_scale", units.iter().map(|u| word(&u.returns_to_scale))));
    }
    columns.push(Column::text("peers", peers.iter().map(|p| (!p.is_empty()).then_some(p.as_str()))));
    if options.slacks {
        columns.push(number("slack_sum", &|u| Some(u.slacks.as_ref()?.sum)));
        for (j, name) in options.inputs.iter().enumerate() {
            columns.push(number(&format!("slack_{name}"), &|u| Some(u.slacks.as_ref()?.inputs[j])));
        }
        for (j, name) in options.outputs.iter().enumerate() {
            columns.push(number(&format!("slack_{name}"), &|u| Some(u.slacks.as_ref()?.outputs[j])));
        }
    }
    columns
}

/// The word that a closed choice serializes to.
fn word<T: Serialize>(value: &T) -> Option<String> {
    serde_json::to_value(value).ok()?.as_str().map(str::to_string)
}

/// How a row is called: its unit and time, else its number.
fn label(cx: &Context, table: &Table, row: usize) -> String {
    let key = |name: &Option<String>| Some(table.column(name.as_deref()?).ok()?.show(row));
    match (key(&cx.unit), key(&cx.time)) {
        (Some(unit), Some(time)) => format!("{unit} {time}"),
        (Some(unit), None) => unit,
        _ => (row + 1).to_string(),
    }
}

/// Reference units of each unit with their weights: `B 2011 (0.4); C 2012 (0.6)`.
fn peers(cx: &Context, table: &Table, units: &[Unit]) -> Vec<String> {
    let one = |p: &plim_stats::frontier::dea::Peer| format!("{} ({:.6})", label(cx, table, p.unit), p.lambda);
    units.iter().map(|u| u.peers.iter().map(one).collect::<Vec<_>>().join("; ")).collect()
}

impl Method for Sfa {
    fn adds(&self, step: &str) -> Vec<String> {
        ["efficiency", "efficiency_jlms", "status"]
            .iter()
            .enumerate()
            .map(|(j, n)| crate::run::column_name(step, j, n))
            .collect()
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        refuse_regression_options(cx)?;
        let built = built(cx, &[])?;
        let design = &built.design;
        if design.absorbs() {
            return Err(Error::plan("a pooled frontier absorbs no effects", "leave out the part after `|`"));
        }
        let fitted = sfa(&design.y, &design.X, &design.names, self).map_err(|e| located(cx, e))?;
        let n = design.nobs();
        let mut sample = built.sample.clone();
        sample.insert("used".into(), json!(n));
        let mut stats: serde_json::Map<String, Value> = object(&fitted.stats);
        stats.retain(|_, v| !v.is_null());
        if self.at.is_some() {
            // At given parameters there is no maximum to compare least squares with.
            stats.retain(|name, _| !name.starts_with("lr"));
        }
        stats.insert("gradient".into(), finite(fitted.gradient));
        let vcov = match self.at {
            None => "inverse Hessian of the log-likelihood",
            Some(_) => "none: evaluated at given parameters",
        };
        let fit = Fit {
            method: "sfa".into(),
            formula: cx.step.regression.formula.trim().into(),
            nobs: n,
            vcov: vcov.into(),
            coefficients: fitted.table(),
            stats,
            sample,
            notes: Vec::new(),
            more: serde_json::Map::new(),
        };
        let score = |value: fn(&plim_stats::frontier::sfa::Score) -> Option<f64>| -> Vec<f64> {
            fitted.rows.iter().map(|r| value(r).unwrap_or(f64::NAN)).collect()
        };
        let columns = vec![
            Column::number("efficiency", score(|r| r.efficiency)),
            Column::number("efficiency_jlms", score(|r| r.efficiency_jlms)),
            Column::text("status", fitted.rows.iter().map(|r| word(&r.status))),
        ];
        let scores = Measured {
            measure: Measure { method: "sfa".into(), ..Default::default() },
            columns,
            keys: Keys::Rows(design.rows.to_vec()),
        };
        Ok(Outcome::Fit(Box::new(fit), Some(scores)))
    }
}

/// A frontier has its own likelihood: of the options of regressions only the formula applies to it.
fn refuse_regression_options(cx: &Context) -> Result<()> {
    let names = [
        "weights",
        "offset",
        "vcov",
        "lat",
        "lon",
        "conley_kernel",
        "conley_distance",
        "ssc",
        "singletons",
        "collinear",
    ];
    match names.into_iter().find(|name| cx.step.given.contains_key(*name)) {
        Some(name) => Err(Error::plan(format!("`sfa` takes no `{name}`"), "leave it out")),
        None => Ok(()),
    }
}
