//! Measures of an index: TOPSIS, principal components and weighted sums against methods.md 1.3 and R; scopes, bootstrap.

use plim_golden::{Csv, close, close_printed, json, shared};
use plim_stats::index::entropy::{Constant, ShareScope};
use plim_stats::index::principal::Form;
use plim_stats::index::weights::{Combination, Components, Correlation};
use plim_stats::index::{
    Basis, Convention, Critic, Entropy, Normalize, NormalizeScope, Pca, Topsis, WeightedIndex, Weighting, entropy,
    pca_index, topsis, weighted_index,
};

const X1: [f64; 6] = [10.0, 14.0, 30.0, 35.0, 22.0, 25.0];
const X2: [f64; 6] = [200.0, 260.0, 220.0, 300.0, 500.0, 640.0];
const X3: [f64; 6] = [5.0, 4.0, 9.0, 7.0, 6.0, 3.0];
const YEAR: [i64; 6] = [1, 2, 1, 2, 1, 2];
const CITY: [u32; 6] = [0, 0, 1, 1, 2, 2];

fn basis() -> Basis {
    Basis { indicators: ["x1", "x2", "x3"].map(String::from).to_vec(), negative: vec!["x3".into()], ..Basis::default() }
}

fn by(method: Convention) -> WeightedIndex {
    WeightedIndex { basis: basis(), weighting: Weighting::by(method), ..WeightedIndex::default() }
}

fn run(options: &WeightedIndex) -> plim_stats::index::Scored {
    weighted_index(options, &[&X1, &X2, &X3], Some(&YEAR), Some(&CITY), 1).unwrap()
}

#[test]
fn methods_1_3_topsis() {
    let weighting = Weighting::by(Convention::Entropy);
    let plain = Topsis { basis: basis(), weighting, ..Topsis::default() };
    let found = topsis(&plain, &[&X1, &X2, &X3], None).unwrap();
    let c = [0.20130393, 0.28784877, 0.29166300, 0.42222734, 0.61502502, 0.84048720];
    close_printed(&found.score, &c, 8, "min-max");
    // Entropy weights of min-max values under vector-normalized scores.
    let vector = Topsis {
        basis: Basis { normalize: Some(Normalize::Vector), ..basis() },
        weight_normalize: Some(Normalize::MinMax),
        ..plain.clone()
    };
    let found = topsis(&vector, &[&X1, &X2, &X3], None).unwrap();
    let c = [0.25872118, 0.35000101, 0.25955882, 0.39887611, 0.60738233, 0.85928859];
    close_printed(&found.score, &c, 8, "vector");
    // Within a year the best unit in everything is the ideal.
    let year = Topsis { basis: Basis { normalize_scope: NormalizeScope::Year, ..basis() }, ..plain };
    let found = topsis(&year, &[&X1, &X2, &X3], Some(&YEAR)).unwrap();
    assert!(found.score.iter().all(|s| (0.0..=1.0).contains(s)));
    let only = Basis { indicators: vec!["x1".into()], normalize_scope: NormalizeScope::Year, ..Basis::default() };
    let one = topsis(&Topsis { basis: only, ..Topsis::default() }, &[&X1], Some(&YEAR)).unwrap();
    assert_eq!((one.score[2], one.score[3], one.score[0]), (1.0, 1.0, 0.0));
}

#[test]
fn methods_1_3_composite_of_components() {
    let options = Pca { basis: basis(), ..Pca::default() };
    let found = pca_index(&options, &[&X1, &X2, &X3], None).unwrap();
    let f = [-0.32419918, 0.06639477, -1.12532792, -0.46537025, 0.39411194, 1.45439063];
    close_printed(&found.score, &f, 8, "F");
    let w: Vec<f64> = found.weights.iter().map(|w| w.weight).collect();
    close_printed(&w, &[0.36280925, 0.35294562, 0.28424513], 8, "q");
    let first = pca_index(&Pca { form: Form::First, ..options.clone() }, &[&X1, &X2, &X3], None).unwrap();
    close(first.score.iter().sum::<f64>() + 1.0, 1.0, 1e-12, "mean zero");
    let variance: f64 = first.score.iter().map(|s| s * s).sum::<f64>() / 5.0;
    close(variance, found.components.eigenvalues[0], 1e-12, "the variance of a component is its eigenvalue");
    let positive = pca_index(&Pca { form: Form::Weights, ..options }, &[&X1, &X2, &X3], None).unwrap();
    let same = run(&by(Convention::Pca));
    for i in 0..6 {
        close(positive.score[i], same.score[i], 1e-14, "weights");
    }
}

