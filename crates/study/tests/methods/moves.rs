//! How an index moves, the auditor, and the figures of an index, as a study and the command line run them. Numbers are
//! those of `golden/moves.py`, whose panel this is.

use plim_report::figure::{Mark, Scene};
use plim_report::page::Block;
use plim_study::plan::Plan;
use plim_study::run::{Run, run};
use plim_study::single::{self, Single};
use serde_json::{Map, Value, json};

/// The panel of `golden/moves.py` as a file: twenty cities, six years.
fn panel() -> String {
    let mut csv = String::from("city,year,y,region,lat,lon,people\n");
    for i in 1..=20i64 {
        for t in 1..=6i64 {
            let y = 1.0 + ((7 * i + 3 * t + i * t * t) % 23) as f64 / 10.0 + i as f64 / 20.0;
            let (lat, lon) = (20 + (13 * i) % 29, 100 + (17 * i) % 31);
            csv += &format!("c{i},{},{y},r{},{lat},{lon},{}\n", 2010 + t, i % 3, 1 + i % 4);
        }
    }
    csv
}

fn study(files: &[(&str, &str)], steps: &str) -> Result<Run, String> {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("cities.csv"), panel()).unwrap();
    files.iter().for_each(|(name, text)| std::fs::write(dir.path().join(name), text).unwrap());
    let mut text = String::from("[data.cities]\nfile = \"cities.csv\"\nunit = \"city\"\ntime = \"year\"\n");
    for (name, _) in files.iter().filter(|(name, _)| name.ends_with(".csv")) {
        text += &format!("[data.{}]\nfile = \"{name}\"\n", name.trim_end_matches(".csv"));
    }
    let plan = Plan::parse(&(text + steps), "study.toml", dir.path().to_path_buf(), &[]).map_err(|e| e.to_string())?;
    run(&plan, &[], &|_, _, _| {}).map_err(|e| e.to_string())
}

fn step(options: &str) -> Result<Run, String> {
    study(&[], &format!("[[step]]\nname = \"s\"\n{options}\n"))
}

/// A column of the table that the step made of its results.
fn column(run: &Run, name: &str) -> Vec<f64> {
    run.measured["s"].numbers(name).unwrap().to_vec()
}

#[track_caller]
fn near(got: f64, want: f64) {
    assert!((got - want).abs() < 1e-9, "{got}, wanted {want}");
}

#[test]
fn dispersion_and_inequality_by_year() {
    let sigma = step("method = \"sigma_convergence\"\nvalue = \"y\"").unwrap();
    near(column(&sigma, "s")[0], 0.265117328616);
    near(column(&sigma, "s_theil")[5], 0.036051812442);
    assert_eq!(sigma.measured["s"].numbers("year").unwrap()[5], 2016.0);
    let tests = &sigma.results.measures["s"].more["tests"];
    near(tests[1]["p_value"].as_f64().unwrap(), 0.702944757441);

    let gini = step("method = \"dagum_gini\"\nvalue = \"y\"\ngroup = \"region\"\nweights = \"people\"").unwrap();
    near(column(&gini, "s_transvariation")[2], 0.052706595906);
    assert_eq!(gini.results.measures["s"].more["groups"][0]["group"], "r1");
    let theil = step("method = \"theil\"\nvalue = \"y\"\ngroup = \"region\"\nindex = \"l\"").unwrap();
    near(column(&theil, "s_between")[2], 0.007651602133);
    let wrong = step("method = \"theil\"\nvalue = \"y\"\ngroup = \"regio\"").err().unwrap();
    assert!(wrong.contains("region"), "{wrong}");
}

