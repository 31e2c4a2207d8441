//! Identities, refusals, and the small-sample rules.

use crate::data::{Data, panel48};
use plim_golden::{close, close_printed, json, shared};
use plim_stats::linear::{Collinear, Ols};
use plim_stats::math::{Mat, dist, rng::Stream};
use plim_stats::vcov::{Ssc, Vcov, multiway_meat, vcov};
use plim_stats::{Design, Fit, Kind};

fn se(design: &Design, how: &str, ssc: Ssc) -> Vec<f64> {
    let fit = Ols::default().fit(design).unwrap();
    let c = vcov(&fit, &how.parse().unwrap(), ssc, design).unwrap();
    (0..fit.coef.len()).map(|j| c.V[(j, j)].sqrt()).collect()
}

fn base(d: &Data) -> Design {
    d.design("y", &["x", "w"], &["i", "t"], &[], None)
}

#[test]
fn methods_6_1_the_conventions() {
    let d = base(&panel48());
    let fit = Ols::default().fit(&d).unwrap();
    close_printed(&fit.coef, &[0.98184013, -0.27337518], 8, "b");
    close_printed(&[fit.ssr, fit.r2_within().unwrap()], &[3.2999878465, 0.5939619733], 10, "ssr");
    // Printed as .8443538198, cut rather than rounded at the tenth digit.
    close_printed(&[fit.r2()], &[0.8443538198], 9, "r2");
    for (how, ssc, want) in [
        ("iid", Ssc::Fixest, [0.14357280, 0.14196831]),
        ("hc1", Ssc::Fixest, [0.13313477, 0.13637354]),
        ("cluster:i", Ssc::None, [0.12676658, 0.15054318]),
        ("cluster:i", Ssc::Plm, [0.12676658, 0.15054318]),
        ("cluster:i", Ssc::Fixest, [0.14689928, 0.17445201]),
        ("cluster:i", Ssc::Reghdfe, [0.14689928, 0.17445201]),
        ("cluster:i", Ssc::StataXtreg, [0.14689928, 0.17445201]),
        ("cluster:i", Ssc::Full, [0.16173079, 0.19206534]),
        ("cluster:i", Ssc::ExactRank, [0.16173079, 0.19206534]),
        ("cluster:i", Ssc::Linearmodels, [0.15288625, 0.18156190]),
        ("cluster:i+t", Ssc::None, [0.09673557, 0.12172664]),
    ] {
        close_printed(&se(&d, how, ssc), &want, 8, &format!("{how} {ssc:?}"));
    }
    let c = vcov(&fit, &Vcov::Cluster(vec!["i".into()]), Ssc::Fixest, &d).unwrap();
    let p: Vec<f64> = (0..2).map(|j| dist::t_p(fit.coef[j] / c.V[(j, j)].sqrt(), c.df)).collect();
    // The notes print .16106708 for the second; numerical integration of the density of t(7) gives .161087.
    close_printed(&p, &[0.00028161, 0.16108708], 8, "p");
    assert_eq!((c.K, c.G.as_slice(), c.df), (Some(8), [8].as_slice(), 7.0));
    assert_eq!(
        c.label,
        "cluster:i (ssc fixest: K = 8 (2 regressors + 6 of t; i nested in the clusters, not counted), \
         factor (n - 1)/(n - K) × G/(G - 1) = 1.3428571, G = 8, t with 7 degrees of freedom)"
    );
    assert!(c.warnings[0].contains("8 clusters"), "{:?}", c.warnings);
}

#[test]
fn grunfeld_one_way_within() {
    // plm 2.6.2: value .110124 (.011857), capital .310065 (.017355); at full precision in shared/golden/r/plm.json.
    let Some(path) = shared("golden/r/plm.json") else { return };
    let Some(grunfeld) = crate::fixest::table("package_data/plm_Grunfeld.csv") else { return };
    let case = &json(&path)["cases"];
    let d = grunfeld.design("inv", &["value", "capital"], &["firm"], &[], None);
    let fit = Ols::default().fit(&d).unwrap();
    close_printed(&fit.coef, &[0.110124, 0.310065], 6, "b");
    close_printed(&se(&d, "iid", Ssc::Plm), &[0.011857, 0.017355], 6, "se");
    for (name, fe) in [("grun_within", vec!["firm"]), ("grun_within_twoways", vec!["firm", "year"])] {
        let d = grunfeld.design("inv", &["value", "capital"], &fe, &[], None);
        let fit = Ols::default().fit(&d).unwrap();
        let result = &case[name]["result"];
        let coef = result.get("coef").or_else(|| result.get("coefficients")).unwrap_or_else(|| panic!("{result}"));
        for (j, b) in fit.coef.iter().enumerate() {
            close(*b, coef[&fit.names[j]].as_f64().unwrap(), 1e-8, name);
        }
        if let Some(ses) = result["se"].as_object() {
            for (j, s) in se(&d, "iid", Ssc::Plm).iter().enumerate() {
                close(*s, ses[&fit.names[j]].as_f64().unwrap(), 1e-8, name);
            }
        }
    }
}

