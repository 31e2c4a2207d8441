//! Preparing columns: winsorizing, trimming, transforms, deflating, lags, growth, interpolation.
//!
//! Each step has an options struct (one definition for the study file, the command line and the help) whose `apply`
//! changes a table and returns notes, and a function on slices that does the arithmetic and counts what it changed.
//! Nothing is changed without being counted.

use crate::{Column, Error, MISSING, Panel, Result, Table};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Pulls the values outside two quantiles in to these quantiles; replaces the columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Winsorize {
    /// Columns.
    pub columns: Vec<String>,
    /// Lower quantile; 1 % is 0.01. The usual cut in the field.
    pub lower: f64,
    /// Upper quantile.
    pub upper: f64,
    /// Takes the quantiles within each value of this column, such as the year. Default: over all rows.
    pub by: Option<String>,
    /// Definition of the quantile: 2 (Stata, the default, since the field's tables are made with it) or 7 (NumPy, R).
    pub quantile_type: u8,
}

impl Default for Winsorize {
    fn default() -> Self {
        Winsorize { columns: Vec::new(), lower: 0.01, upper: 0.99, by: None, quantile_type: 2 }
    }
}

/// Makes the values outside two quantiles missing; replaces the columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Trim {
    /// Columns.
    pub columns: Vec<String>,
    /// Lower quantile; 1 % is 0.01. The usual cut in the field.
    pub lower: f64,
    /// Upper quantile.
    pub upper: f64,
    /// Takes the quantiles within each value of this column, such as the year. Default: over all rows.
    pub by: Option<String>,
    /// Definition of the quantile: 2 (Stata, the default, since the field's tables are made with it) or 7 (NumPy, R).
    pub quantile_type: u8,
}

impl Default for Trim {
    fn default() -> Self {
        Trim { columns: Vec::new(), lower: 0.01, upper: 0.99, by: None, quantile_type: 2 }
    }
}

/// Adds each column less its mean over its standard deviation under the name `z_x`: effects then read per standard
/// deviation.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Standardize {
    /// Columns.
    pub columns: Vec<String>,
    /// Takes mean and deviation within each value of this column, such as the year. Default: over all rows.
    pub by: Option<String>,
}

/// A function of one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Function {
    /// Natural logarithm ln x.
    #[default]
    Log,
    /// ln(1 + x), which keeps zeros.
    Log1p,
    /// Inverse hyperbolic sine ln(x + √(x² + 1)), which keeps zeros and negative values.
    Asinh,
}

impl Function {
    fn name(self) -> &'static str {
        match self {
            Function::Log => "log",
            Function::Log1p => "log1p",
            Function::Asinh => "asinh",
        }
    }

    /// The value, or `None` where the function is undefined.
    fn at(self, x: f64) -> Option<f64> {
        match self {
            Function::Log => (x > 0.0).then(|| x.ln()),
            Function::Log1p => (x > -1.0).then(|| x.ln_1p()),
            Function::Asinh => Some(x.asinh()),
        }
    }
}

/// What to do with a value for which a function is undefined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Undefined {
    /// Refuse it and name its rows.
    #[default]
    Error,
    /// Make it missing and count it.
    Missing,
}

/// Adds a transform of each column under the name `log_x`, `log1p_x` or `asinh_x`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Transform {
    /// Columns.
    pub columns: Vec<String>,
    /// The function: `log`, `log1p` or `asinh`.
    pub function: Function,
    /// A value for which the function is undefined, such as the log of zero: `error`, or `missing`. Refused by
    /// default, since dropping zeros selects the sample.
    pub undefined: Undefined,
}

/// Adds each column at an earlier time under the name `x_lag1`; by the value of time, so that gaps stay missing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Lag {
    /// Columns.
    pub columns: Vec<String>,
    /// Times back; negative leads, under the name `x_lead1`.
    pub periods: i32,
}

impl Default for Lag {
    fn default() -> Self {
        Lag { columns: Vec::new(), periods: 1 }
    }
}

