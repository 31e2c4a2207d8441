//! Orientation and min-max normalization of indicators over the rows of a panel.
//!
//! With the goalposts low and high, the smallest and largest value in scope,
//!
//! ```text
//! positive   z = (x - low) / (high - low)
//! negative   z = (high - x) / (high - low)
//! target m   z = 1 - |x - m| / max(|low - m|, |high - m|)
//! ```
//!
//! The scope is all rows (a level comparable over time), each year by itself (a rank within the year), or one
//! base year whose goalposts are then frozen (z may leave [0, 1] in other years). z ignores the unit and, for
//! positive and negative indicators, the origin of x; negative raw values are fine.

use crate::{Error, Kind, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// Which way an indicator points.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Direction {
    /// More is better.
    #[default]
    Positive,
    /// Less is better.
    Negative,
    /// The nearer to this value the better.
    Target(f64),
}

/// An indicator with its direction, written `name:1`, `name:-1` or `name:target=VALUE`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct Oriented {
    /// Name of the indicator.
    pub name: String,
    /// Which way it points.
    pub direction: Direction,
}

impl FromStr for Oriented {
    type Err = String;
    fn from_str(s: &str) -> std::result::Result<Self, String> {
        let wanted = || format!("`{s}` is not a direction; wanted NAME:1, NAME:-1 or NAME:target=VALUE");
        // The last colon, because a column name may have colons of its own.
        let (name, direction) = s.rsplit_once(':').ok_or_else(wanted)?;
        let direction = match direction.trim() {
            "1" | "+1" => Direction::Positive,
            "-1" => Direction::Negative,
            other => {
                let value = other.strip_prefix("target=").ok_or_else(wanted)?;
                Direction::Target(finite(value).ok_or_else(wanted)?)
            }
        };
        match name.trim() {
            "" => Err(wanted()),
            name => Ok(Oriented { name: name.into(), direction }),
        }
    }
}

impl fmt::Display for Oriented {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.direction {
            Direction::Positive => write!(f, "{}:1", self.name),
            Direction::Negative => write!(f, "{}:-1", self.name),
            Direction::Target(m) => write!(f, "{}:target={m}", self.name),
        }
    }
}

/// Over which rows the smallest and the largest value are taken: `pooled`, `year` or `base:YEAR`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub enum NormalizeScope {
    /// All rows: scores are comparable over time.
    #[default]
    Pooled,
    /// Each year by itself: scores compare units within a year only.
    Year,
    /// The rows of one year; its goalposts serve all years.
    Base(i64),
}

impl FromStr for NormalizeScope {
    type Err = String;
    fn from_str(s: &str) -> std::result::Result<Self, String> {
        let wanted = || format!("`{s}` is not a scope; wanted pooled, year or base:YEAR");
        match s {
            "pooled" => Ok(NormalizeScope::Pooled),
            "year" => Ok(NormalizeScope::Year),
            s => {
                let year = s.strip_prefix("base:").ok_or_else(wanted)?;
                year.trim().parse().map(NormalizeScope::Base).map_err(|_| wanted())
            }
        }
    }
}

impl fmt::Display for NormalizeScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NormalizeScope::Pooled => write!(f, "pooled"),
            NormalizeScope::Year => write!(f, "year"),
            NormalizeScope::Base(year) => write!(f, "base:{year}"),
        }
    }
}

/// A finite number out of text.
pub(crate) fn finite(s: &str) -> Option<f64> {
    s.trim().parse().ok().filter(|v: &f64| v.is_finite())
}

/// Options that are one word of text in a study file read through `FromStr` and are shown through `Display`.
macro_rules! as_text {
    ($($option:ty),+) => {$(
        impl TryFrom<String> for $option {
            type Error = String;
            fn try_from(s: String) -> std::result::Result<Self, String> {
                s.parse()
            }
        }
        impl From<$option> for String {
            fn from(option: $option) -> String {
                option.to_string()
            }
        }
    )+};
}
pub(crate) use as_text;
as_text!(Oriented, NormalizeScope);

