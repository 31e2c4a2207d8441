//! Least squares, and what every method that estimates on a design shares.

use crate::design::{Built, Pooled, design};
use crate::error::{Error, Result};
use crate::formula::Formula;
use crate::method::{Context, Method, Outcome};
use crate::run::number;
use plim_report::Fit;
use plim_stats::Fit as _;
use plim_stats::fit::table;
use plim_stats::linear::{Estimated, Ols, Precision, Regression};
use plim_stats::resample::wild::Weights;
use plim_stats::vcov::{Ssc, Vcov, differences, vcov};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// Least squares with absorbed fixed effects: what it takes beside the common options is further inference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Feols {
    /// Digits of the arithmetic: sixteen, and more where the regressors are nearly collinear, or thirty-two throughout.
    pub precision: Precision,
    /// Regressors to test by the wild cluster bootstrap, over the clusters of `vcov`.
    ///
    /// The interval inverts the test. With few clusters it is far more reliable than the t test.
    pub wild_bootstrap: Vec<String>,
    /// Draws of the wild bootstrap; `webb` for fewer than about twelve clusters.
    pub wild_weights: Weights,
    /// Impose the null hypothesis on the residuals that the wild bootstrap draws from.
    pub impose_null: bool,
    /// Regressors whose p-values are corrected for testing them together, by Romano and Wolf's step-down procedure.
    pub romano_wolf: Vec<String>,
    /// Further outcomes whose tests of the same regressors join `romano_wolf`; rows that lack one of them are dropped.
    pub outcomes: Vec<String>,
    /// Regressor to test by reassigning it over units: randomization inference.
    ///
    /// The units are the clusters of `vcov`, or those of the panel where they are larger; each carries its whole path.
    pub permutation: Option<String>,
    /// Replications of the wild bootstrap and of the permutation; all draws are taken where there are no more.
    pub replications: usize,
    /// Confidence bands that cover all coefficients at once (sup-t), the intercept left out.
    pub bands: bool,
    /// Regressors to test jointly, by a Wald test under `vcov`.
    pub joint: Vec<String>,
    /// Step of a stochastic frontier whose score is a regressor: standard errors of Murphy and Topel, which count it as
    /// estimated, beside the others.
    pub first_stage: Option<String>,
    /// Further covariances of the same estimates, such as `["hc1", "cluster:province"]`: the report can switch to them.
    pub vcov_also: Vec<Vcov>,
}

impl Default for Feols {
    fn default() -> Self {
        Feols {
            precision: Precision::default(),
            wild_bootstrap: Vec::new(),
            wild_weights: Weights::default(),
            impose_null: true,
            romano_wolf: Vec::new(),
            outcomes: Vec::new(),
            permutation: None,
            // As boottest: 5 % of 9999 + 1 is a whole number, so that the test has its level.
            replications: 9_999,
            bands: false,
            joint: Vec::new(),
            first_stage: None,
            vcov_also: Vec::new(),
        }
    }
}

impl Method for Feols {
    fn weighs(&self) -> bool {
        true
    }

