//! What complexity gives: rows of units, products, cells, pairs and years.

use serde::Serialize;

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
    /// Its natural logarithm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_fitness: Option<f64>,
    /// Share of the products of the advantage with a known PCI, under `external`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub covered: Option<f64>,
    /// Rank in the year from 1, the most complex; with `replications`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rank: Option<f64>,
    /// 2.5 % quantile of the bootstrapped rank; NaN (missing) where too many replications failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rank_low: Option<f64>,
    /// 97.5 % quantile of the bootstrapped rank.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rank_high: Option<f64>,
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
    /// Its symmetric form (RCA - 1) / (RCA + 1), from -1 to 1.
    pub rsca: f64,
    /// Exports per head over those of all units, where populations were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rpop: Option<f64>,
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
    /// Steps of `fitness`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<usize>,
    /// Rank correlation of the ECI with that of the earlier year, by which its sign was set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rank_correlation: Option<f64>,
    /// Connected parts of the graph, where the largest was taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parts: Option<usize>,
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
