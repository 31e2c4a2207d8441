//! What the radial model leaves as it is: undesirable outputs, variables a unit cannot choose, negative values.

use super::data::{columns, dea, efficiencies, options, random, same, scores, vector};
use microlp::{ComparisonOp, OptimizationDirection, Problem};
use plim_golden::{Csv, json, shared};
use plim_stats::frontier::Status;
use plim_stats::frontier::dea::{Dea, DeaModel, DeaScores, Direction, Disposability, Kind, Orientation, Rts, Units};
use plim_stats::math::Mat;

fn run(units: &Units, o: &Dea) -> DeaScores {
    plim_stats::frontier::dea::dea(units, o).unwrap()
}

/// Kuosmanen's program written out: z and μ, one variable for the score, which enters with `coefficient` on the left.
fn abated(
    units: &Units,
    o: usize,
    cost: f64,
    coefficient: &dyn Fn(Kind, f64) -> f64,
    right: &dyn Fn(Kind, f64) -> f64,
) -> f64 {
    let mut problem = Problem::new(OptimizationDirection::Minimize);
    let score = problem.add_var(cost, (0.0, f64::INFINITY));
    let mut parts = || (0..units.count()).map(|_| problem.add_var(0.0, (0.0, f64::INFINITY))).collect::<Vec<_>>();
    let (z, mu) = (parts(), parts());
    for (i, &kind) in units.kinds().iter().enumerate() {
        let mut row: Vec<_> = z.iter().enumerate().map(|(j, &z)| (z, units.at(i, j))).collect();
        let operator = match kind {
            Kind::Input => ComparisonOp::Le,
            Kind::Output => ComparisonOp::Ge,
            Kind::Bad => ComparisonOp::Eq,
        };
        if kind == Kind::Input {
            row.extend(mu.iter().enumerate().map(|(j, &mu)| (mu, units.at(i, j))));
        }
        row.push((score, coefficient(kind, units.at(i, o))));
        problem.add_constraint(row, operator, right(kind, units.at(i, o)));
    }
    let ones: Vec<_> = z.iter().chain(&mu).map(|&v| (v, 1.0)).collect();
    problem.add_constraint(ones, ComparisonOp::Eq, 1.0);
    cost * problem.solve().unwrap().into_solution().unwrap().objective()
}

fn emitting(seed: u64) -> (Units, Dea) {
    let (X, Y) = random(seed, 30, 2, 1);
    let (noise, _) = random(seed + 1, 30, 1, 1);
    // Emissions follow inputs, so that bads are not free to the efficient.
    let B = Mat::from_fn(30, 1, |i, _| 0.2 * X[(i, 0)] + 0.3 * noise[(i, 0)]);
    let o = Dea { bads: vec!["b".into()], ..options(&X, &Y, Rts::Vrs, Orientation::Output) };
    (Units::with_bads(&X, &Y, &B).unwrap(), o)
}

#[test]
fn abatement_is_that_of_a_second_solver() {
    for seed in [61, 63, 65] {
        let (units, o) = emitting(seed);
        let o = Dea { disposability: Disposability::Kuosmanen, ..o };
        let all = |cost, left: &dyn Fn(Kind, f64) -> f64, right: &dyn Fn(Kind, f64) -> f64| -> Vec<f64> {
            (0..30).map(|i| abated(&units, i, cost, left, right)).collect()
        };
        let of = |kind: Kind, scaled: Kind, v: f64| if kind == scaled { v } else { 0.0 };
        let phi = all(-1.0, &|k, v| -of(k, Kind::Output, v), &|k, v| v - of(k, Kind::Output, v));
        let ours = run(&units, &o);
        same(&scores(&ours), &phi, 1e-9, "output");
        for unit in &ours.units {
            let sum: f64 = unit.peers.iter().map(|p| p.lambda).sum();
            assert!((sum - 1.0).abs() < 1e-8, "active and abated parts add up to one: {sum}");
        }
        let theta = all(1.0, &|k, v| -of(k, Kind::Input, v), &|k, v| v - of(k, Kind::Input, v));
        same(&scores(&run(&units, &Dea { orientation: Orientation::Input, ..o.clone() })), &theta, 1e-9, "input");
        let own = |k: Kind, v: f64| if k == Kind::Output { -v } else { v };
        let beta = all(-1.0, &own, &|_, v| v);
        let o = Dea { model: DeaModel::Directional, orientation: Orientation::Input, ..o };
        same(&scores(&run(&units, &o)), &beta, 1e-9, "directional");
    }
}

