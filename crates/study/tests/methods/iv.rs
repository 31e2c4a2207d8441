//! `iv`, `liml` and `gmm` as a user runs them: on a file, with a formula, results by the names of the contract.

use plim_golden::{Csv, close, close_printed, json, shared};
use plim_report::Fit;
use plim_study::single::{Single, run, run_on};
use plim_table::{Column, Table};
use serde_json::{Map, Value, json};
use std::path::Path;

fn options(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap()
}

fn fitted(single: Single) -> Fit {
    match single {
        Single::Fit(fit) => *fit,
        _ => panic!("a fit"),
    }
}

/// Coefficients, errors and statistics of a fixest case, whose endogenous variables are called `fit_x`.
#[track_caller]
fn check(fit: &Fit, case: &Value, endogenous: &[&str]) {
    assert_eq!(fit.nobs as u64, case["nobs"].as_u64().unwrap());
    for c in &fit.coefficients {
        let theirs = if endogenous.contains(&c.name.as_str()) { format!("fit_{}", c.name) } else { c.name.clone() };
        close(c.estimate, case["coef"][&theirs].as_f64().unwrap(), 1e-8, &theirs);
        close(c.std_error, case["se"][&theirs].as_f64().unwrap(), 1e-7, &format!("se {theirs}"));
    }
    let iv = &case["iv"];
    let smallest = endogenous.iter().map(|d| iv[format!("ivwald1::{d}")]["stat"].as_f64().unwrap());
    close(fit.stat("first_stage_f").unwrap(), smallest.fold(f64::INFINITY, f64::min), 1e-7, "first stage F");
    close(fit.stat("wald_f").unwrap(), iv["ivwald2"]["stat"].as_f64().unwrap(), 1e-7, "wald");
    close(fit.stat("wu_hausman").unwrap(), iv["wh"]["stat"].as_f64().unwrap(), 1e-6, "wu-hausman");
}

#[test]
fn fixest_cases_from_their_files() {
    let Some(golden) = shared("golden/r/fixest.json") else { return };
    let cases = json(&golden)["cases"].take();
    type Case<'a> = (&'a str, &'a str, &'a str, Value, &'a [&'a str]);
    let list: [Case; 5] = [
        (
            "city_iv2",
            "data/syn_city.csv",
            "resil ~ fdi + open + ind | city + year | de ~ z1 + z2",
            json!({ "vcov": "cluster:city" }),
            &["de"],
        ),
        (
            "city_iv2_iid",
            "data/syn_city.csv",
            "resil ~ fdi + open + ind | city + year | de ~ z1 + z2",
            json!({ "vcov": "iid" }),
            &["de"],
        ),
        (
            "city_iv2_w",
            "data/syn_city.csv",
            "resil ~ fdi + open | city + year | de ~ z1 + z2",
            json!({ "vcov": "cluster:city+year", "weights": "pop" }),
            &["de"],
        ),
        (
            "city_iv_two_endo",
            "data/syn_city.csv",
            "resil ~ fdi + open | city + year | de + tech ~ z1 + z2 + z1:z2 + l(z1)",
            json!({ "vcov": "cluster:city", "unit": "city", "time": "year" }),
            &["de", "tech"],
        ),
        (
            "unb_iv",
            "data/syn_unbal.csv",
            "resil ~ fdi + open | city + year | de ~ z1 + z2",
            json!({ "vcov": "cluster:city", "weights": "pop" }),
            &["de"],
        ),
    ];
    for (name, file, formula, more, endogenous) in list {
        let mut keys = options(more);
        keys.insert("formula".into(), formula.into());
        let file = shared(&format!("golden/r/{file}")).unwrap();
        let fit = fitted(run("iv", &file, keys).unwrap());
        check(&fit, &cases[name]["result"], endogenous);
        assert_eq!(fit.stat("kappa"), Some(1.0));
    }
}

