//! The radial model against published tables and R packages, its identities, and its refusals.

use super::data::{
    INFEASIBLE, columns, data, dea, efficiencies, follow_through, options, random, same, scores, vector,
};
use plim_golden::{close, close_printed, json, shared};
use plim_stats::Kind;
use plim_stats::frontier::Status;
use plim_stats::frontier::dea::{Dea, DeaModel, Orientation, ReturnsToScale, Rts};
use plim_stats::math::Mat;
use plim_stats::math::rng::Stream;

const ALL_RTS: [Rts; 4] = [Rts::Vrs, Rts::Crs, Rts::Nirs, Rts::Ndrs];
const BOTH: [Orientation; 2] = [Orientation::Input, Orientation::Output];

// --- golden ---------------------------------------------------------------------------------------------------

/// methods.md, TEST 2.2a: one input, one output, by hand.
#[test]
fn one_input_one_output_by_hand() {
    let X = columns(&[vec![2.0, 3.0, 6.0, 9.0, 5.0]]);
    let Y = columns(&[vec![2.0, 5.0, 8.0, 9.0, 3.0]]);
    let run = |change: &dyn Fn(&mut Dea), rts, orientation| {
        let mut o = options(&X, &Y, rts, orientation);
        change(&mut o);
        dea(&X, &Y, &o).unwrap()
    };
    let score = |rts, orientation| scores(&run(&|_| {}, rts, orientation));
    close_printed(&score(Rts::Crs, BOTH[0]), &[0.6, 1.0, 0.8, 0.6, 0.36], 6, "CRS");
    close_printed(&score(Rts::Vrs, BOTH[0]), &[1.0, 1.0, 1.0, 1.0, 0.466667], 6, "VRS");
    close_printed(&score(Rts::Nirs, BOTH[0]), &[0.6, 1.0, 1.0, 1.0, 0.36], 6, "NIRS");
    close_printed(&score(Rts::Crs, BOTH[1]), &[1.666667, 1.0, 1.25, 1.666667, 2.777778], 6, "CRS out");
    close_printed(&score(Rts::Vrs, BOTH[1]), &[1.0, 1.0, 1.0, 1.0, 2.333333], 6, "VRS out");

    let scale = run(&|o| o.scale = true, Rts::Vrs, BOTH[0]);
    let se: Vec<f64> = scale.units.iter().map(|u| u.scale_efficiency.unwrap()).collect();
    close_printed(&se, &[0.6, 1.0, 0.8, 0.6, 0.771429], 6, "scale efficiency");
    let returns: Vec<_> = scale.units.iter().map(|u| u.returns_to_scale.unwrap()).collect();
    use ReturnsToScale::{Crs, Drs, Irs};
    assert_eq!(returns, [Irs, Crs, Drs, Drs, Irs]);

    let superb = |rts| scores(&run(&|o| o.super_efficiency = true, rts, BOTH[0]));
    close_printed(&superb(Rts::Crs), &[0.6, 1.25, 0.8, 0.6, 0.36], 6, "super CRS");
    same(&superb(Rts::Vrs), &[1.5, 4.0 / 3.0, 1.25, INFEASIBLE, 1.4 / 3.0], 1e-12, "super VRS");
    let infeasible = run(&|o| o.super_efficiency = true, Rts::Vrs, BOTH[0]);
    assert_eq!(infeasible.units[3].status, Status::Infeasible);
    assert!(infeasible.notes.iter().any(|n| n.contains("1 of 5 units cannot be reached")), "{:?}", infeasible.notes);
    // A is dominated by B at half of A's input only through B scaled down: peers of A under CRS are B, 2/5.
    let peers = &run(&|_| {}, Rts::Crs, BOTH[0]).units[0].peers;
    assert_eq!((peers.len(), peers[0].unit), (1, 1));
    close(peers[0].lambda, 0.4, 1e-12, "lambda of B for A");
}

