//! Which convention reproduces published weights, or a published index.
//!
//! Each convention ([`super::conventions`]) makes weights from the raw indicators; its distance from the published ones
//! is the largest difference of a weight. A convention matches when that is at most half a unit of the last decimal that
//! was published; of several the plainest is named, and the others are listed, because weights of few decimals do
//! not tell all conventions apart. An index is compared row by row, also after multiplication by 100 and after a linear
//! transformation, and by its correlations.

use super::conventions::{Candidate, Raw, candidates};
use super::weightings::MOST_PROGRAMS;
use crate::index::normalize::Oriented;
use crate::{Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The convention that reproduces published weights or a published index, from the raw indicators.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AuditWeights {
    /// Columns of the raw indicators.
    pub indicators: Vec<String>,
    /// The indicators of which less is better.
    pub negative: Vec<String>,
    /// Direction of single indicators: `NAME:1`, `NAME:-1`, or `NAME:target=VALUE`.
    pub direction: Vec<Oriented>,
    /// The published weights, in the order of `indicators`; as shares or in percent.
    pub weights: Vec<f64>,
    /// Column of the published index, instead of weights or beside them.
    pub index: Option<String>,
    /// Decimals of the published numbers; as many as the longest has by default.
    pub decimals: Option<u32>,
    /// How many of the conventions that do not match are listed.
    pub list: usize,
}

impl Default for AuditWeights {
    fn default() -> Self {
        AuditWeights {
            indicators: Vec::new(),
            negative: Vec::new(),
            direction: Vec::new(),
            weights: Vec::new(),
            index: None,
            decimals: None,
            list: 10,
        }
    }
}

/// A convention and how near it comes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Compared {
    /// The convention.
    pub convention: String,
    /// Whether it is a known error.
    pub faulty: bool,
    /// Whether it reproduces what was published.
    pub matches: bool,
    /// Largest difference of a weight, or of the index.
    pub distance: f64,
    /// Correlation with the published weights or index.
    pub correlation: Option<f64>,
    /// Of an index: how it was made comparable, `as_is`, `times_100` or `linear`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale: Option<&'static str>,
    /// Its weights.
    pub weights: Vec<f64>,
    /// Whether papers print it often.
    #[serde(skip)]
    usual: bool,
    /// What was compared, on the scale of what was published: of a convention that matches, for comparison with others.
    #[serde(skip)]
    fitted: Vec<f64>,
}

