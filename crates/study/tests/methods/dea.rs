//! `dea` as a user runs it: a frontier of its own for each value of a column.

use plim_study::single::{Single, run};
use plim_table::Table;
use serde_json::{Value, json};
use std::path::Path;

fn scores(file: &Path, more: Value) -> (Table, Vec<String>) {
    let Value::Object(mut options) = more else { unreachable!() };
    for (key, value) in
        [("inputs", json!(["x"])), ("outputs", json!(["y"])), ("unit", json!("u")), ("time", json!("t"))]
    {
        options.insert(key.into(), value);
    }
    match run("dea", file, options).unwrap() {
        Single::Measure(measure, table) => (table, measure.notes),
        _ => panic!("a measure"),
    }
}

#[test]
fn a_frontier_by_year_is_that_of_the_year_alone() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("units.csv");
    let mut text = String::from("u,t,x,y\n");
    for u in 0..14 {
        for t in 2010..2013 {
            let x = 2.0 + ((u * 7 + t) % 11) as f64;
            let y =
                if u == 3 && t == 2011 { String::new() } else { format!("{}", 1.0 + ((u * 5 + t * 3) % 13) as f64) };
            text += &format!("{u},{t},{x},{y}\n");
        }
    }
    std::fs::write(&file, text).unwrap();
    let (all, notes) = scores(&file, json!({ "by": "t" }));
    assert_eq!(all.rows(), 41);
    assert!(notes.iter().any(|n| n.contains("1 rows miss an input or output or `t`")), "{notes:?}");
    let times = all.numbers("t").unwrap();
    for year in 2010..2013 {
        let (alone, _) = scores(&file, json!({ "where": format!("t = {year}") }));
        let rows: Vec<usize> = (0..all.rows()).filter(|&i| times[i] == f64::from(year)).collect();
        let part = all.take(&rows);
        for column in ["u", "efficiency", "score", "status", "peers"] {
            let shown = |t: &Table| (0..t.rows()).map(|i| t.column(column).unwrap().show(i)).collect::<Vec<_>>();
            assert_eq!(shown(&part), shown(&alone), "{year} {column}");
        }
    }
    let (pooled, _) = scores(&file, json!({}));
    let both = pooled.numbers("efficiency").unwrap().iter().zip(all.numbers("efficiency").unwrap());
    assert!(both.clone().all(|(pooled, own)| *pooled <= own + 1e-12) && both.clone().any(|(p, o)| p < o));
}

#[test]
fn prices_groups_targets_and_multipliers_become_columns() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("units.csv");
    let mut text = String::from("u,t,x,y,w,region\n");
    for u in 0..12 {
        let region = if u % 2 == 0 { "east" } else { "west" };
        let price = if u == 5 { String::new() } else { format!("{}", 1 + u) };
        text += &format!("{u},2010,{},{},{price},{region}\n", 2 + (u * 7) % 11, 1 + (u * 5) % 13);
    }
    std::fs::write(&file, text).unwrap();
    let names = |table: &Table| table.columns().iter().map(|c| c.name.clone()).collect::<Vec<_>>();
    let number = |table: &Table, name: &str| table.numbers(name).unwrap().to_vec();

    let (cost, _) = scores(&file, json!({ "model": "cost", "prices": ["w"], "targets": true, "group": "region" }));
    for name in ["cost_efficiency", "technical_efficiency", "allocative_efficiency", "target_x", "target_y"] {
        assert!(names(&cost).iter().any(|n| n == name), "{name} in {:?}", names(&cost));
    }
    let (score, target) = (number(&cost, "score"), number(&cost, "target_x"));
    let gap = number(&cost, "technology_gap_ratio");
    for i in 0..12 {
        if i == 5 {
            assert!(score[5].is_nan() && cost.column("status").unwrap().show(5) == "refused");
        } else {
            // One input: least cost is its price times what the target uses, and no mix can be wrong.
            assert!((score[i] - (1 + i) as f64 * target[i]).abs() < 1e-9);
            assert!((number(&cost, "allocative_efficiency")[i] - 1.0).abs() < 1e-9);
            assert!(gap[i] > 0.0 && gap[i] <= 1.0);
        }
    }
    let (radial, notes) = scores(&file, json!({ "multipliers": true, "rts": "crs" }));
    assert!(notes.iter().any(|n| n.contains("one optimal choice")));
    let v = number(&radial, "multiplier_x");
    assert!(v.iter().enumerate().all(|(u, v)| ((2 + (u * 7) % 11) as f64 * v - 1.0).abs() < 1e-9));
    assert!(number(&radial, "multiplier_scale").iter().all(|u| *u == 0.0));

    let (local, notes) = scores(&file, json!({ "scale": true, "scale_elasticity": true }));
    let (low, high) = (number(&local, "scale_elasticity_low"), number(&local, "scale_elasticity_high"));
    assert!(high.iter().any(|h| h.is_nan()) && notes.iter().any(|n| n.contains("without upper bound")));
    for i in 0..12 {
        match local.column("returns_to_scale").unwrap().show(i).as_str() {
            "irs" => assert!(low[i] > 1.0 || low[i].is_nan(), "{i}: {}", low[i]),
            "drs" => assert!(high[i] < 1.0, "{i}: {}", high[i]),
            _ => assert!(low[i] <= 1.0 && (high[i] >= 1.0 || high[i].is_nan()), "{i}: {} {}", low[i], high[i]),
        }
    }
    let options = json!({ "model": "profitability", "prices": ["w", "w"], "rts": "crs" });
    let (dollar, _) = scores(&file, options);
    // One input, one output: no mix can be wrong, and the return is the productivity at any prices.
    let returns = number(&dollar, "profitability_efficiency");
    assert!(
        returns.iter().zip(number(&dollar, "technical_efficiency")).all(|(a, b)| a.is_nan() || (a - b).abs() < 1e-9)
    );
    assert_eq!(returns.iter().filter(|r| r.is_nan()).count(), 1);

    let options = json!({ "inputs": ["x"], "outputs": ["y"], "unit": "u", "by": "region" });
    let Value::Object(options) = options else { unreachable!() };
    let Single::Measure(_, crossed) = run("cross_efficiency", &file, options).unwrap() else { panic!("a measure") };
    // One input, one output: all judges agree.
    let (mean, own) = (number(&crossed, "efficiency"), number(&crossed, "self_efficiency"));
    assert!(mean.iter().zip(&own).all(|(a, b)| (a - b).abs() < 1e-9));
}

