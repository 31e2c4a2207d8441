//! Simar and Wilson (2007) on simulated worlds, by hand where the frontier has a closed form, mirror image, refusals.

use plim_stats::Design;
use plim_stats::frontier::dea::{Rts, Units};
use plim_stats::frontier::inference::environment::{IntervalKind, SimarWilson, SimarWilsonFit, simar_wilson};
use plim_stats::limited::{Truncated, truncated};
use plim_stats::linear::Ols;
use plim_stats::math::Mat;
use plim_stats::math::rng::Stream;
use plim_stats::math::truncated_normal::draw;
use plim_stats::vcov::{Ssc, Vcov};

/// δ = 1.1 + 0.4 z + ε ≥ 1, ε ~ N(0, 0.3²) truncated: (z, δ).
fn world(n: usize, seed: u64) -> (Vec<f64>, Vec<f64>) {
    let mut stream = Stream::new(seed, 0);
    let z: Vec<f64> = (0..n).map(|_| 2.0 * stream.uniform() - 1.0).collect();
    let mean = |z: f64| 1.1 + 0.4 * z;
    let delta = z.iter().map(|&z| mean(z) + 0.3 * draw((1.0 - mean(z)) / 0.3, f64::INFINITY, &mut stream)).collect();
    (z, delta)
}

fn design(y: Vec<f64>, z: &[f64]) -> Design {
    let n = z.len();
    Design {
        y,
        outcome: "score".into(),
        X: Mat::from_fn(n, 2, |i, j| if j == 0 { 1.0 } else { z[i] }),
        names: vec!["(Intercept)".into(), "z".into()],
        rows: (0..n).collect(),
        ..Design::default()
    }
}

fn ask(design: &Design, units: Option<&Units>, options: &SimarWilson) -> SimarWilsonFit {
    simar_wilson(design, units, options, &Ols::default(), 7).unwrap()
}

fn column(values: &[f64]) -> Mat<f64> {
    Mat::from_fn(values.len(), 1, |i, _| values[i])
}

fn named(options: SimarWilson) -> SimarWilson {
    SimarWilson { inputs: vec!["x".into()], outputs: vec!["y".into()], ..options }
}

/// Units at the limit are left out and counted; the rest is the truncated regression.
#[test]
fn without_replications_it_is_the_truncated_regression() {
    let (z, mut y) = world(200, 1);
    y[3] = 1.0;
    y[90] = 1.0 + 1e-9;
    let design = design(y, &z);
    let got = ask(&design, None, &SimarWilson { replications: 0, ..Default::default() });
    assert_eq!((got.efficient, got.fit.sample.len(), got.limits), (2, 198, [1.0, f64::INFINITY]));
    assert!(got.intervals.is_empty() && got.scores.is_none());
    let keep: Vec<usize> = (0..200).filter(|i| ![3, 90].contains(i)).collect();
    let rule = Truncated { lower: Some(1.0), upper: None };
    let want = truncated(&design.at(&keep), &rule, &Ols::default()).unwrap();
    assert_eq!((&got.fit.coef, got.fit.loglik), (&want.coef, want.loglik));
}

/// At n = 400 the normal theory of the likelihood nearly holds, so that the bootstrap must nearly give its errors: the
/// standard deviation of 500 draws is known to 3.2 %. The estimates are within 3.3 errors of the truth (1 in 1,000).
#[test]
fn bootstrap_errors_are_those_of_the_likelihood_in_a_large_sample() {
    let (z, y) = world(400, 2);
    let design = design(y, &z);
    let got = ask(&design, None, &SimarWilson { replications: 500, ..Default::default() });
    let V = got.fit.covariance(&Vcov::Iid, Ssc::None, &design).unwrap().V;
    for (j, truth) in [1.1, 0.4, 0.3].into_iter().enumerate() {
        let (own, boot) = (V[(j, j)].sqrt(), &got.intervals[j]);
        assert!((boot.std_error / own - 1.0).abs() < 0.15, "{j}: {} against {own}", boot.std_error);
        assert!((got.fit.coef[j] - truth).abs() < 3.3 * own, "{j}: {}", got.fit.coef[j]);
        assert!(boot.conf_low < got.fit.coef[j] && got.fit.coef[j] < boot.conf_high, "{j}: {boot:?}");
        assert!(boot.failed <= 5 && boot.failed + boot.replications == 500);
    }
    let basic = SimarWilson { replications: 500, interval: IntervalKind::Basic, ..Default::default() };
    let basic = ask(&design, None, &basic);
    for (j, b) in got.fit.coef.iter().enumerate() {
        assert_eq!(basic.intervals[j].conf_low, 2.0 * b - got.intervals[j].conf_high);
    }
}

