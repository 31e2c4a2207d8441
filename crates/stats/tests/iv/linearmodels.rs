//! LIML, Fuller, k-class and GMM against linearmodels 7.1 (numpy 2.4.6, Python 3.11), and the rank statistics,
//! Anderson-Rubin sets and critical values against numpy alone. The data are the 48 rows of methods.md 6.0 with
//! z2 = z², zw = z w; "fe" has the effects i and t, which linearmodels got as dummies:
//!
//! ```python
//! exog = d[["c", "w"]]                      # "fe": and dummies of i = 2..8, t = 2..6
//! IVLIML(d.y, exog, d[["x"]], d[["z", "z2"]], fuller=1).fit(cov_type="robust")
//! IVGMM(d.y, exog, d[["x", "m"]], d[["z", "z2", "zw"]], weight_type="clustered", clusters=d.i)
//!     .fit(iter_limit=2, cov_type="clustered", clusters=d.i)
//! ```
//!
//! "unadjusted" has `debiased=True`, the others no small-sample factor: our `ssc = "none"`.

use crate::{Model, line, panel48, run};
use plim_golden::close;
use plim_stats::linear::{Estimator, Instrumental, InstrumentalFit, Shape};

const ONE: (&[&str], &[&str]) = (&["x"], &["z", "z2"]);
const TWO: (&[&str], &[&str]) = (&["x", "m"], &["z", "z2", "zw"]);
const FE: &[&str] = &["i", "t"];

fn fitted(fe: &[&str], (d, z): (&[&str], &[&str]), estimator: Estimator, how: &str) -> InstrumentalFit {
    let model = Model { y: "y", w: &["w"], fe, d, z, cluster: &["i"], weights: None };
    run(&model.design(&panel48()), estimator, how, if how == "iid" { "exact_rank" } else { "none" })
}

/// Estimates of the endogenous variables and of w, then their standard errors.
#[track_caller]
fn check(fit: &InstrumentalFit, want: &[f64], tolerance: f64) {
    let k = want.len() / 2;
    let names: &[&str] = if k == 2 { &["x", "w"] } else { &["x", "m", "w"] };
    for (j, name) in names.iter().enumerate() {
        let [b, se] = line(fit, name);
        close(b, want[j], tolerance, name);
        close(se, want[k + j], tolerance, &format!("se {name} {}", fit.estimated.covariance.label));
    }
}

/// With two endogenous variables the instruments are nearly irrelevant (Cragg-Donald 0.26 and 0.12), which costs
/// linearmodels, who inverts X'Z(Z'Z)⁻¹Z'X of the raw data, about four digits.
const WEAK: f64 = 1e-7;

