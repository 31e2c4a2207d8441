//! Two runs compared number by number, and what changed upstream of each difference.
//!
//! Numbers a and b agree when |a - b| ≤ tolerance · max(|a|, |b|); a missing number agrees with a missing one only.

use crate::error::{Error, Result};
use crate::lineage::{Lineage, Origin};
use crate::stored::Stored;
use indexmap::IndexMap;
use serde_json::Value;
use std::fmt::Write;
use std::path::Path;

/// Differences printed of one result.
const PRINTED: usize = 5;

/// A difference between two runs.
struct Difference {
    path: String,
    /// Relative, of numbers; infinite where one is missing or no number.
    size: f64,
    said: String,
}

#[derive(Default)]
struct Comparison {
    numbers: usize,
    found: IndexMap<String, Vec<Difference>>,
}

/// What differs between two runs, in words.
pub fn diff(first: &Path, second: &Path, tolerance: f64) -> Result<String> {
    if !(0.0..1.0).contains(&tolerance) {
        return Err(Error::plan(
            format!("--tolerance is {tolerance}"),
            "give a number from 0 to below 1, such as 1e-9",
        ));
    }
    let (a, b) = (Stored::read(first)?, Stored::read(second)?);
    let mut c = Comparison::default();
    for kind in ["estimates", "measures"] {
        let empty = Value::Object(Default::default());
        let (x, y) = (a.results.get(kind).unwrap_or(&empty), b.results.get(kind).unwrap_or(&empty));
        for name in keys(x, y) {
            let root = format!("{kind}/{}", plim_report::escape::part(&name));
            c.values(&root, "", x.get(&name), y.get(&name), tolerance);
        }
    }
    data(&mut c, &a, &b, tolerance)?;
    let (la, lb) = (Lineage::new(&a.study, &a.inputs)?, Lineage::new(&b.study, &b.inputs)?);
    let mut out = String::new();
    for (root, list) in &mut c.found {
        // Estimates first: they are what a study is about, and what is near zero differs most in relative terms.
        let other = |d: &Difference| !d.path.ends_with("/estimate");
        list.sort_by(|x, y| other(x).cmp(&other(y)).then(y.size.total_cmp(&x.size)));
        let n = list.len();
        let _ = writeln!(out, "{root}: {n} {}", if n == 1 { "difference" } else { "differences" });
        for d in list.iter().take(PRINTED) {
            let _ = writeln!(out, "  {}{}", d.path, d.said);
        }
        if n > PRINTED {
            let _ = writeln!(out, "  … and {} more", n - PRINTED);
        }
        for cause in causes(root, (&a, &la), (&b, &lb)) {
            let _ = writeln!(out, "  because {cause}");
        }
    }
    let differing: usize = c.found.values().map(Vec::len).sum();
    let _ = match differing {
        0 => writeln!(out, "no difference: {} numbers agree to {tolerance:e}", c.numbers),
        n => writeln!(out, "{n} of {} numbers differ by more than {tolerance:e}", c.numbers),
    };
    Ok(out)
}

/// Keys of both objects, those of the first in its order.
fn keys(a: &Value, b: &Value) -> Vec<String> {
    let of = |v: &Value| v.as_object().map_or_else(Vec::new, |o| o.keys().cloned().collect::<Vec<_>>());
    let mut all = of(a);
    all.extend(of(b).into_iter().filter(|k| a.get(k).is_none()));
    all
}

impl Comparison {
    fn add(&mut self, root: &str, path: &str, size: f64, said: String) {
        self.found.entry(root.into()).or_default().push(Difference { path: path.into(), size, said });
    }