/// methods.md, TEST 2.2b: two inputs, one output, and a weakly efficient unit.
#[test]
fn a_weakly_efficient_unit_keeps_its_slack() {
    let X = columns(&[vec![4.0, 7.0, 8.0, 4.0, 2.0, 10.0], vec![3.0, 3.0, 1.0, 2.0, 4.0, 1.0]]);
    let Y = columns(&[vec![1.0; 6]]);
    let mut o = options(&X, &Y, Rts::Crs, Orientation::Input);
    o.slacks = true;
    let result = dea(&X, &Y, &o).unwrap();
    close_printed(&scores(&result), &[0.857143, 0.631579, 1.0, 1.0, 1.0, 1.0], 6, "CCR");
    let f = result.units[5].slacks.as_ref().unwrap();
    assert_eq!(result.units[5].efficiency, Some(1.0));
    close(f[0], 2.0, 1e-12, "slack of x1 in F");
    assert_eq!((f[1], f[2]), (0.0, 0.0));
    (o.slacks, o.super_efficiency) = (false, true);
    let superb = scores(&dea(&X, &Y, &o).unwrap());
    close_printed(&superb, &[0.857143, 0.631579, 1.142857, 1.25, 2.0, 1.0], 6, "super CCR");
}

/// Charnes, Cooper and Rhodes (1981): each program against itself, and all sites together.
#[test]
fn follow_through_of_charnes_1981() {
    let Some(of) = follow_through() else { return };
    for program in ["PFT", "NFT"] {
        let rows: Vec<usize> = (0..70).filter(|&i| of.csv.text("Program")[i] == program).collect();
        let part = |M: &Mat<f64>| Mat::from_fn(rows.len(), M.ncols(), |i, j| M[(rows[i], j)]);
        let (X, Y) = (part(&of.X), part(&of.Y));
        let want: Vec<f64> = rows.iter().map(|&i| of.csv.num("ccr_io_within")[i]).collect();
        let ours = dea(&X, &Y, &options(&X, &Y, Rts::Crs, Orientation::Input)).unwrap();
        same(&scores(&ours), &want, 5.1e-9, program);
    }
    for (rts, orientation, column, half) in [
        (Rts::Crs, Orientation::Input, "ccr_io_all", 5.1e-9),
        (Rts::Vrs, Orientation::Input, "bcc_io_all", 5.1e-9),
        (Rts::Vrs, Orientation::Output, "bcc_oo_all", 5.1e-8),
        (Rts::Nirs, Orientation::Input, "drs_io_all", 5.1e-9),
        (Rts::Fdh, Orientation::Input, "fdh_io_all", 5.1e-9),
    ] {
        let ours = dea(&of.X, &of.Y, &options(&of.X, &of.Y, rts, orientation)).unwrap();
        same(&scores(&ours), &of.csv.num(column), half, column);
    }
}

