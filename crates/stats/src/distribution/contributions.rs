//! Contributions of the components of an index to its change, or to the distance of a unit from the mean.
//!
//! For an index S = Σ w_j z_j and a reference S° (the unit itself at an earlier time, or the mean of the units at the
//! same time), with Δ the difference to the reference and bars the mean of both,
//!
//! ```text
//! arithmetic  ΔS = Σ_j w̄_j Δz_j  +  Σ_j z̄_j Δw_j                       components, and the weights if they move
//! geometric   ΔS = L Σ_j w̄_j Δ ln z_j  +  L Σ_j (ln z)‾_j Δw_j,   L = ΔS / Δ ln S   the logarithmic mean
//! ```
//!
//! Both add up exactly, do not depend on which end is the reference but for the sign, and leave no residual: the
//! indicators of Bennet (1920) and of Montgomery and Vartia, as Balk (2008), *Price and Quantity Index Numbers*, has
//! them; the second is the LMDI of energy studies.

use super::{by_time, sound, unique};
use crate::index::normalize::as_text;
use crate::{Error, Factor, Kind, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

/// Which components make an index rise, or a unit differ from the mean.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Contributions {
    /// Columns of the components: normalized indicators, or raw ones with `measure`.
    pub components: Vec<String>,
    /// Their weights in the index, in the same order; 1 each by default, for components that are weighted already.
    pub weights: Vec<f64>,
    /// Earlier step of an index whose weights and goalposts are taken, so that components are the raw indicators.
    pub measure: Option<String>,
    /// With `measure`, the indicators of which less is better.
    pub negative: Vec<String>,
    /// Column of the index: what is decomposed must be its change, else nothing is reported.
    pub index: Option<String>,
    /// What is compared with: `previous` time, `base:YEAR`, or the `mean` of the units at the same time.
    pub against: Against,
    /// How the index is made of its components: `arithmetic` or `geometric`.
    pub aggregate: Aggregate,
}

/// What a row is compared with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub enum Against {
    /// The same unit at the time before.
    #[default]
    Previous,
    /// The same unit at this time.
    Base(i64),
    /// The mean of the units at the same time.
    Mean,
}

impl FromStr for Against {
    type Err = String;
    fn from_str(s: &str) -> std::result::Result<Self, String> {
        let wanted = || format!("`{s}` is no reference; wanted previous, base:YEAR or mean");
        match s {
            "previous" => Ok(Against::Previous),
            "mean" => Ok(Against::Mean),
            s => s.strip_prefix("base:").and_then(|y| y.trim().parse().ok()).map(Against::Base).ok_or_else(wanted),
        }
    }
}

impl fmt::Display for Against {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Against::Previous => write!(f, "previous"),
            Against::Base(year) => write!(f, "base:{year}"),
            Against::Mean => write!(f, "mean"),
        }
    }
}

as_text!(Against);

/// How components make the index.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Aggregate {
    /// Weighted sum.
    #[default]
    Arithmetic,
    /// Weighted geometric mean; components must be positive.
    Geometric,
}

/// Mean contribution of a component at one time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Total {
    /// Time.
    pub time: i64,
    /// Component, or `weights`.
    pub name: String,
    /// Mean over the units with a reference.
    pub contribution: f64,
    /// Share of the mean change; none where that is zero.
    pub share: Option<f64>,
}

