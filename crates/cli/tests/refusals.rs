//! Bad input: a clear error that says what, where, wanted and the way out; exit status 1; nothing half-written.

mod common;

use common::{folder, json, plim, refused};

const CITIES: &str = "city,year,resil,dige,fdi,one,prov\n\
A,2011,1.0,0.1,3,1,P\nA,2012,1.5,0.2,1,1,P\nA,2013,1.1,0.4,2,1,P\n\
B,2011,2.0,0.5,3,1,P\nB,2012,1.9,0.1,5,1,P\nB,2013,2.2,0.7,4,1,P\n\
C,2011,0.3,0.2,2,1,Q\nC,2012,0.1,0.3,2,1,Q\nC,2013,0.9,0.9,6,1,Q\n";

const BASE: [&str; 4] = ["fit", "feols", "--formula", "resil ~ dige + fdi | city + year"];

#[test]
fn unknown_column_offers_near_names() {
    let (code, message) = refused(CITIES, &["fit", "feols", "--formula", "resil ~ dgie | city"]);
    assert_eq!(code, 1);
    assert!(message.contains("dgie") && message.contains("did you mean `dige`"), "{message}");
}

/// In names of two signs a single slip is near.
#[test]
fn short_chinese_names_have_near_ones() {
    let (_, message) = refused("省份,y\n河北,1\n山西,2\n", &["fit", "feols", "--formula", "y ~ 1 | 省分"]);
    assert!(message.contains("did you mean `省份`?"), "{message}");
}

#[test]
fn unknown_option_method_and_choice() {
    let (code, message) = refused(CITIES, &["fit", "feols", "--formla", "y ~ x"]);
    assert_eq!(code, 1, "{message}");
    assert!(message.contains("formula"), "{message}");
    let (code, message) = refused(CITIES, &["fit", "feols", "--formula", "resil ~ dige", "--vcov", "hc7"]);
    assert!(code == 1 && message.contains("hc7"), "{message}");
    let (code, message) = refused(CITIES, &["fit", "fools"]);
    assert!(code == 1 && message.contains("feols"), "{message}");
}

#[test]
fn formula_errors_point_at_the_byte() {
    let (code, message) = refused(CITIES, &["fit", "feols", "--formula", "resil ~ dige + | city"]);
    assert!(code == 1 && message.contains('^'), "{message}");
    let (code, message) = refused(CITIES, &["fit", "feols", "--formula", "resil + dige"]);
    assert!(code == 1 && message.contains('~'), "{message}");
    let deep = format!("resil ~ I({}dige{})", "(".repeat(5000), ")".repeat(5000));
    assert_eq!(refused(CITIES, &["fit", "feols", "--formula", &deep]).0, 1);
}

#[test]
fn duplicate_keys_list_their_lines() {
    let twice = CITIES.replace("A,2013", "A,2012");
    let (code, message) = refused(&twice, &[&BASE[..], &["--unit", "city", "--time", "year"]].concat());
    assert_eq!(code, 1);
    assert!(
        message.contains("A") && message.contains("2012") && message.contains('3') && message.contains('4'),
        "{message}"
    );
}

#[test]
fn text_in_a_numeric_column_has_file_line_and_column() {
    let damaged = CITIES.replace("B,2012,1.9,0.1", "B,2012,1.9,n.a");
    let (code, message) = refused(&damaged, &BASE);
    assert_eq!(code, 1);
    for part in ["d.csv", "line 6", "dige", "n.a"] {
        assert!(message.contains(part), "{part} in {message}");
    }
}

#[test]
fn empty_and_absent_files() {
    assert_eq!(refused("", &BASE).0, 1);
    assert_eq!(refused("city,year,resil,dige,fdi\n", &BASE).0, 1);
    let dir = folder(&[]);
    let out = plim(dir.path(), &["fit", "feols", "nowhere.csv", "--formula", "y ~ x"]);
    assert_eq!(out.status.code(), Some(3));
    let dir = folder(&[("d.parquet", "not parquet at all"), ("d.dta", "nor this"), ("d.xlsx", "nor that")]);
    for file in ["d.parquet", "d.dta", "d.xlsx"] {
        let out = plim(dir.path(), &["fit", "feols", file, "--formula", "y ~ x"]);
        assert_eq!(out.status.code(), Some(3), "{file}: {}", String::from_utf8_lossy(&out.stderr));
    }
}

