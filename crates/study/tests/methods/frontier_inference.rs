//! `dea_bootstrap`, `rts_test` and `dea_outliers` as a user runs them.

use plim_report::Measure;
use plim_study::single::{Single, run};
use plim_table::Table;
use serde_json::{Value, json};

fn measured(method: &str, more: Value) -> (Measure, Table) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("units.csv");
    let mut text = String::from("u,half,x,y\n");
    for u in 0..30 {
        let x = 2.0 + ((u * 7) % 11) as f64;
        text += &format!(
            "{u},{},{},{}\n",
            u / 15,
            if u == 5 { -1.0 } else { x },
            x.sqrt() * (1.0 + ((u * 5) % 13) as f64 / 13.0)
        );
    }
    std::fs::write(&file, text).unwrap();
    let Value::Object(mut options) = more else { unreachable!() };
    for (key, value) in [("inputs", json!(["x"])), ("outputs", json!(["y"])), ("unit", json!("u")), ("seed", json!(3))]
    {
        options.insert(key.into(), value);
    }
    match run(method, &file, options).unwrap() {
        Single::Measure(measure, table) => (*measure, table),
        _ => panic!("a measure"),
    }
}

#[test]
fn a_bootstrap_has_intervals_and_says_who_was_refused() {
    let options = json!({ "replications": 100, "bandwidth": "normal_reference" });
    let (measure, table) = measured("dea_bootstrap", options.clone());
    let column = |name: &str| table.numbers(name).unwrap().to_vec();
    let (efficiency, corrected, bias) = (column("efficiency"), column("bias_corrected"), column("bias"));
    let (low, high, error) = (column("conf_low"), column("conf_high"), column("std_error"));
    for i in (0..30).filter(|&i| i != 5) {
        assert!((efficiency[i] - corrected[i] - bias[i]).abs() < 1e-15 && error[i] > 0.0);
        assert!(low[i] < corrected[i] && corrected[i] < high[i] && high[i] <= efficiency[i] + 1e-12);
    }
    assert!(efficiency[5].is_nan() && low[5].is_nan());
    assert_eq!(table.column("status").unwrap().show(5), "refused");
    assert_eq!(
        measure.more["refused"][0],
        json!({ "unit": "5", "reason": "an input is negative, which the input orientation would scale; only outputs may be negative in it" })
    );
    assert!(measure.more["stats"]["bandwidth"].as_f64().unwrap() > 0.0);
    let (again, same) = measured("dea_bootstrap", options);
    assert_eq!((again.more, same.numbers("conf_low").unwrap()[0]), (measure.more.clone(), low[0]));
    let (fixed, _) = measured("dea_bootstrap", json!({ "replications": 100, "bandwidth": 0.2 }));
    assert_eq!(fixed.more["stats"]["bandwidth"], json!(0.2));
}

#[test]
fn decreasing_returns_are_found() {
    let (measure, table) = measured("rts_test", json!({ "replications": 99 }));
    assert_eq!(measure.more["returns_to_scale"], json!("nirs"));
    assert_eq!(measure.more["tests"][0]["null"], json!("crs"));
    assert!(measure.more["tests"][0]["p_value"].as_f64().unwrap() <= 0.05);
    assert!(measure.more["tests"][1]["p_value"].as_f64().unwrap() > 0.05);
    let scale = table.numbers("scale_efficiency").unwrap();
    assert!(scale.iter().filter(|s| !s.is_nan()).all(|&s| s <= 1.0 + 1e-9));
}

#[test]
fn outliers_are_marked_in_a_column() {
    let (measure, table) = measured("dea_outliers", json!({ "rule": "leverage" }));
    let column = |name: &str| table.numbers(name).unwrap().to_vec();
    let (statistic, cutoff, suspect) = (column("statistic"), column("cutoff"), column("suspect"));
    for i in (0..30).filter(|&i| i != 5) {
        assert_eq!(suspect[i], f64::from(u8::from(statistic[i] > cutoff[i])));
        assert_eq!(cutoff[i], cutoff[0]);
    }
    let found = suspect.iter().filter(|&&s| s == 1.0).count();
    assert!(0 < found && found < 8, "{found}");
    assert!(suspect[5].is_nan() && measure.more["refused"][0]["unit"] == json!("5"));
    assert_eq!(table.column("status").unwrap().show(5), "refused");
    assert!(measure.notes.iter().any(|note| note.contains("suspect")), "{:?}", measure.notes);
    // One half of the units at a time has its own cutoff; a list of m as the command line writes it.
    let (_, table) = measured("dea_outliers", json!({ "rule": "cloud", "by": "half" }));
    let cutoff = table.numbers("cutoff").unwrap();
    assert!(cutoff[0] == cutoff[14] && cutoff[0] != cutoff[15] && cutoff[15] == cutoff[29]);
    let (_, table) = measured("dea_outliers", json!({ "rule": "order_m", "m": "5,10", "cutoff": 0.5 }));
    assert!(table.numbers("statistic").unwrap().iter().all(|s| s.is_nan() || [0.0, 0.5, 1.0].contains(s)));
}
