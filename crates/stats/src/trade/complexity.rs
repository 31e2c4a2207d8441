//! Economic and product complexity from the graph of who has an advantage in what, year by year.
//!
//! With M from [`super::rca`], diversity k_c = Σ_p M and ubiquity k_p = Σ_c M, the complexity of a unit is the mean
//! complexity of its products and the other way round, up to scale (Hidalgo and Hausmann 2009, PNAS 106(26)):
//! the ECI is the second eigenvector of D_c⁻¹ M D_p⁻¹ M′. That matrix is similar to the symmetric
//!
//! ```text
//! S = D_c^(-1/2) M D_p⁻¹ M′ D_c^(-1/2),   S u = λ u,   ECI ∝ D_c^(-1/2) u₂,   PCI ∝ (1/λ₂) D_p⁻¹ M′ ECI
//! ```
//!
//! which has real eigenvalues 1 = λ₁ > λ₂ ≥ … ≥ 0 and orthogonal vectors, so that no digit is lost to an
//! unsymmetric solver. ECI has mean 0 and variance 1 over the units of the year; its sign is that of its
//! correlation with diversity, after the first year that of its rank correlation with the year before. If the graph
//! falls into parts, λ₂ = 1 and the vector only tells the parts apart: refused, unless `components = "largest"`. A
//! small gap λ₂ - λ₃ makes the ranking fragile, which is why both are reported.
//!
//! `reflections` repeats the averages a fixed number of times instead, k_c,N = D_c⁻¹ M k_p,N-1, and `fitness` is the
//! non-linear map of Tacchella, Cristelli, Caldarelli, Gabrielli and Pietronero (2012), Scientific Reports 2:
//! F = M Q, Q = 1 / (M′ (1/F)), each over its mean. `external` takes the PCI from elsewhere, as from world trade for
//! the cities of one nation: ECI is its mean over the products of the advantage.

mod bootstrap;
mod results;
mod scale;

pub use results::*;

use super::bipartite::{Eigen, eigen, fitness_map, rank_correlation, ranks, reflections};
use super::concentration::at_value;
use super::product_space::{density, gain, outlook, proximity, strength};
use super::rca::{Advantage, Presence, RcaThreshold, Rule};
use super::records::{Cell, Records};
use scale::{Index, moments};
use crate::{Error, Kind, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Complexity of units and products, by year.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Complexity {
    /// The column of products.
    pub product: String,
    /// The column of values; records of one unit, year and product are added up.
    pub value: String,
    /// From which RCA on a unit has the advantage: `>=1`, `>1` (as Stata's ecomplexity), or another number.
    pub rca_threshold: RcaThreshold,
    /// Exports below which a unit is left out of the year, before RCA is taken.
    ///
    /// Tiny exporters have large RCA by accident and can rank first.
    pub min_exports: f64,
    /// What makes a unit present in a product: its `rca`, its `rpop` (exports per head over those of all), or `either`.
    pub presence: Presence,
    /// The column of the population of the unit and year, for `rpop` and `either`.
    pub population: Option<String>,
    /// What becomes of a graph in parts: `refuse`, or the `largest` part only.
    ///
    /// `fitness` and `external` do not ask for a graph in one part.
    pub components: Components,
    /// How complexity is found: `eigen`, `reflections` (repeated averages), `fitness`, or `external` (the mean PCI of
    /// `pci_column`).
    pub method: Method,
    /// Steps of `reflections` (an even number) and of `fitness`.
    pub iterations: usize,
    /// Ends `fitness` when the order of the units has been the same for so many steps; `iterations` is then the limit,
    /// and an order that is not stable by then is refused.
    pub stable: Option<usize>,
    /// Sign of the ECI after the first year: of its rank correlation with the earlier year (`previous`), or, as in the
    /// first, of its correlation with `diversity`.
    pub sign: Sign,
    /// The table with the PCI of each product (and time, where it has that column), for `external`; left out when the
    /// records have it.
    pub pci: Option<String>,
    /// The column of the PCI.
    pub pci_column: Option<String>,
    /// Scale of the PCI: `eci` (the ECI's mean and sd: ECI is the mean PCI of a unit's products), `own` (mean 0, sd 1),
    /// or `mean_eci` (the mean ECI of a product's exporters).
    pub pci_scale: PciScale,
    /// Standard deviation behind the ECI: `population`, `sample`, or `stata` (over the rows unit x product).
    pub standardize: Standardize,
    /// Whether density takes a product as near to itself: `one`, or `zero`.
    pub density_diagonal: Diagonal,
    /// Whether to give RCA, density and outlook gain of every unit and product.
    pub cells: bool,
    /// Whether to give the proximity of every pair of products.
    pub proximity: bool,
    /// Bootstrap replications behind intervals of the ranks; none by default.
    pub replications: usize,
    /// What a replication draws: `products` of the year, or its `records` (cells of unit and product).
    pub resample: Resample,
}

impl Default for Complexity {
    fn default() -> Self {
        Complexity {
            product: String::new(),
            value: String::new(),
            rca_threshold: RcaThreshold::default(),
            min_exports: 0.0,
            presence: Presence::Rca,
            population: None,
            components: Components::Refuse,
            method: Method::Eigen,
            iterations: 20,
            stable: None,
            sign: Sign::Previous,
            pci: None,
            pci_column: None,
            pci_scale: PciScale::Eci,
            standardize: Standardize::Population,
            density_diagonal: Diagonal::One,
            cells: false,
            proximity: false,
            replications: 0,
            resample: Resample::Products,
        }
    }
}

/// How complexity is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// The second eigenvector.
    #[default]
    Eigen,
    /// A fixed number of averages.
    Reflections,
    /// The non-linear map of fitness and complexity.
    Fitness,
    /// The mean of a PCI that is given.
    External,
}

