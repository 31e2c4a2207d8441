//! The censored regression against 40 digits, identities, refusals.

use crate::data::panel48;
use plim_golden::close;
use plim_stats::limited::{Tobit, TobitFit, tobit};
use plim_stats::linear::Ols;
use plim_stats::math::Mat;
use plim_stats::vcov::{Ssc, Vcov};
use plim_stats::{Design, Factor, Fit};

fn fit(design: &Design, lower: Option<f64>, upper: Option<f64>) -> TobitFit {
    tobit(design, &Tobit { lower, upper }, &Ols::default()).unwrap()
}

fn errors(fit: &TobitFit, design: &Design, how: Vcov) -> Vec<f64> {
    let V = fit.covariance(&how, Ssc::None, design).unwrap().V;
    (0..fit.coef().len()).map(|j| V[(j, j)].sqrt()).collect()
}

/// Effects, lower, upper, censored, (β, σ), their errors, log-likelihood.
type Case = (&'static [&'static str], Option<f64>, Option<f64>, [usize; 2], &'static [f64], &'static [f64], f64);

/// `python3 golden/tobit.py` (mpmath 1.3.0): the likelihood in (β, σ) by its definition, in 60 digits.
#[allow(clippy::excessive_precision)]
const MPMATH: [Case; 4] = [
    (
        &[],
        Some(3.0),
        None,
        [13, 0],
        &[2.7304517918196433, 1.0405985954563189, -0.35574051699883158, 0.55696091313142988],
        &[0.27135488340269693, 0.23548017596443589, 0.21885294836807566, 0.06974185689044423],
        -38.461414487231347,
    ),
    (
        &[],
        Some(2.75),
        Some(4.25),
        [7, 6],
        &[2.7772849584608998, 0.9538317266444228, -0.28953425501067352, 0.55647018203699991],
        &[0.26291488646115328, 0.22822397034754879, 0.21374720529210448, 0.071126988992241449],
        -41.996959243217394,
    ),
    (
        &[],
        None,
        Some(3.5),
        [0, 23],
        &[2.7217368147172446, 1.0585180817595138, -0.36208834514879029, 0.48808949911829829],
        &[0.25116949711237242, 0.24306441862756694, 0.20627848533125856, 0.074427998876021543],
        -30.840748727448727,
    ),
    (
        &["t"],
        Some(3.0),
        None,
        [13, 0],
        &[0.98071626239415817, -0.18322252353658865, 0.43680865548852808],
        &[0.1977036171853035, 0.1913562199109276, 0.053674404789754608],
        -27.807073147781923,
    ),
];

#[test]
fn it_agrees_with_forty_digits() {
    for (fe, lower, upper, censored, b, se, loglik) in MPMATH {
        let design = panel48().design("y", &["x", "w"], fe, &[], None);
        let got = fit(&design, lower, upper);
        assert_eq!(got.censored, censored);
        close(got.loglik, loglik, 1e-12, "loglik");
        let own = errors(&got, &design, Vcov::Iid);
        for j in 0..b.len() {
            close(got.coef()[j], b[j], 1e-10, &format!("{lower:?} {upper:?} {}", got.names[j]));
            close(own[j], se[j], 1e-10, &format!("se of {}", got.names[j]));
        }
    }
}

/// Without a censored row it is least squares with σ² = SSR/n, and the errors are those of the normal likelihood.
#[test]
fn without_censoring_it_is_least_squares() {
    let design = panel48().design("y", &["x", "w"], &["t"], &[], None);
    let ols = Ols::default().fit(&design).unwrap();
    let got = fit(&design, Some(-100.0), None);
    let sigma2 = ols.ssr / 48.0;
    close(got.sigma, sigma2.sqrt(), 1e-12, "sigma");
    let own = errors(&got, &design, Vcov::Iid);
    for j in 0..2 {
        close(got.coef()[j], ols.coef[j], 1e-11, "slope");
        close(own[j], (sigma2 * ols.bread[(j, j)]).sqrt(), 1e-10, "error");
    }
    close(own[2], (sigma2 / 96.0).sqrt(), 1e-10, "error of sigma");
    close(got.inside, 1.0, 1e-15, "probability of being inside");
    assert!(got.notes.iter().any(|n| n.contains("no observation is censored")));
}

