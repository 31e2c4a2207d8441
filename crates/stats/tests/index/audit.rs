//! The auditor: conventions by their weights, and tables with known mistakes.

use plim_stats::Factor;
use plim_stats::audit::{
    AuditData, AuditWeights, Audited, Check, Columns, Finding, audit_data, audit_weights, identical_rows,
    missing_values,
};
use plim_stats::index::entropy::{Replicate, ShareScope, Zeros};
use plim_stats::index::principal::Form;
use plim_stats::index::weights::{Combination, Components, Correlation};
use plim_stats::index::{
    Aggregate, Basis, Convention, Entropy, Index, Inputs, Normalize, NormalizeScope, Pca, Scored, Topsis,
    WeightedIndex, Weighting, entropy, index, pca_index, topsis, weighted_index,
};
use plim_stats::math::rng::Stream;

const N: usize = 12;
const T: usize = 8;
const K: usize = 5;

/// Lognormal indicators of growing spread over units and years, the last of which less is better.
struct World {
    units: usize,
    x: Vec<Vec<f64>>,
    time: Vec<i64>,
    names: Vec<String>,
}

fn world() -> World {
    sized(N, T)
}

fn sized(units: usize, years: usize) -> World {
    let mut s = Stream::new(20240101, 0);
    let mut x = vec![Vec::new(); K];
    for _ in 0..units {
        let unit: Vec<f64> = (0..K).map(|_| s.normal()).collect();
        for t in 0..years {
            for (j, column) in x.iter_mut().enumerate() {
                let spread = 0.3 + 0.25 * j as f64;
                column.push((spread * (unit[j] + 0.3 * s.normal()) + 0.05 * t as f64).exp());
            }
        }
    }
    let time = (0..units * years).map(|i| 2011 + (i % years) as i64).collect();
    World { units, x, time, names: (1..=K).map(|j| format!("x{j}")).collect() }
}

impl World {
    fn columns(&self) -> Vec<&[f64]> {
        self.x.iter().map(Vec::as_slice).collect()
    }

    fn entropy(&self) -> Entropy {
        Entropy { indicators: self.names.clone(), negative: vec!["x5".into()], ..Entropy::default() }
    }

    fn index(&self, options: &Entropy) -> Vec<f64> {
        entropy(options, &self.columns(), Some(&self.time)).unwrap().score
    }

    /// Weights, the mean over the years where each has its own.
    fn weights(&self, options: &Entropy) -> Vec<f64> {
        let found = entropy(options, &self.columns(), Some(&self.time)).unwrap();
        let years = found.weights.len() / K;
        (0..K).map(|j| found.weights.iter().skip(j).step_by(K).map(|w| w.weight).sum::<f64>() / years as f64).collect()
    }

    fn options(&self, weights: Vec<f64>) -> AuditWeights {
        AuditWeights { indicators: self.names.clone(), negative: vec!["x5".into()], weights, ..Default::default() }
    }

    fn basis(&self, normalize: Option<Normalize>) -> Basis {
        Basis { indicators: self.names.clone(), negative: vec!["x5".into()], normalize, ..Basis::default() }
    }

    fn by(&self, weighting: Weighting, normalize: Option<Normalize>) -> WeightedIndex {
        WeightedIndex { basis: self.basis(normalize), weighting, ..WeightedIndex::default() }
    }

    /// Weights, the mean over the years where each has its own.
    fn weights_of(&self, options: &WeightedIndex) -> Vec<f64> {
        let found = self.scored(options).weights;
        let mean = |j: usize| found.iter().skip(j).step_by(K).map(|w| w.weight).sum::<f64>();
        (0..K).map(|j| mean(j) / (found.len() / K) as f64).collect()
    }

    fn scored(&self, options: &WeightedIndex) -> Scored {
        weighted_index(options, &self.columns(), Some(&self.time), None, 0).unwrap()
    }

