//! The indicators of an index made ready: complete rows, one direction, one scale.

use super::entropy::Constant;
use super::normalize::{Direction, NormalizeScope, Oriented, complete, directions, inside};
use super::scale::{Fixed, Normalize, Scale, Scaling, constant, oriented, scale};
use crate::{Error, Kind, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which indicators make an index, and how they are normalized.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Basis {
    /// The columns that make the index, more being better unless `negative` or `direction` says otherwise.
    pub indicators: Vec<String>,
    /// The indicators of which less is better.
    pub negative: Vec<String>,
    /// Direction of single indicators: `NAME:1`, `NAME:-1`, or `NAME:target=VALUE` where a middle value is best.
    pub direction: Vec<Oriented>,
    /// Form of the normalization. By default `min_max`; for `merec`, `cilos` and `idocriw` their papers' `reference`.
    pub normalize: Option<Normalize>,
    /// Over which rows the smallest and the largest value (the mean, …) are taken: `pooled`, `year` or `base:YEAR`.
    ///
    /// Pooled by default, because only then does the level of the index compare over time.
    pub normalize_scope: NormalizeScope,
    /// Fixed goalposts of single indicators under `min_max`: `NAME:LOW:HIGH`.
    pub goalposts: Vec<Fixed>,
    /// What to do with an indicator whose values are all equal: `error`, or `drop` it with weight 0 and a note.
    pub constant: Constant,
}

/// Indicators with their directions, at the rows that have all of them.
pub struct Prepared<'a> {
    /// The options.
    pub basis: &'a Basis,
    /// Columns, k of n.
    pub x: &'a [&'a [f64]],
    /// Directions, k.
    pub directions: Vec<Direction>,
    /// Time of each row, n.
    pub time: Option<&'a [i64]>,
    /// Rows that have every indicator.
    pub rows: Vec<usize>,
    /// Whether the indicator has spread, k.
    pub varies: Vec<bool>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

impl Basis {
    /// The direction of each indicator.
    pub fn directions(&self) -> Result<Vec<Direction>> {
        directions(&self.indicators, &self.negative, &self.direction)
    }

    /// Checks names, lengths, values, spread and targets, and finds the complete rows.
    pub fn prepare<'a>(&'a self, x: &'a [&'a [f64]], time: Option<&'a [i64]>) -> Result<Prepared<'a>> {
        let mut prepared = self.complete(x, time)?;
        let (rows, notes) = (&prepared.rows, &mut prepared.notes);
        for (j, (name, column)) in self.indicators.iter().zip(x).enumerate() {
            let direction = prepared.directions[j];
            let y: Vec<f64> = rows.iter().map(|&i| oriented(column[i], direction, Normalize::MinMax)).collect();
            let flat = constant(&y);
            match (flat, self.constant) {
                (true, Constant::Error) => {
                    return Err(Error::new(Kind::Constant).at_column(name).at_rows(rows.clone()));
                }
                (true, Constant::Drop) => notes.push(format!("`{name}` has no spread: weight 0")),
                (false, _) => inside(name, column, direction, rows)?,
            }
            prepared.varies[j] = !flat;
        }
        Ok(prepared)
    }

    /// As [`Basis::prepare`], for rows that an earlier vintage scales: they need no spread of their own.
    pub fn complete<'a>(&'a self, x: &'a [&'a [f64]], time: Option<&'a [i64]>) -> Result<Prepared<'a>> {
        let directions = self.directions()?;
        if x.len() != self.indicators.len() {
            return Err(Error::length("the list of indicator columns", x.len(), self.indicators.len()));
        }
        if let Some(other) = self.goalposts.iter().find(|g| !self.indicators.contains(&g.name)) {
            let e = Error::invalid("has goalposts but is no indicator", "add it to `indicators`");
            return Err(e.at_column(&other.name));
        }
        let rows = complete(x, &self.indicators)?;
        let n = x[0].len();
        if let Some(time) = time.filter(|t| t.len() != n) {
            return Err(Error::length("`time`", time.len(), n));
        }
        if let Some(time) = time {
            present_each_year(&self.indicators, x, time)?;
        }
        if rows.is_empty() {
            return Err(Error::new(Kind::Empty { what: "the list of rows with every indicator".into() }));
        }
        let mut notes = Vec::new();
        if rows.len() < n {
            notes.push(format!(
                "{} of {n} rows lack an indicator: they have no score and enter no weight",
                n - rows.len()
            ));
        }
        let varies = vec![true; x.len()];
        Ok(Prepared { basis: self, x, directions, time, rows, varies, notes })
    }
}

/// Refuses a year in which an indicator is missing altogether: the rows of that year would be lost in silence.
pub(super) fn present_each_year(names: &[String], x: &[&[f64]], time: &[i64]) -> Result<()> {
    let mut years: Vec<i64> = time.to_vec();
    years.sort_unstable();
    years.dedup();
    for (name, column) in names.iter().zip(x) {
        let absent = |year: &&i64| time.iter().zip(*column).all(|(t, v)| t != *year || v.is_nan());
        if let Some(year) = years.iter().find(absent) {
            return Err(Error::invalid(
                format!("missing in every row of {year}"),
                "leave that year out with `where`, leave the indicator out, or fill it first (`interpolate`, or `impute` of `index`)",
            )
            .at_column(name));
        }
    }
    Ok(())
}

impl Prepared<'_> {
    /// Normalized indicators, k of n: NaN outside the complete rows, and throughout where nothing varies.
    pub fn normalized(&self, normalize: Normalize) -> Result<(Vec<Vec<f64>>, Vec<Scale>)> {
        self.frozen(normalize, &[])
    }

    /// As [`Prepared::normalized`], with the scales of an earlier vintage where they are given.
    pub fn frozen(&self, normalize: Normalize, frozen: &[Scale]) -> Result<(Vec<Vec<f64>>, Vec<Scale>)> {
        let (mut Z, mut scales) = (Vec::new(), Vec::new());
        for (j, (name, x)) in self.basis.indicators.iter().zip(self.x).enumerate() {
            if !self.varies[j] {
                Z.push(vec![f64::NAN; x.len()]);
                continue;
            }
            let fixed = self.basis.goalposts.iter().find(|g| g.name == *name).map(|g| [g.low, g.high]);
            let frozen = frozen.iter().find(|s| s.name == *name);
            let how = Scaling { normalize, scope: self.basis.normalize_scope, fixed, frozen };
            let (z, s) = scale(name, x, self.directions[j], &how, self.time, &self.rows)?;
            Z.push(z);
            scales.extend(s);
        }
        Ok((Z, scales))
    }
}
