//! The model of `results.json`: what a run found, and all that a table or a figure is made of.

use indexmap::IndexMap;
use plim_stats::Coefficient;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Everything a run found, in the order of the study's steps.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// Version that wrote it.
    pub plimsoll: String,
    /// Measures by step name.
    pub measures: IndexMap<String, Measure>,
    /// Fits by step name.
    pub estimates: IndexMap<String, Fit>,
    /// Notes on the run as a whole.
    pub notes: Vec<String>,
}

/// A fitted model as every surface shows it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Fit {
    /// Method (`feols`, `did`, …).
    pub method: String,
    /// Formula as estimated.
    pub formula: String,
    /// Observations used.
    pub nobs: usize,
    /// Covariance in words, small-sample rule included: `cluster:city (ssc fixest: K=…, G=…, df=…)`.
    pub vcov: String,
    /// The coefficient table.
    pub coefficients: Vec<Coefficient>,
    /// Statistics by name: `r2`, `r2_within`, `loglik`, …; `null` where undefined.
    #[serde(default)]
    pub stats: Map<String, Value>,
    /// Counts: rows read, rows lost by reason, singletons, groups.
    #[serde(default)]
    pub sample: Map<String, Value>,
    /// What a reader must know: collinear regressors dropped, warnings.
    #[serde(default)]
    pub notes: Vec<String>,
    /// What the method has beside (`effects`, `slopes`, `between`, `tests`, …), names as in the contract.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// A measure as every surface shows it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Measure {
    /// Method (`entropy`, `dea`, …).
    pub method: String,
    /// Keys and columns, one object a row; left out of `results.json`, where Parquet holds them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<Map<String, Value>>,
    /// What the method has beside (`weights`, `stats`, `products`, …), names as in the contract.
    #[serde(flatten)]
    pub more: Map<String, Value>,
    /// Notes.
    #[serde(default)]
    pub notes: Vec<String>,
}
