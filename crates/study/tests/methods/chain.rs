//! The whole chain on draws of the units: identities, schemes, refusals.

use plim_stats::math::rng::Stream;
use plim_stats::resample::bootstrap;
use plim_stats::resample::scheme::{Draw, Scheme, Sizes};
use plim_study::plan::Plan;
use plim_study::run::{Run, run};
use plim_study::simulate::{Cities, cities};
use serde_json::Value;
use std::path::Path;
use std::sync::OnceLock;

/// A small simulated world as files.
pub fn world() -> &'static Path {
    static DIR: OnceLock<tempfile::TempDir> = OnceLock::new();
    DIR.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        let made = cities(&Cities { cities: 40, records: 60, last: 2016, ..Cities::default() }).unwrap();
        plim_table::write(dir.path().join("cities.csv"), &made.cities).unwrap();
        plim_table::write(dir.path().join("exports.csv"), &made.exports).unwrap();
        dir
    })
    .path()
}

const DATA: &str = "seed = 7\n[data.cities]\nfile = \"cities.csv\"\nunit = \"city\"\ntime = \"year\"\n";

const STEPS: &str = r#"
[[step]]
method = "entropy"
name = "dig"
indicators = ["broadband", "ict_employment", "telecom_per_head", "mobile", "digital_finance"]
[[step]]
method = "resilience"
name = "res"
value = "exports"
form = "difference"
"#;

const MAIN: &str = r#"
[[step]]
method = "feols"
name = "m"
formula = "res ~ dig + finance + urbanization | city + year"
"#;

pub fn plan(text: &str, settings: &[&str]) -> Result<Plan, String> {
    let settings: Vec<String> = settings.iter().map(|s| s.to_string()).collect();
    Plan::parse(text, "study.toml", world().to_path_buf(), &settings).map_err(|e| e.to_string())
}

pub fn study(text: &str, settings: &[&str]) -> Result<Run, String> {
    run(&plan(text, settings)?, &[], &|_, _, _| {}).map_err(|e| e.to_string())
}

/// What the chain says of a quantity.
fn of(run: &Run, fit: &str, name: &str) -> Value {
    let all = run.results.estimates[fit].more["chain"].as_array().unwrap();
    all.iter().find(|v| v["name"] == name).unwrap().clone()
}

fn number(v: &Value, key: &str) -> f64 {
    v[key].as_f64().unwrap_or_else(|| panic!("{key} of {v}"))
}

#[test]
fn without_generated_regressors_it_is_the_pairs_cluster_bootstrap_of_the_same_draws() {
    // All rows are complete, so that clusters of the design and of the table are in one order.
    let formula = "exports ~ finance + urbanization | city + year";
    let text = format!(
        "{DATA}[resample]\nscheme = \"units\"\nreplications = 60\n[[step]]\nmethod = \"feols\"\nname = \"m\"\nformula = \"{formula}\"\n"
    );
    let made = study(&text, &[]).unwrap();
    let draws = made.measured["resample"].numbers("m/coefficients/finance").unwrap();
    // The same by hand: the design drawn by the library's cluster bootstrap.
    let table = &made.tables["cities"];
    let n = table.rows();
    let city = plim_stats::Factor { name: "city".into(), codes: table.column("city").unwrap().codes(), levels: 40 };
    let year = plim_stats::Factor::from_keys("year", table.numbers("year").unwrap().iter().map(|y| *y as i64));
    let (f, u) = (table.numbers("finance").unwrap(), table.numbers("urbanization").unwrap());
    let design = plim_stats::Design {
        y: table.numbers("exports").unwrap().to_vec(),
        X: plim_stats::math::Mat::from_fn(n, 2, |i, j| if j == 0 { f[i] } else { u[i] }),
        names: vec!["finance".into(), "urbanization".into()],
        fe: vec![city.clone(), year],
        cluster: vec![city.clone()],
        rows: (0..n).collect(),
        ..plim_stats::Design::default()
    };
    for (r, drawn) in draws.iter().enumerate() {
        let (_, sample) = bootstrap::draw(&design, &city, &mut Stream::new(7, r as u64));
        let fit = plim_stats::linear::Regression::default().run(&sample).unwrap();
        let b = fit.coefficients[0].estimate;
        assert!((b - drawn).abs() < 1e-9 * b.abs(), "replication {r}: {b} and {drawn}");
    }
    let said = of(&made, "m", "coefficients/finance");
    let mean = draws.iter().sum::<f64>() / 60.0;
    let sd = (draws.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / 59.0).sqrt();
    assert!((number(&said, "chain_std_error") / sd - 1.0).abs() < 1e-12);
    assert!(said["generated_share"].is_null(), "nothing is generated");
}

