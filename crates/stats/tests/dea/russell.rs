//! Russell measures against packages, their identities, and their refusals.

use super::data::{columns, data, dea, efficiencies, options, random, same, scores};
use plim_golden::{Csv, json, shared};
use plim_stats::frontier::Status;
use plim_stats::frontier::dea::sbm::{Sbm, sbm};
use plim_stats::frontier::dea::{Dea, DeaModel, DeaScores, Orientation, Rts, Units};
use plim_stats::math::Mat;

const ALL_RTS: [Rts; 6] = [Rts::Vrs, Rts::Crs, Rts::Nirs, Rts::Ndrs, Rts::Grs, Rts::Fdh];
const ALL: [Orientation; 3] = [Orientation::None, Orientation::Input, Orientation::Output];

fn run(X: &Mat<f64>, Y: &Mat<f64>, rts: Rts, orientation: Orientation) -> DeaScores {
    dea(X, Y, &Dea { model: DeaModel::Russell, slacks: true, ..options(X, Y, rts, orientation) }).unwrap()
}

// --- golden ---------------------------------------------------------------------------------------------------

/// Every `model_nonradial` case of golden/r/dea.json (deaR 1.5.3): the mean of the factors.
#[test]
fn dear_gives_the_same_means() {
    let Some(path) = shared("golden/r/dea.json") else { return };
    let (mut cases, mut units) = (0, 0);
    for (id, case) in json(&path)["cases"].as_object().unwrap() {
        let Some(rest) = id.strip_prefix("deaR_nonradial_") else { continue };
        let (X, Y) = data(case["data"].as_str().unwrap()).unwrap_or_else(|| panic!("{id}: no data"));
        let rts = if rest.contains("crs") { Rts::Crs } else { Rts::Vrs };
        let orientation = if rest.ends_with("io") { Orientation::Input } else { Orientation::Output };
        let width = case["result"]["eff"]["ncol"].as_u64().unwrap() as usize;
        let table = case["result"]["eff"]["data_by_row"].as_array().unwrap();
        let want: Vec<f64> = table.iter().skip(width - 1).step_by(width).map(|v| v.as_f64().unwrap()).collect();
        let got = scores(&run(&X, &Y, rts, orientation));
        same(&got, &want, 1e-8, id);
        units += got.len();
        cases += 1;
    }
    assert_eq!((cases, units), (10, 427));
}

/// golden/frontier/dea_jl_expected.csv: DataEnvelopmentAnalysis.jl, oriented, free disposal and graph. The oriented are
/// exact programs there; the graph measure is Ipopt's, six decimals, cut and not rounded.
#[test]
fn julia_package() {
    let Some(path) = shared("golden/frontier/dea_jl_expected.csv") else { return };
    let csv = Csv::read(&path);
    let inputs = (
        columns(&[vec![2.0, 1.0, 4.0, 4.0, 5.0, 6.0, 2.0, 1.6], vec![2.0, 4.0, 1.0, 3.0, 5.0, 1.0, 5.0, 8.0]]),
        columns(&[vec![1.0; 8]]),
    );
    let outputs = (
        columns(&[vec![1.0; 8]]),
        columns(&[vec![7.0, 4.0, 8.0, 3.0, 3.0, 8.0, 6.0, 1.5], vec![7.0, 8.0, 4.0, 5.0, 3.0, 2.0, 4.0, 5.0]]),
    );
    let graph = (
        columns(&[vec![2.0, 4.0, 8.0, 12.0, 6.0, 14.0, 14.0, 9.412]]),
        columns(&[vec![1.0, 5.0, 8.0, 9.0, 3.0, 7.0, 9.0, 2.353]]),
    );
    let number = |text: &str| match text.split_once('/') {
        Some((a, b)) => a.parse::<f64>().unwrap() / b.parse::<f64>().unwrap(),
        None => text.parse().unwrap(),
    };
    let (mut means, mut factors) = (0, 0);
    for (word, (X, Y), orientation, returns) in [
        ("Input", &inputs, Orientation::Input, [Rts::Crs, Rts::Vrs].as_slice()),
        ("Output", &outputs, Orientation::Output, &[Rts::Crs, Rts::Vrs, Rts::Fdh]),
        ("Graph", &graph, Orientation::None, &[Rts::Crs, Rts::Vrs]),
    ] {
        for &rts in returns {
            let call = format!("dearussell(X, Y, orient = :{word}, rts = :{})", format!("{rts:?}").to_uppercase());
            let got = run(X, Y, rts, orientation);
            for i in (0..csv.text("value").len()).filter(|&i| csv.text("call_options")[i] == call) {
                let unit = &got.units[csv.text("row")[i].parse::<usize>().unwrap() - 1];
                let column = csv.text("col")[i].parse::<usize>().unwrap() - 1;
                let slacks = unit.slacks.as_ref().unwrap();
                let row = csv.text("row")[i].parse::<usize>().unwrap() - 1;
                let value = match csv.text("selector")[i].as_str() {
                    ":X" => 1.0 - slacks[column] / X[(row, column)],
                    ":Y" => 1.0 + slacks[X.ncols() + column] / Y[(row, column)],
                    _ => unit.score.unwrap(),
                };
                let want = number(&csv.text("value")[i]);
                // The graph measure is flat at its minimum: a factor off by 1e-6 costs 1e-12, here and there.
                let tolerance = match (orientation, csv.text("selector")[i].is_empty()) {
                    (Orientation::None, true) => 1e-6,
                    (Orientation::None, false) => 4e-6,
                    _ => 1e-10,
                };
                assert!((value - want).abs() <= tolerance, "{call} {row} {column}: {value} {want}");
                if csv.text("selector")[i].is_empty() { means += 1 } else { factors += 1 }
            }
        }
    }
    assert_eq!((means, factors), (56, 80));
}