/// 2 - δ is truncated at one from above: the mirror image, draws included.
#[test]
fn scores_below_the_limit_are_the_mirror_image() {
    let (z, y) = world(150, 3);
    let options = SimarWilson { replications: 50, ..Default::default() };
    let above = ask(&design(y.clone(), &z), None, &options);
    let below = ask(&design(y.iter().map(|y| 2.0 - y).collect(), &z), None, &options);
    assert_eq!(below.limits, [f64::NEG_INFINITY, 1.0]);
    assert!((above.fit.coef[1] + below.fit.coef[1]).abs() < 1e-9);
    assert!((above.fit.coef[0] + below.fit.coef[0] - 2.0).abs() < 1e-9);
    for (a, b) in above.intervals.iter().zip(&below.intervals) {
        assert!((a.std_error / b.std_error - 1.0).abs() < 1e-6);
    }
    // Efficiencies between zero and one, and the limit at zero counts.
    let efficiency = design(y.iter().map(|y| 1.0 / y).collect(), &z);
    let two = ask(&efficiency, None, &SimarWilson { two_sided: true, replications: 0, ..Default::default() });
    assert_eq!(two.limits, [0.0, 1.0]);
    let rule = Truncated { lower: Some(0.0), upper: Some(1.0) };
    assert_eq!(two.fit.coef, truncated(&efficiency, &rule, &Ols::default()).unwrap().coef);
}

/// One input, one output and constant returns: the score is the best ratio over the own, so that the correction can be
/// made by hand from the same draws.
#[test]
fn the_correction_agrees_with_the_closed_form() {
    let (z, delta) = world(60, 4);
    let mut stream = Stream::new(4, 1);
    let x: Vec<f64> = (0..60).map(|_| 1.0 + 9.0 * stream.uniform()).collect();
    let y: Vec<f64> = x.iter().zip(&delta).map(|(x, d)| 3.0 * x / d).collect();
    let units = Units::new(&column(&x), &column(&y)).unwrap();
    let design = design(vec![0.0; 60], &z);
    let options = SimarWilson { rts: Rts::Crs, replications: 0, bias_replications: 20, ..Default::default() };
    let got = ask(&design, Some(&units), &named(options));
    let scores = got.scores.unwrap();

    let best = |y: &[f64]| y.iter().zip(&x).map(|(y, x)| y / x).fold(0.0, f64::max);
    let score: Vec<f64> = (0..60).map(|i| best(&y) * x[i] / y[i]).collect();
    let inefficient: Vec<usize> = (0..60).filter(|&i| score[i] > 1.0 + 1e-9).collect();
    let first = plim_stats::Design { y: score.clone(), ..design.clone() }.at(&inefficient);
    let first = truncated(&first, &Truncated { lower: Some(1.0), upper: None }, &Ols::default()).unwrap();
    let [a, b, sigma] = first.coef[..] else { panic!("three parameters") };
    let mut mean = [0.0; 60];
    for r in 0..20 {
        let mut stream = Stream::new(7, r);
        let pseudo: Vec<f64> = (0..60)
            .map(|i| {
                let mu = a + b * z[i];
                y[i] * score[i] / (mu + sigma * draw((1.0 - mu) / sigma, f64::INFINITY, &mut stream))
            })
            .collect();
        (0..60).for_each(|i| mean[i] += best(&pseudo) * x[i] / y[i] / 20.0);
    }
    assert_eq!(scores.efficient, 1);
    for i in 0..60 {
        assert!((scores.score[i] - score[i]).abs() < 1e-10);
        assert!((scores.corrected[i] - (2.0 * score[i] - mean[i])).abs() < 1e-8, "unit {i}");
    }
    assert_eq!(got.fit.sample.len(), 60 - got.efficient);
}

