//! Every error of a study that needs no estimation, in one pass.

use crate::chain::multiverse::Universes;
use crate::chain::replicate::Chain;
use crate::error::{Error, Result};
use crate::expression::{Expr, Scope};
use crate::formula::Formula;
use crate::method::Role;
use crate::plan::Plan;
use crate::run::{Run, load, option_span, steps};
use crate::step::Step;
use plim_table::{Column, Panel, Table};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

/// Finds every error that needs no estimation: preparing steps run, measures only announce their columns.
pub fn check(plan: &Plan, roots: &[(String, PathBuf)]) -> Result<Vec<String>> {
    let (steps, mut errors) = steps(plan);
    let (mut run, more) = load(plan, &steps, roots);
    let readable = more.is_empty();
    errors.extend(more);
    // Steps that cannot be read are named by later ones all the same: one error is enough.
    let name = |step: &Map<String, Value>| step.get("name").or(step.get("method"))?.as_str().map(str::to_string);
    let unread = |name: &String| !steps.iter().any(|step| step.name == *name);
    let mut fits: Vec<String> = plan.study.step.iter().filter_map(name).filter(unread).collect();
    for (i, step) in steps.iter().enumerate() {
        if !readable {
            break;
        }
        errors.extend(check_step(&mut run, step, &steps[i + 1..], plan, &fits));
        if matches!(step.entry.role, Role::Estimate | Role::Measure) {
            fits.push(step.name.clone());
        }
    }
    if errors.is_empty() {
        let at = |section: &str, e: Error| e.at_plan(&plan.file, plan.span(section));
        let resample = plan.study.resample.as_ref().map(|options| Chain::of(plan, &steps, options).map(drop));
        errors.extend(resample.and_then(Result::err).map(|e| at("/resample", e)));
        let multiverse = plan.study.multiverse.as_ref().map(|options| Universes::new(plan, &steps, options).map(drop));
        errors.extend(multiverse.and_then(Result::err).map(|e| at("/multiverse", e)));
    }
    match errors.is_empty() {
        true => Ok(steps.iter().map(|s| format!("{} ({})", s.name, s.entry.name)).collect()),
        false => Err(Error::many(errors)),
    }
}

/// Errors of one step; its columns are announced as missing values so that later steps find their names.
fn check_step(run: &mut Run, step: &Step, later: &[Step], plan: &Plan, fits: &[String]) -> Vec<Error> {
    let mut errors = Vec::new();
    let place = |e: Error| {
        let span = option_span(plan, step.index, &e.to_string());
        e.at_step(&step.name).at_plan(&plan.file, span)
    };
    for model in step.method.models() {
        if !fits.contains(&model) {
            let near = plim_table::near(&model, fits.iter().map(String::as_str));
            let remedy = match near.first() {
                Some(near) => format!("did you mean `{near}`?"),
                None => "name an earlier step".into(),
            };
            errors.push(place(Error::plan(format!("no earlier step `{model}`"), remedy)));
        }
    }
    let (name, table) = match run.source(step) {
        Ok(found) => found,
        Err(_) if step.entry.role == Role::Show && step.rows.data.is_none() => return errors,
        Err(e) => {
            errors.push(place(e));
            return errors;
        }
    };
    let (unit, time) = run.keys.get(&name).cloned().unwrap_or_default();
    let unit = step.rows.unit.clone().or(unit);
    let time = step.rows.time.clone().or(time);
    let (mut columns, wrong) = step.columns(Some(table));
    errors.extend(wrong.into_iter().map(place));
    columns.extend([&unit, &time].into_iter().flatten().cloned());
    let mut seen = HashSet::new();
    columns.retain(|column| seen.insert(column.clone()));
    if step.entry.name != "sql" {
        for column in &columns {
            if let Err(e) = table.column(column) {
                let makes = |s: &&Step| s.method.adds(&s.name).contains(column) || s.name == *column;
                let error = match later.iter().find(makes) {
                    Some(maker) => Error::plan(
                        format!("no column `{column}` yet: the later step `{}` makes it", maker.name),
                        "put that step before this one",
                    ),
                    None => Error::from(e),
                };
                errors.push(place(error.in_formula(&step.regression.formula)));
            }
        }
        errors.extend(run.free(step).err().map(place));
    }
    let panel = match (&unit, &time, step.on_records() || step.entry.role == Role::Show) {
        (Some(u), Some(t), false) if table.has(u) && table.has(t) => Panel::new(table, u, t).map(Some),
        _ => Ok(None),
    };
    let panel = panel.unwrap_or_else(|e| {
        errors.push(place(e.into()));
        None
    });
    if errors.is_empty() && table.rows() > 0 {
        let wrong = expressions(step, &Scope { table, panel: panel.as_ref() });
        errors.extend(wrong.into_iter().map(|e| place(e.in_formula(&step.regression.formula))));
    }
    if errors.is_empty() {
        // A column that a measure will fill is all missing here: only a query can do without its values.
        let empty = |c: &String| table.column(c).is_ok_and(|c| (0..c.len()).all(|i| c.is_missing(i)));
        let runs = step.entry.role == Role::Prepare && (step.entry.name == "sql" || !columns.iter().any(empty));
        match runs {
            true => errors.extend(run.step(step, &plan.study, &plan.folder).err().map(place)),
            false => announce(run, step, &name),
        }
    }
    errors
}

/// What keeps the condition and the formula of a step from being numbers on this table, such as text in a control.
fn expressions(step: &Step, scope: &Scope) -> Vec<Error> {
    let wrong = |expr: &Expr| scope.evaluate(expr).err();
    let filter = step.rows.filter.as_ref().and_then(|text| Expr::parse(text).ok());
    let mut errors: Vec<Error> = filter.iter().filter_map(wrong).collect();
    if step.entry.estimates {
        let formulas = Formula::parse_set(&step.regression.formula).unwrap_or_default();
        let numbers: BTreeMap<String, Expr> = formulas.iter().flat_map(|f| f.numbers(scope.table)).collect();
        errors.extend(numbers.values().filter_map(wrong));
    }
    errors
}

/// Adds the columns that a step will make, all missing.
fn announce(run: &mut Run, step: &Step, source: &str) {
    let adds = step.method.adds(&step.name);
    let into = step.rows.into.clone().unwrap_or_else(|| source.to_string());
    if step.on_records() && (step.rows.into.is_none() || !run.tables.contains_key(&into)) {
        let keys: Vec<Column> = [&step.rows.unit, &step.rows.time]
            .into_iter()
            .flatten()
            .cloned()
            .chain(run.keys.get(source).map(|(u, t)| [u.clone(), t.clone()]).into_iter().flatten().flatten())
            .map(|k| Column::number(k, vec![f64::NAN]))
            .collect();
        let name = step.rows.into.clone().unwrap_or_else(|| step.name.clone());
        let all: Vec<Column> = keys.into_iter().chain(adds.iter().map(|a| Column::number(a, vec![f64::NAN]))).collect();
        let mut table = Table::default();
        for column in all {
            let _ = table.set(column);
        }
        run.tables.insert(name.clone(), Arc::new(table));
        run.keys.insert(name, Default::default());
        return;
    }
    if let Some(table) = run.tables.get_mut(&into).map(Arc::make_mut) {
        for name in adds {
            if !table.has(&name) {
                let _ = table.set(Column::number(name, vec![f64::NAN; table.rows()]));
            }
        }
    }
}
