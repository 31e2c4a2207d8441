//! Slacks-based measures against published tables and packages, their identities, and their refusals.

use super::data::{columns, data, dea, efficiencies, follow_through, options, random, same, vector};
use plim_golden::{Csv, close_printed, json, shared};
use plim_stats::frontier::Status;
use plim_stats::frontier::dea::sbm::{Sbm, Zeros, sbm};
use plim_stats::frontier::dea::{DeaScores, Orientation, Rts, Units};
use plim_stats::math::Mat;

const ALL_RTS: [Rts; 6] = [Rts::Vrs, Rts::Crs, Rts::Nirs, Rts::Ndrs, Rts::Grs, Rts::Fdh];
const ALL: [Orientation; 3] = [Orientation::None, Orientation::Input, Orientation::Output];

fn names(prefix: &str, k: usize) -> Vec<String> {
    (0..k).map(|j| format!("{prefix}{j}")).collect()
}

fn sbm_options(X: &Mat<f64>, Y: &Mat<f64>, rts: Rts, orientation: Orientation) -> Sbm {
    let (inputs, outputs) = (names("x", X.ncols()), names("y", Y.ncols()));
    Sbm { inputs, outputs, rts, orientation, ..Sbm::default() }
}

fn run(X: &Mat<f64>, Y: &Mat<f64>, options: &Sbm) -> DeaScores {
    sbm(&Units::new(X, Y).unwrap(), options).unwrap()
}

fn plain(X: &Mat<f64>, Y: &Mat<f64>, rts: Rts, orientation: Orientation) -> Vec<f64> {
    efficiencies(&run(X, Y, &sbm_options(X, Y, rts, orientation)))
}

fn superb(X: &Mat<f64>, Y: &Mat<f64>, rts: Rts, orientation: Orientation) -> Vec<f64> {
    efficiencies(&run(X, Y, &Sbm { super_efficiency: true, ..sbm_options(X, Y, rts, orientation) }))
}

// --- golden ---------------------------------------------------------------------------------------------------

/// methods.md, TEST 2.2b: two inputs, one output.
#[test]
fn two_inputs_one_output() {
    let X = columns(&[vec![4.0, 7.0, 8.0, 4.0, 2.0, 10.0], vec![3.0, 3.0, 1.0, 2.0, 4.0, 1.0]]);
    let Y = columns(&[vec![1.0; 6]]);
    let crs = plain(&X, &Y, Rts::Crs, Orientation::None);
    close_printed(&crs, &[0.833333, 0.619048, 1.0, 1.0, 1.0, 0.9], 6, "SBM");
    let superb = superb(&X, &Y, Rts::Crs, Orientation::None);
    close_printed(&superb[2..5], &[1.125, 1.25, 1.5], 6, "super-SBM");
    // Inefficient units keep their score.
    same(&[superb[0], superb[1], superb[5]], &[crs[0], crs[1], crs[5]], 0.0, "inefficient");
}

/// methods.md, TEST 2.2d: one input, one output, one undesirable output.
#[test]
fn undesirable_outputs() {
    let X = columns(&[vec![2.0, 3.0, 6.0, 9.0, 5.0]]);
    let (Y, B) = (columns(&[vec![2.0, 5.0, 8.0, 9.0, 3.0]]), columns(&[vec![1.0, 2.0, 4.0, 7.0, 4.0]]));
    let o = Sbm { bads: names("b", 1), ..sbm_options(&X, &Y, Rts::Crs, Orientation::None) };
    let scores = sbm(&Units::with_bads(&X, &Y, &B).unwrap(), &o).unwrap();
    close_printed(&efficiencies(&scores), &[0.545455, 1.0, 0.727273, 0.482759, 0.266667], 6, "2.2d");
}

