//! Two-stage networks: identities, a second solver on the multiplier form, refusals.

mod series;

use microlp::{ComparisonOp, OptimizationDirection, Problem};
use plim_golden::close;
use plim_stats::frontier::Status;
use plim_stats::frontier::dea::{Orientation, Radial, Rts, Units, technology::Standing};
use plim_stats::frontier::two_stage::{Priority, two_stage};
use plim_stats::math::Mat;
use plim_stats::math::rng::Stream;

/// Held to E exactly, the second solver finds no prices in some cases. Room costs it: the stage gains up to 1500 times
/// as much, so 1e-12 of E is 2e-9 of the stage.
const SLACK: f64 = 1.0 - 1e-12;

fn random(stream: &mut Stream, n: usize, k: usize) -> Mat<f64> {
    Mat::from_fn(n, k, |_, _| (0.5 * stream.normal()).exp() * 10.0)
}

/// The multiplier form for a second solver; `stage` maximizes that stage with E held.
fn oracle(X: &Mat<f64>, Z: &Mat<f64>, Y: &Mat<f64>, o: usize, stage: Option<(Priority, f64)>) -> f64 {
    let mut problem = Problem::new(OptimizationDirection::Maximize);
    let maximized = match stage {
        Some((Priority::First, _)) => 1,
        _ => 2,
    };
    let mut prices = Vec::new();
    for (block, M) in [X, Z, Y].into_iter().enumerate() {
        let cost = |j| if block == maximized { M[(o, j)] } else { 0.0 };
        prices.push((0..M.ncols()).map(|j| problem.add_var(cost(j), (0.0, f64::INFINITY))).collect::<Vec<_>>());
    }
    let value = |block: usize, M: &Mat<f64>, i: usize, k: f64| -> Vec<_> {
        prices[block].iter().enumerate().map(|(j, &v)| (v, k * M[(i, j)])).collect()
    };
    for i in 0..X.nrows() {
        problem.add_constraint([value(1, Z, i, 1.0), value(0, X, i, -1.0)].concat(), ComparisonOp::Le, 0.0);
        problem.add_constraint([value(2, Y, i, 1.0), value(1, Z, i, -1.0)].concat(), ComparisonOp::Le, 0.0);
    }
    let unit = match stage {
        Some((Priority::Second, _)) => value(1, Z, o, 1.0),
        _ => value(0, X, o, 1.0),
    };
    problem.add_constraint(unit, ComparisonOp::Eq, 1.0);
    if let Some((_, overall)) = stage {
        problem.add_constraint([value(2, Y, o, 1.0), value(0, X, o, -overall * SLACK)].concat(), ComparisonOp::Ge, 0.0);
    }
    problem.solve().unwrap().into_solution().unwrap().objective()
}

#[test]
fn the_multiplier_form_of_a_second_solver_agrees() {
    for replication in 0..10 {
        let mut s = Stream::new(31, replication);
        let (X, Z, Y) = (random(&mut s, 15, 2), random(&mut s, 15, 2), random(&mut s, 15, 2));
        for (priority, stage) in [(Priority::First, 0), (Priority::Second, 1)] {
            for (o, unit) in two_stage(&X, &Z, &Y, priority).unwrap().iter().enumerate() {
                let (Some(overall), Some(stages)) = (unit.efficiency, unit.stages) else {
                    panic!("{replication} {o}: {unit:?}")
                };
                close(overall, oracle(&X, &Z, &Y, o, None), 1e-9, "E");
                close(stages[0] * stages[1], overall, 1e-12, "product");
                assert!(stages.iter().all(|e| *e > 0.0 && *e <= 1.0 + 1e-9), "{stages:?}");
                close(stages[stage], oracle(&X, &Z, &Y, o, Some((priority, overall))), 1e-8, "stage");
            }
        }
    }
}