/// Every radial case of golden/r/dea.json (Benchmarking 0.33 and deaR 1.5.3; the calls stand in the file).
#[test]
fn r_packages_give_the_same_scores_slacks_and_returns() {
    let Some(path) = shared("golden/r/dea.json") else { return };
    let mut compared = std::collections::BTreeMap::new();
    for (id, case) in json(&path)["cases"].as_object().unwrap() {
        let Some((family, rest)) = id.split_once('_') else { continue };
        let dear = family == "deaR" && (rest.starts_with("basic") || rest.starts_with("super"));
        if !(dear || ["dea", "super", "slack", "scale"].contains(&family)) {
            continue;
        }
        let Some((X, Y)) = data(case["data"].as_str().unwrap()) else { panic!("{id}: no data") };
        let words: Vec<&str> = rest.split('_').collect();
        let rts = match () {
            () if words.contains(&"crs") => Rts::Crs,
            () if words.contains(&"vrs") || family == "scale" => Rts::Vrs,
            () if words.contains(&"drs") => Rts::Nirs,
            () if words.contains(&"irs") => Rts::Ndrs,
            () if words.contains(&"fdh") => Rts::Fdh,
            () if words.contains(&"fdh+") => Rts::FdhPlus,
            () => continue, // additive
        };
        let orientation = match words.last() {
            Some(&"in" | &"io") => Orientation::Input,
            Some(&"out" | &"oo") => Orientation::Output,
            _ if family == "scale" => Orientation::Input,
            _ => continue, // graph
        };
        let mut o = options(&X, &Y, rts, orientation);
        let result = &case["result"];
        o.super_efficiency = family == "super" || rest.starts_with("super");
        o.slacks = family == "slack" || dear;
        o.scale = family == "scale";
        let ours = dea(&X, &Y, &o).unwrap_or_else(|e| panic!("{id}: {e}"));
        if family == "scale" {
            let se: Vec<f64> = ours.units.iter().map(|u| u.scale_efficiency.unwrap()).collect();
            same(&se, &vector(&result["se"]), 1e-10, id);
            for (unit, want) in ours.units.iter().zip(result["rts"].as_array().unwrap()) {
                let word = match unit.returns_to_scale.unwrap() {
                    ReturnsToScale::Irs => "increasing",
                    ReturnsToScale::Crs => "constant",
                    ReturnsToScale::Drs => "decreasing",
                };
                assert_eq!(word, want, "{id}");
            }
        } else {
            // deaR's super-efficiency of unit 46 of syn_dea is 4.01e-10 off: in exact rational arithmetic it is the
            // value below, which Benchmarking has to 6e-15.
            let tolerance = if dear && o.super_efficiency { 5e-10 } else { 1e-10 };
            if id == "deaR_super_syn_vrs_io" {
                close(ours.units[45].score.unwrap(), 1.174_726_092_004_077_8, 1e-14, "unit 46, exactly");
            }
            same(&scores(&ours), &vector(&result["eff"]), tolerance, id);
            if o.super_efficiency {
                let none = ours.units.iter().filter(|u| u.score.is_none());
                assert!(none.clone().all(|u| u.status == Status::Infeasible), "{id}");
            }
        }
        if o.slacks {
            let (sx, sy) = if dear { ("slack_in", "slack_out") } else { ("sx", "sy") };
            let (sx, sy) = (vector(&result[sx]), vector(&result[sy]));
            let (m, s) = (X.ncols(), Y.ncols());
            for (i, unit) in ours.units.iter().enumerate().filter(|(_, u)| u.score.is_some()) {
                // The largest sum is unique, its parts need not be: compare the sum, relative to the unit's own size.
                let want: f64 = sx[i * m..(i + 1) * m].iter().chain(&sy[i * s..(i + 1) * s]).sum();
                let size = (0..m).map(|j| X[(i, j)]).chain((0..s).map(|j| Y[(i, j)])).fold(0.0, f64::max);
                let got = unit.slacks.as_ref().unwrap().iter().sum::<f64>();
                assert!((got - want).abs() <= 1e-8 * size, "{id}[{i}]: slack sum {got}, want {want}");
            }
        }
        *compared.entry(family.to_string()).or_insert(0) += 1;
    }
    let counts = ["dea", "super", "slack", "scale", "deaR"].map(|family| compared[family]);
    assert_eq!(counts, [25, 6, 8, 2, 19], "all radial cases of the file");
}

// --- identities -----------------------------------------------------------------------------------------------

#[test]
fn units_of_measurement_do_not_matter() {
    let (X, Y) = random(1, 60, 3, 2);
    let units = [1e9, 1e-6, 1.0, 1e6, 1e-4];
    let scaled = |M: &Mat<f64>, from: usize| Mat::from_fn(60, M.ncols(), |i, j| M[(i, j)] * units[from + j]);
    let (Xs, Ys) = (scaled(&X, 0), scaled(&Y, 3));
    for rts in ALL_RTS {
        for orientation in BOTH {
            for super_efficiency in [false, true] {
                let o = Dea { super_efficiency, ..options(&X, &Y, rts, orientation) };
                let (a, b) = (dea(&X, &Y, &o).unwrap(), dea(&Xs, &Ys, &o).unwrap());
                same(&scores(&a), &scores(&b), 1e-11, &format!("{rts:?} {orientation:?} {super_efficiency}"));
            }
        }
    }
}

/// Units of very different size: shrinking one unit a millionfold leaves its own CRS score and everybody's.
#[test]
fn the_size_of_a_unit_does_not_matter_under_constant_returns() {
    let (X, Y) = random(2, 50, 2, 2);
    let shrink = |M: &Mat<f64>| Mat::from_fn(50, M.ncols(), |i, j| M[(i, j)] * if i % 7 == 0 { 1e-6 } else { 1.0 });
    let o = options(&X, &Y, Rts::Crs, Orientation::Input);
    let (a, b) = (dea(&X, &Y, &o).unwrap(), dea(&shrink(&X), &shrink(&Y), &o).unwrap());
    same(&scores(&a), &scores(&b), 1e-11, "shrunk units");
}

