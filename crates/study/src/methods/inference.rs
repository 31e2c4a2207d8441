//! Inference on a least-squares fit beyond its table: wild bootstrap, step-down, permutation, bands, joint tests.

use super::regression::{Feols, located};
use super::{list, object};
use crate::design::Built;
use crate::error::{Error, Result};
use crate::method::Context;
use plim_report::Fit;
use plim_report::number::{fixed, p_value};
use plim_report::table::{Align, Cell, Column, Row, Section, Table};
use plim_stats::linear::{Estimated, INTERCEPT, Regression};
use plim_stats::resample::permutation::permutation;
use plim_stats::resample::wild::{Wild, romano_wolf, wild_bootstrap};
use plim_stats::vcov::bands::bands;
use plim_stats::vcov::{Vcov, cluster_at, vcov};
use plim_stats::{Design, Factor};
use serde_json::{Value, json};

/// Most draws that a step may ask for.
const MOST_DRAWS: usize = 1_000_000;

impl Feols {
    /// Adds to `out` what the options ask for.
    pub(super) fn infer(
        &self,
        cx: &Context,
        built: &Built,
        rules: &Regression,
        estimated: &Estimated,
        out: &mut Fit,
    ) -> Result<()> {
        if self.replications > MOST_DRAWS {
            return Err(Error::plan(
                format!("`replications` is {}", self.replications),
                format!("ask for at most {MOST_DRAWS}"),
            ));
        }
        if !self.joint.is_empty() {
            let test = estimated.joint("joint", &self.joint).map_err(|e| located(cx, e))?;
            out.more.insert("tests".into(), list(&[test]));
        }
        if self.bands {
            let positions: Vec<usize> =
                (0..estimated.fit.names.len()).filter(|&j| estimated.fit.names[j] != INTERCEPT).collect();
            let (fit, c) = (&estimated.fit, &estimated.covariance);
            let made = bands(&fit.names, &fit.coef, &c.V, c.df, &positions, cx.seed).map_err(|e| located(cx, e))?;
            out.more.insert("bands".into(), object(&made).into());
        }
        self.bootstrap(cx, built, rules, estimated, out)?;
        self.permute(cx, built, rules, estimated, out)
    }

    /// The wild cluster bootstrap, and step-down p-values from the same draws.
    fn bootstrap(
        &self,
        cx: &Context,
        built: &Built,
        rules: &Regression,
        estimated: &Estimated,
        out: &mut Fit,
    ) -> Result<()> {
        if self.romano_wolf.is_empty() && !self.outcomes.is_empty() {
            return Err(Error::plan(
                "`outcomes` join the tests of `romano_wolf`, which names none",
                "set `romano_wolf`",
            ));
        }
        if self.wild_bootstrap.is_empty() && self.romano_wolf.is_empty() {
            return Ok(());
        }
        let name = match built.vcov.clusters() {
            [one] => one,
            [] => {
                return Err(Error::plan(
                    format!("the wild bootstrap draws for clusters, and `vcov` is {}", built.vcov),
                    "set vcov = \"cluster:city\", say",
                ));
            }
            several => {
                return Err(Error::plan(
                    format!("the wild bootstrap draws for one kind of cluster, and `vcov` has {}", several.len()),
                    "cluster by the coarsest",
                ));
            }
        };
        let run = |estimated: &Estimated, design: &Design, names: &[String]| {
            let fit = &estimated.fit;
            let positions = names.iter().map(|n| estimated.position(n)).collect::<plim_stats::Result<Vec<_>>>()?;
            let clusters = cluster_at(fit, design, name)?;
            let factor = vcov(fit, &Vcov::Cluster(vec![name.clone()]), rules.ssc, design)?.factor;
            let options = Wild {
                weights: self.wild_weights,
                replications: self.replications,
                impose_null: self.impose_null,
                seed: cx.seed,
            };
            wild_bootstrap(fit, design, &clusters, &positions, factor, &options)
        };
        let at = |e| located(cx, e);
        if !self.wild_bootstrap.is_empty() {
            let results = run(estimated, &built.design, &self.wild_bootstrap).map_err(at)?;
            let tests: Vec<_> = results.into_iter().map(|r| r.test).collect();
            for t in tests.iter().filter(|t| t.conf_low.is_none() || t.conf_high.is_none()) {
                out.notes.push(format!(
                    "the wild bootstrap of `{}` cannot bound a 95 % interval with {} clusters and {} draws",
                    t.name, t.clusters, t.replications
                ));
            }
            out.more.insert("wild_bootstrap".into(), list(&tests));
        }
        if !self.romano_wolf.is_empty() {
            let mut results = run(estimated, &built.design, &self.romano_wolf).map_err(at)?;
            let mut of = vec![built.design.outcome.clone(); results.len()];
            // Rows, clusters and draws are the same for every outcome: the draws are joint.
            for (outcome, y) in self.outcomes.iter().zip(&built.extra) {
                let design = Design { y: y.clone(), outcome: outcome.clone(), ..built.design.clone() };
                let estimated = rules.run(&design).map_err(at)?;
                results.extend(run(&estimated, &design, &self.romano_wolf).map_err(at)?);
                of.resize(results.len(), outcome.clone());
            }
            let adjusted = romano_wolf(&results).map_err(at)?;
            let lines: Vec<Value> = (results.iter().zip(adjusted).zip(of))
                .map(|((r, p), outcome)| {
                    json!({
                        "outcome": outcome, "name": r.test.name, "statistic": r.test.statistic,
                        "p_value": r.test.p_value, "p_adjusted": p,
                    })
                })
                .collect();
            out.more.insert("romano_wolf".into(), lines.into());
        }
        Ok(())
    }

