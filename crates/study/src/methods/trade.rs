//! Trade measures from long records or wide columns.

use super::lookup::{incomes, looked_up};
use super::regression::finite;
use super::{need, numbers, object};
use crate::error::{Error, Result};
use crate::method::{Context, Keys, Measured, Method, Outcome};
use plim_report::Measure;
use plim_stats::Factor;
use plim_stats::trade::complexity::{Beside, Complexity, complexity};
use plim_stats::trade::concentration::{Concentration, ConcentrationRow, concentration};
use plim_stats::trade::expy::{Expy, expy};
use plim_stats::trade::inertia::{Inertia, inertia};
use plim_stats::trade::records::Records;
use plim_table::{Column, MISSING};
use serde::Serialize;
use serde_json::{Value, json};

/// Records of a table, and the way back from codes to the columns they came from.
pub(super) struct Coded {
    pub records: Records,
    /// Name and table of the units, one row for each code.
    unit: Labels,
    /// The same for products.
    pub product: Labels,
    /// The same for markets.
    pub market: Option<Labels>,
    /// Time column, where there is one.
    pub time: Option<String>,
    /// Row of the step's table behind each record (of long data).
    pub rows: Vec<usize>,
    /// Rows left out because a key or the value is missing.
    missing: usize,
}

/// The column behind a factor: row `code` is the label of that code.
pub(super) struct Labels(pub Column);

impl Labels {
    pub fn of(column: &Column, factor: &Factor) -> Labels {
        let mut first = vec![usize::MAX; factor.levels as usize];
        for (i, &code) in factor.codes.iter().enumerate().rev() {
            first[code as usize] = i;
        }
        Labels(column.take(&first))
    }

    fn take(&self, codes: impl Iterator<Item = u32>) -> Column {
        self.0.take(&codes.map(|c| c as usize).collect::<Vec<_>>())
    }

    pub fn json(&self, code: u32) -> Value {
        match &self.0.data {
            plim_table::Data::Number(v) => crate::run::number(v[code as usize]),
            plim_table::Data::Text(t) => t.get(code as usize).map_or(Value::Null, Value::from),
        }
    }
}

pub(super) fn factor(column: &Column) -> Factor {
    Factor::from_keys(column.name.clone(), column.codes())
}