#[test]
fn growth_on_the_initial_level() {
    let fit = |options: &str| {
        let run = step(&format!("method = \"beta_convergence\"\n{options}"))?;
        Ok::<_, String>(run.results.estimates["s"].clone())
    };
    let cross = fit("formula = \"y ~ 1\"\nfrom = 2011\nto = 2016\nvcov = \"iid\"").unwrap();
    let beta = cross.coefficients.iter().find(|c| c.name == "log_initial").unwrap();
    near(beta.estimate, -0.186986396681);
    near(beta.std_error, 0.051542492039);
    for (name, want) in [
        ("speed", 0.546464429403),
        ("speed_std_error", 0.792132521251),
        ("half_life", 1.268421407259),
        ("half_life_std_error", 1.838651874265),
    ] {
        assert!((cross.stat(name).unwrap() - want).abs() < 1e-8, "{name}");
    }
    assert_eq!((cross.nobs, cross.formula.as_str()), (20, "y_growth ~ log_initial + 1"));
    // The conditional panel form is `feols` on columns made by hand.
    let by_hand =
        step("method = \"feols\"\nformula = \"d(log(y)) ~ l(log(y)) + l(people) | city + year\"\nvcov = \"iid\"")
            .unwrap();
    let panel = fit("formula = \"y ~ people | city + year\"\nvcov = \"iid\"").unwrap();
    near(panel.coefficients[0].estimate, by_hand.results.estimates["s"].coefficients[0].estimate);
    assert!(panel.notes.iter().any(|n| n.contains("Nickell")), "{:?}", panel.notes);
    for (options, wanted) in [
        ("formula = \"y ~ 1\"\nfrom = 2011", "span of the growth"),
        ("formula = \"y ~ 1\"\nhorizon = 9", "two times 9 apart"),
        ("horizon = 1", "`formula` is not given"),
    ] {
        let e = fit(options).unwrap_err();
        assert!(e.contains(wanted), "{e}");
    }
}

#[test]
fn contributions_reproduce_the_entropy_index() {
    let steps = "[[step]]\nmethod = \"entropy\"\nname = \"dige\"\nindicators = [\"y\", \"people\"]\nnegative = [\"people\"]\n\
        [[step]]\nmethod = \"contributions\"\nname = \"s\"\nmeasure = \"dige\"\ncomponents = [\"y\", \"people\"]\n\
        index = \"dige\"\nagainst = \"base:2011\"\n";
    let run = study(&[], &format!("{steps}negative = [\"people\"]\n")).unwrap();
    let (change, y, people) = (column(&run, "s"), column(&run, "s_of_y"), column(&run, "s_of_people"));
    for i in 0..change.len() {
        assert!((change[i] - y[i] - people[i]).abs() < 1e-15);
    }
    // People do not change over time.
    assert!(people.iter().all(|v| *v == 0.0) && change.iter().any(|v| v.abs() > 0.1));
    assert_eq!(run.results.measures["s"].more["totals"][0]["name"], "y");
    // The wrong direction of an indicator that moves is found out.
    let wrong = steps.replace("against = \"base:2011\"", "against = \"mean\"");
    let e = study(&[], &wrong).err().unwrap();
    assert!(e.contains("not its components"), "{e}");
    let e = step("method = \"contributions\"\ncomponents = [\"y\"]\nmeasure = \"dige\"").err().unwrap();
    assert!(e.contains("dige"), "{e}");
}

