//! The panel classics and dynamic GMM end to end, against R's plm (golden/r/plm.json).

use plim_golden::{close, json, shared};
use plim_report::Fit;
use plim_study::single::{Single, run};
use serde_json::{Map, Value};
use std::path::PathBuf;

struct Golden {
    cases: Value,
    folder: PathBuf,
}

impl Golden {
    fn open() -> Option<Golden> {
        let folder = shared("golden/r")?;
        Some(Golden { cases: json(&folder.join("plm.json"))["cases"].clone(), folder })
    }

    fn result(&self, case: &str) -> &Value {
        &self.cases[case]["result"]
    }

    fn fit(&self, method: &str, file: &str, options: &[(&str, Value)]) -> Fit {
        let options: Map<String, Value> = options.iter().map(|(k, v)| (k.to_string(), v.clone())).collect();
        match run(method, &self.folder.join(file), options) {
            Ok(Single::Fit(fit)) => *fit,
            Ok(_) => panic!("{method}: no fit"),
            Err(e) => panic!("{method}: {e}"),
        }
    }
}

const GRUNFELD: &str = "package_data/plm_Grunfeld.csv";
const PRODUC: &str = "package_data/plm_Produc.csv";
const UNBALANCED: &str = "data/syn_unbal.csv";

fn grunfeld(more: &[(&str, &str)]) -> Vec<(&'static str, Value)> {
    with(&[("formula", "inv ~ value + capital"), ("unit", "firm"), ("time", "year"), ("vcov", "iid")], more)
}

fn unbalanced(more: &[(&str, &str)]) -> Vec<(&'static str, Value)> {
    with(&[("formula", "resil ~ de + fdi + open"), ("unit", "city"), ("time", "year"), ("vcov", "iid")], more)
}

