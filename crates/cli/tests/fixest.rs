//! `plim fit feols` against fixest 0.14.2: coefficients to 1e-8, standard errors to 1e-7 (relative).
//!
//! The reference file says which call made each case.

mod common;

use common::{coefficient, json_in, number, shared};
use plim_golden::close;
use serde_json::Value;
use std::path::Path;

/// Case, data file below the reference folder, formula, further options.
const CASES: &[(&str, &str, &str, &[&str])] = &[
    (
        "trade_feols_4fe_hetero",
        "TRADE",
        "log(Euros) ~ log(dist_km) | Origin + Destination + Product + Year",
        &["--vcov", "hc1"],
    ),
    (
        "trade_feols_4fe_cl2",
        "TRADE",
        "log(Euros) ~ log(dist_km) | Origin + Destination + Product + Year",
        &["--vcov", "cluster:Origin+Destination"],
    ),
    (
        "trade_feols_cl3",
        "TRADE",
        "log(Euros) ~ log(dist_km) | Origin + Destination",
        &["--vcov", "cluster:Origin+Destination+Product"],
    ),
    (
        "trade_feols_interacted_cluster",
        "TRADE",
        "log(Euros) ~ log(dist_km) | Origin^Year + Destination^Year",
        &["--vcov", "cluster:Origin^Destination"],
    ),
    (
        "did_event",
        "package_data/fixest_base_did.csv",
        "y ~ x1 + i(period, treat, 5) | id + period",
        &["--vcov", "cluster:id"],
    ),
    (
        "did_lags",
        "package_data/fixest_base_did.csv",
        "y ~ l(x1, 0:2) + f(x1) | id + period",
        &["--unit", "id", "--time", "period", "--vcov", "cluster:id"],
    ),
    (
        "did_dif",
        "package_data/fixest_base_did.csv",
        "d(y) ~ d(x1) | period",
        &["--unit", "id", "--time", "period", "--vcov", "cluster:id"],
    ),
    (
        "did_ssc_cl_nonnested_Kadj_TRUE",
        "package_data/fixest_base_did.csv",
        "y ~ x1 + treat:post | id + period",
        &["--vcov", "cluster:id"],
    ),
    (
        "did_ssc_cl_full_Kadj_TRUE",
        "package_data/fixest_base_did.csv",
        "y ~ x1 + treat:post | id + period",
        &["--vcov", "cluster:id", "--ssc", "full"],
    ),
    (
        "trade_ssc_2w_Gdf_min_Gadj_TRUE_tdf_conventional",
        "TRADE",
        "log(Euros) ~ log(dist_km) | Origin + Year",
        &["--vcov", "cluster:Origin+Year"],
    ),
    (
        "city_base",
        "data/syn_city.csv",
        "resil ~ de + fdi + open + ind + gov + lnpgdp | city + year",
        &["--vcov", "cluster:city"],
    ),
    (
        "city_wls_2way",
        "data/syn_city.csv",
        "resil ~ de + fdi + open + ind + gov + lnpgdp | city + year",
        &["--weights", "pop", "--vcov", "cluster:city+year"],
    ),
    (
        "city_moderation",
        "data/syn_city.csv",
        "resil ~ de * tech + fdi + open | city + year",
        &["--vcov", "cluster:city"],
    ),
    ("city_pilot_did", "data/syn_city.csv", "resil ~ pilot + fdi + open | city + year", &["--vcov", "cluster:city"]),
    (
        "city_collinear",
        "data/syn_city.csv",
        "resil ~ de + I(2 * de) + prov + fdi | city + year",
        &["--vcov", "cluster:city"],
    ),
    ("unb_2fe", "data/syn_unbal.csv", "resil ~ de + fdi + open | city + year", &["--vcov", "cluster:city"]),
    ("unb_2fe_dropsing", "data/syn_unbal.csv", "resil ~ de + fdi + open | city + year", &["--vcov", "cluster:city"]),
    ("wf_3fe", "data/syn_wf.csv", "y ~ x1 + x2 | worker + firm + year", &["--vcov", "cluster:worker"]),
    ("wf_3fe_sing", "data/syn_wf.csv", "y ~ x1 + x2 | worker + firm + year", &["--vcov", "cluster:firm"]),
    (
        "wf_iid_Kexact",
        "data/syn_wf.csv",
        "y ~ x1 + x2 | worker + firm + year",
        &["--vcov", "iid", "--ssc", "exact_rank"],
    ),
    (
        "stagg_twfe",
        "package_data/fixest_base_stagg.csv",
        "y ~ x1 + i(time_to_treatment, treated, c(-1, -1000)) | id + year",
        &["--vcov", "cluster:id"],
    ),
];

#[test]
fn feols_agrees_with_fixest() {
    let Some(file) = shared("golden/r/fixest.json") else { return };
    let golden = plim_golden::json(&file);
    let mut run = 0;
    for (case, data, formula, options) in CASES {
        let want = &golden["cases"][case]["result"];
        assert!(want["coef"].is_object(), "{case} is in the reference");
        let path = match *data {
            "TRADE" => shared("data/fixest_trade_eu15_2007_2016.parquet"),
            data => shared(&format!("golden/r/{data}")),
        };
        let Some(path) = path else { continue };
        check(case, &path, formula, options, want);
        run += 1;
    }
    assert!(run > 0, "no case was run");
}

fn check(case: &str, path: &Path, formula: &str, options: &[&str], want: &Value) {
    let file = path.to_str().expect("a path in UTF-8");
    let mut args = vec!["fit", "feols", file, "--formula", formula];
    args.extend(options);
    args.push("--json");
    let got = json_in(Path::new("."), &args);
    assert_eq!(got["nobs"], want["nobs"], "{case}: observations");
    let coefs = want["coef"].as_object().expect("coefficients");
    assert_eq!(got["coefficients"].as_array().map(Vec::len), Some(coefs.len()), "{case}: {}", got["coefficients"]);
    for (name, value) in coefs {
        let mine = name.as_str();
        close(coefficient(&got, mine, "estimate"), number(value, name), 1e-8, &format!("{case} {name}"));
        let se = number(&want["se"][name], name);
        close(coefficient(&got, mine, "std_error"), se, 1e-7, &format!("{case} se {name}"));
        // The t distribution of one convention differs (see the name of the case); p-values elsewhere.
        if !case.contains("conventional") {
            let p = number(&want["p"][name], name);
            let mine = coefficient(&got, mine, "p_value");
            assert!((mine - p).abs() < 1e-7, "{case} p {name}: {mine} against {p}");
        }
    }
}

#[test]
fn grunfeld_one_way() {
    // Published table: value .110124 (.011857), capital .310065 (.017355).
    let Some(path) = shared("golden/r/package_data/plm_Grunfeld.csv") else { return };
    let file = path.to_str().expect("a path in UTF-8");
    let args = ["fit", "feols", file, "--formula", "inv ~ value + capital | firm", "--vcov", "iid", "--json"];
    let got = json_in(Path::new("."), &args);
    let found = [("value", "estimate"), ("value", "std_error"), ("capital", "estimate"), ("capital", "std_error")]
        .map(|(n, f)| coefficient(&got, n, f));
    plim_golden::close_printed(&found, &[0.110124, 0.011857, 0.310065, 0.017355], 6, "Grunfeld");
}
