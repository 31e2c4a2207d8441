//! `variety`, `margins`, `exposure`, `network` and the additions to `inertia`, `complexity` and `expy` as a user runs
//! them: the examples of their pages, tables of other files, refusals.

use plim_report::Measure;
use plim_study::plan::Plan;
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

/// Runs a study of one step on `data.csv` and a second table `other.csv`.
fn with_table(data: &str, other: &str, step: &str) -> Result<(Measure, Table), String> {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("data.csv"), data).unwrap();
    std::fs::write(dir.path().join("other.csv"), other).unwrap();
    let text = format!(
        "[data.trade]\nfile = \"data.csv\"\nunit = \"city\"\ntime = \"year\"\n[data.other]\nfile = \"other.csv\"\n\n\
         [[step]]\nname = \"m\"\ndata = \"trade\"\n{step}\n"
    );
    let plan = Plan::parse(&text, "study.toml", dir.path().to_path_buf(), &[]).map_err(|e| e.to_string())?;
    let mut done = plim_study::run::run(&plan, &[], &|_, _, _| {}).map_err(|e| e.to_string())?;
    let measure = done.results.measures.swap_remove("m").unwrap();
    Ok((measure, done.measured.swap_remove("m").unwrap()))
}

/// Half a unit of the eighth decimal, as the vectors are printed.
fn close(table: &Table, column: &str, want: &[f64]) {
    let got = table.numbers(column).unwrap();
    let near = |(g, w): (&f64, &f64)| (g - w).abs() <= 0.5e-8 * (1.0 + w.abs()) || g.is_nan() && w.is_nan();
    assert!(got.len() == want.len() && got.iter().zip(want).all(near), "{column}: {got:?} {want:?}");
}

fn noted(measure: &Measure, text: &str) {
    assert!(measure.notes.iter().any(|n| n.contains(text)), "{text}: {:?}", measure.notes);
}

const SECTORS: &str = "city,year,hs,g,v\nA,1,1011,a,30\nA,1,1012,a,20\nA,1,1013,a,10\nA,1,2011,b,15\nA,1,2012,b,5\n\
                       A,1,2013,b,0\nA,1,3011,c,12\nA,1,3012,c,8\n";

#[test]
fn variety_by_column_and_by_prefix() {
    let base = json!({ "unit": "city", "time": "year", "product": "hs", "value": "v" });
    let with = |key: &str, value: Value| {
        let mut options = base.clone();
        options[key] = value;
        options
    };
    for options in [with("sector", "g".into()), with("prefix", 1.into())] {
        let (found, table) = measure("variety", SECTORS, options).unwrap();
        close(&table, "unrelated_variety", &[1.37095059]);
        close(&table, "related_variety", &[1.23193449]);
        close(&table, "variety", &[2.60288509]);
        assert_eq!(found.more["sectors"], json!(3));
    }
    let refused = |options: Value, data: &str| measure("variety", data, options).unwrap_err();
    assert!(refused(base.clone(), SECTORS).contains("`sector` or `prefix`"));
    let mut both = with("prefix", 1.into());
    both["sector"] = "g".into();
    assert!(refused(both, SECTORS).contains("both"));
    assert!(refused(with("prefix", 5.into()), SECTORS).contains("fewer characters"));
    assert!(refused(with("prefix", 0.into()), SECTORS).contains("prefix = 0"));
    assert!(refused(with("prefix", 2.into()), &SECTORS.replace("1011", "11")).contains("leading zeros were lost"));
    let two = format!("{SECTORS}A,1,1011,b,1\n");
    assert!(refused(with("sector", "g".into()), &two).contains("product 1011 is in `g` a and b"));
    // Wide data have sectors in the names of their columns.
    let wide = "city,year,a1,a2,a3,b1,b2,b3,c1,c2\nA,1,30,20,10,15,5,0,12,8\n";
    let columns = json!(["a1", "a2", "a3", "b1", "b2", "b3", "c1", "c2"]);
    let (_, table) =
        measure("variety", wide, json!({ "unit": "city", "time": "year", "columns": columns, "prefix": 1 })).unwrap();
    close(&table, "related_variety", &[1.23193449]);
    let twice = json!({ "unit": "city", "time": "year", "columns": ["a1", "b1", "a1"], "prefix": 1 });
    assert!(refused(twice, wide).contains("`columns` names `a1` twice"));
    let beside = json!({ "unit": "city", "time": "year", "columns": ["a1", "b1"], "value": "c1", "prefix": 1 });
    assert!(refused(beside, wide).contains("`value = \"c1\"` is of long data"));
}