    fn weighted(&self, method: Convention) -> Vec<f64> {
        self.weights_of(&self.by(Weighting::by(method), None))
    }

    fn audit(&self, options: &AuditWeights, index: Option<&[f64]>) -> Audited {
        audit_weights(options, &self.columns(), index, Some(&self.time), Some(self.units)).unwrap()
    }
}

/// Sixteen conventions, each with what its verdict must say.
fn conventions(w: &World) -> Vec<(Vec<f64>, Vec<&'static str>)> {
    let pooled = "normalize_scope = pooled, share_scope = pooled, zeros = none";
    let e = w.entropy();
    let of = |options: Entropy| w.weights(&options);
    // The other two errors and raw shares by hand: H from the pooled divergences.
    let found = entropy(&e, &w.columns(), Some(&w.time)).unwrap();
    let (rows, units) = (((N * T) as f64).ln(), (N as f64).ln());
    let d: Vec<f64> = found.weights.iter().map(|w| 1.0 - w.entropy * rows / units).collect();
    let over_units: Vec<f64> = d.iter().map(|v| v / d.iter().sum::<f64>()).collect();
    let raw: Vec<f64> = (w.x.iter())
        .map(|c| {
            let total: f64 = c.iter().sum();
            1.0 + c.iter().map(|v| v / total * (v / total).ln()).sum::<f64>() / rows
        })
        .collect();
    let raw: Vec<f64> = raw.iter().map(|v| v / raw.iter().sum::<f64>()).collect();
    vec![
        (of(e.clone()), vec![pooled]),
        (of(Entropy { replicate: Some(Replicate::LnT), ..e.clone() }), vec![pooled, "replicate = ln_t", "faulty"]),
        (over_units, vec![pooled, "over ln N", "faulty"]),
        (of(Entropy { zeros: Zeros::Shift(1e-4), ..e.clone() }), vec!["zeros = shift:0.0001"]),
        (of(Entropy { zeros: Zeros::Shift(0.01), ..e.clone() }), vec!["zeros = shift:0.01"]),
        (of(Entropy { zeros: Zeros::Shift(1.0), ..e.clone() }), vec!["zeros = shift:1"]),
        (of(Entropy { zeros: Zeros::Affine(1e-3), ..e.clone() }), vec!["zeros = affine:0.001"]),
        (of(Entropy { zeros: Zeros::AffineLow(0.01), ..e.clone() }), vec!["zeros = affine_low:0.01"]),
        (
            of(Entropy { share_scope: ShareScope::Year, normalize_scope: NormalizeScope::Year, ..e.clone() }),
            vec!["normalize_scope = year, share_scope = year"],
        ),
        (
            of(Entropy { share_scope: ShareScope::Year, ..e.clone() }),
            vec!["normalize_scope = pooled, share_scope = year"],
        ),
        (of(Entropy { negative: Vec::new(), ..e }), vec![pooled, "directions unheeded"]),
        (raw, vec!["raw values, without normalization"]),
        (w.weighted(Convention::Critic), vec!["critic: normalize_scope = pooled"]),
        (w.weighted(Convention::Cv), vec!["cv: normalize_scope = pooled"]),
        (w.weighted(Convention::Gini), vec!["gini: normalize_scope = pooled"]),
        (w.weighted(Convention::Pca), vec!["pca: normalize_scope = pooled"]),
    ]
}