#[test]
fn r_reference_of_components() {
    let (Some(data), Some(reference)) =
        (shared("golden/r/data/syn_indicators.csv"), shared("golden/r/complexity_indices.json"))
    else {
        return;
    };
    let (data, cases) = (Csv::read(&data), json(&reference));
    let indicators: Vec<String> = (1..=6).map(|j| format!("i{j}")).collect();
    let columns: Vec<Vec<f64>> = indicators.iter().map(|n| data.num(n)).collect();
    let x: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
    let basis = Basis { indicators: indicators.clone(), negative: vec!["i6".into()], ..Basis::default() };
    let found = pca_index(&Pca { basis, ..Pca::default() }, &x, None).unwrap().components;
    let want = &cases["cases"]["pca_cor"]["result"];
    for (m, l) in found.eigenvalues.iter().enumerate() {
        close(l.sqrt(), want["sdev"][m].as_f64().unwrap(), 1e-12, "sdev");
    }
    let vectors = want["rotation_abs"]["data_by_row"].as_array().unwrap();
    for (at, v) in vectors.iter().enumerate() {
        close(found.vectors[(at / 6, at % 6)].abs(), v.as_f64().unwrap(), 1e-10, "rotation");
    }
    // Shares of raw values: entropy of the columns as they are.
    let raw = WeightedIndex {
        basis: Basis { indicators, normalize: Some(Normalize::None), ..Basis::default() },
        weighting: Weighting::by(Convention::Entropy),
        ..WeightedIndex::default()
    };
    let found = weighted_index(&raw, &x, None, None, 0).unwrap();
    for w in &found.weights {
        let want = cases["cases"]["entropy_raw_share"]["result"]["weight"][&w.name].as_f64().unwrap();
        close(w.weight, want, 1e-11, &w.name);
    }
}

#[test]
fn entropy_of_the_general_method_is_the_entropy_measure() {
    for (scope, same) in [(ShareScope::Pooled, NormalizeScope::Pooled), (ShareScope::Year, NormalizeScope::Year)] {
        let general = run(&WeightedIndex { weight_scope: same, ..by(Convention::Entropy) });
        let own = Entropy {
            indicators: basis().indicators,
            negative: vec!["x3".into()],
            share_scope: scope,
            ..Entropy::default()
        };
        let own = entropy(&own, &[&X1, &X2, &X3], Some(&YEAR)).unwrap();
        for (a, b) in general.weights.iter().zip(&own.weights) {
            assert_eq!((&a.name, a.year), (&b.name, b.year));
            close(a.weight, b.weight, 1e-13, "weight");
        }
        for i in 0..6 {
            close(general.score[i], own.score[i], 1e-13, "score");
        }
    }
}

#[test]
fn critic_is_the_convention_and_papers_normalize_for_themselves() {
    let own =
        weighted_index(&Critic { basis: basis(), ..Critic::default() }.weighted(), &[&X1, &X2, &X3], None, None, 0);
    assert_eq!(own.unwrap(), weighted_index(&by(Convention::Critic), &[&X1, &X2, &X3], None, None, 0).unwrap());
    // MEREC of ratios of the raw values; scores are shares of the best.
    let merec = run(&by(Convention::Merec));
    close(merec.scales[0].spread, 35.0, 0.0, "best x1");
    let how = Weighting {
        method: Some(Convention::Combined),
        combine: vec![Convention::Entropy, Convention::Merec],
        ..Weighting::default()
    };
    let both = run(&WeightedIndex { weighting: how, ..by(Convention::Combined) });
    let entropy = run(&by(Convention::Entropy));
    let product: Vec<f64> = entropy.weights.iter().zip(&merec.weights).map(|(a, b)| a.weight * b.weight).collect();
    for (w, p) in both.weights.iter().zip(&product) {
        close(w.weight, p / product.iter().sum::<f64>(), 1e-13, "each on its own paper's values");
    }
}