/// The values between which an indicator was normalized: with the weights, all it takes to score new rows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Goalpost {
    /// Indicator.
    pub name: String,
    /// Year, where each year has its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub year: Option<i64>,
    /// Smallest value in scope.
    pub low: f64,
    /// Largest value in scope.
    pub high: f64,
}

impl Goalpost {
    /// Goalposts of the values `x[rows]`.
    fn of(name: &str, year: Option<i64>, x: &[f64], rows: &[usize]) -> Self {
        let low = rows.iter().map(|&i| x[i]).fold(f64::INFINITY, f64::min);
        let high = rows.iter().map(|&i| x[i]).fold(f64::NEG_INFINITY, f64::max);
        Goalpost { name: name.into(), year, low, high }
    }

    /// Whether the spread is nothing but rounding.
    fn constant(&self) -> bool {
        self.high - self.low <= 1e-14 * self.low.abs().max(self.high.abs())
    }

    /// The normalized value of `x`; NaN between equal goalposts.
    pub fn scale(&self, x: f64, direction: Direction) -> f64 {
        let spread = self.high - self.low;
        match direction {
            _ if self.constant() => f64::NAN,
            Direction::Positive => (x - self.low) / spread,
            Direction::Negative => (self.high - x) / spread,
            Direction::Target(m) => 1.0 - (x - m).abs() / (self.low - m).abs().max((self.high - m).abs()),
        }
    }
}

/// The direction of each of `names`, after checks of the lists that name some of them.
pub(crate) fn directions(names: &[String], negative: &[String], oriented: &[Oriented]) -> Result<Vec<Direction>> {
    if names.is_empty() {
        return Err(Error::new(Kind::Empty { what: "the list `indicators`".into() }));
    }
    let twice = |name: &String, among: &[String]| among.iter().filter(|n| *n == name).count() > 1;
    let directed: Vec<String> = (negative.iter().chain(oriented.iter().map(|d| &d.name))).cloned().collect();
    if let Some(name) = names.iter().find(|n| twice(n, names)) {
        return Err(Error::invalid("named twice in `indicators`", "name each indicator once").at_column(name));
    }
    if let Some(name) = directed.iter().find(|n| twice(n, &directed)) {
        return Err(Error::invalid("has two directions", "name it once in `negative` or `direction`").at_column(name));
    }
    if let Some(name) = directed.iter().find(|n| !names.contains(n)) {
        return Err(Error::invalid("has a direction but is no indicator", "add it to `indicators`").at_column(name));
    }
    let of = |name: &String| match oriented.iter().find(|d| d.name == *name) {
        Some(oriented) => oriented.direction,
        None if negative.contains(name) => Direction::Negative,
        None => Direction::Positive,
    };
    Ok(names.iter().map(of).collect())
}

/// Refuses a target that no value reaches from both sides: the indicator then has a direction, not a target.
pub(crate) fn inside(name: &str, x: &[f64], direction: Direction, rows: &[usize]) -> Result<()> {
    let Direction::Target(m) = direction else { return Ok(()) };
    let Goalpost { low, high, .. } = Goalpost::of(name, None, x, rows);
    match low <= m && m <= high {
        true => Ok(()),
        false => Err(Error::invalid(
            format!("the target {m} lies outside the data, which go from {low} to {high}"),
            "correct the target or its unit; where more (or less) is simply better, give the direction 1 (or -1)",
        )
        .at_column(name)),
    }
}

/// Rows that are normalized, or whose shares are taken, together.
pub(crate) struct Block {
    /// The year; none when all rows stand together.
    pub year: Option<i64>,
    /// The rows.
    pub rows: Vec<usize>,
}

/// The `rows` in one block, or in a block a year (ascending).
pub(crate) fn blocks(rows: &[usize], time: Option<&[i64]>, by_year: bool) -> Result<Vec<Block>> {
    if !by_year {
        return Ok(vec![Block { year: None, rows: rows.to_vec() }]);
    }
    let time = time.ok_or_else(|| {
        Error::invalid("a scope by year needs the year of each row", "set `time`, or take the scope `pooled`")
    })?;
    let mut years: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
    for &i in rows {
        years.entry(time[i]).or_default().push(i);
    }
    Ok(years.into_iter().map(|(year, rows)| Block { year: Some(year), rows }).collect())
}

