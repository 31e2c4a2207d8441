//! Whole studies through the command: what a run writes, that it is the same on any number of threads, that a
//! hostile label stays inert, and that the examples pass `check` and `run`.

mod common;

use common::{folder, plim, shared};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn results(out: &Path) -> Value {
    serde_json::from_str(&read(&out.join("results.json"))).expect("JSON")
}

/// Runs `plim` and insists on success.
#[track_caller]
fn done(dir: &Path, args: &[&str]) {
    let out = plim(dir, args);
    assert!(out.status.success(), "plim {args:?}: {}", String::from_utf8_lossy(&out.stderr));
}

#[test]
fn a_new_study_runs_and_leaves_what_the_contract_says() {
    let dir = folder(&[]);
    done(dir.path(), &["new", "s"]);
    done(dir.path(), &["check", "s/study.toml"]);
    done(dir.path(), &["run", "s/study.toml", "--out", "o"]);
    let out = dir.path().join("o");
    let r = results(&out);
    assert_eq!(r["plimsoll"], env!("CARGO_PKG_VERSION"));
    let fit = &r["estimates"]["m2"];
    for key in ["method", "formula", "nobs", "vcov", "coefficients", "stats", "sample", "notes"] {
        assert!(!fit[key].is_null(), "{key}");
    }
    assert!(r["measures"]["dig"]["weights"].as_array().is_some_and(|w| w.len() == 5));
    for file in
        ["report.html", "record.json", "data/dig.parquet", "tables/table.tex", "tables/table.md", "tables/table.txt"]
    {
        assert!(out.join(file).is_file(), "{file}");
    }
    let record: Value = serde_json::from_str(&read(&out.join("record.json"))).expect("JSON");
    assert_eq!(record["inputs"][0]["sha256"].as_str().map(str::len), Some(64));
    assert!(record["study"]["step"].as_array().is_some_and(|s| s.len() == 7));
    // A second run replaces the first; a folder that is not a run's is left alone.
    done(dir.path(), &["run", "s/study.toml", "--out", "o"]);
    std::fs::create_dir(dir.path().join("mine")).unwrap();
    std::fs::write(dir.path().join("mine/thesis.txt"), "precious").unwrap();
    let refused = plim(dir.path(), &["run", "s/study.toml", "--out", "mine"]);
    assert_eq!(refused.status.code(), Some(1));
    assert_eq!(read(&dir.path().join("mine/thesis.txt")), "precious");
    let names: Vec<String> =
        std::fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect();
    assert!(!names.iter().any(|n| n.starts_with('.')), "no draft is left: {names:?}");
}

/// A file named without a folder lies in the present one, and so do the files that its options name.
#[test]
fn a_sheet_beside_a_file_named_alone() {
    let dir = folder(&[("d.csv", "u,x,y\na,1,2\nb,2,1\nc,3,3\n"), ("sheet.csv", "code,parent\nx,\ny,\n")]);
    done(dir.path(), &["measure", "index", "d.csv", "--unit", "u", "--indicator-sheet", "sheet.csv"]);
}

#[test]
fn settings_change_one_run() {
    let dir = folder(&[]);
    done(dir.path(), &["new", "s"]);
    done(dir.path(), &["run", "s/study.toml", "--out", "a"]);
    done(dir.path(), &["run", "s/study.toml", "--out", "b", "--set", "dig.zeros=shift:0.01"]);
    let weight = |out: &str| results(&dir.path().join(out))["measures"]["dig"]["weights"][0]["weight"].clone();
    assert_ne!(weight("a"), weight("b"));
    assert_eq!(plim(dir.path(), &["run", "s/study.toml", "--set", "gid.zeros=none"]).status.code(), Some(1));
}

#[test]
fn the_same_bits_on_one_and_two_threads() {
    let dir = folder(&[]);
    done(dir.path(), &["simulate", "cities", "--cities", "40", "--records", "20", "--into", "data"]);
    let study = read(&plim_golden::root().join("examples/digital-economy/study.toml"));
    std::fs::write(dir.path().join("study.toml"), study.replace("replications = 499", "replications = 49")).unwrap();
    done(dir.path(), &["check", "study.toml"]);
    let text: Vec<String> = ["1", "2"]
        .map(|threads| {
            let out = Command::new(env!("CARGO_BIN_EXE_plim"))
                .args(["run", "study.toml", "--out", threads])
                .env("RAYON_NUM_THREADS", threads)
                .current_dir(dir.path())
                .output()
                .expect("plim runs");
            assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
            read(&dir.path().join(threads).join("results.json"))
        })
        .into();
    assert!(text[0] == text[1], "results.json differs between one and two threads");
    assert!(!text[0].contains("NaN"));
}

