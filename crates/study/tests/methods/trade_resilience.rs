//! The resilience family as a user runs it: the examples of docs/methods/{resilience,shift_share,episodes,survival,
//! counterfactual,cloglog,agreement}.md.

use plim_golden::close_printed;
use plim_report::page::Block;
use plim_report::{Fit, Measure};
use plim_study::plan::Plan;
use plim_study::single::{Single, run};
use plim_table::Table;
use serde_json::{Value, json};

const EXPORTS: &str = "city,year,prov,usd\nA,0,P,100\nA,1,P,110\nA,2,P,104\nA,3,P,98\nA,4,P,108\nA,5,P,125\n\
    B,0,P,50\nB,1,P,53\nB,2,P,52\nB,3,P,51\nB,4,P,51.5\nB,5,P,56\n\
    C,0,,20\nC,1,,19\nC,2,,21\nC,3,,20.5\nC,4,,21\nC,5,,30\n";

const CUSTOMS: &str = "city,year,hs,to,usd\nA,1,x,US,70\nA,1,y,US,30\nA,2,x,US,60\nA,2,y,US,34\n\
    B,1,x,US,230\nB,1,y,US,170\nB,2,x,US,210\nB,2,y,US,176\n";

fn outcome(method: &str, data: &str, options: Value) -> Result<Single, String> {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("d.csv");
    std::fs::write(&file, data).unwrap();
    let Value::Object(mut all) = json!({ "unit": "city", "time": "year" }) else { unreachable!() };
    let Value::Object(more) = options else { unreachable!() };
    all.extend(more);
    run(method, &file, all).map_err(|e| e.to_string())
}

fn measure(method: &str, data: &str, options: Value) -> (Box<Measure>, Table) {
    match outcome(method, data, options) {
        Ok(Single::Measure(measure, table)) => (measure, table),
        Ok(_) => panic!("{method} gave no measure"),
        Err(e) => panic!("{e}"),
    }
}

fn refused(method: &str, data: &str, options: Value) -> String {
    outcome(method, data, options).err().unwrap_or_else(|| panic!("{method} refused nothing"))
}

fn listed(measure: &Measure, list: &str, field: &str) -> Vec<f64> {
    if let Some(found) = measure.lists.get(list) {
        return found.column(field).unwrap().to_vec();
    }
    let number = |v: &Value| v[field].as_f64().unwrap_or(f64::NAN);
    measure.more[list].as_array().unwrap().iter().map(number).collect()
}

#[test]
fn resilience_of_a_mix_of_products() {
    let options = json!({ "nation": "mix", "product": "hs", "value": "usd" });
    let (m, table) = measure("resilience", CUSTOMS, options);
    assert_eq!(table.rows(), 4, "a row for each city and year");
    close_printed(&[table.numbers("resilience").unwrap()[1]], &[-0.09090909], 8, "R_mix");
    close_printed(&[table.numbers("expected").unwrap()[1]], &[-0.055], 8, "expected growth");
    assert_eq!(m.more["sample"]["records"], 8);
    // Markets alone, products with markets, and wide data say the same here.
    let (_, wide) = measure(
        "resilience",
        "city,year,x,y\nA,1,70,30\nA,2,60,34\nB,1,230,170\nB,2,210,176\n",
        json!({ "nation": "mix", "columns": ["x", "y"] }),
    );
    assert_eq!(wide.numbers("resilience").unwrap()[1], table.numbers("resilience").unwrap()[1]);
    let (_, by_market) = measure("resilience", CUSTOMS, json!({ "nation": "mix", "market": "to", "value": "usd" }));
    close_printed(&[by_market.numbers("resilience").unwrap()[1]], &[-0.5], 8, "one market is the nation");
    // Records of a plain comparison are still two rows of one city and year.
    let message = refused("resilience", CUSTOMS, json!({ "value": "usd" }));
    assert!(message.contains("1") && message.contains("A"), "{message}");
    for (data, options, part) in [
        (CUSTOMS, json!({ "nation": "mix", "value": "usd" }), "without products"),
        (EXPORTS, json!({ "nation": "group", "value": "usd" }), "without groups"),
        (EXPORTS, json!({ "product": "prov", "value": "usd" }), "serve `nation = \"mix\"`"),
        (EXPORTS, json!({ "group": "prov", "value": "usd" }), "serves `nation = \"group\"`"),
        (CUSTOMS, json!({ "nation": "mix", "product": "hsx", "value": "usd" }), "hs"),
    ] {
        let message = refused("resilience", data, options);
        assert!(message.contains(part), "{part} in {message}");
    }
}

