//! Normalization of an indicator: brought to one direction and one scale.
//!
//! With y the oriented indicator (x; -x where less is better; -|x - m| where m is best), each form is (y - c) / s:
//!
//! | form | c | s |
//! |---|---|---|
//! | `min_max` | smallest y | largest less smallest y (for a target the largest is 0) |
//! | `z` | mean | standard deviation, divisor n - 1 |
//! | `robust` | median | interquartile range |
//! | `reference` | 0 | largest y: x over the best; the best over x where less is better |
//! | `vector` | 0, or smallest y where less is better | √Σ (y - c)² |
//! | `none` | 0 | 1 |
//!
//! and `rank` is (r - 1) / (n - 1), r the rank of y among n with ties at their mean. c and s come from all rows, from
//! each year, or from a base year; `goalposts` put others in the place of the smallest and largest value. With the
//! weights they are all it takes to score new rows. OECD and JRC (2008), Handbook on Constructing Composite Indicators,
//! section 5.

use super::normalize::{Direction, NormalizeScope, as_text, blocks, finite};
use super::weights::{mean, sd};
use crate::math::quantile::{QuantileType, quantile};
use crate::{Error, Kind, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Form of the normalization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Normalize {
    /// From the worst to the best value onto 0 to 1.
    #[default]
    MinMax,
    /// Mean 0, standard deviation 1.
    Z,
    /// Rank over the number of rows, 0 to 1.
    Rank,
    /// Share of the best value.
    Reference,
    /// Length 1.
    Vector,
    /// Median 0, interquartile range 1.
    Robust,
    /// As it is, oriented.
    None,
}

/// Fixed goalposts of an indicator, written `NAME:LOW:HIGH`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct Fixed {
    /// Indicator.
    pub name: String,
    /// Value that scores 0 (or 1, where less is better).
    pub low: f64,
    /// Value that scores 1 (or 0).
    pub high: f64,
}

impl FromStr for Fixed {
    type Err = String;
    fn from_str(s: &str) -> std::result::Result<Self, String> {
        let wanted = || format!("`{s}` are no goalposts; wanted NAME:LOW:HIGH with LOW < HIGH");
        let mut parts = s.rsplitn(3, ':');
        let (high, low, name) = (parts.next(), parts.next(), parts.next());
        let number = |text: Option<&str>| text.and_then(finite).ok_or_else(wanted);
        let (low, high) = (number(low)?, number(high)?);
        match name.map(str::trim).filter(|n| !n.is_empty() && low < high) {
            Some(name) => Ok(Fixed { name: name.into(), low, high }),
            None => Err(wanted()),
        }
    }
}

impl fmt::Display for Fixed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.name, self.low, self.high)
    }
}

as_text!(Fixed);

/// What an indicator was brought to scale with: (y - center) / spread.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scale {
    /// Indicator.
    pub name: String,
    /// Year, where each year has its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub year: Option<i64>,
    /// c, in terms of the oriented indicator.
    pub center: f64,
    /// s.
    pub spread: f64,
}

/// How one indicator is normalized.
#[derive(Debug, Clone, Copy)]
pub struct Scaling<'a> {
    /// Form.
    pub normalize: Normalize,
    /// Rows from which c and s come.
    pub scope: NormalizeScope,
    /// Goalposts that replace the smallest and largest value, under `min_max`.
    pub fixed: Option<[f64; 2]>,
    /// c and s of an earlier vintage, which replace those of the data.
    pub frozen: Option<&'a Scale>,
}

/// Oriented value of `x`: more is better.
pub fn oriented(x: f64, direction: Direction, normalize: Normalize) -> f64 {
    match (direction, normalize) {
        (Direction::Positive, _) => x,
        (Direction::Negative, Normalize::Reference) => 1.0 / x,
        (Direction::Negative, _) => -x,
        (Direction::Target(m), _) => -(x - m).abs(),
    }
}