fn panel(seed: u64) -> Data {
    let mut s = Stream::new(seed, 0);
    let n = 240;
    let mut d = Data::default();
    d.set("i", (0..n).map(|k| (k / 8) as f64).collect());
    d.set("t", (0..n).map(|k| (k % 8) as f64).collect());
    for name in ["x", "w"] {
        d.set(name, (0..n).map(|_| s.normal()).collect());
    }
    d.set("a", (0..n).map(|_| 0.2 + s.uniform()).collect());
    let (x, w) = (d.get("x"), d.get("w"));
    d.set("y", (0..n).map(|k| x[k] - 0.5 * w[k] + (k / 8) as f64 * 0.1 + s.normal()).collect());
    d.set("one", (0..n).map(|k| k as f64).collect());
    d
}

#[test]
fn absorbing_is_the_same_as_dummies() {
    let mut d = panel(1);
    let mut x: Vec<String> = vec!["x".into(), "w".into()];
    for (key, levels) in [("i", 30), ("t", 8)] {
        for l in 1..levels {
            let name = format!("{key}{l}");
            d.set(&name, d.get(key).iter().map(|&v| f64::from(u8::from(v == f64::from(l)))).collect());
            x.push(name);
        }
    }
    let x: Vec<&str> = x.iter().map(String::as_str).collect();
    for weights in [None, Some("a")] {
        let absorbed = d.design("y", &["x", "w"], &["i", "t"], &[], weights);
        let dummies = d.design("y", &x, &[], &[], weights);
        let (f, g) = (Ols::default().fit(&absorbed).unwrap(), Ols::default().fit(&dummies).unwrap());
        for (how, ssc) in [
            ("iid", Ssc::ExactRank),
            ("hc1", Ssc::ExactRank),
            ("hc0", Ssc::None),
            ("hc2", Ssc::Fixest),
            ("hc3", Ssc::Fixest),
        ] {
            let (a, b) = (se(&absorbed, how, ssc), se(&dummies, how, ssc));
            for j in 0..2 {
                close(f.coef[j], g.coef[j + 1], 1e-11, "b");
                close(a[j], b[j + 1], 1e-11, how);
            }
        }
        close(f.r2(), g.r2(), 1e-12, "r2");
        close(f.r2_adjusted(), g.r2_adjusted(), 1e-12, "adjusted");
        assert_eq!(f.dof_residual(), g.dof_residual());
    }
}

#[test]
fn a_cluster_for_each_row_is_hc() {
    let d = panel(2).design("y", &["x", "w"], &["i", "t"], &["one"], None);
    let (a, b) = (se(&d, "cluster:one", Ssc::None), se(&d, "hc0", Ssc::None));
    (0..2).for_each(|j| close(a[j], b[j], 1e-12, "se"));
}