#[test]
fn k_class() {
    use Estimator::{KClass, Liml, TwoStage};
    let (liml, fuller, half) = (Liml { fuller: 0.0 }, Liml { fuller: 1.0 }, KClass { kappa: 0.5 });
    type Case = (Estimator, &'static [&'static str], [[f64; 4]; 3]);
    let cases: [Case; 8] = [
        (
            TwoStage,
            &[],
            [
                [0.28964477104576586, -0.3543361743371855, 0.3188264351685735, 0.22588657057408593],
                [0.28964477104576586, -0.3543361743371855, 0.3137148554802659, 0.23724306862489378],
                [0.28964477104576586, -0.3543361743371855, 0.22016296425567458, 0.25864612925929176],
            ],
        ),
        (
            liml,
            &[],
            [
                [0.27968837754753395, -0.35470138702445303, 0.3207459846980029, 0.22651487961666072],
                [0.27968837754753395, -0.35470138702445303, 0.31623226614207733, 0.23800535841898002],
                [0.27968837754753395, -0.35470138702445303, 0.22190767703603112, 0.2594452300224176],
            ],
        ),
        (
            fuller,
            &[],
            [
                [0.30830884678238135, -0.3536515532184623, 0.3152618431142916, 0.22472827971169168],
                [0.30830884678238135, -0.3536515532184623, 0.3090449868598352, 0.23583099272951424],
                [0.30830884678238135, -0.3536515532184623, 0.21706834376686668, 0.2571848965117496],
            ],
        ),
        (
            half,
            &[],
            [
                [0.7379317856949386, -0.337892458515987, 0.24466701807424607, 0.20595199186045468],
                [0.7379317856949386, -0.337892458515987, 0.21617898419699275, 0.2103289534391032],
                [0.7379317856949386, -0.337892458515987, 0.18816717129724406, 0.23843090390742747],
            ],
        ),
        (
            TwoStage,
            FE,
            [
                [0.42164796518817127, -0.2162877511780419, 0.2556327944914302, 0.17268182673692112],
                [0.42164796518817127, -0.2162877511780419, 0.1828615218586042, 0.1491393144951922],
                [0.42164796518817127, -0.2162877511780419, 0.18491996307213227, 0.1813450807794894],
            ],
        ),
        (
            liml,
            FE,
            [
                [0.4204547138334931, -0.21616615068063183, 0.2559516359729785, 0.17280028922375135],
                [0.4204547138334931, -0.21616615068063183, 0.18320578212811534, 0.1492656772212755],
                [0.4204547138334931, -0.21616615068063183, 0.18527233837725343, 0.18146893541449594],
            ],
        ),
        (
            fuller,
            FE,
            [
                [0.45717599465830716, -0.2199083010633922, 0.24630658143153947, 0.16923511336264663],
                [0.45717599465830716, -0.2199083010633922, 0.1729709182492982, 0.14544833724068185],
                [0.45717599465830716, -0.2199083010633922, 0.1751984138485209, 0.17774516584595443],
            ],
        ),
        (
            half,
            FE,
            [
                [0.8050897876051408, -0.25536310286217123, 0.1717983327963793, 0.1454759756635496],
                [0.8050897876051408, -0.25536310286217123, 0.10686473988857154, 0.1182334703272847],
                [0.8050897876051408, -0.25536310286217123, 0.13533825164580615, 0.1527888142956729],
            ],
        ),
    ];
    for (estimator, fe, rows) in cases {
        for (how, want) in ["iid", "hc0", "cluster:i"].into_iter().zip(rows) {
            check(&fitted(fe, ONE, estimator, how), &want, 1e-10);
        }
    }
    let kappa = |fe, which, estimator| fitted(fe, which, estimator, "iid").kappa.unwrap();
    for (fe, which, estimator, want) in [
        (&[][..], ONE, liml, 1.0078101254592),
        (&[][..], ONE, fuller, 0.9850828527319273),
        (FE, ONE, liml, 1.0009807477455654),
        (FE, ONE, fuller, 0.9697307477455654),
        (&[][..], TWO, liml, 1.0034439127717496),
        (&[][..], TWO, fuller, 0.9801880988182612),
        (FE, TWO, liml, 1.0000102602132896),
        (FE, TWO, fuller, 0.9677521956971606),
    ] {
        close(kappa(fe, which, estimator), want, 1e-12, "kappa");
    }
}

#[test]
fn k_class_with_two_endogenous_variables() {
    let (liml, fuller) = (Estimator::Liml { fuller: 0.0 }, Estimator::Liml { fuller: 1.0 });
    for (estimator, how, want) in [
        (
            Estimator::TwoStage,
            "cluster:i",
            [
                2.3229691078304313,
                -7.040335206573218,
                1.013710655796558,
                1.66595202830305,
                5.721761122479968,
                1.2659987370919747,
            ],
        ),
        (
            liml,
            "hc0",
            [
                2.9259742728722813,
                -9.144256522322394,
                1.4223655201199108,
                4.347543503624461,
                15.004323684630995,
                3.0263832496725063,
            ],
        ),
        (
            liml,
            "cluster:i",
            [
                2.9259742728722813,
                -9.144256522322394,
                1.4223655201199108,
                2.3671489941342587,
                8.173997713610023,
                1.776942604314394,
            ],
        ),
        (
            fuller,
            "iid",
            [
                1.0077300884345277,
                -2.410257861198261,
                0.11482062655545633,
                1.5772021379370618,
                5.199308749754417,
                1.0477761927286207,
            ],
        ),
    ] {
        check(&fitted(&[], TWO, estimator, how), &want, WEAK);
    }
    for (estimator, how, want) in [
        (
            Estimator::TwoStage,
            "hc0",
            [
                -2.65912834271694,
                9.13205709696922,
                -1.7011280667575193,
                3.0210494130793917,
                8.69714836968631,
                1.3941957861138339,
            ],
        ),
        (
            liml,
            "iid",
            [
                -2.6613770968097015,
                9.138574787881225,
                -1.7021827294579452,
                4.517708617807135,
                12.975285968672003,
                2.1290166570883073,
            ],
        ),
        (
            fuller,
            "cluster:i",
            [
                -0.794572504953976,
                3.774138927768945,
                -0.8357598752636477,
                0.36492063135139635,
                0.973104713991653,
                0.2036177006468323,
            ],
        ),
    ] {
        check(&fitted(FE, TWO, estimator, how), &want, WEAK);
    }
}

