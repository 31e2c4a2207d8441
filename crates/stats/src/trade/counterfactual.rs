//! Exports against the counterfactual of world demand, cell by cell.
//!
//! Each product p and market d that a unit served in the base year 0 is let grow as the world's trade in it did, from
//! all sources but the nation:
//!
//! ```text
//! expected   E_it = Σ_pd x_ipd0 W_pdt / W_pd0
//! resilience ln(X_it / E_it)
//! martin     (ΔX - e) / |e|,   e = E_it - X_i0        (Martin et al. 2016, with the mix of products and markets);
//!            missing where e is zero but for rounding
//! dhs        2 (X_it - X_i0) / (X_it + X_i0)           in [-2, 2]: entry is 2, exit -2
//! dhs_gap    Σ_pd ω_pd (d_ipd - d^W_pd),   ω the share of the cell in X_i0 + X_it, d and d^W the dhs of x and W
//! ```
//!
//! The growth of Davis, Haltiwanger and Schuh (1996) is defined for cells that open or close, where a ratio or a
//! logarithm is not, and with these weights the cells' add up to that of the unit.
//!
//! **Which cells count.** A cell is covered where the world's trade is known in t, and positive in the base year if the
//! unit served it then. A cell that is not covered leaves expected and actual exports both; `covered` is the share of
//! the base exports that stays. A cell new to the unit is not expected and counts in X.

use super::cells::Cells;
use super::mix::Mix;
use super::records::Records;
use super::rounding::settled;
use super::series::{matched, observed};
use crate::{Error, Kind, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

/// Exports against what the growth of world demand by product and market made one expect.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Counterfactual {
    /// The column of products.
    pub product: String,
    /// The column of markets; without it the cells are products.
    pub market: Option<String>,
    /// The column of export values.
    pub value: String,
    /// The table of world trade, with the columns of products, markets, time and `world_value`; without it `world_value` is a column of the records.
    pub world: Option<String>,
    /// The column of world trade in the cell.
    pub world_value: String,
    /// What of the data the world's trade contains and is taken off: `none`, the `nation` (all units), or the `unit` itself.
    pub subtract: Subtract,
    /// Base year of every comparison; by default each year is compared with the one before.
    pub base_year: Option<i64>,
    /// List the cells with their growth.
    pub cells: bool,
}

/// Which exports the world's trade contains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Subtract {
    /// None: the world is all sources but the nation already.
    #[default]
    None,
    /// The exports of all units of the data.
    Nation,
    /// The exports of the unit itself.
    Unit,
}

/// World trade of one product, market and year, by the codes of the records.
pub type World = HashMap<(u32, u32, i64), f64>;

/// One unit and later year; NaN is missing.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CounterfactualRow {
    /// Code of the unit.
    #[serde(skip)]
    pub unit: u32,
    /// Later year.
    #[serde(skip)]
    pub time: i64,
    /// ln(actual / expected).
    pub resilience: f64,
    /// Martin's form.
    pub martin: f64,
    /// Exports expected in the covered cells.
    pub expected: f64,
    /// Exports in the covered cells.
    pub actual: f64,
    /// Share of the base exports in covered cells.
    pub covered: f64,
    /// Growth of the covered exports, in [-2, 2].
    pub dhs: f64,
    /// The same over that of the world in the same cells.
    pub dhs_gap: f64,
}

/// One cell of one unit and later year.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CellGrowth {
    /// Code of the unit.
    #[serde(skip)]
    pub unit: u32,
    /// Later year.
    #[serde(skip)]
    pub time: i64,
    /// Code of the product.
    #[serde(skip)]
    pub product: u32,
    /// Code of the market; 0 without markets.
    #[serde(skip)]
    pub market: u32,
    /// Exports in the base year.
    pub base: f64,
    /// Exports expected.
    pub expected: f64,
    /// Exports.
    pub actual: f64,
    /// Growth of exports, in [-2, 2].
    pub dhs: f64,
    /// Growth of the world's trade.
    pub dhs_world: f64,
}

/// What the records were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct CounterfactualCount {
    /// Records read.
    pub records: usize,
    /// Records added to an earlier one of the same cell.
    pub duplicates: usize,
    /// Records whose value is zero.
    pub zeros: usize,
    /// Comparisons of two years in which a unit was observed in one only.
    pub unmatched: usize,
    /// Cells compared.
    pub cells: usize,
    /// Cells left out because the world's trade is not known or has no base.
    pub uncovered: usize,
    /// Cells left out because more was taken off the world's trade than it is.
    pub negative: usize,
    /// Comparisons without a measure: nothing expected, or nothing exported.
    pub undefined: usize,
    /// Comparisons without Martin's form: what is expected is what was exported.
    pub unchanged: usize,
}

