//! Scale elasticity at the frontier.

use super::data::{columns, dea, options, random};
use microlp::{ComparisonOp, OptimizationDirection, Problem};
use plim_golden::close;
use plim_stats::frontier::dea::{Dea, DeaModel, DeaScores, Elasticity, Orientation, ReturnsToScale, Rts};
use plim_stats::math::Mat;

fn run(X: &Mat<f64>, Y: &Mat<f64>, orientation: Orientation) -> DeaScores {
    dea(X, Y, &Dea { scale: true, scale_elasticity: true, ..options(X, Y, Rts::Vrs, orientation) }).unwrap()
}

fn ranges(scores: &DeaScores) -> Vec<Elasticity> {
    scores.units.iter().map(|u| u.elasticity.unwrap()).collect()
}

#[track_caller]
fn same(got: Option<f64>, want: Option<f64>, tolerance: f64, what: &str) {
    match (got, want) {
        (Some(got), Some(want)) => close(got, want, tolerance, what),
        _ => assert_eq!(got, want, "{what}"),
    }
}

/// methods.md, TEST 2.2a: the frontier A B C D has the slopes 3, 1 and 1/3, and ε is the slope times x/y.
#[test]
fn slopes_of_a_polygon_by_hand() {
    let (X, Y) = (columns(&[vec![2.0, 3.0, 6.0, 9.0, 5.0]]), columns(&[vec![2.0, 5.0, 8.0, 9.0, 3.0]]));
    let frontier = [(Some(3.0), None), (Some(0.6), Some(1.8)), (Some(0.25), Some(0.75)), (Some(0.0), Some(1.0 / 3.0))];
    // E arrives at (7/3, 3) between A and B, or at (5, 7) between B and C: one slope.
    for (orientation, e) in [(Orientation::Input, 7.0 / 3.0), (Orientation::Output, 5.0 / 7.0)] {
        let ours = run(&X, &Y, orientation);
        for (range, (low, high)) in ranges(&ours).iter().zip(frontier.into_iter().chain([(Some(e), Some(e))])) {
            same(range.low, low, 1e-12, "low");
            same(range.high, high, 1e-12, "high");
        }
        assert!(ours.notes.iter().any(|n| n.starts_with("1 of 5 units have a scale elasticity without upper bound")));
    }
}

/// A target that could make more of everything from the same inputs has no finite elasticity; one that could do with
/// less of everything has elasticity zero.
#[test]
fn weakly_efficient_targets() {
    let (X, Y) = (columns(&[vec![2.0, 3.0, 4.0, 9.0]]), columns(&[vec![2.0, 5.0, 1.0, 5.0]]));
    let input = ranges(&run(&X, &Y, Orientation::Input));
    assert_eq!(input[2], Elasticity { low: None, high: None });
    let output = ranges(&run(&X, &Y, Orientation::Output));
    assert_eq!(output[3], Elasticity { low: Some(0.0), high: Some(0.0) });
}

/// Another solver on the multiplier program: min and max v'x_o with u'y_o = 1 over v'x_j ≥ u'y_j + u0, equal for j = o.
#[test]
fn the_multiplier_program_says_the_same() {
    let (X, Y) = random(101, 30, 3, 2);
    let ours = run(&X, &Y, Orientation::Input);
    let end = |o: usize, direction: OptimizationDirection| {
        let mut program = Problem::new(direction);
        let v: Vec<_> = (0..3).map(|k| program.add_var(X[(o, k)], (0.0, f64::INFINITY))).collect();
        let u: Vec<_> = (0..2).map(|_| program.add_var(0.0, (0.0, f64::INFINITY))).collect();
        let u0 = program.add_var(0.0, (f64::NEG_INFINITY, f64::INFINITY));
        program.add_constraint((0..2).map(|r| (u[r], Y[(o, r)])).collect::<Vec<_>>(), ComparisonOp::Eq, 1.0);
        for j in 0..30 {
            let used = (0..3).map(|k| (v[k], X[(j, k)]));
            let row: Vec<_> = used.chain((0..2).map(|r| (u[r], -Y[(j, r)]))).chain([(u0, -1.0)]).collect();
            program.add_constraint(row, if j == o { ComparisonOp::Eq } else { ComparisonOp::Ge }, 0.0);
        }
        match program.solve() {
            Ok(outcome) => Some(outcome.into_solution().unwrap().objective()),
            Err(microlp::Error::Unbounded) => None,
            Err(other) => panic!("{other}"),
        }
    };
    let mut ends = (0, 0);
    for (o, unit) in ours.units.iter().enumerate().filter(|(_, unit)| unit.score == Some(1.0)) {
        let range = unit.elasticity.unwrap();
        same(range.low, end(o, OptimizationDirection::Minimize), 1e-8, "low");
        same(range.high, end(o, OptimizationDirection::Maximize), 1e-8, "high");
        ends = (ends.0 + usize::from(range.high.is_some()), ends.1 + usize::from(range.high.is_none()));
    }
    assert!(ends.0 >= 5 && ends.1 >= 1, "both kinds occur: {ends:?}");
}

