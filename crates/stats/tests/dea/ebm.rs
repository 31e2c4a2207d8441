//! The epsilon-based measure by hand, its limits, and its refusals. No package here computes it.

use super::data::{columns, dea, efficiencies, options, random, same, scores};
use plim_stats::frontier::Status;
use plim_stats::frontier::dea::sbm::{Sbm, sbm};
use plim_stats::frontier::dea::{Dea, DeaModel, Orientation, Rts, Units};
use plim_stats::math::Mat;

const ALL_RTS: [Rts; 6] = [Rts::Vrs, Rts::Crs, Rts::Nirs, Rts::Ndrs, Rts::Grs, Rts::Fdh];
const ALL: [Orientation; 3] = [Orientation::None, Orientation::Input, Orientation::Output];

fn with(X: &Mat<f64>, Y: &Mat<f64>, rts: Rts, orientation: Orientation, epsilon: Option<f64>) -> Dea {
    Dea { model: DeaModel::Ebm, epsilon, ..options(X, Y, rts, orientation) }
}

fn run(X: &Mat<f64>, Y: &Mat<f64>, rts: Rts, orientation: Orientation, epsilon: Option<f64>) -> Vec<f64> {
    efficiencies(&dea(X, Y, &with(X, Y, rts, orientation, epsilon)).unwrap())
}

/// Six units with one output each. A, B, C are the frontier; D, E, F are projected on B, C and A.
///
/// ln(b/a) at these points is L (1, 0, -1, 0, -1, 1) with L = ln 4: D = 4/(6·2), S = 1/3, ρ = 4/3, ε = 2/3, w = 1/2.
#[test]
fn by_hand() {
    let X = columns(&[vec![1.0, 2.0, 4.0, 4.0, 8.0, 2.0], vec![4.0, 2.0, 1.0, 4.0, 3.0, 10.0]]);
    let Y = columns(&[vec![1.0; 6]]);
    // D halves both. E to 3/7 of both, between B and C: θ falls faster than the mean up to there. F to A, θ 1/2, mean 0.45.
    let want = [1.0, 1.0, 1.0, 0.5, 3.0 / 7.0, 0.5 / 3.0 + 0.45 * 2.0 / 3.0];
    for rts in [Rts::Vrs, Rts::Crs] {
        for orientation in [Orientation::Input, Orientation::None] {
            same(&run(&X, &Y, rts, orientation, None), &want, 1e-12, &format!("{rts:?} {orientation:?}"));
        }
    }
    let o = Dea { slacks: true, ..with(&X, &Y, Rts::Vrs, Orientation::Input, None) };
    let result = dea(&X, &Y, &o).unwrap();
    same(result.units[5].slacks.as_ref().unwrap(), &[1.0, 6.0, 0.0], 1e-12, "slacks of F");
    let note = "epsilon is 0.666667 for inputs with weights 0.500000, 0.500000 and 0.000000 for outputs";
    assert!(result.notes.iter().any(|n| n.starts_with(note)), "{:?}", result.notes);
    // Outputs (1, 4), (3, 3), (4, 1) and their halves. The half of (3, 3) doubles both. (1/2, 2) doubles both at (1, 4), but
    // at (3, 3) it makes 6 and 3/2 times as much: 3/4 · 3/2 + 1/4 · 15/4 = 33/16.
    let Z = columns(&[vec![1.0, 3.0, 4.0, 0.5, 1.5, 2.0], vec![4.0, 3.0, 1.0, 2.0, 1.5, 0.5]]);
    let got = dea(&Y, &Z, &with(&Y, &Z, Rts::Vrs, Orientation::Output, Some(0.25))).unwrap();
    same(&scores(&got), &[1.0, 1.0, 1.0, 33.0 / 16.0, 2.0, 33.0 / 16.0], 1e-12, "outputs");
}