/// With effects linearmodels got the variables off the dummies. Given the dummies as exogenous regressors it has the
/// same estimates, J and C, but leaves their moments Σu at S_WZ S_ZZ⁻¹g instead of zero, so that the errors differ in the
/// third digit.
#[test]
fn gmm() {
    let gmm = |fe, which, how| fitted(fe, which, Estimator::Gmm, how);
    // Estimates and standard errors, J, C of the endogenous variables.
    for (fe, how, want, j, c) in [
        (
            &[][..],
            "hc0",
            [0.32449548423952446, -0.35256907143191185, 0.3070429717130029, 0.23452236114091105],
            0.3900793237371593,
            9.98265873219399,
        ),
        (
            &[][..],
            "cluster:i",
            [0.2279357418646027, -0.25533616910627155, 0.2138645743766415, 0.21558329095997658],
            0.5351283082032835,
            5.307208931658964,
        ),
        (
            FE,
            "hc0",
            [0.4195647884324953, -0.21840549350089397, 0.18276002705590275, 0.14917984011202245],
            0.06338759956751376,
            14.856251122248592,
        ),
        (
            FE,
            "cluster:i",
            [0.364685929542262, -0.2400728779622389, 0.10319406219866484, 0.17746108239945768],
            0.14364735580782353,
            6.332309144815951,
        ),
    ] {
        let fit = gmm(fe, ONE, how);
        check(&fit, &want, 1e-10);
        close(fit.overidentification.hansen_j.clone().unwrap().statistic, j, 1e-9, "J");
        close(fit.overidentification.endogeneity.clone().unwrap().statistic, c, 1e-9, "C");
        assert!(fit.kappa.is_none());
    }
    for (fe, how, want, j, c) in [
        (
            &[][..],
            "hc0",
            [
                2.303204090154395,
                -6.919618433914366,
                1.0128672286739402,
                2.94285042041763,
                10.085808477881159,
                2.0631429568971305,
            ],
            0.2115749645355924,
            10.269580218998787,
        ),
        (
            &[][..],
            "cluster:i",
            [
                2.1770070326565474,
                -6.815493900277943,
                1.112686868914352,
                1.4972814744213212,
                5.061393578574415,
                1.1672515414433828,
            ],
            0.30903321207513695,
            5.136581542474136,
        ),
        (
            FE,
            "hc0",
            [
                -2.660923731469204,
                9.134105258437692,
                -1.7016646637212265,
                3.0206939654425375,
                8.69791750935709,
                1.3942265362869113,
            ],
            0.0007130793529350021,
            12.188106501995742,
        ),
        (
            FE,
            "cluster:i",
            [
                -2.70382125618593,
                9.247943542735493,
                -1.7180489596076038,
                1.8922725644213956,
                5.366064802398381,
                0.9050592654894539,
            ],
            0.0009373166674344426,
            5.8690394386960865,
        ),
    ] {
        let fit = gmm(fe, TWO, how);
        check(&fit, &want, WEAK);
        close(fit.overidentification.hansen_j.clone().unwrap().statistic, j, WEAK, "J");
        close(fit.overidentification.endogeneity.clone().unwrap().statistic, c, WEAK, "C");
    }
}

#[test]
fn sargan_durbin_and_wu_hausman() {
    for (fe, which, sargan, durbin, wu_hausman) in [
        (&[][..], ONE, 0.3730063078448467, 13.830248312308703, 17.80905320306408),
        (&[][..], TWO, 0.19400907892039143, 15.062593940633496, 9.603502843641573),
        (FE, ONE, 0.04706139269664256, 18.936282426683086, 20.849398777883287),
        (FE, TWO, 0.0004928644113952885, 16.514581007385832, 7.8677280797469225),
    ] {
        let fit = fitted(fe, which, Estimator::TwoStage, "iid");
        let o = &fit.overidentification;
        close(o.sargan.clone().unwrap().statistic, sargan, WEAK, "sargan");
        close(o.hansen_j.clone().unwrap().statistic, sargan, WEAK, "J under iid is Sargan");
        close(o.durbin.clone().unwrap().statistic, durbin, 1e-9, "durbin");
        close(o.endogeneity.clone().unwrap().statistic, durbin, 1e-9, "C under iid is Durbin");
        close(o.wu_hausman.clone().unwrap().statistic, wu_hausman, 1e-9, "wu-hausman");
    }
}

/// J of all moments less J of those not tested, both under the covariance of all: numpy, from the definition.
#[test]
fn c_tests_of_instruments() {
    let model = Model { y: "y", w: &["w"], fe: &[], d: &["x"], z: &["z", "z2", "zw"], cluster: &["i"], weights: None };
    let design = model.design(&panel48());
    for (tested, how, c, df) in [
        (&["z2"][..], "iid", 0.30565733839246256, 1.0),
        (&["z2"], "hc0", 0.18276364904963183, 1.0),
        (&["z2"], "cluster:i", 0.27039753617813966, 1.0),
        (&["z2", "zw"], "cluster:i", 2.4433374530502876, 2.0),
        (&["w"], "iid", 1.6472580310106293, 1.0),
        (&["w"], "hc0", 1.5072996738489794, 1.0),
        (&["w"], "cluster:i", 1.9206329150063484, 1.0),
    ] {
        let orthogonal = tested.iter().map(ToString::to_string).collect();
        let regression = crate::rules(how, "none");
        let fit = Instrumental { estimator: Estimator::Gmm, orthogonal, regression }.run(&design).unwrap();
        let test = fit.overidentification.c.clone().unwrap();
        close(test.statistic, c, 1e-9, &format!("C of {tested:?} under {how}"));
        assert_eq!(test.df, df);
    }
}