#[test]
fn all_missing_variable() {
    let blank: String = CITIES
        .lines()
        .enumerate()
        .map(|(i, l)| {
            let mut cells: Vec<&str> = l.split(',').collect();
            if i > 0 {
                cells[3] = "";
            }
            cells.join(",") + "\n"
        })
        .collect();
    let (code, message) = refused(&blank, &BASE);
    assert!(code == 1 && message.contains("dige"), "{message}");
}

#[test]
fn constant_indicator_is_refused_or_dropped() {
    let args = ["measure", "entropy", "--indicators", "dige,one", "--unit", "city", "--time", "year"];
    let (code, message) = refused(CITIES, &args);
    assert!(code == 1 && message.contains("one"), "{message}");
    let got = json(CITIES, &[&args[..], &["--constant", "drop"]].concat());
    assert_eq!(got["weights"][1]["weight"], 0.0);
    assert!(got["notes"].to_string().contains("one"));
}

#[test]
fn one_cluster() {
    let (code, message) = refused(CITIES, &[&BASE[..], &["--vcov", "cluster:one"]].concat());
    assert!(code == 1 && message.contains("one"), "{message}");
}

#[test]
fn the_only_regressor_is_absorbed() {
    let (code, message) = refused(CITIES, &["fit", "feols", "--formula", "resil ~ one | city"]);
    assert!(code == 1 && message.contains("absorb"), "{message}");
}

