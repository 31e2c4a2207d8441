//! Cross-efficiency.

use super::data::{columns, data, random, same, vector};
use plim_golden::{Csv, close, close_printed, json, shared};
use plim_stats::frontier::Status;
use plim_stats::frontier::cross_efficiency::{CrossEfficiency, Goal, Judgments, Surrogate, cross_efficiency};
use plim_stats::frontier::dea::Units;
use plim_stats::math::Mat;

fn run(X: &Mat<f64>, Y: &Mat<f64>, change: impl Fn(&mut CrossEfficiency)) -> plim_stats::Result<Judgments> {
    let names = |prefix: &str, k: usize| (0..k).map(|j| format!("{prefix}{j}")).collect();
    let mut o = CrossEfficiency { inputs: names("x", X.ncols()), outputs: names("y", Y.ncols()), ..Default::default() };
    change(&mut o);
    cross_efficiency(&Units::new(X, Y).unwrap(), &o)
}

fn means(result: &Judgments) -> Vec<f64> {
    result.units.iter().map(|u| u.efficiency.unwrap()).collect()
}

/// Mean judgment on each unit, own word included.
fn mean_of_matrix(result: &Judgments) -> Vec<f64> {
    let n = result.matrix.len();
    (0..n).map(|j| (0..n).map(|k| result.matrix[k][j]).sum::<f64>() / n as f64).collect()
}

/// deaR 1.5.3, `cross_efficiency`, methods II on three data sets. Its arbitrary scores depend on its solver.
#[test]
fn benevolent_and_aggressive_of_dear() {
    let Some(path) = shared("golden/r/dea.json") else { return };
    let cases = &json(&path)["cases"];
    for id in ["cross_tone2001", "cross_power", "cross_syn"] {
        let (X, Y) = data(cases[id]["data"].as_str().unwrap()).unwrap();
        for (name, goal) in [("M2_agg", Goal::Aggressive), ("M2_ben", Goal::Benevolent)] {
            let ours = run(&X, &Y, |o| o.goal = goal).unwrap();
            same(&means(&ours), &vector(&cases[id]["result"][name]["e"]), 1e-8, &format!("{id} {name}"));
            same(&mean_of_matrix(&ours), &means(&ours), 1e-9, "columns of the matrix");
        }
    }
}

/// Golany and Roll (1989) by deaR: methods II and III.
#[test]
fn golany_and_roll_1989() {
    let Some(path) = shared("golden/frontier/golany_roll1989_cross.csv") else { return };
    let csv = Csv::read(&path);
    let take = |names: &[&str]| columns(&names.iter().map(|n| csv.num(n)).collect::<Vec<_>>());
    let (X, Y) = (take(&["X1", "X2", "X3"]), take(&["Y1", "Y2"]));
    for (name, goal, surrogate) in [
        ("cross_ben2", Goal::Benevolent, Surrogate::Difference),
        ("cross_agg2", Goal::Aggressive, Surrogate::Difference),
        ("cross_ben3", Goal::Benevolent, Surrogate::Ratio),
        ("cross_agg3", Goal::Aggressive, Surrogate::Ratio),
    ] {
        let ours = run(&X, &Y, |o| (o.goal, o.surrogate) = (goal, surrogate)).unwrap();
        close_printed(&means(&ours), &csv.num(name), 8, name);
        let own: Vec<f64> = ours.units.iter().map(|u| u.self_efficiency.unwrap()).collect();
        close_printed(&own, &csv.num("ccr_io"), 8, "own");
    }
}

#[test]
fn units_of_measurement_and_order_do_not_matter() {
    let (X, Y) = random(81, 30, 3, 2);
    let factor = [1e9, 1e-9, 1e3, 1e6, 1e-6];
    let scaled = |M: &Mat<f64>, from: usize| Mat::from_fn(30, M.ncols(), |i, j| M[(29 - i, j)] * factor[from + j]);
    for goal in [Goal::Benevolent, Goal::Aggressive] {
        for surrogate in [Surrogate::Difference, Surrogate::Ratio] {
            let plain = run(&X, &Y, |o| (o.goal, o.surrogate) = (goal, surrogate)).unwrap();
            // With differing data the second goal has one optimum, so the order of units is nothing to it.
            let other = run(&scaled(&X, 0), &scaled(&Y, 3), |o| (o.goal, o.surrogate) = (goal, surrogate)).unwrap();
            let mut turned = means(&other);
            turned.reverse();
            same(&turned, &means(&plain), 1e-9, &format!("{goal:?} {surrogate:?}"));
        }
    }
}

#[test]
fn nobody_is_flattered_above_one_and_each_keeps_its_own_score() {
    let (X, Y) = random(82, 40, 2, 2);
    let benevolent = run(&X, &Y, |_| {}).unwrap();
    let aggressive = run(&X, &Y, |o| o.goal = Goal::Aggressive).unwrap();
    let arbitrary = run(&X, &Y, |o| o.goal = Goal::Arbitrary).unwrap();
    assert!(arbitrary.notes.iter().any(|n| n.contains("depend on the solver")));
    for result in [&benevolent, &aggressive, &arbitrary] {
        for (k, row) in result.matrix.iter().enumerate() {
            close(row[k], result.units[k].self_efficiency.unwrap(), 1e-8, "own score");
            assert!(row.iter().all(|e| (0.0..=1.0 + 1e-8).contains(e)));
        }
    }
    let total = |r: &Judgments| means(r).iter().sum::<f64>();
    assert!(total(&aggressive) < total(&benevolent));
    // Without one's own word the mean is that of the others.
    let others = run(&X, &Y, |o| o.self_rating = false).unwrap();
    for (j, unit) in others.units.iter().enumerate() {
        let want = (0..40).filter(|&k| k != j).map(|k| others.matrix[k][j]).sum::<f64>() / 39.0;
        close(unit.efficiency.unwrap(), want, 1e-12, "others");
        close(unit.maverick.unwrap(), unit.self_efficiency.unwrap() / want - 1.0, 1e-12, "maverick");
    }
}

#[test]
fn what_cannot_be_judged_is_refused() {
    let X = columns(&[vec![1.0, 2.0, -1.0, 0.0]]);
    let Y = columns(&[vec![1.0, 1.0, 1.0, 1.0]]);
    let result = run(&X, &Y, |_| {}).unwrap();
    assert_eq!(means(&Judgments { units: result.units[..2].to_vec(), ..result.clone() }), [1.0, 0.5]);
    assert!(result.units[2..].iter().all(|u| u.status == Status::Refused && u.efficiency.is_none()));
    assert!(result.notes[0].starts_with("2 of 4 units"));
    let one = columns(&[vec![1.0]]);
    assert!(run(&one, &one, |_| {}).unwrap_err().to_string().contains("fewer than two units"));
}
