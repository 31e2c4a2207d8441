//! Entries into products: whether a unit moves to what is near to what it already has.
//!
//! A candidate of unit c at t is a product that the unit has no advantage in at t - `lag` (or whose RCA is below
//! `absent_below`); it is an entry when the unit has the advantage at t. With the density d_cp of
//! [`super::product_space`] at t - `lag`,
//!
//! ```text
//! entry_rate       entries / candidates
//! entry_density    mean d_cp of the entries
//! rest_density     mean d_cp of the candidates that were not entered
//! density_gap      entry_density - rest_density
//! ```
//!
//! and over all units and years the slope β of path dependence,
//!
//! ```text
//! entry_cpt = β d_cp,t-lag + α_ct + γ_pt + ε_cpt
//! ```
//!
//! by least squares, with standard errors clustered by unit: V = G/(G - 1) Σ_c (Σ d̃ ẽ)² / (Σ d̃²)², where a tilde is
//! what unit-year and product-year effects leave. A product that is near to what a unit has is also near to what
//! everybody has; the two effects take out that some units enter much and some products spread everywhere.
//!
//! Hidalgo, Klinger, Barabási and Hausmann (2007), Science 317; Boschma, Minondo and Navarro (2013), "The emergence of
//! new industries at the regional level in Spain", Economic Geography 89.

use super::cells::{Basket, Cells};
use super::complexity::Diagonal;
use super::product_space::density;
use super::rca::{Advantage, Export, RcaThreshold, Rule, exports};
use crate::absorb::Absorber;
use crate::{Error, Factor, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Entries of units into products, and how near these are to what the units had.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Entries {
    /// The column of products.
    pub product: String,
    /// The column of values; records of one unit, year and product are added up.
    pub value: String,
    /// From which RCA on a unit has the advantage: `>=1`, `>1`, or another number.
    pub rca_threshold: RcaThreshold,
    /// RCA below which a product is a candidate; any without the advantage by default, 0.5 leaves out what is almost there.
    pub absent_below: Option<f64>,
    /// Years between the basket that is left and the one that is reached.
    pub lag: u32,
    /// Exports below which a unit is left out of the year, before RCA is taken.
    pub min_exports: f64,
    /// Whether density takes a product as near to itself: `one`, or `zero`.
    pub density_diagonal: Diagonal,
}

impl Default for Entries {
    fn default() -> Self {
        Entries {
            product: String::new(),
            value: String::new(),
            rca_threshold: RcaThreshold::default(),
            absent_below: None,
            lag: 1,
            min_exports: 0.0,
            density_diagonal: Diagonal::One,
        }
    }
}

/// Entries of one unit and year.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EntriesRow {
    /// Code of the unit.
    #[serde(skip)]
    pub unit: u32,
    /// Year.
    #[serde(skip)]
    pub time: i64,
    /// How much nearer the entries were: the difference of the two means that follow.
    pub density_gap: f64,
    /// Mean density of the entries; missing without one.
    pub entry_density: f64,
    /// Mean density of the candidates that were not entered.
    pub rest_density: f64,
    /// Entries over candidates.
    pub entry_rate: f64,
    /// Products entered.
    pub entries: usize,
    /// Products that could be entered.
    pub candidates: usize,
}

/// The slope of entry on density, all years together.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Slope {
    /// Change in the probability of entry per unit of density.
    pub slope: f64,
    /// Standard error clustered by unit.
    pub std_error: f64,
    /// Cells: units × candidates, over the years.
    pub nobs: usize,
    /// Units, the clusters.
    pub units: usize,
}

/// Entries of every unit and year that has a basket `lag` years before.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EntriesMeasure {
    /// One row a unit and year, in order of year and unit code.
    pub rows: Vec<EntriesRow>,
    /// The slope; none where entries or densities do not vary within units and products.
    pub slope: Option<Slope>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// Entries in each year of the cells; markets are added up.