#[test]
fn collinear_regressors_go_by_formula_order() {
    let args = ["fit", "feols", "--formula", "resil ~ dige + I(2 * dige) + fdi | city + year"];
    let got = json(CITIES, &args);
    let names: Vec<&str> =
        got["coefficients"].as_array().unwrap().iter().map(|c| c["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["dige", "fdi"]);
    assert!(got["notes"].to_string().contains("I(2 * dige)"), "{}", got["notes"]);
    let (code, message) = refused(CITIES, &[&args[..], &["--collinear", "error"]].concat());
    assert!(code == 1 && message.contains("I(2 * dige)"), "{message}");
}

#[test]
fn two_mistakes_are_reported_at_once() {
    let study = "[data.c]\nfile = \"d.csv\"\nunit = \"city\"\ntime = \"year\"\n\n\
        [[step]]\nmethod = \"feols\"\nname = \"a\"\nformula = \"resil ~ dgie | city\"\n\n\
        [[step]]\nmethod = \"entropy\"\nname = \"b\"\nindicaters = [\"dige\"]\n";
    let dir = folder(&[("d.csv", CITIES), ("study.toml", study)]);
    for command in ["check", "run"] {
        let out = plim(dir.path(), &[command, "study.toml"]);
        let message = String::from_utf8_lossy(&out.stderr);
        assert_eq!(out.status.code(), Some(1));
        assert!(message.contains("indicators"), "{command}: {message}");
        if command == "check" {
            assert!(message.contains("dige") && message.contains("study.toml"), "{message}");
        }
        assert!(!dir.path().join("out").exists(), "nothing half-written");
    }
}

#[test]
fn a_study_reads_below_its_folder_only() {
    for file in ["../d.csv", "/etc/passwd"] {
        let study = format!("[data.c]\nfile = \"{file}\"\n");
        let dir = folder(&[("study.toml", &study)]);
        let out = plim(dir.path(), &["check", "study.toml"]);
        let message = String::from_utf8_lossy(&out.stderr);
        assert!(out.status.code() == Some(1) && message.contains("leaves"), "{message}");
    }
}

#[test]
fn gb18030_files_are_read_and_said() {
    // 城市,年份,值 in GB18030, typed as bytes.
    let header: &[u8] = b"\xb3\xc7\xca\xd0,\xc4\xea\xb7\xdd,\xd6\xb5,x\n";
    let mut bytes = header.to_vec();
    bytes.extend_from_slice(b"\xb1\xb1\xbe\xa9,2011,1,2\n\xb1\xb1\xbe\xa9,2012,2,3.5\n\xc9\xcf\xba\xa3,2011,4,3\n\xc9\xcf\xba\xa3,2012,3,1\n");
    let dir = folder(&[]);
    std::fs::write(dir.path().join("d.csv"), bytes).unwrap();
    let got = common::json_in(
        dir.path(),
        &["fit", "feols", "d.csv", "--formula", "值 ~ x | 城市", "--vcov", "iid", "--json"],
    );
    assert_eq!(got["nobs"], 4);
    assert!(got["notes"].to_string().to_lowercase().contains("gb18030"), "{}", got["notes"]);
}

#[test]
fn rows_keep_their_keys_under_a_filter() {
    let got =
        json(CITIES, &["measure", "entropy", "--indicators", "dige,fdi", "--unit", "city", "--where", "year = 2012"]);
    let rows = got["rows"].as_array().unwrap();
    assert_eq!(rows.iter().map(|r| r["city"].as_str().unwrap()).collect::<Vec<_>>(), ["A", "B", "C"]);
}

#[test]
fn a_result_never_replaces_its_data() {
    let (code, message) = refused(CITIES, &["measure", "entropy", "--indicators", "dige,fdi", "--into", "d.csv"]);
    assert!(code == 1 && message.contains("itself"), "{message}");
}

#[test]
fn an_outcome_is_no_regressor_and_draws_have_a_limit() {
    let (code, message) = refused(CITIES, &["fit", "feols", "--formula", "resil ~ dige + resil"]);
    assert!(code == 1 && message.contains("also a regressor"), "{message}");
    let args = ["fit", "did", "--formula", "resil ~ dige | city + year", "--unit", "city", "--time", "year"];
    let (code, message) = refused(CITIES, &[&args[..], &["--placebo", "100000000000"]].concat());
    assert!(code == 1 && message.contains("at most"), "{message}");
}

#[test]
fn oddly_spelled_numbers_are_not_categories() {
    let percent: String = CITIES
        .lines()
        .enumerate()
        .map(
            |(i, l)| if i == 0 { format!("{l}\n") } else { l.replace(",1,P", "%,1,P").replace(",1,Q", "%,1,Q") + "\n" },
        )
        .collect();
    let (code, message) = refused(&percent, &["fit", "feols", "--formula", "resil ~ fdi | city"]);
    assert!(code == 1 && message.contains("line 2") && message.contains("fdi"), "{message}");
}

#[test]
fn the_reference_category_is_one_of_the_sample() {
    let args = ["fit", "feols", "--formula", "resil ~ dige + city", "--where", "city != \"A\"", "--vcov", "hc1"];
    let got = json(CITIES, &args);
    let names: Vec<&str> =
        got["coefficients"].as_array().unwrap().iter().map(|c| c["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["(Intercept)", "dige", "city::C"]);
}

#[test]
fn no_option_is_taken_and_ignored() {
    for (option, value) in [("--ssc", "none"), ("--singletons", "keep"), ("--collinear", "error")] {
        let (code, message) = refused(CITIES, &["fit", "sfa", "--formula", "resil ~ dige", option, value]);
        assert!(code == 1 && message.contains(&option[2..]), "{option}: {message}");
    }
    // A number too large for its option is an error, never "not given".
    for line in ["seed = 99999999999999999999", "growth = inf"] {
        let study = format!(
            "[data.c]\nfile = \"d.csv\"\nunit = \"city\"\ntime = \"year\"\n\n[[step]]\nmethod = \"rd_stock\"\ncolumn = \"fdi\"\n{line}\n"
        );
        let dir = folder(&[("d.csv", CITIES), ("study.toml", &study)]);
        let out = plim(dir.path(), &["check", "study.toml"]);
        let message = String::from_utf8_lossy(&out.stderr);
        assert!(out.status.code() == Some(1) && message.contains(line.split(' ').next().unwrap()), "{message}");
    }
}

#[test]
fn the_schema_keeps_the_method_of_a_step_apart_from_an_option_of_that_name() {
    let dir = folder(&[]);
    let schema: serde_json::Value = serde_json::from_slice(&plim(dir.path(), &["schema"]).stdout).unwrap();
    let branches = schema["properties"]["step"]["items"]["oneOf"].as_array().unwrap();
    let complexity = branches.iter().find(|b| b["properties"]["method"]["const"] == "complexity").expect("complexity");
    assert!(complexity["properties"]["using"].is_object());
}

#[cfg(not(feature = "s3"))]
#[test]
fn an_object_store_needs_a_plim_that_knows_one() {
    let dir = folder(&[(
        "study.toml",
        "[data.d]\nfile = 'year'\nroot = 'r'\n[[step]]\nmethod = 'describe'\ncolumns = ['x']\n",
    )]);
    for args in [
        vec!["run", "study.toml", "--root", "r=s3://trade/customs"],
        vec!["sql", "SELECT count(*) FROM t", "--table", "t=s3://trade/year/a.parquet"],
    ] {
        let out = plim(dir.path(), &args);
        let said = String::from_utf8_lossy(&out.stderr);
        assert!(out.status.code() == Some(1) && said.contains("--features s3"), "{args:?}: {said}");
    }
}
