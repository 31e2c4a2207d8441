//! Uncertainty and sensitivity of an index: one run is the index itself, both roads to the weights agree, ranks add up.

use plim_golden::close;
use plim_stats::index::composite::Composite;
use plim_stats::index::impute::Keys;
use plim_stats::index::treat::Treat;
use plim_stats::index::{
    Aggregate, Basis, Convention, Index, Inputs, Normalize, Robustness, Sensitivity, Sheet, WeightedIndex, Weighting,
    index, sensitivity, weighted_index,
};

const UNITS: usize = 14;
const YEARS: usize = 3;
const NAMES: [&str; 4] = ["a", "b", "c", "d"];

/// Fourteen units of three years; the last indicator is one of which less is better.
fn data() -> (Vec<Vec<f64>>, Vec<u32>, Vec<i64>) {
    let n = UNITS * YEARS;
    let value = |i: usize, j: usize| {
        let unit = (i / YEARS) as f64;
        let wave = ((i * (7 + 3 * j) + 11 * j) % 23) as f64 / 3.0;
        1.0 + unit * (1.0 + 0.3 * j as f64) + wave + if j == 1 { (unit / 3.0).exp() } else { 0.0 }
    };
    let x = (0..4).map(|j| (0..n).map(|i| value(i, j)).collect()).collect();
    let units = (0..n as u32).map(|i| i / YEARS as u32).collect();
    (x, units, (0..n as i64).map(|i| 2010 + i % YEARS as i64).collect())
}

fn sheet() -> Sheet {
    let mut sheet = Sheet::flat(&NAMES.map(String::from)).unwrap();
    sheet.nodes[3].direction = plim_stats::index::Direction::Negative;
    sheet
}

fn by(method: Convention) -> Index {
    Index { weighting: Weighting::by(method), ..Index::default() }
}

/// Nothing varies but what a test makes vary.
fn fixed(index: Index) -> Sensitivity {
    Sensitivity {
        normalizations: vec![index.basis.normalize.unwrap_or_default()],
        conventions: vec![index.weighting.convention()],
        aggregations: index.aggregate.clone(),
        treatments: vec![index.treat],
        exclude: false,
        resample: false,
        runs: 1024,
        replications: 200,
        index,
        ..Sensitivity::default()
    }
}

fn with<T>(run: impl Fn(&Inputs) -> T) -> T {
    let (x, units, time) = data();
    let x: Vec<&[f64]> = x.iter().map(Vec::as_slice).collect();
    let keys = Keys { units: Some(&units), time: Some(&time), groups: None };
    run(&Inputs { x: &x, denominators: &[None; 4], keys })
}

fn run(options: &Sensitivity) -> Robustness {
    with(|inputs| sensitivity(options, &sheet(), inputs, 7).unwrap())
}

#[test]
fn one_run_is_the_index_itself() {
    let with_scale = |mut index: Index, normalize, form| {
        index.basis = Basis { normalize: Some(normalize), ..Basis::default() };
        index.scale = if normalize == Normalize::Z { [100.0, 10.0] } else { [1.0, 100.0] };
        index.aggregate = vec![form];
        index
    };
    let forms = [Aggregate::Arithmetic, Aggregate::Geometric, Aggregate::Harmonic, Aggregate::MazziottaPareto];
    for form in forms {
        for normalize in [Normalize::MinMax, Normalize::Z, Normalize::Rank] {
            let found = run(&fixed(with_scale(by(Convention::Equal), normalize, form)));
            assert_eq!(found.stats.mean_shift, 0.0, "{form:?} {normalize:?}");
            // A pair that ties has no order.
            assert!(found.stats.certain_pairs > 0.95, "{}", found.stats.certain_pairs);
            assert!(found.factors.is_empty() && found.notes.iter().any(|n| n.contains("nothing varies")));
        }
        // Weights that the engine takes by its own shorter road, or by the general one.
        for method in [Convention::Entropy, Convention::Critic, Convention::Gini, Convention::Merec] {
            let mut index = with_scale(by(method), Normalize::MinMax, form);
            index.treat = Treat::Winsorize;
            if method == Convention::Merec {
                // The nominal index on the paper's normalization would be another index.
                continue;
            }
            assert_eq!(run(&fixed(index)).stats.mean_shift, 0.0, "{form:?} {method:?}");
        }
    }
}

#[test]
fn intervals_of_the_weights_are_those_of_the_weights() {
    for method in [Convention::Entropy, Convention::Critic, Convention::Sd] {
        let found = run(&fixed(by(method)));
        let options = WeightedIndex {
            basis: Basis {
                indicators: NAMES.map(String::from).to_vec(),
                negative: vec!["d".into()],
                ..Basis::default()
            },
            weighting: Weighting::by(method),
            replications: 200,
            level: 0.9,
            ..WeightedIndex::default()
        };
        let want = with(|inputs| weighted_index(&options, inputs.x, None, inputs.keys.units, 7).unwrap());
        for (got, want) in found.indicators.iter().zip(&want.weights) {
            close(got.weight, want.weight, 1e-12, "weight");
            close(got.low.unwrap(), want.low.unwrap(), 1e-10, "low");
            close(got.high.unwrap(), want.high.unwrap(), 1e-10, "high");
        }
    }
}

