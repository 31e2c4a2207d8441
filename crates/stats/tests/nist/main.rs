//! The linear regressions of the NIST Statistical Reference Datasets (www.itl.nist.gov/div898/strd), certified to 15
//! digits; `golden/nist` holds data and certificates, and a script that recomputes them exactly.

use plim_golden::{Csv, json, root};
use plim_stats::linear::{INTERCEPT, Ols, Precision};
use plim_stats::math::{Mat, double::Double};
use plim_stats::vcov::{Ssc, Vcov, vcov};
use plim_stats::{Design, Fit};

/// The data of a case: powers of x with what their rounding leaves.
fn design(name: &str, formula: &str) -> Design {
    let data = Csv::read(&root().join(format!("golden/nist/{name}.csv")));
    let constant = !formula.ends_with("- 1");
    let right = formula.split('~').nth(1).unwrap().trim_end_matches("- 1");
    let mut names: Vec<String> = right.split('+').map(|t| t.trim().to_string()).collect();
    let y = data.num("y");
    let n = y.len();
    let mut columns: Vec<Vec<Double>> = Vec::new();
    for term in &names {
        let (column, power) = match term.strip_prefix("I(x^") {
            Some(rest) => ("x", rest.trim_end_matches(')').parse().unwrap()),
            None => (term.as_str(), 1),
        };
        columns.push(data.num(column).into_iter().map(|x| Double::from(x).powi(power)).collect());
    }
    if constant {
        names.insert(0, INTERCEPT.into());
        columns.insert(0, vec![Double::from(1.0); n]);
    }
    Design {
        y,
        outcome: "y".into(),
        X: Mat::from_fn(n, columns.len(), |i, j| columns[j][i].high),
        low: columns.iter().enumerate().map(|(j, c)| (j, c.iter().map(|v| v.low).collect())).collect(),
        names,
        rows: (0..n).collect(),
        ..Design::default()
    }
}

/// Digits on which two numbers agree: -log₁₀ of the relative gap, or of the size where the certificate is zero.
fn digits(got: f64, want: f64) -> f64 {
    let gap = if want == 0.0 { got.abs() } else { (got / want - 1.0).abs() };
    if gap == 0.0 { 16.0 } else { -gap.log10() }
}

fn numbers(value: &serde_json::Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

#[test]
fn certified_digits() {
    let certified = json(&root().join("golden/nist/certified.json"));
    // Certificates have 15 digits; the decimals of the data do not all exist in binary, which costs one or two.
    let wanted = 13.0;
    for (name, case) in certified["cases"].as_object().unwrap() {
        let d = design(name, case["formula"].as_str().unwrap());
        for precision in [Precision::Double, Precision::Extended] {
            let fit = Ols { precision, ..Ols::default() }.fit(&d).unwrap();
            assert!(fit.dropped.is_empty(), "{name}: {:?}", fit.dropped);
            let V = vcov(&fit, &Vcov::Iid, Ssc::default(), &d).unwrap().V;
            let estimates = numbers(&case["estimate"]);
            let errors = numbers(&case["std_error"]);
            let worst = |pairs: &mut dyn Iterator<Item = f64>| pairs.fold(16.0, f64::min);
            let b = worst(&mut fit.coef().iter().zip(&estimates).map(|(g, w)| digits(*g, *w)));
            let se = worst(&mut errors.iter().enumerate().map(|(j, w)| digits(V[(j, j)].sqrt(), *w)));
            let sd = digits(fit.sigma2.sqrt(), case["residual_sd"].as_f64().unwrap());
            let r2 = digits(fit.r2(), case["r2"].as_f64().unwrap());
            println!("{name:9} {precision:?}: b {b:4.1}  se {se:4.1}  sd {sd:4.1}  r2 {r2:4.1}  {:?}", fit.accuracy);
            let least = b.min(se).min(sd);
            assert!(least >= wanted, "{name}: {least} digits, wanted {wanted}");
            // The R² of Wampler5 is 1 - .998, which costs three digits.
            assert!(r2 >= 12.0, "{name}: {r2} digits of R²");
        }
    }
}
