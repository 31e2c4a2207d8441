//! Identities that hold whatever the data, and refusals.

use crate::data::Data;
use crate::{Model, line, panel48, run, with_column};
use plim_golden::close;
use plim_stats::linear::{Collinear, Estimator, Instrumental, LimlOptions, Ols, Shape};
use plim_stats::math::Mat;
use plim_stats::vcov::{Ssc, vcov};
use plim_stats::{Design, Instruments, Kind};

const LIML: Estimator = Estimator::Liml { fuller: 0.0 };
const ALL: [Estimator; 3] = [Estimator::TwoStage, LIML, Estimator::Gmm];
const HOW: [&str; 4] = ["iid", "hc0", "hc1", "cluster:i"];

fn model<'a>(d: &'a [&'a str], z: &'a [&'a str]) -> Model<'a> {
    Model { y: "y", w: &["w"], fe: &["i", "t"], d, z, cluster: &["i"], weights: None }
}

fn just() -> Design {
    model(&["x"], &["z"]).design(&panel48())
}

fn over() -> Design {
    model(&["x"], &["z", "z2"]).design(&panel48())
}

#[test]
fn just_identified_all_estimators_agree() {
    for design in [just(), model(&["x", "m"], &["z", "zw"]).design(&panel48())] {
        for how in HOW {
            let two_stage = run(&design, Estimator::TwoStage, how, "fixest");
            for estimator in [LIML, Estimator::Gmm] {
                let other = run(&design, estimator, how, "fixest");
                for (a, b) in two_stage.estimated.coefficients.iter().zip(&other.estimated.coefficients) {
                    close(b.estimate, a.estimate, 1e-10, &a.name);
                    close(b.std_error, a.std_error, 1e-9, &format!("{estimator:?} {how}"));
                }
            }
            assert_eq!(run(&design, LIML, how, "fixest").kappa, Some(1.0));
        }
    }
}

#[test]
fn the_k_class_contains_least_squares_and_two_stages() {
    let design = over();
    let ols = Ols::default().fit(&design).unwrap();
    let zero = run(&design, Estimator::KClass { kappa: 0.0 }, "iid", "fixest");
    let V = vcov(&ols, &"iid".parse().unwrap(), Ssc::Fixest, &design).unwrap().V;
    for (j, c) in zero.estimated.coefficients.iter().enumerate() {
        close(c.estimate, ols.coef[j], 1e-11, &c.name);
        close(c.std_error, V[(j, j)].sqrt(), 1e-11, &c.name);
    }
    let one = run(&design, Estimator::KClass { kappa: 1.0 }, "hc1", "fixest");
    let two = run(&design, Estimator::TwoStage, "hc1", "fixest");
    assert_eq!(one.estimated.coefficients, two.estimated.coefficients);
    let gmm = run(&design, Estimator::Gmm, "iid", "fixest");
    let iid = run(&design, Estimator::TwoStage, "iid", "fixest");
    for (a, b) in iid.estimated.coefficients.iter().zip(&gmm.estimated.coefficients) {
        close(b.estimate, a.estimate, 1e-10, "GMM with homoskedastic weights");
        close(b.std_error, a.std_error, 1e-10, "GMM with homoskedastic weights");
    }
}

#[test]
fn instruments_that_are_the_regressors_give_least_squares() {
    let design = just();
    let x = design.X.col_as_slice(0).to_vec();
    let own = Instruments { endogenous: 1, Z: Mat::from_fn(48, 1, |i, _| x[i]), names: vec!["own".into()] };
    let design = Design { iv: Some(own), ..design };
    let ols = Ols::default().fit(&design).unwrap();
    for estimator in [Estimator::TwoStage, Estimator::Gmm] {
        for how in HOW {
            let fit = run(&design, estimator, how, "fixest");
            let V = vcov(&ols, &how.parse().unwrap(), Ssc::Fixest, &design).unwrap().V;
            for (j, c) in fit.estimated.coefficients.iter().enumerate() {
                close(c.estimate, ols.coef[j], 1e-10, &c.name);
                close(c.std_error, V[(j, j)].sqrt(), 1e-10, how);
            }
            assert!(fit.overidentification.wu_hausman.is_none());
            assert!(fit.notes.iter().any(|n| n.contains("endogeneity is not tested")), "{:?}", fit.notes);
        }
    }
}

#[test]
fn absorbed_effects_are_dummies() {
    let data = panel48();
    let mut wide = data.clone();
    let mut w = vec!["w".to_string()];
    for (name, last) in [("i", 8), ("t", 6)] {
        for level in 2..=last {
            let dummy = format!("{name}{level}");
            wide.set(&dummy, data.get(name).iter().map(|&v| f64::from(v == f64::from(level))).collect());
            w.push(dummy);
        }
    }
    let w: Vec<&str> = w.iter().map(String::as_str).collect();
    for z in [&["z", "z2"][..], &["z", "z2", "zw"]] {
        for d in [&["x"][..], &["x", "m"]] {
            let absorbed = model(d, z).design(&data);
            let explicit = Model { w: &w, fe: &[], ..model(d, z) }.design(&wide);
            for estimator in [Estimator::TwoStage, LIML, Estimator::Liml { fuller: 4.0 }] {
                for how in ["iid", "hc0"] {
                    let (a, b) =
                        (run(&absorbed, estimator, how, "exact_rank"), run(&explicit, estimator, how, "exact_rank"));
                    for name in d.iter().chain(&["w"]) {
                        close(line(&a, name)[0], line(&b, name)[0], 1e-8, name);
                        close(line(&a, name)[1], line(&b, name)[1], 1e-8, name);
                    }
                    close(a.weak.cragg_donald_f, b.weak.cragg_donald_f, 1e-8, "cragg-donald");
                    let lm = |f: &plim_stats::linear::InstrumentalFit| f.weak.kp_lm.clone().unwrap().statistic;
                    close(lm(&a), lm(&b), 1e-8, "LM");
                    let wh = |f: &plim_stats::linear::InstrumentalFit| f.overidentification.wu_hausman.clone().unwrap();
                    close(wh(&a).statistic, wh(&b).statistic, 1e-8, "wu-hausman");
                    close(a.weak.ar.clone().unwrap().statistic, b.weak.ar.clone().unwrap().statistic, 1e-8, "AR");
                }
            }
        }
    }
}

#[test]
fn units_and_the_order_of_rows_and_instruments_do_not_matter() {
    let design = over();
    let x = design.X.col_as_slice(0).to_vec();
    let z = design.iv.as_ref().unwrap().Z.clone();
    // Another unit of d, instruments in another order and combination, rows backwards.
    let mut other = with_column(&design, 0, |i| 1e6 * x[i]);
    let turned = Mat::from_fn(48, 2, |i, j| if j == 0 { 1e-3 * z[(i, 1)] } else { z[(i, 0)] + 2.0 * z[(i, 1)] });
    other.iv = Some(Instruments { endogenous: 1, Z: turned, names: vec!["a".into(), "b".into()] });
    let other = other.at(&(0..48).rev().collect::<Vec<_>>());
    for estimator in ALL {
        for how in HOW {
            let (a, b) = (run(&design, estimator, how, "fixest"), run(&other, estimator, how, "fixest"));
            close(line(&b, "x")[0] * 1e6, line(&a, "x")[0], 1e-9, "estimate");
            close(line(&b, "x")[1] * 1e6, line(&a, "x")[1], 1e-9, "standard error");
            for (f, g) in [
                (a.weak.kp_f, b.weak.kp_f),
                (a.weak.effective_f, b.weak.effective_f),
                (a.weak.ar.as_ref().map(|t| t.statistic), b.weak.ar.as_ref().map(|t| t.statistic)),
            ] {
                close(g.unwrap(), f.unwrap(), 1e-9, how);
            }
            let (s, t) = (a.weak.ar_set.clone().unwrap(), b.weak.ar_set.clone().unwrap());
            close(t.low.unwrap() * 1e6, s.low.unwrap(), 1e-8, "AR low");
            close(t.high.unwrap() * 1e6, s.high.unwrap(), 1e-8, "AR high");
            let j = |f: &plim_stats::linear::InstrumentalFit| f.overidentification.hansen_j.clone().unwrap().statistic;
            close(j(&b), j(&a), 1e-8, "J");
        }
    }
}

/// LIML is the same whichever variable stands on the left: the coefficient of y on x is one over that of x on y.
#[test]
fn liml_does_not_depend_on_the_normalization() {
    let data = panel48();
    let forward = run(&model(&["x"], &["z", "z2"]).design(&data), LIML, "iid", "fixest");
    let backward = Model { y: "x", ..model(&["y"], &["z", "z2"]) }.design(&data);
    let backward = run(&backward, LIML, "iid", "fixest");
    close(line(&forward, "x")[0] * line(&backward, "y")[0], 1.0, 1e-10, "normalization");
    close(forward.kappa.unwrap(), backward.kappa.unwrap(), 1e-12, "kappa");
}

/// Under iid errors LIML minimizes the Anderson-Rubin statistic, at (κ - 1)(n - L)/l.
#[test]
fn anderson_rubin_is_least_at_liml() {
    let design = over();
    let liml = run(&design, LIML, "iid", "exact_rank");
    let x = design.X.col_as_slice(0).to_vec();
    let at = |b: f64| {
        let y = (0..48).map(|i| design.y[i] - b * x[i]).collect();
        run(&Design { y, ..design.clone() }, Estimator::TwoStage, "iid", "exact_rank").weak.ar.unwrap().statistic
    };
    let b = line(&liml, "x")[0];
    let free = 48.0 - 13.0 - 3.0;
    close(at(b), (liml.kappa.unwrap() - 1.0) * free / 2.0, 1e-6, "the minimum: a difference of nearly equal numbers");
    assert!(at(b) < at(b + 1e-3) && at(b) < at(b - 1e-3));
    // The bounds of the set are where the test is at its critical value.
    for how in HOW {
        let fit = run(&design, Estimator::TwoStage, how, "fixest");
        let set = fit.weak.ar_set.unwrap();
        let df = fit.weak.ar.unwrap().df_residual.unwrap();
        for bound in [set.low.unwrap(), set.high.unwrap()] {
            let y = (0..48).map(|i| design.y[i] - bound * x[i]).collect();
            let there = run(&Design { y, ..design.clone() }, Estimator::TwoStage, how, "fixest").weak.ar.unwrap();
            close(there.p_value, 0.05, 1e-7, &format!("p at a bound under {how}, df {df}"));
        }
    }
}

/// n rows by formula: strength `pi` of the first instrument, `clash` of the exclusion of the second.
fn sample(pi: f64, clash: f64, z: usize) -> Design {
    let wave = |i: usize, a: f64| (a * (i + 1) as f64).sin();
    let n = 200;
    let Z = Mat::from_fn(n, z, |i, j| wave(i, 1.7 + 1.3 * j as f64));
    let v = |i: usize| wave(i, 7.3) + 0.5 * wave(i, 11.1);
    let x = |i: usize| (0..z).map(|j| pi * Z[(i, j)]).sum::<f64>() + v(i);
    let y = |i: usize| {
        0.5 * x(i) + 0.6 * v(i) + 0.8 * wave(i, 5.9) + if z > 1 { clash * (Z[(i, 0)] - Z[(i, 1)]) } else { 0.0 }
    };
    Design {
        y: (0..n).map(y).collect(),
        outcome: "y".into(),
        X: Mat::from_fn(n, 2, |i, j| if j == 0 { x(i) } else { 1.0 }),
        names: vec!["x".into(), "(Intercept)".into()],
        iv: Some(Instruments { endogenous: 1, Z, names: (0..z).map(|j| format!("z{j}")).collect() }),
        rows: (0..n).collect(),
        ..Design::default()
    }
}

#[test]
fn sets_of_every_shape() {
    let set = |design: &Design, how: &str| run(design, Estimator::TwoStage, how, "fixest").weak.ar_set.unwrap();
    for how in ["iid", "hc1"] {
        let interval = set(&sample(1.0, 0.0, 1), how);
        assert!(interval.shape == Shape::Interval && interval.low < Some(0.5) && Some(0.5) < interval.high);
        let empty = set(&sample(1.0, 2.0, 2), how);
        assert!(empty.shape == Shape::Empty && empty.low.is_none() && empty.intervals.is_empty());
        let line = set(&sample(0.03, 0.0, 1), how);
        assert!(line.shape == Shape::Line && line.low.is_none(), "{how} {line:?}");
        assert_eq!(line.intervals, [[None, None]]);
    }
    // A weak instrument with a clear reduced form: zero is excluded, both infinities are not.
    let mut weak = sample(0.03, 0.0, 1);
    let z = weak.iv.as_ref().unwrap().Z.clone();
    (0..200).for_each(|i| weak.y[i] += z[(i, 0)]);
    for how in ["iid", "hc1"] {
        let fit = run(&weak, Estimator::TwoStage, how, "fixest");
        let outside = fit.weak.ar_set.clone().unwrap();
        assert_eq!(outside.shape, Shape::Outside, "{how}");
        assert!(outside.low < Some(0.0) && Some(0.0) < outside.high, "{outside:?}");
        assert!(fit.notes.iter().any(|n| n.contains("weak instruments")), "{:?}", fit.notes);
        assert!(fit.notes.iter().any(|n| n.contains("disagree at 5 %")), "{:?}", fit.notes);
    }
}

/// One instrument: the set is the solution of a quadratic in closed form.
#[test]
fn one_instrument_is_a_quadratic() {
    let design = just();
    let fit = run(&design, Estimator::TwoStage, "iid", "exact_rank");
    let (first, b) = (&fit.first_stage[0], line(&fit, "x")[0]);
    // Fieller: with t² of numerator and denominator, and their covariance, of the indirect least squares ratio.
    let mut reduced = design.clone();
    let z = design.iv.as_ref().unwrap().Z.clone();
    reduced = with_column(&reduced, 0, |i| z[(i, 0)]);
    let on_z = |y: Vec<f64>| {
        let fit = Ols::default().fit(&Design { y, iv: None, ..reduced.clone() }).unwrap();
        (fit.coef[0], fit)
    };
    let (rho, ry) = on_z(design.y.clone());
    let (pi, rx) = on_z(design.X.col_as_slice(0).to_vec());
    close(rho / pi, b, 1e-11, "indirect least squares");
    close(pi, first.coefficients[0].estimate, 1e-12, "first stage");
    let h = ry.bread[(0, 0)];
    let inner = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>() / 33.0 * h;
    let (yy, xx, xy) =
        (inner(&ry.residuals, &ry.residuals), inner(&rx.residuals, &rx.residuals), inner(&ry.residuals, &rx.residuals));
    let c = plim_stats::math::dist::f_critical(0.05, 1.0, 33.0);
    let (p, q, r) = (pi * pi - c * xx, rho * pi - c * xy, rho * rho - c * yy);
    let root = (q * q - p * r).sqrt();
    let set = fit.weak.ar_set.unwrap();
    close(set.low.unwrap(), (q - root) / p, 1e-9, "low");
    close(set.high.unwrap(), (q + root) / p, 1e-9, "high");
}

#[test]
fn collinear_columns_leave_and_are_named() {
    let mut data = panel48();
    let twice = |data: &Data, name: &str, by: f64| data.get(name).iter().map(|v| by * v).collect::<Vec<f64>>();
    data.set("x_again", twice(&data, "x", 3.0));
    data.set("w_again", twice(&data, "w", -2.0));
    data.set("z_again", twice(&data, "z", 10.0));
    let plain = run(&over(), Estimator::TwoStage, "cluster:i", "fixest");
    let m = Model {
        w: &["w", "w_again", "i"],
        d: &["x", "x_again"],
        z: &["z", "z_again", "w_again", "z2", "t"],
        ..model(&[], &[])
    };
    let design = m.design(&data);
    let fit = run(&design, Estimator::TwoStage, "cluster:i", "fixest");
    close(line(&fit, "x")[0], line(&plain, "x")[0], 1e-10, "estimate");
    close(line(&fit, "x")[1], line(&plain, "x")[1], 1e-10, "standard error");
    close(fit.weak.kp_f.unwrap(), plain.weak.kp_f.unwrap(), 1e-10, "first stage");
    assert_eq!(fit.instruments, ["z", "z2"]);
    for name in ["`x_again`", "`w_again`", "`i`", "instrument `z_again`", "instrument `w_again`", "instrument `t`"] {
        assert!(fit.notes.iter().any(|n| n.contains(name)), "{name}: {:?}", fit.notes);
    }
    let mut strict = crate::rules("iid", "fixest");
    strict.ols.collinear = Collinear::Error;
    let iv = Instrumental { regression: strict, ..Instrumental::default() };
    assert!(matches!(iv.run(&design).unwrap_err().kind, Kind::Collinear { .. }));
}

fn refused(design: &Design, estimator: Estimator, how: &str, orthogonal: &[&str]) -> plim_stats::Error {
    let orthogonal = orthogonal.iter().map(ToString::to_string).collect();
    let regression = crate::rules(how, "fixest");
    Instrumental { estimator, orthogonal, regression }.run(design).unwrap_err()
}

#[test]
fn refusals() {
    let two = model(&["x", "m"], &["z"]).design(&panel48());
    let e = refused(&two, Estimator::TwoStage, "iid", &[]);
    assert!(matches!(e.kind, Kind::Underidentified { .. }));
    assert!(e.to_string().contains("add at least 1 more instrument"), "{e}");
    // The instrument is the exogenous regressor again.
    let none = model(&["x"], &["w"]).design(&panel48());
    let e = refused(&none, Estimator::TwoStage, "iid", &[]);
    assert!(matches!(e.kind, Kind::Underidentified { .. }), "{e}");
    // Two instruments that move two variables alike.
    let mut data = panel48();
    let (x, w) = (data.get("x"), data.get("w"));
    data.set("xw", x.iter().zip(&w).map(|(x, w)| x + w).collect());
    let same = Model { w: &[], ..model(&["x", "xw"], &["x", "xw"]) }.design(&data);
    assert!(Instrumental::default().run(&same).is_ok());
    let same = model(&["x", "xw"], &["z", "z2"]).design(&data);
    let fit = Instrumental::default().run(&same).unwrap();
    assert!(fit.notes.iter().any(|n| n.contains("`xw` dropped")), "{:?}", fit.notes);
    // An instrument orthogonal to the variable, to the last bit.
    let flat = |f: fn(usize) -> f64| (0..8).map(f).collect::<Vec<f64>>();
    let sign = |i: usize, block: usize| if (i / block).is_multiple_of(2) { 1.0 } else { -1.0 };
    let orthogonal = Design {
        y: flat(|i| (i * i) as f64),
        outcome: "y".into(),
        X: Mat::from_fn(8, 2, |i, j| if j == 0 { sign(i, 1) } else { 1.0 }),
        names: vec!["x".into(), "(Intercept)".into()],
        iv: Some(Instruments { endogenous: 1, Z: Mat::from_fn(8, 1, |i, _| sign(i, 2)), names: vec!["z".into()] }),
        rows: (0..8).collect(),
        ..Design::default()
    };
    let e = refused(&orthogonal, Estimator::TwoStage, "iid", &[]);
    assert!(e.kind.untrusted() && e.to_string().contains("rank condition"), "{e}");
    let design = over();
    assert!(
        refused(&Design { iv: None, ..design.clone() }, Estimator::TwoStage, "iid", &[])
            .to_string()
            .contains("third part")
    );
    assert!(refused(&design, Estimator::Gmm, "hc3", &[]).to_string().contains("not defined for GMM"));
    assert!(refused(&design, Estimator::TwoStage, "iid", &["nobody"]).to_string().contains("name some of: w, z, z2"));
    assert!(refused(&design, Estimator::TwoStage, "iid", &["z", "z2"]).to_string().contains("do not identify"));
    let e = refused(&just(), Estimator::TwoStage, "iid", &["z"]);
    assert!(e.to_string().contains("do not identify"), "{e}");
    let mut by_half = design.clone();
    by_half.cluster.push(plim_stats::Factor::from_keys("half", (0..48).map(|i| i % 2)));
    let e = refused(&by_half, Estimator::Gmm, "cluster:half", &[]);
    assert!(e.kind.untrusted() && e.to_string().contains("2 clusters"), "{e}");
    // Two-stage least squares lives with it, but says what cannot be tested.
    let fit = run(&by_half, Estimator::TwoStage, "cluster:half", "fixest");
    assert!(fit.overidentification.hansen_j.is_none() && fit.weak.ar_set.is_none() && fit.weak.kp_f.is_none());
    assert!(fit.notes.iter().any(|n| n.contains("Hansen's J is not defined")), "{:?}", fit.notes);
    let options = |kappa, fuller| LimlOptions { kappa, fuller, ..LimlOptions::default() };
    assert!(options(Some(1.0), Some(1.0)).estimator().is_err());
    assert!(options(Some(f64::NAN), None).estimator().is_err() && options(None, Some(-1.0)).estimator().is_err());
    assert_eq!(options(None, None).estimator().unwrap(), LIML);
    // Nothing identified by clusters of their own: clusters of one observation are hc.
    let alone = plim_stats::Factor::from_keys("row", 0..48);
    let mut each = design.clone();
    each.cluster.push(alone);
    let (a, b) = (run(&each, Estimator::Gmm, "cluster:row", "none"), run(&each, Estimator::Gmm, "hc0", "none"));
    close(line(&a, "x")[1], line(&b, "x")[1], 1e-12, "clusters of one observation");
}

#[test]
fn weights_are_repetitions_of_rows_and_their_scale_does_not_matter() {
    let mut data = panel48();
    let times: Vec<f64> = (0..48).map(|i| 1.0 + (i % 3) as f64).collect();
    data.set("n", times.clone());
    let weighted = Model { weights: Some("n"), ..model(&["x"], &["z", "z2"]) }.design(&data);
    let rows: Vec<usize> = (0..48).flat_map(|i| std::iter::repeat_n(i, times[i] as usize)).collect();
    let repeated = over().at(&rows);
    for estimator in [Estimator::TwoStage, LIML] {
        // Clustered scores add up within a cluster, so that repeating a row is weighting it.
        let (a, b) = (run(&weighted, estimator, "cluster:i", "none"), run(&repeated, estimator, "cluster:i", "none"));
        close(line(&a, "x")[0], line(&b, "x")[0], 1e-10, "estimate");
        close(line(&a, "x")[1], line(&b, "x")[1], 1e-10, "standard error");
        close(a.weak.kp_f.unwrap(), b.weak.kp_f.unwrap(), 1e-9, "kp");
    }
    let scaled = Design { w: weighted.w.as_ref().map(|w| w.iter().map(|w| 1e4 * w).collect()), ..weighted.clone() };
    for estimator in ALL {
        for how in HOW {
            let (a, b) = (run(&weighted, estimator, how, "fixest"), run(&scaled, estimator, how, "fixest"));
            close(line(&b, "x")[1], line(&a, "x")[1], 1e-10, how);
            let (s, t) = (a.weak.ar_set.unwrap(), b.weak.ar_set.unwrap());
            close(t.low.unwrap(), s.low.unwrap(), 1e-9, "AR low");
            let j = |f: &plim_stats::linear::Overidentification| f.hansen_j.clone().unwrap().statistic;
            close(j(&b.overidentification), j(&a.overidentification), 1e-8, "J");
        }
    }
}
