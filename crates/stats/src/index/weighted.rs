//! An index as the weighted sum of its normalized indicators, under any convention of weights.
//!
//! ```text
//! S_i = Σ_j w_j z_ij
//! ```
//!
//! z from [`super::scale`], w from [`super::weights`], over all rows or year by year. Under benefit of the doubt S is each
//! unit's own best sum.

use super::basis::{Basis, Prepared};
use super::bootstrap::weight_intervals;
use super::entropy::Constant;
use super::normalize::{Direction, NormalizeScope, scoped};
use super::scale::{Normalize, Scale, constant};
use super::weights::{self, Convention, Correlation, Indicators, Weighting, Weights, to_sum_one, weigh};
use crate::{Error, Kind, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An index with weights of a chosen convention.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct WeightedIndex {
    /// Indicators and their normalization.
    #[serde(flatten)]
    pub basis: Basis,
    /// Convention of the weights.
    #[serde(flatten)]
    pub weighting: Weighting,
    /// Over which rows the weights are taken: `pooled`, one weight an indicator, `year`, weights by year, or `base:YEAR`,
    /// those of one year for all rows.
    pub weight_scope: NormalizeScope,
    /// Bootstrap replications of the weights, whole units being drawn; 0 for none.
    pub replications: usize,
    /// Level of the bootstrap intervals.
    pub level: f64,
}

impl Default for WeightedIndex {
    fn default() -> Self {
        WeightedIndex {
            basis: Basis::default(),
            weighting: Weighting::default(),
            weight_scope: NormalizeScope::default(),
            replications: 0,
            level: 0.95,
        }
    }
}

/// An index with CRITIC weights.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Critic {
    /// Indicators and their normalization.
    #[serde(flatten)]
    pub basis: Basis,
    /// Correlation: `signed` (conflict 1 - r) or `absolute` (1 - |r|).
    pub correlation: Correlation,
    /// Over which rows the weights are taken: `pooled`, one weight an indicator, `year`, weights by year, or `base:YEAR`,
    /// those of one year for all rows.
    pub weight_scope: NormalizeScope,
}

impl Critic {
    /// The same as options of the general method.
    pub fn weighted(&self) -> WeightedIndex {
        WeightedIndex {
            basis: self.basis.clone(),
            weighting: Weighting { correlation: self.correlation, ..Weighting::by(Convention::Critic) },
            weight_scope: self.weight_scope,
            ..WeightedIndex::default()
        }
    }
}

/// Weight of one indicator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IndexWeight {
    /// Indicator.
    pub name: String,
    /// Year, where weights differ by year.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub year: Option<i64>,
    /// Weight; the weights of a scope sum to one.
    pub weight: f64,
    /// Lower end of the bootstrap interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    /// Upper end of the bootstrap interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
}

/// A number that weights are judged by: consistency of comparisons, scatter, coefficients of a game.
#[derive(Debug, Clone, PartialEq)]
pub struct Stat {
    /// What it is.
    pub name: String,
    /// Dimension whose children are weighed, where each dimension has its own.
    pub parent: Option<String>,
    /// Year, where weights differ by year.
    pub year: Option<i64>,
    /// Its value.
    pub value: f64,
}

