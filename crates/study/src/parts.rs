//! The parts of the rows on which the models of a step are estimated: all of them, or those that `split` makes.

use crate::error::{Error, Result};
use crate::formula::Formula;
use crate::method::Outcome;
use crate::step::{Regression, Step};
use indexmap::IndexMap;
use plim_report::Fit;
use plim_table::{Data, MISSING, Table};
use serde_json::json;
use std::sync::Arc;

/// Rows on which the models of a step are estimated.
pub(crate) struct Part {
    /// The column that splits and its value; `full` for all rows before the parts.
    label: Option<(String, String)>,
    pub rows: Arc<[usize]>,
}

impl Part {
    /// The fit of one of several models of a step.
    pub fn fit(&self, step: &Step, formula: Option<&Formula>, outcome: Result<Outcome>) -> Result<Fit> {
        let source = formula.map_or("", |f| f.source.as_str());
        let of = self.label.as_ref().map_or(String::new(), |(by, value)| format!(", {by} = {value}"));
        let mut fit = match outcome.map_err(|e| e.in_model(&format!("{source}{of}")))? {
            Outcome::Fit(fit, None) => fit,
            // Scores are columns of the step's name, of which there is one: no model may lose its own in silence.
            _ => {
                return Err(Error::plan(
                    format!("`{}` gives each row a score, so that a step has one model", step.entry.name),
                    "give each model a step of its own, with `where` for a part of the rows",
                ));
            }
        };
        fit.formula = source.into();
        if let Some((by, value)) = &self.label {
            fit.sample.insert("split".into(), json!({ "by": by, "value": value }));
        }
        Ok(*fit)
    }
}

/// Most parts that a split may have.
const MOST_PARTS: usize = 100;

/// The parts that `split` and `fsplit` ask for; all rows without them. Rows where the column is missing are in none.
pub(crate) fn parts(options: &Regression, table: &Table, rows: Arc<[usize]>) -> Result<Vec<Part>> {
    let (by, full) = match (&options.split, &options.fsplit) {
        (None, None) => return Ok(vec![Part { label: None, rows }]),
        (Some(_), Some(_)) => return Err(Error::plan("`split` and `fsplit` are both given", "keep one of them")),
        (Some(by), None) => (by, false),
        (None, Some(by)) => (by, true),
    };
    let column = table.column(by)?;
    let codes = column.codes();
    let mut parts: Vec<Vec<usize>> = Vec::new();
    let mut of: IndexMap<u32, usize> = IndexMap::new();
    for &i in rows.iter().filter(|&&i| codes[i] != MISSING) {
        let part = *of.entry(codes[i]).or_insert_with(|| {
            parts.push(Vec::new());
            parts.len() - 1
        });
        if parts.len() > MOST_PARTS {
            return Err(Error::plan(
                format!("`{by}` has more than {MOST_PARTS} values"),
                "split by a column with few values, such as a region or a 0/1 column",
            ));
        }
        parts[part].push(i);
    }
    match &column.data {
        Data::Number(v) => parts.sort_by(|a, b| v[a[0]].total_cmp(&v[b[0]])),
        Data::Text(_) => parts.sort_by_key(|part| column.show(part[0])),
    }
    let part = |rows: Vec<usize>| Part { label: Some((by.clone(), column.show(rows[0]))), rows: rows.into() };
    let mut all: Vec<Part> = parts.into_iter().map(part).collect();
    if full {
        all.insert(0, Part { label: Some((by.clone(), "full".into())), rows });
    }
    match all.is_empty() {
        true => Err(Error::plan(format!("`{by}` is missing in every row"), "split by another column")),
        false => Ok(all),
    }
}
