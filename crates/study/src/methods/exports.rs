//! What exports are made of and where they go: variety, margins, exposure, the network of markets.

use super::cells::{Coded, coded};
use super::lookup::{codes_in, from_records, from_table, named_table};
use super::trade::{columns_of, prefixed, record_columns};
use super::{list, need, times};
use crate::error::{Error, Result};
use crate::method::{Context, Keys, Measured, Method, Outcome};
use plim_report::Measure;
use plim_stats::trade::exposure::{Exposure, Known, Lookup, Membership, ShockBy, exposure};
use plim_stats::trade::margins::{Margins, Reference, VarietyOf, World, margins};
use plim_stats::trade::network::{MarketNetwork, network};
use plim_stats::trade::variety::{Variety, variety};
use plim_table::Data;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};

/// Rows by unit and time as the columns of a measure.
fn measured<R: Serialize>(coded: &Coded, measure: Measure, rows: &[R], key: impl Fn(&R) -> (u32, i64)) -> Outcome {
    let keys = coded.keys(&rows.iter().map(key).collect::<Vec<_>>());
    Outcome::Columns(Measured { measure, columns: columns_of(rows), keys: Keys::Columns(keys) })
}

impl Method for Variety {
    fn across(&self) -> bool {
        false
    }

    fn columns(&self) -> Vec<String> {
        let mut all = record_columns(&self.product, self.market.as_ref(), &self.value, &self.columns);
        all.extend(self.sector.clone());
        all
    }

    fn adds(&self, step: &str) -> Vec<String> {
        prefixed(step, &["related_variety", "unrelated_variety", "variety", "sectors", "products"])
    }

    fn streams(&self) -> bool {
        self.sector.is_none()
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        let coded = coded(cx, Some(&self.product), self.market.as_deref(), &self.value, &self.columns)?;
        let sectors = match (&self.sector, self.prefix) {
            (Some(column), None) => by_column(self, cx, &coded, column)?,
            (None, Some(length)) => by_prefix(&coded, length)?,
            (Some(_), Some(_)) => return Err(Error::plan("`sector` and `prefix` both give sectors", "leave one out")),
            (None, None) => {
                return Err(Error::plan("the sectors of products are not given", "set `sector` or `prefix`"));
            }
        };
        let result = variety(&coded.cells, &sectors)?;
        let mut measure = coded.measure("variety", &result.sample, result.notes);
        measure.more.insert("sectors".into(), json!(result.sectors));
        Ok(measured(&coded, measure, &result.rows, |r| (r.unit, r.time)))
    }
}

/// The sector of each product by a column of the records, which must give every product one.
fn by_column(options: &Variety, cx: &Context, coded: &Coded, column: &str) -> Result<Vec<u32>> {
    if !options.columns.is_empty() {
        return Err(Error::plan("`sector` is a column of long records", "set `prefix` for wide data"));
    }
    let held = cx.table.column(column)?;
    let codes = held.codes();
    let listed = coded.list(cx)?;
    let mut sector: Vec<Option<usize>> = vec![None; coded.cells.products];
    for (&row, &product) in listed.rows.iter().zip(&listed.records.product.codes) {
        let name = || coded.product.0.show(product as usize);
        if held.is_missing(row) {
            return Err(Error::plan(format!("product {} has no `{column}`", name()), "give every product a sector"));
        }
        match sector[product as usize] {
            Some(first) if codes[first] != codes[row] => {
                return Err(Error::plan(
                    format!("product {} is in `{column}` {} and {}", name(), held.show(first), held.show(row)),
                    "give every product one sector",
                ));
            }
            Some(_) => {}
            None => sector[product as usize] = Some(row),
        }
    }
    // Every code of a product comes from a record.
    Ok(sector.into_iter().map(|row| row.map_or(0, |row| codes[row])).collect())
}

