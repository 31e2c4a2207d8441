//! What one covariance must be in terms of another; refusals.

use crate::{Data, covariance, panel, se, with_panel};
use plim_golden::close;
use plim_stats::linear::{Ols, Regression};
use plim_stats::vcov::{Distance, Kernel, Ssc, Vcov, vcov};
use plim_stats::{Design, Kind};

fn base(d: &Data, fe: &[&str], cluster: &[&str], weights: Option<&str>) -> Design {
    with_panel(d, d.design("y", &["x", "w"], fe, cluster, weights), "i", "t")
}

fn same(a: &[f64], b: &[f64], scale: f64, tolerance: f64, what: &str) {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).for_each(|(a, b)| close(*a, b * scale, tolerance, what));
}

#[test]
fn without_lags_time_is_hc_and_clusters() {
    let d = base(&panel(1), &["i", "t"], &["t"], Some("a"));
    same(&se(&d, "nw:0", Ssc::None), &se(&d, "hc0", Ssc::None), 1.0, 1e-12, "nw:0");
    same(&se(&d, "dk:0", Ssc::None), &se(&d, "cluster:t", Ssc::None), 1.0, 1e-12, "dk:0");
    let (n, T) = (d.nobs() as f64, 9.0f64);
    let scale = ((n - 1.0) / n * T / (T - 1.0)).sqrt();
    same(&se(&d, "nw:0", Ssc::Full), &se(&d, "hc1", Ssc::Full), scale, 1e-12, "nw:0 with the factor");
    let c = covariance(&d, "nw", Ssc::Fixest);
    assert_eq!((c.df, c.G.as_slice()), (8.0, [9].as_slice()));
    assert!(c.label.starts_with("nw (ssc fixest") && c.label.contains("G = T = 9"), "{}", c.label);
    assert!(covariance(&d, "dk:2", Ssc::None).warnings[0].contains("9 periods"));
}

#[test]
fn a_year_that_nobody_has_is_two_lags_wide() {
    // 2003 and 2005 are neighbours in the data, not in time: one lag must not join them.
    let data = panel(2);
    let d = base(&data, &["i"], &[], None);
    let mut joined = data.clone();
    joined.set("t", data.get("t").iter().map(|&t| if t > 2004.0 { t - 1.0 } else { t }).collect());
    let e = base(&joined, &["i"], &[], None);
    assert!((se(&d, "dk:1", Ssc::None)[0] / se(&e, "dk:1", Ssc::None)[0] - 1.0).abs() > 1e-6);
}

#[test]
fn near_places_are_clusters_and_far_ones_are_not() {
    let data = panel(3);
    let mut d = base(&data, &["t"], &["i"], None);
    let unit = data.get("i");
    // Units 1000 km apart, one at the date line.
    let place = |r: usize| [(unit[r] - 13.0) * 5.0, (unit[r] * 37.0 + 180.0) % 360.0 - 180.0];
    d.place = Some(d.rows.iter().map(|&r| place(r)).collect());
    same(&se(&d, "conley:1", Ssc::None), &se(&d, "cluster:i", Ssc::None), 1.0, 1e-12, "own place");
    let everywhere = se(&d, "conley:30000", Ssc::None);
    assert!(everywhere.iter().all(|s| *s < 1e-7), "scores sum to zero: {everywhere:?}");
    // The order of the rows does not matter, nor full turns of longitude.
    let order: Vec<usize> = (0..d.nobs()).rev().collect();
    let mut turned = d.at(&order);
    turned.place.iter_mut().flatten().for_each(|p| p[1] += if p[1] < 0.0 { 360.0 } else { 0.0 });
    let fit = |d: &Design, how: &Vcov| {
        let fit = Ols::default().fit(d).unwrap();
        vcov(&fit, how, Ssc::Fixest, d).unwrap().V[(0, 0)]
    };
    for (kernel, distance) in [(Kernel::Triangular, Distance::Spherical), (Kernel::Uniform, Distance::Triangular)] {
        let how = Vcov::Conley { km: 1500.0, kernel, distance };
        close(fit(&d, &how), fit(&turned, &how), 1e-10, "order");
    }
}

#[test]
fn the_jackknife_of_single_rows_is_hc3() {
    for weights in [None, Some("a")] {
        let d = base(&panel(4), &["i", "t"], &["row"], weights);
        same(&se(&d, "crv3:row", Ssc::None), &se(&d, "hc3", Ssc::None), 1.0, 1e-9, "crv3");
        same(&se(&d, "cr2:row", Ssc::None), &se(&d, "hc2", Ssc::None), 1.0, 1e-9, "cr2");
        let factor = Ols::default().fit(&d).map(|fit| vcov(&fit, &"cluster:row".parse().unwrap(), Ssc::Fixest, &d));
        let factor = factor.unwrap().unwrap().factor.sqrt();
        same(&se(&d, "crv3:row", Ssc::Fixest), &se(&d, "hc3", Ssc::None), factor, 1e-9, "factor");
    }
}

