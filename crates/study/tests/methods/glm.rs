//! Poisson, logit, probit and negative binomial end to end: a file, a formula, the JSON of results.

use plim_golden::{close, json, shared};
use plim_report::Fit;
use plim_study::single::{Single, run};
use serde_json::{Map, Value, json};
use std::path::Path;

fn fit(method: &str, file: &Path, options: Value) -> Result<Box<Fit>, plim_study::error::Error> {
    let Value::Object(options) = options else { panic!("options are an object") };
    match run(method, file, options)? {
        Single::Fit(fit) => Ok(fit),
        _ => panic!("{method} is a fit"),
    }
}

fn csv(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::Builder::new().suffix(".csv").tempfile().unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}

/// fixest 0.14.2 (shared/golden/r/fixest.json); tolerances as in crates/stats/tests/glm/fixest.rs.
#[track_caller]
fn check(case: &str, file: &str, method: &str, options: Value, tolerances: [f64; 2]) -> Option<Box<Fit>> {
    let (cases, path) = (json(&shared("golden/r/fixest.json")?), shared(file)?);
    let want = &cases["cases"][case]["result"];
    let fit = fit(method, &path, options).unwrap();
    assert_eq!(fit.nobs as u64, want["nobs"].as_u64().unwrap(), "{case}");
    for (name, coef) in want["coef"].as_object().unwrap() {
        let c = fit.coefficients.iter().find(|c| c.name == *name).unwrap_or_else(|| panic!("{case}: {name}"));
        let value = |field: &str| want[field][name].as_f64().unwrap();
        close(c.estimate, coef.as_f64().unwrap(), tolerances[0], name);
        close(c.std_error, value("se"), tolerances[1], &format!("{case}: se {name}"));
        close(c.statistic, value("t"), tolerances[0] + tolerances[1], &format!("{case}: z {name}"));
    }
    for (ours, theirs) in [("loglik", "loglik"), ("deviance", "deviance"), ("bic", "bic"), ("df_t", "df_t")] {
        close(fit.stat(ours).unwrap(), want[theirs].as_f64().unwrap(), 1e-10, &format!("{case}: {ours}"));
    }
    close(fit.stat("r2").unwrap(), want["r2"]["cor2"].as_f64().unwrap(), tolerances[0], "squared correlation");
    assert!(fit.stat("certificate").unwrap() < 1e-10);
    Some(fit)
}

#[test]
fn cases_of_fixest() {
    let trade = "data/fixest_trade_eu15_2007_2016.parquet";
    let four = "Euros ~ log(dist_km) | Origin + Destination + Product + Year";
    let two_ways = json!({ "formula": four, "vcov": "cluster:Origin+Destination" });
    check("trade_fepois_4fe_cl2", trade, "fepois", two_ways, [1e-8, 5e-6]);
    check("trade_fepois_4fe_iid", trade, "fepois", json!({ "formula": four, "vcov": "iid" }), [1e-8, 5e-6]);
    let hetero = json!({ "formula": "Euros ~ log(dist_km) | Origin + Destination", "vcov": "hc1" });
    check("trade_fepois_hetero", trade, "fepois", hetero, [1e-8, 3e-5]);

    let wf = "golden/r/data/syn_wf.csv";
    let options = json!({ "formula": "cnt ~ x1 + x2 | worker + firm + year" });
    if let Some(fit) = check("wf_pois_3fe", wf, "fepois", options, [1e-8, 5e-6]) {
        assert_eq!(fit.sample["removed"], json!({ "worker": 47, "firm": 5 }));
        assert_eq!((&fit.sample["removed_rows"], &fit.sample["singletons"]), (&json!(85), &json!(136)));
        assert!(fit.notes.iter().any(|n| n.starts_with("47 levels of `worker` removed")), "{:?}", fit.notes);
        close(fit.stat("pseudo_r2").unwrap(), 0.09674550703432794, 1e-9, "pseudo R2");
    }
    let options = json!({
        "formula": "cnt ~ x1 | worker + year", "offset": "0.1 * x2", "weights": "wt", "vcov": "cluster:firm"
    });
    check("wf_pois_off_w", wf, "fepois", options, [1e-8, 5e-6]);

    let city = json!({ "formula": "bin ~ de + open | prov + year", "vcov": "cluster:city" });
    let probit = check("city_probit", "golden/r/data/syn_city.csv", "probit", city, [1e-5, 2e-5]);
    assert!(probit.is_none_or(|f| f.notes.iter().any(|n| n.contains("incidental parameters"))));
}