/// A scored index.
#[derive(Debug, Clone, PartialEq)]
pub struct Scored {
    /// Score of each row; NaN where an indicator is missing.
    pub score: Vec<f64>,
    /// Weights, by year within scope, in the order of the indicators.
    pub weights: Vec<IndexWeight>,
    /// What the indicators were scaled with.
    pub scales: Vec<Scale>,
    /// What the weights are judged by.
    pub stats: Vec<Stat>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// Weights of a set of rows with the normalized indicators that they are for.
pub(crate) struct BlockWeights {
    /// Year of the rows; none when all stand together.
    pub year: Option<i64>,
    /// The rows.
    pub rows: Vec<usize>,
    /// One weight an indicator, zero for those without spread.
    pub weights: Vec<f64>,
    /// Score of each of the rows, where the convention has its own.
    pub scores: Option<Vec<f64>>,
    /// What the weights are judged by.
    pub stats: Vec<(String, f64)>,
}

impl BlockWeights {
    /// The stats with their year.
    pub fn stats(&self) -> impl Iterator<Item = Stat> {
        let stat =
            |(name, value): &(String, f64)| Stat { name: name.clone(), parent: None, year: self.year, value: *value };
        self.stats.iter().map(stat)
    }
}

/// The weighted index of the indicators `x` (one slice each, NaN missing).
///
/// `units` are drawn whole by the bootstrap of the weights; rows are their own units without it.
pub fn weighted_index(
    options: &WeightedIndex,
    x: &[&[f64]],
    time: Option<&[i64]>,
    units: Option<&[u32]>,
    seed: u64,
) -> Result<Scored> {
    options.weighting.check(&[])?;
    if options.replications == 0 && options.level != WeightedIndex::default().level {
        return Err(Error::invalid(
            "`level` is that of intervals, and no replications are asked for",
            "set `replications = 1000`, say, or leave `level` out",
        ));
    }
    let prepared = options.basis.prepare(x, time)?;
    let normalize = form(&options.basis, options.weighting.convention());
    let (Z, scales) = prepared.normalized(normalize)?;
    let mut notes = prepared.notes.clone();
    let found = block_weights(&prepared, &Z, &options.weighting, options.weight_scope, &mut notes)?;
    if matches!(options.weight_scope, NormalizeScope::Base(_)) && found.iter().any(|b| b.scores.is_some()) {
        return Err(Error::invalid(
            "under `benefit_of_the_doubt` each row has weights of its own: those of a base year score no other row",
            "set `weight_scope` to `pooled` or `year`",
        ));
    }
    let mut score = vec![f64::NAN; x[0].len()];
    let mut weights = Vec::new();
    for block in &found {
        for (at, &i) in block.rows.iter().enumerate() {
            score[i] = match &block.scores {
                Some(scores) => scores[at],
                None => (block.weights.iter().zip(&Z)).filter(|(w, _)| **w != 0.0).map(|(w, z)| w * z[i]).sum(),
            };
        }
        weights.extend(options.basis.indicators.iter().zip(&block.weights).map(|(name, &weight)| IndexWeight {
            name: name.clone(),
            year: block.year,
            weight,
            low: None,
            high: None,
        }));
    }
    if options.replications > 0 {
        weight_intervals(options, &prepared, units, seed, &mut weights, &mut notes)?;
    }
    let stats = found.iter().flat_map(BlockWeights::stats).collect();
    Ok(Scored { score, weights, scales, stats, notes })
}

/// The normalization in force: as given, else that of the convention's own paper.
pub(crate) fn form(basis: &Basis, method: Convention) -> Normalize {
    basis.normalize.unwrap_or(match method {
        Convention::Merec | Convention::Cilos | Convention::Idocriw => Normalize::Reference,
        _ => Normalize::MinMax,
    })
}

/// Weights over all complete rows, of each year, or of a base year for all rows.
pub(crate) fn block_weights(
    prepared: &Prepared,
    Z: &[Vec<f64>],
    how: &Weighting,
    scope: NormalizeScope,
    notes: &mut Vec<String>,
) -> Result<Vec<BlockWeights>> {
    // Conventions that are combined see the indicators as their own papers normalize them.
    let mut parts: Vec<(Convention, Vec<Vec<f64>>)> = Vec::new();
    if how.convention() == Convention::Combined {
        weights::combined::check(&how.combine)?;
        for &method in &how.combine {
            parts.push((method, prepared.normalized(form(prepared.basis, method))?.0));
        }
    }
    let mut all = Vec::new();
    for (block, rows) in scoped(&prepared.rows, prepared.time, scope, "weight_scope")? {
        let place = |e: Error| match block.year {
            Some(year) => in_year(e, year),
            None => e,
        };
        let found = match how.convention() {
            Convention::Combined => {
                let (mut lists, mut stats) = (Vec::new(), Vec::new());
                for (method, Z) in &parts {
                    let part = Weighting { method: Some(*method), ..how.clone() };
                    let found = at_rows(&source(prepared, Z, *method), &part, &block.rows, notes);
                    let found = found.map_err(place)?;
                    lists.push(found.weights);
                    stats.extend(found.stats);
                }
                let weights = weights::combine(&lists, how.combination).map_err(place)?;
                stats.extend(weights::combined::alphas(&how.combine, &lists, how.combination).map_err(place)?);
                Weights { weights, stats, ..Weights::default() }
            }
            _ => at_rows(&source(prepared, Z, how.convention()), how, &block.rows, notes).map_err(place)?,
        };
        let Weights { weights, scores, stats, .. } = found;
        let year = block.year.filter(|_| scope == NormalizeScope::Year);
        all.push(BlockWeights { year, rows, weights, scores, stats });
    }
    Ok(all)
}

/// What weights are taken of: names, columns of n, and what is known of them.
pub(crate) struct Source<'a> {
    pub names: &'a [String],
    /// Columns; NaN throughout where nothing varies.
    pub z: Vec<&'a [f64]>,
    /// Whether each has spread over all rows: what has none is known and noted already.
    pub varies: &'a [bool],
    /// Best / x of an indicator of which less is better.
    pub inverted: Vec<bool>,
    pub constant: Constant,
}

