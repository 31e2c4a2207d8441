//! Outliers by hand, by full re-solving, by enumeration and by determinants; identities; refusals.

use plim_stats::frontier::Status;
use plim_stats::frontier::dea::{Dea, Orientation, Rts, Units, dea};
use plim_stats::frontier::outliers::OutlierRule::{Cloud, Leverage, OrderM, SuperEfficiency};
use plim_stats::frontier::outliers::{DeaOutliers, OutlierRule, dea_outliers};
use plim_stats::math::Mat;
use plim_stats::math::rng::Stream;

const BOTH: [Orientation; 2] = [Orientation::Input, Orientation::Output];

/// Two inputs and two outputs, more of these with more of those.
fn random(n: usize) -> (Mat<f64>, Mat<f64>) {
    let mut stream = Stream::new(8, 0);
    let X = Mat::from_fn(n, 2, |_, _| (0.5 * stream.normal()).exp());
    let Y = Mat::from_fn(n, 2, |i, _| (X[(i, 0)] * X[(i, 1)]).sqrt() * (-0.4 * stream.normal().abs()).exp());
    (X, Y)
}

fn names(prefix: &str, k: usize) -> Vec<String> {
    (0..k).map(|j| format!("{prefix}{j}")).collect()
}

fn options(X: &Mat<f64>, Y: &Mat<f64>, rule: OutlierRule) -> DeaOutliers {
    DeaOutliers { inputs: names("x", X.ncols()), outputs: names("y", Y.ncols()), rule, ..Default::default() }
}

/// Statistics, NaN where there is none.
fn statistics(X: &Mat<f64>, Y: &Mat<f64>, options: &DeaOutliers) -> Vec<f64> {
    let all = dea_outliers(&Units::new(X, Y).unwrap(), options).unwrap();
    all.units.iter().map(|u| u.as_ref().map_or(f64::NAN, |u| u.statistic)).collect()
}

#[track_caller]
fn close(got: &[f64], want: &[f64], tolerance: f64) {
    assert_eq!(got.len(), want.len());
    for (i, (g, w)) in got.iter().zip(want).enumerate() {
        assert!((g.is_nan() && w.is_nan()) || (g - w).abs() <= tolerance, "[{i}]: got {g}, want {w}");
    }
}

/// One input, one output, constant returns: y/x = 1, 2, 4, 5, so efficiencies are quotients of these.
#[test]
fn by_hand() {
    let X = Mat::from_fn(4, 1, |i, _| [2.0, 1.0, 3.0, 2.0][i]);
    let Y = Mat::from_fn(4, 1, |i, _| [2.0, 2.0, 12.0, 10.0][i]);
    for orientation in BOTH {
        let o = DeaOutliers { rts: Rts::Crs, orientation, ..options(&X, &Y, SuperEfficiency) };
        close(&statistics(&X, &Y, &o), &[0.2, 0.4, 0.8, 1.25], 1e-12);
        // Without the last the others are 1/4, 1/2, 1 instead of 1/5, 2/5, 4/5.
        let want = ((0.05_f64.powi(2) + 0.1_f64.powi(2) + 0.2_f64.powi(2)) / 3.0).sqrt();
        let all = dea_outliers(&Units::new(&X, &Y).unwrap(), &DeaOutliers { rule: Leverage, ..o }).unwrap();
        let got: Vec<_> = all.units.iter().map(|u| *u.as_ref().unwrap()).collect();
        close(&got.iter().map(|u| u.statistic).collect::<Vec<_>>(), &[0.0, 0.0, 0.0, want], 1e-12);
        assert!((got[0].cutoff - want / 4.0 * 4.0_f64.ln()).abs() < 1e-12);
        assert_eq!(got.iter().map(|u| u.suspect).collect::<Vec<_>>(), [false, false, false, true]);
    }
}

/// The leverage that solves only for units with the peer is that of solving everybody again without each unit.
#[test]
fn leverage_is_that_of_full_re_solving() {
    let n = 36;
    let (X, Y) = random(n);
    let units = Units::new(&X, &Y).unwrap();
    for rts in [Rts::Vrs, Rts::Crs, Rts::Nirs, Rts::Ndrs, Rts::Fdh, Rts::Grs] {
        for orientation in BOTH {
            let o = DeaOutliers { rts, orientation, ..options(&X, &Y, Leverage) };
            let radial = Dea { inputs: names("x", 2), outputs: names("y", 2), rts, orientation, ..Dea::default() };
            let scores = |units: &Units| -> Vec<f64> {
                dea(units, &radial).unwrap().units.iter().map(|u| u.efficiency.unwrap()).collect()
            };
            let before = scores(&units);
            let got = statistics(&X, &Y, &o);
            let mut moved = 0;
            for j in 0..n {
                let others: Vec<usize> = (0..n).filter(|&k| k != j).collect();
                let after = scores(&units.select(&others));
                let squares: f64 = others.iter().zip(after).map(|(&k, after)| (after - before[k]).powi(2)).sum();
                let want = (squares / (n - 1) as f64).sqrt();
                assert!((got[j] - want).abs() < 1e-9, "{rts:?} {j}: got {}, want {want}", got[j]);
                // Who is inside the frontier is nobody's peer: zero to the bit. Not so where Σλ has bounds on both sides: a
                // combination that is better than j may be larger than they allow in the place of j.
                if before[j] < 1.0 - 1e-6 && rts != Rts::Grs {
                    assert_eq!(got[j], 0.0);
                }
                moved += usize::from(got[j] > 0.0);
            }
            assert!(moved > 2, "{rts:?}: {moved} units matter");
        }
    }
}

