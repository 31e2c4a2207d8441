//! Shift-share: the change of a unit's exports taken apart into the nation's growth, its mix, and its own.
//!
//! Between two years, with X_ik the exports of unit i in product k, G the growth of the nation's exports and g_k that
//! of product k in the nation:
//!
//! ```text
//! change     ΔX_i = national + mix + residual
//! national   G X_i0                              national growth effect
//! mix        Σ_k (g_k - G) X_ik0                 industrial mix effect
//! residual   Σ_k [X_ik1 - (1 + g_k) X_ik0]       regional (competitive) shift
//! ```
//!
//! The residual is Σ_k (g_ik - g_k) X_ik0 written so that products new to the unit (X_ik0 = 0), or new to the nation,
//! count. `residual_rate`, the residual over X_i0, is resilience net of the mix. Over all units mix and residual sum
//! to zero together; the residual alone does where no product is new to the nation.
//!
//! Dunn (1960), "A statistical and analytical technique for regional analysis", Papers of the Regional Science
//! Association 6. The dynamic form re-bases every year and adds the years up (Barff and Knight 1988, Growth and Change
//! 19(2)), because the mix at the start of a long window is not that of its end. Esteban-Marquillas (1972), Regional
//! and Urban Economics 2(3), frees the residual from the mix with the homothetic exports X̂_ik = X_i0 X_Nk0 / X_N0 that
//! i would have with the nation's mix:
//!
//! ```text
//! competitive    Σ_k X̂_ik (g_ik - g_k)             over the products with X_ik0 > 0
//! allocation     Σ_k (X_ik0 - X̂_ik)(g_ik - g_k)    specialized in what one is good at
//! new_products   Σ_k X_ik1                          over the products with X_ik0 = 0
//! residual       = competitive + allocation + new_products
//! ```
//!
//! The nation is the sum of the units observed in both years.

use super::cells::Cells;
use super::mix::{Change, Mix};
use super::resilience::growth::growth;
use super::series::{Years, matched, observed};
use crate::{Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Change of exports by the nation's growth, the mix of products, and the unit's own.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ShiftShare {
    /// The column of products, in long records.
    pub product: String,
    /// The column of markets, in long records: then each pair of product and market has its own growth.
    pub market: Option<String>,
    /// The column of values, in long records.
    pub value: String,
    /// For wide data instead of `product` and `value`: the columns of values, one a product.
    pub columns: Vec<String>,
    /// First year; by default the first of the data.
    pub from: Option<i64>,
    /// Last year; by default the last of the data.
    pub to: Option<i64>,
    /// `static`: once between `from` and `to`; `dynamic`: between each year and the next, and added up.
    pub form: ShiftShareForm,
    /// Take the residual apart into competitive effect and allocation (Esteban-Marquillas).
    pub allocation: bool,
}

/// How often the base moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ShiftShareForm {
    /// One comparison of the two years.
    #[default]
    Static,
    /// A comparison for each year with the one before.
    Dynamic,
}

/// The parts of one unit's change, under the later year; NaN is missing.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ShiftShareRow {
    /// Code of the unit.
    #[serde(skip)]
    pub unit: u32,
    /// Later year.
    #[serde(skip)]
    pub time: i64,
    /// Regional shift.
    pub residual: f64,
    /// National growth effect.
    pub national: f64,
    /// Industrial mix effect.
    pub mix: f64,
    /// Change of exports: the sum of the three.
    pub change: f64,
    /// Residual over the exports of the earlier year; missing where they are zero.
    pub residual_rate: f64,
    /// Part of the residual that the nation's mix would have had.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub competitive: Option<f64>,
    /// Part of the residual from specialization.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allocation: Option<f64>,
    /// Part of the residual from products new to the unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_products: Option<f64>,
}

/// What the records were, and what was compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct ShiftShareCount {
    /// Records read.
    pub records: usize,
    /// Records added to an earlier one of the same cell.
    pub duplicates: usize,
    /// Records whose value is zero.
    pub zeros: usize,
    /// Comparisons of two years made.
    pub comparisons: usize,
    /// Comparisons in which a unit was observed in one year only.
    pub unmatched: usize,
    /// Cells that are new to the nation.
    pub new_to_nation: usize,
}