#[test]
fn each_convention_is_named_and_a_random_vector_is_none() {
    let w = world();
    let mut tried = 0;
    for (weights, words) in conventions(&w) {
        let found = w.audit(&w.options(weights), None);
        for word in &words {
            assert!(found.verdict.contains(word), "{words:?}: {} {:?}", found.verdict, found.notes);
        }
        assert!(found.conventions[0].distance < 1e-12);
        tried += 1;
    }
    assert_eq!(tried, 16);
    let mut s = Stream::new(5, 5);
    let draws: Vec<f64> = (0..K).map(|_| -s.uniform().ln()).collect();
    let total: f64 = draws.iter().sum();
    let random = w.audit(&w.options(draws.iter().map(|v| (v / total * 1e4).round() / 1e4).collect()), None);
    assert_eq!(random.verdict, "none", "{:?}", random.notes);
    assert!(random.conventions.len() == 10 && random.conventions.iter().all(|c| !c.matches));
    assert!(random.notes.iter().any(|n| n.contains("nearest convention")));
}

/// Whether the verdict says all of `words`, or a convention that gives the same does.
fn named(found: &Audited, words: &[&str]) -> bool {
    let same = found.notes.iter().filter_map(|n| n.strip_prefix("on these data the same to the last digit: "));
    let mut all = same.flat_map(|n| n.split("; ")).chain([found.verdict.as_str()]);
    all.any(|convention| words.iter().all(|word| convention.contains(word)))
}

fn both(combination: Combination) -> Weighting {
    let combine = vec![Convention::Entropy, Convention::Critic];
    Weighting { combine, combination, ..Weighting::by(Convention::Combined) }
}

#[test]
fn every_family_of_weights_is_named() {
    use Convention::*;
    let w = sized(9, 4);
    let e = w.entropy();
    let absolute = || Weighting { correlation: Correlation::Absolute, ..Weighting::by(Critic) };
    let pca = |components| w.by(Weighting { components, ..Weighting::by(Pca) }, None);
    let nonnegative = Weighting { nonnegative: true, ..Weighting::by(ScatterDegree) };
    let by_year = |method, normalize| WeightedIndex {
        weight_scope: NormalizeScope::Year,
        ..w.by(Weighting::by(method), normalize)
    };
    let (z, vector, reference) = (Some(Normalize::Z), Some(Normalize::Vector), Some(Normalize::Reference));
    for (options, words) in [
        (w.by(both(Combination::Product), None), vec!["combined", "combination = product"]),
        (w.by(both(Combination::MinimumRelativeEntropy), None), vec!["combined", "minimum_relative_entropy"]),
        (w.by(both(Combination::GameTheory), None), vec!["combined", "game_theory"]),
        (w.by(Weighting::by(BenefitOfTheDoubt), None), vec!["benefit_of_the_doubt: normalize_scope = pooled"]),
        (w.by(nonnegative, z), vec!["scatter_degree", "nonnegative = true", "normalize = z"]),
        (w.by(Weighting::by(ScatterDegree), z), vec!["scatter_degree", "normalize = z"]),
        (pca(Components::Cumulative(0.8)), vec!["pca", "components = cumulative:0.8"]),
        (pca(Components::Cumulative(0.85)), vec!["pca", "components = cumulative:0.85"]),
        (pca(Components::Cumulative(0.9)), vec!["pca", "components = cumulative:0.9"]),
        (pca(Components::Number(1)), vec!["pca", "components = 1"]),
        (pca(Components::Number(4)), vec!["pca", "components = 4"]),
        (w.by(Weighting::by(Critic), z), vec!["critic: normalize_scope = pooled, normalize = z"]),
        (w.by(absolute(), vector), vec!["critic", "correlation = absolute, normalize = vector"]),
        (w.by(Weighting::by(Critic), reference), vec!["critic", "normalize = reference"]),
        (w.by(Weighting::by(Sd), vector), vec!["sd", "normalize = vector"]),
        (w.by(Weighting::by(Cv), reference), vec!["cv", "normalize = reference"]),
        (w.by(Weighting::by(Entropy), reference), vec!["entropy", "normalize = reference"]),
        (w.by(Weighting::by(Entropy), vector), vec!["entropy", "normalize = vector"]),
        (by_year(Critic, None), vec!["critic", "weight_scope = year"]),
        (by_year(Sd, vector), vec!["sd", "weight_scope = year", "normalize = vector"]),
        (by_year(Cv, None), vec!["cv", "weight_scope = year"]),
    ] {
        let found = w.audit(&w.options(w.weights_of(&options)), None);
        assert!(named(&found, &words), "{words:?}: {} {:?}", found.verdict, found.notes);
    }
    for zeros in [Zeros::Shift(0.05), Zeros::Shift(1e-6), Zeros::Affine(0.1), Zeros::AffineLow(0.05)] {
        let found = w.audit(&w.options(w.weights(&plim_stats::index::Entropy { zeros, ..e.clone() })), None);
        assert!(found.verdict.contains(&format!("zeros = {zeros}")), "{zeros}: {}", found.verdict);
    }
}