#[test]
fn resilience_within_groups_and_of_paths() {
    let (m, table) = measure("resilience", EXPORTS, json!({ "nation": "group", "group": "prov", "value": "usd" }));
    let r = table.numbers("resilience").unwrap();
    let e = 163.0 / 150.0 - 1.0;
    close_printed(&[r[1], r[7]], &[(0.1 - e) / e, (0.06 - e) / e], 12, "A and B in P");
    assert!(r[12..].iter().all(|r| r.is_nan()), "C has no province");
    assert_eq!(m.more["sample"]["ungrouped"], 5);

    let (_, table) = measure("resilience", EXPORTS, json!({ "form": "hp", "value": "usd" }));
    let want = [-0.01001524, 0.06755623, -0.00466951, -0.08783333, -0.03047353, 0.06543538];
    close_printed(&table.numbers("cycle").unwrap()[..6], &want, 8, "cycle of A");
    assert_eq!(table.numbers("resilience").unwrap()[0], table.numbers("cycle").unwrap()[0]);
    let (_, table) = measure("resilience", EXPORTS, json!({ "form": "hp", "lambda": 100, "value": "usd" }));
    close_printed(&table.numbers("cycle").unwrap()[..1], &[0.00132796], 8, "lambda");
    let (_, table) = measure("resilience", EXPORTS, json!({ "form": "volatility", "value": "usd" }));
    close_printed(&[table.numbers("volatility").unwrap()[5]], &[0.09567224], 8, "volatility of A");
    assert!(table.has("downside"));
    let message = refused("resilience", EXPORTS, json!({ "form": "hamilton", "value": "usd" }));
    assert!(message.contains("9 consecutive years"), "{message}");
}

#[test]
fn shift_share_of_the_canon() {
    let options = json!({ "product": "hs", "value": "usd" });
    let (m, table) = measure("shift_share", CUSTOMS, options);
    let of = |name: &str| table.numbers(name).unwrap()[0];
    close_printed(&["national", "mix", "residual", "change"].map(of), &[-4.0, -1.5, -0.5, -6.0], 8, "parts");
    assert_eq!((table.rows(), table.numbers("year").unwrap()[0]), (2, 2.0), "under the later year");
    assert!(m.notes[0].contains("2 with 1"), "{:?}", m.notes);
    let options = json!({ "product": "hs", "value": "usd", "form": "dynamic", "allocation": true });
    let (m, table) = measure("shift_share", CUSTOMS, options);
    let of = |name: &str| table.numbers(name).unwrap()[0];
    let [competitive, allocation, new] = ["competitive", "allocation", "new_products"].map(of);
    assert!((competitive + allocation + new - of("residual")).abs() < 1e-12);
    assert_eq!(m.more["totals"][0]["city"], "A");
    close_printed(&listed(&m, "totals", "national"), &[-4.0, -16.0], 8, "totals");
    let late = json!({ "product": "hs", "value": "usd", "to": 9 });
    assert!(refused("shift_share", CUSTOMS, late).contains("no record in 9"));
}

#[test]
fn episodes_of_the_canon() {
    let (m, table) = measure("episodes", EXPORTS, json!({ "value": "usd" }));
    let of = |name: &str| table.numbers(name).unwrap()[0];
    let got = ["depth", "trough", "loss_area", "recovery_ratio", "recovered", "recovery_time"].map(of);
    close_printed(&got, &[-0.10909091, 3.0, 0.18181818, 2.25, 4.11764706, 1.11764706], 8, "episode of A");
    assert_eq!((table.column("city").unwrap().show(0), of("year"), of("censored")), ("A".to_string(), 1.0, 0.0));
    assert_eq!(table.column("ending").unwrap().show(0), "recovered");
    assert_eq!(m.more["sample"]["left_censored"], 1);
    let (m, table) = measure("episodes", EXPORTS, json!({ "value": "usd", "dating": "nation" }));
    assert_eq!(m.more["nation"], json!([{ "year": 1, "turn": "peak" }, { "year": 3, "turn": "trough" }]));
    assert_eq!(table.column("ending").unwrap().show(2), "no_loss");
    let (_, given) = measure("episodes", EXPORTS, json!({ "value": "usd", "contraction": "1:3" }));
    assert_eq!(given.numbers("depth").unwrap(), table.numbers("depth").unwrap());
    let (m, none) = measure("episodes", EXPORTS, json!({ "value": "usd", "min_depth": 0.5 }));
    assert_eq!((none.rows(), &m.more["sample"]["without"]), (0, &json!(3)));
    assert!(refused("episodes", EXPORTS, json!({ "value": "usd", "contraction": "3:1" })).contains("3:1"));
}

