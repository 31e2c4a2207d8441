//! A slope that changes at an estimated threshold.

use super::effects::{limited, unit};
use super::regression::{built, finite, located, report, rules};
use super::{list, need};
use crate::error::Result;
use crate::method::{Context, Method, Outcome};
use plim_report::Fit;
use plim_stats::effect::{ThresholdOptions, threshold};
use serde_json::json;

impl Method for ThresholdOptions {
    fn columns(&self) -> Vec<String> {
        vec![self.regime.clone(), self.threshold.clone()]
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        let extra = [need(&self.regime, "regime")?, need(&self.threshold, "threshold")?];
        // Text would come back as codes, whose order means nothing.
        for name in extra {
            cx.table.numbers(name)?;
        }
        limited("replications", self.replications)?;
        let built = built(cx, &extra)?;
        let unit = unit(cx, &built)?;
        let (x, q) = (&built.extra[0], &built.extra[1]);
        let t = threshold(&built.design, x, q, &unit, self, &rules(cx), cx.seed).map_err(|e| located(cx, e))?;
        let mut out = Fit { notes: t.notes, ..report("threshold", cx, &built, &t.estimated) };
        let mut stat = |name: &str, v: f64| out.stats.insert(name.into(), finite(v));
        stat("threshold", t.threshold);
        stat("ssr", t.ssr);
        stat("ssr_linear", t.ssr_linear);
        stat("sigma2", t.sigma2);
        stat("f1", t.f1);
        stat("p_value", t.p_value.unwrap_or(f64::NAN));
        for (j, level) in [90, 95, 99].into_iter().enumerate() {
            stat(&format!("critical_{level}"), t.critical.map_or(f64::NAN, |c| c[j]));
        }
        stat("ci_low", t.ci_low);
        stat("ci_high", t.ci_high);
        out.sample.insert("low".into(), json!(t.regimes[0]));
        out.sample.insert("high".into(), json!(t.regimes[1]));
        out.more.insert("regime".into(), json!(self.regime));
        out.more.insert("candidates".into(), list(&t.candidates));
        Ok(Outcome::Fit(Box::new(out), None))
    }
}
