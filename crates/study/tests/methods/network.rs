//! `two_stage_dea`, `network_dea` and `window_dea` as a user runs them: the examples of their pages.

use plim_report::Measure;
use plim_study::single::{Single, run};
use plim_table::Table;
use serde_json::{Value, json};

fn measure(method: &str, data: &str, options: Value) -> Result<(Measure, Table), String> {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("data.csv");
    std::fs::write(&file, data).unwrap();
    let Value::Object(options) = options else { unreachable!() };
    match run(method, &file, options).map_err(|e| e.to_string())? {
        Single::Measure(measure, table) => Ok((*measure, table)),
        _ => panic!("a measure"),
    }
}

fn near(got: &[f64], want: &[f64]) {
    assert_eq!(got.len(), want.len());
    assert!(got.iter().zip(want).all(|(g, w)| (g - w).abs() < 1e-12 || g.is_nan() && w.is_nan()), "{got:?}");
}

/// With one column in each place a stage is its productivity over the best one.
#[test]
fn the_stages_of_the_example() {
    let data = "u,staff,deposits,loans\nA,2,2,4\nB,4,8,8\nC,5,5,15\nD,3,0,3\nE,8,8,12\n";
    let options = json!({ "inputs": ["staff"], "links": ["deposits"], "outputs": ["loans"], "unit": "u" });
    let (measure, table) = measure("two_stage_dea", data, options).unwrap();
    let column = |name: &str| table.numbers(name).unwrap().to_vec();
    near(&column("efficiency_first"), &[0.5, 1.0, 0.5, f64::NAN, 0.5]);
    near(&column("efficiency_second"), &[2.0 / 3.0, 1.0 / 3.0, 1.0, f64::NAN, 0.5]);
    near(&column("efficiency"), &[1.0 / 3.0, 1.0 / 3.0, 0.5, f64::NAN, 0.25]);
    assert_eq!(table.column("status").unwrap().show(3), "refused");
    assert_eq!(measure.more["refused"][0], json!({ "unit": "D", "reason": "all intermediate products are zero" }));
    assert!(measure.notes.iter().any(|n| n.starts_with("1 of 5 units")), "{:?}", measure.notes);
}

#[test]
fn a_frontier_for_each_year_and_refusals() {
    let data = "u,t,x,z,y\nA,1,1,1,1\nB,1,1,2,1\nA,2,1,1,4\nB,2,1,1,1\n";
    let options = json!({ "inputs": ["x"], "links": ["z"], "outputs": ["y"], "by": "t" });
    let (_, table) = measure("two_stage_dea", data, options).unwrap();
    near(table.numbers("efficiency").unwrap(), &[0.5, 0.5, 1.0, 0.25]);
    let without = json!({ "inputs": ["x"], "outputs": ["y"] });
    assert!(measure("two_stage_dea", data, without).unwrap_err().contains("`links`"));
    let twice = json!({ "inputs": ["x"], "links": ["x"], "outputs": ["y"] });
    assert!(measure("two_stage_dea", data, twice).unwrap_err().contains("twice"));
}

#[test]
fn the_windows_of_the_example() {
    let data = "u,t,x,y\nA,2010,1,2\nA,2011,1,3\nA,2012,1,4\nB,2010,1,1\nB,2011,1,4\nB,2012,1,8\n";
    let mut options = json!({ "inputs": ["x"], "outputs": ["y"], "rts": "crs", "width": 2, "unit": "u", "time": "t" });
    let (found, table) = measure("window_dea", data, options.clone()).unwrap();
    near(table.numbers("efficiency").unwrap(), &[0.5, 0.5625, 0.5, 0.25, 0.75, 1.0]);
    near(table.numbers("windows").unwrap(), &[1.0, 2.0, 1.0, 1.0, 2.0, 1.0]);
    near(table.numbers("range").unwrap(), &[0.0, 0.375, 0.0, 0.0, 0.5, 0.0]);
    assert_eq!(found.more["windows"], json!([[2010, 2011], [2011, 2012]]));
    assert!(found.notes.iter().any(|n| n.starts_with("in 2 of 2 windows: 4 units")), "{:?}", found.notes);
    options["width"] = json!(4);
    assert!(measure("window_dea", data, options.clone()).unwrap_err().contains("3 periods"));
    options.as_object_mut().unwrap().remove("time");
    assert!(measure("window_dea", data, options).unwrap_err().contains("time"));
}

const BANKS: &str = "bank,staff,deposits,capital,loans,fees\nA,2,4,1,4,2\nB,4,6,2,5,3\nC,5,5,1,5,1\nD,3,3,3,2,2\n\
                     E,6,0,2,4,1\n";

/// The example of the page: the relational prices are found with a calculator in few cases only, so the identity is that
/// the whole is the product where nothing enters in between.
#[test]
fn a_row_of_stages() {
    let stages = json!(["collect: staff -> deposits", "lend: deposits -> loans"]);
    let options = json!({ "stages": stages, "model": "relational", "rts": "crs", "unit": "bank" });
    let (found, table) = measure("network_dea", BANKS, options).unwrap();
    let column = |name: &str| table.numbers(name).unwrap().to_vec();
    near(&column("efficiency_collect"), &[1.0, 0.75, 0.5, 0.5, f64::NAN]);
    near(&column("efficiency_lend"), &[1.0, 5.0 / 6.0, 1.0, 2.0 / 3.0, f64::NAN]);
    near(&column("efficiency"), &[1.0, 0.625, 0.5, 1.0 / 3.0, f64::NAN]);
    assert_eq!(table.column("status").unwrap().show(4), "refused");
    let refused = json!({ "unit": "E", "reason": "all outputs of stage `collect` are zero" });
    assert_eq!(found.more["refused"][0], refused);
}

/// A list of stages is one text on the command line, and the columns that a step adds are known before it runs.
#[test]
fn the_example_of_network_dea() {
    let text = "collect: staff -> deposits + fees, lend: deposits + capital -> loans";
    let options = |more: Value| {
        let Value::Object(mut all) = json!({ "stages": text, "unit": "bank" }) else { unreachable!() };
        let Value::Object(more) = more else { unreachable!() };
        all.extend(more);
        Value::Object(all)
    };
    let (_, table) = measure("network_dea", BANKS, options(json!({}))).unwrap();
    let names: Vec<&str> = table.columns().iter().map(|c| c.name.as_str()).collect();
    assert!(names.ends_with(&["efficiency", "efficiency_collect", "efficiency_lend", "status"]), "{names:?}");
    let refusal = |more: Value| measure("network_dea", BANKS, options(more)).unwrap_err();
    assert!(refusal(json!({ "stages": "collect staff" })).contains("`collect staff` is no stage"));
    assert!(refusal(json!({ "stages": [] })).contains("no stages are given"));
    assert!(refusal(json!({ "model": "relational" })).contains("constant returns"));
    assert!(refusal(json!({ "stages": "a: staff -> loan" })).contains("loan"));
}
