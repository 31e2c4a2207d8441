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
//! its length is not known. Totals are no trade of their own and are left out: the world, groups of
//! countries, all products together, parts of a flow whose whole is there (Comtrade's transport, customs regime and
//! second partner), and flows within a country in input-output tables. All that is dropped is counted.

mod codes;
mod layout;
mod rows;
mod source;
mod values;

pub use layout::Layout;

use crate::table::MISSING;
use crate::{Column, Data, Error, Result, Table};
use codes::{Length, places};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use source::Source;
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
    /// Zero, counted: changes in inventories of input-output tables. Each column of the value answers for itself.
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

/// What has been left out or changed, in words.
#[derive(Default)]
struct Counts(BTreeMap<String, usize>);

impl Counts {
    fn add(&mut self, what: impl Into<String>) {
        self.add_all(what, 1);
    }

    fn add_all(&mut self, what: impl Into<String>, n: usize) {
        if n > 0 {
            *self.0.entry(what.into()).or_default() += n;
        }
    }
}

impl TradeRecords {
    /// The records in long form: `year`, `exporter`, `market`, `product`, `value`, `quantity` and `revision` where there
    /// are, and what is kept beside. Nothing is added up; notes say what was left out.
    pub fn apply(&self, table: &Table) -> Result<(Table, Vec<String>)> {
        let names = self.layout.names();
        let scale = self.scale.unwrap_or(names.scale);
        if !(scale.is_finite() && scale > 0.0) {
            return Err(Error::invalid(format!("`scale` is {scale}"), "give a positive number"));
        }
        let source = Source::of(self, table, &names)?;
        let mut counts = Counts::default();
        let mut rows = rows::rows(table, &names, &source, &mut counts)?;
        let mut value = values::values(table, &source.values, self.negative, scale, &mut rows, &mut counts)?;
        let mut codes = None;
        if let Some(product) = &source.product {
            let length = Length {
                digits: self.digits.or(names.digits),
                asked: self.digits.is_some(),
                zeros: if source.classification.starts_with("SITC") { 2 } else { 1 },
            };
            let keys = [table.column(&source.year)?.codes(), table.column(&source.exporter)?.codes()];
            let (kept, column) = codes::products(table, product, length, &rows, [&keys[0], &keys[1]], &mut counts)?;
            let mut of_row = kept.iter();
            rows.retain(|_| of_row.next() == Some(&true));
            let mut of_row = kept.iter();
            value.retain(|_| of_row.next() == Some(&true));
            codes = Some(column);
        }
        let years = table.numbers(&source.year)?;
        if let Some(&i) = rows.iter().find(|&&i| years[i].fract() != 0.0) {
            return Err(table.content(
                Some(&source.year),
                vec![i],
                "this is no whole year",
                "name the column of years in `year`",
            ));
        }
        let mut columns = vec![Column::number("year", rows.iter().map(|&i| years[i]).collect())];
        columns.push(places("exporter", table.column(&source.exporter)?, &rows, &mut counts));
        if let Some(market) = &source.market {
            columns.push(places("market", table.column(market)?, &rows, &mut counts));
        }
        columns.extend(codes);
        columns.push(Column::number("value", value));
        if let Some(quantity) = &source.quantity {
            let q = table.numbers(quantity)?;
            columns.push(Column::number("quantity", rows.iter().map(|&i| q[i]).collect()));
        }
        match &source.revision {
            Some(revision) => columns.push(self.revision(table.column(revision)?, &rows)?),
            None if source.classification.is_empty() => {}
            None => columns.push(Column::text("revision", rows.iter().map(|_| Some(source.classification.as_str())))),
        }
        for name in &self.keep {
            columns.push(table.column(name)?.take(&rows));
        }
        let mut long = Table::new(columns)?;
        long.origin = table.origin.of(&rows);
        let mut notes = vec![format!("{} of {} records", rows.len(), table.rows())];
        notes.extend(source.absent);
        notes.extend(counts.0.into_iter().map(|(what, n)| format!("{n} {what}")));
        Ok((long, notes))
    }

    /// The classification of each record, one for all unless several may be kept.
    fn revision(&self, column: &Column, rows: &[usize]) -> Result<Column> {
        let all = column.to_text();
        let text = all.rewrite(rows, |code| all.levels[code as usize].clone());
        let mut seen = text.levels.clone();
        seen.extend(text.codes.contains(&MISSING).then(String::new));
        seen.sort();
        match self.revisions {
            Revisions::Refuse if seen.len() > 1 => Err(Error::invalid(
                format!(
                    "`{}` has several classifications, {}, in which a code is not the same product",
                    column.name,
                    seen.join(", ")
                ),
                "translate them to one with `crosswalk`, keep one, or set revisions = \"keep\"",
            )),
            _ => Ok(Column { name: "revision".into(), data: Data::Text(text) }),
        }
    }
}

#[cfg(test)]
mod tests;