/// Without abatement (μ = 0) the technology is that of plain B'λ = b, so it reaches at least as far.
#[test]
fn abatement_adds_to_the_technology() {
    let (units, o) = emitting(67);
    let o = Dea { model: DeaModel::Directional, direction: Direction::Outputs, orientation: Orientation::Input, ..o };
    let beta = |disposability| scores(&run(&units, &Dea { disposability, ..o.clone() }));
    let [plain, abated] = [Disposability::Weak, Disposability::Kuosmanen].map(beta);
    assert!((0..30).all(|i| plain[i] <= abated[i] + 1e-9));
    assert!((0..30).any(|i| plain[i] < abated[i] - 1e-6), "no unit tells them apart");
}

/// deaR 1.5.3 on Hua and Bian (2007), W = 1500: φ, and one over it as they print it (frontier/hua_bian2007_undesirable.csv).
#[test]
fn translation_of_hua_and_bian() {
    let (Some(path), Some(table)) =
        (shared("golden/r/dea.json"), shared("golden/frontier/hua_bian2007_undesirable.csv"))
    else {
        return;
    };
    let csv = Csv::read(&table);
    let take = |names: &[&str]| columns(&names.iter().map(|n| csv.num(n)).collect::<Vec<_>>());
    let (X, Y) = (take(&["D-Input1", "D-Input2"]), take(&["D-Output1", "D-Output2"]));
    let units = Units::with_bads(&X, &Y, &take(&["UD-Output1"])).unwrap();
    let o = options(&X, &Y, Rts::Vrs, Orientation::Output);
    let o = Dea { bads: vec!["b".into()], translate: vec![1500.0], slacks: true, ..o };
    let ours = run(&units, &o);
    let case = &json(&path)["cases"]["ud_hua_bian"]["result"];
    same(&scores(&ours), &vector(&case["eff"]), 1e-8, "φ");
    same(&efficiencies(&ours), &csv.num("m5_inv_eff"), 5.1e-9, "printed");
    let [inputs, outputs] = ["slack_in", "slack_out"].map(|name| vector(&case[name]));
    for (i, unit) in ours.units.iter().enumerate() {
        let want: f64 = inputs[2 * i..2 * i + 2].iter().chain(&outputs[3 * i..3 * i + 3]).sum();
        let got: f64 = unit.slacks.as_ref().unwrap().iter().sum();
        assert!((got - want).abs() <= 1e-8 * want.max(1e3), "slacks of {i}: {got} {want}");
    }
    let short = Dea { translate: vec![600.0], ..o };
    let message = plim_stats::frontier::dea::dea(&units, &short).unwrap_err().to_string();
    assert!(message.contains("W - b"), "{message}");
}

/// deaR 1.5.3 on Ruggiero (2007), the second input fixed.
#[test]
fn fixed_inputs_of_ruggiero() {
    let Some(path) = shared("golden/frontier/ruggiero2007_nondiscretionary.csv") else { return };
    let csv = Csv::read(&path);
    let take = |names: &[&str]| columns(&names.iter().map(|n| csv.num(n)).collect::<Vec<_>>());
    let (X, Y) = (take(&["X1", "X2"]), take(&["Y1"]));
    for (rts, column) in [(Rts::Crs, "bm_nd"), (Rts::Vrs, "bm_nd_vrs")] {
        let o = Dea { fixed: vec!["x1".into()], ..options(&X, &Y, rts, Orientation::Input) };
        same(&scores(&dea(&X, &Y, &o).unwrap()), &csv.num(column), 5.1e-9, column);
    }
}

/// Returns to scale stay ordered with a fixed input, and bounds that are one are variable returns.
#[test]
fn returns_to_scale_with_a_fixed_input() {
    let (X, Y) = random(71, 40, 2, 2);
    for orientation in [Orientation::Input, Orientation::Output] {
        let o = Dea { fixed: vec!["x1".into()], grs: [1.0, 1.0], ..options(&X, &Y, Rts::Vrs, orientation) };
        let run = |rts| efficiencies(&dea(&X, &Y, &Dea { rts, ..o.clone() }).unwrap());
        let [vrs, crs, nirs, ndrs, grs] = [Rts::Vrs, Rts::Crs, Rts::Nirs, Rts::Ndrs, Rts::Grs].map(run);
        same(&grs, &vrs, 1e-9, "Σλ = 1");
        for i in 0..40 {
            assert!((crs[i] - nirs[i].min(ndrs[i])).abs() < 1e-9, "{i}");
            assert!(nirs[i].max(ndrs[i]) <= vrs[i] + 1e-9, "{i}");
        }
        assert!((0..40).any(|i| crs[i] < vrs[i] - 1e-3));
        let scale = dea(&X, &Y, &Dea { scale: true, ..o.clone() }).unwrap();
        let ratio: Vec<f64> = scale.units.iter().map(|u| u.scale_efficiency.unwrap()).collect();
        let want: Vec<f64> = crs.iter().zip(&vrs).map(|(c, v)| c / v).collect();
        same(&ratio, &want, 1e-9, "scale efficiency");
    }
}

