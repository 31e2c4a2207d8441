//! Trade records of known layouts, as one long table: year, unit, market, product, value, quantity.
//!
//! | `layout` | year | unit | market | product | value | unit of value |
//! |---|---|---|---|---|---|---|
//! | `baci` | `t` | `i` | `j` | `k` | `v` | thousand dollars |
//! | `comtrade` | `refYear` | `reporterCode` | `partnerCode` | `cmdCode` | `primaryValue` | dollar |
//! | `comtrade_old` | `Year` | `Reporter ISO` | `Partner ISO` | `Commodity Code` | `Trade Value (US$)` | dollar |
//! | `wits` | `Year` | `ReporterISO3` | `PartnerISO3` | `ProductCode` | `TradeValue in 1000 USD` | thousand dollars |
//! | `atlas` | `year` | `country_iso3_code` | `partner_iso3_code` | `product_*_code` | `export_value` | dollar |
//! | `atlas_old` | `year` | `location_code` | `partner_code` | `*_product_code` | `export_value` | dollar |
//! | `open_trade_statistics` | `year` | `reporter_iso` | `partner_iso` | `commodity_code` | `trade_value_usd_exp` | dollar |
//! | `industry_flows` | `year` | `origin` | `dest` | `industry` | `intermediate_musd` + `final_musd` | million dollars |
//! | `columns` | as the options name them | | | | | as `scale` says |
//!
//! (CEPII's BACI; UN Comtrade; World Bank WITS; Growth Lab Atlas, whose `*` is the classification: `hs92`, `hs12`,
//! `sitc`; WIOD.) An option names a column in place of the layout's. Without the layout's product nothing is made, and
//! any other of its columns that the file lacks is said. Codes are text: a product code that lost its leading zeros as a number gets them back, or is refused where
//! its length is not known. Totals are no trade of their own and are left out; all that is dropped is counted.

mod codes;
mod layout;

pub use layout::Layout;

use crate::{Column, Error, Result, Table};
use codes::{Length, places};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Brings trade records of a known layout into long form.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TradeRecords {
    /// Whose files these are; `columns` when the options name all columns.
    pub layout: Layout,
    /// Column of the year, in place of the layout's.
    pub year: Option<String>,
    /// Column of the exporter: country, city, firm.
    pub exporter: Option<String>,
    /// Column of the destination.
    pub market: Option<String>,
    /// Column of the product code.
    pub product: Option<String>,
    /// Columns of the value, added up.
    pub value: Vec<String>,
    /// Column of the quantity.
    pub quantity: Option<String>,
    /// What one of the value's units is worth, in place of the layout's (1000 for thousand dollars).
    pub scale: Option<f64>,
    /// Digits of a product code, such as 6 for HS6: a code that lost its leading zero gets it back, records of coarser
    /// or finer levels of the same products are left out, any other length is refused. 0 takes codes of any length.
    pub digits: Option<usize>,
    /// Column of the classification (HS revision), in place of the layout's: its value becomes a column `revision`.
    pub revision: Option<String>,
    /// What happens to records of several revisions, whose codes mean different products.
    pub revisions: Revisions,
    /// Further columns to keep, such as trade mode or ownership.
    pub keep: Vec<String>,
    /// What happens to a negative value.
    pub negative: Negative,
}

/// Records of several revisions of a classification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Revisions {
    /// An error: translate them to one with `crosswalk` first.
    #[default]
    Refuse,
    /// Kept, told apart by the column `revision`.
    Keep,
}

/// Negative values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Negative {
    /// An error with their rows.
    #[default]
    Refuse,
    /// Zero, counted: changes in inventories of input-output tables.
    Zero,
    /// Left out, counted.
    Drop,
}

/// Codes of countries that are no more, or that one source spells in its own way, with the code of ISO 3166.
const SPELLINGS: [(&str, &str); 9] = [
    ("ROM", "ROU"),
    ("ZAR", "COD"),
    ("TMP", "TLS"),
    ("ADO", "AND"),
    ("WBG", "PSE"),
    ("IMY", "IMN"),
    ("KSV", "XKX"),
    ("UNK", "XKX"),
    ("SUD", "SDN"),
];

/// Markets and products that are the sum of others.
const TOTALS: [&str; 9] = ["WLD", "W00", "ALL", "TOTAL", "Total", "World", "AG2", "AG4", "AG6"];

/// What has been left out or changed, in words.
#[derive(Default)]
struct Counts(BTreeMap<String, usize>);