#[test]
fn crv3_is_estimating_again_without_each_cluster() {
    let data = panel(5);
    let keep = Ols { singletons: plim_stats::absorb::Singletons::Keep, ..Ols::default() };
    for (fe, cluster, weights) in [
        (vec!["i", "t"], "i", None),
        (vec!["i", "t"], "region", Some("a")),
        (vec!["i", "t"], "t", Some("a")),
        (vec!["i", "region^t"], "i", None),
        (vec![], "region", Some("a")),
        (vec!["region"], "i", None),
    ] {
        let x: &[&str] = if fe.is_empty() { &["(Intercept)", "x", "w"] } else { &["x", "w"] };
        let d = data.design("y", x, &fe, &[cluster], weights);
        let fit = keep.fit(&d).unwrap();
        let c = vcov(&fit, &format!("crv3:{cluster}").parse().unwrap(), Ssc::None, &d).unwrap();
        let factor = d.cluster(cluster).unwrap();
        let k = fit.coef.len();
        let mut want = vec![0.0; k];
        for g in 0..factor.levels {
            let rest: Vec<usize> = (0..d.nobs()).filter(|&i| factor.codes[i] != g).collect();
            let without = keep.fit(&d.at(&rest)).unwrap();
            (0..k).for_each(|j| want[j] += (without.coef[j] - fit.coef[j]).powi(2));
        }
        (0..k).for_each(|j| close(c.V[(j, j)], want[j], 1e-8, &format!("{fe:?} by {cluster}")));
    }
}

#[test]
fn absorbing_is_the_same_as_dummies_for_the_jackknife() {
    let mut data = panel(6);
    let mut x: Vec<String> = vec!["(Intercept)".into(), "x".into(), "w".into()];
    for (key, levels) in [("i", 1..26), ("t", 2001..2010)] {
        for l in levels.filter(|&l| l != 2004) {
            let name = format!("{key}{l}");
            data.set(&name, data.get(key).iter().map(|&v| f64::from(u8::from(v == f64::from(l)))).collect());
            x.push(name);
        }
    }
    let x: Vec<&str> = x.iter().map(String::as_str).collect();
    let absorbed = data.design("y", &["x", "w"], &["i", "t"], &["region"], Some("a"));
    let dummies = data.design("y", &x, &[], &["region"], Some("a"));
    // With dummies a region alone identifies the dummies of its units: those coefficients go, and so it is refused.
    let fit = Ols::default().fit(&dummies).unwrap();
    let e = vcov(&fit, &"crv3:region".parse().unwrap(), Ssc::None, &dummies).unwrap_err();
    assert!(matches!(e.kind, Kind::Untrusted { .. }) && e.to_string().contains("alone"), "{e}");
    // The intercept and the dummies of the periods may be regressors: no cluster is alone with one.
    let periods: Vec<&str> = x.iter().copied().filter(|n| !n.starts_with('i') && !n.starts_with('(')).collect();
    let partly = data.design("y", &periods, &["i"], &["region"], Some("a"));
    for how in ["cr2:region", "crv3:region"] {
        let (a, b) = (se(&absorbed, how, Ssc::None), se(&partly, how, Ssc::None));
        (0..2).for_each(|j| close(a[j], b[j], 1e-9, how));
    }
}

#[test]
fn what_is_missing_is_asked_for() {
    let data = panel(7);
    let d = data.design("y", &["x", "w"], &["i"], &["region"], None);
    let fit = Ols::default().fit(&d).unwrap();
    let refused = |how: &str, d: &Design| vcov(&fit, &how.parse().unwrap(), Ssc::Fixest, d).unwrap_err();
    for how in ["nw:1", "dk"] {
        assert!(refused(how, &d).to_string().contains("unit = "), "{how}");
    }
    assert!(refused("conley:10", &d).to_string().contains("lat = "));
    let mut e = with_panel(&data, d.clone(), "i", "t");
    assert!(refused("nw:9", &e).to_string().contains("at most 8"));
    e.place = Some(vec![[10.0, 10.0]; d.nobs()]);
    e.place.as_mut().unwrap()[7] = [91.0, 0.0];
    let error = refused("conley:10", &e);
    assert!(error.to_string().contains("latitude") && error.rows == [7], "{error}");
    e.place.as_mut().unwrap()[7] = [9.0, 400.0];
    assert!(refused("conley:10", &e).to_string().contains("longitude"));
    let twice = with_panel(&data, d.clone(), "region", "t");
    let error = refused("nw:1", &twice);
    assert!(error.to_string().contains("twice") && error.rows.len() == 2, "{error}");
    assert!(vcov(&fit, &"dk:1".parse().unwrap(), Ssc::Fixest, &twice).is_ok());
}

#[test]
fn a_joint_test_needs_more_clusters_than_restrictions() {
    let data = panel(8);
    let d = data.design("y", &["x", "w", "e"], &["i"], &["region"], None);
    let names: Vec<String> = ["x", "w", "e"].map(String::from).to_vec();
    let run = |how: &str| Regression { vcov: Some(how.parse().unwrap()), ..Regression::default() }.run(&d).unwrap();
    let test = run("cluster:region").joint("joint", &names).unwrap();
    assert_eq!((test.df, test.df_residual), (3.0, Some(4.0)));
    let mut two = data.clone();
    two.set("half", data.get("i").iter().map(|i| (i / 13.0).floor()).collect());
    let d = two.design("y", &["x", "w", "e"], &["i"], &["half"], None);
    let run = Regression { vcov: Some("cluster:half".parse().unwrap()), ..Regression::default() }.run(&d).unwrap();
    let e = run.joint("joint", &names).unwrap_err();
    assert!(e.to_string().contains("2 clusters") && matches!(e.kind, Kind::Invalid { .. }), "{e}");
    assert!(run.joint("joint", &["nothing".into()]).is_err());
}
