//! Coefficient stability: exact arithmetic, worlds whose selection is known, refusals.

use crate::panel;
use plim_golden::close;
use plim_stats::linear::{INTERCEPT, Ols, Regression};
use plim_stats::math::Mat;
use plim_stats::math::rng::Stream;
use plim_stats::sensitivity::oster::{Judged, Selection};
use plim_stats::sensitivity::{Oster, oster};
use plim_stats::{Design, Factor, Fit};

/// Motor Trend's road tests of 32 cars (Henderson and Velleman 1981, Biometrics 37: 391-411; R's `mtcars`): miles per
/// gallon, weight, horsepower, quarter-mile time.
const CARS: [[f64; 4]; 32] = [
    [21.0, 2.62, 110.0, 16.46],
    [21.0, 2.875, 110.0, 17.02],
    [22.8, 2.32, 93.0, 18.61],
    [21.4, 3.215, 110.0, 19.44],
    [18.7, 3.44, 175.0, 17.02],
    [18.1, 3.46, 105.0, 20.22],
    [14.3, 3.57, 245.0, 15.84],
    [24.4, 3.19, 62.0, 20.0],
    [22.8, 3.15, 95.0, 22.9],
    [19.2, 3.44, 123.0, 18.3],
    [17.8, 3.44, 123.0, 18.9],
    [16.4, 4.07, 180.0, 17.4],
    [17.3, 3.73, 180.0, 17.6],
    [15.2, 3.78, 180.0, 18.0],
    [10.4, 5.25, 205.0, 17.98],
    [10.4, 5.424, 215.0, 17.82],
    [14.7, 5.345, 230.0, 17.42],
    [32.4, 2.2, 66.0, 19.47],
    [30.4, 1.615, 52.0, 18.52],
    [33.9, 1.835, 65.0, 19.9],
    [21.5, 2.465, 97.0, 20.01],
    [15.5, 3.52, 150.0, 16.87],
    [15.2, 3.435, 150.0, 17.3],
    [13.3, 3.84, 245.0, 15.41],
    [19.2, 3.845, 175.0, 17.05],
    [27.3, 1.935, 66.0, 18.9],
    [26.0, 2.14, 91.0, 16.7],
    [30.4, 1.513, 113.0, 16.9],
    [15.8, 3.17, 264.0, 14.5],
    [19.7, 2.77, 175.0, 15.5],
    [15.0, 3.57, 335.0, 14.6],
    [21.4, 2.78, 109.0, 18.6],
];

fn design(y: Vec<f64>, regressors: &[(&str, Vec<f64>)]) -> Design {
    let n = y.len();
    Design {
        y,
        outcome: "y".into(),
        X: Mat::from_fn(n, regressors.len() + 1, |i, j| if j == 0 { 1.0 } else { regressors[j - 1].1[i] }),
        names: [INTERCEPT].into_iter().chain(regressors.iter().map(|r| r.0)).map(String::from).collect(),
        rows: (0..n).collect(),
        ..Design::default()
    }
}

fn cars() -> Design {
    let column = |j: usize| CARS.iter().map(|c| c[j]).collect::<Vec<f64>>();
    design(column(0), &[("wt", column(1)), ("hp", column(2)), ("qsec", column(3))])
}

fn options(treatment: &str) -> Oster {
    Oster { treatment: treatment.into(), ..Oster::default() }
}

fn judge(design: &Design, options: &Oster) -> Judged {
    oster(design, &Factor::from_keys("row", 0..design.nobs()), options, &Regression::default(), 1).unwrap()
}

fn refused(design: &Design, options: &Oster) -> String {
    let row = Factor::from_keys("row", 0..design.nobs());
    oster(design, &row, options, &Regression::default(), 1).unwrap_err().to_string()
}