#[test]
fn units_and_order_do_not_matter() {
    let d = panel(3);
    let f = Ols::default().fit(&d.design("y", &["x", "w"], &["i", "t"], &[], Some("a"))).unwrap();
    let mut scaled = d.clone();
    scaled.set("x", d.get("x").iter().map(|v| v * 1e9).collect());
    scaled.set("w", d.get("w").iter().map(|v| v * 1e-9 + 1e-3).collect());
    scaled.set("a", d.get("a").iter().map(|v| v * 1e5).collect());
    let g = scaled.design("y", &["x", "w"], &["i", "t"], &[], Some("a"));
    let fit = Ols::default().fit(&g).unwrap();
    assert!(fit.dropped.is_empty());
    close(fit.coef[0] * 1e9, f.coef[0], 1e-11, "x");
    close(fit.coef[1] * 1e-9, f.coef[1], 1e-8, "w, of which 1e-9 of 1e-3 leaves 10 digits");
    // Rows in another order, effects in another order.
    let mut rows: Vec<usize> = (0..d.n).collect();
    Stream::new(9, 0).shuffle(&mut rows);
    let design = d.design("y", &["x", "w"], &["t", "i"], &[], Some("a")).at(&rows);
    let shuffled = Ols::default().fit(&design).unwrap();
    (0..2).for_each(|j| close(shuffled.coef[j], f.coef[j], 1e-12, "shuffled"));
    let (a, b) = (
        se(&design, "cluster:i", Ssc::Fixest),
        se(&d.design("y", &["x", "w"], &["i", "t"], &[], Some("a")), "cluster:i", Ssc::Fixest),
    );
    (0..2).for_each(|j| close(a[j], b[j], 1e-11, "shuffled se"));
}

#[test]
fn two_threads_give_the_bits_of_one() {
    let d = panel(4).design("y", &["x", "w"], &["i", "t"], &[], Some("a"));
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let fit = Ols::default().fit(&d).unwrap();
            (fit.coef.clone(), se(&d, "cluster:i+t", Ssc::Fixest), fit.residuals)
        })
    };
    assert_eq!(on(1), on(2));
}

#[test]
fn the_collinear_rule() {
    let mut d = panel(5);
    d.set("far", d.get("x").iter().map(|v| 1e6 + v).collect());
    d.set("city", d.get("i").iter().map(|v| v * 3.0 + 1.0).collect());
    d.set("sum", d.get("x").iter().zip(d.get("w")).map(|(x, w)| 1e-8 * (x + w)).collect());
    d.set("near", d.get("x").iter().zip(d.get("w")).map(|(x, w)| x + 1e-3 * w).collect());
    // A large mean is no dependence, with and without effects.
    for fe in [&["i", "t"][..], &[]] {
        let fit = Ols::default().fit(&d.design("y", &["far", "w"], fe, &[], None)).unwrap();
        assert!(fit.dropped.is_empty(), "{:?}", fit.dropped);
        let plain = Ols::default().fit(&d.design("y", &["x", "w"], fe, &[], None)).unwrap();
        // 1e6 + x keeps 10 digits of x.
        close(fit.coefficient("far").unwrap(), plain.coefficient("x").unwrap(), 1e-8, "far");
    }
    let design = d.design("y", &["x", "w", "sum", "city"], &["i", "t"], &[], None);
    let fit = Ols::default().fit(&design).unwrap();
    let why: Vec<String> = fit.notes();
    assert_eq!(why, ["`sum` dropped: a linear combination of `x` and `w`", "`city` dropped: absorbed by `i`",]);
    assert!(Ols::default().fit(&d.design("y", &["x", "near"], &["i"], &[], None)).unwrap().dropped.is_empty());
    let strict = Ols { collinear: Collinear::Error, ..Ols::default() };
    let error = strict.fit(&design).unwrap_err();
    assert_eq!((error.column.as_deref(), &error.kind), (Some("sum"), &Kind::Collinear { absorbed: false }));
    let absorbed = d.design("y", &["city"], &["i", "t"], &[], None);
    let error = strict.fit(&absorbed).unwrap_err();
    assert_eq!(error.kind, Kind::Collinear { absorbed: true });
    assert_eq!(Ols::default().fit(&absorbed).unwrap_err().kind, Kind::NothingLeft);
}

