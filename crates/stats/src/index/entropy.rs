//! Entropy weights of a composite index (熵值法) for a cross-section or a panel, balanced or not.
//!
//! With z the oriented, min-max normalized indicators ([`super::normalize`]) and z̃ = z, or z moved off zero,
//!
//! ```text
//! p_ij = z̃_ij / Σ_i z̃_ij        shares over the n rows in scope
//! e_j  = -(1 / ln n) Σ_i p_ij ln p_ij,   0 ln 0 = 0
//! w_j  = (1 - e_j) / Σ_k (1 - e_k)
//! S_i  = Σ_j w_j z_ij
//! ```
//!
//! An indicator weighs the more the more unevenly it is spread over the rows. The weights say nothing about
//! importance: one city-year outlier raises them. Shannon (1948), "A mathematical theory of communication", gives
//! the entropy; five choices that papers make silently (scope of the goalposts, scope of the shares, constant of
//! the entropy, treatment of zeros, what the score adds up) are options here.
//!
//! ```
//! use plim_stats::index::{Entropy, entropy};
//! let (x1, x2) = ([10.0, 14.0, 30.0, 35.0, 22.0, 25.0], [5.0, 4.0, 9.0, 7.0, 6.0, 3.0]);
//! let options = Entropy {
//!     indicators: vec!["internet".into(), "tax".into()],
//!     negative: vec!["tax".into()],
//!     ..Entropy::default()
//! };
//! let index = entropy(&options, &[&x1, &x2], None)?;
//! assert!(index.weights[0].weight > index.weights[1].weight);
//! # Ok::<(), plim_stats::Error>(())
//! ```

use super::basis::present_each_year;
use super::normalize::{
    Block, Goalpost, NormalizeScope, Oriented, as_text, blocks, complete, directions, inside, normalize,
};
use crate::{Error, Kind, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// Entropy weights and the index they make.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Entropy {
    /// The columns that make the index, more being better unless `negative` or `direction` says otherwise.
    pub indicators: Vec<String>,
    /// The indicators of which less is better.
    pub negative: Vec<String>,
    /// Direction of single indicators: `NAME:1`, `NAME:-1`, or `NAME:target=VALUE` where a middle value is best.
    pub direction: Vec<Oriented>,
    /// Over which rows the smallest and the largest value are taken: `pooled`, `year` or `base:YEAR`.
    ///
    /// Pooled by default, because only then does the level of the index compare over time.
    pub normalize_scope: NormalizeScope,
    /// Over which rows shares and entropy are taken: `pooled`, one weight an indicator, or `year`, weights by year.
    pub share_scope: ShareScope,
    /// How zeros among the normalized values enter the shares: `none`, `shift:A`, `affine:A` or `affine_low:A`.
    ///
    /// None by default: 0 ln 0 = 0 needs no shift, and any shift changes the weights.
    pub zeros: Zeros,
    /// What the score adds up: `plain` normalized values, `shifted` ones (after `zeros`), or the `share` of each row.
    pub score: Score,
    /// Repeats a known error to reproduce published numbers: `ln_t` divides the pooled entropy by ln T.
    ///
    /// The pooled entropy can reach ln of the number of rows, so that ln T (T periods) makes every divergence
    /// negative and reverses the order of the weights. Never for new work.
    pub replicate: Option<Replicate>,
    /// What to do with an indicator whose values are all equal: `error`, or `drop` it with weight 0 and a note.
    pub constant: Constant,
}

/// Rows over which shares sum to one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ShareScope {
    /// All rows.
    #[default]
    Pooled,
    /// The rows of each year.
    Year,
}

/// How normalized values are moved off zero before shares are taken.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub enum Zeros {
    /// Not at all: 0 ln 0 = 0.
    #[default]
    None,
    /// z + A.
    Shift(f64),
    /// (1 - 2A) z + A, onto [A, 1 - A].
    Affine(f64),
    /// (1 - A) z + A, onto [A, 1].
    AffineLow(f64),
}

impl Zeros {
    fn apply(self, z: f64) -> f64 {
        match self {
            Zeros::None => z,
            Zeros::Shift(a) => z + a,
            Zeros::Affine(a) => (1.0 - 2.0 * a) * z + a,
            Zeros::AffineLow(a) => (1.0 - a) * z + a,
        }
    }
}

