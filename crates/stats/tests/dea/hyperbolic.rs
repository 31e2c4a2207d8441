//! The hyperbolic model against Benchmarking, its identities, and its refusals.

use super::data::{columns, data, dea, efficiencies, options, random, same, scores, vector};
use plim_golden::{json, shared};
use plim_stats::frontier::dea::technology::Standing;
use plim_stats::frontier::dea::{Dea, DeaModel, Orientation, Radial, Rts, Units};
use plim_stats::math::Mat;

fn hyperbolic(X: &Mat<f64>, Y: &Mat<f64>, rts: Rts) -> Dea {
    Dea { model: DeaModel::Hyperbolic, ..options(X, Y, rts, Orientation::Input) }
}

/// The graph cases of golden/r/dea.json (Benchmarking 0.33). Its bisection stops early, by up to 1.03e-6. Under constant
/// returns θ² is the radial input score, and its own radial scores, exact, refute the last digits of its graph scores
/// (0.94910107 where the root of its radial score is 0.949101092565): the roots are compared to 1e-8. Under variable returns
/// the point (θ x, y/θ) of every unit is shown to be on the frontier: not both all inputs and all outputs can improve.
/// In the free disposal hull a unit dominates the point at θ (1 + 1e-12), and none does at θ (1 - 1e-9).
/// Benchmarking calls farm 26 of milkProd efficient there, which farm 4 refutes: less of all three inputs, more milk.
#[test]
fn benchmarking_gives_the_same_graph_efficiencies() {
    let Some(path) = shared("golden/r/dea.json") else { return };
    let mut compared = 0;
    let cases = json(&path);
    for (id, case) in cases["cases"].as_object().unwrap() {
        if !id.starts_with("dea_") || !id.ends_with("_graph") {
            continue;
        }
        let (X, Y) = data(case["data"].as_str().unwrap()).unwrap_or_else(|| panic!("{id}: no data"));
        let rts = match () {
            () if id.contains("crs") => Rts::Crs,
            () if id.contains("fdh") => Rts::Fdh,
            () => Rts::Vrs,
        };
        let ours = dea(&X, &Y, &hyperbolic(&X, &Y, rts)).unwrap();
        let mut want = vector(&case["result"]["eff"]);
        if id == "dea_milk_fdh_graph" {
            assert!((0..3).all(|k| X[(3, k)] < X[(25, k)]) && Y[(3, 0)] > Y[(25, 0)]);
            want[25] = 87.0 / 88.0;
        }
        same(&scores(&ours), &want, 2e-6, id);
        if rts == Rts::Crs {
            let radial = vector(&cases["cases"][id.replace("_graph", "_in")]["result"]["eff"]);
            let roots: Vec<f64> = radial.iter().map(|theta| theta.sqrt()).collect();
            same(&scores(&ours), &roots, 1e-8, &format!("{id}: root of the radial score"));
        } else if rts == Rts::Fdh {
            for (i, theta) in scores(&ours).into_iter().enumerate() {
                let dominated = |theta: f64| {
                    (0..X.nrows()).any(|j| {
                        (0..X.ncols()).all(|k| X[(j, k)] <= theta * X[(i, k)])
                            && (0..Y.ncols()).all(|k| Y[(j, k)] >= Y[(i, k)] / theta)
                    })
                };
                assert!(dominated(theta * (1.0 + 1e-12)) && !dominated(theta * (1.0 - 1e-9)), "{id}: unit {i}");
            }
        } else {
            let units = Units::new(&X, &Y).unwrap();
            let [input, output] = [Orientation::Input, Orientation::Output].map(|o| Radial::of(&units, rts, o));
            for (i, theta) in scores(&ours).into_iter().enumerate() {
                let scale = |k: usize, v: f64| if k < X.ncols() { theta * v } else { v / theta };
                let point: Vec<f64> = units.point(i).into_iter().enumerate().map(|(k, v)| scale(k, v)).collect();
                let by_inputs = input.score(&point, Standing::Outside).unwrap_or(1.0);
                let by_outputs = output.score(&point, Standing::Outside).map_or(1.0, |phi| 1.0 / phi);
                same(&[by_inputs.max(by_outputs)], &[1.0], 1e-9, &format!("{id}: frontier at unit {i}"));
            }
        }
        compared += 1;
    }
    assert_eq!(compared, 9);
}

/// Under constant returns θ² is the radial input score, also of a unit left out of its reference.
#[test]
fn under_constant_returns_the_square_is_radial() {
    let (X, Y) = random(21, 60, 3, 2);
    for super_efficiency in [false, true] {
        let run = |o: Dea| efficiencies(&dea(&X, &Y, &Dea { super_efficiency, ..o }).unwrap());
        let squares: Vec<f64> = run(hyperbolic(&X, &Y, Rts::Crs)).iter().map(|t| t * t).collect();
        same(&squares, &run(options(&X, &Y, Rts::Crs, Orientation::Input)), 1e-9, "θ²");
    }
}

/// The point (θ x, y/θ) is on the frontier: the unit that is put there has the score one.
#[test]
fn a_projected_unit_is_efficient() {
    let (X, Y) = random(22, 40, 2, 2);
    for rts in [Rts::Vrs, Rts::Nirs, Rts::Ndrs] {
        let theta = scores(&dea(&X, &Y, &hyperbolic(&X, &Y, rts)).unwrap());
        let worst = (0..40).min_by(|&a, &b| theta[a].total_cmp(&theta[b])).unwrap();
        assert!(theta[worst] < 0.9, "{rts:?}: {}", theta[worst]);
        let with =
            |M: &Mat<f64>, f: f64| Mat::from_fn(41, 2, |i, j| if i < 40 { M[(i, j)] } else { f * M[(worst, j)] });
        let (X, Y) = (with(&X, theta[worst]), with(&Y, 1.0 / theta[worst]));
        let again = scores(&dea(&X, &Y, &hyperbolic(&X, &Y, rts)).unwrap());
        same(&again[40..], &[1.0], 1e-9, "projected");
        same(&again[..40], &theta, 1e-9, "the others");
    }
}

#[test]
fn units_of_measurement_do_not_matter() {
    let (X, Y) = random(23, 50, 2, 2);
    let scaled = |M: &Mat<f64>| Mat::from_fn(50, 2, |i, j| M[(i, j)] * [1e9, 1e-9][j]);
    let o = hyperbolic(&X, &Y, Rts::Vrs);
    let before = scores(&dea(&X, &Y, &o).unwrap());
    same(&scores(&dea(&scaled(&X), &scaled(&Y), &o).unwrap()), &before, 1e-9, "units");
}

#[test]
fn options_it_cannot_honor_are_refused_by_name() {
    let X = columns(&[vec![1.0, 2.0]]);
    let o = hyperbolic(&X, &X, Rts::Vrs);
    let refused = |o: Dea, word: &str| {
        let message = dea(&X, &X, &o).unwrap_err().to_string();
        assert!(message.contains(word), "{message}");
    };
    let hull = Dea { rts: Rts::Fdh, bads: vec!["b".into()], ..o.clone() };
    let message =
        plim_stats::frontier::dea::dea(&Units::with_bads(&X, &X, &X).unwrap(), &hull).unwrap_err().to_string();
    assert!(message.contains("with undesirable outputs"), "{message}");
    refused(Dea { orientation: Orientation::Output, ..o.clone() }, "`orientation = \"output\"`");
    refused(Dea { slacks: true, ..o.clone() }, "`slacks`");
    refused(Dea { scale: true, ..o }, "`scale`");
}
