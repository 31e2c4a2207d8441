//! Shift-share and the counterfactual of world demand, from records.

use super::cells::{Coded, Key, coded};
use super::lookup::named_table;
use super::need;
use super::regression::finite;
use super::trade::{columns_of, prefixed, record_columns};
use crate::error::{Error, Result};
use crate::method::{Context, Keys, Measured, Method, Outcome};
use plim_stats::trade::counterfactual::{CellGrowth, Counterfactual, World, counterfactual, world_of};
use plim_stats::trade::shift_share::{ShiftShare, ShiftShareForm, shift_share};
use plim_table::{Column, Table};
use serde_json::{Value, json};
use std::collections::BTreeSet;

impl Method for ShiftShare {
    fn columns(&self) -> Vec<String> {
        record_columns(&self.product, self.market.as_ref(), &self.value, &self.columns)
    }

    fn adds(&self, step: &str) -> Vec<String> {
        let parts: &[&str] = match self.allocation {
            true => &["competitive", "allocation", "new_products"],
            false => &[],
        };
        prefixed(step, &[&["residual", "national", "mix", "change", "residual_rate"], parts].concat())
    }

    fn streams(&self) -> bool {
        true
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        cx.need_time()?;
        let coded = coded(cx, Some(&self.product), self.market.as_deref(), &self.value, &self.columns)?;
        let result = shift_share(self, &coded.cells)?;
        let mut measure = coded.measure("shift_share", &result.sample, result.notes);
        if self.form == ShiftShareForm::Dynamic {
            let units = coded.keys(&result.totals.iter().map(|r| (r.unit, r.time)).collect::<Vec<_>>());
            let total = |(i, row)| coded.keyed_by(&units[0], i, json!(row));
            measure.more.insert("totals".into(), result.totals.iter().enumerate().map(total).collect());
        }
        let keys = coded.keys(&result.rows.iter().map(|r| (r.unit, r.time)).collect::<Vec<_>>());
        Ok(Outcome::Columns(Measured { measure, columns: columns_of(&result.rows), keys: Keys::Columns(keys) }))
    }
}

impl Method for Counterfactual {
    fn columns(&self) -> Vec<String> {
        let mut all = record_columns(&self.product, self.market.as_ref(), &self.value, &[]);
        if self.world.is_none() {
            all.push(self.world_value.clone());
        }
        all
    }

    fn adds(&self, step: &str) -> Vec<String> {
        prefixed(step, &["resilience", "martin", "expected", "actual", "covered", "dhs", "dhs_gap"])
    }

    fn streams(&self) -> bool {
        self.world.is_some()
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        let time = cx.need_time()?.to_string();
        need(&self.world_value, "world_value")?;
        let coded = coded(cx, Some(&self.product), self.market.as_deref(), &self.value, &[])?;
        let world = match &self.world {
            None => {
                let listed = coded.list(cx)?;
                let values = listed.numbers(cx, &self.world_value)?;
                world_of(&listed.records, &self.world_value, &values).map_err(|e| listed.located(cx, e))?
            }
            Some(name) => world(self, cx, &coded, name, &time)?,
        };
        let result = counterfactual(self, &coded.cells, &world)?;
        let mut measure = coded.measure("counterfactual", &result.sample, result.notes);
        if self.cells {
            let cells = &result.cells;
            let mut keys: Vec<Key<CellGrowth>> =
                vec![(coded.unit.0.name.as_str(), &coded.unit, |c| c.unit), ("product", &coded.product, |c| c.product)];
            if let Some(markets) = &coded.market {
                keys.push(("market", markets, |c| c.market));
            }
            let listing = coded
                .listing(cells, &keys, |c| c.time)
                .numbers("base", cells.iter().map(|c| c.base).collect())
                .numbers("expected", cells.iter().map(|c| c.expected).collect())
                .numbers("actual", cells.iter().map(|c| c.actual).collect())
                .numbers("dhs", cells.iter().map(|c| c.dhs).collect())
                .numbers("dhs_world", cells.iter().map(|c| c.dhs_world).collect());
            measure.lists.insert("cells".into(), listing);
        }
        let keys = coded.keys(&result.rows.iter().map(|r| (r.unit, r.time)).collect::<Vec<_>>());
        Ok(Outcome::Columns(Measured { measure, columns: columns_of(&result.rows), keys: Keys::Columns(keys) }))
    }
}

/// A cell of a column for JSON.
pub(super) fn cell(column: &Column, row: usize) -> Value {
    match &column.data {
        plim_table::Data::Number(v) => finite(v[row]),
        plim_table::Data::Text(t) => t.get(row).map_or(Value::Null, Value::from),
    }
}

impl Coded {
    /// An object of a list by unit: the unit, then its own fields.
    pub(super) fn keyed_by(&self, unit: &Column, row: usize, rest: Value) -> Value {
        let mut all = serde_json::Map::from_iter([(unit.name.clone(), cell(unit, row))]);
        if let Value::Object(fields) = rest {
            all.extend(fields);
        }
        Value::Object(all)
    }
}

/// World trade of every product and market of the records in every year of theirs, from a table.
fn world(options: &Counterfactual, cx: &Context, coded: &Coded, name: &str, time: &str) -> Result<World> {
    let table = named_table(cx, name, "world trade")?;
    let cells = coded.cells.baskets().flat_map(|basket| basket.cells);
    let pairs: BTreeSet<(u32, u32)> = cells.map(|cell| (cell.product, cell.market)).collect();
    let years: BTreeSet<i64> = coded.cells.baskets().map(|basket| basket.time).collect();
    let wanted: Vec<(u32, u32, i64)> = pairs.iter().flat_map(|&(p, m)| years.iter().map(move |&t| (p, m, t))).collect();
    let labels = |column: &Column, code: &dyn Fn(&(u32, u32, i64)) -> u32, name: &str| {
        let mut column = column.take(&wanted.iter().map(|w| code(w) as usize).collect::<Vec<_>>());
        column.name = name.to_string();
        column
    };
    let mut left = vec![
        labels(&coded.product.0, &|w| w.0, &options.product),
        Column::number(time, wanted.iter().map(|w| w.2 as f64).collect()),
    ];
    let mut keys = vec![options.product.as_str(), time];
    if let (Some(column), Some(name)) = (&coded.market, &options.market) {
        left.push(labels(&column.0, &|w| w.1, name));
        keys.push(name);
    }
    let value = options.world_value.as_str();
    let mut right = Vec::new();
    for key in keys.iter().chain([&value]) {
        right.push(table.column(key)?.clone());
    }
    let mut right = Table::new(right)?;
    right.origin = table.origin.clone();
    let on: Vec<(&str, &str)> = keys.iter().map(|k| (*k, *k)).collect();
    let joined = plim_table::left_join(&Table::new(left)?, &right, &on)?;
    let mut world = World::new();
    for (&key, &w) in wanted.iter().zip(joined.table.numbers(value)?) {
        if w < 0.0 || w.is_infinite() {
            return Err(Error::plan(
                format!("world trade in `{name}` is {w} in {}", key.2),
                "it is zero or more; correct or drop these rows",
            ));
        }
        if !w.is_nan() {
            world.insert(key, w);
        }
    }
    Ok(world)
}
