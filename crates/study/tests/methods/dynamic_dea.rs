//! `dynamic_dea` as a user runs it: a panel in any order, with a unit that is not always there.

use plim_golden::close;
use plim_study::single::{Single, run};
use plim_table::Table;
use serde_json::{Map, Value, json};
use std::path::Path;

const HEADER: &str = "u,t,x,y,z\n";

fn options(more: Value) -> Map<String, Value> {
    let all = json!({ "inputs": ["x"], "outputs": ["y"], "carry_bad": ["z"], "unit": "u", "time": "t" });
    let (Value::Object(mut all), Value::Object(more)) = (all, more) else { unreachable!() };
    all.extend(more);
    all
}

fn scores(file: &Path, more: Value) -> (Table, Vec<String>) {
    match run("dynamic_dea", file, options(more)).unwrap() {
        Single::Measure(measure, table) => (table, measure.notes),
        _ => panic!("a measure"),
    }
}

/// Rows of 9 units in 3 years; unit 4 misses an input in 2011.
fn lines() -> Vec<String> {
    let line = |u: usize, t: usize| {
        let x = if u == 4 && t == 2011 { String::new() } else { format!("{}", 2 + (u * 7 + t) % 11) };
        format!("{u},{t},{x},{},{}\n", 1 + (u * 5 + t * 3) % 13, 1 + (u * 3 + t * 5) % 7)
    };
    (0..9).flat_map(|u| (2010..2013).map(move |t| line(u, t))).collect()
}

#[test]
fn the_order_of_rows_does_not_matter_and_gaps_are_counted() {
    let dir = tempfile::tempdir().unwrap();
    let (forward, backward) = (dir.path().join("a.csv"), dir.path().join("b.csv"));
    let mut lines = lines();
    std::fs::write(&forward, format!("{HEADER}{}", lines.concat())).unwrap();
    lines.reverse();
    std::fs::write(&backward, format!("{HEADER}{}", lines.concat())).unwrap();
    let ((a, notes), (b, _)) = (scores(&forward, json!({})), scores(&backward, json!({})));
    assert!(notes.iter().any(|n| n.starts_with("1 rows miss an input")), "{notes:?}");
    assert!(notes.iter().any(|n| n == "1 units are not complete in all 3 periods and are left out: 4"), "{notes:?}");
    let key = |table: &Table, i: usize| ["u", "t"].map(|c| table.column(c).unwrap().show(i));
    assert_eq!((a.rows(), b.rows()), (24, 24));
    let (of_a, of_b) = (a.numbers("efficiency").unwrap(), b.numbers("efficiency").unwrap());
    for i in 0..24 {
        let j = (0..24).find(|&j| key(&b, j) == key(&a, i)).unwrap();
        close(of_a[i], of_b[j], 1e-9, "efficiency");
        // One value a unit in all years.
        let first = (0..24).find(|&j| key(&a, j)[0] == key(&a, i)[0]).unwrap();
        assert_eq!(of_a[i], of_a[first]);
    }
    assert!(of_a.iter().any(|&e| e < 0.9));
}

#[test]
fn the_input_measure_is_the_mean_of_its_periods() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a.csv");
    std::fs::write(&file, format!("{HEADER}{}", lines().concat())).unwrap();
    let (table, _) = scores(&file, json!({ "orientation": "input", "rts": "crs" }));
    let (whole, parts) = (table.numbers("efficiency").unwrap(), table.numbers("period_efficiency").unwrap());
    let unit = |i: usize| table.column("u").unwrap().show(i);
    for i in 0..table.rows() {
        let own: Vec<f64> = (0..table.rows()).filter(|&j| unit(j) == unit(i)).map(|j| parts[j]).collect();
        close(own.iter().sum::<f64>() / 3.0, whole[i], 1e-12, "mean");
    }
}

#[test]
fn refusals_say_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a.csv");
    std::fs::write(&file, format!("{HEADER}1,2010,1,1,1\n2,2011,1,1,1\n")).unwrap();
    let refusal = |more: Value| run("dynamic_dea", &file, options(more)).err().unwrap().to_string();
    assert!(refusal(json!({})).contains("no unit has all inputs, outputs and carry-overs in all 2 periods"));
    assert!(refusal(json!({ "inputs": [] })).contains("`inputs` or `outputs` is empty"));
    std::fs::write(&file, format!("{HEADER}1,2010,1,1,1\n2,2010,1,1,1\n")).unwrap();
    assert!(refusal(json!({ "rts": "fdh" })).contains("free disposal hull"));
}

/// The example of docs/methods/dynamic_dea.md, worked by hand: A makes two of an output with two of the input and one of
/// the carry-over, and nobody needs less of either. So N is 1 - (1/2 + 0)/2 for B and 1 - (1/2 + 1/2)/2 for C in year 1,
/// and 1 and 1 - (0 + 1/2)/2 in year 2. A in both years hands C one and takes one; A, then B itself does for B.
#[test]
fn the_page_prints_what_comes_out() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a.csv");
    std::fs::write(&file, format!("{HEADER}A,1,2,2,1\nA,2,2,2,1\nB,1,4,2,1\nB,2,4,4,2\nC,1,4,2,2\nC,2,2,2,2\n"))
        .unwrap();
    let (table, _) = scores(&file, json!({ "orientation": "input", "rts": "crs" }));
    let shown = |c: &str| (0..6).map(|i| table.column(c).unwrap().show(i)).collect::<Vec<_>>();
    assert_eq!((shown("u").concat(), shown("t").concat()), ("ABCABC".into(), "111222".into()));
    for (name, want) in [
        ("efficiency", [1.0, 0.875, 0.625, 1.0, 0.875, 0.625]),
        ("period_efficiency", [1.0, 0.75, 0.5, 1.0, 1.0, 0.75]),
    ] {
        let got = table.numbers(name).unwrap();
        (0..6).for_each(|i| close(got[i], want[i], 1e-12, name));
    }
}