const BASKETS: &str =
    "city,year,hs,v\nA,1,p,40\nA,1,q,30\nA,1,r,20\nA,1,s,10\nA,2,p,50\nA,2,r,24\nA,2,s,12\nA,2,t,8\nA,2,u,6\n";

#[test]
fn margins_between_years_and_similarities() {
    let options = json!({ "unit": "city", "time": "year", "product": "hs", "value": "v", "reference": "all" });
    let (found, table) = measure("margins", BASKETS, options).unwrap();
    close(&table, "change", &[f64::NAN, 0.0]);
    close(&table, "change_intensive", &[f64::NAN, 16.0]);
    close(&table, "entry", &[f64::NAN, 14.0]);
    close(&table, "exit", &[f64::NAN, 30.0]);
    close(&table, "feenstra", &[f64::NAN, -0.20585205]);
    close(&table, "mean_value", &[25.0, 20.0]);
    noted(&found, "reference of the margins: all units");
    let options = json!({ "unit": "city", "time": "year", "product": "hs", "value": "v" });
    let (_, table) = measure("inertia", BASKETS, options).unwrap();
    close(&table, "cosine", &[f64::NAN, 0.82384153]);
    close(&table, "jaccard", &[f64::NAN, 0.5]);
    close(&table, "weighted_jaccard", &[f64::NAN, 0.7 / 1.3]);
    close(&table, "bray_curtis", &[f64::NAN, 0.7]);
}

#[test]
fn margins_against_a_world_that_sells_more() {
    let data = "city,year,hs,v\nA,1,p,50\nA,1,q,30\nA,1,r,15\nA,1,s,5\n";
    let world = "hs,w\np,200\nq,100\nr,300\ns,150\nt,250\nu,100\nv,50\nw,50\n";
    let step = "method = \"margins\"\nproduct = \"hs\"\nvalue = \"v\"\nreference = \"world\"\nworld = \"other\"\nworld_column = \"w\"";
    let (_, table) = with_table(data, world, step).unwrap();
    close(&table, "m", &[0.625]);
    close(&table, "m_intensive_margin", &[0.13333333]);
    close(&table, "m_share", &[0.08333333]);
    let twice = with_table(data, "hs,w\np,200\np,100\n", step).unwrap_err();
    assert!(twice.contains("two values for one key"), "{twice}");
    assert!(with_table(data, "hs,w\np,-1\n", step).unwrap_err().contains("line 2"));
    assert!(with_table(data, "sitc,w\np,1\n", step).unwrap_err().contains("no column hs"));
    assert!(with_table(data, "hs,w\n1,1\n", step).unwrap_err().contains("text in the records and numbers"));
    let near = with_table(data, world, &step.replace("\"other\"", "\"othr\"")).unwrap_err();
    assert!(near.contains("did you mean `other`"), "{near}");
    let options = json!({ "unit": "city", "time": "year", "product": "hs", "value": "v", "reference": "world" });
    assert!(measure("margins", data, options).unwrap_err().contains("set `world_column`"));
    let options = json!({ "unit": "city", "time": "year", "product": "hs", "value": "v", "world_column": "v" });
    assert!(measure("margins", data, options).unwrap_err().contains("reference = \"world\""));
}

const MARKETS: &str = "city,year,hs,to,v,tariff,safe,growth\nA,1,p,a,10,.05,60,.1\nA,1,r,a,5,.05,60,.1\nA,1,q,b,20,.10,75,-.2\n\
                       A,1,p,c,30,.02,50,.05\nA,1,q,c,5,.02,50,.05\nA,1,r,d,2,.25,80,0\n";

