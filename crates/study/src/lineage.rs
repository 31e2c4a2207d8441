//! Where a number comes from: the step that made it, its formula and rows, the steps and files that its columns
//! come from, with the SHA-256 of each file.
//!
//! The graph is read off the study: a step uses the columns that its options name; the column of a table was made
//! by the last earlier step that adds it there, by a query that made the whole table, or stood in the file.

use crate::error::{Error, Result};
use crate::method::Role;
use crate::plan::Study;
use crate::step::Step;
use crate::stored::Stored;
use plim_report::results::find;
use plim_report::table::{Entry, Row, Section, Table};
use serde_json::{Map, Value};
use std::fmt::Write;

/// What a column or a table comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// The step of this place.
    Step(usize),
    /// The input file of this place.
    Input(usize),
}

/// The steps of a study and the files that it read.
pub struct Lineage<'r> {
    study: &'r Study,
    inputs: &'r [Value],
    /// The steps.
    pub steps: Vec<Step>,
}

impl<'r> Lineage<'r> {
    /// Of a study as it was run.
    pub fn new(study: &'r Study, inputs: &'r [Value]) -> Result<Self> {
        let steps = study.step.iter().enumerate().map(|(i, keys)| Step::read(keys.clone(), i));
        Ok(Lineage { study, inputs, steps: steps.collect::<Result<_>>()? })
    }

    /// The table that a step reads.
    fn reads(&self, step: &Step) -> String {
        step.rows.data.clone().or_else(|| self.study.data.keys().next().cloned()).unwrap_or_default()
    }

    /// The table that a step writes to.
    pub(crate) fn writes(&self, step: &Step) -> String {
        match &step.rows.into {
            Some(into) => into.clone(),
            // A query and a measure of records make a table of their own.
            None if step.entry.records => step.name.clone(),
            None => self.reads(step),
        }
    }

    /// What made the column of a table, before the step of this place.
    fn origin(&self, table: &str, column: &str, before: usize) -> Option<Origin> {
        for step in self.steps[..before].iter().rev().filter(|s| writes(s)) {
            if self.writes(step) != table {
                continue;
            }
            let own = column == step.name || step.method.adds(&step.name).iter().any(|c| c == column);
            if own || replaces(step) || column.strip_prefix(&step.name).is_some_and(|rest| rest.starts_with('_')) {
                return Some(Origin::Step(step.index));
            }
        }
        self.input(table).map(Origin::Input)
    }

    fn input(&self, table: &str) -> Option<usize> {
        self.inputs.iter().position(|i| i.get("name").and_then(Value::as_str) == Some(table))
    }

    /// What a step uses: a column, or the name of a table or a fit, and what made it.
    pub fn uses(&self, at: usize) -> Vec<(String, Origin)> {
        let step = &self.steps[at];
        let mut out: Vec<(String, Origin)> = Vec::new();
        let add = |out: &mut Vec<(String, Origin)>, name: String, origin: Option<Origin>| {
            if let Some(origin) = origin
                && !out.contains(&(name.clone(), origin))
            {
                out.push((name, origin));
            }
        };
        for name in step.method.models() {
            let base = name.split('.').next().unwrap_or(&name).to_owned();
            let made = self.steps[..at].iter().rev().find(|s| s.name == base && s.entry.role != Role::Show);
            add(&mut out, name, made.map(|s| Origin::Step(s.index)));
        }
        if step.entry.name == "sql" {
            // A query may read every table: those that it names.
            let query = step.given.get("query").and_then(Value::as_str).unwrap_or_default();
            let words: Vec<&str> = query.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
            let made = self.steps[..at].iter().map(|s| self.writes(s)).chain(self.study.data.keys().cloned());
            let mut tables: Vec<String> = made.filter(|t| words.contains(&t.as_str())).collect();
            tables.sort();
            tables.dedup();
            for table in tables {
                // What stood in the table: the columns that it got since it was made, and what made it.
                let mut made = false;
                for step in self.steps[..at].iter().rev().filter(|s| writes(s) && self.writes(s) == table) {
                    add(&mut out, table.clone(), Some(Origin::Step(step.index)));
                    made = replaces(step);
                    if made {
                        break;
                    }
                }
                let input = self.input(&table).filter(|_| !made);
                add(&mut out, table, input.map(Origin::Input));
            }
            return out;
        }
        let table = self.reads(step);
        for column in step.columns(None).0 {
            let origin = self.origin(&table, &column, at);
            add(&mut out, column, origin);
        }
        if out.is_empty() && step.entry.role != Role::Show {
            add(&mut out, table.clone(), self.origin(&table, "", at));
        }
        out
    }

