//! Order-m by enumeration of all draws, the free disposal hull as the limit of both, units, refusals.

use plim_stats::frontier::Status;
use plim_stats::frontier::dea::{Dea, Orientation, Rts, Units, dea};
use plim_stats::frontier::inference::partial::{PartialFrontier, PartialKind, partial_frontier};
use plim_stats::math::Mat;
use plim_stats::math::rng::Stream;

const BOTH: [Orientation; 2] = [Orientation::Input, Orientation::Output];

fn random(n: usize) -> (Mat<f64>, Mat<f64>) {
    let mut stream = Stream::new(5, 0);
    let mut draw = |k: usize| Mat::from_fn(n, k, |_, _| (0.5 * stream.normal()).exp());
    (draw(2), draw(2))
}

fn scores(X: &Mat<f64>, Y: &Mat<f64>, options: &PartialFrontier) -> Vec<f64> {
    let all = partial_frontier(&Units::new(X, Y).unwrap(), options).unwrap();
    all.into_iter().map(|s| s.unwrap()).collect()
}

fn close(got: &[f64], want: &[f64], tolerance: f64) {
    assert_eq!(got.len(), want.len());
    got.iter().zip(want).for_each(|(g, w)| assert!((g - w).abs() <= tolerance * w.abs(), "got {g}, want {w}"));
}

#[test]
fn order_m_is_the_mean_over_all_draws() {
    let n = 12;
    let (X, Y) = random(n);
    for orientation in BOTH {
        let got = scores(&X, &Y, &PartialFrontier { m: 3, orientation, ..Default::default() });
        let input = orientation == Orientation::Input;
        let want: Vec<f64> = (0..n)
            .map(|o| {
                let peers: Vec<usize> = (0..n)
                    .filter(|&j| (0..2).all(|k| if input { Y[(j, k)] >= Y[(o, k)] } else { X[(j, k)] <= X[(o, k)] }))
                    .collect();
                let f = |j: usize| match input {
                    true => (X[(j, 0)] / X[(o, 0)]).max(X[(j, 1)] / X[(o, 1)]),
                    false => (Y[(j, 0)] / Y[(o, 0)]).min(Y[(j, 1)] / Y[(o, 1)]),
                };
                let best = |a: f64, b: f64| if input { a.min(b) } else { a.max(b) };
                let mut sum = 0.0;
                for &a in &peers {
                    for &b in &peers {
                        sum += peers.iter().map(|&c| best(best(f(a), f(b)), f(c))).sum::<f64>();
                    }
                }
                sum / peers.len().pow(3) as f64
            })
            .collect();
        close(&got, &want, 1e-12);
    }
}

#[test]
fn the_limit_is_the_free_disposal_hull_and_units_do_not_matter() {
    let (X, Y) = random(80);
    let names = |p: &str| vec![format!("{p}1"), format!("{p}2")];
    for orientation in BOTH {
        let hull = Dea { inputs: names("x"), outputs: names("y"), rts: Rts::Fdh, orientation, ..Dea::default() };
        let hull = dea(&Units::new(&X, &Y).unwrap(), &hull).unwrap();
        let want: Vec<f64> = hull.units.iter().map(|u| u.score.unwrap()).collect();
        let quantile = PartialFrontier { kind: PartialKind::OrderAlpha, alpha: 1.0, orientation, ..Default::default() };
        let expected = PartialFrontier { m: 100_000, orientation, ..Default::default() };
        close(&scores(&X, &Y, &quantile), &want, 1e-12);
        close(&scores(&X, &Y, &expected), &want, 1e-12);
        let scaled = Mat::from_fn(80, 2, |i, j| X[(i, j)] * [1e9, 1e-9][j]);
        let some = PartialFrontier { orientation, ..Default::default() };
        close(&scores(&scaled, &Y, &some), &scores(&X, &Y, &some), 1e-12);
    }
}

#[test]
fn order_alpha_is_the_quantile_that_exceeds() {
    // Ten units with the same output: F(θx) > 1 - 0.9 needs two of ten, also where 1 - 0.9 rounds below 0.1.
    let X = Mat::from_fn(10, 1, |i, _| (i + 1) as f64);
    let Y = Mat::from_fn(10, 1, |_, _| 1.0);
    let options = PartialFrontier { kind: PartialKind::OrderAlpha, alpha: 0.9, ..Default::default() };
    let want: Vec<f64> = (0..10).map(|i| 2.0 / (i + 1) as f64).collect();
    close(&scores(&X, &Y, &options), &want, 1e-15);
}

#[test]
fn refusals() {
    let X = Mat::from_fn(2, 1, |i, _| i as f64);
    let Y = Mat::from_fn(2, 1, |_, _| 1.0);
    let units = Units::new(&X, &Y).unwrap();
    let all = partial_frontier(&units, &PartialFrontier::default()).unwrap();
    assert_eq!(all[0].as_ref().unwrap_err().status, Status::Refused);
    assert!(all[1].is_ok());
    for wrong in [
        PartialFrontier { m: 0, ..Default::default() },
        PartialFrontier { kind: PartialKind::OrderAlpha, alpha: 1.5, ..Default::default() },
        PartialFrontier { orientation: Orientation::None, ..Default::default() },
    ] {
        assert!(partial_frontier(&units, &wrong).is_err());
    }
}

#[test]
fn an_efficiency_without_limit_is_a_status() {
    let ones = Mat::from_fn(2, 1, |_, _| 1.0);
    let Y = Mat::from_fn(2, 1, |i, _| i as f64);
    let (kind, orientation) = (PartialKind::OrderAlpha, Orientation::Output);
    let options = PartialFrontier { kind, orientation, alpha: 0.4, ..Default::default() };
    let all = partial_frontier(&Units::new(&ones, &Y).unwrap(), &options).unwrap();
    assert_eq!(all[1].as_ref().unwrap_err().status, Status::Unbounded);
}

#[test]
fn a_score_beyond_all_numbers_is_refused() {
    let X = Mat::from_fn(2, 1, |i, _| [1e-300, 1e300][i]);
    let Y = Mat::from_fn(2, 1, |_, _| 1.0);
    let all = partial_frontier(&Units::new(&X, &Y).unwrap(), &PartialFrontier::default()).unwrap();
    let none = all[0].as_ref().unwrap_err();
    assert_eq!(none.status, Status::Refused);
    assert!(none.reason.as_ref().unwrap().contains("rescale"));
}