    fn values(&mut self, root: &str, path: &str, a: Option<&Value>, b: Option<&Value>, tolerance: f64) {
        let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}/{key}") };
        match (a, b) {
            (None, None) => {}
            (Some(_), None) => self.add(root, path, f64::INFINITY, said_of(path, "only in the first run")),
            (None, Some(_)) => self.add(root, path, f64::INFINITY, said_of(path, "only in the second run")),
            (Some(x @ Value::Object(_)), Some(y @ Value::Object(_))) => {
                for key in keys(x, y) {
                    self.values(root, &below(&plim_report::escape::part(&key)), x.get(&key), y.get(&key), tolerance);
                }
            }
            (Some(Value::Array(x)), Some(Value::Array(y))) => self.lists(root, path, x, y, tolerance),
            (Some(Value::Number(x)), Some(Value::Number(y))) => {
                self.numbers += 1;
                let (x, y) = (x.as_f64().unwrap_or(f64::NAN), y.as_f64().unwrap_or(f64::NAN));
                let size = relative(x, y);
                if size > tolerance {
                    self.add(root, path, size, format!("  {x} → {y} ({size:.1e})"));
                }
            }
            (Some(x), Some(y)) => {
                self.numbers += usize::from(x.is_number() || y.is_number());
                if x != y {
                    self.add(root, path, f64::INFINITY, format!("  {x} → {y}"));
                }
            }
        }
    }

    /// Lists of named things are matched by name, others by place.
    fn lists(&mut self, root: &str, path: &str, x: &[Value], y: &[Value], tolerance: f64) {
        let name = |v: &Value| v.get("name").and_then(Value::as_str).map(str::to_owned);
        let names = |l: &[Value]| l.iter().map(name).collect::<Option<Vec<String>>>();
        let unique = |l: &[String]| l.iter().collect::<std::collections::HashSet<_>>().len() == l.len();
        match (names(x), names(y)) {
            (Some(a), Some(b)) if unique(&a) && unique(&b) => {
                let added = b.iter().filter(|n| !a.contains(n));
                for n in a.iter().chain(added) {
                    let at = |l: &[String], v: &'_ [Value]| l.iter().position(|m| m == n).map(|i| v[i].clone());
                    let (p, q) = (at(&a, x), at(&b, y));
                    let place = format!("{path}/{}", plim_report::escape::part(n));
                    self.values(root, place.trim_start_matches('/'), p.as_ref(), q.as_ref(), tolerance);
                }
            }
            _ => {
                for i in 0..x.len().max(y.len()) {
                    let place = format!("{path}/#{i}");
                    self.values(root, place.trim_start_matches('/'), x.get(i), y.get(i), tolerance);
                }
            }
        }
    }
}

fn said_of(path: &str, what: &str) -> String {
    if path.is_empty() { what.into() } else { format!(": {what}") }
}

fn relative(x: f64, y: f64) -> f64 {
    match (x - y).abs() {
        0.0 => 0.0,
        d => d / x.abs().max(y.abs()),
    }
}