fn with(base: &[(&'static str, &str)], more: &[(&str, &str)]) -> Vec<(&'static str, Value)> {
    let mut all: Vec<(&'static str, Value)> = base.iter().map(|(k, v)| (*k, Value::from(*v))).collect();
    for (key, value) in more {
        all.retain(|(k, _)| k != key);
        let value = match *value {
            "true" => Value::from(true),
            text => Value::from(text),
        };
        all.push((Box::leak(key.to_string().into_boxed_str()), value));
    }
    all
}

/// Coefficients, standard errors, t and p against a plm summary.
fn same(fit: &Fit, want: &Value, case: &str) {
    let names = want["coef"].as_object().unwrap();
    assert_eq!(fit.coefficients.len(), names.len(), "{case}");
    for c in &fit.coefficients {
        let at = |what: &str| want[what][&c.name].as_f64().unwrap_or_else(|| panic!("{case}: no {what} of {}", c.name));
        close(c.estimate, at("coef"), 1e-8, &format!("{case} {}", c.name));
        close(c.std_error, at("se"), 1e-8, &format!("{case} se {}", c.name));
        close(c.statistic, at("stat"), 1e-8, &format!("{case} t {}", c.name));
        if at("p") > 1e-200 {
            close(c.p_value, at("p"), 1e-6, &format!("{case} p {}", c.name));
        }
    }
    assert_eq!(fit.nobs, want["nobs"].as_u64().unwrap() as usize, "{case}");
    close(fit.stat("ssr").unwrap(), want["ssr"].as_f64().unwrap(), 1e-8, case);
}

fn test<'a>(fit: &'a Fit, name: &str) -> &'a Value {
    let tests = fit.more["tests"].as_array().unwrap();
    tests.iter().find(|t| t["name"] == name).unwrap_or_else(|| panic!("no test {name} in {tests:?}"))
}

/// A chi-square or F test against plm's.
fn same_test(fit: &Fit, name: &str, want: &Value, case: &str) {
    let got = test(fit, name);
    close(got["statistic"].as_f64().unwrap(), want["stat"].as_f64().unwrap(), 1e-7, &format!("{case} {name}"));
    if let Some(p) = want["p"].as_f64().filter(|p| *p > 1e-200) {
        close(got["p_value"].as_f64().unwrap(), p, 1e-6, &format!("{case} p of {name}"));
    }
    let df = want["df"].as_array().cloned().unwrap_or_default();
    if let Some(df) = df.first() {
        assert_eq!(got["df"].as_f64(), df.as_f64(), "{case} {name}");
    }
    if let Some(df) = df.get(1) {
        assert_eq!(got["df_residual"].as_f64(), df.as_f64(), "{case} {name}");
    }
}

#[test]
fn grunfeld_random_effects_and_tests() {
    let Some(golden) = Golden::open() else { return };
    let fit = golden.fit("re", GRUNFELD, &grunfeld(&[]));
    let want = golden.result("grun_re_swar");
    same(&fit, want, "grun_re_swar");
    let sigma2 = &want["ercomp"]["sigma2"];
    close(fit.stat("sigma2_idiosyncratic").unwrap(), sigma2["idios"].as_f64().unwrap(), 1e-9, "idios");
    close(fit.stat("sigma2_effect").unwrap(), sigma2["id"].as_f64().unwrap(), 1e-9, "id");
    close(fit.stat("theta").unwrap(), want["ercomp"]["theta"]["id"].as_f64().unwrap(), 1e-9, "theta");
    close(fit.stat("r2").unwrap(), want["r2"]["rsq"].as_f64().unwrap(), 1e-8, "r2");
    close(
        2.0 * test(&fit, "wald")["statistic"].as_f64().unwrap(),
        want["fstat"]["stat"].as_f64().unwrap(),
        1e-8,
        "joint test",
    );
    let tests = golden.result("grun_tests");
    same_test(&fit, "hausman", &tests["hausman"], "grun");
    same_test(&fit, "breusch_pagan", &tests["bp_lm"], "grun");
    same_test(&fit, "honda", &tests["honda"], "grun");
    same_test(&fit, "poolability", &tests["pF"], "grun");
    same_test(&fit, "poolability_two_way", &tests["pF_two"], "grun");
    same_test(&fit, "poolability_slopes", &tests["pooltest"], "grun");
    // The regression-based test is chi-square: q times our F under the iid covariance.
    let robust = test(&fit, "hausman_robust");
    close(
        2.0 * robust["statistic"].as_f64().unwrap(),
        tests["hausman_aux"]["stat"].as_f64().unwrap(),
        1e-7,
        "hausman_aux",
    );
}

#[test]
fn grunfeld_within_pooled_between_and_first_difference() {
    let Some(golden) = Golden::open() else { return };
    same(&golden.fit("between", GRUNFELD, &grunfeld(&[])), golden.result("grun_between"), "grun_between");
    same(&golden.fit("fd", GRUNFELD, &grunfeld(&[])), golden.result("grun_fd"), "grun_fd");
    same(&golden.fit("feols", GRUNFELD, &grunfeld(&[])), golden.result("grun_pooling"), "grun_pooling");
    for (formula, case) in [
        ("inv ~ value + capital | firm", "grun_within"),
        ("inv ~ value + capital | firm + year", "grun_within_twoways"),
    ] {
        same(&golden.fit("feols", GRUNFELD, &grunfeld(&[("formula", formula)])), golden.result(case), case);
    }
}

#[test]
fn unbalanced_panel() {
    let Some(golden) = Golden::open() else { return };
    let fit = golden.fit("re", UNBALANCED, &unbalanced(&[]));
    let want = golden.result("unb_re");
    same(&fit, want, "unb_re");
    let sigma2 = &want["ercomp"]["sigma2"];
    close(fit.stat("sigma2_idiosyncratic").unwrap(), sigma2["idios"].as_f64().unwrap(), 1e-9, "idios");
    close(fit.stat("sigma2_effect").unwrap(), sigma2["id"].as_f64().unwrap(), 1e-9, "id");
    same_test(&fit, "hausman", golden.result("unb_hausman"), "unb");
    same(&golden.fit("fd", UNBALANCED, &unbalanced(&[])), golden.result("unb_fd"), "unb_fd");
    same(&golden.fit("between", UNBALANCED, &unbalanced(&[])), golden.result("unb_between"), "unb_between");
    let two_way = [("formula", "resil ~ de + fdi + open | city + year"), ("singletons", "keep")];
    same(&golden.fit("feols", UNBALANCED, &unbalanced(&two_way)), golden.result("unb_within_two"), "unb_within_two");
}

#[test]
fn produc() {
    let Some(golden) = Golden::open() else { return };
    let options =
        |formula: &str| with(&[("unit", "state"), ("time", "year"), ("vcov", "iid")], &[("formula", formula)]);
    let formula = "log(gsp) ~ log(pcap) + log(pc) + log(emp) + unemp";
    let fit = golden.fit("re", PRODUC, &options(formula));
    same_test(&fit, "hausman", &golden.result("produc_tests")["hausman"], "produc");
    let within = golden.fit("feols", PRODUC, &options(&format!("{formula} | state")));
    same(&within, golden.result("produc_within"), "produc_within");
}

#[test]
fn mundlak_slopes_are_the_within_slopes() {
    let Some(golden) = Golden::open() else { return };
    for (file, options, effects) in [
        (GRUNFELD, grunfeld(&[]), "inv ~ value + capital | firm"),
        (UNBALANCED, unbalanced(&[]), "resil ~ de + fdi + open | city"),
    ] {
        let mut mundlak = options.clone();
        mundlak.push(("mundlak", Value::from(true)));
        let mut within = options.clone();
        within.retain(|(k, _)| *k != "formula");
        within.push(("formula", Value::from(effects)));
        within.push(("singletons", Value::from("keep")));
        let (cre, fe) = (golden.fit("re", file, &mundlak), golden.fit("feols", file, &within));
        for c in &fe.coefficients {
            let other = cre.coefficients.iter().find(|o| o.name == c.name).unwrap();
            close(other.estimate, c.estimate, 1e-9, &format!("{file} {}", c.name));
        }
    }
}

#[test]
fn other_variance_components_scratch() {
    let Some(golden) = Golden::open() else { return };
    for v in ["amemiya", "wallace_hussain", "nerlove", "swamy_arora"] {
        let f = golden.fit("re", GRUNFELD, &grunfeld(&[("variance", v)]));
        println!("{v} {:?} {:?}", f.stats, f.coefficients.iter().map(|c| (c.estimate, c.std_error)).collect::<Vec<_>>());
    }
    for v in ["amemiya", "wallace_hussain", "swamy_arora"] {
        let f = golden.fit("re", UNBALANCED, &unbalanced(&[("variance", v)]));
        println!("{v} {:?} {:?}", f.stats, f.coefficients.iter().map(|c| (c.estimate, c.std_error)).collect::<Vec<_>>());
    }
}