#[test]
fn iris_and_cigarettes_from_their_files() {
    let (Some(fixest), Some(iris)) =
        (shared("golden/r/fixest.json"), shared("golden/r/package_data/datasets_iris.csv"))
    else {
        return;
    };
    let cases = json(&fixest)["cases"].take();
    let csv = Csv::read(&iris);
    let n = 150;
    let [y, x1, x2, x3] = ["Sepal.Length", "Sepal.Width", "Petal.Length", "Petal.Width"].map(|name| csv.num(name));
    let row = |i: usize| (i + 1) as f64;
    let first: Vec<f64> = (0..n).map(|i| 0.2 * x2[i] + 0.7 * x3[i] + row(i).sin()).collect();
    let second: Vec<f64> = (0..n).map(|i| 0.5 * x2[i] + (3.0 * row(i)).cos()).collect();
    let species = csv.text("Species").to_vec();
    let table = || {
        Table::new(vec![
            Column::number("y", y.clone()),
            Column::number("x1", x1.clone()),
            Column::number("x2", x2.clone()),
            Column::number("x3", x3.clone()),
            Column::text("species", species.iter().map(|s| Some(s.as_str()))),
            Column::number("fe_bis", (0..n).map(|i| (i % 5) as f64).collect()),
            Column::number("x_inst1", first.clone()),
            Column::number("x_inst2", second.clone()),
        ])
        .unwrap()
    };
    for (name, formula, vcov, endogenous) in [
        ("iris_iv_over", "y ~ x1 | species | x2 ~ x_inst1 + x_inst2", "iid", &["x2"][..]),
        ("iris_iv_over_cl", "y ~ x1 | fe_bis | x2 ~ x_inst1 + x_inst2", "cluster:fe_bis", &["x2"]),
        ("iris_iv_two_endo", "y ~ x1 | fe_bis | x2 + x3 ~ x_inst1 + x_inst2 + I(x_inst1^2)", "hc1", &["x2", "x3"]),
    ] {
        let keys = options(json!({ "formula": formula, "vcov": vcov }));
        let fit = fitted(run_on("iv", table(), keys, Path::new(".")).unwrap().0);
        check(&fit, &cases[name]["result"], endogenous);
        let sargan = cases[name]["result"]["iv"]["sargan"]["stat"].as_f64().unwrap();
        close(fit.stat("sargan").unwrap(), sargan, 1e-7, "sargan");
    }
    let (Some(misc), Some(cig)) = (shared("golden/r/misc.json"), shared("golden/r/package_data/AER_CigarettesSW.csv"))
    else {
        return;
    };
    let want = json(&misc)["cases"]["cig_iv"]["result"].take();
    let formula = "log(packs) ~ log(income/population/cpi) | log(price/cpi) ~ I((taxs - tax)/cpi) + I(tax/cpi)";
    let keys = options(json!({ "formula": formula, "vcov": "iid", "where": "year = 1995" }));
    let fit = fitted(run("iv", &cig, keys).unwrap());
    let c = fit.coefficients.iter().find(|c| c.name.contains("price")).unwrap();
    close(c.estimate, want["coef"]["coef"]["log(rprice)"].as_f64().unwrap(), 1e-8, "price");
    close(c.std_error, want["coef"]["se"]["log(rprice)"].as_f64().unwrap(), 1e-7, "price");
    let row = |i: usize| want["diagnostics"]["data_by_row"][4 * i + 2].as_f64().unwrap();
    for (name, want) in [("first_stage_f", row(0)), ("wu_hausman", row(1)), ("sargan", row(2))] {
        close(fit.stat(name).unwrap(), want, 1e-7, name);
    }
}

/// The 48 rows of methods.md 6.0 as a file.
fn panel48() -> String {
    let mut out = String::from("i,t,z,w,x,y\n");
    for i in 1..=8_i64 {
        for t in 1..=6_i64 {
            let z = ((5 * i + 2 * t + i * t * t) % 11) as f64 / 10.0;
            let v = ((3 * i * i + 7 * t + i * t) % 17) as f64 / 20.0;
            let w = ((7 * i + 5 * t + 3 * i * t) % 13) as f64 / 10.0;
            let e = ((11 * i + 4 * t + 2 * i * t * t) % 19) as f64 / 20.0;
            let x = z + v;
            let m = 0.4 * x + 0.2 * w + ((2 * i * i + 3 * t + 5 * i * t) % 7) as f64 / 20.0;
            let y = 1.0 + 0.5 * x + 0.6 * m - 0.3 * w + 0.1 * i as f64 + 0.2 * t as f64 + 0.5 * v + e;
            out.push_str(&format!("{i},{t},{z},{w},{x},{y}\n"));
        }
    }
    out
}

fn on_panel(method: &str, value: Value) -> plim_study::error::Result<Single> {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("panel.csv");
    std::fs::write(&file, panel48()).unwrap();
    run(method, &file, options(value))
}