#[test]
fn measures_are_made_again_and_frozen_beside() {
    let text = format!("{DATA}[resample]\nreplications = 40\n{STEPS}{MAIN}");
    let made = study(&text, &[]).unwrap();
    let said = of(&made, "m", "coefficients/dig");
    let (chain, frozen) = (number(&said, "chain_std_error"), number(&said, "frozen_std_error"));
    assert!(chain > 0.0 && frozen > 0.0 && chain != frozen);
    assert!((number(&said, "generated_share") - (1.0 - (frozen / chain).powi(2))).abs() < 1e-12);
    assert!(said["bca"]["low"].is_number() && said["studentized"]["low"].is_number(), "{said}");
    assert_eq!(said["influence"].as_array().unwrap().len(), 5);
    assert_eq!(made.results.resample["remade"], serde_json::json!(["dig", "res"]));
    // The first replication by hand: the study on a table of the drawn cities.
    let sizes = Sizes { clusters: 40, m: 0, periods: 6, block: 2 };
    let Draw::Clusters(chosen) = Scheme::Units.draw(&sizes, 7, 0) else { panic!() };
    let table = &made.tables["cities"];
    let city = table.column("city").unwrap();
    let mut columns: Vec<plim_table::Column> = Vec::new();
    let rows: Vec<usize> = chosen.iter().flat_map(|&g| (0..6).map(move |t| g as usize * 6 + t)).collect();
    let names: Vec<Option<String>> =
        rows.iter().enumerate().map(|(i, &r)| Some(format!("{}~{}", city.show(r), i / 6))).collect();
    columns.push(plim_table::Column::text("city", names));
    let others = table.columns().iter().filter(|c| !["city", "dig", "res"].contains(&c.name.as_str()));
    columns
        .extend(others.filter(|c| !c.name.starts_with("dig_") && !c.name.starts_with("res_")).map(|c| c.take(&rows)));
    let dir = tempfile::tempdir().unwrap();
    plim_table::write(dir.path().join("cities.csv"), &plim_table::Table::new(columns).unwrap()).unwrap();
    let plan = Plan::parse(&format!("{DATA}{STEPS}{MAIN}"), "study.toml", dir.path().to_path_buf(), &[]).unwrap();
    let alone = run(&plan, &[], &|_, _, _| {}).unwrap();
    let b = alone.results.estimates["m"].coefficients[0].estimate;
    let drawn = made.measured["resample"].numbers("m/coefficients/dig").unwrap()[0];
    assert!((b - drawn).abs() < 1e-9 * b.abs(), "{b} and {drawn}");
}

#[test]
fn schemes_agree_on_the_size_of_the_error() {
    let error = |options: &str| {
        let text = format!("{DATA}[resample]\nreplications = 300\ninfluence = false\n{options}\n{STEPS}{MAIN}");
        number(&of(&study(&text, &[]).unwrap(), "m", "coefficients/dig"), "chain_std_error")
    };
    let units = error("scheme = \"units\"");
    for other in [
        "scheme = \"m_out_of_n\"",
        "scheme = \"bayesian\"",
        "scheme = \"jackknife\"",
        "scheme = \"jackknife\"\nby = \"province\"",
    ] {
        let ratio = error(other) / units;
        assert!((0.5..2.0).contains(&ratio), "{other}: {ratio}");
    }
    assert!(error("scheme = \"blocks\"") > 0.0 && error("scheme = \"jackknife\"\nby = \"year\"") > 0.0);
}

#[test]
fn a_border_calls_for_fewer_units_and_weights_leave_it_alone() {
    let dea = "[[step]]\nmethod = \"dea\"\nname = \"eff\"\ninputs = [\"rd_personnel\", \"rd_expenditure\"]\noutputs = [\"patents\"]\n\
        [[step]]\nmethod = \"feols\"\nname = \"e\"\nformula = \"eff ~ finance | city + year\"\n";
    let notes = |options: &str| {
        let made =
            study(&format!("{DATA}[resample]\nreplications = 10\ninfluence = false\n{options}\n{dea}"), &[]).unwrap();
        (made.results.resample["scheme"].as_str().unwrap().to_owned(), made.results.resample["notes"].to_string())
    };
    let (scheme, said) = notes("");
    assert!(scheme == "m_out_of_n" && said.contains("plain bootstrap fails"), "{said}");
    let (scheme, said) = notes("scheme = \"units\"");
    assert!(scheme == "units" && said.contains("understates"), "{said}");
    let (_, said) = notes("scheme = \"bayesian\"");
    assert!(said.contains("weights leave a frontier where it is: eff"), "{said}");
}

