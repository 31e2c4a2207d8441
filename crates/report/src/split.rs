//! Subsamples side by side: one split with its difference beside, or several in one table.

use crate::effects::{get, measured, measures, part, said, stars_and_vcov};
use crate::number::{decimals, p_value};
use crate::regression::{ColumnGroup, RegressionTable, Words, regression};
use crate::results::coefficients;
use crate::table::{Align, Cell, Column, Entry, Row, Section, Spanner, Table};
use crate::words::Lang;
use crate::{Fit, Result};
use plim_stats::Coefficient;
use serde_json::Value;

/// Subsamples side by side (`groups` of the fit) and, where each regressor is compared once, their difference.
pub fn split(fit: &Fit, options: &RegressionTable, lang: Lang) -> Result<Table> {
    let groups = part(fit, "groups", "split")?;
    let fits = models(groups, fit);
    let named: Vec<(&str, &Fit)> = fits.iter().map(|(n, f)| (n.as_str(), f)).collect();
    let by = fit.more.get("by").and_then(Value::as_str).unwrap_or_default();
    let heading = |name: &str| match options.labels.get(&format!("{by}={name}")) {
        Some(label) => label.clone(),
        None if by.is_empty() => name.to_owned(),
        None => format!("{} = {name}", options.labels.get(by).map_or(by, String::as_str)),
    };
    let options = RegressionTable {
        headings: match options.headings.is_empty() {
            true => fits.iter().map(|(n, _)| heading(n)).collect(),
            false => options.headings.clone(),
        },
        title: if options.title.is_empty() { lang.say("split").into() } else { options.title.clone() },
        ..options.clone()
    };
    let mut table = regression(&named, &options, lang)?;
    for (i, column) in table.columns.iter_mut().enumerate() {
        column.of = format!("groups/#{i}");
    }
    let between = fit.more.get("between").map_or_else(Vec::new, |b| b.as_array().cloned().unwrap_or_default());
    if fits.len() == 2 && !between.is_empty() {
        beside(&mut table, &between, &Words { options: &options, lang });
    }
    Ok(table)
}

/// Every difference between groups with its tests (`between` of the fit), one a row.
pub fn between(fit: &Fit, options: &RegressionTable, lang: Lang) -> Result<Table> {
    let list = part(fit, "between", "split")?;
    let o = Words { options, lang };
    let rows: Vec<Row> = (list.as_array().into_iter().flatten().enumerate())
        .map(|(i, b)| {
            let c = difference(b);
            let mut cells = measured(&o, &c);
            cells.truncate(4);
            for p in ["chow_p_value", "p_permutation"].map(|key| get(b, key)) {
                cells.push(Cell::number(p, p_value(p)));
            }
            Row::new(o.label(&c.name), cells).of(format!("between/#{i}"))
        })
        .collect();
    let mut notes = stars_and_vcov(fit, options, lang);
    notes.push(lang.say("between_note").into());
    let mut table = measures("between_groups", vec![Section::new(rows)], notes, options, lang);
    table.columns[0].label = lang.say("difference").into();
    table.columns[4].label = lang.say("chow_p_value").into();
    table.columns.push(Column::new(lang.say("p_permutation"), Align::Number));
    Ok(table)
}

/// Whether the fit is that of a split: its coefficients are in its groups only.
pub(crate) fn is_split(fit: &Fit) -> bool {
    fit.coefficients.is_empty() && fit.more.get("groups").and_then(Value::as_array).is_some_and(|g| !g.is_empty())
}

/// Splits beside each other and beside other fits: a column a group under the name of what splits, the differences
/// between the two groups of each split at the foot.
pub(crate) fn several(fits: &[(&str, &Fit)], options: &RegressionTable, lang: Lang) -> Result<Table> {
    let o = Words { options, lang };
    let all = fits.iter().all(|(_, f)| is_split(f));
    let mut columns: Vec<(String, Fit)> = Vec::new();
    let (mut groups, mut headings) = (Vec::new(), Vec::new());
    for (name, fit) in fits {
        let of = crate::regression::path(name);
        if !is_split(fit) {
            groups.push(ColumnGroup { label: String::new(), columns: 1 });
            headings.push(lang.method(&fit.method).to_owned());
            columns.push((of, (*fit).clone()));
            continue;
        }
        let by = fit.more.get("by").and_then(Value::as_str).unwrap_or_default();
        let made = models(part(fit, "groups", "split")?, fit);
        groups.push(ColumnGroup { label: o.label(by), columns: made.len() });
        for (i, (value, model)) in made.into_iter().enumerate() {
            let label = options.labels.get(&format!("{by}={value}"));
            headings.push(label.map_or_else(|| o.label(&value), Clone::clone));
            columns.push((format!("{of}/groups/#{i}"), model));
        }
    }
    let own = RegressionTable {
        title: if options.title.is_empty() && all { lang.say("split").into() } else { options.title.clone() },
        groups: if options.groups.is_empty() { groups } else { options.groups.clone() },
        headings: if options.headings.is_empty() { headings } else { options.headings.clone() },
        ..options.clone()
    };
    let models: Vec<(&str, &Fit)> = columns.iter().map(|(_, f)| ("", f)).collect();
    let mut table = regression(&models, &own, lang)?;
    for (column, (of, _)) in table.columns.iter_mut().zip(&columns) {
        column.of.clone_from(of);
    }
    let (foot, permuted) = differences(fits, &table, &o);
    if !foot.rows.is_empty() {
        table.sections.push(foot);
        table.notes.push(lang.say(if permuted { "difference_permuted_note" } else { "difference_note" }).into());
    }
    Ok(table)
}