/// Kleibergen and Paap's rk with Kronecker products and the normalization of `ranktest`, in numpy.
#[test]
fn rank_statistics_of_two_endogenous_variables() {
    for (fe, cragg_donald, how, lm, wald) in [
        (&[][..], 0.25682154352916736, "hc0", 0.9031632740580599, 0.9548237404345891),
        (&[][..], 0.25682154352916736, "cluster:i", 2.576694700585877, 2.939178961691932),
        (FE, 0.11759923075610451, "hc0", 0.6453446731624365, 0.7675524214736238),
        (FE, 0.11759923075610451, "cluster:i", 1.1828620670333676, 1.8343637141201488),
    ] {
        let fit = fitted(fe, TWO, Estimator::TwoStage, how);
        close(fit.weak.cragg_donald_f, cragg_donald, 1e-10, "cragg-donald");
        let rk = fit.weak.kp_lm.clone().unwrap();
        close(rk.statistic, lm, 1e-9, "rk LM");
        assert_eq!(rk.df, 2.0);
        close(3.0 * fit.weak.kp_f.unwrap(), wald, 1e-9, "rk Wald");
        assert!(fit.weak.ar_set.is_none() && fit.weak.effective_f.is_none());
    }
    let iid = fitted(&[], TWO, Estimator::TwoStage, "iid");
    close(iid.weak.kp_lm.clone().unwrap().statistic, 0.844914546380124, 1e-10, "Anderson's LM");
    close(iid.weak.kp_f.unwrap(), 0.25682154352916736, 1e-10, "Cragg-Donald");
}

/// AR(0) and its set by bracketing on 200,001 points and Brent's method, effective F and its critical values with
/// scipy's noncentral chi-square; numpy and scipy 1.17.1.
#[test]
fn anderson_rubin_and_the_effective_f() {
    // Effects, covariance, AR(0), its set, effective F, critical values.
    type Case = (&'static [&'static str], &'static str, f64, [f64; 2], f64, [f64; 4]);
    #[rustfmt::skip]
    let cases: [Case; 6] = [
        (&[], "iid", 0.49192199251968727, [-0.7901450280352341, 0.9493202364356789], 26.653906040727033, [2.9957322735539913; 4]),
        (&[], "hc0", 0.6526134892633622, [-0.6193936763124398, 0.97627550686373], 35.020217098350955, [11.239518183048961, 7.708926930973203, 5.66693842852483, 4.892738018042371]),
        (&[], "cluster:i", 0.934194946324742, [-0.42414352049904847, 0.7433906816724136], 83.91534786356361, [24.16827438862264, 15.33229487537836, 10.30426714757745, 8.400810642213225]),
        (FE, "iid", 0.849814269253169, [-0.7387041151954787, 0.9227986041681261], 13.682254750233145, [2.9957322735539913; 4]),
        (FE, "hc0", 1.6681107790943244, [-0.2542901840196415, 0.791282238949486], 23.138582749307105, [8.222271646003652, 5.962384996889729, 4.644712364916874, 4.149170931436187]),
        (FE, "cluster:i", 2.593840309624183, [-0.28962956818772523, 0.674470708541724], 18.051908328995967, [22.390922617492176, 13.98261369558528, 9.277760196671743, 7.526507048345111]),
    ];
    for (fe, how, ar, [low, high], effective, critical) in cases {
        // numpy's errors have n - L degrees of freedom in the iid case, 46 or so and not n - K, as ours with exact rank.
        let weak = fitted(fe, ONE, Estimator::TwoStage, how).weak;
        close(weak.ar.clone().unwrap().statistic, ar, 1e-10, "AR");
        let set = weak.ar_set.clone().unwrap();
        assert_eq!(set.shape, Shape::Interval);
        close(set.low.unwrap(), low, 1e-9, "AR low");
        close(set.high.unwrap(), high, 1e-9, "AR high");
        close(weak.effective_f.unwrap(), effective, 1e-10, "effective F");
        for (got, want) in weak.critical.iter().zip(critical) {
            close(got.value, want, 1e-7, "critical value: the maximum of B was found to 1e-9 only");
        }
    }
}