/// Whether the spread between these values is nothing but rounding.
pub(crate) fn constant(y: &[f64]) -> bool {
    let (low, high) = range(y);
    high - low <= 1e-14 * low.abs().max(high.abs())
}

fn range(y: &[f64]) -> (f64, f64) {
    y.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), &v| (l.min(v), h.max(v)))
}

/// c and s of the oriented values `y`, which are not constant.
pub(crate) fn center_spread(y: &[f64], direction: Direction, normalize: Normalize) -> (f64, f64) {
    let (low, high) = range(y);
    let length = |c: f64| y.iter().map(|v| (v - c) * (v - c)).sum::<f64>().sqrt();
    match (normalize, direction) {
        (Normalize::MinMax, Direction::Target(_)) => (low, -low),
        (Normalize::MinMax, _) => (low, high - low),
        (Normalize::Z, _) => (mean(y), sd(y)),
        (Normalize::Reference, _) => (0.0, high),
        (Normalize::Vector, Direction::Positive) => (0.0, length(0.0)),
        (Normalize::Vector, _) => (low, length(low)),
        (Normalize::Robust, _) => {
            let mut sorted = y.to_vec();
            sorted.sort_by(f64::total_cmp);
            let q = |p| quantile(&sorted, p, QuantileType::Stata);
            (q(0.5), q(0.75) - q(0.25))
        }
        (Normalize::None | Normalize::Rank, _) => (0.0, 1.0),
    }
}

/// Ranks of `y` from 0 to 1, ties at their mean.
pub(crate) fn fractional_ranks(y: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..y.len()).collect();
    order.sort_by(|&a, &b| y[a].total_cmp(&y[b]));
    let mut ranks = vec![0.0; y.len()];
    let mut start = 0;
    while start < order.len() {
        let end = start + order[start..].iter().take_while(|&&i| y[i] == y[order[start]]).count();
        for &i in &order[start..end] {
            ranks[i] = (start + end - 1) as f64 / 2.0 / (y.len() as f64 - 1.0);
        }
        start = end;
    }
    ranks
}

/// Normalizes one indicator at `rows`, where it has no missing value.
///
/// Returns z with the length of `x` (NaN outside `rows`, and in a year without spread) and what it was scaled with.
pub fn scale(
    name: &str,
    x: &[f64],
    direction: Direction,
    how: &Scaling,
    time: Option<&[i64]>,
    rows: &[usize],
) -> Result<(Vec<f64>, Vec<Scale>)> {
    check(name, x, direction, how, rows)?;
    let normalize = how.normalize;
    let y: Vec<f64> = x.iter().map(|&v| oriented(v, direction, normalize)).collect();
    let mut z = vec![f64::NAN; x.len()];
    if let Some(frozen) = how.frozen {
        rows.iter().for_each(|&i| z[i] = (y[i] - frozen.center) / frozen.spread);
        return Ok((z, vec![frozen.clone()]));
    }
    if let Some([low, high]) = how.fixed {
        let posts = [oriented(low, direction, normalize), oriented(high, direction, normalize)];
        let (center, spread) = match direction {
            Direction::Target(_) => center_spread(&posts, direction, normalize),
            _ => (posts[0].min(posts[1]), high - low),
        };
        rows.iter().for_each(|&i| z[i] = (y[i] - center) / spread);
        return Ok((z, vec![Scale { name: name.into(), year: None, center, spread }]));
    }
    let mut scales = Vec::new();
    for block in blocks(rows, time, how.scope != NormalizeScope::Pooled)? {
        let year = block.year;
        if matches!(how.scope, NormalizeScope::Base(base) if year != Some(base)) {
            continue;
        }
        let within: Vec<f64> = block.rows.iter().map(|&i| y[i]).collect();
        if constant(&within) && normalize != Normalize::None {
            continue;
        }
        if normalize == Normalize::Rank {
            block.rows.iter().zip(fractional_ranks(&within)).for_each(|(&i, r)| z[i] = r);
            continue;
        }
        let (center, spread) = center_spread(&within, direction, normalize);
        if spread <= 0.0 {
            return Err(Error::invalid(
                "half of the values or more are equal, so that the interquartile range is zero",
                "set `normalize` to another form than `robust`",
            )
            .at_column(name));
        }
        let scored = if let NormalizeScope::Base(_) = how.scope { rows } else { &block.rows };
        scored.iter().for_each(|&i| z[i] = (y[i] - center) / spread);
        scales.push(Scale { name: name.into(), year, center, spread });
    }
    match how.scope {
        NormalizeScope::Base(base) if scales.is_empty() => {
            let present = time.is_some_and(|t| rows.iter().any(|&i| t[i] == base));
            Err(match present {
                true => Error::new(Kind::Constant).at_column(name),
                false => Error::invalid(
                    format!("no complete row in the base year {base}"),
                    "take a year of the data in `normalize_scope = \"base:YEAR\"`",
                ),
            })
        }
        _ => Ok((z, scales)),
    }
}