/// Adds the growth rate x(t) / x(t − periods) − 1 of each column under the name `x_growth`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Growth {
    /// Columns.
    pub columns: Vec<String>,
    /// Times between value and base.
    pub periods: u32,
}

impl Default for Growth {
    fn default() -> Self {
        Growth { columns: Vec::new(), periods: 1 }
    }
}

/// Divides columns by a price index and adds the result under the name `x_real`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Deflate {
    /// Columns.
    pub columns: Vec<String>,
    /// Column with the price index of each row.
    pub index: String,
    /// Value of the index in the base year; 100 as statistical offices publish it.
    pub base: f64,
}

impl Default for Deflate {
    fn default() -> Self {
        Deflate { columns: Vec::new(), index: String::new(), base: 100.0 }
    }
}

/// Fills missing values on the straight line in time between two values of the same unit; replaces the columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Interpolate {
    /// Columns.
    pub columns: Vec<String>,
    /// Longest gap to fill, in times; 1 by default, since every filled value is made up.
    pub max_gap: u32,
}

impl Default for Interpolate {
    fn default() -> Self {
        Interpolate { columns: Vec::new(), max_gap: 1 }
    }
}

impl Winsorize {
    /// Winsorizes; `quantile` takes ascending values, their weights (none where there are none) and a probability and follows
    /// `quantile_type`.
    pub fn apply(
        &self,
        table: &mut Table,
        weights: Option<&[f64]>,
        quantile: impl Fn(&[f64], &[f64], f64) -> f64,
    ) -> Result<Vec<String>> {
        known_type(self.quantile_type)?;
        let groups = groups(table, self.by.as_deref())?;
        let what = format!("winsorized at the {} and {} quantiles", self.lower, self.upper);
        replace(table, &self.columns, &what, |x| {
            winsorize(x, weights, groups.as_deref(), (self.lower, self.upper), &quantile)
        })
    }
}

impl Trim {
    /// Trims; `quantile` takes ascending values, their weights (none where there are none) and a probability and follows
    /// `quantile_type`.
    pub fn apply(
        &self,
        table: &mut Table,
        weights: Option<&[f64]>,
        quantile: impl Fn(&[f64], &[f64], f64) -> f64,
    ) -> Result<Vec<String>> {
        known_type(self.quantile_type)?;
        let groups = groups(table, self.by.as_deref())?;
        let what = format!("made missing outside the {} and {} quantiles", self.lower, self.upper);
        replace(table, &self.columns, &what, |x| {
            trim(x, weights, groups.as_deref(), (self.lower, self.upper), &quantile)
        })
    }
}

impl Standardize {
    /// Name of the column that comes of `column`.
    pub fn result(&self, column: &str) -> String {
        format!("z_{column}")
    }

    /// Adds the standardized columns; `weights` of the rows, if any, weigh mean and deviation.
    pub fn apply(&self, table: &mut Table, weights: Option<&[f64]>) -> Result<Vec<String>> {
        let groups = groups(table, self.by.as_deref())?;
        for name in some(&self.columns)? {
            let (values, constant) = standardize(table.numbers(name)?, weights, groups.as_deref());
            if !constant.is_empty() {
                let remedy = "leave the column out, or standardize over all rows";
                return Err(table.content(Some(name), constant, "there is no spread to divide by", remedy));
            }
            add(table, self.result(name), values)?;
        }
        Ok(Vec::new())
    }
}

impl Transform {
    /// Name of the column that comes of `column`.
    pub fn result(&self, column: &str) -> String {
        format!("{}_{column}", self.function.name())
    }