#[test]
fn every_family_of_indices_is_named() {
    use Convention::{Entropy, Equal};
    let w = sized(9, 4);
    let (z, vector) = (Some(Normalize::Z), Some(Normalize::Vector));
    let x = w.columns();
    let component =
        |form, components| pca_index(&Pca { basis: w.basis(None), form, components }, &x, Some(&w.time)).unwrap().score;
    let closeness = |method, normalize, weight_normalize| {
        let (basis, weighting) = (w.basis(normalize), Weighting::by(method));
        topsis(&Topsis { basis, weighting, weight_normalize, ..Topsis::default() }, &x, Some(&w.time)).unwrap().score
    };
    let geometric = |weighting: Weighting| {
        let mut tree = plim_stats::index::Sheet::flat(&w.names).unwrap();
        tree.nodes[4].direction = plim_stats::index::Direction::Negative;
        let (aggregate, scale) = (vec![Aggregate::Geometric], [1.0, 100.0]);
        let options = Index { weighting, aggregate, scale, ..Index::default() };
        let inputs = Inputs { x: &x, denominators: &[None; K], keys: Default::default() };
        index(&options, &tree, &inputs, None).unwrap().scores.remove(0).1
    };
    let equal = |normalize| w.scored(&w.by(Weighting::by(Equal), normalize)).score;
    let moved = |score: Vec<f64>| score.iter().map(|s| 2.0 - 0.5 * s).collect::<Vec<f64>>();
    for (score, words) in [
        (equal(None), vec!["equal weights", "normalize = min_max, score = plain"]),
        (equal(z), vec!["equal weights", "normalize = z"]),
        (w.scored(&w.by(both(Combination::Product), None)).score, vec!["combined", "combination = product"]),
        (component(Form::Components, Components::Kaiser), vec!["pca", "components = kaiser, score = components"]),
        (component(Form::Components, Components::Cumulative(0.85)), vec!["pca", "components = cumulative:0.85"]),
        (moved(component(Form::First, Components::Kaiser)), vec!["pca", "score = first"]),
        (closeness(Entropy, None, None), vec!["topsis, entropy weights", "normalize = min_max"]),
        (closeness(Equal, None, None), vec!["topsis, equal weights", "normalize = min_max"]),
        (closeness(Equal, vector, None), vec!["topsis, equal weights", "normalize = vector"]),
        (
            closeness(Entropy, vector, Some(Normalize::MinMax)),
            vec!["topsis, entropy weights", "weight_normalize = min_max"],
        ),
        (geometric(Weighting::by(Equal)), vec!["geometric mean, equal weights", "scale = [1, 100]"]),
        (geometric(both(Combination::Product)), vec!["geometric mean, combined", "scale = [1, 100]"]),
    ] {
        let options = AuditWeights { index: Some("score".into()), ..w.options(Vec::new()) };
        let found = w.audit(&options, Some(&score));
        assert!(named(&found, &words), "{words:?}: {} {:?}", found.verdict, found.notes);
    }
}