#[test]
fn hostile_labels_stay_inert() {
    let dir = folder(&[]);
    done(dir.path(), &["new", "s"]);
    let path = dir.path().join("s/study.toml");
    let evil = "<script>alert(1)</script>\\\" onload=\\\"x";
    let study = read(&path)
        .replace("dig = \"Digital economy\"", &format!("dig = \"{evil}\""))
        .replace("title = \"A first study\"", &format!("title = \"{evil}\""));
    std::fs::write(&path, study).unwrap();
    done(dir.path(), &["run", "s/study.toml", "--out", "o"]);
    let page = read(&dir.path().join("o/report.html"));
    assert!(page.contains("&lt;script&gt;") && !page.contains("<script>alert"));
    assert!(!page.contains("http://") || !page.contains("src=\"http"), "nothing is fetched");
}

#[test]
fn a_step_reads_only_what_comes_before_it() {
    let study = "[data.c]\nfile = \"d.csv\"\n\n[[step]]\nmethod = \"table\"\nfits = [\"m\"]\n\n\
        [[step]]\nmethod = \"feols\"\nname = \"m\"\nformula = \"y ~ x\"\n";
    let dir = folder(&[("d.csv", "y,x\n1,2\n2,1\n3,5\n"), ("study.toml", study)]);
    let out = plim(dir.path(), &["check", "study.toml"]);
    let message = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.code() == Some(1) && message.contains("`m`"), "{message}");
}

#[test]
fn the_countries_study_runs_on_real_data() {
    if shared("data/country_panel_1990_2024.parquet").is_none() {
        return;
    }
    let root = plim_golden::root();
    let shared = shared("data").and_then(|d| d.parent().map(Path::to_path_buf)).expect("a folder");
    let dir = folder(&[]);
    let study = root.join("examples/countries/study.toml");
    let out = dir.path().join("o");
    let root_arg = format!("shared={}", shared.display());
    done(dir.path(), &["run", study.to_str().unwrap(), "--root", &root_arg, "--out", out.to_str().unwrap()]);
    let r = results(&out);
    assert!(r["estimates"]["m2"]["nobs"].as_u64().is_some_and(|n| n > 2000));
    assert!(r["measures"]["wiod_eci"]["years"].as_array().is_some_and(|y| y.len() == 17));
}

/// A study with a table, descriptives by group and a figure, in Chinese.
fn chinese(dir: &Path) {
    done(dir, &["new", "s"]);
    let path = dir.join("s/study.toml");
    let study = read(&path).replacen("seed = 1", "seed = 1\nlang = \"zh\"\nstyle = \"chinese\"", 1);
    let study = study.replace("= \"Digital economy\"", "= \"数字经济\"");
    let study = study.replace("name = \"m2\"\n", "name = \"m2\"\nvcov_also = [\"iid\", \"hc1\"]\n")
        + "\n[[step]]\nmethod = \"table\"\nname = \"second\"\nfits = [\"m2\"]\n\n\
         [[step]]\nmethod = \"describe\"\nname = \"groups\"\ncolumns = [\"res\", \"dig\"]\nby = \"year\"\nwhere = \"year <= 2013\"\n\n\
         [[step]]\nmethod = \"figure\"\nfits = [\"m1\", \"m2\"]\ncoefficients = [\"dig\"]\ntitle = \"系数\"\n\n\
         [[step]]\nmethod = \"figure\"\nname = \"curve\"\nkind = \"specification_curve\"\nfits = [\"m1\", \"m2\"]\ncoefficients = [\"dig\"]\n";
    std::fs::write(&path, study).unwrap();
}

