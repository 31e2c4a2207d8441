//! The model of `results.json`: what a run found, and all that a table or a figure is made of.

use crate::listing::Listing;
use crate::page::Block;
use crate::{Error, Result};
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
    /// How the chain was resampled; what came of it is with each fit, under `chain`.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub resample: Value,
    /// The universes of a multiverse and what they say.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub multiverse: Value,
    /// Tables, figures and text as the report has them, in its order: what can be shown again without estimating.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shown: Vec<Shown>,
}

/// What one step shows.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Shown {
    /// Name of the step.
    pub step: String,
    /// Heading of the section that it begins.
    pub heading: Option<String>,
    /// Tables, figures, paragraphs.
    pub blocks: Vec<Block>,
}

/// What `path` leads to in the JSON of results: names of keys, and in a list the `name`, `rule`, `value` or `at` of
/// an element or its place as `#0`.
///
/// ```
/// let v = serde_json::json!({ "coefficients": [{ "name": "a/b", "estimate": 2.0 }] });
/// assert_eq!(plim_report::results::find(&v, "coefficients/a~1b/estimate").unwrap(), 2.0);
/// assert_eq!(plim_report::results::find(&v, "coefficients/#0/name").unwrap(), "a/b");
/// assert!(plim_report::results::find(&v, "coefficients/c").is_none());
/// ```
pub fn find<'v>(root: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('/').try_fold(root, |at, part| {
        let name = part.replace("~1", "/").replace("~0", "~");
        match at {
            Value::Object(map) => map.get(&name),
            Value::Array(list) => match part.strip_prefix('#').and_then(|i| i.parse::<usize>().ok()) {
                Some(i) => list.get(i),
                None => list.iter().find(|v| {
                    let key = |k: &&str| v.get(*k).is_some();
                    let own = ["name", "rule", "vcov", "value", "at"].iter().find(|k| key(k)).and_then(|k| v.get(*k));
                    let written = |v: &Value| v.as_str().map_or_else(|| v.to_string(), str::to_string);
                    own.is_some_and(|v| written(v).as_str() == name)
                }),
            },
            _ => None,
        }
    })
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
    /// What the method has beside (`weights`, `stats`, `products`, …), names as in the contract.
    #[serde(flatten)]
    pub more: Map<String, Value>,
    /// Its long lists (`cells`, `proximity`), by name. Results that are read again have them in `more`.
    #[serde(flatten, skip_deserializing)]
    pub lists: IndexMap<String, Listing>,
    /// Notes.
    #[serde(default)]
    pub notes: Vec<String>,
}

impl Results {
    /// The fits of these names in this order; all of them when no name is given.
    pub fn fits(&self, names: &[String]) -> Result<Vec<(&str, &Fit)>> {
        if names.is_empty() {
            return Ok(self.estimates.iter().map(|(name, fit)| (name.as_str(), fit)).collect());
        }
        let mut found = Vec::new();
        for name in names {
            let before = found.len();
            // The models of one step are `NAME.1`, `NAME.2`, …
            let of_step = |n: &str| {
                n.strip_prefix(name.as_str())
                    .and_then(|n| n.strip_prefix('.'))
                    .is_some_and(|n| n.parse::<u32>().is_ok())
            };
            match self.estimates.get_key_value(name) {
                Some((n, f)) => found.push((n.as_str(), f)),
                None => found.extend(self.estimates.iter().filter(|(n, _)| of_step(n)).map(|(n, f)| (n.as_str(), f))),
            }
            if found.len() == before {
                let known: Vec<&str> = self.estimates.keys().map(String::as_str).collect();
                return Err(Error::invalid(
                    format!("no estimate `{name}`"),
                    format!("name one of: {}", known.join(", ")),
                ));
            }
        }
        Ok(found)
    }
}

impl Fit {
    /// Left side of the formula.
    pub fn outcome(&self) -> &str {
        self.formula.split('~').next().unwrap_or_default().trim()
    }

    /// Absorbed effects: the terms of the formula's part after the first bar, unless that part has instruments.
    ///
    /// ```
    /// let fit = plim_report::Fit { formula: "y ~ w | city + prov^year | x ~ z".into(), ..Default::default() };
    /// assert_eq!(fit.fixed_effects(), ["city", "prov^year"]);
    /// ```
    pub fn fixed_effects(&self) -> Vec<&str> {
        let right = self.formula.split_once('~').map_or("", |(_, right)| right);
        match right.split('|').nth(1) {
            Some(part) if !part.contains('~') => {
                part.split('+').map(str::trim).filter(|t| !t.is_empty() && *t != "0" && *t != "1").collect()
            }
            _ => Vec::new(),
        }
    }

    /// The covariance in full: of the fit, or of each group of a split and each step of a mediation by its name.
    ///
    /// ```
    /// let groups = serde_json::json!({ "groups": [{ "value": 0, "vcov": "hc1 (K=2)" }, { "value": 1, "vcov": "hc1 (K=3)" }] });
    /// let more = groups.as_object().cloned().unwrap();
    /// let split = plim_report::Fit { vcov: "hc1 (K=2)".into(), more, ..Default::default() };
    /// assert_eq!(split.conventions(), [("0".to_string(), "hc1 (K=2)"), ("1".to_string(), "hc1 (K=3)")]);
    /// ```
    pub fn conventions(&self) -> Vec<(String, &str)> {
        let written = |v: &Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
        let groups = self.more.get("groups").and_then(Value::as_array).into_iter().flatten();
        let groups = groups.map(|g| (g.get("value").map_or_else(String::new, written), g));
        let steps = self.more.get("steps").and_then(Value::as_object).into_iter().flatten();
        let parts = groups.chain(steps.map(|(name, step)| (name.clone(), step)));
        let parts: Vec<(String, &str)> = parts.filter_map(|(name, v)| Some((name, v.get("vcov")?.as_str()?))).collect();
        match (parts.is_empty(), self.vcov.as_str()) {
            (false, _) => parts,
            (true, "") => Vec::new(),
            (true, own) => vec![(String::new(), own)],
        }
    }

    /// A list like the coefficients that the method has beside (`determinants`, …), empty when it has none.
    pub fn list(&self, name: &str) -> Vec<Coefficient> {
        self.more.get(name).map_or_else(Vec::new, coefficients)
    }

    /// A statistic as a number; `nobs` counts as one.
    pub fn stat(&self, name: &str) -> Option<f64> {
        match name {
            "nobs" => Some(self.nobs as f64),
            _ => self.stats.get(name).and_then(Value::as_f64),
        }
    }
}

/// Reads a list of coefficients; what is absent or `null` becomes NaN.
pub fn coefficients(list: &Value) -> Vec<Coefficient> {
    let one = |v: &Value| {
        let get = |key: &str| v.get(key).and_then(Value::as_f64).unwrap_or(f64::NAN);
        Coefficient {
            name: v.get("name").and_then(Value::as_str).unwrap_or_default().to_owned(),
            estimate: get("estimate"),
            std_error: get("std_error"),
            statistic: get("statistic"),
            p_value: get("p_value"),
            conf_low: get("conf_low"),
            conf_high: get("conf_high"),
        }
    };
    list.as_array().into_iter().flatten().map(one).collect()
}