/// The sector of each product by the first characters of its code.
fn by_prefix(coded: &Coded, length: usize) -> Result<Vec<u32>> {
    let labels = &coded.product.0;
    let codes: Vec<String> = (0..labels.len()).map(|i| labels.show(i)).collect();
    if length == 0 {
        return Err(Error::plan("`prefix = 0` puts all products into one sector", "set `prefix = 2` for HS chapters"));
    }
    if let Data::Number(_) = labels.data
        && let Some(other) = codes.iter().find(|c| c.len() != codes[0].len())
    {
        return Err(Error::plan(
            format!("product codes {} and {other} are numbers of unequal length: leading zeros were lost", codes[0]),
            "write codes as text of one length, as in 010121",
        ));
    }
    if let Some(short) = codes.iter().find(|c| c.chars().count() < length) {
        return Err(Error::plan(
            format!("product `{short}` has fewer characters than `prefix = {length}`"),
            "set a smaller `prefix`, or correct the code",
        ));
    }
    let mut sectors: HashMap<String, u32> = HashMap::new();
    let of = |code: &String| {
        let next = sectors.len() as u32;
        *sectors.entry(code.chars().take(length).collect()).or_insert(next)
    };
    Ok(codes.iter().map(of).collect())
}

impl Method for Margins {
    fn columns(&self) -> Vec<String> {
        let mut all = record_columns(&self.product, self.market.as_ref(), &self.value, &self.columns);
        all.extend(self.world_column.clone().filter(|_| self.world.is_none()));
        all
    }

    fn adds(&self, step: &str) -> Vec<String> {
        let mut names = vec!["extensive_margin", "intensive_margin", "share", "products"];
        if self.market.is_some() {
            names.extend(["markets", "density"]);
        }
        names.extend(["mean_value", "change", "change_intensive", "entry", "exit", "feenstra"]);
        prefixed(step, &names)
    }

    fn streams(&self) -> bool {
        self.world_column.is_none() || self.world.is_some()
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        let coded = coded(cx, Some(&self.product), self.market.as_deref(), &self.value, &self.columns)?;
        let world = match (self.reference, &self.world_column) {
            (Reference::World, Some(column)) => Some(world(self, cx, &coded, column)?),
            (Reference::World, None) => {
                return Err(Error::plan("`reference = \"world\"` without its exports", "set `world_column`"));
            }
            (_, Some(_)) => {
                return Err(Error::plan("`world_column` is given, and not asked for", "set `reference = \"world\"`"));
            }
            _ => None,
        };
        let result = margins(self, &coded.cells, world.as_ref())?;
        let measure = coded.measure("margins", &result.sample, result.notes);
        Ok(measured(&coded, measure, &result.rows, |r| (r.unit, r.time)))
    }
}

/// Exports of the reference for each record, and in all by year where a table has them.
fn world(options: &Margins, cx: &Context, coded: &Coded, column: &str) -> Result<World> {
    let Some(name) = &options.world else {
        if !options.columns.is_empty() {
            return Err(Error::plan("wide data have no column of the world", "set `world` to a table by product"));
        }
        let listed = coded.list(cx)?;
        let values = listed.numbers(cx, column)?;
        let world = World::of_records(&listed.records, options.variety, &values);
        return world.map_err(|e| listed.located(cx, e.at_column(column)));
    };
    let table = named_table(cx, name, "the exports of the reference")?;
    let values = table.numbers(column)?;
    if let Some(i) = (0..values.len()).find(|&i| values[i] < 0.0) {
        let line = table.line(i).map_or(String::new(), |l| format!(" in line {l}"));
        return Err(Error::plan(format!("`{column}` of `{name}` is {}{line}", values[i]), "exports are zero or more"));
    }
    let known = values.iter().enumerate().filter(|(_, v)| !v.is_nan());
    let mut totals: BTreeMap<i64, f64> = BTreeMap::new();
    match coded.time.as_deref().filter(|t| table.has(t)) {
        Some(time) => {
            let times = times(table, time)?;
            known.for_each(|(i, v)| *totals.entry(times[i]).or_default() += v);
        }
        None => {
            let total: f64 = known.map(|(_, v)| v).sum();
            totals.extend(coded.cells.baskets().map(|basket| (basket.time, total)));
        }
    }
    let known = from_table(cx, coded, name, column)?;
    let mut of = BTreeMap::new();
    for basket in coded.cells.baskets() {
        for cell in basket.cells {
            let market = if options.variety == VarietyOf::ProductMarket { cell.market } else { 0 };
            if let Some(&exports) = known.values.get(&known.key(cell.product, cell.market, basket.time)) {
                let first = of.insert((basket.time, (cell.product, market)), exports);
                if first.is_some_and(|first| first != exports) {
                    return Err(Error::plan(
                        format!("`{column}` of `{name}` differs between markets, and a variety is a product"),
                        "set `variety = \"product_market\"`, or add up the table over markets",
                    ));
                }
            }
        }
    }
    Ok(World { of, totals: Some(totals) })
}

