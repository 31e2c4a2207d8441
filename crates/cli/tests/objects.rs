//! Studies over an object store: the numbers of the same files on disk, and what is refused.
#![cfg(feature = "s3")]

mod common;

use common::bucket::Bucket;
use plim_table::{Column, Table};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::atomic::Ordering;

/// A table of records as a folder of files, and as one.
const STUDY: &str = "
[data.exports]
file = 'year'
root = 'customs'
[data.whole]
file = 'all 出口.parquet'
root = 'customs'

[[step]]
method = 'sql'
name = 'sums'
query = 'SELECT city, year, sum(value) AS v, count(*) AS n FROM exports GROUP BY city, year ORDER BY city, year'
[[step]]
method = 'describe'
name = 'of_sums'
data = 'sums'
columns = ['v', 'n']
[[step]]
method = 'concentration'
name = 'hhi'
data = 'exports'
unit = 'city'
time = 'year'
product = 'product'
value = 'value'
[[step]]
method = 'describe'
name = 'all'
data = 'whole'
columns = ['value']
";

/// Made-up records of two years below `customs`, a study of them beside.
fn world() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let records = |year: usize| {
        let value = |i: usize| ((i * 37 + year * 11) % 101) as f64 * 1.25 + 0.5;
        let text = |of: fn(usize) -> usize| (0..600).map(move |i| Some(format!("{:03}", of(i)))).collect::<Vec<_>>();
        let (city, product) = (text(|i| i % 12), text(|i| i / 12));
        let columns = vec![
            Column::text("city", city.iter().map(Option::as_deref)),
            Column::text("product", product.iter().map(Option::as_deref)),
            Column::number("value", (0..600).map(value).collect()),
        ];
        Table::new(columns).unwrap()
    };
    for year in [2011, 2012] {
        let file = dir.path().join(format!("bucket/customs/year/year={year}/part-0.parquet"));
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        plim_table::write(&file, &records(year)).unwrap();
    }
    plim_table::write(dir.path().join("bucket/customs/all 出口.parquet"), &records(2013)).unwrap();
    std::fs::write(dir.path().join("bucket/customs/year/_SUCCESS.parquet"), "of the engine").unwrap();
    std::fs::create_dir(dir.path().join("study")).unwrap();
    std::fs::write(dir.path().join("study/study.toml"), STUDY).unwrap();
    dir
}

/// Runs the study of a world with its records below `root`.
fn run(dir: &Path, root: &str, out: &str, environment: &[(&str, String)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plim"));
    command.args(["run", "study.toml", "--root", &format!("customs={root}"), "--out", out]);
    command.envs(environment.iter().map(|(k, v)| (k, v))).current_dir(dir.join("study"));
    command.output().expect("plim runs")
}

#[track_caller]
fn refused(out: &Output, status: i32, says: &str) {
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.code() == Some(status) && said.contains(says), "{:?}: {said}", out.status);
}

#[test]
fn a_study_reads_objects_as_it_reads_files() {
    let dir = world();
    let bucket = Bucket::serve(&dir.path().join("bucket"));
    let ran = |out: &Output| assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    ran(&run(dir.path(), "../bucket/customs", "here", &[]));
    ran(&run(dir.path(), "s3://trade/customs", "there", &bucket.environment()));
    let file = |out: &str, name: &str| std::fs::read(dir.path().join("study").join(out).join(name)).unwrap();
    for name in ["results.json", "data/hhi.parquet"] {
        assert!(file("here", name) == file("there", name), "{name}");
    }
    // What the store says of the objects tells whether they are the same.
    let inputs = |out: &str| -> serde_json::Value {
        serde_json::from_slice::<serde_json::Value>(&file(out, "record.json")).unwrap()["inputs"].clone()
    };
    let there = inputs("there");
    assert_eq!(there[0]["rows"], 1200);
    assert_ne!(there[0]["sha256"], inputs("here")[0]["sha256"]);
    ran(&run(dir.path(), "s3://trade/customs", "again", &bucket.environment()));
    assert_eq!(inputs("again"), there);
}

#[test]
fn a_command_reads_an_object() {
    let dir = world();
    let bucket = Bucket::serve(&dir.path().join("bucket"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_plim"));
    command.args(["sql", "SELECT count(*) AS n FROM t", "--table", "t=s3://trade/customs/year"]);
    let out = command.envs(bucket.environment()).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&out.stdout), "n\n1200\n", "{}", String::from_utf8_lossy(&out.stderr));
    assert!(bucket.asked.load(Ordering::SeqCst) < 20);
}

#[test]
fn what_a_store_does_not_give_is_told() {
    let dir = world();
    let folder = dir.path().join("bucket");
    let bucket = Bucket::serve(&folder);
    let own = bucket.environment();
    refused(&run(dir.path(), "s3://trade/elsewhere", "out", &own), 3, "no Parquet file in this folder");
    refused(&run(dir.path(), "s3://Trade", "out", &own), 1, "s3://BUCKET/FOLDER");
    let with = |name: &'static str, value: &str| {
        let others = own.iter().filter(|(key, _)| *key != name).cloned();
        others.chain([(name, value.to_string())]).collect::<Vec<_>>()
    };
    refused(
        &run(dir.path(), "s3://trade/customs", "out", &with("AWS_ACCESS_KEY_ID", "stranger")),
        3,
        "AWS_ACCESS_KEY_ID",
    );
    refused(
        &run(dir.path(), "s3://trade/customs", "out", &with("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1")),
        3,
        "AWS_ENDPOINT",
    );
    // One object of them is cut short.
    let cut = folder.join("customs/all 出口.parquet");
    let whole = std::fs::read(&cut).unwrap();
    std::fs::write(&cut, &whole[..whole.len() / 2]).unwrap();
    refused(&run(dir.path(), "s3://trade/customs", "out", &own), 3, "not a whole Parquet file");
    std::fs::remove_file(&cut).unwrap();
    refused(&run(dir.path(), "s3://trade/customs", "out", &own), 3, "no such object");
    // A study cannot leave the root that it was given.
    let study = STUDY.replace("all 出口.parquet", "../other/all.parquet");
    std::fs::write(dir.path().join("study/study.toml"), study).unwrap();
    refused(&run(dir.path(), "s3://trade/customs", "out", &own), 1, "leaves the folder");
    assert!(!dir.path().join("study/out").exists());
}

#[test]
fn an_object_that_changes_while_it_is_read_is_refused() {
    let dir = world();
    let study =
        STUDY.split("[[step]]").next().unwrap().replace("[data.exports]\nfile = 'year'\nroot = 'customs'\n", "");
    let study = format!("{study}[[step]]\nmethod = 'describe'\nname = 'all'\ncolumns = ['value']\n");
    std::fs::write(dir.path().join("study/study.toml"), study).unwrap();
    // The first question is for its size and version.
    let bucket = Bucket::changing(&dir.path().join("bucket"), 1);
    refused(&run(dir.path(), "s3://trade/customs", "out", &bucket.environment()), 3, "another version");
}
