//! The truncated regression against 60 digits, identities, refusals.

use crate::data::panel48;
use plim_golden::close;
use plim_stats::limited::{Truncated, TruncatedFit, truncated};
use plim_stats::linear::Ols;
use plim_stats::math::Mat;
use plim_stats::math::rng::Stream;
use plim_stats::math::truncated_normal::draw;
use plim_stats::vcov::{Ssc, Vcov};
use plim_stats::{Design, Factor, Fit};

fn fit(design: &Design, lower: Option<f64>, upper: Option<f64>) -> TruncatedFit {
    truncated(design, &Truncated { lower, upper }, &Ols::default()).unwrap()
}

fn errors(fit: &TruncatedFit, design: &Design, how: Vcov) -> Vec<f64> {
    let V = fit.covariance(&how, Ssc::None, design).unwrap().V;
    (0..fit.coef().len()).map(|j| V[(j, j)].sqrt()).collect()
}

/// Effects, lower, upper, used, (β, σ), their errors, log-likelihood.
type Case = (&'static [&'static str], Option<f64>, Option<f64>, usize, &'static [f64], &'static [f64], f64);

/// `python3 golden/truncated.py` (mpmath 1.3.0): the likelihood in (β, σ) by its definition, in 60 digits.
#[allow(clippy::excessive_precision)]
const MPMATH: [Case; 4] = [
    (
        &[],
        Some(2.75),
        None,
        41,
        &[2.6771949808169558, 0.98197498432358563, -0.17862385208854797, 0.557232409794972],
        &[0.39079838937086109, 0.30725471337485179, 0.26997835583850867, 0.090227000054079421],
        -24.117282288020913,
    ),
    (
        &[],
        None,
        Some(4.25),
        42,
        &[2.7934152347530382, 0.99261595709090515, -0.42286531944381902, 0.49175700805225334],
        &[0.26351766933997095, 0.26557072451586806, 0.21946357655757118, 0.069552655799972283],
        -22.596367271578321,
    ),
    (
        &[],
        Some(2.0),
        Some(5.0),
        48,
        &[2.6864252613761582, 1.1311639594918914, -0.39431678983015603, 0.58081670771642427],
        &[0.29191540271727109, 0.26570619308909634, 0.23545310577327899, 0.077039483276362062],
        -36.52623607804194,
    ),
    (
        &["t"],
        Some(2.75),
        None,
        41,
        &[0.95537145983301165, -0.07684813102626589, 0.45357226441500107],
        &[0.24401828267965316, 0.22972824451304016, 0.065061068325148133],
        -17.372455259063572,
    ),
];

#[test]
fn it_agrees_with_sixty_digits() {
    for (fe, lower, upper, used, b, se, loglik) in MPMATH {
        let design = panel48().design("y", &["x", "w"], fe, &[], None);
        let got = fit(&design, lower, upper);
        assert_eq!((got.nobs(), got.nobs() + got.outside[0] + got.outside[1]), (used, 48));
        close(got.loglik, loglik, 1e-12, "loglik");
        let own = errors(&got, &design, Vcov::Iid);
        for j in 0..b.len() {
            close(got.coef()[j], b[j], 1e-10, &format!("{lower:?} {upper:?} {}", got.names[j]));
            close(own[j], se[j], 1e-10, &format!("se of {}", got.names[j]));
        }
    }
}

/// Limits far away: least squares with σ² = SSR/n, and the errors are those of the normal likelihood.
#[test]
fn limits_far_away_leave_least_squares() {
    let design = panel48().design("y", &["x", "w"], &["t"], &[], None);
    let ols = Ols::default().fit(&design).unwrap();
    for (lower, upper) in [(Some(-100.0), None), (None, Some(100.0)), (Some(-100.0), Some(100.0))] {
        let got = fit(&design, lower, upper);
        let sigma2 = ols.ssr / 48.0;
        close(got.sigma, sigma2.sqrt(), 1e-12, "sigma");
        let own = errors(&got, &design, Vcov::Iid);
        for j in 0..2 {
            close(got.coef()[j], ols.coef[j], 1e-11, "slope");
            close(own[j], (sigma2 * ols.bread[(j, j)]).sqrt(), 1e-10, "error");
        }
        close(own[2], (sigma2 / 96.0).sqrt(), 1e-10, "error of sigma");
    }
}