/// The columns of measures, which lie in `data/` as Parquet.
fn data(c: &mut Comparison, a: &Stored, b: &Stored, tolerance: f64) -> Result<()> {
    let names = |s: &Stored| -> Vec<String> {
        let files = std::fs::read_dir(s.dir.join("data")).into_iter().flatten().flatten();
        let mut names: Vec<String> = files.map(|f| f.file_name().to_string_lossy().into_owned()).collect();
        names.retain(|n| n.ends_with(".parquet"));
        names.sort();
        names
    };
    let (x, y) = (names(a), names(b));
    for name in x.iter().chain(y.iter().filter(|n| !x.contains(n))) {
        let root = format!("data/{}", name.trim_end_matches(".parquet"));
        if !x.contains(name) || !y.contains(name) {
            let which = if x.contains(name) { "only in the first run" } else { "only in the second run" };
            c.add(&root, "", f64::INFINITY, which.into());
            continue;
        }
        let read = |s: &Stored| plim_table::read(s.dir.join("data").join(name), &plim_table::ReadOptions::default());
        let (p, q) = (read(a)?.table, read(b)?.table);
        if p.rows() != q.rows() {
            c.add(&root, "", f64::INFINITY, format!("{} rows → {} rows", p.rows(), q.rows()));
            continue;
        }
        for column in p.columns() {
            let Ok(other) = q.column(&column.name) else {
                c.add(&root, &column.name, f64::INFINITY, ": only in the first run".into());
                continue;
            };
            let (Ok(v), Ok(w)) = (p.numbers(&column.name), q.numbers(&column.name)) else {
                let n = (0..p.rows()).filter(|&i| column.show(i) != other.show(i)).count();
                if n > 0 {
                    c.add(&root, &column.name, f64::INFINITY, format!(": {n} rows"));
                }
                continue;
            };
            c.numbers += v.len();
            let size = |i: usize| match (v[i].is_nan(), w[i].is_nan()) {
                (true, true) => 0.0,
                (false, false) => relative(v[i], w[i]),
                _ => f64::INFINITY,
            };
            let differing: Vec<usize> = (0..v.len()).filter(|&i| size(i) > tolerance).collect();
            if let Some(&worst) = differing.iter().max_by(|&&i, &&j| size(i).total_cmp(&size(j))) {
                let said = format!(": {} rows, row {}  {} → {}", differing.len(), worst + 1, v[worst], w[worst]);
                c.add(&root, &column.name, size(worst), said);
            }
        }
        for column in q.columns().iter().filter(|k| !p.has(&k.name)) {
            c.add(&root, &column.name, f64::INFINITY, ": only in the second run".into());
        }
    }
    Ok(())
}

/// What changed upstream of a result: files, options of steps, seed, version.
fn causes(root: &str, (a, la): (&Stored, &Lineage), (b, lb): (&Stored, &Lineage)) -> Vec<String> {
    let path = root.replacen("data/", "measures/", 1);
    let mut out = Vec::new();
    let (Some(x), Some(y)) = (la.step_of(&path), lb.step_of(&path)) else {
        return vec![format!("only one of the studies has the step `{}`", root.split('/').nth(1).unwrap_or_default())];
    };
    let (before, after) = (la.upstream(x.index), lb.upstream(y.index));
    let text = |v: Option<&Value>| v.map_or("(default)".to_owned(), Value::to_string);
    for origin in &after {
        match *origin {
            Origin::Step(i) => {
                let step = &lb.steps[i];
                let old = la.steps.iter().find(|s| s.name == step.name && s.entry.name == step.entry.name);
                let Some(old) = old else {
                    out.push(format!("{} is new", lb.said(*origin)));
                    continue;
                };
                let mut names: Vec<&String> = old.given.keys().chain(step.given.keys()).collect();
                names.sort();
                names.dedup();
                for key in names.into_iter().filter(|k| old.given.get(*k) != step.given.get(*k)) {
                    let (p, q) = (text(old.given.get(key)), text(step.given.get(key)));
                    out.push(format!("{}: {key} {p} → {q}", lb.said(*origin)));
                }
            }
            Origin::Input(i) => {
                let of = |s: &Stored, key: &str| {
                    let name = b.inputs[i].get("name");
                    s.inputs.iter().find(|v| v.get("name") == name).and_then(|v| v.get(key)).cloned()
                };
                if of(a, "sha256") != of(b, "sha256") {
                    out.push(format!("the file {} changed", lb.said(*origin)));
                }
            }
        }
    }
    let gone = before.iter().filter_map(|o| if let Origin::Step(i) = o { Some(&la.steps[*i]) } else { None });
    out.extend(
        gone.filter(|s| lb.steps.iter().all(|t| t.name != s.name)).map(|s| format!("step `{}` is gone", s.name)),
    );
    if a.study.seed != b.study.seed {
        out.push(format!("the seed changed: {} → {}", a.study.seed, b.study.seed));
    }
    if a.version != b.version {
        out.push(format!("the version changed: {} → {}", a.version, b.version));
    }
    if out.is_empty() {
        out.push("nothing upstream changed: the machine or its libraries did, or the folder was edited".into());
    }
    out
}
