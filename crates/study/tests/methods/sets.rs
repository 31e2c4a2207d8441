//! Many models in one step, against fixest 0.14.2 (its multiple estimations): coefficients to 1e-8, errors to 1e-7.

use plim_golden::close;
use plim_report::Fit;
use plim_study::single::{Single, run};
use serde_json::{Map, Value, json};
use std::path::Path;

fn fits(file: &Path, options: Value) -> Vec<Fit> {
    let Value::Object(options) = options else { unreachable!() };
    match run("feols", file, options).unwrap() {
        Single::Fits(fits) => fits,
        _ => panic!("one model, not many"),
    }
}

/// Case, data, options; `_` stands for names of the reference that differ from ours.
#[test]
fn sets_agree_with_fixest() {
    let Some(file) = plim_golden::shared("golden/r/fixest.json") else { return };
    let folder = file.parent().unwrap();
    let golden = plim_golden::json(&file);
    let city = folder.join("data/syn_city.csv");
    let iris = folder.join("package_data/datasets_iris.csv");
    let cases: Vec<(&str, &Path, Value)> = vec![
        (
            "city_base_ms",
            &city,
            json!({ "formula": "resil ~ csw(de, fdi + open, ind + gov + lnpgdp) | csw0(city, year)", "vcov": "cluster:city" }),
        ),
        (
            "city_hetero_split",
            &city,
            json!({ "formula": "resil ~ de + fdi + open | city + year", "vcov": "cluster:city", "fsplit": "region" }),
        ),
        (
            "city_mediation_steps",
            &city,
            json!({ "formula": "c(med, resil) ~ de + sw0(med) + fdi + open | city + year", "vcov": "cluster:city" }),
        ),
        (
            "iris_split",
            &iris,
            json!({ "formula": "`Sepal.Length` ~ csw(`Sepal.Width`, `Petal.Length`)", "vcov": "iid", "fsplit": "Species" }),
        ),
    ];
    for (case, data, options) in cases {
        let want = golden["cases"][case]["result"]["fits"].as_array().unwrap();
        let got = fits(data, options);
        assert_eq!(got.len(), want.len(), "{case}");
        for (k, (fit, want)) in got.iter().zip(want).enumerate() {
            let place = format!("{case}, model {}: {}", k + 1, fit.formula);
            assert_eq!(want["nobs"].as_u64(), Some(fit.nobs as u64), "{place}");
            let numbers = |key: &str| -> Vec<f64> {
                want[key].as_object().unwrap().values().map(|v| v.as_f64().unwrap()).collect()
            };
            // Its order of the regressors is that of the formula, as ours.
            let (b, se) = (numbers("coef"), numbers("se"));
            assert_eq!(b.len(), fit.coefficients.len(), "{place}");
            for (c, (b, se)) in fit.coefficients.iter().zip(b.iter().zip(&se)) {
                close(c.estimate, *b, 1e-8, &format!("{place}: {}", c.name));
                close(c.std_error, *se, 1e-7, &format!("{place}: se of {}", c.name));
            }
        }
    }
}

/// A panel of 40 units and 6 years; `y` has a gap that `x` has not, `z` is constant in region 2.
fn table(folder: &Path) -> std::path::PathBuf {
    let path = folder.join("panel.csv");
    let mut text = String::from("unit,year,region,y,x,w,z\n");
    for i in 0..40 {
        for t in 0..6 {
            let noise = |k: f64| ((i * 7 + t * 13) as f64 * k).sin();
            let y = if i == 3 && t == 2 { String::new() } else { format!("{:.6}", noise(1.1) + 0.3 * i as f64) };
            let z = if i % 2 == 1 { 1.0 } else { noise(2.3) };
            text += &format!("{i},{t},{},{y},{:.6},{:.6},{z:.6}\n", i % 2 + 1, noise(0.7), noise(1.9));
        }
    }
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn a_set_is_its_models_one_by_one() {
    let dir = tempfile::tempdir().unwrap();
    let path = table(dir.path());
    let set = json!({ "formula": "c(y, w) ~ mvsw(x, l(x), z) | sw(unit, unit + year, unit[year])", "unit": "unit", "time": "year" });
    for fit in fits(&path, set) {
        let mut options = Map::new();
        for (key, value) in [("formula", fit.formula.as_str()), ("unit", "unit"), ("time", "year")] {
            options.insert(key.into(), value.into());
        }
        let Single::Fit(alone) = run("feols", &path, options).unwrap() else { panic!("{}", fit.formula) };
        assert_eq!((alone.nobs, &alone.vcov, &alone.notes), (fit.nobs, &fit.vcov, &fit.notes), "{}", fit.formula);
        for (a, b) in alone.coefficients.iter().zip(&fit.coefficients) {
            close(b.estimate, a.estimate, 1e-12, &format!("{}: {}", fit.formula, a.name));
            close(b.std_error, a.std_error, 1e-12, &format!("{}: se of {}", fit.formula, a.name));
        }
    }
}

#[test]
fn a_failing_model_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = table(dir.path());
    let options = json!({ "formula": "y ~ sw(x, z) | unit", "split": "region" });
    let Value::Object(options) = options else { unreachable!() };
    let Err(e) = run("feols", &path, options).map(|_| ()) else { panic!("z is constant in region 2") };
    let e = e.to_string();
    assert!(e.contains("y ~ z | unit") && e.contains("region = 2"), "{e}");
}

#[test]
fn errors_point_into_the_formula() {
    let dir = tempfile::tempdir().unwrap();
    let path = table(dir.path());
    for (formula, at) in [
        ("y ~ x + wx | unit", "wx"),
        ("y ~ x | unt", "unt"),
        ("y ~ x + lgo(w) | unit", "lgo"),
        ("y ~ region | unit", "region"),
        ("c(y, wx) ~ x | unit", "wx"),
    ] {
        let mut options = Map::new();
        options.insert("formula".into(), formula.into());
        let Err(e) = run("feols", &path, options).map(|_| ()) else { panic!("{formula}") };
        let e = e.to_string();
        let caret = e.lines().last().unwrap().find('^').unwrap();
        assert_eq!(caret - 2, formula.find(at).unwrap(), "{e}");
    }
}

#[test]
fn scores_of_several_models_are_not_lost_in_silence() {
    let dir = tempfile::tempdir().unwrap();
    let path = table(dir.path());
    let Value::Object(options) = json!({ "formula": "x ~ w", "split": "region" }) else { unreachable!() };
    let Err(e) = run("sfa", &path, options).map(|_| ()) else { panic!("each model has scores of its own") };
    assert!(e.to_string().contains("score"), "{e}");
}
