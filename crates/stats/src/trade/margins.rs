//! Extensive and intensive margins of exports, against a reference and against the year before.
//!
//! With x_k the exports of unit i in variety k (a product, or a product in a market), K the varieties that it exports
//! and W_k the exports of the reference:
//!
//! ```text
//! extensive_margin   Σ_{k∈K} W_k / Σ_k W_k           how much of what the reference trades lies in K
//! intensive_margin   Σ_k x_k / Σ_{k∈K} W_k           how much the unit has of that
//! share              their product, Σ x_k / Σ W_k
//! ```
//!
//! (Hummels and Klenow 2005, "The variety and quality of a nation's exports", American Economic Review 95(3)). The
//! exports are also counted out, X = products × markets × density × mean value, density being the share of the pairs
//! of product and market that are served (Bernard, Jensen, Redding and Schott 2009, "The margins of US trade",
//! American Economic Review 99(2)). Between a year and the next, with continuing varieties C,
//!
//! ```text
//! change      X_t - X_{t-1}  =  intensive Σ_C (x_t - x_{t-1})  +  entry Σ_new x_t  -  exit Σ_gone x_{t-1}
//! feenstra    ln(λ_{t-1} / λ_t),   λ_t = Σ_C x_t / X_t
//! ```
//!
//! Feenstra's ratio (1994, "New product varieties and the measurement of international prices", American Economic
//! Review 84(1)) is positive where more came than went; over σ - 1 it is the gain in the exact price index.

use super::cells::{Basket, Cell, Cells, RecordCount, YearBefore};
use super::records::Records;
use super::sums_without_each;
use crate::{Error, Kind, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Extensive and intensive margins of exports, and their change since the year before.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Margins {
    /// The column of products, in long records.
    pub product: String,
    /// The column of markets, in long records; without it there are no columns on markets.
    pub market: Option<String>,
    /// The column of values, in long records.
    pub value: String,
    /// For wide data instead of `product` and `value`: the columns of values, one a product.
    pub columns: Vec<String>,
    /// What counts as one variety: a `product`, or a `product_market` pair (which needs `market`).
    pub variety: VarietyOf,
    /// Against whose exports: `others` (all other units of the data in the year), `all` units, or `world` (the column
    /// `world_column`).
    pub reference: Reference,
    /// The table with the exports of the reference by variety (and time, where it has that column); left out when the
    /// records have them.
    ///
    /// Give a table where the reference trades products that the records do not list: they belong to the extensive
    /// margin.
    pub world: Option<String>,
    /// The column of the exports of the reference, under `reference = "world"`.
    pub world_column: Option<String>,
}

/// What counts as one variety.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum VarietyOf {
    /// A product, over all markets.
    #[default]
    Product,
    /// A product in a market.
    ProductMarket,
}

/// Against whose exports the margins are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reference {
    /// All other units: a unit is not its own reference.
    #[default]
    Others,
    /// All units, the unit included.
    All,
    /// A column.
    World,
}

/// A variety: product and market (0 where varieties are products).
pub type Variety = (u32, u32);

/// Exports of the reference under [`Reference::World`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct World {
    /// Exports of the reference by year and variety.
    pub of: BTreeMap<(i64, Variety), f64>,
    /// Its exports in all varieties by year, where they are known; else those listed are all.
    pub totals: Option<BTreeMap<i64, f64>>,
}

impl World {
    /// The reference out of a column of the records, NaN where it exports nothing; a negative or infinite number, and
    /// two numbers of one variety and year, are refused.
    pub fn of_records(records: &Records, variety: VarietyOf, values: &[f64]) -> Result<World> {
        let negative: Vec<usize> = (0..values.len()).filter(|&i| values[i] < 0.0).collect();
        if !negative.is_empty() {
            let e = Error::invalid("exports of the reference are negative; wanted zero or more", "correct them");
            return Err(e.at_rows(negative));
        }
        let market = |i: usize| match (variety, &records.market) {
            (VarietyOf::ProductMarket, Some(m)) => m.codes[i],
            _ => 0,
        };
        let key = |i: usize| (records.time[i], (records.product.codes[i], market(i)));
        Ok(World { of: records.one_value(values, key, "a variety and year")?, totals: None })
    }
}

