//! Runs the binary as a user would.
#![allow(dead_code)] // each test file uses what it needs

pub mod bucket;

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A folder of its own for a test, with files in it.
pub fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a temporary folder");
    for (name, text) in files {
        std::fs::write(dir.path().join(name), text).expect("a file");
    }
    dir
}

/// Runs `plim` in a folder.
pub fn plim(dir: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_plim")).args(args).current_dir(dir).output().expect("plim runs")
}

/// Runs `plim … --json` on a file with the given content and parses what it prints.
#[track_caller]
pub fn json(data: &str, args: &[&str]) -> Value {
    let dir = folder(&[("d.csv", data)]);
    let mut all: Vec<&str> = args.to_vec();
    all.insert(2, "d.csv");
    all.push("--json");
    json_in(dir.path(), &all)
}

/// Runs `plim` with `--json` among the arguments and parses what it prints.
#[track_caller]
pub fn json_in(dir: &Path, args: &[&str]) -> Value {
    let out = plim(dir, args);
    let stderr = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "plim {args:?}: {stderr}");
    serde_json::from_slice(&out.stdout).unwrap_or_else(|e| panic!("plim {args:?}: {e}"))
}

/// Runs `plim` on a file and gives exit status and stderr of a refusal; stdout must be empty.
#[track_caller]
pub fn refused(data: &str, args: &[&str]) -> (i32, String) {
    let dir = folder(&[("d.csv", data)]);
    let mut all: Vec<&str> = args.to_vec();
    all.insert(2, "d.csv");
    let out = plim(dir.path(), &all);
    assert!(out.stdout.is_empty(), "nothing half-written: {}", String::from_utf8_lossy(&out.stdout));
    (out.status.code().unwrap_or(-1), String::from_utf8_lossy(&out.stderr).into_owned())
}

/// A named column of `rows`.
#[track_caller]
pub fn column(value: &Value, list: &str, name: &str) -> Vec<f64> {
    let rows = value[list].as_array().unwrap_or_else(|| panic!("no list {list} in {value}"));
    rows.iter().map(|r| number(&r[name], name)).collect()
}

/// A number, NaN for null.
#[track_caller]
pub fn number(value: &Value, what: &str) -> f64 {
    match value {
        Value::Null => f64::NAN,
        v => v.as_f64().unwrap_or_else(|| panic!("{what}: {v} is not a number")),
    }
}

/// A field of the coefficient of this name.
#[track_caller]
pub fn coefficient(fit: &Value, name: &str, field: &str) -> f64 {
    let list = fit["coefficients"].as_array().expect("coefficients");
    let found = list.iter().find(|c| c["name"] == name).unwrap_or_else(|| panic!("no coefficient {name} in {list:?}"));
    number(&found[field], field)
}

/// A file of the shared material; `None` is said loudly.
pub fn shared(path: &str) -> Option<PathBuf> {
    plim_golden::shared(path)
}

/// The reference panel of 8 units and 6 periods, made by integer arithmetic (methods canon 6.0).
pub fn panel48() -> String {
    let mut out = String::from("i,t,z,v,w,x,m,y,g\n");
    for i in 1..=8_i64 {
        for t in 1..=6_i64 {
            let z = ((5 * i + 2 * t + i * t * t) % 11) as f64 / 10.0;
            let v = ((3 * i * i + 7 * t + i * t) % 17) as f64 / 20.0;
            let w = ((7 * i + 5 * t + 3 * i * t) % 13) as f64 / 10.0;
            let e = ((11 * i + 4 * t + 2 * i * t * t) % 19) as f64 / 20.0;
            let x = z + v;
            let m = 0.4 * x + 0.2 * w + ((2 * i * i + 3 * t + 5 * i * t) % 7) as f64 / 20.0;
            let y = 1.0 + 0.5 * x + 0.6 * m - 0.3 * w + 0.1 * i as f64 + 0.2 * t as f64 + 0.5 * v + e;
            let g = if i <= 4 { 1 } else { 2 };
            out.push_str(&format!("{i},{t},{z},{v},{w},{x},{m},{y},{g}\n"));
        }
    }
    out
}
