//! The directional model against R packages, its identities, and its refusals.

use super::data::{INFEASIBLE, columns, data, dea, efficiencies, options, random, same, scores, vector};
use plim_golden::{json, shared};
use plim_stats::frontier::Status;
use plim_stats::frontier::dea::technology::Standing;
use plim_stats::frontier::dea::{Dea, DeaModel, Direction, Directional, Model, Orientation, Rts, Units};
use plim_stats::math::Mat;

fn directional(X: &Mat<f64>, Y: &Mat<f64>, rts: Rts, direction: Direction) -> Dea {
    Dea { model: DeaModel::Directional, direction, ..options(X, Y, rts, Orientation::Input) }
}

/// The directional cases of golden/r/dea.json: Benchmarking 0.33 (`direct_*`), deaR 1.5.3 (`deaR_dir_*`, `deaR_rdm_*`).
#[test]
fn r_packages_give_the_same_distances() {
    let Some(path) = shared("golden/r/dea.json") else { return };
    let mut compared = 0;
    for (id, case) in json(&path)["cases"].as_object().unwrap() {
        let (direction, beta) = match () {
            () if id.starts_with("direct_inobs_") => (Direction::Inputs, "objval"),
            () if id.starts_with("direct_inout_") => (Direction::Ones, "objval"),
            () if id.starts_with("deaR_dir_") => (Direction::Own, "eff"),
            () if id.starts_with("deaR_rdm_") => (Direction::Range, "eff"),
            () => continue,
        };
        let (X, Y) = data(case["data"].as_str().unwrap()).unwrap_or_else(|| panic!("{id}: no data"));
        // The range directional model has variable returns whatever the name of the case says.
        let crs = id.contains("crs") && direction != Direction::Range;
        let ours = dea(&X, &Y, &directional(&X, &Y, if crs { Rts::Crs } else { Rts::Vrs }, direction)).unwrap();
        same(&scores(&ours), &vector(&case["result"][beta]), 1e-8, id);
        compared += 1;
    }
    assert_eq!(compared, 17);
}

/// Along its own inputs β = 1 - θ, along its own outputs β = φ - 1, along both under constant returns
/// (1 - β)/(1 + β) = θ: with and without the unit itself in the reference.
#[test]
fn own_directions_are_the_radial_scores() {
    let (X, Y) = random(11, 60, 3, 2);
    for super_efficiency in [false, true] {
        let run = |o: Dea| efficiencies(&dea(&X, &Y, &Dea { super_efficiency, ..o }).unwrap());
        let cases = [
            (Rts::Crs, Direction::Inputs, Orientation::Input),
            (Rts::Crs, Direction::Outputs, Orientation::Output),
            (Rts::Crs, Direction::Own, Orientation::Input),
            (Rts::Nirs, Direction::Inputs, Orientation::Input),
            (Rts::Ndrs, Direction::Outputs, Orientation::Output),
        ];
        for (rts, direction, orientation) in cases {
            let radial = run(options(&X, &Y, rts, orientation));
            same(&run(directional(&X, &Y, rts, direction)), &radial, 1e-9, &format!("{rts:?} {direction:?}"));
        }
    }
}

/// Own, mean and range directions do not see the units of the columns; the range direction not their origin either.
#[test]
fn units_and_origin_do_not_matter() {
    let (X, Y) = random(12, 50, 2, 2);
    let scaled = |M: &Mat<f64>| Mat::from_fn(50, 2, |i, j| M[(i, j)] * [1e9, 1e-9][j]);
    let shifted = |M: &Mat<f64>| Mat::from_fn(50, 2, |i, j| M[(i, j)] - [15.0, 3.0][j]);
    for direction in [Direction::Own, Direction::Inputs, Direction::Outputs, Direction::Mean, Direction::Range] {
        let o = directional(&X, &Y, Rts::Vrs, direction);
        let before = scores(&dea(&X, &Y, &o).unwrap());
        same(&scores(&dea(&scaled(&X), &scaled(&Y), &o).unwrap()), &before, 1e-9, "units");
        if direction == Direction::Range {
            same(&scores(&dea(&shifted(&X), &shifted(&Y), &o).unwrap()), &before, 1e-9, "origin");
        }
    }
}

