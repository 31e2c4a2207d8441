//! Frontiers without a distribution, with endogenous regressors and under a metafrontier, as a user runs them.

use plim_report::Fit;
use plim_stats::math::rng::Stream;
use plim_study::single::{Single, run};
use plim_table::Table;
use serde_json::{Value, json};
use std::fmt::Write;

/// Logarithms of 60 units over 5 years in two regions, k moving with the noise, z an instrument; the third row has no
/// outcome.
fn file(dir: &std::path::Path) -> std::path::PathBuf {
    let mut text = String::from("u,t,region,y,k,l,z\n");
    let mut draw = Stream::new(5, 0);
    for i in 0..300i32 {
        let (unit, year) = (i / 5, 2000 + i % 5);
        let south = unit % 2 == 1;
        let (z, l, shock) = (draw.normal(), 1.0 + draw.normal(), draw.normal());
        let k = z + 0.3 * l + 0.7 * shock;
        let noise = 0.3 * shock + 0.15 * draw.normal() - 0.5 * draw.normal().abs();
        let y = 0.3 + 0.4 * k + 0.5 * l + noise - if south { 0.4 + 0.1 * l } else { 0.0 };
        let y = if i == 2 { String::new() } else { y.to_string() };
        writeln!(text, "{unit},{year},{},{y},{k},{l},{z}", if south { "south" } else { "north" }).unwrap();
    }
    let file = dir.join("data.csv");
    std::fs::write(&file, text).unwrap();
    file
}

fn scored(method: &str, file: &std::path::Path, options: Value) -> Result<(Fit, Table), String> {
    let Value::Object(options) = options else { unreachable!() };
    match run(method, file, options) {
        Ok(Single::Scored(fit, table)) => Ok((*fit, table)),
        Ok(_) => panic!("a fit with scores"),
        Err(e) => Err(e.to_string()),
    }
}

fn mean(table: &Table, column: &str) -> f64 {
    let values = table.numbers(column).unwrap();
    values.iter().sum::<f64>() / values.len() as f64
}

#[test]
fn relative_efficiency_has_no_likelihood() {
    let dir = tempfile::tempdir().unwrap();
    let file = file(dir.path());
    for model in ["schmidt_sickles", "cornwell_schmidt_sickles", "lee_schmidt"] {
        let options = json!({ "formula": "y ~ k + l", "model": model, "unit": "u", "time": "t" });
        let (fit, rows) = scored("sfa", &file, options.clone()).unwrap();
        assert_eq!((fit.nobs, rows.rows()), (299, 299), "{model}");
        assert!(fit.vcov.contains("least squares") && fit.coefficients[0].std_error > 0.0, "{model}: {}", fit.vcov);
        for absent in ["loglik", "lr", "lr_df", "lr_p_value", "skewness"] {
            assert!(fit.stat(absent).is_none(), "{model}: {absent}");
        }
        assert!((fit.stat("mean_efficiency").unwrap() - mean(&rows, "efficiency")).abs() < 1e-12);
        assert!(rows.numbers("effect").unwrap().iter().all(|e| e.is_finite()));
        assert!(rows.numbers("efficiency_jlms").unwrap().iter().all(|e| e.is_nan()));
        let robust = scored(
            "sfa",
            &file,
            json!({ "formula": "y ~ k + l", "model": model, "unit": "u", "time": "t", "vcov": "hc1" }),
        );
        assert!(robust.unwrap_err().contains("cluster by the unit"));
    }
    let options =
        json!({ "formula": "y ~ k + l", "model": "lee_schmidt", "unit": "u", "time": "t", "vcov": "cluster:u" });
    let (fit, _) = scored("sfa", &file, options).unwrap();
    assert!(fit.vcov.contains("cluster") && fit.coefficients[0].std_error > 0.0, "{}", fit.vcov);
    // The slopes are those of feols, and random effects are one option away.
    let options = json!({ "formula": "y ~ k + l", "model": "schmidt_sickles", "unit": "u", "time": "t" });
    let (fit, _) = scored("sfa", &file, options.clone()).unwrap();
    let Value::Object(within) = json!({ "formula": "y ~ k + l | u", "vcov": "iid" }) else { unreachable!() };
    let Ok(Single::Fit(within)) = run("feols", &file, within) else { panic!("a fit") };
    for (a, b) in fit.coefficients.iter().zip(&within.coefficients) {
        assert!((a.estimate - b.estimate).abs() < 1e-10, "{}", a.name);
        assert!((a.std_error - b.std_error).abs() < 1e-10, "{}", a.name);
    }
    let mut random = options;
    random["first_step"] = json!("random");
    let (fit, _) = scored("sfa", &file, random).unwrap();
    assert!(fit.coefficients[0].name == "(Intercept)" && fit.stat("sigma_w").is_some());
}

