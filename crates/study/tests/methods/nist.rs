//! The linear regressions of the NIST Statistical Reference Datasets, from the formula to results.json.

use plim_golden::{json, root};
use plim_study::single::{Single, run};
use serde_json::{Value, json};

#[test]
fn certified_digits_from_the_formula() {
    let folder = root().join("golden/nist");
    let certified = json(&folder.join("certified.json"));
    let digits = |got: f64, want: f64| {
        let gap = if want == 0.0 { got.abs() } else { (got / want - 1.0).abs() };
        if gap == 0.0 { 16.0 } else { -gap.log10() }
    };
    for (name, case) in certified["cases"].as_object().unwrap() {
        for precision in ["double", "extended"] {
            let Value::Object(options) = json!({ "formula": case["formula"], "vcov": "iid", "precision": precision })
            else {
                unreachable!()
            };
            let Single::Fit(fit) = run("feols", &folder.join(format!("{name}.csv")), options).unwrap() else {
                panic!("not one fit")
            };
            // The R² of Wampler5 is 1 - .998, which costs three digits.
            let r2 = digits(fit.stats["r2"].as_f64().unwrap(), case["r2"].as_f64().unwrap());
            assert!(r2 >= 12.0, "{name} {precision}: {r2} digits of R²");
            let mut worst = 16.0f64;
            for (j, c) in fit.coefficients.iter().enumerate() {
                worst = worst.min(digits(c.estimate, case["estimate"][j].as_f64().unwrap()));
                worst = worst.min(digits(c.std_error, case["std_error"][j].as_f64().unwrap()));
            }
            assert_eq!(fit.coefficients.len(), case["estimate"].as_array().unwrap().len(), "{name}: {:?}", fit.notes);
            println!("{name} {precision}: {worst:.1} digits, {:?}", fit.stats);
            assert!(worst >= 13.0, "{name} {precision}: {worst} digits");
        }
    }
}