impl Method for Exposure {
    fn columns(&self) -> Vec<String> {
        let mut all: Vec<String> = [&self.product, &self.market].into_iter().flatten().cloned().collect();
        all.push(self.value.clone());
        let carried =
            [(&self.risk_column, &self.risk), (&self.tariff_column, &self.tariff), (&self.shock_column, &self.shock)];
        all.extend(carried.into_iter().filter(|(_, table)| table.is_none()).filter_map(|(column, _)| column.clone()));
        all.retain(|c| !c.is_empty());
        all
    }

    fn adds(&self, step: &str) -> Vec<String> {
        let mut names = Vec::new();
        for (there, own) in [
            (self.members.is_some() || !self.markets.is_empty(), &["group_share"][..]),
            (self.risk_column.is_some(), &["risk", "risk_covered"]),
            (self.tariff_column.is_some(), &["tariff", "tariff_covered"]),
            (self.shock_column.is_some(), &["shock", "shock_covered"]),
            (self.covariance.is_some(), &["portfolio_variance"]),
        ] {
            names.extend(if there { own } else { &[] });
        }
        prefixed(step, &names)
    }

    fn streams(&self) -> bool {
        let columns = [&self.risk_column, &self.tariff_column, &self.shock_column];
        let tables = [&self.risk, &self.tariff, &self.shock];
        columns.into_iter().zip(tables).all(|(column, table)| column.is_none() || table.is_some())
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        let coded = coded(cx, self.product.as_deref(), self.market.as_deref(), &self.value, &[])?;
        let of = |name: &str, table: &Option<String>, column: &Option<String>, by: [bool; 2]| match (table, column) {
            (Some(_), None) => {
                Err(Error::plan(format!("`{name}` names a table"), format!("set `{name}_column` to its column")))
            }
            (Some(table), Some(column)) => from_table(cx, &coded, table, column).map(Some),
            (None, Some(column)) => from_records(cx, &coded, column, by).map(Some),
            (None, None) => Ok::<Option<Lookup>, Error>(None),
        };
        let shock_by = match self.shock_by {
            ShockBy::Market => [false, true],
            ShockBy::Product => [true, false],
            ShockBy::ProductMarket => [true, true],
        };
        let mut notes = Vec::new();
        let known = Known {
            risk: of("risk", &self.risk, &self.risk_column, [false, true])?,
            tariff: of("tariff", &self.tariff, &self.tariff_column, [self.product.is_some(), true])?,
            shock: of("shock", &self.shock, &self.shock_column, shock_by)?,
            members: members(self, cx, &coded, &mut notes)?,
            covariance: self.covariance.as_ref().map(|table| covariances(cx, &coded, table)).transpose()?,
        };
        for (name, known) in [("risk", &known.risk), ("tariff", &known.tariff), ("shock", &known.shock)] {
            if known.as_ref().is_some_and(|l| l.by_product) && self.product.is_none() {
                let message = format!("`{name}` is by product, and needs the column of products");
                return Err(Error::plan(message, "set `product`"));
            }
        }
        let result = exposure(self, &coded.cells, &known)?;
        notes.extend(result.notes);
        let measure = coded.measure("exposure", &result.sample, notes);
        Ok(measured(&coded, measure, &result.rows, |r| (r.unit, r.time)))
    }
}