#[test]
fn printed_weights_are_told_apart_as_far_as_their_decimals_go() {
    let w = world();
    let faulty = w.weights(&Entropy { replicate: Some(Replicate::LnT), ..w.entropy() });
    for scale in [1.0, 100.0] {
        let printed: Vec<f64> = faulty.iter().map(|v| (v * scale * 1e4).round() / 1e4).collect();
        let found = w.audit(&w.options(printed), None);
        assert!(found.verdict.contains("replicate = ln_t"), "{}", found.verdict);
        assert!(found.conventions[0].faulty && found.notes.iter().any(|n| n.contains("is an error")));
    }
    // With one decimal nearly everything is alike.
    let coarse = w.audit(&AuditWeights { decimals: Some(0), ..w.options(faulty) }, None);
    assert!(coarse.notes.iter().any(|n| n.contains("more decimals")), "{:?}", coarse.notes);
}

#[test]
fn an_index_is_recognized_also_when_it_is_scaled() {
    let w = world();
    let score = w.index(&w.entropy());
    let options = AuditWeights { index: Some("score".into()), ..w.options(Vec::new()) };
    let template = w.index(&Entropy { replicate: Some(Replicate::LnT), ..w.entropy() });
    let hundred: Vec<f64> = score.iter().map(|v| 100.0 * v).collect();
    let moved: Vec<f64> = score.iter().map(|v| 3.0 + 0.7 * v).collect();
    for (index, scale, word) in [
        (&score, "as_is", "zeros = none, score = plain"),
        (&hundred, "times_100", "zeros = none, score = plain"),
        (&moved, "linear", "zeros = none, score = plain"),
        (&template, "as_is", "replicate = ln_t"),
    ] {
        let found = w.audit(&options, Some(index));
        assert!(found.verdict.contains(word), "{}", found.verdict);
        assert_eq!(found.conventions[0].scale, Some(scale));
    }
    let noise: Vec<f64> = score.iter().enumerate().map(|(i, v)| v + 0.01 * ((i * 7 % 5) as f64 - 2.0)).collect();
    assert_eq!(w.audit(&options, Some(&noise)).verdict, "none");
}

#[test]
fn what_cannot_be_audited_is_refused() {
    let w = world();
    let refused = |options: AuditWeights| {
        audit_weights(&options, &w.columns(), None, Some(&w.time), Some(N)).unwrap_err().to_string()
    };
    assert!(refused(w.options(Vec::new())).contains("nothing published"));
    assert!(refused(w.options(vec![0.5; K])).contains("sum to 2.5"));
    assert!(refused(w.options(vec![0.5, 0.5])).contains("length 2"));
    assert!(refused(w.options(vec![f64::NAN; K])).contains("not a number"));
    assert!(refused(AuditWeights { negative: vec!["tax".into()], ..w.options(vec![0.2; K]) }).contains("`tax`"));
}

/// A table of twelve units and eight years with columns that move by their own rules.
struct Sheet {
    names: Vec<String>,
    values: Vec<Vec<f64>>,
    unit: Factor,
    labels: Vec<String>,
    time: Vec<i64>,
}

fn sheet() -> Sheet {
    let mut s = Stream::new(11, 0);
    let (n, t) = (12, 8);
    let mut values = vec![Vec::new(); 6];
    for i in 0..n {
        for year in 0..t {
            let gdp = (6.0 + 0.1 * f64::from(i) + 0.08 * f64::from(year) + 0.05 * s.normal()).exp();
            let people = (4.0 + 0.07 * f64::from(i) + 0.01 * f64::from(year) + 0.02 * s.normal()).exp();
            let first = gdp * (0.1 + 0.05 * s.uniform());
            let rest = gdp - first;
            let posts = (3.0 + 0.2 * s.normal()).exp();
            for (c, v) in [gdp, people, 10_000.0 * gdp / people, first, rest, posts].into_iter().enumerate() {
                values[c].push(v);
            }
        }
    }
    Sheet {
        names: ["gdp", "people", "gdp_head", "first", "rest", "posts"].map(String::from).to_vec(),
        values,
        unit: Factor::from_keys("city", (0..n).flat_map(|i| vec![i; t as usize])),
        labels: (0..n).map(|i| format!("city {i}")).collect(),
        time: (0..n).flat_map(|_| (0..t).map(|y| 2011 + i64::from(y))).collect(),
    }
}