/// Every SBM and super-SBM case of golden/r/dea.json (deaR 1.5.3; the calls stand in the file).
#[test]
fn dear_gives_the_same_scores() {
    let Some(path) = shared("golden/r/dea.json") else { return };
    let (mut ordinary, mut supers) = (0, 0);
    for (id, case) in json(&path)["cases"].as_object().unwrap() {
        let Some((family @ ("sbm" | "supersbm"), rest)) = id.split_once('_') else { continue };
        let (X, Y) = data(case["data"].as_str().unwrap()).unwrap_or_else(|| panic!("{id}: no data"));
        let words: Vec<&str> = rest.split('_').collect();
        let rts = match () {
            () if words.contains(&"crs") => Rts::Crs,
            () if words.contains(&"vrs") => Rts::Vrs,
            () if words.contains(&"nirs") => Rts::Nirs,
            () if words.contains(&"grs") => Rts::Grs,
            () => panic!("{id}: returns"),
        };
        let orientation = match words.last() {
            Some(&"io") => Orientation::Input,
            Some(&"oo") => Orientation::Output,
            _ => Orientation::None,
        };
        let result = &case["result"];
        let ours = plain(&X, &Y, rts, orientation);
        if family == "sbm" {
            same(&ours, &vector(&result["eff"]), 1e-8, id);
            ordinary += 1;
        } else {
            let delta = superb(&X, &Y, rts, orientation);
            let want = vector(&result["eff"]);
            for i in (0..ours.len()).filter(|&i| ours[i] == 1.0) {
                same(&delta[i..=i], &want[i..=i], 1e-8, &format!("{id} {i}"));
            }
            // `rho` is the ordinary score where the unit is inefficient. Where it is efficient deaR takes the ratio at
            // the slacks of the target it found, which is no efficiency (0.6875 for the efficient unit E of Tone 2001).
            let rho = vector(&result["rho"]);
            for i in (0..ours.len()).filter(|&i| ours[i] < 1.0) {
                same(&delta[i..=i], &rho[i..=i], 1e-8, &format!("{id} rho {i}"));
            }
            supers += 1;
        }
    }
    assert_eq!((ordinary, supers), (20, 17));
}

/// golden/frontier: Tone (2001), p. 505; Tone (2002), p. 38-39; Tone (2003), p. 10-11, by deaR, eight digits.
#[test]
fn tables_of_tone() {
    let Some(path) = shared("golden/frontier/tone2001_sbm.csv") else { return };
    let take = |csv: &Csv, names: &[&str]| columns(&names.iter().map(|n| csv.num(n)).collect::<Vec<_>>());
    let csv = Csv::read(&path);
    let (X, Y) = (take(&csv, &["Input1", "Input2"]), take(&csv, &["Output1", "Output2"]));
    let columns_2001 = [
        ("sbm_crs", Rts::Crs, Orientation::None),
        ("sbm_vrs", Rts::Vrs, Orientation::None),
        ("sbm_crs_input", Rts::Crs, Orientation::Input),
        ("sbm_crs_output", Rts::Crs, Orientation::Output),
    ];
    for (name, rts, orientation) in columns_2001 {
        close_printed(&plain(&X, &Y, rts, orientation), &csv.num(name), 7, name);
    }

    let csv = Csv::read(&shared("golden/frontier/tone2002_super.csv").unwrap());
    let (X, Y) = (take(&csv, &["X1", "X2", "X3", "X4"]), take(&csv, &["Y1", "Y2"]));
    let columns_2002 = [
        ("ssbm_io_crs", Rts::Crs, Orientation::Input),
        ("ssbm_oo_crs", Rts::Crs, Orientation::Output),
        ("ssbm_no_crs", Rts::Crs, Orientation::None),
        ("ssbm_no_vrs", Rts::Vrs, Orientation::None),
    ];
    for (name, rts, orientation) in columns_2002 {
        close_printed(&superb(&X, &Y, rts, orientation), &csv.num(name), 6, name);
    }

    let csv = Csv::read(&shared("golden/frontier/tone2003_sbm_undesirable.csv").unwrap());
    let (X, Y, B) = (take(&csv, &["x"]), take(&csv, &["yg"]), take(&csv, &["yb"]));
    for (name, rts) in [("sbm_undes_vrs", Rts::Vrs), ("sbm_undes_crs", Rts::Crs)] {
        let o = Sbm { bads: names("b", 1), ..sbm_options(&X, &Y, rts, Orientation::None) };
        let scores = sbm(&Units::with_bads(&X, &Y, &B).unwrap(), &o).unwrap();
        close_printed(&efficiencies(&scores), &csv.num(name), 7, name);
    }
}

