//! How far the ranks of an index depend on the choices behind it: uncertainty and sensitivity analysis.
//!
//! Each choice is an uncertain input with equally likely alternatives: the normalization, the convention of the weights, the
//! aggregation, the treatment of outliers, an indicator that is left out (or none), the units from which goalposts and
//! weights are taken (bootstrap), and noise on the weights. A run draws one of each and ranks the units anew, within each
//! year. What varies is the mean shift of ranks,
//!
//! ```text
//! R = (1/n) Σ_i |rank_i - nominal rank_i|
//! ```
//!
//! and its variance is divided among the inputs by the design of Saltelli: two independent samples A and B of N runs, and for
//! each input f the sample AB_f, which is A with the column of f from B; N (d + 2) runs in all, on scrambled Sobol points. With
//! the estimators of Janon et al. (2014) for the first-order and of Jansen (1999) for the total index,
//!
//! ```text
//! m_f = mean (y_B + y_ABf)/2
//! S_f = (mean y_B y_ABf - m_f²) / (mean (y_B² + y_ABf²)/2 - m_f²)
//! T_f = mean (y_A - y_ABf)² / (2 Var y)
//! ```
//!
//! both centred, so that a mean far from zero does not swamp them; intervals are from a bootstrap of the N rows. S_f is what
//! the choice f moves by itself, T_f - S_f what it moves together with others.
//!
//! From the runs of A and B come the distribution of every rank, the probability that one unit beats another, that a unit is
//! among the first k, and the share of pairs whose order is certain. The share of an indicator in the variance of the nominal
//! index is its Shapley value in the game v(J) = Var Σ_{j∈J} w_j z_j, which is Cov(w_j z_j, S) / Var S (of logarithms for a
//! geometric mean).
//!
//! Saisana, Saltelli and Tarantola (2005), Journal of the Royal Statistical Society A 168(2); Saltelli et al. (2010), Computer
//! Physics Communications 181; Janon et al. (2014), ESAIM: Probability and Statistics 18; Jansen (1999), Computer Physics
//! Communications 117.

mod design;
mod engine;
mod indices;
mod ranks;

pub use indices::FactorIndex;
pub use ranks::{Pair, RankShare, RankStats};

use super::aggregate::Aggregate;
use super::bootstrap::{check as check_interval, interval};
use super::composite::{Index, Inputs, made, unused};
use super::normalize::NormalizeScope;
use super::scale::Normalize;
use super::sheet::Sheet;
use super::treat::Treat;
use super::weights::{Convention, mean};
use crate::{Error, Result};
use design::Design;
use engine::Engine;
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Uncertainty and sensitivity of the ranks of an index.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Sensitivity {
    /// The nominal index.
    #[serde(flatten)]
    pub index: Index,
    /// Alternatives of the normalization: `min_max`, `z`, `rank`.
    pub normalizations: Vec<Normalize>,
    /// Alternative conventions of the weights.
    pub conventions: Vec<Convention>,
    /// Alternatives of the aggregation; values are put onto 1 to 100 (z-scores onto mean 100, standard deviation 10), so that
    /// every mean exists.
    pub aggregations: Vec<Aggregate>,
    /// Alternatives of the treatment of outliers.
    pub treatments: Vec<Treat>,
    /// Leave each indicator out in turn, or none.
    pub exclude: bool,
    /// Draw the units anew from which goalposts and weights are taken. Values beyond the goalposts drawn count as at them.
    pub resample: bool,
    /// Largest relative noise on each weight: 0.25 is ±25 %; none by default.
    pub noise: f64,
    /// Most runs of the index; the design takes the largest N, a power of two, with N (d + 2) runs.
    pub runs: usize,
    /// Bootstrap replications of the sensitivity indices and of the weights.
    pub replications: usize,
    /// Level of all intervals.
    pub level: f64,
    /// k of the probability that a unit is among the first k.
    pub top: usize,
    /// Probability from which the order of a pair counts as certain.
    pub certain: f64,
    /// Give the rank frequencies and the probabilities of pairs of the last year as lists: n² of them.
    pub matrices: bool,
}

impl Default for Sensitivity {
    fn default() -> Self {
        Sensitivity {
            index: Index::default(),
            normalizations: vec![Normalize::MinMax, Normalize::Z, Normalize::Rank],
            conventions: vec![Convention::Equal, Convention::Entropy, Convention::Critic],
            aggregations: vec![Aggregate::Arithmetic, Aggregate::Geometric],
            treatments: vec![Treat::None, Treat::Winsorize],
            exclude: true,
            resample: true,
            noise: 0.0,
            runs: 8192,
            replications: 1000,
            level: 0.9,
            top: 10,
            certain: 0.95,
            matrices: false,
        }
    }
}

