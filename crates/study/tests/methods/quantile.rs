//! Quantiles, thresholds and censoring as outside programs ask for them: one method on one file.

use plim_golden::{close, close_printed, shared};
use plim_report::Fit;
use plim_study::single::{Single, run};
use serde_json::Value;
use serde_json::json;
use std::path::{Path, PathBuf};

fn ask(method: &str, file: &Path, options: Value) -> Result<Fit, String> {
    let Value::Object(options) = options else { unreachable!() };
    match run(method, file, options) {
        Ok(Single::Fit(fit)) => Ok(*fit),
        Ok(_) => panic!("one fit"),
        Err(e) => Err(e.to_string()),
    }
}

fn number(fit: &Fit, name: &str) -> f64 {
    fit.stat(name).unwrap_or_else(|| panic!("no {name} in {:?}", fit.stats))
}

/// The reference panel of methods 6.0 as a file.
fn panel(folder: &Path) -> PathBuf {
    let path = folder.join("panel.csv");
    let mut text = String::from("i,t,y,x,w\n");
    for i in 1i64..=8 {
        for t in 1i64..=6 {
            let z = ((5 * i + 2 * t + i * t * t) % 11) as f64 / 10.0;
            let v = ((3 * i * i + 7 * t + i * t) % 17) as f64 / 20.0;
            let w = ((7 * i + 5 * t + 3 * i * t) % 13) as f64 / 10.0;
            let e = ((11 * i + 4 * t + 2 * i * t * t) % 19) as f64 / 20.0;
            let x = z + v;
            let m = 0.4 * x + 0.2 * w + ((2 * i * i + 3 * t + 5 * i * t) % 7) as f64 / 20.0;
            let y = 1.0 + 0.5 * x + 0.6 * m - 0.3 * w + 0.1 * i as f64 + 0.2 * t as f64 + 0.5 * v + e;
            text += &format!("{i},{t},{y},{x},{w}\n");
        }
    }
    std::fs::write(&path, text).unwrap();
    path
}

/// quantreg through the command's own door: Engel at three quantiles, the errors by covariance and by `se`.
#[test]
fn quantile_agrees_with_quantreg() {
    let Some(file) = shared("golden/r/misc.json") else { return };
    let golden = plim_golden::json(&file);
    let engel = file.parent().unwrap().join("package_data/quantreg_engel.csv");
    let asked = [(json!({ "vcov": "iid" }), "iid"), (json!({}), "nid"), (json!({ "se": "kernel" }), "ker")];
    for (mut options, name) in asked {
        options["formula"] = json!("foodexp ~ income");
        options["tau"] = json!([0.25, 0.5, 0.75]);
        let fit = ask("quantile", &engel, options).unwrap();
        let quantiles = fit.more["quantiles"].as_array().unwrap();
        assert_eq!(quantiles.len(), 3);
        for q in quantiles {
            let want = &golden["cases"][format!("engel_rq_{}", q["tau"]).as_str()]["result"];
            close(q["objective"].as_f64().unwrap(), want["objective"].as_f64().unwrap(), 1e-12, "objective");
            for (j, term) in ["(Intercept)", "income"].iter().enumerate() {
                let c = &q["coefficients"][j];
                assert_eq!(c["name"], *term);
                close(c["estimate"].as_f64().unwrap(), want["coef"][term].as_f64().unwrap(), 1e-8, term);
                close(c["std_error"].as_f64().unwrap(), want[name]["se"][term].as_f64().unwrap(), 1e-8, name);
                close(c["p_value"].as_f64().unwrap() + 1.0, want[name]["p"][term].as_f64().unwrap() + 1.0, 1e-9, "p");
            }
        }
        assert_eq!(fit.coefficients[1].estimate, quantiles[0]["coefficients"][1]["estimate"].as_f64().unwrap());
    }
}