/// Margins of one unit and time; NaN (missing) where they are undefined.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MarginsRow {
    /// Code of the unit.
    #[serde(skip)]
    pub unit: u32,
    /// Year.
    #[serde(skip)]
    pub time: i64,
    /// Share of the reference's exports in the varieties that the unit exports.
    pub extensive_margin: f64,
    /// Exports of the unit over those of the reference in the same varieties.
    pub intensive_margin: f64,
    /// Exports of the unit over those of the reference.
    pub share: f64,
    /// Products exported.
    pub products: usize,
    /// Markets served.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub markets: Option<usize>,
    /// Share of the pairs of the exported products and served markets that are served.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub density: Option<f64>,
    /// Mean exports of a served pair (of a product, where markets are not known).
    pub mean_value: f64,
    /// Exports less those of the year before.
    pub change: f64,
    /// Part of continuing varieties.
    pub change_intensive: f64,
    /// Exports in varieties not exported the year before.
    pub entry: f64,
    /// Exports of the year before in varieties that are not exported any more.
    pub exit: f64,
    /// Log of the share of continuing varieties the year before over that share now.
    pub feenstra: f64,
}

/// Margins of every unit and time.
#[derive(Debug, Clone, PartialEq)]
pub struct MarginsMeasure {
    /// One row a unit and time, in order of unit code and time.
    pub rows: Vec<MarginsRow>,
    /// Records, duplicates and zeros.
    pub sample: RecordCount,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// Margins of each unit and time of the cells.
pub fn margins(options: &Margins, cells: &Cells, world: Option<&World>) -> Result<MarginsMeasure> {
    if options.variety == VarietyOf::ProductMarket && cells.markets.is_none() {
        return Err(Error::invalid("`variety = \"product_market\"` without `market`", "name the column of markets"));
    }
    let sample = cells.count;
    let exports: Vec<Vec<(Variety, f64)>> = cells.baskets().map(|b| varieties(b, options.variety)).collect();
    let shares = against(options, cells, world, &exports)?;
    let mut rows = Vec::with_capacity(exports.len());
    let (mut first, mut gaps) = (0, 0);
    for (i, before) in cells.years_before().enumerate() {
        let change = match before {
            YearBefore::At(j) => changes(&exports[j], &exports[i]),
            YearBefore::First | YearBefore::Gap => {
                *if before == YearBefore::Gap { &mut gaps } else { &mut first } += 1;
                [f64::NAN; 5]
            }
        };
        rows.push(row(cells.basket(i), shares[i], change, cells.markets.is_some()));
    }
    let whose = match options.reference {
        Reference::Others => "all other units of the data",
        Reference::All => "all units of the data",
        Reference::World => "the world column",
    };
    let mut notes = vec![
        format!("reference of the margins: {whose}"),
        format!("{first} rows are the first of their unit and have no change"),
    ];
    let nothing = exports.iter().filter(|e| e.is_empty()).count();
    let apart = rows.iter().filter(|r| r.intensive_margin.is_nan()).count() - nothing;
    for (count, what) in [
        (gaps, "rows follow a gap: no change, because the year before is not in the data"),
        (sample.duplicates, "records repeat a cell and were added to it"),
        (nothing, "rows export nothing: their margins are missing, not zero"),
        (apart, "rows have no margin: the reference has none of what they export"),
    ] {
        if count > 0 {
            notes.push(format!("{count} {what}"));
        }
    }
    Ok(MarginsMeasure { rows, sample, notes })
}

/// Positive exports by variety, keys ascending.
fn varieties(basket: Basket, of: VarietyOf) -> Vec<(Variety, f64)> {
    let key = |c: &Cell| (c.product, if of == VarietyOf::Product { 0 } else { c.market });
    // Cells are sorted by product and market, so that equal keys are neighbours.
    let groups = basket.chunk_by(|a, b| key(a) == key(b));
    groups.map(|g| (key(&g[0]), g.iter().map(|c| c.value).sum())).filter(|&(_, value)| value > 0.0).collect()
}

fn total(exports: &[(Variety, f64)]) -> f64 {
    exports.iter().map(|e| e.1).sum()
}

/// For each basket: exports of the reference in its varieties, and in all.
fn against(
    options: &Margins,
    cells: &Cells,
    world: Option<&World>,
    exports: &[Vec<(Variety, f64)>],
) -> Result<Vec<[f64; 2]>> {
    if options.reference == Reference::World {
        let missing = || Error::invalid("`reference = \"world\"` without its exports", "set `world_column`");
        return against_world(options, cells, world.ok_or_else(missing)?, exports);
    }
    let mut sellers: BTreeMap<(i64, Variety), Vec<(usize, f64)>> = BTreeMap::new();
    let mut totals: BTreeMap<i64, Vec<(usize, f64)>> = BTreeMap::new();
    for (i, basket) in exports.iter().enumerate() {
        let time = cells.basket(i).time;
        totals.entry(time).or_default().push((i, total(basket)));
        for &(key, value) in basket {
            sellers.entry((time, key)).or_default().push((i, value));
        }
    }
    let mut found = vec![[0.0; 2]; exports.len()];
    let mut add = |group: &[(usize, f64)], slot: usize| {
        let values: Vec<f64> = group.iter().map(|g| g.1).collect();
        let reference = match options.reference {
            Reference::All => vec![values.iter().sum(); values.len()],
            _ => sums_without_each(&values),
        };
        group.iter().zip(reference).for_each(|(&(i, _), w)| found[i][slot] += w);
    };
    sellers.values().for_each(|group| add(group, 0));
    totals.values().for_each(|group| add(group, 1));
    Ok(found)
}

fn against_world(
    options: &Margins,
    cells: &Cells,
    world: &World,
    exports: &[Vec<(Variety, f64)>],
) -> Result<Vec<[f64; 2]>> {
    let located = |e: Error| e.at_column(options.world_column.as_deref().unwrap_or("world_column"));
    if world.of.values().any(|&w| w < 0.0) {
        let e = Error::invalid("exports of the reference are negative; wanted zero or more", "correct them");
        return Err(located(e));
    }
    let mut listed: BTreeMap<i64, f64> = BTreeMap::new();
    world.of.iter().for_each(|((time, _), w)| *listed.entry(*time).or_default() += w);
    let totals = world.totals.as_ref().unwrap_or(&listed);
    if let Some(bad) = totals.values().find(|t| !t.is_finite()) {
        return Err(located(Error::new(Kind::Untrusted {
            message: format!("the exports of the reference add up to {bad}"),
            remedy: "correct them, or give them in a larger unit".into(),
        })));
    }
    let shares = cells.baskets().zip(exports).map(|(basket, exports)| {
        let time = basket.time;
        let within = exports.iter().map(|(key, _)| world.of.get(&(time, *key)).copied().unwrap_or(0.0)).sum();
        [within, totals.get(&time).copied().unwrap_or(f64::NAN)]
    });
    Ok(shares.collect())
}

/// Change, its intensive part, entry, exit, and Feenstra's ratio.
fn changes(old: &[(Variety, f64)], now: &[(Variety, f64)]) -> [f64; 5] {
    let (mut then_continuing, mut now_continuing) = (0.0, 0.0);
    let mut entry = 0.0;
    for &(key, value) in now {
        match old.binary_search_by_key(&key, |o| o.0) {
            Ok(at) => {
                then_continuing += old[at].1;
                now_continuing += value;
            }
            Err(_) => entry += value,
        }
    }
    let gone = |key: &Variety| now.binary_search_by_key(key, |n| n.0).is_err();
    let exit: f64 = old.iter().filter(|(key, _)| gone(key)).map(|o| o.1).sum();
    let (before, after) = (total(old), total(now));
    // No variety continues: the ratio is 0/0, and no price index links the years.
    let feenstra = match then_continuing > 0.0 && now_continuing > 0.0 {
        true => (then_continuing / before).ln() - (now_continuing / after).ln(),
        false => f64::NAN,
    };
    [after - before, now_continuing - then_continuing, entry, exit, feenstra]
}

fn row(basket: Basket, [within, all]: [f64; 2], change: [f64; 5], with_markets: bool) -> MarginsRow {
    let served: Vec<&Cell> = basket.iter().filter(|c| c.value > 0.0).collect();
    let count = |of: &dyn Fn(&Cell) -> u32| {
        let mut codes: Vec<u32> = served.iter().map(|c| of(c)).collect();
        codes.sort_unstable();
        codes.dedup();
        codes.len()
    };
    let (products, markets) = (count(&|c| c.product), count(&|c| c.market));
    let exports: f64 = served.iter().map(|c| c.value).sum();
    let [change, change_intensive, entry, exit, feenstra] = change;
    // Nothing exported, or nothing in the reference: 0/0.
    let over = |x: f64, y: f64| if served.is_empty() || y <= 0.0 { f64::NAN } else { x / y };
    MarginsRow {
        unit: basket.unit,
        time: basket.time,
        extensive_margin: over(within, all),
        intensive_margin: over(exports, within),
        share: over(exports, all),
        products,
        markets: with_markets.then_some(markets),
        density: with_markets.then(|| served.len() as f64 / (products * markets) as f64),
        mean_value: exports / served.len() as f64,
        change,
        change_intensive,
        entry,
        exit,
        feenstra,
    }
}
