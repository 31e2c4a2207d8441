//! Instrumental variables: two-stage least squares, the k-class, two-step GMM.

use super::regression::{every_rule, finite, formula, located, report, rules};
use super::{list, object};
use crate::design::design;
use crate::error::{Error, Result};
use crate::method::{Context, Method, Outcome};
use plim_report::Fit;
use plim_stats::Test;
use plim_stats::linear::{Estimator, GmmOptions, Instrumental, InstrumentalFit, IvOptions, LimlOptions};
use plim_stats::vcov::Ssc;
use serde_json::{Map, Value, json};

impl Method for IvOptions {
    fn weighs(&self) -> bool {
        true
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        estimate("iv", Estimator::TwoStage, &self.orthogonal, cx)
    }
}

impl Method for LimlOptions {
    fn weighs(&self) -> bool {
        true
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        estimate("liml", self.estimator()?, &self.orthogonal, cx)
    }
}

impl Method for GmmOptions {
    fn weighs(&self) -> bool {
        true
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        estimate("gmm", Estimator::Gmm, &self.orthogonal, cx)
    }
}

fn estimate(method: &str, estimator: Estimator, orthogonal: &[String], cx: &Context) -> Result<Outcome> {
    let formula = formula(cx)?;
    if formula.instruments.is_empty() {
        return Err(Error::plan(
            format!("`{method}` needs instruments, and the formula has no third part"),
            "write y ~ w | city + year | x ~ z (or y ~ w | x ~ z without effects), or use method feols",
        ));
    }
    let built = design(cx, formula, &cx.step.regression, &[])?;
    let mut rules = rules(cx);
    let all = rules.ssc == Ssc::All;
    if all {
        rules.ssc = Ssc::default();
    }
    let what = Instrumental { estimator, orthogonal: orthogonal.to_vec(), regression: rules };
    let fit = what.run(&built.design).map_err(|e| located(cx, e))?;
    let mut out = report(method, cx, &built, &fit.estimated);
    // The likelihood of least squares is not that of this model.
    out.stats.shift_remove("loglik");
    statistics(&mut out.stats, &fit);
    out.notes.clone_from(&fit.notes);
    beside(&mut out, &fit);
    if all {
        every_rule(&mut out, &built, &fit.estimated);
    }
    Ok(Outcome::Fit(Box::new(out), None))
}

/// The statistics of instruments by their names in the contract; `null` where one is not defined.
fn statistics(stats: &mut Map<String, Value>, fit: &InstrumentalFit) {
    let mut number = |name: &str, v: Option<f64>| stats.insert(name.into(), v.map_or(Value::Null, finite));
    let mut test = |name: &str, t: &Option<Test>| {
        number(name, t.as_ref().map(|t| t.statistic));
        number(&format!("{name}_df"), t.as_ref().map(|t| t.df));
        number(&format!("{name}_p"), t.as_ref().map(|t| t.p_value));
    };
    let (weak, over) = (&fit.weak, &fit.overidentification);
    test("first_stage_f", &weak.first_stage_f);
    test("kp_lm", &weak.kp_lm);
    test("wald_f", &weak.wald);
    test("ar_f", &weak.ar);
    test("sargan", &over.sargan);
    test("hansen_j", &over.hansen_j);
    test("endogeneity", &over.endogeneity);
    test("durbin", &over.durbin);
    test("wu_hausman", &over.wu_hausman);
    if over.c.is_some() {
        test("c_statistic", &over.c);
    }
    number("cragg_donald_f", Some(weak.cragg_donald_f));
    number("kp_f", weak.kp_f);
    number("stock_yogo_10", weak.stock_yogo);
    number("effective_f", weak.effective_f);
    number("effective_f_critical_10", weak.critical.iter().find(|c| c.tau == 0.1).map(|c| c.value));
    let set = weak.ar_set.as_ref();
    number("ar_low", set.and_then(|s| s.low));
    number("ar_high", set.and_then(|s| s.high));
    number("kappa", fit.kappa);
    stats.insert("ar_set".into(), set.map_or(Value::Null, |s| json!(s.shape)));
    stats.insert("instruments".into(), json!(fit.instruments.len()));
}

/// What stands beside the coefficients: first stages, critical values, all intervals of the Anderson-Rubin set.
fn beside(out: &mut Fit, fit: &InstrumentalFit) {
    out.more.insert("first_stage".into(), list(&fit.first_stage));
    out.more.insert("instruments".into(), json!(fit.instruments));
    let weak = &fit.weak;
    let mut strength = Map::new();
    if !weak.critical.is_empty() {
        strength.insert("effective_f_critical".into(), list(&weak.critical));
    }
    if let Some(set) = &weak.ar_set {
        strength.insert("ar_set".into(), object(set).into());
    }
    out.more.insert("weak_instruments".into(), strength.into());
}