impl Counts {
    fn add(&mut self, what: impl Into<String>) {
        *self.0.entry(what.into()).or_default() += 1;
    }
}

impl TradeRecords {
    /// The records in long form: `year`, `exporter`, `market`, `product`, `value`, `quantity` and `revision` where there
    /// are, and what is kept beside. Nothing is added up; notes say what was left out.
    pub fn apply(&self, table: &Table) -> Result<(Table, Vec<String>)> {
        let names = self.layout.names();
        let own = |given: &Option<String>, layout: &str| given.clone().or((!layout.is_empty()).then(|| layout.into()));
        let need = |given: Option<String>, what: &str| {
            given.ok_or_else(|| {
                Error::invalid(format!("no column of the {what}"), format!("name it in `{what}`, or set `layout`"))
            })
        };
        // A column that the layout has and this file lacks is left out and said, unless the user named it.
        let mut absent = Vec::new();
        let mut there = |given: &Option<String>, layout: &str, without: &str| {
            let name = own(given, layout)?;
            if given.is_none() && !table.has(&name) {
                absent.push(format!("the file has no `{name}`: {without}"));
                return None;
            }
            Some(name)
        };
        let year = need(own(&self.year, names.year), "year")?;
        let exporter = need(own(&self.exporter, names.exporter), "exporter")?;
        let market = there(&self.market, names.market, "no markets");
        let quantity = there(&self.quantity, names.quantity, "no quantities");
        let revision = there(&self.revision, names.revision, "the classification is not known");
        let flow = there(&None, names.flow.0, "all records are taken for exports");
        let values: Vec<String> = match self.value.is_empty() {
            true => names.value.iter().map(|v| v.to_string()).collect(),
            false => self.value.clone(),
        };
        need(values.first().cloned(), "value")?;
        let scale = self.scale.unwrap_or(names.scale);
        if !(scale.is_finite() && scale > 0.0) {
            return Err(Error::invalid(format!("`scale` is {scale}"), "give a positive number"));
        }
        // A file of another layout is told by its first column, not by what hangs on it.
        table.column(&year)?;
        let product = self.product(table, names.product)?;

        let mut counts = Counts::default();
        let mut rows = self.rows(table, (flow, names.flow.1), [&market, &product], &mut counts)?;
        let mut value = self.values(table, &values, scale, &mut rows, &mut counts)?;
        let classification = product.as_deref().and_then(|p| layout::fits(names.product, p)).unwrap_or("");
        let mut codes = Vec::new();
        if let Some(product) = &product {
            let length = Length {
                digits: self.digits.or(names.digits),
                asked: self.digits.is_some(),
                zeros: if classification.starts_with("sitc") { 2 } else { 1 },
            };
            codes = codes::products(table, product, length, &rows, &mut counts)?;
            let mut kept = codes.iter().map(Option::is_some);
            rows.retain(|_| kept.next() == Some(true));
            let mut kept = codes.iter().map(Option::is_some);
            value.retain(|_| kept.next() == Some(true));
            codes.retain(Option::is_some);
        }
        let years = table.numbers(&year)?;
        if let Some(&i) = rows.iter().find(|&&i| years[i].fract() != 0.0) {
            return Err(table.content(
                Some(&year),
                vec![i],
                "this is no whole year",
                "name the column of years in `year`",
            ));
        }
        let mut columns = vec![Column::number("year", rows.iter().map(|&i| years[i]).collect())];
        columns.push(places("exporter", table.column(&exporter)?, &rows, &mut counts));
        if let Some(market) = &market {
            columns.push(places("market", table.column(market)?, &rows, &mut counts));
        }
        if product.is_some() {
            columns.push(Column::text("product", codes));
        }
        columns.push(Column::number("value", value));
        if let Some(quantity) = quantity {
            let q = table.numbers(&quantity)?;
            columns.push(Column::number("quantity", rows.iter().map(|&i| q[i]).collect()));
        }
        if let Some(revision) = revision {
            columns.push(self.revision(table.column(&revision)?, &rows)?);
        } else if !classification.is_empty() {
            let said = classification.to_uppercase();
            columns.push(Column::text("revision", rows.iter().map(|_| Some(said.as_str()))));
        }
        for name in &self.keep {
            columns.push(table.column(name)?.take(&rows));
        }
        let mut long = Table::new(columns)?;
        long.origin = table.take(&rows).origin;
        let mut notes = vec![format!("{} of {} records", rows.len(), table.rows())];
        notes.extend(absent);
        notes.extend(counts.0.into_iter().map(|(what, n)| format!("{n} {what}")));
        Ok((long, notes))
    }