/// City A in sight from 1 to 6; product 0 throughout.
const RELATIONS: &str = "city,year,hs,usd\n\
    A,1,k,1\nA,2,k,1\nA,3,k,1\nA,4,k,1\nA,5,k,1\nA,6,k,1\n\
    A,2,x,1\nA,3,x,2\nA,2,y,1\nA,4,y,1\nA,5,y,1\nA,5,z,1\nA,6,z,1\nA,3,w,1\nA,4,w,1\nA,5,w,1\n";

#[test]
fn survival_and_its_hazard() {
    let (m, table) = measure("survival", RELATIONS, json!({ "product": "hs", "value": "usd" }));
    // Spells: x 2 years, y 1 and 2, w 3, all failed; z 2 and going on; k was there from the start.
    assert_eq!(listed(&m, "table", "at_risk"), [5.0, 4.0, 1.0]);
    close_printed(&listed(&m, "table", "survival"), &[0.8, 0.4, 0.0], 12, "S");
    let sample = &m.more["sample"];
    assert_eq!((&sample["spells"], &sample["failures"], &sample["left_censored"]), (&json!(6), &json!(4), &json!(1)));
    assert_eq!((&m.more["units"][0]["city"], &m.more["units"][0]["median"]), (&json!("A"), &json!(2)));
    let event: f64 = table.numbers("event").unwrap().iter().sum();
    assert_eq!((event, table.rows()), (4.0, 16));
    let (m, _) = measure("survival", RELATIONS, json!({ "product": "hs", "value": "usd", "gap": 1 }));
    assert_eq!((&m.more["sample"]["bridged"], &m.more["sample"]["spells"]), (&json!(1), &json!(5)));
    assert!(refused("survival", RELATIONS, json!({ "product": "hs" })).contains("value"));
    // A missing value after the last year of x: whether it ended is not known.
    let unknown = format!("{RELATIONS}A,4,x,\n");
    let (m, table) = measure("survival", &unknown, json!({ "product": "hs", "value": "usd" }));
    let sample = &m.more["sample"];
    assert_eq!((&sample["failures"], &sample["unobserved"], table.rows()), (&json!(3), &json!(1), 16));

    // A step of survival gives the columns of the hazard model.
    // The table has no keys of its own, so that the regression takes its rows for observations and not for a panel.
    let steps = "[[step]]\nmethod = \"survival\"\nname = \"age\"\nunit = \"city\"\ntime = \"year\"\nproduct = \"hs\"\nvalue = \"usd\"\n\
        [[step]]\nmethod = \"cloglog\"\nname = \"hazard\"\nformula = \"age_event ~ age\"\nvcov = \"iid\"\n\
        where = \"age_left_censored = 0\"\n";
    let fit: Fit = keyed_study(RELATIONS, "", steps).unwrap().0.results.estimates.swap_remove("hazard").unwrap();
    assert_eq!((fit.nobs, fit.method.as_str()), (10, "cloglog"));
    assert!(fit.stats["certificate"].as_f64().unwrap() < 1e-8, "{:?}", fit.stats);
}

/// Runs steps on one table; gives the run and the blocks of the last step that shows.
fn study(data: &str, steps: &str) -> Result<(plim_study::run::Run, Vec<Block>), String> {
    keyed_study(data, "unit = \"city\"\ntime = \"year\"\n", steps)
}

