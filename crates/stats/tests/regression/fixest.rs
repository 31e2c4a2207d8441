//! Every case of fixest 0.14.2 (R 4.2.2, shared/golden/r/fixest.json) that is least squares with absorbed effects.

use crate::data::Data;
use plim_golden::{Csv, close, json, shared};
use plim_stats::linear::{Ols, OlsFit};
use plim_stats::math::dist;
use plim_stats::vcov::{Ssc, Vcov, multiway_meat, vcov};
use plim_stats::{Design, Fit};
use serde_json::Value;

/// fixest stops demeaning at 1e-6 by default, so its own digits end near 1e-8 on these designs.
const COEF: f64 = 1e-8;
const SE: f64 = 1e-7;

/// Compares a fit with one result object of the file; `name` maps our names to fixest's.
#[track_caller]
pub fn check(case: &Value, design: &Design, how: &str, ssc: Ssc, name: &dyn Fn(&str) -> String) -> OlsFit {
    let fit = Ols::default().fit(design).unwrap();
    let covariance = vcov(&fit, &how.parse::<Vcov>().unwrap(), ssc, design).unwrap();
    let want = |field: &str, name: &str| case[field][name].as_f64().unwrap_or_else(|| panic!("{field} {name}"));
    assert_eq!(fit.nobs() as u64, case["nobs"].as_u64().unwrap(), "nobs");
    assert_eq!(fit.coef.len(), case["coef"].as_object().unwrap().len(), "{:?}", fit.names);
    assert!(fit.certificate < 1e-13, "certificate {}", fit.certificate);
    for (j, ours) in fit.names.iter().enumerate() {
        let theirs = name(ours);
        close(fit.coef[j], want("coef", &theirs), COEF, &theirs);
        let se = covariance.V[(j, j)].sqrt();
        close(se, want("se", &theirs), SE, &format!("se {theirs} under {}", covariance.label));
        let p = want("p", &theirs);
        if p > 1e-12 {
            close(dist::t_p(fit.coef[j] / se, covariance.df), p, 1e-6, &format!("p {theirs}"));
        }
    }
    if let Some(df) = case["df_t"].as_f64() {
        close(covariance.df, df, 0.0, "df of t");
    }
    let r2 = &case["r2"];
    if let Some(want) = r2["r2"].as_f64() {
        close(fit.r2(), want, COEF, "r2");
        close(fit.r2_adjusted(), r2["ar2"].as_f64().unwrap(), COEF, "ar2");
    }
    if let (Some(got), Some(want)) = (fit.r2_within(), r2["wr2"].as_f64()) {
        close(got, want, COEF, "wr2");
        close(fit.r2_within_adjusted().unwrap(), r2["war2"].as_f64().unwrap(), COEF, "war2");
    }
    if let Some(deviance) = case["deviance"].as_f64() {
        close(fit.ssr, deviance, COEF, "ssr");
    }
    fit
}

pub fn cases() -> Option<Value> {
    Some(json(&shared("golden/r/fixest.json")?)["cases"].take())
}

pub fn table(path: &str) -> Option<Data> {
    Some(Data::from_csv(&Csv::read(&shared(&format!("golden/r/{path}"))?)))
}

fn same(name: &str) -> String {
    name.into()
}

const CITY: [&str; 6] = ["de", "fdi", "open", "ind", "gov", "lnpgdp"];

#[test]
fn city_panels() {
    let (Some(cases), Some(city)) = (cases(), table("data/syn_city.csv")) else { return };
    let case = |name: &str| &cases[name]["result"];
    let fe = ["city", "year"];
    let d = city.design("resil", &CITY, &fe, &[], None);
    check(case("city_base"), &d, "cluster:city", Ssc::Fixest, &same);
    let d = city.design("resil", &CITY, &fe, &[], Some("pop"));
    check(case("city_wls_2way"), &d, "cluster:city+year", Ssc::Fixest, &same);
    let d = city.design("resil", &["pilot", "fdi", "open"], &fe, &[], None);
    check(case("city_pilot_did"), &d, "cluster:city", Ssc::Fixest, &same);
    let d = city.design("resil", &["de", "tech", "fdi", "open", "de:tech"], &fe, &[], None);
    check(case("city_moderation"), &d, "cluster:city", Ssc::Fixest, &same);
    let mut twice = city.clone();
    twice.set("I(2 * de)", city.get("de").iter().map(|x| 2.0 * x).collect());
    let d = twice.design("resil", &["de", "I(2 * de)", "prov", "fdi"], &fe, &[], None);
    let fit = check(case("city_collinear"), &d, "cluster:city", Ssc::Fixest, &same);
    let dropped: Vec<&str> = fit.dropped.iter().map(|d| d.name.as_str()).collect();
    assert_eq!(dropped, ["I(2 * de)", "prov"]);
}

