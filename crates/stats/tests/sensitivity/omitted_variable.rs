//! Omitted variables: the published example, a confounder that is really there, refusals.

use crate::panel;
use plim_golden::close;
use plim_stats::linear::{Ols, Regression};
use plim_stats::math::dist::t_quantile;
use plim_stats::sensitivity::omitted_variable::{Classical, Strength, limit, partial_r2};
use plim_stats::sensitivity::{OmittedVariable, omitted_variable};
use plim_stats::{Design, Fit};

/// Exposure to violence in Darfur: estimate, standard error and degrees of freedom of the published regression.
const DARFUR: Classical = Classical { estimate: 0.09731582, std_error: 0.02325654, df: 783.0 };

/// Cinelli and Hazlett (2020), table 1: t = 4.18, partial R² 2.2 %, RV 13.9 %, RV at 5 % 7.6 %. The digits are those that
/// R's sensemakr tests itself against (carloscinelli/sensemakr 0cf7529, tests/testthat/test-02-darfur.R), which has them
/// to 1e-5 or, for the adjusted estimates, in full from the rounded inputs above.
#[test]
fn darfur_as_published() {
    close(DARFUR.t(), 4.18445, 1e-6, "t");
    close(partial_r2(DARFUR.t(), DARFUR.df), 0.02187309, 1e-6, "partial R²");
    close(DARFUR.robustness_value(1.0, 0.0), 0.1387764, 1e-6, "RV");
    close(DARFUR.robustness_value(1.0, DARFUR.critical(0.05)), 0.07625797, 1e-6, "RV at 5 %");
    // `female` from its own bound, one times as strong; twice and three times must follow.
    let r2dz = 0.00916428667504862_f64;
    let r = r2dz / (1.0 + r2dz);
    let eta2 = (1.0 + r2dz).powi(2) / (1.0 - r2dz * r2dz);
    let odds = 0.12464092303637 / eta2;
    let s = odds / (1.0 + odds);
    let printed = [
        (0.0183285733500972, 0.249324064199975, 0.0529151689180575, 0.0203500639944344, 2.60024582392121),
        (0.0274928600251459, 0.374050471038094, 0.0303960178770157, 0.0186700665753491, 1.62806156873318),
    ];
    for (k, (r2dz_x, r2yz_dx, estimate, std_error, t)) in [2.0, 3.0].into_iter().zip(printed) {
        let bound = Strength::multiple(k, r, s).unwrap();
        close(bound.r2dz_x, r2dz_x, 1e-12, "R²dz");
        close(bound.r2yz_dx, r2yz_dx, 1e-11, "R²yz");
        let (b, se) = DARFUR.adjusted(bound);
        close(b, estimate, 1e-9, "adjusted estimate");
        close(se, std_error, 1e-9, "adjusted standard error");
        close(b / se, t, 1e-9, "adjusted t");
    }
    let (b, se) = DARFUR.adjusted(Strength::multiple(1.0, r, s).unwrap());
    close(b, 0.0752202698486415, 1e-9, "once");
    // The printed interval has the quantile of 783 degrees of freedom: sensemakr counts none for the confounder.
    close(b - t_quantile(0.975, 783.0) * se, 0.0322829603180086, 1e-8, "lower bound");
    // The sign of the estimate is kept.
    let mirrored = Classical { estimate: -DARFUR.estimate, ..DARFUR };
    assert_eq!(
        mirrored.adjusted(Strength { r2dz_x: 0.1, r2yz_dx: 0.1 }).0,
        -DARFUR.adjusted(Strength { r2dz_x: 0.1, r2yz_dx: 0.1 }).0
    );
}

/// A confounder at the robustness value does what the value says.
#[test]
fn robustness_values_are_where_they_should_be() {
    for (t, df, q) in [(4.2, 783.0, 1.0), (2.5, 12.0, 1.0), (9.0, 40.0, 0.5), (50.0, 5.0, 1.0), (400.0, 6.0, 1.0)] {
        let own = Classical { estimate: 2.0 * t, std_error: 2.0, df };
        let null = (1.0 - q) * own.estimate;
        let rv = own.robustness_value(q, 0.0);
        let b = own.adjusted(Strength { r2dz_x: rv, r2yz_dx: rv }).0;
        assert!((b - null).abs() < 1e-10 * own.estimate, "RV {t} {df}: {b}");
        let c = own.critical(0.05);
        let rva = own.robustness_value(q, c);
        // The worst R²yz up to the value itself: there t is just critical, and elsewhere it is not below.
        let worst = rva.min(rva / (rva + c * c));
        let after = |r2yz_dx: f64| {
            let (b, se) = own.adjusted(Strength { r2dz_x: rva, r2yz_dx });
            (b - null) / se
        };
        let quantile = t_quantile(0.975, df - 1.0);
        close(after(worst), quantile, 1e-9, "RV at 5 %");
        assert!((0..=50).all(|i| after(rva * f64::from(i) / 50.0) > quantile * (1.0 - 1e-9)), "{t} {df}");
        for r in [0.01, 0.3, 1.0] {
            let r2dz_x = limit(own.f(q), c, r);
            let (b, se) = own.adjusted(Strength { r2dz_x, r2yz_dx: r });
            // Against 1, because at R²yz = 1 both sides are zero.
            close(1.0 + (b - null) / own.std_error, 1.0 + quantile * se / own.std_error, 1e-9, "limit");
        }
    }
    let weak = Classical { estimate: 1.0, std_error: 1.0, df: 30.0 };
    assert_eq!(weak.robustness_value(1.0, weak.critical(0.05)), 0.0);
    assert_eq!(limit(weak.f(1.0), weak.critical(0.05), 0.2), 0.0);
    // Extremes of size lose nothing.
    assert!(Classical { estimate: 1e12, std_error: 1.0, df: 30.0 }.robustness_value(1.0, 0.0) <= 1.0);
}