#[test]
fn a_projected_unit_is_efficient_without_slack() {
    let (X, Y) = random(3, 40, 3, 2);
    for rts in ALL_RTS {
        for orientation in BOTH {
            let o = Dea { slacks: true, ..options(&X, &Y, rts, orientation) };
            let first = dea(&X, &Y, &o).unwrap();
            let factor =
                |i: usize, of: Orientation| if orientation == of { first.units[i].score.unwrap() } else { 1.0 };
            let slack = |i: usize| first.units[i].slacks.as_ref().unwrap();
            let Xp = Mat::from_fn(40, 3, |i, j| X[(i, j)] * factor(i, Orientation::Input) - slack(i)[j]);
            let Yp = Mat::from_fn(40, 2, |i, j| Y[(i, j)] * factor(i, Orientation::Output) + slack(i)[3 + j]);
            let second = dea(&Xp, &Yp, &o).unwrap();
            same(&efficiencies(&second), &[1.0; 40], 1e-10, &format!("{rts:?} {orientation:?}"));
            let left: f64 = second.units.iter().map(|u| u.slacks.as_ref().unwrap().iter().sum::<f64>()).sum();
            assert!(left < 1e-7, "{rts:?} {orientation:?}: slack left {left}");
            // The target is the peers' combination.
            for (i, unit) in first.units.iter().enumerate() {
                for j in 0..3 {
                    let target: f64 = unit.peers.iter().map(|p| p.lambda * X[(p.unit, j)]).sum();
                    assert!((target - Xp[(i, j)]).abs() < 1e-8 * X[(i, j)], "{rts:?} {orientation:?} unit {i}");
                }
            }
        }
    }
}

#[test]
fn order_and_duplicates_of_units_do_not_matter() {
    let (X, Y) = random(4, 45, 2, 2);
    let mut order: Vec<usize> = (0..45).collect();
    Stream::new(4, 1).shuffle(&mut order);
    for rts in ALL_RTS {
        let o = options(&X, &Y, rts, Orientation::Output);
        let plain = scores(&dea(&X, &Y, &o).unwrap());
        let at = |M: &Mat<f64>, rows: &[usize]| Mat::from_fn(rows.len(), M.ncols(), |i, j| M[(rows[i], j)]);
        let shuffled = scores(&dea(&at(&X, &order), &at(&Y, &order), &o).unwrap());
        same(&shuffled, &order.iter().map(|&i| plain[i]).collect::<Vec<_>>(), 1e-11, "shuffled");
        let twice: Vec<usize> = (0..45).chain([3, 3, 17]).collect();
        let doubled = scores(&dea(&at(&X, &twice), &at(&Y, &twice), &o).unwrap());
        same(&doubled, &twice.iter().map(|&i| plain[i]).collect::<Vec<_>>(), 1e-11, "duplicates");
    }
}

#[test]
fn returns_to_scale_are_ordered_and_ccr_scores_are_reciprocal() {
    let (X, Y) = random(5, 60, 3, 2);
    let run = |rts, orientation| efficiencies(&dea(&X, &Y, &options(&X, &Y, rts, orientation)).unwrap());
    let [vrs, crs, nirs, ndrs] = ALL_RTS.map(|rts| run(rts, Orientation::Input));
    for i in 0..60 {
        assert!(crs[i] <= nirs[i] + 1e-12 && nirs[i] <= vrs[i] + 1e-12);
        assert!(crs[i] <= ndrs[i] + 1e-12 && ndrs[i] <= vrs[i] + 1e-12);
        close(vrs[i], nirs[i].max(ndrs[i]), 1e-11, "VRS is the better of NIRS and NDRS");
    }
    same(&crs, &run(Rts::Crs, Orientation::Output), 1e-11, "CCR input and output");
}

#[test]
fn threads_do_not_change_a_bit() {
    let (X, Y) = random(6, 80, 3, 2);
    let o = Dea { slacks: true, scale: true, ..options(&X, &Y, Rts::Vrs, Orientation::Input) };
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| dea(&X, &Y, &o).unwrap())
    };
    assert_eq!(run(1), run(4));
}

