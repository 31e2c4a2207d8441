//! The weights beside those of the entropy method that papers print: every convention of [`crate::index::weights`] that
//! needs nothing but the data, on the normalizations on which it means something, over all rows and by year.

use super::conventions::{Candidate, Raw};
use crate::index::basis::Basis;
use crate::index::normalize::NormalizeScope;
use crate::index::scale::Normalize;
use crate::index::weighted::{WeightedIndex, weighted_index};
use crate::index::weights::{Combination, Components, Convention, Correlation, Weighting};
use rayon::prelude::*;

/// Most rows for which benefit of the doubt is tried: it solves a linear program for each of them.
pub(super) const MOST_PROGRAMS: usize = 400;

/// Rules for the components kept, after `kaiser`.
const COMPONENTS: [Components; 7] = [
    Components::Cumulative(0.8),
    Components::Cumulative(0.85),
    Components::Cumulative(0.9),
    Components::Number(1),
    Components::Number(2),
    Components::Number(3),
    Components::Number(4),
];

/// Those of the rules that k indicators allow.
pub(super) fn components(k: usize) -> impl Iterator<Item = Components> {
    COMPONENTS.into_iter().filter(move |c| !matches!(c, Components::Number(m) if *m > k))
}

/// Entropy and CRITIC together.
pub(super) fn combined(combination: Combination) -> Weighting {
    let combine = vec![Convention::Entropy, Convention::Critic];
    Weighting { combine, combination, ..Weighting::by(Convention::Combined) }
}

/// A convention, the normalization where it is not its own, and how the two are written.
struct Way {
    weighting: Weighting,
    normalize: Option<Normalize>,
    words: String,
    /// Whether papers print it often.
    usual: bool,
}

impl Way {
    /// Whether its weights are searched for, rather than computed.
    fn searches(&self) -> bool {
        self.weighting.nonnegative || self.weighting.convention() == Convention::BenefitOfTheDoubt
    }
}

/// The conventions in the order in which they are named where several agree.
fn ways(raw: &Raw) -> Vec<Way> {
    use Convention::*;
    let mut all = Vec::new();
    let mut add = |weighting: Weighting, normalize: Option<Normalize>, words: &str, usual: bool| {
        let on = match normalize {
            None => "",
            Some(Normalize::Z) => ", normalize = z",
            Some(Normalize::Vector) => ", normalize = vector",
            Some(Normalize::Reference) => ", normalize = reference",
            Some(_) => ", normalize = none",
        };
        all.push(Way { weighting, normalize, words: format!("{words}{on}"), usual });
    };
    for method in [Critic, Cv, Sd, Variance, Merec, Cilos, Idocriw, Gini, Angle, Pca, Factor, ScatterDegree] {
        add(Weighting::by(method), None, "", true);
    }
    let absolute = || Weighting { correlation: Correlation::Absolute, ..Weighting::by(Critic) };
    add(absolute(), None, ", correlation = absolute", true);
    add(Weighting::by(Cv), Some(Normalize::None), "", true);
    add(Weighting::by(Pca), Some(Normalize::Z), "", true);
    add(Weighting::by(ScatterDegree), Some(Normalize::Z), "", true);
    let nonnegative = Weighting { nonnegative: true, ..Weighting::by(ScatterDegree) };
    add(nonnegative, Some(Normalize::Z), ", nonnegative = true", false);
    // On z-scores every standard deviation is one and every mean nil: CRITIC alone has something left to weigh.
    add(Weighting::by(Critic), Some(Normalize::Z), "", false);
    add(absolute(), Some(Normalize::Z), ", correlation = absolute", false);
    for normalize in [Normalize::Vector, Normalize::Reference] {
        for method in [Critic, Cv, Sd, Entropy, ScatterDegree] {
            add(Weighting::by(method), Some(normalize), "", false);
        }
        add(absolute(), Some(normalize), ", correlation = absolute", false);
    }
    for (combination, word) in [
        (Combination::Product, "product"),
        (Combination::MinimumRelativeEntropy, "minimum_relative_entropy"),
        (Combination::GameTheory, "game_theory"),
    ] {
        add(combined(combination), None, &format!(", combine = entropy,critic, combination = {word}"), false);
    }
    for components in components(raw.indicators.len()) {
        for method in [Pca, Factor] {
            let words = format!(", components = {components}");
            add(Weighting { components, ..Weighting::by(method) }, None, &words, false);
        }
    }
    if raw.complete() <= MOST_PROGRAMS {
        add(Weighting::by(BenefitOfTheDoubt), None, "", false);
    }
    all
}

/// The conventions on these data; one that the data do not allow is left out.
pub(super) fn weightings(raw: &Raw, scopes: &[NormalizeScope], panel: bool, scored: bool) -> Vec<Candidate> {
    let ways = ways(raw);
    let weight_scopes =
        if panel { vec![NormalizeScope::Pooled, NormalizeScope::Year] } else { vec![NormalizeScope::Pooled] };
    let each: Vec<(NormalizeScope, NormalizeScope, &Way)> = (weight_scopes.iter())
        .flat_map(|&w| scopes.iter().map(move |&n| (w, n)))
        .flat_map(|(w, n)| ways.iter().map(move |way| (w, n, way)))
        // A search over subsets, or a program for each row: once is enough.
        .filter(|(w, _, way)| *w == NormalizeScope::Pooled || !way.searches())
        .collect();
    each.par_iter().filter_map(|&(w, n, way)| candidate(raw, w, n, way, scored)).collect()
}

fn candidate(
    raw: &Raw,
    weight_scope: NormalizeScope,
    normalize_scope: NormalizeScope,
    way: &Way,
    scored: bool,
) -> Option<Candidate> {
    let options = WeightedIndex {
        basis: Basis { normalize: way.normalize, ..raw.basis(normalize_scope) },
        weighting: way.weighting.clone(),
        weight_scope,
        ..WeightedIndex::default()
    };
    let found = weighted_index(&options, raw.x, raw.time, None, 0).ok()?;
    let k = raw.indicators.len();
    let years = found.weights.len() / k;
    let mean = |j: usize| found.weights.iter().skip(j).step_by(k).map(|w| w.weight).sum::<f64>() / years as f64;
    let by_year = match weight_scope {
        NormalizeScope::Year => ", weight_scope = year (mean of the yearly weights)",
        _ => "",
    };
    let word = way.weighting.convention().word();
    Some(Candidate {
        convention: format!("{word}: normalize_scope = {normalize_scope}{by_year}{}", way.words),
        faulty: false,
        usual: way.usual && weight_scope == NormalizeScope::Pooled,
        weights: (0..k).map(mean).collect(),
        scores: if scored { vec![("plain", found.score)] } else { Vec::new() },
    })
}