    /// Adds the transforms.
    pub fn apply(&self, table: &mut Table) -> Result<Vec<String>> {
        let function = self.function.name();
        let mut notes = Vec::new();
        for name in some(&self.columns)? {
            let (values, undefined) = transform(table.numbers(name)?, self.function);
            if !undefined.is_empty() && self.undefined == Undefined::Error {
                return Err(table.content(
                    Some(name),
                    undefined,
                    format!("{function} is undefined for these values"),
                    "set `undefined = \"missing\"`, or use `log1p` or `asinh`",
                ));
            }
            if !undefined.is_empty() {
                notes.push(format!("{name}: {} values are missing, {function} is undefined for them", undefined.len()));
            }
            add(table, self.result(name), values)?;
        }
        Ok(notes)
    }
}

impl Lag {
    /// Name of the column that comes of `column`.
    pub fn result(&self, column: &str) -> String {
        let kind = if self.periods >= 0 { "lag" } else { "lead" };
        format!("{column}_{kind}{}", self.periods.unsigned_abs())
    }

    /// Adds the lags.
    pub fn apply(&self, table: &mut Table, panel: &Panel) -> Result<Vec<String>> {
        for name in some(&self.columns)? {
            let (x, k) = (table.numbers(name)?, self.periods.unsigned_abs());
            let values = match self.periods >= 0 {
                true => panel.lag(x, k)?,
                false => panel.lead(x, k)?,
            };
            add(table, self.result(name), values)?;
        }
        Ok(Vec::new())
    }
}

impl Growth {
    /// Name of the column that comes of `column`.
    pub fn result(&self, column: &str) -> String {
        format!("{column}_growth")
    }

    /// Adds the growth rates.
    pub fn apply(&self, table: &mut Table, panel: &Panel) -> Result<Vec<String>> {
        let mut notes = Vec::new();
        for name in some(&self.columns)? {
            let (values, undefined) = panel.growth(table.numbers(name)?, self.periods)?;
            if undefined > 0 {
                notes.push(format!("{name}: growth is missing for {undefined} rows whose base is zero or negative"));
            }
            add(table, self.result(name), values)?;
        }
        Ok(notes)
    }
}

impl Deflate {
    /// Name of the column that comes of `column`.
    pub fn result(&self, column: &str) -> String {
        format!("{column}_real")
    }

    /// Adds the deflated columns.
    pub fn apply(&self, table: &mut Table) -> Result<Vec<String>> {
        let index = table.numbers(&self.index)?.to_vec();
        let bad: Vec<usize> = (0..index.len()).filter(|&i| index[i] <= 0.0).collect();
        if !bad.is_empty() {
            let remedy = "correct it, or leave it empty where it is not known";
            return Err(table.content(Some(&self.index), bad, "a price index must be positive", remedy));
        }
        let mut notes = Vec::new();
        for name in some(&self.columns)? {
            let x = table.numbers(name)?;
            let (values, lost) = deflate(x, &index, self.base)?;
            if lost > 0 {
                notes.push(format!(
                    "{name}: {lost} values are missing after deflating, `{}` is missing there",
                    self.index
                ));
            }
            add(table, self.result(name), values)?;
        }
        Ok(notes)
    }
}

impl Interpolate {
    /// Fills the gaps.
    pub fn apply(&self, table: &mut Table, panel: &Panel) -> Result<Vec<String>> {
        let what = format!("interpolated over gaps of at most {}", self.max_gap);
        replace(table, &self.columns, &what, |x| interpolate(x, panel, self.max_gap))
    }
}

/// Pulls values in to two quantiles (of each group) and counts those it changed.
///
/// x, weights and groups have one entry a row; missing stays missing. `quantile(ascending, weights, p)` has no missing
/// values to see.
pub fn winsorize(
    x: &[f64],
    weights: Option<&[f64]>,
    groups: Option<&[u32]>,
    between: (f64, f64),
    quantile: impl Fn(&[f64], &[f64], f64) -> f64,
) -> Result<(Vec<f64>, usize)> {
    cut(x, weights, groups, between, quantile, |x, low, high| if x < low { low } else { high })
}

/// Makes values outside two quantiles (of each group) missing and counts them.
pub fn trim(
    x: &[f64],
    weights: Option<&[f64]>,
    groups: Option<&[u32]>,
    between: (f64, f64),
    quantile: impl Fn(&[f64], &[f64], f64) -> f64,
) -> Result<(Vec<f64>, usize)> {
    cut(x, weights, groups, between, quantile, |_, _, _| f64::NAN)
}

