//! Additive models against packages, their identities, and their refusals.

use super::data::{columns, data, dea, efficiencies, options, random, same, scores, vector};
use plim_golden::{Csv, json, shared};
use plim_stats::Kind;
use plim_stats::frontier::dea::{Dea, DeaModel, Orientation, Rts};
use plim_stats::math::Mat;

const MODELS: [DeaModel; 5] = [DeaModel::Additive, DeaModel::Mip, DeaModel::Normalized, DeaModel::Ram, DeaModel::Bam];

fn with(X: &Mat<f64>, Y: &Mat<f64>, model: DeaModel, rts: Rts) -> Dea {
    Dea { model, ..options(X, Y, rts, Orientation::None) }
}

/// Every additive case of golden/r/dea.json (Benchmarking 0.33, deaR 1.5.3).
#[test]
fn r_packages_give_the_same_sums() {
    let Some(path) = shared("golden/r/dea.json") else { return };
    let mut compared = 0;
    for (id, case) in json(&path)["cases"].as_object().unwrap() {
        if !(id.starts_with("additive_") || id.starts_with("deaR_additive_")) {
            continue;
        }
        let (X, Y) = data(case["data"].as_str().unwrap()).unwrap_or_else(|| panic!("{id}: no data"));
        let rts = if id.split('_').any(|w| w == "crs") { Rts::Crs } else { Rts::Vrs };
        let result = &case["result"];
        let want = vector(if result["sum"].is_null() { &result["eff"] } else { &result["sum"] });
        let got = scores(&dea(&X, &Y, &with(&X, &Y, DeaModel::Additive, rts)).unwrap());
        for i in 0..got.len() {
            // Sums of slacks of 1e5 in their packages' tolerance, which is relative to the unit's own size.
            let size = (0..X.ncols()).map(|j| X[(i, j)]).chain((0..Y.ncols()).map(|j| Y[(i, j)])).fold(0.0, f64::max);
            // Benchmarking's `dea.add` leaves output slacks at zero and is no maximum: its sum for the second farm is
            // 25,880.3 under variable returns, more than its 24,646.9 under constant returns, which allow more. Ours are
            // feasible, so a larger sum is the proof; theirs may never be larger.
            let gap = if id.starts_with("additive_") { (want[i] - got[i]).max(0.0) } else { (got[i] - want[i]).abs() };
            assert!(gap <= 1e-8 * size, "{id} {i}: {} {}", got[i], want[i]);
        }
        compared += 1;
    }
    assert_eq!(compared, 6);
}

/// Every `model_addsupereff` case of golden/r/dea.json (deaR 1.5.3), whose weights are those of `mip`; it gives one to
/// inefficient units.
#[test]
fn dear_gives_the_same_super_efficiency() {
    let Some(path) = shared("golden/r/dea.json") else { return };
    let (mut cases, mut efficient) = (0, 0);
    for (id, case) in json(&path)["cases"].as_object().unwrap() {
        if !id.starts_with("deaR_addsuper_") {
            continue;
        }
        let (X, Y) = data(case["data"].as_str().unwrap()).unwrap_or_else(|| panic!("{id}: no data"));
        let rts = if id.contains("crs") { Rts::Crs } else { Rts::Vrs };
        let want = vector(&case["result"]["eff"]);
        let plain = efficiencies(&dea(&X, &Y, &with(&X, &Y, DeaModel::Mip, rts)).unwrap());
        let o = Dea { super_efficiency: true, ..with(&X, &Y, DeaModel::Mip, rts) };
        let result = dea(&X, &Y, &o).unwrap();
        let (got, score) = (efficiencies(&result), scores(&result));
        for i in 0..got.len() {
            if plain[i] < 1.0 {
                same(&got[i..=i], &plain[i..=i], 1e-12, &format!("{id} {i}: keeps its score"));
                same(&want[i..=i], &[1.0], 1e-6, &format!("{id} {i}: inefficient"));
            } else {
                assert!(score[i] <= 0.0, "{id} {i}");
                same(&got[i..=i], &want[i..=i], 1e-8, &format!("{id} {i}"));
                efficient += 1;
            }
        }
        cases += 1;
    }
    assert_eq!((cases, efficient), (5, 98));
}