/// The sites of Charnes, Cooper and Rhodes (1981) by their slacks, eight digits.
#[test]
fn slacks_of_follow_through() {
    let Some(of) = follow_through() else { return };
    let ours = plain(&of.X, &of.Y, Rts::Vrs, Orientation::None);
    same(&ours, &of.csv.num("sbm_vrs_all"), 5.1e-9, "sbm_vrs_all");
}

/// golden/frontier/dea_jl_expected.csv: the enhanced Russell graph measure, which is the same ratio (Pastor, Ruiz and
/// Sirvent 1999), by DataEnvelopmentAnalysis.jl.
#[test]
fn enhanced_russell_graph_measure() {
    let Some(path) = shared("golden/frontier/dea_jl_expected.csv") else { return };
    let csv = Csv::read(&path);
    let X = columns(&[vec![2.0, 4.0, 8.0, 12.0, 6.0, 14.0, 14.0, 9.412]]);
    let Y = columns(&[vec![1.0, 5.0, 8.0, 9.0, 3.0, 7.0, 9.0, 2.353]]);
    let mut compared = 0;
    for (rts, end) in
        [(Rts::Crs, "CRS)"), (Rts::Vrs, "VRS)"), (Rts::Fdh, "FDH, optimizer = DEAOptimizer(Gurobi.Optimizer))")]
    {
        let call = format!("deaerg(X, Y, rts = :{end}");
        let got = run(&X, &Y, &sbm_options(&X, &Y, rts, Orientation::None));
        for i in (0..csv.text("value").len()).filter(|&i| csv.text("call_options")[i] == call) {
            let unit = &got.units[csv.text("row")[i].parse::<usize>().unwrap() - 1];
            // The ratio is flat between the targets of some units: their slacks and parts are not compared.
            if csv.text("quantity")[i] != "efficiency" || !csv.text("selector")[i].is_empty() {
                continue;
            }
            let value = unit.score.unwrap();
            let text = &csv.text("value")[i];
            let want = match text.split_once('/') {
                Some((a, b)) => a.parse::<f64>().unwrap() / b.parse::<f64>().unwrap(),
                None => text.parse().unwrap(),
            };
            assert!((value - want).abs() <= 1e-10, "{call} {i}: {value} {want}");
            compared += 1;
        }
    }
    assert_eq!(compared, 24);
}

// --- identities -----------------------------------------------------------------------------------------------

/// No slacks-based measure is above its radial one, and constant returns are never above variable ones.
#[test]
fn below_the_radial_measure() {
    let (X, Y) = random(11, 60, 3, 2);
    for rts in ALL_RTS {
        for (orientation, radial) in
            [(Orientation::Input, Orientation::Input), (Orientation::Output, Orientation::Output)]
        {
            let slacks = plain(&X, &Y, rts, orientation);
            let both = plain(&X, &Y, rts, Orientation::None);
            let radial = efficiencies(&dea(&X, &Y, &options(&X, &Y, rts, radial)).unwrap());
            for i in 0..60 {
                assert!(slacks[i] <= radial[i] + 1e-10 && both[i] <= slacks[i] + 1e-10, "{rts:?} {orientation:?} {i}");
            }
        }
        let wide = plain(&X, &Y, rts, Orientation::None);
        let narrow = plain(&X, &Y, Rts::Crs, Orientation::None);
        assert!((0..60).all(|i| narrow[i] <= wide[i] + 1e-10), "{rts:?}");
    }
}