#[test]
fn murphy_and_topel_agree_with_the_chain() {
    let sfa = "[[step]]\nmethod = \"transform\"\ncolumns = [\"patents\", \"rd_personnel\", \"rd_expenditure\"]\n\
        [[step]]\nmethod = \"sfa\"\nname = \"alloc\"\nformula = \"log_patents ~ log_rd_personnel + log_rd_expenditure\"\n\
        [[step]]\nmethod = \"feols\"\nname = \"m\"\nformula = \"log_patents ~ alloc + finance | city + year\"\nfirst_stage = \"alloc\"\n";
    let made = study(&format!("{DATA}[resample]\nreplications = 300\ninfluence = false\n{sfa}"), &[]).unwrap();
    let fit = &made.results.estimates["m"];
    let error = |list: &Value, name: &str| {
        number(list.as_array().unwrap().iter().find(|c| c["name"] == name).unwrap(), "std_error")
    };
    let topel = error(&fit.more["murphy_topel"]["coefficients"], "alloc");
    let said = of(&made, "m", "coefficients/alloc");
    let (conventional, chain) = (number(&said, "std_error"), number(&said, "chain_std_error"));
    assert!(
        (0.75..1.33).contains(&(topel / chain)),
        "Murphy-Topel {topel}, chain {chain}, conventional {conventional}"
    );
    assert!((topel / chain).ln().abs() < (conventional / chain).ln().abs() + 0.1, "{topel} {chain} {conventional}");
    let e = study(&format!("{DATA}{}", sfa.replace("first_stage = \"alloc\"", "first_stage = \"eff\"")), &[]);
    assert!(e.map(|_| ()).unwrap_err().contains("no earlier frontier `eff`"));
}

#[test]
fn records_of_a_drawn_unit_stay_together() {
    // Complexity is made again from the drawn units' records; concentration depends on its own unit and is carried.
    let text = format!(
        "{DATA}[data.exports]\nfile = \"exports.csv\"\nunit = \"city\"\ntime = \"year\"\n[resample]\nreplications = 12\n\
        influence = false\n[[step]]\nmethod = \"concentration\"\nname = \"conc\"\ndata = \"exports\"\ninto = \"cities\"\n\
        product = \"product\"\nvalue = \"value\"\n[[step]]\nmethod = \"complexity\"\nname = \"eci\"\ndata = \"exports\"\n\
        into = \"cities\"\nproduct = \"product\"\nvalue = \"value\"\n[[step]]\nmethod = \"feols\"\nname = \"m\"\n\
        formula = \"finance ~ eci + conc | city + year\"\n"
    );
    let made = study(&text, &[]).unwrap();
    assert_eq!(made.results.resample["remade"], serde_json::json!(["eci"]));
    let said = of(&made, "m", "coefficients/conc");
    assert_eq!((said["replications"].as_u64(), said["failed"].as_u64()), (Some(12), Some(0)), "{said}");
    assert!(number(&said, "chain_std_error") > 0.0);
}

