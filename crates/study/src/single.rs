//! One method on one data file: what `plim fit` and `plim measure` do, with the options of a step.

use crate::error::{Error, Kind, Result};
use crate::method::{Role, find};
use crate::plan::{Study, below};
use crate::run::{Held, Run};
use crate::schema::{self, OptionDoc};
use crate::step::Step;
use plim_report::{Fit, Measure};
use plim_table::read::Format;
use plim_table::{ReadOptions, Table};
use serde_json::{Map, Value};
use std::path::Path;

/// The result of one method on one file.
pub enum Single {
    /// A fit.
    Fit(Box<Fit>),
    /// A fit that scores observations, with the scores.
    Scored(Box<Fit>, Table),
    /// The fits of a formula that stands for several models, or of a split sample.
    Fits(Vec<Fit>),
    /// A measure with its rows.
    Measure(Box<Measure>, Table),
    /// A prepared table, and what was done to it.
    Table(Table, Vec<String>),
}

/// Options of a method as the command line offers them: those of a step less the names of tables, and how to
/// read the file.
pub fn options(method: &str) -> Result<Vec<OptionDoc>> {
    let mut all: Vec<OptionDoc> = find(method)?.all_options().cloned().collect();
    all.retain(|o| !matches!(o.name.as_str(), "data" | "into"));
    all.extend(schema::options::<ReadOptions>().iter().cloned());
    Ok(all)
}

/// A command-line text as the value of an option.
pub fn value(option: &OptionDoc, text: &str) -> Value {
    let takes = |what: &str| option.takes.split(" | ").any(|t| t == what);
    let scalar = |text: &str| match (text.parse::<i64>(), text.parse::<u64>(), text.parse::<f64>()) {
        (Ok(v), ..) => Value::from(v),
        (_, Ok(v), _) => Value::from(v),
        (.., Ok(v)) if v.is_finite() => Value::from(v),
        _ => Value::from(text),
    };
    let numeric = takes("number") || takes("integer") || option.takes.split(" | ").any(|t| t.parse::<f64>().is_ok());
    match text {
        "true" | "false" if option.flag => Value::from(text == "true"),
        text if option.list => {
            let items = text.split(',').map(str::trim).filter(|t| !t.is_empty());
            items.map(|t| if option.numeric_items { scalar(t) } else { Value::from(t) }).collect()
        }
        text if numeric => scalar(text),
        text => Value::from(text),
    }
}

/// Runs one method on one file.
pub fn run(method: &str, file: &Path, mut options: Map<String, Value>) -> Result<Single> {
    let mut reading = Map::new();
    for option in schema::options::<ReadOptions>() {
        if let Some(value) = options.remove(&option.name) {
            reading.insert(option.name.clone(), value);
        }
    }
    let reading: ReadOptions = schema::read(reading)?;
    // The parent of a bare name is empty, and no folder.
    let folder = file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let wanted = wanted(method, &options);
    let mut read = plim_table::read_columns(file, &reading, wanted.as_deref())?;
    let first = run_on(method, std::mem::take(&mut read.table), options.clone(), folder);
    let (single, _) = match (first, wanted) {
        // With every column in sight the message can offer near names.
        (Err(e), Some(_)) if matches!(&*e.kind, Kind::Table(plim_table::Error::NoColumn { .. })) => {
            read = plim_table::read(file, &reading)?;
            run_on(method, std::mem::take(&mut read.table), options, folder)?
        }
        (result, _) => result?,
    };
    Ok(match single {
        Single::Measure(mut m, t) => {
            m.notes.extend(read.notes);
            Single::Measure(m, t)
        }
        Single::Fit(mut f) => {
            f.notes.extend(read.notes);
            Single::Fit(f)
        }
        Single::Scored(mut f, t) => {
            f.notes.extend(read.notes);
            Single::Scored(f, t)
        }
        Single::Fits(mut fits) => {
            fits.iter_mut().for_each(|f| f.notes.extend(read.notes.iter().cloned()));
            Single::Fits(fits)
        }
        table => table,
    })
}

