//! Covariances and resampling through `feols` on a file, as `plim fit feols FILE --json` runs them.

use plim_golden::{close, json, shared};
use plim_report::Fit;
use plim_study::single::{Single, run};
use serde_json::{Value, json as object};
use std::path::{Path, PathBuf};

fn feols(file: &Path, options: Value) -> Fit {
    fit("feols", file, options)
}

fn fit(method: &str, file: &Path, options: Value) -> Fit {
    match run(method, file, options.as_object().unwrap().clone()) {
        Ok(Single::Fit(fit)) => *fit,
        Ok(_) => panic!("no fit"),
        Err(e) => panic!("{e}"),
    }
}

fn refused(file: &Path, options: Value) -> String {
    match run("feols", file, options.as_object().unwrap().clone()) {
        Ok(_) => panic!("not refused: {options}"),
        Err(e) => e.to_string(),
    }
}

fn term<'f>(fit: &'f Fit, name: &str) -> &'f plim_stats::Coefficient {
    fit.coefficients.iter().find(|c| c.name == name).unwrap_or_else(|| panic!("no {name}"))
}

/// A small file of our own.
fn write(name: &str, text: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("plim-vcov-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join(name);
    std::fs::write(&file, text).unwrap();
    file
}

#[test]
fn fixest_over_time_and_space() {
    let Some(root) = shared("golden/r") else { return };
    let cases = &json(&root.join("fixest.json"))["cases"];
    let did = "package_data/fixest_base_did.csv";
    let did_formula = "y ~ x1 + treat:post | id + period";
    let quakes = "package_data/datasets_quakes.csv";
    for (case, file, options) in [
        ("did_NW_lag2", did, object!({"formula": did_formula, "unit": "id", "time": "period", "vcov": "nw:2"})),
        ("did_NW_lag3", did, object!({"formula": did_formula, "unit": "id", "time": "period", "vcov": "nw:3"})),
        ("did_NW_default", did, object!({"formula": did_formula, "unit": "id", "time": "period", "vcov": "nw"})),
        ("did_DK_lag1", did, object!({"formula": did_formula, "unit": "id", "time": "period", "vcov": "dk:1"})),
        (
            "unb_NW2",
            "data/syn_unbal.csv",
            object!({"formula": "resil ~ de + fdi | city + year", "unit": "city", "time": "year", "vcov": "nw:2"}),
        ),
        (
            "quakes_conley_200",
            quakes,
            object!({"formula": "depth ~ mag", "lat": "lat", "lon": "long", "vcov": "conley:200"}),
        ),
        (
            "quakes_conley_500_tri",
            quakes,
            object!({"formula": "depth ~ mag + stations", "lat": "lat", "lon": "long", "vcov": "conley:500",
                "conley_distance": "triangular"}),
        ),
    ] {
        let want = &cases[case]["result"];
        let fit = feols(&root.join(file), options);
        assert_eq!(fit.nobs as u64, want["nobs"].as_u64().unwrap(), "{case}");
        let number = |key: &str, name: &str| want[key][name].as_f64().unwrap_or_else(|| panic!("{case} {key} {name}"));
        for c in &fit.coefficients {
            close(c.estimate, number("coef", &c.name), 1e-8, &format!("{case} {}", c.name));
            close(c.std_error, number("se", &c.name), 1e-8, &format!("{case} se {}", c.name));
            close(c.statistic, number("t", &c.name), 1e-8, &format!("{case} t {}", c.name));
            // R's and our tails of t agree to about ten digits far out.
            close(c.p_value, number("p", &c.name), 1e-7, &format!("{case} p {}", c.name));
        }
        assert_eq!(fit.stats["df_t"].as_f64(), want["df_t"].as_f64(), "{case}");
    }
}

#[test]
fn plm_robust_covariances() {
    let Some(root) = shared("golden/r") else { return };
    let cases = &json(&root.join("plm.json"))["cases"]["produc_vcovs"]["result"];
    let file = root.join("package_data/plm_Produc.csv");
    let formula = "log(gsp) ~ log(pcap) + log(pc) + log(emp) + unemp | state";
    let (n, k, G) = (816.0f64, 4.0, 48.0);
    let hc1 = (n / (n - k)).sqrt();
    for (case, vcov, factor) in [
        ("SCC_L2", "dk:2", 1.0),
        ("SCC_default", "dk", 1.0),
        ("NW", "nw:2", 1.0),
        ("NW", "nw", 1.0),
        ("DC", "cluster:state+year", 1.0),
        ("arellano_HC0", "cluster:state", 1.0),
        // plm's HC1 and sss multiply by their own factor, which we give to hc1 only.
        ("arellano_HC1", "cluster:state", hc1),
        ("arellano_sss", "cluster:state", ((n - 1.0) / (n - k) * G / (G - 1.0)).sqrt()),
        ("time_cluster", "cluster:year", hc1),
        ("white1", "hc1", 1.0),
    ] {
        let options = object!({"formula": formula, "unit": "state", "time": "year", "vcov": vcov, "ssc": "plm"});
        for c in &feols(&file, options).coefficients {
            close(
                c.std_error * factor,
                cases[case]["se"][&c.name].as_f64().unwrap(),
                1e-8,
                &format!("{case} {}", c.name),
            );
            if factor == 1.0 {
                close(c.p_value, cases[case]["p"][&c.name].as_f64().unwrap(), 1e-7, &format!("{case} p {}", c.name));
            }
        }
    }
}

#[test]
fn wild_bootstrap_of_ten_provinces() {
    let Some(root) = shared("golden/r") else { return };
    let want = &json(&root.join("misc.json"))["cases"]["wcr_enum_city_region"]["result"];
    let options = object!({"formula": "resil ~ de + fdi", "where": "prov <= 10", "vcov": "cluster:prov",
        "wild_bootstrap": "de"});
    let fit = feols(&root.join("data/syn_city.csv"), options);
    let test = &fit.more["wild_bootstrap"][0];
    close(test["statistic"].as_f64().unwrap(), want["t"].as_f64().unwrap(), 1e-8, "t");
    assert_eq!(test["name"], "de");
    assert_eq!(test["p_value"].as_f64(), want["p_wcr_symmetric_weak"].as_f64());
    assert_eq!(test["p_strict"].as_f64(), want["p_wcr_symmetric_strict"].as_f64());
    assert!(test["conf_low"].as_f64().unwrap() < term(&fit, "de").estimate);
    assert_eq!(test["enumerated"], true);
}

/// Twelve units over six years with places; d starts in year four in half of them.
fn world() -> PathBuf {
    static FILE: std::sync::OnceLock<PathBuf> = std::sync::OnceLock::new();
    FILE.get_or_init(made).clone()
}

fn made() -> PathBuf {
    let mut text = String::from("unit,group,year,lat,lon,d,copy,x,y,count\n");
    for i in 0..12 {
        for t in 0..6 {
            let d = u8::from(i % 2 == 0 && t >= 3);
            let noise = ((i * 37 + t * 101 + i * t * 13) % 29) as f64 / 10.0;
            let x = ((i * 11 + t * 7 + t * t * i) % 17) as f64 / 5.0;
            let y = 0.8 * f64::from(d) + 0.3 * x + 0.2 * i as f64 + 0.1 * t as f64 + noise;
            let (lat, lon) = (20 + i, 100 + (i * 5) % 12);
            text += &format!("u{i},g{},{},{lat},{lon},{d},{d},{x},{y},{}\n", i % 4, 2001 + t, (y.abs() * 2.0).round());
        }
    }
    write("world.csv", &text)
}

#[test]
fn what_feols_adds_to_its_table() {
    let file = world();
    let formula = "y ~ d + x | unit + year";
    let fit = feols(
        &file,
        object!({"formula": formula, "unit": "unit", "time": "year", "wild_bootstrap": ["d", "x"],
            "romano_wolf": ["d", "x"], "outcomes": "count", "permutation": "d", "bands": true, "joint": "d,x", "replications": 999, "seed": 7}),
    );
    // 2^12 > 999: drawn. 12!/(6! 6!) = 924: enumerated.
    let wild = fit.more["wild_bootstrap"].as_array().unwrap();
    assert!(wild.len() == 2 && wild[0]["enumerated"] == false && wild[0]["clusters"] == 12);
    let permutation = &fit.more["permutation"];
    assert!(permutation["draws"] == 924 && permutation["exact"] == true && permutation["over"] == "unit");
    assert_eq!(permutation["estimate"].as_f64().unwrap(), term(&fit, "d").estimate);
    let steps = fit.more["romano_wolf"].as_array().unwrap();
    let own: Vec<_> = steps.iter().map(|l| format!("{} {}", l["outcome"], l["name"]).replace('"', "")).collect();
    assert_eq!(own, ["y d", "y x", "count d", "count x"]);
    for (line, test) in steps.iter().zip(wild) {
        assert_eq!(line["p_value"], test["p_value"]);
        assert!(line["p_adjusted"].as_f64() >= line["p_value"].as_f64());
    }
    let band = &fit.more["bands"]["coefficients"][0];
    let d = term(&fit, "d");
    assert!(band["conf_low"].as_f64().unwrap() < d.conf_low && band["conf_high"].as_f64().unwrap() > d.conf_high);
    let test = &fit.more["tests"][0];
    assert_eq!((test["df"].as_f64(), test["df_residual"].as_f64()), (Some(2.0), Some(11.0)));
    let shown = plim_study::output::text(&Single::Fit(Box::new(fit))).unwrap();
    for part in
        ["Wild cluster bootstrap", "Romano-Wolf", "count: x", "924 assignments over unit", "Simultaneous", "unbounded"]
    {
        assert_eq!(shown.contains(part), part != "unbounded", "{part}:\n{shown}");
    }
}

#[test]
fn four_groups_assigned_together() {
    // Clusters that hold whole units are what is reassigned; d differs within them, and that is refused.
    let file = world();
    let options = |vcov: &str, name: &str| {
        object!({"formula": "y ~ d + x | unit + year", "unit": "unit", "time": "year", "vcov": vcov,
            "permutation": name, "replications": 99})
    };
    assert_eq!(feols(&file, options("cluster:group", "d")).more["permutation"]["draws"], 6);
    assert!(refused(&file, options("cluster:group", "x")).contains("differs within one unit"));
    assert_eq!(feols(&file, options("hc1", "d")).more["permutation"]["over"], "unit");
}

#[test]
fn every_rule_says_what_sets_it_apart() {
    let fit = feols(&world(), object!({"formula": "y ~ d + x | unit + year", "ssc": "all"}));
    let said = fit.notes.join("\n");
    for part in
        ["fixest, reghdfe, stata_xtreg: K = 8", "counts K = 19, not 8", "has no G/(G - 1)", "counts no parameter"]
    {
        assert!(said.contains(part), "{part} in\n{said}");
    }
    let fit = feols(&world(), object!({"formula": "y ~ d + x | unit", "ssc": "all", "vcov": "crv3:group"}));
    assert!(fit.vcov.starts_with("crv3:group (ssc fixest: K = "), "{}", fit.vcov);
}

#[test]
fn conley_kernel_and_distance() {
    let file = world();
    let se = |more: Value| {
        let mut options = object!({"formula": "y ~ d + x | year", "lat": "lat", "lon": "lon", "vcov": "conley:400"});
        options.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let fit = feols(&file, options);
        (term(&fit, "d").std_error, fit.vcov)
    };
    let (uniform, label) = se(object!({}));
    let (triangular, other) = se(object!({"conley_kernel": "triangular"}));
    assert!(
        uniform != triangular && label.contains("uniform kernel") && other.contains("triangular kernel"),
        "{other}"
    );
    assert!(label.starts_with("conley:400 km"), "{label}");
}

#[test]
fn other_estimators_take_them_too() {
    let file = world();
    for vcov in ["hc1", "cluster:group", "nw:1", "dk:2", "conley:400"] {
        let options = |formula: &str| object!({"formula": formula, "vcov": vcov, "unit": "unit", "time": "year", "lat": "lat", "lon": "lon"});
        let ols = feols(&file, options("y ~ x + d | unit + year"));
        let iv = fit("iv", &file, options("y ~ x | unit + year | d ~ copy"));
        for name in ["d", "x"] {
            close(term(&iv, name).std_error, term(&ols, name).std_error, 1e-9, &format!("iv {vcov} {name}"));
        }
        let poisson = fit("fepois", &file, options("count ~ x + d | unit + year"));
        assert!(poisson.vcov.starts_with(vcov) && term(&poisson, "d").std_error > 0.0, "{}", poisson.vcov);
    }
    let options = object!({"formula": "count ~ x + d | unit + year", "vcov": "crv3:group"});
    let said = run("fepois", &file, options.as_object().unwrap().clone()).err().map(|e| e.to_string());
    assert!(said.is_some_and(|s| s.contains("not defined for this estimator")));
}

#[test]
fn refusals() {
    let file = world();
    let formula = "y ~ d + x | unit + year";
    for (options, part) in [
        (object!({"formula": formula, "vcov": "nw:1"}), "time = "),
        (object!({"formula": formula, "vcov": "dk"}), "unit = "),
        (object!({"formula": formula, "vcov": "conley:10"}), "lat = "),
        (object!({"formula": formula, "vcov": "conley:10", "lat": "lat"}), "needs both"),
        (object!({"formula": formula, "vcov": "conley:10", "lat": "lon", "lon": "lat"}), "latitude"),
        (object!({"formula": formula, "vcov": "hc1", "conley_kernel": "triangular"}), "spatial"),
        (object!({"formula": formula, "vcov": "nw:x"}), "whole number"),
        (object!({"formula": formula, "vcov": "nw:7", "unit": "unit", "time": "year"}), "at most 5"),
        (object!({"formula": formula, "vcov": "crv3:unit+year"}), "several"),
        (object!({"formula": formula, "vcov": "hc1", "wild_bootstrap": "d"}), "cluster:"),
        (object!({"formula": formula, "vcov": "cluster:unit+year", "wild_bootstrap": "d"}), "one kind"),
        (object!({"formula": formula, "wild_bootstrap": "z"}), "`z`"),
        (object!({"formula": formula, "wild_bootstrap": "d", "replications": 0}), "replications"),
        (
            object!({"formula": formula, "vcov": "cluster:group", "joint": "d,x", "where": "group = \"g0\" | group = \"g1\""}),
            "2 clusters",
        ),
        (object!({"formula": formula, "permutation": "d"}), "time"),
        (object!({"formula": formula, "outcomes": "count"}), "romano_wolf"),
    ] {
        let said = refused(&file, options.clone());
        assert!(said.contains(part), "{options}: {said}");
    }
    let bad = write("bad.csv", "y,x,lat,lon\n1,1,10,10\n2,1,95,10\n4,3,11,10\n2,4,12,10\n");
    let said = refused(&bad, object!({"formula": "y ~ x", "vcov": "conley:9", "lat": "lat", "lon": "lon"}));
    assert!(said.contains("latitude") && said.contains("line"), "{said}");
}