#[test]
fn exposure_by_columns_of_the_records() {
    let options = json!({
        "unit": "city", "time": "year", "product": "hs", "market": "to", "value": "v", "markets": ["a", "c", "z"],
        "tariff_column": "tariff", "risk_column": "safe", "risk_top": 100, "shock_column": "growth"
    });
    let (found, table) = measure("exposure", MARKETS, options.clone()).unwrap();
    close(&table, "group_share", &[0.69444444]);
    close(&table, "tariff", &[0.05486111]);
    close(&table, "risk", &[40.13888889]);
    close(&table, "shock", &[-0.01041667]);
    close(&table, "shock_covered", &[1.0]);
    noted(&found, "1 members are not among the markets of the data: z");
    let conflict = MARKETS.replace("A,1,q,c,5,.02,50", "A,1,q,c,5,.02,51");
    let error = measure("exposure", &conflict, options.clone()).unwrap_err();
    assert!(error.contains("a market and year has two values, 50 and 51") && error.contains("line 5, 6"), "{error}");
    let base = json!({ "unit": "city", "time": "year", "value": "v" });
    assert!(measure("exposure", MARKETS, base.clone()).unwrap_err().contains("nothing to be exposed to"));
    let mut group = base;
    group["markets"] = json!(["a"]);
    assert!(measure("exposure", MARKETS, group).unwrap_err().contains("set `market`"));
}

#[test]
fn exposure_by_other_tables() {
    let step = |more: &str| format!("method = \"exposure\"\nmarket = \"to\"\nvalue = \"v\"\n{more}");
    // Membership by dates: b joins in 1, c leaves before.
    let members = "to,from,to_year\na,,\nb,1,\nc,,0\nx,5,6\n";
    let (found, table) = with_table(MARKETS, members, &step("members = \"other\"\nmember_to = \"to_year\"")).unwrap();
    close(&table, "m", &[35.0 / 72.0]);
    noted(&found, "1 members are not among the markets of the data: x");
    let turned = with_table(MARKETS, "to,from,to_year\na,3,2\n", &step("members = \"other\"\nmember_to = \"to_year\""));
    assert!(turned.unwrap_err().contains("from 3 to 2"));
    let clash = with_table(MARKETS, "to,from\na,1\n", &step("members = \"other\""));
    assert!(clash.unwrap_err().contains("`to` of `other` is the column of markets"));
    let (found, table) = with_table(MARKETS, "to\na\nc\n", &step("members = \"other\"")).unwrap();
    close(&table, "m", &[50.0 / 72.0]);
    noted(&found, "its members are members in all years");
    // A date that is named must be there; one that is not named is open.
    let since = "to,since\na,1\nc,2\n";
    let misspelt = with_table(MARKETS, since, &step("members = \"other\"\nmember_from = \"sinec\"")).unwrap_err();
    assert!(misspelt.contains("`sinec`") && misspelt.contains("`member_from`") && misspelt.contains("`since`"));
    let named = "members = \"other\"\nmember_from = \"since\"\nmember_to = \"until\"";
    assert!(
        with_table(MARKETS, since, &step(named)).unwrap_err().contains("the table `other` of members has no column")
    );
    // A risk of three markets for all years: the mean over what is known.
    let (found, table) =
        with_table(MARKETS, "to,risk\na,1\nb,2\nc,4\n", &step("risk = \"other\"\nrisk_column = \"risk\"")).unwrap();
    close(&table, "m", &[(15.0 + 40.0 + 140.0) / 70.0]);
    close(&table, "m_risk_covered", &[70.0 / 72.0]);
    noted(&found, "1 rows export where risk is not known");
    let covariance = "a,b,covariance\na,a,.04\nb,b,.01\nc,c,.09\nd,d,.16\nb,a,.01\n";
    let (_, table) = with_table(MARKETS, covariance, &step("covariance = \"other\"")).unwrap();
    close(&table, "m", &[0.02505594]);
    let unequal = format!("{covariance}a,b,.02\n");
    assert!(with_table(MARKETS, &unequal, &step("covariance = \"other\"")).unwrap_err().contains("0.01 and 0.02"));
    assert!(
        with_table(MARKETS, "to,risk\na,1\n", &step("risk = \"other\"")).unwrap_err().contains("set `risk_column`")
    );
}

