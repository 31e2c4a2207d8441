//! Stochastic frontiers: a fit with scores of the observations.

use super::efficiency::word;
use super::object;
use super::regression::{built, finite, located};
use crate::error::{Error, Result};
use crate::method::{Context, Keys, Measured, Method, Outcome};
use plim_report::{Fit, Measure};
use plim_stats::frontier::sfa::{Sfa, sfa};
use plim_table::Column;
use serde_json::{Value, json};

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
