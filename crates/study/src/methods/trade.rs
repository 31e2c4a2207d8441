//! Trade measures from long records or wide columns, and resilience from a panel.

use super::{list, need, numbers, object};
use crate::error::{Error, Result};
use crate::method::{Context, Keys, Measured, Method, Outcome};
use plim_report::Measure;
use plim_stats::Factor;
use plim_stats::trade::complexity::{Complexity, complexity};
use plim_stats::trade::concentration::{Concentration, ConcentrationRow, concentration};
use plim_stats::trade::expy::{Expy, expy};
use plim_stats::trade::inertia::{Inertia, inertia};
use plim_stats::trade::records::Records;
use plim_stats::trade::resilience::{Form, Resilience, resilience};
use plim_table::{Column, MISSING};
use serde::Serialize;
use serde_json::{Value, json};

/// Records of a table, and the way back from codes to the columns they came from.
struct Coded {
    records: Records,
    /// Name and table of the units, one row for each code.
    unit: Labels,
    /// The same for products.
    product: Labels,
    /// Time column, where there is one.
    time: Option<String>,
    /// Rows left out because a key or the value is missing.
    missing: usize,
}

/// The column behind a factor: row `code` is the label of that code.
struct Labels(Column);

impl Labels {
    fn of(column: &Column, factor: &Factor) -> Labels {
        let mut first = vec![usize::MAX; factor.levels as usize];
        for (i, &code) in factor.codes.iter().enumerate().rev() {
            first[code as usize] = i;
        }
        Labels(column.take(&first))
    }

    fn take(&self, codes: impl Iterator<Item = u32>) -> Column {
        self.0.take(&codes.map(|c| c as usize).collect::<Vec<_>>())
    }

    fn json(&self, code: u32) -> Value {
        match &self.0.data {
            plim_table::Data::Number(v) => crate::run::number(v[code as usize]),
            plim_table::Data::Text(t) => t.get(code as usize).map_or(Value::Null, Value::from),
        }
    }
}

fn factor(column: &Column) -> Factor {
    Factor::from_keys(column.name.clone(), column.codes())
}

/// Reads records in long form (`product`, `market`, `value`) or in wide form (`columns`, one a product).
fn coded(cx: &Context, product: &str, market: Option<&str>, value: &str, columns: &[String]) -> Result<Coded> {
    let unit_name = cx.need_unit()?;
    let mut keys: Vec<&str> = vec![unit_name];
    keys.extend(cx.time.as_deref());
    if columns.is_empty() {
        keys.push(need(product, "product")?);
        keys.extend(market);
        need(value, "value")?;
    }
    let whole = cx.kept();
    let key_codes: Vec<Vec<u32>> = keys.iter().map(|k| Ok(whole.column(k)?.codes())).collect::<Result<_>>()?;
    let values: Vec<&[f64]> = match columns.is_empty() {
        true => vec![whole.numbers(value)?],
        false => numbers(&whole, columns)?,
    };
    let complete = |i: &usize| key_codes.iter().all(|c| c[*i] != MISSING) && values.iter().all(|v| !v[*i].is_nan());
    let rows: Vec<usize> = (0..whole.rows()).filter(complete).collect();
    if rows.is_empty() {
        return Err(Error::plan("no record has its keys and its value", "check the columns that the options name"));
    }
    let missing = whole.rows() - rows.len();
    let table = if missing == 0 { whole } else { whole.take(&rows) };
    let unit_column = table.column(unit_name)?;
    let unit = factor(unit_column);
    let time = match cx.kept_times(&table)? {
        Some(times) => times,
        None => vec![0; table.rows()],
    };
    let labels = Labels::of(unit_column, &unit);
    let (records, product) = if columns.is_empty() {
        let product_column = table.column(product)?;
        let product = factor(product_column);
        let market = market.map(|m| Ok::<_, Error>(factor(table.column(m)?))).transpose()?;
        let product_labels = Labels::of(product_column, &product);
        (Records { unit, time, product, market, value: table.numbers(value)?.to_vec() }, product_labels)
    } else {
        let named: Vec<(&str, &[f64])> = columns.iter().map(String::as_str).zip(numbers(&table, columns)?).collect();
        let records = Records::from_columns(&unit, &time, &named).map_err(|e| Error::from(e).at_rows(&table))?;
        (records, Labels(Column::text("product", columns.iter().map(|c| Some(c.as_str())))))
    };
    records.check().map_err(|e| {
        let e = if e.column.is_some() || columns.is_empty() && e.rows.is_empty() { e } else { e.at_column(value) };
        Error::from(e).at_rows(&table)
    })?;
    Ok(Coded { records, unit: labels, product, time: cx.time.clone(), missing })
}

impl Coded {
    /// Key columns for results by unit and time.
    fn keys(&self, rows: &[(u32, i64)]) -> Vec<Column> {
        let mut keys = vec![self.unit.take(rows.iter().map(|r| r.0))];
        if let Some(time) = &self.time {
            keys.push(Column::number(time, rows.iter().map(|r| r.1 as f64).collect()));
        }
        keys
    }