    fn inference(&self) -> &'static [(&'static str, Option<u64>)] {
        &[
            ("wild_bootstrap", None),
            ("romano_wolf", None),
            ("outcomes", None),
            ("permutation", None),
            ("bands", None),
            ("joint", None),
            ("vcov_also", None),
            ("first_stage", None),
        ]
    }

    fn columns(&self) -> Vec<String> {
        let clusters = self.vcov_also.iter().flat_map(Vcov::clusters);
        let clusters = clusters.flat_map(|c| c.split('^').map(str::to_string).collect::<Vec<_>>());
        self.outcomes.iter().cloned().chain(clusters).collect()
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        let further: Vec<&str> = self.outcomes.iter().map(String::as_str).collect();
        let built = built(cx, &further)?;
        let mut rules = rules(cx);
        rules.ols.precision = self.precision;
        let all = rules.ssc == Ssc::All;
        if all {
            rules.ssc = Ssc::default();
        }
        let estimated = rules.run(&built.design).map_err(|e| located(cx, e))?;
        let mut out = report("feols", cx, &built, &estimated);
        if all {
            every_rule(&mut out, &built, &estimated);
        }
        if !self.vcov_also.is_empty() {
            let also = self.vcov_also.iter().map(|v| covariance_also(cx, &built, &estimated, v, rules.ssc));
            out.more.insert("vcov_also".into(), also.collect::<Result<Vec<_>>>()?.into());
        }
        self.infer(cx, &built, &rules, &estimated, &mut out)?;
        self.propagate(cx, &built, &estimated, &mut out)?;
        Ok(Outcome::Fit(Box::new(out), None))
    }

    fn run_all(&self, models: &[Context]) -> Vec<Result<Outcome>> {
        let infers = *self != Feols { precision: self.precision, ..Feols::default() };
        let alone = |cx: &Context| infers || cx.step.regression.ssc == Ssc::All;
        // Models of the same rows follow one another.
        let mut outcomes = Vec::new();
        for part in models.chunk_by(|a, b| std::ptr::eq(a.rows, b.rows)) {
            let pooled = match part.iter().any(alone) {
                true => None,
                false => Pooled::new(part).unwrap_or(None),
            };
            match pooled {
                None => outcomes.extend(part.iter().map(|cx| self.run(cx))),
                Some(pooled) => {
                    let mut rules = rules(&part[0]);
                    rules.ols.precision = self.precision;
                    let fits = pooled.each(&rules, |cx, built, estimated| report("feols", cx, built, estimated));
                    outcomes.extend(fits.into_iter().map(|fit| Ok(Outcome::Fit(Box::new(fit?), None))));
                }
            }
        }
        outcomes
    }
}

/// The design of the step's formula, which must have no instruments.
pub(super) fn built(cx: &Context, extra: &[&str]) -> Result<Built> {
    let formula = formula(cx)?;
    if !formula.instruments.is_empty() {
        return Err(Error::plan(
            format!("`{}` takes no instruments, and the formula has a third part", cx.step.entry.name),
            "use method iv, liml or gmm, or leave the third part out",
        ));
    }
    design(cx, formula, &cx.step.regression, extra)
}

/// The step's formula.
pub(super) fn formula<'a>(cx: &Context<'a>) -> Result<&'a Formula> {
    cx.formula.ok_or_else(|| Error::plan("`formula` is not given", "write formula = \"y ~ x1 + x2 | city + year\""))
}

/// How the step estimates.
pub(super) fn rules(cx: &Context) -> Regression {
    let r = &cx.step.regression;
    let ols = Ols { singletons: r.singletons, collinear: r.collinear, ..Ols::default() };
    Regression { ols, vcov: r.vcov.clone(), ssc: r.ssc }
}

/// An error of `stats` with the file and lines of its rows.
pub(super) fn located(cx: &Context, e: plim_stats::Error) -> Error {
    Error::from(e).at_rows(cx.table)
}

/// The same coefficients under every small-sample rule, each with what it counts, and which count sets them apart.
pub(super) fn every_rule(out: &mut Fit, built: &Built, estimated: &Estimated) {
    let (mut rules, mut passports) = (Vec::new(), Vec::new());
    for rule in Ssc::All.rules() {
        rules.push(match vcov(&estimated.fit, &built.vcov, rule, &built.design) {
            Ok(c) => {
                let line = json!({
                    "rule": rule.name(), "label": c.label, "K": c.K, "G": c.G, "df": finite(c.df), "factor": c.factor,
                    "coefficients": table(&estimated.fit, &c.V, Some(c.df)),
                });
                passports.push((rule, c));
                line
            }
            // A rule may not apply to this covariance: said, not hidden.
            Err(e) => json!({ "rule": rule.name(), "refused": e.to_string() }),
        });
    }
    out.more.insert("ssc".into(), rules.into());
    out.notes.extend(differences(&passports));
}

