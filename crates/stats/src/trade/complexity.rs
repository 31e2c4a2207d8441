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
//! correlation with diversity. If the graph falls into parts, λ₂ = 1 and the vector only tells the parts apart:
//! refused. A small gap λ₂ - λ₃ makes the ranking fragile, which is why both are reported.
//!
//! `reflections` repeats the averages a fixed number of times instead, k_c,N = D_c⁻¹ M k_p,N-1, and `fitness` is the
//! non-linear map of Tacchella, Cristelli, Caldarelli, Gabrielli and Pietronero (2012), Scientific Reports 2:
//! F = M Q, Q = 1 / (M′ (1/F)), each over its mean.

use super::bipartite::{averages, eigen, fitness_map, reflections};
use super::concentration::at_value;
use super::product_space::{density, gain, outlook, proximity, strength};
use super::rca::{Advantage, RcaThreshold};
use super::records::{Cell, Records};
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
    /// How complexity is found: `eigen`, `reflections` (repeated averages) or `fitness`.
    pub method: Method,
    /// Steps of `reflections` (an even number) and of `fitness`.
    pub iterations: usize,
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
}

impl Default for Complexity {
    fn default() -> Self {
        Complexity {
            product: String::new(),
            value: String::new(),
            rca_threshold: RcaThreshold::default(),
            min_exports: 0.0,
            method: Method::Eigen,
            iterations: 20,
            pci_scale: PciScale::Eci,
            standardize: Standardize::Population,
            density_diagonal: Diagonal::One,
            cells: false,
            proximity: false,
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

/// Complexity of one unit and year.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UnitComplexity {
    /// Code of the unit.
    #[serde(skip)]
    pub unit: u32,
    /// Year.
    #[serde(skip)]
    pub time: i64,
    /// Economic complexity index; none under `fitness`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eci: Option<f64>,
    /// Products in which the unit has the advantage.
    pub diversity: usize,
    /// Complexity outlook, standardized; none under `fitness`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coi: Option<f64>,
    /// Fitness, mean one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fitness: Option<f64>,
}

/// Complexity of one product and year.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ProductComplexity {
    /// Code of the product.
    #[serde(skip)]
    pub product: u32,
    /// Year.
    #[serde(skip)]
    pub time: i64,
    /// Product complexity index; none under `fitness`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pci: Option<f64>,
    /// Units that have the advantage in it.
    pub ubiquity: usize,
    /// Complexity of the fitness map, mean one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub complexity: Option<f64>,
}

/// One unit and product of a year, exported or not.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CellComplexity {
    /// Code of the unit.
    #[serde(skip)]
    pub unit: u32,
    /// Year.
    #[serde(skip)]
    pub time: i64,
    /// Code of the product.
    #[serde(skip)]
    pub product: u32,
    /// Revealed comparative advantage.
    pub rca: f64,
    /// Density of the unit's advantages around the product.
    pub density: f64,
    /// Outlook gain, in standard deviations of the ECI; zero where the unit has the advantage, none under `fitness`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cog: Option<f64>,
}

/// Proximity of two products in a year.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Pair {
    /// Year.
    #[serde(skip)]
    pub time: i64,
    /// Code of one product.
    #[serde(skip)]
    pub a: u32,
    /// Code of the other.
    #[serde(skip)]
    pub b: u32,
    /// Proximity.
    pub value: f64,
}

/// One year as a whole.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct YearComplexity {
    /// Year.
    #[serde(skip)]
    pub time: i64,
    /// Second eigenvalue; none under other methods than `eigen`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lambda2: Option<f64>,
    /// Second less third eigenvalue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gap: Option<f64>,
    /// Units with an index.
    pub units: usize,
    /// Products with an index.
    pub products: usize,
    /// Units without: too small, no exports or no advantage.
    pub dropped_units: usize,
    /// Products without: nobody has the advantage.
    pub dropped_products: usize,
}

/// Complexity of every year.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ComplexityMeasure {
    /// Units with an index, by year.
    pub rows: Vec<UnitComplexity>,
    /// Products with an index, by year.
    pub products: Vec<ProductComplexity>,
    /// Units × products by year, where asked.
    pub cells: Vec<CellComplexity>,
    /// Pairs of products by year, where asked.
    pub proximity: Vec<Pair>,
    /// Eigenvalues and counts by year.
    pub years: Vec<YearComplexity>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// Complexity in each year of the records; markets and duplicates are added up.
pub fn complexity(options: &Complexity, records: &Records) -> Result<ComplexityMeasure> {
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
    let (cells, _) = records.cells().map_err(|e| at_value(e, &options.value))?;
    let mut years: BTreeMap<i64, Vec<Cell>> = BTreeMap::new();
    for cell in cells {
        years.entry(cell.time).or_default().push(cell);
    }
    let several = years.len() > 1;
    let mut out = ComplexityMeasure::default();
    for (time, cells) in years {
        year(options, time, &cells, &mut out).map_err(|e| if several { in_year(e, time) } else { e })?;
    }
    let (units, products) = out.years.iter().fold((0, 0), |(u, p), y| (u + y.dropped_units, p + y.dropped_products));
    if units + products > 0 {
        out.notes.push(format!(
            "without an index over all years: {units} units (too small, no exports or no advantage), {products} products (nobody has the advantage)"
        ));
    }
    Ok(out)
}