/// Units, mirror image, permutation, and the weight 2 for a row twice.
#[test]
fn it_is_equivariant() {
    let design = panel48().design("y", &["x", "w"], &[], &[], None);
    let base = fit(&design, Some(3.0), Some(4.25));
    let scaled = Design {
        y: design.y.iter().map(|y| 1e6 * y).collect(),
        X: Mat::from_fn(48, 3, |i, j| design.X[(i, j)] * [1.0, 1e-4, 1.0][j]),
        ..design.clone()
    };
    let scaled = fit(&scaled, Some(3e6), Some(4.25e6));
    let mirror = Design { y: design.y.iter().map(|y| -y).collect(), ..design.clone() };
    let mirror = fit(&mirror, Some(-4.25), Some(-3.0));
    let order: Vec<usize> = (0..48).map(|i| (i * 31 + 7) % 48).collect();
    let permuted = fit(&design.at(&order), Some(3.0), Some(4.25));
    for j in 0..3 {
        close(scaled.coef()[j] * [1.0, 1e-4, 1.0][j], 1e6 * base.coef()[j], 1e-9, "units");
        close(mirror.coef()[j], -base.coef()[j], 1e-9, "mirror");
        close(permuted.coef()[j], base.coef()[j], 1e-10, "permuted");
    }
    close(mirror.sigma, base.sigma, 1e-9, "mirror");
    let w: Vec<f64> = (0..48).map(|i| if i % 3 == 0 { 2.0 } else { 1.0 }).collect();
    let weighted = fit(&Design { w: Some(w), ..design.clone() }, Some(3.0), None);
    let repeated = fit(&design.at(&(0..48).chain((0..48).step_by(3)).collect::<Vec<_>>()), Some(3.0), None);
    close(weighted.loglik, repeated.loglik, 1e-12, "weights");
    close(weighted.coef()[1], repeated.coef()[1], 1e-9, "weights");
}

/// Clusters of one observation give hc0; the score sums to zero.
#[test]
fn singleton_clusters_are_hc0() {
    let mut design = panel48().design("y", &["x", "w"], &[], &[], None);
    design.cluster = vec![Factor::from_keys("row", 0..48)];
    let got = fit(&design, Some(3.0), None);
    let (a, b) = (errors(&got, &design, Vcov::Cluster(vec!["row".into()])), errors(&got, &design, Vcov::Hc0));
    for j in 0..4 {
        close(a[j], b[j], 1e-12, "hc0");
    }
    assert!(got.gradient < 1e-9);
}

#[test]
fn what_cannot_be_estimated_is_refused() {
    let design = panel48().design("y", &["x", "w"], &[], &[], None);
    let ask =
        |lower, upper| tobit(&design, &Tobit { lower, upper }, &Ols::default()).map(|_| ()).unwrap_err().to_string();
    assert!(ask(Some(100.0), None).contains("every observation is censored"));
    assert!(ask(Some(3.0), Some(3.0)).contains("must be below"));
    assert!(ask(Some(f64::NAN), None).contains("must be below"));
    let few = ask(Some(4.5), None);
    assert!(few.contains("inside the bounds are too few"), "{few}");
    let units = Design {
        fe: vec![Factor::from_keys("u", (0..480).map(|i| i / 2))],
        ..design
            .at(&(0..480).map(|i| i * 7 % 48).collect::<Vec<_>>())
            .with_regressors(&[("x".into(), (0..480).map(|i| (i * 13 % 29) as f64).collect())])
    };
    let many = tobit(&units, &Tobit { lower: Some(3.0), upper: None }, &Ols::default()).unwrap_err().to_string();
    assert!(many.contains("240 levels"), "{many}");
}
