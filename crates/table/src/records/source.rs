//! Which columns of a file are which.

use super::TradeRecords;
use super::layout::{Names, fits};
use crate::{Error, Result, Table};

/// Names of the columns of a file.
pub(super) struct Source {
    pub(super) year: String,
    pub(super) exporter: String,
    pub(super) market: Option<String>,
    pub(super) product: Option<String>,
    pub(super) values: Vec<String>,
    pub(super) quantity: Option<String>,
    pub(super) revision: Option<String>,
    pub(super) flow: Option<String>,
    /// The classification that the product's name says, such as HS12.
    pub(super) classification: String,
    /// Columns of the layout that the file lacks, in words.
    pub(super) absent: Vec<String>,
}

impl Source {
    /// The columns that the options name, else the layout's. One that the layout has and the file lacks is left out and
    /// said; year, exporter, product and value are none of these.
    pub(super) fn of(records: &TradeRecords, table: &Table, names: &Names) -> Result<Source> {
        let own = |given: &Option<String>, layout: &str| given.clone().or((!layout.is_empty()).then(|| layout.into()));
        let need = |given: Option<String>, what: &str| {
            given.ok_or_else(|| {
                Error::invalid(format!("no column of the {what}"), format!("name it in `{what}`, or set `layout`"))
            })
        };
        let mut absent = Vec::new();
        let mut there = |given: &Option<String>, layout: &str, without: &str| {
            let name = own(given, layout)?;
            if given.is_none() && !table.has(&name) {
                absent.push(format!("the file has no `{name}`: {without}"));
                return None;
            }
            Some(name)
        };
        let year = need(own(&records.year, names.year), "year")?;
        let exporter = need(own(&records.exporter, names.exporter), "exporter")?;
        let market = there(&records.market, names.market, "no markets");
        let quantity = there(&records.quantity, names.quantity, "no quantities");
        let revision = there(&records.revision, names.revision, "the classification is not known");
        let flow = there(&None, names.flow.0, "all records are taken for exports");
        let values: Vec<String> = match records.value.is_empty() {
            true => names.value.iter().map(|v| v.to_string()).collect(),
            false => records.value.clone(),
        };
        need(values.first().cloned(), "value")?;
        // A file of another layout is told by its first column, not by what hangs on it.
        table.column(&year)?;
        let product = product(records, table, names.product)?;
        for name in [Some(&exporter), market.as_ref(), product.as_ref()].into_iter().flatten() {
            table.has_codes(name)?;
        }
        let classification = product.as_deref().and_then(|p| fits(names.product, p)).unwrap_or("").to_uppercase();
        Ok(Source { year, exporter, market, product, values, quantity, revision, flow, classification, absent })
    }
}

/// The column of the product, which no layout can do without: records of all products would pass for one of each.
fn product(records: &TradeRecords, table: &Table, pattern: &str) -> Result<Option<String>> {
    if records.product.is_some() || pattern.is_empty() {
        return Ok(records.product.clone());
    }
    let found: Vec<&str> = table.names().filter(|name| fits(pattern, name).is_some()).collect();
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