#[test]
fn goalposts_and_base_years() {
    let fixed = Basis { goalposts: vec!["x1:0:40".parse().unwrap(), "x3:0:10".parse().unwrap()], ..basis() };
    let found = run(&WeightedIndex { basis: fixed, ..by(Convention::Equal) });
    close(found.score[0], (10.0 / 40.0 + 0.0 + 0.5) / 3.0, 1e-14, "goalposts");
    let base = Basis { normalize_scope: NormalizeScope::Base(1), ..basis() };
    let found = run(&WeightedIndex { basis: base, ..by(Convention::Sd) });
    assert_eq!(found.scales[0].year, Some(1));
    assert!(found.score[5] > 1.0);
}

#[test]
fn bootstrap_of_entropy_is_the_same_by_both_roads() {
    // Twelve units of three years; `normalize = min_max` given by goalposts that change nothing takes the long road.
    let n = 36;
    let value = |i: usize, j: usize| ((i * 7 + j * 13) % 11) as f64 + ((i * i + 3 * j) % 17) as f64 / 3.0;
    let columns: Vec<Vec<f64>> = (0..3).map(|j| (0..n).map(|i| value(i, j)).collect()).collect();
    let x: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
    let units: Vec<u32> = (0..n as u32).map(|i| i / 3).collect();
    let fast = WeightedIndex { replications: 300, ..by(Convention::Entropy) };
    // A combination of entropy with itself: the product's square root is the same weights, by the general road.
    let slow = WeightedIndex {
        weighting: Weighting {
            method: Some(Convention::Combined),
            combine: vec![Convention::Entropy, Convention::Entropy],
            combination: Combination::MinimumRelativeEntropy,
            ..Weighting::default()
        },
        ..fast.clone()
    };
    let [a, b] = [&fast, &slow].map(|o| weighted_index(o, &x, None, Some(&units), 5).unwrap());
    for (a, b) in a.weights.iter().zip(&b.weights) {
        close(a.low.unwrap(), b.low.unwrap(), 1e-12, "low");
        close(a.high.unwrap(), b.high.unwrap(), 1e-12, "high");
        assert!(a.low.unwrap() < a.weight && a.weight < a.high.unwrap());
    }
    let judged = WeightedIndex { replications: 300, ..by(Convention::Equal) };
    assert!(weighted_index(&judged, &x, None, None, 0).unwrap_err().to_string().contains("do not come from the data"));
    let few = WeightedIndex { replications: 5, ..by(Convention::Entropy) };
    assert!(weighted_index(&few, &x, None, None, 0).unwrap_err().to_string().contains("too few"));
}

fn stat(stats: &[plim_stats::index::Stat], name: &str) -> f64 {
    stats.iter().find(|s| s.name == name).unwrap_or_else(|| panic!("no `{name}`")).value
}

#[test]
fn what_weights_are_judged_by_is_in_the_result() {
    let ahp = Weighting { pairwise: vec![3.0, 5.0, 2.0], ..Weighting::by(Convention::Ahp) };
    let found = run(&WeightedIndex { weighting: ahp.clone(), ..by(Convention::Ahp) }).stats;
    let got = ["lambda_max", "ci", "cr"].map(|name| stat(&found, name));
    close_printed(&got, &[3.00369460, 0.00184730, 0.00318500], 8, "consistency");
    let of_topsis = topsis(&Topsis { basis: basis(), weighting: ahp, ..Topsis::default() }, &[&X1, &X2, &X3], None);
    assert_eq!(of_topsis.unwrap().stats, found);
    close_printed(&[stat(&run(&by(Convention::ScatterDegree)).stats, "lambda")], &[4.84066521], 8, "scatter");
    let combine = vec![Convention::Entropy, Convention::Critic];
    let game = Weighting { combine, combination: Combination::GameTheory, ..Weighting::by(Convention::Combined) };
    let found = run(&WeightedIndex { weighting: game, ..by(Convention::Combined) }).stats;
    let got = [stat(&found, "alpha_entropy"), stat(&found, "alpha_critic")];
    close_printed(&got, &[0.62784068, 0.37215932], 8, "game");
    let years = run(&WeightedIndex { weight_scope: NormalizeScope::Year, ..by(Convention::ScatterDegree) }).stats;
    assert_eq!(years.iter().map(|s| s.year).collect::<Vec<_>>(), [Some(1), Some(2)]);
}