/// What becomes of a graph in parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Components {
    /// An error.
    #[default]
    Refuse,
    /// The part with the most units stays.
    Largest,
}

/// What sets the sign of the ECI after the first year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sign {
    /// Rank correlation with the earlier year.
    #[default]
    Previous,
    /// Correlation with diversity.
    Diversity,
}

/// What a replication draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Resample {
    /// Products.
    #[default]
    Products,
    /// Cells of unit and product.
    Records,
}

/// Scale of the product complexity index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PciScale {
    /// The ECI's mean and standard deviation.
    #[default]
    Eci,
    /// Mean zero and unit variance over products.
    Own,
    /// Mean ECI of the exporters.
    MeanEci,
}

/// Which standard deviation is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standardize {
    /// Divided by n.
    #[default]
    Population,
    /// Divided by n - 1.
    Sample,
    /// Divided by n - 1 with n the number of units times products.
    Stata,
}

/// Proximity of a product to itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Diagonal {
    /// One.
    #[default]
    One,
    /// Zero.
    Zero,
}

/// What is known beside the records, one number each; NaN where it is not known.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Beside {
    /// Population of the unit and year.
    pub population: Option<Vec<f64>>,
    /// PCI of the product and year.
    pub pci: Option<Vec<f64>>,
    /// Seed of the bootstrap.
    pub seed: u64,
}

