//! Income level of products (PRODY) and of export baskets (EXPY).
//!
//! With s_cp the share of product p in the exports of unit c and Y_c the income per head of c,
//!
//! ```text
//! PRODY_p = Σ_c s_cp Y_c / Σ_c s_cp          EXPY_c = Σ_p s_cp PRODY_p
//! ```
//!
//! (Hausmann, Hwang and Rodrik 2007, "What you export matters", Journal of Economic Growth 12). The weights of
//! PRODY are RCA over the sum of RCA. Y_c enters its own EXPY: with few or large units EXPY partly measures income.
//! `leave_one_out` takes PRODY from the other units only, which can reverse the ranking. A PRODY of each year moves
//! with the income of all; `base_year` holds it fixed.
//!
//! Units of one product differ in quality. With quantities, unit values p_cp stand for it (Xu 2010, "The sophistication
//! of exports: is China special?", China Economic Review 21(3)):
//!
//! ```text
//! q_cp = p_cp / Σ_n (X_np / X_p) p_np          expy_quality_c = Σ_p s_cp q_cp^θ PRODY_p
//! ```

use super::cells::{Basket, Cells};
use super::records::Records;
use super::sums_without_each;
use crate::{Error, Kind, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Income level of products and of export baskets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Expy {
    /// The column of products.
    pub product: String,
    /// The column of values; records of one unit, year and product are added up.
    pub value: String,
    /// The table with the income of each unit and year; left out when the data have it themselves.
    pub income: Option<String>,
    /// The column of income per head.
    pub income_column: String,
    /// Whether a unit's own income is kept out of the PRODY behind its EXPY.
    pub leave_one_out: bool,
    /// The year whose PRODY serves all years; by default each year has its own.
    pub base_year: Option<i64>,
    /// The column of quantities, for `expy_quality`; records without one are left out of the unit value.
    pub quantity: Option<String>,
    /// Exponent θ of quality. 0.2 is the choice of Xu (2010).
    pub theta: f64,
}

impl Default for Expy {
    fn default() -> Self {
        Expy {
            product: String::new(),
            value: String::new(),
            income: None,
            income_column: String::new(),
            leave_one_out: false,
            base_year: None,
            quantity: None,
            theta: 0.2,
        }
    }
}

/// EXPY of one unit and year.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExpyRow {
    /// Code of the unit.
    #[serde(skip)]
    pub unit: u32,
    /// Year.
    #[serde(skip)]
    pub time: i64,
    /// Income level of the basket; NaN (missing) where no product has a PRODY.
    pub expy: f64,
    /// Share of exports in products with a PRODY, over which EXPY is the mean.
    pub covered: f64,
    /// Income level of the basket at the quality of its products, where there are quantities.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expy_quality: Option<f64>,
    /// Share of exports in products with a PRODY and a unit value, over which that is the mean.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub covered_quality: Option<f64>,
}

/// PRODY of one product and year.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Prody {
    /// Code of the product.
    #[serde(skip)]
    pub product: u32,
    /// Year whose shares and incomes made it.
    #[serde(skip)]
    pub time: i64,
    /// Income level of the product.
    pub prody: f64,
}