impl Sheet {
    fn audit(&self, options: &AuditData) -> Vec<Finding> {
        let values: Vec<&[f64]> = self.values.iter().map(Vec::as_slice).collect();
        let data = Columns {
            names: &self.names,
            values: &values,
            unit: Some(&self.unit),
            labels: &self.labels,
            time: Some(&self.time),
        };
        audit_data(options, &data).unwrap()
    }

    fn of(&self, check: Check) -> Vec<Finding> {
        self.audit(&AuditData::default()).into_iter().filter(|f| f.check == check).collect()
    }
}

#[test]
fn a_sound_table_has_identities_and_no_mistakes() {
    let found = sheet().audit(&AuditData::default());
    let said: Vec<&str> = found.iter().map(|f| f.message.as_str()).collect();
    assert!(found.iter().all(|f| f.check == Check::Identity), "{said:?}");
    assert!(said.iter().any(|m| m.starts_with("gdp = first + rest holds in 96 of 96")), "{said:?}");
    assert!(said.iter().any(|m| m.contains("gdp = 0.000100 * people * gdp_head")), "{said:?}");
}

#[test]
fn copies_of_columns() {
    let mut s = sheet();
    let posts = s.values[5].clone();
    let mut nearly = posts.clone();
    (nearly[3], nearly[40]) = (1.0, 2.0);
    let scaled = posts.iter().map(|v| 100.0 * v).collect();
    for (name, column) in [("copy", posts), ("nearly", nearly), ("percent", scaled)] {
        s.names.push(name.into());
        s.values.push(column);
    }
    let has = |check: Check, column: &str| s.of(check).iter().any(|f| f.column == column);
    assert!(has(Check::DuplicateColumn, "posts, copy"));
    assert!(has(Check::NearDuplicateColumn, "posts, nearly"));
    assert!(has(Check::ScaledCopy, "posts, percent"));
}

#[test]
fn a_total_among_the_units() {
    let mut s = sheet();
    let years: Vec<i64> = (2011..2019).collect();
    for year in years {
        for (c, column) in s.values.iter_mut().enumerate() {
            let total: f64 = (0..96).filter(|&i| s.time[i] == year).map(|i| column[i]).sum();
            column.push(if s.names[c] == "gdp_head" { total / 12.0 } else { total });
        }
        s.unit.codes.push(12);
        s.time.push(year);
    }
    s.unit.levels = 13;
    s.labels.push("全国".into());
    let found = s.of(Check::AggregateUnit);
    assert!(found.iter().all(|f| f.unit == Some(12)), "{found:?}");
    assert!(found.iter().any(|f| f.message.contains("name of a total")));
    assert!(found.iter().any(|f| f.message.contains("is the sum of all others in 40 of 48")), "{found:?}");
}

