//! Regression with a censored outcome.

use super::quantile::{levels, one_rule};
use super::regression::{built, finite, located, rules, sample};
use crate::error::Result;
use crate::method::{Context, Method, Outcome};
use plim_report::Fit;
use plim_stats::Fit as _;
use plim_stats::fit::table;
use plim_stats::limited::{Tobit, tobit};
use serde_json::{Map, json};

impl Method for Tobit {
    fn run(&self, cx: &Context) -> Result<Outcome> {
        let built = built(cx, &[])?;
        let ssc = one_rule(cx)?;
        let fit = tobit(&built.design, self, &rules(cx).ols).map_err(|e| located(cx, e))?;
        let spread = fit.covariance(&built.vcov, ssc, &built.design).map_err(|e| located(cx, e))?;
        let mut coefficients = table(&fit, &spread.V, spread.df);
        let sigma = coefficients.pop();
        let mut stats = Map::new();
        for (name, v) in [
            ("loglik", fit.loglik),
            ("sigma", fit.sigma),
            ("sigma_std_error", sigma.map_or(f64::NAN, |s| s.std_error)),
            ("uncensored_probability", fit.inside),
            ("dof_residual", fit.dof_residual() as f64),
            ("certificate", fit.gradient),
        ] {
            stats.insert(name.into(), finite(v));
        }
        let used = fit.nobs();
        let mut sample = sample(&built, built.design.nobs() - used, used, &levels(&built, &fit.sample));
        sample.insert("censored_lower".into(), json!(fit.censored[0]));
        sample.insert("censored_upper".into(), json!(fit.censored[1]));
        let mut notes = fit.notes.clone();
        notes.extend(spread.warnings);
        let out = Fit {
            method: "tobit".into(),
            formula: cx.step.regression.formula.trim().into(),
            nobs: used,
            vcov: spread.label,
            coefficients,
            stats,
            sample,
            notes,
            more: Map::new(),
        };
        Ok(Outcome::Fit(Box::new(out), None))
    }
}