/// Order 2 by enumeration of the draws among the others.
#[test]
fn order_m_shares_by_enumeration() {
    let n = 25;
    let (X, Y) = random(n);
    for orientation in BOTH {
        let input = orientation == Orientation::Input;
        let o = DeaOutliers { orientation, m: vec![1, 2], threshold: 0.5, ..options(&X, &Y, OrderM) };
        let want: Vec<f64> = (0..n)
            .map(|o| {
                let f: Vec<f64> = (0..n)
                    .filter(|&j| j != o)
                    .filter(|&j| (0..2).all(|k| if input { Y[(j, k)] >= Y[(o, k)] } else { X[(j, k)] <= X[(o, k)] }))
                    .map(|j| match input {
                        true => (X[(j, 0)] / X[(o, 0)]).max(X[(j, 1)] / X[(o, 1)]),
                        false => (Y[(j, 0)] / Y[(o, 0)]).min(Y[(j, 1)] / Y[(o, 1)]),
                    })
                    .collect();
                let k = f.len() as f64;
                let one = f.iter().sum::<f64>() / k;
                let best = |a: f64, b: f64| if input { a.min(b) } else { a.max(b) };
                let two = f.iter().flat_map(|a| f.iter().map(move |b| best(*a, *b))).sum::<f64>() / (k * k);
                let beyond = |score: f64| if input { score > 1.5 } else { score < 0.5 };
                let share = [one, two].into_iter().filter(|&s| beyond(s)).count() as f64 / 2.0;
                if f.is_empty() { f64::NAN } else { share }
            })
            .collect();
        assert!(want.contains(&1.0) && want.contains(&0.5) && want.iter().any(|w| w.is_nan()), "{want:?}");
        close(&statistics(&X, &Y, &o), &want, 0.0);
    }
}

/// Determinant by Gaussian elimination.
fn determinant(mut A: Vec<Vec<f64>>) -> f64 {
    let mut product = 1.0;
    for k in 0..A.len() {
        product *= A[k][k];
        for i in k + 1..A.len() {
            let factor = A[i][k] / A[k][k];
            for j in k..A.len() {
                A[i][j] -= factor * A[k][j];
            }
        }
    }
    product
}

#[test]
fn the_cloud_is_a_ratio_of_determinants() {
    let n = 20;
    let (X, Y) = random(n);
    let z = |i: usize, a: usize| if a < 2 { X[(i, a)] } else { Y[(i, a - 2)] };
    let gram = |skip: Option<usize>| {
        let sum = |a, b| (0..n).filter(|&i| skip != Some(i)).map(|i| z(i, a) * z(i, b)).sum();
        determinant((0..4).map(|a| (0..4).map(|b| sum(a, b)).collect()).collect())
    };
    let want: Vec<f64> = (0..n).map(|j| -(gram(Some(j)) / gram(None)).ln()).collect();
    close(&statistics(&X, &Y, &options(&X, &Y, Cloud)), &want, 1e-11);
}

/// A unit with twice what the best make is suspect under every rule, and none of the rules sees the units of the columns
/// or the order of the rows.
#[test]
fn a_planted_outlier_is_found_whatever_units_and_order() {
    let n = 60;
    let (X, mut Y) = random(n);
    // In the middle of the sizes, so that others can be compared with it.
    (Y[(7, 0)], Y[(7, 1)]) = (6.0 * Y[(7, 0)], 6.0 * Y[(7, 1)]);
    for rule in [SuperEfficiency, Leverage, OrderM, Cloud] {
        let orientation = if rule == Cloud { Orientation::Input } else { Orientation::Output };
        let o = DeaOutliers { orientation, ..options(&X, &Y, rule) };
        let all = dea_outliers(&Units::new(&X, &Y).unwrap(), &o).unwrap();
        let unit = all.units[7].as_ref().unwrap();
        assert!(unit.suspect, "{rule:?} {unit:?}");
        let suspects = all.units.iter().flatten().filter(|u| u.suspect).count();
        assert!(suspects < n / 4, "{rule:?}: {suspects}");
        let before = statistics(&X, &Y, &o);
        let scaled = |M: &Mat<f64>| Mat::from_fn(n, 2, |i, j| M[(i, j)] * [1e9, 1e-9][j]);
        close(&statistics(&scaled(&X), &scaled(&Y), &o), &before, 1e-9);
        let turned = |M: &Mat<f64>| Mat::from_fn(n, 2, |i, j| M[(n - 1 - i, j)]);
        let mut after = statistics(&turned(&X), &turned(&Y), &o);
        after.reverse();
        close(&after, &before, 1e-9);
    }
}

