use super::data::{Data, panel48};
use super::{design, unbalanced};
use plim_golden::close;
use plim_stats::absorb::Singletons;
use plim_stats::linear::panel::estimated;
use plim_stats::linear::{Between, FirstDifference, Gaps, Ols, RandomEffects, Regression, Variance, panel_tests};
use plim_stats::math::Mat;
use plim_stats::{Design, Fit};

const ALL: [Variance; 4] = [Variance::SwamyArora, Variance::Amemiya, Variance::WallaceHussain, Variance::Nerlove];

fn fitted(design: &Design, variance: Variance) -> plim_stats::linear::RandomEffectsFit {
    RandomEffects { variance, mundlak: false }.fit(design, Ols::default()).unwrap()
}

/// E q for a quadratic form u'A u of u with covariance σ_u² I + σ_α² DD': tr A, tr D'AD.
fn expectations(A: &Mat<f64>, D: &Mat<f64>) -> [f64; 2] {
    let trace = |M: &Mat<f64>| (0..M.nrows()).map(|i| M[(i, i)]).sum::<f64>();
    [trace(A), trace(&(D.transpose() * A * D))]
}

fn inverse(A: &Mat<f64>) -> Mat<f64> {
    plim_stats::math::linalg::spd_inverse(A, "a test matrix").unwrap()
}

/// In an unbalanced panel the components solve q = E q exactly, computed here with n × n matrices.
#[test]
fn unbalanced_components_are_unbiased_by_dense_algebra() {
    let data = unbalanced();
    let design = design(&data, "y", &["x", "w"]);
    let (n, unit) = (design.nobs(), &design.panel.as_ref().unwrap().unit);
    let N = unit.levels as usize;
    let D = Mat::from_fn(n, N, |i, g| f64::from(u8::from(unit.codes[i] as usize == g)));
    let DD = D.transpose() * &D;
    let B = &D * inverse(&DD) * D.transpose();
    let I = Mat::<f64>::identity(n, n);
    let W = &I - &B;
    let Z = &design.X;
    let X = Z.submatrix(0, 1, n, 2).to_owned();
    let y = Mat::from_fn(n, 1, |i, _| design.y[i]);
    let pooled = &I - Z * inverse(&(Z.transpose() * Z)) * Z.transpose();
    let slopes = inverse(&(X.transpose() * &W * &X)) * X.transpose() * &W;
    let centered = &I - Mat::from_fn(n, n, |_, _| 1.0 / n as f64);
    let within = &centered * (&I - &X * slopes);
    let ZB = &B * Z;
    let between = &B - &ZB * inverse(&(ZB.transpose() * &ZB)) * ZB.transpose();
    for (variance, q) in [
        (Variance::SwamyArora, [within.transpose() * &W * &within, between]),
        (Variance::Amemiya, [within.transpose() * &W * &within, within.transpose() * &B * &within]),
        (Variance::WallaceHussain, [pooled.transpose() * &W * &pooled, pooled.transpose() * &B * &pooled]),
    ] {
        let re = fitted(&design, variance);
        for (form, A) in q.iter().enumerate() {
            let value = (y.transpose() * A * &y)[(0, 0)];
            let [u, a] = expectations(A, &D);
            assert!(!re.truncated, "{variance:?}");
            close(u * re.sigma2_u + a * re.sigma2_effect, value, 1e-10, &format!("{variance:?} form {form}"));
        }
    }
}

#[test]
fn two_periods_first_differences_are_within() {
    let data = panel48().filter(|r| r % 6 < 2);
    let mut d = design(&data, "y", &["x", "w"]);
    // The drift of first differences is a time effect of the within regression.
    let fd = FirstDifference::default().fit(&d, Ols::default()).unwrap();
    d.fe = vec![data.factor("i", &d.rows), data.factor("t", &d.rows)];
    d.X = Mat::from_fn(d.nobs(), 2, |i, j| d.X[(i, j + 1)]);
    d.names.remove(0);
    let within = Ols { singletons: Singletons::Keep, ..Ols::default() }.fit(&d).unwrap();
    for name in ["x", "w"] {
        close(fd.fit.coefficient(name).unwrap(), within.coefficient(name).unwrap(), 1e-11, name);
    }
    assert_eq!(fd.fit.dof_residual(), within.dof_residual());
}

#[test]
fn gaps_span_or_drop() {
    let data = unbalanced();
    let d = design(&data, "y", &["x", "w"]);
    let span = FirstDifference::default().fit(&d, Ols::default()).unwrap();
    let drop = FirstDifference { gaps: Gaps::Drop }.fit(&d, Ols::default()).unwrap();
    assert_eq!(span.fit.nobs(), d.nobs() - 8);
    assert!(span.spanning > 0);
    assert_eq!(drop.dropped, span.spanning);
    assert_eq!(drop.fit.nobs() + drop.dropped, span.fit.nobs());
}

#[test]
fn balanced_between_does_not_need_weights() {
    let d = design(&panel48(), "y", &["x", "w"]);
    let plain = Between::default().fit(&d, Ols::default()).unwrap();
    let weighted = Between { weighted: true }.fit(&d, Ols::default()).unwrap();
    for (a, b) in plain.fit.coef.iter().zip(&weighted.fit.coef) {
        close(*a, *b, 1e-11, "between");
    }
    assert_eq!((plain.fit.nobs(), plain.periods), (8, (6, 6)));
}