/// Along its inputs the directional β is 1 - θ of the radial model; the column has its name from the contract.
#[test]
fn the_directional_model_adds_beta() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("units.csv");
    std::fs::write(&file, "u,t,x,y\nA,1,2,2\nB,1,3,5\nC,1,6,8\nD,1,9,9\nE,1,5,3\n").unwrap();
    let (table, _) = scores(&file, json!({ "model": "directional", "direction": "inputs" }));
    let (beta, efficiency) = (table.numbers("beta").unwrap(), table.numbers("efficiency").unwrap());
    assert!((beta[4] - (1.0 - 1.4 / 3.0)).abs() < 1e-12 && (efficiency[4] - 1.4 / 3.0).abs() < 1e-12);
    assert!(beta[..4].iter().all(|&b| b == 0.0));
}

/// With one input both models are the radial one; what they do not move has no part.
#[test]
fn models_with_a_factor_for_each_column_say_it() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("units.csv");
    std::fs::write(&file, "u,t,x,y\nA,1,2,2\nB,1,3,5\nC,1,6,8\nD,1,9,9\nE,1,5,3\n").unwrap();
    for options in [json!({ "model": "nddf", "direction": "inputs" }), json!({ "model": "mea" })] {
        let (table, _) = scores(&file, options);
        let (inputs, efficiency) = (table.numbers("beta_x").unwrap(), table.numbers("efficiency").unwrap());
        assert!((inputs[4] - (1.0 - 1.4 / 3.0)).abs() < 1e-12 && (efficiency[4] - 1.4 / 3.0).abs() < 1e-12);
        assert!(table.numbers("beta_y").unwrap().iter().all(|b| b.is_nan()));
    }
}

#[test]
fn a_column_named_twice_is_refused_by_every_measure_of_efficiency() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("units.csv");
    std::fs::write(&file, "u,t,x,y\n1,2010,2,3\n2,2010,3,1\n1,2011,2,4\n2,2011,3,2\n").unwrap();
    for method in ["dea", "sbm", "malmquist", "cross_efficiency", "partial_frontier", "window_dea", "dea_bootstrap"] {
        let options = json!({ "inputs": ["x"], "outputs": ["x"], "unit": "u", "time": "t" });
        let Value::Object(options) = options else { unreachable!() };
        let message = run(method, &file, options).err().map(|e| format!("{e}")).unwrap_or_default();
        assert!(message.contains("named twice"), "{method}: {message}");
    }
}
