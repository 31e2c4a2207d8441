//! What an estimate hangs on, as a study and `plim fit` ask for it.

use plim_golden::close;
use plim_report::Fit;
use plim_report::page::Block;
use plim_report::results::Shown;
use plim_report::table::Table;
use plim_study::plan::Plan;
use plim_study::single::{Single, run};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

fn ask(method: &str, file: &Path, options: Value) -> Result<Fit, String> {
    let Value::Object(options) = options else { unreachable!() };
    match run(method, file, options) {
        Ok(Single::Fit(fit)) => Ok(*fit),
        Ok(_) => panic!("one fit"),
        Err(e) => Err(e.to_string()),
    }
}

/// Nine units in three regions, one of them not said, over six years.
const ROWS: usize = 54;

fn panel(folder: &Path) -> PathBuf {
    let path = folder.join("panel.csv");
    let mut text = String::from("i,t,region,y,x,w,m\n");
    for i in 1i64..=9 {
        for t in 1i64..=6 {
            let of = |a: i64, b: i64, m: i64| ((a * i + b * t + i * t * t) % m) as f64 / 10.0;
            let (w, m, e) = (of(7, 5, 13), of(3, 2, 11), of(11, 4, 7));
            let x = 0.5 * w + 0.4 * m + of(5, 3, 17);
            let y = 0.8 * x + 0.6 * w + 0.5 * m + 0.1 * (i + t) as f64 + e;
            let region = ["north", "south", ""][(i % 3) as usize];
            text += &format!("u{i},{t},{region},{y},{x},{w},{m}\n");
        }
    }
    std::fs::write(&path, text).unwrap();
    path
}

const FORMULA: &str = "y ~ x + w + m | i + t";

fn value(fit: &Fit, path: &str) -> f64 {
    let whole = Value::Object(fit.more.clone());
    plim_report::results::find(&whole, path).and_then(Value::as_f64).unwrap_or_else(|| panic!("no {path} in {whole}"))
}

#[test]
fn oster_by_its_options() {
    let dir = tempfile::tempdir().unwrap();
    let file = panel(dir.path());
    let plain = ask("oster", &file, json!({ "formula": FORMULA, "treatment": "x" })).unwrap();
    let feols = ask("feols", &file, json!({ "formula": FORMULA })).unwrap();
    let short = ask("feols", &file, json!({ "formula": "y ~ x | i + t" })).unwrap();
    assert_eq!(plain.coefficients, feols.coefficients);
    close(value(&plain, "oster/short/estimate"), short.coefficients[0].estimate, 1e-12, "short");
    close(value(&plain, "oster/short/std_error"), short.coefficients[0].std_error, 1e-12, "short");
    close(value(&plain, "oster/long/r2"), feols.stat("r2_within").unwrap(), 1e-12, "within R²");
    let beta = value(&plain, "oster/beta_star");
    let back = json!({ "formula": FORMULA, "treatment": "x", "beta": beta, "replications": 50, "seed": 3 });
    let back = ask("oster", &file, back).unwrap();
    close(value(&back, "oster/delta"), 1.0, 1e-10, "there and back");
    assert!(value(&back, "oster/bootstrap/beta_star/replications") > 40.0);
    let near = ask("oster", &file, json!({ "formula": FORMULA, "treatment": "z" })).unwrap_err();
    assert!(near.contains("`treatment` names `z`") && near.contains("x, w, m"), "{near}");
    let none = ask("oster", &file, json!({ "formula": FORMULA })).unwrap_err();
    assert!(none.contains("`treatment` is not given"), "{none}");
}

