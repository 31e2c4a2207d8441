//! `malmquist` as a user runs it: the example of docs/methods/malmquist.md, with the rows out of order.

use plim_study::single::{Single, run};
use serde_json::{Value, json};

#[test]
fn rows_carry_the_index_under_the_later_period() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("data.csv");
    let rows = "u,t,x,y\nA,2,2,3\nB,2,3,6\nC,2,5,8\nD,2,9,11\nE,2,4,4\nE,1,5,3\nA,1,2,2\nB,1,3,5\nC,1,6,8\nD,1,9,9\n";
    std::fs::write(&file, rows).unwrap();
    let options = json!({ "inputs": ["x"], "outputs": ["y"], "unit": "u", "time": "t", "decomposition": "zofio" });
    let Value::Object(options) = options else { unreachable!() };
    let Single::Measure(measure, table) = run("malmquist", &file, options.clone()).unwrap() else {
        panic!("a measure")
    };
    let index = table.numbers("index").unwrap();
    for (got, want) in index.iter().zip([1.5, 1.2, 1.2, 11.0 / 9.0, 5.0 / 3.0]) {
        assert!((got - want).abs() < 1e-9, "{index:?}");
    }
    assert!(index[5..].iter().all(|v| v.is_nan()));
    assert!(table.has("scale_technical_change") && table.has("cumulative"));
    assert_eq!(table.column("status").unwrap().show(0), "optimal");
    assert!(measure.notes.iter().any(|n| n.starts_with("5 rows have no period")), "{:?}", measure.notes);

    let mut levels = options.clone();
    levels.remove("decomposition");
    levels.insert("model".into(), "fare_primont".into());
    let Single::Measure(_, table) = run("malmquist", &file, levels).unwrap() else { panic!("a measure") };
    let level = table.numbers("level").unwrap();
    // E has its second period in row 4 and its first in row 5.
    assert!((level[4] / level[5] - 5.0 / 3.0).abs() < 1e-9, "{level:?}");
    let mut biased = options.clone();
    biased.insert("decomposition".into(), "bias".into());
    let Single::Measure(_, table) = run("malmquist", &file, biased).unwrap() else { panic!("a measure") };
    assert!((table.numbers("magnitude").unwrap()[0] - 1.2).abs() < 1e-9);

    let mut without = options;
    without.remove("time");
    assert!(run("malmquist", &file, without).is_err());
}