/// Puts the year in front of a message.
fn in_year(mut error: Error, time: i64) -> Error {
    match &mut error.kind {
        Kind::Invalid { message, .. } | Kind::Untrusted { message, .. } => *message = format!("year {time}: {message}"),
        _ => {}
    }
    error
}

/// All measures of one year.
fn year(options: &Complexity, time: i64, cells: &[Cell], out: &mut ComplexityMeasure) -> Result<()> {
    let a = Advantage::new(cells, options.rca_threshold, options.min_exports)?;
    let (n, k) = (a.units.len(), a.products.len());
    let (mut lambda2, mut gap, mut fitness, mut index) = (None, None, None, None);
    match options.method {
        Method::Eigen => {
            let found = eigen(&a, &mut out.notes)?;
            (lambda2, gap) = (Some(found.lambda2), Some(found.gap));
            index = Some(Index::new(options, &a, found.units, found.products)?);
        }
        Method::Reflections => {
            let (units, products) = reflections(&a, options.iterations);
            index = Some(Index::new(options, &a, units, products)?);
        }
        Method::Fitness => fitness = Some(fitness_map(&a, options.iterations)?),
    }
    let mut coi = None;
    if index.is_some() || options.cells || options.proximity {
        let phi = proximity(&a, if options.density_diagonal == Diagonal::One { 1.0 } else { 0.0 });
        let strength = strength(&phi);
        let d = density(&a, &phi, &strength);
        if let Some(index) = &index {
            let raw = outlook(&a, &d, &index.raw_pci);
            let (mean, sd) = moments(&raw, options.standardize, n * k);
            coi = Some(raw.iter().map(|v| (v - mean) / sd).collect::<Vec<f64>>());
        }
        if options.cells {
            let cog = index.as_ref().map(|i| (gain(&a, &phi, &strength, &i.raw_pci), i.sd));
            for (c, &unit) in a.units.iter().enumerate() {
                for (p, &product) in a.products.iter().enumerate() {
                    let cog = cog.as_ref().map(|(g, sd)| g[(c, p)] / sd);
                    out.cells.push(CellComplexity { unit, time, product, rca: a.rca[(c, p)], density: d[(c, p)], cog });
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
    }
    for c in 0..n {
        out.rows.push(UnitComplexity {
            unit: a.units[c],
            time,
            eci: index.as_ref().map(|i| i.eci[c]),
            diversity: a.of_unit[c].len(),
            coi: coi.as_ref().map(|v| v[c]),
            fitness: fitness.as_ref().map(|f| f.0[c]),
        });
    }
    for p in 0..k {
        out.products.push(ProductComplexity {
            product: a.products[p],
            time,
            pci: index.as_ref().map(|i| i.pci[p]),
            ubiquity: a.of_product[p].len(),
            complexity: fitness.as_ref().map(|f| f.1[p]),
        });
    }
    let (dropped_units, dropped_products) = (a.dropped_units, a.dropped_products);
    out.years.push(YearComplexity { time, lambda2, gap, units: n, products: k, dropped_units, dropped_products });
    Ok(())
}

/// ECI and PCI on their scales.
struct Index {
    eci: Vec<f64>,
    pci: Vec<f64>,
    /// PCI with mean zero over the links, in the scale of `sd`: outlook and gain are taken from it.
    raw_pci: Vec<f64>,
    /// Standard deviation of the ECI before it was standardized.
    sd: f64,
}

impl Index {
    /// From vectors of which `units` is the mean of `products` over each unit's products.
    fn new(options: &Complexity, a: &Advantage, units: Vec<f64>, products: Vec<f64>) -> Result<Index> {
        let cells = a.units.len() * a.products.len();
        let (mean, sd) = moments(&units, options.standardize, cells);
        if sd.is_nan() || sd <= 1e-12 * units.iter().fold(0.0, |m: f64, v| m.max(v.abs())) {
            return Err(Error::new(Kind::Untrusted {
                message: "all units have the same complexity".into(),
                remedy: "there is nothing to rank; check the data and `rca_threshold`".into(),
            }));
        }
        let eci: Vec<f64> = units.iter().map(|v| (v - mean) / sd).collect();
        let pci = match options.pci_scale {
            PciScale::Eci => products.iter().map(|v| (v - mean) / sd).collect(),
            PciScale::Own => {
                let (mean, sd) = moments(&products, options.standardize, cells);
                products.iter().map(|v| (v - mean) / sd).collect()
            }
            PciScale::MeanEci => averages(&a.of_product, &eci),
        };
        Ok(Index { eci, pci, raw_pci: products, sd })
    }
}

/// Mean and standard deviation; `cells` is n of the convention of Stata.
fn moments(x: &[f64], how: Standardize, cells: usize) -> (f64, f64) {
    let n = x.len() as f64;
    let mean = x.iter().sum::<f64>() / n;
    let variance = x.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n;
    let correction = match how {
        Standardize::Population => 1.0,
        Standardize::Sample => n / (n - 1.0),
        Standardize::Stata => cells as f64 / (cells as f64 - 1.0),
    };
    (mean, (variance * correction).sqrt())
}
