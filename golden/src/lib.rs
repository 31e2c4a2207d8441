//! Reads reference numbers, for tests only.
//!
//! Large references live outside the repository, in the folder that `PLIM_SHARED` names or, without it,
//! in `shared` beside the repository. Where there is none, [`shared`] says loudly that the test was skipped.

use serde_json::Value;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("golden lies in the repository").to_path_buf()
}

/// A file or folder below the shared material, or `None` after saying loudly what was skipped.
pub fn shared(path: &str) -> Option<PathBuf> {
    let base = std::env::var_os("PLIM_SHARED").map_or_else(|| root().join("../shared"), PathBuf::from);
    let full = base.join(path);
    if full.exists() {
        return Some(full);
    }
    eprintln!("SKIPPED: no shared/{path}; set PLIM_SHARED to the folder of reference material");
    None
}

/// One JSON file of reference numbers.
pub fn json(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Columns of a CSV file as text; an empty cell is an empty string.
pub struct Csv {
    /// Names in file order.
    pub names: Vec<String>,
    columns: HashMap<String, Vec<String>>,
}

impl Csv {
    /// Reads a file.
    pub fn read(path: &Path) -> Csv {
        Csv::parse(&std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display())))
    }

    /// Parses text (quotes allowed, no line breaks inside cells).
    pub fn parse(text: &str) -> Csv {
        let mut lines = text.lines().filter(|l| !l.trim().is_empty()).map(cells);
        let names = lines.next().expect("a header");
        let mut columns: HashMap<String, Vec<String>> = names.iter().map(|n| (n.clone(), Vec::new())).collect();
        for line in lines {
            for (name, cell) in names.iter().zip(line) {
                columns.get_mut(name).expect("a named column").push(cell);
            }
        }
        Csv { names, columns }
    }

    /// A column as text.
    pub fn text(&self, name: &str) -> &[String] {
        self.columns.get(name).unwrap_or_else(|| panic!("no column {name} among {:?}", self.names))
    }

    /// A column as numbers; empty and `NA` become NaN.
    pub fn num(&self, name: &str) -> Vec<f64> {
        let parse = |s: &String| match s.as_str() {
            "" | "NA" => f64::NAN,
            s => s.parse().unwrap_or_else(|_| panic!("{name}: {s} is not a number")),
        };
        self.text(name).iter().map(parse).collect()
    }
}

fn cells(line: &str) -> Vec<String> {
    let (mut out, mut cell, mut quoted) = (Vec::new(), String::new(), false);
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => out.push(std::mem::take(&mut cell)),
            c => cell.push(c),
        }
    }
    out.push(cell);
    out
}

/// Panics unless `got` is within `rel` of `want`, relatively.
#[track_caller]
pub fn close(got: f64, want: f64, rel: f64, what: &str) {
    let scale = want.abs().max(f64::MIN_POSITIVE);
    let gap = (got - want).abs();
    assert!(
        gap <= rel * scale || gap == 0.0,
        "{what}: got {got:.17e}, want {want:.17e}, relative gap {:.2e}",
        gap / scale
    );
}

/// [`close`] over slices, for vectors printed with `digits` decimals: absolute gap at most half a unit of the last.
#[track_caller]
pub fn close_printed(got: &[f64], want: &[f64], digits: i32, what: &str) {
    assert_eq!(got.len(), want.len(), "{what}: lengths");
    for (i, (g, w)) in got.iter().zip(want).enumerate() {
        let gap = (g - w).abs();
        assert!(gap <= 0.51 * 10f64.powi(-digits), "{what}[{i}]: got {g}, printed {w}");
    }
}