#[test]
fn city_sequences_and_splits() {
    let (Some(cases), Some(city)) = (cases(), table("data/syn_city.csv")) else { return };
    let fits = |name: &str, id: usize| cases[name]["result"]["fits"][id].clone();
    let all = ["city", "year"];
    let mut id = 0;
    for fe in [&all[..0], &all[..1], &all[..]] {
        for x in [&CITY[..1], &CITY[..3], &CITY[..]] {
            let d = city.design("resil", x, fe, &["city"], None);
            check(&fits("city_base_ms", id), &d, "cluster:city", Ssc::Fixest, &same);
            id += 1;
        }
    }
    let x = ["de", "fdi", "open"];
    let d = city.design("resil", &x, &all, &[], None);
    check(&fits("city_hetero_split", 0), &d, "cluster:city", Ssc::Fixest, &same);
    // The regions in alphabetical order are central, east, northeast, west.
    let csv = Csv::read(&shared("golden/r/data/syn_city.csv").unwrap());
    for (id, region) in ["central", "east", "northeast", "west"].iter().enumerate() {
        let part = city.filter(|i| csv.text("region")[i] == *region);
        let d = part.design("resil", &x, &all, &[], None);
        check(&fits("city_hetero_split", id + 1), &d, "cluster:city", Ssc::Fixest, &same);
    }
    let with = ["de", "med", "fdi", "open"];
    let steps: [(usize, &str, &[&str]); 3] = [(0, "med", &x), (2, "resil", &x), (3, "resil", &with)];
    for (id, y, x) in steps {
        let d = city.design(y, x, &all, &[], None);
        check(&fits("city_mediation_steps", id), &d, "cluster:city", Ssc::Fixest, &same);
    }
}

#[test]
fn unbalanced_with_singletons() {
    let (Some(cases), Some(unb)) = (cases(), table("data/syn_unbal.csv")) else { return };
    let d = unb.design("resil", &["de", "fdi", "open"], &["city", "year"], &[], None);
    for name in ["unb_2fe", "unb_2fe_dropsing"] {
        let fit = check(&cases[name]["result"], &d, "cluster:city", Ssc::Fixest, &same);
        assert_eq!(fit.singletons, 2);
    }
}

#[test]
fn workers_and_firms() {
    let (Some(cases), Some(wf)) = (cases(), table("data/syn_wf.csv")) else { return };
    let d = wf.design("y", &["x1", "x2"], &["worker", "firm", "year"], &[], None);
    for (name, how, ssc) in [
        ("wf_3fe", "cluster:worker", Ssc::Fixest),
        ("wf_3fe_default_tol", "cluster:worker", Ssc::Fixest),
        ("wf_3fe_sing", "cluster:firm", Ssc::Fixest),
        ("wf_iid_Kexact", "iid", Ssc::ExactRank),
    ] {
        let fit = check(&cases[name]["result"], &d, how, ssc, &same);
        assert_eq!(fit.singletons, 166);
        assert_eq!(fit.rank, Some(3821 + 300 + 10 - 2));
    }
}

#[test]
fn difference_in_differences() {
    let (Some(cases), Some(did)) = (cases(), table("package_data/fixest_base_did.csv")) else { return };
    let d = did.design("y", &["x1", "treat:post"], &["id", "period"], &[], None);
    let theirs = |n: &str| n.to_string();
    check(&cases["did_ssc_cl_nonnested_Kadj_TRUE"]["result"], &d, "cluster:id", Ssc::Fixest, &theirs);
    check(&cases["did_ssc_cl_full_Kadj_TRUE"]["result"], &d, "cluster:id", Ssc::Full, &theirs);
}