    /// A measure with its notes, `sample` and the count of incomplete records.
    fn measure(&self, method: &str, sample: &impl Serialize, mut notes: Vec<String>) -> Measure {
        let mut sample = object(sample);
        if self.missing > 0 {
            sample.insert("missing".into(), json!(self.missing));
            notes.push(format!("{} records miss a key or their value and were left out", self.missing));
        }
        let mut measure = Measure { method: method.into(), notes, ..Default::default() };
        measure.more.insert("sample".into(), sample.into());
        measure
    }
}

/// Columns out of rows that serialize to objects of numbers: one column for each name, in order.
fn columns_of<R: Serialize>(rows: &[R]) -> Vec<Column> {
    let objects: Vec<_> = rows.iter().map(object).collect();
    let mut names: Vec<&String> = Vec::new();
    for object in &objects {
        for name in object.keys() {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    let cell = |o: &serde_json::Map<String, Value>, name: &str| o.get(name).and_then(Value::as_f64).unwrap_or(f64::NAN);
    names.iter().map(|name| Column::number(name.as_str(), objects.iter().map(|o| cell(o, name)).collect())).collect()
}

/// Columns that the option fields of records name.
fn record_columns(product: &str, market: Option<&String>, value: &str, columns: &[String]) -> Vec<String> {
    let named = [product.to_string(), value.to_string()].into_iter().filter(|c| !c.is_empty());
    named.chain(market.cloned()).chain(columns.iter().cloned()).collect()
}

fn prefixed(step: &str, names: &[&str]) -> Vec<String> {
    names.iter().enumerate().map(|(j, n)| crate::run::column_name(step, j, n)).collect()
}

impl Method for Concentration {
    fn columns(&self) -> Vec<String> {
        record_columns(&self.product, self.market.as_ref(), &self.value, &self.columns)
    }

    fn adds(&self, step: &str) -> Vec<String> {
        let names = [
            "hhi", "hhi_normalized", "hhi_normalized_active", "unctad", "shannon", "theil", "theil_extensive",
            "theil_intensive", "products", "markets", "cells", "top1_share", "top5_share", "hhi_markets",
            "value_per_market",
        ];
        prefixed(step, &names)
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        let coded = coded(cx, &self.product, self.market.as_deref(), &self.value, &self.columns)?;
        let result = concentration(self, &coded.records)?;
        let rows: &[ConcentrationRow] = &result.rows;
        let mut measure = coded.measure("concentration", &result.sample, result.notes.clone());
        measure.more.insert("universe".into(), json!(result.universe));
        let keys = coded.keys(&rows.iter().map(|r| (r.unit, r.time)).collect::<Vec<_>>());
        Ok(Outcome::Columns(Measured { measure, columns: columns_of(rows), keys: Keys::Columns(keys) }))
    }
}

impl Method for Inertia {
    fn columns(&self) -> Vec<String> {
        record_columns(&self.product, self.market.as_ref(), &self.value, &self.columns)
    }

    fn adds(&self, step: &str) -> Vec<String> {
        prefixed(step, &["similarity", "old_product_share", "retention"])
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        cx.need_time()?;
        let coded = coded(cx, &self.product, self.market.as_deref(), &self.value, &self.columns)?;
        let result = inertia(self, &coded.records)?;
        let measure = coded.measure("inertia", &result.sample, result.notes.clone());
        let keys = coded.keys(&result.rows.iter().map(|r| (r.unit, r.time)).collect::<Vec<_>>());
        Ok(Outcome::Columns(Measured { measure, columns: columns_of(&result.rows), keys: Keys::Columns(keys) }))
    }
}

impl Method for Resilience {
    fn columns(&self) -> Vec<String> {
        vec![self.value.clone()]
    }

    fn adds(&self, step: &str) -> Vec<String> {
        let yearly = self.form != Form::Window;
        let all = [("resilience", yearly), ("resistance", self.resistance.is_some()), ("recovery", self.recovery.is_some())];
        let names: Vec<&str> = all.into_iter().filter_map(|(name, there)| there.then_some(name)).collect();
        prefixed(step, &names)
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        let kept = cx.kept();
        let unit_column = kept.column(cx.need_unit()?)?;
        let time = super::times(&kept, cx.need_time()?)?;
        let value = kept.numbers(need(&self.value, "value")?)?;
        let result = resilience(self, &factor(unit_column), &time, value).map_err(|e| Error::from(e).at_rows(&kept))?;
        let mut measure = Measure { method: "resilience".into(), notes: result.notes, ..Default::default() };
        measure.more.insert("variance_share".into(), list(&result.variance_share));
        measure.more.insert("nation".into(), list(&result.nation));
        measure.more.insert("sample".into(), object(&result.sample).into());
        let parts = [("resilience", result.resilience), ("resistance", result.resistance), ("recovery", result.recovery)];
        let columns = parts.into_iter().filter_map(|(name, v)| Some(Column::number(name, v?))).collect();
        Ok(Outcome::Columns(Measured { measure, columns, keys: Keys::Rows(cx.rows.clone()) }))
    }
}