pub fn entries(options: &Entries, cells: &Cells) -> Result<EntriesMeasure> {
    let threshold = options.rca_threshold;
    if options.lag == 0 {
        return Err(Error::invalid("`lag = 0` compares a year with itself", "set `lag = 1` or more"));
    }
    if let Some(below) = options.absent_below.filter(|below| !(*below > 0.0 && *below <= threshold.value)) {
        return Err(Error::invalid(
            format!("`absent_below = {below}` is not between 0 and the threshold {threshold}"),
            "set 0.5, or leave it out",
        ));
    }
    let rule = Rule { threshold, min_exports: options.min_exports, ..Rule::default() };
    let years = cells.by_year();
    let graph = |year: &i64| -> Result<Option<Advantage>> {
        let Some(baskets) = years.get(year) else { return Ok(None) };
        let cells: Vec<Export> = baskets.iter().flat_map(exports).collect();
        Advantage::new(&cells, rule).map(Some)
    };
    let mut out = EntriesMeasure::default();
    let mut sums = Sums::default();
    let mut held: BTreeMap<i64, Advantage> = BTreeMap::new();
    let (mut pairs, mut without) = (0, 0);
    for &time in years.keys() {
        let Some(now) = graph(&time)? else { continue };
        let start = time.checked_sub(i64::from(options.lag));
        match start.and_then(|start| held.remove(&start)) {
            Some(before) => {
                let candidates = Candidates::of(options, &before, &now, &years[&time]);
                out.rows.extend(candidates.rows(time, &before));
                sums.add(&candidates, &before)?;
                pairs += 1;
            }
            None => without += 1,
        }
        held.retain(|&earlier, _| start.is_none_or(|start| earlier > start));
        held.insert(time, now);
    }
    let span = if options.lag == 1 { "a year".into() } else { format!("{} years", options.lag) };
    if out.rows.is_empty() {
        return Err(match pairs {
            0 => {
                let remedy = "give more years, or set another `lag`";
                Error::invalid(format!("no year has another {span} before it"), remedy)
            }
            _ => Error::invalid("no unit has a product that it could enter", "name finer products"),
        });
    }
    out.slope = sums.slope();
    let absent =
        options.absent_below.map_or("without the advantage".into(), |below| format!("with an RCA below {below}"));
    out.notes.push(format!(
        "candidates are products {absent} {span} before, entries those of them with an RCA {threshold} at the year; {without} years have none {span} before"
    ));
    if out.slope.is_none() {
        out.notes.push("no slope: entries or densities do not vary within units and products".into());
    }
    Ok(out)
}

/// Units in both years and the products that they did not have.
struct Candidates {
    /// Positions of unit and product in the earlier graph.
    cells: Vec<(u32, u32)>,
    density: Vec<f64>,
    entered: Vec<bool>,
}

impl Candidates {
    fn of(options: &Entries, before: &Advantage, now: &Advantage, baskets: &[Basket]) -> Candidates {
        let (d, _) = density(before, if options.density_diagonal == Diagonal::One { 1.0 } else { 0.0 });
        let mut found = Candidates { cells: Vec::new(), density: Vec::new(), entered: Vec::new() };
        for (c, unit) in before.units.iter().enumerate() {
            // A unit that later exports nothing, or too little to be in the graph, has entered nothing and stayed out of
            // nothing; one that exports without an advantage has stayed out of all.
            let at = now.units.binary_search(unit).ok();
            let of_unit = baskets.iter().filter(|b| b.unit == *unit).flat_map(|b| b.cells);
            let exported: f64 = of_unit.map(|c| c.value).sum();
            if at.is_none() && (exported <= 0.0 || exported < options.min_exports) {
                continue;
            }
            for (p, product) in before.products.iter().enumerate() {
                // Without density (a product near no other) nearness cannot be told.
                let rca = before.rca[(c, p)];
                let absent = options.absent_below.map_or(!options.rca_threshold.passes(rca), |below| rca < below);
                if absent && !d[(c, p)].is_nan() {
                    let has = |q: usize| at.is_some_and(|at| now.of_unit[at].binary_search(&q).is_ok());
                    found.cells.push((c as u32, p as u32));
                    found.density.push(d[(c, p)]);
                    found.entered.push(now.products.binary_search(product).is_ok_and(has));
                }
            }
        }
        found
    }