#[test]
fn chains_and_neighbors() {
    let space = "lat = \"lat\"\nlon = \"lon\"\nspatial_weights = \"knn:4\"\n";
    let markov = step(&format!("method = \"markov\"\nvalue = \"y\"\nbounds = [1.9, 2.4, 3.0]\n{space}")).unwrap();
    let more = &markov.results.measures["s"].more;
    assert_eq!(more["transitions"]["counts"], json!([[4, 2, 7, 3], [2, 4, 7, 5], [9, 7, 12, 11], [2, 5, 12, 8]]));
    near(more["tests"][0]["lr"].as_f64().unwrap(), 17.743848698519);
    assert_eq!(more["spatial"][1]["counts"][2], json!([2, 2, 3, 4]));
    assert!(column(&markov, "s_neighbor_state").iter().all(|s| (1.0..=4.0).contains(s)));

    let moran = step(&format!("method = \"moran\"\nvalue = \"y\"\n{space}")).unwrap();
    let global = &moran.results.measures["s"].more["global"][2];
    near(global["moran"].as_f64().unwrap(), -0.221982251306);
    near(global["p_random"].as_f64().unwrap(), 0.213165965467);
    near(column(&moran, "s")[2], -0.359728826326);
    assert_eq!(moran.measured["s"].column("s_quadrant").unwrap().show(2), "low_high");
    // The same from a list of neighbors: of cities 1 and 2 only.
    let pairs = "origin,destination\nc1,c2\nc2,c1\nc2,c3\nnowhere,c1\n";
    let run = study(
        &[("near.csv", pairs)],
        "[[step]]\nname = \"s\"\nmethod = \"moran\"\nvalue = \"y\"\nneighbors = \"near\"\n",
    );
    let run = run.unwrap();
    assert_eq!(run.results.measures["s"].more["global"][0]["islands"], 18);
    for (options, wanted) in [
        ("value = \"y\"", "not said who is near"),
        ("value = \"y\"\nlat = \"lat\"\nlon = \"lon\"", "or twice"),
        ("value = \"y\"\nlat = \"lat\"\nlon = \"y\"\nspatial_weights = \"knn:4\"", "a place moves"),
        ("value = \"y\"\nneighbors = \"naer\"", "no table `naer`"),
    ] {
        let e = step(&format!("method = \"moran\"\n{options}")).err().unwrap();
        assert!(e.contains(wanted), "{e}");
    }
}

/// One method on a file of this text, as the command line runs it.
fn single(method: &str, csv: &str, options: Value) -> Result<(plim_report::Measure, plim_table::Table), String> {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("data.csv");
    std::fs::write(&file, csv).unwrap();
    let options: Map<String, Value> = options.as_object().unwrap().clone();
    match single::run(method, &file, options) {
        Ok(Single::Measure(measure, table)) => Ok((*measure, table)),
        Ok(_) => panic!("a measure"),
        Err(e) => Err(e.to_string()),
    }
}

#[test]
fn published_weights_are_traced_to_the_template() {
    // methods.md 1.2: case A is right, E is the ln T template, as papers print them.
    let csv =
        "city,year,x1,x2,x3\nA,1,10,200,5\nA,2,14,260,4\nB,1,30,220,9\nB,2,35,300,7\nC,1,22,500,6\nC,2,25,640,3\n";
    let audit = |weights: Value| {
        let options = json!({ "indicators": ["x1", "x2", "x3"], "negative": ["x3"], "unit": "city", "time": "year",
            "weights": weights });
        single("audit_weights", csv, options)
    };
    let (right, _) = audit(json!([0.2735, 0.5070, 0.2195])).unwrap();
    assert!(right.more["verdict"].as_str().unwrap().contains("share_scope = pooled, zeros = none"), "{right:?}");
    let (faulty, table) = audit(json!([0.3644, 0.2432, 0.3924])).unwrap();
    assert!(faulty.more["verdict"].as_str().unwrap().contains("replicate = ln_t"), "{faulty:?}");
    assert!(faulty.notes.iter().any(|n| n.contains("is an error")));
    assert!(table.column("convention").unwrap().show(0).contains("ln_t"));
    assert!((table.numbers("weight_x1").unwrap()[0] - 0.36442185).abs() < 5e-9);
    let (none, _) = audit(json!([0.1, 0.2, 0.7])).unwrap();
    assert_eq!(none.more["verdict"], "none");
    assert!(audit(json!([0.1, 0.2])).unwrap_err().contains("length 2"));
}