#[test]
fn instruments_take_the_bias_out() {
    let dir = tempfile::tempdir().unwrap();
    let file = file(dir.path());
    let naive = json!({ "formula": "y ~ k + l + region" });
    let mut options = naive.clone();
    options["endogenous"] = json!(["k"]);
    options["instruments"] = json!(["z"]);
    let (naive, _) = scored("sfa", &file, naive).unwrap();
    let (fit, rows) = scored("sfa", &file, options.clone()).unwrap();
    let k = |fit: &Fit| fit.coefficients.iter().find(|c| c.name == "k").unwrap().clone();
    assert!(k(&naive).estimate > 0.45, "{}", k(&naive).estimate);
    assert!((k(&fit).estimate - 0.4).abs() < 4.0 * k(&fit).std_error, "{}", k(&fit).estimate);
    assert!(fit.stat("exogeneity_p").unwrap() < 1e-3 && fit.stat("first_stage_f").unwrap() > 100.0);
    // First stages as `iv` lists them.
    let stage = &fit.more["first_stage"][0];
    assert_eq!(stage["name"], json!("k"));
    let names: Vec<&str> =
        stage["coefficients"].as_array().unwrap().iter().map(|c| c["name"].as_str().unwrap()).collect();
    assert_eq!((names[0], *names.last().unwrap()), ("(Intercept)", "variance"));
    assert!(names.contains(&"z") && names.contains(&"l"), "{names:?}");
    assert!(fit.coefficients.iter().any(|c| c.name == "eta(k)"));
    assert!(rows.numbers("efficiency").unwrap().iter().all(|e| *e > 0.0 && *e <= 1.0));
    options["vcov"] = json!("hc1");
    let (robust, _) = scored("sfa", &file, options).unwrap();
    assert!(k(&robust).std_error > 0.0 && k(&robust).std_error != k(&fit).std_error);
    // Refusals.
    let alone = scored("sfa", &file, json!({ "formula": "y ~ k + l", "endogenous": ["k"] })).unwrap_err();
    assert!(alone.contains("go together"), "{alone}");
    let none = json!({ "formula": "y ~ l", "endogenous": ["k"], "instruments": ["z"] });
    assert!(scored("sfa", &file, none).unwrap_err().contains("no regressor of the frontier"));
}

#[test]
fn a_metafrontier_over_regions() {
    let dir = tempfile::tempdir().unwrap();
    let file = file(dir.path());
    let base = json!({ "formula": "y ~ k + l", "group": "region", "unit": "u", "time": "t" });
    let with = |key: &str, value: Value| {
        let mut options = base.clone();
        options[key] = value;
        scored("sfa_metafrontier", &file, options)
    };
    for envelope in ["linear", "quadratic"] {
        let (fit, rows) = with("envelope", json!(envelope)).unwrap();
        assert!(fit.vcov.contains("redrawn") && fit.coefficients.iter().all(|c| c.std_error > 0.0), "{}", fit.vcov);
        let groups = fit.more["groups"].as_array().unwrap();
        assert_eq!((&groups[0]["group"], &groups[1]["group"]), (&json!("north"), &json!("south")));
        let ratio = |g: usize| groups[g]["mean_technology_gap_ratio"].as_f64().unwrap();
        // The south lies lower by half a logarithm at the mean of l.
        assert!(ratio(0) > 0.9 && ratio(1) < 0.85, "{} {}", ratio(0), ratio(1));
        assert!(fit.stat("lr_p_value").unwrap() < 0.01 && fit.stat("certificate").unwrap() <= 1e-9);
        assert_eq!(rows.rows(), 299);
        let [all, own, gap] =
            ["efficiency", "group_efficiency", "technology_gap_ratio"].map(|c| rows.numbers(c).unwrap());
        for i in 0..299 {
            assert!((all[i] - own[i] * gap[i]).abs() < 1e-14 && gap[i] <= 1.0);
        }
    }
    assert!(with("replications", json!(0)).unwrap().0.vcov.contains("none"));
    // Refusals: an option of the other envelopes, a missing group, a group of one value.
    assert!(with("vcov", json!("hc1")).unwrap_err().contains("`replications`"));
    assert!(with("gap_determinants", json!(["l"])).unwrap_err().contains("`gap_determinants`"));
    assert!(with("group", json!("")).unwrap_err().contains("`group`"));
    assert!(with("where", json!("region = \"north\"")).unwrap_err().contains("two or more values"));
}
