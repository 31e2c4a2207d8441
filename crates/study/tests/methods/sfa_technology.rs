//! The technology of a stochastic frontier as a user runs it: `technology = "translog"` is the formula written out.

use plim_report::Fit;
use plim_stats::math::rng::Stream;
use plim_study::single::{Single, run};
use plim_table::Table;
use serde_json::{Value, json};
use std::fmt::Write;

/// Levels of 40 units over 5 years with half-normal inefficiency.
fn file(dir: &std::path::Path, zero: bool) -> std::path::PathBuf {
    let mut text = String::from("u,t,y,k,l\n");
    let mut draw = Stream::new(5, 0);
    for i in 0..200i32 {
        let (k, l, t) = ((1.0 + draw.normal()).exp(), (0.5 + draw.normal()).exp(), f64::from(i % 5));
        let noise = 0.15 * draw.normal() - 0.5 * draw.normal().abs();
        let y = (0.3 + 0.4 * k.ln() + 0.5 * l.ln() + 0.04 * k.ln() * l.ln() + 0.02 * t + noise).exp();
        let k = if zero && i == 6 { 0.0 } else { k };
        // A row without outcome: lines of the file are no rows of the design.
        let y = if i == 2 { String::new() } else { y.to_string() };
        writeln!(text, "{},{},{y},{k},{l}", i / 5, 2000 + i % 5).unwrap();
    }
    let file = dir.join("data.csv");
    std::fs::write(&file, text).unwrap();
    file
}

fn fit(file: &std::path::Path, options: Value) -> Result<Fit, String> {
    scored(file, options).map(|(fit, _)| fit)
}

fn scored(file: &std::path::Path, options: Value) -> Result<(Fit, Table), String> {
    let Value::Object(options) = options else { unreachable!() };
    match run("sfa", file, options) {
        Ok(Single::Scored(fit, table)) => Ok((*fit, table)),
        Ok(_) => panic!("a fit"),
        Err(e) => Err(e.to_string()),
    }
}

#[test]
fn a_translog_is_its_formula_written_out() {
    let dir = tempfile::tempdir().unwrap();
    let file = file(dir.path(), false);
    let made = json!({ "formula": "y ~ 1", "factors": ["k", "l"], "logs": "take", "technology": "translog",
        "squares": "full", "trend": "linear", "unit": "u", "time": "t", "vcov": "iid",
        "tests": ["cobb_douglas", "no_technical_change"] });
    let (translog, rows) = scored(&file, made.clone()).unwrap();
    let written = "log(y) ~ log(k) + log(l) + I(log(k)^2) + log(k):log(l) + I(log(l)^2) + t";
    let formula = fit(&file, json!({ "formula": written, "vcov": "iid" })).unwrap();
    assert!((translog.stat("loglik").unwrap() - formula.stat("loglik").unwrap()).abs() < 1e-7);
    let names: Vec<&str> = translog.coefficients.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names[..7], ["(Intercept)", "ln_k", "ln_l", "ln_k^2", "ln_k:ln_l", "ln_l^2", "t"]);
    for (a, b) in translog.coefficients[1..7].iter().zip(&formula.coefficients[1..7]) {
        assert!((a.estimate - b.estimate).abs() < 1e-6 && (a.std_error - b.std_error).abs() < 1e-6, "{}", a.name);
    }
    // The tests are likelihood ratios of fits that the formula can make too.
    let plain = fit(&file, json!({ "formula": "log(y) ~ log(k) + log(l) + t", "vcov": "iid" })).unwrap();
    let test = &translog.more["tests"][0];
    let lr = 2.0 * (formula.stat("loglik").unwrap() - plain.stat("loglik").unwrap());
    assert!((test["statistic"].as_f64().unwrap() - lr).abs() < 1e-6 && test["df"] == json!(3), "{test}");
    assert_eq!(translog.more["tests"][1]["df"], json!(1));
    // Elasticities by row average to those at the mean, because they are linear in the logarithms.
    let at_mean = translog.list("elasticities");
    for (name, column) in [("ln_k", "elasticity_ln_k"), ("returns_to_scale", "returns_to_scale")] {
        let mean = rows.numbers(column).unwrap().iter().sum::<f64>() / rows.rows() as f64;
        let at = at_mean.iter().find(|c| c.name == name).unwrap();
        assert!((mean - at.estimate).abs() < 1e-10 && at.std_error > 0.0, "{name}");
    }
    let monotone = rows.numbers("monotone").unwrap();
    let violated = monotone.iter().filter(|m| **m == 0.0).count() as f64 / rows.rows() as f64;
    assert!((translog.stat("monotonicity_violations").unwrap() - violated).abs() < 1e-12);
    assert!(rows.column("curvature").is_ok() && rows.numbers("technical_change").unwrap()[0].is_finite());
    assert!(translog.notes.iter().any(|n| n.contains("without 1/2")), "{:?}", translog.notes);
}

#[test]
fn refusals_name_their_option_and_line() {
    let dir = tempfile::tempdir().unwrap();
    let zero = file(dir.path(), true);
    let base = json!({ "formula": "y ~ k + l", "logs": "take", "technology": "cobb_douglas" });
    let error = fit(&zero, base.clone()).unwrap_err();
    // Row 7 of the data is line 8 of the file, though the row before is missing in the design.
    assert!(error.contains("`k`") && error.contains("line 8"), "{error}");
    let with = |key: &str, value: Value| {
        let mut options = base.clone();
        options[key] = value;
        fit(&zero, options).unwrap_err()
    };
    assert!(with("trend", json!("linear")).contains("`time`"));
    assert!(with("factors", json!(["k", "l"])).contains("logarithm"));
    assert!(with("technology", json!("as_given")).contains("`logs`"));
    assert!(with("distance", json!("ray")).contains("`outputs`"));
}