/// Replaces the values outside [low, high] of their group by `outside(x, low, high)`.
fn cut(
    x: &[f64],
    weights: Option<&[f64]>,
    groups: Option<&[u32]>,
    (lower, upper): (f64, f64),
    quantile: impl Fn(&[f64], &[f64], f64) -> f64,
    outside: impl Fn(f64, f64, f64) -> f64,
) -> Result<(Vec<f64>, usize)> {
    if !(0.0 <= lower && lower < upper && upper <= 1.0) {
        return Err(Error::invalid(
            format!("lower is {lower} and upper is {upper}, wanted 0 ≤ lower < upper ≤ 1"),
            "write 1 % and 99 % as 0.01 and 0.99",
        ));
    }
    if groups.is_some_and(|g| g.len() != x.len()) {
        return Err(Error::Length { column: "groups".into(), got: groups.map_or(0, <[u32]>::len), want: x.len() });
    }
    let group = |i: usize| groups.map_or(0, |g| g[i]);
    let mut members: HashMap<u32, Vec<usize>> = HashMap::new();
    for i in (0..x.len()).filter(|&i| !x[i].is_nan()) {
        members.entry(group(i)).or_default().push(i);
    }
    let bounds: HashMap<u32, (f64, f64)> = members
        .into_iter()
        .map(|(group, mut rows)| {
            rows.sort_by(|&a, &b| x[a].total_cmp(&x[b]));
            let values: Vec<f64> = rows.iter().map(|&i| x[i]).collect();
            let weights: Vec<f64> = weights.map_or_else(Vec::new, |w| rows.iter().map(|&i| w[i]).collect());
            (group, (quantile(&values, &weights, lower), quantile(&values, &weights, upper)))
        })
        .collect();
    let mut changed = 0;
    let values = x.iter().enumerate().map(|(i, &value)| match bounds.get(&group(i)) {
        Some(&(low, high)) if value < low || value > high => {
            changed += 1;
            outside(value, low, high)
        }
        _ => value,
    });
    Ok((values.collect(), changed))
}

/// (x - mean)/s of each value (within its group), s² = Σ w (x - mean)²/(Σ w - 1), and the rows of groups without spread.
pub fn standardize(x: &[f64], weights: Option<&[f64]>, groups: Option<&[u32]>) -> (Vec<f64>, Vec<usize>) {
    let group = |i: usize| groups.map_or(0, |g| g[i]);
    let w = |i: usize| weights.map_or(1.0, |w| w[i]);
    let rows = || (0..x.len()).filter(|&i| !x[i].is_nan());
    // Sum of weights, mean, sum of squares.
    let mut moments: HashMap<u32, [f64; 3]> = HashMap::new();
    for i in rows() {
        let m = moments.entry(group(i)).or_default();
        m[0] += w(i);
        m[1] += w(i) * x[i];
    }
    moments.values_mut().for_each(|m| m[1] /= m[0]);
    for i in rows() {
        if let Some(m) = moments.get_mut(&group(i)) {
            m[2] += w(i) * (x[i] - m[1]).powi(2);
        }
    }
    let mut constant = Vec::new();
    let values = x.iter().enumerate().map(|(i, &value)| match moments.get(&group(i)) {
        Some(&[n, mean, squares]) if !value.is_nan() => {
            let s = (squares / (n - 1.0)).sqrt();
            // What rounding leaves of equal values is no spread.
            if s.is_nan() || s <= 1e-12 * mean.abs() {
                constant.push(i);
            }
            (value - mean) / s
        }
        _ => f64::NAN,
    });
    (values.collect(), constant)
}