/// The columns that an estimate needs, where they are known before the file is read.
fn wanted(method: &str, options: &Map<String, Value>) -> Option<Vec<String>> {
    let step = step(method, options.clone()).ok().filter(|s| s.entry.role == Role::Estimate)?;
    let (mut columns, errors) = step.columns(None);
    columns.extend([&step.rows.unit, &step.rows.time].into_iter().flatten().cloned());
    errors.is_empty().then_some(columns)
}

fn step(method: &str, mut keys: Map<String, Value>) -> Result<Step> {
    // As in a study file: the method's own option `method` goes by `using` beside the step's.
    if let Some(using) = keys.insert("method".into(), Value::from(method)) {
        keys.insert("using".into(), using);
    }
    Step::read(keys, 0).map_err(unstepped)
}

/// Runs one method on a table in memory; also gives the step's name back.
pub fn run_on(method: &str, table: Table, options: Map<String, Value>, folder: &Path) -> Result<(Single, String)> {
    let step = step(method, options)?;
    let held = Held { table, unit: None, time: None };
    let mut run = Run::on("data", held);
    for (name, table) in beside(&step, folder)? {
        run.hold(&name, Held { table, unit: None, time: None });
    }
    run.step(&step, &Study::default(), folder).map_err(unstepped)?;
    let rows = run.measured.swap_remove(&step.name).map(|t| plain(t, &step, &run));
    let single = match step.entry.role {
        Role::Estimate if !run.results.estimates.contains_key(&step.name) => {
            Single::Fits(run.results.estimates.into_values().collect())
        }
        Role::Estimate => {
            let Some(fit) = run.results.estimates.swap_remove(&step.name) else {
                return Err(Error::plan(format!("`{method}` gave no fit"), "report this"));
            };
            match rows {
                Some(table) => Single::Scored(Box::new(fit), table?),
                None => Single::Fit(Box::new(fit)),
            }
        }
        Role::Measure => {
            let Some(measure) = run.results.measures.swap_remove(&step.name) else {
                return Err(Error::plan(format!("`{method}` gave no measure"), "report this"));
            };
            Single::Measure(Box::new(measure), rows.unwrap_or_else(|| Ok(Table::default()))?)
        }
        Role::Prepare => match run.tables.pop() {
            Some((_, table)) => Single::Table(std::sync::Arc::unwrap_or_clone(table), run.results.notes),
            None => return Err(Error::plan(format!("`{method}` gave no table"), "report this")),
        },
        Role::Show => {
            return Err(Error::plan(format!("`{method}` shows results of a study"), "use it in a study file"));
        }
    };
    Ok((single, step.name))
}

/// The tables that options name by their files, where a study would name them as its `[data]`.
fn beside(step: &Step, folder: &Path) -> Result<Vec<(String, Table)>> {
    let mut found = Vec::new();
    for name in step.given.values().filter_map(Value::as_str).filter(|name| Format::of(Path::new(name)).is_ok()) {
        if let Ok(path) = below(folder, name) {
            found.push((name.to_string(), plim_table::read(path, &ReadOptions::default())?.table));
        }
    }
    Ok(found)
}

/// The keys and columns of a measure under the method's own names.
fn plain(measured: Table, step: &Step, run: &Run) -> Result<Table> {
    let prefix = format!("{}_", step.name);
    let mut columns = measured.into_columns();
    for column in &mut columns {
        if column.name == step.name {
            column.name.clone_from(run.main_columns.get(&step.name).unwrap_or(&step.name));
        } else if let Some(rest) = column.name.strip_prefix(&prefix) {
            column.name = rest.to_string();
        }
    }
    Ok(Table::new(columns)?)
}

/// A single method has no step to name.
fn unstepped(mut e: Error) -> Error {
    e.step = None;
    e
}