#[test]
fn an_audit_of_data_finds_what_was_put_in() {
    let mut csv = panel().replace("c7,2013,", "c7 ,2013,").replace("region", "R\u{c3}\u{a9}gion");
    // A second row of a city, a total among the cities, a text among the numbers of people.
    csv += "c1,2011,9,r1,33,117,2\n";
    for t in 1..=6 {
        csv += &format!("全国,{},100,r1,30,110,n/k\n", 2010 + t);
    }
    let (measure, table) = single("audit_data", &csv, json!({ "unit": "city", "time": "year" })).unwrap();
    let checks: Vec<String> = (0..table.rows()).map(|i| table.column("check").unwrap().show(i)).collect();
    let says: Vec<String> = (0..table.rows()).map(|i| table.column("message").unwrap().show(i)).collect();
    for wanted in ["encoding", "label_variant", "text_among_numbers", "duplicate_row", "aggregate_unit"] {
        assert!(checks.iter().any(|c| c == wanted), "{wanted}: {checks:?} {says:?}");
    }
    assert!(says.iter().any(|m| m.contains("`Région`")), "{says:?}");
    let line = checks.iter().position(|c| c == "duplicate_row").unwrap();
    assert_eq!(table.numbers("line").unwrap()[line], 122.0);
    assert!(measure.more["counts"]["text_among_numbers"].as_u64() == Some(1));
    let sums = json!({ "unit": "city", "time": "year", "columns": ["y"], "sums": ["y = y + lat"] });
    assert!(single("audit_data", &panel(), sums).unwrap_err().contains("`lat` is not among the columns"));
}

/// The figure that a step shows.
fn shown(files: &[(&str, &str)], options: &str) -> Result<(Scene, String), String> {
    let mut run = study(files, &format!("[[step]]\n{options}\n"))?;
    match run.shown.pop().unwrap().blocks.remove(0) {
        Block::Figure(figure) => Ok((figure.scene, figure.caption)),
        _ => panic!("a figure"),
    }
}

fn texts(scene: &Scene) -> Vec<String> {
    let of = |m: &Mark| match m {
        Mark::Text { text, .. } => Some(text.clone()),
        _ => None,
    };
    scene.marks.iter().filter_map(of).collect()
}

fn patches(scene: &Scene) -> usize {
    scene.marks.iter().filter(|m| matches!(m, Mark::Patch { .. })).count()
}

#[test]
fn rankings_and_ranks_over_time() {
    let (scene, _) = shown(
        &[],
        "method = \"ranking\"\ncolumn = \"y\"\nlow = \"people\"\nhigh = \"lat\"\ntop = 5\nwhere = \"year = 2013\"",
    )
    .unwrap();
    let words = texts(&scene);
    // The largest of 2013 is city 13: 1 + (91 + 9 + 117) mod 23 / 10 + 13/20.
    assert!(words.contains(&"1.".to_string()) && !words.contains(&"6.".to_string()), "{words:?}");
    let e = shown(&[], "method = \"ranking\"\ncolumn = \"y\"").unwrap_err();
    assert!(e.contains("several rows"), "{e}");
    let (scene, _) = shown(&[], "method = \"bump\"\ncolumn = \"y\"\ntop = 4\nhighlight = [\"c13\"]").unwrap();
    let ends = texts(&scene).iter().filter(|t| t.starts_with("1 ") || t.ends_with(" 1")).count();
    assert_eq!(ends, 2);
    let e = shown(&[], "method = \"bump\"\ncolumn = \"y\"\nhighlight = [\"c99\"]").unwrap_err();
    assert!(e.contains("no unit `c99`"), "{e}");
}