/// The transform of each value, and the rows where it is undefined (missing in the result).
pub fn transform(x: &[f64], function: Function) -> (Vec<f64>, Vec<usize>) {
    let mut undefined = Vec::new();
    let values = x.iter().enumerate().map(|(i, &value)| match function.at(value) {
        Some(y) => y,
        None if value.is_nan() => f64::NAN,
        None => {
            undefined.push(i);
            f64::NAN
        }
    });
    (values.collect(), undefined)
}

/// x / (index / base), and how many values are lost to a missing index.
pub fn deflate(x: &[f64], index: &[f64], base: f64) -> Result<(Vec<f64>, usize)> {
    if !(base > 0.0 && base.is_finite()) {
        return Err(Error::invalid(format!("the index's base is {base}, wanted a positive number"), "usual is 100"));
    }
    if x.len() != index.len() {
        return Err(Error::Length { column: "index".into(), got: index.len(), want: x.len() });
    }
    let lost = x.iter().zip(index).filter(|(x, p)| !x.is_nan() && p.is_nan()).count();
    Ok((x.iter().zip(index).map(|(x, p)| x / (p / base)).collect(), lost))
}

/// Fills missing values between two values of a unit linearly in time, gaps of at most `max_gap` times, and counts
/// them. Nothing is filled before the first or after the last value, and no row is added.
pub fn interpolate(x: &[f64], panel: &Panel, max_gap: u32) -> Result<(Vec<f64>, usize)> {
    panel.same_length(x)?;
    let mut values = x.to_vec();
    let mut filled = 0;
    for unit in 0..panel.labels.len() as u32 {
        let rows = panel.unit(unit);
        let known: Vec<usize> = (0..rows.len()).filter(|&i| !x[rows[i]].is_nan()).collect();
        for pair in known.windows(2) {
            let (a, b) = (rows[pair[0]], rows[pair[1]]);
            let span = panel.times[b].abs_diff(panel.times[a]);
            if span - 1 > u64::from(max_gap) {
                continue;
            }
            for &row in &rows[pair[0] + 1..pair[1]] {
                let share = panel.times[row].abs_diff(panel.times[a]) as f64 / span as f64;
                values[row] = x[a] + share * (x[b] - x[a]);
                filled += 1;
            }
        }
    }
    Ok((values, filled))
}

fn known_type(quantile_type: u8) -> Result<()> {
    match quantile_type {
        2 | 7 => Ok(()),
        other => Err(Error::invalid(format!("quantile type {other} is not offered"), "use 2 (Stata) or 7 (NumPy)")),
    }
}

/// The columns asked for; none is an error.
fn some(columns: &[String]) -> Result<&[String]> {
    match columns.is_empty() {
        true => Err(Error::invalid("no column is named", "list them in `columns`")),
        false => Ok(columns),
    }
}

fn groups(table: &Table, by: Option<&str>) -> Result<Option<Vec<u32>>> {
    let Some(by) = by else { return Ok(None) };
    let codes = table.column(by)?.codes();
    let missing: Vec<usize> = (0..codes.len()).filter(|&i| codes[i] == MISSING).collect();
    match missing.is_empty() {
        true => Ok(Some(codes)),
        false => Err(table.content(Some(by), missing, "the group is missing", "fill it in, or drop these rows")),
    }
}

/// Replaces columns by `change` of them and notes how many values it changed.
fn replace(
    table: &mut Table,
    columns: &[String],
    what: &str,
    change: impl Fn(&[f64]) -> Result<(Vec<f64>, usize)>,
) -> Result<Vec<String>> {
    let mut notes = Vec::new();
    for name in some(columns)? {
        let (values, changed) = change(table.numbers(name)?)?;
        notes.push(format!("{name}: {changed} of {} values {what}", values.len()));
        table.set(Column::number(name, values))?;
    }
    Ok(notes)
}

/// Adds a new column; a name that is taken is an error.
fn add(table: &mut Table, name: String, values: Vec<f64>) -> Result<()> {
    match table.has(&name) {
        true => Err(Error::DuplicateColumn { name }),
        false => table.set(Column::number(name, values)),
    }
}
