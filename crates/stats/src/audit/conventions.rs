//! The conventions by which papers make weights: every combination of the switches of the entropy method, the errors of
//! copied templates among them, and the other weights.
//!
//! The switches of the entropy method ([`crate::index::entropy`]): goalposts pooled, by year or of the first year; shares
//! pooled or by year (then the mean of the yearly weights is what a paper prints); zeros untouched, shifted or squeezed
//! by the usual constants; the entropy over ln of the rows, or, as errors, over ln T or ln N while shares are pooled; and
//! without any normalization, shares of the raw values. Directions are also tried unheeded, as packages do.

use crate::index::basis::Basis;
use crate::index::entropy::{Constant, Entropy, Replicate, Score, ShareScope, Zeros, entropy};
use crate::index::normalize::{NormalizeScope, Oriented};
use crate::index::scale::Normalize;
use crate::index::weighted::{WeightedIndex, weighted_index};
use crate::index::weights::{Convention, Correlation, Weighting};
use std::collections::BTreeSet;

/// Weights that a convention gives, and its index when asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The convention in words, switches as options of the method.
    pub convention: String,
    /// Whether it is a known error rather than a choice.
    pub faulty: bool,
    /// Weights, in the order of the indicators.
    pub weights: Vec<f64>,
    /// Scores of the rows by what they add up; empty unless asked for.
    pub scores: Vec<(&'static str, Vec<f64>)>,
}

/// Treatments of zeros that papers and code use.
const ZEROS: [Zeros; 13] = [
    Zeros::None,
    Zeros::Shift(1e-6),
    Zeros::Shift(1e-5),
    Zeros::Shift(1e-4),
    Zeros::Shift(1e-3),
    Zeros::Shift(0.01),
    Zeros::Shift(0.1),
    Zeros::Shift(1.0),
    Zeros::Affine(1e-4),
    Zeros::Affine(1e-3),
    Zeros::Affine(0.01),
    Zeros::AffineLow(0.01),
    Zeros::AffineLow(0.1),
];

/// The data that a published index was made of.
#[derive(Debug, Clone, Copy)]
pub struct Raw<'a> {
    /// Names of the indicators.
    pub indicators: &'a [String],
    /// Those of which less is better.
    pub negative: &'a [String],
    /// Directions of single indicators.
    pub direction: &'a [Oriented],
    /// Values.
    pub x: &'a [&'a [f64]],
    /// Time of each row.
    pub time: Option<&'a [i64]>,
    /// Number of units, for the entropy over ln N.
    pub units: Option<usize>,
}

/// Every convention that these data allow; `scored` asks for the index too.
pub fn candidates(raw: &Raw, scored: bool) -> Vec<Candidate> {
    let mut all = Vec::new();
    let times: BTreeSet<i64> = raw.time.into_iter().flatten().copied().collect();
    let panel = times.len() > 1;
    let mut scopes = vec![NormalizeScope::Pooled];
    if panel {
        scopes.extend([NormalizeScope::Year, NormalizeScope::Base(times.first().copied().unwrap_or_default())]);
    }
    let directed = !raw.negative.is_empty() || !raw.direction.is_empty();
    for heeded in if directed { vec![true, false] } else { vec![true] } {
        for &normalize_scope in &scopes {
            for zeros in ZEROS {
                for share_scope in
                    if panel { vec![ShareScope::Pooled, ShareScope::Year] } else { vec![ShareScope::Pooled] }
                {
                    let options = Entropy {
                        indicators: raw.indicators.to_vec(),
                        negative: if heeded { raw.negative.to_vec() } else { Vec::new() },
                        direction: if heeded { raw.direction.to_vec() } else { Vec::new() },
                        normalize_scope,
                        share_scope,
                        zeros,
                        constant: Constant::Drop,
                        ..Entropy::default()
                    };
                    all.extend(constants(raw, &options, heeded, times.len(), scored));
                }
            }
        }
    }
    all.extend(raw_shares(raw, times.len()));
    all.extend(scopes.iter().flat_map(|&scope| others(raw, scope, scored)));
    all.push(Candidate {
        convention: "equal weights".into(),
        faulty: false,
        weights: vec![1.0 / raw.indicators.len() as f64; raw.indicators.len()],
        scores: Vec::new(),
    });
    all
}

