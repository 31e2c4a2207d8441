//! The smoothed bootstrap: Benchmarking's Monte Carlo by distribution, invariances, refusals.

use plim_golden::{Csv, json, shared};
use plim_stats::frontier::Status;
use plim_stats::frontier::dea::{Orientation, Rts, Units};
use plim_stats::frontier::inference::bootstrap::*;
use plim_stats::math::Mat;
use plim_stats::math::rng::Stream;

pub fn random(seed: u64, n: usize) -> (Mat<f64>, Mat<f64>) {
    let mut stream = Stream::new(seed, 0);
    let mut draw = |k: usize| Mat::from_fn(n, k, |_, _| (0.5 * stream.normal()).exp());
    (draw(2), draw(1))
}

fn options(replications: usize) -> DeaBootstrap {
    let (inputs, outputs) = (vec!["a".into(), "b".into()], vec!["c".into()]);
    DeaBootstrap { inputs, outputs, replications, ..Default::default() }
}

fn run(X: &Mat<f64>, Y: &Mat<f64>, options: &DeaBootstrap, seed: u64) -> Vec<Bootstrapped> {
    let all = dea_bootstrap(&Units::new(X, Y).unwrap(), options, seed).unwrap();
    all.units.into_iter().map(|u| u.unwrap()).collect()
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    let (x, y) = (mean(a), mean(b));
    let sum = |f: &dyn Fn(f64, f64) -> f64| a.iter().zip(b).map(|(a, b)| f(a - x, b - y)).sum::<f64>();
    sum(&|a, b| a * b) / (sum(&|a, _| a * a) * sum(&|_, b| b * b)).sqrt()
}

/// Benchmarking 0.33, `dea.boot` with 500 replications: two Monte Carlo runs of the same distribution.
#[test]
fn the_distribution_of_benchmarking() {
    let (Some(file), Some(data)) = (shared("golden/r/dea.json"), shared("golden/r/data/syn_dea.csv")) else { return };
    let want = &json(&file)["cases"]["boot_syn"]["result"];
    let numbers =
        |v: &serde_json::Value| -> Vec<f64> { v.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect() };
    let csv = Csv::read(&data);
    let matrix = |names: &[&str]| {
        let columns: Vec<Vec<f64>> = names.iter().map(|n| csv.num(n)).collect();
        Mat::from_fn(columns[0].len(), names.len(), |i, j| columns[j][i])
    };
    let names = |names: &[&str]| names.iter().map(|n| n.to_string()).collect();
    let (x, y) = (["x1", "x2", "x3"], ["y1", "y2"]);
    let options = DeaBootstrap { inputs: names(&x), outputs: names(&y), replications: 500, ..Default::default() };
    let got = run(&matrix(&x), &matrix(&y), &options, 1);
    let of = |f: &dyn Fn(&Bootstrapped) -> f64| got.iter().map(f).collect::<Vec<_>>();
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    plim_golden::close(mean(&of(&|u| u.efficiency)), mean(&numbers(&want["eff"])), 1e-9, "efficiency");
    // The standard error of a mean of 500 replications is std_error/√500, about 4 % of a bias here, for each unit; a mean
    // over 120 units, which share their replications, moves by a little less.
    let bias = (of(&|u| u.bias), numbers(&want["bias"]));
    plim_golden::close(mean(&bias.0), mean(&bias.1), 0.05, "mean bias");
    assert!(correlation(&bias.0, &bias.1) > 0.99, "{}", correlation(&bias.0, &bias.1));
    let spread = (of(&|u| u.std_error), numbers(&want["var"]).iter().map(|v| v.sqrt()).collect::<Vec<_>>());
    plim_golden::close(mean(&spread.0), mean(&spread.1), 0.05, "mean standard error");
    assert!(correlation(&spread.0, &spread.1) > 0.98);
    let ends = numbers(&want["ci"]["data_by_row"]);
    for (side, got) in [of(&|u| u.conf_low), of(&|u| u.conf_high)].iter().enumerate() {
        let want: Vec<f64> = ends.iter().skip(side).step_by(2).copied().collect();
        plim_golden::close(mean(got), mean(&want), 0.01, "mean end of the intervals");
        assert!(correlation(got, &want) > 0.99);
    }
}

