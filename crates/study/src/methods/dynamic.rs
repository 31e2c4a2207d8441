//! Dynamic panels by GMM: from the formula and the names of the instrumented variables to moments.

use super::list;
use super::regression::{finite, formula, located, rules, sample};
use crate::design::design;
use crate::error::{Error, Result};
use crate::expression::{Expr, Scope};
use crate::formula::{Formula, Part};
use crate::method::{Context, Method, Outcome};
use plim_report::Fit;
use plim_stats::Design;
use plim_stats::linear::dynamic::{Covariance, GmmPanel, GmmPanelFit, Source, gmm_panel};
use plim_stats::vcov::Vcov;
use serde_json::{Map, Value, json};

impl Method for GmmPanel {
    fn columns(&self) -> Vec<String> {
        let mut columns = Vec::new();
        // An expression that does not parse is an error of the run, which says where.
        self.gmm.iter().filter_map(|text| Expr::parse(text).ok()).for_each(|e| e.columns(&mut columns));
        columns
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        let (unit, time) = (cx.need_unit()?, cx.need_time()?);
        let covariance = covariance(cx, unit)?;
        let given = formula(cx)?;
        let (model, time_dummies) = without_effects(given, unit, time)?;
        let instrumented: Vec<(String, Expr)> = match self.gmm.is_empty() {
            true => vec![(model.outcome.name.clone(), model.outcome.expr.clone())],
            false => self.gmm.iter().map(|t| Ok((t.clone(), Expr::parse(t)?))).collect::<Result<_>>()?,
        };
        let endogenous = endogenous(&model, &instrumented)?;
        let built = design(cx, &model, &cx.step.regression, &[])?;
        let names = built.design.names.iter().filter(|n| endogenous.iter().any(|label| has_part(n, label)));
        let fitted = gmm_panel(
            &built.design,
            &source(cx, &instrumented)?,
            &names.cloned().collect::<Vec<_>>(),
            time_dummies.then_some(time),
            self,
            covariance,
            rules(cx).ols.collinear,
        )
        .map_err(|e| located(cx, e))?;
        let mut account = sample(&built, 0, fitted.nobs, &[]);
        account.insert("complete".into(), json!(built.design.nobs()));
        account.insert("units".into(), json!(fitted.units));
        let mut notes: Vec<String> = fitted.dropped.iter().map(ToString::to_string).collect();
        notes.extend(fitted.notes.iter().cloned());
        if self.steps == 1 && fitted.hansen.df > 0.0 {
            notes.push(
                "`hansen_j` has the second-step weights at the one-step estimates, as R's plm prints it, and rejects too \
                 often; `hansen_j_two_step` is the minimum that Stata's xtabond2 prints"
                    .into(),
            );
        }
        let mut more = Map::new();
        more.insert("tests".into(), list(&fitted.tests));
        Ok(Outcome::Fit(
            Box::new(Fit {
                method: "gmm_panel".into(),
                formula: given.source.clone(),
                nobs: fitted.nobs,
                vcov: format!(
                    "{} ({} step{}), normal",
                    fitted.label,
                    self.steps,
                    if self.steps == 1 { "" } else { "s" }
                ),
                coefficients: fitted.coefficients.clone(),
                stats: stats(&fitted, &built.design, self.steps),
                sample: account,
                notes,
                more,
            }),
            None,
        ))
    }
}

fn stats(fitted: &GmmPanelFit, design: &Design, steps: u8) -> Map<String, Value> {
    let mut stats = Map::new();
    let mut put = |name: &str, value: f64| stats.insert(name.into(), finite(value));
    let mut serial = |names: [&str; 2], values: [Option<(f64, f64)>; 2]| {
        for (name, value) in names.into_iter().zip(values) {
            let (z, p) = value.unwrap_or((f64::NAN, f64::NAN));
            put(name, z);
            put(&format!("{name}_p"), p);
        }
    };
    serial(["ar1", "ar2"], fitted.serial);
    if let Some(values) = fitted.serial_without_levels {
        serial(["ar1_plm", "ar2_plm"], values);
    }
    let mut tests = vec![&fitted.sargan, &fitted.hansen];
    if steps == 1 {
        tests.push(&fitted.hansen_two_step);
    }
    for test in tests {
        put(&test.name, test.statistic);
        put(&format!("{}_df", test.name), test.df);
        put(&format!("{}_p", test.name), test.p_value);
    }
    put("sigma2", fitted.sigma2);
    stats.insert("instruments".into(), json!(fitted.instruments));
    stats.insert("units".into(), json!(fitted.units));
    stats.insert(
        "periods".into(),
        json!(design.panel.as_ref().map(|p| {
            let mut times = p.time.clone();
            times.sort_unstable();
            times.dedup();
            times.len()
        })),
    );
    stats
}