impl FromStr for Zeros {
    type Err = String;
    fn from_str(s: &str) -> std::result::Result<Self, String> {
        let wanted = || {
            format!(
                "`{s}` is no treatment of zeros; wanted none, shift:A (A >= 0), affine:A (0 <= A < 0.5) or affine_low:A (0 <= A < 1)"
            )
        };
        if s == "none" {
            return Ok(Zeros::None);
        }
        let (kind, a) = s.split_once(':').ok_or_else(wanted)?;
        let a = super::normalize::finite(a).filter(|&a| a >= 0.0).ok_or_else(wanted)?;
        match kind {
            "shift" => Ok(Zeros::Shift(a)),
            "affine" if a < 0.5 => Ok(Zeros::Affine(a)),
            "affine_low" if a < 1.0 => Ok(Zeros::AffineLow(a)),
            _ => Err(wanted()),
        }
    }
}

impl fmt::Display for Zeros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Zeros::None => write!(f, "none"),
            Zeros::Shift(a) => write!(f, "shift:{a}"),
            Zeros::Affine(a) => write!(f, "affine:{a}"),
            Zeros::AffineLow(a) => write!(f, "affine_low:{a}"),
        }
    }
}

as_text!(Zeros);

/// What the score adds up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Score {
    /// Normalized values.
    #[default]
    Plain,
    /// Normalized values after `zeros`.
    Shifted,
    /// Shares.
    Share,
}

/// Known errors that can be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Replicate {
    /// Pooled shares with an entropy divided by ln T instead of ln of the rows.
    LnT,
}

/// What happens to an indicator without spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Constant {
    /// Refused.
    #[default]
    Error,
    /// Weight 0, and a note.
    Drop,
}

/// Weight of one indicator.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Weight {
    /// Indicator.
    pub name: String,
    /// Year, where weights differ by year.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub year: Option<i64>,
    /// Weight; the weights of a scope sum to one.
    pub weight: f64,
    /// Entropy over its largest value; 1 when the indicator is spread evenly. NaN when dropped.
    pub entropy: f64,
    /// One less the entropy. NaN when dropped.
    pub divergence: f64,
}