// --- identities -----------------------------------------------------------------------------------------------

/// The oriented measures are Tone's oriented slacks-based measures, found there as the minimum of a ratio.
#[test]
fn oriented_measures_are_slacks_based() {
    let (X, Y) = random(31, 60, 3, 2);
    for rts in ALL_RTS {
        for orientation in [Orientation::Input, Orientation::Output] {
            let frame = options(&X, &Y, rts, orientation);
            let o = Sbm { inputs: frame.inputs, outputs: frame.outputs, rts, orientation, ..Sbm::default() };
            let want = efficiencies(&sbm(&Units::new(&X, &Y).unwrap(), &o).unwrap());
            same(&efficiencies(&run(&X, &Y, rts, orientation)), &want, 1e-9, &format!("{rts:?} {orientation:?}"));
        }
    }
}

/// One input and one output under constant returns: min (θ + 1/φ)/2 with φ/θ fixed at 1/e is the root of e.
#[test]
fn graph_measure_in_closed_form() {
    let (X, Y) = random(32, 40, 1, 1);
    let radial = efficiencies(&dea(&X, &Y, &options(&X, &Y, Rts::Crs, Orientation::Input)).unwrap());
    let want: Vec<f64> = radial.iter().map(|e| e.sqrt()).collect();
    same(&efficiencies(&run(&X, &Y, Rts::Crs, Orientation::None)), &want, 1e-9, "root");
}

/// The graph measure is attained by its target, is no larger than at any other target that the models here find, and its
/// peers are efficient.
#[test]
fn graph_measure_is_the_least() {
    let (X, Y) = random(33, 60, 2, 3);
    let measure = |i: usize, s: &[f64]| {
        let inputs: f64 = (0..2).map(|j| 1.0 - s[j] / X[(i, j)]).sum();
        (inputs + (0..3).map(|j| Y[(i, j)] / (Y[(i, j)] + s[2 + j])).sum::<f64>()) / 5.0
    };
    for rts in ALL_RTS {
        let graph = run(&X, &Y, rts, Orientation::None);
        let others = [
            run(&X, &Y, rts, Orientation::Input),
            run(&X, &Y, rts, Orientation::Output),
            dea(&X, &Y, &Dea { model: DeaModel::Mip, ..options(&X, &Y, rts, Orientation::None) }).unwrap(),
        ];
        for (i, unit) in graph.units.iter().enumerate() {
            let score = unit.score.unwrap();
            assert!((measure(i, unit.slacks.as_ref().unwrap()) - score).abs() < 1e-9, "{rts:?} {i}: attained");
            for other in &others {
                let there = measure(i, other.units[i].slacks.as_ref().unwrap());
                assert!(score <= there + 1e-10, "{rts:?} {i}: {score} {there}");
            }
            // Under generalized returns a peer may be on the frontier only when scaled.
            let efficient = unit.peers.iter().all(|p| graph.units[p.unit].score == Some(1.0));
            assert!(efficient || rts == Rts::Grs, "{rts:?} {i}: peers");
        }
    }
}