#[test]
fn weights_of_a_base_year_are_those_of_its_rows_alone() {
    let base = NormalizeScope::Base(1);
    for method in [Convention::Entropy, Convention::Critic, Convention::Sd, Convention::Pca] {
        let basis = Basis { normalize_scope: base, ..basis() };
        let all = run(&WeightedIndex { basis, weight_scope: base, ..by(method) });
        let first = |x: [f64; 6]| [x[0], x[2], x[4]];
        let (x1, x2, x3) = (first(X1), first(X2), first(X3));
        let alone = weighted_index(&by(method), &[&x1, &x2, &x3], None, None, 0).unwrap();
        for (a, b) in all.weights.iter().zip(&alone.weights) {
            assert_eq!(a.year, None);
            close(a.weight, b.weight, 1e-14, method.word());
        }
        for (i, s) in alone.score.iter().enumerate() {
            close(all.score[2 * i] + 1.0, s + 1.0, 1e-14, "scores of the base year");
        }
        assert!(all.score.iter().all(|s| s.is_finite()));
    }
    let refused = |options: WeightedIndex| {
        weighted_index(&options, &[&X1, &X2, &X3], Some(&YEAR), None, 0).unwrap_err().to_string()
    };
    let absent = WeightedIndex { weight_scope: NormalizeScope::Base(9), ..by(Convention::Sd) };
    assert!(refused(absent).contains("weight_scope = \"base:YEAR\""));
    let own = WeightedIndex { weight_scope: base, ..by(Convention::BenefitOfTheDoubt) };
    assert!(refused(own).contains("weights of its own"));
}

#[test]
fn a_list_of_weights_is_the_convention_given() {
    let weights = vec![0.2, 0.3, 0.5];
    let listed = Weighting { weights: weights.clone(), ..Weighting::default() };
    let found = run(&WeightedIndex { weighting: listed.clone(), ..by(Convention::Equal) });
    assert_eq!(found.weights.iter().map(|w| w.weight).collect::<Vec<_>>(), weights);
    let explicit = Weighting { weights, ..Weighting::by(Convention::Given) };
    assert_eq!(found, run(&WeightedIndex { weighting: explicit, ..by(Convention::Equal) }));
    let close_to = topsis(&Topsis { basis: basis(), weighting: listed, ..Topsis::default() }, &[&X1, &X2, &X3], None);
    assert_eq!(close_to.unwrap().weights[2].weight, 0.5);
}

#[test]
fn no_option_is_taken_and_ignored() {
    let x: [&[f64]; 3] = [&X1, &X2, &X3];
    let sum = |weighting: Weighting| {
        let options = WeightedIndex { weighting, ..by(Convention::Equal) };
        weighted_index(&options, &x, None, None, 0).unwrap_err().to_string()
    };
    let plain = Weighting::default;
    use Convention::*;
    for (name, weighting) in [
        ("weights", Weighting { weights: vec![0.2, 0.3, 0.5], ..Weighting::by(Equal) }),
        ("pairwise", Weighting { pairwise: vec![3.0, 5.0, 2.0], ..plain() }),
        ("combine", Weighting { combine: vec![Entropy, Critic], ..Weighting::by(Entropy) }),
        ("combination", Weighting { combination: Combination::GameTheory, ..Weighting::by(Entropy) }),
        ("correlation", Weighting { correlation: Correlation::Absolute, ..Weighting::by(Sd) }),
        ("components", Weighting { components: Components::Number(2), ..Weighting::by(Critic) }),
        ("nonnegative", Weighting { nonnegative: true, ..Weighting::by(Pca) }),
        ("assurance", Weighting { assurance: vec!["x1/x2 in [1, 1]".into()], ..plain() }),
    ] {
        let text = sum(weighting);
        assert!(text.contains(&format!("`{name}` belongs")) && text.contains("or leave"), "{name}: {text}");
    }
    // Of a convention that is combined they are in use.
    let parts =
        Weighting { combine: vec![Entropy, Critic], correlation: Correlation::Absolute, ..Weighting::by(Combined) };
    assert!(weighted_index(&WeightedIndex { weighting: parts, ..by(Equal) }, &x, None, None, 0).is_ok());
    let level = WeightedIndex { level: 0.9, ..by(Entropy) };
    assert!(weighted_index(&level, &x, None, None, 0).unwrap_err().to_string().contains("`level`"));
    let first = plim_stats::index::Pca { basis: basis(), form: Form::First, components: Components::Number(2) };
    assert!(pca_index(&first, &x, None).unwrap_err().to_string().contains("`components`"));
    let judged = Topsis { basis: basis(), weight_normalize: Some(Normalize::Vector), ..Topsis::default() };
    assert!(topsis(&judged, &x, None).unwrap_err().to_string().contains("`weight_normalize`"));
}