#[test]
fn an_exposure_is_the_logarithm_in_the_offset() {
    let mut text = "y,x,pop\n".to_string();
    for i in 0..30 {
        text += &format!("{},{},{}\n", (7 * i) % 5, (i * i) % 7, 1 + i % 4);
    }
    let file = csv(&text);
    for method in ["fepois", "negbin"] {
        let exposure = fit(method, file.path(), json!({ "formula": "y ~ x", "exposure": "pop" }));
        let offset = fit(method, file.path(), json!({ "formula": "y ~ x", "offset": "log(pop)" }));
        match (exposure, offset) {
            (Ok(a), Ok(b)) => assert_eq!(a.coefficients, b.coefficients),
            (Err(a), Err(b)) => assert_eq!(a.to_string(), b.to_string()),
            _ => panic!("{method}: one road fits and the other does not"),
        }
    }
    let zero = csv("y,x,pop\n1,2,3\n2,1,0\n0,1,2\n");
    let error = fit("fepois", zero.path(), json!({ "formula": "y ~ x", "exposure": "pop" })).unwrap_err();
    assert!(error.to_string().contains("exposure `pop` in line 3 is 0"), "{error}");
}

#[test]
fn separated_lines_are_named() {
    let file = csv("y,x1,x2\n0,1,0.3\n2,0,1.1\n3,0,0.2\n0,0,0.5\n5,0,2.0\n1,0,0.4\n0,1,1.6\n4,0,1.2\n");
    let fit = fit("fepois", file.path(), json!({ "formula": "y ~ x1 + x2" })).unwrap();
    assert_eq!((fit.nobs, &fit.sample["separated"]), (6, &json!(2)));
    assert!(fit.notes.iter().any(|n| n.contains("2 observations are separated") && n.contains("line 2, line 8")));
    assert!(fit.notes.iter().any(|n| n.contains("`x1` dropped")), "{:?}", fit.notes);
}

#[test]
fn errors_name_their_lines() {
    let file = csv("y,x\n1,1\n-2,2\n3,1\n");
    let error = fit("fepois", file.path(), json!({ "formula": "y ~ x" })).unwrap_err().to_string();
    assert!(error.contains("negative") && error.contains('3'), "{error}");
    let error = fit("logit", file.path(), json!({ "formula": "y ~ x" })).unwrap_err().to_string();
    assert!(error.contains("neither 0 nor 1"), "{error}");
    let unknown = fit("logit", file.path(), json!({ "formula": "y ~ x", "bias_correction": "jackknife" }));
    assert!(unknown.is_err(), "not offered, so refused");
}

#[test]
fn every_rule_and_the_correction() {
    let Some(city) = shared("golden/r/data/syn_city.csv") else { return };
    let formula = "bin ~ de + open | prov + year";
    let options = json!({ "formula": formula, "vcov": "cluster:prov", "ssc": "all" });
    let all = fit("logit", &city, options).unwrap();
    let rules: Vec<&str> = all.more["ssc"].as_array().unwrap().iter().map(|r| r["rule"].as_str().unwrap()).collect();
    assert_eq!(rules.len(), 8, "{rules:?}");
    let corrected: Map<String, Value> =
        [("formula".into(), json!(formula)), ("bias_correction".into(), json!("analytical"))].into_iter().collect();
    let corrected = fit("logit", &city, corrected.into()).unwrap();
    let of = |f: &Fit| f.coefficients[0].estimate;
    assert!(of(&corrected) < of(&all) && of(&corrected) > 0.97 * of(&all), "{} {}", of(&corrected), of(&all));
    assert!(corrected.notes.iter().any(|n| n.contains("corrected for the incidental parameters")));
}

#[test]
fn gravity_with_three_effects() {
    let Some(path) = shared("data/agtpa_applications.parquet") else { return };
    let options = json!({
        "formula": "trade ~ rta | exporter^year + importer^year + pair_id", "vcov": "cluster:pair_id"
    });
    let fit = fit("fepois", &path, options).unwrap();
    // pyfixest 0.60.0: fepois("y ~ rta | a + b + c", vcov={"CRV1": "c"}, fixef_tol=1e-12, iwls_tol=1e-14), with the
    // interacted effects coded beforehand.
    close(fit.coefficients[0].estimate, 0.5473864371502652, 1e-8, "rta");
    close(fit.coefficients[0].std_error, 0.09631185833597487, 1e-8, "se rta");
    assert_eq!(fit.nobs, 99_981);
}