/// The example of R's robomit, `o_beta(y = "mpg", x = "wt", con = "hp + qsec", delta = 1, R2max = 0.9)`, and variants.
///
/// Expected: least squares in Python 3 fractions, so without rounding; Proposition 3 multiplied out as psacalc has it,
///
///     p = bt - beta; num = p*(Rt-Ro)*syy*tx + p*sxx*tx*(bo-bt)**2 + 2*p**2*tx*(bo-bt)*sxx + p**3*(tx*sxx-tx**2)
///     den = (Rmax-Rt)*syy*(bo-bt)*sxx + p*(Rmax-Rt)*syy*(sxx-tx) + p**2*tx*(bo-bt)*sxx + p**3*(tx*sxx-tx**2)
///
/// with sums of squares sxx of wt off constant and kept controls, tx off all controls, syy of mpg about its mean;
/// delta = num/den, and the roots of num - delta den by bisection in decimals of 50 digits.
#[test]
fn cars_in_exact_arithmetic() {
    let set = |r2_max: Option<f64>, delta: f64, beta: f64| Oster { r2_max, delta, beta, ..options("wt") };
    let first = judge(&cars(), &set(Some(0.9), 1.0, 0.0)).stability;
    close(first.short.estimate, -5.344471572722677, 1e-12, "short");
    close(first.long.estimate, -4.358797200162681, 1e-12, "long");
    close(first.short.r2, 0.7528327936582646, 1e-12, "R short");
    close(first.long.r2, 0.8347677617058299, 1e-12, "R long");
    close(first.delta.unwrap(), 1.1511363308702056, 1e-10, "delta");
    close(first.beta_star.unwrap(), -2.000184938837419, 1e-10, "beta*");
    close(first.beta_approximate.unwrap(), -3.57405599523582, 1e-11, "approximation");
    let roots: Vec<(f64, bool, bool)> = first.roots.iter().map(|r| (r.estimate, r.keeps_sign, r.chosen)).collect();
    close(roots[0].0, -7.014095141259383, 1e-10, "the other root");
    assert!(roots.len() == 2 && !roots[0].1 && !roots[0].2 && roots[1].1 && roots[1].2);
    assert_eq!(first.bound, Some([first.long.estimate, first.beta_star.unwrap()]));
    assert_eq!(first.excludes_beta, Some(true));
    // 1.3 R² is above one.
    let rule = judge(&cars(), &set(None, 1.0, 0.0)).stability;
    assert!(rule.r2_max == 1.0 && rule.r2_max_by == "rule");
    close(rule.delta.unwrap(), 0.8341264108945412, 1e-10, "delta under the rule");
    close(rule.beta_star.unwrap(), 3.3054219619354965, 1e-10, "beta* under the rule");
    assert_eq!(rule.excludes_beta, Some(false));
    // Half, twice and opposite selection are cubics.
    let half = judge(&cars(), &set(Some(0.9), 0.5, -2.0)).stability;
    close(half.delta.unwrap(), 1.0000320373818297, 1e-10, "delta of -2");
    close(half.beta_star.unwrap(), -3.5136223224832057, 1e-10, "half");
    close(
        judge(&cars(), &set(Some(0.9), -1.0, 0.0)).stability.beta_star.unwrap(),
        -5.368172985785376,
        1e-10,
        "minus one",
    );
    let twice = judge(&cars(), &set(Some(0.9), 2.0, 0.0));
    close(twice.stability.roots[0].estimate, -6.406106862963239, 1e-10, "twice");
    assert!(twice.stability.beta_star.is_none() && twice.notes.iter().any(|n| n.contains("keeps the sign")));
    // A control that stays.
    let kept = judge(&cars(), &Oster { controls: vec!["hp".into()], ..set(Some(0.95), 1.0, 0.0) }).stability;
    close(kept.short.estimate, -3.8778307424046807, 1e-12, "short with hp");
    close(kept.delta.unwrap(), 0.4009622814896678, 1e-10, "delta with hp");
    close(kept.beta_star.unwrap(), -11.302005707543849, 1e-9, "beta* with hp");
    // One control moves x and y in proportion: the approximation is exact.
    close(kept.beta_approximate.unwrap(), kept.beta_star.unwrap(), 1e-9, "one control");
}