/// The radial program written out for a second solver.
#[test]
fn a_second_solver_agrees_on_random_units_with_zeros() {
    use microlp::{ComparisonOp, OptimizationDirection, Problem};
    for replication in 0..30 {
        let mut stream = Stream::new(7, replication);
        let n = 4 + stream.below(20);
        // Integers with zeros: ties, degenerate vertices, units without one of the inputs.
        let mut draw = |k: usize| {
            Mat::from_fn(n, k, |_, j| if j == 0 { 1.0 + stream.below(5) as f64 } else { stream.below(4) as f64 })
        };
        let (X, Y) = (draw(3), draw(2));
        for rts in ALL_RTS.into_iter().chain([Rts::Grs]) {
            for super_efficiency in [false, true] {
                let o = Dea { super_efficiency, ..options(&X, &Y, rts, Orientation::Input) };
                let ours = dea(&X, &Y, &o).unwrap();
                for (unit, ours) in ours.units.iter().enumerate() {
                    let mut problem = Problem::new(OptimizationDirection::Minimize);
                    let theta = problem.add_var(1.0, (0.0, f64::INFINITY));
                    let upper = |j| if super_efficiency && j == unit { 0.0 } else { f64::INFINITY };
                    let lambda: Vec<_> = (0..n).map(|j| problem.add_var(0.0, (0.0, upper(j)))).collect();
                    let sum = |weight: &dyn Fn(usize) -> f64| -> Vec<_> {
                        lambda.iter().enumerate().map(|(j, &v)| (v, weight(j))).collect()
                    };
                    for k in 0..3 {
                        let mut terms = sum(&|j| X[(j, k)]);
                        terms.push((theta, -X[(unit, k)]));
                        problem.add_constraint(terms, ComparisonOp::Le, 0.0);
                    }
                    for k in 0..2 {
                        problem.add_constraint(sum(&|j| Y[(j, k)]), ComparisonOp::Ge, Y[(unit, k)]);
                    }
                    match rts {
                        Rts::Crs => {}
                        Rts::Vrs | Rts::Fdh | Rts::FdhPlus => {
                            problem.add_constraint(sum(&|_| 1.0), ComparisonOp::Eq, 1.0)
                        }
                        Rts::Nirs => problem.add_constraint(sum(&|_| 1.0), ComparisonOp::Le, 1.0),
                        Rts::Ndrs => problem.add_constraint(sum(&|_| 1.0), ComparisonOp::Ge, 1.0),
                        Rts::Grs => {
                            problem.add_constraint(sum(&|_| 1.0), ComparisonOp::Ge, o.grs[0]);
                            problem.add_constraint(sum(&|_| 1.0), ComparisonOp::Le, o.grs[1]);
                        }
                    }
                    let what = format!("replication {replication} unit {unit} {rts:?} super {super_efficiency}");
                    match problem.solve() {
                        Ok(oracle) => {
                            let want = oracle.into_solution().unwrap().objective();
                            let got = ours.score.unwrap_or_else(|| panic!("{what}: {ours:?}, want {want}"));
                            assert!((got - want).abs() < 1e-9, "{what}: {got} {want}");
                        }
                        Err(_) => assert_eq!(ours.status, Status::Infeasible, "{what}"),
                    }
                }
            }
        }
    }
}