#[test]
fn iris_with_and_without_effects() {
    let (Some(cases), Some(iris)) = (cases(), table("package_data/datasets_iris.csv")) else { return };
    let mut base = Data::default();
    let old = ["Sepal.Length", "Sepal.Width", "Petal.Length", "Petal.Width", "Species"];
    for (new, old) in ["y", "x1", "x2", "x3", "species"].iter().zip(old) {
        base.set(new, iris.get(old));
    }
    base.set("fe_bis", (0..150).map(|i| f64::from(i % 5)).collect());
    let d = base.design("y", &["x1", "x2"], &["species"], &[], Some("x3"));
    check(&cases["iris_wls"]["result"], &d, "hc1", Ssc::Fixest, &same);
    // Stepwise: fixest's default covariance is iid. Models without a regressor have nothing to compare.
    let fits = cases["iris_multi"]["result"]["fits"].as_array().unwrap();
    let all = ["species", "fe_bis"];
    let mut compared = 0;
    for (id, fit) in fits.iter().enumerate() {
        let x = ["", "x2", "x3"][id % 3];
        let y = ["y", "x1"][id / 3 % 2];
        if x.is_empty() {
            continue;
        }
        let d = base.design(y, &[x], &all[..id / 6], &[], None);
        check(fit, &d, "iid", Ssc::Fixest, &same);
        compared += 1;
    }
    assert_eq!(compared, 12);
    let fits = cases["iris_split"]["result"]["fits"].as_array().unwrap();
    for (id, fit) in fits.iter().enumerate() {
        let species = base.get("species");
        let part = base.filter(|i| id < 2 || species[i] as usize == id / 2 - 1);
        let d = part.design("y", &["x1", "x2"][..id % 2 + 1], &[], &[], None);
        check(fit, &d, "iid", Ssc::Fixest, &same);
    }
}

#[test]
fn trade_of_the_fifteen() {
    let (Some(cases), Some(path)) = (cases(), shared("data/fixest_trade_eu15_2007_2016.parquet")) else { return };
    let trade = crate::data::parquet(&path);
    let fit = |fe: &[&str], clusters: &[&str]| trade.design("log(Euros)", &["log(dist_km)"], fe, clusters, None);
    let four = ["Origin", "Destination", "Product", "Year"];
    let case = |name: &str| &cases[name]["result"];
    check(case("trade_feols_4fe_hetero"), &fit(&four, &[]), "hc1", Ssc::Fixest, &same);
    check(case("trade_feols_4fe_cl2"), &fit(&four, &[]), "cluster:Origin+Destination", Ssc::Fixest, &same);
    let three = "cluster:Origin+Destination+Product";
    check(case("trade_feols_cl3"), &fit(&four[..2], &["Product"]), three, Ssc::Fixest, &same);
    let pairs = fit(&["Origin^Year", "Destination^Year"], &["Origin", "Destination"]);
    let by_pair =
        check(case("trade_feols_interacted_cluster"), &pairs, "cluster:Origin^Destination", Ssc::Fixest, &same);
    assert_eq!(by_pair.rank, Some(150 + 150 - 10), "ten years are ten components");
    check(&case("trade_fixef_values")["fit"], &fit(&["Origin", "Destination", "Year"], &[]), "iid", Ssc::Fixest, &same);
}

#[test]
fn trade_and_the_variants_of_the_cluster_factor() {
    let (Some(cases), Some(path)) = (cases(), shared("data/fixest_trade_eu15_2007_2016.parquet")) else { return };
    let trade = crate::data::parquet(&path);
    let design = trade.design("log(Euros)", &["log(dist_km)"], &["Origin", "Year"], &[], None);
    let fit = Ols::default().fit(&design).unwrap();
    let (n, B) = (fit.nobs() as f64, fit.bread[(0, 0)]);
    // Both effects are clusters: K is the regressor and a constant.
    let K = 2.0;
    for (name, own, adjust) in
        [("min", false, true), ("min", false, false), ("conventional", true, true), ("conventional", true, false)]
    {
        let meat = multiway_meat(&fit, &design.fe, &|G| match own && adjust {
            true => f64::from(G) / (f64::from(G) - 1.0),
            false => 1.0,
        });
        let least = if adjust && !own { 10.0 / 9.0 } else { 1.0 };
        let se = (B * meat[(0, 0)] * B * (n - 1.0) / (n - K) * least).sqrt();
        let adjusted = if adjust { "TRUE" } else { "FALSE" };
        let case = &cases[format!("trade_ssc_2w_Gdf_{name}_Gadj_{adjusted}_tdf_conventional")]["result"];
        close(se, case["se"]["log(dist_km)"].as_f64().unwrap(), SE, name);
    }
}
