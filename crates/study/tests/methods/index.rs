//! Composite indices as a user runs them: the examples of docs/methods/{weights,critic,pca,topsis,index}.md.

use plim_golden::close_printed;
use plim_report::Measure;
use plim_study::plan::Plan;
use plim_study::single::{Single, run};
use plim_table::Table;
use serde_json::{Value, json};

const DATA: &str =
    "city,year,x1,x2,x3\nA,1,10,200,5\nA,2,14,260,4\nB,1,30,220,9\nB,2,35,300,7\nC,1,22,500,6\nC,2,25,640,3\n";
const SHEET: &str = "code,parent,direction\nx1,net,1\nx2,net,1\nx3,cost,-1\nnet,,\ncost,,\n";

fn outcome(method: &str, files: &[(&str, &str)], options: Value) -> Result<Single, String> {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("d.csv");
    std::fs::write(&file, DATA).unwrap();
    files.iter().for_each(|(name, text)| std::fs::write(dir.path().join(name), text).unwrap());
    let Value::Object(mut all) = json!({ "unit": "city", "time": "year" }) else { unreachable!() };
    let Value::Object(more) = options else { unreachable!() };
    all.extend(more);
    run(method, &file, all).map_err(|e| e.to_string())
}

fn measure(method: &str, files: &[(&str, &str)], options: Value) -> (Box<Measure>, Table) {
    match outcome(method, files, options) {
        Ok(Single::Measure(measure, table)) => (measure, table),
        Ok(_) => panic!("{method} gave no measure"),
        Err(e) => panic!("{e}"),
    }
}

fn refused(method: &str, files: &[(&str, &str)], options: Value) -> String {
    outcome(method, files, options).err().unwrap_or_else(|| panic!("{method} refused nothing"))
}

fn listed(list: &Value, field: &str) -> Vec<f64> {
    list.as_array().unwrap().iter().map(|v| v[field].as_f64().unwrap_or(f64::NAN)).collect()
}

fn indicators() -> Value {
    json!({ "indicators": ["x1", "x2", "x3"], "negative": ["x3"] })
}

fn with(more: Value) -> Value {
    let (Value::Object(mut all), Value::Object(more)) = (indicators(), more) else { unreachable!() };
    all.extend(more);
    Value::Object(all)
}

#[test]
fn weights_of_the_contract() {
    let (m, table) = measure("critic", &[], with(json!({ "correlation": "absolute" })));
    close_printed(&listed(&m.more["weights"], "weight"), &[0.35431369, 0.39237758, 0.25330873], 8, "critic");
    assert_eq!(table.rows(), 6);
    let game = json!({ "method": "combined", "combine": "entropy,critic", "combination": "game_theory" });
    let (m, _) = measure("weights", &[], with(game));
    close_printed(&listed(&m.more["weights"], "weight"), &[0.32622618, 0.40805897, 0.26571485], 8, "game");
    let (m, _) = measure("weights", &[], with(json!({ "method": "ahp", "pairwise": "3,5,2" })));
    close_printed(&listed(&m.more["weights"], "weight"), &[0.64832901, 0.22965079, 0.12202019], 8, "ahp");
    let stats = ["lambda_max", "ci", "cr"].map(|name| m.more["stats"][name].as_f64().unwrap());
    close_printed(&stats, &[3.00369460, 0.00184730, 0.00318500], 8, "consistency");
    let (m, _) = measure("weights", &[], with(json!({ "method": "scatter_degree", "weight_scope": "year" })));
    assert_eq!(listed(&m.more["stats"]["lambda"], "year"), [1.0, 2.0]);
    let (_, table) = measure("topsis", &[], with(json!({ "method": "entropy" })));
    let c = [0.20130393, 0.28784877, 0.29166300, 0.42222734, 0.61502502, 0.84048720];
    close_printed(table.numbers("score").unwrap(), &c, 8, "topsis");
    let cv = json!({ "method": "cv", "normalize": "reference", "negative": [] });
    let (m, _) = measure("weights", &[], with(cv));
    close_printed(&listed(&m.more["weights"], "weight"), &[0.32117397, 0.38541727, 0.29340877], 8, "cv of raw values");
}

