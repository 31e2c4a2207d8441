//! Scores of a stochastic frontier as a regressor: the standard errors of Murphy and Topel beside the conventional ones.

use super::regression::{Feols, built, located, rules};
use super::sfa::{data, extra};
use crate::design::Built;
use crate::error::{Error, Result};
use crate::formula::Formula;
use crate::method::Context;
use crate::step::Step;
use plim_report::Fit;
use plim_stats::effect::murphy_topel::{FirstStage, murphy_topel};
use plim_stats::fit::Coefficient;
use plim_stats::frontier::sfa::{Sfa, sfa};
use plim_stats::linear::{Estimated, Prepared};
use serde_json::json;
use std::collections::HashMap;

impl Feols {
    /// Adds `murphy_topel` for the frontier that `first_stage` names.
    pub(super) fn propagate(&self, cx: &Context, own: &Built, estimated: &Estimated, out: &mut Fit) -> Result<()> {
        let Some(name) = &self.first_stage else { return Ok(()) };
        let step = first_step(cx, name)?;
        let options: Sfa = options(&step)?;
        let formula = Formula::parse_set(&step.regression.formula)?;
        let first = Context { step: &step, formula: formula.first(), draw: None, ..cx.clone() };
        let columns = extra(&first, &options)?;
        let frontier = built(&first, &columns.iter().map(String::as_str).collect::<Vec<_>>())?;
        let seen = data(&options, &frontier);
        let fitted = sfa(&seen, &options).map_err(|e| located(&first, e))?;
        let moves = fitted.propagation(&seen, &options).map_err(|e| located(&first, e))?;
        let Some(position) = estimated.fit.names.iter().position(|n| n == name) else {
            return Err(Error::plan(
                format!("`first_stage` is `{name}`, which is no regressor of the estimate"),
                "name the step of a frontier whose score is in the formula",
            ));
        };
        // Clusters are told by the column, so that rows of either stage find theirs.
        let clusters = own.vcov.clusters();
        let [cluster] = clusters else {
            return Err(Error::plan(
                format!("two stages are added up by one cluster, and `vcov` is {}", own.vcov),
                "set vcov = \"cluster:city\", say",
            ));
        };
        let codes = cx.table.column(cluster)?.codes();
        let mut known: HashMap<u32, u32> = HashMap::new();
        let mut group = |row: usize| {
            let next = known.len() as u32;
            *known.entry(codes[row]).or_insert(next)
        };
        let rows: Vec<usize> = estimated.fit.sample.iter().map(|&i| own.design.rows[i]).collect();
        let groups: Vec<u32> = rows.iter().map(|&r| group(r)).collect();
        let first_groups: Vec<u32> = frontier.design.rows.iter().map(|&r| group(r)).collect();
        let at: HashMap<usize, usize> = frontier.design.rows.iter().enumerate().map(|(i, &r)| (r, i)).collect();
        let place: Vec<usize> = rows.iter().map(|r| at.get(r).copied()).collect::<Option<_>>().ok_or_else(|| {
            Error::plan("a row of the estimate is not in the frontier", "use the same `where` in both")
        })?;
        let p = moves.derivative.ncols();
        let derivative: Vec<Vec<f64>> =
            (0..p).map(|j| place.iter().map(|&i| moves.derivative[(i, j)]).collect()).collect();
        let prepared = Prepared::new(&own.design, rules(cx).ols.singletons).map_err(|e| located(cx, e))?;
        let stage = FirstStage { derivative, influence: &moves.influence, groups: &first_groups };
        let V = murphy_topel(&estimated.fit, &prepared, position, stage, &groups, known.len())
            .map_err(|e| located(cx, e))?;
        let (factor, df) = (estimated.covariance.factor, estimated.covariance.df);
        let table: Vec<Coefficient> = (0..estimated.fit.names.len())
            .map(|j| {
                let se = (factor * V[(j, j)]).max(0.0).sqrt();
                Coefficient::new(&*estimated.fit.names[j], estimated.fit.coef[j], se, Some(df))
            })
            .collect();
        out.more.insert("murphy_topel".into(), json!({ "first_stage": name, "coefficients": table }));
        Ok(())
    }
}

/// The earlier step of this name, a stochastic frontier.
fn first_step(cx: &Context, name: &str) -> Result<Step> {
    let named = |keys: &&serde_json::Map<String, serde_json::Value>| {
        keys.get("name").or(keys.get("method")).is_some_and(|n| n == name)
    };
    let earlier = cx.study.step.iter().take(cx.step.index).enumerate().rev();
    let found =
        earlier.filter(|(_, keys)| named(keys)).find(|(_, keys)| keys.get("method").is_some_and(|m| m == "sfa"));
    let (index, keys) = found.ok_or_else(|| {
        Error::plan(format!("no earlier frontier `{name}`"), "name a step of method sfa whose score is a regressor")
    })?;
    Step::read(keys.clone(), index)
}

/// The options of a step of method sfa.
fn options(step: &Step) -> Result<Sfa> {
    let own = crate::schema::options::<Sfa>();
    let keys = step.given.iter().filter(|(key, _)| own.iter().any(|o| o.name == **key && o.name != "method"));
    let options: Sfa = crate::schema::read(keys.map(|(k, v)| (k.clone(), v.clone())).collect())?;
    match options.factors.is_empty() && options.outputs.is_empty() && options.endogenous.is_empty() {
        true => Ok(options),
        false => Err(Error::plan(
            "technologies and endogenous regressors of a first stage are not propagated",
            "write the frontier in the formula, or resample the chain",
        )),
    }
}