/// One unit as the target: never better than a combination of units, and itself an observed point.
#[test]
fn the_free_disposal_hull_lies_inside_the_convex_one() {
    for (seed, orientation) in [(21, Orientation::Input), (22, Orientation::Output)] {
        let (X, Y) = random(seed, 80, 3, 2);
        let run = |rts, super_efficiency| {
            let o = Dea { slacks: true, super_efficiency, ..options(&X, &Y, rts, orientation) };
            dea(&X, &Y, &o).unwrap()
        };
        let (hull, convex) = (run(Rts::Fdh, false), run(Rts::Vrs, false));
        for (i, (f, v)) in hull.units.iter().zip(&convex.units).enumerate() {
            let (e, [peer]) = (f.efficiency.unwrap(), &f.peers[..]) else { panic!("{i}: {:?}", f.peers) };
            assert!(e >= v.efficiency.unwrap() - 1e-12 && e <= 1.0, "{i}");
            // What is left between the radial target and the observed one is the slack.
            let (theta, phi) = if orientation == Orientation::Input { (e, 1.0) } else { (1.0, 1.0 / e) };
            let slack = f.slacks.as_ref().unwrap();
            for k in 0..3 {
                close(X[(peer.unit, k)] + slack[k], theta * X[(i, k)], 1e-12, "input target");
            }
            for r in 0..2 {
                close(Y[(peer.unit, r)] - slack[3 + r], phi * Y[(i, r)], 1e-12, "output target");
            }
        }
        // Without itself a unit that something dominates keeps its score; the others go above one or out of reach.
        for (own, alone) in hull.units.iter().zip(&run(Rts::Fdh, true).units) {
            match (own.efficiency.unwrap(), alone.efficiency) {
                (e, Some(s)) if e < 1.0 => close(s, e, 1e-12, "super"),
                (_, Some(s)) => assert!(s >= 1.0),
                (e, None) => assert_eq!((e, alone.status), (1.0, Status::Infeasible)),
            }
        }
    }
    let (X, Y) = random(1, 10, 2, 1);
    let o = Dea { scale: true, ..options(&X, &Y, Rts::Fdh, Orientation::Input) };
    assert!(dea(&X, &Y, &o).unwrap_err().to_string().contains("free disposal hull"));
}

/// deaR 1.5.3, `model_fdh`: input-oriented scores.
#[test]
fn free_disposal_hull_of_dear() {
    let Some(path) = shared("golden/r/dea.json") else { return };
    let cases = &json(&path)["cases"];
    // Its solver's tolerance leaves 1e-12 in scores of one.
    for id in ["fdh_tone2001", "fdh_fortune", "fdh_power", "fdh_syn"] {
        let (X, Y) = data(cases[id]["data"].as_str().unwrap()).unwrap();
        let ours = dea(&X, &Y, &options(&X, &Y, Rts::Fdh, Orientation::Input)).unwrap();
        same(&scores(&ours), &vector(&cases[id]["result"]["eff"]), 1e-10, id);
    }
}

/// A range of one is the hull itself, and a wider one contains it; scores stay between those and constant returns.
#[test]
fn local_returns_lie_between_the_hull_and_constant_returns() {
    let (X, Y) = random(5, 40, 2, 2);
    for orientation in [Orientation::Input, Orientation::Output] {
        let efficiency = |rts, fdh_range| {
            let o = Dea { fdh_range, slacks: true, ..options(&X, &Y, rts, orientation) };
            dea(&X, &Y, &o).unwrap().units.into_iter().map(|u| (u.efficiency.unwrap(), u.slacks)).collect::<Vec<_>>()
        };
        let range = [0.85, 1.15];
        assert_eq!(efficiency(Rts::FdhPlus, [1.0; 2]), efficiency(Rts::Fdh, range));
        let (hull, local) = (efficiency(Rts::Fdh, range), efficiency(Rts::FdhPlus, range));
        let constant = efficiency(Rts::Crs, range);
        for ((hull, local), constant) in hull.iter().zip(&local).zip(&constant) {
            assert!(local.0 <= hull.0 && local.0 >= constant.0 - 1e-12, "{} {} {}", hull.0, local.0, constant.0);
        }
        assert!(local.iter().zip(&hull).any(|(l, h)| l.0 < h.0));
    }
    let refused = |o: Dea| dea(&X, &Y, &o).unwrap_err().to_string();
    let plus = options(&X, &Y, Rts::FdhPlus, Orientation::Input);
    assert!(refused(Dea { fdh_range: [1.1, 1.2], ..plus.clone() }).contains("fdh_range"));
    assert!(refused(Dea { fdh_range: [0.9, f64::NAN], ..plus.clone() }).contains("fdh_range"));
    assert!(refused(Dea { model: DeaModel::Hyperbolic, ..plus.clone() }).contains("radial scores"));
    assert!(refused(Dea { scale: true, ..plus }).contains("free disposal hull"));
}

// --- refusals -------------------------------------------------------------------------------------------------