#[test]
fn components_with_their_statistics() {
    let (m, table) = measure("pca", &[], with(json!({})));
    let f = [-0.32419918, 0.06639477, -1.12532792, -0.46537025, 0.39411194, 1.45439063];
    close_printed(table.numbers("score").unwrap(), &f, 8, "F");
    let stats = &m.more["stats"];
    close_printed(&listed(&stats["eigenvalues"], "value"), &[1.66448679, 1.20046364, 0.13504958], 8, "eigenvalues");
    close_printed(&listed(&stats["loadings"], "pc1"), &[-0.50663112, 0.42238894, 0.75160661], 8, "loadings");
    assert_eq!((&stats["loadings"][2]["name"], &stats["components"]), (&json!("x3"), &json!(2)));
    close_printed(&listed(&m.more["weights"], "weight"), &[0.36280925, 0.35294562, 0.28424513], 8, "q");
}

#[test]
fn an_index_from_a_sheet_and_its_vintage() {
    let options = json!({ "indicator_sheet": "sheet.csv", "method": "entropy", "dimensions": "net" });
    let (m, table) = measure("index", &[("sheet.csv", SHEET)], options.clone());
    let s = [0.14635574, 0.29583542, 0.24181082, 0.46186360, 0.58671456, 0.89061755];
    close_printed(table.numbers("score").unwrap(), &s, 8, "S");
    let names: Vec<&str> = table.names().collect();
    assert_eq!(names, ["city", "year", "score", "net"]);
    close_printed(
        &listed(&m.more["weights"], "global"),
        &[0.27345612, 0.50701027, 0.21953361, 0.78046639, 0.21953361],
        8,
        "global",
    );
    // The same tree as TOML, and what was frozen scores the same rows alike.
    let toml = "[[indicator]]\ncode = \"x1\"\nparent = \"net\"\n[[indicator]]\ncode = \"x2\"\nparent = \"net\"\n\
        [[indicator]]\ncode = \"x3\"\nparent = \"cost\"\ndirection = -1\n[[indicator]]\ncode = \"net\"\n\
        [[indicator]]\ncode = \"cost\"\n";
    let frozen = json!({ "vintage": m.more["vintage"] }).to_string();
    let results = json!({ "measures": { "dig": { "vintage": m.more["vintage"] } } }).to_string();
    for earlier in [frozen, results] {
        let files = [("sheet.toml", toml), ("old.json", earlier.as_str())];
        let Value::Object(mut again) = options.clone() else { unreachable!() };
        again.insert("indicator_sheet".into(), json!("sheet.toml"));
        again.insert("frozen".into(), json!("old.json"));
        again.insert("where".into(), json!("city = \"B\" & year = 2"));
        let (_, one) = measure("index", &files, Value::Object(again.clone()));
        assert_eq!(one.numbers("score").unwrap(), &table.numbers("score").unwrap()[3..4]);
        again.insert("method".into(), json!("critic"));
        assert!(refused("index", &files, Value::Object(again)).contains("`method`"));
    }
    // One that does not say how its indicators are read.
    let mut old = m.more["vintage"].clone();
    old.as_object_mut().unwrap().remove("indicators");
    let old = json!({ "vintage": old }).to_string();
    let Value::Object(mut again) = options else { unreachable!() };
    again.insert("frozen".into(), json!("old.json"));
    let text = refused("index", &[("sheet.csv", SHEET), ("old.json", &old)], Value::Object(again));
    assert!(text.contains("indicators") && text.contains("save it anew"), "{text}");
}

#[test]
fn a_set_of_the_literature_with_columns_of_other_names() {
    let five = "x1,x2,x3,x1b,x2b";
    let data = "city,year,x1,x2,x3,x1b,x2b\nA,1,1,2,3,4,1\nB,1,2,1,5,6,3\nC,1,4,3,9,1,2\n";
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("d.csv");
    std::fs::write(&file, data).unwrap();
    let go = |indicators: &str| {
        let Value::Object(all) = json!({ "preset": "core", "indicators": indicators, "method": "entropy" }) else {
            unreachable!()
        };
        run("index", &file, all).map_err(|e| e.to_string())
    };
    let Ok(Single::Measure(m, _)) = go(five) else { panic!() };
    assert_eq!(m.more["weights"][0]["name"], "internet_penetration");
    let four = go("x1,x2,x3,x1b").err().unwrap();
    assert!(four.contains("4 `indicators` for a set of 5") && four.contains("digital_finance"), "{four}");
    assert!(go("").err().unwrap().contains("internet_penetration"));
}

