//! The test of returns to scale: size and power on made-up worlds, the statistic, refusals.

use plim_stats::frontier::dea::{Dea, Orientation, Rts, Units, dea};
use plim_stats::frontier::inference::returns::{RtsTest, RtsTested, rts_test};
use plim_stats::math::Mat;
use plim_stats::math::rng::Stream;

/// One input, y = x^power exp(-|v|/4).
fn world(seed: u64, n: usize, power: f64) -> (Mat<f64>, Mat<f64>) {
    let mut stream = Stream::new(seed, 7);
    let X = Mat::from_fn(n, 1, |_, _| 1.0 + 9.0 * stream.uniform());
    let Y = Mat::from_fn(n, 1, |i, _| X[(i, 0)].powf(power) * (-0.25 * stream.normal().abs()).exp());
    (X, Y)
}

fn options(replications: usize) -> RtsTest {
    RtsTest { inputs: vec!["x".into()], outputs: vec!["y".into()], replications, ..Default::default() }
}

fn test(seed: u64, power: f64, options: &RtsTest) -> RtsTested {
    let (X, Y) = world(seed, 40, power);
    rts_test(&Units::new(&X, &Y).unwrap(), options, 1).unwrap()
}

#[test]
fn finds_returns_that_are_not_constant_and_seldom_more() {
    // Ten worlds of constant returns: at a size of 5 % more than three rejections have a probability of 0.1 %.
    let rejected = (0..10).filter(|&seed| test(seed, 1.0, &options(99)).returns != Rts::Crs).count();
    assert!(rejected <= 3, "{rejected} of 10");
    for seed in 0..3 {
        assert_eq!(test(seed, 0.5, &options(99)).returns, Rts::Nirs);
        assert_eq!(test(seed, 1.6, &options(99)).returns, Rts::Vrs);
    }
}

#[test]
fn the_statistic_is_a_ratio_of_means_of_dea() {
    let (X, Y) = world(1, 40, 0.5);
    let units = Units::new(&X, &Y).unwrap();
    for orientation in [Orientation::Input, Orientation::Output] {
        let tested = rts_test(&units, &RtsTest { orientation, ..options(20) }, 1).unwrap();
        let sum = |rts| -> f64 {
            let options =
                Dea { inputs: vec!["x".into()], outputs: vec!["y".into()], rts, orientation, ..Dea::default() };
            dea(&units, &options).unwrap().units.iter().map(|u| u.efficiency.unwrap()).sum()
        };
        plim_golden::close(tested.tests[0].statistic, sum(Rts::Crs) / sum(Rts::Vrs), 1e-9, "S");
        assert!(tested.tests[0].p_value >= 1.0 / 21.0);
        assert!(tested.units.iter().flatten().all(|u| u[0] <= u[1] + 1e-9 && u[1] <= u[2] + 1e-9));
    }
}

#[test]
fn refusals_and_threads() {
    let (X, Y) = world(1, 20, 1.0);
    let units = Units::new(&X, &Y).unwrap();
    for wrong in [
        options(5),
        RtsTest { size: 0.0, ..options(40) },
        RtsTest { orientation: Orientation::None, ..options(40) },
        RtsTest { inputs: Vec::new(), ..options(40) },
    ] {
        assert!(rts_test(&units, &wrong, 1).is_err(), "{wrong:?}");
    }
    // Negative outputs have a score under variable returns only, so the test has none for them.
    let lost = Mat::from_fn(20, 1, |i, j| if i == 3 { -1.0 } else { Y[(i, j)] });
    let tested = rts_test(&Units::new(&X, &lost).unwrap(), &options(20), 1).unwrap();
    assert_eq!(tested.units.iter().position(|u| u.is_err()), Some(3));
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let many = rts_test(&units, &options(40), 1).unwrap();
    assert_eq!(one.install(|| rts_test(&units, &options(40), 1).unwrap()), many);
}
