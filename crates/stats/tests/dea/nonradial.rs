//! Models with a factor for each variable: non-radial directional, and multi-directional.

use super::data::{columns, data, dea, efficiencies, options, random, same, scores, vector};
use microlp::{ComparisonOp, OptimizationDirection, Problem};
use plim_golden::{json, shared};
use plim_stats::frontier::dea::technology::Standing;
use plim_stats::frontier::dea::{Dea, DeaModel, DeaScores, Direction, MultiDirectional, Orientation, Rts, Units};
use plim_stats::math::Mat;

fn nddf(X: &Mat<f64>, Y: &Mat<f64>, B: &Mat<f64>, direction: Direction) -> Dea {
    let bads = (0..B.ncols()).map(|j| format!("b{j}")).collect();
    Dea { model: DeaModel::Nddf, direction, bads, ..options(X, Y, Rts::Vrs, Orientation::Input) }
}

fn run(X: &Mat<f64>, Y: &Mat<f64>, B: &Mat<f64>, o: &Dea) -> DeaScores {
    plim_stats::frontier::dea::dea(&Units::with_bads(X, Y, B).unwrap(), o).unwrap()
}

fn mea(X: &Mat<f64>, Y: &Mat<f64>, orientation: Orientation) -> Dea {
    Dea { model: DeaModel::Mea, ..options(X, Y, Rts::Vrs, orientation) }
}

/// max Σ w β written out for microlp: λ, then one β a variable, B'λ + b β = b.
fn written_out(units: &Units, o: usize, w: &[f64], vrs: bool) -> f64 {
    use plim_stats::frontier::dea::Kind;
    let mut problem = Problem::new(OptimizationDirection::Maximize);
    let lambda: Vec<_> = (0..units.count()).map(|_| problem.add_var(0.0, (0.0, f64::INFINITY))).collect();
    for (i, kind) in units.kinds().iter().enumerate() {
        let upper = if w[i] == 0.0 { 0.0 } else { f64::INFINITY };
        let beta = problem.add_var(w[i], (0.0, upper));
        let mut row: Vec<_> = lambda.iter().enumerate().map(|(j, &l)| (l, units.at(i, j))).collect();
        let (sign, operator) = match kind {
            Kind::Input => (1.0, ComparisonOp::Le),
            Kind::Output => (-1.0, ComparisonOp::Ge),
            Kind::Bad => (1.0, ComparisonOp::Eq),
        };
        row.push((beta, sign * units.at(i, o)));
        problem.add_constraint(row, operator, units.at(i, o));
    }
    if vrs {
        problem.add_constraint(lambda.iter().map(|&l| (l, 1.0)).collect::<Vec<_>>(), ComparisonOp::Eq, 1.0);
    }
    problem.solve().unwrap().into_solution().unwrap().objective()
}

/// The default weights by group, and weights that keep an input as it is, against a second solver.
#[test]
fn the_non_radial_optimum_is_that_of_a_second_solver() {
    let (X, Y) = random(51, 30, 2, 2);
    let (B, _) = random(52, 30, 1, 1);
    let units = Units::with_bads(&X, &Y, &B).unwrap();
    let (third, sixth) = (1.0 / 3.0, 1.0 / 6.0);
    let cases = [
        (Direction::Own, vec![], vec![sixth, sixth, sixth, sixth, third]),
        (Direction::Outputs, vec![], vec![0.0, 0.0, 0.25, 0.25, 0.5]),
        (Direction::Inputs, vec![], vec![0.5, 0.5, 0.0, 0.0, 0.0]),
        (Direction::Own, vec![0.0, 0.4, 0.3, 0.0, 0.3], vec![0.0, 0.4, 0.3, 0.0, 0.3]),
    ];
    for (direction, beta_weights, w) in cases {
        for rts in [Rts::Crs, Rts::Vrs] {
            let o = Dea { beta_weights: beta_weights.clone(), rts, ..nddf(&X, &Y, &B, direction) };
            let ours = run(&X, &Y, &B, &o);
            let want: Vec<f64> = (0..30).map(|i| written_out(&units, i, &w, rts == Rts::Vrs)).collect();
            same(&scores(&ours), &want, 1e-9, &format!("{direction:?} {rts:?}"));
            for unit in &ours.units {
                let betas = unit.betas.as_ref().unwrap();
                let sum: f64 = betas.iter().zip(&w).map(|(beta, w)| w * beta.unwrap_or(0.0)).sum();
                assert!((sum - unit.score.unwrap()).abs() < 1e-12);
                assert!(betas.iter().zip(&w).all(|(beta, w)| beta.is_some() == (*w > 0.0)));
            }
        }
    }
}

/// With one variable that moves there is nothing to be non-radial about.
#[test]
fn one_factor_is_the_radial_score() {
    let (X, Y) = random(53, 40, 1, 3);
    let none = Mat::zeros(40, 0);
    let ours = run(&X, &Y, &none, &nddf(&X, &Y, &none, Direction::Inputs));
    let radial = dea(&X, &Y, &options(&X, &Y, Rts::Vrs, Orientation::Input)).unwrap();
    same(&efficiencies(&ours), &efficiencies(&radial), 1e-10, "one input");
}

