//! Cases of fixest 0.14.2, AER 1.2.10 and systemfit 1.1.28 (R 4.2.2, shared/golden/r); fields that its README warns
//! of are replaced as it says.

use crate::data::Data;
use crate::{Model, line, run};
use plim_golden::{Csv, close, close_printed, json, shared};
use plim_stats::Fit;
use plim_stats::linear::{Estimator, InstrumentalFit};
use serde_json::Value;

/// fixest stops demeaning at 1e-6 by default, so its own digits end near 1e-8 with weights and two effects.
const COEF: f64 = 1e-8;
const STAT: f64 = 1e-7;

fn cases(file: &str) -> Option<Value> {
    Some(json(&shared(&format!("golden/r/{file}"))?)["cases"].take())
}

fn table(path: &str) -> Option<Data> {
    Some(Data::from_csv(&Csv::read(&shared(&format!("golden/r/{path}"))?)))
}

/// Compares coefficients, errors, R², first stages, Wald, Sargan and Wu-Hausman.
#[track_caller]
fn check(case: &Value, model: &Model, data: &Data, how: &str) -> InstrumentalFit {
    let fit = run(&model.design(data), Estimator::TwoStage, how, "fixest");
    let e = &fit.estimated;
    assert_eq!(e.fit.nobs() as u64, case["nobs"].as_u64().unwrap());
    assert_eq!(e.coefficients.len(), case["coef"].as_object().unwrap().len());
    for c in &e.coefficients {
        // fixest renames the endogenous variable to its fitted value.
        let theirs = if model.d.contains(&c.name.as_str()) { format!("fit_{}", c.name) } else { c.name.clone() };
        let want = |field: &str| case[field][&theirs].as_f64().unwrap_or_else(|| panic!("{field} {theirs}"));
        close(c.estimate, want("coef"), COEF, &theirs);
        close(c.std_error, want("se"), STAT, &format!("se {theirs} {}", e.covariance.label));
        close(c.p_value, want("p"), 1e-6, &format!("p {theirs}"));
    }
    assert!(e.fit.certificate < 1e-13, "certificate {}", e.fit.certificate);
    close(e.fit.ssr, case["deviance"].as_f64().unwrap(), COEF, "ssr");
    let iv = &case["iv"];
    for first in &fit.first_stage {
        let field = format!("ivwald1::{}", first.name);
        close(first.f.unwrap(), iv[&field]["stat"].as_f64().unwrap(), STAT, &field);
        let theirs = match fit.first_stage.len() {
            1 => &case["first_stage"],
            _ => &case["first_stage"][format!("iv: First stage: {}", first.name)],
        };
        for c in &first.coefficients {
            let name = if c.name == "x_inst1^2" { "I(I(x_inst1^2))" } else { c.name.as_str() };
            close(c.estimate, theirs["coef"][name].as_f64().unwrap(), 1e-7, &format!("first stage {name}"));
            close(c.std_error, theirs["se"][name].as_f64().unwrap(), STAT, &format!("first stage se {name}"));
        }
    }
    let wald = fit.weak.wald.clone().unwrap();
    close(wald.statistic, iv["ivwald2"]["stat"].as_f64().unwrap(), STAT, "wald");
    let wh = fit.overidentification.wu_hausman.clone().unwrap();
    // With few and strong instruments fixest loses digits in the difference of two sums of squares.
    close(wh.statistic, iv["wh"]["stat"].as_f64().unwrap(), 1e-6, "wu-hausman");
    close(wh.df_residual.unwrap(), iv["wh"]["df2"].as_f64().unwrap(), 0.0, "wu-hausman df");
    let (n, l, p) = (e.fit.nobs() as f64, fit.instruments.len() as f64, model.d.len() as f64);
    let left = e.fit.dof_residual() as f64 + p - l;
    if let (1, Some(f)) = (model.d.len(), iv[format!("ivf1::{}", model.d[0])].as_object()) {
        let f = f["stat"].as_f64().unwrap() * left / f["df2"].as_f64().unwrap();
        close(fit.weak.cragg_donald_f, f, STAT, "cragg-donald against the first-stage F of iid errors");
    }
    if model.weights.is_none() {
        // The Cragg-Donald of fixest has n - l - p - 1 degrees of freedom, without exogenous regressors and effects;
        // with weights it is another number than its own F.
        let cragg_donald = iv["cd"].as_f64().unwrap() * left / (n - l - p - 1.0);
        close(fit.weak.cragg_donald_f, cragg_donald, STAT, "cragg-donald");
        let sargan = fit.overidentification.sargan.clone().unwrap();
        close(sargan.statistic, iv["sargan"]["stat"].as_f64().unwrap(), STAT, "sargan");
        close(sargan.p_value, iv["sargan"]["p"].as_f64().unwrap(), STAT, "sargan p");
    }
    fit
}