#[test]
fn the_network_of_the_example() {
    let options = json!({ "unit": "city", "time": "year", "product": "hs", "market": "to", "value": "v" });
    let (found, table) = measure("network", MARKETS, options).unwrap();
    close(&table, "markets", &[4.0]);
    close(&table, "cells", &[6.0]);
    close(&table, "value_per_market", &[18.0]);
    close(&table, "products_per_market", &[1.5]);
    close(&table, "fill", &[0.5]);
    close(&table, "betweenness", &[1.0]);
    let first = &found.more["markets"][0];
    assert_eq!((&first["market"], &first["units"], &first["strength"]), (&json!("a"), &json!(1), &json!(15.0)));
    let without = json!({ "unit": "city", "time": "year", "value": "v" });
    assert!(measure("network", MARKETS, without).unwrap_err().contains("market"));
}

const FOUR: [[f64; 4]; 4] =
    [[100.0, 80.0, 60.0, 40.0], [90.0, 10.0, 70.0, 1.0], [80.0, 60.0, 5.0, 0.0], [120.0, 2.0, 5.0, 0.0]];
const UNIT_VALUES: [[f64; 4]; 4] =
    [[1.2, 2.0, 3.0, 4.0], [1.0, 1.5, 3.3, 4.0], [0.9, 2.2, 2.5, 4.0], [0.8, 1.8, 2.8, 4.0]];

/// The table of methods 4 with income, population and quantity.
fn four() -> String {
    let mut data = String::from("city,year,hs,v,gdp,people,kg\n");
    for c in 0..4 {
        for p in 0..4 {
            let (v, kg) = (FOUR[c][p], FOUR[c][p] / UNIT_VALUES[c][p]);
            data.push_str(&format!("c{c},1,p{p},{v},{},{},{kg}\n", [50, 40, 20, 10][c], [280, 171, 145, 127][c]));
        }
    }
    data
}

#[test]
fn complexity_from_another_table_and_by_bootstrap() {
    let pci = "hs,pci\np0,5\np2,3\np3,10\n";
    let step = "method = \"complexity\"\nproduct = \"hs\"\nvalue = \"v\"\nusing = \"external\"\npci = \"other\"\npci_column = \"pci\"";
    let (found, table) = with_table(&four(), pci, step).unwrap();
    close(&table, "m", &[6.5, 3.0, 5.0, 5.0]);
    close(&table, "m_covered", &[2.0 / 3.0, 1.0, 0.5, 1.0]);
    noted(&found, "min_exports = 0");
    // Populations in proportion to exports make RPOP RCA, so that the ECI is that of the page.
    let options = json!({
        "unit": "city", "time": "year", "product": "hs", "value": "v", "presence": "rpop", "population": "people",
        "cells": true, "replications": 40, "resample": "records", "seed": 3
    });
    let (found, table) = measure("complexity", &four(), options.clone()).unwrap();
    close(&table, "eci", &[0.70069607, 1.21273755, -0.63447578, -1.27895783]);
    close(&table, "rank", &[2.0, 1.0, 3.0, 4.0]);
    let cell = &serde_json::to_value(&found.lists["cells"]).unwrap()[0];
    assert!((cell["rpop"].as_f64().unwrap() - 0.66208791).abs() < 1e-8 && cell["rsca"].as_f64().unwrap() < 0.0);
    let again = measure("complexity", &four(), options).unwrap().1;
    let bits = |t: &Table| t.numbers("rank_low").unwrap().iter().map(|v| v.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&table), bits(&again), "a seed has its ranks");
    let fitness = json!({
        "unit": "city", "time": "year", "product": "hs", "value": "v", "method": "fitness", "iterations": 200, "stable": 5
    });
    let (found, table) = measure("complexity", &four(), fitness).unwrap();
    assert!(found.more["stats"]["steps"].as_u64().unwrap() < 200);
    let (f, log) = (table.numbers("fitness").unwrap(), table.numbers("log_fitness").unwrap());
    assert!(f.iter().zip(log).all(|(f, l)| f.ln() == *l));
    let refused = json!({ "unit": "city", "time": "year", "product": "hs", "value": "v", "presence": "rpop" });
    assert!(measure("complexity", &four(), refused).unwrap_err().contains("set `population`"));
}