/// Columns of mean zero, orthonormal.
fn orthonormal(n: usize, k: usize, seed: u64) -> Vec<Vec<f64>> {
    let mut s = Stream::new(seed, 0);
    let mut basis: Vec<Vec<f64>> = vec![vec![1.0 / (n as f64).sqrt(); n]];
    while basis.len() <= k {
        let mut v: Vec<f64> = (0..n).map(|_| s.normal()).collect();
        for _ in 0..2 {
            for b in &basis {
                let r: f64 = b.iter().zip(&v).map(|(b, v)| b * v).sum();
                v.iter_mut().zip(b).for_each(|(v, b)| *v -= r * b);
            }
        }
        let norm = v.iter().map(|v| v * v).sum::<f64>().sqrt();
        v.iter_mut().for_each(|v| *v /= norm);
        basis.push(v);
    }
    basis.split_off(1)
}

#[test]
fn known_selection_gives_back_the_truth() {
    let truth = 0.7;
    for (at, delta) in [1.0, 0.6, 1.4].into_iter().enumerate() {
        let u = orthonormal(60, 5, 3 + at as u64);
        let mix = |c: [f64; 5]| -> Vec<f64> { (0..60).map(|i| (0..5).map(|j| c[j] * u[j][i]).sum()).collect() };
        // The index of the controls is u0 + 2 u1, what is not observed 1.5 u2, noise 0.8 u4.
        let (index, hidden, loads) = ([1.0, 2.0], 1.5, [0.5, 0.2]);
        let (s1x, s1) = (index[0] * loads[0] + index[1] * loads[1], index[0] * index[0] + index[1] * index[1]);
        let own = delta * s1x / s1 * hidden;
        let x = mix([loads[0], loads[1], own, 1.0, 0.0]);
        let rest = mix([index[0], index[1], hidden, 0.0, 0.8]);
        let y: Vec<f64> = x.iter().zip(&rest).map(|(x, r)| truth * x + r).collect();
        let total: f64 = y.iter().map(|y| y * y).sum();
        // Units must not matter.
        let x = x.iter().map(|x| x * 1000.0).collect();
        let d = design(y, &[("x", x), ("w1", u[0].clone()), ("w2", u[1].clone())]);
        let set = Oster { r2_max: Some(1.0 - 0.64 / total), delta, beta: truth / 1000.0, ..options("x") };
        let found = judge(&d, &set).stability;
        close(found.beta_star.unwrap(), truth / 1000.0, 1e-10, "beta*");
        close(found.delta.unwrap(), delta, 1e-10, "delta");
    }
}

#[test]
fn delta_and_adjusted_effect_are_inverse() {
    let s = Selection { short: 2.0, long: 1.4, r2_short: 0.1, r2_long: 0.4, r2_max: 0.52, left: 0.7, unit: 3.0 };
    for delta in [-2.0f64, -0.3, 0.2, 0.999_999, 1.0, 1.000_001, 1.5, 3.0] {
        let roots = s.adjusted(delta);
        assert!(!roots.is_empty());
        for (beta, _) in roots {
            assert!((s.delta(beta) - delta).abs() < 1e-10 * delta.abs().max(1.0), "{delta} {beta}: {}", s.delta(beta));
        }
    }
    assert_eq!(s.delta(s.long), 0.0);
    close(s.chosen(0.0).unwrap(), s.long, 1e-14, "no selection");
}