#[test]
fn weights_of_topsis_are_those_of_their_normalization() {
    let x: [&[f64]; 3] = [&X1, &X2, &X3];
    let weighting =
        Weighting { combine: vec![Convention::Entropy, Convention::Sd], ..Weighting::by(Convention::Combined) };
    let vector = Basis { normalize: Some(Normalize::Vector), ..basis() };
    let options = Topsis {
        basis: vector,
        weighting: weighting.clone(),
        weight_normalize: Some(Normalize::MinMax),
        ..Topsis::default()
    };
    let own = run(&WeightedIndex { weighting, ..by(Convention::Equal) });
    assert_eq!(topsis(&options, &x, None).unwrap().weights, own.weights);
    // Papers that normalize for themselves do so for their weights.
    let merec = Topsis { basis: basis(), weighting: Weighting::by(Convention::Merec), ..Topsis::default() };
    assert_eq!(topsis(&merec, &x, None).unwrap().weights, run(&by(Convention::Merec)).weights);
}

#[test]
fn refusals_and_what_is_dropped() {
    let flat = [4.0; 6];
    let error = weighted_index(&by(Convention::Critic), &[&X1, &flat, &X3], None, None, 0).unwrap_err();
    assert_eq!((error.column.as_deref(), error.kind), (Some("x2"), plim_stats::Kind::Constant));
    let drop = Basis { constant: Constant::Drop, ..basis() };
    for method in [Convention::Critic, Convention::Equal, Convention::Entropy, Convention::Pca] {
        let found =
            weighted_index(&WeightedIndex { basis: drop.clone(), ..by(method) }, &[&X1, &flat, &X3], None, None, 0)
                .unwrap();
        assert_eq!(found.weights[1].weight, 0.0, "{}", method.word());
        close(found.weights.iter().map(|w| w.weight).sum(), 1.0, 1e-14, method.word());
        assert!(found.score.iter().all(|s| s.is_finite()));
        assert!(found.notes[0].contains("`x2`"));
    }
    // A year without an indicator.
    let gap = [10.0, f64::NAN, 30.0, f64::NAN, 22.0, f64::NAN];
    let error = weighted_index(&by(Convention::Sd), &[&gap, &X2, &X3], Some(&YEAR), None, 0).unwrap_err();
    assert!(error.to_string().contains("every row of 2") && error.column.as_deref() == Some("x1"), "{error}");
    // A target beyond the data.
    let target = Basis { negative: vec![], direction: vec!["x1:target=90".parse().unwrap()], ..basis() };
    let error = weighted_index(&WeightedIndex { basis: target, ..by(Convention::Sd) }, &[&X1, &X2, &X3], None, None, 0);
    assert!(error.unwrap_err().to_string().contains("outside the data"));
    // A share of the best of a target, ranks of a base year, goalposts of z-scores.
    let wrong = |basis: Basis, year| {
        weighted_index(&WeightedIndex { basis, ..by(Convention::Sd) }, &[&X1, &X2, &X3], year, None, 0)
            .unwrap_err()
            .to_string()
    };
    let target = Basis { negative: vec![], direction: vec!["x1:target=20".parse().unwrap()], ..basis() };
    assert!(wrong(Basis { normalize: Some(Normalize::Reference), ..target }, None).contains("target"));
    let rank = Basis { normalize: Some(Normalize::Rank), normalize_scope: NormalizeScope::Base(1), ..basis() };
    assert!(wrong(rank, Some(&YEAR)).contains("ranks"));
    let posts = Basis { normalize: Some(Normalize::Z), goalposts: vec!["x1:0:1".parse().unwrap()], ..basis() };
    assert!(wrong(posts, None).contains("goalposts"));
    let year = WeightedIndex { weight_scope: NormalizeScope::Year, ..by(Convention::Critic) };
    assert!(weighted_index(&year, &[&X1, &X2, &X3], None, None, 0).unwrap_err().to_string().contains("`time`"));
}
