//! Related and unrelated variety of exports.
//!
//! With P_g the share of sector g in the exports of a unit and year and s_k that of product k,
//!
//! ```text
//! unrelated variety   UV = Σ_g P_g log₂(1 / P_g)
//! related variety     RV = Σ_g P_g H_g,   H_g = Σ_{k∈g} (s_k / P_g) log₂(P_g / s_k)
//! variety             UV + RV = Σ_k s_k log₂(1 / s_k)
//! ```
//!
//! in bits (Frenken, van Oort and Verburg 2007, "Related variety, unrelated variety and regional economic growth",
//! Regional Studies 41(5)). Products of one sector are taken to be related, those of different sectors not: what is
//! related hangs on where the classification is cut, as by the first two digits of an HS code.

use super::cells::{Basket, Cells, RecordCount};
use crate::{Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Related and unrelated variety of exports, in bits.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Variety {
    /// The column of products, in long records.
    pub product: String,
    /// The column of markets, in long records; values are added up over markets.
    ///
    /// It serves to tell records of several markets from duplicates.
    pub market: Option<String>,
    /// The column of values, in long records.
    pub value: String,
    /// For wide data instead of `product` and `value`: the columns of values, one a product.
    pub columns: Vec<String>,
    /// The column with the sector of each product; this or `prefix` must be given.
    pub sector: Option<String>,
    /// Leading characters of the product code that make its sector: 2 for the chapters of HS.
    pub prefix: Option<usize>,
}

/// Variety of one unit and time; NaN (missing) where nothing was exported.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VarietyRow {
    /// Code of the unit.
    #[serde(skip)]
    pub unit: u32,
    /// Year.
    #[serde(skip)]
    pub time: i64,
    /// Entropy within sectors, weighted by their shares.
    pub related_variety: f64,
    /// Entropy between sectors.
    pub unrelated_variety: f64,
    /// Their sum: the entropy of the products.
    pub variety: f64,
    /// Sectors with exports.
    pub sectors: usize,
    /// Products exported.
    pub products: usize,
}

/// Variety of every unit and time.
#[derive(Debug, Clone, PartialEq)]
pub struct VarietyMeasure {
    /// One row a unit and time, in order of unit code and time.
    pub rows: Vec<VarietyRow>,
    /// Sectors of the classification that occur.
    pub sectors: usize,
    /// Records, duplicates and zeros.
    pub sample: RecordCount,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// Variety of each unit and time of the cells; `sector` is the sector of each product, by product code.
///
/// Markets are added up.
pub fn variety(cells: &Cells, sector: &[u32]) -> Result<VarietyMeasure> {
    let (sample, products) = (cells.count, cells.products);
    if sector.len() != products {
        return Err(Error::length("the sectors of the products", sector.len(), products));
    }
    let mut known = sector.to_vec();
    known.sort_unstable();
    known.dedup();
    let sectors = known.len();
    let rows: Vec<VarietyRow> = cells.baskets().map(|basket| row(basket, sector)).collect();
    let mut notes = vec![format!("{products} products in {sectors} sectors")];
    // One sector for all, or one for each: then one of the two parts is zero whatever is exported.
    if sectors == 1 || sectors == products {
        let (what, part) = if sectors == 1 { ("all products", "unrelated") } else { ("no two products", "related") };
        notes.push(format!("{what} share a sector, so that {part} variety is zero everywhere"));
    }
    if sample.duplicates > 0 {
        notes.push(format!("{} records repeat a cell and were added to it", sample.duplicates));
    }
    let nothing = rows.iter().filter(|r| r.products == 0).count();
    if nothing > 0 {
        notes.push(format!("{nothing} rows export nothing: their variety is missing, not zero"));
    }
    Ok(VarietyMeasure { rows, sectors, sample, notes })
}

/// Both varieties of one basket.
fn row(basket: Basket, sector: &[u32]) -> VarietyRow {
    let products = basket.by_product();
    let mut by_sector: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
    for &(product, value) in &products {
        by_sector.entry(sector[product as usize]).or_default().push(value);
    }
    let totals: Vec<f64> = by_sector.values().map(|values| values.iter().sum()).collect();
    let unrelated = bits(&totals);
    let total: f64 = totals.iter().sum();
    let related = match products.is_empty() {
        true => f64::NAN,
        false => by_sector.values().zip(&totals).map(|(values, t)| t / total * bits(values)).sum(),
    };
    VarietyRow {
        unit: basket.unit,
        time: basket.time,
        related_variety: related,
        unrelated_variety: unrelated,
        variety: unrelated + related,
        sectors: by_sector.len(),
        products: products.len(),
    }
}

/// Entropy of positive values in bits; NaN without one.
fn bits(values: &[f64]) -> f64 {
    let total: f64 = values.iter().sum();
    match total > 0.0 {
        // A sole value has share one and log zero: max turns its -0 into 0.
        true => values.iter().map(|v| v / total).map(|s| -s * s.log2()).sum::<f64>().max(0.0),
        false => f64::NAN,
    }
}
