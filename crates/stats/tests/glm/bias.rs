//! The analytical correction takes the bias of order 1/T away: simulations with a known slope of one.

use plim_stats::glm::{BiasCorrection, Family, Glm};
use plim_stats::math::{Mat, rng::Stream};
use plim_stats::{Design, Factor};

/// The design of Fernández-Val and Weidner (2016, section 6), static: unit and time effects correlated with x.
fn panel(family: Family, units: usize, times: usize, seed: u64) -> Design {
    let n = units * times;
    let mut rng = Stream::new(seed, 7);
    let unit: Vec<f64> = (0..units).map(|_| 0.25 * rng.normal()).collect();
    let time: Vec<f64> = (0..times).map(|_| 0.25 * rng.normal()).collect();
    let mut x = vec![0.0; n];
    let mut y = vec![0.0; n];
    for i in 0..units {
        let mut last = unit[i] + rng.normal();
        for t in 0..times {
            last = 0.5 * last + unit[i] + time[t] + 0.7 * rng.normal();
            let at = i * times + t;
            x[at] = last;
            y[at] = f64::from(u8::from(rng.uniform() < family.mean(x[at] + unit[i] + time[t])));
        }
    }
    Design {
        y,
        outcome: "y".into(),
        X: Mat::from_fn(n, 1, |i, _| x[i]),
        names: vec!["x".into()],
        fe: vec![
            Factor::from_keys("unit", (0..n).map(|i| i / times)),
            Factor::from_keys("time", (0..n).map(|i| i % times)),
        ],
        rows: (0..n).collect(),
        ..Design::default()
    }
}

/// Mean bias in percent of the slope, without and with the correction, and the ratio of mean standard error to the
/// standard deviation of the corrected estimates.
fn simulate(family: Family, units: usize, times: usize, effects: usize, draws: u64) -> (f64, f64, f64) {
    let mut all = [Vec::new(), Vec::new()];
    let mut errors = 0.0;
    for seed in 0..draws {
        let mut design = panel(family, units, times, seed);
        design.fe.truncate(effects);
        for (how, to) in [BiasCorrection::None, BiasCorrection::Analytical].into_iter().zip(&mut all) {
            let fit = Glm { bias_correction: how, ..Glm::new(family) }.fit(&design).unwrap();
            to.push(fit.coef[0]);
            if how == BiasCorrection::Analytical {
                errors += fit.bread[(0, 0)].sqrt() / draws as f64;
            }
        }
    }
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    let center = mean(&all[1]);
    let spread = (all[1].iter().map(|b| (b - center).powi(2)).sum::<f64>() / (draws - 1) as f64).sqrt();
    (100.0 * (mean(&all[0]) - 1.0), 100.0 * (center - 1.0), errors / spread)
}

#[test]
fn the_bias_falls_by_an_order() {
    for family in [Family::Probit, Family::Logit] {
        let (plain, corrected, ratio) = simulate(family, 100, 12, 2, 60);
        println!("{family:?}: {plain:.2} % -> {corrected:.2} %, errors over spread {ratio:.2}");
        assert!(plain > 8.0, "{family:?}: maximum likelihood is biased by {plain} %");
        assert!(corrected.abs() < 0.3 * plain, "{family:?}: {plain} -> {corrected}");
        assert!((0.75..1.25).contains(&ratio), "{family:?}: {ratio}");
    }
}

#[test]
fn with_two_observations_a_level_the_bias_of_logit_is_known() {
    // With T = 2 maximum likelihood converges to twice the slope (Andersen 1973; Hsiao 2014).
    let mut design = panel(Family::Logit, 4000, 2, 3);
    design.fe.truncate(1);
    let fit = Glm::new(Family::Logit).fit(&design).unwrap();
    assert!((fit.coef[0] / 2.0 - 1.0).abs() < 0.12, "{}", fit.coef[0]);
}