fn iris() -> Option<Data> {
    let iris = table("package_data/datasets_iris.csv")?;
    let mut base = Data::default();
    let old = ["Sepal.Length", "Sepal.Width", "Petal.Length", "Petal.Width", "Species"];
    for (new, old) in ["y", "x1", "x2", "x3", "species"].iter().zip(old) {
        base.set(new, iris.get(old));
    }
    let (x2, x3) = (base.get("x2"), base.get("x3"));
    let row = |i: usize| (i + 1) as f64;
    let first: Vec<f64> = (0..150).map(|i| 0.2 * x2[i] + 0.7 * x3[i] + row(i).sin()).collect();
    base.set("x_inst1^2", first.iter().map(|v| v * v).collect());
    base.set("x_inst1", first);
    base.set("x_inst2", (0..150).map(|i| 0.5 * x2[i] + (3.0 * row(i)).cos()).collect());
    base.set("fe_bis", (0..150).map(|i| f64::from(i % 5)).collect());
    Some(base)
}

#[test]
fn iris_overidentified() {
    let (Some(cases), Some(iris)) = (cases("fixest.json"), iris()) else { return };
    let z = ["x_inst1", "x_inst2"];
    let model = Model { y: "y", w: &["x1"], fe: &["species"], d: &["x2"], z: &z, cluster: &[], weights: None };
    let fit = check(&cases["iris_iv_over"]["result"], &model, &iris, "iid");
    close(fit.weak.kp_f.unwrap(), fit.weak.cragg_donald_f, 1e-10, "iid");
    let by = Model { fe: &["fe_bis"], ..model };
    check(&cases["iris_iv_over_cl"]["result"], &by, &iris, "cluster:fe_bis");
    let two = Model { d: &["x2", "x3"], z: &["x_inst1", "x_inst2", "x_inst1^2"], ..by };
    check(&cases["iris_iv_two_endo"]["result"], &two, &iris, "hc1");
}

#[test]
fn city_panels() {
    let (Some(cases), Some(city)) = (cases("fixest.json"), table("data/syn_city.csv")) else { return };
    let case = |name: &str| &cases[name]["result"];
    let (fe, z) = (["city", "year"], ["z1", "z2"]);
    let model =
        Model { y: "resil", w: &["fdi", "open", "ind"], fe: &fe, d: &["de"], z: &z, cluster: &[], weights: None };
    check(case("city_iv2"), &model, &city, "cluster:city");
    let fit = check(case("city_iv2_iid"), &model, &city, "iid");
    // The README's replacements: Cragg-Donald is ivf1 of the iid model, the LM statistic n times the partial R².
    close(fit.weak.cragg_donald_f, 370.4238839834, 1e-10, "cragg-donald");
    close(fit.weak.kp_lm.clone().unwrap().statistic, 650.3412042538, 1e-10, "LM");
    let weighted = Model { w: &["fdi", "open"], weights: Some("pop"), ..model };
    let fit = check(case("city_iv2_w"), &weighted, &city, "cluster:city+year");
    close(fit.overidentification.sargan.clone().unwrap().statistic, 5.5470763239, 1e-9, "weighted Sargan");
    let Some(unb) = table("data/syn_unbal.csv") else { return };
    let fit = check(case("unb_iv"), &weighted, &unb, "cluster:city");
    assert_eq!(fit.estimated.fit.singletons, 2);
}

