//! `tfp_growth` as a user runs it: the example of docs/methods/tfp_growth.md.

use plim_study::single::{Single, run};
use serde_json::{Value, json};

#[test]
fn parts_add_up_under_the_later_period() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("scores.csv");
    let rows = "u,t,ln_y,ln_k,prod,prod_elasticity_ln_k,prod_technical_change\n\
                A,2001,1.32,1.5,0.6,0.8,0.02\nA,2000,0.70,1.0,0.5,0.8,0.02\nB,2001,1.0,1.0,0.9,0.8,0.02\n";
    std::fs::write(&file, rows).unwrap();
    let options = |more: Value| {
        let Value::Object(mut all) = json!({ "factors": ["ln_k"], "frontier": "prod", "unit": "u", "time": "t" })
        else {
            unreachable!()
        };
        let Value::Object(more) = more else { unreachable!() };
        all.extend(more);
        all
    };
    let Single::Measure(measure, table) = run("tfp_growth", &file, options(json!({ "output": "ln_y" }))).unwrap()
    else {
        panic!("a measure")
    };
    let value = |name: &str| table.numbers(name).unwrap()[0];
    let efficiency = (0.6f64 / 0.5).ln();
    let want = [("technical_change", 0.02), ("efficiency_change", efficiency), ("scale", -0.1), ("allocative", 0.0)];
    for (name, want) in want {
        assert!((value(name) - want).abs() < 1e-12, "{name}: {}", value(name));
    }
    assert!((value("tfp_growth") - want.iter().map(|w| w.1).sum::<f64>()).abs() < 1e-12);
    // Output grew by 0.62, input by 0.5.
    assert!((value("tfp_growth") + value("noise") - 0.12).abs() < 1e-12);
    assert!(table.numbers("tfp_growth").unwrap()[1..].iter().all(|v| v.is_nan()));
    assert!(measure.notes.iter().any(|n| n.starts_with("2 rows have no observation")), "{:?}", measure.notes);

    let refused = |more: Value| run("tfp_growth", &file, options(more)).err().map(|e| e.to_string()).unwrap();
    assert!(refused(json!({ "shares": ["ln_k"] })).contains("shares"));
    assert!(refused(json!({ "no_trend": true, "technical_change": "ln_y" })).contains("technical change"));
    assert!(refused(json!({ "elasticities": ["ln_k", "ln_y"] })).contains("`elasticities`"));
}