/// What an indicator does in the nominal index.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct IndicatorShare {
    /// Indicator.
    pub name: String,
    /// Nominal weight in the index.
    pub weight: f64,
    /// Lower end of its bootstrap interval, where the weights come from the data.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
    /// Shapley share in the variance of the index; none where rows are compared or means are of other kinds.
    pub shapley: Option<f64>,
}

/// Results of the analysis.
#[derive(Debug, Clone, PartialEq)]
pub struct Robustness {
    /// Nominal score of each row; NaN where an indicator is missing.
    pub score: Vec<f64>,
    /// Ranks of each row; none where it has no score.
    pub ranks: Vec<Option<RankStats>>,
    /// Sensitivity indices of the inputs.
    pub factors: Vec<FactorIndex>,
    /// Weights and variance shares of the indicators.
    pub indicators: Vec<IndicatorShare>,
    /// Runs, N, mean and variance of the shift of ranks.
    pub stats: Stats,
    /// Rank frequencies of the last year, on request.
    pub frequencies: Vec<RankShare>,
    /// P(a beats b) of the last year, on request.
    pub pairs: Vec<Pair>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// What the runs were, in one line each.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Stats {
    /// Runs of the index, N (d + 2).
    pub runs: usize,
    /// N.
    pub base: usize,
    /// Mean shift of ranks.
    pub mean_shift: f64,
    /// Variance of the shift between runs.
    pub variance: f64,
    /// Share of pairs within a year whose order is certain.
    pub certain_pairs: f64,
}

/// Uncertainty and sensitivity of the index of `inputs` along the tree of `sheet`.
pub fn sensitivity(options: &Sensitivity, sheet: &Sheet, inputs: &Inputs, seed: u64) -> Result<Robustness> {
    check(options)?;
    unused(&options.index, &options.conventions, &options.aggregations, &options.treatments)?;
    let nominal = made(&options.index, sheet, inputs, None)?;
    let score = nominal.scores.last().map(|(_, s)| s.clone()).unwrap_or_default();
    let engine = Engine::new(options, sheet, inputs, seed)?;
    let design = Design::new(options, engine.indicators(), seed)?;
    let mut notes = nominal.notes;

    let rank_nominal = engine.ranks(&engine.rows.iter().map(|&i| score[i]).collect::<Vec<_>>());
    // Runs of A, of B, then of each AB: the ranks of the first two are kept, of the others the shift alone.
    let base = design.base;
    let one = |run: usize| -> Option<(Vec<u16>, f64)> {
        let ranks = engine.ranks(&engine.run(&design.choices(run))?);
        let shift: f64 = ranks.iter().zip(&rank_nominal).map(|(a, b)| f64::from(a.abs_diff(*b))).sum();
        Some((if run < 2 * base { ranks.clone() } else { Vec::new() }, shift / ranks.len() as f64))
    };
    let runs: Vec<Option<(Vec<u16>, f64)>> = (0..design.runs()).into_par_iter().map(one).collect();
    let failed = runs.iter().filter(|r| r.is_none()).count();
    if failed > 0 {
        notes.push(format!("{failed} runs had no index (an indicator without spread in the draw) and are left out"));
    }
    let shift: Vec<f64> = runs.iter().map(|r| r.as_ref().map_or(f64::NAN, |(_, s)| *s)).collect();
    let kept: Vec<&[u16]> = runs[..2 * base].iter().flatten().map(|(ranks, _)| ranks.as_slice()).collect();
    if kept.len() < base {
        return Err(Error::invalid(
            format!("{} of {} runs have no index", 2 * base - kept.len(), 2 * base),
            "set `resample = false`, or leave out indicators that hardly vary",
        ));
    }
    let found = ranks::ranks(&engine, &kept, &rank_nominal, options);
    let sample: Vec<f64> = shift[..2 * base].iter().copied().filter(|s| !s.is_nan()).collect();
    let mean_shift = mean(&sample);
    let variance = sample.iter().map(|s| (s - mean_shift).powi(2)).sum::<f64>() / (sample.len() as f64 - 1.0);
    let factors = indices::indices(&design, &shift, options.replications, options.level, seed);
    if factors.is_empty() {
        notes.push("nothing varies: give alternatives".into());
    }
    let mut ranks = vec![None; score.len()];
    engine.rows.iter().zip(found.stats).for_each(|(&i, s)| ranks[i] = Some(s));
    Ok(Robustness {
        indicators: shares(options, &engine, sheet, &nominal.weights, &score, seed, &mut notes)?,
        score,
        ranks,
        factors,
        stats: Stats { runs: design.runs(), base, mean_shift, variance, certain_pairs: found.certain },
        frequencies: found.frequencies,
        pairs: found.pairs,
        notes,
    })
}