#[test]
fn a_score_lies_above_its_interval_in_every_setting() {
    let (X, Y) = random(3, 40);
    for rts in [Rts::Vrs, Rts::Crs, Rts::Nirs, Rts::Ndrs] {
        for orientation in [Orientation::Input, Orientation::Output] {
            for correct in [Correct::Distance, Correct::Efficiency] {
                for u in run(&X, &Y, &DeaBootstrap { rts, orientation, correct, ..options(60) }, 4) {
                    assert!(u.bias > 0.0 && u.std_error > 0.0, "{u:?}");
                    assert!(u.conf_low < u.bias_corrected && u.bias_corrected < u.conf_high, "{u:?}");
                    assert!(u.conf_high <= u.efficiency + 1e-12, "{u:?}");
                }
            }
        }
    }
}

/// Under constant returns φ = 1/θ, and the pseudo references are the same up to scale: so is all the rest.
#[test]
fn orientations_agree_under_constant_returns() {
    let (X, Y) = random(5, 30);
    let of = |orientation| run(&X, &Y, &DeaBootstrap { rts: Rts::Crs, orientation, ..options(40) }, 2);
    for (a, b) in of(Orientation::Input).iter().zip(&of(Orientation::Output)) {
        for (a, b) in [(a.bias, b.bias), (a.conf_low, b.conf_low), (a.std_error, b.std_error)] {
            assert!((a - b).abs() < 1e-9, "{a} {b}");
        }
    }
}

#[test]
fn units_do_not_matter_nor_do_threads() {
    let (X, Y) = random(7, 30);
    let plain = run(&X, &Y, &options(40), 9);
    let scaled = Mat::from_fn(30, 2, |i, j| X[(i, j)] * [1e9, 1e-9][j]);
    for (a, b) in plain.iter().zip(&run(&scaled, &Y, &options(40), 9)) {
        assert!((a.bias - b.bias).abs() < 1e-9 && (a.conf_low - b.conf_low).abs() < 1e-9);
    }
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    assert_eq!(one.install(|| run(&X, &Y, &options(40), 9)), plain);
    assert_ne!(run(&X, &Y, &options(40), 10), plain);
}

#[test]
fn refusals() {
    let (X, Y) = random(1, 12);
    let units = Units::new(&X, &Y).unwrap();
    for wrong in [
        DeaBootstrap { rts: Rts::Fdh, ..options(40) },
        DeaBootstrap { orientation: Orientation::None, ..options(40) },
        DeaBootstrap { level: 1.0, ..options(40) },
        DeaBootstrap { bandwidth: Bandwidth::Number(-1.0), ..options(40) },
        options(19),
    ] {
        assert!(dea_bootstrap(&units, &wrong, 1).is_err(), "{wrong:?}");
    }
    let ones = Mat::from_fn(12, 2, |_, _| 1.0);
    let alike = Units::new(&ones, &Mat::from_fn(12, 1, |_, _| 1.0)).unwrap();
    assert!(dea_bootstrap(&alike, &options(40), 1).unwrap_err().to_string().contains("on the frontier"));
    // A unit outside the method has no score and draws for nobody.
    let odd = Mat::from_fn(13, 2, |i, j| if i < 12 { X[(i, j)] } else { -1.0 });
    let more = Units::new(&odd, &Mat::from_fn(13, 1, |i, _| if i < 12 { Y[(i, 0)] } else { 1.0 })).unwrap();
    let all = dea_bootstrap(&more, &options(40), 1).unwrap().units;
    assert_eq!(all[12].as_ref().unwrap_err().status, Status::Refused);
    let rest: Vec<Bootstrapped> = all.into_iter().take(12).map(|u| u.unwrap()).collect();
    assert_eq!(rest, run(&X, &Y, &options(40), 1));
}
