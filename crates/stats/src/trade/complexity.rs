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
mod year;

pub use results::*;

use super::cells::Cells;
use super::rca::{Export, Presence, RcaThreshold, exports};
use super::records::Records;
use crate::{Error, Kind, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use year::Year;

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

/// Numbers by year and by code of a unit or product.
pub type ByYear = BTreeMap<i64, BTreeMap<u32, f64>>;

/// What is known beside the cells.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Beside {
    /// Population by year and unit.
    pub population: Option<ByYear>,
    /// PCI by year and product.
    pub pci: Option<ByYear>,
    /// Seed of the bootstrap.
    pub seed: u64,
}

/// Populations out of a column of the records, NaN where unknown.
pub fn populations(records: &Records, values: &[f64]) -> Result<ByYear> {
    let key = |i: usize| (records.time[i], records.unit.codes[i]);
    Ok(by_year(records.one_positive("population", values, key, "a unit and year")?))
}

/// PCI out of a column of the records, NaN where unknown.
pub fn product_complexities(records: &Records, values: &[f64]) -> Result<ByYear> {
    let key = |i: usize| (records.time[i], records.product.codes[i]);
    Ok(by_year(records.one_value(values, key, "a product and year")?))
}

/// Values of (year, code) by year.
fn by_year(values: BTreeMap<(i64, u32), f64>) -> ByYear {
    let mut years = ByYear::new();
    for ((time, code), value) in values {
        years.entry(time).or_default().insert(code, value);
    }
    years
}

/// Complexity in each year of the cells; markets are added up.
pub fn complexity(options: &Complexity, cells: &Cells, beside: &Beside) -> Result<ComplexityMeasure> {
    check(options, beside)?;
    let years = cells.by_year();
    let several = years.len() > 1;
    let mut out = ComplexityMeasure::default();
    let mut previous: Vec<(u32, f64)> = Vec::new();
    for (time, baskets) in years {
        let cells: Vec<Export> = baskets.iter().flat_map(exports).collect();
        let of =
            |known: &Option<ByYear>| known.as_ref().and_then(|years| years.get(&time).cloned()).unwrap_or_default();
        let (population, pci) = (of(&beside.population), of(&beside.pci));
        let year = Year { options, time, cells: &cells, population: &population, pci: &pci, seed: beside.seed };
        previous = year.measure(&previous, &mut out).map_err(|e| if several { in_year(e, time) } else { e })?;
    }
    let of = |number: fn(&YearComplexity) -> Option<f64>| {
        let all = out.years.iter().filter_map(number);
        all.fold(None, |range: Option<(f64, f64)>, v| {
            Some(range.map_or((v, v), |(low, high)| (low.min(v), high.max(v))))
        })
    };
    if let (Some(second), Some(gap)) = (of(|y| y.lambda2), of(|y| y.gap)) {
        let range = |(low, high): (f64, f64)| match low == high {
            true => format!("{low:.4}"),
            false => format!("{low:.4} to {high:.4}"),
        };
        out.notes.push(format!("second eigenvalue {}, gap to the third {}", range(second), range(gap)));
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

/// Refuses options that do not go together, and populations that are none.
fn check(options: &Complexity, beside: &Beside) -> Result<()> {
    if beside.population.iter().flat_map(BTreeMap::values).flat_map(BTreeMap::values).any(|&n| n <= 0.0) {
        let e = Error::invalid("population must be positive", "leave it empty where it is unknown");
        return Err(e.at_column(options.population.as_deref().unwrap_or("population")));
    }
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

/// Puts the year in front of a message.
fn in_year(mut error: Error, time: i64) -> Error {
    match &mut error.kind {
        Kind::Invalid { message, .. } | Kind::Untrusted { message, .. } => *message = format!("year {time}: {message}"),
        _ => {}
    }
    error
}