/// The index.
#[derive(Debug, Clone, PartialEq)]
pub struct EntropyIndex {
    /// Score of each row; NaN where an indicator is missing.
    pub score: Vec<f64>,
    /// Weights, by year within share scope, in the order of the indicators.
    pub weights: Vec<Weight>,
    /// The values between which the indicators were normalized.
    pub goalposts: Vec<Goalpost>,
    /// Rows with a missing indicator: they have no score and enter no weight.
    pub incomplete: usize,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// The entropy index of the indicators `x` (one slice each, in the order of `options.indicators`, NaN missing).
///
/// `time` is needed by the scopes by year and by `ln_t`. Rows with a missing indicator are left out of everything
/// and counted; a year in which an indicator is missing altogether is refused. T of `ln_t` is the number of distinct
/// periods.
pub fn entropy(options: &Entropy, x: &[&[f64]], time: Option<&[i64]>) -> Result<EntropyIndex> {
    if let Some(time) = time.filter(|t| x.iter().all(|c| c.len() == t.len())) {
        present_each_year(&options.indicators, x, time)?;
    }
    weighted_entropy(options, x, time, None)
}

/// [`entropy`] with weights of the rows, positive: a row of weight two counts as two rows.
///
/// ```text
/// p_i = z_i / Σ w z,   H = -Σ w_i p_i ln p_i,   e = H / ln Σ w
/// ```
///
/// The goalposts of the normalization are those of the rows, whatever their weights.
pub fn weighted_entropy(
    options: &Entropy,
    x: &[&[f64]],
    time: Option<&[i64]>,
    w: Option<&[f64]>,
) -> Result<EntropyIndex> {
    let directions = directions(&options.indicators, &options.negative, &options.direction)?;
    if x.len() != options.indicators.len() {
        return Err(Error::length("the list of indicator columns", x.len(), options.indicators.len()));
    }
    let rows = complete(x, &options.indicators)?;
    let n = x[0].len();
    if let Some(time) = time.filter(|t| t.len() != n) {
        return Err(Error::length("`time`", time.len(), n));
    }
    if let Some(w) = w.filter(|w| w.len() != n) {
        return Err(Error::length("weights", w.len(), n));
    }
    if rows.is_empty() {
        return Err(Error::new(Kind::Empty { what: "the list of rows with every indicator".into() }));
    }
    let constant_of = periods_constant(options, time, &rows)?;

    let mut notes = Vec::new();
    let (mut Z, mut goalposts) = (Vec::new(), Vec::new());
    for ((name, column), &direction) in options.indicators.iter().zip(x).zip(&directions) {
        inside(name, column, direction, &rows)?;
        let (z, posts) = normalize(name, column, direction, options.normalize_scope, time, &rows)?;
        Z.push(z);
        goalposts.extend(posts);
    }

    let mut score = vec![f64::NAN; n];
    let mut weights = Vec::new();
    for block in blocks(&rows, time, options.share_scope == ShareScope::Year)? {
        let m = block.rows.len();
        if m < 2 {
            return Err(Error::invalid(
                format!("{m} complete row{}: entropy needs two or more", in_year(&block)),
                "check the missing values, or set `share_scope = \"pooled\"`",
            )
            .at_rows(block.rows));
        }
        let w: Option<Vec<f64>> = w.map(|w| block.rows.iter().map(|&i| w[i]).collect());
        let count = w.as_ref().map_or(m as f64, |w| w.iter().sum());
        let scale = constant_of.unwrap_or(count.ln());
        let first = weights.len();
        let mut P = Vec::new();
        for (name, z) in options.indicators.iter().zip(&Z) {
            let p = shares(options, name, z, &block, w.as_deref(), &mut notes)?;
            let divergence = p.as_ref().map_or(f64::NAN, |p| divergence(p, w.as_deref(), scale));
            let weight = if p.is_some() { divergence } else { 0.0 };
            weights.push(Weight {
                name: name.clone(),
                year: block.year,
                weight,
                entropy: 1.0 - divergence,
                divergence,
            });
            P.push(p);
        }
        let total: f64 = weights[first..].iter().map(|w| w.weight).sum();
        // Evenly spread indicators leave rounding only, of either sign; ln T makes the total negative in earnest.
        if total.abs() < 1e-13 {
            return Err(Error::invalid(
                format!("no indicator differs between rows{}, so that weights are 0/0", in_year(&block)),
                "choose indicators with spread",
            ));
        }
        weights[first..].iter_mut().for_each(|w| w.weight /= total);
        for (at, &i) in block.rows.iter().enumerate() {
            score[i] = (weights[first..].iter().zip(&Z).zip(&P))
                .filter_map(|((w, z), p)| p.as_ref().map(|p| (w.weight, z[i], p[at])))
                .map(|(w, z, p)| match options.score {
                    Score::Plain => w * z,
                    Score::Shifted => w * options.zeros.apply(z),
                    Score::Share => w * p,
                })
                .sum();
        }
    }
    if rows.len() < n {
        notes.push(format!("{} of {n} rows lack an indicator: they have no score and enter no weight", n - rows.len()));
    }
    if options.replicate.is_some() {
        notes.push("replicate = ln_t: the pooled entropy is divided by ln T, which reverses the order of usual weights; for reproducing published numbers only".into());
    }
    Ok(EntropyIndex { score, weights, goalposts, incomplete: n - rows.len(), notes })
}

/// ln T under `replicate = ln_t`, none otherwise.
fn periods_constant(options: &Entropy, time: Option<&[i64]>, rows: &[usize]) -> Result<Option<f64>> {
    if options.replicate.is_none() {
        return Ok(None);
    }
    let periods = time.map_or(0, |t| rows.iter().map(|&i| t[i]).collect::<BTreeSet<_>>().len());
    if periods < 2 || options.share_scope != ShareScope::Pooled {
        return Err(Error::invalid(
            "`replicate = \"ln_t\"` divides a pooled entropy by ln T: it needs `time` with two or more periods and pooled shares",
            "set `time` and `share_scope = \"pooled\"`, or leave `replicate` out",
        ));
    }
    Ok(Some((periods as f64).ln()))
}

/// Shares of a block, or none for an indicator without spread that is to be dropped.
fn shares(
    options: &Entropy,
    name: &str,
    z: &[f64],
    block: &Block,
    w: Option<&[f64]>,
    notes: &mut Vec<String>,
) -> Result<Option<Vec<f64>>> {
    let moved: Vec<f64> = block.rows.iter().map(|&i| options.zeros.apply(z[i])).collect();
    let below: Vec<usize> = block.rows.iter().zip(&moved).filter(|(_, m)| **m < 0.0).map(|(&i, _)| i).collect();
    if !below.is_empty() {
        return Err(Error::invalid(
            "a value lies outside the goalposts of the base year, so that its share would be negative",
            "take a base year that spans the data, `normalize_scope = \"pooled\"`, or a larger `zeros = \"shift:A\"`",
        )
        .at_column(name)
        .at_rows(below));
    }
    let undefined = moved.iter().any(|m| m.is_nan());
    let total: f64 = match w {
        None => moved.iter().sum(),
        Some(w) => moved.iter().zip(w).map(|(m, w)| m * w).sum(),
    };
    if !undefined && total > 0.0 {
        return Ok(Some(moved.iter().map(|m| m / total).collect()));
    }
    match (options.constant, undefined) {
        (Constant::Drop, _) => {
            notes.push(format!("`{name}` has no spread{}: weight 0", in_year(block)));
            Ok(None)
        }
        (Constant::Error, true) => Err(Error::new(Kind::Constant).at_column(name).at_rows(block.rows.clone())),
        (Constant::Error, false) => Err(Error::invalid(
            format!("every normalized value is zero{}, so that shares are 0/0", in_year(block)),
            "leave the indicator out, set `zeros`, or set `constant = \"drop\"`",
        )
        .at_column(name)
        .at_rows(block.rows.clone())),
    }
}

/// 1 - H / scale, with H the entropy of the shares `p`.
///
/// H = ln n - Σ p ln(n p): with scale = ln n the leading terms cancel exactly, so that the divergence of an evenly
/// spread indicator keeps its digits.
///
/// With weights, n is their sum and each term counts by its own.
pub(crate) fn divergence(p: &[f64], w: Option<&[f64]>, scale: f64) -> f64 {
    let n = w.map_or(p.len() as f64, |w| w.iter().sum());
    let term = |p: f64| if p > 0.0 { p * (n * p).ln() } else { 0.0 };
    let from_even: f64 = match w {
        None => p.iter().map(|&p| term(p)).sum(),
        Some(w) => p.iter().zip(w).map(|(&p, w)| w * term(p)).sum(),
    };
    (scale - n.ln() + from_even) / scale
}

fn in_year(block: &Block) -> String {
    block.year.map_or(String::new(), |year| format!(" in {year}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::de::IntoDeserializer;
    use serde::de::value::{Error as ValueError, StrDeserializer};

    #[test]
    fn even_shares_have_no_divergence_and_one_spike_has_all() {
        let ln4 = 4f64.ln();
        assert_eq!(divergence(&[0.25; 4], None, ln4), 0.0);
        assert_eq!(divergence(&[1.0, 0.0, 0.0, 0.0], None, ln4), 1.0);
    }

    #[test]
    fn a_row_of_weight_two_counts_as_two() {
        let options = Entropy { indicators: vec!["a".into(), "b".into()], ..Entropy::default() };
        let (a, b) = ([1.0, 2.0, 5.0, 9.0], [3.0, 1.0, 4.0, 4.5]);
        let twice = |v: &[f64; 4]| vec![v[0], v[0], v[1], v[2], v[2], v[2], v[3]];
        let copies = entropy(&options, &[&twice(&a), &twice(&b)], None).unwrap();
        let w = [2.0, 1.0, 3.0, 1.0];
        let weighted = weighted_entropy(&options, &[&a, &b], None, Some(&w)).unwrap();
        for (c, w) in copies.weights.iter().zip(&weighted.weights) {
            assert!((c.weight - w.weight).abs() < 1e-14 && (c.entropy - w.entropy).abs() < 1e-14);
        }
    }

    #[test]
    fn treatments_of_zero_read_from_text() {
        let read = |s: &str| {
            let text: StrDeserializer<ValueError> = s.into_deserializer();
            Zeros::deserialize(text)
        };
        assert_eq!(read("affine:0.01").unwrap(), Zeros::Affine(0.01));
        assert_eq!(read("shift:1e-4").unwrap().to_string(), "shift:0.0001");
        for bad in ["affine:0.5", "affine_low:1", "shift:-1", "shift", "shift:x"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