#[test]
fn jumps_repeats_straight_lines_outliers_and_broken_sums() {
    let mut s = sheet();
    // Row 20 is year 2015 of city 2.
    s.values[0][20] *= 1e4;
    let jumps = s.of(Check::UnitJump);
    assert_eq!(jumps.iter().map(|f| f.row).collect::<Vec<_>>(), [Some(20), Some(21)]);
    assert!(jumps[0].message.contains("10^4"), "{}", jumps[0].message);
    assert!(s.of(Check::Outlier).iter().any(|f| f.row == Some(20) && f.column == "gdp"));
    let broken = s.of(Check::BrokenIdentity);
    assert!(broken.iter().all(|f| f.row == Some(20)) && broken.len() >= 2, "{broken:?}");

    let mut s = sheet();
    (s.values[5][9], s.values[5][10], s.values[5][11]) = (20.0, 20.0, 20.0);
    for i in 0..5 {
        s.values[5][33 + i] = 10.0 + i as f64;
    }
    let repeated = s.of(Check::RepeatedValue);
    assert_eq!(repeated.len(), 1);
    assert!(repeated[0].message.contains("is 20 from 2012 to 2014"), "{}", repeated[0].message);
    let line = s.of(Check::InterpolatedValue);
    assert!(line.len() == 1 && line[0].message.contains("from 2012 to 2016"), "{line:?}");

    s.values[3][50] += 5.0;
    let sums = AuditData { sums: vec!["gdp = first + rest".into()], ..Default::default() };
    let found: Vec<_> = s.audit(&sums).into_iter().filter(|f| f.check == Check::BrokenSum).collect();
    assert_eq!(found.iter().map(|f| f.row).collect::<Vec<_>>(), [Some(50)]);
    assert!((found[0].expected - found[0].value - 5.0).abs() < 1e-9);
}

#[test]
fn options_that_make_no_sense_are_refused() {
    let s = sheet();
    let values: Vec<&[f64]> = s.values.iter().map(Vec::as_slice).collect();
    let data = Columns { names: &s.names, values: &values, unit: None, labels: &[], time: None };
    let refused = |options: AuditData| audit_data(&options, &data).unwrap_err().to_string();
    assert!(refused(AuditData { run: 1, ..Default::default() }).contains("`run`"));
    assert!(refused(AuditData { sums: vec!["gdp + rest".into()], ..Default::default() }).contains("`=` is missing"));
    assert!(refused(AuditData { sums: vec!["gdp = rest + tax".into()], ..Default::default() }).contains("`tax`"));
    let none = Columns { names: &[], values: &[], unit: None, labels: &[], time: None };
    assert!(audit_data(&AuditData::default(), &none).is_err());
    // Constant, missing and tiny columns are no reason to stop.
    let odd = [vec![f64::NAN; 4], vec![1.0; 4], vec![0.0; 4], vec![1e300, -1e300, 1e-300, 0.0]];
    let odd: Vec<&[f64]> = odd.iter().map(Vec::as_slice).collect();
    let names: Vec<String> = (0..4).map(|c| format!("c{c}")).collect();
    let unit = Factor::from_keys("u", [0, 0, 1, 1]);
    let data = Columns { names: &names, values: &odd, unit: Some(&unit), labels: &[], time: Some(&[1, 2, 1, 2]) };
    assert!(audit_data(&AuditData::default(), &data).is_ok());
}

#[test]
fn rows_that_stand_twice() {
    let missing = u32::MAX;
    let city = vec![0, 1, 0, 0, missing, 1, missing];
    let value = vec![5, 5, 5, 7, missing, 5, missing];
    // By hand: row 2 is row 0, row 5 is row 1, row 6 is row 4 with both values missing; row 3 has another value.
    assert_eq!(identical_rows(&[city.clone(), value.clone()]), [(2, 0), (5, 1), (6, 4)]);
    assert_eq!(identical_rows(&[value, city.clone()]), [(2, 0), (5, 1), (6, 4)], "in any order of the columns");
    // Of one column, all but the first of each value; with a number of its own in each row, none.
    assert_eq!(identical_rows(std::slice::from_ref(&city)).len(), 7 - 3);
    assert!(identical_rows(&[city, (0..7).collect()]).is_empty() && identical_rows(&[]).is_empty());
}

#[test]
fn missing_values_are_told_by_column() {
    let found = missing_values([("gdp", 28), ("year", 0)], 5000);
    assert_eq!((found.len(), found[0].check, found[0].value), (1, Check::MissingValue, 28.0));
    assert_eq!(found[0].message, "`gdp` is missing in 28 of 5000 rows (0.56 %)");
}
