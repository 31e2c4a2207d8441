//! Beta convergence: growth on the initial level, by the regression of `feols`.

use super::regression::{built, finite, formula, located, report, rules};
use crate::error::{Error, Result};
use crate::formula::Formula;
use crate::method::{Context, Method, Outcome};
use plim_stats::distribution::speed;
use plim_table::Column;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Growth on the initial level: absolute and conditional beta convergence, with speed and half-life.
///
/// The outcome of the formula is the column itself, not its growth: growth and `log_initial` are made of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BetaConvergence {
    /// Times from the initial level to the end of the growth, in a panel of overlapping growth rates.
    pub horizon: i64,
    /// First time of one growth rate a unit, for the cross-section of Barro and Sala-i-Martin; needs `to`.
    pub from: Option<i64>,
    /// Last time of that growth rate.
    pub to: Option<i64>,
}

impl Default for BetaConvergence {
    fn default() -> Self {
        BetaConvergence { horizon: 1, from: None, to: None }
    }
}

const INITIAL: &str = "log_initial";

impl Method for BetaConvergence {
    fn run(&self, cx: &Context) -> Result<Outcome> {
        let (horizon, from) = match (self.from, self.to) {
            (Some(from), Some(to)) if to > from => (to - from, Some(from)),
            (None, None) if self.horizon > 0 => (self.horizon, None),
            _ => {
                return Err(Error::plan(
                    "the span of the growth is not sound",
                    "set `horizon` to 1 or more, or `from` and a later `to`",
                ));
            }
        };
        let source = &formula(cx)?.source;
        let (left, right) = source.split_once('~').unwrap_or((source, ""));
        let value = left.trim();
        let growth = format!("{value}_growth");
        for name in [INITIAL, growth.as_str()] {
            if cx.table.has(name) {
                return Err(Error::plan(
                    format!("the table has a column `{name}`, which this method makes"),
                    "rename it, or leave it out of the table",
                ));
            }
        }
        let (initial, grown) = self.variables(cx, value, horizon, from)?;
        let mut table = cx.table.clone();
        table.set(Column::number(INITIAL, initial))?;
        table.set(Column::number(&growth, grown))?;
        let text = format!("`{growth}` ~ {INITIAL} + {}", right.trim());
        let text = if text.contains('`') && plain(&growth) { text.replace('`', "") } else { text };
        let model = Formula::parse(&text)?;
        let cx = &Context { table: &table, formula: Some(&model), ..cx.clone() };
        let built = built(cx, &[])?;
        let estimated = rules(cx).run(&built.design).map_err(|e| located(cx, e))?;
        let mut out = report("beta_convergence", cx, &built, &estimated);
        out.formula = text;
        let Some(beta) = out.coefficients.iter().find(|c| c.name == INITIAL) else {
            return Err(Error::plan(
                "the initial level is collinear with the other regressors",
                "leave out the control or effect that spans it",
            ));
        };
        let found = speed(beta.estimate, beta.std_error, horizon as f64);
        if found.speed.is_nan() {
            out.notes.push(format!(
                "beta = {} over {horizon} times: the gap closes, or changes sign, within the span, so that it has no speed",
                beta.estimate
            ));
        } else if found.speed <= 0.0 {
            out.notes.push("the estimate is of divergence: there is no half-life".into());
        }
        if !model.effects.is_empty() && from.is_none() {
            out.notes.push(
                "effects of the units bias beta downward in short panels (Nickell), so that convergence looks fast"
                    .into(),
            );
        }
        for (name, v) in [
            ("speed", found.speed),
            ("speed_std_error", found.speed_std_error),
            ("half_life", found.half_life),
            ("half_life_std_error", found.half_life_std_error),
            ("horizon", horizon as f64),
        ] {
            out.stats.insert(name.into(), finite(v));
        }
        Ok(Outcome::Fit(Box::new(out), None))
    }
}

/// Whether a formula can name the column without quotes.
fn plain(name: &str) -> bool {
    name.chars().all(|c| c.is_alphanumeric() || c == '_') && !name.starts_with(|c: char| c.is_ascii_digit())
}

impl BetaConvergence {
    /// Logarithm of the initial level and growth a time of each row; NaN where the end of the growth is not there.
    fn variables(&self, cx: &Context, value: &str, horizon: i64, from: Option<i64>) -> Result<(Vec<f64>, Vec<f64>)> {
        let (unit, time) = (cx.need_unit()?, cx.need_time()?);
        let y = cx.table.numbers(value)?;
        let bad: Vec<usize> = cx.rows.iter().copied().filter(|&i| y[i] <= 0.0).collect();
        if !bad.is_empty() {
            let e = plim_stats::Error::invalid(
                "a value is not positive, and growth is that of logarithms",
                "move the column off zero, or drop these rows",
            );
            return Err(located(cx, e.at_column(value).at_rows(bad)));
        }
        let codes = cx.table.column(unit)?.codes();
        let clock = super::times(cx.table, time)?;
        let at: HashMap<(u32, i64), usize> = cx.rows.iter().map(|&i| ((codes[i], clock[i]), i)).collect();
        let n = y.len();
        let (mut initial, mut grown) = (vec![f64::NAN; n], vec![f64::NAN; n]);
        for &i in cx.rows.iter().filter(|&&i| from.is_none_or(|f| clock[i] == f)) {
            if let Some(&end) = at.get(&(codes[i], clock[i] + horizon)) {
                initial[i] = y[i].ln();
                grown[i] = (y[end].ln() - y[i].ln()) / horizon as f64;
            }
        }
        if grown.iter().all(|g| g.is_nan()) {
            return Err(Error::plan(
                format!("no unit is there at two times {horizon} apart"),
                "set `horizon`, or `from` and `to`, to times of the data",
            ));
        }
        Ok((initial, grown))
    }
}