/// The ratio at the reported slacks is the score, the target has score one, and so has every peer.
#[test]
fn the_target_is_efficient() {
    let (X, Y) = random(12, 40, 2, 2);
    // Generalized returns are left out: a target that is scaled once can be scaled again, so it may be beaten.
    for rts in ALL_RTS.into_iter().filter(|&rts| rts != Rts::Grs) {
        let scores = run(&X, &Y, &sbm_options(&X, &Y, rts, Orientation::None));
        for (i, unit) in scores.units.iter().enumerate() {
            let s = unit.slacks.as_ref().unwrap();
            let mean = |s: &[f64], M: &Mat<f64>| (0..2).map(|j| s[j] / M[(i, j)]).sum::<f64>() / 2.0;
            let ratio = (1.0 - mean(&s[..2], &X)) / (1.0 + mean(&s[2..], &Y));
            assert!((ratio - unit.score.unwrap()).abs() < 1e-10, "{rts:?} {i}");
            assert!(unit.peers.iter().all(|p| scores.units[p.unit].score == Some(1.0)), "{rts:?} {i}: peers");
            // With the target as one more unit: no better than any other, so the rest keep their scores.
            let more = |M: &Mat<f64>, sign: f64, from: usize| {
                Mat::from_fn(41, 2, |r, j| if r < 40 { M[(r, j)] } else { M[(i, j)] + sign * s[from + j] })
            };
            if i % 8 == 0 {
                let (X, Y) = (more(&X, -1.0, 0), more(&Y, 1.0, 2));
                let again = plain(&X, &Y, rts, Orientation::None);
                assert!((again[40] - 1.0).abs() < 1e-9, "{rts:?} {i}: target {}", again[40]);
                let before: Vec<f64> = scores.units.iter().map(|u| u.score.unwrap()).collect();
                same(&again[..40], &before, 1e-9, "scores with the target among the units");
            }
        }
    }
}

/// Units of measurement, the order of units, duplicates and dominated units change no score.
#[test]
fn scores_do_not_depend_on_units_or_order() {
    let n = 50;
    let (X, Y) = random(13, n, 3, 2);
    let factor = [1e9, 1e-9, 1.0, 1e-9, 1e9];
    let wide = Mat::from_fn(n, 3, |i, j| X[(i, j)] * factor[j]);
    let high = Mat::from_fn(n, 2, |i, j| Y[(i, j)] * factor[3 + j]);
    let mixed = |M: &Mat<f64>| Mat::from_fn(n, M.ncols(), |i, j| M[((i * 7 + 3) % n, j)]);
    let more = |M: &Mat<f64>, worse: f64| {
        Mat::from_fn(n + 2, M.ncols(), |i, j| {
            if i < n { M[(i, j)] } else { M[(5 * (i - n), j)] * if i == n { 1.0 } else { worse } }
        })
    };
    for rts in ALL_RTS {
        for orientation in ALL {
            let what = format!("{rts:?} {orientation:?}");
            let scores = plain(&X, &Y, rts, orientation);
            same(&plain(&wide, &high, rts, orientation), &scores, 1e-9, &what);
            let permuted = plain(&mixed(&X), &mixed(&Y), rts, orientation);
            let want: Vec<f64> = (0..n).map(|i| scores[(i * 7 + 3) % n]).collect();
            same(&permuted, &want, 1e-10, &what);
            same(&plain(&more(&X, 1.5), &more(&Y, 0.5), rts, orientation)[..n], &scores, 1e-10, &what);
            let best = superb(&X, &Y, rts, orientation);
            same(&superb(&wide, &high, rts, orientation), &best, 1e-8, &format!("super {what}"));
            for i in 0..n {
                assert!(
                    best[i].is_nan() || best[i] >= scores[i] && (scores[i] == 1.0 || best[i] == scores[i]),
                    "{what}"
                );
            }
        }
    }
}