#[test]
fn refusals_say_where_and_the_way_out() {
    let sheet = |text: &str| refused("index", &[("s.csv", text)], json!({ "indicator_sheet": "s.csv" }));
    assert!(sheet("code,direction\nx1,up\n").contains("`up`"));
    assert!(sheet("code,parent\nx1,net\n").contains("orphan"));
    assert!(sheet("code,parent\nx1,a\na,b\nb,a\n").contains("cycle"));
    assert!(sheet("code,weight\nx1,0.5\nx2,0.4\n").contains("sum to 0.9"));
    assert!(sheet("code,wieght\nx1,0.5\n").contains("did you mean `weight`"));
    assert!(sheet("code,weight\nx1,half\n").contains("half"));
    assert!(sheet("code,direction\nx1,target=99\nx2,1\n").contains("outside the data"));
    assert!(sheet("code\nx9\n").contains("x9"));
    let both = json!({ "indicator_sheet": "s.csv", "preset": "core" });
    assert!(refused("index", &[("s.csv", SHEET)], both).contains("both given"));
    let directed = json!({ "indicator_sheet": "s.csv", "negative": ["x1"] });
    assert!(refused("index", &[("s.csv", SHEET)], directed).contains("which has its own"));
    let frozen = with(json!({ "frozen": "old.json" }));
    assert!(refused("index", &[("old.json", "{}")], frozen).contains("vintage"));
    let given = with(json!({ "method": "given", "weights": "0.5,0.2,0.1" }));
    assert!(refused("weights", &[], given).contains("not to one"));
    for (name, options) in [
        ("weights", json!({ "method": "equal", "weights": "0.5,0.3,0.2" })),
        ("pairwise", json!({ "pairwise": "3,5,2" })),
        ("combine", json!({ "method": "entropy", "combine": "entropy,critic" })),
    ] {
        let text = refused("weights", &[], with(options));
        assert!(text.contains(&format!("`{name}` belongs")), "{text}");
    }
    let (m, _) = measure("weights", &[], with(json!({ "weights": "0.5,0.3,0.2" })));
    assert_eq!(listed(&m.more["weights"], "weight"), [0.5, 0.3, 0.2]);
    assert!(refused("weights", &[], with(json!({ "method": "entropie" }))).contains("entropy"));
    assert!(refused("weights", &[], with(json!({ "nomalize": "z" }))).contains("normalize"));
}

#[test]
fn a_study_names_the_convention_by_using_and_shows_the_weights() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("d.csv"), DATA).unwrap();
    let text = "[data.d]\nfile = \"d.csv\"\nunit = \"city\"\ntime = \"year\"\n\
        [[step]]\nmethod = \"weights\"\nname = \"dig\"\nusing = \"critic\"\nindicators = [\"x1\", \"x2\", \"x3\"]\n\
        negative = [\"x3\"]\n[[step]]\nmethod = \"weights_table\"\nmeasure = \"dig\"\n";
    let plan = Plan::parse(text, "study.toml", dir.path().to_path_buf(), &[]).unwrap();
    let run = plim_study::run::run(&plan, &[], &|_, _, _| {}).unwrap();
    assert!(run.tables["d"].has("dig"));
    close_printed(
        &listed(&run.results.measures["dig"].more["weights"], "weight"),
        &[0.41525040, 0.24112602, 0.34362359],
        8,
        "critic",
    );
    assert_eq!(run.shown.len(), 1);
}

#[test]
fn sensitivity_of_the_ranks() {
    let options = json!({
        "method": "entropy", "runs": 1024, "replications": 200, "matrices": true, "conventions": "equal,entropy,cv"
    });
    let (m, table) = measure("sensitivity", &[], with(options));
    let names: Vec<&str> = table.names().collect();
    let ranks = ["rank", "rank_low", "rank_median", "rank_high", "rank_mean", "top"];
    assert_eq!(names, [&["city", "year", "score"][..], &ranks].concat());
    let s = [0.14635574, 0.29583542, 0.24181082, 0.46186360, 0.58671456, 0.89061755];
    close_printed(table.numbers("score").unwrap(), &s, 8, "the nominal index");
    assert_eq!(table.numbers("rank").unwrap(), [3.0, 3.0, 2.0, 2.0, 1.0, 1.0]);
    assert_eq!(m.more["factors"].as_array().unwrap().len(), 6);
    assert_eq!(m.more["factors"][1]["name"], "weights");
    assert_eq!(m.more["pairs"].as_array().unwrap().len(), 3);
    assert_eq!(m.more["pairs"][0]["a"], "B");
    assert!(m.more["stats"]["runs"] == 1024 && m.more["indicators"][0]["low"].is_number());
}