/// The counterfactual of every unit and year.
#[derive(Debug, Clone, PartialEq)]
pub struct CounterfactualMeasure {
    /// One row a unit and later year, in order of unit code and year.
    pub rows: Vec<CounterfactualRow>,
    /// The covered cells, where asked for.
    pub cells: Vec<CellGrowth>,
    /// Counts.
    pub sample: CounterfactualCount,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// 2(b - a)/(b + a); NaN where both are zero.
fn dhs(a: f64, b: f64) -> f64 {
    2.0 * (b - a) / (b + a)
}

/// The world's trade from a column of the records: NaN is unknown, and the records of a cell must agree.
pub fn world_of(records: &Records, name: &str, world: &[f64]) -> Result<World> {
    if world.len() != records.value.len() {
        return Err(Error::length("the column of world trade", world.len(), records.value.len()).at_column(name));
    }
    let mut first: HashMap<(u32, u32, i64), usize> = HashMap::new();
    for i in (0..world.len()).filter(|&i| !world[i].is_nan()) {
        let market = records.market.as_ref().map_or(0, |m| m.codes[i]);
        let at = *first.entry((records.product.codes[i], market, records.time[i])).or_insert(i);
        if world[i].is_infinite() {
            return Err(Error::new(Kind::NotFinite).at_column(name).at_rows([i]));
        }
        if world[i] < 0.0 {
            let remedy = "correct or drop these records";
            return Err(Error::invalid("world trade is negative", remedy).at_column(name).at_rows([i]));
        }
        if world[at] != world[i] {
            return Err(Error::invalid(
                format!("world trade of one product, market and year is both {} and {}", world[at], world[i]),
                "it must be the same in every record of the cell; give it in a table `world`",
            )
            .at_column(name)
            .at_rows([at, i]));
        }
    }
    Ok(first.into_iter().map(|(key, i)| (key, world[i])).collect())
}

/// Exports of each unit against the growth of world trade in its cells.
pub fn counterfactual(options: &Counterfactual, cells: &Cells, world: &World) -> Result<CounterfactualMeasure> {
    let mix = Mix::new(cells);
    let years = observed(&options.value, &mix.unit, &mix.time, &mix.value)?;
    let mut out = CounterfactualMeasure {
        rows: Vec::new(),
        cells: Vec::new(),
        sample: CounterfactualCount {
            records: cells.count.records,
            duplicates: cells.count.duplicates,
            zeros: cells.count.zeros,
            ..Default::default()
        },
        notes: Vec::new(),
    };
    let spans: Vec<(i64, i64)> = match options.base_year {
        Some(base) if !years.contains_key(&base) => {
            return Err(Error::invalid(format!("no record in {base}, the `base_year`"), "take a year of the data"));
        }
        Some(base) => years.keys().filter(|&&y| y > base).map(|&y| (base, y)).collect(),
        None => {
            (years.keys()).filter_map(|&y| y.checked_sub(1).filter(|b| years.contains_key(b)).map(|b| (b, y))).collect()
        }
    };
    if spans.is_empty() {
        return Err(Error::invalid(
            "no two years to compare in the data",
            "check `time`, or set `base_year` to a year before others",
        ));
    }
    for (from, to) in spans {
        let (pairs, unmatched) = matched(&years[&from], &years[&to]);
        out.sample.unmatched += unmatched;
        out.compare(options, &mix, &pairs, [from, to], world);
    }
    out.rows.sort_by_key(|r| (r.unit, r.time));
    out.cells.sort_by_key(|c| (c.unit, c.time, c.product, c.market));
    out.note();
    Ok(out)
}

/// Sums of one unit over its covered cells.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    base: f64,
    expected: f64,
    actual: f64,
    /// Sizes of what `expected - base` is made of, and their number.
    size: f64,
    terms: usize,
    /// Σ (x0 + x1)(d - d^W), and the weights in it.
    gap: f64,
    weight: f64,
}