/// The entropy method under each constant.
fn constants(raw: &Raw, options: &Entropy, heeded: bool, times: usize, scored: bool) -> Vec<Candidate> {
    let (zeros, goalposts) = (options.zeros, options.normalize_scope);
    let unheeded = if heeded { "" } else { ", directions unheeded" };
    let word = |share: &str, more: &str| {
        format!("entropy: normalize_scope = {goalposts}, share_scope = {share}, zeros = {zeros}{more}{unheeded}")
    };
    let scores = |options: &Entropy| -> Vec<(&'static str, Vec<f64>)> {
        if !scored {
            return Vec::new();
        }
        [("plain", Score::Plain), ("shifted", Score::Shifted), ("share", Score::Share)]
            .into_iter()
            .filter(|(name, _)| *name != "shifted" || zeros != Zeros::None)
            .filter_map(|(name, score)| {
                Some((name, entropy(&Entropy { score, ..options.clone() }, raw.x, raw.time).ok()?.score))
            })
            .collect()
    };
    let Ok(found) = entropy(options, raw.x, raw.time) else { return Vec::new() };
    let k = raw.indicators.len();
    if options.share_scope == ShareScope::Year {
        let years = found.weights.len() / k;
        let mean = |j: usize| found.weights.iter().skip(j).step_by(k).map(|w| w.weight).sum::<f64>() / years as f64;
        let convention = word("year", " (mean of the yearly weights)");
        let weights = (0..k).map(mean).collect();
        return vec![Candidate { convention, faulty: false, weights, scores: scores(options) }];
    }
    let rows = (raw.x[0].len() - found.incomplete) as f64;
    let weights = found.weights.iter().map(|w| w.weight).collect();
    let mut all = vec![Candidate { convention: word("pooled", ""), faulty: false, weights, scores: scores(options) }];
    // The same pooled entropies over another constant.
    let divergences: Vec<f64> = found.weights.iter().map(|w| w.divergence).collect();
    let over = |constant: f64| normalized(divergences.iter().map(|d| rescaled(*d, rows.ln(), constant)).collect());
    if times > 1 {
        let options = Entropy { replicate: Some(Replicate::LnT), ..options.clone() };
        let convention = word("pooled", ", replicate = ln_t (faulty: pooled shares over ln T)");
        all.extend(over((times as f64).ln()).map(|weights| Candidate {
            convention,
            faulty: true,
            weights,
            scores: scores(&options),
        }));
    }
    if let Some(units) = raw.units.filter(|u| *u > 1 && (*u as f64) < rows) {
        let convention = word("pooled", " (faulty: pooled shares over ln N)");
        all.extend(over((units as f64).ln()).map(|weights| Candidate {
            convention,
            faulty: true,
            weights,
            scores: Vec::new(),
        }));
    }
    all
}

/// 1 - H/constant from 1 - H/own; an indicator that was dropped (NaN) has none.
fn rescaled(divergence: f64, own: f64, constant: f64) -> f64 {
    if divergence.is_nan() { 0.0 } else { (constant - own + divergence * own) / constant }
}

/// The conventions beside entropy, at these goalposts; one that the data do not allow is left out.
fn others(raw: &Raw, normalize_scope: NormalizeScope, scored: bool) -> Vec<Candidate> {
    use Convention::*;
    let plain = [Critic, Cv, Sd, Variance, Merec, Cilos, Idocriw, Gini, Angle, Pca, Factor, ScatterDegree];
    let plain = plain.map(|method| (method, Correlation::default(), None));
    let further = [
        (Critic, Correlation::Absolute, None),
        (Cv, Correlation::default(), Some(Normalize::None)),
        (Pca, Correlation::default(), Some(Normalize::Z)),
        (ScatterDegree, Correlation::default(), Some(Normalize::Z)),
    ];
    let candidate = |(method, correlation, normalize): (Convention, Correlation, Option<Normalize>)| {
        let basis = Basis {
            indicators: raw.indicators.to_vec(),
            negative: raw.negative.to_vec(),
            direction: raw.direction.to_vec(),
            normalize,
            normalize_scope,
            constant: Constant::Drop,
            ..Basis::default()
        };
        let weighting = Weighting { correlation, ..Weighting::by(method) };
        let options = WeightedIndex { basis, weighting, ..WeightedIndex::default() };
        let found = weighted_index(&options, raw.x, raw.time, None, 0).ok()?;
        let correlation = if correlation == Correlation::Absolute { ", correlation = absolute" } else { "" };
        let normalize = match normalize {
            Some(Normalize::None) => ", normalize = none",
            Some(_) => ", normalize = z",
            None => "",
        };
        Some(Candidate {
            convention: format!("{}: normalize_scope = {normalize_scope}{correlation}{normalize}", method.word()),
            faulty: false,
            weights: found.weights.iter().map(|w| w.weight).collect(),
            scores: if scored { vec![("plain", found.score)] } else { Vec::new() },
        })
    };
    plain.into_iter().chain(further).filter_map(candidate).collect()
}

/// Divided by their sum; none where it is nil.
fn normalized(d: Vec<f64>) -> Option<Vec<f64>> {
    let total: f64 = d.iter().sum();
    (total.abs() > 1e-13 && total.is_finite()).then(|| d.iter().map(|v| v / total).collect())
}

/// Entropy weights of the shares of the raw values, as where indicators are all positive.
fn raw_shares(raw: &Raw, times: usize) -> Vec<Candidate> {
    let rows: Vec<usize> = (0..raw.x[0].len()).filter(|&i| raw.x.iter().all(|c| !c[i].is_nan())).collect();
    if rows.len() < 2 || raw.x.iter().any(|c| rows.iter().any(|&i| c[i] < 0.0)) {
        return Vec::new();
    }
    let n = rows.len() as f64;
    let entropies: Vec<f64> = (raw.x.iter())
        .map(|c| {
            let total: f64 = rows.iter().map(|&i| c[i]).sum();
            let shares = rows.iter().map(|&i| c[i] / total).filter(|p| *p > 0.0);
            n.ln() - shares.map(|p| p * (n * p).ln()).sum::<f64>()
        })
        .collect();
    let mut all = Vec::new();
    let mut add = |constant: f64, word: &str, faulty: bool| {
        let weights = normalized(entropies.iter().map(|h| 1.0 - h / constant).collect());
        all.extend(weights.map(|weights| Candidate {
            convention: format!("entropy of the shares of raw values, without normalization{word}"),
            faulty,
            weights,
            scores: Vec::new(),
        }));
    };
    add(n.ln(), "", false);
    if times > 1 {
        add((times as f64).ln(), " (faulty: pooled shares over ln T)", true);
    }
    if let Some(units) = raw.units.filter(|u| *u > 1 && (*u as f64) < n) {
        add((units as f64).ln(), " (faulty: pooled shares over ln N)", true);
    }
    all
}