/// ε = 0 is the radial measure. ε = 1 is the slacks-based one where weights are equal, as they are for two columns.
#[test]
fn between_the_radial_and_the_slacks_based_measure() {
    let (X, Y) = random(41, 50, 2, 2);
    for rts in ALL_RTS {
        for orientation in ALL {
            let what = format!("{rts:?} {orientation:?}");
            let frame = options(&X, &Y, rts, orientation);
            let o = Sbm {
                inputs: frame.inputs.clone(),
                outputs: frame.outputs.clone(),
                rts,
                orientation,
                ..Sbm::default()
            };
            let slacks = efficiencies(&sbm(&Units::new(&X, &Y).unwrap(), &o).unwrap());
            same(&run(&X, &Y, rts, orientation, Some(1.0)), &slacks, 1e-9, &what);
            let own = run(&X, &Y, rts, orientation, None);
            let radial = run(&X, &Y, rts, orientation, Some(0.0));
            for i in 0..50 {
                assert!(slacks[i] - 1e-9 <= own[i] && own[i] <= radial[i] + 1e-9, "{what} {i}");
            }
            if orientation != Orientation::None {
                same(&radial, &efficiencies(&dea(&X, &Y, &frame).unwrap()), 1e-9, &what);
            }
        }
    }
}

/// The measure is that of its target, θ and η being the least saving and gain there.
#[test]
fn targets_attain_the_measure() {
    let (X, Y) = random(42, 40, 2, 2);
    for rts in ALL_RTS {
        let o = Dea { slacks: true, ..with(&X, &Y, rts, Orientation::None, Some(0.3)) };
        for (i, unit) in dea(&X, &Y, &o).unwrap().units.iter().enumerate() {
            let s = unit.slacks.as_ref().unwrap();
            let (a, b) = (1.0 - s[0] / X[(i, 0)], 1.0 - s[1] / X[(i, 1)]);
            let (c, d) = (1.0 + s[2] / Y[(i, 0)], 1.0 + s[3] / Y[(i, 1)]);
            let want = (0.7 * a.max(b) + 0.15 * (a + b)) / (0.7 * c.min(d) + 0.15 * (c + d));
            same(&[unit.score.unwrap()], &[want], 1e-9, &format!("{rts:?} {i}"));
        }
    }
}

/// Units of measurement, the order of units and dominated units change no score.
#[test]
fn scores_do_not_depend_on_units_or_order() {
    let n = 40;
    let (X, Y) = random(43, n, 3, 2);
    let factor = [1e9, 1e-9, 1.0, 1e-9, 1e9];
    let wide = Mat::from_fn(n, 3, |i, j| X[(i, j)] * factor[j]);
    let high = Mat::from_fn(n, 2, |i, j| Y[(i, j)] * factor[3 + j]);
    let mixed = |M: &Mat<f64>| Mat::from_fn(n, M.ncols(), |i, j| M[((i * 7 + 3) % n, j)]);
    for rts in ALL_RTS {
        for orientation in ALL {
            let what = format!("{rts:?} {orientation:?}");
            let scores = run(&X, &Y, rts, orientation, None);
            same(&run(&wide, &high, rts, orientation, None), &scores, 1e-9, &what);
            let want: Vec<f64> = (0..n).map(|i| scores[(i * 7 + 3) % n]).collect();
            same(&run(&mixed(&X), &mixed(&Y), rts, orientation, None), &want, 1e-10, &what);
        }
    }
}

#[test]
fn options_and_data_that_do_not_apply_are_refused() {
    let (X, Y) = random(44, 10, 2, 1);
    let base = with(&X, &Y, Rts::Vrs, Orientation::Input, None);
    for (o, word) in [
        (Dea { super_efficiency: true, ..base.clone() }, "super_efficiency"),
        (Dea { scale: true, ..base.clone() }, "scale"),
        (Dea { epsilon: Some(1.5), ..base.clone() }, "epsilon"),
        (Dea { model: DeaModel::Radial, epsilon: Some(0.5), ..base.clone() }, "epsilon"),
    ] {
        let message = dea(&X, &Y, &o).unwrap_err().to_string();
        assert!(message.contains(word), "{message}");
    }
    let units = Units::with_bads(&X, &Y, &Y).unwrap();
    let o = Dea { bads: vec!["b".into()], ..base };
    assert!(plim_stats::frontier::dea::dea(&units, &o).unwrap_err().to_string().contains("bads"));
    let zero = columns(&[vec![1.0, 0.0, 3.0], vec![1.0, 2.0, 3.0]]);
    let Y = columns(&[vec![1.0, 2.0, 3.0]]);
    let scores = dea(&zero, &Y, &with(&zero, &Y, Rts::Vrs, Orientation::Input, None)).unwrap();
    let status: Vec<Status> = scores.units.iter().map(|u| u.status).collect();
    assert_eq!(status, [Status::Optimal, Status::Refused, Status::Optimal]);
    assert!(scores.units[1].reason.as_ref().unwrap().contains("logarithms"), "{:?}", scores.units[1].reason);
}
