//! Quantiles by moments: the vector of methods 6.8, identities.

use crate::data::panel48;
use plim_golden::{close, close_printed};
use plim_stats::linear::Ols;
use plim_stats::math::rng::Stream;
use plim_stats::quantile::{Mmqr, MmqrFit, mmqr};
use plim_stats::vcov::{Ssc, Vcov, vcov};
use plim_stats::{Design, Factor, Fit};

fn fit(design: &Design, tau: &[f64]) -> MmqrFit {
    mmqr(design, &Mmqr { tau: tau.to_vec() }, &Ols::default()).unwrap()
}

/// methods 6.8: y ~ x, w with city effects, checked there by dummies in statsmodels 0.15.0.
#[test]
fn the_vector_of_the_notes() {
    let design = panel48().design("y", &["x", "w"], &["i"], &[], None);
    let m = fit(&design, &[0.25, 0.5, 0.75]);
    close_printed(m.location.coef(), &[1.10815173, -0.44748265], 8, "location");
    close_printed(m.scale.coef(), &[-0.06972928, -0.01104173], 8, "scale");
    let least = m.sigma.iter().copied().fold(f64::INFINITY, f64::min);
    close_printed(&[least], &[0.13387336], 8, "least scale");
    assert_eq!(m.nonpositive, 0);
    close_printed(&[m.quantiles[0].q], &[-1.00632958], 8, "q(.25)");
    let want = [[1.17832237, -0.43637103], [1.10691040, -0.44767922], [1.04875684, -0.45688791]];
    for (quantile, want) in m.quantiles.iter().zip(want) {
        close_printed(quantile.part.coef(), &want, 8, &format!("tau {}", quantile.tau));
    }
}

/// The location is least squares, with the covariance of least squares.
#[test]
fn the_location_is_least_squares() {
    let design = panel48().design("y", &["x", "w"], &["i", "t"], &["i"], None);
    let m = fit(&design, &[0.5]);
    let ols = Ols::default().fit(&design).unwrap();
    for how in [Vcov::Hc1, Vcov::Cluster(vec!["i".into()])] {
        let own = vcov(&m.location, &how, Ssc::default(), &design).unwrap();
        let theirs = vcov(&ols, &how, Ssc::default(), &design).unwrap();
        for j in 0..2 {
            close(m.location.coef()[j], ols.coef[j], 1e-13, "location");
            close(own.V[(j, j)], theirs.V[(j, j)], 1e-12, "its variance");
        }
    }
}

/// With |R| constant the scale has no slope, and every quantile has the slopes of the location.
#[test]
fn a_constant_scale_moves_the_location_only() {
    // Residuals ±1 that are orthogonal to x within each unit: rows come in mirrored pairs.
    let n = 80;
    let x: Vec<f64> = (0..n).map(|i| ((i / 2 * 13) % 17) as f64).collect();
    let mut data = crate::data::Data::default();
    data.set("y", (0..n).map(|i| 2.0 * x[i] + (i / 8) as f64 + if i % 2 == 0 { 1.0 } else { -1.0 }).collect());
    data.set("x", x);
    data.set("i", (0..n).map(|i| (i / 8) as f64).collect());
    let design = data.design("y", &["x"], &["i"], &[], None);
    // The regression of a constant |R| is refused by least squares as one without variation: nothing to scale.
    let error = mmqr(&design, &Mmqr { tau: vec![0.2, 0.8] }, &Ols::default()).unwrap_err().to_string();
    assert!(error.contains("|residual of y|"), "{error}");
    // Nearly constant: the slopes of the quantiles are those of the location, up to it.
    let mut nearly = design.clone();
    (0..n).for_each(|i| nearly.y[i] += 1e-6 * (((i * 29) % 31) as f64 / 31.0 - 0.5));
    let m = fit(&nearly, &[0.2, 0.8]);
    for quantile in &m.quantiles {
        close(quantile.part.coef()[0], m.location.coef()[0], 1e-6, "slope");
    }
}

/// The analytical errors against the spread of 400 simulated samples: within 10 %, which is two of its own errors.
#[test]
fn the_errors_are_those_of_repeated_samples() {
    let (units, periods, draws) = (60, 8, 400);
    let n = units * periods;
    let codes: Vec<usize> = (0..n).map(|i| i / periods).collect();
    let mut fixed = Stream::new(11, 0);
    let x: Vec<f64> = (0..n).map(|_| fixed.uniform() * 2.0).collect();
    let (mut estimates, mut errors) = ([Vec::new(), Vec::new()], [0.0, 0.0]);
    for draw in 0..draws {
        let mut stream = Stream::new(12, draw);
        let y = (0..n).map(|i| x[i] + (codes[i] % 5) as f64 + (1.0 + 0.5 * x[i]) * stream.normal()).collect();
        let mut data = crate::data::Data::default();
        data.set("y", y);
        data.set("x", x.clone());
        data.set("i", codes.iter().map(|&c| c as f64).collect());
        let design = data.design("y", &["x"], &["i"], &[], None);
        let m = fit(&design, &[0.2, 0.7]);
        for (q, quantile) in m.quantiles.iter().enumerate() {
            estimates[q].push(quantile.part.coef()[0]);
            let V = vcov(&quantile.part, &Vcov::Hc1, Ssc::default(), &design).unwrap().V;
            errors[q] += V[(0, 0)].sqrt() / draws as f64;
        }
    }
    for q in 0..2 {
        let mean = estimates[q].iter().sum::<f64>() / draws as f64;
        let sd = (estimates[q].iter().map(|b| (b - mean).powi(2)).sum::<f64>() / (draws as f64 - 1.0)).sqrt();
        assert!((errors[q] / sd - 1.0).abs() < 0.1, "mean error {} and spread {sd}", errors[q]);
    }
}

#[test]
fn a_scale_that_crosses_zero_is_counted_or_refused() {
    let design = panel48().design("y", &["x", "w"], &["i"], &[], None);
    // In units without an error of their own the common slope of the scale takes σ̂ below zero there.
    let quiet = |units: u32| {
        let mut d = design.clone();
        for i in 0..48 {
            let e = if d.fe[0].codes[i] < units { 0.0 } else { ((i * 17) % 23) as f64 / 23.0 - 0.5 };
            d.y[i] = d.X[(i, 0)] + e * (1.0 + d.X[(i, 0)]);
        }
        d
    };
    let few = fit(&quiet(1), &[0.5]);
    assert_eq!((few.nonpositive, few.sigma.iter().filter(|s| **s <= 0.0).count()), (1, 1));
    assert!(few.notes.iter().any(|n| n.contains("not positive in 1 of 48")), "{:?}", few.notes);
    let many = mmqr(&quiet(6), &Mmqr::default(), &Ols::default()).unwrap_err().to_string();
    assert!(many.contains("not positive in 5 of 48"), "{many}");
    let bad = mmqr(&design, &Mmqr { tau: vec![1.5] }, &Ols::default()).unwrap_err().to_string();
    assert!(bad.contains("`tau` is 1.5"), "{bad}");
    let units = Design { fe: vec![Factor::from_keys("i", 0..48)], ..design };
    assert!(mmqr(&units, &Mmqr::default(), &Ols::default()).is_err());
}