/// Refuses options that do not go together.
fn check(options: &Sensitivity) -> Result<()> {
    let refuse = |message: &str, remedy: &str| Err(Error::invalid(message, remedy));
    check_interval(options.replications, options.level)?;
    if options.index.basis.normalize_scope != NormalizeScope::Pooled || options.index.frozen.is_some() {
        return refuse(
            "sensitivity is about an index with pooled goalposts of its own",
            "leave out `normalize_scope` and `frozen`; for goalposts of one year set `where` to that year",
        );
    }
    if options.index.weight_scope != NormalizeScope::Pooled {
        return refuse("sensitivity is about pooled weights", "leave out `weight_scope`");
    }
    let lists = [
        options.normalizations.is_empty(),
        options.conventions.is_empty(),
        options.aggregations.is_empty(),
        options.treatments.is_empty(),
    ];
    if lists.iter().any(|empty| *empty) {
        return refuse(
            "a list of alternatives is empty",
            "name one alternative at least; with one, the choice is fixed",
        );
    }
    let form = |n: &&Normalize| !matches!(n, Normalize::MinMax | Normalize::Z | Normalize::Rank);
    if options.normalizations.iter().find(form).is_some() {
        return refuse("`normalizations` has a form that cannot be drawn", "take `min_max`, `z` and `rank`");
    }
    if options.conventions.contains(&Convention::BenefitOfTheDoubt) {
        return refuse("`benefit_of_the_doubt` has no weights common to all units", "leave it out of `conventions`");
    }
    if !(0.0..1.0).contains(&options.noise) {
        return refuse("`noise` is not between 0 and 1", "set it to 0.25 for ±25 %, say");
    }
    if !(options.certain > 0.5 && options.certain < 1.0) || options.top == 0 {
        return refuse("`certain` or `top` is out of range", "set `certain` between 0.5 and 1, `top` to 1 or more");
    }
    Ok(())
}

/// Nominal weights with their intervals, and shares in the variance of the index.
fn shares(
    options: &Sensitivity,
    engine: &Engine,
    sheet: &Sheet,
    weights: &[super::TreeWeight],
    score: &[f64],
    seed: u64,
    notes: &mut Vec<String>,
) -> Result<Vec<IndicatorShare>> {
    let leaves: Vec<&String> = sheet.leaves().into_iter().map(|l| &sheet.nodes[l].code).collect();
    let weight = |name: &String| weights.iter().find(|w| w.name == *name && w.level == 1).map_or(0.0, |w| w.global);
    let nominal: Vec<f64> = leaves.iter().map(|name| weight(name)).collect();
    let draws: Vec<Vec<f64>> = match options.index.weighting.convention().from_data() {
        true => {
            let one = |r: u64| engine.nominal_weights(&engine.draw(seed, r));
            (0..options.replications as u64).into_par_iter().filter_map(one).collect()
        }
        false => Vec::new(),
    };
    if options.index.weighting.convention().from_data() && draws.is_empty() {
        notes.push("the nominal weights have no bootstrap interval".into());
    }
    let forms = &options.index.aggregate;
    let logs = match forms.iter().all(|f| *f == forms[0]).then_some(forms[0]) {
        Some(Aggregate::Arithmetic) => Some(false),
        Some(Aggregate::Geometric) => Some(true),
        _ => None,
    };
    let parts = logs.map(|logs| engine.variance_shares(&nominal, score, logs, &options.index));
    let at = |j: usize| {
        let (low, high) = interval(draws.iter().map(|w| w[j]).collect(), options.level).unzip();
        let shapley = parts.as_ref().map(|p| p[j]).filter(|p| p.is_finite());
        IndicatorShare { name: leaves[j].clone(), weight: nominal[j], low, high, shapley }
    };
    Ok((0..leaves.len()).map(at).collect())
}
