//! Every case of fixest 0.14.2 (R 4.2.2, shared/golden/r/fixest.json) that is a generalized linear model.
//!
//! fixest stops when the deviance changes by 1e-8, and takes the covariance from the weights of the step before the
//! last: its standard errors are that much off the maximum, as is its gradient. What ours are at the maximum is
//! checked against dummies in `dummies.rs`; here each tolerance is what fixest's own stopping leaves.

use crate::data::{Data, parquet};
use plim_golden::{Csv, close, json, shared};
use plim_stats::glm::{Family, Glm, GlmFit, covariance};
use plim_stats::math::dist;
use plim_stats::vcov::{Ssc, Vcov};
use plim_stats::{Design, Fit};
use serde_json::Value;

fn cases() -> Option<Value> {
    Some(json(&shared("golden/r/fixest.json")?)["cases"].take())
}

fn table(path: &str) -> Option<Data> {
    Some(Data::from_csv(&Csv::read(&shared(&format!("golden/r/{path}"))?)))
}

#[track_caller]
fn check(case: &Value, design: &Design, family: Family, how: &str, tolerances: [f64; 2]) -> GlmFit {
    let fit = Glm::new(family).fit(design).unwrap();
    let cov = covariance(&fit, &how.parse::<Vcov>().unwrap(), Ssc::Fixest, design).unwrap();
    assert_eq!(fit.nobs() as u64, case["nobs"].as_u64().unwrap(), "nobs");
    assert!(fit.certificate < 1e-10, "certificate {}", fit.certificate);
    let [coef, se] = tolerances;
    for (name, want) in case["coef"].as_object().unwrap() {
        let j = fit.names().iter().position(|n| n == name).unwrap();
        close(fit.coef[j], want.as_f64().unwrap(), coef, name);
        let error = cov.V[(j, j)].sqrt();
        close(error, case["se"][name].as_f64().unwrap(), se, &format!("se {name} under {}", cov.label));
        let p = case["p"][name].as_f64().unwrap();
        if p > 1e-12 {
            close(dist::normal_p(fit.coef[j] / error), p, 20.0 * se, &format!("p {name}"));
        }
    }
    close(cov.df, case["df_t"].as_f64().unwrap(), 0.0, "df of t");
    let parameters = case["nparams"].as_u64().unwrap() as usize;
    assert_eq!(fit.coef.len() + fit.effects_counted(), parameters, "parameters");
    close(fit.loglik, case["loglik"].as_f64().unwrap(), 1e-10, "loglik");
    close(fit.deviance, case["deviance"].as_f64().unwrap(), 1e-10, "deviance");
    close(fit.bic(), case["bic"].as_f64().unwrap(), 1e-10, "bic");
    close(fit.r2, case["r2"]["cor2"].as_f64().unwrap(), coef.max(1e-8), "squared correlation");
    if design.w.is_none() {
        // With weights and an offset fixest's null model leaves out the offset and the weights of ln y!.
        close(fit.pseudo_r2(), case["r2"]["pr2"].as_f64().unwrap(), 1e-9, "pseudo R2");
    }
    fit
}

#[test]
fn trade_flows() {
    let (Some(cases), Some(path)) = (cases(), shared("data/fixest_trade_eu15_2007_2016.parquet")) else { return };
    let trade = parquet(&path);
    let design = |fe: &[&str], clusters: &[&str]| trade.design("Euros", &["log(dist_km)"], fe, clusters, None);
    let four = design(&["Origin", "Destination", "Product", "Year"], &[]);
    let case = |name: &str| &cases[name]["result"];
    check(case("trade_fepois_4fe_iid"), &four, Family::Poisson, "iid", [1e-8, 5e-6]);
    check(case("trade_fepois_4fe_cl2"), &four, Family::Poisson, "cluster:Origin+Destination", [1e-8, 5e-6]);
    let two = design(&["Origin", "Destination"], &[]);
    check(case("trade_fepois_hetero"), &two, Family::Poisson, "hc1", [1e-8, 3e-5]);
}

#[test]
fn workers_and_firms() {
    let (Some(cases), Some(wf)) = (cases(), table("data/syn_wf.csv")) else { return };
    let case = |name: &str| &cases[name]["result"];
    let three = wf.design("cnt", &["x1", "x2"], &["worker", "firm", "year"], &[], None);
    let fit = check(case("wf_pois_3fe"), &three, Family::Poisson, "cluster:worker", [1e-8, 5e-6]);
    // fixest reports 173 workers and 15 firms; its count includes the levels that the 136 singletons empty.
    assert_eq!((fit.uniform, fit.singletons), (85, 136));
    let mut design = wf.design("cnt", &["x1"], &["worker", "year"], &["firm"], Some("wt"));
    design.offset = Some(wf.get("x2").iter().map(|x| 0.1 * x).collect());
    check(case("wf_pois_off_w"), &design, Family::Poisson, "cluster:firm", [1e-8, 5e-6]);
}

#[test]
fn binary_outcomes() {
    let (Some(cases), Some(iris)) = (cases(), table("package_data/datasets_iris.csv")) else { return };
    let mut iris = iris;
    iris.set("y", iris.get("Sepal.Length").iter().map(|&y| f64::from(u8::from(y > 5.8))).collect());
    iris.set("x1", iris.get("Sepal.Width"));
    iris.set("species", iris.get("Species"));
    let design = iris.design("y", &["x1"], &["species"], &[], None);
    check(&cases["iris_feglm_logit"]["result"], &design, Family::Logit, "iid", [1e-8, 5e-6]);
    let Some(city) = table("data/syn_city.csv") else { return };
    let design = city.design("bin", &["de", "open"], &["prov", "year"], &["city"], None);
    // Scoring of a probit converges linearly: fixest stops 7e-6 from the maximum, as statsmodels shows (dummies.rs).
    check(&cases["city_probit"]["result"], &design, Family::Probit, "cluster:city", [1e-5, 2e-5]);
}