/// EXPY of every unit and year, PRODY of every product and year.
#[derive(Debug, Clone, PartialEq)]
pub struct ExpyMeasure {
    /// One row a unit and year, in order of unit code and time.
    pub rows: Vec<ExpyRow>,
    /// Products exported by a unit with income, by year (the base year only, where there is one).
    pub products: Vec<Prody>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// Income by unit and year.
pub type Incomes = BTreeMap<(u32, i64), f64>;

/// Incomes out of a column of the records, NaN where unknown; one that is not positive, or differs between records of a
/// unit and year, is refused.
pub fn incomes(records: &Records, values: &[f64]) -> Result<Incomes> {
    let key = |i: usize| (records.unit.codes[i], records.time[i]);
    records.one_positive("income", values, key, "a unit and year")
}

/// EXPY and PRODY; units without income enter no PRODY but have an EXPY.
pub fn expy(options: &Expy, cells: &Cells, income: &Incomes, quality: Option<&Quality>) -> Result<ExpyMeasure> {
    if !(options.theta.is_finite() && options.theta >= 0.0) {
        return Err(Error::invalid(format!("`theta = {}`; wanted zero or more", options.theta), "set `theta = 0.2`"));
    }
    if income.values().any(|y| !(y.is_finite() && *y > 0.0)) {
        let e = Error::invalid("income must be positive", "leave it empty where it is unknown");
        return Err(e.at_column(&options.income_column));
    }
    let mut sources: BTreeMap<i64, Source> = BTreeMap::new();
    for basket in cells.baskets() {
        let (unit, time) = (basket.unit, basket.time);
        if let (Some(&y), true) = (income.get(&(unit, time)), options.base_year.is_none_or(|base| base == time)) {
            let source = sources.entry(time).or_insert_with(|| vec![Vec::new(); cells.products]);
            for (product, share) in shares(basket) {
                source[product as usize].push(Exporter { unit, share, income: y });
            }
        }
    }
    if sources.is_empty() {
        let year = options.base_year.map_or(String::new(), |year| format!(" in the base year {year}"));
        return Err(Error::invalid(
            format!("no unit has income and exports{year}"),
            "check `income_column` and its keys",
        )
        .at_column(&options.income_column));
    }
    let levels: BTreeMap<i64, Levels> =
        sources.iter().map(|(&time, source)| (time, levels(source, options.leave_one_out))).collect();
    let rows: Vec<ExpyRow> = cells.baskets().map(|basket| row(basket, options, &levels, quality)).collect();
    let products = levels
        .iter()
        .flat_map(|(&time, levels)| {
            let known = levels.iter().enumerate().filter_map(|(product, level)| Some((product, level.as_ref()?)));
            known.map(move |(product, level)| Prody { product: product as u32, time, prody: level.all })
        })
        .collect();
    let without = cells.baskets().filter(|b| !income.contains_key(&(b.unit, b.time))).count();
    let partly = rows.iter().filter(|r| r.covered < 1.0 - 1e-12).count();
    let none = rows.iter().filter(|r| r.expy.is_nan()).count();
    let partly_valued = rows.iter().filter(|r| r.covered_quality.is_some_and(|c| c < r.covered - 1e-12)).count();
    let mut notes = Vec::new();
    for (count, what) in [
        (partly_valued, "rows export products without a unit value: `expy_quality` is the mean over `covered_quality`"),
        (without, "rows have no income: they enter no PRODY"),
        (partly, "rows export products without a PRODY: EXPY is the mean over the share `covered`"),
        (none, "rows have no EXPY: nothing exported, or no product with a PRODY"),
    ] {
        if count > 0 {
            notes.push(format!("{count} {what}"));
        }
    }
    Ok(ExpyMeasure { rows, products, notes })
}

/// Who exports a product, with what share of its own exports and what income.
#[derive(Clone)]
struct Exporter {
    unit: u32,
    share: f64,
    income: f64,
}

/// Exporters with income of each product in one year, by code.
type Source = Vec<Vec<Exporter>>;

/// PRODY of each product in one year, by code; none of a product that nobody with income exports.
type Levels = Vec<Option<Level>>;

/// PRODY over all exporters and, where it is asked for, without each one (units ascending; NaN without the only one).
struct Level {
    all: f64,
    without: Vec<(u32, f64)>,
}

fn levels(source: &Source, leave_one_out: bool) -> Levels {
    let of = |exporters: &Vec<Exporter>| {
        let shares: Vec<f64> = exporters.iter().map(|e| e.share).collect();
        let incomes: Vec<f64> = exporters.iter().map(|e| e.share * e.income).collect();
        if !leave_one_out {
            return Level { all: incomes.iter().sum::<f64>() / shares.iter().sum::<f64>(), without: Vec::new() };
        }
        let without = (sums_without_each(&incomes).iter().zip(sums_without_each(&shares)).zip(exporters))
            .map(|((y, s), e)| (e.unit, y / s))
            .collect();
        Level { all: incomes.iter().sum::<f64>() / shares.iter().sum::<f64>(), without }
    };
    source.iter().map(|exporters| (!exporters.is_empty()).then(|| of(exporters))).collect()
}

/// Shares by product of one basket; empty when nothing is exported.
fn shares(basket: Basket) -> Vec<(u32, f64)> {
    let products = basket.by_product();
    let total: f64 = products.iter().map(|p| p.1).sum();
    products.into_iter().map(|(product, value)| (product, value / total)).collect()
}

fn row(basket: Basket, options: &Expy, levels: &BTreeMap<i64, Levels>, quality: Option<&Quality>) -> ExpyRow {
    let (unit, time) = (basket.unit, basket.time);
    let levels = levels.get(&options.base_year.unwrap_or(time));
    let prody = |product: u32| {
        let level = levels?[product as usize].as_ref()?;
        let own = level.without.binary_search_by_key(&unit, |w| w.0).ok();
        Some(own.map_or(level.all, |at| level.without[at].1)).filter(|p| !p.is_nan())
    };
    let ([mut sum, mut covered], [mut good, mut valued]) = ([0.0; 2], [0.0; 2]);
    for (product, share) in shares(basket) {
        let Some(p) = prody(product) else { continue };
        sum += share * p;
        covered += share;
        if let Some(q) = quality.and_then(|q| q.get(&(time, product, unit))) {
            good += share * q.powf(options.theta) * p;
            valued += share;
        }
    }
    ExpyRow {
        unit,
        time,
        expy: sum / covered,
        covered,
        expy_quality: quality.map(|_| good / valued),
        covered_quality: quality.map(|_| valued),
    }
}

/// Relative unit values by year, product and unit.
pub type Quality = BTreeMap<(i64, u32, u32), f64>;

/// Unit value of each unit, year and product over the mean of the product's exporters by their exports; `quantity` is
/// that of each record.
///
/// A unit value is a sum of values over a sum of quantities, of the records that have both.
pub fn quality(records: &Records, quantity: &[f64]) -> Result<Quality> {
    if quantity.len() != records.value.len() {
        return Err(Error::length("quantity", quantity.len(), records.value.len()));
    }
    let bad: Vec<usize> = (0..quantity.len()).filter(|&i| quantity[i].is_infinite()).collect();
    if !bad.is_empty() {
        return Err(Error::new(Kind::NotFinite).at_rows(bad));
    }
    let bad: Vec<usize> = (0..quantity.len()).filter(|&i| quantity[i] < 0.0).collect();
    if !bad.is_empty() {
        let e = Error::invalid("a quantity is negative; wanted zero or more", "leave it empty where it is unknown");
        return Err(e.at_rows(bad));
    }
    let mut sums: BTreeMap<(i64, u32), BTreeMap<u32, [f64; 2]>> = BTreeMap::new();
    // A quantity of zero with a value is one that was not recorded.
    for i in (0..quantity.len()).filter(|&i| quantity[i] > 0.0 && records.value[i] > 0.0) {
        let product = sums.entry((records.time[i], records.product.codes[i])).or_default();
        let sum = product.entry(records.unit.codes[i]).or_default();
        sum[0] += records.value[i];
        sum[1] += quantity[i];
    }
    let mut quality = Quality::new();
    for ((time, product), exporters) in sums {
        let total: f64 = exporters.values().map(|s| s[0]).sum();
        let mean: f64 = exporters.values().map(|[value, quantity]| value / total * (value / quantity)).sum();
        for (unit, [value, quantity]) in exporters {
            quality.insert((time, product, unit), value / quantity / mean);
        }
    }
    Ok(quality)
}