/// Units of measurement, the order of units, duplicates and dominated units change no score; no measure is above the
/// radial one.
#[test]
fn scores_do_not_depend_on_units_or_order() {
    let n = 40;
    let (X, Y) = random(34, n, 3, 2);
    let factor = [1e9, 1e-9, 1.0, 1e-9, 1e9];
    let wide = Mat::from_fn(n, 3, |i, j| X[(i, j)] * factor[j]);
    let high = Mat::from_fn(n, 2, |i, j| Y[(i, j)] * factor[3 + j]);
    let mixed = |M: &Mat<f64>| Mat::from_fn(n, M.ncols(), |i, j| M[((i * 7 + 3) % n, j)]);
    let more = |M: &Mat<f64>, worse: f64| {
        Mat::from_fn(n + 2, M.ncols(), |i, j| {
            if i < n { M[(i, j)] } else { M[(5 * (i - n), j)] * if i == n { 1.0 } else { worse } }
        })
    };
    let plain = |X: &Mat<f64>, Y: &Mat<f64>, rts, orientation| {
        efficiencies(&dea(X, Y, &Dea { model: DeaModel::Russell, ..options(X, Y, rts, orientation) }).unwrap())
    };
    for rts in ALL_RTS {
        for orientation in ALL {
            let what = format!("{rts:?} {orientation:?}");
            let scores = plain(&X, &Y, rts, orientation);
            same(&plain(&wide, &high, rts, orientation), &scores, 1e-9, &what);
            let permuted = plain(&mixed(&X), &mixed(&Y), rts, orientation);
            let want: Vec<f64> = (0..n).map(|i| scores[(i * 7 + 3) % n]).collect();
            same(&permuted, &want, 1e-10, &what);
            same(&plain(&more(&X, 1.5), &more(&Y, 0.5), rts, orientation)[..n], &scores, 1e-10, &what);
            if orientation != Orientation::None {
                let radial = efficiencies(&dea(&X, &Y, &options(&X, &Y, rts, orientation)).unwrap());
                assert!(scores.iter().zip(&radial).all(|(s, r)| s <= &(r + 1e-10)), "{what}");
            }
        }
    }
}

/// An input of zero has no factor: the mean is over the others.
#[test]
fn zeros_are_not_counted() {
    let X = columns(&[vec![2.0, 4.0], vec![0.0, 0.0]]);
    let Y = columns(&[vec![1.0, 1.0]]);
    same(&efficiencies(&run(&X, &Y, Rts::Vrs, Orientation::Input)), &[1.0, 0.5], 1e-12, "input");
    same(&efficiencies(&run(&X, &Y, Rts::Vrs, Orientation::None)), &[1.0, 0.75], 1e-12, "graph");
}

// --- refusals -------------------------------------------------------------------------------------------------

#[test]
fn options_and_data_that_do_not_apply_are_refused() {
    let (X, Y) = random(35, 10, 1, 1);
    let base = Dea { model: DeaModel::Russell, ..options(&X, &Y, Rts::Vrs, Orientation::Input) };
    for (o, word) in [
        (Dea { super_efficiency: true, ..base.clone() }, "super_efficiency"),
        (Dea { scale: true, ..base.clone() }, "scale"),
        (Dea { slack_weights: vec![1.0; 2], ..base }, "slack_weights"),
    ] {
        let message = dea(&X, &Y, &o).unwrap_err().to_string();
        assert!(message.contains(word), "{message}");
    }
    let negative = columns(&[vec![1.0, -2.0, 3.0]]);
    let scores = run(&negative, &columns(&[vec![1.0, 2.0, 3.0]]), Rts::Vrs, Orientation::None);
    assert_eq!((scores.units[1].status, scores.units[1].score), (Status::Refused, None));
}