/// The members of the group by `markets` and by the table `members`.
fn members(
    options: &Exposure,
    cx: &Context,
    coded: &Coded,
    notes: &mut Vec<String>,
) -> Result<Option<Vec<Membership>>> {
    let usual = Exposure::default();
    let dates = [
        ("member_from", &options.member_from, &usual.member_from),
        ("member_to", &options.member_to, &usual.member_to),
    ];
    if options.members.is_none()
        && let Some((option, ..)) = dates.into_iter().find(|(_, given, usual)| given != usual)
    {
        return Err(Error::plan(format!("`{option}` names a column of no table"), "set `members` to the table"));
    }
    if options.markets.is_empty() && options.members.is_none() {
        return Ok(None);
    }
    let Some(labels) = &coded.market else {
        return Err(Error::plan("a group of markets needs the column of markets", "set `market`"));
    };
    let by_name: HashMap<String, u32> = (0..labels.0.len()).map(|i| (labels.0.show(i), i as u32)).collect();
    let mut found: Vec<Membership> = Vec::new();
    let mut absent: Vec<String> = Vec::new();
    for name in &options.markets {
        match by_name.get(name) {
            Some(&market) => found.push((market, None, None)),
            None => absent.push(name.clone()),
        }
    }
    if let Some(name) = &options.members {
        let table = named_table(cx, name, "the members of the group")?;
        let column = table.column(&labels.0.name)?;
        let codes = codes_in(labels, column)?;
        // The column of markets may itself be called `to`.
        let is_date = |date: &str| date != labels.0.name && table.has(date);
        let dated = dates.iter().any(|(_, given, _)| is_date(given));
        let column_of = |(option, given, usual): (&str, &String, &String)| -> Result<Option<&[f64]>> {
            if is_date(given) {
                return Ok(Some(table.numbers(given)?));
            }
            if *given == labels.0.name && (dated || given != usual) {
                return Err(Error::plan(
                    format!("`{given}` of `{name}` is the column of markets, not a date"),
                    "call the dates otherwise, and set `member_from` and `member_to`",
                ));
            }
            // A date that nobody named may be absent: it is open.
            if given == usual {
                return Ok(None);
            }
            let near = plim_table::near(given, table.names());
            Err(Error::plan(
                format!("the table `{name}` of members has no column `{given}`, which `{option}` names"),
                near.first().map_or(format!("set `{option}` to its column"), |n| format!("did you mean `{n}`?")),
            ))
        };
        let (from, to) = (column_of(dates[0])?, column_of(dates[1])?);
        if from.is_none() && to.is_none() {
            notes.push(format!(
                "`{name}` has no column `{}` or `{}`: its members are members in all years (`member_from` and `member_to` name the dates)",
                options.member_from, options.member_to
            ));
        }
        for i in (0..table.rows()).filter(|&i| !column.is_missing(i)) {
            let date = |values: Option<&[f64]>| -> Result<Option<i64>> {
                match values.map(|v| v[i]).filter(|v| !v.is_nan()) {
                    Some(_) if coded.time.is_none() => {
                        Err(Error::plan(format!("`{name}` has dates and the records no time"), "set `time`"))
                    }
                    Some(v) if v.fract() == 0.0 && v.abs() < 1e9 => Ok(Some(v as i64)),
                    Some(v) => Err(Error::plan(format!("a date of `{name}` is {v}"), "dates are whole years")),
                    None => Ok(None),
                }
            };
            let (from, to) = (date(from)?, date(to)?);
            if let (Some(from), Some(to)) = (from, to)
                && from > to
            {
                let line = table.line(i).map_or(String::new(), |l| format!(" in line {l}"));
                return Err(Error::plan(
                    format!("`{name}`{line}: {} is a member from {from} to {to}", column.show(i)),
                    "the first year comes before the last",
                ));
            }
            match codes[i] {
                Some(market) => found.push((market, from, to)),
                None => absent.push(column.show(i)),
            }
        }
    }
    if !absent.is_empty() {
        let some: Vec<&str> = absent.iter().take(5).map(String::as_str).collect();
        let more = if absent.len() > 5 { ", …" } else { "" };
        notes.push(format!(
            "{} members are not among the markets of the data: {}{more}",
            absent.len(),
            some.join(", ")
        ));
    }
    Ok(Some(found))
}