/// Under variable returns a score does not see the origin of what it does not scale, so that may be negative.
#[test]
fn negative_values_where_their_origin_means_nothing() {
    let (X, Y) = random(72, 40, 2, 2);
    let shifted = |M: &Mat<f64>| Mat::from_fn(40, 2, |i, j| M[(i, j)] - [15.0, 3.0][j]);
    let run = |X: &Mat<f64>, Y: &Mat<f64>, o: &Dea| dea(X, Y, o).unwrap();
    let input = options(&X, &Y, Rts::Vrs, Orientation::Input);
    same(&scores(&run(&X, &shifted(&Y), &input)), &scores(&run(&X, &Y, &input)), 1e-9, "input");
    let output = options(&X, &Y, Rts::Vrs, Orientation::Output);
    same(&scores(&run(&shifted(&X), &Y, &output)), &scores(&run(&X, &Y, &output)), 1e-9, "output");
    let refused = |scores: DeaScores, word: &str| {
        let first = scores.units.iter().find(|u| u.status == Status::Refused).expect("a refused unit");
        assert!(first.efficiency.is_none() && first.reason.as_ref().unwrap().contains(word), "{first:?}");
    };
    refused(run(&shifted(&X), &Y, &input), "only outputs may be negative");
    refused(run(&X, &shifted(&Y), &output), "only inputs may be negative");
    refused(run(&X, &shifted(&Y), &Dea { rts: Rts::Crs, ..input.clone() }), "negative");
    refused(run(&X, &shifted(&Y), &Dea { scale: true, ..input }), "negative");
}

#[test]
fn contradictions_are_refused_by_name() {
    let (units, o) = emitting(73);
    let refused = |o: Dea, word: &str| {
        let message = plim_stats::frontier::dea::dea(&units, &o).unwrap_err().to_string();
        assert!(message.contains(word), "{message}");
    };
    let abated = Dea { disposability: Disposability::Kuosmanen, ..o.clone() };
    refused(Dea { rts: Rts::Crs, ..abated.clone() }, "kuosmanen");
    refused(Dea { super_efficiency: true, ..abated.clone() }, "kuosmanen");
    refused(Dea { scale: true, ..abated.clone() }, "kuosmanen");
    refused(Dea { model: DeaModel::Mea, ..abated.clone() }, "kuosmanen");
    refused(Dea { translate: vec![1e3], ..abated.clone() }, "`translate`");
    refused(Dea { multipliers: true, ..abated.clone() }, "abatement factor");
    refused(Dea { targets: true, ..abated }, "abatement factor");
    refused(Dea { translate: vec![1e3, 1e3], ..o.clone() }, "`translate`");
    refused(Dea { translate: vec![1e3], rts: Rts::Crs, ..o.clone() }, "`translate`");
    let fixed = |name: &str| Dea { fixed: vec![name.into()], ..o.clone() };
    refused(fixed("b"), "undesirable outputs are not scaled");
    refused(fixed("nothing"), "`nothing`");
    refused(fixed("y0"), "nothing for the score to scale");
    refused(Dea { rts: Rts::Fdh, disposability: Disposability::Strong, ..fixed("x0") }, "`fixed`");
    refused(Dea { multipliers: true, ..fixed("x0") }, "leave `fixed` out");
    refused(Dea { assurance: vec!["x1/x0 in [0.5, 2]".into()], ..fixed("x0") }, "leave `fixed` out");
    refused(Dea { rts: Rts::Fdh, ..o.clone() }, "hardly ever");
    refused(Dea { model: DeaModel::Directional, orientation: Orientation::Input, ..fixed("x0") }, "`fixed`");
}

/// A radial score leaves undesirable outputs as they are, whether units are combined or not.
#[test]
fn single_units_bound_undesirable_outputs_as_combinations_do() {
    let (units, o) = emitting(74);
    for orientation in [Orientation::Input, Orientation::Output] {
        let o = Dea { orientation, disposability: Disposability::Strong, slacks: true, ..o.clone() };
        let convex = efficiencies(&run(&units, &o));
        let hull = run(&units, &Dea { rts: Rts::Fdh, ..o });
        for (i, unit) in hull.units.iter().enumerate() {
            let peer = unit.peers[0].unit;
            assert!(units.at(3, peer) <= units.at(3, i), "{orientation:?}: unit {i} emits less than its peer {peer}");
            assert!((units.at(3, i) - units.at(3, peer) - unit.slacks.as_ref().unwrap()[3]).abs() < 1e-12);
            assert!(unit.efficiency.unwrap() >= convex[i] - 1e-9);
        }
    }
}