    /// The step and everything upstream of it, the nearest first.
    pub fn upstream(&self, at: usize) -> Vec<Origin> {
        let mut out = vec![Origin::Step(at)];
        let mut i = 0;
        while i < out.len() {
            if let Origin::Step(step) = out[i] {
                for (_, origin) in self.uses(step) {
                    if !out.contains(&origin) {
                        out.push(origin);
                    }
                }
            }
            i += 1;
        }
        out
    }

    /// The step that made a result (`estimates/m1`, `measures/dig/weights/#0`).
    pub fn step_of(&self, path: &str) -> Option<&Step> {
        let name = path.split('/').nth(1)?.replace("~1", "/").replace("~0", "~");
        let made = |n: &str| self.steps.iter().rev().find(|s| s.name == n && s.entry.role != Role::Show);
        // The models of one step are `NAME.1`, `NAME.2`, …
        made(&name).or_else(|| made(name.rsplit_once('.')?.0))
    }

    /// An origin in a few words.
    pub fn said(&self, origin: Origin) -> String {
        match origin {
            Origin::Step(i) => format!("step `{}` ({})", self.steps[i].name, self.steps[i].entry.name),
            Origin::Input(i) => {
                let text = |key: &str| self.inputs[i].get(key).and_then(Value::as_str).unwrap_or_default();
                format!("`{}`: {}", text("name"), text("file"))
            }
        }
    }

    /// The facts of a step: what it asks, and what its columns come from.
    pub fn facts(&self, at: usize) -> Vec<(String, String)> {
        let step = &self.steps[at];
        let own = step.given.iter().filter(|(k, _)| !["method", "name", "labels"].contains(&k.as_str()));
        let text = |v: &Value| v.as_str().map_or_else(|| v.to_string(), |s| s.trim().replace('\n', " "));
        let mut out: Vec<(String, String)> = own.map(|(k, v)| (k.clone(), text(v))).collect();
        out.extend(self.uses(at).into_iter().map(|(name, origin)| (name, self.said(origin))));
        out
    }

    /// The facts of an input file.
    pub fn input_facts(&self, at: usize) -> Vec<(String, String)> {
        let shown = |key: &str| match self.inputs[at].get(key) {
            Some(Value::String(s)) if !s.is_empty() => Some((key.to_owned(), s.clone())),
            Some(Value::Number(n)) => Some((key.to_owned(), n.to_string())),
            _ => None,
        };
        ["rows", "balance", "sha256"].into_iter().filter_map(shown).collect()
    }
}

/// Whether a step makes its table anew.
fn replaces(step: &Step) -> bool {
    step.entry.role == Role::Prepare && step.entry.records
}

/// Whether a step makes a table, or columns of one.
fn writes(step: &Step) -> bool {
    match step.entry.role {
        Role::Prepare | Role::Measure => true,
        Role::Estimate => !step.method.adds(&step.name).is_empty(),
        Role::Show => false,
    }
}

/// What a fit says of its rows: read, lost, used.
pub fn rows(sample: &Map<String, Value>) -> String {
    let one = |(key, v): (&String, &Value)| match v {
        Value::Number(n) => Some(format!("{} {n}", key.replace('_', " "))),
        Value::Object(parts) if key != "split" => {
            let parts: Vec<String> = parts.iter().map(|(k, n)| format!("{k} {n}")).collect();
            Some(format!("{} ({})", key.replace('_', " "), parts.join(", ")))
        }
        _ => None,
    };
    sample.iter().filter_map(one).collect::<Vec<_>>().join(", ")
}