/// The verdict.
#[derive(Debug, Clone, PartialEq)]
pub struct Audited {
    /// The convention that reproduces what was published, or `none`.
    pub verdict: String,
    /// Conventions: those that match, then the nearest of the others.
    pub conventions: Vec<Compared>,
    /// How many were tried.
    pub tried: usize,
    /// Largest difference that counts as the same.
    pub tolerance: f64,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// Compares what was published with every convention.
pub fn audit_weights(
    options: &AuditWeights,
    x: &[&[f64]],
    index: Option<&[f64]>,
    time: Option<&[i64]>,
    units: Option<usize>,
) -> Result<Audited> {
    let k = options.indicators.len();
    if k < 2 || x.len() != k {
        return Err(Error::invalid(
            format!("{k} indicators: weights of fewer than two say nothing"),
            "name the columns of the raw indicators in `indicators`",
        ));
    }
    // What the entropy method refuses (names, directions, infinite values) is refused here by the same words.
    crate::index::entropy::entropy(
        &crate::index::Entropy {
            indicators: options.indicators.clone(),
            negative: options.negative.clone(),
            direction: options.direction.clone(),
            constant: crate::index::entropy::Constant::Drop,
            ..Default::default()
        },
        x,
        time,
    )?;
    let raw = Raw {
        indicators: &options.indicators,
        negative: &options.negative,
        direction: &options.direction,
        x,
        time,
        units,
    };
    match (options.weights.is_empty(), index) {
        (true, None) => Err(Error::invalid(
            "there is nothing published to compare with",
            "give the published `weights` in the order of `indicators`, or the column of the published `index`",
        )),
        (false, _) => of_weights(options, &raw),
        (true, Some(index)) => of_index(options, &raw, index),
    }
}

fn of_weights(options: &AuditWeights, raw: &Raw) -> Result<Audited> {
    let (published, tolerance, mut notes) = published(options)?;
    let compared = candidates(raw, false).into_iter().map(|c: Candidate| {
        let distance = published.iter().zip(&c.weights).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        Compared {
            matches: distance <= tolerance,
            correlation: correlation(&published, &c.weights),
            convention: c.convention,
            faulty: c.faulty,
            usual: c.usual,
            distance,
            scale: None,
            fitted: c.weights.clone(),
            weights: c.weights,
        }
    });
    let mut compared: Vec<Compared> = compared.collect();
    notes.extend(coincidences(&mut compared, published.len(), tolerance));
    if options.index.is_some() {
        notes.push("the weights were compared; leave them out to compare the index".into());
    }
    Ok(verdict(options, raw.complete(), compared, tolerance, notes))
}

/// Takes the match from unusual conventions that chance would bring.
///
/// Weights drawn at random from all that sum to one lie within the tolerance t of given ones with probability
/// (k - 1)! (2t)^(k-1); of m conventions, m times that agree with what none of them made. With few indicators and few
/// decimals that is more than one in twenty, and agreement says nothing for what papers hardly use.
fn coincidences(compared: &mut [Compared], k: usize, tolerance: f64) -> Option<String> {
    let unusual = compared.iter().filter(|c| !c.usual).count() as f64;
    let chance = (1..k).fold(unusual, |product, i| product * i as f64 * 2.0 * tolerance);
    if chance < 0.05 {
        return None;
    }
    let found: Vec<&mut Compared> = compared.iter_mut().filter(|c| c.matches && !c.usual).collect();
    let count = found.len();
    found.into_iter().for_each(|c| c.matches = false);
    (count > 0).then(|| {
        format!(
            "{count} of {unusual} unusual conventions agree too, where chance alone would bring {chance:.2}: more decimals would tell"
        )
    })
}

/// The published weights as shares, and half a unit of their last decimal.
fn published(options: &AuditWeights) -> Result<(Vec<f64>, f64, Vec<String>)> {
    let w = &options.weights;
    if w.len() != options.indicators.len() {
        return Err(Error::length("`weights`", w.len(), options.indicators.len()));
    }
    if w.iter().any(|v| !v.is_finite()) {
        return Err(Error::invalid("a published weight is not a number", "give every weight as it was printed"));
    }
    let half = half_unit(options.decimals.unwrap_or_else(|| w.iter().map(|v| decimals(*v)).max().unwrap_or(0)));
    let sum: f64 = w.iter().sum();
    let slack = half * w.len() as f64 + 1e-9;
    let (scale, notes) = if (sum - 1.0).abs() <= slack {
        (1.0, Vec::new())
    } else if (sum - 100.0).abs() <= slack {
        (100.0, vec!["the published weights are in percent".to_string()])
    } else {
        return Err(Error::invalid(
            format!("the published weights sum to {sum}, and neither to 1 nor to 100"),
            "give the weight of every indicator, global weights where there are dimensions",
        ));
    };
    // Programs agree to about ten digits where papers print all of them.
    let tolerance = (half / scale * (1.0 + 1e-9)).max(1e-9);
    Ok((w.iter().map(|v| v / scale).collect(), tolerance, notes))
}

fn of_index(options: &AuditWeights, raw: &Raw, index: &[f64]) -> Result<Audited> {
    let name = options.index.as_deref().unwrap_or("index");
    if index.len() != raw.x[0].len() {
        return Err(Error::length(format!("`{name}`"), index.len(), raw.x[0].len()));
    }
    let there: Vec<usize> =
        (0..index.len()).filter(|&i| index[i].is_finite() && raw.x.iter().all(|c| !c[i].is_nan())).collect();
    if there.len() < 3 {
        return Err(Error::invalid(
            format!("`{name}` and the indicators are there together in {} rows", there.len()),
            "give an index of the same rows as the indicators",
        ));
    }
    let y: Vec<f64> = there.iter().map(|&i| index[i]).collect();
    let half = half_unit(options.decimals.unwrap_or_else(|| y.iter().map(|v| decimals(*v)).max().unwrap_or(0)));
    let size = y.iter().fold(0.0f64, |m, v| m.max(v.abs()));
    let tolerance = (half * (1.0 + 1e-9)).max(1e-9 * size);
    let mut compared = Vec::new();
    for c in candidates(raw, true) {
        for (score, values) in &c.scores {
            let s: Vec<f64> = there.iter().map(|&i| values[i]).collect();
            if s.iter().any(|v| !v.is_finite()) {
                continue;
            }
            let distance = |a: f64, b: f64| y.iter().zip(&s).map(|(y, s)| (y - a - b * s).abs()).fold(0.0, f64::max);
            let (a, b) = line(&s, &y);
            let ways = [("as_is", 0.0, 1.0), ("times_100", 0.0, 100.0), ("linear", a, b)];
            let ways = ways.map(|(scale, a, b)| (scale, [a, b], distance(a, b)));
            // The plainest that matches, else the line, which is the nearest.
            let (scale, [a, b], distance) = ways.into_iter().find(|w| w.2 <= tolerance).unwrap_or(ways[2]);
            let matches = distance <= tolerance;
            compared.push(Compared {
                convention: format!("{}, score = {score}", c.convention),
                faulty: c.faulty,
                usual: c.usual,
                matches,
                distance,
                correlation: correlation(&y, &s),
                scale: Some(scale),
                weights: c.weights.clone(),
                fitted: if matches { s.iter().map(|s| a + b * s).collect() } else { Vec::new() },
            });
        }
    }
    let mut notes = Vec::new();
    if there.len() < index.len() {
        notes.push(format!("{} of {} rows lack the index or an indicator", index.len() - there.len(), index.len()));
    }
    Ok(verdict(options, raw.complete(), compared, tolerance, notes))
}

/// Orders the conventions and names the nearest that matches.
fn verdict(
    options: &AuditWeights,
    rows: usize,
    mut compared: Vec<Compared>,
    tolerance: f64,
    mut notes: Vec<String>,
) -> Audited {
    let tried = compared.len();
    // Of those that match, rounding alone decides which is nearest: the plainest, which was tried first, is named (the
    // sort is stable). What came out as it is goes before what had to be transformed.
    let transformed = |c: &Compared| c.scale.is_some_and(|s| s == "linear");
    let distance = |c: &Compared| if c.matches { 0.0 } else { c.distance };
    compared.sort_by(|a, b| {
        (b.matches.cmp(&a.matches)).then(transformed(a).cmp(&transformed(b))).then(distance(a).total_cmp(&distance(b)))
    });
    let matching = compared.iter().filter(|c| c.matches).count();
    if compared.iter().all(|c| !c.matches) {
        compared.sort_by(|a, b| a.distance.total_cmp(&b.distance));
    }
    let verdict = compared.first().filter(|c| c.matches).map_or("none".into(), |c| c.convention.clone());
    let same = identical(&compared[..matching]);
    if !same.is_empty() {
        notes.push(format!("on these data the same to the last digit: {}", same.join("; ")));
    }
    if matching > 1 + same.len() {
        notes.push(format!(
            "{matching} of {tried} conventions agree with what was published to {tolerance:.1e}: more decimals would tell them apart"
        ));
    }
    if compared.first().is_some_and(|c| c.matches && c.faulty) {
        notes.push("this convention is an error: it reverses the order of usual weights; reproduce with it, but do not build on it".into());
    }
    if let (0, Some(nearest)) = (matching, compared.first()) {
        if rows > MOST_PROGRAMS {
            notes.push(format!("benefit of the doubt was not tried: {rows} rows, and it solves a program for each"));
        }
        notes.push(format!("the nearest convention is off by {:.3e}: {}", nearest.distance, nearest.convention));
    }
    compared.truncate(matching.saturating_add(options.list));
    Audited { verdict, conventions: compared, tried, tolerance, notes }
}

/// The conventions after the first that give what the first gives, but for rounding: no decimals tell them apart.
fn identical(matching: &[Compared]) -> Vec<&str> {
    let Some((first, others)) = matching.split_first() else { return Vec::new() };
    let size = first.fitted.iter().fold(0.0f64, |m, v| m.max(v.abs()));
    let same = |c: &&Compared| first.fitted.iter().zip(&c.fitted).all(|(a, b)| (a - b).abs() <= 1e-11 * size);
    others.iter().filter(same).map(|c| c.convention.as_str()).collect()
}

/// Decimals of a number in its shortest form, at most 15.
fn decimals(v: f64) -> u32 {
    let text = format!("{v}");
    text.split_once('.').map_or(0, |(_, after)| after.len().min(15) as u32)
}

fn half_unit(decimals: u32) -> f64 {
    0.5 * 10f64.powi(-(decimals.min(15) as i32))
}

/// Least-squares line of y on x; flat where x is.
fn line(x: &[f64], y: &[f64]) -> (f64, f64) {
    let n = x.len() as f64;
    let (mx, my) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
    let sxx: f64 = x.iter().map(|v| (v - mx).powi(2)).sum();
    let sxy: f64 = x.iter().zip(y).map(|(a, b)| (a - mx) * (b - my)).sum();
    let b = if sxx > 0.0 { sxy / sxx } else { 0.0 };
    (my - b * mx, b)
}

/// Pearson's correlation; none without spread.
pub(crate) fn correlation(x: &[f64], y: &[f64]) -> Option<f64> {
    let n = x.len() as f64;
    let (mx, my) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
    let of = |a: &[f64], ma: f64, b: &[f64], mb: f64| a.iter().zip(b).map(|(a, b)| (a - ma) * (b - mb)).sum::<f64>();
    let (sxx, syy, sxy) = (of(x, mx, x, mx), of(y, my, y, my), of(x, mx, y, my));
    let flat = |s: f64, m: f64| s <= 1e-28 * n * m * m;
    (!flat(sxx, mx) && !flat(syy, my)).then(|| (sxy / (sxx.sqrt() * syy.sqrt())).clamp(-1.0, 1.0))
}