/// Years as an effect are dummies that are not shown; cities are too many.
#[test]
fn quantile_takes_few_effects() {
    let Some(file) = shared("golden/r/misc.json") else { return };
    let golden = plim_golden::json(&file);
    let city = file.parent().unwrap().join("data/syn_city.csv");
    let want = &golden["cases"]["city_rq"]["result"]["tau0.5"];
    let options = json!({ "formula": "resil ~ de + fdi + open | year", "tau": [0.5], "vcov": "hc1" });
    let fit = ask("quantile", &city, options).unwrap();
    for c in &fit.coefficients {
        close(c.estimate, want["coef"][c.name.as_str()].as_f64().unwrap(), 1e-8, &c.name);
        close(c.std_error, want["nid_se"][c.name.as_str()].as_f64().unwrap(), 1e-8, &c.name);
    }
    assert_eq!((fit.coefficients.len(), fit.nobs), (3, 3139));
    assert!(number(&fit, "certificate") < 1e-12);
    assert!(fit.notes.iter().any(|n| n.contains("not unique")), "{:?}", fit.notes);
    let clustered = json!({ "formula": "resil ~ de | year", "tau": [0.5], "vcov": "cluster:city" });
    let fit = ask("quantile", &city, clustered).unwrap();
    assert!(fit.vcov.contains("cluster:city") && fit.vcov.contains("se uniform"), "{}", fit.vcov);
    let many = ask("quantile", &city, json!({ "formula": "resil ~ de | city" })).unwrap_err();
    assert!(many.contains("289 levels") && many.contains("mmqr"), "{many}");
}

#[test]
fn mmqr_gives_location_scale_and_quantiles() {
    let dir = tempfile::tempdir().unwrap();
    let file = panel(dir.path());
    let fit = ask("mmqr", &file, json!({ "formula": "y ~ x + w | i", "tau": [0.25, 0.75] })).unwrap();
    let estimates = |list: &Value| -> Vec<f64> {
        list.as_array().unwrap().iter().map(|c| c["estimate"].as_f64().unwrap()).collect()
    };
    // methods 6.8.
    close_printed(&estimates(&fit.more["location"]), &[1.10815173, -0.44748265], 8, "location");
    close_printed(&estimates(&fit.more["scale"]), &[-0.06972928, -0.01104173], 8, "scale");
    let quantiles = fit.more["quantiles"].as_array().unwrap();
    close_printed(&estimates(&quantiles[1]["coefficients"]), &[1.04875684, -0.45688791], 8, "tau .75");
    close_printed(&[fit.coefficients[0].estimate], &[1.17832237], 8, "the first tau is on top");
    assert!(fit.coefficients.iter().all(|c| c.std_error > 0.0));
    assert!(fit.vcov.starts_with("cluster:i"), "{}", fit.vcov);
    assert_eq!(number(&fit, "sigma_nonpositive"), 0.0);
    let iid = ask("mmqr", &file, json!({ "formula": "y ~ x + w | i", "vcov": "iid" })).unwrap_err();
    assert!(iid.contains("iid") && iid.contains("hc1"), "{iid}");
}

#[test]
fn threshold_gives_the_regimes() {
    let dir = tempfile::tempdir().unwrap();
    let file = panel(dir.path());
    let options = json!({
        "formula": "y ~ x + w | i + t", "regime": "x", "threshold": "w", "trim": 0.1, "replications": 99,
        "unit": "i", "time": "t",
    });
    let fit = ask("threshold", &file, options.clone()).unwrap();
    // methods 6.8.
    close_printed(&[number(&fit, "threshold"), number(&fit, "f1")], &[0.9, 2.09162381], 8, "threshold");
    close_printed(&[number(&fit, "ssr")], &[3.1360043143], 10, "ssr");
    let b = |name: &str| fit.coefficients.iter().find(|c| c.name == name).unwrap().estimate;
    close_printed(&[b("x:low"), b("x:high"), b("w")], &[0.90080309, 1.15591732, -0.42654657], 8, "slopes");
    let p = number(&fit, "p_value");
    assert!((0.0..=1.0).contains(&p) && (p * 99.0).fract().abs() < 1e-9);
    assert!(number(&fit, "ci_low") <= 0.9 && number(&fit, "ci_high") >= 0.9);
    // A regressor that the formula leaves to `regime` is the same model.
    let mut other = options.clone();
    other["formula"] = json!("y ~ w | i + t");
    assert_eq!(number(&ask("threshold", &file, other).unwrap(), "ssr"), number(&fit, "ssr"));
    let mut double = options.clone();
    double["thresholds"] = json!(2);
    let double = ask("threshold", &file, double).unwrap();
    let names: Vec<&str> = double.coefficients.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["w", "x:low", "x:middle", "x:high"]);
    assert!(number(&double, "ssr") < number(&fit, "ssr") && number(&double, "f2") > 0.0);
    assert_eq!(number(&double, "f1"), number(&fit, "f1"));
    let mut without = options.clone();
    without.as_object_mut().unwrap().remove("regime");
    let refused = ask("threshold", &file, without).unwrap_err();
    assert!(refused.contains("`regime` is not given"), "{refused}");
}