/// For each regressor that the table shows, the differences between the two groups of each split, below its first
/// group; and whether one has a permutation p-value.
fn differences(fits: &[(&str, &Fit)], table: &Table, o: &Words) -> (Section, bool) {
    let width = table.columns.len();
    let shown = table.sections.first().map_or(&[][..], |s| &s.rows);
    let mut rows: Vec<Row> = (shown.iter())
        .map(|r| Row::new(r.label.clone(), vec![Cell::empty(); width]).of(r.of.replacen("coefficients", "between", 1)))
        .collect();
    let (mut of, mut permuted, mut at) = (vec![String::new(); width], false, 0);
    for (name, fit) in fits {
        let groups = fit.more.get("groups").and_then(Value::as_array).map_or(0, Vec::len);
        if is_split(fit) && groups == 2 {
            of[at] = crate::regression::path(name);
            for b in fit.more.get("between").and_then(Value::as_array).into_iter().flatten() {
                let c = difference(b);
                let key = format!("between/{}", crate::escape::part(&c.name));
                let Some(row) = rows.iter_mut().find(|r| r.of == key) else { continue };
                row.cells[at] = o.cell(&c, decimals(c.estimate, c.std_error, o.options.digits));
                let p = get(b, "p_permutation");
                if p.is_finite() {
                    permuted = true;
                    let body = format!("[{}", p_value(p));
                    row.cells[at].0.push(Entry::Number { value: p, body, trail: "]".into() });
                }
            }
        }
        at += if is_split(fit) { groups } else { 1 };
    }
    rows.retain(|r| r.cells.iter().any(|c| !c.0.is_empty()));
    (Section { of, ..Section::titled(o.lang.say("between_groups"), rows) }, permuted)
}

/// The groups of a split as fits, each under its value.
fn models(groups: &Value, whole: &Fit) -> Vec<(String, Fit)> {
    groups.as_array().into_iter().flatten().map(|g| group(g, whole)).collect()
}

/// A group of a split as a fit; what it does not state it has from the whole.
fn group(g: &Value, whole: &Fit) -> (String, Fit) {
    let object = |key: &str| g.get(key).and_then(Value::as_object).cloned().unwrap_or_default();
    let text = |key: &str, other: &str| g.get(key).and_then(Value::as_str).unwrap_or(other).to_owned();
    let own = g.get("notes").and_then(Value::as_array).into_iter().flatten();
    let fit = Fit {
        method: text("method", &whole.method),
        formula: text("formula", &whole.formula),
        nobs: g.get("nobs").and_then(Value::as_u64).unwrap_or_default() as usize,
        vcov: text("vcov", &whole.vcov),
        coefficients: g.get("coefficients").map_or_else(Vec::new, coefficients),
        stats: object("stats"),
        // Rows are lost before the sample is split, and what is said of the whole holds of its parts.
        sample: if g.get("sample").is_some() { object("sample") } else { whole.sample.clone() },
        notes: own.map(said).chain(whole.notes.iter().cloned()).collect(),
        ..Fit::default()
    };
    (g.get("value").map_or(String::new(), said), fit)
}

/// The difference between two groups as a coefficient.
fn difference(b: &Value) -> Coefficient {
    let mut c = coefficients(&Value::Array(vec![b.clone()])).remove(0);
    c.estimate = get(b, "difference");
    if c.conf_low.is_nan() {
        // Its z is of the normal distribution, and so is its interval.
        let half = 1.959_963_984_540_054 * c.std_error;
        (c.conf_low, c.conf_high) = (c.estimate - half, c.estimate + half);
    }
    c
}

/// Adds the difference between two groups and its p-values as columns of their own.
fn beside(table: &mut Table, between: &[Value], o: &Words) {
    let differences: Vec<(String, Coefficient, f64)> = (between.iter())
        .map(|b| {
            (o.label(b.get("name").and_then(Value::as_str).unwrap_or_default()), difference(b), get(b, "p_permutation"))
        })
        .collect();
    let permuted = differences.iter().any(|(_, _, p)| p.is_finite());
    let added = if permuted { 2 } else { 1 };
    for section in &mut table.sections {
        for row in &mut section.rows {
            // Only rows of regressors: those whose cells are numbers with something below.
            let found = differences.iter().find(|(label, _, _)| *label == row.label && row.height() > 1);
            match found {
                Some((_, c, p)) => {
                    let digits = decimals(c.estimate, c.std_error, o.options.digits);
                    row.cells.push(o.cell(c, digits));
                    if permuted {
                        row.cells.push(Cell(vec![Entry::Number {
                            value: *p,
                            body: p_value(*p),
                            trail: String::new(),
                        }]));
                    }
                }
                None => row.cells.extend((0..added).map(|_| Cell::empty())),
            }
        }
    }
    table.columns.push(Column::new(o.lang.say("difference"), Align::Number));
    if permuted {
        table.columns.push(Column::new(o.lang.say("p_permutation"), Align::Number));
    }
    for spanners in &mut table.spanners {
        spanners.extend((0..added).map(|_| Spanner { label: String::new(), len: 1 }));
    }
}
