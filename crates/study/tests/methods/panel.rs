//! The panel classics and dynamic GMM end to end, against R's plm (golden/r/plm.json).

use plim_golden::{close, close_printed, json, shared};
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

fn grunfeld(more: &[(&'static str, &str)]) -> Vec<(&'static str, Value)> {
    with(&[("formula", "inv ~ value + capital"), ("unit", "firm"), ("time", "year"), ("vcov", "iid")], more)
}

fn unbalanced(more: &[(&'static str, &str)]) -> Vec<(&'static str, Value)> {
    with(&[("formula", "resil ~ de + fdi + open"), ("unit", "city"), ("time", "year"), ("vcov", "iid")], more)
}

fn with(base: &[(&'static str, &str)], more: &[(&'static str, &str)]) -> Vec<(&'static str, Value)> {
    let read = |key: &str, text: &str| match (key, text) {
        ("gmm", list) => list.split(", ").map(Value::from).collect(),
        ("steps", number) => Value::from(number.parse::<u8>().unwrap()),
        (_, "true") => Value::from(true),
        (_, text) => Value::from(text),
    };
    let mut all: Vec<(&'static str, Value)> = base.iter().map(|(k, v)| (*k, read(k, v))).collect();
    for (key, value) in more {
        all.retain(|(k, _)| k != key);
        all.push((key, read(key, value)));
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

const EMPLOYMENT: &str = "package_data/plm_EmplUK.csv";

/// Coefficients, both kinds of standard errors, Hansen's J, serial correlation and Wald tests of a `pgmm` case.
fn same_gmm(golden: &Golden, case: &str, file: &str, options: &[(&'static str, &str)], names: &[(&str, &str)]) {
    let want = golden.result(case);
    let mut all = with(options, &[]);
    let fit = golden.fit("gmm_panel", file, &all);
    let steps: u8 = if case.contains("onestep") { 1 } else { 2 };
    let of = |name: &str| {
        fit.coefficients
            .iter()
            .find(|c| c.name == name)
            .unwrap_or_else(|| panic!("{case} {name}: {:?}", fit.coefficients))
    };
    for (plm, ours) in names {
        close(of(ours).estimate, want["coef"][plm].as_f64().unwrap(), 1e-8, &format!("{case} {ours}"));
        close(of(ours).std_error, want["se_robust"][plm].as_f64().unwrap(), 1e-7, &format!("{case} robust se {ours}"));
    }
    let stat = |name: &str| fit.stat(name).unwrap_or_else(|| panic!("{case}: no {name}"));
    close(stat("hansen_j"), want["sargan"]["stat"].as_f64().unwrap(), 1e-7, &format!("{case} J"));
    close(stat("hansen_j_p"), want["sargan"]["p"].as_f64().unwrap(), 1e-6, &format!("{case} p of J"));
    assert_eq!(stat("hansen_j_df"), want["sargan"]["df"][0].as_f64().unwrap(), "{case}");
    assert_eq!(stat("instruments"), want["n_instruments"].as_f64().unwrap(), "{case}");
    // In the system, plm leaves the residuals of the levels out of the variance; ours is that of xtabond2.
    let suffix = if case.starts_with("bb") { "_plm" } else { "" };
    for (ours, plm) in [(&*format!("ar1{suffix}"), "m1"), (&*format!("ar2{suffix}"), "m2")] {
        close(stat(ours), want[plm]["stat"]["data_by_row"][0].as_f64().unwrap(), 1e-7, &format!("{case} {ours}"));
        close(stat(&format!("{ours}_p")), want[plm]["p"]["data_by_row"][0].as_f64().unwrap(), 1e-6, case);
    }
    same_test(&fit, "wald", &want["wald_coef"], case);
    if want["wald_td"]["stat"].is_number() {
        same_test(&fit, "wald_time", &want["wald_td"], case);
    }
    if steps == 2 {
        all.push(("vcov", Value::from("iid")));
        let plain = golden.fit("gmm_panel", file, &all);
        for (plm, ours) in names {
            let c = plain.coefficients.iter().find(|c| c.name == *ours).unwrap();
            close(c.std_error, want["se_classic"][plm].as_f64().unwrap(), 1e-7, &format!("{case} classic se {ours}"));
        }
    }
}

const COMMON: [(&str, &str); 2] = [("unit", "firm"), ("time", "year")];

#[test]
fn arellano_bond() {
    let Some(golden) = Golden::open() else { return };
    let lags = [
        ("lag(log(emp), 1:2)1", "l(log(emp), 1)"),
        ("lag(log(emp), 1:2)2", "l(log(emp), 2)"),
        ("lag(log(wage), 0:1)0", "l(log(wage), 0)"),
        ("lag(log(wage), 0:1)1", "l(log(wage), 1)"),
    ];
    let formula = "log(emp) ~ l(log(emp), 1:2) + l(log(wage), 0:1) + l(log(capital), 0:2) + l(log(output), 0:2) | year";
    let mut options = COMMON.to_vec();
    options.extend([("formula", formula), ("gmm", "log(emp)"), ("lags", "2:99"), ("steps", "1")]);
    let mut names = lags.to_vec();
    names.extend([
        ("lag(log(capital), 0:2)0", "l(log(capital), 0)"),
        ("lag(log(capital), 0:2)1", "l(log(capital), 1)"),
        ("lag(log(capital), 0:2)2", "l(log(capital), 2)"),
        ("lag(log(output), 0:2)0", "l(log(output), 0)"),
        ("lag(log(output), 0:2)1", "l(log(output), 1)"),
        ("lag(log(output), 0:2)2", "l(log(output), 2)"),
    ]);
    same_gmm(&golden, "ab_onestep_twoways", EMPLOYMENT, &options, &names);
    let formula = "log(emp) ~ l(log(emp), 1:2) + l(log(wage), 0:1) + log(capital) + l(log(output), 0:1) | year";
    let mut names = lags.to_vec();
    names.extend([
        ("log(capital)", "log(capital)"),
        ("lag(log(output), 0:1)0", "l(log(output), 0)"),
        ("lag(log(output), 0:1)1", "l(log(output), 1)"),
    ]);
    for (case, steps) in [("ab_onestep_4b", "1"), ("ab_twosteps_twoways", "2")] {
        let mut options = COMMON.to_vec();
        options.extend([("formula", formula), ("gmm", "log(emp)"), ("lags", "2:"), ("steps", steps)]);
        same_gmm(&golden, case, EMPLOYMENT, &options, &names);
    }
}

#[test]
fn collapsed_instruments() {
    let Some(golden) = Golden::open() else { return };
    let formula = "log(emp) ~ l(log(emp), 1) + l(log(wage), 0:1)";
    let mut options = COMMON.to_vec();
    options.extend([("formula", formula), ("lags", "2:4"), ("collapse", "true")]);
    let names = [
        ("lag(log(emp), 1)", "l(log(emp), 1)"),
        ("lag(log(wage), 0:1)0", "l(log(wage), 0)"),
        ("lag(log(wage), 0:1)1", "l(log(wage), 1)"),
    ];
    same_gmm(&golden, "ab_collapsed", EMPLOYMENT, &options, &names);
    let options = [
        ("unit", "city"),
        ("time", "year"),
        ("formula", "resil ~ l(resil, 1) + de + fdi"),
        ("gmm", "resil"),
        ("lags", "2:4"),
        ("collapse", "true"),
    ];
    let names = [("lag(resil, 1)", "l(resil, 1)"), ("de", "de"), ("fdi", "fdi")];
    same_gmm(&golden, "city_dynamic_gmm", "data/syn_city.csv", &options, &names);
}

#[test]
fn blundell_bond() {
    let Some(golden) = Golden::open() else { return };
    let formula = "log(emp) ~ l(log(emp), 1) + l(log(wage), 0:1) + l(log(capital), 0:1) | year";
    let mut options = COMMON.to_vec();
    options.extend([
        ("formula", formula),
        ("gmm", "log(emp), log(wage), log(capital)"),
        ("steps", "1"),
        ("transform", "system"),
    ]);
    let names = [
        ("lag(log(emp), 1)", "l(log(emp), 1)"),
        ("lag(log(wage), 0:1)0", "l(log(wage), 0)"),
        ("lag(log(wage), 0:1)1", "l(log(wage), 1)"),
        ("lag(log(capital), 0:1)0", "l(log(capital), 0)"),
        ("lag(log(capital), 0:1)1", "l(log(capital), 1)"),
    ];
    same_gmm(&golden, "bb_system_onestep", EMPLOYMENT, &options, &names);
}

/// The reference panel of 48 rows (methods 6.0) as a file.
fn reference_panel() -> tempfile::NamedTempFile {
    let mut text = String::from("i,t,x,w,y\n");
    for i in 1..=8i64 {
        for t in 1..=6i64 {
            let z = ((5 * i + 2 * t + i * t * t) % 11) as f64 / 10.0;
            let v = ((3 * i * i + 7 * t + i * t) % 17) as f64 / 20.0;
            let w = ((7 * i + 5 * t + 3 * i * t) % 13) as f64 / 10.0;
            let e = ((11 * i + 4 * t + 2 * i * t * t) % 19) as f64 / 20.0;
            let x = z + v;
            let m = 0.4 * x + 0.2 * w + ((2 * i * i + 3 * t + 5 * i * t) % 7) as f64 / 20.0;
            let y = 1.0 + 0.5 * x + 0.6 * m - 0.3 * w + 0.1 * i as f64 + 0.2 * t as f64 + 0.5 * v + e;
            text += &format!("{i},{t},{x},{w},{y}\n");
        }
    }
    let file = tempfile::Builder::new().suffix(".csv").tempfile().unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}

fn on_reference(method: &str, options: &[(&'static str, &str)]) -> Result<Fit, String> {
    let file = reference_panel();
    let options = with(&[("unit", "i"), ("time", "t")], options);
    let options: Map<String, Value> =
        options.into_iter().filter(|(_, v)| *v != "").map(|(k, v)| (k.to_string(), v)).collect();
    match run(method, file.path(), options) {
        Ok(Single::Fit(fit)) => Ok(*fit),
        Ok(_) => panic!("{method}: no fit"),
        Err(e) => Err(e.to_string()),
    }
}

/// What the pages docs/methods/{re,fd,between,gmm_panel}.md print.
#[test]
fn pages() {
    type Case<'a> = (&'a str, &'a [(&'static str, &'a str)], &'a [f64], &'a [f64], &'a [(&'a str, f64)]);
    let gmm = [("formula", "y ~ l(y, 1) + x"), ("lags", "2:3"), ("collapse", "true")];
    let gmm_one = [gmm[0], gmm[1], gmm[2], ("steps", "1")];
    let cases: [Case; 5] = [
        (
            "re",
            &[("formula", "y ~ x + w"), ("vcov", "cluster:i")],
            &[2.75908786, 1.06935574, -0.41255516],
            &[0.23872765, 0.13383383, 0.23081192],
            &[("sigma2_effect", 0.11717196), ("sigma2_idiosyncratic", 0.22225512), ("theta", 0.50989664)],
        ),
        (
            "fd",
            &[("formula", "y ~ x + w"), ("vcov", "cluster:i")],
            &[0.18677712, 1.01970963, -0.28365279],
            &[0.03384910, 0.12712755, 0.15516477],
            &[("r2", 0.71753474)],
        ),
        (
            "between",
            &[("formula", "y ~ x + w")],
            &[2.67767957, 0.76605950, 0.12977838],
            &[1.08557036, 0.86962911, 0.78353686],
            &[("r2", 0.15020708)],
        ),
        ("gmm_panel", &gmm_one, &[0.78313437, 1.70501227], &[0.35324116, 0.45525280], &[("sargan", 0.97049167)]),
        (
            "gmm_panel",
            &gmm,
            &[0.87397095, 1.85625564],
            &[0.40388116, 0.54806263],
            &[("hansen_j", 1.85082410), ("ar1", -1.17853245), ("ar2", 0.17304574)],
        ),
    ];
    for (method, options, estimates, errors, stats) in cases {
        let fit = on_reference(method, options).unwrap();
        let of = |f: fn(&plim_stats::Coefficient) -> f64| fit.coefficients.iter().map(f).collect::<Vec<_>>();
        close_printed(&of(|c| c.estimate), estimates, 8, method);
        close_printed(&of(|c| c.std_error), errors, 8, method);
        for (name, value) in stats {
            close_printed(&[fit.stat(name).unwrap()], &[*value], 8, name);
        }
    }
}

#[test]
fn refusals() {
    for (method, options, words) in [
        ("re", vec![("formula", "y ~ x"), ("unit", "")], "set `unit`"),
        ("fd", vec![("formula", "y ~ x"), ("time", "")], "set `time`"),
        ("re", vec![("formula", "y ~ x | t")], "absorbs no fixed effects"),
        ("between", vec![("formula", "y ~ x | w ~ t")], "takes no instruments"),
        ("re", vec![("formula", "y ~ x"), ("weights", "w + 1")], "takes no weights"),
        ("gmm_panel", vec![("formula", "y ~ l(y, 1) + x"), ("gmm", "x")], "add `y` to `gmm`"),
        ("gmm_panel", vec![("formula", "y ~ l(y, 1) + x | w")], "takes no effect `w`"),
        ("gmm_panel", vec![("formula", "y ~ l(y, 1) + x"), ("vcov", "hc3")], "has no `vcov = \"hc3\"`"),
        ("gmm_panel", vec![("formula", "y ~ l(y, 1) + x"), ("ssc", "none")], "takes no `ssc`"),
        ("gmm_panel", vec![("formula", "y ~ l(y, 1) + x"), ("lags", "3:2")], "is no range of lags"),
        ("gmm_panel", vec![("formula", "y ~ l(y, 1) + x | w ~ x")], "third part"),
        ("gmm_panel", vec![("formula", "y ~ l(y, 1) + x"), ("gmm", "y, nobody")], "nobody"),
    ] {
        match on_reference(method, &options) {
            Ok(_) => panic!("{method} accepted {options:?}"),
            Err(e) => assert!(e.contains(words), "{method} {options:?}: {e}"),
        }
    }
}