/// Permuting units permutes scores, and a dominated unit changes nobody else's.
#[test]
fn permutations_and_dominated_units() {
    let (X, Y) = random(13, 40, 2, 2);
    let o = directional(&X, &Y, Rts::Vrs, Direction::Own);
    let before = scores(&dea(&X, &Y, &o).unwrap());
    let turned = |M: &Mat<f64>| Mat::from_fn(40, 2, |i, j| M[(39 - i, j)]);
    let mut after = scores(&dea(&turned(&X), &turned(&Y), &o).unwrap());
    after.reverse();
    same(&after, &before, 1e-10, "permuted");
    let more =
        |M: &Mat<f64>, factor: f64| Mat::from_fn(41, 2, |i, j| if i < 40 { M[(i, j)] } else { factor * M[(0, j)] });
    let more = scores(&dea(&more(&X, 2.0), &more(&Y, 0.5), &o).unwrap());
    same(&more[..40], &before, 1e-10, "dominated");
}

/// By hand: x = 1 for all, (y, b) = (1, 1), (2, 1.5), (1, 2), constant returns, b weakly disposable, g = (y, b). The best
/// ratio y/b is 4/3, of the second. The first meets it where 1 + β = 4/3 (1 - β), the third where 1 + β = 4/3 (2 - 2β).
#[test]
fn undesirable_outputs_shrink_along_the_direction() {
    let X = columns(&[vec![1.0; 3]]);
    let (Y, B) = (columns(&[vec![1.0, 2.0, 1.0]]), columns(&[vec![1.0, 1.5, 2.0]]));
    let o = Dea { bads: vec!["b0".into()], ..directional(&X, &Y, Rts::Crs, Direction::Outputs) };
    let ours = plim_stats::frontier::dea::dea(&Units::with_bads(&X, &Y, &B).unwrap(), &o).unwrap();
    same(&scores(&ours), &[1.0 / 7.0, 0.0, 5.0 / 11.0], 1e-12, "weak");
}

/// Steps of one are `ones`; β is divided by what the steps are multiplied by; a column that takes no step is held.
#[test]
fn steps_may_be_given() {
    let (X, Y) = random(15, 40, 2, 2);
    let by = |steps: [f64; 4], rts: Rts| {
        let o = Dea { steps: steps.to_vec(), ..directional(&X, &Y, rts, Direction::Given) };
        scores(&dea(&X, &Y, &o).unwrap())
    };
    for rts in [Rts::Vrs, Rts::Crs, Rts::Fdh] {
        let ones = scores(&dea(&X, &Y, &directional(&X, &Y, rts, Direction::Ones)).unwrap());
        same(&by([1.0; 4], rts), &ones, 1e-10, "ones");
        let quarter: Vec<f64> = ones.iter().map(|b| 0.25 * b).collect();
        same(&by([4.0; 4], rts), &quarter, 1e-10, "fours");
        let held = by([1.0, 0.0, 0.0, 1.0], rts);
        assert!(held.iter().zip(&ones).all(|(h, o)| *h >= o - 1e-10), "fewer columns to move are moved farther");
    }
}

/// By hand: units (x, y) = (2, 2), (4, 5), (6, 4). Along ones the third meets the second after min(6 - 4, 5 - 4) = 1 and
/// the first after min(6 - 2, 2 - 4) = -2. Left out, the second goes back to the first (min(2, -3)) or the third
/// (min(-2, -1)).
#[test]
fn the_free_disposal_hull_has_distances_too() {
    let (X, Y) = (columns(&[vec![2.0, 4.0, 6.0]]), columns(&[vec![2.0, 5.0, 4.0]]));
    let o = Dea { slacks: true, ..directional(&X, &Y, Rts::Fdh, Direction::Ones) };
    let ours = dea(&X, &Y, &o).unwrap();
    same(&scores(&ours), &[0.0, 0.0, 1.0], 1e-15, "FDH");
    assert_eq!(ours.units[2].slacks.as_ref().unwrap(), &[1.0, 0.0]);
    assert_eq!(ours.units[2].peers[0].unit, 1);
    let left_out = Dea { super_efficiency: true, slacks: false, ..o };
    let alone = Directional::new(&Units::new(&X, &Y).unwrap(), &[0, 1, 2], &left_out);
    let second = alone.project(&[4.0, 5.0], Standing::LeftOut(1)).unwrap_err();
    assert_eq!(second.status, Status::Refused, "β = -2 has no efficiency along ones");
    // Along its own inputs and outputs it is the radial hull.
    let (X, Y) = random(16, 50, 2, 2);
    for (direction, orientation) in [(Direction::Inputs, Orientation::Input), (Direction::Outputs, Orientation::Output)] {
        let radial = efficiencies(&dea(&X, &Y, &options(&X, &Y, Rts::Fdh, orientation)).unwrap());
        let o = directional(&X, &Y, Rts::Fdh, direction);
        same(&efficiencies(&dea(&X, &Y, &o).unwrap()), &radial, 1e-12, "own");
    }
}