impl CounterfactualMeasure {
    fn compare(
        &mut self,
        options: &Counterfactual,
        mix: &Mix,
        pairs: &[(usize, usize)],
        [from, to]: [i64; 2],
        world: &World,
    ) {
        let mut sums = vec![Sums::default(); pairs.len()];
        // All units of a year take part in what is taken off, those that are not compared too.
        let nation = match options.subtract {
            Subtract::Nation => [from, to].map(|year| mix.totals(year)),
            _ => [BTreeMap::new(), BTreeMap::new()],
        };
        for cell in mix.changes(pairs) {
            let own = |last: usize| match options.subtract {
                Subtract::None => 0.0,
                Subtract::Nation => nation[last].get(&cell.key).copied().unwrap_or(0.0),
                Subtract::Unit => [cell.x0, cell.x1][last],
            };
            let trade = |last: usize| {
                world.get(&(cell.key.0, cell.key.1, [from, to][last])).map(|&w| {
                    let rest = w - own(last);
                    // Exports that are all of the world's trade leave nothing but rounding.
                    (if rest.abs() <= 1e-9 * w { 0.0 } else { rest }, w)
                })
            };
            self.sample.cells += 1;
            let (world0, world1) = (trade(0), trade(1));
            let [w0, w1] = [world0, world1].map(|w| w.map(|(rest, _)| rest));
            if w0.is_some_and(|w| w < 0.0) || w1.is_some_and(|w| w < 0.0) {
                self.sample.negative += 1;
                continue;
            }
            let growth = match (cell.x0 > 0.0, w0, w1) {
                (true, Some(w0), Some(w1)) if w0 > 0.0 => w1 / w0,
                (false, _, Some(_)) => 0.0,
                _ => {
                    self.sample.uncovered += 1;
                    continue;
                }
            };
            let expected = cell.x0 * growth;
            let (d, world_d) = (dhs(cell.x0, cell.x1), dhs(w0.unwrap_or(f64::NAN), w1.unwrap_or(f64::NAN)));
            let s = &mut sums[cell.pair];
            s.base += cell.x0;
            s.expected += expected;
            s.actual += cell.x1;
            s.terms += 1;
            // A rest of the world's trade is off by the rounding of all of it.
            if let (Some((rest0, all0)), Some((_, all1))) = (world0, world1)
                && rest0 > 0.0
            {
                s.size += cell.x0 * (1.0 + all1 / rest0 + growth * (all0 / rest0));
            }
            if !world_d.is_nan() && cell.x0 + cell.x1 > 0.0 {
                s.gap += (cell.x0 + cell.x1) * (d - world_d);
                s.weight += cell.x0 + cell.x1;
            }
            if options.cells {
                self.cells.push(CellGrowth {
                    unit: mix.unit.codes[pairs[cell.pair].1],
                    time: to,
                    product: cell.key.0,
                    market: cell.key.1,
                    base: cell.x0,
                    expected,
                    actual: cell.x1,
                    dhs: d,
                    dhs_world: world_d,
                });
            }
        }
        for (s, &(first, last)) in sums.iter().zip(pairs) {
            let change = settled(s.expected - s.base, s.size, s.terms);
            let defined = s.expected > 0.0 && s.actual > 0.0;
            self.sample.undefined += usize::from(!defined);
            self.sample.unchanged += usize::from(s.base > 0.0 && change == 0.0);
            let missing_unless = |yes: bool, v: f64| if yes { v } else { f64::NAN };
            self.rows.push(CounterfactualRow {
                unit: mix.unit.codes[last],
                time: to,
                resilience: missing_unless(defined, (s.actual / s.expected).ln()),
                martin: missing_unless(s.base > 0.0 && change != 0.0, (s.actual - s.expected) / change.abs()),
                expected: missing_unless(s.base > 0.0, s.expected),
                actual: s.actual,
                covered: missing_unless(mix.value[first] > 0.0, s.base / mix.value[first]),
                dhs: dhs(s.base, s.actual),
                dhs_gap: missing_unless(s.weight > 0.0, s.gap / s.weight),
            });
        }
    }

    fn note(&mut self) {
        let CounterfactualCount { unmatched, uncovered, negative, undefined, unchanged, duplicates, .. } = self.sample;
        for (count, what) in [
            (unmatched, "comparisons lack one of the two years: the unit is left out"),
            (
                uncovered,
                "cells are left out: world trade is not known in them, or zero in the base year (see `covered`)",
            ),
            (
                negative,
                "cells are left out: less world trade than what `subtract` takes off (check the units of value)",
            ),
            (undefined, "comparisons have nothing expected or nothing exported in covered cells: ln is missing"),
            (unchanged, "comparisons expect no change, within rounding: `martin`, which divides by it, is missing"),
            (duplicates, "records repeat a cell and were added to it"),
        ] {
            if count > 0 {
                self.notes.push(format!("{count} {what}"));
            }
        }
    }
}
