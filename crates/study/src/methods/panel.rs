//! The panel classics: random effects, first differences, unit means.

use super::list;
use super::regression::{built, finite, located, report, rules};
use crate::design::Built;
use crate::error::Result;
use crate::method::{Context, Method, Outcome};
use plim_report::Fit;
use plim_stats::linear::panel::{estimated, joint};
use plim_stats::linear::{Between, Estimated, FirstDifference, RandomEffects, panel_tests};
use serde_json::json;

/// The design of a panel method, which needs the panel keys.
fn panel(cx: &Context) -> Result<Built> {
    cx.need_unit()?;
    cx.need_time()?;
    built(cx, &[])
}

/// The report of a fit on a transformed design.
fn fit(method: &str, cx: &Context, built: &Built, estimated: &Estimated, tests: &[plim_stats::Test]) -> Fit {
    let mut out = report(method, cx, built, estimated);
    let mut all: Vec<plim_stats::Test> = tests.to_vec();
    all.extend(joint(estimated));
    out.more.insert("tests".into(), list(&all));
    out
}

fn periods(out: &mut Fit, (fewest, most): (usize, usize)) {
    out.sample.insert("periods".into(), json!({ "fewest": fewest, "most": most }));
}

impl Method for RandomEffects {
    fn run(&self, cx: &Context) -> Result<Outcome> {
        let built = panel(cx)?;
        let rules = rules(cx);
        let re = RandomEffects::fit(self, &built.design, rules.ols).map_err(|e| located(cx, e))?;
        let (tests, notes) = panel_tests(&re, self, &rules).map_err(|e| located(cx, e))?;
        let estimated = estimated(re.fit, &re.design, &rules).map_err(|e| located(cx, e))?;
        let mut out = fit("re", cx, &built, &estimated, &tests);
        // The likelihood that least squares reports is that of the transformed outcome, not of the model.
        out.stats.shift_remove("loglik");
        let total = re.sigma2_u + re.sigma2_effect;
        let values = [
            ("sigma2_idiosyncratic", re.sigma2_u),
            ("sigma2_effect", re.sigma2_effect),
            ("rho", re.sigma2_effect / total),
            ("theta", if re.theta.0 == re.theta.1 { re.theta.0 } else { f64::NAN }),
            ("theta_min", re.theta.0),
            ("theta_max", re.theta.1),
            ("r2_within", re.r2[0]),
            ("r2_between", re.r2[1]),
            ("r2_overall", re.r2[2]),
        ];
        for (name, value) in values {
            out.stats.insert(name.into(), finite(value));
        }
        out.sample.insert("units".into(), json!(re.units));
        periods(&mut out, re.periods);
        if re.truncated {
            out.notes.push(
                "the estimated variance of the unit effects is negative and set to zero: the estimator is pooled \
                 least squares"
                    .into(),
            );
        }
        out.notes.extend(notes);
        Ok(Outcome::Fit(Box::new(out), None))
    }
}

impl Method for FirstDifference {
    fn run(&self, cx: &Context) -> Result<Outcome> {
        let built = panel(cx)?;
        let rules = rules(cx);
        let fd = FirstDifference::fit(self, &built.design, rules.ols).map_err(|e| located(cx, e))?;
        let estimated = estimated(fd.fit, &fd.design, &rules).map_err(|e| located(cx, e))?;
        let mut out = fit("fd", cx, &built, &estimated, &[]);
        out.sample.insert("units".into(), json!(fd.units));
        if fd.dropped > 0 {
            out.sample.insert("differences_over_gaps".into(), json!(fd.dropped));
        }
        if fd.spanning > 0 {
            out.notes
                .push(format!("{} differences span absent times; set gaps = \"drop\" to leave them out", fd.spanning));
        }
        Ok(Outcome::Fit(Box::new(out), None))
    }
}

impl Method for Between {
    fn run(&self, cx: &Context) -> Result<Outcome> {
        let built = panel(cx)?;
        let rules = rules(cx);
        let between = Between::fit(self, &built.design, rules.ols).map_err(|e| located(cx, e))?;
        let estimated = estimated(between.fit, &between.design, &rules).map_err(|e| located(cx, e))?;
        let mut out = fit("between", cx, &built, &estimated, &[]);
        if self.weighted {
            // What the report computed has the weights of the data, not those of the lengths.
            out.stats.shift_remove("loglik");
        }
        periods(&mut out, between.periods);
        Ok(Outcome::Fit(Box::new(out), None))
    }
}