/// The decomposition.
#[derive(Debug, Clone, PartialEq)]
pub struct Decomposition {
    /// Change of each row against its reference; NaN without one.
    pub change: Vec<f64>,
    /// Contribution of each component to it.
    pub contributions: Vec<Vec<f64>>,
    /// Contribution of the weights, where they differ over time.
    pub weights: Option<Vec<f64>>,
    /// Means by time; none for `mean`, where they are zero.
    pub totals: Vec<Total>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// Decomposes an index of components `z` with weights `w`, both one slice a component with a value each row.
pub fn contributions(
    options: &Contributions,
    z: &[Vec<f64>],
    w: &[Vec<f64>],
    index: Option<&[f64]>,
    unit: &Factor,
    time: &[i64],
) -> Result<Decomposition> {
    let (k, n) = (z.len(), time.len());
    if k == 0 || w.len() != k || options.components.len() != k {
        return Err(Error::invalid("there are no components", "name their columns in `components`"));
    }
    for (name, (z, w)) in options.components.iter().zip(z.iter().zip(w)) {
        sound(name, z, n)?;
        sound(name, w, n)?;
        let bad: Vec<usize> = (0..n).filter(|&i| z[i] <= 0.0).collect();
        if options.aggregate == Aggregate::Geometric && !bad.is_empty() {
            let e = Error::invalid(
                "a component is not positive, and a geometric mean takes its logarithm",
                "move the components off zero as the index did, or set `aggregate = \"arithmetic\"`",
            );
            return Err(e.at_column(name).at_rows(bad));
        }
    }
    unique(&unit.codes, time)?;
    let periods = by_time(time);
    if let Against::Base(year) = options.against
        && !periods.contains_key(&year)
    {
        return Err(Error::invalid(format!("no row at the base time {year}"), "name a time of the data in `against`"));
    }
    // In logarithms the geometric index is a sum like the other.
    let part = |j: usize, i: usize| match options.aggregate {
        Aggregate::Arithmetic => z[j][i],
        Aggregate::Geometric => z[j][i].ln(),
    };
    let at: HashMap<(u32, i64), usize> = (0..n).map(|i| ((unit.codes[i], time[i]), i)).collect();
    let times: Vec<i64> = periods.keys().copied().collect();
    let moving = w.iter().any(|w| w.iter().any(|v| *v != w[0]));
    let mut out = Decomposition {
        change: vec![f64::NAN; n],
        contributions: vec![vec![f64::NAN; n]; k],
        weights: (moving && options.against != Against::Mean).then(|| vec![f64::NAN; n]),
        totals: Vec::new(),
        notes: Vec::new(),
    };
    for (place, time) in times.iter().enumerate() {
        let rows = &periods[time];
        let means: Vec<f64> =
            (0..k).map(|j| rows.iter().map(|&i| part(j, i)).sum::<f64>() / rows.len() as f64).collect();
        for &i in rows {
            let row = |r: usize| (0..k).map(|j| (part(j, r), w[j][r])).collect::<Vec<_>>();
            let reference: Option<Vec<(f64, f64)>> = match options.against {
                Against::Mean => Some((0..k).map(|j| (means[j], w[j][i])).collect()),
                Against::Base(year) => at.get(&(unit.codes[i], year)).map(|&r| row(r)),
                Against::Previous => {
                    place.checked_sub(1).and_then(|p| at.get(&(unit.codes[i], times[p]))).map(|&r| row(r))
                }
            };
            let Some(reference) = reference else { continue };
            let own = row(i);
            let level = |parts: &[(f64, f64)]| {
                let sum: f64 = parts.iter().map(|(z, w)| z * w).sum();
                if options.aggregate == Aggregate::Geometric { sum.exp() } else { sum }
            };
            let change = level(&own) - level(&reference);
            let scale = match options.aggregate {
                Aggregate::Arithmetic => 1.0,
                Aggregate::Geometric => logarithmic_mean(level(&own), level(&reference)),
            };
            let mut of_weights = 0.0;
            for (j, (&(z1, w1), &(z0, w0))) in own.iter().zip(&reference).enumerate() {
                out.contributions[j][i] = scale * (w1 + w0) / 2.0 * (z1 - z0);
                of_weights += scale * (z1 + z0) / 2.0 * (w1 - w0);
            }
            out.change[i] = change;
            if let Some(all) = &mut out.weights {
                all[i] = of_weights;
            }
        }
    }
    if let Some(index) = index {
        agrees(options, &out, index, &at, &periods, unit, time)?;
    }
    let without = out.change.iter().filter(|c| c.is_nan()).count();
    if without == n {
        return Err(Error::new(Kind::Empty { what: "the list of rows with a reference".into() }));
    }
    if without > 0 {
        out.notes.push(format!("{without} of {n} rows have no reference ({}) and no change", options.against));
    }
    if options.against != Against::Mean {
        out.totals = totals(options, &out, &periods);
    }
    Ok(out)
}

/// (a - b) / (ln a - ln b), of two numbers that may be alike.
fn logarithmic_mean(a: f64, b: f64) -> f64 {
    let log = (a / b).ln();
    // L = √(ab) sinh(x)/x with x half the logarithm of the ratio: no cancellation.
    let x = log / 2.0;
    (a * b).sqrt() * if x.abs() < 1e-4 { 1.0 + x * x / 6.0 } else { x.sinh() / x }
}

/// Refuses components that do not make the index that they are said to make.
fn agrees(
    options: &Contributions,
    out: &Decomposition,
    index: &[f64],
    at: &HashMap<(u32, i64), usize>,
    periods: &std::collections::BTreeMap<i64, Vec<usize>>,
    unit: &Factor,
    time: &[i64],
) -> Result<()> {
    let name = options.index.as_deref().unwrap_or("index");
    sound(name, index, time.len())?;
    if options.against == Against::Mean && options.aggregate == Aggregate::Geometric {
        // The reference is the geometric mean of the units, which the mean of the column is not.
        return Ok(());
    }
    let times: Vec<i64> = periods.keys().copied().collect();
    let size = index.iter().fold(0.0f64, |m, v| m.max(v.abs()));
    for i in (0..time.len()).filter(|&i| !out.change[i].is_nan()) {
        let reference = match options.against {
            Against::Mean => {
                let rows = &periods[&time[i]];
                rows.iter().map(|&r| index[r]).sum::<f64>() / rows.len() as f64
            }
            Against::Base(year) => index[at[&(unit.codes[i], year)]],
            Against::Previous => {
                let place = times.partition_point(|t| *t < time[i]);
                index[at[&(unit.codes[i], times[place - 1])]]
            }
        };
        let change = index[i] - reference;
        if (change - out.change[i]).abs() > 1e-8 * size {
            return Err(Error::invalid(
                format!(
                    "the index moves by {change} and its components by {} in the same row: they are not its components",
                    out.change[i]
                ),
                "check `weights`, `negative` and `aggregate`, or leave `index` out",
            )
            .at_column(name)
            .at_rows([i]));
        }
    }
    Ok(())
}

/// Means of change and contributions by time.
fn totals(
    options: &Contributions,
    out: &Decomposition,
    periods: &std::collections::BTreeMap<i64, Vec<usize>>,
) -> Vec<Total> {
    let mut all = Vec::new();
    for (&time, rows) in periods {
        let rows: Vec<usize> = rows.iter().copied().filter(|&i| !out.change[i].is_nan()).collect();
        if rows.is_empty() {
            continue;
        }
        let mean = |v: &[f64]| rows.iter().map(|&i| v[i]).sum::<f64>() / rows.len() as f64;
        let change = mean(&out.change);
        let named = options.components.iter().map(String::as_str).zip(&out.contributions);
        for (name, values) in named.chain(out.weights.iter().map(|w| ("weights", w))) {
            let contribution = mean(values);
            let share = (change != 0.0).then(|| contribution / change);
            all.push(Total { time, name: name.into(), contribution, share });
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::logarithmic_mean;

    #[test]
    fn the_logarithmic_mean_is_smooth_where_both_are_alike() {
        assert!((logarithmic_mean(2.0, 1.0) - 1.0 / 2f64.ln()).abs() < 1e-15);
        assert_eq!(logarithmic_mean(3.0, 3.0), 3.0);
        let (near, far) = (logarithmic_mean(1.000199, 1.0), logarithmic_mean(1.000201, 1.0));
        assert!((near - 1.0000995).abs() < 1e-8 && (far - 1.0001005).abs() < 1e-8);
    }
}
