//! Bounds on ratios of multipliers.

use super::data::{efficiencies, options, random, same};
use microlp::{ComparisonOp, OptimizationDirection, Problem};
use plim_stats::frontier::dea::{Dea, Orientation, Rts, Units, dea};
use plim_stats::math::Mat;

fn run(X: &Mat<f64>, Y: &Mat<f64>, o: &Dea) -> plim_stats::Result<Vec<f64>> {
    dea(&Units::new(X, Y).unwrap(), o).map(|result| efficiencies(&result))
}

/// The multiplier program itself by another solver: max u'y_o, v'x_o = 1, u'y_j ≤ v'x_j, and the bounds as they are written.
#[test]
fn the_multiplier_program_says_the_same() {
    let (X, Y) = random(91, 25, 3, 2);
    let assurance = ["x1/x0 in [0.5, 2]", "x2/x1 in [0.8, inf]", "y1/y0 in [0.25, 0.5]"].map(String::from).to_vec();
    // (over, under, low, high), variables v then u.
    let bounds = [(1, 0, 0.5, 2.0), (2, 1, 0.8, f64::INFINITY), (4, 3, 0.25, 0.5)];
    let o = Dea { assurance, multipliers: true, ..options(&X, &Y, Rts::Crs, Orientation::Input) };
    let result = dea(&Units::new(&X, &Y).unwrap(), &o).unwrap();
    let free = run(&X, &Y, &options(&X, &Y, Rts::Crs, Orientation::Input)).unwrap();
    for (i, unit) in result.units.iter().enumerate() {
        let mut program = Problem::new(OptimizationDirection::Maximize);
        let v: Vec<_> = (0..3).map(|_| program.add_var(0.0, (0.0, f64::INFINITY))).collect();
        let u: Vec<_> = (0..2).map(|r| program.add_var(Y[(i, r)], (0.0, f64::INFINITY))).collect();
        program.add_constraint((0..3).map(|k| (v[k], X[(i, k)])).collect::<Vec<_>>(), ComparisonOp::Eq, 1.0);
        for j in 0..25 {
            let used = (0..3).map(|k| (v[k], -X[(j, k)]));
            let row: Vec<_> = used.chain((0..2).map(|r| (u[r], Y[(j, r)]))).collect();
            program.add_constraint(row, ComparisonOp::Le, 0.0);
        }
        let w: Vec<_> = v.iter().chain(&u).copied().collect();
        for (a, b, low, high) in bounds {
            program.add_constraint([(w[a], 1.0), (w[b], -low)], ComparisonOp::Ge, 0.0);
            if high < f64::INFINITY {
                program.add_constraint([(w[a], 1.0), (w[b], -high)], ComparisonOp::Le, 0.0);
            }
        }
        let want = program.solve().unwrap().into_solution().unwrap().objective();
        let got = unit.efficiency.unwrap();
        assert!((got - want).abs() < 1e-9, "{i}: {got} {want}");
        assert!(got <= free[i] + 1e-12);
        let weights = &unit.multipliers.as_ref().unwrap().weights;
        for (a, b, low, high) in bounds {
            // Both may be zero, where there is no ratio.
            let (a, b) = (weights[a], weights[b]);
            assert!(a >= low * b - 1e-9 && (high.is_infinite() || a <= high * b + 1e-9), "{i}: {a} {b}");
        }
    }
    assert!(result.units.iter().zip(&free).any(|(a, b)| a.efficiency.unwrap() < b - 0.01), "the bounds bite");
}

/// Fixed ratios of all weights leave one ratio of aggregates; bounds of zero and infinity leave everything.
#[test]
fn the_ends_of_the_range() {
    let (X, Y) = random(92, 30, 2, 2);
    for orientation in [Orientation::Input, Orientation::Output] {
        let base = options(&X, &Y, Rts::Crs, orientation);
        let with = |lines: [&str; 2]| Dea { assurance: lines.map(String::from).to_vec(), ..base.clone() };
        let fixed = run(&X, &Y, &with(["x1/x0 in [2, 2]", "y0/y1 in [3, 3]"])).unwrap();
        let ratio: Vec<f64> = (0..30).map(|i| (3.0 * Y[(i, 0)] + Y[(i, 1)]) / (X[(i, 0)] + 2.0 * X[(i, 1)])).collect();
        let best = ratio.iter().copied().fold(0.0, f64::max);
        same(&fixed, &ratio.iter().map(|r| r / best).collect::<Vec<_>>(), 1e-9, "one ratio");
        let open = run(&X, &Y, &with(["x1/x0 in [0, inf]", "y0/y1 in [0, inf]"])).unwrap();
        same(&open, &run(&X, &Y, &base).unwrap(), 1e-12, "no bound");
    }
}

#[test]
fn bounds_that_cannot_be_read_are_refused() {
    let (X, Y) = random(93, 12, 2, 1);
    let base = options(&X, &Y, Rts::Vrs, Orientation::Input);
    let error =
        |line: &str| run(&X, &Y, &Dea { assurance: vec![line.into()], ..base.clone() }).unwrap_err().to_string();
    assert!(error("x1/x0").contains("no bounds"));
    assert!(error("x1/x0 in [2, 1]").contains("low <= high"));
    assert!(error("x1/x0 in [-1, 1]").contains("low <= high"));
    assert!(error("x1 in [1, 2]").contains("no ratio"));
    assert!(error("x1/y0 in [1, 2]").contains("two different inputs"));
    assert!(error("x1/x1 in [1, 2]").contains("two different inputs"));
    let good = Dea { assurance: vec!["x1/x0 in [1, 2]".into()], ..base };
    for o in
        [Dea { slacks: true, ..good.clone() }, Dea { targets: true, ..good.clone() }, Dea { rts: Rts::Fdh, ..good }]
    {
        assert!(run(&X, &Y, &o).unwrap_err().to_string().contains("does not go with"));
    }
}