/// The coefficients under another covariance, on the rows of the estimate.
fn covariance_also(cx: &Context, first: &Built, estimated: &Estimated, how: &Vcov, ssc: Ssc) -> Result<Value> {
    let options = crate::step::Regression { vcov: Some(how.clone()), ..cx.step.regression.clone() };
    let built = design(cx, formula(cx)?, &options, &[])?;
    if built.design.y.len() != first.design.y.len() {
        return Err(Error::plan(
            format!("`vcov_also` {how} would drop rows that lack a cluster"),
            "keep the rows with `where`, so that all covariances are of the same estimate",
        ));
    }
    let c = vcov(&estimated.fit, &built.vcov, ssc, &built.design).map_err(|e| located(cx, e))?;
    let coefficients = table(&estimated.fit, &c.V, Some(c.df));
    Ok(json!({ "vcov": how.to_string(), "label": c.label, "df": finite(c.df), "coefficients": coefficients }))
}

/// A number for JSON, `null` when it is not finite.
pub(super) fn finite(v: f64) -> Value {
    if v.is_finite() { number(v) } else { Value::Null }
}

/// The fit as results.json has it.
pub(super) fn report(method: &str, cx: &Context, built: &Built, estimated: &Estimated) -> Fit {
    let Estimated { fit, covariance, .. } = estimated;
    let mut stats = Map::new();
    let mut stat = |name: &str, value: f64| stats.insert(name.into(), finite(value));
    stat("r2", fit.r2());
    stat("r2_adjusted", fit.r2_adjusted());
    if let Some(within) = fit.r2_within() {
        stat("r2_within", within);
    }
    stat("rmse", fit.rmse());
    // Normal likelihood at the estimates: -n/2 (ln 2π + ln(SSR/n) + 1) + Σ ln w / 2.
    let n = fit.nobs() as f64;
    let ln_w: f64 = built.design.w.as_ref().map_or(0.0, |w| fit.sample.iter().map(|&i| w[i].ln()).sum());
    stat("loglik", -0.5 * n * ((std::f64::consts::TAU * fit.ssr / n).ln() + 1.0) + 0.5 * ln_w);
    stat("ssr", fit.ssr);
    stat("sigma2", fit.sigma2);
    stat("dof_residual", fit.dof_residual() as f64);
    stat("df_t", covariance.df);
    stat("certificate", fit.certificate);
    stat("residual", fit.accuracy.residual);
    stat("orthogonality", fit.accuracy.orthogonality);
    if fit.accuracy.condition > 0.0 {
        stat("condition", fit.accuracy.condition);
        stats.insert("iterations".into(), json!(fit.accuracy.iterations));
        stats.insert("precision".into(), json!(fit.accuracy.precision()));
    }
    stats.insert("parameters".into(), json!(covariance.K));
    stats.insert("clusters".into(), json!(covariance.G));
    Fit {
        method: method.into(),
        formula: cx.step.regression.formula.trim().into(),
        nobs: fit.nobs(),
        vcov: covariance.label.clone(),
        coefficients: estimated.coefficients.clone(),
        stats,
        sample: sample(built, fit.singletons, fit.nobs(), &fit.effects),
        notes: estimated.notes(),
        more: Map::new(),
    }
}

/// The account of the rows: read, lost by reason, singletons, used, levels of the effects.
pub(super) fn sample(built: &Built, singletons: usize, used: usize, effects: &[(String, usize)]) -> Map<String, Value> {
    let mut sample = built.sample.clone();
    if singletons > 0 {
        sample.insert("singletons".into(), json!(singletons));
    }
    sample.insert("used".into(), json!(used));
    if !effects.is_empty() {
        let levels = effects.iter().map(|(n, l)| (n.clone(), json!(l)));
        sample.insert("levels".into(), levels.collect::<Map<_, _>>().into());
    }
    sample
}
