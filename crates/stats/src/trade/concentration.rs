//! Concentration and breadth of a basket of exports, by unit and time.
//!
//! With s_k the share of product k in the unit's exports of the year, K products in the universe and K⁺ of them
//! exported:
//!
//! ```text
//! hhi                    H = Σ s²
//! hhi_normalized         (H - 1/K) / (1 - 1/K);   with K⁺ for K: hhi_normalized_active
//! unctad                 (√H - √(1/K)) / (1 - √(1/K))
//! shannon                E = -Σ s ln s
//! theil                  ln K - E  =  theil_extensive ln(K/K⁺)  +  theil_intensive (ln K⁺ - E)
//! ```
//!
//! The extensive part of Theil's index says how few products are exported at all, the intensive part how unevenly
//! those are (Cadot, Carrère and Strauss-Kahn 2011, "Export diversification: what's behind the hump?", Review of
//! Economics and Statistics 93(2)). K matters: (5, 3, 2, 0) has Theil 0.357 over its four lines and 0.069 over the
//! three that are active.

use super::cells::{Basket, Cells, RecordCount};
use crate::{Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Concentration and breadth of exports over products and markets.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Concentration {
    /// The column of products, in long records.
    pub product: String,
    /// The column of markets, in long records; without it there are no columns on markets.
    pub market: Option<String>,
    /// The column of values, in long records.
    pub value: String,
    /// For wide data instead of `product` and `value`: the columns of values, one a product.
    pub columns: Vec<String>,
    /// Number of products there are to export (K); by default all that occur in the data.
    ///
    /// Give the number of lines of the nomenclature where the data do not list products nobody exports.
    pub universe: Option<usize>,
}

/// Concentration of one unit and time. Measures of shares are NaN (missing) where nothing was exported.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConcentrationRow {
    /// Code of the unit.
    #[serde(skip)]
    pub unit: u32,
    /// Year.
    #[serde(skip)]
    pub time: i64,
    /// Herfindahl-Hirschman index over products, 1/K to 1.
    pub hhi: f64,
    /// The index on a scale from 0 to 1, over the universe of products.
    pub hhi_normalized: f64,
    /// The same over the exported products only; NaN for a single product.
    pub hhi_normalized_active: f64,
    /// UNCTAD's form, from square roots.
    pub unctad: f64,
    /// Shannon's entropy in nats.
    pub shannon: f64,
    /// Theil's index over the universe.
    pub theil: f64,
    /// Its part between exported and other products.
    pub theil_extensive: f64,
    /// Its part among the exported products.
    pub theil_intensive: f64,
    /// Products exported.
    pub products: usize,
    /// Markets served.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub markets: Option<usize>,
    /// Pairs of product and market served; products where markets are not known.
    pub cells: usize,
    /// Share of the largest product.
    pub top1_share: f64,
    /// Share of the five largest products.
    pub top5_share: f64,
    /// Herfindahl-Hirschman index over markets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hhi_markets: Option<f64>,
    /// Mean value a market.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value_per_market: Option<f64>,
}

/// Concentration of every unit and time.
#[derive(Debug, Clone, PartialEq)]
pub struct ConcentrationMeasure {
    /// One row a unit and time, in order of unit code and time.
    pub rows: Vec<ConcentrationRow>,
    /// K, the products of the universe.
    pub universe: usize,
    /// Records, duplicates and zeros.
    pub sample: RecordCount,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// Concentration of each unit and time of the cells.
pub fn concentration(options: &Concentration, cells: &Cells) -> Result<ConcentrationMeasure> {
    let (sample, seen) = (cells.count, cells.products);
    let universe = options.universe.unwrap_or(seen);
    if universe < seen {
        return Err(Error::invalid(
            format!("`universe = {universe}`, but the data have {seen} products"),
            "count every product there is to export, or leave `universe` out",
        ));
    }
    let mut of_market = vec![0.0; cells.markets.unwrap_or(1)];
    let with_markets = cells.markets.is_some();
    let rows: Vec<ConcentrationRow> =
        cells.baskets().map(|basket| row(basket, universe, with_markets, &mut of_market)).collect();
    let whose = if options.universe.is_some() { "as `universe` says" } else { "all that occur in the data" };
    let mut notes = vec![format!("universe of {universe} products: {whose}")];
    if sample.duplicates > 0 {
        notes.push(format!("{} records repeat a cell and were added to it", sample.duplicates));
    }
    let nothing = rows.iter().filter(|r| r.products == 0).count();
    if nothing > 0 {
        notes.push(format!("{nothing} rows export nothing: their shares are missing, not zero"));
    }
    Ok(ConcentrationMeasure { rows, universe, sample, notes })
}

/// All measures of one basket; `of_market` has a zero for each market.
fn row(basket: Basket, universe: usize, with_markets: bool, of_market: &mut [f64]) -> ConcentrationRow {
    let mut products: Vec<f64> = basket.by_product().into_iter().map(|(_, value)| value).collect();
    products.sort_by(|a, b| b.total_cmp(a));
    for cell in basket.iter() {
        of_market[cell.market as usize] += cell.value;
    }
    // Left as it was found, all zero, for the next basket.
    let markets = basket.iter().map(|c| std::mem::take(&mut of_market[c.market as usize]));
    let markets: Vec<f64> = markets.filter(|&value| value > 0.0).collect();
    let total: f64 = products.iter().sum();
    let (k, active) = (universe as f64, products.len() as f64);
    let hhi = herfindahl(&products);
    let shannon = shannon(&products);
    let top = |n: usize| products.iter().take(n).sum::<f64>() / total;
    ConcentrationRow {
        unit: basket.unit,
        time: basket.time,
        hhi,
        hhi_normalized: on_unit_scale(hhi, 1.0 / k),
        hhi_normalized_active: on_unit_scale(hhi, 1.0 / active),
        unctad: on_unit_scale(hhi.sqrt(), (1.0 / k).sqrt()),
        shannon,
        theil: k.ln() - shannon,
        theil_extensive: if products.is_empty() { f64::NAN } else { (k / active).ln() },
        theil_intensive: active.ln() - shannon,
        products: products.len(),
        markets: with_markets.then_some(markets.len()),
        cells: basket.iter().filter(|c| c.value > 0.0).count(),
        top1_share: top(1),
        top5_share: top(5),
        hhi_markets: with_markets.then(|| herfindahl(&markets)),
        value_per_market: with_markets.then(|| total / markets.len() as f64),
    }
}

/// (x - least) / (1 - least); NaN where the least value is 1, the only one possible.
fn on_unit_scale(x: f64, least: f64) -> f64 {
    (x - least) / (1.0 - least)
}

/// Σ s²; NaN without a positive value.
fn herfindahl(values: &[f64]) -> f64 {
    let total: f64 = values.iter().sum();
    match total > 0.0 {
        true => values.iter().map(|v| (v / total).powi(2)).sum(),
        false => f64::NAN,
    }
}

/// -Σ s ln s of positive values; NaN without one.
fn shannon(values: &[f64]) -> f64 {
    let total: f64 = values.iter().sum();
    match total > 0.0 {
        true => values.iter().map(|v| v / total).map(|s| -s * s.ln()).sum::<f64>() + 0.0,
        false => f64::NAN,
    }
}