    /// The column of the product, which no layout can do without: records of all products would pass for one of each.
    fn product(&self, table: &Table, pattern: &str) -> Result<Option<String>> {
        if self.product.is_some() || pattern.is_empty() {
            return Ok(self.product.clone());
        }
        let found: Vec<&str> = table.names().filter(|name| layout::fits(pattern, name).is_some()).collect();
        match found[..] {
            [one] => Ok(Some(one.into())),
            [] => Err(Error::invalid(
                format!("no column `{pattern}` of the product"),
                "name it in `product`; where the records have no products, set layout = \"columns\" and name the others",
            )),
            _ => Err(Error::invalid(
                format!("several columns may be the product: {}", found.join(", ")),
                "name one in `product`",
            )),
        }
    }

    /// Rows that are exports of single products to single markets.
    fn rows(
        &self,
        table: &Table,
        (flow, exports): (Option<String>, &[&str]),
        [market, product]: [&Option<String>; 2],
        counts: &mut Counts,
    ) -> Result<Vec<usize>> {
        let column = |name: &Option<String>| name.as_ref().map(|name| table.column(name)).transpose();
        let (flow, market, product) = (column(&flow)?, column(market)?, column(product)?);
        let total = |column: Option<&Column>, i: usize, world: bool| {
            column.is_some_and(|c| {
                let code = c.show(i);
                // Comtrade's partner 0 is the world.
                TOTALS.contains(&code.as_str()) || world && code == "0"
            })
        };
        let mut rows = Vec::with_capacity(table.rows());
        for i in 0..table.rows() {
            match () {
                () if flow.is_some_and(|f| !exports.contains(&f.show(i).as_str())) => {
                    counts.add("records that are no exports left out")
                }
                () if total(market, i, true) => counts.add("records of the world as a market left out"),
                () if total(product, i, false) => counts.add("records of all products together left out"),
                () => rows.push(i),
            }
        }
        match rows.is_empty() {
            true => Err(Error::invalid(
                "no record is left: all are imports or totals",
                "check `layout` and what the file holds",
            )),
            false => Ok(rows),
        }
    }

    /// Values of the rows, of which some may go.
    fn values(
        &self,
        table: &Table,
        names: &[String],
        scale: f64,
        rows: &mut Vec<usize>,
        counts: &mut Counts,
    ) -> Result<Vec<f64>> {
        let columns: Vec<&[f64]> = names.iter().map(|name| table.numbers(name)).collect::<Result<_>>()?;
        let sum = |i: usize| columns.iter().map(|c| c[i]).sum::<f64>();
        let negative: Vec<usize> = rows.iter().copied().filter(|&i| sum(i) < 0.0).collect();
        if self.negative == Negative::Refuse && !negative.is_empty() {
            return Err(table.content(
                Some(&names[0]),
                negative,
                "a trade value is negative",
                "correct it, or set `negative` to zero or drop",
            ));
        }
        rows.retain(|&i| match sum(i) {
            v if v.is_nan() => {
                counts.add("records without a value left out");
                false
            }
            v if v < 0.0 && self.negative == Negative::Drop => {
                counts.add("records with a negative value left out");
                false
            }
            _ => true,
        });
        let value = |&i: &usize| {
            let v = sum(i);
            if v < 0.0 {
                counts.add("negative values set to zero");
            }
            v.max(0.0) * scale
        };
        let values: Vec<f64> = rows.iter().map(value).collect();
        match values.iter().position(|v| !v.is_finite()) {
            Some(at) => {
                Err(table.content(Some(&names[0]), vec![rows[at]], "this value is too large", "check its unit"))
            }
            None => Ok(values),
        }
    }

    /// The classification of each record, one for all unless several may be kept.
    fn revision(&self, column: &Column, rows: &[usize]) -> Result<Column> {
        let mut seen: Vec<String> = rows.iter().map(|&i| column.show(i)).collect();
        let of_rows = Column::text("revision", seen.iter().map(|s| Some(s.as_str())));
        seen.sort();
        seen.dedup();
        match self.revisions {
            Revisions::Refuse if seen.len() > 1 => Err(Error::invalid(
                format!(
                    "`{}` has several classifications, {}, in which a code is not the same product",
                    column.name,
                    seen.join(", ")
                ),
                "translate them to one with `crosswalk`, keep one, or set revisions = \"keep\"",
            )),
            _ => Ok(of_rows),
        }
    }
}

#[cfg(test)]
mod tests;