/// Neither model sees the units of the columns, the order of the rows, or a unit that is dominated.
#[test]
fn units_order_and_dominated_units_do_not_matter() {
    let (X, Y) = random(54, 40, 2, 2);
    let none = Mat::zeros(40, 0);
    for o in [nddf(&X, &Y, &none, Direction::Own), mea(&X, &Y, Orientation::None)] {
        let before = dea(&X, &Y, &o).unwrap();
        let scaled = |M: &Mat<f64>| Mat::from_fn(40, 2, |i, j| M[(i, j)] * [1e9, 1e-9][j]);
        let after = dea(&scaled(&X), &scaled(&Y), &o).unwrap();
        same(&scores(&after), &scores(&before), 1e-9, "units");
        let turned = |M: &Mat<f64>| Mat::from_fn(40, 2, |i, j| M[(39 - i, j)]);
        let mut after = scores(&dea(&turned(&X), &turned(&Y), &o).unwrap());
        after.reverse();
        same(&after, &scores(&before), 1e-10, "order");
        let more = |M: &Mat<f64>, f: f64| Mat::from_fn(41, 2, |i, j| if i < 40 { M[(i, j)] } else { f * M[(0, j)] });
        let after = dea(&more(&X, 2.0), &more(&Y, 0.5), &o).unwrap();
        same(&scores(&after)[..40], &scores(&before), 1e-10, "dominated");
    }
}

/// The mea cases of golden/r/dea.json (Benchmarking 0.33, input orientation, variable returns): directions and β.
#[test]
fn benchmarking_gives_the_same_directions_and_steps() {
    let Some(path) = shared("golden/r/dea.json") else { return };
    let mut compared = 0;
    for (id, case) in json(&path)["cases"].as_object().unwrap().iter().filter(|(id, _)| id.starts_with("mea_")) {
        let (X, Y) = data(case["data"].as_str().unwrap()).unwrap_or_else(|| panic!("{id}: no data"));
        let o = mea(&X, &Y, Orientation::Input);
        same(&scores(&dea(&X, &Y, &o).unwrap()), &vector(&case["result"]["eff"]), 1e-8, id);
        let units = Units::new(&X, &Y).unwrap();
        let all: Vec<usize> = (0..units.count()).collect();
        let model = MultiDirectional::new(&units, &all, &o);
        let direct = vector(&case["result"]["direct"]);
        for (i, want) in direct.chunks_exact(X.ncols()).enumerate() {
            let gains = model.gains(&units.point(i), Standing::Member(i)).unwrap();
            for (j, (got, want)) in gains.iter().zip(want).enumerate() {
                let gap = (got - want).abs() / X[(i, j)];
                assert!(gap <= 1e-8, "{id}: direction of unit {i}, input {j}: {got} for {want}");
            }
        }
        compared += 1;
    }
    assert_eq!(compared, 3);
}

/// By hand: A (1, 4), B (2, 2), C (4, 1) make one; D (4, 4) could save 3 of either input alone, goes toward (1, 1) and
/// meets B at (2, 2): β = 2/3, half of each input. E (2, 4) could save 1 and 2, and meets the segment A-B.
#[test]
fn toward_the_ideal_point() {
    let X = columns(&[vec![1.0, 2.0, 4.0, 4.0, 2.0], vec![4.0, 2.0, 1.0, 4.0, 4.0]]);
    let Y = columns(&[vec![1.0; 5]]);
    let ours = dea(&X, &Y, &mea(&X, &Y, Orientation::Input)).unwrap();
    // E: (2 - β, 4 - 2β) on x2 = 6 - 2 x1: 4 - 2β = 2 + 2β, β = 1/2; parts 1/4 and 1/4.
    same(&scores(&ours), &[0.0, 0.0, 0.0, 2.0 / 3.0, 0.5], 1e-12, "β");
    same(&efficiencies(&ours), &[1.0, 1.0, 1.0, 0.5, 0.75], 1e-12, "efficiency");
    assert_eq!(ours.units[3].betas.as_ref().unwrap()[2], None);
}

#[test]
fn contradictions_are_refused_by_name() {
    let (X, Y) = random(55, 10, 1, 1);
    let refused = |o: Dea, word: &str| {
        let message = dea(&X, &Y, &o).unwrap_err().to_string();
        assert!(message.contains(word), "{message}");
    };
    let o = nddf(&X, &Y, &Mat::zeros(10, 0), Direction::Own);
    refused(Dea { rts: Rts::Fdh, ..o.clone() }, "`rts = \"fdh\"`");
    refused(Dea { direction: Direction::Ones, ..o.clone() }, "`direction`");
    refused(Dea { orientation: Orientation::Output, ..o.clone() }, "`orientation = \"output\"`");
    refused(Dea { slacks: true, ..o.clone() }, "`slacks`");
    refused(Dea { scale: true, ..o.clone() }, "`scale`");
    refused(Dea { super_efficiency: true, ..o.clone() }, "`super_efficiency`");
    refused(Dea { beta_weights: vec![1.0], ..o.clone() }, "`beta_weights`");
    refused(Dea { beta_weights: vec![1.0, -1.0], ..o.clone() }, "negative");
    refused(Dea { beta_weights: vec![0.0, 0.0], ..o.clone() }, "nothing move");
    refused(Dea { model: DeaModel::Radial, beta_weights: vec![1.0, 1.0], ..o }, "`beta_weights`");
    let o = mea(&X, &Y, Orientation::Input);
    refused(Dea { rts: Rts::Fdh, ..o.clone() }, "`rts = \"fdh\"`");
    refused(Dea { slacks: true, ..o.clone() }, "`slacks`");
    refused(Dea { scale: true, ..o.clone() }, "`scale`");
    refused(Dea { super_efficiency: true, ..o }, "`super_efficiency`");
}
