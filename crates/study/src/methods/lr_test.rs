//! Likelihood-ratio tests of fits that are nested in each other.

use super::show::shown;
use crate::error::{Error, Result};
use crate::method::{Context, Method, Outcome};
use plim_report::page::Block;
use plim_report::table::{Align, Cell, Column, Row, Section, Table};
use plim_report::{Fit, number};
use plim_stats::math::dist::chi_bar_p;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Likelihood-ratio tests of fits by maximum likelihood, each against the last.
///
/// LR = 2 (ln L of the full model - ln L of the restricted one), chi-square with the difference of their parameters as
/// degrees of freedom, or mixed where restrictions lie on the border of the parameters.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LrTest {
    /// Steps with the restricted models, and the full one last.
    pub fits: Vec<String>,
    /// Restrictions that put a parameter on the border of its range, such as a variance of zero.
    pub border: usize,
    /// Title of the table.
    pub title: String,
}

/// ln L, parameters and observations of a fit.
fn likelihood(name: &str, fit: &Fit) -> Result<(f64, usize, usize)> {
    let stat = |key: &str| fit.stats.get(key).and_then(Value::as_f64).filter(|v| v.is_finite());
    let missing = || {
        Error::plan(
            format!("`{name}` (method `{}`) has no maximized likelihood", fit.method),
            "name fits by maximum likelihood",
        )
    };
    let loglik = stat("loglik").ok_or_else(missing)?;
    let parameters = stat("parameters").map_or(fit.coefficients.len(), |k| k as usize);
    // At given parameters nothing is maximized; nor is the likelihood of a model in steps, which has no AIC.
    let maximized = fit.method != "sfa" || stat("aic").is_some();
    match maximized && fit.coefficients.iter().any(|c| c.std_error.is_finite()) {
        true => Ok((loglik, parameters, fit.nobs)),
        false => Err(missing()),
    }
}

/// The outcome of a fit, as its formula has it.
fn outcome(fit: &Fit) -> &str {
    fit.formula.split('~').next().unwrap_or_default().trim()
}

/// The absorbed effects of a fit, as its formula has them.
fn effects(fit: &Fit) -> &str {
    fit.formula.split_once('|').map_or("", |(_, effects)| effects.trim())
}

impl Method for LrTest {
    fn models(&self) -> Vec<String> {
        self.fits.clone()
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        let lang = cx.study.lang;
        let fits = cx.results.fits(&self.fits)?;
        let Some(((full, last), restricted)) = fits.split_last().filter(|(_, rest)| !rest.is_empty()) else {
            return Err(Error::plan("a likelihood-ratio test compares two fits or more", "name them under `fits`"));
        };
        let (top, k, n) = likelihood(full, last)?;
        let row = |name: &str, fit: &Fit| -> Result<Row> {
            let (loglik, fewer, rows) = likelihood(name, fit)?;
            let refused = |message: String, remedy: &str| Err(Error::plan(message, remedy));
            if fit.method != last.method || outcome(fit) != outcome(last) || effects(fit) != effects(last) {
                return refused(
                    format!("`{name}` and `{full}` differ in method, outcome or absorbed effects"),
                    "compare fits of one method and outcome with the same effects, whose number is not counted here",
                );
            }
            if rows != n {
                return refused(format!("`{name}` has {rows} observations and `{full}` {n}"), "fit both on one sample");
            }
            if fewer >= k {
                let message = format!("`{name}` has {fewer} parameters and `{full}` {k}: nothing is restricted");
                return refused(message, "name the full model last");
            }
            let (q, lr) = (k - fewer, 2.0 * (top - loglik));
            if self.border > q {
                return refused(format!("`border` is {}, of {q} restrictions", self.border), "give a smaller one");
            }
            // A restricted model cannot be likelier: the two are not nested, or one is no maximum.
            if lr < -1e-6 * (1.0 + top.abs()) {
                return refused(
                    format!("`{name}` is likelier than `{full}`, so that it is not nested in it"),
                    "name nested models",
                );
            }
            let [least, most] = chi_bar_p(lr.max(0.0), q, self.border);
            let cell = |v: f64, digits: usize| Cell::number(v, number::number(v, digits));
            let mut cells =
                vec![cell(loglik, 3), cell(top, 3), cell(lr, 3), Cell::number(q as f64, q.to_string()), cell(least, 4)];
            if self.border > 1 {
                cells.push(cell(most, 4));
            }
            Ok(Row::new(format!("{name} ⊂ {full}"), cells))
        };
        let rows = restricted.iter().map(|(name, fit)| row(name, fit)).collect::<Result<Vec<Row>>>()?;
        let mut heads = vec!["loglik_restricted", "loglik_full", "lr_statistic", "df", "p_value"];
        if self.border > 1 {
            heads.push("p_most");
        }
        let notes = match self.border {
            0 => Vec::new(),
            border => vec![lang.with("lr_border_note", &border.to_string())],
        };
        shown(vec![Block::Table(Table {
            title: if self.title.is_empty() { lang.say("lr_test").into() } else { self.title.clone() },
            stub: lang.say("restricted_in").into(),
            columns: heads.iter().map(|h| Column::new(lang.say(h), Align::Number)).collect(),
            sections: vec![Section::new(rows)],
            notes,
            ..Table::default()
        })])
    }
}