#[test]
fn a_run_is_shown_again_without_estimating() {
    let dir = folder(&[]);
    chinese(dir.path());
    done(dir.path(), &["run", "s/study.toml", "--out", "s/out"]);
    let out = dir.path().join("s/out");
    let show = |args: &[&str]| {
        let done = plim(dir.path(), &[&["show", "s"], args].concat());
        assert!(done.status.success(), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
        done.stdout
    };
    let list = String::from_utf8(show(&[])).unwrap();
    assert!(["table", "second", "groups", "figure", "curve"].iter().all(|n| list.contains(n)), "{list}");
    // Without the data nothing can be estimated.
    std::fs::remove_file(dir.path().join("s/cities.csv")).unwrap();
    for (name, media) in [
        ("table", &["txt", "md", "tex", "html", "docx", "xlsx"][..]),
        ("groups", &["txt", "docx"]),
        ("figure", &["svg", "png", "pdf"]),
        ("curve", &["svg", "pdf"]),
    ] {
        for medium in media {
            let kind = if ["svg", "png", "pdf"].contains(medium) { "figures" } else { "tables" };
            let written = std::fs::read(out.join(kind).join(name).with_extension(medium)).unwrap();
            assert!(show(&[name, "--as", medium]) == written, "{name}.{medium}");
        }
    }
    let table = read(&out.join("tables/table.txt"));
    assert!(table.contains("注：") && table.contains("分别表示") && table.contains("数字经济"), "{table}");
    show(&["table", "--into", "t.xlsx"]);
    assert!(dir.path().join("t.xlsx").is_file());
    for (args, status) in [
        (&["show", "s", "tabel"][..], 1),
        (&["show", "s", "table", "--as", "svg"], 1),
        (&["show", "s", "figure", "--as", "docx"], 1),
        (&["show", "s", "figure", "--as", "png", "--font", "No Such Family"], 1),
        (&["show", "s", "figure", "--as", "png", "--font", "absent.ttf"], 3),
        (&["show", "s", "table", "--as", "odt"], 1),
        (&["show", "nowhere", "table"], 3),
        (&["open", "nowhere"], 3),
        (&["why", "s", "table"], 1),
        (&["why", "s", "table:nothing,1"], 1),
        (&["why", "s", "estimates/m9/coefficients/dig"], 1),
        (&["diff", "s", "s", "--tolerance", "2"], 1),
    ] {
        let done = plim(dir.path(), args);
        assert_eq!(done.status.code(), Some(status), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
        assert!(done.stdout.is_empty());
    }
}

#[test]
fn a_number_tells_where_it_comes_from() {
    let dir = folder(&[]);
    chinese(dir.path());
    done(dir.path(), &["run", "s/study.toml", "--out", "o"]);
    let why = |what: &str| {
        let done = plim(dir.path(), &["why", "o", what]);
        assert!(done.status.success(), "{what}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    };
    let r = results(&dir.path().join("o"));
    let record: Value = serde_json::from_str(&read(&dir.path().join("o/record.json"))).expect("JSON");
    let c = r["estimates"]["m2"]["coefficients"].as_array().unwrap().iter().find(|c| c["name"] == "dig").unwrap();
    let said = why("table:dig,2");
    for part in [
        c["estimate"].to_string(),
        c["std_error"].to_string(),
        record["inputs"][0]["sha256"].as_str().unwrap().to_string(),
        "step `m2`: feols".into(),
        "step `dig`: entropy".into(),
        "step `res`: resilience".into(),
        "estimates/m2/coefficients/dig".into(),
    ] {
        assert!(said.contains(&part), "{part} is not in:\n{said}");
    }
    // By label, by number, by the name of the fit, by the path in results.json.
    for what in ["table:数字经济,(2)", "table:1,2", "table:dig,m2"] {
        assert_eq!(why(what), said, "{what}");
    }
    assert!(why("estimates/m2/coefficients/dig").contains("step `dig`: entropy"));
    assert!(why("measures/dig/weights/#0/weight").contains("cities.csv"));
    assert!(why("describe:dig,1").contains("step `describe`"));
}

#[test]
fn two_runs_are_compared_and_the_cause_is_named() {
    let dir = folder(&[]);
    done(dir.path(), &["new", "s"]);
    let run = |out: &str, set: &[&str]| done(dir.path(), &[&["run", "s/study.toml", "--out", out], set].concat());
    let diff = |a: &str, b: &str| {
        let done = plim(dir.path(), &["diff", a, b]);
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    };
    run("a", &[]);
    run("b", &[]);
    run("c", &["--set", "dig.zeros=shift:0.01"]);
    assert!(diff("a", "b").starts_with("no difference: "));
    let said = diff("a", "c");
    for part in
        ["estimates/m2", "coefficients/dig/estimate", "measures/dig", "data/dig", "zeros (default) → \"shift:0.01\""]
    {
        assert!(said.contains(part), "{part} is not in:\n{said}");
    }
    // The outcome does not depend on the index.
    assert!(!said.contains("data/res"), "{said}");
    // Another file.
    let path = dir.path().join("s/cities.csv");
    let text = read(&path);
    std::fs::write(&path, text.replacen(",2016,0,", ",2016,0,1", 1)).unwrap();
    run("d", &[]);
    assert!(diff("a", "d").contains("the file `cities`: cities.csv changed"));
}

/// A query may carry any column of the tables it reads, so that all that made these is behind it.
#[test]
fn a_query_hides_no_origin() {
    let dir = folder(&[]);
    done(dir.path(), &["new", "s"]);
    let path = dir.path().join("s/study.toml");
    let query = "[[step]]\nmethod = \"sql\"\nname = \"groups\"\ninto = \"cities\"\nquery = \"SELECT c.*, 1 AS one \
        FROM cities c ORDER BY city, year\"\n\n[[step]]\nmethod = \"feols\"\nname = \"m1\"";
    let text = read(&path);
    let study = text.replacen("[[step]]\nmethod = \"feols\"\nname = \"m1\"", query, 1);
    assert!(study != text);
    std::fs::write(&path, study).unwrap();
    done(dir.path(), &["run", "s/study.toml", "--out", "a"]);
    let why = String::from_utf8(plim(dir.path(), &["why", "a", "table:dig,1"]).stdout).unwrap();
    for part in ["step `groups`", "step `dig`: entropy", "step `res`: resilience", "cities.csv"] {
        assert!(why.contains(part), "{part} is not in:\n{why}");
    }
    done(dir.path(), &["run", "s/study.toml", "--out", "b", "--set", "dig.zeros=shift:0.01"]);
    let said = String::from_utf8(plim(dir.path(), &["diff", "a", "b"]).stdout).unwrap();
    assert!(said.contains("zeros (default)") && !said.contains("nothing upstream changed"), "{said}");
}

const PANEL: &str =
    "city,year,y,x,kind\nA,2011,1,2,a\nA,2012,2,1,a\nB,2011,3,5,b\nB,2012,5,4,b\nC,2011,2,2,b\nC,2012,4,1,a\n";
const DATA: &str = "[data.c]\nfile = \"d.csv\"\nunit = \"city\"\ntime = \"year\"\n\n";

/// What `check` and `run` say of a study of one panel.
fn said(command: &str, steps: &str) -> (bool, String) {
    let dir = folder(&[("d.csv", PANEL), ("study.toml", &format!("{DATA}{steps}"))]);
    let out = plim(dir.path(), &[command, "study.toml"]);
    (out.status.success(), String::from_utf8_lossy(&out.stderr).into_owned())
}

#[test]
fn check_finds_what_a_run_would_refuse() {
    let feols = "[[step]]\nmethod = \"feols\"\nname = \"m\"\nformula = ";
    for (steps, part) in [
        (format!("{feols}\"y ~ log(kind) | city\"\n"), "`a` is not a number"),
        (format!("{feols}\"y ~ x\"\nwhere = \"year > '2011'\"\n"), "stands where a number is needed"),
        (
            format!("{feols}\"y ~ z | city\"\n\n[[step]]\nmethod = \"generate\"\nname = \"z\"\nvalue = \"x * 2\"\n"),
            "the later step `z` makes it",
        ),
        ("[[step]]\nmethod = \"entropy\"\nname = \"y\"\nindicators = [\"x\"]\n".into(), "has a column `y` already"),
        (format!("{feols}\"y ～ x\"\n"), "write it as `~`"),
    ] {
        for command in ["check", "run"] {
            let (fine, message) = said(command, &steps);
            // A run stops at the first step that fails; it does not look ahead.
            let part = if command == "run" && part.contains("later") { "no column `z`" } else { part };
            assert!(!fine && message.contains(part), "{command}: {part} is not in:\n{message}");
        }
    }
    let (fine, message) = said("check", &format!("{feols}\"y ~ kind | city\"\n"));
    assert!(fine, "a text column stands for its dummies: {message}");
    let quoted = format!("[data.城市]\nfile = \"d.csv\"\n{feols}\"y ~ x\"\n");
    assert!(said("check", &quoted).1.contains("[data.\"城市\"]"));
}

/// A table goes to a file with what the steps added, and a query that takes its place says what is lost.
#[test]
fn a_table_is_saved_and_a_replaced_one_is_told() {
    let steps = "[[step]]\nmethod = \"generate\"\nname = \"z\"\nvalue = \"x * 2\"\n\n[[step]]\nmethod = \"save\"\n\
        name = \"panel\"\nformat = \"dta\"\nwhere = \"year == 2012\"\ncolumns = [\"city\", \"z\"]\n\n[[step]]\n\
        method = \"sql\"\nname = \"fewer\"\ninto = \"c\"\nquery = \"SELECT city, year, y FROM c WHERE year > 2011\"\n\n\
        [[step]]\nmethod = \"feols\"\nname = \"m\"\nformula = \"l(y, 0) ~ 1\"\n";
    let dir = folder(&[("d.csv", PANEL), ("study.toml", &format!("{DATA}{steps}"))]);
    done(dir.path(), &["check", "study.toml"]);
    done(dir.path(), &["run", "study.toml"]);
    let saved = plim_table::read(dir.path().join("out/data/panel.dta"), &Default::default()).unwrap().table;
    assert_eq!(saved.numbers("z").unwrap(), [2.0, 8.0, 2.0]);
    let notes = results(&dir.path().join("out"))["notes"].to_string();
    assert!(notes.contains("takes the place of `c`: 3 rows instead of 6, without `x`, `kind`, `z`"), "{notes}");
}

/// What a measure says is said beside a file, too.
#[test]
fn notes_come_with_a_file() {
    let dir = folder(&[("d.csv", "city,hs,v\nA,p,1\nA,q,\nB,p,2\n")]);
    let out = plim(
        dir.path(),
        &["measure", "concentration", "d.csv", "--unit", "city", "--product", "hs", "--value", "v", "--into", "o.csv"],
    );
    let said = String::from_utf8(out.stdout).unwrap();
    assert!(said.contains("2 rows in o.csv") && said.contains("1 records miss"), "{said}");
}

/// Long lists of a measure are kept with it: a figure of them is drawn again from the cache.
#[test]
fn a_kept_measure_has_its_lists() {
    let mut records = String::from("country,year,hs,usd\n");
    for (country, products) in [("甲", 1..6), ("乙", 2..7), ("丙", 4..9)] {
        products.for_each(|p| records += &format!("{country},2011,{:04},{}\n", 101 + p, p * 3));
    }
    let study = "[data.t]\nfile = \"d.csv\"\n\n[[step]]\nmethod = \"complexity\"\nname = \"eci\"\nunit = \"country\"\n\
        time = \"year\"\nproduct = \"hs\"\nvalue = \"usd\"\ncells = true\nproximity = true\n\n[[step]]\n\
        method = \"product_space\"\nname = \"space\"\nmeasure = \"eci\"\nunit = \"country\"\ntime = \"year\"\n\
        highlight = \"乙\"\n";
    let dir = folder(&[("d.csv", &records), ("study.toml", study)]);
    let made = || {
        done(dir.path(), &["watch", "study.toml", "--once"]);
        let read = |name: &str| read(&dir.path().join("out").join(name));
        (read("results.json"), read("figures/space.svg"))
    };
    let first = made();
    let found: Value = serde_json::from_str(&first.0).unwrap();
    let list = |name: &str| found["measures"]["eci"][name].as_array().map(Vec::len);
    assert_eq!((list("products"), list("cells"), list("proximity")), (Some(8), Some(24), Some(28)));
    assert_eq!(found["measures"]["eci"]["cells"][0]["year"], 2011);
    assert!(made() == first, "the same from the cache");
}