/// golden/frontier/dea_jl_expected.csv: the weights of DataEnvelopmentAnalysis.jl, ten decimals as printed there.
#[test]
fn weights_of_the_julia_package() {
    let Some(path) = shared("golden/frontier/dea_jl_expected.csv") else { return };
    let csv = Csv::read(&path);
    let X = columns(&[
        vec![5.0, 16.0, 16.0, 17.0, 18.0, 23.0, 25.0, 27.0, 37.0, 42.0, 5.0],
        vec![13.0, 12.0, 26.0, 15.0, 14.0, 6.0, 10.0, 22.0, 14.0, 25.0, 17.0],
    ]);
    let Y = columns(&[vec![12.0, 14.0, 25.0, 26.0, 8.0, 9.0, 27.0, 30.0, 31.0, 26.0, 12.0]]);
    let mut compared = 0;
    for (model, name) in MODELS.into_iter().zip([
        ":Custom, rhoX = ones(size(X)), rhoY = ones(size(Y))",
        ":MIP",
        ":Normalized",
        ":RAM",
        ":BAM",
    ]) {
        for (rts, word) in [(Rts::Crs, "CRS"), (Rts::Vrs, "VRS")] {
            if model == DeaModel::Bam && rts == Rts::Crs {
                continue;
            }
            let call = format!("deaadd(X, Y, {name}, rts = :{word})");
            let rows: Vec<usize> = (0..csv.text("value").len())
                .filter(|&i| csv.text("call_options")[i] == call && csv.text("quantity")[i] == "efficiency")
                .collect();
            let got = scores(&dea(&X, &Y, &with(&X, &Y, model, rts)).unwrap());
            for i in rows {
                let unit = csv.text("row")[i].parse::<usize>().unwrap() - 1;
                let text = &csv.text("value")[i];
                let want = text.parse::<f64>().unwrap();
                // Half a unit of the last digit printed; short numbers are exact.
                let digits = text.split_once('.').map_or(0, |(_, decimals)| decimals.len() as i32);
                let tolerance = 0.5001 * 10f64.powi(-if digits < 7 { 10 } else { digits });
                assert!((got[unit] - want).abs() <= tolerance, "{call} {unit}: {} {want}", got[unit]);
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 99);
}

/// Efficient units are the same in all models; `mip`, `normalized`, `ram` and `bam` do not depend on units.
#[test]
fn efficient_units_and_units_of_measurement() {
    let (X, Y) = random(21, 50, 3, 2);
    let factor = [1e9, 1e-9, 1.0, 1e-9, 1e9];
    let wide = Mat::from_fn(50, 3, |i, j| X[(i, j)] * factor[j]);
    let high = Mat::from_fn(50, 2, |i, j| Y[(i, j)] * factor[3 + j]);
    for rts in [Rts::Vrs, Rts::Fdh] {
        let efficient = |e: &[f64]| e.iter().map(|e| *e >= 1.0 - 1e-9).collect::<Vec<_>>();
        let plain = efficiencies(&dea(&X, &Y, &with(&X, &Y, DeaModel::Additive, rts)).unwrap());
        for model in MODELS {
            let got = efficiencies(&dea(&X, &Y, &with(&X, &Y, model, rts)).unwrap());
            assert!(got.iter().all(|e| (0.0..=1.0).contains(e)), "{model:?}");
            assert_eq!(efficient(&got), efficient(&plain), "{model:?} {rts:?}");
            if model != DeaModel::Additive {
                let scaled = efficiencies(&dea(&wide, &high, &with(&X, &Y, model, rts)).unwrap());
                same(&scaled, &got, 1e-9, &format!("{model:?} {rts:?}"));
            }
        }
    }
}

/// Under variable returns a move of the origin changes nothing, and negative values are allowed.
#[test]
fn the_origin_does_not_matter() {
    let (X, Y) = random(22, 40, 2, 2);
    let moved = |M: &Mat<f64>| Mat::from_fn(40, 2, |i, j| M[(i, j)] - 20.0);
    for model in [DeaModel::Normalized, DeaModel::Ram, DeaModel::Bam] {
        let run = |X: &Mat<f64>, Y: &Mat<f64>| efficiencies(&dea(X, Y, &with(X, Y, model, Rts::Vrs)).unwrap());
        same(&run(&moved(&X), &moved(&Y)), &run(&X, &Y), 1e-9, &format!("{model:?}"));
    }
}

/// Unit by unit, what the nearest others leave of an efficient unit does not depend on units of measurement, by program
/// or by enumeration.
#[test]
fn super_efficiency_does_not_depend_on_units() {
    let (X, Y) = random(24, 40, 2, 2);
    let (wide, high) =
        (Mat::from_fn(40, 2, |i, j| X[(i, j)] * [1e9, 1e-9][j]), Mat::from_fn(40, 2, |i, j| Y[(i, j)] * [1.0, 1e9][j]));
    for rts in [Rts::Vrs, Rts::Crs, Rts::Fdh] {
        let o = Dea { super_efficiency: true, ..with(&X, &Y, DeaModel::Mip, rts) };
        let (plain, scaled) = (dea(&X, &Y, &o).unwrap(), dea(&wide, &high, &o).unwrap());
        same(&scores(&scaled), &scores(&plain), 1e-8, &format!("{rts:?}"));
        assert!(scores(&plain).iter().any(|&s| s < 0.0), "{rts:?}");
    }
    // By hand: A (2, 4) and B (3, 3) with output 1: A reaches B with one more of the first input, 1/2 of its own.
    let (X, Y) = (columns(&[vec![2.0, 3.0], vec![4.0, 3.0]]), columns(&[vec![1.0; 2]]));
    let o = Dea { super_efficiency: true, ..with(&X, &Y, DeaModel::Mip, Rts::Vrs) };
    let result = dea(&X, &Y, &o).unwrap();
    same(&scores(&result), &[-0.5, -1.0 / 3.0], 1e-12, "by hand");
    same(&efficiencies(&result), &[1.25, 1.0 + 1.0 / 6.0], 1e-12, "by hand");
}

/// Weights of zero leave a slack out: an input-oriented sum.
#[test]
fn slack_weights_are_by_column() {
    let X = columns(&[vec![1.0, 2.0, 3.0, 2.0, 4.0]]);
    let Y = columns(&[vec![2.0, 3.0, 4.0, 1.0, 3.0]]);
    let mut o = with(&X, &Y, DeaModel::Additive, Rts::Vrs);
    o.slack_weights = vec![1.0, 0.0];
    same(&scores(&dea(&X, &Y, &o).unwrap()), &[0.0, 0.0, 0.0, 1.0, 2.0], 1e-12, "inputs only");
    o.slack_weights = vec![1.0];
    assert!(matches!(dea(&X, &Y, &o).unwrap_err().kind, Kind::Length { .. }));
}

#[test]
fn options_that_do_not_apply_are_refused() {
    let (X, Y) = random(23, 10, 1, 1);
    let base = with(&X, &Y, DeaModel::Ram, Rts::Vrs);
    let refused = |o: Dea, word: &str| {
        let message = dea(&X, &Y, &o).unwrap_err().to_string();
        assert!(message.contains(word), "{message}");
    };
    refused(Dea { orientation: Orientation::Output, ..base.clone() }, "orientation");
    refused(Dea { super_efficiency: true, ..base.clone() }, "super_efficiency");
    refused(Dea { scale: true, ..base.clone() }, "scale");
    refused(Dea { slack_weights: vec![1.0; 2], ..base.clone() }, "slack_weights");
    refused(
        Dea { model: DeaModel::Radial, orientation: Orientation::Input, slack_weights: vec![1.0; 2], ..base.clone() },
        "slack_weights",
    );
    refused(Dea { model: DeaModel::Bam, rts: Rts::Crs, ..base }, "bam");
}