/// Reads records in long form (`product`, `market`, `value`) or in wide form (`columns`, one a product).
///
/// Without `product` all records are of one product.
pub(super) fn coded(
    cx: &Context,
    product: Option<&str>,
    market: Option<&str>,
    value: &str,
    columns: &[String],
) -> Result<Coded> {
    let unit_name = cx.need_unit()?;
    let mut keys: Vec<&str> = vec![unit_name];
    keys.extend(cx.time.as_deref());
    if columns.is_empty() {
        keys.extend(product.map(|p| need(p, "product")).transpose()?);
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
    let (records, product, market) = if columns.is_empty() {
        let of = |name: &str| -> Result<(Factor, Labels)> {
            let column = table.column(name)?;
            let factor = factor(column);
            let labels = Labels::of(column, &factor);
            Ok((factor, labels))
        };
        let (product, product_labels) = match product {
            Some(name) => of(name)?,
            None => {
                let all = Factor { name: "product".into(), codes: vec![0; table.rows()], levels: 1 };
                (all, Labels(Column::text("product", [None::<&str>])))
            }
        };
        let (market, market_labels) = market.map(of).transpose()?.unzip();
        (Records { unit, time, product, market, value: table.numbers(value)?.to_vec() }, product_labels, market_labels)
    } else {
        let named: Vec<(&str, &[f64])> = columns.iter().map(String::as_str).zip(numbers(&table, columns)?).collect();
        let records = Records::from_columns(&unit, &time, &named).map_err(|e| Error::from(e).at_rows(&table))?;
        (records, Labels(Column::text("product", columns.iter().map(|c| Some(c.as_str())))), None)
    };
    records.check().map_err(|e| {
        let e = if e.column.is_some() || columns.is_empty() && e.rows.is_empty() { e } else { e.at_column(value) };
        Error::from(e).at_rows(&table)
    })?;
    let rows = rows.iter().map(|&r| cx.rows[r]).collect();
    Ok(Coded { records, unit: labels, product, market, time: cx.time.clone(), rows, missing })
}

impl Coded {
    /// A column of the step's table, one number for each record.
    pub fn numbers(&self, cx: &Context, column: &str) -> Result<Vec<f64>> {
        let values = cx.table.numbers(column)?;
        Ok(self.rows.iter().map(|&r| values[r]).collect())
    }

    /// An error about records, at the rows of the table that they came from.
    pub fn located(&self, cx: &Context, e: plim_stats::Error) -> Error {
        let rows = e.rows.iter().filter_map(|&i| self.rows.get(i).copied()).collect();
        Error::from(plim_stats::Error { rows, ..e }).at_rows(cx.table)
    }

    /// Key columns for results by unit and time.
    pub fn keys(&self, rows: &[(u32, i64)]) -> Vec<Column> {
        let mut keys = vec![self.unit.take(rows.iter().map(|r| r.0))];
        if let Some(time) = &self.time {
            keys.push(Column::number(time, rows.iter().map(|r| r.1 as f64).collect()));
        }
        keys
    }

    /// An object of a list: its keys, the time where there is one, then its own fields.
    pub fn keyed(&self, time: i64, keys: &[(&str, Value)], rest: Value) -> Value {
        let mut all: serde_json::Map<String, Value> = keys.iter().map(|(k, v)| (k.to_string(), v.clone())).collect();
        if let Some(name) = &self.time {
            all.insert(name.clone(), json!(time));
        }
        if let Value::Object(fields) = rest {
            all.extend(fields);
        }
        Value::Object(all)
    }

    /// A measure with its notes, `sample` and the count of incomplete records.
    pub fn measure(&self, method: &str, sample: &impl Serialize, mut notes: Vec<String>) -> Measure {
        let mut sample = object(sample);
        sample.entry("records").or_insert(json!(self.records.value.len()));
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
pub(super) fn columns_of<R: Serialize>(rows: &[R]) -> Vec<Column> {
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
pub(super) fn record_columns(product: &str, market: Option<&String>, value: &str, columns: &[String]) -> Vec<String> {
    let named = [product.to_string(), value.to_string()].into_iter().filter(|c| !c.is_empty());
    named.chain(market.cloned()).chain(columns.iter().cloned()).collect()
}

pub(super) fn prefixed(step: &str, names: &[&str]) -> Vec<String> {
    names.iter().enumerate().map(|(j, n)| crate::run::column_name(step, j, n)).collect()
}

impl Method for Concentration {
    fn columns(&self) -> Vec<String> {
        record_columns(&self.product, self.market.as_ref(), &self.value, &self.columns)
    }

    fn adds(&self, step: &str) -> Vec<String> {
        let names = [
            "hhi",
            "hhi_normalized",
            "hhi_normalized_active",
            "unctad",
            "shannon",
            "theil",
            "theil_extensive",
            "theil_intensive",
            "products",
            "markets",
            "cells",
            "top1_share",
            "top5_share",
            "hhi_markets",
            "value_per_market",
        ];
        prefixed(step, &names)
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        let coded = coded(cx, Some(&self.product), self.market.as_deref(), &self.value, &self.columns)?;
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
        let names =
            ["similarity", "old_product_share", "retention", "cosine", "weighted_jaccard", "jaccard", "bray_curtis"];
        prefixed(step, &names)
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        cx.need_time()?;
        let coded = coded(cx, Some(&self.product), self.market.as_deref(), &self.value, &self.columns)?;
        let result = inertia(self, &coded.records)?;
        let measure = coded.measure("inertia", &result.sample, result.notes.clone());
        let keys = coded.keys(&result.rows.iter().map(|r| (r.unit, r.time)).collect::<Vec<_>>());
        Ok(Outcome::Columns(Measured { measure, columns: columns_of(&result.rows), keys: Keys::Columns(keys) }))
    }
}

impl Method for Complexity {
    fn columns(&self) -> Vec<String> {
        let mut all = record_columns(&self.product, self.population.as_ref(), &self.value, &[]);
        all.extend(self.pci_column.clone().filter(|_| self.pci.is_none()));
        all
    }

    fn adds(&self, step: &str) -> Vec<String> {
        use plim_stats::trade::complexity::Method;
        let mut names = match self.method {
            Method::Fitness => vec!["fitness", "diversity", "log_fitness"],
            Method::External => vec!["eci", "diversity", "coi", "covered"],
            Method::Eigen | Method::Reflections => vec!["eci", "diversity", "coi"],
        };
        if self.replications > 0 {
            names.extend(["rank", "rank_low", "rank_high"]);
        }
        prefixed(step, &names)
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        let coded = coded(cx, Some(&self.product), None, &self.value, &[])?;
        let beside = Beside {
            population: self.population.as_ref().map(|column| coded.numbers(cx, column)).transpose()?,
            pci: match (&self.pci, &self.pci_column) {
                (Some(_), None) => return Err(Error::plan("`pci` without its column", "set `pci_column`")),
                (Some(table), Some(column)) => Some(looked_up(cx, &coded, table, column)?),
                (None, Some(column)) => Some(coded.numbers(cx, column)?),
                (None, None) => None,
            },
            seed: cx.seed,
        };
        let result = complexity(self, &coded.records, &beside).map_err(|e| coded.located(cx, e))?;
        let mut measure = coded.measure("complexity", &json!({}), result.notes);
        let more = &mut measure.more;
        let keyed = |time: i64, keys: &[(&str, Value)], rest: Value| coded.keyed(time, keys, rest);
        let products = result.products.iter();
        let product = |code: u32| ("product", coded.product.json(code));
        more.insert("products".into(), products.map(|p| keyed(p.time, &[product(p.product)], json!(p))).collect());
        if self.cells {
            let unit = |code: u32| (coded.unit.0.name.as_str(), coded.unit.json(code));
            let cells = result.cells.iter();
            more.insert(
                "cells".into(),
                cells.map(|c| keyed(c.time, &[unit(c.unit), product(c.product)], json!(c))).collect(),
            );
        }
        if self.proximity {
            let pair = |c: u32, name: &'static str| (name, coded.product.json(c));
            let pairs = result.proximity.iter();
            more.insert(
                "proximity".into(),
                pairs.map(|p| keyed(p.time, &[pair(p.a, "a"), pair(p.b, "b")], json!(p))).collect(),
            );
        }
        // One year has its eigenvalues under `stats`; several have theirs under `years`.
        match result.years.as_slice() {
            [only] => more.insert("stats".into(), json!(only)),
            years => more.insert("years".into(), years.iter().map(|y| keyed(y.time, &[], json!(y))).collect()),
        };
        let keys = coded.keys(&result.rows.iter().map(|r| (r.unit, r.time)).collect::<Vec<_>>());
        let mut columns = columns_of(&result.rows);
        // The measure itself comes first: it takes the step's name.
        columns.sort_by_key(|c| !matches!(c.name.as_str(), "eci" | "fitness"));
        Ok(Outcome::Columns(Measured { measure, columns, keys: Keys::Columns(keys) }))
    }
}

impl Method for Expy {
    fn columns(&self) -> Vec<String> {
        let mut all = record_columns(&self.product, None, &self.value, &[]);
        if self.income.is_none() {
            all.push(self.income_column.clone());
        }
        all.extend(self.quantity.clone());
        all
    }

    fn adds(&self, step: &str) -> Vec<String> {
        let quality: &[&str] = if self.quantity.is_some() { &["expy_quality", "covered_quality"] } else { &[] };
        prefixed(step, &[&["expy", "covered"], quality].concat())
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        need(&self.income_column, "income_column")?;
        let coded = coded(cx, Some(&self.product), None, &self.value, &[])?;
        let income = incomes(self, cx, &coded)?;
        let quantity = self.quantity.as_ref().map(|column| coded.numbers(cx, column)).transpose()?;
        let result = expy(self, &coded.records, &income, quantity.as_deref()).map_err(|e| coded.located(cx, e))?;
        let mut measure = coded.measure("expy", &json!({}), result.notes);
        let product = |code: u32| ("product", coded.product.json(code));
        let products = result.products.iter();
        let list = products.map(|p| coded.keyed(p.time, &[product(p.product)], json!({ "prody": finite(p.prody) })));
        measure.more.insert("products".into(), list.collect());
        let keys = coded.keys(&result.rows.iter().map(|r| (r.unit, r.time)).collect::<Vec<_>>());
        Ok(Outcome::Columns(Measured { measure, columns: columns_of(&result.rows), keys: Keys::Columns(keys) }))
    }
}