/// Whole numbers with zeros tie wherever they can; the split is found all the same, and the priorities bound each other.
#[test]
fn ties_do_not_cost_the_split() {
    let mut apart = 0;
    for replication in 0..40 {
        let mut s = Stream::new(35, replication);
        let mut draw = |k: usize| {
            let M = random(&mut s, 30, k);
            Mat::from_fn(30, k, |i, j| (M[(i, j)] / 4.0).floor() + if j == 0 { 1.0 } else { 0.0 })
        };
        let k = replication as usize;
        let (X, Z, Y) = (draw(1 + k % 3), draw(1 + k % 4), draw(1 + k % 2));
        let split = |priority| two_stage(&X, &Z, &Y, priority).unwrap().into_iter().map(|u| u.stages.unwrap());
        for (o, ([first, E2], [least, second])) in split(Priority::First).zip(split(Priority::Second)).enumerate() {
            assert!(first >= least - 1e-9, "{replication}: {first} {least}");
            if first > least + 1e-6 {
                apart += 1;
                for (priority, stage) in [(Priority::First, first), (Priority::Second, second)] {
                    close(stage, oracle(&X, &Z, &Y, o, Some((priority, first * E2))), 1e-8, "stage");
                }
            }
        }
    }
    assert!(apart >= 40, "the split of no more than {apart} units is not unique");
}

/// When the first stage passes one input on, all that is left is the second stage: CCR of it.
#[test]
fn an_identity_stage_leaves_the_ccr_model() {
    let mut s = Stream::new(32, 0);
    let (X, Y) = (random(&mut s, 30, 1), random(&mut s, 30, 2));
    let ccr = Units::new(&X, &Y).unwrap();
    let radial = Radial::of(&ccr, Rts::Crs, Orientation::Input);
    for (o, unit) in two_stage(&X, &X, &Y, Priority::First).unwrap().iter().enumerate() {
        let want = radial.score(&ccr.point(o), Standing::Outside).unwrap();
        close(unit.efficiency.unwrap(), want, 1e-9, "CCR");
        close(unit.stages.unwrap()[0], 1.0, 1e-9, "the identity is efficient");
    }
}

#[test]
fn units_of_measurement_do_not_matter() {
    let mut s = Stream::new(33, 0);
    let (X, Z, Y) = (random(&mut s, 25, 2), random(&mut s, 25, 2), random(&mut s, 25, 1));
    let scale = |M: &Mat<f64>, k: [f64; 2]| Mat::from_fn(M.nrows(), M.ncols(), |i, j| k[j] * M[(i, j)]);
    let plain = two_stage(&X, &Z, &Y, Priority::First).unwrap();
    let other =
        two_stage(&scale(&X, [1e9, 1e-9]), &scale(&Z, [1e-9, 1e9]), &scale(&Y, [1e9, 1.0]), Priority::First).unwrap();
    for (a, b) in plain.iter().zip(&other) {
        close(a.efficiency.unwrap(), b.efficiency.unwrap(), 1e-9, "E");
        close(a.stages.unwrap()[0], b.stages.unwrap()[0], 1e-9, "E1");
    }
}

#[test]
fn what_has_no_score_is_refused_and_spans_nothing() {
    let mut s = Stream::new(34, 0);
    let (X, mut Z, Y) = (random(&mut s, 12, 1), random(&mut s, 12, 1), random(&mut s, 12, 1));
    let rest = |M: &Mat<f64>| Mat::from_fn(11, 1, |i, _| M[(i + 1, 0)]);
    let alone = two_stage(&rest(&X), &rest(&Z), &rest(&Y), Priority::First).unwrap();
    Z[(0, 0)] = 0.0;
    let all = two_stage(&X, &Z, &Y, Priority::First).unwrap();
    assert_eq!((all[0].status, all[0].efficiency), (Status::Refused, None));
    assert_eq!(all[0].reason.as_deref(), Some("all intermediate products are zero"));
    assert_eq!(all[1..], alone[..]);
    Z[(0, 0)] = f64::NAN;
    assert_eq!(two_stage(&X, &Z, &Y, Priority::First).unwrap_err().rows, [0]);
}