fn keyed_study(data: &str, keys: &str, steps: &str) -> Result<(plim_study::run::Run, Vec<Block>), String> {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("d.csv"), data).unwrap();
    let world = "hs,year,world\nx,1,1000\nx,2,900\ny,1,500\ny,2,520\n";
    std::fs::write(dir.path().join("w.csv"), world).unwrap();
    let text = format!("[data.d]\nfile = \"d.csv\"\n{keys}[data.w]\nfile = \"w.csv\"\n\n{steps}");
    let plan = Plan::parse(&text, "study.toml", dir.path().to_path_buf(), &[]).map_err(|e| e.to_string())?;
    let mut run = plim_study::run::run(&plan, &[], &|_, _, _| {}).map_err(|e| e.to_string())?;
    let blocks = run.shown.pop().map(|s| s.blocks).unwrap_or_default();
    Ok((run, blocks))
}

#[test]
fn counterfactual_from_a_column_and_from_a_table() {
    let data = "city,year,hs,usd,world\nA,1,a,40,1000\nA,1,b,30,500\nA,1,c,20,800\nA,1,d,10,200\n\
        A,2,a,38,900\nA,2,b,33,520\nA,2,c,10,640\nA,2,d,12,230\n";
    let options = json!({ "product": "hs", "value": "usd", "world_value": "world", "cells": true });
    let (m, table) = measure("counterfactual", data, options);
    let of = |name: &str| table.numbers(name).unwrap()[0];
    close_printed(&["expected", "actual"].map(of), &[94.7, 93.0], 8, "expected, actual");
    close_printed(&["resilience", "martin"].map(of), &[-0.01811451, -0.32075472], 8, "ln, Martin");
    close_printed(&listed(&m, "cells", "dhs"), &[-0.05128205, 0.09523810, -0.66666667, 0.18181818], 8, "DHS");
    let written = serde_json::to_value(&m).unwrap();
    let second = &written["cells"][1];
    assert_eq!((&second["product"], &second["city"]), (&json!("b"), &json!("A")));

    let steps = "[[step]]\nmethod = \"counterfactual\"\nname = \"gap\"\nproduct = \"hs\"\nvalue = \"usd\"\n\
        world = \"w\"\nworld_value = \"world\"\n";
    let (run, _) = study(CUSTOMS, steps).unwrap();
    let rows = &run.measured["gap"];
    // A: 70 · 0.9 + 30 · 1.04 = 94.2 against 94.
    close_printed(&[rows.numbers("gap").unwrap()[0]], &[(94.0f64 / 94.2).ln()], 12, "from a table");
    let error = study(CUSTOMS, &steps.replace("\"w\"", "\"ww\"")).err().unwrap();
    assert!(error.contains("did you mean `w`"), "{error}");
    let torn = data.replace("A,2,b,33,520", "A,2,a,33,520");
    let message = refused("counterfactual", &torn, json!({ "product": "hs", "value": "usd", "world_value": "world" }));
    assert!(message.contains("is both 900 and 520") && message.contains('6') && message.contains('7'), "{message}");
}

#[test]
fn agreement_of_three_measures() {
    let steps = "[[step]]\nmethod = \"resilience\"\nname = \"ratio\"\nvalue = \"usd\"\n\
        [[step]]\nmethod = \"resilience\"\nname = \"gap\"\nvalue = \"usd\"\nform = \"difference\"\n\
        [[step]]\nmethod = \"resilience\"\nname = \"cycle\"\nvalue = \"usd\"\nform = \"hp\"\n\
        [[step]]\nmethod = \"agreement\"\ncolumns = [\"ratio\", \"gap\", \"cycle_cycle\"]\n";
    let (_, blocks) = study(EXPORTS, steps).unwrap();
    let Block::Table(table) = &blocks[0] else { panic!("a table") };
    let text = plim_report::text::render(table);
    assert_eq!(table.sections[0].rows.len(), 3, "{text}");
    // Ratio and difference have one sign by definition.
    let first = text.lines().find(|l| l.contains("ratio · gap")).unwrap();
    assert!(first.contains("15") && first.trim_end().ends_with("1.000"), "{text}");
    let one = steps.replace("\"ratio\", \"gap\", \"cycle_cycle\"", "\"ratio\"");
    assert!(study(EXPORTS, &one).err().unwrap().contains("two measures"));
}