/// Weights at some rows; indicators without spread there get none.
pub(crate) fn at_rows(source: &Source, how: &Weighting, rows: &[usize], notes: &mut Vec<String>) -> Result<Weights> {
    let names = source.names;
    let columns: Vec<Vec<f64>> = source.z.iter().map(|z| rows.iter().map(|&i| z[i]).collect()).collect();
    let varies: Vec<bool> = columns.iter().map(|z| !z[0].is_nan() && !constant(z)).collect();
    for (j, _) in varies.iter().enumerate().filter(|(j, v)| !**v && source.varies[*j]) {
        match source.constant {
            Constant::Error => return Err(Error::new(Kind::Constant).at_column(&names[j]).at_rows(rows.to_vec())),
            Constant::Drop => notes.push(format!("`{}` has no spread in some year: weight 0 there", names[j])),
        }
    }
    if varies.iter().all(|v| !*v) {
        return Err(Error::invalid("no indicator differs between rows", "choose indicators with spread"));
    }
    let found = match how.convention().from_data() {
        true => {
            let kept: Vec<usize> = (0..names.len()).filter(|&j| varies[j]).collect();
            let kept_names: Vec<String> = kept.iter().map(|&j| names[j].clone()).collect();
            let z: Vec<&[f64]> = kept.iter().map(|&j| columns[j].as_slice()).collect();
            let inverted: Vec<bool> = kept.iter().filter_map(|&j| source.inverted.get(j).copied()).collect();
            let located = |e: Error| Error { rows: e.rows.iter().filter_map(|&r| rows.get(r).copied()).collect(), ..e };
            let mut indicators = Indicators::new(&kept_names, &z).map_err(located)?;
            indicators.inverted = &inverted;
            let found = weigh(&indicators, how).map_err(located)?;
            let mut weights = vec![0.0; names.len()];
            kept.iter().zip(&found.weights).for_each(|(&j, w)| weights[j] = *w);
            Weights { weights, ..found }
        }
        // Judgement is about all indicators; the weight of one that is dropped goes to the others in proportion.
        false => {
            let all: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
            let of = weigh(&Indicators { names, z: &all, inverted: &[] }, how)?;
            let kept = of.weights.iter().zip(&varies).map(|(w, v)| if *v { *w } else { 0.0 }).collect();
            Weights { weights: to_sum_one(kept)?, ..of }
        }
    };
    for note in &found.notes {
        if !notes.contains(note) {
            notes.push(note.clone());
        }
    }
    Ok(found)
}

/// What the weights of one convention are taken of.
fn source<'a>(prepared: &'a Prepared, Z: &'a [Vec<f64>], method: Convention) -> Source<'a> {
    let turned = |d: &Direction| *d == Direction::Negative;
    Source {
        names: &prepared.basis.indicators,
        z: Z.iter().map(Vec::as_slice).collect(),
        varies: &prepared.varies,
        inverted: match form(prepared.basis, method) {
            Normalize::Reference => prepared.directions.iter().map(turned).collect(),
            _ => Vec::new(),
        },
        constant: prepared.basis.constant,
    }
}

/// An error of the rows of one year says which.
fn in_year(e: Error, year: i64) -> Error {
    let kind = match e.kind {
        Kind::Invalid { message, remedy } => Kind::Invalid { message: format!("in {year}: {message}"), remedy },
        other => other,
    };
    Error { kind, ..e }
}