#[test]
fn refusals() {
    let mut d = panel(6);
    d.set("all", vec![1.0; d.n]);
    let design = d.design("y", &["x"], &["i"], &["all"], None);
    let fit = Ols::default().fit(&design).unwrap();
    let ask = |how: &str, ssc| vcov(&fit, &how.parse().unwrap(), ssc, &design).unwrap_err();
    assert_eq!(ask("cluster:all", Ssc::Fixest).kind, Kind::OneCluster { name: "all".into() });
    assert!(ask("cluster:nowhere", Ssc::Fixest).to_string().contains("nowhere"));
    assert!(matches!(ask("iid", Ssc::All).kind, Kind::Invalid { .. }));
    let mut bad = design.clone();
    bad.y[3] = f64::NAN;
    let error = Ols::default().fit(&bad).unwrap_err();
    assert_eq!((error.kind, error.rows), (Kind::NotFinite, vec![3]));
    let mut bad = design.clone();
    bad.w = Some(vec![-1.0; bad.nobs()]);
    assert!(matches!(Ols::default().fit(&bad).unwrap_err().kind, Kind::Invalid { .. }));
    // xtreg has no answer when the panel is not nested in the clusters.
    let design = d.design("y", &["x"], &["i", "t"], &[], None);
    let fit = Ols::default().fit(&design).unwrap();
    let error = vcov(&fit, &"cluster:t".parse().unwrap(), Ssc::StataXtreg, &design).unwrap_err();
    assert!(error.to_string().contains("not nested"));
    // An outcome that the effects explain would leave nothing but rounding to regress.
    d.set("of_i", d.get("i").iter().map(|v| 0.1 + v / 3.0).collect());
    for (y, fe) in [("of_i", &["i", "t"][..]), ("all", &[])] {
        let error = Ols::default().fit(&d.design(y, &["x"], fe, &[], None)).unwrap_err();
        assert_eq!(error.column.as_deref(), Some(y), "{error}");
    }
    // Every observation alone.
    let alone = d.design("y", &["x"], &["one"], &[], None);
    assert!(Ols::default().fit(&alone).unwrap_err().to_string().contains("alone"));
}

#[test]
fn an_interaction_of_clusters_needs_no_column() {
    let d = panel(7).design("y", &["x", "w"], &["i", "t"], &[], None);
    let (a, b) = (se(&d, "cluster:i^t", Ssc::None), se(&d, "hc0", Ssc::None));
    (0..2).for_each(|j| close(a[j], b[j], 1e-12, "se"));
}

#[test]
fn an_indefinite_two_way_meat_is_repaired_and_said() {
    // Search a few seeds for an indefinite V; the repaired one must be semidefinite.
    let mut seen = 0;
    for seed in 0..60 {
        let d = panel(100 + seed).filter(|k| k % 8 < 3 && k < 64);
        let design = d.design("y", &["x", "w", "a"], &["i", "t"], &[], None);
        let fit = Ols::default().fit(&design).unwrap();
        let c = vcov(&fit, &"cluster:i+t".parse().unwrap(), Ssc::Fixest, &design).unwrap();
        if c.warnings.iter().any(|w| w.contains("indefinite")) {
            seen += 1;
            let raw = multiway_meat(&fit, &design.fe, &|_| 1.0);
            let smallest = |A: &Mat<f64>| *plim_stats::math::linalg::symmetric_eigen(A).unwrap().0.last().unwrap();
            assert!(smallest(&raw) < 0.0 && smallest(&c.V) > -1e-12);
        }
    }
    assert!(seen > 0, "no seed gave an indefinite covariance");
}

#[test]
fn hc3_is_the_sum_of_squared_shifts_of_leaving_one_out() {
    // b - b₋ᵢ = B sᵢ/(1 - hᵢ), so that Σ (b₋ᵢ - b)² is HC3 exactly, weights and effects included.
    let d = panel(8).filter(|k| k < 64).design("y", &["x", "w"], &["i", "t"], &[], Some("a"));
    let fit = Ols::default().fit(&d).unwrap();
    let mut V = [0.0; 2];
    for out in 0..d.nobs() {
        let rows: Vec<usize> = (0..d.nobs()).filter(|&i| i != out).collect();
        let without = Ols::default().fit(&d.at(&rows)).unwrap();
        (0..2).for_each(|j| V[j] += (without.coef[j] - fit.coef[j]).powi(2));
    }
    let hc3 = se(&d, "hc3", Ssc::Fixest);
    (0..2).for_each(|j| close(hc3[j], V[j].sqrt(), 1e-10, "sum of squared shifts"));
}

#[test]
fn leverage_one_is_refused() {
    // With a level of two rows and a dummy for one of them, that row fits itself.
    let mut d = panel(9);
    d.set("first", (0..d.n).map(|k| f64::from(u8::from(k == 0))).collect());
    let design = d.design("y", &["x", "first"], &["i"], &[], None);
    let fit = Ols::default().fit(&design).unwrap();
    let error = vcov(&fit, &Vcov::Hc3, Ssc::Fixest, &design).unwrap_err();
    assert!(error.kind.untrusted() && error.rows == [0], "{error}");
}
