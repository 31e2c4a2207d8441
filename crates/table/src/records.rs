//! Trade records of known layouts, as one long table: year, unit, market, product, value, quantity.
//!
//! | `layout` | year | unit | market | product | value | unit of value |
//! |---|---|---|---|---|---|---|
//! | `baci` | `t` | `i` | `j` | `k` | `v` | thousand dollars |
//! | `comtrade` | `refYear` | `reporterCode` | `partnerCode` | `cmdCode` | `primaryValue` | dollar |
//! | `comtrade_old` | `Year` | `Reporter ISO` | `Partner ISO` | `Commodity Code` | `Trade Value (US$)` | dollar |
//! | `wits` | `Year` | `ReporterISO3` | `PartnerISO3` | `ProductCode` | `TradeValue in 1000 USD` | thousand dollars |
//! | `atlas` | `year` | `country_iso3_code` | `partner_iso3_code` | `product_hs92_code` | `export_value` | dollar |
//! | `atlas_old` | `year` | `location_code` | | `hs_product_code` | `export_value` | dollar |
//! | `open_trade_statistics` | `year` | `reporter_iso` | `partner_iso` | `commodity_code` | `trade_value_usd_exp` | dollar |
//! | `industry_flows` | `year` | `origin` | `dest` | `industry` | `intermediate_musd` + `final_musd` | million dollars |
//! | `columns` | as the options name them | | | | | as `scale` says |
//!
//! (CEPII's BACI; UN Comtrade; World Bank WITS; Growth Lab Atlas; WIOD.) An option names a column in place of the
//! layout's. Codes are text: a product code that lost its leading zeros as a number gets them back, or is refused where
//! its length is not known. Totals are no trade of their own and are left out; all that is dropped is counted.

mod layout;

pub use layout::Layout;