    /// Randomization inference.
    fn permute(
        &self,
        cx: &Context,
        built: &Built,
        rules: &Regression,
        estimated: &Estimated,
        out: &mut Fit,
    ) -> Result<()> {
        let Some(name) = &self.permutation else { return Ok(()) };
        let observed = estimated.coefficient(name).map_err(|e| located(cx, e))?.estimate;
        let design = &built.design;
        let panel = design.panel.as_ref();
        let cluster = match built.vcov.clusters() {
            [one] => design.cluster(one).ok().filter(|c| panel.is_none_or(|p| p.unit.nested_in(c))),
            _ => None,
        };
        let unit: Factor = match (cluster, panel) {
            (Some(cluster), _) => cluster.clone(),
            (None, Some(panel)) => panel.unit.clone(),
            (None, None) => Factor::from_keys("row", 0..design.nobs()),
        };
        let time = panel.map(|p| p.time.as_slice());
        let singletons = rules.ols.singletons;
        let placebo = permutation(design, name, &unit, time, singletons, self.replications, cx.seed)
            .map_err(|e| located(cx, e))?;
        let mut made = object(&placebo.permutation);
        made.insert("name".into(), json!(name));
        made.insert("estimate".into(), json!(observed));
        made.insert("over".into(), json!(unit.name));
        out.more.insert("permutation".into(), made.into());
        Ok(())
    }
}

/// What a fit has of these, as tables for the terminal.
pub(crate) fn tables(fit: &Fit) -> Vec<Table> {
    let number = |v: &Value, key: &str| v.get(key).and_then(Value::as_f64);
    let cell = |v: &Value, key: &str| match number(v, key) {
        Some(x) if key.starts_with("p_") => Cell::number(x, p_value(x)),
        Some(x) => Cell::number(x, fixed(x, 4)),
        None => Cell::text("unbounded"),
    };
    let make = |title: &str, lines: Vec<&Value>, keys: &[(&str, &str)], note: String| Table {
        title: title.into(),
        columns: keys.iter().map(|(_, head)| Column::new((*head).to_string(), Align::Number)).collect(),
        sections: vec![Section::new(
            (lines.iter())
                .map(|v| {
                    let text = |key: &str| v.get(key).and_then(Value::as_str);
                    let name = text("name").unwrap_or_default();
                    let label = text("outcome").map_or(name.to_string(), |outcome| format!("{outcome}: {name}"));
                    Row::new(label, keys.iter().map(|(key, _)| cell(v, key)).collect())
                })
                .collect(),
        )],
        notes: if note.is_empty() { Vec::new() } else { vec![note] },
        ..Default::default()
    };
    let lines = |key: &str| fit.more.get(key).and_then(Value::as_array).map(|a| a.iter().collect::<Vec<_>>());
    let interval = [("conf_low", "from"), ("conf_high", "to")];
    let mut out = Vec::new();
    if let Some(tests) = lines("wild_bootstrap") {
        let drawn = tests.first().map_or(String::new(), |t| {
            let all = if t.get("enumerated") == Some(&Value::Bool(true)) { "all " } else { "" };
            let of = |key: &str| number(t, key).unwrap_or_default();
            format!("{all}{} draws over {} clusters", of("replications"), of("clusters"))
        });
        let keys = [("statistic", "t"), ("p_value", "p"), ("p_equal_tail", "p equal-tail")];
        out.push(make("Wild cluster bootstrap", tests, &[&keys[..], &interval].concat(), drawn));
    }
    if let Some(lines) = lines("romano_wolf") {
        let keys = [("statistic", "t"), ("p_value", "p"), ("p_adjusted", "p step-down")];
        out.push(make("Romano-Wolf", lines, &keys, String::new()));
    }
    if let Some(p) = fit.more.get("permutation").filter(|p| p.get("over").is_some()) {
        let over = p.get("over").and_then(Value::as_str).unwrap_or_default();
        let note = format!("{} assignments over {over}", number(p, "draws").unwrap_or_default());
        let keys = [("estimate", "estimate"), ("p_value", "p"), ("p_one_sided", "p one-sided")];
        out.push(make("Permutation", vec![p], &keys, note));
    }
    if let Some(bands) = fit.more.get("bands")
        && let Some(coefficients) = bands.get("coefficients").and_then(Value::as_array)
    {
        let note = format!("{} standard errors", fixed(number(bands, "critical").unwrap_or(f64::NAN), 3));
        let keys = [&[("estimate", "estimate")][..], &interval].concat();
        out.push(make("Simultaneous 95 % bands", coefficients.iter().collect(), &keys, note));
    }
    if let (Some(tests), "feols") = (lines("tests"), fit.method.as_str()) {
        let keys = [("statistic", "F"), ("df", "df"), ("df_residual", "df residual"), ("p_value", "p")];
        out.push(make("Tests", tests, &keys, String::new()));
    }
    out
}