/// Complexity in each year of the records; markets and duplicates are added up.
pub fn complexity(options: &Complexity, records: &Records, beside: &Beside) -> Result<ComplexityMeasure> {
    check(options, beside)?;
    let (cells, _) = records.cells().map_err(|e| at_value(e, &options.value))?;
    let population = match &beside.population {
        Some(values) => {
            let located = |e: Error| e.at_column(options.population.as_deref().unwrap_or("population"));
            let bad: Vec<usize> = (0..values.len()).filter(|&i| values[i] <= 0.0).collect();
            if !bad.is_empty() {
                let e = Error::invalid("population must be positive", "leave it empty where it is unknown");
                return Err(located(e.at_rows(bad)));
            }
            let key = |i: usize| (records.time[i], records.unit.codes[i]);
            by_year(records.one_value(values, key, "a unit and year").map_err(located)?)
        }
        None => BTreeMap::new(),
    };
    let pci = match &beside.pci {
        Some(values) => {
            let located = |e: Error| e.at_column(options.pci_column.as_deref().unwrap_or("pci_column"));
            let key = |i: usize| (records.time[i], records.product.codes[i]);
            by_year(records.one_value(values, key, "a product and year").map_err(located)?)
        }
        None => BTreeMap::new(),
    };
    let mut years: BTreeMap<i64, Vec<Cell>> = BTreeMap::new();
    for cell in cells {
        years.entry(cell.time).or_default().push(cell);
    }
    let several = years.len() > 1;
    let mut out = ComplexityMeasure::default();
    let mut previous: Vec<(u32, f64)> = Vec::new();
    let none = BTreeMap::new();
    for (time, cells) in years {
        let (population, pci) = (population.get(&time).unwrap_or(&none), pci.get(&time).unwrap_or(&none));
        let year = Year { options, time, cells: &cells, population, pci, seed: beside.seed };
        previous = year.measure(&previous, &mut out).map_err(|e| if several { in_year(e, time) } else { e })?;
    }
    let (units, products) = out.years.iter().fold((0, 0), |(u, p), y| (u + y.dropped_units, p + y.dropped_products));
    if units + products > 0 {
        out.notes.push(format!(
            "without an index over all years: {units} units (too small, no exports or no advantage), {products} products (nobody has the advantage)"
        ));
    }
    out.notes.push(match options.min_exports {
        0.0 => "no unit is left out for small exports (`min_exports = 0`)".into(),
        least => format!("units that export less than {least} in a year are left out (`min_exports`)"),
    });
    Ok(out)
}

/// Refuses options that do not go together.
fn check(options: &Complexity, beside: &Beside) -> Result<()> {
    let odd = options.iterations % 2 == 1 && options.method == Method::Reflections;
    if odd || options.iterations == 0 {
        return Err(Error::invalid(
            format!("`iterations = {}`; reflections need an even number, fitness at least one", options.iterations),
            "set `iterations = 20`",
        ));
    }
    if !(options.min_exports.is_finite() && options.min_exports >= 0.0) {
        return Err(Error::invalid("`min_exports` must be zero or more", "give an amount in the unit of the values"));
    }
    let by_people = options.presence != Presence::Rca;
    for (wrong, message, remedy) in [
        (by_people && beside.population.is_none(), "RPOP without populations", "set `population` to their column"),
        (!by_people && beside.population.is_some(), "`population` has no use under RCA", "set `presence = \"rpop\"`"),
        (
            options.method == Method::External && beside.pci.is_none(),
            "`method = \"external\"` without a PCI",
            "set `pci_column`",
        ),
        (
            options.method != Method::External && beside.pci.is_some(),
            "`pci_column` has no use here",
            "set `method = \"external\"`",
        ),
        (
            options.stable.is_some() && options.method != Method::Fitness,
            "`stable` is of the fitness map only",
            "set `method = \"fitness\"`",
        ),
        (options.stable == Some(0), "`stable = 0` would end the map before it begins", "set `stable = 10`"),
    ] {
        if wrong {
            return Err(Error::invalid(message, remedy));
        }
    }
    Ok(())
}

/// Values of (year, code) by year.
fn by_year(values: BTreeMap<(i64, u32), f64>) -> BTreeMap<i64, BTreeMap<u32, f64>> {
    let mut years: BTreeMap<i64, BTreeMap<u32, f64>> = BTreeMap::new();
    for ((time, code), value) in values {
        years.entry(time).or_default().insert(code, value);
    }
    years
}

/// Puts the year in front of a message.
fn in_year(mut error: Error, time: i64) -> Error {
    match &mut error.kind {
        Kind::Invalid { message, .. } | Kind::Untrusted { message, .. } => *message = format!("year {time}: {message}"),
        _ => {}
    }
    error
}

/// One year and what is known of it.
struct Year<'a> {
    options: &'a Complexity,
    time: i64,
    cells: &'a [Cell],
    population: &'a BTreeMap<u32, f64>,
    pci: &'a BTreeMap<u32, f64>,
    seed: u64,
}