use crate::table::show_number;
use crate::{Column, Data, Error, Result, Table};
use layout::Names;
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
    /// Digits of a product code, such as 6 for HS6: shorter codes of digits get leading zeros, longer ones are refused.
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
        // A column that the layout has and this file lacks is left out, unless the user named it.
        let there =
            |given: &Option<String>, layout: &str| own(given, layout).filter(|n| given.is_some() || table.has(n));
        let year = need(own(&self.year, names.year), "year")?;
        let exporter = need(own(&self.exporter, names.exporter), "exporter")?;
        let product = there(&self.product, names.product);
        let market = there(&self.market, names.market);
        let values: Vec<String> = match self.value.is_empty() {
            true => names.value.iter().map(|v| v.to_string()).collect(),
            false => self.value.clone(),
        };
        need(values.first().cloned(), "value")?;
        let scale = self.scale.unwrap_or(names.scale);
        if !(scale.is_finite() && scale > 0.0) {
            return Err(Error::invalid(format!("`scale` is {scale}"), "give a positive number"));
        }

        let mut counts = Counts::default();
        let mut rows = self.rows(table, &names, [&market, &product], &mut counts)?;
        let value = self.values(table, &values, scale, &mut rows, &mut counts)?;
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
        columns.push(countries("exporter", table.column(&exporter)?, &rows, &mut counts));
        if let Some(market) = &market {
            columns.push(countries("market", table.column(market)?, &rows, &mut counts));
        }
        if let Some(product) = &product {
            columns.push(self.codes(table, product, self.digits.or(names.digits), &rows, &mut counts)?);
        }
        columns.push(Column::number("value", value));
        if let Some(quantity) = there(&self.quantity, names.quantity) {
            let q = table.numbers(&quantity)?;
            columns.push(Column::number("quantity", rows.iter().map(|&i| q[i]).collect()));
        }
        if let Some(revision) = there(&self.revision, names.revision) {
            columns.push(self.revision(table.column(&revision)?, &rows)?);
        }
        for name in &self.keep {
            columns.push(table.column(name)?.take(&rows));
        }
        let mut long = Table::new(columns)?;
        long.origin = table.take(&rows).origin;
        let mut notes = vec![format!("{} of {} records", rows.len(), table.rows())];
        notes.extend(counts.0.into_iter().map(|(what, n)| format!("{n} {what}")));
        Ok((long, notes))
    }

    /// Rows that are exports of single products to single markets.
    fn rows(
        &self,
        table: &Table,
        names: &Names,
        [market, product]: [&Option<String>; 2],
        counts: &mut Counts,
    ) -> Result<Vec<usize>> {
        let (flow, exports) = names.flow;
        let flow = match table.has(flow) {
            true => Some(table.column(flow)?),
            false => None,
        };
        let column = |name: &Option<String>| name.as_ref().map(|name| table.column(name)).transpose();
        let (market, product) = (column(market)?, column(product)?);
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

    /// Product codes as text, with their leading zeros.
    fn codes(
        &self,
        table: &Table,
        name: &str,
        digits: Option<usize>,
        rows: &[usize],
        counts: &mut Counts,
    ) -> Result<Column> {
        let column = table.column(name)?;
        let number = matches!(column.data, Data::Number(_));
        let mut lengths = BTreeMap::new();
        let mut codes = Vec::with_capacity(rows.len());
        for &i in rows {
            let mut code = column.show(i).trim().to_string();
            if code.is_empty() {
                return Err(table.content(Some(name), vec![i], "this record has no product", "correct or drop it"));
            }
            if !code.bytes().all(|b| b.is_ascii_digit()) {
                codes.push(code);
                continue;
            }
            match digits {
                Some(digits) if code.len() > digits => {
                    let message = format!("the product code {code} has more than {digits} digits");
                    return Err(table.content(Some(name), vec![i], message, "set `digits`, or cut the codes first"));
                }
                Some(digits) if code.len() < digits => {
                    counts.add("product codes given their leading zeros back");
                    code = format!("{code:0>digits$}");
                }
                _ => {}
            }
            lengths.entry(code.len()).or_insert(i);
            codes.push(code);
        }
        // Codes of five and six digits in a column of numbers are HS6 codes, some of which have lost a zero.
        let lost = number && lengths.keys().any(|l| lengths.contains_key(&(l + 1)) && l % 2 == 1);
        if lost {
            let rows: Vec<usize> = lengths.values().copied().collect();
            let lengths: Vec<String> = lengths.keys().map(usize::to_string).collect();
            return Err(table.content(
                Some(name),
                rows,
                format!(
                    "product codes of {} digits were read as numbers: leading zeros are lost",
                    lengths.join(" and ")
                ),
                "set `digits` to the length of the codes, which gives the zeros back",
            ));
        }
        Ok(Column::text("product", codes.into_iter().map(Some)))
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

/// Codes of places as text, in the spelling of ISO 3166.
fn countries(name: &str, column: &Column, rows: &[usize], counts: &mut Counts) -> Column {
    let mut missing = 0;
    let codes: Vec<Option<String>> = rows
        .iter()
        .map(|&i| {
            let code = match &column.data {
                Data::Text(text) => text.get(i).map(str::to_string),
                Data::Number(v) => (!v[i].is_nan()).then(|| show_number(v[i])),
            };
            missing += usize::from(code.is_none());
            let code = code?;
            match SPELLINGS.iter().find(|(old, _)| *old == code) {
                Some((old, new)) => {
                    counts.add(format!("codes {old} of `{name}` written {new}"));
                    Some(new.to_string())
                }
                None => Some(code),
            }
        })
        .collect();
    // Programs that take NA for a missing value make Namibia vanish.
    if missing > 0 && !codes.iter().flatten().any(|c| c == "NA" || c == "NAM") {
        *counts.0.entry(format!("missing codes of `{name}`, which may be Namibia's NA")).or_default() += missing;
    }
    Column::text(name, codes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(columns: &[(&str, &[&str])]) -> Table {
        let column =
            |(name, cells): &(&str, &[&str])| match cells.iter().map(|c| crate::table::parse_number(c)).collect() {
                Some(numbers) => Column::number(*name, numbers),
                None => Column::text(*name, cells.iter().map(|c| (!c.is_empty()).then_some(*c))),
            };
        Table::new(columns.iter().map(column).collect()).unwrap()
    }

    fn shown(table: &Table, name: &str) -> Vec<String> {
        let column = table.column(name).unwrap();
        (0..column.len()).map(|i| column.show(i)).collect()
    }

    #[test]
    fn baci_has_thousands_of_dollars_and_leading_zeros() {
        let baci = table(&[
            ("t", &["2019", "2019"]),
            ("i", &["156", "156"]),
            ("j", &["842", "276"]),
            ("k", &["10121", "851712"]),
            ("v", &["1.5", "20"]),
            ("q", &["3", "0.25"]),
        ]);
        let (long, notes) = TradeRecords { layout: Layout::Baci, ..Default::default() }.apply(&baci).unwrap();
        assert_eq!(shown(&long, "product"), ["010121", "851712"]);
        assert_eq!(long.numbers("value").unwrap(), [1500.0, 20_000.0]);
        assert_eq!(long.names().collect::<Vec<_>>(), ["year", "exporter", "market", "product", "value", "quantity"]);
        assert_eq!(notes, ["2 of 2 records", "1 product codes given their leading zeros back"]);
    }

    #[test]
    fn comtrade_leaves_out_imports_and_totals_and_tells_revisions_apart() {
        let file = table(&[
            ("refYear", &["2020", "2020", "2020", "2020"]),
            ("reporterCode", &["156"; 4]),
            ("partnerCode", &["0", "842", "842", "842"]),
            ("cmdCode", &["010121", "TOTAL", "010121", "020110"]),
            ("flowCode", &["X", "X", "M", "X"]),
            ("classificationCode", &["H5"; 4]),
            ("primaryValue", &["9", "9", "5", "4"]),
        ]);
        let comtrade = TradeRecords { layout: Layout::Comtrade, ..Default::default() };
        let (long, notes) = comtrade.apply(&file).unwrap();
        assert_eq!(
            (shown(&long, "product"), shown(&long, "revision")),
            (vec!["020110".into()], vec!["H5".to_string()])
        );
        assert_eq!(notes.len(), 4, "{notes:?}");
        let mut mixed = file.clone();
        mixed.set(Column::text("classificationCode", ["H4", "H4", "H4", "H5"].map(Some))).unwrap();
        mixed.set(Column::text("flowCode", ["X"; 4].map(Some))).unwrap();
        assert!(comtrade.apply(&mixed).unwrap_err().to_string().contains("H4, H5"));
        let kept = TradeRecords { revisions: Revisions::Keep, ..comtrade };
        assert_eq!(shown(&kept.apply(&mixed).unwrap().0, "revision"), ["H4", "H5"]);
    }

    #[test]
    fn customs_records_are_named_by_the_options() {
        let file = table(&[
            ("年份", &["2015", "2015", "2015"]),
            ("城市", &["苏州市", "苏州市", "东莞市"]),
            ("目的国", &["ROM", "NA", ""]),
            ("税号", &["01012100", "85171200", "85171200"]),
            ("金额", &["1", "-2", "3"]),
            ("贸易方式", &["一般贸易", "加工贸易", "一般贸易"]),
        ]);
        let of = |s: &str| Some(s.to_string());
        let customs = TradeRecords {
            year: of("年份"),
            exporter: of("城市"),
            market: of("目的国"),
            product: of("税号"),
            value: vec!["金额".into()],
            keep: vec!["贸易方式".into()],
            ..Default::default()
        };
        assert!(customs.apply(&file).unwrap_err().to_string().contains("negative"));
        let (long, notes) = TradeRecords { negative: Negative::Zero, ..customs.clone() }.apply(&file).unwrap();
        assert_eq!(shown(&long, "market"), ["ROU", "NA", ""]);
        assert_eq!(long.numbers("value").unwrap(), [1.0, 0.0, 3.0]);
        assert_eq!(shown(&long, "贸易方式")[1], "加工贸易");
        assert!(notes.iter().any(|n| n.contains("ROM") && n.contains("ROU")), "{notes:?}");
        let (long, _) = TradeRecords { negative: Negative::Drop, ..customs }.apply(&file).unwrap();
        assert_eq!(long.rows(), 2);
    }

    #[test]
    fn lost_zeros_are_given_back_or_told() {
        let file =
            table(&[("y", &["2015", "2015"]), ("c", &["A", "B"]), ("p", &["10121", "851712"]), ("v", &["1", "2"])]);
        let of = |s: &str| Some(s.to_string());
        let records = TradeRecords {
            year: of("y"),
            exporter: of("c"),
            product: of("p"),
            value: vec!["v".into()],
            ..Default::default()
        };
        assert!(records.apply(&file).unwrap_err().to_string().contains("leading zeros are lost"));
        let (long, _) = TradeRecords { digits: Some(6), ..records.clone() }.apply(&file).unwrap();
        assert_eq!(shown(&long, "product"), ["010121", "851712"]);
        let short = TradeRecords { digits: Some(4), ..records };
        assert!(short.apply(&file).unwrap_err().to_string().contains("more than 4 digits"));
    }

    #[test]
    fn what_is_missing_is_named() {
        let file = table(&[("y", &["2015"]), ("v", &["1"])]);
        let refused = |records: TradeRecords| records.apply(&file).unwrap_err().to_string();
        assert!(refused(TradeRecords::default()).contains("year"));
        assert!(refused(TradeRecords { layout: Layout::Baci, ..Default::default() }).contains("`t`"));
        let scale = TradeRecords { scale: Some(-1.0), layout: Layout::Baci, ..Default::default() };
        assert!(refused(scale).contains("scale"));
    }
}
