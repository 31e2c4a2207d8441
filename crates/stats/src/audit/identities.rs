//! Sums and products between columns that most rows keep, and the rows that break them.
//!
//! Declared sums (`total = a + b`) must hold in every row. Found by search among any three columns: one is the sum of the
//! other two, or their product but for a common factor (a rate is one column over another, times 100 or 10 000). An
//! identity that holds in nine rows of ten, and in ten at least, is taken as meant.

use super::data::{AuditData, Check, Columns, Finding, median};
use crate::{Error, Result};

/// Share of the rows that an identity must hold in to be taken as meant.
const MOST: f64 = 0.9;
/// Rows that are looked at first.
const GLANCE: usize = 40;
/// Columns among which triples are searched.
const COLUMNS: usize = 60;

/// Rows in which declared sums do not hold.
pub(super) fn sums(options: &AuditData, data: &Columns) -> Result<Vec<Finding>> {
    let mut all = Vec::new();
    for text in &options.sums {
        let wrong = |why: &str| Error::invalid(format!("`{text}`: {why}"), "write total = a + b + c");
        let (total, parts) = text.split_once('=').ok_or_else(|| wrong("`=` is missing"))?;
        let find = |name: &str| {
            let name = name.trim();
            let at = data.names.iter().position(|n| n == name);
            at.map(|c| data.values[c]).ok_or_else(|| wrong(&format!("`{name}` is not among the columns")))
        };
        let total_values = find(total)?;
        let parts: Vec<&[f64]> = parts.split('+').map(find).collect::<Result<_>>()?;
        for (i, &value) in total_values.iter().enumerate() {
            let expected: f64 = parts.iter().map(|p| p[i]).sum();
            let size = parts.iter().map(|p| p[i].abs()).fold(value.abs(), f64::max);
            if (value - expected).abs() > options.tolerance * size {
                all.push(Finding {
                    check: Check::BrokenSum,
                    column: total.trim().into(),
                    row: Some(i),
                    unit: data.unit.map(|u| u.codes[i]),
                    value,
                    expected,
                    message: format!("`{}` is {value} and its parts add to {expected}", total.trim()),
                });
            }
        }
    }
    Ok(all)
}

/// Which of three columns is made of the other two, and how.
#[derive(Clone, Copy)]
enum Form {
    Sum,
    Product(f64),
}

impl Form {
    fn of(self, a: f64, b: f64) -> f64 {
        match self {
            Form::Sum => a + b,
            Form::Product(factor) => factor * a * b,
        }
    }
}

/// Identities among three columns, and the rows that break them; columns that are copies take no part.
pub(super) fn identities(options: &AuditData, data: &Columns, copies: &[Finding]) -> Vec<Finding> {
    let copied = |name: &str| copies.iter().any(|f| f.column.rsplit(", ").next() == Some(name));
    let columns: Vec<usize> =
        (0..data.names.len()).filter(|&c| !copied(&data.names[c]) && varied(data.values[c])).take(COLUMNS).collect();
    let mut all = Vec::new();
    for (z, &c) in columns.iter().enumerate() {
        for (y, &b) in columns[..z].iter().enumerate() {
            for &a in &columns[..y] {
                for [whole, p, q] in [[a, b, c], [b, a, c], [c, a, b]] {
                    all.extend(one(options, data, [whole, p, q]));
                }
            }
        }
    }
    all
}

/// Whether a column has values enough to tell an identity from chance.
fn varied(values: &[f64]) -> bool {
    let mut seen: Vec<u64> = values.iter().filter(|v| !v.is_nan() && **v != 0.0).map(|v| v.to_bits()).collect();
    seen.sort_unstable();
    seen.dedup();
    seen.len() >= 8
}

fn one(options: &AuditData, data: &Columns, [whole, p, q]: [usize; 3]) -> Vec<Finding> {
    let [w, a, b] = [whole, p, q].map(|c| data.values[c]);
    let n = w.len();
    let there = |i: &usize| !(w[*i].is_nan() || a[*i].is_nan() || b[*i].is_nan());
    // A glance at rows from all over the table settles nearly every triple.
    let glance: Vec<usize> = (0..n).step_by((n / GLANCE).max(1)).filter(there).collect();
    let mut ratios: Vec<f64> = glance.iter().filter(|&&i| a[i] * b[i] != 0.0).map(|&i| w[i] / (a[i] * b[i])).collect();
    let factor = median(&mut ratios);
    let mut all = Vec::new();
    for form in [Form::Sum, Form::Product(factor)] {
        let expected = |i: usize| form.of(a[i], b[i]);
        let size = |i: usize| w[i].abs().max(if let Form::Sum = form { a[i].abs().max(b[i].abs()) } else { 0.0 });
        // A part that is nothing beside the other would make any two columns a sum.
        let tells = |i: usize| match form {
            Form::Sum => a[i].abs().min(b[i].abs()) > 10.0 * options.tolerance * a[i].abs().max(b[i].abs()),
            Form::Product(f) => f != 0.0 && w[i] != 0.0,
        };
        let holds = |i: &usize| (w[*i] - expected(*i)).abs() <= options.tolerance * size(*i);
        let telling: Vec<usize> = glance.iter().copied().filter(|&i| tells(i)).collect();
        let kept = telling.iter().filter(|i| holds(i)).count();
        if telling.len() < 5 || (kept as f64) < 0.8 * telling.len() as f64 {
            continue;
        }
        let rows: Vec<usize> = (0..n).filter(|i| there(i) && tells(*i)).collect();
        let kept = rows.iter().filter(|i| holds(i)).count();
        if kept < 10 || (kept as f64) < MOST * rows.len() as f64 {
            continue;
        }
        let [whole, p, q] = [whole, p, q].map(|c| &data.names[c]);
        let identity = match form {
            Form::Sum => format!("{whole} = {p} + {q}"),
            Form::Product(f) if (f - 1.0).abs() < 1e-9 => format!("{whole} = {p} * {q}"),
            Form::Product(f) => format!("{whole} = {f:.6} * {p} * {q}"),
        };
        all.push(Finding {
            check: Check::Identity,
            column: whole.clone(),
            row: None,
            unit: None,
            value: kept as f64,
            expected: rows.len() as f64,
            message: format!("{identity} holds in {kept} of {} rows", rows.len()),
        });
        for i in rows.into_iter().filter(|i| !holds(i)) {
            all.push(Finding {
                check: Check::BrokenIdentity,
                column: whole.clone(),
                row: Some(i),
                unit: data.unit.map(|u| u.codes[i]),
                value: w[i],
                expected: expected(i),
                message: format!("`{whole}` is {}, and {identity} makes {} of it", w[i], expected(i)),
            });
        }
    }
    all
}