#[test]
fn random_effects_ignore_order_and_units_of_measurement() {
    for (data, methods) in [(panel48(), &ALL[..]), (unbalanced(), &ALL[..3])] {
        let d = design(&data, "y", &["x", "w"]);
        let order: Vec<usize> = (0..d.nobs()).map(|i| (i * 29 + 5) % d.nobs()).collect();
        let distinct: std::collections::BTreeSet<_> = order.iter().collect();
        assert_eq!(distinct.len(), d.nobs());
        let shuffled = d.at(&order);
        let mut scaled = d.clone();
        scaled.X.col_as_slice_mut(1).iter_mut().for_each(|x| *x *= 1e6);
        scaled.y.iter_mut().for_each(|y| *y *= 1e-3);
        for &variance in methods {
            let (a, b, c) = (fitted(&d, variance), fitted(&shuffled, variance), fitted(&scaled, variance));
            close(b.sigma2_effect, a.sigma2_effect, 1e-10, "order");
            close(c.sigma2_effect, a.sigma2_effect * 1e-6, 1e-9, "scale");
            for (j, factor) in [(0, 1e-3), (1, 1e-9), (2, 1e-3)] {
                close(b.fit.coef[j], a.fit.coef[j], 1e-10, "order");
                close(c.fit.coef[j], factor * a.fit.coef[j], 1e-9, "scale");
            }
        }
    }
}

#[test]
fn mundlak_and_the_auxiliary_regression_are_one_test() {
    // Balanced, with the same θ: the test of the means and that of the within deviations have one statistic.
    let d = design(&panel48(), "y", &["x", "w"]);
    let plain = RandomEffects::default();
    let re = plain.fit(&d, Ols::default()).unwrap();
    let rules = Regression { vcov: Some("cluster:i".parse().unwrap()), ..Regression::default() };
    let (tests, notes) = panel_tests(&re, &plain, &rules).unwrap();
    // w is constant in unit 7.
    assert!(notes.len() == 1 && notes[0].starts_with("`poolability_slopes` is not given"), "{notes:?}");
    let robust = tests.iter().find(|t| t.name == "hausman_robust").unwrap();
    let mut columns: Vec<(String, Vec<f64>)> =
        (0..3).map(|j| (re.design.names[j].clone(), re.design.X.col_as_slice(j).to_vec())).collect();
    for j in [1, 2] {
        let x = d.X.col_as_slice(j);
        let means = (0..8).flat_map(|u| std::iter::repeat_n(x[6 * u..6 * u + 6].iter().sum::<f64>() / 6.0, 6));
        columns.push((format!("m{j}"), means.map(|m| (1.0 - re.theta.0) * m).collect()));
    }
    let with = re.design.with_regressors(&columns);
    let e = estimated(Ols::default().fit(&with).unwrap(), &with, &rules).unwrap();
    close(e.wald("means", &[3, 4]).unwrap().statistic, robust.statistic, 1e-9, "Mundlak");
}

#[track_caller]
fn refused<T>(result: plim_stats::Result<T>, words: &str) {
    match result {
        Ok(_) => panic!("accepted, wanted: {words}"),
        Err(e) => assert!(e.to_string().contains(words), "{e}"),
    }
}

#[test]
fn refusals() {
    let d = design(&panel48(), "y", &["x", "w"]);
    let ols = Ols::default;
    let re = |d: &Design| RandomEffects::default().fit(d, ols());
    refused(re(&Design { panel: None, ..d.clone() }), "set `unit` and `time`");
    refused(re(&d.at(&[0, 1, 2, 2, 8, 9])), "two observations at the same time");
    refused(re(&d.at(&[0, 1, 2, 3, 4, 5])), "one unit only");
    refused(re(&Design { w: Some(vec![1.0; 48]), ..d.clone() }), "takes no weights");
    refused(re(&Design { fe: vec![d.cluster[0].clone()], ..d.clone() }), "absorbs no fixed effects");
    refused(
        RandomEffects { variance: Variance::Nerlove, mundlak: false }
            .fit(&design(&unbalanced(), "y", &["x", "w"]), ols()),
        "balanced panels",
    );
    // Three units, three between parameters.
    refused(re(&d.at(&(0..18).collect::<Vec<_>>())), "no more than regressors");
    refused(FirstDifference::default().fit(&d.at(&[0, 6, 12, 18]), ols()), "two observations to take a difference");
    let mut constant: Data = panel48();
    constant.set("c", constant.get("i"));
    refused(
        FirstDifference::default().fit(&design(&constant, "y", &["c"]), ols()),
        "every regressor is collinear or absorbed",
    );
    let mixed = FirstDifference::default().fit(&design(&constant, "y", &["c", "x"]), ols()).unwrap();
    assert_eq!(mixed.fit.dropped[0].name, "c");
    let by_time = Design { cluster: vec![plim_stats::Factor::from_keys("t", (0..48).map(|i| i % 6))], ..d.clone() };
    refused(Between::default().fit(&by_time, ols()), "changes within units");
}
