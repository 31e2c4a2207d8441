//! The conventions by which papers make weights: every combination of the switches of the entropy method, the errors of
//! copied templates among them; the other weights ([`super::weightings`]) and the other indices ([`super::scorings`]).
//!
//! The switches of the entropy method ([`crate::index::entropy`]): goalposts pooled, by year or of the first year; shares
//! pooled or by year (then the mean of the yearly weights is what a paper prints); zeros untouched, shifted or squeezed
//! by the usual constants; the entropy over ln of the rows, or, as errors, over ln T or ln N while shares are pooled; and
//! without any normalization, shares of the raw values. Directions are also tried unheeded, as packages do.

use super::{scorings, weightings};
use crate::index::basis::Basis;
use crate::index::entropy::{Constant, Entropy, Replicate, Score, ShareScope, Zeros, entropy};
use crate::index::normalize::{NormalizeScope, Oriented};
use rayon::prelude::*;
use std::collections::BTreeSet;

/// Weights that a convention gives, and its index when asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The convention in words, switches as options of the method.
    pub convention: String,
    /// Whether it is a known error rather than a choice.
    pub faulty: bool,
    /// Whether papers print it so often that few decimals are enough to recognize it.
    pub usual: bool,
    /// Weights, in the order of the indicators.
    pub weights: Vec<f64>,
    /// Scores of the rows by what they add up; empty unless asked for.
    pub scores: Vec<(&'static str, Vec<f64>)>,
}

/// Treatments of zeros that papers and code use.
const ZEROS: [Zeros; 19] = [
    Zeros::None,
    Zeros::Shift(1e-6),
    Zeros::Shift(1e-5),
    Zeros::Shift(1e-4),
    Zeros::Shift(1e-3),
    Zeros::Shift(0.01),
    Zeros::Shift(0.05),
    Zeros::Shift(0.1),
    Zeros::Shift(1.0),
    Zeros::Affine(1e-4),
    Zeros::Affine(1e-3),
    Zeros::Affine(0.01),
    Zeros::Affine(0.05),
    Zeros::Affine(0.1),
    Zeros::AffineLow(1e-4),
    Zeros::AffineLow(1e-3),
    Zeros::AffineLow(0.01),
    Zeros::AffineLow(0.05),
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

impl Raw<'_> {
    /// The indicators with their directions between goalposts of this scope; what has no spread is dropped.
    pub(super) fn basis(&self, normalize_scope: NormalizeScope) -> Basis {
        Basis {
            indicators: self.indicators.to_vec(),
            negative: self.negative.to_vec(),
            direction: self.direction.to_vec(),
            normalize_scope,
            constant: Constant::Drop,
            ..Basis::default()
        }
    }

    /// Rows that have every indicator.
    pub(super) fn complete(&self) -> usize {
        (0..self.x[0].len()).filter(|&i| self.x.iter().all(|c| !c[i].is_nan())).count()
    }
}

/// Every convention that these data allow, the plainest first; `scored` asks for the index too.
pub fn candidates(raw: &Raw, scored: bool) -> Vec<Candidate> {
    let times: BTreeSet<i64> = raw.time.into_iter().flatten().copied().collect();
    let panel = times.len() > 1;
    let mut scopes = vec![NormalizeScope::Pooled];
    if panel {
        scopes.extend([NormalizeScope::Year, NormalizeScope::Base(times.first().copied().unwrap_or_default())]);
    }
    let shares = if panel { vec![ShareScope::Pooled, ShareScope::Year] } else { vec![ShareScope::Pooled] };
    let directed = !raw.negative.is_empty() || !raw.direction.is_empty();
    let mut switches = Vec::new();
    for heeded in if directed { vec![true, false] } else { vec![true] } {
        for &normalize_scope in &scopes {
            for zeros in ZEROS {
                for &share_scope in &shares {
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
                    switches.push((heeded, options));
                }
            }
        }
    }
    let entropies = |(heeded, options): &(bool, Entropy)| constants(raw, options, *heeded, times.len(), scored);
    let mut all: Vec<Candidate> = switches.par_iter().flat_map_iter(entropies).collect();
    all.extend(raw_shares(raw, times.len()));
    all.extend(weightings::weightings(raw, &scopes, panel, scored));
    let equal = 1.0 / raw.indicators.len() as f64;
    all.push(Candidate {
        convention: "equal weights".into(),
        faulty: false,
        usual: true,
        weights: vec![equal; raw.indicators.len()],
        scores: Vec::new(),
    });
    if scored {
        all.extend(scorings::scorings(raw, &scopes));
    }
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
        return vec![Candidate { convention, faulty: false, usual: true, weights, scores: scores(options) }];
    }
    let rows = (raw.x[0].len() - found.incomplete) as f64;
    let weights = found.weights.iter().map(|w| w.weight).collect();
    let mut all = vec![Candidate {
        convention: word("pooled", ""),
        faulty: false,
        usual: true,
        weights,
        scores: scores(options),
    }];
    // The same pooled entropies over another constant.
    let divergences: Vec<f64> = found.weights.iter().map(|w| w.divergence).collect();
    let over = |constant: f64| normalized(divergences.iter().map(|d| rescaled(*d, rows.ln(), constant)).collect());
    if times > 1 {
        let options = Entropy { replicate: Some(Replicate::LnT), ..options.clone() };
        let convention = word("pooled", ", replicate = ln_t (faulty: pooled shares over ln T)");
        all.extend(over((times as f64).ln()).map(|weights| Candidate {
            convention,
            faulty: true,
            usual: true,
            weights,
            scores: scores(&options),
        }));
    }
    if let Some(units) = raw.units.filter(|u| *u > 1 && (*u as f64) < rows) {
        let convention = word("pooled", " (faulty: pooled shares over ln N)");
        all.extend(over((units as f64).ln()).map(|weights| Candidate {
            convention,
            faulty: true,
            usual: true,
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
            usual: true,
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
