//! The bootstrap covariance of a frontier: against the information, against itself, and what it refuses.

use plim_stats::frontier::sfa::{ClassOf, Columns, Data, Distribution, Information, Model, Panel, Sfa, SfaFit, sfa};
use plim_stats::math::Mat;
use plim_stats::math::rng::Stream;
use plim_stats::vcov::{Ssc, Vcov};
use plim_stats::{Design, Factor};

/// Units with `years` rows each; inefficiency is the unit's own when `kept`.
fn simulated(units: usize, years: usize, kept: bool) -> Data {
    let mut draw = Stream::new(3, 0);
    let n = units * years;
    let (mut x, mut y, mut u) = (Vec::new(), Vec::new(), 0.0);
    for i in 0..n {
        if !kept || i % years == 0 {
            u = (0.6 * draw.normal()).abs();
        }
        x.push(draw.normal());
        y.push(1.0 + 0.5 * x[i] + 0.2 * draw.normal() - u);
    }
    let frontier = Columns::new(n, true, &[("x".into(), x)]);
    let mut data = Data::new(y, frontier.X, frontier.names);
    let (unit, time) = ((0..n).map(|i| i / years).collect(), (0..n).map(|i| (i % years) as f64).collect());
    data.panel = Some(Panel { unit, time });
    data
}

fn design(data: &Data, clusters: &[(&str, Vec<usize>)]) -> Design {
    Design {
        y: data.y.clone(),
        X: data.frontier.X.clone(),
        names: data.frontier.names.clone(),
        rows: (0..data.nobs()).collect(),
        cluster: clusters.iter().map(|(name, keys)| Factor::from_keys(*name, keys.iter().copied())).collect(),
        ..Design::default()
    }
}

fn options(model: Model) -> Sfa {
    Sfa { model, information: Information::Bootstrap, replications: Some(400), ..Sfa::default() }
}

fn covariance(fit: &SfaFit, data: &Data, options: &Sfa, how: &Vcov, clusters: &[(&str, Vec<usize>)]) -> Mat<f64> {
    fit.spread(data, options, how, Ssc::None, &design(data, clusters), 9).unwrap().unwrap().V
}

/// The model holds, so that the bootstrap and the information agree; 400 replications give a standard error to 3.5 %.
#[test]
fn where_the_model_holds_it_agrees_with_the_information() {
    for (model, kept) in [(Model::Pooled, false), (Model::PittLee, true)] {
        let data = simulated(600, 2, kept);
        let fit = sfa(&data, &options(model)).unwrap();
        let spread = fit.spread(&data, &options(model), &Vcov::Iid, Ssc::None, &design(&data, &[]), 9);
        let spread = spread.unwrap().unwrap();
        let what = if kept { "600 units" } else { "1200 rows" };
        assert_eq!(spread.label, format!("bootstrap of {what}, 400 replications"));
        let information = fit.covariance.as_ref().unwrap();
        for j in 0..fit.coef.len() {
            let ratio = (spread.V[(j, j)] / information[(j, j)]).sqrt();
            assert!((ratio - 1.0).abs() < 0.15, "{model:?} {}: {ratio}", fit.names[j]);
        }
    }
}

#[test]
fn clusters_of_one_row_are_rows_and_clusters_of_a_unit_are_units() {
    let data = simulated(200, 3, true);
    let clusters = [("row", (0..data.nobs()).collect()), ("unit", data.panel.as_ref().unwrap().unit.clone())];
    for (model, name) in [(Model::Pooled, "row"), (Model::PittLee, "unit")] {
        let options = Sfa { replications: Some(50), ..options(model) };
        let fit = sfa(&data, &options).unwrap();
        let [a, b] = [Vcov::Iid, Vcov::Cluster(vec![name.to_string()])]
            .map(|how| covariance(&fit, &data, &options, &how, &clusters));
        assert!((0..fit.coef.len()).all(|j| a[(j, j)].to_bits() == b[(j, j)].to_bits()), "{model:?}");
    }
}