    /// The measures of each unit.
    fn rows(&self, time: i64, before: &Advantage) -> Vec<EntriesRow> {
        let mut rows = Vec::new();
        let mut start = 0;
        for of_unit in self.cells.chunk_by(|a, b| a.0 == b.0) {
            let range = start..start + of_unit.len();
            start = range.end;
            let entries = range.clone().filter(|&i| self.entered[i]).count();
            let mean = |entered: bool, n: usize| {
                let of = range.clone().filter(|&i| self.entered[i] == entered).map(|i| self.density[i]);
                of.sum::<f64>() / n as f64
            };
            let candidates = range.len();
            let (entry_density, rest_density) = (mean(true, entries), mean(false, candidates - entries));
            rows.push(EntriesRow {
                unit: before.units[of_unit[0].0 as usize],
                time,
                density_gap: entry_density - rest_density,
                entry_density,
                rest_density,
                entry_rate: entries as f64 / candidates as f64,
                entries,
                candidates,
            });
        }
        rows
    }
}

/// Cross products of what the effects leave: those of years add up, because no effect spans two.
#[derive(Default)]
struct Sums {
    /// Σ d̃² and Σ d̃ ỹ of each unit.
    of_unit: BTreeMap<u32, [f64; 2]>,
    nobs: usize,
    /// Rows less the rank of the effects.
    free: usize,
    /// Σ d² and Σ ỹ², to tell a density that effects explain, and entries that never happen, from rounding.
    raw: f64,
    left: f64,
}

impl Sums {
    fn add(&mut self, candidates: &Candidates, before: &Advantage) -> Result<()> {
        let n = candidates.cells.len();
        if n == 0 {
            return Ok(());
        }
        let unit = Factor::from_keys("unit", candidates.cells.iter().map(|c| c.0));
        let product = Factor::from_keys("product", candidates.cells.iter().map(|c| c.1));
        let absorber = Absorber::new(&[unit, product], &[], None)?;
        self.free += n - absorber.rank().unwrap_or(n);
        self.raw += candidates.density.iter().map(|d| d * d).sum::<f64>();
        let entered = candidates.entered.iter().map(|&e| f64::from(u8::from(e))).collect();
        let mut columns = [candidates.density.clone(), entered];
        absorber.demean(&mut columns)?;
        for (i, &(c, _)) in candidates.cells.iter().enumerate() {
            let (d, y) = (columns[0][i], columns[1][i]);
            let sums = self.of_unit.entry(before.units[c as usize]).or_default();
            sums[0] += d * d;
            sums[1] += d * y;
            self.left += y * y;
        }
        self.nobs += n;
        Ok(())
    }

    fn slope(&self) -> Option<Slope> {
        let total = |k: usize| self.of_unit.values().map(|s| s[k]).sum::<f64>();
        let (dd, units) = (total(0), self.of_unit.len());
        // What absorption leaves of an explained column is rounding, eight digits below the column at most. One row beyond
        // the effects is fitted exactly.
        if dd <= 1e-16 * self.raw || self.left <= 1e-16 * self.nobs as f64 || self.free < 2 || units < 2 {
            return None;
        }
        let slope = total(1) / dd;
        let meat: f64 = self.of_unit.values().map(|s| (s[1] - slope * s[0]).powi(2)).sum();
        let g = units as f64;
        Some(Slope { slope, std_error: (g / (g - 1.0) * meat).sqrt() / dd, nobs: self.nobs, units })
    }
}
