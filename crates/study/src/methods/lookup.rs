//! Numbers that belong to products, markets and years of records: from another table of the study, or from the records.

use super::cells::{Coded, Labels};
use super::times;
use crate::error::{Error, Result};
use crate::method::Context;
use plim_stats::trade::exposure::Lookup;
use plim_stats::trade::expy::{self, Expy, Incomes};
use plim_table::{Column, Data, Table};
use std::collections::HashMap;

/// The table of this name, or an error that says what it should hold.
pub(super) fn named_table<'a>(cx: &Context<'a>, name: &str, what: &str) -> Result<&'a Table> {
    cx.tables.get(name).map(|t| &**t).ok_or_else(|| {
        let near = plim_table::near(name, cx.tables.keys().map(String::as_str));
        let declare = "declare it under [data]; for a single command, name its file".to_string();
        let remedy = near.first().map_or(declare, |n| format!("did you mean `{n}`?"));
        Error::plan(format!("no table `{name}` with {what}"), remedy)
    })
}

/// For each row of a column the code of its label in the records; none for a label that they do not have.
pub(super) fn codes_in(labels: &Labels, column: &Column) -> Result<Vec<Option<u32>>> {
    let number = |v: f64| (v + 0.0).to_bits(); // -0 is 0
    match (&labels.0.data, &column.data) {
        (Data::Number(known), Data::Number(values)) => {
            let codes: HashMap<u64, u32> = known.iter().enumerate().map(|(c, v)| (number(*v), c as u32)).collect();
            Ok(values.iter().map(|v| codes.get(&number(*v)).copied()).collect())
        }
        (Data::Text(known), Data::Text(values)) => {
            let codes: HashMap<&str, u32> =
                (0..known.codes.len()).filter_map(|c| Some((known.get(c)?, c as u32))).collect();
            Ok((0..values.codes.len()).map(|i| codes.get(values.get(i)?).copied()).collect())
        }
        (known, _) => {
            let (there, here) = if matches!(known, Data::Text(_)) { ("text", "numbers") } else { ("numbers", "text") };
            Err(Error::plan(
                format!("`{}` is {there} in the records and {here} in the other table", column.name),
                "write codes alike in both; a code with leading zeros is text",
            ))
        }
    }
}

/// A column of a table by the keys that the table has: those of its columns that are named as the product, the market
/// and the time of the records.
pub(super) fn from_table(cx: &Context, coded: &Coded, table: &str, column: &str) -> Result<Lookup> {
    let held = named_table(cx, table, &format!("`{column}`"))?;
    let values = held.numbers(column)?;
    let codes = |labels: Option<&Labels>| -> Result<Option<Vec<Option<u32>>>> {
        match labels.filter(|l| held.has(&l.0.name)) {
            Some(labels) => codes_in(labels, held.column(&labels.0.name)?).map(Some),
            None => Ok(None),
        }
    };
    let (product, market) = (codes(Some(&coded.product))?, codes(coded.market.as_ref())?);
    if product.is_none() && market.is_none() {
        let names: Vec<&str> =
            [Some(&coded.product), coded.market.as_ref()].into_iter().flatten().map(|l| l.0.name.as_str()).collect();
        return Err(Error::plan(
            format!("the table `{table}` has no column {}", names.join(" or ")),
            "name its keys as the records do",
        ));
    }
    let time = match coded.time.as_deref().filter(|t| held.has(t)) {
        Some(name) => Some(times(held, name)?),
        None => None,
    };
    let mut found = Lookup {
        by_product: product.is_some(),
        by_market: market.is_some(),
        by_time: time.is_some(),
        ..Lookup::default()
    };
    for (i, &value) in values.iter().enumerate().filter(|(_, v)| !v.is_nan()) {
        // A key that no record has is not asked for.
        let code = |codes: &Option<Vec<Option<u32>>>| codes.as_ref().map_or(Some(0), |c| c[i]);
        let (Some(p), Some(d)) = (code(&product), code(&market)) else { continue };
        let key = (p, d, time.as_ref().map_or(0, |t| t[i]));
        if let Some(first) = found.values.insert(key, value)
            && first != value
        {
            let line = held.line(i).map_or(String::new(), |l| format!(" (line {l})"));
            return Err(Error::plan(
                format!("`{column}` of `{table}` has two values for one key{line}, {first} and {value}"),
                "keep one row a key, or name the missing key as the records do",
            ));
        }
    }
    Ok(found)
}

/// The same from the records themselves, by the keys given.
pub(super) fn from_records(cx: &Context, coded: &Coded, column: &str, by: [bool; 2]) -> Result<Lookup> {
    let mut found = Lookup { by_product: by[0], by_market: by[1], by_time: true, ..Lookup::default() };
    let listed = coded.list(cx)?;
    let records = &listed.records;
    let market = |i: usize| records.market.as_ref().map_or(0, |m| m.codes[i]);
    let key = |i: usize| found.key(records.product.codes[i], market(i), records.time[i]);
    let of = match by {
        [true, true] => "a product, market and year",
        [true, false] => "a product and year",
        _ => "a market and year",
    };
    let values = listed.numbers(cx, column)?;
    let values = records.one_value(&values, key, of).map_err(|e| listed.located(cx, e.at_column(column)))?;
    found.values = values;
    Ok(found)
}

/// Income by unit and time: from the records themselves, or from the table that the options name.
pub(super) fn incomes(options: &Expy, cx: &Context, coded: &Coded) -> Result<Incomes> {
    let column = options.income_column.as_str();
    let Some(name) = &options.income else {
        let listed = coded.list(cx)?;
        let values = listed.numbers(cx, column)?;
        return expy::incomes(&listed.records, &values).map_err(|e| listed.located(cx, e.at_column(column)));
    };
    let table = named_table(cx, name, "incomes")?;
    let baskets: Vec<(u32, i64)> = coded.cells.baskets().map(|basket| (basket.unit, basket.time)).collect();
    let left = coded.keys(&baskets);
    let keys: Vec<String> = left.iter().map(|key| key.name.clone()).collect();
    let mut right = Vec::new();
    for name in keys.iter().map(String::as_str).chain([column]) {
        right.push(table.column(name)?.clone());
    }
    let pairs: Vec<(&str, &str)> = keys.iter().map(|k| (k.as_str(), k.as_str())).collect();
    let joined = plim_table::left_join(&Table::new(left)?, &Table::new(right)?, &pairs)?;
    let incomes = baskets.into_iter().zip(joined.table.numbers(column)?.iter().copied());
    Ok(incomes.filter(|(_, income)| !income.is_nan()).collect())
}