#[test]
fn correlations_trees_and_profiles() {
    let (scene, _) =
        shown(&[], "method = \"heatmap\"\npillars = { size = [\"y\", \"people\"], place = [\"lat\", \"lon\"] }")
            .unwrap();
    assert_eq!(patches(&scene), 16);
    assert!(texts(&scene).iter().any(|t| t.starts_with("mean within pillars")), "{:?}", texts(&scene));
    let e = shown(&[], "method = \"heatmap\"\ncolumns = [\"y\", \"lat\"]\npillars = { size = [\"y\"] }").unwrap_err();
    assert!(e.contains("`lat` is in no pillar"), "{e}");

    let tree = "code,parent,weight\naccess,,\nuse,,\nbroadband,access,0.3\nmobile,access,0.2\npay,use,0.5\n";
    let sunburst =
        "method = \"sunburst\"\ndata = \"tree\"\nlabel = \"code\"\nparent = \"parent\"\nweight = \"weight\"\n";
    let (scene, _) = shown(&[("tree.csv", tree)], sunburst).unwrap();
    assert_eq!((patches(&scene), scene.description.as_str()), (5, "access: 50.0 %; use: 50.0 %"));
    let e = shown(&[("tree.csv", &tree.replace("pay,use", "pay,usage"))], sunburst).unwrap_err();
    assert!(e.contains("`usage`"), "{e}");

    let radar = "method = \"radar\"\ncomponents = [\"y\", \"people\", \"lat\"]\nupper = 50\nwhere = \"year = 2012\"\n";
    let (scene, _) = shown(&[], &format!("{radar}highlight = [\"c3\", \"c4\"]\nmean = true")).unwrap();
    assert!(texts(&scene).contains(&"c4".to_string()));
    let e = shown(&[], &format!("{}highlight = [\"c3\"]", radar.replace("50", "10"))).unwrap_err();
    assert!(e.contains("beyond the axes"), "{e}");
}

/// Squares beside each other, named c1 to c4 and one that the data do not have.
fn map(damage: impl Fn(String) -> String) -> String {
    let square = |name: &str, x: i32| {
        format!(
            "{{\"type\": \"Feature\", \"properties\": {{\"name\": \"{name}\", \"id\": {x}}}, \"geometry\": {{\"type\": \"Polygon\", \
             \"coordinates\": [[[{x}, 0], [{}, 0], [{}, 1], [{x}, 1], [{x}, 0]]]}}}}",
            x + 1,
            x + 1
        )
    };
    let all: Vec<String> =
        ["c1", "C2 ", "c3", "c4", "Atlantis"].iter().zip(0..).map(|(name, x)| square(name, x)).collect();
    damage(format!("{{\"type\": \"FeatureCollection\", \"features\": [{}]}}", all.join(",")))
}

#[test]
fn a_map_is_drawn_of_sound_regions_only() {
    let options =
        "method = \"choropleth\"\ncolumn = \"y\"\nfile = \"map.json\"\nclasses = 2\nwhere = \"year = 2011\"\n";
    let draw = |text: &str| shown(&[("map.json", text)], options);
    let (scene, caption) = draw(&map(|m| m)).unwrap();
    // Five regions and three shades of the legend.
    assert_eq!(patches(&scene), 8);
    assert!(caption.contains("16 (c5, c6, c7, c8, c9, …)"), "{caption}");
    assert!(scene.description.contains("1 without a value"), "{}", scene.description);
    for (text, wanted) in [
        (map(|m| m.replace("[4, 0]]]", "[4, 2]]]")), "does not close"),
        (map(|m| m.replace("[1, 1]", "[1, 1e9]")), "no longitude and latitude"),
        (map(|m| m.replace("[1, 1]", "[1, null]")), "no longitude and latitude"),
        (map(|m| m.replace("\"Polygon\"", "\"Point\"")), "geometry is Point"),
        (map(|m| m.replace("FeatureCollection", "Topology")), "TopoJSON"),
        (map(|m| m.replace("\"name\"", "\"nom\"")), "it has: nom, id"),
        (map(|m| m[..80].to_string()), "not JSON"),
        (
            map(|m| ["c1", "C2 ", "c3", "c4"].iter().fold(m, |m, name| m.replace(name, "elsewhere"))),
            "no unit is a region",
        ),
        ("[".repeat(100_000), "not JSON"),
    ] {
        let e = draw(&text).unwrap_err();
        assert!(e.contains(wanted), "{e}");
    }
}