/// On the command line a table goes by its file.
#[test]
fn a_table_beside_a_single_command() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("data.csv");
    std::fs::write(&file, four()).unwrap();
    std::fs::write(dir.path().join("pci.csv"), "hs,pci\np0,5\np2,3\np3,10\n").unwrap();
    let options = |table: &str| {
        let given = json!({ "unit": "city", "time": "year", "product": "hs", "value": "v", "method": "external",
            "pci": table, "pci_column": "pci" });
        given.as_object().unwrap().clone()
    };
    let Single::Measure(_, table) = run("complexity", &file, options("pci.csv")).unwrap() else { panic!("a measure") };
    close(&table, "eci", &[6.5, 3.0, 5.0, 5.0]);
    let error = run("complexity", &file, options("none.csv")).err().unwrap().to_string();
    assert!(error.contains("name its file"), "{error}");
}

#[test]
fn codes_that_may_have_lost_a_zero_are_noted() {
    let data =
        |codes: [&str; 2]| format!("city,year,hs,v\nA,1,{},1\nA,1,{},2\nB,1,{},3\n", codes[0], codes[1], codes[1]);
    let options = json!({ "unit": "city", "time": "year", "product": "hs", "value": "v" });
    let notes = |codes| measure("concentration", &data(codes), options.clone()).unwrap().0.notes.join("; ");
    assert!(notes(["10121", "851712"]).contains("5 and 6 digits"));
    for codes in [["101210", "851712"], ["1", "12"], ["p1", "851712"]] {
        assert!(!notes(codes).contains("digits"), "{codes:?}");
    }
}

/// A comparison with the mix reads records, which are no panel.
#[test]
fn a_mix_passes_the_check() {
    let dir = tempfile::tempdir().unwrap();
    let mut data = String::from("city,year,hs,v\n");
    for (i, v) in [5, 7, 9, 4, 6, 8, 3, 9].into_iter().enumerate() {
        data.push_str(&format!("{},{},{},{v}\n", ["A", "B"][i / 4], 2011 + i % 4 / 2, ["x", "y"][i % 2]));
    }
    std::fs::write(dir.path().join("data.csv"), data).unwrap();
    let text = "[data.trade]\nfile = 'data.csv'\nunit = 'city'\ntime = 'year'\n[[step]]\nmethod = 'resilience'\n\
                name = 'r'\nnation = 'mix'\nproduct = 'hs'\nvalue = 'v'\ninto = 'panel'\n[[step]]\n\
                method = 'describe'\ndata = 'panel'\ncolumns = ['r']\n";
    let plan = Plan::parse(text, "study.toml", dir.path().to_path_buf(), &[]).unwrap();
    plim_study::check::check(&plan, &[]).unwrap();
    plim_study::run::run(&plan, &[], &|_, _, _| {}).unwrap();
}

#[test]
fn expy_at_the_quality_of_the_products() {
    let options = json!({
        "unit": "city", "time": "year", "product": "hs", "value": "v", "income_column": "gdp", "quantity": "kg"
    });
    let (_, table) = measure("expy", &four(), options.clone()).unwrap();
    close(&table, "expy", &[33.90714929, 31.85187596, 28.56183930, 25.67913545]);
    close(&table, "expy_quality", &[34.18604498, 32.00183487, 28.49784535, 24.74404283]);
    let negative = four().replace("c1,1,p0,90,40,171,90", "c1,1,p0,90,40,171,-90");
    let error = measure("expy", &negative, options).unwrap_err();
    assert!(error.contains("kg") && error.contains("line 6"), "{error}");
}

/// The figure of the last step of a study on `data.csv`.
fn figure(data: &str, steps: &str) -> Result<plim_report::figure::Scene, String> {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("data.csv"), data).unwrap();
    let text = format!("[data.trade]\nfile = \"data.csv\"\nunit = \"city\"\ntime = \"year\"\n\n{steps}");
    let plan = Plan::parse(&text, "study.toml", dir.path().to_path_buf(), &[]).map_err(|e| e.to_string())?;
    let mut done = plim_study::run::run(&plan, &[], &|_, _, _| {}).map_err(|e| e.to_string())?;
    match done.shown.pop().unwrap().blocks.remove(0) {
        plim_report::page::Block::Figure(figure) => Ok(figure.scene),
        _ => panic!("a figure"),
    }
}