/// Under variable returns nobody reaches the largest output by scaling inputs, and nobody is comparable with it.
#[test]
fn what_no_other_unit_reaches_has_a_status_and_no_statistic() {
    let X = Mat::from_fn(8, 1, |i, _| 1.0 + i as f64);
    let Y = Mat::from_fn(8, 1, |i, _| (1.0 + i as f64).sqrt());
    let units = Units::new(&X, &Y).unwrap();
    for rule in [SuperEfficiency, OrderM] {
        let all = dea_outliers(&units, &options(&X, &Y, rule)).unwrap();
        assert_eq!(all.units[7].as_ref().unwrap_err().status, Status::Infeasible);
        assert!(all.units[6].is_ok() && all.notes.iter().any(|note| note.starts_with("1 ")), "{:?}", all.notes);
    }
    // Alone in having the second output: without it the cloud has no such direction.
    let Y = Mat::from_fn(8, 2, |i, j| if j == 0 { (1.0 + i as f64).sqrt() } else { f64::from(u8::from(i == 3)) });
    let all = dea_outliers(&Units::new(&X, &Y).unwrap(), &options(&X, &Y, Cloud)).unwrap();
    assert_eq!(all.units[3].as_ref().unwrap_err().status, Status::Unbounded);
    assert!(all.units[2].is_ok());
}

#[test]
fn a_negative_input_has_no_leverage_and_gives_none() {
    let (mut X, Y) = random(20);
    let without = Units::new(&X, &Y).unwrap().select(&(1..20).collect::<Vec<_>>());
    X[(0, 0)] = -1.0;
    let o = options(&X, &Y, Leverage);
    let all = dea_outliers(&Units::new(&X, &Y).unwrap(), &o).unwrap();
    assert_eq!(all.units[0].as_ref().unwrap_err().status, Status::Refused);
    assert_eq!(all.units[1..], dea_outliers(&without, &o).unwrap().units[..]);
}

#[test]
fn refusals() {
    let (X, Y) = random(12);
    let units = Units::new(&X, &Y).unwrap();
    let usual = options(&X, &Y, SuperEfficiency);
    let refused = |o: DeaOutliers, word: &str| {
        let message = dea_outliers(&units, &o).unwrap_err().to_string();
        assert!(message.contains(word), "{message}");
    };
    refused(DeaOutliers { cutoff: Some(-1.0), ..usual.clone() }, "`cutoff`");
    refused(DeaOutliers { cutoff: Some(f64::NAN), ..usual.clone() }, "`cutoff`");
    refused(DeaOutliers { cutoff: Some(1.5), rule: OrderM, ..usual.clone() }, "`cutoff`");
    refused(DeaOutliers { m: vec![5], ..usual.clone() }, "`order_m`");
    refused(DeaOutliers { m: vec![5, 0], rule: OrderM, ..usual.clone() }, "`m`");
    refused(DeaOutliers { m: Vec::new(), rule: OrderM, ..usual.clone() }, "`m`");
    refused(DeaOutliers { threshold: 1.0, rule: OrderM, ..usual.clone() }, "`threshold`");
    refused(DeaOutliers { rts: Rts::Crs, rule: OrderM, ..usual.clone() }, "`rts`");
    refused(DeaOutliers { rts: Rts::Crs, rule: Cloud, ..usual.clone() }, "`rts`");
    refused(DeaOutliers { orientation: Orientation::Output, rule: Cloud, ..usual.clone() }, "`orientation`");
    refused(DeaOutliers { orientation: Orientation::None, ..usual.clone() }, "orientation");
    refused(DeaOutliers { rts: Rts::Grs, grs: [1.1, 1.2], ..usual.clone() }, "`grs`");
    refused(DeaOutliers { inputs: Vec::new(), ..usual.clone() }, "inputs");
    let doubled = Mat::from_fn(12, 2, |i, j| X[(i, 0)] * (1.0 + j as f64));
    let flat = dea_outliers(&Units::new(&doubled, &Y).unwrap(), &DeaOutliers { rule: Cloud, ..usual.clone() });
    assert!(flat.unwrap_err().to_string().contains("flat"));
    let few = units.select(&[0, 1, 2, 3]);
    assert!(dea_outliers(&few, &DeaOutliers { rule: Cloud, ..usual.clone() }).is_err());
    assert!(dea_outliers(&units.select(&[0]), &DeaOutliers { rule: Leverage, ..usual }).is_err());
}