/// The lineage of one number of a run: `TABLE:ROW,COLUMN`, or a path such as `estimates/m1/coefficients/x`.
pub fn why(dir: &std::path::Path, what: &str) -> Result<String> {
    let stored = Stored::read(dir)?;
    let mut out = String::new();
    let path = match what.split_once(':') {
        Some((name, cell)) => {
            let table = stored.table(name)?;
            let (section, row, column) = place(table, cell)?;
            let printed: Vec<String> =
                row.cells[column].0.iter().map(|e| e.parts().0.to_owned() + e.parts().1).collect();
            let head = &table.columns[column].label;
            let _ = writeln!(out, "{name}: {}, {head}: {}", row.label, printed.join(" "));
            for entry in &row.cells[column].0 {
                if let Entry::Number { value, .. } = entry
                    && value.is_finite()
                {
                    fact(&mut out, "value", &value.to_string());
                }
            }
            match table.source(section, row, column) {
                Some(path) => path,
                // A table of data: the step that shows it tells the rest.
                None => {
                    let shown = stored.shown.iter().find(|s| {
                        s.blocks
                            .iter()
                            .any(|b| matches!(b, plim_report::page::Block::Table(t) if std::ptr::eq(t, table)))
                    });
                    format!("shown/{}", plim_report::escape::part(shown.map_or("", |s| &s.step)))
                }
            }
        }
        None if what.contains('/') => what.to_owned(),
        None => {
            return Err(Error::plan(
                format!("`{what}` names no cell"),
                "write TABLE:ROW,COLUMN, such as baseline:dig,2",
            ));
        }
    };
    let lineage = Lineage::new(&stored.study, &stored.inputs)?;
    let step = match path.strip_prefix("shown/") {
        Some(name) => {
            lineage.steps.iter().find(|s| s.entry.role == Role::Show && plim_report::escape::part(&s.name) == name)
        }
        None => {
            let value = find(&stored.results, &path).ok_or_else(|| {
                Error::plan(format!("results.json has nothing at `{path}`"), "see results.json for what is there")
            })?;
            fact(&mut out, "from", &path);
            if let Value::Object(fields) = value {
                let plain = fields.iter().filter(|(_, v)| v.is_number() || v.is_string() || v.is_null());
                plain.for_each(|(k, v)| fact(&mut out, k, v.to_string().trim_matches('"')));
            } else if !value.is_array() {
                fact(&mut out, "exactly", &value.to_string());
            }
            lineage.step_of(&path)
        }
    };
    let Some(step) = step else {
        return Err(Error::plan(format!("no step of the study made `{path}`"), "run the study again"));
    };
    for origin in lineage.upstream(step.index) {
        match origin {
            Origin::Step(i) => {
                let step = &lineage.steps[i];
                let _ = writeln!(out, "\nstep `{}`: {}: {}", step.name, step.entry.name, step.entry.about);
                let root = path.split('/').take(2).collect::<Vec<_>>().join("/");
                let made = match i == lineage.step_of(&path).map_or(usize::MAX, |s| s.index) {
                    true => find(&stored.results, &root),
                    false => find(&stored.results, &format!("estimates/{}", plim_report::escape::part(&step.name))),
                };
                for key in ["formula", "vcov"] {
                    if let Some(text) = made.and_then(|m| m.get(key)).and_then(Value::as_str).filter(|t| !t.is_empty())
                    {
                        fact(&mut out, if key == "vcov" { "covariance" } else { key }, text);
                    }
                }
                if let Some(Value::Object(sample)) = made.and_then(|m| m.get("sample")) {
                    fact(&mut out, "rows", &rows(sample));
                }
                let known = |key: &str| key == "formula" && made.is_some();
                lineage.facts(i).iter().filter(|(k, _)| !known(k)).for_each(|(k, v)| fact(&mut out, k, v));
            }
            Origin::Input(_) => {
                let _ = writeln!(out, "\ninput {}", lineage.said(origin));
                let Origin::Input(i) = origin else { continue };
                lineage.input_facts(i).iter().for_each(|(k, v)| fact(&mut out, k, v));
            }
        }
    }
    let _ = writeln!(out, "\nplimsoll {}, seed {}", stored.version, stored.study.seed);
    Ok(out)
}

fn fact(out: &mut String, key: &str, text: &str) {
    let line = plim_report::escape::line;
    let _ = writeln!(out, "  {:20} {}", line(key), line(text));
}

/// The cell `ROW,COLUMN` of a table: each by its label, by the name of what it is of, or by its number from 1.
fn place<'t>(table: &'t Table, cell: &str) -> Result<(&'t Section, &'t Row, usize)> {
    let name = |of: &str| of.rsplit('/').next().unwrap_or_default().replace("~1", "/").replace("~0", "~");
    let bare = |label: &str| label.trim_matches(['(', ')']).to_owned();
    let rows: Vec<(&Section, &Row)> = table.sections.iter().flat_map(|s| s.rows.iter().map(move |r| (s, r))).collect();
    let number = |text: &str, most: usize| text.parse::<usize>().ok().filter(|i| (1..=most).contains(i)).map(|i| i - 1);
    // A label may hold commas itself: every split is tried, the last first.
    for (at, _) in cell.char_indices().rev().filter(|(_, c)| *c == ',') {
        let (row, column) = (cell[..at].trim(), cell[at + 1..].trim());
        let j = (table.columns.iter())
            .position(|c| c.label == column || bare(&c.label) == column || (!c.of.is_empty() && name(&c.of) == column))
            .or_else(|| number(column, table.columns.len()));
        let i = (rows.iter())
            .position(|(_, r)| r.label == row || (!r.of.is_empty() && name(&r.of) == row))
            .or_else(|| number(row, rows.len()));
        if let (Some(i), Some(j)) = (i, j) {
            return Ok((rows[i].0, rows[i].1, j));
        }
    }
    let labels: Vec<String> = rows.iter().map(|(_, r)| format!("`{}`", r.label)).collect();
    let heads: Vec<String> = table.columns.iter().map(|c| format!("`{}`", c.label)).collect();
    Err(Error::plan(
        format!("the table has no cell `{cell}`"),
        format!("write ROW,COLUMN: rows {}; columns {}", labels.join(", "), heads.join(", ")),
    ))
}