/// Returns are what the elasticity says they are, and a target is a unit like any other.
#[test]
fn returns_to_scale_follow_and_the_target_has_the_same_range() {
    let (X, Y) = random(102, 40, 2, 2);
    let ours = run(&X, &Y, Orientation::Input);
    for (i, unit) in ours.units.iter().enumerate() {
        let Elasticity { low, high } = unit.elasticity.unwrap();
        assert!(low.unwrap_or(f64::INFINITY) <= high.unwrap_or(f64::INFINITY) + 1e-9);
        match unit.returns_to_scale.unwrap() {
            ReturnsToScale::Irs => assert!(low.is_none_or(|low| low > 1.0 - 1e-7), "{i}"),
            ReturnsToScale::Drs => assert!(high.unwrap() < 1.0 + 1e-7, "{i}"),
            ReturnsToScale::Crs => assert!(low.unwrap() < 1.0 + 1e-7 && high.is_none_or(|h| h > 1.0 - 1e-7), "{i}"),
        }
        let theta = unit.score.unwrap();
        let X = Mat::from_fn(40, 2, |j, k| if j == i { theta * X[(j, k)] } else { X[(j, k)] });
        let moved = run(&X, &Y, Orientation::Input).units[i].elasticity.unwrap();
        same(moved.low, low, 1e-8, "low at the target");
        same(moved.high, high, 1e-8, "high at the target");
    }
}

#[test]
fn units_of_measurement_do_not_matter() {
    let (X, Y) = random(103, 40, 2, 2);
    let scaled = |M: &Mat<f64>| Mat::from_fn(40, 2, |i, j| M[(i, j)] * [1e9, 1e-9][j]);
    for orientation in [Orientation::Input, Orientation::Output] {
        let (ours, moved) = (run(&X, &Y, orientation), run(&scaled(&X), &scaled(&Y), orientation));
        for (a, b) in ranges(&ours).iter().zip(ranges(&moved)) {
            same(b.low, a.low, 1e-8, "low");
            same(b.high, a.high, 1e-8, "high");
        }
    }
}

#[test]
fn what_has_no_elasticity_is_refused() {
    let (X, Y) = random(104, 20, 2, 1);
    let base = Dea { scale_elasticity: true, ..options(&X, &Y, Rts::Vrs, Orientation::Input) };
    let message = |o: Dea| dea(&X, &Y, &o).unwrap_err().to_string();
    assert!(message(Dea { rts: Rts::Crs, ..base.clone() }).contains("variable returns"));
    let prices = vec!["w1".into(), "w2".into()];
    let cost = Dea { model: DeaModel::Cost, prices, ..base.clone() };
    let priced = plim_stats::frontier::dea::Units::new(&X, &Y).unwrap().with_prices(&X).unwrap();
    assert!(plim_stats::frontier::dea::dea(&priced, &cost).unwrap_err().to_string().contains("radial"));
    assert!(message(Dea { super_efficiency: true, ..base.clone() }).contains("`super_efficiency`"));
    assert!(message(Dea { assurance: vec!["x1/x0 in [1, 2]".into()], ..base }).contains("`assurance`"));
}