/// `python3 golden/tobit.py` (mpmath 1.3.0).
#[test]
#[allow(clippy::excessive_precision)]
fn tobit_agrees_with_forty_digits() {
    let dir = tempfile::tempdir().unwrap();
    let file = panel(dir.path());
    let fit = ask("tobit", &file, json!({ "formula": "y ~ x + w", "lower": 3.0, "vcov": "iid" })).unwrap();
    let want = [2.730_451_791_819_643, 1.040_598_595_456_319, -0.355_740_516_998_831_6];
    let se = [0.271_354_883_402_696_9, 0.235_480_175_964_435_9, 0.218_852_948_368_075_66];
    for (c, (b, se)) in fit.coefficients.iter().zip(want.iter().zip(se)) {
        close(c.estimate, *b, 1e-10, &c.name);
        close(c.std_error, se, 1e-10, &c.name);
    }
    close(number(&fit, "sigma"), 0.556_960_913_131_429_9, 1e-10, "sigma");
    close(number(&fit, "sigma_std_error"), 0.06974185689044423, 1e-10, "its error");
    close(number(&fit, "loglik"), -38.461414487231347, 1e-12, "loglik");
    assert_eq!((fit.sample["censored_lower"].as_u64(), fit.coefficients.len()), (Some(13), 3));
    let all = ask("tobit", &file, json!({ "formula": "y ~ x + w", "lower": 50 })).unwrap_err();
    assert!(all.contains("every observation is censored"), "{all}");
}

/// `python3 golden/truncated.py` (mpmath 1.3.0); and the second stage without replications is that regression.
#[test]
#[allow(clippy::excessive_precision)]
fn truncreg_and_simar_wilson_agree_with_sixty_digits() {
    let dir = tempfile::tempdir().unwrap();
    let file = panel(dir.path());
    let fit = ask("truncreg", &file, json!({ "formula": "y ~ x + w", "lower": 2.75, "vcov": "iid" })).unwrap();
    let want = [2.677_194_980_816_955_8, 0.981_974_984_323_585_63, -0.178_623_852_088_547_97];
    let se = [0.390_798_389_370_861_09, 0.307_254_713_374_851_79, 0.269_978_355_838_508_67];
    for (c, (b, se)) in fit.coefficients.iter().zip(want.iter().zip(se)) {
        close(c.estimate, *b, 1e-10, &c.name);
        close(c.std_error, se, 1e-10, &c.name);
    }
    assert_eq!((fit.nobs, fit.sample["at_or_below_lower"].as_u64(), fit.coefficients.len()), (41, Some(7), 3));
    // All outcomes are above one, where two sides of the limit would be refused.
    let none = json!({ "formula": "y ~ x + w", "replications": 0, "vcov": "iid" });
    let second = ask("simar_wilson", &file, none).unwrap();
    let first = ask("truncreg", &file, json!({ "formula": "y ~ x + w", "lower": 1.0, "vcov": "iid" })).unwrap();
    assert_eq!(second.coefficients, first.coefficients);
    let refused = ask("simar_wilson", &file, json!({ "formula": "y ~ x + w", "vcov": "iid" })).unwrap_err();
    assert!(refused.contains("come from the bootstrap"), "{refused}");
    let other = json!({ "formula": "w ~ t", "inputs": ["x"], "outputs": ["y"], "replications": 20 });
    assert!(ask("simar_wilson", &file, other).unwrap_err().contains("score made from them"));
}