/// Super-efficiency by enumeration is that of the program when the others are one unit.
#[test]
fn one_other_unit_leaves_no_choice() {
    let X = columns(&[vec![2.0, 3.0], vec![5.0, 4.0]]);
    let Y = columns(&[vec![4.0, 6.0], vec![3.0, 2.0]]);
    for orientation in ALL {
        same(&superb(&X, &Y, Rts::Vrs, orientation), &superb(&X, &Y, Rts::Fdh, orientation), 1e-12, "two units");
    }
    // First unit: input 2 to 3, output 3 to 2; 2 and 6/3 are on the right side already. δ = (1 + 1/4)/(1 - 1/6).
    same(&superb(&X, &Y, Rts::Vrs, Orientation::None)[..1], &[1.5], 1e-12, "by hand");
}

/// An efficient unit with emissions: the others need 50% more input, or emit twice as much.
#[test]
fn super_efficiency_with_undesirable_outputs() {
    let (X, Y, B) = (columns(&[vec![2.0, 3.0, 2.0]]), columns(&[vec![1.0, 1.0, 1.0]]), columns(&[vec![1.0, 1.0, 2.0]]));
    let o = Sbm { bads: names("b", 1), super_efficiency: true, ..sbm_options(&X, &Y, Rts::Vrs, Orientation::None) };
    let scores = sbm(&Units::with_bads(&X, &Y, &B).unwrap(), &o).unwrap();
    // By B: 1 + 1/2 over 1. By C: 1 over 1 - (1/2) 1 = 1/2, so 2. Mixtures lie between: B is nearest.
    let a = &scores.units[0];
    same(&[a.score.unwrap()], &[1.5], 1e-12, "δ");
    same(a.slacks.as_ref().unwrap(), &[-1.0, 0.0, 0.0], 1e-12, "slacks");
    assert_eq!(a.peers.len(), 1);
    // The denominator would be zero or less at three times the emissions: no score by emissions alone.
    let B = columns(&[vec![1.0, 1.0, 3.0]]);
    let only = Sbm { orientation: Orientation::Output, ..o };
    let (X, Y, B) = (columns(&[vec![2.0, 2.0]]), columns(&[vec![1.0, 1.0]]), columns(&[vec![B[(0, 0)], B[(2, 0)]]]));
    let scores = sbm(&Units::with_bads(&X, &Y, &B).unwrap(), &only).unwrap();
    assert_eq!((scores.units[0].status, scores.units[0].score), (Status::Infeasible, None));
}

// --- refusals -------------------------------------------------------------------------------------------------

#[test]
fn zeros_follow_the_policy() {
    let X = columns(&[vec![2.0, 4.0, 4.0], vec![0.0, 1.0, 2.0]]);
    let Y = columns(&[vec![1.0, 1.0, 2.0], vec![1.0, 0.0, 2.0]]);
    let with = |zeros| run(&X, &Y, &Sbm { zeros, ..sbm_options(&X, &Y, Rts::Vrs, Orientation::None) });
    // Second unit to the first: inputs 1/2 and 1 over two; output 1 missed of nothing is not counted.
    let drop = with(Zeros::Drop);
    same(&efficiencies(&drop)[1..2], &[0.25], 1e-12, "drop");
    assert!(drop.notes.iter().any(|n| n.contains("2 of 3 units have zeros")), "{:?}", drop.notes);
    // A tenth of 1 stands for the zero: the missed output counts 10 over two.
    same(&efficiencies(&with(Zeros::Tenth))[1..2], &[0.25 / 6.0], 1e-12, "tenth");
    let refuse = with(Zeros::Refuse);
    let status: Vec<Status> = refuse.units.iter().map(|u| u.status).collect();
    assert_eq!(status, [Status::Refused, Status::Refused, Status::Optimal]);
    assert!(refuse.units[0].reason.as_ref().unwrap().contains("is zero"), "{:?}", refuse.units[0].reason);
}

#[test]
fn negative_values_are_refused() {
    let (X, Y) = (columns(&[vec![1.0, -2.0, 3.0]]), columns(&[vec![1.0, 2.0, 3.0]]));
    let scores = run(&X, &Y, &sbm_options(&X, &Y, Rts::Vrs, Orientation::None));
    assert_eq!((scores.units[1].status, scores.units[1].score), (Status::Refused, None));
    assert_eq!(scores.units[2].status, Status::Optimal);
}