/// Variances and covariances of markets, from columns `a`, `b`, `covariance`.
fn covariances(cx: &Context, coded: &Coded, name: &str) -> Result<BTreeMap<(u32, u32), f64>> {
    let Some(labels) = &coded.market else {
        return Err(Error::plan("covariances of markets need the column of markets", "set `market`"));
    };
    let table = named_table(cx, name, "covariances")?;
    let values = table.numbers("covariance")?;
    let (a, b) = (codes_in(labels, table.column("a")?)?, codes_in(labels, table.column("b")?)?);
    let mut found: BTreeMap<(u32, u32), f64> = BTreeMap::new();
    for i in 0..values.len() {
        let (Some(a), Some(b)) = (a[i], b[i]) else { continue };
        let pair = || format!("{} and {}", labels.0.show(a as usize), labels.0.show(b as usize));
        if !values[i].is_finite() || a == b && values[i] < 0.0 {
            let message = format!("the covariance of {} in `{name}` is {}", pair(), values[i]);
            return Err(Error::plan(message, "give a number, a variance not below zero, or leave the line out"));
        }
        if let Some(first) = found.insert((a.min(b), a.max(b)), values[i])
            && (first - values[i]).abs() > 1e-12 * first.abs()
        {
            let message = format!("the covariance of {} in `{name}` is {first} and {}", pair(), values[i]);
            return Err(Error::plan(message, "give one number a pair"));
        }
    }
    Ok(found)
}

impl Method for MarketNetwork {
    fn columns(&self) -> Vec<String> {
        let all = record_columns(self.product.as_deref().unwrap_or_default(), Some(&self.market), &self.value, &[]);
        all.into_iter().filter(|c| !c.is_empty()).collect()
    }

    fn adds(&self, step: &str) -> Vec<String> {
        let with_products = self.product.is_some();
        let all = [
            ("markets", true),
            ("products", with_products),
            ("cells", with_products),
            ("degree", true),
            ("strength", true),
            ("value_per_market", true),
            ("value_per_cell", with_products),
            ("products_per_market", with_products),
            ("fill", with_products),
            ("eigenvector", true),
            ("betweenness", self.betweenness),
        ];
        let names: Vec<&str> = all.into_iter().filter_map(|(name, there)| there.then_some(name)).collect();
        prefixed(step, &names)
    }

    fn streams(&self) -> bool {
        true
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        let market = need(&self.market, "market")?;
        let coded = coded(cx, self.product.as_deref(), Some(market), &self.value, &[])?;
        let result = network(self, &coded.cells)?;
        let mut measure = coded.measure("network", &result.sample, result.notes);
        let name = |code: u32| coded.market.as_ref().map_or(Value::Null, |m| m.json(code));
        let markets = result.markets.iter().map(|m| coded.keyed(m.time, &[("market", name(m.market))], json!(m)));
        measure.more.insert("markets".into(), list(&markets.collect::<Vec<_>>()));
        Ok(measured(&coded, measure, &result.rows, |r| (r.unit, r.time)))
    }
}