#[test]
fn methods_6_2_in_the_words_of_the_contract() {
    let fit = fitted(on_panel("iv", json!({ "formula": "y ~ w | i + t | x ~ z" })).unwrap());
    assert!(fit.vcov.starts_with("cluster:i (ssc fixest: K = 8"), "{}", fit.vcov);
    let stat = |name: &str| fit.stat(name).unwrap_or_else(|| panic!("{name} in {:?}", fit.stats));
    close_printed(&[fit.coefficients[0].estimate, fit.coefficients[0].std_error], &[0.42267996, 0.21671667], 8, "x");
    assert_eq!(fit.coefficients[0].name, "x");
    close_printed(&[stat("first_stage_f"), stat("kp_f"), stat("effective_f")], &[25.53065457; 3], 8, "F");
    close_printed(
        &[stat("cragg_donald_f"), stat("kp_lm"), stat("kp_lm_p")],
        &[28.19330506, 5.18203341, 0.02282160],
        8,
        "",
    );
    assert_eq!((stat("kp_lm_df"), stat("kappa")), (1.0, 1.0));
    assert_eq!(fit.stats["ar_set"], "interval");
    assert!(stat("ar_low") < 0.42 && 0.43 < stat("ar_high"));
    assert!(fit.stats["hansen_j"].is_null() && fit.stats["sargan"].is_null());
    assert_eq!(fit.more["first_stage"][0]["coefficients"][0]["name"], "z");
    close_printed(
        &[fit.more["first_stage"][0]["coefficients"][0]["estimate"].as_f64().unwrap()],
        &[0.90442415],
        8,
        "pi",
    );
    assert!(fit.notes.iter().any(|n| n.contains("16.38") && n.contains("derived for iid errors")), "{:?}", fit.notes);
    // Just identified: the three methods are one.
    for method in ["liml", "gmm"] {
        let other = fitted(on_panel(method, json!({ "formula": "y ~ w | i + t | x ~ z" })).unwrap());
        close(other.coefficients[0].std_error, fit.coefficients[0].std_error, 1e-9, method);
        assert_eq!(other.method, method);
    }
}

#[test]
fn options_reach_the_estimators() {
    let formula = "y ~ w | i + t | x ~ z + I(z^2)";
    let at = |method: &str, more: Value| {
        let mut keys = options(more);
        keys.insert("formula".into(), formula.into());
        keys.insert("vcov".into(), "hc1".into());
        fitted(on_panel(method, keys.into()).unwrap())
    };
    // linearmodels 7.1, see crates/stats/tests/iv/linearmodels.rs.
    close(at("liml", json!({})).stat("kappa").unwrap(), 1.0009807477455654, 1e-12, "kappa");
    close(at("liml", json!({ "fuller": 1 })).stat("kappa").unwrap(), 0.9697307477455654, 1e-12, "fuller");
    close(at("liml", json!({ "kappa": 0.5 })).coefficients[0].estimate, 0.8050897876051408, 1e-10, "k-class");
    let gmm = at("gmm", json!({ "orthogonal": ["I(z^2)"] }));
    close(gmm.coefficients[0].estimate, 0.4195647884324953, 1e-10, "gmm");
    close(gmm.stat("hansen_j").unwrap(), 0.06338759956751376, 1e-9, "J");
    // Just identified without it: the C statistic is the J statistic.
    close(gmm.stat("c_statistic").unwrap(), gmm.stat("hansen_j").unwrap(), 1e-9, "C");
    let all = at("iv", json!({ "ssc": "all" }));
    assert_eq!(all.more["ssc"].as_array().unwrap().len(), 8);
}

#[test]
fn refusals_name_the_way_out() {
    let says = |method: &str, value: Value| on_panel(method, value).err().map(|e| e.to_string()).unwrap_or_default();
    let e = says("iv", json!({ "formula": "y ~ w | i + t" }));
    assert!(e.contains("third part") && e.contains("x ~ z"), "{e}");
    let e = says("iv", json!({ "formula": "y ~ w | i + t | x + w ~ z + I(z^2)" }));
    assert!(e.contains("`w` is both"), "{e}");
    let e = says("feols", json!({ "formula": "y ~ w | i + t | x ~ z" }));
    assert!(e.contains("iv, liml or gmm"), "{e}");
    let e = says("iv", json!({ "formula": "y ~ 1 | i + t | x + w ~ z" }));
    assert!(
        e.contains("2 endogenous (`x`, `w`) against 1 excluded instrument (`z`)") && e.contains("add at least 1"),
        "{e}"
    );
    let e = says("liml", json!({ "formula": "y ~ w | x ~ z", "kappa": 1, "fuller": 1 }));
    assert!(e.contains("both choose the k-class"), "{e}");
    let e = says("gmm", json!({ "formula": "y ~ w | x ~ z", "vcov": "hc2" }));
    assert!(e.contains("GMM does not have"), "{e}");
    let e = says("iv", json!({ "formula": "y ~ w | x ~ z", "kappa": 1 }));
    assert!(e.contains("kappa"), "{e}");
}

#[test]
fn the_terminal_shows_first_stage_and_tests() {
    let single = on_panel("iv", json!({ "formula": "y ~ w | i + t | x ~ z + I(z^2)" })).unwrap();
    let text = plim_study::output::text(&single).unwrap();
    for piece in ["First stage", "Partial R²", "Kleibergen-Paap LM", "[-0.615, 0.746]", "Hansen J", "Wu-Hausman F"] {
        assert!(text.contains(piece), "{piece} in\n{text}");
    }
}
