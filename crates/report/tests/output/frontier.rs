//! The frontier that is drawn is the one that units are scored against.

use plim_report::frontier::{Frontier, Returns};
use plim_stats::frontier::dea::{Dea, Rts, Units, dea};
use plim_stats::math::Mat;
use plim_stats::math::rng::Stream;

/// The least input on the frontier with this output.
fn least_input(frontier: &Frontier, y: f64) -> f64 {
    let line = frontier.line(f64::NEG_INFINITY, 1e6, 1e6);
    // The first corner repeats the least input at the bottom of the axis.
    let line = &line[1..];
    if y <= line[0].1 {
        return line[0].0;
    }
    let piece = line.windows(2).find(|w| w[0].1 < y && y <= w[1].1).expect("an output that the frontier reaches");
    piece[0].0 + (y - piece[0].1) / (piece[1].1 - piece[0].1) * (piece[1].0 - piece[0].0)
}

#[test]
fn radial_targets_lie_on_the_drawn_frontier() {
    let mut stream = Stream::new(7, 0);
    let at: Vec<(f64, f64)> = (0..60)
        .map(|_| {
            let x = stream.normal().exp();
            (x, (0.7 * stream.normal()).exp() * x.powf(0.8))
        })
        .collect();
    let units = Units::new(&Mat::from_fn(60, 1, |i, _| at[i].0), &Mat::from_fn(60, 1, |i, _| at[i].1)).unwrap();
    let infinite = f64::INFINITY;
    for (rts, returns) in [
        (Rts::Crs, Returns::Combined([0.0, infinite])),
        (Rts::Vrs, Returns::Combined([1.0, 1.0])),
        (Rts::Nirs, Returns::Combined([0.0, 1.0])),
        (Rts::Ndrs, Returns::Combined([1.0, infinite])),
        (Rts::Grs, Returns::Combined([0.6, 1.5])),
        (Rts::Fdh, Returns::Disposal),
    ] {
        let options =
            Dea { inputs: vec!["x".into()], outputs: vec!["y".into()], rts, grs: [0.6, 1.5], ..Dea::default() };
        let frontier = Frontier::of(&at, returns).unwrap();
        for (unit, &(x, y)) in dea(&units, &options).unwrap().units.iter().zip(&at) {
            let (target, drawn) = (unit.efficiency.unwrap() * x, least_input(&frontier, y));
            assert!((target - drawn).abs() <= 1e-9 * drawn, "{rts:?}: {target} and {drawn}");
        }
    }
}