/// The blocks of a scope from which something is taken, each with the rows that it serves: its own, or those of all
/// years where it is a base year.
pub(crate) fn scoped(
    rows: &[usize],
    time: Option<&[i64]>,
    scope: NormalizeScope,
    option: &str,
) -> Result<Vec<(Block, Vec<usize>)>> {
    let all = blocks(rows, time, scope != NormalizeScope::Pooled)?;
    let NormalizeScope::Base(year) = scope else {
        return Ok(all.into_iter().map(|b| (Block { year: b.year, rows: b.rows.clone() }, b.rows)).collect());
    };
    match all.into_iter().find(|b| b.year == Some(year)) {
        Some(base) => Ok(vec![(base, rows.to_vec())]),
        None => Err(Error::invalid(
            format!("no complete row in the base year {year}"),
            format!("take a year of the data in `{option} = \"base:YEAR\"`"),
        )),
    }
}

/// Normalizes one indicator at `rows`.
///
/// Returns z with the length of `x` (NaN outside `rows` and between equal goalposts) and the goalposts.
pub(crate) fn normalize(
    name: &str,
    x: &[f64],
    direction: Direction,
    scope: NormalizeScope,
    time: Option<&[i64]>,
    rows: &[usize],
) -> Result<(Vec<f64>, Vec<Goalpost>)> {
    let mut z = vec![f64::NAN; x.len()];
    let mut goalposts = Vec::new();
    for block in blocks(rows, time, scope != NormalizeScope::Pooled)?.iter() {
        let goalpost = match scope {
            NormalizeScope::Base(year) if block.year != Some(year) => continue,
            _ => Goalpost::of(name, block.year, x, &block.rows),
        };
        let within = if let NormalizeScope::Base(_) = scope { rows } else { &block.rows };
        for &i in within {
            z[i] = goalpost.scale(x[i], direction);
        }
        goalposts.push(goalpost);
    }
    if let (NormalizeScope::Base(year), true) = (scope, goalposts.is_empty()) {
        return Err(Error::invalid(
            format!("no complete row in the base year {year}"),
            "take a year of the data in `normalize_scope = \"base:YEAR\"`",
        ));
    }
    Ok((z, goalposts))
}

/// The rows without a missing value in any column; an infinite value is refused.
pub(crate) fn complete(x: &[&[f64]], names: &[String]) -> Result<Vec<usize>> {
    let n = x.first().map_or(0, |c| c.len());
    for (column, name) in x.iter().zip(names) {
        if column.len() != n {
            return Err(Error::length("the indicator", column.len(), n).at_column(name));
        }
        let bad: Vec<usize> = (0..n).filter(|&i| column[i].is_infinite()).collect();
        if !bad.is_empty() {
            return Err(Error::new(Kind::NotFinite).at_column(name).at_rows(bad));
        }
    }
    Ok((0..n).filter(|&i| x.iter().all(|c| !c[i].is_nan())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directions_read_and_write_the_same_text() {
        for text in ["a:1", "a:-1", "b:c:target=2.5", "税负:target=-1"] {
            assert_eq!(text.parse::<Oriented>().unwrap().to_string(), text);
        }
        for text in ["a", "a:2", ":1", "a:target=", "a:target=inf"] {
            assert!(text.parse::<Oriented>().is_err(), "{text}");
        }
        assert_eq!("base:2011".parse(), Ok(NormalizeScope::Base(2011)));
        assert!("base:".parse::<NormalizeScope>().is_err());
    }

    #[test]
    fn a_target_is_best_and_the_farther_goalpost_is_worst() {
        let g = Goalpost { name: "x".into(), year: None, low: 0.0, high: 10.0 };
        assert_eq!([4.0, 0.0, 10.0, 7.0].map(|x| g.scale(x, Direction::Target(4.0))), [1.0, 1.0 - 4.0 / 6.0, 0.0, 0.5]);
    }
}
