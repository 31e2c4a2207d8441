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
    fn inference(&self) -> &'static [(&'static str, Option<u64>)] {
        &[("replications", Some(0))]
    }

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
        let (mut stats, mut candidates) = (out.stats.clone(), Vec::new());
        let mut stat = |name: &str, v: f64| stats.insert(name.into(), finite(v));
        stat("ssr", t.ssr);
        stat("ssr_linear", t.ssr_linear);
        stat("sigma2", t.sigma2);
        for (k, found) in t.found.iter().enumerate() {
            // `threshold`, `f1`, …; of the second `threshold2`, `f2`, …
            let name = |what: &str| if k == 0 { what.to_string() } else { format!("{what}{}", k + 1) };
            stat(&name("threshold"), found.threshold);
            stat(&format!("f{}", k + 1), found.f);
            stat(&name("p_value"), found.p_value.unwrap_or(f64::NAN));
            for (j, level) in [90, 95, 99].into_iter().enumerate() {
                let label = if k == 0 { format!("critical_{level}") } else { format!("critical{}_{level}", k + 1) };
                stat(&label, found.critical.map_or(f64::NAN, |c| c[j]));
            }
            stat(&name("ci_low"), found.ci_low);
            stat(&name("ci_high"), found.ci_high);
            candidates.push((name("candidates"), list(&found.candidates)));
        }
        out.stats = stats;
        let names: &[&str] = if t.regimes.len() == 2 { &["low", "high"] } else { &["low", "middle", "high"] };
        out.sample.extend(names.iter().zip(&t.regimes).map(|(n, c)| (n.to_string(), json!(c))));
        out.more.insert("regime".into(), json!(self.regime));
        out.more.extend(candidates);
        Ok(Outcome::Fit(Box::new(out), None))
    }
}
