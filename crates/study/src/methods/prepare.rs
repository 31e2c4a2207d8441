//! Steps that prepare columns and tables.

use super::need;
use crate::error::{Error, Result};
use crate::expression::{Expr, Scope};
use crate::method::{Context, Method, Outcome};
use plim_stats::Factor;
use plim_stats::frontier::stock::{RdStock, rd_stock};
use plim_stats::math::quantile::{QuantileType, weighted_quantile};
use plim_table::clean::{Deflate, Growth, Interpolate, Lag, Standardize, Transform, Trim, Winsorize};
use plim_table::sql::{Source, Sql};
use plim_table::{Column, Panel, Table};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A new column from an expression over the columns of the table.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Generate {
    /// The expression: `log(gdp / population)`, `treated * (year >= 2016)`, `l(dige, 1)`.
    pub value: String,
}

impl Method for Generate {
    fn columns(&self) -> Vec<String> {
        let mut names = Vec::new();
        if let Ok(expr) = Expr::parse(&self.value) {
            expr.columns(&mut names);
        }
        names
    }

    fn adds(&self, step: &str) -> Vec<String> {
        vec![step.into()]
    }

    fn across(&self) -> bool {
        false
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        let expr = Expr::parse(need(&self.value, "value")?)?;
        let mut values = Scope { table: cx.table, panel: cx.panel }.evaluate(&expr)?;
        let mut keep = vec![false; values.len()];
        cx.rows.iter().for_each(|&i| keep[i] = true);
        let mut undefined = 0;
        for (value, keep) in values.iter_mut().zip(keep) {
            if value.is_infinite() {
                undefined += 1;
            }
            if !keep || value.is_infinite() {
                *value = f64::NAN;
            }
        }
        let mut table = cx.table.clone();
        table.set(Column::number(cx.step.name.clone(), values))?;
        let notes = match undefined {
            0 => Vec::new(),
            n => vec![format!("{}: infinite in {n} rows, which became missing", cx.step.name)],
        };
        Ok(Outcome::Prepared(table, notes))
    }
}

impl Method for RdStock {
    fn across(&self) -> bool {
        false
    }

    fn columns(&self) -> Vec<String> {
        vec![self.column.clone()]
    }

    fn adds(&self, _: &str) -> Vec<String> {
        vec![format!("{}_stock", self.column)]
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        let panel = needs_panel(cx)?;
        all_rows(cx)?;
        let flow = cx.table.numbers(need(&self.column, "column")?)?;
        let unit = Factor::from_keys(cx.need_unit()?, panel.units.iter().copied());
        let stocks = rd_stock(flow, &unit, &panel.times, self).map_err(|e| Error::from(e).at_rows(cx.table))?;
        let notes = stocks.notes();
        let mut table = cx.table.clone();
        table.set(Column::number(format!("{}_stock", self.column), stocks.stock))?;
        Ok(Outcome::Prepared(table, notes))
    }
}

impl Method for Sql {
    /// A query prepares data, which are taken as given; one that reads what is made again is made again.
    fn across(&self) -> bool {
        false
    }

    fn streams(&self) -> bool {
        true
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        all_rows(cx)?;
        let source = |(name, table)| {
            (name as &str, cx.streams.get(name).map_or(Source::Table(table), |s| Source::Parquet(&s.path)))
        };
        let sources: Vec<(&str, Source)> =
            cx.tables.iter().map(|(name, table)| source((name.as_str(), table))).collect();
        let (table, place) = cx.engine.sql(need(&self.query, "query")?, &sources, cx.memory)?;
        let place = place.map_or_else(String::new, |place| format!(", {place}"));
        let note = format!("{}: {} rows{place}", cx.step.name, table.rows());
        Ok(Outcome::Table(table, vec![note]))
    }
}

/// Cleaning steps change a copy of the whole table; each says which columns it adds.
macro_rules! cleaning {
    ($type:ty, $across:expr, $adds:expr, $apply:expr) => {
        impl Method for $type {
            fn columns(&self) -> Vec<String> {
                self.columns.clone()
            }

            fn adds(&self, _: &str) -> Vec<String> {
                let name: fn(&Self, &str) -> String = $adds;
                self.columns.iter().map(|column| name(self, column)).collect()
            }

            fn across(&self) -> bool {
                $across
            }

            fn weighs(&self) -> bool {
                true
            }

            fn run(&self, cx: &Context) -> Result<Outcome> {
                all_rows(cx)?;
                let mut table = cx.table.clone();
                let apply: fn(&Self, &mut Table, &Context) -> Result<Vec<String>> = $apply;
                let notes = apply(self, &mut table, cx)?;
                Ok(Outcome::Prepared(table, notes))
            }
        }
    };
}

cleaning!(Winsorize, true, |_, c| c.into(), |o, t, cx| {
    let kind = quantile_type(o.quantile_type)?;
    Ok(o.apply(t, cx.draw, |sorted, w, p| weighted_quantile(sorted, w, p, kind))?)
});
cleaning!(Trim, true, |_, c| c.into(), |o, t, cx| {
    let kind = quantile_type(o.quantile_type)?;
    Ok(o.apply(t, cx.draw, |sorted, w, p| weighted_quantile(sorted, w, p, kind))?)
});
cleaning!(Standardize, true, |o, c| o.result(c), |o, t, cx| Ok(o.apply(t, cx.draw)?));
cleaning!(Transform, false, |o, c| o.result(c), |o, t, _| Ok(o.apply(t)?));
cleaning!(Deflate, false, |o, c| o.result(c), |o, t, _| Ok(o.apply(t)?));
cleaning!(Lag, false, |o, c| o.result(c), |o, t, cx| Ok(o.apply(t, needs_panel(cx)?)?));
cleaning!(Growth, false, |o, c| o.result(c), |o, t, cx| Ok(o.apply(t, needs_panel(cx)?)?));
cleaning!(Interpolate, false, |_, c| c.into(), |o, t, cx| Ok(o.apply(t, needs_panel(cx)?)?));

fn quantile_type(t: u8) -> Result<QuantileType> {
    QuantileType::try_from(t).map_err(|e| Error::plan(e, "set quantile_type = 2 or 7"))
}

fn needs_panel<'a>(cx: &Context<'a>) -> Result<&'a Panel> {
    cx.panel.ok_or_else(|| {
        Error::plan(
            format!("`{}` needs to know which rows follow one another", cx.step.entry.name),
            "set `unit` and `time`",
        )
    })
}

/// A prepared column belongs to the whole table.
pub(super) fn all_rows(cx: &Context) -> Result<()> {
    match cx.step.rows.filter {
        None => Ok(()),
        Some(_) => Err(Error::plan(
            format!("`{}` prepares whole columns and takes no `where`", cx.step.entry.name),
            "make a smaller table with an `sql` step first",
        )),
    }
}