/// Scores of units and products by whichever method.
#[derive(Default)]
struct Found {
    index: Option<Index>,
    fitness: Option<(Vec<f64>, Vec<f64>)>,
    covered: Option<Vec<f64>>,
    lambda2: Option<f64>,
    gap: Option<f64>,
    steps: Option<usize>,
    rank_correlation: Option<f64>,
}

impl Year<'_> {
    /// All measures of the year, given the ECI of the earlier one; gives its own back.
    fn measure(&self, previous: &[(u32, f64)], out: &mut ComplexityMeasure) -> Result<Vec<(u32, f64)>> {
        let (options, time) = (self.options, self.time);
        let rule = Rule {
            threshold: options.rca_threshold,
            min_exports: options.min_exports,
            presence: options.presence,
            population: Some(self.population),
        };
        let mut a = Advantage::new(self.cells, rule)?;
        let mut parts = None;
        if options.components == Components::Largest {
            parts = Some(a.parts().1.len()).filter(|&n| n > 1);
            let before = a.units.len();
            a = a.largest_part()?;
            if let Some(parts) = parts {
                let out_of = before - a.units.len();
                out.notes.push(format!("{time}: the graph has {parts} parts; {out_of} units outside the largest have no index"));
            }
        }
        let found = self.scores(&a, previous, &mut out.notes)?;
        let coi = self.surroundings(&a, found.index.as_ref(), out);
        let scores = found.index.as_ref().map(|i| i.eci.clone()).or(found.fitness.as_ref().map(|f| f.0.clone()));
        let scores = scores.unwrap_or_default();
        let intervals = (options.replications > 0).then(|| {
            let ranking =
                bootstrap::Ranking { options, rule, time, cells: self.cells, graph: &a, scores: &scores, pci: self.pci };
            (ranks(&scores), ranking.intervals(self.seed))
        });
        if let Some((_, found)) = &intervals {
            let without = found.iter().filter(|i| i.is_none()).count();
            if without > 0 {
                let what = "units have no interval: they had no rank in too many replications";
                out.notes.push(format!("{time}: {without} {what}"));
            }
        }
        for (c, &unit) in a.units.iter().enumerate() {
            let bound = |of: fn(&crate::resample::bootstrap::Interval) -> f64| {
                intervals.as_ref().map(|(_, found)| found[c].as_ref().map_or(f64::NAN, of))
            };
            out.rows.push(UnitComplexity {
                unit,
                time,
                eci: found.index.as_ref().map(|i| i.eci[c]),
                diversity: a.of_unit[c].len(),
                coi: coi.as_ref().map(|v| v[c]),
                fitness: found.fitness.as_ref().map(|f| f.0[c]),
                log_fitness: found.fitness.as_ref().map(|f| f.0[c].ln()),
                covered: found.covered.as_ref().map(|v| v[c]),
                rank: intervals.as_ref().map(|(ranks, _)| if scores[c].is_nan() { f64::NAN } else { ranks[c] }),
                rank_low: bound(|i| i.conf_low),
                rank_high: bound(|i| i.conf_high),
            });
        }
        for (p, &product) in a.products.iter().enumerate() {
            out.products.push(ProductComplexity {
                product,
                time,
                pci: found.index.as_ref().map(|i| i.pci[p]),
                ubiquity: a.of_product[p].len(),
                complexity: found.fitness.as_ref().map(|f| f.1[p]),
            });
        }
        out.years.push(YearComplexity {
            time,
            lambda2: found.lambda2,
            gap: found.gap,
            steps: found.steps,
            rank_correlation: found.rank_correlation,
            parts,
            units: a.units.len(),
            products: a.products.len(),
            dropped_units: a.dropped_units,
            dropped_products: a.dropped_products,
        });
        Ok(a.units.iter().copied().zip(scores).collect())
    }

    /// Scores by the method of the options.
    fn scores(&self, a: &Advantage, previous: &[(u32, f64)], notes: &mut Vec<String>) -> Result<Found> {
        let options = self.options;
        let mut found = Found::default();
        match options.method {
            Method::Eigen => {
                let mut e = eigen(a, notes)?;
                if options.sign == Sign::Previous {
                    found.rank_correlation = align(&mut e, &a.units, previous, self.time, notes);
                }
                (found.lambda2, found.gap) = (Some(e.lambda2), Some(e.gap));
                found.index = Some(Index::new(options, a, e.units, e.products)?);
            }
            Method::Reflections => {
                let (units, products) = reflections(a, options.iterations);
                found.index = Some(Index::new(options, a, units, products)?);
            }
            Method::Fitness => {
                let fitness = fitness_map(a, options.iterations, options.stable)?;
                found.steps = Some(fitness.steps);
                found.fitness = Some((fitness.units, fitness.products));
            }
            Method::External => {
                let pci = a.products.iter().map(|p| self.pci.get(p).copied().unwrap_or(f64::NAN)).collect();
                let (index, covered) = Index::external(a, pci);
                let without = index.eci.iter().filter(|v| v.is_nan()).count();
                if without > 0 {
                    let what = "units have no ECI: none of their products has a PCI";
                    notes.push(format!("{}: {without} {what}", self.time));
                }
                (found.index, found.covered) = (Some(index), Some(covered));
            }
        }
        Ok(found)
    }

    /// Cells and pairs into the result, where asked; the outlook of the units.
    fn surroundings(&self, a: &Advantage, index: Option<&Index>, out: &mut ComplexityMeasure) -> Option<Vec<f64>> {
        let (options, time, k) = (self.options, self.time, a.products.len());
        if index.is_none() && !options.cells && !options.proximity {
            return None;
        }
        let phi = proximity(a, if options.density_diagonal == Diagonal::One { 1.0 } else { 0.0 });
        let strength = strength(&phi);
        let d = density(a, &phi, &strength);
        let coi = index.map(|index| {
            let raw = outlook(a, &d, &index.raw_pci);
            let (mean, sd) = moments(&raw, options.standardize, a.units.len() * k);
            raw.iter().map(|v| (v - mean) / sd).collect()
        });
        if options.cells {
            let cog = index.map(|i| (gain(a, &phi, &strength, &i.raw_pci), i.sd));
            for (c, &unit) in a.units.iter().enumerate() {
                for (p, &product) in a.products.iter().enumerate() {
                    let rca = a.rca[(c, p)];
                    out.cells.push(CellComplexity {
                        unit,
                        time,
                        product,
                        rca,
                        rsca: (rca - 1.0) / (rca + 1.0),
                        rpop: a.rpop.as_ref().map(|rpop| rpop[(c, p)]),
                        density: d[(c, p)],
                        cog: cog.as_ref().map(|(g, sd)| g[(c, p)] / sd),
                    });
                }
            }
        }
        if options.proximity {
            for p in 0..k {
                for q in p + 1..k {
                    out.proximity.push(Pair { time, a: a.products[p], b: a.products[q], value: phi[(p, q)] });
                }
            }
        }
        coi
    }
}

/// Turns the vector round where its ranks run against those of the earlier year; gives their correlation.
///
/// `units` are the codes behind the scores, ascending, as in `previous`. Without spread, or with fewer than three
/// units in both years, diversity decides as in the first year.
fn align(e: &mut Eigen, units: &[u32], previous: &[(u32, f64)], time: i64, notes: &mut Vec<String>) -> Option<f64> {
    let both = units.iter().zip(&e.units).filter_map(|(unit, score)| {
        let at = previous.binary_search_by_key(unit, |p| p.0).ok()?;
        Some((*score, previous[at].1))
    });
    let (now, before): (Vec<f64>, Vec<f64>) = both.unzip();
    let r = rank_correlation(&now, &before);
    if now.len() < 3 || r == 0.0 {
        return None;
    }
    if r < 0.0 {
        notes.push(format!(
            "{time}: ECI is turned round, against its correlation with diversity: rank correlation {:.3} with the earlier year",
            -r
        ));
        e.units.iter_mut().chain(&mut e.products).for_each(|v| *v = -*v);
    }
    Some(r.abs())
}