/// Shift-share of every unit.
#[derive(Debug, Clone, PartialEq)]
pub struct ShiftShareMeasure {
    /// One row a unit and later year, in order of unit code and year.
    pub rows: Vec<ShiftShareRow>,
    /// Under `form = dynamic` the sum of the years of each unit; missing where a year is.
    pub totals: Vec<ShiftShareRow>,
    /// What the records were.
    pub sample: ShiftShareCount,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// Shift-share of each unit of the cells.
pub fn shift_share(options: &ShiftShare, cells: &Cells) -> Result<ShiftShareMeasure> {
    let mix = Mix::new(cells);
    let years = observed(&options.value, &mix.unit, &mix.time, &mix.value)?;
    let spans = spans(options, &years)?;
    let mut sample = ShiftShareCount {
        records: cells.count.records,
        duplicates: cells.count.duplicates,
        zeros: cells.count.zeros,
        ..Default::default()
    };
    let mut rows = Vec::new();
    for &(from, to) in &spans {
        let (pairs, unmatched) = matched(&years[&from], &years[&to]);
        sample.unmatched += unmatched;
        sample.comparisons += pairs.len();
        let total: f64 = pairs.iter().map(|&(first, _)| mix.value[first]).sum();
        if total <= 0.0 {
            return Err(Error::invalid(
                format!("the {} units observed in {from} and in {to} export nothing in {from}", pairs.len()),
                "take other years: growth needs a base",
            ));
        }
        let (parts, new) = parts(&mix, &pairs, options.allocation);
        sample.new_to_nation += new;
        rows.extend(parts);
    }
    rows.sort_by_key(|r| (r.unit, r.time));
    let totals = match options.form {
        ShiftShareForm::Static => Vec::new(),
        ShiftShareForm::Dynamic => {
            let first = &years[&spans[0].0];
            totals(&rows, &spans, |unit| first.get(&unit).map_or(f64::NAN, |&row| mix.value[row]))
        }
    };
    let mut notes = vec![match options.form {
        ShiftShareForm::Static => format!("one comparison, {} with {}", spans[0].1, spans[0].0),
        ShiftShareForm::Dynamic => {
            format!("each of the years {} to {} with the year before", spans[0].1, spans[spans.len() - 1].1)
        }
    }];
    for (count, what) in [
        (
            sample.unmatched,
            "comparisons lack one of the two years: the unit is left out, and out of the nation's growth",
        ),
        (
            sample.new_to_nation,
            "cells are new to the nation: nothing of them is expected, and all counts in the residual",
        ),
        (sample.duplicates, "records repeat a cell and were added to it"),
    ] {
        if count > 0 {
            notes.push(format!("{count} {what}"));
        }
    }
    Ok(ShiftShareMeasure { rows, totals, sample, notes })
}

/// The pairs of years to compare.
fn spans(options: &ShiftShare, years: &Years) -> Result<Vec<(i64, i64)>> {
    let ends = [years.keys().next(), years.keys().next_back()].map(|y| y.copied().unwrap_or_default());
    let (from, to) = (options.from.unwrap_or(ends[0]), options.to.unwrap_or(ends[1]));
    if from >= to {
        return Err(Error::invalid(
            format!("`from` is {from} and `to` is {to}: there is no change between them"),
            "give two years of the data, the first before the second",
        ));
    }
    for year in [from, to] {
        if !years.contains_key(&year) {
            return Err(Error::invalid(format!("no record in {year}"), "take years of the data for `from` and `to`"));
        }
    }
    if options.form == ShiftShareForm::Static {
        return Ok(vec![(from, to)]);
    }
    let inside: Vec<i64> = years.range(from..=to).map(|(&y, _)| y).collect();
    match inside.windows(2).find(|w| w[1] - w[0] != 1) {
        None => Ok(inside.windows(2).map(|w| (w[0], w[1])).collect()),
        Some(gap) => Err(Error::invalid(
            format!("no record between {} and {}: the dynamic form needs every year", gap[0], gap[1]),
            "set `form = \"static\"`, or take years without a gap",
        )),
    }
}

/// The parts of each pair, and the cells new to the nation.
fn parts(mix: &Mix, pairs: &[(usize, usize)], allocation: bool) -> (Vec<ShiftShareRow>, usize) {
    let sum = |last: bool| pairs.iter().map(|&(a, b)| mix.value[if last { b } else { a }]).sum::<f64>();
    let (base, end) = (sum(false), sum(true));
    let G = growth(end, base, pairs.len());
    let mut rows: Vec<ShiftShareRow> = (pairs.iter())
        .map(|&(a, b)| ShiftShareRow {
            unit: mix.unit.codes[b],
            time: mix.time[b],
            residual: 0.0,
            national: G * mix.value[a],
            mix: 0.0,
            change: mix.value[b] - mix.value[a],
            residual_rate: f64::NAN,
            competitive: allocation.then_some(0.0),
            allocation: allocation.then_some(0.0),
            new_products: allocation.then_some(0.0),
        })
        .collect();
    let mut new = 0;
    let changes = mix.changes(pairs);
    for cells in changes.chunk_by(|a, b| a.key == b.key) {
        let total = |part: fn(&Change) -> f64| cells.iter().map(part).sum::<f64>();
        let (before, after) = (total(|c| c.x0), total(|c| c.x1));
        new += usize::from(before == 0.0 && after > 0.0);
        // Nothing is expected of a product that the nation did not export.
        let g = if before > 0.0 { growth(after, before, cells.len()) } else { 0.0 };
        for cell in cells {
            let row = &mut rows[cell.pair];
            let own = cell.x1 - cell.x0 * (1.0 + g);
            row.mix += (g - G) * cell.x0;
            row.residual += own;
            if !allocation {
                continue;
            }
            let add = |part: &mut Option<f64>, v: f64| *part = part.map(|p| p + v);
            match cell.x0 > 0.0 {
                true => {
                    let homothetic = mix.value[pairs[cell.pair].0] * (before / base);
                    add(&mut row.competitive, homothetic * (own / cell.x0));
                    add(&mut row.allocation, (cell.x0 - homothetic) * (own / cell.x0));
                }
                false => add(&mut row.new_products, cell.x1),
            }
        }
    }
    for (row, &(a, _)) in rows.iter_mut().zip(pairs) {
        row.residual_rate = if mix.value[a] > 0.0 { row.residual / mix.value[a] } else { f64::NAN };
    }
    (rows, new)
}

/// The sums over the years; a unit without a row for each comparison has none.
fn totals(rows: &[ShiftShareRow], spans: &[(i64, i64)], base: impl Fn(u32) -> f64) -> Vec<ShiftShareRow> {
    let last = spans[spans.len() - 1].1;
    rows.chunk_by(|a, b| a.unit == b.unit)
        .map(|years| {
            let whole = years.len() == spans.len();
            let sum = |part: &dyn Fn(&ShiftShareRow) -> f64| -> f64 {
                if whole { years.iter().map(part).sum() } else { f64::NAN }
            };
            let option = |part: fn(&ShiftShareRow) -> Option<f64>| {
                part(&years[0]).map(|_| sum(&|r| part(r).unwrap_or(f64::NAN)))
            };
            let (base, residual) = (base(years[0].unit), sum(&|r| r.residual));
            ShiftShareRow {
                unit: years[0].unit,
                time: last,
                residual,
                national: sum(&|r| r.national),
                mix: sum(&|r| r.mix),
                change: sum(&|r| r.change),
                residual_rate: if base > 0.0 { residual / base } else { f64::NAN },
                competitive: option(|r| r.competitive),
                allocation: option(|r| r.allocation),
                new_products: option(|r| r.new_products),
            }
        })
        .collect()
}