/// Under variable returns the observed frontier lies inside the true one. The correction moves the mean score toward
/// the truth, never downward, and the regression has the sign and size of the world.
#[test]
fn the_correction_moves_scores_toward_the_truth() {
    let (z, delta) = world(150, 5);
    let mut stream = Stream::new(5, 1);
    let x: Vec<f64> = (0..150).map(|_| 1.0 + 9.0 * stream.uniform()).collect();
    let y: Vec<f64> = x.iter().zip(&delta).map(|(x, d)| x.powf(0.6) / d).collect();
    let units = Units::new(&column(&x), &column(&y)).unwrap();
    let options = named(SimarWilson { replications: 200, bias_replications: 50, ..Default::default() });
    let got = ask(&design(y, &z), Some(&units), &options);
    let scores = got.scores.unwrap();
    assert!(scores.score.iter().zip(&scores.corrected).all(|(s, c)| *s >= 1.0 && *c >= s - 1e-9));
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    let (truth, raw, corrected) = (mean(&delta), mean(&scores.score), mean(&scores.corrected));
    assert!(raw < truth && (corrected - truth).abs() < 0.5 * (truth - raw), "{truth} {raw} {corrected}");
    let slope = &got.intervals[1];
    assert!(slope.conf_low < 0.4 && 0.4 < slope.conf_high && slope.conf_low > 0.0, "{slope:?}");
}

#[test]
fn the_same_bits_on_any_number_of_threads() {
    let (z, delta) = world(40, 6);
    let x: Vec<f64> = (0..40).map(|i| 1.0 + (i * 7 % 13) as f64).collect();
    let y: Vec<f64> = x.iter().zip(&delta).map(|(x, d)| x.sqrt() / d).collect();
    let units = Units::new(&column(&x), &column(&y)).unwrap();
    let options = named(SimarWilson { replications: 40, bias_replications: 10, ..Default::default() });
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let got = pool.install(|| ask(&design(y.clone(), &z), Some(&units), &options));
        (got.fit.coef, got.intervals, got.scores)
    };
    assert_eq!(on(1), on(3));
}

#[test]
fn what_the_method_cannot_take_is_refused() {
    let (z, y) = world(40, 8);
    let base = design(y.clone(), &z);
    let units = Units::new(&column(&y), &column(&z.iter().map(|z| z + 2.0).collect::<Vec<_>>())).unwrap();
    let no = |design: &Design, units: Option<&Units>, options: SimarWilson| {
        simar_wilson(design, units, &options, &Ols::default(), 7).map(|_| ()).unwrap_err().to_string()
    };
    let d = SimarWilson::default;
    let both = Design { y: (0..40).map(|i| 0.5 + i as f64 / 39.0).collect(), ..base.clone() };
    assert!(no(&both, None, d()).contains("20 scores are above 1 and 20 below"));
    assert!(no(&Design { y: vec![1.0; 40], ..base.clone() }, None, d()).contains("every score is 1"));
    assert!(no(&base, None, SimarWilson { two_sided: true, ..d() }).contains("`two_sided`"));
    assert!(no(&base, None, SimarWilson { rts: Rts::Crs, ..d() }).contains("`rts`"));
    assert!(no(&base, None, SimarWilson { limit: f64::NAN, ..d() }).contains("`limit` is NaN"));
    assert!(no(&base, None, SimarWilson { replications: 1, ..d() }).contains("no spread"));
    assert!(no(&base, None, SimarWilson { replications: 2_000_000, ..d() }).contains("at most"));
    assert!(no(&Design { w: Some(vec![2.0; 40]), ..base.clone() }, None, d()).contains("equal weight"));
    assert!(no(&base, Some(&units), named(SimarWilson { rts: Rts::Fdh, ..d() })).contains("convex"));
    assert!(no(&base, Some(&units), named(SimarWilson { limit: 2.0, ..d() })).contains("at least one"));
    assert!(no(&base, Some(&units), named(SimarWilson { bias_replications: 0, ..d() })).contains("is 0"));
    let zero = Units::new(&column(&y), &column(&(0..40).map(|i| f64::from(i > 0)).collect::<Vec<_>>())).unwrap();
    let refused = no(&base, Some(&zero), named(d()));
    assert!(refused.contains("1 units have no score") && refused.contains("row 1"), "{refused}");
}
