//! Window analysis: its two ends, scores written out by hand, identities, refusals.

use plim_golden::close;
use plim_stats::frontier::Status;
use plim_stats::frontier::dea::{Dea, Orientation, Rts, Units, dea};
use plim_stats::frontier::window::{WindowDea, window_dea};
use plim_stats::math::Mat;
use plim_stats::math::rng::Stream;

const TIMES: [i64; 5] = [2010, 2011, 2012, 2014, 2015];

/// Eight units over five years, by unit.
fn panel(seed: u64) -> (Units, Vec<i64>) {
    let mut s = Stream::new(seed, 0);
    let mut draw = |k| Mat::from_fn(40, k, |_, _| (0.5 * s.normal()).exp() * 10.0);
    let (X, Y) = (draw(2), draw(1));
    (Units::new(&X, &Y).unwrap(), (0..40).map(|i| TIMES[i % 5]).collect())
}

fn options(width: usize) -> WindowDea {
    WindowDea { inputs: vec!["a".into(), "b".into()], outputs: vec!["y".into()], width, ..WindowDea::default() }
}

fn radial() -> Dea {
    Dea { inputs: vec!["a".into(), "b".into()], outputs: vec!["y".into()], ..Dea::default() }
}

/// One input, one output, constant returns: efficiency is productivity over the best of the window.
#[test]
fn scores_written_out_by_hand() {
    let x = Mat::from_fn(6, 1, |_, _| 1.0);
    let y = Mat::from_fn(6, 1, |i, _| [2.0, 3.0, 4.0, 1.0, 4.0, 8.0][i]);
    let units = Units::new(&x, &y).unwrap();
    let (inputs, outputs) = (vec!["x".into()], vec!["y".into()]);
    let options = WindowDea { inputs, outputs, width: 2, rts: Rts::Crs, ..WindowDea::default() };
    let scores = window_dea(&units, &[1, 2, 3, 1, 2, 3], &options).unwrap();
    assert_eq!(scores.windows, [[1, 2], [2, 3]]);
    let want: [&[f64]; 6] = [&[0.5], &[0.75, 0.375], &[0.5], &[0.25], &[1.0, 0.5], &[1.0]];
    for (unit, want) in scores.units.iter().zip(want) {
        assert_eq!(unit.windows.len(), want.len());
        unit.windows.iter().zip(want).for_each(|(a, b)| close(*a, *b, 1e-12, "window"));
    }
    close(scores.units[1].efficiency.unwrap(), 0.5625, 1e-12, "mean");
    close(scores.units[1].range.unwrap(), 0.375, 1e-12, "range");
    assert_eq!(scores.units[0].range, Some(0.0));
}

#[test]
fn the_widest_window_is_one_frontier_and_the_narrowest_one_for_each_period() {
    let (units, times) = panel(51);
    let pooled = dea(&units, &radial()).unwrap();
    for (unit, want) in window_dea(&units, &times, &options(5)).unwrap().units.iter().zip(&pooled.units) {
        assert_eq!(unit.windows, [want.efficiency.unwrap()]);
    }
    let narrow = window_dea(&units, &times, &options(1)).unwrap();
    for year in TIMES {
        let rows: Vec<usize> = (0..40).filter(|&i| times[i] == year).collect();
        let alone = dea(&units.select(&rows), &radial()).unwrap();
        for (&i, want) in rows.iter().zip(&alone.units) {
            assert_eq!(narrow.units[i].efficiency, want.efficiency);
        }
    }
}

/// A missing 2013 is no gap; the ends are in one window, the middle in three; the order of rows means nothing; more
/// observations never raise a score.
#[test]
fn windows_slide_over_the_times_that_occur() {
    let (units, times) = panel(52);
    for orientation in [Orientation::Input, Orientation::Output] {
        let options = WindowDea { orientation, ..options(3) };
        let scores = window_dea(&units, &times, &options).unwrap();
        assert_eq!(scores.windows, [[2010, 2012], [2011, 2014], [2012, 2015]]);
        let backwards: Vec<usize> = (0..40).rev().collect();
        let reversed: Vec<i64> = times.iter().rev().copied().collect();
        let mirrored = window_dea(&units.select(&backwards), &reversed, &options).unwrap();
        let pooled = dea(&units, &Dea { orientation, ..radial() }).unwrap();
        for (i, unit) in scores.units.iter().enumerate() {
            assert_eq!(unit.windows.len(), [1, 2, 3, 2, 1][i % 5]);
            for (a, b) in unit.windows.iter().zip(&mirrored.units[39 - i].windows) {
                close(*a, *b, 1e-9, "order");
                assert!(*a >= pooled.units[i].efficiency.unwrap() - 1e-9);
            }
        }
    }
}

#[test]
fn what_has_no_score_is_refused_and_spans_nothing() {
    let x = Mat::from_fn(4, 1, |i, _| [1.0, 2.0, 0.0, 4.0][i]);
    let y = Mat::from_fn(4, 1, |_, _| 1.0);
    let one = |width| {
        let (inputs, outputs) = (vec!["x".into()], vec!["y".into()]);
        WindowDea { inputs, outputs, width, ..WindowDea::default() }
    };
    let units = Units::new(&x, &y).unwrap();
    let scores = window_dea(&units, &[1, 2, 1, 2], &one(2)).unwrap();
    assert_eq!((scores.units[2].status, scores.units[2].efficiency), (Status::Refused, None));
    assert_eq!(scores.units[2].reason.as_deref(), Some("all inputs are zero"));
    close(scores.units[3].efficiency.unwrap(), 0.25, 1e-12, "against the others");
    for width in [0, 3] {
        let e = window_dea(&units, &[1, 2, 1, 2], &one(width)).unwrap_err().to_string();
        assert!(e.contains("2 periods"), "{e}");
    }
    assert!(window_dea(&units, &[1, 2], &one(1)).is_err());
    assert!(window_dea(&units, &[1, 2, 1, 2], &WindowDea { inputs: Vec::new(), ..one(1) }).is_err());
    let wrong = Units::new(&Mat::from_fn(4, 1, |i, _| if i == 3 { f64::NAN } else { 1.0 }), &y).unwrap();
    assert_eq!(window_dea(&wrong, &[1, 2, 1, 2], &one(1)).unwrap_err().rows, [3]);
}