/// Units, mirror image, permutation, and the weight 2 for a row twice.
#[test]
fn it_is_equivariant() {
    let design = panel48().design("y", &["x", "w"], &[], &[], None);
    let base = fit(&design, Some(2.75), Some(5.0));
    let scaled = Design {
        y: design.y.iter().map(|y| 1e6 * y).collect(),
        X: Mat::from_fn(48, 3, |i, j| design.X[(i, j)] * [1.0, 1e-4, 1.0][j]),
        ..design.clone()
    };
    let scaled = fit(&scaled, Some(2.75e6), Some(5e6));
    let mirror = Design { y: design.y.iter().map(|y| -y).collect(), ..design.clone() };
    let mirror = fit(&mirror, Some(-5.0), Some(-2.75));
    let order: Vec<usize> = (0..48).map(|i| (i * 31 + 7) % 48).collect();
    let permuted = fit(&design.at(&order), Some(2.75), Some(5.0));
    for j in 0..3 {
        close(scaled.coef()[j] * [1.0, 1e-4, 1.0][j], 1e6 * base.coef()[j], 1e-9, "units");
        close(mirror.coef()[j], -base.coef()[j], 1e-9, "mirror");
        close(permuted.coef()[j], base.coef()[j], 1e-9, "permuted");
    }
    close(mirror.sigma, base.sigma, 1e-9, "mirror");
    assert_eq!(mirror.outside, [base.outside[1], base.outside[0]]);
    let w: Vec<f64> = (0..48).map(|i| if i % 3 == 0 { 2.0 } else { 1.0 }).collect();
    let weighted = fit(&Design { w: Some(w), ..design.clone() }, Some(2.75), None);
    let repeated = fit(&design.at(&(0..48).chain((0..48).step_by(3)).collect::<Vec<_>>()), Some(2.75), None);
    close(weighted.loglik, repeated.loglik, 1e-12, "weights");
    close(weighted.coef()[1], repeated.coef()[1], 1e-9, "weights");
}

/// Clusters of one observation give hc0: the rows that are used are found again among those given.
#[test]
fn singleton_clusters_are_hc0() {
    let mut design = panel48().design("y", &["x", "w"], &[], &[], None);
    design.cluster = vec![Factor::from_keys("row", 0..48)];
    let got = fit(&design, Some(2.75), None);
    assert!(got.sample.iter().all(|&i| design.y[i] > 2.75));
    let (a, b) = (errors(&got, &design, Vcov::Cluster(vec!["row".into()])), errors(&got, &design, Vcov::Hc0));
    for j in 0..4 {
        close(a[j], b[j], 1e-12, "hc0");
    }
    assert!(got.gradient < 1e-9);
}

/// y = 1.2 + 0.5 z + u given y > 1, u ~ N(0, 0.4²): 20,000 rows find the parameters that least squares misses.
#[test]
fn it_recovers_what_truncation_hides() {
    let n = 20_000;
    let mut stream = Stream::new(11, 0);
    let z: Vec<f64> = (0..n).map(|_| 2.0 * stream.uniform() - 1.0).collect();
    let mean = |z: f64| 1.2 + 0.5 * z;
    let y = z.iter().map(|&z| mean(z) + 0.4 * draw((1.0 - mean(z)) / 0.4, f64::INFINITY, &mut stream)).collect();
    let design = Design {
        y,
        outcome: "y".into(),
        X: Mat::from_fn(n, 2, |i, j| if j == 0 { 1.0 } else { z[i] }),
        names: vec!["(Intercept)".into(), "z".into()],
        rows: (0..n).collect(),
        ..Design::default()
    };
    let got = fit(&design, Some(1.0), None);
    let own = errors(&got, &design, Vcov::Iid);
    for (j, want) in [1.2, 0.5, 0.4].into_iter().enumerate() {
        assert!((got.coef()[j] - want).abs() < 3.0 * own[j], "{}: {} ({})", got.names[j], got.coef()[j], own[j]);
    }
    assert!((Ols::default().fit(&design).unwrap().coef[1] - 0.5).abs() > 20.0 * own[1]);
}

#[test]
fn what_cannot_be_estimated_is_refused() {
    let design = panel48().design("y", &["x", "w"], &[], &[], None);
    let ask = |design: &Design, lower, upper| {
        truncated(design, &Truncated { lower, upper }, &Ols::default()).map(|_| ()).unwrap_err().to_string()
    };
    assert!(ask(&design, Some(100.0), None).contains("no observation lies within"));
    assert!(ask(&design, Some(3.0), Some(3.0)).contains("must be below"));
    assert!(ask(&design, Some(f64::NAN), None).contains("must be below"));
    let mut sorted = design.y.clone();
    sorted.sort_by(f64::total_cmp);
    let few = ask(&design, Some(0.5 * (sorted[43] + sorted[44])), None);
    assert!(few.contains("within the limits are too few"), "{few}");
    // A density that falls steeper than an exponential at first and slower later has no σ.
    let heavy = Design {
        y: (0..48).map(|i| 1.0 / (i as f64 + 0.5)).collect(),
        ..design.with_regressors(&[("(Intercept)".into(), vec![1.0; 48])])
    };
    let none = ask(&heavy, Some(0.0), None);
    assert!(none.contains("no faster than an exponential"), "{none}");
}