/// A confounder that is really there: short regression and exact partial R² give the long one.
#[test]
fn an_actual_confounder_gives_the_long_regression() {
    let data = panel();
    for (effects, weights) in [(&["i", "t"][..], None), (&["region"], Some("a")), (&[], None)] {
        let regressors = |z: bool| -> Design {
            let names: &[&str] = if z { &["x", "w", "z"] } else { &["x", "w"] };
            data.design("y", names, effects, &[], weights)
        };
        let fit = |d: &Design| Ols::default().fit(d).unwrap();
        let (short, long) = (fit(&regressors(false)), fit(&regressors(true)));
        let at = |f: &plim_stats::linear::OlsFit, name: &str| f.names.iter().position(|n| n == name).unwrap();
        let classical = |f: &plim_stats::linear::OlsFit, name: &str| {
            let j = at(f, name);
            Classical {
                estimate: f.coef[j],
                std_error: (f.sigma2 * f.bread[(j, j)]).sqrt(),
                df: f.dof_residual() as f64,
            }
        };
        let (x, z) = (at(&long, "x"), at(&long, "z"));
        let B = &long.bread;
        let strength = Strength {
            r2dz_x: B[(x, z)].powi(2) / (B[(x, x)] * B[(z, z)]),
            r2yz_dx: partial_r2(classical(&long, "z").t(), long.dof_residual() as f64),
        };
        let (b, se) = classical(&short, "x").adjusted(strength);
        let want = classical(&long, "x");
        close(b, want.estimate, 1e-10, "estimate");
        close(se, want.std_error, 1e-10, "standard error");
    }
}

#[test]
fn robustness_and_benchmarks_of_a_design() {
    let d = panel().design("y", &["x", "w", "z"], &["i", "t"], &["i"], None);
    let options = OmittedVariable {
        treatment: "x".into(),
        benchmarks: vec!["w".into()],
        multiples: vec![0.5, 1.0, 40.0],
        ..OmittedVariable::default()
    };
    let iid = Regression { vcov: Some("iid".parse().unwrap()), ..Regression::default() };
    let classical = omitted_variable(&d, &options, &iid).unwrap();
    let r = &classical.robustness;
    // The partial R² of w with x, from the regression of x itself.
    let of_x = Design { y: d.X.col_as_slice(0).to_vec(), ..d.with_regressors(&d.regressors()[1..]) };
    let fit = Ols::default().fit(&of_x).unwrap();
    let t = fit.coef[0] / (fit.sigma2 * fit.bread[(0, 0)]).sqrt();
    let r2d = partial_r2(t, fit.dof_residual() as f64);
    let first = &classical.benchmarks[1];
    close(first.strength.unwrap().r2dz_x, r2d / (1.0 - r2d), 1e-10, "R²dz");
    // Under `iid` both inferences are one.
    close(r.covariance.rv_qa, r.rv_qa, 1e-12, "RV");
    close(r.covariance.rv_qa_of_t, r.rv_qa, 1e-12, "RV of t");
    close(r.extreme[0].r2dz_x, r.partial_r2, 1e-12, "the extreme scenario is the partial R²");
    let (test, own) = (first.test.as_ref().unwrap(), first.covariance.as_ref().unwrap());
    close(own.std_error, test.std_error, 1e-12, "standard error");
    close(own.conf_low, test.conf_low, 1e-12, "interval");
    assert!(classical.benchmarks[2].strength.is_none() && classical.benchmarks[2].estimate.is_none());
    assert!(classical.notes.iter().any(|n| n.contains("40 times as strong as `w`")), "{:?}", classical.notes);
    // Clusters change inference alone.
    let clustered =
        omitted_variable(&d, &options, &Regression { vcov: Some("cluster:i".parse().unwrap()), ..iid }).unwrap();
    let c = &clustered.robustness;
    assert_eq!((c.rv_q, c.partial_r2, c.rv_qa), (r.rv_q, r.partial_r2, r.rv_qa));
    assert!(c.covariance.rv_qa != c.rv_qa && c.covariance.df == 25.0);
}

#[test]
fn what_has_no_answer_is_refused() {
    let d = panel().design("y", &["x", "w"], &["i"], &[], None);
    let set = || OmittedVariable { treatment: "x".into(), ..OmittedVariable::default() };
    let says = |options: OmittedVariable, what: &str| {
        let e = omitted_variable(&d, &options, &Regression::default()).unwrap_err().to_string();
        assert!(e.contains(what), "{e}");
    };
    says(OmittedVariable { treatment: "v".into(), ..set() }, "`treatment` names `v`");
    says(OmittedVariable { benchmarks: vec!["v".into()], ..set() }, "`benchmarks` names `v`");
    says(OmittedVariable { benchmarks: vec!["x".into()], ..set() }, "names the treatment");
    says(OmittedVariable { multiples: vec![1.0, 0.0], ..set() }, "`multiples` has 0");
    says(OmittedVariable { q: -1.0, ..set() }, "`q` is -1");
    says(OmittedVariable { alpha: 1.0, ..set() }, "`alpha` is 1");
}
