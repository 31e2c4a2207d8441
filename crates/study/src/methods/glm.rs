//! Poisson, logit, probit, complementary log-log and negative binomial regression with absorbed effects.

use super::regression::{built, finite, located, rules, sample};
use crate::design::Built;
use crate::error::{Error, Result};
use crate::method::{Context, Method, Outcome};
use plim_report::Fit;
use plim_stats::fit::table;
use plim_stats::glm::{BiasCorrection, Cloglog, Family, Fepois, Glm, GlmFit, Logit, Negbin, Probit, covariance};
use plim_stats::vcov::Ssc;
use serde_json::{Map, Value, json};

impl Method for Fepois {
    fn weighs(&self) -> bool {
        true
    }

    fn columns(&self) -> Vec<String> {
        self.exposure.iter().cloned().collect()
    }
    fn run(&self, cx: &Context) -> Result<Outcome> {
        run(cx, Family::Poisson, BiasCorrection::None, self.exposure.as_deref())
    }
}

impl Method for Logit {
    fn weighs(&self) -> bool {
        true
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        run(cx, Family::Logit, self.bias_correction, None)
    }
}

impl Method for Probit {
    fn weighs(&self) -> bool {
        true
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        run(cx, Family::Probit, self.bias_correction, None)
    }
}

impl Method for Cloglog {
    fn weighs(&self) -> bool {
        true
    }

    fn columns(&self) -> Vec<String> {
        self.exposure.iter().cloned().collect()
    }
    fn run(&self, cx: &Context) -> Result<Outcome> {
        run(cx, Family::Cloglog, BiasCorrection::None, self.exposure.as_deref())
    }
}

impl Method for Negbin {
    fn columns(&self) -> Vec<String> {
        self.exposure.iter().cloned().collect()
    }
    fn run(&self, cx: &Context) -> Result<Outcome> {
        run(cx, Family::NegativeBinomial(1.0), BiasCorrection::None, self.exposure.as_deref())
    }
}

fn run(cx: &Context, family: Family, bias_correction: BiasCorrection, exposure: Option<&str>) -> Result<Outcome> {
    let mut built = built(cx, exposure.as_slice())?;
    if let Some(name) = exposure {
        cx.table.numbers(name)?; // a text column would come as codes
        add_exposure(cx, &mut built, name)?;
    }
    let rules = rules(cx);
    let glm = Glm { family, singletons: rules.ols.singletons, collinear: rules.ols.collinear, bias_correction };
    let fit = glm.fit(&built.design).map_err(|e| located(cx, e))?;
    Ok(Outcome::Fit(Box::new(report(cx, &built, &fit, rules.ssc)?), None))
}

/// Adds the logarithm of the exposures to the offset.
fn add_exposure(cx: &Context, built: &mut Built, name: &str) -> Result<()> {
    let exposures = &built.extra[0];
    let design = &mut built.design;
    if let Some(bad) = exposures.iter().position(|&e| e <= 0.0) {
        let line = cx.table.line(design.rows[bad]).map_or(String::new(), |l| format!(" in line {l}"));
        return Err(Error::plan(
            format!("the exposure `{name}`{line} is {}", exposures[bad]),
            "exposures are positive; leave the row out with `where`",
        ));
    }
    let offset = design.offset.get_or_insert_with(|| vec![0.0; exposures.len()]);
    offset.iter_mut().zip(exposures).for_each(|(o, e)| *o += e.ln());
    Ok(())
}

/// The fit as results.json has it.
fn report(cx: &Context, built: &Built, fit: &GlmFit, ssc: Ssc) -> Result<Fit> {
    let first = if ssc == Ssc::All { Ssc::default() } else { ssc };
    let made = covariance(fit, &built.vcov, first, &built.design).map_err(|e| located(cx, e))?;
    let mut stats = Map::new();
    let mut stat = |name: &str, value: f64| stats.insert(name.into(), finite(value));
    stat("loglik", fit.loglik);
    stat("loglik_null", fit.loglik_null);
    stat("pseudo_r2", fit.pseudo_r2());
    stat("r2", fit.r2);
    stat("deviance", fit.deviance);
    stat("bic", fit.bic());
    if let Family::NegativeBinomial(theta) = fit.family {
        stat("theta", theta);
        stat("alpha", 1.0 / theta);
    }
    stat("dof_residual", plim_stats::Fit::dof_residual(fit) as f64);
    stat("df_t", made.df);
    stat("certificate", fit.certificate);
    stat("deviance_change", fit.deviance_change);
    stats.insert("iterations".into(), json!(fit.iterations));
    stats.insert("parameters".into(), json!(made.K));
    stats.insert("clusters".into(), json!(made.G));
    let mut notes = fit.notes();
    notes.extend(separated(cx, built, fit));
    notes.extend(made.warnings.iter().cloned());
    let mut more = Map::new();
    if ssc == Ssc::All {
        more.insert("ssc".into(), every_rule(built, fit).into());
    }
    Ok(Fit {
        method: cx.step.entry.name.into(),
        formula: cx.step.regression.formula.trim().into(),
        nobs: fit.eta.len(),
        vcov: made.label.clone(),
        coefficients: table(fit, &made.V, None),
        stats,
        sample: account(built, fit),
        notes,
        more,
    })
}

/// The account of the rows, with levels and observations that have no finite maximum.
fn account(built: &Built, fit: &GlmFit) -> Map<String, Value> {
    let mut account = sample(built, fit.singletons, fit.eta.len(), &fit.effects);
    if !fit.removed.is_empty() {
        let levels: Map<_, _> = fit.removed.iter().map(|(name, l)| (name.clone(), json!(l))).collect();
        account.insert("removed".into(), levels.into());
        account.insert("removed_rows".into(), json!(fit.uniform));
    }
    if !fit.separated.is_empty() {
        account.insert("separated".into(), json!(fit.separated.len()));
    }
    account
}

/// How many separated observations a note names.
const NAMED: usize = 10;

/// Names the separated observations by their lines in the file.
fn separated(cx: &Context, built: &Built, fit: &GlmFit) -> Option<String> {
    let count = fit.separated.len();
    let name = |&i: &usize| {
        let row = built.design.rows[i];
        cx.table.line(row).map_or_else(|| format!("row {}", row + 1), |l| format!("line {l}"))
    };
    let named: Vec<String> = fit.separated.iter().take(NAMED).map(name).collect();
    let more = if count > NAMED { ", …" } else { "" };
    let plural = if count == 1 { "observation is" } else { "observations are" };
    (count > 0).then(|| {
        format!(
            "{count} {plural} separated (regressors or effects predict the outcome perfectly, so that no finite \
             maximum has them) and dropped: {}{more}",
            named.join(", ")
        )
    })
}

/// The same coefficients under every small-sample rule, each with what it counts.
fn every_rule(built: &Built, fit: &GlmFit) -> Vec<Value> {
    let one = |rule: Ssc| match covariance(fit, &built.vcov, rule, &built.design) {
        Ok(c) => json!({
            "rule": rule.name(), "label": c.label, "K": c.K, "G": c.G, "df": finite(c.df), "factor": c.factor,
            "coefficients": table(fit, &c.V, None),
        }),
        Err(e) => json!({ "rule": rule.name(), "refused": e.to_string() }),
    };
    Ssc::All.rules().into_iter().map(one).collect()
}