#[test]
fn units_outside_the_method_are_refused_and_do_not_span_the_frontier() {
    let X = columns(&[vec![2.0, 3.0, 6.0, 9.0, 5.0, -1.0, 0.0, 1.0]]);
    let Y = columns(&[vec![2.0, 5.0, 8.0, 9.0, 3.0, 9.0, 9.0, 0.0]]);
    let result = dea(&X, &Y, &options(&X, &Y, Rts::Crs, Orientation::Input)).unwrap();
    same(&scores(&result)[..5], &[0.6, 1.0, 0.8, 0.6, 0.36], 1e-12, "the others");
    let reasons: Vec<_> = result.units[5..].iter().map(|u| (u.status, u.reason.as_deref().unwrap())).collect();
    let wanted = ["an input or output is negative", "all inputs are zero", "all outputs are zero"];
    assert_eq!(reasons, wanted.map(|reason| (Status::Refused, reason)));
    assert!(result.units[5..].iter().all(|u| u.efficiency.is_none() && u.score.is_none()));
    assert!(result.notes[0].starts_with("3 of 8 units were refused"), "{:?}", result.notes);
    // Nobody left, and somebody alone.
    let (bad, one) = (columns(&[vec![-1.0, -2.0]]), columns(&[vec![1.0, 2.0]]));
    let none = dea(&bad, &one, &options(&bad, &one, Rts::Vrs, Orientation::Input)).unwrap();
    assert!(none.units.iter().all(|u| u.status == Status::Refused));
    let alone = columns(&[vec![3.0]]);
    for rts in ALL_RTS {
        let mut o = options(&alone, &alone, rts, Orientation::Output);
        assert_eq!(dea(&alone, &alone, &o).unwrap().units[0].efficiency, Some(1.0));
        (o.orientation, o.super_efficiency) = (Orientation::Input, true);
        assert_eq!(dea(&alone, &alone, &o).unwrap().units[0].status, Status::Infeasible);
    }
}

#[test]
fn requests_without_meaning_are_refused() {
    let (X, Y) = random(8, 10, 2, 1);
    let o = options(&X, &Y, Rts::Vrs, Orientation::Input);
    let message = |o: &Dea, X: &Mat<f64>, Y: &Mat<f64>| dea(X, Y, o).unwrap_err();
    let nan = Mat::from_fn(10, 2, |i, j| if (i, j) == (4, 1) { f64::NAN } else { X[(i, j)] });
    let error = message(&o, &nan, &Y);
    assert_eq!((error.kind, error.column.as_deref(), error.rows), (Kind::NotFinite, Some("x1"), vec![4]));
    assert!(message(&Dea { inputs: vec![], ..o.clone() }, &X, &Y).to_string().contains("no inputs are named"));
    assert!(matches!(message(&Dea { inputs: vec!["x0".into()], ..o.clone() }, &X, &Y).kind, Kind::Length { .. }));
    let twice = Dea { outputs: vec!["x0".into()], ..o.clone() };
    assert!(message(&twice, &X, &Y).to_string().contains("named twice"));
    let both = Dea { super_efficiency: true, scale: true, ..o.clone() };
    assert!(message(&both, &X, &Y).to_string().contains("no meaning with `super_efficiency`"));
    let far = Mat::from_fn(10, 2, |i, j| X[(i, j)] * if j == 0 { 1e10 } else { 1.0 });
    assert!(message(&Dea { slacks: true, ..o.clone() }, &far, &Y).to_string().contains("comparable units"));
    let empty = Mat::from_fn(0, 2, |_, _| 0.0);
    assert!(matches!(message(&o, &empty, &Mat::from_fn(0, 1, |_, _| 0.0)).kind, Kind::Empty { .. }));
}

/// An output that nobody else makes: no super-efficiency, whichever way it is measured.
#[test]
fn a_unique_output_has_no_super_efficiency() {
    let X = columns(&[vec![1.0, 2.0, 3.0]]);
    let Y = columns(&[vec![1.0, 1.0, 0.0], vec![0.0, 0.0, 1.0]]);
    let status = |orientation| {
        let o = Dea { super_efficiency: true, ..options(&X, &Y, Rts::Crs, orientation) };
        let unit = dea(&X, &Y, &o).unwrap().units.swap_remove(2);
        (unit.status, unit.efficiency, unit.score)
    };
    assert_eq!(status(Orientation::Input), (Status::Infeasible, None, None));
    assert_eq!(status(Orientation::Output), (Status::Unbounded, None, None));
}
