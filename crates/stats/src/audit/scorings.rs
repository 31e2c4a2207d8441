//! Indices that are no weighted sum of min-max values: equal weights on every normalization (the z-score index among them),
//! principal components, TOPSIS and geometric means.

use super::conventions::{Candidate, Raw};
use super::weightings::{combined, components};
use crate::index::aggregate::Aggregate;
use crate::index::basis::Basis;
use crate::index::composite::{Index, Inputs, index};
use crate::index::impute::Keys;
use crate::index::normalize::NormalizeScope;
use crate::index::principal::{Form, Pca, pca_index};
use crate::index::scale::Normalize;
use crate::index::sheet::Sheet;
use crate::index::topsis::{Topsis, topsis};
use crate::index::weighted::{IndexWeight, WeightedIndex, weighted_index};
use crate::index::weights::{Combination, Components, Convention, Weighting};
use rayon::prelude::*;

/// An index by its score and weights; none where the data do not allow it.
type Made<'a> = Box<dyn Fn() -> Option<(Vec<f64>, Vec<f64>)> + Send + Sync + 'a>;

/// How an index is called, its kind of score, and how it is made.
type Scoring<'a> = (String, &'static str, Made<'a>);

/// The indices on these data.
pub(super) fn scorings(raw: &Raw, scopes: &[NormalizeScope]) -> Vec<Candidate> {
    let mut all = Vec::new();
    for &scope in scopes {
        equal(raw, scope, &mut all);
        principal(raw, scope, &mut all);
        closeness(raw, scope, &mut all);
        geometric(raw, scope, &mut all);
    }
    let made = |(convention, kind, made): &Scoring| {
        let (score, weights) = made()?;
        Some(Candidate {
            convention: convention.clone(),
            faulty: false,
            usual: true,
            weights,
            scores: vec![(*kind, score)],
        })
    };
    all.par_iter().filter_map(made).collect()
}

fn plain(weights: &[IndexWeight]) -> Vec<f64> {
    weights.iter().map(|w| w.weight).collect()
}

fn equal<'a>(raw: &'a Raw, scope: NormalizeScope, all: &mut Vec<Scoring<'a>>) {
    for (normalize, word) in [
        (Normalize::MinMax, "min_max"),
        (Normalize::Z, "z"),
        (Normalize::Reference, "reference"),
        (Normalize::Vector, "vector"),
        (Normalize::Rank, "rank"),
    ] {
        let made = move || {
            let basis = Basis { normalize: Some(normalize), ..raw.basis(scope) };
            let found =
                weighted_index(&WeightedIndex { basis, ..Default::default() }, raw.x, raw.time, None, 0).ok()?;
            Some((found.score, plain(&found.weights)))
        };
        let convention = format!("equal weights: normalize_scope = {scope}, normalize = {word}");
        all.push((convention, "plain", Box::new(made)));
    }
}

fn principal<'a>(raw: &'a Raw, scope: NormalizeScope, all: &mut Vec<Scoring<'a>>) {
    let rules = std::iter::once(Components::Kaiser).chain(components(raw.indicators.len()));
    let composite = rules.map(|rule| (Form::Components, "components", rule));
    // The first component by its share of itself is the component: named by its plainer name.
    let several = composite.filter(|(_, _, rule)| *rule != Components::Number(1));
    for (form, kind, components) in several.chain([(Form::First, "first", Components::default())]) {
        let made = move || {
            let found = pca_index(&Pca { basis: raw.basis(scope), form, components }, raw.x, raw.time).ok()?;
            Some((found.score, plain(&found.weights)))
        };
        let rule = if form == Form::First { String::new() } else { format!(", components = {components}") };
        all.push((format!("pca: normalize_scope = {scope}{rule}"), kind, Box::new(made)));
    }
}

/// The weights that indices other than sums are made with.
fn weightings() -> [(Weighting, &'static str); 4] {
    [
        (Weighting::by(Convention::Equal), "equal"),
        (Weighting::by(Convention::Entropy), "entropy"),
        (Weighting::by(Convention::Critic), "critic"),
        (combined(Combination::Product), "combined (entropy,critic by product)"),
    ]
}

fn closeness<'a>(raw: &'a Raw, scope: NormalizeScope, all: &mut Vec<Scoring<'a>>) {
    use Normalize::{MinMax, Vector};
    for (weighting, word) in weightings() {
        let asks = weighting.convention().from_data();
        for (normalize, weight_normalize, on) in [
            (MinMax, None, "min_max"),
            (Vector, Some(MinMax), "vector, weight_normalize = min_max"),
            (Vector, None, "vector"),
        ] {
            // Weights that do not come from the data have no normalization of their own.
            if weight_normalize.is_some() && !asks {
                continue;
            }
            let weighting = weighting.clone();
            let made = move || {
                let basis = Basis { normalize: Some(normalize), ..raw.basis(scope) };
                let options = Topsis { basis, weighting: weighting.clone(), weight_normalize, ..Topsis::default() };
                let found = topsis(&options, raw.x, raw.time).ok()?;
                Some((found.score, plain(&found.weights)))
            };
            let convention = format!("topsis, {word} weights: normalize_scope = {scope}, normalize = {on}");
            all.push((convention, "closeness", Box::new(made)));
        }
    }
}

fn geometric<'a>(raw: &'a Raw, scope: NormalizeScope, all: &mut Vec<Scoring<'a>>) {
    for (weighting, word) in weightings() {
        for (normalize, scale, on) in [
            (Normalize::MinMax, [1.0, 100.0], "min_max, scale = [1, 100]"),
            (Normalize::MinMax, [0.01, 1.0], "min_max, scale = [0.01, 1]"),
            (Normalize::Reference, [0.0, 1.0], "reference"),
        ] {
            let weighting = weighting.clone();
            let made = move || {
                let basis = Basis { normalize: Some(normalize), ..raw.basis(scope) };
                let mut sheet = Sheet::flat(raw.indicators).ok()?;
                let (leaves, directions) = (sheet.leaves(), basis.directions().ok()?);
                leaves.iter().zip(directions).for_each(|(&l, d)| sheet.nodes[l].direction = d);
                let options = Index {
                    basis,
                    weighting: weighting.clone(),
                    scale,
                    aggregate: vec![Aggregate::Geometric],
                    ..Index::default()
                };
                let denominators = vec![None; raw.x.len()];
                let keys = Keys { time: raw.time, ..Keys::default() };
                let inputs = Inputs { x: raw.x, denominators: &denominators, keys };
                let found = index(&options, &sheet, &inputs, None).ok()?;
                let weights = found.weights.iter().map(|w| w.global).collect();
                found.scores.into_iter().next_back().map(|(_, score)| (score, weights))
            };
            let convention = format!("geometric mean, {word} weights: normalize_scope = {scope}, normalize = {on}");
            all.push((convention, "geometric", Box::new(made)));
        }
    }
}