#[test]
fn two_endogenous_variables_and_a_lagged_instrument() {
    let (Some(cases), Some(mut city)) = (cases("fixest.json"), table("data/syn_city.csv")) else { return };
    let (unit, year, z1) = (city.get("city"), city.get("year"), city.get("z1"));
    let before = |i: usize| (0..city.n).find(|&j| unit[j] == unit[i] && year[j] == year[i] - 1.0);
    let lag: Vec<f64> = (0..city.n).map(|i| before(i).map_or(f64::NAN, |j| z1[j])).collect();
    city.set("l(z1)", lag);
    let (fe, z) = (["city", "year"], ["z1", "z2", "z1:z2", "l(z1)"]);
    let d = ["de", "tech"];
    let model = Model { y: "resil", w: &["fdi", "open"], fe: &fe, d: &d, z: &z, cluster: &[], weights: None };
    check(&cases["city_iv_two_endo"]["result"], &model, &city, "cluster:city");
}

#[test]
fn aer_cigarettes() {
    let (Some(cases), Some(all)) = (cases("misc.json"), table("package_data/AER_CigarettesSW.csv")) else { return };
    let year = all.get("year");
    let mut cig = all.filter(|i| year[i] == 1995.0);
    let ratio = |name: &str, by: &[&str]| -> Vec<f64> {
        let divisors: Vec<Vec<f64>> = by.iter().map(|b| cig.get(b)).collect();
        cig.get(name).iter().enumerate().map(|(i, v)| divisors.iter().fold(*v, |v, d| v / d[i])).collect()
    };
    let (rprice, rincome) = (ratio("price", &["cpi"]), ratio("income", &["population", "cpi"]));
    let (taxs, tax) = (ratio("taxs", &["cpi"]), ratio("tax", &["cpi"]));
    cig.set("rprice", rprice);
    cig.set("rincome", rincome);
    cig.set("tdiff", taxs.iter().zip(&tax).map(|(a, b)| a - b).collect());
    cig.set("rtax", tax);
    let model = Model {
        y: "log(packs)",
        w: &["log(rincome)"],
        fe: &[],
        d: &["log(rprice)"],
        z: &["tdiff", "rtax"],
        cluster: &[],
        weights: None,
    };
    let design = model.design(&cig);
    let want = &cases["cig_iv"]["result"];
    for (how, table, diagnostics) in [("iid", "coef", "diagnostics"), ("hc0", "robust", "diagnostics_robust")] {
        let fit = run(&design, Estimator::TwoStage, how, "fixest");
        for name in ["(Intercept)", "log(rprice)", "log(rincome)"] {
            let [b, se] = line(&fit, name);
            close(b, want[table]["coef"][name].as_f64().unwrap(), COEF, name);
            close(se, want[table]["se"][name].as_f64().unwrap(), STAT, name);
        }
        let row = |i: usize| want[diagnostics]["data_by_row"][4 * i + 2].as_f64().unwrap();
        close(fit.first_stage[0].f.unwrap(), row(0), STAT, "weak instruments");
        close(fit.overidentification.sargan.clone().unwrap().statistic, row(2), STAT, "sargan");
        if how == "iid" {
            close(fit.overidentification.wu_hausman.clone().unwrap().statistic, row(1), STAT, "wu-hausman");
        }
    }
    let fit = run(&design, Estimator::TwoStage, "hc1", "fixest");
    let hc1 = want["HC1"]["data_by_row"][4].as_f64().unwrap().sqrt();
    close(line(&fit, "log(rprice)")[1], hc1, STAT, "HC1");
    close(fit.estimated.fit.r2(), want["r2"].as_f64().unwrap(), COEF, "r2");
    close(fit.estimated.fit.sigma2.sqrt(), want["sigma"].as_f64().unwrap(), COEF, "sigma");
}