/// Refuses combinations that have no meaning.
fn check(name: &str, x: &[f64], direction: Direction, how: &Scaling, rows: &[usize]) -> Result<()> {
    let wrong = |message: &str, remedy: &str| Err(Error::invalid(message, remedy).at_column(name));
    match (how.normalize, direction) {
        (Normalize::Reference, Direction::Target(_)) => {
            return wrong("a target has no share of the best value", "set `normalize = \"min_max\"`");
        }
        (Normalize::Reference, _) => {
            let bad: Vec<usize> = rows.iter().copied().filter(|&i| x[i] <= 0.0).collect();
            if direction == Direction::Negative && !bad.is_empty() || bad.iter().any(|&i| x[i] < 0.0) {
                return wrong(
                    "a share of the best value needs positive values",
                    "set `normalize = \"min_max\"`, or leave these rows out",
                )
                .map_err(|e| e.at_rows(bad));
            }
        }
        (Normalize::Rank, _) if matches!(how.scope, NormalizeScope::Base(_)) || how.frozen.is_some() => {
            return wrong("ranks cannot be frozen: they are among the rows at hand", "set `normalize = \"min_max\"`");
        }
        (Normalize::MinMax, _) => return Ok(()),
        _ => {}
    }
    match how.fixed {
        Some(_) => wrong("`goalposts` belong to min-max normalization", "set `normalize = \"min_max\"`"),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(x: &[f64], direction: Direction, normalize: Normalize, fixed: Option<[f64; 2]>) -> Vec<f64> {
        let how = Scaling { normalize, scope: NormalizeScope::Pooled, fixed, frozen: None };
        let rows: Vec<usize> = (0..x.len()).collect();
        scale("x", x, direction, &how, None, &rows).unwrap().0
    }

    #[test]
    fn each_form_by_hand() {
        let x = [2.0, 4.0, 8.0, 6.0];
        assert_eq!(run(&x, Direction::Negative, Normalize::Reference, None), [1.0, 0.5, 0.25, 1.0 / 3.0]);
        assert_eq!(run(&x, Direction::Positive, Normalize::Rank, None), [0.0, 1.0 / 3.0, 1.0, 2.0 / 3.0]);
        assert_eq!(run(&x, Direction::Positive, Normalize::Robust, None), [-0.75, -0.25, 0.75, 0.25]);
        assert_eq!(run(&x, Direction::Negative, Normalize::MinMax, Some([0.0, 16.0]))[0], 0.875);
        assert_eq!(run(&x, Direction::Target(4.0), Normalize::MinMax, None), [0.5, 1.0, 0.0, 0.5]);
        assert_eq!(fractional_ranks(&[5.0, 5.0, 1.0]), [0.75, 0.75, 0.0]);
        assert_eq!("a:b:0:1".parse::<Fixed>().unwrap().to_string(), "a:b:0:1");
        assert!("a:1:1".parse::<Fixed>().is_err() && "a:1".parse::<Fixed>().is_err());
    }
}