/// The covariance that `vcov` asks for; what a GMM fit does not have is refused.
fn covariance(cx: &Context, unit: &str) -> Result<Covariance> {
    if let Some(name) = ["ssc", "singletons", "weights"].into_iter().find(|n| cx.step.given.contains_key(*n)) {
        return Err(Error::plan(format!("`gmm_panel` takes no `{name}`"), "leave it out"));
    }
    match &cx.step.regression.vcov {
        None => Ok(Covariance::Robust),
        Some(Vcov::Iid) => Ok(Covariance::Classical),
        Some(Vcov::Cluster(ways)) if ways.len() == 1 && ways[0] == unit => Ok(Covariance::Robust),
        Some(other) => Err(Error::plan(
            format!("`gmm_panel` has no `vcov = \"{other}\"`"),
            "leave it out for standard errors that are robust and clustered by the unit, or set vcov = \"iid\"",
        )),
    }
}

/// The formula without its second part, and whether that part asks for time dummies.
fn without_effects(formula: &Formula, unit: &str, time: &str) -> Result<(Formula, bool)> {
    if !formula.instruments.is_empty() {
        return Err(Error::plan(
            "`gmm_panel` takes no third part of the formula",
            "name instrumented variables in `gmm`",
        ));
    }
    let mut dummies = false;
    for effect in &formula.effects {
        match effect.columns.as_slice() {
            [one] if one == time && effect.slopes.is_empty() => dummies = true,
            // The transformation removes the effects of the units.
            [one] if one == unit && effect.slopes.is_empty() => {}
            _ => {
                return Err(Error::plan(
                    format!("`gmm_panel` takes no effect `{}`", effect.name()),
                    format!("after `|` write `{time}` for time dummies; the effects of `{unit}` are removed anyway"),
                ));
            }
        }
    }
    Ok((Formula { effects: Vec::new(), ..formula.clone() }, dummies))
}

/// Labels of the parts of terms that contain an instrumented variable. A lag of the outcome must be among them.
fn endogenous(formula: &Formula, instrumented: &[(String, Expr)]) -> Result<Vec<String>> {
    let mut labels = Vec::new();
    for part in formula.terms.iter().flat_map(|t| &t.0) {
        let Part::Value(value) = part else { continue };
        if instrumented.iter().any(|(_, e)| contains(&value.expr, e)) {
            labels.push(value.name.clone());
        } else if contains(&value.expr, &formula.outcome.expr) {
            return Err(Error::plan(
                format!("`{}` is correlated with the error by construction, and is no instrument", value.name),
                format!("add `{}` to `gmm`", formula.outcome.name),
            ));
        }
    }
    Ok(labels)
}

/// Whether `inner` is `expr` or part of it.
fn contains(expr: &Expr, inner: &Expr) -> bool {
    expr == inner
        || match expr {
            Expr::Call(_, arguments) => arguments.iter().any(|a| contains(a, inner)),
            Expr::Unary(_, a) => contains(a, inner),
            Expr::Binary(_, a, b) => contains(a, inner) || contains(b, inner),
            Expr::Name(_) | Expr::Number(_) | Expr::Text(_) => false,
        }
}

/// Whether a column `a:b:c` has this factor.
fn has_part(column: &str, label: &str) -> bool {
    column == label
        || column.starts_with(&format!("{label}:"))
        || column.ends_with(&format!(":{label}"))
        || column.contains(&format!(":{label}:"))
}

/// The instrumented variables in all rows of the table.
fn source(cx: &Context, instrumented: &[(String, Expr)]) -> Result<Source> {
    let panel = cx.panel.ok_or_else(|| Error::plan("units and times do not name rows", "set `unit` and `time`"))?;
    let scope = Scope { table: cx.table, panel: cx.panel };
    let variables =
        instrumented.iter().map(|(name, expr)| Ok((name.clone(), scope.evaluate(expr)?))).collect::<Result<_>>()?;
    Ok(Source { unit: panel.units.clone(), time: panel.times.clone(), variables })
}
