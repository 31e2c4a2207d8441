//! `sbm` as a user runs it.

use plim_study::single::{Single, run};
use serde_json::{Value, json};

#[test]
fn slacks_come_home_as_columns() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("units.csv");
    // methods.md, TEST 2.2b.
    std::fs::write(&file, "u,a,b,y\nA,4,3,1\nB,7,3,1\nC,8,1,1\nD,4,2,1\nE,2,4,1\nF,10,1,1\n").unwrap();
    let run_with = |super_efficiency: bool| {
        let options = json!({
            "inputs": ["a", "b"], "outputs": ["y"], "unit": "u", "rts": "crs", "super_efficiency": super_efficiency
        });
        let Value::Object(options) = options else { unreachable!() };
        match run("sbm", &file, options).unwrap() {
            Single::Measure(_, table) => table,
            _ => panic!("a measure"),
        }
    };
    let close = |got: &[f64], want: &[f64]| {
        assert!(got.len() == want.len() && got.iter().zip(want).all(|(g, w)| (g - w).abs() < 5e-7), "{got:?}");
    };
    let table = run_with(false);
    close(table.numbers("efficiency").unwrap(), &[0.833333, 0.619048, 1.0, 1.0, 1.0, 0.9]);
    // F only wastes two of ten a.
    assert!((table.numbers("slack_a").unwrap()[5] - 2.0).abs() < 1e-12);
    assert!((table.numbers("relative_slack_a").unwrap()[5] - 0.2).abs() < 1e-12);
    assert!((table.numbers("slack_sum").unwrap()[5] - 2.0).abs() < 1e-12);
    let table = run_with(true);
    close(table.numbers("efficiency").unwrap(), &[0.833333, 0.619048, 1.125, 1.25, 1.5, 0.9]);
}
