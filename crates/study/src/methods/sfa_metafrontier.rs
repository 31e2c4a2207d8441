//! Metafrontiers of stochastic frontiers: a fit, its groups, and scores of the observations.

use super::efficiency::word;
use super::quantile::one_rule;
use super::regression::{built, finite, located};
use super::sfa::{data, refuse_regression_options};
use super::{list, need};
use crate::error::{Error, Result};
use crate::method::{Context, Keys, Measured, Method, Outcome};
use indexmap::{IndexMap, IndexSet};
use plim_report::{Fit, Measure};
use plim_stats::fit::Coefficient;
use plim_stats::frontier::sfa::{Columns, Section, Sfa};
use plim_stats::frontier::sfa_metafrontier::{
    Enveloped, Group, Row, SfaMetafrontier, SfaMetafrontierFit, sfa_metafrontier,
};
use plim_stats::vcov::Vcov;
use plim_table::Column;
use serde_json::{Map, Value, json};

const COLUMNS: [&str; 4] = ["efficiency", "group_efficiency", "technology_gap_ratio", "status"];

impl Method for SfaMetafrontier {
    fn columns(&self) -> Vec<String> {
        let within = [&self.determinants, &self.u_variance, &self.v_variance, &self.gap_determinants];
        let group = Some(self.group.clone()).filter(|g| !g.is_empty());
        within.into_iter().flatten().cloned().chain(group).collect()
    }

    fn adds(&self, step: &str) -> Vec<String> {
        COLUMNS.iter().enumerate().map(|(j, n)| crate::made::column_name(step, j, n)).collect()
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        refuse_regression_options(cx)?;
        let group = need(&self.group, "group")?;
        let stochastic = self.envelope == Enveloped::Stochastic;
        let given = cx.step.given.contains_key("vcov");
        if given && !stochastic {
            return Err(Error::plan(
                "`vcov` is for a stochastic metafrontier; a deterministic one has its covariance from `replications`",
                "leave `vcov` out, or set envelope = \"stochastic\"",
            ));
        }
        let names = Method::columns(self);
        let built = built(cx, &names.iter().map(String::as_str).collect::<Vec<_>>())?;
        let design = &built.design;
        if design.absorbs() {
            return Err(Error::plan("a frontier absorbs no effects", "leave out the part after `|`"));
        }
        let located = |mut e: plim_stats::Error| {
            // Rows of the design are rows of the table after those with missing values are gone.
            e.rows.iter_mut().for_each(|r| *r = design.rows[*r]);
            located(cx, e)
        };
        let within = Sfa {
            determinants: self.determinants.clone(),
            u_variance: self.u_variance.clone(),
            v_variance: self.v_variance.clone(),
            ..Sfa::default()
        };
        let data = data(&within, &built);
        let n = design.nobs();
        let from = within.determinants.len() + within.u_variance.len() + within.v_variance.len();
        let moved: Vec<(String, Vec<f64>)> =
            self.gap_determinants.iter().cloned().zip(built.extra[from..].iter().cloned()).collect();
        let gap = (!moved.is_empty()).then(|| Columns::new(n, true, &moved));
        let column = cx.table.column(group)?;
        let mut labels = IndexSet::new();
        let groups: Vec<usize> = design.rows.iter().map(|&i| labels.insert_full(column.show(i)).0).collect();
        let labels: Vec<String> = labels.into_iter().collect();
        let fitted = sfa_metafrontier(&data, &groups, &labels, self, gap, cx.seed).map_err(located)?;
        let how = if given { &built.vcov } else { &Vcov::Hc0 };
        let spread = fitted.spread(how, one_rule(cx)?, design).map_err(located)?;
        let vcov = match &spread {
            Some(s) if !s.label.is_empty() => s.label.clone(),
            Some(_) => "inverse Hessian of the log-likelihood".into(),
            None => "none: `replications` is 0".into(),
        };
        let table = fitted.table_with(spread.as_ref().map(|s| &s.V));
        let mut lists = sections(&fitted, table);
        let coefficients = lists.shift_remove(Section::Coefficients.key()).unwrap_or_default();
        let mut sample = built.sample.clone();
        sample.insert("used".into(), json!(n));
        let mut notes = fitted.notes.clone();
        notes.extend(spread.into_iter().flat_map(|s| s.warnings));
        let mut more: Map<String, Value> = lists.iter().map(|(key, rows)| (key.to_string(), list(rows))).collect();
        more.insert("groups".into(), fitted.groups.iter().map(of_group).collect());
        let fit = Fit {
            method: "sfa_metafrontier".into(),
            formula: cx.step.regression.formula.trim().into(),
            nobs: n,
            vcov,
            coefficients,
            stats: stats(&fitted),
            sample,
            notes,
            more,
        };
        let score = |name: &str, value: fn(&Row) -> Option<f64>| {
            Column::number(name, fitted.rows.iter().map(|r| value(r).unwrap_or(f64::NAN)).collect())
        };
        let [efficiency, own, ratio, status] = COLUMNS;
        let columns = vec![
            score(efficiency, |r| r.efficiency),
            score(own, |r| r.group_efficiency),
            score(ratio, |r| r.technology_gap_ratio),
            Column::text(status, fitted.rows.iter().map(|r| word(&r.status))),
        ];
        let scores = Measured {
            measure: Measure { method: "sfa_metafrontier".into(), ..Default::default() },
            columns,
            keys: Keys::Rows(design.rows.to_vec()),
        };
        Ok(Outcome::Fit(Box::new(fit), Some(scores)))
    }
}

/// The coefficients by the list they belong to.
fn sections(fitted: &SfaMetafrontierFit, table: Vec<Coefficient>) -> IndexMap<&'static str, Vec<Coefficient>> {
    let mut lists: IndexMap<&str, Vec<Coefficient>> = IndexMap::new();
    for (j, row) in table.into_iter().enumerate() {
        let section = fitted.second.as_ref().map_or(Section::Coefficients, |second| second.0.parameters[j].section);
        lists.entry(section.key()).or_default().push(row);
    }
    lists
}

fn stats(fitted: &SfaMetafrontierFit) -> Map<String, Value> {
    let mut stats = Map::new();
    let mut stat = |name: &str, value: f64| stats.insert(name.into(), finite(value));
    let mean = |value: fn(&Row) -> Option<f64>| {
        let values: Vec<f64> = fitted.rows.iter().filter_map(value).collect();
        values.iter().sum::<f64>() / values.len() as f64
    };
    stat("mean_efficiency", mean(|r| r.efficiency));
    stat("mean_group_efficiency", mean(|r| r.group_efficiency));
    stat("mean_technology_gap_ratio", mean(|r| r.technology_gap_ratio));
    stat("loglik", fitted.loglik);
    if let Some(common) = fitted.common {
        stat("loglik_common", common.loglik);
        stat("lr", common.lr);
        stat("lr_df", common.df as f64);
        stat("lr_p_value", common.p_value);
    }
    if let Some([objective, certificate]) = fitted.objective {
        stat("objective", objective);
        stat("certificate", certificate);
    }
    if let Some(second) = &fitted.second {
        stat("loglik_metafrontier", second.0.stats.loglik);
        stat("gradient", second.0.gradient);
    }
    stats
}

/// A group as results.json has it.
fn of_group(group: &Group) -> Value {
    let [efficiency, own, ratio] = group.means.map(finite);
    json!({
        "group": group.label, "nobs": group.members.len(), "loglik": finite(group.fit.stats.loglik),
        "mean_efficiency": efficiency, "mean_group_efficiency": own, "mean_technology_gap_ratio": ratio,
        "coefficients": list(&group.fit.table()),
    })
}