#[test]
fn leaving_one_out_is_where() {
    let dir = tempfile::tempdir().unwrap();
    let file = panel(dir.path());
    let options = json!({
        "formula": FORMULA, "treatment": "x", "by": ["i", "t", "region"], "controls": true, "vcov": "cluster:i",
    });
    let fit = ask("leave_one_out", &file, options).unwrap();
    let each = fit.more["leave_one_out"].as_array().unwrap();
    assert_eq!(each.len(), 9 + 6 + 2 + 2);
    for left in each {
        let (by, value) = (left["by"].as_str().unwrap(), left["value"].as_str().unwrap());
        let again = match by {
            "control" => json!({ "formula": FORMULA.replace(&format!(" + {value}"), ""), "vcov": "cluster:i" }),
            // A row whose region is not said stays.
            "region" => {
                let own = if value == "north" { ["u3", "u6", "u9"] } else { ["u1", "u4", "u7"] };
                let others = own.map(|u| format!("i != '{u}'")).join(" & ");
                json!({ "formula": FORMULA, "vcov": "cluster:i", "where": others })
            }
            "t" => json!({ "formula": FORMULA, "vcov": "cluster:i", "where": format!("t != {value}") }),
            _ => json!({ "formula": FORMULA, "vcov": "cluster:i", "where": format!("i != '{value}'") }),
        };
        let want = ask("feols", &file, again).unwrap();
        assert_eq!(left["nobs"].as_u64().unwrap() as usize, want.nobs, "{by} {value}");
        close(left["estimate"].as_f64().unwrap(), want.coefficients[0].estimate, 1e-12, value);
        close(left["p_value"].as_f64().unwrap(), want.coefficients[0].p_value, 1e-10, value);
    }
    assert_eq!(fit.nobs, ROWS);
    // Unit and time are known, so that `by` need not be.
    let panel = json!({ "formula": FORMULA, "treatment": "x", "unit": "i", "time": "t" });
    assert_eq!(ask("leave_one_out", &file, panel).unwrap().more["ranges"].as_array().unwrap().len(), 2);
    let nothing = ask("leave_one_out", &file, json!({ "formula": FORMULA, "treatment": "x" })).unwrap_err();
    assert!(nothing.contains("what to leave out is not known"), "{nothing}");
    let unknown = json!({ "formula": FORMULA, "treatment": "x", "by": ["regio"] });
    let unknown = ask("leave_one_out", &file, unknown).unwrap_err();
    assert!(unknown.contains("regio") && unknown.contains("region"), "{unknown}");
}

#[test]
fn a_study_shows_tables_and_contours() {
    let dir = tempfile::tempdir().unwrap();
    panel(dir.path());
    let step = |method: &str, more: &str| {
        format!(
            "[[step]]\nmethod = \"{method}\"\nname = \"{method}\"\nformula = \"{FORMULA}\"\ntreatment = \"x\"\n{more}\n"
        )
    };
    let table = |fit: &str| format!("[[step]]\nmethod = \"table\"\nname = \"t_{fit}\"\nfits = [\"{fit}\"]\n");
    let text = [
        "[data.panel]\nfile = \"panel.csv\"\nunit = \"i\"\ntime = \"t\"\n\n[labels]\nw = \"Wage\"\n".to_string(),
        step("oster", "replications = 40"),
        step("omitted_variable", "benchmarks = [\"w\", \"m\"]"),
        step("leave_one_out", "controls = true"),
        table("oster"),
        table("omitted_variable"),
        table("leave_one_out"),
        "[[step]]\nmethod = \"figure\"\nkind = \"contour\"\nfits = [\"omitted_variable\"]\n".into(),
    ];
    let plan = Plan::parse(&text.join("\n"), "study.toml", dir.path().to_path_buf(), &[]).unwrap();
    let run = plim_study::run::run(&plan, &[], &|_, _, _| {}).unwrap_or_else(|e| panic!("{e}"));
    let tables = |shown: &Shown| -> Vec<Table> {
        let table = |b: &Block| if let Block::Table(t) = b { Some(t.clone()) } else { None };
        shown.blocks.iter().filter_map(table).collect()
    };
    let titles: Vec<Vec<String>> = run.shown.iter().map(|s| tables(s).into_iter().map(|t| t.title).collect()).collect();
    assert_eq!(titles[0][1], "Selection on unobservables (Oster)");
    assert_eq!(
        titles[1][1..],
        ["Robustness to an omitted variable", "If an omitted variable were as strong as a control"]
    );
    assert_eq!(titles[2][1], "Estimates without one value at a time");
    // Every number of these tables says where in the results it is.
    let results = serde_json::to_value(&run.results).unwrap();
    for shown in &run.shown[..3] {
        for table in &tables(shown)[1..] {
            for section in &table.sections {
                for row in &section.rows {
                    for column in 0..row.cells.len() {
                        let source = table.source(section, row, column).unwrap();
                        assert!(plim_report::results::find(&results, &source).is_some(), "{source}");
                    }
                }
            }
        }
    }
    let Block::Figure(figure) = &run.shown[3].blocks[0] else { panic!("a figure") };
    let words: Vec<&str> = (figure.scene.marks.iter())
        .filter_map(|m| if let plim_report::figure::Mark::Text { text, .. } = m { Some(text.as_str()) } else { None })
        .collect();
    assert!(words.contains(&"3× Wage") && words.iter().any(|w| w.starts_with("unadjusted")), "{words:?}");
    assert!(figure.scene.description.starts_with("Robustness value "));
}