#[test]
fn threads_do_not_change_a_bit() {
    let data = simulated(150, 2, false);
    let options = Sfa { replications: Some(50), ..options(Model::Pooled) };
    let fit = sfa(&data, &options).unwrap();
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| covariance(&fit, &data, &options, &Vcov::Iid, &[]))
    };
    let (one, two) = (on(1), on(2));
    assert!((0..4).all(|i| (0..4).all(|j| one[(i, j)].to_bits() == two[(i, j)].to_bits())));
}

#[test]
fn requests_without_meaning_are_refused() {
    let data = simulated(100, 2, false);
    let few = Sfa { replications: Some(10), ..options(Model::Pooled) };
    assert!(sfa(&data, &few).unwrap_err().to_string().contains("50 or more"));
    let without = Sfa { information: Information::Hessian, ..options(Model::Pooled) };
    assert!(sfa(&data, &without).unwrap_err().to_string().contains("bootstrap"));
    let fit = sfa(&data, &options(Model::Pooled)).unwrap();
    let refused = fit.spread(&data, &options(Model::Pooled), &Vcov::Hc1, Ssc::None, &design(&data, &[]), 1);
    assert!(refused.unwrap_err().to_string().contains("one cluster"));
    // Residuals that are hardly skewed: many samples of them are skewed to the wrong side.
    let mut draw = Stream::new(8, 0);
    let symmetric = || -> Data {
        let n = 60;
        let y = (0..n).map(|i| (i % 7) as f64 * 0.1 - (0.3 * draw.normal()).abs() + 0.6 * draw.normal()).collect();
        let frontier = Columns::new(n, true, &[("x".into(), (0..n).map(|i| (i % 7) as f64).collect())]);
        Data::new(y, frontier.X, frontier.names)
    };
    let hardly = std::iter::repeat_with(symmetric)
        .take(50)
        .find_map(|data| Some((sfa(&data, &options(Model::Pooled)).ok()?, data)));
    let (fit, data) = hardly.expect("one of fifty samples is skewed to the right side");
    let refused = fit.spread(&data, &options(Model::Pooled), &Vcov::Iid, Ssc::None, &design(&data, &[]), 1);
    assert!(refused.unwrap_err().to_string().contains("no maximum inside"));
}

/// Rows of a unit that share a class are drawn together: drawn apart each would be a unit of its own.
#[test]
fn units_that_share_a_class_are_drawn_whole() {
    let mut draw = Stream::new(12, 0);
    let (units, years) = (150, 4);
    let n = units * years;
    let x: Vec<f64> = (0..n).map(|_| draw.normal()).collect();
    let y = (0..n)
        .map(|i| {
            let high = (i / years) % 3 == 0;
            let level = if high { 3.0 } else { 0.0 };
            level + 0.5 * x[i] + 0.2 * draw.normal() + 0.4 * draw.uniform().ln()
        })
        .collect();
    let frontier = Columns::new(n, true, &[("x".into(), x)]);
    let mut data = Data::new(y, frontier.X, frontier.names);
    let (unit, time) = ((0..n).map(|i| i / years).collect(), (0..n).map(|i| (i % years) as f64).collect());
    data.panel = Some(Panel { unit, time });
    let options = Sfa {
        class_of: ClassOf::Unit,
        distribution: Distribution::Exponential,
        replications: Some(50),
        climbs: Some(1),
        ..options(Model::LatentClass)
    };
    let fit = sfa(&data, &options).unwrap();
    let spread = fit.spread(&data, &options, &Vcov::Iid, Ssc::None, &design(&data, &[]), 9).unwrap().unwrap();
    assert_eq!(spread.label, "bootstrap of 150 units, 50 replications");
    let apart = Sfa { class_of: ClassOf::Row, ..options };
    let fit = sfa(&data, &apart).unwrap();
    let spread = fit.spread(&data, &apart, &Vcov::Iid, Ssc::None, &design(&data, &[]), 9).unwrap().unwrap();
    assert_eq!(spread.label, "bootstrap of 600 rows, 50 replications");
}