#[test]
fn a_query_after_a_measure_is_made_from_the_draw() {
    // The query reads the index, so that its table is made again; the draw's cities are told apart in it.
    let query = "[[step]]\nmethod = \"sql\"\nname = \"panel\"\ninto = \"cities\"\nunit = \"city\"\ntime = \"year\"\n\
        query = \"select *, dig * 2 as twice from cities order by year, city\"\n";
    let run = |steps: String, x: &str| {
        let main = MAIN.replace("dig", x);
        study(&format!("{DATA}[resample]\nreplications = 12\ninfluence = false\n{steps}{main}"), &[]).unwrap()
    };
    let draws = |run: &Run, name: &str| run.measured["resample"].numbers(name).unwrap().to_vec();
    let res = "[[step]]\nmethod = \"resilience\"";
    let plain = run(STEPS.into(), "dig");
    let after = run(format!("{STEPS}{query}"), "twice");
    let between = run(STEPS.replacen(res, &format!("{query}{res}"), 1), "twice");
    let wanted = draws(&plain, "m/coefficients/dig");
    for made in [&after, &between] {
        for (a, b) in draws(made, "m/coefficients/twice").iter().zip(&wanted) {
            assert!((2.0 * a - b).abs() < 1e-9 * b.abs(), "{a} {b}");
        }
    }
    // Frozen measures enter before the query, and not after it.
    let (a, b) = (of(&after, "m", "coefficients/twice"), of(&plain, "m", "coefficients/dig"));
    assert!((number(&a, "frozen_std_error") * 2.0 / number(&b, "frozen_std_error") - 1.0).abs() < 1e-9, "{a} {b}");
    assert!(of(&between, "m", "coefficients/twice")["frozen_std_error"].is_null());
    assert!(between.results.resample["notes"].to_string().contains("not told apart"));
}

#[test]
fn the_same_bits_on_any_number_of_threads_and_after_a_stop() {
    let text = format!("{DATA}[resample]\nreplications = 24\n{STEPS}{MAIN}");
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let made = pool.install(|| study(&text, &[]).unwrap());
        serde_json::to_string(&made.results).unwrap()
    };
    let one = on(1);
    assert_eq!(one, on(3));
    // Stopped in the middle: the journal holds what is finished, and the rest is run.
    let dir = tempfile::tempdir().unwrap();
    let mut plan = plan(&text, &[]).unwrap();
    plan.journal = Some(dir.path().join("unfinished"));
    let stop = |at: usize, _: usize, what: &str| assert!(what != "replications" || at < 10, "stop here");
    let stopped = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| run(&plan, &[], &stop)));
    assert!(stopped.is_err() && dir.path().join("unfinished").read_dir().unwrap().count() == 1);
    let fresh = std::sync::atomic::AtomicUsize::new(0);
    let again = run(&plan, &[], &|_, _, what| {
        fresh.fetch_add(usize::from(what == "replications"), std::sync::atomic::Ordering::Relaxed);
    });
    assert_eq!(serde_json::to_string(&again.unwrap().results).unwrap(), one);
    let fresh = fresh.into_inner();
    assert!(fresh > 1 && fresh < 24 + 40, "{fresh} were run again");
    assert!(!dir.path().join("unfinished").exists(), "a finished run leaves no journal");
}

#[test]
fn what_cannot_be_drawn_is_refused() {
    let says = |options: &str, words: &[&str]| {
        let e = study(&format!("{DATA}[resample]\n{options}\n{STEPS}{MAIN}"), &[]).map(|_| ()).unwrap_err();
        assert!(words.iter().all(|w| e.contains(w)), "{options}: {e}");
    };
    // A city has several years: clusters of years would tear it apart.
    says("scheme = \"units\"\ncluster = \"pilot\"", &["splits units", "city"]);
    says("estimates = [\"mm\"]", &["no estimate `mm`", "m"]);
    says("replications = 1", &["`replications` is 1"]);
    says("scheme = \"m_out_of_n\"\nm = 50", &["`m` is 50 of 40"]);
    says("scheme = \"blocks\"\nblock = 5", &["blocks of 5 periods"]);
    says("by = \"province\"", &["jackknife"]);
    says("scheme = \"rows\"", &["rows"]);
    says("schem = \"units\"", &["schem"]);
    let between = MAIN.replace("feols", "between").replace(" | city + year", "");
    let e = study(&format!("{DATA}[resample]\nscheme = \"bayesian\"\n{STEPS}{between}"), &[]).map(|_| ()).unwrap_err();
    assert!(e.contains("`m` (between) has no weighted form"), "{e}");
    // `check` finds it without estimating, and says where.
    let wrong = plan(&format!("{DATA}[resample]\nestimates = [\"mm\"]\n{STEPS}{MAIN}"), &[]).unwrap();
    let found = plim_study::check::check(&wrong, &[]).unwrap_err();
    assert!(found.to_string().contains("no estimate `mm`") && found.plan.is_some(), "{found}");
    let no_units = "[data.cities]\nfile = \"cities.csv\"\n[resample]\n[[step]]\nmethod = \"feols\"\nname = \"m\"\nformula = \"patents ~ finance\"\n";
    assert!(study(no_units, &[]).map(|_| ()).unwrap_err().contains("no table has units"));
}