#[test]
fn a_treemap_of_a_basket() {
    let step = "[[step]]\nmethod = \"treemap\"\nlabel = \"hs\"\nvalue = \"v\"\nby = \"g\"\ntop = 4\n";
    let scene = figure(SECTORS, step).unwrap();
    let bars = scene.marks.iter().filter(|m| matches!(m, plim_report::figure::Mark::Bar { .. })).count();
    // The four largest, and one of the rest for each of the three groups (a: 10, b: 5, c: 8).
    assert_eq!(bars, 7);
    assert_eq!(scene.description, "1011: 30.0 %; 1012: 20.0 %; 2011: 15.0 %");
    let negative = SECTORS.replace("1011,a,30", "1011,a,-30");
    assert!(figure(&negative, step).unwrap_err().contains("zero or more"));
}

#[test]
fn the_product_space_of_a_complexity_step() {
    let complexity = "[[step]]\nmethod = \"complexity\"\nname = \"eci\"\nproduct = \"hs\"\nvalue = \"v\"\n";
    let space = "[[step]]\nmethod = \"product_space\"\nmeasure = \"eci\"\nhighlight = \"c2\"\nprefix = 2\n";
    let both = format!("{complexity}proximity = true\ncells = true\n{space}");
    let scene = figure(&four(), &both).unwrap();
    // Of the pairs 12, 23, 24 and 34, all at 0.5, three make the tree and none is strong; city 2 has two advantages.
    assert_eq!(scene.description, "4 products, 3 links; 2 of the products are full");
    assert!(figure(&four(), &format!("{complexity}{space}")).unwrap_err().contains("set `proximity = true`"));
    let without = both.replace("cells = true\n", "");
    assert!(figure(&four(), &without).unwrap_err().contains("set `cells = true`"));
    assert!(figure(&four(), &both.replace("\"c2\"", "\"c9\"")).unwrap_err().contains("no unit `c9`"));
    let wrong = both.replace("prefix = 2", "at = 7");
    assert!(figure(&four(), &wrong).unwrap_err().contains("nothing at 7"));
}

/// World trade of 1998 to 2000 in SITC: numbers of ecomplexity 0.5.3, by golden/trade.py.
#[test]
fn complexity_of_the_world_is_that_of_ecomplexity() {
    let Some(file) = plim_golden::shared("data/world_trade_avg_1998_to_2000.parquet") else { return };
    let options = json!({ "unit": "country", "product": "product", "value": "value" });
    let Value::Object(options) = options else { unreachable!() };
    let Single::Measure(measure, table) = run("complexity", &file, options).unwrap() else { panic!("a measure") };
    assert_eq!(table.rows(), 226);
    let countries = table.column("country").unwrap();
    let eci = table.numbers("eci").unwrap();
    let of = |name: &str| eci[(0..table.rows()).find(|&i| countries.show(i) == name).unwrap()];
    for (name, want) in [
        ("afg", -0.5777078232456871),
        ("blz", -0.5589441218329088),
        ("cxr", 1.4563057256421201),
        ("geo", -0.27774743675856906),
        ("isl", -0.13368736463841435),
        ("mar", -0.7411946397560091),
        ("niu", 0.9485618117037539),
        ("scg", 0.09011322339891271),
        ("tkl", 0.8486778296753932),
        ("zwe", -0.8336148092198166),
    ] {
        assert!((of(name) - want).abs() < 1e-10, "{name}: {} {want}", of(name));
    }
    let products = serde_json::to_value(&measure.lists["products"]).unwrap();
    let products = products.as_array().unwrap();
    assert_eq!(products.len(), 785);
    for (code, want) in [
        ("0011", -1.0703101195401972),
        ("0812", -3.542485528182171),
        ("2741", -3.5050323754463824),
        ("5154", 1.8080252587035046),
        ("6122", 0.47268336554100776),
        ("6612", -2.164721611554447),
        ("6975", 1.2305070518577492),
        ("7452", 4.664194704919599),
        ("8219", 2.610936380122349),
        ("9610", -0.4821852180164567),
    ] {
        let pci = products.iter().find(|p| p["product"] == code).unwrap()["pci"].as_f64().unwrap();
        assert!((pci - want).abs() < 1e-10, "{code}: {pci} {want}");
    }
}