#[test]
fn contradictions_are_refused_by_name() {
    let (X, Y) = random(14, 10, 1, 1);
    let o = directional(&X, &Y, Rts::Vrs, Direction::Own);
    let refused = |o: Dea, word: &str| {
        let message = dea(&X, &Y, &o).unwrap_err().to_string();
        assert!(message.contains(word), "{message}");
    };
    refused(Dea { steps: vec![1.0, 1.0], ..o.clone() }, "`steps`");
    let given = Dea { direction: Direction::Given, ..o.clone() };
    refused(Dea { steps: vec![1.0], ..given.clone() }, "`steps`");
    refused(Dea { steps: vec![1.0, -1.0], ..given.clone() }, "negative");
    refused(Dea { steps: vec![0.0, 0.0], ..given }, "zeros");
    refused(Dea { rts: Rts::Fdh, bads: vec!["b".into()], ..o.clone() }, "`disposability");
    refused(Dea { rts: Rts::Crs, direction: Direction::Range, ..o.clone() }, "`direction = \"range\"`");
    refused(Dea { orientation: Orientation::Output, ..o.clone() }, "`orientation = \"output\"`");
    refused(Dea { scale: true, ..o.clone() }, "`scale`");
    refused(Dea { model: DeaModel::Radial, direction: Direction::Ones, ..o }, "`direction`");
}

/// Negative values need variable returns; elsewhere the unit is refused, with the reason.
#[test]
fn negative_values_under_constant_returns_are_refused() {
    let (X, Y) = (columns(&[vec![1.0, 2.0, 3.0]]), columns(&[vec![1.0, 2.0, -1.0]]));
    let run = |rts| dea(&X, &Y, &directional(&X, &Y, rts, Direction::Own)).unwrap();
    let third = &run(Rts::Crs).units[2];
    assert_eq!((third.status, third.efficiency), (Status::Refused, None));
    assert!(third.reason.as_ref().unwrap().contains("negative"));
    // max β: x ≤ 3 - 3β, y ≥ -1 + β on the segment from (1, 1): β = 2/3.
    same(&scores(&run(Rts::Vrs)), &[0.0, 0.0, 2.0 / 3.0], 1e-12, "VRS");
}

/// Units of methods.md 2.2d in the periods 1 and 2: x, y, and the undesirable b.
fn undesirable(period: usize) -> Units {
    let (x, y, b) = [
        ([2.0, 3.0, 6.0, 9.0, 5.0], [2.0, 5.0, 8.0, 9.0, 3.0], [1.0, 2.0, 4.0, 7.0, 4.0]),
        ([2.0, 3.0, 5.0, 9.0, 4.0], [3.0, 6.0, 8.0, 11.0, 4.0], [1.0, 2.0, 3.0, 7.0, 3.0]),
    ][period - 1];
    let column = |v: [f64; 5]| columns(&[v.to_vec()]);
    Units::with_bads(&column(x), &column(y), &column(b)).unwrap()
}

fn undesirable_options(model: DeaModel) -> Dea {
    let names = |name: &str| vec![name.to_string()];
    let (inputs, outputs, bads) = (names("x"), names("y"), names("b"));
    let direction = Direction::Outputs;
    Dea { model, direction, inputs, outputs, bads, rts: Rts::Crs, ..Dea::default() }
}

/// methods.md TEST 2.2d: periods against themselves, and period 2 against period 1, where B has no solution.
#[test]
fn test_2_2d() {
    let o = undesirable_options(DeaModel::Directional);
    let within = [(1, [0.111111, 0.0, 0.111111, 0.320755, 0.538462]), (2, [0.0, 0.0, 0.058824, 0.3125, 0.384615])];
    for (period, want) in within {
        let ours = plim_stats::frontier::dea::dea(&undesirable(period), &o).unwrap();
        same(&scores(&ours), &want, 5.1e-7, &format!("period {period}"));
    }
    let first = Directional::new(&undesirable(1), &[0, 1, 2, 3, 4], &o);
    let across: Vec<_> = (0..5).map(|i| first.project(&undesirable(2).point(i), Standing::Outside)).collect();
    assert_eq!(across[1].as_ref().unwrap_err().status, Status::Infeasible);
    let beta: Vec<f64> = across.iter().map(|p| p.as_ref().map_or(INFEASIBLE, |p| p.score)).collect();
    same(&beta, &[-0.090909, INFEASIBLE, -0.032258, 0.22807, 0.304348], 5.1e-7, "period 2 against 1");
}