#[test]
fn kmenta() {
    let (Some(cases), Some(data)) = (cases("misc.json"), table("package_data/systemfit_Kmenta.csv")) else { return };
    let want = &cases["kmenta_2SLS"]["result"];
    let equations: [(&str, &[&str], &[&str]); 2] =
        [("demand", &["income"], &["farmPrice", "trend"]), ("supply", &["farmPrice", "trend"], &["income"])];
    for (equation, w, z) in equations {
        let model = Model { y: "consump", w, fe: &[], d: &["price"], z, cluster: &[], weights: None };
        let fit = run(&model.design(&data), Estimator::TwoStage, "iid", "fixest");
        for c in &fit.estimated.coefficients {
            let name = format!("{equation}_{}", c.name);
            close(c.estimate, want["coef"][&name].as_f64().unwrap(), COEF, &name);
            let rows = want["vcov"]["rows"].as_array().unwrap();
            let at = rows.iter().position(|r| r == name.as_str()).unwrap();
            let variance = want["vcov"]["data_by_row"][8 * at].as_f64().unwrap();
            close(c.std_error, variance.sqrt(), STAT, &name);
        }
    }
}

/// methods.md, section 6.2; its statistics were checked with pyfixest 0.60.
#[test]
fn methods_6_2() {
    let model = Model { y: "y", w: &["w"], fe: &["i", "t"], d: &["x"], z: &["z"], cluster: &[], weights: None };
    let design = model.design(&crate::panel48());
    let cr0 = run(&design, Estimator::TwoStage, "cluster:i", "none");
    let [b, se] = line(&cr0, "x");
    let [c, sew] = line(&cr0, "w");
    close_printed(&[b, c, se, sew], &[0.42267996, -0.21639292, 0.18701542, 0.18114225], 8, "b and CR0");
    close_printed(&[cr0.first_stage[0].coefficients[0].estimate], &[0.90442415], 8, "pi");
    close_printed(&[cr0.first_stage[0].f.unwrap()], &[34.28402185], 8, "F, CR0");
    close_printed(&[cr0.weak.ar.clone().unwrap().statistic], &[2.99479477], 8, "AR, CR0");
    let fit = run(&design, Estimator::TwoStage, "cluster:i", "fixest");
    close_printed(&[line(&fit, "x")[1], line(&fit, "w")[1]], &[0.21671667, 0.20991074], 8, "K = k + T");
    let weak = &fit.weak;
    for f in [weak.first_stage_f.clone().unwrap().statistic, weak.kp_f.unwrap(), weak.effective_f.unwrap()] {
        close_printed(&[f], &[25.53065457], 8, "F, K = k + T");
    }
    close_printed(&[weak.cragg_donald_f], &[28.19330506], 8, "Cragg-Donald");
    let lm = weak.kp_lm.clone().unwrap();
    close_printed(&[lm.statistic, lm.p_value], &[5.18203341, 0.02282160], 8, "KP rk LM");
    assert_eq!(lm.df, 1.0);
    // One instrument: the critical values of the effective F in closed form, (1.6449 + √(1/τ))².
    for c in &weak.critical {
        let want = (1.644_853_626_951_472_7 + (1.0 / c.tau).sqrt()).powi(2);
        // The other tail of the noncentral normal, below 1e-6 even at τ = 0.3, is in the chi-square alone.
        close(c.value, want, 1e-4, "effective F");
    }
    assert!(fit.overidentification.sargan.is_none() && fit.overidentification.hansen_j.is_none());
    // Wald t² CR0 = 5.11 against AR 2.99: they disagree at 5 % as chi-squares (3.84).
    assert!((b / se).powi(2) > 3.84 && cr0.weak.ar.clone().unwrap().statistic < 3.84);
}