/// Absorbed effects are dummies that stay in the short regression, once R² max is counted of the same variance.
#[test]
fn effects_are_dummies_that_stay() {
    let data = panel();
    let absorbed = data.design("y", &["x", "z", "w"], &["i"], &["i"], Some("a"));
    let iid = Regression { vcov: Some("iid".parse().unwrap()), ..Regression::default() };
    let row = Factor::from_keys("row", 0..absorbed.nobs());
    let set = Oster { r2_max: Some(0.8), delta: 1.3, ..options("x") };
    let within = oster(&absorbed, &row, &set, &iid, 1).unwrap();
    let unit = data.get("i");
    let mut regressors = vec![(INTERCEPT.to_string(), vec![1.0; data.n])];
    regressors.extend(absorbed.regressors());
    let dummy = |i: f64| unit.iter().map(|v| f64::from(u8::from(*v == i))).collect::<Vec<f64>>();
    regressors.extend((1..26).map(|i| (format!("unit{i}"), dummy(f64::from(i)))));
    let dummies = Design { fe: Vec::new(), ..absorbed.with_regressors(&regressors) };
    let fit = &within.estimated.fit;
    let set = Oster {
        r2_max: Some(1.0 - 0.2 * fit.sst_within / fit.sst),
        controls: (1..26).map(|i| format!("unit{i}")).collect(),
        ..set
    };
    let by_hand = oster(&dummies, &row, &set, &iid, 1).unwrap();
    let (a, b) = (&within.stability, &by_hand.stability);
    for (a, b, what) in [
        (a.delta, b.delta, "delta"),
        (a.beta_star, b.beta_star, "beta*"),
        (a.beta_approximate, b.beta_approximate, "approximation"),
    ] {
        close(a.unwrap(), b.unwrap(), 1e-9, what);
    }
    close(a.short.std_error, b.short.std_error, 1e-9, "standard error");
    assert!(within.notes.iter().any(|n| n.contains("within the fixed effects")));
    assert!(by_hand.notes.iter().any(|n| n.contains("about the mean")));
}

#[test]
fn the_bootstrap_is_of_clusters_and_of_the_seed() {
    let d = panel().design("y", &["x", "z", "w"], &["i", "t"], &[], None);
    let set = Oster { replications: 99, ..options("x") };
    let run = |threads, seed| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| oster(&d, &d.fe[0], &set, &Regression::default(), seed)).unwrap().stability
    };
    let one = run(1, 5);
    assert_eq!(one, run(2, 5));
    assert_ne!(one.bootstrap, run(1, 6).bootstrap);
    let drawn = one.bootstrap.unwrap();
    let (beta, delta) = (drawn.beta_star.unwrap(), drawn.delta.unwrap());
    assert!(beta.conf_low < one.beta_star.unwrap() && one.beta_star.unwrap() < beta.conf_high, "{beta:?}");
    assert!(delta.conf_low < one.delta.unwrap() && one.delta.unwrap() < delta.conf_high, "{delta:?}");
    assert_eq!(beta.replications + beta.failed, 99);
}

#[test]
fn what_has_no_answer_is_refused() {
    let d = cars();
    let says = |set: &Oster, what: &str| {
        let e = refused(&d, set);
        assert!(e.contains(what), "{e}");
    };
    says(
        &options("weight"),
        "`treatment` names `weight`, which is not a regressor of the formula; name one of: wt, hp, qsec",
    );
    says(&options(INTERCEPT), "is not a regressor");
    says(&Oster { controls: vec!["cyl".into()], ..options("wt") }, "`controls` names `cyl`");
    says(&Oster { controls: vec!["hp".into(), "qsec".into()], ..options("wt") }, "nothing moves");
    says(&Oster { r2_max: Some(0.5), ..options("wt") }, "`r2_max` is 0.5, and the long regression explains 0.8348");
    says(&Oster { r2_max: Some(1.5), ..options("wt") }, "to 1 at most");
    says(&Oster { delta: f64::NAN, ..options("wt") }, "`delta` is NaN");
    says(&Oster { beta: f64::INFINITY, ..options("wt") }, "`beta` is inf");
    // The classical fit stands behind it all.
    close(Ols::default().fit(&d).unwrap().coef()[1], -4.358797200162681, 1e-12, "wt");
}
