//! Two-stage networks: identities, a second solver on the multiplier form, refusals.

use microlp::{ComparisonOp, OptimizationDirection, Problem};
use plim_golden::close;
use plim_stats::frontier::Status;
use plim_stats::frontier::dea::{Orientation, Radial, Rts, Units, technology::Standing};
use plim_stats::frontier::two_stage::two_stage;
use plim_stats::math::Mat;
use plim_stats::math::rng::Stream;

fn random(stream: &mut Stream, n: usize, k: usize) -> Mat<f64> {
    Mat::from_fn(n, k, |_, _| (0.5 * stream.normal()).exp() * 10.0)
}

/// The multiplier form for a second solver.
fn oracle(X: &Mat<f64>, Z: &Mat<f64>, Y: &Mat<f64>, o: usize) -> f64 {
    let mut problem = Problem::new(OptimizationDirection::Maximize);
    let mut prices = Vec::new();
    for (block, M) in [X, Z, Y].into_iter().enumerate() {
        let cost = |j| if block == 2 { M[(o, j)] } else { 0.0 };
        prices.push((0..M.ncols()).map(|j| problem.add_var(cost(j), (0.0, f64::INFINITY))).collect::<Vec<_>>());
    }
    let value = |block: usize, M: &Mat<f64>, i: usize, k: f64| -> Vec<_> {
        prices[block].iter().enumerate().map(|(j, &v)| (v, k * M[(i, j)])).collect()
    };
    for i in 0..X.nrows() {
        problem.add_constraint([value(1, Z, i, 1.0), value(0, X, i, -1.0)].concat(), ComparisonOp::Le, 0.0);
        problem.add_constraint([value(2, Y, i, 1.0), value(1, Z, i, -1.0)].concat(), ComparisonOp::Le, 0.0);
    }
    problem.add_constraint(value(0, X, o, 1.0), ComparisonOp::Eq, 1.0);
    problem.solve().unwrap().into_solution().unwrap().objective()
}

#[test]
fn the_multiplier_form_of_a_second_solver_agrees() {
    for replication in 0..10 {
        let mut s = Stream::new(31, replication);
        let (X, Z, Y) = (random(&mut s, 15, 2), random(&mut s, 15, 2), random(&mut s, 15, 2));
        for (o, unit) in two_stage(&X, &Z, &Y).unwrap().iter().enumerate() {
            close(unit.efficiency.unwrap(), oracle(&X, &Z, &Y, o), 1e-9, "E");
        }
    }
}

/// When the first stage passes one input on, all that is left is the second stage: CCR of it.
#[test]
fn an_identity_stage_leaves_the_ccr_model() {
    let mut s = Stream::new(32, 0);
    let (X, Y) = (random(&mut s, 30, 1), random(&mut s, 30, 2));
    let ccr = Units::new(&X, &Y).unwrap();
    let radial = Radial::of(&ccr, Rts::Crs, Orientation::Input);
    for (o, unit) in two_stage(&X, &X, &Y).unwrap().iter().enumerate() {
        let want = radial.score(&ccr.point(o), Standing::Outside).unwrap();
        close(unit.efficiency.unwrap(), want, 1e-9, "CCR");
    }
}

#[test]
fn units_of_measurement_do_not_matter() {
    let mut s = Stream::new(33, 0);
    let (X, Z, Y) = (random(&mut s, 25, 2), random(&mut s, 25, 2), random(&mut s, 25, 1));
    let scale = |M: &Mat<f64>, k: [f64; 2]| Mat::from_fn(M.nrows(), M.ncols(), |i, j| k[j] * M[(i, j)]);
    let plain = two_stage(&X, &Z, &Y).unwrap();
    let other = two_stage(&scale(&X, [1e9, 1e-9]), &scale(&Z, [1e-9, 1e9]), &scale(&Y, [1e9, 1.0])).unwrap();
    for (a, b) in plain.iter().zip(&other) {
        close(a.efficiency.unwrap(), b.efficiency.unwrap(), 1e-9, "E");
    }
}

#[test]
fn what_has_no_score_is_refused_and_spans_nothing() {
    let mut s = Stream::new(34, 0);
    let (X, mut Z, Y) = (random(&mut s, 12, 1), random(&mut s, 12, 1), random(&mut s, 12, 1));
    let rest = |M: &Mat<f64>| Mat::from_fn(11, 1, |i, _| M[(i + 1, 0)]);
    let alone = two_stage(&rest(&X), &rest(&Z), &rest(&Y)).unwrap();
    Z[(0, 0)] = 0.0;
    let all = two_stage(&X, &Z, &Y).unwrap();
    assert_eq!((all[0].status, all[0].efficiency), (Status::Refused, None));
    assert_eq!(all[0].reason.as_deref(), Some("all intermediate products are zero"));
    assert_eq!(all[1..], alone[..]);
    Z[(0, 0)] = f64::NAN;
    assert_eq!(two_stage(&X, &Z, &Y).unwrap_err().rows, [0]);
}