#[test]
fn variance_is_shared_out_in_full() {
    for (form, scale) in [(Aggregate::Arithmetic, [0.0, 1.0]), (Aggregate::Geometric, [1.0, 100.0])] {
        let found = run(&fixed(Index { aggregate: vec![form], scale, ..by(Convention::Entropy) }));
        let total: f64 = found.indicators.iter().map(|i| i.shapley.unwrap()).sum();
        close(total, 1.0, 1e-12, "shares");
    }
    let found = run(&fixed(Index { aggregate: vec![Aggregate::Topsis], ..by(Convention::Equal) }));
    assert!(found.indicators.iter().all(|i| i.shapley.is_none() && i.low.is_none()));
}

#[test]
fn ranks_and_pairs_add_up() {
    let options = Sensitivity { matrices: true, replications: 200, runs: 2048, noise: 0.25, ..Sensitivity::default() };
    let found = run(&options);
    assert_eq!((found.stats.base, found.stats.runs), (128, 128 * 9));
    let nominal: Composite = with(|inputs| index(&options.index, &sheet(), inputs, None).unwrap());
    assert_eq!(found.score, nominal.scores.last().unwrap().1);
    let ranks: Vec<_> = found.ranks.iter().map(|r| r.unwrap()).collect();
    // Each year has ranks 1 to 14 on average, and ten places among the first ten.
    for year in 0..YEARS {
        let of: Vec<_> = (0..UNITS).map(|u| ranks[u * YEARS + year]).collect();
        let mut sorted: Vec<f64> = of.iter().map(|r| r.nominal).collect();
        sorted.sort_by(f64::total_cmp);
        assert_eq!(sorted, (1..=UNITS).map(|r| r as f64).collect::<Vec<_>>());
        close(of.iter().map(|r| r.mean).sum::<f64>() / UNITS as f64, 7.5, 0.02, "mean rank");
        close(of.iter().map(|r| r.top).sum::<f64>(), 10.0, 0.02, "first ten");
        assert!(of.iter().all(|r| r.low <= r.median && r.median <= r.high));
    }
    for row in (0..UNITS).map(|u| u * YEARS + YEARS - 1) {
        let own: f64 = found.frequencies.iter().filter(|f| f.row == row).map(|f| f.share).sum();
        close(own, 1.0, 1e-12, "rank frequencies");
    }
    assert_eq!(found.pairs.len(), UNITS * (UNITS - 1) / 2);
    assert!(found.pairs.iter().all(|p| (0.0..=1.0).contains(&p.probability)));
    assert!(found.stats.certain_pairs > 0.2 && found.stats.certain_pairs < 1.0);
    let names: Vec<&str> = found.factors.iter().map(|f| f.name.as_str()).collect();
    let all = ["normalization", "weights", "aggregation", "treatment", "exclusion", "resampling", "noise"];
    assert_eq!(names, all);
    for f in &found.factors {
        let (first, total) = (f.first.unwrap(), f.total.unwrap());
        assert!(total >= 0.0 && first < 1.0 && total < 1.5 && first <= total + 0.1, "{f:?}");
        assert!(f.first_low <= f.first && f.first <= f.first_high && f.total_low <= f.total_high, "{f:?}");
    }
    // The same bits again.
    assert_eq!(run(&options), found);
}

#[test]
fn refusals() {
    let refused =
        |options: Sensitivity| with(|inputs| sensitivity(&options, &sheet(), inputs, 7).unwrap_err().to_string());
    let base = || Sensitivity { runs: 1024, ..Sensitivity::default() };
    assert!(refused(Sensitivity { runs: 100, ..base() }).contains("too few"));
    assert!(refused(Sensitivity { conventions: vec![], ..base() }).contains("is empty"));
    assert!(refused(Sensitivity { normalizations: vec![Normalize::Vector], ..base() }).contains("`min_max`, `z`"));
    assert!(refused(Sensitivity { conventions: vec![Convention::BenefitOfTheDoubt], ..base() }).contains("common"));
    assert!(refused(Sensitivity { conventions: vec![Convention::Given], ..base() }).contains("`weights`"));
    assert!(refused(Sensitivity { noise: 1.0, ..base() }).contains("`noise`"));
    assert!(refused(Sensitivity { certain: 0.4, ..base() }).contains("`certain`"));
    assert!(refused(Sensitivity { replications: 3, ..base() }).contains("too few"));
    let mut year = base();
    year.index.basis.normalize_scope = plim_stats::index::NormalizeScope::Year;
    assert!(refused(year).contains("pooled goalposts"));
}
